"""Names of PyTorch that ask what a tensor is, where Weft has one answer for all tensors: dense, strided, with no
conjugation or negation delayed; and the parts of complex tensors, which can be
assigned to."""

from __future__ import annotations

from weft import _C

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


class layout:
    """How the elements of a tensor lie in memory. There is one: ``weft.strided``.

    >>> import weft
    >>> weft.ones(2).layout
    weft.strided
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"weft.{self._name}"

    def __reduce__(self) -> str:
        return self._name


strided: layout = layout("strided")


class memory_format(layout):
    """In which order the elements of a tensor lie: ``weft.contiguous_format`` is row-major order,
    ``weft.channels_last`` that of images (N, C, H, W) and ``weft.channels_last_3d`` that of volumes (N, C, D, H, W)
    with their channels innermost, ``weft.preserve_format`` that of the tensor which a new one is made of.

    >>> import weft
    >>> weft.zeros(1, 2, 3, 3).to(memory_format=weft.channels_last).stride()
    (18, 1, 6, 2)
    """


contiguous_format: memory_format = memory_format("contiguous_format")
channels_last: memory_format = memory_format("channels_last")
channels_last_3d: memory_format = memory_format("channels_last_3d")
preserve_format: memory_format = memory_format("preserve_format")


def _answer(value, doc):
    return property(lambda self: value, doc=doc)


def resolve_conj(input: _C.Tensor) -> _C.Tensor:
    """The tensor itself, not a copy: conjugation is never delayed.

    Args:
        input: a tensor; else TypeError.

    >>> import weft
    >>> weft.resolve_conj(weft.ones(2))
    tensor([1., 1.])
    """
    _require_tensor("resolve_conj", input)
    return input


def resolve_neg(input: _C.Tensor) -> _C.Tensor:
    """The tensor itself, not a copy: negation is never delayed.

    Args:
        input: a tensor; else TypeError.

    >>> import weft
    >>> weft.resolve_neg(weft.ones(2))
    tensor([1., 1.])
    """
    _require_tensor("resolve_neg", input)
    return input


def is_conj(input: _C.Tensor) -> bool:
    """Is a conjugation delayed? Always False.

    Args:
        input: a tensor; else TypeError.

    >>> import weft
    >>> weft.is_conj(weft.ones(2)), weft.ones(2).is_neg()
    (False, False)
    """
    _require_tensor("is_conj", input)
    return False


def is_neg(input: _C.Tensor) -> bool:
    """Is a negation delayed? Always False.

    Args:
        input: a tensor; else TypeError.

    >>> import weft
    >>> weft.is_neg(-weft.ones(2))
    False
    """
    _require_tensor("is_neg", input)
    return False


def _require_tensor(name, value):
    if not isinstance(value, _C.Tensor):
        raise TypeError(f"{name}: expected a Tensor, got {type(value).__name__}")


def adjoint(self: _C.Tensor) -> _C.Tensor:
    """The conjugate transpose of the last two dimensions: of a real tensor, the transpose.

    >>> import weft
    >>> weft.tensor([[1, 2]]).H
    tensor([[1],
            [2]])
    """
    return _C.conj(self).mT


def _matrix_adjoint(self: _C.Tensor) -> _C.Tensor:
    if self.dim() not in (0, 2):
        raise RuntimeError(
            f"H: expected a matrix, got shape {tuple(self.shape)}; mH transposes the last two dimensions"
        )
    return _C.conj(self).mT if self.dim() else _C.conj(self)


# Methods that are functions of the module, too.
METHODS = (
    "abs_ acos_ acosh_ addmv_ arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ asin_ asinh_ atan_ atanh_ ceil_ "
    "clamp_ clamp_max_ clamp_min_ clip_ cos_ cosh_ deg2rad_ detach detach_ erf_ erfc_ exp2_ exp_ expm1_ fill_ fix_ "
    "floor_ frac_ get_device index_put_ is_inference is_same_size log10_ log1p_ log2_ log_ nan_to_num_ neg_ "
    "negative_ rad2deg_ reciprocal_ relu_ round_ rsqrt_ selu_ sigmoid_ sin_ sinh_ sqrt_ square_ tan_ tanh_ trunc_ "
    "xlogy_ zero_"
).split()

FUNCTIONS = {f.__name__: f for f in (is_conj, is_neg, resolve_conj, resolve_neg)}


def _part(function):
    def assign(self, value):
        function(self).copy_(value if isinstance(value, _C.Tensor) else _C.tensor(value))

    return property(lambda self: function(self), assign, doc=function.__doc__)


def name_answers(tensor: Any) -> None:
    """Puts the names into the type of tensors."""
    tensor.layout = _answer(strided, "Always weft.strided.")
    for name in ("is_nested", "is_mkldnn", "is_sparse_csr", "is_xpu", "is_mps", "is_xla", "is_mtia", "is_vulkan"):
        setattr(tensor, name, _answer(False, "Always False."))
    tensor.mH = property(adjoint, doc=adjoint.__doc__)
    tensor.H = property(_matrix_adjoint, doc=adjoint.__doc__)
    tensor.real, tensor.imag = _part(_C.real), _part(_C.imag)
    for name, function in FUNCTIONS.items():
        setattr(tensor, name, function)

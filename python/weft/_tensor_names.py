"""Names of PyTorch that ask what a tensor is, where Weft has one answer for all tensors: dense, strided, with no
conjugation or negation delayed; and the parts of complex tensors, which are views."""

from weft import _C


class layout:
    """How the elements of a tensor lie in memory. There is one: ``weft.strided``."""

    def __init__(self, name):
        self._name = name

    def __repr__(self):
        return f"weft.{self._name}"

    def __reduce__(self):
        return self._name


strided = layout("strided")


class memory_format(layout):
    """In which order the elements of a new tensor lie: ``weft.contiguous_format`` is row-major order,
    ``weft.preserve_format`` that of the tensor it is made of."""


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")


def _answer(value, doc):
    return property(lambda self: value, doc=doc)


def view_as_real(input):
    """A complex tensor as a real one with one dimension more, of size 2: the real and the imaginary parts. A view.

    Raises RuntimeError for other dtypes, and where autograd would have to record the view.

    >>> import weft
    >>> weft.view_as_real(weft.tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
    _require_tensor("view_as_real", input)
    if not input.is_complex():
        raise RuntimeError(f"view_as_real: expected a complex tensor, got dtype {input.dtype}")
    _require_unrecorded("view_as_real", input)
    return input.unsqueeze(-1).view(input.dtype.to_real())


def view_as_complex(input):
    """A real tensor, whose last dimension holds the real and the imaginary parts, as a complex one. A view.

    Raises RuntimeError for other dtypes than float32 and float64, another size or stride of the last dimension, and
    where autograd would have to record the view.

    >>> import weft
    >>> weft.view_as_complex(weft.tensor([[1.0, 2.0]]))
    tensor([1.+2.j])
    """
    _require_tensor("view_as_complex", input)
    if input.dtype not in (_C.float32, _C.float64):
        raise RuntimeError(f"view_as_complex: expected dtype float32 or float64, got {input.dtype}")
    if input.dim() == 0 or input.shape[-1] != 2:
        raise RuntimeError(f"view_as_complex: expected a last dimension of size 2, got shape {tuple(input.shape)}")
    _require_unrecorded("view_as_complex", input)
    return input.view(input.dtype.to_complex()).squeeze(-1)


def _require_unrecorded(name, input):
    if input.requires_grad and _C.is_grad_enabled():
        raise RuntimeError(f"{name}: the tensor requires grad, and the view is not differentiable yet; use x.detach()")


def real(input):
    """The real part of a tensor: of a complex one a view, of a real one itself.

    >>> import weft
    >>> weft.real(weft.tensor([1.0])), weft.tensor([1 + 2j]).real
    (tensor([1.]), tensor([1.]))
    """
    _require_tensor("real", input)
    return view_as_real(input)[..., 0] if input.is_complex() else input


def imag(input):
    """The imaginary part of a tensor: of a complex one a view, of a real one new zeros.

    >>> import weft
    >>> weft.tensor([1 + 2j]).imag
    tensor([2.])
    """
    _require_tensor("imag", input)
    return view_as_real(input)[..., 1] if input.is_complex() else _C.zeros_like(input)


def conj(input):
    """The complex conjugate of a real tensor: itself. Raises NotImplementedError for complex dtypes."""
    _require_tensor("conj", input)
    if input.is_complex():
        raise NotImplementedError(f"conj: dtype {input.dtype} is not supported")
    return input


def resolve_conj(input):
    """The tensor itself: conjugation is never delayed."""
    _require_tensor("resolve_conj", input)
    return input


def resolve_neg(input):
    """The tensor itself: negation is never delayed."""
    _require_tensor("resolve_neg", input)
    return input


def is_conj(input):
    """Is a conjugation delayed? Always False.

    >>> import weft
    >>> weft.is_conj(weft.ones(2)), weft.ones(2).is_neg()
    (False, False)
    """
    _require_tensor("is_conj", input)
    return False


def is_neg(input):
    """Is a negation delayed? Always False."""
    _require_tensor("is_neg", input)
    return False


def _require_tensor(name, value):
    if not isinstance(value, _C.Tensor):
        raise TypeError(f"{name}: expected a Tensor, got {type(value).__name__}")


def adjoint(self):
    """The conjugate transpose of the last two dimensions: of a real tensor, the transpose.

    Raises NotImplementedError for complex dtypes.

    >>> import weft
    >>> weft.tensor([[1, 2]]).H
    tensor([[1],
            [2]])
    """
    return conj(self).mT


def _matrix_adjoint(self):
    if self.dim() not in (0, 2):
        raise RuntimeError(
            f"H: expected a matrix, got shape {tuple(self.shape)}; mH transposes the last two dimensions"
        )
    return conj(self).mT if self.dim() else conj(self)


# Methods that are functions of the module, too.
METHODS = (
    "abs_ acos_ acosh_ addmv_ arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ asin_ asinh_ atan_ atanh_ ceil_ "
    "clamp_ clamp_max_ clamp_min_ clip_ cos_ cosh_ deg2rad_ detach detach_ erf_ erfc_ exp2_ exp_ expm1_ fill_ fix_ "
    "floor_ frac_ get_device index_put_ is_inference is_same_size log10_ log1p_ log2_ log_ nan_to_num_ neg_ "
    "negative_ rad2deg_ reciprocal_ relu_ round_ rsqrt_ selu_ sigmoid_ sin_ sinh_ sqrt_ square_ tan_ tanh_ trunc_ "
    "xlogy_ zero_"
).split()

_PARTS = ("real", "imag")
FUNCTIONS = {f.__name__: f for f in (conj, imag, is_conj, is_neg, real, resolve_conj, resolve_neg)}


def name_answers(tensor):
    """Puts the names into the type of tensors."""
    tensor.layout = _answer(strided, "Always weft.strided.")
    for name in ("is_nested", "is_mkldnn", "is_sparse_csr", "is_xpu", "is_mps", "is_xla", "is_mtia", "is_vulkan"):
        setattr(tensor, name, _answer(False, "Always False."))
    tensor.mH = property(adjoint, doc=adjoint.__doc__)
    tensor.H = property(_matrix_adjoint, doc=adjoint.__doc__)
    for name, function in FUNCTIONS.items():
        setattr(tensor, name, property(function, doc=function.__doc__) if name in _PARTS else function)

"""Ready-made parametrizations."""

from __future__ import annotations

import weft
from weft._checks import check_flags, check_instances, check_integers, check_text
from weft._missing import missing_names
from weft.nn import functional as F
from weft.nn.module import Module
from weft.nn.utils.parametrize import register_parametrization
from weft.nn.utils.spectral_norm import as_matrix, check_iterations, output_dim
from weft.nn.utils.weight_norm import norm_except_dim, normalized_weight

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
else:  # type checkers take it for a name that may be anything
    __getattr__ = missing_names(__name__)

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


def _tensor_of(name: str, module: Module, tensor_name: str) -> Tensor:
    check_instances(Module, name, module=module)
    check_text(name, name=tensor_name)
    tensor = getattr(module, tensor_name, None)
    if not isinstance(tensor, weft.Tensor):
        raise ValueError(f"{name}: {type(module).__name__} has no parameter or buffer {tensor_name!r}")
    return tensor


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        return normalized_weight(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        return norm_except_dim(weight, 2, self.dim), weight


class _FormerKeys:
    """Renames entries of state dicts of the hook form, ``<name>_g`` and ``<name>_v``."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, module: Module, state_dict: Any, prefix: str, *_: Any) -> None:
        for i, letter in enumerate("gv"):
            former = f"{prefix}{self.name}_{letter}"
            if former in state_dict:
                state_dict[f"{prefix}parametrizations.{self.name}.original{i}"] = state_dict.pop(former)


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Makes a parameter the product of a length and a direction, ``w = g v / ||v||``. Salimans and Kingma, 2016.

    g is ``parametrizations.<name>.original0``, v is ``original1``. State dicts of ``nn.utils.weight_norm`` can be
    loaded.

    Args:
        module: the module, which is changed.
        name: of its parameter. Default "weight".
        dim: along which slices have lengths of their own; None or -1 for one length of all. Default 0.

    Returns:
        The module.

    Raises:
        ValueError: there is no such parameter.

    Example:
        >>> import weft
        >>> layer = weft.nn.utils.parametrizations.weight_norm(weft.nn.Linear(2, 3))
        >>> sorted(layer.state_dict())
        ['bias', 'parametrizations.weight.original0', 'parametrizations.weight.original1']
    """
    _tensor_of("weight_norm", module, name)
    if dim is not None:
        check_integers("weight_norm", dim=dim)
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    module.register_load_state_dict_pre_hook(_FormerKeys(name))
    return module


class _SpectralNorm(Module):
    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        check_iterations("spectral_norm", n_power_iterations, eps)
        if not -weight.dim() <= dim < weight.dim():
            raise IndexError(f"spectral_norm: dim {dim} is out of range for shape {tuple(weight.shape)}")
        self.dim = dim % weight.dim()
        self.eps = eps
        self.n_power_iterations = n_power_iterations
        if weight.dim() > 1:
            matrix = as_matrix(weight.detach(), self.dim)
            for name, size in zip(("_u", "_v"), matrix.shape):
                start = matrix.new_empty(size).normal_()
                self.register_buffer(name, F.normalize(start, dim=0, eps=eps))
            self._power_method(matrix, 15)

    def _power_method(self, matrix: Tensor, n_power_iterations: int) -> None:
        with weft.no_grad():
            for _ in range(n_power_iterations):
                # In place: whoever shares the module's buffers sees them change
                self._u.copy_(F.normalize(matrix @ self._v, dim=0, eps=self.eps))
                self._v.copy_(F.normalize(matrix.mH @ self._u, dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        if weight.dim() == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # a second forward before backward changes the buffers
        return weight / (u.conj() @ (matrix @ v))

    def right_inverse(self, value: Tensor) -> Tensor:
        return value  # the one that is divided


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divides a weight by its largest singular value, ``u^T W v``. Miyato et al., 2018.

    u and v are buffers that power iteration improves whenever the weight is read in training. A vector is divided by
    its norm.

    Args:
        module: the module, which is changed.
        name: of its parameter. Default "weight".
        n_power_iterations: each time. Default 1.
        eps: added to norms that are zero. Default 1e-12.
        dim: the dimension of the outputs. By default 0, 1 for transposed convolutions.

    Returns:
        The module.

    Raises:
        ValueError: there is no such parameter, or n_power_iterations is not positive.

    Example:
        >>> import weft
        >>> layer = weft.nn.utils.parametrizations.spectral_norm(weft.nn.Linear(2, 3))
        >>> sorted(layer.parametrizations.weight.state_dict())
        ['0._u', '0._v', 'original']
    """
    weight = _tensor_of("spectral_norm", module, name)
    if dim is None:
        dim = output_dim(module)
    check_integers("spectral_norm", dim=dim)
    register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))
    return module


def orthogonal(
    module: Module, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Module:
    """Makes a matrix orthogonal. It needs functions of linear algebra that Weft does not have yet, and says which.

    Args:
        module: the module.
        name: of its parameter. Default "weight".
        orthogonal_map: ``"matrix_exp"``, ``"cayley"`` or ``"householder"``. By default matrix_exp for square matrices,
            else householder.
        use_trivialization: whether the map is applied around the value that the matrix has. Default True.

    Raises:
        NotImplementedError: always; it names what is missing.
        ValueError: there is no such parameter, it is no matrix, or the map is none of these.

    Example:
        >>> import weft
        >>> weft.nn.utils.parametrizations.orthogonal(weft.nn.Linear(2, 2), orthogonal_map="cayley")
        Traceback (most recent call last):
        NotImplementedError: orthogonal: 'cayley' needs linalg.solve and linalg.qr, which Weft does not have yet
    """
    weight = _tensor_of("orthogonal", module, name)
    check_flags("orthogonal", use_trivialization=use_trivialization)
    if weight.dim() < 2:
        raise ValueError(f"orthogonal: expected a matrix or a batch of them, got shape {tuple(weight.shape)}")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.shape[-2] == weight.shape[-1] else "householder"
    needed = {
        "matrix_exp": "linalg.matrix_exp and linalg.qr",
        "cayley": "linalg.solve and linalg.qr",
        "householder": "linalg.householder_product and geqrf",
    }
    if orthogonal_map not in needed:
        raise ValueError(f"orthogonal: orthogonal_map must be one of {', '.join(needed)}, got {orthogonal_map!r}")
    raise NotImplementedError(
        f"orthogonal: {orthogonal_map!r} needs {needed[orthogonal_map]}, which Weft does not have yet"
    )

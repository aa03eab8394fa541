"""Spectral normalization as a hook that computes the weight before each forward."""

from __future__ import annotations

import weft
from weft._checks import check_instances, check_integers, check_numbers, check_text
from weft.nn import functional as F
from weft.nn.module import Module
from weft.nn.module_hooks import take_pre_hook
from weft.nn.parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.nn._types import ModuleT

__all__ = ["SpectralNorm", "remove_spectral_norm", "spectral_norm"]


def output_dim(module: Module) -> int:
    """The dimension of a layer's weight that goes along its outputs: transposed convolutions have it second."""
    return 1 if any(kind.__name__.startswith("ConvTranspose") for kind in type(module).__mro__) else 0


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """The weight with that dimension in front, and the others as one."""
    return weight.movedim(dim, 0).flatten(1) if weight.dim() > 1 else weight.unsqueeze(1)


_MOST_ITERATIONS = 10_000  # each forward


def check_iterations(name: str, n_power_iterations: int, eps: float) -> None:
    check_integers(name, n_power_iterations=n_power_iterations)
    check_numbers(name, eps=eps)
    if not 1 <= n_power_iterations <= _MOST_ITERATIONS:
        raise ValueError(
            f"{name}: n_power_iterations must be between 1 and {_MOST_ITERATIONS}, got {n_power_iterations}"
        )


class SpectralNorm:
    """The hook of spectral_norm, called before each forward.

    Args:
        name: of the weight. Default "weight".
        n_power_iterations: in each forward in training. Default 1.
        dim: the dimension of the outputs. Default 0.
        eps: added to norms that are zero. Default 1e-12.

    Example:
        >>> import weft
        >>> from weft.nn.utils.spectral_norm import SpectralNorm
        >>> SpectralNorm("weight", dim=1).dim
        1
    """

    _version: int = 1

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        check_iterations("spectral_norm", n_power_iterations, eps)
        self.name = name
        self.dim = dim
        self.n_power_iterations = n_power_iterations
        self.eps = eps

    def reshape_weight_to_matrix(self, weight: Tensor) -> Tensor:
        """The weight as a matrix of one row for each output.

        Args:
            weight: the weight.

        Example:
            >>> import weft
            >>> from weft.nn.utils.spectral_norm import SpectralNorm
            >>> SpectralNorm().reshape_weight_to_matrix(weft.ones(2, 3, 4)).shape
            weft.Size([2, 12])
        """
        return as_matrix(weight, self.dim)

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """The weight divided by its largest singular value, as far as it is known.

        Args:
            module: that has the hook.
            do_power_iteration: whether it becomes better known first.

        Example:
            >>> import weft
            >>> from weft.nn.utils.spectral_norm import SpectralNorm
            >>> layer = weft.nn.Linear(2, 3)
            >>> SpectralNorm.apply(layer, "weight", 1, 0, 1e-12).compute_weight(layer, True).shape
            weft.Size([3, 2])
        """
        weight = getattr(module, f"{self.name}_orig")
        u, v = getattr(module, f"{self.name}_u"), getattr(module, f"{self.name}_v")
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            with weft.no_grad():
                for _ in range(self.n_power_iterations):
                    # In place: whoever shares the module's buffers sees them change
                    v.copy_(F.normalize(matrix.t() @ u, dim=0, eps=self.eps))
                    u.copy_(F.normalize(matrix @ v, dim=0, eps=self.eps))
                u, v = u.clone(), v.clone()  # a second forward before backward changes the buffers
        return weight / (u @ (matrix @ v))

    @staticmethod
    def apply(module: Module, name: str, n_power_iterations: int, dim: int, eps: float) -> SpectralNorm:
        """Puts the hook in place, with its parameter and buffers.

        Args:
            module, name, n_power_iterations, dim, eps: as in spectral_norm.

        Returns:
            The hook.

        Example:
            >>> import weft
            >>> from weft.nn.utils.spectral_norm import SpectralNorm
            >>> SpectralNorm.apply(weft.nn.Linear(2, 3), "weight", 1, 0, 1e-12).name
            'weight'
        """
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, SpectralNorm) and hook.name == name:
                raise RuntimeError(
                    f"spectral_norm: {name!r} of {type(module).__name__} has spectral normalization already"
                )
        weight = module._parameters.get(name)
        if weight is None:
            raise ValueError(f"spectral_norm: {type(module).__name__} has no parameter {name!r}")
        if not -weight.dim() <= dim < weight.dim():
            raise IndexError(f"spectral_norm: dim {dim} is out of range for {name!r} of shape {tuple(weight.shape)}")
        made = SpectralNorm(name, n_power_iterations, dim, eps)
        with weft.no_grad():
            matrix = made.reshape_weight_to_matrix(weight)
            u = F.normalize(weight.new_empty(matrix.shape[0]).normal_(), dim=0, eps=eps)
            v = F.normalize(weight.new_empty(matrix.shape[1]).normal_(), dim=0, eps=eps)
        del module._parameters[name]
        module.register_parameter(f"{name}_orig", weight)
        setattr(module, name, weight.detach())
        module.register_buffer(f"{name}_u", u)
        module.register_buffer(f"{name}_v", v)
        module.register_forward_pre_hook(made)
        module.register_state_dict_post_hook(_NotedVersion(name))
        return made

    def remove(self, module: Module) -> None:
        """Makes the weight a parameter again, of the value that it has.

        Args:
            module: that has the hook.

        Example:
            >>> import weft
            >>> from weft.nn.utils.spectral_norm import SpectralNorm
            >>> layer = weft.nn.Linear(2, 3)
            >>> SpectralNorm.apply(layer, "weight", 1, 0, 1e-12).remove(layer)
            >>> sorted(layer.state_dict())
            ['bias', 'weight']
        """
        with weft.no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        trained = getattr(module, f"{self.name}_orig").requires_grad
        for name in (self.name, f"{self.name}_u", f"{self.name}_v", f"{self.name}_orig"):
            delattr(module, name)
        module.register_parameter(self.name, Parameter(weight.detach(), trained))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))


class _NotedVersion:
    """Notes in the metadata of a state dict that it holds both vectors, for programs that read files of old."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, module: Module, state_dict: Any, prefix: str, local_metadata: dict[str, Any]) -> None:
        local_metadata.setdefault("spectral_norm", {})[f"{self.name}.version"] = SpectralNorm._version


def spectral_norm(
    module: ModuleT, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> ModuleT:
    """Divides a weight by its largest singular value, ``u^T W v``. Miyato et al., 2018.

    u and v are buffers that power iteration improves in each forward in training. The parameter becomes
    ``<name>_orig``. The newer form is ``nn.utils.parametrizations.spectral_norm``.

    Args:
        module: the module, which is changed.
        name: of its parameter. Default "weight".
        n_power_iterations: in each forward. Default 1.
        eps: added to norms that are zero. Default 1e-12.
        dim: the dimension of the outputs. By default 0, 1 for transposed convolutions.

    Returns:
        The module.

    Raises:
        RuntimeError: the parameter has spectral normalization already.
        ValueError: there is no such parameter, or n_power_iterations is not positive.

    Example:
        >>> import weft
        >>> layer = weft.nn.utils.spectral_norm(weft.nn.Linear(2, 3))
        >>> sorted(layer.state_dict())
        ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    check_instances(Module, "spectral_norm", module=module)
    check_text("spectral_norm", name=name)
    if dim is None:
        dim = output_dim(module)
    check_integers("spectral_norm", dim=dim)
    SpectralNorm.apply(module, name, n_power_iterations, dim, eps)
    return module


def remove_spectral_norm(module: ModuleT, name: str = "weight") -> ModuleT:
    """Makes a parameter with spectral normalization an ordinary one again, of the value that it has.

    Args:
        module: the module, which is changed.
        name: of the parameter. Default "weight".

    Returns:
        The module.

    Raises:
        ValueError: there is no spectral normalization under that name.

    Example:
        >>> import weft
        >>> layer = weft.nn.utils.spectral_norm(weft.nn.Linear(2, 3))
        >>> sorted(weft.nn.utils.remove_spectral_norm(layer).state_dict())
        ['bias', 'weight']
    """
    check_instances(Module, "remove_spectral_norm", module=module)
    if take_pre_hook(module, SpectralNorm, name) is None:
        raise ValueError(f"remove_spectral_norm: {name!r} of {type(module).__name__} has no spectral normalization")
    hooks = module.__dict__.get("_state_hooks", {})
    for number, (_, hook) in list(hooks.items()):
        if isinstance(hook, _NotedVersion) and hook.name == name:
            del hooks[number]
    return module

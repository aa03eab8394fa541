"""Weight normalization as a hook that computes the weight before each forward."""

from __future__ import annotations

import weft
from weft._checks import check_instances, check_integers, check_text
from weft.nn.module import Module
from weft.nn.module_hooks import take_pre_hook
from weft.nn.parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.nn._types import ModuleT

__all__ = ["WeightNorm", "norm_except_dim", "remove_weight_norm", "weight_norm"]


def norm_except_dim(v: Tensor, pow: int = 2, dim: int = 0) -> Tensor:
    """The norms of the slices along a dimension, with the other dimensions kept at size 1.

    Args:
        v: a tensor with at least one dimension.
        pow: order of the norm. Default 2.
        dim: the dimension along which the slices lie; -1 for one norm of everything, without dimensions. Default 0.

    Raises:
        IndexError: v has no such dimension.

    Example:
        >>> import weft
        >>> from weft.nn.utils.weight_norm import norm_except_dim
        >>> norm_except_dim(weft.tensor([[3.0, 4.0], [6.0, 8.0]]))
        tensor([[ 5.],
                [10.]])
    """
    if dim == -1:
        return weft.linalg.vector_norm(v, pow)
    if not -v.dim() <= dim < v.dim():
        raise IndexError(f"norm_except_dim: dim {dim} is out of range for shape {tuple(v.shape)}")
    others = [d for d in range(v.dim()) if d != dim % v.dim()]
    return weft.linalg.vector_norm(v, pow, others, keepdim=True) if others else v.abs()


def normalized_weight(v: Tensor, g: Tensor, dim: int) -> Tensor:
    return v * (g / norm_except_dim(v, 2, dim))


class WeightNorm:
    """The hook of weight_norm, called before each forward.

    Args:
        name: of the weight.
        dim: along which the slices have norms of their own; -1 for one norm of all.

    Example:
        >>> import weft
        >>> from weft.nn.utils.weight_norm import WeightNorm
        >>> layer = weft.nn.Linear(2, 3)
        >>> hook = WeightNorm.apply(layer, "weight", 0)
        >>> hook.compute_weight(layer).shape
        weft.Size([3, 2])
    """

    name: str
    dim: int

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Tensor:
        """The weight that direction and length give.

        Args:
            module: that has them.

        Example:
            >>> import weft
            >>> from weft.nn.utils.weight_norm import WeightNorm
            >>> layer = weft.nn.Linear(2, 3)
            >>> WeightNorm.apply(layer, "weight", 0).compute_weight(layer).shape
            weft.Size([3, 2])
        """
        return normalized_weight(getattr(module, f"{self.name}_v"), getattr(module, f"{self.name}_g"), self.dim)

    @staticmethod
    def apply(module: Module, name: str, dim: int | None) -> WeightNorm:
        """Replaces the parameter of that name by its direction and length.

        Args:
            module, name, dim: as in weight_norm.

        Returns:
            The hook.

        Example:
            >>> import weft
            >>> from weft.nn.utils.weight_norm import WeightNorm
            >>> WeightNorm.apply(weft.nn.Linear(2, 3), "weight", 0).dim
            0
        """
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, WeightNorm) and hook.name == name:
                raise RuntimeError(f"weight_norm: {name!r} of {type(module).__name__} has weight normalization already")
        weight = module._parameters.get(name)
        if weight is None:
            raise AttributeError(f"weight_norm: {type(module).__name__} has no parameter {name!r}")
        made = WeightNorm(name, dim)
        length = norm_except_dim(weight.detach(), 2, made.dim)
        del module._parameters[name]
        module.register_parameter(f"{name}_g", Parameter(length, weight.requires_grad))
        module.register_parameter(f"{name}_v", Parameter(weight.detach(), weight.requires_grad))
        setattr(module, name, made.compute_weight(module))
        module.register_forward_pre_hook(made)
        return made

    def remove(self, module: Module) -> None:
        """Makes the weight a parameter again, of the value that it has.

        Args:
            module: that has the hook.

        Example:
            >>> import weft
            >>> from weft.nn.utils.weight_norm import WeightNorm
            >>> layer = weft.nn.Linear(2, 3)
            >>> WeightNorm.apply(layer, "weight", 0).remove(layer)
            >>> sorted(layer._parameters)
            ['bias', 'weight']
        """
        weight = self.compute_weight(module).detach()
        trained = getattr(module, f"{self.name}_v").requires_grad
        for name in (self.name, f"{self.name}_g", f"{self.name}_v"):
            delattr(module, name)
        module.register_parameter(self.name, Parameter(weight, trained))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: ModuleT, name: str = "weight", dim: int | None = 0) -> ModuleT:
    """Replaces a parameter by direction v and length g: ``w = g v / ||v||``. Salimans and Kingma, 2016.

    The parameters are ``<name>_v`` and ``<name>_g``; the weight is computed from them before each forward. The newer
    form, which computes it whenever it is read, is ``nn.utils.parametrizations.weight_norm``.

    Args:
        module: the module, which is changed.
        name: of its parameter. Default "weight".
        dim: along which slices have lengths of their own; None or -1 for one length of all. Default 0.

    Returns:
        The module.

    Raises:
        RuntimeError: the parameter has weight normalization already.
        AttributeError: there is no such parameter.

    Example:
        >>> import weft
        >>> layer = weft.nn.utils.weight_norm(weft.nn.Linear(2, 3))
        >>> sorted(layer.state_dict())
        ['bias', 'weight_g', 'weight_v']
    """
    check_instances(Module, "weight_norm", module=module)
    check_text("weight_norm", name=name)
    if dim is not None:
        check_integers("weight_norm", dim=dim)
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: ModuleT, name: str = "weight") -> ModuleT:
    """Makes a parameter with weight normalization an ordinary one again, of the value that it has.

    Args:
        module: the module, which is changed.
        name: of the parameter. Default "weight".

    Returns:
        The module.

    Raises:
        ValueError: there is no weight normalization under that name.

    Example:
        >>> import weft
        >>> layer = weft.nn.utils.weight_norm(weft.nn.Linear(2, 3))
        >>> sorted(weft.nn.utils.remove_weight_norm(layer).state_dict())
        ['bias', 'weight']
    """
    check_instances(Module, "remove_weight_norm", module=module)
    if take_pre_hook(module, WeightNorm, name) is None:
        raise ValueError(f"remove_weight_norm: {name!r} of {type(module).__name__} has no weight normalization")
    return module

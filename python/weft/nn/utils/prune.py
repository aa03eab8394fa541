"""Pruning: elements or whole channels of parameters held at zero by a mask, which is applied before each forward."""

from __future__ import annotations

import weft
from weft._checks import check_instances
from weft._missing import missing_names
from weft.nn.module import Module
from weft.nn.utils.pruning_methods import (
    BasePruningMethod,
    CustomFromMask,
    Identity,
    L1Unstructured,
    LnStructured,
    PruningContainer,
    RandomStructured,
    RandomUnstructured,
    check_scores,
    hooks_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from weft import Tensor
else:  # type checkers take it for a name that may be anything
    __getattr__ = missing_names(__name__)

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]


def identity(module: Module, name: str) -> Module:
    """Adds a mask of ones to a parameter.

    Args:
        module: the module, which is changed.
        name: of its parameter.

    Returns:
        The module.

    Example:
        >>> import weft
        >>> sorted(weft.nn.utils.prune.identity(weft.nn.Linear(2, 3), "bias").state_dict())
        ['bias_mask', 'bias_orig', 'weight']
    """
    Identity.apply(module, name)
    return module


def random_unstructured(module: Module, name: str, amount: float) -> Module:
    """Prunes elements of a parameter drawn at random.

    Args:
        module: the module, which is changed.
        name: of its parameter.
        amount: how many, or which fraction of those that are left.

    Returns:
        The module.

    Example:
        >>> import weft
        >>> layer = weft.nn.utils.prune.random_unstructured(weft.nn.Linear(2, 3), "weight", amount=1)
        >>> layer.weight_mask.sum()
        tensor(5.)
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Module, name: str, amount: float, importance_scores: Tensor | None = None) -> Module:
    """Prunes the elements of a parameter of the smallest magnitude. Han et al., 2015.

    Args:
        module: the module, which is changed.
        name: of its parameter.
        amount: how many, or which fraction of those that are left.
        importance_scores: what says in the parameter's place what is pruned. By default the parameter.

    Returns:
        The module.

    Example:
        >>> import weft
        >>> layer = weft.nn.utils.prune.l1_unstructured(weft.nn.Linear(2, 3), "weight", amount=0.5)
        >>> layer.weight.count_nonzero()
        tensor(3)
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: Module, name: str, amount: float, dim: int) -> Module:
    """Prunes whole channels of a parameter drawn at random.

    Args:
        module: the module, which is changed.
        name: of its parameter.
        amount: how many, or which fraction of those that are left.
        dim: the dimension along which channels are counted.

    Returns:
        The module.

    Example:
        >>> import weft
        >>> layer = weft.nn.utils.prune.random_structured(weft.nn.Linear(2, 3), "weight", amount=1, dim=0)
        >>> layer.weight_mask.sum()
        tensor(4.)
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: Module, name: str, amount: float, n: float | str, dim: int, importance_scores: Tensor | None = None
) -> Module:
    """Prunes the whole channels of a parameter of the smallest norm.

    Args:
        module: the module, which is changed.
        name: of its parameter.
        amount: how many, or which fraction of those that are left.
        n: order of the norm.
        dim: the dimension along which channels are counted.
        importance_scores: what says in the parameter's place what is pruned. By default the parameter.

    Returns:
        The module.

    Example:
        >>> import weft
        >>> layer = weft.nn.utils.prune.ln_structured(weft.nn.Linear(2, 3), "weight", amount=1, n=2, dim=0)
        >>> layer.weight_mask.sum()
        tensor(4.)
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: Mapping[tuple[Module, str], Tensor] | None = None,
    **kwargs: Any,
) -> None:
    """Prunes several parameters as if they were one vector.

    Args:
        parameters: (module, name) pairs.
        pruning_method: a class whose PRUNING_TYPE is "unstructured".
        importance_scores: for some of the pairs what says in the parameter's place what is pruned.
        **kwargs: what the method is made with, such as amount.

    Raises:
        TypeError: an argument is of another type, or the method prunes whole channels.

    Example:
        >>> import weft
        >>> from weft.nn.utils import prune
        >>> a, b = weft.nn.Linear(2, 3), weft.nn.Linear(3, 2)
        >>> prune.global_unstructured([(a, "weight"), (b, "weight")], prune.L1Unstructured, amount=4)
        >>> a.weight_mask.sum() + b.weight_mask.sum()
        tensor(8.)
    """
    name = "global_unstructured"
    if isinstance(parameters, (str, dict)) or not hasattr(parameters, "__iter__"):
        raise TypeError(f"{name}: expected a list of (module, name), got {type(parameters).__name__}")
    pairs = [tuple(pair) for pair in parameters]
    for pair in pairs:
        if len(pair) != 2 or not isinstance(pair[0], Module) or not isinstance(pair[1], str):
            raise TypeError(f"{name}: expected pairs of a Module and a name, got {pair!r}")
    if not isinstance(pruning_method, type) or not issubclass(pruning_method, BasePruningMethod):
        raise TypeError(f"{name}: expected a class of pruning methods, got {pruning_method!r}")
    if importance_scores is not None and not isinstance(importance_scores, dict):
        raise TypeError(f"{name}: expected a dict as importance_scores, got {type(importance_scores).__name__}")
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(f"{name}: expected a method for single elements, {pruning_method.__name__} prunes channels")
    if not pairs:
        return
    scores, masks = [], []
    for module, tensor_name in pairs:
        value = getattr(module, tensor_name)
        chosen = (importance_scores or {}).get((module, tensor_name), value)
        check_scores(chosen, value)
        scores.append(chosen.detach().reshape(-1))
        masks.append(getattr(module, f"{tensor_name}_mask", weft.ones_like(value.detach())).reshape(-1))
    container = PruningContainer()
    container._tensor_name = method._tensor_name = "all parameters"
    container.add_pruning_method(method)
    whole = container.compute_mask(weft.cat(scores), weft.cat(masks))
    start = 0
    for module, tensor_name in pairs:
        value = getattr(module, tensor_name)
        custom_from_mask(module, tensor_name, whole[start : start + value.numel()].reshape(value.shape))
        start += value.numel()


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Prunes a parameter where a mask is zero.

    Args:
        module: the module, which is changed.
        name: of its parameter.
        mask: of the parameter's shape.

    Returns:
        The module.

    Example:
        >>> import weft
        >>> layer = weft.nn.utils.prune.custom_from_mask(weft.nn.Linear(2, 2), "bias", weft.tensor([0, 1]))
        >>> layer.bias_mask
        tensor([0., 1.])
    """
    CustomFromMask.apply(module, name, mask)
    return module


def remove(module: Module, name: str) -> Module:
    """Makes a pruned parameter an ordinary one, with what was pruned at zero.

    Args:
        module: the module, which is changed.
        name: of its parameter.

    Returns:
        The module.

    Raises:
        ValueError: the parameter is not pruned.

    Example:
        >>> import weft
        >>> layer = weft.nn.utils.prune.l1_unstructured(weft.nn.Linear(2, 3), "weight", amount=0.5)
        >>> sorted(weft.nn.utils.prune.remove(layer, "weight").state_dict())
        ['bias', 'weight']
    """
    check_instances(Module, "remove", module=module)
    hooks = hooks_of(module, name)
    if not hooks:
        raise ValueError(f"remove: {name!r} of {type(module).__name__} is not pruned")
    number, hook = hooks[0]
    hook.remove(module)
    del module._forward_pre_hooks[number]
    return module


def is_pruned(module: Module) -> bool:
    """Is a parameter of the module, or of one below it, pruned?

    Args:
        module: the module.

    Example:
        >>> import weft
        >>> from weft.nn.utils import prune
        >>> prune.is_pruned(weft.nn.Sequential(prune.identity(weft.nn.Linear(2, 3), "weight")))
        True
    """
    check_instances(Module, "is_pruned", module=module)
    return any(
        isinstance(hook, BasePruningMethod) for each in module.modules() for hook in each._forward_pre_hooks.values()
    )

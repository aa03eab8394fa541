"""The ways to choose what is pruned."""

from __future__ import annotations

import abc
import numbers

import weft
from weft._checks import check_instances, check_integers, check_tensors, check_text
from weft.nn.module import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from weft import Tensor


class BasePruningMethod(abc.ABC):
    """A way to choose what is pruned; also the hook that applies the mask before each forward.

    A subclass defines ``compute_mask`` and says by ``PRUNING_TYPE`` what it sees of a parameter that was pruned before:
    what is left (``"unstructured"``), the channels that are not all pruned (``"structured"``) or all (``"global"``).

    Example:
        >>> import weft
        >>> from weft.nn.utils import prune
        >>> class EverySecond(prune.BasePruningMethod):
        ...     PRUNING_TYPE = "unstructured"
        ...     def compute_mask(self, t, default_mask):
        ...         mask = default_mask.clone()
        ...         mask.view(-1)[::2] = 0
        ...         return mask
        >>> EverySecond().prune(weft.ones(4))
        tensor([0., 1., 0., 1.])
    """

    PRUNING_TYPE: str = "global"
    _tensor_name: str

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abc.abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask that this method gives a tensor on top of one that it has.

        Args:
            t: the tensor, or its importance.
            default_mask: the mask that it has, of ones where it has none.

        Example:
            >>> import weft
            >>> weft.nn.utils.prune.Identity().compute_mask(weft.ones(2), weft.ones(2))
            tensor([1., 1.])
        """

    def apply_mask(self, module: Module) -> Tensor:
        """The pruned tensor of a module: the mask times the original.

        Args:
            module: that has them.

        Raises:
            AttributeError: the module is not pruned by this method.

        Example:
            >>> import weft
            >>> from weft.nn.utils import prune
            >>> layer = weft.nn.Linear(2, 3)
            >>> prune.L1Unstructured.apply(layer, "weight", 5).apply_mask(layer).count_nonzero()
            tensor(1)
        """
        if getattr(self, "_tensor_name", None) is None:
            raise AttributeError(f"{type(self).__name__}.apply_mask: it is not applied to a module")
        mask = getattr(module, f"{self._tensor_name}_mask")
        original = getattr(module, f"{self._tensor_name}_orig")
        return mask.to(original.dtype) * original

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> Any:
        """Prunes a parameter: adds the hook, the parameter ``<name>_orig`` and the buffer ``<name>_mask``.

        Args:
            module: the module, which is changed.
            name: of its parameter.
            *args, **kwargs: what the method is made with.
            importance_scores: what says in the tensor's place what is pruned, of its shape. By default the tensor.

        Returns:
            The hook: the method, or the container of it and those before it.

        Raises:
            AttributeError: there is no such parameter.
            ValueError: the shapes or the amount do not fit; nothing has been changed.

        Example:
            >>> import weft
            >>> layer = weft.nn.Linear(2, 3)
            >>> method = weft.nn.utils.prune.L1Unstructured.apply(layer, "weight", amount=0.5)
            >>> sorted(layer.state_dict())
            ['bias', 'weight_mask', 'weight_orig']
        """
        check_instances(Module, "prune", module=module)
        check_text("prune", name=name)
        method = cls(*args, **kwargs)
        method._tensor_name = name
        former = hooks_of(module, name)
        if len(former) > 1:
            raise RuntimeError(
                f"prune: {name!r} of {type(module).__name__} has {len(former)} pruning hooks, expected 1"
            )
        if not former:
            original = module._parameters.get(name)
            if original is None:
                raise AttributeError(f"prune: {type(module).__name__} has no parameter {name!r}")
            default_mask = weft.ones_like(original.detach())
            container = None
        else:
            original = getattr(module, f"{name}_orig")
            default_mask = getattr(module, f"{name}_mask").detach().clone()
            container = PruningContainer()
            container._tensor_name = name
            for earlier in former[0][1] if isinstance(former[0][1], PruningContainer) else [former[0][1]]:
                container.add_pruning_method(earlier)
            container.add_pruning_method(method)
        scores = original if importance_scores is None else importance_scores
        check_scores(scores, original)
        hook = method if container is None else container
        with weft.no_grad():
            mask = hook.compute_mask(scores.detach(), default_mask)
        if former:
            del module._forward_pre_hooks[former[0][0]]
            module._buffers[f"{name}_mask"] = mask
        else:
            del module._parameters[name]
            module.register_parameter(f"{name}_orig", original)
            module.register_buffer(f"{name}_mask", mask)
        setattr(module, name, hook.apply_mask(module))
        module.register_forward_pre_hook(hook)
        return hook

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """A tensor with its pruned elements at zero.

        Args:
            t: the tensor.
            default_mask: the mask that it has. By default of ones.
            importance_scores: what says in its place what is pruned. By default t.

        Raises:
            ValueError: the shapes do not fit.

        Example:
            >>> import weft
            >>> weft.nn.utils.prune.L1Unstructured(amount=1).prune(weft.tensor([3.0, -1.0]))
            tensor([3., -0.])
        """
        optional = ("default_mask", "importance_scores")
        check_tensors("prune", optional, t=t, default_mask=default_mask, importance_scores=importance_scores)
        scores = t if importance_scores is None else importance_scores
        check_scores(scores, t)
        mask = weft.ones_like(t) if default_mask is None else default_mask
        return t * self.compute_mask(scores, mask)

    def remove(self, module: Module) -> None:
        """Makes the pruned tensor an ordinary parameter, of the value that it has.

        Args:
            module: that has the hook, which the function ``remove`` takes away.

        Example:
            >>> import weft
            >>> layer = weft.nn.Linear(2, 3)
            >>> method = weft.nn.utils.prune.L1Unstructured.apply(layer, "weight", amount=0.5)
            >>> method.remove(layer)
            >>> sorted(layer.state_dict())
            ['bias', 'weight']
        """
        name = self._tensor_name
        weight = self.apply_mask(module)
        original = getattr(module, f"{name}_orig")
        original.data = weight.detach()
        for each in (name, f"{name}_orig", f"{name}_mask"):
            delattr(module, each)
        module.register_parameter(name, original)


def check_scores(scores: Tensor, t: Tensor) -> None:
    check_tensors("prune", importance_scores=scores)
    if scores.shape != t.shape:
        raise ValueError(
            f"prune: expected importance_scores of the tensor's shape {tuple(t.shape)}, got {tuple(scores.shape)}"
        )


def hooks_of(module: Module, name: str) -> list[tuple[int, BasePruningMethod]]:
    return [
        (number, hook)
        for number, hook in module._forward_pre_hooks.items()
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name
    ]


def _checked_amount(name: str, amount: float) -> float:
    if not isinstance(amount, numbers.Real) or isinstance(amount, bool):
        raise TypeError(f"{name}: expected a number as amount, got {type(amount).__name__}")
    whole = isinstance(amount, numbers.Integral)
    if amount < 0 or (not whole and not amount <= 1):
        raise ValueError(f"{name}: amount must be a number of elements, or a fraction between 0 and 1, got {amount}")
    return amount


def _count(name: str, amount: float, size: int) -> int:
    """How many of ``size`` elements an amount means."""
    if not isinstance(amount, numbers.Integral):
        return round(amount * size)
    if amount > size:
        raise ValueError(f"{name}: amount {amount} is more than the {size} elements or channels that there are")
    return int(amount)


class PruningContainer(BasePruningMethod):
    """Several pruning methods, each for what those before it have left.

    Args:
        *args: the methods, all for one tensor.

    Raises:
        TypeError: one is no pruning method.
        ValueError: they are for tensors of different names.

    Example:
        >>> import weft
        >>> from weft.nn.utils import prune
        >>> layer = prune.l1_unstructured(weft.nn.Linear(4, 4), "weight", amount=4)
        >>> layer = prune.l1_unstructured(layer, "weight", amount=4)
        >>> layer.weight_mask.sum()
        tensor(8.)
    """

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        for method in args:
            if not self._pruning_methods and isinstance(method, BasePruningMethod):
                self._tensor_name = getattr(method, "_tensor_name", None)
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod | None) -> None:
        """Adds a method at the end.

        Args:
            method: for the tensor that the container is for.

        Raises:
            TypeError: it is no pruning method.
            ValueError: it is for a tensor of another name.

        Example:
            >>> import weft
            >>> from weft.nn.utils import prune
            >>> methods = prune.PruningContainer(prune.Identity())
            >>> methods.add_pruning_method(prune.Identity())
            >>> len(methods)
            2
        """
        if method is None:
            return
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"PruningContainer: expected a pruning method, got {type(method).__name__}")
        own, other = getattr(self, "_tensor_name", None), getattr(method, "_tensor_name", None)
        if own != other:
            raise ValueError(f"PruningContainer: it prunes {own!r}, so it cannot hold a method for {other!r}")
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator[BasePruningMethod]:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: int) -> BasePruningMethod:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of the last method for what is left of the tensor.

        Args:
            t: the tensor.
            default_mask: the mask of the methods before.

        Example:
            >>> import weft
            >>> from weft.nn.utils import prune
            >>> methods = prune.PruningContainer(prune.L1Unstructured(1))
            >>> methods.compute_mask(weft.tensor([1.0, 2.0, 3.0]), weft.tensor([0.0, 1.0, 1.0]))
            tensor([0., 0., 1.])
        """
        check_tensors("PruningContainer", t=t, default_mask=default_mask)
        method = self._pruning_methods[-1]
        mask = default_mask.to(t.dtype)
        if method.PRUNING_TYPE == "unstructured":
            left = mask == 1
        elif method.PRUNING_TYPE == "structured":
            if not hasattr(method, "dim"):
                raise AttributeError(
                    f"{type(method).__name__}: a structured pruning method must have the attribute dim"
                )
            dim = method.dim % t.dim()
            others = [d for d in range(t.dim()) if d != dim]
            kept = mask.sum(others) != 0
            left = (*(slice(None),) * dim, kept)
        elif method.PRUNING_TYPE == "global":
            left = (slice(None),) * t.dim()
        else:
            raise ValueError(f"{type(method).__name__}: unknown PRUNING_TYPE {method.PRUNING_TYPE!r}")
        result = mask.clone()
        result[left] = method.compute_mask(t[left], mask[left]).to(mask.dtype)
        return result


class Identity(BasePruningMethod):
    """Prunes nothing: adds the mask, of ones.

    Example:
        >>> import weft
        >>> layer = weft.nn.Linear(2, 3)
        >>> method = weft.nn.utils.prune.Identity.apply(layer, "weight")
        >>> layer.weight_mask.sum()
        tensor(6.)
    """

    PRUNING_TYPE: str = "unstructured"

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask as it is.

        Args:
            t: the tensor.
            default_mask: the mask that it has.

        Example:
            >>> import weft
            >>> weft.nn.utils.prune.Identity().compute_mask(weft.ones(2), weft.ones(2))
            tensor([1., 1.])
        """
        check_tensors("Identity", t=t, default_mask=default_mask)
        return default_mask

    @classmethod
    def apply(cls, module: Module, name: str) -> Any:
        """As BasePruningMethod.apply.

        Args:
            module: the module, which is changed.
            name: of its parameter.

        Example:
            >>> import weft
            >>> type(weft.nn.utils.prune.Identity.apply(weft.nn.Linear(2, 3), "bias")).__name__
            'Identity'
        """
        return super().apply(module, name)


class RandomUnstructured(BasePruningMethod):
    """Prunes elements drawn at random.

    Args:
        amount: how many, or which fraction of them.

    Raises:
        ValueError: amount is negative, or a fraction above 1, or more than there is.

    Example:
        >>> import weft
        >>> weft.nn.utils.prune.RandomUnstructured(0.5).prune(weft.ones(4)).sum()
        tensor(2.)
    """

    amount: Any

    PRUNING_TYPE: str = "unstructured"

    def __init__(self, amount: float) -> None:
        self.amount = _checked_amount("RandomUnstructured", amount)

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask with elements drawn at random at zero.

        Args:
            t: the tensor.
            default_mask: the mask that it has.

        Example:
            >>> import weft
            >>> weft.nn.utils.prune.RandomUnstructured(3).compute_mask(weft.ones(4), weft.ones(4)).sum()
            tensor(1.)
        """
        check_tensors("RandomUnstructured", t=t, default_mask=default_mask)
        count = _count("RandomUnstructured", self.amount, t.numel())
        return _without(default_mask, weft.rand(t.numel(), device=t.device).topk(count).indices if count else None)

    @classmethod
    def apply(cls, module: Module, name: str, amount: float) -> Any:
        """As BasePruningMethod.apply.

        Args:
            module: the module, which is changed.
            name: of its parameter.
            amount: how many elements, or which fraction.

        Example:
            >>> import weft
            >>> weft.nn.utils.prune.RandomUnstructured.apply(weft.nn.Linear(2, 3), "bias", 1).amount
            1
        """
        return super().apply(module, name, amount=amount)


def _without(mask: Tensor, places: Tensor | None) -> Tensor:
    """The mask with zeros at these places of it, counted through."""
    result = mask.clone(memory_format=weft.contiguous_format)
    if places is not None:
        result.view(-1)[places] = 0
    return result


class L1Unstructured(BasePruningMethod):
    """Prunes the elements of the smallest magnitude.

    Args:
        amount: how many, or which fraction of them.

    Raises:
        ValueError: amount is negative, or a fraction above 1, or more than there is.

    Example:
        >>> import weft
        >>> weft.nn.utils.prune.L1Unstructured(0.5).prune(weft.tensor([4.0, 1.0, 2.0, 3.0]))
        tensor([4., 0., 0., 3.])
    """

    amount: Any

    PRUNING_TYPE: str = "unstructured"

    def __init__(self, amount: float) -> None:
        self.amount = _checked_amount("L1Unstructured", amount)

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask with the elements of the smallest magnitude at zero.

        Args:
            t: the tensor.
            default_mask: the mask that it has.

        Example:
            >>> import weft
            >>> weft.nn.utils.prune.L1Unstructured(1).compute_mask(weft.tensor([2.0, -1.0]), weft.ones(2))
            tensor([1., 0.])
        """
        check_tensors("L1Unstructured", t=t, default_mask=default_mask)
        count = _count("L1Unstructured", self.amount, t.numel())
        smallest = t.abs().reshape(-1).topk(count, largest=False).indices if count else None
        return _without(default_mask, smallest)

    @classmethod
    def apply(cls, module: Module, name: str, amount: float, importance_scores: Tensor | None = None) -> Any:
        """As BasePruningMethod.apply.

        Args:
            module: the module, which is changed.
            name: of its parameter.
            amount: how many elements, or which fraction.
            importance_scores: what says in the tensor's place what is pruned. By default the tensor.

        Example:
            >>> import weft
            >>> weft.nn.utils.prune.L1Unstructured.apply(weft.nn.Linear(2, 3), "bias", 1).amount
            1
        """
        return super().apply(module, name, amount=amount, importance_scores=importance_scores)


def _check_channels(name: str, t: Tensor, dim: int) -> None:
    if t.dim() <= 1:
        raise ValueError(f"{name}: whole channels can be pruned of tensors with 2 dimensions or more, got {t.dim()}")
    if not -t.dim() <= dim < t.dim():
        raise IndexError(f"{name}: dim {dim} is out of range for a tensor of shape {tuple(t.shape)}")


def _keeping(mask: Tensor, dim: int, kept: Tensor) -> Tensor:
    """The mask with the channels along dim at zero that are not kept."""
    shape = [1] * mask.dim()
    shape[dim] = -1
    return mask * kept.to(mask.dtype).reshape(shape)


class RandomStructured(BasePruningMethod):
    """Prunes whole channels drawn at random.

    Args:
        amount: how many, or which fraction of them.
        dim: the dimension along which the channels are counted. Default -1.

    Raises:
        ValueError: amount is negative, or a fraction above 1, or more than there is.

    Example:
        >>> import weft
        >>> weft.nn.utils.prune.RandomStructured(1, dim=0).prune(weft.ones(3, 2)).sum()
        tensor(4.)
    """

    amount: Any

    PRUNING_TYPE: str = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        self.amount = _checked_amount("RandomStructured", amount)
        check_integers("RandomStructured", dim=dim)
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask with channels drawn at random at zero.

        Args:
            t: the tensor.
            default_mask: the mask that it has.

        Raises:
            ValueError: the tensor has fewer than 2 dimensions.

        Example:
            >>> import weft
            >>> weft.nn.utils.prune.RandomStructured(1).compute_mask(weft.ones(2, 3), weft.ones(2, 3)).sum()
            tensor(4.)
        """
        check_tensors("RandomStructured", t=t, default_mask=default_mask)
        _check_channels("RandomStructured", t, self.dim)
        size = t.shape[self.dim]
        count = _count("RandomStructured", self.amount, size)
        kept = weft.ones(size, dtype=weft.bool, device=t.device)
        if count:
            kept[weft.rand(size, device=t.device).topk(count).indices] = False
        return _keeping(default_mask, self.dim, kept)

    @classmethod
    def apply(cls, module: Module, name: str, amount: float, dim: int = -1) -> Any:
        """As BasePruningMethod.apply.

        Args:
            module: the module, which is changed.
            name: of its parameter.
            amount: how many channels, or which fraction.
            dim: the dimension along which they are counted. Default -1.

        Example:
            >>> import weft
            >>> weft.nn.utils.prune.RandomStructured.apply(weft.nn.Linear(2, 3), "weight", 1, 0).dim
            0
        """
        return super().apply(module, name, amount=amount, dim=dim)


class LnStructured(BasePruningMethod):
    """Prunes the whole channels of the smallest norm.

    Args:
        amount: how many, or which fraction of them.
        n: order of the norm, also ``float("inf")``, ``"fro"``.
        dim: the dimension along which the channels are counted. Default -1.

    Raises:
        ValueError: amount is negative, or a fraction above 1, or more than there is.

    Example:
        >>> import weft
        >>> weft.nn.utils.prune.LnStructured(1, n=2, dim=0).prune(weft.tensor([[1.0, 1.0], [2.0, 2.0]]))
        tensor([[0., 0.],
                [2., 2.]])
    """

    amount: Any

    PRUNING_TYPE: str = "structured"

    def __init__(self, amount: float, n: float | str, dim: int = -1) -> None:
        self.amount = _checked_amount("LnStructured", amount)
        check_integers("LnStructured", dim=dim)
        if n != "fro" and (not isinstance(n, numbers.Real) or isinstance(n, bool)):
            raise TypeError(f"LnStructured: expected a number or 'fro' as n, got {n!r}")
        self.n = n
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask with the channels of the smallest norm at zero.

        Args:
            t: the tensor.
            default_mask: the mask that it has.

        Raises:
            ValueError: the tensor has fewer than 2 dimensions.

        Example:
            >>> import weft
            >>> t = weft.tensor([[1.0, 2.0]])
            >>> weft.nn.utils.prune.LnStructured(1, n=1).compute_mask(t, weft.ones(1, 2))
            tensor([[0., 1.]])
        """
        check_tensors("LnStructured", t=t, default_mask=default_mask)
        _check_channels("LnStructured", t, self.dim)
        size = t.shape[self.dim]
        count = _count("LnStructured", self.amount, size)
        others = [d for d in range(t.dim()) if d != self.dim % t.dim()]
        norms = weft.linalg.vector_norm(t, 2 if self.n == "fro" else self.n, others)
        kept = weft.zeros(size, dtype=weft.bool, device=t.device)
        if count < size:
            kept[norms.topk(size - count).indices] = True
        return _keeping(default_mask, self.dim, kept)

    @classmethod
    def apply(
        cls,
        module: Module,
        name: str,
        amount: float,
        n: float | str,
        dim: int,
        importance_scores: Tensor | None = None,
    ) -> Any:
        """As BasePruningMethod.apply.

        Args:
            module: the module, which is changed.
            name: of its parameter.
            amount: how many channels, or which fraction.
            n: order of the norm.
            dim: the dimension along which they are counted.
            importance_scores: what says in the tensor's place what is pruned. By default the tensor.

        Example:
            >>> import weft
            >>> weft.nn.utils.prune.LnStructured.apply(weft.nn.Linear(2, 3), "weight", 1, 2, 0).n
            2
        """
        return super().apply(module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores)


class CustomFromMask(BasePruningMethod):
    """Prunes where a given mask is zero.

    Args:
        mask: of the tensor's shape.

    Example:
        >>> import weft
        >>> weft.nn.utils.prune.CustomFromMask(weft.tensor([0, 1])).prune(weft.ones(2))
        tensor([0., 1.])
    """

    PRUNING_TYPE: str = "global"

    def __init__(self, mask: Tensor) -> None:
        check_tensors("CustomFromMask", mask=mask)
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The product of both masks.

        Args:
            t: the tensor.
            default_mask: the mask that it has.

        Raises:
            ValueError: the shapes differ.

        Example:
            >>> import weft
            >>> method = weft.nn.utils.prune.CustomFromMask(weft.tensor([0, 1]))
            >>> method.compute_mask(weft.ones(2), weft.ones(2))
            tensor([0., 1.])
        """
        check_tensors("CustomFromMask", t=t, default_mask=default_mask)
        if self.mask.shape != default_mask.shape:
            raise ValueError(
                f"CustomFromMask: expected a mask of the tensor's shape {tuple(default_mask.shape)}, got "
                f"{tuple(self.mask.shape)}"
            )
        return default_mask * self.mask.to(default_mask.dtype)

    @classmethod
    def apply(cls, module: Module, name: str, mask: Tensor) -> Any:
        """As BasePruningMethod.apply.

        Args:
            module: the module, which is changed.
            name: of its parameter.
            mask: of the parameter's shape.

        Example:
            >>> import weft
            >>> weft.nn.utils.prune.CustomFromMask.apply(weft.nn.Linear(2, 2), "bias", weft.tensor([0, 1])).mask
            tensor([0, 1])
        """
        return super().apply(module, name, mask=mask)

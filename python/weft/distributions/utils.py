"""What the distributions share: broadcasting of parameters, and the ways between probabilities and logits."""

from __future__ import annotations

import typing

import weft
import weft.nn.functional as F
from weft._checks import check_callables, check_numbers, check_tensors
from weft._missing import missing_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weft import Tensor

_T = typing.TypeVar("_T")

__all__ = ["broadcast_all", "clamp_probs", "lazy_property", "logits_to_probs", "probs_to_logits"]

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)


def broadcast_all(*values: Tensor | float) -> tuple[Tensor, ...]:
    """The values as tensors of one shape. Numbers take dtype and device of the first tensor, else the default dtype.

    Args:
        *values: tensors and numbers.

    Raises:
        TypeError: a value is neither.

    >>> import weft
    >>> weft.distributions.utils.broadcast_all(weft.tensor([1.0, 2.0]), 3.0)
    (tensor([1., 2.]), tensor([3., 3.]))
    """
    tensors = [value for value in values if isinstance(value, weft.Tensor)]
    for place, value in enumerate(values):
        if not isinstance(value, weft.Tensor):
            check_numbers("broadcast_all", **{f"value {place}": value})
    like = tensors[0] if tensors else weft.empty(())
    dtype = like.dtype if like.is_floating_point() else weft.get_default_dtype()
    made = [
        value if isinstance(value, weft.Tensor) else weft.tensor(float(value), dtype=dtype, device=like.device)
        for value in values
    ]
    return tuple(weft.broadcast_tensors(*made))


def parameters(owner, numbers=True, **values):
    """:func:`broadcast_all` for the named parameters of a distribution, with errors that name it."""
    for name, value in values.items():
        if not isinstance(value, weft.Tensor):
            check_numbers(owner, **{name: value})
        elif value.is_complex() or value.dtype == weft.bool:
            raise TypeError(f"{owner}: expected {name} of a real dtype, got {value.dtype}")
    try:
        return broadcast_all(*values.values())
    except RuntimeError:
        shapes = ", ".join(f"{name} {tuple(value.shape)}" for name, value in values.items() if hasattr(value, "shape"))
        raise ValueError(f"{owner}: the shapes of the parameters do not broadcast: {shapes}") from None


def probs_or_logits(owner, probs, logits):
    """Which of two parameters was given: its name and the tensor."""
    if (probs is None) == (logits is None):
        raise ValueError(f"{owner}: expected either probs or logits, got {'neither' if probs is None else 'both'}")
    name, value = ("probs", probs) if logits is None else ("logits", logits)
    (value,) = parameters(owner, **{name: value})
    return name, value if value.is_floating_point() else value.to(weft.get_default_dtype())


def _check_floating(function, **values):
    check_tensors(function, **values)
    for name, value in values.items():
        if not value.is_floating_point():
            raise TypeError(f"{function}: expected {name} of a floating dtype, got {value.dtype}")


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities moved away from 0 and 1 by the dtype's epsilon, so that their logarithms are finite.

    Args:
        probs: probabilities, of a floating dtype.

    >>> import weft
    >>> weft.distributions.utils.clamp_probs(weft.tensor([0.0, 0.5])).log()
    tensor([-15.9424,  -0.6931])
    """
    _check_floating("clamp_probs", probs=probs)
    eps = weft.finfo(probs.dtype).eps
    return probs.clamp(eps, 1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """``log(p)``, or ``log(p / (1 - p))`` of binary probabilities.

    Args:
        probs: probabilities.
        is_binary: whether each is that of one event, not an entry of a distribution over the last dimension.

    >>> import weft
    >>> weft.distributions.utils.probs_to_logits(weft.tensor(0.5), is_binary=True)
    tensor(0.)
    """
    _check_floating("probs_to_logits", probs=probs)
    probs = clamp_probs(probs)
    return probs.log() - (-probs).log1p() if is_binary else probs.log()


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """``softmax`` over the last dimension, or ``sigmoid`` of binary logits.

    Args:
        logits: unnormalised logarithms of probabilities, or log-odds.
        is_binary: whether each is of one event.

    >>> import weft
    >>> weft.distributions.utils.logits_to_probs(weft.tensor([0.0, 0.0]))
    tensor([0.5000, 0.5000])
    """
    _check_floating("logits_to_probs", logits=logits)
    return weft.sigmoid(logits) if is_binary else F.softmax(logits, -1)


class lazy_property(typing.Generic[_T]):
    """A property that is computed at its first use and kept.

    Args:
        wrapped: the getter.

    >>> import weft
    >>> class Square:
    ...     def __init__(self, side):
    ...         self.side = side
    ...     @weft.distributions.utils.lazy_property
    ...     def area(self):
    ...         return self.side**2
    >>> square = Square(3)
    >>> square.area, vars(square)
    (9, {'side': 3, 'area': 9})
    """

    def __init__(self, wrapped: Callable[[Any], _T]) -> None:
        check_callables("lazy_property", wrapped=wrapped)
        self.wrapped = wrapped
        self.__doc__ = wrapped.__doc__

    def __get__(self, instance: Any, owner: type | None = None) -> _T:
        if instance is None:
            return self  # type: ignore[return-value]
        with weft.enable_grad():  # kept, so it must not depend on the mode at the first use
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value

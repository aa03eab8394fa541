"""The random generators of a program, as something with a state."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy

import weft

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["RandomState"]


class RandomState:
    """All random generators of a program as one object with a state: Weft's, Python's and NumPy's.

    Weft draws from one generator on all devices, so its place is that of the CPU's and the GPUs' numbers. Generators of
    your own, and those that DataLoader gives its workers, are the business of who made them.

    >>> import weft
    >>> everything = weft.training.RandomState()
    >>> state = everything.state_dict()
    >>> first = weft.rand(2)
    >>> everything.load_state_dict(state)
    >>> bool((weft.rand(2) == first).all())
    True
    """

    def state_dict(self) -> dict[str, Any]:
        """The places of all generators, as tensors, arrays and numbers.

        >>> import weft
        >>> sorted(weft.training.RandomState().state_dict())
        ['numpy', 'python', 'weft']
        """
        version, words, gauss = random.getstate()
        return {
            "weft": weft.get_rng_state(),
            "python": {"version": version, "words": numpy.array(words, numpy.uint32), "gauss": gauss},
            "numpy": numpy.random.get_state(legacy=False),
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Takes all generators back to where ``state_dict`` found them.

        Raises:
            ValueError: it is not such a state; no generator has moved.

        >>> import random, weft
        >>> state = weft.training.RandomState().state_dict()
        >>> first = random.random()
        >>> weft.training.RandomState().load_state_dict(state)
        >>> random.random() == first
        True
        """
        before = random.getstate(), numpy.random.get_state(legacy=False)
        try:
            python = state_dict["python"]
            words = tuple(int(word) for word in python["words"])
            random.setstate((python["version"], words, python["gauss"]))
            numpy.random.set_state(state_dict["numpy"])
            weft.set_rng_state(state_dict["weft"])
        except (KeyError, TypeError, ValueError, RuntimeError, OverflowError, IndexError) as error:
            random.setstate(before[0])
            numpy.random.set_state(before[1])
            raise ValueError(f"RandomState: the state is not one of all generators: {error!r}") from None

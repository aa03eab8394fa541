"""Meters: running figures of a loop, each usable alone."""

from __future__ import annotations

import time

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


class Average:
    """The weighted mean of the values so far.

    >>> from weft.training import Average
    >>> loss = Average()
    >>> loss.update(1.0, weight=3)
    >>> loss.update(2.0)
    >>> loss.value
    1.25
    """

    def __init__(self) -> None:
        self.total: float = 0.0
        self.weight: float = 0.0

    def update(self, value: Any, weight: float = 1.0) -> None:
        """Adds a value.

        Args:
            value: a number, or a tensor with one element.
            weight: how much it counts, for example how many samples it is the mean of.

        Raises:
            ValueError: the weight is negative or not a number.

        >>> from weft.training import Average
        >>> mean = Average()
        >>> mean.update(2, weight=2)
        >>> mean.total
        4.0
        """
        if not weight >= 0:
            raise ValueError(f"Average.update: weight must not be negative, got {weight}")
        self.total += float(value) * weight
        self.weight += weight

    @property
    def value(self) -> float:
        """The mean; nan as long as nothing was added.

        >>> from weft.training import Average
        >>> Average().value
        nan
        """
        return self.total / self.weight if self.weight else float("nan")

    def reset(self) -> None:
        """Forgets all values.

        >>> from weft.training import Average
        >>> mean = Average()
        >>> mean.update(2)
        >>> mean.reset()
        >>> mean.value
        nan
        """
        self.total = self.weight = 0.0

    def state_dict(self) -> dict[str, float]:
        """What :meth:`load_state_dict` takes.

        >>> from weft.training import Average
        >>> Average().state_dict()
        {'total': 0.0, 'weight': 0.0}
        """
        return {"total": self.total, "weight": self.weight}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Goes on where another meter was.

        >>> from weft.training import Average
        >>> mean = Average()
        >>> mean.load_state_dict({"total": 3.0, "weight": 2.0})
        >>> mean.value
        1.5
        """
        self.total, self.weight = float(state["total"]), float(state["weight"])


class Smoothed:
    """An exponentially weighted mean, which follows the values of the last ``1 / (1 - decay)`` updates or so.

    The first values count fully: the mean is divided by the sum of the weights.

    Args:
        decay: in [0, 1); what the weight of a value is multiplied with at each update.

    >>> from weft.training import Smoothed
    >>> loss = Smoothed(0.5)
    >>> for value in (4.0, 1.0):
    ...     loss.update(value)
    >>> loss.value
    2.0
    """

    def __init__(self, decay: float = 0.98) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"Smoothed: decay must be in [0, 1), got {decay}")
        self.decay: float = decay
        self._mean = self._weight = 0.0

    def update(self, value: Any) -> None:
        """Adds a value: a number, or a tensor with one element.

        >>> from weft.training import Smoothed
        >>> mean = Smoothed()
        >>> mean.update(2.0)
        >>> round(mean.value, 6)
        2.0
        """
        self._mean = self.decay * self._mean + (1 - self.decay) * float(value)
        self._weight = self.decay * self._weight + (1 - self.decay)

    @property
    def value(self) -> float:
        """The mean; nan as long as nothing was added.

        >>> from weft.training import Smoothed
        >>> Smoothed().value
        nan
        """
        return self._mean / self._weight if self._weight else float("nan")


class Throughput:
    """How many samples a second, over the last seconds.

    Args:
        seconds: how far back it looks.
        clock: gives the time in seconds.

    >>> from weft.training import Throughput
    >>> times = iter((0.0, 1.0, 2.0))
    >>> rate = Throughput(clock=lambda: next(times))
    >>> rate.update(64)
    >>> rate.update(128)
    >>> rate.value
    96.0
    """

    def __init__(self, seconds: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        if not seconds > 0:
            raise ValueError(f"Throughput: seconds must be positive, got {seconds}")
        self.seconds: float = seconds
        self._clock = clock
        self._count = 0
        self._marks = [(clock(), 0)]

    def update(self, samples: int) -> None:
        """Says that so many more samples are done.

        >>> from weft.training import Throughput
        >>> rate = Throughput()
        >>> rate.update(64)
        """
        self._count += samples
        now = self._clock()
        self._marks.append((now, self._count))
        while len(self._marks) > 2 and self._marks[1][0] < now - self.seconds:
            del self._marks[0]

    @property
    def value(self) -> float:
        """Samples a second; 0 before the first update.

        >>> from weft.training import Throughput
        >>> Throughput().value
        0.0
        """
        (first, before), (last, count) = self._marks[0], self._marks[-1]
        return (count - before) / (last - first) if last > first else 0.0

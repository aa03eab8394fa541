"""Where training in several processes plugs in."""

from __future__ import annotations

import contextlib

TYPE_CHECKING = False

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Any


class Distribution:
    """What a Trainer asks of training in several processes; this class is training in one, and does nothing.

    A subclass over a process group overrides what it needs and is given as ``Trainer(..., distribution=...)``.

    >>> import weft
    >>> one = weft.training.Distribution()
    >>> one.rank, one.world_size, one.mean({"loss": 0.5}, 10)
    (0, 1, {'loss': 0.5})
    """

    rank: int = 0
    world_size: int = 1

    def prepare(self, model: Any) -> Any:
        """The model as it is trained, wrapped or the same in all processes.

        >>> import weft
        >>> weft.training.Distribution().prepare(weft.nn.Linear(2, 1))
        Linear(in_features=2, out_features=1, bias=True)
        """
        return model

    def accumulating(self, more: bool) -> AbstractContextManager[Any]:
        """Around each backward: do more batches of the group follow, so that gradients need not be sent yet?

        >>> import weft
        >>> with weft.training.Distribution().accumulating(True):
        ...     pass
        """
        return contextlib.nullcontext()

    def reduce_gradients(self, parameters: list[Any]) -> None:
        """After the backward of the group, before clipping: makes gradients the mean over processes.

        >>> import weft
        >>> weft.training.Distribution().reduce_gradients([])
        """

    def mean(self, figures: dict[str, float], weight: float) -> dict[str, float]:
        """The mean of figures over processes, weighted by how many samples each has seen.

        >>> import weft
        >>> weft.training.Distribution().mean({"loss": 0.5}, 10)
        {'loss': 0.5}
        """
        return figures

    def merge(self, metric: Any) -> Any:
        """A metric with the batches of all processes.

        >>> import weft
        >>> weft.training.Distribution().merge("accuracy")
        'accuracy'
        """
        return metric

    def barrier(self) -> None:
        """Waits for all processes; called around checkpoints, which the process of rank 0 writes.

        >>> import weft
        >>> weft.training.Distribution().barrier()
        """

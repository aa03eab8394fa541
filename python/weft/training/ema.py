"""An exponential moving average of a model's weights, beside the one that is trained."""

from __future__ import annotations

from weft._checks import check_instances, check_integers
from weft.nn import Module
from weft.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class EMA:
    """Keeps a copy of a model whose parameters follow those of the model: ``decay * average + (1 - decay) * value``.

    Buffers, such as batch norm's statistics, are copied. ``average`` is the copy.

    Args:
        model: the module that is trained.
        decay: in [0, 1].
        every: how many steps lie between updates.
        start: the step from which on it averages; until then the copy is the model's present state.

    Raises:
        ValueError: decay is not in [0, 1], every not positive or start negative.

    >>> import weft
    >>> model = weft.nn.Linear(1, 1, bias=False)
    >>> ema = weft.training.EMA(model, decay=0.75)
    >>> for value in (1.0, 2.0):
    ...     with weft.no_grad():
    ...         _ = model.weight.fill_(value)
    ...     ema.update(model)
    >>> ema.average.weight.item()
    1.25
    """

    def __init__(self, model: Module, decay: float = 0.999, every: int = 1, start: int = 0) -> None:
        check_instances((Module,), "EMA", model=model)
        check_integers("EMA", every=every, start=start)
        if every < 1 or start < 0:
            raise ValueError(f"EMA: every must be positive and start not negative, got {every} and {start}")
        self.decay: float = decay
        self.every: int = every
        self.start: int = start
        self.steps: int = 0
        self._model = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))
        self._model.requires_grad_(False)

    @property
    def average(self) -> Any:
        """The copy with the averaged weights.

        >>> import weft
        >>> weft.training.EMA(weft.nn.Linear(2, 1)).average
        Linear(in_features=2, out_features=1, bias=True)
        """
        return self._model.module

    def update(self, model: Module) -> None:
        """Takes the model's present weights into the average; to be called after each step of the optimizer.

        >>> import weft
        >>> model = weft.nn.Linear(2, 1)
        >>> ema = weft.training.EMA(model, every=2)
        >>> ema.update(model)
        >>> ema.steps
        1
        """
        self.steps += 1
        if self.steps <= self.start:
            self._model.n_averaged.zero_()  # the next one is copied
        elif (self.steps - self.start) % self.every:
            return
        self._model.update_parameters(model)

    def state_dict(self) -> dict[str, Any]:
        """The averaged weights and the number of steps.

        >>> import weft
        >>> sorted(weft.training.EMA(weft.nn.Linear(2, 1)).state_dict())
        ['model', 'steps']
        """
        return {"steps": self.steps, "model": dict(self._model.state_dict())}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on where another average was.

        >>> import weft
        >>> model = weft.nn.Linear(2, 1)
        >>> weft.training.EMA(model).load_state_dict(weft.training.EMA(model).state_dict())
        """
        self._model.load_state_dict(state["model"])
        self.steps = int(state["steps"])

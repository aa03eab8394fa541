"""ComposedOptimizer: the base of optimisers whose step is made of ops on one parameter after the other."""

from __future__ import annotations

import weft
from weft.optim.fused import FusedOptimizer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor


class ComposedOptimizer(FusedOptimizer):
    """Base class of optimisers that look at more than one element at a time, so that no elementwise rule will do.

    A subclass gives ``_update``. Everything else is as for fused optimisers; weft.jit records the ops with the numbers
    as tensors, whose values each call reads anew.

    >>> import weft
    >>> from weft.optim.composed import ComposedOptimizer
    >>> issubclass(weft.optim.Muon, ComposedOptimizer)
    True
    """

    def _update(
        self, p: Tensor, grad: Tensor, state: dict[str, Tensor], numbers: Sequence[Any], group: dict[str, Any]
    ) -> None:
        """Changes p and the tensors of its state in place; numbers are floats, or tensors without dimensions."""
        raise NotImplementedError

    def _check_parameter(self, p: Tensor) -> None:
        """Raises for a parameter that has no such step."""

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds a group of parameters; see :meth:`Optimizer.add_param_group`.

        Raises:
            ValueError: also for parameters that this optimizer has no step for.

        >>> import weft
        >>> opt = weft.optim.Muon([weft.nn.Parameter(weft.ones(2, 2))])
        >>> opt.add_param_group({"params": [weft.nn.Parameter(weft.ones(3, 2))], "lr": 0.5})
        >>> len(opt.param_groups)
        2
        """
        super().add_param_group(param_group)
        try:
            for p in self.param_groups[-1]["params"]:
                self._check_parameter(p)
        except BaseException:
            del self.param_groups[-1]
            raise

    def _check_gradients(self, run, grads):
        for p, grad in zip(run.params, grads):
            if grad.shape != p.shape or grad.dtype != p.dtype or grad.device != p.device:
                raise RuntimeError(
                    f"{type(self).__name__}.step: a parameter has shape {tuple(p.shape)}, dtype {p.dtype} and device "
                    f"'{p.device}', its gradient {tuple(grad.shape)}, {grad.dtype} and '{grad.device}'"
                )

    def _take_all(self, number, run, grads, numbers):
        with weft.no_grad():
            for place, (p, grad) in enumerate(zip(run.params, grads)):
                tensors = {name: column[place] for name, column in zip(run.names, run.columns)}
                self._take_one(p, grad, tensors, numbers, self.param_groups[number])

    def _take_one(self, p, grad, state, numbers, group):
        """The step of one parameter; numbers are a list, or while a graph is traced a tensor."""
        its_numbers = numbers if isinstance(numbers, list) else numbers.to(p.device, p.dtype).unbind()
        self._update(p, grad, state, its_numbers, group)

    def _take_calls(self, calls):
        for _, run, grads in calls:
            self._check_gradients(run, grads)
        for number, run, grads in calls:
            self._take_all(number, run, grads, self._numbers_ahead(number, run))

    def _record(self, number, run, grads, cell):
        self._check_gradients(run, grads)
        self._take_all(number, run, grads, cell)

"""weft.check_numerics: the first operation, and its layer, that made a NaN or an infinity."""

from __future__ import annotations

import weft
from weft import _C
from weft.autograd.anomaly_mode import _describe as describe_place
from weft.autograd.anomaly_mode import _record as record_place
from weft.autograd.anomaly_mode import detect_anomaly
from weft.grad_mode import _Mode

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar, overload

    from weft import Tensor
    from weft.nn import Module
    from weft.nn.utils import FiniteGuard

    _Self = TypeVar("_Self", bound="CheckOps")


class CheckOps(_Mode):
    """A scope, or decorator, in which each op is checked; :func:`check_numerics` makes it.

    >>> import weft
    >>> with weft.check_numerics():
    ...     weft.ones(2).log().sum().item()
    0.0
    """

    def __init__(self, infinities: bool = True, report: Callable[[str], None] | None = None) -> None:
        self.infinities: bool = infinities
        self._tell = report

    def __enter__(self: _Self) -> _Self:
        _C._begin_numerics_check(self.infinities, self._report)
        # Nodes remember where they were recorded, so that errors in their backward name that place.
        self._anomaly = None if self._tell else detect_anomaly(check_nan=False)
        if self._anomaly is not None:
            self._anomaly.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._anomaly is not None:
            self._anomaly.__exit__()
        _C._end_numerics_check()

    def _again(self):
        return CheckOps(self.infinities, self._tell)

    def _report(self, op, what):
        text = f"the first is {op!r}, {describe_place(record_place())}: {what}"
        if self._tell is None:
            raise FloatingPointError(f"a result is not finite: {text}")
        self._tell(text)


if TYPE_CHECKING:

    @overload
    def check_numerics(subject: None = None, message: str = "", *, infinities: bool = True) -> CheckOps: ...
    @overload
    def check_numerics(subject: Tensor, message: str = "", *, infinities: bool = True) -> Tensor: ...
    @overload
    def check_numerics(subject: Module, message: str = "", *, infinities: bool = True) -> FiniteGuard: ...


def check_numerics(
    subject: Tensor | Module | None = None, message: str = "", *, infinities: bool = True
) -> Tensor | FiniteGuard | CheckOps:
    """Finds NaN and infinities where they begin.

    - ``check_numerics(model)`` is cheap enough to leave on: a guard of the model (:class:`weft.nn.utils.FiniteGuard`),
      which looks at its outputs, and with ``watch(optimizer)`` at the gradients. When one is not finite, the call runs
      once more and the error names the layer, the op and the line.
    - ``with check_numerics():`` looks at the result of every op, forward and backward, and names the first that makes a
      NaN or an infinity of numbers that were not; it takes about as long as the ops themselves.
    - ``check_numerics(tensor)`` looks at a tensor and returns it.

    An infinity that the program wrote itself, as in masks of scores, is none that an op made.

    Args:
        subject: a Module, a Tensor, or None.
        message: what the error for a tensor begins with.
        infinities: False: only NaN; for a tensor and the scope.

    Raises:
        FloatingPointError: from this call (a tensor), the model's call or the op, if something is not finite.
        TypeError: subject is something else.

    >>> import weft
    >>> with weft.check_numerics():
    ...     weft.tensor([1.0, 0.0]).log()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FloatingPointError: a result is not finite: the first is 'log', at ...
    """
    if not isinstance(message, str):
        raise TypeError(f"check_numerics: expected a str as message, got {message!r}")
    if subject is None:
        return CheckOps(bool(infinities))
    if isinstance(subject, weft.nn.Module):
        return weft.nn.utils.FiniteGuard(subject)
    if not isinstance(subject, weft.Tensor):
        raise TypeError(f"check_numerics: expected a Tensor, a Module or None, got {type(subject).__name__}")
    if not (subject.is_floating_point() or subject.is_complex()):
        return subject
    values = subject.detach()
    bad = weft.isnan(values) if not infinities else weft.isfinite(values).logical_not()
    if bool(bad.any()):
        from weft.nn.utils.finite_guard import _describe

        raise FloatingPointError(f"{message or 'check_numerics'}: {_describe(values)}")
    return subject

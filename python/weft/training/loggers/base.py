"""Logger: what all loggers have in common, and how values are checked."""

from __future__ import annotations

import math
import operator
import os

from weft._outside import number

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

RESERVED = ("step", "time")


class Logger:
    """The base of all loggers: numbers under names, step by step. A subclass defines ``log`` and what else it needs.

    Each works alone in a plain loop, as a context manager or with :meth:`close`; closing twice is allowed, logging
    after it a ValueError.

    >>> from weft.training.loggers import Logger
    >>> class Printer(Logger):
    ...     def log(self, values, step):
    ...         print(*self.checked(values, step))
    >>> with Printer() as logger:
    ...     logger.log({"loss": 0.5, "epoch": 1}, step=10)
    {'loss': 0.5, 'epoch': 1} 10
    """

    closed: bool = False

    def log_hyperparameters(self, mapping: Mapping[str, Any]) -> None:
        """Keeps the hyperparameters of the run: strings to anything that can be shown, nested mappings too.

        >>> from weft.training.loggers import Logger
        >>> Logger().log_hyperparameters({"lr": 0.1})
        """

    def log(self, values: Mapping[str, float], step: int) -> None:
        """Writes numbers of a step.

        Args:
            values: names to numbers, or to NumPy arrays and tensors with one element. NaN and infinities are kept.
            step: of the training; the same step may come again with other values.

        Raises:
            TypeError: a value is no number, a name no string; the message names it, and nothing is written.
            ValueError: the logger is closed, or a name is empty, ``step`` or ``time``.

        >>> from weft.training.loggers import Logger
        >>> Logger().log({"loss": 0.5}, step=1)
        Traceback (most recent call last):
            ...
        NotImplementedError: Logger: a subclass must define log(values, step)
        """
        raise NotImplementedError(f"{type(self).__name__}: a subclass must define log(values, step)")

    def flush(self) -> None:
        """Has everything written that was logged.

        >>> from weft.training.loggers import Logger
        >>> Logger().flush()
        """

    def close(self) -> None:
        """Writes what is left and ends the run.

        >>> from weft.training.loggers import Logger
        >>> logger = Logger()
        >>> logger.close()
        >>> logger.closed
        True
        """
        self.closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def checked(self, values: Mapping[str, Any], step: Any) -> tuple[dict[str, float], int]:
        """Values as Python numbers and the step as an int; for ``log`` of subclasses, which raises what this raises.

        >>> import weft
        >>> from weft.training.loggers import Logger
        >>> Logger().checked({"loss": weft.tensor(0.5)}, 3)
        ({'loss': 0.5}, 3)
        """
        where = f"{type(self).__name__}.log"
        self.check_open("log")
        if not hasattr(values, "items"):
            raise TypeError(
                f"{where}: values must be a mapping from names to numbers, such as {{'loss': 0.5}}, "
                f"got {type(values).__name__}"
            )
        return {_name(where, key): number(where, key, value) for key, value in values.items()}, _step(where, step)

    def check_open(self, method: str) -> None:
        """ValueError where the logger has been closed.

        >>> from weft.training.loggers import Logger
        >>> Logger().check_open("log")
        """
        if self.closed:
            raise ValueError(
                f"{type(self).__name__}.{method}: the logger is closed; make a new one to continue the run"
            )


def _name(where, key):
    if not isinstance(key, str):
        raise TypeError(f"{where}: names must be strings, got {key!r}")
    if key in RESERVED:
        raise ValueError(
            f"{where}: {key!r} cannot be the name of a value: {' and '.join(RESERVED)} are columns already"
        )
    if not key.strip() or not key.isprintable():
        raise ValueError(f"{where}: {key!r} cannot be the name of a value: it is empty or not printable")
    return key


def _step(where, step):
    if isinstance(step, bool):
        raise TypeError(f"{where}: step must be an int, got {step!r}")
    try:
        step = operator.index(step)
    except TypeError:
        raise TypeError(f"{where}: step must be an int, got {step!r}") from None
    if not -(2**63) <= step < 2**63:
        raise ValueError(f"{where}: step must fit in 64 bits, got {step}")
    return step


def checked_hyperparameters(where: str, mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Hyperparameters as JSON can hold them, nested ones under names with dots.

    >>> from weft.training.loggers.base import checked_hyperparameters
    >>> checked_hyperparameters("log", {"optimizer": {"lr": 0.1, "betas": (0.9, 0.99)}, "seed": 3})
    {'optimizer.lr': 0.1, 'optimizer.betas': [0.9, 0.99], 'seed': 3}
    """
    if not hasattr(mapping, "items"):
        raise TypeError(f"{where}: expected a mapping from names to values, got {type(mapping).__name__}")
    found = {}
    for key, value in mapping.items():
        if not isinstance(key, str):
            raise TypeError(f"{where}: names must be strings, got {key!r}")
        if hasattr(value, "items"):
            nested = checked_hyperparameters(where, value)
            found.update({f"{key}.{name}": inner for name, inner in nested.items()})
        else:
            found[key] = plain(value)
    return found


def plain(value: Any) -> Any:
    """The value itself where JSON has it, lists of sequences, numbers of one element, else its text.

    >>> from weft.training.loggers.base import plain
    >>> plain((1, None, {2})), plain(float("inf"))
    ([1, None, '{2}'], 'inf')
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    try:
        value = number("", "", value)
    except (TypeError, ValueError, RuntimeError):
        return str(value)
    return value if isinstance(value, int) or math.isfinite(value) else str(value)


def path_of(where: str, path: Any) -> str:
    """The path as text. TypeError for what is no path.

    >>> from weft.training.loggers.base import path_of
    >>> path_of("CSVLogger", "run.csv")
    'run.csv'
    """
    try:
        path = os.fspath(path)
    except TypeError:
        raise TypeError(f"{where}: expected a path, got {type(path).__name__}") from None
    path = os.fsdecode(path)
    if not path:
        raise ValueError(f"{where}: the path is empty")
    return path

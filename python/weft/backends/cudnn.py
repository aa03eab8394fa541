"""Switches of convolutions on GPUs: results are always deterministic, algorithms are always chosen per shape."""

from __future__ import annotations

import contextlib
import sys

from weft._C import _device
from weft._missing import missing_names
from weft.backends._switches import SwitchModule, check_bool, hint, turn_into

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)


if TYPE_CHECKING:  # the switches below, as what they are for users: attributes of the module
    enabled: bool
    allow_tf32: bool
    benchmark: bool
    benchmark_limit: int
    deterministic: bool
    from collections.abc import Iterator


class _Module(SwitchModule):
    """``allow_tf32`` is that of ``weft.backends.cuda.matmul``. Convolutions on GPUs are cuDNN's, so that ``enabled``
    stays True where there is a GPU. The other switches are hints."""

    benchmark = hint("benchmark", False, "cuDNN's heuristics choose algorithms per shape, never timing.")
    benchmark_limit = hint("benchmark_limit", 10, "How many algorithms would be timed; none is.")
    deterministic = hint("deterministic", True, "Convolutions are deterministic whatever this says.")

    @property
    def enabled(self):
        return self.__dict__.get("__enabled__", True)

    @enabled.setter
    def enabled(self, value):
        check_bool("weft.backends.cudnn.enabled", value)
        if not value and is_available():
            raise RuntimeError("weft.backends.cudnn.enabled: convolutions on GPUs need cuDNN; use the CPU without it")
        self.__dict__["__enabled__"] = value

    @property
    def allow_tf32(self):
        return _device.allow_tf32()

    @allow_tf32.setter
    def allow_tf32(self, allow):
        check_bool("weft.backends.cudnn.allow_tf32", allow)
        _device.set_allow_tf32(allow)


def is_available() -> bool:
    """Can cuDNN be used?

    >>> import weft
    >>> weft.backends.cudnn.is_available() == weft.cuda.is_available()
    True
    """
    return _device.count("cuda") > 0


@contextlib.contextmanager
def flags(
    enabled: bool | None = None,
    benchmark: bool | None = None,
    benchmark_limit: int | None = None,
    deterministic: bool | None = None,
    allow_tf32: bool | None = None,
) -> Iterator[None]:
    """A scope in which the switches that are given have these values.

    Args:
        enabled: convolutions on GPUs need cuDNN, so that False is a RuntimeError where there is a GPU.
        benchmark, benchmark_limit, deterministic: hints, which keep their value and change nothing.
        allow_tf32: may float32 products and convolutions round their operands to TF32's ten bits?

    Raises TypeError for a value of the wrong type.

    >>> import weft
    >>> with weft.backends.cudnn.flags(benchmark=True):
    ...     weft.backends.cudnn.benchmark
    True
    """
    module = sys.modules[__name__]
    given = {
        "enabled": enabled,
        "benchmark": benchmark,
        "benchmark_limit": benchmark_limit,
        "deterministic": deterministic,
        "allow_tf32": allow_tf32,
    }
    given = {name: value for name, value in given.items() if value is not None}
    before = {name: getattr(module, name) for name in given}
    try:
        for name, value in given.items():
            setattr(module, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(module, name, value)


turn_into(__name__, _Module)

"""Switches of convolutions on GPUs: results are always deterministic, algorithms are always chosen per shape."""

import contextlib
import sys

from weft._C import _device
from weft._missing import missing_names
from weft.backends._switches import SwitchModule, check_bool, hint, turn_into

__getattr__ = missing_names(__name__)


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


def is_available():
    """Can cuDNN be used?

    >>> import weft
    >>> weft.backends.cudnn.is_available() == weft.cuda.is_available()
    True
    """
    return _device.count("cuda") > 0


@contextlib.contextmanager
def flags(enabled=None, benchmark=None, benchmark_limit=None, deterministic=None, allow_tf32=None):
    """A scope in which the switches that are given have these values. TypeError and RuntimeError as for setting each.

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

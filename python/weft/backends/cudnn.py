"""Switches of convolutions on GPUs: results are always deterministic, algorithms are always chosen per shape."""

import sys
import types

from weft._C import _device


class _Module(types.ModuleType):
    """``deterministic`` is always True and ``benchmark`` always False; ``allow_tf32`` is that of
    ``weft.backends.cuda.matmul``. Setting the first two does nothing, so that scripts for other frameworks run."""

    enabled = True

    @property
    def deterministic(self):
        return True

    @deterministic.setter
    def deterministic(self, value):
        pass

    @property
    def benchmark(self):
        return False

    @benchmark.setter
    def benchmark(self, value):
        pass

    @property
    def allow_tf32(self):
        return _device.allow_tf32()

    @allow_tf32.setter
    def allow_tf32(self, allow):
        _device.set_allow_tf32(bool(allow))

    def is_available(self):
        """Can cuDNN be used?"""
        return _device.count("cuda") > 0


sys.modules[__name__].__class__ = _Module

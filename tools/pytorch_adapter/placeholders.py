"""Stand-ins for what PyTorch's tests and their helpers mention but Weft lacks, so that the files can be loaded.

While files are loaded a stand-in can be called, subclassed and used as a decorator. Once tests run, calling one raises
NotImplementedError: a test that needs it fails, and says what it needed.
"""

import functools
import sys
import types

from answers import ANSWERS

# Set while a test runs.
running = False


@functools.cache
def stand_in(path):
    """The answer for a path of PyTorch's, or a Placeholder."""
    return ANSWERS[path] if path in ANSWERS else Placeholder(path)


class Placeholder:
    """Something of PyTorch's that is not there; it knows its path."""

    def __init__(self, path):
        object.__setattr__(self, "_path", path)
        object.__setattr__(self, "__name__", path.rpartition(".")[2])
        object.__setattr__(self, "__qualname__", self.__name__)
        object.__setattr__(self, "__module__", path.rpartition(".")[0])

    def __getattr__(self, name):
        if name == "__all__":
            return []
        if name.startswith("__") or name == "parametrize_fn":
            raise AttributeError(f"{self._path} is not in Weft", name=name)
        return stand_in(f"{self._path}.{name}")

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)

    def __call__(self, *args, **kwargs):
        if self.__name__ == "is_available":
            return False
        if running:
            raise NotImplementedError(f"Weft has no {self._path}")
        if len(args) == 1 and not kwargs and isinstance(args[0], (type, types.FunctionType)):
            return args[0]  # as a decorator
        return Placeholder(f"{self._path}()")

    def __mro_entries__(self, bases):
        return ()

    def __instancecheck__(self, value):
        return False

    def __subclasscheck__(self, value):
        return False

    def __getitem__(self, key):
        if running:
            raise NotImplementedError(f"Weft has no {self._path}")
        return self

    def __or__(self, other):
        return self

    __ror__ = __or__

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 0

    def __bool__(self):
        # Answers to is_available() and the like are false, functions and classes are true.
        asked = self._path.endswith("()") or self._path.startswith("torch._C.")
        return not (asked and self.__name__.startswith(("has_", "_has_", "is_", "_is_")))

    def __contains__(self, value):
        return False

    def __lt__(self, other):
        return False

    __gt__ = __le__ = __ge__ = __lt__

    def __enter__(self):
        raise NotImplementedError(f"Weft has no {self._path}")

    def __exit__(self, *exception):
        return False

    def __repr__(self):
        return self._path

    def __reduce__(self):
        return Placeholder, (self._path,)


class DTypePlaceholder(Placeholder):
    """A dtype that is not there. Helpers sort dtypes by what they are."""

    def __init__(self, path):
        super().__init__(path)
        name = self.__name__
        is_complex = name.startswith("complex")
        object.__setattr__(self, "is_complex", is_complex)
        object.__setattr__(self, "is_floating_point", name.startswith("float"))
        object.__setattr__(self, "is_signed", not name.startswith(("uint", "quint", "bits")))
        digits = "".join(c for c in name.partition("_")[0] if c.isdigit())
        object.__setattr__(self, "itemsize", max(int(digits or 8) // 8, 1))

    def __reduce__(self):
        return stand_in, (self._path,)


DTYPES = "complex32 complex64 complex128 chalf cfloat cdouble uint16 uint32 uint64 qint8 quint8 qint32"
DTYPES += " quint4x2 quint2x4 bits8 bits16 bits1x8 bits2x4 bits4x2"
DTYPES += " float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz float8_e8m0fnu float4_e2m1fn_x2"
DTYPES += " int1 int2 int3 int4 int5 int6 int7 uint1 uint2 uint3 uint4 uint5 uint6 uint7"
_SAME = {"chalf": "complex32", "cfloat": "complex64", "cdouble": "complex128"}
_MADE = {name: DTypePlaceholder(f"torch.{name}") for name in DTYPES.split() if name not in _SAME}
ANSWERS.update((f"torch.{name}", _MADE[_SAME.get(name, name)]) for name in DTYPES.split())


class PlaceholderModule(types.ModuleType):
    """A module of PyTorch's that is not there; its members are stand-ins."""

    def __init__(self, name):
        super().__init__(name)
        self.__path__, self.__all__ = [], []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(f"{self.__name__} has no {name}", name=name)
        path = f"{self.__name__}.{name}"
        return sys.modules.get(path) or stand_in(path)

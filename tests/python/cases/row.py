"""One row of the op table: how to call an op, on which inputs, and what NumPy says the answer is."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from support import ALL, FLOATS, TOLERANCE, is_float, round_to


class Sample:
    """The arguments of one call. NumPy arrays become tensors; everything else is passed as it is."""

    def __init__(self, *args, **kwargs):
        self.args = args
        self.kwargs = kwargs

    def __repr__(self):
        def show(value):
            if isinstance(value, np.ndarray):
                return f"{value.dtype}{list(value.shape)}"
            if isinstance(value, (list, tuple)):
                return "[" + ", ".join(map(show, value)) + "]"
            return repr(value)

        named = [f"{key}={show(value)}" for key, value in self.kwargs.items()]
        return f"({', '.join([show(value) for value in self.args] + named)})"


class Make:
    """Draws the arrays of the samples for one dtype, from a seeded generator.

    Arrays of a float dtype are float64 arrays whose values that dtype holds exactly, so that the reference computes
    from just what the op sees.
    """

    def __init__(self, dtype="float64", seed=0):
        self.dtype = dtype
        self.rng = np.random.default_rng(seed)

    def __call__(self, *shape, low=-3.0, high=3.0, away_from=(), margin=0.1):
        """Values in [low, high], those of floats at least margin from each number in away_from (kinks and jumps)."""
        if self.dtype == "bool":
            return self.mask(*shape)
        if not is_float(self.dtype):
            low = max(math.ceil(low), 0) if self.dtype.startswith("uint") else math.ceil(low)
            return np.asarray(self.rng.integers(low, math.floor(high) + 1, shape)).astype(self.dtype)
        values = self.rng.uniform(low, high, shape)
        for point in away_from:
            values = np.where(abs(values - point) < margin, point + 2 * margin, values)
        return round_to(values, self.dtype)

    def distinct(self, *shape):
        """Values all different, well apart, in random order."""
        count = math.prod(shape)
        order = self.rng.permutation(count).reshape(shape)
        if is_float(self.dtype):
            return round_to((order - count // 2) * 0.25, self.dtype)
        return order.astype(self.dtype)

    def index(self, *shape, size):
        """Indices in [0, size)."""
        return self.rng.integers(0, size, shape).astype("int64")

    def mask(self, *shape):
        """Booleans."""
        return np.asarray(self.rng.random(shape) < 0.5)


@dataclass
class Op:
    """A row. Only name, reference and samples are needed; the rest says where the op is not the usual case."""

    name: str
    reference: Callable  # over NumPy arrays; float64 arrays for every float dtype
    samples: Callable  # samples(make) -> list of Sample
    call: Callable | None = None  # call(w, *args, **kwargs); by default the function at `path`
    path: str = ""  # where it is found in the module; by default its name
    dtypes: tuple = FLOATS
    result: str | tuple = "same"  # dtype rule of each result: same, float, sum, or a dtype's name
    tolerance: dict = field(default_factory=dict)  # dtype -> (rtol, atol) where the default is too strict
    grad: bool = True
    gradgrad: bool = True
    grad_rtol: float = 1e-5
    constants: tuple = ()  # positions or names of float arguments that never have a gradient
    method: str | None = None  # the Tensor method, if it has one
    inplace: str | None = None  # the in-place Tensor method or function path, if it has one
    out: bool = False  # has out=
    elementwise: bool = False  # one output element per element of the (broadcast) input
    layouts: bool = True  # takes inputs of any strides
    special: bool = True  # elementwise and right at infinities, NaN, huge and tiny arguments too
    meta: bool = True  # shapes of the results follow from shapes alone, so that it runs on the meta device
    torch: bool = True  # PyTorch, where it is installed, agrees
    large: Callable | None = None  # large(make) -> one big Sample, to cross thread and vector boundaries
    family: str = ""  # filled in by the table

    def __str__(self):
        return f"{self.family}.{self.name}"

    def function(self, w):
        """The op as a function of the module under test."""
        if self.call is not None:
            return lambda *args, **kwargs: self.call(w, *args, **kwargs)
        return resolve(w, self.path or self.name)

    def results(self, dtype, count):
        """The dtypes of the count results for inputs of one dtype."""
        rules = self.result if isinstance(self.result, tuple) else (self.result,) * count
        return [_result_dtype(rule, dtype) for rule in rules]

    def is_constant(self, sample):
        """A test of the sample's arrays: whether the op has no gradient by that one."""
        positional = [sample.args[key] for key in self.constants if isinstance(key, int) and key < len(sample.args)]
        constants = {id(array) for array in positional + [sample.kwargs.get(key) for key in self.constants]}
        return lambda array: not is_float(array.dtype.name) or id(array) in constants

    def tolerance_of(self, dtype):
        return self.tolerance.get(dtype, TOLERANCE.get(dtype))


def _result_dtype(rule, dtype):
    if rule == "same":
        return dtype
    if rule == "float":
        return dtype if is_float(dtype) else "float32"
    if rule == "sum":
        return dtype if is_float(dtype) else "int64"
    assert rule in ALL, f"unknown result rule {rule!r}"
    return rule


def resolve(module, path):
    """The attribute at a dotted path."""
    for part in path.split("."):
        module = getattr(module, part)
    return module


@dataclass
class Bad:
    """A call that must be refused: the exception's type and words that its message must contain."""

    name: str
    call: Callable  # call(w, *tensors)
    error: type | tuple
    says: tuple = ()
    inputs: Callable | None = None  # inputs(w) -> tensors passed to call, which must come out unchanged
    weft_only: bool = False  # the reference implementation does not refuse it
    family: str = ""

    def __str__(self):
        return f"{self.family}.{self.name}"

"""Fuzzes the ops: every row of the op table with random sizes, dtypes, layouts and broken arguments.

    python tests/fuzz/ops.py [--seconds 60] [--seed 0] [--only REGEX]

A case is a row's sample with its sizes changed together (0 and 1 among them). It must give the same values from any
layout, under weft.jit and on the meta device, and those of the row's NumPy formula where that is defined; a broken
argument must be refused with a Python error in words that leaves the inputs as they were. Cases run in child processes,
so that a crash or a hang is one finding. Each finding is printed with the seed that repeats it: `--seed N --cases 1`.
"""

import argparse
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))

from cases import OPS  # noqa: E402
from cases.row import Make, Sample  # noqa: E402
from empty_inputs import OTHER_REFERENCES  # noqa: E402
from op_calls import expected, tensors_for  # noqa: E402
from support import ALL, dtype_name, is_float, load, map_arrays, tensors_in, to_numpy, to_tensor  # noqa: E402

SIZES = (0, 1, 1, 2, 3, 4, 5, 8, 17, 33)
REFUSED = (RuntimeError, ValueError, TypeError, IndexError, AttributeError, OverflowError, MemoryError)
BROKEN = (
    None, -1, 0, 1, 2, 64, -(2**63), 2**31, 2**62, 2**63 - 1, 2**63, 2**80, 0.5, -1e300, 1e-300, float("nan"),
    float("inf"), True, "", "x", "mean", b"x", [], (), [0, 0], (1, -1), [2**62, 2**62], {}, object(), slice(None), ...,
    np.array(1), np.array([1.5]), 1j,
)  # fmt: skip
SECONDS_PER_CASE = 30
# Results that hold uninitialised memory, or depend on more than the arguments, or on their being sorted.
UNSPECIFIED = re.compile(r"empty|rand|dropout|bernoulli|multinomial|normal|poisson|rrelu|gumbel|searchsorted|bucketize")


def resized(sample, rng):
    """The sample with each of its sizes replaced, wherever it occurs; values are repeated or dropped."""
    sizes = {}

    def resize(array):
        shape = []
        for n in array.shape:
            if n not in sizes:
                sizes[n] = n if rng.random() < 0.4 else int(rng.choice(SIZES))
            shape.append(sizes[n] if rng.random() < 0.97 else int(rng.choice(SIZES)))
        return np.resize(array, shape) if array.size else np.zeros(shape, array.dtype)

    args, kwargs = map_arrays(resize, [list(sample.args), sample.kwargs])
    return Sample(*args, **kwargs)


def broken(sample, rng, w):
    """The sample with one argument replaced by something else."""
    args, kwargs = list(sample.args), dict(sample.kwargs)
    strange = [*BROKEN, w.ones(2, device="meta"), w.zeros(0), w.tensor(3), w.tensor([True, False])]
    value = strange[int(rng.integers(len(strange)))]
    place = int(rng.integers(len(args) + len(kwargs) + 1))
    if place < len(args):
        args[place] = value
    elif place < len(args) + len(kwargs):
        kwargs[list(kwargs)[place - len(args)]] = value
    else:
        kwargs[str(rng.choice(["dim", "keepdim", "out", "dtype", "nonsense"]))] = value
    return Sample(*args, **kwargs)


def laid_out(w, array, dtype, rng):
    """A tensor with the array's values and random strides."""
    kind = int(rng.integers(4))
    if array.ndim == 0 or kind == 0:
        return to_tensor(w, array, dtype)
    if kind == 1:
        order = [int(d) for d in rng.permutation(array.ndim)]
        tensor = to_tensor(w, np.ascontiguousarray(array.transpose(order)), dtype)
        return tensor.permute(*[int(d) for d in np.argsort(order)])
    if kind == 2:
        large = np.zeros([2 * n + 1 for n in array.shape], array.dtype)
        place = tuple(slice(1, None, 2) for _ in array.shape)
        large[place] = array
        return to_tensor(w, large, dtype)[place]
    flat = np.concatenate([np.zeros(3, array.dtype), array.reshape(-1)])
    return to_tensor(w, flat, dtype)[3:].reshape(array.shape)


def outcome(function):
    """The result, or the error if it is one that Python programs expect."""
    try:
        return function(), None
    except REFUSED as error:
        if not str(error):
            raise AssertionError(f"{type(error).__name__} without words") from error
        return None, error


def assert_alike(one, two, what):
    one, two = tensors_in(one), tensors_in(two)
    assert len(one) == len(two), f"{what}: {len(two)} results instead of {len(one)}"
    for a, b in zip(one, two, strict=True):
        assert tuple(a.shape) == tuple(b.shape), f"{what}: shape {tuple(b.shape)} instead of {tuple(a.shape)}"
        assert a.dtype == b.dtype, f"{what}: dtype {b.dtype} instead of {a.dtype}"
        if a.device.type != "meta" and b.device.type != "meta":
            np.testing.assert_allclose(to_numpy(b), to_numpy(a), rtol=1e-5, atol=1e-5, err_msg=what)


class Case:
    """One call, made from a seed alone."""

    def __init__(self, w, seed, ops):
        rng = np.random.default_rng(seed)
        self.w, self.rng = w, rng
        self.op = ops[int(rng.integers(len(ops)))]
        choices = self.op.dtypes if rng.random() < 0.9 else ALL
        self.dtype = str(rng.choice(choices))
        made = self.op.samples(Make(self.dtype, seed))
        self.sample = resized(made[int(rng.integers(len(made)))], rng)
        self.is_broken = rng.random() < 0.4
        if self.is_broken:
            self.sample = broken(self.sample, rng, w)
        self.specified = not UNSPECIFIED.search(self.op.name)

    def __str__(self):
        return f"{self.op}-{self.dtype}{self.sample}"

    def arguments(self, layout=None, device="cpu"):
        def convert(array):
            own = self.dtype if is_float(array.dtype.name) and is_float(self.dtype) else None
            return layout(array, own) if layout else to_tensor(self.w, array, own, device)

        return map_arrays(convert, [list(self.sample.args), self.sample.kwargs])

    def call(self, args, kwargs, through=lambda f: f):
        self.w.manual_seed(0)
        return through(self.op.function(self.w))(*args, **kwargs)

    def run(self):
        args, kwargs = self.arguments()
        before = [t.clone() for t in tensors_in(args) if t.device.type == "cpu"]
        result, error = outcome(lambda: self.call(args, kwargs))
        if error is not None:
            after = [t for t in tensors_in(args) if t.device.type == "cpu"]
            if not self.is_broken or "out" not in self.sample.kwargs:
                assert_alike(before, after, "the refused call changed its inputs")
            return
        if not self.specified:
            return
        if self.op.layouts:
            strided = self.arguments(lambda array, own: laid_out(self.w, array, own, self.rng))
            assert_alike(result, self.call(*strided), "other strides")
        compiled, jit_error = outcome(lambda: self.call(*self.arguments(), through=self.w.jit))
        if jit_error is None:
            assert_alike(result, compiled, "jit")
        if not self.is_broken:
            self.check_reference(result)
            self.check_gradient()

    def check_reference(self, result):
        if (
            self.op.name in OTHER_REFERENCES
            or self.dtype not in self.op.dtypes
            or self.dtype in ("float16", "bfloat16")
        ):
            return
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                wanted, many = expected(self.op, self.sample, self.dtype)
            except Exception:  # the formula is not defined for these sizes
                return
        got = list(result) if many else [result]
        for tensor, array in zip(got, wanted, strict=False):
            array = np.asarray(array)
            if not is_float(dtype_name(tensor.dtype)):  # the row says what NumPy computes, not in which dtype
                array = array.astype(dtype_name(tensor.dtype))
            assert tuple(tensor.shape) == array.shape, f"shape {tuple(tensor.shape)}, the formula gives {array.shape}"
            tolerance = self.op.tolerance.get(self.dtype, (1e-4, 1e-4))
            np.testing.assert_allclose(to_numpy(tensor), array, *(10 * t for t in tolerance), err_msg="the formula")

    def check_gradient(self):
        if not self.op.grad or not is_float(self.dtype):
            return
        args = tensors_for(self.w, list(self.sample.args), self.dtype, requires_grad=True)
        kwargs = tensors_for(self.w, self.sample.kwargs, self.dtype, requires_grad=True)
        outputs, error = outcome(lambda: self.call(args, kwargs))
        if error is not None:
            return
        totals = [t.sum() for t in tensors_in(outputs) if t.requires_grad]
        if totals:
            sum(totals).backward()
        for leaf in tensors_in(args):
            assert leaf.grad is None or leaf.grad.shape == leaf.shape, "a gradient of another shape"


def raised_by_the_row(error):
    """Did the row's own Python code fail on the broken argument, before it reached the op?"""
    innermost = traceback.extract_tb(error.__traceback__)[-1].filename
    return not isinstance(error, AssertionError) and pathlib.Path(innermost).is_relative_to(HERE.parent)


def child(first, count, only, note):
    """Runs cases, and notes which one before each."""
    warnings.simplefilter("ignore")
    w = load()
    w.set_num_threads(1)
    w.memory.set_limit(1 << 30)
    ops = [op for op in OPS if re.search(only, str(op))]
    for seed in range(first, first + count):
        try:
            case = Case(w, seed, ops)
        except (TypeError, ValueError, OverflowError):  # the row has no sample for this dtype
            continue
        note.write_text(f"{seed} {case}"[:2000])
        signal.alarm(SECONDS_PER_CASE)
        try:
            case.run()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever is no expected error is a finding
            if case.is_broken and raised_by_the_row(error):
                continue
            text = " ".join(str(error).split())[:300]
            print(f"seed {seed}: {str(case)[:300]}: {type(error).__name__}: {text}", flush=True)
        signal.alarm(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0, help="of the first case; the next ones count on from it")
    parser.add_argument("--cases", type=int, help="how many, instead of --seconds")
    parser.add_argument("--only", default="", help="rows whose name this regular expression matches")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(options.seed, options.cases, options.only, pathlib.Path(options.child))
    end = time.monotonic() + options.seconds
    seed, findings = options.seed, 0
    last = options.seed + options.cases if options.cases else None
    with tempfile.TemporaryDirectory() as folder:
        note = pathlib.Path(folder) / "case"
        while seed < last if last else time.monotonic() < end:
            count = min(500, last - seed) if last else 500
            command = [sys.executable, __file__, "--child", str(note), "--seed", str(seed), "--cases", str(count)]
            done = subprocess.run([*command, "--only", options.only], stdout=subprocess.PIPE, text=True)
            for line in done.stdout.splitlines():
                print(line, flush=True)
            findings += done.stdout.count("\nseed ") + done.stdout.startswith("seed ")
            seed += count
            if done.returncode != 0:
                what = "a hang" if done.returncode == -signal.SIGALRM else f"the process ended with {done.returncode}"
                text = note.read_text() if note.exists() else ""
                print(f"seed {text[:600]}: {what}", flush=True)
                findings += 1
                seed = int(text.split()[0]) + 1 if text else seed
    print(f"ops: cases {options.seed} to {seed - 1}, {findings} findings")
    return sys.exit(bool(findings))


if __name__ == "__main__":
    main()

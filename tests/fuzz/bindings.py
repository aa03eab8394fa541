"""Fuzz the border between Python and C++: every public callable with random junk, in forked processes.

    python tests/fuzz/bindings.py --seed 0 --seconds 60

A case is a number: the same seed and number make the same call. Whatever is given, a call must return or raise an
ordinary exception. A signal, a SystemError and a call of more than ten seconds are failures; each is printed with its
number (for --case) and the call.
"""

import argparse
import array
import collections
import contextlib
import inspect
import io
import mmap
import os
import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings

import numpy as np
import weft
import weft.nn.functional as F

SECONDS_PER_CALL = 10
CALLS_PER_PROCESS = 400
# Not called: they wait for callables given to them, change the process, or write files wherever they are told to.
LEFT_OUT = {"while_loop", "set_num_threads", "save", "jit", "compile", "torch_alias", "set_default_device"}


class Shrinking:
    """An object whose methods empty the list that it is in."""

    def __init__(self, owner, method, result=0):
        self._owner, self._result = owner, result
        self._method = method

    def _called(self, method, result):
        if method == self._method:
            self._owner.clear()
        return result

    def __index__(self):
        return self._called("index", self._result)

    def __float__(self):
        return self._called("float", float(self._result))

    def __bool__(self):
        return self._called("bool", True)

    def __len__(self):
        return self._called("len", 1)

    def __eq__(self, other):
        return self._called("eq", False)

    def __hash__(self):
        return self._called("hash", 1)

    def __getitem__(self, i):
        if i > 0:
            raise IndexError
        return self._called("getitem", 1)


class Raising:
    """Every method that a reader may ask for raises."""

    def __init__(self, error):
        self._error = error

    def _raise(self, *args):
        raise self._error("junk")

    __index__ = __float__ = __bool__ = __len__ = __iter__ = __eq__ = __getitem__ = __array__ = __repr__ = _raise
    __hash__ = None


class Lying:
    """A sequence that says it is longer than it is."""

    def __init__(self, length, items):
        self._length, self._items = length, items

    def __len__(self):
        return self._length

    def __getitem__(self, i):
        return self._items[i]


class Endless:
    """Its elements are sequences of itself."""

    def __len__(self):
        return 1

    def __getitem__(self, i):
        if i:
            raise IndexError
        return self

    def tolist(self):
        return [self]


class Subclass(weft.Tensor):
    pass


def shrinking_list(rng):
    methods = ["index", "float", "bool", "len", "eq", "hash", "getitem"]
    numbers = [0] * rng.choice([1, 3, 100])
    numbers.insert(rng.randrange(3), Shrinking(numbers, rng.choice(methods), rng.randrange(-1, 3)))
    return numbers


def recursive_list(rng):
    numbers = [1]
    numbers.append(numbers)
    return numbers


def some_tensor(rng):
    shape = rng.choice([(), (0,), (1,), (3,), (2, 3), (3, 3), (0, 4), (1, 2, 3), (2, 3, 4, 5), (1, 1, 4, 4)])
    dtype = rng.choice([weft.float32] * 5 + [weft.float64, weft.float16, weft.bfloat16, weft.int64, weft.int64])
    dtype = rng.choice([dtype] * 4 + [weft.bool, weft.uint8, weft.int8, weft.int32])
    x = weft.ones(shape, dtype=dtype)
    if x.dtype.is_floating_point and rng.random() < 0.3:
        x.requires_grad_()
    if rng.random() < 0.2 and x.ndim > 1:
        x = x.transpose(0, 1)
    if rng.random() < 0.1:
        x = x.expand(2, *x.shape)
    if rng.random() < 0.05:
        x = x.detach().as_subclass(Subclass) if hasattr(x, "as_subclass") else x
    return x


INTS = [0, 1, 2, 3, 5, -1, -2, -7, 64, 2**31, -(2**31), 2**40, 2**63 - 1, -(2**63), 2**63, 2**64, 10**30]
FLOATS = [0.0, -0.0, 0.5, 1.0, -1.5, float("nan"), float("inf"), -float("inf"), 1e300, 5e-324]
WORDS = ["", "mean", "sum", "none", "cpu", "cuda", "meta", "floor", "trunc", "ij", "i,j->ij", "é\ud800", "x" * 300]


def junk(rng, depth=0):
    """A random argument."""
    kinds = [
        lambda: None,
        lambda: rng.choice([True, False]),
        lambda: rng.choice(INTS),
        lambda: rng.randrange(-3, 4),
        lambda: rng.choice(FLOATS),
        lambda: rng.choice(WORDS),
        lambda: some_tensor(rng),
        lambda: some_tensor(rng),
        lambda: some_tensor(rng),
        lambda: shrinking_list(rng),
        lambda: [Raising(rng.choice([ValueError, TypeError, IndexError, OverflowError, StopIteration]))],
        lambda: Raising(rng.choice([ValueError, TypeError, RuntimeError, AttributeError])),
        lambda: recursive_list(rng),
        lambda: Lying(rng.choice([5, 2**62, -1]), [1, 2]),
        lambda: Endless(),
        lambda: np.array(rng.choice([1, 1.5, True])),
        lambda: rng.choice(
            [np.float32(1), np.int64(2), np.bool_(True), np.array([1, 2], dtype=">i4"), np.zeros((2, 0))]
        ),
        lambda: np.arange(6.0)[::-1].reshape(2, 3),
        lambda: np.array(["a", None], dtype=object),
        lambda: rng.choice([object(), int, weft.Tensor, Ellipsis, NotImplemented, slice(None, None, -1), 1j, b"ab"]),
        lambda: rng.choice(
            [weft.float32, weft.int64, weft.bool, weft.float16, weft.device("cpu"), weft.device("meta")]
        ),
        lambda: rng.choice([weft.Generator(), weft.Generator.__new__(weft.Generator), weft.Size([1, 2])]),
        lambda: collections.deque([1, 2]),
        lambda: array.array("d", [1, 2]),
        lambda: memoryview(b"abcd"),
        lambda: range(rng.choice([0, 3])),
        lambda: {"a": 1},
        lambda: lambda *args, **kwargs: args[0] if args else None,
        lambda: iter([1, 2]),
    ]
    if depth < 2:
        kinds += [lambda: [junk(rng, depth + 1) for _ in range(rng.randrange(4))]] * 4
        kinds += [lambda: tuple(junk(rng, depth + 1) for _ in range(rng.randrange(4)))] * 4
    return rng.choice(kinds)()


KEYWORDS = ["out", "dim", "dtype", "device", "generator", "keepdim", "reduction", "weight", "value", "alpha", "size"]
KEYWORDS += ["requires_grad", "inplace", "axis", "other", "input", "indexing", "rounding_mode", "correction", "p"]


def callables():
    """Name and function of everything public; methods take a tensor made for the call."""
    found = {}
    for prefix, scope in (("weft.", weft), ("weft.nn.functional.", F)):
        for name in sorted(dir(scope)):
            value = getattr(scope, name, None)
            if name.startswith("_") or name in LEFT_OUT or not callable(value) or inspect.ismodule(value):
                continue
            found[prefix + name] = value
    for name in sorted(dir(weft.Tensor)):
        value = getattr(weft.Tensor, name, None)
        hidden = name.startswith("_") and not (name.startswith("__") and name.endswith("__"))
        if (
            not hidden
            and callable(value)
            and name not in ("__class__", "__new__", "__init_subclass__", "__subclasshook__")
        ):
            found["Tensor." + name] = value
    for cls in (weft.Generator, weft.device, weft.dtype, weft._C.Node):
        for name in sorted(dir(cls)):
            if callable(getattr(cls, name, None)) and name not in (
                "__class__",
                "__init_subclass__",
                "__subclasshook__",
            ):
                found[f"{cls.__name__}.{name}"] = getattr(cls, name)
    for name in ("backward", "grad"):
        found["weft.autograd." + name] = getattr(weft.autograd, name)
    return found


def case(seed, number, table):
    """The call of one case: its name, function, positional and keyword arguments."""
    rng = random.Random(f"{seed} {number}")
    name = rng.choice(sorted(table))
    args = [junk(rng) for _ in range(rng.choice([0, 1, 1, 2, 2, 2, 3, 3, 4, 6]))]
    if name.startswith("Tensor.") and rng.random() < 0.95:
        args.insert(0, some_tensor(rng))
    elif name.startswith(("Generator.", "device.", "dtype.")) and rng.random() < 0.8:
        own = {"G": weft.Generator(), "d": weft.device("cpu")}
        args.insert(0, weft.float32 if name.startswith("dtype") else own[name[0]])
    kwargs = {rng.choice(KEYWORDS): junk(rng) for _ in range(rng.choice([0, 0, 0, 1, 1, 2]))}
    return name, table[name], args, kwargs


def describe(name, args, kwargs):
    def text(value):
        try:
            return repr(value)[:120]
        except Exception:
            return f"<{type(value).__name__}>"

    call = f"{name}({', '.join([*map(text, args), *(f'{k}={text(v)}' for k, v in kwargs.items())])})"
    return " ".join(call.encode("ascii", "backslashreplace").decode().split())


def run_case(seed, number, table):
    """Make one call. Returns what is wrong with how it ended, or None."""
    name, function, args, kwargs = case(seed, number, table)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            result = function(*args, **kwargs)
            repr(result)
    except SystemError as error:
        return f"SystemError: {error}"
    except BaseException as error:  # whatever else the junk raised
        del error
    return None


def child(seed, first, last, table, progress):
    """Runs cases until the end or a failure; leaves the number of the current one in `progress`."""
    warnings.simplefilter("ignore")
    sys.setrecursionlimit(500)
    weft.memory.set_limit(64 << 20)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for number in range(first, last):
        progress.seek(0)
        progress.write(number.to_bytes(8, "little"))
        signal.alarm(SECONDS_PER_CALL)
        wrong = run_case(seed, number, table)
        signal.alarm(0)
        weft.set_default_dtype(weft.float32)
        weft.set_grad_enabled(True)
        if wrong:
            os.write(2, f"case {number}: {wrong}\n".encode())
            return 3
    return 0


def in_a_fork(seed, first, last, table, folder):
    """Runs cases in a forked process. Returns the case it ended at and how, or None if it ended well."""
    progress = mmap.mmap(-1, 8)
    pid = os.fork()
    if pid == 0:
        code = 4
        try:
            os.chdir(folder)
            code = child(seed, first, last, table, progress)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    if status == 0:
        return None
    how = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit {os.WEXITSTATUS(status)}"
    if how == f"signal {int(signal.SIGALRM)}":
        how = f"no answer in {SECONDS_PER_CALL} s"
    return int.from_bytes(progress.read(8), "little"), how


def run(seed, seconds, report=print):
    """Fuzz for that long. Returns the list of failures."""
    table, failures, end, number = callables(), [], time.monotonic() + seconds, 0
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            ended = in_a_fork(seed, number, number + CALLS_PER_PROCESS, table, folder)
            if ended is None:
                number += CALLS_PER_PROCESS
                continue
            at, how = ended
            alone = in_a_fork(seed, at, at + 1, table, folder)
            name, _, args, kwargs = case(seed, at, table)
            after = "" if alone else f" (after the cases from {number} on)"
            failures.append(f"seed {seed} case {at}: {how}{after}: {describe(name, args, kwargs)}")
            report(failures[-1])
            number = at + 1
    report(f"{number} calls, {len(failures)} failures")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--case", type=int, help="run this case alone, in this process")
    parser.add_argument("--since", type=int, help="and before it those from this one on")
    options = parser.parse_args()
    if options.case is not None:
        table = callables()
        warnings.simplefilter("ignore")
        for number in range(options.case if options.since is None else options.since, options.case + 1):
            name, _, args, kwargs = case(options.seed, number, table)
            print(number, describe(name, args, kwargs), flush=True)
            print(run_case(options.seed, number, table) or "ended well")
        return
    sys.exit(bool(run(options.seed, options.seconds)))


if __name__ == "__main__":
    main()

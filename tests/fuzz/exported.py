"""Feeds damaged programs to weft.export.load and runs what it takes: nothing but errors of Python may come of it.

    python tests/fuzz/exported.py [--seed N] [--seconds S]

The JSON in files of programs of many kinds is changed at random, and the checksum put right, so that the change is
seen: a file is refused with a ValueError, or gives a program that runs or raises an error. What fails is written to
fuzz-failures/, with the seed and the number of the input, and the exit status is 1.
"""

import argparse
import faulthandler
import json
import mmap
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import weft

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))
import damaged_programs  # noqa: E402
import golden_program  # noqa: E402

FAILURES = Path("fuzz-failures")
LONGEST = 20  # seconds for one input


def functions():
    """(function, arguments, keyword arguments, dynamic_shapes) of what is exported."""
    nn, x = weft.nn, weft.randn(4, 6)
    yield golden_program.model(weft), *golden_program.call(weft), None
    yield golden_program.sized(weft), (weft.ones(3, 3),), {}, ({0: weft.export.Dim("n", max=9)},)
    yield nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.GELU(), nn.BatchNorm1d(8), nn.Softmax(-1)), (x,), {}, None
    images = nn.Sequential(nn.Conv2d(2, 4, 3, 2, 1, groups=2), nn.GroupNorm(2, 4), nn.AvgPool2d(2), nn.MaxPool2d(2))
    yield images, (weft.randn(2, 2, 8, 8),), {}, None
    heads = weft.randn(1, 2, 5, 4)
    yield nn.functional.scaled_dot_product_attention, (heads, heads, heads), {"is_causal": True}, None
    yield nn.functional.conv_transpose2d, (weft.randn(1, 3, 4, 4), weft.randn(3, 2, 3, 3)), {"stride": 2}, None
    yield movements, (x,), {}, None
    yield choices, (x, weft.tensor([[0, 2], [1, 1], [3, 0], [2, 5]])), {}, None
    yield numbers, (weft.arange(12).reshape(3, 4),), {}, None
    yield losses, (x, weft.tensor([0, 5, 1, 2])), {}, None
    yield weft.func.grad(lambda t: losses(t, weft.tensor([0, 5, 1, 2]))[0]), (x,), {}, None
    yield weft.func.grad(lambda t: (t.sin() @ t.T).logsumexp(0).sum()), (x,), {}, None


def movements(x):
    y = x * 1
    parts = (y.T[1:4:2], y.unfold(0, 2, 1), y.as_strided((2, 3), (3, 1), 1), y.diagonal(), y.flip(0).roll(1, 1))
    y = x.clone()
    y[1:3] += 1
    y[:, 2] = 0
    return (
        *parts,
        y.reshape(3, 8).permute(1, 0),
        weft.nn.functional.pad(x, (1, 2)),
        weft.cat([x, y], 1),
        x.view(2, 2, 6),
    )


def choices(x, index):
    picked = x[index[:, 0]], x.gather(1, index), x.scatter_add(1, index, x[:, :2]), x.sort(1)[1], x.topk(2, 1)[0]
    masked = x.masked_fill(x > 0, 1.0), weft.where(x > 0, x, -x), x.max(1)[0], x.argmin(), x.cummax(0)[0]
    return (
        picked + masked + (weft.nn.functional.embedding(index, x.new_ones(6, 3)), weft.searchsorted(x[0].sort()[0], x))
    )


def numbers(n):
    half = n.half()
    return n // 3, n % 4 - n, n.clamp(1, 7) ** 2, half.exp().sum(0), n.double().var(1), n.bool().any(), n.prod(1), ~n


def losses(x, target):
    draws = weft.rand(3), weft.randperm(5), weft.bernoulli(weft.full((3,), 0.5)), weft.nn.functional.dropout(x)
    return weft.nn.functional.cross_entropy(x, target), weft.multinomial(weft.ones(2, 4), 2), draws


def corpus(folder):
    """(bytes of a file, arguments, keyword arguments) of every program."""
    programs = []
    for number, (function, args, kwargs, shapes) in enumerate(functions()):
        path = folder / f"{number}.safetensors"
        weft.export.save(weft.export.export(function, args, kwargs, dynamic_shapes=shapes), path)
        programs.append((path.read_bytes(), args, kwargs))
    return programs


def make_input(programs, seed, number):
    rng = random.Random(f"{seed} {number}")
    data, args, kwargs = programs[rng.randrange(len(programs))]
    return damaged_programs.mutated(data, rng), args, kwargs


def try_input(data, args, kwargs, path):
    """None, or what went wrong."""
    path.write_bytes(data)
    signal.alarm(LONGEST)
    try:
        program = weft.export.load(path)
        damaged_programs.run(program, args, kwargs)
    except ValueError as error:
        return None if str(error).startswith("load: ") else f"unclear error: {str(error)[:300]}"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    finally:
        signal.alarm(0)
    return None


def too_long(*_):
    raise TimeoutError(f"no answer in {LONGEST} s")


def work(programs, seed, progress, end, path):
    faulthandler.enable()
    signal.signal(signal.SIGALRM, too_long)
    weft.memory.set_limit(2 << 30)
    number = int.from_bytes(progress[:8], "little")
    while time.monotonic() < end:
        progress[:8] = number.to_bytes(8, "little")
        why = try_input(*make_input(programs, seed, number), path)
        if why:
            print(why, flush=True)
            os._exit(1)
        number += 1
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if args.seed is None else args.seed
    print(f"exported: seed {seed}, {args.seconds:g} s", flush=True)
    progress = mmap.mmap(-1, 8)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        programs = corpus(folder)
        end = time.monotonic() + args.seconds
        child = os.fork()
        if child == 0:
            work(programs, seed, progress, end, folder / "input.safetensors")
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    number = int.from_bytes(progress[:8], "little")
    if status == 0:
        print(f"exported: {number + 1} inputs, no failure")
        return
    FAILURES.mkdir(exist_ok=True)
    path = FAILURES / f"exported-{seed}-{number}.safetensors"
    data, *_ = make_input(programs, seed, number)
    path.write_bytes(data)
    path.with_suffix(".json").write_text(json.dumps(damaged_programs.difference(programs, data), indent=1))
    sys.exit(f"exported: input {number} of seed {seed} fails (status {status}); it is in {path}")


if __name__ == "__main__":
    main()

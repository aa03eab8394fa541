"""Saving and loading 2 GB, against plain writing and reading of as many bytes on the same disk.

    python benchmarks/checkpoints.py [--folder F] [--gigabytes 2] [--repeats 5] [--save FILE]

Plain: write(2) of 16 MiB at a time into a new file and fsync; read(2) into memory that was touched before. Each is
measured in turn with what it is compared with, and medians are compared; each round begins with another one. Before
reading, files are dropped from the page cache where the system lets us ("cold"), or not ("cached"). The state is that
of a model: 64 float32 matrices.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import weft
from weft.training import CheckpointManager

BLOCK = 16 << 20


class State:
    def __init__(self, state):
        self.state = state

    def state_dict(self):
        return self.state

    def load_state_dict(self, state):
        self.state = state


def timed(function, *args):
    os.sync()  # what was written before must not be in the way
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def write_plain(path, block, size):
    with open(path, "wb", buffering=0) as file:
        for _ in range(size // BLOCK):
            file.write(block)
        os.fsync(file.fileno())


def read_plain(path, memory):
    with open(path, "rb", buffering=0) as file:
        while file.readinto(memory):
            pass


def read_new(path, size):
    """Into memory that has not been touched before, as a load does."""
    tensor = weft.empty(size, dtype=weft.uint8)
    memory, done = memoryview(tensor.numpy()), 0
    with open(path, "rb", buffering=0) as file:
        while done < size:
            done += file.readinto(memory[done : done + BLOCK])
    return tensor


def drop(folder):
    os.sync()
    for path in Path(folder).rglob("*"):
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=None)
    parser.add_argument("--gigabytes", type=float, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--save", default=None)
    args = parser.parse_args()
    size = int(args.gigabytes * 2**30) // (64 * BLOCK // 16) * (64 * BLOCK // 16)
    rows = size // 64 // 4 // 1024
    state = {f"layer{i}.weight": weft.randn(rows, 1024) for i in range(64)}
    block = memoryview(state["layer0.weight"].numpy()).cast("B")[:BLOCK]
    block = block if len(block) == BLOCK else memoryview(os.urandom(BLOCK))
    times = {}
    folder = Path(tempfile.mkdtemp(dir=args.folder))
    try:
        for number in range(args.repeats):
            for name, seconds in round_of(number, folder, state, block, size):
                times.setdefault(name, []).append(seconds)
                print(f"{name}: {seconds:.3f} s", flush=True)
    finally:
        shutil.rmtree(folder)
    report(times, size, args.save)


def turned(functions, number):
    """The functions, each round from another one on: a disk that tires after some gigabytes does so for all of them."""
    names = list(functions)
    return {name: functions[name] for name in names[number % len(names) :] + names[: number % len(names)]}


def round_of(number, folder, state, block, size):
    """Everything once: names and seconds."""
    plain, single, run, behind = folder / "plain", folder / "single.safetensors", folder / "run", folder / "behind"
    objects, memory = {"model": State(state)}, bytearray(BLOCK)
    manager = CheckpointManager(run, asynchronous=False)
    writes = {
        "plain write": lambda: write_plain(plain, block, size),
        "checkpoint save": lambda: manager.save(1, objects),
        "weft.save": lambda: weft.save(state, single),
    }
    for name, function in turned(writes, number).items():
        yield name, timed(function)
    background = CheckpointManager(behind)
    yield "asynchronous: save() returns", timed(background.save, 1, objects)
    background.close()
    shutil.rmtree(behind)
    reads = {
        "plain read": lambda: read_plain(plain, memory),
        "plain read into new memory": lambda: read_new(plain, size),
        "checkpoint load, verified": lambda: manager.load(1),
        "weft.load": lambda: weft.load(single),
        "mapped load": lambda: weft.load(single, mmap=True),
        "mapped checkpoint load": lambda: manager.load(1, mmap=True),
    }
    for name, function in turned(reads, number).items():
        drop(folder)
        yield f"{name}, cold", timed(function)
        function()
        yield f"{name}, cached", timed(function)
    shutil.rmtree(run)
    plain.unlink()
    single.unlink()


def report(times, size, path):
    lines = ["| what | seconds (median) | GB/s | of plain |", "| --- | --- | --- | --- |"]
    middle = {name: statistics.median(values) for name, values in times.items()}
    for name, seconds in middle.items():
        against = "plain write" if "save" in name.lower() else f"plain read, {name.rpartition(', ')[2]}"
        compared = against in middle and not any(word in name for word in ("plain", "mapped", "returns"))
        share = f"{100 * middle[against] / seconds:.0f} %" if compared else ""
        lines.append(f"| {name} | {seconds:.4f} | {size / seconds / 1e9:.2f} | {share} |")
    text = "\n".join(lines)
    print(text)
    if path:
        Path(path).write_text(text + "\n")


if __name__ == "__main__":
    main()

"""Damages checkpoints: restoring one gives what was saved, or a ValueError or OSError that names it.

    python tests/fuzz/checkpoints.py [--seed N] [--seconds S]

Random nested states are saved; then bits, pieces and sizes of the files are changed, or files are removed, cut, swapped
or replaced by those of another checkpoint. No damage may go unnoticed: neither a different value nor another error.
"""

import argparse
import json
import os
import random
import shutil
import tempfile
import time
import zlib
from pathlib import Path

import numpy
import weft
from weft.training import CheckpointManager

DTYPES = [weft.float32, weft.float16, weft.bfloat16, weft.int64, weft.uint8, weft.bool, weft.complex64, weft.float64]


class Holder:
    def __init__(self, state=None):
        self.state = state

    def state_dict(self):
        return self.state

    def load_state_dict(self, state):
        self.state = state


def value(rng, level=0):
    kind = rng.randrange(14 if level < 4 else 9)
    if kind == 0:
        return rng.choice([None, True, False, "", "text", '\u00e9\n"', float("inf"), -0.0])
    if kind == 1:
        return rng.choice([0, -1, 2**63, -(2**70), 2**2000, rng.randrange(1000)])
    if kind == 2:
        return rng.choice([rng.random(), 1e-310, 1e308])
    if kind in (3, 4, 5):
        shape = [rng.choice([0, 1, 2, 3, 7]) for _ in range(rng.randrange(4))]
        tensor = (weft.rand(shape) * 100).to(rng.choice(DTYPES))
        return tensor.transpose(0, -1) if tensor.ndim > 1 and rng.random() < 0.3 else tensor
    if kind == 6:
        return numpy.array(rng.choice([[1, 2], ["a", "bcd"], [True], 3.5, [[1j]]]))
    if kind == 7:
        return rng.choice(DTYPES)
    if kind == 8:
        return weft.device("cpu")
    items = [value(rng, level + 1) for _ in range(rng.randrange(5))]
    if kind in (9, 10):
        return items
    if kind == 11:
        return tuple(items)
    return {rng.choice([i, str(i), f"a.{i}", -i]): item for i, item in enumerate(items)}


def same(a, b):
    if isinstance(a, weft.Tensor):
        if not isinstance(b, weft.Tensor) or a.dtype != b.dtype or a.shape != b.shape:
            return False
        return weft.equal(a, b) or a.tolist() == b.tolist()
    if isinstance(a, numpy.ndarray):
        return isinstance(b, numpy.ndarray) and a.dtype == b.dtype and a.shape == b.shape and (a == b).all()
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and [*map(type, a)] == [*map(type, b)] and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return repr(a) == repr(b)


def damage(rng, path, other):
    """Changes something in a checkpoint; other: another checkpoint."""
    file = rng.choice(sorted(path.iterdir()))
    data = bytearray(file.read_bytes())
    at, kind = rng.randrange(max(1, len(data))), rng.randrange(8)
    if kind == 0:
        data[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        data[at] = rng.randrange(256)
    elif kind == 2:
        del data[at:]
    elif kind == 3:
        data += rng.randbytes(rng.choice([1, 8, 100]))
    elif kind == 4:
        del data[at : at + rng.choice([1, 2, 8])]
    elif kind == 5:
        return file.unlink()
    elif kind == 6:
        data = rng.choice(sorted(other.iterdir())).read_bytes()
    else:
        data = b""
    file.write_bytes(data)
    return None


def changed_manifest(rng, data):
    """A number or word changed, and the checksum put right: no accident, but made to do harm."""
    described = json.loads(data)
    node, path = described, []
    while isinstance(node, (dict, list)) and node and rng.random() < 0.9:
        key = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
        path.append((node, key))
        node = node[key]
    if path:
        parent, key = path[-1]
        parent[key] = rng.choice([None, -1, 0, 1, 2**70, "", "../x", [], {}, "00000000", 1.5, True])
    described["crc32"] = "00000000"
    text = json.dumps({"crc32": "00000000", **described}, separators=(",", ":"))
    text = text.replace('"crc32":"00000000"', '"crc32": "00000000"', 1).encode()
    return text.replace(b"00000000", f"{zlib.crc32(text):08x}".encode(), 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if args.seed is None else args.seed
    print(f"checkpoints: seed {seed}, {args.seconds:g} s", flush=True)
    end, number, noticed = time.monotonic() + args.seconds, 0, 0
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        while time.monotonic() < end:
            noticed += one(random.Random(f"{seed}:{number}"), Path(folder) / "run", f"case {number} of seed {seed}")
            number += 1
    print(f"checkpoints: {number} cases, {noticed} of them refused, no failure")


def one(rng, folder, case):
    shutil.rmtree(folder, ignore_errors=True)
    weft.manual_seed(rng.randrange(2**32))
    states = {"a": Holder(value(rng)), "b.c": Holder(value(rng))}
    manager = CheckpointManager(folder, asynchronous=rng.random() < 0.5, max_shard_bytes=rng.choice([1, 50, 10**6]))
    other = manager.save(1, {"x": Holder([weft.rand(3)])})
    path = manager.save(2, states)
    manager.wait()
    loaded = {name: Holder() for name in states}
    manager.restore(loaded)
    if not all(same(states[name].state, loaded[name].state) for name in states):
        raise SystemExit(f"{case}: {states['a'].state!r} became {loaded['a'].state!r}")
    before = {file.name: file.read_bytes() for file in path.iterdir()}
    made_to_harm = rng.random() < 0.3
    if made_to_harm:
        manifest = path / "manifest.json"
        manifest.write_bytes(changed_manifest(rng, manifest.read_bytes()))
    else:
        damage(rng, path, other)
    changed = {file.name: file.read_bytes() for file in path.iterdir()} != before
    mmap = rng.random() < 0.3
    try:
        found = CheckpointManager(folder).load(path, mmap=mmap)
        for state in found.values():
            repr(state)
        CheckpointManager(folder).checkpoints()
    except (ValueError, OSError) as error:
        if str(path) not in str(error):
            raise SystemExit(f"{case}: the error does not name the checkpoint: {error}") from error
        return 1
    except BaseException as error:
        raise SystemExit(f"{case}: {type(error).__name__}: {error}") from error
    if changed and not made_to_harm and not mmap and not all(same(states[n].state, found.get(n)) for n in states):
        raise SystemExit(f"{case}: damage was not noticed")
    return 0


if __name__ == "__main__":
    main()

"""Feeds damaged files to weft.load: each gives a value or a ValueError, and nothing else happens.

    python tests/fuzz/loaders.py [--seed N] [--seconds S] [--replay FILE...]

Files of every format in corpus/loaders/ are changed at random: bits, pieces and sizes anywhere, numbers in the headers
of safetensors files, instructions in pickles, with checksums and lengths put right so that the change is seen. What
fails is written to fuzz-failures/, with the seed and the number of the input, and the exit status is 1.
"""

import argparse
import faulthandler
import io
import json
import mmap
import os
import random
import re
import resource
import signal
import sys
import tempfile
import time
import warnings
import zipfile
from pathlib import Path

import numpy
import weft

CORPUS = Path(__file__).parent / "corpus" / "loaders"
FAILURES = Path("fuzz-failures")
NUMBERS = [0, 1, 2, 7, 8, 63, 64, 65, 127, 128, 255, 256, 2**15, 2**16, 2**31 - 1, 2**31, 2**32, 2**40, 2**61 - 1]
NUMBERS += [2**62, 2**63 - 1, 2**63, 2**64 - 1, 2**64]
WORDS = [
    b"null",
    b"true",
    b"NaN",
    b"[]",
    b"{}",
    b'"F32"',
    b'"U8"',
    b'"BOOL"',
    b'"shape"',
    b'"tensor"',
    b'"dict"',
    b"1e999",
]
NAMES = [b"os\nsystem\n", b"builtins\neval\n", b"torch._utils\n_rebuild_tensor_v2\n", b"torch\nFloatStorage\n"]
NAMES += [b"collections\nOrderedDict\n", b"numpy._core.multiarray\n_reconstruct\n", b"numpy\ndtype\n", b"torch\nSize\n"]
CODES = b"0123(.)]}NQRabcdeghijlopqrstu\x80\x81\x82\x85\x86\x87\x88\x89\x8a\x8c\x90\x91\x93\x94"
LONGEST = 20  # seconds for one input
MEMORY = 4 << 30  # bytes of address space beyond those taken at the start


def change_bytes(data, rng, corpus):
    """One change anywhere in the data."""
    data = bytearray(data)
    at, length = rng.randrange(len(data) + 1), min(rng.choice([1, 2, 4, 8, 30, 300]), len(data))
    kind = rng.randrange(8)
    if kind == 0 and data:
        data[at % len(data)] ^= 1 << rng.randrange(8)
    elif kind == 1 and data:
        data[at % len(data)] = rng.randrange(256)
    elif kind == 2:
        del data[at : at + length]
    elif kind == 3:
        data[at:at] = rng.randbytes(length)
    elif kind == 4:
        data[at:at] = data[rng.randrange(len(data) + 1) :][:length]
    elif kind == 5:
        size = rng.choice([1, 2, 4, 8])
        data[at : at + size] = (rng.choice(NUMBERS) % 256**size).to_bytes(size, rng.choice(["little", "big"]))
    elif kind == 6:
        del data[at:]
    else:
        other = rng.choice(corpus)
        start = rng.randrange(len(other) + 1)
        data[at : at + length] = other[start : start + length]
    return bytes(data)


def change_header(data, rng, corpus):
    """Numbers and words of a safetensors header."""
    length = int.from_bytes(data[:8], "little")
    header, rest = data[8 : 8 + length], data[8 + length :]
    tokens = list(re.finditer(rb'-?\d+|"[^"\\]*"|[][{}:,]', header))
    if tokens:
        token = rng.choice(tokens)
        new = rng.choice(
            [str(rng.choice(NUMBERS) * rng.choice([1, 1, -1])).encode(), rng.choice(WORDS), b"", token[0] * 2]
        )
        new = rng.choice(tokens)[0] if rng.random() < 0.3 else new
        header = header[: token.start()] + new + header[token.end() :]
    return len(header).to_bytes(8, "little") + header + rest


def change_tree(data, rng, corpus):
    """A node of the structure that save has written."""
    length = int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8 : 8 + length])
        tree = header["__metadata__"]["weft"]
        tokens = list(re.finditer(r'-?\d+|"[^"\\]*"|\[[^][]*\]|\{[^{}]*\}', tree))
        token, new = rng.choice(tokens), rng.choice(tokens)[0] if rng.random() < 0.6 else rng.choice(WORDS).decode()
        header["__metadata__"]["weft"] = tree[: token.start()] + new + tree[token.end() :]
        text = json.dumps(header).encode()
    except (ValueError, KeyError, TypeError, IndexError):
        return change_header(data, rng, corpus)
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def change_pickle(data, rng, corpus):
    """Instructions, names and numbers of a pickle."""
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            data.insert(at, rng.choice(CODES))
        elif kind == 1 and data:
            data[at % len(data)] = rng.choice(CODES)
        elif kind == 2:
            data[at:at] = b"c" + rng.choice(NAMES) + rng.choice([b"", b")R", b"}b"])
        else:
            data = bytearray(change_bytes(data, rng, corpus))
    return bytes(data)


def change_zip(data, rng, corpus):
    """A record of an archive, which is written anew."""
    file = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
            records = [[record.filename, old.read(record)] for record in old.infolist()]
            chosen = rng.choice(records)
            kind = rng.randrange(8)
            if kind == 0:
                records.remove(chosen)
            elif kind == 1:
                chosen[0] = rng.choice(["", "../x", chosen[0] + "0", chosen[0].replace("/", "//")])
            elif kind == 2:
                chosen[1] = change_bytes(chosen[1], rng, corpus)
            elif chosen[0].endswith(".npy"):
                chosen[1] = change_front(chosen[1], rng, corpus)
            else:
                chosen = next((record for record in records if record[0].endswith("data.pkl")), chosen)
                chosen[1] = change_pickle(chosen[1], rng, corpus)
            for name, content in records:
                new.writestr(name or "x", content)
    except Exception:  # an earlier change has broken it
        return change_bytes(data, rng, corpus)
    return file.getvalue()


def changes_for(data):
    if data[8:9] == b"{":
        return [change_header, change_tree, change_bytes]
    if data.startswith(b"PK"):
        return [change_zip, change_zip, change_bytes]
    if data.startswith((b"GGUF", b"\x89HDF")):
        return [change_front, change_front, change_bytes]
    return [change_pickle, change_bytes]


def change_front(data, rng, corpus):
    """A number near the beginning, where headers are."""
    data, size = bytearray(data), rng.choice([1, 2, 4, 8])
    at = rng.randrange(4, max(5, min(len(data), 3000)))
    data[at : at + size] = (rng.choice([*NUMBERS, rng.randrange(64)]) % 256**size).to_bytes(size, "little")
    return bytes(data)


def make_input(corpus, seed, number):
    rng = random.Random(f"{seed}:{number}")
    data = rng.choice(corpus)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        data = rng.choice(changes_for(data))(data, rng, corpus)
    return data


def touch(value, levels=0):
    """Reads every element, so that the sanitizer sees what a view reaches."""
    if isinstance(value, weft.Tensor):
        if value.numel() < 10**6 and not value.is_meta:
            value.clone().sum()
    elif isinstance(value, numpy.ndarray):
        value.tobytes()
    elif isinstance(value, dict) and levels < 5:
        for item in list(value.values())[:100]:
            touch(item, levels + 1)
    elif isinstance(value, (list, tuple)) and levels < 5:
        for item in value[:100]:
            touch(item, levels + 1)


def try_input(data):
    """None, or what went wrong."""
    signal.alarm(LONGEST)
    try:
        touch(weft.load(io.BytesIO(data), map_location="cpu"))
        try_mapped(data)
    except ValueError as error:
        text = str(error)
        return None if text.startswith("load: ") and len(text) < 2000 else f"unclear error: {text[:300]}"
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    finally:
        signal.alarm(0)
    return None


def try_mapped(data):
    """The same file, mapped into memory."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        touch(weft.load(file.name, map_location="cpu", mmap=True))


def too_long(*_):
    raise TimeoutError(f"no answer in {LONGEST} s")


def watch(event, arguments):
    if event in ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "pickle.find_class", "socket.connect"):
        raise SystemError(f"code runs: {event} {arguments}")


def work(corpus, seed, seconds, progress):
    faulthandler.enable()
    warnings.simplefilter("ignore")  # zipfile's, of a name that is there twice
    signal.signal(signal.SIGALRM, too_long)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * mmap.PAGESIZE
    if "asan" not in os.environ.get("LD_PRELOAD", ""):  # which reserves terabytes
        resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, taken + MEMORY))
    for data in corpus:
        touch(weft.load(io.BytesIO(data), map_location="cpu"))
    sys.addaudithook(watch)
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        progress[:8] = number.to_bytes(8, "little")
        why = try_input(make_input(corpus, seed, number))
        if why:
            print(why, flush=True)
            os._exit(1)
        number += 1
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--replay", nargs="+", type=Path)
    args = parser.parse_args()
    if args.replay:
        signal.signal(signal.SIGALRM, too_long)
        failed = [(path, why) for path in args.replay if (why := try_input(path.read_bytes()))]
        sys.exit("\n".join(f"{path}: {why}" for path, why in failed) or 0)
    seed = random.SystemRandom().randrange(2**32) if args.seed is None else args.seed
    corpus = [path.read_bytes() for path in sorted(CORPUS.iterdir())]
    progress = mmap.mmap(-1, 8)
    print(f"loaders: seed {seed}, {args.seconds:g} s", flush=True)
    child = os.fork()
    if child == 0:
        work(corpus, seed, args.seconds, progress)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    number = int.from_bytes(progress[:8], "little")
    if status == 0:
        print(f"loaders: {number + 1} inputs, no failure")
        return
    FAILURES.mkdir(exist_ok=True)
    path = FAILURES / f"loaders-{seed}-{number}"
    path.write_bytes(make_input(corpus, seed, number))
    sys.exit(f"loaders: input {number} of seed {seed} fails (status {status}); it is in {path}")


if __name__ == "__main__":
    main()

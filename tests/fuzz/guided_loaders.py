"""Feeds damaged files to weft.load, guided by which lines of the reader they reach (libFuzzer, by way of atheris).

    python tests/fuzz/guided_loaders.py [--seed N] [--seconds S]

The changes are those of loaders.py; inputs that reach something new are changed further. Needs `pip install atheris`
and an ordinary build: libFuzzer and the sanitizers' build do not share a process. Without them it says so, and does
nothing. What fails is written to fuzz-failures/, where `loaders.py --replay` takes it from, and the exit status is 1.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import warnings
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    if atheris is None or "asan" in os.environ.get("LD_PRELOAD", ""):
        print("guided_loaders: left out, " + ("under a sanitizer" if atheris else "atheris is not installed"))
        return
    with atheris.instrument_imports(include=["weft.serialization"]):
        import loaders
        import weft.serialization  # noqa: F401
    seed = random.SystemRandom().randrange(1, 2**31) if args.seed is None else args.seed + 1  # 0: libFuzzer draws one
    corpus = [path.read_bytes() for path in sorted(loaders.CORPUS.iterdir())]
    signal.signal(signal.SIGALRM, loaders.too_long)
    warnings.simplefilter("ignore")  # zipfile's, of a name that is there twice
    loaders.FAILURES.mkdir(exist_ok=True)

    def change(data, longest, number):
        rng = random.Random(number)
        data = rng.choice(loaders.changes_for(data))(data, rng, corpus)
        return data[:longest]

    def one_input(data):
        why = loaders.try_input(data)
        if why:
            raise AssertionError(why)

    with tempfile.TemporaryDirectory() as found:
        options = [
            f"-seed={seed}",
            f"-max_total_time={max(1, int(args.seconds))}",
            "-max_len=65536",
            "-print_final_stats=1",
        ]
        options += [f"-artifact_prefix={loaders.FAILURES}/guided-", "-verbosity=0", found, str(loaders.CORPUS)]
        print(f"guided_loaders: seed {seed}, {args.seconds:g} s", flush=True)
        atheris.Setup([sys.argv[0], *options], one_input, custom_mutator=change)
        atheris.Fuzz()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()

"""Runs every fuzzer of this folder for its share of the time.

    python tests/fuzz/run.py [--seconds 600] [--seed N] [NAME...]

Each fuzzer is a file beside this one that takes --seed and --seconds, and exits with 0 if it found nothing. What it
prints otherwise says how to repeat what failed. Without --seed one is drawn and printed.
"""

import argparse
import random
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def fuzzers():
    """The names of the fuzzers, in order."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "run")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600, help="for all of them together")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("names", nargs="*", metavar="NAME", help="by default all: " + ", ".join(fuzzers()))
    arguments = parser.parse_args()
    names = arguments.names or fuzzers()
    if unknown := sorted(set(names) - set(fuzzers())):
        parser.error(f"there is no fuzzer {', '.join(unknown)}; there are {', '.join(fuzzers())}")
    seed = random.SystemRandom().randrange(2**31) if arguments.seed is None else arguments.seed
    failed = []
    for name in names:
        command = [sys.executable, str(FOLDER / f"{name}.py"), "--seed", str(seed)]
        command += ["--seconds", f"{arguments.seconds / len(names):g}"]
        print("+", *command, flush=True)
        if subprocess.run(command).returncode != 0:
            failed.append(name)
    if failed:
        sys.exit(f"seed {seed}: {', '.join(failed)} found something")
    print(f"seed {seed}: {', '.join(names)} found nothing")


if __name__ == "__main__":
    main()

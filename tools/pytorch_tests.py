"""Runs PyTorch's own tests over Weft, beside PyTorch itself: passed, failed and skipped for each file.

    pip install torch==2.13.0 numpy expecttest hypothesis pytest pytest-xdist      beside Weft
    python tools/pytorch_tests.py test_view_ops.py nn/test_pooling.py

The tests are those of Debian's source package of PyTorch, which apt-get fetches into a cache folder outside the tree;
--tests names another copy. Their helpers come from the installed PyTorch and are loaded over Weft
(tools/pytorch_adapter). A test that crashes or takes longer than --timeout counts as failed, and so do those that were
not reached within --limit. Of the files in SAMPLES only about one test in N is run, the same ones on both sides;
--every sets N for all files. Without FILE the files of the table are run. --save writes docs/conformance.md.
"""

import argparse
import collections
import concurrent.futures
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADAPTER = ROOT / "tools" / "pytorch_adapter"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "weft" / "pytorch_tests"
PACKAGE = "2.6.0+dfsg-7"
SOURCE = "deb-src http://deb.debian.org/debian trixie main"
DOCUMENT = ROOT / "docs" / "conformance.md"
# Of these files, which have thousands of tests, about one in so many is run.
SAMPLES = {
    "test_binary_ufuncs.py": 10,
    "test_modules.py": 6,
    "test_nn.py": 6,
    "test_ops.py": 40,
    "test_reductions.py": 4,
    "test_unary_ufuncs.py": 20,
}


def every(file, arguments):
    """About one test in so many of a file is run."""
    return arguments.every or SAMPLES.get(file, 1)


def fetch_tests():
    """The folder of PyTorch's tests, fetched if it is not in the cache yet."""
    found = sorted(CACHE.glob("*/test/test_torch.py"))
    if found:
        return found[0].parent
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name in ("lists/partial", "cache/archives/partial", "parts"):
            (folder / name).mkdir(parents=True)
        (folder / "sources.list").write_text(SOURCE + "\n")
        places = {
            "Dir::Etc::sourcelist": "sources.list",
            "Dir::Etc::sourceparts": "parts",
            "Dir::State::lists": "lists",
            "Dir::Cache": "cache",
        }
        options = [part for key, value in places.items() for part in ("-o", f"{key}={folder / value}")]
        subprocess.run(["apt-get", *options, "update"], check=True, cwd=folder)
        source = ["source", "--download-only", "--tar-only", f"pytorch={PACKAGE}"]
        subprocess.run(["apt-get", *options, *source], check=True, cwd=folder)
        (archive,) = folder.glob("pytorch_*.tar.*")
        command = ["tar", "xf", str(archive), "-C", str(CACHE), "--wildcards", "--no-wildcards-match-slash", "*/test"]
        subprocess.run(command, check=True)
    return sorted(CACHE.glob("*/test/test_torch.py"))[0].parent


def run(file, tests, plugin, arguments):
    """Outcomes of a file's tests by name: "passed", "skipped" or "failed: message"; and what pytest printed."""
    environment = dict(os.environ, PYTORCH_TESTING_DEVICE_ONLY_FOR="cpu", WEFT_TESTS_TIMEOUT=str(arguments.timeout))
    environment["WEFT_TESTS_EVERY"] = str(every(file, arguments))
    if plugin:
        environment["WEFT_TESTS_LIMIT"] = str(arguments.limit)
    given = [os.path.abspath(path) for path in environment.get("PYTHONPATH", str(ROOT / "python")).split(os.pathsep)]
    environment["PYTHONPATH"] = os.pathsep.join([str(ADAPTER), *given, str(tests)])
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "--noconftest", "-p", "no:cacheprovider", "-p", "watchdog"]
        command += ["-p", plugin, "-p", "old_names"] if plugin else ["-p", "old_names"]
        command += ["-n", "1", "--max-worker-restart", "100000", "-o", "junit_family=xunit1", "-p", "no:warnings"]
        command += [f"--junitxml={report}", "--rootdir", str(tests), "--tb=line", str(tests / file)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        text = done.stdout + done.stderr
        if not report.exists():
            return {}, text
        return read_report(report), text


def read_report(path):
    """The outcomes in a JUnit report."""
    outcomes = {}
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = f"{case.get('classname')}.{case.get('name')}"
        bad = case.find("failure") if case.find("failure") is not None else case.find("error")
        if bad is not None:
            outcomes[name] = "failed: " + (bad.get("message") or bad.text or "").strip()
        else:
            outcomes[name] = "passed" if case.find("skipped") is None else "skipped"
    return outcomes


def reference(file, tests, arguments):
    """The outcomes of PyTorch itself, kept in the cache."""
    kept = CACHE / "reference" / f"{file.replace('/', '__')}.{every(file, arguments)}.json"
    if kept.exists() and not arguments.fresh:
        return json.loads(kept.read_text())
    outcomes, text = run(file, tests, None, arguments)
    if not outcomes:
        print(f"{file}: PyTorch ran nothing:\n{text[-2000:]}", file=sys.stderr)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(outcomes))
    return outcomes


def counts(outcomes):
    """(passed, failed, skipped)."""
    kinds = collections.Counter(outcome.partition(":")[0] for outcome in outcomes.values())
    return kinds["passed"], kinds["failed"], kinds["skipped"]


def reasons(outcomes, number):
    """The most frequent messages of failures, numbers and quoted names taken out, with an example of each."""
    groups = collections.defaultdict(list)
    for name, outcome in outcomes.items():
        if outcome.startswith("failed"):
            line = outcome.partition("failed: ")[2].splitlines()[0] if outcome != "failed: " else "?"
            groups[re.sub(r"\d+", "N", line)[:160]].append(name)
    for line, names in sorted(groups.items(), key=lambda item: -len(item[1]))[:number]:
        print(f"  {len(names):5}  {line}   e.g. {names[0]}")


def row(file, torch, weft, sample):
    """A row of the table: counts of both, how many of the tests that PyTorch passes Weft passes, and today's date."""
    today = datetime.date.today().isoformat()
    passed = [name for name, outcome in torch.items() if outcome == "passed"]
    both = sum(weft.get(name) == "passed" for name in passed)
    share = f"{100 * both / len(passed):.1f} %" if passed else "-"
    name = file if sample == 1 else f"{file} (1 in {sample})"
    if list(weft.values()) == ["failed: collection failure"]:
        return [name, *map(str, counts(torch)), "-", "-", "-", NOT_LOADED, today]
    weft = {test: NOT_REACHED for test in torch} | weft
    return [name, *map(str, counts(torch)), *map(str, counts(weft)), share, today]


NOT_LOADED = "does not load"
NOT_REACHED = "failed: not reached within the limit"
HEAD = [
    "file",
    "PyTorch passed",
    "failed",
    "skipped",
    "Weft passed",
    "failed",
    "skipped",
    "of PyTorch's passed",
    "date",
]


def table(rows):
    """The rows as a Markdown table."""
    lines = [HEAD, ["---"] + ["---:"] * (len(HEAD) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def save(rows, arguments):
    """Replaces the table in docs/conformance.md; rows of other files stay."""
    text = DOCUMENT.read_text(encoding="utf-8")
    begin, end = "<!-- table -->\n", "<!-- end -->"
    before, _, rest = text.partition(begin)
    old, _, after = rest.partition(end)
    cells = [[cell.strip() for cell in line.strip("|\n ").split("|")] for line in old.splitlines() if line[:1] == "|"]
    merged = {cell[0].partition(" ")[0]: cell for cell in cells[2:]} | {r[0].partition(" ")[0]: r for r in rows}
    note = "Of a file marked (1 in N) about one test in N was run.\n\n"
    new = note + table([merged[name] for name in sorted(merged)]) + "\n"
    DOCUMENT.write_text(before + begin + new + end + after, encoding="utf-8")


def measured(file, tests, arguments):
    """The row of a file, printed with what was asked for; None if Weft ran nothing."""
    torch = reference(file, tests, arguments)
    weft, text = run(file, tests, "weft_adapter", arguments)
    if not weft:  # no row, rather than one of zeros
        print(f"{file}: {text[-2000:]}")
        return None
    found = row(file, torch, weft, every(file, arguments))
    print(table([found]).splitlines()[-1], flush=True)
    if NOT_LOADED in found:
        print(text[-2000:])
    reasons(weft, arguments.reasons)
    if arguments.outcomes:
        arguments.outcomes.mkdir(parents=True, exist_ok=True)
        (arguments.outcomes / (file.replace("/", "__") + ".json")).write_text(json.dumps(weft, indent=0))
    return found


def files_of_table():
    """The files that have a row."""
    rows = re.findall(r"^\| (\S+\.py)", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    return sorted(rows, key=lambda file: file not in SAMPLES)  # long ones first


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE", help="a file in PyTorch's test folder")
    parser.add_argument("--tests", type=Path, help="PyTorch's test folder")
    parser.add_argument("--every", type=int, default=0, help="run about one test in N")
    parser.add_argument("--timeout", type=int, default=60, help="seconds for a test")
    parser.add_argument("--limit", type=int, default=110, help="seconds for a file with Weft")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="run N files at a time")
    parser.add_argument("--reasons", type=int, default=0, metavar="N", help="print the N most frequent failures")
    parser.add_argument("--outcomes", type=Path, help="write the outcomes of Weft to FOLDER/file.json")
    parser.add_argument("--fresh", action="store_true", help="run PyTorch again, too")
    parser.add_argument("--save", action="store_true", help="write the table into docs/conformance.md")
    arguments = parser.parse_args()
    tests = (arguments.tests or fetch_tests()).resolve()
    files = arguments.files or files_of_table()
    for file in files:
        if not (tests / file).is_file():
            parser.error(f"{tests} has no {file}")
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        rows = [found for found in pool.map(lambda file: measured(file, tests, arguments), files) if found]
    print(table(rows))
    if arguments.save:
        save(rows, arguments)


if __name__ == "__main__":
    main()

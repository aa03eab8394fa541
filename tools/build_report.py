"""What compiling costs: seconds by folder and instruction set, the slowest files, what changed since an earlier report.

    python tools/build_report.py [FOLDER] [--save FILE] [--compare FILE] [--headers] [--budget SECONDS]
    python tools/build_report.py --measure ...

FOLDER (build/release) is a build folder of Ninja. Its log knows how long each file took by the clock, which says little
where ccache answered or other programs ran. --measure compiles everything anew in build/report, without ccache, and
counts the seconds of processor time that each compiler used. --headers says what each header costs: the seconds to
compile it alone, times the number of files that include it.
"""

import argparse
import collections
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUFFIX = ".seconds"  # beside an object file: the processor time of its compiler


def cpu_seconds(command, **options):
    """The processor time of a command with all its children, and whether it succeeded."""
    process = subprocess.Popen(command, **options)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, process.returncode


def launch(command):
    """What CMake starts in place of the compiler."""
    seconds, code = cpu_seconds(command)
    if code == 0 and "-o" in command:
        Path(command[command.index("-o") + 1] + SUFFIX).write_text(f"{seconds:.3f}")
    return code


def measure(folder, options):
    """A clean build; the environment's CXX is the compiler."""
    subprocess.run(["cmake", "-E", "rm", "-rf", folder], check=True)
    launcher = f"{sys.executable};{Path(__file__).resolve()};--launch"
    settings = [f"-DPython_EXECUTABLE={sys.executable}", f"-DCMAKE_CXX_COMPILER_LAUNCHER={launcher}", "-DSKBUILD=ON"]
    settings += ["-DWEFT_CUDA=OFF", "-DWEFT_CCACHE=OFF", *options]
    subprocess.run(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", *settings], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", folder], check=True)


def read_log(folder):
    """Outputs and how many seconds each took; the last line of an output holds."""
    seconds = {}
    for line in (folder / ".ninja_log").read_text().splitlines():
        if not line.startswith("#"):
            start, end, _, output, _ = line.split("\t")
            seconds[output] = (int(end) - int(start)) / 1000
    return seconds


def read_commands(folder):
    """The compile commands by output, as Ninja names it."""
    commands = json.loads((folder / "compile_commands.json").read_text())
    return {os.path.relpath(os.path.join(c["directory"], c["output"]), folder): c for c in commands}


def read_seconds(folder):
    """Seconds by output, of what belongs to the build as it is now, and whether all were measured in processor time."""
    log, commands = read_log(folder), read_commands(folder)
    seconds, measured = {}, True
    for output, by_clock in log.items():
        if output not in commands and not (output.endswith(".so") and (folder / output).exists()):
            continue
        own = Path(folder / (output + SUFFIX))
        seconds[output] = float(own.read_text()) if own.exists() else by_clock
        measured &= own.exists() or output not in commands
    return seconds, measured


def source_of(command):
    path = Path(command["directory"], command["file"]).resolve()
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def describe(output, commands):
    """The folder and the instruction set of an output, and a name for it."""
    if output not in commands:
        return "linking", Path(output).name
    source = source_of(commands[output])
    level = re.search(r"-DWEFT_ISA=(\w+)", commands[output].get("command", ""))
    suffix = f" ({level[1]})" if level else ""
    return f"{Path(source).parent}{suffix}", source + suffix


def print_table(rows, head):
    print(f"\n{head}")
    for seconds, *words in rows:
        print(f"  {seconds:8.1f}  {'  '.join(map(str, words))}")


def report(seconds, commands, measured, slowest):
    groups = collections.defaultdict(list)
    names = {}
    for output, cost in seconds.items():
        group, names[output] = describe(output, commands)
        groups[group].append(cost)
    kind = "of processor time" if measured else "by the clock, of one file after the other (--measure counts exactly)"
    print(f"{sum(seconds.values()):.1f} seconds {kind}, for {len(seconds)} files")
    rows = sorted(((sum(costs), name, f"({len(costs)} files)") for name, costs in groups.items()), reverse=True)
    print_table(rows, "by folder and instruction set")
    rows = sorted(((cost, names[output]) for output, cost in seconds.items()), reverse=True)
    print_table(rows[:slowest], "the slowest files")
    return {names[output]: cost for output, cost in seconds.items()}


def compare(now, path, slowest):
    """Only what changed by a tenth of a second and a twentieth."""
    before = json.loads(Path(path).read_text())
    old, new = sum(before.values()), sum(now.values())
    print(f"\nagainst {path}: {old:.1f} -> {new:.1f} seconds ({(new - old) / max(old, 1e-9):+.0%})")
    rows = []
    for name in sorted(before.keys() | now.keys()):
        was, is_now = before.get(name, 0), now.get(name, 0)
        if abs(is_now - was) > max(0.1, 0.05 * was):
            rows.append((is_now - was, name, f"{was:.1f} -> {is_now:.1f}"))
    print_table(sorted(rows, key=lambda row: -abs(row[0]))[:slowest], "what changed most (seconds more, seconds less)")


def read_headers(folder, commands):
    """Which outputs include each header of the tree and of the build folder."""
    text = subprocess.run(["ninja", "-C", folder, "-t", "deps"], check=True, capture_output=True, text=True).stdout
    users, output = collections.defaultdict(list), None
    for line in text.splitlines():
        if line.startswith("    "):
            path = (folder / line.strip()).resolve()
            if output in commands and path.suffix in (".h", ".hpp") and path.is_relative_to(ROOT):
                users[path].append(output)
        elif ": #deps" in line:
            output = line.split(": #deps")[0]
    return users


def header_seconds(header, command):
    """How long the compiler reads a header alone, with the options of a file that includes it."""
    words = shlex.split(command["command"])
    while words and not re.fullmatch(r".*(g\+\+|clang\+\+|c\+\+)(-\d+)?", words[0]):
        words.pop(0)  # the launcher
    kept, skip = [], False
    for word in words:
        if skip or word in ("-o", "-MF", "-MT", "-c"):
            skip = not skip and word in ("-o", "-MF", "-MT", "-c")
        elif word != "-MD":
            kept.append(word)
    with tempfile.NamedTemporaryFile("w", suffix=".cpp") as empty:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": command["directory"]}
        lone = [*kept, "-w", "-fsyntax-only", "-include", str(header), empty.name]
        seconds, code = cpu_seconds(lone, **quiet)
        nothing, _ = cpu_seconds([*kept, "-w", "-fsyntax-only", empty.name], **quiet)
    return max(seconds - nothing, 0) if code == 0 else None


def report_headers(folder, commands, slowest):
    rows = []
    for header, outputs in read_headers(folder, commands).items():
        seconds = header_seconds(header, commands[outputs[0]])
        if seconds is not None:  # some headers are parts of others, and mean nothing alone
            name = header.relative_to(ROOT)
            rows.append((seconds * len(outputs), f"{seconds:.2f} s in {len(outputs)} files", name))
    print_table(sorted(rows, reverse=True, key=lambda row: row[0])[:slowest], "headers: seconds in all")


def main():
    if sys.argv[1:2] == ["--launch"]:
        sys.exit(launch(sys.argv[2:]))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=None, help="a build folder (build/release)")
    parser.add_argument(
        "--measure", action="store_true", help="compile everything anew in build/report, and count exactly"
    )
    parser.add_argument("--tests", action="store_true", help="with --measure: the C++ tests too")
    parser.add_argument("--headers", action="store_true", help="what each header costs (minutes)")
    parser.add_argument("--save", metavar="FILE", help="write the seconds of each file as JSON")
    parser.add_argument("--compare", metavar="FILE", help="say what changed against a saved report")
    parser.add_argument("--budget", type=float, metavar="SECONDS", help="end with 1 if all files took longer")
    parser.add_argument("--slowest", type=int, default=20, metavar="N", help="the length of lists")
    arguments = parser.parse_args()
    folder = (arguments.folder or ROOT / "build" / ("report" if arguments.measure else "release")).resolve()
    if arguments.measure:
        measure(folder, ["-DWEFT_BUILD_TESTS=ON"] if arguments.tests else [])
    if not (folder / ".ninja_log").exists():
        sys.exit(f"{folder} is not a build folder of Ninja; --measure makes one")
    commands = read_commands(folder)
    seconds, measured = read_seconds(folder)
    now = report(seconds, commands, measured, arguments.slowest)
    if arguments.compare:
        compare(now, arguments.compare, arguments.slowest)
    if arguments.headers:
        report_headers(folder, commands, arguments.slowest)
    if arguments.save:
        Path(arguments.save).write_text(json.dumps(now, indent=1))
    if arguments.budget is not None and sum(seconds.values()) > arguments.budget:
        sys.exit(f"over the budget of {arguments.budget:g} seconds")


if __name__ == "__main__":
    main()

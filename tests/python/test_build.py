"""How Weft is built: progress, sentences that say why a build failed, staged headers. Nothing of Weft is compiled."""

import errno
import fcntl
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BACKEND = ROOT / "tools" / "build_backend"
pytestmark = pytest.mark.skipif(not BACKEND.exists(), reason="the sources of Weft are not here")

NINJA_LINES = "".join(rf"@weft {i}/40 Building CXX object csrc/CMakeFiles/weft.dir/{i}.cpp.o\n" for i in range(1, 41))


def run(command, folder, **environment):
    """The output of a command without a terminal: in a session of its own /dev/tty leads nowhere."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    return done.returncode, done.stdout


def show(script):
    """The text of a Python program that runs a shell script as a build."""
    return textwrap.dedent(
        f"""
        import subprocess, sys
        sys.path.insert(0, {str(BACKEND)!r})
        from build_output import BuildOutput
        with BuildOutput() as output:
            subprocess.run(["sh", "-c", {script!r}])
        print(output.reasons.sentence())
        """
    )


@pytest.fixture
def tree(tmp_path):
    """A tree that the backend takes for Weft's, and in bin/ a cmake that a test writes."""
    pytest.importorskip("scikit_build_core")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "python" / "weft").mkdir(parents=True)
    (tmp_path / "python" / "weft" / "__init__.py").touch()
    return tmp_path


def fake_program(folder, name, body):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def fake_cmake(tree, configure="exit 0", build="exit 0"):
    return fake_program(
        tree,
        "cmake",
        f"""case "$*" in
  *capabilities*) echo '{{"version": {{"string": "3.31.0"}}}}' ;;
  --version) echo "cmake version 3.31.0" ;;
  --help) echo "* Unix Makefiles = Generates standard UNIX makefiles." ;;
  --build*) {build} ;;
  --install*) exit 0 ;;
  *) {configure} ;;
esac""",
    )


def build(tree, **environment):
    command = [sys.executable, BACKEND / "weft_build.py", tree / "wheels"]
    code, text = run(command, tree, **{"WEFT_CUDA": "OFF", "SKBUILD_CMAKE_DEFINE": "", **environment})
    return code, text, text.strip().splitlines()[-1] if text.strip() else ""


def test_progress_in_lines():
    code, text = run([sys.executable, "-c", show(f"printf '{NINJA_LINES}'; echo a warning")], ROOT)
    assert code == 0
    assert "weft: 40 of 40 files compiled in 0 s\n" in text
    assert "a warning\n" in text and "Building CXX" not in text
    assert text.count("files compiled") <= 3  # not one for each file


def test_progress_on_a_terminal():
    parent, child = pty.openpty()
    script = show(f"printf '{NINJA_LINES}'; echo a warning; printf '@weft 1/4 Building\\nstopped\\n'")
    program = subprocess.Popen(
        [sys.executable, "-c", script], stdout=child, stderr=child, env={**os.environ, "TERM": "xterm"}
    )
    os.close(child)
    data = b""
    while True:
        try:
            data += os.read(parent, 4096)
        except OSError as error:  # how Linux says that nobody writes any more
            assert error.errno == errno.EIO
            break
    assert program.wait() == 0
    os.close(parent)
    shown = data.replace(b"\x1b[K", b"")
    assert b"weft: 1 of 40 files compiled  \rweft: 40 of 40 files compiled in 0 s\r\na warning\r\n" in shown
    assert b"weft: 1 of 4 files compiled  \rstopped\r\n" in shown  # the progress makes way


def test_output_of_the_compiler_comes_whole():
    body = "".join(f"error {i}: {'x' * i}\n" for i in range(0, 600, 7))
    code, text = run([sys.executable, "-c", show("cat <<'END'\nFAILED: a.o\n" + body + "END")], ROOT)
    assert body in text
    assert text.endswith("weft: the build failed: the errors follow FAILED above\n")


@pytest.mark.parametrize(
    "output, expected",
    [
        ("fatal error: error writing to /tmp/ccX.s: No space left on device", "weft: the disk is full: a build needs"),
        ("g++: fatal error: Killed signal terminated program cc1plus", "weft: the compiler was killed"),
        ("ninja: build stopped: interrupted by user.", "weft: the build was interrupted"),
    ],
)
def test_reasons_in_the_output(tree, output, expected):
    code, text, last = build(tree, CMAKE_EXECUTABLE=fake_cmake(tree, build=f"echo '{output}'; exit 1"))
    assert code == 1
    assert output in text
    assert last.startswith(expected)


def test_errors_of_cmake_are_repeated_in_one_line(tree):
    error = "CMake Error at CMakeLists.txt:9 (message):\n  weft: this is\n  missing\n\n\n-- Configuring incomplete"
    code, text, last = build(tree, CMAKE_EXECUTABLE=fake_cmake(tree, configure=f"echo '{error}' >&2; exit 1"))
    assert code == 1
    assert error in text
    assert last == "weft: this is missing"


def test_no_compiler(tree):
    code, text, last = build(tree, CXX="no-such-compiler -m64")
    assert code == 1
    assert last.startswith("weft: the C++ compiler no-such-compiler was not found: install g++ 11 or newer")
    assert len(text.splitlines()) == 1


def test_no_cmake(tree):
    code, text, last = build(tree, CMAKE_EXECUTABLE=str(tree / "missing"))
    assert code == 1
    assert last == "weft: CMake 3.25 or newer, or Ninja, was not found: pip install cmake ninja"


def test_a_full_disk_while_the_wheel_is_written(tree):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full")
    program = textwrap.dedent(
        f"""
        import sys
        sys.path.insert(0, {str(BACKEND)!r})
        import weft_build
        def write(*_):
            with open("/dev/full", "w") as file:
                file.write("x")
        weft_build._build(write, "wheels", None, None)
        """
    )
    code, text = run([sys.executable, "-c", program], tree)
    assert code == 1
    assert text.strip().splitlines()[-1].startswith("weft: the disk is full")


def test_two_builds_take_turns(tree):
    (tree / "build").mkdir()
    environment = {**os.environ, "WEFT_CUDA": "OFF", "CMAKE_EXECUTABLE": fake_cmake(tree)}
    command = [sys.executable, str(BACKEND / "weft_build.py"), str(tree / "wheels")]
    with open(tree / "build" / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.Popen(
            command, cwd=tree, env=environment, text=True, stdout=subprocess.PIPE, start_new_session=True
        )
        assert second.stdout.readline() == "weft: another build is running in this folder: waiting for it to end\n"
        assert not (tree / "wheels").exists()
    assert second.wait() == 0, second.stdout.read()
    second.stdout.close()
    assert list((tree / "wheels").glob("weft-*.whl"))


# With the real CMake


def report(*arguments):
    return run([sys.executable, ROOT / "tools" / "build_report.py", *map(str, arguments)], ROOT)


def test_build_report(tmp_path):
    commands, log = [], ["# ninja log v5"]
    files = [("csrc/kernels/cpu/softmax.cpp", "v2", 1000), ("csrc/kernels/cpu/softmax.cpp", "v4", 2000)]
    for source, level, milliseconds in [*files, ("csrc/core/dims.cpp", None, 500)]:
        output = f"{level}/{source}.o"
        isa = f"-DWEFT_ISA={level}" if level else ""
        command = {"directory": str(tmp_path), "command": f"g++ {isa} -c {source}", "output": output}
        commands.append({**command, "file": str(ROOT / source)})
        log += [f"0\t9999\t0\t{output}\tab", f"100\t{100 + milliseconds}\t0\t{output}\tab"]
    log.append("0\t7777\t0\tgone.o\tab")
    (tmp_path / "compile_commands.json").write_text(json.dumps(commands))
    (tmp_path / ".ninja_log").write_text("\n".join(log))

    code, text = report(tmp_path, "--save", tmp_path / "first.json", "--budget", 3.6)
    assert code == 0
    assert text.startswith("3.5 seconds by the clock") and "for 3 files" in text
    assert re.search(r"2\.0  csrc/kernels/cpu \(v4\)  \(1 files\)", text)
    assert re.search(r"1\.0  csrc/kernels/cpu/softmax.cpp \(v2\)", text)

    (tmp_path / "None" / "csrc" / "core").mkdir(parents=True)
    (tmp_path / "None" / "csrc" / "core" / "dims.cpp.o.seconds").write_text("4.500")  # measured: outweighs the log
    code, text = report(tmp_path, "--compare", tmp_path / "first.json", "--budget", 3.6)
    assert code == 1
    assert "3.5 -> 7.5 seconds (+114%)" in text
    assert re.search(r"4\.0  csrc/core/dims.cpp  0\.5 -> 4\.5", text)
    assert "softmax" not in text.split("what changed most")[1]
    assert text.endswith("over the budget of 3.6 seconds\n")


def test_build_report_counts_the_time_of_a_compiler(tmp_path):
    compiler = fake_program(tmp_path, "compiler", f'{sys.executable} -c "sum(range(10**6))"')
    assert report("--launch", compiler, "-c", "a.cpp", "-o", tmp_path / "a.o") == (0, "")
    assert float((tmp_path / "a.o.seconds").read_text()) > 0
    assert report("--launch", fake_program(tmp_path, "fails", "exit 3"), "-o", tmp_path / "b.o")[0] == 3
    assert not (tmp_path / "b.o.seconds").exists()


def configure(folder, *options, **environment):
    cmake = shutil.which("cmake")
    if not cmake:
        pytest.skip("CMake is not installed")
    return run([cmake, "-B", folder, *options], ROOT, **environment)


def test_gcc_10_is_too_old(tmp_path):
    compiler = shutil.which("g++")
    if not compiler:
        pytest.skip("g++ is not installed")
    old = fake_program(tmp_path, "g++-10", f'exec {compiler} -U__GNUC__ -D__GNUC__=10 "$@"')
    code, text = configure(tmp_path / "build", CXX=old)
    assert code != 0
    text = " ".join(text.split())
    assert "is version 10." in text and "Weft needs g++ 11 or newer: install one (Debian, Ubuntu:" in text


def test_python_without_headers(tmp_path):
    (tmp_path / "include").mkdir()
    options = [f"-DPython_EXECUTABLE={sys.executable}", f"-DPython_INCLUDE_DIR={tmp_path / 'include'}"]
    code, text = configure(tmp_path / "build", *options)
    assert code != 0
    assert "was not found: install Python's headers (Debian, Ubuntu:" in " ".join(text.split())


def test_headers_are_staged_where_they_differ(tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(staged LANGUAGES NONE)\n"
        f"include({ROOT}/third_party/cmake/Stage.cmake)\nweft_stage(lib ${{FROM}} lib *.hpp)\n"
    )

    def stage(name, files):
        for path, text in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text)
        code, text = run(
            [
                shutil.which("cmake") or pytest.skip("CMake is not installed"),
                "-S.",
                "-Bout",
                f"-DFROM={tmp_path / name}",
            ],
            tmp_path,
        )
        assert code == 0, text
        deps = tmp_path / "out" / "deps" / "lib"
        return {str(p.relative_to(deps)): p.stat().st_mtime_ns for p in deps.rglob("*") if p.is_file()}

    first = stage("one", {"lib/a.h": "a", "lib/inner/b.h": "b", "top.hpp": "t", "other.txt": ""})
    second = stage("two", {"lib/a.h": "a", "lib/inner/b.h": "changed", "lib/c.h": "c"})
    assert set(first) == {"lib/a.h", "lib/inner/b.h", "top.hpp"}
    assert set(second) == {"lib/a.h", "lib/inner/b.h", "lib/c.h"}
    assert second["lib/a.h"] == first["lib/a.h"]
    assert second["lib/inner/b.h"] != first["lib/inner/b.h"]

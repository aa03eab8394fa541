"""The command line: usage, exit status, `weft run`."""

import subprocess
import sys

import pytest
import support
import weft
from weft import cli


def command(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "weft", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd,
        env=support.environment(),
    )


def test_version_and_help():
    assert command("--version").stdout == f"weft {weft.__version__}\n"
    shown = command("--help")
    assert shown.returncode == 0 and all(name in shown.stdout for name in cli.commands())
    for name in cli.commands():
        shown = command(name, "--help")
        assert shown.returncode == 0 and f"usage: weft {name}" in shown.stdout


@pytest.mark.parametrize(
    "arguments, says",
    [
        ((), "COMMAND"),
        (("nonsense",), "invalid choice: 'nonsense'"),
        (("info", "nonsense"), "unrecognized arguments: nonsense"),
        (("run",), "PROGRAM"),
        (("run", "no_such_file.py"), "there is no file 'no_such_file.py'"),
        (("run", "-m", "no_such_module"), "no_such_module"),
        (("run", "--nonsense", "x.py"), "nonsense"),
    ],
)
def test_bad_usage(arguments, says):
    done = command(*arguments)
    assert done.returncode == 2 and says in done.stderr and "usage: weft" in done.stderr
    assert "Traceback" not in done.stderr


def test_commands_are_modules_with_a_help_line():
    for name, module in cli.commands().items():
        assert module.__name__ == f"weft.cli.{name}" and module.__doc__.splitlines()[0]


def test_main_returns_the_status(capsys):
    assert cli.main(["info"]) == 0
    assert weft.__version__ in capsys.readouterr().out


PROGRAM = """
import sys
import helper
import torch
if __name__ == "__main__":
    print(torch.__version__, sys.argv[1:], __file__.endswith("train.py"), helper.value)
    sys.exit(7)
"""


def test_run_a_file(tmp_path):
    (tmp_path / "train.py").write_text(PROGRAM)
    (tmp_path / "helper.py").write_text("value = 42\n")
    done = command("run", tmp_path / "train.py", "--lr", "0.1", "-m", "--help")
    assert done.returncode == 7, done.stderr
    assert done.stdout == "2.13.0+weft ['--lr', '0.1', '-m', '--help'] True 42\n"


def test_run_a_module(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "train.py").write_text(PROGRAM)
    (tmp_path / "helper.py").write_text("value = 42\n")
    done = command("run", "-m", "package.train", "-x", cwd=tmp_path)
    assert done.returncode == 7 and done.stdout == "2.13.0+weft ['-x'] True 42\n"


def test_errors_of_the_program_are_its_own(tmp_path):
    (tmp_path / "a.py").write_text("import torch\ntorch.ones(2) @ torch.ones(3)\n")
    done = command("run", tmp_path / "a.py")
    assert done.returncode == 1 and "a.py" in done.stderr and "line 2" in done.stderr
    (tmp_path / "b.py").write_text("import no_such_module\n")
    done = command("run", "-m", "b", cwd=tmp_path)
    assert done.returncode == 1 and "ModuleNotFoundError" in done.stderr


def test_a_file_sees_what_python_shows_it(tmp_path):
    """Run by weft and by python: __file__ is absolute, sys.argv[0] as given, pickles and threads find __main__."""
    (tmp_path / "shown.py").write_text(
        "import pickle, sys, threading, time\n"
        "class A: pass\n"
        "print(__file__, sys.argv, sys.modules['__main__'].__file__, __name__, __spec__, __package__, __doc__)\n"
        "print(type(pickle.loads(pickle.dumps(A()))) is A, sys.path[0], __cached__)\n"
        "def late():\n    time.sleep(0.1); print(A.__name__, sys.modules['__main__'].A is A)\n"
        "threading.Thread(target=late).start()\n"
    )
    mine = command("run", "shown.py", "x", cwd=tmp_path)
    theirs = subprocess.run([sys.executable, "shown.py", "x"], cwd=tmp_path, capture_output=True, text=True)
    assert theirs.returncode == 0 and str(tmp_path / "shown.py") in theirs.stdout
    assert mine.stdout == theirs.stdout, mine.stderr


def test_only_the_program_is_required():
    assert "required: PROGRAM\n" in command("run").stderr


def test_doctor_is_well(tmp_path):
    import json

    shown = command("doctor")
    assert shown.returncode == 0, shown.stdout
    assert "self-test on cpu" in shown.stdout and "PROBLEM" not in shown.stdout
    found = json.loads(command("doctor", "--json").stdout)
    assert {"install", "numpy", "threads", "GPU", "shared memory"} <= {finding["name"] for finding in found}


def test_doctor_finds_problems_with_their_remedies(monkeypatch, capsys):
    from weft.cli import doctor

    monkeypatch.setattr(doctor, "_self_test", lambda device: "2 and 2 are 5")
    monkeypatch.setattr(doctor, "_quota", lambda: 0.5)
    monkeypatch.setattr(weft, "get_num_threads", lambda: 64)
    monkeypatch.setattr(doctor, "_field", lambda name: 1 << 20)

    class Small:
        f_frsize, f_bavail = 4096, 16

    monkeypatch.setattr(doctor.os, "statvfs", lambda path: Small)
    assert cli.main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    for name, remedy in (
        ("threads", "set_num_threads(1)"),
        ("memory", "set_limit"),
        ("shared memory", "--shm-size"),
        ("self-test on cpu", "collect_env"),
    ):
        place = next(i for i, line in enumerate(lines) if f" {name} " in line and not line.startswith("ok"))
        assert remedy in lines[place + 1]


def test_a_check_of_the_doctor_that_fails(monkeypatch):
    from weft.cli import doctor

    def broken():
        raise OSError("no such thing")
        yield

    monkeypatch.setattr(doctor, "_CHECKS", (broken,))
    (finding,) = doctor.findings()
    assert finding.level == 2 and "OSError: no such thing" in finding.text


def test_bench(tmp_path):
    import json

    from weft.cli import bench

    file = tmp_path / "results.json"
    shown = command("bench", "--seconds", "0.01", "--threads", "1", "--json", file)
    assert shown.returncode == 0, shown.stderr
    results = json.loads(file.read_text())
    assert results["threads"] == 1 and [r["name"] for r in results["results"]] == list(bench.WORKLOADS)
    assert all(r["seconds"] > 0 and r["gflops"] > 0 for r in results["results"])
    for wrong in (["--threads", "0"], ["--seconds", "-1"], ["--device", "nonsense"], ["--device", "meta"]):
        with pytest.raises(SystemExit) as end:
            cli.main(["bench", *wrong])
        assert end.value.code == 2

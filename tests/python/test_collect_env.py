"""weft.utils.collect_env, weft.utils.bottleneck, and how models and graphs look in notebooks."""

import html.parser
import subprocess
import sys

import pytest
import support
import weft
from weft import nn
from weft.utils import bottleneck, collect_env

pytestmark = pytest.mark.skipif(not support.IS_WEFT, reason="these are Weft's texts")


def module(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=cwd,
        env=support.environment(),
    )


def test_environment():
    info = collect_env.get_env_info()
    assert info.torch_version == weft.__version__ and info.is_cuda_available == str(weft.cuda.is_available())
    assert any(package.startswith("numpy==") for package in info.pip_packages)
    text = collect_env.get_pretty_env_info()
    for word in ("Weft version", "Python version", "OS: ", "oneDNN", "numpy==", "Environment variables"):
        assert word in text
    shown = module("weft.utils.collect_env")
    assert shown.returncode == 0 and "Weft version" in shown.stdout and not shown.stderr


def test_what_cannot_be_found(monkeypatch):
    monkeypatch.setattr(collect_env.shutil, "which", lambda name: None)
    assert "GCC version: Could not collect" in collect_env.get_pretty_env_info()
    assert collect_env.run(["no-such-program"]) is None
    assert collect_env.run([sys.executable, "-c", "raise SystemExit(3)"]) is None


def test_driver_tool(monkeypatch):
    monkeypatch.setattr(collect_env.shutil, "which", lambda name: name)
    monkeypatch.setattr(collect_env, "run", lambda command: "550.1, NVIDIA H200\n550.1, NVIDIA H200")
    assert collect_env._gpus() == ("550.1", "GPU 0: NVIDIA H200\nGPU 1: NVIDIA H200")


def test_bottleneck(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("import sys, helper\nhelper.work(int(sys.argv[1]))\nsys.exit(0)\n")
    (tmp_path / "helper.py").write_text(
        "import weft\n\ndef work(n):\n    for _ in range(n):\n        weft.ones(8, 8).exp()\n"
    )
    shown = module("weft.utils.bottleneck", "--lines", "5", program, "7")
    assert shown.returncode == 0, shown.stderr
    row = next(line for line in shown.stdout.splitlines() if line.startswith("exp "))
    assert " 7  [(8, 8)]" in row and "environment" in shown.stdout and "helper.py" in shown.stdout


def test_bottleneck_of_what_fails(tmp_path, capsys):
    assert bottleneck.main([str(tmp_path / "none.py")]) == 2
    assert "none.py" in capsys.readouterr().err
    program = tmp_path / "program.py"
    program.write_text("raise SystemExit(3)\n")
    assert bottleneck.main([str(program)]) == 0
    seen = capsys.readouterr()
    assert "exited with 3" in seen.err and "no operations" in seen.out
    program.write_text("1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        bottleneck.main([str(program)])
    assert not weft._C._profiler.is_on()


class Balance(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("br", "meta", "polygon", "ellipse", "path"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def balanced(text):
    parser = Balance()
    parser.feed(text)
    return not parser.open


def test_models_in_notebooks():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(weft.ones(3), requires_grad=False)
            self.layers = nn.ModuleDict({"<a>": nn.Linear(2, 3), "lazy": nn.LazyLinear(2)})

        def extra_repr(self):
            return "<b>&"

    text = Odd()._repr_html_()
    assert balanced(text) and "<a>" not in text and "&lt;b&gt;&amp;" in text
    assert "12 parameters, 3 frozen" in text and "weight: (3, 2)" in text and text.count("<details") == 3
    assert balanced(nn.Sequential()._repr_html_())


def test_graphs_and_programs_in_notebooks():
    f = weft.jit(lambda x: x * 2)
    text = f.graph(weft.ones(2))._repr_html_()
    assert "compiled graph" in text and "mul" in text
    program = weft.export.export(lambda x: x < 3, (weft.ones(2),))
    text = program._repr_html_()
    assert balanced(text) and "Program(x: float32 (2,))" in text

"""Progress bars in terminals, pipes, notebooks and log files; meters."""

import io
import math
import os
import pty
import re
import subprocess
import sys
import types

import pytest
import support
import weft
from weft.training import EMA, Average, Progress, Smoothed, Throughput, bars, progress


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_lines_come_now_and_then():
    clock, out = Clock(), io.StringIO()
    with Progress(100, "train", kind="lines", every=10, file=out, clock=clock, unit="step") as bar:
        for step in range(100):
            clock.now += 0.25
            bar.update(1, loss=1 / (step + 1))
    lines = out.getvalue().splitlines()
    assert lines == [
        "train: 40/100 (40%), 4 step/s, 0:15 left, loss 0.025",
        "train: 80/100 (80%), 4 step/s, 0:05 left, loss 0.0125",
        "train: 100/100 (100%), 4 step/s, loss 0.01",
    ]


def test_lines_without_a_total():
    clock, out = Clock(), io.StringIO()
    bar = Progress(kind="lines", every=1, file=out, clock=clock)
    for _ in range(3):
        clock.now += 1
        bar.update(2)
    bar.close()
    assert out.getvalue().splitlines() == ["2, 2 batch/s", "4, 2 batch/s", "6, 2 batch/s"]


def test_resumed_rates_count_from_where_it_began():
    clock, out = Clock(), io.StringIO()
    bar = Progress(10, kind="lines", every=0, file=out, clock=clock, initial=8)
    clock.now = 2.0
    bar.update()
    assert out.getvalue() == "9/10 (90%), 0.5 batch/s, 0:02 left\n"


def test_once_writes_one_line():
    out = io.StringIO()
    with Progress(3, "x", kind="once", file=out, clock=Clock()) as bar:
        for _ in range(3):
            bar.update()
        bar.show(loss=weft.tensor(0.5))
    assert out.getvalue() == "x: 3/3 (100%), loss 0.5\n"


def test_where_what_is_shown(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    monkeypatch.delenv("WEFT_PROGRESS", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    here = {"tqdm"}
    monkeypatch.setattr(bars, "_installed", lambda library: library in here)
    assert bars._choose_kind("auto", io.StringIO()) == "lines"
    assert bars._choose_kind("auto", Terminal()) == "tqdm"
    here.clear()
    assert bars._choose_kind("auto", Terminal()) == "lines"
    here.add("rich")
    assert bars._choose_kind("auto", Terminal()) == "rich"
    monkeypatch.setenv("TERM", "dumb")
    assert bars._choose_kind("auto", Terminal()) == "lines"
    monkeypatch.setenv("WEFT_PROGRESS", "off")
    assert bars._choose_kind("auto", Terminal()) == "off" and bars._choose_kind("lines", Terminal()) == "lines"
    monkeypatch.delenv("WEFT_PROGRESS")
    monkeypatch.setenv("RANK", "1")
    assert bars._choose_kind("auto", Terminal()) == "off"
    monkeypatch.setenv("RANK", "0")
    assert bars._choose_kind("auto", None) == "off"
    closed = io.StringIO()
    closed.close()
    assert bars._choose_kind("auto", closed) == "lines"
    with pytest.raises(ValueError, match="kind must be one of auto, tqdm"):
        Progress(kind="disco")


def test_notebooks(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    shell = type("ZMQInteractiveShell", (), {})()
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setattr(bars, "_installed", lambda library: True)
    assert bars._choose_kind("auto", sys.stderr) == "notebook"
    monkeypatch.setattr(bars, "_installed", lambda library: library != "ipywidgets")
    assert bars._choose_kind("auto", sys.stderr) == "lines"


def test_a_missing_library_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(ImportError, match="pip install tqdm"):
        Progress(kind="tqdm", file=Terminal())


@pytest.mark.parametrize("kind", ["lines", "tqdm"])
def test_output_that_breaks_does_not_end_the_loop(kind):
    class Broken(Terminal):
        def write(self, text):
            if len(self.getvalue()) > 20:
                raise BrokenPipeError
            return super().write(text)

    bar = Progress(1000, "train", kind=kind, every=0, file=Broken(), clock=iter(range(10**6)).__next__)
    for _ in range(1000):
        bar.update(1, loss=0.5)
    bar.write("text")
    bar.close()
    assert bar.done == 1000
    out = io.StringIO()
    bar = Progress(3, kind="lines", every=0, file=out)
    out.close()
    bar.update()
    bar.close()


def test_figures_that_are_not_shown_are_not_read():
    class Unread:
        def item(self):
            raise AssertionError("read")

    with Progress(3, kind="off") as bar:
        bar.update(1, loss=Unread())
    bar = Progress(3, kind="lines", every=60, file=io.StringIO())
    bar.update(1, loss=Unread())
    with pytest.raises(AssertionError, match="read"):
        bar.close()


def test_iterables():
    out = io.StringIO()
    assert list(progress(iter("abc"), kind="lines", every=60, file=out, clock=Clock())) == ["a", "b", "c"]
    assert out.getvalue() == "3\n"
    out = io.StringIO()
    for _ in progress(range(5), "some", kind="lines", every=60, file=out, clock=Clock()):
        break
    assert out.getvalue() == ""
    for options in ({"total": -1}, {"initial": -1}):
        with pytest.raises(ValueError, match="must not be negative, got -1"):
            Progress(**options)


PROGRAM = """
import weft
weft.Trainer(weft.nn.Linear(2, 1), "sgd", "mse_loss").fit([(weft.zeros(4, 2), weft.ones(4, 1))] * 30, epochs=2)
for _ in weft.training.progress(range(50), "mine"):
    pass
"""


def environment():
    return {k: v for k, v in support.environment().items() if k not in ("RANK", "WEFT_PROGRESS")} | {"TERM": "xterm"}


def test_in_a_pipe_there_are_whole_lines():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, env=environment(), timeout=120
    )
    lines = done.stderr.splitlines()
    assert done.returncode == 0 and "\r" not in done.stderr and "\x1b" not in done.stderr and len(lines) == 3
    assert re.fullmatch(r"epoch 2/2: 30/30 \(100%\), \S+ batch/s, loss [\d.]+", lines[1])


def test_in_a_terminal_there_is_a_bar():
    pytest.importorskip("tqdm")
    ours, theirs = pty.openpty()
    child = subprocess.Popen([sys.executable, "-c", PROGRAM], stderr=theirs, env=environment())
    os.close(theirs)
    shown = b""
    while True:
        try:
            read = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not read:
            break
        shown += read
    os.close(ours)
    assert child.wait(timeout=120) == 0
    text = shown.decode()
    assert "\r" in text and "epoch 2/2: 100%" in text and "loss" in text and "mine: 100%" in text


def test_averages():
    mean = Average()
    assert math.isnan(mean.value)
    mean.update(weft.tensor(2.0), weight=3)
    mean.update(6)
    assert mean.value == 3.0
    with pytest.raises(ValueError, match="weight must not be negative, got -1"):
        mean.update(1.0, weight=-1)
    with pytest.raises(ValueError, match="must not be negative, got nan"):
        mean.update(1.0, weight=math.nan)
    smooth = Smoothed(0.9)
    for _ in range(5):
        smooth.update(3.0)
    assert smooth.value == pytest.approx(3.0)
    with pytest.raises(ValueError, match=r"decay must be in \[0, 1\)"):
        Smoothed(1.0)


def test_throughput_forgets():
    clock = Clock()
    rate = Throughput(seconds=2.0, clock=clock)
    for count in (100, 100, 10, 10, 10, 10, 10):
        clock.now += 1.0
        rate.update(count)
    assert rate.value == pytest.approx(10.0)
    with pytest.raises(ValueError, match="seconds must be positive"):
        Throughput(0)


def test_ema_begins_late_and_skips():
    model = weft.nn.Linear(1, 1, bias=False)
    ema = EMA(model, decay=0.5, every=2, start=1)
    seen = []
    for value in (1.0, 2.0, 4.0, 8.0, 16.0):
        with weft.no_grad():
            model.weight.fill_(value)
        ema.update(model)
        seen.append(ema.average.weight.item())
    assert seen == [1.0, 1.0, 2.5, 2.5, 9.25]
    other = EMA(model, decay=0.5, every=2, start=1)
    other.load_state_dict(ema.state_dict())
    for each in (ema, other):
        each.update(model)
        each.update(model)
    assert ema.average.weight.item() == other.average.weight.item() == 12.625
    assert not any(p.requires_grad for p in ema.average.parameters())
    for options in ({"every": 0}, {"start": -1}, {"decay": 2.0}):
        with pytest.raises(ValueError):
            EMA(model, **options)

"""Ctrl-C is answered between the steps of long work in C++, and leaves nothing half changed."""

import signal
import subprocess
import sys
import time

import pytest
from support import weft_only

pytestmark = weft_only

# A shell's background jobs ignore the signal, and so do their children. Each program says that it has started within
# its try: Python 3.11 looks for the handler of what a loop's jump raises at the instruction before the loop.
ANSWER = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
# Each program prints "started", is interrupted, and says how it took it. Long enough to be noticed as not answered.
BACKWARD = """
import weft, time
x = weft.ones(200, 200, requires_grad=True)
y = x
for _ in range(8000): y = (y @ x).clamp(0, 1)
loss = y.sum()
try:
    print("started", flush=True)
    loss.backward()
except KeyboardInterrupt:
    print("interrupted", x.grad is None, flush=True)
"""
COMPILED = """
import weft
x = weft.ones(500, 500)
total = weft.zeros(500, 500)
@weft.jit
def f(x, total):
    y = x
    for _ in range(1000): y = (y @ x).clamp(0, 1)
    total.add_(y)
    return y.sum()
f(x, total)
before = total.clone()
try:
    print("started", flush=True)
    f(x, total)
    before = total.clone()
    f(x, total)
except KeyboardInterrupt:
    print("interrupted", weft.equal(before, total), flush=True)
"""
TOLIST = """
import weft
x = weft.zeros(10_000_000)
try:
    print("started", flush=True)
    while True: x.tolist()
except KeyboardInterrupt:
    print("interrupted", True, flush=True)
"""
TENSOR = """
import weft
numbers = [[1, 2.5]] * 4_000_000
try:
    print("started", flush=True)
    weft.tensor(numbers)
    weft.tensor(numbers)
    weft.tensor(numbers)
except KeyboardInterrupt:
    print("interrupted", True, flush=True)
"""


PROGRAMS = {"backward": BACKWARD, "compiled": COMPILED, "tolist": TOLIST, "tensor": TENSOR}


@pytest.mark.parametrize("program", PROGRAMS)
def test_ctrl_c(program):
    process = subprocess.Popen([sys.executable, "-c", ANSWER + PROGRAMS[program]], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "started\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert out == "interrupted True\n"


class Stop(Exception):
    pass


@pytest.fixture
def alarm():
    """Raises Stop in the main thread after the given time."""

    def stop(*_):
        raise Stop

    before = signal.signal(signal.SIGALRM, stop)
    yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_a_handler_that_raises_ends_a_backward(w, alarm):
    x = w.ones(2, requires_grad=True)
    p = w.ones(2, requires_grad=True)
    p.grad = w.full((2,), 5.0)
    y = x + p
    for _ in range(2_000_000):
        y = y + 1
    loss = y.sum()
    alarm(0.05)
    with pytest.raises(Stop):
        loss.backward()
    assert x.grad is None and p.grad.tolist() == [5.0, 5.0]
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_a_signal_handler_runs_during_a_backward(w):
    """One that does not raise does not disturb it."""
    seen = []
    before = signal.signal(signal.SIGALRM, lambda *_: seen.append(time.monotonic()))
    try:
        x = w.ones(2, requires_grad=True)
        y = x
        for _ in range(300_000):
            y = y + 1
        loss = y.sum()
        signal.setitimer(signal.ITIMER_REAL, 0.001)
        loss.backward()
        done = time.monotonic()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert seen and seen[0] < done and x.grad.tolist() == [1.0, 1.0]

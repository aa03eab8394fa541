"""The number of threads, and what several threads, forked children and the end of the process do to ops."""

import os
import subprocess
import sys
import threading

import pytest
import weft

# Runs a step over and over in daemon threads while the process ends.
DAEMON = """
import threading, time
import weft

data = weft.randn(256, 256)

def ops():
    (data @ data).relu_().sum().item()

def make_training():
    model = weft.nn.Sequential(weft.nn.Linear(256, 64), weft.nn.ReLU(), weft.nn.Linear(64, 1))
    optimizer = weft.optim.SGD(model.parameters(), lr=1e-3)

    def step():
        optimizer.zero_grad()
        model(data).sum().backward()
        optimizer.step()

    return step

def hooks():
    w = weft.randn(256, 256, requires_grad=True)
    y = data @ w
    y.register_hook(lambda g: [g * 2 for _ in range(100)][-1])
    y.sum().backward()

class Slow(weft.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        sum(range(1000))
        return x * 2

    @staticmethod
    def backward(ctx, g):
        sum(range(1000))
        return g * 2

def function():
    Slow.apply(weft.randn(256, 256, requires_grad=True)).sum().backward()

shared = weft.jit(lambda x: (x @ x).relu().sum())

def jit():
    shared(data)

def trace():
    weft.jit(lambda x: (x @ x).relu().sum())(data)

def cond():
    weft.cond(data.sum() > 0, lambda x: x * 2, lambda x: x + 1, (data,))

def start(make):
    step = make()

    def run():
        while True:
            step()

    threading.Thread(target=run, daemon=True).start()
"""


def run(code, timeout=60, **environment):
    env = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=timeout, env=env)


def lines_of(code, **environment):
    done = run(code, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("step", ["ops", "hooks", "function", "jit", "trace", "cond", "training"])
def test_daemon_threads_compute_while_the_process_ends(step):
    make = "make_training" if step == "training" else f"lambda: {step}"
    code = DAEMON + f"start({make})\nstart({make})\ntime.sleep(0.3)\n"
    for _ in range(3):
        done = run(code)
        assert (done.returncode, done.stderr) == (0, "")


def test_two_threads_compile_their_first_functions_at_once():
    # Each of these makes something once for the process, with the help of Python code
    code = (
        DAEMON
        + """
import sys
sys.setswitchinterval(1e-6)
barrier = threading.Barrier(4)

def first():
    barrier.wait()
    x = weft.randn(8, 8)
    weft.jit(lambda x: (x @ x).relu().sum())(x)
    x.shape, x.contiguous(memory_format=weft.contiguous_format), weft.zeros(2, layout=weft.strided)

threads = [threading.Thread(target=first) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print("done")
"""
    )
    for _ in range(10):
        assert lines_of(code) == ["done"]


def test_the_number_holds_for_all_threads():
    before = weft.get_num_threads()
    seen = []
    try:
        for count in (1, 3, 2):
            weft.set_num_threads(count)
            thread = threading.Thread(target=lambda: seen.append(weft.get_num_threads()))
            thread.start()
            thread.join()
        thread = threading.Thread(target=weft.set_num_threads, args=(4,))
        thread.start()
        thread.join()
        assert (seen, weft.get_num_threads()) == ([1, 3, 2], 4)
    finally:
        weft.set_num_threads(before)


@pytest.mark.parametrize("bad", [0, -1, 1025, 2**31 - 1, 2**31, 2**63, -(2**63), 1.5, True, None, "2", [2]])
@pytest.mark.parametrize("name", ["set_num_threads", "set_num_interop_threads"])
def test_what_is_no_number_of_threads_is_refused(name, bad):
    if name == "set_num_interop_threads" and bad in (1025, 2**31 - 1) and bad is not True:
        pytest.skip("no thread is started for it")
    before = weft.get_num_threads(), weft.get_num_interop_threads()
    with pytest.raises((TypeError, ValueError, OverflowError)):
        getattr(weft, name)(bad)
    assert (weft.get_num_threads(), weft.get_num_interop_threads()) == before


def test_environment_variables():
    code = "import weft; print(weft.get_num_threads())"
    cores = str(len(os.sched_getaffinity(0)))
    assert lines_of(code, WEFT_NUM_THREADS="3", OMP_NUM_THREADS="5") == ["3"]
    assert lines_of(code, WEFT_NUM_THREADS="", OMP_NUM_THREADS="5") == ["5"]
    assert lines_of(code, WEFT_NUM_THREADS="", OMP_NUM_THREADS="4,2") == ["4"]
    for nonsense in ("", "none", "0", "-2", "99999999999999999999"):
        (seen,) = lines_of(code, WEFT_NUM_THREADS="", OMP_NUM_THREADS=nonsense)
        assert int(seen) <= int(cores)  # a quota may leave fewer
    for nonsense in ("none", "0", "-2", "1025", "2.5", "3 4", "99999999999999999999"):
        done = run(code, WEFT_NUM_THREADS=nonsense)
        assert done.returncode != 0
        assert f"WEFT_NUM_THREADS: expected a number of threads from 1 to 1024, got '{nonsense}'" in done.stderr


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_affinity():
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    code += "import weft; print(weft.get_num_threads())"
    assert lines_of(code, WEFT_NUM_THREADS="", OMP_NUM_THREADS="") == ["1"]


def test_interop_threads_are_a_hint():
    code = """import weft
print(weft.get_num_interop_threads() == weft.get_num_threads())
weft.set_num_interop_threads(7)
print(weft.get_num_interop_threads(), weft.get_num_threads())
"""
    assert lines_of(code, WEFT_NUM_THREADS="2") == ["True", "7", "2"]


def test_no_threads_are_started_anew():
    code = """import os, weft
def alive(): return len(os.listdir("/proc/self/task"))
before = alive()
x = weft.randn(300_000)
weft.set_num_threads(4)
x.exp(), weft.randn(512, 512) @ weft.randn(512, 512)
first = alive()
for i in range(100):
    weft.set_num_threads(1 + i % 4)
    x.exp(), x[:40_000].exp(), x.sum()
print(first - before, alive() - first)
"""
    assert lines_of(code) == ["3", "0"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_may_use_several_threads():
    code = """import os, weft
x = weft.randn(512, 512)
w = weft.randn(512, 512, dtype=weft.bfloat16)
images, kernels = weft.randn(8, 32, 28, 28), weft.randn(64, 32, 3, 3)
def work(): return [(x @ x).sum().item(), x.exp().sum().item(), (w @ w).float().sum().item(),
                    weft.nn.functional.conv2d(images, kernels).sum().item()]
weft.set_num_threads(3)
wanted = work()
child = os.fork()
if child == 0:
    weft.set_num_threads(2)
    same = work() == wanted
    weft.set_num_threads(4)
    os._exit(0 if same and work() == wanted and len(os.listdir("/proc/self/task")) == 4 else 1)
print(os.waitpid(child, 0)[1], work() == wanted)
"""
    assert lines_of(code) == ["0", "True"]


def test_results_while_others_compute_and_the_number_changes():
    before = weft.get_num_threads()
    x = weft.randn(700, 300)
    weft.set_num_threads(1)
    wanted = [(x @ x.T).sum(0), x.softmax(1), x.sum(), x.cumsum(1)]
    wrong, stop = [], threading.Event()

    def compute():
        while not stop.is_set():
            got = [(x @ x.T).sum(0), x.softmax(1), x.sum(), x.cumsum(1)]
            wrong.extend(i for i, (a, b) in enumerate(zip(got, wanted)) if not weft.equal(a, b))

    threads = [threading.Thread(target=compute) for _ in range(3)]
    try:
        for thread in threads:
            thread.start()
        for i in range(300):
            weft.set_num_threads(1 + i % 5)
            x.exp()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        weft.set_num_threads(before)
    assert not wrong


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_child_ends_without_the_threads_of_its_parent():
    code = """import os, threading, time
import weft
w = weft.randn(4, 4, requires_grad=True)
inside = threading.Event()
def hook(g):
    inside.set()
    time.sleep(3)
w.register_hook(hook)
thread = threading.Thread(target=lambda: (w * 2).sum().backward())
thread.start()
inside.wait()
child = os.fork()
if child == 0:
    raise SystemExit(0)
start = time.monotonic()
print(os.waitpid(child, 0)[1], time.monotonic() - start < 20)
thread.join()
"""
    assert lines_of(code) == ["0", "True"]


def test_other_threads_run_while_a_graph_is_compiled(w):
    """Passes and the memory plan do not need Python: a thread that wakes when the function has been traced gets on."""

    def ran_meanwhile():
        traced, ran, called = threading.Event(), [], []

        def wait():
            traced.wait()
            ran.append(not called)

        def function(x):
            for n in range(300):
                x = (x * 1.01 + n).sin()
            traced.set()
            return x

        other = threading.Thread(target=wait)
        other.start()
        w.jit(function)(w.ones(3))
        called.append(True)
        other.join()
        return ran[0]

    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)  # no thread takes the lock from another one
    try:
        assert any(ran_meanwhile() for _ in range(20))
    finally:
        sys.setswitchinterval(before)

"""Streams of GPUs: what waits for what, whose memory is kept how long, what other threads do meanwhile.

On the simulated devices streams are queues that are run late, in an order drawn by chance: each test runs under several
seeds. On a GPU it runs once.
"""

import ctypes
import os
import subprocess
import sys
import threading

import pytest
from support import devices, environment, is_simulated, load, weft_only

pytestmark = [weft_only, pytest.mark.skipif("cuda" not in devices(), reason="no GPU")]

SIMULATED = "cuda" in devices() and is_simulated(load(), "cuda")
needs_simulator = pytest.mark.skipif(not SIMULATED, reason="asks the simulator")
SIZE = 5000


def simulator():
    return ctypes.CDLL(os.environ["WEFT_CUDA_PLUGIN"])


@pytest.fixture
def cuda(w):
    yield w.cuda
    w.cuda.set_device(0)
    for device in range(w.cuda.device_count()):
        w.cuda.synchronize(device)


@pytest.fixture
def two(cuda):
    if cuda.device_count() < 2:
        pytest.skip("one GPU")
    return cuda


@pytest.fixture
def orders(cuda):
    """Sets one order of the simulator's queues after the other."""
    if not SIMULATED:
        yield range(1)
        return

    def each():
        for seed in range(30):
            cuda.synchronize()
            simulator().weft_simulator_order(f"random:{seed}".encode())
            yield seed

    yield each()
    simulator().weft_simulator_order(os.environ.get("WEFT_SIMULATED_ORDER", "random:1").encode())


def doubling(w, log):
    class Doubling(w.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            log.append(w.cuda.current_stream(grad.device))
            return grad * 2

    return Doubling.apply


# Backward


def test_backward_runs_on_the_streams_of_forward(w, cuda):
    log, default, side = [], cuda.current_stream(), cuda.Stream()
    double = doubling(w, log)
    x = w.ones(3, device="cuda", requires_grad=True)
    with cuda.stream(side):
        side.wait_stream(default)
        y = double(x)
        hooked = []
        y.register_hook(lambda grad: hooked.append(cuda.current_stream()))
    default.wait_stream(side)
    y.record_stream(default)
    double(y).sum().backward()
    assert log == [default, side] and hooked == [side]
    assert cuda.current_stream() == default and x.grad.tolist() == [4.0] * 3


def test_backward_follows_forward_without_being_told(w, cuda, orders):
    """Nothing waits for the side stream between forward and backward, nor between backward and the use of .grad."""
    side = cuda.Stream()
    for seed in orders:
        x = w.full((SIZE,), 3.0, device="cuda", requires_grad=True)
        with cuda.stream(side):
            side.wait_stream(cuda.default_stream())
            loss = (x * x * x).sum()
        loss.backward()
        assert x.grad.sum().item() == 27 * SIZE, seed
        assert loss.item() == 27 * SIZE, seed


def test_gradients_of_two_streams_meet(w, cuda, orders):
    sides = [cuda.Stream(), cuda.Stream()]
    for seed in orders:
        x = w.full((SIZE,), 2.0, device="cuda", requires_grad=True)
        z = x * 3
        parts = []
        for n, side in enumerate(sides):
            side.wait_stream(cuda.default_stream())
            with cuda.stream(side):
                parts.append((z * z * (n + 1)).sum())
                z.record_stream(side)
        for side, part in zip(sides, parts, strict=True):
            cuda.default_stream().wait_stream(side)
            part.record_stream(cuda.default_stream())
        sum(parts).backward()
        assert x.grad.tolist() == [2 * 6 * 3 * 3.0] * SIZE, seed


def test_a_gradient_that_another_stream_still_reads_is_not_added_to(w, cuda, orders):
    """The gradient of the sum goes to x and to y, whose step reads it on another stream and lets go of it first."""
    side = cuda.Stream()
    for seed in orders:
        x = w.full((SIZE,), 2.0, device="cuda", requires_grad=True)
        z = w.full((SIZE,), 2.0, device="cuda", requires_grad=True)
        with cuda.stream(side):
            side.wait_stream(cuda.default_stream())
            y = z * 1
        first = x * 5  # younger than y's first step and older than its last
        with cuda.stream(side):
            y = y * 3
        cuda.default_stream().wait_stream(side)
        second = (x + y) * 1
        one = w.ones(SIZE, device="cuda")
        w.autograd.backward([first, second], [one, one])
        assert z.grad.tolist() == [3.0] * SIZE and x.grad.tolist() == [6.0] * SIZE, seed


def test_hooks_may_change_a_gradient_that_another_stream_still_reads(w, cuda, orders):
    side = cuda.Stream()
    for seed in orders:
        x = w.full((SIZE,), 2.0, device="cuda", requires_grad=True)
        z = w.full((SIZE,), 2.0, device="cuda", requires_grad=True)
        x.register_post_accumulate_grad_hook(lambda leaf: leaf.grad.mul_(100))
        with cuda.stream(side):
            side.wait_stream(cuda.default_stream())
            y = z * 1
        first = x + 1
        with cuda.stream(side):
            y = y * 3
        cuda.default_stream().wait_stream(side)
        ((first + y) * 1).backward(w.ones(SIZE, device="cuda"))
        assert z.grad.tolist() == [3.0] * SIZE and x.grad.tolist() == [100.0] * SIZE, seed


def test_saved_tensors_of_another_stream_are_not_given_out_early(w, cuda, orders):
    """What is saved for a side stream's backward is freed there, but comes from the default stream."""
    side = cuda.Stream()
    for seed in orders:
        a = w.full((SIZE,), 2.0, device="cuda")
        x = w.ones(SIZE, device="cuda", requires_grad=True)
        with cuda.stream(side):
            side.wait_stream(cuda.default_stream())
            y = x * (a + 0)
            y = y * a
        del a
        with cuda.stream(side):
            (grad,) = w.autograd.grad(y.sum(), x)
            del y
        w.full((SIZE,), 100.0, device="cuda")
        cuda.default_stream().wait_stream(side)
        assert grad.tolist() == [4.0] * SIZE, seed


def test_results_of_grad_are_ready_for_the_caller(w, cuda, orders):
    side, other = cuda.Stream(), cuda.Stream()
    for seed in orders:
        x = w.ones(SIZE, device="cuda", requires_grad=True)
        with cuda.stream(side):
            side.wait_stream(cuda.default_stream())
            y = x * 3
            z = (y * y).sum()
        with cuda.stream(other):
            other.wait_stream(cuda.default_stream())
            (to_y,) = w.autograd.grad(z, [y], retain_graph=True)
            assert to_y.tolist() == [6.0] * SIZE, seed
            to_y, to_x = w.autograd.grad(z, [y, x])
            again = to_y + to_x
        del to_y, to_x
        with cuda.stream(side):
            w.full((SIZE,), 100.0, device="cuda")
        with cuda.stream(other):
            assert again.tolist() == [24.0] * SIZE, seed


def test_retained_gradients_are_ready_for_the_caller(w, cuda, orders):
    side = cuda.Stream()
    for seed in orders:
        x = w.ones(SIZE, device="cuda", requires_grad=True)
        with cuda.stream(side):
            side.wait_stream(cuda.default_stream())
            y = x * 3
            y.retain_grad()
            z = (y * y).sum()
        z.backward()
        assert y.grad.tolist() == [6.0] * SIZE, seed


def test_backward_over_two_devices_and_streams(w, two, orders):
    log, cuda = [], two
    side, there = cuda.Stream("cuda:0"), cuda.Stream("cuda:1")
    double = doubling(w, log)
    for seed in orders:
        log.clear()
        x = w.full((SIZE,), 2.0, device="cuda:0", requires_grad=True)
        with cuda.stream(side):
            side.wait_stream(cuda.default_stream(0))
            y = double(x * x)
            with cuda.stream(there):
                z = double(y.to("cuda:1")).sum()
        z.backward()
        assert log == [there, side], seed
        assert x.grad.tolist() == [16.0] * SIZE, seed


def test_a_recorded_backward_with_streams_of_its_own(w, cuda, orders):
    side = cuda.Stream()
    for seed in orders:
        x = w.full((SIZE,), 2.0, device="cuda", requires_grad=True)
        x.grad = w.zeros(SIZE, device="cuda")
        graph = cuda.CUDAGraph()
        with cuda.graph(graph):
            main = cuda.current_stream()
            y = x * x
            with cuda.stream(side):
                side.wait_stream(main)
                z = (y * y).sum()
            main.wait_stream(side)
            z.backward()
        for _ in range(2):
            graph.replay()
        assert x.grad.tolist() == [2 * 32.0] * SIZE, seed


# Copies


@pytest.mark.parametrize("on_side_streams", [False, True])
def test_a_copy_between_devices_keeps_its_source(w, two, orders, on_side_streams):
    cuda = two
    here, there = (cuda.Stream(d) if on_side_streams else cuda.default_stream(d) for d in ("cuda:0", "cuda:1"))
    for seed in orders:
        first = w.full((SIZE,), float(seed), device="cuda:0")  # of the default stream
        here.wait_stream(cuda.default_stream(0))
        with cuda.stream(here), cuda.stream(there):
            there_first = first.to("cuda:1")
            second = w.full((SIZE,), seed + 1.0, device="cuda:0")
            there_second = second.to("cuda:1") + 0
            del second
            w.full((SIZE,), -1.0, device="cuda:0")
        del first
        w.full((SIZE,), -1.0, device="cuda:0")
        with cuda.stream(there):
            assert there_first.tolist() == [float(seed)] * SIZE, seed
            assert there_second.tolist() == [seed + 1.0] * SIZE, seed


def test_a_copy_does_not_overwrite_what_the_target_is_still_used_for(w, two, orders):
    for seed in orders:
        x = w.full((SIZE,), 1.0, device="cuda:1")
        y = x * 2
        del x
        z = w.full((SIZE,), 5.0, device="cuda:0").to("cuda:1")  # where x was
        assert y.tolist() == [2.0] * SIZE and z.tolist() == [5.0] * SIZE, seed


def test_pinned_memory_is_kept_for_every_stream_that_copies_from_it(w, cuda, orders):
    streams = [cuda.Stream(), cuda.Stream(), *(cuda.Stream(d) for d in range(1, cuda.device_count()))]
    for seed in orders:
        pinned = w.full((SIZE,), 1.0 + seed).pin_memory()
        copies = []
        for stream in streams:
            with cuda.stream(stream):
                copies.append(pinned.to(stream.device, non_blocking=True))
        streams[seed % len(streams)].synchronize()
        del pinned
        for _ in range(3):
            w.full((SIZE,), -1.0).pin_memory()
        for stream, copy in zip(streams, copies, strict=True):
            with cuda.stream(stream):
                assert copy.tolist() == [1.0 + seed] * SIZE, seed


# Events and streams of several devices


def test_events_order_default_streams_of_two_devices(w, two, orders):
    cuda = two
    for seed in orders:
        x = w.full((SIZE,), float(seed), device="cuda:0")
        pinned = w.zeros(SIZE).pin_memory()
        done = cuda.default_stream(0).record_event()
        with cuda.device(1):
            cuda.default_stream(1).wait_event(done)
            assert cuda.default_stream(1).query() in (True, False)
            cuda.default_stream(1).synchronize()
        assert done.query(), seed
        del pinned
        assert x.tolist() == [float(seed)] * SIZE


@needs_simulator
def test_the_current_device_may_be_changed_by_others(w, two):
    x = w.ones(SIZE, device="cuda:0")
    for other in (1, 0, 1):
        simulator().cudaSetDevice(other)
        y = x * 2
        event = two.default_stream(0).record_event()
        event.synchronize()
        simulator().cudaSetDevice(other)
        assert y.sum().item() == 2 * SIZE
        simulator().cudaSetDevice(other)
        assert w.ones(SIZE, device="cuda:1").sum().item() == SIZE
        simulator().cudaSetDevice(other)
        two.default_stream(1).synchronize()
        two.synchronize(0)
        two.empty_cache()


# Recordings


def in_thread(function):
    """What function() raises in a thread of its own, or None."""
    errors = []

    def body():
        try:
            function()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    return errors[0] if errors else None


def test_no_wait_of_another_thread_spoils_a_recording(w, cuda):
    x, log = w.ones(SIZE, device="cuda"), []
    old = cuda.CUDAGraph()
    with cuda.graph(old):
        old_result = w.ones(2_000_000, device="cuda") * 2
    side = cuda.Stream()

    def others():
        with cuda.stream(side):
            log.append((w.ones(10, device="cuda") * 3).sum().item())
            log.append((w.ones(10, device="cuda") * 4).tolist()[0])
            big = w.ones(3_000_000, device="cuda")
            cuda.synchronize()
            side.record_event().synchronize()
            del big
            cuda.empty_cache()
            old.reset()

    graph = cuda.CUDAGraph()
    with cuda.graph(graph):
        y = x * 2
        error = in_thread(others)
        z = y + 1
    assert error is None and log == [30.0, 4.0]
    graph.replay()
    assert z.tolist() == [3.0] * SIZE
    del old_result


def test_waiting_for_what_is_being_recorded_is_an_error_and_spoils_nothing(w, cuda):
    x, graph = w.ones(SIZE, device="cuda"), cuda.CUDAGraph()
    with cuda.graph(graph):
        y = x * 2
        stream = cuda.current_stream()
        for wait in (cuda.synchronize, stream.synchronize, stream.query, y.cpu, y.sum().item):
            with pytest.raises(RuntimeError, match="recorded"):
                wait()
        event = stream.record_event()
        for wait in (event.query, event.synchronize):
            with pytest.raises(RuntimeError, match="recorded"):
                wait()
        z = y + 1
    graph.replay()
    assert z.tolist() == [3.0] * SIZE


def test_streams_of_one_graph_have_memory_of_their_own(w, cuda):
    """Branches of a graph run side by side: what one has freed is not free for the other."""
    x, graph, side = w.arange(float(SIZE), device="cuda"), cuda.CUDAGraph(), cuda.Stream()
    with cuda.graph(graph):
        main = cuda.current_stream()
        side.wait_stream(main)
        branches = []
        for factor in range(1, 9):
            stream = side if factor % 2 else main
            with cuda.stream(stream):
                branches.append(((x * factor) + 1) * 2 - 2)
        main.wait_stream(side)
    for _ in range(20):
        graph.replay()
        for factor, y in enumerate(branches, 1):
            assert y.tolist() == [2.0 * factor * i for i in range(SIZE)]


def test_what_another_stream_of_a_graph_uses_is_not_free_for_its_own(w, cuda):
    x, graph, side = w.arange(float(SIZE), device="cuda"), cuda.CUDAGraph(), cuda.Stream()
    with cuda.graph(graph):
        main, found = cuda.current_stream(), []
        for _ in range(4):
            given = x * 3
            side.wait_stream(main)
            with cuda.stream(side):
                found.append(given + 1)
                given.record_stream(side)
            del given
            x * 7  # would take its place
        main.wait_stream(side)
    for _ in range(20):
        graph.replay()
        assert all(y.tolist() == [3.0 * i + 1 for i in range(SIZE)] for y in found)


def test_backward_over_two_streams_is_recorded(w, cuda):
    graph, side = cuda.CUDAGraph(), cuda.Stream()
    x = w.arange(float(SIZE), device="cuda").requires_grad_()

    def step():
        main = cuda.current_stream()
        side.wait_stream(main)
        a = (x * 2).sin()
        with cuda.stream(side):
            b = (x * 3).cos() * x
        main.wait_stream(side)
        b.record_stream(main)
        (grad,) = w.autograd.grad((a * b).sum(), x)
        return grad

    expected = step().tolist()
    with cuda.graph(graph):
        grad = step()
    for _ in range(20):
        graph.replay()
        assert grad.tolist() == expected


def test_a_stream_that_is_not_joined_again_is_an_error(w, cuda):
    x, side = w.ones(SIZE, device="cuda"), cuda.Stream()
    with pytest.raises(RuntimeError, match="recording"), cuda.graph(cuda.CUDAGraph()):
        side.wait_stream(cuda.current_stream())
        with cuda.stream(side):
            x * 2
    assert (x * 2).tolist() == [2.0] * SIZE


def test_memory_is_used_again_while_backward_is_recorded(w, cuda):
    x = w.ones(1_000_000, device="cuda", requires_grad=True)
    before = cuda.memory_reserved()
    with cuda.graph(cuda.CUDAGraph()):
        for _ in range(20):
            (x.exp() * x).exp().sum().backward()
    assert cuda.memory_reserved() - before < 80_000_000, "all rounds would take 160 MB"


# Memory that the driver does not take back


def fail_to_unmap(times):
    for call in (b"cuMemUnmap", b"cudaFree"):  # with virtual memory and without
        simulator().weft_simulator_fail(call, times)


@needs_simulator
def test_a_failed_unmap_is_an_error(w, cuda):
    cuda.empty_cache()
    kept = w.ones(3_000_000, device="cuda")
    w.ones(8_000_000, device="cuda")
    reserved = cuda.memory_reserved()
    fail_to_unmap(1)
    with pytest.raises(RuntimeError, match="memory of cuda:0.*(cuMemUnmap|cudaFree)"):
        cuda.empty_cache()
    fail_to_unmap(0)
    assert cuda.memory_reserved() <= reserved and kept.sum().item() == 3_000_000
    again = w.full((8_000_000,), 2.0, device="cuda")
    assert again.sum().item() == 16_000_000
    del again
    cuda.empty_cache()
    assert cuda.memory_reserved() < reserved and kept.sum().item() == 3_000_000


@needs_simulator
def test_a_failed_wait_before_an_unmap_is_an_error(w, cuda):
    w.ones(8_000_000, device="cuda")
    simulator().weft_simulator_fail(b"cudaDeviceSynchronize", 1000)
    try:
        with pytest.raises(RuntimeError, match="cudaDeviceSynchronize"):
            cuda.empty_cache()
    finally:
        simulator().weft_simulator_fail(b"cudaDeviceSynchronize", 0)
    cuda.empty_cache()


@needs_simulator
def test_destructors_say_once_that_memory_was_not_taken_back(tmp_path):
    program = """
import ctypes, os, weft
for round in range(2):
    graph = weft.cuda.CUDAGraph()
    with weft.cuda.graph(graph):
        y = weft.ones(8_000_000, device="cuda") * 2
    for call in (b"cuMemUnmap", b"cudaFree"):
        ctypes.CDLL(os.environ["WEFT_CUDA_PLUGIN"]).weft_simulator_fail(call, 2)
    del graph, y
assert weft.ones(10, device="cuda").sum().item() == 10
weft.cuda.empty_cache()
"""
    done = subprocess.run([sys.executable, "-c", program], env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("could not be returned") == 1, done.stderr


# Other threads

WAITS = """
import ctypes, faulthandler, os, sys, threading, time
import weft
from weft.nn import functional as F

cuda = weft.cuda
simulator = ctypes.CDLL(os.environ["WEFT_CUDA_PLUGIN"])
x = weft.arange(1.0, 101.0, device="cuda")
mask = x > 50
host = weft.zeros(100)
event = cuda.Event()

def recorded_graph():
    graph = cuda.CUDAGraph()
    with cuda.graph(graph):
        x * 2
    return graph

def jitted():
    def f(a, b):
        for _ in range(5):
            a = ((a @ b).sin() * 2).tanh()
        return a
    call = weft.jit(f)
    a, b = weft.rand(20, 20, device="cuda"), weft.rand(20, 20, device="cuda")
    return lambda: [call(a, b) for _ in range(4)]

waits = {
    "item": x.sum().item,
    "float": lambda: float(x.sum()),
    "bool": lambda: bool(x.sum()),
    "tolist": x.tolist,
    "cpu": x.cpu,
    "to": lambda: x.to("cpu"),
    "cuda": host.cuda,
    "to a device": lambda: host.to("cuda", non_blocking=True),
    "copy_": lambda: host.copy_(x),
    "from the host": lambda: x.clone().copy_(host),
    "tensor": lambda: weft.tensor([1.0, 2.0], device="cuda"),
    "repr": lambda: repr(x),
    "nonzero": lambda: weft.nonzero(x),
    "mask": lambda: x[mask],
    "equal": lambda: weft.equal(x, x),
    "allclose": lambda: weft.allclose(x, x),
    "pickle": lambda: __import__("pickle").dumps(x),
    "backward": lambda: weft.ones(1, device="cuda", requires_grad=True).cpu().backward(),
    "dlpack": lambda: x.__dlpack__(),
    "synchronize": cuda.synchronize,
    "stream.synchronize": cuda.current_stream().synchronize,
    "event.synchronize": lambda: cuda.current_stream().record_event().synchronize(),
    "empty_cache": cuda.empty_cache,
    "graph": recorded_graph,
    "end of a graph": recorded_graph().reset,
    "jit": jitted(),
}
for name in sys.argv[1:] or waits:
    print(name, flush=True)
    faulthandler.dump_traceback_later(60, exit=True)
    simulator.weft_simulator_hold(1)
    thread = threading.Thread(target=waits[name])
    thread.start()
    while simulator.weft_simulator_waiting() == 0 and thread.is_alive():
        time.sleep(0.001)
    # This thread goes on while the other one waits.
    assert thread.is_alive(), "it did not wait"
    simulator.weft_simulator_hold(0)
    thread.join()
print("done")
"""


@needs_simulator
def test_other_python_threads_run_during_every_wait():
    done = subprocess.run([sys.executable, "-c", WAITS], env=environment(), capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "done" and done.returncode == 0, done.stdout[-200:] + done.stderr[-2000:]


@needs_simulator
def test_other_python_threads_run_while_a_kernel_is_compiled(tmp_path):
    variables = environment(WEFT_CUDA_NVRTC="1", WEFT_KERNEL_CACHE=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", WAITS, "jit"], env=variables, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "done" and done.returncode == 0, done.stdout[-200:] + done.stderr[-2000:]

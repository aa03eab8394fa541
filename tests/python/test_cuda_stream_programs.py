"""Random programs over several streams and devices give what they give on the CPU, in whatever order the queues run.

A program makes leaves and computes with them on streams drawn by chance. It orders streams where one uses what another
has made, as programs must, and says so of the memory; it orders nothing for backward, which it starts on any stream.
Everything else (what is freed when, what is copied between devices and from pinned memory) is left to Weft.

WEFT_STREAM_PROGRAMS in the environment asks for more programs than the 240 of a test run.
"""

import ctypes
import os
import random

import pytest
from support import devices, is_simulated, load, weft_only

pytestmark = [weft_only, pytest.mark.skipif("cuda" not in devices(), reason="no GPU")]

SIMULATED = "cuda" in devices() and is_simulated(load(), "cuda")
PROGRAMS = int(os.environ.get("WEFT_STREAM_PROGRAMS", "240"))
GROUP, SIZE = 20, 40
FOUND = [4214]  # programs that were wrong once


class Value:
    def __init__(self, tensor, place, stream):
        self.tensor, self.place, self.stream = tensor, place, stream


class Program:
    """One program; where on_gpu is False, the same without devices and streams."""

    KINDS = ("leaf", "pinned", "number", "two", "two", "move", "move", "in place", "drop", "drop", "junk")

    def __init__(self, w, seed, on_gpu):
        self.w, self.draw, self.on_gpu = w, random.Random(seed), on_gpu
        self.leaves, self.values = [], []
        self.places = min(2, w.cuda.device_count())
        if on_gpu:
            self.streams = [
                [w.cuda.default_stream(p), w.cuda.Stream(f"cuda:{p}"), w.cuda.Stream(f"cuda:{p}")]
                for p in range(self.places)
            ]

    def on(self, place, stream):
        """The scope of a stream."""
        return self.w.cuda.stream(self.streams[place][stream] if self.on_gpu else None)

    def device(self, place):
        return f"cuda:{place}" if self.on_gpu else "cpu"

    def use(self, value, stream):
        """The tensor of a value, for work on a stream of its device."""
        if self.on_gpu and value.stream != stream:
            own, other = self.streams[value.place][stream], self.streams[value.place][value.stream]
            if self.draw.random() < 0.5:
                own.wait_stream(other)
            else:
                event = other.record_event()
                own.wait_event(event)
            value.tensor.record_stream(own)
        elif value.stream != stream:
            self.draw.random()
        return value.tensor

    def pick(self, place=None):
        candidates = [v for v in self.values if place is None or v.place == place]
        return self.draw.choice(candidates) if candidates else None

    def number(self):
        return self.draw.choice([-2.0, -1.0, 0.5, 1.0, 1.5, 3.0])

    def data(self, pinned):
        seed = self.draw.randrange(1000)
        tensor = (self.w.arange(float(SIZE), dtype=self.w.float64) * 37 + seed) % 7 - 3
        return tensor.pin_memory() if pinned and self.on_gpu else tensor

    def step(self):
        w, draw = self.w, self.draw
        kind = draw.choice(self.KINDS)
        place, stream, factor = draw.randrange(self.places), draw.randrange(3), self.number()
        value = self.pick() if kind == "move" else self.pick(place)
        other, there, there_on = self.pick(place), draw.randrange(self.places), draw.randrange(3)
        if kind in ("leaf", "pinned"):
            source = self.data(kind == "pinned")
            with self.on(place, stream):
                leaf = source.to(self.device(place), non_blocking=True) if self.on_gpu else source.clone()
            leaf.requires_grad_()
            self.leaves.append(leaf)
            self.values.append(Value(leaf, place, stream))
        elif kind == "junk":
            with self.on(place, stream):
                w.full((SIZE,), 1000.0, dtype=w.float64, device=self.device(place))
        elif value is None:
            return
        elif kind == "drop":
            if len(self.values) > 3:
                self.values.remove(value)
        elif kind == "move":
            with self.on(value.place, stream), self.on(there, there_on):
                moved = self.use(value, stream if there != value.place else there_on)
                moved = moved.to(self.device(there), non_blocking=draw.random() < 0.5) * 1
            self.values.append(Value(moved, there, there_on))
        else:
            with self.on(place, stream):
                x = self.use(value, stream)
                if kind == "number":
                    y = (x * factor + 1).relu() - x
                elif kind == "two":
                    other = self.use(other, stream)
                    y = draw.choice([x + other, x * other.tanh(), w.minimum(x, other), w.where(x > 0, x, other)])
                else:
                    y = x + factor
                    y.mul_(factor).add_(x)
            self.values.append(Value(y, place, stream))

    def loss(self):
        """A number that depends on some values of one device, and its stream."""
        draw = self.draw
        place, stream = draw.randrange(self.places), draw.randrange(3)
        with self.on(place, stream):
            total = None
            for value in [self.pick(place) for _ in range(4)]:
                if value is None:
                    continue
                part = (self.use(value, stream) * self.number()).sum()
                total = part if total is None else total + part
        return total

    def join_callers(self):
        """The current streams may use all leaves from now on."""
        for place in range(self.places if self.on_gpu else 0):
            own = self.w.cuda.current_stream(f"cuda:{place}")
            for stream in self.streams[place]:
                own.wait_stream(stream)
            for leaf in self.leaves:
                if leaf.device == own.device:
                    leaf.record_stream(own)

    def run(self):
        """The results as tensors on the CPU."""
        w, draw = self.w, self.draw
        for _ in range(draw.randrange(5, 30)):
            self.step()
        loss = self.loss()
        twice, first, second = draw.random() < 0.3, draw.randrange(3), draw.randrange(3)
        results = []
        if loss is not None and loss.requires_grad:
            with self.on(0, first), self.on(self.places - 1, second):
                if twice:
                    self.join_callers()
                    grads = w.autograd.grad(loss, self.leaves, create_graph=True, allow_unused=True)
                    squares = [
                        (g * g * leaf).sum() for g, leaf in zip(grads, self.leaves, strict=True) if g is not None
                    ]
                    squares = [s.to(self.device(0)) for s in squares]
                    if squares:
                        sum(squares).backward()
                else:
                    loss.backward()
                del loss
                self.values.clear()
                results = [leaf.grad if leaf.grad is None else leaf.grad.cpu() for leaf in self.leaves]
        return results


class CapturedProgram(Program):
    """One that is captured as a graph, with all its streams, and replayed; leaves are made before."""

    KINDS = ("number", "two", "two", "in place", "drop", "drop", "junk")

    def __init__(self, w, seed, on_gpu):
        super().__init__(w, seed, on_gpu)
        self.places = 1
        for _ in range(3):
            leaf = self.data(False).to(self.device(0)).requires_grad_()
            self.leaves.append(leaf)
            self.values.append(Value(leaf, 0, 0))

    def run(self):
        if not self.on_gpu:
            return self.body()
        graph, streams = self.w.cuda.CUDAGraph(), self.streams[0]
        streams[0] = self.w.cuda.Stream()
        with self.w.cuda.graph(graph, stream=streams[0]):
            for stream in streams[1:]:
                stream.wait_stream(streams[0])
            results = self.body()
            for stream in streams[1:]:
                streams[0].wait_stream(stream)
        copies = []
        for _ in range(3):
            graph.replay()
            copies.append([r if r is None else r.cpu() for r in results])
        for again in copies[1:]:
            for a, b in zip(copies[0], again, strict=True):
                assert a is b is None or a.tolist() == b.tolist()
        return copies[0]

    def body(self):
        for _ in range(self.draw.randrange(5, 30)):
            self.step()
        loss, stream = self.loss(), self.draw.randrange(3)
        if loss is None or not loss.requires_grad:
            return []
        with self.on(0, stream):
            self.join_callers()
            grads = self.w.autograd.grad(loss, self.leaves, allow_unused=True)
        self.values.clear()
        return grads


def check(w, seed, kind):
    wanted = kind(w, seed, False).run()
    got = kind(w, seed, True).run()
    for number, (a, b) in enumerate(zip(wanted, got, strict=True)):
        assert (a is None) == (b is None), (seed, number)
        assert a is None or w.allclose(a, b, rtol=1e-9, atol=1e-9), (seed, number, a, b)


@pytest.mark.parametrize("kind", [Program, CapturedProgram], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("first", range(0, PROGRAMS, GROUP))
def test_random_programs(w, first, kind):
    library = ctypes.CDLL(os.environ["WEFT_CUDA_PLUGIN"]) if SIMULATED else None
    for seed in [*range(first, first + GROUP), *(FOUND if first == 0 else [])]:
        if library:
            library.weft_simulator_order(f"random:{seed}".encode())
        check(w, seed, kind)
    if library:
        for device in range(w.cuda.device_count()):
            w.cuda.synchronize(device)
        w.cuda.empty_cache()
        assert w.cuda.memory_reserved() <= 16 << 20, "streams and graphs that are gone keep memory"
        library.weft_simulator_order(os.environ.get("WEFT_SIMULATED_ORDER", "random:1").encode())

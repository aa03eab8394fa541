"""Tensors in Python's garbage collection: cycles through attributes and hooks are freed, attributes are kept."""

import gc
import subprocess
import sys
import threading
import weakref

import pytest
import support
from support import leaf, make_square, weft_only


class Probe:
    pass


def collected(make):
    """Is what `make` refers to from a cycle freed? It gets a Probe to put into the cycle."""
    probe = Probe()
    alive = weakref.ref(probe)
    make(probe)
    del probe
    gc.collect()
    return alive() is None


def own_attribute(w, probe):
    x = w.ones(3)
    x.me, x.probe = x, probe


def own_dict(w, probe):
    x = w.ones(3)
    vars(x).update(me=x, probe=probe)


def replaced_dict(w, probe):
    x = w.ones(3)
    x.__dict__ = {"me": x, "probe": probe}


def attribute_of_a_result(w, probe):
    y = leaf(w, 1.0) * 2
    y.me = [y, probe]


def two_tensors(w, probe):
    x, y = w.ones(3), w.ones(3)
    x.other, y.other, y.probe = y, x, probe


def parameter(w, probe):
    p = w.nn.Parameter(w.ones(3))
    p.me, p.probe = p, probe


def subclass(w, probe):
    class Special(w.Tensor):
        pass

    x = w.Tensor._make_subclass(Special, w.ones(2))
    x.me, x.probe = x, probe


def hook_on_a_leaf(w, probe):
    x = leaf(w, 1.0, 2.0)
    x.register_hook(lambda g: (g * x.detach(), probe)[0])
    (x * 2).sum().backward()


def hook_on_a_result(w, probe):
    y = leaf(w, 1.0) * 2
    y.register_hook(lambda g: (g * y.detach(), probe)[0])


def hook_and_its_handle(w, probe):
    x = leaf(w, 1.0)
    x.handle = x.register_hook(lambda g: (x, probe)[0])


def hook_that_steps_an_optimiser(w, probe):
    p = w.nn.Parameter(w.ones(3))
    optimiser = w.optim.SGD([p], lr=0.1)

    def step(parameter):
        optimiser.step()
        return probe and None

    p.register_post_accumulate_grad_hook(step)
    (p * 2).sum().backward()
    assert p[0].item() == pytest.approx(0.8)


def context_of_a_function(w, probe):
    class Keep(w.autograd.Function):
        @staticmethod
        def forward(ctx, x, probe):  # not a variable from outside: free-threaded Python 3.13 frees no classes
            result = x * 2
            ctx.result, ctx.probe = result, probe
            return result

        @staticmethod
        def backward(ctx, grad):
            return grad * 2, None

    y = Keep.apply(leaf(w, 1.0), probe)
    assert y.requires_grad


def attribute_of_a_gradient(w, probe):
    p = leaf(w, 1.0)
    (p * 2).backward()
    p.grad.owner, p.grad.probe = p, probe


def guards_of_a_second_run(w, probe):
    holder = Probe()
    holder.scale, holder.probe = 2, probe
    holder.result = w.jit(lambda x: w.nn.functional.dropout(x * holder.scale, 0.5))(leaf(w, 1.0))


def conditions_of_a_second_run(w, probe):
    class Named(w.Generator):
        pass

    generators = [Named()]
    generators[0].probe = probe
    seed_of = generators[0].initial_seed
    generators[0].result = w.jit(lambda x: w.nn.functional.dropout(x * seed_of(), 0.5))(leaf(w, 1.0))


CYCLES = [
    own_attribute,
    own_dict,
    replaced_dict,
    attribute_of_a_result,
    two_tensors,
    parameter,
    subclass,
    hook_on_a_leaf,
    hook_on_a_result,
    hook_and_its_handle,
    hook_that_steps_an_optimiser,
    context_of_a_function,
    attribute_of_a_gradient,
    guards_of_a_second_run,
    conditions_of_a_second_run,
]


@weft_only
@pytest.mark.parametrize("cycle", CYCLES, ids=lambda f: f.__name__)
def test_cycles_are_collected(w, cycle):
    gc.collect()
    before = w.memory.allocated()
    assert collected(lambda probe: cycle(w, probe))
    assert w.memory.allocated() <= before


def test_what_is_in_use_is_not_collected(w):
    """The collector follows a link only where nobody else could use what it leads to."""
    probe = Probe()
    alive = weakref.ref(probe)
    x = leaf(w, 2.0)
    y = x * 3
    y.register_hook(lambda g, y=y, probe=probe: (y, g * 2, probe)[1])
    x.me, x.probe = x, probe
    z = y * y
    held = x * 1.0  # C++ holds x too
    del y, probe
    gc.collect()
    assert alive() is not None
    z.backward()
    assert x.grad.item() == 72.0 and x.probe is alive() and held.item() == 2.0


@weft_only
def test_attributes_live_as_long_as_the_tensor(w):
    p = leaf(w, 1.0)
    (p * 2).backward()
    p.grad.tag = ["a"]
    gc.collect()
    assert p.grad.tag == ["a"]
    same = p.grad
    same.other = 1
    del same
    assert vars(p.grad) == {"tag": ["a"], "other": 1}
    marker = Probe()
    alive = weakref.ref(marker)
    p.grad.marker = marker
    del marker
    assert alive() is not None
    p.grad = None
    gc.collect()
    assert alive() is None


@weft_only
def test_attributes_of_a_saved_input_live_on(w):
    x = leaf(w, 3.0)
    x.name_of_mine = "x"
    y = x * x
    node = y.grad_fn.next_functions[0][0]
    del x
    gc.collect()
    assert node.variable.name_of_mine == "x"
    assert node.variable is node.variable
    y.backward()  # nobody holds it after that
    assert node.variable is None


@weft_only
def test_a_class_lives_as_long_as_the_tensor(w):
    p = w.nn.Parameter(w.ones(2))
    y = (p * p).sum()
    node = y.grad_fn.next_functions[0][0].next_functions[0][0]
    del p
    gc.collect()
    assert type(node.variable) is w.nn.Parameter


@weft_only
def test_a_weak_reference_outlives_the_tensor(w):
    """A weak reference to an object that only C++ holds gives an object that can be used, then and later."""
    p = leaf(w, 1.0)
    (p * 2).backward()
    p.grad.tag = 1
    weak = weakref.ref(p.grad)
    assert weak() is p.grad
    grad = weak()
    p.grad = None
    assert grad.item() == 2.0 and grad.tag == 1
    del grad
    assert weak() is None


@weft_only
def test_hooks_are_removed_without_their_tensor(w):
    x = leaf(w, 1.0)
    seen = []
    handle = x.register_hook(seen.append)
    after = x.register_post_accumulate_grad_hook(lambda t: seen.append(t))
    (x * 2).backward()
    assert len(seen) == 2
    handle.remove()
    after.remove()
    handle.remove()
    (x * 2).backward()
    assert len(seen) == 2
    y = x * 2
    late = y.register_hook(seen.append)
    del y
    late.remove()


@weft_only
def test_plain_tensors_are_not_tracked(w):
    x = w.ones(3)
    assert not gc.is_tracked(x) and not gc.is_tracked(leaf(w, 1.0) * 2)
    x.tag = 1
    assert gc.is_tracked(x)


def test_long_chains_of_attributes_are_freed(w):
    """Freeing them does not recurse without end."""
    x = w.ones(1)
    for _ in range(100_000):
        y = w.ones(1)
        y.previous = x
        x = y
    del x, y
    gc.collect()


def test_a_function_in_a_cycle_is_freed_after_backward(w):
    square, x = make_square(w), leaf(w, 2.0)

    def use(probe):
        y = square.apply(x)
        y.me, y.probe = y, probe
        y.backward()

    assert collected(use)
    assert x.grad.item() == 4.0


def test_another_thread_comes_to_an_object_that_its_tensor_keeps(w):
    p = leaf(w, 1.0)
    p.sum().backward()
    p.grad.note = "kept"
    weak, found = weakref.ref(p.grad), []
    thread = threading.Thread(target=lambda: found.append(weak()))
    thread.start()
    thread.join()
    assert found[0] is p.grad and found[0].note == "kept"


AT_THE_END = """
import os, sys
import weft as w

class Note:
    def __del__(self, write=os.write, ending=sys.is_finalizing):
        write(1, b"gone\\n" if ending() else b"too early\\n")

def make():
    p = w.ones(2, requires_grad=True)
    p.sum().backward()
    p.grad.note = Note()
    return p

p, sys.p, os.p = make(), make(), make()
"""


@weft_only
def test_attributes_are_freed_when_python_ends():
    """Their object is not left without its tensor: the last collection would look into freed memory."""
    done = subprocess.run([sys.executable, "-c", AT_THE_END], capture_output=True, text=True, env=support.environment())
    assert (done.returncode, done.stdout, done.stderr) == (0, "gone\n" * 3, "")

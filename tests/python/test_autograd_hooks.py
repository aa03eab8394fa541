"""Hooks of leaves: they run as soon as the leaf's gradient is complete."""

import gc
import random
import threading
import weakref

import numpy as np
import pytest


class Trace:
    """Records in which order backward runs: mark(x, name) is x with an entry when its gradient arrives."""

    def __init__(self, w):
        self.w = w
        self.events = []

    def mark(self, x, name):
        events = self.events

        class Mark(self.w.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x.view_as(x)

            @staticmethod
            def backward(ctx, grad):
                events.append(name)
                return grad

        return Mark.apply(x)


def leaves(w, count, size=3):
    return [w.ones(size).mul_(i + 1.0).requires_grad_() for i in range(count)]


def test_post_accumulate_hooks_run_between_the_nodes(w):
    trace = Trace(w)
    a, b, c = leaves(w, 3)
    for name, leaf in (("a", a), ("b", b), ("c", c)):
        leaf.register_post_accumulate_grad_hook(lambda p, name=name: trace.events.append((name, p.grad.tolist())))
    x = trace.mark(a * 2, "1")
    x = trace.mark(x * b, "2")
    x = trace.mark(x * c, "3")
    x.sum().backward()
    assert [e if isinstance(e, str) else e[0] for e in trace.events] == ["3", "c", "2", "b", "1", "a"]
    assert dict(e for e in trace.events if not isinstance(e, str)) == {
        "a": [12.0] * 3,
        "b": [6.0] * 3,
        "c": [4.0] * 3,
    }


def test_tensor_hooks_of_leaves_run_between_the_nodes(w):
    trace = Trace(w)
    a, b = leaves(w, 2)
    b.register_hook(lambda g: trace.events.append("b"))
    a.register_hook(lambda g: trace.events.append("a"))
    (trace.mark(trace.mark(a * 2, "1") * b, "2")).sum().backward()
    assert trace.events == ["2", "b", "1", "a"]


def test_a_leaf_that_is_used_many_times_is_complete_once(w):
    (x,) = leaves(w, 1)
    seen = []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.tolist()))
    x.register_hook(lambda g: seen.append(g.tolist()))
    y = x * 2
    for _ in range(3):
        y = y * x
    (y + x).sum().backward()  # 2 x^4 + x
    assert seen == [[9.0] * 3, [9.0] * 3]


def test_a_node_that_gets_no_gradient_holds_nobody_up(w):
    trace = Trace(w)
    a, b = leaves(w, 2, 4)
    a.register_post_accumulate_grad_hook(lambda p: trace.events.append("a"))
    top, bottom = (b * a).split(2)  # of which one part gets none
    (trace.mark(b * 3, "b") * a).sum().backward()
    top.sum().backward()
    assert trace.events == ["a", "b", "a"]
    assert bottom.requires_grad


def test_optimizer_in_backward_lowers_the_peak_of_memory(w):
    size, depth = 1 << 18, 8
    layers = [w.ones(size).requires_grad_() for _ in range(depth)]

    def peak(free):
        handles = []
        if free:

            def step(p):
                with w.no_grad():
                    p.sub_(p.grad, alpha=0.1)
                p.grad = None

            handles = [p.register_post_accumulate_grad_hook(step) for p in layers]
        # x * p saves its inputs, so the gradients come on top of what forward holds and backward frees
        y = w.ones(size)
        for p in layers:
            y = y + p * 2.0
        before = w.memory.allocated()
        w.memory.reset_peak()
        y.sum().backward()
        most = w.memory.peak() - before
        for handle in handles:
            handle.remove()
        for p in layers:
            p.grad = None
        return most

    kept, freed = peak(False), peak(True)
    assert freed < kept / 2, (freed, kept)


def test_gradients_of_leaves_without_hooks_are_committed_together(w):
    a, b, c = leaves(w, 3)
    b.register_post_accumulate_grad_hook(lambda p: None)

    def fail(grad):
        raise ValueError("on the way")

    x = a * 2
    x.register_hook(fail)
    y = (x * b) * c
    with pytest.raises(ValueError, match="on the way"):
        y.sum().backward()
    assert a.grad is None and c.grad is None  # c was complete before
    assert b.grad.tolist() == [6.0] * 3  # its hook has seen it


def test_a_hook_that_raises_ends_backward(w):
    a, b = leaves(w, 2)

    def fail(p):
        raise ValueError("no more")

    b.register_post_accumulate_grad_hook(fail)
    with pytest.raises(ValueError, match="no more"):
        ((a * 2) * b).sum().backward()
    assert a.grad is None and b.grad.tolist() == [2.0] * 3


def test_backward_inside_a_hook(w):
    a, b = leaves(w, 2)

    def nested(p):
        if p.grad.max() < 100:
            with w.enable_grad():  # hooks run as backward does, which records nothing
                (p * 100).sum().backward()

    b.register_post_accumulate_grad_hook(nested)
    (a * b).sum().backward()
    assert b.grad.tolist() == [101.0] * 3 and a.grad.tolist() == [2.0] * 3


def test_inputs_restrict_what_is_hooked(w):
    a, b = leaves(w, 2)
    seen = []
    for name, leaf in (("a", a), ("b", b)):
        leaf.register_post_accumulate_grad_hook(lambda p, name=name: seen.append(name))
        leaf.register_hook(lambda g, name=name: seen.append(name + "'"))
    (a * b).sum().backward(inputs=[b, b])
    assert seen == ["b'", "b"] and a.grad is None and b.grad.tolist() == [1.0] * 3


def test_backward_of_inputs_that_are_no_leaves(w):
    (x,) = leaves(w, 1)
    y = x * 2
    z = (y * y).sum()
    z.backward(inputs=[y, x])
    assert y.grad.tolist() == [4.0] * 3 and x.grad.tolist() == [8.0] * 3


def test_grad_runs_tensor_hooks_but_accumulates_nothing(w):
    (x,) = leaves(w, 1)
    seen = []
    x.register_post_accumulate_grad_hook(lambda p: seen.append("accumulated"))
    x.register_hook(lambda g: g * 10)
    (g,) = w.autograd.grad((x * 2).sum(), x)
    assert g.tolist() == [20.0] * 3 and seen == [] and x.grad is None


def test_retain_graph_runs_hooks_again(w):
    (x,) = leaves(w, 1)
    seen = []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad[0].item()))
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert seen == [2.0, 4.0]


def test_create_graph_in_hooks(w):
    (x,) = leaves(w, 1)
    seen = []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.requires_grad))
    (x**3).sum().backward(create_graph=True)
    assert seen == [True]
    (second,) = w.autograd.grad(x.grad.sum(), x)
    assert second.tolist() == [6.0] * 3
    x.grad = None


def test_several_roots_some_of_them_leaves(w):
    a, b = leaves(w, 2)
    seen = []
    a.register_post_accumulate_grad_hook(lambda p: seen.append(("a", p.grad.tolist())))
    b.register_post_accumulate_grad_hook(lambda p: seen.append(("b", p.grad.tolist())))
    w.autograd.backward([a, (a * b).sum(), b], [w.ones(3), None, w.ones(3)])
    assert sorted(seen) == [("a", [3.0] * 3), ("b", [2.0] * 3)]
    seen.clear()
    w.autograd.backward([a], [w.ones(3)])
    assert seen == [("a", [4.0] * 3)]


def test_hooks_that_remove_and_add_hooks(w):
    (x,) = leaves(w, 1)
    seen, handles = [], []

    def once(p):
        seen.append("once")
        handles.pop().remove()
        x.register_post_accumulate_grad_hook(lambda p: seen.append("late"))

    handles.append(x.register_post_accumulate_grad_hook(once))
    (x * 2).sum().backward()
    assert seen == ["once"]
    (x * 2).sum().backward()
    assert seen == ["once", "late"]


def test_a_hook_may_register_hooks_on_a_leaf_that_is_not_complete(w):
    a, b = leaves(w, 2)
    seen = []

    def register(p):
        a.register_post_accumulate_grad_hook(lambda q: seen.append(q.grad.tolist()))

    b.register_post_accumulate_grad_hook(register)
    ((a * 2) * b).sum().backward()
    assert seen == [[4.0] * 3]


def test_a_leaf_that_dies_in_a_hook(w):
    kept = {"a": w.ones(3).requires_grad_()}
    b = w.ones(3).requires_grad_()
    b.register_post_accumulate_grad_hook(lambda p: kept.clear())
    kept["a"].register_post_accumulate_grad_hook(lambda p: None)
    y = ((kept["a"] * 2).exp() * b).sum()
    y.backward()
    assert b.grad is not None


def test_jitted_functions_in_the_graph(w):
    a, b = leaves(w, 2)
    seen = []
    a.register_post_accumulate_grad_hook(lambda p: seen.append(("a", p.grad.tolist())))
    b.register_post_accumulate_grad_hook(lambda p: seen.append(("b", p.grad.tolist())))
    trace = Trace(w)
    f = w.jit(lambda x: x * b)
    for _ in range(3):
        seen.clear()
        a.grad = b.grad = None
        f(trace.mark(a * 2, "node")).sum().backward()
        assert seen == [("b", [2.0] * 3), ("a", [4.0] * 3)]


def test_hooks_are_released(w):
    class Probe:
        def __call__(self, p):
            pass

    x = w.ones(2).requires_grad_()
    probe = Probe()
    alive = weakref.ref(probe)
    handle = x.register_post_accumulate_grad_hook(probe)
    del probe
    handle.remove()
    handle.remove()
    gc.collect()
    assert alive() is None


# retain_grad


def test_retained_gradients_are_committed_with_the_others(w):
    (x,) = leaves(w, 1)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 10)  # retain_grad() keeps what the hooks have made of it
    z = y * 3

    def fail(grad):
        raise ValueError

    handle = x.register_hook(fail)
    with pytest.raises(ValueError):
        z.sum().backward(retain_graph=True)
    assert y.grad is None
    handle.remove()
    z.sum().backward()
    assert y.grad.tolist() == [30.0] * 3 and x.grad.tolist() == [60.0] * 3


def test_retain_grad_of_what_backward_is_restricted_to(w):
    x = w.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    y.retain_grad()
    (y * y).sum().backward(inputs=[y])
    assert y.grad.tolist() == [4, 8] and x.grad is None
    (y.detach() * y).sum().backward(inputs=[y, x])
    assert y.grad.tolist() == [6, 12] and x.grad.tolist() == [4, 8]


def test_retain_grad_of_a_tensor_that_is_gone(w):
    (x,) = leaves(w, 1)
    y = x * 2
    y.retain_grad()
    z = (y * 3).sum()
    del y
    others = [w.zeros(3) for _ in range(50)]  # may lie where y was
    z.backward()
    assert x.grad.tolist() == [6.0] * 3 and all(t.grad is None for t in others)


def test_retain_grad_follows_an_in_place_op(w):
    (x,) = leaves(w, 1)
    y = x * 2
    y.retain_grad()
    y.mul_(5)
    (y * 3).sum().backward()
    assert y.grad.tolist() == [3.0] * 3 and x.grad.tolist() == [30.0] * 3


# Threads


@pytest.mark.parametrize("size", [5, 1 << 17])
def test_threads_accumulate_into_the_same_leaves(w, size):
    x = w.ones(size).requires_grad_()
    y = w.ones(size).requires_grad_()
    errors = []
    rounds, count = 20, 4

    def work(seed):
        try:
            for i in range(rounds):
                handle = x.register_hook(lambda g: g + 1) if i % 3 == seed % 3 else None
                ((x * y) * 2 + y).sum().backward()
                if handle:
                    handle.remove()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert y.grad.tolist() == [3.0 * rounds * count] * size
    assert (x.grad >= 2.0 * rounds * count).all()  # each of the passing hooks adds 1 to whoever runs meanwhile


def test_threads_with_post_accumulate_hooks(w):
    x = w.ones(1 << 16).requires_grad_()
    lock, calls = threading.Lock(), []

    def hook(p):
        with lock:
            calls.append(1)

    x.register_post_accumulate_grad_hook(hook)
    threads = [threading.Thread(target=lambda: [(x * 2).sum().backward() for _ in range(10)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 40 and x.grad[0].item() == 80.0


# A simple engine to compare with: topological order over Python objects


class Value:
    """A number in a graph: parents and local derivatives; the derivative is computed by walking it backwards."""

    def __init__(self, value, parents=()):
        self.value = value
        self.parents = parents  # (Value, local derivative)

    def order(self):
        done, order = set(), []

        def visit(node):
            if id(node) not in done:
                done.add(id(node))
                for parent, _ in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        return order[::-1]


def reference_gradients(roots, hooks):
    """Gradients of the sum of the roots by every node, with hooks applied to complete gradients."""
    top = Value(0.0, tuple((root, 1.0) for root in roots))
    grads = {id(top): 1.0}
    for node in top.order():
        grad = grads.get(id(node), 0.0)
        for factor in hooks.get(id(node), ()):
            grad *= factor
        grads[id(node)] = grad
        for parent, local in node.parents:
            grads[id(parent)] = grads.get(id(parent), 0.0) + grad * local
    return grads


def random_program(w, rng):
    """The same random graph twice: (leaves, nodes) as pairs of a tensor and a Value."""
    start = [rng.uniform(0.5, 1.5) for _ in range(rng.randint(1, 5))]
    pairs = [(w.tensor(v, dtype=w.float64, requires_grad=True), Value(v)) for v in start]
    leaf_pairs = list(pairs)
    for _ in range(rng.randint(1, 25)):
        (a, ra), (b, rb) = rng.choice(pairs), rng.choice(pairs[-6:])
        kind = rng.randrange(5)
        if kind == 0:
            pairs.append((a + b, Value(ra.value + rb.value, ((ra, 1.0), (rb, 1.0)))))
        elif kind == 1:
            pairs.append((a * b * 0.5, Value(ra.value * rb.value * 0.5, ((ra, rb.value * 0.5), (rb, ra.value * 0.5)))))
        elif kind == 2:
            s = float(np.sin(ra.value))
            pairs.append((a.sin(), Value(s, ((ra, float(np.cos(ra.value))),))))
        elif kind == 3:
            pairs.append((a - b, Value(ra.value - rb.value, ((ra, 1.0), (rb, -1.0)))))
        else:
            pairs.append((a * 0.75, Value(ra.value * 0.75, ((ra, 0.75),))))
    return leaf_pairs, pairs


@pytest.mark.parametrize("seed", range(200))
def test_random_graphs_with_random_hooks(w, seed):
    rng = random.Random(seed)
    leaf_pairs, pairs = random_program(w, rng)
    hooks, calls, expected_calls, events = {}, [], [], []
    index_of = {id(ref): index for index, (_, ref) in enumerate(pairs)}
    for tensor, ref in rng.sample(pairs, rng.randint(0, len(pairs))):
        for _ in range(rng.randint(1, 2)):
            factor, index = rng.choice([0.5, 1.0, 2.0]), index_of[id(ref)]

            def hook(g, factor=factor, index=None if tensor.is_leaf else index):
                if index is not None:
                    events.append(index)
                return g * factor

            tensor.register_hook(hook)
            hooks.setdefault(id(ref), []).append(factor)
    roots = [rng.choice(pairs) for _ in range(rng.randint(1, 3))]
    used = {id(node) for _, ref in roots for node in ref.order()}
    for number, (tensor, ref) in enumerate(leaf_pairs):
        if rng.random() < 0.6:
            tensor.register_post_accumulate_grad_hook(
                lambda p, number=number: calls.append((number, p.grad.item(), len(events)))
            )
            if id(ref) in used:
                expected_calls.append(number)
    retained = [pair for pair in pairs if pair not in leaf_pairs and rng.random() < 0.3]
    for tensor, _ in retained:
        tensor.retain_grad()
    create_graph = rng.random() < 0.3
    retain = rng.random() < 0.3
    w.autograd.backward([t for t, _ in roots], retain_graph=retain or None, create_graph=create_graph)
    want = reference_gradients([ref for _, ref in roots], hooks)
    for tensor, ref in leaf_pairs + retained:
        if id(ref) in used:
            assert tensor.grad.item() == pytest.approx(want[id(ref)], rel=1e-12)
        else:
            assert tensor.grad is None
    assert sorted(number for number, _, _ in calls) == sorted(expected_calls)
    nodes = {id(node): node for _, ref in roots for node in ref.order()}.values()
    for number, value, when in calls:
        leaf = leaf_pairs[number][1]
        assert value == pytest.approx(want[id(leaf)], rel=1e-12)
        readers = [index_of[id(node)] for node in nodes if any(parent is leaf for parent, _ in node.parents)]
        oldest = min(readers, default=len(pairs))
        assert all(index >= oldest for index in events[:when]), "called after an older node had run"
        assert all(index < oldest for index in events[when:]), "called before its gradient was complete"
    if retain:
        w.autograd.backward([t for t, _ in roots])
        for tensor, ref in leaf_pairs:
            if id(ref) in used:
                assert tensor.grad.item() == pytest.approx(2 * want[id(ref)], rel=1e-12)
    for tensor, _ in leaf_pairs:
        tensor.grad = None


# Variable


def test_variable(w):
    x = w.ones(2, requires_grad=True)
    y = x * 2
    v = w.autograd.Variable(y, requires_grad=True)
    assert type(v) is w.Tensor and v.is_leaf and v.requires_grad and v.data_ptr() == y.data_ptr()
    assert not w.autograd.Variable(x).requires_grad
    assert isinstance(x, w.autograd.Variable) and not isinstance(1.0, w.autograd.Variable)
    assert issubclass(w.nn.Parameter, w.autograd.Variable)
    with pytest.raises(TypeError, match="Variable: data must be a Tensor, got list"):
        w.autograd.Variable([1.0])

"""Gradients through cond, while_loop, scan and map in a jitted function are those of eager mode, whatever bodies do."""

import random
import warnings

import pytest
from support import weft_only

pytestmark = weft_only

# What a body does with a vector and one more of the same size.
BODIES = {
    "product": lambda w, a, r, k: a * r + a,
    "a constant": lambda w, a, r, k: a * w.tensor(2.0) + r,
    "a list as index": lambda w, a, r, k: a[[2, 0, 1]] * r,
    "a mask": lambda w, a, r, k: a.masked_fill(w.tensor([True, False, False]), 0.5) * r,
    "detached factor": lambda w, a, r, k: a * a.detach() * 0.5 + r,
    "detached state": lambda w, a, r, k: a.detach() * r,
    "straight through": lambda w, a, r, k: (a + ((a * 3).round() - a).detach()) * r,
    "data": lambda w, a, r, k: a * r.data,
    "no_grad": lambda w, a, r, k: no_grad(w, a) + a * r,
    "grad off and on": lambda w, a, r, k: switched(w, a) * r,
    "everything detached": lambda w, a, r, k: (a * r).detach(),
    "element set": lambda w, a, r, k: element_set(a * r),
    "part scaled in place": lambda w, a, r, k: part_scaled(a * 1, r),
    "view changed in place": lambda w, a, r, k: (a * r).clone().view(3, 1).mul_(2.0).view(3),
    "rows by a tensor": lambda w, a, r, k: w.stack([a, r])[w.tensor(1)] * a,
    "gradient inside": lambda w, a, r, k: a - 0.1 * gradient_inside(w, a) * r,
    "a part, detached and not": lambda w, a, r, k: a.detach()[1:].sum() * a[1:].sum() * r + a[:2].detach().sum() * a,
    "softmax": lambda w, a, r, k: w.softmax(a * r, 0) + a,
    "branch inside": lambda w, a, r, k: w.cond(
        (a * r).sum() > 0.3, lambda: a * w.tensor([1.0, 2.0, 3.0]), lambda: r * a
    ),
    "captured": lambda w, a, r, k: a * k + r,
    "captured and detached": lambda w, a, r, k: a * k.detach() + r * k,
}


def no_grad(w, a):
    with w.no_grad():
        return a * 2


def switched(w, a):
    w.set_grad_enabled(False)
    b = a * 2
    w.set_grad_enabled(True)
    return a + b


def element_set(y):
    y[0] = 5.0
    return y


def part_scaled(y, r):
    y[1:].mul_(r[1:])
    return y


def gradient_inside(w, a):
    leaf = a.detach().requires_grad_()
    (g,) = w.autograd.grad((leaf * leaf * leaf).sum(), leaf)
    return g


CONSTRUCTS = {
    "cond": lambda w, body, x, r: w.cond(x.sum() > 0, lambda: body(w, x, r), lambda: x * 1),
    "cond, other branch": lambda w, body, x, r: w.cond(x.sum() < 0, lambda: x * 3, lambda: body(w, x, r)),
    "cond with operands": lambda w, body, x, r: w.cond(
        x.sum() > 0, lambda a, b: body(w, a, b), lambda a, b: b * 1, (x, r)
    ),
    "while_loop": lambda w, body, x, r: w.while_loop(
        lambda n, a: n < 2, lambda n, a: (n + 1, body(w, a, r)), (w.tensor(0), x)
    )[1],
    "scan": lambda w, body, x, r: sum_of(
        w.scan(lambda c, row: (body(w, c, row), c * 2), x, w.stack([r, r * 0.5])),
    ),
    "scan from constants": lambda w, body, x, r: w.scan(
        lambda c, row: (body(w, c, row), c * x), w.ones(3), w.stack([x, r])
    )[0],
    "map": lambda w, body, x, r: w.map(lambda row: body(w, row, r), w.stack([x, x * 2])).sum(0),
}


def sum_of(result):
    carry, ys = result
    return carry + ys.sum(0)


def leaves(w):
    x = w.tensor([0.3, 0.7, -0.4]).requires_grad_()
    r = w.tensor([1.5, -0.5, 0.25]).requires_grad_()
    return x, r, w.tensor([0.5, 2.0, -1.0]).requires_grad_()


def with_weight(name, k):
    """The body, which captures k."""
    return lambda w, a, r: BODIES[name](w, a, r, k)


def lists(tensors):
    return [None if t is None else [round(v, 4) for v in t.flatten().tolist()] for t in tensors]


def zeros_for_none(found):
    """A jitted function has one derivative for all results: zeros where eager mode knows that there is none."""
    return [[0.0] * 3 if part is None else part for part in found]


@pytest.mark.parametrize("where", ["outside", "inside"])
@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_first_derivatives(w, construct, name, where):
    def run(x, r, weight):
        return CONSTRUCTS[construct](w, with_weight(name, weight), x, r)

    def step(x, r, weight):
        y = run(x, r, weight)
        return y, *w.autograd.grad((y * y).sum(), [x, r, weight], allow_unused=True)

    def outside(f):
        x, r, weight = leaves(w)
        y = f(x, r, weight)
        if y.requires_grad:
            y.square().sum().backward()
        return lists([y, x.grad, r.grad, weight.grad])

    def inside(f):
        x, r, weight = leaves(w)
        return lists(f(x, r, weight))

    if where == "outside":
        assert zeros_for_none(outside(w.jit(run))) == zeros_for_none(outside(run))
    elif any(part is not None for part in outside(run)[1:]):
        assert zeros_for_none(inside(w.jit(step))) == zeros_for_none(inside(step))


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_second_derivatives(w, construct, name):
    """Inside, from the graphs' own gradients; a while_loop has none, and says so."""

    def step(x, r, weight):
        y = CONSTRUCTS[construct](w, with_weight(name, weight), x, r)
        if not y.requires_grad:
            return [y]
        first = w.autograd.grad((y * y).sum(), [x, r, weight], allow_unused=True, create_graph=True)
        total = sum((g * g).sum() for g in first if g is not None)
        if not total.requires_grad:
            return [y, total]
        return [y, *w.autograd.grad(total, [x, r, weight], allow_unused=True)]

    expected = lists(step(*leaves(w)))
    jitted = w.jit(step)
    if construct == "while_loop":
        with pytest.raises(NotImplementedError, match="while_loop: its second derivative"):
            jitted(*leaves(w))
        return
    found = lists(jitted(*leaves(w)))
    if len(found) == len(expected):
        found, expected = zeros_for_none(found), zeros_for_none(expected)
        assert all(a == pytest.approx(b, rel=1e-3, abs=1e-3) for a, b in zip(found, expected, strict=True)), (
            f"{found} instead of {expected}"
        )
    else:  # nothing to differentiate twice: zeros
        assert all(v == 0 for part in found[1:] + expected[1:] for v in part or [])


class Hundredfold:
    """An autograd.Function with a derivative of its own, made when Weft is loaded."""

    def __new__(cls, w, x):
        class Fn(w.autograd.Function):
            @staticmethod
            def forward(ctx, a):
                return a * 2

            @staticmethod
            def backward(ctx, g):
                return g * 100

        return Fn.apply(x)


def hooked(w, a):
    y = a * 2
    if y.requires_grad:
        y.register_hook(lambda g: g * 10)
    return y


@pytest.mark.parametrize("construct", CONSTRUCTS)
@pytest.mark.parametrize(
    "body,why",
    [
        (lambda w, a, r: Hundredfold(w, a) * r, "an autograd.Function"),
        (lambda w, a, r: hooked(w, a) * r, "a hook"),
        (lambda w, a, r: w.nn.functional.dropout(a, 0.5) * r, "draws random numbers"),
    ],
    ids=["Function", "hook", "dropout"],
)
def test_bodies_whose_derivative_no_graph_has(w, construct, body, why):
    """An error while tracing, so that a fallback runs them eagerly; without a gradient they are fine."""

    def run(x, r):
        return CONSTRUCTS[construct](w, body, x, r)

    x, r, _ = leaves(w)
    with pytest.raises(RuntimeError, match=why):
        w.jit(run)(x, r)
    w.manual_seed(3)
    y = run(x, r)
    y.sum().backward()
    expected = lists([y, x.grad, r.grad])
    x, r, _ = leaves(w)
    w.manual_seed(3)
    compiled = w.compile(run)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one for each line
        y = compiled(x, r)
    assert "runs eagerly" in compiled.explain() and why in compiled.explain()
    y.sum().backward()
    assert lists([y, x.grad, r.grad]) == expected
    x, r = x.detach(), r.detach()
    w.manual_seed(4)
    expected = run(x, r).tolist()
    w.manual_seed(4)
    with w.no_grad():
        assert w.jit(run)(x, r).tolist() == expected


def test_outputs_that_depend_on_no_operand(w):
    """Constants made in a body are inputs of its graph, and must not be taken for gradients."""

    def run(x):
        return w.cond(x.sum() > 0, lambda: (x * w.tensor(2.0), w.ones(2)), lambda: (x * 1, w.ones(2)))

    for f in (run, w.jit(run)):
        x = w.tensor([1.0, 2.0]).requires_grad_()
        a, b = f(x)
        assert not b.requires_grad
        (a * 3 + b * 100).sum().backward()
        assert x.grad.tolist() == [6, 6]


def test_create_graph_through_a_while_loop(w):
    """The function runs once more, eagerly: a loop has no second derivative in a graph."""

    def loop(x):
        return w.while_loop(lambda n, a: n < 2, lambda n, a: (n + 1, a * a), (w.tensor(0), x))[1]

    found = []
    for f in (loop, w.jit(loop)):
        x = w.tensor([1.0, 2.0]).requires_grad_()
        o = f(x)
        if f is loop:
            (g,) = w.autograd.grad(o.sum(), x, create_graph=True)
        else:
            with pytest.warns(RuntimeWarning, match="it has a while_loop in it"):
                (g,) = w.autograd.grad(o.sum(), x, create_graph=True)
        (o.sum() + (g * g).sum()).backward()
        found.append(x.grad.tolist())
    assert found == [[100, 3104]] * 2


def test_no_steps_and_operands_of_other_kinds_are_the_same_errors(w):
    def run(x):
        return w.scan(lambda c, row: (c + row, c), w.zeros(3), x)

    for f in (run, w.jit(run)):
        with pytest.raises(ValueError, match="nothing to go along"):
            f(w.zeros(0, 3))
    for wrap in (lambda f: f, w.jit):
        with pytest.raises(TypeError, match="tuple or list of tensors as operands, got int in it"):
            wrap(lambda x: w.cond(x.sum() > 0, lambda a, n: a, lambda a, n: a, (x, 3)))(w.ones(2))
        with pytest.raises(TypeError, match="tensors as carried_inputs, got int in it"):
            wrap(lambda x: w.while_loop(lambda n, a: n < 3, lambda n, a: (n + 1, a), (0, x)))(w.ones(2))


@pytest.mark.parametrize("seed", range(40))
def test_random_bodies(w, seed):
    """Chains of the bodies above, nested in one another's constructs."""
    draw = random.Random(seed)
    names = [n for n in BODIES if n not in ("everything detached",)]
    chain = [draw.choice(names) for _ in range(draw.randrange(1, 4))]
    outer, inner = draw.choice(list(CONSTRUCTS)), draw.choice(list(CONSTRUCTS))

    def run(x, r, weight):
        def body(w, a, r):
            for name in chain:
                a = w.tanh(BODIES[name](w, a, r, weight))
            return a

        return CONSTRUCTS[outer](w, lambda w, a, r: CONSTRUCTS[inner](w, body, a, r) * 0.5, x, r)

    found = []
    for f in (run, w.jit(run)):
        x, r, weight = leaves(w)
        y = f(x, r, weight)
        if y.requires_grad:
            y.square().sum().backward()
        found.append(zeros_for_none(lists([y, x.grad, r.grad, weight.grad])))
    for a, b in zip(*found, strict=True):
        assert a == pytest.approx(b, rel=1e-4, abs=2e-4), (chain, outer, inner)


# Tensors from outside that share memory


@pytest.mark.parametrize("construct", CONSTRUCTS)
@pytest.mark.parametrize("first", ["detached", "itself"])
@pytest.mark.parametrize("where", ["outside", "in the function"])
def test_a_tensor_and_itself_detached(w, construct, first, where):
    """Memory is one input of a body's graph: that of the tensor with the history."""
    found = []
    for wrap in (lambda f: f, w.jit):
        x, r, p = leaves(w)
        outside = p.detach()

        def run(x, r, p=p, outside=outside):
            q = outside if where == "outside" else p.detach()
            order = (q, p) if first == "detached" else (p, q)
            return CONSTRUCTS[construct](w, lambda w, a, r: a * order[0] + r * order[1], x, r)

        y = wrap(run)(x, r)
        y.square().sum().backward()
        found.append(lists([y, x.grad, r.grad, p.grad]))
    assert found[0] == found[1]


def test_two_histories_of_one_memory_are_an_error(w):
    def run(x):
        leaf = x.detach().requires_grad_()
        y = w.cond(x.sum() > 0, lambda: leaf * x, lambda: x * 1)
        return w.autograd.grad(y.sum(), [leaf, x])

    assert [g.tolist() for g in run(w.ones(2, requires_grad=True))] == [[1, 1], [1, 1]]
    with pytest.raises(RuntimeError, match="gradients of the two go different ways"):
        w.jit(run)(w.ones(2, requires_grad=True))


@pytest.mark.parametrize("count", [8, 31, 32, 33, 62, 63, 64, 65, 100])
@pytest.mark.parametrize("construct", ["cond", "scan", "cond in scan"])
def test_many_captured_parameters(w, count, construct):
    def run(ps, x):
        def body(a):
            return sum(p * p * a * (i + 1) for i, p in enumerate(ps))

        if construct == "cond":
            return w.cond(x.sum() > 0, lambda: body(x), lambda: x * 1)
        inner = (lambda r: w.cond(r.sum() > 0, lambda: body(r), lambda: r)) if "cond" in construct else body
        return w.scan(lambda c, r: (c + inner(r), None), w.zeros(1), x[None])[0]

    found = []
    for wrap in (lambda f: f, w.jit):
        ps = [w.tensor([1 + i / 128]).requires_grad_() for i in range(count)]
        y = wrap(lambda x, ps=ps: run(ps, x))(w.ones(1))
        found.append(w.cat(w.autograd.grad(y.sum(), ps)).tolist())
    assert found[0] == pytest.approx(found[1])
    found = []
    for wrap in (lambda f: f, w.jit):
        ps = [w.tensor([1 + i / 128]).requires_grad_() for i in range(count)]

        def second(x, ps=ps):
            g = w.autograd.grad(run(ps, x).sum(), ps, create_graph=True)
            return w.autograd.grad(sum((q * q).sum() for q in g), ps)

        found.append(w.cat(wrap(second)(w.ones(1))).tolist())
    assert found[0] == pytest.approx(found[1], rel=1e-4)


# What a body may not do, because a trace runs it once


def counts(w, x):
    n = 0

    def body(c, r):
        nonlocal n
        n += 1
        return c + n, None

    return w.scan(body, x[0], x)[0]


def takes_from_an_iterator(w, x):
    functions = iter([w.sin, w.cos])
    return w.map(lambda r: next(functions)(r), x)


def fills_a_list(w, x):
    used = []
    y = w.cond(x.sum() > 0, lambda: (used.append(1), x * 2)[1], lambda: (used.append(2), x * 3)[1])
    return y * len(used)


def keeps_a_tensor(w, x):
    previous = x[0]

    def body(c, r):
        nonlocal previous
        y, previous = previous, r
        return c + y, None

    return w.scan(body, x[0], x)[0]


def keeps_state_in_an_object(w, x):
    class Cell:
        h = None

        def step(self, c, r):
            c = c if self.h is None else c + self.h
            self.h = r
            return c, None

    cell = Cell()
    return w.scan(lambda c, r: cell.step(c, r), x[0], x)[0]


def a_helper_counts(w, x):
    n = [0]

    def helper(a):
        n[0] += 1
        return a * n[0]

    return w.map(lambda r: helper(r), x)


def switches_recording(w, x):
    def off():
        w.set_grad_enabled(False)
        return x * 2

    try:
        y = w.cond(x.sum() < 0, off, lambda: x * 1)
        return y * x
    finally:
        w.set_grad_enabled(True)


@pytest.mark.parametrize(
    "function",
    [
        counts,
        takes_from_an_iterator,
        fills_a_list,
        keeps_a_tensor,
        keeps_state_in_an_object,
        a_helper_counts,
        switches_recording,
    ],
    ids=lambda f: f.__name__,
)
def test_effects_of_bodies_are_errors(w, function):
    x = w.arange(6.0).reshape(2, 3)
    expected = function(w, x)
    with pytest.raises(RuntimeError, match="changes .* which is around it|leaves the grad mode switched"):
        w.jit(lambda x: function(w, x))(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert w.compile(lambda x: function(w, x))(x).tolist() == expected.tolist()


def test_gradients_by_what_is_around_a_body(w):
    """In eager mode they go through the operands' history as well."""

    def run(x):
        y = x * 2
        return w.cond(x.sum() > 0, lambda a: w.autograd.grad((a * x).sum(), x, retain_graph=True)[0], lambda a: a, (y,))

    x = w.ones(1, requires_grad=True)
    assert run(x).tolist() == [4]
    with pytest.raises(RuntimeError, match="computes a gradient by a tensor from outside"):
        w.jit(run)(x)


def test_func_grad_of_control_flow(w):
    def f(x):
        return w.cond(x.sum() > 0, lambda: (x * x * x).sum(), lambda: x.sum())

    for wrap in (lambda f: f, w.jit):
        x = w.tensor([1.0, 2.0])
        assert wrap(w.func.grad(f))(x).tolist() == [3, 12]
        assert wrap(lambda x: w.func.grad(lambda y: (f(y) * x).sum())(x))(x).tolist() == [9, 36]


def test_an_operand_given_twice(w):
    def cell(c, r):
        h, m = c
        h = w.tanh(h + m * r)
        return (h, m + h), h

    def run(x):
        z = w.zeros(3)
        (h, m), ys = w.scan(cell, (z, z), x)
        a, b = w.while_loop(lambda a, b: a.sum() < 10, lambda a, b: (a * 2 + 1, b + a), (h, h))
        return w.cond(h.sum() > 9, lambda a, b: a * b, lambda a, b: a + b * 2, (m, m)) + a + b + ys.sum(0)

    found = []
    for f in (run, w.jit(run)):
        x = w.arange(6.0).reshape(2, 3).requires_grad_()
        y = f(x)
        y.sum().backward()
        found.append(lists([y, x.grad]))
    assert found[0] == found[1]


def test_create_graph_where_the_result_of_a_branch_depends_on_nothing(w):
    def run(x):
        (a,) = w.while_loop(lambda a: a.sum() < 3, lambda a: (a * 2,), (x,))
        return a, w.cond(x.sum() < 0, lambda: x * 2, lambda: w.ones(2))

    found = []
    for f in (run, w.jit(run)):
        x = w.tensor([0.5, 1.0]).requires_grad_()
        a, b = f(x)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            (g,) = w.autograd.grad(a.sum() + b.sum() * 3, x, create_graph=True)
        found.append(g.tolist())
    assert found[0] == found[1]


# Results that nobody uses: zeros times an infinite derivative are no zeros

UNUSED = {
    "plain": lambda w, x: (x * 2, x.sqrt(), (x * x).sum().sqrt())[0],
    "cond": lambda w, x: w.cond(x.sum() == 0, lambda: (x * 2, x.sqrt()), lambda: (x * 1, x * 1))[0],
    "scan": lambda w, x: w.scan(lambda c, _: (c * 2, c.sqrt()), x, None, length=2)[0],
    "while_loop": lambda w, x: w.while_loop(
        lambda n, a, m: n < 2, lambda n, a, m: (n + 1, a * 2, (a * a).sqrt()), (w.tensor(0), x, x * 1)
    )[1],
    "carried for later": lambda w, x: w.scan(
        lambda c, _: ((c[0] + c[1], c[1] * 2, c[0].sqrt()), None), (x, x * 1, x * 1), None, length=3
    )[0][0],
}


@pytest.mark.parametrize("name", UNUSED)
@pytest.mark.parametrize("where", ["outside", "inside"])
def test_results_that_nobody_uses(w, name, where):
    def run(x):
        return UNUSED[name](w, x)

    found = []
    for wrap in (lambda f: f, w.jit):
        x = w.zeros(2).requires_grad_()
        if where == "inside":
            found.append(wrap(lambda x: w.autograd.grad(run(x).sum(), x)[0])(x).tolist())
        else:
            wrap(run)(x).sum().backward()
            found.append(x.grad.tolist())
    assert found[0] == found[1]


def test_some_results_of_a_jitted_function(w):
    """In any choice, with the bits of eager mode, and None where nothing depends on a leaf."""

    def f(x, y):
        return x * 2 + y, x.sqrt(), (y * y).exp(), w.cat([x, y]).tanh()

    jitted = w.jit(f)
    for chosen in range(1, 16):
        found = []
        for call in (f, jitted):
            x, y = w.tensor([0.0, 1.0]).requires_grad_(), w.tensor([0.5, 2.0]).requires_grad_()
            parts = [r.sum() * (k + 1) for k, r in enumerate(call(x, y)) if chosen >> k & 1]
            sum(parts).backward()
            found.append([None if t.grad is None else t.grad.tolist() for t in (x, y)])
        assert found[0] == found[1], chosen


def test_an_error_of_a_body_that_is_caught(w):
    """In eager mode only the function that runs raises it."""

    def check(x):
        raise ValueError("not this one")

    def run(x):
        try:
            return w.cond(x.sum() < 0, lambda: check(x), lambda: x * 3)
        except ValueError:
            return x * 2

    x = w.ones(2)
    assert run(x).tolist() == [3, 3]
    with pytest.raises(RuntimeError, match="raises an error while it is traced.*not this one"):
        w.jit(run)(x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert w.compile(run)(x).tolist() == [3, 3]
        assert w.compile(run)(-x).tolist() == [-2, -2]
    with pytest.raises(ValueError, match="not this one"):
        w.jit(lambda x: w.cond(x.sum() < 0, lambda: check(x), lambda: x * 3))(x)


def test_a_hook_that_a_body_registers_outside_of_it(w):
    def run(x):
        y = x * 2

        def with_hook():
            y.register_hook(lambda g: g * 10)
            return y * 1

        return w.cond(x.sum() < 0, with_hook, lambda: y * 3).sum()

    x = w.ones(2, requires_grad=True)
    run(x).backward()
    assert x.grad.tolist() == [6, 6]
    with pytest.raises(RuntimeError, match="register the hook outside"):
        w.jit(run)(x)

"""weft.func: derivatives and batches of functions, and how they compose."""

import collections

import pytest
from support import weft_only

pytestmark = weft_only


def mlp(w):
    w.manual_seed(1)
    return w.nn.Sequential(w.nn.Linear(4, 8), w.nn.Tanh(), w.nn.Linear(8, 3))


def close(w, a, b, tolerance=1e-5):
    return a.shape == b.shape and w.allclose(a, b, rtol=tolerance, atol=tolerance)


# grad


def test_grad_of_structures(w):
    def f(p, x):
        return (p["a"] * x + p["b"][0]).sum()

    p = {"a": w.tensor(2.0), "b": [w.ones(3)]}
    found = w.func.grad(f)(p, w.tensor([1.0, 2.0, 3.0]))
    assert found["a"].item() == 6 and found["b"][0].tolist() == [1, 1, 1]
    assert not found["a"].requires_grad and not p["a"].requires_grad


def test_grad_of_several_arguments_with_more_results(w):
    def f(x, y):
        return (x * y).sum(), {"sum": x + y}

    (dx, dy), (value, aux) = w.func.grad_and_value(f, argnums=(0, -1), has_aux=True)(w.tensor([2.0]), w.tensor([5.0]))
    assert (dx.item(), dy.item(), value.item(), aux["sum"].item()) == (5, 2, 10, 7)
    assert not aux["sum"].requires_grad and not value.requires_grad
    value, dx = w.func.value_and_grad(lambda x: x**2)(w.tensor(3.0))
    assert (value.item(), dx.item()) == (9, 6)


def test_gradients_of_gradients(w):
    f = w.func.grad(w.func.grad(w.func.grad(lambda x: x**5)))
    assert f(w.tensor(2.0)).item() == 60 * 4


def test_perturbations_are_not_confused(w):
    """d/dx x d/dy (x + y), the example of Siskind and Pearlmutter (2005): 1, not 2."""
    for inner in (lambda f: w.func.grad(f), lambda f: lambda v: w.func.jvp(f, (v,), (w.tensor(1.0),))[1]):
        for outer in (lambda f: w.func.grad(f), lambda f: lambda v: w.func.jvp(f, (v,), (w.tensor(1.0),))[1]):
            g = outer(lambda x, inner=inner: x * inner(lambda y: x + y)(w.tensor(1.0)))
            assert g(w.tensor(3.0)).item() == 1


def test_what_is_outside_keeps_its_gradient(w):
    """As the level around the function."""
    weight = w.tensor([1.0, 2.0], requires_grad=True)
    x = w.tensor([3.0, 4.0])
    g = w.func.grad(lambda x: (weight * x * x).sum())(x)
    assert g.requires_grad
    g.sum().backward()
    assert weight.grad.tolist() == [6, 8]
    x = w.tensor([3.0, 4.0], requires_grad=True)
    w.func.grad(lambda x: (x**3).sum())(x).sum().backward()
    assert x.grad.tolist() == [18, 24]
    with w.no_grad():
        g = w.func.grad(lambda x: (weight * x).sum())(x)
    assert not g.requires_grad and g.tolist() == [1, 2]


def test_arguments_that_no_gradient_has(w):
    with pytest.raises(RuntimeError, match="expected floating or complex tensors to differentiate by, got .*int64"):
        w.func.grad(lambda x: x.sum())(w.tensor([1, 2]))
    with pytest.raises(RuntimeError, match=r"floating tensor without dimensions, got .*\(2,\)"):
        w.func.grad(lambda x: x)(w.ones(2))
    with pytest.raises(RuntimeError, match="floating tensor without dimensions, got float"):
        w.func.grad(lambda x: 3.0)(w.ones(2))
    with pytest.raises(ValueError, match="argnums names argument 2"):
        w.func.grad(lambda x: x.sum(), argnums=2)(w.ones(2))
    with pytest.raises(TypeError, match="expected a tensor"):
        w.func.grad(lambda x: x)(3.0)
    with pytest.raises(RuntimeError, match="pair"):
        w.func.grad(lambda x: x.sum(), has_aux=True)(w.ones(2))
    assert w.func.grad(lambda x: w.tensor(1.0))(w.ones(2)).tolist() == [0, 0]


# vmap


def test_in_dims_and_out_dims(w):
    x, y = w.randn(4, 3), w.randn(3, 5)
    found = w.vmap(lambda a, b: w.outer(a, b), in_dims=(1, 0), out_dims=2)(x, y)
    assert close(w, found, w.stack([w.outer(x[:, i], y[i]) for i in range(3)], 2))
    found = w.vmap(
        lambda p: {"s": p["a"] + p["b"], "n": p["b"]}, in_dims=({"a": -1, "b": None},), out_dims={"s": 1, "n": 0}
    )({"a": x, "b": w.ones(4)})
    assert close(w, found["s"], x + 1) and found["n"].tolist() == [[1.0] * 4] * 3
    assert w.vmap(lambda a, k: a * k)(x, 2.0).tolist() == (x * 2).tolist()


@pytest.mark.parametrize(
    "call,error,text",
    [
        (lambda w: w.vmap(lambda a, b: a + b)(w.ones(2), w.ones(3)), ValueError, r"must agree, got \[2, 3\]"),
        (lambda w: w.vmap(lambda a: a, in_dims=None), TypeError, "in_dims must be an int or a tuple"),
        (lambda w: w.vmap(lambda a: a, in_dims=(None,))(w.ones(2)), ValueError, "names no dimension"),
        (lambda w: w.vmap(lambda a: a, in_dims=(0, 0))(w.ones(2)), ValueError, "2 entries for 1 arguments"),
        (lambda w: w.vmap(lambda a: a, in_dims=1)(w.ones(2)), ValueError, "in_dims has 1 for a tensor of shape"),
        (lambda w: w.vmap(lambda a: a, in_dims=(0,))(3.0), ValueError, "no tensor"),
        (lambda w: w.vmap(lambda a: a, out_dims=2)(w.ones(2, 2)), ValueError, "out_dims has 2"),
        (lambda w: w.vmap(lambda a: 3)(w.ones(2)), TypeError, "result of the function: expected a tensor"),
        (lambda w: w.vmap(lambda a: a, randomness="x")(w.ones(2)), ValueError, "randomness must be"),
        (lambda w: w.vmap(lambda a: a, chunk_size=0)(w.ones(2)), ValueError, "chunk_size must be"),
        (lambda w: w.vmap(lambda a: a if a.sum() > 0 else -a)(w.ones(2)), RuntimeError, "not known"),
        (lambda w: w.vmap(lambda a: a.item())(w.ones(2)), RuntimeError, "not known"),
        (lambda w: w.vmap(3), TypeError, "func"),
    ],
)
def test_vmap_refuses(w, call, error, text):
    with pytest.raises(error, match=text):
        call(w)


def test_what_all_share_is_known(w):
    """Values that do not depend on the batch may decide."""
    limit = w.tensor(1.5)

    def f(a):
        return a * 2 if (limit * 2).item() > 1 else a

    assert w.vmap(f)(w.ones(2)).tolist() == [2, 2]


def test_promotion_among_numbers(w):
    """Elements of a batch are tensors without dimensions, as is what is beside them: they are promoted as equals."""
    half, wide = w.arange(3).half(), w.tensor(0.1, dtype=w.float64)
    for f in (lambda x: x * wide, lambda x: w.where(x > 1, x, wide), lambda x: wide - x):
        y = w.vmap(f)(half)
        assert y.dtype == f(half[0]).dtype == w.float64
        assert w.equal(y, w.stack([f(x) for x in half]))
    small = w.tensor(200, dtype=w.uint8)
    y = w.vmap(lambda x: x - small)(w.arange(3, dtype=w.int32))
    assert y.dtype == w.int32 and y.tolist() == [-200, -199, -198]
    assert w.vmap(lambda x: x.masked_fill(x > 1, wide.half()))(half).tolist() == [0, 1, half.new_tensor(0.1).item()]


def test_changes_in_place(w):
    def f(a):
        b = a * 1
        b[0] += 1
        b[1:].mul_(a[1:])
        c = w.zeros(3)
        c[1] = a[0]
        return b, c

    x = w.arange(6.0).reshape(2, 3)
    for one, many in zip(zip(*[f(row) for row in x]), w.vmap(f)(x), strict=True):
        assert w.stack(one).tolist() == many.tolist()
    w.vmap(lambda a: a.add_(1))(x)
    assert x.tolist() == [[1, 2, 3], [4, 5, 6]]
    shared = w.zeros(3)
    w.vmap(lambda a: shared.add_(1) + a)(x)
    assert shared.tolist() == [1, 1, 1]
    with pytest.raises(RuntimeError, match="writes values that differ"):
        w.vmap(lambda a: shared.add_(a))(x)
    assert shared.tolist() == [1, 1, 1]


def test_chunks_give_the_same(w):
    x = w.randn(7, 3)
    f = lambda a: (a.softmax(0), a.sum())  # noqa: E731
    for a, b in zip(w.vmap(f)(x), w.vmap(f, chunk_size=3)(x), strict=True):
        assert w.equal(a, b)


def test_random_numbers(w):
    x = w.zeros(1000)
    with pytest.raises(RuntimeError, match="randomness="):
        w.vmap(lambda a: a + w.rand(()))(x)
    different = w.vmap(lambda a: a + w.rand(()), randomness="different")(x)
    assert len(set(different.tolist())) > 900
    same = w.vmap(lambda a: a + w.rand(()), randomness="same")(x)
    assert len(set(same.tolist())) == 1
    dropped = w.vmap(lambda a: w.nn.functional.dropout(a + w.ones(10), 0.5), randomness="different")(x)
    assert len({tuple(row) for row in dropped.tolist()}) > 500


def test_an_empty_batch(w):
    assert w.vmap(lambda a: a.softmax(0).sum())(w.zeros(0, 3)).shape == (0,)


def test_results_that_are_the_arguments(w):
    x = w.randn(3, 2)
    assert w.vmap(lambda a: a)(x).tolist() == x.tolist()
    assert w.vmap(lambda a: w.ones(2))(x).tolist() == [[1, 1]] * 3


def test_loops_and_branches_on_values(w):
    x = w.tensor([1.0, -2.0, 3.0])
    w.func._vmap._warned.discard("cond")  # it is told once
    with pytest.warns(RuntimeWarning, match="cond has no rule for batches"):
        found = w.vmap(lambda a: w.cond(a > 0, lambda: a * 2, lambda: -a))(x)
    assert found.tolist() == [2, 2, 6]


# Compositions


def test_gradients_of_each_sample(w):
    model = mlp(w)
    params = dict(model.named_parameters())
    x, y = w.randn(5, 4), w.tensor([0, 2, 1, 1, 0])

    def loss(params, x, y):
        return w.nn.functional.cross_entropy(w.func.functional_call(model, params, (x[None],)), y[None])

    found = w.vmap(w.func.grad(loss), in_dims=(None, 0, 0))(params, x, y)
    compiled = w.jit(lambda p, x, y: w.vmap(w.func.grad(loss), in_dims=(None, 0, 0))(p, x, y))(params, x, y)
    for name, p in params.items():
        wanted = w.stack([w.autograd.grad(loss(params, x[i], y[i]), p)[0] for i in range(5)])
        assert close(w, found[name], wanted) and close(w, compiled[name], wanted)


def test_an_ensemble(w):
    models = [
        w.nn.Sequential(w.nn.Conv2d(1, 2, 3), w.nn.BatchNorm2d(2), w.nn.Flatten(), w.nn.Linear(32, 3)) for _ in range(3)
    ]
    for m in models:
        m.eval()
    params, buffers = w.func.stack_module_state(models)
    x = w.randn(5, 1, 6, 6)
    found = w.vmap(lambda p, b: w.func.functional_call(models[0], (p, b), (x,)))(params, buffers)
    assert close(w, found, w.stack([m(x) for m in models]))


def leaves_of(w, tree):
    return [tree] if isinstance(tree, w.Tensor) else [leaf for part in tree for leaf in leaves_of(w, part)]


def test_jacobians_agree(w):
    def f(x, y):
        return w.sin(x) * y.sum(), (x[:2] * y).prod()

    x, y = w.randn(3, dtype=w.float64), w.randn(2, dtype=w.float64)
    for argnums in (0, 1, (0, 1)):
        left, right = w.func.jacrev(f, argnums)(x, y), w.func.jacfwd(f, argnums)(x, y)
        for a, b in zip(leaves_of(w, left), leaves_of(w, right), strict=True):
            assert close(w, a, b, 1e-12)
    single = w.func.jacrev(lambda x: (x**2).cumsum(0))(x)
    assert close(w, single, w.tril(w.ones(3, 3, dtype=w.float64)) * (2 * x))


def test_hessian_of_an_mlp(w):
    model = mlp(w).double()
    x = w.randn(4, dtype=w.float64)
    f = lambda v: model(v).square().sum()  # noqa: E731
    h = w.func.hessian(f)(x)
    assert close(w, h, h.T, 1e-10)
    step = 1e-5
    for i in range(4):
        e = w.zeros(4, dtype=w.float64)
        e[i] = step
        g = w.func.grad(f)
        assert close(w, h[i], (g(x + e) - g(x - e)) / (2 * step), 1e-6)


def test_vmaps_of_vmaps(w):
    x, y = w.randn(3, 4), w.randn(5, 4)
    found = w.vmap(lambda a: w.vmap(lambda b: (a * b).sum())(y))(x)
    assert close(w, found, x @ y.T)
    found = w.vmap(w.vmap(w.func.grad(lambda a: (a**3).sum())))(w.randn(2, 3, 4).requires_grad_())
    assert found.shape == (2, 3, 4) and found.requires_grad


def test_gradient_through_vmap(w):
    x, k = w.randn(3, 4).requires_grad_(), w.randn(4).requires_grad_()

    def f(a):
        b = a * k
        b[0] = (b[1] * 2).detach() * a[0]
        with w.no_grad():
            c = a * 5
        return (b * c).sum()

    w.vmap(f)(x).sum().backward()
    found = x.grad, k.grad
    x.grad = k.grad = None
    sum(f(row) for row in x).backward()
    assert close(w, found[0], x.grad) and close(w, found[1], k.grad)


def test_linearize_and_vjp(w):
    x = w.randn(4, dtype=w.float64)
    f = lambda x: (w.sin(x) * x.sum(), x.prod())  # noqa: E731
    y, push = w.func.linearize(f, x)
    t = w.randn(4, dtype=w.float64)
    _, wanted = w.func.jvp(f, (x,), (t,))
    for a, b in zip(push(t), wanted, strict=True):
        assert close(w, a, b, 1e-12) and not a.requires_grad
    (_, pull) = w.func.vjp(f, x)
    with pytest.raises(RuntimeError, match="another structure"):
        pull(y[0])
    with pytest.raises(RuntimeError, match=r"cotangent of shape \(4,\)"):
        pull((y[1], y[1]))


def test_jvp_refuses(w):
    f = lambda x: x * 2  # noqa: E731
    for primals, tangents, text in (
        (w.ones(2), (w.ones(2),), "tuple as primals"),
        ((w.ones(2),), (w.ones(3),), "tangent like the primal"),
        ((w.ones(2),), (w.ones(2), w.ones(2)), "another structure"),
        ((), (), "at least one"),
    ):
        with pytest.raises(RuntimeError, match=text):
            w.func.jvp(f, primals, tangents)
    with pytest.raises(RuntimeError, match="does not depend"):
        w.func.jvp(lambda x: w.ones(2), (w.ones(2),), (w.ones(2),), strict=True)


def test_jit_of_transforms(w):
    f = w.jit(w.func.grad(lambda x: (w.vmap(lambda a: a.sin())(x) ** 2).sum()))
    x = w.randn(3)
    assert close(w, f(x), w.func.grad(lambda x: (x.sin() ** 2).sum())(x))
    inner = w.jit(lambda a: a * 2 + 1)
    assert close(w, w.vmap(inner)(x), x * 2 + 1)
    assert close(w, w.func.jacrev(w.jit(lambda x: x * x.sum()))(x), w.func.jacrev(lambda x: x * x.sum())(x))


def test_tensors_of_a_transform_have_no_values_outside(w):
    kept = []
    w.vmap(lambda a: (kept.append(a * 2), a)[1])(w.ones(2))
    with pytest.raises(RuntimeError, match="no values|not known"):
        (kept[0] + 1).tolist()


def test_functional_call_refuses(w):
    model = mlp(w)
    weight = model[0].weight
    call = w.func.functional_call
    with pytest.raises(KeyError, match="no parameter or buffer named 'x'"):
        call(model, {"x": w.ones(1)}, (w.ones(4),))
    with pytest.raises(KeyError, match="must be given"):
        call(model, {"0.weight": weight}, (w.ones(4),), strict=True)
    with pytest.raises(TypeError, match="expected a tensor for"):
        call(model, {"0.weight": 3}, (w.ones(4),))
    with pytest.raises(ValueError, match="two of the dicts"):
        call(model, ({"0.weight": weight}, {"0.weight": weight}), (w.ones(4),))
    with pytest.raises(RuntimeError):
        call(model, {"0.weight": w.ones(2, 2)}, (w.ones(4),))
    assert model[0].weight is weight


# autograd.functional


def test_older_names_of_derivatives(w):
    f = w.autograd.functional
    x, y = w.randn(3, dtype=w.float64), w.randn(3, dtype=w.float64)

    def g(x, y):
        return (x.sin() * y).sum()

    v = (w.randn(3, dtype=w.float64), w.randn(3, dtype=w.float64))
    h = f.hessian(g, (x, y))
    wanted = [sum(h[i][j] @ v[j] for j in range(2)) for i in range(2)]
    for product in (f.hvp(g, (x, y), v), f.vhp(g, (x, y), v)):
        assert product[0].item() == pytest.approx(g(x, y).item())
        assert all(close(w, a, b, 1e-12) for a, b in zip(product[1], wanted, strict=True))
    for strategy in ("reverse-mode", "forward-mode"):
        j = f.jacobian(lambda x, y: (x * y, y**2), (x, y), strategy=strategy)
        assert close(w, j[0][0], w.diag(y)) and not j[1][0].any() and close(w, j[1][1], w.diag(2 * y))
    x.requires_grad_()
    assert not f.jacobian(lambda x: x**3, x).requires_grad
    f.jacobian(lambda x: x**3, x, create_graph=True).sum().backward()
    assert close(w, x.grad, 6 * x.detach())
    with pytest.raises(RuntimeError, match="result 0 must depend on input 1"):
        f.vjp(lambda x, y: x.sum(), (x, y), strict=True)
    with pytest.raises(RuntimeError, match="v may only be left out"):
        f.vjp(lambda x: x, x)
    with pytest.raises(RuntimeError, match="tensor of one element"):
        f.hessian(lambda x: x, x)
    with pytest.raises(TypeError, match="as inputs"):
        f.jvp(lambda x: x, 3.0)


# GradientTape


def test_a_tape_tells_gradients(w):
    x, a, b, c = (w.tensor(float(v)) for v in (1, 2, 3, 4))
    with w.GradientTape() as tape:
        tape.watch([a, b, c])
        y = a**2 * x + b * x + c
    found = tape.gradient(y, {"a": a, "rest": (b, c)})
    assert found["a"].item() == 4 and [g.item() for g in found["rest"]] == [1, 1]
    assert not a.requires_grad and a.grad is None
    with pytest.raises(RuntimeError, match="once; use persistent=True"):
        tape.gradient(y, a)


def test_tapes_in_tapes_and_persistent_ones(w):
    x = w.tensor([1.0, 2.0])
    with w.GradientTape(persistent=True) as outer:
        outer.watch(x)
        with w.GradientTape() as inner:
            inner.watch(x)
            y = (x**3).sum()
        g = inner.gradient(y, x)
    assert g.tolist() == [3, 12] and outer.gradient(g, x).tolist() == [6, 12]
    assert outer.jacobian(g, x).tolist() == [[6, 0], [0, 12]]
    other = w.ones(2)
    assert outer.gradient(g, other) is None
    assert outer.gradient(g, [other], unconnected_gradients="zero")[0].tolist() == [0, 0]
    assert outer.gradient([g, y], x, output_gradients=[w.tensor([1.0, 0.0]), w.tensor(2.0)]).tolist() == [12, 24]
    outer.reset()
    assert not x.requires_grad


def test_what_a_tape_watches(w):
    p, x = w.nn.Parameter(w.ones(2)), w.ones(2)
    with w.GradientTape() as tape:
        y = (p * x).sum()
    assert tape.gradient(y, [p, x])[0].tolist() == [1, 1] and p.grad is None and p.requires_grad
    with w.GradientTape(watch_accessed_variables=False) as tape:
        y = (p * x).sum()
    assert tape.gradient(y, p) is None
    with w.GradientTape() as tape:
        tape.watch(x)
        with tape.stop_recording():
            z = x * 2
        y = (x * z).sum()
    assert tape.gradient(y, x).tolist() == [2, 2]
    with pytest.raises(TypeError, match="expected a floating or complex tensor, got .*int64"):
        w.GradientTape().watch(w.tensor([1]))
    with pytest.raises(RuntimeError, match="enter its scope first"):
        w.GradientTape().gradient(x, x)
    with pytest.raises(ValueError, match="unconnected_gradients"):
        tape.gradient(y, x, unconnected_gradients="some")


# What a review found


def test_transforms_that_capture_a_variable(w):
    """A view that a transform takes from outside keeps its own history."""
    s, f = w.tensor([1.0, 2.0]), w.func
    p = w.tensor([3.0], requires_grad=True)
    assert f.grad(lambda p: w.vmap(lambda a: p * a)(s).sum())(p).tolist() == [3]
    along = (w.tensor([2.0]),), (w.tensor([1.0]),)
    assert f.grad(lambda p: f.jvp(lambda a: p * a, *along)[1].sum())(p).tolist() == [1]
    square = lambda v: w.vmap(lambda a: (v * a).pow(2).sum())(s).sum()  # noqa: E731
    for second in (f.hessian(square), f.jacrev(f.jacrev(square)), f.jacfwd(f.jacfwd(square))):
        assert second(w.tensor([1.0, 2.0])).tolist() == [[10, 0], [0, 10]]
    model, x = w.nn.Linear(2, 1), w.ones(4, 2)
    loss = lambda q: w.vmap(lambda a: f.functional_call(model, q, (a,)).sum())(x).sum()  # noqa: E731
    assert f.grad(loss)(dict(model.named_parameters()))["weight"].tolist() == [[4, 4]]
    base = w.tensor([1.0, 2.0, 3.0], requires_grad=True)
    v = base[1:]
    assert w.autograd.grad(w.vmap(lambda a: v * a)(s).sum(), v)[0].tolist() == [3, 3]


@pytest.mark.parametrize("layout", ["expanded", "every second", "transposed", "a part", "another dimension"])
def test_batches_in_any_layout(w, layout):
    """What a program sees as contiguous is so for the op."""
    x = w.randn(6, 8, dtype=w.float64)
    given, dim = {
        "expanded": (x[0].expand(6, 8), 0),
        "every second": (w.randn(12, 8, dtype=w.float64)[::2], 0),
        "transposed": (w.randn(8, 6, dtype=w.float64).T, 0),
        "a part": (w.randn(6, 11, dtype=w.float64)[:, 2:10], 0),
        "another dimension": (w.randn(8, 6, dtype=w.float64), 1),
    }[layout]
    weight = w.ones(5, 3, dtype=w.float64)
    for f in (
        lambda a: a.softmax(0),
        lambda a: a[:5].log_softmax(0),
        lambda a: a.sort()[0],
        lambda a: a.argsort(),
        lambda a: a.topk(3)[0],
        lambda a: a.median(),
        lambda a: a.cumsum(0),
        lambda a: a.reshape(2, 4).sum(0),
        lambda a: w.func.grad(lambda b: b.softmax(0)[0])(a),
        lambda a: w.func.jvp(lambda b: b[2:].softmax(0), (a,), (a * 2,))[1],
        lambda a: w.func.grad(lambda t: w.nn.functional.embedding((a > 0).long(), t).sum())(weight),
    ):
        wanted = w.stack([f(row) for row in given.movedim(dim, 0).unbind(0)])
        assert close(w, w.vmap(f, in_dims=dim)(given), wanted, 1e-9)


def test_jvp_of_strided_tensors_and_copies(w):
    x = w.randn(4, 3)
    for view in (x[:, 0], x[::2, 1], x.T[1]):
        value, along = w.func.jvp(lambda y: y[0] * y[-1:].sum(), (view,), (w.ones(*view.shape),))
        assert along.item() == pytest.approx((view[0] + view[-1]).item())
    found = w.func.jacfwd(lambda x: x.repeat_interleave(2, 0))(w.tensor([1.0, 2.0]))
    assert found.tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]


def test_memory_of_two_names(w):
    x = w.ones(2)
    for call in (
        lambda: w.vmap(lambda a, b: (a.add_(1), b * 1)[1])(x, x),
        lambda: w.vmap(lambda a: (a.add_(1), x * 1)[1])(x),
    ):
        with pytest.raises(RuntimeError, match="shares memory"):
            call()
    p, c = w.tensor([1.0, 2.0, 3.0], requires_grad=True), w.ones(3)
    y = (p * c).sum()
    w.vmap(lambda a: (a * c, c.add_(1))[0])(w.ones(2, 3))
    with pytest.raises(RuntimeError, match="changed it after"):
        y.backward()


def test_modules_that_are_held_twice(w):
    class Model(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.a = w.nn.Linear(2, 1)
            self.order = [self.a]

        def forward(self, x):
            for layer in self.order:
                x = layer(x)
            return x

    model, params = Model(), {"a.weight": w.tensor([[1.0, 2.0]]), "a.bias": w.zeros(1)}
    call = w.func.functional_call
    assert w.vmap(lambda x: call(model, params, (x,)))(w.ones(2, 2)).tolist() == [[3], [3]]
    with pytest.raises(RuntimeError, match="Model.order holds one beside them"):
        w.jit(lambda p, x: call(model, p, (x,)))(params, w.ones(2))


def test_keywords_are_shared_and_dicts_of_other_kinds(w):
    x = w.ones(3)
    assert w.vmap(lambda a, *, b: a * b)(x, b=x).shape == (3, 3)
    given = collections.defaultdict(list, a=w.ones(2), b=w.ones(2))
    assert w.vmap(lambda d: d["a"] + d["b"])(given).tolist() == [2, 2]
    ordered = w.vmap(lambda a: collections.OrderedDict(y=a, x=a))(x)
    assert type(ordered) is collections.OrderedDict and list(ordered) == ["y", "x"]
    with pytest.raises(RuntimeError, match="floating results"):
        w.func.jacrev(lambda x: x > 0)(x)


def test_tapes_that_watch_the_same(w):
    x = w.tensor(3.0)
    with w.GradientTape() as one:
        one.watch(x)
        y = x**2
    with w.GradientTape() as two:
        two.watch(x)
        z = x**3
    assert one.gradient(y, x).item() == 6 and x.requires_grad
    assert two.gradient(z, x).item() == 27 and not x.requires_grad


def test_a_result_without_the_batch(w):
    x, f = w.arange(3.0), w.vmap
    shared, own = f(lambda a: (w.ones(2), a * 2), out_dims=(None, 0))(x)
    assert shared.tolist() == [1, 1] and own.tolist() == [0, 2, 4]
    chunked = f(lambda a: (w.ones(2), a * 2), out_dims=(None, 0), chunk_size=2)(x)
    assert chunked[0].tolist() == [1, 1] and chunked[1].tolist() == [0, 2, 4]
    with pytest.raises(ValueError, match="out_dims is None for a result"):
        f(lambda a: a, out_dims=None)(x)


def test_numbers_drawn_in_place_for_all_elements(w):
    w.manual_seed(3)
    drawn = w.vmap(lambda a: a.clone().uniform_(), randomness="same")(w.zeros(4, 2))
    assert w.equal(drawn, drawn[:1].expand(4, 2)) and drawn[0, 0] != drawn[0, 1]
    w.manual_seed(3)
    assert w.equal(w.zeros(2).uniform_(), drawn[0])


def test_a_tape_inside_a_transform(w):
    def third_power(x):
        with w.GradientTape() as tape:
            tape.watch(x)
            y = (x**3).sum()
        return tape.gradient(y, x)

    x, f = w.tensor([1.0, 2.0]), w.func
    assert w.vmap(third_power)(x[:, None]).tolist() == [[3], [12]]
    assert f.jvp(third_power, (x,), (w.ones(2),))[1].tolist() == [6, 12]
    assert f.grad(lambda v: third_power(v).sum())(x).tolist() == [6, 12]
    assert f.jacrev(third_power)(x).tolist() == [[6, 0], [0, 12]]
    assert f.hessian(lambda v: third_power(v).sum())(x).tolist() == [[6, 0], [0, 6]]
    assert not x.requires_grad


def test_indices_of_an_outer_level(w):
    """An inner level meets what an outer one makes by an index: the inner level has no part in it."""
    table = w.arange(12).reshape(3, 4)
    for f in (lambda b, i: table[b][i], lambda b, i: table[b, i], lambda b, i: table[b].clone()[i]):
        assert w.equal(w.vmap(w.vmap(f, (None, 0)), (0, None))(w.arange(3), w.arange(4)), table)
    product = w.vmap(w.vmap(lambda b, i: table[b] * i, (None, 0)), (0, None))(w.arange(3), w.arange(4))
    assert w.equal(product, table[:, None] * w.arange(4)[:, None])

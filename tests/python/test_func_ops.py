"""Every row of the op table through vmap, against a loop, and through jvp, against vjp."""

import warnings

import numpy as np
import pytest
from op_calls import rows, samples_of, tensors_for
from support import tensors_in, weft_only

pytestmark = weft_only

BATCH = 3


def float_dtype(op):
    return next((t for t in ("float64", "float32") if t in op.dtypes), None) or op.dtypes[0]


def varied(array, step):
    """Other values of the same kind: the same ones in other places."""
    return np.roll(array.reshape(-1), step).reshape(array.shape) if array.size else array


def arrays_of(sample):
    return [k for k, a in enumerate(sample.args) if isinstance(a, np.ndarray)]


def outcome(f):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return f(), None
        except Exception as error:  # noqa: BLE001
            return None, error


def test_vmap_rows_are_many():
    assert len(list(rows())) > 500


@pytest.mark.parametrize("op", rows())
def test_vmap(w, op):
    """In all arguments at once, in each alone, and nested."""
    dtype = float_dtype(op)
    for sample in samples_of(op, dtype):
        places = arrays_of(sample)
        if not places:
            continue
        function = op.function(w)
        versions = [[varied(a, step) if k in places else a for k, a in enumerate(sample.args)] for step in range(BATCH)]
        given = [tensors_for(w, v, dtype, "cpu", False) for v in versions]
        kwargs = tensors_for(w, sample.kwargs, dtype, "cpu", False)
        for chosen in [places, *([k] for k in places if len(places) > 1)]:
            check_vmap(w, f"{op}{sample}", function, given, kwargs, chosen)


def check_vmap(w, name, function, given, kwargs, chosen):
    def one(b):
        return [g if k in chosen else given[0][k] for k, g in enumerate(given[b])]

    def call(*tensors):
        own = list(given[0])
        for k, t in zip(chosen, tensors, strict=True):
            own[k] = t
        return tensors_in(function(*own, **kwargs))

    stacked = [w.stack([given[b][k] for b in range(BATCH)]) for k in chosen]
    w.manual_seed(0)
    expected, wrong = outcome(lambda: [call(*[one(b)[k] for k in chosen]) for b in range(BATCH)])
    if wrong is not None:
        return
    w.manual_seed(0)
    found, error = outcome(lambda: w.vmap(call)(*stacked))
    if error is not None:
        text = str(error)
        assert any(part in text for part in ("are not known", "draws random numbers")), f"{name}: {error!r}"
        return
    for number, column in enumerate(zip(*expected, strict=True)):
        wanted = w.stack(list(column))
        got = found[number]
        assert got.dtype == wanted.dtype and got.shape == wanted.shape, f"{name}, {chosen}: {got.shape} {got.dtype}"
        assert close(w, got, wanted), f"{name}, {chosen}: {got} instead of {wanted}"


def close(w, a, b):
    if not a.is_floating_point():
        return w.equal(a, b)
    tolerance = {w.float64: 1e-9, w.float32: 2e-4}.get(a.dtype, 2e-2)
    return w.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True)


def differentiable_samples(w, op):
    """(name, call, primals, tangents) for samples with float64 arguments; call takes those, and gives float results."""
    draw = np.random.default_rng(0)
    for sample in samples_of(op, "float64"):
        constant = op.is_constant(sample)
        places = [k for k in arrays_of(sample) if not constant(sample.args[k])]
        args = tensors_for(w, list(sample.args), "float64", "cpu", False)
        kwargs = tensors_for(w, sample.kwargs, "float64", "cpu", False)
        function = op.function(w)

        def call(*xs, args=args, places=places, kwargs=kwargs, function=function):
            own = list(args)
            for k, x in zip(places, xs, strict=True):
                own[k] = x
            results = tensors_in(function(*own, **kwargs))
            return tuple(r for r in results if r.is_floating_point())

        primals = tuple(args[k] for k in places)
        if primals:
            yield f"{op}{sample}", call, primals, tuple(like(w, draw, p) for p in primals)


def like(w, draw, x):
    return w.from_numpy(draw.standard_normal(x.shape)).reshape(x.shape)


DIFFERENTIABLE = rows(lambda op: op.grad and "float64" in op.dtypes)


@pytest.mark.parametrize("op", DIFFERENTIABLE)
def test_jvp(w, op):
    """<u, J t> is <J^T u, t>."""
    draw = np.random.default_rng(1)
    for name, call, primals, tangents in differentiable_samples(w, op):
        w.manual_seed(0)
        pulled, wrong = outcome(lambda call=call, primals=primals: w.func.vjp(call, *primals))
        if wrong is not None:
            continue
        w.manual_seed(0)
        values, pushed = w.func.jvp(call, primals, tangents)
        for a, b in zip(values, pulled[0], strict=True):
            assert close(w, a, b), f"{name}: primal {a} instead of {b}"
        u = tuple(like(w, draw, r) for r in pulled[0])
        left = sum((a * b).sum().item() for a, b in zip(u, pushed, strict=True))
        right = sum((a * b).sum().item() for a, b in zip(pulled[1](u), tangents, strict=True))
        assert left == pytest.approx(right, rel=1e-6, abs=1e-6, nan_ok=True), f"{name}: {left}, by vjp {right}"


@pytest.mark.parametrize("op", rows(lambda op: op.grad and op.gradgrad and "float64" in op.dtypes))
def test_second_derivatives(w, op):
    """Forward over reverse, reverse over forward and forward over forward give what reverse mode gives twice."""
    draw = np.random.default_rng(1)
    for name, call, primals, tangents in differentiable_samples(w, op):
        if sum(x.numel() for x in primals) > 60:
            continue
        w.manual_seed(0)
        values, wrong = outcome(lambda call=call, primals=primals: call(*primals))
        if wrong is not None or not values:
            continue
        weights = [like(w, draw, r) for r in values]

        def scalar(*xs, call=call, weights=weights):
            w.manual_seed(0)
            return sum((u * r * r).sum() for u, r in zip(weights, call(*xs), strict=True))

        def product(xs, ys):
            return sum((x * y).sum() for x, y in zip(xs, ys, strict=True))

        every = tuple(range(len(primals)))
        gradient = w.func.grad(scalar, every)
        expected = w.func.grad(lambda *xs, g=gradient, t=tangents: product(g(*xs), t), every)(*primals)
        forward = lambda *xs, s=scalar, t=tangents: w.func.jvp(s, xs, t)[1]  # noqa: E731
        found = {
            "forward over reverse": w.func.jvp(gradient, primals, tangents)[1],
            "reverse over forward": w.func.grad(forward, every)(*primals),
        }
        for how, derivatives in found.items():
            for a, b in zip(derivatives, expected, strict=True):
                assert close(w, a, b), f"{name}, {how}: {a} instead of {b}"
        twice = w.func.jvp(forward, primals, tangents)[1].item()
        assert twice == pytest.approx(product(expected, tangents).item(), rel=1e-6, abs=1e-6, nan_ok=True), name

"""Every row of the op table through vmap, against a loop, and through jvp, against vjp and finite differences."""

import warnings

import numpy as np
import pytest
from op_calls import rows, samples_of, tensors_for
from support import is_float, tensors_in, weft_only

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


@pytest.mark.parametrize("op", rows(lambda op: op.grad and any(map(is_float, op.dtypes))))
def test_jvp(w, op):
    """<u, J t> is <J^T u, t>, and what finite differences give."""
    if "float64" not in op.dtypes:
        pytest.skip("needs float64")
    draw = np.random.default_rng(0)
    for sample in samples_of(op, "float64"):
        places = [k for k in arrays_of(sample) if np.asarray(sample.args[k]).dtype.kind == "f"]
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
        if not primals:
            continue
        tangents = tuple(w.from_numpy(draw.standard_normal(p.shape)).reshape(p.shape) for p in primals)
        w.manual_seed(0)
        pulled, wrong = outcome(lambda call=call, primals=primals: w.func.vjp(call, *primals))
        if wrong is not None:
            continue
        w.manual_seed(0)
        pushed, error = outcome(
            lambda call=call, primals=primals, tangents=tangents: w.func.jvp(call, primals, tangents)
        )
        if error is not None:
            assert any(part in str(error) for part in ("are not known",)), f"{op}{sample}: {error!r}"
            continue
        u = tuple(w.from_numpy(draw.standard_normal(r.shape)).reshape(r.shape) for r in pulled[0])
        for a, b in zip(pushed[0], pulled[0], strict=True):
            assert close(w, a, b), f"{op}{sample}: primal {a} instead of {b}"
        back = pulled[1](u)
        left = sum((a * b).sum().item() for a, b in zip(u, pushed[1], strict=True))
        right = sum((a * b).sum().item() for a, b in zip(back, tangents, strict=True))
        assert left == pytest.approx(right, rel=1e-6, abs=1e-6, nan_ok=True), f"{op}{sample}: {left}, by vjp {right}"

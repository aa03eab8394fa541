"""Reductions of rows with few columns, which the CPU sees as rows of several of these."""

import numpy as np
import pytest
from support import to_numpy, to_tensor, weft_only

NARROW = {
    "sum": (lambda x: x.sum(-2), lambda a: a.sum(-2)),
    "mean": (lambda x: x.mean(-2), lambda a: a.mean(-2)),
    "amax": (lambda x: x.amax(-2), lambda a: a.max(-2)),
    "argmin": (lambda x: x.argmin(-2), lambda a: a.argmin(-2)),
    "norm": (lambda x: x.norm(dim=-2), lambda a: np.sqrt((a * a).sum(-2))),
    "var": (lambda x: x.var(-2, correction=0), lambda a: a.var(-2)),
    "prod": (lambda x: (x / 99).cos().prod(-2), lambda a: np.cos(a / 99).prod(-2)),
}


@pytest.mark.parametrize("name", NARROW)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_of_few_columns(w, device, name, dtype):
    """Which are seen as rows of several: every width, around the lengths where that begins and changes."""
    function, reference = NARROW[name]
    rng = np.random.default_rng(0)
    for width in (1, 2, 3, 5, 8, 15, 16, 17, 33):
        lengths = {1, 7, 512 // width - 1, 512 // width, 512 // width + 1, 4096 // width - 1, 4096 // width + 5, 5003}
        for length in sorted(lengths - {0}):
            array = rng.standard_normal((2, length, width)).astype(dtype)
            x = to_tensor(w, array, device=device)
            close = {"rtol": 2e-4, "atol": 2e-4} if dtype == "float32" else {"rtol": 1e-10, "atol": 1e-10}
            np.testing.assert_allclose(to_numpy(function(x)), reference(array.astype("float64")), **close)


@weft_only
def test_rows_of_few_columns_on_any_number_of_threads_and_jitted(w):
    before = w.get_num_threads()
    try:
        for width, length in ((2, 100_003), (3, 70_000), (16, 9999)):
            x = to_tensor(w, np.random.default_rng(1).standard_normal((length, width)).astype("float32"))
            found = []
            for threads in (1, 2, 3):
                w.set_num_threads(threads)
                found.append((x.sum(0), x.var(0), w.jit(lambda x: (x * 2 + 1).sum(0))(x)))
            for other in found[1:]:
                assert all(a.equal(b) for a, b in zip(found[0], other, strict=True))
            assert found[0][2].equal((x * 2 + 1).sum(0))
    finally:
        w.set_num_threads(before)

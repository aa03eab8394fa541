"""Dimensions whose sizes vary: each new size is traced once, and is never a guess from other sizes."""

import warnings

import numpy as np
import pytest
from support import assert_same, weft_only

pytestmark = weft_only


def test_batch_size_of_a_network_and_its_backward(w):
    model = w.nn.Sequential(w.nn.Linear(6, 8), w.nn.ReLU(), w.nn.LayerNorm(8), w.nn.Linear(8, 3))
    f = w.jit(lambda x, y: w.nn.functional.cross_entropy(model(x), y), dynamic_dims=0)
    for n in (5, 7, 2, 64, 5):
        x, y = w.randn(n, 6), w.randint(0, 3, (n,))
        found = []
        for run in (f, lambda x, y: w.nn.functional.cross_entropy(model(x), y)):
            model.zero_grad()
            loss = run(x, y)
            loss.backward()
            found.append([loss.detach(), *(p.grad.clone() for p in model.parameters())])
        for one, two in zip(*found, strict=True):
            assert_same(one, two)
    assert f.traces == 4
    assert "4 sizes of dynamic dimensions, each traced once: (5, 5), (7, 7), (2, 2), (64, 64)" in f.explain()
    assert f.explain().count("trace ") == 1


def test_batch_and_length_of_a_transformer_step(w):
    size, heads = 8, 2
    nn, functional = w.nn, w.nn.functional

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens = nn.Embedding(11, size)
            self.qkv, self.out = nn.Linear(size, 3 * size), nn.Linear(size, 11)

        def forward(self, ids):
            n, t = ids.shape
            x = self.tokens(ids) + w.arange(t).unsqueeze(1) * 0.1
            q, k, v = (
                part.reshape(n, t, heads, size // heads).transpose(1, 2) for part in self.qkv(x).split(size, dim=2)
            )
            y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.out(y.transpose(1, 2).reshape(n, t, size))

    models, losses = [], []
    for jitted in (False, True):
        w.manual_seed(0)
        model = Block()
        optimizer = w.optim.AdamW(model.parameters(), lr=0.01)

        def step(ids, target, model=model, optimizer=optimizer):
            optimizer.zero_grad()
            out = model(ids)
            loss = functional.cross_entropy(out.reshape(-1, 11), target.reshape(-1))
            loss.backward()
            optimizer.step()
            return loss

        run = w.jit(step, dynamic_dims={0: (0, 1), 1: (0, 1)}) if jitted else step
        rng = np.random.default_rng(0)
        own = []
        for n, t in ((4, 6), (2, 5), (7, 3), (3, 9)):
            ids, target = (w.tensor(rng.integers(0, 11, (n, t))) for _ in range(2))
            own.append(run(ids, target).item())
        losses.append(own)
        models.append(model)
        if jitted:
            assert run.traces == 4, run.explain()
    assert losses[0] == losses[1]
    for a, b in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert_same(b.detach(), a.detach())


@pytest.mark.parametrize(
    "function",
    [
        lambda w, x: x.sum(0) / x.shape[0],
        lambda w, x: w.cat([x, x * 2]).reshape(2, -1).mean(1),
        lambda w, x: x + w.arange(x.shape[0]).unsqueeze(1),
        lambda w, x: x[1:].softmax(0),
        lambda w, x: w.zeros(x.shape[0] + 2, 3)[2:] + x,
        lambda w, x: x.view(-1)[x.shape[0] :],
        lambda w, x: x.std(0) + x.cumsum(0).amax(0),
    ],
)
def test_ops_that_mention_sizes(w, function):
    f = w.jit(lambda x: function(w, x), dynamic_dims={"0": 0})
    for n in (4, 9, 3, 30):
        x = w.randn(n, 3)
        assert_same(f(x), function(w, x))
    assert f.traces == 4, f.explain()


@pytest.mark.parametrize(
    "function",
    [
        lambda w, x: x * 2 if x.shape[0] % 4 == 0 else x,
        lambda w, x: x * 2 if len(x) > 100 else x,
        lambda w, x: x * {4: 2, 6: 3, 8: 4}[int(x.shape[0])],
        lambda w, x: x + w.tensor([float(x.shape[0])]),
        lambda w, x: x.reshape(-1, 2),
        lambda w, x: (x, x.shape[0]),
        lambda w, x: x * 2.0 ** -x.shape[0],
    ],
)
def test_python_sees_the_size(w, function):
    f = w.jit(lambda x: function(w, x), dynamic_dims=0)
    for n in (4, 6, 8):
        x = w.randn(n, 3)
        expected, got = function(w, x), f(x)
        assert_same(got[0] if isinstance(got, tuple) else got, expected[0] if isinstance(expected, tuple) else expected)
        assert not isinstance(got, tuple) or got[1] == n
    assert f.traces == 3


# Each of these looked like a constant or a straight line at the sizes n, n + 1 and n + 3.
@pytest.mark.parametrize(
    "function,sizes",
    [
        (lambda w, x: x[: x.shape[0] // 4], (8, 12, 32, 9)),
        (lambda w, x: x[::4], (8, 9, 21, 40)),
        (lambda w, x: x.chunk(4)[0] + 1, (8, 16, 33)),
        (lambda w, x: x[: x.shape[0] >> 3] * 2, (16, 24, 80)),
        (lambda w, x: x * (x.shape[0] % 5), (10, 12, 19, 25)),
        (lambda w, x: w.nn.functional.avg_pool1d(x.reshape(1, 1, -1), 4), (8, 20, 41)),
        (lambda w, x: w.nn.functional.max_pool1d(x.reshape(1, 1, -1), 8), (32, 64, 100)),
        (lambda w, x: w.arange(x.shape[0] // 6).sum() + x, (12, 18, 60)),
        (lambda w, x: x.mean() + x.shape[0] // 100, (99, 100, 201)),
        (lambda w, x: x.unfold(0, 4, 4).sum(1), (8, 12, 31)),
    ],
)
def test_floors_moduli_and_strides(w, function, sizes):
    f = w.jit(lambda x: function(w, x), dynamic_dims=0)
    for n in sizes:
        x = w.randn(n)
        assert_same(f(x), function(w, x))
    assert f.traces == len(sizes)


def test_pools_and_patches_of_images(w):
    functional = w.nn.functional
    weight = w.randn(5, 3, 16, 16)

    def function(x):
        pooled = functional.max_pool2d(x, 8).sum()
        return pooled, functional.conv2d(x, weight, stride=16).flatten(1)

    f = w.jit(function, dynamic_dims=(2, 3))
    for size in (32, 64, 48):
        x = w.randn(2, 3, size, size)
        for one, two in zip(f(x), function(x), strict=True):
            assert_same(one, two)


def test_a_branch_on_a_size(w):
    f = w.jit(lambda x: x * 2 if x.shape[0] > 5 else x * 3, dynamic_dims=0)
    for n in (10, 6, 2, 3, 4, 5, 20, 7):
        assert f(w.ones(n)).tolist() == [2.0 if n > 5 else 3.0] * n
    assert f.traces == 8


def test_sizes_zero_and_one(w):
    f = w.jit(lambda x: x + w.ones(4, 1), dynamic_dims=1)
    for n in (3, 5, 1, 0):
        assert f(w.zeros(4, n)).shape == (4, n)
    assert f.traces == 4


def test_dimensions_that_were_equal_by_chance(w):
    f = w.jit(lambda x, y: x.sum() + y.sum(), dynamic_dims=0)
    assert f(w.ones(3), w.ones(3)).item() == 6
    assert f(w.ones(4), w.ones(7)).item() == 11
    assert f(w.ones(5), w.ones(2)).item() == 7
    assert f.traces == 3


def test_bad_dynamic_dims(w):
    with pytest.raises(TypeError, match="dynamic_dims must be"):
        w.jit(lambda x: x, dynamic_dims={0: "batch"})


def test_many_sizes_make_no_warning_and_only_the_latest_are_kept(w):
    f = w.jit(lambda x: x * 2, dynamic_dims=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for n in range(300):
            assert f(w.ones(n)).shape == (n,)
    assert f.traces == 300 and len(f.compiled) == 256
    f(w.ones(299))
    assert f.traces == 300
    f(w.ones(3))
    assert f.traces == 301 and len(f.compiled) == 256
    assert "256 sizes" in f.explain() and "..." in f.explain()


def test_graphs_that_are_used_stay(w):
    f = w.jit(lambda x, n: x * n, dynamic_dims=True)
    with pytest.warns(RuntimeWarning, match="traced 16 times"):
        for n in range(400):
            f(w.ones(2), n), f(w.ones(2), -1)
    assert f.traces == 401 and len(f.compiled) == 256


def test_other_reasons_for_a_trace_are_counted(w):
    f = w.jit(lambda x, n: x * n, dynamic_dims={0: 0})
    with pytest.warns(RuntimeWarning, match="traced 16 times.*argument 1 = 15"):
        for n in range(16):
            f(w.ones(2 + n), n)


def test_all_dimensions(w):
    f = w.jit(lambda x, y: x.sum() + y, dynamic_dims=True)
    for rows, columns in ((2, 3), (5, 1), (0, 4)):
        assert f(w.ones(rows, columns).T, w.zeros(1)).tolist() == [rows * columns]
    assert "3 sizes of dynamic dimensions" in f.explain()

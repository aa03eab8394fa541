"""Embedding and EmbeddingBag beyond the op table: rows scaled down in place, gradients by frequency, refusals."""

import numpy as np
import pytest
from support import to_numpy, weft_only


@pytest.mark.parametrize("order", [1.0, 2.0, 3.5, float("inf")])
def test_rows_that_are_used_are_scaled_down_in_place(w, order):
    rng = np.random.default_rng(0)
    table = rng.standard_normal((6, 4)) * np.array([[0.1], [1], [2], [3], [4], [5]])
    index = np.array([[0, 2, 2], [5, 0, 3]])
    norms = np.linalg.norm(table, order, axis=1)
    expected = table.copy()
    for row in set(index.ravel()):
        if norms[row] > 1.5:
            expected[row] *= 1.5 / norms[row]
    for layer in (
        w.nn.Embedding(6, 4, max_norm=1.5, norm_type=order, _weight=w.from_numpy(table.copy())),
        w.nn.EmbeddingBag(6, 4, max_norm=1.5, norm_type=order, mode="sum", _weight=w.from_numpy(table.copy())),
    ):
        out = layer(w.from_numpy(index))
        np.testing.assert_allclose(to_numpy(layer.weight), expected, rtol=1e-6)
        rows = expected[index]
        np.testing.assert_allclose(to_numpy(out), rows if out.dim() == 3 else rows.sum(1), rtol=1e-6)
        out.sum().backward()
        assert layer.weight.grad is not None and layer.weight.is_leaf


def test_gradients_by_frequency(w):
    index = w.tensor([[0, 2, 2], [4, 2, 0]])
    for make in (
        lambda: w.nn.Embedding(5, 3, scale_grad_by_freq=True, padding_idx=4),
        lambda: w.nn.EmbeddingBag(5, 3, scale_grad_by_freq=True, mode="sum", padding_idx=4),
    ):
        layer = make()
        layer(index).sum().backward()
        np.testing.assert_allclose(to_numpy(layer.weight.grad)[:, 0], [1, 0, 1, 0, 0], rtol=1e-6)


def test_the_padding_row(w):
    layer = w.nn.Embedding(4, 3, padding_idx=-1)
    assert layer.padding_idx == 3 and (to_numpy(layer.weight)[3] == 0).all()
    layer(w.tensor([3, 1, 3])).sum().backward()
    np.testing.assert_array_equal(to_numpy(layer.weight.grad)[:, 0], [0, 1, 0, 0])
    bag = w.nn.EmbeddingBag(4, 3, padding_idx=-1)
    assert bag.padding_idx == 3 and (to_numpy(bag.weight)[3] == 0).all()


def test_pretrained_tables_share_memory(w):
    table = w.ones(3, 2)
    for kind in (w.nn.Embedding, w.nn.EmbeddingBag):
        frozen, free = kind.from_pretrained(table), kind.from_pretrained(table, freeze=False)
        assert not frozen.weight.requires_grad and free.weight.requires_grad
        table[1, 1] = 5
        assert float(frozen.weight[1, 1]) == 5
        with pytest.raises((ValueError, AssertionError)):
            kind.from_pretrained(w.ones(3))
    assert w.nn.EmbeddingBag.from_pretrained(table, mode="max", padding_idx=1).mode == "max"


@weft_only
def test_what_is_refused(w):
    for kind in (w.nn.Embedding, w.nn.EmbeddingBag):
        with pytest.raises(NotImplementedError, match="sparse"):
            kind(3, 2, sparse=True)
        with pytest.raises(ValueError, match="padding_idx"):
            kind(3, 2, padding_idx=3)
        with pytest.raises(TypeError, match="embedding_dim"):
            kind(3, 2.5)
    with pytest.raises(ValueError, match="mode"):
        w.nn.EmbeddingBag(3, 2, mode="prod")
    with pytest.raises(NotImplementedError, match="sparse"):
        w.nn.functional.embedding(w.tensor([0]), w.ones(2, 2), sparse=True)


@weft_only
def test_a_refused_call_scales_no_rows(w):
    table = w.full((3, 2), 9.0)
    for bad in (
        lambda: w.nn.functional.embedding(w.tensor([0, 7]), table, max_norm=1.0),
        lambda: w.nn.functional.embedding_bag(w.tensor([0, 1]), table, w.tensor([1]), max_norm=1.0),
        lambda: w.nn.functional.embedding_bag(w.tensor([0, 1]), table, w.tensor([0]), max_norm=1.0, mode="no"),
    ):
        with pytest.raises((IndexError, RuntimeError, ValueError)):
            bad()
        assert (to_numpy(table) == 9).all()


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags_with_nothing_in_them(w, mode):
    table = w.ones(3, 2, requires_grad=True)
    out = w.nn.functional.embedding_bag(w.zeros(0, dtype=w.int64), table, w.zeros(2, dtype=w.int64), mode=mode)
    assert to_numpy(out).tolist() == [[0, 0], [0, 0]]
    out.sum().backward()
    assert (to_numpy(table.grad) == 0).all()


@weft_only
def test_the_maximum_goes_to_the_first_of_equals(w):
    table = w.tensor([[1.0, 5.0], [1.0, 2.0]], requires_grad=True)
    w.nn.functional.embedding_bag(w.tensor([[1, 0]]), table, mode="max").sum().backward()
    assert to_numpy(table.grad).tolist() == [[0, 1], [1, 0]]


@weft_only
def test_rows_are_not_copied(w):
    """The rows of the bags would take 400 MB."""
    table = w.ones(10, 1000, requires_grad=True)
    index = w.zeros(1000, 100, dtype=w.int64)
    w.memory.reset_peak()
    before = w.memory.allocated()
    w.nn.functional.embedding_bag(index, table, mode="mean").sum().backward()
    assert w.memory.peak() - before < 40 << 20


@weft_only
def test_random_bags_agree_with_pytorch(w):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    for _ in range(80):
        rows, size, count = (int(n) for n in rng.integers((1, 1, 1), (6, 5, 12)))
        mode = str(rng.choice(["sum", "mean", "max"]))
        table = rng.standard_normal((rows, size))
        index = rng.integers(0, rows, (count,))
        options = {"mode": mode, "padding_idx": None if rng.integers(2) else int(rng.integers(rows))}
        if rng.integers(3) == 0:
            options["max_norm"], options["norm_type"] = 1.0, float(rng.integers(1, 4))
        if mode != "max" and rng.integers(3) == 0:
            options["scale_grad_by_freq"] = True
        offsets = None
        if rng.integers(2):
            index = index[: count // 2 * 2].reshape(2, -1)
        else:
            offsets = np.sort(np.concatenate([[0], rng.integers(0, index.size + 1, int(rng.integers(0, 4)))]))
            if rng.integers(2):
                offsets = np.concatenate([offsets, [index.size]])
                options["include_last_offset"] = True
        scale = rng.standard_normal(index.shape) if mode == "sum" and rng.integers(2) else None
        if scale is not None:
            options.pop("scale_grad_by_freq", None)
        slope, results = rng.standard_normal((20, size)), []
        for module in (w, torch):
            weight = module.from_numpy(table.copy()).requires_grad_()
            own = dict(options)
            if scale is not None:
                own["per_sample_weights"] = module.from_numpy(scale.copy()).requires_grad_()
            where = None if offsets is None else module.from_numpy(offsets)
            out = module.nn.functional.embedding_bag(module.from_numpy(index), weight, where, **own)
            (out * module.from_numpy(slope[: out.shape[0]])).sum().backward()
            found = [out.detach().numpy(), weight.detach().numpy(), weight.grad.numpy()]
            if scale is not None:
                found.append(own["per_sample_weights"].grad.numpy())
            results.append(found)
        for mine, theirs in zip(*results):
            np.testing.assert_allclose(mine, theirs, rtol=1e-8, atol=1e-10, err_msg=f"{options} {index} {offsets}")

"""Sizes are computed without overflow: huge strides, paddings and dilations are errors, not hangs or wrong shapes."""

import subprocess
import sys

import pytest
from support import weft_only

HUGE = (2**31, 2**62, 2**63 - 1, -(2**63))

CALLS = {
    "conv1d stride": "f.conv1d(w.ones(1, 1, 5), w.ones(1, 1, 3), stride={n})",
    "conv1d padding": "f.conv1d(w.ones(1, 1, 5), w.ones(1, 1, 3), padding={n}, stride={n})",
    "conv1d dilation": "f.conv1d(w.ones(1, 1, 5), w.ones(1, 1, 3), dilation={n})",
    "conv2d same": "f.conv2d(w.ones(1, 1, 5, 5), w.ones(1, 1, 3, 3), padding='same', dilation={n})",
    "conv3d stride": "f.conv3d(w.ones(1, 1, 5, 5, 5), w.ones(1, 1, 3, 3, 3), stride={n})",
    "conv_transpose1d stride": "f.conv_transpose1d(w.ones(1, 1, 5), w.ones(1, 1, 3), stride={n})",
    "conv_transpose1d padding": "f.conv_transpose1d(w.ones(1, 1, 5), w.ones(1, 1, 3), padding={n})",
    "conv_transpose1d dilation": "f.conv_transpose1d(w.ones(1, 1, 5), w.ones(1, 1, 3), dilation={n})",
    "conv_transpose2d extra": "f.conv_transpose1d(w.ones(1, 1, 1), w.ones(1, 1, 1), stride={n}, output_padding=7)",
    "integer conv": "f.conv1d(w.ones(1, 1, 5).long(), w.ones(1, 1, 3).long(), stride={n})",
    "integer conv_transpose": "f.conv_transpose1d(w.ones(1, 1, 5).long(), w.ones(1, 1, 3).long(), stride={n})",
    "max_pool1d kernel": "f.max_pool1d(w.ones(1, 1, 5), {n})",
    "max_pool1d stride": "f.max_pool1d(w.ones(1, 1, 5), 2, {n})",
    "max_pool1d stride, ceil": "f.max_pool1d(w.ones(1, 1, 5), 2, {n}, ceil_mode=True)",
    "max_pool1d dilation": "f.max_pool1d(w.ones(1, 1, 5), 2, 1, 0, {n})",
    "max_pool2d padding": "f.max_pool2d(w.ones(1, 1, 5, 5), {n}, 1, {n} // 2)",
    "avg_pool2d padding": "f.avg_pool2d(w.ones(1, 1, 5, 5), {n}, {n}, {n} // 2)",
    "avg_pool1d ceil": "f.avg_pool1d(w.ones(1, 1, 5), 3, {n}, ceil_mode=True)",
    "adaptive": "f.adaptive_avg_pool1d(w.ones(1, 1, 5), {n})",
    "pad": "f.pad(w.ones(5), ({n}, {n}))",
    "pad by copies": "f.pad(w.ones(1, 1, 5), ({n}, {n}), mode='replicate')",
    "pad negative": "f.pad(w.ones(1, 1, 5), (-{n}, -{n}))",
    "unfold": "w.ones(5).unfold(0, 2, {n})",
    "unfold size": "w.ones(5).unfold(0, {n}, 1)",
    "repeat": "w.ones(5).repeat({n}, {n})",
    "tile": "w.ones(5).tile(({n},))",
    "repeat_interleave": "w.ones(5).repeat_interleave({n})",
    "arange": "w.arange({n})",
    "arange step": "w.arange(-{n}, {n}, 1)",
    "arange float": "w.arange(0.0, 1e300, 1.0)",
    "linspace": "w.linspace(0, 1, {n})",
    "logspace": "w.logspace(0, 1, {n})",
    "eye": "w.eye({n})",
    "tril_indices": "w.tril_indices({n}, {n})",
    "diag_embed": "w.ones(5).diag_embed({n})",
    "diag": "w.diag(w.ones(5), -{n})",
    "diagonal": "w.ones(5, 5).diagonal({n})",
    "diagonal negative": "w.ones(5, 5).diagonal(-{n})",
    "triu": "w.ones(5, 5).triu({n})",
    "tril": "w.ones(5, 5).tril(-{n})",
    "roll": "w.ones(5).roll({n})",
    "rot90": "w.ones(5, 5).rot90({n})",
    "narrow": "w.ones(5).narrow(0, {n}, {n})",
    "slice": "w.ones(5)[-{n}:{n}:{n}]",
    "as_strided": "w.ones(5).as_strided((2,), ({n},))",
    "as_strided offset": "w.ones(5).as_strided((1,), (1,), {n})",
    "expand": "w.ones(1).expand({n}, {n})",
    "empty": "w.empty({n}, {n})",
    "empty_strided": "w.empty_strided((2, 2), ({n}, {n}))",
    "reshape": "w.ones(5).reshape({n}, {n})",
    "unflatten": "w.ones(5).unflatten(0, ({n}, {n}))",
    "one_hot": "f.one_hot(w.tensor([0]), {n})",
    "bincount": "w.bincount(w.tensor([0]), minlength={n})",
    "vander": "w.vander(w.ones(2), {n})",
    "topk": "w.ones(5).topk({n})",
    "split": "w.ones(5).split({n})",
    "unflatten into nothing": "w.ones(0).unflatten(0, ({n}, {n}, 0))",
    "chunk": "w.ones(5).chunk({n})",
    "chunk of nothing": "w.ones(0).chunk({n})",
    "split sizes": "w.ones(5).split(({n}, {n}, 7))",
    "index": "w.ones(8, 17)[w.tensor({n}), w.tensor([{n}, 1])]",
    "index_put": "w.ones(8, 17).index_put_((w.tensor({n}), w.tensor([{n}, 1])), w.ones(2))",
    "index_select": "w.ones(8, 17).index_select(0, w.tensor([{n}]))",
    "index_add": "w.ones(8, 17).index_add(0, w.tensor([{n}]), w.ones(1, 17))",
    "gather": "w.ones(8, 17).gather(0, w.tensor([[{n}]]))",
    "scatter": "w.ones(8, 17).scatter(0, w.tensor([[{n}]]), 1.0)",
    "take": "w.ones(8, 17).take(w.tensor([{n}]))",
    "embedding": "f.embedding(w.tensor([{n}]), w.ones(8, 17))",
    "nll_loss": "f.nll_loss(w.ones(8, 17), w.tensor([{n}] * 8))",
    "conv1d groups": "f.conv1d(w.ones(1, 1, 5), w.ones(1, 2, 3), groups={n})",
    "conv_transpose1d groups": "f.conv_transpose1d(w.ones(1, 1, 5), w.ones(1, 2, 3), groups={n})",
    "max_pool2d padding alone": "f.max_pool2d(w.ones(1, 1, 5, 5), 2, 1, {n})",
    "avg_pool2d padding alone": "f.avg_pool2d(w.ones(1, 1, 5, 5), 2, 1, {n})",
    "unfold of rows": "w.ones(5, 3).unfold(0, 2, {n})",
    "slice of rows": "w.ones(5, 3)[::{n}]",
    "slice of two": "w.ones(2, 3)[0:2:{n}]",
    "slice_scatter": "w.ones(5, 3).slice_scatter(w.ones(1, 3), 0, 0, 5, {n})",
    "pixel_shuffle": "f.pixel_shuffle(w.ones(1, 4, 1, 1), {n})",
    "group_norm": "f.group_norm(w.ones(1, 4, 1), {n})",
}

SCRIPT = """
import signal, sys
import weft as w
f = w.nn.functional
w.memory.set_limit(1 << 28)
signal.alarm(60)
try:
    {call}
except (RuntimeError, ValueError, IndexError, OverflowError, TypeError, MemoryError) as error:
    assert str(error), "an error without words"
"""


@weft_only
@pytest.mark.parametrize("name", CALLS)
def test_huge_numbers(name):
    """In a process of its own: what hangs or crashes must not take the others along."""
    calls = "\n".join(SCRIPT.format(call=CALLS[name].format(n=n)) for n in HUGE)
    done = subprocess.run([sys.executable, "-c", calls], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, f"{name}: {done.returncode} {done.stderr[-600:]}"


def test_ceil_mode_of_small_inputs(w, device):
    f = w.nn.functional
    x = w.arange(10.0).reshape(1, 1, 2, 5).to(device)
    assert f.max_pool2d(x, 3, ceil_mode=True).tolist() == [[[[7.0, 9.0]]]]
    assert f.avg_pool2d(x, 3, ceil_mode=True).tolist() == [[[[3.5, 6.0]]]]
    assert f.max_pool1d(x[0, :, 0], 6, 4, ceil_mode=True).tolist() == [[4.0]]
    with pytest.raises(RuntimeError):
        f.max_pool2d(x, 6, 3, ceil_mode=True)
    with pytest.raises(RuntimeError):
        f.max_pool2d(x, 3)


@weft_only
def test_hsplit_and_vsplit_are_even(w):
    assert [p.tolist() for p in w.arange(4).hsplit(2)] == [[0, 1], [2, 3]]
    assert [p.tolist() for p in w.arange(3).hsplit([1])] == [[0], [1, 2]]
    assert [p.shape for p in w.ones(4, 2).vsplit(2)] == [(2, 2), (2, 2)]
    for call in (lambda: w.arange(3).hsplit(2), lambda: w.ones(3, 2).vsplit(2), lambda: w.ones(3).vsplit(3)):
        with pytest.raises(RuntimeError):
            call()


def test_max_with_a_tensor_without_dims(w, device):
    x = w.tensor([1.0, 5.0, -1.0]).to(device)
    assert w.max(x, w.tensor(0).to(device)).tolist() == [1, 5, 0]
    assert w.min(x, w.tensor(0).to(device)).tolist() == [0, 0, -1]
    assert x.max(w.tensor(2.0).to(device)).tolist() == [2, 5, 2]


def test_tensordot_with_a_dimension_of_one(w):
    a, b = w.arange(3.0).reshape(1, 3), w.arange(8.0).reshape(4, 2)
    assert w.tensordot(a, b, ([0], [0])).tolist() == (a[0][:, None] * b.sum(0)).tolist()


def test_tensor_split_at_a_tensor(w):
    parts = w.arange(5).tensor_split(w.tensor([1, 3]))
    assert [p.tolist() for p in parts] == [[0], [1, 2], [3, 4]]
    assert [p.tolist() for p in w.arange(4).tensor_split(w.tensor(2))] == [[0, 1], [2, 3]]


def test_triangles_of_far_diagonals(w):
    x = w.ones(3, 3)
    assert x.triu(2**63 - 1).sum() == 0 and x.tril(2**63 - 1).sum() == 9
    assert x.triu(-(2**63)).sum() == 9 and x.tril(-(2**63)).sum() == 0

"""No op divides by a size of zero: inputs without elements give the right shapes, or an error in words."""

import pathlib
import subprocess
import sys

import pytest
from cases import OPS
from support import weft_only

FAMILIES = sorted({op.family for op in OPS})


@weft_only
@pytest.mark.parametrize("family", FAMILIES)
def test_every_row_with_every_dimension_empty(device, family):
    script = pathlib.Path(__file__).with_name("empty_inputs.py")
    done = subprocess.run([sys.executable, str(script), family, device], capture_output=True, text=True, timeout=600)
    rows = [line for line in done.stdout.splitlines() if line.startswith("row ")]
    assert done.returncode >= 0, f"{rows[-1]} ended the process with signal {-done.returncode}"
    failures = [line for line in done.stdout.splitlines() if line and not line.startswith("row ")]
    assert done.returncode == 0, "\n".join(failures) + done.stderr


def test_cross_entropy_without_classes(w, device):
    f = w.nn.functional
    target = w.full((4,), -100).to(device)
    assert f.cross_entropy(w.zeros(4, 0).to(device), target).isnan().item()
    assert f.cross_entropy(w.zeros(4, 0).to(device), target, reduction="sum").item() == 0
    x = w.zeros(4, 0, 3).to(device).requires_grad_()
    f.cross_entropy(x, w.full((4, 3), -100).to(device), reduction="sum").backward()
    assert x.grad.shape == (4, 0, 3)


@weft_only
def test_nll_loss_without_classes(w):
    x = w.zeros(2, 0, requires_grad=True)
    loss = w.nn.functional.nll_loss(x, w.full((2,), -100), reduction="sum")
    loss.backward()
    assert loss.item() == 0 and x.grad.shape == (2, 0)


@pytest.mark.parametrize("shape", [(2, 0, 7), (2, 3, 0), (0, 3, 4), (2, 0)])
def test_group_norm_of_nothing(w, device, shape):
    x = w.zeros(*shape).to(device).requires_grad_()
    weight = w.ones(shape[1]).to(device).requires_grad_()
    bias = w.ones(shape[1]).to(device).requires_grad_()
    w.nn.functional.group_norm(x, 3 if shape[1] % 3 == 0 else 1, weight, bias).sum().backward()
    assert x.grad.shape == shape and weight.grad.tolist() == [0.0] * shape[1]
    assert bias.grad.tolist() == [0.0] * shape[1]


@pytest.mark.parametrize("shape, normalized", [((0, 3), (3,)), ((2, 0), (0,)), ((2, 3, 0), (3, 0))])
def test_layer_norm_of_nothing(w, device, shape, normalized):
    x = w.zeros(*shape).to(device).requires_grad_()
    weight = w.ones(*normalized).to(device).requires_grad_()
    y = w.nn.functional.layer_norm(x, normalized, weight)
    y.sum().backward()
    assert y.shape == shape and x.grad.shape == shape and weight.grad.shape == normalized
    assert (weight.grad == 0).all()


@weft_only
def test_second_derivative_of_group_norm_of_nothing(w):
    x = w.zeros(2, 3, 0, requires_grad=True)
    weight = w.ones(3, requires_grad=True)
    (g,) = w.autograd.grad(w.nn.functional.group_norm(x, 3, weight).sum(), x, create_graph=True)
    w.autograd.grad(g.sum(), weight, allow_unused=True)


def test_attention_without_heads(w):
    z = w.zeros(4, 0, 7, 5)
    assert w.nn.functional.scaled_dot_product_attention(z, z, z, enable_gqa=True).shape == (4, 0, 7, 5)


def test_products_without_columns(w, device):
    a, b = w.ones(3, 4, 4).to(device), w.zeros(4, 0).to(device).requires_grad_()
    (a @ b).sum().backward()
    assert b.grad.shape == (4, 0)
    x = w.ones(2, 3, 0).to(device).requires_grad_()
    weight = w.zeros(5, 0).to(device).requires_grad_()
    w.nn.functional.linear(x, weight).sum().backward()
    assert x.grad.shape == (2, 3, 0) and weight.grad.shape == (5, 0)


def test_pixel_shuffle_of_nothing(w):
    f = w.nn.functional
    assert f.pixel_shuffle(w.zeros(6, 0, 6, 1), 2).shape == (6, 0, 12, 2)
    assert f.pixel_shuffle(w.zeros(0, 4, 6, 1), 2).shape == (0, 1, 12, 2)
    assert f.pixel_unshuffle(w.zeros(2, 0, 4, 2), 2).shape == (2, 0, 2, 1)


def test_unfold_and_fold_of_nothing(w):
    f = w.nn.functional
    assert f.unfold(w.zeros(0, 2, 4, 4), 2).shape == (0, 8, 9)
    assert f.unfold(w.zeros(2, 0, 4, 4), 2).shape == (2, 0, 9)
    assert f.fold(w.zeros(0, 8, 9), (4, 4), 2).shape == (0, 2, 4, 4)


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_of_an_empty_vector(w, device, training):
    x = w.zeros(0).to(device).requires_grad_()
    mean, var = w.zeros(0).to(device), w.ones(0).to(device)
    y = w.nn.functional.batch_norm(x, mean, var, training=training)
    y.sum().backward()
    assert y.shape == (0,) and x.grad.shape == (0,)


def test_bilinear_of_nothing(w):
    assert w.nn.functional.bilinear(w.zeros(0, 3), w.zeros(0, 4), w.ones(5, 3, 4)).shape == (0, 5)


def test_gather_of_nothing(w, device):
    assert w.gather(w.ones(5).to(device), 0, w.zeros(2, 0, dtype=w.int64).to(device)).shape == (2, 0)

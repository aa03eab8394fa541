"""What the tests of the models share: one training step, evaluation and compilation of any model."""

from pathlib import Path

import numpy as np
import pytest
import weft


def needs(*names):
    """Skips while weft.nn or its functional lacks one of these; the mark falls away with them."""
    missing = [name for name in names if not hasattr(weft.nn, name) and not hasattr(weft.nn.functional, name)]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


def shared_data(name):
    """A folder of the data sets that lie beside the checkout; skips without it."""
    for folder in Path(__file__).resolve().parents:
        if (folder / "shared" / "data" / name).exists():
            return folder / "shared" / "data" / name
    pytest.skip(f"no data set {name}")


def outputs(value):
    """The tensors of what a model gives."""
    if isinstance(value, weft.Tensor):
        return [value]
    return [tensor for part in value if part is not None for tensor in outputs(part)]


def check_step_lowers_loss(model, loss, lr=1e-3, steps=5):
    """A few steps of Adam on one batch lower its loss, and every parameter has had a gradient.

    loss(): of the model in training. It is computed with the same random numbers each time.
    """
    model.train()
    optimizer = weft.optim.Adam(model.parameters(), lr=lr)
    values = []
    for _ in range(steps):
        weft.manual_seed(1)
        value = loss()
        optimizer.zero_grad()
        value.backward()
        assert [name for name, p in model.named_parameters() if p.grad is None] == []
        optimizer.step()
        values.append(value.item())
    weft.manual_seed(1)
    values.append(loss().item())
    assert np.isfinite(values).all() and values[-1] < values[0], values


def check_evaluation(model, *inputs, atol=1e-5):
    """Two evaluations give the same bits, a compiled one the same values."""
    model.eval()
    with weft.no_grad():
        first, second = outputs(model(*inputs)), outputs(model(*inputs))
        compiled = weft.jit(lambda *args: model(*args))
        third, fourth = outputs(compiled(*inputs)), outputs(compiled(*inputs))
    assert len(first) == len(third) > 0
    for a, b, c, d in zip(first, second, third, fourth):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
        np.testing.assert_allclose(c.numpy(), a.numpy(), rtol=1e-4, atol=atol)
        np.testing.assert_array_equal(c.numpy(), d.numpy())

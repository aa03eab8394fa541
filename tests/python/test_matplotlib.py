"""Matplotlib draws tensors as it draws arrays; skipped where it is not installed."""

import numpy as np
import pytest
import weft

pytest.importorskip("matplotlib").use("Agg")
from matplotlib import pyplot as plt  # noqa: E402


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "uint8", "bool"])
def test_lines(axes, dtype):
    y = weft.tensor([0.0, 1.0, 3.0]).to(getattr(weft, dtype))
    (line,) = axes.plot(y)
    np.testing.assert_array_equal(line.get_ydata(), y.numpy())
    (line,) = axes.plot(weft.arange(3), y, "o-")
    np.testing.assert_array_equal(line.get_xdata(), [0, 1, 2])


def test_columns_are_lines(axes):
    y = weft.rand(4, 2, requires_grad=True)
    lines = axes.plot(y)
    np.testing.assert_array_equal(np.stack([line.get_ydata() for line in lines], 1), y.to_numpy())


def test_other_plots(axes):
    x = weft.rand(20)
    counts, _, _ = axes.hist(x, bins=4)
    assert counts.sum() == 20
    assert axes.scatter(x, x).get_offsets().shape == (20, 2)
    np.testing.assert_array_equal(axes.imshow(weft.eye(4)).get_array(), np.eye(4))
    axes.fill_between(weft.arange(20), x, x + 1)
    axes.bar(weft.arange(3), weft.ones(3))
    axes.set_xlim(weft.tensor(0.0), weft.tensor(1.0))
    axes.figure.canvas.draw()

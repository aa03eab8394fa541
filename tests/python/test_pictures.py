"""Grids and files of images, and pictures of matplotlib."""

import io

import numpy as np
import pytest
import weft
from PIL import Image
from weft.integrations.matplotlib import plot_confusion_matrix, plot_history, plot_images, plot_roc
from weft.utils import make_grid, save_image


def test_places_in_the_grid():
    images = weft.arange(5).reshape(5, 1, 1, 1).float().expand(5, 3, 2, 3)
    grid = make_grid(images, nrow=2, padding=1, pad_value=9.0)
    assert grid.shape == (3, 3 * 3 + 1, 4 * 2 + 1)
    for i in range(5):
        top, left = 3 * (i // 2) + 1, 4 * (i % 2) + 1
        assert (grid[:, top : top + 2, left : left + 3] == i).all()
    assert int((grid == 9).sum()) == grid.numel() - 5 * 18
    assert weft.equal(make_grid(list(images), nrow=2, padding=1, pad_value=9.0), grid)


def test_forms_of_images():
    assert make_grid(weft.zeros(4, 5)).shape == (3, 4, 5)
    assert make_grid(weft.zeros(1, 4, 5)).shape == make_grid(weft.zeros(1, 1, 4, 5)).shape == (3, 4, 5)
    assert make_grid(weft.zeros(3, 1, 4, 5), padding=0).shape == (3, 4, 15)
    assert make_grid(weft.zeros(2, 4, 4, 4), padding=0).shape == (4, 4, 8)
    assert make_grid(weft.zeros(2, 3, 4, 4, dtype=weft.uint8)).dtype == weft.uint8


def test_normalized_values():
    images = weft.tensor([[0.0, 2.0], [4.0, 8.0]]).reshape(2, 1, 1, 2)
    assert make_grid(images, padding=0, normalize=True)[0].tolist() == [[0, 0.25, 0.5, 1]]
    assert make_grid(images, padding=0, normalize=True, scale_each=True)[0].tolist() == [[0, 1, 0, 1]]
    assert make_grid(images, padding=0, normalize=True, value_range=(2, 4))[0].tolist() == [[0, 0, 1, 1]]
    assert images.flatten().tolist() == [0, 2, 4, 8]
    assert make_grid(weft.ones(2, 1, 1, 1), padding=0, normalize=True).tolist() == [[[0, 0]]] * 3


@pytest.mark.parametrize(
    "arguments, error",
    [
        (([],), TypeError),
        (([1],), TypeError),
        (([weft.zeros(1, 2, 2), weft.zeros(1, 3, 2)],), ValueError),
        ((weft.zeros(3),), ValueError),
        ((weft.zeros(0, 3, 2, 2),), ValueError),
        ((weft.zeros(1, 2, 2), 0), ValueError),
        ((weft.zeros(1, 2, 2), 8, -1), ValueError),
        ((weft.zeros(1, 2, 2), 8, 2, True, (1, 1)), ValueError),
        ((weft.zeros(1, 2, 2), 1.5), TypeError),
    ],
)
def test_grids_that_are_refused(arguments, error):
    with pytest.raises(error, match="make_grid"):
        make_grid(*arguments)


def test_files(tmp_path):
    image = weft.tensor([[[0.0, 1.0], [0.5, 2.0]]]).expand(3, 2, 2)
    save_image(image, tmp_path / "a.png")
    assert np.asarray(Image.open(tmp_path / "a.png"))[..., 0].tolist() == [[0, 255], [128, 255]]
    pixels = weft.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 5, 6), np.uint8))
    file = io.BytesIO()
    save_image(pixels, file, format="png")
    assert np.array_equal(np.asarray(Image.open(file)).transpose(2, 0, 1), pixels.numpy())
    with pytest.raises(ValueError, match="channels, got 2"):
        save_image(weft.zeros(2, 2, 2, 2), tmp_path / "b.png")


def drawn(figure):
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=40)
    return np.asarray(Image.open(file))


def test_learning_curves():
    class Trained:
        history_ = [{"epoch": 0, "loss": 2.0}, {"epoch": 1, "loss": 1.0, "val_loss": 1.5}]

    figure = plot_history(Trained())
    lines = figure.axes[0].lines
    assert [line.get_label() for line in lines] == ["loss", "val_loss"]
    assert lines[0].get_color() == lines[1].get_color() and lines[1].get_linestyle() == "--"
    assert lines[0].get_ydata().tolist() == [2, 1] and np.isnan(lines[1].get_ydata()[0])
    assert drawn(figure).std() > 0
    again = plot_history({"a": [weft.tensor(1.0)], "b": [2]}, ["b"], ax=figure.axes[0])
    assert again is figure and figure.axes[0].lines[-1].get_label() == "b"
    for wrong in (({"a": [1]}, ["x"]), ({},), ([],)):
        with pytest.raises(ValueError, match="plot_history"):
            plot_history(*wrong)


def test_confusion_matrices():
    metric = weft.metrics.ConfusionMatrix()
    metric.update(weft.tensor([0, 1, 2, 2]), weft.tensor([0, 1, 1, 2]))
    texts = [text.get_text() for text in plot_confusion_matrix(metric.compute(), ["cat", "dog", "cow"]).axes[0].texts]
    assert texts == ["1", "0", "0", "0", "1", "1", "0", "0", "1"]
    figure = plot_confusion_matrix(np.array([[0.5, 0.5], [0.0, 1.0]]))
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.50", "0.50", "0.00", "1.00"]
    assert drawn(figure).std() > 0
    for wrong in ((np.zeros((2, 3)),), (np.zeros((0, 0)),), (np.zeros((2, 2)), ["a"])):
        with pytest.raises(ValueError, match="plot_confusion_matrix"):
            plot_confusion_matrix(*wrong)


def test_roc_curves():
    figure = plot_roc(weft.tensor([0.9, 0.8, 0.8, 0.1]), weft.tensor([1, 1, 0, 0]), "model")
    line = figure.axes[0].lines[-1]
    assert line.get_xdata().tolist() == [0, 0, 0.5, 1] and line.get_ydata().tolist() == [0, 0.5, 1, 1]
    assert line.get_label() == "model, area 0.875"
    with pytest.raises(ValueError, match="plot_roc"):
        plot_roc([0.1, 0.2], [1, 1])


def test_images_with_titles():
    figure = plot_images(weft.rand(5, 3, 4, 4), range(5), columns=3)
    assert [axes.get_title() for axes in figure.axes] == ["0", "1", "2", "3", "4"]
    shown = plot_images([weft.full((1, 2, 2), 0.25), weft.zeros(3, 3, 3, dtype=weft.uint8)], normalize=False).axes
    assert shown[0].images[0].get_array().shape == (2, 2) and shown[0].images[0].get_clim() == (0, 1)
    assert drawn(figure).std() > 0
    for wrong in (([],), (weft.zeros(2, 2, 3, 3),), (weft.zeros(2, 3, 3), ["a"]), (weft.zeros(2, 3, 3), None, 0)):
        with pytest.raises(ValueError, match="plot_images"):
            plot_images(*wrong)


def test_figures_do_not_pile_up_in_pyplot():
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    plot_history({"loss": [1.0]})
    assert pyplot.get_fignums() == before

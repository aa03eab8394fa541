"""Pictures of training with matplotlib: learning curves, confusion matrices, curves of scores, images."""

from __future__ import annotations

import math

import numpy as np

import weft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

    from weft import Tensor

__all__ = ["plot_confusion_matrix", "plot_history", "plot_images", "plot_roc"]


def _axes(function: str, ax: Axes | None, **options: Any) -> Axes:
    """These axes, or those of a new figure, which no window of pyplot keeps."""
    if ax is not None:
        return ax
    return _figure(function, **options).add_subplot()


def _figure(function: str, **options: Any) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError(f"{function} needs matplotlib: pip install matplotlib") from None
    return Figure(layout="constrained", **options)


def _array(values: Any) -> np.ndarray:
    return values.detach().cpu().numpy() if isinstance(values, weft.Tensor) else np.asarray(values)


def plot_history(history: Any, names: Sequence[str] | None = None, ax: Axes | None = None) -> Figure:
    """Learning curves: the figures of each epoch. What is "val_..." is dashed, in the colour of its peer.

    Args:
        history: {name: figures}, a list of dicts of epochs, or what has such as its ``history`` or ``history_``.
        names: which to draw; None for all but "epoch".
        ax: axes to draw into; None for a new figure.

    Returns:
        The figure, whose ``savefig`` writes it.

    Raises:
        ValueError: a name is unknown, or there is nothing to draw.
        ImportError: matplotlib is missing.

    >>> from weft.integrations.matplotlib import plot_history
    >>> figure = plot_history({"loss": [1.0, 0.5], "val_loss": [1.1, 0.8]})
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['loss', 'val_loss']
    """
    for attribute in ("history", "history_"):
        history = getattr(history, attribute, history)
    if not hasattr(history, "keys"):
        keys = list(dict.fromkeys(key for row in history for key in row))
        history = {key: [row.get(key, math.nan) for row in history] for key in keys}
    unknown = [name for name in names or () if name not in history]
    names = [name for name in history if name != "epoch"] if names is None else list(names)
    if unknown or not names:
        raise ValueError(f"plot_history: expected names of {sorted(history)}, got {unknown or names}")
    axes, colours = _axes("plot_history", ax), {}
    for name in sorted(names, key=lambda name: name.startswith("val_")):
        values = [float(value) for value in history[name]]
        style = {"linestyle": "--", "color": colours.get(name[4:])} if name.startswith("val_") else {}
        (line,) = axes.plot(
            range(1, len(values) + 1), values, label=name, marker="." if len(values) < 30 else "", **style
        )
        colours[name] = line.get_color()
    axes.set_xlabel("epoch")
    axes.legend()
    axes.grid(alpha=0.3)
    return axes.get_figure()


def plot_confusion_matrix(
    matrix: Tensor | ArrayLike, names: Sequence[str] | None = None, ax: Axes | None = None, cmap: str = "Blues"
) -> Figure:
    """A confusion matrix, such as that of weft.metrics.ConfusionMatrix, with its counts or shares.

    Args:
        matrix: (C, C), true classes in rows.
        names: of the classes.
        ax: axes to draw into; None for a new figure.
        cmap: the colours.

    Raises:
        ValueError: it is no square matrix, or there are not as many names.
        ImportError: matplotlib is missing.

    >>> from weft.integrations.matplotlib import plot_confusion_matrix
    >>> figure = plot_confusion_matrix([[3, 1], [0, 2]], ["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['3', '1', '0', '2']
    """
    values = _array(matrix)
    if values.ndim != 2 or values.shape[0] != values.shape[1] or not values.size:
        raise ValueError(f"plot_confusion_matrix: expected (C, C), got {values.shape}")
    names = [str(i) for i in range(len(values))] if names is None else list(names)
    if len(names) != len(values):
        raise ValueError(f"plot_confusion_matrix: expected {len(values)} names, got {len(names)}")
    side = max(4.0, 0.55 * len(values) + 1.5)
    axes = _axes("plot_confusion_matrix", ax, figsize=(side, side))
    axes.imshow(values, cmap=cmap, vmin=0)
    form = "{:.0f}" if np.issubdtype(values.dtype, np.integer) or values.max() > 1 else "{:.2f}"
    dark = values.max() / 2
    for (row, column), value in np.ndenumerate(values):
        colour = "white" if value > dark else "black"
        axes.text(column, row, form.format(value), ha="center", va="center", color=colour, fontsize=9)
    axes.set_xticks(range(len(names)), names, rotation=45 if max(map(len, map(str, names))) > 3 else 0)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    return axes.get_figure()


def plot_roc(scores: Tensor | ArrayLike, target: Tensor | ArrayLike, name: str = "", ax: Axes | None = None) -> Figure:
    """The ROC curve of a binary task, with its area.

    Args:
        scores: (N,), of class 1.
        target: (N,), 0 or 1.
        name: of the curve.
        ax: axes to draw into; None for a new figure.

    Raises:
        ValueError: shapes do not fit, or there is one class only.
        ImportError: matplotlib is missing.

    >>> from weft.integrations.matplotlib import plot_roc
    >>> figure = plot_roc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    >>> figure.axes[0].lines[-1].get_label()
    'area 0.750'
    """
    scores, target = _array(scores).astype(np.float64), _array(target).astype(np.int64)
    if scores.ndim != 1 or set(np.unique(target)) != {0, 1}:
        raise ValueError("plot_roc: expected scores (N,) and target (N,) with both 0 and 1")
    area = weft.metrics.functional.roc_auc(weft.from_numpy(scores), weft.from_numpy(target), task="binary").item()
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)
    hits = np.cumsum(target[order])[last]
    misses = np.cumsum(1 - target[order])[last]
    axes = _axes("plot_roc", ax)
    axes.plot([0, 1], [0, 1], color="0.8", linestyle="--")
    label = f"{name + ', ' if name else ''}area {area:.3f}"
    axes.plot(np.append(0, misses / misses[-1]), np.append(0, hits / hits[-1]), label=label)
    axes.set_xlabel("false positive rate")
    axes.set_ylabel("true positive rate")
    axes.legend()
    return axes.get_figure()


def plot_images(
    images: Tensor | Sequence[Tensor],
    titles: Sequence[object] | None = None,
    columns: int = 8,
    normalize: bool = True,
) -> Figure:
    """Images in a grid, each with its title.

    Args:
        images: (N, 1 or 3 or 4, H, W) or (N, H, W), or a list of images of any sizes.
        titles: of each, such as its class.
        columns: images in a row.
        normalize: bring the values of each from the least and the greatest to 0 and 1; else they are 0 to 1, or uint8.

    Raises:
        ValueError: a shape does not fit, or there are not as many titles.
        ImportError: matplotlib is missing.

    >>> import weft
    >>> from weft.integrations.matplotlib import plot_images
    >>> figure = plot_images(weft.rand(3, 1, 8, 8), ["a", "b", "c"], columns=2)
    >>> [axes.get_title() for axes in figure.axes]
    ['a', 'b', 'c']
    """
    pictures = [_array(image) for image in images]
    titles = None if titles is None else [str(title) for title in titles]
    if not pictures or columns < 1 or (titles is not None and len(titles) != len(pictures)):
        got = f"{len(pictures)} images, {len(titles) if titles is not None else 'no'} titles, {columns} columns"
        raise ValueError(f"plot_images: expected images, a title for each and columns, got {got}")
    for picture in pictures:
        if picture.ndim not in (2, 3) or (picture.ndim == 3 and len(picture) not in (1, 3, 4)) or not picture.size:
            raise ValueError(f"plot_images: expected images (1 or 3 or 4, H, W) or (H, W), got {picture.shape}")
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    figure = _figure("plot_images", figsize=(1.4 * columns, 1.4 * rows + (0.3 * rows if titles else 0)))
    for i, picture in enumerate(pictures):
        axes = figure.add_subplot(rows, columns, i + 1)
        picture = picture.transpose(1, 2, 0) if picture.ndim == 3 else picture
        if normalize:
            picture = picture.astype(np.float64)
            picture = (picture - picture.min()) / max(picture.max() - picture.min(), 1e-12)
        elif picture.dtype != np.uint8:
            picture = picture.astype(np.float64).clip(0, 1)
        picture = picture[..., 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture
        # Without a range matplotlib would stretch grey images once more
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255 if picture.dtype == np.uint8 else 1)
        axes.axis("off")
        if titles:
            axes.set_title(titles[i], fontsize=8)
    return figure

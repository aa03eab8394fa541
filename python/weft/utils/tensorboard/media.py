"""Summaries of images, videos and audio."""

from __future__ import annotations

import io
import math
import warnings
import wave

import numpy as np

from weft._outside import number, optional
from weft.utils.tensorboard.protos import array, proto, value

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def _pillow(name):
    return optional(f"PIL.{name}", "pillow", "weft.utils.tensorboard")


def _to_bytes(values):
    """Values as bytes: those that are no bytes already are taken to lie between 0 and 1."""
    if values.dtype == np.uint8:
        return values
    values = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=1.0, neginf=0.0)
    return (values * 255).clip(0, 255).astype(np.uint8)


def grid(images: np.ndarray, columns: int = 8) -> np.ndarray:
    """Images (N, C, H, W) side by side in rows: one image (C, H, W).

    >>> import numpy
    >>> from weft.utils.tensorboard.media import grid
    >>> grid(numpy.ones((10, 3, 2, 2))).shape
    (3, 4, 16)
    """
    count, channels, height, width = images.shape
    columns = min(count, columns)
    rows = -(-count // columns)
    blank = np.zeros((rows * columns - count, channels, height, width), images.dtype)
    cells = np.concatenate([images, blank]).reshape(rows, columns, channels, height, width)
    return cells.transpose(2, 0, 3, 1, 4).reshape(channels, rows * height, columns * width)


def to_hwc(method: str, tag: str, values: Any, dataformats: str) -> np.ndarray:
    """An image of bytes (H, W, 1, 3 or 4) of what has its dimensions in the order that ``dataformats`` says.

    >>> import numpy
    >>> from weft.utils.tensorboard.media import to_hwc
    >>> to_hwc("add_image", "a", numpy.ones((1, 4, 5)), "CHW").shape
    (4, 5, 3)
    """
    values = array(method, tag, values)
    order = dataformats.upper() if isinstance(dataformats, str) else ""
    if sorted(order) not in (["H", "W"], ["C", "H", "W"], ["C", "H", "N", "W"]):
        raise ValueError(f"{method}: dataformats must be an order of H and W, CHW or NCHW, got {dataformats!r}")
    if values.ndim != len(order) or 0 in values.shape:
        raise ValueError(
            f"{method}: {tag!r} must have dimensions {', '.join(order)} (dataformats={dataformats!r}), none of them "
            f"empty, got shape {values.shape}"
        )
    if values.dtype.kind == "c":
        raise TypeError(f"{method}: {tag!r} is complex; write its abs()")
    if "C" not in order:
        values, order = values[None], "C" + order
    if "N" in order:
        values, order = grid(values.transpose([order.index(name) for name in "NCHW"])), "CHW"
    values = _to_bytes(values.transpose([order.index(name) for name in "HWC"]))
    if values.shape[2] not in (1, 3, 4):
        raise ValueError(
            f"{method}: {tag!r} has {values.shape[2]} channels; expected 1 (grey), 3 (RGB) or 4 (RGBA). Is "
            f"dataformats={dataformats!r} right?"
        )
    return values.repeat(3, 2) if values.shape[2] == 1 else values


def _png(tag, picture, channels):
    data = io.BytesIO()
    picture.save(data, format="PNG")
    image_proto = proto("summary").Summary.Image(
        height=picture.height, width=picture.width, colorspace=channels, encoded_image_string=data.getvalue()
    )
    return value(tag, image=image_proto)


def image(tag: str, values: Any, dataformats: str = "NCHW") -> Any:
    """An image, or several in a grid. Integers of 8 bits are taken as they are, other numbers from 0 to 1.

    >>> import numpy
    >>> from weft.utils.tensorboard import media
    >>> media.image("digits", numpy.zeros((3, 8, 8)), "CHW")  # doctest: +SKIP
    """
    values = to_hwc("add_image", tag, values, dataformats)
    return _png(tag, _pillow("Image").fromarray(values), values.shape[2])


def image_boxes(
    tag: str,
    values: Any,
    boxes: Any,
    rescale: float = 1,
    dataformats: str = "CHW",
    labels: Sequence[str] | str | None = None,
) -> Any:
    """An image with rectangles (n, 4) of left, top, right and bottom, and labels on them.

    >>> import numpy
    >>> from weft.utils.tensorboard import media
    >>> media.image_boxes("cats", numpy.zeros((3, 8, 8)), [[1, 1, 5, 5]])  # doctest: +SKIP
    """
    values = to_hwc("add_image_with_boxes", tag, values, dataformats)
    boxes = array("add_image_with_boxes", tag, boxes)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not np.isfinite(boxes).all():
        raise ValueError(f"add_image_with_boxes: boxes of {tag!r} must be finite, of shape (n, 4), got {boxes.shape}")
    labels = [labels] * len(boxes) if isinstance(labels, str) else labels
    if labels is not None and len(labels) != len(boxes):
        raise ValueError(f"add_image_with_boxes: {tag!r} has {len(boxes)} boxes and {len(labels)} labels")
    rescale = number("add_image_with_boxes", "rescale", rescale)
    if not 0 < rescale < math.inf:
        raise ValueError(f"add_image_with_boxes: rescale must be positive, got {rescale}")
    picture = _pillow("Image").fromarray(values)
    if rescale != 1:
        size = max(1, int(picture.width * rescale)), max(1, int(picture.height * rescale))
        picture = picture.resize(size, _pillow("Image").Resampling.LANCZOS)
    draw = _pillow("ImageDraw").Draw(picture)
    for i, (left, top, right, bottom) in enumerate((boxes * rescale).tolist()):
        around = [(left, top), (left, bottom), (right, bottom), (right, top), (left, top)]
        draw.line(around, fill="red", width=2)
        if labels is not None:
            corner = min(left, right), min(top, bottom)
            draw.rectangle(draw.textbbox(corner, labels[i]), fill="red")
            draw.text(corner, labels[i], fill="white")
    return _png(tag, picture, values.shape[2])


def video(tag: str, values: Any, fps: float = 4) -> Any:
    """Videos (N, T, C, H, W) side by side, as an animated GIF.

    >>> import numpy
    >>> from weft.utils.tensorboard import media
    >>> media.video("game", numpy.zeros((1, 5, 3, 8, 8)))  # doctest: +SKIP
    """
    values = array("add_video", tag, values)
    if values.ndim != 5 or 0 in values.shape or values.shape[2] not in (1, 3):
        raise ValueError(
            f"add_video: {tag!r} must have shape (N, T, C, H, W) with 1 or 3 channels and nothing empty, got "
            f"{values.shape}"
        )
    fps = number("add_video", "fps", fps)
    if not (fps > 0 and math.isfinite(fps)):
        raise ValueError(f"add_video: fps must be positive, got {fps}")
    columns = 2 ** math.ceil(math.log2(len(values)) / 2)
    frames = [to_hwc("add_video", tag, grid(frame, columns), "CHW") for frame in values.swapaxes(0, 1)]
    pictures = [_pillow("Image").fromarray(frame) for frame in frames]
    data = io.BytesIO()
    pictures[0].save(
        data, format="GIF", save_all=True, append_images=pictures[1:], duration=max(10, round(1000 / fps)), loop=0
    )
    height, width, channels = frames[0].shape
    image_proto = proto("summary").Summary.Image(
        height=height, width=width, colorspace=channels, encoded_image_string=data.getvalue()
    )
    return value(tag, image=image_proto)


def audio(tag: str, values: Any, sample_rate: int = 44100) -> Any:
    """Sound of shape (L,), (1, L) or (2, L), with values from -1 to 1, as a WAV file of 16 bits.

    >>> from weft.utils.tensorboard import media
    >>> media.audio("voice", [0.0, 0.5, 0.0])  # doctest: +SKIP
    """
    values = array("add_audio", tag, values)
    values = values[None] if values.ndim == 1 else values
    if values.ndim != 2 or values.shape[0] not in (1, 2) or values.shape[1] == 0 or values.dtype.kind == "c":
        raise ValueError(f"add_audio: {tag!r} must have shape (L,), (1, L) or (2, L), got {values.shape}")
    if not isinstance(sample_rate, int) or sample_rate < 1:
        raise ValueError(f"add_audio: sample_rate must be a positive int, got {sample_rate!r}")
    values = np.nan_to_num(values.astype(np.float64))
    if np.abs(values).max() > 1:
        warnings.warn(f"add_audio: {tag!r} goes beyond -1 and 1 and is clipped", stacklevel=3)
        values = values.clip(-1, 1)
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(len(values))
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes((values.T * 32767).astype("<i2").tobytes())
    audio_proto = proto("summary").Summary.Audio(
        sample_rate=sample_rate,
        num_channels=len(values),
        length_frames=values.shape[1],
        encoded_audio_string=data.getvalue(),
        content_type="audio/wav",
    )
    return value(tag, audio=audio_proto)


def figure_image(figure: Any, close: bool = True) -> np.ndarray:
    """The pixels (3, H, W) of a matplotlib figure.

    >>> import matplotlib.figure
    >>> from weft.utils.tensorboard import media
    >>> media.figure_image(matplotlib.figure.Figure(figsize=(2, 1), dpi=10)).shape
    (3, 10, 20)
    """
    if not callable(getattr(figure, "savefig", None)):
        raise TypeError(f"add_figure: expected a matplotlib Figure, got {type(figure).__name__}")
    agg = optional("matplotlib.backends.backend_agg", "matplotlib", "add_figure")
    canvas = agg.FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
    if close:
        optional("matplotlib.pyplot", "matplotlib", "add_figure").close(figure)
    return pixels.transpose(2, 0, 1)

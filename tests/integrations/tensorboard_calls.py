"""Calls of a SummaryWriter, and the events that they write in a form to compare.

Run by a Python with PyTorch and tensorboard, this writes data/torch_events.json: what PyTorch's writer gives.
"""

import io
import json
import sys
from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).parent / "data" / "torch_events.json"


def call(writer, tensor):
    """Calls whose events do not depend on time; ``tensor`` makes a tensor of an array."""
    rng = np.random.default_rng(0)
    writer.add_scalar("scalar", 1.5, 3)
    writer.add_scalar("scalar", tensor(np.float32(0.25)), 4)
    writer.add_scalar("scalar", float("nan"), 5)
    writer.add_scalar("new", 0.1, 4, new_style=True)
    writer.add_scalar("double", 0.1, 4, new_style=True, double_precision=True)
    writer.add_scalar("no step", 1)
    writer.add_scalars("main/tag", {"x": 1, "y": 2.5}, 1)
    values = rng.normal(size=200).astype(np.float32)
    writer.add_histogram("histogram", tensor(values), 1)
    writer.add_histogram("zeros", np.zeros(3), 1)
    writer.add_histogram("whole", tensor(np.arange(-3, 9)), 1)
    writer.add_histogram("bins", values, 1, bins="auto")
    writer.add_histogram("seven", values, 1, bins=7)
    writer.add_histogram("gathered", values, 1, bins=12, max_bins=4)
    writer.add_histogram_raw("raw", 0, 2, 3, 5, 9, [1.0, 2.0], [1, 2], 1)
    writer.add_text("text", "hello **world** ä", 1)
    writer.add_tensor("tensor", tensor(np.arange(6.0, dtype=np.float32).reshape(2, 3)), 1)
    writer.add_tensor("integers", tensor(np.arange(6).reshape(2, 3)), 1)
    writer.add_tensor("bools", tensor(np.array([True, False])), 1)
    writer.add_audio("audio", tensor(np.linspace(-1, 1, 50, dtype=np.float32)[None]), 1, sample_rate=8000)
    labels, predictions = rng.integers(0, 2, 50), rng.random(50).astype(np.float32)
    writer.add_pr_curve("pr", labels, predictions, 1)
    writer.add_pr_curve("pr weights", tensor(labels), tensor(predictions), 1, num_thresholds=5, weights=rng.random(50))
    counts = [np.array([3, 2, 0])] * 4 + [np.array([0.5, 0.25, 0])] * 2
    writer.add_pr_curve_raw("pr raw", *counts, 1, num_thresholds=3)
    writer.add_custom_scalars_multilinechart(["a", "b"])
    writer.add_custom_scalars_marginchart(["a", "b", "c"], "category", "title")
    layout = {
        "one": {"t": ["Multiline", ["a", "b"]], "u": ["Margin", ["a", "b", "c"]]},
        "two": {"v": ["Multiline", ["x"]]},
    }
    writer.add_custom_scalars(layout)
    vertices, colors = rng.random((1, 4, 3)).astype(np.float32), rng.integers(0, 256, (1, 4, 3))
    faces = np.array([[[0, 1, 2], [1, 2, 3]]])
    writer.add_mesh("mesh", tensor(vertices), tensor(colors), tensor(faces), {"a": 1}, 1)
    writer.add_mesh("cloud", tensor(vertices), global_step=2)
    writer.add_hparams(
        {"lr": 0.1, "name": "x", "n": 3}, {"accuracy": 0.5}, {"lr": [0.1, 0.2], "name": ["x", "y"]}, "hp", 2
    )
    grey, colour = rng.random((1, 5, 4)).astype(np.float32), rng.integers(0, 256, (3, 5, 4)).astype(np.uint8)
    writer.add_image("grey", tensor(grey), 1)
    writer.add_image("bytes", tensor(colour), 1)
    writer.add_image("HWC", tensor(colour.transpose(1, 2, 0)), 1, dataformats="HWC")
    writer.add_image("HW", tensor(grey[0] * 2 - 0.5), 1, dataformats="HW")
    writer.add_images("grid", tensor(rng.random((10, 3, 3, 2)).astype(np.float32)), 1)
    writer.add_images("NHWC", tensor(rng.random((3, 3, 2, 1)).astype(np.float32)), 1, dataformats="NHWC")
    writer.add_image_with_boxes("boxes", tensor(np.zeros((3, 20, 20), np.float32)), np.array([[2, 3, 12, 9]]), 1)
    points = rng.random((3, 2)).astype(np.float32)
    writer.add_embedding(tensor(points), ["a", "b", "c"], tensor(rng.random((3, 3, 4, 4)).astype(np.float32)), 7, "a/b")
    writer.add_embedding(tensor(points), [["a", "1"], ["b", "2"], ["c", "3"]], tag="e2", metadata_header=["n", "k"])
    writer.close()


def events(folder):
    """The events of each folder inside, as (event, folder)."""
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto import event_pb2

    for path in sorted(Path(folder).rglob("*tfevents*")):
        for record in RawEventFileLoader(str(path)).Load():
            event = event_pb2.Event()
            event.ParseFromString(record)
            yield event, str(path.parent.relative_to(folder))


def comparable(folder):
    """Everything that was written into a folder, as JSON can hold it."""
    from google.protobuf.json_format import MessageToDict
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    found = []
    for event, place in events(folder):
        kind = event.WhichOneof("what")
        if kind == "summary":
            for value in event.summary.value:
                plugin = value.metadata.plugin_data
                content = [plugin.plugin_name, plugin.content.hex()]
                if plugin.plugin_name == "hparams":  # a map, whose order may be any
                    content[1] = MessageToDict(HParamsPluginData.FromString(plugin.content))
                found.append([place, event.step, value.tag, content, *_content(value)])
        else:
            found.append([place, event.step, kind])
    files = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix in (".tsv", ".pbtxt"):
            files[str(path.relative_to(folder))] = path.read_text()
        elif path.suffix == ".png":
            files[str(path.relative_to(folder))] = _pixels(path.read_bytes())
    return json.loads(json.dumps({"events": found, "files": files}))


def _pixels(data):
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(data))).tolist()


def _content(value):
    from tensorboard.util.tensor_util import make_ndarray

    kind = value.WhichOneof("value")
    if kind == "simple_value":
        return kind, str(value.simple_value)
    if kind == "histo":
        h = value.histo
        return kind, [h.min, h.max, h.num, h.sum, h.sum_squares], list(h.bucket_limit), list(h.bucket)
    if kind == "image":
        image = value.image
        return kind, [image.height, image.width, image.colorspace], _pixels(image.encoded_image_string)
    if kind == "audio":
        audio = value.audio
        samples = np.frombuffer(audio.encoded_audio_string[44:], "<i2").tolist()
        return kind, [audio.sample_rate, audio.num_channels, audio.length_frames, audio.content_type], samples
    if kind == "tensor":
        array = make_ndarray(value.tensor)
        content = [text.hex() for text in array.reshape(-1)] if array.dtype == object else array.tolist()
        return kind, str(array.dtype), content
    return (kind,)


if __name__ == "__main__":
    import tempfile

    import torch
    from torch.utils.tensorboard import SummaryWriter

    folder = tempfile.mkdtemp()
    call(SummaryWriter(folder, purge_step=3, filename_suffix=".x"), lambda array: torch.as_tensor(array))
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(json.dumps(comparable(folder), separators=(",", ":")) + "\n")
    sys.exit(0)

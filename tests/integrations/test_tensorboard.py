"""SummaryWriter: events as PyTorch's writer makes them, read back by TensorBoard's own reader."""

import io
import json
import math
import subprocess
import sys
import types

import numpy as np
import pytest
import support
import tensorboard_calls
import weft
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import graph_pb2
from weft import nn
from weft.training.loggers import TensorBoardLogger
from weft.utils.tensorboard import FileWriter, RecordWriter, SummaryWriter, summary


def tensor(array):
    return weft.from_numpy(np.array(array))


def read(folder):
    reader = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0, "images": 0, "histograms": 0})
    return reader.Reload()


def test_events_are_those_of_pytorchs_writer(tmp_path):
    tensorboard_calls.call(SummaryWriter(tmp_path, purge_step=3, filename_suffix=".x"), tensor)
    own, golden = tensorboard_calls.comparable(tmp_path), json.loads(tensorboard_calls.GOLDEN.read_text())
    assert own["files"].keys() == golden["files"].keys()
    for name, content in golden["files"].items():
        if name.endswith("tensors.tsv"):  # the digits of a float32 are printed differently
            rows, expected = (
                [line.split("\t") for line in text.splitlines()] for text in (own["files"][name], content)
            )
            assert np.array_equal(np.float32(rows), np.float32(expected))
        else:
            assert own["files"][name] == content, name
    assert [entry[:4] for entry in own["events"]] == [entry[:4] for entry in golden["events"]]
    for entry, expected in zip(own["events"], golden["events"]):
        tag, kind = (expected[2], expected[4]) if len(expected) > 4 else ("", "")
        if kind == "histo" or kind == "tensor" and tag.startswith("pr"):
            for mine, theirs in zip(entry[5:], expected[5:]):
                assert mine == theirs or np.allclose(mine, theirs, rtol=1e-6, atol=0), tag
        elif kind == "audio":
            assert entry[5] == expected[5] and np.abs(np.array(entry[6]) - expected[6]).max() <= 1  # rounding
        else:
            assert entry == expected, tag


def test_tensorboards_reader(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        for step in range(1000):
            writer.add_scalar("loss", 1 / (step + 1), step)
        writer.add_scalar("bad", math.inf, 1, walltime=12.5)
        writer.add_histogram("weights", weft.arange(100.0), 3)
        writer.add_images("images", weft.rand(4, 1, 8, 8), 1)
        writer.add_audio("sound", weft.zeros(2, 80), 1, sample_rate=8000)
        writer.add_tensor("half", weft.tensor([1.5, -2.0], dtype=weft.float16), 1)
        writer.add_tensor("bfloat16", weft.tensor([1.5, -2.0], dtype=weft.bfloat16), 1)
    reader = read(tmp_path)
    assert [event.step for event in reader.Scalars("loss")] == list(range(1000))
    assert reader.Scalars("loss")[-1].value == pytest.approx(1e-3)
    (bad,) = reader.Scalars("bad")
    assert bad.value == math.inf and bad.wall_time == 12.5
    assert reader.Histograms("weights")[0].histogram_value.num == 100
    assert (reader.Images("images")[0].width, reader.Images("images")[0].height) == (32, 8)
    assert reader.Audio("sound")[0].length_frames == 80
    from tensorboard.util.tensor_util import make_ndarray

    assert make_ndarray(reader.Tensors("half")[0].tensor_proto).tolist() == [1.5, -2.0]
    assert make_ndarray(reader.Tensors("bfloat16")[0].tensor_proto).tolist() == [1.5, -2.0]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
        self.head = nn.Linear(4 * 36, 10)

    def forward(self, x):
        y = self.features(x).flatten(1)
        return {"logits": self.head(y), "again": self.head(y * 2)}


def graph_of(folder):
    graph = graph_pb2.GraphDef()
    graph.ParseFromString(read(folder).Graph().SerializeToString())
    return {node.name: node for node in graph.node}


def test_graph(tmp_path, capsys):
    with SummaryWriter(tmp_path) as writer:
        writer.add_graph(Net().eval(), weft.zeros(2, 1, 8, 8), verbose=True)
    assert "convolution" in capsys.readouterr().out
    nodes = graph_of(tmp_path)
    assert {name: list(nodes[name].input) for name in ("Net/features/0/convolution", "Net/features/2/relu")} == {
        "Net/features/0/convolution": ["input/x", "Net/features/0/weight", "Net/features/0/bias"],
        "Net/features/2/relu": ["Net/features/1/add"],
    }
    # The layer that is called twice has two ops, and what is between layers belongs to the model.
    assert {"Net/head/linear", "Net/head/linear_2", "Net/view", "Net/mul"} <= nodes.keys()
    assert list(nodes["output/0"].input) == ["Net/head/linear"]
    assert all(name.partition(":")[0] in nodes for node in nodes.values() for name in node.input)
    shape = nodes["Net/head/linear"].attr["_output_shapes"].list.shape[0]
    assert [dim.size for dim in shape.dim] == [2, 10]


def test_graph_of_a_function_and_of_several_arguments(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        writer.add_graph(lambda x, y: (x + y).relu(), (weft.ones(2), weft.ones(2)))
    assert {"add", "relu", "output/0"} <= graph_of(tmp_path).keys()
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    with SummaryWriter(tmp_path / "layers") as writer:
        writer.add_graph(nn.TransformerEncoder(layer, 2).eval(), weft.zeros(1, 3, 8))
    names = graph_of(tmp_path / "layers").keys()
    assert {f"TransformerEncoder/layers/{i}/linear1/linear" for i in range(2)} <= names
    hooks = Net().eval()
    with SummaryWriter(tmp_path / "other") as writer, pytest.raises((TypeError, ValueError, RuntimeError)):
        writer.add_graph(hooks, weft.zeros(2, 1, 3))
    assert not any(module._forward_hooks for module in hooks.modules() if hasattr(module, "_forward_hooks"))
    hooks(weft.zeros(1, 1, 8, 8))


def test_onnx_graph(tmp_path, monkeypatch):
    """With what the package onnx would read: it is no dependency of these tests."""
    name = types.SimpleNamespace
    node = name(name="", op_type="Relu", input=["x"], output=["y"], attribute=[])
    graph = name(input=[name(name="x")], initializer=[], node=[node], output=[name(name="y")])
    monkeypatch.setitem(sys.modules, "onnx", types.SimpleNamespace(load=lambda path: name(graph=graph)))
    with SummaryWriter(tmp_path) as writer:
        writer.add_onnx_graph("model.onnx")
    assert list(graph_of(tmp_path)["output/y"].input) == ["Relu_0"]


def test_video_is_an_animated_gif(tmp_path):
    from PIL import Image

    with SummaryWriter(tmp_path) as writer:
        writer.add_video("video", weft.rand(3, 5, 3, 4, 6), 1, fps=8)
    picture = Image.open(io.BytesIO(read(tmp_path).Images("video")[0].encoded_image_string))
    assert (picture.format, picture.n_frames, picture.size) == ("GIF", 5, (12, 8)) and picture.info["duration"] == 120


def test_figures(tmp_path):
    import matplotlib.figure

    figures = [matplotlib.figure.Figure(figsize=(2, 1), dpi=20) for _ in range(2)]
    with SummaryWriter(tmp_path) as writer:
        writer.add_figure("one", figures[0], 1)
        writer.add_figure("both", figures, 1)
        with pytest.raises(TypeError, match="expected a matplotlib Figure, got int"):
            writer.add_figure("none", 3)
    reader = read(tmp_path)
    assert (reader.Images("one")[0].width, reader.Images("both")[0].width) == (40, 80)


def test_purge_step_hides_what_came_later(tmp_path):
    with SummaryWriter(tmp_path, filename_suffix=".1") as writer:
        for step in range(10):
            writer.add_scalar("loss", step, step)
    with SummaryWriter(tmp_path, purge_step=5, filename_suffix=".2") as writer:
        writer.add_scalar("loss", 50, 5)
    assert [event.value for event in read(tmp_path).Scalars("loss")] == [0, 1, 2, 3, 4, 50]


def test_a_closed_writer_goes_on_in_another_file(tmp_path):
    writer = SummaryWriter(tmp_path)
    writer.add_scalar("loss", 1, 1)
    writer.close()
    writer.close()
    writer.add_scalar("loss", 2, 2)
    writer.flush()
    assert len(list(tmp_path.iterdir())) == 2 and len(read(tmp_path).Scalars("loss")) == 2
    writer.close()
    assert writer.get_logdir() == str(tmp_path)
    file = FileWriter(tmp_path / "file")
    file.add_summary(summary.scalar("a", 1), 1)
    file.close()
    file.reopen()
    file.close()
    assert RecordWriter.__name__ == "RecordWriter" and len(list((tmp_path / "file").iterdir())) == 2


def test_the_default_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    SummaryWriter(comment="-note").close()
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.endswith("-note")


BAD = [
    ("add_scalar", ("loss", "low"), TypeError, "'loss' must be a number, got str 'low'"),
    ("add_scalar", ("loss", weft.ones(2)), TypeError, r"'loss' must be one number, got Tensor of shape \(2,\)"),
    ("add_scalar", ("loss", None), TypeError, "'loss'"),
    ("add_scalar", ("loss", 1.0, "x"), TypeError, "global_step must be an int, got 'x'"),
    ("add_scalar", ("loss", 1.0, 2**70), ValueError, "64 bits"),
    ("add_scalar", (3, 1.0), TypeError, "the tag must be a string, got 3"),
    ("add_scalar", ("", 1.0), ValueError, "empty"),
    ("add_scalars", ("loss", {"a": 1, "b": "x"}), TypeError, "'loss' must be a number"),
    ("add_histogram", ("h", []), ValueError, "'h' has no elements"),
    ("add_histogram", ("h", ["a"]), TypeError, "'h' must be a tensor"),
    ("add_histogram", ("h", [[1], [1, 2]]), TypeError, "'h' must hold numbers"),
    ("add_histogram", ("h", [1.0], 1, "many"), ValueError, "bins of 'h'"),
    ("add_histogram", ("h", [1.0], 1, [3.0]), ValueError, "at least two limits"),
    ("add_histogram", ("h", [1.0], 1, [3.0, 4.0]), ValueError, "no value of 'h' lies within"),
    ("add_histogram", ("h", [1.0], 1, 5, None, 0), ValueError, "max_bins must be a positive int"),
    ("add_histogram_raw", ("h", None, 1, 1, 1, 1, [1], [1]), TypeError, "'min' must be a number"),
    ("add_scalar", ("loss", 1.0, weft.ones(2)), TypeError, "global_step must be an int"),
    ("add_scalar", ("loss", 1.0, 1, "now"), TypeError, "'walltime' must be a number"),
    ("add_scalars", ("loss", 3), TypeError, "expected a dict from tags"),
    ("add_custom_scalars", ([],), TypeError, r"expected \{category"),
    ("add_custom_scalars", ({"a": 3},), TypeError, "'a': 3"),
    ("add_custom_scalars_multilinechart", ([1],), TypeError, r"expected \{category"),
    ("add_mesh", ("m", np.zeros((1, 4, 3)), None, None, {"a": weft.ones(1)}), TypeError, "config_dict of 'm'"),
    ("add_hparams", ({"lr": 1}, {}, {"lr": 3}), TypeError, "domain of 'lr' must be a list"),
    ("add_hparams", ({"lr": 1}, {}, [1]), TypeError, "hparam_domain_discrete must be a dict"),
    ("add_embedding", (np.zeros((3, 2)), 3.0), TypeError, "metadata must be a list"),
    ("add_histogram_raw", ("h", 0, 1, 1, 1, 1, [1, 2], [1]), ValueError, "2 bucket_limits and 1 bucket_counts"),
    ("add_image", ("i", np.zeros((2, 4, 4))), ValueError, "2 channels"),
    ("add_image", ("i", np.zeros((4, 4))), ValueError, "dimensions C, H, W"),
    ("add_image", ("i", np.zeros((3, 0, 4))), ValueError, "empty"),
    ("add_image", ("i", np.zeros((3, 4, 4)), 1, None, "CHX"), ValueError, "dataformats"),
    ("add_image_with_boxes", ("i", np.zeros((3, 4, 4)), [1, 2, 3, 4]), ValueError, r"\(n, 4\)"),
    ("add_video", ("v", np.zeros((1, 3, 4, 4))), ValueError, r"\(N, T, C, H, W\)"),
    ("add_video", ("v", np.zeros((1, 2, 3, 4, 4)), 1, 0), ValueError, "fps"),
    ("add_audio", ("a", np.zeros((3, 4))), ValueError, r"\(L,\)"),
    ("add_audio", ("a", np.zeros(4), 1, 0), ValueError, "sample_rate"),
    ("add_text", ("t", b"x"), TypeError, "'t' must be a string"),
    ("add_pr_curve", ("p", [0, 1], [0.5]), ValueError, "2 labels, 1 predictions"),
    ("add_pr_curve", ("p", [0, 1], [0.5, 1.5]), ValueError, "probabilities"),
    ("add_pr_curve", ("p", [0, 2], [0.5, 0.5]), ValueError, "0 or 1"),
    ("add_pr_curve", ("p", [0, 1], [0.5, 0.5], 1, 1), ValueError, "at least 2"),
    ("add_pr_curve_raw", ("p", *[[1, 2]] * 6, 1, 3), ValueError, "expected 3 numbers"),
    ("add_embedding", (np.zeros((3, 2)), ["a"]), ValueError, "3 points and 1 entries"),
    ("add_embedding", (np.zeros(3),), ValueError, r"\(n, features\)"),
    ("add_embedding", (np.zeros((3, 2)), None, np.zeros((2, 3, 4, 4))), ValueError, "label_img"),
    ("add_embedding", (np.zeros((1, 2)), [["a"]], None, 1, "t", ["x", "y"]), ValueError, "2 names"),
    ("add_mesh", ("m", np.zeros((4, 3))), ValueError, r"vertex of 'm' must have shape \(batch, n, 3\)"),
    ("add_hparams", ({"lr": [1]}, {}), ValueError, "'lr' must be an int"),
    ("add_hparams", ({"lr": 1}, {"a": "x"}), TypeError, "'a' must be a number"),
    ("add_hparams", ({"lr": 1}, {}, {"n": [1]}), ValueError, "'n', which hparam_dict has not"),
    ("add_hparams", ([], {}), TypeError, "hparam_dict must be a dict"),
    ("add_custom_scalars", ({"a": {"b": ["Pie", ["x"]]}},), ValueError, "'b': ..Pie"),
    ("add_custom_scalars_marginchart", (["a", "b"],), ValueError, "Margin"),
]


@pytest.mark.parametrize("method, arguments, kind, says", BAD)
def test_bad_values_are_named_and_nothing_is_written(tmp_path, method, arguments, kind, says):
    with SummaryWriter(tmp_path) as writer:
        with pytest.raises(kind, match=says):
            getattr(writer, method)(*arguments)
    assert len(list(tensorboard_calls.events(tmp_path))) == 1  # the version
    assert len(list(tmp_path.iterdir())) == 1


def test_values_that_are_not_finite_are_left_out_of_histograms(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        with pytest.warns(UserWarning, match="2 of 4 values of 'h' are NaN or infinite"):
            writer.add_histogram("h", [1.0, math.nan, math.inf, 2.0], 1)
        with pytest.warns(UserWarning, match="1 of 1"):
            writer.add_histogram("none", [math.nan], 1)
        with pytest.warns(UserWarning, match="clipped"):
            writer.add_audio("a", [2.0, -2.0])
    reader = read(tmp_path)
    assert reader.Histograms("h")[0].histogram_value.num == 2 and "none" not in reader.Tags()["histograms"]


def test_random_histograms_count_every_value():
    rng = np.random.default_rng(0)
    for _ in range(200):
        values = rng.normal(size=rng.integers(1, 50)) * 10.0 ** rng.integers(-14, 15)
        values[rng.random(len(values)) < 0.2] = 0
        bins = ["tensorflow", "auto", int(rng.integers(1, 9)), "sqrt"][rng.integers(4)]
        most = [None, int(rng.integers(1, 20))][rng.integers(2)]
        histo = summary.histogram("h", values, bins, most).value[0].histo
        assert sum(histo.bucket) == len(values) == histo.num and len(histo.bucket) == len(histo.bucket_limit)
        assert list(histo.bucket_limit) == sorted(histo.bucket_limit) and histo.bucket_limit[-1] >= values.max()
        assert most is None or len(histo.bucket) <= most + 1


def test_logger(tmp_path):
    with TensorBoardLogger(tmp_path) as logger:
        logger.log_hyperparameters({"optimizer": {"lr": 0.1}, "betas": (0.9, 0.99), "amp": True})
        logger.log({"loss": weft.tensor(0.5), "bad": math.nan}, 1)
        logger.writer.add_text("note", "x")
        logger.flush()
        assert read(tmp_path).Scalars("loss")[0].value == 0.5
    reader = read(tmp_path)
    assert math.isnan(reader.Scalars("bad")[0].value)
    assert "_hparams_/session_start_info" in reader.summary_metadata
    with pytest.raises(ValueError, match="closed"):
        logger.log({"loss": 1}, 2)
    with TensorBoardLogger(tmp_path) as logger, pytest.raises(TypeError, match="'b' must be a number"):
        logger.log({"a": 1, "b": "x"}, 2)


def test_hyperparameters_with_scalars_on_tensorboards_page(tmp_path):
    """What the HPARAMS page computes: the metrics of a run are its scalars."""
    with TensorBoardLogger(tmp_path / "run") as logger:
        logger.log_hyperparameters({"lr": 0.1, "amp": True})
        logger.log({"loss": 0.5}, 1)
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    content = read(tmp_path / "run").SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    values = HParamsPluginData.FromString(content).session_start_info.hparams
    assert values["lr"].number_value == 0.1 and values["amp"].bool_value is True


def test_a_full_disk_is_an_error(tmp_path):
    code = f"""
import resource, signal
from weft.training.loggers import TensorBoardLogger
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
logger = TensorBoardLogger({str(tmp_path)!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    for step in range(1000):
        logger.log({{"loss": 0.5}}, step)
    logger.flush()
except OSError as error:
    print("told:", error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=support.environment()
    )
    assert "told:" in done.stdout and "too large" in done.stdout, done.stdout + done.stderr

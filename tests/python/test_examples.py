"""The programs in examples/ run and give what they promise."""

import gzip
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(name, *arguments):
    command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
    environment = {**os.environ, "WEFT_CUDA_PLUGIN": ""}  # the simulated device is no place for real models
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300, env=environment).stdout


def loaded(name):
    """An example as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_digits(tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("tqdm")
    out = run("digits.py", "--out", tmp_path)
    assert float(re.search(r"test accuracy: ([\d.]+)%", out).group(1)) >= 98.5
    assert (tmp_path / "digits.safetensors").stat().st_size > 10_000
    assert (tmp_path / "digits.png").read_bytes().startswith(b"\x89PNG")


def test_transfer_learning(tmp_path):
    out = run("transfer_learning.py")
    new, head, tuned = map(float, re.findall(r"([\d.]+)%", out.splitlines()[-1]))
    assert min(head, tuned) > 85 and min(head, tuned) > new
    example = loaded("transfer_learning")
    for model in (example.Net(), example.cifar_resnet20()):
        groups = example.parameter_groups(model, 1.0, 0.5)
        assert sorted(id(p) for group in groups for p in group["params"]) == sorted(map(id, model.parameters()))
        assert [group["lr"] for group in groups[:4]] == [1, 0.5, 0.25, 0.125]
    # Pictures of one colour, which is the class, and weights that are no good
    rng = np.random.default_rng(0)
    for name, count in (("train.bin", 90), ("test.bin.gz", 20)):
        labels = rng.integers(0, 10, (count, 1))
        records = np.hstack([labels, np.repeat(labels * 25, 3072, 1)]).astype("uint8").tobytes()
        (tmp_path / name).write_bytes(gzip.compress(records) if name.endswith("gz") else records)
    example.weft.save(example.cifar_resnet20().state_dict(), tmp_path / "weights.safetensors")
    files = ["--data", tmp_path, "--weights", tmp_path / "weights.safetensors"]
    assert "9 images of 3 classes" in run("transfer_learning.py", *files, "--epochs", 1, "--images", 3)


def test_gradient():
    assert re.findall(r"= ([\d.]+)", run("gradient.py")) == ["11.0", "4.0", "1.0", "1.0"]


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    path.write_bytes(gzip.compress(header + array.astype("uint8").tobytes()))


def test_mnist(tmp_path):
    """On made-up images, in which the class is the bright row."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 640), ("t10k", 200)):
        labels = rng.integers(0, 10, count)
        images = rng.integers(0, 100, (count, 28, 28))
        images[np.arange(count), 2 * labels] = 255
        write_idx(tmp_path / f"{part}-images-idx3-ubyte.gz", images)
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte.gz", labels)
    out = run("mnist_mlp.py", tmp_path)
    assert float(re.findall(r"test accuracy ([\d.]+)%", out)[-1]) > 95


def test_mnist_without_a_folder():
    result = subprocess.run([sys.executable, str(EXAMPLES / "mnist_mlp.py")], capture_output=True, text=True)
    assert result.returncode != 0 and "Usage" in result.stderr


def test_matmul_devices():
    assert re.search(r"cpu .* GFLOP/s", run("matmul_devices.py"))


def last(out, pattern):
    """The number in the last line, which reports the final result."""
    return float(re.search(pattern, out.rstrip().splitlines()[-1]).group(1))


def write_digits(folder, train=640, test=200):
    """Made-up images in which the class is the bright row."""
    rng = np.random.default_rng(0)
    for part, count in (("train", train), ("t10k", test)):
        labels = rng.integers(0, 10, count)
        images = rng.integers(0, 100, (count, 28, 28))
        images[np.arange(count), 2 * labels + 4] = 255
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels)


@pytest.mark.parametrize("options", [[], ["--fashion"]])
def test_mnist_cnn(tmp_path, options):
    write_digits(tmp_path)
    out = run("mnist_cnn.py", "--data", tmp_path, "--small", "--epochs", 6, *options)
    assert last(out, r"test accuracy: ([\d.]+)%") > 90


def test_cifar10(tmp_path):
    """Images of one colour, which is the class."""
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (10, 3, 1))
    for name, count in (("train.bin", 320), ("test.bin.gz", 100)):
        labels = rng.integers(0, 10, (count, 1))
        pixels = np.clip(colours[labels[:, 0]] + rng.normal(0, 20, (count, 3, 1024)), 0, 255)
        records = np.hstack([labels, pixels.reshape(count, -1)]).astype("uint8").tobytes()
        (tmp_path / name).write_bytes(gzip.compress(records) if name.endswith("gz") else records)
    files = ["--train", tmp_path / "train.bin", "--test", tmp_path / "test.bin.gz"]
    out = run("cifar10.py", *files, "--small", "--epochs", 8, "--seeds", 2)
    assert last(out, r"of 2 seeds: ([\d.]+)%") > 60


def test_cora_gcn(tmp_path):
    """Three groups that mostly cite themselves, and words that say little."""
    rng = np.random.default_rng(0)
    labels = np.arange(150) % 3
    pairs = rng.integers(0, 150, (2, 3000))
    same = labels[pairs[0]] == labels[pairs[1]]
    edges = np.unique(np.sort(pairs[:, (pairs[0] != pairs[1]) & (same | (rng.random(3000) < 0.05))], 0), axis=1)
    words = [np.unique(np.append(rng.integers(0, 30, 5), labels[i] * 10 + rng.integers(0, 10))) for i in range(150)]
    np.savez(
        tmp_path / "graph.npz",
        edges=edges.astype("int32"),
        feat_indptr=np.cumsum([0, *map(len, words)]).astype("int32"),
        feat_indices=np.concatenate(words).astype("int16"),
        num_features=30,
        labels=labels.astype("uint8"),
        split=np.repeat([0, 1, 2], 50).astype("int8"),
    )
    out = run("cora_gcn.py", "--data", tmp_path / "graph.npz", "--epochs", 60, "--seeds", 2)
    assert last(out, r"of 2 seeds: ([\d.]+)%") > 80


def test_char_gpt(tmp_path):
    """A text that repeats itself can be foretold."""
    (tmp_path / "text.txt").write_text("the cat sat on the mat, and the dog ran. " * 200, encoding="utf-8")
    out = run("char_gpt.py", "--data", tmp_path / "text.txt", "--small", "--steps", 200)
    assert last(out, r"validation loss: ([\d.]+)") < 1


def test_movielens(tmp_path):
    rng = np.random.default_rng(0)
    user, film = rng.integers(0, 40, 4000), rng.integers(0, 60, 4000)
    taste, kind = rng.normal(size=(40, 1)), rng.normal(size=(60, 1))
    rating = np.clip(np.round(2 * (3 + (taste[user] * kind[film])[:, 0])) / 2, 0.5, 5)
    rows = [f"{u + 1},{3 * f},{r},0" for u, f, r in zip(user, film, rating, strict=True)]
    (tmp_path / "ratings.csv").write_text("\r\n".join(["userId,movieId,rating,timestamp", *rows]))
    out = run("movielens.py", "--data", tmp_path / "ratings.csv", "--epochs", 25, "--size", 4)
    averages = float(re.search(r"from averages: test RMSE ([\d.]+)", out).group(1))
    assert last(out, r"test RMSE: ([\d.]+)") < 0.8 * averages


def test_cartpole():
    """The equations, and that learning makes episodes longer than those of a coin, which last 22 steps."""
    out = run("cartpole_dqn.py", "--steps", 1000)
    assert last(out, r"100 episodes: ([\d.]+)") > 60


def test_cartpole_equations():
    """Small angles: the frequency of the linearised pole on a free cart, and the sign of the push."""
    cartpole = loaded("cartpole_dqn")
    state = np.array([[0.0, 0.0, 1e-4, 0.0], [0.0, 0.0, 0.0, 0.0]])
    right, failed = cartpole.step(state, np.array([1, 1]))
    left, _ = cartpole.step(state, np.array([0, 0]))
    assert right[1, 1] > 0 > right[1, 3] and not failed.any()  # the cart goes right, the pole falls left
    np.testing.assert_allclose(right[1], -left[1])
    # Without a force the angle grows as g / (l (4/3 - m / M)) times itself
    growth = (right[0, 3] + left[0, 3]) / 2 / 0.02 / 1e-4
    assert growth == pytest.approx(9.8 / (0.5 * (4 / 3 - 0.1 / 1.1)), rel=1e-5)
    assert cartpole.step(np.array([[2.39, 5.0, 0.0, 0.0], [0.0, 0.0, 0.2, 2.0]]), np.array([1, 1]))[1].all()


def test_regression_of_houses(tmp_path):
    import tarfile

    rng = np.random.default_rng(0)
    names = "longitude,latitude,housing_median_age,total_rooms,total_bedrooms,population,households,median_income"
    numbers = rng.uniform(1, 10, (800, 8))
    value = 20000 * (numbers[:, 7] + np.abs(numbers[:, 0] - 5) * 2)
    lines = [f"{names},median_house_value,ocean_proximity"]
    for i, (row, price) in enumerate(zip(numbers, value, strict=True)):
        cells = [f"{x:.4f}" for x in row]
        cells[4] = "" if i % 50 == 0 else cells[4]
        lines.append(",".join([*cells, f"{price:.1f}", "NEAR BAY" if i % 3 else "INLAND"]))
    (tmp_path / "housing.csv").write_text("\n".join(lines))
    with tarfile.open(tmp_path / "housing.tgz", "w:gz") as archive:
        archive.add(tmp_path / "housing.csv", "housing.csv")
    results = [
        run("regression.py", "--data", tmp_path / name, "--epochs", 60) for name in ("housing.csv", "housing.tgz")
    ]
    assert len({last(out, r"test RMSE: ([\d.]+)") for out in results}) == 1
    linear = float(re.search(r"linear regression: test RMSE ([\d.]+)", results[0]).group(1))
    assert last(results[0], r"test RMSE: ([\d.]+)") < 0.6 * linear


def test_regression_of_cars(tmp_path):
    rng = np.random.default_rng(0)
    lines = []
    for i in range(300):
        power, weight, year = rng.uniform(50, 200), rng.uniform(1600, 5000), rng.integers(70, 83)
        shown = "?" if i % 60 == 0 else f"{power:.1f}"
        mpg = 60 - weight / 100 + year / 10 - power / 20
        lines.append(
            f'{mpg:.1f}  {rng.choice([4, 6, 8])}  {power * 2:.1f}  {shown}  {weight:.0f}.  15.0  {year}  1\t"a car"'
        )
    (tmp_path / "auto-mpg.data").write_text("\n".join(lines))
    out = run("regression.py", "--data", tmp_path / "auto-mpg.data", "--epochs", 40)
    assert last(out, r"variance ([\d.]+)") > 0.9


def test_forecast(tmp_path):
    """Growth and seasons without noise."""
    month = np.arange(144)
    values = 100 * 1.01**month * (1 + 0.3 * np.sin(month * np.pi / 6))
    rows = [f"{1949 + m // 12}-{m % 12 + 1:02d},{v:.3f}" for m, v in zip(month, values, strict=True)]
    (tmp_path / "series.csv").write_text("\n".join(["Month,Passengers", *rows]))
    out = run("forecast.py", "--data", tmp_path / "series.csv", "--epochs", 300)
    assert last(out, r"24 months: ([\d.]+)%") < 3


def test_vae(tmp_path):
    write_digits(tmp_path, train=2000)
    out = run("vae.py", "--data", tmp_path, "--small", "--epochs", 4, "--out", tmp_path)
    bounds = [float(text) for text in re.findall(r"test ([\d.]+),", out)]
    assert bounds[-1] < bounds[0] and last(out, r"test images: ([\d.]+) nats") == bounds[-1]
    if "samples:" in out:
        assert (tmp_path / "vae.png").read_bytes().startswith(b"\x89PNG")


def test_dna():
    out = run("dna.py", "--count", 2000, "--epochs", 6)
    assert last(out, r"test accuracy: ([\d.]+)%") > 75
    assert 94 < float(re.search(r"with the site known: ([\d.]+)%", out).group(1)) < 98


def test_unet():
    out = run("unet.py", "--steps", 60, "--width", 8)
    assert last(out, r"union: ([\d.]+)") > 0.47  # all background would be 0.25


def test_ddpm(tmp_path):
    out = run("ddpm.py", "--small", "--epochs", 3, "--out", tmp_path)
    assert last(out, r"predicted noise: ([\d.]+)") < 0.4
    if "samples:" in out:
        assert (tmp_path / "ddpm.png").read_bytes().startswith(b"\x89PNG")


def test_banking77(tmp_path):
    """Intents that one word gives away."""
    rng = np.random.default_rng(0)
    for name, count in (("train", 600), ("test", 100)):
        lines = ["text,category"]
        for _ in range(count):
            intent = rng.integers(0, 6)
            words = [*(f"word{'abcdefgh'[i]}" for i in rng.integers(0, 8, 5)), f"key{'abcdef'[intent]}"]
            lines.append(f'"{" ".join(rng.permutation(words))}, please?",intent_{intent}')
        (tmp_path / f"{name}.csv").write_text("\n".join(lines))
    out = run("banking77.py", "--data", tmp_path, "--small", "--epochs", 12)
    assert last(out, r"test accuracy: ([\d.]+)%") > 90


def test_sentiment_lstm(tmp_path):
    """Sentences in which the order of two words says what a bag of words cannot know."""
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        lines = []
        for _ in range(400):
            praise = int(rng.integers(2))
            words = [f"word{'abcdef'[i]}" for i in rng.integers(0, 6, rng.integers(3, 6))]
            pair = ["before", "after"] if praise else ["after", "before"]
            at = rng.integers(0, len(words) + 1)
            lines.append(" ".join([*words[:at], *pair, *words[at:]]) + f".\x85\t{praise}")
        (tmp_path / f"{name}_labelled.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")
    out = run("sentiment_lstm.py", "--data", tmp_path, "--small", "--epochs", 12)
    assert "640 sentences to learn, 160 for the test" in out
    assert float(re.search(r"words: test accuracy ([\d.]+)%", out).group(1)) < 70
    assert last(out, r"test accuracy: ([\d.]+)%") > 90


def test_dcgan(tmp_path):
    """The samples come nearer to the real images, from which noise is far away."""
    write_digits(tmp_path, train=1280, test=300)
    out = run("dcgan.py", "--data", tmp_path, "--small", "--epochs", 5, "--out", tmp_path)
    distances = [float(text) for text in re.findall(r"epoch .*Frechet distance ([\d.]+)", out)]
    real = float(re.search(r"real training images: Frechet distance ([\d.]+)", out).group(1))
    assert real < last(out, r"samples: ([\d.]+),") == distances[-1] < 0.7 * distances[0]
    if "samples: /" in out:
        assert (tmp_path / "dcgan.png").read_bytes().startswith(b"\x89PNG")


def test_frechet_distance():
    """Of normal distributions in one dimension it is known: squares of the differences of means and deviations."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(1000, 3))
    a = (a - a.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(a.T)).T)  # the covariance is the identity
    distance = loaded("dcgan").frechet_distance
    assert distance(a, a + [1, 0, 2]) == pytest.approx(5)
    assert distance(a, a * [3, 1, 0.5]) == pytest.approx(2**2 + 0.5**2)
    turned = a @ np.array([[1.0, 0.4, 0.0], [0.0, 2.0, 0.3], [0.5, 0.0, 1.0]])
    assert distance(turned, turned) == pytest.approx(0, abs=1e-6)


def test_ctc_speech():
    out = run("ctc_speech.py", "--small", "--count", 600, "--epochs", 6)
    assert last(out, r"word error rate: ([\d.]+)%") < 30


def test_edits():
    edits = loaded("ctc_speech").edits
    assert edits([], []) == 0 and edits([1, 2], []) == 2 and edits([], [1, 2, 3]) == 3
    assert edits([1, 2, 3], [1, 3]) == 1 and edits([1, 3], [2, 3]) == 1 and edits([2, 1], [1, 2]) == 2


def test_detection():
    out = run("detection.py", "--small", "--steps", 250)
    assert last(out, r"average precision: ([\d.]+)") > 0.05


def test_detection_boxes():
    """Each shape fills its box to all four sides, and no target lies outside the picture."""
    detection = loaded("detection")
    for kind in range(3):
        y, x = np.nonzero(detection.shape(kind, (10, 20, 34, 50)))
        assert (x.min(), y.max() + 1) == (10, 50) and x.max() + 1 == 34 and y.min() - 20 in (0, 1)
    rng = np.random.default_rng(0)
    for _ in range(50):
        image, target = detection.picture(rng)
        boxes = target["boxes"].numpy()
        assert image.shape == (3, 64, 64) and len(boxes) == len(target["labels"]) >= 1
        assert boxes.min() >= 0 and boxes.max() <= 64 and (boxes[:, 2:] - boxes[:, :2] >= 9.99).all()


WITH_DATA = ("mnist_cnn.py", "cora_gcn.py", "char_gpt.py", "movielens.py", "vae.py", "cifar10.py", "sentiment_lstm.py")


@pytest.mark.parametrize("name", [*WITH_DATA, "dcgan.py"])
def test_without_data(name):
    result = subprocess.run([sys.executable, str(EXAMPLES / name)], capture_output=True, text=True)
    assert result.returncode != 0 and "required" in result.stderr

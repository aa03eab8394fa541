"""The programs in examples/ run and give what they promise."""

import gzip
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


def test_digits(tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("tqdm")
    out = run("digits.py", "--out", tmp_path)
    assert float(re.search(r"test accuracy: ([\d.]+)%", out).group(1)) >= 98.5
    assert (tmp_path / "digits.safetensors").stat().st_size > 10_000
    assert (tmp_path / "digits.png").read_bytes().startswith(b"\x89PNG")


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

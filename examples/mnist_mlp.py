"""Train the classic MNIST perceptron (784-128-10) from the original IDX files.

Usage: python examples/mnist_mlp.py DIR

DIR holds train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or
with .gz behind.
"""

import gzip
import sys
import time
from pathlib import Path

import numpy as np
import weft
import weft.nn as nn
import weft.nn.functional as F
from weft.utils.data import DataLoader, TensorDataset


def read_idx(folder, name):
    """The array in an IDX file: two zero bytes, the type (8: bytes), the number of dimensions, the sizes, the data."""
    path = folder / name
    content = path.read_bytes() if path.exists() else gzip.decompress((folder / f"{name}.gz").read_bytes())
    if content[:3] != b"\0\0\x08":
        raise ValueError(f"{name}: not an IDX file of unsigned bytes")
    ndim = content[3]
    shape = np.frombuffer(content, ">u4", ndim, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * ndim).reshape(shape).copy()


def load(folder, part):
    images = weft.from_numpy(read_idx(folder, f"{part}-images-idx3-ubyte")).float().flatten(1) / 255
    labels = weft.from_numpy(read_idx(folder, f"{part}-labels-idx1-ubyte")).long()
    return TensorDataset((images - 0.1307) / 0.3081, labels)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    weft.manual_seed(0)
    train_loader = DataLoader(load(folder, "train"), batch_size=64, shuffle=True)
    test_loader = DataLoader(load(folder, "t10k"), batch_size=1000)

    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = weft.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    for epoch in range(1, 6):
        start = time.perf_counter()
        total = 0.0
        for images, labels in train_loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
        with weft.no_grad():
            right = sum((model(images).argmax(1) == labels).sum().item() for images, labels in test_loader)
        print(
            f"epoch {epoch}: loss {total / len(train_loader.dataset):.4f}, "
            f"test accuracy {right / len(test_loader.dataset):.2%}, {time.perf_counter() - start:.1f} s"
        )


if __name__ == "__main__":
    main()

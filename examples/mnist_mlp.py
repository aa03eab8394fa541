"""Train the classic MNIST perceptron (784-128-10) from the original IDX files.

Usage: python examples/mnist_mlp.py DIR

DIR holds train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or
with .gz behind.
"""

import sys
import time

import weft
import weft.nn as nn
import weft.nn.functional as F
from weft.datasets import MNIST
from weft.utils.data import DataLoader, TensorDataset


def load(folder, train):
    images, labels = MNIST(folder, train).tensors().tensors
    return TensorDataset((images.flatten(1) - 0.1307) / 0.3081, labels)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    weft.manual_seed(0)
    train_loader = DataLoader(load(sys.argv[1], train=True), batch_size=64, shuffle=True)
    test_loader = DataLoader(load(sys.argv[1], train=False), batch_size=1000)

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

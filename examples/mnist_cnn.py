"""Train a convolutional network on MNIST or Fashion-MNIST, from the original IDX files.

Usage: python examples/mnist_cnn.py --data DIR [--fashion]

DIR holds train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or
with .gz behind. With --fashion the network is wider, and half of the training images are mirrored.
"""

import argparse
import time
from pathlib import Path

import weft
import weft.nn as nn
import weft.nn.functional as F
from weft.datasets import MNIST
from weft.utils.data import DataLoader, TensorDataset


def load(folder):
    """Training and test part: images with mean 0 and deviation 1 over the training part, and labels."""
    (images, labels), (test_images, test_labels) = (MNIST(folder, train).tensors().tensors for train in (True, False))
    mean, deviation = images.mean(), images.std()
    return (
        TensorDataset((images - mean) / deviation, labels),
        TensorDataset((test_images - mean) / deviation, test_labels),
    )


def block(inputs, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)
    )


def network(width):
    return nn.Sequential(
        block(1, width),
        block(width, 2 * width),
        block(2 * width, 4 * width),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(4 * width * 3 * 3, 10),
    )


def mirror_half(images):
    """Each image is mirrored with probability 1/2."""
    chosen = weft.rand(len(images), 1, 1, 1) < 0.5
    return weft.where(chosen, images.flip(3), images)


@weft.no_grad()
def accuracy(model, loader):
    model.eval()
    right = sum((model(images).argmax(1) == labels).sum().item() for images, labels in loader)
    return right / len(loader.dataset)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the four IDX files")
    parser.add_argument("--fashion", action="store_true", help="the network for Fashion-MNIST")
    parser.add_argument("--epochs", type=int, help="default 5, with --fashion 6")
    parser.add_argument("--small", action="store_true", help="a narrow network, for a quick try")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    epochs = args.epochs or (6 if args.fashion else 5)

    weft.manual_seed(args.seed)
    train_data, test_data = load(args.data)
    train_loader = DataLoader(train_data, batch_size=128, shuffle=True)
    test_loader = DataLoader(test_data, batch_size=1000)
    model = network(4 if args.small else 24 if args.fashion else 16)
    optimizer = weft.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
    scheduler = weft.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=epochs * len(train_loader))

    for epoch in range(1, epochs + 1):
        start, total = time.perf_counter(), 0.0
        model.train()
        for images, labels in train_loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(mirror_half(images) if args.fashion else images), labels)
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(labels)
        seconds = time.perf_counter() - start
        result = accuracy(model, test_loader)
        print(f"epoch {epoch}: loss {total / len(train_loader.dataset):.4f}, test {result:.2%}, {seconds:.1f} s")
    print(f"test accuracy: {result:.2%}")


if __name__ == "__main__":
    main()

"""Transfer learning: a network that was trained on one task learns another from a few images.

Usage: python examples/transfer_learning.py
       python examples/transfer_learning.py --weights resnet20.safetensors --data cifar10_folder --lr 2e-4

Without arguments a small network learns the ten digits, and then from a few images which of them have a hole. With the
weights of a ResNet-20 and a folder of CIFAR-10 (files train*.bin and test*.bin, or with .gz behind) it learns to tell
three kinds of things apart: what drives and floats, what flies, and what walks. Three ways are compared: all weights
new; a new head on frozen weights; and then fine-tuning, where a layer learns the slower the nearer it is to the images.
"""

import argparse
import gzip
from pathlib import Path

import numpy as np
import weft
import weft.nn as nn
import weft.nn.functional as F
from weft.models import cifar_resnet20

HOLES = np.array([1, 0, 0, 0, 0, 0, 1, 0, 1, 1])  # of the ten digits; most writers leave a 4 open
KINDS = np.array([1, 0, 1, 2, 2, 2, 2, 2, 0, 0])  # of the ten classes of CIFAR-10; frogs walk


class Net(nn.Module):
    """Stages as those of a residual network, so that both are taken apart alike."""

    def __init__(self, classes=10):
        super().__init__()
        self.layer1 = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.layer2 = nn.Sequential(nn.Conv2d(16, 32, 3, 2, padding=1), nn.BatchNorm2d(32), nn.ReLU())
        self.layer3 = nn.Sequential(nn.Conv2d(32, 64, 3, 2, padding=1), nn.BatchNorm2d(64), nn.ReLU())
        self.linear = nn.Linear(64, classes)

    def forward(self, x):
        return self.linear(self.layer3(self.layer2(self.layer1(x))).amax((2, 3)))


def digits(part):
    data = weft.datasets.Digits(train=part == "train")
    return data.data.unsqueeze(1).numpy().astype(np.float32) / 16, data.targets.numpy()


def cifar(folder, part):
    files = sorted(p for p in Path(folder).iterdir() if p.name.startswith(part) and ".bin" in p.name)
    if not files:
        raise SystemExit(f"there is no {part}*.bin in {folder}")
    content = b"".join(gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in files)
    records = np.frombuffer(content, np.uint8).reshape(-1, 3073)
    images = records[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 255
    mean, deviation = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
    return (images - mean[:, None, None]) / deviation[:, None, None], KINDS[records[:, 0]]


def few(images, labels, count, rng):
    """So many images of each class."""
    chosen = np.concatenate([rng.permutation(np.flatnonzero(labels == c))[:count] for c in np.unique(labels)])
    return images[chosen], labels[chosen]


def replace_head(model, classes):
    model.linear = nn.Linear(model.linear.in_features, classes)


def freeze_all_but_the_head(model):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith("linear."))


def parameter_groups(model, lr, decay):
    """The head learns at lr, and each stage before at decay times the rate of the one behind."""
    stages = [model.linear, model.layer3, model.layer2, model.layer1]
    groups = [{"params": list(stage.parameters()), "lr": lr * decay**i} for i, stage in enumerate(stages)]
    known = {id(p) for group in groups for p in group["params"]}
    first = [p for p in model.parameters() if id(p) not in known]  # the entry of a residual network
    return groups + ([{"params": first, "lr": lr * decay ** len(stages)}] if first else [])


def train(model, data, epochs, groups, rng, frozen=False):
    optimizer = weft.optim.AdamW(groups, lr=5e-3, weight_decay=1e-2)
    images, labels = (weft.from_numpy(array) for array in data)
    for _ in range(epochs):
        model.train(not frozen)  # then normalisations keep the statistics of many images
        for rows in weft.from_numpy(rng.permutation(len(images))).split(32):
            optimizer.zero_grad()
            F.cross_entropy(model(images[rows]), labels[rows]).backward()
            optimizer.step()


@weft.no_grad()
def accuracy(model, data):
    model.eval()
    metric = weft.metrics.Accuracy()
    images, labels = (weft.from_numpy(array) for array in data)
    for rows in weft.arange(len(images)).split(256):
        metric.update(model(images[rows]), labels[rows])
    return 100 * metric.compute().item()


def tasks(options, rng):
    """A function that makes the trained network, the few images, and the test images."""
    if options.data:
        state = weft.load(options.weights)

        def make():
            model = cifar_resnet20()
            model.load_state_dict(state)
            return model

        return make, few(*cifar(options.data, "train"), options.images, rng), cifar(options.data, "test")
    (images, labels), (test_images, test_labels) = digits("train"), digits("test")
    known = Net()
    train(known, (images, labels), options.pretrain, known.parameters(), rng)
    print(f"the ten digits: {accuracy(known, (test_images, test_labels)):.2f}% right")

    def make():
        model = Net()
        model.load_state_dict(known.state_dict())
        return model

    return make, few(images, HOLES[labels], options.images, rng), (test_images, HOLES[test_labels])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--images", type=int, default=10, help="of each class of the new task")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--pretrain", type=int, default=5, help="epochs on the ten digits")
    parser.add_argument("--lr", type=float, default=1e-3, help="of the head in fine-tuning")
    parser.add_argument("--decay", type=float, default=0.5, help="of the rate from a stage to the one before")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if bool(options.data) != bool(options.weights):
        parser.error("--data and --weights belong together")
    weft.manual_seed(options.seed)
    rng = np.random.default_rng(options.seed)
    make, data, test = tasks(options, rng)
    classes = int(data[1].max()) + 1
    print(f"{len(data[0])} images of {classes} classes to learn from, {len(test[0])} to test")
    results = {}

    def report(way, model):
        results[way] = accuracy(model, test)
        print(f"{way}: {results[way]:.2f}% right")

    model = cifar_resnet20(classes) if options.data else Net(classes)
    train(model, data, options.epochs, model.parameters(), rng)
    report("new weights", model)

    model = make()
    replace_head(model, classes)
    freeze_all_but_the_head(model)
    train(model, data, options.epochs, model.linear.parameters(), rng, frozen=True)
    report("new head", model)

    model.requires_grad_(True)
    train(model, data, options.epochs, parameter_groups(model, options.lr, options.decay), rng, frozen=True)
    report("fine-tuned", model)
    print("test accuracy: " + ", ".join(f"{way} {value:.2f}%" for way, value in results.items()))


if __name__ == "__main__":
    main()

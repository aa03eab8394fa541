"""Train a small convolutional network on real handwritten digits (8x8 images), and see how good it is on other writers.

Writes the trained model and a picture of the learning curve to the folder `runs` (or the one given by --out).
"""

import argparse
from pathlib import Path

import matplotlib
import weft
import weft.nn as nn
from weft.datasets import Digits
from weft.utils.data import DataLoader

matplotlib.use("Agg")  # draws into files, needs no screen
import matplotlib.pyplot as plt  # noqa: E402

EPOCHS = 10
BATCH = 64


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 64, 3, padding=1),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.dropout = nn.Dropout(0.3)
        self.classifier = nn.Linear(64 * 2 * 2, 10)

    def forward(self, x):
        x = self.features(x).flatten(1)
        return self.classifier(self.dropout(x))


def draw(losses, accuracies, path):
    epochs = range(1, len(losses) + 1)
    figure, left = plt.subplots(figsize=(7, 4), layout="constrained")
    left.plot(epochs, losses, "o-", color="tab:blue")
    left.set(xlabel="epoch", yscale="log")
    left.set_ylabel("training loss", color="tab:blue")
    right = left.twinx()
    right.plot(epochs, [100 * a for a in accuracies], "o-", color="tab:orange")
    right.set_ylabel("test accuracy [%]", color="tab:orange")
    figure.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder to write to")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    weft.manual_seed(args.seed)
    train_loader = DataLoader(Digits(train=True).tensors(), batch_size=BATCH, shuffle=True)
    test_loader = DataLoader(Digits(train=False).tensors(), batch_size=256)
    model = Net()
    optimizer = weft.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = weft.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=EPOCHS * len(train_loader))

    trainer = weft.Trainer(model, optimizer, "cross_entropy", metrics=["accuracy"], schedule=schedule)
    history = trainer.fit(train_loader, test_loader, EPOCHS).history
    losses, accuracies = history["loss"], history["val_accuracy"]

    weft.save(model.state_dict(), args.out / "digits.safetensors")
    draw(losses, accuracies, args.out / "digits.png")
    print(f"model: {args.out / 'digits.safetensors'}   learning curve: {args.out / 'digits.png'}")
    print(f"test accuracy: {accuracies[-1]:.2%}")


if __name__ == "__main__":
    main()

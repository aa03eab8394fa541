"""Predict house prices or fuel consumption from tables, and compare with linear regression.

Usage: python examples/regression.py --data housing.tgz        (California housing; housing.csv works, too)
       python examples/regression.py --data auto-mpg.data      (Auto MPG)

One fifth of the rows, drawn at random, is kept for testing. Missing numbers become the column's median, categories
one-hot columns.
"""

import argparse
import csv
import io
import tarfile
import time
from pathlib import Path

import numpy as np
import weft
import weft.nn as nn
import weft.nn.functional as F


def column(texts):
    """A column as (n, k) numbers: standardised, or one-hot where it holds words."""
    try:
        numbers = np.array([float(text) if text not in ("", "?") else np.nan for text in texts])
    except ValueError:
        return (np.array(texts)[:, None] == np.unique(texts)).astype(float)
    return np.where(np.isnan(numbers), np.nanmedian(numbers), numbers)[:, None]


def load(path):
    """Inputs (n, k) and targets (n) of either table."""
    if path.name == "auto-mpg.data":
        rows = [line.split("\t")[0].split() for line in path.read_text().splitlines()]
        target, *inputs = zip(*rows, strict=True)
        inputs[-1] = [f"origin {number}" for number in inputs[-1]]
        return np.hstack([column(texts) for texts in inputs]), np.array(target, float)
    if path.suffix == ".tgz":
        with tarfile.open(path) as archive:
            text = archive.extractfile("housing.csv").read().decode()
    else:
        text = path.read_text()
    table = list(csv.DictReader(io.StringIO(text)))
    x = {name: column([row[name] for row in table]) for name in table[0]}
    y = x.pop("median_house_value")[:, 0] / 1000
    households = x["households"]
    for name in ("total_rooms", "total_bedrooms", "population"):
        x[f"{name} of a household"] = np.log(x[name] / households)
        x[name] = np.log(x[name])
    return np.hstack(list(x.values())), y


class Net(nn.Module):
    """A perceptron beside a linear map of the same inputs."""

    def __init__(self, inputs, width, dropout):
        super().__init__()
        self.linear = nn.Linear(inputs, 1)
        self.layers = nn.Sequential(
            nn.Linear(inputs, width),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Linear(width, 1),
        )

    def forward(self, x):
        return (self.linear(x) + self.layers(x)).squeeze(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="housing.tgz, housing.csv or auto-mpg.data")
    parser.add_argument("--epochs", type=int, help="default 40, of small tables 100")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    weft.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    x, y = load(args.data)
    order = rng.permutation(len(x))
    test, train = np.split(order, [len(order) // 5])
    x = (x - x[train].mean(0)) / np.maximum(x[train].std(0), 1e-9)
    mean, deviation = y[train].mean(), y[train].std()

    ones = np.ones((len(x), 1))
    solution = np.linalg.lstsq(np.hstack([x, ones])[train], y[train], rcond=None)[0]
    linear = np.sqrt(np.mean((np.hstack([x, ones])[test] @ solution - y[test]) ** 2))
    print(f"{len(x)} rows of {x.shape[1]} inputs; linear regression: test RMSE {linear:.3f}")

    is_small = len(x) < 5000
    inputs, targets = weft.from_numpy(x).float(), weft.from_numpy((y - mean) / deviation).float()
    model = Net(x.shape[1], 64 if is_small else 128, 0.1 if is_small else 0.0)
    epochs = args.epochs or (100 if is_small else 40)
    batches = max(1, len(train) // (32 if is_small else 128))
    optimizer = weft.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    scheduler = weft.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=epochs * batches)
    start = time.perf_counter()
    for epoch in range(1, epochs + 1):
        model.train()
        total = 0.0
        for rows in np.array_split(rng.permutation(train), batches):
            rows = weft.from_numpy(rows)
            optimizer.zero_grad()
            loss = F.mse_loss(model(inputs[rows]), targets[rows])
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(rows)
        if epoch % max(1, epochs // 10) == 0:
            model.eval()
            with weft.no_grad():
                guess = model(inputs[weft.from_numpy(test)]).numpy() * deviation + mean
            rmse = np.sqrt(np.mean((guess - y[test]) ** 2))
            learnt = np.sqrt(total / len(train)) * deviation
            print(
                f"epoch {epoch}: training RMSE {learnt:.3f}, test RMSE {rmse:.3f}, {time.perf_counter() - start:.1f} s"
            )
    explained = 1 - rmse**2 / y[test].var()
    print(f"test RMSE: {rmse:.3f} (explained variance {explained:.3f})")


if __name__ == "__main__":
    main()

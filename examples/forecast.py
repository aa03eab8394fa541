"""Forecast a monthly series: learn to predict a month from the 24 before it, and roll two years forward.

Usage: python examples/forecast.py --data airline-passengers.csv
       python examples/forecast.py --data co2-mm-mlo.csv --column Interpolated --months 60

The last months are kept for testing; the forecast sees none of them. It is compared with the seasonal naive forecast:
the value of the same month of the last year that is known, plus the growth over that year.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
import weft
import weft.nn as nn
import weft.nn.functional as F

WINDOW = 24


class Net(nn.Module):
    """The growth of the next month over the same month of the year before, from the twelve growths before it."""

    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(12, 1)
        self.layers = nn.Sequential(nn.Linear(12, width), nn.Tanh(), nn.Linear(width, 1))

    def forward(self, window):
        """The next value, from windows (n, 24)."""
        growth = window[:, 12:] - window[:, :12]
        return window[:, 12] + (self.linear(growth) + self.layers(growth)).squeeze(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a CSV file with a row for each month")
    parser.add_argument("--column", help="by default the last")
    parser.add_argument("--months", type=int, default=24, help="how many to forecast")
    parser.add_argument("--epochs", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    weft.manual_seed(args.seed)
    with args.data.open(newline="") as file:
        rows = list(csv.DictReader(file))
    values = np.array([float(row[args.column or list(row)[-1]]) for row in rows])
    known, unknown = values[: -args.months], values[-args.months :]
    series = np.log(known)  # growth becomes a slope, seasons of growing size seasons of one size
    mean, deviation = series.mean(), series.std()
    series = ((series - mean) / deviation).astype(np.float32)
    windows = weft.from_numpy(np.lib.stride_tricks.sliding_window_view(series, WINDOW + 1).copy())

    model = Net(32)
    optimizer = weft.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
    scheduler = weft.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
    start = time.perf_counter()
    for epoch in range(1, args.epochs + 1):
        optimizer.zero_grad()
        loss = F.mse_loss(model(windows[:, :-1]), windows[:, -1])
        loss.backward()
        optimizer.step()
        scheduler.step()
        if epoch % max(1, args.epochs // 5) == 0:
            print(f"epoch {epoch}: loss {loss.item():.6f}, {time.perf_counter() - start:.1f} s")

    model.eval()
    history = windows[-1:, 1:]
    with weft.no_grad():
        for _ in range(args.months):
            history = weft.cat([history, model(history[:, -WINDOW:]).unsqueeze(1)], 1)
    forecast = np.exp(history[0, -args.months :].numpy() * deviation + mean)
    month = np.arange(args.months) % 12
    growth = (known[-12:].mean() - known[-24:-12].mean()) * (1 + np.arange(args.months) // 12)
    naive = known[-12:][month] + growth

    def error(guess):
        return np.mean(np.abs(guess / unknown - 1))

    print(f"seasonal naive forecast: mean absolute error {error(naive):.2%}")
    print(f"mean absolute error of {args.months} months: {error(forecast):.2%}")


if __name__ == "__main__":
    main()

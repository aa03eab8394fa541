"""Learn to draw digits by removing noise: a denoising diffusion model (Ho, Jain and Abbeel, 2020) on 8x8 images.

Usage: python examples/ddpm.py [--out runs]

The images of handwritten digits come with the examples. Printed is the error of the noise that the network predicts on
images that were not learnt (a constant guess of 0 has the error 1), and how far samples are from real digits.
With matplotlib a picture of samples goes to the folder --out.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import weft
import weft.nn as nn
import weft.nn.functional as F
from weft.datasets import Digits

STEPS = 100
SIGNAL = np.cos(np.linspace(0.01, 0.98, STEPS) * math.pi / 2) ** 2  # how much of the image is left after each step


class Net(nn.Module):
    """Predicts the noise in images of which the step is known."""

    def __init__(self, width):
        super().__init__()
        self.enter = nn.Conv2d(1, width, 3, padding=1)
        self.step = nn.Sequential(nn.Linear(16, width), nn.SiLU(), nn.Linear(width, 3 * width))
        self.norms = nn.ModuleList([nn.GroupNorm(8, width) for _ in range(3)])
        self.layers = nn.ModuleList([nn.Conv2d(width, width, 3, padding=d, dilation=d) for d in (1, 2, 3)])
        self.all = nn.Linear(64, 64)
        self.exit = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, x, step):
        angles = step.unsqueeze(1) / STEPS * 2.0 ** weft.arange(8) * math.pi / 2
        shifts = self.step(weft.cat([angles.sin(), angles.cos()], 1)).chunk(3, 1)
        x = self.enter(x)
        for norm, layer, shift in zip(self.norms, self.layers, shifts, strict=True):
            h = layer(F.silu(norm(x) + shift[:, :, None, None]))
            x = x + h
            if layer is self.layers[0]:
                x = x + self.all(F.silu(x).flatten(2)).view(x.shape)  # each pixel sees all others
        return self.exit(F.silu(x))


def noisy(images, step, noise):
    signal = weft.from_numpy(SIGNAL).float()[step][:, None, None, None]
    return signal.sqrt() * images + (1 - signal).sqrt() * noise


@weft.no_grad()
def draw(model, count):
    """From noise to images, step by step."""
    x = weft.randn(count, 1, 8, 8)
    for step in reversed(range(STEPS)):
        signal, before = SIGNAL[step], SIGNAL[step - 1] if step else 1.0
        noise = model(x, weft.full((count,), step))
        image = ((x - (1 - signal) ** 0.5 * noise) / signal**0.5).clamp(-1, 1)
        kept = signal / before
        x = (before**0.5 * (1 - kept) * image + kept**0.5 * (1 - before) * x) / (1 - signal)
        if step:
            x = x + ((1 - before) / (1 - signal) * (1 - kept)) ** 0.5 * weft.randn(count, 1, 8, 8)
    return x


def nearest(samples, images):
    """The root mean square distance of each sample to the nearest image."""
    a, b = samples.reshape(len(samples), -1), images.reshape(len(images), -1)
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return np.sqrt(np.maximum(squares.min(1), 0) / 64)


def save_picture(images, path):
    try:
        from matplotlib import image
    except ImportError:
        print("no picture: matplotlib is not installed")
        return
    sheet = np.pad(images.reshape(8, 8, 8, 8), ((0, 0), (0, 0), (1, 1), (1, 1)), constant_values=-1)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.imsave(path, np.kron(sheet.swapaxes(1, 2).reshape(80, 80), np.ones((4, 4))), cmap="gray", vmin=-1, vmax=1)
    print(f"samples: {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for the picture")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--small", action="store_true", help="a narrow network, for a quick try")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    weft.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    images, test_images = (2 * Digits(train).tensors().tensors[0].numpy() - 1 for train in (True, False))
    model = Net(16 if args.small else 48)
    batches = len(images) // 64
    optimizer = weft.optim.AdamW(model.parameters(), lr=2e-3)
    scheduler = weft.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=args.epochs * batches)

    def loss_of(batch):
        x, step = weft.from_numpy(batch), weft.randint(0, STEPS, (len(batch),))
        noise = weft.randn_like(x)
        return F.mse_loss(model(noisy(x, step, noise), step), noise)

    start = time.perf_counter()
    for epoch in range(1, args.epochs + 1):
        total = 0.0
        for rows in np.array_split(rng.permutation(len(images)), batches):
            optimizer.zero_grad()
            loss = loss_of(images[rows])
            loss.backward()
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(rows)
        if epoch % max(1, args.epochs // 6) == 0:
            with weft.no_grad():
                test = np.mean([loss_of(test_images).item() for _ in range(5)])
            seconds = time.perf_counter() - start
            print(f"epoch {epoch}: loss {total / len(images):.4f}, test {test:.4f}, {seconds:.0f} s", flush=True)
    samples = draw(model, 64).numpy()
    save_picture(samples, args.out / "ddpm.png")
    real, false = (
        nearest(test_images[:200], images).mean(),
        nearest(rng.permuted(test_images[:200], axis=3), images).mean(),
    )
    print(
        f"distance to the nearest digit: samples {nearest(samples, images).mean():.3f}, "
        f"real ones {real:.3f}, shuffled ones {false:.3f}"
    )
    print(f"error of the predicted noise: {test:.4f}")


if __name__ == "__main__":
    main()

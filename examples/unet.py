"""Find shapes in noisy pictures, pixel by pixel, with a U-Net (Ronneberger, Fischer and Brox, 2015).

Usage: python examples/unet.py

The pictures are made up: discs and squares of random size and brightness on a sloping background with noise. Each
pixel is background, disc or square; printed is the mean over the classes of intersection over union on pictures that
were not learnt.
"""

import argparse
import time

import numpy as np
import weft
import weft.nn as nn
import weft.nn.functional as F

SIZE = 32


def make(count, rng):
    """Pictures (count, 1, SIZE, SIZE) and classes (count, SIZE, SIZE); later shapes cover earlier ones."""
    y, x = np.mgrid[:SIZE, :SIZE]
    slope = rng.normal(0, 0.02, (2, count, 1, 1))
    images = slope[0] * (x - SIZE / 2) + slope[1] * (y - SIZE / 2)
    classes = np.zeros((count, SIZE, SIZE), np.int64)
    for _ in range(3):
        kind = rng.integers(1, 3, (count, 1, 1))
        radius, brightness = rng.uniform(3, 7, (count, 1, 1)), rng.uniform(0.6, 1.4, (count, 1, 1))
        dx, dy = (
            np.abs(x - rng.uniform(4, SIZE - 4, (count, 1, 1))),
            np.abs(y - rng.uniform(4, SIZE - 4, (count, 1, 1))),
        )
        inside = np.where(kind == 1, dx**2 + dy**2 < radius**2, np.maximum(dx, dy) < radius * 0.886)  # of equal area
        classes = np.where(inside, kind, classes)
        images = np.where(inside, brightness, images)
    images = images + rng.normal(0, 0.3, images.shape)
    return images[:, None].astype(np.float32), classes


def convolutions(inputs, outputs):
    layers = []
    for channels in (inputs, outputs):
        layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    def __init__(self, width, classes, depth=3):
        super().__init__()
        widths = [width * 2**i for i in range(depth)]
        self.down = nn.ModuleList([convolutions(a, b) for a, b in zip([1, *widths], widths, strict=False)])
        self.up = nn.ModuleList([nn.ConvTranspose2d(2 * w, w, 2, 2) for w in reversed(widths[:-1])])
        self.merge = nn.ModuleList([convolutions(2 * w, w) for w in reversed(widths[:-1])])
        self.out = nn.Conv2d(width, classes, 1)

    def forward(self, x):
        skipped = []
        for i, layer in enumerate(self.down):
            x = layer(F.max_pool2d(x, 2) if i else x)
            skipped.append(x)
        for up, merge, beside in zip(self.up, self.merge, skipped[-2::-1], strict=True):
            x = merge(weft.cat([up(x), beside], 1))
        return self.out(x)


def overlap(found, classes):
    """The mean over the classes of intersection over union."""
    return np.mean([((found == c) & (classes == c)).sum() / ((found == c) | (classes == c)).sum() for c in range(3)])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--width", type=int, default=16, help="channels of the first level")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    weft.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    test_images, test_classes = make(200, np.random.default_rng(args.seed + 1000))
    model = UNet(args.width, 3)
    optimizer = weft.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = weft.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, total_steps=args.steps)
    start = time.perf_counter()
    for step in range(1, args.steps + 1):
        model.train()
        images, classes = (weft.from_numpy(array) for array in make(16, rng))
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), classes)
        loss.backward()
        optimizer.step()
        scheduler.step()
        if step % max(1, args.steps // 8) == 0:
            model.eval()
            with weft.no_grad():
                found = model(weft.from_numpy(test_images)).argmax(1).numpy()
            result, seconds = overlap(found, test_classes), time.perf_counter() - start
            print(f"step {step}: loss {loss.item():.4f}, test overlap {result:.4f}, {seconds:.1f} s", flush=True)
    print(f"mean intersection over union: {result:.4f}")


if __name__ == "__main__":
    main()

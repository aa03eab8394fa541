"""Draw digits by a game of two networks: a deep convolutional generative adversarial network (Radford et al., 2016).

Usage: python examples/dcgan.py --data DIR [--out runs]

DIR holds the four IDX files of MNIST, plain or with .gz behind. A classifier that learnt the real digits judges the
samples: printed is the Frechet distance (Heusel et al., 2017) of its features to those of the real test images, beside
that of real training images, and how many of the samples it is sure about. With matplotlib a picture of samples goes
to the folder --out.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import weft
import weft.nn as nn
import weft.nn.functional as F
from weft.datasets import MNIST

NOISE = 64
SURE = 0.95


def load(folder, train):
    """Images (n, 1, 28, 28) from -1 to 1, and labels."""
    images, labels = MNIST(folder, train).tensors().tensors
    return 2 * images - 1, labels


def generator(width):
    """(N, NOISE, 1, 1) to images (N, 1, 28, 28)."""
    return nn.Sequential(
        nn.ConvTranspose2d(NOISE, 4 * width, 7, bias=False),
        nn.BatchNorm2d(4 * width),
        nn.ReLU(),
        nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1, bias=False),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.ConvTranspose2d(2 * width, 1, 4, 2, 1),
        nn.Tanh(),
    )


def discriminator(width):
    """Images (N, 1, 28, 28) to logits (N,) of being real."""
    return nn.Sequential(
        nn.Conv2d(1, 2 * width, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(2 * width, 4 * width, 4, 2, 1, bias=False),
        nn.BatchNorm2d(4 * width),
        nn.LeakyReLU(0.2),
        nn.Conv2d(4 * width, 1, 7),
        nn.Flatten(0),
    )


def start_weights(module):
    """As the paper starts: small normal weights."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


class Judge(nn.Module):
    """A classifier of real digits; what it computes before the last layer are its features."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 5, 2, 2), nn.ReLU(), nn.Conv2d(8, 16, 5, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(784, 32)
        )
        self.out = nn.Linear(32, 10)

    def forward(self, images):
        return self.out(F.relu(self.features(images)))


def parts(count, size, rng):
    return np.array_split(rng.permutation(count), max(1, count // size))


def train_judge(images, labels, rng, epochs):
    judge = Judge()
    optimizer = weft.optim.Adam(judge.parameters(), lr=2e-3)
    for _ in range(epochs):
        for rows in parts(len(images), 64, rng):
            rows = weft.from_numpy(rows)
            optimizer.zero_grad()
            F.cross_entropy(judge(images[rows]), labels[rows]).backward()
            optimizer.step()
    return judge.eval()


@weft.no_grad()
def judged(judge, images):
    """Features (n, 32) and probabilities (n, 10) of the digits, as NumPy arrays."""
    features = weft.cat([judge.features(part) for part in images.split(500)])
    return features.numpy().astype(np.float64), judge.out(F.relu(features)).softmax(1).numpy()


def frechet_distance(a, b):
    """Between the normal distributions that have the means and covariances of the rows of a and of b."""
    spread_a, spread_b = np.cov(a.T), np.cov(b.T)
    values, vectors = np.linalg.eigh(spread_a)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    # The trace of the root of spread_a @ spread_b: that product is similar to root @ spread_b @ root.
    common = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ spread_b @ root), 0)).sum()
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(spread_a) + np.trace(spread_b) - 2 * common


def save_picture(images, path):
    """A square of 8 by 8 images."""
    try:
        from matplotlib import image
    except ImportError:
        print("no picture: matplotlib is not installed")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet = images[:64].reshape(8, 8, 28, 28).swapaxes(1, 2).reshape(8 * 28, 8 * 28)
    image.imsave(path, sheet, cmap="gray", vmin=-1, vmax=1)
    print(f"samples: {path}")


def play(networks, optimizers, real):
    """One move of both networks on a batch of real images; the loss of each."""
    (draw, tell), (draw_optimizer, tell_optimizer) = networks, optimizers
    false = draw(weft.randn(len(real), NOISE, 1, 1))
    tell_optimizer.zero_grad()
    # The real ones count as real to nine tenths, so that the discriminator never gets quite sure (Salimans, 2016).
    loss = F.binary_cross_entropy_with_logits(tell(real), weft.full((len(real),), 0.9))
    loss = loss + F.binary_cross_entropy_with_logits(tell(false.detach()), weft.zeros(len(real)))
    loss.backward()
    tell_optimizer.step()
    draw_optimizer.zero_grad()
    draw_loss = F.binary_cross_entropy_with_logits(tell(false), weft.ones(len(real)))
    draw_loss.backward()
    draw_optimizer.step()
    return draw_loss.item(), loss.item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the four IDX files")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for the picture")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--small", action="store_true", help="narrow networks, for a quick try")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    weft.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    (images, labels), (test_images, test_labels) = load(args.data, True), load(args.data, False)
    judge = train_judge(images, labels, rng, max(1, round(60_000 / len(images))))
    test_features, probabilities = judged(judge, test_images)
    features, _ = judged(judge, images[: len(test_images)])
    right = np.mean(probabilities.argmax(1) == test_labels.numpy())
    print(f"classifier: {right:.2%} of the test images right, sure of {np.mean(probabilities.max(1) > SURE):.2%}")
    print(f"real training images: Frechet distance {frechet_distance(features, test_features):.3f}")

    width = 8 if args.small else 16
    networks = generator(width).apply(start_weights), discriminator(width).apply(start_weights)
    optimizers = [
        weft.optim.Adam(model.parameters(), lr=lr, betas=(0.5, 0.999))
        for model, lr in zip(networks, (1e-3, 5e-4), strict=True)
    ]
    noise = weft.randn(2000, NOISE, 1, 1)
    start = time.perf_counter()
    for epoch in range(1, args.epochs + 1):
        networks[0].train()
        losses = [play(networks, optimizers, images[weft.from_numpy(rows)]) for rows in parts(len(images), 64, rng)]
        networks[0].eval()
        with weft.no_grad():
            samples = weft.cat([networks[0](part) for part in noise.split(500)])
        features, probabilities = judged(judge, samples)
        distance, sure = frechet_distance(features, test_features), np.mean(probabilities.max(1) > SURE)
        seconds, (draw_loss, tell_loss) = time.perf_counter() - start, np.mean(losses, 0)
        print(
            f"epoch {epoch}: losses {draw_loss:.3f} and {tell_loss:.3f}, Frechet distance {distance:.3f}, "
            f"sure of {sure:.2%}, {seconds:.0f} s",
            flush=True,
        )
    save_picture(samples.numpy(), args.out / "dcgan.png")
    shares = np.bincount(probabilities.argmax(1), minlength=10) / len(samples)
    print("digits drawn, from 0 to 9:", *(f"{share:.1%}" for share in shares))
    print(f"Frechet distance of the samples: {distance:.3f}, the classifier is sure of {sure:.2%}")


if __name__ == "__main__":
    main()

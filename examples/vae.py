"""Train a variational autoencoder (Kingma and Welling, 2014) on MNIST, and let it draw digits.

Usage: python examples/vae.py --data DIR [--out runs]

DIR holds train-images-idx3-ubyte and t10k-images-idx3-ubyte, plain or with .gz behind. Printed is the bound on the
negative log likelihood of the test images, in nats per image. With matplotlib a picture of samples goes to the folder
--out.
"""

import argparse
import time
from pathlib import Path

import weft
import weft.nn as nn
from weft.datasets import MNIST
from weft.distributions import Bernoulli, Normal, kl_divergence
from weft.utils.data import DataLoader, TensorDataset

SIZE = 28 * 28


def read_images(folder, train):
    """The images as rows of numbers from 0 to 1."""
    return MNIST(folder, train).tensors().tensors[0].flatten(1)


class VAE(nn.Module):
    def __init__(self, hidden, latent):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(SIZE, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, SIZE))
        self.latent = latent

    def bound(self, images):
        """Minus the evidence lower bound of each image."""
        mean, log_deviation = self.encoder(images).chunk(2, 1)
        posterior = Normal(mean, log_deviation.exp())
        # Grey values are taken for probabilities, so the values are no draws of a Bernoulli variable.
        likelihood = Bernoulli(logits=self.decoder(posterior.rsample()), validate_args=False)
        prior = Normal(weft.zeros_like(mean), 1.0)
        return kl_divergence(posterior, prior).sum(1) - likelihood.log_prob(images).sum(1)

    @weft.no_grad()
    def draw(self, count):
        return self.decoder(weft.randn(count, self.latent)).sigmoid()


def save_picture(images, path):
    """A square of 28x28 images."""
    try:
        from matplotlib import image
    except ImportError:
        print("no picture: matplotlib is not installed")
        return
    side = int(len(images) ** 0.5)
    sheet = images.reshape(side, side, 28, 28).swapaxes(1, 2).reshape(28 * side, 28 * side)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.imsave(path, sheet, cmap="gray", vmin=0, vmax=1)
    print(f"samples: {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the IDX files")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for the picture")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--small", action="store_true", help="a small network, for a quick try")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    weft.manual_seed(args.seed)
    train_loader = DataLoader(TensorDataset(read_images(args.data, True)), 128, shuffle=True)
    test_images = read_images(args.data, False)
    model = VAE(64 if args.small else 400, 4 if args.small else 20)
    optimizer = weft.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(1, args.epochs + 1):
        start, total = time.perf_counter(), 0.0
        for (images,) in train_loader:
            optimizer.zero_grad()
            loss = model.bound(images).mean()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(images)
        with weft.no_grad():
            test = model.bound(test_images).mean().item()
        seconds = time.perf_counter() - start
        print(
            f"epoch {epoch}: loss {total / len(train_loader.dataset):.2f}, test {test:.2f}, {seconds:.1f} s", flush=True
        )
    save_picture(model.draw(64).numpy(), args.out / "vae.png")
    print(f"bound on the test images: {test:.2f} nats")


if __name__ == "__main__":
    main()

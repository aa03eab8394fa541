"""Variational autoencoder (Kingma and Welling, 2014) of small images."""

from __future__ import annotations

import weft
from weft import nn
from weft.models._arguments import check_input, check_positive
from weft.nn import functional as F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor


class VAE(nn.Module):
    """Variational autoencoder: two convolutions to a normal distribution of codes, and back.

    Args:
        latent_size: size of a code.
        in_channels: channels of the images.
        image_size: height and width of the images, a multiple of 4.
        width: channels of the first convolution.

    Shape:
        Input: (N, in_channels, image_size, image_size), from 0 to 1.
        Output: logits of the same shape; mean and logarithm of the variance of the code, (N, latent_size) each.

    Raises:
        ValueError: an argument is out of range, or the images have another shape.

    Example:
        >>> import weft
        >>> vae = weft.models.VAE(latent_size=2, image_size=8)
        >>> logits, mean, log_var = vae(weft.zeros(1, 1, 8, 8))
        >>> logits.shape, mean.shape, vae.sample(3).shape
        (weft.Size([1, 1, 8, 8]), weft.Size([1, 2]), weft.Size([3, 1, 8, 8]))
    """

    decoder: nn.Sequential
    encoder: nn.Sequential
    fc_log_var: nn.Linear
    fc_mean: nn.Linear
    image_size: Any
    in_channels: Any
    latent_size: Any

    def __init__(self, latent_size: int = 20, in_channels: int = 1, image_size: int = 28, width: int = 32) -> None:
        super().__init__()
        check_positive("VAE", latent_size=latent_size, in_channels=in_channels, image_size=image_size, width=width)
        if image_size % 4:
            raise ValueError(f"VAE: image_size must be a multiple of 4, got {image_size}")
        self.latent_size, self.in_channels, self.image_size = latent_size, in_channels, image_size
        side = image_size // 4
        flat = 2 * width * side * side
        self.encoder = nn.Sequential(
            nn.Conv2d(in_channels, width, 4, 2, 1),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 4, 2, 1),
            nn.ReLU(),
            nn.Flatten(),
        )
        self.fc_mean = nn.Linear(flat, latent_size)
        self.fc_log_var = nn.Linear(flat, latent_size)
        self.decoder = nn.Sequential(
            nn.Linear(latent_size, flat),
            nn.ReLU(),
            nn.Unflatten(1, (2 * width, side, side)),
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1),
            nn.ReLU(),
            nn.ConvTranspose2d(width, in_channels, 4, 2, 1),
        )

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance of the codes.

        >>> import weft
        >>> weft.models.VAE(2, image_size=8).encode(weft.zeros(1, 1, 8, 8))[0].shape
        weft.Size([1, 2])
        """
        size = self.image_size
        check_input(self, "images", x, "N, C, H, W", C=self.in_channels, H=size, W=size)
        features = self.encoder(x)
        return self.fc_mean(features), self.fc_log_var(features)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_var = self.encode(x)
        code = mean + weft.randn_like(mean) * (0.5 * log_var).exp() if self.training else mean
        return self.decoder(code), mean, log_var

    def sample(self, count: int) -> Tensor:
        """New images, from 0 to 1.

        >>> import weft
        >>> weft.models.VAE(2, image_size=8).sample(1).shape
        weft.Size([1, 1, 8, 8])
        """
        check_positive("VAE.sample", count=count)
        weight = self.fc_mean.weight
        with weft.no_grad():
            codes = weft.randn(count, self.latent_size, device=weight.device, dtype=weight.dtype)
            return self.decoder(codes).sigmoid()


def vae_loss(logits: Tensor, images: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """Negative evidence lower bound for each image: cross entropy of the pixels and divergence of the codes.

    The divergence from the standard normal distribution is ``-1/2 sum(1 + log_var - mean^2 - exp(log_var))``.

    Args:
        logits: what :class:`VAE` gives.
        images: (N, ...), of the shape of logits, from 0 to 1.
        mean: of the codes, (N, size).
        log_var: logarithm of their variance.

    Raises:
        ValueError: shapes differ.

    >>> import weft
    >>> weft.models.vae_loss(weft.zeros(1, 4), weft.ones(1, 4), weft.zeros(1, 2), weft.zeros(1, 2))
    tensor(2.7726)
    """
    if logits.shape != images.shape or mean.shape != log_var.shape:
        shapes = ", ".join(str(tuple(each.shape)) for each in (logits, images, mean, log_var))
        raise ValueError(f"vae_loss: logits and images, mean and log_var must have the same shapes, got {shapes}")
    pixels = F.binary_cross_entropy_with_logits(logits, images, reduction="sum")
    codes = -0.5 * (1 + log_var - mean**2 - log_var.exp()).sum()
    return (pixels + codes) / max(len(images), 1)

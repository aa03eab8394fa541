"""Denoising diffusion (Ho et al., 2020): the schedule of noise, its U-Net, training and sampling."""

from __future__ import annotations

import math

import weft
from weft import nn
from weft.models._arguments import check_divisible, check_input, check_positive, check_probability
from weft.nn import functional as F

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from weft import Tensor


def timestep_embedding(t: Tensor, size: int) -> Tensor:
    """Cosines and sines of times, of wavelengths from 2 pi to 20000 pi (Vaswani et al., 2017): (N,) gives (N, size).

    Args:
        t: times.
        size: an even number.

    Raises:
        ValueError: size is not even, or t not of one dimension.

    >>> import weft
    >>> weft.models.ddpm.timestep_embedding(weft.tensor([0, 3]), 4)[0]
    tensor([1., 1., 0., 0.])
    """
    if t.ndim != 1 or size % 2:
        raise ValueError(f"timestep_embedding: expected times (N,) and an even size, got {tuple(t.shape)} and {size}")
    half = size // 2
    frequencies = weft.exp(-math.log(10000) / half * weft.arange(half, device=t.device, dtype=weft.float32))
    angles = t.to(weft.float32)[:, None] * frequencies
    return weft.cat([angles.cos(), angles.sin()], 1)


class _ResidualBlock(nn.Module):
    def __init__(self, channels, out_channels, time_size, groups, dropout):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, channels)
        self.conv1 = nn.Conv2d(channels, out_channels, 3, padding=1)
        self.time = nn.Linear(time_size, out_channels)
        self.norm2 = nn.GroupNorm(groups, out_channels)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.shortcut = nn.Identity() if channels == out_channels else nn.Conv2d(channels, out_channels, 1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x, time):
        y = self.conv1(F.silu(self.norm1(x)))
        y = y + self.time(time)[:, :, None, None]
        return self.shortcut(x) + self.conv2(self.dropout(F.silu(self.norm2(y))))


class _Attention(nn.Module):
    def __init__(self, channels, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.proj = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        n, channels, height, width = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(n, 3, channels, -1).transpose(2, 3).unbind(1)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, channels, height, width)
        return x + self.proj(y)


class _Upsample(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class DDPMUNet(nn.Module):
    """U-Net that tells the noise in an image at a time: residual blocks, attention where maps are small.

    Args:
        in_channels: channels of the images.
        width: channels of the largest map.
        multipliers: channels of each size of map, in multiples of width.
        blocks: residual blocks for each size on the way down; one more on the way up.
        attention: for each size whether its blocks are followed by attention; None for the smallest alone.
        groups: of the group normalisations.
        dropout: probability of a zero inside of blocks.

    Shape:
        Input: (N, in_channels, H, W), H and W multiples of 2^(sizes - 1); times (N,). Output: (N, in_channels, H, W).

    Raises:
        ValueError: an argument is out of range, or an input has another shape.

    Example:
        >>> import weft
        >>> net = weft.models.DDPMUNet(1, width=8, multipliers=(1, 2), blocks=1, groups=4)
        >>> net(weft.zeros(2, 1, 8, 8), weft.tensor([0, 5])).shape
        weft.Size([2, 1, 8, 8])
    """

    down: Any
    first: nn.Conv2d
    in_channels: Any
    last: nn.Conv2d
    middle: nn.ModuleList
    multiple: Any
    norm: nn.GroupNorm
    time: nn.Sequential
    up: Any
    width: Any

    def __init__(
        self,
        in_channels: int = 3,
        width: int = 128,
        multipliers: Sequence[int] = (1, 2, 2, 2),
        blocks: int = 2,
        attention: Sequence[bool] | None = None,
        groups: int = 32,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        kind = "DDPMUNet"
        check_positive(kind, in_channels=in_channels, width=width, blocks=blocks, groups=groups)
        check_probability(kind, dropout=dropout)
        check_divisible(kind, width=width, groups=groups)
        if width % 2:
            raise ValueError(f"{kind}: width must be even, got {width}")
        count = len(multipliers)
        attends = [i == count - 1 for i in range(count)] if attention is None else list(attention)
        if not count or min(multipliers) < 1 or len(attends) != count:
            got = f"{multipliers!r} and {attention!r}"
            raise ValueError(f"{kind}: multipliers must be positive ints, attention a bool for each, got {got}")
        self.in_channels, self.width, self.multiple = in_channels, width, 2 ** (count - 1)
        time_size = 4 * width

        def block(channels, out_channels):
            return _ResidualBlock(channels, out_channels, time_size, groups, dropout)

        def attend(channels, wanted=True):
            return _Attention(channels, groups) if wanted else nn.Identity()

        self.time = nn.Sequential(nn.Linear(width, time_size), nn.SiLU(), nn.Linear(time_size, time_size), nn.SiLU())
        self.first = nn.Conv2d(in_channels, width, 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        channels, skipped = width, [width]
        for i, multiplier in enumerate(multipliers):
            stage = nn.ModuleList()
            for _ in range(blocks):
                stage.append(
                    nn.ModuleList([block(channels, width * multiplier), attend(width * multiplier, attends[i])])
                )
                channels = width * multiplier
                skipped.append(channels)
            if i < count - 1:
                stage.append(nn.Conv2d(channels, channels, 3, 2, 1))
                skipped.append(channels)
            self.down.append(stage)
        self.middle = nn.ModuleList([block(channels, channels), attend(channels), block(channels, channels)])
        for i, multiplier in reversed(list(enumerate(multipliers))):
            stage = nn.ModuleList()
            for _ in range(blocks + 1):
                joined = block(channels + skipped.pop(), width * multiplier)
                stage.append(nn.ModuleList([joined, attend(width * multiplier, attends[i])]))
                channels = width * multiplier
            if i:
                stage.append(_Upsample(channels))
            self.up.append(stage)
        self.norm = nn.GroupNorm(groups, channels)
        self.last = nn.Conv2d(channels, in_channels, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        check_input(self, "images", x, "N, C, H, W", C=self.in_channels)
        if x.shape[2] % self.multiple or x.shape[3] % self.multiple:
            raise ValueError(f"DDPMUNet: height and width must be multiples of {self.multiple}, got {tuple(x.shape)}")
        if t.shape != x.shape[:1]:
            raise ValueError(f"DDPMUNet: expected times of shape ({len(x)},), got {tuple(t.shape)}")
        time = self.time(timestep_embedding(t, self.width).to(x.dtype))
        x = self.first(x)
        skipped = [x]
        for stage in self.down:
            for layer in stage:
                x = layer(x) if isinstance(layer, nn.Conv2d) else layer[1](layer[0](x, time))
                skipped.append(x)
        x = self.middle[2](self.middle[1](self.middle[0](x, time)), time)
        for stage in self.up:
            for layer in stage:
                if isinstance(layer, _Upsample):
                    x = layer(x)
                else:
                    x = layer[1](layer[0](weft.cat([x, skipped.pop()], 1), time))
        return self.last(F.silu(self.norm(x)))


class DiffusionSchedule(nn.Module):
    """How much noise an image holds at each time, and how it is taken away again.

    At time t an image is ``sqrt(abar_t) x + sqrt(1 - abar_t) noise``, abar_t the product of 1 - beta up to t. The betas
    rise from 1e-4 to 0.02 ("linear", Ho et al., 2020, for 1000 steps; others in proportion), or abar falls like a
    squared cosine ("cosine", Nichol and Dhariwal, 2021).

    Args:
        steps: number of times.
        kind: "linear" or "cosine".

    Raises:
        ValueError: steps is not a positive int, or the kind is unknown.

    Example:
        >>> import weft
        >>> schedule = weft.models.DiffusionSchedule(10, "cosine")
        >>> x = schedule.add_noise(weft.ones(2, 1, 4, 4), weft.tensor([0, 9]), weft.zeros(2, 1, 4, 4))
        >>> bool(x[0, 0, 0, 0] > 0.9), bool(x[1, 0, 0, 0] < 0.1)
        (True, True)
    """

    betas: Tensor
    products: Tensor

    def __init__(self, steps: int = 1000, kind: str = "linear") -> None:
        super().__init__()
        check_positive("DiffusionSchedule", steps=steps)
        if kind == "linear":
            betas = weft.linspace(0.1 / steps, min(20 / steps, 0.999), steps, dtype=weft.float64)
        elif kind == "cosine":
            at = weft.arange(steps + 1, dtype=weft.float64) / steps
            curve = weft.cos((at + 0.008) / 1.008 * math.pi / 2) ** 2
            betas = (1 - curve[1:] / curve[:-1]).clamp(max=0.999)
        else:
            raise ValueError(f"DiffusionSchedule: kind must be linear or cosine, got {kind!r}")
        self.steps = steps
        self.register_buffer("betas", betas.to(weft.float32))
        self.register_buffer("products", (1 - betas).cumprod(0).to(weft.float32))

    def add_noise(self, x: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """The images at their times: ``sqrt(abar_t) x + sqrt(1 - abar_t) noise``.

        >>> import weft
        >>> weft.models.DiffusionSchedule(10).add_noise(weft.zeros(1, 2), weft.tensor([3]), weft.zeros(1, 2))
        tensor([[0., 0.]])
        """
        if noise.shape != x.shape or t.shape != x.shape[:1]:
            got = f"{tuple(x.shape)}, {tuple(t.shape)} and {tuple(noise.shape)}"
            raise ValueError(f"DiffusionSchedule.add_noise: expected x, one time for each and noise like x, got {got}")
        share = self.products[t].reshape(-1, *[1] * (x.ndim - 1)).to(x.dtype)
        return share.sqrt() * x + (1 - share).sqrt() * noise

    def loss(self, model: Callable[[Tensor, Tensor], Tensor], x: Tensor) -> Tensor:
        """Mean square of what the model gets wrong of the noise, at a random time for each image.

        >>> import weft
        >>> schedule = weft.models.DiffusionSchedule(10)
        >>> schedule.loss(lambda x, t: weft.zeros_like(x), weft.zeros(4, 1, 2, 2)).shape
        weft.Size([])
        """
        t = weft.randint(0, self.steps, (len(x),), device=x.device)
        noise = weft.randn_like(x)
        return F.mse_loss(model(self.add_noise(x, t, noise), t), noise)

    def step(self, predicted: Tensor, x: Tensor, t: int, noise: Tensor) -> Tensor:
        """The images one time earlier, by the noise predicted in them; the new noise is not used at time 0.

        >>> import weft
        >>> weft.models.DiffusionSchedule(10).step(weft.zeros(1, 2), weft.zeros(1, 2), 0, weft.ones(1, 2))
        tensor([[0., 0.]])
        """
        if not 0 <= t < self.steps:
            raise ValueError(f"DiffusionSchedule.step: t must be from 0 to {self.steps - 1}, got {t}")
        beta, product = self.betas[t], self.products[t]
        mean = (x - beta / (1 - product).sqrt() * predicted) / (1 - beta).sqrt()
        if t == 0:
            return mean
        variance = beta * (1 - self.products[t - 1]) / (1 - product)
        return mean + variance.sqrt() * noise

    @weft.no_grad()
    def sample(self, model: Callable[[Tensor, Tensor], Tensor], shape: Sequence[int]) -> Tensor:
        """New images of this shape: noise, from which the model takes noise away step by step.

        >>> import weft
        >>> schedule = weft.models.DiffusionSchedule(10)
        >>> schedule.sample(lambda x, t: weft.zeros_like(x), (1, 1, 2, 2)).shape
        weft.Size([1, 1, 2, 2])
        """
        x = weft.randn(tuple(shape), device=self.betas.device)
        for t in range(self.steps - 1, -1, -1):
            times = weft.full((len(x),), t, device=x.device)
            x = self.step(model(x, times), x, t, weft.randn_like(x))
        return x

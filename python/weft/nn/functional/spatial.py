"""Functions of sequences and images that are composites."""

from __future__ import annotations

import math
import operator

import weft
from weft import _C
from weft._C import nn as native
from weft._checks import check_integers, check_tensors, own_errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from weft import Tensor
    from weft.nn._types import Ints


def _one(name: str, value: Ints) -> int:
    """The number, or the only one in a sequence."""
    if isinstance(value, (tuple, list)):
        if len(value) != 1:
            raise ValueError(f"{name}: expected one number for one dimension, got {tuple(value)}")
        return value[0]
    return value


def _check_sequence(name: str, input: Tensor) -> None:
    check_tensors(name, input=input)
    if input.dim() not in (2, 3):
        raise ValueError(f"{name}: expected input (N, C, L) or (C, L), got shape {tuple(input.shape)}")


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
) -> Tensor:
    """Convolution of sequences: ``y[o, l] = b[o] + sum over c, k of weight[o, c, k] x[c, l * stride + k * dilation]``.

    Args:
        input: x, (N, C, L) or (C, L).
        weight: (out, C / groups, K).
        bias: b, (out). By default none.
        stride: positions between the windows of neighbouring outputs. Default 1.
        padding: zeros added at both ends, or ``'valid'`` (none) or ``'same'`` (L stays, needs stride 1). Default 0.
        dilation: positions between the elements of a window. Default 1.
        groups: parts of the channels that are convolved each by itself. Default 1.

    Returns:
        A tensor (N, out, L') or (out, L') with ``L' = (L + 2 * padding - dilation * (K - 1) - 1) // stride + 1``.

    Raises:
        ValueError: input has another number of dimensions, a setting more than one number, or ``'same'`` another
            stride.
        RuntimeError: input and weight do not fit, or no window fits into the input.

    Example:
        >>> import weft
        >>> weft.nn.functional.conv1d(weft.tensor([[1.0, 2.0, 3.0]]), weft.ones(1, 1, 2))
        tensor([[3., 5.]])
    """
    _check_sequence("conv1d", input)
    stride, dilation = _one("conv1d", stride), _one("conv1d", dilation)
    if padding == "same":
        if stride != 1:
            raise ValueError(f"conv1d: padding='same' needs stride 1, got {stride}")
        total = dilation * (weight.shape[-1] - 1)
        input, padding = native.pad(input, (total // 2, total - total // 2)), 0
    padding = 0 if padding == "valid" else _one("conv1d", padding)
    result = native.conv2d(
        input.unsqueeze(-2), weight.unsqueeze(-2), bias, (1, stride), (0, padding), (1, dilation), groups
    )
    return result.squeeze(-2)


@own_errors
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """``(x - mean) / sqrt(variance + eps) * weight + bias`` for each channel of each sample. Ulyanov et al., 2016.

    Args:
        input: x, (N, C, ...).
        running_mean, running_var: running statistics (C), which are moved in place. By default none.
        weight, bias: (C). By default none: 1 and 0.
        use_input_stats: whether mean and variance are those of the sample; if not the running ones. Default True.
        momentum: share of the batch in new running statistics. Default 0.1.
        eps: added to the variance. Default 1e-5.

    Raises:
        ValueError: there is one value per channel, or without use_input_stats no running statistics.

    Example:
        >>> import weft
        >>> weft.nn.functional.instance_norm(weft.ones(2, 3, 4)).abs().max()
        tensor(0.)
    """
    statistics = dict(running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    check_tensors("instance_norm", tuple(statistics), input=input, **statistics)
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise ValueError("instance_norm: without use_input_stats it needs running_mean and running_var")
        return native.batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    samples, channels = input.shape[:2]
    for name, given in statistics.items():
        if given is not None and given.ndim == 1 and len(given) != channels:
            raise RuntimeError(
                f"instance_norm: expected input with {len(given)} channels ({name} of shape {tuple(given.shape)}), got "
                f"{channels} in input of shape {tuple(input.shape)}"
            )
    if input.numel() == samples * channels:
        raise ValueError(
            f"instance_norm: expected more than one value per channel, got input of shape {tuple(input.shape)}"
        )

    def each(t):
        return None if t is None else t.repeat(samples)

    mean, var = each(running_mean), each(running_var)
    row = input.reshape(1, samples * channels, *input.shape[2:])
    result = native.batch_norm(row, mean, var, each(weight), each(bias), True, momentum, eps)
    pairs = ((running_mean, mean), (running_var, var))
    moved = [(running, updated) for running, updated in pairs if running is not None]
    _C._check_inplace("instance_norm", [running for running, _ in moved])
    with weft.no_grad():
        moved = [(running, updated.reshape(samples, channels).mean(0)) for running, updated in moved]
        for running, value in moved:
            running.copy_(value)
    return result.reshape(input.shape)


@own_errors
def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """``x / (k + alpha * m)^beta``, m being the mean of squares over neighbouring channels. Krizhevsky et al., 2012.

    Args:
        input: x, (N, C, ...) with at least one dimension after C.
        size: number of channels that m goes over.
        alpha: factor of m. Default 1e-4.
        beta: exponent. Default 0.75.
        k: added, so that nothing is divided by zero. Default 1.

    Raises:
        ValueError: input has fewer dimensions.

    Example:
        >>> import weft
        >>> weft.nn.functional.local_response_norm(weft.zeros(1, 3, 4), 2).shape == (1, 3, 4)
        True
    """
    check_tensors("local_response_norm", input=input)
    check_integers("local_response_norm", size=size)
    if input.dim() < 3:
        raise ValueError(f"local_response_norm: expected input (N, C, ...), got shape {tuple(input.shape)}")
    if input.numel() == 0:
        return input
    squares = (input * input).reshape(input.shape[0], 1, input.shape[1], -1)
    squares = native.pad(squares, (0, 0, size // 2, (size - 1) // 2))
    means = native.avg_pool2d(squares, (size, 1), 1).reshape(input.shape)
    return input / (means * alpha + k) ** beta


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Moves values from channels to places: of r^2 channels one is made, r times as high and wide. Shi et al., 2016.

    Args:
        input: (..., C * r^2, H, W).
        upscale_factor: r, positive.

    Returns:
        A tensor (..., C, H * r, W * r).

    Raises:
        RuntimeError: r^2 does not divide the number of channels, or input has fewer than 3 dimensions.

    Example:
        >>> import weft
        >>> weft.nn.functional.pixel_shuffle(weft.ones(1, 9, 4, 4), 3).shape == (1, 1, 12, 12)
        True
    """
    check_tensors("pixel_shuffle", input=input)
    check_integers("pixel_shuffle", upscale_factor=upscale_factor)
    r = operator.index(upscale_factor)
    if input.dim() < 3 or r <= 0 or input.shape[-3] % (r * r):
        raise RuntimeError(
            f"pixel_shuffle: expected (..., C * {r}^2, H, W) for upscale_factor {r}, got shape {tuple(input.shape)}"
        )
    *batch, channels, height, width = input.shape
    split = input.reshape(math.prod(batch), channels // (r * r), r, r, height, width)
    return split.permute(0, 1, 4, 2, 5, 3).reshape(*batch, channels // (r * r), height * r, width * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Moves values from places to channels, the reverse of pixel_shuffle.

    Args:
        input: (..., C, H * r, W * r).
        downscale_factor: r, positive.

    Returns:
        A tensor (..., C * r^2, H, W).

    Raises:
        RuntimeError: r does not divide height and width, or input has fewer than 3 dimensions.

    Example:
        >>> import weft
        >>> weft.nn.functional.pixel_unshuffle(weft.ones(1, 1, 12, 12), 3).shape == (1, 9, 4, 4)
        True
    """
    check_tensors("pixel_unshuffle", input=input)
    check_integers("pixel_unshuffle", downscale_factor=downscale_factor)
    r = operator.index(downscale_factor)
    if input.dim() < 3 or r <= 0 or input.shape[-2] % r or input.shape[-1] % r:
        raise RuntimeError(
            f"pixel_unshuffle: expected (..., C, H * {r}, W * {r}) for downscale_factor {r}, "
            f"got shape {tuple(input.shape)}"
        )
    *batch, channels, height, width = input.shape
    split = input.reshape(math.prod(batch), channels, height // r, r, width // r, r)
    return split.permute(0, 1, 3, 5, 2, 4).reshape(*batch, channels * r * r, height // r, width // r)


def _pair(name: str, what: str, value: Ints) -> tuple[int, ...]:
    """One integer for both dimensions, or two."""
    two = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(two) == 1:
        two *= 2
    if len(two) != 2:
        raise ValueError(f"{name}: expected {what} to be one integer or two, got {two}")
    for value in two:
        check_integers(name, **{what: value})
    return tuple(operator.index(v) for v in two)


def _window_counts(
    name: str,
    size: Sequence[int],
    kernel: Sequence[int],
    dilation: Sequence[int],
    padding: Sequence[int],
    stride: Sequence[int],
) -> list[int]:
    """How many windows fit into (H, W), for each dimension."""
    if min(*kernel, *dilation, *stride) < 1 or min(padding) < 0:
        raise ValueError(
            f"{name}: kernel_size, dilation and stride must be positive and padding not negative, got {kernel}, "
            f"{dilation}, {stride} and {padding}"
        )
    counts = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, d, p, s in zip(size, kernel, dilation, padding, stride)]
    if min(counts) < 1:
        raise RuntimeError(
            f"{name}: a window of kernel_size {kernel} with dilation {dilation} does not fit into {tuple(size)} with "
            f"padding {padding}"
        )
    return counts


@own_errors
def unfold(input: Tensor, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1) -> Tensor:
    """The windows of images as columns.

    Sizes are one number for both dimensions or (height, width).

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: kH and kW, the size of a window.
        dilation: pixels between the elements of a window. Default 1.
        padding: zeros added at each side. Default 0.
        stride: pixels between neighbouring windows. Default 1.

    Returns:
        A tensor (N, C * kH * kW, windows) or (C * kH * kW, windows).

    Raises:
        ValueError: a size is not positive, or padding is negative.
        RuntimeError: no window fits into the input, or that has another number of dimensions.

    Example:
        >>> import weft
        >>> weft.nn.functional.unfold(weft.arange(9.0).reshape(1, 1, 3, 3), 2)
        tensor([[[0., 1., 3., 4.],
                 [1., 2., 4., 5.],
                 [3., 4., 6., 7.],
                 [4., 5., 7., 8.]]])
    """
    check_tensors("unfold", input=input)
    if input.dim() not in (3, 4):
        raise RuntimeError(f"unfold: expected input (N, C, H, W) or (C, H, W), got shape {tuple(input.shape)}")
    if input.dim() == 3:
        return unfold(input.unsqueeze(0), kernel_size, dilation, padding, stride).squeeze(0)
    kernel, dilation = _pair("unfold", "kernel_size", kernel_size), _pair("unfold", "dilation", dilation)
    padding, stride = _pair("unfold", "padding", padding), _pair("unfold", "stride", stride)
    counts = _window_counts("unfold", input.shape[2:], kernel, dilation, padding, stride)
    ph, pw = padding
    x = native.pad(input, (pw, pw, ph, ph)) if ph or pw else input
    for dim, k, d, s in zip((2, 3), kernel, dilation, stride):
        x = x.unfold(dim, d * (k - 1) + 1, s)[..., ::d]  # (N, C, windows in H, windows in W, kh, kw) after both
    return x.permute(0, 1, 4, 5, 2, 3).reshape(input.shape[0], input.shape[1] * math.prod(kernel), math.prod(counts))


def fold(
    input: Tensor, output_size: Ints, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1
) -> Tensor:
    """Images made of columns, the reverse of unfold: where windows overlap, their values are added.

    Sizes are one number for both dimensions or (height, width).

    Args:
        input: (N, C * kH * kW, windows) or (C * kH * kW, windows).
        output_size: H and W, the size of the images.
        kernel_size: kH and kW, the size of a window.
        dilation: pixels between the elements of a window. Default 1.
        padding: pixels at each side that windows reach beyond the image. Default 0.
        stride: pixels between neighbouring windows. Default 1.

    Returns:
        A tensor (N, C, H, W) or (C, H, W).

    Raises:
        ValueError: a size is not positive, or padding is negative.
        RuntimeError: input has other sizes than unfold gives for such images.

    Example:
        >>> import weft
        >>> weft.nn.functional.fold(weft.ones(1, 4, 4), (3, 3), 2)
        tensor([[[[1., 2., 1.],
                  [2., 4., 2.],
                  [1., 2., 1.]]]])
    """
    check_tensors("fold", input=input)
    if input.dim() not in (2, 3):
        raise RuntimeError(
            f"fold: expected input (N, C * kh * kw, windows) or (C * kh * kw, windows), got shape {tuple(input.shape)}"
        )
    if input.dim() == 2:
        return fold(input.unsqueeze(0), output_size, kernel_size, dilation, padding, stride).squeeze(0)
    size, kernel = _pair("fold", "output_size", output_size), _pair("fold", "kernel_size", kernel_size)
    dilation, padding = _pair("fold", "dilation", dilation), _pair("fold", "padding", padding)
    stride = _pair("fold", "stride", stride)
    counts = _window_counts("fold", size, kernel, dilation, padding, stride)
    samples, rows, windows = input.shape
    if rows % math.prod(kernel) or windows != math.prod(counts):
        raise RuntimeError(
            f"fold: expected input (N, C * {math.prod(kernel)}, {math.prod(counts)}) for kernel_size {kernel} and "
            f"{counts[0]} x {counts[1]} windows in output_size {size}, got shape {tuple(input.shape)}"
        )
    (h, w), (ph, pw) = size, padding
    # Row and column in the padded image of each value of a column: (kh, windows in H) and (kw, windows in W)
    places = [
        weft.arange(k, device=input.device).unsqueeze(1) * d + weft.arange(n, device=input.device) * s
        for k, d, n, s in zip(kernel, dilation, counts, stride)
    ]
    index = (places[0][:, None, :, None] * (w + 2 * pw) + places[1][None, :, None, :]).reshape(-1)
    channels = rows // math.prod(kernel)
    flat = weft.zeros(samples, channels, (h + 2 * ph) * (w + 2 * pw), dtype=input.dtype, device=input.device)
    padded = flat.index_add(2, index, input.reshape(samples, channels, len(index)))
    return padded.reshape(samples, channels, h + 2 * ph, w + 2 * pw)[:, :, ph : ph + h, pw : pw + w]


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Interleaves the channels of several groups: channel ``i * groups + g`` was i of group g. Zhang et al., 2017.

    Args:
        input: (N, C, ...) with at least one dimension after C.
        groups: number of groups; divides C.

    Raises:
        RuntimeError: groups does not divide C, or input has fewer dimensions.

    Example:
        >>> import weft
        >>> weft.nn.functional.channel_shuffle(weft.arange(4).reshape(1, 4, 1), 2).flatten()
        tensor([0, 2, 1, 3])
    """
    check_tensors("channel_shuffle", input=input)
    if input.dim() < 3 or groups <= 0 or input.shape[1] % groups:
        raise RuntimeError(
            f"channel_shuffle: expected (N, C, ...) with C divisible by {groups}, got shape {tuple(input.shape)}"
        )
    samples, channels, *rest = input.shape
    split = input.reshape(samples, groups, channels // groups, *rest)
    return split.transpose(1, 2).reshape(input.shape)

"""Functions of sequences and images that are composites."""

import math
import operator

import weft
from weft import _C
from weft._C import nn as native
from weft._checks import check_integers, check_tensors, own_errors


def _one(name, value):
    """The number, or the only one in a sequence."""
    if isinstance(value, (tuple, list)):
        if len(value) != 1:
            raise ValueError(f"{name}: expected one number for one dimension, got {tuple(value)}")
        return value[0]
    return value


def _check_sequence(name, input):
    check_tensors(name, input=input)
    if input.dim() not in (2, 3):
        raise ValueError(f"{name}: expected input (N, C, L) or (C, L), got shape {tuple(input.shape)}")


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolution of (N, C, L) or (C, L) with weight (out, C // groups, K): conv2d of height one.

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


def instance_norm(
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-5,
):
    """Normalises each channel of each sample of (N, C, ...); Ulyanov et al., 2016. Updates the running statistics.

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
def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """Divides by (k + alpha * mean of squares over size neighbouring channels)^beta; Krizhevsky et al., 2012.

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


def pixel_shuffle(input, upscale_factor):
    """(..., C * r^2, H, W) to (..., C, H * r, W * r) for upscale factor r; Shi et al., 2016.

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


def pixel_unshuffle(input, downscale_factor):
    """The reverse of pixel_shuffle: (..., C, H * r, W * r) to (..., C * r^2, H, W).

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


def _pair(name, what, value):
    """One integer for both dimensions, or two."""
    two = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(two) == 1:
        two *= 2
    if len(two) != 2:
        raise ValueError(f"{name}: expected {what} to be one integer or two, got {two}")
    for value in two:
        check_integers(name, **{what: value})
    return tuple(operator.index(v) for v in two)


def _window_counts(name, size, kernel, dilation, padding, stride):
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
def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """The windows of (N, C, H, W) or (C, H, W) as columns: (N, C * kh * kw, windows) or (C * kh * kw, windows).

    Sizes are one integer, or one for each of H and W; the places outside of the input hold 0. RuntimeError where no
    window fits.

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


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """The reverse of unfold: sums the values of the columns at their places in (N, C, H, W) or (C, H, W).

    input is (N, C * kh * kw, windows) or (C * kh * kw, windows), output_size (H, W). RuntimeError where input has other
    sizes than unfold gives for that size.

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


def channel_shuffle(input, groups):
    """Interleaves the channels of (N, C, ...) of several groups; Zhang et al., 2017.

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

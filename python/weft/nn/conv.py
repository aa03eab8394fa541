"""Convolution layers."""

import math

import weft
from weft.nn import functional as F
from weft.nn import init
from weft.nn.module import Module
from weft.nn.parameter import Parameter

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def to_tuple(value, size, name):
    """The value repeated size times if it is one number, else as a tuple of that length; ValueError otherwise."""
    if isinstance(value, (tuple, list)):
        if len(value) == 1:
            return (value[0],) * size
        if len(value) != size:
            raise ValueError(f"{name} must be one number or {size} of them, got {value!r}")
        return tuple(value)
    return (value,) * size


class _Conv(Module):
    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        super().__init__()
        kind, dims = type(self).__name__, self._dims
        self.kernel_size = to_tuple(kernel_size, dims, f"{kind}: kernel_size")
        self.stride = to_tuple(stride, dims, f"{kind}: stride")
        self.dilation = to_tuple(dilation, dims, f"{kind}: dilation")
        self.padding = padding if isinstance(padding, str) else to_tuple(padding, dims, f"{kind}: padding")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.groups = groups
        self.padding_mode = padding_mode
        self._check()
        self._set_padding()
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        self.weight = Parameter(weft.empty(shape, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(weft.empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _check(self):
        kind = type(self).__name__
        if self.groups <= 0:
            raise ValueError(f"{kind}: groups must be positive, got {self.groups}")
        for name, channels in (("in_channels", self.in_channels), ("out_channels", self.out_channels)):
            if channels % self.groups:
                raise ValueError(f"{kind}: {name}={channels} is not divisible by groups={self.groups}")
        if self.padding_mode not in _PADDING_MODES:
            raise ValueError(
                f"{kind}: padding_mode must be one of {', '.join(_PADDING_MODES)}, got {self.padding_mode!r}"
            )
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(f"{kind}: padding must be numbers, 'same' or 'valid', got {self.padding!r}")
            if self.padding == "same" and any(s != 1 for s in self.stride):
                raise ValueError(f"{kind}: padding='same' needs stride 1, got {self.stride}")

    def _set_padding(self):
        """_own_padding goes to the convolution; _pad_first (if not None) is what F.pad adds to the input before."""
        if self.padding == "valid":
            sides = [(0, 0)] * self._dims
        elif self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
            sides = [(total // 2, total - total // 2) for total in totals]
        else:
            sides = [(p, p) for p in self.padding]
        if self.padding_mode == "zeros" and all(left == right for left, right in sides):
            self._own_padding, self._pad_first = tuple(left for left, _ in sides), None
        else:
            self._own_padding = (0,) * self._dims
            self._pad_first = [n for side in reversed(sides) for n in side]
        self._pad_mode = "constant" if self.padding_mode == "zeros" else self.padding_mode

    def reset_parameters(self):
        fan_in = self.in_channels // self.groups * math.prod(self.kernel_size)
        bound = 1 / math.sqrt(fan_in) if fan_in else 0
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input):
        if self._pad_first is not None:
            input = F.pad(input, self._pad_first, self._pad_mode)
        return self._convolve(input, self.weight, self.bias, self.stride, self._own_padding, self.dilation, self.groups)

    def extra_repr(self):
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0,) * self._dims:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self._dims:
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class Conv1d(_Conv):
    """Convolution over (N, in_channels, L) or (in_channels, L).

    weight is (out_channels, in_channels // groups, kernel_size); weight and bias start uniform in +-1/sqrt(fan in).

    >>> import weft
    >>> weft.nn.Conv1d(16, 33, 3, stride=2)(weft.ones(20, 16, 50)).shape == (20, 33, 24)
    True
    """

    _dims = 1

    def _convolve(self, *args):
        return F.conv1d(*args)


class Conv2d(_Conv):
    """Convolution over (N, in_channels, H, W) or (in_channels, H, W).

    weight is (out_channels, in_channels // groups, kH, kW); weight and bias start uniform in +-1/sqrt(fan in).
    padding is one or two numbers, 'same' (stride 1 only) or 'valid'; padding_mode 'zeros', 'reflect', 'replicate' or
    'circular'. ValueError for channels that groups does not divide, or an unknown padding.

    >>> import weft
    >>> layer = weft.nn.Conv2d(16, 33, 3, stride=2, padding=1)
    >>> layer(weft.ones(4, 16, 10, 20)).shape == (4, 33, 5, 10)
    True
    >>> layer
    Conv2d(16, 33, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))
    """

    _dims = 2

    def _convolve(self, *args):
        return F.conv2d(*args)

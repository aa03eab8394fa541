"""Blocks of layers of which vision models are made."""

from __future__ import annotations

import weft
from weft import nn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Ints


def _flags(inplace):
    return {} if inplace is None else {"inplace": inplace}


class Conv2dNormActivation(nn.Sequential):
    """Convolution, normalisation and activation in a row.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: of the convolution. Default 3.
        stride: of the convolution. Default 1.
        padding: of the convolution; None keeps the size at stride 1: (kernel_size - 1) / 2 * dilation.
        groups: of the convolution. Default 1.
        norm_layer: makes the normalisation of the channels; None for none.
        activation_layer: makes the activation; None for none.
        dilation: of the convolution. Default 1.
        inplace: given to the activation, unless None.
        bias: of the convolution; None for one where there is no normalisation.

    Shape:
        Input: (N, in_channels, H, W). Output: (N, out_channels, H', W').

    Raises:
        ValueError: a convolution cannot have these sizes.

    Example:
        >>> import weft
        >>> weft.ops.Conv2dNormActivation(3, 8, stride=2)(weft.zeros(1, 3, 8, 8)).shape
        weft.Size([1, 8, 4, 4])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Ints = 3,
        stride: Ints = 1,
        padding: Ints | str | None = None,
        groups: int = 1,
        norm_layer: Callable[..., nn.Module] | None = nn.BatchNorm2d,
        activation_layer: Callable[..., nn.Module] | None = nn.ReLU,
        dilation: Ints = 1,
        inplace: bool | None = True,
        bias: bool | None = None,
    ) -> None:
        if padding is None:
            kernels = kernel_size if isinstance(kernel_size, (tuple, list)) else (kernel_size,) * 2
            dilations = dilation if isinstance(dilation, (tuple, list)) else (dilation,) * 2
            padding = tuple((k - 1) // 2 * d for k, d in zip(kernels, dilations))
        if bias is None:
            bias = norm_layer is None
        layers: list[nn.Module] = [
            nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias)
        ]
        if norm_layer is not None:
            layers.append(norm_layer(out_channels))
        if activation_layer is not None:
            layers.append(activation_layer(**_flags(inplace)))
        super().__init__(*layers)
        self.out_channels = out_channels


class SqueezeExcitation(nn.Module):
    """Scales channels by what their means tell: ``x * s(fc2(a(fc1(mean of x over the image))))`` (Hu et al., 2018).

    Args:
        input_channels: channels of the input.
        squeeze_channels: channels between the two 1x1 convolutions.
        activation: makes a. Default ReLU.
        scale_activation: makes s. Default Sigmoid.

    Shape:
        Input and output: (N, input_channels, H, W).

    Raises:
        ValueError: a number of channels is not positive.

    Example:
        >>> import weft
        >>> weft.ops.SqueezeExcitation(8, 2)(weft.zeros(1, 8, 4, 4)).shape
        weft.Size([1, 8, 4, 4])
    """

    activation: Any
    avgpool: nn.AdaptiveAvgPool2d
    fc1: nn.Conv2d
    fc2: nn.Conv2d
    scale_activation: Any

    def __init__(
        self,
        input_channels: int,
        squeeze_channels: int,
        activation: Callable[..., nn.Module] = nn.ReLU,
        scale_activation: Callable[..., nn.Module] = nn.Sigmoid,
    ) -> None:
        super().__init__()
        for name, value in (("input_channels", input_channels), ("squeeze_channels", squeeze_channels)):
            if value <= 0:
                raise ValueError(f"SqueezeExcitation: {name} must be positive, got {value}")
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = nn.Conv2d(squeeze_channels, input_channels, 1)
        self.activation = activation()
        self.scale_activation = scale_activation()

    def forward(self, input: Tensor) -> Tensor:
        return input * self.scale_activation(self.fc2(self.activation(self.fc1(self.avgpool(input)))))


class MLP(nn.Sequential):
    """Linear layers with an activation and dropout after each; the last has dropout alone.

    Args:
        in_channels: size of the last dimension of the input.
        hidden_channels: sizes that the layers make, the last being the output's.
        norm_layer: makes a normalisation after each linear layer but the last; None for none.
        activation_layer: makes the activations. Default ReLU.
        inplace: given to activations and dropout, unless None.
        bias: of the linear layers. Default True.
        dropout: probability of a zero. Default 0.

    Shape:
        Input: (..., in_channels). Output: (..., hidden_channels[-1]).

    Raises:
        ValueError: there are no hidden_channels, or dropout is not between 0 and 1.

    Example:
        >>> import weft
        >>> weft.ops.MLP(4, [8, 2])(weft.zeros(3, 4)).shape
        weft.Size([3, 2])
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: Sequence[int],
        norm_layer: Callable[..., nn.Module] | None = None,
        activation_layer: Callable[..., nn.Module] = nn.ReLU,
        inplace: bool | None = None,
        bias: bool = True,
        dropout: float = 0.0,
    ) -> None:
        if not hidden_channels:
            raise ValueError("MLP: hidden_channels must name at least one size, got none")
        sizes = [in_channels, *hidden_channels]
        layers: list[nn.Module] = []
        for i, (size, next_size) in enumerate(zip(sizes, sizes[1:])):
            layers.append(nn.Linear(size, next_size, bias))
            if i < len(hidden_channels) - 1:
                if norm_layer is not None:
                    layers.append(norm_layer(next_size))
                layers.append(activation_layer(**_flags(inplace)))
            layers.append(nn.Dropout(dropout, **_flags(inplace)))
        super().__init__(*layers)


class Permute(nn.Module):
    """The input with its dimensions in another order.

    Args:
        dims: for each dimension of the output that of the input.

    Raises:
        ValueError: dims are not each of 0 to n - 1 once.

    Example:
        >>> import weft
        >>> weft.ops.Permute([0, 2, 1])(weft.zeros(1, 2, 3)).shape
        weft.Size([1, 3, 2])
    """

    def __init__(self, dims: Sequence[int]) -> None:
        super().__init__()
        if sorted(d % len(dims) for d in dims) != list(range(len(dims))):
            raise ValueError(f"Permute: dims must name each dimension once, got {list(dims)}")
        self.dims = dims

    def forward(self, input: Tensor) -> Tensor:
        return input.permute(*self.dims)


class FrozenBatchNorm2d(nn.Module):
    """Batch normalisation with fixed statistics and fixed scale: ``(x - mean) / sqrt(var + eps) * weight + bias``.

    All four are buffers, so that no training changes them. In files of BatchNorm2d it skips ``num_batches_tracked``.

    Args:
        num_features: channels of the input.
        eps: added to the variance. Default 1e-5.

    Shape:
        Input and output: (N, num_features, H, W).

    Raises:
        ValueError: num_features is not positive.

    Example:
        >>> import weft
        >>> weft.ops.FrozenBatchNorm2d(2, eps=0.0)(weft.ones(1, 2, 1, 1)).flatten()
        tensor([1., 1.])
    """

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        if num_features <= 0:
            raise ValueError(f"FrozenBatchNorm2d: num_features must be positive, got {num_features}")
        self.eps = eps
        self.register_buffer("weight", weft.ones(num_features))
        self.register_buffer("bias", weft.zeros(num_features))
        self.register_buffer("running_mean", weft.zeros(num_features))
        self.register_buffer("running_var", weft.ones(num_features))

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *rest: Any) -> None:
        state_dict.pop(prefix + "num_batches_tracked", None)
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def forward(self, input: Tensor) -> Tensor:
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        bias = self.bias - self.running_mean * scale
        return input * scale.reshape(1, -1, 1, 1) + bias.reshape(1, -1, 1, 1)

    def extra_repr(self) -> str:
        return f"{self.weight.shape[0]}, eps={self.eps}"

"""Linear maps, and layers that only change the shape."""

from __future__ import annotations

import math

import weft
from weft._checks import check_integers, check_sizes, check_tensors
from weft.nn import functional as F
from weft.nn import init
from weft.nn.module import Module
from weft.nn.parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from weft import Tensor
    from weft.nn._types import Device


class Identity(Module):
    """Returns its input.

    Args:
        *args, **kwargs: accepted and ignored, so that it can stand in for any layer.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.Identity(54, unused=True)(weft.ones(2))
        tensor([1., 1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Linear(Module):
    """``y = x W^T + b`` over the last dimension.

    weight and bias start uniform in +-1/sqrt(in_features).

    Args:
        in_features: size of the input's last dimension.
        out_features: size of the output's last dimension.
        bias: whether b is learned; without, there is none. Default True.
        device: where weight and bias lie. By default the default device.
        dtype: floating dtype of weight and bias. By default the default dtype.

    Shape:
        Input (..., in_features), output (..., out_features).
        weight: (out_features, in_features); bias: (out_features).

    Raises:
        TypeError: a size is no int.
        RuntimeError: a size is negative; or the input's last dimension is not in_features, when the layer is called.

    Example:
        >>> import weft
        >>> layer = weft.nn.Linear(20, 30)
        >>> layer(weft.ones(128, 20)).shape == (128, 30)
        True
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__()
        check_sizes(type(self).__name__, in_features=in_features, out_features=out_features)
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(weft.empty(out_features, in_features, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(weft.empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weight and bias anew, uniform in +-1/sqrt(in_features)."""
        bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class NonDynamicallyQuantizableLinear(Linear):
    """Linear under the name that the output projection of MultiheadAttention has in PyTorch.

    Args:
        in_features, out_features, bias, device, dtype: as those of Linear.

    Example:
        >>> import weft
        >>> weft.nn.MultiheadAttention(4, 2).out_proj
        NonDynamicallyQuantizableLinear(in_features=4, out_features=4, bias=True)
    """


class Bilinear(Module):
    """``y = x1^T A x2 + b`` over the last dimensions of two inputs.

    weight A and bias b start uniform in +-1/sqrt(in1_features).

    Args:
        in1_features: size of x1's last dimension; positive.
        in2_features: size of x2's last dimension.
        out_features: size of the output's last dimension.
        bias: whether b is learned; without, there is none. Default True.
        device: where weight and bias lie. By default the default device.
        dtype: floating dtype of weight and bias. By default the default dtype.

    Shape:
        Inputs (..., in1_features) and (..., in2_features), output (..., out_features).
        weight: (out_features, in1_features, in2_features); bias: (out_features).

    Raises:
        ValueError: in1_features is not positive.

    Example:
        >>> import weft
        >>> layer = weft.nn.Bilinear(20, 30, 40)
        >>> layer(weft.ones(128, 20), weft.ones(128, 30)).shape == (128, 40)
        True
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"Bilinear: in1_features must be positive, got {in1_features}")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = Parameter(weft.empty(out_features, in1_features, in2_features, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(weft.empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weight and bias anew, uniform in +-1/sqrt(in1_features)."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class Flatten(Module):
    """Joins the dimensions from start_dim to end_dim into one.

    Args:
        start_dim: the first of them. Default 1: a batch dimension is kept.
        end_dim: the last of them. Default -1.

    Shape:
        Input (*, d1, ..., dn, *), output (*, d1 * ... * dn, *).

    Raises:
        IndexError: the input has no such dimension, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.Flatten()(weft.ones(32, 1, 5, 5)).shape == (32, 25)
        True
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        return weft.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Splits one dimension into several.

    Args:
        dim: the dimension to split.
        unflattened_size: the sizes in its place; one of them may be -1, which follows from the others.

    Shape:
        Input (..., n, ...), output (..., *unflattened_size, ...), where n is the product of the sizes.

    Raises:
        TypeError: dim is not an int, or unflattened_size not a tuple or list of ints.
        IndexError: the input has no such dimension, when the layer is called.
        RuntimeError: the sizes do not fit the dimension, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.Unflatten(1, (2, 5, 5))(weft.ones(2, 50)).shape == (2, 2, 5, 5)
        True
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        check_integers("Unflatten", dim=dim)
        if not isinstance(unflattened_size, (tuple, list)) or not all(isinstance(n, int) for n in unflattened_size):
            raise TypeError(f"Unflatten: unflattened_size must be a tuple of ints, got {unflattened_size!r}")
        self.dim = dim
        self.unflattened_size: tuple[int, ...] = tuple(unflattened_size)

    def forward(self, input: Tensor) -> Tensor:
        check_tensors("Unflatten", input=input)
        dim = self.dim + input.dim() if self.dim < 0 else self.dim
        if not 0 <= dim < input.dim():
            raise IndexError(f"Unflatten: dim {self.dim} is out of range for input of shape {tuple(input.shape)}")
        return input.reshape(*input.shape[:dim], *self.unflattened_size, *input.shape[dim + 1 :])

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"

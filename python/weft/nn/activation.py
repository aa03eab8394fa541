"""Activations as layers. Each works element by element unless it says otherwise."""

from __future__ import annotations

import weft
from weft._checks import check_sizes, check_tensors
from weft.nn import functional as F
from weft.nn.module import Module
from weft.nn.parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor
    from weft.nn._types import Device


class ReLU(Module):
    """``max(0, x)``, element by element: the rectified linear unit.

    Args:
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.ReLU()(weft.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class ReLU6(Module):
    """``min(max(0, x), 6)``, element by element.

    Args:
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.ReLU6()(weft.tensor([-1.0, 9.0]))
        tensor([0., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.relu6(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class LeakyReLU(Module):
    """``x`` where x is positive, else ``negative_slope * x``; element by element.

    Args:
        negative_slope: factor of negative values. Default 0.01.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.LeakyReLU()(weft.tensor([-1.0, 2.0]))
        tensor([-0.0100,  2.0000])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}" + (", inplace=True" if self.inplace else "")


class ELU(Module):
    """``x`` where x is positive, else ``alpha * (exp(x) - 1)``; element by element. Clevert et al., 2015.

    Args:
        alpha: minus the limit for large negative values. Default 1.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.ELU()(weft.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class SELU(Module):
    """ELU with alpha 1.6733, times 1.0507: layers of it keep mean 0 and variance 1. Klambauer et al., 2017.

    Args:
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.SELU()(weft.tensor([-1.0, 2.0]))
        tensor([-1.1113,  2.1014])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class CELU(Module):
    """``max(0, x) + min(0, alpha * (exp(x / alpha) - 1))``, element by element. Barron, 2017.

    Args:
        alpha: minus the limit for large negative values. Default 1.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.CELU()(weft.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class GELU(Module):
    """``x * P(X <= x)`` with X normally distributed, element by element. Hendrycks and Gimpel, 2016.

    Args:
        approximate: ``'none'`` (default) for the normal distribution function itself, ``'tanh'`` for the approximation
            ``0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))``, which is a bit faster.

    Shape:
        Input and output: (*), any shape.

    Raises:
        RuntimeError: approximate is neither of them, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.GELU()(weft.tensor([-1.0, 2.0]))
        tensor([-0.1587,  1.9545])
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """``x * sigmoid(x)``, element by element; also called swish. Elfwing et al., 2017.

    Args:
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.SiLU()(weft.tensor([-1.0, 2.0]))
        tensor([-0.2689,  1.7616])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Mish(Module):
    """``x * tanh(softplus(x))``, element by element. Misra, 2019.

    Args:
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.Mish()(weft.tensor([-1.0, 2.0]))
        tensor([-0.3034,  1.9440])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Sigmoid(Module):
    """``1 / (1 + exp(-x))``, element by element.

    Shape:
        Input and output: (*), any shape; the output lies between 0 and 1.

    Example:
        >>> import weft
        >>> weft.nn.Sigmoid()(weft.tensor([0.0, 2.0]))
        tensor([0.5000, 0.8808])
    """

    def forward(self, input: Tensor) -> Tensor:
        return weft.sigmoid(input)


class LogSigmoid(Module):
    """``log(1 / (1 + exp(-x)))``, element by element, without overflow for large negative x.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.LogSigmoid()(weft.tensor([0.0, 2.0]))
        tensor([-0.6931, -0.1269])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Hardsigmoid(Module):
    """``clamp(x / 6 + 1 / 2, 0, 1)``, element by element: sigmoid made of straight lines.

    Args:
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.Hardsigmoid()(weft.tensor([0.0, 4.0]))
        tensor([0.5000, 1.0000])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)


class Hardswish(Module):
    """``x * clamp(x / 6 + 1 / 2, 0, 1)``, element by element. Howard et al., 2019.

    Args:
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.Hardswish()(weft.tensor([-4.0, 4.0]))
        tensor([-0., 4.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)


class Tanh(Module):
    """``(exp(x) - exp(-x)) / (exp(x) + exp(-x))``, element by element: the hyperbolic tangent.

    Shape:
        Input and output: (*), any shape; the output lies between -1 and 1.

    Example:
        >>> import weft
        >>> weft.nn.Tanh()(weft.tensor([0.0, 1.0]))
        tensor([0.0000, 0.7616])
    """

    def forward(self, input: Tensor) -> Tensor:
        return weft.tanh(input)


class Hardtanh(Module):
    """``clamp(x, min_val, max_val)``, element by element.

    Args:
        min_val: least value of the output. Default -1.
        max_val: largest value of the output. Default 1.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.Hardtanh()(weft.tensor([-3.0, 0.5]))
        tensor([-1.0000,  0.5000])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}" + (", inplace=True" if self.inplace else "")


class Softplus(Module):
    """``log(1 + exp(beta * x)) / beta``, element by element: a smooth ReLU.

    Args:
        beta: how sharp the bend at 0 is. Default 1.
        threshold: where ``beta * x`` is above it, the output is x itself. Default 20.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.Softplus()(weft.tensor([0.0, 30.0]))
        tensor([ 0.6931, 30.0000])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Softsign(Module):
    """``x / (1 + |x|)``, element by element.

    Shape:
        Input and output: (*), any shape; the output lies between -1 and 1.

    Example:
        >>> import weft
        >>> weft.nn.Softsign()(weft.tensor([-1.0, 3.0]))
        tensor([-0.5000,  0.7500])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class Softshrink(Module):
    """``sign(x) * max(0, |x| - lambd)``, element by element: values move towards zero, small ones become zero.

    Args:
        lambd: how far values move. Default 0.5.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.Softshrink()(weft.tensor([-1.0, 0.2]))
        tensor([-0.5000,  0.0000])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Hardshrink(Module):
    """``x`` where ``|x| > lambd``, else 0; element by element.

    Args:
        lambd: the largest magnitude that becomes zero. Default 0.5.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.Hardshrink()(weft.tensor([-1.0, 0.2]))
        tensor([-1.,  0.])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Tanhshrink(Module):
    """``x - tanh(x)``, element by element.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.Tanhshrink()(weft.tensor([0.0, 1.0]))
        tensor([0.0000, 0.2384])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class Threshold(Module):
    """``x`` where ``x > threshold``, else ``value``; element by element.

    Args:
        threshold: the largest x that is replaced.
        value: what replaces it.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.Threshold(0.1, 5.0)(weft.tensor([0.0, 1.0]))
        tensor([5., 1.])
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}" + (", inplace=True" if self.inplace else "")


class GLU(Module):
    """``a * sigmoid(b)`` with a the first and b the second half of the input along dim. Dauphin et al., 2016.

    Args:
        dim: the dimension that is halved. Default -1, the last one.

    Shape:
        Input (..., 2 n, ...), output (..., n, ...) with n at dim.

    Raises:
        RuntimeError: the size of dim is odd, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.GLU()(weft.tensor([2.0, 0.0]))
        tensor([1.])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(Module):
    """``exp(x) / sum(exp(x))`` along dim: positive values whose sum is 1.

    Args:
        dim: the dimension along which the sum is 1. By default chosen from the number of dimensions, with a warning
            (deprecated): 0 for 0, 1 or 3 of them, else 1.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.Softmax(0)(weft.tensor([0.0, 0.0]))
        tensor([0.5000, 0.5000])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """``x - log(sum(exp(x)))`` along dim: the logarithm of softmax, without overflow.

    Args:
        dim: the dimension along which the sum goes. By default chosen from the number of dimensions, with a warning
            (deprecated): 0 for 0, 1 or 3 of them, else 1.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.LogSoftmax(0)(weft.tensor([0.0, 0.0]))
        tensor([-0.6931, -0.6931])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmin(Module):
    """``exp(-x) / sum(exp(-x))`` along dim: softmax of -x.

    Args:
        dim: the dimension along which the sum is 1. By default chosen from the number of dimensions, with a warning
            (deprecated): 0 for 0, 1 or 3 of them, else 1.

    Shape:
        Input and output: (*), any shape.

    Example:
        >>> import weft
        >>> weft.nn.Softmin(0)(weft.tensor([0.0, 0.0]))
        tensor([0.5000, 0.5000])
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class RReLU(Module):
    """``x`` where x is not negative, else ``a * x`` with a random slope a; element by element. Xu et al., 2015.

    While training a is drawn for each value, uniformly between lower and upper; in evaluation mode it is their mean.

    Args:
        lower: least slope. Default 1/8.
        upper: largest slope. Default 1/3.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Shape:
        Input and output: (*), any shape.

    Raises:
        ValueError: lower is above upper, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.RReLU(0.25, 0.75).eval()(weft.tensor([-1.0, 2.0]))
        tensor([-0.5000,  2.0000])
    """

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}" + (", inplace=True" if self.inplace else "")


class PReLU(Module):
    """``x`` where x is not negative, else ``weight * x`` with a learned weight. He et al., 2015.

    Args:
        num_parameters: number of slopes to learn: 1 (default) for all values together, or that of the channels.
        init: what they start as. Default 0.25.
        device: where weight lies. By default the default device.
        dtype: floating dtype of weight. By default the default dtype.

    Shape:
        Input and output: (N, C, ...), or any shape (*) where there is one parameter.
        weight: (num_parameters).

    Raises:
        RuntimeError: the number of channels is not num_parameters, when the layer is called.

    Example:
        >>> import weft
        >>> weft.nn.PReLU()(weft.tensor([-1.0, 2.0])).tolist()
        [-0.25, 2.0]
    """

    weight: Parameter

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Device = None, dtype: weft.dtype | None = None
    ) -> None:
        super().__init__()
        check_sizes("PReLU", num_parameters=num_parameters)
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(weft.empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        weft.nn.init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class Softmax2d(Module):
    """Softmax over the channels, at each place of an image: ``exp(x) / sum(exp(x))`` along dimension -3.

    Shape:
        Input and output: (N, C, H, W) or (C, H, W).

    Raises:
        ValueError: the input has another number of dimensions.

    Example:
        >>> import weft
        >>> weft.nn.Softmax2d()(weft.zeros(4, 1, 1)).flatten()
        tensor([0.2500, 0.2500, 0.2500, 0.2500])
    """

    def forward(self, input: Tensor) -> Tensor:
        check_tensors("Softmax2d", input=input)
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input with 3 or 4 dimensions, got shape {tuple(input.shape)}")
        return F.softmax(input, -3)

"""Cells: one step of a recurrent layer."""

from __future__ import annotations

import math

import weft
from weft._checks import check_flags, check_integers, check_tensors, check_text
from weft.nn import init
from weft.nn.module import Module
from weft.nn.parameter import Parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor
    from weft.nn._types import Device


class RNNCellBase(Module):
    """What RNNCell, LSTMCell and GRUCell share: their weights.

    weight_ih (num_chunks * hidden_size, input_size), weight_hh (num_chunks * hidden_size, hidden_size), bias_ih and
    bias_hh (num_chunks * hidden_size) start uniform in +-1/sqrt(hidden_size).

    Args:
        input_size: size of each row of the input.
        hidden_size: size of the state.
        bias: whether biases are learned.
        num_chunks: the number of gates.
        device, dtype: of the weights. By default the default ones.

    Raises:
        TypeError: a size is no int.
        ValueError: a size or num_chunks is not positive.

    Example:
        >>> import weft
        >>> weft.nn.RNNCellBase(3, 4, True, 2).weight_ih.shape == (8, 3)
        True
    """

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        check_integers(name, input_size=input_size, hidden_size=hidden_size, num_chunks=num_chunks)
        check_flags(name, bias=bias)
        for key, size in (("input_size", input_size), ("hidden_size", hidden_size), ("num_chunks", num_chunks)):
            if size <= 0:
                raise ValueError(f"{name}: {key} must be positive, got {size}")
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(weft.empty(rows, input_size, device=device, dtype=dtype))
        self.weight_hh = Parameter(weft.empty(rows, hidden_size, device=device, dtype=dtype))
        if bias:
            self.bias_ih = Parameter(weft.empty(rows, device=device, dtype=dtype))
            self.bias_hh = Parameter(weft.empty(rows, device=device, dtype=dtype))
        else:
            self.register_parameter("bias_ih", None)
            self.register_parameter("bias_hh", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws all weights anew, uniform in +-1/sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if not self.bias:
            text += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text

    # The states for an input: those given, checked, or zeros.
    def _states(self, input, states, names):
        name = type(self).__name__
        check_tensors(name, input=input)
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: expected an input of 1 or 2 dims, got shape {tuple(input.shape)}")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{name}: expected {self.input_size} input features, got {input.shape[-1]} in input of shape "
                f"{tuple(input.shape)}"
            )
        shape = (*input.shape[:-1], self.hidden_size)
        if states is None:
            zeros = weft.zeros(shape, dtype=input.dtype, device=input.device)
            return [zeros] * len(names)
        for key, state in zip(names, states):
            check_tensors(name, **{key: state})
            if tuple(state.shape) != shape:
                raise RuntimeError(f"{name}: expected {key} of shape {shape}, got shape {tuple(state.shape)}")
        return states

    def _weights(self):
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh


class RNNCell(RNNCellBase):
    """One step of an RNN (Elman, 1990): ``h' = tanh(x W_ih^T + b_ih + h W_hh^T + b_hh)``, or with relu.

    Weights start uniform in +-1/sqrt(hidden_size).

    Args:
        input_size: size of each row of the input.
        hidden_size: size of the state.
        bias: whether biases are learned. Default True.
        nonlinearity: ``'tanh'`` or ``'relu'``. Default ``'tanh'``.
        device, dtype: of the weights. By default the default ones.

    Shape:
        Input (batch, input_size) or (input_size); h (batch, hidden_size) or (hidden_size), by default zeros. Output
        like h.
        weight_ih: (hidden_size, input_size); weight_hh: (hidden_size, hidden_size); bias_ih, bias_hh: (hidden_size).

    Raises:
        ValueError: nonlinearity is neither of them, or a size is not positive.
        RuntimeError: input or state do not fit, when the layer is called.

    Example:
        >>> import weft
        >>> cell = weft.nn.RNNCell(10, 20)
        >>> cell(weft.randn(3, 10), weft.randn(3, 20)).shape == (3, 20)
        True
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        check_text("RNNCell", nonlinearity=nonlinearity)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNNCell: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        (h,) = self._states(input, None if hx is None else [hx], ["hx"])
        step = weft.rnn_relu_cell if self.nonlinearity == "relu" else weft.rnn_tanh_cell
        return step(input, h, *self._weights())


class GRUCell(RNNCellBase):
    """One step of a GRU (Cho et al., 2014); GRU says what it computes.

    Weights start uniform in +-1/sqrt(hidden_size).

    Args:
        input_size: size of each row of the input.
        hidden_size: size of the state.
        bias: whether biases are learned. Default True.
        device, dtype: of the weights. By default the default ones.

    Shape:
        Input (batch, input_size) or (input_size); h (batch, hidden_size) or (hidden_size), by default zeros. Output
        like h.
        weight_ih: (3 * hidden_size, input_size), the rows of r, z and n; weight_hh: (3 * hidden_size, hidden_size);
        bias_ih, bias_hh: (3 * hidden_size).

    Raises:
        ValueError: a size is not positive.
        RuntimeError: input or state do not fit, when the layer is called.

    Example:
        >>> import weft
        >>> cell = weft.nn.GRUCell(10, 20)
        >>> cell(weft.randn(3, 10), weft.randn(3, 20)).shape == (3, 20)
        True
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        (h,) = self._states(input, None if hx is None else [hx], ["hx"])
        return weft.gru_cell(input, h, *self._weights())


class LSTMCell(RNNCellBase):
    """One step of an LSTM (Hochreiter and Schmidhuber, 1997; Gers et al., 2000); LSTM says what it computes.

    Weights start uniform in +-1/sqrt(hidden_size).

    Args:
        input_size: size of each row of the input.
        hidden_size: size of the state and the cell.
        bias: whether biases are learned. Default True.
        device, dtype: of the weights. By default the default ones.

    Shape:
        Input (batch, input_size) or (input_size); h and c (batch, hidden_size) or (hidden_size), by default zeros.
        Outputs like h and c.
        weight_ih: (4 * hidden_size, input_size), the rows of i, f, g and o; weight_hh: (4 * hidden_size, hidden_size);
        bias_ih, bias_hh: (4 * hidden_size).

    Raises:
        ValueError: a size is not positive.
        TypeError: the states are no pair.
        RuntimeError: input or states do not fit, when the layer is called.

    Example:
        >>> import weft
        >>> cell = weft.nn.LSTMCell(10, 20)
        >>> h, c = cell(weft.randn(3, 10))
        >>> h.shape == (3, 20), c.shape == (3, 20)
        (True, True)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        if hx is not None and (not isinstance(hx, (tuple, list)) or len(hx) != 2):
            raise TypeError(f"LSTMCell: expected a pair of Tensors (h, c) as hx, got {type(hx).__name__}")
        h, c = self._states(input, hx, ["h", "c"])
        return weft.lstm_cell(input, (h, c), *self._weights())

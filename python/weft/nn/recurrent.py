"""Recurrent layers: RNN, LSTM and GRU over whole sequences."""

from __future__ import annotations

import weft
from weft._checks import check_tensors, check_text
from weft.nn.recurrent_base import RNNBase
from weft.nn.utils.packed_sequence import PackedSequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor
    from weft.nn._types import Device
    from weft.nn.recurrent_base import States


class RNN(RNNBase):
    """Layers of an RNN (Elman, 1990): ``h' = tanh(x W_ih^T + b_ih + h W_hh^T + b_hh)`` for each time step.

    The product of the inputs with W_ih is one for all time steps. Weights start uniform in +-1/sqrt(hidden_size), and
    have the names that RNNBase describes.

    Args:
        input_size: size of each row of the input.
        hidden_size: size of the hidden state.
        num_layers: layers on top of each other. Default 1.
        nonlinearity: ``'tanh'`` or ``'relu'``. Default ``'tanh'``.
        bias: whether biases are learned. Default True.
        batch_first: whether padded inputs and outputs are (batch, steps, size) in place of (steps, batch, size).
            Default False.
        dropout: probability with which values between the layers become zero while training. Default 0.
        bidirectional: whether each layer runs in both directions, and joins the outputs. Default False.
        device, dtype: of the weights. By default the default ones.

    Shape:
        Input (steps, batch, input_size), with batch_first (batch, steps, input_size), without a batch
        (steps, input_size), or a PackedSequence; h_0 (num_layers * directions, batch, hidden_size), by default zeros.
        Output like the input, with the size directions * hidden_size: the state of the last layer at each step; h_n
        like h_0: the last state of each layer and direction.

    Raises:
        ValueError: nonlinearity is neither of them, or an argument is out of range; RNNBase says which.
        RuntimeError: input or state do not fit, when the layer is called.

    Example:
        >>> import weft
        >>> layer = weft.nn.RNN(10, 20, 2)
        >>> output, h_n = layer(weft.randn(5, 3, 10), weft.randn(2, 3, 20))
        >>> output.shape == (5, 3, 20), h_n.shape == (2, 3, 20)
        (True, True)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        check_text("RNN", nonlinearity=nonlinearity)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNN: nonlinearity must be 'tanh' or 'relu', got {nonlinearity!r}")
        super().__init__(
            f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias, batch_first, dropout,
            bidirectional, device=device, dtype=dtype,
        )  # fmt: skip
        self.nonlinearity = nonlinearity

    def forward(
        self, input: Tensor | PackedSequence, hx: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        return self._run(input, hx)


class GRU(RNNBase):
    """Layers of a GRU (Cho et al., 2014), for each time step:

    ``r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)``, ``z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)``,
    ``n = tanh(W_in x + b_in + r (W_hn h + b_hn))``, ``h' = (1 - z) n + z h``. The product of the inputs with their
    weights is one for all time steps. Weights start uniform in +-1/sqrt(hidden_size), and have the names that RNNBase
    describes.

    Args:
        input_size: size of each row of the input.
        hidden_size: size of the hidden state.
        num_layers: layers on top of each other. Default 1.
        bias: whether biases are learned. Default True.
        batch_first: whether padded inputs and outputs are (batch, steps, size) in place of (steps, batch, size).
            Default False.
        dropout: probability with which values between the layers become zero while training. Default 0.
        bidirectional: whether each layer runs in both directions, and joins the outputs. Default False.
        device, dtype: of the weights. By default the default ones.

    Shape:
        Input (steps, batch, input_size), with batch_first (batch, steps, input_size), without a batch
        (steps, input_size), or a PackedSequence; h_0 (num_layers * directions, batch, hidden_size), by default zeros.
        Output like the input, with the size directions * hidden_size; h_n like h_0: the last state of each layer and
        direction.

    Raises:
        ValueError: an argument is out of range; RNNBase says which.
        RuntimeError: input or state do not fit, when the layer is called.

    Example:
        >>> import weft
        >>> layer = weft.nn.GRU(10, 20, 2)
        >>> output, h_n = layer(weft.randn(5, 3, 10), weft.randn(2, 3, 20))
        >>> output.shape == (5, 3, 20), h_n.shape == (2, 3, 20)
        (True, True)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device=device,
            dtype=dtype,
        )  # fmt: skip

    def forward(
        self, input: Tensor | PackedSequence, hx: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        return self._run(input, hx)


class LSTM(RNNBase):
    """Layers of an LSTM (Hochreiter and Schmidhuber, 1997; Gers et al., 2000), for each time step:

    ``i = sigmoid(W_ii x + b_ii + W_hi h + b_hi)``, f and o likewise, ``g = tanh(W_ig x + b_ig + W_hg h + b_hg)``,
    ``c' = f c + i g``, ``h' = o tanh(c')``; with proj_size ``h' = W_hr (o tanh(c'))`` (Sak, Senior and Beaufays, 2014).
    The product of the inputs with their weights is one for all time steps. Weights start uniform in
    +-1/sqrt(hidden_size), and have the names that RNNBase describes.

    Args:
        input_size: size of each row of the input.
        hidden_size: size of the hidden state and the cell.
        num_layers: layers on top of each other. Default 1.
        bias: whether biases are learned. Default True.
        batch_first: whether padded inputs and outputs are (batch, steps, size) in place of (steps, batch, size).
            Default False.
        dropout: probability with which values between the layers become zero while training. Default 0.
        bidirectional: whether each layer runs in both directions, and joins the outputs. Default False.
        proj_size: the smaller size that h is projected to; 0 for none. Default 0.
        device, dtype: of the weights. By default the default ones.

    Shape:
        Input (steps, batch, input_size), with batch_first (batch, steps, input_size), without a batch
        (steps, input_size), or a PackedSequence; h_0 (num_layers * directions, batch, proj_size or hidden_size) and c_0
        (num_layers * directions, batch, hidden_size), by default zeros.
        Output like the input, with the size directions * (proj_size or hidden_size); h_n and c_n like h_0 and c_0: the
        last states of each layer and direction.

    Raises:
        ValueError: an argument is out of range; RNNBase says which.
        RuntimeError: input or states do not fit, when the layer is called.

    Example:
        >>> import weft
        >>> layer = weft.nn.LSTM(10, 20, 2)
        >>> output, (h_n, c_n) = layer(weft.randn(5, 3, 10))
        >>> output.shape == (5, 3, 20), h_n.shape == (2, 3, 20), c_n.shape == (2, 3, 20)
        (True, True, True)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Device = None,
        dtype: weft.dtype | None = None,
    ) -> None:
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device,
            dtype,
        )  # fmt: skip

    def get_expected_cell_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """The shape of c_0 for an input.

        Args:
            input, batch_sizes: as for :meth:`check_input`.

        Example:
            >>> import weft
            >>> weft.nn.LSTM(3, 4, proj_size=2).get_expected_cell_size(weft.ones(5, 7, 3), None)
            (1, 7, 4)
        """
        check_tensors("LSTM", ("batch_sizes",), input=input, batch_sizes=batch_sizes)
        return self._expected_shape(input, batch_sizes, self.hidden_size)

    def check_forward_args(self, input: Tensor, hidden: States, batch_sizes: Tensor | None) -> None:
        """Raises RuntimeError unless an input and its initial states fit this layer.

        Args:
            input, batch_sizes: as for :meth:`check_input`.
            hidden: h_0 and c_0.

        Example:
            >>> import weft
            >>> h = weft.ones(1, 7, 4)
            >>> weft.nn.LSTM(3, 4).check_forward_args(weft.ones(5, 7, 3), (h, h), None)
        """
        self.check_input(input, batch_sizes)
        self._check_state_type(hidden)
        self.check_hidden_size(
            hidden[0], self.get_expected_hidden_size(input, batch_sizes), "LSTM: expected h_0 of shape {}, got {}"
        )
        self.check_hidden_size(
            hidden[1], self.get_expected_cell_size(input, batch_sizes), "LSTM: expected c_0 of shape {}, got {}"
        )

    def permute_hidden(self, hx: States, permutation: Tensor | None) -> States:
        """States with the sequences in another order; as they are for None.

        Args:
            hx: h and c.
            permutation: the indices of the sequences, in their new order.

        Example:
            >>> import weft
            >>> h = weft.tensor([[[1.], [2.]]])
            >>> weft.nn.LSTM(1, 1).permute_hidden((h, h), weft.tensor([1, 0]))[1].flatten()
            tensor([2., 1.])
        """
        self._check_state_type(hx)
        check_tensors("LSTM", ("permutation",), permutation=permutation)
        return hx if permutation is None else tuple(h.index_select(1, permutation) for h in hx)

    def forward(
        self, input: Tensor | PackedSequence, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor | PackedSequence, tuple[Tensor, Tensor]]:
        return self._run(input, hx)

    def _initial(self, input, batch_sizes):
        shapes = self.get_expected_hidden_size(input, batch_sizes), self.get_expected_cell_size(input, batch_sizes)
        return tuple(weft.zeros(shape, dtype=input.dtype, device=input.device) for shape in shapes)

    def _each(self, function, hx):
        return tuple(function(h) for h in hx)

    def _check_state_type(self, hx):
        if not isinstance(hx, (tuple, list)) or len(hx) != 2:
            got = f"{len(hx)} of them" if isinstance(hx, (tuple, list)) else type(hx).__name__
            raise TypeError(f"LSTM: expected a pair of Tensors (h_0, c_0) as hx, got {got}")
        check_tensors("LSTM", h_0=hx[0], c_0=hx[1])

    def _joined(self, states):
        return tuple(states)

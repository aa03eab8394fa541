"""RNNBase: what the recurrent layers share."""

from __future__ import annotations

import math
import warnings

import weft
from weft._checks import check_flags, check_instances, check_integers, check_numbers, check_tensors, check_text
from weft.nn import init
from weft.nn.module import Module
from weft.nn.parameter import Parameter
from weft.nn.utils.packed_sequence import PackedSequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor
    from weft.nn._types import Device

    # One state, or of an LSTM h and c
    States = Tensor | tuple[Tensor, Tensor]

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def _shown(shape):
    return tuple(shape)


_MOST_LAYERS = 10_000  # what is more is a mistake, and would take hours to make


class RNNBase(Module):
    """What RNN, LSTM and GRU share: the weights of their layers and directions, and checks of what they are given.

    Weights start uniform in +-1/sqrt(hidden_size). Those of layer k are weight_ih_l{k} (gates * hidden_size, input of
    the layer), weight_hh_l{k} (gates * hidden_size, size of the output), bias_ih_l{k} and bias_hh_l{k}
    (gates * hidden_size), and weight_hr_l{k} (proj_size, hidden_size) where there is a projection; those of the other
    direction end in ``_reverse``. An LSTM has 4 gates (i, f, g, o), a GRU 3 (r, z, n), an RNN 1.

    Args:
        mode: ``'LSTM'``, ``'GRU'``, ``'RNN_TANH'`` or ``'RNN_RELU'``.
        input_size: size of each row of the input.
        hidden_size: size of the hidden state.
        num_layers: layers on top of each other, each taking the outputs of the one below. Default 1.
        bias: whether biases are learned. Default True.
        batch_first: whether padded inputs and outputs are (batch, steps, size) in place of (steps, batch, size); states
            are not affected. Default False.
        dropout: probability with which values between the layers become zero while training. Default 0.
        bidirectional: whether each layer runs through the sequence in both directions, and joins the outputs. Default
            False.
        proj_size: of an LSTM, the smaller size that the output is projected to; 0 for none. Default 0.
        device, dtype: of the weights. By default the default ones.

    Raises:
        TypeError: a size is no int.
        ValueError: mode is none of them, a size or num_layers is not positive, dropout is outside of 0 to 1, proj_size
            is not below hidden_size, or given for another layer than an LSTM.

    Example:
        >>> import weft
        >>> base = weft.nn.RNNBase("GRU", 3, 4)
        >>> base.weight_ih_l0.shape == (12, 3), base.weight_hh_l0.shape == (12, 4)
        (True, True)
    """

    dropout: float

    def __init__(
        self,
        mode: str,
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
        super().__init__()
        name = type(self).__name__
        if mode not in _GATES:
            raise ValueError(f"{name}: mode must be one of {', '.join(map(repr, _GATES))}, got {mode!r}")
        check_integers(name, input_size=input_size, hidden_size=hidden_size, num_layers=num_layers, proj_size=proj_size)
        check_flags(name, bias=bias, batch_first=batch_first, bidirectional=bidirectional)
        check_numbers(name, dropout=dropout)
        for key, size in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
            if size <= 0:
                raise ValueError(f"{name}: {key} must be positive, got {size}")
        if num_layers > _MOST_LAYERS:
            raise ValueError(f"{name}: num_layers must be at most {_MOST_LAYERS}, got {num_layers}")
        if not 0 <= dropout <= 1:
            raise ValueError(f"{name}: dropout must be between 0 and 1, got {dropout}")
        if not 0 <= proj_size < hidden_size:
            raise ValueError(
                f"{name}: proj_size must be from 0 to hidden_size - 1 = {hidden_size - 1}, got {proj_size}"
            )
        if proj_size and mode != "LSTM":
            raise ValueError(f"{name}: only an LSTM has a proj_size, got {proj_size}")
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                f"{name}: dropout comes between layers, so that dropout={dropout} has no effect with num_layers=1",
                stacklevel=3,
            )
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._all_weights = []
        for layer in range(num_layers):
            for suffix in self._suffixes(layer):
                self._add_weights(layer, suffix, device, dtype)
        self.reset_parameters()

    def _suffixes(self, layer):
        return [f"_l{layer}", f"_l{layer}_reverse"] if self.bidirectional else [f"_l{layer}"]

    def _add_weights(self, layer, suffix, device, dtype):
        rows, output = _GATES[self.mode] * self.hidden_size, self.proj_size or self.hidden_size
        below = self.input_size if layer == 0 else output * (2 if self.bidirectional else 1)
        shapes = {"weight_ih": (rows, below), "weight_hh": (rows, output)}
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        for name, shape in shapes.items():
            setattr(self, name + suffix, Parameter(weft.empty(shape, device=device, dtype=dtype)))
        self._all_weights.append([name + suffix for name in shapes])

    @property
    def _flat_weights_names(self):
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self):
        return [getattr(self, name) for name in self._flat_weights_names]

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The weights of each layer and direction, as lists."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def flatten_parameters(self) -> None:
        """Does nothing: the weights of Weft need not lie in one block of memory. Programs for PyTorch call it.

        Example:
            >>> import weft
            >>> weft.nn.GRU(3, 4).flatten_parameters()
        """

    def reset_parameters(self) -> None:
        """Draws all weights anew, uniform in +-1/sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """Raises RuntimeError unless input is a batch of sequences for this layer.

        Args:
            input: (steps, batch, input_size) or, with batch_first, (batch, steps, input_size); with batch_sizes
                (rows, input_size).
            batch_sizes: of a PackedSequence, or None.

        Example:
            >>> import weft
            >>> weft.nn.GRU(3, 4).check_input(weft.ones(5, 2, 3), None)
        """
        name, dims = type(self).__name__, 3 if batch_sizes is None else 2
        check_tensors(name, ("batch_sizes",), input=input, batch_sizes=batch_sizes)
        if input.dim() != dims:
            raise RuntimeError(f"{name}: expected an input of {dims} dims, got shape {_shown(input.shape)}")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{name}: expected {self.input_size} input features, got {input.shape[-1]} in input of shape "
                f"{_shown(input.shape)}"
            )

    def _expected_shape(self, input, batch_sizes, size):
        batch = input.shape[0 if self.batch_first else 1] if batch_sizes is None else batch_sizes.tolist()[0]
        return self.num_layers * (2 if self.bidirectional else 1), batch, size

    def get_expected_hidden_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """The shape of h_0 for an input.

        Args:
            input, batch_sizes: as for :meth:`check_input`.

        Example:
            >>> import weft
            >>> weft.nn.GRU(3, 4, num_layers=2).get_expected_hidden_size(weft.ones(5, 7, 3), None)
            (2, 7, 4)
        """
        check_tensors(type(self).__name__, ("batch_sizes",), input=input, batch_sizes=batch_sizes)
        return self._expected_shape(input, batch_sizes, self.proj_size or self.hidden_size)

    def check_hidden_size(self, hx: Tensor, expected_hidden_size: tuple[int, int, int], msg: str = "") -> None:
        """Raises RuntimeError unless an initial state has the expected shape.

        Args:
            hx: the state.
            expected_hidden_size: its shape.
            msg: the text of the error, with two places: for the expected and the actual shape.

        Example:
            >>> import weft
            >>> weft.nn.GRU(3, 4).check_hidden_size(weft.ones(1, 7, 4), (1, 7, 4))
        """
        check_tensors(type(self).__name__, hx=hx)
        check_instances((tuple, list), type(self).__name__, expected_hidden_size=expected_hidden_size)
        check_text(type(self).__name__, msg=msg)
        if tuple(hx.shape) != tuple(expected_hidden_size):
            msg = msg or f"{type(self).__name__}: expected an initial state of shape {{}}, got {{}}"
            raise RuntimeError(msg.format(tuple(expected_hidden_size), _shown(hx.shape)))

    def check_forward_args(self, input: Tensor, hidden: States, batch_sizes: Tensor | None) -> None:
        """Raises RuntimeError unless an input and its initial states fit this layer.

        Args:
            input, batch_sizes: as for :meth:`check_input`.
            hidden: the initial state; of an LSTM h_0 and c_0.

        Example:
            >>> import weft
            >>> weft.nn.GRU(3, 4).check_forward_args(weft.ones(5, 7, 3), weft.ones(1, 7, 4), None)
        """
        self.check_input(input, batch_sizes)
        self._check_state_type(hidden)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx: States, permutation: Tensor | None) -> States:
        """A state with the sequences in another order; as it is for None.

        Args:
            hx: the state; of an LSTM h and c.
            permutation: the indices of the sequences, in their new order.

        Example:
            >>> import weft
            >>> weft.nn.GRU(1, 1).permute_hidden(weft.tensor([[[1.], [2.]]]), weft.tensor([1, 0])).flatten()
            tensor([2., 1.])
        """
        self._check_state_type(hx)
        check_tensors(type(self).__name__, ("permutation",), permutation=permutation)
        return hx if permutation is None else hx.index_select(1, permutation)

    def _initial(self, input, batch_sizes):
        shape = self.get_expected_hidden_size(input, batch_sizes)
        return weft.zeros(shape, dtype=input.dtype, device=input.device)

    # Of a state, which subclasses with several states map over them.
    def _each(self, function, hx):
        return function(hx)

    def _check_state_type(self, hx):
        check_instances(weft.Tensor, type(self).__name__, hx=hx)

    def _run(self, input, hx):
        """output, state."""
        name = type(self).__name__
        if hx is not None:
            self._check_state_type(hx)
        if isinstance(input, PackedSequence):
            return self._run_packed(input, hx)
        check_tensors(name, input=input)
        if input.dim() not in (2, 3):
            raise ValueError(f"{name}: expected an input of 2 or 3 dims, got shape {_shown(input.shape)}")
        alone, batch = input.dim() == 2, 0 if self.batch_first else 1
        if hx is not None:
            self._each(lambda h: self._check_state_dims(h, input), hx)
        if alone:
            input = input.unsqueeze(batch)
            hx = None if hx is None else self._each(lambda h: h.unsqueeze(1), hx)
        self.check_input(input, None)
        if input.shape[1 - batch] == 0:
            raise RuntimeError(f"{name}: expected at least one time step, got input of shape {_shown(input.shape)}")
        hx = self._initial(input, None) if hx is None else hx
        self.check_forward_args(input, hx, None)
        output, *states = self._function()(
            input, hx, self._flat_weights, self.bias, self.num_layers, self.dropout, self.training, self.bidirectional,
            self.batch_first,
        )  # fmt: skip
        if alone:
            output, states = output.squeeze(batch), [h.squeeze(1) for h in states]
        return output, self._joined(states)

    def _run_packed(self, packed, hx):
        data, batch_sizes, sorted_indices, unsorted_indices = packed
        self.check_input(data, batch_sizes)
        hx = self._initial(data, batch_sizes) if hx is None else self.permute_hidden(hx, sorted_indices)
        self.check_forward_args(data, hx, batch_sizes)
        output, *states = self._function()(
            data, batch_sizes, hx, self._flat_weights, self.bias, self.num_layers, self.dropout, self.training,
            self.bidirectional,
        )  # fmt: skip
        states = self.permute_hidden(self._joined(states), unsorted_indices)
        return PackedSequence(output, batch_sizes, sorted_indices, unsorted_indices), states

    def _check_state_dims(self, h, input):
        if h.dim() != input.dim():
            kind = "a sequence without a batch (2 dims)" if input.dim() == 2 else "a batch of sequences (3 dims)"
            raise RuntimeError(
                f"{type(self).__name__}: for {kind} the initial state needs as many dims, got shape {_shown(h.shape)}"
            )

    def _function(self):
        return getattr(weft, self.mode.lower())

    def _joined(self, states):
        return states[0]

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        defaults = {"proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0}
        for name, default in {**defaults, "bidirectional": False}.items():
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        return text

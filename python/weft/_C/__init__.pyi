from __future__ import annotations

import builtins
import collections.abc
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy
import numpy as np

import weft
from weft._C import _return_types
from weft._handles import RemovableHandle
from weft._size import Size as _Size
from weft._tensor_names import layout as _Layout
from weft._tensor_names import memory_format as _MemoryFormat
from weft.cuda.streams import Stream
class OutOfMemoryError(RuntimeError, MemoryError):
    """A device has no memory left; the message says who holds how much."""
class dtype:
    """
    The type of a tensor's elements: weft.float32, weft.int64, weft.bool, ...

    >>> import weft
    >>> weft.ones(2).dtype, weft.float32.itemsize
    (weft.float32, 4)
    """
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __reduce__(self) -> tuple[Any, ...]:
        ...
    def __repr__(self) -> str:
        ...
    def to_complex(self) -> weft.dtype:
        """
        The complex dtype whose parts hold this floating point dtype: complex64 or complex128.

        Raises RuntimeError for other dtypes, and for float8.

        >>> import weft
        >>> weft.float64.to_complex(), weft.float16.to_complex()
        (weft.complex128, weft.complex64)
        """
    def to_real(self) -> weft.dtype:
        """
        The dtype of the parts of a complex dtype; a floating point one itself.

        Raises RuntimeError for other dtypes.

        >>> import weft
        >>> weft.complex64.to_real(), weft.float16.to_real()
        (weft.float32, weft.float16)
        """
    @property
    def is_complex(self) -> builtins.bool:
        """
        Is it a complex dtype?

        >>> import weft
        >>> weft.complex64.is_complex, weft.float32.is_complex
        (True, False)
        """
    @property
    def is_floating_point(self) -> builtins.bool:
        """
        Is it a floating point dtype? Complex dtypes are none.

        >>> import weft
        >>> weft.float16.is_floating_point, weft.complex64.is_floating_point
        (True, False)
        """
    @property
    def is_signed(self) -> builtins.bool:
        """
        Does it hold negative numbers?

        >>> import weft
        >>> weft.int8.is_signed, weft.uint8.is_signed, weft.bool.is_signed
        (True, False, False)
        """
    @property
    def itemsize(self) -> builtins.int:
        """
        The bytes of one element.

        >>> import weft
        >>> weft.float64.itemsize
        8
        """
class device:
    """
    Where a tensor lives: weft.device('cpu'), weft.device('cuda', 1) or ('cuda:1'), weft.device('meta').

    A number alone is a GPU. As a context manager: where new tensors go. Raises RuntimeError for an unknown
    name, TypeError for other objects.

    >>> import weft
    >>> weft.device('cuda:1')
    device(type='cuda', index=1)
    >>> with weft.device('meta'):
    ...     weft.ones(2).device
    device(type='meta')
    """
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __enter__(self) -> typing.Any:
        ...
    def __eq__(self, arg0: typing.Any) -> builtins.bool:
        ...
    def __exit__(self, *args: Any) -> None:
        ...
    def __hash__(self) -> builtins.int:
        ...
    def __init__(self, type: typing.Any, index: typing.SupportsInt | typing.SupportsIndex | None = None) -> None:
        ...
    def __reduce__(self) -> tuple[Any, ...]:
        ...
    def __repr__(self) -> str:
        ...
    def __str__(self) -> str:
        ...
    @property
    def index(self) -> builtins.int | None:
        """
        The number of the GPU; None for devices of which there is one.

        >>> import weft
        >>> weft.device('cuda:1').index, weft.device('cpu').index
        (1, None)
        """
    @property
    def type(self) -> str:
        """
        The kind of device: 'cpu', 'cuda' or 'meta'.

        >>> import weft
        >>> weft.device('cuda:1').type
        'cuda'
        """
class _HookPlace:
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def remove(self) -> None:
        ...
class Node:
    """
    A recorded step of the autograd graph, as Tensor.grad_fn gives it.

    >>> import weft
    >>> x = weft.ones(2, requires_grad=True)
    >>> (x * 2).grad_fn
    <MulBackward0>
    """
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __eq__(self, arg0: typing.Any) -> builtins.bool:
        ...
    def __hash__(self) -> builtins.int:
        ...
    def __repr__(self) -> str:
        ...
    def name(self) -> str:
        """
        The name of the step.

        >>> import weft
        >>> (weft.ones(2, requires_grad=True) * 2).grad_fn.name()
        'MulBackward0'
        """
    @property
    def next_functions(self) -> tuple[Any, ...]:
        """
        The steps the gradient goes to, each with the number of its output; None where it ends.

        >>> import weft
        >>> (weft.ones(2, requires_grad=True) * 2).grad_fn.next_functions
        ((<AccumulateGrad>, 0),)
        """
    @property
    def variable(self) -> weft.Tensor:
        """
        The leaf in which this step accumulates gradients.

        Raises AttributeError unless the step is AccumulateGrad.

        >>> import weft
        >>> x = weft.ones(2, requires_grad=True)
        >>> (x * 2).grad_fn.next_functions[0][0].variable is x
        True
        """
class _SavedList:
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __init__(self) -> None:
        ...
    def unpack(self) -> tuple[Any, ...]:
        ...
class _FunctionInputs:
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __init__(self, arg0: collections.abc.Sequence[weft.Tensor | None]) -> None:
        ...
class _TracedProgram:
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
class _Program:
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __init__(self, traced: _TracedProgram, arguments: collections.abc.Sequence[str], state: collections.abc.Sequence[tuple[str, str, collections.abc.Sequence[str], weft.Tensor, builtins.bool]], share: builtins.bool = False) -> None:
        ...
    def changed(self) -> tuple[Any, ...]:
        ...
    def dot(self, backward: builtins.bool = False) -> str:
        ...
    def run(self, arguments: collections.abc.Sequence[weft.Tensor]) -> list[weft.Tensor]:
        ...
    def same_ops(self, arg0: _Program) -> builtins.bool:
        """
        For tests: equal ops in the same order?
        """
    def set_sizes(self, arg0: str) -> None:
        ...
    def tensors(self) -> list[tuple[str, weft.Tensor]]:
        ...
    def text(self, backward: builtins.bool = False) -> str:
        ...
    def to_json(self) -> str:
        ...
    @property
    def argument_types(self) -> list[Any]:
        ...
    @property
    def arguments(self) -> list[str]:
        ...
    @property
    def num_returned(self) -> builtins.int:
        ...
    @property
    def places(self) -> list[Any]:
        ...
    @property
    def signature(self) -> str:
        ...
    @property
    def state(self) -> list[Any]:
        ...
class _Guards:
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __init__(self) -> None:
        ...
    def __len__(self) -> builtins.int:
        ...
    def add_answer(self, arg0: typing.Any, arg1: typing.Any, arg2: str) -> None:
        ...
    def add_array(self, arg0: typing.Any, arg1: str) -> None:
        ...
    def add_attribute(self, arg0: typing.Any, arg1: str, arg2: str) -> None:
        ...
    def add_cell(self, arg0: typing.Any, arg1: str, arg2: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def add_class(self, arg0: typing.Any, arg1: str) -> None:
        ...
    def add_count(self, arg0: typing.Any, arg1: dict[Any, Any], arg2: typing.SupportsIndex, arg3: str) -> None:
        ...
    def add_dict(self, arg0: typing.Any, arg1: dict[Any, Any], arg2: str, arg3: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def add_function(self, arg0: typing.Any, arg1: str) -> None:
        ...
    def add_item(self, arg0: typing.Any, arg1: dict[Any, Any], arg2: typing.Any, arg3: str, arg4: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def add_slot(self, arg0: typing.Any, arg1: typing.Any, arg2: str) -> None:
        ...
    def add_type(self, arg0: typing.Any, arg1: str, arg2: str) -> None:
        ...
    def changed(self) -> str:
        ...
    def differing(self) -> list[tuple[builtins.int, typing.Any]]:
        ...
    def drop(self, arg0: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex]) -> None:
        ...
    def label(self, arg0: typing.SupportsInt | typing.SupportsIndex) -> str:
        ...
    def prune(self, other: _Guards | None = None) -> None:
        ...
    def renew(self, arg0: typing.SupportsInt | typing.SupportsIndex, arg1: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def set_backward(self, arg0: typing.Any) -> None:
        ...
class _Listener:
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def add(self, arg0: weft.Tensor) -> None:
        ...
    def has(self, arg0: weft.Tensor) -> builtins.bool:
        ...
class _ListenScope(_Listener):
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __enter__(self) -> typing.Any:
        ...
    def __exit__(self, *args: Any) -> None:
        ...
    def __init__(self) -> None:
        ...
class _RewindScope:
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __enter__(self) -> typing.Any:
        ...
    def __exit__(self, *args: Any) -> None:
        ...
    def __init__(self) -> None:
        ...
    def drew_more_than(self, arg0: _RewindScope) -> builtins.bool:
        ...
    def rewind(self) -> None:
        ...
    def states(self) -> list[tuple[builtins.int, builtins.int]]:
        ...
class _Snapshot:
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __init__(self, arg0: collections.abc.Sequence[weft.Tensor]) -> None:
        ...
    def restore(self) -> None:
        ...
class _Compiled:
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def _captured(self) -> list[weft.Tensor]:
        ...
    def _first_difference(self, arg0: collections.abc.Sequence[weft.Tensor], arg1: collections.abc.Sequence[weft.Tensor], arg2: _Listener, arg3: builtins.bool) -> str:
        ...
    def dot(self, arg0: builtins.bool) -> typing.Any:
        ...
    def memory_text(self, arg0: builtins.bool) -> typing.Any:
        ...
    def num_steps(self, arg0: builtins.bool) -> builtins.int:
        ...
    def peak_bytes(self, arg0: builtins.bool) -> builtins.int:
        ...
    def recording_text(self, arg0: builtins.bool) -> str:
        ...
    def text(self, arg0: builtins.bool) -> typing.Any:
        ...
    @property
    def eager(self) -> builtins.bool:
        ...
    @property
    def group(self) -> bytes:
        ...
    @property
    def guards(self) -> typing.Any:
        ...
    @property
    def passes(self) -> list[tuple[str, str]]:
        ...
    @property
    def reason(self) -> str:
        ...
    @property
    def signature(self) -> list[str]:
        ...
    @property
    def sizes(self) -> list[builtins.int]:
        ...
class _Jit:
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __call__(self, *args: Any, **kwargs: Any) -> typing.Any:
        ...
    def __init__(self, function: typing.Any, traced_call: typing.Any, dynamic: collections.abc.Sequence[tuple[str, collections.abc.Sequence[typing.SupportsIndex]]], without: collections.abc.Sequence[str], record: builtins.bool, check: typing.Any = None, fall_back: typing.Any = None) -> None:
        ...
    def _argument_tensors(self, *args: Any, **kwargs: Any) -> list[weft.Tensor]:
        ...
    def _keep_eager(self, arg0: str, *args: Any, **kwargs: Any) -> None:
        ...
    def _look_up(self, *args: Any, **kwargs: Any) -> _Compiled:
        ...
    def _profile(self, *args: Any, **kwargs: Any) -> list[Any]:
        ...
    def _run(self, arg0: _Compiled, arg1: tuple[Any, ...], arg2: dict[Any, Any]) -> typing.Any:
        ...
    def _trace_apart(self, *args: Any, **kwargs: Any) -> _Compiled:
        ...
    def _trace_for_export(self, *args: Any, **kwargs: Any) -> _TracedProgram:
        ...
    def _without_pass(self, arg0: _Compiled, arg1: str) -> _Compiled:
        ...
    def clear(self) -> None:
        ...
    def compile(self, *args: Any, **kwargs: Any) -> _Compiled:
        ...
    @property
    def compiled(self) -> list[_Compiled]:
        ...
    @property
    def traces(self) -> builtins.int:
        ...
class _OutsideTrace:
    """
    A scope whose work is not traced, and whose tensors outlive a trace.
    """
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __enter__(self) -> None:
        ...
    def __exit__(self, *args: Any) -> None:
        ...
    def __init__(self) -> None:
        ...
class _ForwardLevel:
    """
    A level of forward-mode differentiation.
    """
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __enter__(self) -> _ForwardLevel:
        ...
    def __exit__(self, *args: Any) -> None:
        ...
    def __init__(self) -> None:
        ...
    def make_dual(self, arg0: weft.Tensor, arg1: weft.Tensor) -> weft.Tensor:
        ...
    def unpack(self, arg0: weft.Tensor) -> tuple[weft.Tensor, weft.Tensor]:
        ...
class _LevelOfCall:
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def output(self, arg0: weft.Tensor, arg1: weft.Tensor) -> weft.Tensor:
        ...
    def outside(self, arg0: typing.Any) -> typing.Any:
        ...
    def unpack(self, arg0: weft.Tensor) -> tuple[weft.Tensor, weft.Tensor]:
        ...
class _DrawScope:
    """
    A scope that leaves a generator as it was when it raises.
    """
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __enter__(self) -> None:
        ...
    def __exit__(self, arg0: typing.Any, arg1: typing.Any, arg2: typing.Any) -> None:
        ...
    def __init__(self, generator: Generator | None = None) -> None:
        ...
class Generator:
    """
    A stream of random numbers with its own seed, to be given as generator= to functions that draw.

    device: where the numbers are for; a generator serves tensors on every device.

    >>> import weft
    >>> g, h = weft.Generator().manual_seed(1), weft.Generator().manual_seed(1)
    >>> weft.equal(weft.rand(3, generator=g), weft.rand(3, generator=h))
    True
    """
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __init__(self, device: weft.device | None = ...) -> None:
        ...
    def __reduce__(self) -> tuple[Any, ...]:
        ...
    def get_state(self) -> weft.Tensor:
        """
        The place in the stream, as a tensor of 16 bytes (uint8) for set_state().

        >>> import weft
        >>> weft.Generator().get_state().shape
        weft.Size([16])
        """
    def initial_seed(self) -> builtins.int:
        """
        The seed the stream was started from.

        >>> import weft
        >>> weft.Generator().manual_seed(3).initial_seed()
        3
        """
    def manual_seed(self, seed: typing.Any) -> typing.Any:
        """
        Starts the stream anew from a seed and returns the generator; negative seeds count from 2^64.

        Raises TypeError for another thing than an integer, ValueError outside of [-2^63, 2^64).

        >>> import weft
        >>> weft.Generator().manual_seed(3).initial_seed()
        3
        """
    def seed(self) -> builtins.int:
        """
        Starts the stream anew from a seed of the operating system, which is returned.

        >>> import weft
        >>> g = weft.Generator()
        >>> g.seed() == g.initial_seed()
        True
        """
    def set_state(self, new_state: weft.Tensor) -> typing.Any:
        """
        Goes back to a place in the stream that get_state() gave, and returns the generator.

        Raises RuntimeError for a tensor that is not such a state.

        >>> import weft
        >>> g = weft.Generator()
        >>> state = g.get_state()
        >>> first = weft.rand(3, generator=g)
        >>> weft.equal(weft.rand(3, generator=g.set_state(state)), first)
        True
        """
    @property
    def device(self) -> weft.device:
        """
        The device of the state: always the CPU.

        >>> import weft
        >>> weft.Generator().device
        device(type='cpu')
        """
class _PreparedStep:
    """
    An optimiser's step that was checked and can be taken.
    """
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
def _adam_step(params: list[weft.Tensor], grads: list[weft.Tensor], exp_avgs: list[weft.Tensor], exp_avg_sqs: list[weft.Tensor], max_exp_avg_sqs: list[weft.Tensor], step: typing.SupportsFloat | typing.SupportsIndex, lr: typing.SupportsFloat | typing.SupportsIndex, beta1: typing.SupportsFloat | typing.SupportsIndex, beta2: typing.SupportsFloat | typing.SupportsIndex, eps: typing.SupportsFloat | typing.SupportsIndex, weight_decay: typing.SupportsFloat | typing.SupportsIndex, decoupled: builtins.bool, amsgrad: builtins.bool, maximize: builtins.bool) -> None:
    """
    One step of Adam or AdamW on all parameters. Changes params and the three lists of state.
    """
def _around_calls(arg0: typing.Any, arg1: typing.Any) -> None:
    ...
def _backward(tensors: typing.Any, grad_tensors: typing.Any = None, retain_graph: builtins.bool | None = None, create_graph: builtins.bool = False, inputs: typing.Any = None) -> None:
    ...
def _build_info() -> dict[Any, Any]:
    ...
def _check_form(arg0: str) -> None:
    """
    Raises for a form that a function of a tensor and an integer cannot have.
    """
def _check_inplace(op: str, tensors: collections.abc.Sequence[weft.Tensor]) -> None:
    """
    Raises RuntimeError if one of the tensors cannot be changed in place.
    """
def _depends_on_others(arg0: collections.abc.Sequence[weft.Tensor], arg1: collections.abc.Sequence[weft.Tensor]) -> builtins.bool:
    ...
def _dtype(arg0: str) -> typing.Any:
    ...
def _function_call(arg0: typing.Any, arg1: collections.abc.Sequence[weft.Tensor], arg2: collections.abc.Sequence[weft.Tensor]) -> list[weft.Tensor]:
    ...
def _function_interpreter(arg0: collections.abc.Sequence[weft.Tensor | None]) -> typing.Any:
    ...
def _generator(arg0: typing.Any, arg1: typing.SupportsInt | typing.SupportsIndex, arg2: typing.SupportsInt | typing.SupportsIndex) -> typing.Any:
    ...
def _global_norm(tensors: collections.abc.Sequence[weft.Tensor]) -> weft.Tensor:
    """
    The 2-norm of all elements of all tensors.
    """
def _grad(outputs: typing.Any, inputs: typing.Any, grad_outputs: typing.Any = None, retain_graph: builtins.bool | None = None, create_graph: builtins.bool = False, allow_unused: builtins.bool | None = None, materialize_grads: builtins.bool = False) -> typing.Any:
    ...
def _gradients_of(params: typing.Any, known: list[Any]) -> typing.Any:
    """
    The gradients of the parameters that have one, if these are the known ones; else None.
    """
def _holds_its_object(arg0: typing.Any) -> builtins.bool:
    ...
def _in_forward_level() -> builtins.bool:
    ...
def _instance_dict(arg0: typing.Any) -> typing.Any:
    ...
def _is_grad_enabled() -> builtins.bool:
    ...
def _is_symbolic(arg0: weft.Tensor) -> builtins.bool:
    """
    Has it no values?
    """
def _is_traced_for_later() -> builtins.bool:
    """
    Is this thread tracing for weft.jit, and not only for a transform?
    """
def _is_tracing() -> builtins.bool:
    """
    Is this thread tracing a function for weft.jit?
    """
def _jit_passes() -> list[str]:
    ...
def _load_program(path: str) -> _Program:
    ...
def _prepare_adam_step(params: list[weft.Tensor], grads: list[weft.Tensor], exp_avgs: list[weft.Tensor], exp_avg_sqs: list[weft.Tensor], max_exp_avg_sqs: list[weft.Tensor], step: typing.SupportsFloat | typing.SupportsIndex, lr: typing.SupportsFloat | typing.SupportsIndex, beta1: typing.SupportsFloat | typing.SupportsIndex, beta2: typing.SupportsFloat | typing.SupportsIndex, eps: typing.SupportsFloat | typing.SupportsIndex, weight_decay: typing.SupportsFloat | typing.SupportsIndex, decoupled: builtins.bool, amsgrad: builtins.bool, maximize: builtins.bool) -> _PreparedStep:
    """
    One step of Adam or AdamW on all parameters, to be taken: will change params and the three lists of state.
    """
def _prepare_sgd_step(params: list[weft.Tensor], grads: list[weft.Tensor], momentum_buffers: list[weft.Tensor], lr: typing.SupportsFloat | typing.SupportsIndex, momentum: typing.SupportsFloat | typing.SupportsIndex, dampening: typing.SupportsFloat | typing.SupportsIndex, weight_decay: typing.SupportsFloat | typing.SupportsIndex, nesterov: builtins.bool, maximize: builtins.bool, first_step: builtins.bool) -> _PreparedStep:
    """
    One step of SGD on all parameters, to be taken: will change params and momentum_buffers.
    """
def _record_function(arg0: str, arg1: typing.Any, arg2: _SavedList, arg3: _FunctionInputs, arg4: collections.abc.Sequence[weft.Tensor], arg5: collections.abc.Sequence[weft.Tensor | None], arg6: collections.abc.Sequence[weft.Tensor], arg7: collections.abc.Sequence[weft.Tensor], arg8: builtins.bool) -> list[weft.Tensor]:
    ...
def _refuse(message: str) -> None:
    """
    Raises RuntimeError: an error that eager mode would not raise, so that a trace ends even if it is caught.
    """
def _refuse_change_in_body(arg0: str) -> None:
    ...
def _refuse_while_tracing(what: str) -> None:
    ...
def _run_steps(steps: collections.abc.Sequence[_PreparedStep]) -> None:
    """
    Takes steps that were prepared.
    """
def _same_bits(arg0: weft.Tensor, arg1: weft.Tensor) -> builtins.bool:
    """
    The same dtype, shape and bits, NaNs being equal?
    """
def _set_anomaly_callbacks(arg0: typing.Any, arg1: typing.Any, arg2: typing.Any) -> None:
    ...
def _set_anomaly_mode(arg0: builtins.bool, arg1: builtins.bool) -> tuple[builtins.bool, builtins.bool]:
    ...
def _set_grad_enabled(arg0: builtins.bool) -> builtins.bool:
    ...
def _set_inference_mode(arg0: builtins.bool) -> builtins.bool:
    ...
def _set_numbers(numbers: weft.Tensor, values: collections.abc.Sequence[typing.SupportsFloat | typing.SupportsIndex]) -> None:
    ...
def _sgd_step(params: list[weft.Tensor], grads: list[weft.Tensor], momentum_buffers: list[weft.Tensor], lr: typing.SupportsFloat | typing.SupportsIndex, momentum: typing.SupportsFloat | typing.SupportsIndex, dampening: typing.SupportsFloat | typing.SupportsIndex, weight_decay: typing.SupportsFloat | typing.SupportsIndex, nesterov: builtins.bool, maximize: builtins.bool, first_step: builtins.bool) -> None:
    """
    One step of SGD on all parameters. Changes params and momentum_buffers.
    """
def _state_is(state: typing.Any, params: list[Any], entries: list[Any], names: tuple[Any, ...], columns: list[Any]) -> builtins.bool:
    """
    Is an optimizer's state what a step has last seen?
    """
def _trace_adam_step(params: collections.abc.Sequence[weft.Tensor], grads: collections.abc.Sequence[weft.Tensor], exp_avgs: collections.abc.Sequence[weft.Tensor], exp_avg_sqs: collections.abc.Sequence[weft.Tensor], max_exp_avg_sqs: collections.abc.Sequence[weft.Tensor], numbers: weft.Tensor) -> None:
    """
    Records a step of Adam whose numbers are read when it runs.
    """
def _trace_number() -> builtins.int:
    """
    Tells traces apart; 0 outside of any.
    """
def _trace_sgd_step(params: collections.abc.Sequence[weft.Tensor], grads: collections.abc.Sequence[weft.Tensor], momentum_buffers: collections.abc.Sequence[weft.Tensor], numbers: weft.Tensor) -> None:
    """
    Records a step of SGD whose numbers are read when it runs.
    """
def _traced_cond(arg0: weft.Tensor, arg1: typing.Any, arg2: typing.Any, arg3: collections.abc.Sequence[weft.Tensor]) -> typing.Any:
    ...
def _traced_scan(arg0: typing.Any, arg1: collections.abc.Sequence[weft.Tensor], arg2: collections.abc.Sequence[weft.Tensor], arg3: typing.SupportsIndex, arg4: builtins.bool) -> list[weft.Tensor]:
    ...
def _traced_while(arg0: typing.Any, arg1: typing.Any, arg2: collections.abc.Sequence[weft.Tensor]) -> list[weft.Tensor]:
    ...
def _type_lookup(arg0: type, arg1: str, arg2: typing.Any) -> typing.Any:
    ...
def _unplanned_scratch() -> builtins.int:
    """
    Bytes of scratch memory that jitted steps took beyond their plans; 0, or there is a mistake in an op.
    """
def _variable_of(arg0: weft.Tensor) -> weft.Tensor:
    """
    A leaf with the same values and tangents, or a view if x has a history.
    """
def _vmap(arg0: typing.Any, arg1: collections.abc.Sequence[weft.Tensor], arg2: typing.SupportsIndex, arg3: str) -> list[tuple[weft.Tensor, builtins.bool]]:
    ...
def _watch_condition(arg0: typing.Any) -> None:
    """
    condition() gives the reason why what is being traced does not hold any more, or an empty text.
    """
def _without_history(arg0: weft.Tensor) -> weft.Tensor:
    """
    The same values and tangents, detached from what autograd knows.
    """
_ALL_DIMS: builtins.int = 1048576
_PROGRAM_KEYS: tuple[Any, ...] = ('weft.program', 'weft.signature', 'weft.checksum')
__version__: str = '0.1.0'
bfloat16: dtype
bool: dtype
cdouble: dtype
cfloat: dtype
complex128: dtype
complex64: dtype
default_generator: Generator
double: dtype
float: dtype
float16: dtype
float32: dtype
float64: dtype
float8_e4m3fn: dtype
float8_e5m2: dtype
half: dtype
int: dtype
int16: dtype
int32: dtype
int64: dtype
int8: dtype
long: dtype
short: dtype
uint16: dtype
uint32: dtype
uint64: dtype
uint8: dtype

_DType: typing.TypeAlias = dtype
_Device: typing.TypeAlias = device

class Tensor:
    """A multi-dimensional array of one dtype on one device, which can record the ops applied to it.

    >>> import weft
    >>> x = weft.tensor([[1., 2.], [3., 4.]])
    >>> x.shape
    weft.Size([2, 2])
    >>> x.sum()
    tensor(10.)
    """
    __array_priority__: typing.ClassVar[builtins.int]
    T: Tensor
    _base: Tensor | None
    _is_inference: builtins.bool
    _is_traced: builtins.bool
    _version: builtins.int
    data: Tensor
    device: _Device
    dtype: _DType
    grad: Tensor | None
    grad_fn: Node | None
    is_cpu: builtins.bool
    is_cuda: builtins.bool
    is_leaf: builtins.bool
    is_meta: builtins.bool
    is_quantized: builtins.bool
    is_sparse: builtins.bool
    itemsize: builtins.int
    mT: Tensor
    nbytes: builtins.int
    ndim: builtins.int
    requires_grad: builtins.bool
    retains_grad: builtins.bool
    shape: _Size
    def __init__(self: Tensor, *args: Any, **kwargs: Any) -> None: ...
    @property
    def H(self: Tensor) -> Tensor:
        """The conjugate transpose of the last two dimensions: of a real tensor, the transpose.

        >>> import weft
        >>> weft.tensor([[1, 2]]).H
        tensor([[1],
                [2]])
        """
    def __abs__(self: Tensor) -> Tensor: ...
    def __add__(self: Tensor, other: Any) -> Tensor: ...
    def __and__(self: Tensor, other: Any) -> Tensor: ...
    def __array__(self: Tensor, dtype: Any=None, copy: builtins.bool | None=None) -> Any:
        """The NumPy array that numpy.asarray(tensor) gives: numpy(), converted where dtype is another one.

        copy: True for a new array in any case. Raises ValueError for copy=False where one is needed, else what
        numpy() raises.

        >>> import numpy, weft
        >>> numpy.asarray(weft.arange(3), dtype='float32')
        array([0., 1., 2.], dtype=float32)
        """
    def __array_wrap__(self: Tensor, array: Any, context: Any=None, return_scalar: Any=False) -> Any:
        """What a NumPy function made of a tensor's values is a tensor too: np.sqrt(x).
        """
    def __bool__(self: Tensor) -> builtins.bool: ...
    def __complex__(self: Tensor) -> builtins.complex:
        """The value of a tensor of one element as a complex number: what complex(tensor) calls.

        Raises RuntimeError for another number of elements.

        >>> import weft
        >>> complex(weft.tensor([2.]))
        (2+0j)
        """
    def __contains__(self: Tensor, element: Any) -> Any: ...
    def __deepcopy__(self: Tensor, memo: Any) -> Any: ...
    def __delitem__(self: Tensor, key: Any) -> None: ...
    def __dir__(self: Tensor) -> Any: ...
    def __dlpack__(self: Tensor, *, stream: builtins.int | None=None, max_version: tuple[builtins.int, builtins.int] | None=None, dl_device: tuple[builtins.int, builtins.int] | None=None, copy: builtins.bool | None=None) -> Any:
        """A DLPack capsule of this tensor's memory: what from_dlpack() of Weft, NumPy and others calls.

        stream: the consumer's, which the data are made ready for (-1: not at all). max_version: the newest
        version of DLPack that the consumer reads. copy: True for memory of its own.

        Raises BufferError for a tensor that requires grad, on the meta device, or on read-only memory before
        version 1.

        >>> import numpy, weft
        >>> numpy.from_dlpack(weft.ones(2))
        array([1., 1.], dtype=float32)
        """
    def __dlpack_device__(self: Tensor) -> tuple[builtins.int, builtins.int]:
        """The device in DLPack's numbers: (1, 0) for host memory, (2, index) for an NVIDIA GPU.

        >>> import weft
        >>> weft.ones(2).__dlpack_device__()
        (1, 0)
        """
    def __eq__(self: Tensor, other: Any) -> Tensor: ...  # type: ignore[override]
    def __float__(self: Tensor) -> builtins.float: ...
    def __floordiv__(self: Tensor, other: Any) -> Tensor: ...
    def __format__(self: Tensor, spec: Any) -> Any: ...
    def __ge__(self: Tensor, other: Any) -> Tensor: ...
    def __getitem__(self: Tensor, key: Any) -> Tensor: ...
    def __gt__(self: Tensor, other: Any) -> Tensor: ...
    def __hash__(self: Tensor) -> builtins.int: ...
    def __iadd__(self: Tensor, other: Any) -> Tensor: ...
    def __iand__(self: Tensor, other: Any) -> Tensor: ...
    def __ifloordiv__(self: Tensor, other: Any) -> Tensor: ...
    def __imod__(self: Tensor, other: Any) -> Tensor: ...
    def __imul__(self: Tensor, other: Any) -> Tensor: ...
    def __index__(self: Tensor) -> builtins.int: ...
    def __int__(self: Tensor) -> builtins.int: ...
    def __invert__(self: Tensor) -> Tensor: ...
    def __ior__(self: Tensor, other: Any) -> Tensor: ...
    def __ipow__(self: Tensor, other: Any) -> Tensor: ...
    def __isub__(self: Tensor, other: Any) -> Tensor: ...
    def __iter__(self: Tensor) -> Iterator[Tensor]: ...
    def __itruediv__(self: Tensor, other: Any) -> Tensor: ...
    def __ixor__(self: Tensor, other: Any) -> Tensor: ...
    def __le__(self: Tensor, other: Any) -> Tensor: ...
    def __len__(self: Tensor) -> builtins.int: ...
    def __lshift__(self: Tensor, other: Any) -> Tensor: ...
    def __lt__(self: Tensor, other: Any) -> Tensor: ...
    def __matmul__(self: Tensor, other: Any) -> Tensor: ...
    def __mod__(self: Tensor, other: Any) -> Tensor: ...
    def __mul__(self: Tensor, other: Any) -> Tensor: ...
    def __ne__(self: Tensor, other: Any) -> Tensor: ...  # type: ignore[override]
    def __neg__(self: Tensor) -> Tensor: ...
    def __or__(self: Tensor, other: Any) -> Tensor: ...
    def __pos__(self: Tensor) -> Tensor: ...
    def __pow__(self: Tensor, other: Any) -> Tensor: ...
    def __radd__(self: Tensor, other: Any) -> Tensor: ...
    def __rand__(self: Tensor, other: Any) -> Tensor: ...
    def __reduce_ex__(self: Tensor, protocol: Any) -> Any: ...
    def __reversed__(self: Tensor) -> Any: ...
    def __rfloordiv__(self: Tensor, other: Any) -> Tensor: ...
    def __rlshift__(self: Tensor, other: Any) -> Tensor: ...
    def __rmatmul__(self: Tensor, other: Any) -> Tensor: ...
    def __rmod__(self: Tensor, other: Any) -> Tensor: ...
    def __rmul__(self: Tensor, other: Any) -> Tensor: ...
    def __ror__(self: Tensor, other: Any) -> Tensor: ...
    def __rpow__(self: Tensor, other: Any) -> Tensor: ...
    def __rrshift__(self: Tensor, other: Any) -> Tensor: ...
    def __rshift__(self: Tensor, other: Any) -> Tensor: ...
    def __rsub__(self: Tensor, other: Any) -> Tensor: ...
    def __rtruediv__(self: Tensor, other: Any) -> Tensor: ...
    def __rxor__(self: Tensor, other: Any) -> Tensor: ...
    def __setitem__(self: Tensor, key: Any, value: Any) -> None: ...
    def __sub__(self: Tensor, other: Any) -> Tensor: ...
    def __truediv__(self: Tensor, other: Any) -> Tensor: ...
    def __xor__(self: Tensor, other: Any) -> Tensor: ...
    def _add_accumulate_hook(self: Tensor, hook: Callable[[Tensor], Any]) -> Any: ...
    def _add_grad_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> Any: ...
    def abs(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def abs_(self: Tensor) -> Tensor: ...
    def absolute(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def absolute_(self: Tensor) -> Tensor: ...
    def acos(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def acos_(self: Tensor) -> Tensor: ...
    def acosh(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def acosh_(self: Tensor) -> Tensor: ...
    @overload
    def add(self: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """input + alpha * other (or minus), with broadcasting and type promotion.
        """
    @overload
    def add(self: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
    @overload
    def add_(self: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1) -> Any: ...
    @overload
    def add_(self: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
    @overload
    def addbmm(self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """beta * input + alpha * the sum over the batch of batch1 @ batch2.
        """
    @overload
    def addbmm(self: Tensor, beta: builtins.complex, alpha: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    @overload
    def addbmm(self: Tensor, beta: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    @overload
    def addbmm_(self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1) -> Any: ...
    @overload
    def addbmm_(self: Tensor, beta: builtins.complex, alpha: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    @overload
    def addbmm_(self: Tensor, beta: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    @overload
    def addcdiv(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """input + value * tensor1 * tensor2 (or / tensor2).
        """
    @overload
    def addcdiv(self: Tensor, value: builtins.complex, tensor1: Tensor, tensor2: Tensor) -> Tensor: ...
    @overload
    def addcdiv_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: builtins.complex=1) -> Tensor: ...
    @overload
    def addcdiv_(self: Tensor, value: builtins.complex, tensor1: Tensor, tensor2: Tensor) -> Tensor: ...
    @overload
    def addcmul(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """input + value * tensor1 * tensor2 (or / tensor2).
        """
    @overload
    def addcmul(self: Tensor, value: builtins.complex, tensor1: Tensor, tensor2: Tensor) -> Tensor: ...
    @overload
    def addcmul_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: builtins.complex=1) -> Tensor: ...
    @overload
    def addcmul_(self: Tensor, value: builtins.complex, tensor1: Tensor, tensor2: Tensor) -> Tensor: ...
    @overload
    def addmm(self: Tensor, mat1: Tensor, mat2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """beta * input + alpha * (mat1 @ mat2); with beta=0 input is ignored, NaN and all.
        """
    @overload
    def addmm(self: Tensor, beta: builtins.complex, alpha: builtins.complex, mat1: Tensor, mat2: Tensor) -> Tensor: ...
    @overload
    def addmm(self: Tensor, beta: builtins.complex, mat1: Tensor, mat2: Tensor) -> Tensor: ...
    @overload
    def addmm_(self: Tensor, mat1: Tensor, mat2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1) -> Any: ...
    @overload
    def addmm_(self: Tensor, beta: builtins.complex, alpha: builtins.complex, mat1: Tensor, mat2: Tensor) -> Tensor: ...
    @overload
    def addmm_(self: Tensor, beta: builtins.complex, mat1: Tensor, mat2: Tensor) -> Tensor: ...
    @overload
    def addmv(self: Tensor, mat: Tensor, vec: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """beta * input + alpha * (mat @ vec).
        """
    @overload
    def addmv(self: Tensor, beta: builtins.complex, alpha: builtins.complex, mat: Tensor, vec: Tensor) -> Tensor: ...
    @overload
    def addmv(self: Tensor, beta: builtins.complex, mat: Tensor, vec: Tensor) -> Tensor: ...
    @overload
    def addmv_(self: Tensor, mat: Tensor, vec: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1) -> Any: ...
    @overload
    def addmv_(self: Tensor, beta: builtins.complex, alpha: builtins.complex, mat: Tensor, vec: Tensor) -> Tensor: ...
    @overload
    def addmv_(self: Tensor, beta: builtins.complex, mat: Tensor, vec: Tensor) -> Tensor: ...
    def adjoint(self: Tensor) -> Tensor:
        """The conjugate transpose of the last two dimensions.
        """
    @overload
    def all(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
        """Is no element zero?

        >>> import weft
        >>> weft.tensor([False, True]).all()
        tensor(False)
        """
    @overload
    def all(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
    def allclose(self: Tensor, other: Tensor, rtol: builtins.float=1e-05, atol: builtins.float=1e-08, equal_nan: builtins.bool=False) -> Any:
        """Is isclose() true everywhere?
        """
    @overload
    def amax(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
        """Largest value over the given dimensions (default all); equal ones share the gradient.

        >>> import weft
        >>> weft.tensor([[1, 4], [3, 2]]).amax(1)
        tensor([4, 3])
        """
    @overload
    def amax(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
    @overload
    def amin(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
        """Smallest value over the given dimensions (default all); equal ones share the gradient.

        >>> import weft
        >>> weft.tensor([[1, 4], [3, 2]]).amin(1)
        tensor([1, 2])
        """
    @overload
    def amin(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
    @overload
    def aminmax(self: Tensor, *, dim: builtins.int | None=None, keepdim: builtins.bool=False, out: Any=None) -> Any:
        """The smallest and the largest element, as .min and .max.
        """
    @overload
    def aminmax(self: Tensor, *, axis: builtins.int | None=None, keepdims: builtins.bool=False, out: Any=None) -> Any: ...
    def angle(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The angle of complex numbers in radians, in (-pi, pi]: of real numbers pi where they are negative, else 0.

        >>> import weft
        >>> weft.angle(weft.tensor([1j, -1 + 0j]))
        tensor([1.5708, 3.1416])
        """
    @overload
    def any(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
        """Is any element not zero?

        >>> import weft
        >>> weft.tensor([False, True]).any()
        tensor(True)
        """
    @overload
    def any(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
    def arccos(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def arccos_(self: Tensor) -> Tensor: ...
    def arccosh(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def arccosh_(self: Tensor) -> Tensor: ...
    def arcsin(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def arcsin_(self: Tensor) -> Tensor: ...
    def arcsinh(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def arcsinh_(self: Tensor) -> Tensor: ...
    def arctan(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def arctan2(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def arctan2_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def arctan_(self: Tensor) -> Tensor: ...
    def arctanh(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def arctanh_(self: Tensor) -> Tensor: ...
    @overload
    def argmax(self: Tensor, dim: builtins.int | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
        """Position of the first of the largest elements along dim, or in the flattened tensor.

        >>> import weft
        >>> weft.tensor([1, 3, 2]).argmax()
        tensor(1)
        """
    @overload
    def argmax(self: Tensor, axis: builtins.int | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
    @overload
    def argmin(self: Tensor, dim: builtins.int | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
        """Position of the first of the smallest elements along dim, or in the flattened tensor.

        >>> import weft
        >>> weft.tensor([3, 1, 2]).argmin()
        tensor(1)
        """
    @overload
    def argmin(self: Tensor, axis: builtins.int | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
    @overload
    def argsort(self: Tensor, dim: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool=False) -> Tensor:
        """Where the elements in order along dim are.

        >>> import weft
        >>> weft.argsort(weft.tensor([3, 1, 2]))
        tensor([1, 2, 0])
        """
    @overload
    def argsort(self: Tensor, axis: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool=False) -> Tensor: ...
    def argwhere(self: Tensor) -> Tensor:
        """Coordinates (count, dims) of the elements that are not zero.
        """
    def as_strided(self: Tensor, size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int], storage_offset: builtins.int | None=None) -> Tensor:
        """Any view of the storage; counted in elements.
        """
    def asin(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def asin_(self: Tensor) -> Tensor: ...
    def asinh(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def asinh_(self: Tensor) -> Tensor: ...
    def atan(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def atan2(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def atan2_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def atan_(self: Tensor) -> Tensor: ...
    def atanh(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def atanh_(self: Tensor) -> Tensor: ...
    def backward(self: Tensor, gradient: Tensor | Sequence[Tensor] | None=None, retain_graph: builtins.bool | None=None, create_graph: builtins.bool=False, inputs: Tensor | Sequence[Tensor] | None=None) -> None:
        """Adds the gradients of this tensor to the .grad of the leaves it was made from.

        gradient: that of the tensor itself, of its shape; may be left out for one element (then 1). inputs:
        only these get gradients. create_graph: the backward is recorded too, for gradients of gradients.
        retain_graph: keeps what the graph has saved for another backward; by default as create_graph.

        Raises RuntimeError when nothing requires grad or the graph was already used; then no .grad has changed.

        >>> import weft
        >>> x = weft.tensor(3., requires_grad=True)
        >>> (x * x).backward()
        >>> x.grad
        tensor(6.)
        """
    @overload
    def baddbmm(self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """beta * input + alpha * (batch1 @ batch2), for batches of matrices.
        """
    @overload
    def baddbmm(self: Tensor, beta: builtins.complex, alpha: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    @overload
    def baddbmm(self: Tensor, beta: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    @overload
    def baddbmm_(self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1) -> Any: ...
    @overload
    def baddbmm_(self: Tensor, beta: builtins.complex, alpha: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    @overload
    def baddbmm_(self: Tensor, beta: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    def bernoulli(self: Tensor, p: builtins.float | None=None, *, generator: Any | None=None, out: Tensor | None=None) -> Tensor:
        """1 with probability input[i] (or p), else 0.
        """
    def bernoulli_(self: Tensor, p: Tensor | builtins.complex=0.5, *, generator: Any | None=None) -> Tensor: ...
    def bfloat16(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as bfloat16; the tensor itself where they are.

        Numbers that it does not hold become the nearest one. memory_format: the order in which the elements
        lie.

        >>> import weft
        >>> weft.tensor([257]).bfloat16()
        tensor([256.], dtype=weft.bfloat16)
        """
    def bincount(self: Tensor, weights: Tensor | None=None, minlength: builtins.int=0) -> Tensor:
        """How often each number from 0 occurs, or the sum of its weights.

        >>> import weft
        >>> weft.bincount(weft.tensor([1, 1, 3]))
        tensor([0, 2, 0, 1])
        """
    def bitwise_and(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def bitwise_and_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def bitwise_left_shift(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def bitwise_left_shift_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def bitwise_not(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def bitwise_not_(self: Tensor) -> Tensor: ...
    def bitwise_or(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def bitwise_or_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def bitwise_right_shift(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def bitwise_right_shift_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def bitwise_xor(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def bitwise_xor_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def bmm(self: Tensor, mat2: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Products of two batches of matrices, shapes (b, n, k) and (b, k, m).
        """
    def bool(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as bool; the tensor itself where they are.

        All but 0 is True. memory_format: the order in which the elements lie.

        >>> import weft
        >>> weft.tensor([0., 0.5]).bool()
        tensor([False,  True])
        """
    @overload
    def broadcast_to(self: Tensor, size: builtins.int | Sequence[builtins.int]) -> Tensor:
        """expand() to a shape.
        """
    @overload
    def broadcast_to(self: Tensor, *size: builtins.int) -> Tensor: ...
    def byte(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as uint8; the tensor itself where they are.

        Fractions are cut off; integers out of range keep their low bits. memory_format: the order in which the
        elements lie.

        >>> import weft
        >>> weft.tensor([1, 257]).byte()
        tensor([1, 1], dtype=weft.uint8)
        """
    def cauchy_(self: Tensor, median: builtins.float=0.0, sigma: builtins.float=1.0, *, generator: Any | None=None) -> Tensor:
        """Fills the tensor with numbers of the Cauchy distribution.
        """
    def cdouble(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as complex128; the tensor itself where they are.

        The imaginary part of real numbers is 0. memory_format: the order in which the elements lie.

        >>> import weft
        >>> weft.tensor([1.]).cdouble()
        tensor([1.+0.j], dtype=weft.complex128)
        """
    def ceil(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def ceil_(self: Tensor) -> Tensor: ...
    def cfloat(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as complex64; the tensor itself where they are.

        The imaginary part of real numbers is 0. memory_format: the order in which the elements lie.

        >>> import weft
        >>> weft.tensor([1.]).cfloat()
        tensor([1.+0.j])
        """
    def char(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as int8; the tensor itself where they are.

        Fractions are cut off; integers out of range keep their low bits. memory_format: the order in which the
        elements lie.

        >>> import weft
        >>> weft.tensor([1, 200]).char()
        tensor([  1, -56], dtype=weft.int8)
        """
    @overload
    def chunk(self: Tensor, chunks: builtins.int, dim: builtins.int=0) -> tuple[Any, ...]:
        """Views of that many parts of one size; the last may be smaller.
        """
    @overload
    def chunk(self: Tensor, chunks: builtins.int, axis: builtins.int=0) -> tuple[Any, ...]: ...
    def clamp(self: Tensor, min: Tensor | builtins.complex | None=None, max: Tensor | builtins.complex | None=None, *, out: Tensor | None=None) -> Tensor:
        """input limited to [min, max]; either may be left out, and may be a tensor.
        """
    def clamp_(self: Tensor, min: Tensor | builtins.complex | None=None, max: Tensor | builtins.complex | None=None) -> Tensor: ...
    def clamp_max(self: Tensor, max: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def clamp_max_(self: Tensor, max: Tensor | builtins.complex) -> Tensor: ...
    def clamp_min(self: Tensor, min: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def clamp_min_(self: Tensor, min: Tensor | builtins.complex) -> Tensor: ...
    def clip(self: Tensor, min: Tensor | builtins.complex | None=None, max: Tensor | builtins.complex | None=None, *, out: Tensor | None=None) -> Tensor:
        """input limited to [min, max]; either may be left out, and may be a tensor.
        """
    def clip_(self: Tensor, min: Tensor | builtins.complex | None=None, max: Tensor | builtins.complex | None=None) -> Tensor: ...
    def clone(self: Tensor, *, memory_format: _MemoryFormat | None=None) -> Tensor:
        """A copy with memory of its own; gradients flow back to the original. A dense tensor keeps the order of its elements unless memory_format names another one.
        """
    def conj(self: Tensor) -> Tensor:
        """The complex conjugate: a new tensor; a real tensor itself.

        >>> import weft
        >>> weft.tensor([1 + 2j]).conj()
        tensor([1.-2.j])
        """
    def conj_physical(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The complex conjugate, as conj() gives it.
        """
    def conj_physical_(self: Tensor) -> Tensor: ...
    def contiguous(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The tensor itself if it is contiguous, else a contiguous copy; or in the order that memory_format names.

        Raises RuntimeError for weft.channels_last of a tensor that has not 4 dimensions, or weft.channels_last_3d of one that has not 5.

        >>> import weft
        >>> weft.ones(2, 3, 4, 5).contiguous(memory_format=weft.channels_last).stride()
        (60, 1, 15, 3)
        """
    def copy_(self: Tensor, src: Tensor, non_blocking: builtins.bool=False) -> Tensor:
        """Copies src, which may live on another device, over this tensor, with broadcasting and conversion.
        """
    def copysign(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def copysign_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def cos(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def cos_(self: Tensor) -> Tensor: ...
    def cosh(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def cosh_(self: Tensor) -> Tensor: ...
    @overload
    def count_nonzero(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None) -> Tensor:
        """Number of elements that are not zero.

        >>> import weft
        >>> weft.count_nonzero(weft.tensor([0, 2, 3]))
        tensor(2)
        """
    @overload
    def count_nonzero(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None) -> Tensor: ...
    def cpu(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The tensor in host memory; itself when it is there.

        memory_format: the order in which the elements lie.

        >>> import weft
        >>> x = weft.ones(2)
        >>> x.cpu() is x
        True
        """
    def cuda(self: Tensor, device: _Device | str | builtins.int | None=None, non_blocking: builtins.bool=False, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The tensor on an NVIDIA GPU, by default the current one; itself when it is there.

        With non_blocking=True the copy of a tensor in pinned memory goes on by itself.

        Raises RuntimeError that says what is missing when there is no GPU, ValueError for another kind of
        device.

        >>> import weft
        >>> x = weft.ones(2)
        >>> x.cuda().is_cuda if weft.cuda.is_available() else True
        True
        """
    @overload
    def cummax(self: Tensor, dim: builtins.int, *, out: Any=None) -> Any:
        """Running maximum along dim and the position of the last of equal ones.
        """
    @overload
    def cummax(self: Tensor, axis: builtins.int, *, out: Any=None) -> Any: ...
    @overload
    def cummin(self: Tensor, dim: builtins.int, *, out: Any=None) -> Any:
        """Running minimum along dim and the position of the last of equal ones.
        """
    @overload
    def cummin(self: Tensor, axis: builtins.int, *, out: Any=None) -> Any: ...
    @overload
    def cumprod(self: Tensor, dim: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
        """Running product along dim.

        >>> import weft
        >>> weft.tensor([2, 3]).cumprod(0)
        tensor([2, 6])
        """
    @overload
    def cumprod(self: Tensor, axis: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
    @overload
    def cumprod_(self: Tensor, dim: builtins.int, *, dtype: _DType | None=None) -> Tensor:
        """The same, in place.
        """
    @overload
    def cumprod_(self: Tensor, axis: builtins.int, *, dtype: _DType | None=None) -> Tensor: ...
    @overload
    def cumsum(self: Tensor, dim: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
        """Running sum along dim.

        >>> import weft
        >>> weft.arange(4).cumsum(0)
        tensor([0, 1, 3, 6])
        """
    @overload
    def cumsum(self: Tensor, axis: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
    @overload
    def cumsum_(self: Tensor, dim: builtins.int, *, dtype: _DType | None=None) -> Tensor:
        """The same, in place.
        """
    @overload
    def cumsum_(self: Tensor, axis: builtins.int, *, dtype: _DType | None=None) -> Tensor: ...
    def data_ptr(self: Tensor) -> builtins.int:
        """The address of the first element, on the tensor's device; 0 where there is no memory.

        >>> import weft
        >>> x = weft.ones(2, 3)
        >>> x[1].data_ptr() - x.data_ptr()
        12
        """
    def deg2rad(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def deg2rad_(self: Tensor) -> Tensor: ...
    def detach(self: Tensor) -> Tensor:
        """A tensor on the same storage outside of autograd: a leaf that does not require grad.

        >>> import weft
        >>> y = weft.ones(2, requires_grad=True) * 2
        >>> y.detach()
        tensor([2., 2.])
        """
    def detach_(self: Tensor) -> Tensor:
        """Cuts this tensor from the graph: it becomes a leaf that does not require grad, and is returned.

        Raises RuntimeError for a view, which detach() cuts.

        >>> import weft
        >>> y = weft.ones(2, requires_grad=True) * 2
        >>> y.detach_().requires_grad, y.is_leaf
        (False, True)
        """
    def diag(self: Tensor, diagonal: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
        """The diagonal of a matrix, or the matrix with a vector on its diagonal.
        """
    def diag_embed(self: Tensor, offset: builtins.int=0, dim1: builtins.int=-2, dim2: builtins.int=-1) -> Tensor:
        """Zeros, with the last dimension along a diagonal of two new ones.
        """
    def diagflat(self: Tensor, offset: builtins.int=0) -> Tensor:
        """The matrix with the flattened tensor on its diagonal.
        """
    def diagonal(self: Tensor, offset: builtins.int=0, dim1: builtins.int=0, dim2: builtins.int=1) -> Tensor:
        """The diagonal of two dimensions, as the last one.

        >>> import weft
        >>> weft.tensor([[1, 2], [3, 4]]).diagonal()
        tensor([1, 4])
        """
    def diagonal_scatter(self: Tensor, src: Tensor, offset: builtins.int=0, dim1: builtins.int=0, dim2: builtins.int=1) -> Tensor:
        """A copy with diagonal() replaced by src.
        """
    def dim(self: Tensor) -> builtins.int:
        """The number of dimensions.

        >>> import weft
        >>> weft.ones(2, 3).dim(), weft.tensor(1.).dim()
        (2, 0)
        """
    def div(self: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor:
        """input / other; rounding_mode 'floor' or 'trunc' rounds the quotient.
        """
    def div_(self: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None) -> Tensor: ...
    def divide(self: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor:
        """input / other; rounding_mode 'floor' or 'trunc' rounds the quotient.
        """
    def divide_(self: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None) -> Tensor: ...
    def dot(self: Tensor, tensor: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Sum of the products of two vectors.

        >>> import weft
        >>> weft.dot(weft.ones(3), weft.ones(3)).item()
        3.0
        """
    def double(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as float64; the tensor itself where they are.

        float32 becomes wider without loss. memory_format: the order in which the elements lie.

        >>> import weft
        >>> weft.tensor([1, 2]).double()
        tensor([1., 2.], dtype=weft.float64)
        """
    def element_size(self: Tensor) -> builtins.int:
        """The bytes of one element.

        >>> import weft
        >>> weft.ones(2).element_size(), weft.arange(2).element_size()
        (4, 8)
        """
    def eq(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def eq_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def equal(self: Tensor, other: Tensor) -> Any:
        """Have both the same shape and elements?

        >>> import weft
        >>> weft.equal(weft.ones(2), weft.ones(3))
        False
        """
    def erf(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def erf_(self: Tensor) -> Tensor: ...
    def erfc(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def erfc_(self: Tensor) -> Tensor: ...
    def erfinv(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def erfinv_(self: Tensor) -> Tensor: ...
    def exp(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def exp2(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def exp2_(self: Tensor) -> Tensor: ...
    def exp_(self: Tensor) -> Tensor: ...
    @overload
    def expand(self: Tensor, size: builtins.int | Sequence[builtins.int]) -> Tensor:
        """Repeats dimensions of size 1 without copying; -1 keeps a size.

        >>> import weft
        >>> weft.ones(3, 1).expand(-1, 4).shape
        weft.Size([3, 4])
        """
    @overload
    def expand(self: Tensor, *size: builtins.int) -> Tensor: ...
    @overload
    def expand(self: Tensor, size: builtins.int | Sequence[builtins.int], *, implicit: builtins.bool) -> Tensor: ...
    def expand_as(self: Tensor, other: Tensor) -> Tensor:
        """expand() to the shape of another tensor.
        """
    def expm1(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def expm1_(self: Tensor) -> Tensor: ...
    def exponential_(self: Tensor, lambd: builtins.float=1.0, *, generator: Any | None=None) -> Tensor:
        """Fills the tensor with numbers of the exponential distribution with rate lambd.
        """
    def fill_(self: Tensor, value: Tensor | builtins.complex) -> Tensor:
        """Sets every element.
        """
    def fix(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def fix_(self: Tensor) -> Tensor: ...
    def flatten(self: Tensor, start_dim: builtins.int=0, end_dim: builtins.int=-1) -> Tensor:
        """Makes one dimension of several.

        >>> import weft
        >>> weft.zeros(2, 3, 4).flatten(1).shape
        weft.Size([2, 12])
        """
    @overload
    def flip(self: Tensor, dims: builtins.int | Sequence[builtins.int]) -> Tensor:
        """The elements in reverse order along dims.

        >>> import weft
        >>> weft.arange(3).flip(0)
        tensor([2, 1, 0])
        """
    @overload
    def flip(self: Tensor, *dims: builtins.int) -> Tensor: ...
    def fliplr(self: Tensor) -> Tensor:
        """Columns in reverse order.
        """
    def flipud(self: Tensor) -> Tensor:
        """Rows in reverse order.
        """
    def float(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as float32; the tensor itself where they are.

        Numbers that it does not hold become the nearest one. memory_format: the order in which the elements
        lie.

        >>> import weft
        >>> weft.tensor([1, 2]).float()
        tensor([1., 2.])
        """
    def floor(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def floor_(self: Tensor) -> Tensor: ...
    def floor_divide(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def floor_divide_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def fmax(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def fmax_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def fmin(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def fmin_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def fmod(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def fmod_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def frac(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def frac_(self: Tensor) -> Tensor: ...
    @overload
    def gather(self: Tensor, dim: builtins.int, index: Tensor, *, sparse_grad: builtins.bool=False, out: Tensor | None=None) -> Tensor:
        """out[i][j] = input[i][index[i][j]] for dim 1, and so on. Raises IndexError for numbers outside of the dimension.

        >>> import weft
        >>> weft.gather(weft.tensor([[1, 2], [3, 4]]), 1, weft.tensor([[1], [0]]))
        tensor([[2],
                [3]])
        """
    @overload
    def gather(self: Tensor, axis: builtins.int, index: Tensor, *, sparse_grad: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...
    def ge(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def ge_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def geometric_(self: Tensor, p: builtins.float, *, generator: Any | None=None) -> Tensor:
        """Fills the tensor with how many trials the first success of probability p takes.
        """
    def ger(self: Tensor, vec2: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Every product of an element of input (n,) and one of vec2 (m,): shape (n, m).
        """
    def get_device(self: Tensor) -> builtins.int:
        """The index of the tensor's GPU; -1 for a tensor that is on none.

        >>> import weft
        >>> weft.ones(2).get_device()
        -1
        """
    def greater(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def greater_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def greater_equal(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def greater_equal_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def gt(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def gt_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def half(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as float16; the tensor itself where they are.

        Numbers that it does not hold become the nearest one. memory_format: the order in which the elements
        lie.

        >>> import weft
        >>> weft.tensor([2049]).half()
        tensor([2048.], dtype=weft.float16)
        """
    def hardsigmoid(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def hardsigmoid_(self: Tensor) -> Tensor: ...
    def hardswish(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def hardswish_(self: Tensor) -> Tensor: ...
    def hsplit(self: Tensor, indices_or_sections: Any) -> tuple[Any, ...]:
        """Parts of one size along columns, or cuts before the given places; RuntimeError where the size does not divide.
        """
    def hypot(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def hypot_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    @property
    def imag(self: Tensor) -> Any:
        """The imaginary part of a tensor: of a complex one a view, of a real one new zeros.

        >>> import weft
        >>> weft.tensor([1 + 2j]).imag
        tensor([2.])
        """
    @overload
    def index_add(self: Tensor, dim: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """A copy in which slice i of source, times alpha, is added to slice index[i] along dim. Bit-equal for any number of threads.
        """
    @overload
    def index_add(self: Tensor, axis: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor: ...
    @overload
    def index_add_(self: Tensor, dim: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.complex=1) -> Any:
        """index_add() in place.
        """
    @overload
    def index_add_(self: Tensor, axis: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.complex=1) -> Any: ...
    @overload
    def index_copy(self: Tensor, dim: builtins.int, index: Tensor, source: Tensor) -> Tensor:
        """A copy in which slice index[i] along dim is slice i of source.
        """
    @overload
    def index_copy(self: Tensor, axis: builtins.int, index: Tensor, source: Tensor) -> Tensor: ...
    @overload
    def index_copy_(self: Tensor, dim: builtins.int, index: Tensor, source: Tensor) -> Any:
        """index_copy() in place.
        """
    @overload
    def index_copy_(self: Tensor, axis: builtins.int, index: Tensor, source: Tensor) -> Any: ...
    @overload
    def index_fill(self: Tensor, dim: builtins.int, index: Tensor, value: Tensor | builtins.complex) -> Tensor:
        """A copy in which the slices index names along dim are one number.
        """
    @overload
    def index_fill(self: Tensor, axis: builtins.int, index: Tensor, value: Tensor | builtins.complex) -> Tensor: ...
    @overload
    def index_fill_(self: Tensor, dim: builtins.int, index: Tensor, value: Tensor | builtins.complex) -> Any:
        """index_fill() in place.
        """
    @overload
    def index_fill_(self: Tensor, axis: builtins.int, index: Tensor, value: Tensor | builtins.complex) -> Any: ...
    def index_put(self: Tensor, indices: Any, values: Tensor, accumulate: builtins.bool=False) -> Tensor:
        """A copy with x[indices] = values, or += with accumulate.
        """
    def index_put_(self: Tensor, indices: Any, values: Tensor, accumulate: builtins.bool=False) -> Any:
        """x[indices] = values, or += with accumulate.
        """
    @overload
    def index_select(self: Tensor, dim: builtins.int, index: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The slices along dim that the vector index names.

        >>> import weft
        >>> weft.index_select(weft.tensor([[1, 2], [3, 4]]), 0, weft.tensor([1]))
        tensor([[3, 4]])
        """
    @overload
    def index_select(self: Tensor, axis: builtins.int, index: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def inner(self: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Sum of products over the last dim of both: shape input.shape[:-1] + other.shape[:-1].
        """
    def int(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as int32; the tensor itself where they are.

        Fractions are cut off; integers out of range keep their low bits. memory_format: the order in which the
        elements lie.

        >>> import weft
        >>> weft.tensor([1.7, -1.7]).int()
        tensor([ 1, -1], dtype=weft.int32)
        """
    def is_complex(self: Tensor) -> builtins.bool:
        """Is the dtype a complex one?

        >>> import weft
        >>> weft.is_complex(weft.tensor(1j)), weft.ones(2).is_complex()
        (True, False)
        """
    def is_conj(input: Tensor) -> builtins.bool:
        """Is a conjugation delayed? Always False.

        Args:
            input: a tensor; else TypeError.

        >>> import weft
        >>> weft.is_conj(weft.ones(2)), weft.ones(2).is_neg()
        (False, False)
        """
    def is_contiguous(self: Tensor, memory_format: _MemoryFormat | None=None) -> builtins.bool:
        """Do the elements lie in row-major order, or in that which memory_format names, without gaps?

        memory_format: weft.contiguous_format, weft.channels_last or weft.channels_last_3d. Raises RuntimeError
        for weft.preserve_format, which is no order.

        >>> import weft
        >>> x = weft.ones(2, 3, 4, 5).to(memory_format=weft.channels_last)
        >>> x.is_contiguous(), x.is_contiguous(memory_format=weft.channels_last)
        (False, True)
        """
    def is_floating_point(self: Tensor) -> builtins.bool:
        """Is the dtype a floating point one? Complex dtypes are none.

        >>> import weft
        >>> weft.is_floating_point(weft.ones(2)), weft.arange(2).is_floating_point()
        (True, False)
        """
    def is_inference(self: Tensor) -> builtins.bool:
        """Was the tensor made within weft.inference_mode()? Autograd records nothing of such ones.

        >>> import weft
        >>> with weft.inference_mode():
        ...     x = weft.ones(2)
        >>> x.is_inference(), weft.ones(2).is_inference()
        (True, False)
        """
    @property
    def is_mkldnn(self: Tensor) -> Any:
        """Always False.
        """
    @property
    def is_mps(self: Tensor) -> Any:
        """Always False.
        """
    @property
    def is_mtia(self: Tensor) -> Any:
        """Always False.
        """
    def is_neg(input: Tensor) -> builtins.bool:
        """Is a negation delayed? Always False.

        Args:
            input: a tensor; else TypeError.

        >>> import weft
        >>> weft.is_neg(-weft.ones(2))
        False
        """
    @property
    def is_nested(self: Tensor) -> Any:
        """Always False.
        """
    def is_nonzero(self: Tensor) -> builtins.bool:
        """Is the only element something else than 0? What bool(tensor) says.

        Raises RuntimeError for a tensor of more elements, or none.

        >>> import weft
        >>> weft.is_nonzero(weft.tensor([0.5])), weft.tensor(False).is_nonzero()
        (True, False)
        """
    def is_pinned(self: Tensor, device: Any=None) -> builtins.bool:
        """Does this tensor lie in pinned host memory?

        Args:
            device: None or a CUDA device, for all of which memory is pinned; ValueError for another.

        >>> import weft
        >>> weft.ones(2).is_pinned()
        False
        """
    def is_same_size(self: Tensor, other: Tensor) -> builtins.bool:
        """Have the two tensors one shape?

        >>> import weft
        >>> weft.ones(2, 3).is_same_size(weft.zeros(2, 3)), weft.ones(2, 3).is_same_size(weft.ones(3, 2))
        (True, False)
        """
    def is_set_to(self: Tensor, tensor: Tensor) -> builtins.bool:
        """Are both exactly the same view of the same storage: offset, shape and strides?

        >>> import weft
        >>> x = weft.ones(2, 3)
        >>> x.is_set_to(x.view(2, 3)), x.is_set_to(x.T), x.is_set_to(x.clone())
        (True, False, False)
        """
    @property
    def is_sparse_csr(self: Tensor) -> Any:
        """Always False.
        """
    @property
    def is_vulkan(self: Tensor) -> Any:
        """Always False.
        """
    @property
    def is_xla(self: Tensor) -> Any:
        """Always False.
        """
    @property
    def is_xpu(self: Tensor) -> Any:
        """Always False.
        """
    def isclose(self: Tensor, other: Tensor, rtol: builtins.float=1e-05, atol: builtins.float=1e-08, equal_nan: builtins.bool=False) -> Tensor:
        """Where |input - other| <= atol + rtol |other|.
        """
    def isfinite(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def isfinite_(self: Tensor) -> Tensor: ...
    def isinf(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def isinf_(self: Tensor) -> Tensor: ...
    def isnan(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def isnan_(self: Tensor) -> Tensor: ...
    def isreal(self: Tensor) -> Tensor:
        """Where the imaginary part is 0: everywhere, of a real tensor.
        """
    def item(self: Tensor) -> Any:
        """The value of a tensor of one element as a Python number: a bool, int, float or complex, by the dtype.

        Raises RuntimeError for another number of elements, and on the meta device, where there are no values.

        >>> import weft
        >>> weft.tensor([[2.5]]).item(), weft.tensor(3).item()
        (2.5, 3)
        """
    def kron(self: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Kronecker product: every product of an element of input and one of other, in blocks.
        """
    @overload
    def kthvalue(self: Tensor, k: builtins.int, dim: builtins.int=-1, keepdim: builtins.bool=False, *, out: Any=None) -> Any:
        """The k-th smallest element (from 1 on) along dim and where it is.
        """
    @overload
    def kthvalue(self: Tensor, k: builtins.int, axis: builtins.int=-1, keepdims: builtins.bool=False, *, out: Any=None) -> Any: ...
    @property
    def layout(self: Tensor) -> Any:
        """Always weft.strided.
        """
    def le(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def le_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def lerp(self: Tensor, end: Tensor, weight: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """input + weight * (end - input).
        """
    def lerp_(self: Tensor, end: Tensor, weight: Tensor | builtins.complex) -> Tensor: ...
    def less(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def less_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def less_equal(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def less_equal_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def log(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def log10(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def log10_(self: Tensor) -> Tensor: ...
    def log1p(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def log1p_(self: Tensor) -> Tensor: ...
    def log2(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def log2_(self: Tensor) -> Tensor: ...
    def log_(self: Tensor) -> Tensor: ...
    def log_normal_(self: Tensor, mean: builtins.float=1.0, std: builtins.float=2.0, *, generator: Any | None=None) -> Tensor:
        """Fills the tensor with exponentials of numbers of the normal distribution with mean and std.
        """
    @overload
    def log_softmax(self: Tensor, dim: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor:
        """input - log(sum(exp(input))) along dim: the logarithm of softmax(), exact where that rounds to 0.

        dtype: input is converted to it first, and so is the result.

        Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.

        >>> import weft
        >>> weft.log_softmax(weft.tensor([0., 1000.]), 0)
        tensor([-1000.,     0.])
        """
    @overload
    def log_softmax(self: Tensor, axis: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor: ...
    def logaddexp(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def logaddexp_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    @overload
    def logcumsumexp(self: Tensor, dim: builtins.int, *, out: Tensor | None=None) -> Tensor:
        """log of the running sum of exp(input) along dim, without overflow.
        """
    @overload
    def logcumsumexp(self: Tensor, axis: builtins.int, *, out: Tensor | None=None) -> Tensor: ...
    def logical_and(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def logical_and_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def logical_not(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def logical_not_(self: Tensor) -> Tensor: ...
    def logical_or(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def logical_or_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def logical_xor(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def logical_xor_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def logit(self: Tensor, eps: builtins.float | None=None, *, out: Tensor | None=None) -> Tensor:
        """log(x / (1 - x)), of x limited to [eps, 1 - eps].
        """
    def logit_(self: Tensor, eps: builtins.float | None=None) -> Tensor: ...
    def logsigmoid(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def logsigmoid_(self: Tensor) -> Tensor: ...
    @overload
    def logsumexp(self: Tensor, dim: builtins.int | Sequence[builtins.int], keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
        """log(sum(exp(input))) over the given dimensions, without overflow.

        >>> import weft
        >>> weft.logsumexp(weft.tensor([1000., 1000.]), 0)
        tensor(1000.6932)
        """
    @overload
    def logsumexp(self: Tensor, axis: builtins.int | Sequence[builtins.int], keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
    def long(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as int64; the tensor itself where they are.

        Fractions are cut off. memory_format: the order in which the elements lie.

        >>> import weft
        >>> weft.tensor([1.7, -1.7]).long()
        tensor([ 1, -1])
        """
    def lt(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def lt_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    @property
    def mH(self: Tensor) -> Tensor:
        """The conjugate transpose of the last two dimensions: of a real tensor, the transpose.

        >>> import weft
        >>> weft.tensor([[1, 2]]).H
        tensor([[1],
                [2]])
        """
    def masked_fill(self: Tensor, mask: Tensor, value: Tensor | builtins.complex) -> Tensor:
        """A copy with one number where mask is True; mask broadcasts.

        >>> import weft
        >>> weft.tensor([1., 2.]).masked_fill(weft.tensor([True, False]), 0)
        tensor([0., 2.])
        """
    def masked_fill_(self: Tensor, mask: Tensor, value: Tensor | builtins.complex) -> Any:
        """masked_fill() in place.
        """
    def masked_scatter(self: Tensor, mask: Tensor, source: Tensor) -> Tensor:
        """A copy in which the elements where mask is True are the first ones of source, in order.
        """
    def masked_scatter_(self: Tensor, mask: Tensor, source: Tensor) -> Any:
        """masked_scatter() in place.
        """
    def masked_select(self: Tensor, mask: Tensor, *, out: Tensor | None=None) -> Tensor:
        """A vector of the elements where mask is True; both broadcast.
        """
    def matmul(self: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Matrix product of the last two dims; the dims before them broadcast. A 1-dim input is a row vector, a 1-dim
        other a column vector, and the result lacks that dim.

        >>> import weft
        >>> weft.matmul(weft.ones(2, 3), weft.ones(3, 4)).shape
        weft.Size([2, 4])
        """
    @overload
    def max(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The largest element; along dim also its (first) position, as .values and .indices; or with another tensor
        the elementwise maximum.

        >>> import weft
        >>> weft.tensor([[1, 4], [3, 2]]).max(1).indices
        tensor([1, 0])
        """
    @overload
    def max(self: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    @overload
    def max(self: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, out: Any=None) -> Any: ...
    @overload
    def max(self: Tensor, axis: builtins.int, keepdims: builtins.bool=False, *, out: Any=None) -> Any: ...
    def maximum(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def maximum_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    @overload
    def mean(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
        """Mean over the given dimensions (default all). Raises RuntimeError for integers unless dtype is given.

        >>> import weft
        >>> weft.tensor([1., 3.]).mean()
        tensor(2.)
        """
    @overload
    def mean(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
    @overload
    def median(self: Tensor) -> Tensor:
        """The lower of the middle elements, NaN if there is one; along dim also where it is.

        >>> import weft
        >>> weft.median(weft.tensor([3., 1., 2.]))
        tensor(2.)
        """
    @overload
    def median(self: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, out: Any=None) -> Any: ...
    @overload
    def median(self: Tensor, axis: builtins.int, keepdims: builtins.bool=False, *, out: Any=None) -> Any: ...
    @overload
    def min(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The smallest element; along dim also its (first) position, as .values and .indices; or with another tensor
        the elementwise minimum.

        >>> import weft
        >>> weft.tensor([3, 1, 2]).min()
        tensor(1)
        """
    @overload
    def min(self: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    @overload
    def min(self: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, out: Any=None) -> Any: ...
    @overload
    def min(self: Tensor, axis: builtins.int, keepdims: builtins.bool=False, *, out: Any=None) -> Any: ...
    def minimum(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def minimum_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def mish(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def mish_(self: Tensor) -> Tensor: ...
    def mm(self: Tensor, mat2: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Product of two matrices, shapes (n, k) and (k, m).
        """
    def moveaxis(self: Tensor, source: builtins.int | Sequence[builtins.int], destination: builtins.int | Sequence[builtins.int]) -> Tensor:
        """Moves dimensions to other places; the rest keep their order.

        >>> import weft
        >>> weft.zeros(2, 3, 4).movedim(0, -1).shape
        weft.Size([3, 4, 2])
        """
    def movedim(self: Tensor, source: builtins.int | Sequence[builtins.int], destination: builtins.int | Sequence[builtins.int]) -> Tensor:
        """Moves dimensions to other places; the rest keep their order.

        >>> import weft
        >>> weft.zeros(2, 3, 4).movedim(0, -1).shape
        weft.Size([3, 4, 2])
        """
    def msort(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The elements in order along the first dimension.
        """
    def mul(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def mul_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def multinomial(self: Tensor, num_samples: builtins.int, replacement: builtins.bool=False, *, generator: Any | None=None, out: Tensor | None=None) -> Tensor:
        """num_samples category numbers per row, drawn with probabilities proportional to input (1 or 2 dimensions).

        Raises RuntimeError for negative, infinite or all-zero weights.
        """
    def multiply(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def multiply_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def mv(self: Tensor, vec: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Product of a matrix (n, k) and a vector (k,).
        """
    def nan_to_num(self: Tensor, nan: builtins.float | None=None, posinf: builtins.float | None=None, neginf: builtins.float | None=None, *, out: Tensor | None=None) -> Tensor:
        """Replaces NaN and infinities by numbers (default 0 and the largest finite ones).
        """
    def nan_to_num_(self: Tensor, nan: builtins.float | None=None, posinf: builtins.float | None=None, neginf: builtins.float | None=None) -> Tensor:
        """nan_to_num() in place.
        """
    @overload
    def nanmean(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
        """Mean of what is not NaN.

        >>> import weft
        >>> weft.nanmean(weft.tensor([1., weft.nan]))
        tensor(1.)
        """
    @overload
    def nanmean(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
    @overload
    def nansum(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
        """Sum that counts NaN as 0.

        >>> import weft
        >>> weft.nansum(weft.tensor([1., weft.nan]))
        tensor(1.)
        """
    @overload
    def nansum(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
    @overload
    def narrow(self: Tensor, dim: builtins.int, start: builtins.int, length: builtins.int) -> Tensor:
        """A range of elements along dim.
        """
    @overload
    def narrow(self: Tensor, axis: builtins.int, start: builtins.int, length: builtins.int) -> Tensor: ...
    def ndimension(self: Tensor) -> builtins.int:
        """The number of dimensions, as dim() gives it.

        >>> import weft
        >>> weft.ones(2, 3).ndimension()
        2
        """
    def ne(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def ne_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def neg(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def neg_(self: Tensor) -> Tensor: ...
    def negative(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def negative_(self: Tensor) -> Tensor: ...
    def nelement(self: Tensor) -> builtins.int:
        """The number of elements, as numel() gives it.

        >>> import weft
        >>> weft.ones(2, 3).nelement()
        6
        """
    def new(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """A new tensor of this one's dtype and device, with sizes or data as ``x.new_empty`` or ``x.new_tensor`` take them.

        Raises TypeError for other keywords than device.

        >>> import weft
        >>> weft.ones(2, dtype=weft.int64).new([1, 2, 3])
        tensor([1, 2, 3])
        >>> weft.ones(2).new(2, 3).shape
        weft.Size([2, 3])
        """
    @overload
    def new_empty(self: Tensor, size: builtins.int | Sequence[builtins.int], *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
        """A new tensor of the given size with this tensor's dtype and device.
        """
    @overload
    def new_empty(self: Tensor, *size: builtins.int, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor: ...
    def new_full(self: Tensor, size: builtins.int | Sequence[builtins.int], fill_value: builtins.complex, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
        """full() with this tensor's dtype and device.
        """
    @overload
    def new_ones(self: Tensor, size: builtins.int | Sequence[builtins.int], *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
        """A new tensor of the given size with this tensor's dtype and device.
        """
    @overload
    def new_ones(self: Tensor, *size: builtins.int, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor: ...
    def new_tensor(self: Tensor, data: Any, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool=False) -> Any:
        """tensor(data) with this tensor's dtype and device.
        """
    @overload
    def new_zeros(self: Tensor, size: builtins.int | Sequence[builtins.int], *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
        """A new tensor of the given size with this tensor's dtype and device.
        """
    @overload
    def new_zeros(self: Tensor, *size: builtins.int, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor: ...
    def nonzero(self: Tensor, *, as_tuple: builtins.bool=False, out: Tensor | None=None) -> Any:
        """Coordinates (count, dims) of the elements that are not zero; one vector per dimension with as_tuple.

        >>> import weft
        >>> weft.nonzero(weft.tensor([0, 3, 5]))
        tensor([[1],
                [2]])
        """
    @overload
    def norm(self: Tensor, p: Any=None, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, dtype: _DType | None=None) -> Tensor: ...
    @overload
    def norm(self: Tensor, p: Any=None, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, dtype: _DType | None=None) -> Tensor: ...
    def normal_(self: Tensor, mean: builtins.float=0.0, std: builtins.float=1.0, *, generator: Any | None=None) -> Tensor:
        """Fills the tensor with numbers of the normal distribution.
        """
    def not_equal(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def not_equal_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def numel(self: Tensor) -> builtins.int:
        """The number of elements: the product of the sizes, 1 for a number.

        >>> import weft
        >>> weft.numel(weft.ones(2, 3)), weft.tensor(1.).numel()
        (6, 1)
        """
    def numpy(self: Tensor, *, force: builtins.bool=False) -> Any:
        """A NumPy array on the same memory, with the same shape, strides and dtype.

        Of a bool tensor whose bytes are not all 0 and 1 (a view of other bytes) it is a copy, for reading only.
        force: detach first.

        Raises RuntimeError when the tensor requires grad, TypeError for bfloat16 and float8, which NumPy lacks,
        and for a tensor that is not in host memory.

        >>> import weft
        >>> weft.arange(3).numpy()
        array([0, 1, 2])
        """
    def outer(self: Tensor, vec2: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Every product of an element of input (n,) and one of vec2 (m,): shape (n, m).
        """
    @overload
    def permute(self: Tensor, dims: builtins.int | Sequence[builtins.int]) -> Tensor:
        """The dimensions in another order.

        >>> import weft
        >>> weft.zeros(2, 3, 4).permute(2, 0, 1).shape
        weft.Size([4, 2, 3])
        """
    @overload
    def permute(self: Tensor, *dims: builtins.int) -> Tensor: ...
    def pin_memory(self: Tensor, device: Any=None) -> Tensor:
        """This tensor in pinned host memory, from which copies to a GPU need not be waited for; itself if it is there.

        Args:
            device: None or a CUDA device, for all of which memory is pinned; ValueError for another.

        Raises RuntimeError when there is no GPU, or for tensors that are not in host memory. The example needs a GPU to do
        anything.

        >>> import weft
        >>> if weft.cuda.is_available():
        ...     assert weft.ones(2).pin_memory().is_pinned()
        """
    def positive(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def positive_(self: Tensor) -> Tensor: ...
    def pow(self: Tensor, exponent: Tensor | builtins.complex) -> Tensor: ...
    def pow_(self: Tensor, exponent: Tensor | builtins.complex) -> Tensor: ...
    @overload
    def prod(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
        """Product over the given dimensions (default all).

        >>> import weft
        >>> weft.tensor([2, 3]).prod()
        tensor(6)
        """
    @overload
    def prod(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
    def rad2deg(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def rad2deg_(self: Tensor) -> Tensor: ...
    @overload
    def random_(self: Tensor, to: builtins.int | None=None, *, generator: Any | None=None) -> Any:
        """Independent integers, from <= n < to, in place; without to as far as the dtype holds integers exactly.
        """
    @overload
    def random_(self: Tensor, from_: builtins.int, to: builtins.int | None=None, *, generator: Any | None=None) -> Any: ...
    def ravel(self: Tensor) -> Tensor:
        """The elements as a vector.
        """
    @property
    def real(self: Tensor) -> Any:
        """The real part of a tensor: of a complex one a view, of a real one itself.

        >>> import weft
        >>> weft.real(weft.tensor([1.0])), weft.tensor([1 + 2j]).real
        (tensor([1.]), tensor([1.]))
        """
    def reciprocal(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def reciprocal_(self: Tensor) -> Tensor: ...
    def record_stream(self: Tensor, stream: Stream) -> None:
        """Its memory is used by work on ``stream`` too: once freed, it is not given out again before that work is done.

        Args:
            stream: a :class:`weft.cuda.Stream`; else TypeError.

        The example needs a GPU to do anything.

        >>> import weft
        >>> if weft.cuda.is_available():
        ...     s, x = weft.cuda.Stream(), weft.ones(2, device="cuda")
        ...     s.wait_stream(weft.cuda.current_stream())
        ...     with weft.cuda.stream(s):
        ...         y = x * 2
        ...     x.record_stream(s)
        """
    def register_hook(self: Tensor, hook: Callable[[Tensor], Any]) -> RemovableHandle:
        """Call ``hook(grad)`` whenever a gradient of this tensor is computed; what it returns, if not None, replaces it.

        It runs once in a backward, with the whole gradient, as soon as that is complete: for a leaf too, while the rest of
        the graph still waits. Nothing is recorded in it unless the backward has ``create_graph=True``.

        Args:
            hook: a function; TypeError for what cannot be called.

        Returns a handle whose ``remove()`` takes the hook away. Raises RuntimeError when the tensor does not require grad.

        >>> import weft
        >>> x = weft.tensor(1., requires_grad=True)
        >>> handle = x.register_hook(lambda grad: grad * 2)
        >>> (x * 3).backward()
        >>> x.grad
        tensor(6.)
        """
    def register_post_accumulate_grad_hook(self: Tensor, hook: Callable[[Tensor], Any]) -> RemovableHandle:
        """Call ``hook(tensor)`` each time backward() has added to this leaf's ``grad``.

        That happens as soon as this leaf's gradient is complete, in the middle of the backward: the hook may use the
        gradient and drop it (``tensor.grad = None``), so that its memory is free for what follows. If the backward fails
        later on, ``grad`` of the leaves whose hooks have run stays changed; that of all others is as it was.

        Args:
            hook: a function; TypeError for what cannot be called.

        Returns a handle whose ``remove()`` takes the hook away. Raises RuntimeError for tensors that are no leaves or do
        not require grad.

        >>> import weft
        >>> x = weft.tensor(1., requires_grad=True)
        >>> handle = x.register_post_accumulate_grad_hook(lambda tensor: print(tensor.grad))
        >>> (x * 3).backward()
        tensor(3.)
        """
    def relu(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def relu_(self: Tensor) -> Tensor: ...
    def remainder(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def remainder_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    @overload
    def repeat(self: Tensor, repeats: builtins.int | Sequence[builtins.int]) -> Tensor:
        """The whole tensor so many times along each dimension.

        >>> import weft
        >>> weft.arange(2).repeat(2)
        tensor([0, 1, 0, 1])
        """
    @overload
    def repeat(self: Tensor, *repeats: builtins.int) -> Tensor: ...
    @overload
    def repeat_interleave(self: Tensor, repeats: Any, dim: builtins.int | None=None, *, output_size: builtins.int | None=None) -> Tensor:
        """Every element so many times along dim (default: of the flattened tensor).

        >>> import weft
        >>> weft.arange(2).repeat_interleave(2)
        tensor([0, 0, 1, 1])
        """
    @overload
    def repeat_interleave(self: Tensor, repeats: Any, axis: builtins.int | None=None, *, output_size: builtins.int | None=None) -> Tensor: ...
    def requires_grad_(self: Tensor, requires_grad: builtins.bool=True) -> Tensor:
        """Sets requires_grad and returns the tensor itself.

        Raises RuntimeError for tensors that are no leaves and dtypes that are not floating point or complex.

        >>> import weft
        >>> weft.ones(2).requires_grad_()
        tensor([1., 1.], requires_grad=True)
        """
    @overload
    def reshape(self: Tensor, shape: builtins.int | Sequence[builtins.int]) -> Tensor:
        """The elements in another shape; one size may be -1. A view where the strides allow it, else a copy.

        Raises RuntimeError when the number of elements differs.

        >>> import weft
        >>> weft.arange(4).reshape(2, 2)
        tensor([[0, 1],
                [2, 3]])
        """
    @overload
    def reshape(self: Tensor, *shape: builtins.int) -> Tensor: ...
    def reshape_as(self: Tensor, other: Tensor) -> Tensor:
        """reshape() with the shape of another tensor.
        """
    def resolve_conj(input: Tensor) -> Tensor:
        """The tensor itself, not a copy: conjugation is never delayed.

        Args:
            input: a tensor; else TypeError.

        >>> import weft
        >>> weft.resolve_conj(weft.ones(2))
        tensor([1., 1.])
        """
    def resolve_neg(input: Tensor) -> Tensor:
        """The tensor itself, not a copy: negation is never delayed.

        Args:
            input: a tensor; else TypeError.

        >>> import weft
        >>> weft.resolve_neg(weft.ones(2))
        tensor([1., 1.])
        """
    def retain_grad(self: Tensor) -> None:
        """Makes backward() keep the gradient of this tensor in .grad although it is no leaf; nothing for a leaf.

        Raises RuntimeError when the tensor does not require grad.

        >>> import weft
        >>> y = weft.ones(2, requires_grad=True) * 2
        >>> y.retain_grad()
        >>> (y * y).sum().backward()
        >>> y.grad
        tensor([4., 4.])
        """
    def roll(self: Tensor, shifts: builtins.int | Sequence[builtins.int], dims: builtins.int | Sequence[builtins.int] | None=None) -> Tensor:
        """Elements moved along dims; what leaves at one end enters at the other.

        >>> import weft
        >>> weft.arange(4).roll(1)
        tensor([3, 0, 1, 2])
        """
    def rot90(self: Tensor, k: builtins.int=1, dims: builtins.int | Sequence[builtins.int]=(0, 1)) -> Tensor:
        """Turned by 90 degrees k times, from the first towards the second dim.
        """
    @overload
    def round(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Rounded to that many decimal places, ties to even.
        """
    @overload
    def round(self: Tensor, *, decimals: builtins.int, out: Tensor | None=None) -> Tensor: ...
    @overload
    def round_(self: Tensor) -> Tensor: ...
    @overload
    def round_(self: Tensor, *, decimals: builtins.int) -> Tensor: ...
    def rsqrt(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def rsqrt_(self: Tensor) -> Tensor: ...
    def rsub(self: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1) -> Tensor:
        """other - alpha * input.
        """
    @overload
    def scatter(self: Tensor, dim: builtins.int, index: Tensor, src: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor:
        """A copy with out[i][index[i][j]] = src[i][j] for dim 1, and so on; of several that go to one place the last stays.

        >>> import weft
        >>> weft.zeros(3).scatter(0, weft.tensor([2]), weft.tensor([5.]))
        tensor([0., 0., 5.])
        """
    @overload
    def scatter(self: Tensor, dim: builtins.int, index: Tensor, value: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor: ...
    @overload
    def scatter(self: Tensor, axis: builtins.int, index: Tensor, src: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor: ...
    @overload
    def scatter(self: Tensor, axis: builtins.int, index: Tensor, value: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor: ...
    @overload
    def scatter_(self: Tensor, dim: builtins.int, index: Tensor, src: Tensor | builtins.complex, *, reduce: str | None=None) -> Any:
        """scatter() in place.
        """
    @overload
    def scatter_(self: Tensor, dim: builtins.int, index: Tensor, value: Tensor | builtins.complex, *, reduce: str | None=None) -> Any: ...
    @overload
    def scatter_(self: Tensor, axis: builtins.int, index: Tensor, src: Tensor | builtins.complex, *, reduce: str | None=None) -> Any: ...
    @overload
    def scatter_(self: Tensor, axis: builtins.int, index: Tensor, value: Tensor | builtins.complex, *, reduce: str | None=None) -> Any: ...
    @overload
    def scatter_add(self: Tensor, dim: builtins.int, index: Tensor, src: Tensor, *, out: Tensor | None=None) -> Tensor:
        """A copy with out[i][index[i][j]] += src[i][j] for dim 1, and so on. Bit-equal for any number of threads.
        """
    @overload
    def scatter_add(self: Tensor, axis: builtins.int, index: Tensor, src: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    @overload
    def scatter_add_(self: Tensor, dim: builtins.int, index: Tensor, src: Tensor) -> Any:
        """scatter_add() in place.
        """
    @overload
    def scatter_add_(self: Tensor, axis: builtins.int, index: Tensor, src: Tensor) -> Any: ...
    @overload
    def scatter_reduce(self: Tensor, dim: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool=True) -> Tensor:
        """Combines src into the places index names by 'sum', 'prod', 'mean', 'amax' or 'amin', with input's own values if include_self.
        """
    @overload
    def scatter_reduce(self: Tensor, axis: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool=True) -> Tensor: ...
    @overload
    def scatter_reduce_(self: Tensor, dim: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool=True) -> Any:
        """scatter_reduce() in place.
        """
    @overload
    def scatter_reduce_(self: Tensor, axis: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool=True) -> Any: ...
    @overload
    def select(self: Tensor, dim: builtins.int, index: builtins.int) -> Tensor:
        """One element along dim; the dimension goes away.
        """
    @overload
    def select(self: Tensor, axis: builtins.int, index: builtins.int) -> Tensor: ...
    @overload
    def select_scatter(self: Tensor, src: Tensor, dim: builtins.int, index: builtins.int) -> Tensor:
        """A copy with select(dim, index) replaced by src.
        """
    @overload
    def select_scatter(self: Tensor, src: Tensor, axis: builtins.int, index: builtins.int) -> Tensor: ...
    def selu(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def selu_(self: Tensor) -> Tensor: ...
    def sgn(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """input / |input|, 0 for 0: of real tensors the sign.

        >>> import weft
        >>> weft.sgn(weft.tensor([3 + 4j, 0j]))
        tensor([0.6000+0.8000j, 0.0000+0.0000j])
        """
    def sgn_(self: Tensor) -> Tensor: ...
    def short(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as int16; the tensor itself where they are.

        Fractions are cut off; integers out of range keep their low bits. memory_format: the order in which the
        elements lie.

        >>> import weft
        >>> weft.tensor([1.7, -1.7]).short()
        tensor([ 1, -1], dtype=weft.int16)
        """
    def sigmoid(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def sigmoid_(self: Tensor) -> Tensor: ...
    def sign(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def sign_(self: Tensor) -> Tensor: ...
    def signbit(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def signbit_(self: Tensor) -> Tensor: ...
    def silu(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def silu_(self: Tensor) -> Tensor: ...
    def sin(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def sin_(self: Tensor) -> Tensor: ...
    def sinh(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def sinh_(self: Tensor) -> Tensor: ...
    @overload
    def size(self: Tensor, dim: None=None) -> _Size:
        """The sizes of all dimensions, or of one: size() is shape, size(dim) an int.

        A negative dim counts from the last one. Raises IndexError for a dim that is not there.

        >>> import weft
        >>> x = weft.ones(2, 3)
        >>> x.size(), x.size(-1)
        (weft.Size([2, 3]), 3)
        """
    @overload
    def size(self: Tensor, dim: builtins.int) -> builtins.int: ...
    @overload
    def size(self: Tensor, axis: None=None) -> _Size: ...
    @overload
    def size(self: Tensor, axis: builtins.int) -> builtins.int: ...
    @overload
    def slice_scatter(self: Tensor, src: Tensor, dim: builtins.int=0, start: builtins.int | None=None, end: builtins.int | None=None, step: builtins.int=1) -> Tensor:
        """A copy with a slice replaced by src.
        """
    @overload
    def slice_scatter(self: Tensor, src: Tensor, axis: builtins.int=0, start: builtins.int | None=None, end: builtins.int | None=None, step: builtins.int=1) -> Tensor: ...
    @overload
    def softmax(self: Tensor, dim: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor:
        """exp(input) / sum(exp(input)) along dim, computed without overflow; of input's shape.

        dtype: input is converted to it first, and so is the result.

        Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.

        >>> import weft
        >>> weft.softmax(weft.tensor([0, 1]), 0, dtype=weft.float32)
        tensor([0.2689, 0.7311])
        """
    @overload
    def softmax(self: Tensor, axis: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor: ...
    def softsign(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def softsign_(self: Tensor) -> Tensor: ...
    @overload
    def sort(self: Tensor, dim: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool | None=None, *, out: Any=None) -> Any:
        """The elements in order along dim and where they were, as .values and .indices. Always stable; NaN is the largest.

        >>> import weft
        >>> weft.sort(weft.tensor([3, 1, 2])).indices
        tensor([1, 2, 0])
        """
    @overload
    def sort(self: Tensor, axis: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool | None=None, *, out: Any=None) -> Any: ...
    @overload
    def split(self: Tensor, split_size: Any, dim: builtins.int=0) -> tuple[Any, ...]:
        """Views of parts of the given size (the last may be smaller) or sizes.

        >>> import weft
        >>> weft.arange(3).split(2)
        (tensor([0, 1]), tensor([2]))
        """
    @overload
    def split(self: Tensor, split_size: Any, axis: builtins.int=0) -> tuple[Any, ...]: ...
    @overload
    def split_with_sizes(self: Tensor, split_sizes: builtins.int | Sequence[builtins.int], dim: builtins.int=0) -> tuple[Any, ...]:
        """Views of parts of the given sizes.
        """
    @overload
    def split_with_sizes(self: Tensor, split_sizes: builtins.int | Sequence[builtins.int], axis: builtins.int=0) -> tuple[Any, ...]: ...
    def sqrt(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def sqrt_(self: Tensor) -> Tensor: ...
    def square(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def square_(self: Tensor) -> Tensor: ...
    @overload
    def squeeze(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None) -> Tensor:
        """Without the dimensions (default all) that have size 1.

        >>> import weft
        >>> weft.zeros(1, 3, 1).squeeze().shape
        weft.Size([3])
        """
    @overload
    def squeeze(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None) -> Tensor: ...
    @overload
    def squeeze_(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None) -> Tensor:
        """The same in place: the tensor itself gets the shape. RuntimeError for leaves that require grad.
        """
    @overload
    def squeeze_(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None) -> Tensor: ...
    @overload
    def std(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None) -> Tensor:
        """Standard deviation, the root of var.

        >>> import weft
        >>> weft.tensor([1., 3.]).std(unbiased=False)
        tensor(1.)
        """
    @overload
    def std(self: Tensor, unbiased: builtins.bool) -> Tensor: ...
    @overload
    def std(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None, out: Tensor | None=None) -> Tensor: ...
    @overload
    def std(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None) -> Tensor: ...
    @overload
    def std(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None, out: Tensor | None=None) -> Tensor: ...
    @overload
    def std_mean(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None) -> tuple[Tensor, Tensor]:
        """Standard deviation and mean.

        >>> import weft
        >>> weft.std_mean(weft.tensor([1., 1.]))
        (tensor(0.), tensor(1.))
        """
    @overload
    def std_mean(self: Tensor, unbiased: builtins.bool) -> tuple[Tensor, Tensor]: ...
    @overload
    def std_mean(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None) -> tuple[Tensor, Tensor]: ...
    def storage_offset(self: Tensor) -> builtins.int:
        """How many elements of the storage lie before this tensor's first one.

        >>> import weft
        >>> weft.arange(5)[2:].storage_offset()
        2
        """
    @overload
    def stride(self: Tensor, dim: None=None) -> tuple[builtins.int, ...]:
        """How many elements of the storage lie between neighbours along each dimension, or along one.

        stride() is a tuple[Any, ...], stride(dim) an int. Raises IndexError for a dim that is not there.

        >>> import weft
        >>> x = weft.ones(2, 3)
        >>> x.stride(), x.T.stride(), x.stride(0)
        ((3, 1), (1, 3), 3)
        """
    @overload
    def stride(self: Tensor, dim: builtins.int) -> builtins.int: ...
    @overload
    def stride(self: Tensor, axis: None=None) -> tuple[builtins.int, ...]: ...
    @overload
    def stride(self: Tensor, axis: builtins.int) -> builtins.int: ...
    @overload
    def sub(self: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """input + alpha * other (or minus), with broadcasting and type promotion.
        """
    @overload
    def sub(self: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
    @overload
    def sub_(self: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1) -> Any: ...
    @overload
    def sub_(self: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
    @overload
    def subtract(self: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """input + alpha * other (or minus), with broadcasting and type promotion.
        """
    @overload
    def subtract(self: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
    @overload
    def subtract_(self: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1) -> Any: ...
    @overload
    def subtract_(self: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
    @overload
    def sum(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
        """Sum over the given dimensions (default all); integers and bools are added up in int64.

        >>> import weft
        >>> weft.ones(2, 3).sum(0)
        tensor([2., 2., 2.])
        """
    @overload
    def sum(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
    def sum_to_size(self: Tensor, *size: builtins.int | Sequence[builtins.int]) -> Tensor:
        """The sum over the dimensions that broadcasting from size to the tensor's shape would repeat. RuntimeError where size does not broadcast to it.

        >>> import weft
        >>> weft.ones(2, 3).sum_to_size(3)
        tensor([2., 2., 2.])
        """
    def swapaxes(self: Tensor, axis0: builtins.int, axis1: builtins.int) -> Tensor:
        """Exchanges two dimensions.
        """
    def swapaxes_(self: Tensor, axis0: builtins.int, axis1: builtins.int) -> Tensor:
        """The same in place: the tensor itself gets the shape. RuntimeError for leaves that require grad.
        """
    def swapdims(self: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        """Exchanges two dimensions.
        """
    def swapdims_(self: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        """The same in place: the tensor itself gets the shape. RuntimeError for leaves that require grad.
        """
    def t(self: Tensor) -> Tensor:
        """The transpose of a matrix; a vector as it is.
        """
    def t_(self: Tensor) -> Tensor:
        """The same in place: the tensor itself gets the shape. RuntimeError for leaves that require grad.
        """
    def take(self: Tensor, index: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Elements of the flattened input, in the shape of index.

        >>> import weft
        >>> weft.take(weft.tensor([[1, 2], [3, 4]]), weft.tensor([3, 0]))
        tensor([4, 1])
        """
    @overload
    def take_along_dim(self: Tensor, indices: Tensor, dim: builtins.int | None=None, *, out: Tensor | None=None) -> Tensor:
        """gather() with broadcasting; without dim, elements of the flattened input.
        """
    @overload
    def take_along_dim(self: Tensor, indices: Tensor, axis: builtins.int | None=None, *, out: Tensor | None=None) -> Tensor: ...
    def tan(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def tan_(self: Tensor) -> Tensor: ...
    def tanh(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def tanh_(self: Tensor) -> Tensor: ...
    def tanhshrink(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def tanhshrink_(self: Tensor) -> Tensor: ...
    @overload
    def tensor_split(self: Tensor, indices_or_sections: Any, dim: builtins.int=0) -> tuple[Any, ...]:
        """That many parts whose sizes differ by at most 1, or cuts before the given places.
        """
    @overload
    def tensor_split(self: Tensor, indices_or_sections: Any, axis: builtins.int=0) -> tuple[Any, ...]: ...
    @overload
    def tile(self: Tensor, dims: builtins.int | Sequence[builtins.int]) -> Tensor:
        """repeat() that needs no counts for the leading dimensions.
        """
    @overload
    def tile(self: Tensor, *dims: builtins.int) -> Tensor: ...
    @overload
    def to(self: Tensor, dtype: _DType, non_blocking: builtins.bool=False, copy: builtins.bool=False, *, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The tensor with another dtype, on another device or in another order; itself when nothing changes.

        to(dtype), to(device), to(device, dtype), and to(other), which takes both from a tensor. copy: a new
        tensor in any case. non_blocking: a copy between a GPU and pinned memory goes on by itself.
        memory_format: the order in which the elements lie. Fractions are cut off where the dtype has none.

        Raises RuntimeError for a device that is not there.

        >>> import weft
        >>> x = weft.tensor([1.7])
        >>> x.to(weft.int64), x.to('cpu', weft.float64), x.to(weft.float32) is x
        (tensor([1]), tensor([1.7000], dtype=weft.float64), True)
        """
    @overload
    def to(self: Tensor, device: _Device | str | builtins.int | None=None, dtype: _DType | None=None, non_blocking: builtins.bool=False, copy: builtins.bool=False, *, memory_format: _MemoryFormat | None=None) -> Tensor: ...
    @overload
    def to(self: Tensor, other: Tensor, non_blocking: builtins.bool=False, copy: builtins.bool=False, *, memory_format: _MemoryFormat | None=None) -> Tensor: ...
    def to_numpy(self: Tensor) -> np.ndarray[Any, Any]:
        """A NumPy array of the values, of a tensor that requires grad or is on a GPU too: what plotting libraries ask for.

        >>> import weft
        >>> weft.ones(2, requires_grad=True).to_numpy()
        array([1., 1.], dtype=float32)
        """
    def tolist(self: Tensor) -> Any:
        """The values as lists of Python numbers, nested like the dimensions; of 0 dimensions the number itself.

        Raises RuntimeError on the meta device, where there are no values.

        >>> import weft
        >>> weft.arange(4).view(2, 2).tolist(), weft.tensor(2.5).tolist()
        ([[0, 1], [2, 3]], 2.5)
        """
    @overload
    def topk(self: Tensor, k: builtins.int, dim: builtins.int=-1, largest: builtins.bool=True, sorted: builtins.bool=True, *, out: Any=None) -> Any:
        """The k largest (or smallest) elements along dim and where they are, as .values and .indices.

        Raises RuntimeError when there are fewer.

        >>> import weft
        >>> weft.topk(weft.tensor([3, 1, 2]), 2).values
        tensor([3, 2])
        """
    @overload
    def topk(self: Tensor, k: builtins.int, axis: builtins.int=-1, largest: builtins.bool=True, sorted: builtins.bool=True, *, out: Any=None) -> Any: ...
    def trace(self: Tensor) -> Tensor:
        """The sum of the diagonal of a matrix.
        """
    def transpose(self: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        """Exchanges two dimensions.
        """
    def transpose_(self: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        """The same in place: the tensor itself gets the shape. RuntimeError for leaves that require grad.
        """
    def tril(self: Tensor, diagonal: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
        """The lower triangle of the last two dimensions, zeros above it.
        """
    def tril_(self: Tensor, diagonal: builtins.int=0) -> Tensor:
        """The same, in place.
        """
    def triu(self: Tensor, diagonal: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
        """The upper triangle of the last two dimensions, zeros below it.
        """
    def triu_(self: Tensor, diagonal: builtins.int=0) -> Tensor:
        """The same, in place.
        """
    def true_divide(self: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor:
        """input / other; rounding_mode 'floor' or 'trunc' rounds the quotient.
        """
    def true_divide_(self: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None) -> Tensor: ...
    def trunc(self: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def trunc_(self: Tensor) -> Tensor: ...
    def type(self: Tensor, dtype: Any=None, non_blocking: builtins.bool=False) -> Any:
        """The name of this tensor's type, or the tensor converted.

        Args:
            dtype: None gives the name; else a dtype, a type such as ``weft.LongTensor``, which has a device too, or its
                name.
            non_blocking: need not wait for a copy from pinned memory to a GPU.

        Raises ValueError for names of types that do not exist, TypeError for other things.

        >>> import weft
        >>> weft.ones(2).type()
        'weft.FloatTensor'
        >>> weft.ones(2).type(weft.LongTensor), weft.ones(2).type("weft.BoolTensor"), weft.ones(2).type(weft.float64).dtype
        (tensor([1, 1]), tensor([True, True]), weft.float64)
        """
    def type_as(self: Tensor, other: Tensor) -> Tensor:
        """The tensor with the dtype and on the device of another; itself when nothing changes.

        >>> import weft
        >>> weft.tensor([1.7]).type_as(weft.tensor([0]))
        tensor([1])
        """
    @overload
    def unbind(self: Tensor, dim: builtins.int=0) -> tuple[Any, ...]:
        """The elements along dim as a tuple of views.
        """
    @overload
    def unbind(self: Tensor, axis: builtins.int=0) -> tuple[Any, ...]: ...
    @overload
    def unflatten(self: Tensor, dim: builtins.int, sizes: builtins.int | Sequence[builtins.int]) -> Tensor:
        """Splits one dimension into several.

        >>> import weft
        >>> weft.zeros(2, 12).unflatten(1, (3, -1)).shape
        weft.Size([2, 3, 4])
        """
    @overload
    def unflatten(self: Tensor, axis: builtins.int, sizes: builtins.int | Sequence[builtins.int]) -> Tensor: ...
    def unfold(self: Tensor, dimension: builtins.int, size: builtins.int, step: builtins.int) -> Tensor:
        """Windows along a dimension, as a new last one.

        >>> import weft
        >>> weft.arange(4).unfold(0, 2, 1)
        tensor([[0, 1],
                [1, 2],
                [2, 3]])
        """
    def uniform_(self: Tensor, from_: builtins.float=0.0, to: builtins.float=1.0, *, generator: Any | None=None) -> Tensor:
        """Fills the tensor with numbers uniform in [from, to).
        """
    @overload
    def unique(self: Tensor, sorted: builtins.bool=True, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, dim: builtins.int | None=None) -> Any:
        """The distinct elements in order; optionally which of them each element is, and how often each occurs.

        With dim the distinct slices along it, in the order of their first elements, then of their second, ...

        >>> import weft
        >>> weft.unique(weft.tensor([3, 1, 3]), return_counts=True)
        (tensor([1, 3]), tensor([1, 2]))
        """
    @overload
    def unique(self: Tensor, sorted: builtins.bool=True, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, axis: builtins.int | None=None) -> Any: ...
    @overload
    def unique_consecutive(self: Tensor, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, dim: builtins.int | None=None) -> Any:
        """The first of each run of equal elements (or with dim of equal slices); optionally which run each is in, and the lengths.
        """
    @overload
    def unique_consecutive(self: Tensor, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, axis: builtins.int | None=None) -> Any: ...
    @overload
    def unsqueeze(self: Tensor, dim: builtins.int) -> Tensor:
        """With a new dimension of size 1 at dim.

        >>> import weft
        >>> weft.zeros(3).unsqueeze(0).shape
        weft.Size([1, 3])
        """
    @overload
    def unsqueeze(self: Tensor, axis: builtins.int) -> Tensor: ...
    @overload
    def unsqueeze_(self: Tensor, dim: builtins.int) -> Tensor:
        """The same in place: the tensor itself gets the shape. RuntimeError for leaves that require grad.
        """
    @overload
    def unsqueeze_(self: Tensor, axis: builtins.int) -> Tensor: ...
    @overload
    def var(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None) -> Tensor:
        """Variance: sum of squared deviations from the mean, divided by n - correction (default 1).

        >>> import weft
        >>> weft.tensor([1., 3.]).var()
        tensor(2.)
        """
    @overload
    def var(self: Tensor, unbiased: builtins.bool) -> Tensor: ...
    @overload
    def var(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None, out: Tensor | None=None) -> Tensor: ...
    @overload
    def var(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None) -> Tensor: ...
    @overload
    def var(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None, out: Tensor | None=None) -> Tensor: ...
    @overload
    def var_mean(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None) -> tuple[Tensor, Tensor]:
        """Variance and mean.

        >>> import weft
        >>> weft.var_mean(weft.tensor([1., 3.]))
        (tensor(2.), tensor(2.))
        """
    @overload
    def var_mean(self: Tensor, unbiased: builtins.bool) -> tuple[Tensor, Tensor]: ...
    @overload
    def var_mean(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None) -> tuple[Tensor, Tensor]: ...
    def vdot(self: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Sum of the products of the conjugates of one vector and the elements of another one.
        """
    @overload
    def view(self: Tensor, size: builtins.int | Sequence[builtins.int]) -> Tensor:
        """The same memory in another shape, or (given a dtype) as another dtype.

        Raises RuntimeError when the strides do not allow a view.

        >>> import weft
        >>> weft.arange(4).view(-1, 2).shape
        weft.Size([2, 2])
        """
    @overload
    def view(self: Tensor, dtype: _DType) -> Tensor: ...
    @overload
    def view(self: Tensor, *size: builtins.int) -> Tensor: ...
    def view_as(self: Tensor, other: Tensor) -> Tensor:
        """view() with the shape of another tensor.
        """
    def vsplit(self: Tensor, indices_or_sections: Any) -> tuple[Any, ...]:
        """Parts of one size along rows, or cuts before the given places; RuntimeError where the size does not divide.
        """
    def where(self: Tensor, condition: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def xlogy(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
    def xlogy_(self: Tensor, other: Tensor | builtins.complex) -> Tensor: ...
    def zero_(self: Tensor) -> Tensor:
        """Sets every element to 0.
        """
@overload
def _vector_norm(x: Tensor, ord: builtins.float=2.0, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def _vector_norm(x: Tensor, ord: builtins.float=2.0, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
def abs(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def absolute(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def acos(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def acosh(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def add(input: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """input + alpha * other (or minus), with broadcasting and type promotion.
    """
@overload
def add(input: builtins.complex, other: Tensor, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor: ...
@overload
def add(input: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
@overload
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """beta * input + alpha * the sum over the batch of batch1 @ batch2.
    """
@overload
def addbmm(beta: builtins.complex, input: Tensor, alpha: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
@overload
def addbmm(beta: builtins.complex, input: Tensor, batch1: Tensor, batch2: Tensor) -> Tensor: ...
@overload
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """input + value * tensor1 * tensor2 (or / tensor2).
    """
@overload
def addcdiv(input: Tensor, value: builtins.complex, tensor1: Tensor, tensor2: Tensor) -> Tensor: ...
@overload
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """input + value * tensor1 * tensor2 (or / tensor2).
    """
@overload
def addcmul(input: Tensor, value: builtins.complex, tensor1: Tensor, tensor2: Tensor) -> Tensor: ...
@overload
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2); with beta=0 input is ignored, NaN and all.
    """
@overload
def addmm(beta: builtins.complex, input: Tensor, alpha: builtins.complex, mat1: Tensor, mat2: Tensor) -> Tensor: ...
@overload
def addmm(beta: builtins.complex, input: Tensor, mat1: Tensor, mat2: Tensor) -> Tensor: ...
@overload
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """beta * input + alpha * (mat @ vec).
    """
@overload
def addmv(beta: builtins.complex, input: Tensor, alpha: builtins.complex, mat: Tensor, vec: Tensor) -> Tensor: ...
@overload
def addmv(beta: builtins.complex, input: Tensor, mat: Tensor, vec: Tensor) -> Tensor: ...
def adjoint(input: Tensor) -> Tensor:
    """The conjugate transpose of the last two dimensions.
    """
@overload
def all(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Is no element zero?

    >>> import weft
    >>> weft.tensor([False, True]).all()
    tensor(False)
    """
@overload
def all(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
def allclose(input: Tensor, other: Tensor, rtol: builtins.float=1e-05, atol: builtins.float=1e-08, equal_nan: builtins.bool=False) -> Any:
    """Is isclose() true everywhere?
    """
@overload
def amax(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Largest value over the given dimensions (default all); equal ones share the gradient.

    >>> import weft
    >>> weft.tensor([[1, 4], [3, 2]]).amax(1)
    tensor([4, 3])
    """
@overload
def amax(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
@overload
def amin(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Smallest value over the given dimensions (default all); equal ones share the gradient.

    >>> import weft
    >>> weft.tensor([[1, 4], [3, 2]]).amin(1)
    tensor([1, 2])
    """
@overload
def amin(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
@overload
def aminmax(input: Tensor, *, dim: builtins.int | None=None, keepdim: builtins.bool=False, out: Any=None) -> Any:
    """The smallest and the largest element, as .min and .max.
    """
@overload
def aminmax(input: Tensor, *, axis: builtins.int | None=None, keepdims: builtins.bool=False, out: Any=None) -> Any: ...
def angle(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The angle of complex numbers in radians, in (-pi, pi]: of real numbers pi where they are negative, else 0.

    >>> import weft
    >>> weft.angle(weft.tensor([1j, -1 + 0j]))
    tensor([1.5708, 3.1416])
    """
@overload
def any(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Is any element not zero?

    >>> import weft
    >>> weft.tensor([False, True]).any()
    tensor(True)
    """
@overload
def any(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
@overload
def arange(end: builtins.complex, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """arange(end), arange(start, end), arange(start, end, step): the numbers start, start + step, ... before end.

    int64 for integers, else the default dtype. Raises RuntimeError when step is 0 or leads away from end.

    >>> import weft
    >>> weft.arange(1, 7, 2)
    tensor([1, 3, 5])
    """
@overload
def arange(start: builtins.complex, end: builtins.complex, step: builtins.complex=1, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def arange(*, end: builtins.complex, step: builtins.complex, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor: ...
def arccos(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def arccosh(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def arcsin(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def arcsinh(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def arctan(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def arctan2(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def arctanh(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def argmax(input: Tensor, dim: builtins.int | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Position of the first of the largest elements along dim, or in the flattened tensor.

    >>> import weft
    >>> weft.tensor([1, 3, 2]).argmax()
    tensor(1)
    """
@overload
def argmax(input: Tensor, axis: builtins.int | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
@overload
def argmin(input: Tensor, dim: builtins.int | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Position of the first of the smallest elements along dim, or in the flattened tensor.

    >>> import weft
    >>> weft.tensor([3, 1, 2]).argmin()
    tensor(1)
    """
@overload
def argmin(input: Tensor, axis: builtins.int | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
@overload
def argsort(input: Tensor, dim: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool=False) -> Tensor:
    """Where the elements in order along dim are.

    >>> import weft
    >>> weft.argsort(weft.tensor([3, 1, 2]))
    tensor([1, 2, 0])
    """
@overload
def argsort(input: Tensor, axis: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool=False) -> Tensor: ...
def argwhere(input: Tensor) -> Tensor:
    """Coordinates (count, dims) of the elements that are not zero.
    """
def as_strided(input: Tensor, size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int], storage_offset: builtins.int | None=None) -> Tensor:
    """Any view of the storage; counted in elements.
    """
def as_tensor(data: Any, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None) -> Tensor:
    """data as a tensor, without a copy where dtype and device allow: a tensor itself, an array's own memory.

    Takes what tensor() takes, and objects with the buffer protocol, DLPack or __array__. Errors are those
    of tensor().

    >>> import numpy, weft
    >>> a = numpy.zeros(2)
    >>> weft.as_tensor(a).add_(1)
    tensor([1., 1.], dtype=weft.float64)
    >>> a
    array([1., 1.])
    """
def asarray(obj: Any, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, copy: builtins.bool | None=None, requires_grad: builtins.bool | None=None) -> Tensor:
    """obj as a tensor: as_tensor(), or with copy=True tensor(), which always copies.

    requires_grad=True makes the result part of what autograd differentiates. Errors are those of tensor().

    >>> import weft
    >>> x = weft.ones(2)
    >>> weft.asarray(x) is x, weft.asarray(x, copy=True) is x
    (True, False)
    """
def asin(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def asinh(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def atan(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def atan2(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def atanh(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def atleast_1d(*args: Any) -> Any:
    """The tensors with at least so many dimensions.
    """
def atleast_2d(*args: Any) -> Any:
    """The tensors with at least so many dimensions.
    """
def atleast_3d(*args: Any) -> Any:
    """The tensors with at least so many dimensions.
    """
@overload
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2), for batches of matrices.
    """
@overload
def baddbmm(beta: builtins.complex, input: Tensor, alpha: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
@overload
def baddbmm(beta: builtins.complex, input: Tensor, batch1: Tensor, batch2: Tensor) -> Tensor: ...
def bernoulli(input: Tensor, p: builtins.float | None=None, *, generator: Any | None=None, out: Tensor | None=None) -> Tensor:
    """1 with probability input[i] (or p), else 0.
    """
def bincount(input: Tensor, weights: Tensor | None=None, minlength: builtins.int=0) -> Tensor:
    """How often each number from 0 occurs, or the sum of its weights.

    >>> import weft
    >>> weft.bincount(weft.tensor([1, 1, 3]))
    tensor([0, 2, 0, 1])
    """
def bitwise_and(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def bitwise_left_shift(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def bitwise_not(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def bitwise_or(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def bitwise_right_shift(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def bitwise_xor(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def block_diag(*args: Any) -> Tensor:
    """A matrix with the given ones along its diagonal and zeros elsewhere.
    """
def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Products of two batches of matrices, shapes (b, n, k) and (b, k, m).
    """
def broadcast_shapes(*shapes: Any) -> Any:
    """The shape that shapes broadcast to.

    >>> import weft
    >>> weft.broadcast_shapes((3, 1), (4,))
    weft.Size([3, 4])
    """
def broadcast_tensors(*args: Any) -> tuple[Any, ...]:
    """The tensors expanded to the shape they broadcast to.
    """
def broadcast_to(input: Tensor, size: builtins.int | Sequence[builtins.int]) -> Tensor:
    """expand() to a shape.
    """
def bucketize(input: Tensor | builtins.complex, boundaries: Tensor, *, out_int32: builtins.bool=False, right: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """The number of the bucket between sorted boundaries that each number falls into.
    """
def can_cast(from_: _DType, to: _DType) -> builtins.bool:
    """May a result of the first dtype be stored in the second?
    """
@overload
def cat(tensors: Any, dim: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
    """Joins tensors along a dimension they have.

    >>> import weft
    >>> weft.cat([weft.ones(1), weft.zeros(2)])
    tensor([1., 0., 0.])
    """
@overload
def cat(tensors: Any, *, axis: builtins.int) -> Tensor: ...
@overload
def cat(tensors: Any, axis: builtins.int=0, *, out: Tensor | None=None) -> Tensor: ...
def ceil(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def chunk(input: Tensor, chunks: builtins.int, dim: builtins.int=0) -> tuple[Any, ...]:
    """Views of that many parts of one size; the last may be smaller.
    """
@overload
def chunk(input: Tensor, chunks: builtins.int, axis: builtins.int=0) -> tuple[Any, ...]: ...
def clamp(input: Tensor, min: Tensor | builtins.complex | None=None, max: Tensor | builtins.complex | None=None, *, out: Tensor | None=None) -> Tensor:
    """input limited to [min, max]; either may be left out, and may be a tensor.
    """
def clamp_max(input: Tensor, max: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def clamp_min(input: Tensor, min: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def clip(input: Tensor, min: Tensor | builtins.complex | None=None, max: Tensor | builtins.complex | None=None, *, out: Tensor | None=None) -> Tensor:
    """input limited to [min, max]; either may be left out, and may be a tensor.
    """
def clone(input: Tensor, *, memory_format: _MemoryFormat | None=None) -> Tensor:
    """A copy with memory of its own; gradients flow back to the original. A dense tensor keeps the order of its elements unless memory_format names another one.
    """
def column_stack(tensors: Any, *, out: Tensor | None=None) -> Tensor:
    """Joins along columns; vectors are columns.
    """
def complex(real: Tensor, imag: Tensor, *, out: Tensor | None=None) -> Tensor:
    """A complex tensor of two parts of one dtype, float32 or float64, which are broadcast together.

    Raises RuntimeError for other dtypes.

    >>> import weft
    >>> weft.complex(weft.tensor([1.0]), weft.tensor([2.0]))
    tensor([1.+2.j])
    """
@overload
def concat(tensors: Any, dim: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
    """Joins tensors along a dimension they have.

    >>> import weft
    >>> weft.cat([weft.ones(1), weft.zeros(2)])
    tensor([1., 0., 0.])
    """
@overload
def concat(tensors: Any, *, axis: builtins.int) -> Tensor: ...
@overload
def concat(tensors: Any, axis: builtins.int=0, *, out: Tensor | None=None) -> Tensor: ...
@overload
def concatenate(tensors: Any, dim: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
    """Joins tensors along a dimension they have.

    >>> import weft
    >>> weft.cat([weft.ones(1), weft.zeros(2)])
    tensor([1., 0., 0.])
    """
@overload
def concatenate(tensors: Any, *, axis: builtins.int) -> Tensor: ...
@overload
def concatenate(tensors: Any, axis: builtins.int=0, *, out: Tensor | None=None) -> Tensor: ...
def conj(input: Tensor) -> Tensor:
    """The complex conjugate: a new tensor; a real tensor itself.

    >>> import weft
    >>> weft.tensor([1 + 2j]).conj()
    tensor([1.-2.j])
    """
def conj_physical(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The complex conjugate, as conj() gives it.
    """
def constant_pad_nd(input: Tensor, pad: builtins.int | Sequence[builtins.int], value: builtins.complex=0) -> Tensor:
    """nn.functional.pad() with a constant.
    """
def copysign(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def cos(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def cosh(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def count_nonzero(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None) -> Tensor:
    """Number of elements that are not zero.

    >>> import weft
    >>> weft.count_nonzero(weft.tensor([0, 2, 3]))
    tensor(2)
    """
@overload
def count_nonzero(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None) -> Tensor: ...
@overload
def cummax(input: Tensor, dim: builtins.int, *, out: Any=None) -> Any:
    """Running maximum along dim and the position of the last of equal ones.
    """
@overload
def cummax(input: Tensor, axis: builtins.int, *, out: Any=None) -> Any: ...
@overload
def cummin(input: Tensor, dim: builtins.int, *, out: Any=None) -> Any:
    """Running minimum along dim and the position of the last of equal ones.
    """
@overload
def cummin(input: Tensor, axis: builtins.int, *, out: Any=None) -> Any: ...
@overload
def cumprod(input: Tensor, dim: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
    """Running product along dim.

    >>> import weft
    >>> weft.tensor([2, 3]).cumprod(0)
    tensor([2, 6])
    """
@overload
def cumprod(input: Tensor, axis: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def cumsum(input: Tensor, dim: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
    """Running sum along dim.

    >>> import weft
    >>> weft.arange(4).cumsum(0)
    tensor([0, 1, 3, 6])
    """
@overload
def cumsum(input: Tensor, axis: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
def deg2rad(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def diag(input: Tensor, diagonal: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
    """The diagonal of a matrix, or the matrix with a vector on its diagonal.
    """
def diag_embed(input: Tensor, offset: builtins.int=0, dim1: builtins.int=-2, dim2: builtins.int=-1) -> Tensor:
    """Zeros, with the last dimension along a diagonal of two new ones.
    """
def diagflat(input: Tensor, offset: builtins.int=0) -> Tensor:
    """The matrix with the flattened tensor on its diagonal.
    """
def diagonal(input: Tensor, offset: builtins.int=0, dim1: builtins.int=0, dim2: builtins.int=1) -> Tensor:
    """The diagonal of two dimensions, as the last one.

    >>> import weft
    >>> weft.tensor([[1, 2], [3, 4]]).diagonal()
    tensor([1, 4])
    """
def diagonal_scatter(input: Tensor, src: Tensor, offset: builtins.int=0, dim1: builtins.int=0, dim2: builtins.int=1) -> Tensor:
    """A copy with diagonal() replaced by src.
    """
@overload
def div(input: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor:
    """input / other; rounding_mode 'floor' or 'trunc' rounds the quotient.
    """
@overload
def div(input: builtins.complex, other: Tensor, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def divide(input: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor:
    """input / other; rounding_mode 'floor' or 'trunc' rounds the quotient.
    """
@overload
def divide(input: builtins.complex, other: Tensor, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor: ...
def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Sum of the products of two vectors.

    >>> import weft
    >>> weft.dot(weft.ones(3), weft.ones(3)).item()
    3.0
    """
def dropout(input: Any, p: builtins.float, train: builtins.bool) -> Any: ...
def dstack(tensors: Any, *, out: Tensor | None=None) -> Tensor:
    """Joins along the third dimension.
    """
def einsum(*args: Any) -> Tensor:
    """einsum(equation, *tensors): sums of products by the letters of the dims, as in numpy.einsum: repeated letters,
    '...', an implied result, and dims of size 1 that broadcast.

    >>> import weft
    >>> weft.einsum('bij,bjk->bik', weft.ones(2, 3, 4), weft.ones(2, 4, 5)).shape
    weft.Size([2, 3, 5])
    """
@overload
def empty(size: builtins.int | Sequence[builtins.int], *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """A tensor with undefined contents. Sizes as numbers or as one sequence.

    >>> import weft
    >>> weft.empty(2, 3).shape
    weft.Size([2, 3])
    """
@overload
def empty(*size: builtins.int, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None, memory_format: _MemoryFormat | None=None) -> Tensor: ...
def empty_like(input: Tensor, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """The same for the shape, dtype and device of input, where they are not given.
    """
def empty_strided(size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int], *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
    """A tensor with undefined contents and the given strides.
    """
def eq(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def equal(input: Tensor, other: Tensor) -> Any:
    """Have both the same shape and elements?

    >>> import weft
    >>> weft.equal(weft.ones(2), weft.ones(3))
    False
    """
def erf(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def erfc(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def erfinv(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def exp(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def exp2(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def expm1(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def eye(n: builtins.int, m: builtins.int | None=None, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """An (n, m) matrix with ones on the diagonal.

    >>> import weft
    >>> weft.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
def fix(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def flatten(input: Tensor, start_dim: builtins.int=0, end_dim: builtins.int=-1) -> Tensor:
    """Makes one dimension of several.

    >>> import weft
    >>> weft.zeros(2, 3, 4).flatten(1).shape
    weft.Size([2, 12])
    """
def flip(input: Tensor, dims: builtins.int | Sequence[builtins.int]) -> Tensor:
    """The elements in reverse order along dims.

    >>> import weft
    >>> weft.arange(3).flip(0)
    tensor([2, 1, 0])
    """
def fliplr(input: Tensor) -> Tensor:
    """Columns in reverse order.
    """
def flipud(input: Tensor) -> Tensor:
    """Rows in reverse order.
    """
def floor(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def floor_divide(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
@overload
def floor_divide(input: builtins.complex, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def fmax(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def fmin(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def fmod(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def frac(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor on the memory of another library's array or tensor that speaks DLPack, or of its capsule.

    Changes of one are seen in the other. The capsule is used up.

    Raises TypeError for other objects, BufferError for devices, dtypes and layouts that Weft lacks.

    >>> import numpy, weft
    >>> weft.from_dlpack(numpy.ones(2))
    tensor([1., 1.], dtype=weft.float64)
    """
def from_numpy(ndarray: Any) -> Tensor:
    """A tensor on the memory of a NumPy array, with its shape and dtype; changes of one are seen in the other.

    Of a read-only array the tensor is read-only too, with a warning.

    Raises TypeError for other objects and dtypes that Weft lacks, ValueError for negative strides.

    >>> import numpy, weft
    >>> a = numpy.zeros(2)
    >>> weft.from_numpy(a).add_(1)
    tensor([1., 1.], dtype=weft.float64)
    >>> a
    array([1., 1.])
    """
def frombuffer(buffer: Any, *, dtype: _DType, count: builtins.int=-1, offset: builtins.int=0, requires_grad: builtins.bool=False) -> Tensor:
    """A vector on the memory of an object with the buffer protocol, read as elements of dtype.

    It has count elements (-1: all there are) and begins at the byte offset. Changes of one are seen in the
    other, unless the buffer is read-only.

    Raises ValueError when the elements are not all there.

    >>> import weft
    >>> weft.frombuffer(bytearray([1, 0, 2, 0]), dtype=weft.int16, offset=2)
    tensor([2], dtype=weft.int16)
    """
def full(size: builtins.int | Sequence[builtins.int], fill_value: builtins.complex, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """A tensor of one repeated value; its dtype is fill_value's unless given.

    >>> import weft
    >>> weft.full((2,), 7)
    tensor([7, 7])
    """
def full_like(input: Tensor, fill_value: builtins.complex, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """full() with the shape, dtype and device of input, where they are not given.
    """
@overload
def gather(input: Tensor, dim: builtins.int, index: Tensor, *, sparse_grad: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """out[i][j] = input[i][index[i][j]] for dim 1, and so on. Raises IndexError for numbers outside of the dimension.

    >>> import weft
    >>> weft.gather(weft.tensor([[1, 2], [3, 4]]), 1, weft.tensor([[1], [0]]))
    tensor([[2],
            [3]])
    """
@overload
def gather(input: Tensor, axis: builtins.int, index: Tensor, *, sparse_grad: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...
def ge(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def ger(input: Tensor, vec2: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Every product of an element of input (n,) and one of vec2 (m,): shape (n, m).
    """
def get_default_device() -> _Device:
    """Where new tensors go on this thread.

    The device of the innermost `with weft.device(...)`, else that of set_default_device().

    >>> import weft
    >>> with weft.device('meta'):
    ...     weft.get_default_device()
    device(type='meta')
    """
def get_default_dtype() -> _DType:
    """The dtype of tensors made from Python floats, and of weft.zeros() and its like; at first float32.

    >>> import weft
    >>> weft.get_default_dtype()
    weft.float32
    """
def get_num_threads() -> builtins.int:
    """How many threads CPU kernels may use, the calling one included.

    At the start: the environment variable WEFT_NUM_THREADS, else OMP_NUM_THREADS, else as many as the
    process may use cores, by its affinity and by the quota of its control group.

    >>> import weft
    >>> weft.get_num_threads() >= 1
    True
    """
def get_rng_state() -> Tensor:
    """The state of the default generator as bytes.
    """
def greater(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def greater_equal(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def gt(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def hardsigmoid(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def hardswish(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Any, ...]:
    """Parts of one size along columns, or cuts before the given places; RuntimeError where the size does not divide.
    """
def hstack(tensors: Any, *, out: Tensor | None=None) -> Tensor:
    """Joins along columns; vectors end to end.
    """
def hypot(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def imag(input: Tensor) -> Tensor:
    """The imaginary part of a tensor: of a complex one a view, of a real one new zeros.

    >>> import weft
    >>> weft.tensor([1 + 2j]).imag
    tensor([2.])
    """
@overload
def index_add(input: Tensor, dim: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """A copy in which slice i of source, times alpha, is added to slice index[i] along dim. Bit-equal for any number of threads.
    """
@overload
def index_add(input: Tensor, axis: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor: ...
@overload
def index_copy(input: Tensor, dim: builtins.int, index: Tensor, source: Tensor) -> Tensor:
    """A copy in which slice index[i] along dim is slice i of source.
    """
@overload
def index_copy(input: Tensor, axis: builtins.int, index: Tensor, source: Tensor) -> Tensor: ...
@overload
def index_fill(input: Tensor, dim: builtins.int, index: Tensor, value: Tensor | builtins.complex) -> Tensor:
    """A copy in which the slices index names along dim are one number.
    """
@overload
def index_fill(input: Tensor, axis: builtins.int, index: Tensor, value: Tensor | builtins.complex) -> Tensor: ...
def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: builtins.bool=False) -> Tensor:
    """A copy with x[indices] = values, or += with accumulate.
    """
@overload
def index_select(input: Tensor, dim: builtins.int, index: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The slices along dim that the vector index names.

    >>> import weft
    >>> weft.index_select(weft.tensor([[1, 2], [3, 4]]), 0, weft.tensor([1]))
    tensor([[3, 4]])
    """
@overload
def index_select(input: Tensor, axis: builtins.int, index: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def initial_seed() -> builtins.int:
    """The seed of the default generator.
    """
def inner(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Sum of products over the last dim of both: shape input.shape[:-1] + other.shape[:-1].
    """
def is_anomaly_check_nan_enabled() -> builtins.bool:
    """Does anomaly detection, where it is on, look for NaN in gradients?

    >>> import weft
    >>> with weft.autograd.detect_anomaly(check_nan=False):
    ...     weft.is_anomaly_check_nan_enabled()
    False
    """
def is_anomaly_enabled() -> builtins.bool:
    """Does this thread detect anomalies in backward, as weft.autograd.detect_anomaly() asks for?

    >>> import weft
    >>> with weft.autograd.detect_anomaly():
    ...     inside = weft.is_anomaly_enabled()
    >>> inside, weft.is_anomaly_enabled()
    (True, False)
    """
def is_complex(input: Tensor) -> builtins.bool:
    """Is the dtype a complex one?

    >>> import weft
    >>> weft.is_complex(weft.tensor(1j)), weft.ones(2).is_complex()
    (True, False)
    """
def is_floating_point(input: Tensor) -> builtins.bool:
    """Is the dtype a floating point one? Complex dtypes are none.

    >>> import weft
    >>> weft.is_floating_point(weft.ones(2)), weft.arange(2).is_floating_point()
    (True, False)
    """
def is_grad_enabled() -> builtins.bool:
    """Does this thread record ops for autograd? Not within weft.no_grad() and weft.inference_mode().

    >>> import weft
    >>> with weft.no_grad():
    ...     inside = weft.is_grad_enabled()
    >>> inside, weft.is_grad_enabled()
    (False, True)
    """
def is_inference_mode_enabled() -> builtins.bool:
    """Is this thread within weft.inference_mode()?

    >>> import weft
    >>> with weft.inference_mode():
    ...     inside = weft.is_inference_mode_enabled()
    >>> inside, weft.is_inference_mode_enabled()
    (True, False)
    """
def is_nonzero(input: Tensor) -> builtins.bool:
    """Is the only element something else than 0? What bool(tensor) says.

    Raises RuntimeError for a tensor of more elements, or none.

    >>> import weft
    >>> weft.is_nonzero(weft.tensor([0.5])), weft.tensor(False).is_nonzero()
    (True, False)
    """
def is_tensor(obj: Any | None) -> builtins.bool:
    """Is obj a weft.Tensor, or an object of a subclass of it?

    >>> import weft
    >>> weft.is_tensor(weft.ones(2)), weft.is_tensor(2.)
    (True, False)
    """
def isclose(input: Tensor, other: Tensor, rtol: builtins.float=1e-05, atol: builtins.float=1e-08, equal_nan: builtins.bool=False) -> Tensor:
    """Where |input - other| <= atol + rtol |other|.
    """
def isfinite(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def isinf(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def isnan(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def isreal(input: Tensor) -> Tensor:
    """Where the imaginary part is 0: everywhere, of a real tensor.
    """
def kron(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Kronecker product: every product of an element of input and one of other, in blocks.
    """
@overload
def kthvalue(input: Tensor, k: builtins.int, dim: builtins.int=-1, keepdim: builtins.bool=False, *, out: Any=None) -> Any:
    """The k-th smallest element (from 1 on) along dim and where it is.
    """
@overload
def kthvalue(input: Tensor, k: builtins.int, axis: builtins.int=-1, keepdims: builtins.bool=False, *, out: Any=None) -> Any: ...
def le(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def lerp(input: Tensor, end: Tensor, weight: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """input + weight * (end - input).
    """
def less(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def less_equal(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def linspace(start: builtins.complex, end: builtins.complex, steps: builtins.int, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """`steps` evenly spaced numbers from start to end, both included.

    >>> import weft
    >>> weft.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
def log(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def log10(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def log1p(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def log2(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def log_softmax(input: Tensor, dim: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor:
    """input - log(sum(exp(input))) along dim: the logarithm of softmax(), exact where that rounds to 0.

    dtype: input is converted to it first, and so is the result.

    Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.

    >>> import weft
    >>> weft.log_softmax(weft.tensor([0., 1000.]), 0)
    tensor([-1000.,     0.])
    """
@overload
def log_softmax(input: Tensor, axis: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor: ...
def logaddexp(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
@overload
def logcumsumexp(input: Tensor, dim: builtins.int, *, out: Tensor | None=None) -> Tensor:
    """log of the running sum of exp(input) along dim, without overflow.
    """
@overload
def logcumsumexp(input: Tensor, axis: builtins.int, *, out: Tensor | None=None) -> Tensor: ...
def logical_and(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def logical_not(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def logical_or(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def logical_xor(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def logit(input: Tensor, eps: builtins.float | None=None, *, out: Tensor | None=None) -> Tensor:
    """log(x / (1 - x)), of x limited to [eps, 1 - eps].
    """
def logsigmoid(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def logspace(start: builtins.complex, end: builtins.complex, steps: builtins.int, base: builtins.float=10.0, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """base to the powers of linspace(start, end, steps).

    >>> import weft
    >>> weft.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
@overload
def logsumexp(input: Tensor, dim: builtins.int | Sequence[builtins.int], keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """log(sum(exp(input))) over the given dimensions, without overflow.

    >>> import weft
    >>> weft.logsumexp(weft.tensor([1000., 1000.]), 0)
    tensor(1000.6932)
    """
@overload
def logsumexp(input: Tensor, axis: builtins.int | Sequence[builtins.int], keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
def lt(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def manual_seed(seed: Any) -> Any:
    """Seeds the default generator, and returns it: the same numbers follow, with any number of threads.
    """
def masked_fill(input: Tensor, mask: Tensor, value: Tensor | builtins.complex) -> Tensor:
    """A copy with one number where mask is True; mask broadcasts.

    >>> import weft
    >>> weft.tensor([1., 2.]).masked_fill(weft.tensor([True, False]), 0)
    tensor([0., 2.])
    """
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy in which the elements where mask is True are the first ones of source, in order.
    """
def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None=None) -> Tensor:
    """A vector of the elements where mask is True; both broadcast.
    """
def matmul(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Matrix product of the last two dims; the dims before them broadcast. A 1-dim input is a row vector, a 1-dim
    other a column vector, and the result lacks that dim.

    >>> import weft
    >>> weft.matmul(weft.ones(2, 3), weft.ones(3, 4)).shape
    weft.Size([2, 4])
    """
@overload
def max(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The largest element; along dim also its (first) position, as .values and .indices; or with another tensor
    the elementwise maximum.

    >>> import weft
    >>> weft.tensor([[1, 4], [3, 2]]).max(1).indices
    tensor([1, 0])
    """
@overload
def max(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def max(input: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, out: Any=None) -> Any: ...
@overload
def max(input: Tensor, axis: builtins.int, keepdims: builtins.bool=False, *, out: Any=None) -> Any: ...
def maximum(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
@overload
def mean(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
    """Mean over the given dimensions (default all). Raises RuntimeError for integers unless dtype is given.

    >>> import weft
    >>> weft.tensor([1., 3.]).mean()
    tensor(2.)
    """
@overload
def mean(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def median(input: Tensor) -> Tensor:
    """The lower of the middle elements, NaN if there is one; along dim also where it is.

    >>> import weft
    >>> weft.median(weft.tensor([3., 1., 2.]))
    tensor(2.)
    """
@overload
def median(input: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, out: Any=None) -> Any: ...
@overload
def median(input: Tensor, axis: builtins.int, keepdims: builtins.bool=False, *, out: Any=None) -> Any: ...
def meshgrid(*tensors: Any, indexing: str | None=None) -> tuple[Any, ...]:
    """Views of the vectors of shape (len(a), len(b), ...), each varying along its own dimension.

    >>> import weft
    >>> a, b = weft.meshgrid(weft.arange(2), weft.arange(3), indexing='ij')
    >>> b
    tensor([[0, 1, 2],
            [0, 1, 2]])
    """
@overload
def min(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The smallest element; along dim also its (first) position, as .values and .indices; or with another tensor
    the elementwise minimum.

    >>> import weft
    >>> weft.tensor([3, 1, 2]).min()
    tensor(1)
    """
@overload
def min(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def min(input: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, out: Any=None) -> Any: ...
@overload
def min(input: Tensor, axis: builtins.int, keepdims: builtins.bool=False, *, out: Any=None) -> Any: ...
def minimum(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def mish(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Product of two matrices, shapes (n, k) and (k, m).
    """
def moveaxis(input: Tensor, source: builtins.int | Sequence[builtins.int], destination: builtins.int | Sequence[builtins.int]) -> Tensor:
    """Moves dimensions to other places; the rest keep their order.

    >>> import weft
    >>> weft.zeros(2, 3, 4).movedim(0, -1).shape
    weft.Size([3, 4, 2])
    """
def movedim(input: Tensor, source: builtins.int | Sequence[builtins.int], destination: builtins.int | Sequence[builtins.int]) -> Tensor:
    """Moves dimensions to other places; the rest keep their order.

    >>> import weft
    >>> weft.zeros(2, 3, 4).movedim(0, -1).shape
    weft.Size([3, 4, 2])
    """
def msort(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The elements in order along the first dimension.
    """
@overload
def mul(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
@overload
def mul(input: builtins.complex, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def multinomial(input: Tensor, num_samples: builtins.int, replacement: builtins.bool=False, *, generator: Any | None=None, out: Tensor | None=None) -> Tensor:
    """num_samples category numbers per row, drawn with probabilities proportional to input (1 or 2 dimensions).

    Raises RuntimeError for negative, infinite or all-zero weights.
    """
@overload
def multiply(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
@overload
def multiply(input: builtins.complex, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def mv(input: Tensor, vec: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Product of a matrix (n, k) and a vector (k,).
    """
def nan_to_num(input: Tensor, nan: builtins.float | None=None, posinf: builtins.float | None=None, neginf: builtins.float | None=None, *, out: Tensor | None=None) -> Tensor:
    """Replaces NaN and infinities by numbers (default 0 and the largest finite ones).
    """
@overload
def nanmean(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
    """Mean of what is not NaN.

    >>> import weft
    >>> weft.nanmean(weft.tensor([1., weft.nan]))
    tensor(1.)
    """
@overload
def nanmean(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def nansum(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
    """Sum that counts NaN as 0.

    >>> import weft
    >>> weft.nansum(weft.tensor([1., weft.nan]))
    tensor(1.)
    """
@overload
def nansum(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def narrow(input: Tensor, dim: builtins.int, start: builtins.int, length: builtins.int) -> Tensor:
    """A range of elements along dim.
    """
@overload
def narrow(input: Tensor, axis: builtins.int, start: builtins.int, length: builtins.int) -> Tensor: ...
def ne(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def neg(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def negative(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def nonzero(input: Tensor, *, as_tuple: builtins.bool=False, out: Tensor | None=None) -> Any:
    """Coordinates (count, dims) of the elements that are not zero; one vector per dimension with as_tuple.

    >>> import weft
    >>> weft.nonzero(weft.tensor([0, 3, 5]))
    tensor([[1],
            [2]])
    """
@overload
def norm(input: Tensor, p: Any=None, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, out: Tensor | None=None, dtype: _DType | None=None) -> Tensor:
    """(sum |x|^p)^(1/p) over the given dimensions (default all).

    >>> import weft
    >>> weft.norm(weft.tensor([3., 4.]))
    tensor(5.)
    """
@overload
def norm(input: Tensor, p: Any=None, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, out: Tensor | None=None, dtype: _DType | None=None) -> Tensor: ...
def normal(mean: Tensor | builtins.complex=0.0, std: Tensor | builtins.complex=1.0, size: builtins.int | Sequence[builtins.int] | None=None, *, generator: Any | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """Normal numbers with the given mean and standard deviation, numbers (and a size) or tensors.
    """
def not_equal(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
def numel(input: Tensor) -> builtins.int:
    """The number of elements: the product of the sizes, 1 for a number.

    >>> import weft
    >>> weft.numel(weft.ones(2, 3)), weft.tensor(1.).numel()
    (6, 1)
    """
@overload
def ones(size: builtins.int | Sequence[builtins.int], *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """A tensor of ones. Sizes as numbers or as one sequence.

    >>> import weft
    >>> weft.ones(2)
    tensor([1., 1.])
    """
@overload
def ones(*size: builtins.int, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None, memory_format: _MemoryFormat | None=None) -> Tensor: ...
def ones_like(input: Tensor, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """The same for the shape, dtype and device of input, where they are not given.
    """
def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Every product of an element of input (n,) and one of vec2 (m,): shape (n, m).
    """
def permute(input: Tensor, dims: builtins.int | Sequence[builtins.int]) -> Tensor:
    """The dimensions in another order.

    >>> import weft
    >>> weft.zeros(2, 3, 4).permute(2, 0, 1).shape
    weft.Size([4, 2, 3])
    """
def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None=None) -> Tensor:
    """abs (cos(angle) + i sin(angle)): a complex tensor of two real ones of one dtype, float32 or float64.

    >>> import weft
    >>> weft.polar(weft.tensor([2.0]), weft.tensor([0.0]))
    tensor([2.+0.j])
    """
def positive(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def pow(input: Tensor | builtins.complex, exponent: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """input to the power of exponent.
    """
@overload
def prod(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
    """Product over the given dimensions (default all).

    >>> import weft
    >>> weft.tensor([2, 3]).prod()
    tensor(6)
    """
@overload
def prod(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
def promote_types(type1: _DType, type2: _DType) -> _DType:
    """The smallest dtype that both can be converted to.
    """
def rad2deg(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def rand(size: builtins.int | Sequence[builtins.int], *, generator: Any | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """Independent numbers, uniform in [0, 1).

    >>> import weft
    >>> bool((weft.rand(10) < 1).all())
    True
    """
@overload
def rand(*size: builtins.int, generator: Any | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor: ...
def rand_like(input: Tensor, *, generator: Any | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """The same for the shape, dtype and device of input, where they are not given.
    """
@overload
def randint(low: builtins.int, high: builtins.int, size: builtins.int | Sequence[builtins.int], *, generator: Any | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """Independent integers, low <= n < high, each equally likely.
    """
@overload
def randint(high: builtins.int, size: builtins.int | Sequence[builtins.int], *, generator: Any | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def randint_like(input: Tensor, low: builtins.int, high: builtins.int, *, generator: Any | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """randint() with the shape, dtype and device of input, where they are not given.
    """
@overload
def randint_like(input: Tensor, high: builtins.int, *, generator: Any | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor: ...
@overload
def randn(size: builtins.int | Sequence[builtins.int], *, generator: Any | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """Independent numbers of the standard normal distribution.

    >>> import weft
    >>> weft.randn(2, 3).shape
    weft.Size([2, 3])
    """
@overload
def randn(*size: builtins.int, generator: Any | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor: ...
def randn_like(input: Tensor, *, generator: Any | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """The same for the shape, dtype and device of input, where they are not given.
    """
def randperm(n: builtins.int, *, generator: Any | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """A random permutation of 0, 1, ..., n - 1.
    """
def ravel(input: Tensor) -> Tensor:
    """The elements as a vector.
    """
def real(input: Tensor) -> Tensor:
    """The real part of a tensor: of a complex one a view, of a real one itself.

    >>> import weft
    >>> weft.real(weft.tensor([1.0])), weft.tensor([1 + 2j]).real
    (tensor([1.]), tensor([1.]))
    """
def reciprocal(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def relu(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def remainder(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
@overload
def remainder(input: builtins.complex, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def repeat_interleave(input: Tensor, repeats: Any, dim: builtins.int | None=None, *, output_size: builtins.int | None=None) -> Tensor:
    """Every element so many times along dim (default: of the flattened tensor).

    >>> import weft
    >>> weft.arange(2).repeat_interleave(2)
    tensor([0, 0, 1, 1])
    """
@overload
def repeat_interleave(input: Tensor, repeats: Any, axis: builtins.int | None=None, *, output_size: builtins.int | None=None) -> Tensor: ...
def reshape(input: Tensor, shape: builtins.int | Sequence[builtins.int]) -> Tensor:
    """The elements in another shape; one size may be -1. A view where the strides allow it, else a copy.

    Raises RuntimeError when the number of elements differs.

    >>> import weft
    >>> weft.arange(4).reshape(2, 2)
    tensor([[0, 1],
            [2, 3]])
    """
def result_type(tensor1: Tensor | builtins.complex, tensor2: Tensor | builtins.complex) -> _DType:
    """The dtype that mixing both gives.
    """
def roll(input: Tensor, shifts: builtins.int | Sequence[builtins.int], dims: builtins.int | Sequence[builtins.int] | None=None) -> Tensor:
    """Elements moved along dims; what leaves at one end enters at the other.

    >>> import weft
    >>> weft.arange(4).roll(1)
    tensor([3, 0, 1, 2])
    """
def rot90(input: Tensor, k: builtins.int=1, dims: builtins.int | Sequence[builtins.int]=(0, 1)) -> Tensor:
    """Turned by 90 degrees k times, from the first towards the second dim.
    """
@overload
def round(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Rounded to that many decimal places, ties to even.
    """
@overload
def round(input: Tensor, *, decimals: builtins.int, out: Tensor | None=None) -> Tensor: ...
def row_stack(tensors: Any, *, out: Tensor | None=None) -> Tensor:
    """Joins along rows; vectors are rows.
    """
def rsqrt(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def rsub(input: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1) -> Tensor:
    """other - alpha * input.
    """
def scalar_tensor(s: builtins.complex, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
    """A tensor without dimensions that holds one number.
    """
@overload
def scatter(input: Tensor, dim: builtins.int, index: Tensor, src: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor:
    """A copy with out[i][index[i][j]] = src[i][j] for dim 1, and so on; of several that go to one place the last stays.

    >>> import weft
    >>> weft.zeros(3).scatter(0, weft.tensor([2]), weft.tensor([5.]))
    tensor([0., 0., 5.])
    """
@overload
def scatter(input: Tensor, dim: builtins.int, index: Tensor, value: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor: ...
@overload
def scatter(input: Tensor, axis: builtins.int, index: Tensor, src: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor: ...
@overload
def scatter(input: Tensor, axis: builtins.int, index: Tensor, value: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor: ...
@overload
def scatter_add(input: Tensor, dim: builtins.int, index: Tensor, src: Tensor, *, out: Tensor | None=None) -> Tensor:
    """A copy with out[i][index[i][j]] += src[i][j] for dim 1, and so on. Bit-equal for any number of threads.
    """
@overload
def scatter_add(input: Tensor, axis: builtins.int, index: Tensor, src: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def scatter_reduce(input: Tensor, dim: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool=True) -> Tensor:
    """Combines src into the places index names by 'sum', 'prod', 'mean', 'amax' or 'amin', with input's own values if include_self.
    """
@overload
def scatter_reduce(input: Tensor, axis: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool=True) -> Tensor: ...
def searchsorted(sorted_sequence: Tensor, input: Tensor | builtins.complex, *, out_int32: builtins.bool=False, right: builtins.bool=False, side: str | None=None, sorter: Tensor | None=None, out: Tensor | None=None) -> Tensor:
    """Where each number would be put into a sorted sequence: before equal ones, or after them with right.

    The sequence is a vector, or has a row for each row of the numbers. It need not be in order where sorter, an int64 tensor of
    its shape such as argsort() gives, says where its elements in order are. RuntimeError for a sorter of another shape or dtype,
    IndexError for an index in it that is out of range.

    >>> import weft
    >>> weft.searchsorted(weft.tensor([1, 3, 5]), weft.tensor([3, 6]))
    tensor([1, 3])
    """
def seed() -> builtins.int:
    """Seeds the default generator from the operating system and returns the seed.
    """
@overload
def select(input: Tensor, dim: builtins.int, index: builtins.int) -> Tensor:
    """One element along dim; the dimension goes away.
    """
@overload
def select(input: Tensor, axis: builtins.int, index: builtins.int) -> Tensor: ...
@overload
def select_scatter(input: Tensor, src: Tensor, dim: builtins.int, index: builtins.int) -> Tensor:
    """A copy with select(dim, index) replaced by src.
    """
@overload
def select_scatter(input: Tensor, src: Tensor, axis: builtins.int, index: builtins.int) -> Tensor: ...
def selu(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def set_default_device(device: _Device | str | builtins.int | None) -> None:
    """Sets where new tensors go on this thread, outside of `with weft.device(...)`; None is the CPU.

    Raises RuntimeError when the device does not exist.

    >>> import weft
    >>> weft.set_default_device('meta')
    >>> weft.ones(2).device, weft.get_default_device()
    (device(type='meta'), device(type='meta'))
    >>> weft.set_default_device(None)
    """
def set_default_dtype(d: _DType) -> None:
    """Sets the dtype of tensors made from Python floats, and of weft.zeros() and its like.

    Raises TypeError unless it is a floating point dtype.

    >>> import weft
    >>> weft.set_default_dtype(weft.float64)
    >>> weft.tensor(0.5).dtype
    weft.float64
    >>> weft.set_default_dtype(weft.float32)
    """
def set_num_threads(int: builtins.int) -> None:
    """Sets how many threads CPU kernels may use, the calling one included; for all threads of the process.

    int: from 1 to 1024; raises ValueError otherwise. Results do not depend on it. An op that another thread
    has begun goes on with the number it has.

    >>> import weft
    >>> before = weft.get_num_threads()
    >>> weft.set_num_threads(1)
    >>> weft.get_num_threads()
    1
    >>> weft.set_num_threads(before)
    """
def set_rng_state(new_state: Tensor) -> None:
    """Sets the state of the default generator.
    """
def sgn(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """input / |input|, 0 for 0: of real tensors the sign.

    >>> import weft
    >>> weft.sgn(weft.tensor([3 + 4j, 0j]))
    tensor([0.6000+0.8000j, 0.0000+0.0000j])
    """
def sigmoid(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def sign(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def signbit(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def silu(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def sin(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def sinh(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def slice_scatter(input: Tensor, src: Tensor, dim: builtins.int=0, start: builtins.int | None=None, end: builtins.int | None=None, step: builtins.int=1) -> Tensor:
    """A copy with a slice replaced by src.
    """
@overload
def slice_scatter(input: Tensor, src: Tensor, axis: builtins.int=0, start: builtins.int | None=None, end: builtins.int | None=None, step: builtins.int=1) -> Tensor: ...
@overload
def softmax(input: Tensor, dim: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor:
    """exp(input) / sum(exp(input)) along dim, computed without overflow; of input's shape.

    dtype: input is converted to it first, and so is the result.

    Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.

    >>> import weft
    >>> weft.softmax(weft.tensor([0, 1]), 0, dtype=weft.float32)
    tensor([0.2689, 0.7311])
    """
@overload
def softmax(input: Tensor, axis: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor: ...
def softsign(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def sort(input: Tensor, dim: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool | None=None, *, out: Any=None) -> Any:
    """The elements in order along dim and where they were, as .values and .indices. Always stable; NaN is the largest.

    >>> import weft
    >>> weft.sort(weft.tensor([3, 1, 2])).indices
    tensor([1, 2, 0])
    """
@overload
def sort(input: Tensor, axis: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool | None=None, *, out: Any=None) -> Any: ...
@overload
def split(tensor: Tensor, split_size_or_sections: Any, dim: builtins.int=0) -> tuple[Any, ...]:
    """Views of parts of the given size (the last may be smaller) or sizes.

    >>> import weft
    >>> weft.arange(3).split(2)
    (tensor([0, 1]), tensor([2]))
    """
@overload
def split(tensor: Tensor, split_size_or_sections: Any, axis: builtins.int=0) -> tuple[Any, ...]: ...
@overload
def split_with_sizes(input: Tensor, split_sizes: builtins.int | Sequence[builtins.int], dim: builtins.int=0) -> tuple[Any, ...]:
    """Views of parts of the given sizes.
    """
@overload
def split_with_sizes(input: Tensor, split_sizes: builtins.int | Sequence[builtins.int], axis: builtins.int=0) -> tuple[Any, ...]: ...
def sqrt(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def square(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def squeeze(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None) -> Tensor:
    """Without the dimensions (default all) that have size 1.

    >>> import weft
    >>> weft.zeros(1, 3, 1).squeeze().shape
    weft.Size([3])
    """
@overload
def squeeze(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None) -> Tensor: ...
@overload
def stack(tensors: Any, dim: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
    """Joins tensors of one shape along a new dimension.

    >>> import weft
    >>> weft.stack([weft.ones(2), weft.zeros(2)]).shape
    weft.Size([2, 2])
    """
@overload
def stack(tensors: Any, axis: builtins.int=0, *, out: Tensor | None=None) -> Tensor: ...
@overload
def std(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None) -> Tensor:
    """Standard deviation, the root of var.

    >>> import weft
    >>> weft.tensor([1., 3.]).std(unbiased=False)
    tensor(1.)
    """
@overload
def std(input: Tensor, unbiased: builtins.bool) -> Tensor: ...
@overload
def std(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def std(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None) -> Tensor: ...
@overload
def std(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def std_mean(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean.

    >>> import weft
    >>> weft.std_mean(weft.tensor([1., 1.]))
    (tensor(0.), tensor(1.))
    """
@overload
def std_mean(input: Tensor, unbiased: builtins.bool) -> tuple[Tensor, Tensor]: ...
@overload
def std_mean(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None) -> tuple[Tensor, Tensor]: ...
@overload
def sub(input: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """input + alpha * other (or minus), with broadcasting and type promotion.
    """
@overload
def sub(input: builtins.complex, other: Tensor, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor: ...
@overload
def sub(input: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
@overload
def subtract(input: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """input + alpha * other (or minus), with broadcasting and type promotion.
    """
@overload
def subtract(input: builtins.complex, other: Tensor, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor: ...
@overload
def subtract(input: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
@overload
def sum(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
    """Sum over the given dimensions (default all); integers and bools are added up in int64.

    >>> import weft
    >>> weft.ones(2, 3).sum(0)
    tensor([2., 2., 2.])
    """
@overload
def sum(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
def swapaxes(input: Tensor, axis0: builtins.int, axis1: builtins.int) -> Tensor:
    """Exchanges two dimensions.
    """
def swapdims(input: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
    """Exchanges two dimensions.
    """
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; a vector as it is.
    """
def take(input: Tensor, index: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Elements of the flattened input, in the shape of index.

    >>> import weft
    >>> weft.take(weft.tensor([[1, 2], [3, 4]]), weft.tensor([3, 0]))
    tensor([4, 1])
    """
@overload
def take_along_dim(input: Tensor, indices: Tensor, dim: builtins.int | None=None, *, out: Tensor | None=None) -> Tensor:
    """gather() with broadcasting; without dim, elements of the flattened input.
    """
@overload
def take_along_dim(input: Tensor, indices: Tensor, axis: builtins.int | None=None, *, out: Tensor | None=None) -> Tensor: ...
def tan(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def tanh(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def tanhshrink(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def tensor(data: Any, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool | None=None) -> Tensor:
    """A new leaf tensor with a copy of data: a number, nested sequences of them, a NumPy array or a tensor.

    Its shape is that of the nesting. dtype is by default that of an array or tensor, else the widest of the
    numbers: bool, int64, the default dtype for floats, its complex one for complex numbers. device is by
    default that of a tensor, else the default device. pin_memory has no effect.

    Raises ValueError for sequences of unequal lengths, TypeError for what are no numbers, RuntimeError for
    integers that the dtype does not hold.

    >>> import weft
    >>> weft.tensor([[1, 2], [3, 4]]), weft.tensor([1, 2.5])
    (tensor([[1, 2],
            [3, 4]]), tensor([1.0000, 2.5000]))
    """
@overload
def tensor_split(input: Tensor, indices_or_sections: Any, dim: builtins.int=0) -> tuple[Any, ...]:
    """That many parts whose sizes differ by at most 1, or cuts before the given places.
    """
@overload
def tensor_split(input: Tensor, indices_or_sections: Any, axis: builtins.int=0) -> tuple[Any, ...]: ...
def tensordot(a: Tensor, b: Tensor, dims: Any=2, *, out: Tensor | None=None) -> Tensor:
    """Sums products over the last `dims` dims of a and the first of b, or over a pair of lists of dims.
    """
def tile(input: Tensor, dims: builtins.int | Sequence[builtins.int]) -> Tensor:
    """repeat() that needs no counts for the leading dimensions.
    """
@overload
def topk(input: Tensor, k: builtins.int, dim: builtins.int=-1, largest: builtins.bool=True, sorted: builtins.bool=True, *, out: Any=None) -> Any:
    """The k largest (or smallest) elements along dim and where they are, as .values and .indices.

    Raises RuntimeError when there are fewer.

    >>> import weft
    >>> weft.topk(weft.tensor([3, 1, 2]), 2).values
    tensor([3, 2])
    """
@overload
def topk(input: Tensor, k: builtins.int, axis: builtins.int=-1, largest: builtins.bool=True, sorted: builtins.bool=True, *, out: Any=None) -> Any: ...
def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix.
    """
def transpose(input: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
    """Exchanges two dimensions.
    """
def tril(input: Tensor, diagonal: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
    """The lower triangle of the last two dimensions, zeros above it.
    """
def tril_indices(row: builtins.int, col: builtins.int, offset: builtins.int=0, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
    """Row and column numbers (2, count) of a triangle of a (row, col) matrix.
    """
def triu(input: Tensor, diagonal: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
    """The upper triangle of the last two dimensions, zeros below it.
    """
def triu_indices(row: builtins.int, col: builtins.int, offset: builtins.int=0, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
    """Row and column numbers (2, count) of a triangle of a (row, col) matrix.
    """
@overload
def true_divide(input: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor:
    """input / other; rounding_mode 'floor' or 'trunc' rounds the quotient.
    """
@overload
def true_divide(input: builtins.complex, other: Tensor, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor: ...
def trunc(input: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def unbind(input: Tensor, dim: builtins.int=0) -> tuple[Any, ...]:
    """The elements along dim as a tuple of views.
    """
@overload
def unbind(input: Tensor, axis: builtins.int=0) -> tuple[Any, ...]: ...
@overload
def unflatten(input: Tensor, dim: builtins.int, sizes: builtins.int | Sequence[builtins.int]) -> Tensor:
    """Splits one dimension into several.

    >>> import weft
    >>> weft.zeros(2, 12).unflatten(1, (3, -1)).shape
    weft.Size([2, 3, 4])
    """
@overload
def unflatten(input: Tensor, axis: builtins.int, sizes: builtins.int | Sequence[builtins.int]) -> Tensor: ...
@overload
def unique(input: Tensor, sorted: builtins.bool=True, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, dim: builtins.int | None=None) -> Any:
    """The distinct elements in order; optionally which of them each element is, and how often each occurs.

    With dim the distinct slices along it, in the order of their first elements, then of their second, ...

    >>> import weft
    >>> weft.unique(weft.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
@overload
def unique(input: Tensor, sorted: builtins.bool=True, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, axis: builtins.int | None=None) -> Any: ...
@overload
def unique_consecutive(input: Tensor, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, dim: builtins.int | None=None) -> Any:
    """The first of each run of equal elements (or with dim of equal slices); optionally which run each is in, and the lengths.
    """
@overload
def unique_consecutive(input: Tensor, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, axis: builtins.int | None=None) -> Any: ...
@overload
def unsqueeze(input: Tensor, dim: builtins.int) -> Tensor:
    """With a new dimension of size 1 at dim.

    >>> import weft
    >>> weft.zeros(3).unsqueeze(0).shape
    weft.Size([1, 3])
    """
@overload
def unsqueeze(input: Tensor, axis: builtins.int) -> Tensor: ...
def vander(x: Tensor, N: builtins.int | None=None, increasing: builtins.bool=False) -> Tensor:
    """The powers N-1 ... 0 of the elements of a vector, one row per element.

    >>> import weft
    >>> weft.vander(weft.tensor([2, 3]))
    tensor([[2, 1],
            [3, 1]])
    """
@overload
def var(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None) -> Tensor:
    """Variance: sum of squared deviations from the mean, divided by n - correction (default 1).

    >>> import weft
    >>> weft.tensor([1., 3.]).var()
    tensor(2.)
    """
@overload
def var(input: Tensor, unbiased: builtins.bool) -> Tensor: ...
@overload
def var(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def var(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None) -> Tensor: ...
@overload
def var(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def var_mean(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None) -> tuple[Tensor, Tensor]:
    """Variance and mean.

    >>> import weft
    >>> weft.var_mean(weft.tensor([1., 3.]))
    (tensor(2.), tensor(2.))
    """
@overload
def var_mean(input: Tensor, unbiased: builtins.bool) -> tuple[Tensor, Tensor]: ...
@overload
def var_mean(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None) -> tuple[Tensor, Tensor]: ...
def vdot(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Sum of the products of the conjugates of one vector and the elements of another one.
    """
def view_as_complex(input: Tensor) -> Tensor:
    """A real tensor of shape (..., 2), whose last dimension holds the real and the imaginary parts, as a complex one of shape (...). A view.

    Raises RuntimeError for other dtypes than float32 and float64, another size of the last dimension, and parts that are no neighbours in memory.

    >>> import weft
    >>> weft.view_as_complex(weft.tensor([[1.0, 2.0]]))
    tensor([1.+2.j])
    """
def view_as_real(input: Tensor) -> Tensor:
    """A complex tensor as a real one with one dimension more, of size 2: the real and the imaginary parts. A view.

    Raises RuntimeError for other dtypes.

    >>> import weft
    >>> weft.view_as_real(weft.tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Any, ...]:
    """Parts of one size along rows, or cuts before the given places; RuntimeError where the size does not divide.
    """
def vstack(tensors: Any, *, out: Tensor | None=None) -> Tensor:
    """Joins along rows; vectors are rows.
    """
@overload
def where(condition: Tensor, input: Tensor | builtins.complex, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """input where condition holds, other elsewhere, with broadcasting.
    """
@overload
def where(condition: Tensor) -> tuple[Any, ...]: ...
def xlogy(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor: ...
@overload
def zeros(size: builtins.int | Sequence[builtins.int], *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """A tensor of zeros. Sizes as numbers or as one sequence.

    >>> import weft
    >>> weft.zeros(2, 1)
    tensor([[0.],
            [0.]])
    """
@overload
def zeros(*size: builtins.int, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None, memory_format: _MemoryFormat | None=None) -> Tensor: ...
def zeros_like(input: Tensor, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """The same for the shape, dtype and device of input, where they are not given.
    """

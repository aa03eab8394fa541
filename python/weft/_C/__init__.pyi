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
        """
    def to_real(self) -> weft.dtype:
        """
        The dtype of the parts of a complex dtype; a floating point one itself.

        Raises RuntimeError for other dtypes.
        """
    @property
    def is_complex(self) -> builtins.bool:
        """
        Is it a complex dtype?
        """
    @property
    def is_floating_point(self) -> builtins.bool:
        """
        Is it a floating point dtype? Complex dtypes are none.
        """
    @property
    def is_signed(self) -> builtins.bool:
        """
        Does it hold negative numbers?
        """
    @property
    def itemsize(self) -> builtins.int:
        """
        The bytes of one element.
        """
class device:
    """
    Where a tensor lives: weft.device('cpu'), weft.device('cuda', 1) or ('cuda:1'), weft.device('meta').

    A number alone is a GPU. As a context manager: where new tensors go. Raises RuntimeError for an unknown
    name, TypeError for other objects.
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
        """
    @property
    def type(self) -> str:
        """
        The kind of device: 'cpu', 'cuda' or 'meta'.
        """
class _HookPlace:
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def remove(self) -> None:
        ...
class Node:
    """
    A recorded step of the autograd graph, as Tensor.grad_fn gives it.
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
        """
    @property
    def next_functions(self) -> tuple[Any, ...]:
        """
        The steps the gradient goes to, each with the number of its output; None where it ends.
        """
    @property
    def variable(self) -> weft.Tensor:
        """
        The leaf in which this step accumulates gradients.

        Raises AttributeError unless the step is AccumulateGrad.
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
    def old_gradient_bytes(self, arg0: collections.abc.Sequence[weft.Tensor]) -> builtins.int:
        ...
    def peak_bytes(self, arg0: builtins.bool) -> builtins.int:
        ...
    def recording_text(self, arg0: builtins.bool) -> str:
        ...
    def result_bytes(self, arg0: builtins.bool) -> builtins.int:
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
    A stream of random numbers with its own seed, for the generator= of functions that draw some.
    """
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
    def __init__(self, device: weft.device | None = ...) -> None:
        ...
    def __reduce__(self) -> tuple[Any, ...]:
        ...
    def get_state(self) -> weft.Tensor:
        """
        The place in the stream, for set_state(): 16 bytes as a uint8 vector.
        """
    def initial_seed(self) -> builtins.int:
        """
        The seed the stream was started from.
        """
    def manual_seed(self, seed: typing.Any) -> typing.Any:
        """
        Starts the stream anew from a seed, an integer from -2^63 to 2^64 - 1 where negative ones count from
        2^64; returns the generator.

        Raises TypeError for anything but an integer, ValueError for one out of range.
        """
    def seed(self) -> builtins.int:
        """
        Starts the stream anew from a seed of the operating system, which it returns.
        """
    def set_state(self, new_state: weft.Tensor) -> typing.Any:
        """
        Goes back to a place that get_state() gave; returns the generator.

        Raises RuntimeError for another tensor than such 16 bytes.
        """
    @property
    def device(self) -> weft.device:
        """
        The device of the state: always the CPU.
        """
class _PreparedStep:
    """
    An optimiser's step that was checked and can be taken.
    """
    def __new__(cls, *args: Any, **kwargs: Any) -> typing.Self:
        ...
_ALL_DIMS: builtins.int = 1048576
_PROGRAM_KEYS: tuple[Any, ...] = ('weft.program', 'weft.signature', 'weft.checksum')
__version__: str = '0.1.0'
_extension_api: typing.Any
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
        """
    def __abs__(self: Tensor) -> Tensor: ...
    def __add__(self: Tensor, other: Any) -> Tensor: ...
    def __and__(self: Tensor, other: Any) -> Tensor: ...
    def __array__(self: Tensor, dtype: Any=None, copy: builtins.bool | None=None) -> Any:
        """The NumPy array that numpy.asarray(tensor) gives: numpy(), converted where dtype is another one.

        copy: True for a new array in any case. Raises ValueError for copy=False where one is needed, else what
        numpy() raises.
        """
    def __array_wrap__(self: Tensor, array: Any, context: Any=None, return_scalar: Any=False) -> Any:
        """What a NumPy function made of a tensor's values is a tensor too: np.sqrt(x).
        """
    def __bool__(self: Tensor) -> builtins.bool: ...
    def __complex__(self: Tensor) -> builtins.complex:
        """The value of a tensor of one element as a complex number: what complex(tensor) calls.

        Raises RuntimeError for another number of elements.
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
        """
    def __dlpack_device__(self: Tensor) -> tuple[builtins.int, builtins.int]:
        """The device in DLPack's numbers: (1, 0) for host memory, (2, index) for an NVIDIA GPU.
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
    def abs(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """|x|: of complex numbers the real sqrt(re^2 + im^2).
        """
    def abs_(self: Tensor) -> Tensor:
        """abs() in place.

        Raises NotImplementedError for complex tensors.
        """
    def absolute(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """|x|: of complex numbers the real sqrt(re^2 + im^2).
        """
    def absolute_(self: Tensor) -> Tensor:
        """abs() in place.

        Raises NotImplementedError for complex tensors.
        """
    def acos(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The angle in [0, pi] whose cosine is x: NaN outside of [-1, 1]. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def acos_(self: Tensor) -> Tensor:
        """acos() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def acosh(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """log(x + sqrt(x^2 - 1)), which inverts cosh(): NaN below 1. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def acosh_(self: Tensor) -> Tensor:
        """acosh() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    @overload
    def add(self: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """input + alpha * other. Either may be a number; of bools it is logical or. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for a fractional alpha beside integers, and for shapes that cannot be broadcast.
        """
    @overload
    def add(self: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
    @overload
    def add_(self: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1) -> Tensor:
        """add() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    @overload
    def add_(self: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
    @overload
    def addbmm(self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """beta * input + alpha * (the sum over b of batch1[b] @ batch2[b]), where input broadcasts to the sum
        of the products of two batches of matrices, (b, n, k) and (b, k, m). With beta=0 input is not looked
        at.

        Raises RuntimeError where the shapes or dtypes do not fit.
        """
    @overload
    def addbmm(self: Tensor, beta: builtins.complex, alpha: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    @overload
    def addbmm(self: Tensor, beta: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    @overload
    def addbmm_(self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1) -> Tensor:
        """addbmm() in place: the tensor becomes beta times itself plus alpha times the sum over b of batch1[b]
        @ batch2[b], which has its shape.

        Raises RuntimeError where the shapes or dtypes do not fit.
        """
    @overload
    def addbmm_(self: Tensor, beta: builtins.complex, alpha: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    @overload
    def addbmm_(self: Tensor, beta: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    @overload
    def addcdiv(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """input + value * tensor1 / tensor2. The operands are broadcast and promoted to one dtype; half types are rounded once, at the end.

        Raises RuntimeError for a fractional value beside integers, for a quotient of integers, and for shapes that cannot be broadcast.
        """
    @overload
    def addcdiv(self: Tensor, value: builtins.complex, tensor1: Tensor, tensor2: Tensor) -> Tensor: ...
    @overload
    def addcdiv_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: builtins.complex=1) -> Tensor:
        """addcdiv() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    @overload
    def addcdiv_(self: Tensor, value: builtins.complex, tensor1: Tensor, tensor2: Tensor) -> Tensor: ...
    @overload
    def addcmul(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """input + value * tensor1 * tensor2. The operands are broadcast and promoted to one dtype; half types are rounded once, at the end.

        Raises RuntimeError for a fractional value beside integers, and for shapes that cannot be broadcast.
        """
    @overload
    def addcmul(self: Tensor, value: builtins.complex, tensor1: Tensor, tensor2: Tensor) -> Tensor: ...
    @overload
    def addcmul_(self: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: builtins.complex=1) -> Tensor:
        """addcmul() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    @overload
    def addcmul_(self: Tensor, value: builtins.complex, tensor1: Tensor, tensor2: Tensor) -> Tensor: ...
    @overload
    def addmm(self: Tensor, mat1: Tensor, mat2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """beta * input + alpha * (mat1 @ mat2), where input broadcasts to the product of two matrices. With
        beta=0 input is not looked at: its NaN does not come through. The form with beta and alpha in front
        is PyTorch's former one and warns.

        Raises RuntimeError where the shapes or dtypes do not fit.
        """
    @overload
    def addmm(self: Tensor, beta: builtins.complex, alpha: builtins.complex, mat1: Tensor, mat2: Tensor) -> Tensor: ...
    @overload
    def addmm(self: Tensor, beta: builtins.complex, mat1: Tensor, mat2: Tensor) -> Tensor: ...
    @overload
    def addmm_(self: Tensor, mat1: Tensor, mat2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1) -> Tensor:
        """addmm() in place: the tensor becomes beta times itself plus alpha * (mat1 @ mat2), which has its
        shape.

        Raises RuntimeError where the shapes or dtypes do not fit.
        """
    @overload
    def addmm_(self: Tensor, beta: builtins.complex, alpha: builtins.complex, mat1: Tensor, mat2: Tensor) -> Tensor: ...
    @overload
    def addmm_(self: Tensor, beta: builtins.complex, mat1: Tensor, mat2: Tensor) -> Tensor: ...
    @overload
    def addmv(self: Tensor, mat: Tensor, vec: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """beta * input + alpha * (mat @ vec), where input broadcasts to the product of a matrix (n, k) and a
        vector (k,). With beta=0 input is not looked at.

        Raises RuntimeError where the shapes or dtypes do not fit.
        """
    @overload
    def addmv(self: Tensor, beta: builtins.complex, alpha: builtins.complex, mat: Tensor, vec: Tensor) -> Tensor: ...
    @overload
    def addmv(self: Tensor, beta: builtins.complex, mat: Tensor, vec: Tensor) -> Tensor: ...
    @overload
    def addmv_(self: Tensor, mat: Tensor, vec: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1) -> Tensor:
        """addmv() in place: the tensor becomes beta times itself plus alpha * (mat @ vec), which has its
        shape.

        Raises RuntimeError where the shapes or dtypes do not fit.
        """
    @overload
    def addmv_(self: Tensor, beta: builtins.complex, alpha: builtins.complex, mat: Tensor, vec: Tensor) -> Tensor: ...
    @overload
    def addmv_(self: Tensor, beta: builtins.complex, mat: Tensor, vec: Tensor) -> Tensor: ...
    def adjoint(self: Tensor) -> Tensor:
        """The conjugates with the last two dimensions exchanged: out[..., i, j] = conj(input[..., j, i]).

        Raises RuntimeError for fewer than 2 dimensions.
        """
    @overload
    def all(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
        """Whether every element over the given dimensions (without any over all) is not zero, as bool, for
        uint8 as uint8; of none True.

        Raises IndexError for a dim that is not there.
        """
    @overload
    def all(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
    def allclose(self: Tensor, other: Tensor, rtol: builtins.float=1e-05, atol: builtins.float=1e-08, equal_nan: builtins.bool=False) -> builtins.bool:
        """Is isclose() true everywhere?

        Raises what isclose() raises.
        """
    @overload
    def amax(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
        """The largest value over the given dimensions (without any over all), which keepdim keeps with size 1.
        Equal ones share the gradient; NaN is larger than all numbers.

        Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that
        is not there.
        """
    @overload
    def amax(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
    @overload
    def amin(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
        """The smallest value over the given dimensions (without any over all), kept with size 1 by keepdim.
        Equal ones share the gradient; a NaN is smaller than all numbers here.

        Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that
        is not there.
        """
    @overload
    def amin(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
    @overload
    def aminmax(self: Tensor, *, dim: builtins.int | None=None, keepdim: builtins.bool=False, out: Sequence[Tensor] | None=None) -> _return_types.aminmax:
        """The smallest and the largest element, or those along dim, as .min and .max.

        Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that
        is not there.
        """
    @overload
    def aminmax(self: Tensor, *, axis: builtins.int | None=None, keepdims: builtins.bool=False, out: Sequence[Tensor] | None=None) -> _return_types.aminmax: ...
    def angle(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The angle of complex numbers in radians, in (-pi, pi]: of real numbers pi where they are negative, else 0. NaN stays; integers give floats of the default dtype.
        """
    @overload
    def any(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
        """Whether any element over the given dimensions (without any over all) is not zero, as bool, for uint8
        as uint8; of none False.

        Raises IndexError for a dim that is not there.
        """
    @overload
    def any(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
    def arccos(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The angle in [0, pi] whose cosine is x: NaN outside of [-1, 1]. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def arccos_(self: Tensor) -> Tensor:
        """acos() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def arccosh(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """log(x + sqrt(x^2 - 1)), which inverts cosh(): NaN below 1. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def arccosh_(self: Tensor) -> Tensor:
        """acosh() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def arcsin(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The angle in [-pi/2, pi/2] whose sine is x: NaN outside of [-1, 1]. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def arcsin_(self: Tensor) -> Tensor:
        """asin() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def arcsinh(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """log(x + sqrt(x^2 + 1)), which inverts sinh(). Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def arcsinh_(self: Tensor) -> Tensor:
        """asinh() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def arctan(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The angle in (-pi/2, pi/2) whose tangent is x. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def arctan2(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """The angle in radians, from -pi to pi, of the point at x = other and y = input. The operands are broadcast; integers and bools give floats of the default dtype.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def arctan2_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """atan2() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def arctan_(self: Tensor) -> Tensor:
        """atan() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def arctanh(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """log((1 + x) / (1 - x)) / 2, which inverts tanh(): infinite for -1 and 1, NaN beyond. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def arctanh_(self: Tensor) -> Tensor:
        """atanh() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    @overload
    def argmax(self: Tensor, dim: builtins.int | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
        """Where the largest element along dim is (without dim, in the flattened tensor), the first of equal
        ones, as int64. NaN is larger than all numbers.

        Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that
        is not there.
        """
    @overload
    def argmax(self: Tensor, axis: builtins.int | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
    @overload
    def argmin(self: Tensor, dim: builtins.int | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
        """Where the smallest element along dim is (without dim, in the flattened tensor), the first of equal
        ones, as int64. A NaN counts as the smallest.

        Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that
        is not there.
        """
    @overload
    def argmin(self: Tensor, axis: builtins.int | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
    @overload
    def argsort(self: Tensor, dim: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool=False) -> Tensor:
        """Where the elements in order along dim were, as int64: sort(...).indices, so that gather(dim,
        argsort(dim)) is in order.

        Raises IndexError for a dim that is not there.
        """
    @overload
    def argsort(self: Tensor, axis: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool=False) -> Tensor: ...
    def argwhere(self: Tensor) -> Tensor:
        """The coordinates of the elements that are not zero, row by row: an int64 tensor of shape (count,
        dims).

        Raises RuntimeError on the meta device, where the count is not known.
        """
    def as_strided(self: Tensor, size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int], storage_offset: builtins.int | None=None) -> Tensor:
        """A view of any elements of the storage: element [i, j, ...] lies storage_offset + i * stride[0] + j *
        stride[1] + ... elements after its start. Without storage_offset the tensor's own.

        Raises RuntimeError where that leaves the storage or size and stride differ in length.
        """
    def asin(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The angle in [-pi/2, pi/2] whose sine is x: NaN outside of [-1, 1]. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def asin_(self: Tensor) -> Tensor:
        """asin() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def asinh(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """log(x + sqrt(x^2 + 1)), which inverts sinh(). Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def asinh_(self: Tensor) -> Tensor:
        """asinh() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def atan(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The angle in (-pi/2, pi/2) whose tangent is x. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def atan2(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """The angle in radians, from -pi to pi, of the point at x = other and y = input. The operands are broadcast; integers and bools give floats of the default dtype.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def atan2_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """atan2() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def atan_(self: Tensor) -> Tensor:
        """atan() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def atanh(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """log((1 + x) / (1 - x)) / 2, which inverts tanh(): infinite for -1 and 1, NaN beyond. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def atanh_(self: Tensor) -> Tensor:
        """atanh() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def backward(self: Tensor, gradient: Tensor | Sequence[Tensor] | None=None, retain_graph: builtins.bool | None=None, create_graph: builtins.bool=False, inputs: Tensor | Sequence[Tensor] | None=None) -> None:
        """Adds the gradients of this tensor to the .grad of the leaves it was made from.

        gradient: that of the tensor itself, of its shape; may be left out for one element (then 1). inputs:
        only these get gradients. create_graph: the backward is recorded too, for gradients of gradients.
        retain_graph: keeps what the graph has saved for another backward; by default as create_graph.

        Raises RuntimeError when nothing requires grad or the graph was already used; then no .grad has changed.
        """
    @overload
    def baddbmm(self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """beta * input + alpha * (batch1 @ batch2), where input broadcasts to the products of two batches of
        matrices, (b, n, k) and (b, k, m). With beta=0 input is not looked at.

        Raises RuntimeError where the shapes or dtypes do not fit.
        """
    @overload
    def baddbmm(self: Tensor, beta: builtins.complex, alpha: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    @overload
    def baddbmm(self: Tensor, beta: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    @overload
    def baddbmm_(self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1) -> Tensor:
        """baddbmm() in place: the tensor becomes beta times itself plus alpha * (batch1 @ batch2), which has
        its shape.

        Raises RuntimeError where the shapes or dtypes do not fit.
        """
    @overload
    def baddbmm_(self: Tensor, beta: builtins.complex, alpha: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    @overload
    def baddbmm_(self: Tensor, beta: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
    def bernoulli(self: Tensor, p: builtins.float | None=None, *, generator: Generator | None=None, out: Tensor | None=None) -> Tensor:
        """Independent numbers, 1 with the probability at their place in input, or with probability p, else 0;
        of the shape and dtype of input.

        Raises RuntimeError unless probabilities are from 0 to 1.
        """
    def bernoulli_(self: Tensor, p: Tensor | builtins.complex=0.5, *, generator: Generator | None=None) -> Tensor:
        """Fills the tensor with independent numbers, 1 with probability p, a number or a tensor with one for
        each place that broadcasts to it, else 0.

        Raises RuntimeError unless probabilities are from 0 to 1.
        """
    def bfloat16(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as bfloat16; the tensor itself where they are.

        Numbers that it does not hold become the nearest one. memory_format: the order in which the elements
        lie.
        """
    def bincount(self: Tensor, weights: Tensor | None=None, minlength: builtins.int=0) -> Tensor:
        """How often each number from 0 on occurs in an integer vector, as int64; or the sum of the weights of
        its places, as float32 for these, else float64. The result has max(minlength, largest number + 1)
        elements.

        Raises RuntimeError for negative numbers, another shape or dtype, and weights of another shape.
        """
    def bitwise_and(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """The bits that are set in both, input and other; of bools logical and. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for shapes that cannot be broadcast and for floating point tensors, NotImplementedError for complex tensors.
        """
    def bitwise_and_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """bitwise_and() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def bitwise_left_shift(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """The bits of input moved up by other places, which is input * 2^other while no bit drops out. 0 for a negative other. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for shapes that cannot be broadcast and for floating point tensors, NotImplementedError for complex tensors.
        """
    def bitwise_left_shift_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """bitwise_left_shift() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def bitwise_not(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """All bits inverted: -x - 1 for signed integers, the opposite for bools.

        Raises TypeError for floating point and complex tensors.
        """
    def bitwise_not_(self: Tensor) -> Tensor:
        """bitwise_not() in place.

        Raises TypeError for floating point and complex tensors.
        """
    def bitwise_or(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """The bits that are set in input, other or both; of bools logical or. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for shapes that cannot be broadcast and for floating point tensors, NotImplementedError for complex tensors.
        """
    def bitwise_or_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """bitwise_or() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def bitwise_right_shift(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """The bits of input moved down by other places, which is input / 2^other rounded down. A negative other moves all of them out. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for shapes that cannot be broadcast and for floating point tensors, NotImplementedError for complex tensors.
        """
    def bitwise_right_shift_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """bitwise_right_shift() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def bitwise_xor(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """The bits that are set in just one of input and other; of bools logical xor. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for shapes that cannot be broadcast and for floating point tensors, NotImplementedError for complex tensors.
        """
    def bitwise_xor_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """bitwise_xor() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def bmm(self: Tensor, mat2: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The products of two batches of matrices: shapes (b, n, k) and (b, k, m) give (b, n, m).

        Raises RuntimeError for other shapes and dtypes that differ.
        """
    def bool(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as bool; the tensor itself where they are.

        All but 0 is True. memory_format: the order in which the elements lie.
        """
    @overload
    def broadcast_to(self: Tensor, size: builtins.int | Sequence[builtins.int]) -> Tensor:
        """A view in a shape that the tensor broadcasts to: new dimensions come first, and those of size 1
        repeat their elements without a copy.

        Raises RuntimeError where the shapes do not fit.
        """
    @overload
    def broadcast_to(self: Tensor, *size: builtins.int) -> Tensor: ...
    def byte(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as uint8; the tensor itself where they are.

        Fractions are cut off; integers out of range keep their low bits. memory_format: the order in which the
        elements lie.
        """
    def cauchy_(self: Tensor, median: builtins.float=0.0, sigma: builtins.float=1.0, *, generator: Generator | None=None) -> Tensor:
        """Fills the tensor with independent numbers of the Cauchy distribution, of density 1 / (pi sigma (1 +
        ((x - median) / sigma)^2)).

        Raises RuntimeError for integers.
        """
    def cdouble(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as complex128; the tensor itself where they are.

        The imaginary part of real numbers is 0. memory_format: the order in which the elements lie.
        """
    def ceil(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The smallest integer that is not below x, in the dtype of x.

        Raises NotImplementedError for complex tensors.
        """
    def ceil_(self: Tensor) -> Tensor:
        """ceil() in place.

        Raises NotImplementedError for complex tensors.
        """
    def cfloat(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as complex64; the tensor itself where they are.

        The imaginary part of real numbers is 0. memory_format: the order in which the elements lie.
        """
    def char(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as int8; the tensor itself where they are.

        Fractions are cut off; integers out of range keep their low bits. memory_format: the order in which the
        elements lie.
        """
    @overload
    def chunk(self: Tensor, chunks: builtins.int, dim: builtins.int=0) -> tuple[Tensor, ...]:
        """Views of parts that follow each other along dim, each of ceil(size / chunks) elements; the last may
        be smaller, and there may be fewer than `chunks` of them.

        Raises RuntimeError unless chunks is positive.
        """
    @overload
    def chunk(self: Tensor, chunks: builtins.int, axis: builtins.int=0) -> tuple[Tensor, ...]: ...
    def clamp(self: Tensor, min: Tensor | builtins.complex | None=None, max: Tensor | builtins.complex | None=None, *, out: Tensor | None=None) -> Tensor:
        """input limited to [min, max], and max where min is above it; NaN stays. A bound may be left out, and be a tensor. All are broadcast and promoted to one dtype.

        Raises RuntimeError where both bounds are left out and for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def clamp_(self: Tensor, min: Tensor | builtins.complex | None=None, max: Tensor | builtins.complex | None=None) -> Tensor:
        """clamp() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def clamp_max(self: Tensor, max: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """input, or `max` where input is above it; NaN stays. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def clamp_max_(self: Tensor, max: Tensor | builtins.complex) -> Tensor:
        """clamp_max() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def clamp_min(self: Tensor, min: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """input, or `min` where input is below it; NaN stays. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def clamp_min_(self: Tensor, min: Tensor | builtins.complex) -> Tensor:
        """clamp_min() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def clip(self: Tensor, min: Tensor | builtins.complex | None=None, max: Tensor | builtins.complex | None=None, *, out: Tensor | None=None) -> Tensor:
        """input limited to [min, max], and max where min is above it; NaN stays. A bound may be left out, and be a tensor. All are broadcast and promoted to one dtype.

        Raises RuntimeError where both bounds are left out and for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def clip_(self: Tensor, min: Tensor | builtins.complex | None=None, max: Tensor | builtins.complex | None=None) -> Tensor:
        """clip() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def clone(self: Tensor, *, memory_format: _MemoryFormat | None=None) -> Tensor:
        """A copy with memory of its own; gradients flow back to the original. The elements stay in their order unless memory_format names another one.

        Raises RuntimeError for an order of another number of dimensions.
        """
    def conj(self: Tensor) -> Tensor:
        """The complex conjugate: a new tensor; a real tensor itself.
        """
    def conj_physical(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The complex conjugate, as conj() gives it.
        """
    def conj_physical_(self: Tensor) -> Tensor:
        """conj_physical() in place.
        """
    def contiguous(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The tensor itself if it is contiguous, else a contiguous copy; or in the order that memory_format names.

        Raises RuntimeError for weft.channels_last of a tensor that has not 4 dimensions, for weft.channels_last_3d of one that has not 5, and for weft.preserve_format.
        """
    def copy_(self: Tensor, src: Tensor, non_blocking: builtins.bool=False) -> Tensor:
        """Copies src, which may live on another device, over this tensor: broadcast to its shape and converted to its dtype. With non_blocking a copy from or to pinned memory goes on after the call. Complex numbers lose their imaginary parts in a real tensor, with a warning.

        Raises RuntimeError for a shape that cannot be broadcast to this one.
        """
    def copysign(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """|input| with the sign of other; -0. is negative. The operands are broadcast; integers and bools give floats of the default dtype.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def copysign_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """copysign() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def cos(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The cosine of x radians. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def cos_(self: Tensor) -> Tensor:
        """cos() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def cosh(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """(e^x + e^-x) / 2, the hyperbolic cosine. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def cosh_(self: Tensor) -> Tensor:
        """cosh() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    @overload
    def count_nonzero(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None) -> Tensor:
        """How many elements over the given dimensions (without any over all) are not zero, as int64. NaN is
        not zero.

        Raises IndexError for a dim that is not there.
        """
    @overload
    def count_nonzero(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None) -> Tensor: ...
    def cpu(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The tensor in host memory; itself when it is there.

        memory_format: the order in which the elements lie.
        """
    def cuda(self: Tensor, device: _Device | str | builtins.int | None=None, non_blocking: builtins.bool=False, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The tensor on an NVIDIA GPU, by default the current one; itself when it is there.

        With non_blocking=True the copy of a tensor in pinned memory goes on by itself.

        Raises RuntimeError that says what is missing when there is no GPU, ValueError for another kind of
        device.
        """
    @overload
    def cummax(self: Tensor, dim: builtins.int, *, out: Sequence[Tensor] | None=None) -> _return_types.cummax:
        """The running maximum along dim and where it is, the last of equal ones, as .values and .indices
        (int64).

        Raises IndexError for a dim that is not there.
        """
    @overload
    def cummax(self: Tensor, axis: builtins.int, *, out: Sequence[Tensor] | None=None) -> _return_types.cummax: ...
    @overload
    def cummin(self: Tensor, dim: builtins.int, *, out: Sequence[Tensor] | None=None) -> _return_types.cummin:
        """The running minimum along dim and where it is, the last of equal ones, as .values and .indices
        (int64).

        Raises IndexError for a dim that is not there.
        """
    @overload
    def cummin(self: Tensor, axis: builtins.int, *, out: Sequence[Tensor] | None=None) -> _return_types.cummin: ...
    @overload
    def cumprod(self: Tensor, dim: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
        """The running product along dim: out[i] = input[0] * ... * input[i]. Integers and bools are multiplied
        in int64 unless dtype says otherwise.

        Raises IndexError for a dim that is not there.
        """
    @overload
    def cumprod(self: Tensor, axis: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
    @overload
    def cumprod_(self: Tensor, dim: builtins.int, *, dtype: _DType | None=None) -> Tensor:
        """cumprod() in place: each element becomes the product of those up to it along dim.

        Raises IndexError for a dim that is not there, RuntimeError where the tensor's dtype cannot hold the
        result.
        """
    @overload
    def cumprod_(self: Tensor, axis: builtins.int, *, dtype: _DType | None=None) -> Tensor: ...
    @overload
    def cumsum(self: Tensor, dim: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
        """The running sum along dim: out[i] = input[0] + ... + input[i]. Integers and bools are added up in
        int64 unless dtype says otherwise.

        Raises IndexError for a dim that is not there.
        """
    @overload
    def cumsum(self: Tensor, axis: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
    @overload
    def cumsum_(self: Tensor, dim: builtins.int, *, dtype: _DType | None=None) -> Tensor:
        """cumsum() in place: each element becomes the sum of those up to it along dim.

        Raises IndexError for a dim that is not there, RuntimeError where the tensor's dtype cannot hold the
        result.
        """
    @overload
    def cumsum_(self: Tensor, axis: builtins.int, *, dtype: _DType | None=None) -> Tensor: ...
    def data_ptr(self: Tensor) -> builtins.int:
        """The address of the first element, on the tensor's device; 0 where there is no memory.
        """
    def deg2rad(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """x pi / 180: x degrees in radians. Integers and bools give floats of the default dtype.

        Raises NotImplementedError for complex tensors.
        """
    def deg2rad_(self: Tensor) -> Tensor:
        """deg2rad() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats, NotImplementedError for complex tensors.
        """
    def detach(self: Tensor) -> Tensor:
        """A tensor on the same storage outside of autograd: a leaf that does not require grad.
        """
    def detach_(self: Tensor) -> Tensor:
        """Cuts this tensor from the graph: it becomes a leaf that does not require grad, and is returned.

        Raises RuntimeError for a view, which detach() cuts.
        """
    def diag(self: Tensor, diagonal: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
        """Of a matrix a copy of a diagonal, the elements [i, i + diagonal]; of a vector the square matrix with
        it there and zeros elsewhere.

        Raises RuntimeError unless there are 1 or 2 dimensions.
        """
    def diag_embed(self: Tensor, offset: builtins.int=0, dim1: builtins.int=-2, dim2: builtins.int=-1) -> Tensor:
        """Zeros, but the last dimension along the diagonal [i, i + offset] of two new dimensions of the
        result, dim1 and dim2, each of size input.shape[-1] + abs(offset).

        Raises RuntimeError where dim1 and dim2 are the same, IndexError for one that is not there.
        """
    def diagflat(self: Tensor, offset: builtins.int=0) -> Tensor:
        """The square matrix with the flattened tensor along the diagonal [i, i + offset] and zeros elsewhere.
        """
    def diagonal(self: Tensor, offset: builtins.int=0, dim1: builtins.int=0, dim2: builtins.int=1) -> Tensor:
        """A view of the elements with index i in dim1 and i + offset in dim2, as the last dimension in place
        of these two.

        Raises RuntimeError where dim1 and dim2 are the same, IndexError for one that is not there.
        """
    def diagonal_scatter(self: Tensor, src: Tensor, offset: builtins.int=0, dim1: builtins.int=0, dim2: builtins.int=1) -> Tensor:
        """A copy in which src stands where diagonal(offset, dim1, dim2) looks.

        Raises RuntimeError where src has another shape than that.
        """
    def dim(self: Tensor) -> builtins.int:
        """The number of dimensions.
        """
    def div(self: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor:
        """input / other. Either may be a number. rounding_mode 'floor' rounds the quotient down, 'trunc' towards 0: then that of integers is an integer. The operands are broadcast; integers and bools give floats of the default dtype.

        Raises RuntimeError for another rounding_mode, and for a rounded quotient of integers by 0, and for shapes that cannot be broadcast.
        """
    def div_(self: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None) -> Tensor:
        """div() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def divide(self: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor:
        """input / other. Either may be a number. rounding_mode 'floor' rounds the quotient down, 'trunc' towards 0: then that of integers is an integer. The operands are broadcast; integers and bools give floats of the default dtype.

        Raises RuntimeError for another rounding_mode, and for a rounded quotient of integers by 0, and for shapes that cannot be broadcast.
        """
    def divide_(self: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None) -> Tensor:
        """divide() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def dot(self: Tensor, tensor: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The sum of the products of the elements of two vectors of one length, a tensor without dimensions.

        Raises RuntimeError for other shapes and dtypes that differ.
        """
    def double(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as float64; the tensor itself where they are.

        float32 becomes wider without loss. memory_format: the order in which the elements lie.
        """
    def element_size(self: Tensor) -> builtins.int:
        """The bytes of one element.
        """
    def eq(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """Is input equal to other? NaN equals nothing. The operands are broadcast; the result is bool.

        Raises RuntimeError for shapes that cannot be broadcast.
        """
    def eq_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """eq() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.

        Raises RuntimeError where the result has another shape than this tensor.
        """
    def equal(self: Tensor, other: Tensor) -> builtins.bool:
        """Have both the same shape and elements? NaN equals nothing; the dtypes may differ.
        """
    def erf(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. Integers and bools give floats of the default dtype.

        Raises NotImplementedError for complex tensors.
        """
    def erf_(self: Tensor) -> Tensor:
        """erf() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats, NotImplementedError for complex tensors.
        """
    def erfc(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """1 - erf(x), without the digits that this difference loses for large x. Integers and bools give floats of the default dtype.

        Raises NotImplementedError for complex tensors.
        """
    def erfc_(self: Tensor) -> Tensor:
        """erfc() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats, NotImplementedError for complex tensors.
        """
    def erfinv(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The number whose erf() is x: infinite for -1 and 1, NaN beyond. Integers and bools give floats of the default dtype.

        Raises NotImplementedError for complex tensors.
        """
    def erfinv_(self: Tensor) -> Tensor:
        """erfinv() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats, NotImplementedError for complex tensors.
        """
    def exp(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """e^x. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def exp2(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """2^x. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def exp2_(self: Tensor) -> Tensor:
        """exp2() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def exp_(self: Tensor) -> Tensor:
        """exp() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    @overload
    def expand(self: Tensor, size: builtins.int | Sequence[builtins.int]) -> Tensor:
        """A view in which dimensions of size 1 repeat their element as often as size says, without a copy, and
        new ones come first; -1 keeps a size.

        Raises RuntimeError where a dimension of another size than 1 would change.
        """
    @overload
    def expand(self: Tensor, *size: builtins.int) -> Tensor: ...
    @overload
    def expand(self: Tensor, size: builtins.int | Sequence[builtins.int], *, implicit: builtins.bool) -> Tensor: ...
    def expand_as(self: Tensor, other: Tensor) -> Tensor:
        """expand() to the shape of another tensor, of which only the shape counts.

        Raises RuntimeError where a dimension of another size than 1 would change.
        """
    def expm1(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """e^x - 1, without the digits that this difference loses near x = 0. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def expm1_(self: Tensor) -> Tensor:
        """expm1() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def exponential_(self: Tensor, lambd: builtins.float=1.0, *, generator: Generator | None=None) -> Tensor:
        """Fills the tensor with independent numbers of the exponential distribution, of density lambd
        exp(-lambd x) for x > 0.

        Raises RuntimeError unless lambd is positive and for integers.
        """
    def fill_(self: Tensor, value: Tensor | builtins.complex) -> Tensor:
        """Sets every element to value, a number or a tensor without dimensions, converted to the dtype of this tensor.

        Raises RuntimeError for a tensor that has dimensions, and for a number that does not fit the dtype.
        """
    def fix(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """x without its fraction, in the dtype of x: rounded towards 0.

        Raises NotImplementedError for complex tensors.
        """
    def fix_(self: Tensor) -> Tensor:
        """trunc() in place.

        Raises NotImplementedError for complex tensors.
        """
    def flatten(self: Tensor, start_dim: builtins.int=0, end_dim: builtins.int=-1) -> Tensor:
        """Makes one dimension of those from start_dim to end_dim, both included, of the product of their
        sizes. A view where the strides allow it; a tensor without dimensions becomes a vector.

        Raises IndexError for a dim that is not there, RuntimeError where start_dim comes after end_dim.
        """
    @overload
    def flip(self: Tensor, dims: builtins.int | Sequence[builtins.int]) -> Tensor:
        """A copy with the elements in reverse order along each of dims.

        Raises IndexError for a dim that is not there, RuntimeError for one given twice.
        """
    @overload
    def flip(self: Tensor, *dims: builtins.int) -> Tensor: ...
    def fliplr(self: Tensor) -> Tensor:
        """A copy with the columns, the second dimension, in reverse order.

        Raises RuntimeError for fewer than 2 dimensions.
        """
    def flipud(self: Tensor) -> Tensor:
        """A copy with the rows, the first dimension, in reverse order.

        Raises RuntimeError for a tensor without dimensions.
        """
    def float(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as float32; the tensor itself where they are.

        Numbers that it does not hold become the nearest one. memory_format: the order in which the elements
        lie.
        """
    def floor(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The largest integer that is not above x, in the dtype of x.

        Raises NotImplementedError for complex tensors.
        """
    def floor_(self: Tensor) -> Tensor:
        """floor() in place.

        Raises NotImplementedError for complex tensors.
        """
    def floor_divide(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """input / other rounded down, which is Python's //. Either may be a number. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for integers divided by 0, and for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def floor_divide_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """floor_divide() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def fmax(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """The larger of input and other, or the one that is not NaN. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def fmax_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """fmax() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def fmin(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """The smaller of input and other, or the one that is not NaN. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def fmin_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """fmin() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def fmod(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """What is left of input after other is taken away as often as it fits, as C's fmod() does: it has the sign of input. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for integers divided by 0, and for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def fmod_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """fmod() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def frac(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """x - trunc(x): the fraction, with the sign of x. 0 for integers.

        Raises NotImplementedError for complex tensors.
        """
    def frac_(self: Tensor) -> Tensor:
        """frac() in place.

        Raises NotImplementedError for complex tensors.
        """
    @overload
    def gather(self: Tensor, dim: builtins.int, index: Tensor, *, sparse_grad: builtins.bool=False, out: Tensor | None=None) -> Tensor:
        """Elements picked along dim: out[i][j] = input[i][index[i][j]] for dim 1, and so on. The result has
        the shape of index, an integer tensor with as many dimensions as input and no larger in the others
        than dim.

        Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit.
        """
    @overload
    def gather(self: Tensor, axis: builtins.int, index: Tensor, *, sparse_grad: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...
    def ge(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """Is input greater than other or equal? False where either is NaN. The operands are broadcast; the result is bool.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def ge_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """ge() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.

        Raises RuntimeError where the result has another shape than this tensor.
        """
    def geometric_(self: Tensor, p: builtins.float, *, generator: Generator | None=None) -> Tensor:
        """Fills the tensor with independent numbers of trials, each a success with probability p, up to the
        first success: n = 1, 2, ... with probability (1 - p)^(n - 1) p.

        Raises RuntimeError unless 0 < p < 1.
        """
    def ger(self: Tensor, vec2: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The products input[i] * vec2[j] of two vectors (n,) and (m,), a matrix (n, m).

        Raises RuntimeError unless both are vectors.
        """
    def get_device(self: Tensor) -> builtins.int:
        """The index of the tensor's GPU; -1 for a tensor that is on none.
        """
    def greater(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """Is input greater than other? False where either is NaN. The operands are broadcast; the result is bool.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def greater_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """gt() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.

        Raises RuntimeError where the result has another shape than this tensor.
        """
    def greater_equal(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """Is input greater than other or equal? False where either is NaN. The operands are broadcast; the result is bool.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def greater_equal_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """ge() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.

        Raises RuntimeError where the result has another shape than this tensor.
        """
    def gt(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """Is input greater than other? False where either is NaN. The operands are broadcast; the result is bool.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def gt_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """gt() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.

        Raises RuntimeError where the result has another shape than this tensor.
        """
    def half(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as float16; the tensor itself where they are.

        Numbers that it does not hold become the nearest one. memory_format: the order in which the elements
        lie.
        """
    def hardsigmoid(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """x / 6 + 1 / 2, limited to [0, 1] (Howard et al., 2019). Integers and bools give floats of the default dtype.

        Raises NotImplementedError for complex tensors.
        """
    def hardsigmoid_(self: Tensor) -> Tensor:
        """hardsigmoid() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats, NotImplementedError for complex tensors.
        """
    def hardswish(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """x times x / 6 + 1 / 2, the latter limited to [0, 1] (Howard et al., 2019). Integers and bools give floats of the default dtype.

        Raises NotImplementedError for complex tensors.
        """
    def hardswish_(self: Tensor) -> Tensor:
        """hardswish() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats, NotImplementedError for complex tensors.
        """
    def hsplit(self: Tensor, indices_or_sections: Tensor | builtins.int | Sequence[builtins.int]) -> tuple[Tensor, ...]:
        """tensor_split() along columns: the second dimension, of a vector the only one.

        Raises RuntimeError where a number of parts does not divide the size, and for a tensor without
        dimensions.
        """
    def hypot(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """sqrt(input^2 + other^2), finite also where the squares overflow. The operands are broadcast; integers and bools give floats of the default dtype.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def hypot_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """hypot() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    @property
    def imag(self: Tensor) -> Any:
        """The imaginary part of a tensor: of a complex one a view, of a real one new zeros.
        """
    @overload
    def index_add(self: Tensor, dim: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """A copy in which slice i of source, times alpha, is added to slice index[i] along dim. The same bits
        for any number of threads.

        Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or
        the dtype of source differs.
        """
    @overload
    def index_add(self: Tensor, axis: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor: ...
    @overload
    def index_add_(self: Tensor, dim: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.complex=1) -> Tensor:
        """index_add() in place: slice i of source, times alpha, is added to slice index[i] along dim.

        Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or
        the dtype of source differs.
        """
    @overload
    def index_add_(self: Tensor, axis: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.complex=1) -> Tensor: ...
    @overload
    def index_copy(self: Tensor, dim: builtins.int, index: Tensor, source: Tensor) -> Tensor:
        """A copy in which slice index[i] along dim is slice i of source.

        Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or
        the dtype of source differs.
        """
    @overload
    def index_copy(self: Tensor, axis: builtins.int, index: Tensor, source: Tensor) -> Tensor: ...
    @overload
    def index_copy_(self: Tensor, dim: builtins.int, index: Tensor, source: Tensor) -> Tensor:
        """index_copy() in place: slice index[i] along dim becomes slice i of source.

        Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or
        the dtype of source differs.
        """
    @overload
    def index_copy_(self: Tensor, axis: builtins.int, index: Tensor, source: Tensor) -> Tensor: ...
    @overload
    def index_fill(self: Tensor, dim: builtins.int, index: Tensor, value: Tensor | builtins.complex) -> Tensor:
        """A copy in which the slices along dim that the integer vector index names hold one value, a number or
        a tensor without dimensions.

        Raises IndexError for numbers outside of the dimension, RuntimeError for a value that the dtype
        cannot hold.
        """
    @overload
    def index_fill(self: Tensor, axis: builtins.int, index: Tensor, value: Tensor | builtins.complex) -> Tensor: ...
    @overload
    def index_fill_(self: Tensor, dim: builtins.int, index: Tensor, value: Tensor | builtins.complex) -> Tensor:
        """index_fill() in place: the slices along dim that the integer vector index names get one value.

        Raises IndexError for numbers outside of the dimension, RuntimeError for a value that the dtype
        cannot hold.
        """
    @overload
    def index_fill_(self: Tensor, axis: builtins.int, index: Tensor, value: Tensor | builtins.complex) -> Tensor: ...
    def index_put(self: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: builtins.bool=False) -> Tensor:
        """A copy in which out[indices] = values, or += with accumulate: indices are integer tensors or masks
        for the first dimensions, None for a whole one, and values broadcast to what they choose.

        Raises IndexError for numbers outside of a dimension, RuntimeError where the shapes do not fit or
        the dtype of values differs.
        """
    def index_put_(self: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: builtins.bool=False) -> Tensor:
        """x[indices] = values in place, or += with accumulate: indices are integer tensors or masks for the
        first dimensions, None for a whole one, and values broadcast to what they choose.

        Raises IndexError for numbers outside of a dimension, RuntimeError where the shapes do not fit or
        the dtype of values differs.
        """
    @overload
    def index_select(self: Tensor, dim: builtins.int, index: Tensor, *, out: Tensor | None=None) -> Tensor:
        """A copy of the slices along dim that the integer vector index names, in its order: dim gets its
        length.

        Raises IndexError for numbers outside of the dimension.
        """
    @overload
    def index_select(self: Tensor, axis: builtins.int, index: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def inner(self: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The sums of products over the last dimension of both, of shape input.shape[:-1] + other.shape[:-1].
        A tensor without dimensions multiplies the other.

        Raises RuntimeError where the last sizes or the dtypes differ.
        """
    def int(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as int32; the tensor itself where they are.

        Fractions are cut off; integers out of range keep their low bits. memory_format: the order in which the
        elements lie.
        """
    def is_complex(self: Tensor) -> builtins.bool:
        """Is the dtype a complex one?
        """
    def is_conj(input: Tensor) -> builtins.bool:
        """Is a conjugation delayed? Always False.

        Args:
            input: a tensor; else TypeError.
        """
    def is_contiguous(self: Tensor, memory_format: _MemoryFormat | None=None) -> builtins.bool:
        """Do the elements lie in row-major order, or in that which memory_format names, without gaps?

        memory_format: weft.contiguous_format, weft.channels_last or weft.channels_last_3d. Raises RuntimeError
        for weft.preserve_format, which is no order.
        """
    def is_floating_point(self: Tensor) -> builtins.bool:
        """Is the dtype a floating point one? Complex dtypes are none.
        """
    def is_inference(self: Tensor) -> builtins.bool:
        """Was the tensor made within weft.inference_mode()? Autograd records nothing of such ones.
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
        """
    @property
    def is_nested(self: Tensor) -> Any:
        """Always False.
        """
    def is_nonzero(self: Tensor) -> builtins.bool:
        """Is the only element something else than 0? What bool(tensor) says.

        Raises RuntimeError for a tensor of more elements, or none.
        """
    def is_pinned(self: Tensor, device: Any=None) -> builtins.bool:
        """Does this tensor lie in pinned host memory?

        Args:
            device: None or a CUDA device, for all of which memory is pinned; ValueError for another.
        """
    def is_same_size(self: Tensor, other: Tensor) -> builtins.bool:
        """Have the two tensors one shape?
        """
    def is_set_to(self: Tensor, tensor: Tensor) -> builtins.bool:
        """Are both exactly the same view of the same storage: offset, shape and strides?
        """
    def is_shared(self: Tensor) -> builtins.bool:
        """Whether other processes can see the tensor's memory: after share_memory_(), when it came from another
        process, and always on a GPU.
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
        """Is |input - other| <= atol + rtol |other|? A bool tensor. Infinities are close to themselves only, NaN to NaN if equal_nan. The operands are broadcast.

        Raises RuntimeError for tensors of different dtypes and shapes that cannot be broadcast, ValueError for a negative rtol or atol.
        """
    def isfinite(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Is x, or are both parts of a complex x, neither infinite nor NaN? The result is bool.
        """
    def isfinite_(self: Tensor) -> Tensor:
        """isfinite() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.
        """
    def isinf(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Is x, or a part of a complex x, infinite? The result is bool.
        """
    def isinf_(self: Tensor) -> Tensor:
        """isinf() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.
        """
    def isnan(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Is x, or a part of a complex x, NaN? The result is bool.
        """
    def isnan_(self: Tensor) -> Tensor:
        """isnan() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.
        """
    def isreal(self: Tensor) -> Tensor:
        """Is the imaginary part 0? A bool tensor, True everywhere for a real tensor.
        """
    def item(self: Tensor) -> Any:
        """The value of a tensor of one element as a Python number: a bool, int, float or complex, by the dtype.

        Raises RuntimeError for another number of elements, and on the meta device, where there are no values.
        """
    def kron(self: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The Kronecker product: each element of input times the whole of other, in blocks. Of shapes (n, m)
        and (p, q) shape (n p, m q); the one with fewer dimensions gets some of size 1 in front.
        """
    @overload
    def kthvalue(self: Tensor, k: builtins.int, dim: builtins.int=-1, keepdim: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.kthvalue:
        """The k-th smallest element along dim, counted from 1, and where it is, as .values and .indices
        (int64).

        Raises RuntimeError unless 1 <= k <= size, IndexError for a dim that is not there.
        """
    @overload
    def kthvalue(self: Tensor, k: builtins.int, axis: builtins.int=-1, keepdims: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.kthvalue: ...
    @property
    def layout(self: Tensor) -> Any:
        """Always weft.strided.
        """
    def le(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """Is input less than other or equal? False where either is NaN. The operands are broadcast; the result is bool.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def le_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """le() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.

        Raises RuntimeError where the result has another shape than this tensor.
        """
    def lerp(self: Tensor, end: Tensor, weight: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """input + weight * (end - input): input for weight 0, end for 1, and on the line through both for others. The operands are broadcast. Integers with a fractional weight give floats of the default dtype.

        Raises RuntimeError for tensors of different dtypes, and for shapes that cannot be broadcast.
        """
    def lerp_(self: Tensor, end: Tensor, weight: Tensor | builtins.complex) -> Tensor:
        """lerp() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def less(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """Is input less than other? False where either is NaN. The operands are broadcast; the result is bool.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def less_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """lt() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.

        Raises RuntimeError where the result has another shape than this tensor.
        """
    def less_equal(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """Is input less than other or equal? False where either is NaN. The operands are broadcast; the result is bool.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def less_equal_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """le() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.

        Raises RuntimeError where the result has another shape than this tensor.
        """
    def log(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The natural logarithm of x: -inf for 0, NaN below, and of complex numbers with an angle in (-pi, pi]. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def log10(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The logarithm of x to base 10: -inf for 0, NaN below. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def log10_(self: Tensor) -> Tensor:
        """log10() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def log1p(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """log(1 + x), without the digits that this sum loses near x = 0: -inf for -1, NaN below. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def log1p_(self: Tensor) -> Tensor:
        """log1p() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def log2(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The logarithm of x to base 2: -inf for 0, NaN below. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def log2_(self: Tensor) -> Tensor:
        """log2() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def log_(self: Tensor) -> Tensor:
        """log() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def log_normal_(self: Tensor, mean: builtins.float=1.0, std: builtins.float=2.0, *, generator: Generator | None=None) -> Tensor:
        """Fills the tensor with exp(z) of independent numbers z of the normal distribution with the given mean
        and standard deviation.

        Raises RuntimeError for a negative std and for integers.
        """
    @overload
    def log_softmax(self: Tensor, dim: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor:
        """input - log(sum(exp(input))) along dim: the logarithm of softmax(), exact where that rounds to 0.

        dtype: input is converted to it first, and so is the result.

        Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.
        """
    @overload
    def log_softmax(self: Tensor, axis: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor: ...
    def logaddexp(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """log(e^input + e^other), finite also where the powers overflow. The operands are broadcast; integers and bools give floats of the default dtype.

        Raises RuntimeError for shapes that cannot be broadcast.
        """
    def logaddexp_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """logaddexp() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    @overload
    def logcumsumexp(self: Tensor, dim: builtins.int, *, out: Tensor | None=None) -> Tensor:
        """The logarithm of the running sum of exp(input) along dim, without overflow: out[i] =
        log(exp(input[0]) + ... + exp(input[i])).

        Raises IndexError for a dim that is not there, RuntimeError for integers.
        """
    @overload
    def logcumsumexp(self: Tensor, axis: builtins.int, *, out: Tensor | None=None) -> Tensor: ...
    def logical_and(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """Are both, input and other, not 0? The operands are broadcast; the result is bool.

        Raises RuntimeError for shapes that cannot be broadcast.
        """
    def logical_and_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """logical_and() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.

        Raises RuntimeError where the result has another shape than this tensor.
        """
    def logical_not(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Is x equal to 0? The result is bool.
        """
    def logical_not_(self: Tensor) -> Tensor:
        """logical_not() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.
        """
    def logical_or(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """Is input, other or both not 0? The operands are broadcast; the result is bool.

        Raises RuntimeError for shapes that cannot be broadcast.
        """
    def logical_or_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """logical_or() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.

        Raises RuntimeError where the result has another shape than this tensor.
        """
    def logical_xor(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """Is just one of input and other not 0? The operands are broadcast; the result is bool.

        Raises RuntimeError for shapes that cannot be broadcast.
        """
    def logical_xor_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """logical_xor() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.

        Raises RuntimeError where the result has another shape than this tensor.
        """
    def logit(self: Tensor, eps: builtins.float | None=None, *, out: Tensor | None=None) -> Tensor:
        """log(x / (1 - x)), which inverts sigmoid(): infinite for 0 and 1, NaN beyond; with eps of x limited to [eps, 1 - eps]. Integers and bools give floats of the default dtype.
        """
    def logit_(self: Tensor, eps: builtins.float | None=None) -> Tensor:
        """logit() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def logsigmoid(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """log(1 / (1 + e^-x)), finite also where e^-x overflows. Integers and bools give floats of the default dtype.

        Raises NotImplementedError for complex tensors.
        """
    def logsigmoid_(self: Tensor) -> Tensor:
        """logsigmoid() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats, NotImplementedError for complex tensors.
        """
    @overload
    def logsumexp(self: Tensor, dim: builtins.int | Sequence[builtins.int], keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
        """log(sum(exp(input))) over the given dimensions, which keepdim keeps with size 1: computed as m +
        log(sum(exp(input - m))) with the largest element m, which does not overflow. Integers give the
        default dtype.

        Raises IndexError for a dim that is not there.
        """
    @overload
    def logsumexp(self: Tensor, axis: builtins.int | Sequence[builtins.int], keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
    def long(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as int64; the tensor itself where they are.

        Fractions are cut off. memory_format: the order in which the elements lie.
        """
    def lt(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """Is input less than other? False where either is NaN. The operands are broadcast; the result is bool.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def lt_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """lt() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.

        Raises RuntimeError where the result has another shape than this tensor.
        """
    @property
    def mH(self: Tensor) -> Tensor:
        """The conjugate transpose of the last two dimensions: of a real tensor, the transpose.
        """
    def masked_fill(self: Tensor, mask: Tensor, value: Tensor | builtins.complex) -> Tensor:
        """A copy with one value, a number or a tensor without dimensions, where the bool tensor mask is True.
        Input and mask broadcast.

        Raises RuntimeError for a mask of another dtype and a value that the dtype cannot hold.
        """
    def masked_fill_(self: Tensor, mask: Tensor, value: Tensor | builtins.complex) -> Tensor:
        """masked_fill() in place: the tensor gets one value where the bool tensor mask, which broadcasts to
        it, is True.

        Raises RuntimeError for a mask of another dtype or shape and a value that the dtype cannot hold.
        """
    def masked_scatter(self: Tensor, mask: Tensor, source: Tensor) -> Tensor:
        """A copy in which the elements where the bool tensor mask is True are the first ones of source, row by
        row; the rest stays. Mask and input broadcast.

        Raises RuntimeError where source has too few elements or another dtype.
        """
    def masked_scatter_(self: Tensor, mask: Tensor, source: Tensor) -> Tensor:
        """masked_scatter() in place: the elements where the bool tensor mask is True become the first ones of
        source, row by row.

        Raises RuntimeError where source has too few elements or another dtype.
        """
    def masked_select(self: Tensor, mask: Tensor, *, out: Tensor | None=None) -> Tensor:
        """A vector of the elements where the bool tensor mask is True, row by row; input and mask broadcast.

        Raises RuntimeError for a mask of another dtype.
        """
    def matmul(self: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The matrix product of the last two dimensions, out[..., i, j] = sum_k input[..., i, k] other[..., k,
        j]; the dimensions before them broadcast. A vector counts as a row on the left and as a column on
        the right, and the result lacks that dimension.

        Raises RuntimeError where the shapes or dtypes do not fit.
        """
    @overload
    def max(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The largest element; with dim the largest along it and where it is, the first of equal ones, as
        .values and .indices (int64); or with another tensor the larger of each two elements, as maximum().
        NaN is larger than all numbers.

        Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that
        is not there.
        """
    @overload
    def max(self: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    @overload
    def max(self: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.max: ...
    @overload
    def max(self: Tensor, axis: builtins.int, keepdims: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.max: ...
    def maximum(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """The larger of input and other, NaN where either is. Equal ones get half of the gradient each. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def maximum_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """maximum() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    @overload
    def mean(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
        """The mean over the given dimensions (without any over all), which keepdim keeps with size 1:
        sum(input) / count. NaN where there is nothing to add up.

        Raises RuntimeError for integers unless a floating dtype is given, IndexError for a dim that is not
        there.
        """
    @overload
    def mean(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
    @overload
    def median(self: Tensor) -> Tensor:
        """The middle element in order, of two middle ones the lower, NaN where there is one; with dim along it
        and where it is, as .values and .indices (int64).

        Raises IndexError for a dim that is not there or has no elements.
        """
    @overload
    def median(self: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.median: ...
    @overload
    def median(self: Tensor, axis: builtins.int, keepdims: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.median: ...
    @overload
    def min(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The smallest element; with dim the smallest along it and where it is, the first of equal ones, as
        .values and .indices (int64); or with another tensor the smaller of each two elements, as minimum().
        Where there is a NaN it is the result.

        Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that
        is not there.
        """
    @overload
    def min(self: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    @overload
    def min(self: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.min: ...
    @overload
    def min(self: Tensor, axis: builtins.int, keepdims: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.min: ...
    def minimum(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """The smaller of input and other, NaN where either is. Equal ones get half of the gradient each. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def minimum_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """minimum() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def mish(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """x tanh(log(1 + e^x)) (Misra, 2019). Integers and bools give floats of the default dtype.

        Raises NotImplementedError for complex tensors.
        """
    def mish_(self: Tensor) -> Tensor:
        """mish() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats, NotImplementedError for complex tensors.
        """
    def mm(self: Tensor, mat2: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The product of two matrices: shapes (n, k) and (k, m) give (n, m).

        Raises RuntimeError for other shapes and dtypes that differ.
        """
    def module_load(self: Tensor, other: Tensor, assign: builtins.bool=False) -> Tensor:
        """What this parameter or buffer becomes when load_state_dict loads ``other`` into it and swaps.

        It is called where ``weft.__future__.set_swap_module_params_on_conversion(True)`` has been; subclasses override it.

        Args:
            other: the tensor of the state dict.
            assign: whether it takes this one's place, rather than being copied. Default False.

        Returns a new tensor: this one's memory with other's values, or other's memory with ``assign``.
        """
    def moveaxis(self: Tensor, source: builtins.int | Sequence[builtins.int], destination: builtins.int | Sequence[builtins.int]) -> Tensor:
        """A view in which the dimensions that source names are at the places that destination names; the
        others keep their order.

        Raises RuntimeError where the two differ in length or name a dimension twice, IndexError for one
        that is not there.
        """
    def movedim(self: Tensor, source: builtins.int | Sequence[builtins.int], destination: builtins.int | Sequence[builtins.int]) -> Tensor:
        """A view in which the dimensions that source names are at the places that destination names; the
        others keep their order.

        Raises RuntimeError where the two differ in length or name a dimension twice, IndexError for one
        that is not there.
        """
    def msort(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The elements in order along the first dimension, column by column: sort(0).values. A tensor without
        dimensions stays as it is.
        """
    def mul(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """input * other. Either may be a number. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for shapes that cannot be broadcast.
        """
    def mul_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """mul() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def multinomial(self: Tensor, num_samples: builtins.int, replacement: builtins.bool=False, *, generator: Generator | None=None, out: Tensor | None=None) -> Tensor:
        """num_samples numbers of categories, drawn with probabilities proportional to the weights in input, a
        vector or one in each row of a matrix; without replacement no category comes twice. int64, of shape
        (num_samples,) or (rows, num_samples).

        Raises RuntimeError for weights that are negative, infinite or all zero, and for more samples
        without replacement than there are categories.
        """
    def multiply(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """input * other. Either may be a number. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for shapes that cannot be broadcast.
        """
    def multiply_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """mul() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def mv(self: Tensor, vec: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The product of a matrix (n, k) and a vector (k,): shape (n,).

        Raises RuntimeError for other shapes and dtypes that differ.
        """
    def nan_to_num(self: Tensor, nan: builtins.float | None=None, posinf: builtins.float | None=None, neginf: builtins.float | None=None, *, out: Tensor | None=None) -> Tensor:
        """input with numbers for NaN and infinities, also in the parts of complex numbers: 0, the largest and the smallest finite number of the dtype if none are given. Integers stay as they are.
        """
    def nan_to_num_(self: Tensor, nan: builtins.float | None=None, posinf: builtins.float | None=None, neginf: builtins.float | None=None) -> Tensor:
        """nan_to_num() in place.
        """
    @overload
    def nanmean(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
        """The mean of the elements that are not NaN, over the given dimensions (without any over all); NaN
        where there is none.

        Raises RuntimeError for integers, IndexError for a dim that is not there.
        """
    @overload
    def nanmean(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
    @overload
    def nansum(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
        """sum() in which NaN counts as 0.

        Raises IndexError for a dim that is not there, RuntimeError for one given twice.
        """
    @overload
    def nansum(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
    @overload
    def narrow(self: Tensor, dim: builtins.int, start: builtins.int, length: builtins.int) -> Tensor:
        """A view of the elements start, ..., start + length - 1 along dim. A negative start counts from the
        end.

        Raises RuntimeError or IndexError where they are not all there.
        """
    @overload
    def narrow(self: Tensor, axis: builtins.int, start: builtins.int, length: builtins.int) -> Tensor: ...
    def ndimension(self: Tensor) -> builtins.int:
        """The number of dimensions, as dim() gives it.
        """
    def ne(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """Is input another number than other? NaN is another than all. The operands are broadcast; the result is bool.

        Raises RuntimeError for shapes that cannot be broadcast.
        """
    def ne_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """ne() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.

        Raises RuntimeError where the result has another shape than this tensor.
        """
    def neg(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """-x. Unsigned integers wrap around.

        Raises RuntimeError for bools, which logical_not() inverts.
        """
    def neg_(self: Tensor) -> Tensor:
        """neg() in place.
        """
    def negative(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """-x. Unsigned integers wrap around.

        Raises RuntimeError for bools, which logical_not() inverts.
        """
    def negative_(self: Tensor) -> Tensor:
        """neg() in place.
        """
    def nelement(self: Tensor) -> builtins.int:
        """The number of elements, as numel() gives it.
        """
    def new(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """A new tensor of this one's dtype and device, with sizes or data as ``x.new_empty`` or ``x.new_tensor`` take them.

        Raises TypeError for other keywords than device.
        """
    @overload
    def new_empty(self: Tensor, size: builtins.int | Sequence[builtins.int], *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
        """A tensor with undefined contents of the given size (numbers, or one sequence), with this tensor's
        dtype and device where no others are given.

        Raises RuntimeError for negative sizes.
        """
    @overload
    def new_empty(self: Tensor, *size: builtins.int, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor: ...
    def new_full(self: Tensor, size: builtins.int | Sequence[builtins.int], fill_value: builtins.complex, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
        """A tensor of the given size in which each element is fill_value, with this tensor's dtype and device
        where no others are given.

        Raises RuntimeError for negative sizes.
        """
    @overload
    def new_ones(self: Tensor, size: builtins.int | Sequence[builtins.int], *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
        """A tensor of ones of the given size (numbers, or one sequence), with this tensor's dtype and device
        where no others are given.

        Raises RuntimeError for negative sizes.
        """
    @overload
    def new_ones(self: Tensor, *size: builtins.int, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor: ...
    def new_tensor(self: Tensor, data: Any, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool=False) -> Tensor:
        """tensor(data), a copy of numbers in nested sequences or an array, with this tensor's dtype and device
        where no others are given.

        Raises ValueError for sequences of different lengths.
        """
    @overload
    def new_zeros(self: Tensor, size: builtins.int | Sequence[builtins.int], *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
        """A tensor of zeros of the given size (numbers, or one sequence), with this tensor's dtype and device
        where no others are given.

        Raises RuntimeError for negative sizes.
        """
    @overload
    def new_zeros(self: Tensor, *size: builtins.int, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor: ...
    def nonzero(self: Tensor, *, as_tuple: builtins.bool=False, out: Tensor | None=None) -> Tensor | tuple[Tensor, ...]:
        """The coordinates of the elements that are not zero, row by row: an int64 tensor of shape (count,
        dims), or with as_tuple a tuple of one vector for each dimension.

        Raises RuntimeError on the meta device, where the count is not known.
        """
    @overload
    def norm(self: Tensor, p: builtins.float | str | None=None, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, dtype: _DType | None=None) -> Tensor:
        """The vector norm (sum |x|^p)^(1/p) over the given dimensions (without any over all). p is 2 unless
        given, which 'fro' also stands for; of p = inf and -inf it is the largest and smallest |x|, of 0 the
        number of elements that are not zero. The result is real.

        Raises RuntimeError for integers, ValueError for another text, NotImplementedError for 'nuc'.
        """
    @overload
    def norm(self: Tensor, p: builtins.float | str | None=None, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, dtype: _DType | None=None) -> Tensor: ...
    def normal_(self: Tensor, mean: builtins.float=0.0, std: builtins.float=1.0, *, generator: Generator | None=None) -> Tensor:
        """Fills the tensor with independent numbers of the normal distribution with the given mean and
        standard deviation.

        Raises RuntimeError for a negative std and for integers.
        """
    def not_equal(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """Is input another number than other? NaN is another than all. The operands are broadcast; the result is bool.

        Raises RuntimeError for shapes that cannot be broadcast.
        """
    def not_equal_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """ne() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.

        Raises RuntimeError where the result has another shape than this tensor.
        """
    def numel(self: Tensor) -> builtins.int:
        """The number of elements: the product of the sizes, 1 for a number.
        """
    def numpy(self: Tensor, *, force: builtins.bool=False) -> Any:
        """A NumPy array on the same memory, with the same shape, strides and dtype.

        Of a bool tensor whose bytes are not all 0 and 1 (a view of other bytes) it is a copy, for reading only.
        force: detach first.

        Raises RuntimeError when the tensor requires grad, TypeError for bfloat16 and float8, which NumPy lacks,
        and for a tensor that is not in host memory.
        """
    def outer(self: Tensor, vec2: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The products input[i] * vec2[j] of two vectors (n,) and (m,), a matrix (n, m).

        Raises RuntimeError unless both are vectors.
        """
    @overload
    def permute(self: Tensor, dims: builtins.int | Sequence[builtins.int]) -> Tensor:
        """A view with the dimensions in another order: dimension i of the result is dimension dims[i].

        Raises RuntimeError unless dims names each dimension once, IndexError for one that is not there.
        """
    @overload
    def permute(self: Tensor, *dims: builtins.int) -> Tensor: ...
    def pin_memory(self: Tensor, device: Any=None) -> Tensor:
        """This tensor in pinned host memory, from which copies to a GPU need not be waited for; itself if it is there.

        Args:
            device: None or a CUDA device, for all of which memory is pinned; ValueError for another.

        Raises RuntimeError when there is no GPU, or for tensors that are not in host memory. The example needs a GPU to do
        anything.
        """
    def positive(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """x as it is, in a new tensor.
        """
    def positive_(self: Tensor) -> Tensor:
        """positive() in place.
        """
    def pow(self: Tensor, exponent: Tensor | builtins.complex) -> Tensor:
        """input to the power of exponent. Either may be a number. Integers to the negative integers of a tensor are rounded towards 0. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for integers to a negative number, and for shapes that cannot be broadcast.
        """
    def pow_(self: Tensor, exponent: Tensor | builtins.complex) -> Tensor:
        """pow() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    @overload
    def prod(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
        """The product over the given dimensions (without any over all), which keepdim keeps with size 1; of
        nothing 1. Integers and bools are multiplied in int64 unless dtype says otherwise.

        Raises IndexError for a dim that is not there, RuntimeError for one given twice.
        """
    @overload
    def prod(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
    def rad2deg(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """180 x / pi: x radians in degrees. Integers and bools give floats of the default dtype.

        Raises NotImplementedError for complex tensors.
        """
    def rad2deg_(self: Tensor) -> Tensor:
        """rad2deg() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats, NotImplementedError for complex tensors.
        """
    @overload
    def random_(self: Tensor, to: builtins.int | None=None, *, generator: Generator | None=None) -> Tensor:
        """Fills the tensor with independent integers: random_(to) of 0, ..., to - 1 and random_(from, to) of
        from, ..., to - 1, each equally likely; without to as far as the dtype holds integers exactly.

        Raises RuntimeError unless from < to.
        """
    @overload
    def random_(self: Tensor, from_: builtins.int, to: builtins.int | None=None, *, generator: Generator | None=None) -> Tensor: ...
    def ravel(self: Tensor) -> Tensor:
        """The elements as a vector, row by row. A view where the strides allow it, else a copy.
        """
    @property
    def real(self: Tensor) -> Any:
        """The real part of a tensor: of a complex one a view, of a real one itself.
        """
    def reciprocal(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """1 / x, infinite for 0. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def reciprocal_(self: Tensor) -> Tensor:
        """reciprocal() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def record_stream(self: Tensor, stream: Stream) -> None:
        """Its memory is used by work on ``stream`` too: once freed, it is not given out again before that work is done.

        Args:
            stream: a :class:`weft.cuda.Stream`; else TypeError.

        The example needs a GPU to do anything.
        """
    def register_hook(self: Tensor, hook: Callable[[Tensor], Any]) -> RemovableHandle:
        """Call ``hook(grad)`` whenever a gradient of this tensor is computed; what it returns, if not None, replaces it.

        It runs once in a backward, with the whole gradient, as soon as that is complete: for a leaf too, while the rest of
        the graph still waits. Nothing is recorded in it unless the backward has ``create_graph=True``.

        Args:
            hook: a function; TypeError for what cannot be called.

        Returns a handle whose ``remove()`` takes the hook away. Raises RuntimeError when the tensor does not require grad.
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
        """
    def relu(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """max(x, 0); NaN stays (Nair and Hinton, 2010).

        Raises NotImplementedError for complex tensors.
        """
    def relu_(self: Tensor) -> Tensor:
        """relu() in place.

        Raises NotImplementedError for complex tensors.
        """
    def remainder(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """input - other * floor_divide(input, other), which is Python's %: it has the sign of other. Either may be a number. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for integers divided by 0, and for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def remainder_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """remainder() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    @overload
    def repeat(self: Tensor, repeats: builtins.int | Sequence[builtins.int]) -> Tensor:
        """The whole tensor so many times along each dimension, copied; more counts than dimensions make new
        ones in front.

        Raises RuntimeError for fewer counts than dimensions and for negative ones.
        """
    @overload
    def repeat(self: Tensor, *repeats: builtins.int) -> Tensor: ...
    @overload
    def repeat_interleave(self: Tensor, repeats: Tensor | builtins.int, dim: builtins.int | None=None, *, output_size: builtins.int | None=None) -> Tensor:
        """Each element along dim (without it, of the flattened tensor) as often as repeats says, a number or a
        vector with one for each element, copied one after the other. output_size, where given, is the size
        that dim has then.

        Raises RuntimeError for negative counts, a vector of another length and another output_size.
        """
    @overload
    def repeat_interleave(self: Tensor, repeats: Tensor | builtins.int, axis: builtins.int | None=None, *, output_size: builtins.int | None=None) -> Tensor: ...
    def requires_grad_(self: Tensor, requires_grad: builtins.bool=True) -> Tensor:
        """Sets requires_grad and returns the tensor itself.

        Raises RuntimeError for tensors that are no leaves and dtypes that are not floating point or complex.
        """
    @overload
    def reshape(self: Tensor, shape: builtins.int | Sequence[builtins.int]) -> Tensor:
        """The elements, counted row by row, in another shape, of which one size may be -1: it follows from the
        others. A view where the strides allow it, else a copy.

        Raises RuntimeError where the number of elements differs.
        """
    @overload
    def reshape(self: Tensor, *shape: builtins.int) -> Tensor: ...
    def reshape_as(self: Tensor, other: Tensor) -> Tensor:
        """reshape() to the shape of another tensor, of which only the shape counts.

        Raises RuntimeError where the number of elements differs.
        """
    def resolve_conj(input: Tensor) -> Tensor:
        """The tensor itself, not a copy: conjugation is never delayed.

        Args:
            input: a tensor; else TypeError.
        """
    def resolve_neg(input: Tensor) -> Tensor:
        """The tensor itself, not a copy: negation is never delayed.

        Args:
            input: a tensor; else TypeError.
        """
    def retain_grad(self: Tensor) -> None:
        """Makes backward() keep the gradient of this tensor in .grad although it is no leaf; nothing for a leaf.

        Raises RuntimeError when the tensor does not require grad.
        """
    def roll(self: Tensor, shifts: builtins.int | Sequence[builtins.int], dims: builtins.int | Sequence[builtins.int] | None=None) -> Tensor:
        """A copy with each element moved by shifts along dims; what leaves at one end enters at the other.
        Without dims as if the tensor were flattened.

        Raises RuntimeError where shifts and dims differ in length.
        """
    def rot90(self: Tensor, k: builtins.int=1, dims: builtins.int | Sequence[builtins.int]=(0, 1)) -> Tensor:
        """A copy turned by k times 90 degrees in the plane of two dimensions, from the first of dims towards
        the second; a negative k turns the other way.

        Raises RuntimeError unless dims are two different ones.
        """
    @overload
    def round(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """x rounded to the nearest integer, or to `decimals` places behind the point (before it if negative): ties go to the even one. Integers take no decimals but 0.

        Raises NotImplementedError for complex tensors.
        """
    @overload
    def round(self: Tensor, *, decimals: builtins.int, out: Tensor | None=None) -> Tensor: ...
    @overload
    def round_(self: Tensor) -> Tensor:
        """round() in place.

        Raises NotImplementedError for complex tensors.
        """
    @overload
    def round_(self: Tensor, *, decimals: builtins.int) -> Tensor: ...
    def rsqrt(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """1 / sqrt(x): inf for 0, NaN below. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def rsqrt_(self: Tensor) -> Tensor:
        """rsqrt() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def rsub(self: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1) -> Tensor:
        """other - alpha * input. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for bools, for a fractional alpha beside integers, and for shapes that cannot be broadcast.
        """
    @overload
    def scatter(self: Tensor, dim: builtins.int, index: Tensor, src: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor:
        """A copy with out[i][index[i][j]] = src[i][j] for dim 1, and so on, where src may be one number; of
        several that go to one place the last stays. reduce='add' or 'multiply' combines them with what is
        there.

        Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or
        the dtype of src differs.
        """
    @overload
    def scatter(self: Tensor, dim: builtins.int, index: Tensor, value: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor: ...
    @overload
    def scatter(self: Tensor, axis: builtins.int, index: Tensor, src: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor: ...
    @overload
    def scatter(self: Tensor, axis: builtins.int, index: Tensor, value: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor: ...
    @overload
    def scatter_(self: Tensor, dim: builtins.int, index: Tensor, src: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor:
        """scatter() in place: x[i][index[i][j]] = src[i][j] for dim 1, and so on; of several that go to one
        place the last stays.

        Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or
        the dtype of src differs.
        """
    @overload
    def scatter_(self: Tensor, dim: builtins.int, index: Tensor, value: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor: ...
    @overload
    def scatter_(self: Tensor, axis: builtins.int, index: Tensor, src: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor: ...
    @overload
    def scatter_(self: Tensor, axis: builtins.int, index: Tensor, value: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor: ...
    @overload
    def scatter_add(self: Tensor, dim: builtins.int, index: Tensor, src: Tensor, *, out: Tensor | None=None) -> Tensor:
        """A copy with out[i][index[i][j]] += src[i][j] for dim 1, and so on. The same bits for any number of
        threads.

        Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or
        the dtype of src differs.
        """
    @overload
    def scatter_add(self: Tensor, axis: builtins.int, index: Tensor, src: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    @overload
    def scatter_add_(self: Tensor, dim: builtins.int, index: Tensor, src: Tensor) -> Tensor:
        """scatter_add() in place: x[i][index[i][j]] += src[i][j] for dim 1, and so on. The same bits for any
        number of threads.

        Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or
        the dtype of src differs.
        """
    @overload
    def scatter_add_(self: Tensor, axis: builtins.int, index: Tensor, src: Tensor) -> Tensor: ...
    @overload
    def scatter_reduce(self: Tensor, dim: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool=True) -> Tensor:
        """A copy with the 'sum', 'prod', 'mean', 'amax' or 'amin' of all src[i][j] that index sends to one
        place, as in scatter(); with include_self of these and of what was there, and what no number goes to
        stays.

        Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit and
        for another reduce.
        """
    @overload
    def scatter_reduce(self: Tensor, axis: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool=True) -> Tensor: ...
    @overload
    def scatter_reduce_(self: Tensor, dim: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool=True) -> Tensor:
        """scatter_reduce() in place: what src sends to a place, combined by 'sum', 'prod', 'mean', 'amax' or
        'amin', and with what was there if include_self.

        Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit and
        for another reduce.
        """
    @overload
    def scatter_reduce_(self: Tensor, axis: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool=True) -> Tensor: ...
    @overload
    def select(self: Tensor, dim: builtins.int, index: builtins.int) -> Tensor:
        """A view of one element along dim: the result lacks that dimension. A negative index counts from the
        end.

        Raises IndexError for a dim that is not there and an index outside of it.
        """
    @overload
    def select(self: Tensor, axis: builtins.int, index: builtins.int) -> Tensor: ...
    @overload
    def select_scatter(self: Tensor, src: Tensor, dim: builtins.int, index: builtins.int) -> Tensor:
        """A copy in which src stands where select(dim, index) looks.

        Raises RuntimeError where src has another shape than that, IndexError for an index or dim that is
        not there.
        """
    @overload
    def select_scatter(self: Tensor, src: Tensor, axis: builtins.int, index: builtins.int) -> Tensor: ...
    def selu(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """1.0507 x where x is positive, else 1.0507 * 1.6733 (e^x - 1): the numbers that keep mean 0 and variance 1 (Klambauer et al., 2017). Integers and bools give floats of the default dtype.

        Raises NotImplementedError for complex tensors.
        """
    def selu_(self: Tensor) -> Tensor:
        """selu() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats, NotImplementedError for complex tensors.
        """
    def sgn(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """input / |input|, and 0 for 0: of real tensors the sign, in their dtype.
        """
    def sgn_(self: Tensor) -> Tensor:
        """sgn() in place.
        """
    def share_memory_(self: Tensor) -> Tensor:
        """Moves the tensor's memory, with all its views, into memory that forked children and processes it is sent
        to share: changes of one are seen by all. Returns the tensor; one on a GPU stays as it is.

        Arrays made by numpy() before keep the old memory. Raises RuntimeError when the system has no more.
        """
    def short(self: Tensor, memory_format: _MemoryFormat | None=None) -> Tensor:
        """The elements as int16; the tensor itself where they are.

        Fractions are cut off; integers out of range keep their low bits. memory_format: the order in which the
        elements lie.
        """
    def sigmoid(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """1 / (1 + e^-x), the logistic function. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def sigmoid_(self: Tensor) -> Tensor:
        """sigmoid() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def sign(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """1, 0 or -1 as x is positive, zero or negative; 0 for NaN. sgn() does the same for complex numbers.

        Raises NotImplementedError for complex tensors.
        """
    def sign_(self: Tensor) -> Tensor:
        """sign() in place.

        Raises NotImplementedError for complex tensors.
        """
    def signbit(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Is x negative? -0. is; unsigned integers and bools never are. The result is bool.

        Raises NotImplementedError for complex tensors.
        """
    def signbit_(self: Tensor) -> Tensor:
        """signbit() in place: 1 where it holds and 0 elsewhere, in the dtype of this tensor.

        Raises NotImplementedError for complex tensors.
        """
    def silu(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """x sigmoid(x), also named swish (Hendrycks and Gimpel, 2016; Ramachandran et al., 2017). Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def silu_(self: Tensor) -> Tensor:
        """silu() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def sin(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The sine of x radians. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def sin_(self: Tensor) -> Tensor:
        """sin() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def sinh(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """(e^x - e^-x) / 2, the hyperbolic sine. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def sinh_(self: Tensor) -> Tensor:
        """sinh() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    @overload
    def size(self: Tensor) -> _Size:
        """The sizes of all dimensions, or of one: size() is shape, size(dim) an int.

        A negative dim counts from the last one. Raises IndexError for a dim that is not there.
        """
    @overload
    def size(self: Tensor, dim: builtins.int) -> builtins.int: ...
    @overload
    def size(self: Tensor, dim: None) -> _Size: ...
    @overload
    def size(self: Tensor, axis: builtins.int) -> builtins.int: ...
    @overload
    def size(self: Tensor, axis: None) -> _Size: ...
    @overload
    def slice_scatter(self: Tensor, src: Tensor, dim: builtins.int=0, start: builtins.int | None=None, end: builtins.int | None=None, step: builtins.int=1) -> Tensor:
        """A copy in which src stands at the places start, start + step, ... before end along dim, which by
        default are all.

        Raises RuntimeError where src has another shape than they.
        """
    @overload
    def slice_scatter(self: Tensor, src: Tensor, axis: builtins.int=0, start: builtins.int | None=None, end: builtins.int | None=None, step: builtins.int=1) -> Tensor: ...
    @overload
    def softmax(self: Tensor, dim: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor:
        """exp(input) / sum(exp(input)) along dim, computed without overflow; of input's shape.

        dtype: input is converted to it first, and so is the result.

        Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.
        """
    @overload
    def softmax(self: Tensor, axis: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor: ...
    def softsign(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """x / (1 + |x|). Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def softsign_(self: Tensor) -> Tensor:
        """softsign() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats, NotImplementedError for complex tensors.
        """
    @overload
    def sort(self: Tensor, dim: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool | None=None, *, out: Sequence[Tensor] | None=None) -> _return_types.sort:
        """The elements in order along dim and where they were, as .values and .indices (int64). Equal ones
        keep their order whatever stable says; NaN is larger than all numbers.

        Raises IndexError for a dim that is not there.
        """
    @overload
    def sort(self: Tensor, axis: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool | None=None, *, out: Sequence[Tensor] | None=None) -> _return_types.sort: ...
    @overload
    def split(self: Tensor, split_size: builtins.int | Sequence[builtins.int], dim: builtins.int=0) -> tuple[Tensor, ...]:
        """Views of parts that follow each other along dim: of the given size, where the last may be smaller,
        or of each of a sequence of sizes.

        Raises RuntimeError where the sizes do not add up to that of the dimension, or one is negative.
        """
    @overload
    def split(self: Tensor, split_size: builtins.int | Sequence[builtins.int], axis: builtins.int=0) -> tuple[Tensor, ...]: ...
    @overload
    def split_with_sizes(self: Tensor, split_sizes: builtins.int | Sequence[builtins.int], dim: builtins.int=0) -> tuple[Tensor, ...]:
        """Views of parts of the given sizes that follow each other along dim.

        Raises RuntimeError where the sizes do not add up to that of the dimension, or one is negative.
        """
    @overload
    def split_with_sizes(self: Tensor, split_sizes: builtins.int | Sequence[builtins.int], axis: builtins.int=0) -> tuple[Tensor, ...]: ...
    def sqrt(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The square root of x: NaN below 0, and of complex numbers the root whose real part is not negative. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def sqrt_(self: Tensor) -> Tensor:
        """sqrt() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def square(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """x * x; of bools as int64.
        """
    def square_(self: Tensor) -> Tensor:
        """square() in place.
        """
    @overload
    def squeeze(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None) -> Tensor:
        """A view without the dimensions of size 1: all of them, or those that dim names. A named one of
        another size stays.

        Raises IndexError for a dim that is not there.
        """
    @overload
    def squeeze(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None) -> Tensor: ...
    @overload
    def squeeze_(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None) -> Tensor:
        """squeeze() in place: the tensor itself loses its dimensions of size 1, or those of them that dim
        names.

        Raises IndexError for a dim that is not there, RuntimeError for a leaf that requires grad.
        """
    @overload
    def squeeze_(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None) -> Tensor: ...
    @overload
    def std(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None) -> Tensor:
        """The standard deviation over the given dimensions (without any over all), which keepdim keeps with
        size 1: sqrt(sum((x - mean)^2) / (n - correction)), where n elements are reduced. correction is 1,
        with unbiased=False 0.

        Raises RuntimeError for integers, IndexError for a dim that is not there.
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
        """The pair of std() and mean() over the given dimensions (without any over all).

        Raises RuntimeError for integers, IndexError for a dim that is not there.
        """
    @overload
    def std_mean(self: Tensor, unbiased: builtins.bool) -> tuple[Tensor, Tensor]: ...
    @overload
    def std_mean(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None) -> tuple[Tensor, Tensor]: ...
    def storage_offset(self: Tensor) -> builtins.int:
        """How many elements of the storage lie before this tensor's first one.
        """
    @overload
    def stride(self: Tensor) -> tuple[builtins.int, ...]:
        """How many elements of the storage lie between neighbours along each dimension, or along one.

        stride() is a tuple[Any, ...], stride(dim) an int. Raises IndexError for a dim that is not there.
        """
    @overload
    def stride(self: Tensor, dim: builtins.int) -> builtins.int: ...
    @overload
    def stride(self: Tensor, dim: None) -> tuple[builtins.int, ...]: ...
    @overload
    def stride(self: Tensor, axis: builtins.int) -> builtins.int: ...
    @overload
    def stride(self: Tensor, axis: None) -> tuple[builtins.int, ...]: ...
    @overload
    def sub(self: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """input - alpha * other. Either may be a number. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for bools, and for a fractional alpha beside integers, and for shapes that cannot be broadcast.
        """
    @overload
    def sub(self: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
    @overload
    def sub_(self: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1) -> Tensor:
        """sub() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    @overload
    def sub_(self: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
    @overload
    def subtract(self: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
        """input - alpha * other. Either may be a number. The operands are broadcast and promoted to one dtype.

        Raises RuntimeError for bools, and for a fractional alpha beside integers, and for shapes that cannot be broadcast.
        """
    @overload
    def subtract(self: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
    @overload
    def subtract_(self: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1) -> Tensor:
        """subtract() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    @overload
    def subtract_(self: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
    @overload
    def sum(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
        """The sum over the given dimensions (without any over all), which keepdim keeps with size 1. Integers
        and bools are added up in int64, unless dtype, to which the elements are converted first, says
        otherwise.

        Raises IndexError for a dim that is not there, RuntimeError for one given twice.
        """
    @overload
    def sum(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
    def sum_to_size(self: Tensor, *size: builtins.int | Sequence[builtins.int]) -> Tensor:
        """The sum over the dimensions that broadcasting from size to the tensor's shape would repeat: the
        reverse of expand().

        Raises RuntimeError where size does not broadcast to the tensor's shape.
        """
    def swapaxes(self: Tensor, axis0: builtins.int, axis1: builtins.int) -> Tensor:
        """A view in which two dimensions have changed places.

        Raises IndexError for a dim that is not there.
        """
    def swapaxes_(self: Tensor, axis0: builtins.int, axis1: builtins.int) -> Tensor:
        """The tensor itself with two dimensions exchanged: swapaxes() in place.

        Raises IndexError for a dim that is not there, RuntimeError for a leaf that requires grad.
        """
    def swapdims(self: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        """A view in which two dimensions have changed places.

        Raises IndexError for a dim that is not there.
        """
    def swapdims_(self: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        """The tensor itself with two dimensions exchanged: swapdims() in place.

        Raises IndexError for a dim that is not there, RuntimeError for a leaf that requires grad.
        """
    def t(self: Tensor) -> Tensor:
        """The transpose of a matrix, a view: shape (n, m) becomes (m, n). A vector or a number stays as it is.

        Raises RuntimeError for more than 2 dimensions.
        """
    def t_(self: Tensor) -> Tensor:
        """t() in place: the matrix itself becomes its transpose.

        Raises RuntimeError for more than 2 dimensions and for a leaf that requires grad.
        """
    def take(self: Tensor, index: Tensor, *, out: Tensor | None=None) -> Tensor:
        """Elements of the flattened input, in the shape of index. Negative numbers count from the end.

        Raises IndexError for numbers outside of it.
        """
    @overload
    def take_along_dim(self: Tensor, indices: Tensor, dim: builtins.int | None=None, *, out: Tensor | None=None) -> Tensor:
        """gather() where input and indices broadcast but for dim; without dim, elements of the flattened input
        in a vector.

        Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit.
        """
    @overload
    def take_along_dim(self: Tensor, indices: Tensor, axis: builtins.int | None=None, *, out: Tensor | None=None) -> Tensor: ...
    def tan(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """The tangent of x radians. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def tan_(self: Tensor) -> Tensor:
        """tan() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def tanh(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """sinh(x) / cosh(x), the hyperbolic tangent. Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def tanh_(self: Tensor) -> Tensor:
        """tanh() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    def tanhshrink(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """x - tanh(x). Integers and bools give floats of the default dtype; complex numbers stay complex.
        """
    def tanhshrink_(self: Tensor) -> Tensor:
        """tanhshrink() in place.

        Raises RuntimeError for integers and bools, whose dtype cannot hold floats.
        """
    @overload
    def tensor_split(self: Tensor, indices_or_sections: Tensor | builtins.int | Sequence[builtins.int], dim: builtins.int=0) -> tuple[Tensor, ...]:
        """Views of parts that follow each other along dim: as many as a number says, with sizes that differ by
        at most 1 and the larger ones first, or cut before each of the places in a sequence or an integer
        vector.

        Raises RuntimeError unless the number is positive.
        """
    @overload
    def tensor_split(self: Tensor, indices_or_sections: Tensor | builtins.int | Sequence[builtins.int], axis: builtins.int=0) -> tuple[Tensor, ...]: ...
    @overload
    def tile(self: Tensor, dims: builtins.int | Sequence[builtins.int]) -> Tensor:
        """The whole tensor so many times along the last dimensions, as many as there are counts, copied; more
        counts than dimensions make new ones in front.

        Raises RuntimeError for negative counts.
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
        """
    @overload
    def to(self: Tensor, device: _Device | str | builtins.int | None=None, dtype: _DType | None=None, non_blocking: builtins.bool=False, copy: builtins.bool=False, *, memory_format: _MemoryFormat | None=None) -> Tensor: ...
    @overload
    def to(self: Tensor, other: Tensor, non_blocking: builtins.bool=False, copy: builtins.bool=False, *, memory_format: _MemoryFormat | None=None) -> Tensor: ...
    def to_numpy(self: Tensor) -> np.ndarray[Any, Any]:
        """A NumPy array of the values, of a tensor that requires grad or is on a GPU too: what plotting libraries ask for.
        """
    def tolist(self: Tensor) -> Any:
        """The values as lists of Python numbers, nested like the dimensions; of 0 dimensions the number itself.

        Raises RuntimeError on the meta device, where there are no values.
        """
    @overload
    def topk(self: Tensor, k: builtins.int, dim: builtins.int=-1, largest: builtins.bool=True, sorted: builtins.bool=True, *, out: Sequence[Tensor] | None=None) -> _return_types.topk:
        """The k largest elements along dim, or with largest=False the smallest, and where they were, as
        .values and .indices (int64): in order, which sorted=False does not promise. dim gets the size k.

        Raises RuntimeError unless there are k of them, IndexError for a dim that is not there.
        """
    @overload
    def topk(self: Tensor, k: builtins.int, axis: builtins.int=-1, largest: builtins.bool=True, sorted: builtins.bool=True, *, out: Sequence[Tensor] | None=None) -> _return_types.topk: ...
    def trace(self: Tensor) -> Tensor:
        """The sum of the diagonal of a matrix, a tensor without dimensions; integers are added up in int64.

        Raises RuntimeError unless there are 2 dimensions.
        """
    def transpose(self: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        """A view in which two dimensions have changed places.

        Raises IndexError for a dim that is not there.
        """
    def transpose_(self: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
        """The tensor itself with two dimensions exchanged: transpose() in place.

        Raises IndexError for a dim that is not there, RuntimeError for a leaf that requires grad.
        """
    def tril(self: Tensor, diagonal: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
        """A copy of the lower triangle of the last two dimensions, with zeros elsewhere: out[..., i, j] =
        input[..., i, j] where j <= i + diagonal.

        Raises RuntimeError for fewer than 2 dimensions.
        """
    def tril_(self: Tensor, diagonal: builtins.int=0) -> Tensor:
        """tril() in place: the elements above the diagonal become zeros.

        Raises RuntimeError for fewer than 2 dimensions and for a leaf that requires grad.
        """
    def triu(self: Tensor, diagonal: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
        """A copy of the upper triangle of the last two dimensions, with zeros elsewhere: out[..., i, j] =
        input[..., i, j] where j >= i + diagonal.

        Raises RuntimeError for fewer than 2 dimensions.
        """
    def triu_(self: Tensor, diagonal: builtins.int=0) -> Tensor:
        """triu() in place: the elements below the diagonal become zeros.

        Raises RuntimeError for fewer than 2 dimensions and for a leaf that requires grad.
        """
    def true_divide(self: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor:
        """input / other. Either may be a number. rounding_mode 'floor' rounds the quotient down, 'trunc' towards 0: then that of integers is an integer. The operands are broadcast; integers and bools give floats of the default dtype.

        Raises RuntimeError for another rounding_mode, and for a rounded quotient of integers by 0, and for shapes that cannot be broadcast.
        """
    def true_divide_(self: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None) -> Tensor:
        """div() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def trunc(self: Tensor, *, out: Tensor | None=None) -> Tensor:
        """x without its fraction, in the dtype of x: rounded towards 0.

        Raises NotImplementedError for complex tensors.
        """
    def trunc_(self: Tensor) -> Tensor:
        """trunc() in place.

        Raises NotImplementedError for complex tensors.
        """
    def type(self: Tensor, dtype: Any=None, non_blocking: builtins.bool=False) -> Any:
        """The name of this tensor's type, or the tensor converted.

        Args:
            dtype: None gives the name; else a dtype, a type such as ``weft.LongTensor``, which has a device too, or its
                name.
            non_blocking: need not wait for a copy from pinned memory to a GPU.

        Raises ValueError for names of types that do not exist, TypeError for other things.
        """
    def type_as(self: Tensor, other: Tensor) -> Tensor:
        """The tensor with the dtype and on the device of another; itself when nothing changes.
        """
    @overload
    def unbind(self: Tensor, dim: builtins.int=0) -> tuple[Tensor, ...]:
        """The elements along dim as a tuple of views, which lack that dimension.

        Raises IndexError for a dim that is not there.
        """
    @overload
    def unbind(self: Tensor, axis: builtins.int=0) -> tuple[Tensor, ...]: ...
    @overload
    def unflatten(self: Tensor, dim: builtins.int, sizes: builtins.int | Sequence[builtins.int]) -> Tensor:
        """Splits dimension dim into several of the given sizes, of which one may be -1; their product is its
        size.

        Raises RuntimeError where the sizes do not multiply to it, IndexError for a dim that is not there.
        """
    @overload
    def unflatten(self: Tensor, axis: builtins.int, sizes: builtins.int | Sequence[builtins.int]) -> Tensor: ...
    def unfold(self: Tensor, dimension: builtins.int, size: builtins.int, step: builtins.int) -> Tensor:
        """A view of the windows of `size` elements, `step` apart, along a dimension: its size becomes their
        number, and the elements of each are a new last dimension.

        Raises RuntimeError where size is larger than the dimension or step is not positive.
        """
    def uniform_(self: Tensor, from_: builtins.float=0.0, to: builtins.float=1.0, *, generator: Generator | None=None) -> Tensor:
        """Fills the tensor with independent numbers uniform in [from, to).

        Raises RuntimeError where from is larger than to and for integers.
        """
    @overload
    def unique(self: Tensor, sorted: builtins.bool=True, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, dim: builtins.int | None=None) -> Tensor | tuple[Tensor, ...]:
        """The distinct elements in order, a vector; with return_inverse also which of them each element is, in
        the shape of input, and with return_counts how often each occurs, both as int64. With dim the
        distinct slices along it, ordered by their first elements, then by their second, and so on.

        Raises IndexError for a dim that is not there.
        """
    @overload
    def unique(self: Tensor, sorted: builtins.bool=True, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, axis: builtins.int | None=None) -> Tensor | tuple[Tensor, ...]: ...
    @overload
    def unique_consecutive(self: Tensor, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, dim: builtins.int | None=None) -> Tensor | tuple[Tensor, ...]:
        """The first of each run of equal elements, or with dim of equal slices along it; with return_inverse
        also which run each is in, and with return_counts the lengths of the runs, both as int64.

        Raises IndexError for a dim that is not there.
        """
    @overload
    def unique_consecutive(self: Tensor, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, axis: builtins.int | None=None) -> Tensor | tuple[Tensor, ...]: ...
    @overload
    def unsqueeze(self: Tensor, dim: builtins.int) -> Tensor:
        """A view with a new dimension of size 1 at place dim of the result; -1 is the last place.

        Raises IndexError where the result has no such place.
        """
    @overload
    def unsqueeze(self: Tensor, axis: builtins.int) -> Tensor: ...
    @overload
    def unsqueeze_(self: Tensor, dim: builtins.int) -> Tensor:
        """unsqueeze() in place: the tensor itself gets a dimension of size 1 at place dim.

        Raises IndexError where there is no such place, RuntimeError for a leaf that requires grad.
        """
    @overload
    def unsqueeze_(self: Tensor, axis: builtins.int) -> Tensor: ...
    @overload
    def var(self: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None) -> Tensor:
        """The variance over the given dimensions (without any over all), which keepdim keeps with size 1:
        sum((x - mean)^2) / (n - correction), where n elements are reduced. correction is 1, with
        unbiased=False 0.

        Raises RuntimeError for integers, IndexError for a dim that is not there.
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
        """The pair of var() and mean() over the given dimensions (without any over all).

        Raises RuntimeError for integers, IndexError for a dim that is not there.
        """
    @overload
    def var_mean(self: Tensor, unbiased: builtins.bool) -> tuple[Tensor, Tensor]: ...
    @overload
    def var_mean(self: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None) -> tuple[Tensor, Tensor]: ...
    def vdot(self: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
        """dot() with the conjugates of the first vector: the sum of conj(input[i]) * other[i].

        Raises RuntimeError for other shapes and dtypes that differ.
        """
    @overload
    def view(self: Tensor, size: builtins.int | Sequence[builtins.int]) -> Tensor:
        """The same memory in another shape, of which one size may be -1; or, given a dtype, the same bytes as
        numbers of that dtype, where the last size changes as the size of a number does.

        Raises RuntimeError where the strides do not allow a view; reshape() copies then.
        """
    @overload
    def view(self: Tensor, dtype: _DType) -> Tensor: ...
    @overload
    def view(self: Tensor, *size: builtins.int) -> Tensor: ...
    def view_as(self: Tensor, other: Tensor) -> Tensor:
        """view() in the shape of another tensor, of which only the shape counts.

        Raises RuntimeError where the number of elements differs or the strides do not allow a view.
        """
    def vsplit(self: Tensor, indices_or_sections: Tensor | builtins.int | Sequence[builtins.int]) -> tuple[Tensor, ...]:
        """tensor_split() along rows, the first dimension.

        Raises RuntimeError where a number of parts does not divide the size, and for fewer than 2
        dimensions.
        """
    def where(self: Tensor, condition: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """This tensor where condition, a bool tensor, holds, and other elsewhere. The tensors are broadcast; this one and other, which may be a number, are promoted to one dtype.

        Raises RuntimeError for a condition of another dtype and for shapes that cannot be broadcast.
        """
    def xlogy(self: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
        """input * log(other): 0 where input is 0 and other is not NaN. The operands are broadcast; integers and bools give floats of the default dtype.

        Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
        """
    def xlogy_(self: Tensor, other: Tensor | builtins.complex) -> Tensor:
        """xlogy() in place.

        Raises RuntimeError where the result has another shape than this tensor, or a dtype that cannot be stored in it.
        """
    def zero_(self: Tensor) -> Tensor:
        """Sets every element to 0.
        """
def _adafactor_step(param: Tensor, grad: Tensor, means: Any, numbers: Tensor, eps: builtins.float, maximize: builtins.bool, decays: builtins.bool, record: builtins.bool) -> None:
    """Adafactor's step of one parameter: changes it and its running means of squares.
    """
def _add_gram(input: Tensor, mat: Tensor, beta: builtins.complex, alpha: builtins.complex) -> Tensor:
    """addmm(input, mat, mat.T, beta=beta, alpha=alpha) for a symmetric input.
    """
def _around_calls(before: Any | None, after: Any | None) -> None: ...
def _backward(tensors: Any, grad_tensors: Any=None, retain_graph: builtins.bool | None=None, create_graph: builtins.bool=False, inputs: Any=None) -> None: ...
def _begin_checkpoint() -> None:
    """utils.checkpoint calls its function, while weft.jit traces.
    """
def _begin_keyed_draws() -> Any: ...
def _begin_numerics_check(infinities: builtins.bool, report: Any) -> None: ...
def _build_info() -> dict[Any, Any]: ...
def _check_form(text: str) -> None:
    """Raises for a form that a function of a tensor and an integer cannot have.
    """
def _check_inplace(op: str, tensors: list[Tensor]) -> None:
    """Raises RuntimeError if one of the tensors cannot be changed in place.
    """
def _collate(batch: Sequence[object], fallback: Any) -> Any:
    """The samples as a batch of new tensors. fallback(samples) has those
    that have another type than a tensor, array, number, string, tuple[Any, ...], list or dict[Any, Any], or do not go together.
    """
def _compute_alone() -> None: ...
def _depends_on_others(outputs: list[Tensor], inputs: list[Tensor]) -> builtins.bool: ...
def _differentiable_step(rule: str, params: Any, grads: Any, states: list[Any], numbers: list[builtins.float]) -> list[list[Tensor]]:
    """What parameters and states become by a step, as autograd follows it: [params, *states].
    """
def _dtype(name: str) -> Any: ...
def _enable_onednn(on: builtins.bool) -> None: ...
def _end_checkpoint(results: list[Tensor]) -> None:
    """The function has returned these tensors.
    """
def _end_keyed_draws(before: Any=None) -> None: ...
def _end_numerics_check() -> None: ...
def _enter_saved_hooks(pack: Any, unpack: Any) -> None: ...
def _extension_info() -> dict[Any, Any]:
    """Where extensions find headers and library, and which headers these are.
    """
def _fetch_samples(dataset: Any, indices: Any, seed: builtins.int) -> list[Any]: ...
def _function_call(rule: Any, inputs: list[Tensor], models: list[Tensor]) -> list[Tensor]: ...
def _function_interpreter(arguments: list[Tensor | None]) -> Any: ...
def _generator(type: Any, seed: builtins.int, offset: builtins.int) -> Any: ...
def _global_norm(tensors: list[Tensor]) -> Tensor:
    """The 2-norm of all elements of all tensors.
    """
def _grad(outputs: Any, inputs: Any, grad_outputs: Any=None, retain_graph: builtins.bool | None=None, create_graph: builtins.bool=False, allow_unused: builtins.bool | None=None, materialize_grads: builtins.bool=False) -> Any: ...
def _gradients_of(params: Any, known: list[Any]) -> Any:
    """The gradients of the parameters that have one, if these are the known ones; else None.
    """
def _has_adafactor_step(param: Tensor, means: Any) -> builtins.bool:
    """Is there a kernel for Adafactor's step of this parameter?
    """
def _holds_its_object(tensor: Any) -> builtins.bool: ...
def _identity(tensor: Tensor) -> builtins.int: ...
def _in_forward_level() -> builtins.bool: ...
def _instance_dict(object: Any) -> Any: ...
def _is_grad_enabled() -> builtins.bool: ...
def _is_symbolic(tensor: Tensor) -> builtins.bool:
    """Has it no values?
    """
def _is_traced_for_later() -> builtins.bool:
    """Is this thread tracing for weft.jit, and not only for a transform?
    """
def _is_tracing() -> builtins.bool:
    """Is this thread tracing a function for weft.jit?
    """
def _jit_passes() -> list[str]: ...
def _keep_freed_heap() -> builtins.bool: ...
def _key_draws(seed: builtins.int, index: builtins.int) -> None: ...
def _leave_saved_hooks() -> None: ...
def _load_program(path: str) -> Any: ...
def _new_segment(nbytes: builtins.int) -> Tensor: ...
def _onednn_enabled() -> builtins.bool: ...
def _open_segment(fd: builtins.int, nbytes: builtins.int) -> Tensor: ...
def _open_shared(fd: builtins.int, memory_bytes: builtins.int, begin: builtins.int, nbytes: builtins.int, dtype: _DType, shape: builtins.int | Sequence[builtins.int], strides: builtins.int | Sequence[builtins.int], offset: builtins.int) -> Tensor: ...
def _optimizer_step(rule: str, params: Any, grads: Any, states: list[Any], numbers: list[builtins.float]) -> None:
    """One step by a rule on all parameters. Changes params and the lists of state.
    """
def _pack(segment: Tensor, tensors: list[Tensor]) -> builtins.bool: ...
def _packable(tensor: Tensor) -> Tensor: ...
def _packed_size(tensors: list[Tensor]) -> builtins.int: ...
def _prepare_step(rule: str, params: Any, grads: Any, states: list[Any], numbers: list[builtins.float]) -> Any:
    """One step by a rule on all parameters, to be taken: will change params and the lists of state.
    """
def _record_function(name: str, backward: Any, saved: Any, arguments: Any, outputs: list[Tensor], kept: list[Tensor | None], dirty: list[Tensor], non_differentiable: list[Tensor], materialize: builtins.bool) -> list[Tensor]: ...
def _refuse(message: str) -> None:
    """Raises RuntimeError: an error that eager mode would not raise, so that a trace ends even if it is caught.
    """
def _refuse_change_in_body(message: str) -> None: ...
def _refuse_saved_hooks(message: str) -> None: ...
def _refuse_while_tracing(what: Any) -> None: ...
def _run_steps(steps: list[Any]) -> None:
    """Takes steps that were prepared.
    """
def _same_bits(a: Tensor, b: Tensor) -> builtins.bool:
    """The same dtype, shape and bits, NaNs being equal?
    """
def _set_anomaly_callbacks(record: Any, describe: Any, annotate: Any) -> None: ...
def _set_anomaly_mode(enabled: builtins.bool, check_nan: builtins.bool) -> Any: ...
def _set_grad_enabled(enabled: builtins.bool) -> builtins.bool: ...
def _set_inference_mode(enabled: builtins.bool) -> builtins.bool: ...
def _set_keyed_draws(seed: builtins.int, offset: builtins.int) -> None: ...
def _set_numbers(numbers: Tensor, values: list[builtins.float]) -> None: ...
def _share(tensor: Tensor) -> tuple[builtins.int, builtins.int, builtins.int, builtins.int]: ...
def _state_is(state: Any, params: list[Any], entries: list[Any], names: tuple[Any, ...], columns: list[Any]) -> builtins.bool:
    """Is an optimizer's state what a step has last seen?
    """
def _swap_contents(first: Any, second: Any) -> None: ...
def _trace_number() -> builtins.int:
    """Tells traces apart; 0 outside of any.
    """
def _trace_step(rule: str, params: Any, grads: Any, states: list[Any], numbers: Tensor) -> None:
    """Records a step by a rule whose numbers are read when it runs.
    """
def _traced_cond(pred: Tensor, on_true: Any, on_false: Any, given: list[Tensor]) -> Any: ...
def _traced_scan(function: Any, given_carried: list[Tensor], given_xs: list[Tensor], length: builtins.int, reverse: builtins.bool) -> list[Tensor]: ...
def _traced_while(test: Any, body: Any, given: list[Tensor]) -> list[Tensor]: ...
def _type_lookup(type: Any, name: str, missing: Any | None) -> Any: ...
def _unpack(segment: Tensor, described: Any, copied: builtins.bool) -> list[Tensor]: ...
def _unplanned_scratch() -> builtins.int:
    """Bytes of scratch memory that jitted steps took beyond their plans; 0, or there is a mistake in an op.
    """
def _variable_of(x: Tensor) -> Tensor:
    """A leaf with the same values and tangents, or a view if x has a history.
    """
@overload
def _vector_norm(x: Tensor, ord: builtins.float=2.0, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def _vector_norm(x: Tensor, ord: builtins.float=2.0, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
def _vmap(function: Any, arguments: list[Tensor], size: builtins.int, randomness: str) -> list[tuple[Tensor, builtins.bool]]: ...
def _watch_condition(condition: Any) -> None:
    """condition() gives the reason why what is being traced does not hold any more, or an empty text.
    """
def _without_history(x: Tensor) -> Tensor:
    """The same values and tangents, detached from what autograd knows.
    """
def abs(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """|x|: of complex numbers the real sqrt(re^2 + im^2).
    """
def absolute(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """|x|: of complex numbers the real sqrt(re^2 + im^2).
    """
def acos(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The angle in [0, pi] whose cosine is x: NaN outside of [-1, 1]. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def acosh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """log(x + sqrt(x^2 - 1)), which inverts cosh(): NaN below 1. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
@overload
def add(input: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """input + alpha * other. Either may be a number; of bools it is logical or. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for a fractional alpha beside integers, and for shapes that cannot be broadcast.
    """
@overload
def add(input: builtins.complex, other: Tensor, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor: ...
@overload
def add(input: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
@overload
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """beta * input + alpha * (the sum over b of batch1[b] @ batch2[b]), where input broadcasts to the sum
    of the products of two batches of matrices, (b, n, k) and (b, k, m). With beta=0 input is not looked
    at.

    Raises RuntimeError where the shapes or dtypes do not fit.
    """
@overload
def addbmm(beta: builtins.complex, input: Tensor, alpha: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
@overload
def addbmm(beta: builtins.complex, input: Tensor, batch1: Tensor, batch2: Tensor) -> Tensor: ...
@overload
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """input + value * tensor1 / tensor2. The operands are broadcast and promoted to one dtype; half types are rounded once, at the end.

    Raises RuntimeError for a fractional value beside integers, for a quotient of integers, and for shapes that cannot be broadcast.
    """
@overload
def addcdiv(input: Tensor, value: builtins.complex, tensor1: Tensor, tensor2: Tensor) -> Tensor: ...
@overload
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """input + value * tensor1 * tensor2. The operands are broadcast and promoted to one dtype; half types are rounded once, at the end.

    Raises RuntimeError for a fractional value beside integers, and for shapes that cannot be broadcast.
    """
@overload
def addcmul(input: Tensor, value: builtins.complex, tensor1: Tensor, tensor2: Tensor) -> Tensor: ...
@overload
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2), where input broadcasts to the product of two matrices. With
    beta=0 input is not looked at: its NaN does not come through. The form with beta and alpha in front
    is PyTorch's former one and warns.

    Raises RuntimeError where the shapes or dtypes do not fit.
    """
@overload
def addmm(beta: builtins.complex, input: Tensor, alpha: builtins.complex, mat1: Tensor, mat2: Tensor) -> Tensor: ...
@overload
def addmm(beta: builtins.complex, input: Tensor, mat1: Tensor, mat2: Tensor) -> Tensor: ...
@overload
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """beta * input + alpha * (mat @ vec), where input broadcasts to the product of a matrix (n, k) and a
    vector (k,). With beta=0 input is not looked at.

    Raises RuntimeError where the shapes or dtypes do not fit.
    """
@overload
def addmv(beta: builtins.complex, input: Tensor, alpha: builtins.complex, mat: Tensor, vec: Tensor) -> Tensor: ...
@overload
def addmv(beta: builtins.complex, input: Tensor, mat: Tensor, vec: Tensor) -> Tensor: ...
def adjoint(input: Tensor) -> Tensor:
    """The conjugates with the last two dimensions exchanged: out[..., i, j] = conj(input[..., j, i]).

    Raises RuntimeError for fewer than 2 dimensions.
    """
@overload
def all(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Whether every element over the given dimensions (without any over all) is not zero, as bool, for
    uint8 as uint8; of none True.

    Raises IndexError for a dim that is not there.
    """
@overload
def all(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
def allclose(input: Tensor, other: Tensor, rtol: builtins.float=1e-05, atol: builtins.float=1e-08, equal_nan: builtins.bool=False) -> builtins.bool:
    """Is isclose() true everywhere?

    Raises what isclose() raises.
    """
@overload
def amax(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """The largest value over the given dimensions (without any over all), which keepdim keeps with size 1.
    Equal ones share the gradient; NaN is larger than all numbers.

    Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that
    is not there.
    """
@overload
def amax(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
@overload
def amin(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """The smallest value over the given dimensions (without any over all), kept with size 1 by keepdim.
    Equal ones share the gradient; a NaN is smaller than all numbers here.

    Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that
    is not there.
    """
@overload
def amin(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
@overload
def aminmax(input: Tensor, *, dim: builtins.int | None=None, keepdim: builtins.bool=False, out: Sequence[Tensor] | None=None) -> _return_types.aminmax:
    """The smallest and the largest element, or those along dim, as .min and .max.

    Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that
    is not there.
    """
@overload
def aminmax(input: Tensor, *, axis: builtins.int | None=None, keepdims: builtins.bool=False, out: Sequence[Tensor] | None=None) -> _return_types.aminmax: ...
def angle(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The angle of complex numbers in radians, in (-pi, pi]: of real numbers pi where they are negative, else 0. NaN stays; integers give floats of the default dtype.
    """
@overload
def any(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Whether any element over the given dimensions (without any over all) is not zero, as bool, for uint8
    as uint8; of none False.

    Raises IndexError for a dim that is not there.
    """
@overload
def any(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
@overload
def arange(end: builtins.complex, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """The numbers start, start + step, ... before end as a vector: arange(end), arange(start, end) or
    arange(start, end, step), where start is 0 and step 1 unless given. int64 for integers, else the
    default dtype, unless dtype is given.

    Raises RuntimeError where step is 0 or leads away from end.
    """
@overload
def arange(start: builtins.complex, end: builtins.complex, step: builtins.complex=1, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def arange(*, end: builtins.complex, step: builtins.complex, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor: ...
def arccos(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The angle in [0, pi] whose cosine is x: NaN outside of [-1, 1]. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def arccosh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """log(x + sqrt(x^2 - 1)), which inverts cosh(): NaN below 1. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def arcsin(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The angle in [-pi/2, pi/2] whose sine is x: NaN outside of [-1, 1]. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def arcsinh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """log(x + sqrt(x^2 + 1)), which inverts sinh(). Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def arctan(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The angle in (-pi/2, pi/2) whose tangent is x. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def arctan2(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """The angle in radians, from -pi to pi, of the point at x = other and y = input. The operands are broadcast; integers and bools give floats of the default dtype.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def arctanh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """log((1 + x) / (1 - x)) / 2, which inverts tanh(): infinite for -1 and 1, NaN beyond. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
@overload
def argmax(input: Tensor, dim: builtins.int | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Where the largest element along dim is (without dim, in the flattened tensor), the first of equal
    ones, as int64. NaN is larger than all numbers.

    Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that
    is not there.
    """
@overload
def argmax(input: Tensor, axis: builtins.int | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
@overload
def argmin(input: Tensor, dim: builtins.int | None=None, keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """Where the smallest element along dim is (without dim, in the flattened tensor), the first of equal
    ones, as int64. A NaN counts as the smallest.

    Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that
    is not there.
    """
@overload
def argmin(input: Tensor, axis: builtins.int | None=None, keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
@overload
def argsort(input: Tensor, dim: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool=False) -> Tensor:
    """Where the elements in order along dim were, as int64: sort(...).indices, so that gather(dim,
    argsort(dim)) is in order.

    Raises IndexError for a dim that is not there.
    """
@overload
def argsort(input: Tensor, axis: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool=False) -> Tensor: ...
def argwhere(input: Tensor) -> Tensor:
    """The coordinates of the elements that are not zero, row by row: an int64 tensor of shape (count,
    dims).

    Raises RuntimeError on the meta device, where the count is not known.
    """
def as_strided(input: Tensor, size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int], storage_offset: builtins.int | None=None) -> Tensor:
    """A view of any elements of the storage: element [i, j, ...] lies storage_offset + i * stride[0] + j *
    stride[1] + ... elements after its start. Without storage_offset the tensor's own.

    Raises RuntimeError where that leaves the storage or size and stride differ in length.
    """
def as_tensor(data: Any, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None) -> Tensor:
    """data as a tensor, without a copy where dtype and device allow: a tensor itself, an array's own memory.

    Takes what tensor() takes, and objects with the buffer protocol, DLPack or __array__. Errors are those
    of tensor().
    """
def asarray(obj: Any, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, copy: builtins.bool | None=None, requires_grad: builtins.bool | None=None) -> Tensor:
    """obj as a tensor: as_tensor(), or with copy=True tensor(), which always copies.

    requires_grad=True makes the result part of what autograd differentiates. Errors are those of tensor().
    """
def asin(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The angle in [-pi/2, pi/2] whose sine is x: NaN outside of [-1, 1]. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def asinh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """log(x + sqrt(x^2 + 1)), which inverts sinh(). Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def atan(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The angle in (-pi/2, pi/2) whose tangent is x. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def atan2(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """The angle in radians, from -pi to pi, of the point at x = other and y = input. The operands are broadcast; integers and bools give floats of the default dtype.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def atanh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """log((1 + x) / (1 - x)) / 2, which inverts tanh(): infinite for -1 and 1, NaN beyond. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def atleast_1d(*args: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
    """Numbers as vectors of one element, other tensors as they are: one tensor, or a tuple where several
    or a sequence are given.
    """
def atleast_2d(*args: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
    """Numbers and vectors as matrices of one row, other tensors as they are: one tensor, or a tuple where
    several or a sequence are given.
    """
def atleast_3d(*args: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
    """Tensors with at least 3 dimensions: a vector of n elements in the shape (1, n, 1), a matrix (n, m)
    in the shape (n, m, 1). One tensor, or a tuple where several or a sequence are given.
    """
@overload
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.complex=1, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """beta * input + alpha * (batch1 @ batch2), where input broadcasts to the products of two batches of
    matrices, (b, n, k) and (b, k, m). With beta=0 input is not looked at.

    Raises RuntimeError where the shapes or dtypes do not fit.
    """
@overload
def baddbmm(beta: builtins.complex, input: Tensor, alpha: builtins.complex, batch1: Tensor, batch2: Tensor) -> Tensor: ...
@overload
def baddbmm(beta: builtins.complex, input: Tensor, batch1: Tensor, batch2: Tensor) -> Tensor: ...
def bernoulli(input: Tensor, p: builtins.float | None=None, *, generator: Generator | None=None, out: Tensor | None=None) -> Tensor:
    """Independent numbers, 1 with the probability at their place in input, or with probability p, else 0;
    of the shape and dtype of input.

    Raises RuntimeError unless probabilities are from 0 to 1.
    """
def bincount(input: Tensor, weights: Tensor | None=None, minlength: builtins.int=0) -> Tensor:
    """How often each number from 0 on occurs in an integer vector, as int64; or the sum of the weights of
    its places, as float32 for these, else float64. The result has max(minlength, largest number + 1)
    elements.

    Raises RuntimeError for negative numbers, another shape or dtype, and weights of another shape.
    """
def bitwise_and(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """The bits that are set in both, input and other; of bools logical and. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for shapes that cannot be broadcast and for floating point tensors, NotImplementedError for complex tensors.
    """
def bitwise_left_shift(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """The bits of input moved up by other places, which is input * 2^other while no bit drops out. 0 for a negative other. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for shapes that cannot be broadcast and for floating point tensors, NotImplementedError for complex tensors.
    """
def bitwise_not(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """All bits inverted: -x - 1 for signed integers, the opposite for bools.

    Raises TypeError for floating point and complex tensors.
    """
def bitwise_or(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """The bits that are set in input, other or both; of bools logical or. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for shapes that cannot be broadcast and for floating point tensors, NotImplementedError for complex tensors.
    """
def bitwise_right_shift(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """The bits of input moved down by other places, which is input / 2^other rounded down. A negative other moves all of them out. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for shapes that cannot be broadcast and for floating point tensors, NotImplementedError for complex tensors.
    """
def bitwise_xor(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """The bits that are set in just one of input and other; of bools logical xor. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for shapes that cannot be broadcast and for floating point tensors, NotImplementedError for complex tensors.
    """
def block_diag(*args: Tensor | Sequence[Tensor]) -> Tensor:
    """The matrix with the given matrices one after the other along its diagonal and zeros elsewhere;
    vectors and numbers count as one row. Its shape is the sum of theirs.

    Raises RuntimeError for more than 2 dimensions.
    """
def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The products of two batches of matrices: shapes (b, n, k) and (b, k, m) give (b, n, m).

    Raises RuntimeError for other shapes and dtypes that differ.
    """
def broadcast_shapes(*shapes: builtins.int | Sequence[builtins.int]) -> _Size:
    """The shape that shapes broadcast to: compared from the last dimension on, sizes are equal or one of
    them is 1.

    Raises RuntimeError where they do not fit.
    """
def broadcast_tensors(*args: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Views of the tensors in the one shape they broadcast to.

    Raises RuntimeError where their shapes do not fit.
    """
def broadcast_to(input: Tensor, size: builtins.int | Sequence[builtins.int]) -> Tensor:
    """A view in a shape that the tensor broadcasts to: new dimensions come first, and those of size 1
    repeat their elements without a copy.

    Raises RuntimeError where the shapes do not fit.
    """
def bucketize(input: Tensor | builtins.complex, boundaries: Tensor, *, out_int32: builtins.bool=False, right: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """The number of the bucket between boundaries, a vector in order, that each number falls into: i where
    boundaries[i-1] < x <= boundaries[i], with right where boundaries[i-1] <= x < boundaries[i]. int64,
    or int32 with out_int32, in the shape of input.

    Raises RuntimeError unless boundaries is a vector.
    """
def can_cast(from_: _DType, to: _DType) -> builtins.bool:
    """May a result of dtype from_ be written over a tensor of dtype to? Not from complex to real, from floats to integers, or from anything else to bool.
    """
@overload
def cat(tensors: Sequence[Tensor], dim: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
    """Joins tensors end to end along a dimension they have; the other sizes are the same. The result has
    the dtype that all promote to. An empty vector fits tensors of any shape.

    Raises RuntimeError for other sizes and for no tensors, TypeError for anything but a list or tuple[Any, ...]
    of tensors.
    """
@overload
def cat(tensors: Sequence[Tensor], *, axis: builtins.int) -> Tensor: ...
@overload
def cat(tensors: Sequence[Tensor], axis: builtins.int=0, *, out: Tensor | None=None) -> Tensor: ...
def ceil(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The smallest integer that is not below x, in the dtype of x.

    Raises NotImplementedError for complex tensors.
    """
@overload
def chunk(input: Tensor, chunks: builtins.int, dim: builtins.int=0) -> tuple[Tensor, ...]:
    """Views of parts that follow each other along dim, each of ceil(size / chunks) elements; the last may
    be smaller, and there may be fewer than `chunks` of them.

    Raises RuntimeError unless chunks is positive.
    """
@overload
def chunk(input: Tensor, chunks: builtins.int, axis: builtins.int=0) -> tuple[Tensor, ...]: ...
def clamp(input: Tensor, min: Tensor | builtins.complex | None=None, max: Tensor | builtins.complex | None=None, *, out: Tensor | None=None) -> Tensor:
    """input limited to [min, max], and max where min is above it; NaN stays. A bound may be left out, and be a tensor. All are broadcast and promoted to one dtype.

    Raises RuntimeError where both bounds are left out and for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def clamp_max(input: Tensor, max: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """input, or `max` where input is above it; NaN stays. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def clamp_min(input: Tensor, min: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """input, or `min` where input is below it; NaN stays. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def clip(input: Tensor, min: Tensor | builtins.complex | None=None, max: Tensor | builtins.complex | None=None, *, out: Tensor | None=None) -> Tensor:
    """input limited to [min, max], and max where min is above it; NaN stays. A bound may be left out, and be a tensor. All are broadcast and promoted to one dtype.

    Raises RuntimeError where both bounds are left out and for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def clone(input: Tensor, *, memory_format: _MemoryFormat | None=None) -> Tensor:
    """A copy with memory of its own; gradients flow back to the original. The elements stay in their order unless memory_format names another one.

    Raises RuntimeError for an order of another number of dimensions.
    """
def column_stack(tensors: Sequence[Tensor], *, out: Tensor | None=None) -> Tensor:
    """Joins tensors along columns, the second dimension; a vector or a number is one column.

    Raises RuntimeError where the other sizes differ.
    """
def complex(real: Tensor, imag: Tensor, *, out: Tensor | None=None) -> Tensor:
    """A complex tensor of two parts of one dtype, float32 or float64, which are broadcast together.

    Raises RuntimeError for other dtypes and for shapes that cannot be broadcast.
    """
@overload
def concat(tensors: Sequence[Tensor], dim: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
    """Joins tensors end to end along a dimension they have; the other sizes are the same. The result has
    the dtype that all promote to. An empty vector fits tensors of any shape.

    Raises RuntimeError for other sizes and for no tensors, TypeError for anything but a list or tuple[Any, ...]
    of tensors.
    """
@overload
def concat(tensors: Sequence[Tensor], *, axis: builtins.int) -> Tensor: ...
@overload
def concat(tensors: Sequence[Tensor], axis: builtins.int=0, *, out: Tensor | None=None) -> Tensor: ...
@overload
def concatenate(tensors: Sequence[Tensor], dim: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
    """Joins tensors end to end along a dimension they have; the other sizes are the same. The result has
    the dtype that all promote to. An empty vector fits tensors of any shape.

    Raises RuntimeError for other sizes and for no tensors, TypeError for anything but a list or tuple[Any, ...]
    of tensors.
    """
@overload
def concatenate(tensors: Sequence[Tensor], *, axis: builtins.int) -> Tensor: ...
@overload
def concatenate(tensors: Sequence[Tensor], axis: builtins.int=0, *, out: Tensor | None=None) -> Tensor: ...
def conj(input: Tensor) -> Tensor:
    """The complex conjugate: a new tensor; a real tensor itself.
    """
def conj_physical(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The complex conjugate, as conj() gives it.
    """
def constant_pad_nd(input: Tensor, pad: builtins.int | Sequence[builtins.int], value: builtins.complex=0) -> Tensor:
    """nn.functional.pad() with one value: pad has the widths before and after the last dimension, then
    those of the one before it, and so on.

    Raises RuntimeError for an odd number of widths or too many of them.
    """
def copysign(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """|input| with the sign of other; -0. is negative. The operands are broadcast; integers and bools give floats of the default dtype.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def cos(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The cosine of x radians. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def cosh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """(e^x + e^-x) / 2, the hyperbolic cosine. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
@overload
def count_nonzero(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None) -> Tensor:
    """How many elements over the given dimensions (without any over all) are not zero, as int64. NaN is
    not zero.

    Raises IndexError for a dim that is not there.
    """
@overload
def count_nonzero(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None) -> Tensor: ...
@overload
def cummax(input: Tensor, dim: builtins.int, *, out: Sequence[Tensor] | None=None) -> _return_types.cummax:
    """The running maximum along dim and where it is, the last of equal ones, as .values and .indices
    (int64).

    Raises IndexError for a dim that is not there.
    """
@overload
def cummax(input: Tensor, axis: builtins.int, *, out: Sequence[Tensor] | None=None) -> _return_types.cummax: ...
@overload
def cummin(input: Tensor, dim: builtins.int, *, out: Sequence[Tensor] | None=None) -> _return_types.cummin:
    """The running minimum along dim and where it is, the last of equal ones, as .values and .indices
    (int64).

    Raises IndexError for a dim that is not there.
    """
@overload
def cummin(input: Tensor, axis: builtins.int, *, out: Sequence[Tensor] | None=None) -> _return_types.cummin: ...
@overload
def cumprod(input: Tensor, dim: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
    """The running product along dim: out[i] = input[0] * ... * input[i]. Integers and bools are multiplied
    in int64 unless dtype says otherwise.

    Raises IndexError for a dim that is not there.
    """
@overload
def cumprod(input: Tensor, axis: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def cumsum(input: Tensor, dim: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
    """The running sum along dim: out[i] = input[0] + ... + input[i]. Integers and bools are added up in
    int64 unless dtype says otherwise.

    Raises IndexError for a dim that is not there.
    """
@overload
def cumsum(input: Tensor, axis: builtins.int, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
def deg2rad(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """x pi / 180: x degrees in radians. Integers and bools give floats of the default dtype.

    Raises NotImplementedError for complex tensors.
    """
def diag(input: Tensor, diagonal: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
    """Of a matrix a copy of a diagonal, the elements [i, i + diagonal]; of a vector the square matrix with
    it there and zeros elsewhere.

    Raises RuntimeError unless there are 1 or 2 dimensions.
    """
def diag_embed(input: Tensor, offset: builtins.int=0, dim1: builtins.int=-2, dim2: builtins.int=-1) -> Tensor:
    """Zeros, but the last dimension along the diagonal [i, i + offset] of two new dimensions of the
    result, dim1 and dim2, each of size input.shape[-1] + abs(offset).

    Raises RuntimeError where dim1 and dim2 are the same, IndexError for one that is not there.
    """
def diagflat(input: Tensor, offset: builtins.int=0) -> Tensor:
    """The square matrix with the flattened tensor along the diagonal [i, i + offset] and zeros elsewhere.
    """
def diagonal(input: Tensor, offset: builtins.int=0, dim1: builtins.int=0, dim2: builtins.int=1) -> Tensor:
    """A view of the elements with index i in dim1 and i + offset in dim2, as the last dimension in place
    of these two.

    Raises RuntimeError where dim1 and dim2 are the same, IndexError for one that is not there.
    """
def diagonal_scatter(input: Tensor, src: Tensor, offset: builtins.int=0, dim1: builtins.int=0, dim2: builtins.int=1) -> Tensor:
    """A copy in which src stands where diagonal(offset, dim1, dim2) looks.

    Raises RuntimeError where src has another shape than that.
    """
@overload
def div(input: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor:
    """input / other. Either may be a number. rounding_mode 'floor' rounds the quotient down, 'trunc' towards 0: then that of integers is an integer. The operands are broadcast; integers and bools give floats of the default dtype.

    Raises RuntimeError for another rounding_mode, and for a rounded quotient of integers by 0, and for shapes that cannot be broadcast.
    """
@overload
def div(input: builtins.complex, other: Tensor, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def divide(input: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor:
    """input / other. Either may be a number. rounding_mode 'floor' rounds the quotient down, 'trunc' towards 0: then that of integers is an integer. The operands are broadcast; integers and bools give floats of the default dtype.

    Raises RuntimeError for another rounding_mode, and for a rounded quotient of integers by 0, and for shapes that cannot be broadcast.
    """
@overload
def divide(input: builtins.complex, other: Tensor, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor: ...
def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The sum of the products of the elements of two vectors of one length, a tensor without dimensions.

    Raises RuntimeError for other shapes and dtypes that differ.
    """
def dropout(input: Tensor, p: builtins.float, train: builtins.bool) -> Tensor:
    """nn.functional.dropout() where train has to be given: zeroes each element with probability p and
    multiplies the others by 1 / (1 - p) if train, else gives input back.

    Raises ValueError unless 0 <= p <= 1.
    """
def dstack(tensors: Sequence[Tensor], *, out: Tensor | None=None) -> Tensor:
    """Joins tensors along the third dimension; a vector of n elements counts as shape (1, n, 1), a matrix
    (n, m) as (n, m, 1).

    Raises RuntimeError where the other sizes differ.
    """
def einsum(*args: Any) -> Tensor:
    """einsum(equation, *tensors): sums of products by the letters that name the dimensions of the tensors
    and, after '->', of the result; a letter that is not there is summed over. As in numpy.einsum a
    letter may occur twice in one tensor, '...' stands for further dimensions, and without '->' the
    result has the letters that occur once, in order. Instead of letters lists of numbers may follow
    each tensor and, last, name the result.

    Raises RuntimeError or ValueError for an equation that does not fit the tensors, TypeError for
    anything but tensors.
    """
@overload
def empty(size: builtins.int | Sequence[builtins.int], *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """A tensor with undefined contents, of the given size (numbers, or one sequence), in the default dtype
    unless dtype is given.

    Raises RuntimeError for negative sizes.
    """
@overload
def empty(*size: builtins.int, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None, memory_format: _MemoryFormat | None=None) -> Tensor: ...
def empty_like(input: Tensor, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """A tensor with undefined contents and the shape of input, and with its dtype, device and order in
    memory where no others are given.
    """
def empty_strided(size: builtins.int | Sequence[builtins.int], stride: builtins.int | Sequence[builtins.int], *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
    """A tensor with undefined contents in which element [i, j, ...] lies i * stride[0] + j * stride[1] +
    ... elements after the first.

    Raises RuntimeError for negative sizes and strides, and where size and stride differ in length.
    """
def eq(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """Is input equal to other? NaN equals nothing. The operands are broadcast; the result is bool.

    Raises RuntimeError for shapes that cannot be broadcast.
    """
def equal(input: Tensor, other: Tensor) -> builtins.bool:
    """Have both the same shape and elements? NaN equals nothing; the dtypes may differ.
    """
def erf(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. Integers and bools give floats of the default dtype.

    Raises NotImplementedError for complex tensors.
    """
def erfc(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """1 - erf(x), without the digits that this difference loses for large x. Integers and bools give floats of the default dtype.

    Raises NotImplementedError for complex tensors.
    """
def erfinv(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The number whose erf() is x: infinite for -1 and 1, NaN beyond. Integers and bools give floats of the default dtype.

    Raises NotImplementedError for complex tensors.
    """
def exp(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """e^x. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def exp2(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """2^x. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def expm1(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """e^x - 1, without the digits that this difference loses near x = 0. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def eye(n: builtins.int, m: builtins.int | None=None, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """An (n, m) matrix, without m (n, n), with ones on the diagonal and zeros elsewhere, in the default
    dtype unless dtype is given.

    Raises RuntimeError for negative sizes.
    """
def fix(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """x without its fraction, in the dtype of x: rounded towards 0.

    Raises NotImplementedError for complex tensors.
    """
def flatten(input: Tensor, start_dim: builtins.int=0, end_dim: builtins.int=-1) -> Tensor:
    """Makes one dimension of those from start_dim to end_dim, both included, of the product of their
    sizes. A view where the strides allow it; a tensor without dimensions becomes a vector.

    Raises IndexError for a dim that is not there, RuntimeError where start_dim comes after end_dim.
    """
def flip(input: Tensor, dims: builtins.int | Sequence[builtins.int]) -> Tensor:
    """A copy with the elements in reverse order along each of dims.

    Raises IndexError for a dim that is not there, RuntimeError for one given twice.
    """
def fliplr(input: Tensor) -> Tensor:
    """A copy with the columns, the second dimension, in reverse order.

    Raises RuntimeError for fewer than 2 dimensions.
    """
def flipud(input: Tensor) -> Tensor:
    """A copy with the rows, the first dimension, in reverse order.

    Raises RuntimeError for a tensor without dimensions.
    """
def floor(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The largest integer that is not above x, in the dtype of x.

    Raises NotImplementedError for complex tensors.
    """
@overload
def floor_divide(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """input / other rounded down, which is Python's //. Either may be a number. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for integers divided by 0, and for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
@overload
def floor_divide(input: builtins.complex, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def fmax(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """The larger of input and other, or the one that is not NaN. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def fmin(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """The smaller of input and other, or the one that is not NaN. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def fmod(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """What is left of input after other is taken away as often as it fits, as C's fmod() does: it has the sign of input. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for integers divided by 0, and for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def frac(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """x - trunc(x): the fraction, with the sign of x. 0 for integers.

    Raises NotImplementedError for complex tensors.
    """
def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor on the memory of another library's array or tensor that speaks DLPack, or of its capsule.

    Changes of one are seen in the other. The capsule is used up.

    Raises TypeError for other objects, BufferError for devices, dtypes and layouts that Weft lacks.
    """
def from_numpy(ndarray: Any) -> Tensor:
    """A tensor on the memory of a NumPy array, with its shape and dtype; changes of one are seen in the other.

    Of a read-only array the tensor is read-only too, with a warning.

    Raises TypeError for other objects and dtypes that Weft lacks, ValueError for negative strides.
    """
def frombuffer(buffer: Any, *, dtype: _DType, count: builtins.int=-1, offset: builtins.int=0, requires_grad: builtins.bool=False) -> Tensor:
    """A vector on the memory of an object with the buffer protocol, read as elements of dtype.

    It has count elements (-1: all there are) and begins at the byte offset. Changes of one are seen in the
    other, unless the buffer is read-only.

    Raises ValueError when the elements are not all there.
    """
def full(size: builtins.int | Sequence[builtins.int], fill_value: builtins.complex, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """A tensor of the given size in which each element is fill_value. The dtype is that of the number
    unless given: bool, int64, the default dtype or the complex one of that precision.

    Raises RuntimeError for negative sizes.
    """
def full_like(input: Tensor, fill_value: builtins.complex, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """A tensor of fill_value with the shape of input, and with its dtype, device and order in memory where
    no others are given.
    """
@overload
def gather(input: Tensor, dim: builtins.int, index: Tensor, *, sparse_grad: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """Elements picked along dim: out[i][j] = input[i][index[i][j]] for dim 1, and so on. The result has
    the shape of index, an integer tensor with as many dimensions as input and no larger in the others
    than dim.

    Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit.
    """
@overload
def gather(input: Tensor, axis: builtins.int, index: Tensor, *, sparse_grad: builtins.bool=False, out: Tensor | None=None) -> Tensor: ...
def ge(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """Is input greater than other or equal? False where either is NaN. The operands are broadcast; the result is bool.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def ger(input: Tensor, vec2: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The products input[i] * vec2[j] of two vectors (n,) and (m,), a matrix (n, m).

    Raises RuntimeError unless both are vectors.
    """
def get_default_device() -> _Device:
    """Where new tensors go on this thread.

    The device of the innermost `with weft.device(...)`, else that of set_default_device().
    """
def get_default_dtype() -> _DType:
    """The dtype of tensors made from Python floats, and of weft.zeros() and its like; at first float32.
    """
def get_num_threads() -> builtins.int:
    """How many threads CPU kernels may use, the calling one included.

    At the start: the environment variable WEFT_NUM_THREADS, else OMP_NUM_THREADS, else as many as the
    process may use cores, by its affinity and by the quota of its control group.
    """
def get_rng_state() -> Tensor:
    """The place in the stream of the default generator, for set_rng_state(): 16 bytes as a uint8 vector.
    """
def greater(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """Is input greater than other? False where either is NaN. The operands are broadcast; the result is bool.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def greater_equal(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """Is input greater than other or equal? False where either is NaN. The operands are broadcast; the result is bool.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
@overload
def gru(input: Tensor, hx: Tensor, params: list[Tensor], has_biases: builtins.bool, num_layers: builtins.int, dropout: builtins.float, train: builtins.bool, bidirectional: builtins.bool, batch_first: builtins.bool) -> tuple[Tensor, Tensor]:
    """Layers of a GRU (Cho et al., 2014); gru_cell says what a step computes.

    hx holds the initial states, each (num_layers * directions, batch, size); params the weights of each layer and
    direction in turn: w_ih, w_hh, then b_ih and b_hh if has_biases. In the first form input is (steps, batch,
    size), with batch_first (batch, steps, size); in the second it holds the rows of a PackedSequence and
    batch_sizes how many sequences reach each time step. Dropout comes between the layers where train is set.

    Returns the outputs of the last layer, like input, and the last state h_n.

    Raises RuntimeError for shapes and dtypes that do not fit, ValueError for num_layers below 1 and dropout
    outside of 0 to 1.
    """
@overload
def gru(data: Tensor, batch_sizes: Tensor, hx: Tensor, params: list[Tensor], has_biases: builtins.bool, num_layers: builtins.int, dropout: builtins.float, train: builtins.bool, bidirectional: builtins.bool) -> tuple[Tensor, Tensor]: ...
def gru_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None=None, b_hh: Tensor | None=None) -> Tensor:
    """One step of a GRU (Cho et al., 2014): r = sigmoid(x_r + h_r), z = sigmoid(x_z + h_z),
    n = tanh(x_n + r h_n), h' = (1 - z) n + z h, where the x are parts of input w_ih^T + b_ih, the others of
    h w_hh^T + b_hh.

    input is (batch, size) or (size,), hx (batch, hidden) or (hidden,); the new state is like hx.

    Raises RuntimeError for shapes and dtypes that do not fit.
    """
def gt(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """Is input greater than other? False where either is NaN. The operands are broadcast; the result is bool.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def hardsigmoid(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """x / 6 + 1 / 2, limited to [0, 1] (Howard et al., 2019). Integers and bools give floats of the default dtype.

    Raises NotImplementedError for complex tensors.
    """
def hardswish(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """x times x / 6 + 1 / 2, the latter limited to [0, 1] (Howard et al., 2019). Integers and bools give floats of the default dtype.

    Raises NotImplementedError for complex tensors.
    """
def hsplit(input: Tensor, indices_or_sections: Tensor | builtins.int | Sequence[builtins.int]) -> tuple[Tensor, ...]:
    """tensor_split() along columns: the second dimension, of a vector the only one.

    Raises RuntimeError where a number of parts does not divide the size, and for a tensor without
    dimensions.
    """
def hstack(tensors: Sequence[Tensor], *, out: Tensor | None=None) -> Tensor:
    """Joins tensors along columns, the second dimension; vectors and numbers end to end.

    Raises RuntimeError where the other sizes differ.
    """
def hypot(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """sqrt(input^2 + other^2), finite also where the squares overflow. The operands are broadcast; integers and bools give floats of the default dtype.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def imag(input: Tensor) -> Tensor:
    """The imaginary part of a tensor: of a complex one a view, of a real one new zeros.
    """
@overload
def index_add(input: Tensor, dim: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """A copy in which slice i of source, times alpha, is added to slice index[i] along dim. The same bits
    for any number of threads.

    Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or
    the dtype of source differs.
    """
@overload
def index_add(input: Tensor, axis: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor: ...
@overload
def index_copy(input: Tensor, dim: builtins.int, index: Tensor, source: Tensor) -> Tensor:
    """A copy in which slice index[i] along dim is slice i of source.

    Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or
    the dtype of source differs.
    """
@overload
def index_copy(input: Tensor, axis: builtins.int, index: Tensor, source: Tensor) -> Tensor: ...
@overload
def index_fill(input: Tensor, dim: builtins.int, index: Tensor, value: Tensor | builtins.complex) -> Tensor:
    """A copy in which the slices along dim that the integer vector index names hold one value, a number or
    a tensor without dimensions.

    Raises IndexError for numbers outside of the dimension, RuntimeError for a value that the dtype
    cannot hold.
    """
@overload
def index_fill(input: Tensor, axis: builtins.int, index: Tensor, value: Tensor | builtins.complex) -> Tensor: ...
def index_put(input: Tensor, indices: Sequence[Tensor | None], values: Tensor, accumulate: builtins.bool=False) -> Tensor:
    """A copy in which out[indices] = values, or += with accumulate: indices are integer tensors or masks
    for the first dimensions, None for a whole one, and values broadcast to what they choose.

    Raises IndexError for numbers outside of a dimension, RuntimeError where the shapes do not fit or
    the dtype of values differs.
    """
@overload
def index_select(input: Tensor, dim: builtins.int, index: Tensor, *, out: Tensor | None=None) -> Tensor:
    """A copy of the slices along dim that the integer vector index names, in its order: dim gets its
    length.

    Raises IndexError for numbers outside of the dimension.
    """
@overload
def index_select(input: Tensor, axis: builtins.int, index: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def initial_seed() -> builtins.int:
    """The seed that the default generator was started from.
    """
def inner(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The sums of products over the last dimension of both, of shape input.shape[:-1] + other.shape[:-1].
    A tensor without dimensions multiplies the other.

    Raises RuntimeError where the last sizes or the dtypes differ.
    """
def is_anomaly_check_nan_enabled() -> builtins.bool:
    """Does anomaly detection, where it is on, look for NaN in gradients?
    """
def is_anomaly_enabled() -> builtins.bool:
    """Does this thread detect anomalies in backward, as weft.autograd.detect_anomaly() asks for?
    """
def is_complex(input: Tensor) -> builtins.bool:
    """Is the dtype a complex one?
    """
def is_floating_point(input: Tensor) -> builtins.bool:
    """Is the dtype a floating point one? Complex dtypes are none.
    """
def is_grad_enabled() -> builtins.bool:
    """Does this thread record ops for autograd? Not within weft.no_grad() and weft.inference_mode().
    """
def is_inference_mode_enabled() -> builtins.bool:
    """Is this thread within weft.inference_mode()?
    """
def is_nonzero(input: Tensor) -> builtins.bool:
    """Is the only element something else than 0? What bool(tensor) says.

    Raises RuntimeError for a tensor of more elements, or none.
    """
def is_tensor(obj: Any | None) -> builtins.bool:
    """Is obj a weft.Tensor, or an object of a subclass of it?
    """
def isclose(input: Tensor, other: Tensor, rtol: builtins.float=1e-05, atol: builtins.float=1e-08, equal_nan: builtins.bool=False) -> Tensor:
    """Is |input - other| <= atol + rtol |other|? A bool tensor. Infinities are close to themselves only, NaN to NaN if equal_nan. The operands are broadcast.

    Raises RuntimeError for tensors of different dtypes and shapes that cannot be broadcast, ValueError for a negative rtol or atol.
    """
def isfinite(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Is x, or are both parts of a complex x, neither infinite nor NaN? The result is bool.
    """
def isinf(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Is x, or a part of a complex x, infinite? The result is bool.
    """
def isnan(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Is x, or a part of a complex x, NaN? The result is bool.
    """
def isreal(input: Tensor) -> Tensor:
    """Is the imaginary part 0? A bool tensor, True everywhere for a real tensor.
    """
def kron(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The Kronecker product: each element of input times the whole of other, in blocks. Of shapes (n, m)
    and (p, q) shape (n p, m q); the one with fewer dimensions gets some of size 1 in front.
    """
@overload
def kthvalue(input: Tensor, k: builtins.int, dim: builtins.int=-1, keepdim: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.kthvalue:
    """The k-th smallest element along dim, counted from 1, and where it is, as .values and .indices
    (int64).

    Raises RuntimeError unless 1 <= k <= size, IndexError for a dim that is not there.
    """
@overload
def kthvalue(input: Tensor, k: builtins.int, axis: builtins.int=-1, keepdims: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.kthvalue: ...
def le(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """Is input less than other or equal? False where either is NaN. The operands are broadcast; the result is bool.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def lerp(input: Tensor, end: Tensor, weight: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """input + weight * (end - input): input for weight 0, end for 1, and on the line through both for others. The operands are broadcast. Integers with a fractional weight give floats of the default dtype.

    Raises RuntimeError for tensors of different dtypes, and for shapes that cannot be broadcast.
    """
def less(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """Is input less than other? False where either is NaN. The operands are broadcast; the result is bool.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def less_equal(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """Is input less than other or equal? False where either is NaN. The operands are broadcast; the result is bool.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def linspace(start: builtins.complex, end: builtins.complex, steps: builtins.int, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """`steps` evenly spaced numbers from start to end, both included: start + i * (end - start) / (steps -
    1). The default dtype, or the complex one of that precision for complex ends, unless dtype is given.

    Raises RuntimeError for negative steps.
    """
def log(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The natural logarithm of x: -inf for 0, NaN below, and of complex numbers with an angle in (-pi, pi]. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def log10(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The logarithm of x to base 10: -inf for 0, NaN below. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def log1p(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """log(1 + x), without the digits that this sum loses near x = 0: -inf for -1, NaN below. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def log2(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The logarithm of x to base 2: -inf for 0, NaN below. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
@overload
def log_softmax(input: Tensor, dim: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor:
    """input - log(sum(exp(input))) along dim: the logarithm of softmax(), exact where that rounds to 0.

    dtype: input is converted to it first, and so is the result.

    Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.
    """
@overload
def log_softmax(input: Tensor, axis: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor: ...
def logaddexp(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """log(e^input + e^other), finite also where the powers overflow. The operands are broadcast; integers and bools give floats of the default dtype.

    Raises RuntimeError for shapes that cannot be broadcast.
    """
@overload
def logcumsumexp(input: Tensor, dim: builtins.int, *, out: Tensor | None=None) -> Tensor:
    """The logarithm of the running sum of exp(input) along dim, without overflow: out[i] =
    log(exp(input[0]) + ... + exp(input[i])).

    Raises IndexError for a dim that is not there, RuntimeError for integers.
    """
@overload
def logcumsumexp(input: Tensor, axis: builtins.int, *, out: Tensor | None=None) -> Tensor: ...
def logical_and(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """Are both, input and other, not 0? The operands are broadcast; the result is bool.

    Raises RuntimeError for shapes that cannot be broadcast.
    """
def logical_not(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Is x equal to 0? The result is bool.
    """
def logical_or(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """Is input, other or both not 0? The operands are broadcast; the result is bool.

    Raises RuntimeError for shapes that cannot be broadcast.
    """
def logical_xor(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """Is just one of input and other not 0? The operands are broadcast; the result is bool.

    Raises RuntimeError for shapes that cannot be broadcast.
    """
def logit(input: Tensor, eps: builtins.float | None=None, *, out: Tensor | None=None) -> Tensor:
    """log(x / (1 - x)), which inverts sigmoid(): infinite for 0 and 1, NaN beyond; with eps of x limited to [eps, 1 - eps]. Integers and bools give floats of the default dtype.
    """
def logsigmoid(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """log(1 / (1 + e^-x)), finite also where e^-x overflows. Integers and bools give floats of the default dtype.

    Raises NotImplementedError for complex tensors.
    """
def logspace(start: builtins.complex, end: builtins.complex, steps: builtins.int, base: builtins.float=10.0, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """base to the powers of linspace(start, end, steps), in the default dtype unless dtype is given.

    Raises RuntimeError for negative steps.
    """
@overload
def logsumexp(input: Tensor, dim: builtins.int | Sequence[builtins.int], keepdim: builtins.bool=False, *, out: Tensor | None=None) -> Tensor:
    """log(sum(exp(input))) over the given dimensions, which keepdim keeps with size 1: computed as m +
    log(sum(exp(input - m))) with the largest element m, which does not overflow. Integers give the
    default dtype.

    Raises IndexError for a dim that is not there.
    """
@overload
def logsumexp(input: Tensor, axis: builtins.int | Sequence[builtins.int], keepdims: builtins.bool=False, *, out: Tensor | None=None) -> Tensor: ...
@overload
def lstm(input: Tensor, hx: list[Tensor], params: list[Tensor], has_biases: builtins.bool, num_layers: builtins.int, dropout: builtins.float, train: builtins.bool, bidirectional: builtins.bool, batch_first: builtins.bool) -> tuple[Tensor, Tensor, Tensor]:
    """Layers of an LSTM (Hochreiter and Schmidhuber, 1997; Gers et al., 2000); lstm_cell says what a step
    computes. Where h_0 is smaller than c_0, w_hr (Sak, Senior and Beaufays, 2014) is the last weight of
    each layer and direction: the output is projected by it.

    hx holds the initial states, each (num_layers * directions, batch, size); params the weights of each layer and
    direction in turn: w_ih, w_hh, then b_ih and b_hh if has_biases. In the first form input is (steps, batch,
    size), with batch_first (batch, steps, size); in the second it holds the rows of a PackedSequence and
    batch_sizes how many sequences reach each time step. Dropout comes between the layers where train is set.

    Returns the outputs of the last layer, like input, and the last states h_n and c_n.

    Raises RuntimeError for shapes and dtypes that do not fit, ValueError for num_layers below 1 and dropout
    outside of 0 to 1.
    """
@overload
def lstm(data: Tensor, batch_sizes: Tensor, hx: list[Tensor], params: list[Tensor], has_biases: builtins.bool, num_layers: builtins.int, dropout: builtins.float, train: builtins.bool, bidirectional: builtins.bool) -> tuple[Tensor, Tensor, Tensor]: ...
def lstm_cell(input: Tensor, hx: list[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None=None, b_hh: Tensor | None=None) -> tuple[Tensor, Tensor]:
    """One step of an LSTM (Hochreiter and Schmidhuber, 1997; Gers et al., 2000): i, f, g and o are parts of
    input w_ih^T + b_ih + h w_hh^T + b_hh, c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c').

    input is (batch, size) or (size,), hx the states h and c, (batch, hidden) or (hidden,). Returns h' and c'.

    Raises RuntimeError for shapes and dtypes that do not fit.
    """
def lt(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """Is input less than other? False where either is NaN. The operands are broadcast; the result is bool.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def manual_seed(seed: builtins.float) -> Generator:
    """Seeds the default generator, from which the same numbers follow with any number of threads, and
    returns it. Negative seeds count from 2^64.

    Raises ValueError for a seed out of -2^63, ..., 2^64 - 1.
    """
def masked_fill(input: Tensor, mask: Tensor, value: Tensor | builtins.complex) -> Tensor:
    """A copy with one value, a number or a tensor without dimensions, where the bool tensor mask is True.
    Input and mask broadcast.

    Raises RuntimeError for a mask of another dtype and a value that the dtype cannot hold.
    """
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """A copy in which the elements where the bool tensor mask is True are the first ones of source, row by
    row; the rest stays. Mask and input broadcast.

    Raises RuntimeError where source has too few elements or another dtype.
    """
def masked_select(input: Tensor, mask: Tensor, *, out: Tensor | None=None) -> Tensor:
    """A vector of the elements where the bool tensor mask is True, row by row; input and mask broadcast.

    Raises RuntimeError for a mask of another dtype.
    """
def matmul(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The matrix product of the last two dimensions, out[..., i, j] = sum_k input[..., i, k] other[..., k,
    j]; the dimensions before them broadcast. A vector counts as a row on the left and as a column on
    the right, and the result lacks that dimension.

    Raises RuntimeError where the shapes or dtypes do not fit.
    """
@overload
def max(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The largest element; with dim the largest along it and where it is, the first of equal ones, as
    .values and .indices (int64); or with another tensor the larger of each two elements, as maximum().
    NaN is larger than all numbers.

    Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that
    is not there.
    """
@overload
def max(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def max(input: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.max: ...
@overload
def max(input: Tensor, axis: builtins.int, keepdims: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.max: ...
def maximum(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """The larger of input and other, NaN where either is. Equal ones get half of the gradient each. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
@overload
def mean(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
    """The mean over the given dimensions (without any over all), which keepdim keeps with size 1:
    sum(input) / count. NaN where there is nothing to add up.

    Raises RuntimeError for integers unless a floating dtype is given, IndexError for a dim that is not
    there.
    """
@overload
def mean(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def median(input: Tensor) -> Tensor:
    """The middle element in order, of two middle ones the lower, NaN where there is one; with dim along it
    and where it is, as .values and .indices (int64).

    Raises IndexError for a dim that is not there or has no elements.
    """
@overload
def median(input: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.median: ...
@overload
def median(input: Tensor, axis: builtins.int, keepdims: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.median: ...
def meshgrid(*tensors: Tensor | Sequence[Tensor], indexing: str | None=None) -> tuple[Tensor, ...]:
    """Views of vectors in the shape (len(a), len(b), ...), each varying along its own dimension: the
    coordinates of a grid. indexing='ij' is that; with 'xy' the first two dimensions change places.

    Raises TypeError for anything but tensors, RuntimeError for other shapes, dtypes that differ and
    another indexing.
    """
@overload
def min(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The smallest element; with dim the smallest along it and where it is, the first of equal ones, as
    .values and .indices (int64); or with another tensor the smaller of each two elements, as minimum().
    Where there is a NaN it is the result.

    Raises RuntimeError or IndexError where there is nothing to choose from, IndexError for a dim that
    is not there.
    """
@overload
def min(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def min(input: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.min: ...
@overload
def min(input: Tensor, axis: builtins.int, keepdims: builtins.bool=False, *, out: Sequence[Tensor] | None=None) -> _return_types.min: ...
def minimum(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """The smaller of input and other, NaN where either is. Equal ones get half of the gradient each. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
def mish(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """x tanh(log(1 + e^x)) (Misra, 2019). Integers and bools give floats of the default dtype.

    Raises NotImplementedError for complex tensors.
    """
def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The product of two matrices: shapes (n, k) and (k, m) give (n, m).

    Raises RuntimeError for other shapes and dtypes that differ.
    """
def moveaxis(input: Tensor, source: builtins.int | Sequence[builtins.int], destination: builtins.int | Sequence[builtins.int]) -> Tensor:
    """A view in which the dimensions that source names are at the places that destination names; the
    others keep their order.

    Raises RuntimeError where the two differ in length or name a dimension twice, IndexError for one
    that is not there.
    """
def movedim(input: Tensor, source: builtins.int | Sequence[builtins.int], destination: builtins.int | Sequence[builtins.int]) -> Tensor:
    """A view in which the dimensions that source names are at the places that destination names; the
    others keep their order.

    Raises RuntimeError where the two differ in length or name a dimension twice, IndexError for one
    that is not there.
    """
def msort(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The elements in order along the first dimension, column by column: sort(0).values. A tensor without
    dimensions stays as it is.
    """
@overload
def mul(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """input * other. Either may be a number. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for shapes that cannot be broadcast.
    """
@overload
def mul(input: builtins.complex, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def multinomial(input: Tensor, num_samples: builtins.int, replacement: builtins.bool=False, *, generator: Generator | None=None, out: Tensor | None=None) -> Tensor:
    """num_samples numbers of categories, drawn with probabilities proportional to the weights in input, a
    vector or one in each row of a matrix; without replacement no category comes twice. int64, of shape
    (num_samples,) or (rows, num_samples).

    Raises RuntimeError for weights that are negative, infinite or all zero, and for more samples
    without replacement than there are categories.
    """
@overload
def multiply(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """input * other. Either may be a number. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for shapes that cannot be broadcast.
    """
@overload
def multiply(input: builtins.complex, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def mv(input: Tensor, vec: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The product of a matrix (n, k) and a vector (k,): shape (n,).

    Raises RuntimeError for other shapes and dtypes that differ.
    """
def nan_to_num(input: Tensor, nan: builtins.float | None=None, posinf: builtins.float | None=None, neginf: builtins.float | None=None, *, out: Tensor | None=None) -> Tensor:
    """input with numbers for NaN and infinities, also in the parts of complex numbers: 0, the largest and the smallest finite number of the dtype if none are given. Integers stay as they are.
    """
@overload
def nanmean(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
    """The mean of the elements that are not NaN, over the given dimensions (without any over all); NaN
    where there is none.

    Raises RuntimeError for integers, IndexError for a dim that is not there.
    """
@overload
def nanmean(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def nansum(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
    """sum() in which NaN counts as 0.

    Raises IndexError for a dim that is not there, RuntimeError for one given twice.
    """
@overload
def nansum(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def narrow(input: Tensor, dim: builtins.int, start: builtins.int, length: builtins.int) -> Tensor:
    """A view of the elements start, ..., start + length - 1 along dim. A negative start counts from the
    end.

    Raises RuntimeError or IndexError where they are not all there.
    """
@overload
def narrow(input: Tensor, axis: builtins.int, start: builtins.int, length: builtins.int) -> Tensor: ...
def ne(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """Is input another number than other? NaN is another than all. The operands are broadcast; the result is bool.

    Raises RuntimeError for shapes that cannot be broadcast.
    """
def neg(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """-x. Unsigned integers wrap around.

    Raises RuntimeError for bools, which logical_not() inverts.
    """
def negative(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """-x. Unsigned integers wrap around.

    Raises RuntimeError for bools, which logical_not() inverts.
    """
def nonzero(input: Tensor, *, as_tuple: builtins.bool=False, out: Tensor | None=None) -> Tensor | tuple[Tensor, ...]:
    """The coordinates of the elements that are not zero, row by row: an int64 tensor of shape (count,
    dims), or with as_tuple a tuple of one vector for each dimension.

    Raises RuntimeError on the meta device, where the count is not known.
    """
@overload
def norm(input: Tensor, p: builtins.float | str | None=None, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, out: Tensor | None=None, dtype: _DType | None=None) -> Tensor:
    """The vector norm (sum |x|^p)^(1/p) over the given dimensions (without any over all). p is 2 unless
    given, which 'fro' also stands for; of p = inf and -inf it is the largest and smallest |x|, of 0 the
    number of elements that are not zero. The result is real.

    Raises RuntimeError for integers, ValueError for another text, NotImplementedError for 'nuc'.
    """
@overload
def norm(input: Tensor, p: builtins.float | str | None=None, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, out: Tensor | None=None, dtype: _DType | None=None) -> Tensor: ...
def normal(mean: Tensor | builtins.complex=0.0, std: Tensor | builtins.complex=1.0, size: builtins.int | Sequence[builtins.int] | None=None, *, generator: Generator | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """Independent numbers of the normal distribution with the given mean and standard deviation: both
    numbers, in a tensor of the given size, or tensors, one value for each number, in the shape they
    broadcast to.

    Raises RuntimeError for a negative std, TypeError for numbers without a size or tensors with one.
    """
def not_equal(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """Is input another number than other? NaN is another than all. The operands are broadcast; the result is bool.

    Raises RuntimeError for shapes that cannot be broadcast.
    """
def numel(input: Tensor) -> builtins.int:
    """The number of elements: the product of the sizes, 1 for a number.
    """
@overload
def ones(size: builtins.int | Sequence[builtins.int], *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """A tensor of ones, of the given size (numbers, or one sequence), in the default dtype unless dtype is
    given.

    Raises RuntimeError for negative sizes.
    """
@overload
def ones(*size: builtins.int, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None, memory_format: _MemoryFormat | None=None) -> Tensor: ...
def ones_like(input: Tensor, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """A tensor of ones with the shape of input, and with its dtype, device and order in memory where no
    others are given.
    """
def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The products input[i] * vec2[j] of two vectors (n,) and (m,), a matrix (n, m).

    Raises RuntimeError unless both are vectors.
    """
def permute(input: Tensor, dims: builtins.int | Sequence[builtins.int]) -> Tensor:
    """A view with the dimensions in another order: dimension i of the result is dimension dims[i].

    Raises RuntimeError unless dims names each dimension once, IndexError for one that is not there.
    """
def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None=None) -> Tensor:
    """abs (cos(angle) + i sin(angle)): a complex tensor of two real ones of one dtype, float32 or float64, which are broadcast together.

    Raises RuntimeError for other dtypes and for shapes that cannot be broadcast.
    """
def positive(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """x as it is, in a new tensor.
    """
def pow(input: Tensor | builtins.complex, exponent: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """input to the power of exponent. Either may be a number. Integers to the negative integers of a tensor are rounded towards 0. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for integers to a negative number, and for shapes that cannot be broadcast.
    """
@overload
def prod(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
    """The product over the given dimensions (without any over all), which keepdim keeps with size 1; of
    nothing 1. Integers and bools are multiplied in int64 unless dtype says otherwise.

    Raises IndexError for a dim that is not there, RuntimeError for one given twice.
    """
@overload
def prod(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
def promote_types(type1: _DType, type2: _DType) -> _DType:
    """The dtype of what is computed from tensors of both, which have dimensions.
    """
def rad2deg(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """180 x / pi: x radians in degrees. Integers and bools give floats of the default dtype.

    Raises NotImplementedError for complex tensors.
    """
@overload
def rand(size: builtins.int | Sequence[builtins.int], *, generator: Generator | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """Independent numbers uniform in [0, 1), in a tensor of the given size (numbers, or one sequence), of
    the default dtype unless dtype is given.

    Raises RuntimeError for negative sizes and for dtypes without such numbers.
    """
@overload
def rand(*size: builtins.int, generator: Generator | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor: ...
def rand_like(input: Tensor, *, generator: Generator | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """rand() with the shape of input, and with its dtype, device and order in memory where no others are
    given.

    Raises RuntimeError for dtypes without such numbers.
    """
@overload
def randint(low: builtins.int, high: builtins.int, size: builtins.int | Sequence[builtins.int], *, generator: Generator | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """Independent integers, each of low, ..., high - 1 equally likely, in a tensor of the given size,
    int64 unless dtype is given. randint(high, size) begins at 0.

    Raises RuntimeError unless low < high.
    """
@overload
def randint(high: builtins.int, size: builtins.int | Sequence[builtins.int], *, generator: Generator | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor: ...
@overload
def randint_like(input: Tensor, low: builtins.int, high: builtins.int, *, generator: Generator | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """randint() with the shape of input, and with its dtype, device and order in memory where no others
    are given: integers of low, ..., high - 1, or of 0, ..., high - 1 where only high is given.

    Raises RuntimeError unless low < high.
    """
@overload
def randint_like(input: Tensor, high: builtins.int, *, generator: Generator | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor: ...
@overload
def randn(size: builtins.int | Sequence[builtins.int], *, generator: Generator | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """Independent numbers of the standard normal distribution, of mean 0 and variance 1, in a tensor of
    the given size (numbers, or one sequence), of the default dtype unless dtype is given.

    Raises RuntimeError for negative sizes and for dtypes without such numbers.
    """
@overload
def randn(*size: builtins.int, generator: Generator | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor: ...
def randn_like(input: Tensor, *, generator: Generator | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """randn() with the shape of input, and with its dtype, device and order in memory where no others are
    given.

    Raises RuntimeError for dtypes without such numbers.
    """
def randperm(n: builtins.int, *, generator: Generator | None=None, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None) -> Tensor:
    """The numbers 0, 1, ..., n - 1 in random order, each order equally likely, as a vector of int64 unless
    dtype is given.

    Raises RuntimeError for a negative n.
    """
def ravel(input: Tensor) -> Tensor:
    """The elements as a vector, row by row. A view where the strides allow it, else a copy.
    """
def real(input: Tensor) -> Tensor:
    """The real part of a tensor: of a complex one a view, of a real one itself.
    """
def reciprocal(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """1 / x, infinite for 0. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def relu(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """max(x, 0); NaN stays (Nair and Hinton, 2010).

    Raises NotImplementedError for complex tensors.
    """
@overload
def remainder(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """input - other * floor_divide(input, other), which is Python's %: it has the sign of other. Either may be a number. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for integers divided by 0, and for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
@overload
def remainder(input: builtins.complex, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def repeat_interleave(input: Tensor, repeats: Tensor | builtins.int, dim: builtins.int | None=None, *, output_size: builtins.int | None=None) -> Tensor:
    """Each element along dim (without it, of the flattened tensor) as often as repeats says, a number or a
    vector with one for each element, copied one after the other. output_size, where given, is the size
    that dim has then.

    Raises RuntimeError for negative counts, a vector of another length and another output_size.
    """
@overload
def repeat_interleave(input: Tensor, repeats: Tensor | builtins.int, axis: builtins.int | None=None, *, output_size: builtins.int | None=None) -> Tensor: ...
def reshape(input: Tensor, shape: builtins.int | Sequence[builtins.int]) -> Tensor:
    """The elements, counted row by row, in another shape, of which one size may be -1: it follows from the
    others. A view where the strides allow it, else a copy.

    Raises RuntimeError where the number of elements differs.
    """
def result_type(tensor1: Tensor | builtins.complex, tensor2: Tensor | builtins.complex) -> _DType:
    """The dtype of input + other. A number, or a tensor without dimensions beside one that has some, counts only where it is of a higher kind: bool, integer, float, complex.
    """
@overload
def rnn_relu(input: Tensor, hx: Tensor, params: list[Tensor], has_biases: builtins.bool, num_layers: builtins.int, dropout: builtins.float, train: builtins.bool, bidirectional: builtins.bool, batch_first: builtins.bool) -> tuple[Tensor, Tensor]:
    """Layers of an RNN with relu; rnn_relu_cell says what a step computes.

    hx holds the initial states, each (num_layers * directions, batch, size); params the weights of each layer and
    direction in turn: w_ih, w_hh, then b_ih and b_hh if has_biases. In the first form input is (steps, batch,
    size), with batch_first (batch, steps, size); in the second it holds the rows of a PackedSequence and
    batch_sizes how many sequences reach each time step. Dropout comes between the layers where train is set.

    Returns the outputs of the last layer, like input, and the last state h_n.

    Raises RuntimeError for shapes and dtypes that do not fit, ValueError for num_layers below 1 and dropout
    outside of 0 to 1.
    """
@overload
def rnn_relu(data: Tensor, batch_sizes: Tensor, hx: Tensor, params: list[Tensor], has_biases: builtins.bool, num_layers: builtins.int, dropout: builtins.float, train: builtins.bool, bidirectional: builtins.bool) -> tuple[Tensor, Tensor]: ...
def rnn_relu_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None=None, b_hh: Tensor | None=None) -> Tensor:
    """One step of an RNN with relu: relu(input w_ih^T + b_ih + h w_hh^T + b_hh).

    input is (batch, size) or (size,), hx (batch, hidden) or (hidden,); the new state is like hx.

    Raises RuntimeError for shapes and dtypes that do not fit.
    """
@overload
def rnn_tanh(input: Tensor, hx: Tensor, params: list[Tensor], has_biases: builtins.bool, num_layers: builtins.int, dropout: builtins.float, train: builtins.bool, bidirectional: builtins.bool, batch_first: builtins.bool) -> tuple[Tensor, Tensor]:
    """Layers of an RNN (Elman, 1990) with tanh; rnn_tanh_cell says what a step computes.

    hx holds the initial states, each (num_layers * directions, batch, size); params the weights of each layer and
    direction in turn: w_ih, w_hh, then b_ih and b_hh if has_biases. In the first form input is (steps, batch,
    size), with batch_first (batch, steps, size); in the second it holds the rows of a PackedSequence and
    batch_sizes how many sequences reach each time step. Dropout comes between the layers where train is set.

    Returns the outputs of the last layer, like input, and the last state h_n.

    Raises RuntimeError for shapes and dtypes that do not fit, ValueError for num_layers below 1 and dropout
    outside of 0 to 1.
    """
@overload
def rnn_tanh(data: Tensor, batch_sizes: Tensor, hx: Tensor, params: list[Tensor], has_biases: builtins.bool, num_layers: builtins.int, dropout: builtins.float, train: builtins.bool, bidirectional: builtins.bool) -> tuple[Tensor, Tensor]: ...
def rnn_tanh_cell(input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None=None, b_hh: Tensor | None=None) -> Tensor:
    """One step of an RNN (Elman, 1990): tanh(input w_ih^T + b_ih + h w_hh^T + b_hh).

    input is (batch, size) or (size,), hx (batch, hidden) or (hidden,); the new state is like hx.

    Raises RuntimeError for shapes and dtypes that do not fit.
    """
def roll(input: Tensor, shifts: builtins.int | Sequence[builtins.int], dims: builtins.int | Sequence[builtins.int] | None=None) -> Tensor:
    """A copy with each element moved by shifts along dims; what leaves at one end enters at the other.
    Without dims as if the tensor were flattened.

    Raises RuntimeError where shifts and dims differ in length.
    """
def rot90(input: Tensor, k: builtins.int=1, dims: builtins.int | Sequence[builtins.int]=(0, 1)) -> Tensor:
    """A copy turned by k times 90 degrees in the plane of two dimensions, from the first of dims towards
    the second; a negative k turns the other way.

    Raises RuntimeError unless dims are two different ones.
    """
@overload
def round(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """x rounded to the nearest integer, or to `decimals` places behind the point (before it if negative): ties go to the even one. Integers take no decimals but 0.

    Raises NotImplementedError for complex tensors.
    """
@overload
def round(input: Tensor, *, decimals: builtins.int, out: Tensor | None=None) -> Tensor: ...
def row_stack(tensors: Sequence[Tensor], *, out: Tensor | None=None) -> Tensor:
    """Joins tensors along rows, the first dimension; a vector or a number is one row.

    Raises RuntimeError where the other sizes differ.
    """
def rsqrt(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """1 / sqrt(x): inf for 0, NaN below. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def rsub(input: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1) -> Tensor:
    """other - alpha * input. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for bools, for a fractional alpha beside integers, and for shapes that cannot be broadcast.
    """
def scalar_tensor(s: builtins.complex, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
    """A tensor without dimensions that holds the number s, in the default dtype unless dtype is given.
    """
@overload
def scatter(input: Tensor, dim: builtins.int, index: Tensor, src: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor:
    """A copy with out[i][index[i][j]] = src[i][j] for dim 1, and so on, where src may be one number; of
    several that go to one place the last stays. reduce='add' or 'multiply' combines them with what is
    there.

    Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or
    the dtype of src differs.
    """
@overload
def scatter(input: Tensor, dim: builtins.int, index: Tensor, value: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor: ...
@overload
def scatter(input: Tensor, axis: builtins.int, index: Tensor, src: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor: ...
@overload
def scatter(input: Tensor, axis: builtins.int, index: Tensor, value: Tensor | builtins.complex, *, reduce: str | None=None) -> Tensor: ...
@overload
def scatter_add(input: Tensor, dim: builtins.int, index: Tensor, src: Tensor, *, out: Tensor | None=None) -> Tensor:
    """A copy with out[i][index[i][j]] += src[i][j] for dim 1, and so on. The same bits for any number of
    threads.

    Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit or
    the dtype of src differs.
    """
@overload
def scatter_add(input: Tensor, axis: builtins.int, index: Tensor, src: Tensor, *, out: Tensor | None=None) -> Tensor: ...
@overload
def scatter_reduce(input: Tensor, dim: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool=True) -> Tensor:
    """A copy with the 'sum', 'prod', 'mean', 'amax' or 'amin' of all src[i][j] that index sends to one
    place, as in scatter(); with include_self of these and of what was there, and what no number goes to
    stays.

    Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit and
    for another reduce.
    """
@overload
def scatter_reduce(input: Tensor, axis: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool=True) -> Tensor: ...
def searchsorted(sorted_sequence: Tensor, input: Tensor | builtins.complex, *, out_int32: builtins.bool=False, right: builtins.bool=False, side: str | None=None, sorter: Tensor | None=None, out: Tensor | None=None) -> Tensor:
    """Where each number would be put into a sequence in order: before equal ones, with right or
    side='right' after them. int64, or int32 with out_int32, in the shape of input. The sequence is a
    vector, or has a row for each row of input. It need not be in order where sorter, an int64 tensor of
    its shape such as argsort() gives, says where its elements in order are.

    Raises RuntimeError for a sorter of another shape or dtype, IndexError for an index in it that is
    out of range.
    """
def seed() -> builtins.int:
    """Seeds the default generator from the operating system and returns the seed.
    """
@overload
def select(input: Tensor, dim: builtins.int, index: builtins.int) -> Tensor:
    """A view of one element along dim: the result lacks that dimension. A negative index counts from the
    end.

    Raises IndexError for a dim that is not there and an index outside of it.
    """
@overload
def select(input: Tensor, axis: builtins.int, index: builtins.int) -> Tensor: ...
@overload
def select_scatter(input: Tensor, src: Tensor, dim: builtins.int, index: builtins.int) -> Tensor:
    """A copy in which src stands where select(dim, index) looks.

    Raises RuntimeError where src has another shape than that, IndexError for an index or dim that is
    not there.
    """
@overload
def select_scatter(input: Tensor, src: Tensor, axis: builtins.int, index: builtins.int) -> Tensor: ...
def selu(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """1.0507 x where x is positive, else 1.0507 * 1.6733 (e^x - 1): the numbers that keep mean 0 and variance 1 (Klambauer et al., 2017). Integers and bools give floats of the default dtype.

    Raises NotImplementedError for complex tensors.
    """
def set_default_device(device: _Device | str | builtins.int | None) -> None:
    """Sets where new tensors go on this thread, outside of `with weft.device(...)`; None is the CPU.

    Raises RuntimeError when the device does not exist.
    """
def set_default_dtype(d: _DType) -> None:
    """Sets the dtype of tensors made from Python floats, and of weft.zeros() and its like.

    Raises TypeError unless it is a floating point dtype.
    """
def set_num_threads(int: builtins.int) -> None:
    """Sets how many threads CPU kernels may use, the calling one included; for all threads of the process.

    int: from 1 to 1024; raises ValueError otherwise. Results do not depend on it. An op that another thread
    has begun goes on with the number it has.
    """
def set_rng_state(new_state: Tensor) -> None:
    """Takes the default generator back to a place that get_rng_state() gave.

    Raises RuntimeError for another tensor than such 16 bytes.
    """
def sgn(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """input / |input|, and 0 for 0: of real tensors the sign, in their dtype.
    """
def sigmoid(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """1 / (1 + e^-x), the logistic function. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def sign(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """1, 0 or -1 as x is positive, zero or negative; 0 for NaN. sgn() does the same for complex numbers.

    Raises NotImplementedError for complex tensors.
    """
def signbit(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Is x negative? -0. is; unsigned integers and bools never are. The result is bool.

    Raises NotImplementedError for complex tensors.
    """
def silu(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """x sigmoid(x), also named swish (Hendrycks and Gimpel, 2016; Ramachandran et al., 2017). Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def sin(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The sine of x radians. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def sinh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """(e^x - e^-x) / 2, the hyperbolic sine. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
@overload
def slice_scatter(input: Tensor, src: Tensor, dim: builtins.int=0, start: builtins.int | None=None, end: builtins.int | None=None, step: builtins.int=1) -> Tensor:
    """A copy in which src stands at the places start, start + step, ... before end along dim, which by
    default are all.

    Raises RuntimeError where src has another shape than they.
    """
@overload
def slice_scatter(input: Tensor, src: Tensor, axis: builtins.int=0, start: builtins.int | None=None, end: builtins.int | None=None, step: builtins.int=1) -> Tensor: ...
@overload
def softmax(input: Tensor, dim: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor:
    """exp(input) / sum(exp(input)) along dim, computed without overflow; of input's shape.

    dtype: input is converted to it first, and so is the result.

    Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.
    """
@overload
def softmax(input: Tensor, axis: builtins.int, dtype: _DType | None=None, *, out: Tensor | None=None) -> Tensor: ...
def softsign(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """x / (1 + |x|). Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
@overload
def sort(input: Tensor, dim: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool | None=None, *, out: Sequence[Tensor] | None=None) -> _return_types.sort:
    """The elements in order along dim and where they were, as .values and .indices (int64). Equal ones
    keep their order whatever stable says; NaN is larger than all numbers.

    Raises IndexError for a dim that is not there.
    """
@overload
def sort(input: Tensor, axis: builtins.int=-1, descending: builtins.bool=False, stable: builtins.bool | None=None, *, out: Sequence[Tensor] | None=None) -> _return_types.sort: ...
@overload
def split(tensor: Tensor, split_size_or_sections: builtins.int | Sequence[builtins.int], dim: builtins.int=0) -> tuple[Tensor, ...]:
    """Views of parts that follow each other along dim: of the given size, where the last may be smaller,
    or of each of a sequence of sizes.

    Raises RuntimeError where the sizes do not add up to that of the dimension, or one is negative.
    """
@overload
def split(tensor: Tensor, split_size_or_sections: builtins.int | Sequence[builtins.int], axis: builtins.int=0) -> tuple[Tensor, ...]: ...
@overload
def split_with_sizes(input: Tensor, split_sizes: builtins.int | Sequence[builtins.int], dim: builtins.int=0) -> tuple[Tensor, ...]:
    """Views of parts of the given sizes that follow each other along dim.

    Raises RuntimeError where the sizes do not add up to that of the dimension, or one is negative.
    """
@overload
def split_with_sizes(input: Tensor, split_sizes: builtins.int | Sequence[builtins.int], axis: builtins.int=0) -> tuple[Tensor, ...]: ...
def sqrt(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The square root of x: NaN below 0, and of complex numbers the root whose real part is not negative. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def square(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """x * x; of bools as int64.
    """
@overload
def squeeze(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None) -> Tensor:
    """A view without the dimensions of size 1: all of them, or those that dim names. A named one of
    another size stays.

    Raises IndexError for a dim that is not there.
    """
@overload
def squeeze(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None) -> Tensor: ...
@overload
def stack(tensors: Sequence[Tensor], dim: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
    """Joins tensors of one shape along a new dimension dim, which has one place for each. The result has
    the dtype that all promote to.

    Raises RuntimeError where shapes differ and for no tensors.
    """
@overload
def stack(tensors: Sequence[Tensor], axis: builtins.int=0, *, out: Tensor | None=None) -> Tensor: ...
@overload
def std(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None) -> Tensor:
    """The standard deviation over the given dimensions (without any over all), which keepdim keeps with
    size 1: sqrt(sum((x - mean)^2) / (n - correction)), where n elements are reduced. correction is 1,
    with unbiased=False 0.

    Raises RuntimeError for integers, IndexError for a dim that is not there.
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
    """The pair of std() and mean() over the given dimensions (without any over all).

    Raises RuntimeError for integers, IndexError for a dim that is not there.
    """
@overload
def std_mean(input: Tensor, unbiased: builtins.bool) -> tuple[Tensor, Tensor]: ...
@overload
def std_mean(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None) -> tuple[Tensor, Tensor]: ...
@overload
def sub(input: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """input - alpha * other. Either may be a number. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for bools, and for a fractional alpha beside integers, and for shapes that cannot be broadcast.
    """
@overload
def sub(input: builtins.complex, other: Tensor, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor: ...
@overload
def sub(input: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
@overload
def subtract(input: Tensor, other: Tensor | builtins.complex, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor:
    """input - alpha * other. Either may be a number. The operands are broadcast and promoted to one dtype.

    Raises RuntimeError for bools, and for a fractional alpha beside integers, and for shapes that cannot be broadcast.
    """
@overload
def subtract(input: builtins.complex, other: Tensor, *, alpha: builtins.complex=1, out: Tensor | None=None) -> Tensor: ...
@overload
def subtract(input: Tensor, alpha: builtins.complex, other: Tensor) -> Tensor: ...
@overload
def sum(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, keepdim: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor:
    """The sum over the given dimensions (without any over all), which keepdim keeps with size 1. Integers
    and bools are added up in int64, unless dtype, to which the elements are converted first, says
    otherwise.

    Raises IndexError for a dim that is not there, RuntimeError for one given twice.
    """
@overload
def sum(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, keepdims: builtins.bool=False, *, dtype: _DType | None=None, out: Tensor | None=None) -> Tensor: ...
def swapaxes(input: Tensor, axis0: builtins.int, axis1: builtins.int) -> Tensor:
    """A view in which two dimensions have changed places.

    Raises IndexError for a dim that is not there.
    """
def swapdims(input: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
    """A view in which two dimensions have changed places.

    Raises IndexError for a dim that is not there.
    """
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix, a view: shape (n, m) becomes (m, n). A vector or a number stays as it is.

    Raises RuntimeError for more than 2 dimensions.
    """
def take(input: Tensor, index: Tensor, *, out: Tensor | None=None) -> Tensor:
    """Elements of the flattened input, in the shape of index. Negative numbers count from the end.

    Raises IndexError for numbers outside of it.
    """
@overload
def take_along_dim(input: Tensor, indices: Tensor, dim: builtins.int | None=None, *, out: Tensor | None=None) -> Tensor:
    """gather() where input and indices broadcast but for dim; without dim, elements of the flattened input
    in a vector.

    Raises IndexError for numbers outside of the dimension, RuntimeError where the shapes do not fit.
    """
@overload
def take_along_dim(input: Tensor, indices: Tensor, axis: builtins.int | None=None, *, out: Tensor | None=None) -> Tensor: ...
def tan(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """The tangent of x radians. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def tanh(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """sinh(x) / cosh(x), the hyperbolic tangent. Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def tanhshrink(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """x - tanh(x). Integers and bools give floats of the default dtype; complex numbers stay complex.
    """
def tensor(data: Any, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool | None=None) -> Tensor:
    """A new leaf tensor with a copy of data: a number, nested sequences of them, a NumPy array or a tensor.

    Its shape is that of the nesting. dtype is by default that of an array or tensor, else the widest of the
    numbers: bool, int64, the default dtype for floats, its complex one for complex numbers. device is by
    default that of a tensor, else the default device. pin_memory has no effect.

    Raises ValueError for sequences of unequal lengths, TypeError for what are no numbers, RuntimeError for
    integers that the dtype does not hold.
    """
@overload
def tensor_split(input: Tensor, indices_or_sections: Tensor | builtins.int | Sequence[builtins.int], dim: builtins.int=0) -> tuple[Tensor, ...]:
    """Views of parts that follow each other along dim: as many as a number says, with sizes that differ by
    at most 1 and the larger ones first, or cut before each of the places in a sequence or an integer
    vector.

    Raises RuntimeError unless the number is positive.
    """
@overload
def tensor_split(input: Tensor, indices_or_sections: Tensor | builtins.int | Sequence[builtins.int], axis: builtins.int=0) -> tuple[Tensor, ...]: ...
def tensordot(a: Tensor, b: Tensor, dims: builtins.int | Sequence[Sequence[builtins.int]]=2, *, out: Tensor | None=None) -> Tensor:
    """The sums of products over the last dims dimensions of a and the first of b, or over those that a
    pair of sequences names, in that order. The result has the other dimensions of a, then those of b.

    Raises RuntimeError where the sizes differ or there are too few dimensions.
    """
def tile(input: Tensor, dims: builtins.int | Sequence[builtins.int]) -> Tensor:
    """The whole tensor so many times along the last dimensions, as many as there are counts, copied; more
    counts than dimensions make new ones in front.

    Raises RuntimeError for negative counts.
    """
@overload
def topk(input: Tensor, k: builtins.int, dim: builtins.int=-1, largest: builtins.bool=True, sorted: builtins.bool=True, *, out: Sequence[Tensor] | None=None) -> _return_types.topk:
    """The k largest elements along dim, or with largest=False the smallest, and where they were, as
    .values and .indices (int64): in order, which sorted=False does not promise. dim gets the size k.

    Raises RuntimeError unless there are k of them, IndexError for a dim that is not there.
    """
@overload
def topk(input: Tensor, k: builtins.int, axis: builtins.int=-1, largest: builtins.bool=True, sorted: builtins.bool=True, *, out: Sequence[Tensor] | None=None) -> _return_types.topk: ...
def trace(input: Tensor) -> Tensor:
    """The sum of the diagonal of a matrix, a tensor without dimensions; integers are added up in int64.

    Raises RuntimeError unless there are 2 dimensions.
    """
def transpose(input: Tensor, dim0: builtins.int, dim1: builtins.int) -> Tensor:
    """A view in which two dimensions have changed places.

    Raises IndexError for a dim that is not there.
    """
def tril(input: Tensor, diagonal: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
    """A copy of the lower triangle of the last two dimensions, with zeros elsewhere: out[..., i, j] =
    input[..., i, j] where j <= i + diagonal.

    Raises RuntimeError for fewer than 2 dimensions.
    """
def tril_indices(row: builtins.int, col: builtins.int, offset: builtins.int=0, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
    """Row numbers and below them column numbers, shape (2, count), of the places of a (row, col) matrix on
    and below the diagonal column = row + offset; int64 unless dtype is given.

    Raises RuntimeError for negative sizes.
    """
def triu(input: Tensor, diagonal: builtins.int=0, *, out: Tensor | None=None) -> Tensor:
    """A copy of the upper triangle of the last two dimensions, with zeros elsewhere: out[..., i, j] =
    input[..., i, j] where j >= i + diagonal.

    Raises RuntimeError for fewer than 2 dimensions.
    """
def triu_indices(row: builtins.int, col: builtins.int, offset: builtins.int=0, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None) -> Tensor:
    """Row numbers and below them column numbers, shape (2, count), of the places of a (row, col) matrix on
    and above the diagonal column = row + offset; int64 unless dtype is given.

    Raises RuntimeError for negative sizes.
    """
@overload
def true_divide(input: Tensor, other: Tensor | builtins.complex, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor:
    """input / other. Either may be a number. rounding_mode 'floor' rounds the quotient down, 'trunc' towards 0: then that of integers is an integer. The operands are broadcast; integers and bools give floats of the default dtype.

    Raises RuntimeError for another rounding_mode, and for a rounded quotient of integers by 0, and for shapes that cannot be broadcast.
    """
@overload
def true_divide(input: builtins.complex, other: Tensor, *, rounding_mode: str | None=None, out: Tensor | None=None) -> Tensor: ...
def trunc(input: Tensor, *, out: Tensor | None=None) -> Tensor:
    """x without its fraction, in the dtype of x: rounded towards 0.

    Raises NotImplementedError for complex tensors.
    """
@overload
def unbind(input: Tensor, dim: builtins.int=0) -> tuple[Tensor, ...]:
    """The elements along dim as a tuple of views, which lack that dimension.

    Raises IndexError for a dim that is not there.
    """
@overload
def unbind(input: Tensor, axis: builtins.int=0) -> tuple[Tensor, ...]: ...
@overload
def unflatten(input: Tensor, dim: builtins.int, sizes: builtins.int | Sequence[builtins.int]) -> Tensor:
    """Splits dimension dim into several of the given sizes, of which one may be -1; their product is its
    size.

    Raises RuntimeError where the sizes do not multiply to it, IndexError for a dim that is not there.
    """
@overload
def unflatten(input: Tensor, axis: builtins.int, sizes: builtins.int | Sequence[builtins.int]) -> Tensor: ...
@overload
def unique(input: Tensor, sorted: builtins.bool=True, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, dim: builtins.int | None=None) -> Tensor | tuple[Tensor, ...]:
    """The distinct elements in order, a vector; with return_inverse also which of them each element is, in
    the shape of input, and with return_counts how often each occurs, both as int64. With dim the
    distinct slices along it, ordered by their first elements, then by their second, and so on.

    Raises IndexError for a dim that is not there.
    """
@overload
def unique(input: Tensor, sorted: builtins.bool=True, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, axis: builtins.int | None=None) -> Tensor | tuple[Tensor, ...]: ...
@overload
def unique_consecutive(input: Tensor, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, dim: builtins.int | None=None) -> Tensor | tuple[Tensor, ...]:
    """The first of each run of equal elements, or with dim of equal slices along it; with return_inverse
    also which run each is in, and with return_counts the lengths of the runs, both as int64.

    Raises IndexError for a dim that is not there.
    """
@overload
def unique_consecutive(input: Tensor, return_inverse: builtins.bool=False, return_counts: builtins.bool=False, axis: builtins.int | None=None) -> Tensor | tuple[Tensor, ...]: ...
@overload
def unsqueeze(input: Tensor, dim: builtins.int) -> Tensor:
    """A view with a new dimension of size 1 at place dim of the result; -1 is the last place.

    Raises IndexError where the result has no such place.
    """
@overload
def unsqueeze(input: Tensor, axis: builtins.int) -> Tensor: ...
def vander(x: Tensor, N: builtins.int | None=None, increasing: builtins.bool=False) -> Tensor:
    """The powers N - 1, ..., 1, 0 of the elements of a vector, with increasing 0, 1, ..., N - 1, one row
    per element: a Vandermonde matrix of shape (len(x), N). Without N it is square.

    Raises RuntimeError unless x is a vector and N not negative.
    """
@overload
def var(input: Tensor, dim: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdim: builtins.bool=False, *, correction: builtins.float | None=None) -> Tensor:
    """The variance over the given dimensions (without any over all), which keepdim keeps with size 1:
    sum((x - mean)^2) / (n - correction), where n elements are reduced. correction is 1, with
    unbiased=False 0.

    Raises RuntimeError for integers, IndexError for a dim that is not there.
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
    """The pair of var() and mean() over the given dimensions (without any over all).

    Raises RuntimeError for integers, IndexError for a dim that is not there.
    """
@overload
def var_mean(input: Tensor, unbiased: builtins.bool) -> tuple[Tensor, Tensor]: ...
@overload
def var_mean(input: Tensor, axis: builtins.int | Sequence[builtins.int] | None=None, unbiased: builtins.bool | None=None, keepdims: builtins.bool=False, *, correction: builtins.float | None=None) -> tuple[Tensor, Tensor]: ...
def vdot(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor:
    """dot() with the conjugates of the first vector: the sum of conj(input[i]) * other[i].

    Raises RuntimeError for other shapes and dtypes that differ.
    """
def view_as_complex(input: Tensor) -> Tensor:
    """A real tensor of shape (..., 2), whose last dimension holds the real and the imaginary parts, as a complex one of shape (...). A view.

    Raises RuntimeError for other dtypes than float32 and float64, another size of the last dimension, and parts that are no neighbours in memory.
    """
def view_as_real(input: Tensor) -> Tensor:
    """A complex tensor as a real one with one dimension more, of size 2: the real and the imaginary parts. A view.

    Raises RuntimeError for other dtypes.
    """
def vsplit(input: Tensor, indices_or_sections: Tensor | builtins.int | Sequence[builtins.int]) -> tuple[Tensor, ...]:
    """tensor_split() along rows, the first dimension.

    Raises RuntimeError where a number of parts does not divide the size, and for fewer than 2
    dimensions.
    """
def vstack(tensors: Sequence[Tensor], *, out: Tensor | None=None) -> Tensor:
    """Joins tensors along rows, the first dimension; a vector or a number is one row.

    Raises RuntimeError where the other sizes differ.
    """
@overload
def where(condition: Tensor, input: Tensor | builtins.complex, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """input where condition, a bool tensor, holds, and other elsewhere. The tensors are broadcast; input and other, which may be numbers, are promoted to one dtype.

    Raises RuntimeError for a condition of another dtype and for shapes that cannot be broadcast.
    """
@overload
def where(condition: Tensor) -> tuple[Tensor, ...]: ...
def xlogy(input: Tensor, other: Tensor | builtins.complex, *, out: Tensor | None=None) -> Tensor:
    """input * log(other): 0 where input is 0 and other is not NaN. The operands are broadcast; integers and bools give floats of the default dtype.

    Raises RuntimeError for shapes that cannot be broadcast, NotImplementedError for complex tensors.
    """
@overload
def zeros(size: builtins.int | Sequence[builtins.int], *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """A tensor of zeros, of the given size (numbers, or one sequence), in the default dtype unless dtype
    is given.

    Raises RuntimeError for negative sizes.
    """
@overload
def zeros(*size: builtins.int, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, out: Tensor | None=None, memory_format: _MemoryFormat | None=None) -> Tensor: ...
def zeros_like(input: Tensor, *, dtype: _DType | None=None, device: _Device | str | builtins.int | None=None, requires_grad: builtins.bool | None=None, pin_memory: builtins.bool | None=None, layout: _Layout | None=None, memory_format: _MemoryFormat | None=None) -> Tensor:
    """A tensor of zeros with the shape of input, and with its dtype, device and order in memory where no
    others are given.
    """

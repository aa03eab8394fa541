"""The names that a pickle of tensors may use, and what each stands for. None is the function of that name: each is a
function of this module that checks its arguments."""

from __future__ import annotations

import collections
import math
import re

import numpy

import weft
from weft.serialization import dtypes
from weft.serialization.restricted_pickle import Function, Internal, Refused, refused

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


_MOST_DIMS = 64
_ARRAY_DIMS = 32
_STORAGE_CLASSES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "QInt8Storage": "qint8",
    "QUInt8Storage": "quint8",
    "QInt32Storage": "qint32",
    "QUInt4x2Storage": "quint4x2",
    "QUInt2x4Storage": "quint2x4",
}
_DTYPES = """float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool uint16 uint32 uint64 complex32 complex64
complex128 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu float4_e2m1fn_x2 qint8 quint8 qint32
quint4x2 quint2x4""".split()
_LACKING = {
    "torch._utils _rebuild_qtensor": "a quantized tensor",
    "torch._utils _rebuild_sparse_tensor": "a sparse tensor",
    "torch._utils _rebuild_sparse_csr_tensor": "a sparse tensor",
    "torch._utils _rebuild_nested_tensor": "a nested tensor",
    "torch._utils _rebuild_wrapper_subclass": "a tensor of a subclass",
    "torch._utils _rebuild_device_tensor_from_numpy": "a tensor of a device that Weft does not have",
}


class StorageClass(Internal):
    """torch.FloatStorage and its kin. dtype is None for bytes of any dtype."""

    __slots__ = ("dtype",)

    def __init__(self, dtype: weft.dtype | None) -> None:
        self.dtype: weft.dtype | None = dtype


class Storage(Internal):
    """The memory that tensors are views of: a 1-D tensor, and whether its dtype is given by each view."""

    tensor: weft.Tensor
    untyped: bool

    __slots__ = ("tensor", "untyped")

    def __init__(self, tensor: weft.Tensor, untyped: bool) -> None:
        self.tensor, self.untyped = tensor, untyped


def dtype_of(name: str) -> weft.dtype:
    """Weft's dtype of that name; Refused where there is none."""
    dtype = getattr(weft, name, None)
    if not isinstance(dtype, weft.dtype):
        raise Refused(f"it holds the dtype torch.{name}, which Weft does not have")
    return dtype


def find(name: str) -> Any:
    """The object for "module name"; Refused for names that are not on the list."""
    module, _, attribute = name.rpartition(" ")
    if name in _LACKING:
        raise Refused(f"it holds {_LACKING[name]} ({name.replace(' ', '.')}), which Weft does not have")
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if module in ("torch", "torch.cuda") and attribute in _STORAGE_CLASSES:
        return StorageClass(_STORAGE_CLASSES[attribute])
    if module == "torch.storage" and attribute in ("UntypedStorage", "_UntypedStorage"):
        return StorageClass(None)
    if module == "torch" and attribute in _DTYPES:
        return dtype_of(attribute)
    raise refused(name)


# Tensors


def _rebuild_tensor(machine, storage, offset, size, stride):
    return _view(storage, offset, size, stride)


def _rebuild_tensor_v2(machine, storage, offset, size, stride, requires_grad, hooks, metadata=None):
    _check_hooks(hooks)
    if metadata:
        raise Refused("it holds a tensor with metadata (conjugated or negated), which Weft does not have")
    return _requiring(_view(storage, offset, size, stride), requires_grad)


def _rebuild_tensor_v3(machine, storage, offset, size, stride, requires_grad, hooks, dtype, metadata=None):
    _check_hooks(hooks)
    if metadata:
        raise Refused("it holds a tensor with metadata (conjugated or negated), which Weft does not have")
    if not isinstance(dtype, weft.dtype):
        raise TypeError
    return _requiring(_view(storage, offset, size, stride, dtype), requires_grad)


def _view(storage, offset, size, stride, dtype=None):
    if type(storage) is not Storage or storage.untyped != (dtype is not None):
        raise ValueError("a tensor needs a storage, and one without dtype a dtype")
    size, stride = _sizes(size), _sizes(stride)
    if len(size) != len(stride) or len(size) > _MOST_DIMS or type(offset) is not int or offset < 0:
        raise ValueError("shape, strides and offset do not fit together")
    base = storage.tensor
    if dtype is not None:
        item = weft.empty(0, dtype=dtype).element_size()
        base = base[: base.numel() // item * item].view(dtype)
    if math.prod(max(n, 1) for n in size) * base.element_size() >= 2**63 or max(stride, default=0) >= 2**62:
        raise ValueError(f"the shape {size} is too large")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride))
    if 0 not in size and last >= base.numel():
        raise ValueError(
            f"a tensor of shape {size} and strides {stride} at {offset} leaves its storage of {base.numel()}"
        )
    if 0 in size:
        return base.new_empty(size)
    return base.as_strided(size, stride, offset).detach()


def _sizes(values):
    if not isinstance(values, tuple) or any(type(n) is not int or n < 0 for n in values):
        raise ValueError(f"{str(values)[:100]} are not sizes")
    return tuple(values)


def _check_hooks(hooks):
    if hooks:
        raise Refused("it holds a tensor with hooks, which are code")


def _requiring(tensor, requires_grad):
    if type(requires_grad) is not bool:
        raise TypeError
    return tensor.requires_grad_() if requires_grad else tensor


def _rebuild_parameter(machine, data, requires_grad, hooks):
    _check_hooks(hooks)
    if not isinstance(data, weft.Tensor) or type(requires_grad) is not bool:
        raise TypeError
    return weft.nn.Parameter(data, requires_grad)


def _rebuild_parameter_with_state(machine, data, requires_grad, hooks, state):
    return _with_attributes(_rebuild_parameter(machine, data, requires_grad, hooks), state)


def _rebuild_meta(machine, dtype, size, stride, requires_grad):
    size, stride = _sizes(size), _sizes(stride)
    if not isinstance(dtype, weft.dtype) or len(size) != len(stride):
        raise TypeError
    if (1 + sum(n * step for n, step in zip(size, stride))) * math.prod(max(n, 1) for n in size) >= 2**60:
        raise ValueError(f"the shape {size} is too large")
    return _requiring(weft.empty_strided(size, stride, dtype=dtype, device="meta"), requires_grad)


def _rebuild_from_type(machine, rebuild, cls, arguments, state):
    if type(rebuild) is not Function or rebuild not in _REBUILDERS:
        raise Refused("it holds a tensor that a function of its own makes, which is code")
    if type(cls) is not Function or cls not in (_TENSOR, _PARAMETER) or type(arguments) is not tuple:
        raise Refused("it holds a tensor of a subclass, which is code")
    tensor = rebuild.call(machine, *arguments)
    if cls is _PARAMETER and not isinstance(tensor, weft.nn.Parameter):
        tensor = weft.nn.Parameter(tensor, tensor.requires_grad)
    return _with_attributes(tensor, state)


def _with_attributes(tensor, state):
    """Sets what a program had attached to a tensor; nothing that a tensor has by itself."""
    if isinstance(state, tuple) and len(state) == 2 and not state[1]:  # (attributes, slots)
        state = state[0]
    if state is not None and type(state) is not dict:
        raise TypeError
    for name, value in (state or {}).items():
        if type(name) is not str or not name.isidentifier() or name.startswith("__") or hasattr(tensor, name):
            raise Refused(f"it holds a tensor with the attribute {name!r}, which cannot be set")
        setattr(tensor, name, value)
    return tensor


def _size(machine, *values):
    values = values[0] if len(values) == 1 and isinstance(values[0], tuple) else values
    return weft.Size(_sizes(tuple(values)))


def _device(machine, kind, index=None):
    if type(kind) is not str or not (index is None or type(index) is int):
        raise TypeError
    return weft.device(kind if index is None else f"{kind}:{index}")


# Containers and text


def _ordered_dict(machine, pairs=()):
    return _filled(machine, collections.OrderedDict(), pairs)


def _filled(machine, target, pairs):
    if type(pairs) not in (list, tuple) or any(type(pair) not in (list, tuple) or len(pair) != 2 for pair in pairs):
        raise TypeError
    machine.spend(16 * len(pairs))
    machine.set_items(target, [member for pair in pairs for member in pair])
    return target


def _defaultdict(machine, factory=None):
    if factory is None:
        return collections.defaultdict()
    if type(factory) is not Function or factory not in _FACTORIES:
        raise Refused("it holds a defaultdict whose factory is not a type of Python's, which is code")
    return collections.defaultdict(_FACTORIES[factory])


def _counter(machine, counts):
    if type(counts) is not dict or any(type(count) not in (int, float) for count in counts.values()):
        raise TypeError
    machine.spend(16 * len(counts))
    return collections.Counter(counts)


def _deque(machine, items=(), maxlen=None):
    if type(items) not in (list, tuple) or not (maxlen is None or type(maxlen) is int):
        raise TypeError
    machine.spend(8 * len(items))
    return collections.deque(items, maxlen)


def _set(machine, items=()):
    return _hashed(machine, set, items)


def _frozenset(machine, items=()):
    return _hashed(machine, frozenset, items)


def _hashed(machine, make, items):
    if type(items) not in (list, tuple):
        raise TypeError
    machine.spend(16 * len(items))
    return machine.hashed(make, items)


def _numbers(kind, count, types):
    def make(machine, *values):
        if len(values) > count or any(type(value) not in types for value in values):
            raise TypeError
        return kind(*values)

    return make


def _encode(machine, text, encoding):
    """How pickles of protocol 2 write bytes."""
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        raise TypeError
    machine.spend(len(text))
    return text.encode("latin-1")


def _bytes(machine):
    """How pickles of protocol 2 write empty bytes."""
    return b""


def _bytearray(machine, content=b"", encoding=None):
    if encoding is not None:
        content = _encode(machine, content, encoding)
    if type(content) is not bytes:
        raise TypeError
    machine.spend(len(content))
    return bytearray(content)


# NumPy


def _numpy_dtype(machine, text, align=False, copy=True):
    if type(text) is not str or not re.fullmatch(r"[biufcSUV]\d{1,9}", text):
        raise Refused(f"it holds a NumPy array of dtype {str(text)[:50]!r}, which is not read")
    if text[0] in "fc" and int(text[1:]) > (8 if text[0] == "f" else 16):
        raise Refused(f"it holds a NumPy array of dtype {text!r}, which is not read")
    return numpy.dtype(text)


def _numpy_scalar(machine, dtype, content):
    if not isinstance(dtype, numpy.dtype) or type(content) is not bytes or len(content) != dtype.itemsize:
        raise TypeError
    machine.spend(len(content))
    return dtypes.checked(numpy.frombuffer(bytearray(content), dtype))[0] if dtype.itemsize else dtype.type()


def _numpy_reconstruct(machine, cls, shape, kind):
    if cls is not _NDARRAY or shape != (0,) or kind not in (b"b", "b"):
        raise Refused("it holds a NumPy array of a subclass, which is code")
    return numpy.empty((0,), "int8")


def _numpy_frombuffer(machine, content, dtype, shape, order):
    if type(content) not in (bytes, bytearray) or order not in ("C", "F"):
        raise TypeError
    _check_array(dtype, shape, content)
    machine.spend(len(content))
    return dtypes.checked(numpy.frombuffer(bytearray(content), dtype)).reshape(shape, order=order)


def _check_array(dtype, shape, content):
    if not isinstance(dtype, numpy.dtype) or dtype.hasobject or dtype.names or dtype.subdtype:
        raise TypeError
    shape = _sizes(shape)
    if len(shape) > _ARRAY_DIMS or math.prod(max(n, 1) for n in shape) * max(dtype.itemsize, 1) >= 2**62:
        raise ValueError(f"the shape {str(shape)[:100]} is too large")
    if math.prod(shape) * dtype.itemsize != len(content):
        raise ValueError(f"an array of shape {shape} and dtype {dtype} does not have {len(content)} bytes")


def set_state(machine: Any, target: Any, state: Any) -> Any:
    """What the instruction BUILD does, for the few objects whose pickles need it."""
    if type(target) is numpy.ndarray:
        _set_array_state(machine, target, state)
    elif isinstance(target, numpy.dtype):
        _check_dtype_state(target, state)
    elif type(target) is collections.OrderedDict and type(state) is dict and state.keys() <= {"_metadata"}:
        for name, value in state.items():  # versions of modules, in state dicts
            setattr(target, name, value)
    else:
        raise Refused(f"it sets the state of a {type(target).__name__.lstrip('_')}, which would need code")


def _set_array_state(machine, array, state):
    if type(state) is not tuple or len(state) != 5 or array.size:
        raise TypeError
    _, shape, dtype, fortran, content = state
    if type(content) is not bytes or type(fortran) is not bool:
        raise Refused("it holds a NumPy array of objects, which would need code")
    _check_array(dtype, shape, content)
    machine.spend(len(content))
    array.__setstate__((1, shape, dtype, fortran, content))
    dtypes.checked(array)


def _check_dtype_state(dtype, state):
    if type(state) is not tuple or not 8 <= len(state) <= 9 or state[2:5] != (None, None, None):
        raise Refused("it holds a structured NumPy array, which is not read")
    if state[1] == ">":
        raise Refused("it holds a big-endian NumPy array, which is not read")
    if dtype.kind in "SUV" and state[5] != dtype.itemsize or len(state) == 9 and state[8]:
        raise ValueError("the state of a NumPy dtype does not fit it")


FUNCTIONS: dict[str, Any] = {}
for _modules, _name, _call, _takes in [
    ("torch._utils", "_rebuild_tensor", _rebuild_tensor, True),
    ("torch._utils", "_rebuild_tensor_v2", _rebuild_tensor_v2, True),
    ("torch._utils", "_rebuild_tensor_v3", _rebuild_tensor_v3, True),
    ("torch._utils", "_rebuild_parameter", _rebuild_parameter, False),
    ("torch._utils", "_rebuild_parameter_with_state", _rebuild_parameter_with_state, False),
    ("torch._utils", "_rebuild_meta_tensor_no_storage", _rebuild_meta, False),
    ("torch._tensor", "_rebuild_from_type_v2", _rebuild_from_type, True),
    ("torch torch._tensor", "Tensor", None, False),
    ("torch.nn.parameter", "Parameter", None, False),
    ("torch", "Size", _size, False),
    ("torch", "device", _device, False),
    ("collections", "OrderedDict", _ordered_dict, False),
    ("collections", "defaultdict", _defaultdict, True),
    ("collections", "Counter", _counter, False),
    ("collections", "deque", _deque, False),
    ("builtins __builtin__", "set", _set, False),
    ("builtins __builtin__", "frozenset", _frozenset, False),
    ("builtins __builtin__", "list", None, False),
    ("builtins __builtin__", "dict", None, False),
    ("builtins __builtin__", "tuple", None, False),
    ("builtins __builtin__", "str", None, False),
    ("builtins __builtin__", "int", None, False),
    ("builtins __builtin__", "float", None, False),
    ("builtins __builtin__", "bool", None, False),
    ("builtins __builtin__", "complex", _numbers(complex, 2, (float, int)), False),
    ("builtins __builtin__", "slice", _numbers(slice, 3, (int, type(None))), False),
    ("builtins __builtin__", "range xrange", _numbers(range, 3, (int,)), False),
    ("builtins __builtin__", "bytes", _bytes, False),
    ("builtins __builtin__", "bytearray", _bytearray, False),
    ("_codecs", "encode", _encode, False),
    ("numpy", "dtype", _numpy_dtype, False),
    ("numpy", "ndarray", None, False),
    ("numpy._core.multiarray numpy.core.multiarray", "scalar", _numpy_scalar, False),
    ("numpy._core.multiarray numpy.core.multiarray", "_reconstruct", _numpy_reconstruct, True),
    ("numpy._core.numeric numpy.core.numeric", "_frombuffer", _numpy_frombuffer, False),
]:
    for _short in _name.split():
        _function = Function(f"{_modules.split()[0]} {_short}", _call, _takes)
        FUNCTIONS |= {f"{_module} {_short}": _function for _module in _modules.split()}

_TENSOR, _PARAMETER = FUNCTIONS["torch._tensor Tensor"], FUNCTIONS["torch.nn.parameter Parameter"]
_NDARRAY = FUNCTIONS["numpy ndarray"]
_REBUILDERS = [f for n, f in FUNCTIONS.items() if n.startswith("torch._utils _rebuild_")]
_FACTORIES = {
    FUNCTIONS[f"builtins {_kind.__name__}"]: _kind for _kind in (list, dict, set, int, float, str, tuple, bool)
}

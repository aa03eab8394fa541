"""Types of tensors by name (``weft.FloatTensor``, ``weft.cuda.LongTensor``...), ``Tensor.type`` and ``Tensor.new``.

They are PyTorch's earliest spellings: ``weft.FloatTensor(2, 3)`` is ``weft.empty(2, 3)``, ``weft.LongTensor([1])`` is
``weft.tensor([1], dtype=weft.int64)``.
"""

from __future__ import annotations

import sys

from weft import _C
from weft._checks import own_errors

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


_Tensor = _C.Tensor

_NAMES = {
    "FloatTensor": _C.float32,
    "DoubleTensor": _C.float64,
    "HalfTensor": _C.float16,
    "BFloat16Tensor": _C.bfloat16,
    "LongTensor": _C.int64,
    "IntTensor": _C.int32,
    "ShortTensor": _C.int16,
    "CharTensor": _C.int8,
    "ByteTensor": _C.uint8,
    "BoolTensor": _C.bool,
    "UInt16Tensor": _C.uint16,
    "UInt32Tensor": _C.uint32,
    "UInt64Tensor": _C.uint64,
    "ComplexFloatTensor": _C.complex64,
    "ComplexDoubleTensor": _C.complex128,
}


def _construct(what, args, kwargs, dtype, device):
    """The tensor that a type called with sizes, data or nothing makes."""
    if set(kwargs) - {"device"}:
        unknown = sorted(set(kwargs) - {"device"})[0]
        raise TypeError(f"{what}: unexpected keyword argument {unknown!r}; it takes sizes or data, and device")
    if kwargs.get("device") is not None and _C.device(kwargs["device"]).type != device.type:
        wanted = _C.device(kwargs["device"])
        raise RuntimeError(f"{what} is on {device.type}, got device={str(wanted)!r}; use weft.tensor(..., device=)")
    if kwargs.get("device") is not None:
        device = _C.device(kwargs["device"])
    if not args:
        return _C.empty(0, dtype=dtype, device=device)
    if len(args) > 1 or isinstance(args[0], int) or type(args[0]).__name__ == "Size":
        return _C.empty(*args, dtype=dtype, device=device)
    if isinstance(args[0], _Tensor):
        if args[0].dtype is not dtype or args[0].device.type != device.type:
            got = f"{args[0].dtype} on {args[0].device.type}"
            raise TypeError(f"{what}: expected a tensor of {dtype} on {device.type}, got {got}; use x.to()")
        return args[0].detach()
    return _C.tensor(args[0], dtype=dtype, device=device)


class TensorType(type):
    """The type of ``weft.FloatTensor`` and its kin. A tensor is an instance where dtype and device agree."""

    def __call__(cls, *args: Any, **kwargs: Any) -> _C.Tensor:
        return _construct(cls.__qualname__, args, kwargs, cls.dtype, _C.device(cls.device_type))

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _Tensor) and value.dtype is cls.dtype and value.device.type == cls.device_type

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"{cls!r} has no attribute {name!r}", name=name)
        return getattr(_Tensor, name)  # the methods of tensors, or what is said of one that is missing

    def __repr__(cls) -> str:
        return f"<class '{cls.__module__}.{cls.__qualname__}'>"


def _make(name, device_type, module):
    doc = f"Tensors of {_NAMES[name]} on {device_type}: called with sizes or data it makes one, isinstance knows them."
    members = {"dtype": _NAMES[name], "device_type": device_type, "__module__": module, "__doc__": doc}
    members["is_cuda"] = device_type == "cuda"
    return TensorType(name, (), members)


CPU = {name: _make(name, "cpu", "weft") for name in _NAMES}
CUDA = {name: _make(name, "cuda", "weft.cuda") for name in _NAMES}


def type_name(x: _C.Tensor) -> str:
    """Its name: "weft.FloatTensor", "weft.cuda.LongTensor"..."""
    name = next(name for name, dtype in _NAMES.items() if dtype is x.dtype)
    # A program that imports torch compares with the names that it knows.
    root = "torch" if getattr(sys.modules.get("torch"), "__weft__", False) else "weft"
    return f"{root}.{name}" if x.device.type == "cpu" else f"{root}.{x.device.type}.{name}"


def _type_of_name(text):
    root, _, rest = text.partition(".")
    table, name = (CUDA, rest[5:]) if rest.startswith("cuda.") else (CPU, rest)
    if root in ("weft", "torch") and name in table:
        return table[name]
    if root in ("weft", "torch") and rest == "Tensor":
        return CPU["FloatTensor"]
    raise ValueError(f"type: expected a name such as 'weft.FloatTensor' or 'weft.cuda.LongTensor', got {text!r}")


def tensor_type(self: _C.Tensor, dtype: Any = None, non_blocking: bool = False) -> Any:
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
    if dtype is None:
        return type_name(self)
    if isinstance(dtype, str):
        dtype = _type_of_name(dtype)
    if dtype is _Tensor:
        dtype = CPU["FloatTensor"]
    if isinstance(dtype, TensorType):
        device = self.device if dtype.device_type == self.device.type else dtype.device_type
        return self.to(device, dtype.dtype, non_blocking=non_blocking)
    if not isinstance(dtype, _C.dtype) and dtype not in (float, int, bool):
        raise TypeError(f"type: expected a dtype, a type such as weft.FloatTensor or its name, got {dtype!r}")
    return self.to(dtype, non_blocking=non_blocking)


def new(self: _C.Tensor, *args: Any, **kwargs: Any) -> _C.Tensor:
    """A new tensor of this one's dtype and device, with sizes or data as ``x.new_empty`` or ``x.new_tensor`` take them.

    Raises TypeError for other keywords than device.

    >>> import weft
    >>> weft.ones(2, dtype=weft.int64).new([1, 2, 3])
    tensor([1, 2, 3])
    >>> weft.ones(2).new(2, 3).shape
    weft.Size([2, 3])
    """
    construct = own_errors(_construct, "new")
    return construct("Tensor.new", args, kwargs, self.dtype, self.device)

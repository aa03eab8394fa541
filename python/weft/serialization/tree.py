"""The structure around the tensors of a file, as JSON: ``pack`` takes an object apart, ``unpack`` puts it together.

A node is a dict with one entry, kind -> value: {"list": [node, ...]}, {"dict": [[key, node], ...]}, {"value": 3.5},
{"tensor": name of an entry of the file}.
"""

from __future__ import annotations

import collections
import math
import re

import numpy

import weft
from weft.serialization import dtypes

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


MOST_LEVELS = 100  # of nested containers
_MOST_EQUAL_HASHES = 50
_SEQUENCES = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
_MAPPINGS = {"dict": dict, "ordered_dict": collections.OrderedDict}
_HASHABLE = {"value", "int", "tensor", "device", "dtype"}
_RAW_ARRAY = re.compile(r"[<>|]([biufcSU]\d+|[mM]8(\[\d*[a-zA-Z]+\])?)")


class Packer:
    """Takes a nested object apart into a tree, and the tensors and arrays in it, by name."""

    def __init__(self) -> None:
        self.tensors: dict[str, weft.Tensor] = {}  # name -> contiguous tensor on the CPU
        self.arrays: dict[str, numpy.ndarray[Any, Any]] = {}  # name -> contiguous, little-endian array
        self.complex: list[str] = []  # names of complex tensors, of which `tensors` has the parts
        self.devices: dict[str, str] = {}  # name of a tensor that was not on the CPU -> its device
        self._name_of = {}  # what identifies a view or an array -> name
        self._alive = []  # what _name_of speaks of
        self._inside = set()

    def pack(self, value: Any, path: tuple[Any, ...] = ()) -> dict[str, Any]:
        if value is None or type(value) in (bool, str):
            return {"value": value}
        if isinstance(value, weft.Tensor):
            return {"tensor": self._add_tensor(value, path)}
        if isinstance(value, (dict, list, tuple, set, frozenset)):
            return self._pack_container(value, path)
        if type(value) in (numpy.ndarray, numpy.memmap):
            return {"array": self._add_array(value, path)}
        if isinstance(value, (float, numpy.floating)):
            return {"value": float(value)}
        if isinstance(value, numpy.bool_):
            return {"value": bool(value)}
        if isinstance(value, str):
            return {"value": str(value)}
        if isinstance(value, weft.device):
            return {"device": str(value)}
        if isinstance(value, weft.dtype):
            return {"dtype": str(value).rpartition(".")[2]}
        if hasattr(type(value), "__index__") and not isinstance(value, numpy.ndarray):  # int, and NumPy's
            return _pack_int(int(value))
        raise TypeError(f"save: {show(path)} is a {type(value).__name__}; {_remedy(value)}")

    def _pack_container(self, value, path):
        if id(value) in self._inside:
            raise ValueError(f"save: {show(path)} contains itself")
        if len(path) >= MOST_LEVELS:
            raise ValueError(f"save: the object is nested more than {MOST_LEVELS} levels deep")
        self._inside.add(id(value))
        if isinstance(value, dict):
            for key in value:
                if type(key) not in (str, int):
                    raise TypeError(f"save: {show(path)} has the key {key!r}; keys must be strings or ints")
                if type(key) is int and key.bit_length() > 1024:
                    raise ValueError(f"save: {show(path)} has a key of more than 1024 bits")
            kind = "ordered_dict" if isinstance(value, collections.OrderedDict) else "dict"
            items = [[key, self.pack(item, (*path, key))] for key, item in value.items()]
        else:
            kind = next(kind for kind, cls in _SEQUENCES.items() if isinstance(value, cls))
            items = [self.pack(item, (*path, i)) for i, item in enumerate(value)]
            if kind in ("set", "frozenset"):
                items.sort(key=str)  # the same file for the same set
        self._inside.discard(id(value))
        return {kind: items}

    def _add_tensor(self, tensor, path):
        if tensor.dtype not in dtypes.NAMES:
            raise TypeError(f"save: {show(path)} has dtype {tensor.dtype}, which safetensors files cannot hold")
        if tensor.is_meta:
            raise ValueError(f"save: {show(path)} is on the meta device and has no data")
        tensor = tensor.detach()
        same = (str(tensor.device), tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype)
        if tensor.numel() and same in self._name_of:
            return self._name_of[same]
        name = self._new_name(path, "tensor")
        plain = tensor.cpu().contiguous()
        if tensor.is_complex():
            plain = weft.view_as_real(plain)
            self.complex.append(name)
        self.tensors[name] = plain
        if tensor.device.type != "cpu":
            self.devices[name] = str(tensor.device)
        self._name_of[same] = name
        self._alive.append(tensor)
        return name

    def _add_array(self, array, path):
        widest = {"f": 8, "c": 16}.get(array.dtype.kind, math.inf)  # long double differs from machine to machine
        if array.dtype.kind not in "biufcSUmM" or array.dtype.itemsize > widest:
            raise TypeError(f"save: {show(path)} is an array of {array.dtype}, which cannot be saved")
        if id(array) in self._name_of:
            return self._name_of[id(array)]
        name = self._new_name(path, "array")
        node = {"name": name}
        contiguous = numpy.ascontiguousarray(array).reshape(array.shape)
        if array.dtype.str not in dtypes.NUMPY_NAMES:
            node |= {"dtype": array.dtype.str, "shape": list(array.shape)}
            contiguous = numpy.frombuffer(contiguous.tobytes(), numpy.uint8)
        self.arrays[name] = contiguous
        self._name_of[id(array)] = node
        self._alive.append(array)
        return node

    def _new_name(self, path, default):
        name = ".".join(map(str, path)) or default
        while name in self.tensors or name in self.arrays or name == "__metadata__":
            name += "_"
        return name


def _pack_int(value):
    # The digits of a large int take quadratic time, and Python refuses more than sys.get_int_max_str_digits().
    return {"value": value} if value.bit_length() <= 1024 else {"int": hex(value)}


def _remedy(value):
    if isinstance(value, weft.nn.Module):
        return "a module is code, which files do not hold. Save its state_dict(), and load it into a new module"
    return (
        "only tensors, NumPy arrays, numbers, strings, bools, None, devices, dtypes and dicts, lists, tuples and sets "
        "of these can be saved. Save a model's state_dict(), not the model"
    )


def show(path: tuple[Any, ...]) -> str:
    return "the object" if not path else "".join(f"[{key!r}]" for key in path)


def check(node: Any, entries: Any, levels: int = 0, hashable: bool = False) -> Any:
    """Raises one of several errors if the tree is not one that ``pack`` makes for a file with these entries."""
    ((kind, value),) = node.items()
    if levels > MOST_LEVELS:
        raise ValueError("nested too deeply")
    if hashable and kind not in _HASHABLE | {"tuple", "frozenset"}:
        raise TypeError(kind)
    if kind in _MAPPINGS:
        _check_keys([key for key, _ in value])
        for _, item in value:
            check(item, entries, levels + 1)
    elif kind in _SEQUENCES:
        if not isinstance(value, list):
            raise TypeError(kind)
        for item in value:
            check(item, entries, levels + 1, hashable or kind in ("set", "frozenset"))
    else:
        _check_leaf(kind, value, entries)


def _check_leaf(kind, value, entries):
    if kind == "value":
        if isinstance(value, (dict, list)):
            raise TypeError(kind)
    elif kind == "tensor":
        if entries[value].dtype not in dtypes.SAFETENSORS:
            raise ValueError(f"{value!r} has dtype {entries[value].dtype}, which Weft does not have")
    elif kind == "array":
        _check_array(value, entries[value["name"]])
    elif kind == "int":
        if not re.fullmatch(r"-?0x[0-9a-f]+", value):
            raise ValueError(kind)
    elif kind in ("device", "dtype"):
        if type(value) is not str:
            raise TypeError(kind)
        weft.device(value) if kind == "device" else _dtype(value)
    else:
        raise KeyError(kind)


def _check_array(value, entry):
    if "dtype" not in value:
        dtypes.NUMPY[entry.dtype]
        return
    if not _RAW_ARRAY.fullmatch(value["dtype"]):
        raise ValueError("dtype of an array")
    size = numpy.dtype(value["dtype"]).itemsize
    for length in value["shape"]:
        if type(length) is not int or length < 0:
            raise ValueError("shape of an array")
        size *= length
    if len(value["shape"]) > 32 or entry.dtype != "U8" or size != entry.end - entry.begin:
        raise ValueError("size of an array")


def _check_keys(keys):
    """Raises for keys that are not strings or ints, and for so many with one hash that a dict takes quadratic time."""
    if any(type(key) not in (str, int) for key in keys):
        raise TypeError("key")
    hashes = collections.Counter(hash(key) for key in keys if type(key) is int and abs(key) >= 2**60)
    if hashes and max(hashes.values()) > _MOST_EQUAL_HASHES:
        raise ValueError("keys")


def _dtype(name):
    dtype = getattr(weft, name)
    if not isinstance(dtype, weft.dtype):
        raise ValueError(name)
    return dtype


def unpack(node: Any, reader: Any) -> Any:
    """The object of a checked tree; reader.tensor(name) and reader.array(node) give what the file holds."""
    ((kind, value),) = node.items()
    if kind in _MAPPINGS:
        return _MAPPINGS[kind]([(key, unpack(item, reader)) for key, item in value])
    if kind in _SEQUENCES:
        return _SEQUENCES[kind]([unpack(item, reader) for item in value])
    if kind == "tensor":
        return reader.tensor(value)
    if kind == "array":
        return reader.array(value)
    if kind == "int":
        return int(value, 16)
    if kind == "device":
        return weft.device(value)
    return _dtype(value) if kind == "dtype" else value

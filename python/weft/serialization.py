"""save and load: tensors, and nested dicts and lists of them, in safetensors files. No file can run code.

Tensors are stored under their path ("optimizer.state.0.exp_avg"); what else there is stands as JSON in the file's
metadata under "weft". Any program that reads safetensors reads the tensors.
"""

import io
import json
import os
import sys
import tempfile

import numpy
import safetensors

import weft

_KEY = "weft"  # where in the metadata the structure stands
_VERSION = 1
_DTYPES = {
    "F64": weft.float64,
    "F32": weft.float32,
    "F16": weft.float16,
    "BF16": weft.bfloat16,
    "I64": weft.int64,
    "I32": weft.int32,
    "I16": weft.int16,
    "I8": weft.int8,
    "U8": weft.uint8,
    "BOOL": weft.bool,
}
_NAMES = {dtype: str(dtype).rpartition(".")[2] for dtype in _DTYPES.values()}


def save(obj, f):
    """Saves a tensor, or nested dicts, lists and tuples of tensors, numbers, strings, bools and None.

    f is a path or a binary file open for writing. A path is written to a temporary file in the same folder first,
    synced and renamed: whatever happens, the name stands for the old contents or the new. A tensor that occurs several
    times is stored once, and is one tensor again when loaded. TypeError names the place of anything that cannot be
    saved; no file is touched then.

    >>> import weft, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
    >>> weft.save({"weight": weft.ones(2), "epoch": 3}, path)
    >>> weft.load(path)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    packer = _Packer()
    tree = packer.pack(obj, ())
    metadata = {_KEY: json.dumps({"version": _VERSION, "tree": tree}, separators=(",", ":"))}
    specs = {name: _spec(tensor) for name, tensor in packer.tensors.items()}
    if hasattr(f, "write"):
        f.write(safetensors.serialize(specs, metadata))
        return
    _replace_file(os.fspath(f), lambda temporary: safetensors.serialize_file(specs, temporary, metadata))


def _spec(tensor):
    return safetensors.TensorSpec(
        dtype=_NAMES[tensor.dtype],
        shape=list(tensor.shape),
        data_ptr=tensor.data_ptr(),
        data_len=tensor.numel() * tensor.element_size(),
    )


class _Packer:
    """Takes a nested object apart into a JSON tree and tensors with names."""

    def __init__(self):
        self.tensors = {}  # name -> contiguous tensor on the CPU
        self._name_of = {}  # what tells tensors apart -> name
        self._inside = set()

    def pack(self, value, path):
        if value is None or type(value) in (bool, str):
            return {"value": value}
        if isinstance(value, weft.Tensor):
            return {"tensor": self._add(value, path)}
        if isinstance(value, (float, numpy.floating)):
            return {"value": float(value)}
        if hasattr(type(value), "__index__"):  # int, and NumPy's
            return {"value": int(value)}
        if isinstance(value, (dict, list, tuple)):
            return self._pack_container(value, path)
        raise TypeError(
            f"save: {_show(path)} is a {type(value).__name__}; only tensors, numbers, strings, bools, None and dicts, "
            f"lists and tuples of these can be saved. Save a model's state_dict(), not the model"
        )

    def _pack_container(self, value, path):
        if id(value) in self._inside:
            raise ValueError(f"save: {_show(path)} contains itself")
        self._inside.add(id(value))
        if isinstance(value, dict):
            for key in value:
                if type(key) not in (str, int):
                    raise TypeError(f"save: {_show(path)} has the key {key!r}; keys must be strings or ints")
            packed = {"dict": [[key, self.pack(item, (*path, key))] for key, item in value.items()]}
        else:
            kind = "tuple" if isinstance(value, tuple) else "list"
            packed = {kind: [self.pack(item, (*path, i)) for i, item in enumerate(value)]}
        self._inside.discard(id(value))
        return packed

    def _add(self, tensor, path):
        if tensor.dtype not in _NAMES:
            raise TypeError(f"save: {_show(path)} has dtype {tensor.dtype}, which safetensors files cannot hold")
        if tensor.is_meta:
            raise ValueError(f"save: {_show(path)} is on the meta device and has no data")
        tensor = tensor.detach()
        same = (str(tensor.device), tensor.data_ptr(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype)
        if tensor.numel() and same in self._name_of:
            return self._name_of[same]
        name = ".".join(map(str, path)) or "tensor"
        while name in self.tensors or name == "__metadata__":
            name += "_"
        self.tensors[name] = tensor.cpu().contiguous()
        self._name_of[same] = name
        return name


def _show(path):
    return "the object" if not path else "".join(f"[{key!r}]" for key in path)


def _replace_file(path, write):
    """Lets write(temporary name) make a file, and puts it under the path when it is whole and on the disk."""
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"save: the folder {folder!r} does not exist")
    if os.path.isdir(path):
        raise IsADirectoryError(f"save: {path!r} is a folder")
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=os.path.basename(path) + ".", suffix=".tmp")
    os.close(handle)
    try:
        write(temporary)
        _set_mode(temporary, path)
        _sync(temporary)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    if os.name == "posix":
        _sync(folder)


def _set_mode(temporary, path):
    """The permissions of the file it replaces, or those that a new file gets."""
    try:
        mode = os.stat(path).st_mode & 0o777
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        mode = 0o666 & ~umask
    os.chmod(temporary, mode)


def _sync(path):
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def load(f, map_location=None):
    """Loads what ``save`` wrote, or any safetensors file as a dict of name -> tensor. Loading never runs code.

    f is a path or a binary file open for reading; map_location is the device to put the tensors on. FileNotFoundError,
    or ValueError that says what is wrong with the file: cut off, damaged, or of another kind.

    >>> import weft, io
    >>> file = io.BytesIO()
    >>> weft.save([weft.zeros(2), {"lr": 0.1}], file)
    >>> weft.load(io.BytesIO(file.getvalue()))
    [tensor([0., 0.]), {'lr': 0.1}]
    """
    if hasattr(f, "read"):
        data = f.read()
        _validate(lambda: safetensors.deserialize(data), data[:8], len(data), "the file")
        return _load(io.BytesIO(data), "the file", map_location)
    path = os.fspath(f)
    if os.path.isdir(path):
        raise IsADirectoryError(f"load: {path!r} is a folder")
    try:
        file = open(path, "rb")
    except FileNotFoundError:
        raise FileNotFoundError(f"load: there is no file {path!r}") from None
    with file:
        _validate(lambda: safetensors.safe_open(path, "np"), file.read(8), os.fstat(file.fileno()).st_size, repr(path))
        return _load(file, repr(path), map_location)


def _validate(parse, first, size, name):
    """Lets the safetensors library check header, shapes, offsets and size, before memory is taken for anything."""
    try:
        parse()
    except safetensors.SafetensorError as error:
        raise ValueError(f"load: {name} is not a whole safetensors file: {_guess(first, size, error)}") from None


def _load(file, name, map_location):
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    header = json.loads(file.read(length))
    metadata = header.pop("__metadata__", {})
    for key, entry in header.items():
        if entry["dtype"] not in _DTYPES:
            raise ValueError(f"load: {key!r} in {name} has dtype {entry['dtype']}, which Weft does not have")
    tree = _parse_tree(metadata.get(_KEY), header, name)
    tensors = {}
    for key, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        tensor = _read_tensor(file, 8 + length, entry, f"{key!r} in {name}")
        tensors[key] = tensor if map_location is None else tensor.to(map_location)
    if tree is None:
        return {key: tensors[key] for key in header}
    return _unpack(tree, tensors)


def _guess(first, size, error):
    if size == 0:
        return "it is empty"
    if first.startswith(b"PK\x03\x04"):
        return (
            "it is a zip archive, as torch.save writes; such files can run code when they are loaded. Convert it in "
            "PyTorch with safetensors.torch.save_file"
        )
    if first[:1] == b"\x80" and first[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return "it is a pickle, which can run code when it is loaded; convert it with the program that wrote it"
    if first.startswith(b"\x93NUMPY"):
        return "it is a NumPy file; use numpy.load and weft.from_numpy"
    return f"it is cut off, damaged or of another kind ({error})"


def _read_tensor(file, begin, entry, name):
    dtype = _DTYPES[entry["dtype"]]
    tensor = weft.empty(entry["shape"], dtype=dtype, device="cpu")
    if tensor.numel() == 0:
        return tensor
    plain = tensor.view(weft.int16) if dtype is weft.bfloat16 else tensor  # NumPy has no bfloat16
    array = plain.numpy()
    file.seek(begin + entry["data_offsets"][0])
    target = memoryview(array.reshape(-1)).cast("B")
    if file.readinto(target) != len(target):
        raise ValueError(f"load: {name} is cut off")
    if sys.byteorder == "big":
        array.byteswap(inplace=True)
    return tensor


def _parse_tree(text, header, name):
    if text is None:
        return None
    try:
        described = json.loads(text)
        if described["version"] != _VERSION:
            raise ValueError(f"load: {name} was written by a newer Weft (format {described['version']})")
        _check_tree(described["tree"], header)
    except (TypeError, KeyError, IndexError, AttributeError, RecursionError, json.JSONDecodeError):
        raise ValueError(f"load: the structure in the metadata of {name} is damaged") from None
    return described["tree"]


def _check_tree(node, header):
    ((kind, value),) = node.items()
    if kind == "tensor":
        header[value]
    elif kind == "dict":
        for key, item in value:
            if type(key) not in (str, int):
                raise TypeError
            _check_tree(item, header)
    elif kind in ("list", "tuple"):
        for item in value:
            _check_tree(item, header)
    elif kind != "value" or isinstance(value, (dict, list)):
        raise KeyError(kind)


def _unpack(node, tensors):
    ((kind, value),) = node.items()
    if kind == "tensor":
        return tensors[value]
    if kind == "dict":
        return {key: _unpack(item, tensors) for key, item in value}
    if kind == "value":
        return value
    items = [_unpack(item, tensors) for item in value]
    return tuple(items) if kind == "tuple" else items

"""Writes files like those of torch.save without PyTorch: a pickle byte by byte, so that it can say anything."""

import io
import pickle
import struct
import zipfile

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
STORAGES = {
    "float64": "DoubleStorage",
    "float32": "FloatStorage",
    "float16": "HalfStorage",
    "bfloat16": "BFloat16Storage",
    "int64": "LongStorage",
    "int32": "IntStorage",
    "int16": "ShortStorage",
    "int8": "CharStorage",
    "uint8": "ByteStorage",
    "bool": "BoolStorage",
    "complex64": "ComplexFloatStorage",
    "complex128": "ComplexDoubleStorage",
}


class Global:
    """An imported name."""

    def __init__(self, module, name):
        self.module, self.name = module, name

    def __call__(self, *arguments):
        return Call(self, arguments)


class Call:
    """function(*arguments), and then its state."""

    def __init__(self, function, arguments, state=None):
        self.function, self.arguments, self.state = function, arguments, state


class Persistent:
    """What stands outside of the pickle."""

    def __init__(self, *identity):
        self.identity = identity


class Raw:
    """Instructions as they are."""

    def __init__(self, code):
        self.code = code


ordered_dict = Global("collections", "OrderedDict")
rebuild = Global("torch._utils", "_rebuild_tensor_v2")


def storage(key, numel, dtype="float32", location="cpu", module="torch", legacy=False):
    identity = ("storage", Global(module, STORAGES.get(dtype, dtype)), key, location, numel)
    return Persistent(*identity, None) if legacy else Persistent(*identity)


def tensor(where, size, stride, offset=0, requires_grad=False):
    return rebuild(where, offset, tuple(size), tuple(stride), requires_grad, ordered_dict())


def dump(value):
    """The pickle of a value made of Python's own types and the classes above."""
    return b"\x80\x02" + _code(value) + b"."


def _code(value):
    if isinstance(value, Raw):
        return value.code
    if isinstance(value, Global):
        return b"c" + value.module.encode() + b"\n" + value.name.encode() + b"\n"
    if isinstance(value, Call):
        made = _code(value.function) + _code(tuple(value.arguments)) + b"R"
        return made if value.state is None else made + _code(value.state) + b"b"
    if isinstance(value, Persistent):
        return _code(value.identity) + b"Q"
    if isinstance(value, tuple):
        return b"(" + b"".join(map(_code, value)) + b"t"
    if isinstance(value, list):
        return b"](" + b"".join(map(_code, value)) + b"e"
    if isinstance(value, dict):
        return b"}(" + b"".join(_code(key) + _code(item) for key, item in value.items()) + b"u"
    if isinstance(value, bytes):
        return b"B" + struct.pack("<I", len(value)) + value
    return pickle.dumps(value, 2)[2:-1]  # None, bools, numbers, text


def zip_file(pickled, records=None, folder="archive", **more):
    """An archive with this pickle and these records: key -> bytes of a storage."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{folder}/data.pkl", pickled)
        for name, content in more.items():
            archive.writestr(f"{folder}/{name}", content)
        for key, content in (records or {}).items():
            archive.writestr(f"{folder}/data/{key}", content)
        archive.writestr(f"{folder}/version", "3\n")
    return file.getvalue()


def legacy_file(pickled, storages=(), little_endian=True, keys=None):
    """A legacy file with this pickle and these storages: (key, number of elements, bytes)."""
    system = {"protocol_version": PROTOCOL, "little_endian": little_endian, "type_sizes": {"short": 2, "int": 4}}
    parts = [pickle.dumps(MAGIC, 2), pickle.dumps(PROTOCOL, 2), pickle.dumps(system, 2), pickled]
    parts.append(pickle.dumps([key for key, _, _ in storages] if keys is None else keys, 2))
    for _, numel, content in storages:
        parts += [numel.to_bytes(8, "little" if little_endian else "big"), content]
    return b"".join(parts)

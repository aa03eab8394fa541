"""Reads the files that PyTorch writes: a pickle, and the memory of its tensors beside it, in a zip archive or, in the
legacy format, behind it. The pickle is read by a machine that can run no code (``restricted_pickle``)."""

from __future__ import annotations

import io
import struct
import zipfile

import weft
from weft.serialization import pickle_globals
from weft.serialization.numpy_files import data_offset
from weft.serialization.pickle_globals import Storage, StorageClass, dtype_of
from weft.serialization.restricted_pickle import Damaged, Machine, Refused, is_outside, outside
from weft.serialization.safetensors_file import fill

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weft.serialization.mapping import Mapped
    from weft.serialization.source import Source


_MAGIC = 0x1950A86A20F9469CFC6C  # begins legacy files
_PROTOCOL = 1001
_MOST_RECORDS = 1 << 20
_ZIP_ERRORS = (zipfile.BadZipFile, NotImplementedError, EOFError, struct.error, OverflowError, LookupError, ValueError)


def _machine(file, size, storage):
    return Machine(file, size, pickle_globals.find, storage, pickle_globals.set_state)


def _wrapped(read):
    """The function, with what is wrong with the file put after the file's name."""

    def wrapper(source, place, *mapped):
        try:
            return read(source, place, *mapped)
        except Refused as error:
            raise ValueError(f"load: {source.name} is refused: {error}") from None
        except Damaged as error:
            raise ValueError(f"load: {source.name} is not a whole PyTorch or safetensors file: {error}") from None

    return wrapper


def _described(identity):
    """What a persistent id says: dtype (None for bytes), key, location and number of elements."""
    if identity[:1] == ("module",):
        name = identity[1] if len(identity) > 1 else "module"
        raise Refused(
            f"it holds the whole module {getattr(name, 'name', name)!r}, which is code; ask the file's author for its "
            f"state_dict()"
        )
    if identity[:1] != ("storage",) or len(identity) not in (5, 6) or type(identity[1]) is not StorageClass:
        raise ValueError("a storage is not described as one")
    _, cls, key, location, numel = identity[:5]
    if type(key) is not str or type(location) is not str or type(numel) is not int or not 0 <= numel < 2**60:
        raise ValueError("a storage is not described as one")
    return None if cls.dtype is None else dtype_of(cls.dtype), key, location, numel


# The zip format


@_wrapped
def read_zip(source: Source, place: Callable[..., Any], mapped: Mapped | None = None) -> Any:
    """The object in an archive of torch.save. Its records are neither compressed nor do they overlap."""
    source.file.seek(source.begin)
    try:
        with zipfile.ZipFile(source.file) as archive:
            result = _ZipReader(source, archive, place, mapped).read()
    except (Refused, Damaged):
        raise
    except _ZIP_ERRORS as error:
        if is_outside(error):
            raise
        raise Damaged(f"its zip archive is damaged ({str(error)[:200]})") from None
    source.file.seek(source.begin + source.size)
    return result


class _ZipReader:
    def __init__(self, source, archive, place, mapped):
        self._source, self._mapped = source, mapped
        self._archive, self._place, self._left = archive, place, source.size
        self._records = {}
        for record in archive.infolist():
            if record.filename in self._records or len(self._records) >= _MOST_RECORDS:
                raise Damaged(f"its zip archive has {record.filename[:100]!r} twice, or too many records")
            self._records[record.filename] = record
        self._storages = {}

    def read(self):
        pickles = [name for name in self._records if name.split("/")[1:] == ["data.pkl"]]
        if len(pickles) != 1:
            raise Damaged("it is a zip archive without a data.pkl of torch.save")
        self._folder = pickles[0].removesuffix("data.pkl")
        if f"{self._folder}constants.pkl" in self._records:
            raise Refused("it is a TorchScript program, which is code; ask the file's author for its state_dict()")
        self._byteorder = self._read_byteorder()
        pickled = self._take(pickles[0])
        return _machine(io.BytesIO(pickled), len(pickled), self._storage).run()

    def _read_byteorder(self):
        name = f"{self._folder}byteorder"
        byteorder = self._take(name).decode("latin-1") if name in self._records else "little"
        if byteorder not in ("little", "big"):
            raise Damaged(f"its byteorder is {byteorder[:20]!r}")
        return byteorder

    def _open(self, name, size=None):
        """A record, whose size is what is expected and no more than what the file has left."""
        record = self._records.get(name)
        if record is None:
            raise Damaged(f"its record {name[:100]!r} is missing")
        if record.compress_type != zipfile.ZIP_STORED or record.flag_bits & 1:
            raise Damaged(f"its record {name[:100]!r} is compressed or encrypted, which torch.save never does")
        if size is not None and record.file_size != size:
            raise Damaged(f"its record {name[:100]!r} has {record.file_size} bytes, its tensor needs {size}")
        self._left -= record.file_size
        if record.file_size != record.compress_size or self._left < 0:
            raise Damaged("the records of its zip archive overlap, or are larger than the file")
        return self._archive.open(record)

    def _take(self, name):
        with self._open(name) as file:
            return file.read()

    def _storage(self, machine, identity):
        dtype, key, location, numel = _described(identity)
        if key not in self._storages:
            size = numel * weft.empty(0, dtype=dtype or weft.uint8).element_size()
            with self._open(f"{self._folder}data/{key}", size) as file:
                if self._mapped and self._byteorder == "little":
                    offset = data_offset(self._source, self._records[f"{self._folder}data/{key}"])
                    tensor = self._mapped.tensor(offset, [numel], dtype or weft.uint8)
                else:
                    tensor = weft.empty(numel, dtype=dtype or weft.uint8, device="cpu")
                    fill(tensor, lambda target: _fill(file, target), self._byteorder)
            placed = outside(self._place, tensor, location)
            self._storages[key] = Storage(placed, dtype is None), dtype, numel
        return _same(self._storages[key], dtype, numel)


def _same(known, dtype, numel):
    storage, *described = known
    if described != [dtype, numel]:
        raise ValueError("it describes a storage in two ways")
    return storage


def _fill(file, target):
    done = 0
    while done < len(target):
        part = file.read(min(len(target) - done, 1 << 18))  # stays in the cache
        if not part:
            raise Damaged("a record of its zip archive is cut off")
        target[done : done + len(part)] = part
        done += len(part)
    if file.read(1):  # the end is where the checksum is compared
        raise Damaged("a record of its zip archive is too long")


# The legacy format


@_wrapped
def read_legacy(source: Source, place: Callable[..., Any]) -> Any:
    """The object in a legacy file: magic number, version, system, the pickle, keys of storages, their memory.

    The memory comes last, so the pickle is read twice: on the meta device, which says what storages there are, and then
    with them.
    """
    source.file.seek(source.begin)

    def run(storage=_no_storage):
        left = source.begin + source.size - source.file.tell()
        return _machine(source.file, left, storage).run()

    if not _is_int(run(), _MAGIC):
        raise Damaged("it is a pickle, but not one that torch.save wrote")
    if not _is_int(run(), _PROTOCOL):
        raise Damaged("its version is unknown")
    system = run()
    if type(system) is not dict or type(system.get("little_endian")) is not bool:
        raise Damaged("what it says about the system that wrote it is damaged")
    begin = source.file.tell()
    storages = _LegacyStorages(source.size)
    run(storages.describe)
    keys = run()
    storages.read(source, keys, "little" if system["little_endian"] else "big", place)
    end = source.file.tell()
    source.file.seek(begin)
    result = run(storages.get)
    source.file.seek(end)
    return result


def _is_int(value, wanted):
    return type(value) is int and value == wanted


def _no_storage(machine, identity):
    raise ValueError("a storage where none belongs")


class _LegacyStorages:
    def __init__(self, size):
        self._left = size  # bytes that the file may still have for storages
        self._described = {}  # key -> dtype, number of elements, location
        self._storages = {}

    def describe(self, machine, identity):
        """A storage without memory."""
        dtype, key, location, numel = _described(identity)
        if key not in self._described:
            self._left -= numel * weft.empty(0, dtype=dtype or weft.uint8).element_size()
            if self._left < 0:
                raise Damaged("it is cut off: its storages are larger than the file")
            self._described[key] = dtype, numel, location
        if self._described[key] != (dtype, numel, location):
            raise ValueError("it describes a storage in two ways")
        if len(identity) == 6 and identity[5] is not None:
            raise Refused("it holds a view of a storage, as PyTorch wrote before version 0.4, which is not read")
        return Storage(weft.empty(numel, dtype=dtype or weft.uint8, device="meta"), dtype is None)

    def read(self, source, keys, byteorder, place):
        if type(keys) is not list or any(type(key) is not str for key in keys):
            raise Damaged("its list of storages is damaged")
        if sorted(keys) != sorted(self._described):
            raise Damaged("its list of storages does not fit its pickle")
        for key in keys:
            dtype, numel, location = self._described[key]
            at = source.file.tell() - source.begin
            if int.from_bytes(source.read(at, 8), byteorder) != numel:
                raise Damaged("the size of a storage differs from what its pickle says")
            size = numel * weft.empty(0, dtype=dtype or weft.uint8).element_size()
            if at + 8 + size > source.size:
                raise Damaged("it is cut off")
            tensor = weft.empty(numel, dtype=dtype or weft.uint8, device="cpu")
            fill(tensor, lambda target, at=at: source.fill(at + 8, target), byteorder)
            self._storages[key] = Storage(place(tensor, location), dtype is None)

    def get(self, machine, identity):
        return self._storages[_described(identity)[1]]

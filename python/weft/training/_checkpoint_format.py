"""What a checkpoint is made of: safetensors shards, and a manifest in JSON that describes them and holds the rest."""

from __future__ import annotations

import json
import re
import threading
import zlib
from typing import TYPE_CHECKING, NamedTuple

import weft
from weft.serialization import safetensors_file, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


MANIFEST = "manifest.json"
_FORMAT = "weft-checkpoint"
_VERSION = 1
_PIECE = 16 << 20  # bytes of a tensor that have a checksum of their own, and are read and written as one
STEP = 1 << 20  # bytes that stay in the cache between checksum and copy
_LARGEST_PIECE = 1 << 30
_CHECKSUM = re.compile(rb'^\{"crc32": "([0-9a-f]{8})"')
_BROKEN = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RuntimeError)


class Piece(NamedTuple):
    """Some bytes of a shard, and where in memory they are or go."""

    shard: int
    offset: int
    memory: memoryview
    tensor: str
    number: int  # among the pieces of the tensor; -1: the header


class Shard(NamedTuple):
    file: str
    header: bytes
    contents: dict[str, memoryview]  # of the tensors, in the file's order
    size: int


class Snapshot:
    """The states of some objects at one moment, as shards and a tree.

    ``copy``: tensors are copied, so that what happens to them afterwards does not matter.
    """

    def __init__(self, states: dict[str, Any], largest: int, copy: bool) -> None:
        packer = tree.Packer()
        try:
            self.tree = packer.pack(states)
        except RecursionError:
            raise ValueError("save: the state is nested too deeply") from None
        tensors, arrays = packer.tensors, packer.arrays
        if copy:  # of tensors on other devices the packer has made copies
            tensors = {name: x if name in packer.devices else x.clone() for name, x in tensors.items()}
            arrays = {name: x.copy() for name, x in arrays.items()}
        self.devices = packer.devices
        self.complex = packer.complex
        self.described = {
            name: {"shape": list(x.shape), "dtype": str(x.dtype).rpartition(".")[2]}
            for name, x in {**tensors, **arrays}.items()
        }
        self.shards = _shards(tensors, arrays, largest)

    def pieces(self) -> list[Piece]:
        """All that is to be written."""
        found = []
        for i, shard in enumerate(self.shards):
            found.append(Piece(i, 0, memoryview(shard.header), "", -1))
            offset = len(shard.header)
            for name, content in shard.contents.items():
                found += _cut(i, offset, content, name)
                offset += len(content)
        return found

    def manifest(self, sums: dict[tuple[int, str, int], int], about: dict[str, Any]) -> bytes:
        """The manifest as text. ``sums``: the checksum of each piece; ``about``: step, metrics and the like."""
        described: dict[str, Any] = {"format": _FORMAT, "version": _VERSION, "weft": weft.__version__, **about}
        shards: list[dict[str, Any]] = []
        for i, shard in enumerate(self.shards):
            named: dict[str, Any] = {}
            for name, content in shard.contents.items():
                here = range(-(-len(content) // _PIECE))
                named[name] = {**self.described[name], "crc32": [f"{sums[i, name, k]:08x}" for k in here]}
            shards.append(
                {"file": shard.file, "bytes": shard.size, "header_crc32": f"{sums[i, '', -1]:08x}", "tensors": named}
            )
        described |= {"piece_bytes": _PIECE, "shards": shards}
        described |= {"devices": self.devices, "complex": self.complex, "tree": self.tree}
        body = json.dumps(described, separators=(",", ":"))[1:]
        text = f'{{"crc32": "00000000",{body}'.encode()
        return text.replace(b"00000000", f"{zlib.crc32(text):08x}".encode(), 1)


def _cut(shard, offset, memory, name, piece=_PIECE):
    return [
        Piece(shard, offset + at, memory[at : at + piece], name, k) for k, at in enumerate(range(0, len(memory), piece))
    ]


def _shards(tensors, arrays, largest):
    """Tensors one after the other, in files of at most ``largest`` bytes unless one tensor alone is larger."""
    groups: list[tuple[dict[str, Any], dict[str, Any]]] = [({}, {})]
    size = 0
    for kind, items in enumerate((tensors, arrays)):
        for name, x in items.items():
            if size and size + x.nbytes > largest:
                groups.append(({}, {}))
                size = 0
            groups[-1][kind][name] = x
            size += x.nbytes
    shards = []
    for i, (some_tensors, some_arrays) in enumerate(groups):
        header, *contents = safetensors_file.parts(some_tensors, some_arrays, {})
        names = [name for name in json.loads(header[8:]) if name != "__metadata__"]
        file = f"shard-{i + 1:05d}-of-{len(groups):05d}.safetensors"
        named = dict(zip(names, contents, strict=True))
        shards.append(Shard(file, header, named, len(header) + sum(map(len, contents))))
    return shards


def in_parallel(pieces: Iterable[Piece], work: Callable[[Piece], None]) -> None:
    """Calls work for each piece, in two threads: while one computes a checksum, the other waits for the disk."""
    rest, lock, errors = iter(pieces), threading.Lock(), []

    def run():
        while not errors:
            with lock:
                piece = next(rest, None)
            if piece is None:
                return
            try:
                work(piece)
            except BaseException as error:
                errors.append(error)

    helper = threading.Thread(target=run, name="weft checkpoint")
    try:
        helper.start()
    except RuntimeError:  # the interpreter is at its end and starts no more threads
        run()
    else:
        run()
        helper.join()
    if errors:
        raise errors[0]


class Manifest:
    """A manifest that was read, with its own checksum and its structure checked. ValueError says what is wrong."""

    def __init__(self, text: bytes, where: str) -> None:
        self.where = where
        found = _CHECKSUM.match(text)
        if found is None:
            raise ValueError(f"{where}: the manifest is cut off, damaged or of another kind")
        start = found.start(1)
        if zlib.crc32(text[:start] + b"00000000" + text[start + 8 :]) != int(found[1], 16):
            raise ValueError(f"{where}: the manifest is damaged: its checksum is wrong")
        try:
            described = json.loads(text)
            if described["format"] != _FORMAT:
                raise ValueError("format")
            self.version: int = described["version"]
            if self.version == _VERSION:
                self._read(described)
        except _BROKEN:
            raise ValueError(f"{where}: the manifest is damaged, or not one of a Weft checkpoint") from None
        if self.version != _VERSION:
            raise ValueError(f"{where}: written by a newer Weft (format {str(self.version)[:20]})")

    def _read(self, described):
        self.step = _of(int, described["step"])
        self.serial = _of(int, described["serial"])
        self.metrics = {name: float(_of((int, float), x)) for name, x in _of(dict, described["metrics"]).items()}
        self.shards: list[dict[str, Any]] = _of(list, described["shards"])
        self.devices = {name: _of(str, device) for name, device in _of(dict, described["devices"]).items()}
        self.complex = {_of(str, name) for name in described["complex"]}
        self.tree = _of(dict, described["tree"])
        self.piece = _of(int, described["piece_bytes"])
        for name, _ in self.tree["dict"]:
            _of(str, name)
        for shard in self.shards:
            if not re.fullmatch(r"shard-\d+-of-\d+\.safetensors", shard["file"]) or shard["bytes"] < 8:
                raise ValueError("file")
            for described_tensor in shard["tensors"].values():
                described_tensor["crc32"] = [int(text, 16) for text in described_tensor["crc32"]]
            shard["header_crc32"] = int(shard["header_crc32"], 16)
        if self.step < 0 or not 1 <= self.piece <= _LARGEST_PIECE:
            raise ValueError("sizes")

    def check(self, entries: dict[str, Any]) -> None:
        """ValueError if the tree is not one of a checkpoint with these tensors."""
        try:
            tree.check(self.tree, entries)
            if any(entries[x].dtype not in ("F32", "F64") or entries[x].shape[-1:] != [2] for x in self.complex):
                raise ValueError("complex")
        except _BROKEN:
            raise ValueError(f"{self.where}: the structure in the manifest is damaged") from None


def _of(kind, value):
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError("manifest")
    return value


class Reader:
    """The tensors and arrays of a checkpoint, read or mapped."""

    def __init__(self, manifest: Manifest, files: Any) -> None:
        self.manifest = manifest
        self._files = files
        self._entries: dict[str, Any] = {}
        self._starts: list[int] = []  # where the data of each shard begin
        self._shard_of: dict[str, int] = {}
        self._tensors: dict[str, Any] = {}
        self._arrays: dict[str, Any] = {}
        self._check_shards()

    def _check_shards(self):
        """Headers and sizes of all shards, against the manifest."""
        manifest = self.manifest
        for i, shard in enumerate(manifest.shards):
            size = self._files.size(shard["file"])
            if size != shard["bytes"]:
                raise ValueError(
                    f"{manifest.where}: {shard['file']} has {size} bytes instead of {shard['bytes']}: it is cut off, "
                    "damaged or was replaced"
                )
            entries, begin, checksum = self._files.header(shard["file"])
            if checksum != shard["header_crc32"] or entries.keys() != shard["tensors"].keys():
                raise ValueError(f"{manifest.where}: the header of {shard['file']} is damaged: its checksum is wrong")
            for name in entries:
                if name in self._entries:
                    raise ValueError(f"{manifest.where}: the manifest is damaged: {name!r} is in two shards")
                self._shard_of[name] = i
            self._entries |= entries
            self._starts.append(begin)
        manifest.check(self._entries)

    def names(self) -> list[str]:
        """What was saved."""
        return [key for key, _ in self.manifest.tree["dict"]]

    def verify(self) -> None:
        """Reads everything and compares the checksums."""
        memory = threading.local()

        def check(piece):
            if not hasattr(memory, "buffer"):
                memory.buffer = memoryview(bytearray(self.manifest.piece))
            self._read_piece(piece._replace(memory=memory.buffer[: len(piece.memory)]))

        items = self._entries.items()
        in_parallel((p for name, e in items for p in self._pieces_of(name, _Length(e.end - e.begin))), check)

    def read(self, wanted: Iterable[str], place: Callable[..., Any], mmap: bool = False) -> dict[str, Any]:
        """The states of these objects. place(tensor, device) puts a tensor on its device.

        Checksums are compared, unless tensors are mapped.
        """
        nodes = {key: node for key, node in self.manifest.tree["dict"] if key in set(wanted)}
        needed: dict[str, Any] = {}
        for node in nodes.values():
            _leaves(node, needed)
        pieces: list[Piece] = []
        for name, kind in needed.items():
            if mmap and kind == "tensor":
                self._tensors[name] = self._mapped_tensor(name)
                continue
            memory = self._new_tensor(name) if kind == "tensor" else self._new_array(name, kind)
            pieces += self._pieces_of(name, memory)
        in_parallel(pieces, self._read_piece)
        for name in self._tensors:
            tensor = self._tensors[name]
            if name in self.manifest.complex:
                tensor = weft.view_as_complex(tensor)
            self._tensors[name] = place(tensor, self.manifest.devices.get(name, "cpu"))
        return {key: tree.unpack(node, self) for key, node in nodes.items()}

    def tensor(self, name: str) -> Any:
        return self._tensors[name]

    def array(self, node: Any) -> Any:
        return self._arrays[node["name"]]

    def _new_tensor(self, name):
        entry = self._entries[name]
        tensor = safetensors_file.empty_for(entry)
        self._tensors[name] = tensor
        return safetensors_file.bytes_of(tensor)

    def _mapped_tensor(self, name):
        i, entry = self._shard_of[name], self._entries[name]
        mapped = self._files.mapped(self.manifest.shards[i]["file"])
        return mapped.tensor(self._starts[i] + entry.begin, entry.shape, safetensors_file.dtype_of(entry))

    def _new_array(self, name, node):
        array = safetensors_file.empty_array_for(self._entries[name], node)
        self._arrays[name] = array
        return memoryview(array.reshape(-1).view("u1")) if array.nbytes else memoryview(b"")

    def _pieces_of(self, name, memory):
        i, entry = self._shard_of[name], self._entries[name]
        return _cut(i, self._starts[i] + entry.begin, memory, name, self.manifest.piece)

    def _read_piece(self, piece):
        shard = self.manifest.shards[piece.shard]
        checksum = 0
        for at in range(0, len(piece.memory), STEP):
            part = piece.memory[at : at + STEP]
            self._files.read_into(shard["file"], piece.offset + at, part)
            checksum = zlib.crc32(part, checksum)
        sums = shard["tensors"][piece.tensor]["crc32"]
        if piece.number >= len(sums) or checksum != sums[piece.number]:
            raise ValueError(
                f"{self.manifest.where}: {piece.tensor!r} in {shard['file']} is damaged: its checksum is wrong"
            )


class _Length:
    """Stands for memory of which only the length is known."""

    def __init__(self, length):
        self._length = length

    def __len__(self):
        return self._length

    def __getitem__(self, part):
        return _Length(len(range(*part.indices(self._length))))


def _leaves(node, found):
    """The names of all tensors and arrays below a node -> "tensor" or the node of the array."""
    ((kind, value),) = node.items()
    if kind in ("dict", "ordered_dict"):
        for _, item in value:
            _leaves(item, found)
    elif kind in ("list", "tuple", "set", "frozenset"):
        for item in value:
            _leaves(item, found)
    elif kind == "tensor":
        found[value] = "tensor"
    elif kind == "array":
        found[value["name"]] = value

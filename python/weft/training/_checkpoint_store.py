"""The folder of a CheckpointManager: checkpoints appear in it whole or not at all."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import secrets
import shutil
import zlib
from typing import TYPE_CHECKING

from weft.serialization import atomic_file, safetensors_file
from weft.serialization.source import Source
from weft.training import _checkpoint_format as form

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


NAME = re.compile(r"step-(\d{8,})(?:-(\d+))?")
_TEMPORARY = re.compile(r"\.step-\d{8,}(-\d+)?\.[0-9a-f]{16}\.weft-tmp")


def folder_name(step: int, others: list[str]) -> str:
    """A name that none of the others has: a second checkpoint of a step is put beside the first, which goes later."""
    name, number = f"step-{step:08d}", 2
    while name in others:
        name, number = f"step-{step:08d}-{number}", number + 1
    return name


class LocalStore:
    """Checkpoints in a folder of this machine's file system."""

    def __init__(self, folder: str) -> None:
        self.folder = pathlib.Path(os.path.abspath(folder))
        os.makedirs(self.folder, exist_ok=True)

    def names(self) -> list[str]:
        """The folders of checkpoints, whether or not they can be read."""
        with os.scandir(self.folder) as found:
            return [x.name for x in found if NAME.fullmatch(x.name) and x.is_dir()]

    def path(self, name: str) -> pathlib.Path:
        return self.folder / name

    def name_of(self, path: str) -> str:
        """The name of the checkpoint at a path in this folder; FileNotFoundError for another."""
        folder, name = os.path.split(os.path.abspath(path))
        if os.path.realpath(folder) != os.path.realpath(self.folder) or not os.path.isdir(path):
            raise FileNotFoundError(f"CheckpointManager: {path} is no checkpoint in {self.folder}")
        return name

    def read_manifest(self, name: str) -> bytes:
        """FileNotFoundError where there is none."""
        with open(os.path.join(self.folder, name, form.MANIFEST), "rb") as file:
            return file.read()

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[LocalFiles]:
        files = LocalFiles(self.path(name))
        try:
            yield files
        finally:
            files.close()

    def write(self, name: str, snapshot: form.Snapshot, about: dict[str, Any]) -> None:
        """Writes a checkpoint under a temporary name, syncs it, and gives it its name."""
        temporary, lock = self._temporary(name)
        try:
            sums = _write_shards(temporary, snapshot)
            with open(os.path.join(temporary, form.MANIFEST), "xb") as file:
                file.write(snapshot.manifest(sums, about))
                file.flush()
                os.fsync(file.fileno())
            atomic_file.sync_folder(temporary)
            os.rename(temporary, self.path(name))
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        finally:
            os.close(lock)
        atomic_file.sync_folder(self.folder)

    def delete(self, name: str) -> None:
        """Takes the name away first: what is half deleted is no checkpoint."""
        doomed = self.path(f".{name}.{secrets.token_hex(8)}.weft-tmp")
        os.rename(self.path(name), doomed)
        shutil.rmtree(doomed, ignore_errors=True)

    def clean(self) -> None:
        """Deletes what killed processes left half written or half deleted. Failing to is no reason not to go on."""
        with contextlib.suppress(OSError):
            for name in os.listdir(self.folder):
                if _TEMPORARY.fullmatch(name):
                    with contextlib.suppress(OSError):
                        _delete_unlocked(self.path(name))

    def _temporary(self, name):
        """A new folder and the descriptor that holds its lock, which says that a living process writes in it."""
        while True:
            folder = self.path(f".{name}.{secrets.token_hex(8)}.weft-tmp")
            os.mkdir(folder)
            try:
                handle = os.open(folder, os.O_RDONLY)
            except FileNotFoundError:
                continue  # another process has deleted it, between the two calls or the next two
            if atomic_file.lock(handle) is not False and os.path.exists(folder):
                return folder, handle
            os.close(handle)


def _delete_unlocked(folder):
    handle = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        if atomic_file.lock(handle):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)


def _write_shards(folder, snapshot):
    """Writes and syncs all shards; the checksums of all pieces."""
    sums: dict[tuple[int, str, int], int] = {}
    handles: list[int] = []
    try:
        for shard in snapshot.shards:
            handles.append(os.open(os.path.join(folder, shard.file), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))

        def write(piece):
            sums[piece.shard, piece.tensor, piece.number] = zlib.crc32(piece.memory)
            memory, offset = piece.memory, piece.offset
            while len(memory):
                done = os.pwrite(handles[piece.shard], memory, offset)
                memory, offset = memory[done:], offset + done

        form.in_parallel(snapshot.pieces(), write)
        for handle in handles:
            os.fsync(handle)
    finally:
        for handle in handles:
            os.close(handle)
    return sums


class LocalFiles:
    """The files of one checkpoint, open while it is read. Threads may read at once."""

    def __init__(self, folder: pathlib.Path) -> None:
        self._folder = folder
        self._open: dict[str, Any] = {}

    def close(self) -> None:
        for file in self._open.values():
            file.close()

    def _file(self, name):
        if name not in self._open:
            self._open[name] = open(os.path.join(self._folder, name), "rb", buffering=0)
        return self._open[name]

    def size(self, name: str) -> int:
        return os.fstat(self._file(name).fileno()).st_size

    def header(self, name: str) -> tuple[dict[str, Any], int, int]:
        return read_header(self._file(name), os.path.join(self._folder, name))

    def read_into(self, name: str, offset: int, memory: memoryview) -> None:
        handle = self._file(name).fileno()
        while len(memory):
            done = os.preadv(handle, [memory], offset)
            if not done:
                raise ValueError(f"{os.path.join(self._folder, name)}: the file is cut off")
            memory, offset = memory[done:], offset + done


def read_header(file: Any, name: str) -> tuple[dict[str, Any], int, int]:
    """The entries of a safetensors file, where its data begin, and the checksum of what is before them."""
    source = Source(file, repr(name))
    entries, _, begin = safetensors_file.read_header(source)
    return entries, begin, zlib.crc32(source.read(0, begin))


def make(folder: Any) -> LocalStore:
    """The store for a path."""
    try:
        path = os.fsdecode(folder)
    except TypeError:
        raise TypeError(f"CheckpointManager: folder must be a path, got {type(folder).__name__}") from None
    return LocalStore(path)

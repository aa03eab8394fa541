"""The folder of a CheckpointManager: checkpoints appear in it whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import pathlib
import re
import secrets
import shutil
import threading
import zlib
from typing import TYPE_CHECKING

from weft.serialization import atomic_file, remote, safetensors_file
from weft.serialization.mapping import Mapped
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
        with contextlib.suppress(OSError):  # which others own, and we may not read
            atomic_file.sync_folder(str(self.folder.parent))

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

    def write(self, name: str, snapshot: form.Snapshot, about: dict[str, Any]) -> str:
        """Writes a checkpoint under a temporary name, syncs it, and gives it its name, or one that is still free."""
        temporary, lock = self._temporary(name)
        try:
            sums = _write_shards(temporary, snapshot)
            with open(os.path.join(temporary, form.MANIFEST), "xb") as file:
                file.write(snapshot.manifest(sums, about))
                file.flush()
                os.fsync(file.fileno())
            atomic_file.sync_folder(temporary)
            name = self._named(temporary, name, about["step"])
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        finally:
            os.close(lock)
        atomic_file.sync_folder(self.folder)
        return name

    def _named(self, temporary, name, step):
        while True:
            try:
                os.rename(temporary, self.path(name))
                return name
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                name = folder_name(step, self.names())  # another manager has saved this step in the meantime

    def delete(self, name: str) -> None:
        """Takes the name away first: what is half deleted is no checkpoint."""
        doomed = self.path(f".{name}.{secrets.token_hex(8)}.weft-tmp")
        with contextlib.suppress(FileNotFoundError):  # somebody else has deleted it
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
            checksum = 0
            for at in range(0, len(piece.memory), form.STEP):
                part, offset = piece.memory[at : at + form.STEP], piece.offset + at
                checksum = zlib.crc32(part, checksum)
                while len(part):
                    done = os.pwrite(handles[piece.shard], part, offset)
                    part, offset = part[done:], offset + done
            sums[piece.shard, piece.tensor, piece.number] = checksum

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
        self._mapped: dict[str, Mapped] = {}

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

    def mapped(self, name: str) -> Mapped:
        """The file as memory, mapped once."""
        if name not in self._mapped:
            self._mapped[name] = Mapped(Source(self._file(name), repr(os.path.join(self._folder, name)), 0))
        return self._mapped[name]

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


class RemoteStore:
    """Checkpoints at a URL, by fsspec. Files have their names from the beginning: the manifest, which comes last, makes
    a checkpoint of them. What a killed program has left half written stays, as nobody can tell whether it lives."""

    def __init__(self, url: str) -> None:
        self._files, self._root = remote.file_system(url.rstrip("/"))
        self.folder = url.rstrip("/")
        self._files.makedirs(self._root, exist_ok=True)

    def names(self) -> list[str]:
        self._files.invalidate_cache()
        found = [x.rstrip("/").rpartition("/")[2] for x in self._files.ls(self._root, detail=False)]
        return [name for name in found if NAME.fullmatch(name)]

    def path(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def name_of(self, path: str) -> str:
        folder, _, name = path.rstrip("/").rpartition("/")
        if folder != self.folder or not self._files.exists(f"{self._root}/{name}"):
            raise FileNotFoundError(f"CheckpointManager: {path} is no checkpoint in {self.folder}")
        return name

    def read_manifest(self, name: str) -> bytes:
        return self._files.cat_file(f"{self._root}/{name}/{form.MANIFEST}")

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[RemoteFiles]:
        files = RemoteFiles(self._files, f"{self._root}/{name}")
        try:
            yield files
        finally:
            files.close()

    def write(self, name: str, snapshot: form.Snapshot, about: dict[str, Any]) -> str:
        folder = f"{self._root}/{name}"
        sums: dict[tuple[int, str, int], int] = {}
        try:
            self._files.makedirs(folder, exist_ok=True)
            for i, shard in enumerate(snapshot.shards):
                with self._files.open(f"{folder}/{shard.file}", "wb") as file:
                    for piece in snapshot.pieces():
                        if piece.shard == i:
                            sums[i, piece.tensor, piece.number] = zlib.crc32(piece.memory)
                            file.write(piece.memory)
            self._files.pipe_file(f"{folder}/{form.MANIFEST}", snapshot.manifest(sums, about))
        except BaseException:
            with contextlib.suppress(Exception):
                self._files.rm(folder, recursive=True)
            raise
        return name

    def delete(self, name: str) -> None:
        """The manifest goes first: what is half deleted is no checkpoint."""
        for path, recursive in ((f"{name}/{form.MANIFEST}", False), (name, True)):
            with contextlib.suppress(FileNotFoundError):  # somebody else has deleted it
                self._files.rm(f"{self._root}/{path}", recursive=recursive)

    def clean(self) -> None:
        """Nothing can be told from what another program writes."""


class RemoteFiles:
    """The files of one checkpoint at a URL, open while it is read. One thread reads at a time."""

    def __init__(self, files: Any, folder: str) -> None:
        self._files, self._folder = files, folder
        self._open: dict[str, Any] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        for file in self._open.values():
            file.close()

    def _file(self, name):
        if name not in self._open:
            self._open[name] = self._files.open(f"{self._folder}/{name}", "rb")
        return self._open[name]

    def size(self, name: str) -> int:
        return self._files.size(f"{self._folder}/{name}")

    def header(self, name: str) -> tuple[dict[str, Any], int, int]:
        return read_header(self._file(name), f"{self._folder}/{name}")

    def mapped(self, name: str) -> Mapped:
        raise ValueError(f"load: {self._folder}/{name} cannot be mapped: it is no local file")

    def read_into(self, name: str, offset: int, memory: memoryview) -> None:
        with self._lock:
            Source(self._file(name), name, begin=0).fill(offset, memory)


def make(folder: Any) -> LocalStore | RemoteStore:
    """The store for a path or URL."""
    try:
        path = os.fsdecode(folder)
    except TypeError:
        raise TypeError(f"CheckpointManager: folder must be a path or URL, got {type(folder).__name__}") from None
    return RemoteStore(path) if remote.is_url(path) else LocalStore(path)

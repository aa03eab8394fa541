"""Files of data sets: found in a folder, read whole, unpacked; and what they say when something is wrong with them."""

from __future__ import annotations

import gzip
import os
import tarfile
import zipfile
import zlib

from weft.serialization.atomic_file import replacing

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)


class DataFileError(ValueError):
    """A file of a data set is damaged, cut off, or another file than it should be. The message begins with its path.

    >>> import weft
    >>> issubclass(weft.datasets.DataFileError, ValueError)
    True
    """


def open_file(path: Any, mode: str = "rb", **options: Any) -> Any:
    """An open file; addresses with "://" are opened by fsspec."""
    path = os.fspath(path)
    if isinstance(path, str) and "://" in path:
        try:
            import fsspec
        except ImportError as error:
            raise ImportError(f"{path}: addresses are opened by fsspec; pip install fsspec") from error
        return fsspec.open(path, mode, **options).open()
    return open(os.path.expanduser(path), mode, **options)


def read_bytes(path: Any) -> bytes:
    """The contents of a file, unpacked if it is one of gzip; DataFileError for one that is damaged."""
    with open_file(path) as file:
        content = file.read()
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except _DAMAGED as error:
        raise DataFileError(f"{path}: the gzip file is damaged or cut off ({_said(error)})") from None


def read_text(path: Any, encoding: str = "utf-8") -> str:
    """The text in a file, with line ends as they are.

    Args:
        path: of the file, packed with gzip or not, or an address with "://", which fsspec opens.
        encoding: of the text.

    Raises DataFileError for a damaged file, and for what is no text in that encoding.

    >>> import pathlib, tempfile, weft
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "text"
    >>> _ = path.write_text("two words")
    >>> weft.datasets.read_text(path)
    'two words'
    """
    try:
        return read_bytes(path).decode(encoding)
    except UnicodeDecodeError as error:
        raise DataFileError(f"{path}: this is no text in {encoding} ({error.reason} at byte {error.start})") from None


def read_archive(path: Any, names: Sequence[str]) -> dict[str, bytes]:
    """Files of a zip or tar archive, by the ends of their names; nothing is unpacked to the disk."""
    try:
        with open_file(path) as file:
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as archive:
                    return {name: archive.read(_member(path, archive.namelist(), name)) for name in names}
            file.seek(0)
            with tarfile.open(fileobj=file) as archive:
                members = archive.getnames()
                return {name: _tar_member(archive, path, _member(path, members, name)) for name in names}
    except (DataFileError, FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except Exception as error:  # whatever a damaged archive gives rise to
        raise DataFileError(f"{path}: the archive is damaged, cut off, or none ({_said(error)})") from None


def unpack(path: str, folder: str, names: Sequence[str]) -> None:
    """Files of an archive, each put into the folder as a whole."""
    os.makedirs(folder, exist_ok=True)
    for name, content in read_archive(path, names).items():
        with replacing(os.path.join(folder, name)) as file:
            view = memoryview(content)
            while view:
                view = view[file.write(view) :]


def _member(path, members, name):
    for member in members:
        if member == name or member.endswith("/" + name):
            return member
    raise DataFileError(f"{path}: the archive lacks {name}; it holds {', '.join(sorted(members)[:8])}, ...")


def _tar_member(archive, path, name):
    file = archive.extractfile(name)
    if file is None:
        raise DataFileError(f"{path}: {name} in the archive is no file")
    return file.read()


def _said(error):
    return str(error) or type(error).__name__


def found(folders: Sequence[str], names: Sequence[str]) -> str | None:
    """The first file of one of these names, in one of these folders."""
    for folder in folders:
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                return path
    return None

"""Texts line by line, and tokenizers of files."""

from __future__ import annotations

import os

import numpy as np

from weft.datasets._files import DataFileError, read_bytes
from weft.utils.data import Dataset

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


_BLOCK = 1 << 24  # bytes that are searched at a time


class TextLines(Dataset["Any"]):
    """The lines of text files, without their ends; a file is mapped into memory and may be larger than it.

    Args:
        paths: a file or several, one after the other; packed with gzip, or an address with "://", they are read whole.
        transform: a function of a line.
        encoding: of the files.
        skip_empty: leave out lines without a character.

    Raises:
        FileNotFoundError: a file is not there.
        DataFileError: a file is damaged, or a line, when it is taken, is no text in that encoding.

    >>> import pathlib, tempfile, weft
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "text"
    >>> _ = path.write_bytes(b"one\\r\\n\\ntwo")
    >>> list(weft.datasets.TextLines(path)), weft.datasets.TextLines(path, len, skip_empty=True)[1]
    (['one', '', 'two'], 3)
    """

    def __init__(
        self,
        paths: Any,
        transform: Callable[[str], Any] | None = None,
        *,
        encoding: str = "utf-8",
        skip_empty: bool = False,
    ) -> None:
        if transform is not None and not callable(transform):
            raise TypeError(f"TextLines: transform must be a function or None, got {type(transform).__name__}")
        "".encode(encoding)  # LookupError for a name that is none
        if len("\n".encode(encoding).replace(b"\xff\xfe", b"")) != 1:
            raise ValueError(f"TextLines: lines of {encoding} cannot be told apart by bytes; use utf-8 or a code page")
        self.paths: list[Any] = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
        self.transform: Callable[[str], Any] | None = transform
        self.encoding: str = encoding
        self._open()
        lines = [_lines(part, skip_empty) for part in self._parts]
        self._begins = np.concatenate([begins for begins, _ in lines]) if lines else np.zeros(0, np.int64)
        self._ends = np.concatenate([ends for _, ends in lines]) if lines else np.zeros(0, np.int64)
        self._last = np.cumsum([len(begins) for begins, _ in lines])

    def _open(self):
        self._parts = [_bytes_of(path) for path in self.paths]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_parts"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()

    def __len__(self) -> int:
        return len(self._begins)

    def __getitem__(self, index: int) -> Any:
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"TextLines: index {index} is out of range for {len(self)} lines")
        number = int(np.searchsorted(self._last, place, side="right"))
        content = self._parts[number][self._begins[place] : self._ends[place]].tobytes()
        try:
            line = content.decode(self.encoding)
        except UnicodeDecodeError as error:
            raise DataFileError(f"{self.paths[number]}: line {place} is no text in {self.encoding} ({error})") from None
        return line if self.transform is None else self.transform(line)


def _bytes_of(path):
    text = os.fspath(path)
    if "://" not in text:
        text = os.path.expanduser(text)
        with open(text, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        if not packed:
            return np.memmap(text, np.uint8, mode="r") if os.path.getsize(text) else np.zeros(0, np.uint8)
    return np.frombuffer(read_bytes(text), np.uint8)


def _lines(content, skip_empty):
    """Where lines begin and end."""
    parts = [
        begin + np.flatnonzero(content[begin : begin + _BLOCK] == ord("\n")) for begin in range(0, len(content), _BLOCK)
    ]
    ends = np.concatenate(parts) if parts else np.zeros(0, np.int64)
    if len(content) and (not len(ends) or ends[-1] != len(content) - 1):
        ends = np.append(ends, len(content))
    begins = np.concatenate([np.zeros(min(len(ends), 1), np.int64), ends[:-1] + 1])
    if len(content):
        last = content[np.maximum(ends - 1, 0)]
        ends = ends - ((last == ord("\r")) & (ends > begins))
    if skip_empty:
        kept = ends > begins
        begins, ends = begins[kept], ends[kept]
    return begins, ends

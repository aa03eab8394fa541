"""Files at URLs, by fsspec: on S3, HDFS, Azure, or whatever it knows."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(::[A-Za-z][A-Za-z0-9+.-]+)*://")


def is_url(path: str) -> bool:
    return _URL.match(path) is not None


def file_system(url: str) -> tuple[Any, str]:
    """The file system of a URL, for one user alone, and the path in it. ImportError says what is not installed."""
    try:
        import fsspec
    except ImportError:
        raise ImportError(f"{url}: files at URLs need fsspec: pip install fsspec") from None
    try:
        return fsspec.core.url_to_fs(url, skip_instance_cache=True)
    except ValueError as error:
        raise ValueError(f"{url}: {error}") from None


@contextlib.contextmanager
def reading(url: str) -> Iterator[Any]:
    """The file, open for reading."""
    files, path = file_system(url)
    with files.open(path, "rb") as file:
        yield file


@contextlib.contextmanager
def replacing(url: str) -> Iterator[Any]:
    """A file to write, which takes its name when the block ends without an error."""
    files, path = file_system(url)
    with files.transaction, files.open(path, "wb") as file:
        yield file

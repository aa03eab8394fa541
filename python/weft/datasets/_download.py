"""Downloads: resumed where they were interrupted, checked against a checksum, put in place as a whole."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Iterable, Sequence

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

_BLOCK = 1 << 18
_OF_DISKS = {errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC)}
_ATTEMPTS = 3  # in a row that bring nothing, for each address


class DownloadError(RuntimeError):
    """No address gave the file. The message names them, the checksum, and where to put the file by hand.

    >>> import weft
    >>> issubclass(weft.datasets.DownloadError, RuntimeError)
    True
    """


def file_checksum(path: str | os.PathLike[str], algorithm: str = "sha256") -> str:
    """The checksum of a file, in hexadecimal digits.

    Args:
        path: the file.
        algorithm: one of ``hashlib``.

    >>> import tempfile, weft
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     weft.datasets.file_checksum(file.name, "md5")
    'd41d8cd98f00b204e9800998ecf8427e'
    """
    digest = hashlib.new(algorithm)
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def download(
    urls: str | Sequence[str],
    path: str | os.PathLike[str],
    *,
    checksum: str | None = None,
    progress: bool = True,
    timeout: float = 30.0,
) -> str:
    """Downloads a file to path, unless it is there with that checksum; returns path.

    What has arrived is kept in ``path + ".part"``: a download that was interrupted goes on from there. The file has its
    name only when it is complete and its checksum is right.

    Args:
        urls: an address, or several of the same file, which are tried in this order.
        path: where the file is to be; its folder is made.
        checksum: hexadecimal digits of SHA-256, or of another algorithm of ``hashlib`` as ``"md5:..."``. Without one a
            file that is there is taken as it is.
        progress: show a bar, if tqdm is installed.
        timeout: seconds without an answer after which a connection is given up.

    Raises:
        DownloadError: no address gave the file.
        ValueError: the checksum has not the form of one.
        OSError: the file cannot be written.

    >>> import pathlib, tempfile, weft
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "there.txt").write_text("text")
    >>> path = weft.datasets.download((folder / "there.txt").as_uri(), folder / "copy.txt", progress=False)
    >>> pathlib.Path(path).read_text()
    'text'
    """
    path = os.path.abspath(os.path.expanduser(os.fspath(path)))
    urls = [urls] if isinstance(urls, str) else list(urls)
    if not urls:
        raise ValueError("download: expected at least one address")
    algorithm, digits = parsed_checksum(checksum)
    if os.path.exists(path) and (not digits or file_checksum(path, algorithm) == digits):
        return path
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with _alone(path + ".part"):
        if os.path.exists(path) and (not digits or file_checksum(path, algorithm) == digits):  # another process did it
            return path
        problems = _from_one_of(urls, path, algorithm, digits, progress, timeout)
    if not problems:
        return path
    raise DownloadError(
        f"download: {os.path.basename(path)} could not be had.\n  "
        + "\n  ".join(problems)
        + "\n"
        + where_to_put([(urls, path, checksum)])
    )


def _from_one_of(urls, path, algorithm, digits, progress, timeout):
    """Puts the file in place; or says what is wrong with each address."""
    part, problems = path + ".part", []
    if digits and file_checksum(part, algorithm) == digits:
        _put_in_place(path)
        return []
    for url in urls:
        try:
            begun = True
            while begun:  # what was there before may be of another file: then once more from the beginning
                begun = _size(part) > 0
                _fetch(url, part, progress, timeout)
                found = digits and file_checksum(part, algorithm)
                if found == digits:
                    _put_in_place(path)
                    return []
                os.truncate(part, 0)
            problems.append(f"{url}: the {algorithm} of what came is {found}")
        except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as error:
            problems.append(f"{url}: {getattr(error, 'reason', None) or str(error) or type(error).__name__}")
        except OSError as error:
            if error.filename is None and error.errno in _OF_DISKS:
                raise OSError(error.errno, f"{error.strerror}; {_size(part)} bytes are kept", part) from None
            raise
    return problems


@contextlib.contextmanager
def _alone(part: str) -> Any:
    """Other processes that download the same file wait, and then find it."""
    while True:
        file = open(part, "ab")
        try:
            if fcntl is not None:
                with contextlib.suppress(OSError):  # some file systems have no locks
                    fcntl.flock(file, fcntl.LOCK_EX)
            if os.path.exists(part) and os.path.samestat(os.fstat(file.fileno()), os.stat(part)):
                yield
                return
        finally:
            file.close()
            if not _size(part):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(part)


def where_to_put(files: Iterable[tuple[str | Sequence[str], str, str | None]]) -> str:
    """What to do by hand, where there is no network: a sentence for each file, of its addresses, path and checksum."""
    lines = ["Without a network, download it elsewhere and put it exactly here:"]
    for urls, path, checksum in files:
        algorithm, digits = parsed_checksum(checksum)
        lines.append(f"  {os.path.abspath(path)}" + (f"   ({algorithm} {digits})" if digits else ""))
        lines += [f"    from {url}" for url in ([urls] if isinstance(urls, str) else urls)]
    return "\n".join(lines)


def parsed_checksum(checksum: str | None) -> tuple[str, str]:
    if checksum is None:
        return "sha256", ""
    algorithm, colon, digits = checksum.rpartition(":")
    algorithm, digits = algorithm if colon else "sha256", digits.lower()
    known = algorithm in hashlib.algorithms_available and not algorithm.startswith("shake")
    if not known or len(digits) != 2 * hashlib.new(algorithm).digest_size or digits.strip("0123456789abcdef"):
        raise ValueError(f"download: {checksum!r} is no checksum; expected 64 hexadecimal digits, or 'md5:' and 32")
    return algorithm, digits


def _put_in_place(path):
    """Renames the finished part; the data are on the disk before the name is."""
    with open(path + ".part", "rb+") as file:
        os.fsync(file.fileno())
    os.replace(path + ".part", path)


def _fetch(url, part, progress, timeout):
    """Everything behind what the file `part` has already, with new connections as long as they bring something."""
    failures = 0
    while True:
        before, error = _size(part), None
        try:
            if _fetch_rest(url, part, before, progress, timeout):
                return
        except urllib.error.HTTPError as answer:
            answer.close()
            if answer.code != 416 or not before:
                raise
            os.truncate(part, 0)  # nothing lies behind what is there: it is of another file
        except (http.client.HTTPException, ConnectionError, TimeoutError, urllib.error.URLError) as problem:
            error = problem
        failures = 0 if _size(part) > before else failures + 1
        if failures == _ATTEMPTS:
            raise error or http.client.HTTPException(f"the connection ended after {_size(part)} bytes, before the file")


def _size(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def _fetch_rest(url, part, begin, progress, timeout):
    """One request: True where the file has come to its end."""
    request = urllib.request.Request(url, headers={"User-Agent": "weft", "Accept-Encoding": "identity"})
    if begin:
        request.add_header("Range", f"bytes={begin}-")
    with contextlib.closing(urllib.request.urlopen(request, timeout=timeout)) as answer:
        continues = begin and getattr(answer, "status", None) == 206
        if continues and not (answer.headers.get("Content-Range") or f"bytes {begin}-").startswith(f"bytes {begin}-"):
            continues = False
        length = answer.headers.get("Content-Length")
        total = int(length) + (begin if continues else 0) if length and length.isdigit() else None
        name = os.path.basename(part).removesuffix(".part")
        with (
            open(part, "ab" if continues else "wb") as file,
            _bar(progress, name, total, begin if continues else 0) as bar,
        ):
            while block := answer.read(_BLOCK):
                file.write(block)
                bar(len(block))
    return total is None or os.path.getsize(part) >= total


@contextlib.contextmanager
def _bar(progress: bool, name: str, total: int | None, done: int) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        tqdm = None
    if not progress or tqdm is None:
        yield lambda count: None
        return
    with tqdm(total=total, initial=done, desc=name, unit="B", unit_scale=True, unit_divisor=1024) as bar:
        yield bar.update

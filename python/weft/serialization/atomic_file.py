"""Replaces a file as a whole: the name stands for the old contents or the new, whatever happens in between."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None

_SUFFIX = ".weft-tmp"
_LONGEST_PREFIX = 180  # bytes; file names end at 255 on Linux


@contextlib.contextmanager
def replacing(path: str) -> Iterator[Any]:
    """Yields an unbuffered temporary file beside path, which takes its place after the block, synced to the disk.

    Symbolic links are followed: the link stays, and what it points to is replaced. The permissions and, where allowed,
    the owner of a file that was there are kept. A temporary file that a killed process left behind is deleted: the
    kernel has released that process's lock on it. OSError for what is no regular file or may not be written.
    """
    path = _target(path)
    folder, base = os.path.split(path)
    prefix = os.fsdecode(os.fsencode(base)[:_LONGEST_PREFIX]) + "."
    _delete_stale(folder, prefix)
    # A file that is replaced may be secret, so nobody else reads its successor before the permissions are copied.
    temporary, handle = _create(folder, prefix, 0o600 if os.path.exists(path) else 0o666)
    try:
        with open(handle, "wb", buffering=0, closefd=False) as file:
            yield file
        _copy_permissions(path, temporary)
        os.fsync(handle)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    finally:
        os.close(handle)
    sync_folder(folder)


def _target(path):
    """The regular file that path stands for, or will stand for, with links followed."""
    if not path:
        raise FileNotFoundError(errno.ENOENT, "save: the path is empty")
    shown, path = path, os.path.realpath(path)
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, "save: the folder does not exist", folder)
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return path
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "save: this is a folder", shown)
    if not stat.S_ISREG(mode):
        raise OSError(
            errno.EINVAL,
            "save: this is not a regular file but a pipe, socket or device; open it with mode 'wb' and give save() the "
            "file object",
            shown,
        )
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "save: this file may not be written", shown)
    return path


def _create(folder, prefix, mode):
    """A new, locked temporary file: its name and the descriptor that holds the lock. The umask applies to the mode."""
    while True:
        name = os.path.join(folder, f"{prefix}{secrets.token_hex(8)}{_SUFFIX}")
        handle = os.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR, mode)
        # Another process may come between the two calls with _delete_stale: it holds the lock, or has deleted the file.
        if lock(handle) is not False and os.path.exists(name):
            return name, handle
        os.close(handle)


def lock(handle: int) -> bool | None:
    """Takes the lock without waiting: True, False if another process holds it, None if the file system has no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _delete_stale(folder, prefix):
    """Deletes temporary files of processes that no longer run. Failing to is no reason not to save."""
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if name.startswith(prefix) and _is_ours(name[len(prefix) :]):
                with contextlib.suppress(OSError):
                    _delete_unlocked(os.path.join(folder, name))


def _is_ours(rest):
    digits = rest.removesuffix(_SUFFIX)
    return rest.endswith(_SUFFIX) and len(digits) == 16 and not digits.strip("0123456789abcdef")


def _delete_unlocked(name):
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if stat.S_ISREG(os.fstat(handle).st_mode) and lock(handle):
            os.unlink(name)
    finally:
        os.close(handle)


def _copy_permissions(path, temporary):
    """The permissions and owner of the file that is replaced, if there is one."""
    try:
        old = os.stat(path)
    except FileNotFoundError:
        return
    new = os.stat(temporary)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        with contextlib.suppress(PermissionError):
            os.chown(temporary, old.st_uid, old.st_gid)
    os.chmod(temporary, old.st_mode & 0o777)


def sync_folder(folder: str) -> None:
    """Waits until the names in a folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

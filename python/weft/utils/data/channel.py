"""Messages between a DataLoader and a worker process: bytes and open descriptors over a socket."""

from __future__ import annotations

import array
import os
import select
import socket
import struct
import weakref

_HEADER = struct.Struct("<QI")  # bytes of the message, descriptors that come with it
_FD_SPACE = socket.CMSG_SPACE(4 * array.array("i").itemsize) if hasattr(socket, "CMSG_SPACE") else 0
_open_here = weakref.WeakSet()


def _close_in_child():
    """A forked child must not hold its parent's ends: a worker is to see the end of file when the parent is gone."""
    for channel in list(_open_here):
        channel.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)


class Channel:
    """One end; send() of a parent takes messages in while its worker is busy sending too."""

    def __init__(self, end, parent=False):
        self.end = end
        self._waiting = []  # messages that came while a long one was sent
        if parent:
            _open_here.add(self)

    def __reduce__(self):  # to a worker that is not forked
        return Channel, (self.end,)

    def fileno(self):
        return self.end.fileno()

    def close(self):
        self.end.close()

    def send(self, payload, descriptors=()):
        """Raises OSError when the other end is gone."""
        first = _HEADER.pack(len(payload), len(descriptors))
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        message = memoryview(first + payload)
        sent = self.end.sendmsg([message[: 1 << 16]], ancillary, socket.MSG_NOSIGNAL)
        while sent < len(message):
            sent += self.end.send(message[sent:], socket.MSG_NOSIGNAL)

    def send_to_busy(self, payload):
        """The same to a worker that may itself wait to have a long message read."""
        message = memoryview(_HEADER.pack(len(payload), 0) + payload)
        poller = None
        while message:
            try:
                message = message[self.end.send(message, socket.MSG_NOSIGNAL | socket.MSG_DONTWAIT) :]
            except BlockingIOError:
                if poller is None:
                    poller = select.poll()
                    poller.register(self.end, select.POLLIN | select.POLLOUT)
                if any(event & (select.POLLIN | select.POLLHUP) for _, event in poller.poll()):
                    self._waiting.append(self._read())

    def receive(self, wait=True):
        """(payload, descriptors), or None when nothing has come. Raises EOFError when the other end is gone."""
        if self._waiting:
            return self._waiting.pop(0)
        if not wait:
            try:
                if not self.end.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK):
                    raise EOFError
            except BlockingIOError:
                return None
        return self._read()

    def _read(self):
        try:
            header, ancillary, _, _ = self.end.recvmsg(_HEADER.size, _FD_SPACE, socket.MSG_WAITALL)
            descriptors = array.array("i")
            for level, kind, data in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
            header += self._exactly(_HEADER.size - len(header))
            size, _ = _HEADER.unpack(header)
            return self._exactly(size), list(descriptors)
        except ConnectionError:
            raise EOFError from None

    def _exactly(self, size):
        if not size:
            return b""
        data = bytearray(size)
        view, done = memoryview(data), 0
        while done < size:
            count = self.end.recv_into(view[done:], 0, socket.MSG_WAITALL)
            if not count:
                raise EOFError
            done += count
        return data


def channel_pair():
    """(the parent's end, the worker's)."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    return Channel(ours, parent=True), Channel(theirs)

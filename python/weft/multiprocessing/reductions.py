"""How tensors travel through multiprocessing's queues, pipes and arguments."""

from __future__ import annotations

import os
from multiprocessing import reduction

import weft
from weft import _C

_strategy = "file_descriptor"
_STRATEGIES = {"file_descriptor", "file_system"}


class _ProcDescriptor:
    """A descriptor by the name that it has in /proc while its owner lives."""

    def __init__(self, fd):
        self._path = f"/proc/{os.getpid()}/fd/{fd}"

    def detach(self):
        return os.open(self._path, os.O_RDWR | os.O_CLOEXEC)


def get_all_sharing_strategies() -> set[str]:
    """The ways in which shared memory is handed to another process: see :func:`set_sharing_strategy`.

    >>> import weft
    >>> sorted(weft.multiprocessing.get_all_sharing_strategies())
    ['file_descriptor', 'file_system']
    """
    return set(_STRATEGIES)


def get_sharing_strategy() -> str:
    """The way that is used, ``"file_descriptor"`` unless :func:`set_sharing_strategy` chose another.

    >>> import weft
    >>> weft.multiprocessing.get_sharing_strategy()
    'file_descriptor'
    """
    return _strategy


def set_sharing_strategy(new_strategy: str) -> None:
    """How this process hands shared memory to others. In both ways it has no file, so nothing is left behind.

    Args:
        new_strategy: ``"file_descriptor"`` sends an open descriptor through a socket, which a thread serves;
            ``"file_system"`` sends the name of the descriptor under /proc, so no thread is started, and the receiver
            must run as the same user. In both the sender has to live, and hold the tensor, until it has been received.

    Raises:
        ValueError: it is neither.

    >>> import weft
    >>> weft.multiprocessing.set_sharing_strategy("file_descriptor")
    """
    global _strategy
    if new_strategy not in _STRATEGIES:
        raise ValueError(f"set_sharing_strategy: expected one of {sorted(_STRATEGIES)}, got {new_strategy!r}")
    _strategy = new_strategy


def _rebuild(handle, memory_bytes, begin, nbytes, dtype, shape, strides, offset):
    return _C._open_shared(handle.detach(), memory_bytes, begin, nbytes, dtype, shape, strides, offset)


def _rebuild_object(tensor, cls, requires_grad, attributes):
    if issubclass(cls, weft.nn.Parameter):
        tensor = cls(tensor, requires_grad)
    elif cls is not weft.Tensor:
        tensor = weft.Tensor._make_subclass(cls, tensor, requires_grad)
    elif requires_grad:
        tensor.requires_grad_()
    if attributes:
        tensor.__dict__.update(attributes)
    return tensor


def reduce_tensor(tensor):
    """For ForkingPickler: the tensor's storage is moved to shared memory, and its descriptor sent."""
    if tensor.requires_grad and not tensor.is_leaf:
        raise RuntimeError(
            "multiprocessing: a tensor that autograd recorded cannot be sent to another process, which has no part in "
            "its history; send its detach()"
        )
    plain = tensor.detach()
    if tensor.device.type != "cpu":
        rebuilt, args = _on_device, (plain.cpu(), str(tensor.device))
    else:
        fd, memory_bytes, begin, nbytes = _C._share(plain)
        handle = reduction.DupFd(fd) if _strategy == "file_descriptor" else _ProcDescriptor(fd)
        place = (tuple(plain.shape), tuple(plain.stride()), plain.storage_offset())
        rebuilt, args = _rebuild, (handle, memory_bytes, begin, nbytes, plain.dtype, *place)
    if type(tensor) is weft.Tensor and not tensor.requires_grad and not tensor.__dict__:
        return rebuilt, args
    made = _Call(rebuilt, args)
    return _rebuild_object, (made, type(tensor), tensor.requires_grad, dict(tensor.__dict__))


class _Call:
    """Pickles as what a call gives."""

    def __init__(self, function, args):
        self._call = function, args

    def __reduce__(self):
        return self._call


def _on_device(tensor, device):
    return tensor.to(device)


def init_reductions() -> None:
    """Has multiprocessing send tensors through shared memory; importing :mod:`weft.multiprocessing` does it.

    >>> import weft
    >>> weft.multiprocessing.init_reductions()
    """
    for cls in (weft.Tensor, weft.nn.Parameter):
        reduction.ForkingPickler.register(cls, reduce_tensor)

"""Streams and events: queues of work on a GPU, and marks in them."""

from __future__ import annotations

from weft._C import _device
from weft._C import device as _device_type
from weft._checks import check_instances
from weft._missing import name_missing_members

TYPE_CHECKING = False

if TYPE_CHECKING:
    from weft.cuda import _DeviceLike


__all__ = ["Event", "Stream", "current_stream", "default_stream", "set_stream", "stream"]


def _cuda(device):
    from weft.cuda import _as_device

    return _as_device(device)


# Streams that no object stands for any more, by device and priority. They are taken again rather than deleted: one may
# still be the current stream of a thread, or be known by what current_stream() gave.
_idle = {}


class Stream:
    """A queue of work of its own on a GPU: ``with weft.cuda.stream(s): ...`` puts work into it.

    Tensors that were made on one stream and are used on another need ``s.wait_stream(other)`` before, so that they are
    ready, and ``tensor.record_stream(s)``, so that their memory is not given out too early.

    Args:
        device: the GPU; by default the current one.
        priority: a lower number goes first.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     s, x = weft.cuda.Stream(), weft.ones(2, device="cuda")
    ...     s.wait_stream(weft.cuda.current_stream())
    ...     with weft.cuda.stream(s):
    ...         y = x * 2
    ...     s.synchronize()
    """

    def __init__(self, device: _DeviceLike = None, priority: int = 0, *, _handle: int | None = None) -> None:
        self.device: _device_type = _cuda(device)
        self.priority: int = priority
        self._owned = _handle is None
        if _handle is None:
            idle = _idle.get((self.device, priority))
            _handle = idle.pop() if idle else _device.new_stream(self.device, priority)
        self.cuda_stream: int = _handle

    def __del__(self) -> None:
        if getattr(self, "_owned", False) and hasattr(self, "cuda_stream"):
            _idle.setdefault((self.device, self.priority), []).append(self.cuda_stream)

    def synchronize(self) -> None:
        """Waits until all work given to the stream is done.

        The example needs a GPU to do anything.

        >>> import weft
        >>> if weft.cuda.is_available():
        ...     s = weft.cuda.Stream()
        ...     with weft.cuda.stream(s):
        ...         x = weft.ones(2, device="cuda")
        ...     s.synchronize()
        """
        _device.synchronize_stream(self.device, self.cuda_stream)

    def query(self) -> bool:
        """Is all work done that was given to the stream? Does not wait.

        The example needs a GPU to do anything.

        >>> import weft
        >>> if weft.cuda.is_available():
        ...     s = weft.cuda.Stream()
        ...     s.synchronize()
        ...     assert s.query()
        """
        return _device.stream_done(self.device, self.cuda_stream)

    def record_event(self, event: Event | None = None) -> Event:
        """Puts a mark behind the work given so far; returns the event.

        Args:
            event: the mark, by default a new :class:`Event`.

        The example needs a GPU to do anything.

        >>> import weft
        >>> if weft.cuda.is_available():
        ...     event = weft.cuda.current_stream().record_event()
        ...     event.synchronize()
        """
        event = Event() if event is None else event
        check_instances(Event, "record_event", event=event)
        event.record(self)
        return event

    def wait_event(self, event: Event) -> None:
        """Work given from now on starts after the event's mark; the host does not wait.

        Args:
            event: an :class:`Event`; TypeError for anything else.

        The example needs a GPU to do anything.

        >>> import weft
        >>> if weft.cuda.is_available():
        ...     s = weft.cuda.Stream()
        ...     s.wait_event(weft.cuda.current_stream().record_event())
        """
        check_instances(Event, "wait_event", event=event)
        event.wait(self)

    def wait_stream(self, stream: Stream) -> None:
        """Work given from now on starts after all that the other stream was given until now; the host does not wait.

        Args:
            stream: the other :class:`Stream`; TypeError for anything else.

        The example needs a GPU to do anything.

        >>> import weft
        >>> if weft.cuda.is_available():
        ...     s = weft.cuda.Stream()
        ...     s.wait_stream(weft.cuda.current_stream())
        """
        check_instances(Stream, "wait_stream", stream=stream)
        self.wait_event(stream.record_event())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and (self.device, self.cuda_stream) == (other.device, other.cuda_stream)

    def __hash__(self) -> int:
        return hash((self.device, self.cuda_stream))

    def __repr__(self) -> str:
        return f"<weft.cuda.Stream device={self.device} cuda_stream={self.cuda_stream:#x}>"


class Event:
    """A mark in a stream, which the host or another stream can wait for.

    Args:
        enable_timing: keep the time at which the GPU passes the mark, for :meth:`elapsed_time`.
        blocking: makes no difference.
        interprocess: must be False; else NotImplementedError.

    The example needs a GPU to time anything.

    >>> import weft
    >>> weft.cuda.Event().query()
    True
    >>> if weft.cuda.is_available():
    ...     start, end = weft.cuda.Event(enable_timing=True), weft.cuda.Event(enable_timing=True)
    ...     start.record()
    ...     x = weft.ones(1000, device="cuda") * 2
    ...     end.record()
    ...     assert start.elapsed_time(end) > 0
    """

    def __init__(self, enable_timing: bool = False, blocking: bool = False, interprocess: bool = False) -> None:
        if interprocess:
            raise NotImplementedError("Event: events between processes are not supported")
        self._timing = enable_timing
        self._event = None

    def record(self, stream: Stream | None = None) -> None:
        """Puts the mark behind the work that a stream was given so far; a mark that was put before is dropped.

        Args:
            stream: by default the current one; TypeError for what is no stream.

        The example needs a GPU to do anything.

        >>> import weft
        >>> if weft.cuda.is_available():
        ...     event = weft.cuda.Event()
        ...     event.record()
        ...     event.synchronize()
        """
        stream = current_stream() if stream is None else stream
        check_instances(Stream, "Event.record", stream=stream)
        if self._event is None:
            self._event = _device.Event(stream.device, self._timing)
        self._event.record(stream.cuda_stream)

    def wait(self, stream: Stream | None = None) -> None:
        """Work given to the stream from now on starts after the mark; nothing waits for an event that was never
        recorded.

        Args:
            stream: by default the current one.

        >>> import weft
        >>> weft.cuda.Event().wait()
        """
        if stream is not None:
            check_instances(Stream, "Event.wait", stream=stream)
        if self._event is not None:
            stream = current_stream() if stream is None else stream
            self._event.wait(stream.device, stream.cuda_stream)

    def query(self) -> bool:
        """Has the GPU passed the mark? True for an event that was never recorded.

        >>> import weft
        >>> weft.cuda.Event().query()
        True
        """
        return self._event is None or self._event.query()

    def synchronize(self) -> None:
        """Waits until the GPU has passed the mark; not at all for an event that was never recorded.

        >>> import weft
        >>> weft.cuda.Event().synchronize()
        """
        if self._event is not None:
            self._event.synchronize()

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds from this mark to a later one; waits for both.

        Args:
            end_event: the later one.

        Raises RuntimeError unless both were recorded with timing. The example needs a GPU to do anything.

        >>> import weft
        >>> if weft.cuda.is_available():
        ...     start, end = weft.cuda.Event(enable_timing=True), weft.cuda.Event(enable_timing=True)
        ...     start.record()
        ...     end.record()
        ...     assert start.elapsed_time(end) >= 0
        """
        check_instances(Event, "elapsed_time", end_event=end_event)
        if not (self._timing and end_event._timing and self._event is not None and end_event._event is not None):
            raise RuntimeError("elapsed_time: both events must have enable_timing=True and have been recorded")
        self.synchronize()  # it may be on another stream, behind work that takes longer
        end_event.synchronize()
        return self._event.elapsed(end_event._event)


def current_stream(device: _DeviceLike = None) -> Stream:
    """The stream that this thread's work on a GPU goes to.

    Args:
        device: an index, a name or a device; by default the current GPU.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     assert weft.cuda.current_stream() == weft.cuda.default_stream()
    """
    device = _cuda(device)
    return Stream(device, _handle=_device.current_stream(device))


def default_stream(device: _DeviceLike = None) -> Stream:
    """The stream that work goes to unless another one is chosen.

    Args:
        device: an index, a name or a device; by default the current GPU.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     assert weft.cuda.default_stream().cuda_stream == 0
    """
    return Stream(device, _handle=0)


def set_stream(stream: Stream | None) -> None:
    """Makes a stream the current one of its GPU for this thread.

    Args:
        stream: None does nothing; TypeError for what is no stream.

    >>> import weft
    >>> weft.cuda.set_stream(None)
    """
    if stream is not None:
        check_instances(Stream, "set_stream", stream=stream)
        _device.set_current_stream(stream.device, stream.cuda_stream)


class stream:
    """A scope in which this thread's work goes to a stream, and its GPU is the current one.

    Args:
        stream: None changes nothing; TypeError for what is no stream.

    >>> import weft
    >>> with weft.cuda.stream(None):
    ...     x = weft.ones(2)
    """

    def __init__(self, stream: Stream | None) -> None:
        if stream is not None:
            check_instances(Stream, "stream", stream=stream)
        self.stream: Stream | None = stream
        self._before = []

    def __enter__(self) -> Stream | None:
        if self.stream is not None:
            self._before.append((current_stream(self.stream.device), _device.current_index("cuda")))
            set_stream(self.stream)
            _device.set_current_index(self.stream.device)
        return self.stream

    def __exit__(self, *exception: object) -> None:
        if self.stream is not None:
            before, index = self._before.pop()
            set_stream(before)
            _device.set_current_index(_device_type("cuda", index))


name_missing_members(Event, "torch.cuda.Event")

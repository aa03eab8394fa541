"""Streams and events: queues of work on a GPU, and marks in them."""

from weft._C import _device
from weft._C import device as _device_type
from weft._checks import check_instances
from weft._missing import name_missing_members

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
    """

    def __init__(self, device=None, priority=0, *, _handle=None):
        self.device = _cuda(device)
        self.priority = priority
        self._owned = _handle is None
        if _handle is None:
            idle = _idle.get((self.device, priority))
            _handle = idle.pop() if idle else _device.new_stream(self.device, priority)
        self.cuda_stream = _handle

    def __del__(self):
        if getattr(self, "_owned", False) and hasattr(self, "cuda_stream"):
            _idle.setdefault((self.device, self.priority), []).append(self.cuda_stream)

    def synchronize(self):
        """Waits until all work given to the stream is done."""
        _device.synchronize_stream(self.device, self.cuda_stream)

    def query(self):
        """Is all work done?"""
        return _device.stream_done(self.device, self.cuda_stream)

    def record_event(self, event=None):
        """Puts a mark behind the work given so far; returns the event."""
        event = Event() if event is None else event
        check_instances(Event, "record_event", event=event)
        event.record(self)
        return event

    def wait_event(self, event):
        """Work given from now on starts after the event's mark."""
        check_instances(Event, "wait_event", event=event)
        event.wait(self)

    def wait_stream(self, stream):
        """Work given from now on starts after all that the other stream was given until now."""
        check_instances(Stream, "wait_stream", stream=stream)
        self.wait_event(stream.record_event())

    def __eq__(self, other):
        return isinstance(other, Stream) and (self.device, self.cuda_stream) == (other.device, other.cuda_stream)

    def __hash__(self):
        return hash((self.device, self.cuda_stream))

    def __repr__(self):
        return f"<weft.cuda.Stream device={self.device} cuda_stream={self.cuda_stream:#x}>"


class Event:
    """A mark in a stream, with the time at which the GPU passed it if ``enable_timing``."""

    def __init__(self, enable_timing=False, blocking=False, interprocess=False):
        if interprocess:
            raise NotImplementedError("Event: events between processes are not supported")
        self._timing = enable_timing
        self._event = None

    def record(self, stream=None):
        """Puts the mark behind the work that the stream (by default the current one) was given so far."""
        stream = current_stream() if stream is None else stream
        check_instances(Stream, "Event.record", stream=stream)
        if self._event is None:
            self._event = _device.Event(stream.device, self._timing)
        self._event.record(stream.cuda_stream)

    def wait(self, stream=None):
        """Work given to the stream from now on starts after the mark."""
        if stream is not None:
            check_instances(Stream, "Event.wait", stream=stream)
        if self._event is not None:
            stream = current_stream() if stream is None else stream
            self._event.wait(stream.device, stream.cuda_stream)

    def query(self):
        """Has the GPU passed the mark? True for an event that was never recorded."""
        return self._event is None or self._event.query()

    def synchronize(self):
        """Waits until the GPU has passed the mark."""
        if self._event is not None:
            self._event.synchronize()

    def elapsed_time(self, end_event):
        """Milliseconds from this mark to a later one. RuntimeError unless both were recorded with timing."""
        check_instances(Event, "elapsed_time", end_event=end_event)
        if not (self._timing and end_event._timing and self._event is not None and end_event._event is not None):
            raise RuntimeError("elapsed_time: both events must have enable_timing=True and have been recorded")
        self.synchronize()  # it may be on another stream, behind work that takes longer
        end_event.synchronize()
        return self._event.elapsed(end_event._event)


def current_stream(device=None):
    """The stream that this thread's work on a GPU goes to."""
    device = _cuda(device)
    return Stream(device, _handle=_device.current_stream(device))


def default_stream(device=None):
    """The stream that work goes to unless another one is chosen."""
    return Stream(device, _handle=0)


def set_stream(stream):
    """Makes a stream the current one of its GPU; None does nothing."""
    if stream is not None:
        check_instances(Stream, "set_stream", stream=stream)
        _device.set_current_stream(stream.device, stream.cuda_stream)


class stream:
    """A scope in which work goes to a stream: ``with weft.cuda.stream(s): ...``. None changes nothing."""

    def __init__(self, stream):
        if stream is not None:
            check_instances(Stream, "stream", stream=stream)
        self.stream = stream
        self._before = []

    def __enter__(self):
        if self.stream is not None:
            self._before.append((current_stream(self.stream.device), _device.current_index("cuda")))
            set_stream(self.stream)
            _device.set_current_index(self.stream.device)
        return self.stream

    def __exit__(self, *exception):
        if self.stream is not None:
            before, index = self._before.pop()
            set_stream(before)
            _device.set_current_index(_device_type("cuda", index))


name_missing_members(Event, "torch.cuda.Event")

"""Graphs: a whole training step recorded once and started as one, without Python or launch costs in between."""

from __future__ import annotations

import weft
from weft._C import _device
from weft._C import device as _device_type
from weft._checks import check_callables
from weft._missing import name_missing_members
from weft.cuda.streams import Stream, current_stream, stream

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


__all__ = ["CUDAGraph", "current_graph", "graph", "is_current_stream_capturing", "make_graphed_callables"]

_recording = []


def is_current_stream_capturing() -> bool:
    """Is this thread recording a graph?

    >>> import weft
    >>> weft.cuda.is_current_stream_capturing()
    False
    """
    return bool(_recording)


def current_graph() -> CUDAGraph | None:
    """The graph that is being recorded, or None."""
    return _recording[-1] if _recording else None


class CUDAGraph:
    """Recorded work. Its tensors keep their addresses: copy new inputs into the old ones before :meth:`replay`.

    Memory that is allocated while recording belongs to the graph. Random numbers differ from run to run and are those
    that the same ops would draw without a graph; steps of an Adam count on. The learning rate and other numbers are
    those of the recording. What needs a value from the GPU (``item()``, ``print``) cannot be recorded.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     x, g = weft.ones(2, device="cuda"), weft.cuda.CUDAGraph()
    ...     with weft.cuda.graph(g):
    ...         y = x * 2
    ...     x *= 3
    ...     g.replay()
    ...     assert y.tolist() == [6.0, 6.0]
    """

    def __init__(self) -> None:
        self._graph = None
        self._device = None
        self._after_replay = []

    def capture_begin(self, pool: Any = None, capture_error_mode: str = "global") -> None:
        """Starts recording this thread's work on the current stream, which must not be the default one.

        Work of other threads is neither recorded nor hindered, whatever capture_error_mode says.

        Args:
            pool: must be None, since each graph has its own; else NotImplementedError.
            capture_error_mode: "global", "thread_local" or "relaxed"; else ValueError.

        The example needs a GPU to do anything.

        >>> import weft
        >>> if weft.cuda.is_available():
        ...     x, g = weft.ones(2, device="cuda"), weft.cuda.CUDAGraph()
        ...     with weft.cuda.stream(weft.cuda.Stream()):
        ...         g.capture_begin()
        ...         x += 1
        ...         g.capture_end()
        """
        if pool is not None:
            raise NotImplementedError("CUDAGraph: graphs cannot share a memory pool; leave pool out")
        _check_mode(capture_error_mode)
        device = current_stream().device
        _device.begin_capture(device)
        self._device = device
        self._after_replay.clear()
        _recording.append(self)

    def capture_end(self) -> None:
        """Ends recording. Nothing has been computed yet: :meth:`replay` does that.

        Raises RuntimeError for a graph that is not being recorded.

        >>> import weft
        >>> weft.cuda.CUDAGraph().capture_end()
        Traceback (most recent call last):
        RuntimeError: CUDAGraph.capture_end: this graph is not being recorded; call capture_begin() first
        """
        if not _recording or _recording[-1] is not self:
            raise RuntimeError("CUDAGraph.capture_end: this graph is not being recorded; call capture_begin() first")
        _recording.pop()
        self._graph = _device.end_capture(self._device)

    def on_replay(self, function: Callable[[], Any]) -> None:
        """For what else a run changes: ``function()`` is called after each :meth:`replay`.

        Args:
            function: without arguments; TypeError for what cannot be called.

        >>> import weft
        >>> weft.cuda.CUDAGraph().on_replay(lambda: None)
        """
        check_callables("on_replay", function=function)
        self._after_replay.append(function)

    def replay(self) -> None:
        """Runs the recorded work. Raises RuntimeError when nothing has been recorded.

        >>> import weft
        >>> weft.cuda.CUDAGraph().replay()
        Traceback (most recent call last):
        RuntimeError: CUDAGraph: nothing has been recorded; use `with weft.cuda.graph(g): ...` first
        """
        if self._graph is None:
            raise RuntimeError("CUDAGraph: nothing has been recorded; use `with weft.cuda.graph(g): ...` first")
        self._graph.launch()
        for function in self._after_replay:
            function()

    def reset(self) -> None:
        """Drops the recorded work and its memory.

        >>> import weft
        >>> weft.cuda.CUDAGraph().reset()
        """
        self._graph = None


def _check_mode(mode):
    if mode not in ("global", "thread_local", "relaxed"):
        raise ValueError(f"capture_error_mode must be 'global', 'thread_local' or 'relaxed', got {mode!r}")


class graph:
    """A scope that records what this thread gives to a GPU, on a stream of its own.

    Run the same work once or twice before, so that what happens only once (choosing algorithms, optimiser state) is not
    recorded.

    Args:
        cuda_graph: the graph to record into.
        pool: must be None; else NotImplementedError on entering.
        stream: to record on, by default a new one.
        capture_error_mode: "global", "thread_local" or "relaxed", all the same; else ValueError.

    The example needs a GPU to do anything.

    >>> import weft
    >>> if weft.cuda.is_available():
    ...     x, g = weft.ones(2, device="cuda"), weft.cuda.CUDAGraph()
    ...     with weft.cuda.graph(g):
    ...         x += 1
    ...     g.replay()
    ...     assert x.tolist() == [2.0, 2.0]
    """

    def __init__(
        self, cuda_graph: CUDAGraph, pool: Any = None, stream: Stream | None = None, capture_error_mode: str = "global"
    ) -> None:
        if not isinstance(cuda_graph, CUDAGraph):
            raise TypeError(f"graph: expected a CUDAGraph, got {type(cuda_graph).__name__}")
        if stream is not None and not isinstance(stream, Stream):
            raise TypeError(f"graph: expected a Stream or None, got {type(stream).__name__}")
        _check_mode(capture_error_mode)
        self.graph: CUDAGraph = cuda_graph
        self._pool = pool
        self._stream = stream

    def __enter__(self) -> CUDAGraph:
        weft.cuda.synchronize()
        self._stream = Stream() if self._stream is None else self._stream
        self._scope = stream(self._stream)
        self._scope.__enter__()
        try:
            self.graph.capture_begin(self._pool)
        except BaseException:
            self._scope.__exit__()
            raise
        return self.graph

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        try:
            if kind is None:
                self.graph.capture_end()
            else:
                _recording.pop()
                _device.abort_capture(_device_type(self._stream.device))
        finally:
            self._scope.__exit__()


def make_graphed_callables(callables: Any, sample_args: Any, num_warmup_iters: int = 3, **options: Any) -> Any:
    """Not supported: record the whole step with :class:`graph` instead. Always raises NotImplementedError.

    >>> import weft
    >>> weft.cuda.make_graphed_callables(None, ())
    Traceback (most recent call last):
    NotImplementedError: make_graphed_callables: record the whole training step with weft.cuda.graph instead
    """
    raise NotImplementedError("make_graphed_callables: record the whole training step with weft.cuda.graph instead")


name_missing_members(CUDAGraph, "torch.cuda.CUDAGraph")

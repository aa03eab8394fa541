"""What a profile has recorded, as events with the names of torch.autograd.profiler_util, and their averages."""

from __future__ import annotations

from typing import Any, NamedTuple

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable

_TIMES = ("cpu_time", "cpu_time_total", "self_cpu_time_total", "device_time", "device_time_total")
_MEMORY = ("cpu_memory_usage", "device_memory_usage", "self_cpu_memory_usage", "self_device_memory_usage")
_SORTS = (*_TIMES, "self_device_time_total", *_MEMORY, "count", "flops")


class Interval(NamedTuple):
    """A span of time in microseconds.

    >>> from weft.autograd.profiler_util import Interval
    >>> Interval(1.0, 3.5).elapsed_us()
    2.5
    """

    start: float
    end: float

    def elapsed_us(self) -> float:
        """Its length in microseconds.

        >>> from weft.autograd.profiler_util import Interval
        >>> Interval(0.0, 2.0).elapsed_us()
        2.0
        """
        return self.end - self.start


class Kernel(NamedTuple):
    """Work of an op on a device beside the host; times in microseconds.

    >>> from weft.autograd.profiler_util import Kernel
    >>> Kernel("add", 0, 3.0, 10.0, 0).duration
    3.0
    """

    name: str
    device: int
    duration: float
    start: float
    stream: int


class _Derived:
    """Figures per call, and the names that figures of devices have besides."""

    count: int
    cpu_time_total: float
    device_time_total: float

    @property
    def cpu_time(self) -> float:
        """CPU time per call, in microseconds."""
        return self.cpu_time_total / self.count if self.count else 0.0

    @property
    def device_time(self) -> float:
        """Time on devices per call, in microseconds."""
        return self.device_time_total / self.count if self.count else 0.0

    def __getattr__(self, name: str) -> Any:
        if "cuda" in name:  # former names
            return getattr(self, name.replace("cuda", "device"))
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class FunctionEvent(_Derived):
    """One thing that happened: an op, a step of backward, a scope. Times are in microseconds, memory in bytes.

    >>> import weft
    >>> with weft.profiler.profile() as prof:
    ...     y = weft.ones(3).exp()
    >>> event = prof.events()[-1]
    >>> event.name, event.count, event.kind
    ('exp', 1, 'op')
    """

    count: int = 1

    def __init__(self, id: int, kind: str, name: str, thread: int, begin: float, end: float) -> None:
        self.id: int = id
        self.kind: str = kind
        self.name: str = name
        self.thread: int = thread
        self.time_range: Interval = Interval(begin, end)
        self.fwd_thread: int | None = None
        self.sequence_nr: int = -1
        self.cpu_parent: FunctionEvent | None = None
        self.cpu_children: list[FunctionEvent] = []
        self.kernels: list[Kernel] = []
        self.input_shapes: list[Any] = []
        self.input_dtypes: list[Any] = []
        self.stack: list[str] = []
        self.flops: int = 0
        self.device: str = "cpu"
        self.self_cpu_memory_usage: int = 0
        self.self_device_memory_usage: int = 0
        self.is_user_annotation: bool = kind in ("user", "optimizer", "loader")

    @property
    def key(self) -> str:
        """What averages are grouped by."""
        return self.name

    @property
    def cpu_time_total(self) -> float:
        """Time from begin to end."""
        return self.time_range.elapsed_us()

    @property
    def self_cpu_time_total(self) -> float:
        """Time outside of the events in it."""
        return max(0.0, self.cpu_time_total - sum(child.cpu_time_total for child in self.cpu_children))

    @property
    def self_device_time_total(self) -> float:
        """Time on devices, without that of the events in it."""
        return sum(kernel.duration for kernel in self.kernels)

    @property
    def device_time_total(self) -> float:
        """Time on devices, with that of the events in it."""
        return self.self_device_time_total + sum(child.device_time_total for child in self.cpu_children)

    @property
    def cpu_memory_usage(self) -> int:
        """Bytes of host memory taken and not given back, in it and in the events in it."""
        return self.self_cpu_memory_usage + sum(child.cpu_memory_usage for child in self.cpu_children)

    @property
    def device_memory_usage(self) -> int:
        """The same of devices' memory."""
        return self.self_device_memory_usage + sum(child.device_memory_usage for child in self.cpu_children)

    def __repr__(self) -> str:
        return (
            f"<FunctionEvent id={self.id} name={self.name} kind={self.kind} thread={self.thread} "
            f"cpu_time={self.cpu_time_total:.3f}us input_shapes={self.input_shapes}>"
        )


_SUMS = (
    "cpu_time_total",
    "self_cpu_time_total",
    "device_time_total",
    "self_device_time_total",
    "cpu_memory_usage",
    "self_cpu_memory_usage",
    "device_memory_usage",
    "self_device_memory_usage",
    "flops",
)


class FunctionEventAvg(_Derived):
    """Events of one key together: sums of their figures; ``cpu_time`` and ``device_time`` are means.

    >>> import weft
    >>> with weft.profiler.profile() as prof:
    ...     y = weft.ones(3).exp().exp()
    >>> [(e.key, e.count) for e in prof.key_averages() if e.key == "exp"]
    [('exp', 2)]
    """

    def __init__(self) -> None:
        self.key: str = ""
        self.kind = "op"
        self.count = 0
        self.input_shapes: Any = ""
        self.stack: list[str] = []
        self.is_user_annotation = False
        self.cpu_time_total = self.self_cpu_time_total = 0.0
        self.device_time_total = self.self_device_time_total = 0.0
        self.cpu_memory_usage = self.self_cpu_memory_usage = 0
        self.device_memory_usage = self.self_device_memory_usage = 0
        self.flops = 0

    def add(self, event: FunctionEvent | FunctionEventAvg) -> FunctionEventAvg:
        """Counts an event, or what averages hold, in; an event within one of its own name adds no total time.

        >>> from weft.autograd.profiler_util import FunctionEvent, FunctionEventAvg
        >>> FunctionEventAvg().add(FunctionEvent(1, "op", "exp", 1, 0.0, 2.0)).cpu_time_total
        2.0
        """
        if not self.count:
            self.key, self.kind, self.input_shapes = event.key, event.kind, event.input_shapes
            self.stack, self.is_user_annotation = event.stack, event.is_user_annotation
        nested = False
        if isinstance(event, FunctionEvent):
            outer = event.cpu_parent
            while outer is not None and not nested:
                nested, outer = outer.name == event.name, outer.cpu_parent
        for name in _SUMS:
            if not nested or name == "flops" or name.startswith("self_"):
                setattr(self, name, getattr(self, name) + getattr(event, name))
        self.count += event.count
        return self

    __iadd__ = add

    def __repr__(self) -> str:
        return f"<FunctionEventAvg key={self.key} count={self.count} self_cpu_time={self.self_cpu_time_total:.3f}us>"


class EventList(list[Any]):
    """A list of events or averages; printed, it is its :meth:`table`.

    >>> import weft
    >>> with weft.profiler.profile() as prof:
    ...     y = weft.ones(3).exp()
    >>> "exp" in prof.key_averages().table()
    True
    """

    def __init__(self, events: Iterable[Any] = (), profile_memory: bool = False, with_flops: bool = False) -> None:
        super().__init__(events)
        self._memory, self._flops = profile_memory, with_flops

    def __str__(self) -> str:
        return self.table()

    @property
    def self_cpu_time_total(self) -> float:
        """CPU time of all events, in microseconds."""
        return sum(event.self_cpu_time_total for event in self)

    def key_averages(
        self, group_by_input_shapes: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False
    ) -> EventList:
        """Averages of events that have the same name, and the same input shapes and innermost lines where asked for.

        Args:
            group_by_input_shapes: tell input shapes apart, which the profile must have recorded.
            group_by_stack_n: so many lines of the stack are told apart, which the profile must have recorded.
            group_by_overload_name: accepted; ops have one form.

        >>> import weft
        >>> with weft.profiler.profile(record_shapes=True) as prof:
        ...     y = weft.ones(3).exp(), weft.ones(4).exp()
        >>> [e.input_shapes for e in prof.key_averages(group_by_input_shape=True) if e.key == "exp"]
        ['[(3,)]', '[(4,)]']
        """
        groups: dict[Any, FunctionEventAvg] = {}
        for event in self:
            key: list[Any] = [event.key, event.is_user_annotation]
            if group_by_input_shapes:
                key.append(str(event.input_shapes))
            if group_by_stack_n > 0:
                key += event.stack[:group_by_stack_n]
            groups.setdefault(tuple(key), FunctionEventAvg()).add(event)
        for group in groups.values():
            group.input_shapes = str(group.input_shapes) if group_by_input_shapes else ""
            group.stack = group.stack[:group_by_stack_n] if group_by_stack_n > 0 else []
        return EventList(groups.values(), self._memory, self._flops)

    def total_average(self) -> FunctionEventAvg:
        """All events together.

        >>> import weft
        >>> with weft.profiler.profile() as prof:
        ...     y = weft.ones(3).exp()
        >>> prof.events().total_average().count == len(prof.events())
        True
        """
        total = FunctionEventAvg()
        for event in self:
            total.add(event)
        total.key = "Total"
        return total

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
        time_unit: str | None = None,
    ) -> str:
        """A table for people, with a line for each event or average.

        Args:
            sort_by: a column, largest first: ``cpu_time``, ``cpu_time_total``, ``self_cpu_time_total``, the same with
                ``device`` or ``cuda``, ``cpu_memory_usage``, ``self_cpu_memory_usage``, the same with ``device`` or
                ``cuda``, ``count``, ``flops``. ValueError for others.
            row_limit: number of lines; -1 for all.
            max_src_column_width, max_name_column_width, max_shapes_column_width: longer texts are cut; None: none is.
            header: a title.
            top_level_events_only: leave out what happened within other events.
            time_unit: ``"s"``, ``"ms"`` or ``"us"``; by default what fits each time.

        >>> import weft
        >>> with weft.profiler.profile() as prof:
        ...     y = weft.ones(3).exp()
        >>> print(prof.key_averages().table(sort_by="self_cpu_time_total", row_limit=5))  # doctest: +ELLIPSIS
        -...
        """
        from weft.profiler._table import make_table

        events = list(self)
        if sort_by is not None:
            wanted = sort_by.replace("cuda", "device")
            if wanted not in _SORTS:
                raise ValueError(f"table: expected one of {', '.join(_SORTS)} for sort_by, got {sort_by!r}")
            events.sort(key=lambda event: getattr(event, wanted), reverse=True)
        if top_level_events_only:
            events = [event for event in events if getattr(event, "cpu_parent", None) is None]
        widths = (max_name_column_width, max_shapes_column_width, max_src_column_width)
        return make_table(self, events, row_limit, widths, header, time_unit, self._memory, self._flops)

    def export_chrome_trace(self, path: str) -> None:
        """Writes the events in the format of ``chrome://tracing`` and Perfetto; gzipped where path ends in ``.gz``.

        Args:
            path: the file.

        >>> import weft, os, tempfile
        >>> with weft.profiler.profile() as prof:
        ...     y = weft.ones(3).exp()
        >>> path = os.path.join(tempfile.mkdtemp(), "trace.json")
        >>> prof.events().export_chrome_trace(path)
        >>> os.path.getsize(path) > 100
        True
        """
        from weft.profiler._trace import write_chrome_trace

        write_chrome_trace(path, self, [], {})

    def supported_export_stacks_metrics(self) -> list[str]:
        """What :meth:`export_stacks` can write.

        >>> from weft.autograd.profiler_util import EventList
        >>> EventList().supported_export_stacks_metrics()[0]
        'self_cpu_time_total'
        """
        return ["self_cpu_time_total", "self_cuda_time_total", "self_device_time_total"]

    def export_stacks(self, path: str, metric: str) -> None:
        """Writes a line for each stack of the program: calls from the outermost in, and microseconds.

        Args:
            path: the file.
            metric: ``self_cpu_time_total`` or ``self_cuda_time_total``; ValueError for others.

        >>> import weft, os, tempfile
        >>> with weft.profiler.profile(with_stack=True) as prof:
        ...     y = weft.ones(300, 300).exp()
        >>> prof.events().export_stacks(os.path.join(tempfile.mkdtemp(), "stacks"), "self_cpu_time_total")
        """
        if metric not in self.supported_export_stacks_metrics():
            raise ValueError(
                f"export_stacks: expected one of {self.supported_export_stacks_metrics()} as metric, got {metric!r}"
            )
        from weft.profiler._flame import folded_stacks

        lines = folded_stacks(self, metric.replace("cuda", "device"))
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{stack} {value}\n" for stack, value in lines.items())


def _node_name(name):
    """ "mul" -> "MulBackward0", as nodes of the graph are shown."""
    if name == "accumulate_grad":
        return "AccumulateGrad"
    text = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    return text if text.endswith("Backward") else text + "Backward0"


class MemoryChange(NamedTuple):
    """Memory that was taken (bytes > 0) or given back, at a time in microseconds."""

    time: float
    bytes: int
    what: int
    device: str
    op: str
    thread: int
    within: FunctionEvent | None


def read_events(threads: list[Any], only_devices: bool) -> tuple[list[FunctionEvent], list[MemoryChange], int]:
    """(events by their begin, changes of memory by time, number of events lost) of what the core has recorded."""
    events: list[FunctionEvent] = []
    memory: list[MemoryChange] = []
    forward: dict[int, FunctionEvent] = {}
    lost = 0
    for thread, its_lost, raw in threads:
        lost += its_lost
        open_events: list[tuple[int, FunctionEvent]] = []
        raw.sort(key=lambda entry: entry[4])
        for kind, name, begin, end, _serial, depth, sequence, device, nbytes, what, details in raw:
            begin, end = begin / 1000, end / 1000
            while open_events and (open_events[-1][0] >= depth or open_events[-1][1].time_range.end < begin):
                open_events.pop()
            parent = open_events[-1][1] if open_events else None
            if kind == "memory":
                memory.append(MemoryChange(begin, nbytes, what, device, name, thread, parent))
                if parent is not None:
                    place = "self_cpu_memory_usage" if device[:3] in ("cpu", "met") else "self_device_memory_usage"
                    setattr(parent, place, getattr(parent, place) + nbytes)
                continue
            event = FunctionEvent(
                len(events) + 1, kind, _node_name(name) if kind == "backward" else name, thread, begin, end
            )
            event.device = device
            event.sequence_nr = sequence or -1
            if details is not None:
                shapes, dtypes, event.stack, event.flops, on_device = details
                event.input_shapes, event.input_dtypes = shapes, dtypes
                if on_device is not None:
                    index = int(device.partition(":")[2] or 0)
                    start, duration, stream = on_device
                    event.kernels.append(Kernel(name, index, duration / 1000, start / 1000, stream))
            if parent is not None:
                event.cpu_parent = parent
                parent.cpu_children.append(event)
            open_events.append((depth, event))
            events.append(event)
            if sequence and kind == "op":
                forward.setdefault(sequence, event)
    for event in events:
        if event.kind == "backward" and event.sequence_nr in forward:
            its = forward[event.sequence_nr]
            event.fwd_thread = its.thread
            event.stack = event.stack or its.stack
    events.sort(key=lambda event: event.time_range.start)
    if only_devices:
        events = [event for event in events if event.kernels]
    memory.sort(key=lambda change: change.time)
    return events, memory, lost

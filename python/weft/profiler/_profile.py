"""profile: records what runs between start and stop, in cycles where a schedule says so."""

from __future__ import annotations

import contextlib
import enum
import json
import os
import socket
import time
import uuid
import warnings

import weft
from weft import _C
from weft.profiler._events import EventList, MemoryChange, read_events
from weft.profiler._scopes import record_function

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    _Self = TypeVar("_Self", bound="_KinetoProfile")


class ProfilerActivity(enum.Enum):
    """What is recorded: work of the host, and of GPUs.

    >>> import weft
    >>> weft.profiler.ProfilerActivity.CPU.name
    'CPU'
    """

    CPU = 0
    CUDA = 1


class ProfilerAction(enum.Enum):
    """What a schedule says of a step; after one of RECORD_AND_SAVE the recording is handed over.

    >>> import weft
    >>> weft.profiler.schedule(wait=1, warmup=0, active=1)(0).name
    'NONE'
    """

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def supported_activities() -> set[ProfilerActivity]:
    """The activities that can be recorded on this machine.

    >>> import weft
    >>> weft.profiler.ProfilerActivity.CPU in weft.profiler.supported_activities()
    True
    """
    return {ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if weft.cuda.is_available() else [])}


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """A schedule of cycles of steps for :class:`profile`: ``wait``, ``warmup``, ``active``, and again.

    Args:
        wait: steps in which nothing is recorded.
        warmup: steps that come before those that count; they are not recorded either.
        active: steps that are recorded; 1 or more.
        repeat: number of cycles; 0 for no end.
        skip_first: steps before the first cycle.
        skip_first_wait: 1: the first cycle has no ``wait``.

    Raises:
        ValueError: a number is negative, or active is 0.

    >>> import weft
    >>> plan = weft.profiler.schedule(wait=1, warmup=1, active=2, repeat=1)
    >>> [plan(step).name for step in range(5)]
    ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE', 'NONE']
    """
    numbers = {"wait": wait, "warmup": warmup, "active": active, "repeat": repeat, "skip_first": skip_first}
    for name, value in {**numbers, "skip_first_wait": skip_first_wait}.items():
        if isinstance(value, bool) and name != "skip_first_wait" or not isinstance(value, int):
            raise TypeError(f"schedule: expected an int as {name}, got {value!r}")
        if value < (name == "active"):
            raise ValueError(
                f"schedule: expected {name} to be {'positive' if name == 'active' else 'at least 0'}, got {value}"
            )

    def action(step: int) -> ProfilerAction:
        if step < 0:
            raise ValueError(f"schedule: steps count from 0, got {step}")
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait:
            step += wait
        cycle = wait + warmup + active
        if repeat > 0 and step // cycle >= repeat:
            return ProfilerAction.NONE
        place = step % cycle
        if place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if place < cycle - 1 else ProfilerAction.RECORD_AND_SAVE

    return action


def tensorboard_trace_handler(
    dir_name: str | os.PathLike[str], worker_name: str | None = None, use_gzip: bool = False
) -> Callable[[_KinetoProfile], None]:
    """For ``on_trace_ready``: writes each trace to a file of its own in a folder, where TensorBoard's plug-in looks.

    Args:
        dir_name: the folder, which is made.
        worker_name: how the files' names begin; by default host and process.
        use_gzip: compress them.

    >>> import weft, os, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> with weft.profiler.profile(on_trace_ready=weft.profiler.tensorboard_trace_handler(folder, "w")):
    ...     y = weft.ones(3).exp()
    >>> [name.split(".")[0] for name in os.listdir(folder)]
    ['w']
    """

    if not isinstance(dir_name, (str, os.PathLike)):
        raise TypeError(f"tensorboard_trace_handler: expected a path as dir_name, got {type(dir_name).__name__}")
    if not isinstance(worker_name, (str, type(None))):
        raise TypeError(f"tensorboard_trace_handler: expected a str as worker_name, got {type(worker_name).__name__}")

    def handle(prof: _KinetoProfile) -> None:
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        name = f"{worker}.{time.time_ns()}.pt.trace.json{'.gz' if use_gzip else ''}"
        prof.export_chrome_trace(os.path.join(os.fspath(dir_name), name))

    return handle


def _check_activities(activities, use_cuda):
    chosen = set(activities) if activities is not None else supported_activities()
    if use_cuda is not None:
        warnings.warn("profile: use_cuda is deprecated, use activities", FutureWarning, stacklevel=4)
        (chosen.add if use_cuda else chosen.discard)(ProfilerActivity.CUDA)
    wrong = [activity for activity in chosen if not isinstance(activity, ProfilerActivity)]
    if wrong:
        raise TypeError(f"profile: expected ProfilerActivity.CPU or CUDA in activities, got {wrong[0]!r}")
    if not chosen:
        raise ValueError("profile: expected at least one ProfilerActivity in activities, got none")
    return chosen


class _KinetoProfile:
    """Records from :meth:`start` to :meth:`stop`; :class:`profile` adds schedules."""

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: None = None,
        execution_trace_observer: None = None,
        acc_events: bool = False,
        use_cuda: bool | None = None,
        custom_trace_id_callback: Callable[[], str] | None = None,
    ) -> None:
        for name, value in (
            ("experimental_config", experimental_config),
            ("execution_trace_observer", execution_trace_observer),
        ):
            if value is not None:
                raise NotImplementedError(f"profile: {name} is not supported; leave it out")
        self.activities: set[ProfilerActivity] = _check_activities(activities, use_cuda)
        self.record_shapes: bool = bool(record_shapes)
        self.profile_memory: bool = bool(profile_memory)
        self.with_stack: bool = bool(with_stack)
        self.with_flops: bool = bool(with_flops)
        self.with_modules: bool = bool(with_modules)
        self.acc_events: bool = bool(acc_events)
        self.custom_trace_id_callback: Callable[[], str] | None = custom_trace_id_callback
        self._trace_id: str | None = None
        self._metadata: dict[str, Any] = {}
        self._events: list[Any] | None = None
        self._memory: list[MemoryChange] = []
        self._allocated: dict[str, int] = {}
        self._running = False
        self._simulated = False  # also what ops on the meta device would take beside their outputs
        self._scopes: Any = None

    def start(self) -> None:
        """Begins to record. RuntimeError while another profile records.

        >>> import weft
        >>> prof = weft.profiler.profile()
        >>> prof.start()
        >>> y = weft.ones(3).exp()
        >>> prof.stop()
        """
        self.start_trace()

    def stop(self) -> None:
        """Ends recording.

        >>> import weft
        >>> prof = weft.profiler.profile()
        >>> prof.start()
        >>> prof.stop()
        """
        self.stop_trace()

    def start_trace(self) -> None:
        """Begins a recording, whatever the schedule says.

        >>> import weft
        >>> prof = weft.profiler.profile()
        >>> prof.start_trace()
        >>> prof.stop_trace()
        """
        if self._running:
            raise RuntimeError("profiler: this profile records already; call stop() first")
        devices = ProfilerActivity.CUDA in self.activities and weft.cuda.is_available()
        options = (self.record_shapes, self.profile_memory, self.with_stack, self.with_flops, devices, self._simulated)
        allocated = {"cpu": weft.memory.allocated(), "meta": 0}
        if devices:
            for index in range(weft.cuda.device_count()):
                allocated[f"cuda:{index}"] = weft.cuda.memory_allocated(index)
        _C._profiler.start(*options, 1 << 20)
        self._allocated, self._running = allocated, True
        try:
            named = self.custom_trace_id_callback
            self._trace_id = named() if named else uuid.uuid4().hex
            if self.with_modules:
                from weft.profiler._modules import ModuleScopes

                self._scopes = ModuleScopes()
                self._scopes.start()
        except BaseException:  # no with block ends it, and it would be in the way of all others
            self.stop_trace()
            raise

    def __del__(self) -> None:
        if self.__dict__.get("_running"):
            with contextlib.suppress(Exception):  # at the end of the program
                self.stop_trace()

    def stop_trace(self) -> None:
        """Ends a recording, and keeps what it has.

        >>> import weft
        >>> prof = weft.profiler.profile()
        >>> prof.start_trace()
        >>> y = weft.ones(3).exp()
        >>> prof.stop_trace()
        >>> [event.name for event in prof.events()][-1]
        'exp'
        """
        if not self._running:
            return
        self._running = False
        if self._scopes is not None:
            self._scopes.stop()
            self._scopes = None
        _, _, threads = _C._profiler.stop()
        events, memory, lost = read_events(threads, ProfilerActivity.CPU not in self.activities)
        if lost:
            warnings.warn(
                f"profile: {lost} events, the oldest, are lost: a thread keeps at most {1 << 20} of them; "
                "record fewer steps, say with a schedule",
                stacklevel=3,
            )
        self._events = [*(self._events or []), *events] if self.acc_events else events
        self._memory = [*self._memory, *memory] if self.acc_events else memory

    def _recorded(self, what):
        if self._events is None:
            raise RuntimeError(
                f"profile.{what}: nothing has been recorded yet; call it after stop(), or in on_trace_ready"
            )
        return self._events

    def events(self) -> EventList:
        """What was recorded last, by begin: a list of :class:`FunctionEvent`. RuntimeError before the first recording.

        >>> import weft
        >>> with weft.profiler.profile() as prof:
        ...     y = weft.ones(3).exp()
        >>> "exp" in [event.name for event in prof.events()]
        True
        """
        return EventList(self._recorded("events"), self.profile_memory, self.with_flops)

    def key_averages(
        self, group_by_input_shape: bool = False, group_by_stack_n: int = 0, group_by_overload_name: bool = False
    ) -> EventList:
        """Averages of events of one name: a list with a ``table()``.

        Args:
            group_by_input_shape: tell input shapes apart (``record_shapes=True``).
            group_by_stack_n: tell so many lines of the stack apart (``with_stack=True``).
            group_by_overload_name: accepted; ops have one form.

        >>> import weft
        >>> with weft.profiler.profile() as prof:
        ...     y = weft.ones(3).exp().exp()
        >>> [e.count for e in prof.key_averages() if e.key == "exp"]
        [2]
        """
        return self.events().key_averages(group_by_input_shape, group_by_stack_n, group_by_overload_name)

    def export_chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Writes the recording for ``chrome://tracing``, Perfetto or TensorBoard.

        Args:
            path: the file; gzipped where it ends in ``.gz``.

        >>> import weft, json, os, tempfile
        >>> with weft.profiler.profile() as prof:
        ...     y = weft.ones(3).exp()
        >>> path = os.path.join(tempfile.mkdtemp(), "trace.json")
        >>> prof.export_chrome_trace(path)
        >>> "exp" in [event["name"] for event in json.load(open(path))["traceEvents"]]
        True
        """
        from weft.profiler._trace import write_chrome_trace

        metadata = {"traceName": os.fspath(path), "trace_id": self._trace_id, **self._metadata}
        write_chrome_trace(path, self._recorded("export_chrome_trace"), self._memory, metadata, self._allocated)

    def export_stacks(self, path: str | os.PathLike[str], metric: str = "self_cpu_time_total") -> None:
        """Writes the folded stacks of the program, from which tools draw flame graphs; see also
        :meth:`export_flame_graph`.

        Args:
            path: the file: a line for each stack, calls from the outermost in, and microseconds.
            metric: ``self_cpu_time_total`` or ``self_cuda_time_total``.

        Raises:
            RuntimeError: the profile was made without ``with_stack=True``.

        >>> import weft, os, tempfile
        >>> with weft.profiler.profile(with_stack=True) as prof:
        ...     y = weft.ones(300, 300).exp()
        >>> prof.export_stacks(os.path.join(tempfile.mkdtemp(), "stacks.txt"))
        """
        if not self.with_stack:
            raise RuntimeError("profile.export_stacks: stacks were not recorded; make the profile with with_stack=True")
        self.events().export_stacks(os.fspath(path), metric)

    def export_flame_graph(self, path: str | os.PathLike[str], metric: str = "self_cpu_time_total") -> None:
        """Draws where the time went: a file that needs no other. With ``with_stack=True`` by the calls of the program,
        else by scopes.

        Args:
            path: ends in ``.svg``, or in ``.html``, where a click on a frame zooms in; else ValueError.
            metric: ``self_cpu_time_total`` or ``self_cuda_time_total``; else ValueError.

        >>> import weft, os, tempfile
        >>> with weft.profiler.profile() as prof:
        ...     y = weft.ones(3).exp()
        >>> prof.export_flame_graph(os.path.join(tempfile.mkdtemp(), "flames.svg"))
        """
        from weft.profiler._flame import write_flame_graph

        events = self.events()
        if metric not in events.supported_export_stacks_metrics():
            raise ValueError(
                f"export_flame_graph: expected one of {events.supported_export_stacks_metrics()} as metric, "
                f"got {metric!r}"
            )
        write_flame_graph(path, events, metric.replace("cuda", "device"))

    def export_memory_timeline(self, path: str | os.PathLike[str], device: str | None = None) -> None:
        """Writes the memory in use over time by what it is for: from before, activations, gradients, optimizer state,
        temporary.

        Args:
            path: ends in ``.html`` (a drawing), ``.json`` or ``.json.gz`` ([times, bytes of each kind]), ``.raw.json``
                or ``.raw.json.gz`` (every change); else ValueError.
            device: by default the GPU if it was used, else ``"cpu"``.

        Raises:
            RuntimeError: the profile was made without ``profile_memory=True``.

        >>> import weft, os, tempfile
        >>> with weft.profiler.profile(profile_memory=True) as prof:
        ...     y = weft.ones(1000).exp()
        >>> prof.export_memory_timeline(os.path.join(tempfile.mkdtemp(), "memory.html"))
        """
        from weft.profiler._trace import write_memory_timeline

        self._recorded("export_memory_timeline")
        if not self.profile_memory:
            raise RuntimeError(
                "profile.export_memory_timeline: memory was not recorded; make the profile with profile_memory=True"
            )
        used = {change.device for change in self._memory}
        if device is None:
            device = min((name for name in used if name.startswith("cuda")), default="cpu")
        device = str(weft.device(device))
        device = f"{device}:0" if device == "cuda" else device
        write_memory_timeline(path, self._memory, device, self._allocated.get(device, 0))

    def toggle_collection_dynamic(self, enable: bool, activities: Iterable[ProfilerActivity]) -> None:
        """Not supported: use a schedule. Raises NotImplementedError.

        >>> import weft
        >>> weft.profiler.profile().toggle_collection_dynamic(False, [])
        Traceback (most recent call last):
        NotImplementedError: toggle_collection_dynamic: not supported; use a schedule, or start() and stop()
        """
        raise NotImplementedError("toggle_collection_dynamic: not supported; use a schedule, or start() and stop()")

    def add_metadata(self, key: str, value: str) -> None:
        """Adds a text to the trace file.

        >>> import weft
        >>> weft.profiler.profile().add_metadata("model", "resnet18")
        """
        self._metadata[key] = str(value)

    def add_metadata_json(self, key: str, value: str) -> None:
        """Adds what a JSON text says to the trace file; ValueError if it is none.

        >>> import weft
        >>> weft.profiler.profile().add_metadata_json("sizes", "[1, 2]")
        """
        self._metadata[key] = json.loads(value)

    preset_metadata_json = add_metadata_json

    def get_trace_id(self) -> str | None:
        """What names the recording; None before the first.

        >>> import weft
        >>> weft.profiler.profile().get_trace_id() is None
        True
        """
        return self._trace_id

    def __enter__(self: _Self) -> _Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()


class profile(_KinetoProfile):
    """Records what runs in a with block: ops, their gradients, scopes, steps of optimizers, waits for data, memory.

    Backward's events have the name of their node and the ``sequence_nr`` of the op they belong to. Functions of
    weft.jit appear as graphs with a step for each op or fused kernel. One profile records at a time, for all threads.

    Args:
        activities: of ProfilerActivity; by default all that the machine has.
        schedule: tells what to do at which step (:func:`schedule`); then :meth:`step` must be called after each.
            Default: record everything.
        on_trace_ready: called with the profile when a recording has ended.
        record_shapes: also the shapes and dtypes of inputs.
        profile_memory: also the memory that is taken and given back.
        with_stack: also the Python lines that lead to each op.
        with_flops: also floating point operations, of products, convolutions, attention and recurrent layers.
        with_modules: also a scope for each layer that runs.
        acc_events: keep the events of all cycles of the schedule, not only of the last.
        use_cuda: deprecated.
        custom_trace_id_callback: gives what names a recording.
        experimental_config, execution_trace_observer: not supported, NotImplementedError.

    >>> import weft
    >>> model = weft.nn.Linear(4, 2)
    >>> with weft.profiler.profile(record_shapes=True) as prof:
    ...     with weft.profiler.record_function("forward"):
    ...         loss = model(weft.ones(3, 4)).sum()
    ...     loss.backward()
    >>> {"forward", "linear", "LinearBackward0"} <= {event.key for event in prof.key_averages()}
    True
    """

    def __init__(
        self,
        *,
        activities: Iterable[ProfilerActivity] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[..., Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: None = None,
        execution_trace_observer: None = None,
        acc_events: bool = False,
        use_cuda: bool | None = None,
        custom_trace_id_callback: Callable[[], str] | None = None,
    ) -> None:
        super().__init__(
            activities=activities,
            record_shapes=record_shapes,
            profile_memory=profile_memory,
            with_stack=with_stack,
            with_flops=with_flops,
            with_modules=with_modules,
            experimental_config=experimental_config,
            execution_trace_observer=execution_trace_observer,
            acc_events=acc_events,
            use_cuda=use_cuda,
            custom_trace_id_callback=custom_trace_id_callback,
        )
        for name, value in (("schedule", schedule), ("on_trace_ready", on_trace_ready)):
            if value is not None and not callable(value):
                raise TypeError(f"profile: expected a function as {name}, got {value!r}")
        self.schedule: Callable[[int], ProfilerAction] | None = schedule
        self.on_trace_ready: Callable[..., Any] | None = on_trace_ready
        self.step_num: int = 0
        self.current_action: ProfilerAction = self._action()
        self._step_scope: record_function | None = None
        self._started = False

    def _action(self):
        if self.schedule is None:
            return ProfilerAction.RECORD
        action = self.schedule(self.step_num)
        if not isinstance(action, ProfilerAction):
            raise TypeError(
                f"profile: the schedule gave {action!r} for step {self.step_num}, expected a ProfilerAction"
            )
        return action

    def start(self) -> None:
        """Begins with the first step.

        >>> import weft
        >>> prof = weft.profiler.profile()
        >>> prof.start()
        >>> prof.stop()
        """
        self._move(None, self.current_action)
        self._started = True
        self._enter_step()

    def stop(self) -> None:
        """Ends recording; what is being recorded goes to on_trace_ready.

        >>> import weft
        >>> prof = weft.profiler.profile()
        >>> prof.start()
        >>> prof.stop()
        """
        self._leave_step()
        self._started = False
        self._move(self.current_action, None)

    def step(self) -> None:
        """Says that a step of the schedule has ended and the next one begins. Before start() and after stop() it warns.

        >>> import weft
        >>> ready = []
        >>> plan = weft.profiler.schedule(wait=1, warmup=0, active=1)
        >>> with weft.profiler.profile(schedule=plan, on_trace_ready=lambda p: ready.append(p.step_num)) as prof:
        ...     for _ in range(4):
        ...         y = weft.ones(3).exp()
        ...         prof.step()
        >>> ready
        [2, 4]
        """
        if not self._started:
            warnings.warn("profile.step: nothing is profiled before start() and after stop()", stacklevel=2)
            return
        self._leave_step()
        before = self.current_action
        self.step_num += 1
        self.current_action = self._action()
        self._move(before, self.current_action)
        self._enter_step()

    def _enter_step(self):
        if self.schedule is not None and self._running:
            self._step_scope = record_function(f"ProfilerStep#{self.step_num}")
            self._step_scope.__enter__()

    def _leave_step(self):
        scope, self._step_scope = self._step_scope, None
        if scope is not None:
            scope.__exit__()

    def _move(self, before, after):
        """From what one step asks for to what the next does; None: outside."""
        recording = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)
        if self._running and (before is ProfilerAction.RECORD_AND_SAVE or after not in recording):
            self.stop_trace()
            if after is not None and before is not ProfilerAction.RECORD_AND_SAVE:
                warnings.warn(
                    f"profile: the schedule ends a recording at step {self.step_num} without RECORD_AND_SAVE, so that "
                    "nobody gets it",
                    stacklevel=4,
                )
            elif self.on_trace_ready is not None:
                self.on_trace_ready(self)
        if after in recording and not self._running:
            self.start_trace()

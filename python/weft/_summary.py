"""weft.summary: the layers of a model, what they cost, and the memory that a step of training takes."""

from __future__ import annotations

import copy
import dataclasses
import html
import inspect

import weft
from weft import _C
from weft.profiler._profile import ProfilerActivity, _KinetoProfile
from weft.profiler._table import format_bytes, format_count

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from weft import Tensor
    from weft.nn import Module
    from weft.optim import Optimizer


@dataclasses.dataclass
class LayerSummary:
    """A call of a layer; what it contains counts as well. Memory in bytes.

    >>> import weft
    >>> weft.summary(weft.nn.Linear(4, 2), input_size=(3, 4)).layers[0].output_shapes
    [(3, 2)]
    """

    name: str
    kind: str
    depth: int
    input_shapes: list[tuple[int, ...]]
    output_shapes: list[tuple[int, ...]]
    parameters: int
    trainable_parameters: int
    flops: int
    output_bytes: int
    again: bool  # it was called before: its parameters have been counted


@dataclasses.dataclass
class Summary:
    """What :func:`summary` found; printed, and in notebooks, it is a table. Memory in bytes.

    ``activation_bytes``: what forward keeps for backward and its results. ``training_peak_bytes``: the most that is in
    use during a step of training, parameters, buffers, gradients, the optimizer's state and inputs included.
    ``exact``: that figure is the plan of a compiled step.

    >>> import weft
    >>> s = weft.summary(weft.nn.Linear(4, 2), input_size=(3, 4))
    >>> s.parameters, s.flops
    (10, 48)
    """

    layers: list[LayerSummary]
    parameters: int
    trainable_parameters: int
    parameter_bytes: int
    buffer_bytes: int
    input_bytes: int
    flops: int
    training_flops: int | None
    activation_bytes: int | None
    training_peak_bytes: int | None
    exact: bool
    depth: int
    note: str = ""

    def _rows(self):
        rows = []
        for layer in self.layers:
            if layer.depth > self.depth:
                continue
            shapes = ", ".join(map(str, layer.output_shapes)) or "--"
            count = "(again)" if layer.again else f"{layer.parameters:,}" if layer.parameters else "--"
            frozen = layer.parameters - layer.trainable_parameters
            name = f"{layer.kind}: {layer.name}" if layer.name else layer.kind
            rows.append(
                (
                    layer.depth,
                    name,
                    shapes,
                    count + (" (frozen)" if frozen and frozen == layer.parameters and not layer.again else ""),
                    format_count(layer.flops // 2) if layer.flops else "--",
                    format_bytes(layer.output_bytes) if layer.output_bytes else "--",
                )
            )
        return rows

    def _totals(self):
        frozen = self.parameters - self.trainable_parameters
        lines = [
            ("Parameters", f"{self.parameters:,} ({self.trainable_parameters:,} trainable, {frozen:,} frozen)"),
            ("Memory of parameters and buffers", format_bytes(self.parameter_bytes + self.buffer_bytes)),
            ("Memory of inputs", format_bytes(self.input_bytes)),
            ("Forward", f"{format_count(self.flops // 2)} multiply-adds, {format_count(self.flops)} flops"),
        ]
        if self.training_flops is not None:
            lines.append(("Forward and backward", f"{format_count(self.training_flops)} flops"))
        if self.activation_bytes is not None:
            lines.append(("Memory that backward needs", format_bytes(self.activation_bytes)))
        if self.training_peak_bytes is not None:
            how = "from the memory plan of the compiled step" if self.exact else "eager, simulated"
            lines.append(("Peak of a training step", f"{format_bytes(self.training_peak_bytes)} ({how})"))
        if self.note:
            lines.append(("Note", self.note))
        return lines

    _TITLES = ("Layer", "Output shape", "Parameters", "Mult-adds", "Output")

    def __str__(self) -> str:
        rows = [("  " * depth + name, *rest) for depth, name, *rest in self._rows()]
        size = [max(len(str(row[i])) for row in [self._TITLES, *rows]) for i in range(5)]
        rule = "=" * (sum(size) + 8)

        def line(row):
            cells = [f"{c:<{n}}" if i < 2 else f"{c:>{n}}" for i, (c, n) in enumerate(zip(row, size))]
            return "  ".join(cells).rstrip()

        totals = [f"{name}: {value}" for name, value in self._totals()]
        return "\n".join([rule, line(self._TITLES), rule, *map(line, rows), rule, *totals, rule])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cell = '<td style="text-align:{};padding:1px 10px;padding-left:{}px">{}</td>'
        lines = ["<tr>" + "".join(f"<th>{title}</th>" for title in self._TITLES) + "</tr>"]
        for depth, *row in self._rows():
            cells = [
                cell.format("left" if i < 2 else "right", 10 + 18 * depth * (i == 0), html.escape(str(text)))
                for i, text in enumerate(row)
            ]
            lines.append("<tr>" + "".join(cells) + "</tr>")
        totals = "".join(f"<li>{html.escape(name)}: {html.escape(value)}</li>" for name, value in self._totals())
        return f'<table style="border-collapse:collapse">{"".join(lines)}</table><ul>{totals}</ul>'


def _map(value, f):
    """The same structure with f(tensor) for each tensor."""
    if isinstance(value, weft.Tensor):
        return f(value)
    if isinstance(value, dict):
        return type(value)((key, _map(item, f)) for key, item in value.items()) if type(value) is dict else value
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_map(item, f) for item in value))
    if type(value) in (list, tuple):
        return type(value)(_map(item, f) for item in value)
    return value


def tensors_of(value: Any) -> list[Tensor]:
    """The tensors in containers, each once.

    >>> import weft
    >>> from weft._summary import tensors_of
    >>> len(tensors_of({"a": [weft.ones(1), weft.ones(2)]}))
    2
    """
    if isinstance(value, weft.Tensor):
        return [value]
    if isinstance(value, dict):
        return [t for item in value.values() for t in tensors_of(item)]
    if isinstance(value, (list, tuple)):
        return [t for item in value for t in tensors_of(item)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [t for field in dataclasses.fields(value) for t in tensors_of(getattr(value, field.name, None))]
    return []


def _on_meta(t):
    made = weft.empty_strided(t.shape, t.stride(), dtype=t.dtype, device="meta")
    return made.requires_grad_() if t.requires_grad else made


def _meta_copy(model):
    """A model like it whose tensors have shapes and no data; hooks, modes and attributes are copies."""
    memo: dict[int, Any] = {}

    def give(t):
        if id(t) in memo or t is None:
            return
        if hasattr(t, "materialize"):  # not yet of a shape: the copy gets it in its own forward
            memo[id(t)] = type(t)(t.requires_grad, device="meta", dtype=t.dtype)
            return
        made = weft.empty_strided(t.shape, t.stride(), dtype=t.dtype, device="meta")
        if isinstance(t, weft.nn.Parameter):
            made = weft.nn.Parameter(made, requires_grad=t.requires_grad)
        memo[id(t)] = made

    for module in model.modules():
        for group in (module._parameters, module._buffers, module.__dict__):
            for value in list(group.values()):
                if isinstance(value, weft.Tensor):
                    give(value)
    kept = [(module, module.__dict__.pop("forward")) for module in model.modules() if _is_jitted(module)]
    try:
        return copy.deepcopy(model, memo)
    except Exception as error:
        raise type(error)(f"summary: the model cannot be copied without its data: {error}") from error
    finally:
        for module, forward in kept:
            module.__dict__["forward"] = forward


def _is_jitted(module):
    return isinstance(module.__dict__.get("forward"), _C._Jit)


def _make_inputs(inputs, kwargs, input_size, dtypes):
    if input_size is None:
        if dtypes is not None:
            raise TypeError("summary: dtypes are those of input_size; given inputs have their own")
        if not inputs and not kwargs:
            raise ValueError("summary: give the model's inputs, or input_size=, the shape of one or a list of shapes")
        if len(inputs) == 1 and isinstance(inputs[0], (tuple, list)) and inputs[0]:
            if all(isinstance(n, int) for n in inputs[0]):
                raise TypeError(
                    f"summary: {tuple(inputs[0])} are numbers, not the model's inputs; a shape is input_size="
                    f"{tuple(inputs[0])}, batch included"
                )
        return _map(inputs, _on_meta), _map(kwargs, _on_meta)
    if inputs:
        raise ValueError("summary: give inputs or input_size, not both")
    sizes = [tuple(input_size)] if all(isinstance(n, int) for n in input_size) else [tuple(s) for s in input_size]
    for size in sizes:
        if not all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in size):
            raise ValueError(f"summary: expected input_size to be a shape or a list of shapes, got {input_size!r}")
    kinds = [weft.float32] * len(sizes) if dtypes is None else dtypes
    if not isinstance(kinds, (tuple, list)) or not all(isinstance(kind, weft.dtype) for kind in kinds):
        raise TypeError(f"summary: expected a list of dtypes, got {dtypes!r:.60}")
    if len(kinds) != len(sizes):
        raise ValueError(f"summary: got {len(sizes)} sizes but {len(kinds)} dtypes")
    made = [weft.empty(size, dtype=kind, device="meta") for size, kind in zip(sizes, kinds)]
    return tuple(made), _map(kwargs, _on_meta)


class _Recorder:
    """Notes each call of a module of the copy, and its place among the profile's scopes."""

    def __init__(self, model: Module) -> None:
        self.layers: list[LayerSummary] = []
        self._names = {module: name for name, module in model.named_modules()}
        self._seen: set[Any] = set()
        self._open: list[tuple[LayerSummary, int]] = []
        self._handles = []
        for module in self._names:
            self._handles.append(module.register_forward_pre_hook(self._before, with_kwargs=True))
            self._handles.append(module.register_forward_hook(self._after))

    def _before(self, module, args, kwargs):
        name = self._names[module]
        params = list({id(p): p for p in module.parameters() if not hasattr(p, "materialize")}.values())
        layer = LayerSummary(
            name.rpartition(".")[2] if self._open else name,
            type(module).__name__,
            len(self._open),
            [tuple(t.shape) for t in tensors_of([args, kwargs])],
            [],
            sum(p.numel() for p in params),
            sum(p.numel() for p in params if p.requires_grad),
            0,
            0,
            module in self._seen,
        )
        self._seen.add(module)
        self._open.append((layer, _C._profiler.begin("module", f"layer {len(self.layers)}")))
        self.layers.append(layer)

    def _after(self, module, args, output):
        layer, scope = self._open.pop()
        _C._profiler.end(scope)
        tensors = tensors_of(output)
        layer.output_shapes = [tuple(t.shape) for t in tensors]
        layer.output_bytes = sum(t.nbytes for t in tensors)
        own = [p for p in module.parameters() if not hasattr(p, "materialize")]  # lazy ones have their shapes now
        layer.parameters = sum(p.numel() for p in own)
        layer.trainable_parameters = sum(p.numel() for p in own if p.requires_grad)

    def remove(self) -> None:
        """Takes the hooks away."""
        for handle in self._handles:
            handle.remove()


def _simulation(flops, memory):
    prof = _KinetoProfile(activities=[ProfilerActivity.CPU], with_flops=flops, profile_memory=memory)
    prof._simulated = memory
    return prof


def _total_flops(event):
    return event.flops + sum(_total_flops(child) for child in event.cpu_children)


def _run_layers(model, args, kwargs):
    recorder = _Recorder(model)
    try:
        with weft.no_grad(), _simulation(True, False) as prof:
            model(*args, **kwargs)
    finally:
        recorder.remove()
    scopes = {event.name: event for event in prof.events() if event.kind == "module"}
    for number, layer in enumerate(recorder.layers):
        layer.flops = _total_flops(scopes[f"layer {number}"])
    return recorder.layers


def _sum_of(output):
    """A number that depends on all results: the simplest loss."""
    found = [t for t in tensors_of(output) if (t.is_floating_point() or t.is_complex()) and t.requires_grad]
    if not found:
        raise RuntimeError("no result of the model requires grad")
    losses = [(weft.view_as_real(t) if t.is_complex() else t).sum() for t in found]
    total = losses[0]
    for loss in losses[1:]:
        total = total + loss
    return total


def _simulate_training(model, args, kwargs, loss_of, optimizer):
    """(flops, bytes that forward leaves for backward, most bytes in use) of the second step."""
    model.train()
    params = [p for p in model.parameters() if p.requires_grad]
    own = None
    if optimizer is not None:
        kind, options = (optimizer, {}) if isinstance(optimizer, type) else (type(optimizer), dict(optimizer.defaults))
        known = inspect.signature(kind).parameters  # what it adds to its defaults itself is no option
        options = {name: value for name, value in options.items() if name in known}
        if "lr" in known and known["lr"].default is inspect.Parameter.empty:
            options.setdefault("lr", 0.01)
        own = kind(params, **options)

    def forward():
        for p in params:
            p.grad = None
        return loss_of(model(*args, **kwargs))

    def backward(loss):
        loss.backward()
        del loss
        if own is not None:
            own.step()

    backward(forward())
    held = {id(t): t for t in [*model.parameters(), *model.buffers(), *tensors_of([args, kwargs])]}
    if own is not None:
        held |= {id(t): t for state in own.state.values() for t in tensors_of(state)}
    held |= {id(p.grad): p.grad for p in params if p.grad is not None}
    before = sum(t.nbytes for t in held.values())
    held.clear()
    with _simulation(True, True) as prof:
        loss = forward()
        with weft.profiler.record_function("after forward"):
            pass
        backward(loss)
        del loss
    now = peak = forward_end = before
    marks = [e.time_range.start for e in prof.events() if e.name == "after forward"]
    grads = sum(p.grad.nbytes for p in params if p.grad is not None)
    for change in prof._memory:
        if change.device.startswith("cpu"):
            continue
        now += change.bytes
        peak = max(peak, now)
        if change.time <= marks[0]:
            forward_end = now
    flops = sum(event.flops for event in prof.events())
    return flops, forward_end - (before - grads), peak


def _planned_peak(step, args, kwargs):
    """Of a compiled step: what its plan takes beside what is in use, without the old gradients that it drops first."""
    compiled = step._compiled_for(args, kwargs)
    forward = compiled.peak_bytes(False)
    backward = compiled.peak_bytes(True) if compiled.num_steps(True) else 0
    taken = max(forward, compiled.result_bytes(False) + backward if backward else 0)
    return taken - compiled.old_gradient_bytes(step._argument_tensors(*args, **kwargs))


def summary(
    model: Module,
    *inputs: Any,
    input_size: Sequence[int] | Sequence[Sequence[int]] | None = None,
    dtypes: Sequence[weft.dtype] | None = None,
    depth: int = 3,
    loss: Callable[[Any], Tensor] | None = None,
    optimizer: Optimizer | type[Optimizer] | None = None,
    step: Callable[..., Any] | None = None,
    step_args: Sequence[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
) -> Summary:
    """The layers of a model: shapes, parameters, multiply-adds, memory, and the peak of a training step.

    It runs a copy of the model that has shapes and no data: nothing is computed, and parameters, buffers, modes, random
    numbers and ``.grad`` stay as they are. Flops are those of products, convolutions, attention and recurrent layers,
    two for a multiplication and an addition.

    Args:
        model: a Module; else TypeError.
        inputs: what it is called with; tensors, of any device, or containers of them.
        input_size: instead of inputs: the shape of the one input, or a list of shapes.
        dtypes: of these inputs; by default float32.
        depth: how many levels of nested layers the table shows.
        loss: from the model's result to a scalar, for the simulated step of training; by default the sum.
        optimizer: whose state counts in: an Optimizer, or its class.
        step: a training step that weft.jit compiled: its peak is exact, from its memory plan.
        step_args: what step is called with; by default the inputs.
        kwargs: keyword arguments of the model.

    Raises:
        ValueError: no inputs, or both inputs and input_size.
        RuntimeError: the model asks for values of tensors, which are not known.

    >>> import weft
    >>> model = weft.nn.Sequential(weft.nn.Linear(4, 8), weft.nn.ReLU(), weft.nn.Linear(8, 2))
    >>> s = weft.summary(model, input_size=(3, 4))
    >>> s.parameters, s.flops, s.layers[1].output_shapes
    (58, 288, [(3, 8)])
    """
    if not isinstance(model, weft.nn.Module):
        raise TypeError(f"summary: expected a Module as model, got {type(model).__name__}")
    if isinstance(depth, bool) or not isinstance(depth, int) or depth < 0:
        raise ValueError(f"summary: expected depth to be an int of at least 0, got {depth!r}")
    if loss is not None and not callable(loss):
        raise TypeError(f"summary: expected a function as loss, got {type(loss).__name__}")
    if not (optimizer is None or isinstance(optimizer, weft.optim.Optimizer)):
        if not (isinstance(optimizer, type) and issubclass(optimizer, weft.optim.Optimizer)):
            raise TypeError(f"summary: expected an Optimizer or its class as optimizer, got {optimizer!r:.60}")
    if step_args is not None and (step is None or not isinstance(step_args, (tuple, list))):
        raise TypeError(f"summary: expected a tuple as step_args, beside step, got {type(step_args).__name__}")
    if step is not None and not isinstance(step, _C._Jit):
        raise TypeError(f"summary: expected step to be a function that weft.jit compiled, got {type(step).__name__}")
    args, named = _make_inputs(inputs, dict(kwargs or {}), input_size, dtypes)
    generator = weft.get_rng_state()
    try:
        twin = _meta_copy(model)
        try:
            layers = _run_layers(twin, args, named)
        except Exception as error:
            if error.args and isinstance(error.args[0], str):
                error.args = (f"summary: {error.args[0]}", *error.args[1:])
            raise
        params = {id(p): p for p in twin.parameters()}.values()
        note, flops, activations, peak = "", None, None, None
        try:
            flops, activations, peak = _simulate_training(twin, args, named, loss or _sum_of, optimizer)
        except Exception as error:
            note = f"no step of training could be simulated: {error}"
    finally:
        weft.set_rng_state(generator)
    if step is not None:
        held = {id(t): t for t in [*model.parameters(), *model.buffers()]}
        held |= {id(p.grad): p.grad for p in model.parameters() if p.grad is not None}
        given = tuple(step_args) if step_args is not None else inputs
        held |= {id(t): t for t in tensors_of([given, dict(kwargs or {}) if step_args is None else {}])}
        if isinstance(optimizer, weft.optim.Optimizer):
            held |= {id(t): t for state in optimizer.state.values() for t in tensors_of(state)}
        peak = sum(t.nbytes for t in held.values()) + _planned_peak(
            step, given, dict(kwargs or {}) if step_args is None else {}
        )
        note = ""
    return Summary(
        layers,
        sum(p.numel() for p in params),
        sum(p.numel() for p in params if p.requires_grad),
        sum(p.nbytes for p in params),
        sum(b.nbytes for b in {id(b): b for b in twin.buffers()}.values()),
        sum(t.nbytes for t in tensors_of([args, named])),
        layers[0].flops if layers else 0,
        flops,
        activations,
        peak,
        step is not None,
        depth,
        note,
    )

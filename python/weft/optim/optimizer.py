"""Optimizer: the base of all optimisers. Parameter groups, their options, the state of each parameter."""

from __future__ import annotations

import collections
import copy
import sys
import weakref

import weft
from weft import _C, _jit_state
from weft._checks import (
    check_entries,
    check_flags,
    check_instances,
    check_mapping,
    check_numbers,
    is_differentiable,
)
from weft._missing import name_missing_members
from weft.nn.conversion import zero_gradients

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias, TypeVar

    from weft import Tensor

    _Self = TypeVar("_Self", bound="Optimizer")
    Params: TypeAlias = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]


class Optimizer:
    """Base class: parameter groups with options, a state for every parameter, saving and loading of both.

    A subclass defines ``step``, and hands its options to this constructor as ``defaults``.

    Args:
        params: an iterable of parameters, of (name, parameter) pairs, or of dicts with a "params" entry and the options
            of that group.
        defaults: the options of groups that do not name them.

    Raises:
        TypeError: params is a single tensor, or holds what is no tensor.
        ValueError: there are no parameters, one occurs twice or is no leaf, or an option is out of range.

    >>> import weft
    >>> layer = weft.nn.Linear(2, 2)
    >>> opt = weft.optim.SGD([{"params": [layer.weight], "lr": 0.1}, {"params": [layer.bias]}], lr=0.01)
    >>> [group["lr"] for group in opt.param_groups]
    [0.1, 0.01]
    """

    def __new__(cls: type[_Self], *args: Any, **kwargs: Any) -> _Self:
        self = super().__new__(cls)
        self._made_in = _C._trace_number()
        _jit_state.optimizers.add(self)
        return self

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self.defaults: dict[str, Any] = defaults
        self.state: collections.defaultdict[Tensor, dict[str, Any]] = collections.defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._plans = {}  # what step() has worked out about the parameters of each group
        if isinstance(params, weft.Tensor):
            raise TypeError(
                f"{type(self).__name__}: params must be an iterable of tensors or dicts, not a single tensor"
            )
        groups = list(params)
        if not groups:
            raise ValueError(f"{type(self).__name__}: got an empty list of parameters")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds a group of parameters; options that it does not name are the defaults.

        Args:
            param_group: a dict with "params", one parameter or an iterable of them, and any options.

        Raises:
            TypeError: it is no dict, or its parameters are a set or no tensors. Nothing is added then, nor below.
            ValueError: "params" is missing, a parameter is no leaf or in a group already, or an option is out of range.

        >>> import weft
        >>> body, head = weft.nn.Linear(2, 2), weft.nn.Linear(2, 1)
        >>> opt = weft.optim.SGD(body.parameters(), lr=0.1)
        >>> opt.add_param_group({"params": head.parameters(), "lr": 0.5})
        >>> [group["lr"] for group in opt.param_groups]
        [0.1, 0.5]
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"add_param_group: expected a dict, got {type(param_group).__name__}")
        group = dict(param_group)
        if "params" not in group:
            raise ValueError(f"add_param_group: a group needs its parameters under 'params'; got {list(group)}")
        params = group["params"]
        if isinstance(params, set):
            raise TypeError("add_param_group: parameters must have an order, but a set has none; give a list")
        params = [params] if isinstance(params, weft.Tensor) else list(params)
        if params and all(isinstance(p, tuple) for p in params):
            group["param_names"] = [name for name, _ in params]
            params = [parameter for _, parameter in params]
        used = {id(p) for other in self.param_groups for p in other["params"]}
        for parameter in params:
            if not isinstance(parameter, weft.Tensor):
                raise TypeError(f"add_param_group: can only optimise tensors, got {type(parameter).__name__}")
            if not parameter.is_leaf:
                raise ValueError(
                    "add_param_group: can only optimise leaf tensors, this one is the result of an operation"
                )
            if id(parameter) in used:
                raise ValueError("add_param_group: a parameter appears more than once in the optimizer's groups")
            used.add(id(parameter))
        group["params"] = params
        for name, default in self.defaults.items():
            group.setdefault(name, default)
        self._check_options(group)
        self.param_groups.append(group)

    def _check_options(self, group: dict[str, Any]) -> None:
        """Raises ValueError for options out of range."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drops the gradients of all parameters, or fills them with zeros.

        Args:
            set_to_none: True (the default) sets ``grad`` to None, which frees its memory; False fills it with zeros in
                place.

        >>> import weft
        >>> p = weft.nn.Parameter(weft.ones(2))
        >>> opt = weft.optim.SGD([p], lr=0.1)
        >>> p.sum().backward()
        >>> opt.zero_grad()
        >>> p.grad is None
        True
        """
        zero_gradients([p for group in self.param_groups for p in group["params"]], set_to_none)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Changes the parameters in place by their gradients; parameters without a gradient stay as they are.

        Args:
            closure: a function that computes the loss and its gradients anew and returns the loss; it runs first, with
                grad mode on.

        Returns what the closure returned, None without one. Raises NotImplementedError in this base class.

        >>> import weft
        >>> p = weft.nn.Parameter(weft.tensor([1.0]))
        >>> opt = weft.optim.SGD([p], lr=0.5)
        >>> def closure():
        ...     opt.zero_grad()
        ...     loss = (p * p).sum()
        ...     loss.backward()
        ...     return loss
        >>> opt.step(closure).item(), p.tolist()
        (1.0, [0.0])
        """
        raise NotImplementedError(f"{type(self).__name__} does not define step()")

    def _run_closure(self, closure):
        if closure is None:
            return None
        with weft.enable_grad():
            return closure()

    def _plan(self, key, group, make):
        """(plan, gradients): the runs of the group's parameters that have a gradient; kept while they still hold."""
        known = self._plans.get(key)
        if known is not None:
            runs, its_params = known
            grads = _C._gradients_of(group["params"], its_params)
            if grads is not None:
                for run in runs:
                    if not run.is_current(self.state):
                        break
                else:
                    return runs, grads
        if _C._is_tracing():
            _jit_state.touch(self)
        params, grads = [], []
        for parameter in group["params"]:
            grad = parameter.grad
            if grad is not None:
                params.append(parameter)
                grads.append(grad)
        with _C._OutsideTrace():  # state that is made now is there for good
            runs = make(params, group)
        self._plans[key] = (runs, params)
        return runs, grads

    def _step(self, plans, call, trace):
        """Takes the step of all groups, or none of it: plans holds (key, group's number, runs, gradients).

        call(function, number, run, grads) calls one of the two functions of the optimizer's kind: 0 takes the step of
        a run, 1 checks it and takes its memory only. trace(number, run, grads) records it for weft.jit.
        """
        calls = []
        for _, number, runs, grads in plans:
            if len(runs) == 1:
                calls.append((number, runs[0], grads))
            else:
                calls.extend((number, run, [grads[i] for i in run.places]) for run in runs)
        if _C._is_tracing():
            _jit_state.touch(self)
            self._refuse_if_made_in_trace()
            for number, run, grads in calls:
                trace(number, run, grads)
            return
        try:
            if len(calls) == 1:
                call(0, *calls[0])
            else:
                _C._run_steps([call(1, *run) for run in calls])
        except BaseException:
            for key, _, runs, _ in plans:
                if any(run.fresh for run in runs):
                    self._plans.pop(key, None)  # with the state that no parameter has got
            raise
        for _, run, _ in calls:
            count_step(run.advance)

    def _refuse_if_made_in_trace(self):
        if self._made_in == _C._trace_number():
            raise RuntimeError(
                f"jit: {type(self).__name__}.step: this optimizer was made in the jitted function. There would be one "
                "for all calls, with a state that goes on. Make it outside of the function"
            )

    def state_dict(self) -> dict[str, Any]:
        """The state and the options as {"state": {index: ...}, "param_groups": [...]}; parameters become indices.

        The tensors are the optimizer's own, not copies.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.ones(2))], lr=0.1)
        >>> saved = opt.state_dict()
        >>> saved["state"], saved["param_groups"][0]["lr"], saved["param_groups"][0]["params"]
        ({}, 0.1, [0])
        """
        index_of, groups = {}, []
        for group in self.param_groups:
            for parameter in group["params"]:
                index_of.setdefault(id(parameter), len(index_of))
            options = {name: value for name, value in group.items() if name != "params"}
            groups.append({**options, "params": [index_of[id(parameter)] for parameter in group["params"]]})
        state = {index_of.get(id(key), key): dict(value) for key, value in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over state and options that :meth:`state_dict` gave; after an error nothing has changed.

        Tensors are copied, and converted to the dtype and device of their parameter where both are floating.

        Args:
            state_dict: of an optimizer whose groups have as many parameters, in the same order.

        Raises:
            TypeError: it is no state dict.
            ValueError: the groups or shapes do not fit, or entries are missing.

        >>> import weft
        >>> old = weft.optim.SGD([weft.nn.Parameter(weft.ones(2))], lr=0.1)
        >>> new = weft.optim.SGD([weft.nn.Parameter(weft.ones(2))], lr=0.5)
        >>> new.load_state_dict(old.state_dict())
        >>> new.param_groups[0]["lr"]
        0.1
        """
        check_mapping("load_state_dict", state_dict=state_dict)
        check_entries("load_state_dict: the state dict", state_dict, "state", "param_groups")
        groups, saved = self.param_groups, state_dict["param_groups"]
        check_mapping("load_state_dict", state=state_dict["state"])
        check_instances((list, tuple), "load_state_dict", param_groups=saved)
        for other in saved:
            check_mapping("load_state_dict", **{"a group": other})
            check_entries("load_state_dict: a group of the state dict", other, "params")
        if len(groups) != len(saved):
            raise ValueError(
                f"load_state_dict: the optimizer has {len(groups)} parameter groups, the state dict {len(saved)}"
            )
        for i, (group, other) in enumerate(zip(groups, saved)):
            if len(group["params"]) != len(other["params"]):
                raise ValueError(
                    f"load_state_dict: group {i} has {len(group['params'])} parameters, "
                    f"the state dict {len(other['params'])}"
                )
        indices = [index for other in saved for index in other["params"]]
        parameter_of = dict(zip(indices, (p for group in groups for p in group["params"])))
        state = collections.defaultdict(dict)
        for key, value in state_dict["state"].items():
            parameter = parameter_of.get(key)
            if parameter is None:
                state[key] = copy.deepcopy(value)
            else:
                state[parameter] = self._load_parameter_state(key, parameter, value)
        new_groups = []
        for group, other in zip(groups, saved):
            options = {name: copy.deepcopy(value) for name, value in other.items() if name != "params"}
            new_groups.append({**options, "params": group["params"]})
        for group in new_groups:
            for name, default in self.defaults.items():
                group.setdefault(name, default)
            self._check_options(group)
        self.state, self.param_groups, self._plans = state, new_groups, {}

    def _load_parameter_state(self, key, parameter, values):
        loaded = {}
        for name, value in values.items():
            if name == "step":
                loaded[name] = float(value)
            elif isinstance(value, weft.Tensor):
                if value.dim() and tuple(value.shape) != tuple(parameter.shape):
                    raise ValueError(
                        f"load_state_dict: {name} of parameter {key} has shape {tuple(value.shape)}, "
                        f"the parameter {tuple(parameter.shape)}"
                    )
                alike = is_differentiable(value) and parameter.is_complex() == value.is_complex()
                dtype = parameter.dtype if alike else value.dtype
                loaded[name] = value.detach().to(device=parameter.device, dtype=dtype, copy=True)
            else:
                loaded[name] = copy.deepcopy(value)
        return loaded

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_made_in"} | {"_plans": {}}

    def __repr__(self) -> str:
        lines = []
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return f"{type(self).__name__} (\n" + "\n".join(lines) + "\n)"


def check_option_types(kind: str, group: dict[str, Any], flags: Iterable[str], numbers: Iterable[str]) -> None:
    """TypeError for options of a group that are no flags (bool or None) or no numbers."""
    check_flags(kind, **{name: group[name] for name in flags})
    for name in numbers:
        if not isinstance(group[name], weft.Tensor) or group[name].numel() != 1:
            check_numbers(kind, **{name: group[name]})


def check_range(kind: str, name: str, value: Any, low: float, high: float | None = None) -> None:
    """ValueError unless low <= value (< high)."""
    if not low <= value or (high is not None and not value < high):
        wanted = f"at least {low}" if high is None else f"in [{low}, {high})"
        raise ValueError(f"{kind}: {name} must be {wanted}, got {value}")


class StepRun:
    """Parameters that one call of a fused step handles, and their state: a column of tensors for each of its names.

    State that a parameter does not have yet is kept in ``fresh`` until the first step was taken.
    """

    params: list[Tensor]
    places: list[int]
    entries: list[dict[str, Any]]
    seen_names: tuple[str, ...]
    seen: list[list[Any]]

    def __init__(self, optimizer: Optimizer, names: Iterable[str], step: float | None = None) -> None:
        self.optimizer: weakref.ref[Optimizer] = weakref.ref(optimizer)
        self.state: dict[Tensor, dict[str, Any]] = optimizer.state
        self.names: tuple[str, ...] = tuple(names)
        self.step: float | None = step  # steps taken so far; None where nobody counts
        self.params, self.places = [], []  # places: where their gradients are in the group's list
        self.columns: list[list[Any]] = [[] for _ in names]
        self.fresh: list[tuple[Tensor, dict[str, Any]]] = []  # (parameter, what its entry of the state will get)
        self.entries, self.seen_names, self.seen = [], (), []  # the entries, and what is_current() compares with them
        self.traced: tuple[int, int] = (0, 0)  # number of the last trace, and how many steps it has recorded
        _jit_state.runs.add(self)

    def add(self, param: Tensor, place: int, tensors: dict[str, Any], fresh: dict[str, Any]) -> None:
        """Adds a parameter with its tensors by name; fresh says which of those its state does not have yet."""
        self.params.append(param)
        self.places.append(place)
        for name, column in zip(self.names, self.columns):
            column.append(tensors[name])
        if fresh:
            self.fresh.append((param, fresh))

    def seal(self) -> StepRun:
        """Called when all parameters are there; returns the run."""
        if not self.fresh and (self.names or self.step is not None):
            self.entries = [self.state[p] for p in self.params]
            self.seen_names, self.seen = self.names, self.columns
            if self.step is not None:
                self.seen_names += ("step",)
                self.seen = [*self.columns, [entry.get("step") for entry in self.entries]]
        return self

    def is_current(self, state: dict[Tensor, dict[str, Any]]) -> bool:
        """Is the optimizer's state, which is given, what this run was made of?"""
        if state is not self.state:
            return False
        if self.fresh:
            return all(self.state.get(p, {}).get(name) is None for p, fresh in self.fresh for name in fresh)
        if not self.entries:
            return True
        return _C._state_is(self.state, self.params, self.entries, self.seen_names, self.seen)

    def advance(self) -> None:
        """Counts a step that was taken; after the first one the new state becomes the parameters'."""
        if self.step is not None:
            self.step += 1.0
        if self.fresh:
            for p, fresh in self.fresh:
                self.state[p].update(fresh)
            self.fresh = []
            self.seal()
        if self.step is not None:
            for entry in self.entries:
                entry["step"] = self.step
            self.seen[-1] = [self.step] * len(self.entries)

    def trace(self, record: Callable[[Tensor], Any], numbers: Callable[[int], Iterable[Any]]) -> None:
        """Records a step while weft.jit traces: record(cell) with a cell of the numbers that each call reads anew.

        numbers(ahead) gives them for a step before which the call takes ``ahead`` others.
        """
        trace = _C._trace_number()
        ahead = self.traced[1] if self.traced[0] == trace else 0
        self.traced = (trace, ahead + 1)

        def current():
            return [float(x) for x in numbers(ahead)]

        with _C._OutsideTrace():
            cell = weft.tensor(current(), dtype=weft.float64, device="cpu")
        _jit_state.number_cells[id(cell)] = cell
        record(cell)
        _C._around_calls(lambda: _C._set_numbers(cell, current()), self.advance)
        _C._watch_condition(self._reason_to_retrace)

    def _reason_to_retrace(self):
        optimizer = self.optimizer()
        same = optimizer is not None and self.is_current(optimizer.state)
        return "" if same else "the state of an optimizer changed"


def count_step(advance: Callable[[], None]) -> None:
    """Calls advance() once for the step that was just taken; while a graph is recorded, once for each of its runs."""
    graphs = sys.modules.get("weft.cuda.graphs")
    graph = graphs.current_graph() if graphs else None
    if graph is None:
        advance()
    else:
        graph.on_replay(advance)


name_missing_members(Optimizer, "torch.optim.Optimizer")

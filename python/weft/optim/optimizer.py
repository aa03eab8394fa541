"""Optimizer: the base of all optimisers. Parameter groups, their options, the state of each parameter."""

from __future__ import annotations

import collections
import copy
import functools
import sys
import warnings
import weakref

import weft
from weft import _C, _jit_state
from weft._checks import (
    check_callables,
    check_entries,
    check_flags,
    check_instances,
    check_mapping,
    check_numbers,
    is_differentiable,
)
from weft._keywords import NamesKeywords, nearest
from weft._missing import name_missing_members
from weft.nn.conversion import zero_gradients
from weft.nn.hooks import HookHandle

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias, TypeVar

    from weft import Tensor

    _Self = TypeVar("_Self", bound="Optimizer")
    Params: TypeAlias = Iterable[Tensor] | Iterable[dict[str, Any]] | Iterable[tuple[str, Tensor]]


_global_hooks: dict[int, tuple[str, Any]] = {}  # of the steps of all optimizers: id -> (kind, hook)


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> HookHandle:
    """Has ``hook(optimizer, args, kwargs)`` called before each step of any optimizer; see
    :meth:`Optimizer.register_step_pre_hook`.

    >>> import weft
    >>> handle = weft.optim.optimizer.register_optimizer_step_pre_hook(lambda opt, *_: print(type(opt).__name__))
    >>> weft.optim.SGD([weft.nn.Parameter(weft.ones(2))], lr=0.1).step()
    SGD
    >>> handle.remove()
    """
    return HookHandle(_global_hooks, ("step_pre", hook))


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> HookHandle:
    """Has ``hook(optimizer, args, kwargs)`` called after each step of any optimizer.

    >>> import weft
    >>> handle = weft.optim.optimizer.register_optimizer_step_post_hook(lambda opt, *_: print(type(opt).__name__))
    >>> weft.optim.SGD([weft.nn.Parameter(weft.ones(2))], lr=0.1).step()
    SGD
    >>> handle.remove()
    """
    return HookHandle(_global_hooks, ("step_post", hook))


def _with_step_hooks(step):
    """A step() that calls the hooks around it; that of a class whose step calls its parent's only once."""

    def call(self, *args, **kwargs):
        if not (self._hooks or _global_hooks) or self.__dict__.get("_in_step"):
            return step(self, *args, **kwargs)
        self._in_step, args = True, (self, *args)
        try:
            for kind, hook in [*_global_hooks.values(), *self._hooks.values()]:
                changed = hook(self, args, kwargs) if kind == "step_pre" else None
                if changed is not None:
                    if not isinstance(changed, tuple) or len(changed) != 2:
                        raise RuntimeError(
                            f"{type(self).__name__}: a hook before a step must return None or (args, kwargs), "
                            f"got {changed!r:.60}"
                        )
                    args, kwargs = changed
            result = step(*args, **kwargs)
            for kind, hook in [*self._hooks.values(), *_global_hooks.values()]:
                if kind == "step_post":
                    hook(self, args, kwargs)
        finally:
            del self._in_step
        return result

    @functools.wraps(step)
    def wrapped(self, *args, **kwargs):
        self._stepped = True
        if not _C._profiler.is_on():
            return call(self, *args, **kwargs)
        scope = _C._profiler.begin("optimizer", f"Optimizer.step#{type(self).__name__}.step")
        try:
            return call(self, *args, **kwargs)
        finally:
            _C._profiler.end(scope)

    return wrapped


def _without_twins(params, group):
    """The parameters of a group, each once."""
    first = {id(parameter): i for i, parameter in reversed(list(enumerate(params)))}
    if len(first) == len(params):
        return params
    warnings.warn(
        f"add_param_group: {len(params) - len(first)} parameters appear more than once in their group; they are taken "
        "once, so that a step changes them once",
        stacklevel=5,
    )
    kept = sorted(first.values())
    if "param_names" in group:
        group["param_names"] = [group["param_names"][i] for i in kept]
    return [params[i] for i in kept]


class Optimizer(NamesKeywords):
    """Base class: parameter groups with options, a state for every parameter, saving and loading of both.

    A subclass defines ``step``, and hands its options to this constructor as ``defaults``.

    Args:
        params: an iterable of parameters, of (name, parameter) pairs, or of dicts with a "params" entry and the options
            of that group.
        defaults: the options of groups that do not name them.

    Raises:
        TypeError: params is a single tensor, or holds what is no tensor.
        ValueError: there are no parameters, one is in two groups or is no leaf, some have names and others do not, or
            an option is out of range.

    >>> import weft
    >>> layer = weft.nn.Linear(2, 2)
    >>> opt = weft.optim.SGD([{"params": [layer.weight], "lr": 0.1}, {"params": [layer.bias]}], lr=0.01)
    >>> [group["lr"] for group in opt.param_groups]
    [0.1, 0.01]
    """

    # What the state of each parameter counts beside its tensors, and where that starts.
    _counters: dict[str, float] = {"step": 0.0}
    _stepped = False  # has it taken a step? Schedules ask

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _with_step_hooks(cls.__dict__["step"])

    def __new__(cls: type[_Self], *args: Any, **kwargs: Any) -> _Self:
        self = super().__new__(cls, *args, **kwargs)
        self._made_in = _C._trace_number()
        self._hooks = {}  # id -> (kind, hook)
        _jit_state.optimizers.add(self)
        return self

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self.defaults: dict[str, Any] = defaults
        self.state: collections.defaultdict[Tensor, dict[str, Any]] = collections.defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        self._plans = {}  # what step() has worked out about the parameters of each group
        self._check_options(defaults)
        if isinstance(params, weft.Tensor) or not hasattr(params, "__iter__"):
            raise TypeError(
                f"{type(self).__name__}: params must be an iterable of tensors or dicts, not a single "
                f"{type(params).__name__}"
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
            ValueError: "params" is missing, a parameter is in a group already or, without differentiable=True, no leaf,
                some have names and others do not, or an option is out of range.

        A parameter that appears twice in the group is taken once, with a warning.

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
        named = [isinstance(p, tuple) for p in params]
        if params and all(named):
            group["param_names"] = [name for name, _ in params]
            params = [parameter for _, parameter in params]
        elif any(named):
            raise ValueError("add_param_group: either all parameters have names or none; give (name, parameter) pairs")
        if self.param_groups and ("param_names" in group) != ("param_names" in self.param_groups[0]):
            raise ValueError("add_param_group: either the parameters of all groups have names or none")
        used = {id(p) for other in self.param_groups for p in other["params"]}
        recorded = group.get("differentiable", self.defaults.get("differentiable"))  # a recorded step needs no leaves
        for parameter in params:
            if not isinstance(parameter, weft.Tensor):
                raise TypeError(f"add_param_group: can only optimise tensors, got {type(parameter).__name__}")
            if not (parameter.is_leaf or recorded):
                raise ValueError(
                    "add_param_group: can only optimise leaf tensors, this one is the result of an operation"
                )
            if id(parameter) in used:
                raise ValueError("add_param_group: a parameter is in another group of the optimizer already")
        group["params"] = _without_twins(params, group)
        self._warn_of_misspelt(group)
        for name, default in self.defaults.items():
            group.setdefault(name, default)
        self._check_options(group)
        self.param_groups.append(group)

    def _warn_of_misspelt(self, group):
        """Programs may keep what they like with their groups; but not under nearly the name of an option that lacks."""
        for name in group:
            left = [option for option in self.defaults if option not in group]
            hint = nearest(str(name), left, 0.8) if name not in self.defaults and name != "params" else ""
            if hint.startswith("did"):
                warnings.warn(f"add_param_group: {type(self).__name__} has no option {name!r}; {hint}", stacklevel=4)

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

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Has ``hook(optimizer, args, kwargs)`` called before each step; it may return other (args, kwargs).

        The first of args is the optimizer itself.

        Returns a handle whose ``remove()`` takes the hook away again, as all hooks of optimizers do.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.ones(2))], lr=0.1)
        >>> handle = opt.register_step_pre_hook(lambda optimizer, args, kwargs: print("a step"))
        >>> opt.step()
        a step
        """
        return HookHandle(self._hooks, ("step_pre", hook))

    def register_step_post_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Has ``hook(optimizer, args, kwargs)`` called after each step.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.ones(2))], lr=0.1)
        >>> handle = opt.register_step_post_hook(lambda optimizer, args, kwargs: print("done"))
        >>> opt.step()
        done
        """
        return HookHandle(self._hooks, ("step_post", hook))

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Has ``hook(optimizer)`` called before :meth:`state_dict` gathers anything.

        Args:
            hook: the function.
            prepend: call it before the hooks that are there already.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.ones(2))], lr=0.1)
        >>> handle = opt.register_state_dict_pre_hook(lambda optimizer: print("saving"))
        >>> saved = opt.state_dict()
        saving
        """
        return HookHandle(self._hooks, ("state_dict_pre", hook), prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Has ``hook(optimizer, state_dict)`` called with what :meth:`state_dict` returns, which it may replace.

        Args:
            hook: the function.
            prepend: call it before the hooks that are there already.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.ones(2))], lr=0.1)
        >>> handle = opt.register_state_dict_post_hook(lambda optimizer, saved: {**saved, "epoch": 3})
        >>> opt.state_dict()["epoch"]
        3
        """
        return HookHandle(self._hooks, ("state_dict_post", hook), prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Has ``hook(optimizer, state_dict)`` called with a copy of what is loaded; it may return another one.

        Args:
            hook: the function.
            prepend: call it before the hooks that are there already.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.ones(2))], lr=0.1)
        >>> handle = opt.register_load_state_dict_pre_hook(lambda optimizer, saved: print(sorted(saved)))
        >>> opt.load_state_dict(opt.state_dict())
        ['param_groups', 'state']
        """
        return HookHandle(self._hooks, ("load_state_dict_pre", hook), prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Has ``hook(optimizer)`` called when :meth:`load_state_dict` has loaded everything.

        Args:
            hook: the function.
            prepend: call it before the hooks that are there already.

        >>> import weft
        >>> opt = weft.optim.SGD([weft.nn.Parameter(weft.ones(2))], lr=0.1)
        >>> handle = opt.register_load_state_dict_post_hook(lambda optimizer: print("loaded"))
        >>> opt.load_state_dict(opt.state_dict())
        loaded
        """
        return HookHandle(self._hooks, ("load_state_dict_post", hook), prepend)

    def _hooks_of(self, kind):
        return [hook for its_kind, hook in self._hooks.values() if its_kind == kind]

    def _run_closure(self, closure):
        if closure is None:
            return None
        check_callables(f"{type(self).__name__}.step", closure=closure)
        with weft.enable_grad():
            return closure()

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
        for hook in self._hooks_of("state_dict_pre"):
            hook(self)
        index_of, groups = {}, []
        for group in self.param_groups:
            for parameter in group["params"]:
                index_of.setdefault(id(parameter), len(index_of))
            options = {name: value for name, value in group.items() if name != "params"}
            groups.append({**options, "params": [index_of[id(parameter)] for parameter in group["params"]]})
        state = {
            index_of.get(id(key), key): dict(value) if isinstance(value, dict) else value
            for key, value in self.state.items()
        }
        saved = {"state": state, "param_groups": groups}
        for hook in self._hooks_of("state_dict_post"):
            changed = hook(self, saved)
            saved = saved if changed is None else changed
        return saved

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
        for hook in self._hooks_of("load_state_dict_pre"):
            changed = hook(self, dict(state_dict))
            state_dict = state_dict if changed is None else changed
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
            names = {"param_names": group["param_names"]} if "param_names" in group else {}
            new_groups.append({**names, **options, "params": group["params"]})
        for group in new_groups:
            for name, default in self.defaults.items():
                group.setdefault(name, default)
            self._check_options(group)
        self.state, self.param_groups, self._plans = state, new_groups, {}
        for hook in self._hooks_of("load_state_dict_post"):
            hook(self)

    def _load_parameter_state(self, key, parameter, values):
        loaded = {}
        for name, value in values.items():
            if name in self._counters:
                loaded[name] = float(value)
            elif isinstance(value, weft.Tensor):
                loaded[name] = self._load_tensor(name, key, parameter, value)
            else:
                loaded[name] = copy.deepcopy(value)
        return loaded

    def _load_tensor(self, name, key, parameter, value):
        """The optimizer's own copy of a tensor of the state that a parameter, number ``key``, has under this name."""
        return self._convert_loaded(name, key, parameter.shape, parameter, value)

    @staticmethod
    def _convert_loaded(name, key, shape, parameter, value):
        if value.dim() and tuple(value.shape) != tuple(shape):
            raise ValueError(
                f"load_state_dict: {name} of parameter {key} has shape {tuple(value.shape)}, expected {tuple(shape)}, "
                f"as the parameter has shape {tuple(parameter.shape)}"
            )
        alike = is_differentiable(value) and parameter.is_complex() == value.is_complex()
        dtype = parameter.dtype if alike else value.dtype
        return value.detach().to(device=parameter.device, dtype=dtype, copy=True)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_made_in"} | {
            "_plans": {},
            "_hooks": {},
        }

    def __repr__(self) -> str:
        lines = []
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return f"{type(self).__name__} (\n" + "\n".join(lines) + "\n)"


def check_option_types(kind: str, group: dict[str, Any], flags: Iterable[str], numbers: Iterable[str]) -> None:
    """TypeError for options that are no flags (bool or None) or no numbers; ValueError for several numbers."""
    check_flags(kind, **{name: group[name] for name in flags})
    for name in numbers:
        if not isinstance(group[name], weft.Tensor):
            check_numbers(kind, **{name: group[name]})
        elif group[name].numel() != 1:
            raise ValueError(f"{kind}: {name} must be a number, got a tensor of shape {tuple(group[name].shape)}")


def check_range(kind: str, name: str, value: Any, low: float, high: float | None = None) -> None:
    """ValueError unless low <= value (< high)."""
    if not low <= value or (high is not None and not value < high):
        wanted = f"at least {low}" if high is None else f"in [{low}, {high})"
        raise ValueError(f"{kind}: {name} must be {wanted}, got {value}")


def check_pair(kind: str, name: str, pair: Any) -> None:
    """TypeError unless it is a tuple or list of two numbers."""
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise TypeError(f"{kind}: {name} must be two numbers, got {pair!r:.60}")
    check_option_types(kind, {f"{name}[{i}]": value for i, value in enumerate(pair)}, (), (f"{name}[0]", f"{name}[1]"))


class StepRun:
    """Parameters that one call of a fused step handles, and their state: a column of tensors for each of its names.

    State that a parameter does not have yet is kept in ``fresh`` until the first step was taken. Counters, such as the
    number of steps, are the same for all parameters of a run.
    """

    params: list[Tensor]
    places: list[int]
    entries: list[dict[str, Any]]
    seen_names: tuple[str, ...]
    seen: list[list[Any]]

    def __init__(self, optimizer: Optimizer, names: Iterable[str], counters: dict[str, float] | None = None) -> None:
        self.optimizer: weakref.ref[Optimizer] = weakref.ref(optimizer)
        self.state: dict[Tensor, dict[str, Any]] = optimizer.state
        self.names: tuple[str, ...] = tuple(names)
        self.counters: dict[str, float] = dict(counters or {})  # as they are before the next step
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
        if not self.fresh and (self.names or self.counters):
            self.entries = [self.state[p] for p in self.params]
            self.seen_names = self.names + tuple(self.counters)
            self.seen = [*self.columns, *([entry.get(name) for entry in self.entries] for name in self.counters)]
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

    def advance(self, counters: dict[str, float]) -> None:
        """Counts a step that was taken; after the first one the new state becomes the parameters'."""
        self.counters = counters
        if self.fresh:
            for p, fresh in self.fresh:
                self.state[p].update(fresh)
            self.fresh = []
            self.seal()
        for entry in self.entries:
            entry.update(counters)
        if counters:
            values = [[value] * len(self.entries) for value in counters.values()]
            self.seen = [*self.columns, *values]

    def trace(
        self,
        record: Callable[[Tensor], Any],
        numbers: Callable[[int], Iterable[Any]],
        advance: Callable[[], Any],
        still_right: Callable[[], bool],
    ) -> None:
        """Records a step while weft.jit traces: record(cell) with a cell of the numbers that each call reads anew.

        numbers(ahead) gives them for a step before which the call takes ``ahead`` others; advance() counts one that
        was taken. When still_right() says no, the function is traced anew.
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
        _C._around_calls(lambda: _C._set_numbers(cell, current()), advance)
        _C._watch_condition(lambda: "" if still_right() else "the state of an optimizer changed")


def count_step(advance: Callable[[], None]) -> None:
    """Calls advance() once for the step that was just taken; while a graph is recorded, once for each of its runs."""
    graphs = sys.modules.get("weft.cuda.graphs")
    graph = graphs.current_graph() if graphs else None
    if graph is None:
        advance()
    else:
        graph.on_replay(advance)


name_missing_members(Optimizer, "torch.optim.Optimizer")

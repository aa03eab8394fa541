"""Optimizer: the base of all optimisers. Parameter groups, their options, the state of each parameter."""

import collections
import copy
import operator
import sys

import weft
from weft import _C


class Optimizer:
    """Base class: parameter groups with options, a state for every parameter, saving and loading of both.

    ``params`` is an iterable of parameters, of (name, parameter) pairs, or of dicts with a "params" entry and the
    options of that group; ``defaults`` are the options of groups that do not name them. A subclass defines ``step``.

    >>> import weft
    >>> layer = weft.nn.Linear(2, 2)
    >>> opt = weft.optim.SGD([{"params": [layer.weight], "lr": 0.1}, {"params": [layer.bias]}], lr=0.01)
    >>> [group["lr"] for group in opt.param_groups]
    [0.1, 0.01]
    """

    def __init__(self, params, defaults):
        self.defaults = defaults
        self.state = collections.defaultdict(dict)  # parameter -> its state
        self.param_groups = []
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

    def add_param_group(self, param_group):
        """Adds a group: a dict with "params" and any options. Raises TypeError, ValueError; nothing is added then."""
        if not isinstance(param_group, dict):
            raise TypeError(f"add_param_group: expected a dict, got {type(param_group).__name__}")
        group = dict(param_group)
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

    def _check_options(self, group):
        """Raises ValueError for options out of range."""

    def zero_grad(self, set_to_none=True):
        """Drops the gradients of all parameters, or fills them with zeros."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if set_to_none:
                    parameter.grad = None
                elif parameter.grad is not None:
                    parameter.grad.detach_()
                    parameter.grad.zero_()

    def step(self, closure=None):
        """Changes the parameters by their gradients. closure, if given, computes them anew and returns the loss."""
        raise NotImplementedError(f"{type(self).__name__} does not define step()")

    def _run_closure(self, closure):
        if closure is None:
            return None
        with weft.enable_grad():
            return closure()

    def _plan(self, key, group, make):
        """(plan, gradients): what make gave for the group's parameters that have a gradient, kept while they do."""
        params, grads = [], []
        for parameter in group["params"]:
            grad = parameter.grad
            if grad is not None:
                params.append(parameter)
                grads.append(grad)
        known = self._plans.get(key)
        if known is not None:
            plan, its_params, state, size = known
            same = len(its_params) == len(params) and all(map(operator.is_, its_params, params))
            if same and state is self.state and size == len(state):
                return plan, grads
        with _C._OutsideTrace():  # state that is made now is there for good
            plan = make(params, group)
        self._plans[key] = (plan, params, self.state, len(self.state))
        return plan, grads

    def state_dict(self):
        """The state and the options as {"state": {index: ...}, "param_groups": [...]}; parameters become indices.

        The tensors are the optimizer's own, not copies.
        """
        index_of, groups = {}, []
        for group in self.param_groups:
            for parameter in group["params"]:
                index_of.setdefault(id(parameter), len(index_of))
            options = {name: value for name, value in group.items() if name != "params"}
            groups.append({**options, "params": [index_of[id(parameter)] for parameter in group["params"]]})
        state = {index_of.get(id(key), key): dict(value) for key, value in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict):
        """Takes over state and options. ValueError if the groups do not fit; nothing is changed then.

        Tensors are copied, and converted to the dtype and device of their parameter where both are floating.
        """
        groups, saved = self.param_groups, state_dict["param_groups"]
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
                floating = parameter.is_floating_point() and value.is_floating_point()
                dtype = parameter.dtype if floating else value.dtype
                loaded[name] = value.detach().to(device=parameter.device, dtype=dtype, copy=True)
            else:
                loaded[name] = copy.deepcopy(value)
        return loaded

    def __getstate__(self):
        return {**self.__dict__, "_plans": {}}

    def __repr__(self):
        lines = []
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return f"{type(self).__name__} (\n" + "\n".join(lines) + "\n)"


def check_range(kind, name, value, low, high=None):
    """ValueError unless low <= value (< high)."""
    if not low <= value or (high is not None and not value < high):
        wanted = f"at least {low}" if high is None else f"in [{low}, {high})"
        raise ValueError(f"{kind}: {name} must be {wanted}, got {value}")


def trace_step(record, numbers, advance):
    """Records a step while weft.jit traces: record(cell) with a cell of the numbers that each call reads anew.

    numbers() gives them before a call, advance() counts the step after it.
    """
    with _C._OutsideTrace():
        cell = weft.tensor([float(x) for x in numbers()], dtype=weft.float64, device="cpu")
    record(cell)
    _C._around_calls(lambda: _C._set_numbers(cell, [float(x) for x in numbers()]), advance, cell)


def count_step(advance):
    """Calls advance() once for the step that was just taken; while a graph is recorded, once for each of its runs."""
    graphs = sys.modules.get("weft.cuda.graphs")
    graph = graphs.current_graph() if graphs else None
    if graph is None:
        advance()
    else:
        graph.on_replay(advance)

"""state_dict and load_state_dict of modules. Loading is planned and checked as a whole before anything is changed."""

from __future__ import annotations

import collections
import warnings

import weft
from weft import _swap
from weft.nn.parameter import is_lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, NamedTuple, NoReturn

    from weft import Tensor
    from weft.nn.module import Module


_EXTRA = "_extra_state"


if TYPE_CHECKING:

    class _Keys(NamedTuple):
        missing_keys: list[str]
        unexpected_keys: list[str]
else:
    _Keys = collections.namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])


class IncompatibleKeys(_Keys):
    """What load_state_dict returns: the keys that were missing, and those that nothing asked for."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_{super().__repr__()}"  # as PyTorch shows it

    __str__ = __repr__


class _Plan(list[str]):
    """The error messages of a load, and the changes to make if there are none."""

    def __init__(self, assign: bool) -> None:
        super().__init__()
        self.assign = assign
        self.changes: list[Callable[[], object]] = []


def _run_hooks(module: Module, kind: str, *args: Any) -> None:
    for hook_kind, hook in list(module.__dict__.get("_state_hooks", {}).values()):
        if hook_kind == kind:
            hook(module, *args)


class WithoutModule:
    """A hook that is called without the module: the form of ``_register_load_state_dict_pre_hook``."""

    def __init__(self, hook: Callable[..., Any]) -> None:
        self.hook = hook

    def __call__(self, module: Module, *args: Any) -> Any:
        return self.hook(*args)


def _own_state(module: Module) -> Iterator[tuple[str, Tensor]]:
    """The module's own parameters and persistent buffers: (name, tensor)."""
    for name, parameter in module._parameters.items():
        if parameter is not None:
            yield name, parameter
    for name, buffer in module._buffers.items():
        if buffer is not None and name not in module._non_persistent_buffers_set:
            yield name, buffer


def _has_extra_state(module: Module) -> bool:
    return not getattr(type(module).get_extra_state, "gives_none", False)


def state_dict(module: Module, destination: Any, prefix: str, keep_vars: bool) -> collections.OrderedDict[str, Any]:
    if destination is None:
        destination = collections.OrderedDict()
        destination._metadata = collections.OrderedDict()
    metadata = {"version": module._version}
    if hasattr(destination, "_metadata"):
        destination._metadata[prefix[:-1]] = metadata
    _run_hooks(module, "save_pre", prefix, keep_vars)
    module._save_to_state_dict(destination, prefix, keep_vars)
    for name, child in module._modules.items():
        if child is not None:
            child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
    for kind, hook in list(module.__dict__.get("_state_hooks", {}).values()):
        if kind in ("save_post", "save_replace"):
            result = hook(module, destination, prefix, metadata)
            if result is not None and kind == "save_post":
                raise RuntimeError(
                    "state_dict: a hook of register_state_dict_post_hook must change the state_dict in place and "
                    f"return None, got {type(result).__name__}"
                )
            destination = destination if result is None else result
    return destination


def save_own(module: Module, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
    for name, tensor in _own_state(module):
        destination[prefix + name] = tensor if keep_vars or is_lazy(tensor) else tensor.detach()
    if _has_extra_state(module):
        destination[prefix + _EXTRA] = module.get_extra_state()


def load_state_dict(module: Module, state: Mapping[str, Any], strict: bool, assign: bool) -> IncompatibleKeys:
    if not isinstance(state, collections.abc.Mapping):
        raise TypeError(f"load_state_dict: expected a dict of name -> tensor, got {type(state).__name__}")
    for key in state:
        if not isinstance(key, str):
            raise TypeError(f"load_state_dict: keys must be strings, got {key!r} ({type(key).__name__})")
    metadata = getattr(state, "_metadata", None)
    state = collections.OrderedDict(state)
    if metadata is not None:
        state._metadata = metadata
    missing, unexpected, plan, visited = [], [], _Plan(assign), []
    _plan_tree(module, state, "", missing, unexpected, plan, visited)
    # A hook may forgive missing keys, so with hooks the keys are judged after them
    hooked = any(kind == "load_post" for m in visited for kind, _ in m.__dict__.get("_state_hooks", {}).values())
    if strict and not hooked:
        _list_keys(missing, unexpected, plan)
    if plan:
        _fail(module, plan)
    # Hooks look at what was loaded, so where they may refuse it there must be a way back
    before = _Saved(module) if strict and hooked and (missing or unexpected) else None
    for change in plan.changes:
        change()
    result = IncompatibleKeys(missing, unexpected)
    for loaded in visited:
        _run_hooks(loaded, "load_post", result)
    if strict and hooked:
        _list_keys(missing, unexpected, plan)
    if plan:
        if before is not None:
            before.restore()
        _fail(module, plan)
    return result


class _Saved:
    """The values of all parameters, persistent buffers and extra states of a module and those below it."""

    def __init__(self, module: Module) -> None:
        self.tensors = []
        self.extra = []
        for each in module.modules():
            for group in ("_parameters", "_buffers"):
                for name, tensor in each.__dict__[group].items():
                    if tensor is not None:
                        self.tensors.append((each, group, name, tensor, tensor.detach().clone()))
            if _has_extra_state(each):
                self.extra.append((each, each.get_extra_state()))

    def restore(self) -> None:
        for module, group, name, tensor, value in self.tensors:
            _copy(tensor, value)
            module.__dict__[group][name] = tensor
        for module, extra in self.extra:
            module.set_extra_state(extra)


def _plan_tree(
    module: Module,
    state: Mapping[str, Any],
    prefix: str,
    missing: list[str],
    unexpected: list[str],
    plan: _Plan,
    visited: list[Module],
) -> None:
    metadata = (getattr(state, "_metadata", None) or {}).get(prefix[:-1], {})
    if plan.assign:
        metadata = {**metadata, "assign_to_params_buffers": True}
    # As in PyTorch strict is True here: both lists are made, whatever becomes of them
    _run_hooks(module, "load_pre", state, prefix, metadata, True, missing, unexpected, plan)
    module._load_from_state_dict(state, prefix, metadata, True, missing, unexpected, plan)
    parts = _parts(state, prefix)
    for name, child in module._modules.items():
        if child is not None:
            part: Any = parts[name]
            part._metadata = getattr(state, "_metadata", None)
            _plan_tree(child, part, f"{prefix}{name}.", missing, unexpected, plan, visited)
    visited.append(module)


def _parts(state: Mapping[str, Any], prefix: str) -> dict[str, Mapping[str, Any]]:
    """What each module below sees of a state dict, by its name: what its hooks change is theirs."""
    parts: dict[str, Any] = collections.defaultdict(collections.OrderedDict)
    for key, value in state.items():
        if key.startswith(prefix):
            parts[key[len(prefix) :].partition(".")[0]][key] = value
    return parts


def _as_tensor(value: Any, copied: bool) -> Tensor | None:
    """A tensor of another library, or an array, as a Tensor; None for anything else. It is its own copy if copied."""
    if isinstance(value, weft.Tensor):
        return value
    if hasattr(value, "__dlpack__") and type(value).__module__.partition(".")[0] != "numpy":
        value = value.detach() if hasattr(value, "detach") else value
        tensor = weft.from_dlpack(value)
        return tensor.clone() if copied else tensor
    if hasattr(value, "__array__"):
        import numpy as np

        return weft.tensor(np.asarray(value))
    return None


def load_own(
    module: Module,
    state: Mapping[str, Any],
    prefix: str,
    strict: bool,
    missing: list[str],
    unexpected: list[str],
    plan: _Plan,
) -> None:
    for name, target in _own_state(module):
        key = prefix + name
        if key not in state:
            missing.append(key)
            continue
        try:
            value = _as_tensor(state[key], plan.assign)
        except Exception as error:
            plan.append(f"{key}: cannot take a {_kind(state[key])} for a tensor: {error}")
            continue
        if value is None:
            plan.append(f"{key}: expected a Tensor, got {_kind(state[key])}; arrays of other libraries are taken too")
        elif is_lazy(value):
            if not is_lazy(target):
                plan.append(f"{key}: the state dict holds an {type(value).__name__}, which has no values")
        elif is_lazy(target) and not plan.assign:
            plan.changes.append(lambda target=target, value=value: _initialize(target, value))
        elif not is_lazy(target) and tuple(value.shape) != tuple(target.shape):
            plan.append(f"{key}: the model has shape {tuple(target.shape)}, the state dict {tuple(value.shape)}")
        elif target.is_meta and not (value.is_meta or plan.assign):
            warnings.warn(
                f"load_state_dict: {key} of the model is on the meta device, so that nothing is loaded into it; "
                "load_state_dict(..., assign=True) gives it the loaded tensor",
                stacklevel=2,
            )
        elif _swap.swaps and not is_lazy(target):
            plan.changes.append(lambda target=target, value=value: _swap_in(target, value, plan.assign))
        elif plan.assign:
            plan.changes.append(lambda name=name, value=value: _assign(module, name, value))
        else:
            plan.changes.append(lambda target=target, value=value: _copy(target, value))
    if strict:
        unexpected.extend(key for key in _unknown_keys(module, state, prefix) if key not in unexpected)
    if _has_extra_state(module):
        key = prefix + _EXTRA
        if key in state:
            plan.changes.append(lambda: module.set_extra_state(state[key]))
        else:
            missing.append(key)


def _kind(value: object) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _copy(target: Tensor, value: Tensor) -> None:
    with weft.no_grad():
        target.copy_(value)


def _swap_in(target: Tensor, value: Tensor, assign: bool) -> None:
    """The tensor gets the contents that its own module_load makes of a loaded one."""
    with weft.no_grad():
        loaded = target.module_load(value, assign=assign)
        if loaded is target or loaded is value:
            raise RuntimeError(
                f"load_state_dict: {type(target).__name__}.module_load must return a new tensor, not one of its own "
                "arguments; return .detach() of it"
            )
        if isinstance(target, weft.nn.Parameter) and not isinstance(loaded, weft.nn.Parameter):
            loaded = weft.nn.Parameter(loaded, target.requires_grad)
        loaded.requires_grad_(target.requires_grad)
        _swap.swap_tensors(target, loaded)


def _initialize(target: Any, value: Tensor) -> None:
    target.materialize(value.shape)
    _copy(target, value)


def _assign(module: Module, name: str, value: Tensor) -> None:
    current = module.__dict__[name]
    if name not in module._parameters:
        module._buffers[name] = value
        return
    if not isinstance(value, weft.nn.Parameter):
        value = weft.nn.Parameter(value, current.requires_grad)
    else:
        value.requires_grad_(current.requires_grad)
    module._parameters[name] = value


def _unknown_keys(module: Module, state: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """The keys below prefix that neither the module itself nor one below it asks for."""
    own = {name for name, _ in _own_state(module)}
    if _has_extra_state(module):
        own.add(_EXTRA)
    for key in state:
        if key.startswith(prefix):
            name, dot, _ = key[len(prefix) :].partition(".")
            if not (module._modules.get(name) is not None if dot else name in own):
                yield key


def _list_keys(missing: list[str], unexpected: list[str], plan: _Plan) -> None:
    if unexpected:
        plan.append("unexpected keys: " + ", ".join(unexpected))
    if missing:
        plan.append("missing keys: " + ", ".join(missing))
    if unexpected and missing:
        plan.extend(_suggestions(missing, unexpected))


_MOST_SUGGESTIONS = 10


def _suggestions(missing: list[str], unexpected: list[str]) -> list[str]:
    """Which of the missing keys unexpected ones may mean: with another prefix, or misspelt."""
    wanted = set(missing)
    for prefix in dict.fromkeys(key.partition(".")[0] + "." for key in unexpected if "." in key):
        if all(key.startswith(prefix) and key[len(prefix) :] in wanted for key in unexpected):
            return [f"the keys fit without {prefix!r}: {{key.removeprefix({prefix!r}): t for key, t in state.items()}}"]
    for prefix in dict.fromkeys(key.partition(".")[0] + "." for key in missing if "." in key):
        if all(prefix + key in wanted for key in unexpected):
            return [f"the keys fit with {prefix!r} before them: {{{prefix!r} + key: t for key, t in state.items()}}"]
    import difflib  # slow to import

    found = []
    for key in unexpected[:_MOST_SUGGESTIONS]:
        near = difflib.get_close_matches(key, missing, 1, 0.75)
        found += [f"{key}: did you mean {near[0]}?"] if near else []
    return found


def _fail(module: Module, plan: _Plan) -> NoReturn:
    raise RuntimeError(
        f"load_state_dict: the state dict does not fit {type(module).__name__}; nothing was changed:\n  "
        + "\n  ".join(plan)
    )

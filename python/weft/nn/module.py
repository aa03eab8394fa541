"""Module: the base class of layers and models. A tree of parameters, buffers and submodules with a forward function."""

from __future__ import annotations

import difflib

import weft
from weft._checks import check_flags, check_text, is_differentiable
from weft._keywords import NamesKeywords
from weft._missing import in_torch, member_explanation
from weft.nn import state
from weft.nn.conversion import Conversion, parse_to
from weft.nn.hooks import call_with_hooks, global_hooks, run_registration_hooks
from weft.nn.layer_path import add_layer_path
from weft.nn.members import GROUPS, Members
from weft.nn.module_changes import ModuleChanges
from weft.nn.module_hooks import ModuleHooks
from weft.nn.module_walks import ModuleWalks
from weft.nn.parameter import Parameter

# Type checkers take it for true, wherever it comes from; importing it from typing would slow every start
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import OrderedDict
    from collections.abc import Callable, Mapping
    from typing import Any, overload

    from weft import Tensor
    from weft.nn._types import Arguments, Device, HasForward, ModuleT, Result


def _torch_paths(module: Module) -> list[str]:
    return [f"torch.nn.{kind.__name__}" for kind in type(module).__mro__]


class Module(ModuleChanges, ModuleHooks, ModuleWalks, NamesKeywords):
    """Base class of all layers and models: assign Parameters and Modules to attributes, define ``forward``, call it.

    An exception raised inside ``forward`` names the layer's path: ``in model.features.3 (Conv2d): ...``.

    >>> import weft
    >>> from weft import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = nn.Linear(4, 8)
    ...         self.out = nn.Linear(8, 2)
    ...     def forward(self, x):
    ...         return self.out(self.hidden(x).relu())
    >>> net = Net()
    >>> net(weft.zeros(5, 4)).shape == (5, 2)
    True
    >>> net
    Net(
      (hidden): Linear(in_features=4, out_features=8, bias=True)
      (out): Linear(in_features=8, out_features=2, bias=True)
    )
    >>> list(net.state_dict())
    ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
    """

    # Members live in the instance's __dict__ like any attribute, which makes reading them as fast as can be; the dicts
    # _parameters, _buffers and _modules hold them as well and write to both.
    training: bool = True
    _version: int = 1  # of what the module's own state_dict looks like
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _non_persistent_buffers_set: set[str]
    _hooks: dict[int, Any]

    def __init__(self) -> None:
        own = self.__dict__
        own["training"] = True
        for group in GROUPS:
            own[group] = Members(self)
        own["_non_persistent_buffers_set"] = set()
        own["_hooks"] = {}  # id -> (kind, hook, with_kwargs, always_call)

    def __call__(self: HasForward[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        try:
            if not self._hooks and not global_hooks:
                return self.forward(*args, **kwargs)
            return call_with_hooks(self, [*global_hooks.values(), *self._hooks.values()], args, kwargs)
        except Exception as error:
            add_layer_path(self, error)
            raise

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass defines it. Call the module itself, which runs its hooks, too."""
        raise NotImplementedError(f"{type(self).__name__} does not define forward()")

    # Attributes

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if "_hooks" not in own:
            if isinstance(value, (Parameter, Module)):
                raise AttributeError(
                    f"{type(self).__name__}.__init__() must call super().__init__() before it sets {name!r}"
                )
            object.__setattr__(self, name, value)
        elif isinstance(value, Parameter):
            self._register("_parameters", name, value)
        elif name in own["_parameters"] and value is not None:
            raise TypeError(
                f"cannot assign {type(value).__name__} to the parameter {name!r}: expected a Parameter or None"
            )
        elif isinstance(value, Module):
            self._register("_modules", name, value)
        elif name in own["_modules"] and value is not None:
            raise TypeError(
                f"cannot assign {type(value).__name__} to the submodule {name!r}: expected a Module or None"
            )
        elif name in own["_buffers"]:
            if value is not None and not isinstance(value, weft.Tensor):
                raise TypeError(
                    f"cannot assign {type(value).__name__} to the buffer {name!r}: expected a Tensor or None"
                )
            if getattr(value, "_is_buffer", False):
                self.register_buffer(name, value, value.persistent)
            else:
                own["_buffers"][name] = run_registration_hooks("buffer", self, name, value)
        elif isinstance(value, weft.Tensor) and getattr(value, "_is_buffer", False):
            self.register_buffer(name, value, value.persistent)
        elif name in own["_parameters"] or name in own["_modules"]:
            own["_parameters" if name in own["_parameters"] else "_modules"][name] = None
        elif name in GROUPS:
            members = dict(value)
            own[name].clear()
            own[name].update(members)
        else:
            object.__setattr__(self, name, value)

    def _register(self, group: str, name: str, value: Any) -> None:
        value = run_registration_hooks({"_parameters": "parameter", "_modules": "module"}[group], self, name, value)
        own = self.__dict__
        for other in GROUPS:
            if other != group:
                own[other].pop(name, None)
        own["_non_persistent_buffers_set"].discard(name)
        own[group][name] = value

    def __delattr__(self, name: str) -> None:
        own = self.__dict__
        for group in GROUPS:
            if name in own.get(group, ()):
                own["_non_persistent_buffers_set"].discard(name)
                del own[group][name]
                return
        object.__delattr__(self, name)

    def __getattr__(self, name: str) -> Any:
        if name in self.__dict__:  # called by a wrapper's own __getattr__
            return self.__dict__[name]
        # Reached only when the normal lookup failed, also when a property raised AttributeError: show that error then.
        described = getattr(type(self), name, None)
        if hasattr(described, "__get__"):
            return described.__get__(self, type(self))
        kind = type(self).__name__
        if "_hooks" not in self.__dict__:
            hint = f"; {kind}.__init__() has not called super().__init__()"
        elif path := next((p for p in _torch_paths(self) if in_torch(p, name)), None):
            raise AttributeError(member_explanation(type(self), path, name), name=name)
        else:
            near = difflib.get_close_matches(name, [n for n in dir(self) if not n.startswith("__")], 1)
            hint = f". Did you mean {near[0]!r}?" if near else ""
        # Given a name but no object, Python adds no suggestion of its own
        raise AttributeError(f"{kind!r} object has no attribute {name!r}{hint}", name=name)

    def __dir__(self) -> list[str]:
        return sorted(name for name in {*dir(type(self)), *self.__dict__} if not name[:1].isdigit())

    def __setstate__(self, state: dict[str, Any]) -> None:
        Module.__init__(self)
        own = self.__dict__
        own.update({name: value for name, value in state.items() if name not in GROUPS})
        for group in GROUPS:
            own[group].update(state.get(group, ()))
        forward = own.get("forward")
        if isinstance(forward, weft._C._Jit):  # that of the module this is a copy of
            own["forward"] = forward._of_module(self)

    # Registration

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Adds a Parameter under a name, by which it becomes an attribute.

        Args:
            name: not empty, without dots, no name of another attribute.
            param: the parameter, or None for a place that may hold one later.

        Raises:
            TypeError: param is something else.
            KeyError: the name is not as above.
            ValueError: param is the result of an operation.

        Example:
            >>> import weft
            >>> layer = weft.nn.Module()
            >>> layer.register_parameter("scale", weft.nn.Parameter(weft.ones(1)))
            >>> layer.scale.requires_grad
            True
        """
        self._check_new("parameter", name, "_parameters")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"register_parameter: {name!r} must be a Parameter or None, got {type(param).__name__}")
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"register_parameter: {name!r} is the result of an operation; only a leaf can be a parameter"
            )
        self._register("_parameters", name, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Adds a tensor that is state but is not trained under a name, by which it becomes an attribute.

        Args:
            name: not empty, without dots, no name of another attribute.
            tensor: the buffer, or None for a place that may hold one later.
            persistent: whether it is part of the state_dict. Default True.

        Raises:
            TypeError: tensor is something else.
            KeyError: the name is not as above.

        Example:
            >>> import weft
            >>> layer = weft.nn.Module()
            >>> layer.register_buffer("mean", weft.zeros(1))
            >>> dict(layer.state_dict())
            {'mean': tensor([0.])}
        """
        self._check_new("buffer", name, "_buffers")
        if tensor is not None and not isinstance(tensor, weft.Tensor):
            raise TypeError(f"register_buffer: {name!r} must be a Tensor or None, got {type(tensor).__name__}")
        tensor = run_registration_hooks("buffer", self, name, tensor)
        (self._non_persistent_buffers_set.discard if persistent else self._non_persistent_buffers_set.add)(name)
        self._buffers[name] = tensor

    def register_module(self, name: str, module: Module | None) -> None:
        """Adds a submodule under a name, by which it becomes an attribute. Also called add_module.

        Args:
            name: not empty, without dots, no name of another attribute.
            module: the module, or None for a place that may hold one later.

        Raises:
            TypeError: module is something else.
            KeyError: the name is not as above.

        Example:
            >>> import weft
            >>> model = weft.nn.Module()
            >>> model.register_module("act", weft.nn.ReLU())
            >>> model.act
            ReLU()
        """
        self._check_new("module", name, "_modules")
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"add_module: {name!r} must be a Module or None, got {type(module).__name__}")
        self._register("_modules", name, module)

    add_module = register_module

    def _check_new(self, what: str, name: str, group: str) -> None:
        if "_hooks" not in self.__dict__:
            raise AttributeError(
                f"{type(self).__name__}.__init__() must call super().__init__() before it adds a {what}"
            )
        if not isinstance(name, str):
            raise TypeError(f"the name of a {what} must be a string, got {type(name).__name__}")
        if name == "" or "." in name:
            raise KeyError(f"the name of a {what} must not be empty or contain a dot, got {name!r}")
        if name not in self.__dict__[group] and (name in self.__dict__ or hasattr(type(self), name)):
            raise KeyError(f"cannot add {what} {name!r}: {type(self).__name__} already has an attribute of that name")

    # Members by path

    def get_submodule(self, target: str) -> Module:
        """The submodule with a path.

        Args:
            target: a path like "features.3"; "" for this module itself.

        Raises:
            AttributeError: there is none.

        Example:
            >>> import weft
            >>> weft.nn.Sequential(weft.nn.Sequential(weft.nn.Tanh())).get_submodule("0.0")
            Tanh()
        """
        check_text("get_submodule", target=target)
        module = self
        for name in target.split(".") if target else ():
            child = getattr(module, name)
            if not isinstance(child, Module):
                raise AttributeError(
                    f"get_submodule: {name!r} in {target!r} is not a module but a {type(child).__name__}"
                )
            module = child
        return module

    def _get_member(self, target: str, what: str, group: str) -> Any:
        check_text(f"get_{what}", target=target)
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if name not in module.__dict__[group]:
            getattr(module, name)  # raises with a hint when there is no such attribute at all
            raise AttributeError(f"{target!r} is not a {what} of {type(self).__name__}")
        return module.__dict__[group][name]

    def get_parameter(self, target: str) -> Parameter:
        """The parameter with a path.

        Args:
            target: a path like "features.3.weight".

        Raises:
            AttributeError: there is none.

        Example:
            >>> import weft
            >>> weft.nn.Sequential(weft.nn.Linear(2, 3)).get_parameter("0.bias").shape
            weft.Size([3])
        """
        return self._get_member(target, "parameter", "_parameters")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer with a path.

        Args:
            target: a path like "features.4.running_mean".

        Raises:
            AttributeError: there is none.

        Example:
            >>> import weft
            >>> weft.nn.Sequential(weft.nn.BatchNorm1d(2)).get_buffer("0.running_mean")
            tensor([0., 0.])
        """
        return self._get_member(target, "buffer", "_buffers")

    def set_submodule(self, target: str, module: Module, strict: bool = False) -> None:
        """Puts a module in the place of the submodule with a path.

        Args:
            target: a path like "features.3"; its last name need not be there yet.
            module: the module.
            strict: whether the last name must be that of a submodule already. Default False.

        Raises:
            ValueError: target is empty, or module is no module.
            AttributeError: the path leads nowhere, or something else than a module is there.

        Example:
            >>> import weft
            >>> model = weft.nn.Sequential(weft.nn.Sequential(weft.nn.Tanh()))
            >>> model.set_submodule("0.0", weft.nn.ReLU())
            >>> model[0][0]
            ReLU()
        """
        check_text("set_submodule", target=target)
        check_flags("set_submodule", strict=strict)
        if target == "":
            raise ValueError("set_submodule: expected the path of a submodule, got an empty string")
        if not isinstance(module, Module):
            raise ValueError(f"set_submodule: expected a Module, got {type(module).__name__}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if name not in parent._modules:
            if strict or hasattr(parent, name):
                current = f"holds a {type(getattr(parent, name)).__name__}" if hasattr(parent, name) else "is not there"
                raise AttributeError(
                    f"set_submodule: {target!r} is no submodule of {type(self).__name__}: it {current}"
                )
        elif strict and parent._modules[name] is None:
            raise AttributeError(f"set_submodule: {target!r} of {type(self).__name__} is None")
        if name in parent._modules:
            parent._register("_modules", name, module)
        else:
            parent.register_module(name, module)

    # Changes to the whole tree

    def apply(self: ModuleT, fn: Callable[[Module], Any]) -> ModuleT:
        """Calls a function with every submodule, then with this one.

        Args:
            fn: takes a module; what it returns is ignored.

        Returns:
            This module.

        Example:
            >>> import weft
            >>> model = weft.nn.Sequential(weft.nn.Tanh()).apply(lambda module: print(type(module).__name__))
            Tanh
            Sequential
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def _apply(self: ModuleT, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> ModuleT:
        """Replaces the contents of every parameter, its gradient, and every buffer by fn of it: all or none of them."""
        made = fn if isinstance(fn, Conversion) else Conversion(self, fn, recurse)
        for child in self.children() if recurse else ():
            child._apply(made)
        for name, parameter in self._parameters.items():
            if parameter is None:
                continue
            with weft.no_grad():
                given = made.give(parameter, f"{self._get_name()}.{name}")
            if given is not parameter:
                self._parameters[name] = given
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = made.of(buffer)[0]
        return self

    if TYPE_CHECKING:

        @overload
        def to(
            self: ModuleT,
            device: Device = ...,
            dtype: weft.dtype | None = ...,
            non_blocking: bool = ...,
            *,
            memory_format: weft.memory_format | None = ...,
        ) -> ModuleT: ...
        @overload
        def to(
            self: ModuleT,
            dtype: weft.dtype,
            non_blocking: bool = ...,
            *,
            memory_format: weft.memory_format | None = ...,
        ) -> ModuleT: ...
        @overload
        def to(
            self: ModuleT,
            tensor: Tensor,
            non_blocking: bool = ...,
            *,
            memory_format: weft.memory_format | None = ...,
        ) -> ModuleT: ...

    def to(self: ModuleT, *args: Any, **kwargs: Any) -> ModuleT:
        """Moves and converts parameters and buffers in place; only floating and complex ones change their dtype.

        ``to(device)``, ``to(dtype)``, ``to(device, dtype)`` or ``to(tensor)``, each with the other arguments.

        Args:
            device: where they go. By default they stay.
            dtype: a floating or complex dtype. By default they keep theirs.
            tensor: one whose device and dtype they get.
            non_blocking: whether the program may go on before copies have ended. Default False.
            memory_format: order in memory of those with 4 dimensions (5 for ``weft.channels_last_3d``).

        Returns:
            This module.

        Raises:
            TypeError: an argument is none of these, or the dtype is not floating or complex.

        Example:
            >>> import weft
            >>> weft.nn.Linear(2, 3).to(weft.float64).weight.dtype
            weft.float64
        """
        device, dtype, non_blocking, memory_format = parse_to(*args, **kwargs)
        ordered = {weft.channels_last: (4,), weft.channels_last_3d: (5,)}.get(memory_format, (4, 5))  # dimensions

        def convert(t):
            wanted = dtype if dtype is not None and is_differentiable(t) else t.dtype
            order = memory_format if t.dim() in ordered else None
            if device is None:
                return t.to(wanted, memory_format=order)
            return t.to(device, wanted, non_blocking=non_blocking, memory_format=order)

        return self._apply(convert)

    def type(self: ModuleT, dst_type: weft.dtype | str) -> ModuleT:
        """Converts all parameters and buffers to a dtype, in place.

        Args:
            dst_type: the dtype, or the name of a type such as "weft.DoubleTensor".

        Returns:
            This module.

        Raises:
            TypeError: dst_type is None.

        Example:
            >>> import weft
            >>> weft.nn.Linear(2, 3).type(weft.float64).bias.dtype
            weft.float64
        """
        if dst_type is None:
            raise TypeError("type: expected a dtype, got None")
        return self._apply(lambda t: t.type(dst_type))

    def to_empty(self: ModuleT, *, device: Device, recurse: bool = True) -> ModuleT:
        """Moves parameters and buffers to a device without copying, in place: their values are undefined afterwards.

        Args:
            device: where they go.
            recurse: whether those of modules below go, too. Default True.

        Returns:
            This module.

        Example:
            >>> import weft
            >>> weft.nn.Linear(2, 3, device="meta").to_empty(device="cpu").weight.shape
            weft.Size([3, 2])
        """
        return self._apply(lambda t: weft.empty_like(t, device=device), recurse)

    # State

    def state_dict(
        self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> OrderedDict[str, Any]:
        """All parameters and persistent buffers by path: an ordered dict of tensors that share their memory.

        Its attribute ``_metadata`` holds the version of each module's state, by path.

        Args:
            destination: a dict to fill in place of a new one.
            prefix: put before each path. Default "".
            keep_vars: whether the tensors are the parameters themselves, not detached. Default False.

        Example:
            >>> import weft
            >>> list(weft.nn.Linear(2, 3).state_dict())
            ['weight', 'bias']
        """
        if args:
            raise TypeError("state_dict takes keyword arguments only: destination, prefix, keep_vars")
        check_text("state_dict", prefix=prefix)
        return state.state_dict(self, destination, prefix, keep_vars)

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> state.IncompatibleKeys:
        """Copies the tensors of a state dict into the parameters and buffers of the same paths.

        Args:
            state_dict: path -> tensor, or array of another library (DLPack, NumPy).
            strict: whether missing and unexpected paths are errors. Default True.
            assign: whether the tensors replace the module's own instead of being copied. Default False.

        Returns:
            A named tuple (missing_keys, unexpected_keys).

        Raises:
            RuntimeError: paths (when strict) or shapes do not fit; all of them are listed, nothing has been changed.
            TypeError: state_dict is no dict.

        Example:
            >>> import weft
            >>> layer = weft.nn.Linear(2, 3)
            >>> layer.load_state_dict(weft.nn.Linear(2, 3).state_dict())
            <All keys matched successfully>
        """
        return state.load_state_dict(self, state_dict, strict, assign)

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        state.save_own(self, destination, prefix, keep_vars)

    def _load_from_state_dict(
        self,
        state_dict: Mapping[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        state.load_own(self, state_dict, prefix, strict, missing_keys, unexpected_keys, error_msgs)

    def get_extra_state(self) -> Any:
        """Anything but tensors that belongs into the state_dict; override together with set_extra_state.

        Raises:
            NotImplementedError: the module has none.

        Example:
            >>> import weft
            >>> class Counter(weft.nn.Module):
            ...     count = 3
            ...     def get_extra_state(self):
            ...         return self.count
            ...     def set_extra_state(self, state):
            ...         self.count = state
            >>> dict(Counter().state_dict())
            {'_extra_state': 3}
        """
        raise NotImplementedError(f"{type(self).__name__} does not define get_extra_state()")

    get_extra_state.gives_none = True  # type: ignore[attr-defined]  # what state_dict looks for

    def set_extra_state(self, state: Any) -> None:
        """Takes what get_extra_state gave; called by load_state_dict.

        Args:
            state: what was saved.

        Raises:
            NotImplementedError: the module has none.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define set_extra_state()")

    # Text

    def extra_repr(self) -> str:
        """What repr shows in the parentheses: the layer's settings. Subclasses override it."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def _repr_html_(self) -> str:
        from weft.nn.html import module_html

        return module_html(self)

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        for name, child in self._modules.items():
            lines.append(f"({name}): " + repr(child).replace("\n", "\n  "))
        if not self._modules and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"

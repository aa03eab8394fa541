"""Module: the base class of layers and models. A tree of parameters, buffers and submodules with a forward function."""

import difflib

import weft
from weft._checks import check_text, is_differentiable
from weft._missing import in_torch, member_explanation
from weft.nn import state
from weft.nn.conversion import Conversion, parse_to, zero_gradients
from weft.nn.hooks import HookHandle, HooksOfKind, call_with_hooks, global_hooks, run_registration_hooks
from weft.nn.layer_path import add_layer_path
from weft.nn.members import GROUPS, Members
from weft.nn.parameter import Parameter


def _torch_paths(module):
    return [f"torch.nn.{kind.__name__}" for kind in type(module).__mro__]


class Module:
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
    training = True
    _version = 1  # of what the module's own state_dict looks like

    def __init__(self):
        own = self.__dict__
        own["training"] = True
        for group in GROUPS:
            own[group] = Members(self)
        own["_non_persistent_buffers_set"] = set()
        own["_hooks"] = {}  # id -> (kind, hook, with_kwargs, always_call)

    def __call__(self, *args, **kwargs):
        try:
            if not self._hooks and not global_hooks:
                return self.forward(*args, **kwargs)
            return call_with_hooks(self, [*global_hooks.values(), *self._hooks.values()], args, kwargs)
        except Exception as error:
            add_layer_path(self, error)
            raise

    def forward(self, *args, **kwargs):
        """What the module computes; every subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} does not define forward()")

    # Attributes

    def __setattr__(self, name, value):
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
            own["_buffers"][name] = run_registration_hooks("buffer", self, name, value)
        elif name in own["_parameters"] or name in own["_modules"]:
            own["_parameters" if name in own["_parameters"] else "_modules"][name] = None
        elif name in GROUPS:
            members = dict(value)
            own[name].clear()
            own[name].update(members)
        else:
            object.__setattr__(self, name, value)

    def _register(self, group, name, value):
        value = run_registration_hooks({"_parameters": "parameter", "_modules": "module"}[group], self, name, value)
        own = self.__dict__
        for other in GROUPS:
            if other != group:
                own[other].pop(name, None)
        own["_non_persistent_buffers_set"].discard(name)
        own[group][name] = value

    def __delattr__(self, name):
        own = self.__dict__
        for group in GROUPS:
            if name in own.get(group, ()):
                own["_non_persistent_buffers_set"].discard(name)
                del own[group][name]
                return
        object.__delattr__(self, name)

    def __getattr__(self, name):
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

    def __dir__(self):
        return sorted(name for name in {*dir(type(self)), *self.__dict__} if not name[:1].isdigit())

    def __setstate__(self, state):
        Module.__init__(self)
        own = self.__dict__
        own.update({name: value for name, value in state.items() if name not in GROUPS})
        for group in GROUPS:
            own[group].update(state.get(group, ()))
        forward = own.get("forward")
        if isinstance(forward, weft._C._Jit):  # that of the module this is a copy of
            own["forward"] = forward._of_module(self)

    # Registration

    def register_parameter(self, name, param):
        """Adds a Parameter (or None, a place for one) under the name.

        Raises TypeError for another type, KeyError for a bad or taken name, ValueError for a tensor with a history.
        """
        self._check_new("parameter", name, "_parameters")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"register_parameter: {name!r} must be a Parameter or None, got {type(param).__name__}")
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"register_parameter: {name!r} is the result of an operation; only a leaf can be a parameter"
            )
        self._register("_parameters", name, param)

    def register_buffer(self, name, tensor, persistent=True):
        """Adds a tensor that is state but not trained; one that is not persistent stays out of the state_dict."""
        self._check_new("buffer", name, "_buffers")
        if tensor is not None and not isinstance(tensor, weft.Tensor):
            raise TypeError(f"register_buffer: {name!r} must be a Tensor or None, got {type(tensor).__name__}")
        tensor = run_registration_hooks("buffer", self, name, tensor)
        (self._non_persistent_buffers_set.discard if persistent else self._non_persistent_buffers_set.add)(name)
        self._buffers[name] = tensor

    def register_module(self, name, module):
        """Adds a submodule (or None) under the name."""
        self._check_new("module", name, "_modules")
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"add_module: {name!r} must be a Module or None, got {type(module).__name__}")
        self._register("_modules", name, module)

    add_module = register_module

    def _check_new(self, what, name, group):
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

    # Walks

    def named_modules(self, memo=None, prefix="", remove_duplicate=True):
        """Yields (path, module) for this module, whose path is the prefix, and all below it."""
        check_text("named_modules", prefix=prefix)
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from child.named_modules(memo, path, remove_duplicate)

    def modules(self):
        """Yields this module and all below it, each once."""
        for _, module in self.named_modules():
            yield module

    def named_children(self):
        """Yields (name, module) for the direct submodules, each once."""
        seen = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def children(self):
        """Yields the direct submodules, each once."""
        for _, child in self.named_children():
            yield child

    def _named_members(self, group, prefix, recurse, remove_duplicate):
        seen = set()
        walk = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in walk:
            for name, member in module.__dict__[group].items():
                if member is None or (remove_duplicate and id(member) in seen):
                    continue
                seen.add(id(member))
                yield f"{path}.{name}" if path else name, member

    def named_parameters(self, prefix="", recurse=True, remove_duplicate=True):
        """Yields (path, parameter); a parameter that is used in several places once, unless told otherwise."""
        check_text("named_parameters", prefix=prefix)
        return self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse=True):
        """Yields the parameters, each once."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(self, prefix="", recurse=True, remove_duplicate=True):
        """Yields (path, buffer)."""
        check_text("named_buffers", prefix=prefix)
        return self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse=True):
        """Yields the buffers, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target):
        """The submodule with a path like "features.3"; this module itself for "". Raises AttributeError."""
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

    def _get_member(self, target, what, group):
        check_text(f"get_{what}", target=target)
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if name not in module.__dict__[group]:
            getattr(module, name)  # raises with a hint when there is no such attribute at all
            raise AttributeError(f"{target!r} is not a {what} of {type(self).__name__}")
        return module.__dict__[group][name]

    def get_parameter(self, target):
        """The parameter with a path like "features.3.weight". Raises AttributeError."""
        return self._get_member(target, "parameter", "_parameters")

    def get_buffer(self, target):
        """The buffer with a path like "features.4.running_mean". Raises AttributeError."""
        return self._get_member(target, "buffer", "_buffers")

    # Changes to the whole tree

    def apply(self, fn):
        """Calls fn(module) for every submodule, then for this one; returns this module."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode=True):
        """Switches this module and all below it to training (or evaluation) behaviour; returns this module."""
        if not isinstance(mode, bool):
            raise ValueError(f"train: mode must be a bool, got {type(mode).__name__}")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self):
        """The same as ``train(False)``."""
        return self.train(False)

    def requires_grad_(self, requires_grad=True):
        """Sets requires_grad of every parameter; returns this module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none=True):
        """Drops the gradients of all parameters, or fills them with zeros."""
        zero_gradients(list(self.parameters()), set_to_none)

    def _apply(self, fn, recurse=True):
        """Replaces the contents of every parameter, its gradient, and every buffer by fn of it: all or none of them."""
        made = fn if isinstance(fn, Conversion) else Conversion(self, fn, recurse)
        for child in self.children() if recurse else ():
            child._apply(made)
        for parameter in self._parameters.values():
            if parameter is not None:
                with weft.no_grad():
                    parameter.data, grad = made.of(parameter)
                    if grad is not None:
                        parameter.grad.data = grad
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = made.of(buffer)[0]
        return self

    def to(self, *args, **kwargs):
        """``to(device)``, ``to(dtype)``, ``to(device, dtype)`` or ``to(tensor)``: moves and converts in place.

        memory_format: of the parameters and buffers with 4 dimensions (5 for ``weft.channels_last_3d``).

        Only floating and complex parameters and buffers change their dtype; TypeError for another dtype.
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

    def _to_dtype(self, dtype):
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def float(self):
        """Converts floating parameters and buffers to float32."""
        return self._to_dtype(weft.float32)

    def double(self):
        """Converts floating parameters and buffers to float64."""
        return self._to_dtype(weft.float64)

    def half(self):
        """Converts floating parameters and buffers to float16."""
        return self._to_dtype(weft.float16)

    def bfloat16(self):
        """Converts floating parameters and buffers to bfloat16."""
        return self._to_dtype(weft.bfloat16)

    def type(self, dst_type):
        """Converts all parameters and buffers to the dtype."""
        if dst_type is None:
            raise TypeError("type: expected a dtype, got None")
        return self._apply(lambda t: t.type(dst_type))

    def cpu(self):
        """Moves parameters and buffers to the CPU."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device=None):
        """Moves parameters and buffers to a CUDA device, by default the current one."""
        target = "cuda" if device is None else f"cuda:{device}" if isinstance(device, int) else device
        return self.to(target)

    def to_empty(self, *, device, recurse=True):
        """Moves parameters and buffers to the device without copying: their values are undefined afterwards."""
        return self._apply(lambda t: weft.empty_like(t, device=device), recurse)

    # State

    def state_dict(self, *args, destination=None, prefix="", keep_vars=False):
        """An ordered dict of path -> tensor: all parameters and persistent buffers, sharing their memory.

        Its attribute ``_metadata`` holds the version of each module's state, by path.
        """
        if args:
            raise TypeError("state_dict takes keyword arguments only: destination, prefix, keep_vars")
        check_text("state_dict", prefix=prefix)
        return state.state_dict(self, destination, prefix, keep_vars)

    def load_state_dict(self, state_dict, strict=True, assign=False):
        """Copies the tensors of a state dict into the parameters and buffers of the same paths.

        Returns (missing_keys, unexpected_keys). RuntimeError lists every missing or unexpected key (when strict) and
        every shape that does not fit; nothing has been changed then. With ``assign`` the tensors replace the module's
        own instead of being copied. Values may be tensors and arrays of other libraries (DLPack, NumPy).
        """
        return state.load_state_dict(self, state_dict, strict, assign)

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        state.save_own(self, destination, prefix, keep_vars)

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        state.load_own(self, state_dict, prefix, strict, missing_keys, unexpected_keys, error_msgs)

    def get_extra_state(self):
        """Anything but tensors that belongs into the state_dict; override together with set_extra_state."""
        raise NotImplementedError(f"{type(self).__name__} does not define get_extra_state()")

    def set_extra_state(self, state):
        """Takes what get_extra_state gave."""
        raise NotImplementedError(f"{type(self).__name__} does not define set_extra_state()")

    # Hooks

    _forward_pre_hooks = property(lambda self: HooksOfKind(self._hooks, "forward_pre"))
    _forward_hooks = property(lambda self: HooksOfKind(self._hooks, "forward"))
    _backward_pre_hooks = property(lambda self: HooksOfKind(self._hooks, "full_backward_pre"))
    _backward_hooks = property(lambda self: HooksOfKind(self._hooks, "full_backward"))

    def _add_hook(self, kind, hook, prepend=False, with_kwargs=False, always_call=False):
        return HookHandle(self._hooks, (kind, hook, with_kwargs, always_call), prepend)

    def register_forward_pre_hook(self, hook, *, prepend=False, with_kwargs=False):
        """Calls hook(module, args) before forward; it may return changed args. Returns a removable handle."""
        return self._add_hook("forward_pre", hook, prepend, with_kwargs)

    def register_forward_hook(self, hook, *, prepend=False, with_kwargs=False, always_call=False):
        """Calls hook(module, args, output) after forward; it may return another output. Returns a removable handle."""
        return self._add_hook("forward", hook, prepend, with_kwargs, always_call)

    def register_full_backward_pre_hook(self, hook, prepend=False):
        """Calls hook(module, grad_output) before the module's backward; it may return other gradients."""
        return self._add_hook("full_backward_pre", hook, prepend)

    def register_full_backward_hook(self, hook, prepend=False):
        """Calls hook(module, grad_input, grad_output) after the module's backward; it may return another grad_input."""
        return self._add_hook("full_backward", hook, prepend)

    def _add_state_hook(self, kind, hook):
        return HookHandle(self.__dict__.setdefault("_state_hooks", {}), (kind, hook))

    def register_state_dict_pre_hook(self, hook):
        """Calls hook(module, prefix, keep_vars) before state_dict."""
        return self._add_state_hook("save_pre", hook)

    def register_state_dict_post_hook(self, hook):
        """Calls hook(module, state_dict, prefix, local_metadata) after state_dict."""
        return self._add_state_hook("save_post", hook)

    def register_load_state_dict_pre_hook(self, hook):
        """Calls hook(module, state_dict, prefix, local_metadata, strict, missing, unexpected, errors) before loading.

        It works on a copy of the state dict, whose keys it may change.
        """
        return self._add_state_hook("load_pre", hook)

    def register_load_state_dict_post_hook(self, hook):
        """Calls hook(module, incompatible_keys) after loading; it may change both lists."""
        return self._add_state_hook("load_post", hook)

    # Text

    def extra_repr(self):
        """What repr shows in the parentheses: the layer's settings."""
        return ""

    def _get_name(self):
        return type(self).__name__

    def __repr__(self):
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        for name, child in self._modules.items():
            lines.append(f"({name}): " + repr(child).replace("\n", "\n  "))
        if not self._modules and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"

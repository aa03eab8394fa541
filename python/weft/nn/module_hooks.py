"""The methods of Module that register hooks."""

from __future__ import annotations

from weft.nn.hooks import HookHandle, HooksOfKind
from weft.nn.state import WithoutModule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def take_pre_hook(module: Any, kind: type, name: str) -> Any:
    """The forward pre-hook of this class for the parameter `name`, taken away and undone; None: there is none."""
    for number, hook in list(module._forward_pre_hooks.items()):
        if isinstance(hook, kind) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[number]
            return hook
    return None


class ModuleHooks:
    """A base class of Module: hooks before and after forward, backward, state_dict and load_state_dict."""

    _hooks: dict[int, Any]

    _forward_pre_hooks = property(lambda self: HooksOfKind(self._hooks, "forward_pre"))
    _forward_hooks = property(lambda self: HooksOfKind(self._hooks, "forward"))
    _backward_pre_hooks = property(lambda self: HooksOfKind(self._hooks, "full_backward_pre"))
    _backward_hooks = property(lambda self: HooksOfKind(self._hooks, "full_backward"))

    # By id as the others: those that are called with keyword arguments, and those that are always called
    _forward_pre_hooks_with_kwargs = property(lambda self: self._hooks_where("forward_pre", 2))
    _forward_hooks_with_kwargs = property(lambda self: self._hooks_where("forward", 2))
    _forward_hooks_always_called = property(lambda self: self._hooks_where("forward", 3))

    def _hooks_where(self, kind: str, place: int) -> dict[int, bool]:
        return {number: True for number, entry in self._hooks.items() if entry[0] == kind and entry[place]}

    def _add_hook(
        self,
        kind: str,
        hook: Callable[..., Any],
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> HookHandle:
        return HookHandle(self._hooks, (kind, hook, with_kwargs, always_call), prepend)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> HookHandle:
        """Calls ``hook(module, args)`` before forward.

        Args:
            hook: returns None, or other arguments: a tuple, or a single one.
            prepend: whether it comes before the hooks that there are. Default False.
            with_kwargs: whether it is called as ``hook(module, args, kwargs)`` and returns both. Default False.

        Returns:
            A handle whose ``remove()`` takes the hook away.

        Example:
            >>> import weft
            >>> layer = weft.nn.Identity()
            >>> handle = layer.register_forward_pre_hook(lambda module, args: args[0] * 2)
            >>> layer(weft.ones(2))
            tensor([2., 2.])
        """
        return self._add_hook("forward_pre", hook, prepend, with_kwargs)

    def register_forward_hook(
        self,
        hook: Callable[..., Any],
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> HookHandle:
        """Calls ``hook(module, args, output)`` after forward.

        Args:
            hook: returns None, or another output.
            prepend: whether it comes before the hooks that there are. Default False.
            with_kwargs: whether it is called as ``hook(module, args, kwargs, output)``. Default False.
            always_call: whether it is also called, with output None, when forward has raised. Default False.

        Returns:
            A handle whose ``remove()`` takes the hook away.

        Example:
            >>> import weft
            >>> layer = weft.nn.Identity()
            >>> handle = layer.register_forward_hook(lambda module, args, output: output + 1)
            >>> layer(weft.ones(2))
            tensor([2., 2.])
        """
        return self._add_hook("forward", hook, prepend, with_kwargs, always_call)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Calls ``hook(module, grad_output)`` before the module's backward.

        Args:
            hook: takes the gradients of the outputs, a tuple; returns None, or others in their place.
            prepend: whether it comes before the hooks that there are. Default False.

        Returns:
            A handle whose ``remove()`` takes the hook away.

        Example:
            >>> import weft
            >>> layer, x = weft.nn.Identity(), weft.ones(2, requires_grad=True)
            >>> handle = layer.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 3,))
            >>> layer(x).sum().backward()
            >>> x.grad
            tensor([3., 3.])
        """
        return self._add_hook("full_backward_pre", hook, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Calls ``hook(module, grad_input, grad_output)`` after the module's backward.

        Args:
            hook: takes the gradients of the positional arguments and of the outputs, two tuples; returns None, or
                others in place of grad_input.
            prepend: whether it comes before the hooks that there are. Default False.

        Returns:
            A handle whose ``remove()`` takes the hook away.

        Example:
            >>> import weft
            >>> layer, x = weft.nn.Identity(), weft.ones(2, requires_grad=True)
            >>> handle = layer.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 3,))
            >>> layer(x).sum().backward()
            >>> x.grad
            tensor([3., 3.])
        """
        return self._add_hook("full_backward", hook, prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """The former name of register_full_backward_hook, whose gradients it gives.

        Args:
            hook: as there.

        Returns:
            A handle whose ``remove()`` takes the hook away.

        Example:
            >>> import weft
            >>> layer, x = weft.nn.Identity(), weft.ones(2, requires_grad=True)
            >>> handle = layer.register_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 3,))
            >>> layer(x).sum().backward()
            >>> x.grad
            tensor([3., 3.])
        """
        return self.register_full_backward_hook(hook)

    def _add_state_hook(self, kind: str, hook: Callable[..., Any]) -> HookHandle:
        return HookHandle(self.__dict__.setdefault("_state_hooks", {}), (kind, hook))

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Calls ``hook(module, prefix, keep_vars)`` before state_dict. Returns a removable handle.

        Example:
            >>> import weft
            >>> layer = weft.nn.Identity()
            >>> handle = layer.register_state_dict_pre_hook(lambda module, prefix, keep_vars: print("saving", module))
            >>> state = layer.state_dict()
            saving Identity()
        """
        return self._add_state_hook("save_pre", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Calls ``hook(module, state_dict, prefix, local_metadata)`` after state_dict. Returns a removable handle.

        The hook changes the state_dict in place. If it returns anything but None, state_dict raises RuntimeError.

        Example:
            >>> import weft
            >>> layer = weft.nn.Linear(2, 3)
            >>> handle = layer.register_state_dict_post_hook(lambda module, state, *rest: state.__delitem__("bias"))
            >>> list(layer.state_dict())
            ['weight']
        """
        return self._add_state_hook("save_post", hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Calls a hook before load_state_dict: ``hook(module, state_dict, prefix, metadata, strict, *lists)``.

        The lists are those of missing and unexpected keys and of error messages; the hook may add to them. It works on
        a copy of the state dict, whose keys it may change. Returns a removable handle.

        Example:
            >>> import weft
            >>> layer = weft.nn.Linear(2, 3, bias=False)
            >>> handle = layer.register_load_state_dict_pre_hook(lambda module, state, *rest: state.pop("old"))
            >>> layer.load_state_dict({"weight": weft.ones(3, 2), "old": weft.ones(1)})
            <All keys matched successfully>
        """
        return self._add_state_hook("load_pre", hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Calls ``hook(module, incompatible_keys)`` after load_state_dict; it may change both lists of keys.

        Returns a removable handle.

        Example:
            >>> import weft
            >>> layer = weft.nn.Linear(2, 3)
            >>> handle = layer.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.clear())
            >>> layer.load_state_dict({"weight": weft.ones(3, 2)})
            <All keys matched successfully>
        """
        return self._add_state_hook("load_post", hook)

    # Names that are private in PyTorch, but in use

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> HookHandle:
        return self._add_state_hook("save_replace", hook)  # what it returns takes the state_dict's place

    def _register_load_state_dict_pre_hook(self, hook: Callable[..., Any], with_module: bool = False) -> HookHandle:
        return self._add_state_hook("load_pre", hook if with_module else WithoutModule(hook))

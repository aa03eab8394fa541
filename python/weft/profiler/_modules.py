"""Scopes of the layers that run, for profiles and summaries."""

from __future__ import annotations

import threading
import weakref

from weft import _C
from weft.nn.hooks import register_module_forward_hook, register_module_forward_pre_hook

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


class ModuleScopes:
    """From :meth:`start` to :meth:`stop` each call of a module is a scope of the profile, named by its path."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._handles: list[Any] = []

    def start(self) -> None:
        """Begins."""
        self._handles = [
            register_module_forward_pre_hook(self._enter),
            register_module_forward_hook(self._leave, always_call=True),
        ]

    def stop(self) -> None:
        """Ends."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _stack(self):
        if not hasattr(self._local, "stack"):
            self._local.stack, self._local.names = [], weakref.WeakKeyDictionary()
        return self._local.stack

    def _enter(self, module, args):
        stack, kind = self._stack(), type(module).__name__
        if not stack:
            self._local.names = weakref.WeakKeyDictionary({m: name for name, m in module.named_modules()})
        name = self._local.names.get(module, "?")
        stack.append((module, _C._profiler.begin("module", f"{name} ({kind})" if name else kind)))

    def _leave(self, module, args, output):
        stack = self._stack()
        while stack and stack[-1][0] is not module:  # their hooks have not run
            _C._profiler.end(stack.pop()[1])
        if stack:
            _C._profiler.end(stack.pop()[1])

"""Turning the alias on and off."""

from __future__ import annotations

import contextlib
import sys
import threading

from weft._alias.finder import Finder

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterator


_finder = Finder()
_lock = threading.RLock()
_depth = 0


def is_enabled() -> bool:
    """Is ``import torch`` answered by Weft?"""
    return _finder in sys.meta_path


def _torch_modules():
    return [name for name in sys.modules if name.partition(".")[0] in ("torch", "torchvision")]


def enable() -> None:
    """Has ``import torch`` answered by Weft from now on. Raises ImportError where PyTorch has been imported already."""
    global _depth
    with _lock:
        if not is_enabled():
            if _torch_modules():
                place = getattr(sys.modules.get("torch"), "__file__", None) or "an unknown place"
                raise ImportError(
                    f"weft.as_torch: the real torch has been imported already, from {place}; "
                    "import weft.as_torch before everything that imports torch, or start the program by `weft run`",
                    name="torch",
                )
            sys.meta_path.insert(0, _finder)
        _depth += 1


def disable() -> None:
    """Takes back one :func:`enable`; the last one also takes the alias's modules out of sys.modules."""
    global _depth
    with _lock:
        if _depth == 0:
            raise RuntimeError("weft.as_torch: the alias is not on")
        _depth -= 1
        if _depth == 0:
            sys.meta_path.remove(_finder)
            for name in _torch_modules():
                del sys.modules[name]


@contextlib.contextmanager
def torch_alias() -> Iterator[None]:
    """A scope in which ``import torch`` is answered by Weft, for tests. Scopes may be nested.

    Afterwards no module of the name torch is left in sys.modules; those that were imported inside go on working. Raises
    ImportError where PyTorch has been imported already.

    >>> import weft
    >>> with weft.torch_alias():
    ...     import torch
    ...     from torch.nn import functional as F
    ...     torch.__version__, F.relu(torch.tensor([-1.0, 2.0])), isinstance(torch.ones(2), weft.Tensor)
    ('2.13.0+weft', tensor([0., 2.]), True)
    """
    enable()
    try:
        yield
    finally:
        disable()

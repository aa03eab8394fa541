"""PyTorch's protocol for tensors of others: a function of an installed PyTorch that is given Weft's tensors."""

from __future__ import annotations

import sys

import weft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def torch_function(
    cls: type, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
) -> Any:
    """Weft's function of the same name runs in place of one of PyTorch's, such as ``torch.nn.functional.gelu``.

    So a module may be given PyTorch's functions as activations or distances. NotImplemented, which PyTorch makes a
    TypeError, for functions that Weft lacks, and beside PyTorch's own tensors.
    """
    torch = sys.modules.get("torch")
    if torch is None or not all(issubclass(one, weft.Tensor) for one in types):
        return NotImplemented
    path = torch.overrides.resolve_name(func)
    if path is None or not path.startswith("torch."):
        return NotImplemented
    found = weft
    for name in path.split(".")[1:]:
        found = getattr(found, name, None)
        if found is None:
            return NotImplemented
    return found(*args, **(kwargs or {})) if callable(found) else NotImplemented

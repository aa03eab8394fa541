"""Two tensors exchange all that they are; and what modules do with parameters that they convert or load."""

from __future__ import annotations

import weft
from weft import _C

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor

overwrites = False  # Module.to() and so on put new parameters in the place of old ones
swaps = False  # they and load_state_dict() swap


def swap_tensors(t1: Tensor, t2: Tensor) -> None:
    """Exchanges two tensors: every reference to the one sees the other one from now on.

    Values, shapes, dtypes, devices, gradients, hooks, classes and attributes change places; ``id()`` of neither does.
    Graphs that have been recorded lose a leaf that is swapped: their backward raises RuntimeError.

    Args:
        t1, t2: tensors of any shape, dtype and class.

    Raises:
        TypeError: one is no tensor.
        RuntimeError: there are weak references to one, as jitted functions keep them, or its class has ``__slots__``;
            in a jitted function.

    Example:
        >>> import weft
        >>> a, b = weft.zeros(2), weft.nn.Parameter(weft.ones(3))
        >>> weft.utils.swap_tensors(a, b)
        >>> a
        Parameter containing:
        tensor([1., 1., 1.], requires_grad=True)
        >>> b
        tensor([0., 0.])
    """
    import weakref  # not at the start: few programs swap

    for name, tensor in (("t1", t1), ("t2", t2)):
        if not isinstance(tensor, weft.Tensor):
            raise TypeError(f"swap_tensors: {name} must be a Tensor, got {type(tensor).__name__}")
        if weakref.getweakrefcount(tensor):
            raise RuntimeError(
                f"swap_tensors: there are weak references to {name}, as jitted functions keep them, which would lead "
                "to other contents; drop them first"
            )
    _C._swap_contents(t1, t2)

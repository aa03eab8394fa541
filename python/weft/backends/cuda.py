"""Switches of products on GPUs."""

from __future__ import annotations

from weft._C import _device
from weft._missing import missing_names
from weft.backends._switches import SwitchModule, check_bool, turn_into

TYPE_CHECKING = False

if not TYPE_CHECKING:
    __getattr__ = missing_names(__name__)

__all__ = ["is_built", "matmul"]


class _Matmul:
    """``allow_tf32``: may float32 products round their operands to TF32's ten bits? Several times faster; off by
    default. It holds for convolutions too."""

    __slots__ = ()

    @property
    def allow_tf32(self) -> bool:
        return _device.allow_tf32()

    @allow_tf32.setter
    def allow_tf32(self, allow: bool) -> None:
        check_bool("weft.backends.cuda.matmul.allow_tf32", allow)
        _device.set_allow_tf32(allow)


matmul: _Matmul = _Matmul()


def is_built() -> bool:
    """Does this Weft have the CUDA plug-in? Whether it can be used says :func:`weft.cuda.is_available`.

    >>> import weft
    >>> weft.backends.cuda.is_built() or not weft.cuda.is_available()
    True
    """
    return "without the CUDA plug-in" not in _device.unavailable_reason("cuda")


turn_into(__name__, SwitchModule)

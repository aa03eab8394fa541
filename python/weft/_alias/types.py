"""torch.types: names for annotations."""

import builtins
from collections.abc import Sequence
from os import PathLike
from typing import Union

from weft import Size, Tensor
from weft import device as Device
from weft import dtype as _dtype  # noqa: F401

Number = Union[builtins.int, builtins.float, builtins.bool]  # noqa: UP007
FileLike = Union[str, PathLike]  # noqa: UP007
_bool, _int, _float, _device, _size = bool, int, float, Device, Union[Size, list, tuple]  # noqa: UP007
_TensorOrTensors = Union[Tensor, Sequence[Tensor]]  # noqa: UP007

__all__ = ["Device", "FileLike", "Number"]

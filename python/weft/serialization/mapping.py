"""Files as memory: tensors whose values are read from the file when they are used."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import weft
from weft import _C

if TYPE_CHECKING:
    from typing import Any

    from weft.serialization.source import Source


class Mapped:
    """All of a file, mapped. Changes of its tensors stay in memory.

    A file that is truncated while it is mapped has lost values; the next op that uses a tensor of it is an error.
    """

    def __init__(self, source: Source) -> None:
        try:
            handle = source.file.fileno()
        except (AttributeError, OSError):
            raise ValueError(f"load: {source.name} cannot be mapped: it is no local file") from None
        self._bytes = _C.memory._map_file(handle, source.name).numpy()
        if len(self._bytes) < source.begin + source.size:
            raise source.cut_off()
        self._begin = source.begin

    def tensor(self, offset: int, shape: Any, dtype: weft.dtype) -> weft.Tensor:
        """A contiguous tensor of what begins at this offset; a copy where its elements are not aligned."""
        item = weft.empty(0, dtype=dtype).element_size()
        size = math.prod(shape) * item
        if not size:
            return weft.empty(shape, dtype=dtype)
        # With a storage of its own: a change of one tensor is none of the others, as autograd counts changes.
        part = weft.from_numpy(self._bytes[self._begin + offset :][:size])
        if part.data_ptr() % item:
            part = part.clone()
        return part.view(dtype).view(shape).detach()

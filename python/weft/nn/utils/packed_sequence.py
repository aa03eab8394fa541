"""PackedSequence: sequences of different lengths in one tensor, without padding."""

from __future__ import annotations

import collections

import weft
from weft._checks import check_tensors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor

PackedSequence_ = collections.namedtuple(
    "PackedSequence", ["data", "batch_sizes", "sorted_indices", "unsorted_indices"], defaults=(None, None, None)
)


class PackedSequence(PackedSequence_):
    """Sequences of different lengths without padding: a named tuple that recurrent layers take and give.

    The rows of all sequences are in one tensor, by time step: those of the first step of every sequence, then those of
    the second step of the sequences that have one, and so on. Within a step the longest sequence comes first. It is
    made by :func:`pack_padded_sequence` and :func:`pack_sequence`.

    Args:
        data: the rows, (sum of the lengths, *).
        batch_sizes: how many sequences reach each time step: int64, on the CPU. They do not grow.
        sorted_indices: where the sequences were before they were sorted by length; None: they were sorted.
        unsorted_indices: the inverse permutation; by default it is computed.

    Raises:
        ValueError: batch_sizes is not on the CPU.

    Example:
        >>> import weft
        >>> from weft.nn.utils.rnn import pack_sequence
        >>> packed = pack_sequence([weft.tensor([1, 2, 3]), weft.tensor([4])])
        >>> packed.data, packed.batch_sizes
        (tensor([1, 4, 2, 3]), tensor([2, 1, 1]))
    """

    __slots__ = ()

    def __new__(
        cls,
        data: Tensor | tuple[Tensor, Tensor],
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> PackedSequence:
        if batch_sizes is None and isinstance(data, (tuple, list)) and len(data) == 2:
            data, batch_sizes = data
        # Trees of arguments are rebuilt with other objects in place of tensors.
        if isinstance(batch_sizes, weft.Tensor) and batch_sizes.device.type != "cpu":
            raise ValueError(f"PackedSequence: batch_sizes must be on the CPU, got a tensor on {batch_sizes.device}")
        if unsorted_indices is None and isinstance(sorted_indices, weft.Tensor):
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The sequences with data of another dtype or on another device; arguments are those of Tensor.to.

        Returns itself where nothing changes. batch_sizes stays on the CPU, the indices follow data to its device.

        Example:
            >>> import weft
            >>> packed = weft.nn.utils.rnn.pack_sequence([weft.ones(2)])
            >>> packed.to(weft.float64).data.dtype
            weft.float64
        """
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        indices = [None if t is None else t.to(data.device) for t in (self.sorted_indices, self.unsorted_indices)]
        return type(self)(data, self.batch_sizes, *indices)

    def cuda(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The sequences on a GPU; arguments are those of Tensor.to, by default the current GPU.

        Example:
            >>> import weft
            >>> packed = weft.nn.utils.rnn.pack_sequence([weft.ones(2)])
            >>> packed.cuda().is_cuda if weft.cuda.is_available() else True
            True
        """
        if not args and "device" not in kwargs:
            kwargs["device"] = "cuda"
        return self.to(*args, **kwargs)

    def cpu(self) -> PackedSequence:
        """The sequences on the CPU.

        Example:
            >>> import weft
            >>> weft.nn.utils.rnn.pack_sequence([weft.ones(2)]).cpu().is_cuda
            False
        """
        return self.to("cpu")

    def pin_memory(self) -> PackedSequence:
        """The sequences with data, and the indices, in pinned memory.

        Example:
            >>> import weft
            >>> packed = weft.nn.utils.rnn.pack_sequence([weft.ones(2)])
            >>> packed.pin_memory().is_pinned() if weft.cuda.is_available() else True
            True
        """
        indices = [None if t is None else t.pin_memory() for t in (self.sorted_indices, self.unsorted_indices)]
        return type(self)(self.data.pin_memory(), self.batch_sizes, *indices)

    def double(self) -> PackedSequence:
        """The sequences as float64.

        Example:
            >>> import weft
            >>> weft.nn.utils.rnn.pack_sequence([weft.ones(2)]).double().data.dtype
            weft.float64
        """
        return self.to(dtype=weft.float64)

    def float(self) -> PackedSequence:
        """The sequences as float32.

        Example:
            >>> import weft
            >>> weft.nn.utils.rnn.pack_sequence([weft.tensor([1, 2])]).float().data
            tensor([1., 2.])
        """
        return self.to(dtype=weft.float32)

    def half(self) -> PackedSequence:
        """The sequences as float16.

        Example:
            >>> import weft
            >>> weft.nn.utils.rnn.pack_sequence([weft.ones(2)]).half().data.dtype
            weft.float16
        """
        return self.to(dtype=weft.float16)

    def long(self) -> PackedSequence:
        """The sequences as int64.

        Example:
            >>> import weft
            >>> weft.nn.utils.rnn.pack_sequence([weft.ones(2)]).long().data
            tensor([1, 1])
        """
        return self.to(dtype=weft.int64)

    def int(self) -> PackedSequence:
        """The sequences as int32.

        Example:
            >>> import weft
            >>> weft.nn.utils.rnn.pack_sequence([weft.ones(2)]).int().data.dtype
            weft.int32
        """
        return self.to(dtype=weft.int32)

    def short(self) -> PackedSequence:
        """The sequences as int16.

        Example:
            >>> import weft
            >>> weft.nn.utils.rnn.pack_sequence([weft.ones(2)]).short().data.dtype
            weft.int16
        """
        return self.to(dtype=weft.int16)

    def char(self) -> PackedSequence:
        """The sequences as int8.

        Example:
            >>> import weft
            >>> weft.nn.utils.rnn.pack_sequence([weft.ones(2)]).char().data.dtype
            weft.int8
        """
        return self.to(dtype=weft.int8)

    def byte(self) -> PackedSequence:
        """The sequences as uint8.

        Example:
            >>> import weft
            >>> weft.nn.utils.rnn.pack_sequence([weft.ones(2)]).byte().data.dtype
            weft.uint8
        """
        return self.to(dtype=weft.uint8)

    @property
    def is_cuda(self) -> bool:
        """Is data on a GPU?"""
        return self.data.is_cuda

    def is_pinned(self) -> bool:
        """Is data in pinned memory?

        Example:
            >>> import weft
            >>> weft.nn.utils.rnn.pack_sequence([weft.ones(2)]).is_pinned()
            False
        """
        return self.data.is_pinned()


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes another one; None for None.

    Args:
        permutation: each of 0, ..., n - 1 once, int64.

    Example:
        >>> import weft
        >>> weft.nn.utils.rnn.invert_permutation(weft.tensor([2, 0, 1]))
        tensor([1, 2, 0])
    """
    if permutation is None:
        return None
    check_tensors("invert_permutation", permutation=permutation)
    return permutation.argsort()

"""Sequences of different lengths in one tensor."""

from __future__ import annotations

import collections.abc
import itertools

import weft
from weft._checks import check_flags, check_instances, check_integers, check_numbers, check_tensors, tensors_of
from weft._missing import missing_names
from weft.nn.utils.packed_sequence import PackedSequence, invert_permutation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weft import Tensor


if not TYPE_CHECKING:  # type checkers take it for a name that may be anything
    __getattr__ = missing_names(__name__)

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


def _runs(batch_sizes):
    """(size, number of time steps) for each run of equal batch sizes."""
    return [(size, len(list(steps))) for size, steps in itertools.groupby(batch_sizes)]


def _lengths_list(function, lengths):
    if isinstance(lengths, weft.Tensor):
        if lengths.dim() != 1:
            raise RuntimeError(f"{function}: expected lengths with one dimension, got shape {tuple(lengths.shape)}")
        lengths = lengths.tolist()
    else:
        lengths = list(lengths)
    for length in lengths:
        check_integers(function, lengths=length)
    return [int(length) for length in lengths]


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """A padded batch of sequences without its padding, as recurrent layers take it.

    Args:
        input: (L, B, *), or (B, L, *) with batch_first. What lies behind the end of a sequence is left out.
        lengths: the length of each sequence, at least 1 and at most L.
        batch_first: whether the first dimension counts the sequences. Default False.
        enforce_sorted: whether the sequences have to be sorted, the longest first. Otherwise they are sorted here, and
            :func:`pad_packed_sequence` brings them back. Default True.

    Returns:
        A PackedSequence.

    Raises:
        RuntimeError: input has fewer than two dimensions, there are not as many lengths as sequences, a length is below
            1 or above L, or the sequences are not sorted although they have to be.

    Example:
        >>> import weft
        >>> padded = weft.tensor([[1, 2, 0], [3, 4, 5]])
        >>> packed = weft.nn.utils.rnn.pack_padded_sequence(padded, [2, 3], batch_first=True, enforce_sorted=False)
        >>> packed.data, packed.batch_sizes, packed.sorted_indices
        (tensor([3, 1, 4, 2, 5]), tensor([2, 2, 1]), tensor([1, 0]))
    """
    name = "pack_padded_sequence"
    check_tensors(name, input=input)
    check_flags(name, batch_first=batch_first, enforce_sorted=enforce_sorted)
    lengths = _lengths_list(name, lengths)
    if input.dim() < 2:
        raise RuntimeError(f"{name}: expected an input of at least 2 dims, got shape {tuple(input.shape)}")
    if batch_first:
        input = input.transpose(0, 1)
    if len(lengths) != input.shape[1] or not lengths:
        raise RuntimeError(f"{name}: expected a length for each of {input.shape[1]} sequences, got {len(lengths)}")
    if min(lengths) < 1 or max(lengths) > input.shape[0]:
        wrong = next(n for n in lengths if not 1 <= n <= input.shape[0])
        raise RuntimeError(f"{name}: lengths must be from 1 to {input.shape[0]}, the padded length, got {wrong}")
    sorted_indices = None
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    if not enforce_sorted:
        sorted_indices = weft.tensor(order, dtype=weft.int64, device=input.device)
        input = input.index_select(1, sorted_indices)
        lengths = [lengths[i] for i in order]
    elif order != list(range(len(lengths))):
        raise RuntimeError(
            f"{name}: the sequences must be sorted by length, the longest first, got lengths {lengths[:8]}; "
            "give enforce_sorted=False to have them sorted"
        )
    batch_sizes, parts, start = [], [], 0
    # The steps from one sequence's end to the next one's are one part
    for size in range(len(lengths), 0, -1):
        end = lengths[size - 1]
        if end > start:
            parts.append(input[start:end, :size].flatten(0, 1))
            batch_sizes += [size] * (end - start)
            start = end
    sizes = weft.tensor(batch_sizes, dtype=weft.int64, device="cpu")
    return PackedSequence(parts[0] if len(parts) == 1 else weft.cat(parts), sizes, sorted_indices)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """The padded batch of a PackedSequence, and its lengths: what :func:`pack_padded_sequence` was given.

    Args:
        sequence: a PackedSequence.
        batch_first: whether the result is (B, L, *) in place of (L, B, *). Default False.
        padding_value: what is filled in behind the end of a sequence. Default 0.
        total_length: L; by default the length of the longest sequence.

    Returns:
        The tensor, and the lengths, int64 on the CPU; the sequences are in their order before they were sorted.

    Raises:
        ValueError: total_length is less than the length of the longest sequence.

    Example:
        >>> import weft
        >>> from weft.nn.utils.rnn import pack_sequence, pad_packed_sequence
        >>> packed = pack_sequence([weft.tensor([1]), weft.tensor([2, 3])], enforce_sorted=False)
        >>> pad_packed_sequence(packed, batch_first=True)
        (tensor([[1, 0],
                [2, 3]]), tensor([1, 2]))
    """
    name = "pad_packed_sequence"
    check_instances(PackedSequence, name, sequence=sequence)
    check_flags(name, batch_first=batch_first)
    check_numbers(name, padding_value=padding_value)
    data, batch_sizes = sequence.data, sequence.batch_sizes.tolist()
    if not batch_sizes or sum(batch_sizes) != data.shape[0]:
        raise RuntimeError(f"{name}: batch_sizes add up to {sum(batch_sizes)}, but data has {data.shape[0]} rows")
    batch, longest, rest = batch_sizes[0], len(batch_sizes), data.shape[1:]
    parts, lengths, start, steps = [], [], 0, 0
    for size, count in _runs(batch_sizes):
        lengths[:0] = [steps] * (batch - len(lengths) - size)
        part = data.narrow(0, start, size * count).reshape(count, size, *rest)
        widths = (*(0, 0) * len(rest), 0, batch - size)
        parts.append(weft.nn.functional.pad(part, widths, value=padding_value) if size < batch else part)
        start, steps = start + size * count, steps + count
    lengths[:0] = [steps] * (batch - len(lengths))
    if total_length is not None:
        check_integers(name, total_length=total_length)
        if total_length < longest:
            raise ValueError(f"{name}: total_length must be at least {longest}, the longest length, got {total_length}")
        if total_length > longest:
            parts.append(
                weft.full((total_length - longest, batch, *rest), padding_value, dtype=data.dtype, device=data.device)
            )
    padded = parts[0] if len(parts) == 1 else weft.cat(parts)
    lengths = weft.tensor(lengths, dtype=weft.int64, device="cpu")
    if sequence.unsorted_indices is not None:
        padded = padded.index_select(1, sequence.unsorted_indices)
        lengths = lengths.index_select(0, sequence.unsorted_indices.cpu())
    return (padded.transpose(0, 1) if batch_first else padded), lengths


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Sequences of different lengths as one PackedSequence.

    Args:
        sequences: tensors (L_i, *), with at least one row each.
        enforce_sorted: whether the sequences have to be sorted, the longest first. Otherwise they are sorted here.
            Default True.

    Raises:
        TypeError: sequences holds anything but tensors.
        RuntimeError: there is no sequence, one is empty, they differ in dtype or shape after the first dimension, or
            are not sorted although they have to be.

    Example:
        >>> import weft
        >>> weft.nn.utils.rnn.pack_sequence([weft.tensor([1, 2, 3]), weft.tensor([4, 5])]).data
        tensor([1, 4, 2, 5, 3])
    """
    sequences = tensors_of("pack_sequence", "sequences", sequences)
    lengths = [one.shape[0] if one.dim() else 0 for one in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a PackedSequence, as a list in their order before they were sorted.

    Args:
        packed_sequences: a PackedSequence.

    Example:
        >>> import weft
        >>> from weft.nn.utils.rnn import pack_sequence, unpack_sequence
        >>> unpack_sequence(pack_sequence([weft.tensor([1]), weft.tensor([2, 3])], enforce_sorted=False))
        [tensor([1]), tensor([2, 3])]
    """
    check_instances(PackedSequence, "unpack_sequence", packed_sequences=packed_sequences)
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)


def pad_sequence(
    sequences: Iterable[Tensor] | Tensor,
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Sequences of different lengths in one tensor; what is missing is filled with padding_value.

    Args:
        sequences: tensors (L_i, *), or one tensor, whose first dimension is taken apart.
        batch_first: whether the result is (B, L, *), L being the longest L_i, in place of (L, B, *). Default False.
        padding_value: what is filled in. Default 0.
        padding_side: where: ``'right'`` (default), at the end, or ``'left'``, at the beginning.

    Raises:
        TypeError: sequences holds anything but tensors.
        ValueError: padding_side is neither of them.
        RuntimeError: sequences is not iterable, there is no sequence, or they differ in dtype, device or shape after
            the first dimension.

    Example:
        >>> import weft
        >>> weft.nn.utils.rnn.pad_sequence([weft.tensor([1, 2, 3]), weft.tensor([4])], batch_first=True)
        tensor([[1, 2, 3],
                [4, 0, 0]])
    """
    if padding_side not in ("left", "right"):
        raise ValueError(f"pad_sequence: padding_side must be 'left' or 'right', got {padding_side!r}")
    check_flags("pad_sequence", batch_first=batch_first)
    check_numbers("pad_sequence", padding_value=padding_value)
    if not isinstance(sequences, collections.abc.Iterable):
        raise RuntimeError(f"pad_sequence: expected an iterable of Tensors, got {type(sequences).__name__}")
    whole = isinstance(sequences, weft.Tensor)
    sequences = sequences.unbind(0) if whole else tensors_of("pad_sequence", "sequences", sequences)
    if not sequences:
        raise RuntimeError("pad_sequence: expected at least one sequence")
    first = sequences[0]
    for i, one in enumerate(sequences):
        if one.dim() == 0:
            raise RuntimeError(f"pad_sequence: sequence {i} has no dimension to pad")
        if one.shape[1:] != first.shape[1:] or one.dtype != first.dtype:
            raise RuntimeError(
                f"pad_sequence: sequences need one dtype and one shape after their length, got {tuple(first.shape)} of "
                f"{first.dtype} and {tuple(one.shape)} of {one.dtype} (number {i})"
            )
    longest = max(len(one) for one in sequences)
    rest = (0, 0) * (first.dim() - 1)
    padded = []
    for one in sequences:
        lacking = longest - len(one)
        widths = (lacking, 0) if padding_side == "left" else (0, lacking)
        padded.append(weft.nn.functional.pad(one, (*rest, *widths), value=padding_value) if lacking else one)
    return weft.stack(padded, 0 if batch_first else 1)


def unpad_sequence(
    padded_sequences: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False
) -> list[Tensor]:
    """The sequences that pad_sequence put into one tensor, filled at the end: a list of views.

    Args:
        padded_sequences: (L, B, *), or (B, L, *) with batch_first.
        lengths: the length of each sequence.
        batch_first: whether the first dimension counts the sequences. Default False.

    Raises:
        RuntimeError: there are not as many lengths as sequences.

    Example:
        >>> import weft
        >>> weft.nn.utils.rnn.unpad_sequence(weft.tensor([[1, 2, 3], [4, 0, 0]]), weft.tensor([3, 1]), batch_first=True)
        [tensor([1, 2, 3]), tensor([4])]
    """
    check_tensors("unpad_sequence", padded_sequences=padded_sequences)
    check_flags("unpad_sequence", batch_first=batch_first)
    lengths = lengths.tolist() if isinstance(lengths, weft.Tensor) else list(lengths)
    batch = 0 if batch_first else 1
    if padded_sequences.dim() < 2 or padded_sequences.shape[batch] != len(lengths):
        raise RuntimeError(
            f"unpad_sequence: {len(lengths)} lengths do not fit the shape {tuple(padded_sequences.shape)}, whose "
            f"dimension {batch} should count the sequences"
        )
    return [one.narrow(0, 0, length) for one, length in zip(padded_sequences.unbind(batch), lengths)]

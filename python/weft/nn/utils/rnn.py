"""Sequences of different lengths in one tensor."""

from __future__ import annotations

import weft
from weft._checks import check_flags, check_numbers, check_tensors, tensors_of
from weft._missing import missing_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from weft import Tensor


if not TYPE_CHECKING:  # type checkers take it for a name that may be anything
    __getattr__ = missing_names(__name__)

__all__ = ["pad_sequence", "unpad_sequence"]


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
        RuntimeError: there is no sequence, or they differ in dtype, device or shape after the first dimension.

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

"""Sequences of different lengths in one tensor."""

import weft
from weft._checks import check_flags, check_numbers, check_tensors, tensors_of
from weft._missing import missing_names

__getattr__ = missing_names(__name__)

__all__ = ["pad_sequence", "unpad_sequence"]


def pad_sequence(sequences, batch_first=False, padding_value=0.0, padding_side="right"):
    """Sequences of shape (L_i, *) in a tensor (L, B, *), or (B, L, *) with batch_first, L being the longest L_i.

    What is missing is filled with padding_value at the end, or with padding_side="left" at the beginning. All need one
    dtype, device and shape after the first dimension (RuntimeError). TypeError unless they are tensors, or
    one tensor, whose first dimension is taken apart; ValueError for another padding_side.

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


def unpad_sequence(padded_sequences, lengths, batch_first=False):
    """The sequences that pad_sequence put into (L, B, *), or (B, L, *): a list of views of the given lengths.

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

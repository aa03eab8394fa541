"""What tables of pandas and Arrow have in common: columns of NumPy, and values that are missing."""

from __future__ import annotations

import warnings

import numpy as np

import weft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from weft import Tensor


def check_missing(where: str, missing: object) -> None:
    """The policy is "error", "nan", "drop" or a number."""
    is_number = isinstance(missing, (int, float, np.number)) and not isinstance(missing, bool)
    if missing not in ("error", "nan", "drop") and not is_number:
        raise ValueError(f"{where}: missing must be 'error', 'nan', 'drop' or a number, got {missing!r}")


def without_missing(where: str, name: str, values: np.ndarray, lost: np.ndarray, missing: Any) -> np.ndarray:
    """The column with NaN, or the number, in the place of what is missing."""
    count = int(lost.sum())
    if not count:
        return values
    if missing == "error":
        raise ValueError(
            f"{where}: column {name!r} lacks {count} of {len(lost)} values; missing= 'nan', 'drop' or a number says "
            "what to do"
        )
    if missing == "nan":
        values = values.astype(values.dtype if values.dtype.kind == "f" else np.float64)
        values[lost] = np.nan
        return values
    filled = np.asarray(missing).astype(values.dtype)
    if filled != missing and missing == missing:
        raise ValueError(f"{where}: column {name!r} is of {values.dtype}, which cannot hold missing={missing!r}")
    values = values.copy()
    values[lost] = filled
    return values


def tensor_of(values: np.ndarray, dtype: weft.dtype | None) -> Tensor:
    """On the memory of the column where its dtype stays; then as read-only as that."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "from_numpy: the array is read-only")
        tensor = weft.from_numpy(values)
    return tensor if dtype is None else tensor.to(dtype)


def arrays_of(where: str, tensors: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Columns (N,) and (N, D) of equal length."""
    if not hasattr(tensors, "items"):
        raise TypeError(f"{where}: expected a dict of Tensors, got {type(tensors).__name__}")
    arrays = {}
    for name, tensor in tensors.items():
        if not isinstance(tensor, weft.Tensor):
            raise TypeError(f"{where}: expected a Tensor as {name!r}, got {type(tensor).__name__}")
        if tensor.ndim not in (1, 2):
            raise ValueError(f"{where}: expected {name!r} of shape (N,) or (N, D), got {tuple(tensor.shape)}")
        tensor = tensor.detach().cpu()
        arrays[str(name)] = (tensor.float() if tensor.dtype == weft.bfloat16 else tensor).numpy()
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{where}: columns differ in length: {lengths}")
    return arrays

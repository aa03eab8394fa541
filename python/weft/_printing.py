"""How tensors print: laid out as PyTorch does, so that output can be compared."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from weft import _C
from weft._checks import check_flags, check_integers

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Literal


@dataclasses.dataclass
class _Options:
    precision: int = 4
    threshold: int = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_options = _Options()
_PROFILES = {
    "default": _Options(),
    "short": _Options(precision=2, edgeitems=2),
    "full": _Options(threshold=math.inf),
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: Literal["default", "short", "full"] | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Sets how tensors print; what is None stays as it is.

    Args:
        precision: digits after the point (4 at first).
        threshold: number of elements above which only the edges are shown (1000).
        edgeitems: how many elements are shown at each end of a dimension then (3).
        linewidth: characters a line (80).
        profile: "default", "short" or "full" (which shows all elements), sets all of these first.
        sci_mode: scientific notation, True or False; None chooses by the values.

    Raises ValueError for a negative number or unknown profile, TypeError for what is no int.

    >>> import weft
    >>> weft.set_printoptions(precision=2)
    >>> weft.tensor([1.12345])
    tensor([1.12])
    >>> weft.set_printoptions(profile="default")
    """
    global _options
    _check(given := {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth})
    check_flags("set_printoptions", sci_mode=sci_mode)
    options = _options
    if profile is not None:
        if profile not in _PROFILES:
            raise ValueError(f"set_printoptions: profile must be one of {', '.join(_PROFILES)}, got {profile!r}")
        options = _PROFILES[profile]
    changes = {name: value for name, value in given.items() if value is not None}
    _options = dataclasses.replace(options, **changes, sci_mode=sci_mode)


def _check(options):
    for name, value in options.items():
        if value is None or (name == "threshold" and value == math.inf):
            continue
        check_integers("set_printoptions", **{name: value})
        if value < 0:
            raise ValueError(f"set_printoptions: {name} must not be negative, got {value}")


def tensor_repr(tensor: _C.Tensor) -> str:
    """The text of repr(tensor).

    >>> import weft
    >>> weft.tensor([[1.0, 2.5], [3.0, 4.0]])
    tensor([[1.0000, 2.5000],
            [3.0000, 4.0000]])
    """
    prefix = "tensor("
    notes = _notes(tensor)
    if tensor._is_traced:
        notes.insert(0, f"size={tuple(tensor.shape)}")
        body = "<traced>"
    elif tensor.is_meta or tensor.numel() == 0:
        if tensor.is_meta or tensor.dim() != 1:
            notes.insert(tensor.device.type != "cpu", f"size={tuple(tensor.shape)}")
        body = "..." if tensor.is_meta else "[]"
    else:
        array = _to_array(tensor)
        body = _layout(array, len(prefix), array.size > _options.threshold, _formatter(array))
    return _append_notes(prefix + body, notes, len(prefix)) + ")"


def _notes(tensor):
    """What follows the values: device, dtype, gradient, where it is not the usual."""
    notes = []
    if tensor.device.type != "cpu":
        notes.append(f"device='{tensor.device}'")
    values_tell = (
        tensor.numel() > 0 and not tensor.is_meta and not tensor._is_traced
    )  # an int64 shows in the values, a bool too
    default = _C.get_default_dtype()
    usual = (default, default.to_complex(), _C.int64, _C.bool) if values_tell else (default,)
    if tensor._is_traced or tensor.dtype not in usual:
        notes.append(f"dtype={tensor.dtype}")
    if not tensor._is_traced and tensor.grad_fn is not None:
        notes.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif tensor.requires_grad:
        notes.append("requires_grad=True")
    return notes


def _append_notes(text, notes, indent):
    """Adds the notes, each on the last line if it still fits there."""
    used = len(text) - text.rfind("\n") + 1
    for note in notes:
        if used + len(note) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + note
            used = indent + len(note)
        else:
            text += ", " + note
            used += len(note) + 2
    return text


def _to_array(tensor):
    """The values to print as a NumPy array: of a large tensor only what is shown, with one element for what is not."""
    tensor = tensor.detach()
    if tensor.dtype in (_C.bfloat16, _C.float16, _C.float8_e4m3fn, _C.float8_e5m2):
        tensor = tensor.float()
    return tensor.cpu().numpy()


def _edges(array):
    """The part of a large array that is shown."""
    edge = _options.edgeitems
    for dim, size in enumerate(array.shape):
        if size > 2 * edge:
            array = np.take(array, [*range(edge), *range(size - edge, size)], axis=dim)
    return array


def _formatter(array):
    return _ComplexFormatter(array) if array.dtype.kind == "c" else _Formatter(array)


class _ComplexFormatter:
    """Turns complex numbers into texts: each part is laid out as a tensor of all these parts would be."""

    def __init__(self, array):
        self.real, self.imag = _Formatter(array.real), _Formatter(array.imag)
        self.width = self.real.width + self.imag.width + 1

    def __call__(self, value):
        imag = self.imag(value.imag).lstrip()
        return self.real(value.real) + ("" if imag[0] in "+-" else "+") + imag + "j"


class _Formatter:
    """Turns numbers into texts of the same width, chosen to suit all the values that are shown."""

    def __init__(self, array):
        self.floating = array.dtype.kind == "f"
        self.whole = True  # all numbers are whole: "2." instead of "2.0000"
        self.scientific = False
        self.width = 1
        shown = (_edges(array) if array.size > _options.threshold else array).reshape(-1)
        if not self.floating:
            self.width = max((len(str(value)) for value in shown.tolist()), default=1)
            return
        values = shown[np.isfinite(shown) & (shown != 0)]
        if values.size == 0:
            return
        self.whole = bool((values == np.ceil(values)).all())
        self.scientific = self._choose_scientific(np.abs(values.astype("float64")))
        self.width = max(len(self._number(value)) for value in values.tolist())

    def _choose_scientific(self, sizes):
        if _options.sci_mode is not None:
            return _options.sci_mode
        largest, smallest = sizes.max(), sizes.min()
        if largest / smallest > 1000 or largest > 1e8:
            return True
        return bool(not self.whole and smallest < 1e-4)

    def _number(self, value):
        if self.scientific:
            return f"{value:.{_options.precision}e}"
        if self.whole:
            return f"{value:.0f}" + ("." if math.isfinite(value) else "")
        return f"{value:.{_options.precision}f}"

    def __call__(self, value):
        return (self._number(value) if self.floating else str(value)).rjust(self.width)


def _layout(array, indent, shorten, formatter):
    """Nested brackets; a dimension that is too long keeps its edges, with "..." between."""
    if array.ndim == 0:
        return formatter(array.item())
    if array.ndim == 1:
        return _layout_row(array, indent, shorten, formatter)
    edge = _options.edgeitems
    if shorten and len(array) > 2 * edge:
        parts = [_layout(part, indent + 1, shorten, formatter) for part in array[:edge]]
        parts.append("...")
        parts += [_layout(part, indent + 1, shorten, formatter) for part in array[len(array) - edge :]]
    else:
        parts = [_layout(part, indent + 1, shorten, formatter) for part in array]
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(parts) + "]"


def _layout_row(array, indent, shorten, formatter):
    edge = _options.edgeitems
    if shorten and edge == 0:
        texts = ["..."]
    elif shorten and len(array) > 2 * edge:
        texts = [formatter(value) for value in array[:edge].tolist()]
        texts.append(" ...")
        texts += [formatter(value) for value in array[len(array) - edge :].tolist()]
    else:
        texts = [formatter(value) for value in array.tolist()]
    per_line = max(1, (_options.linewidth - indent) // (formatter.width + 2))
    lines = [", ".join(texts[i : i + per_line]) for i in range(0, len(texts), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"

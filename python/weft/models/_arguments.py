"""Checks that the models share: of what builders are given, and of what a forward is given."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor
    from weft.nn import Module


def check_positive(function: str, **values: int) -> None:
    """Every value is an int above 0.

    >>> from weft.models._arguments import check_positive
    >>> check_positive("resnet50", num_classes=0)
    Traceback (most recent call last):
    ValueError: resnet50: num_classes must be a positive int, got 0
    """
    for name, value in values.items():
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            raise ValueError(f"{function}: {name} must be a positive int, got {value!r}")


def check_probability(function: str, **values: float) -> None:
    """Every value is a number from 0 to 1.

    >>> from weft.models._arguments import check_probability
    >>> check_probability("vgg11", dropout=1.5)
    Traceback (most recent call last):
    ValueError: vgg11: dropout must be between 0 and 1, got 1.5
    """
    for name, value in values.items():
        if not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise ValueError(f"{function}: {name} must be between 0 and 1, got {value!r}")


def check_divisible(function: str, **values: int) -> None:
    """The first value is a multiple of the second.

    >>> from weft.models._arguments import check_divisible
    >>> check_divisible("GPT2Config", n_embd=10, n_head=4)
    Traceback (most recent call last):
    ValueError: GPT2Config: n_embd must be a multiple of n_head, got n_embd=10, n_head=4
    """
    (first, a), (second, b) = values.items()
    if a % b:
        raise ValueError(f"{function}: {first} must be a multiple of {second}, got {first}={a}, {second}={b}")


def check_input(model: Module, name: str, value: Tensor, shape: str, **sizes: int) -> None:
    """The tensor is floating point and has this shape, written like "N, C, H, W"; sizes tells some of the letters.

    >>> import weft
    >>> from weft.models._arguments import check_input
    >>> check_input(weft.nn.ReLU(), "images", weft.zeros(1, 8, 8), "N, C, H, W", C=3)
    Traceback (most recent call last):
    ValueError: ReLU: expected images of shape (N, 3, H, W), got (1, 8, 8)
    """
    letters = shape.split(", ")
    wanted = [sizes.get(letter) for letter in letters]
    if value.ndim != len(letters) or any(w not in (None, size) for w, size in zip(wanted, value.shape)):
        text = ", ".join(str(sizes.get(letter, letter)) for letter in letters)
        raise ValueError(f"{type(model).__name__}: expected {name} of shape ({text}), got {tuple(value.shape)}")
    if not value.is_floating_point():
        raise ValueError(f"{type(model).__name__}: expected {name} of a floating-point dtype, got {value.dtype}")


def check_tokens(model: Module, name: str, value: Tensor, longest: int | None = None) -> None:
    """The tensor holds integers, (N, L), with L at most longest.

    >>> import weft
    >>> from weft.models._arguments import check_tokens
    >>> check_tokens(weft.nn.ReLU(), "input_ids", weft.zeros(1, 8))
    Traceback (most recent call last):
    ValueError: ReLU: expected input_ids of an integer dtype, got weft.float32
    """
    kind = type(model).__name__
    if value.is_floating_point() or value.is_complex():
        raise ValueError(f"{kind}: expected {name} of an integer dtype, got {value.dtype}")
    if value.ndim != 2:
        raise ValueError(f"{kind}: expected {name} of shape (N, L), got {tuple(value.shape)}")
    if longest is not None and value.shape[1] > longest:
        raise ValueError(f"{kind}: {name} have length {value.shape[1]}, the longest possible is {longest}")

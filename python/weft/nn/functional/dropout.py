"""Dropout of whole channels, and the one that keeps mean and variance."""

from __future__ import annotations

import warnings

import weft
from weft._C import nn as native
from weft._checks import check_tensors
from weft.nn.functional._draws import draws

TYPE_CHECKING = False
if TYPE_CHECKING:
    from weft import Tensor


_SELU_FLOOR = -1.7580993408473766  # what SELU tends to for very negative input: -scale * alpha


@draws
def _drop_channels(
    name: str, input: Tensor, p: float, training: bool, inplace: bool, dims: tuple[int, ...], channel_dims: int = 0
) -> Tensor:
    """channel_dims: 2 where the first two dimensions are (N, C) whatever dims says; else it does."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p must be between 0 and 1, got {p}")
    check_tensors(name, input=input)
    if not channel_dims and input.dim() not in dims:
        wanted = " or ".join(map(str, dims))
        raise RuntimeError(f"{name}: expected input with {wanted} dimensions, got shape {tuple(input.shape)}")
    if not training or p == 0:
        return input
    channel_dims = channel_dims or input.dim() - max(dims) + 2  # 1 without a batch dimension, else 2
    shape = (*input.shape[:channel_dims], *(1,) * (input.dim() - channel_dims))
    mask = native.dropout(weft.ones(shape, dtype=input.dtype, device=input.device), p, True)
    return input.mul_(mask) if inplace else input * mask


def _warn_of_dims(name: str, wanted: str, input: Tensor) -> None:
    warnings.warn(
        f"{name}: expected an input {wanted}, got one of shape {tuple(input.shape)}; its first two dimensions are "
        "taken for batch and channels",
        stacklevel=4,
    )


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Sets whole channels of sequences to zero with probability p and multiplies the others by 1/(1 - p).

    Args:
        input: (N, C, L) or (C, L).
        p: probability that a channel becomes zero, between 0 and 1. Default 0.5.
        training: whether anything is done; if not the input is returned. Default True.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Raises:
        ValueError: p is not between 0 and 1.
        RuntimeError: the input has another number of dimensions.

    Example:
        >>> import weft
        >>> weft.nn.functional.dropout1d(weft.ones(1, 2, 3), p=1.0).sum()
        tensor(0.)
    """
    return _drop_channels("dropout1d", input, p, training, inplace, (2, 3))


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Sets whole channels of images to zero with probability p and multiplies the others by 1/(1 - p).

    Args:
        input: (N, C, H, W); three dimensions count as (N, C, L).
        p: probability that a channel becomes zero, between 0 and 1. Default 0.5.
        training: whether anything is done; if not the input is returned. Default True.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Raises:
        ValueError: p is not between 0 and 1.
        RuntimeError: the input has fewer than 2 dimensions.

    Of another number of dimensions the first two are taken for batch and channels, with a warning.

    Example:
        >>> import weft
        >>> weft.nn.functional.dropout2d(weft.ones(1, 2, 3, 3), p=1.0).sum()
        tensor(0.)
    """
    check_tensors("dropout2d", input=input)
    two = 2 if input.dim() >= 2 else 0
    if two and input.dim() != 4:  # also of three dimensions, as it has always been in PyTorch's function of this name
        _warn_of_dims("dropout2d", "(N, C, H, W)", input)
    return _drop_channels("dropout2d", input, p, training, inplace, (4,), two)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Sets whole channels of volumes to zero with probability p and multiplies the others by 1/(1 - p).

    Args:
        input: (N, C, D, H, W) or (C, D, H, W).
        p: probability that a channel becomes zero, between 0 and 1. Default 0.5.
        training: whether anything is done; if not the input is returned. Default True.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Raises:
        ValueError: p is not between 0 and 1.
        RuntimeError: the input has fewer than 2 dimensions.

    Of another number of dimensions the first two are taken for batch and channels, with a warning.

    Example:
        >>> import weft
        >>> weft.nn.functional.dropout3d(weft.ones(1, 2, 3, 3, 3), p=1.0).sum()
        tensor(0.)
    """
    check_tensors("dropout3d", input=input)
    two = 2 if input.dim() in (2, 3) or input.dim() > 5 else 0
    if two:
        _warn_of_dims("dropout3d", "(N, C, D, H, W) or (C, D, H, W)", input)
    return _drop_channels("dropout3d", input, p, training, inplace, (4, 5), two)


def _drop_to_floor(name: str, input: Tensor, p: float, training: bool, inplace: bool, like: Tensor) -> Tensor:
    """Alpha dropout with one draw for each element of a tensor that broadcasts to the input."""
    if not 0 <= p <= 1:
        raise ValueError(f"{name}: p must be between 0 and 1, got {p}")
    if not training or p == 0:
        return input
    if p == 1:
        result = input * 0
    else:
        keep = (weft.rand_like(like) >= p).to(input.dtype)
        scale = ((1 - p) * (1 + p * _SELU_FLOOR**2)) ** -0.5
        result = scale * (input * keep + _SELU_FLOOR * (1 - keep)) - scale * _SELU_FLOOR * p
    return input.copy_(result) if inplace else result


@draws
def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout to SELU's lower limit, scaled such that mean 0 and variance 1 are kept. Klambauer et al., 2017.

    Args:
        input: a tensor of any shape.
        p: probability that a value is dropped, between 0 and 1. Default 0.5.
        training: whether anything is done; if not the input is returned. Default False.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Raises:
        ValueError: p is not between 0 and 1.

    Example:
        >>> import weft
        >>> weft.nn.functional.alpha_dropout(weft.ones(2), training=False)
        tensor([1., 1.])
    """
    check_tensors("alpha_dropout", input=input)
    return _drop_to_floor("alpha_dropout", input, p, training, inplace, input)


@draws
def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """alpha_dropout of whole channels: each becomes SELU's lower limit with probability p. Klambauer et al., 2017.

    Args:
        input: (N, C, ...).
        p: probability that a channel is dropped, between 0 and 1. Default 0.5.
        training: whether anything is done; if not the input is returned. Default False.
        inplace: overwrite the input instead of making a new tensor. Default False.

    Raises:
        ValueError: p is not between 0 and 1.
        RuntimeError: the input has fewer than 2 dimensions.

    Example:
        >>> import weft
        >>> y = weft.nn.functional.feature_alpha_dropout(weft.ones(1, 2, 3), training=True)
        >>> bool((y == y[..., :1]).all())
        True
    """
    check_tensors("feature_alpha_dropout", input=input)
    if input.dim() < 2:
        raise RuntimeError(
            f"feature_alpha_dropout: expected input with at least 2 dimensions, got shape {tuple(input.shape)}"
        )
    channels = weft.empty((*input.shape[:2], *(1,) * (input.dim() - 2)), dtype=input.dtype, device=input.device)
    return _drop_to_floor("feature_alpha_dropout", input, p, training, inplace, channels)

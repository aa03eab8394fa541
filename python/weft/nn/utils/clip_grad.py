"""Clipping of gradients, by their total norm or value by value. All tensors go together: foreach changes nothing."""

from __future__ import annotations

import math
import warnings

import weft
from weft import _C
from weft._checks import check_flags, check_numbers, check_tensors, tensors_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from weft import Tensor


def _gradients(name: str, parameters: Iterable[Tensor] | Tensor) -> list[Tensor]:
    """The gradients there are, all of which can be changed in place; else RuntimeError."""
    grads = [parameter.grad for parameter in tensors_of(name, "parameters", parameters) if parameter.grad is not None]
    _C._check_inplace(name, grads)
    return grads


def get_total_norm(
    tensors: Iterable[Tensor] | Tensor,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The norm of all the tensors seen as one vector, as a tensor of no dimensions.

    Args:
        tensors: tensors of any shapes, or a single one.
        norm_type: order of the norm; ``float("inf")`` for the largest magnitude. Default 2.
        error_if_nonfinite: whether a norm that is not finite is an error. Default False.
        foreach: accepted, without effect: all tensors go together.

    Raises:
        RuntimeError: the norm is not finite and error_if_nonfinite is set.

    Example:
        >>> import weft
        >>> weft.nn.utils.get_total_norm([weft.tensor([3.0]), weft.tensor([4.0])])
        tensor(5.)
    """
    check_flags("get_total_norm", foreach=foreach)
    norm_type = float(norm_type)  # also of "inf"
    tensors = tensors_of("get_total_norm", "tensors", tensors)
    if not tensors:
        return weft.tensor(0.0)
    with weft.no_grad():
        norms = weft.stack([t.norm(norm_type).to(tensors[0].device) for t in tensors])
        total = norms.norm(norm_type)
    if error_if_nonfinite and _C._is_tracing():
        _C.nn._require_all(
            total.isfinite(),
            f"the total norm of order {norm_type} of the gradients is not finite, so they cannot be clipped",
        )
    elif error_if_nonfinite and not math.isfinite(float(total)):
        raise RuntimeError(
            f"the total norm of order {norm_type} of the gradients is {float(total)}, so they cannot be clipped"
        )
    return total


def clip_grads_with_norm_(
    parameters: Iterable[Tensor] | Tensor, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Multiplies the gradients in place by ``max_norm / total_norm``, if that is below one.

    Args:
        parameters: tensors whose ``grad`` is scaled, or a single one; those without a gradient are skipped.
        max_norm: the norm that they may have.
        total_norm: the norm that they have, from get_total_norm.
        foreach: accepted, without effect: all tensors go together.

    Example:
        >>> import weft
        >>> p = weft.nn.Parameter(weft.zeros(2))
        >>> p.grad = weft.tensor([3.0, 4.0])
        >>> weft.nn.utils.clip_grads_with_norm_(p, 10.0, weft.tensor(5.0))
        >>> p.grad
        tensor([3., 4.])
    """
    check_flags("clip_grads_with_norm_", foreach=foreach)
    check_tensors("clip_grads_with_norm_", total_norm=total_norm)
    with weft.no_grad():
        # Always multiplied, if only by one: the value need not be known here, so nothing waits for the device
        factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
        grads = _gradients("clip_grads_with_norm_", parameters)
        factors = {device: factor.to(device) for device in {grad.device for grad in grads}}
        for grad in grads:
            grad.mul_(factors[grad.device])


def clip_grad_norm_(
    parameters: Iterable[Tensor] | Tensor,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Multiplies all gradients in place by one factor, for a total norm of at most max_norm. Pascanu et al., 2012.

    Args:
        parameters: tensors whose ``grad`` is scaled, or a single one; those without a gradient are skipped.
        max_norm: the norm that the gradients, seen as one vector, may have.
        norm_type: order of the norm; ``float("inf")`` for the largest magnitude. Default 2.
        error_if_nonfinite: whether a norm that is not finite is an error. Default False.
        foreach: accepted, without effect: all tensors go together.

    Returns:
        The norm that they had before, a tensor of no dimensions.

    Raises:
        RuntimeError: the norm is not finite and error_if_nonfinite is set; no gradient has been changed.

    Example:
        >>> import weft
        >>> p = weft.nn.Parameter(weft.zeros(2))
        >>> p.grad = weft.tensor([3.0, 4.0])
        >>> weft.nn.utils.clip_grad_norm_([p], 1.0)
        tensor(5.)
        >>> p.grad
        tensor([0.6000, 0.8000])
    """
    check_flags("clip_grad_norm_", foreach=foreach)
    check_numbers("clip_grad_norm_", max_norm=max_norm)
    parameters = tensors_of("clip_grad_norm_", "parameters", parameters)
    with weft.no_grad():
        _gradients("clip_grad_norm_", parameters)
    total = get_total_norm([p.grad for p in parameters if p.grad is not None], norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


def clip_grad_value_(parameters: Iterable[Tensor] | Tensor, clip_value: float, foreach: bool | None = None) -> None:
    """Limits every value of the gradients in place to [-clip_value, clip_value].

    Args:
        parameters: tensors whose ``grad`` is limited, or a single one; those without a gradient are skipped.
        clip_value: the largest magnitude that stays.
        foreach: accepted, without effect: all tensors go together.

    Example:
        >>> import weft
        >>> p = weft.nn.Parameter(weft.zeros(2))
        >>> p.grad = weft.tensor([3.0, -0.5])
        >>> weft.nn.utils.clip_grad_value_([p], 1.0)
        >>> p.grad
        tensor([ 1.0000, -0.5000])
    """
    check_flags("clip_grad_value_", foreach=foreach)
    check_numbers("clip_grad_value_", clip_value=clip_value)
    limit = float(clip_value)
    with weft.no_grad():
        for grad in _gradients("clip_grad_value_", parameters):
            grad.clamp_(-limit, limit)


def clip_grad_norm(
    parameters: Iterable[Tensor] | Tensor,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The former name of clip_grad_norm_, deprecated: it warns.

    Args:
        parameters, max_norm, norm_type, error_if_nonfinite, foreach: as those of clip_grad_norm_.

    Returns:
        The norm that the gradients had before, a tensor of no dimensions.

    Example:
        >>> import warnings
        >>> import weft
        >>> p = weft.nn.Parameter(weft.zeros(2))
        >>> p.grad = weft.tensor([3.0, 4.0])
        >>> with warnings.catch_warnings(record=True):
        ...     weft.nn.utils.clip_grad_norm(p, 1.0)
        tensor(5.)
    """
    warnings.warn("clip_grad_norm is deprecated, use clip_grad_norm_", FutureWarning, stacklevel=2)
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)

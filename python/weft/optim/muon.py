"""Muon."""

from __future__ import annotations

import weft
from weft import _C
from weft._checks import check_integers, check_numbers
from weft.optim.composed import ComposedOptimizer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.optim.optimizer import Params


def orthogonalized(matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """A bfloat16 matrix near the closest semi-orthogonal one: all singular values go towards 1.

    Newton-Schulz iterations ``X = a X + (b X X^T + c (X X^T)^2) X`` from ``X = matrix / |matrix|``, on the wide side;
    Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024.

    >>> import weft
    >>> from weft.optim.muon import orthogonalized
    >>> x = orthogonalized(weft.tensor([[3.0, 0.0], [0.0, 0.1]]), (3.4445, -4.775, 2.0315), 5, 1e-7)
    >>> x.dtype, bool((x.diagonal() > 0.5).all())
    (weft.bfloat16, True)
    """
    a, b, c = coefficients
    x = matrix.bfloat16()
    tall = x.size(0) > x.size(1)
    x = x.T if tall else x
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = weft.addmm(x, _C._add_gram(gram, gram, b, c), x, beta=a)
    return x.T if tall else x


class Muon(ComposedOptimizer):
    """Momentum whose step is made orthogonal, for the matrices of hidden layers; Jordan et al., 2024.

    ``b = momentum * b + (1 - momentum) g``, the step is the nearest semi-orthogonal matrix to b, or with nesterov to
    ``momentum * b + (1 - momentum) g``; see :func:`orthogonalized`. Other parameters (biases, embeddings, heads) need
    another optimizer, such as :class:`AdamW`.

    Args:
        params: matrices, (name, parameter) pairs, or dicts that are groups with options of their own.
        lr: learning rate, a number or a tensor of one element; 1e-3 by default.
        weight_decay: takes ``lr * weight_decay * p`` from p.
        momentum: share of b that goes on.
        nesterov: look one step ahead.
        ns_coefficients: of the iteration.
        eps: the smallest norm that a step is divided by.
        ns_steps: number of iterations, below 100.
        adjust_lr_fn: "original" (the default, also None) multiplies lr by ``sqrt(max(1, rows / columns))``,
            "match_rms_adamw" by ``0.2 sqrt(max(rows, columns))`` (Liu et al., 2025).

    Raises:
        ValueError: a parameter is no real matrix, or an option is out of range.
        TypeError: an option is no number.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.eye(2))
    >>> opt = weft.optim.Muon([p], lr=0.5, weight_decay=0.0)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> bool((p.diagonal() < 0.75).all())
    True
    """

    _flags = ("nesterov",)
    _ranges = {"lr": (0, None), "weight_decay": (0, None), "momentum": (0, None), "eps": (0, None)}
    _counters = {}

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)

    def _check_options(self, group: dict[str, Any]) -> None:
        super()._check_options(group)
        coefficients = group["ns_coefficients"]
        if not isinstance(coefficients, (tuple, list)) or len(coefficients) != 3:
            raise ValueError(f"Muon: ns_coefficients must be three numbers, got {coefficients!r:.60}")
        check_numbers("Muon", **{f"ns_coefficients[{i}]": value for i, value in enumerate(coefficients)})
        check_integers("Muon", ns_steps=group["ns_steps"])
        if not 0 <= group["ns_steps"] < 100:
            raise ValueError(f"Muon: ns_steps must be in [0, 100), got {group['ns_steps']}")
        if group["adjust_lr_fn"] not in (None, "original", "match_rms_adamw"):
            raise ValueError(
                f"Muon: adjust_lr_fn must be 'original' or 'match_rms_adamw', got {group['adjust_lr_fn']!r:.60}"
            )

    def _check_parameter(self, p: Tensor) -> None:
        if p.dim() != 2 or p.is_complex():
            raise ValueError(
                f"Muon has a step for real matrices only, got a parameter of shape {tuple(p.shape)} and dtype {p.dtype}"
            )

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("momentum_buffer",)

    def _numbers(self, group: dict[str, Any], counters: dict[str, float], first: bool) -> tuple[Any, ...]:
        lr = float(group["lr"])
        return lr, 1 - lr * group["weight_decay"], group["momentum"], 1 - group["momentum"]

    def _update(self, p, grad, state, numbers, group):
        lr, keep, momentum, new = numbers
        buffer = state["momentum_buffer"].lerp_(grad, new)
        step = grad.lerp(buffer, momentum) if group["nesterov"] else buffer
        step = orthogonalized(step, group["ns_coefficients"], group["ns_steps"], group["eps"])
        rows, columns = p.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            ratio = 0.2 * max(rows, columns) ** 0.5
        else:
            ratio = max(1, rows / max(1, columns)) ** 0.5
        p.mul_(keep).sub_(step.to(p.dtype).mul_(lr * ratio))

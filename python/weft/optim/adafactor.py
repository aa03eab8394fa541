"""Adafactor."""

from __future__ import annotations

import weft
from weft import _C
from weft._checks import check_numbers
from weft.optim.composed import ComposedOptimizer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from weft import Tensor
    from weft.optim.optimizer import Params


class Adafactor(ComposedOptimizer):
    """Adam without a mean, with the mean square of a matrix kept as a row and a column; Shazeer and Stern, 2018.

    With R and C the running means of the squares over rows and columns, ``V = R C / mean(R)``; of vectors V itself is
    kept. ``U = g / sqrt(V)`` is divided by ``max(1, rms(U) / d)``, and ``p = p - max(eps2, rms(p)) min(lr, 1 / sqrt(t))
    U``. The means take ``t ^ beta2_decay`` of what is new.

    Args:
        params: parameters, (name, parameter) pairs, or dicts that are groups with options of their own.
        lr: the largest relative step, a number or a tensor of one element; 1e-2 by default.
        beta2_decay: power of the step, below 0.
        eps: the smallest root of V (None: the epsilon of the parameter's dtype), and the smallest scale of a parameter.
        d: where the clipping of steps begins.
        weight_decay: takes ``lr * weight_decay * p`` from p.
        maximize: take -g.

    Raises:
        ValueError: an option is out of range, or a parameter is complex.
        TypeError: a flag is neither bool nor None, or an option is no number.

    >>> import weft
    >>> p = weft.nn.Parameter(weft.tensor([1.0, -2.0]))
    >>> opt = weft.optim.Adafactor([p], lr=0.5)
    >>> (p * p).sum().backward()
    >>> opt.step()
    >>> p
    Parameter containing:
    tensor([ 0.2094, -1.2094], requires_grad=True)
    """

    _flags = ("maximize", "foreach")
    _ranges = {"lr": (0, None), "d": (1, None), "weight_decay": (0, None), "beta2_decay": (float("-inf"), None)}

    def __init__(
        self,
        params: Params,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _check_options(self, group: dict[str, Any]) -> None:
        super()._check_options(group)
        if group["beta2_decay"] > 0:
            raise ValueError(f"Adafactor: beta2_decay must be at most 0, got {group['beta2_decay']}")
        eps = group["eps"]
        if not isinstance(eps, (tuple, list)) or len(eps) != 2:
            raise TypeError(f"Adafactor: eps must be two numbers, the first of which may be None, got {eps!r:.60}")
        check_numbers("Adafactor", **{f"eps[{i}]": value for i, value in enumerate(eps) if i or value is not None})
        if (eps[0] is not None and not eps[0] >= 0) or not eps[1] >= 0:
            raise ValueError(f"Adafactor: eps must not be negative, got {eps}")

    def _check_parameter(self, p: Tensor) -> None:
        if p.is_complex():
            raise ValueError(f"Adafactor has no step for complex parameters, got one of dtype {p.dtype}")

    def _state_names(self, group: dict[str, Any]) -> tuple[str, ...]:
        return ("row_var", "col_var", "variance")

    def _state_names_of(self, p: Tensor, group: dict[str, Any]) -> tuple[str, ...]:
        return ("row_var", "col_var") if p.dim() > 1 else ("variance",)

    def _make_state(self, name: str, parameter: Tensor, group: dict[str, Any]) -> Tensor:
        shape = list(parameter.shape)
        if name != "variance":
            shape[-1 if name == "row_var" else -2] = 1
        return weft.zeros(shape, dtype=parameter.dtype, device=parameter.device)

    def _load_tensor(self, name: str, key: Any, parameter: Tensor, value: Tensor) -> Tensor:
        return self._convert_loaded(name, key, self._make_state(name, parameter, {}).shape, parameter, value)

    def _numbers(self, group: dict[str, Any], counters: dict[str, float], first: bool) -> tuple[Any, ...]:
        step, lr = counters["step"] + 1, float(group["lr"])
        relative = min(lr, 1 / step**0.5)
        return step ** group["beta2_decay"], relative, 1 - lr * group["weight_decay"], group["eps"][1], 1 / group["d"]

    def _eps_of(self, p, group):
        return weft.finfo(p.dtype).eps if group["eps"][0] is None else group["eps"][0]

    def _take_one(self, p, grad, state, numbers, group):
        means = list(state.values())
        if not _C._has_adafactor_step(p, means):
            super()._take_one(p, grad, state, numbers, group)
            return
        recorded = not isinstance(numbers, list)
        given = numbers if recorded else weft.tensor(numbers, dtype=weft.float64)
        eps, decays, maximize = self._eps_of(p, group), bool(group["weight_decay"]), bool(group["maximize"])
        _C._adafactor_step(p, grad.contiguous(), means, given, eps, maximize, decays, recorded)

    # The step where there is no kernel: half types, GPUs, parameters whose elements are not side by side.
    def _update(self, p, grad, state, numbers, group):
        blend, relative, keep, smallest_scale, by_d = numbers
        eps = self._eps_of(p, group)
        size = max(1, p.numel()) ** 0.5
        scale = weft.clamp(p.norm() / size, min=smallest_scale)
        g = -grad if group["maximize"] else grad
        if group["weight_decay"]:
            p.mul_(keep)
        if p.dim() > 1:
            rows, columns = state["row_var"], state["col_var"]
            rows.lerp_(g.norm(dim=-1, keepdim=True).square_().div_(max(1, p.size(-1))), blend)
            columns.lerp_(g.norm(dim=-2, keepdim=True).square_().div_(max(1, p.size(-2))), blend)
            # 1 / sqrt(max(V, eps^2)) is min(1 / sqrt(V), 1 / eps), and the root of R C / mean(R) that of its factors.
            weights = (rows / rows.mean(dim=-2, keepdim=True).clamp_(min=eps)).rsqrt_() @ columns.rsqrt()
            update = weights.clamp(max=1 / eps if eps else float("inf")).mul_(g)
        else:
            square = state["variance"].lerp_(g * g, blend).clone()
            update = square.clamp_(min=eps * eps).rsqrt_().mul_(g)
        length = weft.clamp(update.norm() / size * by_d, min=1.0)
        p.sub_(update.mul_(scale * relative / length))

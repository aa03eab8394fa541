"""Loss scaling, so that small gradients do not vanish in float16."""

from __future__ import annotations

import math
import warnings

import weft
from weft import _C
from weft._checks import check_entries, check_integers, check_mapping, check_numbers
from weft._jit_state import scalers

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any, TypeVar

    from weft.optim import Optimizer

    _Self = TypeVar("_Self", bound="GradScaler")
    _T = TypeVar("_T")


__all__ = ["GradScaler"]


def _check_growth(name, factor):
    check_numbers(name, growth_factor=factor)
    if not factor > 1.0:
        raise ValueError(f"{name}: growth_factor must be larger than 1, got {factor}")


def _check_backoff(name, factor):
    check_numbers(name, backoff_factor=factor)
    if not 0.0 < factor < 1.0:
        raise ValueError(f"{name}: backoff_factor must be between 0 and 1, got {factor}")


def _check_interval(name, interval):
    check_integers(name, growth_interval=interval)
    if interval < 1:
        raise ValueError(f"{name}: growth_interval must be at least 1, got {interval}")


def _refuse_while_tracing(method):
    if _C._is_tracing():
        _C._refuse(
            f"GradScaler.{method}: whether the gradients are finite decides what the step and the scale are, which is "
            "not known while weft.jit traces a function; jit the forward pass and backward, and call "
            "scaler.step(optimizer) and scaler.update() outside of it"
        )


def _check_optimizer(name, optimizer):
    if not hasattr(optimizer, "param_groups"):
        raise TypeError(f"{name}: expected an Optimizer, got {type(optimizer).__name__}")


class GradScaler:
    """Multiplies the loss, and divides the gradients again before the optimiser's step.

    A step whose gradients overflowed is skipped and the scale reduced; after ``growth_interval`` good steps it grows
    (Micikevicius et al., "Mixed precision training", 2018). bfloat16 has the range of float32 and needs no scaling.

    Args:
        device: the type of device, "cuda" or "cpu".
        init_scale: the first scale.
        growth_factor, backoff_factor: what the scale is multiplied with after good steps and after an overflow.
        growth_interval: how many good steps in a row it takes.
        enabled: False makes all methods do what they would do without scaling. A scaler for "cuda" on a machine
            without a GPU warns and is disabled.

    Raises ValueError for a growth_factor not above 1 or a backoff_factor not below 1.

    >>> import weft
    >>> w = weft.nn.Parameter(weft.ones(2))
    >>> optimizer, scaler = weft.optim.SGD([w], lr=1.0), weft.amp.GradScaler("cpu", init_scale=8.0)
    >>> scaler.scale((w * 0.25).sum()).backward()
    >>> w.grad
    tensor([2., 2.])
    >>> scaler.step(optimizer)
    >>> scaler.update()
    >>> w.tolist()
    [0.75, 0.75]
    """

    def __new__(cls: type[_Self], *args: Any, **kwargs: Any) -> _Self:
        self = super().__new__(cls)
        scalers.add(self)
        return self

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        _check_growth("GradScaler", growth_factor)
        _check_backoff("GradScaler", backoff_factor)
        _check_interval("GradScaler", growth_interval)
        self._device = weft.device(device).type
        self._enabled = bool(enabled)
        if self._enabled and self._device == "cuda" and not weft.cuda.is_available():
            warnings.warn("GradScaler: there is no GPU, so it is disabled", stacklevel=2)
            self._enabled = False
        self._scale = float(init_scale)
        self._growth_factor = growth_factor
        self._backoff_factor = backoff_factor
        self._growth_interval = growth_interval
        self._good_steps = 0
        self._norms = {}  # of each optimiser whose gradients were unscaled since the last update
        self._stepped = set()

    def is_enabled(self) -> bool:
        """Does the scaler do anything?

        >>> import weft
        >>> weft.amp.GradScaler("cpu", enabled=False).is_enabled()
        False
        """
        return self._enabled

    def scale(self, outputs: _T) -> _T:
        """Multiplies the loss, or several, by the scale.

        Args:
            outputs: a tensor, or a list, tuple or dict of tensors; ValueError for anything else.

        >>> import weft
        >>> weft.amp.GradScaler("cpu", init_scale=8.0).scale(weft.tensor(2.0))
        tensor(16.)
        """
        if not self._enabled:
            return outputs
        if isinstance(outputs, weft.Tensor):
            return outputs * self._scale
        if isinstance(outputs, dict):
            return type(outputs)((key, self.scale(value)) for key, value in outputs.items())
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(self.scale(value) for value in outputs)
        raise ValueError(f"scale: expected tensors, got {type(outputs).__name__}")

    def unscale_(self, optimizer: Optimizer) -> None:
        """Divides the gradients of the optimiser's parameters by the scale, in place, for clipping and the like before
        step().

        Args:
            optimizer: whose parameters' gradients; TypeError for what is none.

        Raises RuntimeError when it was called for this optimiser before since the last update(), ValueError for
        gradients in float16.

        >>> import weft
        >>> w = weft.nn.Parameter(weft.ones(2))
        >>> optimizer, scaler = weft.optim.SGD([w]), weft.amp.GradScaler("cpu", init_scale=8.0)
        >>> scaler.scale(w.sum()).backward()
        >>> scaler.unscale_(optimizer)
        >>> w.grad
        tensor([1., 1.])
        """
        _check_optimizer("unscale_", optimizer)
        if not self._enabled:
            return
        _refuse_while_tracing("unscale_")
        if id(optimizer) in self._norms:
            raise RuntimeError(
                "unscale_: the gradients of this optimizer were unscaled before; call update() after step()"
            )
        grads = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        if any(g.dtype == weft.float16 for g in grads):
            raise ValueError("unscale_: gradients in float16 cannot be unscaled; keep the parameters in float32")
        with weft.no_grad():
            # One number that is no number when any gradient is not: no gradient is looked at by itself
            self._norms[id(optimizer)] = _C._global_norm(grads)
            for g in grads:
                g.mul_(1.0 / self._scale)

    def step(self, optimizer: Optimizer, *args: Any, **kwargs: Any) -> Any:
        """optimizer.step(), unless a gradient is infinite or no number; returns what that returns, or None.

        Unscales the gradients first, unless :meth:`unscale_` has.

        Args:
            optimizer: whose step is taken; TypeError for what is none. A closure is not supported (RuntimeError).

        Raises RuntimeError when it was called for this optimiser before since the last update().

        >>> import weft
        >>> w = weft.nn.Parameter(weft.ones(1))
        >>> optimizer, scaler = weft.optim.SGD([w], lr=1.0), weft.amp.GradScaler("cpu")
        >>> w.grad = weft.tensor([weft.inf])
        >>> scaler.step(optimizer)
        >>> w.tolist()
        [1.0]
        """
        _check_optimizer("step", optimizer)
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        _refuse_while_tracing("step")
        if "closure" in kwargs or args:
            raise RuntimeError("step: optimizers that need a closure are not supported with gradient scaling")
        if id(optimizer) in self._stepped:
            raise RuntimeError("step: was called for this optimizer before; call update() first")
        if id(optimizer) not in self._norms:
            self.unscale_(optimizer)
        self._stepped.add(id(optimizer))
        norm = self._norms[id(optimizer)] = float(self._norms[id(optimizer)])  # the one place that waits for the device
        if math.isfinite(norm):
            return optimizer.step(**kwargs)
        return None

    def update(self, new_scale: float | None = None) -> None:
        """Sets the scale for the next step: once after all optimisers' steps.

        Args:
            new_scale: the scale; by default reduced after an overflow, and grown after growth_interval good steps.

        Raises RuntimeError before any step.

        >>> import weft
        >>> scaler = weft.amp.GradScaler("cpu")
        >>> scaler.update(4.0)
        >>> scaler.get_scale()
        4.0
        """
        if not self._enabled:
            return
        _refuse_while_tracing("update")
        if new_scale is not None:
            self._scale = float(new_scale)
        elif not self._norms:
            raise RuntimeError("update: no gradients were unscaled since the last update; call step() first")
        elif all(math.isfinite(float(norm)) for norm in self._norms.values()):
            self._good_steps += 1
            if self._good_steps == self._growth_interval:
                self._scale *= self._growth_factor
                self._good_steps = 0
        else:
            self._scale *= self._backoff_factor
            self._good_steps = 0
        self._norms.clear()
        self._stepped.clear()

    def get_scale(self) -> float:
        """The scale; 1.0 when disabled.

        >>> import weft
        >>> weft.amp.GradScaler("cpu").get_scale()
        65536.0
        """
        return self._scale if self._enabled else 1.0

    def get_growth_factor(self) -> float:
        """What the scale is multiplied with after good steps.

        >>> import weft
        >>> weft.amp.GradScaler("cpu").get_growth_factor()
        2.0
        """
        return self._growth_factor

    def get_backoff_factor(self) -> float:
        """What the scale is multiplied with after an overflow.

        >>> import weft
        >>> weft.amp.GradScaler("cpu").get_backoff_factor()
        0.5
        """
        return self._backoff_factor

    def get_growth_interval(self) -> int:
        """How many good steps in a row make the scale grow.

        >>> import weft
        >>> weft.amp.GradScaler("cpu").get_growth_interval()
        2000
        """
        return self._growth_interval

    def set_growth_factor(self, new_factor: float) -> None:
        """Sets what the scale is multiplied with after good steps.

        Args:
            new_factor: above 1; else ValueError.

        >>> import weft
        >>> scaler = weft.amp.GradScaler("cpu")
        >>> scaler.set_growth_factor(4.0)
        >>> scaler.get_growth_factor()
        4.0
        """
        _check_growth("set_growth_factor", new_factor)
        self._growth_factor = new_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Sets what the scale is multiplied with after an overflow.

        Args:
            new_factor: between 0 and 1; else ValueError.

        >>> import weft
        >>> scaler = weft.amp.GradScaler("cpu")
        >>> scaler.set_backoff_factor(0.25)
        >>> scaler.get_backoff_factor()
        0.25
        """
        _check_backoff("set_backoff_factor", new_factor)
        self._backoff_factor = new_factor

    def set_growth_interval(self, new_interval: int) -> None:
        """Sets how many good steps in a row make the scale grow.

        Args:
            new_interval: at least 1; else ValueError.

        >>> import weft
        >>> scaler = weft.amp.GradScaler("cpu")
        >>> scaler.set_growth_interval(100)
        >>> scaler.get_growth_interval()
        100
        """
        _check_interval("set_growth_interval", new_interval)
        self._growth_interval = new_interval

    def state_dict(self) -> dict[str, Any]:
        """The state as a dict; empty when disabled.

        >>> import weft
        >>> weft.amp.GradScaler("cpu").state_dict()["scale"]
        65536.0
        """
        if not self._enabled:
            return {}
        return {
            "scale": self._scale,
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._good_steps,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what state_dict() gave; does nothing when disabled.

        Args:
            state_dict: with all entries of an enabled scaler's (else ValueError), no empty one (RuntimeError).

        >>> import weft
        >>> scaler, other = weft.amp.GradScaler("cpu", init_scale=2.0), weft.amp.GradScaler("cpu")
        >>> other.load_state_dict(scaler.state_dict())
        >>> other.get_scale()
        2.0
        """
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError("load_state_dict: the state is empty; was it saved from a disabled scaler?")
        check_mapping("load_state_dict", state_dict=state_dict)
        names = ("scale", "growth_factor", "backoff_factor", "growth_interval", "_growth_tracker")
        check_entries("load_state_dict: the state dict", state_dict, *names)
        self._scale = float(state_dict["scale"])
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._good_steps = state_dict["_growth_tracker"]

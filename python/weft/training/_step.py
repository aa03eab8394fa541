"""One step: forward, backward, clipping and the optimizer, for a group of batches that counts as one."""

from __future__ import annotations

from math import isfinite

import weft
from weft import nn

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weft.training.trainer import Trainer

DTYPES = {"fp32": None, "bf16": weft.bfloat16, "fp16": weft.float16}


class NonFiniteLoss(ArithmeticError):
    """A loss is nan or infinite; ``step`` and ``batch`` say where.

    >>> import weft
    >>> trainer = weft.Trainer(weft.nn.Linear(1, 1), "sgd", "mse_loss", progress="off")
    >>> try:
    ...     trainer.fit([(weft.ones(1, 1), weft.full((1, 1), float("nan")))])
    ... except weft.training.NonFiniteLoss as error:
    ...     print(error.step, error.batch)
    0 0
    """

    def __init__(self, text: str, step: int = 0, batch: int = 0) -> None:
        super().__init__(text)
        self.step: int = step
        self.batch: int = batch


class BadLoss(Exception):
    """Raised within a step, before the weights have changed."""

    def __init__(self, loss, index):
        super().__init__(loss, index)
        self.loss, self.index = loss, index  # of the batch in the group


def default_compute(loss):
    """(model, batch) -> (loss, output, target), where a batch is a tuple of inputs with the target behind."""

    def outputs(model, batch):
        *inputs, target = batch
        return model(*inputs), target

    def compute(model, batch):
        *inputs, target = batch
        output = model(*inputs)
        return loss(output, target), output, target

    compute.outputs = outputs
    return compute


def default_forward(model, batch):
    """What the model gives for a batch: of a tuple of several, the last one is a target and left out."""
    if isinstance(batch, dict):
        return model(**batch)
    if isinstance(batch, (tuple, list)):
        return model(*batch[:-1] if len(batch) > 1 else batch)
    return model(batch)


def make_step(run: Trainer) -> Callable[..., Any]:
    """A function of batches and what their losses count (None: one batch) that makes one step of the optimizer.

    It gives (loss, output, target) of each batch. Eagerly on the CPU, losses are read before backward, so that a bad
    one changes nothing. The options are variables of the function, because a step is a few dozen microseconds.
    """
    model, optimizer, compute, scaler, autocast = run.model, run.optimizer, run.compute, run.scaler, run.autocast
    max_norm, max_value, distribution = run.clip_grad_norm, run.clip_grad_value, run.distribution
    parameters, keep_outputs = list(model.parameters()), bool(run.metrics)
    early = run._reads_early

    def forward(model, batch):
        with autocast():
            return compute(model, batch)

    call = compute if autocast is None else forward

    def backward(batches, shares):
        results = []
        for batch in batches:
            loss, output, target = taken_apart(call(model, batch), keep_outputs)
            if early:
                seen = loss.item()
                if not isfinite(seen):
                    raise BadLoss(seen, len(results))
            else:
                seen = loss.detach()
            if shares is not None:
                share = shares[len(results)]
                loss = loss / share if type(share) is int else loss * share
            if scaler is not None:
                loss = scaler.scale(loss)
            results.append((seen, detached(output), target) if keep_outputs else (seen, None, None))
            if distribution is None:
                loss.backward()
            else:
                with distribution.accumulating(len(results) < len(batches)):
                    loss.backward()
        return results

    def update():
        if distribution is not None:
            distribution.reduce_gradients(parameters)
        if scaler is not None and (max_norm is not None or max_value is not None):
            scaler.unscale_(optimizer)
        if max_value is not None:
            nn.utils.clip_grad_value_(parameters, max_value)
        if max_norm is not None:
            nn.utils.clip_grad_norm_(parameters, max_norm)
        if scaler is None:
            optimizer.step()
        else:
            scaler.step(optimizer)
            scaler.update()

    def step(batches, shares):
        optimizer.zero_grad()
        results = backward(batches, shares)
        update()
        return results

    if run.jit and scaler is None and distribution is None:
        return weft.jit(step, **run.jit_options)
    if run.jit:  # what a scaler decides and what other processes send is in no graph
        backward = weft.jit(backward, **run.jit_options)
    return step


class EvalStep:
    """Calling it with a batch gives what ``function(model, batch)`` does, without gradients."""

    def __init__(self, trainer, model, function):
        self.model, self.function, self.autocast = model, function, trainer.autocast
        self.run = weft.jit(self.whole, **trainer.jit_options) if trainer.jit else self.whole

    def __call__(self, batch):
        with weft.no_grad():
            return self.run(batch)

    def whole(self, batch):
        if self.autocast is None:
            return self.function(self.model, batch)
        with self.autocast():
            return self.function(self.model, batch)


def make_autocast(precision: str, device: Any) -> Any:
    """A function that gives the context for a precision; None for fp32."""
    if precision not in DTYPES:
        raise ValueError(f"Trainer: precision must be one of {', '.join(DTYPES)}, got {precision!r}")
    dtype = DTYPES[precision]
    return None if dtype is None else lambda: weft.autocast(device.type, dtype=dtype)


def detached(output: Any) -> Any:
    """The output with its tensors cut off from the graph."""
    return mapped(lambda tensor: tensor.detach(), output)


def to_device(batch: Any, device: Any) -> Any:
    """The batch with its tensors on the device."""
    return mapped(lambda tensor: tensor.to(device, non_blocking=True), batch)


def mapped(function, value):
    """The same containers with function(tensor) for each tensor."""
    if isinstance(value, weft.Tensor):
        return function(value)
    if isinstance(value, dict):
        return {key: mapped(function, part) for key, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mapped(function, part) for part in value))
    return type(value)(mapped(function, part) for part in value) if isinstance(value, (tuple, list)) else value


def taken_apart(result: Any, keep_outputs: bool = False) -> tuple[Any, Any, Any]:
    """(loss, output, target) of what compute has given."""
    if type(result) is not tuple:
        result = (result, None, None)
    if len(result) != 3:
        raise TypeError(
            f"Trainer: compute must return the loss or (loss, output, target), got a tuple of {len(result)}"
        )
    loss = result[0]
    if not isinstance(loss, weft.Tensor):
        raise TypeError(f"Trainer: the loss must be a tensor of one number, got {type(loss).__name__}")
    if loss.dim() and loss.numel() != 1:
        raise ValueError(
            f"Trainer: the loss must be one number, got shape {tuple(loss.shape)}; reduce it, as loss.mean() does"
        )
    if keep_outputs and result[1] is None:
        raise TypeError(
            "Trainer: metrics need compute to return (loss, output, target); it has returned the loss alone"
        )
    return result


def evaluated(compute, keep_outputs=False):
    """The same function with (loss, output, target) as its result whatever it gives."""

    def call(model, batch):
        return taken_apart(compute(model, batch), keep_outputs)

    return call


def joined(outputs: list[Any]) -> Any:
    """Outputs of batches as one, along the first dimension."""
    first = outputs[0]
    if isinstance(first, weft.Tensor):
        return weft.cat(outputs) if first.dim() else weft.stack(outputs)
    if isinstance(first, dict):
        return {key: joined([output[key] for output in outputs]) for key in first}
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(joined([output[i] for output in outputs]) for i in range(len(first))))
    if isinstance(first, (tuple, list)):
        return type(first)(joined([output[i] for output in outputs]) for i in range(len(first)))
    return outputs

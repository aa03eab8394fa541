"""Optimizers and losses by name: PyTorch's names and Keras'."""

from __future__ import annotations

import copy
import difflib
import functools
import inspect

import weft
from weft import nn, optim
from weft.nn import functional as F

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Loss = Callable[[Any, Any], Any]

_EPSILON = 1e-7  # where Keras clips probabilities


def nearest(what, name, known):
    """An error's text: the name is not known, the nearest one is, and these are there."""
    known = sorted(known)
    near = difflib.get_close_matches(name, known, 1, 0.6) or difflib.get_close_matches(
        name.lower(), [k for k in known if k == k.lower()], 1, 0.6
    )
    meant = f"; did you mean {near[0]!r}?" if near else ""
    return f"there is no {what} {name!r}{meant} Known are {', '.join(known)}".replace("' Known", "'. Known")


def optimizers():
    """{name in lower case: class} of all optimizers."""
    found = {}
    for name in dir(optim):
        kind = getattr(optim, name)
        if inspect.isclass(kind) and issubclass(kind, optim.Optimizer) and kind is not optim.Optimizer:
            found[name.lower()] = kind
    return found


def make_optimizer(optimizer: Any, parameters: Iterable[Any], function: str = "Trainer") -> Any:
    """The optimizer itself, or that of a name, class or function, for the parameters."""
    if isinstance(optimizer, optim.Optimizer):
        return optimizer
    if isinstance(optimizer, str):
        known = optimizers()
        if optimizer.lower() not in known:
            raise ValueError(f"{function}: {nearest('optimizer', optimizer, known)}")
        return known[optimizer.lower()](parameters)
    if callable(optimizer):
        made = optimizer(parameters)
        if isinstance(made, optim.Optimizer):
            return made
        raise TypeError(f"{function}: optimizer(parameters) gave a {type(made).__name__}, which is no Optimizer")
    raise TypeError(
        f"{function}: optimizer must be an Optimizer, a name such as 'adam' or a function of the parameters, "
        f"got {type(optimizer).__name__}"
    )


def _reduce(values, reduction):
    return values.mean() if reduction == "mean" else values.sum() if reduction == "sum" else values


def _probabilities(output):
    return output.clamp(_EPSILON, 1 - _EPSILON)


def categorical_crossentropy(output, target, reduction="mean"):
    output = output / output.sum(-1, keepdim=True)
    return _reduce(-(target * _probabilities(output).log()).sum(-1), reduction)


def sparse_categorical_crossentropy(output, target, reduction="mean"):
    output = output / output.sum(-1, keepdim=True)
    target = target.squeeze(-1) if target.dim() == output.dim() else target
    picked = _probabilities(output).log().gather(-1, target.long().unsqueeze(-1)).squeeze(-1)
    return _reduce(-picked, reduction)


def binary_crossentropy(output, target, reduction="mean"):
    return F.binary_cross_entropy(_probabilities(output), target.to(output.dtype), reduction=reduction)


def mean_absolute_percentage_error(output, target, reduction="mean"):
    return _reduce(100 * ((target - output) / target.abs().clamp(min=_EPSILON)).abs(), reduction)


def mean_squared_logarithmic_error(output, target, reduction="mean"):
    logs = [t.clamp(min=_EPSILON).log1p() for t in (output, target)]
    return _reduce((logs[0] - logs[1]) ** 2, reduction)


def kl_divergence(output, target, reduction="mean"):
    output, target = output.clamp(_EPSILON, 1), target.clamp(_EPSILON, 1)
    return _reduce((target * (target / output).log()).sum(-1), reduction)


def poisson(output, target, reduction="mean"):
    return _reduce(output - target * (output + _EPSILON).log(), reduction)


def log_cosh(output, target, reduction="mean"):
    difference = (output - target).abs()
    return _reduce(difference + (-2 * difference).exp().log1p() - 0.6931471805599453, reduction)


def _signs(target):
    """Labels -1 and 1, also of 0 and 1, as Keras takes them."""
    return weft.where(target == 0, -weft.ones_like(target), target)


def hinge(output, target, reduction="mean"):
    return _reduce((1 - _signs(target) * output).clamp(min=0), reduction)


def squared_hinge(output, target, reduction="mean"):
    return _reduce((1 - _signs(target) * output).clamp(min=0) ** 2, reduction)


def cosine_similarity(output, target, reduction="mean"):
    return _reduce(-(F.normalize(output, dim=-1) * F.normalize(target, dim=-1)).sum(-1), reduction)


_PROBABILITIES = (categorical_crossentropy, sparse_categorical_crossentropy, binary_crossentropy)
# Of outputs and targets of one shape, which would else be broadcast
ALIKE = {F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, F.binary_cross_entropy}
ALIKE |= {F.binary_cross_entropy_with_logits, binary_crossentropy, mean_absolute_percentage_error}
ALIKE |= {mean_squared_logarithmic_error, poisson, log_cosh, hinge, squared_hinge}
_ALIKE_LAYERS = (nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss, nn.BCELoss, nn.BCEWithLogitsLoss)

_KERAS = {
    "mse": F.mse_loss,
    "mean_squared_error": F.mse_loss,
    "mae": F.l1_loss,
    "mean_absolute_error": F.l1_loss,
    "mape": mean_absolute_percentage_error,
    "mean_absolute_percentage_error": mean_absolute_percentage_error,
    "msle": mean_squared_logarithmic_error,
    "mean_squared_logarithmic_error": mean_squared_logarithmic_error,
    "huber": F.huber_loss,
    "log_cosh": log_cosh,
    "logcosh": log_cosh,
    "hinge": hinge,
    "squared_hinge": squared_hinge,
    "kl_divergence": kl_divergence,
    "kld": kl_divergence,
    "poisson": poisson,
    "cosine_similarity": cosine_similarity,
    "categorical_crossentropy": categorical_crossentropy,
    "sparse_categorical_crossentropy": sparse_categorical_crossentropy,
    "binary_crossentropy": binary_crossentropy,
}
_FUNCTIONAL = (
    "cross_entropy nll_loss mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy "
    "binary_cross_entropy_with_logits kl_div poisson_nll_loss soft_margin_loss multilabel_soft_margin_loss "
    "multi_margin_loss multilabel_margin_loss hinge_embedding_loss"
).split()


def losses():
    """{name: function} of all losses of an output and a target."""
    found = {name: getattr(F, name) for name in _FUNCTIONAL}
    for name in dir(nn):
        if name.endswith("Loss"):
            parameters = inspect.signature(getattr(nn, name).forward).parameters
            if len(parameters) == 3:  # self, output, target
                found[name] = getattr(nn, name)
    return {**found, **_KERAS}


def make_loss(loss: Any, function: str = "Trainer") -> Loss:
    """The loss itself, or that of a name; Keras' crossentropies take probabilities, PyTorch's logits."""
    if isinstance(loss, str):
        known = losses()
        if loss not in known:
            raise ValueError(f"{function}: {nearest('loss', loss, known)}")
        found = known[loss]
        try:
            return found() if inspect.isclass(found) else found
        except TypeError as error:
            raise ValueError(f"{function}: loss {loss!r} needs arguments; give the object: {error}") from error
    if inspect.isclass(loss):
        return make_loss(loss.__name__, function) if loss.__name__ in losses() else loss()
    if not callable(loss):
        raise TypeError(
            f"{function}: loss must be a function of output and target, a layer such as nn.MSELoss() or a name, "
            f"got {type(loss).__name__}"
        )
    return loss


def per_sample(loss: Loss, function: str = "Model") -> Loss:
    """The same loss, but of each sample instead of their mean."""
    if hasattr(loss, "reduction"):
        apart = copy.copy(loss)
        apart.reduction = "none"
    else:
        inner = loss.func if isinstance(loss, functools.partial) else loss
        try:
            takes = "reduction" in inspect.signature(inner).parameters
        except (TypeError, ValueError):
            takes = False
        if not takes:
            raise ValueError(
                f"{function}: weights of samples or classes need a loss that gives one value for each sample: one with "
                "`reduction`"
            )
        apart = functools.partial(loss, reduction="none")
    return lambda output, target: _means(apart(output, target))


def _means(values):
    return values.flatten(1).mean(1) if values.dim() > 1 else values


def needs_same_shape(loss):
    return isinstance(loss, _ALIKE_LAYERS) or (not isinstance(loss, nn.Module) and loss in ALIKE)


def takes_probabilities(loss):
    return loss in _PROBABILITIES or loss is F.binary_cross_entropy or isinstance(loss, nn.BCELoss)


def takes_labels(loss):
    """Does the loss take class numbers, with the classes in the second dimension of the output?"""
    return loss in (F.cross_entropy, F.nll_loss) or isinstance(loss, (nn.CrossEntropyLoss, nn.NLLLoss))

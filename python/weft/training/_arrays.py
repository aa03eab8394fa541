"""Data of Model.fit: arrays, tensors, datasets or loaders as batches, with weights of samples and classes."""

from __future__ import annotations

import math
import operator
import warnings

import numpy as np

import weft
from weft._checks import check_numbers
from weft.training import _checks as checks
from weft.training import _figures as figures
from weft.training import _names as names
from weft.utils.data import DataLoader, TensorDataset

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


def tensor(function: str, name: str, value: Any) -> Any:
    """A tensor of an array, list or tensor of numbers; float64 arrays become the default dtype, as Keras takes them."""
    if isinstance(value, weft.Tensor):
        return value
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{function}: {name} is no array: {error}") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{function}: {name} must hold numbers, got an array of dtype {array.dtype}")
    array = np.ascontiguousarray(array)
    array = array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "from_numpy: the array is read-only")  # it is only read
        made = weft.from_numpy(array)
    return made.to(weft.get_default_dtype()) if made.dtype == weft.float64 else made


class Data:
    """Inputs, target and weights as tensors of one length. ``keys`` are those of a dict of inputs."""

    def __init__(self, function, x, y=None, sample_weight=None, class_weight=None):
        self.function = function
        self.keys = list(x) if isinstance(x, dict) else None
        several = isinstance(x, (list, tuple)) and bool(x) and all(hasattr(part, "shape") and part.shape for part in x)
        parts = list(x.values()) if self.keys else list(x) if several else [x]
        self.inputs = [tensor(function, "x", part) for part in parts]
        self.target = None if y is None else tensor(function, "y", y)
        weight = None if sample_weight is None else tensor(function, "sample_weight", sample_weight)
        if weight is not None and (weight.dim() != 1 or weight.dtype == weft.bool):
            raise ValueError(
                f"{function}: sample_weight must have one number for each sample, got {tuple(weight.shape)}"
            )
        if class_weight is not None:
            by_class = _class_weights(function, class_weight, self.target)
            weight = by_class if weight is None else weight * by_class
        self.weight = weight
        self._check()

    def _check(self):
        named = [("x", part) for part in self.inputs]
        named += [
            (name, part) for name, part in (("y", self.target), ("sample_weight", self.weight)) if part is not None
        ]
        for name, part in named:
            if not part.dim():
                raise ValueError(f"{self.function}: {name} must have a first dimension, that of samples; got a number")
        lengths = {name: len(part) for name, part in named}
        if len({len(part) for _, part in named}) > 1:
            told = ", ".join(f"{name} {len(part)}" for name, part in (*named[:4], *named[-1:])[: len(named)])
            many = f"; x is a list, whose {len(self.inputs)} parts are taken for inputs" if len(self.inputs) > 1 else ""
            raise ValueError(f"{self.function}: the numbers of samples differ: {told}{many}")
        self.length = lengths["x"]
        if not self.length:
            raise ValueError(f"{self.function}: there are no samples")

    def parts(self):
        return [part for part in (*self.inputs, self.target, self.weight) if part is not None]

    def cut(self, begin, end):
        """The samples from begin to end."""
        made = object.__new__(Data)
        made.__dict__.update(self.__dict__)
        made.inputs = [part[begin:end] for part in self.inputs]
        made.target = None if self.target is None else self.target[begin:end]
        made.weight = None if self.weight is None else self.weight[begin:end]
        made.length = end - begin
        return made

    def split(self, share):
        """(training, validation): the last samples, a share of them, as Keras takes them."""
        check_numbers(self.function, validation_split=share)
        if not 0 < share < 1:
            raise ValueError(f"{self.function}: validation_split must be between 0 and 1, got {share}")
        at = math.floor(self.length * (1 - share))
        if not 0 < at < self.length:
            raise ValueError(
                f"{self.function}: validation_split={share} of {self.length} samples leaves {at} and {self.length - at}"
            )
        return self.cut(0, at), self.cut(at, self.length)

    def loader(self, batch_size, shuffle):
        size = operator.index(batch_size) if hasattr(batch_size, "__index__") else 0
        if isinstance(batch_size, bool) or size < 1:
            raise ValueError(f"{self.function}: batch_size must be a positive int, got {batch_size!r}")
        return DataLoader(TensorDataset(*self.parts()), batch_size=size, shuffle=bool(shuffle))

    def batch(self):
        return tuple(self.parts())

    def layout(self):
        """What tells how a batch is to be read: (number of inputs, their keys, is there a weight)."""
        return len(self.inputs), None if self.keys is None else tuple(self.keys), self.weight is not None


def is_loader(x: Any) -> bool:
    """Does it give batches itself?"""
    if isinstance(x, (weft.Tensor, np.ndarray, list, tuple, dict, str, bytes)) or hasattr(x, "__array__"):
        return False
    return hasattr(x, "__iter__") or hasattr(x, "__getitem__")


def loader_of(function: str, x: Any, y: Any, batch_size: Any, shuffle: bool) -> Any:
    """A loader of a dataset; loaders stay."""
    if y is not None:
        raise ValueError(
            f"{function}: x is a {type(x).__name__}, which is no array; a dataset or loader gives targets too, and y "
            "must be None"
        )
    if isinstance(x, DataLoader) or not (hasattr(x, "__getitem__") and hasattr(x, "__len__")):
        return x
    return DataLoader(x, batch_size=32 if batch_size is None else batch_size, shuffle=bool(shuffle))


def _class_weights(function, class_weight, target):
    if target is None or not isinstance(class_weight, dict) or not class_weight:
        raise ValueError(f"{function}: class_weight must be a dict {{class: weight}}, and y must be given")
    if target.dim() > 1 and target.shape[-1] > 1:
        classes = target.argmax(-1)
    else:
        classes = target.reshape(len(target), -1)[:, 0].long()
    found = weft.ones(len(classes))
    known = weft.zeros(len(classes), dtype=weft.bool)
    for number, weight in class_weight.items():
        kinds = (int, float, np.number)
        if not isinstance(number, kinds) or number != int(number) or not isinstance(weight, kinds) or not weight >= 0:
            raise ValueError(
                f"{function}: class_weight has {number!r}: {weight!r}; expected class: weight, not negative"
            )
        here = classes == int(number)
        found = weft.where(here, weft.full_like(found, float(weight)), found)
        known = known | here
    if not known.all():
        missing = int(classes[~known][0].item())
        raise ValueError(f"{function}: class_weight has no weight for class {missing}, which y has")
    return found


class Compute:
    """(model, batch) -> (loss, output, target) for batches of a :class:`Data` layout; None: (*inputs, target)."""

    def __init__(self, loss, layout=None):
        self.loss, self.layout = loss, layout
        self.weighted = names.per_sample(loss, "Model.fit") if layout is not None and layout[2] else None
        self.alike = names.needs_same_shape(loss)

    def outputs(self, model, batch):
        """(output, target), of one shape where the loss compares number by number."""
        if self.layout is None:
            *inputs, target = batch
            output = model(*inputs)
        else:
            count, keys, _ = self.layout
            inputs, target = batch[:count], batch[count]
            output = model(*inputs) if keys is None else model(**dict(zip(keys, inputs)))
        return output, self._fitting(output, target)

    def _fitting(self, output, target):
        if not isinstance(output, weft.Tensor) or not isinstance(target, weft.Tensor):
            return target
        if self.alike and output.dim() == target.dim() + 1 and output.shape[-1] == 1:
            target = target.unsqueeze(-1)
        elif names.takes_labels(self.loss) and output.dim() == target.dim() == 2 and target.shape[1] == 1:
            target = target.squeeze(1)
        if self.alike and not target.is_floating_point():
            target = target.to(output.dtype)
        small = names.takes_labels(self.loss) and not target.is_floating_point() and target.dtype != weft.int64
        return target.long() if small else target

    def __call__(self, model, batch):
        output, target = self.outputs(model, batch)
        if self.weighted is None:
            return self.loss(output, target), output, target
        values = self.weighted(output, target)
        return (values * batch[-1].to(values.dtype)).mean(), output, target


def accuracy(loss):
    """The metric "accuracy" for a loss: of class numbers, one-hot targets or of bits."""
    logits = "logits" in getattr(loss, "__name__", type(loss).__name__).lower()
    dim = 1 if names.takes_labels(loss) else -1

    def right(output, target):
        if (
            output.shape == target.shape
            and output.dim() > 1
            and output.shape[dim] > 1
            and not names.needs_same_shape(loss)
        ):
            return (output.argmax(dim) == target.argmax(dim)).float().mean()
        if output.dim() == target.dim() + 1 and output.shape[dim] > 1:
            return (output.argmax(dim) == target).float().mean()
        if output.dim() == target.dim() and output.dim() > 1 and target.shape[dim] == 1 and output.shape[dim] > 1:
            return (output.argmax(dim) == target.squeeze(dim)).float().mean()
        return ((output.reshape(target.shape) > (0.0 if logits else 0.5)) == (target > 0.5)).float().mean()

    return figures.FunctionMetric(right, "accuracy")


def check_compute(function: str, compute: Any, model: Any, batch: Any) -> None:
    """What :mod:`checks` says of a batch, where ``compute`` tells how one is read."""
    output, target = compute.outputs(model, batch)
    checks.check_output(function, compute.loss, output, target)

"""The tensorboard package, loaded at first use, and what its protos are made of: names, arrays, tensors."""

from __future__ import annotations

import numpy as np

import weft
from weft._outside import optional

TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any


def package(name: str) -> Any:
    """A module of the tensorboard package. ImportError says what to install.

    >>> from weft.utils.tensorboard.protos import package
    >>> package("tensorboard.compat.proto.summary_pb2").Summary()  # doctest: +SKIP
    """
    return optional(name, "tensorboard", "weft.utils.tensorboard")


def proto(name: str) -> Any:
    """A module of TensorBoard's protos: ``summary`` for ``summary_pb2``.

    >>> from weft.utils.tensorboard.protos import proto
    >>> proto("summary").Summary()  # doctest: +SKIP
    """
    return package(f"tensorboard.compat.proto.{name}_pb2")


def checked_tag(method: str, tag: Any) -> str:
    """The tag. TypeError for what is no string, ValueError for an empty one.

    >>> from weft.utils.tensorboard.protos import checked_tag
    >>> checked_tag("add_scalar", "loss")
    'loss'
    """
    if not isinstance(tag, str):
        raise TypeError(f"{method}: the tag must be a string, got {tag!r}")
    if not tag:
        raise ValueError(f"{method}: the tag is empty")
    return tag


def array(method: str, tag: str, value: Any) -> np.ndarray:
    """A NumPy array of a tensor, array, number or list of numbers. TypeError for what is none.

    >>> import weft
    >>> from weft.utils.tensorboard.protos import array
    >>> array("add_image", "digits", weft.ones(2, dtype=weft.bfloat16))
    array([1., 1.], dtype=float32)
    """
    if isinstance(value, weft.Tensor):
        value = value.detach().cpu()
        return (value.float() if value.dtype == weft.bfloat16 else value).numpy()
    if callable(getattr(value, "detach", None)) and callable(getattr(value, "numpy", None)):  # another library's tensor
        value = value.detach().cpu().numpy()
    try:
        value = np.asarray(value)
    except ValueError as error:
        raise TypeError(f"{method}: {tag!r} must hold numbers: {error}") from None
    if value.dtype.kind not in "biufc":
        raise TypeError(f"{method}: {tag!r} must be a tensor, an array or numbers, got {value.dtype} values")
    return value


def tensor_proto(value: np.ndarray) -> Any:
    """TensorBoard's tensor of an array, with its values in the field of their dtype.

    >>> import numpy
    >>> from weft.utils.tensorboard.protos import tensor_proto
    >>> tensor_proto(numpy.ones(2))  # doctest: +SKIP
    """
    return package("tensorboard.util.tensor_util").make_tensor_proto(value)


def metadata(plugin: str, content: bytes = b"", data_class: int = 0) -> Any:
    """The metadata that hand a value to a plug-in.

    >>> from weft.utils.tensorboard.protos import metadata
    >>> metadata("text")  # doctest: +SKIP
    """
    kind = proto("summary").SummaryMetadata
    return kind(plugin_data=kind.PluginData(plugin_name=plugin, content=content), data_class=data_class)


def value(tag: str, **fields: Any) -> Any:
    """A summary of one value.

    >>> from weft.utils.tensorboard.protos import value
    >>> value("loss", simple_value=0.5)  # doctest: +SKIP
    """
    kind = proto("summary").Summary
    return kind(value=[kind.Value(tag=tag, **fields)])

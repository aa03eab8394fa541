"""Summaries of scalars, tensors, histograms, text, PR curves, layouts, meshes and hyperparameters."""

from __future__ import annotations

import functools
import json
import numbers
import warnings

import numpy as np

from weft._outside import number
from weft.utils.tensorboard.protos import array, metadata, package, proto, tensor_proto, value

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def scalar(tag: str, scalar_value: Any, new_style: bool = False, double_precision: bool = False) -> Any:
    """A number: as the simple value, or in the new style as a tensor of float32 or float64.

    >>> from weft.utils.tensorboard import summary
    >>> summary.scalar("loss", 0.5)  # doctest: +SKIP
    """
    scalar_value = number("add_scalar", tag, scalar_value)
    if not new_style:
        return value(tag, simple_value=float(scalar_value))
    kind = np.float64 if double_precision else np.float32
    with np.errstate(over="ignore"):
        return value(tag, tensor=tensor_proto(kind(scalar_value)), metadata=metadata("scalars"))


def tensor(tag: str, values: Any) -> Any:
    """A tensor of any shape, with its dtype.

    >>> from weft.utils.tensorboard import summary
    >>> summary.tensor("weights", [1.0, 2.0])  # doctest: +SKIP
    """
    return value(tag, tensor=tensor_proto(array("add_tensor", tag, values)), metadata=metadata("tensor"))


@functools.cache
def _growing_bins():
    """Limits of TensorFlow's buckets: each 1.1 times the last, from 1e-12 to 1e20, on both sides of zero."""
    limits = []
    limit = 1e-12
    while limit < 1e20:
        limits.append(limit)
        limit *= 1.1
    return np.array([-limit for limit in reversed(limits)] + [0.0] + limits)


def histogram(tag: str, values: Any, bins: Any = "tensorflow", max_bins: int | None = None) -> Any:
    """How often values occur. Those that are not finite are left out, with a warning; None where none is left.

    Args:
        bins: ``"tensorflow"`` for limits that grow by a tenth, or what :func:`numpy.histogram` takes.
        max_bins: buckets are put together until there are no more than so many.

    >>> from weft.utils.tensorboard import summary
    >>> summary.histogram("weights", [1.0, 2.0, 2.0])  # doctest: +SKIP
    """
    found = array("add_histogram", tag, values).reshape(-1)
    if max_bins is not None and (not isinstance(max_bins, int) or max_bins < 1):
        raise ValueError(f"add_histogram: max_bins must be a positive int, got {max_bins!r}")
    if found.size == 0:
        raise ValueError(f"add_histogram: {tag!r} has no elements")
    if found.dtype.kind == "c":
        raise TypeError(f"add_histogram: {tag!r} is complex; write its abs() or real and imaginary parts")
    found = found.astype(np.float64)
    finite = found[np.isfinite(found)]
    if finite.size < found.size:
        warnings.warn(
            f"add_histogram: {found.size - finite.size} of {found.size} values of {tag!r} are NaN or infinite and are "
            "left out",
            stacklevel=3,
        )
    if finite.size == 0:
        return None
    try:
        own = isinstance(bins, str) and bins == "tensorflow"
        counts, limits = np.histogram(finite, bins=_growing_bins() if own else bins)
    except (TypeError, ValueError) as error:
        raise type(error)(f"add_histogram: bins of {tag!r}: {error}") from None
    if not len(counts):
        raise ValueError(f"add_histogram: bins of {tag!r} must be at least two limits, got {bins!r}")
    if max_bins is not None and len(counts) > max_bins:
        together = -(-len(counts) // max_bins)
        counts = np.add.reduceat(counts, range(0, len(counts), together))
        limits = np.append(limits[:-1][::together], limits[-1])
    occupied = np.flatnonzero(counts)
    if occupied.size == 0:
        raise ValueError(f"add_histogram: no value of {tag!r} lies within the bins from {limits[0]} to {limits[-1]}")
    # A bucket ends at its limit and begins at that of the one before: an empty one comes first.
    first, last = occupied[0], occupied[-1] + 1
    return histogram_raw(
        tag,
        finite.min(),
        finite.max(),
        finite.size,
        finite.sum(),
        finite.dot(finite),
        limits[first : last + 1],
        [0, *counts[first:last]],
    )


def histogram_raw(
    tag: str, min: Any, max: Any, num: Any, sum: Any, sum_squares: Any, bucket_limits: Any, bucket_counts: Any
) -> Any:
    """A histogram that has been counted elsewhere: each bucket by its right limit and count.

    >>> from weft.utils.tensorboard import summary
    >>> summary.histogram_raw("weights", 0, 2, 3, 5, 9, [1.0, 2.0], [1, 2])  # doctest: +SKIP
    """
    limits = array("add_histogram_raw", tag, bucket_limits).astype(np.float64).reshape(-1)
    counts = array("add_histogram_raw", tag, bucket_counts).astype(np.float64).reshape(-1)
    if len(limits) != len(counts):
        raise ValueError(
            f"add_histogram_raw: {tag!r} has {len(limits)} bucket_limits and {len(counts)} bucket_counts; expected as "
            "many of both"
        )
    kind = proto("summary").HistogramProto
    numbers_of = {"min": min, "max": max, "num": num, "sum": sum, "sum_squares": sum_squares}
    where = f"add_histogram_raw: {tag!r}"
    numbers_of = {name: float(number(where, name, given)) for name, given in numbers_of.items()}
    histo = kind(
        **numbers_of,
        bucket_limit=limits.tolist(),
        bucket=counts.tolist(),
    )
    return value(tag, histo=histo)


def text(tag: str, text_string: Any) -> Any:
    """A text in Markdown, or a table of texts.

    >>> from weft.utils.tensorboard import summary
    >>> summary.text("notes", "The **best** run")  # doctest: +SKIP
    """
    if not isinstance(text_string, str):
        raise TypeError(f"add_text: {tag!r} must be a string, got {type(text_string).__name__}")
    shape = proto("tensor_shape").TensorShapeProto
    string = proto("tensor").TensorProto(
        dtype="DT_STRING",
        string_val=[text_string.encode(errors="backslashreplace")],
        tensor_shape=shape(dim=[shape.Dim(size=1)]),
    )
    return value(f"{tag}/text_summary", tensor=string, metadata=metadata("text"))


def pr_curve(tag: str, labels: Any, predictions: Any, num_thresholds: int = 127, weights: Any = None) -> Any:
    """Precision and recall of predicted probabilities at evenly spaced thresholds.

    >>> from weft.utils.tensorboard import summary
    >>> summary.pr_curve("digit 3", [0, 1, 1], [0.1, 0.6, 0.9])  # doctest: +SKIP
    """
    labels = array("add_pr_curve", tag, labels).reshape(-1)
    predictions = array("add_pr_curve", tag, predictions).reshape(-1)
    weights = np.ones(len(labels)) if weights is None else array("add_pr_curve", tag, weights).reshape(-1)
    weights = np.broadcast_to(weights, len(labels)) if weights.size == 1 else weights
    if not len(labels) == len(predictions) == len(weights) or not len(labels):
        raise ValueError(
            f"add_pr_curve: {tag!r} has {len(labels)} labels, {len(predictions)} predictions and {len(weights)} "
            "weights; expected as many of each, and at least one"
        )
    if not isinstance(num_thresholds, int) or num_thresholds < 2:
        raise ValueError(f"add_pr_curve: num_thresholds must be an int of at least 2, got {num_thresholds!r}")
    if not ((predictions >= 0) & (predictions <= 1)).all():
        raise ValueError(f"add_pr_curve: predictions of {tag!r} must be probabilities, from 0 to 1")
    if not ((labels == 0) | (labels == 1)).all():
        raise ValueError(f"add_pr_curve: labels of {tag!r} must be 0 or 1 (True or False)")
    bucket = np.floor(predictions * (num_thresholds - 1)).astype(np.int64)

    def at_least(of):
        return np.bincount(bucket, of * weights, num_thresholds)[::-1].cumsum()[::-1]

    true_positive, false_positive = at_least(labels.astype(np.float64)), at_least(1.0 - labels)
    true_negative, false_negative = false_positive[0] - false_positive, true_positive[0] - true_positive
    least = 1e-7  # so that 0 / 0 is 0
    precision = true_positive / np.maximum(least, true_positive + false_positive)
    recall = true_positive / np.maximum(least, true_positive + false_negative)
    return pr_curve_raw(
        tag, true_positive, false_positive, true_negative, false_negative, precision, recall, num_thresholds
    )


def pr_curve_raw(tag: str, tp: Any, fp: Any, tn: Any, fn: Any, precision: Any, recall: Any, num_thresholds: int) -> Any:
    """A PR curve that has been computed elsewhere.

    >>> from weft.utils.tensorboard import summary
    >>> summary.pr_curve_raw("a", [1, 0], [1, 0], [0, 1], [0, 1], [0.5, 0], [1, 0], 2)  # doctest: +SKIP
    """
    rows = [array("add_pr_curve_raw", tag, row).reshape(-1) for row in (tp, fp, tn, fn, precision, recall)]
    if not isinstance(num_thresholds, int) or any(len(row) != num_thresholds for row in rows):
        raise ValueError(
            f"add_pr_curve_raw: expected {num_thresholds!r} numbers (num_thresholds) of each kind for {tag!r}, got "
            f"{[len(row) for row in rows]}"
        )
    data = package("tensorboard.plugins.pr_curve.plugin_data_pb2").PrCurvePluginData(num_thresholds=num_thresholds)
    return value(
        tag,
        tensor=tensor_proto(np.stack(rows).astype(np.float32)),
        metadata=metadata("pr_curves", data.SerializeToString()),
    )


def _layout(layout):
    """(title, [(name, (kind, tags))]) of a layout that is well-formed."""
    where = 'add_custom_scalars: expected {category: {title: ["Multiline" or "Margin", [tag, ...]]}}, got'
    if not isinstance(layout, dict):
        raise TypeError(f"{where} {layout!r}")
    found = []
    for title, charts in layout.items():
        if not isinstance(title, str) or not isinstance(charts, dict):
            raise TypeError(f"{where} {title!r}: {charts!r}")
        for name, chart in charts.items():
            whole = isinstance(name, str) and isinstance(chart, (list, tuple)) and len(chart) == 2
            if not whole or chart[0] not in ("Multiline", "Margin") or not isinstance(chart[1], (list, tuple)):
                raise ValueError(f"{where} {name!r}: {chart!r}")
            if not all(isinstance(tag, str) for tag in chart[1]):
                raise TypeError(f"{where} {name!r}: {chart!r}")
        found.append((title, list(charts.items())))
    return found


def custom_scalars(layout: Mapping[str, Mapping[str, Sequence[Any]]]) -> Any:
    """Which scalars share a chart on the page CUSTOM SCALARS.

    >>> from weft.utils.tensorboard import summary
    >>> summary.custom_scalars({"losses": {"both": ["Multiline", ["loss/train", "loss/test"]]}})  # doctest: +SKIP
    """
    pb = package("tensorboard.plugins.custom_scalar.layout_pb2")
    categories = []
    for title, charts in _layout(layout):
        made = []
        for name, (kind, tags) in charts:
            if kind == "Multiline":
                made.append(pb.Chart(title=name, multiline=pb.MultilineChartContent(tag=list(tags))))
            elif len(tags) == 3:
                series = pb.MarginChartContent.Series(value=tags[0], lower=tags[1], upper=tags[2])
                made.append(pb.Chart(title=name, margin=pb.MarginChartContent(series=[series])))
            else:
                raise ValueError(f"add_custom_scalars: Margin of {name!r} needs value, lower and upper, got {tags!r}")
        categories.append(pb.Category(title=title, chart=made))
    layout_proto = pb.Layout(category=categories)
    string = proto("tensor").TensorProto(
        dtype="DT_STRING",
        string_val=[layout_proto.SerializeToString()],
        tensor_shape=proto("tensor_shape").TensorShapeProto(),
    )
    return value("custom_scalars__config__", tensor=string, metadata=metadata("custom_scalars"))


def mesh(tag: str, vertices: Any, colors: Any = None, faces: Any = None, config_dict: Any = None) -> Any:
    """Meshes or point clouds: vertices (batch, n, 3), colors (batch, n, 3) from 0 to 255, faces (batch, m, 3).

    >>> from weft.utils.tensorboard import summary
    >>> summary.mesh("cube", [[[0.0, 0.0, 0.0]]])  # doctest: +SKIP
    """
    own = package("tensorboard.plugins.mesh.metadata")
    kinds = package("tensorboard.plugins.mesh.plugin_data_pb2").MeshPluginData.ContentType
    parts = [(kinds.Value("VERTEX"), vertices), (kinds.Value("FACE"), faces), (kinds.Value("COLOR"), colors)]
    parts = [(kind, array("add_mesh", tag, part)) for kind, part in parts if part is not None]
    for kind, part in parts:
        if part.ndim != 3 or part.shape[2] != 3:
            raise ValueError(
                f"add_mesh: {kinds.Name(kind).lower()} of {tag!r} must have shape (batch, n, 3), got {part.shape}"
            )
    present = own.get_components_bitmask([kind for kind, _ in parts])
    try:
        config = json.dumps({} if config_dict is None else config_dict, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise type(error)(f"add_mesh: config_dict of {tag!r}: {error}") from None
    Summary = proto("summary").Summary
    values = []
    for kind, part in parts:
        data = own.create_summary_metadata(tag, None, kind, present, part.shape, json_config=config)
        name = own.get_instance_name(tag, kind)
        values.append(Summary.Value(tag=name, tensor=tensor_proto(part.astype(np.float32)), metadata=data))
    return Summary(value=values)


def hparams(
    hparam_dict: Mapping[str, Any], metric_dict: Mapping[str, Any], hparam_domain_discrete: Any = None
) -> tuple[Any, Any, Any]:
    """The three summaries of a run's hyperparameters: what is varied and measured, its values, its end.

    >>> from weft.utils.tensorboard import summary
    >>> summary.hparams({"lr": 0.1}, {"accuracy": 0.9})  # doctest: +SKIP
    """
    for name, given in (("hparam_dict", hparam_dict), ("metric_dict", metric_dict)):
        if not isinstance(given, dict):
            raise TypeError(f"add_hparams: {name} must be a dict, got {type(given).__name__}")
    if hparam_domain_discrete is not None and not isinstance(hparam_domain_discrete, dict):
        raise TypeError(f"add_hparams: hparam_domain_discrete must be a dict, got {hparam_domain_discrete!r}")
    domains = dict(hparam_domain_discrete or {})
    api = package("tensorboard.plugins.hparams.api_pb2")
    data = package("tensorboard.plugins.hparams.plugin_data_pb2")
    wrap = package("tensorboard.plugins.hparams.metadata").create_summary_metadata
    session = data.SessionStartInfo()
    infos = []
    for key, given in hparam_dict.items():
        if given is None:
            continue
        field, kind, plain = _hyperparameter(key, given)
        setattr(session.hparams[key], field, plain)
        info = api.HParamInfo(name=key, type=api.DataType.Value(kind))
        choices = domains.pop(key, ())
        if not isinstance(choices, (list, tuple)):
            raise TypeError(f"add_hparams: the domain of {key!r} must be a list of values, got {choices!r:.60}")
        for choice in choices:
            other_field, other_kind, plain = _hyperparameter(key, choice)
            if other_kind != kind:
                raise TypeError(f"add_hparams: the domain of {key!r} has {choice!r}, the run {given!r}")
            setattr(info.domain_discrete.values.add(), other_field, plain)
        infos.append(info)
    if domains:
        raise ValueError(f"add_hparams: hparam_domain_discrete has {next(iter(domains))!r}, which hparam_dict has not")
    metrics = [api.MetricInfo(name=api.MetricName(tag=key)) for key in metric_dict]
    experiment = data.HParamsPluginData(experiment=api.Experiment(hparam_infos=infos, metric_infos=metrics))
    start = data.HParamsPluginData(session_start_info=session)
    end = data.SessionEndInfo(status=api.Status.Value("STATUS_SUCCESS"))
    end = data.HParamsPluginData(session_end_info=end)
    names = ("experiment", "session_start_info", "session_end_info")
    made = [value(f"_hparams_/{name}", metadata=wrap(part)) for name, part in zip(names, (experiment, start, end))]
    return made[0], made[1], made[2]


def _hyperparameter(key, given):
    if isinstance(given, (bool, np.bool_)):
        return "bool_value", "DATA_TYPE_BOOL", bool(given)
    if isinstance(given, str):
        return "string_value", "DATA_TYPE_STRING", given
    if isinstance(given, numbers.Real) or hasattr(given, "item"):
        return "number_value", "DATA_TYPE_FLOAT64", float(number("add_hparams", key, given))
    raise ValueError(
        f"add_hparams: the value of {key!r} must be an int, float, str, bool or a tensor of one element, got "
        f"{type(given).__name__}"
    )

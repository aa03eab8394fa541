"""SummaryWriter: scalars, images, histograms and more into event files."""

from __future__ import annotations

import os
import socket
import time

from weft.utils.tensorboard import embedding, graph, media, summary
from weft.utils.tensorboard.file_writer import FileWriter, checked_step
from weft.utils.tensorboard.protos import checked_tag, proto

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self


class SummaryWriter:
    """Writes event files into a folder, which ``tensorboard --logdir`` shows.

    In all methods ``tag`` names what is written, ``global_step`` is the step of the training, and ``walltime`` replaces
    the time (seconds since 1970). Values are tensors, NumPy arrays or numbers. A bad value is a TypeError or ValueError
    that names the tag, and nothing is written.

    Args:
        log_dir: the folder; without it ``runs/DATE_TIME_HOST`` and the comment.
        comment: of the default folder's name.
        purge_step: TensorBoard hides what earlier files in the folder hold for this step and later ones.
        max_queue: so many events wait at most before a call waits for the disk.
        flush_secs: how often, at most, the file is flushed.
        filename_suffix: of the event file's name.

    Raises:
        ImportError: the package ``tensorboard`` is not installed.

    >>> from weft.utils.tensorboard import SummaryWriter
    >>> with SummaryWriter("runs/first") as writer:  # doctest: +SKIP
    ...     writer.add_scalar("loss", 0.5, global_step=1)
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] | None = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        filename_suffix: str = "",
    ) -> None:
        if not log_dir:
            log_dir = os.path.join("runs", time.strftime("%b%d_%H-%M-%S_") + socket.gethostname() + comment)
        self.log_dir: str = os.fspath(log_dir)
        self.purge_step = purge_step
        self.max_queue = max_queue
        self.flush_secs = flush_secs
        self.filename_suffix = filename_suffix
        self._file: FileWriter | None = None
        self._others: dict[str, FileWriter] = {}
        self._get_file_writer()

    def _get_file_writer(self) -> FileWriter:
        if self._file is None:
            self._file = FileWriter(self.log_dir, self.max_queue, self.flush_secs, self.filename_suffix)
            if self.purge_step is not None:
                event = proto("event")
                self._file.add_event(event.Event(file_version="brain.Event:2"), self.purge_step)
                start = event.SessionLog(status=event.SessionLog.START)
                self._file.add_event(event.Event(session_log=start), self.purge_step)
                self.purge_step = None
        return self._file

    @property
    def file_writer(self) -> FileWriter:
        """The writer of the event file; a new one after :meth:`close`.

        >>> from weft.utils.tensorboard import SummaryWriter
        >>> SummaryWriter("runs/first").file_writer  # doctest: +SKIP
        """
        return self._get_file_writer()

    def _add(self, made, step, walltime):
        if made is not None:
            self._get_file_writer().add_summary(made, step, walltime)

    def get_logdir(self) -> str:
        """The folder.

        >>> from weft.utils.tensorboard import SummaryWriter
        >>> SummaryWriter("runs/first").get_logdir()  # doctest: +SKIP
        'runs/first'
        """
        return self.log_dir

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """A number, kept as float32; with ``new_style`` and ``double_precision`` as float64.

        >>> writer.add_scalar("loss", 0.5, global_step=1)  # doctest: +SKIP
        """
        made = summary.scalar(checked_tag("add_scalar", tag), scalar_value, new_style, double_precision)
        self._add(made, global_step, walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: Mapping[str, Any],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Numbers in one chart: each in an event file of its own, in the folder ``main_tag_tag``.

        >>> writer.add_scalars("loss", {"train": 0.5, "test": 0.6}, global_step=1)  # doctest: +SKIP
        """
        checked_tag("add_scalars", main_tag)
        walltime = time.time() if walltime is None else walltime
        if not hasattr(tag_scalar_dict, "items"):
            raise TypeError(f"add_scalars: expected a dict from tags to numbers, got {type(tag_scalar_dict).__name__}")
        made = {checked_tag("add_scalars", tag): summary.scalar(main_tag, v) for tag, v in tag_scalar_dict.items()}
        for tag, part in made.items():
            folder = os.path.join(self.get_logdir(), f"{main_tag.replace('/', '_')}_{tag}")
            if folder not in self._others:
                self._others[folder] = FileWriter(folder, self.max_queue, self.flush_secs, self.filename_suffix)
            self._others[folder].add_summary(part, global_step, walltime)

    def add_tensor(self, tag: str, tensor: Any, global_step: int | None = None, walltime: float | None = None) -> None:
        """A tensor of any shape and dtype.

        >>> writer.add_tensor("weights", layer.weight)  # doctest: +SKIP
        """
        self._add(summary.tensor(checked_tag("add_tensor", tag), tensor), global_step, walltime)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: int | None = None,
        bins: Any = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """How often values occur; those that are not finite are left out, with a warning.

        Args:
            bins: ``"tensorflow"``, limits that grow by a tenth, or what :func:`numpy.histogram` takes.
            max_bins: buckets are put together until there are no more than so many.

        >>> writer.add_histogram("weights", layer.weight, global_step=1)  # doctest: +SKIP
        """
        made = summary.histogram(checked_tag("add_histogram", tag), values, bins, max_bins)
        self._add(made, global_step, walltime)

    def add_histogram_raw(
        self,
        tag: str,
        min: float,
        max: float,
        num: int,
        sum: float,
        sum_squares: float,
        bucket_limits: Sequence[float],
        bucket_counts: Sequence[float],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """A histogram that has been counted elsewhere: each bucket by its right limit and count.

        >>> writer.add_histogram_raw("a", 0, 2, 3, 5, 9, [1.0, 2.0], [1, 2])  # doctest: +SKIP
        """
        checked_tag("add_histogram_raw", tag)
        made = summary.histogram_raw(tag, min, max, num, sum, sum_squares, bucket_limits, bucket_counts)
        self._add(made, global_step, walltime)

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """An image of 1, 3 or 4 channels, bytes or other numbers from 0 to 1.

        Args:
            dataformats: what the dimensions are: an order of H and W, or C, H and W.

        >>> writer.add_image("digit", weft.rand(1, 8, 8))  # doctest: +SKIP
        """
        self._add(media.image(checked_tag("add_image", tag), img_tensor, dataformats), global_step, walltime)

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Images in a grid, eight in a row.

        >>> writer.add_images("digits", weft.rand(16, 1, 8, 8))  # doctest: +SKIP
        """
        self._add(media.image(checked_tag("add_images", tag), img_tensor, dataformats), global_step, walltime)

    def add_image_with_boxes(
        self,
        tag: str,
        img_tensor: Any,
        box_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        rescale: float = 1,
        dataformats: str = "CHW",
        labels: Sequence[str] | str | None = None,
    ) -> None:
        """An image with boxes (n, 4) of left, top, right and bottom in pixels, and labels on them.

        >>> writer.add_image_with_boxes("cats", image, [[10, 10, 50, 40]], labels=["cat"])  # doctest: +SKIP
        """
        checked_tag("add_image_with_boxes", tag)
        made = media.image_boxes(tag, img_tensor, box_tensor, rescale, dataformats, labels)
        self._add(made, global_step, walltime)

    def add_figure(
        self,
        tag: str,
        figure: Any,
        global_step: int | None = None,
        close: bool = True,
        walltime: float | None = None,
    ) -> None:
        """A matplotlib figure as an image, or a list of figures of one size as a grid; ``close`` closes them.

        >>> writer.add_figure("curve", plt.gcf(), global_step=1)  # doctest: +SKIP
        """
        if isinstance(figure, list):
            images = [media.figure_image(item, close) for item in figure]
            if len({image.shape for image in images}) != 1:
                raise ValueError(
                    f"add_figure: figures must be of one size, and at least one, got {[i.shape for i in images]}"
                )
            self.add_images(tag, media.np.stack(images), global_step, walltime)
        else:
            self.add_image(tag, media.figure_image(figure, close), global_step, walltime)

    def add_video(
        self,
        tag: str,
        vid_tensor: Any,
        global_step: int | None = None,
        fps: float = 4,
        walltime: float | None = None,
    ) -> None:
        """Videos (N, T, C, H, W), bytes or other numbers from 0 to 1, side by side as an animated GIF.

        >>> writer.add_video("game", weft.rand(1, 16, 3, 64, 64), fps=8)  # doctest: +SKIP
        """
        self._add(media.video(checked_tag("add_video", tag), vid_tensor, fps), global_step, walltime)

    def add_audio(
        self,
        tag: str,
        snd_tensor: Any,
        global_step: int | None = None,
        sample_rate: int = 44100,
        walltime: float | None = None,
    ) -> None:
        """Sound of shape (L,), (1, L) or (2, L) with values from -1 to 1.

        >>> writer.add_audio("voice", weft.zeros(1, 16000), sample_rate=16000)  # doctest: +SKIP
        """
        self._add(media.audio(checked_tag("add_audio", tag), snd_tensor, sample_rate), global_step, walltime)

    def add_text(
        self, tag: str, text_string: str, global_step: int | None = None, walltime: float | None = None
    ) -> None:
        """A text in Markdown.

        >>> writer.add_text("notes", "The **best** run")  # doctest: +SKIP
        """
        self._add(summary.text(checked_tag("add_text", tag), text_string), global_step, walltime)

    def add_graph(
        self, model: Any, input_to_model: Any = None, verbose: bool = False, use_strict_trace: bool = True
    ) -> None:
        """The graph of a module or function, traced by :func:`weft.export.export`, ops inside their layers.

        Args:
            input_to_model: a tensor, or a tuple of the arguments.
            verbose: print the graph.
            use_strict_trace: is there for PyTorch's callers: dicts and lists are traced either way.

        Raises:
            RuntimeError, TypeError, ValueError: what the tracing raises.

        >>> writer.add_graph(model, weft.zeros(1, 1, 8, 8))  # doctest: +SKIP
        """
        made, shown = graph.trace(model, () if input_to_model is None else input_to_model)
        if verbose:
            print(shown)
        self._get_file_writer().add_graph((made, graph.run_metadata()))

    def add_onnx_graph(self, prototxt: str | os.PathLike[str]) -> None:
        """The graph of an ONNX file. Needs the package ``onnx``.

        >>> writer.add_onnx_graph("model.onnx")  # doctest: +SKIP
        """
        self._get_file_writer().add_onnx_graph(graph.of_onnx(prototxt))

    def add_embedding(
        self,
        mat: Any,
        metadata: Sequence[Any] | None = None,
        label_img: Any = None,
        global_step: int | None = None,
        tag: str = "default",
        metadata_header: Sequence[str] | None = None,
    ) -> None:
        """Points (n, features) for the projector.

        Args:
            metadata: a label for each point, or with ``metadata_header`` a list of several.
            label_img: an image for each point, (n, 1 or 3, H, W).

        >>> writer.add_embedding(weft.rand(3, 8), metadata=["a", "b", "c"])  # doctest: +SKIP
        """
        checked_tag("add_embedding", tag)
        step = 0 if global_step is None else checked_step(global_step)
        embedding.write(self.get_logdir(), mat, metadata, label_img, step, tag, metadata_header)

    def add_pr_curve(
        self,
        tag: str,
        labels: Any,
        predictions: Any,
        global_step: int | None = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Precision and recall of predicted probabilities (n,) for labels (n,) of 0 and 1.

        >>> writer.add_pr_curve("digit 3", labels == 3, probabilities[:, 3])  # doctest: +SKIP
        """
        made = summary.pr_curve(checked_tag("add_pr_curve", tag), labels, predictions, num_thresholds, weights)
        self._add(made, global_step, walltime)

    def add_pr_curve_raw(
        self,
        tag: str,
        true_positive_counts: Any,
        false_positive_counts: Any,
        true_negative_counts: Any,
        false_negative_counts: Any,
        precision: Any,
        recall: Any,
        global_step: int | None = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """A PR curve that has been computed elsewhere: ``num_thresholds`` numbers of each kind, weighted already.

        >>> writer.add_pr_curve_raw("a", tp, fp, tn, fn, precision, recall, num_thresholds=5)  # doctest: +SKIP
        """
        if weights is not None:
            raise ValueError("add_pr_curve_raw: the counts are weighted already; weights must be None")
        counts = (true_positive_counts, false_positive_counts, true_negative_counts, false_negative_counts)
        checked_tag("add_pr_curve_raw", tag)
        self._add(summary.pr_curve_raw(tag, *counts, precision, recall, num_thresholds), global_step, walltime)

    def add_custom_scalars(self, layout: Mapping[str, Mapping[str, Sequence[Any]]]) -> None:
        """Which scalars share a chart on the page CUSTOM SCALARS; of several calls the last counts.

        Args:
            layout: categories to charts, these to ``["Multiline", tags]`` or ``["Margin", [value, lower, upper]]``.

        >>> writer.add_custom_scalars({"loss": {"both": ["Multiline", ["train", "test"]]}})  # doctest: +SKIP
        """
        self._add(summary.custom_scalars(layout), None, None)

    def add_custom_scalars_multilinechart(
        self, tags: Sequence[str], category: str = "default", title: str = "untitled"
    ) -> None:
        """Scalars that share a chart.

        >>> writer.add_custom_scalars_multilinechart(["train", "test"])  # doctest: +SKIP
        """
        self._add_chart(category, title, "Multiline", tags)

    def add_custom_scalars_marginchart(
        self, tags: Sequence[str], category: str = "default", title: str = "untitled"
    ) -> None:
        """A scalar with a margin: tags of the value, its lower and its upper bound.

        >>> writer.add_custom_scalars_marginchart(["mean", "low", "high"])  # doctest: +SKIP
        """
        self._add_chart(category, title, "Margin", tags)

    def _add_chart(self, category, title, kind, tags):
        for name in (category, title):
            checked_tag("add_custom_scalars", name)
        self._add(summary.custom_scalars({category: {title: [kind, tags]}}), None, None)

    def add_mesh(
        self,
        tag: str,
        vertices: Any,
        colors: Any = None,
        faces: Any = None,
        config_dict: Mapping[str, Any] | None = None,
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Meshes or point clouds.

        Args:
            vertices: (batch, n, 3).
            colors: (batch, n, 3), from 0 to 255.
            faces: (batch, m, 3), numbers of vertices.
            config_dict: camera, lights and material for three.js.

        >>> writer.add_mesh("cloud", weft.rand(1, 100, 3))  # doctest: +SKIP
        """
        made = summary.mesh(checked_tag("add_mesh", tag), vertices, colors, faces, config_dict)
        self._add(made, global_step, walltime)

    def add_hparams(
        self,
        hparam_dict: dict[str, Any],
        metric_dict: dict[str, Any],
        hparam_domain_discrete: Mapping[str, Sequence[Any]] | None = None,
        run_name: str | None = None,
        global_step: int | None = None,
    ) -> None:
        """A finished run's hyperparameters and results, in a folder of its own (``run_name``, else the time).

        Args:
            hparam_dict: names to numbers, strings, bools; None is left out.
            metric_dict: names to numbers.
            hparam_domain_discrete: names to all values that are tried.

        >>> writer.add_hparams({"lr": 0.1}, {"accuracy": 0.9})  # doctest: +SKIP
        """
        parts = summary.hparams(hparam_dict, metric_dict, hparam_domain_discrete)
        scalars = [summary.scalar(checked_tag("add_hparams", key), value) for key, value in metric_dict.items()]
        folder = os.path.join(self.get_logdir(), str(time.time()) if run_name is None else run_name)
        with SummaryWriter(folder) as writer:
            for part in [*parts, *scalars]:
                writer.file_writer.add_summary(part, global_step)

    def flush(self) -> None:
        """Has everything written.

        >>> writer.flush()  # doctest: +SKIP
        """
        for file in [self._file, *self._others.values()]:
            if file is not None:
                file.flush()

    def close(self) -> None:
        """Has everything written and closes the files.

        >>> writer.close()  # doctest: +SKIP
        """
        files = [self._file, *self._others.values()]
        self._file, self._others = None, {}
        for file in files:
            if file is not None:
                file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

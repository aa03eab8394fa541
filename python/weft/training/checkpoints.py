"""Checkpoints of a training: whole or not there, written in the background, verified when they are read."""

from __future__ import annotations

import contextlib
import math
import operator
import os
import sys
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weft.serialization.placement import placer
from weft.training import _checkpoint_format as form
from weft.training import _checkpoint_store as stores

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Any

__all__ = ["CheckpointInfo", "CheckpointManager"]


@dataclass(frozen=True)
class CheckpointInfo:
    """One complete checkpoint: its step, where it is, and the metrics it was saved with.

    >>> import weft
    >>> weft.training.CheckpointInfo(step=3, path="runs/step-00000003", metrics={"loss": 0.5}).step
    3
    """

    step: int
    path: Path | str  # a str where it is a URL
    metrics: dict[str, float]
    _serial: int = field(default=0, repr=False)
    _name: str = field(default="", repr=False)


class CheckpointManager:
    """Saves checkpoints of a training in a folder, keeps the last and the best, and takes the training back to them.

    A checkpoint is a folder ``step-00001234`` with safetensors files and a ``manifest.json``, which holds whatever is
    no tensor, and a checksum of everything. It is written under another name, synced, and renamed: a name stands for a
    whole checkpoint, whenever the program is killed or the power fails. What a killed program left half written is
    deleted when the next manager of this folder is made, or saves.

    With ``asynchronous`` ``save()`` copies the tensors and returns; a thread writes them. One checkpoint is written at
    a time: the next ``save()`` waits for it first. What goes wrong in the thread is raised by the next ``save()``,
    ``wait()``, ``restore()`` or ``close()``. A program that ends waits for its checkpoint.

    Args:
        folder: where the checkpoints are, a path or a URL such as ``s3://bucket/run`` (with fsspec); it is made.
        keep_last: how many of the latest are kept, at least 1; None keeps all.
        keep_best: how many of the best are kept beside them, by ``monitor``.
        monitor: the metric that says which is best; None: there is no best one.
        mode: ``"min"`` if small values of it are good, ``"max"`` if large ones are.
        asynchronous: write in a thread.
        max_shard_bytes: a file holds at most so many bytes of tensors, or one tensor.

    Raises:
        ValueError, TypeError: an argument is not such a number or word.
        OSError: the folder cannot be made.

    >>> import weft, tempfile
    >>> model = weft.nn.Linear(2, 1)
    >>> optimizer = weft.optim.AdamW(model.parameters())
    >>> objects = {"model": model, "optimizer": optimizer, "random": weft.training.RandomState()}
    >>> with weft.training.CheckpointManager(tempfile.mkdtemp(), monitor="loss") as manager:
    ...     path = manager.save(100, objects, {"loss": 0.25})
    ...     info = manager.restore(objects)
    >>> info.step, info.metrics
    (100, {'loss': 0.25})
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        keep_last: int | None = 3,
        keep_best: int = 1,
        monitor: str | None = None,
        mode: str = "min",
        asynchronous: bool = True,
        max_shard_bytes: int = 2 << 30,
    ) -> None:
        self._keep_last = None if keep_last is None else _count("keep_last", keep_last, 1)
        self._keep_best = _count("keep_best", keep_best, 0)
        self._largest = _count("max_shard_bytes", max_shard_bytes, 1)
        if mode not in ("min", "max"):
            raise ValueError(f'CheckpointManager: mode must be "min" or "max", got {mode!r}')
        if monitor is not None and not isinstance(monitor, str):
            raise TypeError(f"CheckpointManager: monitor must be the name of a metric, got {type(monitor).__name__}")
        self._monitor, self._sign = monitor, 1 if mode == "min" else -1
        self._asynchronous = bool(asynchronous)
        self._store = stores.make(folder)
        self._thread: threading.Thread | None = None
        self._failed: list[BaseException] = []  # at most one: the error of the thread
        self._known: dict[str, CheckpointInfo] = {}
        self._store.clean()
        # After the threads of the program have ended, and before its modules go.
        weakref.finalize(self, _report, self._failed)

    @property
    def folder(self) -> Path | str:
        """Where the checkpoints are.

        >>> import weft, tempfile, os
        >>> weft.training.CheckpointManager(os.path.join(tempfile.mkdtemp(), "run")).folder.name
        'run'
        """
        return self._store.folder

    def save(self, step: int, objects: Mapping[str, Any], metrics: Mapping[str, Any] | None = None) -> Path | str:
        """Saves the state of some objects.

        Args:
            step: the step of the training, 0 or more. A second checkpoint of a step takes the place of the first.
            objects: name -> anything with ``state_dict()`` and ``load_state_dict()``: models, optimisers, schedules,
                loaders, metrics, RandomState. Their states may hold what ``weft.save`` saves.
            metrics: name -> number. A checkpoint without ``monitor`` among them is never the best.

        Returns:
            the path that the checkpoint has, or will have once ``wait()`` returns.

        Raises:
            TypeError, ValueError: the state of an object cannot be saved, or a metric is no number.
            OSError: the checkpoint cannot be written, or, from a thread, an earlier one could not. The checkpoints that
                were there are whole.

        >>> import weft, tempfile
        >>> manager = weft.training.CheckpointManager(tempfile.mkdtemp())
        >>> manager.save(7, {"model": weft.nn.Linear(2, 1)}, {"loss": 0.5}).name
        'step-00000007'
        >>> manager.close()
        """
        self.wait()
        step = _count("step", step, 0, "save")
        values = _metrics({} if metrics is None else metrics)
        snapshot = form.Snapshot(_states(objects), self._largest, self._asynchronous)
        others = self._store.names()
        name = stores.folder_name(step, others)
        last = max((info._serial for info in self._infos()), default=0)
        about = {"step": step, "serial": last + 1, "metrics": values}
        if self._asynchronous:
            self._thread = threading.Thread(target=self._write_aside, args=(name, snapshot, about), daemon=False)
            self._thread.name = f"weft checkpoint {name}"
            self._thread.start()
        else:
            self._write(name, snapshot, about)
        return self._store.path(name)

    def wait(self) -> None:
        """Returns when the checkpoint that is being written is complete.

        Raises:
            OSError: it could not be written; what was there before is whole.

        >>> import weft, tempfile
        >>> manager = weft.training.CheckpointManager(tempfile.mkdtemp())
        >>> path = manager.save(7, {"model": weft.nn.Linear(2, 1)})
        >>> manager.wait()
        >>> path.is_dir()
        True
        """
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        if self._failed:
            raise self._failed.pop()

    def close(self) -> None:
        """Waits, as ``wait()`` does. The manager can be used again afterwards.

        >>> import weft, tempfile
        >>> weft.training.CheckpointManager(tempfile.mkdtemp()).close()
        """
        self.wait()

    def __enter__(self) -> CheckpointManager:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            self.close()
            return
        try:
            self.close()
        except BaseException as second:  # the error of the block comes first
            error.__context__ = second

    def checkpoints(self) -> list[CheckpointInfo]:
        """The complete checkpoints in the order in which they were saved. Folders without a whole manifest are none.

        >>> import weft, tempfile
        >>> manager = weft.training.CheckpointManager(tempfile.mkdtemp(), keep_last=2, asynchronous=False)
        >>> paths = [manager.save(step, {"model": weft.nn.Linear(2, 1)}) for step in (1, 2, 3)]
        >>> [info.step for info in manager.checkpoints()]
        [2, 3]
        """
        return [_shown(info) for info in self._infos()]

    def find(self, which: str | int | os.PathLike[str] = "last") -> CheckpointInfo | None:
        """The checkpoint that ``restore`` would take; None where "last" or "best" has none.

        Raises:
            FileNotFoundError: there is none of this step or path.
            ValueError: its manifest is damaged, or "best" has no ``monitor``.

        >>> import weft, tempfile
        >>> manager = weft.training.CheckpointManager(tempfile.mkdtemp(), monitor="loss")
        >>> for step, loss in enumerate([0.9, 0.4, 0.6]):
        ...     path = manager.save(step, {"model": weft.nn.Linear(2, 1)}, {"loss": loss})
        >>> manager.find("best").step
        1
        """
        self.wait()
        infos = self._infos()
        if which == "last":
            self._refuse_damaged(infos)
            return infos[-1] if infos else None
        if which == "best":
            if self._monitor is None:
                raise ValueError('CheckpointManager: there is no "best" without monitor=, the name of a metric')
            best = self._best(infos)
            if infos and not best:
                raise ValueError(
                    f"CheckpointManager: no checkpoint in {self.folder} was saved with the metric {self._monitor!r}; "
                    f"the last one has {sorted(infos[-1].metrics)}"
                )
            return best[0] if best else None
        if isinstance(which, int) and not isinstance(which, bool):
            found = [info for info in infos if info.step == which]
            if not found:
                raise FileNotFoundError(
                    f"CheckpointManager: {self.folder} has no checkpoint of step {which}; "
                    f"there are {[info.step for info in infos]}"
                )
            return found[-1]
        name = self._store.name_of(os.fspath(which))
        return self._info(name, self._manifest(name))

    def restore(
        self,
        objects: Mapping[str, Any],
        which: str | int | os.PathLike[str] = "last",
        *,
        map_location: Any = None,
    ) -> CheckpointInfo | None:
        """Takes objects back to the state that they were saved in. Everything is read and verified before any changes.

        Args:
            objects: name -> object with ``load_state_dict()``; names that were saved, all or some.
            which: ``"last"``, ``"best"``, a step, or the path of a checkpoint in this folder.
            map_location: where tensors are put before they are given to the objects, as in ``weft.load``.

        Returns:
            what was restored; None where there is no checkpoint yet.

        Raises:
            ValueError: the checkpoint is damaged, or has no object of such a name.
            FileNotFoundError: there is none of this step or path.

        >>> import weft, tempfile
        >>> model, folder = weft.nn.Linear(2, 1), tempfile.mkdtemp()
        >>> with weft.training.CheckpointManager(folder) as manager:
        ...     path = manager.save(7, {"model": model})
        >>> weft.training.CheckpointManager(folder).restore({"model": model}).step
        7
        """
        for name, found in objects.items():
            if not callable(getattr(found, "load_state_dict", None)):
                raise TypeError(f"restore: {name!r} has no load_state_dict(); it is a {type(found).__name__}")
        info = self.find(which)
        while info is not None:
            try:
                states = self._load(info, list(objects), map_location)
                break
            except FileNotFoundError:
                latest = self.find(which)
                if latest is None or latest._name == info._name or which not in ("last", "best"):
                    raise
                info = latest  # another manager has saved a later one, and deleted this one
        if info is None:
            return None
        for name, found in objects.items():
            found.load_state_dict(states[name])
        return _shown(info)

    def load(
        self,
        which: str | int | os.PathLike[str] = "last",
        *,
        names: Iterable[str] | None = None,
        map_location: Any = None,
        mmap: bool = False,
    ) -> dict[str, Any]:
        """The states in a checkpoint, by the names of the objects.

        Args:
            which: as in ``restore``.
            names: which of the objects; None: all.
            map_location: where tensors are put, as in ``weft.load``.
            mmap: map the files into memory, as in ``weft.load``: headers and sizes are verified, not what is in them.

        Raises:
            ValueError: the checkpoint is damaged, or has no object of such a name.
            FileNotFoundError: there is no such checkpoint.

        >>> import weft, tempfile
        >>> manager = weft.training.CheckpointManager(tempfile.mkdtemp())
        >>> path = manager.save(7, {"model": weft.nn.Linear(2, 1)})
        >>> {name: tensor.shape for name, tensor in manager.load()["model"].items()}
        {'weight': weft.Size([1, 2]), 'bias': weft.Size([1])}
        """
        info = self.find(which)
        if info is None:
            raise FileNotFoundError(f"CheckpointManager: {self.folder} has no checkpoint yet")
        return self._load(info, None if names is None else list(names), map_location, mmap)

    def verify(self, which: str | int | os.PathLike[str] | None = None) -> list[CheckpointInfo]:
        """Reads whole checkpoints and compares their checksums.

        Args:
            which: as in ``restore``; None: all.

        Returns:
            those that were verified.

        Raises:
            ValueError: some are damaged; each is named with what is wrong with it.

        >>> import weft, tempfile
        >>> manager = weft.training.CheckpointManager(tempfile.mkdtemp())
        >>> path = manager.save(7, {"model": weft.nn.Linear(2, 1)})
        >>> [info.step for info in manager.verify()]
        [7]
        """
        self.wait()
        if which is not None:
            found = self.find(which)
            names = [] if found is None else [found._name]
        else:
            names = sorted(self._store.names())
        verified, damaged = [], []
        for name in names:
            try:
                manifest = self._manifest(name)
                with self._store.opened(name) as files:
                    form.Reader(manifest, files).verify()
            except (ValueError, OSError) as error:
                damaged.append(str(error))
            else:
                verified.append(_shown(self._info(name, manifest)))
        if damaged:
            raise ValueError("verify: " + "; ".join(damaged))
        return verified

    def _load(self, info, names, map_location, mmap=False):
        manifest = self._manifest(info._name)
        place = placer(map_location, manifest.where)
        with self._store.opened(info._name) as files:
            reader = form.Reader(manifest, files)
            saved = reader.names()
            names = saved if names is None else names
            if missing := [name for name in names if name not in saved]:
                raise ValueError(f"{manifest.where}: has no object {missing[0]!r}; it holds {saved}")
            return reader.read(names, place, mmap)

    def _write_aside(self, name, snapshot, about):
        try:
            self._write(name, snapshot, about)
        except BaseException as error:
            self._failed.append(error)

    def _write(self, name, snapshot, about):
        self._store.clean()
        try:
            name = self._store.write(name, snapshot, about)
        except OSError as error:
            text = f"the checkpoint of step {about['step']} could not be written ({error.strerror or error})"
            raise type(error)(error.errno, text, str(self._store.path(name))) from error
        for info in self._superfluous(about["step"], name):
            self._store.delete(info._name)
            self._known.pop(info._name, None)

    def _superfluous(self, step, newest):
        """What keep_last and keep_best do not keep, and older checkpoints of the step that was just saved."""
        for known in [name for name, info in self._known.items() if info.step == step]:
            del self._known[known]  # another manager may have given the name to a later one
        infos = self._infos()
        own = next((info._serial for info in infos if info._name == newest), 0), newest
        old = [info for info in infos if info.step == step and (info._serial, info._name) < own]
        rest = [info for info in infos if info not in old]
        if self._keep_last is None:
            return old
        kept = rest[-self._keep_last :]
        if self._monitor is not None:
            kept = kept + self._best(rest)[: self._keep_best]
        return old + [info for info in rest if info not in kept]

    def _best(self, infos):
        """Those with the metric, the best first; of equal ones the earlier."""
        found = [info for info in infos if not math.isnan(info.metrics.get(self._monitor, math.nan))]
        return sorted(found, key=lambda info: (self._sign * info.metrics[self._monitor], info._serial))

    def _infos(self):
        """All complete checkpoints, in the order of saving. What is known of one does not change."""
        names = self._store.names()
        for name in names:
            if name not in self._known:
                try:
                    self._known[name] = self._info(name, self._manifest(name))
                except (ValueError, OSError):
                    continue
        for name in set(self._known) - set(names):
            self._known.pop(name, None)
        return sorted(self._known.values(), key=lambda info: (info._serial, info.step))

    def _refuse_damaged(self, infos):
        """ValueError if a checkpoint cannot be read that may be later than all others."""
        for name in self._store.names():
            if name not in self._known and (not infos or _step_of(name) > infos[-1].step):
                with contextlib.suppress(FileNotFoundError):  # without a manifest it is no checkpoint
                    self._manifest(name)

    def _manifest(self, name):
        where = str(self._store.path(name))
        try:
            text = self._store.read_manifest(name)
        except FileNotFoundError:
            raise FileNotFoundError(f"CheckpointManager: {where} is no checkpoint: it has no {form.MANIFEST}") from None
        return form.Manifest(text, where)

    def _info(self, name, manifest):
        return CheckpointInfo(manifest.step, self._store.path(name), dict(manifest.metrics), manifest.serial, name)


def _report(failed):
    """At the end of the program nobody is left to raise the error of the thread to."""
    for error in failed:
        print(f"weft.training.CheckpointManager: {error}", file=sys.stderr)


def _shown(info):
    return CheckpointInfo(info.step, info.path, dict(info.metrics), info._serial, info._name)


def _step_of(name):
    found = stores.NAME.fullmatch(name)
    return int(found[1]) if found else -1


def _states(objects):
    if not isinstance(objects, Mapping):
        raise TypeError(f"save: objects must be a dict of name -> object, got {type(objects).__name__}")
    for name, found in objects.items():
        if not isinstance(name, str):
            raise TypeError(f"save: the name of an object must be a string, got {name!r}")
        if not callable(getattr(found, "state_dict", None)):
            raise TypeError(f"save: {name!r} has no state_dict(); it is a {type(found).__name__}")
    return {name: found.state_dict() for name, found in objects.items()}


def _metrics(metrics):
    if not isinstance(metrics, Mapping):
        raise TypeError(f"save: metrics must be a dict of name -> number, got {type(metrics).__name__}")
    values: dict[str, float] = {}
    for name, value in metrics.items():
        try:
            values[operator.concat("", name)] = float(value)
        except (TypeError, ValueError, RuntimeError):
            raise TypeError(f"save: the metric {name!r} must be a number, got {type(value).__name__}") from None
    return values


def _count(what, value, least, function="CheckpointManager"):
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{function}: {what} must be an int, got {type(value).__name__}") from None
    if isinstance(value, bool) or number < least:
        raise ValueError(f"{function}: {what} must be {least} or more, got {value!r}")
    return number

"""Model: a module with Keras' compile, fit, evaluate and predict."""

from __future__ import annotations

import inspect

import weft
from weft._checks import check_integers
from weft.nn import Module
from weft.training import _arrays as arrays
from weft.training import _figures as figures
from weft.training import _names as names
from weft.training import _parts as parts
from weft.training._step import default_forward, mapped
from weft.training.trainer import Trainer

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from weft.training.callbacks import History

_OF_FIT = {"checkpoint_folder", "checkpoints", "checkpoint_every", "loggers", "seed", "early_stopping", "profile"}
_OWN = {"model", "optimizer", "loss", "metrics", "callbacks", "jit", "progress", "compute", "forward"}

# What Keras' models have besides.
_KERAS = {
    "summary": "print(weft.summary(model, input_size=(1, 28, 28)))",
    "save": "weft.save(model.state_dict(), path)",
    "save_weights": "weft.save(model.state_dict(), path)",
    "load_weights": "model.load_state_dict(weft.load(path))",
    "get_weights": "model.state_dict()",
    "set_weights": "model.load_state_dict(state)",
    "layers": "list(model.children())",
    "get_layer": "model.get_submodule(name)",
    "count_params": "sum(p.numel() for p in model.parameters())",
    "trainable_variables": "list(model.parameters())",
    "trainable_weights": "list(model.parameters())",
    "weights": "model.state_dict()",
    "add": "weft.nn.Sequential.append",
    "build": "nothing: lazy layers find out their sizes at the first call",
    "fit_generator": "model.fit, which takes loaders",
    "export": "weft.export.export(model, inputs)",
}


class _Compiled:
    """What compile was given. Copies and pickles of a model come without it, as they come without its optimizer."""

    def __init__(self, optimizer, loss, metrics, chosen, scaler=None):
        self.optimizer, self.loss, self.metrics, self.chosen, self.scaler = optimizer, loss, metrics, chosen, scaler
        self.trainer: Any = None  # of the last fit, which stop_training ends

    def __deepcopy__(self, memo):
        return None

    def __reduce__(self):
        return _nothing, ()


def _nothing():
    return None


def _no_loss(output, target):
    return output.mean()


class Model(Module):
    """A module that trains itself, with Keras' methods over :class:`weft.Trainer`.

    A subclass defines its layers and ``forward`` as any module does. ``Model(module)`` wraps one: it has the
    parameters, state_dict and attributes of that one.

    Args:
        module: what to wrap; None in subclasses.

    Raises:
        TypeError: it is no module.

    >>> import numpy as np, weft
    >>> x = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    >>> y = (x[:, 0] > 0).astype("int64")
    >>> model = weft.Model(weft.nn.Linear(2, 2))
    >>> model.compile("adam", "cross_entropy", metrics=["accuracy"])
    >>> history = model.fit(x, y, epochs=2, batch_size=16, validation_split=0.25, verbose=0)
    >>> list(history.history)
    ['loss', 'accuracy', 'val_loss', 'val_accuracy']
    >>> model.predict(x).shape, list(model.state_dict())
    ((64, 2), ['weight', 'bias'])
    """

    def __init__(self, module: Module | None = None) -> None:
        super().__init__()
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"Model: expected a Module, got {type(module).__name__}")
        self._wraps = module is not None
        self._compiled: Any = None
        if module is not None:
            self.module = module
            self._register_load_state_dict_pre_hook(self._rename_keys)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    else:

        def __getattr__(self, name):
            own = self.__dict__
            if own.get("_wraps") and "module" in own and not (name.startswith("__") and name.endswith("__")):
                try:
                    return getattr(own["module"], name)
                except AttributeError:
                    pass
            try:
                return super().__getattr__(name)
            except AttributeError:
                if name not in _KERAS:
                    raise
                kind = type(self).__name__
                raise AttributeError(f"{kind!r} object has no attribute {name!r}. Instead: {_KERAS[name]}") from None

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the wrapped module gives; subclasses define it.

        >>> import weft
        >>> weft.Model(weft.nn.ReLU())(weft.tensor([-1.0, 1.0]))
        tensor([0., 1.])
        """
        return self.module(*args, **kwargs) if self._wraps else super().forward(*args, **kwargs)

    # A wrapper has the names of what it wraps

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """As :meth:`weft.nn.Module.state_dict`; of a wrapper that of its module.

        >>> import weft
        >>> list(weft.Model(weft.nn.Linear(2, 1)).state_dict())
        ['weight', 'bias']
        """
        return self.module.state_dict(*args, **kwargs) if self._wraps else super().state_dict(*args, **kwargs)

    def load_state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """As :meth:`weft.nn.Module.load_state_dict`; of a wrapper that of its module.

        >>> import weft
        >>> layer = weft.nn.Linear(2, 1)
        >>> weft.Model(weft.nn.Linear(2, 1)).load_state_dict(layer.state_dict())
        <All keys matched successfully>
        """
        return self.module.load_state_dict(*args, **kwargs) if self._wraps else super().load_state_dict(*args, **kwargs)

    def _rename_keys(self, state, prefix, *rest):
        """Within another module: its keys are those of the module it wraps."""
        for key in [key for key in state if key.startswith(prefix)]:
            state[f"{prefix}module.{key[len(prefix) :]}"] = state.pop(key)

    def _named_members(self, group, prefix, recurse, remove_duplicate) -> Iterator[tuple[str, Any]]:
        owner = self.module if self._wraps else super()
        return owner._named_members(group, prefix, recurse, remove_duplicate)

    # Keras' methods

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = (),
        *,
        jit_compile: bool | Mapping[str, Any] = False,
        **trainer: Any,
    ) -> None:
        """Says how the model is trained.

        Args:
            optimizer: an optimizer of the model's parameters, a name, or a function of the parameters.
            loss: a function (output, target), a loss layer, or a name of PyTorch or Keras.
            metrics: names, metrics and functions, in a list or dict.
            jit_compile: compile steps with :func:`weft.jit`.
            trainer: other options of :class:`weft.Trainer`: accumulate, clip_grad_norm, schedule, precision, ema, ...

        Raises:
            ValueError: a name is unknown.
            TypeError: Trainer has no such option.

        >>> import weft
        >>> model = weft.Model(weft.nn.Linear(2, 1))
        >>> model.compile("adam", "mse", clip_grad_norm=1.0)
        >>> type(model.optimizer).__name__
        'Adam'
        """
        known = set(inspect.signature(Trainer).parameters) - _OWN
        for name in trainer:
            if name not in known:
                raise TypeError(f"Model.compile: {names.nearest('option', name, known)}")
        loss = None if loss is None else names.make_loss(loss, "Model.compile")
        given = [metrics] if isinstance(metrics, str) or callable(metrics) else metrics or ()
        pairs = given.items() if isinstance(given, dict) else [(m if isinstance(m, str) else None, m) for m in given]
        made: dict[str, Any] = {}
        for name, metric in pairs:
            own = arrays.accuracy(loss) if metric in ("accuracy", "acc") else metric
            made |= figures.make_metrics({name: own} if name else [own])
        chosen = {**trainer, "jit": jit_compile}
        first = Trainer(self, optimizer, loss or _no_loss, metrics=made, **chosen)  # checks all
        chosen |= {
            "schedule": first.schedules,
            "ema": first.ema,
            "loggers": first.loggers,
        }  # which go on from fit to fit
        self._compiled = _Compiled(first.optimizer, loss, made, chosen, first.scaler)

    @property
    def optimizer(self) -> Any:
        """The optimizer that compile has made.

        >>> import weft
        >>> weft.Model(weft.nn.Linear(2, 1)).optimizer
        """
        return self._compiled.optimizer if self._compiled is not None else None

    @property
    def stop_training(self) -> bool:
        """Set it in a callback to end training.

        >>> import weft
        >>> weft.Model(weft.nn.Linear(2, 1)).stop_training
        False
        """
        return self._compiled is not None and bool(self._compiled.trainer and self._compiled.trainer.stop_training)

    @stop_training.setter
    def stop_training(self, value: bool) -> None:
        if self._compiled is not None and self._compiled.trainer:
            self._compiled.trainer.stop_training = value

    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Iterable[Any] = (),
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Iterable[int] = 1,
        *,
        resume: Any = None,
    ) -> History:
        """Trains.

        Args:
            x: an array or tensor of samples, a list or dict of those for several inputs, a dataset, or a loader.
            y: the targets, if x is arrays.
            batch_size: 32 by default.
            epochs: the number of the last epoch.
            verbose: 0 shows nothing, 1 a bar, 2 a line for each epoch, "auto" what suits the output.
            callbacks: see :class:`weft.training.Callback`.
            validation_split: the last samples, this share of them, are for validation and not trained on.
            validation_data: (x, y) or (x, y, sample_weight), a dataset or a loader.
            shuffle: take the samples of arrays and datasets in another order each epoch.
            class_weight: {class: weight} of its samples' losses.
            sample_weight: one for each sample of arrays.
            initial_epoch: the number of the first epoch.
            steps_per_epoch: how many batches an epoch has, where it is not all: the next one goes on behind them, and
                at the end of the data they are begun again. A loader without end needs it.
            validation_steps: how many batches, from the first on, validation takes; None: all.
            validation_batch_size: batch_size by default.
            validation_freq: validate after every so many epochs, or after these, counted from 1.
            resume: see :meth:`weft.Trainer.fit`; needs checkpoints in :meth:`compile`.

        Returns:
            the figures of every epoch, means over samples, in ``history``.

        Raises:
            ValueError: numbers of samples differ, there are none, the first batch does not fit, or a loader gives
                fewer batches than steps_per_epoch asks for.
            RuntimeError: compile was not called.

        >>> import weft
        >>> model = weft.Model(weft.nn.Linear(2, 1))
        >>> model.compile("sgd", "mse")
        >>> model.fit(weft.zeros(4, 2), weft.ones(4), verbose=0, epochs=3, initial_epoch=1).epoch
        [1, 2]
        """
        self._needed("fit")
        batch_size = 32 if batch_size is None else batch_size
        validation_size = batch_size if validation_batch_size is None else validation_batch_size
        if validation_split and validation_data is not None:
            raise ValueError("Model.fit: give validation_split or validation_data, not both")
        check_integers("Model.fit", epochs=epochs, initial_epoch=initial_epoch)
        if initial_epoch < 0:
            raise ValueError(f"Model.fit: initial_epoch must not be negative, got {initial_epoch}")
        validates = parts.validated_epochs(validation_freq)
        held = None
        if arrays.is_loader(x):
            if validation_split or sample_weight is not None or class_weight is not None:
                raise ValueError("Model.fit: validation_split and weights need arrays, not a loader or dataset")
            train, layout = arrays.loader_of("Model.fit", x, y, batch_size, shuffle), None
        else:
            data = arrays.Data("Model.fit", x, y, sample_weight, class_weight)
            if data.target is None:
                raise ValueError("Model.fit: y, the targets, is missing")
            if validation_split:
                data, held = data.split(validation_split)
            train, layout = data.loader(batch_size, shuffle), data.layout()
        validation = (held.loader(validation_size, False), held.layout()) if held else None
        validation = validation or self._validation(validation_data, validation_size)
        if validation is None and (validation_steps is not None or validation_freq != 1):
            raise ValueError("Model.fit: validation_steps and validation_freq need validation_split or validation_data")
        train = parts.rounds(train, steps_per_epoch)
        trainer = self._make(layout, verbose, callbacks)
        trainer.epoch, trainer.validates = initial_epoch, validates
        if validation is None:
            return trainer.fit(train, None, epochs, resume=resume)
        trainer.validation_compute = arrays.Compute(self._compiled.loss, validation[1])
        part = parts.first("Model.fit", "validation_steps", validation[0], validation_steps)
        return trainer.fit(train, part, epochs, resume=resume)

    def _validation(self, given, batch_size):
        """(loader, layout), or None."""
        if given is None:
            return None
        if arrays.is_loader(given):
            return arrays.loader_of("Model.fit", given, None, batch_size, False), None
        if not isinstance(given, (tuple, list)) or not 2 <= len(given) <= 3:
            raise ValueError("Model.fit: validation_data must be (x, y), (x, y, sample_weight), a dataset or a loader")
        data = arrays.Data("Model.fit: validation_data", *given)
        return data.loader(batch_size, False), data.layout()

    def _needed(self, method):
        if self._compiled is None:
            raise RuntimeError(f"Model.{method}: call compile(optimizer, loss) first")
        if self._compiled.loss is None and method != "predict":
            raise RuntimeError(f"Model.{method}: compile was given no loss")

    def _make(self, layout, verbose, callbacks=(), alone=False):
        kinds = {0: "off", 1: "auto", 2: "once", "auto": "auto"}
        if verbose not in kinds:
            raise ValueError(f"Model: verbose must be 0, 1, 2 or 'auto', got {verbose!r}")
        compiled = self._compiled
        chosen = {name: value for name, value in compiled.chosen.items() if not alone or name not in _OF_FIT}
        done = 0 if compiled.trainer is None else compiled.trainer.step
        compiled.trainer = Trainer(
            self,
            compiled.optimizer,
            compiled.loss,
            metrics=compiled.metrics,
            callbacks=callbacks or (),
            compute=arrays.Compute(compiled.loss, layout),
            progress=kinds[verbose],
            **chosen,
        )
        compiled.trainer.scaler = compiled.scaler
        compiled.trainer.step = done  # for loggers and checkpoints, which go on from fit to fit
        return compiled.trainer

    def evaluate(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics over data, in evaluation mode.

        Args:
            x, y, batch_size, verbose, sample_weight: as for :meth:`fit`.
            steps: how many batches, from the first on; None: all.
            return_dict: give {name: figure}.

        Returns:
            the loss, or where there are metrics a list with these behind it.

        >>> import weft
        >>> model = weft.Model(weft.nn.Identity())
        >>> model.compile(None, "mse")
        >>> model.evaluate(weft.zeros(3), weft.ones(3), verbose=0)
        1.0
        """
        self._needed("evaluate")
        size = 32 if batch_size is None else batch_size
        if arrays.is_loader(x):
            if sample_weight is not None:
                raise ValueError("Model.evaluate: sample_weight needs arrays, not a loader or dataset")
            loader, layout = arrays.loader_of("Model.evaluate", x, y, size, False), None
        else:
            data = arrays.Data("Model.evaluate", x, y, sample_weight)
            if data.target is None:
                raise ValueError("Model.evaluate: y, the targets, is missing")
            loader, layout = data.loader(size, False), data.layout()
        logs = self._make(layout, verbose).evaluate(parts.first("Model.evaluate", "steps", loader, steps))
        return _told(logs, return_dict)

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: int | str = "auto", steps: int | None = None
    ) -> Any:
        """The outputs for samples: tensors, and arrays of NumPy where x is one.

        Args:
            x: an array or tensor, a list or dict of those, a dataset or a loader; targets in batches are left out.
            batch_size: 32 by default.
            verbose: as for :meth:`fit`.
            steps: how many batches, from the first on; None: all.

        >>> import weft
        >>> weft.Model(weft.nn.Identity()).predict(weft.ones(2), verbose=0)
        tensor([1., 1.])
        """
        if self._compiled is None:
            self._compiled = _Compiled(None, None, {}, {})
        size = 32 if batch_size is None else batch_size
        if arrays.is_loader(x):
            loader = arrays.loader_of("Model.predict", x, None, size, False)
            return self._make_predictor(verbose, default_forward).predict(
                parts.first("Model.predict", "steps", loader, steps)
            )
        data = arrays.Data("Model.predict", x)
        keys = data.keys

        def forward(model, batch):
            return model(*batch) if keys is None else model(**dict(zip(keys, batch)))

        loader = parts.first("Model.predict", "steps", data.loader(size, False), steps)
        outputs = self._make_predictor(verbose, forward).predict(loader)
        first = next(iter(x.values())) if isinstance(x, dict) else x[0] if isinstance(x, (list, tuple)) else x
        return outputs if isinstance(first, weft.Tensor) else mapped(lambda t: t.cpu().numpy(), outputs)

    def _make_predictor(self, verbose, forward):
        trainer = self._make(None, verbose)
        trainer.forward = forward
        return trainer

    def train_on_batch(
        self, x: Any, y: Any, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One step of the optimizer; gives the figures of this batch, as :meth:`evaluate` does.

        >>> import weft
        >>> model = weft.Model(weft.nn.Linear(2, 1))
        >>> model.compile("sgd", "mse")
        >>> model.train_on_batch(weft.zeros(4, 2), weft.ones(4)) > 0
        True
        """
        self._needed("train_on_batch")
        data = arrays.Data("Model.train_on_batch", x, y, sample_weight, class_weight)
        trainer = self._make(data.layout(), 0, alone=True)
        trainer.fit([data.batch()], epochs=1)
        return _told({name: values[0] for name, values in trainer.history.history.items()}, return_dict)

    def test_on_batch(self, x: Any, y: Any, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The figures of one batch, in evaluation mode.

        >>> import weft
        >>> model = weft.Model(weft.nn.Identity())
        >>> model.compile(None, "mse")
        >>> model.test_on_batch(weft.zeros(2), weft.ones(2))
        1.0
        """
        self._needed("test_on_batch")
        data = arrays.Data("Model.test_on_batch", x, y, sample_weight)
        return _told(self._make(data.layout(), 0).evaluate([data.batch()]), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, in evaluation mode.

        >>> import weft
        >>> weft.Model(weft.nn.Identity()).predict_on_batch(weft.ones(2))
        tensor([1., 1.])
        """
        return self.predict(x, batch_size=2**31, verbose=0)


def _told(logs, return_dict):
    return logs if return_dict else logs["loss"] if len(logs) == 1 else list(logs.values())

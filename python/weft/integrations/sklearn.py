"""Estimators of scikit-learn that train modules of Weft: for Pipeline, GridSearchCV, cross_val_score and clone."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io

import numpy as np

import weft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any, TypeVar

    from numpy.typing import ArrayLike, NDArray
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

    _Self = TypeVar("_Self", bound="_Estimator")
else:
    try:
        from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    except ImportError:  # said when an estimator is made
        BaseEstimator = type("BaseEstimator", (), {})
        ClassifierMixin = RegressorMixin = type("Mixin", (), {})

__all__ = ["Classifier", "Regressor"]

_PREFIXES = ("module__", "optimizer__", "criterion__")


class _Perceptron(weft.nn.Sequential):
    def __init__(self, in_features: int, out_features: int, hidden: int = 64) -> None:
        nn = weft.nn
        super().__init__(nn.Flatten(), nn.Linear(in_features, hidden), nn.ReLU(), nn.Linear(hidden, out_features))


class _Run:
    """What callbacks see as their trainer."""

    def __init__(self, model: Any, optimizer: Any) -> None:
        self.model, self.optimizer = model, optimizer
        self.stop_training = self.resumed = False


@contextlib.contextmanager
def _seeded(seed: int | None) -> Iterator[None]:
    """Random numbers from this seed, without a change to those of others."""
    if seed is None:
        yield
        return
    state = weft.get_rng_state()
    weft.manual_seed(seed)
    try:
        yield
    finally:
        weft.set_rng_state(state)


def _validated(estimator: Any, X: Any, y: Any = "no_validation", *, reset: bool, **options: Any) -> Any:
    given = {"X": X, "y": y}
    options = {"allow_nd": True, "reset": reset, **options}
    if y is None:
        raise ValueError(f"{type(estimator).__name__} requires y to be passed, but the target y is None")
    try:
        from sklearn.utils.validation import validate_data
    except ImportError:  # before 1.6
        return estimator._validate_data(**given, **options)
    return validate_data(estimator, **given, **options)


class _Estimator(BaseEstimator):
    module: Any
    criterion: Any
    optimizer: Any
    lr: float
    epochs: int
    batch_size: int
    shuffle: bool
    callbacks: Sequence[Any] | None
    dtype: str | None
    device: Any
    seed: int | None
    warm_start: bool
    module_: Any
    criterion_: Any
    optimizer_: Any
    history_: list[dict[str, float]]
    _criterion: Any

    def __init__(
        self,
        module: Any = None,
        *,
        criterion: Any = None,
        optimizer: Any = "Adam",
        lr: float = 1e-3,
        epochs: int = 20,
        batch_size: int = 32,
        shuffle: bool = True,
        callbacks: Sequence[Any] | None = None,
        dtype: str | None = "float32",
        device: Any = None,
        seed: int | None = None,
        warm_start: bool = False,
        **parts: Any,
    ) -> None:
        if not hasattr(BaseEstimator, "get_params"):
            raise ImportError(f"{type(self).__name__} needs scikit-learn: pip install scikit-learn")
        self.module, self.criterion, self.optimizer, self.lr = module, criterion, optimizer, lr
        self.epochs, self.batch_size, self.shuffle, self.callbacks = epochs, batch_size, shuffle, callbacks
        self.dtype, self.device, self.seed, self.warm_start = dtype, device, seed, warm_start
        for name in parts:
            if not name.startswith(_PREFIXES):
                raise TypeError(f"{type(self).__name__} got an unexpected keyword argument {name!r}")
        vars(self).update(parts)

    @classmethod
    def _get_param_names(cls):
        names = inspect.signature(_Estimator.__init__).parameters.values()
        return sorted(p.name for p in names if p.name != "self" and p.kind != p.VAR_KEYWORD)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters, also those of module, optimizer and criterion, as scikit-learn wants them.

        >>> from weft.integrations.sklearn import Classifier
        >>> Classifier(module__hidden=8).get_params()["module__hidden"]  # doctest: +SKIP
        8
        """
        names = self._get_param_names() + [name for name in vars(self) if name.startswith(_PREFIXES)]
        return {name: getattr(self, name) for name in names}

    def set_params(self: _Self, **params: Any) -> _Self:
        """Set parameters; a ValueError names one that is unknown.

        >>> from weft.integrations.sklearn import Classifier
        >>> Classifier().set_params(lr=0.1, module__hidden=8).lr  # doctest: +SKIP
        0.1
        """
        known = self._get_param_names()
        for name in params:
            if name not in known and not name.startswith(_PREFIXES):
                raise ValueError(
                    f"Invalid parameter {name!r} for estimator {type(self).__name__}; there are {known}, and those "
                    f"that begin with {', '.join(_PREFIXES)}"
                )
        vars(self).update(params)
        return self

    def _part(self, prefix):
        return {k[len(prefix) :]: v for k, v in vars(self).items() if k.startswith(prefix)}

    def _check_options(self):
        name = type(self).__name__
        for option in ("epochs", "batch_size"):
            value = getattr(self, option)
            if not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(f"{name}: {option} must be a positive int, got {value!r}")
        if not self.lr > 0:
            raise ValueError(f"{name}: lr must be positive, got {self.lr!r}")

    def _make_module(self, shape, outputs):
        options = self._part("module__")
        if isinstance(self.module, weft.nn.Module):
            if options:
                raise ValueError(f"{type(self).__name__}: module is made already and takes no {sorted(options)}")
            return copy.deepcopy(self.module)
        make = _Perceptron if self.module is None else self.module
        if not callable(make):
            raise TypeError(f"{type(self).__name__}: expected a Module, a class or a function as module, got {make!r}")
        try:
            taken = inspect.signature(make).parameters
        except (TypeError, ValueError):
            taken = {}
        for key, value in (("in_features", int(np.prod(shape))), ("out_features", outputs)):
            if key in taken:
                options.setdefault(key, value)
        return make(**options)

    def _begin(self, shape, outputs):
        """Make module, criterion and optimizer."""
        self._shape, self._outputs = tuple(shape), outputs
        self.module_ = self._make_module(shape, outputs).to(self.device or "cpu")
        if self.dtype is not None:
            self.module_ = self.module_.to(getattr(weft, self.dtype))
        self._make_criterion()
        make = self.optimizer
        if isinstance(make, str):
            found = {name.lower(): name for name in dir(weft.optim) if name[0].isupper()}
            if make.lower() not in found:
                raise ValueError(f"{type(self).__name__}: there is no optimizer {make!r} in weft.optim")
            make = getattr(weft.optim, found[make.lower()])
        self.optimizer_ = make(self.module_.parameters(), lr=self.lr, **self._part("optimizer__"))
        self.history_ = []

    def _make_criterion(self):
        options, make = self._part("criterion__"), self.criterion or self._criterion
        if not isinstance(make, weft.nn.Module):
            takes = inspect.signature(make).parameters
            make = make(**({"reduction": "none", **options} if "reduction" in takes else options))
        elif hasattr(make, "reduction"):
            make = copy.deepcopy(make)
            make.reduction = "none"
        self.criterion_ = make.to(self.device or "cpu")

    def _inputs(self, X):
        tensor = weft.from_numpy(np.require(X, requirements=["C", "W"])).to(self.device or "cpu")
        return tensor if self.dtype is None else tensor.to(getattr(weft, self.dtype))

    def _fit(self, X, y, weights, outputs, epochs, keep):
        self._check_options()
        if weights is not None:
            from sklearn.utils.validation import _check_sample_weight

            weights = weft.from_numpy(_check_sample_weight(weights, X, dtype=np.float64)).to(self.device or "cpu")
        seed = None if self.seed is None else int(self.seed)
        if keep and hasattr(self, "module_"):
            if (X.shape[1:], outputs) != (self._shape, self._outputs):
                raise ValueError(f"{type(self).__name__}: the data does not fit the module of an earlier fit")
            seed = None if seed is None else seed + len(self.history_)
        else:
            with _seeded(seed):
                self._begin(X.shape[1:], outputs)
        with _seeded(seed):
            self._train(self._inputs(X), y, weights, epochs, np.random.default_rng(seed))
        return self

    def _train(self, X, y, weights, epochs, random):
        run, callbacks = _Run(self.module_, self.optimizer_), list(self.callbacks or ())

        def tell(hook, *args):
            for callback in callbacks:
                getattr(callback, hook, lambda *_: None)(*args)

        tell("set_trainer", run)
        tell("on_train_begin", None)
        logs = {}
        for epoch in range(len(self.history_), len(self.history_) + epochs):
            tell("on_epoch_begin", epoch, None)
            self.module_.train()
            order = random.permutation(len(X)) if self.shuffle else np.arange(len(X))
            total = weft.zeros((), dtype=weft.float64, device=X.device)
            for batch, begin in enumerate(range(0, len(X), self.batch_size)):
                tell("on_train_batch_begin", batch, None)
                rows = weft.from_numpy(order[begin : begin + self.batch_size]).to(X.device)
                loss = self._step(X[rows], y[rows], None if weights is None else weights[rows])
                total += loss * len(rows)
                tell("on_train_batch_end", batch, None)
            logs = {"loss": total.item() / len(X)}
            if not np.isfinite(logs["loss"]):
                raise ValueError(
                    f"{type(self).__name__}: the loss of epoch {epoch} is {logs['loss']}; try a smaller lr"
                )
            self.history_.append({"epoch": epoch, **logs})
            tell("on_epoch_end", epoch, logs)
            if run.stop_training:
                break
        tell("on_train_end", logs)
        self.module_.eval()

    def _step(self, X, y, weights):
        outputs = self._outputs_of(X)
        losses = self.criterion_(outputs, y.to(outputs.dtype) if y.is_floating_point() else y)
        if weights is not None:
            if losses.ndim == 0 or len(losses) != len(y):
                raise ValueError(f"{type(self).__name__}: sample_weight needs a criterion with reduction='none'")
            weights = weights.to(losses.dtype).reshape(weights.shape + (1,) * (losses.ndim - 1))
            # Weights of a whole batch may be 0
            loss = (losses * weights).sum() / (weights.expand(losses.shape).sum() + 1e-12)
        else:
            loss = losses.mean()
        self.optimizer_.zero_grad()
        loss.backward()
        self.optimizer_.step()
        return loss.detach()

    def _outputs_of(self, X):
        return self.module_(X)

    def _predict(self, X):
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self, "module_")
        X = self._inputs(_validated(self, X, reset=False))
        self.module_.eval()
        with weft.no_grad():
            parts = [self._outputs_of(X[i : i + 1024]) for i in range(0, len(X), 1024)]
        return weft.cat(parts).cpu()

    def __getstate__(self) -> dict[str, Any]:
        """Module and optimizer as their states, in Weft's own format, and everything else as it is."""
        state = dict(super().__getstate__())
        if "module_" in state:
            file = io.BytesIO()
            weft.save({"module": self.module_.state_dict(), "optimizer": self.optimizer_.state_dict()}, file)
            del state["module_"], state["optimizer_"], state["criterion_"]
            state["_saved"] = file.getvalue()
        return state

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        state = dict(state)
        saved = state.pop("_saved", None)
        super().__setstate__(state)
        if saved is not None:
            history = self.history_
            with _seeded(0):
                self._begin(self._shape, self._outputs)
            loaded = weft.load(io.BytesIO(saved))
            self.module_.load_state_dict(loaded["module"])
            self.optimizer_.load_state_dict(loaded["optimizer"])
            self.history_ = history
            self.module_.eval()


_ARGS = """

    Args:
        module: a class or function that makes a Module from ``module__*``, or a Module, of which fit trains a copy.
            Its parameters in_features and out_features, if it has such, are those of the data where they are not given.
            None for a perceptron with ``module__hidden`` (64) hidden units.
        criterion: a class, or a Module, of a loss; its reduction becomes "none". Default {criterion}.
        optimizer: a class, or its name in weft.optim.
        lr: the learning rate.
        epochs: how often fit goes through the data.
        batch_size: rows in a step.
        shuffle: whether each epoch takes the rows in another order.
        callbacks: with hooks as of weft.training.Callback, whose trainer has model, optimizer and stop_training.
        dtype: of module and its inputs; None leaves both as they are.
        device: where module is.
        seed: of weights, dropout and order; the random numbers of others stay as they are.
        warm_start: whether fit goes on with the module of an earlier one.
        parts: module__NAME, optimizer__NAME and criterion__NAME are handed to these.

    Attributes: module_, optimizer_, criterion_, history_ (a dict of each epoch){more}.

    Raises:
        ImportError: scikit-learn is missing.
        ValueError: in fit, where an option or the data are not right, or the loss is no finite number.
"""


class Classifier(ClassifierMixin, _Estimator):
    """A classifier of scikit-learn around a module that gives logits (N, classes).{args}
    >>> import numpy as np
    >>> from weft.integrations.sklearn import Classifier
    >>> X = np.array([[0.0], [1.0], [0.1], [0.9]])
    >>> model = Classifier(lr=0.1, epochs=30, seed=0).fit(X, ["no", "yes", "no", "yes"])  # doctest: +SKIP
    >>> model.predict([[0.2]])  # doctest: +SKIP
    array(['no'], dtype='<U3')
    """

    classes_: NDArray[Any]
    _criterion: Any = weft.nn.CrossEntropyLoss

    def _targets(self, y):
        places = np.searchsorted(self.classes_, y)
        places = np.minimum(places, len(self.classes_) - 1)
        if (self.classes_[places] != y).any():
            raise ValueError(f"{type(self).__name__}: y has classes that are not in {self.classes_.tolist()}")
        return weft.from_numpy(places.astype(np.int64)).to(self.device or "cpu")

    def _outputs_of(self, X):
        logits = self.module_(X)
        if logits.shape != (len(X), len(self.classes_)):
            wanted, got = (len(X), len(self.classes_)), tuple(logits.shape)
            raise ValueError(f"{type(self).__name__}: the module must give logits of shape {wanted}, it gives {got}")
        return logits

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Classifier:
        """Train a new module (or with warm_start the one of an earlier fit).

        >>> from weft.integrations.sklearn import Classifier
        >>> Classifier(epochs=2).fit([[0.0], [1.0]], [0, 1]).history_[-1]["epoch"]  # doctest: +SKIP
        1
        """
        from sklearn.utils.multiclass import check_classification_targets

        X, y = _validated(self, X, y, reset=True)
        check_classification_targets(y)
        classes = np.unique(y)
        keep = self.warm_start and hasattr(self, "module_")
        if not keep:
            self.classes_ = classes
        return self._fit(X, self._targets(y), sample_weight, len(self.classes_), self.epochs, keep)

    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Classifier:
        """Go through this part of the data once. The first call needs all classes, unless y has them.

        >>> from weft.integrations.sklearn import Classifier
        >>> Classifier().partial_fit([[0.0]], [0], classes=[0, 1]).classes_  # doctest: +SKIP
        array([0, 1])
        """
        from sklearn.utils.multiclass import check_classification_targets

        first = not hasattr(self, "module_")
        X, y = _validated(self, X, y, reset=first)
        check_classification_targets(y)
        if first:
            self.classes_ = np.unique(y if classes is None else np.asarray(classes))
        elif classes is not None and not np.array_equal(np.unique(np.asarray(classes)), self.classes_):
            raise ValueError(f"{type(self).__name__}: classes are {self.classes_.tolist()} since the first call")
        return self._fit(X, self._targets(y), sample_weight, len(self.classes_), 1, True)

    def predict_proba(self, X: ArrayLike) -> NDArray[Any]:
        """Probabilities (N, classes), in the order of classes_.

        >>> from weft.integrations.sklearn import Classifier
        >>> Classifier().fit([[0.0], [1.0]], [0, 1]).predict_proba([[0.5]]).shape  # doctest: +SKIP
        (1, 2)
        """
        return self._predict(X).double().softmax(1).numpy()

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of each row.

        >>> from weft.integrations.sklearn import Classifier
        >>> Classifier().fit([[0.0], [1.0]], [0, 1]).predict([[0.5]]).shape  # doctest: +SKIP
        (1,)
        """
        logits = self._predict(X)
        return self.classes_[logits.argmax(1).numpy()]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = self.seed is None
        return tags


class Regressor(RegressorMixin, _Estimator):
    """A regressor of scikit-learn around a module that gives numbers (N, outputs), or (N,) for one.{args}
    >>> from weft.integrations.sklearn import Regressor
    >>> model = Regressor(lr=0.01, epochs=200, seed=0).fit([[0.0], [1.0]], [1.0, 3.0])  # doctest: +SKIP
    >>> model.predict([[0.5]]).round(1)  # doctest: +SKIP
    array([2.])
    """

    _criterion: Any = weft.nn.MSELoss

    def _outputs_of(self, X):
        values = self.module_(X)
        values = values[:, None] if values.ndim == 1 else values
        if values.shape != (len(X), self._outputs):
            wanted, got = (len(X), self._outputs), tuple(values.shape)
            raise ValueError(f"{type(self).__name__}: the module must give numbers of shape {wanted}, it gives {got}")
        return values

    def _read(self, X, y, reset):
        X, y = _validated(self, X, y, reset=reset, multi_output=True, y_numeric=True)
        flat = y.ndim == 1
        y = np.require(y[:, None] if flat else y, np.float64, ["C", "W"])
        targets = weft.from_numpy(y).to(self.device or "cpu")
        return X, targets, flat

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Regressor:
        """Train a new module (or with warm_start the one of an earlier fit).

        >>> from weft.integrations.sklearn import Regressor
        >>> Regressor(epochs=2).fit([[0.0], [1.0]], [0.0, 1.0]).history_[-1]["epoch"]  # doctest: +SKIP
        1
        """
        X, targets, self._flat = self._read(X, y, True)
        return self._fit(X, targets, sample_weight, targets.shape[1], self.epochs, self.warm_start)

    def partial_fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Regressor:
        """Go through this part of the data once.

        >>> from weft.integrations.sklearn import Regressor
        >>> len(Regressor().partial_fit([[0.0]], [1.0]).history_)  # doctest: +SKIP
        1
        """
        X, targets, self._flat = self._read(X, y, not hasattr(self, "module_"))
        return self._fit(X, targets, sample_weight, targets.shape[1], 1, True)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The numbers of each row: (N,), or (N, outputs) where y was.

        >>> from weft.integrations.sklearn import Regressor
        >>> Regressor().fit([[0.0], [1.0]], [0.0, 1.0]).predict([[0.5]]).shape  # doctest: +SKIP
        (1,)
        """
        values = self._predict(X)
        return (values[:, 0] if self._flat else values).double().numpy()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.non_deterministic = self.seed is None
        return tags


Classifier.__doc__ = (Classifier.__doc__ or "").replace(
    "{args}", _ARGS.format(criterion="CrossEntropyLoss", more=", classes_")
)
Regressor.__doc__ = (Regressor.__doc__ or "").replace("{args}", _ARGS.format(criterion="MSELoss", more=""))

"""Callbacks for Optuna, and for Ray Tune: of that a small stand-in, as Ray is large."""

import contextlib
import math
import shutil
import sys
import types

import optuna
import pytest
import weft
from weft.integrations.optuna import PruningCallback
from weft.integrations.ray import ReportCallback, restored
from weft.integrations.sklearn import Regressor

X, Y = [[float(i % 5)] for i in range(40)], [2.0 * (i % 5) for i in range(40)]


def test_trials_are_pruned():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        sampler=optuna.samplers.GridSampler({"lr": [0.05, 1e-6]}, seed=3),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=1, n_warmup_steps=1),
    )
    study.enqueue_trial({"lr": 0.05})

    def objective(trial):
        lr = trial.suggest_float("lr", 1e-6, 0.1)
        model = Regressor(lr=lr, epochs=8, seed=0, callbacks=[PruningCallback(trial, "loss")]).fit(X, Y)
        return model.history_[-1]["loss"]

    study.optimize(objective, n_trials=3)
    states = {trial.params["lr"]: trial for trial in study.trials}
    assert states[0.05].state == optuna.trial.TrialState.COMPLETE and study.best_params["lr"] == 0.05
    assert states[1e-6].state == optuna.trial.TrialState.PRUNED
    assert list(states[0.05].intermediate_values) == list(range(8)) and len(states[1e-6].intermediate_values) < 8


def test_pruning_callbacks_that_are_not_right():
    trial = optuna.create_study().ask()
    with pytest.raises(KeyError, match="has no 'val_loss', it has"):
        PruningCallback(trial).on_epoch_end(0, {"loss": 1.0})
    with pytest.raises(optuna.TrialPruned, match="nan"):
        PruningCallback(trial, "loss").on_epoch_end(0, {"loss": math.nan})
    with pytest.raises(TypeError, match="expected a Trial"):
        PruningCallback(3)
    with pytest.raises(ValueError, match="every must be positive"):
        PruningCallback(trial, every=0)
    often = PruningCallback(trial, "loss", every=2)
    for epoch in range(1, 5):
        often.on_epoch_end(epoch, {"loss": 1.0})
    assert list(trial.study.trials[0].intermediate_values) == [0, 1, 3]


@pytest.fixture
def tune(monkeypatch, tmp_path):
    """What of ray.tune is used, with the signatures that Ray documents."""

    class Checkpoint:
        def __init__(self, path):
            self.path = path

        @classmethod
        def from_directory(cls, path):
            return cls(path)

        @contextlib.contextmanager
        def as_directory(self):
            yield str(self.path)

    module = types.ModuleType("ray.tune")
    module.Checkpoint, module.reports, module.last = Checkpoint, [], None

    def report(metrics, *, checkpoint=None):
        module.reports.append(metrics)
        if checkpoint is not None:
            kept = tmp_path / f"checkpoint{len(module.reports)}"
            shutil.copytree(checkpoint.path, kept)
            module.last = Checkpoint(kept)

    module.report, module.get_checkpoint = report, lambda: module.last
    ray = types.ModuleType("ray")
    ray.tune = module
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.setitem(sys.modules, "ray.tune", module)
    return module


def test_reports_to_ray(tune):
    assert restored(weft.nn.Linear(1, 1)) == 0
    model = Regressor(epochs=4, seed=0, callbacks=[ReportCallback({"error": "loss"}, checkpoint_every=2)]).fit(X, Y)
    assert [report["epoch"] for report in tune.reports] == [0, 1, 2, 3]
    assert [report["error"] for report in tune.reports] == [row["loss"] for row in model.history_]
    fresh = Regressor(epochs=1, seed=1).fit(X, Y)
    assert restored(fresh.module_, fresh.optimizer_) == 4
    assert (fresh.predict(X) == model.predict(X)).all()
    with pytest.raises(KeyError, match="has no 'val_loss'"):
        ReportCallback("val_loss").on_epoch_end(0, {"loss": 1.0})
    ReportCallback().on_epoch_end(3, {"a": 1.0, "b": weft.tensor(2.0)})
    assert tune.reports[-1] == {"a": 1.0, "b": 2.0, "epoch": 3}
    with pytest.raises(ValueError, match="checkpoint_every must be positive"):
        ReportCallback(checkpoint_every=0)


def test_ray_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match="pip install"):
        ReportCallback()


def test_the_trainer_calls_them(tune):
    weft.manual_seed(0)
    x = weft.randn(64, 2)
    data = [(part, (part.sum(1) > 0).long()) for part in x.split(32)]
    study = optuna.create_study()
    callbacks = [PruningCallback(study.ask(), "val_accuracy"), ReportCallback(["val_f1"], checkpoint_every=3)]
    model = weft.nn.Linear(2, 2)
    trainer = weft.Trainer(
        model, "adam", "cross_entropy", metrics=["accuracy", "f1"], callbacks=callbacks, progress="off"
    )
    history = trainer.fit(data, data, epochs=3).history
    assert list(study.trials[0].intermediate_values.values()) == history["val_accuracy"]
    assert [report["val_f1"] for report in tune.reports] == history["val_f1"]
    fresh = weft.nn.Linear(2, 2)
    assert restored(fresh) == 3 and weft.equal(fresh.weight, model.weight)


def test_callbacks_of_training_work_in_estimators():
    model = Regressor(epochs=50, lr=1e-12, seed=0, callbacks=[weft.training.EarlyStopping("loss", patience=2)])
    assert len(model.fit(X, Y).history_) < 50

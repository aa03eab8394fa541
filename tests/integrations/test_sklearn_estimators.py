"""Weft's modules as estimators of scikit-learn."""

import pickle

import numpy as np
import pytest
import weft
from sklearn.base import clone
from sklearn.datasets import load_iris, make_regression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from weft.integrations.sklearn import Classifier, Regressor

# The check of scikit-learn that does not hold, and why
EXPECTED = {"check_do_not_raise_errors_in_init_or_set_params": "takes **parts for a parameter by the name of parts"}


def make(in_features, out_features, hidden=4, dropout=0.0):
    nn = weft.nn
    return nn.Sequential(
        nn.Linear(in_features, hidden), nn.Tanh(), nn.Dropout(dropout), nn.Linear(hidden, out_features)
    )


def iris():
    X, y = load_iris(return_X_y=True)
    return StandardScaler().fit_transform(X), np.array(["setosa", "versicolor", "virginica"])[y]


@pytest.mark.parametrize(
    "estimator",
    [Classifier(epochs=20, lr=2e-2, dtype="float64", seed=0), Regressor(epochs=30, lr=2e-2, dtype="float64", seed=0)],
    ids=["cls", "reg"],
)
def test_checks_of_scikit_learn(estimator):
    results = check_estimator(estimator, expected_failed_checks=EXPECTED, on_skip=None)
    failed = {result["check_name"] for result in results if result["status"] == "xfail"}
    assert failed == set(EXPECTED)
    assert sum(result["status"] == "passed" for result in results) > 50


def test_grid_search_and_pipeline():
    X, y = load_iris(return_X_y=True)
    model = make_pipeline(StandardScaler(), Classifier(make, lr=0.05, epochs=10, seed=0))
    grid = {"classifier__module__hidden": [2, 8], "classifier__optimizer": ["SGD", weft.optim.Adam]}
    search = GridSearchCV(model, grid, cv=3).fit(X, y)
    assert search.best_params_["classifier__optimizer"] is weft.optim.Adam and search.best_score_ > 0.9
    assert cross_val_score(model, X, y, cv=3).mean() > 0.9
    module = search.best_estimator_[-1].module_
    assert module[0].weight.shape == (search.best_params_["classifier__module__hidden"], 4)


def test_clone_and_parameters():
    model = Classifier(make, module__hidden=3, optimizer__weight_decay=0.1, criterion__label_smoothing=0.1, seed=1)
    twin = clone(model)
    assert twin.get_params() == model.get_params() and twin.module__hidden == 3
    twin.set_params(module__hidden=5, lr=0.5)
    X, y = iris()
    twin.fit(X, y)
    assert twin.module_[0].weight.shape == (5, 4) and twin.optimizer_.param_groups[0]["weight_decay"] == 0.1
    assert twin.criterion_.label_smoothing == 0.1 and twin.optimizer_.param_groups[0]["lr"] == 0.5
    with pytest.raises(ValueError, match="Invalid parameter 'modul'"):
        model.set_params(modul=1)
    with pytest.raises(TypeError, match="unexpected keyword argument 'hidden'"):
        Classifier(make, hidden=3)


def test_pickles_hold_the_state():
    X, y = iris()
    model = Classifier(make, lr=0.05, epochs=5, seed=0).fit(X, y)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert loaded.history_ == model.history_ and len(loaded.history_) == 5
    model.partial_fit(X, y)
    loaded.partial_fit(X, y)  # the optimizer's state is there too
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert pickle.loads(pickle.dumps(Regressor())).get_params() == Regressor().get_params()


def test_seeds():
    X, y = iris()
    weft.manual_seed(3)
    wanted = weft.rand(4)
    weft.manual_seed(3)
    one, two = (Classifier(make, module__dropout=0.5, epochs=2, seed=7).fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert weft.equal(weft.rand(4), wanted)  # the numbers of others are what they were
    other = Classifier(make, module__dropout=0.5, epochs=2, seed=8).fit(X, y).predict_proba(X)
    assert not np.array_equal(one, other)


def test_modules_that_are_made_already_stay_as_they_are():
    X, y = iris()
    module = make(4, 3)
    before = module[0].weight.clone()
    model = Classifier(module, epochs=2, seed=0).fit(X, y)
    assert weft.equal(module[0].weight, before) and not weft.equal(model.module_[0].weight, before)
    with pytest.raises(ValueError, match="made already"):
        Classifier(module, module__hidden=2).fit(X, y)
    with pytest.raises(TypeError, match="expected a Module"):
        Classifier(3).fit(X, y)
    with pytest.raises(ValueError, match="must give logits of shape"):
        Classifier(make(4, 2)).fit(X, y)
    with pytest.raises(ValueError, match="must give numbers of shape"):
        Regressor(make(4, 2)).fit(X, np.arange(150.0))


def test_partial_fit_and_warm_start():
    X, y = iris()
    model = Classifier(make, lr=0.05, seed=0)
    for _ in range(10):
        for begin in range(0, 150, 50):  # one class at a time
            model.partial_fit(X[begin : begin + 50], y[begin : begin + 50], classes=np.unique(y))
    assert len(model.history_) == 30 and set(model.classes_) == set(y)
    with pytest.raises(ValueError, match="not in"):
        model.partial_fit(X[:2], ["rose", "setosa"])
    with pytest.raises(ValueError, match="since the first call"):
        model.partial_fit(X[:2], y[:2], classes=["a", "b"])
    warm = Classifier(make, epochs=3, warm_start=True, seed=0).fit(X, y)
    first = warm.history_[0]["loss"]
    assert warm.fit(X, y).history_[0]["loss"] == first and len(warm.history_) == 6
    cold = Classifier(make, epochs=3, seed=0).fit(X, y)
    assert len(cold.fit(X, y).history_) == 3


def test_sample_weights():
    X, y = iris()
    weights = (y != "virginica").astype(float)
    model = Classifier(make, lr=0.05, epochs=10, seed=0).fit(X, y, sample_weight=weights)
    assert not (model.predict(X) == "virginica").any()
    assert model.score(X, y, sample_weight=weights) > 0.9 > model.score(X, y)
    with pytest.raises(ValueError, match="sample_weight"):
        model.fit(X, y, sample_weight=weights[:-1])


def test_several_numbers_at_once():
    X, y = make_regression(100, 5, n_targets=2, random_state=0)
    y = y / y.std()
    model = Regressor(make, module__hidden=16, lr=0.02, epochs=60, seed=0).fit(X, y)
    assert model.predict(X).shape == (100, 2) and model.score(X, y) > 0.9
    flat = Regressor(lambda: weft.nn.Sequential(weft.nn.Linear(5, 1), weft.nn.Flatten(0)), lr=0.05, epochs=40, seed=0)
    assert flat.fit(X, X[:, 0] * 2).predict(X).shape == (100,)
    assert flat.score(X, X[:, 0] * 2) > 0.9


def test_images_and_tokens():
    random = np.random.default_rng(0)
    images = random.random((40, 3, 4, 4), np.float32)
    labels = (images[:, 0].mean((1, 2)) > 0.5).astype(int)
    assert Classifier(epochs=2).fit(images, labels).predict_proba(images).shape == (40, 2)
    tokens = random.integers(0, 9, (60, 4))
    module = weft.nn.Sequential(weft.nn.Embedding(9, 8), weft.nn.Flatten(), weft.nn.Linear(32, 2))
    model = Classifier(module, dtype=None, lr=0.05, epochs=30, seed=0).fit(tokens, tokens[:, 0] > 4)
    assert model.score(tokens, tokens[:, 0] > 4) > 0.9


def test_callbacks():
    calls = []

    class Stop:
        def set_trainer(self, trainer):
            self.trainer = trainer
            calls.append(type(trainer.model).__name__)

        def on_epoch_end(self, epoch, logs=None):
            calls.append((epoch, sorted(logs)))
            self.trainer.stop_training = epoch == 1

        def on_train_end(self, logs=None):
            calls.append("end")

    X, y = iris()
    Classifier(make, callbacks=[Stop()]).fit(X, y)
    assert calls == ["Sequential", (0, ["loss"]), (1, ["loss"]), "end"]


@pytest.mark.parametrize("options", [{"epochs": 0}, {"batch_size": 0.5}, {"lr": -1.0}, {"optimizer": "adem"}])
def test_options_that_are_not_right(options):
    X, y = iris()
    with pytest.raises(ValueError, match=next(iter(options)).rstrip("s")):
        Classifier(**options).fit(X, y)


def test_a_loss_that_is_no_number():
    with pytest.raises(ValueError, match="try a smaller lr"):
        Regressor(optimizer="SGD", lr=1e30, seed=0).fit(np.eye(40), np.arange(40.0))


def test_the_examples(monkeypatch):
    import doctest

    from weft.integrations import sklearn as module

    parser, skip = doctest.DocTestParser(), doctest.SKIP
    for name in ("_Estimator", "Classifier", "Regressor"):
        kind = getattr(module, name)
        for doc in [kind.__doc__, *(getattr(member, "__doc__", None) for member in vars(kind).values())]:
            test = parser.get_doctest(doc or "", {}, name, None, 0)
            for example in test.examples:
                example.options.pop(skip, None)
            assert doctest.DocTestRunner(verbose=False).run(test).failed == 0

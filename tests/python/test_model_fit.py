"""weft.Model: Keras' compile, fit, evaluate and predict."""

import copy
import pickle

import numpy as np
import pytest
import weft
from training_support import data, equal_states, network
from weft import nn
from weft.nn import functional as F
from weft.utils.data import DataLoader, TensorDataset


class Net(weft.Model):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))

    def forward(self, x):
        return self.layers(x)


def compiled(model=None, optimizer="adam", loss="cross_entropy", **options):
    model = model or weft.Model(network(0.0))
    model.compile(optimizer, loss, **options)
    return model


def test_history_values_are_means_over_samples():
    x, y = data(50)
    model = compiled(optimizer=lambda p: weft.optim.SGD(p, lr=0.1), metrics=["accuracy"])
    other = network(0.0)
    optimizer = weft.optim.SGD(other.parameters(), lr=0.1)
    means, right = [], []
    for _ in range(2):
        total, hits = 0.0, 0
        for begin in range(0, 40, 16):  # the last fifth is for validation; the last batch has 8
            a, b = x[begin : min(begin + 16, 40)], y[begin : min(begin + 16, 40)]
            optimizer.zero_grad()
            output = other(a)
            loss = F.cross_entropy(output, b)
            total, hits = total + loss.item() * len(b), hits + (output.argmax(1) == b).sum().item()
            loss.backward()
            optimizer.step()
        means.append(total / 40)
        right.append(hits / 40)
    history = model.fit(x.numpy(), y.numpy(), batch_size=16, epochs=2, validation_split=0.2, shuffle=False, verbose=0)
    assert history.history["loss"] == means and history.history["accuracy"] == pytest.approx(right, abs=1e-7)
    assert equal_states(model, other) and history.epoch == [0, 1]
    other.eval()
    with weft.no_grad():
        output = other(x[40:])
    assert history.history["val_loss"][-1] == pytest.approx(F.cross_entropy(output, y[40:]).item(), rel=1e-6)
    loss, accuracy = model.evaluate(x[40:], y[40:], verbose=0)
    assert [loss, accuracy] == [history.history[name][-1] for name in ("val_loss", "val_accuracy")]
    assert model.evaluate(x[40:], y[40:], verbose=0, return_dict=True) == {"loss": loss, "accuracy": accuracy}
    predicted = model.predict(x.numpy(), verbose=0)
    assert isinstance(predicted, np.ndarray) and isinstance(model.predict(x, verbose=0), weft.Tensor)
    np.testing.assert_allclose(predicted[40:], output.numpy(), rtol=1e-5, atol=1e-6)


def test_a_wrapper_has_the_names_of_its_module():
    module = network()
    model = weft.Model(module)
    assert list(model.state_dict()) == list(module.state_dict())
    assert [n for n, _ in model.named_parameters()] == [n for n, _ in module.named_parameters()]
    assert [n for n, _ in model.named_buffers()] == [n for n, _ in module.named_buffers()]
    assert [id(p) for p in model.parameters()] == [id(p) for p in module.parameters()]
    model.eval()
    assert not module[0].training
    model.load_state_dict(network(seed=3).state_dict())
    assert equal_states(module, network(seed=3))
    with pytest.raises(RuntimeError, match="unexpected keys: more"):
        model.load_state_dict({**module.state_dict(), "more": weft.zeros(1)})

    class Holder(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = weft.Model(network())

    holder, other = Holder(), Holder()
    assert list(holder.state_dict()) == [f"inner.{name}" for name in module.state_dict()]
    other.load_state_dict(holder.state_dict())
    assert equal_states(holder, other)
    assert weft.Model(nn.Linear(2, 5)).out_features == 5
    with pytest.raises(AttributeError, match="no_such"):
        _ = model.no_such
    with pytest.raises(TypeError, match="expected a Module, got int"):
        weft.Model(3)


def test_modules_have_no_such_methods():
    for name in ("fit", "predict", "evaluate", "compile_", "train_on_batch"):
        assert not hasattr(nn.Module, name)


def test_a_subclass_and_its_copies():
    x, y = data()
    model = compiled(Net())
    model.fit(x, y, epochs=1, verbose=0)
    twin = copy.deepcopy(model)
    assert equal_states(model, twin)
    with pytest.raises(RuntimeError, match=r"Model.fit: call compile\(optimizer, loss\) first"):
        twin.fit(x, y)
    assert equal_states(pickle.loads(pickle.dumps(model)), model)
    assert model.predict_on_batch(x).shape == (50, 3)
    wrapped = compiled()
    wrapped.fit(x, y, verbose=0)
    assert equal_states(pickle.loads(pickle.dumps(wrapped)), wrapped) and equal_states(copy.deepcopy(wrapped), wrapped)
    assert list(copy.deepcopy(wrapped).state_dict()) == list(wrapped.state_dict())


def test_training_goes_on_from_fit_to_fit():
    x, y = data()
    first = compiled(ema=0.5)
    weft.manual_seed(4)
    first.fit(x, y, epochs=2, verbose=0)
    second = compiled(ema=0.5)
    weft.manual_seed(4)
    second.fit(x, y, epochs=1, verbose=0)
    assert second.fit(x, y, epochs=2, initial_epoch=1, verbose=0).epoch == [1]
    assert equal_states(first, second)
    assert first.evaluate(x, y, verbose=0) == second.evaluate(x, y, verbose=0)


def test_weights_of_samples_and_classes():
    x, y = data(30)
    weights = weft.rand(30) + 0.5
    by_class = {0: 1.0, 1: 2.0, 2: 0.5}
    both = weights * weft.tensor([by_class[int(c)] for c in y.tolist()])
    for options, expected in (
        ({"sample_weight": weights}, weights),
        ({"class_weight": by_class, "sample_weight": weights.numpy()}, both),
    ):
        model, other = compiled(optimizer="sgd"), network(0.0)
        history = model.fit(x, y, batch_size=30, shuffle=False, verbose=0, **options)
        loss = (F.cross_entropy(other(x), y, reduction="none") * expected).mean()
        loss.backward()
        weft.optim.SGD(other.parameters()).step()
        assert history.history["loss"] == [pytest.approx(loss.item(), rel=1e-6)]
        assert equal_states(model, other)
    model = compiled()
    model.eval()
    with weft.no_grad():
        expected = (F.cross_entropy(model(x), y, reduction="none") * weights).mean().item()
    assert model.evaluate(x, y, sample_weight=weights, batch_size=30, verbose=0) == pytest.approx(expected, rel=1e-5)
    one_hot = F.one_hot(y, 3).float()
    soft = compiled(optimizer="sgd")
    soft.fit(x, one_hot, batch_size=30, shuffle=False, class_weight=by_class, verbose=0)
    hard = compiled(optimizer="sgd")
    hard.fit(x, y, batch_size=30, shuffle=False, class_weight=by_class, verbose=0)
    weft.testing.assert_close(soft.state_dict()["0.weight"], hard.state_dict()["0.weight"])


def test_validation_with_weights_while_training_has_none():
    x, y = data()
    model = compiled()
    history = model.fit(x, y, validation_data=(x, y, weft.zeros(50)), verbose=0)
    assert history.history["val_loss"] == [0.0] and history.history["loss"][0] > 0


def test_several_inputs():
    class Two(weft.Model):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(2, 1), nn.Linear(3, 1)

        def forward(self, left, right):
            return self.a(left) + self.b(right)

    left, right, y = weft.randn(20, 2), weft.randn(20, 3), weft.randn(20)
    weft.manual_seed(1)
    by_list = compiled(Two(), "sgd", "mse")
    by_list.fit([left, right], y, shuffle=False, verbose=0)
    weft.manual_seed(1)
    by_name = compiled(Two(), "sgd", "mse")
    by_name.fit({"right": right.numpy(), "left": left.numpy()}, y, shuffle=False, verbose=0)
    assert equal_states(by_list, by_name)
    weft.manual_seed(1)
    by_loader = compiled(Two(), "sgd", "mse")
    by_loader.fit(DataLoader(TensorDataset(left, right, y), batch_size=32), verbose=0)
    assert equal_states(by_list, by_loader)
    weft.testing.assert_close(by_list.predict([left, right], verbose=0), by_list(left, right))
    assert isinstance(by_name.predict({"left": left.numpy(), "right": right.numpy()}, verbose=0), np.ndarray)


@pytest.mark.parametrize(
    "last, loss, target",
    [
        (nn.Softmax(-1), "sparse_categorical_crossentropy", lambda y: y),
        (nn.Softmax(-1), "sparse_categorical_crossentropy", lambda y: y.unsqueeze(1).float()),
        (nn.Softmax(-1), "categorical_crossentropy", lambda y: F.one_hot(y, 3).float()),
        (nn.Identity(), "cross_entropy", lambda y: y.int()),
        (nn.Identity(), nn.CrossEntropyLoss(), lambda y: y.unsqueeze(1)),
        (nn.Sigmoid(), "binary_crossentropy", lambda y: F.one_hot(y, 3)),
        (nn.Identity(), "BCEWithLogitsLoss", lambda y: F.one_hot(y, 3)),
    ],
)
@pytest.mark.parametrize("jit", [False, True])
def test_losses_learn_and_accuracy_fits_them(last, loss, target, jit):
    x, y = data(64)
    weft.manual_seed(0)
    model = weft.Model(nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3), last))
    model.compile(lambda p: weft.optim.Adam(p, lr=0.02), loss, metrics=["accuracy"], jit_compile=jit)
    history = model.fit(x, target(y), epochs=15, batch_size=16, verbose=0).history
    assert history["loss"][-1] < 0.6 * history["loss"][0] and history["accuracy"][-1] > 0.85


def test_one_output_and_flat_targets_are_not_broadcast():
    x = weft.rand(40, 2)
    y = x.sum(1)
    model = weft.Model(nn.Linear(2, 1))
    model.compile(lambda p: weft.optim.Adam(p, lr=0.1), "mse")
    assert model.fit(x, y, epochs=60, batch_size=20, verbose=0).history["loss"][-1] < 1e-3
    bits = compiled(
        weft.Model(nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())), "adam", "binary_crossentropy", metrics=["acc"]
    )
    assert set(bits.fit(x, y > 1, verbose=0).history) == {"loss", "acc"}


def test_batches_by_hand():
    x, y = data(16)
    model, other = compiled(metrics=["accuracy"]), compiled(metrics=["accuracy"])
    loss, accuracy = model.train_on_batch(x, y)
    assert other.fit(x, y, batch_size=16, shuffle=False, verbose=0).history == {"loss": [loss], "accuracy": [accuracy]}
    assert equal_states(model, other)
    assert set(model.test_on_batch(x, y, return_dict=True)) == {"loss", "accuracy"}


def test_callbacks_and_stopping():
    x, y = data()
    seen = []

    class Stop(weft.training.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append((epoch, self.model is model))
            self.model.stop_training = epoch == 1

    model = compiled()
    model.fit(x, y, epochs=9, verbose=0, callbacks=[Stop()])
    assert seen == [(0, True), (1, True)] and model.stop_training


REFUSED = [
    (lambda m, x, y: m.fit(x, y[:-1]), ValueError, "numbers of samples differ: x 50, y 49"),
    (lambda m, x, y: m.fit(x), ValueError, "y, the targets, is missing"),
    (lambda m, x, y: m.fit(x[:0], y[:0]), ValueError, "there are no samples"),
    (lambda m, x, y: m.fit(x, y, batch_size=0), ValueError, "batch_size must be a positive int, got 0"),
    (lambda m, x, y: m.fit(x, y, validation_split=1.5), ValueError, "between 0 and 1, got 1.5"),
    (lambda m, x, y: m.fit(x[:2], y[:2], validation_split=0.9), ValueError, "of 2 samples leaves 0 and 2"),
    (lambda m, x, y: m.fit(x, y, validation_split=0.5, validation_data=(x, y)), ValueError, "not both"),
    (lambda m, x, y: m.fit(x, y, validation_data=x), ValueError, r"must be \(x, y\), \(x, y, sample_weight\)"),
    (lambda m, x, y: m.fit(x, y, sample_weight=y[:3].float()), ValueError, "sample_weight 3"),
    (lambda m, x, y: m.fit(x, y, sample_weight=x), ValueError, "one number for each sample"),
    (lambda m, x, y: m.fit(x, y, class_weight={0: 1.0}), ValueError, "class_weight has no weight for class"),
    (lambda m, x, y: m.fit(x, y, class_weight={0: "a"}), ValueError, "class_weight has 0: 'a'"),
    (
        lambda m, x, y: compiled(m, loss="sparse_categorical_crossentropy").fit(x, y * float("nan")),
        ValueError,
        "a label of the first batch is nan",
    ),
    (lambda m, x, y: m.fit(x, y + 1), ValueError, "labels of the first batch go from 1 to 3, but the model has 3"),
    (lambda m, x, y: m.fit(x, y, class_weight={0.5: 1.0}), ValueError, "class_weight has 0.5: 1.0"),
    (lambda m, x, y: m.fit(x, y, validation_split="0.1"), TypeError, "validation_split, got str"),
    (lambda m, x, y: m.fit(x, y, validation_data=(x, y), validation_batch_size=0), ValueError, "positive int, got 0"),
    (lambda m, x, y: m.fit("abc", y), TypeError, "x must hold numbers"),
    (lambda m, x, y: m.fit(list(x), y), ValueError, "x 4, x 4, x 4, x 4, y 50; x is a list, whose 50 parts are taken"),
    (lambda m, x, y: m.fit(x, y, verbose=7), ValueError, "verbose must be 0, 1, 2 or 'auto', got 7"),
    (lambda m, x, y: m.fit([["a"]], y), TypeError, "x must hold numbers"),
    (lambda m, x, y: m.fit([[1.0], [1.0, 2.0]], y), ValueError, "x is no array"),
    (lambda m, x, y: m.fit(weft.tensor(3.0), y), ValueError, "must have a first dimension"),
    (lambda m, x, y: m.fit(TensorDataset(x, y), y), ValueError, "y must be None"),
    (lambda m, x, y: m.fit(TensorDataset(x, y), sample_weight=x), ValueError, "need arrays, not a loader"),
    (lambda m, x, y: m.compile("adma", "mse"), ValueError, "did you mean 'adam'?"),
    (
        lambda m, x, y: m.compile("adam", "mse", acumulate=2),
        TypeError,
        "no option 'acumulate'; did you mean 'accumulate'?",
    ),
    (lambda m, x, y: m.compile("adam").fit(x, y), AttributeError, "fit"),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_is_refused(number):
    call, kind, message = REFUSED[number]
    x, y = data()
    model = compiled()
    before = copy.deepcopy(model)
    with pytest.raises(kind, match=message):
        call(model, x, y)
    assert equal_states(before, model)


def test_compile_without_a_loss():
    model = weft.Model(nn.Identity())
    model.compile("adam") if list(model.parameters()) else model.compile(None)
    with pytest.raises(RuntimeError, match="compile was given no loss"):
        model.evaluate(weft.ones(2), weft.ones(2))
    assert model.predict([1.0, 2.0], verbose=0).tolist() == [1.0, 2.0]


def test_arrays_of_all_kinds(recwarn):
    x, y = data()
    frozen = x.numpy().copy()
    frozen.setflags(write=False)
    kinds = (x.numpy(), frozen, x.numpy().astype(">f4"), np.asfortranarray(x.numpy()), x.tolist())
    losses = [compiled().fit(kind, y, np.int64(8), shuffle=False, verbose=0).history["loss"] for kind in kinds]
    assert losses == losses[:1] * len(kinds) and not list(recwarn)
    by_class = {np.int64(0): np.float32(2.0), 1: np.int64(2), 2.0: 2}
    weighted = compiled().fit(x, y, 8, shuffle=False, verbose=0, class_weight=by_class).history["loss"]
    assert weighted[0] > losses[0][0]


def test_steps_are_counted_from_fit_to_fit():
    x, y = data()

    class Steps:
        def __init__(self):
            self.seen, self.told = [], 0

        def log(self, values, step):
            self.seen += [step] if "epoch" in values else []

        def log_hyperparameters(self, values):
            self.told += 1

        def flush(self):
            pass

        close = flush

    steps = Steps()
    model = compiled(loggers=[steps])
    model.fit(x, y, 25, epochs=2, verbose=0)
    model.evaluate(x, y, verbose=0)
    model.predict(x, verbose=0)
    model.train_on_batch(x, y)
    model.fit(x, y, 25, epochs=3, initial_epoch=2, verbose=0)
    assert steps.seen == [2, 4, 7] and steps.told == 1


@pytest.mark.parametrize(
    "name, advice", [("summary", "weft.summary"), ("save_weights", "weft.save"), ("get_layer", "get_submodule")]
)
def test_methods_of_keras_that_models_lack(name, advice):
    model = weft.Model(weft.nn.Linear(2, 1))
    assert not hasattr(model, name)
    with pytest.raises(AttributeError, match=f"'Model' object has no attribute '{name}'. Instead: .*{advice}"):
        getattr(model, name)


def test_an_option_that_is_like_none_gets_no_suggestion():
    with pytest.raises(TypeError, match="no option 'run_eagerly'") as error:
        weft.Model(weft.nn.Linear(2, 1)).compile("adam", "mse", run_eagerly=True)
    assert "did you mean" not in str(error.value)


def test_compile_takes_one_metric():
    model = weft.Model(weft.nn.Linear(2, 1))
    model.compile("adam", "mse", metrics=weft.metrics.MeanAbsoluteError())
    assert len(model.evaluate(weft.ones(4, 2), weft.ones(4, 1), verbose=0)) == 2

"""weft.Model.fit: steps_per_epoch, validation_steps, validation_freq, and steps of evaluate and predict."""

import itertools

import numpy as np
import pytest
import weft
from training_support import Memory, data, equal_states, loader, network
from weft.optim import lr_scheduler
from weft.utils.data import DataLoader, TensorDataset


class Seen(weft.training.Callback):
    """What happened, and what the model was given."""

    def __init__(self):
        self.epochs, self.tests, self.batches = [], 0, 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append((epoch, self.batches, "val_loss" in logs))
        self.batches = 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1

    def on_test_batch_end(self, batch, logs=None):
        self.tests += 1


def compiled(loss="cross_entropy", **options):
    model = weft.Model(network(0.2))
    model.compile("adam", loss, **options)
    return model


def recorded(model):
    """The batches that a model is trained with, by their first sample's first feature."""
    seen = []
    model.register_forward_pre_hook(lambda m, args: seen.append(args[0][:, 0].tolist()) if m.training else None)
    return seen


def endless(batch_size=8):
    x, y = data(48)
    for begin in itertools.cycle(range(0, 48, batch_size)):
        yield x[begin : begin + batch_size], y[begin : begin + batch_size]


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_epochs_go_on_through_the_data_and_begin_it_again(steps):
    x, y = data(24)
    model, callback = compiled(), Seen()
    seen = recorded(model)  # and first the batch that is checked
    model.fit(x, y, 8, 4, 0, [callback], shuffle=False, steps_per_epoch=steps)
    order = [x[begin : begin + 8, 0].tolist() for begin in (0, 8, 16)]
    assert seen[1:] == [order[i % 3] for i in range(4 * steps)]
    assert callback.epochs == [(epoch, steps, False) for epoch in range(4)]


def test_all_batches_as_steps_are_what_it_does_without():
    x, y = data(40)
    one, other = compiled(), compiled()
    for model, steps in ((one, None), (other, 5)):
        weft.manual_seed(3)
        model.history = model.fit(x.numpy(), y, 8, 3, 0, validation_split=0.1, steps_per_epoch=steps).history
    assert one.history == other.history and equal_states(one, other)


def test_a_loader_without_end_and_one_that_ends():
    callback = Seen()
    model = compiled()
    model.fit(endless(), epochs=3, steps_per_epoch=4, verbose=0, callbacks=[callback])
    assert [each[1] for each in callback.epochs] == [4, 4, 4]
    with pytest.raises(ValueError, match="x gave 5 batches and then no more, but steps_per_epoch is 4"):
        model.fit(itertools.islice(endless(), 5), epochs=2, steps_per_epoch=4, verbose=0)
    with pytest.raises(ValueError, match="its dataset is empty"):
        model.fit(DataLoader(TensorDataset(*data(0)), batch_size=2), steps_per_epoch=4, verbose=0)
    with pytest.raises(ValueError, match="x gave 0 batches and then no more"):
        model.fit(iter(()), steps_per_epoch=4, verbose=0)


@pytest.mark.parametrize("freq, expected", [(1, [0, 1, 2, 3, 4]), (2, [1, 3]), ([1, 5], [0, 4]), (9, []), ((), [])])
def test_validation_after_some_epochs(freq, expected):
    x, y = data()
    callback = Seen()
    history = compiled().fit(
        x, y, 16, 5, 0, [callback], validation_data=(x, y), validation_steps=2, validation_freq=freq
    )
    assert [epoch for epoch, _, validated in callback.epochs if validated] == expected
    assert callback.tests == 2 * len(expected) and len(history.history.get("val_loss", [])) == len(expected)
    assert history.epoch == [0, 1, 2, 3, 4]


def test_validation_steps_are_the_first_batches():
    x, y = data(50)
    model = compiled()
    options = {"validation_batch_size": 10, "verbose": 0, "batch_size": 25, "shuffle": False}
    history = model.fit(x, y, validation_data=(x, y), validation_steps=3, **options).history
    assert history["val_loss"][0] == model.evaluate(x[:30], y[:30], 10, 0)
    more = model.fit(x, y, validation_data=DataLoader(TensorDataset(x, y), 10), validation_steps=99, **options).history
    assert more["val_loss"][0] == model.evaluate(x, y, 10, 0)
    assert model.evaluate(x, y, 10, 0, steps=2) == model.evaluate(x[:20], y[:20], 10, 0)
    assert model.evaluate(endless(10), steps=3, verbose=0) > 0
    assert model.predict(x.numpy(), 10, 0, 2).shape == (20, 3)
    assert model.predict(endless(8), verbose=0, steps=2).shape == (16, 3)


def test_what_goes_by_validation_waits_for_it(tmp_path):
    x, y = data()
    stop = weft.training.EarlyStopping("val_loss", patience=2, min_delta=100.0)
    best = weft.training.ModelCheckpoint(tmp_path / "{epoch}.safetensors", save_best_only=True)
    model = compiled(schedule=lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=100.0))
    history = model.fit(x, y, 25, 20, 0, [stop, best], validation_data=(x, y), validation_freq=3)
    assert stop.stopped_epoch == 8 and history.epoch[-1] == 8  # validations after epochs 3, 6 and 9
    assert {path.name for path in tmp_path.iterdir()} <= {"3.safetensors", "6.safetensors", "9.safetensors"}
    assert "3.safetensors" in {path.name for path in tmp_path.iterdir()}
    assert model.optimizer.param_groups[0]["lr"] == pytest.approx(1e-5)
    with pytest.raises(KeyError, match="no figure 'val_los'"):
        stop = weft.training.EarlyStopping("val_los")
        model.fit(x, y, 25, 4, 0, [stop], validation_data=(x, y), validation_freq=2)
    with pytest.raises(KeyError, match="no figure 'val_loss'.*give validation data"):
        model.fit(x, y, verbose=0, callbacks=[weft.training.EarlyStopping()])


class Order:
    """A loader without a state, in an order from NumPy's generator."""

    def __iter__(self):
        batches = list(loader(shuffle=False))
        for index in np.random.permutation(len(batches)).tolist():
            yield batches[index]


LOADERS = {
    "arrays": lambda: data(),
    "shuffled": lambda: (loader(), None),
    "generator": lambda: (loader(generator=weft.Generator().manual_seed(5)), None),
    "own": lambda: (Order(), None),
}


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize("at", [3, 4, 8, 10, 13, "validation"])
@pytest.mark.parametrize("accumulate", [1, 3])
def test_killed_and_resumed(kind, at, accumulate):
    """Epochs of 5 steps, rounds of 7."""

    def train(manager, callbacks, resume=None, seed=0):
        x, y = LOADERS[kind]()
        model = weft.Model(network(seed=seed))
        model.compile("adam", "cross_entropy", checkpoints=manager, seed=7, accumulate=accumulate)
        options = {"validation_data": data(20), "steps_per_epoch": 5, "validation_freq": 2}
        return model, model.fit(x, y, 8, 3, 0, callbacks, resume=resume, **options).history

    def kill(batch, logs):
        seen.append(batch)
        if len(seen) == at or at == "validation":
            raise OSError("killed")

    seen, whole, manager = [], train(Memory(), ()), Memory()
    if at == "validation" or at <= 15 // accumulate:  # with 3: groups of 3 and 2, of which the second begins a round
        hook = "on_test_batch_end" if at == "validation" else "on_train_batch_end"
        with pytest.raises(OSError, match="killed"):
            train(manager, [weft.training.LambdaCallback(**{hook: kill})])
        weft.manual_seed(99)
        np.random.seed(99)
        resumed = train(manager, (), "last", 5)
        assert resumed[1] == whole[1] and equal_states(resumed[0], whole[0])


REFUSED = [
    ({"steps_per_epoch": 0}, ValueError, "steps_per_epoch must be positive, got 0"),
    ({"steps_per_epoch": 2.0}, TypeError, "steps_per_epoch must be an int, got float"),
    ({"steps_per_epoch": True}, ValueError, "steps_per_epoch must be positive, got True"),
    ({"validation_steps": -1, "validation_split": 0.5}, ValueError, "validation_steps must be positive, got -1"),
    ({"validation_steps": 1}, ValueError, "need validation_split or validation_data"),
    ({"validation_freq": 2}, ValueError, "need validation_split or validation_data"),
    ({"validation_freq": 0, "validation_split": 0.5}, ValueError, "validation_freq must be positive, got 0"),
    (
        {"validation_freq": [0], "validation_split": 0.5},
        ValueError,
        "validation_freq: an epoch must be positive, got 0",
    ),
    ({"validation_freq": "2", "validation_split": 0.5}, TypeError, "validation_freq must be an int, got str"),
    ({"initial_epoch": -1}, ValueError, "initial_epoch must not be negative, got -1"),
    ({"initial_epoch": 0.5}, TypeError, "initial_epoch"),
]


@pytest.mark.parametrize("options, kind, message", REFUSED)
def test_what_is_refused(options, kind, message):
    x, y = data()
    model = compiled()
    before = network(0.2)
    with pytest.raises(kind, match=message):
        model.fit(x, y, verbose=0, **options)
    assert equal_states(model, before)


def test_weights_of_samples_need_arrays_in_evaluate_too():
    with pytest.raises(ValueError, match=r"Model.evaluate: sample_weight needs arrays"):
        compiled().evaluate(loader(), sample_weight=weft.ones(50), verbose=0)

"""Checkpoints of weft.Trainer: a training that was interrupted goes on bit by bit as if it had not been."""

import math
import os
import random
import signal

import numpy as np
import pytest
import weft
from training_support import Memory, Right, equal_states, loader, network
from weft.optim import lr_scheduler
from weft.utils.data import DataLoader, IterableDataset, Sampler, TensorDataset


class Noisy(TensorDataset):
    """Samples with noise from all random generators, as augmentations draw it."""

    def __getitem__(self, index):
        x, y = super().__getitem__(index)
        return x + weft.randn(x.shape) * 0.1 + random.random() + float(np.random.rand()), y


class WithState:
    """A loader that says itself where it is, and whose order is from a generator of its own."""

    def __init__(self, seed=3):
        self.generator = random.Random(seed)
        self.batches = list(loader(shuffle=False))
        self.order, self.done = None, 0

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        if self.order is None:
            self.order, self.done = self.generator.sample(range(len(self)), len(self)), 0
        while self.done < len(self):
            self.done += 1
            yield self.batches[self.order[self.done - 1]]
        self.order = None

    def state_dict(self):
        return {"random": self.generator.getstate(), "order": self.order, "done": self.done}

    def load_state_dict(self, state):
        self.generator.setstate(state["random"])
        self.order, self.done = state["order"], state["done"]


class Stream(IterableDataset):
    """Without a state, in an order from NumPy's generator."""

    def __iter__(self):
        x, y = loader().dataset.tensors
        for index in np.random.permutation(len(x)).tolist():
            yield x[index] + random.random(), y[index]


class Shuffled(Sampler):
    """An order from Python's generator."""

    def __len__(self):
        return 50

    def __iter__(self):
        return iter(random.sample(range(50), 50))


def noisy_loader():
    return DataLoader(Noisy(*loader().dataset.tensors), batch_size=8, shuffle=True)


def with_generator():
    return loader(generator=weft.Generator().manual_seed(5))


def make(manager, model=None, **options):
    chosen = {
        "metrics": [Right()],
        "schedule": lambda o: lr_scheduler.OneCycleLR(o, 0.05, total_steps=60),
        "ema": 0.9,
        "clip_grad_norm": 1.0,
        "early_stopping": 10,
        "progress": "off",
        **options,
    }
    return weft.Trainer(model or network(), "adamw", "cross_entropy", checkpoints=manager, seed=7, **chosen)


class Killed(Exception):
    pass


def kill_at(step):
    def hook(batch, logs):
        if killed.trainer.step == step:
            raise Killed

    killed = weft.training.LambdaCallback(on_train_batch_end=hook)
    return killed


LOADERS = {
    "plain": loader,
    "noisy": noisy_loader,
    "state": WithState,
    "generator": with_generator,
}
OTHERS = {
    "stream": lambda: DataLoader(Stream(), batch_size=8),
    "sampler": lambda: loader(shuffle=False, sampler=Shuffled()),
}


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize("at", [3, 7, 9, 14])
@pytest.mark.parametrize("options", [{}, {"jit": True}, {"precision": "bf16", "early_stopping": None}], ids=str)
def test_killed_and_resumed(kind, at, options):
    check_resumed(LOADERS[kind], at, options)


@pytest.mark.parametrize("kind", OTHERS)
def test_an_order_from_the_generators_of_others(kind):
    check_resumed(OTHERS[kind], 9, {})


@pytest.mark.parametrize("kind", LOADERS)
def test_killed_after_the_shorter_group_at_the_end(kind):
    check_resumed(LOADERS[kind], 6, {"accumulate": 3}, steps=9)  # 3, 3 and 1 batches


def check_resumed(make_loader, at, options, steps=21):
    validation = loader(20, shuffle=False)
    whole = make(Memory(), **options)
    history = whole.fit(make_loader(), validation, epochs=3)
    manager = Memory()
    with pytest.raises(Killed):
        make(manager, callbacks=[kill_at(at)], **options).fit(make_loader(), validation, epochs=3)
    assert manager.saved[-1][0] == at and manager.waited
    weft.manual_seed(99)
    random.seed(99)
    resumed = make(manager, network(seed=5), callbacks=[weft.training.Callback()], **options)
    again = resumed.fit(make_loader(), validation, epochs=3, resume="last")
    assert again.history == history.history and again.epoch == history.epoch
    assert equal_states(whole.model, resumed.model) and equal_states(whole.ema.average, resumed.ema.average)
    assert resumed.step == whole.step == steps


def test_killed_in_the_middle_of_a_group():
    """The loader fails when it has given one batch of two: the state is that of before."""
    whole = make(Memory(), accumulate=2)
    history = whole.fit(WithState(), epochs=2)

    class Failing(WithState):
        left = 10

        def __iter__(self):
            for batch in super().__iter__():
                self.left -= 1
                if not self.left:
                    raise OSError("disk")
                yield batch

    manager = Memory()
    with pytest.raises(OSError, match="disk"):
        make(manager, accumulate=2).fit(Failing(), epochs=2)
    assert manager.saved[-1][0] == 5 and "loader" not in manager.saved[-1][1]["trainer"]["place"]["now"]
    resumed = make(manager, accumulate=2)
    assert resumed.fit(WithState(), epochs=2, resume="last").history == history.history
    assert equal_states(whole.model, resumed.model)


def test_max_steps_in_the_middle_of_an_epoch():
    whole = make(Memory())
    history = whole.fit(loader(), loader(20), epochs=2)
    manager = Memory()
    first = make(manager)
    first.fit(loader(), loader(20), max_steps=4)
    assert (first.epoch, first.batch, first.step) == (0, 4, 4)
    second = make(manager, network(seed=3))
    assert second.fit(loader(), loader(20), epochs=2, resume="last").history == history.history
    assert equal_states(whole.model, second.model)


def test_fit_again_goes_on():
    whole = make(None)
    whole.fit(loader(), epochs=2)
    train, parts = loader(), make(None)
    parts.fit(train, max_steps=4)
    parts.fit(train, epochs=1)
    assert (parts.epoch, parts.step) == (1, 7)
    parts.fit(train, epochs=2)
    assert equal_states(whole.model, parts.model)
    with pytest.warns(UserWarning, match="2 epochs are done, and epochs=2 is their number in all"):
        parts.fit(train, epochs=2)


def test_an_error_in_a_callback_does_not_lose_the_checkpoint():
    def fail(epoch, logs):
        raise RuntimeError("mine")

    manager = Memory()
    with pytest.raises(RuntimeError, match="mine"):
        make(manager, callbacks=[weft.training.LambdaCallback(on_epoch_end=fail)]).fit(loader(), epochs=3)
    step, states, figures = manager.saved[-1]
    assert (step, states["trainer"]["epoch"], states["trainer"]["batch"]) == (7, 1, 0) and set(figures) == {
        "loss",
        "right",
    }
    whole = make(Memory())
    whole.fit(loader(), epochs=3)
    resumed = make(manager, callbacks=[weft.training.Callback()])
    resumed.fit(loader(), epochs=3, resume="last")
    assert equal_states(whole.model, resumed.model)


class Log:
    def __init__(self):
        self.values, self.closed, self.flushed, self.hyperparameters = [], 0, 0, None

    def log_hyperparameters(self, values):
        self.hyperparameters = dict(values)

    def log(self, values, step):
        self.values.append((step, dict(values)))

    def flush(self):
        self.flushed += 1

    def close(self):
        self.closed += 1


@pytest.mark.parametrize("on_interrupt", ["raise", "return"])
def test_interrupts(on_interrupt):
    manager, log = Memory(), Log()

    def press(batch, logs):
        if batch == 3:
            os.kill(os.getpid(), signal.SIGINT)

    trainer = make(
        manager,
        loggers=[log],
        on_interrupt=on_interrupt,
        callbacks=[weft.training.LambdaCallback(on_train_batch_begin=press)],
    )
    if on_interrupt == "raise":
        with pytest.raises(KeyboardInterrupt):
            trainer.fit(loader(), epochs=3)
    else:
        trainer.fit(loader(), epochs=3)
    assert trainer.step == 4  # the step was finished first
    assert set(trainer.evaluate(loader())) == {"loss", "right"}  # no interrupt is left over
    assert manager.saved[-1][0] == 4 and log.closed == 1 and trainer.model.training
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    whole = make(Memory())
    whole.fit(loader(), epochs=2)
    resumed = make(manager)
    resumed.fit(loader(), epochs=2, resume="last")
    assert equal_states(whole.model, resumed.model)


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize("hook", ["on_epoch_begin", "on_epoch_end", "on_train_batch_begin"])
def test_killed_in_another_hook(kind, hook):
    whole = make(Memory())
    history = whole.fit(LOADERS[kind](), loader(20), epochs=3)

    def kill(number, logs):
        if trainer.epoch == 1 and number in (0, 1):
            raise Killed

    manager = Memory()
    trainer = make(manager, callbacks=[weft.training.LambdaCallback(**{hook: kill})])
    with pytest.raises(Killed):
        trainer.fit(LOADERS[kind](), loader(20), epochs=3)
    resumed = make(manager, network(seed=5))
    assert resumed.fit(LOADERS[kind](), loader(20), epochs=3, resume="last").history == history.history
    assert equal_states(whole.model, resumed.model)


@pytest.mark.parametrize("kind", LOADERS)
def test_interrupted_during_validation(kind):
    make_loader, validation = LOADERS[kind], loader(20)
    whole = make(Memory())
    history = whole.fit(make_loader(), validation, epochs=2)

    def press(batch, logs):
        if batch == 1 and trainer.epoch == 0:
            os.kill(os.getpid(), signal.SIGINT)

    manager = Memory()
    trainer = make(manager, callbacks=[weft.training.LambdaCallback(on_test_batch_end=press)])
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(make_loader(), validation, epochs=2)
    assert manager.saved[-1][0] == 7 and trainer.batch == 7
    resumed = make(manager, network(seed=5))
    assert resumed.fit(make_loader(), validation, epochs=2, resume="last").history == history.history
    assert equal_states(whole.model, resumed.model)


def test_interrupt_within_a_step_saves_nothing_that_is_torn():
    manager = Memory()

    def compute(model, batch):
        if trainer.step == 3:
            raise KeyboardInterrupt
        return weft.nn.functional.cross_entropy(model(batch[0]), batch[1])

    trainer = weft.Trainer(network(), "adam", compute=compute, checkpoints=manager, checkpoint_every=2, progress="off")
    with pytest.warns(UserWarning, match="interrupted within a step"), pytest.raises(KeyboardInterrupt):
        trainer.fit(loader())
    assert [step for step, *_ in manager.saved] == [2]


def test_a_bad_loss_saves_no_bad_weights():
    manager = Memory()
    batches = list(loader(shuffle=False))
    batches[4] = (batches[4][0] * math.nan, batches[4][1])
    for jit in (False, True):
        with pytest.raises(weft.training.NonFiniteLoss):
            make(manager, jit=jit, checkpoint_every=2).fit(batches)
        assert manager.saved[-1][0] == 4
        assert all(value.isfinite().all() for value in manager.saved[-1][1]["model"].values())


def test_checkpoints_by_steps_and_their_figures():
    manager, log = Memory(), Log()
    trainer = make(manager, checkpoint_every=3, loggers=[log], log_every=2)
    trainer.fit(loader(), loader(20), epochs=2)
    assert [step for step, *_ in manager.saved] == [3, 6, 7, 9, 12, 14]
    assert set(manager.saved[2][2]) == {"loss", "right", "val_loss", "val_right"} and manager.saved[1][2] == {}
    assert log.flushed and not log.closed and log.hyperparameters["optimizer"] == "AdamW"
    assert log.hyperparameters["batch_size"] == 8 and log.hyperparameters["seed"] == 7
    steps = [step for step, values in log.values if "batch_loss" in values]
    epochs = [(step, values["epoch"]) for step, values in log.values if "val_loss" in values]
    assert steps == [2, 4, 6, 8, 10, 12, 14] and epochs == [(7, 0), (14, 1)]


def test_figures_of_several_numbers_stay_in_the_history():
    class Each(Right):
        name = "each"

        def compute(self):
            return weft.tensor([0.25, self.hits / self.count])

    manager, log = Memory(), Log()
    history = make(manager, metrics=[Each()], loggers=[log]).fit(loader())
    assert history.history["each"][0][0] == 0.25 and len(history.history["each"][0]) == 2
    assert set(manager.saved[-1][2]) == {"loss"} and set(log.values[-1][1]) == {"epoch", "loss"}


def test_resume_without_checkpoints():
    with pytest.raises(ValueError, match="resume needs checkpoint_folder or checkpoints"):
        make(None).fit(loader(), resume="last")
    fresh, plain = make(Memory()), make(None)
    fresh.fit(loader(), resume="last")
    plain.fit(loader())
    assert equal_states(fresh.model, plain.model)


def test_a_loader_that_is_shorter_than_it_was():
    manager = Memory()
    with pytest.raises(Killed):
        make(manager, callbacks=[kill_at(5)]).fit(loader(), epochs=1)
    with pytest.raises(ValueError, match="length of the dataset was 50 when the state was made, here it is 16"):
        make(manager, callbacks=[weft.training.Callback()]).fit(loader(16), epochs=1, resume="last")

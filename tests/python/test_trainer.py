"""weft.Trainer against loops written by hand: the same bits."""

import math

import pytest
import weft
from training_support import Right, equal_states, loader, network
from weft import nn
from weft.nn import functional as F
from weft.optim import lr_scheduler


def by_hand(model, batches, epochs, *, accumulate=1, norm=None, value=None, step_schedule=None, ema=None, dtype=None):
    """A plain training loop; gives the mean loss of every epoch."""
    optimizer = weft.optim.AdamW(model.parameters(), lr=1e-2)
    schedule = step_schedule(optimizer) if step_schedule else None
    scaler = weft.amp.GradScaler("cpu") if dtype == weft.float16 else None
    averaged = (
        weft.optim.swa_utils.AveragedModel(model, multi_avg_fn=weft.optim.swa_utils.get_ema_multi_avg_fn(ema))
        if ema
        else None
    )
    means = []
    for _ in range(epochs):
        model.train()
        total, count = 0.0, 0
        pending = list(batches)
        for begin in range(0, len(pending), accumulate):
            group = pending[begin : begin + accumulate]
            samples = sum(len(y) for _, y in group)
            optimizer.zero_grad()
            for x, y in group:
                with weft.autocast("cpu", dtype=dtype or weft.bfloat16, enabled=dtype is not None):
                    loss = F.cross_entropy(model(x), y)
                total, count = total + loss.item() * len(y), count + len(y)
                if len(group) > 1:
                    alike = len({len(y) for _, y in group}) == 1
                    loss = loss / len(group) if alike else loss * (len(y) / samples)
                (scaler.scale(loss) if scaler else loss).backward()
            if scaler and (norm or value):
                scaler.unscale_(optimizer)
            if value:
                nn.utils.clip_grad_value_(model.parameters(), value)
            if norm:
                nn.utils.clip_grad_norm_(model.parameters(), norm)
            if scaler:
                scaler.step(optimizer)
                scaler.update()
            else:
                optimizer.step()
            if averaged:
                averaged.update_parameters(model)
            if schedule:
                schedule.step()
        means.append(total / count)
    return means, averaged and averaged.module


CASES = {
    "plain": {},
    "accumulate": {"accumulate": 3},
    "clip": {"norm": 0.5, "value": 0.1},
    "schedule": {"step_schedule": lambda o: lr_scheduler.OneCycleLR(o, 0.05, total_steps=100)},
    "ema": {"ema": 0.9},
    "bf16": {"dtype": weft.bfloat16, "norm": 0.5},
    "fp16": {"dtype": weft.float16, "norm": 0.5, "accumulate": 2},
    "all": {
        "accumulate": 2,
        "norm": 0.3,
        "ema": 0.75,
        "dtype": weft.bfloat16,
        "step_schedule": lambda o: lr_scheduler.CyclicLR(o, 1e-3, 1e-1, cycle_momentum=False),
    },
}


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_a_loop_by_hand_gives_the_same_bits(case, jit):
    options = CASES[case]
    model = network()
    means, averaged = by_hand(model, loader(), 3, **options)
    other = network()
    trainer = weft.Trainer(
        other,
        lambda parameters: weft.optim.AdamW(parameters, lr=1e-2),
        "cross_entropy",
        accumulate=options.get("accumulate", 1),
        clip_grad_norm=options.get("norm"),
        clip_grad_value=options.get("value"),
        schedule=options.get("step_schedule"),
        ema=options.get("ema"),
        precision={weft.bfloat16: "bf16", weft.float16: "fp16"}.get(options.get("dtype"), "fp32"),
        jit=jit,
        progress="off",
    )
    history = trainer.fit(loader(), epochs=3)
    assert history.history["loss"] == means
    assert equal_states(model, other)
    assert averaged is None or equal_states(averaged, trainer.ema.average)
    assert trainer.step == 3 * math.ceil(7 / options.get("accumulate", 1))


def test_a_group_of_unequal_batches_is_one_large_batch():
    x, y = weft.randn(10, 4), weft.randint(0, 3, (10,))
    models = [nn.Linear(4, 3) for _ in range(2)]
    models[1].load_state_dict(models[0].state_dict())
    weft.Trainer(models[0], "sgd", "cross_entropy", progress="off").fit([(x, y)])
    pieces = [(x[:6], y[:6]), (x[6:9], y[6:9]), (x[9:], y[9:])]
    trainer = weft.Trainer(models[1], "sgd", "cross_entropy", accumulate=3, progress="off")
    trainer.fit(pieces)
    assert trainer.step == 1
    weft.testing.assert_close(models[0].weight, models[1].weight)


def test_validation_metrics_and_modes():
    model = network()
    model[1].eval()  # a layer frozen by hand
    validation = loader(20, batch_size=7, shuffle=False, seed=2)
    trainer = weft.Trainer(model, "adam", nn.CrossEntropyLoss(), metrics=[Right()], progress="off")
    model.train()
    model[1].eval()
    history = trainer.fit(loader(), validation, epochs=2)
    assert set(history.history) == {"loss", "right", "val_loss", "val_right"}
    assert model.training and model[0].training and not model[1].training
    model.eval()
    x, y = validation.dataset.tensors
    with weft.no_grad():
        output = model(x)
    assert history.history["val_loss"][-1] == pytest.approx(F.cross_entropy(output, y).item(), rel=1e-5)
    assert history.history["val_right"][-1] == (output.argmax(1) == y).float().mean().item()
    assert trainer.evaluate(validation) == {
        "loss": history.history["val_loss"][-1],
        "right": history.history["val_right"][-1],
    }
    weft.testing.assert_close(trainer.predict(validation), output)


def test_metrics_that_are_functions():
    trainer = weft.Trainer(
        nn.Identity(), None, "mse_loss", metrics={"off": lambda o, t: (o - t).abs().mean()}, progress="off"
    )
    figures = trainer.evaluate([(weft.zeros(3), weft.ones(3)), (weft.zeros(1), weft.zeros(1))])
    assert figures == {"loss": 0.75, "off": 0.75}


def test_schedules_by_epochs_and_by_figures():
    rates = []
    log = weft.training.LambdaCallback(
        on_epoch_end=lambda e, logs: rates.append(trainer.optimizer.param_groups[0]["lr"])
    )
    trainer = weft.Trainer(
        network(),
        lambda p: weft.optim.SGD(p, lr=1.0),
        "cross_entropy",
        schedule=lambda o: lr_scheduler.ExponentialLR(o, 0.5),
        callbacks=[log],
        progress="off",
    )
    trainer.fit(loader(), epochs=3)
    assert rates == [0.5, 0.25, 0.125]
    plateau = weft.Trainer(
        network(),
        lambda p: weft.optim.SGD(p, lr=0.0),
        "cross_entropy",
        schedule=lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0, threshold=1.0),
        progress="off",
    )
    plateau.fit(loader(), loader(), epochs=3)
    assert plateau.schedules[0].best < float("inf")
    missing = weft.Trainer(
        network(), "sgd", "cross_entropy", schedule=lr_scheduler.ReduceLROnPlateau, monitor="val_f1", progress="off"
    )
    with pytest.raises(KeyError, match="there is no figure 'val_f1'; there are: loss; give validation data"):
        missing.fit(loader())


def test_early_stopping_and_best_weights():
    losses = iter([3.0, 2.0, 2.5, 2.5, 2.5])
    seen = []

    class Fixed(weft.training.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["score"] = next(losses)
            seen.append({k: v.clone() for k, v in self.model.state_dict().items()})

    stop = weft.training.EarlyStopping("score", patience=2, restore_best_weights=True)
    trainer = weft.Trainer(network(), "adam", "cross_entropy", callbacks=[Fixed(), stop], progress="off")
    trainer.fit(loader(), epochs=10)
    assert trainer.epoch == 4 and stop.best_epoch == 1 and stop.stopped_epoch == 3
    assert all((value == seen[1][name]).all() for name, value in trainer.model.state_dict().items())
    by_number = weft.Trainer(network(), "sgd", "cross_entropy", early_stopping=1, progress="off")
    by_number.optimizer.param_groups[0]["lr"] = 0.0
    by_number.model.eval()
    assert by_number.fit(loader(shuffle=False), loader(), epochs=10).epoch != list(range(10))


def test_hooks_come_in_order():
    calls = []

    class Log(weft.training.Callback):
        pass

    for name in weft.training.callbacks.HOOKS:
        setattr(Log, name, lambda self, *args, name=name: calls.append((name[3:], args[0] if len(args) > 1 else None)))
    trainer = weft.Trainer(network(), "sgd", "cross_entropy", callbacks=[Log()], accumulate=2, progress="off")
    trainer.fit(loader(24), loader(8))
    assert calls == [
        ("train_begin", None),
        ("epoch_begin", 0),
        ("train_batch_begin", 0),
        ("train_batch_end", 1),
        ("train_batch_begin", 2),
        ("train_batch_end", 2),
        ("test_begin", None),
        ("test_batch_begin", 0),
        ("test_batch_end", 0),
        ("test_end", None),
        ("epoch_end", 0),
        ("train_end", None),
    ]


def test_other_batches():
    def compute(model, batch):
        output = model(batch["x"])
        return F.cross_entropy(output, batch["y"]), output, batch["y"]

    batches = [{"x": weft.randn(5, 4), "y": weft.randint(0, 3, (5,))} for _ in range(3)]
    for jit in (False, True):
        trainer = weft.Trainer(network(), "adam", compute=compute, metrics=[Right()], jit=jit, progress="off")
        assert set(trainer.fit(batches, batches).history) == {"loss", "right", "val_loss", "val_right"}
    alone = weft.Trainer(network(), "adam", compute=lambda m, b: F.cross_entropy(m(b["x"]), b["y"]), progress="off")
    assert set(alone.fit(batches).history) == {"loss"}


def test_loss_that_is_not_finite():
    good, bad = (weft.ones(2, 1), weft.ones(2, 1)), (weft.ones(2, 1), weft.full((2, 1), math.nan))
    model = nn.Linear(1, 1)
    trainer = weft.Trainer(model, "sgd", "mse_loss", progress="off")
    with pytest.raises(weft.training.NonFiniteLoss, match=r"nan at step 2 \(epoch 0, batch 2\)") as caught:
        trainer.fit([good, good, bad, good])
    assert (caught.value.step, caught.value.batch) == (2, 2)
    assert model.weight.isfinite().all()
    grouped = weft.Trainer(nn.Linear(1, 1), "sgd", "mse_loss", accumulate=2, progress="off")
    with pytest.raises(weft.training.NonFiniteLoss, match=r"nan at step 1 \(epoch 0, batch 3\)"):
        grouped.fit([good, good, good, bad])
    jitted = weft.Trainer(nn.Linear(1, 1), "sgd", "mse_loss", accumulate=2, jit=True, progress="off")
    with pytest.raises(weft.training.NonFiniteLoss, match=r"nan at step 1 \(epoch 0, batch 3\)"):
        jitted.fit([good, good, good, bad])
    ignoring = weft.Trainer(nn.Linear(1, 1), "sgd", "mse_loss", on_nonfinite="ignore", progress="off")
    assert math.isnan(ignoring.fit([good, bad, good]).history["loss"][0]) and ignoring.step == 3
    stopping = weft.Trainer(nn.Linear(1, 1), "sgd", "mse_loss", on_nonfinite="stop", progress="off")
    with pytest.warns(UserWarning, match="nan at step 1"):
        stopping.fit([good, bad, good], epochs=5)
    assert stopping.step == 2


REFUSED = {
    "empty loader": ({}, lambda: [], "train_loader has no batches"),
    "empty dataset": ({}, lambda: weft.utils.data.DataLoader([]), "its dataset is empty"),
    "large batch": (
        {},
        lambda: loader(5, batch_size=9, drop_last=True),
        r"batch_size 9 is larger than the dataset \(5 samples\)",
    ),
    "generator without batches": ({}, lambda: (b for b in ()), "gave no batches"),
    "labels": (
        {},
        lambda: [(weft.zeros(2, 4), weft.tensor([0, 3]))],
        r"labels of the first batch go from 0 to 3, but the model has 3 outputs, .* \[0, 2\]",
    ),
    "lengths": (
        {},
        lambda: [(weft.zeros(2, 4), weft.tensor([0]))],
        r"the model gave 2 outputs \(shape \(2, 3\)\) for 1 targets",
    ),
    "shapes": (
        {"loss": "mse_loss"},
        lambda: [(weft.zeros(2, 4), weft.zeros(2))],
        r"output has shape \(2, 3\) and the target \(2,\)",
    ),
    "probabilities": (
        {"loss": "sparse_categorical_crossentropy"},
        lambda: [(weft.ones(2, 4) * 30, weft.tensor([0, 1]))],
        "this loss takes probabilities, but outputs go from",
    ),
    "a batch that is no tuple": ({}, lambda: [weft.zeros(2, 4)], "a batch must be a tuple of the model's inputs"),
    "a batch without samples": ({}, lambda: [(weft.zeros(0, 4), weft.zeros(0).long())], "first batch is empty"),
    "no loader": ({}, lambda: 3, "must be a DataLoader or an iterable, got int"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_before_training(case):
    options, batches, message = REFUSED[case]
    model = network()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    trainer = weft.Trainer(model, "adam", **{"loss": "cross_entropy", **options}, progress="off")
    with pytest.raises((ValueError, TypeError), match=message):
        trainer.fit(batches())
    assert all((value == before[name]).all() for name, value in model.state_dict().items())


OPTIONS = [
    ({"optimizer": "adamm"}, "there is no optimizer 'adamm'; did you mean 'adam'?"),
    ({"optimizer": 3}, "optimizer must be an Optimizer, a name"),
    ({"optimizer": lambda p: 3}, "gave a int, which is no Optimizer"),
    ({"optimizer": "lbfgs"}, "LBFGS asks for the loss several times"),
    ({"loss": "cross_entrpy"}, "there is no loss 'cross_entrpy'; did you mean 'cross_entropy'?"),
    ({"loss": 3}, "loss must be a function of output and target"),
    ({"loss": None}, "give a loss, or compute"),
    ({"metrics": [3]}, "a metric is a name, a weft.metrics object or a function"),
    ({"metrics": [Right(), Right()]}, "two figures are called 'right'"),
    ({"accumulate": 0}, "accumulate must be positive, got 0"),
    ({"accumulate": 1.5}, "expected an int as accumulate"),
    ({"clip_grad_norm": -1.0}, "clip_grad_norm must be positive"),
    ({"precision": "fp8"}, "precision must be one of fp32, bf16, fp16, got 'fp8'"),
    ({"schedule": 3}, "schedule must be an LRScheduler or a function of the optimizer"),
    ({"schedule": lr_scheduler.ExponentialLR(weft.optim.SGD(nn.Linear(1, 1).parameters()), 0.5)}, "another optimizer"),
    ({"schedule": lr_scheduler.ReduceLROnPlateau, "schedule_every": "step"}, "goes by the figures of epochs"),
    ({"schedule": lr_scheduler.ReduceLROnPlateau, "schedule_every": "year"}, "schedule_every must be 'step'"),
    ({"on_nonfinite": "cry"}, "on_nonfinite must be one of 'raise', 'stop', 'ignore', got 'cry'"),
    ({"progress": "disco"}, "progress must be one of"),
    ({"profile": 3}, r"profile must be \(first step, number of steps\)"),
    ({"ema": 1.5}, r"decay must be in \[0, 1\]"),
    ({"checkpoint_folder": "a", "checkpoints": object()}, "give checkpoint_folder or checkpoints, not both"),
    ({"model": "resnet"}, "expected a Module as model"),
]


@pytest.mark.parametrize("options, message", OPTIONS, ids=[str(o)[:40] for o, _ in OPTIONS])
def test_options_that_are_refused(options, message):
    arguments = {"model": network(), "optimizer": "adam", "loss": "cross_entropy", **options}
    with pytest.raises((ValueError, TypeError), match=message):
        weft.Trainer(arguments.pop("model"), arguments.pop("optimizer"), arguments.pop("loss"), **arguments)


def test_losses_and_optimizers_by_name():
    from weft.training._names import losses, make_loss, optimizers

    assert {"adam", "sgd", "rmsprop", "adamw"} <= set(optimizers())
    assert {"mse", "categorical_crossentropy", "CrossEntropyLoss", "cross_entropy"} <= set(losses())
    probabilities, labels = weft.rand(6, 3).softmax(1), weft.tensor([0, 1, 2, 0, 1, 2])
    sparse = make_loss("sparse_categorical_crossentropy")(probabilities, labels)
    weft.testing.assert_close(sparse, F.nll_loss(probabilities.log(), labels))
    one_hot = make_loss("categorical_crossentropy")(probabilities, F.one_hot(labels, 3).float())
    weft.testing.assert_close(one_hot, sparse)
    signs = weft.tensor([1.0, 0.0])
    assert make_loss("hinge")(weft.tensor([0.5, 0.5]), signs).item() == 1.0
    assert make_loss(nn.MSELoss)(signs, signs).item() == 0.0


def test_profile_covers_the_steps_asked_for(monkeypatch):
    events = []

    class Profile:
        def __enter__(self):
            events.append(trainer.step)

        def __exit__(self, *error):
            events.append(trainer.step)

    monkeypatch.setattr(weft.profiler, "profile", Profile, raising=False)
    trainer = weft.Trainer(network(), "sgd", "cross_entropy", profile=(2, 3), progress="off")
    trainer.fit(loader())
    assert events == [2, 5] and isinstance(trainer.profiler, Profile)
    trainer = weft.Trainer(network(), "sgd", "cross_entropy", profile=(5, 100), progress="off")
    trainer.fit(loader())
    assert events == [2, 5, 5, 7]


def test_a_distribution_is_asked():
    calls = []

    class Two(weft.training.Distribution):
        world_size = 2

        def prepare(self, model):
            calls.append("prepare")
            return model

        def reduce_gradients(self, parameters):
            calls.append(("reduce", all(p.grad is not None for p in parameters)))

        def mean(self, figures, weight):
            return {name: value + 1 for name, value in figures.items()}

    model = network()
    by_hand(model, loader(), 1)
    other = network()
    trainer = weft.Trainer(
        other, lambda p: weft.optim.AdamW(p, lr=1e-2), "cross_entropy", distribution=Two(), progress="off"
    )
    trainer.fit(loader())
    assert calls == ["prepare"] + [("reduce", True)] * 7 and equal_states(model, other)
    validation = loader(20, shuffle=False)
    plain = weft.Trainer(other, "adam", "cross_entropy", progress="off").evaluate(validation)
    assert trainer.evaluate(validation)["loss"] == plain["loss"] + 1


def test_an_optimizer_of_another_model_is_refused():
    other = weft.optim.SGD(network().parameters(), lr=0.1)
    with pytest.raises(ValueError, match="none of the model's parameters.*model.parameters()"):
        weft.Trainer(network(), other, "cross_entropy")
    model = network()
    weft.Trainer(model, weft.optim.SGD([next(model.parameters())], lr=0.1), "cross_entropy")  # some are frozen

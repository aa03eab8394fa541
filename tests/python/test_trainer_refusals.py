"""weft.Trainer: what compute, metrics, callbacks and loggers must be is said clearly, before the weights change."""

import itertools

import pytest
import weft
from training_support import data, equal_states, loader, network
from weft.nn import functional as F


def make(loss="cross_entropy", **options):
    return weft.Trainer(network(), "sgd", loss, progress="off", **options)


def loss_alone(model, batch):
    return F.cross_entropy(model(batch[0]), batch[1])


RESULTS = [
    (lambda loss, output: [loss, output, output], TypeError, "a tensor of one number, got list"),
    (lambda loss, output: (loss, output), TypeError, "must return the loss or .*, got a tuple of 2"),
    (lambda loss, output: None, TypeError, "a tensor of one number, got NoneType"),
    (lambda loss, output: 1.0, TypeError, "a tensor of one number, got float"),
    (lambda loss, output: output, ValueError, r"one number, got shape \(8, 3\); reduce it, as loss.mean\(\) does"),
]


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("result, kind, message", RESULTS)
def test_what_compute_returns(result, kind, message, jit):
    def compute(model, batch):
        output = model(batch[0])
        return result(F.cross_entropy(output, batch[1]), output)

    trainer = make(None, compute=compute, jit=jit)
    before = [p.detach().clone() for p in trainer.model.parameters()]
    with pytest.raises(kind, match=message):
        trainer.fit(loader(shuffle=False), epochs=1)
    assert all((a == b).all() for a, b in zip(before, trainer.model.parameters())) and trainer.step == 0


def test_a_loss_that_is_not_reduced():
    with pytest.raises(ValueError, match=r"one number, got shape \(8,\)"):
        make(weft.nn.CrossEntropyLoss(reduction="none")).fit(loader(), epochs=1)
    one = make(lambda o, t: F.cross_entropy(o, t).reshape(1), seed=1)  # of one number, as by hand
    other = make(seed=1)
    for trainer in (one, other):
        trainer.fit(loader(shuffle=False), epochs=1)
    assert equal_states(one.model, other.model)


def test_metrics_need_outputs():
    trainer = make(None, compute=loss_alone, metrics=["accuracy"])
    before = network()
    for call in (lambda: trainer.fit([data()]), lambda: trainer.evaluate([data()])):
        with pytest.raises(TypeError, match="metrics need compute to return .* the loss alone"):
            call()
    assert all((a == b).all() for a, b in zip(before.parameters(), trainer.model.parameters()))
    assert set(make(None, compute=loss_alone).fit([data()], [data()]).history) == {"loss", "val_loss"}


def test_one_metric_object_counts_once():
    metric = weft.metrics.ConfusionMatrix()
    with pytest.raises(ValueError, match="one metric object has two names, of which the second is 'b'"):
        make(metrics={"a": metric, "b": metric})
    make(metrics=metric).fit([data()])
    assert make(metrics={"a": metric}).fit([data()]).history["a"] is not None  # in another trainer it may be


def test_a_collection_of_metrics_gives_their_names():
    collection = weft.metrics.MetricCollection(["accuracy", "f1_score"], prefix="my_")
    history = make(metrics=[collection]).fit([data()], [data()]).history
    assert list(history) == ["loss", "my_accuracy", "my_f1_score", "val_loss", "val_my_accuracy", "val_my_f1_score"]
    named = make(metrics={"all": weft.metrics.MetricCollection(["accuracy"])}).fit([data()]).history
    assert list(named) == ["loss", "all_accuracy"]


class Logger:
    def log(self, values, step):
        pass


OPTIONS = [
    ({"callbacks": [3]}, "a callback has hooks such as on_epoch_end.*got 3"),
    ({"callbacks": [weft.training.History]}, "the class History, not an object of it"),
    ({"callbacks": weft.training.Callback()}, "callbacks must be a list, got Callback"),
    ({"loggers": [Logger()]}, "loggers must be objects with log, flush, close"),
    ({"loggers": Logger()}, "loggers must be a list, got Logger"),
    ({"loggers": "run.csv"}, "loggers must be a list, got str"),
    ({"ema": "0.9"}, "expected a number as ema, got str"),
    ({"jit": 1}, "jit must be a bool or a dict of options of weft.jit, got int"),
]


@pytest.mark.parametrize("options, message", OPTIONS, ids=[str(o)[:30] for o, _ in OPTIONS])
def test_options(options, message):
    with pytest.raises(TypeError, match=message):
        make(**options)


def test_hooks_without_the_base_class():
    class Own:
        def on_epoch_end(self, epoch, logs=None):
            self.seen = epoch

    own = Own()
    make(callbacks=(own,)).fit([data()])
    assert own.seen == 0


def test_an_iterator_in_a_second_epoch():
    once = iter([data()] * 3)
    with pytest.raises(ValueError, match="gave no batches again; an iterator can be gone through once"):
        make().fit(once, epochs=2)
    with pytest.raises(ValueError, match="train_loader gave no batches$"):
        make().fit(itertools.islice(once, 0), epochs=2)

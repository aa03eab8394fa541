"""`weft train`: a YAML file becomes a training; what is wrong with it is said with its line."""

import subprocess
import sys

import pytest
import support
import weft
from weft import cli
from weft.training._config import Config, ConfigError

TEXT = """\
seed: 0
save: weights.safetensors
model:
  class: weft.nn.Sequential
  args:
    - {class: weft.nn.Linear, in_features: 2, out_features: 8}
    - class: weft.nn.Tanh
    - {class: weft.nn.Linear, in_features: 8, out_features: 2}
data:
  train:
    class: weft.utils.data.TensorDataset
    args:
      - {class: weft.rand, args: [64, 2]}
      - {class: weft.randint, args: [0, 2, [64]]}
  batch_size: 16
trainer:
  optimizer: {class: weft.optim.AdamW, lr: 1e-3}
  loss: cross_entropy
  schedule: {class: weft.optim.lr_scheduler.OneCycleLR, max_lr: 1e-2, total_steps: 12}
  callbacks:
    - {class: weft.training.EarlyStopping, monitor: loss, patience: 5}
  progress: once
  epochs: 3
"""


class Done:
    def __init__(self, returncode, stdout, stderr):
        self.returncode, self.stdout, self.stderr = returncode, stdout, stderr


@pytest.fixture
def command(capsys, monkeypatch):
    """Runs the command in this process."""

    def run(folder, *arguments):
        monkeypatch.chdir(folder)
        monkeypatch.syspath_prepend(str(folder))
        capsys.readouterr()
        status = cli.main(["train", *arguments])
        return Done(status, *capsys.readouterr())

    return run


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.yaml").write_text(TEXT)
    return tmp_path


def test_as_a_program(folder):
    done = subprocess.run(
        [sys.executable, "-m", "weft", "train", "a.yaml", "trainer.epochs=1"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        env=support.environment(),
    )
    assert done.returncode == 0 and done.stdout.startswith("epoch 1, step 4: loss 0.")


def test_trains_and_saves(folder, command):
    done = command(folder, "a.yaml", "trainer.epochs=2", "model.args.0.out_features=9", "model.args.2.in_features=9")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("epoch 2, step 8: loss 0.")
    assert done.stderr.count("\n") == 2 and "epoch 2/2: 4/4 (100%)" in done.stderr
    assert weft.load(folder / "weights.safetensors")["0.weight"].shape == (9, 2)
    again = command(folder, "a.yaml", "trainer.epochs=2", "model.args.0.out_features=9", "model.args.2.in_features=9")
    assert again.stdout == done.stdout
    assert command(folder, "a.yaml", "trainer.epochs=2").stdout != done.stdout


def test_modules_of_ones_own(folder, command):
    (folder / "mine.py").write_text("import weft\ndef net(width):\n    return weft.nn.Linear(2, width)\n")
    changed = "model={class: mine.net, width: 2}"
    refused = command(folder, "a.yaml", changed)
    assert refused.returncode == 2 and "mine.net is not allowed" in refused.stderr
    done = command(folder, "a.yaml", changed, "--allow-module", "mine")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "change, status, says",
    [
        (("lr: 1e-3", "lrr: 1e-3"), 2, "a.yaml:17: trainer.optimizer.lrr: weft.optim.AdamW has no argument 'lrr'"),
        (("lr: 1e-3", "lr: -1"), 2, "a.yaml:17: trainer.optimizer: weft.optim.AdamW:"),
        (("  epochs: 3", "  epoch: 3"), 2, "a.yaml:23: trainer.epoch: there is no such key; did you mean 'epochs'?"),
        (("data:", "date:"), 2, "a.yaml:9: date: there is no such key; did you mean 'data'?"),
        (("nn.Tanh", "nn.Tahn"), 2, "a.yaml:7: model.args.1.class: weft.nn has no 'Tahn'; did you mean 'Tanh'?"),
        (("weft.nn.Tanh", "os.system"), 2, "a.yaml:7: model.args.1.class: os.system is not allowed"),
        (("weft.nn.Tanh", "weft.nn.module.difflib.ndiff"), 2, "'difflib' is of another package"),
        (("weft.nn.Tanh", "weft.cli.main"), 2, "weft.cli.main is not allowed"),
        (("weft.nn.Tanh", "weft.utils.cpp_extension.load"), 2, "is not allowed"),
        (("weft.nn.Tanh", "weft.nn.Tanh.__init__"), 2, "expected a name such as weft.nn.Linear"),
        (("weft.nn.Tanh", "weft.nn"), 2, "weft.nn is not allowed"),
        (("class: weft.nn.Sequential", "class: weft.optim.SGD"), 2, "a.yaml:4: model:"),
        (
            ("loss: cross_entropy", "loss: cross_entrop"),
            2,
            "a.yaml:16: trainer: Trainer: there is no loss 'cross_entrop'",
        ),
        (("seed: 0", "seed: a"), 2, "a.yaml:1: seed: expected an integer, got 'a'"),
        (("seed: 0", "seed: 0\nseed: 1"), 2, "line 2: the key 'seed' is there twice, first in line 1"),
        (("seed: 0", "seed: !!python/object/apply:os.system [ls]"), 2, "could not determine a constructor"),
        (("seed: 0", "seed: ["), 2, "a.yaml: while parsing"),
        (("out_features: 2}", "out_features: 1}"), 1, "labels of the first batch go from 0 to 1, but the model has 1"),
        (("in_features: 8", "in_features: 7"), 1, "in model.2 (Linear)"),
        (("batch_size: 16", "batch_size: 0"), 2, "a.yaml:10: data.train: DataLoader: batch_size must be a positive"),
        (("- class: weft.nn.Tanh", "- {function: weft.nn.functional.tanh}"), 2, "a.yaml:4: model: weft.nn.Sequential:"),
    ],
)
def test_what_is_wrong_is_named(folder, command, change, status, says):
    assert change[0] in TEXT
    (folder / "a.yaml").write_text(TEXT.replace(*change, 1))
    done = command(folder, "a.yaml")
    assert done.returncode == status and says in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments, says",
    [
        (("b.yaml",), "No such file"),
        (("a.yaml", "nonsense"), "an override is key=value, got 'nonsense'"),
        (("a.yaml", "trainr.epochs=1"), "trainr: there is no such key; did you mean 'trainer'?"),
        (("a.yaml", "model.args.7.x=1"), "model.args.7: the list has 3 items, counted from 0"),
        (("a.yaml", "seed.x=1"), "seed is 0, which has no keys"),
        (("a.yaml", "trainer.epochs=["), "trainer.epochs=[:"),
        (("a.yaml", "trainer.epoks=1"), "trainer.epoks: there is no such key; did you mean 'epochs'?"),
    ],
)
def test_bad_arguments(folder, command, arguments, says):
    done = command(folder, *arguments)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr


def test_numbers_and_lines():
    config = Config("a: 1e-3\nb: [.5, 1E3, -2, 0x10, 1.5e+2]\nc: {d: yes, e: 1e}\n")
    assert config.root == {"a": 1e-3, "b": [0.5, 1000.0, -2, 16, 150.0], "c": {"d": True, "e": "1e"}}
    assert config.root.line_of("c") == 3 and config.root["c"].line == 3


def test_a_file_that_would_grow_without_bound():
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    config = Config("\n".join(lines))
    with pytest.raises(ConfigError, match="more than 100000 values"):
        config.build(config.root["a8"], "a8", 9)
    with pytest.raises(ConfigError, match="nested too deeply|recursive"):
        Config("[" * 20_000)
    with pytest.raises(ConfigError, match="recursive"):
        Config("a: &a [*a]").build(0, "", 0) or Config("a: &a {b: *a}")

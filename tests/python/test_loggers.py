"""CSVLogger and JSONLinesLogger: every row is kept, whatever ends the program or fills the disk."""

import csv
import json
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import support
import weft
from weft.training.loggers import CSVLogger, JSONLinesLogger, Logger, MLflowLogger, TensorBoardLogger, WandbLogger

KINDS = {"csv": CSVLogger, "jsonl": JSONLinesLogger}


def rows(path):
    """The rows of a file as dicts, with numbers as floats and without what is empty."""
    if str(path).endswith(".jsonl"):
        return [json.loads(line) for line in open(path, encoding="utf-8")]
    with open(path, newline="", encoding="utf-8") as file:
        return [{key: float(cell) for key, cell in row.items() if cell} for row in csv.DictReader(file)]


def without_time(path):
    return [{key: value for key, value in row.items() if key != "time"} for row in rows(path)]


@pytest.fixture(params=list(KINDS))
def kind(request):
    return request.param


@pytest.fixture
def path(tmp_path, kind):
    return tmp_path / "runs" / f"log.{kind}"


def test_rows(path, kind):
    before = time.time()
    with KINDS[kind](path) as logger:
        logger.log({"loss": 0.5, "accuracy": np.float32(0.25)}, 1)
        logger.log({"loss": weft.tensor([0.125]), "n": 3, "ok": True}, step=np.int64(2))
        assert len(rows(path)) == 2  # without a flush
        logger.flush()
    assert without_time(path) == [
        {"step": 1, "loss": 0.5, "accuracy": 0.25},
        {"step": 2, "loss": 0.125, "n": 3, "ok": 1},
    ]
    assert all(before - 1 <= row["time"] <= time.time() + 1 for row in rows(path))
    logger.close()


def test_numbers_keep_their_digits_and_nan_is_kept(path, kind):
    values = {"pi": math.pi, "nan": math.nan, "inf": -math.inf, "large": 2**60 + 1, "tiny": 5e-324}
    with KINDS[kind](path) as logger:
        logger.log(values, 1)
    (row,) = rows(path)
    assert row["pi"] == math.pi and math.isnan(row["nan"]) and row["inf"] == -math.inf and row["tiny"] == 5e-324
    assert str(2**60 + 1) in path.read_text()


@pytest.mark.parametrize(
    "values, step, error, says",
    [
        ({"loss": "0.5"}, 1, TypeError, "the value of 'loss' must be a number, got str '0.5'"),
        ({"ok": 1, "loss": None}, 1, TypeError, "'loss' must be a number, got NoneType"),
        ({"loss": weft.ones(2, 3)}, 1, TypeError, r"'loss' must be one number, got Tensor of shape \(2, 3\)"),
        ({"loss": np.ones(0)}, 1, TypeError, "'loss' must be one number"),
        ({"loss": 1j}, 1, TypeError, "'loss' must be a number, got complex"),
        ({"loss": 10**400}, 1, ValueError, "'loss' has 1329 bits, more than a float holds"),
        ({"loss": [0.5]}, 1, TypeError, "'loss' must be a number, got list"),
        ({3: 0.5}, 1, TypeError, "names must be strings, got 3"),
        ({"": 0.5}, 1, ValueError, "empty"),
        ({"a\nb": 0.5}, 1, ValueError, "not printable"),
        ({"\ud800": 0.5}, 1, ValueError, "not printable"),
        ({"step": 0.5}, 1, ValueError, "'step' cannot be the name"),
        ([0.5], 1, TypeError, "values must be a mapping"),
        ({"loss": 0.5}, 1.5, TypeError, "step must be an int, got 1.5"),
        ({"loss": 0.5}, True, TypeError, "step must be an int, got True"),
        ({"loss": 0.5}, None, TypeError, "step must be an int, got None"),
        ({"loss": 0.5}, 2**63, ValueError, "64 bits"),
    ],
)
def test_bad_values_are_named_and_nothing_is_written(path, kind, values, step, error, says):
    with KINDS[kind](path) as logger:
        logger.log({"loss": 1.0}, 0)
        before = path.read_bytes()
        with pytest.raises(error, match=says):
            logger.log(values, step)
        assert path.read_bytes() == before
    with pytest.raises(ValueError, match="the logger is closed"):
        logger.log({"loss": 1.0}, 1)
    with pytest.raises(ValueError, match="the logger is closed"):
        logger.flush()


def test_names_with_every_letter(path, kind):
    names = ["a,b", 'say "x"', "loss/train", "größe", "日本", " a", "-", "=1+1"]
    with KINDS[kind](path) as logger:
        for step, name in enumerate(names):
            logger.log({name: step}, step)
    assert without_time(path) == [{"step": step, name: step} for step, name in enumerate(names)]


def test_continuing(path, kind):
    with KINDS[kind](path) as logger:
        logger.log({"loss": 3}, 1)
        logger.log({"loss": 2}, 2)
    with KINDS[kind](path, append=True) as logger:
        logger.log({"loss": 1, "new": 5}, 3)
    assert [row["step"] for row in rows(path)] == [1, 2, 3] and without_time(path)[2] == {
        "step": 3,
        "loss": 1,
        "new": 5,
    }
    with KINDS[kind](path, append=True, purge_step=2) as logger:
        logger.log({"loss": 0}, 2)
    assert without_time(path) == [{"step": 1, "loss": 3}, {"step": 2, "loss": 0}]
    with KINDS[kind](path) as logger:
        logger.log({"other": 0}, 0)
    assert without_time(path) == [{"step": 0, "other": 0}]


def test_a_torn_line_is_cut_off(path, kind):
    with KINDS[kind](path) as logger:
        for step in range(3):
            logger.log({"loss": 0.125}, step)
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for end in range(last, len(whole) + 1):
        path.write_bytes(whole[:end])
        with KINDS[kind](path, append=True) as logger:
            logger.log({"loss": 1}, 9)
        found = without_time(path)
        kept = 3 if end == len(whole) or (kind == "jsonl" and end == len(whole) - 1) else 2  # whole but for its end
        assert found == [{"step": step, "loss": 0.125} for step in range(kept)] + [{"step": 9, "loss": 1}], end
    path.write_bytes(whole[:4])  # the first line
    with KINDS[kind](path, append=True) as logger:
        logger.log({"loss": 1}, 9)
    assert without_time(path) == [{"step": 9, "loss": 1}]


def test_files_of_others_are_not_continued(path, kind):
    path.parent.mkdir()
    path.write_text("a,b\n1,2")
    with pytest.raises(ValueError, match="append=False to replace it"):
        KINDS[kind](path, append=True)
    assert path.read_text() == "a,b\n1,2"


def test_paths_that_cannot_be_written(tmp_path, kind):
    with pytest.raises(IsADirectoryError, match="Logger: cannot open the file: Is a directory"):
        KINDS[kind](tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot open the file"):
        KINDS[kind](tmp_path / "file" / "log")
    with pytest.raises(TypeError, match="expected a path, got int"):
        KINDS[kind](3)
    with pytest.raises(ValueError, match="the path is empty"):
        KINDS[kind]("")


@pytest.mark.parametrize("last", ["log", "flush", "close"])
def test_a_full_disk_loses_nothing(path, kind, last):
    logger = KINDS[kind](path)
    logger.log({"loss": 0.5}, 0)
    before = path.read_bytes()
    with support.full_disk(len(before) + 5):
        for step in range(1, 4):
            with pytest.raises(OSError, match=f"{KINDS[kind].__name__}: cannot .* the file: File too large"):
                logger.log({"loss": 0.5, f"new{step}": step}, step)
        assert path.read_bytes() == before
    {"log": lambda: logger.log({"loss": 1}, 4), "flush": logger.flush, "close": logger.close}[last]()
    expected = [{"step": 0, "loss": 0.5}, *({"step": i, "loss": 0.5, f"new{i}": i} for i in (1, 2, 3))]
    assert without_time(path) == expected + ([{"step": 4, "loss": 1}] if last == "log" else [])
    assert len(list(path.parent.iterdir())) == 1


def test_devices():
    with pytest.raises(OSError, match="No space left on device; 1 lines are kept in memory"):
        JSONLinesLogger("/dev/full").log({"loss": 1}, 1)
    with CSVLogger(os.devnull, append=True, purge_step=3) as logger:
        logger.log({"loss": 1}, 1)
        logger.log({"other": 1}, 2)
        logger.flush()


def test_a_pipe(tmp_path):
    code = (
        "from weft.training.loggers import JSONLinesLogger\n"
        "with JSONLinesLogger('/dev/stdout') as logger:\n"
        "    logger.log({'loss': 0.5}, 1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=support.environment())
    assert json.loads(done.stdout)["loss"] == 0.5, done.stderr


def test_a_killed_program_loses_no_row(path, kind):
    code = f"""
from weft.training.loggers import CSVLogger, JSONLinesLogger
logger = {KINDS[kind].__name__}({str(path)!r})
for step in range(10**9):
    logger.log({{"loss": step / 7, f"name{{step // 50 % 20}}": 1}}, step)
    print(step, flush=True)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=support.environment())
    told = -1
    while told < 200:
        told = int(child.stdout.readline())
    child.send_signal(signal.SIGKILL)
    told = max([told, *map(int, child.stdout.read().split())])
    child.wait()
    with KINDS[kind](path, append=True) as logger:
        logger.log({"loss": 0}, 10**9)
    found = rows(path)
    assert [row["step"] for row in found[:-1]] == list(range(len(found) - 1)) and len(found) - 1 in (told + 1, told + 2)


def test_random_runs_against_a_list(tmp_path, kind):
    chance = random.Random(0)
    path = tmp_path / f"log.{kind}"
    logger, expected = KINDS[kind](path), []
    for step in range(300):
        if chance.random() < 0.05:
            logger.close()
            if chance.random() < 0.3:
                data = path.read_bytes()
                path.write_bytes(data + data[-chance.randrange(2, 20) :].strip()[:1])
            first = chance.choice([None, max(0, step - 3)])
            expected = [row for row in expected if first is None or row["step"] < first]
            logger = KINDS[kind](path, append=True, purge_step=first)
        values = {f"k{chance.randrange(12)}": chance.choice([0.5, 1, -3.25, 1e300]) for _ in range(chance.randrange(4))}
        logger.log(values, step)
        expected.append({"step": step, **values})
    logger.close()
    assert without_time(path) == expected


def test_threads_share_a_logger(path, kind):
    with KINDS[kind](path) as logger:
        work = [lambda n=n: [logger.log({f"n{i // 10}": n}, i) for i in range(100)] for n in range(4)]
        threads = [threading.Thread(target=part) for part in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = sorted((row["step"], row[f"n{int(row['step']) // 10}"]) for row in rows(path))
    assert found == [(step, n) for step in range(100) for n in range(4)]


def test_hyperparameters(tmp_path):
    given = {
        "lr": 0.1,
        "optimizer": {"betas": (0.9, 0.99), "name": "AdamW"},
        "bad": math.inf,
        "t": weft.tensor(2),
        "n": None,
    }
    shown = {"lr": 0.1, "optimizer.betas": [0.9, 0.99], "optimizer.name": "AdamW", "bad": "inf", "t": 2, "n": None}
    with CSVLogger(tmp_path / "a.csv") as logger:
        logger.log_hyperparameters(given)
    assert json.loads((tmp_path / "a.hyperparameters.json").read_text()) == shown
    with JSONLinesLogger(tmp_path / "a.jsonl") as logger:
        logger.log_hyperparameters(given)
        with pytest.raises(TypeError, match="names must be strings"):
            logger.log_hyperparameters({1: 2})
        with pytest.raises(TypeError, match="expected a mapping"):
            logger.log_hyperparameters([1])
    assert json.loads((tmp_path / "a.jsonl").read_text()) == {"hyperparameters": shown}
    with pytest.raises(ValueError, match="closed"):
        logger.log_hyperparameters({})


def test_a_logger_of_ones_own():
    class Kept(Logger):
        def __init__(self):
            self.rows = []

        def log(self, values, step):
            self.rows.append(self.checked(values, step))

    with Kept() as logger:
        logger.log({"loss": weft.tensor(0.5, requires_grad=True)}, 3)
        logger.flush()
    assert logger.rows == [({"loss": 0.5}, 3)] and logger.closed
    with pytest.raises(NotImplementedError, match="Nothing: a subclass must define log"):
        type("Nothing", (Logger,), {})().log({}, 1)


@pytest.mark.parametrize(
    "make, package",
    [
        (lambda: TensorBoardLogger("runs"), "tensorboard"),
        (lambda: MLflowLogger("runs"), "mlflow-skinny"),
        (lambda: WandbLogger("runs"), "wandb"),
    ],
)
def test_missing_packages_are_named(make, package, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("tensorboard", "mlflow", "wandb"):
        for module in [key for key in sys.modules if key.partition(".")[0] == name]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=f"needs the package {package}: pip install {package}"):
        make()
    assert not list(tmp_path.iterdir())

"""MLflowLogger with a store in a folder, WandbLogger offline: what was logged is read back."""

import math
import os
import struct
import time

import pytest
import weft
from weft.training.loggers import MLflowLogger, WandbLogger


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    return f"file://{tmp_path}/runs"


def test_mlflow(store):
    from mlflow import MlflowClient

    client = MlflowClient(store)
    with MLflowLogger("digits", run_name="first", tracking_uri=store, tags={"a": "b"}) as logger:
        logger.log_hyperparameters({"optimizer": {"lr": 0.1}, "seed": 3, **{f"p{i}": i for i in range(150)}})
        for step in range(3):
            logger.log({"loss": weft.tensor(1 / (step + 1)), "bad": math.nan, "n": 2}, step)
        logger.flush()
        assert client.get_run(logger.run_id).info.status == "RUNNING"
        with pytest.raises(TypeError, match="MLflowLogger.log: the value of 'x' must be a number"):
            logger.log({"loss": 1, "x": "y"}, 4)
    run = client.get_run(logger.run_id)
    assert (run.info.status, run.info.run_name, run.data.tags["a"]) == ("FINISHED", "first", "b")
    assert run.data.params["optimizer.lr"] == "0.1" and len(run.data.params) == 152
    history = client.get_metric_history(logger.run_id, "loss")
    assert [(entry.step, entry.value) for entry in history] == [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))]
    assert math.isnan(client.get_metric_history(logger.run_id, "bad")[0].value)

    with MLflowLogger(tracking_uri=store, run_id=logger.run_id) as again:  # continued
        again.log({"loss": 0.25}, 3)
    assert len(client.get_metric_history(logger.run_id, "loss")) == 4
    for error, status in ((ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")):
        with pytest.raises(error):
            with MLflowLogger("digits", tracking_uri=store) as other:
                raise error
        assert client.get_run(other.run_id).info.status == status
    assert len(client.search_experiments(filter_string="name = 'digits'")) == 1
    with pytest.raises(ValueError, match="closed"):
        other.log({"loss": 1}, 1)


def read_offline(folder):
    """The records of an offline run: a log as LevelDB writes it, in blocks of 32 KiB, behind a head of 7 bytes."""
    from wandb.proto.wandb_internal_pb2 import Record

    (path,) = folder.glob("wandb/offline-run-*/*.wandb")
    data = path.read_bytes()
    place, record = 7, b""
    while place + 7 < len(data):
        _, length, kind = struct.unpack_from("<IHB", data, place)
        if place + 7 + length > len(data):
            return  # not yet written
        record += data[place + 7 : place + 7 + length]
        place += 7 + length
        if 32768 - place % 32768 < 7:  # no room for another
            place += 32768 - place % 32768
        if kind in (1, 4):  # a whole record, or the last part of one
            yield Record.FromString(record)
            record = b""


def test_wandb_offline(tmp_path, monkeypatch):
    import json

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))
    with WandbLogger("digits", "first", folder=tmp_path / "runs", mode="offline", tags=["a"]) as logger:
        logger.log_hyperparameters({"optimizer": {"lr": 0.1}, "seed": 3})
        for step in (0, 1, 1, 0):
            logger.log({"loss": weft.tensor(1 / (step + 1)), "bad": math.nan}, step)
        with pytest.raises(TypeError, match="WandbLogger.log: the value of 'x' must be a number"):
            logger.log({"x": "y"}, 4)
        assert logger.run.project == "digits"
    logger.close()
    until = time.monotonic() + 60  # wandb's own process may write the end a little later
    while not any(record.WhichOneof("record_type") == "exit" for record in read_offline(tmp_path / "runs")):
        assert time.monotonic() < until
        time.sleep(0.1)
    rows, config, exits = [], {}, []
    for record in read_offline(tmp_path / "runs"):
        kind = record.WhichOneof("record_type")
        if kind == "history":
            rows.append({(item.key or item.nested_key[0]): json.loads(item.value_json) for item in record.history.item})
        elif kind == "config":
            config.update(
                {item.key or item.nested_key[0]: json.loads(item.value_json) for item in record.config.update}
            )
        elif kind == "exit":
            exits.append(record.exit.exit_code)
    assert [(row["step"], row["loss"]) for row in rows] == [(0, 1.0), (1, 0.5), (1, 0.5), (0, 1.0)]
    assert all(math.isnan(float(row["bad"])) for row in rows)
    assert config["optimizer.lr"] == 0.1 and config["seed"] == 3 and exits == [0]
    assert os.path.isdir(tmp_path / "runs")


def test_wandb_of_a_failed_program(tmp_path, monkeypatch):
    """The exit status, with a run that does nothing else."""
    import wandb

    told = []

    class Run:
        def define_metric(self, name, step_metric):
            told.append((name, step_metric))

        def finish(self, exit_code):
            told.append(exit_code)

    monkeypatch.setattr(wandb, "init", lambda **options: told.append(options) or Run())
    with pytest.raises(ZeroDivisionError):
        with WandbLogger(run_id="abc", entity="us"):
            raise ZeroDivisionError
    options, metric, status = told
    assert (options["id"], options["resume"], options["entity"]) == ("abc", "allow", "us")
    assert metric == ("*", "step") and status == 1

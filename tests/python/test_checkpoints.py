"""weft.training.CheckpointManager: checkpoints that are whole or not there, kept, verified and restored."""

import json
import os
import random
import subprocess
import sys
import threading

import numpy
import pytest
import weft
from weft import nn
from weft.training import CheckpointManager, RandomState


class Holder:
    """Any state, given back as it was loaded."""

    def __init__(self, state=None):
        self.state = state

    def state_dict(self):
        return self.state

    def load_state_dict(self, state):
        self.state = state


def same(a, b):
    """Equal in value, type, dtype and structure."""
    if isinstance(a, weft.Tensor):
        return isinstance(b, weft.Tensor) and a.dtype == b.dtype and a.shape == b.shape and weft.equal(a, b)
    if isinstance(a, numpy.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and numpy.array_equal(a, b)
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and [type(k) for k in a] == [type(k) for k in b] and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


def training(seed=0):
    weft.manual_seed(seed)
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.3), nn.Linear(8, 2))
    optimizer = weft.optim.AdamW(model.parameters(), lr=0.01)
    schedule = weft.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)
    return {"model": model, "optimizer": optimizer, "schedule": schedule, "random": RandomState()}


def steps(parts, count):
    for _ in range(count):
        loss = parts["model"](weft.randn(5, 4) + random.random() + numpy.random.rand()).square().mean()
        parts["optimizer"].zero_grad()
        loss.backward()
        parts["optimizer"].step()
        parts["schedule"].step()
    return loss.item()


@pytest.mark.parametrize("asynchronous", [True, False])
def test_resumed_training_is_the_same_to_the_bit(tmp_path, asynchronous):
    first = training()
    manager = CheckpointManager(tmp_path, asynchronous=asynchronous)
    steps(first, 3)
    path = manager.save(3, first, {"loss": 0.5})
    steps(first, 4)
    manager.close()
    assert path == tmp_path / "step-00000003"
    again = training(seed=9)
    info = CheckpointManager(tmp_path).restore(again)
    assert (info.step, info.path, info.metrics) == (3, path, {"loss": 0.5})
    steps(again, 4)
    for name in ("model", "optimizer", "schedule"):
        assert same(first[name].state_dict(), again[name].state_dict()), name
    assert weft.rand(1).item() != weft.rand(1).item()


def test_what_is_saved_is_the_state_at_the_call(tmp_path):
    x = weft.ones(1000, 100)
    array = numpy.ones(10)
    manager = CheckpointManager(tmp_path)
    manager.save(0, {"x": Holder({"x": x, "array": array})})
    x.zero_()
    array[:] = 0
    loaded = manager.load()["x"]
    assert loaded["x"].sum().item() == 100000
    assert loaded["array"].sum() == 10


def test_states_keep_types(tmp_path):
    state = {
        0: {"step": weft.tensor(3.0), "exp": weft.rand(2, 3).to(weft.bfloat16)},
        "betas": (0.9, 0.999),
        "nested": [[1, 2.0, True, None, "a"], (1, (2, []))],
        "complex": weft.randn(3, dtype=weft.complex64),
        "bool": weft.tensor([True, False]),
        "empty": weft.empty(0, 3),
        "array": numpy.arange(6, dtype=numpy.uint16).reshape(2, 3),
        "text": numpy.array(["a", "bc"]),
        "inf": float("inf"),
        "nan": float("nan"),
        "big": 1 << 3000,
        "dtype": weft.float16,
        "name.with.dots": {"x": weft.zeros(1)},
        "name": {"with.dots.x": weft.ones(1)},
    }
    CheckpointManager(tmp_path, asynchronous=False).save(1, {"x": Holder(state)})
    assert same(CheckpointManager(tmp_path).load(1)["x"], state)


def test_shards(tmp_path):
    state = {f"t{i}": weft.full((100,), float(i)) for i in range(10)} | {"large": weft.rand(1000)}
    manager = CheckpointManager(tmp_path, max_shard_bytes=900, asynchronous=False)
    path = manager.save(1, {"x": Holder(state)})
    shards = sorted(file.name for file in path.glob("*.safetensors"))
    assert shards == [f"shard-{i:05d}-of-00006.safetensors" for i in range(1, 7)]
    assert same(manager.load()["x"], state)
    assert manager.verify()[0].step == 1
    assert weft.load(path / shards[0]).keys() == {"x.t0", "x.t1"}  # any program reads a shard


def test_keeps_the_last_and_the_best(tmp_path):
    manager = CheckpointManager(tmp_path, keep_last=2, keep_best=1, monitor="accuracy", mode="max")
    for step, accuracy in enumerate([0.1, 0.9, float("nan"), 0.5, 0.9, 0.2]):
        manager.save(step, {"x": Holder(step)}, {"accuracy": accuracy})
    manager.save(6, {"x": Holder(6)})
    manager.wait()
    assert [info.step for info in manager.checkpoints()] == [1, 5, 6]
    x = Holder()
    assert manager.restore({"x": x}, "best").step == x.state == 1
    assert manager.restore({"x": x}, "last").step == x.state == 6
    assert manager.restore({"x": x}, 5).step == x.state == 5
    assert manager.restore({"x": x}, tmp_path / "step-00000001").step == x.state == 1
    assert sorted(os.listdir(tmp_path)) == ["step-00000001", "step-00000005", "step-00000006"]


def test_the_last_is_the_one_saved_last(tmp_path):
    manager = CheckpointManager(tmp_path, keep_last=1)
    manager.save(200, {"x": Holder("old")})
    manager.save(100, {"x": Holder("new")})  # the training was taken back
    manager.save(100, {"x": Holder("newer")})
    manager.wait()
    (info,) = CheckpointManager(tmp_path).checkpoints()
    assert info.step == 100
    assert manager.load()["x"] == manager.load(100)["x"] == "newer"
    manager.save(100, {"x": Holder("newest")})
    assert manager.load(100)["x"] == "newest"


def test_keep_all_and_nothing_there(tmp_path):
    manager = CheckpointManager(tmp_path / "a" / "b", keep_last=None, asynchronous=False)
    assert manager.restore({}) is None
    assert manager.checkpoints() == [] == manager.verify()
    for step in range(6):
        manager.save(step, {})
    assert [info.step for info in manager.checkpoints()] == list(range(6))
    with pytest.raises(FileNotFoundError, match=r"no checkpoint of step 7; there are \[0, 1"):
        manager.restore({}, 7)
    with pytest.raises(FileNotFoundError, match="is no checkpoint in"):
        manager.restore({}, tmp_path)
    with pytest.raises(ValueError, match="monitor="):
        manager.restore({}, "best")


def damage(path, offset):
    with open(path, "r+b") as file:
        file.seek(offset, os.SEEK_SET if offset >= 0 else os.SEEK_END)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 4]))


def test_damage_is_found(tmp_path):
    manager = CheckpointManager(tmp_path, asynchronous=False, max_shard_bytes=100)
    path = manager.save(1, {"x": Holder({"a": weft.rand(100), "b": weft.rand(10)})})
    first, second = sorted(path.glob("*.safetensors"))
    x = Holder("unchanged")
    size = first.stat().st_size
    for file, offset, expected in [
        (first, -1, "'x.a' in shard-00001-of-00002.safetensors is damaged"),
        (second, -40, "'x.b' in shard-00002-of-00002.safetensors is damaged"),
        (second, 20, "shard-00002|header"),
        (path / "manifest.json", -1, "manifest is damaged"),
        (path / "manifest.json", 100, "manifest is damaged"),
        (path / "manifest.json", 1, "manifest is cut off"),
    ]:
        damage(file, offset)
        for call in (lambda: CheckpointManager(tmp_path).restore({"x": x}), manager.verify):
            with pytest.raises(ValueError, match=expected) as caught:
                call()
            assert str(path) in str(caught.value)
        damage(file, offset)
    os.truncate(first, size - 1)
    with pytest.raises(ValueError, match=f"has {size - 1} bytes instead of {size}"):
        manager.restore({"x": x})
    first.unlink()
    with pytest.raises(FileNotFoundError):
        manager.restore({"x": x})
    assert x.state == "unchanged"


def test_a_manifest_of_another_program(tmp_path):
    manager = CheckpointManager(tmp_path, asynchronous=False)
    folder = tmp_path / "step-00000007"
    folder.mkdir()
    for text in (b"", b"{}", b"[1]", b"\xff" * 100, json.dumps({"crc32": "00000000", "x": 1}).encode()):
        (folder / "manifest.json").write_bytes(text)
        with pytest.raises(ValueError, match="manifest"):
            manager.restore({})
    (folder / "manifest.json").unlink()
    with pytest.raises(FileNotFoundError, match="no manifest.json"):
        manager.restore({}, folder)


def test_broken_arguments(tmp_path):
    for arguments in ({"keep_last": 0}, {"keep_best": -1}, {"mode": "best"}, {"max_shard_bytes": 0}):
        with pytest.raises(ValueError, match="CheckpointManager"):
            CheckpointManager(tmp_path, **arguments)
    for arguments in ({"keep_last": 1.5}, {"monitor": 3}, {"max_shard_bytes": "2GB"}):
        with pytest.raises(TypeError, match="CheckpointManager"):
            CheckpointManager(tmp_path, **arguments)
    with pytest.raises(TypeError, match="folder must be a path or URL"):
        CheckpointManager(3)
    manager = CheckpointManager(tmp_path)
    with pytest.raises(ValueError, match="step must be 0 or more"):
        manager.save(-1, {})
    with pytest.raises(TypeError, match=r"'x' has no state_dict\(\)"):
        manager.save(1, {"x": 3})
    with pytest.raises(TypeError, match="metric 'loss' must be a number"):
        manager.save(1, {}, {"loss": "small"})
    with pytest.raises(TypeError, match=r"\['x'\]\['model'\] is a Linear"):
        manager.save(1, {"x": Holder({"model": nn.Linear(1, 1)})})
    assert os.listdir(tmp_path) == []
    manager.save(1, {"x": Holder(1)}, {"loss": weft.tensor(0.5)})
    with pytest.raises(ValueError, match=r"has no object 'y'; it holds \['x'\]"):
        manager.restore({"y": Holder()})
    with pytest.raises(TypeError, match="no load_state_dict"):
        manager.restore({"x": 3})


def test_what_a_killed_process_left_is_deleted_and_what_a_living_one_writes_is_not(tmp_path):
    stale = tmp_path / ".step-00000001.0123456789abcdef.weft-tmp"
    stale.mkdir()
    (stale / "shard-00001-of-00001.safetensors").write_bytes(b"half")
    other = tmp_path / ".step-1.mine"
    other.mkdir()
    manager = CheckpointManager(tmp_path)
    assert os.listdir(tmp_path) == [other.name]
    program = (
        "import sys, weft; from weft.training import _checkpoint_store as s; "
        f"x = s.LocalStore({str(tmp_path)!r}); print(x._temporary('step-00000002')[0], flush=True); sys.stdin.read()"
    )
    writer = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    folder = writer.stdout.readline().strip()
    CheckpointManager(tmp_path)
    manager.save(1, {})
    manager.wait()
    assert os.path.isdir(folder)
    writer.kill()
    writer.wait()
    CheckpointManager(tmp_path)
    assert not os.path.isdir(folder)


def test_errors_of_the_thread_are_raised_at_the_next_call(tmp_path, monkeypatch):
    manager = CheckpointManager(tmp_path)
    manager.save(1, {"x": Holder(1)})
    manager.wait()

    def full(*args):
        raise OSError(28, "No space left on device")

    for call in (manager.wait, manager.close, lambda: manager.save(3, {}), lambda: manager.restore({})):
        monkeypatch.setattr(os, "fsync", full)
        manager.save(2, {"x": Holder(weft.rand(10))})
        while manager._thread.is_alive():
            manager._thread.join()
        monkeypatch.undo()
        with pytest.raises(OSError, match="checkpoint of step 2 could not be written .No space left") as caught:
            call()
        assert caught.value.errno == 28
        assert os.listdir(tmp_path) == ["step-00000001"]
    manager.save(2, {"x": Holder(2)})
    assert manager.load()["x"] == 2


def test_the_end_of_the_program_waits(tmp_path):
    program = (
        "import weft, time, threading; from weft.training import _checkpoint_store as s\n"
        "write = s.LocalStore.write\n"
        "s.LocalStore.write = lambda *a: (time.sleep(0.3), write(*a))\n"
        f"m = weft.training.CheckpointManager({str(tmp_path)!r})\n"
        "m.save(5, {'model': weft.nn.Linear(300, 300)})\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert [info.step for info in CheckpointManager(tmp_path).verify()] == [5]
    program += "s.LocalStore.write = lambda *a: 1 / 0\nm.save(6, {})\n"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "division by zero" in result.stderr


def test_random_state():
    state = RandomState()
    saved = state.state_dict()
    drawn = [weft.rand(3).tolist(), random.random(), random.gauss(0, 1), numpy.random.rand()]
    state.load_state_dict(saved)
    assert [weft.rand(3).tolist(), random.random(), random.gauss(0, 1), numpy.random.rand()] == drawn
    for broken in ({}, None, saved | {"weft": 3}, saved | {"weft": weft.zeros(3)}, saved | {"python": {"version": 3}}):
        here = state.state_dict()
        with pytest.raises(ValueError, match="RandomState"):
            state.load_state_dict(broken)
        assert same(here, state.state_dict())


def test_two_threads_save_into_one_folder(tmp_path):
    def run(k):
        manager = CheckpointManager(tmp_path, keep_last=None)
        for step in range(5):
            manager.save(10 * k + step, {"x": Holder(weft.full((100,), float(k)))})
        manager.close()

    threads = [threading.Thread(target=run, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(CheckpointManager(tmp_path).verify()) == 10


FULL = """
import os, resource, signal, sys, weft
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder, asynchronous = sys.argv[1], sys.argv[2] == "True"
manager = weft.training.CheckpointManager(folder, asynchronous=asynchronous)
manager.save(1, {"model": weft.nn.Linear(20, 20)})
manager.wait()
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    manager.save(2, {"model": weft.nn.Linear(200, 200)})
    manager.wait()
except OSError as error:
    assert error.errno == 27 and "checkpoint of step 2 could not be written" in str(error), error
else:
    raise SystemExit("no error")
manager.save(3, {"model": weft.nn.Linear(20, 20)})
manager.close()
assert [info.step for info in manager.verify()] == [1, 3], manager.checkpoints()
assert sorted(os.listdir(folder)) == ["step-00000001", "step-00000003"]
"""


@pytest.mark.parametrize("asynchronous", [True, False])
def test_files_that_may_not_grow_so_large(tmp_path, asynchronous):
    subprocess.run([sys.executable, "-c", FULL, str(tmp_path), str(asynchronous)], check=True, timeout=100)


@pytest.mark.skipif(not os.path.exists("/dev/shm"), reason="no memory to make a small disk of")
def test_a_full_disk(tmp_path):
    """On a small tmpfs, in a mount namespace of its own where the system allows one."""
    small = tmp_path / "small"
    small.mkdir()
    program = FULL.replace("resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))", "").replace(
        "== 27", "== 28"
    )
    script = f'mount -t tmpfs -o size=100k none {small} && exec "$0" -c "$1" {small} True'
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", script, sys.executable, program]
    probe = ["unshare", "--mount", "--map-root-user", "mount", "-t", "tmpfs", "none", str(small)]
    if subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("this system has no mount namespaces for everybody")
    subprocess.run(command, check=True, timeout=100)


def test_a_folder_that_may_not_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match="file"):
        CheckpointManager(tmp_path / "file")
    with pytest.raises(OSError, match="file"):
        CheckpointManager(tmp_path / "file" / "run")
    manager = CheckpointManager(tmp_path / "run")
    os.rmdir(tmp_path / "run")
    with pytest.raises(OSError, match="run"):
        manager.save(1, {})


def test_a_training_that_is_killed_goes_on_as_if_it_were_not():
    script = os.path.join(os.path.dirname(os.path.dirname(__file__)), "soak", "kill_resume.py")
    command = [sys.executable, script, "--kills", "5", "--steps", "60", "--workers", "0", "--seed", "3"]
    result = subprocess.run([*command, "--longest", "0.15"], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "5 kills" in result.stdout


@pytest.mark.parametrize("asynchronous", [False, True])
def test_managers_that_save_one_step_at_once(tmp_path, asynchronous):
    """As where a training is started again while its last checkpoint is still being written: one of them stays."""
    begin, errors = threading.Barrier(3), []

    def work(value):
        manager = CheckpointManager(tmp_path, asynchronous=asynchronous)
        model = nn.Linear(2, 2)
        try:
            begin.wait()
            for _ in range(8):
                nn.init.constant_(model.weight, value)
                manager.save(7, {"model": model})
            manager.close()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(float(i),)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    manager, model = CheckpointManager(tmp_path), nn.Linear(2, 2)
    assert manager.restore({"model": model}).step == 7 and manager.verify()
    assert model.weight.min() == model.weight.max()
    manager.save(7, {"model": model})
    manager.wait()
    assert len(manager.checkpoints()) == 1


def test_a_name_that_was_taken_in_the_meantime(tmp_path, monkeypatch):
    from weft.training import _checkpoint_store

    model = nn.Linear(2, 2)
    CheckpointManager(tmp_path, asynchronous=False).save(7, {"model": model})
    late = CheckpointManager(tmp_path, asynchronous=False)
    names, calls = _checkpoint_store.LocalStore.names, []

    def before_the_other(store):
        calls.append(store)
        return names(store) if len(calls) > 1 else []

    monkeypatch.setattr(_checkpoint_store.LocalStore, "names", before_the_other)
    assert late.save(7, {"model": model}).name == "step-00000007"
    assert [info.path.name for info in late.checkpoints()] == ["step-00000007-2"]

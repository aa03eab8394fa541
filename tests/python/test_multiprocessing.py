"""weft.multiprocessing: tensors in shared memory, through queues and pipes, and spawn()."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from support import weft_only

pytestmark = weft_only


def test_share_memory_moves_a_storage_with_its_views(w):
    x = w.arange(6.0)
    view, array = x[2:4], x.numpy()
    assert not x.is_shared() and view.share_memory_() is view
    assert x.is_shared() and view.data_ptr() == x.data_ptr() + 8 and x.tolist() == [0, 1, 2, 3, 4, 5]
    view.add_(10)
    assert x.tolist() == [0, 1, 12, 13, 4, 5] and array.tolist() == [0, 1, 2, 3, 4, 5]
    address = x.data_ptr()
    assert x.share_memory_().data_ptr() == address
    assert w.zeros(0).share_memory_().is_shared()
    foreign = np.ones(3)
    y = w.from_numpy(foreign).share_memory_()
    y.add_(1)
    assert foreign.tolist() == [1, 1, 1] and y.tolist() == [2, 2, 2]


def test_gradients_and_saved_tensors_survive_the_move(w):
    x = w.ones(3, requires_grad=True)
    y = (x * x).sum()
    x.share_memory_()
    y.backward()
    assert x.grad.tolist() == [2, 2, 2]


def test_a_forked_child_changes_what_is_shared(w):
    x, alone = w.zeros(4).share_memory_(), w.zeros(4)
    child = os.fork()
    if child == 0:
        x.add_(3)
        alone.add_(3)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert x.tolist() == [3] * 4 and alone.tolist() == [0] * 4


def test_modules_are_shared(w):
    layer = w.nn.Sequential(w.nn.Linear(2, 2), w.nn.BatchNorm1d(2))
    layer(w.ones(3, 2)).sum().backward()
    assert layer.share_memory() is layer
    assert all(t.is_shared() for t in (*layer.parameters(), *layer.buffers()))
    assert all(p.grad.is_shared() for p in layer.parameters())


def answer(questions, answers):
    for tensors in iter(questions.get, None):
        for x in tensors:
            x.detach().add_(1)
        answers.put([x.is_shared() for x in tensors] + [type(x).__name__ for x in tensors])
    answers.close()


@pytest.mark.parametrize("strategy", ["file_descriptor", "file_system"])
def test_queues_share(w, strategy):
    mp = w.multiprocessing
    before = mp.get_sharing_strategy()
    mp.set_sharing_strategy(strategy)
    try:
        context = mp.get_context("fork")
        questions, answers = context.Queue(), context.Queue()
        process = context.Process(target=answer, args=(questions, answers))
        process.start()
        base = w.arange(8.0)
        tensors = [base, base.view(2, 4)[:, 1], w.nn.Parameter(w.zeros(2)), w.zeros(3, dtype=w.bfloat16), w.zeros(0, 2)]
        questions.put(tensors)
        assert answers.get(timeout=20) == [True] * 5 + ["Tensor", "Tensor", "Parameter", "Tensor", "Tensor"]
        assert base.tolist() == [1, 3, 3, 4, 5, 7, 7, 8]
        assert tensors[2].tolist() == [1, 1] and tensors[3].tolist() == [1, 1, 1]
        questions.put(None)
        process.join(20)
        assert process.exitcode == 0
    finally:
        mp.set_sharing_strategy(before)
    with pytest.raises(ValueError, match="strategy|expected one of"):
        mp.set_sharing_strategy("nonsense")
    assert mp.get_all_sharing_strategies() == {"file_descriptor", "file_system"}


def test_one_storage_stays_one(w):
    ours, theirs = w.multiprocessing.Pipe()
    x = w.zeros(4)
    ours.send([x, x[1:3]])
    a, b = theirs.recv()
    ours.send(x)
    c = theirs.recv()
    a.fill_(5)
    assert a.data_ptr() == c.data_ptr() == x.data_ptr() and b.tolist() == [5, 5] and x.tolist() == [5] * 4
    with pytest.raises(RuntimeError, match="detach"):
        ours.send(w.ones(2, requires_grad=True) * 2)


def test_a_batch_of_a_loader_can_be_sent_on(w):
    (batch,) = w.utils.data.DataLoader([w.arange(5000.0)], num_workers=1)
    ours, theirs = w.multiprocessing.Pipe()
    ours.send(batch)
    assert w.equal(theirs.recv(), batch)


def test_no_file_is_left_behind(w):
    program = """
    import os, signal, time, weft
    x = weft.zeros(1000).share_memory_()
    mp = weft.multiprocessing.get_context("fork")
    queue = mp.Queue()
    p = mp.Process(target=lambda: (queue.put(weft.ones(10)), time.sleep(2)))
    p.start()
    queue.get()
    os.kill(os.getpid(), signal.SIGKILL)
    """
    before = set(os.listdir("/dev/shm"))
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, timeout=30)
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    left = {name for name in set(os.listdir("/dev/shm")) - before if not name.startswith("sem.")}
    assert not left


PROGRAM = """
import os, signal, sys, time
import weft
mp = weft.multiprocessing
def good(i, x, queue):
    x[i] = i + 1
    queue.put(i)
def bad(i, x):
    if i == 1: raise ValueError("bad luck")
    time.sleep(60)
def killed(i, x):
    if i == 0: os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)
def exits(i): sys.exit(7)
if __name__ == "__main__":
    x = weft.zeros(3)
    queue = mp.get_context("spawn").SimpleQueue()
    assert mp.spawn(good, args=(x, queue), nprocs=3) is None
    assert x.tolist() == [1, 2, 3], x
    raised, exited = mp.ProcessRaisedException, mp.ProcessExitedException
    for function, kind, text in [(bad, raised, "bad luck"), (killed, exited, "SIGKILL")]:
        context = mp.start_processes(function, args=(x,), nprocs=2, join=False, start_method="fork")
        pids = context.pids()
        try:
            while not context.join(): pass
        except kind as error:
            assert text in str(error) and error.error_index == (function is bad), error
        else:
            raise AssertionError
        for pid in pids:
            try: os.kill(pid, 0)
            except ProcessLookupError: pass
            else: raise AssertionError("lives on")
    try:
        mp.start_processes(exits, nprocs=1, start_method="fork")
    except mp.ProcessExitedException as error:
        assert error.exit_code == 7
    print("done")
"""


def test_spawn(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    ran = subprocess.run([sys.executable, tmp_path / "program.py"], capture_output=True, text=True, timeout=60)
    assert ran.stdout == "done\n", ran.stderr


def test_arguments(w):
    mp = w.multiprocessing
    for error, call in [
        (ValueError, lambda: mp.spawn(print, nprocs=-1)),
        (ValueError, lambda: mp.spawn(print, start_method="fork")),
        (ValueError, lambda: mp.start_processes(print, start_method="nonsense")),
        (TypeError, lambda: mp.spawn(3)),
        (TypeError, lambda: mp.spawn(print, nprocs="2")),
    ]:
        with pytest.raises(error):
            call()
    assert mp.Process is multiprocessing.Process and mp.Queue.__func__ is multiprocessing.Queue.__func__

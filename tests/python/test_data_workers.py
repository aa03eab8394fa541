"""utils.data: workers of a DataLoader, processes and threads: order, random numbers, errors, ends, resuming."""

import gc
import json
import multiprocessing
import os
import pickle
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import numpy as np
import pytest
from support import weft_only

pytestmark = weft_only
KINDS = ["process", "thread"]


class Noisy:
    """Samples of every kind, with random numbers of Weft in them."""

    def __init__(self, w, size=23):
        self.w, self.size = w, size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return {"x": self.w.full((2, 3), float(index)) + self.w.rand(2, 3), "i": index, "name": f"n{index}"}


def plain(batch):
    if hasattr(batch, "tolist"):
        return batch.tolist()
    if isinstance(batch, dict):
        return {key: plain(value) for key, value in batch.items()}
    return [plain(x) for x in batch] if isinstance(batch, (list, tuple)) else batch


def loaders(w, data, *args, **options):
    """The same one without workers, with one, with three."""
    for count in (0, 1, 3):
        for kind in KINDS if count else KINDS[:1]:
            yield w.utils.data.DataLoader(data, *args, num_workers=count, workers=kind, **options)


@pytest.mark.parametrize("batch_size", [None, 4])
def test_order_and_random_numbers_are_the_same_for_any_workers(w, batch_size):
    expected = None
    for loader in loaders(w, Noisy(w), batch_size, shuffle=True):
        w.manual_seed(5)
        got = [plain(list(loader)), plain(list(loader)), w.rand(2).tolist()]
        expected = expected or got
        assert got == expected
    assert got[0] != got[1] and sorted(
        np.ravel([b["i"] for b in got[0]]).tolist() if batch_size is None else sum((b["i"] for b in got[0]), [])
    ) == list(range(23))


def test_a_sample_has_its_numbers_wherever_it_is_in_the_epoch(w):
    generator = w.Generator()
    by_index = []
    for options in (dict(batch_size=5), dict(batch_size=3, sampler=list(range(22, -1, -1)))):
        loader = w.utils.data.DataLoader(Noisy(w), generator=generator.manual_seed(3), **options)
        by_index.append({i: x for b in loader for i, x in zip(b["i"].tolist(), b["x"].tolist())})
    assert by_index[0] == by_index[1]
    subset = w.utils.data.Subset(Noisy(w), [4, 2])
    batch = next(iter(w.utils.data.DataLoader(subset, 2, generator=generator.manual_seed(3))))
    assert batch["x"].tolist() == [by_index[0][4], by_index[0][2]]


def test_the_main_generator_is_drawn_from_once_an_epoch(w):
    for loader in loaders(w, Noisy(w), 4, shuffle=True):
        w.manual_seed(5)
        iterator = iter(loader)
        state = w.get_rng_state().tolist()
        list(iterator)
        assert w.get_rng_state().tolist() == state


class Told:
    """A dataset of what its workers know."""

    def __init__(self, w):
        self.w = w

    def __len__(self):
        return 8

    def __getitem__(self, index):
        info = self.w.utils.data.get_worker_info()
        return (
            info.id,
            info.num_workers,
            info.seed,
            random.random(),
            np.random.rand(),
            os.getpid(),
            self.w.get_num_threads(),
        )


def test_workers_know_of_themselves_and_are_seeded(w):
    loader = w.utils.data.DataLoader(Told(w), None, num_workers=2)
    w.manual_seed(1)
    first = list(loader)
    w.manual_seed(1)
    again = list(loader)
    assert [x[:5] for x in first] == [x[:5] for x in again]
    assert [x[0] for x in first] == [0, 1] * 4 and {x[1] for x in first} == {2} and {x[6] for x in first} == {1}
    seeds = {x[0]: x[2] for x in first}
    assert seeds[1] == seeds[0] + 1
    for worker in (0, 1):
        python, numpy = random.Random(seeds[worker]), np.random.RandomState()
        numpy.seed(np.random.SeedSequence([worker, seeds[0] & 0xFFFFFFFF, seeds[0] >> 32, 0]).generate_state(4))
        own = [x for x in first if x[0] == worker]
        assert [x[3] for x in own] == [python.random() for _ in range(4)]
        assert [x[4] for x in own] == [numpy.rand() for _ in range(4)]
    assert len({x[5] for x in first}) == 2 and os.getpid() not in {x[5] for x in first}
    threads = w.utils.data.DataLoader(Told(w), None, num_workers=2, workers="thread")
    assert {x[5] for x in threads} == {os.getpid()}


def seed_all(worker):
    import weft

    weft.manual_seed(40 + worker)


@pytest.mark.parametrize("stream", [False, True])
def test_a_worker_that_the_program_seeds_draws_from_that(w, stream):
    class Stream(w.utils.data.IterableDataset):
        def __iter__(self):
            return (w.rand(2) for _ in range(4))

    data = Stream() if stream else Noisy(w, 8)
    found = []
    for seed in (1, 2):
        w.manual_seed(seed)
        loader = w.utils.data.DataLoader(data, None, num_workers=2, worker_init_fn=seed_all)
        found.append([plain(x if stream else x["x"] - x["i"]) for x in loader])
        state = loader.state_dict()
        assert state == json.loads(json.dumps(state))
    assert found[0] == found[1]
    w.manual_seed(40)
    expected = w.rand(2) if stream else w.rand(2, 3)
    assert np.allclose(found[0][0], expected.numpy(), atol=1e-6)


class Seeds:
    def __init__(self, w):
        self.w = w

    def __len__(self):
        return 40

    def __getitem__(self, index):
        return self.w.tensor(self.w.initial_seed())  # fits int64


def test_seeds_of_samples_fit_a_tensor(w):
    for loader in loaders(w, Seeds(w), 8):
        assert len({seed for batch in loader for seed in batch.tolist()}) == 40


def test_workers_can_be_watched_as_in_pytorch(w):
    iterator = iter(w.utils.data.DataLoader(Seeds(w), num_workers=2))
    assert [process.is_alive() for process in iterator._workers] == [True, True]
    list(iterator)
    for process in iterator._workers:
        process.join(20)
        assert process.exitcode == 0


def test_more_workers_than_cores_are_told(w):
    cores = len(os.sched_getaffinity(0))
    with pytest.warns(UserWarning, match=f"{cores + 1} worker processes, but this process may use {cores} cores"):
        w.utils.data.DataLoader(Seeds(w), num_workers=cores + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        w.utils.data.DataLoader(Seeds(w), num_workers=cores)
        w.utils.data.DataLoader(Seeds(w), num_workers=cores + 1, workers="thread")


def test_persistent_workers_stay(w):
    for kind in KINDS:
        calls = []
        loader = w.utils.data.DataLoader(
            Told(w),
            None,
            num_workers=2,
            persistent_workers=True,
            workers=kind,
            worker_init_fn=calls.append,
        )
        epochs = [list(loader) for _ in range(3)]
        assert len({x[5] for epoch in epochs for x in epoch}) == (2 if kind == "process" else 1)
        assert sorted(calls) == ([] if kind == "process" else [0, 1])
        abandoned = iter(loader)
        next(abandoned)
        del abandoned
        assert [x[0] for x in loader] == [0, 1] * 4
        pairs = list(zip(loader, loader))  # two epochs at once
        assert len(pairs) == 8 and all(a[0] == b[0] for a, b in pairs)


def test_tensors_come_in_shared_memory_that_is_used_again(w):
    data = w.utils.data.TensorDataset(w.arange(200_000.0).view(200, 1000))
    loader = w.utils.data.DataLoader(data, 10, num_workers=1)
    places, kept = set(), []
    for (x,) in loader:
        assert x.is_shared()
        places.add(x.data_ptr())
    assert len(places) <= 5
    kept = [x for (x,) in loader]  # whoever keeps all of them has each
    assert w.equal(w.cat(kept), data.tensors[0])


class Littered:
    """Samples that say what the garbage collector found since the one before: what cycles had kept."""

    def __init__(self, w):
        self.w = w

    def __len__(self):
        return 12

    def __getitem__(self, index):
        gc.disable()
        return self.w.ones(500), np.ones(500), {"of": index}, gc.collect()


@pytest.mark.parametrize("kind", [None, *KINDS])
@pytest.mark.parametrize("batch_size", [2, None])
def test_a_batch_leaves_no_garbage(w, kind, batch_size):
    """Else memory would grow by as many batches as pass until the collector comes."""
    options = {"num_workers": 1, "workers": kind, "persistent_workers": True} if kind else {}
    loader = w.utils.data.DataLoader(Littered(w), batch_size, **options)
    try:
        list(loader)
        found = [batch[3] for batch in loader]
    finally:
        gc.enable()
    assert [int(w.as_tensor(n).sum()) for n in found[1:]] == [0] * (len(found) - 1)


def test_batches_are_not_changed_behind_their_owner(w):
    data = w.utils.data.TensorDataset(w.arange(40_000.0).view(40, 1000))
    loader = w.utils.data.DataLoader(data, 1, num_workers=2, persistent_workers=True)
    kept = [(i, x, x.numpy()[0, :3]) for i, (x,) in enumerate(loader) if i % 3 == 0]
    views = [x[0, 5:7] for _, x, _ in kept]
    for _ in range(3):
        list(loader)
    child = os.fork()
    if child == 0:  # a fork has copies of its own
        os._exit(0 if all(x[0, 0].item() == i * 1000 for i, x, _ in kept) else 1)
    assert os.waitpid(child, 0)[1] == 0
    for (i, x, array), view in zip(kept, views):
        assert x[0, 0].item() == i * 1000 and array[0] == i * 1000 and view[0].item() == i * 1000 + 5


def test_batches_of_all_kinds(w):
    x = w.arange(24.0).reshape(2, 3, 2, 2)
    batch = [
        x.contiguous(memory_format=w.channels_last),
        x.transpose(0, 1),
        w.nn.Parameter(w.ones(2)),
        w.ones(3, requires_grad=True),
        {"a": np.arange(5000), "b": np.ones(3, np.int8), "s": "text", "n": None, "big": np.float32(1.5)},
        w.zeros(0, 4),
        w.tensor(True),
        w.ones(2, dtype=w.bfloat16),
        (1, 2.5, [b"bytes"]),
        w.ones(4, dtype=w.uint8),
        np.arange(4000, dtype=np.uint8),
    ]
    loader = w.utils.data.DataLoader([0], None, collate_fn=lambda i: batch, num_workers=1)
    (got,) = loader
    for a, b in zip(batch, got):
        if isinstance(a, w.Tensor):
            assert type(a) is type(b) and w.equal(a.detach(), b.detach()) and a.dtype == b.dtype
            assert a.requires_grad == b.requires_grad
    assert got[0].is_contiguous(memory_format=w.channels_last)
    assert got[4]["a"].tolist() == list(range(5000)) and got[4]["a"].flags.writeable and got[4]["s"] == "text"
    assert got[8] == batch[8] and got[10].tolist() == batch[10].tolist()


class Failing:
    def __init__(self, action):
        self.action = action

    def __len__(self):
        return 8

    def __getitem__(self, index):
        if index == 3:
            self.action()
        return index


class Strange(Exception):
    def __init__(self, one, two):
        super().__init__(one, two)


def raise_strange():
    raise Strange(1, 2)


def raise_key_error():
    return {}["the key"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_exception_of_a_worker_is_raised_with_its_traceback(w, kind):
    loader = w.utils.data.DataLoader(Failing(raise_key_error), None, num_workers=2, workers=kind)
    got, iterator = [], iter(loader)
    with pytest.raises(KeyError, match=r"(?s)worker (process|thread) 1.*the key.*Traceback.*raise_key_error"):
        for x in iterator:
            got.append(x)
    assert got == [0, 1, 2] and list(iterator) == [4, 5, 6, 7]
    with pytest.raises(RuntimeError, match="(?s)Strange.*raise_strange"):
        list(w.utils.data.DataLoader(Failing(raise_strange), None, num_workers=2, workers=kind))
    with pytest.raises(ZeroDivisionError, match="division"):
        list(w.utils.data.DataLoader([1], num_workers=1, workers=kind, worker_init_fn=lambda i: 1 // 0))
    with pytest.raises(ZeroDivisionError, match="division"):
        list(w.utils.data.DataLoader([1], num_workers=1, workers=kind, collate_fn=lambda x: 1 // 0))


def test_a_batch_that_cannot_be_sent(w):
    loader = w.utils.data.DataLoader([1], None, num_workers=1, collate_fn=lambda x: threading.Lock())
    with pytest.raises(TypeError, match="pickle"):
        list(loader)
    x = w.ones(2, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match="detach"):
        list(w.utils.data.DataLoader([1], None, num_workers=1, collate_fn=lambda i: x))


@pytest.mark.parametrize(
    "action, message",
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), r"worker 1 \(pid \d+\) was killed by signal SIGKILL.*OOM"),
        (lambda: os._exit(3), r"worker 1 \(pid \d+\) ended with exit code 3"),
        (lambda: sys.exit(4), r"worker 1 \(pid \d+\) ended with exit code 4"),
    ],
)
def test_a_worker_that_dies_is_named_and_the_others_end(w, action, message):
    loader = w.utils.data.DataLoader(Failing(action), None, num_workers=2)
    iterator = iter(loader)
    pids = [member.process.pid for member in iterator._pool._members]
    with pytest.raises(RuntimeError, match=message):
        list(iterator)
    assert not any(alive(pid) for pid in pids)
    assert next(iter(loader)) == 0  # and the loader can be used again


def test_a_long_wait_ends_when_any_worker_dies(w):
    class Slow:
        def __len__(self):
            return 2

        def __getitem__(self, index):
            if index == 0:
                time.sleep(60)
            os.kill(os.getpid(), signal.SIGKILL)

    start = time.monotonic()
    with pytest.raises(RuntimeError, match="worker 1 .*SIGKILL"):
        list(w.utils.data.DataLoader(Slow(), None, num_workers=2))
    assert time.monotonic() - start < 30


@pytest.mark.parametrize("kind", KINDS)
def test_timeout(w, kind):
    stop = threading.Event()
    data = Failing(lambda: stop.wait(20))
    with pytest.raises(RuntimeError, match="timed out after 0.2 seconds"):
        list(w.utils.data.DataLoader(data, None, num_workers=1, timeout=0.2, workers=kind))
    stop.set()


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_gone(pids, seconds=20):
    end = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < end, "workers live on"
        time.sleep(0.02)


PROGRAM = """
import os, signal, sys, time
import weft
class Data:
    def __len__(self): return 100
    def __getitem__(self, i):
        if i > 50: time.sleep(60)
        return weft.zeros(100)
loader = weft.utils.data.DataLoader(Data(), 10, num_workers=2{options})
it = iter(loader)
next(it)
print(*[m.process.pid for m in it._pool._members], flush=True)
{end}
"""


@pytest.mark.parametrize(
    "end, code",
    [
        ("", 0),
        ("raise SystemExit(3)", 3),
        ("os._exit(5)", 5),
        ("os.kill(os.getpid(), signal.SIGKILL)", -9),
        ("list(it)", -2),
        ("it2 = iter(loader); next(it2); del it; 1 / 0", 1),
    ],
)
def test_no_worker_outlives_the_main_process(end, code):
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(options=", persistent_workers=True" if code == 3 else "", end=end)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    pids = [int(pid) for pid in program.stdout.readline().split()]
    assert len(pids) == 2
    if code == -2:
        os.killpg(program.pid, signal.SIGINT)  # Ctrl-C
    _, errors = program.communicate(timeout=30)
    assert program.returncode == code, errors
    wait_gone(pids)
    if code == -2:
        assert errors.count("Traceback") == 1 and "KeyboardInterrupt" in errors


def test_a_process_with_a_lasting_loader_ends(w):
    def train():
        global lasting
        lasting = w.utils.data.DataLoader(range(4), num_workers=1, persistent_workers=True)
        list(lasting)

    process = multiprocessing.get_context("fork").Process(target=train)
    process.start()
    process.join(20)
    assert process.exitcode == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_forked_child_has_workers_of_its_own(w, kind):
    loader = w.utils.data.DataLoader(range(4), None, num_workers=1, persistent_workers=True, workers=kind)
    iterator = iter(loader)
    next(iterator)
    process = multiprocessing.get_context("fork").Process(target=lambda: sys.exit(list(loader) != [0, 1, 2, 3]))
    process.start()
    process.join(20)
    assert process.exitcode == 0 and list(iterator) == [1, 2, 3]


def test_spawned_workers(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent("""
        import weft, sys
        class Data:
            def __init__(self): self.x = weft.arange(12.0).view(6, 2)
            def __len__(self): return 6
            def __getitem__(self, i): return self.x[i] + weft.rand(2)
        def main():
            for method in ("spawn", "forkserver"):
                weft.manual_seed(0)
                plain = [b.tolist() for b in weft.utils.data.DataLoader(Data(), 2)]
                weft.manual_seed(0)
                loader = weft.utils.data.DataLoader(Data(), 2, num_workers=1, multiprocessing_context=method)
                assert [b.tolist() for b in loader] == plain
                try:
                    list(weft.utils.data.DataLoader([lambda: 1], num_workers=1, multiprocessing_context=method))
                except TypeError as error:
                    assert "dataset (list) cannot be sent" in str(error) and "fork" in str(error), error
                else:
                    raise AssertionError
            print("done")
        if __name__ == "__main__":
            main()
    """)
    )
    ran = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60)
    assert ran.stdout == "done\n", ran.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_batches_as_they_come(w, kind):
    class Uneven:
        def __len__(self):
            return 6

        def __getitem__(self, index):
            if index == 0:
                time.sleep(0.3)
            return index

    loader = w.utils.data.DataLoader(Uneven(), None, num_workers=2, in_order=False, workers=kind)
    got = list(loader)
    assert sorted(got) == list(range(6)) and got[0] != 0
    iterator = iter(loader)
    first = [next(iterator) for _ in range(3)]
    state = json.loads(json.dumps(loader.state_dict()))
    del iterator
    other = w.utils.data.DataLoader(Uneven(), None, num_workers=1, in_order=False, workers=kind)
    other.load_state_dict(state)
    assert sorted(first + list(other)) == list(range(6))


def test_loaders_within_workers(w):
    class Outer:
        def __len__(self):
            return 3

        def __getitem__(self, index):
            inner = w.utils.data.DataLoader(Noisy(w, 4), 2, num_workers=index % 2)
            return w.stack([b["x"].sum() + w.rand(()) for b in inner])

    results = []
    for count in (0, 2):
        w.manual_seed(7)
        results.append(plain(list(w.utils.data.DataLoader(Outer(), None, num_workers=count))))
    assert results[0] == results[1]


def make_stream(w, kind):
    class Stream(w.utils.data.IterableDataset):
        """Each worker has its share; with a state of its own, of its iterator, or none."""

        def __init__(self):
            self.at = 0

        def __iter__(self):
            if kind == "iterator":
                return Iterator()
            return self.samples()

        def samples(self):
            info = w.utils.data.get_worker_info()
            worker, count = (info.id, info.num_workers) if info else (0, 1)
            if kind != "dataset":
                self.at = 0
            while self.at * count + worker < 17:
                self.at += 1
                yield (self.at - 1) * count + worker + w.rand(()).item() / 2
            self.at = 0

        if kind == "dataset":

            def state_dict(self):
                return {"at": self.at}

            def load_state_dict(self, state):
                self.at = state["at"]

    class Iterator:
        def __init__(self):
            info = w.utils.data.get_worker_info()
            self.next, self.step = (info.id, info.num_workers) if info else (0, 1)

        def __iter__(self):
            return self

        def __next__(self):
            if self.next >= 17:
                raise StopIteration
            self.next += self.step
            return self.next - self.step + w.rand(()).item() / 2

        def state_dict(self):
            return {"next": self.next}

        def load_state_dict(self, state):
            self.next = state["next"]

    return Stream()


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("kind", ["none", "dataset", "iterator"])
def test_iterable_datasets_by_worker_and_resumed(w, count, kind):
    def make():
        return w.utils.data.DataLoader(make_stream(w, kind), 2, num_workers=count)

    w.manual_seed(3)
    loader = make()
    expected = [plain(list(loader)), plain(list(loader))]
    assert sorted(int(x) for b in expected[0] for x in b) == list(range(17))
    for taken in (1, 4, len(expected[0])) if count else (0, 1, 4, 7, len(expected[0])):
        w.manual_seed(3)
        loader = make()
        iterator = iter(loader)
        first = [plain(next(iterator)) for _ in range(taken)]
        assert first == expected[0][:taken]
        state = json.loads(json.dumps(loader.state_dict()))
        w.manual_seed(99)
        other = make()
        other.load_state_dict(state)
        assert plain(list(other)) == expected[0][taken:], taken
        assert plain(list(other)) == expected[1]
    with pytest.raises(ValueError, match="workers"):
        w.utils.data.DataLoader(make_stream(w, kind), 2, num_workers=2).load_state_dict(state_after(w, make()))


def state_after(w, loader):
    iterator = iter(loader)
    next(iterator)
    return loader.state_dict()


def options_of(w, order):
    if order == "own generator":
        return dict(shuffle=True, generator=w.Generator().manual_seed(4))
    if order == "replacement":
        sampler = w.utils.data.RandomSampler(range(23), replacement=True, generator=w.Generator().manual_seed(4))
        return dict(sampler=sampler)
    return dict(shuffle=order == "shuffled")


@pytest.mark.parametrize("order", ["shuffled", "own generator", "replacement", "in order"])
def test_resuming_in_the_middle(w, order):
    def make(count, kind="process"):
        return w.utils.data.DataLoader(Noisy(w), 4, num_workers=count, workers=kind, **options_of(w, order))

    w.manual_seed(3)
    loader = make(0)
    expected = [plain(list(loader)) for _ in range(3)]
    for taken, before, after in [(2, 0, 2), (5, 2, 0), (1, 1, 3), (6, 2, 1), (0, 0, 0)]:
        w.manual_seed(3)
        loader = make(before)
        if taken != 1:
            list(loader)
        iterator = iter(loader)
        for _ in range(taken):
            next(iterator)
        state = pickle.loads(pickle.dumps(loader.state_dict()))
        assert json.loads(json.dumps(state)) == state
        del iterator
        w.manual_seed(1234)
        other = make(after, KINDS[taken % 2])
        other.load_state_dict(state)
        assert {**other.state_dict(), "workers": before} == state
        epoch = 0 if taken == 1 else 1
        assert plain(list(other)) == expected[epoch][taken:], (taken, before, after)
        assert plain(list(other)) == (expected[epoch + 1])


def test_after_the_end_of_an_epoch_the_next_one_comes(w):
    loader = w.utils.data.DataLoader(range(6), 2, shuffle=True, num_workers=1)
    list(loader)
    state = loader.state_dict()
    expected = plain(list(loader))
    other = w.utils.data.DataLoader(range(6), 2, shuffle=True)
    other.load_state_dict(state)
    assert plain(list(other)) == expected


def test_samplers_with_a_state_of_their_own(w):
    class Counting(w.utils.data.Sampler):
        def __init__(self):
            self.at = 0

        def __iter__(self):
            while self.at < 9:
                self.at += 1
                yield self.at - 1
            self.at = 0

        def state_dict(self):
            return {"at": self.at}

        def load_state_dict(self, state):
            self.at = state["at"]

    for count in (0, 2):
        loader = w.utils.data.DataLoader(range(9), 2, sampler=Counting(), num_workers=count)
        iterator = iter(loader)
        next(iterator), next(iterator)
        other = w.utils.data.DataLoader(range(9), 2, sampler=Counting(), num_workers=count)
        other.load_state_dict(loader.state_dict())
        assert plain(list(other)) == [[4, 5], [6, 7], [8]]


def test_states_that_do_not_fit(w):
    state = state_after(w, w.utils.data.DataLoader(range(6), 2))
    before = w.get_rng_state().tolist()
    for loader, name in [
        (w.utils.data.DataLoader(range(7), 2), "length of the dataset was 6.*here it is 7"),
        (w.utils.data.DataLoader(range(6), 3), "batch_size was 2"),
        (w.utils.data.DataLoader(range(6), 2, drop_last=True), "drop_last"),
        (w.utils.data.DataLoader(make_stream(w, "none"), 2), "length"),
    ]:
        with pytest.raises(ValueError, match=name):
            loader.load_state_dict(state)
    loader = w.utils.data.DataLoader(range(6), 2)
    for broken in (None, {}, [], {"format": 1}, {**state, "format": 9}):
        with pytest.raises(ValueError, match="load_state_dict"):
            loader.load_state_dict(broken)
    assert w.get_rng_state().tolist() == before and len(list(loader)) == 3


def test_long_indices_and_long_batches_pass_each_other(w):
    size = 300_000
    loader = w.utils.data.DataLoader(
        range(size), batch_sampler=[list(range(size))] * 4, collate_fn=list, num_workers=1, prefetch_factor=3
    )
    assert [len(batch) for batch in loader] == [size] * 4


def test_no_descriptor_is_left_open(w):
    def descriptors():
        return len(os.listdir("/proc/self/fd"))

    data = w.utils.data.TensorDataset(w.zeros(20, 5000))
    list(w.utils.data.DataLoader(data, 2, num_workers=2))
    before = descriptors()
    for _ in range(3):
        list(w.utils.data.DataLoader(data, 2, num_workers=2))
        next(iter(w.utils.data.DataLoader(data, 2, num_workers=2)))
    assert descriptors() == before


def test_no_file_is_left_behind(w):
    before = set(os.listdir("/dev/shm"))
    loader = w.utils.data.DataLoader(Failing(lambda: os.kill(os.getpid(), signal.SIGKILL)), None, num_workers=1)
    with pytest.raises(RuntimeError):
        list(loader)
    assert set(os.listdir("/dev/shm")) <= before

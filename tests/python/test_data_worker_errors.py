"""utils.data: errors of workers that nobody would hear of, states of samplers that batches could be lost by."""

import json
import multiprocessing
import threading

import pytest
from support import weft_only

pytestmark = weft_only
KINDS = ["process", "thread"]


class Positions:
    """A sampler with a state of its own: the position, and where it began."""

    def __init__(self, size, start=0):
        self.size, self.start, self.position = size, start, 0

    def __iter__(self):
        while self.position < self.size:
            self.position += 1
            yield (self.start + self.position - 1) % self.size
        self.position = 0

    def __len__(self):
        return self.size

    def state_dict(self):
        return {"start": self.start, "position": self.position}

    def load_state_dict(self, state):
        self.start, self.position = state["start"], state["position"]


@pytest.mark.parametrize("taken", range(6))
def test_out_of_order_batches_and_a_sampler_with_a_state_lose_no_batch(w, taken):
    class Slow:
        def __len__(self):
            return 9

        def __getitem__(self, index):
            if index == 0:
                late.wait(5)
            return index

    late = threading.Event()
    options = dict(workers="thread", in_order=False)
    loader = w.utils.data.DataLoader(Slow(), sampler=Positions(9), num_workers=2, **options)
    batches = iter(loader)
    first = [next(batches).item() for _ in range(taken)]
    state = json.loads(json.dumps(loader.state_dict()))
    late.set()
    for count in (0, 1, 2):
        more = options if count else {}
        other = w.utils.data.DataLoader(range(9), sampler=Positions(9), num_workers=count, **more)
        other.load_state_dict(state)
        again = iter(other)
        second = [next(again).item()]
        other.load_state_dict(other.state_dict())
        assert sorted(first + second + [batch.item() for batch in other]) == list(range(9))


@pytest.mark.parametrize("count", [0, 2])
def test_a_samplers_state_is_kept_before_the_first_batch(w, count):
    loader = w.utils.data.DataLoader(range(4), sampler=Positions(4, start=2), num_workers=count)
    iter(loader)
    other = w.utils.data.DataLoader(range(4), sampler=Positions(4), num_workers=count)
    other.load_state_dict(loader.state_dict())
    assert [batch.item() for batch in other] == [2, 3, 0, 1]


class Mute(Exception):
    def __str__(self):
        raise ZeroDivisionError


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", [SystemExit(2), KeyboardInterrupt(), GeneratorExit(), Mute()], ids=repr)
@pytest.mark.parametrize("where", ["sample", "start"])
def test_no_exception_of_a_worker_is_waited_for_for_ever(w, kind, error, where):
    def fail(*_):
        raise error

    options = dict(worker_init_fn=fail) if where == "start" else dict(collate_fn=fail)
    loader = w.utils.data.DataLoader(range(4), num_workers=1, workers=kind, **options)
    with pytest.raises(RuntimeError, match=type(error).__name__ if type(error) is not SystemExit else "exit|Exit"):
        list(loader)


def test_a_state_that_cannot_be_sent_is_named(w):
    class Stream(w.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(3))

        def state_dict(self):
            return {"open file": threading.Lock()}

        def load_state_dict(self, state):
            pass

    with pytest.raises(TypeError, match="cannot pickle '_thread.lock'"):
        list(w.utils.data.DataLoader(Stream(), num_workers=1))


@pytest.mark.parametrize("batch_size", [None, 1])
def test_subclasses_of_tensors_arrive_from_worker_processes(w, batch_size):
    kinds = w.transforms.tv_tensors
    boxes = kinds.BoundingBoxes([[1, 2, 3, 4]], format="XYWH", canvas_size=(7, 9))
    samples = [kinds.Image(w.ones(3, 2, 2)), kinds.Mask(w.ones(2, 2)), boxes]
    loader = w.utils.data.DataLoader(samples, batch_size, num_workers=1, collate_fn=lambda samples: samples)
    got = [batch if batch_size is None else batch[0] for batch in loader]
    assert [type(x) for x in got] == [type(x) for x in samples]
    assert all((x == y).all() for x, y in zip(got, samples))
    assert got[2].canvas_size == (7, 9) and got[2].format is boxes.format


def test_subclasses_of_tensors_go_through_queues(w):
    queue = w.multiprocessing.get_context("fork").SimpleQueue()
    queue.put(w.transforms.tv_tensors.Mask(w.ones(2, 2)))
    got = queue.get()
    assert type(got) is w.transforms.tv_tensors.Mask and got.sum() == 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_forked_process_is_told_that_the_iterator_is_not_its_own(w, kind):
    batches = iter(w.utils.data.DataLoader(range(6), num_workers=2, workers=kind))
    assert next(batches).item() == 0

    def child(says):
        try:
            next(batches)
        except RuntimeError as error:
            says.send(str(error))

    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=child, args=(there,))
    process.start()
    assert here.poll(20) and "call iter() of the loader here" in here.recv()
    process.join()
    assert [batch.item() for batch in batches] == [1, 2, 3, 4, 5]

"""utils.data: arguments of the DataLoader, samplers that draw without end, generics, text of NumPy."""

import collections
import importlib
import itertools
import multiprocessing
import os
import platform
import subprocess
import sys
import typing

import numpy as np
import pytest
from support import weft_only

DATA = [0, 1, 4, 9, 16]


def tolist(batches):
    return [batch.tolist() for batch in batches]


@weft_only
def test_arguments_can_be_read_back(w):
    generator = w.Generator()
    options = dict(
        num_workers=3,
        pin_memory=True,
        drop_last=True,
        timeout=2.5,
        worker_init_fn=print,
        generator=generator,
        prefetch_factor=7,
        persistent_workers=True,
        pin_memory_device="cuda",
        in_order=False,
    )
    loader = w.utils.data.DataLoader(DATA, 2, multiprocessing_context="spawn", **options)
    assert w.utils.data.DataLoader(DATA, num_workers=1).prefetch_factor == 2
    assert {name: getattr(loader, name) for name in options} == options
    assert loader.multiprocessing_context is multiprocessing.get_context("spawn")
    plain = w.utils.data.DataLoader(DATA)
    assert plain.num_workers == 0 and plain.prefetch_factor is None and plain.multiprocessing_context is None
    assert plain.timeout == 0 and plain.in_order is True and plain.persistent_workers is False
    assert plain.workers == "process"


@pytest.mark.parametrize(
    "option",
    [
        dict(num_workers=-1),
        dict(timeout=-1),
        dict(prefetch_factor=2),
        dict(prefetch_factor=-1, num_workers=1),
        dict(persistent_workers=True),
        dict(multiprocessing_context="fork"),
        dict(multiprocessing_context="nonsense", num_workers=1),
        dict(shuffle=True, sampler=[1]),
        dict(batch_sampler=[[1]], batch_size=2),
        dict(batch_size=None, drop_last=True),
        dict(batch_size=-1),
    ],
)
def test_arguments_that_do_not_fit_together(w, option):
    with pytest.raises(ValueError):
        w.utils.data.DataLoader(DATA, **option)


@weft_only
@pytest.mark.parametrize(
    "option",
    [
        dict(timeout=3),
        dict(timeout=float("nan"), num_workers=1),
        dict(prefetch_factor=0, num_workers=1),
        dict(workers="nonsense"),
        dict(workers="thread", num_workers=1, multiprocessing_context="fork"),
    ],
)
def test_more_arguments_that_do_not_fit_together(w, option):
    with pytest.raises(ValueError, match="DataLoader: "):
        w.utils.data.DataLoader(DATA, **option)


@weft_only
@pytest.mark.parametrize(
    "option",
    [
        dict(num_workers="2"),
        dict(num_workers=1.0),
        dict(num_workers=True),
        dict(timeout="1", num_workers=1),
        dict(prefetch_factor=1.5, num_workers=1),
        dict(persistent_workers="yes", num_workers=1),
        dict(multiprocessing_context=3, num_workers=1),
        dict(worker_init_fn=3),
        dict(collate_fn=3),
        dict(generator=3),
        dict(pin_memory="yes"),
        dict(pin_memory_device=3),
        dict(in_order=None),
        dict(shuffle="yes"),
        dict(sampler=3),
        dict(batch_sampler=3),
        dict(nonsense=3),
    ],
)
def test_arguments_of_the_wrong_type(w, option):
    with pytest.raises(TypeError):
        w.utils.data.DataLoader(DATA, **option)


@weft_only
def test_what_is_no_dataset(w):
    for data in (None, 3, iter([1])):
        with pytest.raises(TypeError, match="dataset"):
            w.utils.data.DataLoader(data)


FIXED = ["dataset", "batch_size", "sampler", "batch_sampler", "drop_last", "persistent_workers"]


@pytest.mark.parametrize("name", FIXED)
def test_what_cannot_be_changed_any_more(w, name):
    loader = w.utils.data.DataLoader(DATA)
    with pytest.raises(ValueError, match=name):
        setattr(loader, name, None)
    assert len(list(loader)) == 5


def test_empty_datasets(w):
    with pytest.raises(ValueError):
        w.utils.data.DataLoader([], shuffle=True)
    with pytest.raises(ValueError):
        w.utils.data.RandomSampler([])
    assert list(w.utils.data.DataLoader([])) == [] and len(w.utils.data.DataLoader([])) == 0


@pytest.mark.parametrize("kind", ["random", pytest.param("weighted", marks=weft_only)])
def test_samplers_with_replacement_draw_in_blocks(w, kind):
    data = w.utils.data

    def sampler(count, generator=None):
        if kind == "random":
            return data.RandomSampler("abc", replacement=True, num_samples=count, generator=generator)
        return data.WeightedRandomSampler([1.0, 2.0, 1.0], count, generator=generator)

    endless = sampler(10**10)
    assert len(endless) == 10**10
    first = list(itertools.islice(endless, 10000))
    assert set(first) == {0, 1, 2} and all(2000 < first.count(i) < 6000 for i in range(3))
    assert first[:5000] != first[5000:]
    assert len(list(sampler(10001))) == 10001

    def draw(count, seed):
        return list(itertools.islice(sampler(count, w.Generator().manual_seed(seed)), 9000))

    assert draw(9000, 1) == draw(9000, 1) == draw(10**10, 1)[:9000] != draw(9000, 2)


@pytest.mark.parametrize("kind", ["random", "weighted"])
def test_draws_follow_the_seed_whatever_else_is_drawn(w, kind):
    data = w.utils.data

    def draw(between):
        w.manual_seed(5)
        sampler = (
            data.RandomSampler(range(9), replacement=True, num_samples=9000)
            if kind == "random"
            else data.WeightedRandomSampler([1.0] * 9, 9000)
        )
        drawn = []
        for index in sampler:
            drawn.append(index)
            between()
        return drawn

    assert draw(lambda: None) == draw(lambda: w.rand(1))


def test_generics(w):
    data = w.utils.data

    class Numbers(data.Dataset[int]):
        def __getitem__(self, index):
            return index

        def __len__(self):
            return 3

    class Stream(data.IterableDataset[str]):
        def __iter__(self):
            return iter("ab")

    T = typing.TypeVar("T")

    class Box(data.Dataset[T]):
        pass

    class Order(data.Sampler[int]):
        def __iter__(self):
            return iter([2, 0])

    def annotated(loader: data.DataLoader[int], part: data.Subset[int]) -> None: ...

    assert tolist(data.DataLoader(Numbers(), 2, sampler=Order())) == [[2, 0]] and isinstance(Numbers(), data.Dataset)
    assert list(data.DataLoader(Stream(), 2)) == [["a", "b"]]
    assert issubclass(Box[int].__origin__, data.Dataset) and len(Numbers() + Numbers()) == 6


@pytest.mark.parametrize("kind", ["U", pytest.param("S", marks=weft_only)])
def test_text_of_numpy_stays_a_list(w, kind):
    names = np.array(["cat", "dog"]).astype(kind)
    expected = names.tolist()
    collate = w.utils.data.default_collate
    assert collate(list(names)) == expected
    assert collate([{"x": 1.0, "name": name} for name in names])["name"] == expected
    assert list(collate([(1, name) for name in names])[1]) == expected
    assert list(w.utils.data.DataLoader(names, 2)) == [expected]
    assert list(w.utils.data.DataLoader(names, batch_size=None)) == expected


@weft_only
def test_arrays_of_text_are_refused(w):
    with pytest.raises(TypeError, match="U3.*collate_fn"):
        w.utils.data.default_collate([np.array(["cat"])] * 2)


def test_conversion_of_single_samples(w):
    got = w.utils.data.default_convert({"x": np.arange(2), "y": [np.float32(2.5), "a"], "z": (1, w.ones(1))})
    assert got["x"].tolist() == [0, 1] and got["y"][0].dtype == w.float32 and got["y"][1] == "a" and got["z"][0] == 1


def test_no_worker_asks_in_the_main_process(w):
    assert w.utils.data.get_worker_info() is None


@weft_only
def test_a_slip_of_the_keyboard_starts_no_million_of_workers():
    import weft

    with pytest.raises(ValueError, match="num_workers must be at most 1024, got 1000000"):
        weft.utils.data.DataLoader([1], num_workers=1000000)


@weft_only
def test_an_iterable_dataset_takes_no_sampler_of_any_kind(w):
    class Stream(w.utils.data.IterableDataset):
        def __iter__(self):
            return iter(DATA)

    for given in ({"sampler": 3}, {"batch_sampler": 3}, {"shuffle": True}):
        with pytest.raises(ValueError, match="IterableDataset has its own order"):
            w.utils.data.DataLoader(Stream(), **given)


@weft_only
def test_a_dataset_by_index_is_not_chained(w):
    rows = w.utils.data.TensorDataset(w.arange(3))
    chain = w.utils.data.ChainDataset([[1], rows])
    with pytest.raises(TypeError, match="ChainDataset: TensorDataset has its samples by index.*ConcatDataset"):
        list(chain)


@weft_only
def test_places_where_programs_for_pytorch_look(w):
    with w.torch_alias():
        from torch.utils.data._utils.collate import default_collate, default_convert
        from torch.utils.data._utils.worker import WorkerInfo
        from torch.utils.data.distributed import DistributedSampler
    data = w.utils.data
    assert (default_collate, default_convert) == (data.default_collate, data.default_convert)
    assert (DistributedSampler, WorkerInfo) == (data.DistributedSampler, data.WorkerInfo)


FREES = """
import resource, weft
list(weft.utils.data.DataLoader([1]))
for i in range(60):
    if i == 10:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    blocks = [bytearray(3 << 18), bytearray(3 << 18)]
    del blocks
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, weft._C._keep_freed_heap())
"""


@weft_only
def test_freed_memory_stays_unless_the_user_has_chosen(w):
    """As a loader of images makes and frees them: pages are touched for the first time once."""

    def ran(**chosen):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
        run = subprocess.run(
            [sys.executable, "-c", FREES], env={**kept, **chosen}, capture_output=True, text=True, check=True
        )
        faults, kept = run.stdout.split()
        return int(faults), kept == "True"

    if platform.libc_ver()[0] != "glibc" or "asan" in os.environ.get("LD_PRELOAD", ""):
        pytest.skip("the settings are those of glibc's malloc")
    faults, kept = ran()
    assert kept and faults < 1000
    faults, kept = ran(MALLOC_TRIM_THRESHOLD_="131072")
    assert not kept and faults > 5000
    assert not ran(GLIBC_TUNABLES="glibc.malloc.arena_max=2")[1]


def test_an_iterator_has_the_length_of_its_loader(w):
    assert len(iter(w.utils.data.DataLoader(DATA, batch_size=2))) == 3
    assert len(iter(w.utils.data.DataLoader(DATA, batch_size=2, num_workers=1))) == 3


def test_no_getitems_is_the_same_as_none(w):
    class Data(list):
        __getitems__ = None

    assert tolist(w.utils.data.DataLoader(Data(DATA), batch_size=3)) == [[0, 1, 4], [9, 16]]
    part = w.utils.data.Subset(Data(DATA), [3, 1])
    assert tolist(w.utils.data.DataLoader(part, batch_size=2)) == [[9, 1]]


def test_conversion_keeps_types_of_containers(w):
    convert = w.utils.data.default_convert
    counts = collections.defaultdict(int, a=np.ones(2))
    assert type(convert(counts)) is collections.defaultdict and convert(counts)["missing"] == 0
    assert convert(counts)["a"].tolist() == [1, 1] and isinstance(counts["a"], np.ndarray)
    assert list(convert(collections.OrderedDict(b=1, a=2))) == ["b", "a"]
    assert type(convert(collections.UserDict(a=1))) is collections.UserDict
    assert convert((1, "a")) == [1, "a"] and convert(range(2)) == [0, 1]
    assert convert(np.array([1j])).tolist() == [1j] and convert(np.complex64(1j)).dtype == w.complex64


@weft_only
def test_conversion_of_the_other_byte_order(w):
    assert w.utils.data.default_convert(np.array([1, 2], dtype=">i4")).tolist() == [1, 2]


def test_numpys_bool_is_a_flag(w):
    assert len(w.utils.data.DataLoader(DATA, shuffle=np.bool_(True), pin_memory=np.bool_(False))) == 5


def test_distributed_sampler_is_found_where_programs_import_it(w):
    module = importlib.import_module(f"{w.__name__}.utils.data.distributed")
    assert module.DistributedSampler is w.utils.data.DistributedSampler

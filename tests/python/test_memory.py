"""The caching allocator as seen from Python: statistics, limits, and running out of memory at any moment."""

import gc

import numpy as np
import pytest
from support import assert_same, check_message, to_numpy, weft_only

pytestmark = weft_only

MIB = 1 << 20


def test_statistics(w):
    gc.collect()
    before = w.memory.allocated()
    tensor = w.ones(MIB)
    assert 4 * MIB <= w.memory.allocated() - before < 4.5 * MIB
    assert w.memory.reserved() >= w.memory.allocated() and w.memory.peak() >= w.memory.allocated()
    del tensor
    assert w.memory.allocated() == before


def test_views_take_no_memory(w):
    tensor = w.ones(MIB)
    before = w.memory.allocated()
    views = [tensor[1:], tensor.reshape(1024, 1024).t(), tensor.detach(), tensor.expand(100, MIB)]
    assert w.memory.allocated() == before and len(views) == 4


def taken_at_most(w, function, *args):
    """Bytes beside those of the result."""
    gc.collect()
    w.memory.reset_peak()
    before = w.memory.allocated()
    result = function(*args)
    return w.memory.peak() - before - result.numel() * result.element_size()


def test_a_product_takes_no_memory_for_what_it_reads_where_it_lies(w):
    threads = w.get_num_threads()
    w.set_num_threads(1)
    x, weight = w.rand(64, 256), w.rand(768, 256)
    taken = taken_at_most(w, w.nn.functional.linear, x, weight)
    w.set_num_threads(threads)
    assert taken <= 36 * 1024  # a panel of the weight, which is laid out anew


def test_a_convolution_of_one_small_image_takes_little_more_than_the_image(w):
    x, weight = w.rand(1, 16, 14, 14), w.rand(32, 16, 5, 5)
    assert taken_at_most(w, w.nn.functional.conv2d, x, weight, None, 1, 2) <= 2 * x.numel() * x.element_size()


def test_memory_is_used_again(w):
    w.memory.empty_cache()
    w.ones(MIB)
    reserved = w.memory.reserved()
    for _ in range(20):
        w.ones(MIB)
    assert w.memory.reserved() == reserved


def test_empty_cache(w):
    gc.collect()
    tensor = w.ones(8 * MIB)
    del tensor
    w.memory.empty_cache()
    assert w.memory.reserved() - w.memory.allocated() < 8 * MIB


def test_peak(w):
    w.memory.reset_peak()
    base = w.memory.peak()
    tensor = w.ones(4 * MIB)
    del tensor
    assert w.memory.peak() - base >= 16 * MIB
    w.memory.reset_peak()
    assert w.memory.peak() < base + 16 * MIB


def test_split_blocks_come_together_again(w):
    """Many small tensors, then a large one: the memory of the small ones serves it."""
    w.memory.empty_cache()
    small = [w.ones(MIB // 4) for _ in range(16)]
    reserved = w.memory.reserved()
    del small
    w.memory.empty_cache()
    large = w.ones(4 * MIB)
    assert w.memory.reserved() <= reserved + 16 * MIB
    assert large.sum().item() == 4 * MIB


def test_a_huge_tensor(w):
    before = w.memory.allocated()
    held = w.ones(MIB)
    with pytest.raises(w.OutOfMemoryError) as error:
        w.empty(2**44)
    # What was asked for, and who holds what there is
    check_message(error, ("empty", "TiB"))
    assert issubclass(w.OutOfMemoryError, RuntimeError)
    del held
    assert w.memory.allocated() == before
    assert w.ones(4).sum().item() == 4


def test_sizes_that_overflow(w):
    for sizes in [(2**62,), (2**32, 2**32), (2**40, 2**30, 0, 2**40), (2**61, 2)]:
        with pytest.raises((RuntimeError, ValueError)) as error:
            w.zeros(*sizes)
        assert str(sizes[0]) in str(error.value)
    x = w.ones(1, 1)
    with pytest.raises(RuntimeError):
        x.expand(2**33, 2**33)
    with pytest.raises(RuntimeError):
        x.repeat(2**33, 2**33)
    with pytest.raises(RuntimeError):
        w.nn.functional.pad(x, (2**62, 2**62))


@pytest.fixture
def no_failures(w):
    yield
    w.memory._fail_after(-1)


def fail_each_allocation(w, step, check):
    """Runs step with its 0th, 1st, 2nd... allocation failing until it passes; returns how many there were."""
    for count in range(10_000):
        w.memory._fail_after(count)
        try:
            step()
        except w.OutOfMemoryError:
            w.memory._fail_after(-1)
            check()
        else:
            w.memory._fail_after(-1)
            return count
    raise AssertionError("the step never passed")


@pytest.mark.usefixtures("no_failures")
def test_running_out_in_the_forward_and_backward_pass(w):
    """Whatever allocation fails, no gradient has changed and the same backward works the next time."""
    x = w.rand(8, 6)
    weight = w.rand(4, 6, requires_grad=True)
    bias = w.rand(4, requires_grad=True)
    target = w.tensor([0, 1, 2, 3, 0, 1, 2, 3])

    def step():
        hidden = w.nn.functional.linear(x, weight, bias).relu()
        w.nn.functional.cross_entropy(hidden, target).backward()

    step()
    wanted = [to_numpy(weight.grad).copy(), to_numpy(bias.grad).copy()]

    def untouched():
        assert weight.grad is None and bias.grad is None

    weight.grad = bias.grad = None
    assert fail_each_allocation(w, step, untouched) > 5
    np.testing.assert_array_equal(to_numpy(weight.grad), wanted[0])
    np.testing.assert_array_equal(to_numpy(bias.grad), wanted[1])


def convolutional(w):
    return w.nn.Sequential(
        w.nn.Conv2d(1, 4, 3, padding=1),
        w.nn.BatchNorm2d(4),
        w.nn.ReLU(),
        w.nn.MaxPool2d(2),
        w.nn.Flatten(),
        w.nn.Linear(4 * 4 * 4, 5),
    )


@pytest.mark.usefixtures("no_failures")
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_running_out_in_a_training_step(w, name):
    """Whatever allocation of a whole step fails, the parameters are as before, and the step can be done again."""
    w.manual_seed(1)
    model = convolutional(w)
    options = {"lr": 0.01, "momentum": 0.9} if name == "SGD" else {"lr": 0.01}
    optimizer = getattr(w.optim, name)(model.parameters(), **options)
    x, target = w.rand(6, 1, 8, 8), w.tensor([0, 1, 2, 3, 4, 0])
    before = {}

    def snapshot():
        before.update({key: to_numpy(value).copy() for key, value in model.state_dict().items()})

    def step():
        optimizer.zero_grad()
        w.nn.functional.cross_entropy(model(x), target).backward()
        optimizer.step()

    def parameters_as_before():
        for key, value in model.named_parameters():
            np.testing.assert_array_equal(to_numpy(value), before[key], err_msg=key)

    snapshot()
    assert fail_each_allocation(w, step, parameters_as_before) > 10
    changed = [key for key, value in model.named_parameters() if not np.array_equal(to_numpy(value), before[key])]
    assert changed, "the step that went through changed the parameters"


@pytest.mark.usefixtures("no_failures")
def test_running_out_leaves_no_memory_behind(w):
    x = w.rand(50, 50, requires_grad=True)
    gc.collect()
    before = w.memory.allocated()

    def step():
        (x @ x).softmax(-1).sum()

    fail_each_allocation(w, step, lambda: None)
    gc.collect()
    assert w.memory.allocated() == before


@pytest.mark.usefixtures("no_failures")
def test_running_out_in_place(w):
    """In-place ops that need memory change nothing when they do not get it."""
    x = w.arange(12.0).reshape(3, 4)
    copy = to_numpy(x).copy()

    def step():
        x.add_(x.sum())

    def unchanged():
        np.testing.assert_array_equal(to_numpy(x), copy)

    assert fail_each_allocation(w, step, unchanged) >= 1
    np.testing.assert_array_equal(to_numpy(x), copy + copy.sum())


@pytest.mark.usefixtures("no_failures")
def test_running_out_in_a_jitted_training_step(w):
    """Whatever allocation fails, parameters and optimizer state are as before, and the step works the next time."""
    x, target = w.rand(8, 6), w.tensor([0, 1, 2, 3, 0, 1, 2, 3])
    model = w.nn.Sequential(w.nn.Linear(6, 5), w.nn.BatchNorm1d(5), w.nn.Linear(5, 4))
    optimizer = w.optim.Adam(model.parameters(), lr=0.1)

    @w.jit
    def step(x, target):
        optimizer.zero_grad()
        loss = w.nn.functional.cross_entropy(model(x), target)
        loss.backward()
        optimizer.step()
        return loss

    def state():
        moments = [s[name].clone() for s in optimizer.state.values() for name in ("exp_avg", "exp_avg_sq")]
        return [t.detach().clone() for t in model.state_dict().values()] + moments

    step(x, target)
    before = state()

    def unchanged():
        for one, two in zip(state(), before, strict=True):
            assert_same(one, two)
        assert {s["step"] for s in optimizer.state.values()} == {1.0}

    assert fail_each_allocation(w, lambda: step(x, target), unchanged) > 3
    assert {s["step"] for s in optimizer.state.values()} == {2.0}

"""swap_tensors, and modules that exchange or overwrite their parameters (weft.__future__)."""

import copy
import gc
import weakref

import pytest
from support import assert_same, weft_only


@pytest.fixture
def swaps(w):
    """Modules swap."""
    w.__future__.set_swap_module_params_on_conversion(True)
    yield
    w.__future__.set_swap_module_params_on_conversion(False)


@pytest.fixture
def overwrites(w):
    """Modules make new parameters."""
    w.__future__.set_overwrite_module_params_on_conversion(True)
    yield
    w.__future__.set_overwrite_module_params_on_conversion(False)


def test_everything_changes_places(w):
    class Named(w.Tensor):
        pass

    a, b = w.zeros(2), w.nn.Parameter(w.ones(3))
    c = w.Tensor._make_subclass(Named, w.ones(1, dtype=w.int32))
    a.mark, b.grad = "a", w.full((3,), 5.0)
    w.utils.swap_tensors(a, b)
    assert type(a) is w.nn.Parameter and type(b) is w.Tensor and b.mark == "a" and not hasattr(a, "mark")
    assert a.requires_grad and not b.requires_grad and b.grad is None
    assert_same(a.grad, w.full((3,), 5.0))
    assert_same(a.detach(), w.ones(3))
    assert_same(b, w.zeros(2))
    w.utils.swap_tensors(a, c)
    assert type(a) is Named and a.dtype == w.int32 and type(c) is w.nn.Parameter
    w.utils.swap_tensors(a, a)
    assert type(a) is Named


@weft_only
def test_the_memory_and_references_stay(w):
    a, b = w.zeros(2), w.ones(2)
    held, view, address = [a], a[:1], a.data_ptr()
    w.utils.swap_tensors(a, b)
    assert held[0] is a and b.data_ptr() == address and a[0].item() == 1
    view.fill_(7)
    assert b.tolist() == [7, 0]


def test_a_swapped_parameter_learns(w):
    a, b = w.nn.Parameter(w.ones(2)), w.nn.Parameter(w.full((2,), 3.0))
    optimizer = w.optim.SGD([a], lr=1.0)
    w.utils.swap_tensors(a, b)
    (a * a).sum().backward()
    optimizer.step()
    assert a.tolist() == [-3, -3] and b.tolist() == [1, 1] and b.grad is None


def test_graphs_from_before_raise(w):
    a, b = w.nn.Parameter(w.ones(2)), w.nn.Parameter(w.ones(2))
    before = (a * 2).sum()
    w.utils.swap_tensors(a, b)
    with pytest.raises(RuntimeError, match="swap"):
        before.backward()
    assert a.grad is None and b.grad is None
    del before
    (a * 2).sum().backward()
    (b * 3).sum().backward()
    assert a.grad.tolist() == [2, 2] and b.grad.tolist() == [3, 3]


def test_hooks_go_along(w):
    a, b = w.nn.Parameter(w.ones(2)), w.nn.Parameter(w.ones(2))
    a.register_hook(lambda grad: grad * 10)
    w.utils.swap_tensors(a, b)
    (a + b).sum().backward()
    assert a.grad.tolist() == [1, 1] and b.grad.tolist() == [10, 10]


@weft_only
def test_refusals(w):
    class Slotted(w.Tensor):
        __slots__ = ("mark",)

    a, b = w.zeros(2), w.ones(2)
    with pytest.raises((TypeError, AttributeError)):
        w.utils.swap_tensors(a, 1)
    reference = weakref.ref(a)
    for pair in ((a, b), (b, a)):
        with pytest.raises(RuntimeError, match="weak"):
            w.utils.swap_tensors(*pair)
    assert reference() is a and a.tolist() == [0, 0]
    with pytest.raises(RuntimeError, match="slots"):
        w.utils.swap_tensors(b, w.Tensor._make_subclass(Slotted, w.zeros(1)))
    assert b.tolist() == [1, 1]


@weft_only
def test_the_collector_still_finds_cycles(w):
    a, b = w.zeros(2), w.nn.Parameter(w.ones(2))
    b.me = [b]  # after the swap a's
    b.seen = type("Seen", (), {})()
    gone = weakref.ref(b.seen)
    w.utils.swap_tensors(a, b)
    del a, b
    gc.collect()
    assert gone() is None


@weft_only
def test_jitted_functions_keep_their_tensors(w):
    a, b = w.nn.Parameter(w.ones(2)), w.nn.Parameter(w.ones(2))
    f = w.jit(lambda x: x * a)
    x = w.full((2,), 2.0)
    assert f(x).tolist() == [2, 2]
    with pytest.raises(RuntimeError, match="jitted"):
        w.utils.swap_tensors(b, a)

    @w.jit
    def swapping(x):
        w.utils.swap_tensors(b, x)
        return x * b

    with pytest.raises(RuntimeError, match="swap_tensors"):
        swapping(x)


def test_conversions_swap(w, swaps):
    model = w.nn.Sequential(w.nn.Linear(2, 3), w.nn.BatchNorm1d(3))
    weight = model[0].weight
    weight.mark = 1
    weight.grad = grad = w.ones(3, 2)
    model.double()
    assert model[0].weight is weight and weight.dtype == w.float64 and type(weight) is w.nn.Parameter
    assert weight.grad is grad and grad.dtype == w.float64 and model[1].running_mean.dtype == w.float64
    model(w.ones(4, 2, dtype=w.float64)).sum().backward()
    model.to("cpu")
    assert weight.grad is grad


def test_tied_parameters_swap_once(w, swaps):
    model = w.nn.Sequential(w.nn.Linear(2, 2), w.nn.Linear(2, 2))
    model[1].weight = model[0].weight
    model.double()
    assert model[1].weight is model[0].weight and model[0].weight.dtype == w.float64


def test_a_conversion_that_cannot_swap(w, swaps):
    model = w.nn.Linear(2, 3)
    reference = weakref.ref(model.weight)
    with pytest.raises(RuntimeError, match="Couldn't swap Linear.weight"):
        model.double()
    assert reference().dtype == w.float32


def test_conversions_overwrite(w, overwrites):
    model = w.nn.Sequential(w.nn.Linear(2, 2), w.nn.Linear(2, 2))
    model[1].weight = old = model[0].weight
    old.grad = grad = w.ones(2, 2)
    version = old._version
    model.double()
    new = model[0].weight
    assert new is not old and old.dtype == w.float32 and old.grad is grad and old._version == version
    assert new.dtype == new.grad.dtype == w.float64 and isinstance(new, w.nn.Parameter)


@pytest.mark.parametrize("assign", [False, True])
def test_loading_swaps(w, swaps, assign):
    model, other = w.nn.BatchNorm1d(2), w.nn.BatchNorm1d(2).double()
    other.weight.data.fill_(3)
    other.running_mean.fill_(4)
    weight, mean, address = model.weight, model.running_mean, model.weight.data_ptr()
    state = other.state_dict()
    model.load_state_dict(state, assign=assign)
    assert model.weight is weight and model.running_mean is mean and type(weight) is w.nn.Parameter
    assert weight.tolist() == [3, 3] and mean.tolist() == [4, 4] and weight.requires_grad
    assert weight.dtype == (w.float64 if assign else w.float32)
    assert weight.data_ptr() == (other.weight.data_ptr() if assign else address)
    assert state["weight"].tolist() == [3, 3] and other.weight.requires_grad


def test_module_load_says_what_is_loaded(w, swaps):
    class Doubling(w.nn.Parameter):
        def module_load(self, other, assign=False):
            return other * 2

    class Broken(w.nn.Parameter):
        def module_load(self, other, assign=False):
            return other

    model = w.nn.Linear(2, 1, bias=False)
    model.weight = Doubling(w.zeros(1, 2))
    model.load_state_dict({"weight": w.ones(1, 2)})
    assert model.weight.tolist() == [[2, 2]]
    model.weight = Broken(w.zeros(1, 2))
    with pytest.raises(RuntimeError, match="module_load"):
        model.load_state_dict({"weight": w.ones(1, 2)})
    assert model.weight.tolist() == [[0, 0]]


def test_a_model_can_be_copied_after_a_swap(w, swaps):
    model = w.nn.Linear(2, 3).double()
    twin = copy.deepcopy(model)
    assert twin.weight.dtype == w.float64 and twin.weight is not model.weight


@weft_only
def test_switches_take_truths_only(w):
    for name in ("set_swap_module_params_on_conversion", "set_overwrite_module_params_on_conversion"):
        with pytest.raises(TypeError, match=name):
            getattr(w.__future__, name)(1)


def test_hooks_go_along_although_a_graph_is_alive(w):
    calls = []
    a, b = w.ones(2, requires_grad=True), w.zeros(2, requires_grad=True)
    handle = a.register_hook(calls.append)
    kept = (a * 2).sum()
    w.utils.swap_tensors(a, b)
    (b * 3).sum().backward()
    (a * 3).sum().backward()
    assert len(calls) == 1 and kept.item() == 4
    handle.remove()
    (b * 3).sum().backward()
    assert len(calls) == 1


@weft_only
def test_modules_and_parameters_that_are_there_twice_are_overwritten_once(w, overwrites):
    shared, tied = w.nn.Sequential(w.nn.Linear(2, 2), w.nn.BatchNorm1d(2)), w.nn.Linear(2, 2)
    tied.weight = shared[0].weight
    tied.weight.data.fill_(1)
    w.nn.Sequential(w.nn.Sequential(shared), tied, w.nn.Sequential(shared))._apply(lambda t: t * 2)
    assert tied.weight is shared[0].weight and tied.weight.max() == 2 and shared[1].running_var.max() == 2

"""What a jitted function takes from outside: variables, captured tensors and their gradients, its own results."""

import weakref

import pytest
from support import counts_runs, weft_only

pytestmark = weft_only

SHIFT = 1.0


def shifted(x):
    return x + SHIFT


def test_a_variable_that_names_something_else_makes_a_new_trace(w, monkeypatch):
    scale, weights, options = w.tensor([2.0]), [w.ones(1)], {"power": 1}
    f = w.jit(lambda x: shifted(x * scale) * weights[0] ** options["power"])
    x = w.ones(1)
    assert f(x).item() == 3
    scale, weights = w.tensor([2.0]), [w.ones(1)]
    assert f(x).item() == 3 and f.traces == 2
    scale = w.tensor([4.0])
    assert f(x).item() == 5 and "the variable 'scale' changed" in f.explain()
    weights[0] = w.full((1,), 3.0)
    assert f(x).item() == 15 and "an element of the variable 'weights' changed" in f.explain()
    options["power"] = 2
    assert f(x).item() == 45
    weights.append(None)
    assert f(x).item() == 45 and f.traces == 6
    monkeypatch.setitem(globals(), "SHIFT", 6.0)  # read by a function that the function calls
    assert f(x).item() == 90 and "the variable 'SHIFT' changed" in f.explain()
    monkeypatch.setitem(globals(), "SHIFT", float("6"))  # equal
    assert f(x).item() == 90 and f.traces == 7
    monkeypatch.delitem(globals(), "SHIFT")
    with pytest.raises(NameError, match="SHIFT"):
        f(x)
    monkeypatch.setitem(globals(), "SHIFT", 1.0)
    assert f(x).item() == 45


@counts_runs
def test_variables_that_the_function_sets_or_only_others_read(w):
    calls = unrelated = 0

    @w.jit
    def f(x):
        nonlocal calls
        calls += 1
        later = lambda: unset  # noqa: E731, F821
        return x * 2 if later else x

    for _ in range(3):
        f(w.ones(2))
        unrelated += 1
    assert calls == 1 and unrelated == 3 and f.traces == 1


def test_globals_of_modules_called_inside_are_watched(w, monkeypatch):
    class Net(w.nn.Module):
        def forward(self, x):
            return shifted(x)

    net = Net()
    f = w.jit(lambda x: net(x) * 2)
    assert f(w.ones(1)).item() == 4
    monkeypatch.setitem(globals(), "SHIFT", 2.0)
    assert f(w.ones(1)).item() == 6


@pytest.mark.parametrize(
    "function",
    [
        lambda x, b: x @ b.T,
        lambda x, b: (x @ b.T) @ b,  # read twice, once as a view
        lambda x, b: x + b.reshape(-1)[:4] * b[1],
        lambda x, b: x[:, :2] * b.unsqueeze(0)[0, :2, :2].sum(0),
        lambda x, b: sum(part.sum() for part in b.chunk(2)) * x,
        lambda x, b: b.expand(2, 3, 4)[1, :2] * x,
    ],
)
@pytest.mark.parametrize("made_before", [False, True])
def test_gradients_of_captured_tensors_and_views_of_them(w, function, made_before):
    leaf = w.rand(3, 4, requires_grad=True)
    x = w.rand(2, 4, requires_grad=True)
    found = []
    for wrap in (lambda f: f, w.jit):
        leaf.grad = x.grad = None
        b = leaf * 2 if made_before else leaf
        call = wrap(lambda x: function(x, b) * (leaf.sum() if made_before else 1))  # noqa: B023
        (call(x) ** 2).sum().backward()
        found.append([leaf.grad, x.grad])
        if not made_before:
            (call(x) ** 2).sum().backward()
            found[-1] += [leaf.grad, x.grad]
    for one, two in zip(*found, strict=True):
        assert w.allclose(one, two, rtol=1e-5)


def test_gradients_of_views_made_before(w):
    found = []
    for wrap in (lambda f: f, w.jit):
        leaf = w.arange(6.0).requires_grad_()
        rows = leaf.reshape(2, 3)
        call = wrap(lambda x: (rows[0] * x + rows.T[:, 1]) * leaf[0])  # noqa: B023
        call(w.ones(3)).sum().backward()
        found.append(leaf.grad.tolist())
    assert found[0] == found[1]


def test_leaves_made_inside_take_no_gradient_out(w):
    a = w.ones(2, requires_grad=True)
    w.jit(lambda x: (x.detach().requires_grad_() + x * w.ones(2).requires_grad_()).sum())(a).backward()
    assert a.grad.tolist() == [1, 1]


def test_hooks_of_captured_tensors_run_once(w):
    found = []
    for wrap in (lambda f: f, w.jit):
        a = w.ones(2, requires_grad=True)
        handle = a.register_hook(lambda g: g * 10)
        b = a * 2
        b.register_hook(lambda g: g * 3)
        b.retain_grad()
        call = wrap(lambda x: (x * a + b).sum())  # noqa: B023
        call(w.ones(2)).backward(retain_graph=True)
        found.append([a.grad.tolist(), b.grad.tolist()])
        handle.remove()
        a.grad = None
        call(w.ones(2)).backward()
        found[-1].append(a.grad.tolist())
    assert found[0] == found[1] == [[70, 70], [3, 3], [7, 7]]


def test_a_parameter_that_requires_grad_again_makes_a_new_trace(w):
    model = w.nn.Sequential(w.nn.Linear(2, 2), w.nn.Linear(2, 1))
    call = w.jit(lambda x: model(x).sum())
    model[0].requires_grad_(False)
    call(w.ones(1, 2)).backward()
    assert model[0].weight.grad is None
    model[0].requires_grad_(True)
    call(w.ones(1, 2)).backward()
    assert model[0].weight.grad is not None and "requires grad now" in call.explain()
    model.requires_grad_(False)
    assert not call(w.ones(1, 2)).requires_grad and call.traces == 3


def test_results_that_are_views_of_captured_tensors(w):
    weight = w.ones(2, 2, requires_grad=True)
    row, turned, same = w.jit(lambda x: (weight[1], weight.T, weight))(w.ones(1))
    assert row.requires_grad and turned.requires_grad and same is weight
    (row.sum() * 2 + turned.sum()).backward()
    assert weight.grad.tolist() == [[1, 1], [3, 3]]


def test_a_view_returned_twice_is_one_tensor(w):
    weight = w.ones(4, requires_grad=True)

    def function(x):
        part = (x * weight)[1:3]
        return part, part

    one, two = w.jit(function)(w.ones(4))
    (one.sum() + two.sum()).backward()
    assert one is two and weight.grad.tolist() == [0, 2, 2, 0]


def test_results_that_are_detached(w):
    weight, x = w.full((2,), 3.0, requires_grad=True), w.ones(2, requires_grad=True)

    def function(x):
        y = x * weight
        return y, y.detach(), y, x.detach(), x, weight.detach(), weight

    y, value, again, alone, given, number, same = w.jit(function)(x)
    assert same is weight and not number.requires_grad
    assert y is not value and y is again and alone is not x and given is x
    assert y.requires_grad and not value.requires_grad and not alone.requires_grad
    ((y - value) ** 2 + y * value).sum().backward()
    assert weight.grad.tolist() == [3, 3]


def test_numbers_of_captured_tensors_are_not_read(w):
    number = w.ones(1)
    for read in (float, int, bool, w.Tensor.item):
        with pytest.raises(RuntimeError, match="a tensor from outside .* only once"):
            w.jit(lambda x: x * read(number))(w.ones(1))  # noqa: B023
    assert w.jit(lambda x: x * float(w.tensor(2.0)))(w.ones(1)).item() == 2


def test_batch_norm_that_averages_all_batches(w):
    found = []
    for wrap in (lambda f: f, w.jit):
        w.manual_seed(0)
        norm = w.nn.BatchNorm1d(3, momentum=None)
        call = wrap(lambda x: norm(x))  # noqa: B023
        for _ in range(4):
            call(w.randn(5, 3))
        found.append([norm.running_mean.tolist(), norm.running_var.tolist()])
    assert found[0] == found[1]


def test_variables_are_watched_with_dynamic_sizes(w):
    factor = 2.0
    f = w.jit(lambda x: x * factor, dynamic_dims=0)
    f(w.ones(2))
    factor = 3.0
    assert f(w.ones(2)).tolist() == [3, 3] and f(w.ones(4)).tolist() == [3] * 4


def test_variables_behind_decorators(w):
    factor = 2.0

    @w.no_grad()
    def scaled(x):
        return x * factor

    f = w.jit(lambda x: scaled(x) + 1)
    assert f(w.ones(1)).item() == 3
    factor = 4.0
    assert f(w.ones(1)).item() == 5


def test_what_makes_no_new_trace(w):
    shape = step = None

    class Config:
        def __getattr__(self, name):
            return self.__dict__["values"][name]

    config = Config()
    config.__dict__["values"] = {"factor": 2.0}

    def function(x):
        class Local:
            step = 1
            twice = step * 2

        def inner():
            step = Local.twice
            return lambda: step

        return x * shape[0] * config.factor * inner()()

    f = w.jit(function)
    for i in range(3):
        shape, step = (2, float("nan"), "text"), i
        assert f(w.ones(1)).item() == 8
    assert f.traces == 1 and step == 2


def test_watched_elements_are_not_kept(w):
    data = [w.ones(3)]
    alive = weakref.ref(data[0])
    f = w.jit(lambda x: x * len(data))
    f(w.ones(1))
    data.clear()
    assert alive() is None and f(w.ones(1)).item() == 0


def test_a_change_in_place_of_an_argument_that_would_lose_its_history(w):
    weight = w.full((2,), 3.0, requires_grad=True)
    for change in (lambda x: x.mul_(weight), lambda x: x[:1].mul_(weight[:1])):
        f = w.jit(lambda x: (change(x), x.sum())[1])  # noqa: B023
        x = w.ones(2)
        with pytest.raises(RuntimeError, match="its history would be lost"):
            f(x)
        assert x.tolist() == [1, 1] and x._version == 0
        with w.no_grad():
            f(x)
        assert x[0].item() == 3

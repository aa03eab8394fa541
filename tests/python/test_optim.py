"""SGD, Adam, AdamW against the formulas in NumPy; parameter groups; state dicts; bad arguments."""

import copy

import numpy as np
import pytest
from support import to_numpy, to_tensor, weft_only

SGD_OPTIONS = [
    {},
    dict(momentum=0.9),
    dict(momentum=0.9, dampening=0.5),
    dict(momentum=0.9, nesterov=True),
    dict(weight_decay=0.1),
    dict(momentum=0.5, weight_decay=0.1, maximize=True),
]
ADAM_OPTIONS = [
    {},
    dict(betas=(0.5, 0.9), eps=1e-3),
    dict(weight_decay=0.1),
    dict(amsgrad=True),
    dict(maximize=True, weight_decay=0.05, amsgrad=True),
]


def sgd(x, grads, lr, momentum=0.0, dampening=0.0, nesterov=False, weight_decay=0.0, maximize=False):
    """The parameter after each gradient, by the definition."""
    buffer, path = None, []
    for grad in grads:
        g = (-grad if maximize else grad) + weight_decay * x
        if momentum:
            buffer = g if buffer is None else momentum * buffer + (1 - dampening) * g
            g = g + momentum * buffer if nesterov else buffer
        x = x - lr * g
        path.append(x)
    return path


def adam(x, grads, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False, maximize=False, decoupled=False):
    """The parameter after each gradient, by the definition of Kingma and Ba."""
    m = v = largest = np.zeros_like(x)
    path = []
    for t, grad in enumerate(grads, 1):
        g = -grad if maximize else grad
        if decoupled:
            x = x - lr * weight_decay * x
        else:
            g = g + weight_decay * x
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g * g
        largest = np.maximum(largest, v)
        second = largest if amsgrad else v
        x = x - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(second / (1 - betas[1] ** t)) + eps)
        path.append(x)
    return path


def run(w, make, start, grads, dtype="float64"):
    """The values of a parameter, started at start, after each step with these gradients."""
    p = w.nn.Parameter(to_tensor(w, start, dtype))
    opt, path = make([p]), []
    for grad in grads:
        p.grad = to_tensor(w, grad, dtype)
        opt.step()
        path.append(to_numpy(p).copy())
    return path


def problem(shape=(3, 5)):
    rng = np.random.default_rng(0)
    return rng.standard_normal(shape), [rng.standard_normal(shape) for _ in range(6)]


@pytest.mark.parametrize("options", SGD_OPTIONS)
def test_sgd(w, options):
    start, grads = problem()
    got = run(w, lambda p: w.optim.SGD(p, lr=0.1, **options), start, grads)
    np.testing.assert_allclose(got, sgd(start, grads, 0.1, **options), rtol=1e-12)


@pytest.mark.parametrize("options", ADAM_OPTIONS)
@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_adam(w, name, options):
    start, grads = problem()
    got = run(w, lambda p: getattr(w.optim, name)(p, lr=0.1, **options), start, grads)
    decay = {"weight_decay": 1e-2} if name == "AdamW" else {}
    expected = adam(start, grads, 0.1, decoupled=name == "AdamW", **{**decay, **options})
    np.testing.assert_allclose(got, expected, rtol=1e-9)


@pytest.mark.parametrize("size", [1, 7, 64, 1000, 40000])
def test_sizes_in_float32(w, size):
    start, grads = problem((size,))
    for make, reference in (
        (lambda p: w.optim.SGD(p, lr=0.1, momentum=0.9), sgd(start, grads, 0.1, momentum=0.9)),
        (lambda p: w.optim.Adam(p, lr=0.1), adam(start, grads, 0.1)),
    ):
        np.testing.assert_allclose(run(w, make, start, grads, "float32"), reference, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_many_parameters_of_odd_sizes_in_one_step(w, name):
    rng = np.random.default_rng(1)
    shapes = [(), (1,), (3, 4), (0, 2), (129,), (2, 3, 5)]
    starts = [rng.standard_normal(shape) for shape in shapes]
    grads = [rng.standard_normal(shape) for shape in shapes]
    options = {"momentum": 0.9} if name == "SGD" else {}
    together = [w.nn.Parameter(to_tensor(w, start)) for start in starts]
    opt = getattr(w.optim, name)(together, lr=0.1, **options)
    for _ in range(3):
        for p, grad in zip(together, grads):
            p.grad = to_tensor(w, grad)
        opt.step()
    for p, start, grad in zip(together, starts, grads):
        alone = run(w, lambda q: getattr(w.optim, name)(q, lr=0.1, **options), start, [grad] * 3)
        np.testing.assert_array_equal(to_numpy(p), alone[-1])


def test_parameters_without_gradient_are_left_alone(w):
    a, b = w.nn.Parameter(w.ones(2)), w.nn.Parameter(w.ones(2))
    for opt in (w.optim.SGD([a, b], lr=0.1, momentum=0.9), w.optim.Adam([a, b], lr=0.1)):
        a.grad, b.grad = None, None
        opt.step()
        a.grad = w.ones(2)
        opt.step()
        assert to_numpy(b).tolist() == [1, 1] and b not in opt.state
        # A parameter that joins later starts with its own state, and takes steps of its own count
        b.grad = w.ones(2)
        before = to_numpy(b).copy()
        opt.step()
        np.testing.assert_allclose(to_numpy(b), before - 0.1, rtol=1e-5)
        opt.step()
        with w.no_grad():
            a.fill_(1)
            b.fill_(1)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_joining_later_equals_starting_later(w, name):
    start, grads = problem()
    options = {"momentum": 0.9} if name == "SGD" else {}
    make = lambda p: getattr(w.optim, name)(p, lr=0.1, **options)  # noqa: E731
    a, b = (w.nn.Parameter(to_tensor(w, start)) for _ in range(2))
    opt = make([a, b])
    for i, grad in enumerate(grads):
        a.grad = to_tensor(w, grad)
        b.grad = to_tensor(w, grad) if i >= 2 else None
        opt.step()
    np.testing.assert_allclose(to_numpy(a), run(w, make, start, grads)[-1], rtol=1e-12)
    np.testing.assert_allclose(to_numpy(b), run(w, make, start, grads[2:])[-1], rtol=1e-12)


def test_groups_and_defaults(w):
    a, b = w.nn.Parameter(w.ones(1)), w.nn.Parameter(w.ones(1))
    opt = w.optim.SGD([{"params": [a], "lr": 1.0}, {"params": b}], lr=0.5)
    a.grad, b.grad = w.ones(1), w.ones(1)
    opt.step()
    assert float(a) == 0 and float(b) == 0.5
    opt.param_groups[1]["lr"] = 0.25
    opt.step()
    assert float(b) == 0.25
    c = w.nn.Parameter(w.ones(1))
    opt.add_param_group({"params": c, "momentum": 0.9})
    assert opt.param_groups[2]["lr"] == 0.5 and opt.param_groups[2]["params"] == [c]
    text = repr(opt)
    assert text.startswith("SGD (\nParameter Group 0\n") and "    lr: 0.25\n" in text


def test_named_parameters(w):
    model = w.nn.Linear(2, 1)
    opt = w.optim.SGD(model.named_parameters(), lr=0.1)
    assert opt.param_groups[0]["param_names"] == ["weight", "bias"]
    assert opt.param_groups[0]["params"][0] is model.weight


def test_options_may_change_between_steps(w):
    start, grads = problem()
    p = w.nn.Parameter(to_tensor(w, start))
    opt = w.optim.SGD([p], lr=0.1)
    expected = start
    for momentum, grad in zip([0, 0.9, 0.9, 0], grads):
        opt.param_groups[0]["momentum"] = momentum
        p.grad = to_tensor(w, grad)
        opt.step()
    plain = start - 0.1 * grads[0]
    expected = sgd(plain, grads[1:3], 0.1, momentum=0.9)[-1] - 0.1 * grads[3]
    np.testing.assert_allclose(to_numpy(p), expected, rtol=1e-12)


def test_state_may_be_cleared(w):
    start, grads = problem()
    p = w.nn.Parameter(to_tensor(w, start))
    opt = w.optim.SGD([p], lr=0.1, momentum=0.9)
    for i, grad in enumerate(grads):
        if i == 3:
            opt.state.clear()
        p.grad = to_tensor(w, grad)
        opt.step()
    half = sgd(start, grads[:3], 0.1, momentum=0.9)[-1]
    np.testing.assert_allclose(to_numpy(p), sgd(half, grads[3:], 0.1, momentum=0.9)[-1], rtol=1e-12)


def test_zero_grad(w):
    p = w.nn.Parameter(w.ones(2))
    opt = w.optim.SGD([p], lr=0.1)
    p.grad = w.ones(2)
    opt.zero_grad(set_to_none=False)
    assert to_numpy(p.grad).tolist() == [0, 0]
    opt.zero_grad()
    assert p.grad is None


def test_closure(w):
    p = w.nn.Parameter(w.ones(1))
    opt = w.optim.SGD([p], lr=0.25)

    def closure():
        opt.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with w.no_grad():
        assert float(opt.step(closure)) == 1
    assert float(p) == 0.5 and opt.step() is None


@pytest.mark.parametrize(
    "name,options", [("SGD", dict(momentum=0.9)), ("SGD", {}), ("Adam", dict(amsgrad=True)), ("AdamW", {})]
)
def test_state_dict_resumes_exactly(w, name, options):
    start, grads = problem()
    make = lambda p: getattr(w.optim, name)(p, lr=0.1, **options)  # noqa: E731
    p = w.nn.Parameter(to_tensor(w, start))
    opt = make([p])
    for grad in grads[:3]:
        p.grad = to_tensor(w, grad)
        opt.step()
    state = copy.deepcopy(opt.state_dict())
    q = w.nn.Parameter(p.detach().clone())
    resumed = make([q])
    resumed.load_state_dict(state)
    for grad in grads[3:]:
        p.grad, q.grad = to_tensor(w, grad), to_tensor(w, grad)
        opt.step()
        resumed.step()
    np.testing.assert_array_equal(to_numpy(p), to_numpy(q))
    assert state["param_groups"][0]["params"] == [0] and state["param_groups"][0]["lr"] == 0.1


def test_state_dict_form(w):
    p, q = w.nn.Parameter(w.ones(2)), w.nn.Parameter(w.ones(3))
    opt = w.optim.Adam([{"params": [p]}, {"params": [q], "lr": 0.5}])
    p.grad, q.grad = w.ones(2), w.ones(3)
    opt.step()
    opt.step()
    state = opt.state_dict()
    assert [group["params"] for group in state["param_groups"]] == [[0], [1]]
    assert set(state["state"]) == {0, 1} and set(state["state"][0]) == {"step", "exp_avg", "exp_avg_sq"}
    assert float(state["state"][1]["step"]) == 2 and tuple(state["state"][1]["exp_avg"].shape) == (3,)


def test_state_dict_converts_to_the_parameter(w):
    p = w.nn.Parameter(w.ones(2))
    opt = w.optim.SGD([p], lr=0.1, momentum=0.9)
    p.grad = w.ones(2)
    opt.step()
    q = w.nn.Parameter(w.ones(2, dtype=w.float64))
    other = w.optim.SGD([q], lr=0.5, momentum=0.1)
    other.load_state_dict(opt.state_dict())
    assert other.state[q]["momentum_buffer"].dtype == w.float64
    assert other.param_groups[0]["lr"] == 0.1 and other.param_groups[0]["momentum"] == 0.9
    other.state[q]["momentum_buffer"].zero_()
    assert to_numpy(opt.state[p]["momentum_buffer"]).tolist() == [1, 1]


def test_state_dict_that_does_not_fit(w):
    p, q = w.nn.Parameter(w.ones(2)), w.nn.Parameter(w.ones(2))
    opt = w.optim.SGD([p], lr=0.1)
    for other in (w.optim.SGD([{"params": [p]}, {"params": [q]}], lr=0.5), w.optim.SGD([p, q], lr=0.5)):
        with pytest.raises(ValueError):
            opt.load_state_dict(other.state_dict())
    assert opt.param_groups[0]["lr"] == 0.1


@weft_only
def test_state_of_another_shape_changes_nothing(w):
    p, q = w.nn.Parameter(w.ones(2)), w.nn.Parameter(w.ones(3))
    one, other = (w.optim.SGD([x], lr=lr, momentum=0.9) for x, lr in ((p, 0.1), (q, 0.5)))
    q.grad = w.ones(3)
    other.step()
    with pytest.raises(ValueError, match=r"momentum_buffer of parameter 0 has shape \(3,\)"):
        one.load_state_dict(other.state_dict())
    assert one.param_groups[0]["lr"] == 0.1 and not one.state


@pytest.mark.parametrize(
    "name,options",
    [
        ("SGD", dict(lr=-1.0)),
        ("SGD", dict(lr=0.1, momentum=-0.5)),
        ("SGD", dict(lr=0.1, weight_decay=-1.0)),
        ("SGD", dict(lr=0.1, nesterov=True)),
        ("SGD", dict(lr=0.1, nesterov=True, momentum=0.9, dampening=0.1)),
        ("Adam", dict(lr=-1.0)),
        ("Adam", dict(eps=-1.0)),
        ("Adam", dict(betas=(1.0, 0.9))),
        ("Adam", dict(betas=(0.9, -0.1))),
        ("AdamW", dict(weight_decay=-1.0)),
    ],
)
def test_bad_options(w, name, options):
    with pytest.raises(ValueError):
        getattr(w.optim, name)([w.nn.Parameter(w.ones(1))], **options)


def test_bad_parameters(w):
    p = w.nn.Parameter(w.ones(1))
    for bad, error in (
        ([], ValueError),
        (p, TypeError),
        ([1.0], TypeError),
        ([p * 2], ValueError),
        ([{"params": [p]}, {"params": [p]}], ValueError),
        ([{"params": {p}}], TypeError),
    ):
        with pytest.raises(error):
            w.optim.SGD(bad, lr=0.1)


@weft_only
def test_missing_and_repeated_parameters(w):
    p = w.nn.Parameter(w.ones(1))
    with pytest.warns(UserWarning, match="more than once"):
        opt = w.optim.SGD([("a", p), ("b", p), ("c", w.nn.Parameter(w.ones(1)))], lr=0.5)
    assert opt.param_groups[0]["param_names"] == ["a", "c"] and len(opt.param_groups[0]["params"]) == 2
    p.grad = w.ones(1)
    opt.step()
    assert p.item() == 0.5  # one step
    opt = w.optim.SGD([p], lr=0.1)
    with pytest.raises(ValueError, match="another group"):
        opt.add_param_group({"params": [p]})
    assert len(opt.param_groups) == 1
    with pytest.raises(ValueError, match="lr"):
        opt.add_param_group({"params": [w.nn.Parameter(w.ones(1))], "lr": -1})
    assert len(opt.param_groups) == 1
    with pytest.raises(TypeError):
        opt.add_param_group([p])
    with pytest.raises(NotImplementedError):
        w.optim.Optimizer([p], {}).step()


def test_training_reduces_a_loss(w):
    rng = np.random.default_rng(0)
    x, y = to_tensor(w, rng.standard_normal((64, 4)), "float32"), to_tensor(w, rng.standard_normal((64, 1)), "float32")
    for name, options in (("SGD", dict(lr=0.05, momentum=0.9)), ("Adam", dict(lr=0.01)), ("AdamW", dict(lr=0.01))):
        model = w.nn.Sequential(w.nn.Linear(4, 16), w.nn.Tanh(), w.nn.Linear(16, 1))
        opt, losses = getattr(w.optim, name)(model.parameters(), **options), []
        for _ in range(60):
            opt.zero_grad()
            loss = w.nn.functional.mse_loss(model(x), y)
            loss.backward()
            opt.step()
            losses.append(loss.item())
        assert losses[-1] < 0.75 * losses[0], name


@weft_only
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_options_of_a_wrong_type_are_refused_at_once(w, name):
    """In the constructor, for an added group and for a loaded state; nothing is changed then."""
    make, p, q = getattr(w.optim, name), w.nn.Parameter(w.ones(1)), w.nn.Parameter(w.ones(1))
    opt = make([p], lr=0.1)
    for option in opt.defaults:
        if option == "decoupled_weight_decay" and name == "AdamW":
            continue
        with pytest.raises(TypeError, match=f"{name}: .*{option}"):
            make([p], **{"lr": 0.1, option: "x"})
        with pytest.raises(TypeError, match=f"{name}: .*{option}"):
            opt.add_param_group({"params": [q], option: "x"})
        state = opt.state_dict()
        state["param_groups"][0][option] = "x"
        with pytest.raises(TypeError, match=f"{name}: .*{option}"):
            opt.load_state_dict(state)
    assert len(opt.param_groups) == 1 and opt.param_groups[0]["lr"] == 0.1
    if name != "SGD":
        for betas in (0.9, (0.9,), (0.9, "x")):
            with pytest.raises(TypeError, match=f"{name}: .*betas"):
                make([p], betas=betas)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_a_flag_that_is_none_is_off(w, name):
    p = w.nn.Parameter(w.ones(1))
    opt = getattr(w.optim, name)([p], lr=0.1, maximize=None)
    p.sum().backward()
    opt.step()
    assert p.item() < 1


@weft_only
def test_what_is_missing_in_groups_and_states_is_named(w):
    p = w.nn.Parameter(w.ones(1))
    with pytest.raises(ValueError, match=r"'params'.*\['foo'\]"):
        w.optim.SGD([{"foo": 1}], lr=0.1)
    opt = w.optim.SGD([p], lr=0.1)
    schedule = w.optim.lr_scheduler.LambdaLR(opt, lambda epoch: 1)
    chain = w.optim.lr_scheduler.ChainedScheduler([schedule])
    state = opt.state_dict()
    for what, bad, error, says in (
        (opt, {}, ValueError, "'state'"),
        (opt, None, TypeError, "a dict"),
        (opt, {"state": {}}, ValueError, "'param_groups'"),
        (opt, {**state, "state": None}, TypeError, "state"),
        (opt, {**state, "param_groups": None}, TypeError, "param_groups"),
        (opt, {**state, "param_groups": [{}]}, ValueError, "'params'"),
        (opt, {**state, "param_groups": [3]}, TypeError, "a dict"),
        (schedule, {}, ValueError, "'lr_lambdas'"),
        (schedule, None, TypeError, "a dict"),
        (chain, {}, ValueError, "'_schedulers'"),
        (w.amp.GradScaler("cpu"), {"scale": 1.0}, ValueError, "'growth_factor'"),
    ):
        with pytest.raises(error, match=f"load_state_dict.*{says}"):
            what.load_state_dict(bad)


def test_all_parameters_have_names_or_none(w):
    p, q = w.nn.Parameter(w.ones(1)), w.nn.Parameter(w.ones(1))
    with pytest.raises(ValueError, match="names"):
        w.optim.SGD([("p", p), q], lr=0.1)
    opt = w.optim.SGD([p], lr=0.1)
    with pytest.raises(ValueError, match="names"):
        opt.add_param_group({"params": [("q", q)]})
    assert len(opt.param_groups) == 1


def test_names_stay_when_the_loaded_state_has_none(w):
    saved = w.optim.SGD([w.nn.Parameter(w.ones(1))], lr=0.1).state_dict()
    named = w.optim.SGD([("p", w.nn.Parameter(w.ones(1)))], lr=0.5)
    named.load_state_dict(saved)
    assert named.param_groups[0]["param_names"] == ["p"] and named.param_groups[0]["lr"] == 0.1


def test_a_hook_may_add_anything_to_the_state(w):
    opt = w.optim.SGD([w.nn.Parameter(w.ones(1))], lr=0.1)
    opt.register_state_dict_pre_hook(lambda optimizer: optimizer.state.__setitem__("epoch", 3))
    saved = opt.state_dict()
    assert saved["state"]["epoch"] == 3
    other = w.optim.SGD([w.nn.Parameter(w.ones(1))], lr=0.1)
    other.load_state_dict(saved)
    assert other.state["epoch"] == 3


def test_the_defaults_are_checked_first(w):
    p = w.nn.Parameter(w.ones(1))
    for name in ("SGD", "Adam", "RMSprop", "LBFGS"):
        kind = getattr(w.optim, name)
        with pytest.raises(ValueError, match="lr"):
            kind(None, lr=w.tensor([0.1, 0.2]))
        with pytest.raises(ValueError, match="lr|learning rate"):
            kind([{"params": [p], "lr": 0.1}], lr=-1.0)
        with pytest.raises(TypeError):
            kind(3, lr=0.1)

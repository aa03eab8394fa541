"""optimizer.state: read at every step, changed by no step that fails."""

import copy

import numpy as np
import pytest

MAKERS = {
    "sgd": lambda w, p: w.optim.SGD(p, lr=0.1),
    "momentum": lambda w, p: w.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5),
    "nesterov": lambda w, p: w.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda w, p: w.optim.Adam(p, lr=0.1),
    "amsgrad": lambda w, p: w.optim.Adam(p, lr=0.1, amsgrad=True),
    "adamw": lambda w, p: w.optim.AdamW(p, lr=0.1, weight_decay=0.1),
}
STATEFUL = [name for name in MAKERS if name != "sgd"]


def parameters(w, shapes=((3,), (2, 2), (5,))):
    return [w.nn.Parameter(w.arange(float(np.prod(s))).reshape(s) + 1) for s in shapes]


def give_gradients(w, params, seed):
    rng = np.random.default_rng(seed)
    for p in params:
        p.grad = w.tensor(rng.standard_normal(tuple(p.shape)), dtype=p.dtype)


def steps(w, opt, params, seeds):
    for seed in seeds:
        give_gradients(w, params, seed)
        opt.step()


def same(params, others):
    return all(np.array_equal(p.detach().numpy(), q.detach().numpy()) for p, q in zip(params, others, strict=True))


def forget_by_new_dict(w, opt, p):
    opt.state[p] = {}


def forget_by_clear(w, opt, p):
    opt.state[p].clear()


def forget_by_pop(w, opt, p):
    opt.state.pop(p)


def forget_entries(w, opt, p):
    for name in list(opt.state[p]):
        opt.state[p][name] = w.tensor(0.0) if name == "step" else w.zeros_like(p.detach())
    if "momentum_buffer" in opt.state[p]:
        opt.state[p]["momentum_buffer"] = None


@pytest.mark.parametrize("forget", [forget_by_new_dict, forget_by_clear, forget_by_pop, forget_entries])
@pytest.mark.parametrize("name", STATEFUL)
@pytest.mark.parametrize("jitted", [False, True])
def test_a_parameter_without_state_starts_anew(w, name, forget, jitted):
    params = parameters(w)
    opt = MAKERS[name](w, params)
    step = w.jit(opt.step) if jitted else opt.step

    def run(seeds):
        for seed in seeds:
            give_gradients(w, params, seed)
            step()

    run(range(3))
    fresh = [w.nn.Parameter(p.detach().clone()) for p in params]
    other = MAKERS[name](w, fresh)
    for p, q in zip(params[:2], fresh[:2]):  # two go on, the third starts anew
        other.state[q] = copy.deepcopy(opt.state[p])
    forget(w, opt, params[2])
    run(range(3, 6))
    steps(w, other, fresh, range(3, 6))
    assert same(params, fresh)


@pytest.mark.parametrize("name", STATEFUL)
@pytest.mark.parametrize("jitted", [False, True])
def test_all_state_replaced_by_that_of_another(w, name, jitted):
    params, others = parameters(w), parameters(w)
    opt, other = MAKERS[name](w, params), MAKERS[name](w, others)
    step = w.jit(opt.step) if jitted else opt.step
    for seed in range(3):
        give_gradients(w, params, seed)
        step()
    steps(w, other, others, range(10, 12))
    for p, q in zip(params, others):
        opt.state[p].update(copy.deepcopy(other.state[q]))
        p.data.copy_(q.detach())
    for seed in range(20, 23):
        give_gradients(w, params, seed)
        step()
    steps(w, other, others, range(20, 23))
    assert same(params, others)


def test_the_step_of_one_parameter(w):
    p = w.nn.Parameter(w.zeros(1))
    opt = w.optim.Adam([p], lr=0.1)
    steps(w, opt, [p], range(3))
    state = opt.state[p]
    state["step"] = w.tensor(0.0)
    state["exp_avg"].zero_()
    state["exp_avg_sq"].zero_()
    before = p.item()
    p.grad = w.full((1,), 1e-3)
    opt.step()
    assert before - p.item() == pytest.approx(0.1, abs=1e-3)
    assert opt.state[p]["step"] == 1


def test_the_dict_of_a_parameter_replaced_by_a_copy(w):
    params = parameters(w)
    opt = w.optim.Adam(params, lr=0.1)
    steps(w, opt, params, range(2))
    for p in params:
        opt.state[p] = dict(opt.state[p])
    steps(w, opt, params, range(2))
    assert all(opt.state[p]["step"] == 4 for p in params)


@pytest.mark.parametrize("name", MAKERS)
def test_several_steps_in_one_jitted_call(w, name):
    params, others = parameters(w), parameters(w)
    opt, other = MAKERS[name](w, params), MAKERS[name](w, others)

    @w.jit
    def twice(grads):
        for half in (grads[:3], grads[3:]):
            for p, g in zip(params, half):
                p.grad = g
            opt.step()

    def gradients(seed):
        rng = np.random.default_rng(seed)
        return [w.tensor(rng.standard_normal(tuple(p.shape)), dtype=p.dtype) for _ in range(2) for p in params]

    for seed in range(4):
        twice(gradients(seed))
        for half in (gradients(seed)[:3], gradients(seed)[3:]):
            for p, g in zip(others, half):
                p.grad = g
            other.step()
    assert same(params, others)


# A step that fails


def snapshot(opt):
    return {
        id(p): {name: np.array(value.numpy() if hasattr(value, "numpy") else value) for name, value in entry.items()}
        for p, entry in opt.state.items()
    }


def same_state(state, other):
    return state.keys() == other.keys() and all(
        state[p].keys() == other[p].keys() and all(np.array_equal(state[p][name], other[p][name]) for name in state[p])
        for p in state
    )


@pytest.mark.parametrize("warm", [0, 2])
@pytest.mark.parametrize("name", MAKERS)
def test_no_failing_allocation_changes_anything(w, name, warm):
    """Every allocation that a step makes fails in turn; two groups, one parameter that is not contiguous."""
    shapes = ((400_000,), (600, 700), (500_000,))

    def make():
        params = [w.nn.Parameter(w.ones(s)) for s in shapes]
        params.append(w.nn.Parameter(w.ones(1500, 1000).t()))  # worked on as a contiguous copy
        opt = MAKERS[name](w, [{"params": params[:2]}, {"params": params[2:], "lr": 0.2}])
        return params, opt

    def gradients(params):
        for i, p in enumerate(params):
            p.grad = w.ones(p.shape) * (i + 1)

    def ready():
        params, opt = make()
        for _ in range(warm):
            gradients(params)
            opt.step()
        gradients(params)
        return params, opt

    reference, its_opt = ready()
    its_opt.step()
    params, opt = ready()
    failures = 0
    try:
        for room in range(0, 60_000_000, 1_500_000):
            w.memory.empty_cache()
            before, state = [p.detach().numpy().copy() for p in params], snapshot(opt)
            w.memory.set_limit(w.memory.reserved() + room)
            try:
                opt.step()
                break
            except w.OutOfMemoryError:
                failures += 1
            finally:
                w.memory.set_limit(None)
            assert all(np.array_equal(p.detach().numpy(), q) for p, q in zip(params, before))
            assert same_state(snapshot(opt), state)
        else:
            raise AssertionError("the step never succeeded")
    finally:
        w.memory.set_limit(None)
    assert same(params, reference)
    assert failures
    assert snapshot(opt).keys() == ({id(p) for p in params} if name != "sgd" else set())


@pytest.mark.parametrize("name", MAKERS)
def test_a_bad_gradient_in_the_second_group_changes_nothing(w, name):
    a, b = w.nn.Parameter(w.ones(3)), w.nn.Parameter(w.ones(3))
    opt = MAKERS[name](w, [{"params": [a]}, {"params": [b]}])
    a.grad = w.ones(3)
    b.grad = w.ones(3)
    b.data = w.ones(1).expand(3)  # cannot be changed in place
    with pytest.raises(RuntimeError, match="share memory"):
        opt.step()
    assert a.tolist() == [1.0] * 3 and snapshot(opt) == {}


@pytest.mark.parametrize("to_none", [True, False])
def test_zero_grad(w, to_none):
    a, b = w.nn.Parameter(w.ones(3)), w.nn.Parameter(w.ones(3))
    a.grad, b.grad = w.ones(3), w.ones(1).expand(3)
    w.optim.SGD([a, b], lr=1.0).zero_grad(set_to_none=to_none)
    if to_none:
        assert a.grad is None and b.grad is None
    else:
        assert a.grad.tolist() == [0.0] * 3 == b.grad.tolist()


# Schedules


def test_a_schedule_whose_function_raises_stays_where_it_is(w):
    calls = []

    def factor(epoch):
        calls.append(epoch)
        if len(calls) == 3:
            raise ValueError("not now")
        return 0.5**epoch

    opt = w.optim.SGD([w.nn.Parameter(w.zeros(1))], lr=1.0)
    plain = w.optim.lr_scheduler.ExponentialLR(opt, gamma=1.0)
    schedule = w.optim.lr_scheduler.LambdaLR(opt, factor)
    chain = w.optim.lr_scheduler.ChainedScheduler([plain, schedule])
    chain.step()
    before = (chain.state_dict(), schedule.get_last_lr(), opt.param_groups[0]["lr"])
    with pytest.raises(ValueError, match="not now"):
        chain.step()
    assert (chain.state_dict(), schedule.get_last_lr(), opt.param_groups[0]["lr"]) == before
    chain.step()
    assert opt.param_groups[0]["lr"] == 0.25 and plain.last_epoch == schedule.last_epoch == 2

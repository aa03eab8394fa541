"""Learning-rate schedules against their formulas."""

import math
import warnings

import pytest
from support import weft_only


def optimizer(w, lr=0.5, groups=1, **options):
    params = [{"params": [w.nn.Parameter(w.zeros(1))], "lr": lr * (i + 1)} for i in range(groups)]
    return w.optim.SGD(params, lr=lr, **options)


def rates(opt, scheduler, steps):
    """The first group's rate before each step."""
    path = []
    for _ in range(steps):
        path.append(opt.param_groups[0]["lr"])
        opt.step()
        scheduler.step()
    return path


def one_cycle(t, low=0.04, high=1.0, total=10, pct=0.3, final=1e4):
    def cosine(a, b, share):
        return b + (a - b) / 2 * (1 + math.cos(math.pi * share))

    top = pct * total - 1
    return cosine(low, high, t / top) if t <= top else cosine(high, low / final, (t - top) / (total - 1 - top))


def restarts(t, first=3, factor=2):
    length = first
    while t >= length:
        t -= length
        length *= factor
    return (1 + math.cos(math.pi * t / length)) / 2


SCHEDULES = [
    ("StepLR", dict(step_size=3, gamma=0.5), lambda t: 0.5 ** (t // 3)),
    ("MultiStepLR", dict(milestones=[5, 2, 2], gamma=0.5), lambda t: 0.5 ** (2 * (t >= 2) + (t >= 5))),
    ("ConstantLR", dict(factor=0.25, total_iters=4), lambda t: 0.25 if t < 4 else 1),
    ("LinearLR", dict(start_factor=0.5, total_iters=4), lambda t: 0.5 + 0.5 * min(t, 4) / 4),
    ("LinearLR", dict(start_factor=1.0, end_factor=0.0, total_iters=4), lambda t: 1 - min(t, 4) / 4),
    ("ExponentialLR", dict(gamma=0.9), lambda t: 0.9**t),
    ("PolynomialLR", dict(total_iters=6, power=2.0), lambda t: (1 - min(t, 6) / 6) ** 2),
    ("CosineAnnealingLR", dict(T_max=4), lambda t: (1 + math.cos(math.pi * t / 4)) / 2),
    ("CosineAnnealingLR", dict(T_max=4, eta_min=0.1), lambda t: 0.2 + 0.8 * (1 + math.cos(math.pi * t / 4)) / 2),
    ("LambdaLR", dict(lr_lambda=lambda t: 1 / (1 + t)), lambda t: 1 / (1 + t)),
    ("MultiplicativeLR", dict(lr_lambda=lambda t: 0.9), lambda t: 0.9**t),
    ("CosineAnnealingWarmRestarts", dict(T_0=3, T_mult=2), restarts),
    ("CosineAnnealingWarmRestarts", dict(T_0=3), lambda t: restarts(t, factor=1)),
]


@pytest.mark.parametrize("name,options,factor", SCHEDULES)
def test_schedule(w, name, options, factor):
    opt = optimizer(w)
    scheduler = getattr(w.optim.lr_scheduler, name)(opt, **options)
    got = rates(opt, scheduler, 14)
    assert got == pytest.approx([0.5 * factor(t) for t in range(14)], rel=1e-9, abs=1e-12)
    assert scheduler.get_last_lr() == [opt.param_groups[0]["lr"]]


def test_every_group_has_its_rate(w):
    opt = optimizer(w, groups=2)
    scheduler = w.optim.lr_scheduler.ExponentialLR(opt, gamma=0.5)
    opt.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [0.25, 0.5] and scheduler.base_lrs == [0.5, 1.0]
    opt = optimizer(w, groups=2)
    scheduler = w.optim.lr_scheduler.LambdaLR(opt, [lambda t: 1.0, lambda t: 0.5])
    assert scheduler.get_last_lr() == [0.5, 0.5]
    with pytest.raises(ValueError):
        w.optim.lr_scheduler.LambdaLR(opt, [lambda t: 1.0])


def test_one_cycle(w):
    opt = optimizer(w, momentum=0.9)
    scheduler = w.optim.lr_scheduler.OneCycleLR(opt, max_lr=1.0, total_steps=10)
    path, momenta = [], []
    for _ in range(10):
        path.append(opt.param_groups[0]["lr"])
        momenta.append(opt.param_groups[0]["momentum"])
        opt.step()
        scheduler.step()
    assert path == pytest.approx([one_cycle(t) for t in range(10)], rel=1e-9)
    assert momenta[0] == pytest.approx(0.95) and min(momenta) == pytest.approx(0.85)
    assert momenta[2] == pytest.approx(0.85) and momenta[9] == pytest.approx(0.95)
    with pytest.raises(ValueError):
        scheduler.step()


def test_one_cycle_three_phases_with_adam(w):
    opt = w.optim.Adam([w.nn.Parameter(w.zeros(1))], lr=0.1)
    scheduler = w.optim.lr_scheduler.OneCycleLR(
        opt, max_lr=1.0, epochs=2, steps_per_epoch=10, three_phase=True, anneal_strategy="linear", div_factor=10.0
    )
    got = rates(opt, scheduler, 19)
    assert got[0] == pytest.approx(0.1) and got[5] == pytest.approx(1.0) and got[10] == pytest.approx(0.1)
    assert opt.param_groups[0]["lr"] == pytest.approx(1e-5) and opt.param_groups[0]["betas"][1] == 0.999
    with pytest.raises(ValueError):
        w.optim.lr_scheduler.OneCycleLR(opt, max_lr=1.0)


@pytest.mark.parametrize(
    "mode,height",
    [("triangular", lambda c, t: 1), ("triangular2", lambda c, t: 0.5**c), ("exp_range", lambda c, t: 0.99**t)],
)
def test_cyclic(w, mode, height):
    opt = optimizer(w, momentum=0.9)
    scheduler = w.optim.lr_scheduler.CyclicLR(
        opt,
        base_lr=0.1,
        max_lr=0.5,
        step_size_up=3,
        step_size_down=2,
        mode=mode,
        gamma=0.99 if mode == "exp_range" else 1.0,
    )
    triangle = [0, 1 / 3, 2 / 3, 1, 0.5]
    expected = [0.1 + 0.4 * triangle[t % 5] * height(t // 5, t) for t in range(13)]
    assert rates(opt, scheduler, 13) == pytest.approx(expected, rel=1e-9)


def test_cyclic_moves_momentum_the_other_way(w):
    opt = optimizer(w, momentum=0.9)
    scheduler = w.optim.lr_scheduler.CyclicLR(opt, base_lr=0.1, max_lr=0.5, step_size_up=2)
    momenta = []
    for _ in range(5):
        momenta.append(opt.param_groups[0]["momentum"])
        opt.step()
        scheduler.step()
    assert momenta == pytest.approx([0.9, 0.85, 0.8, 0.85, 0.9])


def test_sequential(w):
    opt = optimizer(w)
    s = w.optim.lr_scheduler
    parts = [s.ConstantLR(opt, factor=0.1, total_iters=2), s.ExponentialLR(opt, gamma=0.9), s.StepLR(opt, 1, 0.5)]
    scheduler = s.SequentialLR(opt, parts, milestones=[2, 5])
    expected = [0.05, 0.05, 0.5, 0.45, 0.405, 0.5, 0.25, 0.125]
    assert rates(opt, scheduler, 8) == pytest.approx(expected, rel=1e-9)
    with pytest.raises(ValueError):
        s.SequentialLR(opt, parts, milestones=[2])


def test_chained(w):
    opt = optimizer(w)
    s = w.optim.lr_scheduler
    scheduler = s.ChainedScheduler([s.ConstantLR(opt, factor=0.1, total_iters=2), s.ExponentialLR(opt, gamma=0.9)])
    expected = [0.5 * 0.9**t * (0.1 if t < 2 else 1) for t in range(6)]
    assert rates(opt, scheduler, 6) == pytest.approx(expected, rel=1e-9)
    assert scheduler.get_last_lr() == [opt.param_groups[0]["lr"]]
    with pytest.raises(ValueError):
        s.ChainedScheduler([s.StepLR(opt, 1), s.StepLR(optimizer(w), 1)])


def test_plateau(w):
    opt = optimizer(w)
    scheduler = w.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=1, cooldown=1, min_lr=0.1)
    path = []
    for loss in [3.0, 2.0, 2.0, 1.99999, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]:
        opt.step()
        scheduler.step(w.tensor(loss))
        path.append(opt.param_groups[0]["lr"])
    assert path == pytest.approx([0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125, 0.1, 0.1])
    opt = optimizer(w)
    scheduler = w.optim.lr_scheduler.ReduceLROnPlateau(opt, mode="max", patience=0, threshold=0.1, threshold_mode="abs")
    for figure in (0.5, 0.61, 0.65):
        scheduler.step(figure)
    assert opt.param_groups[0]["lr"] == pytest.approx(0.05)


@pytest.mark.parametrize("name,options,factor", SCHEDULES)
def test_state_dict_resumes(w, name, options, factor):
    def make():
        opt = optimizer(w)
        return opt, getattr(w.optim.lr_scheduler, name)(opt, **options)

    opt, scheduler = make()
    rates(opt, scheduler, 5)
    other, resumed = make()
    resumed.load_state_dict(scheduler.state_dict())
    other.load_state_dict(opt.state_dict())
    assert "optimizer" not in scheduler.state_dict()
    assert rates(other, resumed, 5) == pytest.approx(rates(opt, scheduler, 5))


def test_resuming_at_an_epoch(w):
    opt = optimizer(w)
    with pytest.raises(KeyError):
        w.optim.lr_scheduler.StepLR(opt, 3, last_epoch=4)
    opt.param_groups[0]["initial_lr"] = 0.5
    opt.param_groups[0]["lr"] = 0.25
    scheduler = w.optim.lr_scheduler.StepLR(opt, 3, gamma=0.5, last_epoch=4)
    assert scheduler.last_epoch == 5
    assert rates(opt, scheduler, 2) == pytest.approx([0.25, 0.125])


@weft_only
def test_bad_arguments(w):
    s, opt = w.optim.lr_scheduler, optimizer(w)
    for bad in (
        lambda: s.LinearLR(opt, start_factor=0.0),
        lambda: s.ConstantLR(opt, factor=2.0),
        lambda: s.ReduceLROnPlateau(opt, factor=1.0),
        lambda: s.ReduceLROnPlateau(opt, mode="down"),
        lambda: s.OneCycleLR(opt, max_lr=1.0, total_steps=0),
        lambda: s.OneCycleLR(opt, max_lr=1.0, total_steps=5, anneal_strategy="step"),
        lambda: s.CosineAnnealingWarmRestarts(opt, T_0=0),
        lambda: s.CyclicLR(opt, 0.1, 0.5, mode="square"),
        lambda: s.SequentialLR(opt, [], milestones=[]),
    ):
        with pytest.raises(ValueError):
            bad()
    with pytest.raises(TypeError, match="Optimizer"):
        s.StepLR("optimizer", 3)


def test_a_jump_to_an_epoch_warns(w):
    opt = optimizer(w)
    scheduler = w.optim.lr_scheduler.StepLR(opt, 2, gamma=0.5)
    opt.step()
    with pytest.warns(UserWarning, match="deprecated"):
        scheduler.step(4)
    assert scheduler.get_last_lr() == [0.125]


def test_a_rate_that_is_a_tensor_of_the_caller_is_copied(w):
    lr, high = w.tensor(0.5), w.tensor(1.0)
    opt = w.optim.SGD([w.nn.Parameter(w.zeros(1))], lr=lr, momentum=0.9)
    scheduler = w.optim.lr_scheduler.CyclicLR(opt, base_lr=lr, max_lr=high, step_size_up=2, cycle_momentum=False)
    lr.mul_(0.5)
    high.mul_(0.5)
    assert float(scheduler.base_lrs[0]) == 0.5 == float(opt.param_groups[0]["initial_lr"])
    assert float(scheduler.max_lrs[0]) == 1.0
    opt = w.optim.SGD([w.nn.Parameter(w.zeros(1))], lr=lr)
    scheduler = w.optim.lr_scheduler.ExponentialLR(opt, gamma=0.5)
    lr.mul_(2)
    assert float(scheduler.base_lrs[0]) == 0.25 == float(opt.param_groups[0]["initial_lr"])


def test_a_resumed_cosine_does_not_depend_on_the_rate_of_the_optimizer(w):
    opt = optimizer(w)
    scheduler = w.optim.lr_scheduler.CosineAnnealingLR(opt, 5, eta_min=0.1)
    opt.step()
    scheduler.step()
    before = scheduler.get_last_lr()
    resumed = w.optim.lr_scheduler.CosineAnnealingLR(opt, 5, eta_min=0.1, last_epoch=0)
    assert resumed.get_last_lr() == pytest.approx(before)


@weft_only
def test_plateau_refuses_groups_without_a_lowest_rate(w):
    opt = optimizer(w, groups=2)
    scheduler = w.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=0, min_lr=[1e-5, 1e-4])
    opt.add_param_group({"params": [w.nn.Parameter(w.zeros(1))], "lr": 0.5})
    with pytest.raises(RuntimeError, match="3 parameter groups, min_lr was given for 2"):
        scheduler.step(1.0)


def test_plateau_takes_one_lowest_rate_for_added_groups(w):
    opt = optimizer(w)
    scheduler = w.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=0, min_lr=0.2)
    opt.add_param_group({"params": [w.nn.Parameter(w.zeros(1))], "lr": 1.0})
    for loss in (1.0, 1.0):
        opt.step()
        scheduler.step(loss)
    assert scheduler.get_last_lr() == [0.2, 0.2]


def test_a_sequence_takes_a_chain(w):
    opt = optimizer(w, lr=1.0)
    low = w.optim.lr_scheduler.ConstantLR(opt, factor=0.5, total_iters=9)
    fall = w.optim.lr_scheduler.ExponentialLR(opt, gamma=0.5)
    last = w.optim.lr_scheduler.ConstantLR(opt, factor=0.25, total_iters=9)
    chain = w.optim.lr_scheduler.ChainedScheduler([low, fall])
    scheduler = w.optim.lr_scheduler.SequentialLR(opt, [chain, last], milestones=[3])
    assert rates(opt, scheduler, 5) == pytest.approx([0.5, 0.25, 0.125, 0.25, 0.25])


def test_members_of_a_sequence_may_override_step(w):
    class Counting(w.optim.lr_scheduler.ConstantLR):
        steps = ()

        def step(self, epoch=None):
            self.steps = (*self.steps, epoch)
            super().step(epoch)

    optimizer = w.optim.SGD([w.ones(1, requires_grad=True)], lr=1.0)
    schedules = w.optim.lr_scheduler
    second = Counting(optimizer, factor=0.5, total_iters=5)
    both = schedules.SequentialLR(optimizer, [schedules.ConstantLR(optimizer, factor=0.1), second], [2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(4):
            both.step()
    assert second.steps == (None, 0, None, None) and both.get_last_lr() == [0.5]


@pytest.mark.parametrize("name,first", [("LinearLR", 1 / 3), ("ConstantLR", 1 / 3), ("PolynomialLR", 1)])
def test_no_epochs_leave_the_first_rate(w, name, first):
    for count in (0, -1):
        opt = optimizer(w, 1.0)
        scheduler = getattr(w.optim.lr_scheduler, name)(opt, total_iters=count)
        assert opt.param_groups[0]["lr"] == pytest.approx(first)
        assert rates(opt, scheduler, 3) == pytest.approx([first] * 3)
    if name == "ConstantLR":
        opt = optimizer(w, 1.0)
        w.optim.lr_scheduler.ConstantLR(opt, factor=0, total_iters=0)
        assert opt.param_groups[0]["lr"] == 0


def test_a_schedule_warns_when_it_goes_first(w):
    def made():
        opt = w.optim.SGD([w.nn.Parameter(w.ones(1))], lr=1.0)
        return opt, w.optim.lr_scheduler.StepLR(opt, step_size=1)

    opt, scheduler = made()
    with pytest.warns(UserWarning, match="before"):
        scheduler.step()
    opt, scheduler = made()
    opt.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()
        scheduler.step()


def test_cycles_keep_the_limits_of_momentum_in_the_groups(w):
    opt = w.optim.SGD([w.nn.Parameter(w.ones(1))], lr=1.0, momentum=0.5)
    high = w.tensor(0.9)
    w.optim.lr_scheduler.CyclicLR(opt, 0.1, 1.0, base_momentum=0.7, max_momentum=high)
    high.mul_(2)
    group = opt.param_groups[0]
    assert group["base_momentum"] == 0.7 and float(group["max_momentum"]) == pytest.approx(0.9)


def test_swalr_takes_whole_epochs(w):
    opt = w.optim.SGD([w.nn.Parameter(w.ones(1))], lr=1.0)
    for bad in (-1, 1.5):
        with pytest.raises(ValueError, match="anneal_epochs"):
            w.optim.swa_utils.SWALR(opt, swa_lr=0.5, anneal_epochs=bad)

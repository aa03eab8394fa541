"""Autocast and gradient scaling."""

import math
import threading

import pytest
from support import weft_only


def half_of(w, device):
    return w.float16 if device == "cuda" else w.bfloat16


def test_rules(w, device):
    a, b, half = w.ones(4, 4, device=device), w.ones(4, 4, device=device), half_of(w, device)
    image, kernel = w.ones(1, 2, 5, 5, device=device), w.ones(3, 2, 3, 3, device=device)
    F = w.nn.functional
    with w.autocast(device):
        assert w.is_autocast_enabled(device) and w.get_autocast_dtype(device) == half
        h = a @ b
        assert h.dtype == half
        for result in (F.linear(a, b), w.mm(a, b), F.conv2d(image, kernel), w.relu(h), h + h, w.addmm(a, a, b)):
            assert result.dtype == half
        for result in (h.exp(), h.log(), h.pow(2), F.softmax(h, -1), F.layer_norm(h, (4,)), h.sum(), h.norm()):
            assert result.dtype == w.float32
        for result in (h.cumsum(0), F.mse_loss(h, h), F.cross_entropy(h, w.zeros(4, dtype=w.int64, device=device))):
            assert result.dtype == w.float32
        for result in (w.mm(h, a), F.linear(h, a, a[0]), h @ a, w.addmm(a, h, b), F.conv2d(image.to(half), kernel)):
            assert result.dtype == half, "operands of different dtypes are brought to one"
        assert F.conv_transpose2d(image, kernel.transpose(0, 1), w.ones(3, device=device)).dtype == half
        assert (h + a).dtype == w.cat([h, a]).dtype == w.float32
        assert (a.double() @ b.double()).dtype == w.float64
        assert (a.int() + 1).dtype == w.int32
        with w.autocast(device, enabled=False):
            assert not w.is_autocast_enabled(device) and (a @ b).dtype == w.float32
        with w.autocast(device, dtype=w.bfloat16):
            assert (a @ b).dtype == w.bfloat16
        assert (a @ b).dtype == half
    assert not w.is_autocast_enabled(device) and (a @ b).dtype == w.float32


def test_training(w, device):
    """Parameters and their gradients stay in float32, and the loss is close to that without autocast."""
    w.manual_seed(0)
    model = w.nn.Sequential(w.nn.Linear(8, 16), w.nn.GELU(), w.nn.LayerNorm(16), w.nn.Linear(16, 4)).to(device)
    x, y = w.randn(32, 8).to(device), w.randint(0, 4, (32,)).to(device)
    plain = w.nn.functional.cross_entropy(model(x), y)
    plain_grads = w.autograd.grad(plain, list(model.parameters()))
    with w.autocast(device):
        loss = w.nn.functional.cross_entropy(model(x), y)
    assert loss.dtype == w.float32 and loss.item() == pytest.approx(plain.item(), abs=0.02)
    loss.backward()
    for parameter, wanted in zip(model.parameters(), plain_grads, strict=True):
        assert parameter.dtype == parameter.grad.dtype == w.float32
        assert (parameter.grad - wanted).abs().max().item() < 0.02


@weft_only
def test_casts_of_parameters_follow_their_changes(w, device):
    p, x = w.nn.Parameter(w.ones(2, 2, device=device)), w.ones(2, 2, device=device)
    with w.autocast(device):
        first = x @ p
        with w.no_grad():
            p.mul_(3)
        assert (x @ p)[0, 0].item() == 6
        (first.float().sum() + (x @ p).float().sum()).backward()
    assert p.grad.tolist() == [[4.0, 4.0], [4.0, 4.0]]


@weft_only
@pytest.mark.parametrize("keeps", [True, False])
def test_casts_of_parameters_are_kept_unless_told_otherwise(w, keeps):
    p, x = w.nn.Parameter(w.ones(2, 2)), w.ones(2, 2, dtype=w.bfloat16)
    with w.autocast("cpu", cache_enabled=keeps):
        _ = x @ p
        before = w.memory.stats()["allocations"]
        _ = x @ p
        assert w.memory.stats()["allocations"] - before == (1 if keeps else 2)


def test_decorator_and_backward_inside(w, device):
    @w.autocast(device)
    def forward(a, b):
        return a @ b

    a = w.ones(2, 2, device=device, requires_grad=True)
    assert forward(a, a).dtype == half_of(w, device)
    with w.autocast(device):
        forward(a, a).float().sum().backward()
    assert a.grad.dtype == w.float32 and a.grad.tolist() == [[4.0, 4.0], [4.0, 4.0]]


@weft_only
def test_bad_arguments(w):
    with pytest.raises(ValueError, match="float16 or bfloat16"):
        w.autocast("cpu", dtype=w.float64)
    with pytest.raises(RuntimeError, match="unknown device"):
        w.autocast("nonsense")


def scaled(w, device, **options):
    p = w.nn.Parameter(w.ones(3, device=device))
    return p, w.optim.SGD([p], lr=1.0), w.amp.GradScaler(device, **options)


def test_scaler_skips_overflowing_steps(w, device):
    p, optimizer, scaler = scaled(w, device, init_scale=4.0, growth_interval=2)
    for step, factor in enumerate([1.0, math.inf, math.nan, 1.0, 1.0]):
        optimizer.zero_grad()
        scaler.scale((p * factor).sum()).backward()
        before = p.tolist()
        scaler.step(optimizer)
        scaler.update()
        moved = p.tolist() != before
        assert moved == math.isfinite(factor), step
    # halved twice, then two good steps in a row
    assert scaler.get_scale() == 2.0
    assert p.tolist() == [-2.0] * 3


def test_scaler_unscales_for_clipping(w, device):
    p, optimizer, scaler = scaled(w, device, init_scale=8.0)
    scaler.scale((p * 0.5).sum()).backward()
    assert p.grad.tolist() == [4.0] * 3
    scaler.unscale_(optimizer)
    assert p.grad.tolist() == [0.5] * 3
    with pytest.raises(RuntimeError):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert p.tolist() == [0.5] * 3


def test_scaler_state(w, device):
    p, optimizer, scaler = scaled(w, device, init_scale=8.0, growth_interval=1)
    scaler.scale(p.sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    other = w.amp.GradScaler(device)
    other.load_state_dict(scaler.state_dict())
    assert other.get_scale() == scaler.get_scale() == 16.0
    assert other.state_dict() == scaler.state_dict()


def test_scaler_switched_off(w, device):
    p, optimizer, scaler = scaled(w, device, enabled=False)
    loss = p.sum()
    assert scaler.scale(loss) is loss and scaler.get_scale() == 1.0 and scaler.state_dict() == {}
    loss.backward()
    scaler.step(optimizer)
    scaler.update()
    assert p.tolist() == [0.0] * 3


@weft_only
def test_scaler_misuse(w):
    with pytest.raises(ValueError, match="growth_factor"):
        w.amp.GradScaler("cpu", growth_factor=1.0)
    with pytest.raises(ValueError, match="backoff_factor"):
        w.amp.GradScaler("cpu", backoff_factor=1.5)
    p, optimizer, scaler = scaled(w, "cpu")
    with pytest.raises(RuntimeError, match="call step"):
        scaler.update()
    scaler.scale(p.sum()).backward()
    scaler.step(optimizer)
    with pytest.raises(RuntimeError, match="call update"):
        scaler.step(optimizer)


@pytest.mark.parametrize("make", ["amp.GradScaler()", "amp.GradScaler('cuda')", "cuda.amp.GradScaler(8.0)"])
def test_a_scaler_for_gpus_without_one_is_disabled(w, make, monkeypatch):
    monkeypatch.setattr(w.cuda, "is_available", lambda: False)
    with pytest.warns(UserWarning, match="no GPU"):
        scaler = eval(f"w.{make}")
    assert not scaler.is_enabled() and scaler.scale(w.ones(1)).item() == 1.0 and scaler.get_scale() == 1.0
    p = w.nn.Parameter(w.zeros(1))
    p.grad = w.ones(1)
    scaler.step(w.optim.SGD([p], lr=1.0))
    scaler.update()
    assert p.item() == -1.0


def test_a_disabled_scaler_does_not_warn(w, monkeypatch, recwarn):
    monkeypatch.setattr(w.cuda, "is_available", lambda: False)
    w.cuda.amp.GradScaler(enabled=False)
    assert w.amp.GradScaler("cpu").is_enabled() and not recwarn


def test_a_scaler_for_a_device_that_does_not_exist(w):
    with pytest.raises((RuntimeError, ValueError), match="nonsense"):
        w.amp.GradScaler("nonsense")


@weft_only
def test_scopes_of_threads_do_not_disturb_each_other(w):
    layer, x = w.nn.Linear(4, 2), w.ones(3, 4)
    inside, go_on = threading.Event(), threading.Event()
    seen = []

    def other():
        with w.autocast("cpu"):
            inside.set()
            go_on.wait(10)
            seen.append(layer(x).dtype)
        seen.append(layer(x).dtype)

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(10)
    scope = w.autocast("cpu")
    assert layer(x).dtype is w.float32
    with scope, scope:
        assert layer(x).dtype is w.bfloat16
    assert layer(x).dtype is w.float32
    go_on.set()
    thread.join()
    assert seen == [w.bfloat16, w.float32]


@weft_only
@pytest.mark.parametrize("error", [None, ValueError])
def test_casts_are_dropped_with_the_outermost_scope(w, error):
    """Also while another thread is in a scope, and when the scope ends with an exception."""
    ready, done = threading.Event(), threading.Event()

    def other():
        with w.autocast("cpu"):
            ready.set()
            done.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    assert ready.wait(10)
    weight = w.nn.Parameter(w.ones(1000, 1000))
    before = w.memory.allocated()
    try:
        with w.autocast("cpu"):
            with w.autocast("cpu"):
                y = w.ones(1, 1000) @ weight
                del y
            assert w.memory.allocated() > before + 1_000_000  # kept for the rest of the outer scope
            if error:
                raise error
    except ValueError:
        pass
    assert w.memory.allocated() < before + 100_000
    done.set()
    thread.join()

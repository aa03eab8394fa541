"""The optimisers beside SGD and Adam against the formulas of their papers in NumPy, and what all optimisers share."""

import copy

import numpy as np
import pytest
from support import IS_WEFT, to_numpy, to_tensor, weft_only


def decay(group, x, g):
    g = -g if group.get("maximize") else g
    return g + group.get("weight_decay", 0) * x


def nadam(x, grads, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3, decoupled_weight_decay=False, **o):
    m, v, product = 0, 0, 1
    for t, grad in enumerate(grads, 1):
        if decoupled_weight_decay:
            x = x - lr * o.get("weight_decay", 0) * x
            g = -grad if o.get("maximize") else grad
        else:
            g = decay(o, x, grad)
        now, then = (betas[0] * (1 - 0.5 * 0.96 ** (k * momentum_decay)) for k in (t, t + 1))
        product *= now
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g * g
        mean = then * m / (1 - product * then) + (1 - now) * g / (1 - product)
        x = x - lr * mean / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
        yield x


def radam(x, grads, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, decoupled_weight_decay=False, **o):
    m, v, longest = 0, 0, 2 / (1 - betas[1]) - 1
    for t, grad in enumerate(grads, 1):
        if decoupled_weight_decay:
            x = x - lr * o.get("weight_decay", 0) * x
            g = -grad if o.get("maximize") else grad
        else:
            g = decay(o, x, grad)
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g * g
        length = longest - 2 * t * betas[1] ** t / (1 - betas[1] ** t)
        step = m / (1 - betas[0] ** t)
        if length > 5:
            r = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            step = step * np.sqrt(r) * np.sqrt(1 - betas[1] ** t) / (np.sqrt(v) + eps)
        x = x - lr * step
        yield x


def adamax(x, grads, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, **o):
    m, u = 0, 0
    for t, grad in enumerate(grads, 1):
        g = decay(o, x, grad)
        m = betas[0] * m + (1 - betas[0]) * g
        u = np.maximum(betas[1] * u, np.abs(g) + eps)
        x = x - lr / (1 - betas[0] ** t) * m / u
        yield x


def adagrad(x, grads, lr=1e-2, lr_decay=0, initial_accumulator_value=0, eps=1e-10, **o):
    total = initial_accumulator_value
    for t, grad in enumerate(grads, 1):
        g = decay(o, x, grad)
        total = total + g * g
        x = x - lr / (1 + (t - 1) * lr_decay) * g / (np.sqrt(total) + eps)
        yield x


def adadelta(x, grads, lr=1.0, rho=0.9, eps=1e-6, **o):
    v, u = 0, 0
    for grad in grads:
        g = decay(o, x, grad)
        v = rho * v + (1 - rho) * g * g
        d = np.sqrt(u + eps) / np.sqrt(v + eps) * g
        u = rho * u + (1 - rho) * d * d
        x = x - lr * d
        yield x


def rmsprop(x, grads, lr=1e-2, alpha=0.99, eps=1e-8, momentum=0, centered=False, **o):
    v, mean, buffer = 0, 0, 0
    for grad in grads:
        g = decay(o, x, grad)
        v = alpha * v + (1 - alpha) * g * g
        mean = alpha * mean + (1 - alpha) * g if centered else 0
        buffer = momentum * buffer + g / (np.sqrt(v - mean**2) + eps)
        x = x - lr * buffer
        yield x


def rprop(x, grads, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50), maximize=False):
    before, size = np.zeros_like(x), np.full_like(x, lr)
    for grad in grads:
        g = -grad if maximize else grad
        factor = np.where(g * before > 0, etas[1], np.where(g * before < 0, etas[0], 1))
        size = np.clip(size * factor, *step_sizes)
        before = np.where(g * before < 0, 0, g)
        x = x - np.sign(before) * size
        yield x


def asgd(x, grads, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, **o):
    eta = lr
    for t, grad in enumerate(grads, 1):
        g = decay(o, x, grad)
        x = x * (1 - lambd * eta) - eta * g
        eta = lr / (1 + lambd * lr * t) ** alpha
        yield x


def lion(x, grads, lr=1e-4, betas=(0.9, 0.99), weight_decay=0, maximize=False):
    m = 0
    for grad in grads:
        g = -grad if maximize else grad
        step = np.sign(betas[0] * m + (1 - betas[0]) * g)
        x = x - lr * (step + weight_decay * x)
        m = betas[1] * m + (1 - betas[1]) * g
        yield x


def rms(x):
    return np.sqrt(np.mean(x * x))


def adafactor(x, grads, lr=1e-2, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0, maximize=False):
    v = rows = columns = 0
    smallest = np.finfo(x.dtype).eps if eps[0] is None else eps[0]
    for t, grad in enumerate(grads, 1):
        g, new = -grad if maximize else grad, t**beta2_decay
        size = max(eps[1], rms(x)) * min(lr, 1 / np.sqrt(t))
        x = x * (1 - lr * weight_decay)
        if x.ndim > 1:
            rows = rows + new * ((g * g).mean(-1, keepdims=True) - rows)
            columns = columns + new * ((g * g).mean(-2, keepdims=True) - columns)
            square = rows * columns / np.maximum(rows.mean(-2, keepdims=True), smallest)
        else:
            square = v = v + new * (g * g - v)
        update = g / np.sqrt(np.maximum(square, smallest**2))
        x = x - size * update / max(1.0, rms(update) / d)
        yield x


DECAYED = [{}, dict(weight_decay=0.1), dict(weight_decay=0.1, maximize=True)]
CASES = {
    "NAdam": (nadam, [*DECAYED, dict(weight_decay=0.1, decoupled_weight_decay=True), dict(betas=(0.5, 0.7), eps=0.1)]),
    "RAdam": (radam, [*DECAYED, dict(weight_decay=0.1, decoupled_weight_decay=True), dict(betas=(0.5, 0.6), eps=0.1)]),
    "Adamax": (adamax, [*DECAYED, dict(betas=(0.5, 0.7), eps=0.1)]),
    "Adagrad": (adagrad, [*DECAYED, dict(lr_decay=0.5, initial_accumulator_value=0.25, eps=0.1)]),
    "Adadelta": (adadelta, [*DECAYED, dict(rho=0.5, eps=0.1), dict(rho=1.0)]),
    "RMSprop": (
        rmsprop,
        [*DECAYED, dict(momentum=0.9), dict(centered=True), dict(momentum=0.5, centered=True, alpha=0.5, eps=0.1)],
    ),
    "Rprop": (rprop, [{}, dict(maximize=True), dict(etas=(0.1, 3.0), step_sizes=(0.05, 0.2))]),
    "ASGD": (asgd, [*DECAYED, dict(lambd=0.5, alpha=0.5)]),
    "Lion": (lion, [{}, dict(weight_decay=0.1, betas=(0.5, 0.7)), dict(maximize=True)]),
    "Adafactor": (adafactor, [*DECAYED, dict(eps=(1e-3, 0.5), d=2.0, beta2_decay=-0.5)]),
}
ALL = [(name, options) for name, (_, many) in CASES.items() for options in many]
RTOL = 1e-9 if IS_WEFT else 1e-5  # PyTorch has counters in float32
OWN = {"Lion"}  # PyTorch has none


def optimizer(w, name, params, **options):
    if name in OWN and not hasattr(w.optim, name):
        pytest.skip("PyTorch has none")
    return getattr(w.optim, name)(params, **options)


def run(w, name, start, grads, dtype="float64", **options):
    """The values of a parameter after each step with these gradients."""
    p = w.nn.Parameter(to_tensor(w, start, dtype))
    opt, path = optimizer(w, name, [p], lr=0.1, **options), []
    for grad in grads:
        p.grad = to_tensor(w, grad, dtype)
        opt.step()
        path.append(to_numpy(p).copy())
    return path


def problem(shape=(3, 5), steps=8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(shape), [rng.standard_normal(shape) for _ in range(steps)]


@pytest.mark.parametrize("name, options", ALL)
def test_the_formula(w, name, options):
    start, grads = problem()
    got = run(w, name, start, grads, **options)
    np.testing.assert_allclose(got, list(CASES[name][0](start, grads, lr=0.1, **options)), rtol=RTOL, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("shape", [(), (1,), (70,), (0, 2), (129, 257), (2, 3, 4)])
def test_sizes_in_float32(w, name, shape):
    start, grads = problem(shape, 5)
    if name == "Adafactor" and 0 in shape:
        expected = [start] * 5
    else:
        expected = list(CASES[name][0](start.astype("float32").astype("float64"), grads, lr=0.1))
        if name == "Adafactor":
            expected = list(CASES[name][0](start.astype("float32"), [g.astype("float32") for g in grads], lr=0.1))
    np.testing.assert_allclose(run(w, name, start, grads, "float32"), expected, rtol=5e-4, atol=5e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", CASES)
def test_half_types(w, name, dtype):
    start, grads = problem((40,), 3)
    expected = list(CASES[name][0](start, grads, lr=0.1, **({"eps": (1e-3, 1e-3)} if name == "Adafactor" else {})))
    options = {"eps": (1e-3, 1e-3)} if name == "Adafactor" else {"eps": 1e-4} if name in ("Adamax",) else {}
    got = run(w, name, start, grads, dtype, **options)
    assert np.isfinite(np.array(got, dtype="float64")).all()
    close = np.isclose(np.array(got, dtype="float64"), expected, rtol=0.05, atol=0.05)
    assert close.mean() > 0.9  # a sign may turn, a root of what has become 0 is another


@weft_only
@pytest.mark.parametrize("name, options", [(name, many[-1]) for name, (_, many) in CASES.items()])
def test_cuda(w, device, name, options):
    start, grads = problem((7, 9), 4)
    p = w.nn.Parameter(to_tensor(w, start).to(device))
    opt = optimizer(w, name, [p], lr=0.1, **options)
    for grad in grads:
        p.grad = to_tensor(w, grad).to(device)
        opt.step()
    np.testing.assert_allclose(to_numpy(p), run(w, name, start, grads, **options)[-1], rtol=1e-9, atol=1e-12)


def test_asgd_averages(w):
    start, grads = problem()
    p = w.nn.Parameter(to_tensor(w, start))
    opt = w.optim.ASGD([p], lr=0.1, t0=2)
    seen = []
    for grad in grads:
        p.grad = to_tensor(w, grad)
        opt.step()
        seen.append(to_numpy(p).copy())
    average = seen[0]
    for t, x in enumerate(seen[1:], 2):
        average = average + (x - average) / max(1, t - 1 - 2)
    np.testing.assert_allclose(to_numpy(opt.state[p]["ax"]), average, rtol=RTOL)


@pytest.mark.parametrize("name", [n for n in CASES if n not in ("Adafactor", "Lion")])
def test_parts_of_complex_numbers_are_numbers_of_their_own(w, name):
    rng = np.random.default_rng(3)
    start = rng.standard_normal((4, 2))
    grads = [rng.standard_normal((4, 2)) for _ in range(4)]
    p = w.nn.Parameter(w.view_as_complex(to_tensor(w, start)))
    opt = optimizer(w, name, [p], lr=0.1)
    for grad in grads:
        p.grad = w.view_as_complex(to_tensor(w, grad))
        opt.step()
    np.testing.assert_allclose(to_numpy(w.view_as_real(p.detach())), run(w, name, start, grads)[-1], rtol=1e-9)


def model_and_data(w):
    w.manual_seed(1)
    model = w.nn.Sequential(w.nn.Linear(4, 8), w.nn.Tanh(), w.nn.Linear(8, 3))
    return model, w.randn(16, 4), w.randn(16, 3)


EVERY = [*CASES, "SGD", "Adam", "AdamW", "Muon"]


def matrices(model, name):
    return [p for p in model.parameters() if p.dim() == 2] if name == "Muon" else list(model.parameters())


@pytest.mark.parametrize("name", EVERY)
def test_the_loss_falls(w, name):
    model, x, y = model_and_data(w)
    opt = optimizer(w, name, matrices(model, name), lr=1.0 if name == "Adadelta" else 0.02)
    losses = []
    for _ in range(60):
        opt.zero_grad()
        loss = w.nn.functional.mse_loss(model(x), y)
        loss.backward()
        opt.step()
        losses.append(float(loss))
    assert losses[-1] < 0.95 * losses[0]


@pytest.mark.parametrize("name", EVERY)
def test_a_saved_state_goes_on(w, name):
    model, x, y = model_and_data(w)
    twin = copy.deepcopy(model)

    def train(model, opt, steps):
        for _ in range(steps):
            opt.zero_grad()
            w.nn.functional.mse_loss(model(x), y).backward()
            opt.step()

    whole = optimizer(w, name, matrices(model, name), lr=0.01)
    train(model, whole, 6)
    first = optimizer(w, name, matrices(twin, name), lr=0.01)
    train(twin, first, 3)
    second = optimizer(w, name, matrices(twin, name), lr=0.5)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    train(twin, second, 3)
    for p, q in zip(model.parameters(), twin.parameters()):
        np.testing.assert_array_equal(to_numpy(p), to_numpy(q))


@weft_only
@pytest.mark.parametrize("name", EVERY)
def test_jitted_steps_are_eager_ones(w, name):
    results = []
    for wrap in (lambda f: f, w.jit):
        model, x, y = model_and_data(w)
        opt = optimizer(w, name, matrices(model, name), lr=0.02)

        @wrap
        def step(x, y, model=model, opt=opt):
            opt.zero_grad()
            loss = w.nn.functional.mse_loss(model(x), y)
            loss.backward()
            opt.step()
            return loss

        losses = [step(x, y).item() for _ in range(5)]
        opt.param_groups[0]["lr"] = 0.001
        losses += [step(x, y).item() for _ in range(3)]
        results.append((losses, [to_numpy(p).copy() for p in model.parameters()]))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-6)
    for eager, jitted in zip(results[0][1], results[1][1]):
        np.testing.assert_allclose(eager, jitted, rtol=1e-5, atol=1e-6)


@weft_only
def test_options_that_need_other_state_are_seen_by_a_jitted_step(w):
    p, q = w.nn.Parameter(w.ones(3)), w.nn.Parameter(w.ones(3))
    jitted, eager = (w.optim.RMSprop([one], lr=0.1) for one in (p, q))

    @w.jit
    def step(x):
        jitted.zero_grad()
        (p * x).sum().backward()
        jitted.step()

    for options in ({}, {"momentum": 0.9}, {"centered": True}, {"momentum": 0.0}, {"centered": False}):
        for opt in (jitted, eager):
            opt.param_groups[0].update(options)
        for value in (1.0, 2.0):
            step(w.full((3,), value))
            q.grad = w.full((3,), value)
            eager.step()
            np.testing.assert_allclose(to_numpy(p), to_numpy(q), rtol=1e-6)


DIFFERENTIABLE = [n for n in EVERY if n not in ("Adafactor", "Muon")]


@weft_only
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_differentiable_steps(w, name):
    rng = np.random.default_rng(0)
    start, grad = to_tensor(w, rng.standard_normal(5)), to_tensor(w, rng.standard_normal(5))
    fused = w.nn.Parameter(start.clone())
    ordinary = optimizer(w, name, [fused], lr=0.1)
    for _ in range(2):
        fused.grad = grad.clone()
        ordinary.step()

    def two_steps(x, g):
        p = x.clone()
        opt = optimizer(w, name, [p], lr=0.1, differentiable=True)
        for _ in range(2):
            p.grad = g
            opt.step()
        return p

    x, g = start.clone().requires_grad_(), grad.clone().requires_grad_()
    result = two_steps(x, g)
    np.testing.assert_allclose(to_numpy(result), to_numpy(fused), rtol=1e-12)
    assert w.autograd.gradcheck(two_steps, (x, g))


@weft_only
def test_differentiable_refuses_options_that_require_grad(w):
    p = w.nn.Parameter(w.ones(2))
    opt = w.optim.SGD([p], lr=w.tensor(0.1, requires_grad=True), differentiable=True)
    p.grad = w.ones(2)
    with pytest.raises(ValueError, match="lr requires grad"):
        opt.step()


@pytest.mark.parametrize(
    "name, options, message",
    [
        ("NAdam", dict(lr=-1), "lr|learning rate"),
        ("NAdam", dict(momentum_decay=-1), "momentum_decay"),
        ("RAdam", dict(betas=(0.5, 1.0)), "beta"),
        ("Adamax", dict(eps=-1), "eps"),
        ("Adagrad", dict(lr_decay=-1), "lr_decay"),
        ("Adagrad", dict(initial_accumulator_value=-1), "initial_accumulator_value"),
        ("Adadelta", dict(rho=1.5), "rho"),
        ("RMSprop", dict(alpha=-1), "alpha"),
        ("RMSprop", dict(momentum=-1), "momentum"),
        ("Rprop", dict(etas=(1.5, 1.2)), "eta"),
        ("ASGD", dict(weight_decay=-1), "weight_decay"),
        ("Adafactor", dict(d=0.5), "d must|d should|Clipping"),
        ("Adafactor", dict(beta2_decay=1.0), "beta2_decay"),
        ("Adafactor", dict(eps=(-1, 1e-3)), "eps"),
        ("Lion", dict(betas=(1.0, 0.5)), "betas"),
        ("Muon", dict(adjust_lr_fn="no"), "(?i)adjust"),
        ("LBFGS", dict(lr=-1), "(?i)lr|learning rate"),
    ],
)
def test_options_out_of_range(w, name, options, message):
    with pytest.raises(ValueError, match="(?i)" + message.replace("_", "[_ ]")):
        optimizer(w, name, [w.nn.Parameter(w.ones(2, 2))], **options)


@weft_only
@pytest.mark.parametrize("name", [*EVERY, "LBFGS"])
def test_no_options_of_other_types(w, name):
    p = w.nn.Parameter(w.ones(2, 2))
    for options in (dict(lr="0.1"), dict(lr=None), dict(lr=float("nan"))):
        with pytest.raises((TypeError, ValueError), match="lr"):
            getattr(w.optim, name)([p], **options)


@weft_only
@pytest.mark.parametrize("eps", [None, 1e-30])  # the square of the latter is 0 in float32
def test_adafactor_of_rows_without_gradient(w, eps):
    p = w.nn.Parameter(w.ones(3, 4))
    p.grad = w.tensor([[1.0, 0.0, 2.0, 3.0], [0.0, 0.0, 0.0, 0.0], [4.0, 0.0, 5.0, 6.0]])
    w.optim.Adafactor([p], lr=0.1, eps=(eps, 1e-3)).step()
    moved = p.detach() != 1
    assert moved.tolist() == (p.grad != 0).tolist()
    assert bool(p.isfinite().all())


@weft_only
@pytest.mark.parametrize("shape", [(300, 301), (5, 70000), (70000, 3), (2, 70, 1100), (70000,)])
def test_adafactor_of_many_elements(w, shape):
    """Its kernel cuts them into blocks: the same bits for any number of threads, and in a jitted step."""
    start, grads = problem(shape, 3)
    expected = list(adafactor(start, grads, lr=0.1, weight_decay=0.1))[-1]
    results = []
    for threads, wrap in ((1, lambda f: f), (3, lambda f: f), (2, w.jit)):
        before = w.get_num_threads()
        w.set_num_threads(threads)
        p = w.nn.Parameter(to_tensor(w, start, "float32"))
        step = wrap(w.optim.Adafactor([p], lr=0.1, weight_decay=0.1).step)
        for grad in grads:
            p.grad = to_tensor(w, grad, "float32")
            step()
        w.set_num_threads(before)
        results.append(to_numpy(p))
    assert all(np.array_equal(results[0], other) for other in results)
    np.testing.assert_allclose(results[0], expected, rtol=2e-4, atol=2e-5)


@weft_only
def test_adafactor_however_tensors_lie(w):
    start, grads = problem((30, 40), 3)
    expected = run(w, "Adafactor", start, grads, "float32")[-1]
    for turn_param, turn_grad in ((True, False), (False, True)):
        turned = to_tensor(w, start.T.copy(), "float32").T if turn_param else to_tensor(w, start, "float32")
        p = w.nn.Parameter(turned)
        opt = w.optim.Adafactor([p], lr=0.1)
        for grad in grads:
            p.grad = to_tensor(w, grad.T.copy(), "float32").T if turn_grad else to_tensor(w, grad, "float32")
            opt.step()
        np.testing.assert_allclose(to_numpy(p), expected, rtol=1e-5, atol=1e-6)


def test_muon_takes_matrices_only(w):
    with pytest.raises(ValueError, match="matri|2D"):
        w.optim.Muon([w.nn.Parameter(w.ones(2))])


def test_muon_steps_are_nearly_orthogonal(w):
    rng = np.random.default_rng(0)
    for shape in ((6, 6), (4, 9), (9, 4)):
        p = w.nn.Parameter(to_tensor(w, rng.standard_normal(shape), "float32"))
        opt = w.optim.Muon([p], lr=1.0, weight_decay=0.0)
        before = to_numpy(p).copy()
        p.grad = to_tensor(w, rng.standard_normal(shape), "float32")
        opt.step()
        step = (before - to_numpy(p)) / max(1, shape[0] / shape[1]) ** 0.5
        values = np.linalg.svd(step, compute_uv=False)
        assert 0.5 < values.min() and values.max() < 1.4
        # The same singular vectors
        u, _, v = np.linalg.svd(to_numpy(p.grad), full_matrices=False)
        assert np.abs(u.T @ step @ v.T - np.diag(np.diag(u.T @ step @ v.T))).max() < 0.1


# L-BFGS


def rosenbrock(p):
    return (1 - p[:-1]).square().sum() + 100 * (p[1:] - p[:-1].square()).square().sum()


@pytest.mark.parametrize("options", [dict(line_search_fn="strong_wolfe"), dict(lr=1e-3, max_iter=500)])
def test_lbfgs(w, options):
    p = w.nn.Parameter(to_tensor(w, np.array([-0.2, 1.0, 0.5, 0.3])))
    opt = w.optim.LBFGS([p], history_size=7, **options)

    def closure():
        opt.zero_grad()
        loss = rosenbrock(p)
        loss.backward()
        return loss

    losses = [opt.step(closure).item() for _ in range(6)]
    assert rosenbrock(p).item() < (1e-8 if "line_search_fn" in options else losses[0] / 10)


def test_lbfgs_of_a_quadratic_ends_at_once(w):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((6, 6))
    a = a @ a.T + np.eye(6)
    target, matrix = to_tensor(w, rng.standard_normal(6)), to_tensor(w, a)
    p = w.nn.Parameter(w.zeros(6, dtype=w.float64))
    q = w.nn.Parameter(w.zeros(2, 3, dtype=w.float64))  # has no part in it
    opt = w.optim.LBFGS([p, q], line_search_fn="strong_wolfe", max_iter=50)
    calls = []

    def closure():
        opt.zero_grad()
        loss = (p - target) @ (matrix @ (p - target))
        loss.backward()
        calls.append(1)
        return loss

    opt.step(closure)
    np.testing.assert_allclose(to_numpy(p), to_numpy(target), rtol=1e-5)
    assert len(calls) < 40 and opt.state[p]["func_evals"] == len(calls)
    assert not to_numpy(q).any()


@weft_only
def test_lbfgs_wants_a_closure_and_one_group(w):
    p = w.nn.Parameter(w.ones(2))
    opt = w.optim.LBFGS([p])
    with pytest.raises(TypeError, match="closure"):
        opt.step()
    with pytest.raises(ValueError, match="one group"):
        w.optim.LBFGS([{"params": [p]}, {"params": [w.nn.Parameter(w.ones(2))]}])


def test_lbfgs_parameters_are_where_they_were_after_an_error(w):
    p = w.nn.Parameter(to_tensor(w, np.array([3.0, 4.0])))
    opt = w.optim.LBFGS([p], line_search_fn="strong_wolfe")
    calls = []

    def closure():
        calls.append(1)
        if len(calls) == 2:
            raise KeyError("in the middle of a line search")
        opt.zero_grad()
        loss = p.square().sum()
        loss.backward()
        return loss

    with pytest.raises(KeyError):
        opt.step(closure)
    if IS_WEFT:  # PyTorch leaves them where the search was
        assert to_numpy(p).tolist() == [3, 4]


# Hooks


def test_step_hooks(w):
    p = w.nn.Parameter(w.ones(2))
    opt, seen = w.optim.SGD([p], lr=0.1), []
    handles = [
        opt.register_step_pre_hook(lambda o, args, kwargs: seen.append(("before", o is opt, to_numpy(p)[0] == 1))),
        opt.register_step_post_hook(lambda o, args, kwargs: seen.append(("after", o is opt, to_numpy(p)[0] == 1))),
    ]
    p.grad = w.ones(2)
    opt.step()
    assert seen == [("before", True, True), ("after", True, False)]
    for handle in handles:
        handle.remove()
    opt.step()
    assert len(seen) == 2


def test_a_step_hook_may_give_other_arguments(w):
    p = w.nn.Parameter(w.ones(2))
    opt, calls = w.optim.SGD([p], lr=0.1), []
    opt.register_step_pre_hook(lambda o, args, kwargs: (args[:1], {"closure": lambda: calls.append("other")}))
    opt.step()
    assert calls == ["other"]


def test_global_step_hooks(w):
    from importlib import import_module

    module, seen = import_module(f"{w.__name__}.optim.optimizer"), []
    handles = [
        module.register_optimizer_step_pre_hook(lambda o, args, kwargs: seen.append(type(o).__name__)),
        module.register_optimizer_step_post_hook(lambda o, args, kwargs: seen.append("done")),
    ]
    w.optim.Adam([w.nn.Parameter(w.ones(2))]).step()
    for handle in handles:
        handle.remove()
    w.optim.Adam([w.nn.Parameter(w.ones(2))]).step()
    assert seen == ["Adam", "done"]


@weft_only
def test_hooks_of_a_step_that_calls_that_of_its_parent_run_once(w):
    class Loud(w.optim.SGD):
        def step(self, closure=None):
            return super().step(closure)

    opt, seen = Loud([w.nn.Parameter(w.ones(2))], lr=0.1), []
    opt.register_step_post_hook(lambda *args: seen.append(1))
    opt.step()
    assert seen == [1]


def test_state_dict_hooks(w):
    p = w.nn.Parameter(w.ones(2))
    opt, seen = w.optim.SGD([p], lr=0.1), []
    opt.register_state_dict_pre_hook(lambda o: seen.append("gathering"))
    opt.register_state_dict_post_hook(lambda o, saved: {**saved, "more": 1})
    saved = opt.state_dict()
    assert seen == ["gathering"] and saved["more"] == 1
    opt.register_load_state_dict_pre_hook(lambda o, saved: {k: v for k, v in saved.items() if k != "more"})
    opt.register_load_state_dict_post_hook(lambda o: seen.append(o.param_groups[0]["lr"]))
    saved["param_groups"][0]["lr"] = 0.5
    opt.load_state_dict(saved)
    assert seen[-1] == 0.5


def test_hooks_are_called_in_order(w):
    opt, seen = w.optim.SGD([w.nn.Parameter(w.ones(2))], lr=0.1), []
    opt.register_state_dict_pre_hook(lambda o: seen.append(2))
    opt.register_state_dict_pre_hook(lambda o: seen.append(1), prepend=True)
    opt.state_dict()
    assert seen == [1, 2]


# Averages of models


@pytest.mark.parametrize("kind", ["default", "avg_fn", "ema", "ema_multi"])
@pytest.mark.parametrize("use_buffers", [False, True])
def test_averaged_models(w, kind, use_buffers):
    utils = w.optim.swa_utils
    options = {
        "default": {},
        "avg_fn": dict(avg_fn=utils.get_swa_avg_fn()),
        "ema": dict(avg_fn=utils.get_ema_avg_fn(0.9)),
        "ema_multi": dict(multi_avg_fn=utils.get_ema_multi_avg_fn(0.9)),
    }[kind]
    model = w.nn.Sequential(w.nn.Linear(3, 4), w.nn.BatchNorm1d(4)).double()
    averaged = utils.AveragedModel(model, use_buffers=use_buffers, **options)
    rng, expected = np.random.default_rng(0), None
    for n in range(4):
        with w.no_grad():
            for t in (*model.parameters(), model[1].running_mean):
                t.copy_(to_tensor(w, rng.standard_normal(tuple(t.shape))))
        averaged.update_parameters(model)
        now = [to_numpy(t).copy() for t in (*model.parameters(), model[1].running_mean)]
        if n == 0:
            expected = now
        else:
            share = 1 / (n + 1) if kind in ("default", "avg_fn") else 0.1
            moved = [e + share * (v - e) for e, v in zip(expected, now)]
            expected = moved if use_buffers else [*moved[:-1], now[-1]]
    got = [to_numpy(t) for t in (*averaged.module.parameters(), averaged.module[1].running_mean)]
    for g, e in zip(got, expected):
        np.testing.assert_allclose(g, e, rtol=1e-9)
    assert int(averaged.n_averaged) == 4
    assert "module.0.weight" in averaged.state_dict() and "n_averaged" in averaged.state_dict()


@weft_only
def test_averages_of_another_model_are_refused(w):
    averaged = w.optim.swa_utils.AveragedModel(w.nn.Linear(2, 3))
    with pytest.raises(ValueError, match="shapes"):
        averaged.update_parameters(w.nn.Linear(3, 2))
    assert int(averaged.n_averaged) == 0


def test_update_bn(w):
    rng = np.random.default_rng(0)
    batches = [rng.standard_normal((8, 3)) for _ in range(3)]
    model = w.nn.Sequential(w.nn.BatchNorm1d(3)).double().eval()
    w.optim.swa_utils.update_bn([(to_tensor(w, b), 0) for b in batches], model)
    np.testing.assert_allclose(to_numpy(model[0].running_mean), np.mean([b.mean(0) for b in batches], 0))
    np.testing.assert_allclose(to_numpy(model[0].running_var), np.mean([b.var(0, ddof=1) for b in batches], 0))
    assert model[0].momentum == 0.1 and not model.training


def test_swalr_keeps_a_copy_of_a_tensor(w):
    rate = w.tensor(0.25)
    opt = w.optim.SGD([w.nn.Parameter(w.ones(2))], lr=1.0)
    schedule = w.optim.swa_utils.SWALR(opt, swa_lr=rate, anneal_epochs=1)
    rate.fill_(9.0)
    for _ in range(2):
        opt.step()
        schedule.step()
    assert float(opt.param_groups[0]["lr"]) == 0.25


@pytest.mark.parametrize("strategy", ["cos", "linear"])
def test_swalr(w, strategy):
    opt = w.optim.SGD([w.nn.Parameter(w.ones(2))], lr=1.0)
    schedule = w.optim.swa_utils.SWALR(opt, swa_lr=0.2, anneal_epochs=4, anneal_strategy=strategy)
    rates = [opt.param_groups[0]["lr"]]
    for _ in range(6):
        opt.step()
        schedule.step()
        rates.append(opt.param_groups[0]["lr"])
    t = np.minimum(np.arange(7) / 4, 1)
    share = t if strategy == "linear" else (1 - np.cos(np.pi * t)) / 2
    np.testing.assert_allclose(rates, 0.2 * share + 1.0 * (1 - share))


# State dicts of PyTorch


@weft_only
@pytest.mark.parametrize("name", [n for n in [*EVERY, "LBFGS"] if n not in OWN])
def test_states_of_pytorch_are_loaded(w, name):
    torch = pytest.importorskip("torch")
    start, grads = problem((4, 6), 6)
    p = torch.nn.Parameter(torch.tensor(start))
    theirs = getattr(torch.optim, name)([p], lr=0.1)

    def steps(module, p, opt, some):
        for grad in some:
            if name == "LBFGS":

                def closure():
                    opt.zero_grad()
                    loss = (p - module.ones(4, 6)).square().sum() + 0.1 * p.pow(4).sum()
                    loss.backward()
                    return loss

                opt.step(closure)
            else:
                p.grad = module.tensor(grad)
                opt.step()

    steps(torch, p, theirs, grads[:1] if name == "LBFGS" else grads[:3])
    q = w.nn.Parameter(w.tensor(p.detach().numpy().copy()))
    ours = getattr(w.optim, name)([q], lr=0.5)

    def converted(value):
        if isinstance(value, torch.Tensor):
            return w.tensor(value.numpy().copy())
        if isinstance(value, dict):
            return {k: converted(v) for k, v in value.items()}
        return [converted(v) for v in value] if isinstance(value, list) else value

    ours.load_state_dict(converted(theirs.state_dict()))
    steps(torch, p, theirs, grads[3:])
    steps(w, q, ours, grads[3:])
    tolerance = {"Muon": 2e-2, "LBFGS": 1e-6, "ASGD": 1e-6}.get(name, 1e-9)  # bfloat16; float32 counters
    np.testing.assert_allclose(to_numpy(q), p.detach().numpy(), rtol=tolerance, atol=tolerance)


@weft_only
def test_a_jitted_step_of_gradients_in_another_layout(w):
    p = w.nn.Parameter(w.ones(6, 4))
    opt = w.optim.Adam([p], lr=0.1)

    @w.jit
    def step(x):
        opt.zero_grad()
        (p.t() * x).sum().backward()
        opt.step()

    for _ in range(3):
        step(w.ones(4, 6))
    np.testing.assert_allclose(to_numpy(p), 0.7 * np.ones((6, 4)), rtol=1e-5)


@weft_only
def test_prepared_steps_are_no_none(w):
    with pytest.raises(TypeError, match="None"):
        w._C._run_steps([None])

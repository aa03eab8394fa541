"""Anomaly detection: names op, layer and line of a backward that raises or gives NaN."""

import threading

import pytest


def here(marker):
    """file:line of the line in this file that ends with the marker."""
    with open(__file__) as file:
        for number, line in enumerate(file, 1):
            if line.rstrip().endswith(f"# {marker}"):
                return f"{__file__}:{number}"
    raise AssertionError(marker)


def nan_program(w, x):
    y = x.sqrt()  # the sqrt
    return (y * 0).sum()


def test_names_op_and_line_of_a_nan(w):
    x = w.zeros(3, requires_grad=True)
    with w.autograd.detect_anomaly():
        loss = nan_program(w, x)
        with pytest.raises(RuntimeError, match="NaN") as caught:
            loss.backward()
    text = str(caught.value)
    assert "'sqrt'" in text and here("the sqrt") in text and "y = x.sqrt()" in text
    assert "in the gradient of shape (3,)" in text and x.grad is None


def test_names_the_layer(w):
    nn = w.nn

    class Block(nn.Module):
        def forward(self, x):
            return (x - x).sqrt() * 0  # in the block

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Sequential(nn.Linear(2, 2), Block())

        def forward(self, x):
            return self.features(x)

    with w.autograd.set_detect_anomaly(True):
        loss = Net()(w.ones(1, 2)).sum()
        with pytest.raises(RuntimeError) as caught:
            loss.backward()
    assert "in model.features.1 (Block), at " + here("in the block") in str(caught.value)


def test_layers_that_are_gone_do_not_matter(w):
    with w.autograd.detect_anomaly():
        model = w.nn.Sequential(w.nn.Identity())
        loss = (model(w.zeros(1, requires_grad=True)).sqrt() * 0).sum()
        del model
        with pytest.raises(RuntimeError, match="'sqrt'"):
            loss.backward()


def test_explains_what_raises(w):
    x = w.ones(3, requires_grad=True)
    with w.autograd.detect_anomaly(check_nan=False):
        y = x * 2
        z = y.exp()  # the exp
        z.mul_(3)
        with pytest.raises(RuntimeError, match="in-place") as caught:
            z.sum().backward()
    assert here("the exp") in str(caught.value)


def test_explains_what_a_function_raises(w):
    class Broken(w.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, grad):
            raise ValueError("broken")

    with w.autograd.detect_anomaly():
        y = Broken.apply(w.ones(2, requires_grad=True))  # the Broken
        with pytest.raises(ValueError, match="^broken; in the backward of 'Broken'") as caught:
            y.sum().backward()
    assert here("the Broken") in str(caught.value)


def test_without_check_nan(w):
    x = w.zeros(3, requires_grad=True)
    with w.autograd.detect_anomaly(check_nan=False):
        nan_program(w, x).backward()
    assert x.grad.isnan().all()


def test_nothing_is_said_of_infinity(w):
    x = w.zeros(3, requires_grad=True)
    with w.autograd.detect_anomaly():
        x.sqrt().sum().backward()
    assert x.grad.isinf().all()


def test_create_graph_names_both_lines(w):
    x = w.ones(1, requires_grad=True)
    with w.autograd.detect_anomaly():
        y = (x - 1).pow(1.5).sum()  # the forward
        (g,) = w.autograd.grad(y, x, create_graph=True)  # the backward
        with pytest.raises(RuntimeError, match="NaN") as caught:
            (g * 0).sum().backward()
    text = str(caught.value)
    assert here("the forward") in text and here("the backward") in text


def test_off_is_as_ever(w):
    x = w.zeros(3, requires_grad=True)
    nan_program(w, x).backward()
    assert x.grad.isnan().all() and not w.is_anomaly_enabled()


def test_a_graph_recorded_before(w):
    loss = nan_program(w, w.zeros(3, requires_grad=True))
    with w.autograd.detect_anomaly(), pytest.raises(RuntimeError, match="recorded while anomaly detection was off"):
        loss.backward()


def test_a_gradient_that_was_nan_already(w):
    x = w.ones(1, requires_grad=True)
    with w.autograd.detect_anomaly(), pytest.raises(RuntimeError, match="had NaN already"):
        (x * 2).backward(w.tensor([float("nan")]))


def test_as_function_context_manager_and_decorator(w):
    w.autograd.set_detect_anomaly(True)
    assert w.is_anomaly_enabled() and w.is_anomaly_check_nan_enabled()
    w.autograd.set_detect_anomaly(True, check_nan=False)
    assert not w.is_anomaly_check_nan_enabled()
    with w.autograd.set_detect_anomaly(False):
        assert not w.is_anomaly_enabled()
    assert w.is_anomaly_enabled()
    w.autograd.set_detect_anomaly(False)

    @w.autograd.set_detect_anomaly(True)
    def enabled():
        return w.is_anomaly_enabled()

    @w.autograd.detect_anomaly()
    def enabled_too():
        return w.is_anomaly_enabled()

    assert not w.is_anomaly_enabled() and enabled() and enabled_too() and not w.is_anomaly_enabled()


@pytest.mark.parametrize("arguments", [(None,), (1,), ("yes",), (True, None)])
def test_wrong_arguments(w, arguments):
    with pytest.raises(TypeError, match="set_detect_anomaly: mode and check_nan must be bools"):
        w.autograd.set_detect_anomaly(*arguments)
    assert not w.is_anomaly_enabled()


def test_is_a_matter_of_each_thread(w):
    seen = []
    with w.autograd.detect_anomaly():
        thread = threading.Thread(target=lambda: seen.append(w.is_anomaly_enabled()))
        thread.start()
        thread.join()
    assert seen == [False]


def test_jitted_functions(w):
    f = w.jit(lambda x: (x.sqrt() * 0).sum())
    f(w.ones(3, requires_grad=True))
    with w.autograd.detect_anomaly():
        loss = f(w.zeros(3, requires_grad=True))  # the jitted call
        with pytest.raises(RuntimeError, match="'jit'") as caught:
            loss.backward()
    assert here("the jitted call") in str(caught.value)


def test_gradients_inside_a_jitted_function(w):
    @w.jit
    def f(x):
        return w.autograd.grad((x * x).sum(), x)[0]

    with w.autograd.detect_anomaly():
        assert f(w.ones(3, requires_grad=True)).tolist() == [2.0] * 3

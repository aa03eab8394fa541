"""no_grad, enable_grad, set_grad_enabled, inference_mode as context managers and decorators."""

import pytest


@pytest.fixture
def x(w):
    return w.ones(2, requires_grad=True)


def test_context_managers(w, x):
    with w.no_grad():
        assert not w.is_grad_enabled() and not (x * 2).requires_grad
        with w.enable_grad():
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad
    assert w.is_grad_enabled() and (x * 2).requires_grad


def test_exceptions_put_the_mode_back(w):
    with pytest.raises(ValueError), w.no_grad():
        raise ValueError
    assert w.is_grad_enabled()


def test_one_object_used_twice(w):
    mode = w.no_grad()
    for _ in range(2):
        with mode:
            assert not w.is_grad_enabled()
        assert w.is_grad_enabled()


def test_decorators(w, x):
    @w.no_grad()
    def double(x, *, factor=2):
        "doc"
        return x * factor

    @w.no_grad
    def bare(x):
        return x * 2

    assert not double(x, factor=3).requires_grad and not bare(x).requires_grad
    assert double.__name__ == "double" and double.__doc__ == "doc" and (x * 2).requires_grad

    @w.no_grad()
    def recurses(n):
        return [w.is_grad_enabled()] + (recurses(n - 1) if n else [])

    assert recurses(3) == [False] * 4 and w.is_grad_enabled()


def test_generators(w):
    @w.no_grad()
    def steps():
        got = []
        for _ in range(3):
            got.append((w.is_grad_enabled(), (yield w.is_grad_enabled())))
        return got

    run = steps()
    assert next(run) is False and w.is_grad_enabled()
    assert run.send("a") is False and w.is_grad_enabled()
    assert next(run) is False
    with pytest.raises(StopIteration) as stop:
        run.send("b")
    assert stop.value.value == [(False, "a"), (False, None), (False, "b")]

    @w.no_grad()
    def catches():
        try:
            yield 1
        except KeyError:
            yield w.is_grad_enabled()

    run = catches()
    next(run)
    assert run.throw(KeyError()) is False and w.is_grad_enabled()
    run.close()


def test_set_grad_enabled(w, x):
    with w.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad
    w.set_grad_enabled(False)
    assert not w.is_grad_enabled()
    w.set_grad_enabled(True)
    assert w.is_grad_enabled()

    @w.set_grad_enabled(False)
    def off():
        return w.is_grad_enabled()

    assert w.is_grad_enabled() and off() is False and w.is_grad_enabled()


def test_inference_mode(w, x):
    with w.inference_mode():
        assert w.is_inference_mode_enabled() and not w.is_grad_enabled()
        y = x * 2
        assert not y.requires_grad
    assert not w.is_inference_mode_enabled() and w.is_grad_enabled()
    with pytest.raises(RuntimeError):
        (x * y).sum().backward()
    with w.inference_mode(False):
        assert (x * 2).requires_grad

    @w.inference_mode()
    def inside():
        return w.is_inference_mode_enabled()

    @w.inference_mode
    def bare():
        return w.is_inference_mode_enabled()

    assert inside() and bare() and not w.is_inference_mode_enabled()

"""Graphs: how large they may be, when they are freed, and threads that build and walk them."""

import gc
import threading
import weakref

import numpy as np
import pytest
from support import IS_WEFT, equal, leaf, make_square, to_numpy, weft_only


def test_a_chain_of_a_million_ops(w):
    """Neither backward nor freeing the graph recurses."""
    x = leaf(w, 1.0)
    y = x
    for _ in range(1_000_000 if IS_WEFT else 100_000):
        y = y + 1
    y.backward()
    assert x.grad.item() == 1
    del y
    gc.collect()


def test_freeing_a_long_chain_without_backward(w):
    x = leaf(w, 1.0)
    y = x
    for _ in range(300_000 if IS_WEFT else 100_000):
        y = y * 1.0
    del y
    gc.collect()


def test_a_long_chain_of_python_functions(w):
    square, x = make_square(w), leaf(w, 1.0)
    y = x
    for _ in range(5_000):
        y = square.apply(y)
    y.backward()
    assert np.isinf(x.grad.item())


def test_graphs_are_freed(w):
    """A graph dies with its last tensor, without waiting for the garbage collector."""
    gc.disable()
    try:
        x = leaf(w, 1.0, 2.0)
        y = x * 2
        alive = weakref.ref(y)
        z = (y * y).sum()
        z.backward()
        del y, z
        assert alive() is None
    finally:
        gc.enable()


def test_function_context_is_freed(w):
    gc.collect()
    square, x = make_square(w), leaf(w, 1.0)

    class Token:
        pass

    class Keep(w.autograd.Function):
        @staticmethod
        def forward(ctx, tensor, token):
            ctx.token = token
            return tensor * 1

        @staticmethod
        def backward(ctx, gradient):
            return gradient, None

    token = Token()
    alive = weakref.ref(token)
    y = square.apply(Keep.apply(x, token))
    del token
    assert alive() is not None
    y.backward()
    del y
    gc.collect()
    assert alive() is None


def test_threads_build_and_walk_their_own_graphs(w):
    shared, failures = w.ones(50, requires_grad=True), []

    def work(factor):
        try:
            for _ in range(30):
                (gradient,) = w.autograd.grad((shared * factor).sum(), shared)
                np.testing.assert_array_equal(to_numpy(gradient), np.full(50, factor, "float32"))
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work, args=(float(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_threads_accumulate_into_one_leaf(w):
    x = w.zeros(10, requires_grad=True)

    def work():
        for _ in range(50):
            (x * 2).sum().backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(x.grad, np.full(10, 400))


def test_backward_inside_backward(w):
    """A Function may run its own backward pass (as checkpointing does)."""

    class Recompute(w.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.sin()

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            with w.enable_grad():
                again = x.detach().requires_grad_()
                y = again.sin()
            y.backward(gradient)
            return again.grad

    x = leaf(w, 0.5)
    Recompute.apply(x * 2).backward()
    equal(x.grad, 2 * np.cos(1.0))


@weft_only
def test_a_failed_backward_changes_no_gradient(w):
    """Of two leaves neither gets a gradient when the path to one fails."""

    class Faulty(w.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, gradient):
            raise ValueError("no")

    x, y = leaf(w, 1.0), leaf(w, 2.0)
    early = Faulty.apply(x)
    with pytest.raises(ValueError):
        (early + y * 3).backward()
    assert x.grad is None and y.grad is None

"""PyTorch's older names for derivatives of functions, over :mod:`weft.func`."""

from __future__ import annotations

import weft
from weft import func as _func
from weft._checks import check_callables

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal, TypeAlias

    _Tensors: TypeAlias = weft.Tensor | tuple[weft.Tensor, ...]


__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


def vjp(
    func: Callable[..., Any],
    inputs: _Tensors,
    v: _Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(results, gradients): the product of v, like the results, with the Jacobian of ``func`` at inputs.

    Args:
        func: a function of tensors that returns a tensor or a tuple of them.
        inputs: a tensor or a tuple of tensors; else TypeError.
        v: may be None where there is one result of one element.
        create_graph: keep the history, so that the gradients can be differentiated again.
        strict: a result or gradient that depends on nothing is an error (RuntimeError) instead of zeros.

    >>> import weft
    >>> weft.autograd.functional.vjp(lambda x: x * x, weft.tensor([1., 2.]), weft.tensor([1., 1.]))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    check_callables("vjp", func=func)
    given, single = _inputs("vjp", inputs, create_graph)
    with weft.set_grad_enabled(True):
        results, pull = _func.vjp(func, *given)
        _check_dependence("vjp", func, given, strict)
        found = pull(_like("vjp", results, v))
    return _out(results, create_graph), _out(found[0] if single else found, create_graph)


def jvp(
    func: Callable[..., Any],
    inputs: _Tensors,
    v: _Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(results, derivatives): the product of the Jacobian of ``func`` with v, which is like the inputs.

    Args:
        func: a function of tensors that returns a tensor or a tuple of them.
        inputs: a tensor or a tuple of tensors; else TypeError.
        v: may be None where there is one input of one element.
        create_graph: keep the history.
        strict: a result that depends on nothing is an error (RuntimeError) instead of zeros.

    >>> import weft
    >>> weft.autograd.functional.jvp(lambda x: x * x, weft.tensor([1., 2.]), weft.tensor([1., 1.]))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    check_callables("jvp", func=func)
    given, single = _inputs("jvp", inputs, create_graph)
    along = _like("jvp", given[0] if single else given, v)
    _check_dependence("jvp", func, given, strict)
    found = _func.jvp(func, given, (along,) if single else along)
    return _out(found[0], create_graph), _out(found[1], create_graph)


def jacobian(
    func: Callable[..., Any],
    inputs: _Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: Literal["reverse-mode", "forward-mode"] = "reverse-mode",
) -> Any:
    """The Jacobian: for a result of shape R and an input of shape A, R + A; tuples for several of either.

    Args:
        func: a function of tensors that returns a tensor or a tuple of them.
        inputs: a tensor or a tuple of tensors; else TypeError.
        create_graph: keep the history.
        strict: a result that depends on nothing is an error (RuntimeError) instead of zeros.
        vectorize: accepted; all rows or columns are computed at once in any case.
        strategy: "reverse-mode" (row by row) or "forward-mode" (column by column); else ValueError.

    >>> import weft
    >>> weft.autograd.functional.jacobian(lambda x: x * x, weft.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    check_callables("jacobian", func=func)
    if strategy not in ("reverse-mode", "forward-mode"):
        raise ValueError(f"jacobian: strategy must be 'reverse-mode' or 'forward-mode', got {strategy!r}")
    given, single = _inputs("jacobian", inputs, create_graph)
    _check_dependence("jacobian", func, given, strict)
    transform = _func.jacrev if strategy == "reverse-mode" else _func.jacfwd
    return _out(transform(func, 0 if single else tuple(range(len(given))))(*given), create_graph)


def hessian(
    func: Callable[..., Any],
    inputs: _Tensors,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: Literal["reverse-mode", "forward-mode"] = "reverse-mode",
) -> Any:
    """The second derivatives of a function of one number: for inputs of shapes A and B, A + B.

    Args:
        func: a function of tensors that returns a tensor of one element; else RuntimeError.
        inputs: a tensor or a tuple of tensors; else TypeError.
        create_graph: keep the history.
        strict: a result that depends on nothing is an error (RuntimeError) instead of zeros.
        vectorize: accepted; all rows or columns are computed at once in any case.
        outer_jacobian_strategy: how the gradient is differentiated, "reverse-mode" or "forward-mode"; else ValueError.

    >>> import weft
    >>> weft.autograd.functional.hessian(lambda x: (x ** 3).sum(), weft.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    check_callables("hessian", func=func)
    if outer_jacobian_strategy not in ("reverse-mode", "forward-mode"):
        raise ValueError(
            "hessian: outer_jacobian_strategy must be 'reverse-mode' or 'forward-mode', got "
            f"{outer_jacobian_strategy!r}"
        )
    given, single = _inputs("hessian", inputs, create_graph)
    _check_dependence("hessian", func, given, strict)
    numbers = 0 if single else tuple(range(len(given)))
    outer = _func.jacrev if outer_jacobian_strategy == "reverse-mode" else _func.jacfwd
    return _out(outer(_func.grad(_one_number("hessian", func), numbers), numbers)(*given), create_graph)


def hvp(
    func: Callable[..., Any],
    inputs: _Tensors,
    v: _Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(value, product): of the second derivatives of a function of one number with v, which is like the inputs.

    Args:
        func: a function of tensors that returns a tensor of one element; else RuntimeError.
        inputs: a tensor or a tuple of tensors; else TypeError.
        v: may be None where there is one input of one element.
        create_graph: keep the history.
        strict: a result that depends on nothing is an error (RuntimeError) instead of zeros.

    >>> import weft
    >>> weft.autograd.functional.hvp(lambda x: (x ** 3).sum(), weft.tensor([1., 2.]), weft.tensor([1., 1.]))
    (tensor(9.), tensor([ 6., 12.]))
    """
    check_callables("hvp", func=func)
    given, single = _inputs("hvp", inputs, create_graph)
    along = _like("hvp", given[0] if single else given, v)
    _check_dependence("hvp", func, given, strict)
    numbers = 0 if single else tuple(range(len(given)))
    first = _func.grad_and_value(_one_number("hvp", func), numbers)
    (_, value), (product, _) = _func.jvp(first, given, (along,) if single else along)
    return _out(value, create_graph), _out(product, create_graph)


def vhp(
    func: Callable[..., Any],
    inputs: _Tensors,
    v: _Tensors | None = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """(value, product): of v with the second derivatives of a function of one number.

    They are symmetric, so this is :func:`hvp`, with the same arguments and errors.

    >>> import weft
    >>> weft.autograd.functional.vhp(lambda x: (x ** 3).sum(), weft.tensor([1., 2.]), weft.tensor([1., 1.]))
    (tensor(9.), tensor([ 6., 12.]))
    """
    check_callables("vhp", func=func)
    return hvp(func, inputs, v, create_graph, strict)


def _inputs(what, inputs, create_graph):
    single = isinstance(inputs, weft.Tensor)
    given = (inputs,) if single else inputs
    if not isinstance(given, tuple) or not given or not all(isinstance(x, weft.Tensor) for x in given):
        raise TypeError(f"{what}: expected a tensor or a tuple of tensors as inputs, got {type(inputs).__name__}")
    return given if create_graph else tuple(x.detach() for x in given), single


def _like(what, model, v):
    """v, checked against what it is like; ones for None where that is one number."""
    if v is None:
        if not isinstance(model, weft.Tensor) or model.numel() != 1:
            raise RuntimeError(f"{what}: v may only be left out where there is one tensor of one element")
        return weft.ones_like(model)
    models, given = [(x,) if isinstance(x, weft.Tensor) else tuple(x) for x in (model, v)]
    shapes = [tuple(x.shape) for x in models]
    if [tuple(x.shape) if isinstance(x, weft.Tensor) else None for x in given] != shapes:
        raise RuntimeError(f"{what}: expected v like tensors of shapes {shapes}, got {v!r}")
    return given[0] if isinstance(model, weft.Tensor) else type(model)(given)


def _one_number(what, func):
    def checked(*args):
        value = func(*args)
        if not isinstance(value, weft.Tensor) or value.numel() != 1:
            raise RuntimeError(f"{what}: expected the function to return a tensor of one element")
        return value.reshape(())

    return checked


def _check_dependence(what, func, given, strict):
    if not strict:
        return
    with weft.enable_grad():
        variables = [x.detach().requires_grad_() for x in given]
        results = func(*variables)
        for number, result in enumerate((results,) if isinstance(results, weft.Tensor) else results):
            found = weft.autograd.grad(result.sum(), variables, allow_unused=True) if result.requires_grad else [None]
            for place, gradient in enumerate(found):
                if gradient is None:
                    raise RuntimeError(f"{what}: with strict, result {number} must depend on input {place}")


def _out(value, create_graph):
    if create_graph:
        return value
    if isinstance(value, weft.Tensor):
        return value.detach()
    return type(value)(_out(part, create_graph) for part in value)

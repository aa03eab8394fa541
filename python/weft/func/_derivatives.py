"""Derivatives of functions: grad, vjp, jvp, linearize, jacobians, hessian."""

from __future__ import annotations

import functools
import threading

import weft
from weft import _C
from weft._checks import check_callables, is_differentiable
from weft.func._trees import flatten, tensors_only
from weft.func._vmap import check_options, vmap

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal, ParamSpec, TypeVar

    _P = ParamSpec("_P")
    _R = TypeVar("_R")


class _Inside(threading.local):
    """How many functions that are being differentiated the thread is in: what is computed there is needed again."""

    depth = 0

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *exception: object) -> None:
        self.depth -= 1


_inside = _Inside()


def is_inside() -> bool:
    """Does this thread run a function that grad, vjp or jacrev differentiates?"""
    return _inside.depth > 0


def grad(func: Callable[_P, Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable[_P, Any]:
    """A function that gives the gradient of ``func``, which returns a tensor of one element without dimensions.

    Args:
        func: a function of tensors, or of structures of them.
        argnums: the argument, or the tuple of arguments, to differentiate by, each a tensor or a structure of tensors
            of floating or complex dtype.
        has_aux: ``func`` returns (value, something else), and so does what this returns.

    Raises, when it is called:
        RuntimeError: the result is no floating tensor without dimensions, or an argument is of integers.
        ValueError: argnums names no argument.
        TypeError: an argument to differentiate by is no tensor.

    >>> import weft
    >>> weft.func.grad(weft.sin)(weft.tensor(0.))
    tensor(1.)
    >>> weft.func.grad(weft.func.grad(lambda x: x ** 3))(weft.tensor(2.))
    tensor(12.)
    """
    _check("grad", func, argnums)
    with_value = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def gradient(*args, **kwargs):
        found, value = with_value(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def grad_and_value(
    func: Callable[_P, _R], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[_P, tuple[Any, _R]]:
    """A function that gives (gradient, value), or (gradient, (value, aux)) with has_aux.

    Args and errors are those of :func:`grad`.

    >>> import weft
    >>> weft.func.grad_and_value(lambda x: x ** 2)(weft.tensor(3.))
    (tensor(6.), tensor(9.))
    """
    _check("grad_and_value", func, argnums)

    @functools.wraps(func)
    def gradient(*args, **kwargs):
        chosen, tree, call = _variables("grad", args, argnums)
        with weft.enable_grad():
            variables = [_variable("grad", x) for x in chosen]
            with _inside:
                result = call(func, variables, kwargs)
            value, aux = _split("grad", result, has_aux)
            if not isinstance(value, weft.Tensor) or value.dim() != 0 or not value.is_floating_point():
                raise RuntimeError(
                    f"grad: expected the function to return a floating tensor without dimensions, got {_kind(value)}; "
                    "reduce it with sum() or mean(), or use vjp() or jacrev()"
                )
            found = _gradients([value], variables, None)
        found = tree.build(_outside(x) for x in found)
        value = _outside(value, variables)
        return found, (value, _detached(aux, variables)) if has_aux else value

    return gradient


def value_and_grad(
    func: Callable[_P, _R], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[_P, tuple[_R, Any]]:
    """A function that gives (value, gradient), or ((value, aux), gradient) with has_aux.

    Args and errors are those of :func:`grad`.

    >>> import weft
    >>> weft.func.value_and_grad(lambda x: x ** 2)(weft.tensor(3.))
    (tensor(9.), tensor(6.))
    """
    _check("value_and_grad", func, argnums)
    reversed_pair = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def value_first(*args, **kwargs):
        found, value = reversed_pair(*args, **kwargs)
        return value, found

    return value_first


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """(results, pull): ``pull(cotangents)`` gives the product of cotangents, like the results, with the Jacobian.

    pull returns a tuple with an entry for each primal; it may be called several times.

    Args:
        func: a function of tensors, or of structures of them, that returns such.
        primals: its arguments, where the Jacobian is taken.
        has_aux: ``func`` returns (results, something else), and this (results, pull, something else).

    Raises:
        RuntimeError: a primal is of integers; by pull, for cotangents that are not like the results.
        TypeError: a primal or result is no tensor.

    >>> import weft
    >>> y, pull = weft.func.vjp(weft.sin, weft.tensor([0., 0.]))
    >>> pull(weft.tensor([1., 2.]))
    (tensor([1., 2.]),)
    """
    check_callables("vjp", func=func)
    return _vjp(func, primals, has_aux)[0]


def _vjp(func, primals, has_aux=False, inner=()):
    """What vjp returns, and the variables. ``inner``: those of a vjp around this one, which is no outside."""
    chosen, tree, call = _variables("vjp", primals, tuple(range(len(primals))))
    with weft.enable_grad():
        variables = [_variable("vjp", x) for x in chosen]
        with _inside:
            result = call(func, variables, {})
        value, aux = _split("vjp", result, has_aux)
    results, result_tree = flatten(value)
    tensors_only(results, "vjp: result of the function")

    known = [*variables, *inner]

    def pull(cotangents):
        given, given_tree = flatten(cotangents)
        if given_tree != result_tree:
            raise RuntimeError("vjp: the cotangents have another structure than the function's results")
        for cotangent, result in zip(given, results):
            if not isinstance(cotangent, weft.Tensor) or cotangent.shape != result.shape:
                raise RuntimeError(f"vjp: expected a cotangent of shape {tuple(result.shape)}, got {_kind(cotangent)}")
        with weft.enable_grad():
            found = _gradients(results, variables, given, known)
        return tree.build(_outside(x) for x in found)

    shown = result_tree.build(_outside(x, known) for x in results)
    return ((shown, pull, _detached(aux, known)) if has_aux else (shown, pull)), variables


def jvp(
    func: Callable[..., Any],
    primals: tuple[Any, ...],
    tangents: tuple[Any, ...],
    *,
    strict: bool = False,
    has_aux: bool = False,
) -> tuple[Any, ...]:
    """(results, derivatives): the derivatives of the results along the tangents, computed forward.

    Args:
        func: a function of tensors, or of structures of them, that returns such.
        primals: a tuple with an entry for each argument.
        tangents: a tuple of the same structure, shapes and dtypes.
        strict: a result that does not depend on any primal is an error instead of having zeros.
        has_aux: ``func`` returns (results, something else), and this (results, derivatives, something else).

    Raises RuntimeError for tangents unlike the primals, TypeError for what is no tensor.

    >>> import weft
    >>> weft.func.jvp(weft.sin, (weft.tensor(0.),), (weft.tensor(2.),))
    (tensor(0.), tensor(2.))
    """
    check_callables("jvp", func=func)
    for name, value in (("primals", primals), ("tangents", tangents)):
        if not isinstance(value, tuple):
            raise RuntimeError(f"jvp: expected a tuple as {name}, got {type(value).__name__}")
    if not primals:
        raise RuntimeError("jvp: expected at least one primal")
    leaves, tree = flatten(primals)
    along, along_tree = flatten(tangents)
    tensors_only(leaves, "jvp: primal")
    tensors_only(along, "jvp: tangent")
    if tree != along_tree:
        raise RuntimeError("jvp: the tangents have another structure than the primals")
    for x, t in zip(leaves, along):
        if x.shape != t.shape or x.dtype != t.dtype:
            raise RuntimeError(f"jvp: expected a tangent like the primal, {_kind(x)}, got {_kind(t)}")
    with _C._ForwardLevel() as level:
        duals = [level.make_dual(x, t) for x, t in zip(leaves, along)]
        value, aux = _split("jvp", func(*tree.build(duals)), has_aux)
        results, result_tree = flatten(value)
        tensors_only(results, "jvp: result of the function")
        extra, extra_tree = flatten(aux)
        found = [level.unpack(x) for x in results]
        extra = [level.unpack(x)[0] if isinstance(x, weft.Tensor) else x for x in extra]
    for number, (_, tangent) in enumerate(found):
        if strict and tangent is None:
            raise RuntimeError(f"jvp: result {number} does not depend on the primals")
    values = result_tree.build(x for x, _ in found)
    derivatives = result_tree.build(weft.zeros_like(x) if t is None else t for x, t in found)
    return (values, derivatives, extra_tree.build(extra)) if has_aux else (values, derivatives)


def linearize(func: Callable[..., _R], *primals: Any) -> tuple[_R, Callable[..., Any]]:
    """(results, push): ``push(*tangents)`` gives the derivatives of the results along tangents at these primals.

    ``func`` runs once, however often push is called.

    Args:
        func: a function of tensors, or of structures of them, that returns such.
        primals: its arguments; errors are those of :func:`vjp`.

    >>> import weft
    >>> y, push = weft.func.linearize(weft.sin, weft.tensor(0.))
    >>> push(weft.tensor(3.))
    tensor(3.)
    """
    check_callables("linearize", func=func)
    (results, pull), variables = _vjp(func, primals)
    leaves, tree = flatten(results)

    # The product with the transposed Jacobian is linear: its own derivative is the product with the Jacobian.
    zeros = tree.build(weft.zeros_like(x) for x in leaves)
    (_, transposed), _ = _vjp(pull, (zeros,), inner=variables)

    def push(*tangents):
        return transposed(tangents)[0]

    return results, push


def jacrev(
    func: Callable[_P, Any], argnums: int | tuple[int, ...] = 0, *, has_aux: bool = False, chunk_size: int | None = None
) -> Callable[_P, Any]:
    """A function that gives the Jacobian, row by row: for a result of shape R and an argument of shape A, R + A.

    Args:
        func: a function of tensors that returns floating ones (else RuntimeError).
        argnums: the argument, or the tuple of arguments, to differentiate by.
        has_aux: ``func`` returns (results, something else), and so does what this returns.
        chunk_size: rows computed at once; None for all.

    >>> import weft
    >>> weft.func.jacrev(lambda x: x * x)(weft.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    _check("jacrev", func, argnums, chunk_size=chunk_size)

    @functools.wraps(func)
    def jacobian(*args, **kwargs):
        chosen, tree, call = _variables("jacrev", args, argnums)
        found = vjp(lambda *xs: call(func, xs, kwargs), *chosen, has_aux=has_aux)
        results, result_tree = flatten(found[0])
        for x in results:
            if not x.is_floating_point():
                raise RuntimeError(
                    f"jacrev: expected floating results, got {_kind(x)}"
                    + ("; the parts of complex ones are weft.view_as_real(x)" if x.is_complex() else "")
                )
        rows, at = [], 0
        sizes = [x.numel() for x in results]
        total = sum(sizes)
        bases = []
        for x, size in zip(results, sizes):
            basis = weft.zeros(total, size, dtype=x.dtype, device=x.device)
            basis[at : at + size] = weft.eye(size, dtype=x.dtype, device=x.device)
            bases.append(basis.reshape((total, *x.shape)))
            at += size
        pulled = vmap(lambda *cotangents: found[1](result_tree.build(cotangents)), chunk_size=chunk_size)(*bases)
        at = 0
        for x, size in zip(results, sizes):
            rows.append(tree.build(p[at : at + size].reshape((*x.shape, *p.shape[1:])) for p in pulled))
            at += size
        jacobians = result_tree.build(rows)
        return (jacobians, found[2]) if has_aux else jacobians

    return jacobian


def jacfwd(
    func: Callable[_P, Any],
    argnums: int | tuple[int, ...] = 0,
    has_aux: bool = False,
    *,
    randomness: Literal["error", "different", "same"] = "error",
    chunk_size: int | None = None,
) -> Callable[_P, Any]:
    """A function that gives the Jacobian, column by column with forward-mode derivatives.

    Better than :func:`jacrev` where there are more results than arguments.

    Args:
        func: a function of tensors; those to differentiate by must be floating (else RuntimeError).
        argnums: the argument, or the tuple of arguments, to differentiate by.
        has_aux: ``func`` returns (results, something else), and so does what this returns.
        randomness: as for :func:`vmap`.
        chunk_size: columns computed at once; None for all.

    >>> import weft
    >>> weft.func.jacfwd(lambda x: x * x)(weft.tensor([1., 2.]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    _check("jacfwd", func, argnums, randomness, chunk_size)

    @functools.wraps(func)
    def jacobian(*args, **kwargs):
        chosen, tree, call = _variables("jacfwd", args, argnums)
        for x in chosen:
            if x.is_complex():
                raise RuntimeError(
                    f"jacfwd: expected floating arguments to differentiate by, got {_kind(x)}, whose parts have "
                    "derivatives of their own; make it inside the function of real ones, as weft.view_as_complex(x)"
                )
        sizes = [x.numel() for x in chosen]
        total, at, bases = sum(sizes), 0, []
        for x, size in zip(chosen, sizes):
            basis = weft.zeros(total, size, dtype=x.dtype, device=x.device)
            basis[at : at + size] = weft.eye(size, dtype=x.dtype, device=x.device)
            bases.append(basis.reshape((total, *x.shape)))
            at += size

        def push(*tangents):
            return jvp(lambda *xs: call(func, xs, kwargs), tuple(chosen), tangents, has_aux=has_aux)[1:]

        pushed = vmap(push, randomness=randomness, chunk_size=chunk_size)(*bases)
        columns, result_tree = flatten(pushed[0])
        jacobians = []
        for column in columns:
            at, parts = 0, []
            for x, size in zip(chosen, sizes):
                parts.append(column[at : at + size].movedim(0, -1).reshape((*column.shape[1:], *x.shape)))
                at += size
            jacobians.append(tree.build(parts))
        result = result_tree.build(jacobians)
        if not has_aux:
            return result
        aux, aux_tree = flatten(pushed[1])
        return result, aux_tree.build(x[0] for x in aux)

    return jacobian


def hessian(func: Callable[_P, Any], argnums: int | tuple[int, ...] = 0) -> Callable[_P, Any]:
    """A function that gives the second derivatives: for a result of shape R and an argument of shape A, R + A + A.

    Args:
        func: a function of tensors that returns floating ones.
        argnums: the argument, or the tuple of arguments, to differentiate by, twice.

    >>> import weft
    >>> weft.func.hessian(lambda x: (x ** 3).sum())(weft.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    _check("hessian", func, argnums)
    return jacfwd(jacrev(func, argnums), argnums)


def _check(what, func, argnums, randomness="error", chunk_size=None):
    check_callables(what, func=func)
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    if not numbers or not all(isinstance(n, int) and not isinstance(n, bool) for n in numbers):
        raise TypeError(f"{what}: argnums must be an int or a tuple of ints, got {argnums!r}")
    check_options(what, randomness, chunk_size)


def _variables(what, args, argnums):
    """The leaves of the chosen arguments, a tree for one result of each, and call(func, leaves, kwargs)."""
    single = isinstance(argnums, int)
    numbers = (argnums,) if single else argnums
    for n in numbers:
        if not -len(args) <= n < len(args):
            raise ValueError(f"{what}: argnums names argument {n}, but there are {len(args)}")
    numbers = tuple(n % len(args) for n in numbers)
    if len(set(numbers)) != len(numbers):
        raise ValueError(f"{what}: argnums names an argument twice: {argnums!r}")
    chosen = args[numbers[0]] if single else tuple(args[n] for n in numbers)
    leaves, tree = flatten(chosen)
    tensors_only(leaves, f"{what}: argument to differentiate by")

    def call(func, variables, kwargs):
        built, own = tree.build(variables), list(args)
        for n, value in zip(numbers, (built,) if single else built):
            own[n] = value
        return func(*own, **kwargs)

    return leaves, tree, call


def _variable(what, x):
    """The same values as a variable of its own; what autograd knows of it stays known."""
    if not is_differentiable(x):
        raise RuntimeError(f"{what}: expected floating or complex tensors to differentiate by, got {x.dtype}")
    return _C._variable_of(x)


def _gradients(results, variables, cotangents, known=None):
    pairs = [
        (r, None if cotangents is None else c)
        for r, c in zip(results, cotangents or [None] * len(results))
        if r.requires_grad
    ]
    if not pairs:
        return [weft.zeros_like(x) for x in variables]
    roots, along = [r for r, _ in pairs], [c for _, c in pairs]
    more = _C._depends_on_others(roots, known or variables) or any(c is not None and c.requires_grad for c in along)
    found = weft.autograd.grad(
        roots,
        variables,
        None if cotangents is None else along,
        retain_graph=True,
        create_graph=more,
        allow_unused=True,
    )
    return [weft.zeros_like(x) if g is None else g for x, g in zip(variables, found)]


def _outside(x, variables=()):
    """A result: it has a history only where something outside of the function wants a gradient."""
    if not isinstance(x, weft.Tensor) or not x.requires_grad:
        return x
    if not weft.is_grad_enabled() or (variables and not _C._depends_on_others([x], variables)):
        return _C._without_history(x)
    return x


def _detached(aux, variables):
    leaves, tree = flatten(aux)
    return tree.build(_outside(x, variables) for x in leaves)


def _split(what, result, has_aux):
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise RuntimeError(f"{what}: with has_aux the function must return a pair (value, aux), got {_kind(result)}")
    return result


def _kind(x):
    return f"{x.dtype} {tuple(x.shape)}" if isinstance(x, weft.Tensor) else type(x).__name__

"""gradcheck and gradgradcheck: hold the gradients of autograd against finite differences."""

from __future__ import annotations

import numpy as np

import weft
from weft._checks import is_differentiable

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


class GradcheckError(RuntimeError):
    """The gradients of autograd and the numerical ones differ; the message says where and by how much.

    >>> import weft
    >>> x = weft.ones(1, dtype=weft.float64, requires_grad=True)
    >>> try:
    ...     weft.autograd.gradcheck(lambda x: x * x.detach(), x)
    ... except weft.autograd.GradcheckError as error:
    ...     print(str(error)[:44])
    the derivative of output 0 by input 0 is wro
    """


def gradcheck(
    func: Callable[..., Any],
    inputs: weft.Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
) -> bool:
    """Compares the derivatives of func(*inputs) by autograd with central differences; True if they agree.

    Every derivative of every floating or complex output by every element of the inputs that require grad, of complex
    numbers by and of each part, must satisfy ``|analytical - numerical| <= atol + rtol * |numerical|``.

    Args:
        func: returns a tensor or a tuple.
        inputs: a tensor or a tuple; those that require grad should be float64 or complex128.
        eps: the step of the differences.
        raise_exception: False returns False instead of raising.
        nondet_tol: by how much two backward runs may differ.
        check_undefined_grad: outputs that get no gradient must count as getting zeros.
        check_grad_dtypes: gradients must have the dtypes of the inputs.

    Raises:
        GradcheckError: they do not agree.
        ValueError: no input requires grad, or one has a dtype without derivatives.

    >>> import weft
    >>> x = weft.randn(3, dtype=weft.float64, requires_grad=True)
    >>> weft.autograd.gradcheck(lambda x: x.exp() * 2, x)
    True
    """
    inputs = (inputs,) if isinstance(inputs, weft.Tensor) else tuple(inputs)
    try:
        _check(func, inputs, eps, atol, rtol, nondet_tol, check_undefined_grad, check_grad_dtypes)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: weft.Tensor | Sequence[Any],
    grad_outputs: weft.Tensor | Sequence[weft.Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
) -> bool:
    """gradcheck of the gradient of func, by its inputs and by the incoming gradients; True if they agree.

    Args:
        func, inputs: as for :func:`gradcheck`, and so are the options that are not named here.
        grad_outputs: the incoming gradients, drawn at random if None.
        gen_non_contig_grad_outputs: draw ones that are not contiguous.

    Raises GradcheckError where they do not agree, unless raise_exception is False.

    >>> import weft
    >>> x = weft.randn(3, dtype=weft.float64, requires_grad=True)
    >>> weft.autograd.gradgradcheck(lambda x: x.sin(), x)
    True
    """
    inputs = (inputs,) if isinstance(inputs, weft.Tensor) else tuple(inputs)
    outputs = _differentiable(func(*inputs))
    if grad_outputs is None:
        grad_outputs = tuple(_random_like(output, gen_non_contig_grad_outputs) for output in outputs)
    else:
        grad_outputs = (grad_outputs,) if isinstance(grad_outputs, weft.Tensor) else tuple(grad_outputs)
    count = len(inputs)

    def gradient(*arguments):
        its_inputs, its_grads = arguments[:count], arguments[count:]
        wanted = [x for x in its_inputs if _is_checked(x)]
        results = _differentiable(func(*its_inputs))
        grads = weft.autograd.grad(results, wanted, its_grads, create_graph=True, allow_unused=True)
        return tuple(grad for grad in grads if grad is not None)

    return gradcheck(
        gradient,
        inputs + grad_outputs,
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
    )


def _is_checked(x):
    return isinstance(x, weft.Tensor) and x.requires_grad


def _tensors(result):
    if isinstance(result, weft.Tensor):
        return [result]
    return [x for x in result if isinstance(x, weft.Tensor)] if isinstance(result, (tuple, list)) else []


def _differentiable(result):
    return [x for x in _tensors(result) if x.requires_grad]


def _random_like(output, non_contiguous):
    shape = tuple(output.shape)
    if non_contiguous and output.dim():
        wide = weft.randn((*shape, 2), dtype=output.dtype, device=output.device)
        return wide.select(-1, 0).requires_grad_()
    return weft.randn(shape, dtype=output.dtype, device=output.device).requires_grad_()


def _parts(tensor):
    """The tensor, a complex one as its real and imaginary parts, in a last dimension of size 2."""
    return weft.view_as_real(tensor) if tensor.is_complex() else tensor


def _array(tensor):
    return _parts(tensor.detach()).cpu().numpy()


def _check(func, inputs, eps, atol, rtol, nondet_tol, check_undefined_grad, check_grad_dtypes):
    checked = [(i, x) for i, x in enumerate(inputs) if _is_checked(x)]
    if not checked:
        raise ValueError("gradcheck: none of the inputs is a tensor that requires grad")
    for i, x in checked:
        if x.dtype not in (weft.float64, weft.float32, weft.complex128, weft.complex64):
            raise ValueError(f"gradcheck: input {i} has dtype {x.dtype}; differences need float64 or complex128")
    result = func(*inputs)
    outputs = _differentiable(result)
    places = [i for i, x in enumerate(_tensors(result)) if x.requires_grad]
    if not outputs:
        _check_no_gradient(func, inputs, checked, eps)
        return
    numerical = [_numerical(func, inputs, x, places, eps) for _, x in checked]
    for k, output in enumerate(outputs):
        first = _analytical(func, inputs, checked, k, output, check_grad_dtypes)
        again = _analytical(func, inputs, checked, k, output, check_grad_dtypes)
        for n, (i, x) in enumerate(checked):
            if not np.allclose(first[n], again[n], rtol=0, atol=nondet_tol, equal_nan=True):
                worst = np.abs(first[n] - again[n]).max()
                raise GradcheckError(
                    f"two backward runs of output {places[k]} gave gradients by input {i} that differ by {worst:g}, "
                    f"which is more than nondet_tol={nondet_tol:g}"
                )
            _compare(first[n], numerical[n][k], places[k], i, output, x, atol, rtol)
    if check_undefined_grad and len(outputs) > 1:
        _check_undefined(func, inputs, checked)


def _check_no_gradient(func, inputs, checked, eps):
    """No output requires grad: then none may depend on the inputs."""
    for i, x in checked:
        floating = [k for k, y in enumerate(_tensors(func(*inputs))) if is_differentiable(y)]
        for k, jacobian in zip(floating, _numerical(func, inputs, x, floating, eps)):
            if np.any(jacobian != 0):
                raise GradcheckError(f"output {k} depends on input {i}, but does not require grad")


def _numerical(func, inputs, x, places, eps):
    """The Jacobian of each of the outputs by x, as an array (elements of x, elements of the output)."""

    def outputs():
        found = _tensors(func(*inputs))
        return [_array(found[k]).astype("float64").reshape(-1) for k in places]

    rows = []
    data = _parts(x.detach())
    for index in np.ndindex(*data.shape):
        value = data[index].item()
        data[index] = value + eps
        above = outputs()
        data[index] = value - eps
        below = outputs()
        data[index] = value
        rows.append([(a - b) / (2 * eps) for a, b in zip(above, below)])
    if not rows:
        return [np.zeros((0, y.size)) for y in outputs()]
    return [np.stack(column) for column in zip(*rows)]


def _analytical(func, inputs, checked, k, output, check_grad_dtypes):
    """The Jacobian of output k by each checked input, one backward for each element of the output."""
    wanted = [x for _, x in checked]
    shape = _parts(output.detach()).shape
    jacobians = [np.zeros((_parts(x.detach()).numel(), shape.numel())) for x in wanted]
    current = _differentiable(func(*inputs))[k]
    for column in range(shape.numel()):
        cotangent = np.zeros(shape.numel())
        cotangent[column] = 1
        seed = weft.from_numpy(cotangent.reshape(tuple(shape)))
        seed = weft.view_as_complex(seed) if output.is_complex() else seed
        seed = seed.to(dtype=output.dtype, device=output.device)
        grads = weft.autograd.grad(current, wanted, seed, retain_graph=True, allow_unused=True)
        for n, (grad, (i, x)) in enumerate(zip(grads, checked)):
            if grad is None:
                continue
            if tuple(grad.shape) != tuple(x.shape):
                raise GradcheckError(
                    f"the gradient by input {i} has shape {tuple(grad.shape)}, the input {tuple(x.shape)}"
                )
            if check_grad_dtypes and grad.dtype != x.dtype:
                raise GradcheckError(f"the gradient by input {i} has dtype {grad.dtype}, the input {x.dtype}")
            jacobians[n][:, column] = _array(grad).reshape(-1)
    return jacobians


def _place(number, tensor):
    """The index of an element, or of a part of a complex one, as text."""
    part = ""
    if tensor.is_complex():
        number, part = number // 2, (".real", ".imag")[number % 2]
    return str([int(j) for j in np.unravel_index(number, tuple(tensor.shape))] if tensor.dim() else []) + part


def _compare(analytical, numerical, place, i, output, x, atol, rtol):
    wrong = ~(np.abs(analytical - numerical) <= atol + rtol * np.abs(numerical))
    wrong &= ~((analytical == numerical) | (np.isnan(analytical) & np.isnan(numerical)))
    if not wrong.any():
        return
    error = np.where(wrong, np.abs(analytical - numerical), -1)
    error[np.isnan(error)] = np.inf
    row, column = np.unravel_index(error.argmax(), error.shape)
    at_input, at_output = _place(row, x), _place(column, output)
    raise GradcheckError(
        f"the derivative of output {place} by input {i} is wrong at {int(wrong.sum())} of {wrong.size} places; worst "
        f"is output{at_output} by input{at_input}: autograd gives {analytical[row, column]:.8g}, "
        f"differences {numerical[row, column]:.8g}\nautograd:\n{analytical}\ndifferences:\n{numerical}"
    )


def _check_undefined(func, inputs, checked):
    """An output without gradient must count like one whose gradient is zeros."""
    wanted = [x for _, x in checked]
    outputs = _differentiable(func(*inputs))
    for k, output in enumerate(outputs):
        ones = weft.ones_like(output.detach())
        alone = weft.autograd.grad(output, wanted, ones, retain_graph=True, allow_unused=True)
        seeds = [ones if j == k else weft.zeros_like(other.detach()) for j, other in enumerate(outputs)]
        zeros = weft.autograd.grad(outputs, wanted, seeds, retain_graph=True, allow_unused=True)
        for (i, _), a, b in zip(checked, alone, zeros):
            a = 0 if a is None else _array(a)
            b = 0 if b is None else _array(b)
            if not np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True):
                raise GradcheckError(
                    f"the gradient by input {i} differs when outputs other than {k} get no gradient instead of zeros"
                )

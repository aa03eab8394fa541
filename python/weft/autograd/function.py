"""Function: a step of the autograd graph with a forward and a backward written in Python."""

from __future__ import annotations

from weft import _C
from weft._checks import check_callables, tensors_of
from weft._missing import name_missing_members

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from weft import Tensor

    _F = TypeVar("_F", bound=Callable[..., Any])


class FunctionCtx:
    """What forward hands to backward: saved tensors, marks, and any attributes you set.

    ``needs_input_grad`` has a bool for each argument of forward: must backward give its gradient?

    >>> import weft
    >>> class Scale(weft.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x, factor):
    ...         ctx.factor = factor
    ...         return x * factor
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         return grad * ctx.factor, None
    >>> x = weft.tensor(1., requires_grad=True)
    >>> Scale.apply(x, 3.0).backward()
    >>> x.grad
    tensor(3.)
    """

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad: tuple[bool, ...] = needs_input_grad
        self._saved = _C._SavedList()
        self._to_save = ()
        self._dirty = ()
        self._non_differentiable = ()
        self._materialize_grads = True
        self._to_save_for_jvp = None
        self._for_jvp = ()
        self._was_dirty = self._reads_others = False

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep inputs or outputs for backward; read them there as ``ctx.saved_tensors``.

        Other tensors, which autograd would not watch for changes in place, may be attributes of ctx.

        Args:
            tensors: tensors or None (else TypeError); a later call replaces them.

        >>> import weft
        >>> class Square(weft.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x * x
        ...     @staticmethod
        ...     def backward(ctx, grad):
        ...         return 2 * ctx.saved_tensors[0] * grad
        >>> weft.autograd.grad(Square.apply(x := weft.tensor(3., requires_grad=True)), x)
        (tensor(6.),)
        """
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, _C.Tensor):
                raise TypeError(f"save_for_backward: expected Tensors or None, got {type(tensor).__name__}")
        self._to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep inputs or outputs for ``jvp``, which else gets what is saved for backward.

        Args:
            tensors: tensors or None (else TypeError); a later call replaces them.

        >>> import weft
        >>> class Square(weft.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_forward(x)
        ...         return x * x
        ...     @staticmethod
        ...     def jvp(ctx, tangent):
        ...         return 2 * ctx.saved_tensors[0] * tangent
        >>> weft.func.jvp(Square.apply, (weft.tensor(3.),), (weft.tensor(1.),))[1]
        tensor(6.)
        """
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, _C.Tensor):
                raise TypeError(f"save_for_forward: expected Tensors or None, got {type(tensor).__name__}")
        self._to_save_for_jvp = tensors

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """The tensors of ``save_for_backward``; RuntimeError if one was changed in place or backward ran already.

        >>> import weft
        >>> class Square(weft.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x * x
        ...     @staticmethod
        ...     def backward(ctx, grad):
        ...         (x,) = ctx.saved_tensors
        ...         return 2 * x * grad
        >>> weft.autograd.grad(Square.apply(x := weft.tensor(3., requires_grad=True)), x)
        (tensor(6.),)
        """
        return self._saved.unpack()

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs forward changed in place; each must also be returned.

        Args:
            tensors: arguments of forward (TypeError for what is no tensor).

        >>> import weft
        >>> class Double(weft.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.mark_dirty(x)
        ...         return x.mul_(2)
        ...     @staticmethod
        ...     def backward(ctx, grad):
        ...         return 2 * grad
        >>> Double.apply(weft.ones(2))
        tensor([2., 2.])
        """
        self._dirty = tuple(tensors_of("mark_dirty", "its arguments", tensors))

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient.

        Args:
            tensors: results of forward (TypeError for what is no tensor).

        >>> import weft
        >>> class Rank(weft.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         order = x.argsort()
        ...         ctx.mark_non_differentiable(order)
        ...         return order
        >>> Rank.apply(weft.tensor([2., 1.], requires_grad=True)).requires_grad
        False
        """
        self._non_differentiable = tuple(tensors_of("mark_non_differentiable", "its arguments", tensors))

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros for outputs that nothing flowed back into, as it does unless told otherwise.

        Args:
            value: False gives None instead; TypeError for what is no bool.

        >>> import weft
        >>> class Both(weft.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.set_materialize_grads(False)
        ...         return x * 2, x * 3
        ...     @staticmethod
        ...     def backward(ctx, first, second):
        ...         print(first, second)
        ...         return first * 2
        >>> x = weft.tensor(1., requires_grad=True)
        >>> Both.apply(x)[0].backward()
        tensor(1.) None
        """
        if not isinstance(value, bool):
            raise TypeError(f"set_materialize_grads: expected True or False, got {type(value).__name__}")
        self._materialize_grads = value


class Function:
    """Subclass with static methods ``forward(ctx, *args)`` and ``backward(ctx, *grad_outputs)``; call ``apply``.

    ``backward`` returns one gradient (or None) for each argument of ``forward``. Instead of taking ``ctx``,
    ``forward(*args)`` may be paired with ``setup_context(ctx, inputs, output)``. Raises RuntimeError when the number
    of gradients does not fit.

    Transforms of functions (``weft.func``, ``autograd.forward_ad``) use two more static methods, and do without:
    ``jvp(ctx, *tangents)`` gives the derivatives of the outputs along tangents of the arguments (None: zero) from
    ``ctx.saved_tensors``; without it they follow from a differentiable ``backward``. ``vmap(info, in_dims, *args)``, of
    a Function with ``setup_context``, gives (outputs, out_dims) for a batch of ``info.batch_size`` along ``in_dims``
    of the arguments; without it ``forward`` and ``backward`` are batched themselves, which is what
    ``generate_vmap_rule = True`` asks for.

    >>> import weft
    >>> class Square(weft.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     def backward(ctx, grad):
    ...         (x,) = ctx.saved_tensors
    ...         return 2 * x * grad
    >>> x = weft.tensor(3., requires_grad=True)
    >>> Square.apply(x).backward()
    >>> x.grad
    tensor(6.)
    """

    setup_context: Any = None
    jvp: Any = None
    vmap: Any = None
    generate_vmap_rule: bool = False

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Computes the results; a subclass defines it. Called by :meth:`apply` with grad mode off.

        Args:
            args: a :class:`FunctionCtx`, unless there is a ``setup_context``, and the arguments of ``apply``.

        Raises NotImplementedError here.
        """
        raise NotImplementedError("a Function needs a static method forward(ctx, *args)")

    if TYPE_CHECKING:

        @staticmethod
        def backward(*args: Any, **kwargs: Any) -> Any: ...  # what a subclass takes is not known here

    else:

        @staticmethod
        def backward(ctx: Any, *grad_outputs: Any) -> Any:
            """Gives the gradients of the arguments of ``forward``; a subclass defines it.

            Args:
                ctx: what ``forward`` has kept.
                grad_outputs: the gradient of each output.

            Raises NotImplementedError here.
            """
            raise NotImplementedError("a Function needs a static method backward(ctx, *grad_outputs)")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward, and record the call where grad mode is on and an argument requires grad.

        Args:
            args: of ``forward``, tensors and others.

        >>> import weft
        >>> class Identity(weft.autograd.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return x.clone()
        ...     @staticmethod
        ...     def backward(ctx, grad):
        ...         return grad
        >>> Identity.apply(weft.ones(2, requires_grad=True)).requires_grad
        True
        """
        return cls._call(args, kwargs)[0]

    @classmethod
    def _call(cls, args, kwargs):
        """(what apply returns, the ctx), at the innermost level of transforms that has to do with the arguments."""
        interpreter = _C._function_interpreter([a if isinstance(a, _C.Tensor) else None for a in args])
        if interpreter is None:
            return cls._apply(args, kwargs)
        from weft.autograd import _function_rules

        if interpreter is True:
            return _function_rules.call_in_batch(cls, args, kwargs)
        return _function_rules.call_with_tangents(cls, interpreter, args, kwargs)

    @classmethod
    def _run(cls, ctx, args, kwargs):
        if cls.setup_context is None:
            return cls.forward(ctx, *args, **kwargs)
        result = cls.forward(*args, **kwargs)
        cls.setup_context(ctx, args, result)
        return result

    @classmethod
    def _apply(cls, args, kwargs, run=None):
        """Like _call, outside of all levels. run(ctx): gives forward's result in its place."""
        inputs = [a if isinstance(a, _C.Tensor) else None for a in args]
        needs = tuple(t is not None and t.requires_grad for t in inputs)
        recording = _C.is_grad_enabled() and any(needs)
        ctx = FunctionCtx(needs if recording else (False,) * len(needs))
        before_forward = _C._FunctionInputs(inputs) if recording else None
        before = _C._set_grad_enabled(False)
        try:
            result = cls._run(ctx, args, kwargs) if run is None else run(ctx)
        finally:
            _C._set_grad_enabled(before)
        if cls.jvp is not None and _C._in_forward_level():
            ctx._for_jvp = ctx._to_save if ctx._to_save_for_jvp is None else ctx._to_save_for_jvp
            ctx._was_dirty = bool(ctx._dirty)
        if not recording:
            return result, ctx
        outputs = result if isinstance(result, (tuple, list)) else (result,)
        places = [i for i, o in enumerate(outputs) if isinstance(o, _C.Tensor)]
        count = len(outputs)

        def backward(*grads):  # must not hold the outputs, which hold this
            full = [None] * count
            for i, grad in zip(places, grads):
                full[i] = grad
            return cls.backward(ctx, *full)

        recorded = _C._record_function(
            cls.__name__,
            backward,
            ctx._saved,
            before_forward,
            [outputs[i] for i in places],
            list(ctx._to_save),
            list(ctx._dirty),
            list(ctx._non_differentiable),
            ctx._materialize_grads,
        )
        ctx._to_save = ctx._dirty = ctx._non_differentiable = ()
        ctx._to_save_for_jvp = None
        if not isinstance(result, (tuple, list)):
            return recorded[0], ctx
        final = list(outputs)
        for i, tensor in zip(places, recorded):
            final[i] = tensor
        return (type(result)(final) if not hasattr(result, "_fields") else type(result)(*final)), ctx


def once_differentiable(backward: _F) -> _F:
    """Decorator for a ``backward`` that is not written with differentiable ops: differentiating it again raises.

    Args:
        backward: runs with grad mode off; TypeError for what cannot be called.

    >>> import weft
    >>> class Square(weft.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x
    ...     @staticmethod
    ...     @weft.autograd.once_differentiable
    ...     def backward(ctx, grad):
    ...         return 2 * ctx.saved_tensors[0] * grad
    >>> x = weft.tensor(3., requires_grad=True)
    >>> (dx,) = weft.autograd.grad(Square.apply(x) ** 2, x, create_graph=True)
    >>> dx.backward()
    Traceback (most recent call last):
    RuntimeError: this backward is marked once_differentiable and cannot be differentiated again
    """

    check_callables("once_differentiable", backward=backward)

    def wrapper(ctx, *grads):
        before = _C._set_grad_enabled(False)
        try:
            result = backward(ctx, *grads)
        finally:
            _C._set_grad_enabled(before)
        if before and any(isinstance(g, _C.Tensor) and g.requires_grad for g in grads):
            return _OnceDifferentiable.apply(len(grads), *grads, *(result if isinstance(result, tuple) else (result,)))
        return result

    return wrapper


class _OnceDifferentiable(Function):
    @staticmethod
    def forward(ctx, count, *tensors):
        return tuple(tensors[count:])

    @staticmethod
    def backward(ctx, *grads):
        raise RuntimeError("this backward is marked once_differentiable and cannot be differentiated again")


name_missing_members(FunctionCtx, "torch.autograd.function.FunctionCtx")

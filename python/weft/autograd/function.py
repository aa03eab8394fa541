"""Function: a step of the autograd graph with a forward and a backward written in Python."""

from weft import _C
from weft._checks import check_callables, tensors_of
from weft._missing import name_missing_members


class FunctionCtx:
    """What forward hands to backward: saved tensors, marks, and any attributes you set."""

    def __init__(self, needs_input_grad):
        self.needs_input_grad = needs_input_grad
        self._saved = _C._SavedList()
        self._to_save = ()
        self._dirty = ()
        self._non_differentiable = ()
        self._materialize_grads = True
        self._to_save_for_jvp = None
        self._for_jvp = ()
        self._was_dirty = self._reads_others = False

    def save_for_backward(self, *tensors):
        """Keep inputs or outputs for backward; read them there as ``ctx.saved_tensors``."""
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, _C.Tensor):
                raise TypeError(f"save_for_backward: expected Tensors or None, got {type(tensor).__name__}")
        self._to_save = tensors

    def save_for_forward(self, *tensors):
        """Keep inputs or outputs for ``jvp``, which else gets what is saved for backward."""
        for tensor in tensors:
            if tensor is not None and not isinstance(tensor, _C.Tensor):
                raise TypeError(f"save_for_forward: expected Tensors or None, got {type(tensor).__name__}")
        self._to_save_for_jvp = tensors

    @property
    def saved_tensors(self):
        """The tensors of ``save_for_backward``; RuntimeError if one was changed in place or backward ran already."""
        return self._saved.unpack()

    def mark_dirty(self, *tensors):
        """Say which inputs forward changed in place; each must also be returned."""
        self._dirty = tuple(tensors_of("mark_dirty", "its arguments", tensors))

    def mark_non_differentiable(self, *tensors):
        """Say which outputs have no gradient."""
        self._non_differentiable = tuple(tensors_of("mark_non_differentiable", "its arguments", tensors))

    def set_materialize_grads(self, value):
        """False: backward gets None instead of zeros for outputs that nothing flowed back into."""
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

    setup_context = None
    jvp = None
    vmap = None
    generate_vmap_rule = False

    @staticmethod
    def forward(*args, **kwargs):
        raise NotImplementedError("a Function needs a static method forward(ctx, *args)")

    @staticmethod
    def backward(ctx, *grad_outputs):
        raise NotImplementedError("a Function needs a static method backward(ctx, *grad_outputs)")

    @classmethod
    def apply(cls, *args, **kwargs):
        """Run forward and record the call when autograd is recording."""
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


def once_differentiable(backward):
    """Decorator for a ``backward`` that is not written with differentiable ops: differentiating it again raises."""

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

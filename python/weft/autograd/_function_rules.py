"""autograd.Function in forward mode and under vmap: its jvp and vmap methods, and what follows where it has none."""

import copy
from typing import NamedTuple

import weft
from weft import _C
from weft._checks import is_differentiable
from weft.autograd.function import Function
from weft.func._vmap import randomness_now


class VmapInfo(NamedTuple):
    """What the vmap method of an autograd.Function is told of the batch."""

    batch_size: int
    randomness: str


class _Given:
    """In place of what a call has saved: the same for another call."""

    def __init__(self, tensors):
        self.tensors = tuple(tensors)

    def unpack(self):
        return self.tensors


def _saved_by(ctx):
    return [*ctx._to_save, *(ctx._to_save_for_jvp or ())]


def _with_saved(ctx, tensors):
    other = copy.copy(ctx)
    other._saved = _Given(tensors)
    return other


def _as_list(result):
    return list(result) if isinstance(result, (tuple, list)) else [result]


def _like(result, outputs):
    """``outputs`` in the structure of ``result``, which a forward returned."""
    if not isinstance(result, (tuple, list)):
        return outputs[0]
    return type(result)(*outputs) if hasattr(result, "_fields") else type(result)(outputs)


def call_with_tangents(function, level, args, kwargs):
    """The call's outputs with tangents at the level, and its ctx."""

    def outside():
        pairs = [level.unpack(a) if isinstance(a, weft.Tensor) else (a, None) for a in args]
        plain, tangents = [a for a, _ in pairs], [t for _, t in pairs]
        if function.jvp is None:
            return plain, *_pushed_by_backward(function, plain, tangents, kwargs)
        result, ctx = function._call(plain, kwargs)
        return plain, result, ctx, _pushed_by_jvp(function, ctx, plain, tangents)

    plain, result, ctx, tangents = level.outside(outside)
    outputs = _as_list(result)
    if len(tangents) != len(outputs):
        raise RuntimeError(
            f"{function.__name__}: jvp returned {len(tangents)} tangents, expected one for each of the {len(outputs)} "
            "outputs of forward (None where it is zero)"
        )
    duals = [y if t is None else level.output(y, t) for y, t in zip(outputs, tangents)]
    if function.jvp is not None:  # a level outside of this one differentiates through what jvp reads, too
        known = {id(a): b for a, b in zip([*plain, *outputs], [*args, *duals])}
        ctx._reads_others = any(t is not None and id(t) not in known for t in ctx._for_jvp)
        ctx._for_jvp = tuple(known.get(id(t), t) for t in ctx._for_jvp)
    return _like(result, duals), ctx


def _pushed_by_jvp(function, ctx, args, tangents):
    name = function.__name__
    if ctx._was_dirty:
        raise RuntimeError(f"{name}: mark_dirty cannot be combined with forward-mode derivatives")
    if ctx._reads_others:
        raise RuntimeError(
            f"{name}: its jvp is differentiated once more, and reads a tensor that is no argument or output of "
            "forward; save those only, or leave jvp out"
        )
    if ctx._materialize_grads:
        tangents = [
            weft.zeros_like(a) if t is None and isinstance(a, weft.Tensor) and is_differentiable(a) else t
            for a, t in zip(args, tangents)
        ]
    return _as_list(function.jvp(_with_saved(ctx, ctx._for_jvp), *tangents))


def _pushed_by_backward(function, args, tangents, kwargs):
    """(result, ctx, tangents of the outputs).

    The transposed derivative is linear in what flows back: its derivative by that, transposed, is the derivative.
    """
    with weft.enable_grad():
        variables = [a if t is None else _C._variable_of(a) for a, t in zip(args, tangents)]
        result, ctx = function._call(variables, kwargs)
        moving = [(x, t) for x, t in zip(variables, tangents) if t is not None]
        outputs = _as_list(result)
        found = [None] * len(outputs)
        places = [k for k, y in enumerate(outputs) if isinstance(y, weft.Tensor) and y.requires_grad]
        roots = [outputs[k] for k in places]
        flowing = [weft.ones_like(y, requires_grad=True) for y in roots]
        back = weft.autograd.grad(roots, [x for x, _ in moving], flowing, create_graph=True, allow_unused=True)
        for b, (_, t) in zip(back, moving):
            if b is None:
                continue
            pushed = [None] * len(roots)
            if b.requires_grad:
                pushed = weft.autograd.grad(b, flowing, t, create_graph=True, allow_unused=True)
            if all(p is None for p in pushed) and (_C._is_symbolic(b) or b.any()):
                raise RuntimeError(
                    f"{function.__name__}: it has no jvp method, and its backward is not written with differentiable "
                    "ops, from which its forward-mode derivative would follow"
                )
            for k, p in zip(places, pushed):
                if p is not None:
                    found[k] = p if found[k] is None else found[k] + p
    recorded = any(isinstance(a, weft.Tensor) and a.requires_grad for a in [*args, *tangents])
    if not recorded or not weft.is_grad_enabled():
        plain = [_C._without_history(y) if isinstance(y, weft.Tensor) else y for y in outputs]
        return _like(result, plain), ctx, [t if t is None else _C._without_history(t) for t in found]
    return result, ctx, found


def call_in_batch(function, args, kwargs):
    """The call's outputs for one example, while vmap traces a function that makes it, and its ctx."""
    places = [i for i, a in enumerate(args) if isinstance(a, weft.Tensor)]
    inputs = [args[i] for i in places]

    if function.vmap is not None and function.generate_vmap_rule:
        raise RuntimeError(f"{function.__name__}: it has a vmap method and asks for generate_vmap_rule; leave one out")

    def with_vmap_method(ctx):
        if function.setup_context is None:
            raise RuntimeError(
                f"{function.__name__}: a Function with a vmap method needs setup_context(ctx, inputs, output), and a "
                "forward without ctx"
            )
        with _C._OutsideTrace():  # which tell of shapes and dtypes
            models = [weft.zeros(a.shape, dtype=a.dtype) if isinstance(a, weft.Tensor) else a for a in args]
            result = function.forward(*models, **kwargs)
        outputs = _as_list(result)
        result = _like(result, _recorded(_rule_of_method(function, args, kwargs, places), inputs, outputs))
        function.setup_context(ctx, args, result)
        return result

    def with_backward(ctx):
        result = function._run(ctx, args, kwargs)
        if ctx._dirty:
            raise RuntimeError(f"{function.__name__}: mark_dirty cannot be combined with vmap")
        outputs = _as_list(result)
        known = {id(y) for y in outputs}
        saved = [t for t in _saved_by(ctx) if t is not None and id(t) not in known]
        rule = _rule_of_backward(function, ctx, args, places, outputs)
        found = _recorded(rule, [*outputs, *saved, *inputs], outputs)
        replaced = {id(a): b for a, b in zip(outputs, found)}
        ctx._to_save = tuple(replaced.get(id(t), t) for t in ctx._to_save)
        if ctx._to_save_for_jvp is not None:
            ctx._to_save_for_jvp = tuple(replaced.get(id(t), t) for t in ctx._to_save_for_jvp)
        return _like(result, found)

    return function._apply(args, kwargs, with_backward if function.vmap is None else with_vmap_method)


def _recorded(rule, inputs, outputs):
    if not all(isinstance(y, weft.Tensor) for y in outputs):
        raise RuntimeError("vmap: every output of an autograd.Function must be a tensor")
    with weft.enable_grad():  # what the inputs' histories are worth is decided when the batch is computed
        return _C._function_call(rule, inputs, outputs)


def _rule_of_method(function, args, kwargs, places):
    args = [None if i in places else a for i, a in enumerate(args)]
    randomness = randomness_now()

    def rule(inputs, size):
        own, dims = list(args), [None] * len(args)
        for place, (x, is_batched) in zip(places, inputs):
            own[place], dims[place] = x, 0 if is_batched else None
        result, out_dims = function.vmap(VmapInfo(size, randomness), tuple(dims), *own, **kwargs)
        outputs = _as_list(result)
        if not isinstance(out_dims, (tuple, list)):
            out_dims = [out_dims] * len(outputs)
        if len(out_dims) != len(outputs):
            raise RuntimeError(
                f"{function.__name__}: vmap returned {len(outputs)} outputs and {len(out_dims)} out_dims"
            )
        return [(y, False) if d is None else (y.movedim(d, 0), True) for y, d in zip(outputs, out_dims)]

    return rule


def _rule_of_backward(function, ctx, args, places, outputs):
    count = len(outputs)
    # Of what is saved: None, the number of an output, or whatever else
    outputs = {id(y): k for k, y in enumerate(outputs)}
    saved_places = [None if t is None else outputs.get(id(t), "else") for t in _saved_by(ctx)]
    parts = (len(ctx._to_save), ctx._to_save_for_jvp is not None)

    def rule(inputs, size):
        # For each element an output of its own, also where all are the same: its gradient is its own.
        outputs = [(y if is_batched else y.expand(size, *y.shape), True) for y, is_batched in inputs[:count]]
        known = inputs[count : len(inputs) - len(places)]
        variables = inputs[len(inputs) - len(places) :]
        call = _BatchedCall(function, ctx, saved_places, parts, len(args), places, size, outputs, known, variables)
        recorded = _Batched if function.jvp is None else _BatchedWithJvp
        found = recorded.apply(call, *(y for y, _ in outputs), *(x for x, _ in inputs[count:]))
        return [(y, True) for y in _as_list(found)]

    return rule


class _BatchedCall:
    """A call of a Function for a whole batch, whose outputs are known."""

    def __init__(self, function, ctx, saved_places, parts, arguments, places, size, outputs, saved, variables):
        self.function, self.ctx, self.arguments, self.places, self.size = function, ctx, arguments, places, size
        self.counts = (len(outputs), len(saved))
        self.saved_flags = [True] * len(outputs) + [b for _, b in saved]
        self.variable_flags = [b for _, b in variables]
        self.shapes = [x.shape[1:] if b else x.shape for x, b in variables]
        self.saved_places, self.parts = saved_places, parts

    def _context(self, saved, needs=None):
        """The ctx of one element, for backward, or for jvp without needs; saved: its outputs, then the rest."""
        others = iter(saved[self.counts[0] :])
        tensors = [
            None if place is None else next(others) if place == "else" else saved[place] for place in self.saved_places
        ]
        count, is_own_for_jvp = self.parts
        ctx = _with_saved(self.ctx, tensors[count:] if needs is None and is_own_for_jvp else tensors[:count])
        if needs is not None:
            every = [False] * self.arguments
            for place, needed in zip(self.places, needs):
                every[place] = needed
            ctx.needs_input_grad = tuple(every)
        return ctx

    def backward(self, saved, grads, needs):
        """The gradients by the variables that need one."""
        wanted = []

        def one(saved, grads):
            found = _as_list(self.function.backward(self._context(saved, needs), *grads))
            if len(found) != self.arguments:
                raise RuntimeError(
                    f"{self.function.__name__}: backward returned {len(found)} gradients, expected one for each of the "
                    f"{self.arguments} arguments of forward (None where there is none)"
                )
            found = [found[place] for place in self.places]
            wanted.append([g is not None for g in found])
            # A gradient may have the shape that broadcasting made of the argument's
            return [g.sum_to_size(shape) for g, shape in zip(found, self.shapes) if g is not None]

        flags = [self.saved_flags, [True] * len(grads)]
        found = iter(self._for_all(one, (saved, grads), flags))
        full = [next(found) if is_there else None for is_there in wanted[0]]
        return [g if g is None or b else g.sum(0) for g, b in zip(full, self.variable_flags)]

    def jvp(self, saved, tangents):
        wanted = []

        def one(saved, tangents):
            full = [None] * self.arguments
            for place, t in zip(self.places, tangents):
                full[place] = t
            found = _as_list(self.function.jvp(self._context(saved), *full))
            wanted.append([t is not None for t in found])
            return [t for t in found if t is not None]

        flags = [self.saved_flags, [b if t is not None else False for t, b in zip(tangents, self.variable_flags)]]
        found = iter(self._for_all(one, (saved, tangents), flags))
        return tuple(next(found) if is_there else None for is_there in wanted[0])

    def _for_all(self, one, arguments, flags):
        dims = tuple([0 if b else None for b in part] for part in flags)
        if not any(b for part in flags for b in part):
            return [g.expand(self.size, *g.shape) for g in one(*arguments)]
        return weft.vmap(one, in_dims=dims, randomness="same")(*arguments)


class _Batched(Function):
    """Outputs that are known, with the derivatives that a Function's methods give for each element of a batch."""

    @staticmethod
    def forward(ctx, call, *tensors):
        outputs, saved = call.counts
        ctx.call = call
        found = tuple(y.view_as(y) for y in tensors[:outputs])  # outputs of this call, no inputs that it returns
        ctx.save_for_backward(*found, *tensors[outputs : outputs + saved])
        return found

    @staticmethod
    def backward(ctx, *grads):
        outputs, saved = ctx.call.counts
        needs = ctx.needs_input_grad[1 + outputs + saved :]
        found = ctx.call.backward(list(ctx.saved_tensors), list(grads), needs)
        return (None, *[None] * (outputs + saved), *found)


class _BatchedWithJvp(_Batched):
    @staticmethod
    def jvp(ctx, *tangents):
        outputs, saved = ctx.call.counts
        return ctx.call.jvp(list(ctx.saved_tensors), list(tangents[1 + outputs + saved :]))

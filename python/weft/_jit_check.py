"""weft.jit(check=True) and WEFT_JIT_CHECK=1: every call of a jitted function beside an eager run of it."""

import threading

import weft
from weft import _C
from weft._jit_results import attribute_names
from weft._jit_state import StateSaved, optimizer_values, owned_tensors

_one_at_a_time = threading.RLock()  # a check takes back what its eager run has done


def call_checked(jitted, args, kwargs):
    """Runs the function eagerly, takes back everything it did, runs the compiled graph, and compares.

    Raises RuntimeError where something differs; then everything is as before the call.
    """
    with _one_at_a_time:
        return _Check(jitted, args, kwargs).run()


class _Check:
    def __init__(self, jitted, args, kwargs):
        self.jitted, self.args, self.kwargs = jitted, args, kwargs

    def run(self):
        at_first = StateSaved()
        compiled, problem = self._compiled()
        if compiled is None or compiled.eager:
            result = self.jitted.__wrapped__(*self.args, **self.kwargs)
            if problem is not None:
                _fallback().settle(self.jitted, problem, self.args, self.kwargs)
            return result
        self.optimizers = StateSaved()  # a first trace gives parameters their state
        try:
            captured = [
                *compiled._captured(),
                *_fallback().trace_apart(self.jitted, self.args, self.kwargs)._captured(),
            ]
        finally:
            self.optimizers.restore()
        self.arguments = self.jitted._argument_tensors(*self.args, **self.kwargs)
        self.tensors = list({id(t): t for t in (*self.arguments, *captured)}.values())
        # Eager mode gives parameters without a state a state of its own: the entries of the optimizers are compared.
        owned = owned_tensors()
        self.watched = [t for t in self.tensors if id(t) not in owned]
        self.sources = [t for t in self.watched if t.requires_grad]
        self.before = _C._Snapshot(self.tensors)

        self.heard = _C._ListenScope()
        self.draws = []
        try:
            at_first.restore()
            return self._compare(compiled)
        except BaseException:  # Ctrl-C, or no memory for the copies
            self._take_back()
            raise

    def _compare(self, compiled):
        with self.heard:
            eager = _Outcome(self, lambda: self.jitted.__wrapped__(*self.args, **self.kwargs), None)
        self._take_back()
        if isinstance(eager.error, weft.OutOfMemoryError):
            raise eager.error  # the graph may need less, but without the eager run there is nothing to compare
        own = _Outcome(self, lambda: self.jitted._run(compiled, self.args, self.kwargs), eager.cotangents)
        if own.error is not None:
            raise own.error
        difference = _difference(eager, own, _Tolerance(compiled, eager))
        if difference is None:
            return own.result
        self._fail(compiled, eager, *difference)

    def _compiled(self):
        """(what is compiled for these arguments or None, the error that a trace has met or None)."""
        known = self.jitted._look_up(*self.args, **self.kwargs)
        if known is not None:
            return known, None
        if self.jitted.falls_back:
            return _fallback().trace_or_explain(self.jitted, self.args, self.kwargs)
        return self.jitted.compile(*self.args, **self.kwargs), None

    def _take_back(self):
        for draws in self.draws:
            draws.rewind()
        self.before.restore()
        self.optimizers.restore()

    def _fail(self, compiled, eager, text, of_gradients):
        for value in eager.values():
            self.heard.add(value)
        self._take_back()
        where = compiled._first_difference(self.arguments, eager.cotangents or [], self.heard, of_gradients)
        self.before.restore()
        harmful = (
            [] if eager.error else [name for name in _C._jit_passes() if self._is_right_without(compiled, name, eager)]
        )
        advice = (
            f"; without the pass {' or '.join(harmful)} it is right (WEFT_JIT_PASSES=-{harmful[0]})" if harmful else ""
        )
        name = getattr(self.jitted.__wrapped__, "__qualname__", repr(self.jitted.__wrapped__))
        raise RuntimeError(f"jit check: {name} differs from eager mode: {text}. {where[:1].upper()}{where[1:]}{advice}")

    def _is_right_without(self, compiled, name, eager):
        other = self.jitted._without_pass(compiled, name)
        outcome = _Outcome(self, lambda: self.jitted._run(other, self.args, self.kwargs), eager.cotangents)
        self._take_back()
        return outcome.error is None and _difference(eager, outcome, _Tolerance(compiled, eager)) is None


def _fallback():
    from weft import _jit_fallback

    return _jit_fallback


class _Outcome:
    """What a run has returned and left behind, copied."""

    def __init__(self, check, run, cotangents):
        self.result = self.error = self.cotangents = None
        self.draws = _C._RewindScope()
        check.draws.append(self.draws)
        with self.draws:
            try:
                self.result = run()
            except Exception as error:
                self.error = error
        self.generators = self.draws.states()
        leaves = _leaves(self.result, "result")
        places = {id(t): _memory_of(t) for _, t in leaves if isinstance(t, weft.Tensor) and t.requires_grad}
        self.results_share_memory = len(set(places.values())) < len(places)
        identities = {id(t): place for place, t in enumerate(check.tensors)}
        with weft.no_grad():
            self.outputs = [(name, _copy(leaf), _facts(leaf, identities)) for name, leaf in leaves]
            self.state = [(_copy(t), _copy(t.grad), t.requires_grad) for t in check.watched]
            self.optimizers = [(name, _copy(value)) for _, name, value in optimizer_values()]
        self.gradients = self._gradients(check, [leaf for _, leaf in leaves], cotangents)

    def _gradients(self, check, leaves, cotangents):
        known = {id(t) for t in check.tensors}  # what is returned as it was given depends on nothing in the function
        roots = {id(t): t for t in leaves if isinstance(t, weft.Tensor) and t.requires_grad and id(t) not in known}
        roots = list(roots.values())
        sources, retained = check.sources, [(t, t.grad) for t in (*check.watched, *roots)]
        if self.error is not None or not roots or not sources or not weft.is_grad_enabled():
            return None
        with weft.no_grad():
            self.cotangents = cotangents or [_cotangent(t) for t in roots]
        try:
            found = weft.autograd.grad(roots, sources, self.cotangents, retain_graph=True, allow_unused=True)
        except Exception:  # it is raised when backward is asked for
            return None
        for t, grad in retained:  # of tensors with retain_grad()
            t.grad = grad
        with weft.no_grad():
            return [_copy(g) for g in found]

    def values(self):
        """All tensors in it."""
        found = [value for _, value, _ in self.outputs] + [value for _, value in self.optimizers]
        found += [value for values, grad, _ in self.state for value in (values, grad)] + (self.gradients or [])
        return [value for value in found if isinstance(value, weft.Tensor)]


def _memory_of(t):
    return t.data_ptr() - t.storage_offset() * t.element_size()


def _copy(value):
    return value.detach().clone() if isinstance(value, weft.Tensor) else value


def _cotangent(t):
    """Numbers that differ from place to place, without asking a generator."""
    return ((weft.arange(t.numel(), device=t.device) % 7 - 3) * 0.25 + 0.1).reshape(t.shape).to(t.dtype)


def _facts(leaf, identities):
    if not isinstance(leaf, weft.Tensor):
        return None
    strides = tuple(stride for size, stride in zip(leaf.shape, leaf.stride()) if size > 1) if leaf.numel() else ()
    return {"requires_grad": leaf.requires_grad, "strides": strides, "which tensor it is": identities.get(id(leaf))}


def _leaves(value, name):
    if isinstance(value, (tuple, list)):
        own = [(f"{name}: its type", type(value)), (f"{name}: its length", len(value))]
        return own + [leaf for i, item in enumerate(value) for leaf in _leaves(item, f"{name}[{i}]")]
    if isinstance(value, dict):
        own = [(f"{name}: its keys", list(value))]
        return own + [leaf for key, item in value.items() for leaf in _leaves(item, f"{name}[{key!r}]")]
    if (attributes := attribute_names(value)) is not None:
        own = [(f"{name}: its type", type(value))]
        return own + [leaf for key in attributes for leaf in _leaves(getattr(value, key), f"{name}.{key}")]
    return [(name, value)]


class _Tolerance:
    """What may differ: control flow is one op, whose gradients exist whatever it does, and results may share memory."""

    def __init__(self, compiled, eager):
        text = compiled.text(False) + (compiled.text(True) or "")
        # Gradients are added up in another one.
        self.order = "scan(" in text or "while_loop(" in text or eager.results_share_memory
        self.needs = "cond(" in text  # either branch may require grad

    def allows_gradient(self, one, two):
        if one is None or two is None:
            given = two if one is None else one
            return (self.order or self.needs) and not given.any()
        close = one.shape == two.shape and weft.allclose(one, two, rtol=1e-4, atol=1e-6)
        return self.order and close


def _difference(eager, own, tolerance):
    """None, or (what differs, whether it is a gradient)."""
    if eager.error is not None:
        return f"it raises {type(eager.error).__name__}: {eager.error}; the compiled graph does not", False
    if len(eager.outputs) != len(own.outputs):
        return f"it returns {len(eager.outputs)} values, the compiled graph {len(own.outputs)}", False
    for (name, one, facts), (_, two, other_facts) in zip(eager.outputs, own.outputs):
        text = _unequal(one, two)
        for fact in facts or () if text is None else ():
            if facts[fact] != other_facts[fact] and not (fact == "requires_grad" and tolerance.needs):
                text = f"{fact} is {facts[fact]}, but {other_facts[fact]} compiled"
        if text:
            return f"{name}: {text}", False
    for (values, grad, needs), (own_values, own_grad, own_needs) in zip(eager.state, own.state):
        which = f"a tensor of shape {tuple(values.shape)} from outside or among the arguments"
        text = _unequal(values, own_values) or (f"requires_grad is {needs}" if needs != own_needs else None)
        if text:
            return f"{which}: {text}", False
        if text := _unequal(grad, own_grad):
            return f"the .grad of {which}: {text}", False
    if [name for name, _ in eager.optimizers] != [name for name, _ in own.optimizers]:
        return "the optimizers' states have other entries", False
    for (name, one), (_, two) in zip(eager.optimizers, own.optimizers):
        if text := _unequal(one, two):
            return f"{name}: {text}", False
    if eager.generators != own.generators or own.draws.drew_more_than(eager.draws):
        return "another number of random numbers was drawn", False
    for one, two in zip(eager.gradients or (), own.gradients or ()):
        if (text := _unequal(one, two)) and not tolerance.allows_gradient(one, two):
            return f"the gradient of a tensor of shape {tuple((one if one is not None else two).shape)}: {text}", True
    return None


def _unequal(one, two):
    """None for equal values, else what differs."""
    if isinstance(one, weft.Tensor) and isinstance(two, weft.Tensor):
        if _C._same_bits(one, two):
            return None
        if one.shape != two.shape or one.dtype != two.dtype:
            return f"{one.dtype} {tuple(one.shape)}, but {two.dtype} {tuple(two.shape)} compiled"
        different = ~((one == two) | ((one != one) & (two != two)))
        if not different.any():
            return "the sign of a zero"
        place = tuple(int(i) for i in different.nonzero()[0])
        count = int(different.sum())
        return (
            f"{count} of {one.numel()} elements, first that at {place}: {one[place].item()!r}, but "
            f"{two[place].item()!r} compiled"
        )
    if one is two or (type(one) is type(two) and _are_equal(one, two)):
        return None
    if isinstance(one, weft.Tensor) or isinstance(two, weft.Tensor):
        return f"{_short(one)}, but {_short(two)} compiled"
    return f"{one!r}, but {two!r} compiled"


def _are_equal(one, two):
    try:
        return bool(one == two or (one != one and two != two))
    except Exception:
        return True  # objects that cannot be compared


def _short(value):
    return f"a tensor of shape {tuple(value.shape)}" if isinstance(value, weft.Tensor) else repr(value)

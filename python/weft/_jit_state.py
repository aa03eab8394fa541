"""What a run of a function may change beside tensors, and how it is taken back: state of optimizers and scalers."""

import contextvars
import threading
import weakref

optimizers, runs, scalers = weakref.WeakSet(), weakref.WeakSet(), weakref.WeakSet()  # all; runs: of optimizers' steps
number_cells = weakref.WeakValueDictionary()  # by id: tensors of the numbers that traced steps read anew


# Is a program traced that will be saved? Ops that hold what a function of Python does cannot be.
EXPORTING = contextvars.ContextVar("exporting", default=False)


class _Touched(threading.local):
    optimizers = frozenset()  # ids of those that the trace of this thread has changed


_touched = _Touched()


def touch(optimizer):
    """A trace of this thread changes the optimizer."""
    _touched.optimizers |= {id(optimizer)}


def alive(weak_set):
    """What is in it, as a list; another thread may add to it meanwhile."""
    while True:
        try:
            return list(weak_set)
        except RuntimeError:  # it changed its size
            continue


class StateSaved:
    """The state of all optimizers, their steps, and gradient scalers that are alive; their tensors by reference.

    Before a trace (``of_trace``): then only what the trace has changed is restored, because other threads may step
    other optimizers meanwhile. Scalers refuse to be changed in a trace.
    """

    def __init__(self, of_trace=False):
        self._of_trace = of_trace
        if of_trace:
            _touched.optimizers = frozenset()
        self._saved = [(one, _save(one)) for one in alive(optimizers)]
        self._saved += [(run.optimizer(), _save_run(run)) for run in alive(runs)]
        if not of_trace:
            self._saved += [(scaler, _save_scaler(scaler)) for scaler in alive(scalers)]

    def restore(self):
        for owner, put_back in self._saved:
            if not self._of_trace or id(owner) in _touched.optimizers:
                put_back()


def _save(one):
    attributes = dict(one.__dict__)
    state, plans = one.__dict__.get("state"), one.__dict__.get("_plans")
    dicts = [entry for entry in (*(state or {}).values(), *one.__dict__.get("param_groups", ())) if type(entry) is dict]
    dicts = [(entry, dict(entry)) for entry in dicts]
    order = dict(state) if isinstance(state, dict) else None
    known_plans = dict(plans) if isinstance(plans, dict) else None

    def put_back():
        one.__dict__.clear()
        one.__dict__.update(attributes)
        for container, items in ((state, order), (plans, known_plans), *dicts):
            if items is not None:
                container.clear()
                container.update(items)

    return put_back


def _save_run(run):
    values = {**run.__dict__, "seen": list(run.seen)}  # a step changes that list
    return lambda: run.__dict__.update(values)


def _save_scaler(scaler):
    attributes = dict(scaler.__dict__)
    copies = {name: attributes[name].copy() for name in ("_norms", "_stepped") if name in attributes}
    return lambda: scaler.__dict__.update(attributes | copies)


def owned_tensors():
    """The ids of the tensors that are states of optimizers, or become it with the next step."""
    owned = {id(value) for _, _, value in optimizer_values()} | set(number_cells)
    return owned | {id(t) for run in alive(runs) for column in run.columns for t in column}


def optimizer_values():
    """(name, value) of everything that the optimizers that are alive know of their parameters, in an order."""
    found = []
    for one in alive(optimizers):
        for place, values in enumerate(one.__dict__.get("state", {}).values()):
            if isinstance(values, dict):
                name = f"{type(one).__name__}.state[{place}]"
                found += [((id(one), place, key), f"{name}[{key!r}]", value) for key, value in values.items()]
    return found

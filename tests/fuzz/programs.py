"""Random programs of ops, views and in-place steps, run in several ways that must agree.

    python tests/fuzz/programs.py [--seed N] [--seconds S] [--count N] [--no-jit]

Each program is drawn from one number and can be run again alone: --seed N --count 1. It is run

- eagerly, with its views and in-place steps;
- as a functional twin, in which a view is a list of positions in a flat tensor and an in-place step makes a new one;
- under weft.jit.

The twin's results and gradients must be those of the program, in the second derivative too; a few elements of the
gradient are compared with central differences; the jitted program must equal the eager one, in the second derivative
too, also where it draws random numbers. A program in which autograd
refuses to go back, because a step wrote over what an earlier one needs, counts as refused. The exit code is 1 when a
program failed; its seed and steps are printed.
"""

import argparse
import sys
import time
import traceback
import warnings

import numpy as np
import weft

# Functions of one tensor that are smooth and bounded enough for any program
UNARY = {
    "sin": lambda x: x.sin(),
    "tanh": lambda x: x.tanh(),
    "sigmoid": lambda x: x.sigmoid(),
    "exp": lambda x: (x * 0.25).exp(),
    "square": lambda x: x.square() * 0.5,
    "neg": lambda x: -x,
    "cumsum": lambda x: x.cumsum(0) * 0.5 if x.dim() else x * 0.5,
    "cumprod": lambda x: (x * 0.5).cumprod(0) if x.dim() else x * 0.5,
    "softmax": lambda x: x.softmax(-1) if x.dim() else x * 1,
    "erf": lambda x: x.erf(),
    "softplus": lambda x: weft.nn.functional.softplus(x),
    "mish": lambda x: weft.nn.functional.mish(x),
    "gelu": lambda x: weft.nn.functional.gelu(x),
    "atan2": lambda x: weft.atan2(x, x.square() + 1),
    "logsumexp": lambda x: x - x.logsumexp(-1, True) if x.dim() else x * 1,
}
IN_PLACE_UNARY = {
    "sin_": (lambda x: x.sin_(), lambda x: x.sin()),
    "tanh_": (lambda x: x.tanh_(), lambda x: x.tanh()),
    "sigmoid_": (lambda x: x.sigmoid_(), lambda x: x.sigmoid()),
    "square_": (lambda x: x.square_(), lambda x: x.square()),
    "neg_": (lambda x: x.neg_(), lambda x: -x),
    "mul_2": (lambda x: x.mul_(0.75), lambda x: x * 0.75),
    "add_1": (lambda x: x.add_(0.5), lambda x: x + 0.5),
    "zero_": (lambda x: x.zero_(), lambda x: x * 0),
    "erf_": (lambda x: x.erf_(), lambda x: x.erf()),
    "expm1_": (lambda x: x.mul_(0.25).expm1_(), lambda x: (x * 0.25).expm1()),
    "cumsum_": (lambda x: x.cumsum_(0) if x.dim() else x, lambda x: x.cumsum(0) if x.dim() else x),
}
BINARY = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / (y.square() + 1),
    "hypot": lambda x, y: weft.hypot(x, y.square() + 0.5),
    "logaddexp": lambda x, y: weft.logaddexp(x, y),
    "where": lambda x, y: weft.where(weft.arange(x.numel()).reshape(x.shape) % 3 == 0, x, y),
    "lerp": lambda x, y: weft.lerp(x, y, 0.25),
}
IN_PLACE_BINARY = {
    "add_": (lambda x, y: x.add_(y), lambda x, y: x + y),
    "sub_": (lambda x, y: x.sub_(y), lambda x, y: x - y),
    "mul_": (lambda x, y: x.mul_(y), lambda x, y: x * y),
    "div_": (lambda x, y: x.div_(y.square() + 1), lambda x, y: x / (y.square() + 1)),
    "copy_": (lambda x, y: x.copy_(y), lambda x, y: y * 1),
    "addcmul_": (lambda x, y: x.addcmul_(y, y, value=0.5), lambda x, y: x + 0.5 * y * y),
    "lerp_": (lambda x, y: x.lerp_(y, 0.25), lambda x, y: weft.lerp(x, y, 0.25)),
    "atan2_": (lambda x, y: x.atan2_(y.square() + 1), lambda x, y: weft.atan2(x, y.square() + 1)),
    "hypot_": (lambda x, y: x.hypot_(y.square() + 0.5), lambda x, y: weft.hypot(x, y.square() + 0.5)),
    "setitem": (lambda x, y: _assign(x, y), lambda x, y: y * 1),
}


def _assign(x, y):
    x[...] = y
    return x


class Program:
    """A list of steps over numbered values; each step is (kind, name, argument numbers, details)."""

    def __init__(self, seed):
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        self.shapes = []
        self.steps = []
        self.inputs = [self._new(self._shape()) for _ in range(self.rng.integers(1, 4))]
        for _ in range(self.rng.integers(4, 14)):
            self._draw()
        self.arrays = [self.rng.uniform(-1.2, 1.2, self.shapes[i]) for i in self.inputs]
        self.outputs = sorted(set(self.rng.integers(0, len(self.shapes), 3).tolist()) | {len(self.shapes) - 1})

    def __str__(self):
        lines = [f"inputs of shapes {[self.shapes[i] for i in self.inputs]}"]
        made = len(self.inputs)
        for kind, name, args, details in self.steps:
            target = f"v{args[0]}" if kind.startswith("in place") else f"v{made}"
            made += not kind.startswith("in place")
            lines.append(f"  {target} = {kind} {name}({', '.join(f'v{a}' for a in args)}) {details or ''}")
        return "\n".join([*lines, f"outputs {self.outputs}"])

    def _shape(self):
        return tuple(int(n) for n in self.rng.integers(1, 5, self.rng.integers(0, 4)))

    def _new(self, shape):
        self.shapes.append(tuple(shape))
        return len(self.shapes) - 1

    def _pick(self, shape=None):
        fitting = [i for i, s in enumerate(self.shapes) if shape is None or s == shape]
        return int(self.rng.choice(fitting))

    def _choice(self, table):
        return str(self.rng.choice(sorted(table)))

    def _draw(self):
        kind = self.rng.choice(
            ["unary", "binary", "view", "in place unary", "in place binary", "matmul", "sum", "expand"]
        )
        x = self._pick()
        shape = self.shapes[x]
        if kind == "unary":
            self._add(kind, self._choice(UNARY), [x], shape)
        elif kind == "binary":
            self._add(kind, self._choice(BINARY), [x, self._pick(shape)], shape)
        elif kind == "view":
            self._draw_view(x, shape)
        elif kind == "in place unary":
            self._add(kind, self._choice(IN_PLACE_UNARY), [x])
        elif kind == "in place binary":
            self._add(kind, self._choice(IN_PLACE_BINARY), [x, self._pick(shape)])
        elif kind == "sum" and shape:
            dim = int(self.rng.integers(0, len(shape)))
            self._add("sum", "sum", [x], shape[:dim] + shape[dim + 1 :], dim)
        elif kind == "expand":
            self._add("expand", "expand", [x], (2, *shape))
        elif kind == "matmul" and len(shape) == 2:
            self._add("matmul", "matmul", [x, x], (shape[0], shape[0]))

    def _draw_view(self, x, shape):
        if not shape:
            return
        dim = int(self.rng.integers(0, len(shape)))
        other = int(self.rng.integers(0, len(shape)))
        start = int(self.rng.integers(0, shape[dim]))
        step = int(self.rng.integers(1, 3))
        views = {
            "select": ((dim, start), lambda a: np.take(a, start, dim)),
            "slice": ((dim, start, step), lambda a: a[(slice(None),) * dim + (slice(start, None, step),)]),
            "transpose": ((dim, other), lambda a: np.swapaxes(a, dim, other)),
            "flatten": ((), lambda a: a.reshape(-1)),
            "unsqueeze": ((dim,), lambda a: np.expand_dims(a, dim)),
        }
        name = self._choice(views)
        details, on_array = views[name]
        self._add("view", name, [x], on_array(np.empty(shape)).shape, details)

    def _add(self, kind, name, args, shape=None, details=None):
        self.steps.append((kind, name, args, details))
        if shape is not None:
            self._new(shape)


def view_of(x, name, details):
    """The view that a step names, of a tensor or of an array of positions."""
    if name == "select":
        dim, at = details
        return x[(slice(None),) * dim + (at,)]
    if name == "slice":
        dim, start, step = details
        return x[(slice(None),) * dim + (slice(start, None, step),)]
    if name == "transpose":
        return x.swapaxes(*details)
    if name == "flatten":
        return x.reshape(-1)
    return x[(slice(None),) * details[0] + (None,)]


def run(program, inputs):
    """The program as it is written."""
    values = [x * 1 for x in inputs]
    for kind, name, args, details in program.steps:
        given = [values[a] for a in args]
        if kind == "unary":
            values.append(UNARY[name](*given))
        elif kind == "binary":
            values.append(BINARY[name](*given))
        elif kind == "view":
            values.append(view_of(given[0], name, details))
        elif kind == "sum":
            values.append(given[0].sum(details))
        elif kind == "expand":
            values.append(given[0].expand(2, *given[0].shape))
        elif kind == "matmul":
            values.append(given[0] @ given[1].t())
        else:
            table = IN_PLACE_UNARY if kind == "in place unary" else IN_PLACE_BINARY
            table[name][0](*given)
    return [values[i] for i in program.outputs]


class Twin:
    """A value of the functional program: where its elements are in one of the flat tensors."""

    def __init__(self, place, positions):
        self.place = place
        self.positions = positions


def run_twin(program, inputs):
    """The same program without views and in-place steps. Raises RuntimeError where an expanded tensor is written."""
    flats = []

    def fresh(tensor):
        flats.append(tensor.reshape(-1))
        return Twin(len(flats) - 1, np.arange(tensor.numel()).reshape(tuple(tensor.shape)))

    def read(twin):
        picked = flats[twin.place].index_select(0, weft.tensor(twin.positions.reshape(-1).copy()))
        return picked.reshape(twin.positions.shape)

    values = [fresh(x * 1) for x in inputs]
    for kind, name, args, details in program.steps:
        twins = [values[a] for a in args]
        given = [read(twin) for twin in twins]
        if kind == "unary":
            values.append(fresh(UNARY[name](*given)))
        elif kind == "binary":
            values.append(fresh(BINARY[name](*given)))
        elif kind == "view":
            positions = twins[0].positions
            seen = view_of(positions, name, details)
            # flatten copies what is not contiguous in memory, as the tensors do
            if name == "flatten" and not is_regular(seen, positions):
                values.append(fresh(given[0].reshape(-1)))
            else:
                values.append(Twin(twins[0].place, seen))
        elif kind == "sum":
            values.append(fresh(given[0].sum(details)))
        elif kind == "expand":
            positions = twins[0].positions
            values.append(Twin(twins[0].place, np.broadcast_to(positions, (2, *positions.shape))))
        elif kind == "matmul":
            values.append(fresh(given[0] @ given[1].t()))
        else:
            table = IN_PLACE_UNARY if kind == "in place unary" else IN_PLACE_BINARY
            positions = weft.tensor(twins[0].positions.reshape(-1).copy())
            new = table[name][1](*given).reshape(-1)
            flats[twins[0].place] = flats[twins[0].place].index_copy(0, positions, new)
    return [read(values[i]) for i in program.outputs]


def is_regular(flat, positions):
    """Can the flattened positions be seen as one run with a stride?"""
    return flat.size < 2 or len(set(np.diff(flat).tolist())) == 1


def leaves(arrays):
    return [weft.tensor(a, dtype=weft.float64, requires_grad=True) for a in arrays]


def weighted(outputs, weights):
    return sum((o * weft.tensor(w)).sum() for o, w in zip(outputs, weights, strict=True))


def derivatives(program, call, weights):
    """Results, gradients, and the gradient of the sum of their squares."""
    inputs = leaves(program.arrays)
    outputs = call(program, inputs)
    first = weft.autograd.grad(weighted(outputs, weights), inputs, create_graph=True, allow_unused=True)
    first = [weft.zeros_like(x) if g is None else g for g, x in zip(first, inputs, strict=True)]
    total = sum((g * g).sum() for g in first)
    second = [None] * len(inputs)
    if total.requires_grad:
        second = weft.autograd.grad(total, inputs, allow_unused=True)
    second = [weft.zeros_like(x) if g is None else g for g, x in zip(second, inputs, strict=True)]
    return [[t.detach().numpy() for t in group] for group in (outputs, first, second)]


def check_close(what, got, wanted, rtol, atol):
    for number, (a, b) in enumerate(zip(got, wanted, strict=True)):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol, err_msg=f"{what} {number}")


def check_differences(program, weights, gradients):
    """Two elements of each gradient against central differences."""

    def value(arrays):
        with weft.no_grad():
            return weighted(run(program, [weft.tensor(a) for a in arrays]), weights).item()

    step = 1e-5
    for i, array in enumerate(program.arrays):
        for at in program.rng.permutation(array.size)[:2]:
            ends = []
            for move in (step, -step):
                moved = [a.copy() for a in program.arrays]
                moved[i].reshape(-1)[at] += move
                ends.append(value(moved))
            slope = (ends[0] - ends[1]) / (2 * step)
            got = gradients[i].reshape(-1)[at]
            assert abs(got - slope) <= 1e-5 * (1 + abs(slope)), f"gradient {i} at {at}: {got}, numerically {slope}"


def check_jit(program, weights, results, gradients):
    jitted = weft.jit(lambda *inputs: tuple(run(program, inputs)))
    for _ in range(2):
        inputs = leaves(program.arrays)
        outputs = jitted(*inputs)
        for number, (a, b) in enumerate(zip(outputs, results, strict=True)):
            np.testing.assert_array_equal(a.detach().numpy(), b, err_msg=f"jitted result {number}")
        total = weighted(outputs, weights)
        if not total.requires_grad:
            return
        found = weft.autograd.grad(total, inputs, allow_unused=True)
        found = [np.zeros(x.shape) if g is None else g.numpy() for g, x in zip(found, inputs, strict=True)]
        check_close("jitted gradient", found, gradients, 1e-10, 1e-12)


def check_second_through_jit(program, weights, wanted):
    """create_graph through the jitted program, which runs it once more, by its graph or as a function."""
    jitted = weft.jit(lambda *inputs: tuple(run(program, inputs)))
    drawing = weft.jit(lambda *inputs: tuple(weft.nn.functional.dropout(o, 0.5) * 2 for o in run(program, inputs)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        mine = derivatives(program, lambda _, inputs: jitted(*inputs), weights)
        weft.manual_seed(program.seed)
        dropped = derivatives(program, lambda _, inputs: drawing(*inputs), weights)
        weft.manual_seed(program.seed)
        eagerly = derivatives(program, lambda _, inputs: drawing.__wrapped__(*inputs), weights)
    scale = 1 + max((np.abs(g).max(initial=0) for group in wanted for g in group), default=0)
    for what, got, right in (("", mine, wanted), (" with dropout", dropped, eagerly)):
        check_close(f"result of jit{what}", got[0], right[0], 1e-12, 1e-12 * scale)
        check_close(f"gradient through jit{what}", got[1], right[1], 1e-9, 1e-10 * scale)
        check_close(f"second gradient through jit{what}", got[2], right[2], 1e-8, 1e-9 * scale)


REFUSALS = ("changed it after", "share memory", "cannot be changed in place")


def check(seed, jit=True):
    """Runs one program in all ways. Returns whether autograd refused it; raises what goes wrong."""
    program = Program(seed)
    with weft.no_grad():
        try:
            results = run(program, [weft.tensor(a) for a in program.arrays])
        except RuntimeError as error:
            if any(words in str(error) for words in REFUSALS):
                return True
            raise
    weights = [program.rng.uniform(0.5, 1.5, tuple(r.shape)) for r in results]
    try:
        mine = derivatives(program, run, weights)
    except RuntimeError as error:
        if any(words in str(error) for words in REFUSALS) or "does not require grad" in str(error):
            return True
        raise
    twin = derivatives(program, run_twin, weights)
    scale = 1 + max((np.abs(g).max(initial=0) for group in twin for g in group), default=0)
    if not np.isfinite(scale):
        return True
    check_close("result", mine[0], twin[0], 1e-12, 1e-12 * scale)
    check_close("gradient", mine[1], twin[1], 1e-9, 1e-10 * scale)
    check_close("second gradient", mine[2], twin[2], 1e-8, 1e-9 * scale)
    if scale < 1e4:
        check_differences(program, weights, mine[1])
    if jit:
        check_jit(program, weights, mine[0], mine[1])
        check_second_through_jit(program, weights, mine)
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of the first program")
    parser.add_argument("--seconds", type=float, default=60, help="time to go on drawing programs")
    parser.add_argument("--count", type=int, default=None, help="at most so many programs")
    parser.add_argument("--no-jit", action="store_true", help="leave weft.jit out")
    options = parser.parse_args()
    end = time.monotonic() + options.seconds
    seed, refused, failed = options.seed, 0, 0
    while time.monotonic() < end and (options.count is None or seed - options.seed < options.count):
        try:
            refused += check(seed, not options.no_jit)
        except Exception:
            failed += 1
            print(f"--- seed {seed} failed\n{Program(seed)}\n{traceback.format_exc(limit=3)}", flush=True)
        seed += 1
    print(f"programs: {seed - options.seed} from seed {options.seed}, {refused} refused by autograd, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

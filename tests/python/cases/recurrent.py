"""Recurrent layers and cells."""

import numpy as np
from support import FULL_FLOATS

from .row import Bad, Op, Sample

GATES = {"lstm": 4, "gru": 3, "rnn_tanh": 1, "rnn_relu": 1}
# A few products and functions after each other; half types are rounded at the end alone, but in the product of inputs.
TOLERANCE = {"float32": (1e-4, 1e-5), "float16": (1e-2, 1e-2), "bfloat16": (6e-2, 6e-2)}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def step(kind, x, states, w_ih, w_hh, b_ih=0.0, b_hh=0.0, w_hr=None):
    """The states after one step of a cell."""
    from_x, from_h = x @ w_ih.T + b_ih, states[0] @ w_hh.T + b_hh
    if kind == "gru":
        (xr, xz, xn), (hr, hz, hn) = np.split(from_x, 3, -1), np.split(from_h, 3, -1)
        r, z = sigmoid(xr + hr), sigmoid(xz + hz)
        return [(1 - z) * np.tanh(xn + r * hn) + z * states[0]]
    if kind == "lstm":
        i, f, g, o = np.split(from_x + from_h, 4, -1)
        c = sigmoid(f) * states[1] + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        return [h if w_hr is None else h @ w_hr.T, c]
    return [np.tanh(from_x + from_h) if kind == "rnn_tanh" else np.maximum(from_x + from_h, 0)]


def one_direction(kind, x, sizes, states, weights, backward):
    """Outputs of each row of x, and the last states; sizes: of the batch at each step."""
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(int)
    states, outputs = [state.copy() for state in states], [None] * len(sizes)
    for t in reversed(range(len(sizes))) if backward else range(len(sizes)):
        n = sizes[t]
        new = step(kind, x[starts[t] : starts[t + 1]], [state[:n] for state in states], *weights)
        for state, part in zip(states, new):
            state[:n] = part
        outputs[t] = new[0]
    return np.concatenate(outputs), states


def layers(kind, x, sizes, hx, params, has_biases, num_layers, bidirectional):
    directions, projected = 1 + bidirectional, kind == "lstm" and hx[0].shape[2] != hx[1].shape[2]
    count = 2 + 2 * has_biases + projected
    last = [[] for _ in hx]
    for layer in range(num_layers):
        outputs = []
        for direction in range(directions):
            i = layer * directions + direction
            w_ih, w_hh, *others = params[i * count : (i + 1) * count]
            biases = others[:2] if has_biases else [0.0, 0.0]
            weights = [w_ih, w_hh, *biases, *(others[-1:] if projected else [])]
            y, states = one_direction(kind, x, sizes, [h[i] for h in hx], weights, direction == 1)
            outputs.append(y)
            for to, state in zip(last, states):
                to.append(state)
        x = np.concatenate(outputs, 1)
    return x, [np.stack(states) for states in last]


def padded(kind):
    def reference(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first):
        assert not (dropout and train)
        hx = hx if kind == "lstm" else [hx]
        x = input.swapaxes(0, 1) if batch_first else input
        steps, batch = x.shape[:2]
        y, last = layers(
            kind, x.reshape(steps * batch, -1), [batch] * steps, hx, params, has_biases, num_layers, bidirectional
        )
        y = y.reshape(steps, batch, -1)
        return [y.swapaxes(0, 1) if batch_first else y, *last]

    return reference


def packed(kind):
    def reference(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional):
        hx = hx if kind == "lstm" else [hx]
        y, last = layers(kind, data, batch_sizes, hx, params, has_biases, num_layers, bidirectional)
        return [y, *last]

    return reference


def cell(kind):
    def reference(input, hx, *weights):
        states = step(kind, input, hx if kind == "lstm" else [hx], *weights)
        return states if kind == "lstm" else states[0]

    return reference


def weights_of(make, kind, size, hidden, biases=True, num_layers=1, directions=1, output=None):
    output, rows, params = output or hidden, GATES[kind] * hidden, []
    bound = min(0.7, hidden**-0.5)  # or states grow from step to step

    def small(*shape):
        return make(*shape, low=-bound, high=bound)

    for layer in range(num_layers):
        for _ in range(directions):
            params += [small(rows, size if layer == 0 else directions * output), small(rows, output)]
            params += [small(rows), small(rows)] if biases else []
            params += [small(output, hidden)] if output != hidden else []
    return params


def states_of(make, kind, batch, hidden, count=1, output=None):
    h = make(count, batch, output or hidden, low=-1.0, high=1.0)
    return (h, make(count, batch, hidden, low=-1.0, high=1.0)) if kind == "lstm" else h


def sample(
    make, kind, steps, batch, size, hidden, biases=True, num_layers=1, both=False, batch_first=False, output=None
):
    count = num_layers * (1 + both)
    return Sample(
        make(batch, steps, size) if batch_first else make(steps, batch, size),
        states_of(make, kind, batch, hidden, count, output),
        weights_of(make, kind, size, hidden, biases, num_layers, 1 + both, output),
        biases,
        num_layers,
        0.0,
        False,
        both,
        batch_first,
    )


def of_lengths(make, kind, lengths, size, hidden, biases=True, num_layers=1, both=False, output=None):
    return Sample(
        make(sum(lengths), size),
        [sum(n > t for n in lengths) for t in range(max(lengths))],
        states_of(make, kind, len(lengths), hidden, num_layers * (1 + both), output),
        weights_of(make, kind, size, hidden, biases, num_layers, 1 + both, output),
        biases,
        num_layers,
        0.0,
        False,
        both,
    )


def sequences(kind):
    def samples(make):
        more = [sample(make, kind, 3, 2, 2, 4, output=3), sample(make, kind, 2, 4, 2, 3, both=True, output=2)]
        return [
            sample(make, kind, 3, 2, 3, 2),
            sample(make, kind, 2, 4, 2, 3, biases=False),
            sample(make, kind, 3, 4, 2, 2, num_layers=2, both=True),
            sample(make, kind, 2, 5, 1, 2, both=True, batch_first=True),
            sample(make, kind, 1, 1, 1, 1),
            *(more if kind == "lstm" else []),
        ]

    return samples


def large(kind):
    return lambda make: sample(make, kind, 5, 37, 24, 83, both=True)


def ragged(kind):
    def samples(make):
        more = [of_lengths(make, kind, [3, 1, 1], 2, 3, both=True, output=2)]
        return [
            of_lengths(make, kind, [3, 2], 2, 2),
            of_lengths(make, kind, [4, 2, 2, 1, 1], 2, 2, biases=False, both=True),
            of_lengths(make, kind, [2, 2], 1, 2, num_layers=2),
            *(more if kind == "lstm" else []),
        ]

    return samples


def cells(kind):
    def samples(make):
        def one(batch, size, hidden, biases=True):
            def state():
                return make(*batch, hidden, low=-1.0, high=1.0)

            return Sample(
                make(*batch, size),
                (state(), state()) if kind == "lstm" else state(),
                *weights_of(make, kind, size, hidden, biases),
            )

        return [one((3,), 2, 3), one((1,), 3, 2), one((5,), 1, 2, biases=False)]

    return samples


def call_packed(kind):
    # What a program is traced for knows the lengths.
    def call(w, data, batch_sizes, *others):
        return getattr(w, kind)(data, w.tensor(batch_sizes, device="cpu"), *others)

    return call


OPS = [
    op
    for kind in GATES
    for op in (
        Op(kind, padded(kind), sequences(kind), tolerance=TOLERANCE, large=large(kind), grad_rtol=2e-5),
        Op(f"{kind} of packed sequences", packed(kind), ragged(kind), call=call_packed(kind), dtypes=FULL_FLOATS,
           tolerance=TOLERANCE, grad_rtol=2e-5),
        Op(f"{kind}_cell", cell(kind), cells(kind), tolerance=TOLERANCE, grad_rtol=2e-5),
    )
]  # fmt: skip


def _call(w, x, hx, num_layers=1, params=None):
    params = params or [w.ones(12, 3), w.ones(12, 4)]
    return w.gru(x, hx, params, False, num_layers, 0.0, False, False, False)


def _packed(w, x, hx, sizes):
    params = [w.ones(12, 3), w.ones(12, 4)]
    return w.gru(x.reshape(10, 3), w.tensor(sizes), hx, params, False, 1, 0.0, False, False)


def _bad(name, call, *says):
    return Bad(name, call, RuntimeError, says, lambda w: [w.ones(5, 2, 3), w.ones(1, 2, 4)])


ERRORS = [
    _bad("gru of another rank", lambda w, x, h: _call(w, x[0], h), "gru", "3 dims", "(2, 3)"),
    _bad("gru of another batch", lambda w, x, h: _call(w, x, h[:, :1]), "gru", "h_0", "(1, 1, 4)"),
    _bad("gru with too few layers", lambda w, x, h: _call(w, x, h, 2), "gru", "h_0"),
    _bad("gru with too many weights", lambda w, x, h: _call(w, x, h, 1, [w.ones(12, 3)] * 3), "gru", "2 weights", "3"),
    _bad(
        "gru with other weights",
        lambda w, x, h: _call(w, x, h, 1, [w.ones(12, 2), w.ones(12, 4)]),
        *("gru", "w_ih", "(12, 3)", "(12, 2)"),
    ),
    _bad("gru of another dtype", lambda w, x, h: _call(w, x.double(), h), "gru", "float64", "float32"),
    _bad("gru of integers", lambda w, x, h: _call(w, x.long(), h), "gru", "floating point"),
    _bad("gru of no steps", lambda w, x, h: _call(w, x[:0], h), "gru", "time step"),
    _bad("gru with growing batch sizes", lambda w, x, h: _packed(w, x, h, [1, 9]), "gru", "batch_sizes"),
    _bad("gru with too small batch sizes", lambda w, x, h: _packed(w, x, h, [2, 2]), "gru", "batch_sizes", "10 rows"),
    _bad(
        "gru_cell of another size",
        lambda w, x, h: w.gru_cell(x[0], h[0, :1], w.ones(12, 3), w.ones(12, 4)),
        *("gru_cell", "(2, 4)", "(1, 4)"),
    ),
]

"""nn.utils.rnn: sequences of different lengths in one tensor."""

import numpy as np
import pytest
from support import to_numpy


def sequences(w, *lengths):
    return [w.tensor(np.arange(2.0 * n).reshape(n, 2).astype("float32") + 1) for n in lengths]


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("side", ["left", "right"])
def test_sequences_come_back(w, batch_first, side):
    given = sequences(w, 3, 1, 4)
    padded = w.nn.utils.rnn.pad_sequence(given, batch_first, padding_value=-1.0, padding_side=side)
    want = np.full((3, 4, 2), -1.0, "float32")
    for row, one in zip(want, given):
        row[-len(one) if side == "left" else 0 : None if side == "left" else len(one)] = to_numpy(one)
    np.testing.assert_array_equal(to_numpy(padded), want if batch_first else want.swapaxes(0, 1))
    if side == "right":
        back = w.nn.utils.rnn.unpad_sequence(padded, w.tensor([3, 1, 4]), batch_first)
        for got, one in zip(back, given):
            np.testing.assert_array_equal(to_numpy(got), to_numpy(one))


def test_integers_stay_integers_and_gradients_flow(w):
    assert w.nn.utils.rnn.pad_sequence([w.tensor([1, 2]), w.tensor([3])]).dtype == w.int64
    given = [one.requires_grad_() for one in sequences(w, 1, 2)]
    w.nn.utils.rnn.pad_sequence(given).sum().backward()
    assert all((to_numpy(one.grad) == 1).all() for one in given)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda w, pad: pad([]), RuntimeError),
        (lambda w, pad: pad(5), RuntimeError),
        (lambda w, pad: pad("ab"), TypeError),
        (lambda w, pad: pad([w.zeros(2, 3), w.zeros(2, 4)]), RuntimeError),
        (lambda w, pad: pad([w.tensor(1.0), w.tensor(2.0)]), (RuntimeError, IndexError)),
        (lambda w, pad: pad([w.zeros(2)], padding_side="up"), (ValueError, RuntimeError)),
        (lambda w, pad: w.nn.utils.rnn.unpad_sequence(3, [1]), (TypeError, AttributeError)),
    ],
)
def test_bad_input_is_refused(w, call, error):
    with pytest.raises(error):
        call(w, w.nn.utils.rnn.pad_sequence)

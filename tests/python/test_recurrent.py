"""Recurrent layers and cells: what the functions of the core compute is tested in the op table."""

import copy
import itertools
import math

import numpy as np
import pytest
from support import assert_close, assert_same, to_numpy, weft_only

KINDS = ["LSTM", "GRU", "RNN"]


def states_in(hx):
    return list(hx) if isinstance(hx, (tuple, list)) else [hx]


def initial(w, layer, batch, dtype=None):
    count = layer.num_layers * (2 if layer.bidirectional else 1)
    h = w.randn(count, batch, layer.proj_size or layer.hidden_size, dtype=dtype)
    return (h, w.randn(count, batch, layer.hidden_size, dtype=dtype)) if layer.mode == "LSTM" else h


@pytest.mark.parametrize("kind", KINDS)
def test_names_and_first_values_of_weights(w, kind):
    layer = getattr(w.nn, kind)(3, 4, 2, bidirectional=True)
    rows = {"LSTM": 16, "GRU": 12, "RNN": 4}[kind]
    shapes = {name: tuple(p.shape) for name, p in layer.named_parameters()}
    names = [f"{what}_l{k}{end}" for k in range(2) for end in ("", "_reverse")
             for what in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]  # fmt: skip
    assert list(shapes) == names
    assert shapes["weight_ih_l0_reverse"] == (rows, 3) and shapes["weight_ih_l1"] == (rows, 8)
    assert shapes["weight_hh_l1"] == (rows, 4) and shapes["bias_hh_l1_reverse"] == (rows,)
    assert [id(p) for group in layer.all_weights for p in group] == [id(p) for p in layer.parameters()]
    assert [id(p) for p in layer._flat_weights] == [id(p) for p in layer.parameters()]
    assert all(float(p.abs().max()) <= 1 / math.sqrt(4) for p in layer.parameters())
    assert layer.flatten_parameters() is None
    assert [len(group) for group in getattr(w.nn, kind)(3, 4, bias=False).all_weights] == [2]


def test_a_replaced_weight_is_used(w):
    layer, x = w.nn.GRU(2, 3), w.randn(4, 1, 2)
    layer.weight_hh_l0 = w.nn.Parameter(w.zeros(9, 3))
    assert layer._flat_weights[1] is layer.weight_hh_l0
    before = layer(x)[0]
    with w.no_grad():
        layer.weight_hh_l0.fill_(0.5)
    assert float((layer(x)[0] - before).abs().max().detach()) > 1e-3


def test_projection(w):
    layer = w.nn.LSTM(3, 5, proj_size=2)
    assert tuple(layer.weight_hr_l0.shape) == (2, 5) and tuple(layer.weight_hh_l0.shape) == (20, 2)
    output, (h, c) = layer(w.randn(4, 6, 3))
    assert tuple(output.shape) == (4, 6, 2) and tuple(h.shape) == (1, 6, 2) and tuple(c.shape) == (1, 6, 5)


@weft_only
def test_text(w):
    layer = w.nn.LSTM(3, 4, 2, False, True, 0.5, True, 2)
    options = "num_layers=2, bias=False, batch_first=True, dropout=0.5, bidirectional=True"
    assert repr(layer) == f"LSTM(3, 4, proj_size=2, {options})"
    assert repr(w.nn.RNN(3, 4)) == "RNN(3, 4)" and repr(w.nn.GRUCell(3, 4, False)) == "GRUCell(3, 4, bias=False)"
    assert repr(w.nn.RNNCell(3, 4, nonlinearity="relu")) == "RNNCell(3, 4, nonlinearity=relu)"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_first", [False, True])
def test_a_sequence_without_a_batch(w, kind, batch_first):
    layer = getattr(w.nn, kind)(3, 4, 2, batch_first=batch_first, bidirectional=True)
    x, hx = w.randn(5, 3), initial(w, layer, 1)
    alone = hx[:, 0] if kind != "LSTM" else tuple(h[:, 0] for h in hx)
    output, last = layer(x, alone)
    batch = 0 if batch_first else 1
    wanted, wanted_last = layer(x.unsqueeze(batch), hx)
    assert_close(output, to_numpy(wanted.squeeze(batch)), "float32")
    for one, two in zip(states_in(last), states_in(wanted_last), strict=True):
        assert_close(one, to_numpy(two.squeeze(1)), "float32")
    assert tuple(layer(x)[0].shape) == (5, 8)


@pytest.mark.parametrize("kind", KINDS)
def test_batch_first(w, kind):
    layer = getattr(w.nn, kind)(3, 4, bidirectional=True)
    other = getattr(w.nn, kind)(3, 4, batch_first=True, bidirectional=True)
    other.load_state_dict(layer.state_dict())
    x, hx = w.randn(5, 2, 3), initial(w, layer, 2)
    one, two = layer(x, hx), other(x.transpose(0, 1), hx)
    assert_close(two[0].transpose(0, 1), to_numpy(one[0]), "float32")
    for a, b in zip(states_in(one[1]), states_in(two[1]), strict=True):
        assert_close(a, to_numpy(b), "float32")


@pytest.mark.parametrize("kind", KINDS)
def test_packed_sequences_are_each_as_alone(w, kind):
    layer = getattr(w.nn, kind)(3, 4, 2, bidirectional=True)
    layer.double()
    lengths = [2, 5, 1, 5]
    parts = [w.randn(n, 3, dtype=w.float64, requires_grad=True) for n in lengths]
    hx = initial(w, layer, 4, w.float64)
    packed = w.nn.utils.rnn.pack_sequence(parts, enforce_sorted=False)
    output, last = layer(packed, hx)
    assert isinstance(output, w.nn.utils.rnn.PackedSequence) and output.batch_sizes is packed.batch_sizes
    outputs = w.nn.utils.rnn.unpack_sequence(output)
    whole = w.autograd.grad(sum((o * o).sum() for o in outputs), [*parts, *layer.parameters()])
    loss = 0
    for i, part in enumerate(parts):
        own = hx[:, i] if kind != "LSTM" else tuple(h[:, i] for h in hx)
        wanted, wanted_last = layer(part, own)
        assert_close(outputs[i], to_numpy(wanted), "float64")
        for one, two in zip(states_in(last), states_in(wanted_last), strict=True):
            assert_close(one[:, i], to_numpy(two), "float64")
        loss = loss + (wanted * wanted).sum()
    for one, two in zip(whole, w.autograd.grad(loss, [*parts, *layer.parameters()]), strict=True):
        assert_close(one, to_numpy(two), "float64", (1e-9, 1e-10))


@pytest.mark.parametrize("kind", KINDS)
def test_cells_are_steps_of_layers(w, kind):
    layer, cell = getattr(w.nn, kind)(3, 4), getattr(w.nn, f"{kind}Cell")(3, 4)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in layer.state_dict().items()})
    x, hx = w.randn(5, 2, 3), None
    outputs = []
    for row in x:
        hx = cell(row, hx)
        outputs.append(hx[0] if kind == "LSTM" else hx)
    output, last = layer(x)
    assert_close(w.stack(outputs), to_numpy(output), "float32")
    for one, two in zip(states_in(hx), states_in(last), strict=True):
        assert_close(one, to_numpy(two[0]), "float32")
    assert tuple(states_in(cell(x[0, 0]))[0].shape) == (4,)


def test_dropout_between_layers(w):
    layer = w.nn.GRU(3, 50, 2, dropout=1.0)
    alone = w.nn.GRU(50, 50)
    alone.load_state_dict({n.replace("_l1", "_l0"): v for n, v in layer.state_dict().items() if "_l1" in n})
    x = w.randn(4, 2, 3)
    assert_close(layer(x)[0], to_numpy(alone(w.zeros(4, 2, 50))[0]), "float32")
    layer.eval()
    assert_same(layer(x)[0], layer(x)[0])
    layer.train()
    layer.dropout = 0.5
    assert not np.array_equal(to_numpy(layer(x)[0]), to_numpy(layer(x)[0]))
    with pytest.warns(UserWarning, match="num_layers"):
        w.nn.GRU(3, 4, dropout=0.5)


@pytest.mark.parametrize("kind", KINDS)
@weft_only
def test_no_thread_changes_a_bit(w, kind):
    before = w.get_num_threads()
    results = []
    for threads in (1, 2, 3):
        w.set_num_threads(threads)
        w.manual_seed(3)
        layer = getattr(w.nn, kind)(33, 70, bidirectional=True)
        x = w.randn(7, 29, 33, requires_grad=True)
        output, last = layer(x)
        (output.square().sum() + states_in(last)[0].sum()).backward()
        results.append([output, *states_in(last), x.grad, *(p.grad for p in layer.parameters())])
    w.set_num_threads(before)
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            assert_same(one, two)


@pytest.mark.parametrize("kind", KINDS)
def test_without_grad_the_same(w, kind):
    """Then nothing is kept for the derivative."""
    layer, x = getattr(w.nn, kind)(3, 40, bidirectional=True), w.randn(6, 9, 3)
    with w.no_grad():
        plain = layer(x)
    kept = layer(x)
    for one, two in zip([plain[0], *states_in(plain[1])], [kept[0], *states_in(kept[1])], strict=True):
        assert_same(one, two)


@pytest.mark.parametrize("kind", KINDS)
@weft_only
def test_autocast(w, kind):
    layer, x = getattr(w.nn, kind)(16, 16), w.randn(5, 3, 16)
    full = layer(x)[0]
    with w.autocast("cpu", dtype=w.bfloat16):
        half = layer(x)[0]
        assert layer(x.bfloat16())[0].dtype == w.bfloat16
    assert half.dtype == w.float32  # as the state is
    assert_close(half, to_numpy(full), "float32", (5e-2, 5e-2))
    half.sum().backward()
    assert layer.weight_ih_l0.grad.dtype == w.float32 and layer.weight_hh_l0.grad.dtype == w.float32


def test_a_change_in_place_before_backward_is_an_error(w):
    layer, x = w.nn.LSTM(2, 3), w.randn(4, 2, 2)
    output, _ = layer(x)
    with w.no_grad():
        layer.weight_hh_l0.mul_(2)
    with pytest.raises(RuntimeError):
        output.sum().backward()


@pytest.mark.parametrize("kind", KINDS)
@weft_only
def test_jit(w, kind):
    layer = getattr(w.nn, kind)(3, 4, 2, bidirectional=True)
    compiled = w.jit(lambda x: layer(x))
    for steps in (4, 6):
        x = w.randn(steps, 2, 3, requires_grad=True)
        one, two = layer(x), compiled(x)
        assert_same(one[0], two[0])
        assert_same(states_in(one[1])[0], states_in(two[1])[0])
        a, b = (w.autograd.grad(o[0].square().sum(), [x, *layer.parameters()]) for o in (one, two))
        for left, right in zip(a, b, strict=True):
            assert_close(left, to_numpy(right), "float32")


@pytest.mark.parametrize("kind", KINDS)
@weft_only
def test_export(w, kind, tmp_path):
    layer, x = getattr(w.nn, kind)(3, 4, bidirectional=True).eval(), w.randn(5, 2, 3)
    program = w.export.export(layer, (x,))
    w.export.save(program, tmp_path / "layer.safetensors")
    again = w.export.load(tmp_path / "layer.safetensors")
    assert_same(again(x)[0], layer(x)[0])


def test_copies_and_state(w):
    layer = w.nn.LSTM(2, 3, proj_size=1)
    twin, x = copy.deepcopy(layer), w.randn(4, 2, 2)
    assert_same(layer(x)[0], twin(x)[0])
    with w.no_grad():
        twin.weight_hr_l0.zero_()
    assert not twin(x)[0].any() and layer(x)[0].any()
    assert layer.to(w.float64).weight_ih_l0.dtype == w.float64 and layer(x.double())[0].dtype == w.float64


def test_wrong_arguments(w):
    nn = w.nn
    for call in (
        lambda: nn.GRU(0, 4),
        lambda: nn.GRU(3, 0),
        lambda: nn.GRU(3, 4, 0),
        lambda: nn.GRU(3, 4, dropout=1.5),
        lambda: nn.LSTM(3, 4, proj_size=4),
        lambda: nn.LSTM(3, 4, proj_size=-1),
        lambda: nn.RNN(3, 4, nonlinearity="sin"),
        lambda: nn.RNNBase("GRV", 3, 4),
        lambda: nn.RNNBase("GRU", 3, 4, proj_size=2),
    ):
        with pytest.raises(ValueError):
            call()
    with pytest.raises(TypeError):
        nn.GRU(3, 4.0)
    lstm, gru, x, h = nn.LSTM(3, 4), nn.GRU(3, 4), w.ones(5, 2, 3), w.ones(1, 2, 4)
    for error, call in (
        (ValueError, lambda: gru(w.ones(3))),
        (RuntimeError, lambda: gru(w.ones(5, 2, 4))),
        (RuntimeError, lambda: gru(x[:0])),
        (RuntimeError, lambda: gru(x, h[0])),
        (RuntimeError, lambda: gru(x[:, 0], h)),
        (RuntimeError, lambda: gru(x, w.ones(1, 3, 4))),
        (RuntimeError, lambda: lstm(x, (h, w.ones(1, 2, 5)))),
        (ValueError, lambda: nn.GRUCell(3, 4)(x)),
        (RuntimeError, lambda: nn.GRUCell(3, 4)(w.ones(2, 4))),
        (RuntimeError, lambda: nn.LSTMCell(3, 4)(x[0], (h[0], h[0, :1]))),
    ):
        with pytest.raises(error):
            call()


@weft_only
def test_errors_name_what_was_expected(w):
    model = w.nn.Sequential(w.nn.LSTM(3, 4))
    with pytest.raises(RuntimeError, match=r"in model\.0 \(LSTM\).*expected 3 input features, got 5.*\(2, 1, 5\)"):
        model(w.ones(2, 1, 5))
    lstm, x, h = w.nn.LSTM(3, 4), w.ones(2, 1, 3), w.ones(1, 1, 4)
    for hx in (h, (h,), (h, h, h)):
        with pytest.raises(TypeError, match="pair of Tensors"):
            lstm(x, hx)
    with pytest.raises(RuntimeError, match=r"c_0 of shape \(1, 1, 4\), got \(1, 1, 5\)"):
        lstm(x, (h, w.ones(1, 1, 5)))
    with pytest.raises(RuntimeError, match=r"lstm: expected .*float64.*float32"):
        lstm(x.double())
    with pytest.raises(TypeError, match="expected a Tensor as hx|a Tensor"):
        w.nn.GRU(3, 4)(x, [h])


# Beside PyTorch

OPTIONS = [
    dict(zip(["num_layers", "bias", "batch_first", "bidirectional"], chosen))
    for chosen in itertools.product([1, 2], [True, False], [False, True], [False, True])
]


def pair(w, torch, kind, **options):
    """A layer, PyTorch's with the same weights, and numbers to feed them with."""
    theirs = getattr(torch.nn, kind)(3, 5, dtype=torch.float64, **options)
    ours = getattr(w.nn, kind)(3, 5, dtype=w.float64, **options)
    state = {name: w.from_numpy(value.numpy().copy()) for name, value in theirs.state_dict().items()}
    assert list(state) == list(ours.state_dict())
    ours.load_state_dict(state, strict=True)
    assert repr(ours) == repr(theirs)
    return ours, theirs


def run_both(w, torch, layers, feed, lengths=None, enforce_sorted=False):
    """Outputs, states and all gradients of both."""
    everything = []
    for module, layer in zip((w, torch), layers, strict=True):
        leaves = [module.from_numpy(array.copy()).requires_grad_() for array in feed]
        x, states = leaves[0], leaves[1:]
        if lengths is not None:
            rnn = module.nn.utils.rnn
            x = rnn.pack_padded_sequence(x, lengths, layer.batch_first, enforce_sorted)
        hx = None if not states else tuple(states) if len(states) == 2 else states[0]
        output, last = layer(x, hx)
        results = [output if lengths is None else output.data, *states_in(last)]
        loss = sum((result * result * (i + 1)).sum() for i, result in enumerate(results))
        leaves += list(layer.parameters())
        everything.append([*results, *module.autograd.grad(loss, leaves)])
    for i, (one, two) in enumerate(zip(*everything, strict=True)):
        np.testing.assert_allclose(to_numpy(one), two.detach().numpy(), rtol=1e-8, atol=1e-10, err_msg=str(i))


def feed_for(layer, steps, batch, with_states):
    rng = np.random.default_rng(0)
    count = layer.num_layers * (2 if layer.bidirectional else 1)
    shape = (batch, steps, 3) if layer.batch_first else (steps, batch, 3)
    feed = [rng.standard_normal(shape)]
    if with_states:
        feed.append(rng.standard_normal((count, batch, layer.proj_size or layer.hidden_size)))
    if with_states and layer.mode == "LSTM":
        feed.append(rng.standard_normal((count, batch, layer.hidden_size)))
    return feed


@weft_only
@pytest.mark.parametrize("kind, more", [
    ("LSTM", {}), ("LSTM", {"proj_size": 2}), ("GRU", {}), ("RNN", {}), ("RNN", {"nonlinearity": "relu"}),
])  # fmt: skip
@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: "-".join(str(v) for v in o.values()))
def test_layers_are_those_of_pytorch(w, kind, more, options):
    torch = pytest.importorskip("torch")
    layers = pair(w, torch, kind, **options, **more)
    for steps, batch, with_states in ((4, 6, True), (3, 1, False)):
        run_both(w, torch, layers, feed_for(layers[0], steps, batch, with_states))
    feed = feed_for(layers[0], 6, 5, True)
    run_both(w, torch, layers, feed, [2, 6, 1, 6, 3])
    run_both(w, torch, layers, feed, [6, 6, 4, 4, 2], enforce_sorted=True)


@weft_only
@pytest.mark.parametrize("kind", ["LSTMCell", "GRUCell", "RNNCell"])
@pytest.mark.parametrize("bias", [True, False])
def test_cells_are_those_of_pytorch(w, kind, bias):
    torch = pytest.importorskip("torch")
    layers = pair(w, torch, kind, bias=bias)
    rng = np.random.default_rng(0)
    feed = [rng.standard_normal((7, size)) for size in ((3, 5, 5) if kind == "LSTMCell" else (3, 5))]
    everything = []
    for module, layer in zip((w, torch), layers, strict=True):
        leaves = [module.from_numpy(array.copy()).requires_grad_() for array in feed]
        results = states_in(layer(leaves[0], tuple(leaves[1:]) if len(leaves) == 3 else leaves[1]))
        loss = sum((result * result).sum() for result in results)
        everything.append([*results, *module.autograd.grad(loss, leaves + list(layer.parameters()))])
    for one, two in zip(*everything, strict=True):
        np.testing.assert_allclose(to_numpy(one), two.detach().numpy(), rtol=1e-8, atol=1e-10)

"""weft.summary: layers, flops by hand, the simulated and the planned peak against the allocator's, nothing touched."""

import copy
import gc

import pytest
import support
import weft
from weft import nn
from weft.utils.flop_counter import FlopCounterMode

pytestmark = pytest.mark.skipif(not support.IS_WEFT, reason="PyTorch has none")


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.up, self.down = nn.LayerNorm(16), nn.Linear(16, 64), nn.Linear(64, 16)
        self.heads = 2

    def forward(self, x):
        n, t, c = x.shape
        q = self.norm(x).reshape(n, t, self.heads, c // self.heads).transpose(1, 2)
        y = nn.functional.scaled_dot_product_attention(q, q, q, is_causal=True)
        return x + self.down(self.up(y.transpose(1, 2).reshape(n, t, c)).relu())


def image_model():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 12, 3, stride=2, groups=2),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(12 * 9, 10),
    )


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.out = nn.LSTM(6, 12, 2, batch_first=True), nn.Linear(12, 3)

    def forward(self, x):
        return self.out(self.lstm(x)[0])


MODELS = {
    "images": (image_model, (4, 3, 16, 16)),
    "attention": (lambda: nn.Sequential(Block(), Block()), (3, 10, 16)),
    "recurrent": (Recurrent, (5, 7, 6)),
    "wide": (lambda: nn.Sequential(nn.Linear(32, 256), nn.Tanh(), nn.Linear(256, 32)), (64, 32)),
}


def test_rows_and_totals():
    s = weft.summary(image_model(), input_size=(4, 3, 16, 16))
    kinds = [layer.kind for layer in s.layers]
    assert kinds[0] == "Sequential" and kinds[1:] == [type(m).__name__ for m in image_model()]
    assert [layer.depth for layer in s.layers] == [0] + [1] * 8
    conv, norm, pool, grouped = s.layers[1], s.layers[2], s.layers[4], s.layers[5]
    assert conv.output_shapes == [(4, 8, 16, 16)] and conv.input_shapes == [(4, 3, 16, 16)]
    assert conv.parameters == 8 * 3 * 9 and norm.parameters == 16 and pool.parameters == 0
    assert conv.flops == 2 * 4 * 8 * 16 * 16 * 3 * 9
    assert grouped.flops == 2 * 4 * 12 * 3 * 3 * 4 * 9 and grouped.output_bytes == 4 * 4 * 12 * 9
    linear = 2 * 4 * 108 * 10
    assert s.flops == s.layers[0].flops == conv.flops + grouped.flops + linear
    # Backward has two such products for each, but for the images, which need no gradient
    assert s.training_flops == 3 * s.flops - conv.flops
    assert s.parameters == s.trainable_parameters == sum(p.numel() for p in image_model().parameters())
    assert s.input_bytes == 4 * 4 * 3 * 256 and s.buffer_bytes == 8 * 8 + 8


def test_attention_by_hand():
    s = weft.summary(Block(), input_size=(3, 10, 16))
    products = 2 * 3 * 10 * 16 * 64 * 2
    attention = 2 * 2 * (3 * 2 * 10 * 10 * 8)
    assert s.flops == products + attention
    # Backward of attention computes the scores once more: five products of that size for two
    assert s.training_flops == 3 * products + attention + attention * 5 // 2


def test_flop_counter_agrees():
    model = Block()
    s = weft.summary(model, input_size=(3, 10, 16))
    with FlopCounterMode(display=False) as counter:
        model(weft.randn(3, 10, 16, requires_grad=True)).sum().backward()
    counts = counter.get_flop_counts()
    assert sum(counts["Block.up"].values()) == 3 * 2 * 3 * 10 * 16 * 64
    # x needs a gradient here; in the summary the input does not, but norm's parameters ask for the same products
    assert counter.get_total_flops() == s.training_flops
    assert "Block.up" in counter.get_table() and "100.00%" in counter.get_table()
    with pytest.raises(NotImplementedError):
        FlopCounterMode(custom_mapping={1: 2})
    with pytest.raises(ValueError):
        FlopCounterMode(depth=-1)


def test_flops_of_other_products():
    x, w = weft.randn(2, 5, 7), weft.randn(7, 3)
    cases = [
        (lambda: x @ w, 2 * 2 * 5 * 3 * 7),
        (lambda: weft.bmm(x, weft.randn(2, 7, 4)), 2 * 2 * 5 * 4 * 7),
        (lambda: weft.addmm(weft.ones(3), x[0], w), 2 * 5 * 3 * 7),
        (lambda: weft.mv(w.T, weft.ones(7)), 2 * 3 * 7),
        (lambda: nn.functional.conv1d(weft.ones(2, 4, 9), weft.ones(6, 4, 3)), 2 * 2 * 6 * 7 * 4 * 3),
        (lambda: nn.functional.conv_transpose1d(weft.ones(2, 4, 9), weft.ones(4, 6, 3)), 2 * 2 * 4 * 9 * 6 * 3),
        (lambda: x + 1, 0),
        (lambda: weft.zeros(0, 3) @ weft.zeros(3, 2), 0),
    ]
    for f, expected in cases:
        with FlopCounterMode(display=False) as counter:
            f()
        assert counter.get_total_flops() == expected


def state_of(model):
    tensors = [*model.parameters(), *model.buffers()]
    return (
        [t.clone() for t in tensors],
        [id(t) for t in tensors],
        [t._version for t in tensors],
        [m.training for m in model.modules()],
        [p.grad for p in model.parameters()],
        weft.get_rng_state().clone(),
        {k: v for k, v in model.__dict__.items() if k not in ("_modules", "_parameters", "_buffers")},
    )


@pytest.mark.parametrize("train", [True, False])
def test_the_model_stays_as_it_was(train):
    class Counts(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.calls, self.seen = image_model(), 0, []

        def forward(self, x):
            self.calls += 1
            self.seen.append(x.shape)
            return self.inner(x)

    model = Counts().train(train)
    model.inner[1].eval()
    model.inner[0].weight.requires_grad_(False)
    called = []
    model.register_forward_hook(lambda *_: called.append(1))
    x = weft.randn(4, 3, 16, 16)
    before = state_of(model)
    s = weft.summary(model, x, optimizer=weft.optim.Adam)
    after = state_of(model)
    assert all(weft.equal(a, b) for a, b in zip(before[0], after[0]))
    assert before[1:5] == after[1:5] and (before[5] == after[5]).all() and before[6].keys() == after[6].keys()
    assert (model.calls, model.seen) == (0, [])
    assert s.trainable_parameters == s.parameters - 8 * 27
    assert "(frozen)" in str(s)


def test_nothing_large_is_allocated():
    model = nn.Sequential(nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 512))
    x = weft.randn(256, 512)
    gc.collect()
    weft.memory.reset_peak()
    before = weft.memory.allocated()
    weft.summary(model, x, optimizer=weft.optim.Adam)
    assert weft.memory.peak() - before < 64 << 10


def bytes_held(model, optimizer, tensors):
    held = [*model.parameters(), *model.buffers(), *tensors]
    held += [p.grad for p in model.parameters() if p.grad is not None]
    if optimizer is not None:
        held += [t for s in optimizer.state.values() for t in s.values() if isinstance(t, weft.Tensor)]
    return sum(t.nbytes for t in held)


def measured_peak(model, optimizer, step, tensors):
    gc.collect()
    held = bytes_held(model, optimizer, tensors)
    weft.memory.reset_peak()
    before = weft.memory.allocated()
    step()
    return weft.memory.peak() - before + held


@pytest.mark.parametrize("kind", [None, weft.optim.SGD, weft.optim.AdamW])
@pytest.mark.parametrize("name", MODELS)
def test_simulated_peak_is_the_measured_one(name, kind):
    make, size = MODELS[name]
    model, x = make(), weft.randn(size)
    optimizer = kind(model.parameters(), lr=0.01) if kind else None

    def step():
        for p in model.parameters():
            p.grad = None
        model(x).sum().backward()
        if optimizer is not None:
            optimizer.step()

    step()
    planned = weft.summary(model, x, optimizer=optimizer).training_peak_bytes
    measured = measured_peak(model, optimizer, step, [x])
    # The allocator's peak is exact up to what threads have not reported yet
    assert abs(planned - measured) <= 512, (planned, measured)
    if optimizer is not None:
        assert weft.summary(model, x, optimizer=kind).training_peak_bytes == planned


@pytest.mark.parametrize("name", ["images", "attention", "wide"])
def test_peak_of_a_compiled_step_is_its_plan(name):
    make, size = MODELS[name]
    model, x = make(), weft.randn(size)
    optimizer = weft.optim.Adam(model.parameters())

    @weft.jit
    def step(x):
        optimizer.zero_grad()
        loss = model(x).sum()
        loss.backward()
        optimizer.step()
        return loss

    step(x)
    s = weft.summary(model, x, step=step, optimizer=optimizer)
    measured = measured_peak(model, optimizer, lambda: step(x), [x])
    assert s.exact and "memory plan" in str(s)
    assert abs(s.training_peak_bytes - measured) <= 16384, (s.training_peak_bytes, measured)
    assert step.traces == 1


def test_jitted_modules_count_as_what_they_are():
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU())
    plain = weft.summary(model, input_size=(2, 4))
    jitted = weft.summary(weft.jit(model), input_size=(2, 4))
    assert [layer.kind for layer in jitted.layers] == [layer.kind for layer in plain.layers]
    assert jitted.flops == plain.flops and jitted.parameters == plain.parameters


def test_shared_lazy_unused_and_nested():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.shared, self.unused = nn.Linear(4, 4), nn.Linear(4, 9)
            self.lazy = nn.LazyLinear(3)

        def forward(self, batch, *, scale):
            return {"out": self.lazy(self.shared(self.shared(batch["x"]))) * scale, "n": 3}

    model = Net()
    s = weft.summary(model, {"x": weft.ones(2, 4)}, kwargs={"scale": 2.0})
    shared = [layer for layer in s.layers if layer.name == "shared"]
    assert [layer.again for layer in shared] == [False, True] and "(again)" in str(s)
    assert s.parameters == 20 + 45 + 15 and s.layers[0].output_shapes == [(2, 3)]
    assert s.layers[-1].parameters == 15
    assert hasattr(model.lazy.weight, "materialize")  # still without a shape


def test_depth_and_html():
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 2), nn.ReLU()))
    s = weft.summary(model, input_size=(1, 2), depth=1)
    assert "Linear" not in str(s) and "Linear" in str(weft.summary(model, input_size=(1, 2), depth=2))
    page = weft.summary(nn.Sequential(), weft.ones(2))._repr_html_()
    assert "<table" in page and "<script" not in page


def test_loss_targets_and_integers():
    model = nn.Sequential(nn.Embedding(11, 4), nn.Linear(4, 11))
    s = weft.summary(model, input_size=[(2, 5)], dtypes=[weft.int64], loss=lambda out: out.square().mean())
    assert s.training_peak_bytes and not s.note
    s = weft.summary(nn.Flatten(), input_size=(2, 5))
    assert s.training_peak_bytes is None and "requires grad" in s.note and "Note" in str(s)


@pytest.mark.parametrize(
    "call, error, says",
    [
        (lambda m: weft.summary(m), ValueError, "input_size"),
        (lambda m: weft.summary(m, weft.ones(1, 2), input_size=(1, 2)), ValueError, "not both"),
        (lambda m: weft.summary(3, weft.ones(1)), TypeError, "Module"),
        (lambda m: weft.summary(m, input_size=(1, -2)), ValueError, "input_size"),
        (lambda m: weft.summary(m, input_size=(1, 2), dtypes=[weft.float32] * 2), ValueError, "dtypes"),
        (lambda m: weft.summary(m, input_size=(1, 2), depth=-1), ValueError, "depth"),
        (lambda m: weft.summary(m, input_size=(1, 2), step=lambda: 0), TypeError, "weft.jit"),
        (lambda m: weft.summary(m, input_size=(1, 3)), RuntimeError, "summary: .*linear"),
    ],
)
def test_errors(call, error, says):
    model = nn.Linear(2, 2)
    with pytest.raises(error, match=says):
        call(model)
    assert not weft._C._profiler.is_on()


def test_values_are_asked_for():
    class Looks(nn.Module):
        def forward(self, x):
            return x if x.sum().item() > 0 else -x

    with pytest.raises(RuntimeError, match="meta device has a shape but no values"):
        weft.summary(Looks(), input_size=(2,))
    assert not weft._C._profiler.is_on()


def test_copies_are_not_kept():
    model = nn.Linear(2, 2)
    other = copy.deepcopy(model)
    weft.summary(model, input_size=(1, 2))
    assert weft.equal(model.weight, other.weight)
    model(weft.ones(1, 2)).sum().backward()
    assert model.weight.grad is not None and model.weight.device.type == "cpu"


def test_a_shape_in_the_place_of_the_inputs():
    with pytest.raises(TypeError, match=r"a shape is input_size=\(32, 8\)"):
        weft.summary(weft.nn.Linear(8, 2), (32, 8))

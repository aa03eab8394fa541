"""In which order the elements of a tensor lie: weft.channels_last and its kin, which ops keep it, what is refused."""

import numpy as np
import pytest
import weft
import weft.nn.functional as F
from layout_copies import counted
from support import check_message, weft_only

pytestmark = weft_only

LAST, LAST_3D = weft.channels_last, weft.channels_last_3d


def images(device="cpu", shape=(2, 16, 6, 5), dtype=weft.float32):
    weft.manual_seed(0)
    return weft.randn(shape, dtype=weft.float64).to(dtype).to(device)


def has_format(x, memory_format=LAST):
    return x.is_contiguous(memory_format=memory_format)


def test_strides(device):
    x = images(device)
    y = x.contiguous(memory_format=LAST)
    assert y.stride() == (480, 1, 80, 16) and y.equal(x) and has_format(y) and not y.is_contiguous()
    assert y.contiguous(memory_format=LAST) is y and x.contiguous(memory_format=weft.contiguous_format) is x
    assert y.contiguous().is_contiguous() and y.contiguous().equal(x)
    assert (
        x.to(memory_format=LAST).stride() == y.stride()
        and x.to(weft.float64, memory_format=LAST).stride() == y.stride()
    )
    assert has_format(x.clone(memory_format=LAST)) and has_format(x.double(memory_format=LAST))
    assert y.clone(memory_format=weft.contiguous_format).is_contiguous() and has_format(y.clone())
    assert y.clone(memory_format=LAST).data_ptr() != y.data_ptr()
    volume = images(device, (2, 3, 2, 4, 5)).to(memory_format=LAST_3D)
    assert volume.stride() == (120, 1, 60, 15, 3) and has_format(volume, LAST_3D) and not has_format(volume, LAST)
    assert not has_format(x[0]) and not has_format(x) and not has_format(x, LAST_3D)
    one = weft.ones(2, 1, 3, 3, device=device)  # sizes of 1 have no order
    assert has_format(one) and one.contiguous(memory_format=LAST) is one
    empty = weft.empty(0, 3, 4, 5, device=device)
    assert has_format(empty.contiguous(memory_format=LAST))


def test_new_tensors(device):
    y = images(device).contiguous(memory_format=LAST)
    turned = images(device).permute(3, 0, 2, 1)
    for like in (weft.zeros_like, weft.ones_like, weft.empty_like, weft.rand_like, weft.randn_like):
        assert like(y).stride() == y.stride() and like(turned).stride() == turned.stride()
        assert like(y, memory_format=weft.preserve_format).stride() == y.stride()
        assert like(y, memory_format=weft.contiguous_format).is_contiguous()
        assert has_format(like(images(device), memory_format=LAST))
        assert like(y[:, ::2]).stride() == (240, 1, 40, 8)
        assert like(turned[:, :, :1].expand(5, 2, 3, 16)).is_contiguous()
    assert weft.full_like(y, 3).stride() == y.stride() and (weft.full_like(y, 3) == 3).all()
    assert weft.randint_like(y, 5).stride() == y.stride()
    assert has_format(weft.empty(2, 3, 4, 5, device=device, memory_format=LAST))
    weft.manual_seed(1)
    a = weft.randn_like(y)
    weft.manual_seed(1)
    assert a.equal(weft.randn(y.shape, device=device))  # the same numbers in every order


ELEMENTWISE = {
    "number": lambda t, x: t + 1,
    "function": lambda t, x: t.exp(),
    "itself": lambda t, x: t * t,
    "first operand": lambda t, x: t - x,
    "vector": lambda t, x: t * weft.ones(16, 1, 1, device=t.device),
    "where": lambda t, x: weft.where(t > 0, t, 0.0),
    "comparison": lambda t, x: t > x,
    "cast": lambda t, x: t.double().half(),
    "expanded": lambda t, x: weft.ones((), device=t.device).expand(t.shape) * t,
    "relu": lambda t, x: F.relu(t),
    "gelu": lambda t, x: F.gelu(t),
    "clamp": lambda t, x: t.clamp(-1, 1),
    "lerp": lambda t, x: weft.lerp(t, x, 0.25),
    "masked_fill": lambda t, x: t.masked_fill(x > 0, 2.0),
    "in place": lambda t, x: t.clone().mul_(x),
    "dropout": lambda t, x: F.dropout(t, 0.5) * 0 + t,
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_ops_keep_the_order(device, name):
    x = images(device)
    t = x.contiguous(memory_format=LAST)
    y = ELEMENTWISE[name](t, x)
    assert has_format(y) and y.equal(ELEMENTWISE[name](x, x))
    if name != "dropout":
        jitted = weft.jit(ELEMENTWISE[name])(t, x)
        assert jitted.stride() == y.stride() and jitted.equal(y)
    assert ELEMENTWISE[name](x, t).is_contiguous()  # the first operand of the shape that is not expanded decides
    turned = x.permute(2, 0, 3, 1)
    if name in ("number", "function", "itself", "cast"):
        assert ELEMENTWISE[name](turned, turned).stride() == turned.stride()


def channels(w):
    """A vector with a number for each channel of images."""
    return w.flatten()[: w.shape[0]]


LAYERS = {
    "conv": lambda t, w: F.conv2d(t, w, padding=1),
    "conv 1x1": lambda t, w: F.conv2d(t, w[:, :, :1, :1]),
    "strided conv": lambda t, w: F.conv2d(t, w, channels(w), stride=2),
    "dilated conv": lambda t, w: F.conv2d(t, w, dilation=2, padding=2),
    "depthwise conv": lambda t, w: F.conv2d(t, w[:, :1], channels(w), padding=1, groups=t.shape[1]),
    "transposed conv": lambda t, w: F.conv_transpose2d(t, w, channels(w), stride=2, padding=1),
    "max_pool2d": lambda t, w: F.max_pool2d(t, 2),
    "padded max_pool2d": lambda t, w: F.max_pool2d(t, 3, 1, 1),
    "dilated max_pool2d": lambda t, w: F.max_pool2d(t, 2, 1, dilation=3),
    "avg_pool2d": lambda t, w: F.avg_pool2d(t, 2),
    "padded avg_pool2d": lambda t, w: F.avg_pool2d(t, 3, 2, 1, ceil_mode=True, count_include_pad=False),
    "adaptive_avg_pool2d": lambda t, w: F.adaptive_avg_pool2d(t, (3, 2)),
    "adaptive_max_pool2d": lambda t, w: F.adaptive_max_pool2d(t, (3, 2)),
    "batch_norm": lambda t, w: F.batch_norm(t, None, None, channels(w), channels(w) + 1, training=True),
    "known batch_norm": lambda t, w: F.batch_norm(t, channels(w).detach(), channels(w).detach().exp()),
    "cat": lambda t, w: weft.cat([t, F.relu(t)], 1),
    "pad": lambda t, w: F.pad(t, (1, 0, 2, 1)),
    "network": lambda t, w: F.max_pool2d(F.relu(F.batch_norm(F.conv2d(t, w), None, None, training=True)), 2),
}
CLOSE = {"float64": 1e-9, "float32": 1e-4, "float16": 1e-2, "bfloat16": 6e-2}


def layer_outcome(layer, x, w, memory_format, jit=False):
    """The result, the gradients of x and w, and the result of the compiled layer; the shapes of copied images."""
    t = x.clone(memory_format=memory_format).requires_grad_()
    weight = w.clone(memory_format=memory_format).requires_grad_()
    with counted(x.device.type) as forward:
        y = layer(t, weight)
    g = (weft.arange(y.numel(), device=y.device).reshape(y.shape) % 7 - 3).to(y.dtype)
    g = g.contiguous(memory_format=memory_format)
    with counted(x.device.type) as backward:
        grads = weft.autograd.grad(y, (t, weight), g, allow_unused=True)
        again = weft.jit(layer)(t, weight) if jit else y
    return [y, *grads, again], [shape for shape in forward + backward if shape[0] == len(x)]


@pytest.mark.parametrize(
    "dtype, count", [(d, n) for d in CLOSE for n in (16, 3, 1) if n == 3 or d in ("float32", "bfloat16")]
)
@pytest.mark.parametrize("name", LAYERS)
def test_layers_work_in_the_order_they_get(device, name, dtype, count):
    """Values, gradients and compiled ones are those of row-major order, and nothing is copied into another one.

    cuDNN's convolutions of float64 know row-major order alone. Single channels that are joined have an order before.
    """
    x = images(device, (2, count, 9, 8), getattr(weft, dtype))
    w = images(device, (count, count, 3, 3), getattr(weft, dtype)) * 0.3
    jit = dtype == "float32"
    plain, _ = layer_outcome(LAYERS[name], x, w, weft.contiguous_format, jit)
    last, copies = layer_outcome(LAYERS[name], x, w, LAST, jit)
    assert copies == [] or (device == "cuda" and dtype == "float64")
    assert plain[0].is_contiguous() and (has_format(last[0]) or (name == "cat" and count == 1))
    for a, b in zip(plain, last, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            weft.testing.assert_close(b, a, rtol=CLOSE[dtype], atol=CLOSE[dtype])
    assert last[3].stride() == last[0].stride()
    assert has_format(last[1])
    if name == "conv" or name == "network":  # others take a part of w
        assert has_format(last[2])


def test_gradients_of_single_pixels_and_channels(device):
    """Of those the order says nothing: gradients lie as the images did all the same."""
    x, w = images(device, (2, 16, 6, 5)), images(device, (4, 16, 6, 5))
    layers = {
        "global mean": lambda t: F.adaptive_avg_pool2d(t, 1),
        "global max": lambda t: F.adaptive_max_pool2d(t, 1),
        "one window": lambda t: F.avg_pool2d(t, (6, 5)),
        "one place": lambda t: F.conv2d(t, w),
        "one channel": lambda t: F.conv2d(t, w[:1, :, :1, :1]),
    }
    for name, layer in layers.items():
        plain = x.clone().requires_grad_()
        last = x.clone(memory_format=LAST).requires_grad_()
        layer(plain).square().sum().backward()
        layer(last).square().sum().backward()
        assert has_format(last.grad) and not has_format(plain.grad), name
        weft.testing.assert_close(last.grad, plain.grad, rtol=1e-4, atol=1e-4)
    once = images(device).clone(memory_format=LAST).requires_grad_()  # twice differentiable
    (along,) = weft.autograd.grad(F.adaptive_avg_pool2d(once, 1).square().sum(), once, create_graph=True)
    along.square().sum().backward()
    assert has_format(once.grad) and along.shape == once.grad.shape


def test_sequences_and_volumes(device):
    """(N, C, L) and (N, C, D, H, W) with their channels innermost."""
    sequence = images(device, (2, 9, 4)).transpose(1, 2).requires_grad_()
    weight = images(device, (6, 4, 3))
    y = F.conv1d(sequence, weight, padding=1)
    assert y.stride() == (54, 1, 6)
    weft.testing.assert_close(y, F.conv1d(sequence.detach().contiguous(), weight, padding=1))
    y.square().sum().backward()
    assert sequence.grad.stride() == sequence.stride()
    volume = images(device, (2, 4, 3, 5, 4)).contiguous(memory_format=LAST_3D).requires_grad_()
    weight = images(device, (6, 4, 2, 3, 3)).contiguous(memory_format=LAST_3D).requires_grad_()
    layers = (
        lambda t: F.conv3d(t, weight, stride=(1, 2, 1)),
        lambda t: F.conv_transpose3d(t, weight.transpose(0, 1)),
        lambda t: F.batch_norm(t, None, None, training=True),
        lambda t: F.max_pool3d(t, 2),
        lambda t: F.avg_pool3d(t, 3, 2, 1, count_include_pad=False),
        lambda t: F.adaptive_avg_pool3d(t, (2, 1, 3)),
        lambda t: F.adaptive_max_pool3d(t, 1),
    )
    for layer in layers:
        y = layer(volume)
        assert has_format(y, LAST_3D)
        plain = volume.detach().contiguous().requires_grad_()
        weft.testing.assert_close(y, layer(plain), rtol=1e-4, atol=1e-4)
        (grad,) = weft.autograd.grad(y.square().sum(), volume)
        (wanted,) = weft.autograd.grad(layer(plain).square().sum(), plain)
        assert has_format(grad, LAST_3D)
        weft.testing.assert_close(grad, wanted, rtol=1e-4, atol=1e-4)
    layers[0](volume).sum().backward()
    assert has_format(weight.grad, LAST_3D)


def test_without_values():
    x = weft.empty(2, 4, 9, 8, device="meta").contiguous(memory_format=LAST)
    w = weft.empty(4, 4, 3, 3, device="meta")
    for name in ("conv", "max_pool2d", "avg_pool2d", "batch_norm"):
        assert has_format(LAYERS[name](x, w)), name


def laid_out_by_chance(x, random):
    """The values of x in one of many orders, dense or not."""
    kind = random.integers(5)
    if kind == 0:
        return x.contiguous()
    if kind == 1 and x.ndim in (4, 5):
        return x.contiguous(memory_format=LAST if x.ndim == 4 else LAST_3D)
    if kind <= 3:  # any order of the dimensions; with gaps
        order = [int(d) for d in random.permutation(x.ndim)]
        back = [order.index(d) for d in range(x.ndim)]
        copy = x.permute(order).contiguous()
        if kind == 3:
            copy = weft.stack([copy, copy], -1)[..., 0]
        return copy.permute(back)
    return weft.cat([x, x], -1)[..., x.shape[-1] :]  # the second half of something larger


def layer_by_chance(random):
    """A layer of x and w, and their shapes."""
    kind = ("conv", "conv", "transposed", "pool", "norm")[random.integers(5)]
    groups = int(random.choice([1, 1, 2, 4]))
    inputs, outputs = groups * int(random.integers(1, 4)), groups * int(random.integers(1, 4))
    batch = int(random.integers(1, 3))
    if kind in ("conv", "transposed"):
        dims = int(random.integers(1, 4))
        sizes = [int(n) for n in random.integers(1, 6, dims)]
        kernel = [int(random.integers(1, min(n, 3) + 1)) for n in sizes]
        options = {"stride": int(random.integers(1, 3)), "groups": groups}
        if kind == "conv":
            options["padding"] = int(random.integers(0, 2))
            layer, shape = getattr(F, f"conv{dims}d"), (outputs, inputs // groups, *kernel)
        else:
            layer, shape = getattr(F, f"conv_transpose{dims}d"), (inputs, outputs // groups, *kernel)
        return lambda t, w: layer(t, w, **options), (batch, inputs, *sizes), shape
    shape = (batch + 1, inputs, *(int(n) for n in random.integers(3, 7, 2)))
    if kind == "norm":
        return lambda t, w: F.batch_norm(t, None, None, w, w + 1, training=True), shape, (inputs,)
    size = int(random.integers(1, 4))
    pool = (
        lambda t, w: F.max_pool2d(t, size, padding=size // 2) * w,
        lambda t, w: F.avg_pool2d(t, size, 1, size // 2) * w,
        lambda t, w: F.adaptive_avg_pool2d(t, size) * w,
        lambda t, w: F.adaptive_max_pool2d(t, (size, 2)) * w,
    )[random.integers(4)]
    return pool, shape, (inputs, 1, 1)


@pytest.mark.parametrize("seed", range(40))
def test_layouts_of_all_operands_by_chance(device, seed):
    """Results and gradients do not depend on how inputs, weights and gradients lie."""
    random = np.random.default_rng(seed)
    layer, shape, weight_shape = layer_by_chance(random)
    dtype = str(random.choice(list(CLOSE)))
    x, w = images(device, shape, getattr(weft, dtype)), images(device, weight_shape, getattr(weft, dtype)) * 0.3

    def run(change):
        t, weight = change(x).detach().requires_grad_(), change(w).detach().requires_grad_()
        y = layer(t, weight)
        g = (weft.arange(y.numel(), device=y.device).reshape(y.shape) % 7 - 3).to(y.dtype)
        return y, *weft.autograd.grad(y, (t, weight), change(g))

    for a, b in zip(run(lambda t: t), run(lambda t: laid_out_by_chance(t, random)), strict=True):
        weft.testing.assert_close(b, a, rtol=CLOSE[dtype], atol=CLOSE[dtype])


class Network(weft.nn.Module):
    """What an image classifier is made of, with one residual."""

    def __init__(self):
        super().__init__()
        nn = weft.nn
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2))
        self.block = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU())
        self.down = nn.Conv2d(16, 24, 1, stride=2)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(24, 5))

    def forward(self, x):
        x = self.stem(x)
        return self.head(self.down(x + self.block(x)))


@pytest.mark.parametrize("jitted", [False, True])
@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_training_in_channels_last_copies_nothing(device, dtype, jitted):
    x, target = images(device, (4, 3, 12, 10), getattr(weft, dtype)), weft.tensor([0, 1, 4, 2], device=device)

    def train(memory_format):
        weft.manual_seed(3)
        model = Network().to(device, getattr(weft, dtype)).to(memory_format=memory_format)
        optimizer = weft.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        images = x.contiguous(memory_format=memory_format)
        call = weft.jit(model) if jitted else model
        losses = []

        def step():
            optimizer.zero_grad()
            loss = F.cross_entropy(call(images), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())

        step()  # makes the optimizer's state
        with counted(device) as copies:
            step()
            step()
        assert all(p.grad.stride() == p.stride() for p in model.parameters())
        return copies, [*losses, *(p.detach() for p in model.parameters()), *model.buffers()]

    _, wanted = train(weft.contiguous_format)
    copies, found = train(LAST)
    assert copies == []
    for a, b in zip(wanted, found, strict=True):
        weft.testing.assert_close(b, a, rtol=CLOSE[dtype], atol=CLOSE[dtype])


def test_slices_of_images(device):
    """Of channels, rows and batches, which are not dense."""
    x = images(device, (3, 16, 9, 8)).contiguous(memory_format=LAST)
    for part in (x[:, 2:9], x[1:], x[:, :, ::2], x[..., 3:], x[:, :1]):
        plain = part.contiguous()
        for layer in (lambda t: F.max_pool2d(t, 2), lambda t: F.avg_pool2d(t, 2), lambda t: t * 2, weft.exp):
            assert layer(part).equal(layer(plain))
        w = images(device, (4, part.shape[1], 3, 3))
        weft.testing.assert_close(F.conv2d(part, w), F.conv2d(plain, w), rtol=1e-4, atol=1e-4)


def test_modules(device):
    model = weft.nn.Sequential(
        weft.nn.Conv2d(3, 4, 3), weft.nn.BatchNorm2d(4), weft.nn.Flatten(), weft.nn.Linear(64, 2)
    )
    model.to(device)
    x = images(device, (2, 3, 6, 6))
    wanted = model(x)
    assert model.to(memory_format=LAST) is model
    assert has_format(model[0].weight) and model[3].weight.is_contiguous() and model[0].weight.is_leaf
    weft.testing.assert_close(model(x.contiguous(memory_format=LAST)), wanted, rtol=1e-4, atol=1e-4)
    model.to(weft.float64, memory_format=weft.contiguous_format)
    assert model[0].weight.is_contiguous() and model[0].weight.dtype is weft.float64
    volume = weft.nn.Module()
    volume.weight = weft.nn.Parameter(weft.ones(3, 2, 2, 2, 2))
    assert has_format(volume.to(memory_format=LAST_3D).weight, LAST_3D)


def test_transforms(device):
    x = images(device, (3, 2, 4, 5, 6))
    there = weft.vmap(lambda t: t.contiguous(memory_format=LAST).sin())(x)
    assert there.equal(x.sin())
    value, along = weft.func.jvp(lambda t: t.contiguous(memory_format=LAST) ** 2, (x[0],), (x[1],))
    weft.testing.assert_close(along, 2 * x[0] * x[1])
    t = x[0].clone().requires_grad_()
    (t.contiguous(memory_format=LAST) * x[1]).sum().backward()
    assert t.grad.equal(x[1])


@pytest.mark.parametrize("name", LAYERS)
def test_transforms_of_layers(device, name):
    x, w = images(device, (2, 16, 9, 8)), images(device, (16, 16, 3, 3)) * 0.3
    along = images(device, (2, 16, 9, 8)).flip(0)
    pairs = weft.stack([x, along])

    def outcomes(change):
        def layer(t):
            return LAYERS[name](t, change(w))

        def gradient(t):
            return weft.func.grad(lambda t: layer(t).square().sum())(change(t))

        images_of_pairs = change(pairs.flatten(0, 1)).unflatten(0, (2, 2))
        yield from weft.func.jvp(layer, (change(x),), (change(along),))
        yield from (gradient(x), weft.func.jvp(gradient, (x,), (along,))[1])
        yield from (weft.vmap(layer)(images_of_pairs), weft.vmap(gradient)(images_of_pairs))

    plain, last = outcomes(weft.Tensor.contiguous), outcomes(lambda t: t.contiguous(memory_format=LAST))
    for a, b in zip(plain, last, strict=True):
        weft.testing.assert_close(b, a, rtol=1e-3, atol=1e-3)


def test_programs_in_files(tmp_path):
    x = images(shape=(2, 4, 8, 8)).contiguous(memory_format=LAST)
    w = images(shape=(4, 4, 3, 3))

    def network(t):
        y = F.batch_norm(F.conv2d(t, w), weft.zeros(4), weft.ones(4))
        y = F.avg_pool2d(F.max_pool2d(y.relu(), 2).contiguous(memory_format=LAST), 3)
        return F.conv_transpose2d(y.expand(2, 4, 3, 3).contiguous(memory_format=LAST), w)

    program = weft.export.export(network, (x,))
    weft.export.save(program, tmp_path / "program.weft")
    again = weft.export.load(tmp_path / "program.weft")
    assert again(x).equal(network(x)) and again(x).stride() == network(x).stride()


def test_what_is_refused():
    x = weft.ones(2, 3, 4)
    for call in (
        lambda: x.contiguous(memory_format=LAST),
        lambda: x.to(memory_format=LAST),
        lambda: x.clone(memory_format=LAST_3D),
        lambda: x.float(memory_format=LAST),
        lambda: weft.empty(2, 3, memory_format=LAST),
        lambda: weft.zeros_like(x, memory_format=LAST),
        lambda: weft.ones(2, 3, 4, 5).contiguous(memory_format=LAST_3D),
    ):
        with pytest.raises(RuntimeError) as error:
            call()
        check_message(error, ("memory_format=weft.channels_last", "dimensions", "shape (2, 3"))
    with pytest.raises(RuntimeError, match="preserve_format"):
        x.is_contiguous(memory_format=weft.preserve_format)
    for wrong in ("channels_last", 1, weft.strided):
        with pytest.raises(TypeError):
            x.contiguous(memory_format=wrong)
        with pytest.raises(TypeError):
            weft.nn.Linear(2, 2).to(memory_format=wrong)
    assert repr(LAST) == "weft.channels_last" and np.array_equal(x.numpy(), np.ones((2, 3, 4)))


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_optimizers_step_in_the_order_of_the_parameters(device, name):
    """Whatever the order of the gradients: the numbers are those of row-major order."""
    options = {"lr": 0.1, **({"momentum": 0.9} if name == "SGD" else {"amsgrad": True})}
    start, grads = images(device, (4, 3, 5, 2)), [images(device, (4, 3, 5, 2)) * (i + 1) for i in range(3)]
    found = []
    for change in (lambda t: t, lambda t: t.contiguous(memory_format=LAST), lambda t: t.permute(1, 0, 2, 3)[:, ::2]):
        for change_gradient in (lambda t: t.contiguous(), lambda t: t.contiguous(memory_format=LAST)):
            p = change(start.clone()).detach().requires_grad_()
            optimizer = getattr(weft.optim, name)([p], **options)
            for grad in grads:
                p.grad = change_gradient(change(grad))
                optimizer.step()
            found.append(p.detach())
    assert all(found[0].equal(other) for other in found[1:4])
    assert found[4].equal(found[5]) and found[4].equal(found[0].permute(1, 0, 2, 3)[:, ::2])
    assert has_format(found[2])


@pytest.mark.parametrize("part", [(slice(None), slice(None, None, 2)), (slice(None), slice(None), slice(1, -1))])
def test_parts_of_images_keep_their_order(part, device):
    x = images(device, (2, 16, 9, 9)).contiguous(memory_format=LAST)[part]
    for op in (
        lambda x: F.max_pool2d(x, 2),
        lambda x: F.avg_pool2d(x, 2),
        lambda x: F.adaptive_avg_pool2d(x, 3),
        lambda x: F.interpolate(x, scale_factor=2.0, mode="bilinear"),
        lambda x: F.batch_norm(x, None, None, training=True),
        lambda x: F.group_norm(x, 2),
    ):
        y = op(x)
        assert has_format(y) and y.allclose(op(x.contiguous()), atol=1e-5)
    assert F.max_pool2d(x.contiguous(), 2).is_contiguous()


@pytest.mark.parametrize("make", ["zeros_like", "empty_like", "rand_like", "clone", "add", "double", "to"])
def test_new_tensors_have_the_order_of_parts_without_their_gaps(make, device):
    image = images(device).to(memory_format=LAST)
    parts = {
        "channels": (image[:, :3], (90, 1, 15, 3)),
        "rows": (image[:, :, 1:4, ::2], (144, 1, 48, 16)),
        "permuted": (weft.randn(4, 5, 6, device=device).permute(2, 0, 1)[::2], (1, 15, 3)),
    }
    run = {
        "add": lambda x: x + 1,
        "to": lambda x: x.to("cuda" if x.device.type == "cpu" and weft.cuda.is_available() else "cpu", copy=True),
        "double": lambda x: x.double(),
        "clone": lambda x: x.clone(),
    }
    for part, strides in parts.values():
        y = run[make](part) if make in run else getattr(weft, make)(part)
        assert y.stride() == strides, (y.stride(), strides)
        if make in ("clone", "double", "to"):
            assert y.cpu().equal(part.cpu().to(y.dtype))
        assert part.clone(memory_format=weft.contiguous_format).is_contiguous()


def test_group_norm_keeps_the_order(device):
    x = images(device).contiguous(memory_format=LAST).requires_grad_()
    y = F.group_norm(x, 4)
    assert has_format(y) and y.allclose(F.group_norm(x.contiguous(), 4), atol=1e-6)
    y.sum().backward()
    assert F.group_norm(images(device), 4).is_contiguous()


def test_single_images_keep_the_order(device):
    x = images(device, (1, 3, 8, 8)).contiguous(memory_format=LAST)[0]
    volume = images(device, (1, 3, 4, 8, 8)).contiguous(memory_format=LAST_3D)[0]
    for op, one, order in ((F.max_pool2d, x, LAST), (F.avg_pool2d, x, LAST), (F.max_pool3d, volume, LAST_3D)):
        y = op(one, 2)
        assert has_format(y[None], order) and y.equal(op(one.contiguous(), 2))


def test_onednn_can_be_switched_off():
    x, weight = images(shape=(8, 64, 32, 32)), images(shape=(64, 64, 5, 5))
    assert weft.backends.mkldnn.enabled
    y = F.conv2d(x, weight)
    with weft.backends.mkldnn.flags(enabled=False):
        assert not weft.backends.mkldnn.enabled
        without = F.conv2d(x, weight)
    assert weft.backends.mkldnn.enabled and without.allclose(y, rtol=1e-4, atol=1e-3)
    assert not without.equal(y)  # other sums in another order
    with pytest.raises(TypeError, match="enabled"):
        weft.backends.mkldnn.enabled = 1

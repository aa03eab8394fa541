"""In which order the elements of a tensor lie: weft.channels_last and its kin, which ops keep it, what is refused."""

import numpy as np
import pytest
import weft
import weft.nn.functional as F
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
        assert like(y[:, ::2]).is_contiguous()  # not dense
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
    assert ELEMENTWISE[name](x, t).is_contiguous()  # the first operand decides
    turned = x.permute(2, 0, 3, 1)
    if name in ("number", "function", "itself", "cast"):
        assert ELEMENTWISE[name](turned, turned).stride() == turned.stride()


LAYERS = {
    "conv": lambda t, w: F.conv2d(t, w, padding=1),
    "conv 1x1": lambda t, w: F.conv2d(t, w[:, :, :1, :1]),
    "strided conv": lambda t, w: F.conv2d(t, w, w[:, 0, 0, 0], stride=2),
    "dilated conv": lambda t, w: F.conv2d(t, w, dilation=2, padding=2),
    "max_pool2d": lambda t, w: F.max_pool2d(t, 2),
    "padded max_pool2d": lambda t, w: F.max_pool2d(t, 3, 1, 1),
    "avg_pool2d": lambda t, w: F.avg_pool2d(t, 2),
    "adaptive_avg_pool2d": lambda t, w: F.adaptive_avg_pool2d(t, (3, 2)),
    "adaptive_max_pool2d": lambda t, w: F.adaptive_max_pool2d(t, (3, 2)),
    "batch_norm": lambda t, w: F.batch_norm(t, None, None, w[0, :, 0, 0], w[-1, :, 0, 1], training=True),
    "known batch_norm": lambda t, w: F.batch_norm(t, w[0, :, 0, 0].detach(), w[-1, :, 0, 1].detach().exp()),
    "network": lambda t, w: F.max_pool2d(F.relu(F.batch_norm(F.conv2d(t, w), None, None, training=True)), 2),
}
CHANNELS = (16, 3, 1)


@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("name", LAYERS)
def test_layers_work_in_the_order_they_get(name, channels):
    """On the CPU in float32; values, gradients and compiled ones are those of row-major order."""
    x = images(shape=(2, channels, 9, 8))
    w = images(shape=(channels, channels, 3, 3)) * 0.3

    def run(memory_format, layer=LAYERS[name]):
        t = x.clone(memory_format=memory_format).requires_grad_()
        weight = w.clone(memory_format=memory_format).requires_grad_()
        y = layer(t, weight)
        again = weft.jit(layer)(t, weight)
        g = (weft.arange(y.numel()).reshape(y.shape) % 7 - 3.0).contiguous(memory_format=memory_format)
        grads = weft.autograd.grad(y, (t, weight), g, allow_unused=True)
        return y, again, *[grad for grad in grads if grad is not None]

    plain, last = run(weft.contiguous_format), run(LAST)
    assert plain[0].is_contiguous() and has_format(last[0])
    for a, b in zip(plain, last, strict=True):
        weft.testing.assert_close(b, a, rtol=1e-4, atol=1e-4)
    assert last[1].stride() == last[0].stride()
    if channels > 1:
        assert has_format(last[2])


@pytest.mark.parametrize("name", LAYERS)
def test_layers_in_other_dtypes_and_groups(device, name):
    """Where kernels know no such order the values are right all the same."""
    for dtype in (weft.float64, weft.bfloat16):
        x, w = images(device, (2, 4, 9, 8), dtype), images(device, (4, 4, 3, 3), dtype)
        t = x.contiguous(memory_format=LAST).requires_grad_()
        y, wanted = LAYERS[name](t, w), LAYERS[name](x, w)
        weft.testing.assert_close(y, wanted, rtol=2e-2, atol=2e-2)
        y.sum().backward()
        assert t.grad.shape == x.shape
    x, w = images(device, (2, 4, 9, 8)), images(device, (4, 2, 3, 3))
    weft.testing.assert_close(
        F.conv2d(x.contiguous(memory_format=LAST), w, groups=2), F.conv2d(x, w, groups=2), rtol=1e-4, atol=1e-4
    )


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


def test_programs_in_files(tmp_path):
    x = images(shape=(2, 4, 8, 8)).contiguous(memory_format=LAST)
    w = images(shape=(4, 4, 3, 3))

    def network(t):
        y = F.batch_norm(F.conv2d(t, w), weft.zeros(4), weft.ones(4))
        return F.avg_pool2d(F.max_pool2d(y.relu(), 2).contiguous(memory_format=LAST), 3)

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

"""Sizes at which CUDA kernels change their way of working, compared with the CPU: packs of elements, rows that fit
shared memory and rows that do not, reductions in parts, scans in chunks, runs of equal indices, tiles of transposes."""

import pytest
from support import devices, weft_only

pytestmark = [weft_only, pytest.mark.skipif("cuda" not in devices(), reason="no GPU")]


def halves(w, *shape):
    return w.randn(*shape).bfloat16()


CASES = {
    "packs": lambda w, x: (x(8000) * 2 + x(8000)).exp(),
    "packs with a tail": lambda w, x: x(8003) + x(8003),
    "packs of half types": lambda w, x: (x(4096).bfloat16() + x(4096).half()).relu(),
    "packs of unaligned starts": lambda w, x: x(8009)[1:] * x(8009)[1:],
    "packs of rows": lambda w, x: x(50, 64) + x(64),
    "packs of one number per row": lambda w, x: x(50, 64) * x(50, 1),
    "rows too odd for packs": lambda w, x: x(50, 63) + x(63),
    "masks": lambda w, x: w.where(x(4096) > 0, x(4096), x(1)),
    "thirteen dims that do not merge": lambda w, x: x(*[2] * 13).permute(*range(12, -1, -1)) + x(*[2] * 13),
    "transpose": lambda w, x: x(100, 70).t().contiguous(),
    "transposes of a batch": lambda w, x: x(3, 40, 33).transpose(1, 2).contiguous(),
    "transpose of bytes": lambda w, x: (x(40, 90) > 0).t().contiguous(),
    "cast of a transpose": lambda w, x: x(40, 90).t().contiguous().half(),
    "strided copy": lambda w, x: x(40, 90)[::3, 1::2].contiguous(),
    "integers": lambda w, x: (x(5000) * 100).long() // 7 % 5,
    "sum in parts": lambda w, x: x(40_000).sum(),
    "sum of packed rows": lambda w, x: x(6, 4096).sum(1),
    "sum of odd rows": lambda w, x: x(6, 4099).sum(1),
    "sum of columns in parts": lambda w, x: x(700, 40).sum(0),
    "sum over outer and inner dims": lambda w, x: x(9, 70, 33).sum((0, 2)),
    "sum of a slice": lambda w, x: x(9, 700)[:, ::2].sum(1),
    "mean of half types": lambda w, x: halves(w, 30, 1024).to(x.device).float().mean(1),
    "largest and its place": lambda w, x: x(30, 5000).max(1),
    "places among equals": lambda w, x: (x(7, 9000) * 2).round().argmax(1),
    "smallest of columns": lambda w, x: x(900, 40).min(0),
    "variance": lambda w, x: (x(5, 3000) + 1000).var(1),
    "norm": lambda w, x: x(20_000).norm(),
    "any and all": lambda w, x: ((x(10, 3000) > 3.4).any(1), (x(10, 3000) > -3.4).all(1)),
    "running sum in chunks": lambda w, x: x(3, 5000).cumsum(1),
    "running sum of columns": lambda w, x: x(2500, 3).cumsum(0),
    "running product": lambda w, x: (1 + x(2, 2100) * 0.01).cumprod(1),
    "running log of sums": lambda w, x: x(2, 2100).logcumsumexp(1),
    "running maximum": lambda w, x: x(2, 2100).cummax(1),
    "nonzero": lambda w, x: (x(50, 60) > 0.5).nonzero(),
    "softmax of short rows": lambda w, x: w.softmax(x(20, 40), 1),
    "softmax of rows of a warp": lambda w, x: w.log_softmax(x(20, 1024), 1),
    "softmax of rows of a block": lambda w, x: w.softmax(x(4, 2000), 1),
    "softmax of rows beyond shared memory": lambda w, x: w.softmax(x(2, 40_000), 1),
    "softmax of odd rows": lambda w, x: w.softmax(x(3, 2001), 1),
    "softmax of columns": lambda w, x: w.softmax(x(5, 30, 40), 1),
    "layer norm": lambda w, x: w.nn.functional.layer_norm(x(20, 64), (64,), x(64), x(64)),
    "layer norm of long rows": lambda w, x: w.nn.functional.layer_norm(x(3, 3000), (3000,), x(3000), x(3000)),
    "layer norm beyond shared memory": lambda w, x: w.nn.functional.layer_norm(x(2, 30_000), (30_000,)),
    "group norm": lambda w, x: w.nn.functional.group_norm(x(4, 8, 6, 8), 2, x(8), x(8)),
    "batch norm in packs": lambda w, x: w.nn.functional.batch_norm(x(6, 5, 16, 16), None, None, x(5), x(5), True),
    "batch norm of odd images": lambda w, x: w.nn.functional.batch_norm(x(6, 5, 7, 7), None, None, x(5), x(5), True),
    "batch norm of rows": lambda w, x: w.nn.functional.batch_norm(x(2000, 40), None, None, x(40), x(40), True),
    "cross entropy": lambda w, x: w.nn.functional.cross_entropy(x(40, 300), x(40, 300).argmax(1)),
    "cross entropy of many classes": lambda w, x: w.nn.functional.cross_entropy(
        x(3, 30_000), x(3, 30_000).argmax(1), label_smoothing=0.1, weight=x(30_000).abs()
    ),
    "cross entropy of images": lambda w, x: w.nn.functional.cross_entropy(x(2, 5, 8, 8), x(2, 5, 8, 8).argmax(1)),
    "embedding of packs": lambda w, x: w.nn.functional.embedding(x(30, 20).argmax(1), x(20, 64)),
    "few rows picked often": lambda w, x: x(5, 33)[(x(1000) > 0).long()],
    "sorting": lambda w, x: (x(3, 3000) * 50).round().sort(1, descending=True, stable=True),
    "sorting of half types": lambda w, x: halves(w, 4, 500).to(x.device).sort(1),
    "topk": lambda w, x: x(4, 700).topk(20, 1),
    "searching": lambda w, x: w.searchsorted(x(300).sort().values, x(900)),
    "product": lambda w, x: x(70, 45) @ x(45, 33) + x(33),
    "batched product of transposes": lambda w, x: x(4, 30, 50).transpose(1, 2) @ x(30, 20),
    "convolution": lambda w, x: w.nn.functional.conv2d(x(2, 4, 9, 9), x(6, 2, 3, 3), x(6), 2, 1, 1, 2),
    "pooling": lambda w, x: w.nn.functional.max_pool2d(x(2, 3, 15, 15), 3, 2, 1),
    "overlapping averages": lambda w, x: w.nn.functional.avg_pool2d(x(2, 3, 15, 15), 4, 3, 2),
    "pooling of volumes": lambda w, x: w.nn.functional.max_pool3d(x(2, 3, 5, 9, 8), 3, 2, 1, return_indices=True),
    "overlapping averages of volumes": lambda w, x: w.nn.functional.avg_pool3d(x(2, 3, 5, 9, 8), 4, (1, 3, 2), 2),
    "adaptive pooling of volumes": lambda w, x: w.nn.functional.adaptive_avg_pool3d(x(2, 3, 4, 6, 7), (3, 4, 2)),
    "pooling by random windows": lambda w, x: w.nn.functional.fractional_max_pool2d(
        x(2, 3, 13, 11), 3, (5, 4), return_indices=True, _random_samples=x(2, 3, 2).detach().sigmoid()
    ),
    "pooling of volumes by random windows": lambda w, x: w.nn.functional.fractional_max_pool3d(
        x(2, 3, 5, 9, 8), 2, (3, 5, 4), _random_samples=x(2, 3, 3).detach().sigmoid()
    ),
    "unpooling": lambda w, x: w.nn.functional.max_unpool2d(
        *w.nn.functional.max_pool2d(x(2, 3, 8, 8), 2, return_indices=True), 2
    ),
    "adaptive pooling": lambda w, x: w.nn.functional.adaptive_avg_pool2d(x(2, 3, 13, 11), (5, 4)),
    "resampling": lambda w, x: w.nn.functional.interpolate(x(2, 3, 13, 11), (20, 7), mode="bicubic"),
    "nearest resampling": lambda w, x: w.nn.functional.interpolate(x(2, 3, 13, 11), scale_factor=2),
    "antialiased resampling": lambda w, x: w.nn.functional.interpolate(
        x(2, 3, 29, 31), (7, 40), mode="bilinear", antialias=True
    ),
    "resampling of volumes": lambda w, x: w.nn.functional.interpolate(
        x(2, 3, 5, 6, 7), scale_factor=1.7, mode="trilinear"
    ),
    "samples at a grid": lambda w, x: w.nn.functional.grid_sample(
        x(2, 3, 13, 11), x(2, 5, 6, 2), padding_mode="reflection", mode="bicubic"
    ),
    "samples of volumes": lambda w, x: w.nn.functional.grid_sample(x(2, 3, 5, 6, 7), x(2, 2, 5, 6, 3)),
}


class Source:
    """The same random numbers for every device, as leaves that want gradients."""

    def __init__(self, w, device):
        self.w, self.device, self.leaves = w, device, []
        w.manual_seed(1)

    def __call__(self, *shape):
        leaf = self.w.randn(*shape).to(self.device).requires_grad_(True)
        self.leaves.append(leaf)
        return leaf


def results_of(w, case, device):
    source = Source(w, device)
    out = CASES[case](w, source)
    out = list(out) if isinstance(out, tuple) else [out]
    wanted = [t for t in out if t.requires_grad]
    grads = []
    if wanted:
        weighted = [t.cpu().float() * w.arange(1.0, t.numel() + 1).reshape(t.shape).sin() for t in wanted]
        sum(t.sum() for t in weighted).backward()
        grads = [leaf.grad for leaf in source.leaves if leaf.grad is not None]
    return [t.detach().cpu() for t in out + grads]


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_the_cpu(w, case):
    here, there = results_of(w, case, "cpu"), results_of(w, case, "cuda")
    assert len(here) == len(there)
    for one, other in zip(here, there, strict=True):
        assert one.dtype == other.dtype and one.shape == other.shape
        if one.is_floating_point():
            scale = max(one.float().abs().max().item(), 1.0) if one.numel() else 1.0
            assert (one.float() - other.float()).abs().max().item() <= 2e-5 * scale
        else:
            assert one.equal(other)


def test_the_same_bits_twice(w):
    for case in CASES:
        for one, other in zip(results_of(w, case, "cuda"), results_of(w, case, "cuda"), strict=True):
            assert one.equal(other), case


def test_elementwise_functions_give_the_bits_of_the_cpu(w):
    x = w.randn(20_000)
    for name in ("exp", "log1p", "tanh", "sigmoid", "erf", "expm1", "sqrt", "reciprocal"):
        function, y = getattr(w, name), x.abs() if name in ("sqrt", "log1p") else x
        assert function(y).equal(function(y.cuda()).cpu()), name
    gelu = w.nn.functional.gelu
    assert gelu(x).equal(gelu(x.cuda()).cpu())


def test_many_equal_indices(w):
    """Runs of equal places that go over several chunks, and places named once between them."""
    index = w.cat([w.zeros(300), w.ones(1), w.full((500,), 2.0), w.arange(3.0, 40.0)])[w.randperm(838)].long()
    values = w.randn(838, 5)
    for mode in ("sum", "prod", "amax", "amin"):
        here = w.ones(40, 5).scatter_reduce(0, index[:, None].expand(838, 5), values, mode)
        there = w.ones(40, 5).cuda().scatter_reduce(0, index[:, None].expand(838, 5).cuda(), values.cuda(), mode)
        assert w.allclose(here, there.cpu(), rtol=1e-4, atol=1e-4), mode
    here, there = w.zeros(40, 5), w.zeros(40, 5).cuda()
    here[index] = values
    there[index.cuda()] = values.cuda()
    assert here.equal(there.cpu()), "of several values for one place the last one stays"
    grads = []
    for device in ("cpu", "cuda"):
        weight = w.ones(40, 5, device=device, requires_grad=True)
        (w.nn.functional.embedding(index.to(device), weight, padding_idx=2) * values.to(device)).sum().backward()
        grads.append(weight.grad.cpu())
    assert w.allclose(*grads, rtol=1e-4, atol=1e-4)

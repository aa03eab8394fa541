"""Kernels that NVRTC compiles of fused programs: they compute what eager ops compute, bit for bit.

The simulated device has a stand-in for NVRTC, gcc, which is asked for by name; everything else takes the way it takes
on a GPU. Each test is a process of its own, because a process decides once where its kernels come from.
"""

import os
import subprocess
import sys

import pytest
from support import load, weft_only

pytestmark = weft_only

UNARY = """neg abs sign square floor ceil round trunc frac relu exp exp2 expm1 log log2 log10 log1p sqrt rsqrt
reciprocal sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc erfinv sigmoid deg2rad rad2deg isnan
isinf isfinite signbit logical_not""".split()
ACTIVATIONS = """logsigmoid softsign tanhshrink silu mish gelu elu celu selu leaky_relu softplus hardsigmoid hardswish
softshrink hardshrink""".split()
BINARY = """add sub mul div floor_divide remainder fmod pow maximum minimum fmax fmin atan2 hypot copysign xlogy
logaddexp eq ne lt le gt ge logical_and logical_or logical_xor""".split()

BEFORE = f"""
import numpy as np
import weft
from weft.nn import functional as F
UNARY, ACTIVATIONS, BINARY = {UNARY}, {ACTIVATIONS}, {BINARY}

def bits(t):
    values = t.detach().cpu().double().numpy()
    values[np.isnan(values)] = np.nan  # of whatever kind
    return values.tobytes(), t.dtype, tuple(t.shape)

def check(function, *args):
    eager, jitted = function(*args), weft.jit(function)
    for _ in range(2):
        for k, (one, two) in enumerate(zip(eager, jitted(*args), strict=True)):
            assert bits(one) == bits(two), (k, one, two)
    assert "tiled" in str(jitted.graph()), jitted.graph()

def sevens(names):
    return [names[i : i + 7] for i in range(0, len(names), 7)]

def together(x, results):
    for r in results:
        x = x + r
    return [*results, x]

def numbers(*shape, dtype=weft.float32):
    return (weft.randn(*shape) * 2).to(dtype).cuda()
"""

FUNCTIONS = """
for dtype in (weft.float32, weft.float64, weft.float16, weft.bfloat16):
    x, y = numbers(5, 37, dtype=dtype), numbers(5, 37, dtype=dtype)
    x[0, :4] = weft.tensor([float("nan"), float("inf"), -float("inf"), -0.0])
    some = 1 if dtype.itemsize == 2 else None  # half types differ in how they round, for all functions alike
    for names in sevens(UNARY)[:some]:
        check(lambda x: together(x, [getattr(weft, n)(x) for n in names]), x)
    for names in sevens(ACTIVATIONS)[:some]:
        check(lambda x: together(x, [getattr(F, n)(x) for n in names]), x)
    for names in sevens(BINARY)[:some]:
        check(lambda x, y: together(x, [getattr(weft, n)(x, y) for n in names]), x, y)
"""

LAYOUTS = """
def function(x, y, row, scalar):
    a = x * y + row
    b = weft.where(a > 0, a * scalar, y.clamp(-1.0, 0.5))
    return a, b, (b.to(weft.bfloat16) * 3 + 0.1), (b > row) & (a < 1)

scalar = weft.tensor(1.7, dtype=weft.float64)
for dtype in (weft.float32, weft.float16, weft.float64):
    row, wide = numbers(24, dtype=dtype), numbers(6, 48, dtype=dtype)
    x, y = numbers(6, 24, dtype=dtype), numbers(6, 24, dtype=dtype)
    check(function, x, y, row, scalar)
    check(function, x, y, row, scalar.cuda())
    check(function, x, y, row[:1], scalar)
    check(function, wide[:, ::2], y, row, scalar)
    check(function, wide[:, 1:25], y, row, scalar)  # not aligned
    check(function, numbers(24, 6, dtype=dtype).t(), y, row, scalar)
    check(function, numbers(6, 1, dtype=dtype), y, row, scalar)
    check(function, *(numbers(2, 3, 4, 5, 6, dtype=dtype).permute(0, 3, 1, 4, 2) for _ in range(2)),
          numbers(6, 1, dtype=dtype), scalar)
    for n in (1, 3, 8, 1000, 1001):
        check(function, numbers(n, dtype=dtype), numbers(n, dtype=dtype), numbers(1, dtype=dtype), scalar)
for dtype in (weft.int64, weft.int32, weft.int16, weft.uint8, weft.bool):
    check(lambda x, k: (x * k, x * k + 0.5), numbers(40), weft.arange(40, device="cuda").to(dtype))
check(lambda x: ((x * 2 + 1).relu().sum(-1), x.exp() * 2), numbers(7, 50))
check(lambda x: ((x * 2).tanh().amax(0), (x * 3).square().mean()), numbers(70, 20))
"""

BACKWARD = """
from weft import nn

model = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 16), nn.LayerNorm(16), nn.SiLU(), nn.Dropout(0.3),
                      nn.Linear(16, 4)).cuda()
optimizer = weft.optim.SGD(model.parameters(), lr=0.0)

def step(x):
    optimizer.zero_grad()
    model(x).tanh().square().mean().backward()
    return [p.grad.clone() for p in model.parameters()]

x = numbers(9, 8)
weft.manual_seed(3)
eager = step(x)
jitted = weft.jit(step)
for _ in range(3):
    weft.manual_seed(3)
    for one, two in zip(eager, jitted(x), strict=True):
        assert bits(one) == bits(two)
"""


def run(code, folder, **environment):
    everything = {**os.environ, "WEFT_CUDA_NVRTC": "1", "WEFT_KERNEL_CACHE": str(folder), **environment}
    done = subprocess.run([sys.executable, "-c", BEFORE + code], capture_output=True, text=True, env=everything)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


needs_device = pytest.mark.skipif(not load().cuda.is_available(), reason="needs a GPU or the simulated device")


@needs_device
@pytest.mark.parametrize("code", [FUNCTIONS, LAYOUTS, BACKWARD], ids=["functions", "layouts", "backward"])
def test_bits_of_eager(code, tmp_path):
    run(code, tmp_path)
    assert list(tmp_path.glob("*.cubin"))


@needs_device
def test_kernels_come_from_disk(tmp_path):
    code = "check(lambda x: ((x * 2 + 1).tanh(),), numbers(100))"
    run(code, tmp_path)
    (kept,) = tmp_path.glob("*.cubin")
    whole, made = kept.read_bytes(), kept.stat().st_ino
    run(code, tmp_path)
    assert kept.stat().st_ino == made  # neither compiled nor written again
    kept.write_bytes(whole[:-7])
    run(code, tmp_path)
    assert kept.stat().st_ino != made and len(kept.read_bytes()) == len(whole)


@needs_device
def test_without_a_cache(tmp_path):
    (tmp_path / "file").write_text("")
    run("check(lambda x: ((x * 2 + 1).tanh(),), numbers(100))", tmp_path / "file" / "below")
    run("check(lambda x: ((x * 2 + 1).tanh(),), numbers(100))", "0")


@needs_device
def test_interpreter(tmp_path):
    notes = run("check(lambda x: ((x * 2 + 1).tanh(),), numbers(100))", tmp_path, WEFT_CUDA_NVRTC="0")
    assert not notes and not list(tmp_path.iterdir())

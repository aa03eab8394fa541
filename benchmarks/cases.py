"""What is measured. Every case is one function of the framework's module: the same code runs in both."""

from layer_cases import LAYERS, MODELS, OPTIMIZERS
from measure import Case

MILLION = 1 << 20


def add_one_element(f):
    x = f.ones(1)
    return lambda: x + x


def add_one_element_grad(f):
    x = f.ones(1, requires_grad=True)
    return lambda: x + x


def method_by_position(f):
    x = f.ones(2, 2)
    return lambda: x.sum(0)


def method_by_keyword(f):
    x = f.ones(2, 2)
    return lambda: x.sum(dim=0, keepdim=True)


def function_by_keyword(f):
    x = f.ones(2, 2)
    return lambda: f.softmax(x, dim=0)


def into_out(f):
    x, y, out = f.rand(16 * MILLION), f.rand(16 * MILLION), f.rand(16 * MILLION)
    return lambda: f.add(x, y, out=out)


def product_into_out(f):
    x, y, out = f.rand(1024, 1024), f.rand(1024, 1024), f.rand(1024, 1024)
    return lambda: f.matmul(x, y, out=out)


def chain(f):
    x = f.ones(1, requires_grad=True)

    def step():
        y = x
        for _ in range(20):
            y = y * x
        y.backward()
        x.grad = None

    return step


def add_large(f):
    x = f.rand(16 * MILLION)
    return lambda: x + x


def exp_large(f):
    x = f.randn(16 * MILLION)
    return lambda: f.exp(x)


def gelu_large(f):
    x = f.randn(16 * MILLION)
    return lambda: f.nn.functional.gelu(x)


def softmax(f):
    x = f.randn(4096, 4096)
    return lambda: f.softmax(x, -1)


def transpose_copy(f):
    x = f.randn(4096, 4096)
    return lambda: x.t().contiguous()


def training_step(f, model, optimizer, x, target):
    loss_of = f.nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss = loss_of(model(x), target)
        loss.backward()
        optimizer.step()

    return step


def perceptron_step(f):
    f.manual_seed(0)
    model = f.nn.Sequential(f.nn.Linear(784, 128), f.nn.ReLU(), f.nn.Linear(128, 10))
    optimizer = f.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    return training_step(f, model, optimizer, f.rand(64, 784), f.randint(0, 10, (64,)))


def digits_step(f):
    f.manual_seed(0)
    nn = f.nn
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * 4 * 4, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    optimizer = f.optim.Adam(model.parameters(), lr=1e-3)
    return training_step(f, model, optimizer, f.rand(64, 1, 8, 8), f.randint(0, 10, (64,)))


def adam(f):
    parameter = f.nn.Parameter(f.rand(10_000_000))
    parameter.grad = f.rand(10_000_000)
    return f.optim.Adam([parameter]).step


def matmul_square(f):
    a, b = f.randn(1024, 1024), f.randn(1024, 1024)
    return lambda: a @ b


def matmul_tall(f):
    a, b = f.randn(10_000, 1000), f.randn(1000, 2000)
    return lambda: a @ b


def attention(heads, queries, keys, size, causal=False, backward=False):
    """Scaled dot-product attention. Its floor is the time of its products: 4 heads queries keys size operations
    forward, half of it when causal, 3.5 times as many with backward (which computes the scores again), at the rate
    of the case matmul 1024x1024x1024: 110 GFLOP/s on one core of the development machine, 215 on both. So 64 causal
    heads of 128 x 32 take at least 0.61 ms on one core (with backward 2.1), 8 heads of 512 x 64 at least 4.9 ms.
    """

    def make(f):
        shapes = (queries, keys, keys)
        q, k, v = (f.randn(1, heads, length, size, requires_grad=backward) for length in shapes)
        g = f.randn(1, heads, queries, size)

        def step():
            y = f.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
            if backward:
                f.autograd.grad(y, (q, k, v), g)

        return step

    return make


def of_complex(function, count=4 * MILLION, other=False):
    """Of complex64 numbers."""

    def make(f):
        x = f.randn(count, dtype=f.complex64)
        if other:
            y = f.randn(count, dtype=f.complex64)
            return lambda: function(f, x, y)
        return lambda: function(f, x)

    return make


def complex_matmul(f):
    """Four real products' work: 8 n^3 operations."""
    a, b = (f.randn(512, 512, dtype=f.complex64) for _ in range(2))
    return lambda: a @ b


def complex_step(f):
    z = f.randn(1000, 1000, dtype=f.complex64, requires_grad=True)

    def step():
        z.grad = None
        (z * z.exp()).abs().sum().backward()

    return step


CASES = [
    Case("x + x, 1 element", 0.4, add_one_element, threads=(1,)),
    Case("x + x, 1 element, grad", 0.4, add_one_element_grad, threads=(1,)),
    Case("20 multiplications, fwd + bwd", 0.3, chain, threads=(1,)),
    Case("x.sum(0), 4 elements", 0.4, method_by_position, threads=(1,)),
    Case("x.sum(dim=0, keepdim=True)", 0.4, method_by_keyword, threads=(1,)),
    Case("softmax(x, dim=0), 4 elements", 0.4, function_by_keyword, threads=(1,)),
    Case("x + x, 16M float32", 0.25, add_large),
    Case("add(x, y, out=z), 16M float32", 1.0, into_out),
    Case("matmul(x, y, out=z), 1024", 1.0, product_into_out),
    Case("exp, 16M float32", 0.4, exp_large),
    Case("gelu, 16M float32", 0.4, gelu_large),
    Case("softmax 4096x4096", 0.4, softmax),
    Case("transpose copy 4096x4096", 0.3, transpose_copy),
    Case("MNIST perceptron step", 0.6, perceptron_step),
    Case("digits CNN step", 0.8, digits_step),
    Case("Adam, 10M parameters", 0.4, adam),
    Case("matmul 1024x1024x1024", 1.0, matmul_square),
    Case("matmul 10000x1000x2000", 1.0, matmul_tall),
    Case("attention causal 64x128x32", 0.7, attention(64, 128, 128, 32, True)),
    Case("attention causal 64x128x32, bwd", 0.7, attention(64, 128, 128, 32, True, True)),
    Case("attention causal 4x128x32", 0.7, attention(4, 128, 128, 32, True)),
    Case("attention 8x512x64", 0.7, attention(8, 512, 512, 64)),
    Case("attention 8x512x64, bwd", 0.7, attention(8, 512, 512, 64, False, True)),
    Case("attention causal 4x2048x64", 0.7, attention(4, 2048, 2048, 64, True)),
    Case("attention causal 4x2048x64, bwd", 0.7, attention(4, 2048, 2048, 64, True, True)),
    Case("attention causal 1x1024x128, bwd", 0.7, attention(1, 1024, 1024, 128, True, True)),
    Case("attention 256x8x64, bwd", 0.7, attention(256, 8, 8, 64, False, True)),
    Case("attention 8x1x64, 1024 keys", 1.0, attention(8, 1, 1024, 64)),
    Case("complex x * y, 4M", 1.0, of_complex(lambda f, x, y: x * y, other=True)),
    Case("complex x / y, 4M", 1.0, of_complex(lambda f, x, y: x / y, other=True)),
    Case("complex x + y, 10 thousand", 1.0, of_complex(lambda f, x, y: x + y, 10_000, other=True)),
    Case("complex x * y, 10 thousand", 1.0, of_complex(lambda f, x, y: x * y, 10_000, other=True)),
    Case("complex exp, 1M", 1.0, of_complex(lambda f, x: x.exp(), MILLION)),
    Case("complex sqrt, 1M", 1.0, of_complex(lambda f, x: x.sqrt(), MILLION)),
    Case("complex tanh, 1M", 1.0, of_complex(lambda f, x: x.tanh(), MILLION)),
    Case("complex abs, 4M", 1.0, of_complex(lambda f, x: x.abs())),
    Case("complex sum, 4M", 1.0, of_complex(lambda f, x: x.sum())),
    Case("complex matmul 512x512x512", 1.0, complex_matmul),
    Case("complex z exp(z), fwd + bwd, 1M", 1.0, complex_step),
    *LAYERS,
    *OPTIMIZERS,
    *MODELS,
]

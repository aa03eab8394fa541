"""Random programs that mention sizes, at random sizes: weft.jit(dynamic_dims) is eager mode, bit for bit."""

import random

import pytest
from support import weft_only

pytestmark = weft_only

PROGRAMS = 240


def divisor(r):
    return r.choice([2, 3, 4, 5, 7, 8])


# Each takes the random source and gives a function of (w, x) for x of shape (batch, channels, n), n >= 1.
def slices(r):
    k, from_end = divisor(r), r.random() < 0.5
    return lambda w, x: x[..., -(x.shape[-1] // k) - 1 :] if from_end else x[..., : x.shape[-1] // k + 1]


def strides(r):
    k, start = divisor(r), r.choice([0, 1])
    return lambda w, x: x[..., start::k] if x.shape[-1] > start else x


def chunks(r):
    k, which = divisor(r), r.choice([0, -1])
    return lambda w, x: x.chunk(k, dim=-1)[which]


def splits(r):
    k, which = divisor(r), r.choice([0, -1])
    return lambda w, x: x.split(k, dim=-1)[which]


def pools(r):
    k, kind = r.choice([2, 3, 4, 8]), r.choice(["max_pool1d", "avg_pool1d"])
    return lambda w, x: getattr(w.nn.functional, kind)(x, k) if x.shape[-1] >= k else x


def convolutions(r):
    k, stride, padding = r.choice([1, 2, 3, 4]), r.choice([1, 2, 3, 4]), r.choice([0, 1])

    def f(w, x):
        if x.shape[-1] < k:
            return x
        count = x.shape[1]
        weight = (w.arange(count * count * k).reshape(count, count, k) % 5 - 2) * 0.25
        return w.nn.functional.conv1d(x, weight, stride=stride, padding=padding)

    return f


def unfolds(r):
    size, step = r.choice([2, 3, 4]), r.choice([1, 2, 3, 4])
    return lambda w, x: x.unfold(-1, size, step).sum(-1) if x.shape[-1] >= size else x


def folded(r):
    k = divisor(r)

    def f(w, x):
        whole = x.shape[-1] // k * k
        return x[..., :whole].reshape(*x.shape[:-1], -1, k).amax(-1) if whole else x

    return f


def flattened(r):
    return lambda w, x: x.flatten(1).unsqueeze(1).expand(x.shape[0], x.shape[1], -1)


def remainders(r):
    k, shift = divisor(r), r.choice([1, 2, 3])
    return lambda w, x: x * (x.shape[-1] % k + 1) + (x.shape[-1] >> shift)


def ranges(r):
    k = divisor(r)
    return lambda w, x: x + w.arange(x.shape[-1]) // k * 0.5 + w.linspace(0, 1, x.shape[-1] // k + 2).sum()


def averages(r):
    dim = r.choice([-1, 0])
    return lambda w, x: x - x.mean(dim, keepdim=True) * x.shape[-1] / (x.shape[-1] + 1)


def softmaxes(r):
    return lambda w, x: x.softmax(-1) * x.shape[-1]


def branches(r):
    k = divisor(r)
    return lambda w, x: x * 2 if x.shape[-1] > k else x.roll(x.shape[-1] // 2, -1)


def joined(r):
    k = divisor(r)
    return lambda w, x: w.cat([x, x[..., : x.shape[-1] // k]], -1)


def padded(r):
    k = divisor(r)
    return lambda w, x: w.nn.functional.pad(x, (0, -x.shape[-1] % k))


def sums(r):
    return lambda w, x: x.cumsum(-1) / len(x[0, 0])


STEPS = [slices, strides, chunks, splits, pools, convolutions, unfolds, folded, flattened, remainders, ranges]
STEPS += [averages, softmaxes, branches, joined, padded, sums]


def same(w, one, two):
    return (
        one.shape == two.shape
        and one.stride() == two.stride()
        and w.equal(one.isnan(), two.isnan())
        and bool(((one == two) | one.isnan()).all())
    )


@pytest.mark.parametrize("part", range(8))
def test_random_programs(w, part):
    for seed in range(part * PROGRAMS // 8, (part + 1) * PROGRAMS // 8):
        r = random.Random(seed)
        chosen = r.choices(STEPS, k=r.randint(1, 3))
        steps = [make(r) for make in chosen]

        def function(x, steps=steps):
            for step in steps:
                x = step(w, x)
            return x

        f = w.jit(function, dynamic_dims={0: (0, 2)})
        sizes = [(r.randint(1, 3), r.choice([1, 2, r.randint(3, 12), r.randint(13, 40), 64])) for _ in range(3)]
        for batch, n in [*sizes, sizes[0]]:
            w.manual_seed(seed)
            x = w.randn(batch, 2, n, requires_grad=True)
            found = []
            for run in (function, f):
                x.grad = None
                y = run(x)
                (y * (w.arange(y.numel()).reshape(y.shape) % 3 - 0.75)).sum().backward()
                found.append((y.detach(), x.grad))
            for name, one, two in zip(("output", "gradient"), *found, strict=True):
                assert same(w, one, two), (name, seed, [make.__name__ for make in chosen], batch, n)
        assert f.traces == len(set(sizes))

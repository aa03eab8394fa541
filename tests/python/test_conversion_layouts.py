"""Conversions between all pairs of dtypes give the same bits wherever source and target lie.

Kernels convert runs of neighbours, and gather and scatter what lies apart through buffers of 512 and 1024 elements.
"""

import itertools

import pytest
import weft

DTYPES = [
    weft.bool,
    weft.uint8,
    weft.uint16,
    weft.uint32,
    weft.uint64,
    weft.int8,
    weft.int16,
    weft.int32,
    weft.int64,
    weft.float16,
    weft.bfloat16,
    weft.float32,
    weft.float64,
    weft.float8_e4m3fn,
    weft.float8_e5m2,
    weft.complex64,
    weft.complex128,
]
COUNT = 2600


def bits(t):
    return t.contiguous().view(weft.uint8)


def values(dtype):
    """Of both signs where there are two, whole and not, that every dtype can be asked for."""
    numbers = weft.arange(COUNT, dtype=weft.float64) % 97 - 40
    if not dtype.is_signed:
        numbers = numbers.abs()
    if dtype.is_floating_point or dtype.is_complex:
        numbers = numbers + 0.25
    return numbers.to(dtype)


@pytest.mark.filterwarnings("ignore:Casting complex")
@pytest.mark.parametrize("target", DTYPES, ids=str)
@pytest.mark.parametrize("source", DTYPES, ids=str)
def test_layouts_agree(source, target):
    x = values(source)
    expected = bits(x.to(target))

    spread = weft.zeros(COUNT, 3, dtype=source)
    spread[:, 1] = x
    assert weft.equal(bits(spread[:, 1].to(target)), expected)

    place = weft.zeros(COUNT, 3, dtype=target)
    place[:, 2].copy_(x)
    assert weft.equal(bits(place[:, 2]), expected)
    assert not bits(place[:, :2]).any()
    place[:, 0].copy_(spread[:, 1])
    assert weft.equal(bits(place[:, 0]), expected)

    repeated = weft.zeros(COUNT, dtype=target)
    repeated.copy_(x[:1].expand(COUNT))
    assert weft.equal(bits(repeated), bits(x[:1].to(target).expand(COUNT).clone()))


@pytest.mark.parametrize("source, target", list(itertools.product((weft.float32, weft.float64), DTYPES)), ids=str)
def test_large_floats_become_integers_alike(source, target):
    """One after the other and 2600 at once: vectors wrap around as single numbers do."""
    if target.is_floating_point or target.is_complex or target is weft.bool:
        pytest.skip("nothing wraps around")
    # 32 bits hold all of these after int64; beyond that each dtype has a loop of its own
    limit = 2.0**31 if target.itemsize >= 4 else 2.0**40
    x = ((weft.arange(COUNT, dtype=weft.float64) - COUNT // 2) * (limit / COUNT)).to(source)
    if not target.is_signed and target.itemsize == 8:
        x = x.abs()
    whole = x.to(target)
    for i in range(0, COUNT, 37):
        assert whole[i].item() == x[i].to(target).item()

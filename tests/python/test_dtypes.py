"""uint16, uint32, uint64, float8 and complex dtypes: what they are, how they come and go, where they are refused."""

import io
import math
import pickle
import warnings

import numpy as np
import pytest
import weft
from op_calls import expected, rows, samples_of
from support import WIDE_UNSIGNED, check_message, dtype_name, map_arrays, to_tensor, weft_only

pytestmark = weft_only

FLOAT8 = ("float8_e4m3fn", "float8_e5m2")
COMPLEX = ("complex64", "complex128")
NEW = WIDE_UNSIGNED + FLOAT8 + COMPLEX
OLD = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64")


def of(dtype):
    return getattr(weft, dtype)


def values(dtype, *shape, seed=0):
    """Numbers that the dtype holds exactly, as an array of NumPy's nearest dtype."""
    rng = np.random.default_rng(seed)
    if dtype in WIDE_UNSIGNED:
        info = np.iinfo(dtype)
        array = np.asarray(rng.integers(0, info.max, shape, dtype, endpoint=True))
        if array.size:
            array.flat[0] = info.max
        return array
    if dtype in FLOAT8:
        return np.asarray(rng.choice([0.0, 1.0, -1.5, 0.25, 3.5, -28.0, 256.0, 0.0625], shape))
    return np.asarray(rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype)


def tensor(dtype, *shape, seed=0, device="cpu"):
    array = values(dtype, *shape, seed=seed)
    x = weft.from_numpy(array)
    return (x.to(of(dtype)) if dtype in FLOAT8 else x).to(device)


def array_of(x):
    x = x.cpu()
    return (x.double() if dtype_name(x.dtype) in FLOAT8 else x).numpy()


def same(x, array, dtype=None):
    assert dtype is None or dtype_name(x.dtype) == dtype
    np.testing.assert_array_equal(array_of(x), array)


# What they are


@pytest.mark.parametrize("dtype", NEW)
def test_properties(dtype):
    t = of(dtype)
    assert repr(t) == f"weft.{dtype}" and pickle.loads(pickle.dumps(t)) is t
    assert t.is_complex == (dtype in COMPLEX) and t.is_floating_point == (dtype in FLOAT8)
    assert t.is_signed == (dtype not in WIDE_UNSIGNED)
    x = weft.zeros(2, dtype=t)
    assert x.is_complex() == t.is_complex and x.is_floating_point() == t.is_floating_point
    assert weft.is_complex(x) == t.is_complex
    sizes = {"uint16": 2, "uint32": 4, "uint64": 8, "complex64": 8, "complex128": 16}
    assert x.element_size() == t.itemsize == sizes.get(dtype, 1)


def test_names_and_relations():
    assert weft.cfloat is weft.complex64 and weft.cdouble is weft.complex128
    assert weft.complex64.to_real() is weft.float32 and weft.complex128.to_real() is weft.float64
    assert weft.float64.to_complex() is weft.complex128 and weft.bfloat16.to_complex() is weft.complex64
    assert weft.float16.to_real() is weft.float16
    for wrong in (weft.int64.to_complex, weft.int64.to_real, weft.float8_e5m2.to_complex):
        with pytest.raises(RuntimeError):
            wrong()
    assert weft.zeros(1, dtype=weft.complex64).type() == "weft.ComplexFloatTensor"
    assert weft.ComplexDoubleTensor(2).dtype is weft.complex128


def test_limits():
    for dtype in WIDE_UNSIGNED:
        info, wanted = weft.iinfo(of(dtype)), np.iinfo(dtype)
        assert (info.min, info.max, info.bits) == (wanted.min, wanted.max, wanted.bits)
    assert weft.finfo(weft.complex128).eps == np.finfo("float64").eps
    assert weft.finfo(weft.complex64).dtype == "float32"
    e4m3, e5m2 = weft.finfo(weft.float8_e4m3fn), weft.finfo(weft.float8_e5m2)
    assert (e4m3.max, e4m3.min, e4m3.eps, e4m3.tiny, e4m3.resolution) == (448, -448, 0.125, 2.0**-6, 1)
    assert (e5m2.max, e5m2.min, e5m2.eps, e5m2.smallest_normal, e5m2.bits) == (57344, -57344, 0.25, 2.0**-14, 8)
    with pytest.raises(TypeError):
        weft.finfo(weft.uint16)
    with pytest.raises(TypeError):
        weft.iinfo(weft.complex64)


@pytest.mark.parametrize("a", NEW)
@pytest.mark.parametrize("b", OLD + NEW)
def test_promotion(a, b):
    def join():
        if a == b:
            return a
        if a in FLOAT8 or b in FLOAT8:
            return None
        if a in WIDE_UNSIGNED:
            return b if b in ("float16", "bfloat16", "float32", "float64") else None
        if b in WIDE_UNSIGNED:
            return None
        return "complex128" if "128" in a + b or b == "float64" else "complex64"

    if join() is None:
        with pytest.raises(RuntimeError) as error:
            weft.promote_types(of(a), of(b))
        check_message(error, (a, b))
    else:
        assert dtype_name(weft.promote_types(of(a), of(b))) == dtype_name(weft.promote_types(of(b), of(a))) == join()


def test_numbers_beside_tensors():
    def kind(x, number):
        return dtype_name(weft.result_type(x, number))

    assert kind(weft.ones(2), 1j) == "complex64" and kind(weft.ones(2, dtype=weft.float64), 1j) == "complex128"
    assert kind(weft.ones(2, dtype=weft.int64), 1j) == kind(weft.ones(2, dtype=weft.bfloat16), 1j) == "complex64"
    assert kind(weft.ones(2, dtype=weft.complex64), 1.5) == "complex64"
    assert (
        kind(weft.ones(2, dtype=weft.uint16), 1) == "uint16" and kind(weft.ones(2, dtype=weft.uint16), 1.5) == "float32"
    )
    assert kind(weft.ones(2), weft.tensor(1j, dtype=weft.complex128)) == "complex64"
    assert kind(weft.ones(2, dtype=weft.uint64), weft.tensor(1)) == "uint64"
    assert kind(weft.ones(2, dtype=weft.float8_e5m2), 1.0) == "float8_e5m2"
    for x, y in ((weft.float8_e5m2, 1j), (weft.int64, weft.zeros((), dtype=weft.float8_e5m2))):
        with pytest.raises(RuntimeError, match="float8_e5m2"):
            kind(weft.ones(2, dtype=x), y)
    weft.set_default_dtype(weft.float64)
    try:
        assert weft.tensor([1j]).dtype is weft.complex128 and kind(weft.tensor([1]), 1j) == "complex128"
    finally:
        weft.set_default_dtype(weft.float32)
    for dtype in (weft.float8_e5m2, weft.complex64, weft.uint16):
        with pytest.raises(TypeError):
            weft.set_default_dtype(dtype)


def test_can_cast():
    assert not weft.can_cast(weft.complex64, weft.float64) and weft.can_cast(weft.float64, weft.complex64)
    assert weft.can_cast(weft.float32, weft.float8_e5m2) and not weft.can_cast(weft.float8_e5m2, weft.int64)
    assert weft.can_cast(weft.uint64, weft.int8) and not weft.can_cast(weft.uint16, weft.bool)


# From Python and back


def test_complex_numbers(device):
    x = weft.tensor([1 + 2j, 3], device=device)
    assert x.dtype is weft.complex64 and x.tolist() == [1 + 2j, 3 + 0j] and x[0].item() == 1 + 2j
    assert complex(x[0]) == 1 + 2j and float(x[1]) == 3.0 and int(x[1]) == 3 and bool(x[0])
    assert complex(weft.tensor(2.5)) == 2.5
    for read in (float, int):
        with pytest.raises(RuntimeError, match="not real"):
            read(x[0])
    assert weft.full((2,), 1j, device=device).tolist() == [1j, 1j]
    assert weft.tensor([[np.complex64(1j)], [2.5]]).dtype is weft.complex64
    assert weft.tensor(np.complex128(1 + 1j)).dtype is weft.complex128
    assert weft.tensor([1.5], dtype=weft.complex128).tolist() == [1.5 + 0j]
    assert weft.zeros(2, dtype=weft.complex64, device=device).tolist() == [0j, 0j]
    assert weft.ones_like(x).tolist() == [1, 1] and weft.eye(2, dtype=weft.complex64).tolist() == [[1, 0], [0, 1]]
    assert x.fill_(2 - 1j).tolist() == [2 - 1j] * 2
    x[0] = 5j
    assert x.tolist() == [5j, 2 - 1j]
    assert weft.full((1,), 1 + 0j, dtype=weft.float32).tolist() == [1.0]
    for wrong in (
        lambda: weft.full((2,), 1j, dtype=weft.float32),
        lambda: weft.tensor([1j], dtype=weft.int64),
        lambda: weft.zeros(2).fill_(1j),
        lambda: weft.zeros(2).masked_fill(weft.tensor([True, False]), 1j),
        lambda: weft.zeros(2).clamp(1j),
    ):
        with pytest.raises((RuntimeError, TypeError)) as error:
            wrong()
        check_message(error, ("complex",))


def test_integers_up_to_64_bits(device):
    top = 2**64 - 1
    x = weft.tensor([0, 2**63, top], dtype=weft.uint64, device=device)
    assert x.tolist() == [0, 2**63, top] and x[2].item() == int(x[2]) == top
    assert weft.full((1,), top, dtype=weft.uint64, device=device).tolist() == [top]
    assert x.clone().fill_(2**63 + 1).tolist() == [2**63 + 1] * 3
    for value, dtype in ((-1, "uint16"), (2**16, "uint16"), (2**32, "uint32"), (2**64, "uint64"), (-1, "uint64")):
        with pytest.raises((RuntimeError, OverflowError)):
            weft.tensor([value], dtype=of(dtype))
        with pytest.raises((RuntimeError, OverflowError)):
            weft.full((1,), value, dtype=of(dtype))
    with pytest.raises(OverflowError):
        weft.tensor(2**63)


@pytest.mark.parametrize("dtype", NEW)
def test_tensors_of_numbers(dtype, device):
    x = weft.tensor([[0, 1], [2, 3]], dtype=of(dtype), device=device)
    assert (
        x.dtype is of(dtype)
        and x.tolist() == [[0, 1], [2, 3]]
        and weft.tensor(x.tolist(), dtype=x.dtype).equal(x.cpu())
    )
    assert weft.empty(2, 3, dtype=of(dtype), device=device).shape == (2, 3)
    assert weft.zeros(0, dtype=of(dtype)).tolist() == []
    assert weft.ones(2, dtype=of(dtype), device=device).tolist() == [1, 1]
    assert weft.ones(2, dtype=of(dtype), device="meta").dtype is of(dtype)
    again = pickle.loads(pickle.dumps(x))
    assert again.dtype is x.dtype and again.tolist() == x.tolist()


# From other libraries and back


@pytest.mark.parametrize("dtype", WIDE_UNSIGNED + COMPLEX)
def test_numpy_shares_memory(dtype):
    array = values(dtype, 3, 4)
    x = weft.from_numpy(array)
    assert dtype_name(x.dtype) == dtype and x.numpy().dtype == dtype
    x[0, 0] = 7
    assert array[0, 0] == 7
    np.testing.assert_array_equal(x.t().numpy(), array.T)
    np.testing.assert_array_equal(np.asarray(x), array)
    view = memoryview(x)
    assert view.itemsize == array.itemsize and view.format == memoryview(array).format
    assert view.tobytes() == array.tobytes()
    same(weft.from_dlpack(array), array, dtype)
    np.testing.assert_array_equal(np.from_dlpack(x), array)
    same(weft.frombuffer(bytearray(array.tobytes()), dtype=of(dtype)), array.reshape(-1))


@pytest.mark.parametrize("dtype", FLOAT8)
def test_float8_leaves_as_bytes(dtype):
    x = tensor(dtype, 3, 4)
    with pytest.raises(TypeError, match=dtype):
        x.numpy()
    with pytest.raises(BufferError, match=dtype):
        memoryview(x)
    y = weft.from_dlpack(x)
    assert y.dtype is x.dtype and y.data_ptr() == x.data_ptr() and y.tolist() == x.tolist()
    raw = x.view(weft.uint8)
    assert raw.view(of(dtype)).equal(x)
    assert weft.frombuffer(bytearray(raw.numpy().tobytes()), dtype=of(dtype)).equal(x.flatten())


@pytest.mark.parametrize("dtype", NEW)
def test_exchange_with_pytorch(dtype):
    torch = pytest.importorskip("torch")
    x = tensor(dtype, 3, 4)
    theirs = torch.from_dlpack(x)
    assert theirs.dtype is getattr(torch, dtype) and theirs.tolist() == x.tolist()
    back = weft.from_dlpack(theirs)
    assert back.dtype is x.dtype and back.data_ptr() == x.data_ptr()
    file = io.BytesIO()
    torch.save({"x": theirs}, file)
    got = weft.load(io.BytesIO(file.getvalue()))["x"]
    assert got.dtype is x.dtype and got.tolist() == x.tolist()


@pytest.mark.parametrize("dtype", NEW)
@pytest.mark.parametrize("shape", [(3, 4), (), (0, 2)])
def test_files(tmp_path, dtype, shape):
    safetensors = pytest.importorskip("safetensors.numpy") if dtype not in FLOAT8 else None
    x = tensor(dtype, *shape)
    path = tmp_path / "x.safetensors"
    weft.save({"x": x, "again": x, "t": x.t() if len(shape) == 2 else x, "dtype": x.dtype}, path)
    got = weft.load(path)
    assert got["dtype"] is x.dtype
    for name in ("x", "again"):
        assert got[name].dtype is x.dtype and got[name].shape == x.shape and got[name].equal(x)
    assert got["t"].equal(x.t() if len(shape) == 2 else x)
    if safetensors:  # what other programs see: of complex numbers both parts
        array = values(dtype, *shape)
        plain = np.stack([array.real, array.imag], -1) if dtype in COMPLEX else array
        np.testing.assert_array_equal(safetensors.load_file(path)["x"], plain)


# Printing


def test_printing():
    assert repr(weft.tensor([1.0 + 2.0j])) == "tensor([1.+2.j])"
    assert repr(weft.tensor([1.5 + 2j, complex(math.nan, 0)])) == "tensor([1.5000+2.j,    nan+0.j])"
    assert repr(weft.tensor([1e-8 + 2j, 1e10 - 3j])) == "tensor([1.0000e-08+2.j, 1.0000e+10-3.j])"
    assert repr(weft.tensor([[1 + 2j]], dtype=weft.complex128)) == "tensor([[1.+2.j]], dtype=weft.complex128)"
    assert repr(weft.tensor([2**64 - 1, 1], dtype=weft.uint64)) == (
        "tensor([18446744073709551615,                    1], dtype=weft.uint64)"
    )
    assert repr(weft.tensor([1.5, 448], dtype=weft.float8_e4m3fn)) == (
        "tensor([  1.5000, 448.0000], dtype=weft.float8_e4m3fn)"
    )
    assert f"{weft.tensor(1 + 2j):.1f}" == "1.0+2.0j"


@pytest.mark.parametrize("dtype", NEW)
def test_printing_as_pytorch(dtype):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    for shape in [(), (3,), (40,), (2, 3), (3, 2, 2), (0,), (1200,), (40, 40)]:
        for scale in (1, 1e-3, 1e4):
            array = values(dtype, *shape, seed=5)
            if dtype in COMPLEX:
                array = np.asarray(np.round(array * 4) if rng.random() < 0.4 else array * scale).astype(dtype)
            mine, theirs = weft.from_numpy(array), torch.from_numpy(array)
            if dtype in FLOAT8:
                mine, theirs = mine.to(of(dtype)), theirs.to(getattr(torch, dtype))
            # The names differ in length, so a note may fit on the last line of one only
            wanted = " ".join(repr(theirs).replace("torch.", "weft.").split())
            assert " ".join(repr(mine).split()) == wanted


# Conversion


@pytest.mark.parametrize("source", OLD + NEW)
@pytest.mark.parametrize("target", NEW)
def test_conversion(device, source, target):
    numbers = np.array([0, 1, 3, 28])
    wide = numbers.astype(bool).astype(int) if source == "bool" else numbers
    x = weft.tensor(wide.tolist(), device=device).to(of(source))
    for y in (x.to(of(target)), x[::2].to(of(target)), weft.jit(lambda x: x.to(of(target)))(x)):
        assert y.dtype is of(target)
        assert y.tolist() == (wide if y.numel() == 4 else wide[::2]).tolist()


@pytest.mark.parametrize("source", NEW)
@pytest.mark.parametrize("target", OLD)
def test_conversion_back(device, source, target):
    x = weft.tensor([0, 1, 3, 28], dtype=of(source), device=device)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        y = x.to(of(target))
    assert y.dtype is of(target) and y.tolist() == ([False, True, True, True] if target == "bool" else [0, 1, 3, 28])


def test_conversion_of_extremes(device):
    def to(values, source, target):
        return weft.tensor(values, dtype=of(source), device=device).to(of(target)).tolist()

    top = 2**64 - 1
    assert to([top, 2**63], "uint64", "float64") == [2.0**64, 2.0**63]
    assert to([top, 2**63], "uint64", "float32") == [2.0**64, 2.0**63]
    assert to([top], "uint64", "int64") == [-1] and to([-1, -2], "int64", "uint64") == [top, top - 1]
    assert to([-1, 65537], "int32", "uint16") == [65535, 1] and to([-1], "int8", "uint32") == [2**32 - 1]
    assert to([1e19, 2.0**63, 5.9], "float64", "uint64") == [10**19, 2**63, 5]
    assert to([-1.0], "float32", "uint16") == [65535] and to([3e9], "float64", "uint32") == [3 * 10**9]
    assert to([2.5 + 0j, 0.1j], "complex64", "bool") == [True, True]
    assert to([1e30], "float32", "float8_e4m3fn") == [448.0] and to([-math.inf], "float64", "float8_e4m3fn") == [-448.0]
    assert to([1e30, -math.inf], "float32", "float8_e5m2") == [math.inf, -math.inf]
    assert math.isnan(to([math.nan], "float32", "float8_e4m3fn")[0])


def test_dropping_imaginary_parts_warns_once():
    code = "weft.tensor([1 + 2j]).to(weft.float32)"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            assert eval(code).tolist() == [1.0]
    assert len(caught) <= 1  # another test may have been first
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert weft.tensor([1 + 2j]).real.tolist() == [1.0]
        assert weft.tensor([1 + 2j]).bool().tolist() == [True]


def decoded(dtype):
    """The numbers of all 256 bytes, by the definition of the formats."""
    fraction_bits, bias = {"float8_e4m3fn": (3, 7), "float8_e5m2": (2, 15)}[dtype]
    result = []
    for byte in range(256):
        exponent, fraction = (byte & 127) >> fraction_bits, byte & ((1 << fraction_bits) - 1)
        size = math.ldexp(fraction + ((1 << fraction_bits) if exponent else 0), max(exponent, 1) - bias - fraction_bits)
        if dtype == "float8_e4m3fn":
            size = math.nan if byte & 127 == 127 else size
        elif exponent == 31:
            size = math.nan if fraction else math.inf
        result.append(-size if byte & 128 else size)
    return np.array(result)


@pytest.mark.parametrize("dtype", FLOAT8)
def test_float8_values(dtype, device):
    x = weft.arange(256, dtype=weft.uint8, device=device).view(of(dtype))
    for target in ("float32", "float64", "complex64"):
        np.testing.assert_array_equal(x.to(of(target)).cpu().numpy(), decoded(dtype).astype(target))
    np.testing.assert_array_equal(x.tolist(), decoded(dtype))
    there = x.to(weft.float32).to(of(dtype)).view(weft.uint8).cpu().numpy()
    numbers = ~np.isnan(decoded(dtype))
    np.testing.assert_array_equal(there[numbers], np.arange(256)[numbers])
    assert np.isnan(weft.from_numpy(there).view(of(dtype)).float().numpy()[~numbers]).all()


@pytest.mark.parametrize("dtype", FLOAT8)
def test_float8_rounding(dtype, device):
    """To the nearest, ties to the even byte: floats all over the range, both sides of every tie, and special ones."""
    table = decoded(dtype)[:127]
    table = table[np.isfinite(table)]
    ties = ((table[1:] + table[:-1]) / 2).astype("float32")
    near = np.concatenate(
        [table.astype("float32"), ties, np.nextafter(ties, np.float32(0)), np.nextafter(ties, np.float32(1e9))]
    )
    sweep = np.arange(0, 0x7F800000, 9973, dtype="uint32").view("float32")
    x = np.concatenate([near, sweep, [np.float32(np.inf)]]).astype("float32")
    at = np.searchsorted(ties, x)  # the nearest, but for ties, of which this is the lower
    tie = (at < len(ties)) & (x == ties[np.minimum(at, len(ties) - 1)])
    wanted = at + (tie & (at % 2 == 1))
    if dtype == "float8_e5m2":
        wanted = np.where(x >= 61440, 0x7C, wanted)
    for sign in (0, 128):
        given = weft.from_numpy(-x if sign else x).to(device)
        got = given.to(of(dtype)).view(weft.uint8).cpu().numpy()
        np.testing.assert_array_equal(got, wanted + sign)
    assert np.isnan(weft.tensor([math.nan, -math.nan]).to(device).to(of(dtype)).float().cpu().numpy()).all()


def test_equality_beside_numbers(device):
    x = weft.tensor([1j, 2], device=device)
    assert (x == 1j).tolist() == [True, False] and (x != 2).tolist() == [True, False]
    assert (weft.tensor([1.0, 2.0], device=device) == 2 + 0j).tolist() == [False, True]
    assert (weft.tensor([1, 2], device=device) == weft.tensor(1 + 0j, device=device)).tolist() == [True, False]
    with pytest.raises(RuntimeError, match="complex64"):
        weft.ones(2, device=device).add_(1j)


def test_assert_close():
    close = weft.testing.assert_close
    close(weft.tensor([1 + 2j]), weft.tensor([1 + 2.000001j]))
    close(weft.tensor([2**64 - 1], dtype=weft.uint64), weft.tensor([2**64 - 1], dtype=weft.uint64))
    for a, b, dtype in (
        (1 + 2j, 1 + 3j, weft.complex64),
        (2**64 - 1, 2**64 - 2, weft.uint64),
        (1, 1.5, weft.float8_e5m2),
    ):
        with pytest.raises(AssertionError, match="greatest absolute difference"):
            close(weft.tensor([a], dtype=dtype), weft.tensor([b], dtype=dtype))


# Movement

MOVES = {
    "clone": lambda m, x: x.clone() if m is weft else x.copy(),
    "transpose": lambda m, x: x.transpose(0, 2) if m is weft else x.swapaxes(0, 2),
    "contiguous transpose": lambda m, x: x.transpose(0, 2).contiguous() if m is weft else x.swapaxes(0, 2).copy(),
    "reshape": lambda m, x: x.reshape(4, 6),
    "slice": lambda m, x: x[1:, ::2, 1],
    "expand": lambda m, x: x[:, :1].expand(2, 3, 4) if m is weft else np.broadcast_to(x[:, :1], (2, 3, 4)),
    "cat": lambda m, x: m.cat([x, x[:1]]) if m is weft else np.concatenate([x, x[:1]]),
    "stack": lambda m, x: m.stack([x, x], 1),
    "flip": lambda m, x: m.flip(x, (0, 2)),
    "roll": lambda m, x: m.roll(x, 1, 2),
    "repeat": lambda m, x: x.repeat(2, 1, 1) if m is weft else np.tile(x, (2, 1, 1)),
    "pad": lambda m, x: m.nn.functional.pad(x, (1, 2)) if m is weft else np.pad(x, ((0, 0), (0, 0), (1, 2))),
    "index": lambda m, x: x[:, m.tensor([2, 0], device=x.device) if m is weft else [2, 0]],
    "mask": lambda m, x: x[m.tensor([True, False], device=x.device) if m is weft else [True, False]],
    "masked_select": lambda m, x: m.masked_select(x, x != x[0, 0, 0]) if m is weft else x[x != x[0, 0, 0]],
    "gather": lambda m, x: m.gather(x, 2, m.zeros(2, 3, 2, device=x.device).long()) if m is weft else x[:, :, [0, 0]],
    "take": lambda m, x: m.take(x, m.tensor([5, 0], device=x.device)) if m is weft else np.take(x, [5, 0]),
    "index_select": lambda m, x: m.index_select(x, 1, m.tensor([1], device=x.device)) if m is weft else x[:, [1]],
    "where": lambda m, x: m.where(x == x[0, 0, 0], x, x[1, 1, 1]),
    "where with a number": lambda m, x: (
        m.where(x == x[0, 0, 0], x, 1) if m is weft else np.where(x == x[0, 0, 0], x, 1)
    ),
    "masked_fill": lambda m, x: x.masked_fill(x == x[0, 0, 0], 1) if m is weft else np.where(x == x[0, 0, 0], 1, x),
    "split": lambda m, x: m.cat(m.split(x, 1, 2)[::-1], 2) if m is weft else x[:, :, ::-1],
    "nonzero": lambda m, x: m.nonzero(x) if m is weft else np.argwhere(x),
    "diagonal": lambda m, x: m.diagonal(x, 0, 1, 2) if m is weft else x.diagonal(0, 1, 2),
    "eq": lambda m, x: x == x[0, 0, 0],
    "ne": lambda m, x: x != x.flip(0) if m is weft else x != x[::-1],
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("dtype", NEW)
def test_movement(device, dtype, move):
    array, x = values(dtype, 2, 3, 4), tensor(dtype, 2, 3, 4, device=device)
    result = MOVES[move](weft, x)
    same(result, MOVES[move](np, array))
    assert result.dtype in (x.dtype, weft.bool, weft.int64)
    same(x, array, dtype)
    if move not in ("mask", "masked_select", "nonzero"):  # their sizes depend on values
        assert weft.jit(lambda x: MOVES[move](weft, x))(x).equal(result)
        batched = weft.vmap(lambda x: MOVES[move](weft, x))(weft.stack([x, x]))
        assert batched.equal(weft.stack([result, result]))


@pytest.mark.parametrize("dtype", NEW)
def test_changes_in_place(device, dtype):
    def start():
        return values(dtype, 4, 5), tensor(dtype, 4, 5, device=device)

    array, x = start()
    array[1] = array[0]
    x[1] = x[0]
    array[:, 2], x[:, 2] = 1, 1
    at = weft.tensor([3, 0], device=device)
    array[[3, 0]] = array[[0, 2]]
    x[at] = x[weft.tensor([0, 2], device=device)].clone()
    same(x, array, dtype)
    same(x.index_put((at,), x[:2]), np.concatenate([array[1:2], array[1:3], array[0:1]]))
    index = weft.tensor([[4, 3, 2, 1, 0]] * 4, device=device)
    same(x.scatter(1, index, x), array[:, ::-1])
    same(x.index_copy(0, at, x[:2]), np.concatenate([array[1:2], array[1:3], array[0:1]]))
    same(weft.empty_like(x).copy_(x.t().contiguous().t()), array)
    same(x.zero_(), np.zeros_like(array))
    same(weft.zeros(300, 300, dtype=x.dtype, device=device).fill_(2).t(), np.full((300, 300), 2))


@pytest.mark.parametrize("dtype", NEW)
def test_large_copies(device, dtype):
    array, x = values(dtype, 130, 257), tensor(dtype, 130, 257, device=device)
    same(x.t().contiguous(), array.T)
    same(x.t().to(weft.complex128), array.T)
    same(weft.cat([x] * 300)[-130:], array)
    assert x.equal(x.clone()) and not x.equal(x.flip(0))


def test_complex_parts(device):
    array = values("complex64", 3, 4)
    x = weft.from_numpy(array).to(device)
    same(x.real, array.real, "float32")
    same(x.imag, array.imag, "float32")
    same(x.t().imag, array.T.imag)
    same(weft.view_as_complex(weft.view_as_real(x)), array, "complex64")
    assert weft.tensor(1 + 2j).imag.item() == 2.0
    x.real[0] = 7
    assert x[0, 0].item() == complex(7, array[0, 0].imag)
    y = weft.ones(2)
    assert y.real is y and y.imag.tolist() == [0, 0]
    for wrong in (lambda: weft.view_as_real(y), lambda: weft.view_as_complex(y[:1])):
        with pytest.raises(RuntimeError):
            wrong()


def test_gradients_of_movement(device):
    for dtype in (weft.complex64, weft.float8_e5m2):
        x = weft.ones(3, dtype=dtype, device=device, requires_grad=True)
        y = x.flip(0)[1:].clone()
        y.backward(weft.full((2,), 2, dtype=dtype, device=device))
        assert x.grad.dtype is dtype and x.grad.tolist() == [2, 2, 0]
    x = weft.ones(3, device=device, requires_grad=True)
    x.to(weft.float8_e4m3fn).to(weft.float32).sum().backward()
    assert x.grad.tolist() == [1, 1, 1]
    x.grad = None
    x.to(weft.complex64).backward(weft.tensor([1 + 1j, 2, 3j], device=device))
    assert x.grad.dtype is weft.float32 and x.grad.tolist() == [1, 2, 0]


# uint64, whose upper half int64 lacks

LARGE = np.array([0, 1, 2**63 - 1, 2**63, 2**63 + 12345, 2**64 - 1, 7, 2**40], "uint64")
UNSIGNED = {
    "less": lambda m, x, y: x < y,
    "at least": lambda m, x, y: x >= y,
    "maximum": lambda m, x, y: m.maximum(x, y),
    "minimum": lambda m, x, y: m.minimum(x, y),
    "fmax": lambda m, x, y: m.fmax(x, y),
    "quotient": lambda m, x, y: x // y,
    "remainder": lambda m, x, y: x % y,
    "fmod": lambda m, x, y: m.fmod(x, y),
    "true quotient": lambda m, x, y: x.double() / y.double() if m is weft else x.astype(float) / y.astype(float),
    "shift": lambda m, x, y: x >> (y & 63 if m is weft else y & np.uint64(63)),
    "left": lambda m, x, y: x << (y & 63 if m is weft else y & np.uint64(63)),
    "sum": lambda m, x, y: x + y,
    "difference": lambda m, x, y: x - y,
    "product": lambda m, x, y: x * y,
    "power": lambda m, x, y: x ** (y & 3 if m is weft else y & np.uint64(3)),
    "and": lambda m, x, y: x & y,
    "not": lambda m, x, y: ~x,
    "negative": lambda m, x, y: -x,
    "abs": lambda m, x, y: abs(x),
    "sign": lambda m, x, y: m.sign(x),
    "relu": lambda m, x, y: m.relu(x) if m is weft else x,
    "floor": lambda m, x, y: m.floor(x) if m is weft else x,
    "signbit": lambda m, x, y: m.signbit(x) if m is weft else x < 0,
    "float": lambda m, x, y: x.double() if m is weft else x.astype(float),
    "sqrt": lambda m, x, y: x.double().sqrt() if m is weft else np.sqrt(x.astype(float)),
    "max": lambda m, x, y: x.max(-1).values if m is weft else x.max(-1),
    "min": lambda m, x, y: x.amin(0) if m is weft else x.min(0),
    "argmax": lambda m, x, y: x.argmax(-1),
    "argmin": lambda m, x, y: x.argmin(-1),
    "cummax": lambda m, x, y: m.cummax(x, 1).values if m is weft else np.maximum.accumulate(x, 1),
    "cummin": lambda m, x, y: m.cummin(x, 1).values if m is weft else np.minimum.accumulate(x, 1),
    "sort": lambda m, x, y: m.sort(x, 1).values if m is weft else np.sort(x, 1),
    "topk": lambda m, x, y: m.topk(x, 3, 1).values if m is weft else np.sort(x, 1)[:, ::-1][:, :3],
    "median": lambda m, x, y: m.median(x, 1).values if m is weft else np.sort(x, 1)[:, 3],
    "unique": lambda m, x, y: m.unique(x) if m is weft else np.unique(x),
    "clamp": lambda m, x, y: m.clamp(x, 5, 2**63 + 1) if m is weft else np.clip(x, np.uint64(5), np.uint64(2**63 + 1)),
    "clamp below": lambda m, x, y: m.clamp(x, min=-3) if m is weft else x,
    "greater than a number": lambda m, x, y: x > (2**63 if m is weft else np.uint64(2**63)),
    "greater than -1": lambda m, x, y: x > -1 if m is weft else x >= 0,
    "equal to -1": lambda m, x, y: x == -1 if m is weft else x < 0,
    "add -1": lambda m, x, y: x + -1 if m is weft else x - np.uint64(1),
    "wrapping sum": lambda m, x, y: m.sum(x, 1, dtype=m.uint64),
    "count": lambda m, x, y: m.count_nonzero(x, 1),
    "any": lambda m, x, y: x.any(1),
    "amax at indices": lambda m, x, y: (
        m.zeros(2, 8, dtype=m.uint64).to(x.device).scatter_reduce(1, x.long() * 0, x, "amax")[:, 0]
        if m is weft
        else x.max(1)
    ),
    "greatest of windows": lambda m, x, y: (
        m.nn.functional.max_pool2d(x[None, None], (1, 2))[0, 0] if m is weft else np.maximum(x[:, ::2], x[:, 1::2])
    ),
    "place": lambda m, x, y: m.searchsorted(m.sort(x[0])[0], y) if m is weft else np.searchsorted(np.sort(x[0]), y),
}


@pytest.mark.parametrize("name", UNSIGNED)
def test_uint64_beyond_int64(device, name):
    a = np.stack([LARGE, LARGE[::-1]])
    b = np.maximum(np.stack([np.roll(LARGE, 3), np.roll(LARGE, 1)]), 1).astype("uint64")
    x, y = weft.from_numpy(a).to(device), weft.from_numpy(b).to(device)
    with np.errstate(over="ignore"):
        wanted = UNSIGNED[name](np, a, b)
    result = UNSIGNED[name](weft, x, y)
    np.testing.assert_array_equal(result.cpu().numpy(), wanted)
    again = UNSIGNED[name](weft, x.t().contiguous().t(), y)
    np.testing.assert_array_equal(again.cpu().numpy(), wanted)
    if name != "unique":
        np.testing.assert_array_equal(weft.jit(lambda x, y: UNSIGNED[name](weft, x, y))(x, y).cpu().numpy(), wanted)


def test_uint64_beside_negative_numbers(device):
    x = weft.tensor([1, 2**63], dtype=weft.uint64, device=device)
    assert (x < -1).tolist() == [False, False] and (-1 < x).tolist() == [True, True] and (x != -1).all()
    for wrong in (lambda: x // -2, lambda: x % -2, lambda: weft.clamp(x, max=-1), lambda: weft.maximum(x, -1)):
        with pytest.raises((RuntimeError, TypeError)):
            wrong()
    assert x.tolist() == [1, 2**63]


# What has no arithmetic refuses it


def in_dtype(array, dtype):
    """A float array as float8 numbers, still in float64, or as complex numbers with both parts."""
    if array.dtype.kind != "f":
        return array
    if dtype == "complex64":
        return (
            np.asarray(array + np.zeros(array.shape, complex), "complex64")
            if not np.isfinite(array).all()
            else (array + 1j * np.flip(array)).astype("complex64")
        )
    return to_tensor(weft, array.astype("float32")).to(of(dtype)).double().numpy()


def tensors_of(value, dtype):
    def convert(array):
        x = weft.from_numpy(np.array(array, order="C"))
        return x.to(of(dtype)) if array.dtype.kind == "f" else x

    return map_arrays(convert, value)


EXPLICIT = ("copy_ converts", "view of another dtype")  # what they do is what a program has asked for
# Their references are for real numbers; test_complex.py has others.
REAL_REFERENCES = ("logaddexp", "logsumexp", "conv_transpose2d")


@pytest.mark.parametrize("dtype", ["complex64", "float8_e4m3fn"])
@pytest.mark.parametrize("op", rows(lambda op: "float32" in op.dtypes and op.name not in EXPLICIT))
def test_right_or_refused(op, dtype):
    if dtype == "complex64" and op.name in REAL_REFERENCES:
        pytest.skip("the reference is for real numbers")
    for sample in samples_of(op, "float32"):
        args = map_arrays(lambda array: in_dtype(array, dtype), list(sample.args))
        kwargs = map_arrays(lambda array: in_dtype(array, dtype), sample.kwargs)
        if not any(np.asarray(a).dtype.kind in "fc" for a in _arrays([args, kwargs])):
            continue
        sample.args, sample.kwargs = tuple(args), kwargs
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                results = op.function(weft)(*tensors_of(args, dtype), **tensors_of(kwargs, dtype))
        except (RuntimeError, TypeError, ValueError) as error:
            assert "complex" in str(error) or "float8" in str(error) or dtype in str(error), error
            continue
        wanted, many = expected(op, sample, "float32")
        for result, array in zip(list(results) if many else [results], wanted, strict=True):
            got = array_of(result.detach()) if isinstance(result, weft.Tensor) else np.asarray(result)
            loose = 0.07 if dtype_name(result.dtype) in FLOAT8 else 1e-4
            np.testing.assert_allclose(got, array, rtol=loose, atol=1e-5, equal_nan=True, err_msg=str(op))


def _arrays(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [found for part in value for found in _arrays(part)]
    return [value] if isinstance(value, np.ndarray) else []


@pytest.mark.parametrize("dtype", FLOAT8 + COMPLEX)
def test_the_error_names_op_and_dtype(device, dtype):
    x = tensor(dtype, 3, device=device)
    arithmetic = {
        "add": lambda x: x + x,
        "mul": lambda x: x * 2,
        "exp": lambda x: x.exp(),
        "matmul": lambda x: x.reshape(3, 1) @ x.reshape(1, 3),
        "cumsum": lambda x: x.cumsum(0),
        "add_": lambda x: x.add_(x),
        "linspace": lambda x: weft.linspace(0, 1, 3, dtype=x.dtype),
    }
    order = {
        "lt": lambda x: x < x,
        "softmax": lambda x: weft.softmax(x, 0),
        "sort": lambda x: x.sort(),
        "amax": lambda x: x.amax(),
        "floor": lambda x: x.floor(),
        "maximum": lambda x: weft.maximum(x, x),
        "arange": lambda x: weft.arange(3, dtype=x.dtype),
    }
    for name, call in {**order, **(arithmetic if dtype in FLOAT8 else {})}.items():
        for run in (call, weft.jit(call)):
            with pytest.raises((NotImplementedError, RuntimeError, TypeError)) as error:
                run(x)
            check_message(error, (name.rstrip("_"), dtype))
    same(x, values(dtype, 3))

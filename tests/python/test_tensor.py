"""What a tensor is: its memory, views, dtypes, protocols and conversions."""

import copy
import math
import pickle

import numpy as np
import pytest
from support import ALL, FLOATS, IS_WEFT, check_message, dtype_name, to_numpy, to_tensor, weft_only

NUMPY_TYPES = [name for name in ALL if name != "bfloat16"]


# NumPy


@pytest.mark.parametrize("dtype", NUMPY_TYPES)
def test_from_numpy_shares_memory(w, dtype):
    array = np.ones((2, 3), dtype)
    tensor = w.from_numpy(array)
    assert dtype_name(tensor.dtype) == dtype and tuple(tensor.shape) == (2, 3)
    array[0, 0] = 0
    assert tensor[0, 0].item() == 0
    tensor[1, 1] = 0
    assert array[1, 1] == 0


@pytest.mark.parametrize("dtype", NUMPY_TYPES)
def test_numpy_shares_memory(w, dtype):
    tensor = w.ones(2, 3, dtype=getattr(w, dtype))
    array = tensor.numpy()
    assert array.dtype == dtype and array.shape == (2, 3)
    array[0, 0] = 0
    assert tensor[0, 0].item() == 0


def test_numpy_of_a_strided_view(w):
    tensor = w.arange(12).reshape(3, 4)
    array = tensor.t()[1:, ::2].numpy()
    np.testing.assert_array_equal(array, np.arange(12).reshape(3, 4).T[1:, ::2])
    array[0, 0] = 100
    assert tensor[0, 1].item() == 100


def test_from_numpy_of_a_strided_view(w):
    array = np.arange(24).reshape(2, 3, 4)
    tensor = w.from_numpy(array[:, 1:, ::2].transpose(2, 0, 1))
    assert tuple(tensor.shape) == (2, 2, 2) and not tensor.is_contiguous()
    np.testing.assert_array_equal(tensor.numpy(), array[:, 1:, ::2].transpose(2, 0, 1))


def test_memory_outlives_its_owner(w):
    tensor = w.from_numpy(np.full(1000, 7.0))
    array = w.full((1000,), 8.0).numpy()
    assert (tensor.numpy() == 7).all() and (array == 8).all()


def test_tensor_copies(w):
    array = np.ones(3)
    tensor = w.tensor(array)
    array[0] = 5
    assert tensor[0].item() == 1
    assert w.as_tensor(array)[0].item() == 5
    array[0] = 6
    assert w.as_tensor(array)[0].item() == 6


def test_numpy_of_a_tensor_that_requires_grad(w):
    with pytest.raises(RuntimeError) as error:
        w.ones(2, requires_grad=True).numpy()
    check_message(error, ("numpy", "detach"))


def test_numpy_of_bfloat16(w):
    with pytest.raises(TypeError) as error:
        w.ones(2, dtype=w.bfloat16).numpy()
    check_message(error, ("bfloat16", "float"))


def test_read_only_arrays(w):
    """A tensor of a read-only array must not write to it."""
    array = np.ones(3)
    array.flags.writeable = False
    with pytest.warns(UserWarning):
        tensor = w.from_numpy(array)
    assert tensor.sum().item() == 3


@weft_only
def test_big_endian_arrays(w):
    assert w.tensor(np.array([1.0, 2.0], ">f8")).tolist() == [1.0, 2.0]


def test_array_protocol(w):
    tensor = w.arange(6.0).reshape(2, 3)
    array = np.asarray(tensor)
    assert array.dtype == np.float32
    array[0, 0] = 9
    assert tensor[0, 0].item() == 9
    assert np.array(tensor, dtype="float64").dtype == np.float64
    assert np.sin(tensor).shape == (2, 3)
    np.testing.assert_array_equal(np.concatenate([tensor, tensor]), np.concatenate([array, array]))


def test_arithmetic_with_numpy_numbers(w):
    tensor = w.ones(2)
    assert (tensor * np.float64(2)).dtype == w.float32
    assert (tensor + np.int64(3)).tolist() == [4, 4]


@weft_only
def test_buffer_protocol(w):
    tensor = w.arange(6, dtype=w.int32).reshape(2, 3)
    view = memoryview(tensor)
    assert view.format == "i" and view.shape == (2, 3) and view.strides == (12, 4) and not view.readonly
    view[0, 0] = 42
    assert tensor[0, 0].item() == 42
    assert memoryview(tensor.t()).strides == (4, 12)
    assert bytes(memoryview(w.tensor([1, 2], dtype=w.uint8))) == b"\x01\x02"


def test_frombuffer(w):
    data = bytearray(np.arange(4, dtype="float32").tobytes())
    tensor = w.frombuffer(data, dtype=w.float32)
    tensor[0] = 5.0
    assert np.frombuffer(data, "float32")[0] == 5
    assert w.frombuffer(data, dtype=w.float32, count=2, offset=4).tolist() == [1, 2]
    with pytest.raises(ValueError):
        w.frombuffer(data, dtype=w.float32, offset=3, count=4)


# DLPack


@pytest.mark.parametrize("dtype", [name for name in NUMPY_TYPES if name != "bool"])
def test_dlpack_to_numpy(w, dtype):
    tensor = w.ones(2, 3, dtype=getattr(w, dtype))
    array = np.from_dlpack(tensor)
    assert array.dtype == dtype and array.shape == (2, 3)
    tensor[0, 0] = 0
    assert array[0, 0] == 0


def test_dlpack_from_numpy(w):
    array = np.arange(6.0).reshape(2, 3).T
    tensor = w.from_dlpack(array)
    assert tuple(tensor.shape) == (3, 2) and tensor.dtype == w.float64
    array[0, 0] = 9
    assert tensor[0, 0].item() == 9


def test_dlpack_round_trip(w):
    tensor = w.arange(4.0)
    again = w.from_dlpack(tensor)
    again[0] = 9.0
    assert tensor[0].item() == 9 and again.data_ptr() == tensor.data_ptr()
    device_type, index = tensor.__dlpack_device__()
    assert (int(device_type), index) == (1, 0)


def test_dlpack_of_a_tensor_that_requires_grad(w):
    with pytest.raises((RuntimeError, BufferError)):
        w.ones(2, requires_grad=True).__dlpack__()


def test_dlpack_keeps_memory_alive(w):
    array = np.from_dlpack(w.full((1000,), 3.0))
    assert (array == 3).all()


# Python values


def test_item(w):
    assert w.tensor(3.5).item() == 3.5 and type(w.tensor(3).item()) is int
    assert w.tensor([[True]]).item() is True and type(w.tensor(2.0).item()) is float
    with pytest.raises(RuntimeError) as error:
        w.ones(2).item()
    check_message(error, ("item", "(2,)"))
    with pytest.raises(RuntimeError):
        w.ones(0).item()


@pytest.mark.parametrize("dtype", ALL)
def test_tolist(w, dtype):
    assert w.ones(2, 1, dtype=getattr(w, dtype)).tolist() == [[1], [1]]


def test_tolist_of_shapes(w):
    assert w.tensor(5).tolist() == 5
    assert w.zeros(0).tolist() == [] and w.zeros(2, 0).tolist() == [[], []]
    assert w.arange(6).reshape(2, 3).t().tolist() == [[0, 3], [1, 4], [2, 5]]


def test_numbers(w):
    assert float(w.tensor(2.5)) == 2.5 and int(w.tensor(2.9)) == 2 and complex(w.tensor(1.0)) == 1
    assert bool(w.tensor(1)) and not bool(w.tensor([0.0]))
    assert math.sqrt(w.tensor(4.0)) == 2 and list(range(10))[w.tensor(3)] == 3
    assert f"{w.tensor(1.5):.2f}" == "1.50"
    with pytest.raises((RuntimeError, ValueError)) as error:
        bool(w.ones(2))
    check_message(error, ("bool", "(2,)"))
    with pytest.raises((RuntimeError, ValueError)):
        bool(w.ones(0))
    with pytest.raises(TypeError):
        list(range(10))[w.tensor(3.0)]
    with pytest.raises((RuntimeError, TypeError, ValueError)):
        float(w.ones(2))


def test_nan_to_an_integer(w):
    with pytest.raises((ValueError, OverflowError)):
        int(w.tensor(float("nan")))


def test_length_and_iteration(w):
    tensor = w.arange(6).reshape(2, 3)
    assert len(tensor) == 2 and [row.tolist() for row in tensor] == [[0, 1, 2], [3, 4, 5]]
    first, second = tensor
    assert second.tolist() == [3, 4, 5]
    with pytest.raises(TypeError):
        len(w.tensor(1))
    with pytest.raises(TypeError):
        iter(w.tensor(1))
    assert list(w.zeros(0, 3)) == []


def test_contains(w):
    assert 3 in w.arange(5) and 7 not in w.arange(5)


def test_hash_and_identity(w):
    a, b = w.ones(2), w.ones(2)
    assert len({a, b, a}) == 2 and {a: 1}[a] == 1


def test_size(w):
    tensor = w.zeros(2, 3, 4)
    assert tensor.shape == (2, 3, 4) and tensor.size() == tensor.shape and tensor.size(-1) == 4
    assert isinstance(tensor.shape, tuple) and tensor.shape.numel() == 24 and tensor.shape[1:] == (3, 4)
    assert repr(tensor.shape).endswith("Size([2, 3, 4])")
    assert tensor.ndim == tensor.dim() == 3 and tensor.numel() == tensor.nelement() == 24
    assert tensor.element_size() == 4 and tensor.nbytes == 96
    with pytest.raises(IndexError):
        tensor.size(3)


def test_attributes_that_do_not_exist(w):
    with pytest.raises(AttributeError, match="length"):
        _ = w.ones(2).length


# Memory and views


def test_strides(w):
    tensor = w.zeros(2, 3, 4)
    assert tensor.stride() == (12, 4, 1) and tensor.stride(1) == 4 and tensor.storage_offset() == 0
    assert tensor.is_contiguous() and not tensor.transpose(0, 1).is_contiguous()
    part = tensor[1, 1:, ::2]
    assert part.stride() == (4, 2) and part.storage_offset() == 16 and not part.is_contiguous()
    assert part.data_ptr() == tensor.data_ptr() + 16 * 4
    assert w.zeros(3, 1, 5)[:, 0].is_contiguous() and w.zeros(0, 3).t().is_contiguous()
    assert w.zeros(3, 1).expand(3, 4).stride() == (1, 0)


def test_contiguous(w):
    tensor = w.arange(6).reshape(2, 3)
    assert tensor.contiguous() is tensor or tensor.contiguous().data_ptr() == tensor.data_ptr()
    copied = tensor.t().contiguous()
    assert copied.is_contiguous() and copied.data_ptr() != tensor.data_ptr() and copied.tolist() == tensor.t().tolist()


@weft_only
def test_alignment(w):
    assert all(w.empty(n).data_ptr() % 64 == 0 for n in (1, 3, 100, 10_000))


def test_indexing_shares_memory(w):
    tensor = w.zeros(3, 4)
    tensor[1][2] = 5.0
    tensor[:, 0].fill_(7)
    tensor[2:, 1:3].add_(1)
    assert tensor.tolist() == [[7, 0, 0, 0], [7, 0, 5, 0], [7, 1, 1, 0]]


def test_index_arrays_copy(w):
    tensor = w.zeros(3)
    tensor[[0, 1]].add_(1)
    tensor[tensor == 0].add_(1)
    assert tensor.tolist() == [0, 0, 0]


def test_views_share_memory(w):
    tensor = w.arange(6.0)
    for view in (
        tensor.view(2, 3),
        tensor.reshape(3, 2),
        tensor.unsqueeze(0),
        tensor.detach(),
        tensor.expand(2, 6),
        tensor.split(2)[0],
    ):
        assert view.data_ptr() == tensor.data_ptr()
    assert tensor.clone().data_ptr() != tensor.data_ptr()
    assert tensor.reshape(2, 3).t().reshape(6).data_ptr() != tensor.data_ptr()


def test_as_strided(w):
    tensor = w.arange(6)
    assert tensor.as_strided((2, 2), (2, 1), 1).tolist() == [[1, 2], [3, 4]]
    with pytest.raises(RuntimeError):
        tensor.as_strided((4, 4), (4, 1))


def test_overlapping_copies(w):
    """A shift within one tensor is either refused or done as if the source were copied first."""
    tensor = w.arange(5.0)
    try:
        tensor[1:].copy_(tensor[:-1])
    except RuntimeError:
        assert tensor.tolist() == [0, 1, 2, 3, 4]
    else:
        assert tensor.tolist() == [0, 0, 1, 2, 3]


def test_writing_to_an_expanded_tensor(w):
    tensor = w.zeros(1, 3).expand(2, 3)
    with pytest.raises(RuntimeError) as error:
        tensor.add_(1)
    check_message(error, ("add_", "clone"))
    assert tensor.sum().item() == 0


def test_in_place_with_itself(w):
    tensor = w.arange(3.0)
    tensor += tensor
    tensor.mul_(tensor)
    assert tensor.tolist() == [0, 4, 16]
    square = w.arange(4.0).reshape(2, 2)
    try:
        square += square.t()
    except RuntimeError:
        assert square.tolist() == [[0, 1], [2, 3]]
    else:
        assert square.tolist() == [[0, 3], [3, 6]]


def test_setting_data(w):
    tensor = w.zeros(2, requires_grad=True)
    tensor.data[0] = 3.0
    assert tensor.tolist() == [3, 0] and tensor.requires_grad
    tensor.data = w.ones(3)
    assert tensor.tolist() == [1, 1, 1]


def test_gradients_of_what_was_computed_before_data_is_set_arrive(w):
    weight = w.nn.Parameter(w.ones(2))
    y = (weight * 2).sum()
    weight.data = weight.data / 4
    (y + (weight * 3).sum()).backward()
    assert weight.grad.tolist() == [5, 5]


@pytest.mark.parametrize("change", ["same", "shape", "dtype", "module"])
@pytest.mark.parametrize("pending", [False, True])
def test_hooks_stay_where_data_is_set(w, change, pending):
    calls, layer = [], w.nn.Linear(2, 2)
    handle = layer.weight.register_hook(calls.append)
    layer.weight.register_post_accumulate_grad_hook(lambda p: calls.append(p.grad))
    y = (layer.weight * 2).sum() if pending else None
    if change == "module":
        layer.double()
    else:
        layer.weight.data = {
            "same": w.ones(2, 2),
            "shape": w.ones(3),
            "dtype": w.ones(2, 2, dtype=w.float64),
        }[change]
    layer.weight.sum().backward()
    assert len(calls) == 2 and calls[0].dtype == layer.weight.dtype
    handle.remove()
    layer.weight.sum().backward()
    assert len(calls) == 3 and (y is not None) == pending


@weft_only
def test_graphs_from_before_data_of_another_kind_raise(w):
    for data in (w.ones(3), w.ones(2, dtype=w.float64)):
        x = w.ones(2, requires_grad=True)
        y = (x * 2).sum()
        x.data = data
        with pytest.raises(RuntimeError, match=r"\.data.*again"):
            y.backward()
        (x * 3).sum().backward()
        assert x.grad.tolist() == [3] * len(data)


def test_setting_the_gradient(w):
    tensor = w.zeros(2, requires_grad=True)
    tensor.grad = w.ones(2)
    assert tensor.grad.tolist() == [1, 1]
    with pytest.raises(RuntimeError) as error:
        tensor.grad = w.ones(3)
    check_message(error, ("grad", "(3,)", "(2,)"))
    with pytest.raises(TypeError):
        tensor.grad = 3
    del tensor.grad
    assert tensor.grad is None


# dtypes


@pytest.mark.parametrize("source", ALL)
@pytest.mark.parametrize("target", ALL)
def test_conversion(w, source, target):
    values = np.array([0, 1, 3]).astype("float32" if source == "bfloat16" else source)
    tensor = to_tensor(w, values, source).to(getattr(w, target))
    assert dtype_name(tensor.dtype) == target
    wanted = values.astype("float32" if target == "bfloat16" else target)
    np.testing.assert_array_equal(to_numpy(tensor), wanted)


def test_conversion_of_values(w):
    assert w.tensor([1.9, -1.9]).int().tolist() == [1, -1]
    assert w.tensor([0.0, -0.5, float("nan")]).bool().tolist() == [False, True, True]
    assert w.tensor([300]).to(w.uint8).tolist() == [44]
    assert w.tensor([1e6]).half().tolist() == [math.inf]
    assert w.tensor([1.00390625]).bfloat16().tolist() == [1.0], "halfway goes to even"
    assert w.tensor([2**53 + 1]).double().tolist() == [2.0**53]
    assert w.tensor([65504.0, 65519.0, 65520.0]).half().tolist() == [65504, 65504, math.inf]
    assert w.tensor([1e-8, 6e-8, 5.9604645e-08]).half().float().tolist() == pytest.approx(
        [0, 5.9604645e-08, 5.9604645e-08]
    )


def test_conversion_methods(w):
    names = {
        "float": "float32",
        "double": "float64",
        "half": "float16",
        "bfloat16": "bfloat16",
        "long": "int64",
        "int": "int32",
        "short": "int16",
        "char": "int8",
        "byte": "uint8",
        "bool": "bool",
    }
    for method, dtype in names.items():
        assert dtype_name(getattr(w.ones(2), method)().dtype) == dtype


def test_to(w):
    tensor = w.ones(2)
    assert tensor.to(w.float32) is tensor and tensor.to("cpu") is tensor and tensor.float() is tensor
    assert tensor.to(w.float32, copy=True) is not tensor
    assert tensor.to("cpu", w.float64).dtype == w.float64
    assert tensor.to(device="cpu", dtype=w.int32).dtype == w.int32
    assert tensor.to(w.zeros(1, dtype=w.float64)).dtype == w.float64
    assert tensor.type(w.int64).dtype == w.int64 and tensor.type().endswith("FloatTensor")
    assert tensor.type_as(w.zeros(1, dtype=w.int8)).dtype == w.int8
    assert tensor.cpu() is tensor
    with pytest.raises((RuntimeError, ValueError)):
        tensor.to("toaster")


def test_dtype_properties(w):
    assert w.float32.is_floating_point and not w.int64.is_floating_point
    assert w.float is w.float32 and w.double is w.float64 and w.long is w.int64 and w.half is w.float16
    assert w.float16.itemsize == 2 and w.bool.itemsize == 1
    assert str(w.float32) == f"{w.__name__}.float32" and repr(w.bool) == f"{w.__name__}.bool"
    assert w.float32 == w.float32 and w.float32 != w.float64 and len({w.float32, w.float, w.int8}) == 2
    assert w.ones(1).is_floating_point() and not w.ones(1, dtype=w.bool).is_floating_point()
    assert w.is_tensor(w.ones(1)) and not w.is_tensor(1)


@pytest.mark.parametrize("dtype", FLOATS)
def test_finfo(w, dtype):
    info = w.finfo(getattr(w, dtype))
    one = w.ones(1, dtype=getattr(w, dtype))
    assert (one + info.eps > one).all() and (one + info.eps / 4 == one).all()
    assert np.isfinite(info.max) and info.min == -info.max and info.tiny > 0 and info.bits == 8 * one.element_size()


def test_iinfo(w):
    assert w.iinfo(w.int8).max == 127 and w.iinfo(w.uint8).min == 0 and w.iinfo(w.int64).max == 2**63 - 1


def test_default_dtype(w):
    assert w.get_default_dtype() == w.float32
    w.set_default_dtype(w.float64)
    try:
        assert w.ones(1).dtype == w.tensor(1.5).dtype == w.float64 and (w.tensor(1) / 2).dtype == w.float64
    finally:
        w.set_default_dtype(w.float32)
    with pytest.raises((TypeError, RuntimeError)):
        w.set_default_dtype(w.int64)


def test_device(w):
    device = w.ones(1).device
    assert device == w.device("cpu") and device.type == "cpu" and str(device) == "cpu"
    assert repr(device).startswith("device(type='cpu'")
    assert w.device("cpu:0").type == "cpu" and w.zeros(1, device=device).device == device
    with w.device("cpu"):
        assert w.ones(1).device == device


def test_meta_device(w):
    """Shapes and dtypes without data."""
    x = w.ones(1000, 1000, device="meta")
    y = (x @ x.t()).softmax(-1)[:10].sum(0)
    assert tuple(y.shape) == (1000,) and y.device.type == "meta" and y.dtype == w.float32
    assert w.empty(10**6, 10**6, device="meta").numel() == 10**12
    with pytest.raises((RuntimeError, NotImplementedError)):
        x.sum().item()


# Copies and pickles


def test_deepcopy(w):
    tensor = w.arange(3.0).requires_grad_()
    (tensor * 2).sum().backward()
    copied = copy.deepcopy(tensor)
    assert copied.tolist() == [0, 1, 2] and copied.requires_grad and copied.data_ptr() != tensor.data_ptr()
    assert copied.grad.tolist() == [2, 2, 2] and copied.is_leaf
    with pytest.raises(RuntimeError):
        copy.deepcopy(tensor * 2)


def test_deepcopy_keeps_what_is_shared(w):
    tensor = w.zeros(3)
    pair = copy.deepcopy([tensor, tensor])
    assert pair[0] is pair[1]


@pytest.mark.parametrize("dtype", ALL)
def test_pickle(w, dtype):
    tensor = w.ones(2, 3, dtype=getattr(w, dtype)).t()
    again = pickle.loads(pickle.dumps(tensor))
    assert again.dtype == tensor.dtype and again.tolist() == tensor.tolist() and tuple(again.shape) == (3, 2)


def test_pickle_keeps_requires_grad(w):
    assert pickle.loads(pickle.dumps(w.ones(2, requires_grad=True))).requires_grad
    assert pickle.loads(pickle.dumps(w.float16)) is w.float16


# Printing


def test_printing(w):
    assert repr(w.tensor([1.0, 2.5])) == "tensor([1.0000, 2.5000])"
    assert repr(w.tensor([1, 20])) == "tensor([ 1, 20])"
    assert repr(w.tensor(3)) == "tensor(3)" and repr(w.tensor([])) == "tensor([])"
    assert repr(w.tensor([True, False])) == "tensor([ True, False])"
    assert repr(w.zeros(2, 2)) == "tensor([[0., 0.],\n        [0., 0.]])"
    assert repr(w.ones(1, requires_grad=True)) == "tensor([1.], requires_grad=True)"
    assert "grad_fn=<MulBackward0>" in repr(w.ones(1, requires_grad=True) * 2)
    assert repr(w.ones(1, dtype=w.float64)) == f"tensor([1.], dtype={w.__name__}.float64)"
    assert repr(w.tensor([1e10, 1.0])) == "tensor([1.0000e+10, 1.0000e+00])"
    assert repr(w.tensor([float("nan"), float("inf"), 1.0])) == "tensor([nan, inf, 1.])"
    assert repr(w.zeros(2, 0)) == "tensor([], size=(2, 0))"
    assert "..." in repr(w.zeros(2000)) and len(repr(w.zeros(100, 100, 100))) < 3000
    assert repr(w.tensor([-1.5, 100.25])) == "tensor([ -1.5000, 100.2500])"
    assert repr(w.tensor([1, 2], dtype=w.int8)) == f"tensor([1, 2], dtype={w.__name__}.int8)"


def test_equal(w):
    assert w.equal(w.ones(2), w.ones(2)) and not w.equal(w.ones(2), w.ones(3)) and not w.equal(w.ones(2), w.zeros(2))
    assert w.allclose(w.ones(2), w.ones(2) + 1e-7) and not w.allclose(w.ones(2), w.zeros(2))
    nan = w.tensor([float("nan")])
    assert not w.allclose(nan, nan) and w.allclose(nan, nan, equal_nan=True)
    assert w.isclose(w.tensor([1.0, 2.0]), w.tensor([1.0, 2.1])).tolist() == [True, False]


@weft_only
def test_overlapping_in_place(w):
    """What an in-place op reads is what was there before it began."""
    tensor = w.arange(5.0)
    tensor[1:].add_(tensor[:-1])
    assert tensor.tolist() == [0, 1, 3, 5, 7]
    tensor[:-1].copy_(tensor[1:])
    assert tensor.tolist() == [1, 3, 5, 7, 7]
    with pytest.raises(RuntimeError) as error:
        w.zeros(1).expand(3).add_(1)
    check_message(error, ("add_", "(3,)", "clone"))


@pytest.mark.parametrize("key", ["a", 1.5, b"a", {}], ids=repr)
def test_what_is_no_index(w, key):
    x = w.ones(2, 2)
    for use in (lambda: x[key], lambda: x[0, key], lambda: x.__setitem__(key, 1)):
        with pytest.raises((TypeError, IndexError) if not IS_WEFT else TypeError):
            use()


@weft_only
@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**30])
def test_integers_beyond_64_bits_are_not_shown_as_exact(w, number):
    for make in (lambda **k: w.tensor(number, **k), lambda **k: w.full((2,), number, **k)):
        with pytest.raises(OverflowError, match="an integer of about .*e.* does not fit int64"):
            make(dtype=w.int64)
        with pytest.raises(RuntimeError, match="an integer of about .* does not fit dtype int32"):
            make(dtype=w.int32)
    with pytest.raises(OverflowError, match=f"the integer {2**63} does not fit int64"):
        w.full((2,), 2**63)

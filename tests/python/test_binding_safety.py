"""Whatever Python hands over, the bindings answer with an ordinary exception: no crash, no error left pending."""

import array
import collections
import subprocess
import sys
import warnings

import numpy as np
import pytest
from support import weft_only

pytestmark = weft_only


def no_error_pending():
    """An error that a C function left behind surfaces as SystemError in the next one."""
    for _ in range(3):
        int("1"), __import__("sys"), len([])


# --- lists that change while they are read


class Clears:
    """Empties a list when it is asked for a number."""

    def __init__(self, owner, method):
        self.owner, self.method = owner, method

    def _value(self, method, value):
        if self.method == method:
            self.owner.clear()
        return value

    def __index__(self):
        return self._value("index", 0)

    def __float__(self):
        return self._value("float", 0.0)

    def __len__(self):
        return self._value("len", 0)

    def __bool__(self):
        return self._value("bool", True)

    def __getitem__(self, i):
        raise IndexError


ENTRIES = {
    "tensor": lambda w, numbers: w.tensor(numbers),
    "tensor_float": lambda w, numbers: w.tensor(numbers, dtype=w.float64),
    "nested": lambda w, numbers: w.tensor([numbers, numbers]),
    "as_tensor": lambda w, numbers: w.as_tensor(numbers),
    "zeros": lambda w, numbers: w.zeros(numbers),
    "size": lambda w, numbers: w.zeros(size=numbers),
    "full": lambda w, numbers: w.full(numbers, 1),
    "reshape": lambda w, numbers: w.ones(1).reshape(numbers),
    "view": lambda w, numbers: w.ones(1).view(numbers),
    "permute": lambda w, numbers: w.ones(1).permute(numbers),
    "expand": lambda w, numbers: w.ones(1).expand(numbers),
    "sum": lambda w, numbers: w.ones(2, 2).sum(numbers),
    "roll": lambda w, numbers: w.ones(2, 2).roll(numbers, numbers),
    "split": lambda w, numbers: w.ones(2, 2).split(numbers),
    "flip": lambda w, numbers: w.ones(2, 2).flip(numbers),
    "pad": lambda w, numbers: w.nn.functional.pad(w.ones(2, 2), numbers),
    "index": lambda w, numbers: w.arange(5)[numbers],
    "index_in_a_tuple": lambda w, numbers: w.ones(5, 5)[0, numbers],
    "setitem": lambda w, numbers: w.ones(5).__setitem__(numbers, 1.0),
    "setitem_value": lambda w, numbers: w.ones(5).__setitem__(slice(None), numbers),
    "index_put": lambda w, numbers: w.ones(5).index_put([w.tensor([0]), numbers], w.tensor(1.0)),
    "cat": lambda w, numbers: w.cat(numbers),
    "stack": lambda w, numbers: w.stack(numbers),
    "meshgrid": lambda w, numbers: w.meshgrid(numbers),
    "einsum": lambda w, numbers: w.einsum(w.ones(1), numbers),
    "tensordot": lambda w, numbers: w.tensordot(w.ones(2), w.ones(2), (numbers, numbers)),
    "rand": lambda w, numbers: w.rand(numbers),
    "conv": lambda w, numbers: w.nn.functional.conv2d(w.ones(1, 1, 4, 4), w.ones(1, 1, 1, 1), stride=numbers),
    "backward": lambda w, numbers: w.autograd.backward(numbers),
    "grad": lambda w, numbers: w.autograd.grad(numbers, numbers),
    "max_out": lambda w, numbers: w.max(w.ones(2, 2), 0, out=numbers),
    "broadcast_shapes": lambda w, numbers: w.broadcast_shapes(numbers, numbers),
}


@pytest.mark.parametrize("method", ["index", "float", "len", "bool"])
@pytest.mark.parametrize("entry", ENTRIES)
def test_lists_that_shrink(w, entry, method):
    for position in (0, 3):
        numbers = [0] * 100
        numbers[position] = Clears(numbers, method)
        try:
            ENTRIES[entry](w, numbers)
        except (TypeError, ValueError, IndexError, RuntimeError):
            pass
        no_error_pending()


def test_lists_that_grow(w):
    class Grows:
        def __index__(self):
            numbers.append(self)
            return 1

    for read in (w.tensor, w.zeros, lambda n: w.ones(2)[n]):
        numbers = [Grows()]
        with pytest.raises((ValueError, IndexError)):
            read(numbers)
    no_error_pending()


def test_a_key_that_changes_its_tensor(w):
    class Swaps:
        def __index__(self):
            x.data = w.ones(())
            return 4

    x = w.ones(5, 5)
    with pytest.raises(IndexError):
        x[Swaps(), Swaps()]
    x = w.ones(5, 5)
    with pytest.raises(IndexError):
        x[Swaps(), 1:] = 2.0


# --- data without end


def test_data_that_nest_without_end(w):
    class Endless:
        def __len__(self):
            return 1

        def __getitem__(self, i):
            return self

        def tolist(self):
            return self

    nested = []
    nested.append(nested)
    for data in (nested, Endless(), [Endless()]):
        with pytest.raises((ValueError, RecursionError)):
            w.tensor(data)


def test_sequences_that_lie_about_their_length(w):
    class Lies:
        def __len__(self):
            return self.length

        def __getitem__(self, i):
            return [1, 2][i]

    for length in (1, 5, 2**62):
        data = Lies()
        data.length = length
        with pytest.raises(ValueError):
            w.tensor(data)
    no_error_pending()


def test_tensor_of_any_sequence(w):
    class Mine(collections.abc.Sequence):
        def __len__(self):
            return 2

        def __getitem__(self, i):
            return [1.5, 2.5][i]

    class ArrayLike:
        def __array__(self, dtype=None, copy=None):
            return np.array([1.0, 2.0])

    assert w.tensor(collections.deque([1.0, 2.0])).tolist() == [1.0, 2.0]
    assert w.tensor([collections.deque([1]), collections.deque([2])]).tolist() == [[1], [2]]
    assert w.tensor(range(3)).tolist() == [0, 1, 2]
    assert w.tensor(array.array("d", [1, 2])).tolist() == [1.0, 2.0]
    assert w.tensor(array.array("i", [1, 2])).dtype is w.int32
    assert w.tensor(memoryview(array.array("h", [1, 2]))).tolist() == [1, 2]
    assert w.tensor(Mine()).tolist() == [1.5, 2.5] and w.as_tensor(Mine()).tolist() == [1.5, 2.5]
    assert w.tensor(ArrayLike()).tolist() == [1.0, 2.0]
    assert w.tensor((range(2), [True, 2.5])).tolist() == [[0.0, 1.0], [1.0, 2.5]]
    for wrong in ("ab", {"a": 1}, {1, 2}, None, object(), ["a"]):
        with pytest.raises(TypeError):
            w.tensor(wrong)


def test_tensor_of_a_series(w):
    pandas = pytest.importorskip("pandas")
    assert w.tensor(pandas.Series([1.0, 2.0])).tolist() == [1.0, 2.0]


# --- errors that were left pending


def test_arrays_as_keys(w):
    x = w.arange(3.0)
    for _ in range(3):
        assert x[np.array(1)].item() == 1.0
        no_error_pending()
    x[np.array(1)] = 5.0
    x[np.array(2)] = 6.0
    assert x.tolist() == [0.0, 5.0, 6.0]
    assert x[np.array([0, 2])].tolist() == [0.0, 6.0] and x[np.int64(2)].item() == 6.0
    assert x[np.array(True)].shape == (1, 3)


@pytest.mark.parametrize("key", [2**70, -(2**70), (0, 2**64), 3, -4])
def test_ints_out_of_range(w, key):
    x = w.ones(3, 3)
    with pytest.raises(IndexError):
        x[key]
    with pytest.raises(IndexError):
        x[key] = 1.0
    no_error_pending()


class Error(Exception):
    pass


class Raises:
    def _raise(self, *_):
        raise Error

    __index__ = __float__ = __bool__ = __len__ = __getitem__ = _raise


@pytest.mark.parametrize("entry", ENTRIES)
def test_errors_of_the_data_come_through(w, entry):
    with pytest.raises((Error, TypeError, ValueError, IndexError)):
        ENTRIES[entry](w, [Raises()])
    no_error_pending()


# --- None and other things where a tensor, generator or number is expected


def at_none(w):
    x, g = w.ones(2, requires_grad=True), w.Generator()
    return {
        "set_rng_state": ("new_state", lambda v: w.set_rng_state(v)),
        "set_state": ("new_state", lambda v: g.set_state(v)),
        "backward": ("tensors", lambda v: w.autograd.backward([v])),
        "grad outputs": ("outputs", lambda v: w.autograd.grad([v], [x])),
        "grad inputs": ("inputs", lambda v: w.autograd.grad([x.sum()], [v])),
        "grad without outputs": ("outputs", lambda v: w.autograd.grad(v, [x])),
        "backward inputs": ("inputs", lambda v: x.sum().backward(inputs=[v])),
        "result_type": ("tensor1", lambda v: w.result_type(v, w.ones(1))),
        "meshgrid": ("meshgrid", lambda v: w.meshgrid(v, w.ones(1))),
        "meshgrid list": ("meshgrid", lambda v: w.meshgrid([w.ones(1), v])),
        "normal": ("mean", lambda v: w.normal(v, w.ones(2))),
        "bernoulli_": ("p", lambda v: w.zeros(2).bernoulli_(v)),
        "add": ("other", lambda v: w.add(w.ones(1), v)),
        "sub_": ("other", lambda v: w.ones(1).sub_(v)),
        "fill_": ("value", lambda v: w.ones(1).fill_(v)),
        "where": ("other", lambda v: w.where(w.ones(1) > 0, w.ones(1), v)),
        "cat": ("cat", lambda v: w.cat([w.ones(1), v])),
        "stack": ("stack", lambda v: w.stack([v])),
        "broadcast_tensors": ("broadcast_tensors", lambda v: w.broadcast_tensors(v, w.ones(1))),
        "index_put": ("values", lambda v: w.ones(2).index_put((w.tensor([0]),), v)),
        "lerp": ("end", lambda v: w.lerp(w.ones(1), v, 0.5)),
        "detach": ("Tensor", lambda v: w.Tensor.detach(v)),
        "item": ("Tensor", lambda v: w.Tensor.item(v)),
        "zero_": ("Tensor", lambda v: w.Tensor.zero_(v)),
        "linear": ("weight", lambda v: w.nn.functional.linear(w.ones(1, 1), v)),
        "matmul": ("other", lambda v: w.matmul(w.ones(1, 1), v)),
        "einsum": ("einsum", lambda v: w.einsum("i->i", v)),
        "index_put_ indices": ("indices", lambda v: w.ones(2).index_put_(v, w.tensor(1.0))),
    }


@pytest.mark.parametrize("value", [None, "text", object()], ids=["None", "str", "object"])
@pytest.mark.parametrize("name", at_none(__import__("weft")))
def test_wrong_types_are_type_errors(w, name, value):
    argument, call = at_none(w)[name]
    with pytest.raises(TypeError, match=argument):
        call(value)
    no_error_pending()


def test_none_stays_optional(w):
    f = w.nn.functional
    assert f.linear(w.ones(1, 2), w.ones(1, 2), None).item() == 2.0
    assert w.add(w.ones(1), 1, out=None).item() == 2.0
    assert w.sum(w.ones(2), out=None).item() == 2.0
    assert w.ones(2).clamp(None, 0.5).tolist() == [0.5, 0.5]
    assert f.batch_norm(w.ones(2, 1), None, None, training=True).shape == (2, 1)
    x = w.ones(2, requires_grad=True)
    w.autograd.backward([x.sum(), x.sum()], [None, w.tensor(1.0)])
    assert x.grad.tolist() == [2.0, 2.0]


def test_an_integer_tensor_is_no_dim(w):
    r = w.max(w.tensor([1.0, 5.0, -1.0]), w.tensor(0))
    assert isinstance(r, w.Tensor) and r.tolist() == [1.0, 5.0, 0.0]
    assert w.tensor([1, 6]).min(w.tensor(3)).tolist() == [1, 3]
    assert w.max(w.tensor([[1, 2]]), 1).values.tolist() == [2]


def test_bytes_as_masks(w):
    m = w.tensor([1, 0, 2], dtype=w.uint8)
    with pytest.warns(UserWarning, match="deprecated"):
        assert w.arange(3)[m].tolist() == [0, 2]
    with pytest.warns(UserWarning, match="deprecated"):
        assert w.where(m, w.ones(3), w.zeros(3)).tolist() == [1, 0, 1]
    x = w.zeros(3)
    with pytest.warns(UserWarning):
        x[m] = 5.0
    assert x.tolist() == [5, 0, 5]
    with pytest.warns(UserWarning), pytest.raises(IndexError):
        w.zeros(3).index_put((w.tensor([0, 2], dtype=w.uint8),), w.tensor(1.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning):
            w.arange(3)[m]
    no_error_pending()


# --- objects without __init__


@pytest.mark.parametrize("name", ["Generator", "device", "dtype", "Node", "_SavedList", "_HookPlace", "Tensor", "Size"])
def test_new_without_init(w, name):
    cls = getattr(w, name, None) or getattr(w._C, name)
    try:
        made = cls.__new__(cls)
    except TypeError:
        return
    for member in dir(made):
        try:
            value = getattr(made, member)
            if callable(value):
                value()
        except (TypeError, ValueError, RuntimeError, AttributeError, IndexError, NotImplementedError):
            pass
    repr(made)
    no_error_pending()


def test_subclasses_without_init(w):
    class Mine(w.Generator):
        def __init__(self, name):
            self.name = name

    g = Mine("a")
    assert g.name == "a" and w.rand(2, generator=g).shape == (2,)
    assert Mine.__new__(Mine).get_state().numel() == 16
    g.__init__("b")
    w.Generator.__init__(g)
    assert w.rand(2, generator=g).shape == (2,)

    class Bare(w.Tensor):
        def __init__(self, *args):
            pass

    assert Bare(2, 3).shape == (2, 3) and Bare.__new__(Bare).numel() == 0
    x = w.ones(2)
    x.__init__()
    assert x.tolist() == [1.0, 1.0]
    with pytest.raises(TypeError):
        w.device.__new__(int)


def test_scopes_that_were_not_entered(w):
    for scope in (w.device("cpu"), w.autocast("cpu")):
        with pytest.raises(RuntimeError):
            scope.__exit__(None, None, None)


def test_too_many_threads(w):
    before = w.get_num_threads()
    for n in (2**40, 2**31 - 1, 10**6, 0, -1):
        with pytest.raises(ValueError):
            w.set_num_threads(n)
    assert w.get_num_threads() == before


def test_functions_of_numpy(w):
    x = w.tensor([1.0, 4.0])
    root = np.sqrt(x)
    assert isinstance(root, w.Tensor) and root.tolist() == [1.0, 2.0] and root.dtype is w.float32
    assert isinstance(np.sqrt(w.tensor(4.0)), w.Tensor)
    assert isinstance(np.asarray(x), np.ndarray) and isinstance(np.array(x), np.ndarray)
    added = np.ones(2) + w.ones(2, requires_grad=True)
    assert isinstance(added, w.Tensor) and added.requires_grad
    assert isinstance(np.add(x, 1), w.Tensor) and isinstance(np.isnan(x), w.Tensor)
    assert np.isnan(x).dtype is w.bool
    assert isinstance(np.stack([x, x]), np.ndarray)
    assert np.multiply(np.ones(2), x).tolist() == [1.0, 4.0]


def test_a_process_ends_well_with_hooks_and_attributes():
    """Tensors that still own Python objects when the interpreter ends."""
    program = """
import weft
p = weft.nn.Parameter(weft.ones(2)); p.tag = object()
p.register_hook(lambda g: (p, None)[1]); p.register_post_accumulate_grad_hook(lambda t: None)
kept = (p * p).sum(); kept.backward(retain_graph=True); p.grad.tag = [p]
del p
"""
    subprocess.run([sys.executable, "-X", "faulthandler", "-c", program], check=True)

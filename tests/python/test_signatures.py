"""What follows from the argument table of the compiled functions: signatures, errors, NumPy's names, out=."""

import copy
import inspect
import pickle
import pydoc
import re

import numpy as np
import pytest
import weft
from public_names import signature_of_form
from weft import _C


def functions():
    """(name, object) of every compiled function and method of tensors."""
    for place, owner, kind in (
        ("weft", _C, _C._function_type),
        ("weft.nn.functional", _C.nn, _C._function_type),
        ("weft.Tensor", weft.Tensor, _C._method_type),
    ):
        for name, value in sorted(vars(owner).items()):
            if type(value) is kind and not name.startswith("_"):
                yield f"{place}.{name}", value


EVERY = list(functions())


def test_there_are_many():
    assert len(EVERY) > 700


@pytest.mark.parametrize("name,function", EVERY, ids=[name for name, _ in EVERY])
def test_signature(name, function):
    signature = inspect.signature(function)
    (first, *_) = function.__forms__
    assert list(signature.parameters) == list(signature_of_form(first).parameters)
    assert all(p.annotation is not p.empty for p in list(signature.parameters.values())[1:])
    assert signature.return_annotation is not signature.empty
    assert all(signature_of_form(form).return_annotation for form in function.__forms__)
    assert ">>>" in function.__doc__, "a docstring has an example (test_package.py runs it)"


def test_signature_and_forms_are_the_same_text():
    assert str(inspect.signature(weft.softmax)).replace("'", "") == weft.softmax.__forms__[0]
    assert (
        str(inspect.signature(weft.Tensor.sum)).replace("'", "").replace("self, /", "self")
        == (weft.Tensor.sum.__forms__[0])
    )


X = weft.ones(2, 3)
ERRORS = {
    "sum: dtype must be dtype | None, got 'float32' (str); did you mean weft.float32?": lambda: X.sum(dtype="float32"),
    "sum: unexpected keyword argument 'keepdm'; did you mean 'keepdim'?": lambda: X.sum(keepdm=True),
    "sum: unexpected keyword argument 'zzz'\n": lambda: X.sum(zzz=1),
    "softmax: missing argument 'dim'": lambda: weft.softmax(X),
    "softmax: dim must be int, got 'a' (str)": lambda: weft.softmax(X, "a"),
    "softmax: dim must be int, got None\n": lambda: weft.softmax(X, None),
    "softmax: input must be Tensor, got 3 (int)": lambda: weft.softmax(3, 0),
    "relu: takes 1 positional argument, got 4": lambda: weft.relu(X, 1, 2, 3),
    "sum: got 'dim' twice, once as 'axis'": lambda: X.sum(0, axis=1),
    "mean: got 'dim' twice, once as 'axis'": lambda: X.mean(dim=0, axis=1),
    "add: other must be Tensor | complex, got 'a' (str)": lambda: weft.add(X, "a"),
    "mean: keepdim must be bool, got 'x' (str)": lambda: X.mean(0, "x"),
    "Tensor.sum: expected a Tensor as self, got int": lambda: weft.Tensor.sum(3),
    "Tensor.sum: expected a Tensor as self, got nothing": lambda: weft.Tensor.sum(),
    "clone: memory_format must be memory_format | None, got 3 (int)": lambda: X.clone(memory_format=3),
}


@pytest.mark.parametrize("text", ERRORS)
def test_errors(text):
    with pytest.raises(TypeError) as caught:
        ERRORS[text]()
    message = str(caught.value) + "\n"
    assert message.startswith(text)
    assert "pybind11" not in message and "incompatible" not in message


def test_an_error_shows_no_values():
    with pytest.raises(TypeError) as caught:
        weft.softmax(weft.zeros(1000), weft.full((1000,), 7.0))
    assert len(str(caught.value)) < 300 and "7." not in str(caught.value)


def test_numpy_names():
    """axis, keepdims, x and x2 stand for dim, keepdim, input and other in every function."""
    assert X.sum(axis=0, keepdims=True).shape == weft.sum(X, dim=0, keepdim=True).shape == (1, 3)
    assert weft.cat([X, X], axis=1).shape == (2, 6)
    assert weft.softmax(X, axis=1).shape == (2, 3)
    assert weft.add(x1=X, x2=X).tolist() == weft.add(input=X, other=X).tolist()
    with_dim = [(name, f) for name, f in EVERY if "dim" in inspect.signature(f).parameters]
    assert len(with_dim) > 80
    for name, function in with_dim:
        with pytest.raises((TypeError, RuntimeError, IndexError, ValueError)) as caught:
            function(X, axis=object())
        assert "unexpected keyword" not in str(caught.value), name


def test_functions_behave_like_pythons():
    for function in (weft.softmax, weft.Tensor.softmax, weft.nn.functional.relu):
        assert pickle.loads(pickle.dumps(function)) is function
        assert copy.deepcopy(function) is function and hash(function)
    assert weft.softmax.__name__ == "softmax" and weft.Tensor.softmax.__qualname__ == "Tensor.softmax"

    class Model:
        activation = weft.relu  # as a built-in function, it does not become a method

    assert Model().activation(X).shape == (2, 3)
    assert X.softmax.__self__ is X and X.softmax(0).shape == (2, 3)
    with pytest.raises(TypeError):
        type(weft.softmax)()
    for function in (weft.softmax, weft.Tensor.softmax):
        assert inspect.isroutine(function)
        text = pydoc.plain(pydoc.render_doc(function))
        assert "softmax(" in text and "dim: 'int'" in text and "overflow" in text


def forms_that_no_function_has():
    yield "(input, dim=[])", "no constant"
    yield "(input, dim={})", "no constant"
    yield "(input, dim=weft)", "no constant"
    yield "(input)", "1 parameters"
    yield "(input, dim, other)", "more parameters"
    yield "input, dim", "begins with"


@pytest.mark.parametrize("text,problem", list(forms_that_no_function_has()))
def test_forms_that_cannot_be(text, problem):
    """Also a default that could be changed: it would be shared by all calls."""
    with pytest.raises(RuntimeError, match=problem):
        _C._check_form(text)


SINGLE_OPS = {
    "add": lambda x, **to: weft.add(x, x, **to),
    "add of a number": lambda x, **to: weft.add(x, 2, **to),
    "mul": lambda x, **to: weft.mul(x, x, **to),
    "eq": lambda x, **to: weft.eq(x, 1, **to),
    "exp": lambda x, **to: weft.exp(x, **to),
    "softmax": lambda x, **to: weft.softmax(x, 1, **to),
    "matmul": lambda x, **to: weft.matmul(x, x, **to),
    "mm": lambda x, **to: weft.mm(x, x, **to),
}


@pytest.mark.parametrize("name", SINGLE_OPS)
def test_out_is_computed_in_place(name):
    """The op runs straight into out=: no other memory of that size is taken."""
    weft.manual_seed(0)
    x = weft.randn(64, 64)
    weft.manual_seed(1)
    want = SINGLE_OPS[name](x)
    out = weft.full_like(want, 7)
    weft.memory.reset_peak()
    before = weft.memory.stats()["allocated"]
    weft.manual_seed(1)
    assert SINGLE_OPS[name](x, out=out) is out
    taken = weft.memory.stats()["peak"] - before
    assert weft.equal(out, want)
    assert taken < want.nbytes, f"{taken} bytes"


def test_out_that_shares_memory_with_what_is_read():
    """Composites too read all of it before it is written."""
    for make in (lambda x, out: weft.lerp(x, x * 2, 0.3, out=out), lambda x, out: weft.logaddexp(x, x * 0.5, out=out)):
        x = weft.randn(8, 8)
        want = make(x, weft.empty(8, 8))
        assert weft.equal(make(x, x), want)
    x = weft.randn(8, 8)
    want = weft.add(x, x.T, alpha=2)
    assert weft.equal(weft.add(x, x.T, alpha=2, out=x), want)
    x, y = weft.randn(16), weft.randn(16)
    both = weft.cat([x, y])
    assert weft.equal(weft.cat([both[:16], both[16:]], out=both), weft.cat([x, y]))
    assert weft.equal(weft.cat([both[16:], both[:16]], out=both), weft.cat([y, x]))


def test_out_keeps_what_autograd_and_inference_mode_know():
    x, out = weft.ones(3), weft.zeros(3)
    p = weft.ones(3, requires_grad=True)
    y = (p * out).sum()
    weft.exp(x, out=out)
    with pytest.raises(RuntimeError, match="changed"):
        y.backward()
    with weft.inference_mode():
        weft.exp(x, out=out)
    assert not out.is_inference() and not out.requires_grad
    with pytest.raises(RuntimeError, match="grad"):
        weft.exp(p, out=out)
    with weft.no_grad():
        weft.exp(p, out=out)
    assert not out.requires_grad and out.grad_fn is None


def unchanged(call, out):
    before, version = out.clone(), out._version
    with pytest.raises((RuntimeError, TypeError, IndexError, ValueError, NotImplementedError)):
        call(out)
    assert weft.equal(out, before) and out._version == version


def test_an_error_leaves_out_as_it_was():
    w = weft.ones(2, requires_grad=True)
    out = weft.full((2,), 7.0)
    y = (w * out).sum()
    unchanged(lambda o: weft.add(w, weft.zeros(2), alpha=2, out=o), out)
    unchanged(lambda o: weft.addcmul(w, weft.ones(2), weft.ones(2), out=o), out)
    y.backward()
    assert w.grad.tolist() == [7, 7]
    square = weft.randn(3, 3)
    seen = square.view(-1)
    unchanged(lambda o: weft.var(weft.randn(3, 3), 0, out=o), square)
    unchanged(lambda o: weft.sum(weft.randn(3, 3) > 0, 0, out=o), square)
    assert seen.shape == (9,)
    for shape in ((), (3,), (2, 3, 4)):
        whole = weft.ones(shape, dtype=weft.int64)
        unchanged(lambda o, x=whole: weft.remainder(x, x * 0, out=o), whole.clone())
    with weft.inference_mode():
        made_there = weft.zeros(3)
    unchanged(lambda o: weft.add(weft.ones(3), 1, out=o), made_there)


def test_out_on_memory_of_another_library_twice():
    numbers = np.ones((40, 40), "float32")
    a, b = weft.from_numpy(numbers), weft.from_numpy(numbers)
    assert (weft.matmul(a, a, out=b) == 40).all()
    line = np.arange(40, dtype="float32")
    p, q = weft.from_numpy(line[:-1]), weft.from_numpy(line[1:])
    want = p * 2
    assert weft.equal(weft.mul(p, 2, out=q), want)


def test_keywords_of_any_characters():
    for name in ("\ud800", "di\0m", "größe"):
        with pytest.raises(TypeError, match=r"^sum: unexpected keyword argument '[^\n]*\n    sum\(self"):
            X.sum(**{name: 0})


def test_take_along_dim_of_a_number():
    x = weft.tensor(1.5)
    assert weft.take_along_dim(x, weft.tensor(0), 0).tolist() == 1.5
    for index in (3, 1000000, -2):
        with pytest.raises(IndexError):
            weft.take_along_dim(x, weft.tensor(index), -1)


def test_out_is_untouched_by_what_arguments_compute():
    """Code that runs while arguments are read has results of its own."""
    kept = []

    class Index:
        def __index__(self):
            kept.append(weft.ones(4) * 3)
            return 0

    out = weft.zeros(4)
    weft.sum(weft.ones(2, 4), Index(), out=out)
    assert out.tolist() == [2.0] * 4 and kept[0].tolist() == [3.0] * 4
    out.zero_()
    assert kept[0].tolist() == [3.0] * 4


def test_out_in_a_transform():
    out = weft.zeros(2)
    with pytest.raises(RuntimeError, match=re.compile("vmap|batch|in place|level", re.IGNORECASE)):
        weft.func.vmap(lambda x: weft.exp(x, out=out))(weft.ones(3, 2))

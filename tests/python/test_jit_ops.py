"""Every row of the op table through weft.jit: the compiled graph gives the bits that eager computing gives."""

import inspect

import pytest
from op_calls import rows, rows_with_dtypes, samples_of, tensors_for
from support import assert_same, counts_runs, is_float, tensors_in, weft_only

pytestmark = weft_only

UNKNOWN = "are not known"

# The shape of the result depends on values.
BY_VALUES = {
    "argwhere",
    "bincount",
    "masked_scatter",
    "masked_select",
    "nonzero",
    "nonzero as a tuple",
    "one_hot",  # only some samples
    "repeat_interleave of counts",
    "where of a condition",
    "get bool",
    "set bool",
}


def traceable(op):
    by_mask = op.family == "indexing" and "mask" in op.name and op.name != "set mask to a number"
    return op.name not in BY_VALUES and not op.name.startswith("unique") and not by_mask


def outcome(function, *args, **kwargs):
    """Results as tensors, or the error."""
    try:
        return tensors_in(function(*args, **kwargs)), None
    except Exception as error:  # noqa: BLE001
        return None, error


def check_equal(op, sample, eager, compiled):
    assert len(eager) == len(compiled), f"{op}{sample}"
    for number, (one, two) in enumerate(zip(eager, compiled, strict=True)):
        assert_same(two, one, f"{op}{sample}, tensor {number}")
        assert (two.dtype, two.stride()) == (one.dtype, one.stride()), f"{op}{sample}, tensor {number}"


def function_of(w, op):
    """What the row calls; a copy of a view at a place that a trace does not know, which cannot be a result."""
    function = op.function(w)
    return (lambda *args: function(*args).clone()) if op.name == "get zero-dim tensor" else function


def given(w, op, sample, dtype, device, requires_grad=False):
    return (
        tensors_for(w, list(sample.args), dtype, device, requires_grad),
        tensors_for(w, sample.kwargs, dtype, device, requires_grad),
    )


@pytest.mark.parametrize("op,dtype", rows_with_dtypes())
def test_forward(w, device, op, dtype):
    for sample in samples_of(op, dtype):
        function = function_of(w, op)
        args, kwargs = given(w, op, sample, dtype, device)
        w.manual_seed(1)
        eager, error = outcome(function, *args, **kwargs)
        args, kwargs = given(w, op, sample, dtype, device)
        jitted = w.jit(function)
        for _ in range(2):
            w.manual_seed(1)
            compiled, jit_error = outcome(jitted, *args, **kwargs)
            if jit_error is not None and UNKNOWN in str(jit_error):
                assert not traceable(op), f"{op}{sample}: {jit_error}"
                break
            assert type(jit_error) is type(error), f"{op}{sample}: {jit_error!r}, eager {error!r}"
            if error is None:
                check_equal(op, sample, eager, compiled)


def gradients(w, function, args, kwargs, op, sample, whole):
    """Results and gradients of the row; forward compiled alone (backward follows), or both in one function."""
    leaves = tensors_in([args, list(kwargs.values())])

    def forward(args, kwargs):
        return function(*args, **kwargs)

    def all_of_it(args, kwargs, leaves):
        outputs = tensors_in(forward(args, kwargs))
        total = sum((t * t).sum() for t in outputs if t.requires_grad)
        wanted = [leaf for leaf in leaves if leaf.requires_grad]
        return outputs, w.autograd.grad(total, wanted, allow_unused=True)

    if whole:
        outputs, grads = w.jit(all_of_it)(args, kwargs, leaves)
        return [t.detach() for t in outputs], grads
    results = tensors_in(w.jit(forward)(args, kwargs)) if whole is not None else tensors_in(forward(args, kwargs))
    total = sum((t * t).sum() for t in results if t.requires_grad)
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    return [t.detach() for t in results], w.autograd.grad(total, wanted, allow_unused=True)


@pytest.mark.parametrize("op", rows(lambda op: op.grad and traceable(op) and any(map(is_float, op.dtypes))))
@pytest.mark.parametrize("whole", [False, True], ids=["forward", "whole"])
def test_gradient(w, device, op, whole):
    dtype = "float32" if "float32" in op.dtypes else next(filter(is_float, op.dtypes))
    for sample in samples_of(op, dtype):
        found = []
        for how in (None, whole):
            args, kwargs = given(w, op, sample, dtype, device, requires_grad=True)
            w.manual_seed(1)
            try:
                found.append(gradients(w, function_of(w, op), args, kwargs, op, sample, how))
            except (RuntimeError, TypeError) as error:
                found.append(error)
        eager, compiled = found
        if isinstance(eager, Exception):
            assert type(compiled) is type(eager), f"{op}{sample}: {compiled!r}, eager {eager!r}"
            continue
        assert not isinstance(compiled, Exception), f"{op}{sample}: {compiled!r}"
        check_equal(op, sample, eager[0], compiled[0])
        for one, two in zip(eager[1], compiled[1], strict=True):
            assert (one is None) == (two is None), f"{op}{sample}"
            if one is not None:
                assert_same(two, one, f"{op}{sample}, gradient")


def test_what_values_decide_names_the_remedy(w):
    with pytest.raises(RuntimeError, match="nonzero: the values of this tensor are not known.*weft.where"):
        w.jit(w.nonzero)(w.ones(3))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64"])
@pytest.mark.parametrize("name", ["sum", "mean", "amax", "norm"])
@pytest.mark.parametrize(
    "shape,dims",
    [((64, 500), 0), ((64, 500), 1), ((3, 5, 70), (0, 1)), ((40, 50, 20), None), ((3, 90000), 1), ((2, 3, 4), (0, 2))],
)
def test_elementwise_ops_with_a_reduction_at_the_end(w, device, shape, dims, name, dtype):
    """The reduction is taken into the loop and adds up in the order in which it would alone."""

    def f(x, b):
        y = (x * 2 + b).tanh()
        return (getattr(y, name)(dim=dims) if dims is not None else getattr(y, name)()), y * 3

    x, b = (w.randn(*s).to(device).to(getattr(w, dtype)) for s in (shape, shape[-1:]))
    jitted = w.jit(f)
    for one, two in zip(jitted(x, b), f(x, b), strict=True):
        assert_same(one, two)
    assert "tiled[mul, add, tanh" in str(jitted.graph())


@counts_runs
@pytest.mark.parametrize("op", rows(traceable))
def test_memory_is_planned(w, op):
    """What each step takes as scratch memory is what it was asked for, and a run takes one block beside its results."""
    dtype = "float32" if "float32" in op.dtypes else op.dtypes[0]
    for sample in samples_of(op, dtype):
        args, kwargs = given(w, op, sample, dtype, "cpu")
        jitted = w.jit(function_of(w, op))
        try:
            steps = jitted._profile(*args, **kwargs)
        except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError):
            continue  # a call that must be refused
        for _, name, shapes, _, asked, taken in steps:
            assert asked == taken, f"{op}{sample}: {name} of {shapes}"
        before = w.memory.stats()["allocations"]
        results = tensors_in(jitted(*args, **kwargs))
        allocations = w.memory.stats()["allocations"] - before
        if "beside" not in jitted.memory_plan(*args, **kwargs):
            assert allocations <= 1 + len(results), f"{op}{sample}: something takes memory that is not in the plan"


def test_a_constant_written_into_a_view_in_a_step(w):
    """Its value is folded with the strides of the view."""
    found = []
    for wrap in (lambda f: f, w.jit):
        p = w.arange(12.0).reshape(3, 4).requires_grad_()

        def step(x, p=p):
            z = x * p
            z[:, 0] = 1.5
            z[::2, 1:3] = -1
            z.sum().backward()
            return z

        found.append((wrap(step)(w.ones(3, 4)).tolist(), p.grad.tolist()))
    assert found[0] == found[1]
    assert found[0][1] == [[0, 0, 0, 1], [0, 1, 1, 1], [0, 0, 0, 1]]


UNKNOWN_KEYS = {
    "beside None": lambda x, i, j: x[i, None, :, j],
    "after a slice": lambda x, i, j: x[:, i, :, j],
    "two": lambda x, i, j: x[i, :, i, None, j],
    "next to each other": lambda x, i, j: x[i, j],
    "alone": lambda x, i, j: x[:, i],
    "before Ellipsis": lambda x, i, j: x[i, ..., j],
}


@pytest.mark.parametrize("name", UNKNOWN_KEYS)
@pytest.mark.parametrize("i", [1, -1])
def test_an_integer_index_whose_value_is_not_known(w, name, i):
    """It is an int, as in eager mode, and no index tensor that moves the other dimensions."""
    x, j = w.arange(360.0).reshape(3, 4, 5, 6), w.tensor([2, 0])

    def picked(x, i, j):
        return UNKNOWN_KEYS[name](x * 2, i, j)

    assert_same(w.jit(picked)(x, w.tensor(i), j), picked(x, w.tensor(i), j))


SELECTED = {
    "one": lambda x, i, j: x[:, i],
    "two": lambda x, i, j: x[i, j],
    "apart": lambda x, i, j: x[i, :, j],
    "apart in a transposed tensor": lambda x, i, j: x.transpose(0, 3)[i, 1:, j, ::2],
    "with None": lambda x, i, j: x[None, i, ..., None, j],
    "one after the other": lambda x, i, j: x[i][:, j],
    "of an expanded tensor": lambda x, i, j: x[:1].expand(3, 4, 5, 6)[:, i],
}


@pytest.mark.parametrize("name", SELECTED)
@pytest.mark.parametrize("place", ["argument", "outside"])
def test_an_unknown_integer_selects_as_a_known_one_does(w, name, place):
    """Values, strides and gradients, signs of zeros included."""
    p = w.arange(360.0).reshape(3, 4, 5, 6) - 180
    outside = w.tensor(1), w.tensor(-2)

    def loss(x, i, j):
        if place == "outside":
            i, j = outside
        s = SELECTED[name](x * -1.0, i, j)
        return s.detach(), s.stride(), s.is_contiguous(), (s * -0.0).sum()

    found = []
    for f in (loss, w.jit(loss)):
        x = p.clone().requires_grad_()
        s, *layout, total = f(x, *outside)
        total.backward()
        found.append((layout, s.stride(), s.tolist(), x.grad.tolist(), w.signbit(x.grad).tolist()))
    assert found[0] == found[1]


def tensor_lists(results):
    return [t.tolist() for t in (results if isinstance(results, tuple) else [results])]


def changes_the_view(x, i):
    row = x[i]
    row += 1
    return x * 1


def changes_a_view_of_the_view(x, i):
    x[i].T.mul_(2)
    return x * 1


def reads_after_a_change(x, i):
    x = x * 1
    row = x[i]
    x.add_(1)
    return row * 1


def reads_a_row_of_a_row_after_a_change(x, i):
    x = x * 1
    number = x[i][i]
    x[0] = 7.0
    return number * 1


def returns_a_part_of_an_argument(x, i):
    return x[i]


def returns_both(x, i):
    x = x * 1
    return x, x[i]


def returns_two_parts(x, i):
    x = x * 1
    return x[i], x[i - 1].T


@pytest.mark.parametrize(
    "function",
    [
        changes_the_view,
        changes_a_view_of_the_view,
        reads_after_a_change,
        reads_a_row_of_a_row_after_a_change,
        returns_a_part_of_an_argument,
        returns_both,
        returns_two_parts,
    ],
    ids=lambda f: f.__name__,
)
def test_a_view_at_an_unknown_place_is_an_error_where_it_shows(w, function):
    def given():
        return w.arange(12.0).reshape(3, 2, 2), w.tensor(1)

    x, i = given()
    with pytest.raises(RuntimeError, match=r"is x\[i\] with an index whose value is not known.*clone\(\)") as error:
        w.jit(function)(x, i)
    if function.__name__.startswith("returns"):  # the error comes when the function has ended
        last = function.__code__.co_firstlineno + len(inspect.getsource(function).splitlines()) - 1
        assert str(error.value).endswith(f"(read at {__file__}:{last})")
    assert x.tolist() == given()[0].tolist()
    eager, compiled = given(), given()
    expected = function(*eager)
    with pytest.warns(RuntimeWarning, match="runs eagerly"):
        found = w.compile(function)(*compiled)
    assert tensor_lists(found) == tensor_lists(expected)
    assert compiled[0].tolist() == eager[0].tolist()


@pytest.mark.parametrize(
    "look",
    [
        lambda y: y.storage_offset(),
        lambda y: y._base is None,
        lambda y: y.is_set_to(y),
        lambda y: y.as_strided((2,), (1,), 0),
    ],
)
def test_where_a_view_at_an_unknown_place_lies_is_not_known(w, look):
    with pytest.raises(RuntimeError, match=r"not known while a function is traced.*x\[i\]"):
        w.jit(lambda x, i: (look((x * 1)[i]), x * 1)[1])(w.ones(3, 2), w.tensor(1))


def test_an_unknown_integer_into_memory_that_elements_share(w):
    with pytest.raises(RuntimeError, match="share memory, and the value of the index is not known"):
        w.jit(lambda x, i: x.unfold(0, 3, 1)[:, i].sum())(w.arange(6.0), w.tensor(1))


@pytest.mark.parametrize("wrap", ["eager", "jit"])
def test_an_index_out_of_range_of_something_empty(w, wrap):
    def put(x, key):
        x = x * 1
        x[key] = 1.0
        return x

    f = w.jit if wrap == "jit" else lambda function: function
    for x in (w.zeros(0, 3), w.zeros(0, 0, 3)):
        for lead in ((...,), (slice(None),) * (x.dim() - 1)):
            assert f(lambda x, i, lead=lead: (x * 1)[(*lead, i)] + 1)(x, w.tensor(-3)).numel() == 0
            for i in (w.tensor(3), w.tensor(-4)):
                with pytest.raises(IndexError, match="out of range"):
                    f(lambda x, i, lead=lead: x[(*lead, i)] + 1)(x, i)
                with pytest.raises(IndexError, match="out of range"):
                    f(put)(x, (*lead, i))
    with pytest.raises(IndexError, match="out of range"):
        f(lambda x, i: x[i] + 1)(w.zeros(0, 3), w.tensor(0))


def test_create_graph_through_views_at_unknown_places(w):
    for key in (lambda x, i: x[:, i], lambda x, i: x[i, :, i], lambda x, i: x.transpose(0, 2)[i]):
        found = []
        for f in (key, w.jit(lambda x, i, key=key: key(x * 1.0, i) * 1.0)):
            x = w.arange(27.0).reshape(3, 3, 3).requires_grad_()
            (g,) = w.autograd.grad((f(x, w.tensor(1)) ** 3).sum(), x, create_graph=True)
            found.append([g.tolist(), *[t.tolist() for t in w.autograd.grad(g.sum(), x)]])
        assert found[0] == found[1]


def test_what_a_view_at_an_unknown_place_may_be_used_for(w):
    def step(table, x, i):
        x = x * 1
        row = x[i]
        total = row.sum() + table[i].sum()
        x[i] = row * 2
        again = x[i]
        return total, x, again.clone(), table[i] + 1, again.T.contiguous() * 1

    table, x, i = w.rand(3, 2, 2), w.rand(3, 2, 2), w.tensor(2)
    assert tensor_lists(w.jit(step)(table, x, i)) == tensor_lists(step(table, x, i))


@pytest.mark.parametrize("wrap", ["eager", "jit"])
def test_results_of_control_flow_have_memory_of_their_own(w, wrap):
    """Which tensor they would share it with depends on values."""

    def run(x, n):
        chosen = w.cond(n.sum() > 0, lambda: x, lambda: x[0:] * 2)
        _, carried = w.while_loop(lambda k, y: k < 0, lambda k, y: (k + 1, y * 2), (n * 1, x))
        last, _ = w.scan(lambda c, row: (row, c * 1), x[0], x)
        for result in (chosen, carried, last):
            result.add_(1)
        return chosen, carried, last, x * 1

    f = run if wrap == "eager" else w.jit(run)
    x = w.arange(4.0).reshape(2, 2)
    results = f(x, w.tensor(1))
    assert [r.tolist() for r in results] == [[[1, 2], [3, 4]], [[1, 2], [3, 4]], [3, 4], [[0, 1], [2, 3]]]
    assert x.tolist() == [[0, 1], [2, 3]]


def test_an_assignment_to_an_integer_index_whose_value_is_not_known(w):
    def put(x, i, j):
        x = x * 1
        x[i, :, j] = 7.0
        return x

    with pytest.raises(RuntimeError, match="0-dim index is not known"):
        w.jit(put)(w.ones(3, 4, 5), w.tensor(1), w.tensor([2, 0]))

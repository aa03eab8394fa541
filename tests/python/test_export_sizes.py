"""Programs for ranges of sizes: the bits of eager computing for each of them, and an error where no formula fits."""

import golden_program
import pytest
from support import assert_same, weft_only
from test_export import CASES, assert_equal

pytestmark = weft_only


def through_a_file(w, program, folder):
    w.export.save(program, folder / "program.safetensors")
    return w.export.load(folder / "program.safetensors")


def check(w, function, program, calls):
    for args in calls:
        w.manual_seed(3)
        with w.no_grad():
            expected = function(*[a.clone() for a in args])
        w.manual_seed(3)
        assert_equal(program(*[a.clone() for a in args]), expected)


@pytest.mark.parametrize("name", ["cnn", "mlp"])
def test_batches_of_modules(w, name, tmp_path):
    make, make_call = CASES[name]
    module = make(w).eval()
    (x,), _ = make_call(w)
    batch = w.export.Dim("batch", max=300)
    program = through_a_file(w, w.export.export(module, (x,), dynamic_shapes=({0: batch},)), tmp_path)
    check(w, module, program, [(w.randn(n, *x.shape[1:]),) for n in (1, 2, 3, 7, 20, 299, 300)])
    assert "(batch, " in str(program) and "batch from 1 to 300" in str(program)
    for n in (0, 301):
        with pytest.raises(ValueError, match=f"batch={n} in dimension 0; the program was exported for 1 to 300"):
            program(w.randn(n, *x.shape[1:]))
    with pytest.raises(ValueError, match="must have shape"):
        program(w.randn(3, *x.shape[1:-1], x.shape[-1] + 1))


def transformer(w):
    nn = w.nn

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(11, 8)
            self.qkv = nn.Linear(8, 24)
            self.head = nn.Linear(8, 11)

        def forward(self, ids):
            batch, length = ids.shape
            x = self.embedding(ids) + w.arange(length).unsqueeze(-1) * 0.5
            q, k, v = (t.reshape(batch, length, 2, 4).transpose(1, 2) for t in self.qkv(x).chunk(3, -1))
            y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.head(y.transpose(1, 2).reshape(batch, length, 8)).softmax(-1)

    return Model()


def test_two_sizes(w, tmp_path):
    model = transformer(w)
    batch, length = w.export.Dim("batch", max=40), w.export.Dim("length", max=100)
    example = w.zeros(2, 5, dtype=w.int64)
    program = w.export.export(model, (example,), dynamic_shapes={"ids": [batch, length]})
    program = through_a_file(w, program, tmp_path)
    sizes = [(1, 1), (1, 9), (6, 1), (2, 5), (40, 3), (3, 100), (17, 23)]
    check(w, model, program, [(w.randint(0, 11, size),) for size in sizes])
    with pytest.raises(ValueError, match="length=101"):
        program(w.zeros(2, 101, dtype=w.int64))


FUNCTIONS = {
    "strided": lambda w, x: w.nn.functional.max_pool2d(w.nn.functional.pad(x[None], (1, 2)), 3, stride=2, dilation=1),
    "pooled and flattened": lambda w, x: w.nn.functional.avg_pool2d(x[None], 2).flatten(1) * 2,
    "slices": lambda w, x: (x[1:], x[:, ::3].contiguous(), x.flip(0), x[-1]),
    "joined": lambda w, x: w.cat([x, x[:2] + 1]).cumsum(0),
    "squares": lambda w, x: (x @ x.T).reshape(-1) + 1,
    "new tensors": lambda w, x: w.ones(x.shape[0], 3) + w.arange(x.shape[0]).unsqueeze(1),
    "numbers": lambda w, x: (x / x.shape[0] + (1 / x.shape[0]), x * (x.shape[0] / (x.shape[0] - 1)), x.var(0)),
    "in place": lambda w, x: x.add_(1).sum(),
    "random": lambda w, x: w.nn.functional.dropout(x) + w.rand(x.shape[0], 1),
    "scanned": lambda w, x: w.scan(lambda c, row: (c + row, c), w.zeros(x.shape[1]), x),
    "branched": lambda w, x: w.cond(x.sum() > 0, lambda t: t * 2, lambda t: t - 1, (x,)),
    "softmax": lambda w, x: x.softmax(0).sort(0)[0],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(w, name, tmp_path):
    def function(x):
        return FUNCTIONS[name](w, x)

    dim = w.export.Dim("n", min=4, max=500)
    program = through_a_file(w, w.export.export(function, (w.randn(6, 6),), dynamic_shapes=((dim, None),)), tmp_path)
    check(w, function, program, [(w.randn(n, 6),) for n in (4, 5, 6, 7, 8, 9, 30, 45, 499, 500)])


def test_every_size_of_a_small_range(w):
    """A range that is traced as a whole may have sizes 0 and 1, which broadcast."""

    def function(x):
        return (x + w.ones(1, 3)).sum(0), x.reshape(-1)

    dim = w.export.Dim("n", min=0, max=12)
    program = w.export.export(function, (w.ones(2, 3),), dynamic_shapes={"x": {0: dim}})
    check(w, function, program, [(w.randn(n, 3),) for n in range(13)])


def test_sizes_of_several_arguments(w):
    dim = w.export.Dim("n", max=50)
    program = w.export.export(
        lambda x, options: x @ options["y"],
        (w.ones(2, 3), {"y": w.ones(3, 2)}),
        dynamic_shapes=({1: dim}, {"y": {0: dim}}),
    )
    assert program(w.ones(2, 7), {"y": w.ones(7, 2)}).tolist() == [[7, 7]] * 2
    with pytest.raises(ValueError, match=r"argument 'options\['y'\]' has n=4 in dimension 0, but argument 'x' has 3"):
        program(w.ones(2, 3), {"y": w.ones(4, 2)})
    same = w.export.export(lambda x, y: x + y, (w.ones(3), w.ones(3)), dynamic_dims=0)
    assert same(w.ones(9), w.ones(9)).tolist() == [2] * 9


def test_buffers_are_shared_by_all_sizes(w, tmp_path):
    model = w.nn.BatchNorm1d(3)
    dim = w.export.Dim("n", min=2)
    program = through_a_file(w, w.export.export(model, (w.ones(4, 3),), dynamic_shapes=({0: dim},)), tmp_path)
    for n in (2, 3, 4, 9):
        x = w.randn(n, 3)
        assert_same(program(x), model(x).detach())
        assert_same(program.state_dict()["running_var"], model.running_var)
    assert program.state_dict()["num_batches_tracked"].item() == 4


def test_what_depends_on_a_size_in_another_way(w):
    export, Dim = w.export.export, w.export.Dim
    x = w.ones(3, 2)

    def branches(x):
        return x * 2 if x.shape[0] < 6 else x + 1

    def powers(x):
        return w.zeros(2 ** min(x.shape[0], 9))

    for function, match in [
        (
            branches,
            "(?s)does something else for n=6 .the op add at .*than for n=2 .the op mul at .*test_export_sizes.py",
        ),
        (lambda x: x * x.shape[0] ** 0.5, "'number' of the op mul at .*is 1.41.* for n=2 and 1.7.* for n=3"),
        (powers, "(?s)'(shape|size)'.* for n="),
        (lambda x: w.tensor([1.0] * x.shape[0]) + x.sum(), "makes another constant tensor for n=|does something else"),
        (lambda x: (x,) * x.shape[0], "fails for n=2.*returns"),
        (lambda x: x.reshape(3, 2), "fails for n=2, which its dynamic_shapes allow"),
    ]:
        with pytest.raises((ValueError, RuntimeError), match=match):
            export(function, (x,), dynamic_shapes=({0: Dim("n", min=2, max=20)},))
    mean = export(lambda x: x.mean(0), (x,), dynamic_shapes=({0: Dim("n", max=20)},))
    assert mean(w.ones(20, 2)).tolist() == [1, 1]


def test_what_is_asked_for(w):
    export, Dim = w.export.export, w.export.Dim
    x = w.ones(3, 2)
    n = Dim("n", min=2, max=8)

    def function(x, y=None):
        return x + 1

    for shapes, error, match in [
        ({"z": {0: n}}, ValueError, "names the argument 'z'; there are x"),
        ({"x": {2: n}}, ValueError, "names dimension 2 of 'x', which has 2"),
        ({"x": 3}, TypeError, "the sizes of 'x' as a dict or list"),
        ({"x": {0: 4}}, ValueError, "is to be 4, which is no Dim and not its size"),
        ({"x": {0: Dim("m", min=5)}}, ValueError, "size 3 in dimension 0, which is not in the range"),
        ({"x": {0: n, 1: n}}, ValueError, "have n=3 and n=2"),
        ({"x": {0: n, 1: Dim("n")}}, ValueError, "two Dims have the name 'n'"),
        (3, TypeError, "must be a dict"),
        (({0: n}, None), ValueError, "is for 2 arguments, there are 1"),
    ]:
        with pytest.raises(error, match=match):
            export(function, (x,), dynamic_shapes=shapes)
    for shapes in ({"x": {0: 3, 1: None}}, {"x": [Dim.STATIC, Dim.AUTO]}, (None,), Dim.AUTO):
        assert export(function, (x,), dynamic_shapes=shapes)._compiled.places == []
    with pytest.raises(ValueError, match="not both"):
        export(function, (x,), dynamic_shapes={"x": {0: n}}, dynamic_dims=0)
    with pytest.raises(ValueError, match="min is 3, more than max"):
        Dim("n", min=3, max=2)
    with pytest.raises(TypeError, match="an identifier"):
        Dim("a b")


def test_golden_file(w):
    program = w.export.load(golden_program.DATA / "sizes_v1.safetensors")
    for n in (1, 2, 5, 64):
        x, expected = golden_program.sized_call(w, n)
        assert_same(program(x), expected)

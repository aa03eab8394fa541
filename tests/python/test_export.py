"""weft.export: programs of modules and functions, run, saved and loaded, give the bits of eager computing."""

import collections
import copy
import os
import threading

import golden_program
import numpy as np
import pytest
from support import assert_same, weft_only

pytestmark = weft_only

Pair = collections.namedtuple("Pair", "low high")


def leaves(value):
    if isinstance(value, dict):
        return [leaf for key in value for leaf in leaves(value[key])]
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def assert_equal(one, two):
    one, two = leaves(one), leaves(two)
    assert len(one) == len(two)
    for a, b in zip(one, two):
        if hasattr(b, "stride"):
            assert_same(a, b)
            assert (a.dtype, a.stride(), a.requires_grad) == (b.dtype, b.stride(), False)
        else:
            assert type(a) is type(b) and a == b


def images_net(w):
    nn = w.nn
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 4, 3, stride=2, groups=2), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.3),
        nn.Linear(16, 10),
    )  # fmt: skip


def perceptron(w):
    nn = w.nn
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.LayerNorm(8), nn.Linear(8, 3), nn.LogSoftmax(-1))


class Attention:
    def __new__(cls, w):
        class Block(w.nn.Module):
            def __init__(self):
                super().__init__()
                self.norm = w.nn.LayerNorm(8)
                self.qkv = w.nn.Linear(8, 24)

            def forward(self, x, mask=None, causal=False):
                q, k, v = (t.reshape(2, 5, 2, 4).transpose(1, 2) for t in self.qkv(self.norm(x)).chunk(3, -1))
                y = w.nn.functional.scaled_dot_product_attention(q, k, v, mask, is_causal=causal)
                return x + y.transpose(1, 2).reshape(x.shape)

        return Block()


def gpt(w):
    nn = w.nn

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(11, 8)
            self.block = Attention(w)
            self.head = nn.Linear(8, 11, bias=False)
            self.head.weight = self.embedding.weight  # shared
            self.register_buffer("position", w.randn(5, 8), persistent=False)

        def forward(self, ids):
            x = self.block(self.embedding(ids) + self.position, causal=True)
            return {"logits": self.head(x), "best": self.head(x).argmax(-1)}

    return Model()


def losses(w, x):
    target = w.tensor([2, 0])
    picked = w.nn.functional.embedding(w.tensor([[0, 1], [1, 1]]), x).sum(1)
    weighted = w.nn.functional.cross_entropy(x, target, weight=w.tensor([1.0, 2.0, 3.0]))
    return weighted + w.nn.functional.cross_entropy(picked, target, label_smoothing=0.1)


CASES = {
    "cnn": (images_net, lambda w: ((w.randn(3, 1, 12, 12),), {})),
    "mlp": (perceptron, lambda w: ((w.randn(4, 6),), {})),
    "attention": (Attention, lambda w: ((w.randn(2, 5, 8),), {"mask": w.rand(5, 5) > 0.3})),
    "causal attention": (Attention, lambda w: ((w.randn(2, 5, 8),), {"causal": True})),
    "gpt": (gpt, lambda w: ((w.randint(0, 11, (2, 5)),), {})),
    "golden": (golden_program.model, golden_program.call),
}


@pytest.fixture
def through_a_file(w, tmp_path):
    def save_and_load(program, name="program.safetensors"):
        w.export.save(program, tmp_path / name)
        return w.export.load(tmp_path / name)

    return save_and_load


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_modules(w, name, training, through_a_file):
    make, make_call = CASES[name]
    module = make(w).train(training)
    args, kwargs = make_call(w)
    program = w.export.export(module, args, kwargs)
    loaded = through_a_file(program)
    eager = copy.deepcopy(module)
    for _ in range(3):
        args, kwargs = make_call(w)
        results = []
        for one in (eager, program, loaded):
            w.manual_seed(5)
            with w.no_grad():
                results.append(one(*args, **kwargs))
        assert_equal(results[1], results[0])
        assert_equal(results[2], results[0])
        for one in (program, loaded):
            assert one.state_dict().keys() == eager.state_dict().keys()
            for key, tensor in eager.state_dict().items():
                assert_same(one.state_dict()[key], tensor, key)
    for key, tensor in module.state_dict().items():
        if "calls" in key or "num_batches" in key:
            assert tensor.item() == 0  # tracing has changed nothing
    folder = os.path.dirname(__file__) + os.sep  # a file keeps the names of source files alone
    assert str(loaded) == str(program).replace(folder, "") and str(program).startswith("Program(")


FUNCTIONS = {
    "views": lambda w, x: (x[0], x.T, x.reshape(-1)[2:5], x),
    "views of a result": lambda w, x: (lambda y: (y, y[1], y.T))(x * 2),
    "the same twice": lambda w, x: (lambda y: [y, y])(x + 1),
    "in place": lambda w, x: (x.add_(1), x.sum()),
    "in place, a part": lambda w, x: x[1].mul_(3).clone(),
    "in place, unused": lambda w, x: (x.zero_(), None)[1],
    "constants": lambda w, x: x + w.tensor([[1.0, 2.0, float("inf")]]) * w.tensor(-0.0),
    "odd numbers": lambda w, x: (x * float("nan"), x.clamp(min=-float("inf"), max=2**70), x * -0.0),
    "integers": lambda w, x: (x.long() // 2, x.argsort(-1), x > 0, x.to(w.uint8)),
    "other dtypes": lambda w, x: (x.half() @ x.half().T, x.bfloat16().exp(), x.double().cumsum(0)),
    "random": lambda w, x: (w.rand(3), w.nn.functional.dropout(x), w.randperm(5), w.randint(0, 9, (4,)), x.normal_()),
    "named": lambda w, x: (Pair(x, (x + 1, "text")), x.max(0), {"a": None, 3: [1.5, True]}),
    "a gradient inside": lambda w, x: w.func.grad(lambda t: (t.sin() * t).sum())(x),
    "gradients of losses": lambda w, x: w.func.grad(lambda t: losses(w, t))(x),
    "vmap": lambda w, x: w.vmap(lambda r: r.softmax(0) @ r)(x),
    "indexing": lambda w, x: (x[w.tensor([1, 0])], x.gather(1, w.tensor([[0], [2]])), x.masked_fill(x > 0, 7)),
    "nothing": lambda w, x: (),
    "as_strided": lambda w, x: (x * 1).as_strided((2, 2), (1, 2), 1) + x.unfold(1, 2, 1)[0],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(w, name, through_a_file):
    def function(x):
        return FUNCTIONS[name](w, x)

    program = w.export.export(function, (w.randn(2, 3),))
    loaded = through_a_file(program)
    data = w.randn(2, 3)
    outcomes = []
    for one in (function, program, loaded):
        w.manual_seed(2)
        x = data.clone()
        outcomes.append((one(x), x))
    assert_equal(outcomes[1], outcomes[0])
    assert_equal(outcomes[2], outcomes[0])


def test_aliases_stay_aliases(w, through_a_file):
    program = through_a_file(w.export.export(lambda x: (x[0], x.T), (w.ones(2, 3),)))
    x = w.zeros(2, 3)
    row, turned = program(x)
    x.fill_(4)
    assert row.tolist() == [4] * 3 and turned.tolist() == [[4, 4]] * 3
    y, part = through_a_file(w.export.export(lambda x: (lambda y: (y, y[1]))(x + 1), (x,)))(x)
    y.zero_()
    assert part.tolist() == [0] * 3


def test_layouts_of_arguments(w):
    program = w.export.export(lambda x: x.exp(), (w.randn(3, 2).T,))
    x = w.randn(2, 3)
    for given in (x, x.T.contiguous().T, w.randn(4, 6)[::2, ::2]):
        assert_same(program(given), given.exp().contiguous())
    changes = w.export.export(lambda x: x.add_(1), (x,))
    with pytest.raises(ValueError, match="argument 'x' must have strides"):
        changes(w.zeros(3, 2).T)


def test_the_same_tensor_twice(w):
    x = w.randn(2, 2)
    program = w.export.export(lambda a, b: a @ b, (x, x))
    assert_same(program(x, x + 1), x @ (x + 1))
    changes = w.export.export(lambda a, b: a.add_(b), (x, x.clone()))
    with pytest.raises(ValueError, match="'a' is changed in place and shares memory with argument 'b'"):
        changes(x, x)


def test_state_is_apart(w):
    model = w.nn.Linear(2, 2)
    program = w.export.export(model, (w.ones(1, 2),))
    before = program(w.ones(1, 2))
    with w.no_grad():
        model.weight.zero_()
    assert_same(program(w.ones(1, 2)), before)
    program.load_state_dict(model.state_dict())
    assert_same(program(w.ones(1, 2)), model(w.ones(1, 2)).detach())
    with pytest.raises(KeyError, match="bias"):
        program.load_state_dict({"weight": model.weight})
    with pytest.raises(ValueError, match="weight is"):
        program.load_state_dict({"weight": w.ones(3), "bias": model.bias})


def test_members(w, through_a_file):
    program = through_a_file(w.export.export(gpt(w).eval(), (w.zeros(2, 5, dtype=w.int64),)))
    names = dict(program.named_parameters())
    assert "embedding.weight" in names and "head.weight" not in names
    assert program.state_dict()["head.weight"] is program.state_dict()["embedding.weight"]
    assert "position" not in program.state_dict() and [n for n, _ in program.named_buffers()] == ["position"]
    assert len(list(program.parameters())) == 5 and len(list(program.buffers())) == 1 and program.constants == {}
    signature = program.graph_signature
    assert signature.user_inputs == ("ids",) and signature.buffers_to_mutate == ()
    module = program.module()
    ids = w.ones(2, 5, dtype=w.int64)
    assert_equal(module(ids), program(ids))
    assert program.to_dot().startswith("digraph") and "embedding" in str(program.graph)
    counts = w.export.export(golden_program.model(w), *golden_program.call(w)).graph_signature
    assert counts.buffers_to_mutate == ("calls",) and counts.user_inputs == ("images", "words", "scale")


def test_a_module_with_hooks(w):
    model = w.nn.Linear(2, 2)
    model.register_forward_hook(lambda module, args, result: result + 10)
    x = w.ones(1, 2)
    assert_same(w.export.export(model, (x,))(x), model(x).detach())


def test_arguments_are_checked(w):
    def function(x, options, *rest, flag=True, name="a"):
        return x * options["scale"] + rest[0] * 2 if flag else x

    x = w.ones(2)
    program = w.export.export(function, (x, {"scale": x, "n": 3}, x), {"flag": True})
    options = {"scale": x * 2, "n": 3}
    assert program(x, options, x, flag=True).tolist() == [4, 4]
    for call, error, match in [
        (lambda: program(x, options, x), TypeError, "argument 'flag' is missing"),
        (lambda: program(x, options, flag=True), TypeError, r"argument 'args\[2\]' is missing"),
        (lambda: program(x, options, x, x, flag=True), TypeError, "expected 3 positional arguments, got 4"),
        (lambda: program(x, options, x, flag=True, name="b"), TypeError, "no argument 'name' when"),
        (lambda: program(x, options, x, flag=False), ValueError, "argument 'flag' must be True"),
        (lambda: program(x, options, x, flag=1), ValueError, "argument 'flag' must be True"),
        (lambda: program(x, {"scale": x, "n": 4}, x, flag=True), ValueError, r"argument 'options\['n'\]' must be 3"),
        (lambda: program(x, {"scale": x}, x, flag=True), ValueError, "must have the keys"),
        (lambda: program(x, [x, 3], x, flag=True), TypeError, "argument 'options' must be a dict"),
        (lambda: program(3, options, x, flag=True), TypeError, "argument 'x' must be a tensor, got int"),
        (
            lambda: program(w.ones(3), options, x, flag=True),
            ValueError,
            r"argument 'x' must have shape \(2,\), got \(3,\)",
        ),
        (
            lambda: program(x.double(), options, x, flag=True),
            TypeError,
            "argument 'x' must have dtype float32, got float64",
        ),
        (
            lambda: program(x, {"scale": w.ones(2, 1), "n": 3}, x, flag=True),
            ValueError,
            r"argument 'options\['scale'\]' must have shape",
        ),
    ]:
        with pytest.raises(error, match=match):
            call()
    assert program(x=x, options=options, flag=True, **{"args[2]": x}).tolist() == [4, 4]


def test_what_cannot_be_exported(w, tmp_path):
    x = w.ones(2, requires_grad=True)
    export = w.export.export
    generator = w.Generator()
    leaf = w.ones(2, requires_grad=True)

    def counts(x):
        leaf.grad = x * 2
        return x

    for function, args, error, match in [
        (lambda x: x.item(), (w.ones(1),), RuntimeError, "not known"),
        (lambda x: x, x, TypeError, "args must be a tuple"),
        (3, (x,), TypeError, "expected a Module or a function"),
        (lambda x: x, (np.ones(2),), TypeError, "x is a ndarray"),
        (lambda x: object(), (x,), TypeError, "the result is a object"),
        (lambda x: {(1, 2): x}, (x,), TypeError, "keys must be strings or ints"),
        (counts, (x,), ValueError, r"\.grad"),
    ]:
        with pytest.raises(error, match=match):
            export(function, args)
    program = export(lambda x: x + w.rand(2, generator=generator), (x,))
    with pytest.raises(ValueError, match="(?s)the op random cannot be saved: .*generator.*test_export.py"):
        w.export.save(program, tmp_path / "p")
    assert not (tmp_path / "p").exists()
    static = export(lambda x: x + 1, (x,), dynamic_shapes={"x": (None,)}, strict=False)
    assert static(w.zeros(2)).tolist() == [1, 1]
    with pytest.raises(TypeError, match="expected a program"):
        w.export.save(x, tmp_path / "p")
    with pytest.raises(TypeError, match="cannot be copied"):
        copy.copy(static)


def test_threads(w):
    program = w.export.export(perceptron(w), (w.randn(4, 6),))
    inputs = [w.randn(4, 6) for _ in range(8)]
    expected = [program(x) for x in inputs]
    found = [None] * 8

    def work(i):
        for _ in range(50):
            found[i] = program(inputs[i])

    workers = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert_equal(found, expected)


def test_parameters_are_ordinary_safetensors(w, tmp_path):
    model = perceptron(w)
    w.export.save(w.export.export(model, (w.randn(4, 6),)), tmp_path / "p.safetensors")
    state = w.load(tmp_path / "p.safetensors")
    for name, tensor in model.state_dict().items():
        assert_same(state[name], tensor.detach(), name)

"""Copies of what weft.jit makes: pickled, deep-copied and shallow-copied functions, methods and modules."""

import copy
import pickle

import weft
from support import weft_only

pytestmark = weft_only


@weft.jit
def doubled(x):
    return x * 2


class Model(weft.nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = weft.nn.Linear(2, 1, bias=False)

    @weft.jit
    def encode(self, x):
        return self.lin(x)

    def forward(self, x):
        return self.lin(x) * 2


class Plain:
    def __init__(self, scale):
        self.scale = scale

    @weft.jit
    def run(self, x):
        return x * self.scale


def test_functions(w):
    assert pickle.loads(pickle.dumps(doubled)) is doubled
    assert copy.deepcopy({"f": doubled})["f"] is doubled and copy.copy(doubled) is doubled
    assert doubled(w.ones(1)).item() == 2


def test_methods(w):
    plain = Plain(3.0)
    for made in (pickle.loads(pickle.dumps(plain.run)), copy.deepcopy(plain.run), copy.deepcopy(plain).run):
        assert made(w.ones(1)).item() == 3
        made.__self__.scale = 4.0
        assert made(w.ones(1)).item() == 4 and plain.run(w.ones(1)).item() == 3
    model = Model()
    for made in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        made.lin.weight.data.fill_(5)
        assert made.encode(w.ones(1, 2)).item() == 10 and model.encode(w.ones(1, 2)).item() != 10


def test_jitted_modules_use_their_own_parameters(w):
    model, x = w.jit(Model()), w.ones(1, 2)
    model.lin.weight.data.fill_(1)
    assert model(x).item() == 4
    for made in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        made.lin.weight.data.fill_(5)
        assert made(x).item() == 20 and model(x).item() == 4
        made.load_state_dict({k: v + 1 for k, v in made.state_dict().items()})
        assert made(x).item() == 24
    assert list(model.state_dict()) == ["lin.weight"]
    replica = copy.copy(model)
    replica.lin = w.nn.Linear(2, 1, bias=False)
    replica.lin.weight.data.fill_(7)
    assert replica(x).item() == 28 and model(x).item() == 4


def test_copies_in_a_list_of_layers(w):
    layer = w.jit(w.nn.Linear(2, 2))
    layers = w.nn.ModuleList([copy.deepcopy(layer) for _ in range(2)])
    for i, part in enumerate(layers):
        w.nn.init.constant_(part.weight, float(i + 1))
        w.nn.init.zeros_(part.bias)
    assert [part(w.ones(2)).tolist() for part in layers] == [[2, 2], [4, 4]]

"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict."""

import collections
import copy

import pytest


def names(module):
    return [name for name, _ in module.named_children()]


def layers(w, count):
    return [w.nn.Linear(i + 1, i + 2) for i in range(count)]


def test_sequential_runs_in_order(w):
    model = w.nn.Sequential(collections.OrderedDict(a=w.nn.Linear(2, 3), b=w.nn.ReLU()))
    assert names(model) == ["a", "b"] and model.a is model[0] and model[-1] is model.b
    assert tuple(model(w.ones(4, 2)).shape) == (4, 3)
    assert float(w.nn.Sequential()(w.ones(1))) == 1


def test_sequential_is_a_list(w):
    made = layers(w, 3)
    model = w.nn.Sequential(*made)
    assert list(model) == made and len(model) == 3
    assert list(model[1:]) == made[1:] and names(model[1:]) == ["1", "2"]
    new = w.nn.ReLU()
    model[1] = new
    assert model[1] is new and names(model) == ["0", "1", "2"]
    del model[0]
    assert names(model) == ["0", "1"] and model[0] is new
    assert model.append(made[0]) is model and names(model) == ["0", "1", "2"]
    assert model.insert(0, made[1])[0] is made[1] and len(model) == 4 and names(model) == ["0", "1", "2", "3"]
    model.insert(-1, w.nn.Tanh())
    assert isinstance(model[3], w.nn.Tanh) and model[4] is made[0]
    assert model.pop(1) is new and len(model) == 4
    assert len(model.extend([w.nn.ReLU(), w.nn.ReLU()])) == 6
    del model[1:5]
    assert len(model) == 2
    for bad in (5, -6):
        with pytest.raises(IndexError):
            model[bad]


def test_sequential_arithmetic(w):
    a, b = w.nn.Sequential(*layers(w, 2)), w.nn.Sequential(w.nn.ReLU())
    assert names(a + b) == ["0", "1", "2"] and len(a * 2) == 4 and len(2 * a) == 4
    a += b
    assert len(a) == 3 and a[2] is b[0]
    with pytest.raises(ValueError):
        a * 0
    with pytest.raises((TypeError, ValueError)):
        a + 1


def test_module_list(w):
    made = layers(w, 3)
    listed = w.nn.ModuleList(made)
    assert list(listed) == made and listed[-1] is made[2] and list(listed[:2]) == made[:2]
    assert isinstance(listed[:2], w.nn.ModuleList) and made[0] in listed
    assert len(list(listed.parameters())) == 6
    listed.append(w.nn.ReLU()).extend([w.nn.Tanh()])
    listed.insert(1, w.nn.Sigmoid())
    assert [type(m).__name__ for m in listed] == ["Linear", "Sigmoid", "Linear", "Linear", "ReLU", "Tanh"]
    del listed[1]
    assert names(listed) == ["0", "1", "2", "3", "4"] and listed[1] is made[1]
    assert isinstance(listed.pop(-1), w.nn.Tanh) and len(listed) == 4
    listed[0] = w.nn.Identity()
    assert isinstance(listed[0], w.nn.Identity)
    del listed[1:3]
    assert len(listed) == 2 and len(listed + [w.nn.ReLU()]) == 3
    listed += [w.nn.ReLU()]
    assert len(listed) == 3
    with pytest.raises(IndexError):
        listed[3]
    with pytest.raises(TypeError):
        listed.extend(3)
    with pytest.raises(NotImplementedError):
        listed(1)


def test_module_list_repr_folds_repetitions(w):
    listed = w.nn.ModuleList([w.nn.ReLU(), w.nn.ReLU(), w.nn.Linear(1, 1), w.nn.ReLU()])
    assert repr(listed) == (
        "ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Linear(in_features=1, out_features=1, bias=True)\n  (3): ReLU()\n)"
    )
    assert repr(w.nn.ModuleList()) == "ModuleList()"


def test_module_dict(w):
    held = w.nn.ModuleDict({"a": w.nn.Linear(1, 1), "b": w.nn.ReLU()})
    assert list(held) == ["a", "b"] and "a" in held and "c" not in held and len(held) == 2
    assert list(held.keys()) == ["a", "b"] and dict(held.items())["b"] is held["b"]
    assert list(held.values())[0] is held["a"]
    held["c"] = w.nn.Tanh()
    held.update([("d", w.nn.ReLU())])
    held.update(w.nn.ModuleDict({"e": w.nn.ReLU()}))
    assert list(held) == ["a", "b", "c", "d", "e"]
    assert isinstance(held.pop("c"), w.nn.Tanh) and "c" not in held
    del held["d"]
    assert list(held.state_dict()) == ["a.weight", "a.bias"]
    with pytest.raises(KeyError):
        held["zzz"]
    with pytest.raises(KeyError):
        held["forward"] = w.nn.ReLU()
    held.clear()
    assert len(held) == 0


def test_parameter_list(w):
    held = w.nn.ParameterList([w.ones(2), w.nn.Parameter(w.zeros(1))])
    assert len(held) == 2 and all(isinstance(p, w.nn.Parameter) for p in held)
    held.append(w.ones(3)).extend([w.ones(4)])
    held += [w.ones(5)]
    assert [name for name, _ in held.named_parameters()] == ["0", "1", "2", "3", "4"]
    assert [p.numel() for p in held[1:3]] == [1, 3]
    held[0] = w.nn.Parameter(w.ones(7))
    assert held[0].numel() == 7 and held[-1].numel() == 5
    assert list(held.state_dict()) == ["0", "1", "2", "3", "4"]
    with pytest.raises(TypeError):
        held.extend(w.ones(2))


def test_parameter_dict(w):
    held = w.nn.ParameterDict({"left": w.ones(2), "right": w.nn.Parameter(w.zeros(1))})
    assert sorted(held) == ["left", "right"] and "left" in held and len(held) == 2
    assert isinstance(held["left"], w.nn.Parameter) and held.get("none", 3) == 3
    held["third"] = w.ones(3)
    held.update({"fourth": w.ones(4)})
    assert held.pop("third").numel() == 3 and sorted(held.keys()) == ["fourth", "left", "right"]
    assert len(list(held.parameters())) == 3 and len(dict(held.items())) == 3 and len(list(held.values())) == 3
    del held["left"]
    held.clear()
    assert len(held) == 0


def test_containers_of_parameters_hold_anything(w):
    held = w.nn.ParameterList([w.ones(2), 3, None, "text"])
    assert [type(x).__name__ for x in held] == ["Parameter", "int", "NoneType", "str"] and len(held) == 4
    assert list(held.state_dict()) == ["0"]
    held[1], held[0] = w.zeros(1), 5
    assert list(held.state_dict()) == ["1"] and held[0] == 5 and held[-1] == "text"
    assert len(held[1:3]) == 2 and "(0): Object of type: int" in repr(held)
    held = w.nn.ParameterDict({"a": w.ones(2), "b": 4})
    assert held["b"] == 4 and list(held.state_dict()) == ["a"] and held.get("c") is None
    held["b"] = w.ones(1)
    held["a"] = "text"
    assert list(held) == ["a", "b"] and list(held.state_dict()) == ["b"]
    with pytest.raises(TypeError):
        held[3] = w.ones(1)
    copied = copy.deepcopy(held)
    assert copied["a"] == "text" and list(copied) == ["a", "b"]


def test_parameter_dict_as_a_dict(w):
    held = w.nn.ParameterDict([("b", w.ones(1)), ("a", w.ones(2))])
    assert list(held) == ["b", "a"] and list(reversed(held)) == ["a", "b"]
    assert list(w.nn.ParameterDict({"b": w.ones(1), "a": w.ones(2)})) == ["a", "b"]  # of a plain dict by name
    assert held.setdefault("c", w.ones(3)) is held["c"] is held.setdefault("c")
    assert held.copy()["a"] is held["a"] and list(held.copy()) == list(held)
    assert list(held | w.nn.ParameterDict({"d": w.ones(1)})) == ["b", "a", "c", "d"]
    held |= w.nn.ParameterDict({"d": w.ones(1)})
    assert held.popitem()[0] == "d" and tuple(held.pop("c").shape) == (3,) and len(held) == 2
    assert list(held.fromkeys(["x", "y"], w.ones(1))) == ["x", "y"]
    del held["b"]
    assert [name for name, _ in held.named_parameters()] == ["a"] == list(held.keys())
    with pytest.raises(KeyError):
        w.nn.ParameterDict().popitem()

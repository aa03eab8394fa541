"""state_dict and load_state_dict: keys, strictness, shapes, hooks; a load that fails changes nothing."""

import collections
import re

import numpy as np
import pytest
from support import IS_WEFT, to_numpy, weft_only


def net(w, hidden=3):
    return w.nn.Sequential(w.nn.Linear(2, hidden), w.nn.BatchNorm1d(hidden), w.nn.Linear(hidden, 1, bias=False))


KEYS = [
    "0.weight",
    "0.bias",
    "1.weight",
    "1.bias",
    "1.running_mean",
    "1.running_var",
    "1.num_batches_tracked",
    "2.weight",
]


def arrays(model):
    return {key: to_numpy(value).copy() for key, value in model.state_dict().items()}


def assert_unchanged(model, before):
    after = arrays(model)
    assert after.keys() == before.keys()
    for key, value in before.items():
        np.testing.assert_array_equal(after[key], value, err_msg=key)


def test_keys_and_order(w):
    model = net(w)
    state = model.state_dict()
    assert isinstance(state, collections.OrderedDict) and list(state) == KEYS
    assert list(model.state_dict(prefix="m.")) == ["m." + key for key in KEYS]
    assert not state["0.weight"].requires_grad
    assert model.state_dict(keep_vars=True)["0.weight"] is model[0].weight
    mine = {}
    assert model.state_dict(destination=mine) is mine


def test_state_dict_shares_memory(w):
    model = net(w)
    model.state_dict()["2.weight"].zero_()
    assert float(model[2].weight.abs().sum()) == 0


def test_buffers_that_are_not_persistent_stay_out(w):
    model = w.nn.Module()
    model.register_buffer("kept", w.ones(1))
    model.register_buffer("dropped", w.ones(1), persistent=False)
    model.register_buffer("empty", None)
    assert list(model.state_dict()) == ["kept"]
    assert model.load_state_dict({"kept": w.zeros(1)}) == ([], [])


def test_load_copies(w):
    source, target = net(w), net(w)
    result = target.load_state_dict(source.state_dict())
    assert repr(result) == "<All keys matched successfully>" and result == ([], [])
    assert_unchanged(target, arrays(source))
    assert target[0].weight is not source[0].weight
    with w.no_grad():
        target[0].weight.zero_()
    assert float(source[0].weight.abs().sum()) > 0


def test_load_converts_the_dtype(w):
    source, target = net(w).double(), net(w)
    target.load_state_dict(source.state_dict())
    assert target[0].weight.dtype == w.float32
    np.testing.assert_array_equal(to_numpy(target[0].weight), to_numpy(source[0].weight).astype("float32"))


def test_strict_lists_all_keys_and_changes_nothing(w):
    model = net(w)
    before = arrays(model)
    state = net(w).state_dict()
    del state["2.weight"], state["1.running_var"]
    state["3.weight"] = w.ones(1)
    with pytest.raises(RuntimeError) as caught:
        model.load_state_dict(state)
    for key in ("2.weight", "1.running_var", "3.weight"):
        assert key in str(caught.value)
    if w.__name__ == "weft":
        assert_unchanged(model, before)
        assert "nothing was changed" in str(caught.value)


def test_not_strict_reports_and_loads_the_rest(w):
    model = net(w)
    state = net(w).state_dict()
    wanted = to_numpy(state["0.weight"]).copy()
    del state["2.weight"]
    state["3.weight"] = w.ones(1)
    result = model.load_state_dict(state, strict=False)
    assert result.missing_keys == ["2.weight"] and result.unexpected_keys == ["3.weight"]
    assert "3.weight" in repr(result)
    np.testing.assert_array_equal(to_numpy(model[0].weight), wanted)


@weft_only
@pytest.mark.parametrize("strict", [True, False])
def test_wrong_shapes_change_nothing(w, strict):
    model = net(w)
    before = arrays(model)
    with pytest.raises(RuntimeError) as caught:
        model.load_state_dict(net(w, hidden=4).state_dict(), strict=strict)
    message = str(caught.value)
    assert "0.weight" in message and "(3, 2)" in message and "(4, 2)" in message and "2.weight" in message
    assert_unchanged(model, before)


@weft_only
def test_wrong_values_change_nothing(w):
    model = net(w)
    before = arrays(model)
    state = dict(net(w).state_dict(), **{"2.weight": [1.0, 2.0]})
    with pytest.raises(RuntimeError, match="2.weight: expected a Tensor, got list"):
        model.load_state_dict(state)
    assert_unchanged(model, before)
    with pytest.raises(TypeError, match="dict"):
        model.load_state_dict([1, 2])


def test_assign_takes_the_tensors(w):
    model = net(w)
    state = net(w).double().state_dict()
    model.load_state_dict(state, assign=True)
    assert model[0].weight.dtype == w.float64 and isinstance(model[0].weight, w.nn.Parameter)
    assert model[0].weight.requires_grad
    state["0.weight"].zero_()
    assert float(model[0].weight.abs().sum()) == 0


def test_hooks(w):
    model = net(w)
    calls = []
    model.register_state_dict_pre_hook(lambda m, prefix, keep_vars: calls.append("save_pre"))
    model.register_state_dict_post_hook(lambda m, state, prefix, meta: state.__delitem__("2.weight"))
    state = model.state_dict()
    assert calls == ["save_pre"] and "2.weight" not in state

    def rename(m, state, prefix, meta, strict, missing, unexpected, errors):
        state["2.weight"] = state.pop("old.weight")

    given = dict(net(w).state_dict())
    given["old.weight"] = given.pop("2.weight")
    model.register_load_state_dict_pre_hook(rename)
    model.load_state_dict(given)
    assert "old.weight" in given  # the caller's dict is left alone
    np.testing.assert_array_equal(to_numpy(model[2].weight), to_numpy(given["old.weight"]))


def test_post_hook_may_forgive_missing_keys(w):
    model = w.nn.Linear(1, 1)
    model.register_load_state_dict_post_hook(lambda m, keys: keys.missing_keys.clear())
    model.load_state_dict({"weight": w.ones(1, 1)})
    assert float(model.weight) == 1


def test_extra_state(w):
    class Counter(w.nn.Module):
        count = 0

        def get_extra_state(self):
            return {"count": self.count}

        def set_extra_state(self, state):
            self.count = state["count"]

    model = w.nn.Sequential(Counter(), w.nn.Linear(1, 1))
    model[0].count = 5
    state = model.state_dict()
    assert state["0._extra_state"] == {"count": 5}
    other = w.nn.Sequential(Counter(), w.nn.Linear(1, 1))
    other.load_state_dict(state)
    assert other[0].count == 5
    del state["0._extra_state"]
    with pytest.raises(RuntimeError, match="_extra_state"):
        other.load_state_dict(state)


def test_overridden_loading(w):
    class Renamed(w.nn.Linear):
        def _load_from_state_dict(self, state_dict, prefix, *args):
            if prefix + "w" in state_dict:
                state_dict[prefix + "weight"] = state_dict.pop(prefix + "w")
            super()._load_from_state_dict(state_dict, prefix, *args)

    model = w.nn.Sequential(Renamed(1, 1, bias=False))
    model.load_state_dict({"0.w": w.full((1, 1), 7.0)})
    assert float(model[0].weight) == 7


def test_versions_of_the_state_are_kept(w):
    model = w.nn.Sequential(w.nn.Linear(2, 2), w.nn.BatchNorm1d(2))
    metadata = model.state_dict()._metadata
    assert list(metadata) == ["", "0", "1"] and metadata["1"] == {"version": 2} and metadata["0"] == {"version": 1}


@pytest.mark.parametrize("assign", [False, True])
def test_files_from_before_batches_were_counted(w, assign):
    model = w.nn.Sequential(w.nn.Linear(2, 2), w.nn.BatchNorm1d(2))
    model(w.randn(4, 2))
    old = {key: value.clone() for key, value in model.state_dict().items() if "num_batches" not in key}
    result = model.load_state_dict(old, assign=assign)
    assert not result.missing_keys and model[1].num_batches_tracked.item() == 1
    new = model.state_dict()
    del new["1.num_batches_tracked"]
    with pytest.raises(RuntimeError, match="missing keys: 1.num_batches_tracked"):
        model.load_state_dict(new)  # its metadata says that it should be there


@pytest.mark.parametrize("assign", [False, True])
def test_arrays_are_taken(w, assign):
    model = w.nn.Sequential(w.nn.Linear(2, 3), w.nn.BatchNorm1d(3))
    state = {key: np.array(value.numpy()) + 1 for key, value in model.state_dict().items()}
    state["0.weight"].flags.writeable = False
    model.load_state_dict(state, assign=assign)
    assert all(np.array_equal(value.numpy(), state[key]) for key, value in model.state_dict().items())
    model[0].bias.data.add_(1)
    assert not np.array_equal(model[0].bias.detach().numpy(), state["0.bias"])  # no memory is shared


class Foreign:
    """A tensor of another library, as far as DLPack can tell."""

    def __init__(self, array):
        self.array = array
        self.shape = array.shape

    def __dlpack__(self, **kwargs):
        return self.array.__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@pytest.mark.parametrize("assign", [False, True])
def test_tensors_of_other_libraries_are_taken(w, assign):
    model = w.nn.Linear(2, 3)
    weight = np.full((3, 2), 5.0, dtype=np.float32)
    state = {"weight": Foreign(weight), "bias": model.bias.detach()}
    model.load_state_dict(state, assign=assign)
    assert model.weight.tolist() == weight.tolist() and isinstance(model.weight, w.nn.Parameter)
    with pytest.raises(RuntimeError, match=r"(?s)weight: the model has shape \(3, 2\).*missing keys: bias"):
        model.load_state_dict({"weight": Foreign(weight[:2])})


def test_values_that_are_no_tensors_are_named(w):
    class Tensor:
        pass

    with pytest.raises(RuntimeError, match=r"bias: expected a Tensor, got .*test_state_dict.*Tensor"):
        w.nn.Linear(1, 1).load_state_dict({"weight": w.ones(1, 1), "bias": Tensor()})


def test_assign_keeps_requires_grad_of_the_module(w):
    model = w.nn.Linear(2, 2)
    model.weight.requires_grad_(False)
    model.load_state_dict({"weight": w.nn.Parameter(w.ones(2, 2)), "bias": w.ones(2)}, assign=True)
    assert not model.weight.requires_grad and model.bias.requires_grad


@weft_only
@pytest.mark.parametrize(
    "change, says",
    [
        (lambda key: key.replace("weight", "weigth"), "0.weigth: did you mean 0.weight?"),
        (lambda key: f"module.{key}", "the keys fit without 'module.'"),
        (lambda key: key[2:] if key.startswith("0.") else key, "the keys fit with '0.' before them"),
    ],
)
def test_near_keys_are_suggested(w, change, says):
    model = w.nn.Sequential(w.nn.Linear(2, 3))
    with pytest.raises(RuntimeError, match=re.escape(says)):
        model.load_state_dict({change(key): x for key, x in model.state_dict().items()})


def test_all_that_does_not_fit_is_listed_and_nothing_changed(w):
    model = w.nn.Sequential(w.nn.Linear(2, 3), w.nn.BatchNorm1d(3))
    before = {key: x.clone() for key, x in model.state_dict().items()}
    state = {key: x + 1 for key, x in before.items()}
    state["0.weight"] = w.ones(4, 2)
    state["1.running_maen"] = state.pop("1.running_mean")
    with pytest.raises(RuntimeError, match=r"(?s)(?=.*0\.weight)(?=.*1\.running_maen)(?=.*1\.running_mean)"):
        model.load_state_dict(state)
    if IS_WEFT:
        assert all(w.equal(x, before[key]) for key, x in model.state_dict().items())


@weft_only
@pytest.mark.parametrize("assign", [False, True])
def test_a_refusal_after_hooks_changes_nothing(w, assign):
    class Counted(w.nn.Linear):
        count = 1

        def get_extra_state(self):
            return self.count

        def set_extra_state(self, state):
            self.count = state

    model, seen = Counted(2, 3), []
    model.register_load_state_dict_post_hook(lambda module, keys: seen.append(module.weight.tolist()))
    weight, before = model.weight, model.weight.detach().clone()
    state = {"weight": w.ones(3, 2), "_extra_state": 5, "other": w.ones(1)}
    with pytest.raises(RuntimeError, match=r"(?s)nothing was changed.*other.*missing keys: bias"):
        model.load_state_dict(state, assign=assign)
    assert seen == [[[1.0, 1.0]] * 3]  # the hook has looked at what would be loaded
    assert model.weight is weight and w.equal(weight, before) and model.count == 1


def test_strict_hooks_and_private_names(w):
    model, seen = w.nn.Sequential(w.nn.Linear(2, 3)), []
    model[0]._register_load_state_dict_pre_hook(lambda state, prefix, *rest: seen.append((prefix, rest[1], len(rest))))
    model[0]._register_load_state_dict_pre_hook(
        lambda module, state, prefix, *rest: seen.append((type(module).__name__, len(rest))), with_module=True
    )
    model._register_state_dict_hook(lambda module, state, prefix, metadata: seen.append(prefix))
    model.load_state_dict(model.state_dict(), strict=False)
    assert seen == ["", ("0.", True, 5), ("Linear", 5)]


def test_what_hooks_return_in_place_of_the_state(w):
    model = w.nn.Sequential(w.nn.Linear(2, 3))
    child = model[0]._register_state_dict_hook(lambda module, state, prefix, metadata: {"other": 1})
    assert list(model.state_dict()) == ["0.weight", "0.bias"]  # only what is called first answers
    assert model[0].state_dict() == {"other": 1}
    child.remove()
    with model._register_state_dict_hook(lambda module, state, prefix, metadata: {**state, "more": 1}):
        assert list(model.state_dict()) == ["0.weight", "0.bias", "more"]
    model.register_state_dict_post_hook(lambda module, state, prefix, metadata: state)
    with pytest.raises(RuntimeError, match="None"):
        model.state_dict()


def test_text_of_the_keys(w):
    model = w.nn.Linear(2, 3)
    found = model.load_state_dict({"weight": w.ones(3, 2), "other": w.ones(1)}, strict=False)
    assert repr(found) == "_IncompatibleKeys(missing_keys=['bias'], unexpected_keys=['other'])"


def test_a_prefix_is_taken_off(w):
    consume = w.nn.modules.utils.consume_prefix_in_state_dict_if_present
    model = w.nn.Sequential(w.nn.Linear(1, 1), w.nn.BatchNorm1d(1))
    outer = w.nn.Module()
    outer.module = model
    state = outer.state_dict()
    consume(state, "module.")
    assert list(state) == list(model.state_dict())
    assert dict(state._metadata) == dict(model.state_dict()._metadata)
    model.load_state_dict(state)
    consume(state, "absent.")
    assert list(state) == list(model.state_dict())


def test_a_hook_sees_the_part_of_its_module(w):
    model = w.nn.Sequential(w.nn.Linear(1, 1), w.nn.Sequential(w.nn.Linear(1, 1), w.nn.Linear(1, 1)))
    seen = []
    model[1].register_load_state_dict_pre_hook(lambda module, state, prefix, *rest: seen.extend(state))
    model.load_state_dict(model.state_dict())
    assert seen == ["1.0.weight", "1.0.bias", "1.1.weight", "1.1.bias"]


def test_a_hook_below_may_rename_keys(w):
    model = w.nn.Sequential(w.nn.Linear(1, 1, bias=False))
    model[0].register_load_state_dict_pre_hook(
        lambda module, state, prefix, *rest: state.__setitem__(prefix + "weight", state.pop(prefix + "old"))
    )
    assert not model.load_state_dict({"0.old": w.full((1, 1), 3.0)}).unexpected_keys
    assert model[0].weight.item() == 3


def test_a_module_may_save_and_load_under_keys_of_its_own(w):
    class Own(w.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = w.nn.Parameter(w.ones(1))
            self.below = w.nn.Linear(1, 1, bias=False)

        def _save_to_state_dict(self, destination, prefix, keep_vars):
            destination[prefix + "doubled"] = self.weight.detach() * 2

        def _load_from_state_dict(self, state_dict, prefix, *rest):
            self.weight.data.copy_(state_dict[prefix + "doubled"] / 2)

    model, other = w.nn.Sequential(Own()), w.nn.Sequential(Own())
    model[0].weight.data.fill_(5)
    other.load_state_dict(model.state_dict())
    assert other[0].weight.item() == 5 and other[0].below.weight.equal(model[0].below.weight)
    with pytest.raises(RuntimeError, match="0.below.more"):
        other.load_state_dict({**model.state_dict(), "0.below.more": w.ones(1)})


def test_nothing_is_copied_to_the_meta_device(w):
    model = w.nn.Linear(1, 1, device="meta")
    with pytest.warns(UserWarning, match="assign=True"):
        model.load_state_dict(w.nn.Linear(1, 1).state_dict())
    assert model.weight.is_meta

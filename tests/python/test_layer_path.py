"""An exception inside forward names the path of the layer."""

import pytest
import weft
from weft import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(4, 2))

    def forward(self, x):
        return self.layers(x)


class Fails(nn.Module):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def forward(self, x):
        raise self.error


def raised(module, x=None):
    with pytest.raises(BaseException) as caught:
        module(weft.ones(3, 4) if x is None else x)
    return caught.value


def test_path_of_a_nested_layer():
    model = nn.Sequential(nn.Identity(), nn.ModuleDict({"body": Block()})["body"])
    error = raised(model)
    alone = raised(model[1].layers[2], weft.ones(3, 8))
    assert str(error).startswith("in model.1.layers.2 (Linear): ")
    assert str(alone).startswith("in Linear: ")
    assert str(error).removeprefix("in model.1.layers.2 (Linear): ") == str(alone).removeprefix("in Linear: ")
    assert type(error) is type(alone) is RuntimeError
    assert str(error).count("in model") == 1


def test_type_object_and_cause_stay():
    cause = KeyError("k")
    error = ValueError("bad value")
    error.__cause__ = cause
    assert raised(nn.Sequential(Fails(error))) is error
    assert str(error) == "in model.0 (Fails): bad value" and error.__cause__ is cause

    class Special(RuntimeError):
        pass

    assert type(raised(nn.Sequential(Fails(Special("x"))))) is Special


@pytest.mark.parametrize(
    "error", [KeyError("k"), ValueError(), ValueError("a", 2), OSError(2, "no"), KeyboardInterrupt("x")]
)
def test_other_exceptions_are_left_alone(error):
    before = error.args
    assert raised(nn.Sequential(Fails(error))) is error and error.args == before


def test_message_rewritten_on_the_way_is_kept():
    class Rewrites(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Fails(ValueError("inner"))

        def forward(self, x):
            try:
                return self.inner(x)
            except ValueError as error:
                error.args = ("something else",)
                raise

    assert str(raised(nn.Sequential(Rewrites()))) == "something else"


def test_handled_exceptions_do_no_harm():
    class Handles(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Fails(ValueError("inner"))

        def forward(self, x):
            try:
                return self.inner(x)
            except ValueError:
                return x

    model = nn.Sequential(Handles())
    assert model(1) == 1 and model(2) == 2


def test_layer_that_is_not_registered():
    class Hides(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = [Block()]

        def forward(self, x):
            return self.hidden[0](x)

    assert str(raised(nn.Sequential(Hides()))).startswith("in model.0.<Block>.layers.2 (Linear): ")


def test_the_same_exception_object_raised_twice():
    error = ValueError("again")
    model = nn.Sequential(Fails(error))
    assert str(raised(model)) == "in model.0 (Fails): again"
    assert str(raised(model)) == "in model.0 (Fails): again"


def test_error_in_the_model_itself():
    assert str(raised(Fails(ValueError("x")))) == "in Fails: x"

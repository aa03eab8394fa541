"""What constructors of layers, optimisers and schedules say of wrong arguments."""

import inspect

import pytest
import weft
from weft import nn
from weft.optim import SGD, Adam, lr_scheduler


def parameters():
    return [nn.Parameter(weft.ones(2))]


def optimizer():
    return SGD(parameters(), lr=1.0)


MISSPELT = [
    (lambda: nn.Linear(2, 2, bais=False), "Linear", "bais", "bias"),
    (lambda: nn.Conv2d(3, 4, 3, strid=2), "Conv2d", "strid", "stride"),
    (lambda: nn.LSTM(2, 3, batchfirst=True), "LSTM", "batchfirst", "batch_first"),
    (lambda: nn.BatchNorm2d(3, afine=False), "BatchNorm2d", "afine", "affine"),
    (lambda: nn.MSELoss(reductoin="sum"), "MSELoss", "reductoin", "reduction"),
    (lambda: SGD(parameters(), lrr=1.0), "SGD", "lrr", "lr"),
    (lambda: Adam(parameters(), weight_decy=1.0), "Adam", "weight_decy", "weight_decay"),
    (lambda: lr_scheduler.StepLR(optimizer(), 1, gama=0.5), "StepLR", "gama", "gamma"),
    (lambda: lr_scheduler.ReduceLROnPlateau(optimizer(), facto=0.5), "ReduceLROnPlateau", "facto", "factor"),
]


@pytest.mark.parametrize("make, kind, given, meant", MISSPELT, ids=[row[1] for row in MISSPELT])
def test_a_misspelt_keyword(make, kind, given, meant):
    with pytest.raises(TypeError) as caught:
        make()
    assert str(caught.value).startswith(
        f"{kind}.__init__() got an unexpected keyword argument '{given}'; did you mean '{meant}'?"
    )


def test_a_keyword_that_resembles_none():
    with pytest.raises(TypeError, match=r"^ReLU.__init__\(\) got .* argument 'zzz'; it takes inplace$"):
        nn.ReLU(zzz=1)
    with pytest.raises(TypeError, match=r"^Module.__init__\(\) got .* argument 'zzz'; it takes none$"):
        nn.Module(zzz=1)


def test_keywords_of_a_users_class():
    class Net(nn.Module):
        def __init__(self, width=3, *, depth=1):
            super().__init__()
            self.size = width, depth

    class Open(Net):
        def __init__(self, **options):
            super().__init__(**options)

    assert Net(width=5, depth=2).size == (5, 2) and Open(depth=4).size == (3, 4)
    with pytest.raises(TypeError, match=r"^Net.__init__\(\) got .* argument 'widht'; did you mean 'width'"):
        Net(widht=3)
    with pytest.raises(TypeError, match="widht"):
        Open(widht=3)


def test_a_class_of_which_another_base_makes_the_objects():
    class Maker:
        def __new__(cls, width):
            made = super().__new__(cls)
            made.made_with = width
            return made

    class Net(nn.Module, Maker):
        def __init__(self, width):
            super().__init__()

    assert Net(3).made_with == 3 and Net(width=4).made_with == 4


@pytest.mark.parametrize("kind", [nn.Conv2d, nn.Linear, nn.LSTM, nn.BatchNorm1d, Adam, lr_scheduler.StepLR])
def test_signatures_of_classes(kind):
    own = list(inspect.signature(kind.__init__).parameters)[1:]
    assert list(inspect.signature(kind).parameters) == own and "args" not in own


def test_the_signature_of_a_layer_is_that_of_its_call():
    assert "in_features" not in inspect.signature(nn.Linear(1, 1)).parameters


def test_a_misspelt_keyword_of_forward():
    layer = nn.Sequential(nn.TransformerEncoderLayer(4, 2))
    with pytest.raises(TypeError, match="^in TransformerEncoderLayer: .*'src_maks'; did you mean 'src_mask'"):
        layer[0](weft.ones(3, 2, 4), src_maks=None)
    with pytest.raises(TypeError, match="^in ReLU: .*'zzz'; it takes input$"):
        nn.ReLU()(zzz=1)


SIZES = [
    (lambda: nn.Linear("a", 2), TypeError, "Linear: expected an int as in_features, got str"),
    (lambda: nn.Linear(2, 2.0), TypeError, "Linear: expected an int as out_features, got float"),
    (lambda: nn.Linear(-1, 2), RuntimeError, "Linear: in_features must not be negative, got -1"),
    (lambda: nn.Conv2d("3", 4, 3), TypeError, "Conv2d: expected an int as in_channels, got str"),
    (lambda: nn.Conv2d(3, 4, "3"), TypeError, "Conv2d: expected an int as kernel_size, got str"),
    (lambda: nn.Conv2d(3, 4, (3, 1.0)), TypeError, "Conv2d: expected an int as kernel_size[1], got float"),
    (lambda: nn.Conv2d(3, 4, 0), ValueError, "Conv2d: kernel_size must be positive, got 0"),
    (lambda: nn.Conv1d(3, 4, 3, stride=0), ValueError, "Conv1d: stride must be positive, got 0"),
    (lambda: nn.Conv2d(3, 4, 3, dilation=(1, 0)), ValueError, "Conv2d: dilation[1] must be positive, got 0"),
    (lambda: nn.Conv2d(3, 4, 3, padding=-1), ValueError, "Conv2d: padding must not be negative, got -1"),
    (lambda: nn.Conv2d(3, -4, 3), RuntimeError, "Conv2d: out_channels must not be negative, got -4"),
    (lambda: nn.ConvTranspose2d(3, 4, 3, output_padding=-1), ValueError, "output_padding must not be negative, got -1"),
    (lambda: nn.BatchNorm2d("a"), TypeError, "BatchNorm2d: expected an int as num_features, got str"),
    (lambda: nn.BatchNorm2d(-3), RuntimeError, "BatchNorm2d: num_features must not be negative, got -3"),
    (lambda: nn.BatchNorm2d(3, eps="x"), TypeError, "BatchNorm2d: expected a number as eps, got str"),
    (lambda: nn.BatchNorm2d(3, momentum="x"), TypeError, "BatchNorm2d: expected a number as momentum, got str"),
    (lambda: nn.LayerNorm("a"), TypeError, "LayerNorm: expected an int as normalized_shape, got str"),
    (lambda: nn.LayerNorm((2, "a")), TypeError, "LayerNorm: expected an int as normalized_shape[1], got str"),
    (lambda: nn.RMSNorm(-1), RuntimeError, "RMSNorm: normalized_shape must not be negative, got -1"),
    (lambda: nn.GroupNorm(2, "a"), TypeError, "GroupNorm: expected an int as num_channels, got str"),
    (lambda: nn.Embedding(-1, 2), RuntimeError, "Embedding: num_embeddings must not be negative, got -1"),
    (lambda: nn.Embedding(3, 2, "1"), TypeError, "Embedding: expected an int as padding_idx, got str"),
    (lambda: nn.PReLU(-1), RuntimeError, "PReLU: num_parameters must not be negative, got -1"),
    (lambda: nn.Dropout("a"), TypeError, "Dropout: expected a number as p, got str"),
    (lambda: nn.MaxPool2d(0), ValueError, "MaxPool2d: kernel_size must be positive, got 0"),
    (lambda: nn.MaxPool2d("a"), TypeError, "MaxPool2d: expected an int as kernel_size, got str"),
    (lambda: nn.AvgPool2d((2, 0)), ValueError, "AvgPool2d: kernel_size[1] must be positive, got 0"),
    (lambda: nn.AvgPool1d(2, stride="x"), TypeError, "AvgPool1d: expected an int as stride, got str"),
    (lambda: lr_scheduler.StepLR(optimizer(), 0), ValueError, "StepLR: step_size must be positive, got 0"),
    (lambda: lr_scheduler.StepLR(optimizer(), "a"), TypeError, "StepLR: expected a number as step_size, got str"),
    (
        lambda: lr_scheduler.MultiStepLR(optimizer(), 3),
        TypeError,
        "MultiStepLR: expected numbers as milestones",
    ),
    (lambda: lr_scheduler.ExponentialLR(optimizer(), "a"), TypeError, "ExponentialLR: expected a number as gamma"),
    (lambda: lr_scheduler.CosineAnnealingLR(optimizer(), 0), ValueError, "CosineAnnealingLR: T_max must not be 0"),
    (lambda: lr_scheduler.LambdaLR(optimizer(), 3), TypeError, "LambdaLR: expected a function as lr_lambda, got int"),
    (lambda: nn.utils.clip_grad_norm_(parameters(), "a"), TypeError, "clip_grad_norm_: expected a number as max_norm"),
    (lambda: Adam(parameters()).step(3), TypeError, "Adam.step: expected a function as closure, got int"),
    (lambda: nn.Linear(1, 1).load_state_dict({3: weft.ones(1)}), TypeError, "keys must be strings, got 3 (int)"),
]


@pytest.mark.parametrize("make, error, text", SIZES, ids=[row[2] for row in SIZES])
def test_wrong_arguments(make, error, text):
    with pytest.raises(error) as caught:
        make()
    assert text in str(caught.value)


def test_a_misspelt_option_of_a_group():
    for groups in ([{"params": parameters(), "lrr": 1.0}], [{"params": parameters(), "weight_decy": 1.0}]):
        with pytest.warns(UserWarning, match="add_param_group: Adam has no option '(lrr|weight_decy)'; did you mean"):
            Adam(groups)
    Adam([{"params": parameters(), "name": "head", "lr_scale": 0.5}])  # what programs keep with their groups

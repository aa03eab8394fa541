"""weft.check_numerics: the op, line and layer that made the first NaN or infinity; nothing else changes."""

import pytest
import support
import weft
from weft import nn

pytestmark = pytest.mark.skipif(not support.IS_WEFT, reason="PyTorch has none")


class Root(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 2)

    def forward(self, x):
        y = self.inner(x) * 0 - 1
        return y.sqrt()


def test_a_tensor():
    x = weft.ones(2, requires_grad=True)
    assert weft.check_numerics(x) is x
    assert weft.check_numerics(weft.arange(3)).dtype == weft.int64
    with pytest.raises(FloatingPointError, match=r"logits: 1 NaN and 1 infinite of 3"):
        weft.check_numerics(weft.tensor([1.0, float("nan"), float("inf")]), "logits")
    weft.check_numerics(weft.tensor([float("inf")]), infinities=False)
    with pytest.raises(FloatingPointError):
        weft.check_numerics(weft.tensor([float("nan")]), infinities=False)
    with pytest.raises(FloatingPointError):
        weft.check_numerics(weft.tensor([complex(0, float("nan"))]))
    for dtype in (weft.float16, weft.bfloat16, weft.float64):
        with pytest.raises(FloatingPointError):
            weft.check_numerics(weft.tensor([float("inf")], dtype=dtype))
    assert weft.check_numerics(weft.empty(0)).numel() == 0
    with pytest.raises(TypeError, match="check_numerics"):
        weft.check_numerics(3)
    with pytest.raises(TypeError, match="message"):
        weft.check_numerics(weft.ones(1), 3)


def test_a_model_names_layer_op_and_line():
    model = nn.Sequential(nn.Linear(2, 2), Root(), nn.Linear(2, 1))
    says = r"layer '1' \(Root\).*2 NaN of 2.*the first is 'sqrt', in model.1 \(Root\), at .*numerics.py:\d+: return"
    with weft.check_numerics(model) as guard:
        assert isinstance(guard, nn.utils.FiniteGuard)
        with pytest.raises(FloatingPointError, match=says):
            model(weft.ones(1, 2))
    assert not weft.is_anomaly_enabled()


def test_a_scope_names_op_line_and_layer():
    model = nn.Sequential(nn.Linear(2, 2), Root())
    with pytest.raises(FloatingPointError, match=r"first is 'sqrt', in model.1 \(Root\), at .*test_check_num"):
        with weft.check_numerics():
            model(weft.ones(1, 2))
    assert model(weft.ones(1, 2)).isnan().all()  # it is off again


def test_backward_names_where_it_was_recorded():
    x = weft.zeros(2, requires_grad=True)
    with (
        weft.check_numerics(),
        pytest.raises(FloatingPointError, match="in the backward of 'sqrt', which was recorded"),
    ):
        x.sqrt().sum().backward()
    assert x.grad is None and not weft.is_anomaly_enabled()


def test_infinities_that_are_meant():
    scores = weft.randn(1, 1, 4, 4, requires_grad=True)
    with weft.check_numerics():
        mask = weft.full((4, 4), float("-inf")).triu(1)
        (scores + mask).softmax(-1).sum().backward()
        scores.masked_fill(mask < 0, float("-inf")).softmax(-1).sum().backward()
        nn.functional.scaled_dot_product_attention(scores, scores, scores, attn_mask=mask).sum().backward()
        nn.functional.scaled_dot_product_attention(scores, scores, scores, is_causal=True).sum().backward()
        filled = weft.ones(3)
        filled[0] = float("inf")
        filled.fill_(float("nan"))
        assert filled.max().isnan()
        weft.tensor([1.0, float("inf")]).max()


def test_infinities_or_only_nan():
    with weft.check_numerics(), pytest.raises(FloatingPointError, match="infinity in a result"):
        weft.zeros(1).log()
    with weft.check_numerics(infinities=False):
        y = weft.zeros(1).log()
        with pytest.raises(FloatingPointError, match="NaN in a result.*of which some were infinite"):
            y - y


def test_nan_that_was_there_is_not_blamed():
    x = weft.tensor([float("nan")])
    with weft.check_numerics():
        assert (x * 2).exp().isnan().all()
        x.add_(1)


def test_in_place():
    x = weft.zeros(3)
    with weft.check_numerics(), pytest.raises(FloatingPointError, match="'log'"):
        x.log_()
    with weft.check_numerics():
        x.add_(1)


def test_decorator_nesting_and_results():
    @weft.check_numerics()
    def f(x):
        return (x * 2).relu().sum()

    x = weft.randn(5, requires_grad=True)
    with weft.check_numerics():
        y = f(x)
    y.backward()
    assert weft.equal(y, (x * 2).relu().sum()) and x.grad is not None
    with pytest.raises(FloatingPointError):
        f(weft.tensor([3e38]))


def test_training_under_it_is_the_same():
    def train():
        weft.manual_seed(0)
        layers = [nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(), nn.Linear(144, 3)]
        model = nn.Sequential(*layers)
        optimizer = weft.optim.Adam(model.parameters())
        for _ in range(2):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(weft.randn(5, 1, 8, 8)), weft.tensor([0, 1, 2, 0, 1]))
            loss.backward()
            optimizer.step()
        return [*model.state_dict().values()]

    plain = train()
    with weft.check_numerics():
        checked = train()
    assert all(weft.equal(a, b) for a, b in zip(plain, checked))


def test_jitted_functions_run_eagerly_under_it():
    f = weft.jit(lambda x: x.log() * 2)
    f(weft.ones(2))
    with weft.check_numerics(), pytest.raises(FloatingPointError, match="'log'"):
        f(weft.zeros(2))
    with pytest.raises(RuntimeError, match="check_numerics"):

        @weft.jit
        def g(x):
            with weft.check_numerics():
                return x * 2

        g(weft.ones(2))


def test_transforms_under_it():
    with weft.check_numerics():
        _, tangent = weft.func.jvp(lambda x: x.exp(), (weft.ones(2),), (weft.ones(2),))
        batched = weft.vmap(lambda x: x.sum())(weft.ones(3, 2))
    assert tangent.shape == (2,) and batched.shape == (3,)


def test_profiles_under_it():
    with weft.profiler.profile() as prof, weft.check_numerics():
        weft.ones(2).exp()
    assert "exp" in [e.name for e in prof.events()]

"""With equal weights, data and noise, the losses of the first twenty steps are PyTorch's, model by model.

Each program is written once, for a module that is weft or torch. Where the rounding of float32 grows step by step (Adam
divides by small numbers), it runs in float64, where it does not show.
"""

import numpy as np
import pytest
import weft
from support import weft_only

torch = pytest.importorskip("torch")
pytestmark = weft_only
STEPS = 20


def mlp(lib):
    nn = lib.nn
    return nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 32), nn.GELU(), nn.Linear(32, 3))


def cnn(lib):
    nn = lib.nn
    return nn.Sequential(
        nn.Conv2d(2, 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, stride=2, padding=1, groups=2),
        nn.BatchNorm2d(16),
        nn.SiLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 3),
    )


def gpt(lib, symbols=11, context=12, width=16, heads=2):
    nn, F = lib.nn, lib.nn.functional

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x):
            b, t, _ = x.shape
            q, k, v = self.qkv(self.norm1(x)).view(b, t, 3, heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(y.transpose(1, 2).reshape(b, t, width))
            return x + self.mlp(self.norm2(x))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.token, self.place = nn.Embedding(symbols, width), nn.Embedding(context, width)
            self.blocks = nn.ModuleList([Block(), Block()])
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, symbols, bias=False)
            self.head.weight = self.token.weight

        def forward(self, ids):
            x = self.token(ids) + self.place(lib.arange(ids.shape[1]))
            for block in self.blocks:
                x = block(x)
            return self.head(self.norm(x))

    return GPT()


def vae(lib, size=20, hidden=16, latent=4):
    nn = lib.nn

    class VAE(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(size, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent))
            self.decoder = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, size))

        def forward(self, x, noise):
            mean, log_var = self.encoder(x).chunk(2, 1)
            return self.decoder(mean + noise * (log_var / 2).exp()), mean, log_var

    return VAE()


def bag_of_words(lib):
    nn = lib.nn

    class Words(nn.Module):
        def __init__(self):
            super().__init__()
            self.words = nn.Embedding(15, 8, padding_idx=0)
            self.norm = nn.GroupNorm(2, 8)
            self.out = nn.Linear(8, 3)

        def forward(self, ids):
            seen = (ids != 0).unsqueeze(-1).to(self.words.weight.dtype)
            return self.out(self.norm((self.words(ids) * seen).sum(1) / seen.sum(1).clamp(min=1)))

    return Words()


def classify(lib, model, x, y):
    return lib.nn.functional.cross_entropy(model(x), y)


def predict(lib, model, x, y):
    return lib.nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())


def lower_bound(lib, model, x, noise):
    found, mean, log_var = model(x, noise)
    divergence = (mean.square() + log_var.exp() - 1 - log_var).sum() / 2
    return lib.nn.functional.binary_cross_entropy_with_logits(found, x, reduction="sum") / 20 + divergence


rng = np.random.default_rng(0)
INPUTS = {
    "table": lambda: (rng.normal(size=(STEPS, 16, 8)), rng.integers(0, 3, (STEPS, 16))),
    "images": lambda: (rng.normal(size=(STEPS, 8, 2, 12, 12)), rng.integers(0, 3, (STEPS, 8))),
    "text": lambda: (rng.integers(0, 11, (STEPS, 4, 12)), rng.integers(0, 11, (STEPS, 4, 12))),
    "bits": lambda: (rng.integers(0, 2, (STEPS, 8, 20)).astype(float), rng.normal(size=(STEPS, 8, 4))),
    "words": lambda: (rng.integers(0, 15, (STEPS, 16, 6)), rng.integers(0, 3, (STEPS, 16))),
}
OPTIMIZERS = {
    "sgd": lambda lib, p: lib.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "adam": lambda lib, p: lib.optim.Adam(p, lr=3e-3),
    "adamw": lambda lib, p: lib.optim.AdamW(p, lr=3e-3, betas=(0.9, 0.95), weight_decay=0.1),
}
PROGRAMS = {
    "mlp": (mlp, classify, "table", "sgd", "float32"),
    "mlp-adam": (mlp, classify, "table", "adam", "float64"),
    "cnn": (cnn, classify, "images", "sgd", "float32"),
    "cnn-adam": (cnn, classify, "images", "adam", "float64"),
    "gpt": (gpt, predict, "text", "adamw", "float64"),
    "gpt-float32": (gpt, predict, "text", "sgd", "float32"),
    "vae": (vae, lower_bound, "bits", "adam", "float64"),
    "words": (bag_of_words, classify, "words", "adamw", "float32"),
}


def losses(lib, name, weights, batches):
    """The loss of each step, the gradient's norm clipped and the rate falling on a schedule."""
    make, loss_of, _, optimizer, dtype = PROGRAMS[name]
    dtype = getattr(lib, dtype)
    model = make(lib).to(dtype)
    model.load_state_dict({key: lib.tensor(value) for key, value in weights.items()})
    optimizer = OPTIMIZERS[optimizer](lib, model.parameters())
    scheduler = lib.optim.lr_scheduler.CosineAnnealingLR(optimizer, 2 * STEPS)
    found = []
    for arrays in zip(*batches, strict=True):
        inputs = [lib.tensor(array) for array in arrays]
        inputs = [x.to(dtype) if x.is_floating_point() else x for x in inputs]
        loss = loss_of(lib, model, *inputs)
        optimizer.zero_grad()
        loss.backward()
        lib.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        scheduler.step()
        found.append(loss.item())
    return found, {key: value.detach().numpy() for key, value in model.state_dict().items()}


@pytest.mark.parametrize("name", PROGRAMS)
def test_losses_are_pytorchs(name):
    make, _, data, _, dtype = PROGRAMS[name]
    torch.manual_seed(0)
    model = make(torch).to(getattr(torch, dtype))
    weights = {key: value.numpy().copy() for key, value in model.state_dict().items()}
    batches = INPUTS[data]()
    ours, our_state = losses(weft, name, weights, batches)
    theirs, their_state = losses(torch, name, weights, batches)
    assert len(ours) == STEPS and theirs[0] != theirs[-1]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4)
    assert our_state.keys() == their_state.keys()
    for key, value in our_state.items():
        np.testing.assert_allclose(value, their_state[key], rtol=0, atol=2e-4, err_msg=key)


def test_a_wrong_step_would_show(monkeypatch):
    """The comparison sees a rate of learning that is one per cent off."""
    torch.manual_seed(0)
    weights = {key: value.numpy().copy() for key, value in mlp(torch).state_dict().items()}
    batches = INPUTS["table"]()
    right, _ = losses(weft, "mlp", weights, batches)
    wrong = lambda lib, p: lib.optim.SGD(p, lr=0.0505, momentum=0.9, nesterov=True, weight_decay=1e-3)  # noqa: E731
    monkeypatch.setitem(OPTIMIZERS, "sgd", wrong)
    assert np.abs(np.subtract(losses(weft, "mlp", weights, batches)[0], right)).max() > 1e-4

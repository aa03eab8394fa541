# %% [markdown]
# # Generative models
#
# A variational autoencoder (Kingma and Welling, 2014) learns what digits look like, and draws new ones. `examples/`
# has a diffusion model and a generative adversarial network, too.

# %%
import matplotlib.pyplot as plt
import weft
import weft.nn as nn
from weft import datasets
from weft.distributions import Bernoulli, Normal, kl_divergence
from weft.utils.data import DataLoader, TensorDataset

weft.manual_seed(0)
digits = datasets.Digits(train=True)
images = digits.data.float().flatten(1) / 16
loader = DataLoader(TensorDataset(images, digits.targets), batch_size=128, shuffle=True)


class VAE(nn.Module):
    def __init__(self, hidden=8):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 256), nn.SiLU(), nn.Linear(256, 2 * hidden))
        self.decoder = nn.Sequential(nn.Linear(hidden, 256), nn.SiLU(), nn.Linear(256, 64))

    def encode(self, x):
        mean, log_scale = self.encoder(x).chunk(2, -1)
        return Normal(mean, log_scale.exp())

    def forward(self, x):
        hidden = self.encode(x)
        seen = Bernoulli(logits=self.decoder(hidden.rsample()), validate_args=False)  # shades of grey, too
        apart = kl_divergence(hidden, Normal(weft.tensor(0.0), weft.tensor(1.0))).sum(-1)
        return (apart - seen.log_prob(x).sum(-1)).mean()


model = VAE()
optimizer = weft.optim.Adam(model.parameters(), lr=2e-3)
losses = []
for _ in range(40):
    for x, _ in loader:
        optimizer.zero_grad()
        loss = model(x)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
plt.plot(losses)
plt.xlabel("step")
plt.ylabel("nats per image")
plt.show()

# %% [markdown]
# ## Digits that nobody wrote

# %%
with weft.no_grad():
    drawn = model.decoder(weft.randn(32, 8)).sigmoid().view(4, 8, 8, 8)
plt.imshow(drawn.permute(0, 2, 1, 3).reshape(32, 64), cmap="gray_r")
plt.axis("off")
plt.show()

# %% [markdown]
# ## From one to another

# %%
with weft.no_grad():
    first, second = (model.encode(images[digits.targets == label][0]).mean for label in (0, 3))
    way = weft.linspace(0, 1, 10).unsqueeze(1)
    between = model.decoder(first * (1 - way) + second * way).sigmoid().view(10, 8, 8)
plt.imshow(between.permute(1, 0, 2).reshape(8, 80), cmap="gray_r")
plt.axis("off")
plt.show()

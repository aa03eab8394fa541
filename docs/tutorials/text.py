# %% [markdown]
# # Text
#
# A small GPT learns to write, one character after the other. Its text is Python's own language reference, which comes
# with every Python.

# %%
import math
from pydoc_data.topics import topics

import matplotlib.pyplot as plt
import weft
import weft.nn as nn
import weft.nn.functional as F
from weft.utils.data import DataLoader, Dataset

weft.manual_seed(0)
text = "\n".join(topics.values())
letters = sorted({c for c in text if ord(c) < 128})
number = {c: i for i, c in enumerate(letters)}
tokens = weft.tensor([number[c] for c in text if c in number])
print(f"{len(tokens):,} characters, {len(letters)} different ones")


class Windows(Dataset):
    """Pieces of the text, and the same shifted by one."""

    def __init__(self, tokens, length):
        self.windows = tokens[: len(tokens) // length * length].view(-1, length)

    def __len__(self):
        return len(self.windows)

    def __getitem__(self, index):
        return self.windows[index, :-1], self.windows[index, 1:]


# %% [markdown]
# Attention in one call: `scaled_dot_product_attention` never holds the matrix of weights.


# %%
class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.inputs, self.output = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        n, length, width = x.shape
        q, k, v = self.inputs(self.norm1(x)).view(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.output(y.transpose(1, 2).reshape(n, length, width))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    def __init__(self, symbols, length, width=96, heads=4, layers=3):
        super().__init__()
        self.length = length
        self.token, self.position = nn.Embedding(symbols, width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(*[Block(width, heads) for _ in range(layers)])
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, symbols, bias=False)

    def forward(self, x):
        x = self.token(x) + self.position(weft.arange(x.shape[1]))
        return self.head(self.norm(self.blocks(x)))


LENGTH, STEPS = 64, 500
loader = DataLoader(Windows(tokens, LENGTH + 1), batch_size=32, shuffle=True, drop_last=True)
model = GPT(len(letters), LENGTH)
optimizer = weft.optim.AdamW(model.parameters(), lr=2e-3)
schedule = weft.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=STEPS)


@weft.jit
def step(x, y):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss


losses = []
for (x, y), _ in zip(loader, range(STEPS)):
    losses.append(step(x, y).item())
    schedule.step()
plt.plot(losses)
plt.xlabel("step")
plt.ylabel("nats per character")
plt.show()
print(f"loss {sum(losses[-20:]) / 20:.3f} nats per character; guessing would be {math.log(len(letters)):.3f}")

# %% [markdown]
# ## What it writes


# %%
@weft.inference_mode()
def write(start, count, temperature=0.7):
    x = weft.tensor([[number[c] for c in start]])
    for _ in range(count):
        logits = model(x[:, -LENGTH:])[:, -1] / temperature
        x = weft.cat([x, weft.multinomial(F.softmax(logits, -1), 1)], 1)
    return "".join(letters[i] for i in x[0].tolist())


print(write("The value of ", 300))

"""Train a small GPT on the characters of a text, and let it write.

Usage: python examples/char_gpt.py --data input.txt

The file is plain text; the first nine tenths are learnt, the rest measures the validation loss (nats per character).
The network is a decoder of the kind of GPT-2 (Radford et al., 2019): attention to what came before, layer norms in
front, learnt positions.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import weft
import weft.nn as nn
import weft.nn.functional as F
from weft.datasets import Characters


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.inputs = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)

    def forward(self, x):
        batch, length, width = x.shape
        parts = self.inputs(x).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.output(y.transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width), Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    def __init__(self, symbols, context, width, heads, layers):
        super().__init__()
        self.context = context
        self.token = nn.Embedding(symbols, width)
        self.position = nn.Embedding(context, width)
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, symbols, bias=False)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                last = name.endswith(("output.weight", "mlp.2.weight"))  # these add to the residual stream
                nn.init.normal_(p, 0.0, 0.02 / math.sqrt(2 * layers) if last else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, ids):
        x = self.token(ids) + self.position(weft.arange(ids.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))

    @weft.no_grad()
    def write(self, ids, count):
        for _ in range(count):
            probs = F.softmax(self(ids[:, -self.context :])[:, -1], -1)
            ids = weft.cat([ids, weft.multinomial(probs, 1)], 1)
        return ids


def loss_of(model, windows):
    """The loss of predicting each next character of (batch, context + 1) of them."""
    windows = weft.from_numpy(windows)
    return F.cross_entropy(model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())


@weft.no_grad()
def validation_loss(model, ids, context):
    """The mean over windows that follow one another, at most 200 of them."""
    starts = np.arange(0, len(ids) - context - 1, context)[:200]
    windows = np.stack([ids[s : s + context + 1] for s in starts])
    return sum(loss_of(model, part).item() * len(part) for part in np.array_split(windows, 10)) / len(windows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a text file")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--small", action="store_true", help="a tiny network, for a quick try")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    context, width, heads, layers, batch = (16, 32, 2, 1, 16) if args.small else (64, 64, 4, 3, 32)

    text = args.data.read_text(encoding="utf-8")
    data = Characters(text, context)
    ids, symbols = data.encode(text).numpy(), data.characters
    cut = len(ids) * 9 // 10

    weft.manual_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    model = GPT(len(symbols), context, width, heads, layers)
    optimizer = weft.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1)
    warmup = max(1, args.steps // 20)
    rate = lambda step: min((step + 1) / warmup, 0.1 + 0.45 * (1 + math.cos(math.pi * step / args.steps)))  # noqa: E731
    scheduler = weft.optim.lr_scheduler.LambdaLR(optimizer, rate)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(symbols)} symbols")

    start = time.perf_counter()
    for step in range(1, args.steps + 1):
        places = rng.integers(0, cut - context - 1, batch)
        loss = loss_of(model, np.stack([ids[p : p + context + 1] for p in places]))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        if step % max(1, args.steps // 8) == 0:
            validation = validation_loss(model, ids[cut:], context)
            seconds = time.perf_counter() - start
            print(f"step {step}: loss {loss.item():.3f}, validation {validation:.4f}, {seconds:.0f} s", flush=True)

    written = model.write(weft.tensor([ids[cut : cut + 1]]), 100 if args.small else 300)
    print("".join(symbols[i] for i in written[0].tolist()))
    print(f"validation loss: {validation:.4f}")


if __name__ == "__main__":
    main()

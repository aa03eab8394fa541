"""A character model whose recurrent cell is written by hand."""

import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

text = "the quick brown fox jumps over the lazy dog. " * 20
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text], dtype=torch.long)


class RNNModel(nn.Module):
    def __init__(self, vocab, hidden):
        super().__init__()
        self.hidden = hidden
        self.embed = nn.Embedding(vocab, hidden)
        self.i2h = nn.Linear(hidden, 3 * hidden)
        self.h2h = nn.Linear(hidden, 3 * hidden, bias=False)
        self.head = nn.Linear(hidden, vocab)
        for name, p in self.named_parameters():
            if p.dim() > 1:
                nn.init.xavier_uniform_(p)

    def init_hidden(self, batch):
        return next(self.parameters()).new_zeros(batch, self.hidden)

    def forward(self, x, h):
        outputs = []
        for t in range(x.size(1)):
            r1, z1, n1 = self.i2h(self.embed(x[:, t])).chunk(3, dim=-1)
            r2, z2, n2 = self.h2h(h).chunk(3, dim=-1)
            r, z = torch.sigmoid(r1 + r2), torch.sigmoid(z1 + z2)
            h = (1 - z) * torch.tanh(n1 + r * n2) + z * h
            outputs.append(h)
        return self.head(torch.stack(outputs, dim=1)), h.detach()


torch.manual_seed(0)
model = RNNModel(len(chars), 48)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
criterion = nn.CrossEntropyLoss()
first = None
for step in range(60):
    starts = torch.randint(0, len(data) - 26, (8,))
    batch = torch.stack([data[i : i + 26] for i in starts.tolist()])
    model.zero_grad()
    logits, hidden = model(batch[:, :-1], model.init_hidden(8))
    loss = criterion(logits.reshape(-1, logits.size(-1)), batch[:, 1:].flatten())
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    first = first or loss.item()


@torch.no_grad()
def sample(start, length, temperature=0.5):
    model.eval()
    h, out = model.init_hidden(1), [stoi[start]]
    for _ in range(length):
        logits, h = model(torch.tensor([[out[-1]]]), h)
        out.append(torch.multinomial(torch.softmax(logits[0, -1] / temperature, dim=0), 1).item())
    return "".join(chars[i] for i in out)


print(first, loss.item(), sample("t", 40))
assert loss.item() < 0.5 * first

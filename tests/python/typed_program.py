"""A program that type checkers accept in their strictest mode: a hundred different calls."""

from __future__ import annotations

import weft
import weft.nn.functional as F
from weft import nn
from weft.utils.data import DataLoader, TensorDataset


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: weft.Tensor) -> weft.Tensor:
        y: weft.Tensor = self.down(F.gelu(self.up(self.norm(x))))
        return x + self.dropout(y)


def creation() -> list[weft.Tensor]:
    a = weft.zeros(2, 3)
    b = weft.ones((2, 3), dtype=weft.float64)
    c = weft.full((2,), 1.5, device="cpu")
    d = weft.arange(0, 10, 2)
    e = weft.linspace(0.0, 1.0, steps=5)
    f = weft.eye(3)
    g = weft.empty(4)
    h = weft.rand(2, 3)
    i = weft.randn((2, 3), requires_grad=True)
    j = weft.randint(0, 10, (4,))
    k = weft.randperm(5)
    m = weft.tensor([[1, 2], [3, 4]])
    n = weft.zeros_like(a)
    o = weft.as_tensor([1.0, 2.0])
    p = weft.full_like(b, 2)
    return [a, b, c, d, e, f, g, h, i, j, k, m, n, o, p]


def elementwise(x: weft.Tensor, y: weft.Tensor) -> weft.Tensor:
    z = x + y - 2 * x / (y + 3)
    z = weft.exp(z).log().sin().cos().tanh().sigmoid().abs().sqrt()
    z = weft.clamp(z, 0.0, 1.0)
    z = weft.maximum(z, weft.minimum(x, y))
    z = weft.where(z > 0.5, z, 0.0)
    z = z.pow(2).square().neg().relu()
    z = weft.lerp(z, x, 0.5)
    z.add_(1).mul_(2).clamp_(min=0)
    return weft.addcmul(z, x, y, value=0.5)


def reductions(x: weft.Tensor) -> float:
    total = x.sum() + x.mean(0).sum() + x.sum(dim=(0, 1)) + x.sum(axis=0, keepdims=True).max()
    values, indices = x.max(dim=1)
    total = total + values.sum() + indices.float().mean()
    total = total + x.var(unbiased=False) + x.std(0).sum() + x.amax(1).sum() + x.argmax()
    total = total + x.prod() + x.logsumexp(1).sum() + x.norm() + x.cumsum(0).sum()
    if weft.isnan(x).any() or bool((x > 1e9).all()):
        return float("nan")
    return float(total.item())


def movement(x: weft.Tensor) -> weft.Tensor:
    y = x.reshape(-1).view(2, 3).t().contiguous().flatten().unsqueeze(0).squeeze(0)
    y = y.view(3, 2).transpose(0, 1).permute(1, 0).expand(3, 2).repeat(2, 1)
    parts = y.split(2) + y.chunk(3)
    y = weft.cat([*parts], 0)
    y = weft.stack([y, y.flip(0)]).movedim(0, -1).roll(1, 0)
    rows, columns = y.shape[0], y.size(1)
    y = y[: rows // 2, ..., None].squeeze(-1)
    y = y.gather(0, weft.zeros(1, columns, 2, dtype=weft.int64)).index_select(0, weft.tensor([0]))
    values, order = weft.sort(y.flatten(), descending=True)
    best = weft.topk(values, 2)
    return (
        best.values + order[:2].to(weft.float32) + weft.tril(weft.ones(2, 2)).diagonal().masked_fill(order[:2] > 0, 0)
    )


def products(a: weft.Tensor, b: weft.Tensor) -> weft.Tensor:
    c = a @ b + weft.matmul(a, b) + weft.mm(a, b) + weft.einsum("ij,jk->ik", a, b)
    return weft.bmm(c[None], c[None])[0] + weft.outer(c[0], c[0]) + weft.tensordot(c, c, 1) + weft.dot(c[0], c[0])


def training() -> float:
    weft.manual_seed(0)
    device = weft.device("cpu")
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), Block(8), nn.Linear(8, 3)).to(device)
    optimizer = weft.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.01)
    schedule = weft.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)
    data = TensorDataset(weft.randn(32, 4), weft.randint(0, 3, (32,)))
    last = 0.0
    for _ in range(2):
        for x, y in DataLoader(data, batch_size=8, shuffle=True):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            last = float(loss.item())
        schedule.step()
    with weft.no_grad():
        model.eval()
        predicted = model(weft.randn(5, 4)).softmax(-1).argmax(-1)
    assert predicted.shape == (5,) and predicted.dtype == weft.int64
    state = model.state_dict()
    model.load_state_dict(state)
    return last


@weft.no_grad()
def evaluate(model: nn.Module, x: weft.Tensor) -> weft.Tensor:
    result: weft.Tensor = model(x)
    return result


@weft.jit
def compiled(x: weft.Tensor, w: weft.Tensor) -> weft.Tensor:
    return F.relu(x @ w).sum()


def gradients() -> weft.Tensor:
    x = weft.ones(3, requires_grad=True)
    (g,) = weft.autograd.grad((x * x).sum(), [x])
    per_row: weft.Tensor = weft.vmap(lambda row: (row * row).sum())(weft.ones(2, 3))
    hook = x.register_hook(lambda grad: grad * 2)
    hook.remove()
    return g + x.detach() + per_row.sum()


def main() -> None:
    x = weft.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    assert len(creation()) == 15
    assert elementwise(x, x.clone()).shape == (2, 3)
    assert reductions(x) > 0
    assert movement(x).numel() == 2
    assert products(weft.ones(2, 2), weft.eye(2)).shape == (2, 2)
    assert training() > 0
    assert evaluate(nn.Identity(), x) is x
    assert float(compiled(x, weft.ones(3, 2))) > 0
    assert gradients().shape == (3,)


if __name__ == "__main__":
    main()

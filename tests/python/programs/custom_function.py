"""Functions with backwards of their own, hooks, higher derivatives, gradcheck."""

import math

import torch
from torch.autograd import Function, grad, gradcheck


class LegendrePolynomial3(Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return 0.5 * (5 * input**3 - 3 * input)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * input**2 - 1)


class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, levels):
        ctx.levels = levels
        ctx.mark_non_differentiable()
        return torch.round(x * levels) / levels

    @staticmethod
    def backward(ctx, g):
        assert ctx.needs_input_grad == (True, False)
        return g, None


torch.manual_seed(0)
dtype, device = torch.float, torch.device("cpu")
x = torch.linspace(-math.pi, math.pi, 2000, device=device, dtype=dtype)
y = torch.sin(x)
a, b, c, d = (torch.full((), v, device=device, dtype=dtype, requires_grad=True) for v in (0.0, -1.0, 0.0, 0.3))
learning_rate = 5e-6
for t in range(2000):
    P3 = LegendrePolynomial3.apply
    loss = (a + b * P3(c + d * x) - y).pow(2).sum()
    loss.backward()
    with torch.no_grad():
        for p in (a, b, c, d):
            p -= learning_rate * p.grad
            p.grad = None
print(f"Result: y = {a.item()} + {b.item()} * P3({c.item()} + {d.item()} x)")
assert loss.item() < 15
assert gradcheck(LegendrePolynomial3.apply, (torch.randn(4, dtype=torch.double, requires_grad=True),))
q = torch.tensor([0.3, 0.6], requires_grad=True)
seen = []
handle = q.register_hook(lambda g: seen.append(g.clone()))
StraightThrough.apply(q, 4).sum().backward()
handle.remove()
assert q.grad.tolist() == [1, 1] and len(seen) == 1
z = torch.tensor(2.0, requires_grad=True)
(g1,) = grad(z**4, z, create_graph=True)
(g2,) = grad(g1, z, create_graph=True)
g2.backward()
assert g1.item() == 32 and g2.item() == 48 and z.grad.item() == 48

"""The gradient of y = a^2 x + b x + c with respect to a, b and c, at x = 1, a = 2, b = 3, c = 4."""

import weft

x = weft.tensor(1.0)
a = weft.tensor(2.0, requires_grad=True)
b = weft.tensor(3.0, requires_grad=True)
c = weft.tensor(4.0, requires_grad=True)

y = a**2 * x + b * x + c
y.backward()

print("y     =", y.item())
print("dy/da =", a.grad.item())  # 2 a x
print("dy/db =", b.grad.item())  # x
print("dy/dc =", c.grad.item())  # 1

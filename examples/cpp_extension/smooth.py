"""An op written in C++ (ema.cpp, compiled on the first run), its gradient, and a training step compiled by weft.jit.

Finds the signal whose exponential moving average is a given curve.
"""

from pathlib import Path

import weft
from weft.utils.cpp_extension import load

SOURCE = Path(__file__).parent / "ema.cpp"


def main():
    smoothing = load("ema_extension", [SOURCE])

    x = weft.randn(3, 20, dtype=weft.float64, requires_grad=True)
    assert weft.autograd.gradcheck(lambda x: smoothing.ema(x, 0.3), (x,))
    assert weft.autograd.gradgradcheck(lambda x: smoothing.ema(x, 0.3), (x,))
    print("gradients agree with finite differences")

    curve = weft.sin(weft.linspace(0, 6, 1000))
    signal = weft.zeros(1000, requires_grad=True)
    optimizer = weft.optim.Adam([signal], lr=0.05)

    @weft.jit
    def step():
        optimizer.zero_grad()
        loss = (smoothing.ema(signal, 0.3) - curve).square().mean()
        loss.backward()
        optimizer.step()
        return loss

    for _ in range(500):
        loss = step()
    print(f"mean squared error: {loss.item():.2e}")


if __name__ == "__main__":
    main()

"""Measures what the guards of a jitted training step of ResNet-18 cost at every call, and how many there are.

    python benchmarks/guards.py

Guards are what a trace has read of Python: parameters and attributes of modules, variables, default arguments. A call
compares all of them with what is there now.
"""

import time

import models
import weft
from measure import cpu_name


def thread_seconds(function, calls):
    """Processor time of one call, which other work on the machine does not change much."""
    start = time.thread_time()
    for _ in range(calls):
        function()
    return (time.thread_time() - start) / calls


def main():
    model = models.resnet18(weft)
    optimizer = weft.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    @weft.jit
    def step(x, y):
        optimizer.zero_grad()
        loss = weft.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    step(weft.randn(2, 3, 32, 32), weft.randint(0, 10, (2,)))
    compiled = step.compiled[-1]
    assert not compiled.guards.changed()
    guards = compiled.guards
    seconds = min(thread_seconds(guards.changed, 300) for _ in range(30))
    print(f"{cpu_name()}: {len(guards)} guards, {seconds * 1e6:.1f} us for each call")


if __name__ == "__main__":
    main()

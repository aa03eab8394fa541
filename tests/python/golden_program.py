"""The program in data/program_v1.safetensors, and the call whose results stand in data/program_v1_call.safetensors.

All its numbers are small integers, so that every machine computes the same bits. A new schema version gets files of its
own: ``python tests/python/golden_program.py VERSION`` writes them. Old ones are never written again.
"""

import sys
from pathlib import Path

DATA = Path(__file__).parent / "data"


def model(w):
    nn = w.nn

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3, padding=1)
            self.linear = nn.Linear(8, 3)
            self.embedding = nn.Embedding(5, 3)
            self.register_buffer("calls", w.zeros((), dtype=w.int64))

        def forward(self, images, words, *, scale):
            self.calls += 1
            x = nn.functional.max_pool2d(self.conv(images).relu(), 2)
            x = self.linear(x.flatten(1)) * scale + self.embedding(words)
            x = w.cond(words.sum() > 3, lambda t: t + 1, lambda t: t - 1, (x,))
            total = w.while_loop(lambda t: t.sum() < 50, lambda t: (t + 5,), (x.abs(),))[0]
            running, sums = w.scan(lambda carry, row: (carry + row, carry * 2), w.zeros(3), x)
            table = w.tensor([[0, 1, 2], [3, 4, 5]])
            return {"x": x, "first": x[0], "total": total, "sums": (running, sums), "picked": table[words % 2], "n": 3}

    made = Model()
    with w.no_grad():
        for tensor in made.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_((w.arange(tensor.numel()) % 5 - 2).reshape(tensor.shape))
    return made


def call(w):
    images = (w.arange(32).reshape(2, 1, 4, 4) % 7 - 3).float()
    return (images, w.tensor([1, 4])), {"scale": w.tensor(2.0)}


def flat(result):
    return [result["x"], result["first"], result["total"], *result["sums"], result["picked"]]


def sized(w):
    """The function in data/sizes_v1.safetensors, for any number of rows."""

    def function(x):
        return w.nn.functional.max_pool2d((x @ x.T).unsqueeze(0), 2, stride=2, padding=1).sum(0) + w.arange(1)

    return function


def sized_call(w, n):
    """An argument of n rows, and the result, computed in another way."""
    import numpy as np

    x = np.arange(n * 3, dtype=np.float32).reshape(n, 3) % 5 - 2
    padded = np.pad(x @ x.T, ((1, 1), (1, 1)), constant_values=-np.inf)
    size = n // 2 + 1
    blocks = padded[: size * 2, : size * 2].reshape(size, 2, size, 2)
    return w.tensor(x), w.tensor(blocks.max(axis=(1, 3)))


def write(version):
    import weft

    args, kwargs = call(weft)
    program = weft.export.export(model(weft), args, kwargs)
    results = flat(program(*args, **kwargs))
    constants = [t.clone() for t in (*args, *kwargs.values(), *results)]
    recorded = weft.export.export(lambda: tuple(t.clone() for t in constants), ())
    DATA.mkdir(exist_ok=True)
    fresh = weft.export.export(model(weft), args, kwargs)  # one that has not run yet
    weft.export.save(fresh, DATA / f"program_v{version}.safetensors")
    dim = weft.export.Dim("rows", max=64)
    with_sizes = weft.export.export(sized(weft), (sized_call(weft, 3)[0],), dynamic_shapes=({0: dim},))
    weft.export.save(with_sizes, DATA / f"sizes_v{version}.safetensors")
    weft.export.save(recorded, DATA / f"program_v{version}_call.safetensors")


if __name__ == "__main__":
    write(int(sys.argv[1]))

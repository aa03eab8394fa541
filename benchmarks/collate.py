"""What a sample costs in a DataLoader without workers, in Weft and in PyTorch: processor time per sample, by dataset.
Then windows of a file of tokens: TokenStream beside the usual dataset that slices a NumPy memmap.

Usage: python benchmarks/collate.py [--repeats 9] [--batch 64]

Both run in this process, in turns, with one thread. A figure is the least of the repeats.
"""

import argparse
import tempfile
import time

import numpy as np

COUNT = 4096


def datasets(module):
    """Datasets of COUNT samples, by name: what an item is, and how it is made."""
    rows = np.random.default_rng(0).random((COUNT, 32), dtype=np.float32)
    labels = [int(i) for i in range(COUNT)]
    images = np.random.default_rng(0).integers(0, 255, (COUNT, 28, 28), dtype=np.uint8)
    tensors = list(module.tensor(rows))
    numpy_labels = np.arange(COUNT)
    matrix, large = module.tensor(rows), np.zeros((3, 128, 128), np.float32)

    class Items(module.utils.data.Dataset):
        def __init__(self, get):
            self.get = get

        def __len__(self):
            return COUNT

        def __getitem__(self, index):
            return self.get(index)

    return {
        "TensorDataset": module.utils.data.TensorDataset(module.tensor(rows), module.arange(COUNT)),
        "Subset of it": module.utils.data.Subset(
            module.utils.data.TensorDataset(module.tensor(rows), module.arange(COUNT)), list(range(COUNT))
        ),
        "(tensor, int)": Items(lambda i: (tensors[i], labels[i])),
        "(row of a tensor, int)": Items(lambda i: (matrix[i], labels[i])),
        "(array, int)": Items(lambda i: (rows[i], labels[i])),
        "(array, NumPy int)": Items(lambda i: (rows[i], numpy_labels[i])),
        "(28x28 image, int)": Items(lambda i: (images[i], labels[i])),
        "(transposed image, int)": Items(lambda i: (images[i].T, labels[i])),
        "dict of array, int": Items(lambda i: {"x": rows[i], "y": labels[i]}),
        "dict of tensor, float, str": Items(lambda i: {"x": tensors[i], "y": 0.5, "name": "a"}),
        "ints": Items(lambda i: labels[i]),
        "4 floats": Items(lambda i: (1.0, 2.0, 3.0, 4.0)),
        "large images": Items(lambda i: (large, labels[i])),
    }


class MappedTokens:
    """What programs for PyTorch do: a slice of the mapped file for each sample, as int64."""

    def __init__(self, torch, path, block):
        self.torch, self.tokens, self.block = torch, np.memmap(path, np.uint16, mode="r"), block

    def __len__(self):
        return (len(self.tokens) - 1) // self.block

    def __getitem__(self, index):
        begin = index * self.block
        x, y = self.tokens[begin : begin + self.block], self.tokens[begin + 1 : begin + 1 + self.block]
        return self.torch.from_numpy(x.astype(np.int64)), self.torch.from_numpy(y.astype(np.int64))


def epoch(module, dataset, batch, shuffle):
    loader = module.utils.data.DataLoader(dataset, batch_size=batch, shuffle=shuffle)
    begin = time.process_time()
    for _ in loader:
        pass
    return (time.process_time() - begin) / len(dataset) * 1e6


def compare(name, weft, torch, ours, theirs, batch, repeats):
    times = [(epoch(weft, ours, batch, True), epoch(torch, theirs, batch, True)) for _ in range(repeats)]
    a, b = (min(column) for column in zip(*times))
    print(f"| {name} | {a:.2f} | {b:.2f} | {a / b:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--batch", type=int, default=64)
    args = parser.parse_args()
    import torch
    import weft

    weft.set_num_threads(1)
    torch.set_num_threads(1)
    ours, theirs = datasets(weft), datasets(torch)
    print("| samples | Weft, µs a sample | PyTorch | ratio |\n| --- | ---: | ---: | ---: |")
    for name in ours:
        compare(name, weft, torch, ours[name], theirs[name], args.batch, args.repeats)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/tokens.bin"
        np.random.default_rng(0).integers(0, 50000, 4_000_000).astype(np.uint16).tofile(path)
        for block in (64, 256, 1024):
            stream, mapped = weft.datasets.TokenStream(path, block), MappedTokens(torch, path, block)
            compare(f"windows of {block} tokens", weft, torch, stream, mapped, args.batch, args.repeats)


if __name__ == "__main__":
    main()

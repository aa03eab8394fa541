"""Loading data beside PyTorch: the cost of a sample without workers, and batches a second with them.

    python benchmarks/data_loader.py [words] [--peer PYTHON] [--workers 0,2] [--repeat 5] [--save]

Every cell is one epoch, the median of several in one process for each framework; --peer is a Python that has PyTorch
(by default this one). "rows" is a TensorDataset; "arrays" and "tensors" a dataset in Python that gives a small array or
tensor and a number; "mnist" images of 28 x 28 with a random shift and a normalization; "tokens" windows of a file of
tokens; "folder" an ImageFolder of JPEG images of 375 x 500 with random resized crops of 224, beside torchvision's.
"""

import argparse
import datetime
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from measure import cpu_name

RESULTS = Path(__file__).parent / "results"
CASES = ("rows", "arrays", "tensors", "mnist", "tokens", "folder")
BATCH = {"rows": 64, "arrays": 64, "tensors": 64, "mnist": 64, "tokens": 16, "folder": 32}
SIZE = 12_800
IMAGES = 512


def make_dataset(f, name, folder):
    data = f.utils.data
    if name == "rows":
        return data.TensorDataset(f.zeros(SIZE, 128), f.arange(SIZE))
    if name == "folder":
        return image_folder(f, folder)

    class Base(data.Dataset):
        def __len__(self):
            return SIZE

    class Arrays(Base):
        def __init__(self):
            self.x = np.zeros((SIZE, 32), np.float32)

        def __getitem__(self, i):
            return self.x[i], i % 10

    class Tensors(Base):
        def __init__(self):
            self.x = f.zeros(SIZE, 32)

        def __getitem__(self, i):
            return self.x[i], i % 10

    class Mnist(Base):
        def __init__(self):
            self.x = f.zeros(SIZE, 1, 28, 28, dtype=f.uint8)

        def __getitem__(self, i):
            dx = int(f.randint(-2, 3, (1,)))
            image = f.roll(self.x[i].float() / 255, dx, 2)
            return (image - 0.1307) / 0.3081, i % 10

    class Tokens(Base):
        def __init__(self):
            path = Path(folder) / "tokens.bin"
            if not path.exists():
                np.arange(SIZE * 64 + 1024, dtype=np.uint16).tofile(path)
            self.x = np.memmap(path, np.uint16, "r")

        def __getitem__(self, i):
            window = f.from_numpy(self.x[i * 64 : i * 64 + 1025].astype(np.int64))
            return window[:-1], window[1:]

    return {"arrays": Arrays, "tensors": Tensors, "mnist": Mnist, "tokens": Tokens}[name]()


def image_folder(f, folder):
    from PIL import Image
    from transforms import MEAN, STD, load_torchvision

    generator = np.random.default_rng(0)
    for i in range(IMAGES):
        path = Path(folder) / f"class{i % 4}" / f"{i}.jpg"
        path.parent.mkdir(exist_ok=True)
        coarse = Image.fromarray(generator.integers(0, 256, (24, 32, 3), np.uint8))
        coarse.resize((500, 375), Image.Resampling.BICUBIC).save(path, quality=90)
    if f.__name__ == "torch":
        T = load_torchvision()[1]
        from torchvision.datasets import ImageFolder
    else:
        import weft.transforms as T
        from weft.datasets import ImageFolder
    steps = [T.RandomResizedCrop(224), T.RandomHorizontalFlip(), T.ToTensor(), T.Normalize(MEAN, STD)]
    return ImageFolder(folder, T.Compose(steps))


def epoch_times(f, name, workers, repeat):
    """Seconds by the clock and of this process for a sample; workers are started before."""
    with tempfile.TemporaryDirectory() as folder:
        options = dict(num_workers=workers, persistent_workers=True) if workers else {}
        dataset = make_dataset(f, name, folder)
        loader = f.utils.data.DataLoader(dataset, BATCH[name], shuffle=True, **options)
        times = []
        for _ in range(repeat + 1):
            start, processor = time.perf_counter(), time.process_time()
            for x, y in loader:
                x[0, 0], y[0]
            times.append((time.perf_counter() - start, time.process_time() - processor))
    return [statistics.median(column) / len(dataset) for column in zip(*times[1:])]


def worker_memory(f, epochs=20):
    """Of two workers, MB after each of so many epochs: all memory, and that which nobody shares."""
    loader = f.utils.data.DataLoader(
        make_dataset(f, "mnist", "."), 64, shuffle=True, num_workers=2, persistent_workers=True
    )
    sizes = []
    for _ in range(epochs):
        for _ in loader:
            pass
        pools = [member.process.pid for member in loader._pool._members]
        texts = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in pools]
        fields = [dict(re.findall(r"(\w+): +(\d+) kB", text)) for text in texts]
        sizes.append([round(sum(int(x[key]) for x in fields) / 1024, 1) for key in ("Pss", "Private_Dirty")])
    return sizes


def measured(python, framework, name, workers, repeat):
    command = [python, __file__, "--cell", framework, name, str(workers), "--repeat", str(repeat)]
    run = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    return json.loads(run.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--peer", default=sys.executable)
    parser.add_argument("--workers", default="0,2")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--save", action="store_true")
    parser.add_argument("--memory", action="store_true", help="of two workers over 20 epochs (Weft alone)")
    parser.add_argument("--cell", nargs=3)
    args = parser.parse_args()
    if args.memory:
        for epoch, (shares, own) in enumerate(worker_memory(__import__("weft")), 1):
            print(f"epoch {epoch}: {shares} MB with their shares of common pages, {own} MB of their own")
        return
    if args.cell:
        framework, name, workers = args.cell
        module = __import__(framework)
        module.set_num_threads(1)
        print(json.dumps(epoch_times(module, name, int(workers), args.repeat)))
        return
    lines = [
        "| data | workers | Weft, samples/s | PyTorch, samples/s | Weft / PyTorch | Weft, us | PyTorch, us | ratio |"
    ]
    lines += ["| --- | --- | --- | --- | --- | --- | --- | --- |"]
    print(*lines, sep="\n")
    for name in CASES:
        if args.words and not any(word in name for word in args.words):
            continue
        for workers in map(int, args.workers.split(",")):
            own = measured(sys.executable, "weft", name, workers, args.repeat)
            peer = measured(args.peer, "torch", name, workers, args.repeat)
            rates = [1 / seconds for seconds, _ in (own, peer)]
            cost = [processor * 1e6 for _, processor in (own, peer)]
            lines.append(
                f"| {name} | {workers} | {rates[0]:,.0f} | {rates[1]:,.0f} | {rates[0] / rates[1]:.2f} | "
                f"{cost[0]:.2f} | {cost[1]:.2f} | {cost[0] / cost[1]:.2f} |"
            )
            print(lines[-1], flush=True)
    if args.save:
        date = datetime.date.today().isoformat()
        head = [
            f"# Loading data, {date}",
            "",
            f"{cpu_name()}, {os.cpu_count()} cores; `python benchmarks/data_loader.py`. us: processor time of the main "
            "process per sample.",
            "",
        ]
        (RESULTS / f"{date}-data-loader.md").write_text("\n".join(head + lines) + "\n")


if __name__ == "__main__":
    main()

"""Measures transforms beside torchvision's on the CPU: common pipelines and single transforms, processor time.

    python benchmarks/transforms.py           all rows, one thread
    python benchmarks/transforms.py --save    also writes benchmarks/results/<date>-transforms.md

The contenders take turns in one process. torchvision is no dependency of Weft: install it yourself (pip install
torchvision). Where its compiled operators do not load, they are defined without a body: the transforms need none.
"""

import argparse
import datetime
import re
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from measure import calls_per_sample, cpu_name, in_turns
from PIL import Image

RESULTS = Path(__file__).parent / "results"
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def load_torchvision():
    """(torch, torchvision.transforms.v2)."""
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    text = (Path(find_spec("torchvision").origin).parent / "_meta_registrations.py").read_text()
    for name in sorted(set(re.findall(r'torchvision::(\w+)"', text) + re.findall(r'register_meta\("(\w+)"\)', text))):
        if not hasattr(torch.ops.torchvision, name):
            library.define(f"{name}(Tensor a) -> Tensor")
    import torchvision.transforms.v2 as v2

    v2.library = library  # which lives as long as the module
    return torch, v2


def load_weft():
    import weft
    import weft.transforms.v2 as v2

    return weft, v2


def cases():
    """{name: (image, makes the transform)}; images are named by kind and size."""

    def small(T, f, *first):
        return T.Compose([*first, T.RandomCrop(32, padding=4), T.RandomHorizontalFlip(), *last(T, f, first)])

    def large(T, f, *first):
        return T.Compose([*first, T.RandomResizedCrop(224), T.RandomHorizontalFlip(), *last(T, f, first)])

    def last(T, f, first):
        return [T.ToDtype(f.float32, scale=True) if first else T.ToTensor(), T.Normalize(MEAN, STD)]

    found = {
        "crop, flip, normalise 32, PIL": ("pil32", lambda T, f: small(T, f)),
        "crop, flip, normalise 32, tensor": ("tensor32", lambda T, f: small(T, f, T.ToImage())),
        "resized crop, flip, normalise 224, PIL": ("pil500", lambda T, f: large(T, f)),
        "resized crop, flip, normalise 224, tensor": ("tensor500", lambda T, f: large(T, f, T.ToImage())),
        "resize 256, centre crop 224, normalise, PIL": (
            "pil500",
            lambda T, f: T.Compose([T.Resize(256), T.CenterCrop(224), *last(T, f, ())]),
        ),
        "resize 256, centre crop 224, normalise, tensor": (
            "tensor500",
            lambda T, f: T.Compose([T.Resize(256), T.CenterCrop(224), *last(T, f, (1,))]),
        ),
    }
    single = {
        "RandomHorizontalFlip(1)": lambda T, f: T.RandomHorizontalFlip(1.0),
        "RandomCrop(.., 4)": None,
        "Normalize": lambda T, f: T.Compose([T.ToDtype(f.float32, scale=True), T.Normalize(MEAN, STD)]),
        "ColorJitter": lambda T, f: T.ColorJitter(0.4, 0.4, 0.4, 0.1),
        "RandomGrayscale(1)": lambda T, f: T.RandomGrayscale(1.0),
        "GaussianBlur(5)": lambda T, f: T.GaussianBlur(5),
        "RandomRotation": lambda T, f: T.RandomRotation(30),
        "RandomAffine, bilinear": lambda T, f: T.RandomAffine(20, (0.1, 0.1), (0.8, 1.2), 10, "bilinear"),
        "RandomPerspective": lambda T, f: T.RandomPerspective(p=1.0),
        "ElasticTransform": lambda T, f: T.ElasticTransform(sigma=3.0),
        "RandomErasing(1)": lambda T, f: T.RandomErasing(1.0),
        "RandomEqualize(1)": lambda T, f: T.RandomEqualize(1.0),
        "RandomAutocontrast(1)": lambda T, f: T.RandomAutocontrast(1.0),
        "RandomAdjustSharpness(2, 1)": lambda T, f: T.RandomAdjustSharpness(2.0, 1.0),
        "RandomPosterize(4, 1)": lambda T, f: T.RandomPosterize(4, 1.0),
        "TrivialAugmentWide": lambda T, f: T.TrivialAugmentWide(),
        "RandAugment": lambda T, f: T.RandAugment(),
        "AugMix": lambda T, f: T.AugMix(),
    }
    for name, make in single.items():
        for kind in ("tensor32", "tensor224"):
            size = int(kind.removeprefix("tensor"))
            crop = make or (lambda T, f, size=size: T.RandomCrop(size, padding=4))
            found[f"{name}, {kind}"] = (kind, crop)
    for name in ("ColorJitter", "TrivialAugmentWide"):
        found[f"{name}, pil224"] = ("pil224", single[name])
    return found


def make_step(framework, image, make):
    f, transforms = framework
    kind, size = re.match(r"([a-z]+)(\d+)", image).groups()
    shape = (400, 500, 3) if size == "500" else (int(size), int(size), 3)
    # Smooth, as photographs are
    waves = np.add.outer(np.arange(shape[0]), 2 * np.arange(shape[1]))[..., None] + np.array([0, 40, 90])
    pixels = (127 + 120 * np.sin(waves / 30)).astype(np.uint8)
    sample = Image.fromarray(pixels) if kind == "pil" else f.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
    transform = make(transforms, f)
    f.manual_seed(0)
    return lambda: transform(sample)


def measured(frameworks, pattern, seconds, samples):
    rows = []
    for name, (image, make) in cases().items():
        if pattern and not re.search(pattern, name):
            continue
        steps = {label: make_step(framework, image, make) for label, framework in frameworks.items()}
        # Means over many draws, since what is drawn decides what it costs.
        calls = {label: max(50, calls_per_sample(s, seconds, time.process_time)) for label, s in steps.items()}
        times = in_turns(steps, calls, samples, time.process_time)
        rows.append((name, times["weft"] * 1e6, times["torchvision"] * 1e6))
        print(f"{name:50} {rows[-1][1]:9.1f} {rows[-1][2]:9.1f} us {rows[-1][1] / rows[-1][2]:6.2f}", flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="write the table under benchmarks/results")
    parser.add_argument("--only", default="", help="a regular expression that the name must match")
    parser.add_argument("--seconds", type=float, default=0.1, help="of each sample")
    parser.add_argument("--samples", type=int, default=7)
    options = parser.parse_args()
    frameworks = {"weft": load_weft(), "torchvision": load_torchvision()}
    for f, _ in frameworks.values():
        f.set_num_threads(1)
    rows = measured(frameworks, options.only, options.seconds, options.samples)
    if options.save:
        date = datetime.date.today()
        lines = [
            f"# Transforms, {date}",
            "",
            f"{cpu_name()}, one thread, microseconds of processor time, medians of {options.samples}; "
            "`benchmarks/transforms.py`.",
            "",
            "| case | Weft | torchvision | ratio |",
            "| --- | --- | --- | --- |",
            *(f"| {name} | {a:.1f} | {b:.1f} | {a / b:.2f} |" for name, a, b in rows),
        ]
        path = RESULTS / f"{date}-transforms.md"
        path.write_text("\n".join(lines) + "\n")
        print(path)


if __name__ == "__main__":
    main()

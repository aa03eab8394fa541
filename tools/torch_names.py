"""Writes python/weft/_torch_names.txt: the public names of PyTorch, module by module, from an installed PyTorch.

Names are facts; nothing else of PyTorch is kept. Weft looks a name up there when it has none of it, so that the error
can tell a name that PyTorch has from a misspelt one.

    python tools/torch_names.py      with the PyTorch whose interface Weft follows (weft._missing.INTERFACE)
"""

import importlib
import inspect
import pkgutil
import types
import warnings
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "python" / "weft" / "_torch_names.txt"
# Their insides are no interface of PyTorch's users.
SHALLOW = {"ao", "classes", "distributed", "export", "fx", "jit", "masked", "numa", "onnx", "package", "profiler"}
SHALLOW |= {"mtia", "ops", "quantization", "sparse", "testing", "xpu"}
SKIPPED = {"hipify", "cpp_extension", "cpp_backtrace", "datapipes", "quantized", "qat", "intrinsic", "quantizable"}
SKIPPED |= {"quantization", "flight_recorder", "bundled_inputs", "collect_env", "benchmark", "model_dump", "viz"}
# Needs another library to be imported.
EXTRA = {"torch.utils.tensorboard": {"FileWriter", "RecordWriter", "SummaryWriter"}}
# Tensor's line is the first one, which is read whenever weft is imported.
CLASSES = (
    "torch.Tensor",
    "torch.nn.Module",
    "torch.optim.Optimizer",
    "torch.Generator",
    "torch.Size",
    "torch.device",
    "torch.dtype",
    "torch.amp.GradScaler",
    "torch.autograd.function.FunctionCtx",
    "torch.autograd.graph.Node",
    "torch.cuda.CUDAGraph",
    "torch.cuda.Event",
    "torch.cuda.Stream",
    "torch.nn.ParameterDict",
    "torch.optim.lr_scheduler.LRScheduler",
    "torch.utils.data.DataLoader",
)


def modules():
    """The public modules of torch that can be imported, by name."""
    import torch

    found = {"torch": torch}
    for entry in pkgutil.walk_packages(torch.__path__, "torch.", onerror=lambda name: None):
        parts = entry.name.split(".")
        if any(part.startswith("_") or part == "__main__" for part in parts):
            continue
        if len(parts) > (2 if parts[1] in SHALLOW else 4) or SKIPPED.intersection(parts[1:]):
            continue
        try:
            found[entry.name] = importlib.import_module(entry.name)
        except Exception as error:  # optional parts that need other libraries
            print(f"left out {entry.name}: {error}")
    return found


def own(module, name, value, known):
    """Is this name a part of the module's interface, not one that it has imported for itself?"""
    if isinstance(value, types.ModuleType):
        return f"{module.__name__}.{name}" in (value.__name__, *known)
    origin = getattr(value, "__module__", None)
    if module.__name__ == "torch":  # __all__ lists its classes
        return not inspect.isclass(value)
    if inspect.isclass(value) or inspect.isroutine(value):
        return origin is None or str(origin).startswith("torch")
    return True


def names(module, known):
    """The sorted public names of a module."""
    listed = {name for name in dir(module) if not name.startswith("_")}
    exported = set(getattr(module, "__all__", ()))
    if type(module) is not types.ModuleType:  # switches are properties
        exported.update(name for name in vars(type(module)) if not name.startswith("_"))
        inner = getattr(module, "m", None)  # a module that stands behind this one
        if isinstance(inner, types.ModuleType):
            exported.update(names(inner, known))
            listed.discard("m")
    annotations = {"Any", "Callable", "Optional", "Union", "TypeVar", "annotations", "TYPE_CHECKING", "T", "overload"}
    kept = set()
    for name in (listed | exported) - annotations:
        value = getattr(module, name, None)
        if name in exported or own(module, name, value, known):
            kept.add(name)
    return sorted(kept)


def main():
    warnings.simplefilter("ignore")
    import torch

    known = modules()
    lines = [f"# Public names of PyTorch {torch.__version__.partition('+')[0]}, written by tools/torch_names.py"]
    listed = {name: set(names(module, known)) for name, module in known.items()} | EXTRA
    listed["torch"] |= {"classes", "ops"}  # modules that are made at run time
    for name in CLASSES:
        owner, _, leaf = name.rpartition(".")
        members = {n for n in dir(getattr(importlib.import_module(owner), leaf)) if not n.startswith("_")}
        lines.append(f"{name}: {' '.join(sorted(members))}")
    for name in sorted(listed):
        lines.append(f"{name}: {' '.join(sorted(listed[name]))}".rstrip())
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{len(lines) - 1} modules and classes, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()

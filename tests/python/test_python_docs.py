"""What is written in Python says what it does, with an example, and names the types of its arguments and results."""

import doctest
import functools
import importlib
import inspect
import re
import types
from pathlib import Path

import pytest
import weft

MODULES = """
    weft
    weft.accelerator
    weft.amp
    weft.autograd
    weft.autograd.forward_ad
    weft.autograd.functional
    weft.backends
    weft.backends.cpu
    weft.backends.cuda
    weft.backends.cudnn
    weft.backends.mkl
    weft.backends.mkldnn
    weft.backends.mps
    weft.backends.openmp
    weft.cuda
    weft.cuda.amp
    weft.cuda.memory
    weft.datasets
    weft.distributed
    weft.distributions
    weft.distributions.constraints
    weft.distributions.kl
    weft.distributions.transforms
    weft.distributions.utils
    weft.export
    weft.func
    weft.grad_mode
    weft.hub
    weft.integrations
    weft.integrations.arrow
    weft.integrations.matplotlib
    weft.integrations.pandas
    weft.linalg
    weft.memory
    weft.metrics
    weft.metrics.functional
    weft.models
    weft.ops
    weft.optim
    weft.optim.lr_scheduler
    weft.optim.swa_utils
    weft.profiler
    weft.serialization
    weft.testing
    weft.training
    weft.training.loggers
    weft.training.report
    weft.transforms
    weft.transforms.functional
    weft.transforms.tv_tensors
    weft.utils
    weft.utils.checkpoint
    weft.utils.data
    weft.utils.hooks
    weft.utils.tensorboard
    weft.xpu
""".split()

_BASES = (
    weft.distributions.Distribution,
    weft.distributions.Transform,
    weft.distributions.constraints.Constraint,
    weft.metrics.Metric,
    weft.training.Callback,  # its hooks
)

# Without an example of their own, and why.
NO_EXAMPLE = {
    **{
        f"{m}.{t}": "made in a loop; Tensor.type shows them"
        for m in ("weft", "weft.cuda")
        for t in weft._tensor_types.CPU
    },
    "weft.OutOfMemoryError": "made by the compiled module; weft.memory.set_limit shows it",
    "weft.autograd.function.Function.backward": "the example of the class defines it",
    "weft.autograd.function.Function.forward": "the example of the class defines it",
    "weft.optim.lr_scheduler.decay._Factor.factor": "the subclasses show theirs",
}


# Methods that models and layers define, which say what is computed in the text of the class
OVERRIDDEN = {"forward", "extra_repr", "make_params", "transform"}


def written_in_python(value):
    """Is it a function or class of Weft's, or a function in a wrapper?"""
    if inspect.isclass(value):
        return value.__module__.startswith("weft") and not value.__module__.startswith("weft._C")
    own = inspect.isfunction(inspect.unwrap(value)) if callable(value) else False
    return own and inspect.unwrap(value).__module__.startswith("weft")


@functools.cache
def functions_and_classes():
    """(name, value) of every public function and class outside of weft.nn that is written in Python."""
    found = {}
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        for name in getattr(module, "__all__", None) or dir(module):
            value = getattr(module, name)
            if name.startswith("_") or isinstance(value, types.ModuleType) or not written_in_python(value):
                continue
            own = inspect.unwrap(value).__module__
            if not own.startswith("weft.nn") and (hasattr(module, "__all__") or module is weft or own == module_name):
                found.setdefault(id(value), (f"{module_name}.{name}", value))
    return list(found.values())


def documented_by_base(kind, name):
    """Is it a method of distributions, metrics or callbacks, which the base class explains with an example?"""
    base = next((b for b in _BASES if issubclass(kind, b) and kind is not b), None)
    return base is not None and ">>>" in (getattr(vars(base).get(name), "__doc__", None) or "")


def methods():
    """(name, function, docstring) of every public method and property of these classes, and of tensors."""
    classes = [value for _, value in functions_and_classes() if inspect.isclass(value)]
    for kind in dict.fromkeys([base for cls in classes for base in cls.__mro__] + [weft.Tensor]):
        if kind is not weft.Tensor and not written_in_python(kind) or kind.__module__.startswith("weft.nn."):
            continue
        for name, member in vars(kind).items():
            doc = member.__doc__
            if isinstance(member, (staticmethod, classmethod)):
                member = member.__func__
            member = member.fget if isinstance(member, property) else member
            if not doc and documented_by_base(kind, name):
                continue
            if inspect.isfunction(member) and member.__module__.startswith("weft") and member.__name__ != "<lambda>":
                if not name.startswith("_") or (name in ("__init__", "__new__") and kind is not weft.Tensor):
                    yield f"{kind.__module__}.{kind.__qualname__}.{name}", member, doc


def is_layers_own(name, value):
    return value.__name__ in OVERRIDDEN and name.startswith(("weft.models.", "weft.ops.", "weft.transforms."))


def parameters(values):
    return [pytest.param(name, *rest, id=name) for name, *rest in values]


def lacks_annotations(function):
    signature = inspect.signature(function)
    lacking = [
        p.name for p in signature.parameters.values() if p.annotation is p.empty and p.name not in ("self", "cls")
    ]
    return lacking + ["return"] * (signature.return_annotation is signature.empty)


@pytest.mark.parametrize("name, value", parameters(functions_and_classes()))
def test_functions_and_classes(name, value):
    doc = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    assert doc, f"{name} has no docstring"
    assert ">>>" in doc or name in NO_EXAMPLE, f"{name} has no example"
    if not inspect.isclass(value):
        assert not lacks_annotations(value)


@pytest.mark.parametrize("name, value, doc", parameters(methods()))
def test_methods(name, value, doc):
    assert not lacks_annotations(value)
    if name.endswith("__") or is_layers_own(name, value):  # the class says what it takes
        return
    assert doc, f"{name} has no docstring"
    assert ">>>" in doc or name in NO_EXAMPLE, f"{name} has no example"


def wrapped():
    """Functions in wrappers that come from another module: doctest.testmod takes them for that module's, and runs none.

    What is not wrapped runs in test_package.py.
    """
    for name, value, *_ in [*functions_and_classes(), *methods()]:
        inner = inspect.unwrap(value)
        if (
            not inspect.isclass(value)
            and inner is not value
            and inner.__globals__ is not getattr(value, "__globals__", None)
        ):
            yield name, value


@pytest.mark.parametrize("name, value", parameters(wrapped()))
def test_examples_of_wrapped_functions(name, value):
    test = doctest.DocTestParser().get_doctest(value.__doc__ or "", {}, name, None, 0)
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0


def test_type_checkers_know_the_names():
    package = Path(weft.__file__).parent
    told = re.findall(r"^    from weft import (\w+) as \1$", (package / "__init__.py").read_text(), re.MULTILINE)
    assert told == list(weft._SUBMODULES)
    dynamic = (package / "_dynamic.pyi").read_text()
    names = [*weft._ELSEWHERE, *weft._tensor_types.CPU, *weft._tensor_names.METHODS]
    assert sorted(re.findall(r"\b(\w+) as \1\b|^(\w+) = ", dynamic, re.MULTILINE)) == sorted(
        (name, "") if name in weft._ELSEWHERE else ("", name) for name in names
    )
    assert set(weft.cuda._TENSOR_TYPES) <= set(weft.cuda.__all__)

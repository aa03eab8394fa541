"""The alias: `import torch` answered by Weft."""

import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import support
import weft
from weft._alias import modules, scope

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROGRAMS = Path(__file__).with_name("programs")


def run(code, path=(), **options):
    """Runs a program in a process of its own; `path` comes first in sys.path."""
    text = f"import sys; sys.path[:0] = {[str(p) for p in path]!r}\n{code}"
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=300, **options)


def check(code, path=()):
    done = run(code, path)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_with_alias(path):
    """What a program prints that `weft run` runs."""
    # The simulated device is no place for real models
    environment = support.environment(WEFT_CUDA_PLUGIN="")
    command = [sys.executable, "-m", "weft", "run", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def torch():
    if "torch" in sys.modules:
        pytest.skip("the real torch has been imported")
    with weft.torch_alias():
        import torch

        yield torch


@pytest.fixture
def real_torch(tmp_path):
    """A folder with a package that looks like an installed PyTorch."""
    package = tmp_path / "torch"
    internal = package / "testing" / "_internal"
    internal.mkdir(parents=True)
    (package / "__init__.py").write_text("__version__ = '9.9.9'\nprint('the real torch runs')\n")
    (package / "testing" / "__init__.py").write_text("raise AssertionError('not to be loaded')\n")
    (internal / "__init__.py").write_text("")
    (internal / "helper.py").write_text("import torch\nvalue = torch.ones(2).sum().item()\n")
    info = tmp_path / "torch-9.9.9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 9.9.9\n")
    return tmp_path


def test_modules_and_types(torch):
    import torch.nn as nn
    import torch.nn.functional as F
    from torch.optim.lr_scheduler import StepLR
    from torch.utils.data import DataLoader

    assert torch.Tensor is weft.Tensor and nn.Module is weft.nn.Module and F.relu is weft.nn.functional.relu
    assert StepLR is weft.optim.lr_scheduler.StepLR and DataLoader is weft.utils.data.DataLoader
    assert torch.nn is nn and torch.nn.functional is F and torch.float32 is weft.float32
    assert isinstance(torch.nn.Linear(2, 3), weft.nn.Linear) and isinstance(weft.ones(2), torch.FloatTensor)
    assert repr(torch) == "<module 'torch', which is weft>" and torch.ones(2).type() == "torch.FloatTensor"
    assert repr(torch.ones(2)) == "tensor([1., 1.])"


@pytest.mark.parametrize(
    "name",
    """torch.nn torch.nn.functional torch.nn.init torch.nn.utils torch.nn.modules torch.nn.modules.batchnorm
    torch.nn.modules.conv torch.nn.modules.utils torch.nn.parameter torch.optim torch.optim.lr_scheduler
    torch.optim.optimizer torch.utils torch.utils.data torch.utils.data.dataset torch.autograd torch.autograd.function
    torch.cuda torch.cuda.amp torch.amp torch.backends torch.backends.cudnn torch.backends.mps torch.linalg torch.jit
    torch.random torch.functional torch.types torch.version torch.serialization torch.accelerator""".split(),
)
def test_every_submodule_with_a_counterpart(torch, name):
    module = importlib.import_module(name)
    assert sys.modules[name] is module and importlib.util.find_spec(name) is not None
    target = getattr(module, "__weft__", module)
    assert target.__name__.startswith("weft")
    for part in name.split(".")[1:]:
        torch = getattr(torch, part)
    assert torch is module


@pytest.mark.parametrize("name", ["ops", "models", "nn.containers"])
def test_modules_of_another_framework_are_not_shown(torch, name):
    import weft.models
    import weft.ops  # noqa: F401

    *owners, last = name.split(".")
    for owner in owners:
        torch = getattr(torch, owner)
    with pytest.raises(AttributeError, match=f"{torch.__name__} has no attribute '{last}'"):
        getattr(torch, last)


def test_spellings_of_old_programs(torch):
    from torch.nn.modules.batchnorm import _BatchNorm
    from torch.nn.modules.utils import _pair

    assert isinstance(torch.nn.BatchNorm2d(3), _BatchNorm) and _pair(3) == (3, 3) and _pair([1, 2]) == (1, 2)
    assert torch.jit.is_scripting() is False and torch.jit.is_tracing() is False
    assert torch.jit.ignore(len) is len and torch.jit.unused(len) is len and torch.jit.ignore()(len) is len
    with pytest.raises(TypeError, match="nonsense"):
        torch.jit.ignore(nonsense=True)


def test_hooks_of_all_modules_are_where_pytorch_has_them(torch):
    from torch.nn.modules.module import Module, register_module_forward_hook

    assert Module is weft.nn.Module and torch.nn.modules.module.Module is Module
    seen = []
    with register_module_forward_hook(lambda module, args, output: seen.append(type(module))):
        torch.nn.ReLU()(torch.ones(1))
    assert seen == [torch.nn.ReLU]


def test_a_function_and_a_module_of_one_name(torch):
    import torch.autograd.gradcheck  # noqa: F401

    assert torch.autograd.gradcheck is weft.autograd.gradcheck and callable(torch.autograd.gradcheck)
    assert sys.modules["torch.autograd.gradcheck"].gradgradcheck is weft.autograd.gradgradcheck


def test_versions(torch):
    assert torch.__version__ == "2.13.0+weft" == importlib.metadata.version("torch") == torch.version.__version__
    assert tuple(map(int, torch.__version__.partition("+")[0].split("."))) == (2, 13, 0)
    assert importlib.metadata.distribution("torch").metadata["Name"] == "torch"
    assert importlib.util.find_spec("torch").origin == "weft"
    assert weft.__version__ != torch.__version__
    assert importlib.metadata.version("numpy")


def test_what_is_missing_raises_on_use(torch):
    assert not hasattr(torch, "fft") and not hasattr(torch.nn, "DataParallel")
    with pytest.raises(
        AttributeError, match=r"PyTorch has torch\.nn\.DataParallel, Weft does not have it yet\. Instead"
    ):
        _ = torch.nn.DataParallel
    with pytest.raises(ImportError, match=r"PyTorch has torch\.nn\.DataParallel"):
        from torch.nn import DataParallel  # noqa: F401
    with pytest.raises(AttributeError, match="Did you mean 'Linear'"):
        _ = torch.nn.Liner
    from torch.jit import ScriptModule

    assert not isinstance(torch.nn.Linear(1, 1), ScriptModule)
    with pytest.raises(NotImplementedError, match="there is no TorchScript"):
        ScriptModule()
    import torch.multiprocessing as mp

    assert mp.spawn is weft.multiprocessing.spawn
    with pytest.raises(ImportError, match=r"PyTorch has torch\.utils\.throughput_benchmark"):
        from torch.utils.throughput_benchmark import ThroughputBenchmark  # noqa: F401
    for name in ("torch.nonsense", "torch._dynamo", "torch._C"):
        assert importlib.util.find_spec(name) is None
        with pytest.raises(ModuleNotFoundError, match=name):
            importlib.import_module(name)
    assert not hasattr(torch, "_C")


def test_setting_names(torch):
    torch.my_name = 3
    assert weft.my_name == 3
    del torch.my_name
    assert not hasattr(weft, "my_name") and not hasattr(torch, "my_name")
    torch.backends.cudnn.benchmark = True
    assert weft.backends.cudnn.benchmark is True
    torch.backends.cudnn.benchmark = False
    with pytest.raises(AttributeError, match="nonsense"):
        torch.backends.cudnn.nonsense = 3


def test_scopes_nest_and_leave_nothing():
    if "torch" in sys.modules:
        pytest.skip("the real torch has been imported")
    before, finders = set(sys.modules), list(sys.meta_path)
    names = set(vars(weft.nn))
    with weft.torch_alias():
        import torch.nn.modules.linear
        import torch.utils.data

        with weft.torch_alias():
            import torch
        assert sys.modules["torch"] is torch and scope.is_enabled()
    assert not scope.is_enabled() and sys.meta_path == finders
    assert not [name for name in set(sys.modules) - before if name.partition(".")[0] == "torch"]
    assert set(vars(weft.nn)) == names
    assert torch.nn.Linear(2, 3)(torch.ones(2)).shape == (3,)  # what was imported goes on working
    with pytest.raises(RuntimeError, match="the alias is not on"):
        scope.disable()


def test_left_on_errors():
    if "torch" in sys.modules:
        pytest.skip("the real torch has been imported")
    with pytest.raises(ZeroDivisionError), weft.torch_alias():
        import torch  # noqa: F401

        _ = 1 / 0
    assert not scope.is_enabled() and "torch" not in sys.modules


def test_the_alias_wins_over_an_installed_torch(real_torch):
    out = check(
        "import weft.as_torch, torch, importlib.metadata, importlib.util\n"
        "print(torch.__version__, importlib.metadata.version('torch'), importlib.util.find_spec('torch').origin)",
        [real_torch],
    )
    assert out == "2.13.0+weft 2.13.0+weft weft\n"


def test_the_real_torch_was_imported_before(real_torch):
    done = run("import torch, weft.as_torch", [real_torch])
    assert done.returncode == 1 and "ImportError" in done.stderr
    assert "the real torch has been imported already" in done.stderr and "weft run" in done.stderr
    out = check(
        "import torch, weft\n"
        "try:\n    with weft.torch_alias(): pass\nexcept ImportError as e: print(e.name)\n"
        "print(torch.__version__)",
        [real_torch],
    )
    assert out == "the real torch runs\ntorch\n9.9.9\n"


def test_helpers_of_pytorchs_tests_are_loaded_as_files(real_torch):
    out = check(
        "import weft.as_torch\nfrom torch.testing._internal import helper\n"
        "import torch\nprint(helper.value, helper.torch is torch)",
        [real_torch],
    )
    assert out == "2.0 True\n"


def test_helpers_need_an_installed_torch():
    done = run(
        "import importlib.machinery, weft.as_torch\n"
        "importlib.machinery.PathFinder.find_spec = lambda *arguments: None\n"
        "import torch.testing._internal.common_utils"
    )
    assert done.returncode == 1 and "is not installed: pip install torch" in done.stderr


def test_the_real_torch_comes_back(real_torch):
    out = check(
        "import weft\nwith weft.torch_alias():\n    import torch\n    print(torch.__version__)\n"
        "import torch\nprint(torch.__version__)",
        [real_torch],
    )
    assert out == "2.13.0+weft\nthe real torch runs\n9.9.9\n"


def test_pickles_do_not_need_the_alias(tmp_path):
    done = run(
        "import weft.as_torch, torch, pickle\n"
        "model = torch.nn.Linear(2, 3)\n"
        f"pickle.dump((model, torch.float32, torch.ones(2), torch.Size([1])), open({str(tmp_path / 'p')!r}, 'wb'))"
    )
    assert done.returncode == 0, done.stderr
    code = f"import pickle, weft\nprint([type(x).__name__ for x in pickle.load(open({str(tmp_path / 'p')!r}, 'rb'))])"
    assert check(code) == "['Linear', 'dtype', 'Tensor', 'Size']\n"


@pytest.mark.parametrize("name", ["gradient.py", "matmul_devices.py"])
def test_examples_with_torch_in_their_imports(tmp_path, name):
    text = (EXAMPLES / name).read_text().replace("import weft", "import torch").replace("from weft", "from torch")
    (tmp_path / name).write_text(text.replace("weft.", "torch."))
    run_with_alias(tmp_path / name)


def test_private_modules_have_no_counterpart():
    assert modules.counterpart("torch._tensor") is None and modules.counterpart("torch.nn._x") is None
    assert modules.counterpart("torch.cli") is None and modules.counterpart("torch.as_torch") is None


@pytest.mark.parametrize("path", sorted(PROGRAMS.glob("*.py")), ids=lambda path: path.stem)
def test_programs_written_for_pytorch(path):
    assert run_with_alias(path)


def test_handles_of_hooks_are_of_one_type(torch):
    from torch.utils.hooks import RemovableHandle

    layer, x = torch.nn.Linear(1, 1), torch.ones(1, requires_grad=True)
    with layer.register_forward_hook(print) as one, x.register_hook(print) as two:
        assert isinstance(one, RemovableHandle) and isinstance(two, RemovableHandle)
    one.remove()
    two.remove()


def test_what_weft_has_of_torchvision(torch):
    import torchvision
    import torchvision.transforms.functional as functional
    import torchvision.transforms.v2.functional as functional_v2
    from torchvision import datasets, transforms, tv_tensors
    from torchvision.datasets.folder import default_loader
    from torchvision.ops import nms
    from torchvision.transforms import v2

    assert torchvision.__version__.endswith("+weft") and torchvision.transforms is transforms
    assert transforms.Compose is weft.transforms.Compose is v2.Compose and transforms.v2 is v2
    assert functional.resize is functional_v2.resize is weft.transforms.functional.resize
    assert nms is weft.ops.nms and tv_tensors.Mask is weft.transforms.tv_tensors.Mask
    image = transforms.Compose([v2.ToDtype(torch.float32, scale=True), transforms.Normalize([0.5], [0.5])])(
        torch.full((3, 2, 2), 255, dtype=torch.uint8)
    )
    assert isinstance(image, weft.Tensor) and image.min() == 1
    assert datasets.MNIST is weft.datasets.MNIST and default_loader is weft.datasets.default_loader
    with pytest.raises(AttributeError, match="torchvision.datasets has no attribute 'CIFAR'. Did you mean"):
        _ = datasets.CIFAR
    with pytest.raises(ModuleNotFoundError):
        import torchvision.models
    with pytest.raises(
        AttributeError, match="torchvision.transforms has no attribute 'CentreCrop'. Did you mean 'CenterCrop'"
    ):
        _ = transforms.CentreCrop


def test_torchvision_is_left_with_the_alias():
    if "torch" in sys.modules:
        pytest.skip("the real torch has been imported")
    with weft.torch_alias():
        import torchvision.transforms  # noqa: F401
    assert not [name for name in sys.modules if name.partition(".")[0] in ("torch", "torchvision")]

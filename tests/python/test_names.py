"""Names: what is said of those that Weft lacks, and those that are only names."""

import pickle
import pkgutil
import re
import subprocess
import sys

import numpy as np
import pytest
import weft
from hints import HINTS
from weft import _missing
from weft._instead import ELSEWHERE, INSTEAD


def resolve(path):
    """The object that a path such as "weft.nn.Linear" names."""
    value = weft
    for part in path.split(".")[1:]:
        value = getattr(value, part)
    return value


LACKING = [
    "weft.nn.DataParallel",
    "weft.fft",
    "weft.sparse_coo_tensor",
    "weft.nn.functional.scaled_mm",
    "weft.optim.Adagrad",
    "weft.linalg.svd",
    "weft.cuda.nvtx",
    "weft.nn.utils.spectral_norm",
    "weft.distributed.init_process_group",
    "weft.backends.cudnn.flags",
]


@pytest.mark.parametrize("path", LACKING)
def test_a_name_that_pytorch_has(path):
    owner, _, name = path.rpartition(".")
    module = resolve(owner)
    if name in vars(module):
        pytest.skip("Weft has it by now")
    assert not hasattr(module, name)
    with pytest.raises(AttributeError) as error:
        getattr(module, name)
    assert f"PyTorch has torch{path[4:]}, Weft does not have it yet" in str(error.value)
    with pytest.raises(ImportError, match=re.escape(f"PyTorch has torch{path[4:]}")):
        exec(f"from {owner} import {name}")


def test_what_to_use_instead():
    with pytest.raises(AttributeError, match=r"Instead: the module itself"):
        _ = weft.nn.DataParallel
    with pytest.raises(AttributeError, match=r"'Tensor' object has no attribute 'svd'.*Instead: numpy\.linalg"):
        weft.ones(2, 2).svd()


@pytest.mark.parametrize(
    "path, meant",
    [("weft.nn.Liner", "'Linear'"), ("weft.optim.Adm", "'Adam'"), ("weft.Linear", r"weft\.nn\.Linear\?")],
)
def test_misspellings_get_a_suggestion(path, meant):
    with pytest.raises(AttributeError, match=f"Did you mean {meant}"):
        resolve(path)
    owner, _, name = path.rpartition(".")
    with pytest.raises(ImportError, match=f"Did you mean {meant}"):
        exec(f"from {owner} import {name}")


def test_a_name_that_nobody_has():
    with pytest.raises(AttributeError, match="and neither has PyTorch"):
        _ = weft.nn.qwertyuiop
    with pytest.raises(AttributeError):
        _ = weft.nn._qwertyuiop


@pytest.mark.parametrize(
    "path, advice",
    [
        ("weft.utils.collect_env", "import weft.utils.collect_env"),
        ("weft.utils.bottleneck", "import weft.utils.bottleneck"),
        ("weft.as_torch", "import weft.as_torch"),
        ("weft.metrics.AUROC", "Instead: weft.metrics.ROCAUC"),
        ("weft.nn.Dense", "Instead: weft.nn.Linear"),
        ("weft.training.CSVLogger", r"Instead: weft\.training\.loggers\.CSVLogger"),
        ("weft.transforms.RandomHorizontalFlp", "Did you mean 'RandomHorizontalFlip'"),
        ("weft.models.rsnet18", "Did you mean 'resnet18'"),
        ("weft.datasets.CIFAR1O", "Did you mean 'CIFAR1"),
        ("weft.hub.load_state_dict_from_url", r"Instead: weft\.load"),
    ],
)
def test_names_of_elsewhere(path, advice):
    program = f"import weft\ntry: {path}\nexcept AttributeError as error: print(error)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert re.search(advice, done.stdout), done.stdout


def test_the_table_of_elsewhere():
    """What it names is not in Weft; what it advises is."""
    for owner, names in ELSEWHERE.items():
        for name, advice in names.items():
            assert not hasattr(resolve(owner), name), name
            for mentioned in re.findall(r"\bweft(?:\.\w+)+", advice):
                assert pkgutil.resolve_name(mentioned) is not None


def test_the_sampler_of_distributed_programs():
    from weft.utils.data.distributed import DistributedSampler

    assert DistributedSampler is weft.utils.data.DistributedSampler


def test_missing_methods_cost_nothing_and_do_not_show():
    assert "__getattr__" not in vars(weft.Tensor)
    x = weft.ones(2, 2)
    lacking = [name for name in _missing.torch_names()["torch.Tensor"] if not hasattr(x, name)]
    assert not set(lacking) & set(dir(x)) and {"relu", "shape"} <= set(dir(x))
    for name in lacking:
        with pytest.raises(AttributeError, match=name):
            getattr(x, name)
        assert not hasattr(weft.Tensor, name)
    assert not hasattr(x, "no_such_method")


OBJECTS = {
    "torch.Tensor": lambda: weft.ones(2, 2),
    "torch.nn.Module": lambda: weft.nn.Linear(2, 2),
    "torch.optim.Optimizer": lambda: weft.optim.SGD(weft.nn.Linear(2, 2).parameters()),
    "torch.Generator": weft.Generator,
    "torch.Size": lambda: weft.Size([1]),
    "torch.device": lambda: weft.device("cpu"),
    "torch.dtype": lambda: weft.float32,
    "torch.amp.GradScaler": lambda: weft.amp.GradScaler("cpu"),
    "torch.autograd.function.FunctionCtx": lambda: weft.autograd.FunctionCtx((True,)),
    "torch.autograd.graph.Node": lambda: (weft.ones(1, requires_grad=True) * 2).grad_fn,
    "torch.cuda.CUDAGraph": weft.cuda.CUDAGraph,
    "torch.cuda.Event": weft.cuda.Event,
    "torch.cuda.Stream": lambda: weft.cuda.Stream() if weft.cuda.is_available() else weft.cuda.Stream,
    "torch.nn.ParameterDict": weft.nn.ParameterDict,
    "torch.optim.lr_scheduler.LRScheduler": lambda: weft.optim.lr_scheduler.StepLR(
        weft.optim.SGD(weft.nn.Linear(2, 2).parameters()), 2
    ),
    "torch.utils.data.DataLoader": lambda: weft.utils.data.DataLoader([1, 2]),
}


def classes():
    """The classes whose members the table lists: its lines before that of torch itself."""
    return list(_missing.torch_names())[: list(_missing.torch_names()).index("torch")]


@pytest.mark.parametrize("path", classes())
def test_members_that_pytorch_has(path):
    """Each member is there, or says that Weft lacks it; those that are lacking do not show."""
    made = OBJECTS[path]()
    for name in _missing.torch_names()[path]:
        if hasattr(made, name):
            continue
        with pytest.raises(AttributeError) as error:
            getattr(made, name)
        assert f"PyTorch has {path}.{name}, Weft does not have it yet" in str(error.value)
        assert name not in dir(made)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = made.nonsense


def test_members_of_subclasses_are_found():
    """A class that defines what Weft lacks, or gets it from another base, has it."""

    class Compiled(weft.nn.Module):
        compile = xpu = 3

    class Hooked(weft.optim.SGD):
        def register_step_post_hook(self):
            return 4

    assert Compiled().compile == 3 and Hooked(weft.nn.Linear(1, 1).parameters()).register_step_post_hook() == 4
    optimizer = weft.optim.SGD(weft.nn.Linear(1, 1).parameters())
    optimizer.profile_hook_step = 5
    assert optimizer.profile_hook_step == 5 and "profile_hook_step" in dir(optimizer)
    parameters = weft.nn.ParameterDict({"0": weft.ones(1), "a": weft.ones(1)})
    assert "a" in dir(parameters) and "0" not in dir(parameters) and "compile" not in dir(parameters)


@pytest.mark.parametrize("name", ["script", "trace", "save", "load", "is_scripting", "freeze"])
def test_names_of_pytorchs_jit(name):
    assert not hasattr(weft.jit, name)
    with pytest.raises(AttributeError, match=rf"PyTorch has torch\.jit\.{name}.*Instead: "):
        getattr(weft.jit, name)
    assert callable(weft.jit) and weft.jit.__name__ == "jit" and "Compiles a function" in weft.jit.__doc__
    assert pickle.loads(pickle.dumps(weft.jit)) is weft.jit


def test_types_of_tensors_have_the_methods():
    assert weft.FloatTensor.abs(weft.tensor([-1.0])).item() == 1
    with pytest.raises(AttributeError, match=r"Tensor\.svd.*Instead: numpy"):
        _ = weft.LongTensor.svd
    assert not hasattr(weft.FloatTensor, "nonsense") and not hasattr(weft.FloatTensor, "_nonsense")


def test_the_table_of_alternatives():
    """Its keys are names of PyTorch; what it advises exists."""
    names = _missing.torch_names()
    for path, advice in INSTEAD.items():
        owner, _, name = ("torch." + path).rpartition(".")
        assert name in names[owner] or f"torch.{path}" in names, path
        for mentioned in re.findall(r"\bweft(?:\.\w+)+|\bnn(?:\.\w+)+", advice):
            assert resolve(mentioned if mentioned.startswith("weft") else f"weft.{mentioned}") is not None
    assert names["torch.nn"] >= {"Linear", "LSTM"} and "torch" in names


def test_modules_without_pytorchs_names_have_no_surprises():
    for name in ("__path__", "__wrapped__", "__all__"):
        assert hasattr(weft.linalg, name) is False


@pytest.mark.parametrize("path", HINTS)
def test_hints_keep_their_value(path):
    owner, _, name = path.rpartition(".")
    module = resolve(owner)
    before = getattr(module, name)
    try:
        for value in (not before, before) if isinstance(before, bool) else (before + 1, before):
            setattr(module, name, value)
            assert getattr(module, name) == value and type(getattr(module, name)) is type(value)
        with pytest.raises(TypeError, match=name):
            setattr(module, name, "nonsense")
    finally:
        setattr(module, name, before)


def test_hints_are_documented():
    for path in HINTS:
        owner, _, name = path.rpartition(".")
        assert getattr(type(resolve(owner)), name).__doc__


@pytest.mark.parametrize("name", ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp"])
def test_unknown_switches_are_refused(name):
    module = getattr(weft.backends, name)
    with pytest.raises(AttributeError, match="nonsense"):
        module.nonsense = 3
    assert not hasattr(module, "nonsense")


def test_unknown_switch_of_products():
    with pytest.raises(AttributeError, match="nonsense"):
        weft.backends.cuda.matmul.nonsense = 3


def test_backends_say_what_there_is():
    assert weft.backends.mps.is_available() is False and weft.backends.mkl.is_available() is False
    assert weft.backends.openmp.is_available() is True
    assert weft.backends.cudnn.is_available() == weft.cuda.is_available()
    if not weft.cuda.is_available():
        weft.backends.cudnn.enabled = False
        assert weft.backends.cudnn.enabled is False
        weft.backends.cudnn.enabled = True
    with pytest.raises(TypeError, match="enabled"):
        weft.backends.cudnn.enabled = 1


def test_deterministic_algorithms():
    assert weft.are_deterministic_algorithms_enabled() is True
    try:
        weft.use_deterministic_algorithms(False, warn_only=True)
        assert weft.are_deterministic_algorithms_enabled() is False
        assert weft.is_deterministic_algorithms_warn_only_enabled() is True
        with pytest.raises(TypeError, match="mode"):
            weft.use_deterministic_algorithms("yes")
        with pytest.raises(TypeError):
            weft.use_deterministic_algorithms(True, nonsense=True)
        assert weft.are_deterministic_algorithms_enabled() is False
    finally:
        weft.use_deterministic_algorithms(True)
    assert weft.is_deterministic_algorithms_warn_only_enabled() is False


def test_default_device():
    assert weft.get_default_device() == weft.device("cpu")
    try:
        weft.set_default_device("meta")
        assert weft.ones(2).device.type == "meta" and weft.get_default_device().type == "meta"
        assert weft.ones(2, device="cpu").device.type == "cpu"
        with weft.device("cpu"):
            assert weft.zeros(2).device.type == "cpu"
            weft.set_default_device("meta")  # which is outside of the scope
            assert weft.zeros(2).device.type == "cpu"
        assert weft.zeros(2).device.type == "meta"
    finally:
        weft.set_default_device(None)
    assert weft.ones(2).device.type == "cpu"
    for wrong in ("nonsense", 1.5, [], "cpu:x"):
        with pytest.raises((RuntimeError, TypeError, ValueError)):
            weft.set_default_device(wrong)
        assert weft.ones(2).device.type == "cpu"


def test_accelerator():
    there = weft.cuda.is_available()
    assert weft.accelerator.is_available() == there
    assert weft.accelerator.device_count() == weft.cuda.device_count()
    device = weft.accelerator.current_accelerator()
    assert (device is not None and device.type == "cuda") if there else device is None
    with weft.accelerator.device_index(None):
        pass
    if not there:
        for call in (weft.accelerator.current_device_index, lambda: weft.accelerator.set_device_index(0)):
            with pytest.raises(RuntimeError, match="there is no accelerator"):
                call()
        with pytest.raises(RuntimeError):
            weft.accelerator.synchronize()


TYPES = {
    "FloatTensor": "float32",
    "DoubleTensor": "float64",
    "HalfTensor": "float16",
    "BFloat16Tensor": "bfloat16",
    "LongTensor": "int64",
    "IntTensor": "int32",
    "ShortTensor": "int16",
    "CharTensor": "int8",
    "ByteTensor": "uint8",
    "BoolTensor": "bool",
}


@pytest.mark.parametrize("name, dtype", TYPES.items())
def test_tensor_types(name, dtype):
    kind, dtype = getattr(weft, name), getattr(weft, dtype)
    assert kind(2, 3).shape == (2, 3) and kind(2, 3).dtype is dtype and kind().shape == (0,)
    assert kind([1, 0]).tolist() == [1, 0] and kind(np.array([1, 1])).dtype is dtype
    assert kind(weft.Size([4])).shape == (4,)
    x = weft.ones(2, dtype=dtype)
    assert kind(x).data_ptr() == x.data_ptr()
    assert isinstance(x, kind) and not isinstance(x, getattr(weft.cuda, name)) and not isinstance(3, kind)
    assert x.type() == f"weft.{name}" and kind.dtype is dtype
    back = weft.tensor([0.0, 1.0])
    for spelling in (kind, f"weft.{name}", f"torch.{name}", dtype):
        assert back.type(spelling).dtype is dtype and back.type(spelling).tolist() == [0, 1]
    other = weft.ones(2, dtype=weft.int64 if dtype is not weft.int64 else weft.int32)
    with pytest.raises(TypeError, match="expected a tensor of"):
        kind(other)
    with pytest.raises(TypeError, match="nonsense"):
        kind([1], nonsense=3)
    with pytest.raises(RuntimeError, match="meta"):
        kind(2, device="meta")


def test_types_of_tensors_that_do_not_exist():
    for wrong in ("FloatTensor", "weft.NonsenseTensor", "numpy.FloatTensor", "weft.cuda.Nonsense", ""):
        with pytest.raises(ValueError, match="expected a name such as"):
            weft.ones(2).type(wrong)
    for wrong in (3, [], object(), weft.nn.Linear):
        with pytest.raises(TypeError, match="expected a dtype"):
            weft.ones(2).type(wrong)


def test_new():
    x = weft.ones(2, dtype=weft.int16)
    assert x.new(3, 4).shape == (3, 4) and x.new(3, 4).dtype is weft.int16
    assert x.new([1.0, 2.0]).tolist() == [1, 2] and x.new().numel() == 0
    assert weft.ones(2, device="meta").new(2).device.type == "meta"
    with pytest.raises(TypeError, match="nonsense"):
        x.new(2, nonsense=3)
    with pytest.raises(RuntimeError, match="device"):
        x.new(2, device="meta")


def test_legacy_constructor_takes_no_other_keyword():
    with pytest.raises(TypeError, match="nonsense"):
        weft.Tensor([1, 2], device="cuda", nonsense=3)
    with pytest.raises(RuntimeError, match="on the CPU"):
        weft.Tensor([1, 2], device="meta")
    with pytest.raises(TypeError, match="device"):
        weft.Tensor(2, device=1.5)
    assert weft.Tensor([1, 2], device="cpu").tolist() == [1.0, 2.0] and weft.Tensor(2, 3, device=None).shape == (2, 3)


def test_what_every_tensor_is():
    x = weft.ones(2, requires_grad=True)
    assert x.layout is weft.strided and repr(weft.strided) == "weft.strided" and isinstance(x.layout, weft.layout)
    assert x.conj() is x and x.real is x and x.resolve_conj() is x and weft.resolve_neg(x) is x
    assert not (x.is_conj() or x.is_neg() or x.is_nested or x.is_mkldnn or x.is_sparse_csr)
    with pytest.raises(TypeError, match="Tensor"):
        weft.conj(3)


def test_distributed_is_not_there():
    assert weft.distributed.is_available() is False
    assert weft.xpu.is_available() is False and weft.xpu.device_count() == 0


def test_version():
    assert weft.version.__version__ == weft.__version__ and weft.version.hip is None
    assert weft.version.interface.count(".") == 2


def test_import_does_not_read_the_whole_table():
    assert "weft._missing" in sys.modules
    import subprocess

    code = "import weft; from weft import _missing; print(_missing.torch_names.cache_info().currsize)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "0\n"


def test_in_place_functions_of_the_module(w):
    x = w.tensor([-1.0, 4.0])
    assert w.relu_(x) is x and x.tolist() == [0.0, 4.0]
    assert w.clamp_(x, 1, 3) is x and x.tolist() == [1.0, 3.0]
    w.index_put_(x, (w.tensor([0]),), w.tensor(7.0))
    assert x.tolist() == [7.0, 3.0]
    assert not w.detach(x.requires_grad_() * 2).requires_grad
    with pytest.raises(TypeError):
        w.exp_(3.0)


def test_cudnn_flags_is_a_scope(w):
    cudnn = w.backends.cudnn
    before = cudnn.benchmark
    with cudnn.flags(benchmark=not before):
        assert cudnn.benchmark is not before
    assert cudnn.benchmark is before


@pytest.mark.parametrize(
    "call, meant",
    [
        (lambda: weft.utils.data.DataLoader([1], batchsize=2), "batch_size"),
        (lambda: weft.Trainer(weft.nn.Linear(2, 1), "adam", "mse", callback=[]), "callbacks"),
        (lambda: weft.metrics.Accuracy(num_clases=3), "num_classes"),
    ],
)
def test_misspelt_keywords_of_training(call, meant):
    with pytest.raises(TypeError, match=f"did you mean '{meant}'"):
        call()

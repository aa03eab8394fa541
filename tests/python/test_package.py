"""The package: its names, how fast it is imported, the info command, the examples in its docstrings."""

import doctest
import importlib
import os
import pkgutil
import platform
import subprocess
import sys

import pytest
import weft


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout


def test_import_is_light():
    code = (
        "import sys, numpy\n"
        "before = set(sys.modules)\n"
        "import weft\n"
        "print(sorted(m for m in set(sys.modules) - before if m.partition('.')[0] != 'weft'))\n"
        "print(sorted(m for m in sys.modules if m.startswith('weft.')))"
    )
    others, own = run(code).split("\n")[:2]
    assert "safetensors" not in others and "matplotlib" not in others and "torch" not in others
    assert "weft.nn" not in own and "weft.optim" not in own


def test_submodules_come_at_first_use():
    assert run("import weft; print(weft.nn.Linear(1, 1), weft.optim.SGD, weft.utils.data.DataLoader.__name__)")
    assert {"nn", "optim", "utils", "autograd", "save", "load"} <= set(dir(weft))
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = weft.no_such_thing


@pytest.mark.skipif(platform.machine() != "x86_64", reason="of x86-64 alone")
@pytest.mark.parametrize("level", ["v2", "v3", "v4", "v5", ""])
def test_the_instruction_set_that_is_asked_for(level):
    environment = {**os.environ, "WEFT_ISA": level}
    code = "import weft; print(weft.arange(5.).exp().sum().item())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    assert float(done.stdout) == pytest.approx(85.791, abs=1e-2)
    told = f"weft: WEFT_ISA is '{level}', which is none of v2, v3 and v4, and is ignored\n"
    assert done.stderr == ("" if level in ("v2", "v3", "v4") else told)


def test_info():
    out = subprocess.run([sys.executable, "-m", "weft", "info"], capture_output=True, text=True, check=True).stdout
    for word in (
        "weft",
        weft.__version__,
        "python",
        "numpy",
        "system",
        "compiler",
        "instruction set",
        "threads",
        "CUDA",
    ):
        assert word in out, word


def modules():
    found = (m.name for m in pkgutil.walk_packages(weft.__path__, "weft."))
    # Importing weft.as_torch turns the alias on.
    return ["weft", *(name for name in found if not name.endswith(("._C", "__main__", ".as_torch")))]


# Models whose examples need layers that may be missing
NEEDED = {
    "weft.models.dcgan": "ConvTranspose2d",
    "weft.models.ddpm": "interpolate",
    "weft.models.lstm_language_model": "LSTM",
    "weft.models.silero_vad": "LSTMCell",
    "weft.models.unet": "ConvTranspose2d",
    "weft.models.vae": "ConvTranspose2d",
    "weft.models.vision_transformer": "MultiheadAttention",
}


@pytest.mark.parametrize("name", modules())
def test_examples_in_docstrings(name):
    layer = NEEDED.get(name, "Linear")
    if not hasattr(weft.nn, layer) and not hasattr(weft.nn.functional, layer):
        pytest.skip(f"needs nn.{layer}")
    if name == "weft._alias.scope" and "torch" in sys.modules:
        pytest.skip("the real torch has been imported")
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


def compiled():
    """What the compiled module documents: functions and classes, and methods of tensors."""
    for owner in (weft._C, weft._C.nn, weft._C.memory, weft.Tensor, weft.Generator, weft.device):
        for name, member in vars(owner).items():
            if not name.startswith("_") and ">>>" in (getattr(member, "__doc__", None) or ""):
                yield pytest.param(member.__doc__, id=f"{owner.__name__}.{name}")


@pytest.mark.parametrize("text", list(compiled()))
def test_examples_in_compiled_docstrings(text):
    test = doctest.DocTestParser().get_doctest(text, {}, "docstring", None, 0)
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0

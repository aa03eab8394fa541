"""Plug-ins: the sample device of docs/adding-a-device.md, and files that are none."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import weft_only

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = os.environ.get("WEFT_SAMPLE_DEVICE", "")

pytestmark = weft_only
needs_sample = pytest.mark.skipif(not os.path.exists(SAMPLE), reason="$WEFT_SAMPLE_DEVICE does not name the library")


def run(code, **environment):
    """What the code prints in a process of its own: a plug-in cannot be unloaded."""
    environment = {**os.environ, **environment}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@needs_sample
def test_sample_device():
    code = """
import os, weft
try:
    weft.ones(2, device="privateuse")
except RuntimeError as error:
    print(error)
weft._C._device.load_plugin(os.environ["WEFT_SAMPLE_DEVICE"])
x = weft.ones(2, 3, device="privateuse:1") * 2
print(x.device, x.cpu().tolist())
w = weft.nn.Parameter(weft.full((3,), 2.0, device="privateuse:0"))
(w * w).exp().backward(weft.ones(3, device="privateuse:0"))
print([round(v / 54.598, 2) for v in w.grad.cpu().tolist()])
for wrong in (lambda: x.sum(), lambda: x + w, lambda: weft.ones(2, device="privateuse:2")):
    try:
        wrong()
    except (RuntimeError, NotImplementedError) as error:
        print(type(error).__name__, error)
"""
    lines = run(code)
    assert lines[0] == "device 'privateuse:0' is not available: no plug-in for it is loaded"
    assert lines[1] == "privateuse:1 [[2.0, 2.0, 2.0], [2.0, 2.0, 2.0]]"
    assert lines[2] == "[4.0, 4.0, 4.0]"
    assert lines[3].startswith("NotImplementedError 'reduction' is not implemented on device 'privateuse:1'")
    assert lines[4].startswith(
        "RuntimeError add: expected all tensors on one device, got privateuse:1 and privateuse:0"
    )
    assert lines[5].endswith("does not exist: there are 2 devices of this type, counted from 0")


def test_what_is_no_plugin(w, tmp_path):
    load = w._C._device.load_plugin
    with pytest.raises(RuntimeError, match="cannot be opened"):
        load(str(tmp_path / "missing.so"))
    text = tmp_path / "text.so"
    text.write_text("this is no library")
    with pytest.raises(RuntimeError, match="cannot be opened"):
        load(str(text))
    with pytest.raises(RuntimeError, match="does not export 'weft_plugin'"):
        load("libm.so.6")


def test_reason_without_plugin(tmp_path):
    code = "import weft; print(weft.cuda.is_available()); print(weft.cuda.unavailable_reason())"
    missing = str(tmp_path / "nowhere.so")
    assert run(code, WEFT_CUDA_PLUGIN=missing) == ["False", f"$WEFT_CUDA_PLUGIN names {missing}, which does not exist"]
    code = "import weft\ntry:\n    weft.ones(2).cuda()\nexcept RuntimeError as error:\n    print(error)"
    assert "nowhere.so, which does not exist" in run(code, WEFT_CUDA_PLUGIN=missing)[0]


def test_import_does_not_look_for_gpus():
    """A CPU-only install never opens an NVIDIA file: the plug-in is looked for when a CUDA device is asked for."""
    code = "import weft; weft.ones(2) + 1; print('cuda' in open('/proc/self/maps').read().lower())"
    assert run(code) == ["False"]


def test_documentation_shows_the_sample():
    """The code of the page is that of the sample, to the letter."""
    source = (ROOT / "tests" / "sample_device" / "sample_device.cpp").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "adding-a-device.md").read_text(encoding="utf-8")
    blocks = [part.split("```")[0] for part in page.split("```cpp\n")[1:]]
    assert len(blocks) >= 5
    for block in blocks:
        assert block.strip("\n") in source, block


def test_every_kernel_has_a_cell_for_gpus():
    """No op may be missing on a GPU: each table that a header declares is filled by a file in kernels/cuda/."""
    # By Op::takes_epilogue(), and where ops do the same in another way.
    asked_for = {"matmul_then_kernel", "convolution_then_kernel", "tile_epilogue_kernel"}
    asked_for |= {"channel_sums_kernel", "batch_norm_line_kernel"}
    asked_for |= {"grid_sample_input_kernel"}
    asked_for |= {"scaled_matmul_kernel", "adafactor_kernel"}
    asked_for |= {"resample_bytes_kernel"}  # on the CPU only, which the error says
    declared, filled = set(), set()
    for header in (ROOT / "csrc" / "kernels").glob("*.h"):
        declared |= set(
            re.findall(r"^extern KernelTable<\w+> (\w+);", header.read_text(encoding="utf-8"), re.MULTILINE)
        )
    for source in (ROOT / "csrc" / "kernels" / "cuda").rglob("*.c*"):
        text = source.read_text(encoding="utf-8")
        filled |= set(re.findall(r"^WEFT_CUDA_KERNEL\((\w+),", text, re.MULTILINE))
        filled |= set(re.findall(r"^WEFT_DEVICE_KERNEL\(CUDA, (\w+),", text, re.MULTILINE))
    assert len(declared) > 50 and declared - filled == asked_for

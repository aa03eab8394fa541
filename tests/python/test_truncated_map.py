"""A file that is truncated while it is mapped: an error at the next op, no SIGBUS. Each case is a process."""

import os
import signal
import subprocess
import sys

import pytest
import weft

START = """
import faulthandler, os, signal, threading, weft
path = {path!r}
def fresh():
    weft.save({{"x": weft.ones(os.path.getsize(path + ".size"))}}, path)
    return weft.load(path, mmap=True)["x"]
x = fresh()
size = os.path.getsize(path)
def cut(to): os.truncate(path, to)
def fails(what, name=path):
    try: what()
    except (RuntimeError, BufferError) as error:
        assert "was truncated" in str(error) and name in str(error), error
    else: raise AssertionError("no error")
"""


def run(tmp_path, program, elements=1 << 20):
    path = str(tmp_path / "x.safetensors")
    with open(path + ".size", "wb") as file:
        file.truncate(elements)
    command = [sys.executable, "-c", START.format(path=path) + program + "\nprint('done')"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.stdout.endswith("done\n"), (result.returncode, result.stderr)


USES = [
    "x + 1",
    "x.sum()",
    "x.add_(1)",
    "x[5:]",
    "x.view(-1, 2)",
    "x.clone()",
    "x[0].item()",
    "x.tolist()",
    "x.numpy()",
    "weft.sort(x)",
    "print(x)",
    "bytes(memoryview(x))",
    "weft.save(x, path + '2')",
    "weft.nn.functional.linear(x.view(-1, 1024), x.view(-1, 1024))",
    "weft.jit(lambda x: (x * 2).sum())(x)",
    "x.to(weft.float64)",
    "weft.zeros(x.shape).copy_(x)",
    "weft.zeros(2).add(x[:2])",
]


def test_the_op_that_meets_the_end_and_those_after_it(tmp_path):
    # The first line is enough to lose something; then every use is an error.
    program = f"""
for use in {USES!r}:
    x = fresh()
    cut(4096)
    fails(lambda: x.max())
    fails(lambda: eval(use))
"""
    run(tmp_path, program)


def test_the_op_that_meets_the_end_is_an_error(tmp_path):
    program = """
for use in ["x.sum()", "weft.zeros(x.shape).add_(x)", "x.add_(1)", "x.tolist()", "x @ x", "x.sort()"]:
    x = fresh()
    cut(size // 2)
    fails(lambda: eval(use))
x = fresh()
cut(0)
fails(lambda: x[0].item())
x = fresh()
f = weft.jit(lambda x: (x * 2 + 1).sum())
f(x), f(x)
cut(size // 2)
fails(lambda: f(x))
"""
    run(tmp_path, program)


def test_what_was_not_lost_can_be_used(tmp_path):
    program = "a = x[:100]\ny = weft.load(path, mmap=True)['x']\ncut(size // 2)\n"
    program += "assert a.sum().item() == 100\nfails(lambda: y.sum())\n"
    program += "assert (a + 1).sum().item() == 200\n"  # another mapping, which has lost nothing yet
    program += "del y\nassert weft._C.memory._lost_files() == 0\nassert (a + 1).sum().item() == 200\n"
    run(tmp_path, program)


def test_in_the_middle_of_large_ops_of_several_threads(tmp_path):
    program = """
errors = []
def work():
    try:
        while True: (x * 2 + 1).sum()
    except RuntimeError as error: errors.append(str(error))
threads = [threading.Thread(target=work) for _ in range(4)]
for t in threads: t.start()
import time; time.sleep(0.3)
cut(8192)
for t in threads: t.join(60)
assert len(errors) == 4 and all("was truncated" in e for e in errors), errors
"""
    run(tmp_path, program, 1 << 23)


def test_backward_through_lost_values(tmp_path):
    program = (
        "w = weft.ones(x.shape, requires_grad=True)\nloss = (x * w).sum()\ncut(4096)\nfails(lambda: loss.backward())"
    )
    run(tmp_path, program)


def test_an_optimizer_step_on_lost_values(tmp_path):
    program = "p = weft.nn.Parameter(x)\np.grad = weft.ones(x.shape)\ncut(4096)\nfails(lambda: x.sum())\n"
    run(tmp_path, program + "fails(weft.optim.SGD([p], lr=0.1).step)")


def test_other_bus_errors_end_the_process_and_reach_other_handlers(tmp_path):
    """The handler that was there before is called for addresses that are not ours."""
    foreign = tmp_path / "foreign"
    foreign.write_bytes(bytes(1 << 16))
    (tmp_path / "x.safetensors.size").write_bytes(bytes(100))
    program = START.format(path=str(tmp_path / "x.safetensors"))
    touch = f"import numpy\ny = numpy.memmap({str(foreign)!r}, mode='r')\nos.truncate({str(foreign)!r}, 0)\ny[5000]\n"
    for first, expected in (
        ("", ""),
        ("import faulthandler; faulthandler.enable()\n", "Fatal Python error: Bus error"),
    ):
        foreign.write_bytes(bytes(1 << 16))
        result = subprocess.run([sys.executable, "-c", first + program + touch], capture_output=True, text=True)
        assert result.returncode == -signal.SIGBUS
        assert expected in result.stderr
    sent = subprocess.run([sys.executable, "-c", program + "os.kill(os.getpid(), signal.SIGBUS)\n"])
    assert sent.returncode == -signal.SIGBUS


def test_a_mapping_ends_with_its_tensors(tmp_path):
    path = tmp_path / "x.safetensors"
    weft.save({"x": weft.ones(1 << 16)}, path)

    def mapped():
        with open("/proc/self/maps") as file:
            return file.read().count(os.fspath(path))

    x = weft.load(path, mmap=True)["x"]
    assert mapped() > 0
    part = x[3:5]
    del x
    assert part.tolist() == [1, 1]
    del part
    assert mapped() == 0


def test_more_files_than_the_table_has_places(tmp_path):
    path = tmp_path / "x.safetensors"
    weft.save({"x": weft.ones(3)}, path)
    with open(path, "rb") as file:
        kept = [weft._C.memory._map_file(file.fileno(), "x") for _ in range(4096)]
    with pytest.raises(RuntimeError, match="4096 files are mapped already"):
        weft.load(path, mmap=True)
    del kept[5]
    assert weft.load(path, mmap=True)["x"].tolist() == [1, 1, 1]

"""weft.utils.cpp_extension: ops in C++ behave as Weft's own; when they are compiled; what is said when they are not."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import support
import weft
from weft.utils import cpp_extension

pytest.importorskip("pybind11", minversion="3.0", reason="extensions are built with pybind11")
pytestmark = pytest.mark.skipif(not shutil.which(os.environ.get("CXX", "c++").split()[-1]), reason="no C++ compiler")

SOURCE = """
#include <weft/python.h>
#include <vector>
namespace {
using namespace weft;

struct Scaled : KernelOp<Scaled> {
  static constexpr const char* kName = "test_scaled_cube";
  double scale;
  WEFT_FIELDS(scale);
  explicit Scaled(double s) : scale(s) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype()}; }
  void run_cpu(Inputs in, const Tensor* out) const {
    for_dtype<float, double>(kName, in[0].dtype(), [&]<class T>() {
      const T* x = in[0].data_as<T>();
      T* y = out[0].data_as<T>();
      for (int64_t i = 0; i < in[0].numel(); i++) y[i] = static_cast<T>(scale) * x[i] * x[i] * x[i];
    });
  }
  Saves saves(uint32_t) const override { return {.inputs = 1}; }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = v.grad() * square(v.input(0)) * (3 * scale); }
};
Tensor cube(const Tensor& x, double scale) { return apply(Scaled(scale), x); }

// (a b, a + b), with the order of the elements of a kept as it comes.
struct Both : KernelOp<Both> {
  static constexpr const char* kName = "test_both";
  WEFT_FIELDS();
  void check_inputs(const InputCheck& in) const {
    in.count(2).dtype(0, DType::Float64).same_dtype(0, 1).same_shape(0, 1);
  }
  int num_outputs() const override { return 2; }
  void infer(Inputs in, OutputSpec* out) const override {
    check(in[0].shape() == in[1].shape(), "test_both: shapes ", in[0].shape(), " and ", in[1].shape(), " differ");
    for (int i = 0; i < 2; i++) out[i] = {in[0].shape(), in[0].dtype(), in[0].strides()};
  }
  void run_cpu(Inputs in, const Tensor* out) const {
    const double *a = in[0].data_as<double>(), *b = in[1].data_as<double>();
    for (int64_t i = 0; i < in[0].numel(); i++) {
      out[0].data_as<double>()[i] = a[i] * b[i];
      out[1].data_as<double>()[i] = a[i] + b[i];
    }
  }
  Saves saves(uint32_t) const override { return {.inputs = 3}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    for (int i = 0; i < 2; i++) {
      const Tensor product = v.grad(0).defined() ? v.grad(0) * v.input(1 - i) : zeros_like(v.input(i));
      grads[i] = v.grad(1).defined() ? product + v.grad(1) : product;
    }
  }
};
WEFT_OP(Both);
std::vector<Tensor> both(const Tensor& a, const Tensor& b) { return apply_list(Both(), {a, b}); }

struct Careless : KernelOp<Careless> {
  static constexpr const char* kName = "test_careless";
  WEFT_FIELDS();
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype()}; }
  void run_cpu(Inputs, const Tensor*) const {}
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = v.input(0); }
};
Tensor careless(const Tensor& x) { return apply(Careless(), x); }

void raise(int kind) { throw Error(static_cast<ErrorKind>(kind), "says why"); }
Dims doubled(const Dims& dims) {
  Dims out;
  for (int64_t d : dims) out.push_back(2 * d);
  return out;
}
}  // namespace

WEFT_MODULE(WEFT_EXTENSION_NAME, m) {
  m.def("cube", &cube, pybind11::arg("x"), pybind11::arg("scale") = 1.0);
  m.def("both", &both);
  m.def("careless", &careless);
  m.def("raise_", &raise);
  m.def("doubled", &doubled);
  m.def("dtype", [](DType t) { return t; });
  m.def("device", [](Device d) { return d; });
  m.def("scalar", [](const Scalar& s) { return s; });
  m.def("integer", [](int64_t i) { return i; });
  m.def("optional", [](const std::optional<Tensor>& t) { return t ? *t : Tensor(); });
  m.def("same", [](const Tensor& t) { return t; });
}
"""
SMALL = '#include <weft/python.h>\nWEFT_MODULE(WEFT_EXTENSION_NAME, m) { m.def("answer", [] { return ANSWER; }); }\n'


def load_ops(folder, *flags):
    (folder / "ops.cpp").write_text(SOURCE)
    flags = ["-O0", "-Wall", "-Werror", *flags]  # compiling takes most of the time of these tests
    return cpp_extension.load("weft_test_ops", [folder / "ops.cpp"], flags, build_directory=folder)


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    return load_ops(tmp_path_factory.mktemp("extension"))


def cube_of(x, scale=1.0):
    return scale * x * x * x


def test_values_and_gradients(module):
    x = weft.randn(3, 4, dtype=weft.float64, requires_grad=True)
    assert np.allclose(module.cube(x, 2.0).detach().numpy(), cube_of(x.detach().numpy(), 2.0))
    assert weft.autograd.gradcheck(module.cube, (x,)) and weft.autograd.gradgradcheck(module.cube, (x,))
    assert module.cube(x).grad_fn.name() == "TestScaledCubeBackward0"


def test_strides(module):
    x = weft.randn(3, 4, dtype=weft.float64)
    for view in (x.t(), x[:, ::2], x[:, :1].expand(3, 4), x[0, 0]):
        assert np.allclose(module.cube(view).numpy(), cube_of(view.numpy()))
    a, b = x.t(), weft.randn(4, 3, dtype=weft.float64)
    product, total = module.both(a, b)
    assert product.stride() == a.stride()
    assert weft.equal(product, a * b) and weft.equal(total, a + b)


def test_several_outputs(module):
    a, b = (weft.randn(2, 3, dtype=weft.float64, requires_grad=True) for _ in range(2))
    assert weft.autograd.gradcheck(lambda a, b: tuple(module.both(a, b)), (a, b))
    (g,) = weft.autograd.grad(module.both(a, b)[1].sum(), (a,))
    assert weft.equal(g, weft.ones_like(a))
    with pytest.raises(RuntimeError, match=r"test_both: shapes \(2, 3\) and \(3, 2\) differ"):
        module.both(a, b.t())


def test_jit_equals_eager(module):
    def step(x, w):
        a, b = module.both(module.cube(x.t(), 0.5).relu(), w)
        loss = (a + b).sin().mean()
        return (loss, *weft.autograd.grad(loss, (x, w)))

    jitted = weft.jit(step)
    for _ in range(3):
        x, w = (weft.randn(*s, dtype=weft.float64, requires_grad=True) for s in ((5, 4), (4, 5)))
        for fast, slow in zip(jitted(x, w), step(x, w)):
            assert weft.equal(fast, slow)


def test_transforms(module):
    x = weft.randn(3, 4)
    with pytest.warns(RuntimeWarning, match="test_scaled_cube has no rule for batches"):
        assert weft.equal(weft.vmap(module.cube)(x), module.cube(x))
    _, tangent = weft.func.jvp(module.cube, (x,), (weft.ones(3, 4),))
    assert np.allclose(tangent.numpy(), 3 * x.numpy() ** 2, rtol=1e-5)
    assert module.cube(weft.ones(2, device="meta")).shape == (2,)


def test_registered_op_in_a_program(module, tmp_path):
    a, b = (weft.randn(3, dtype=weft.float64) for _ in range(2))
    file = tmp_path / "program.safetensors"
    weft.export.save(weft.export.export(lambda a, b: module.both(a, b)[0], (a, b)), file)
    assert weft.equal(weft.export.load(file)(a, b), a * b)
    # Compiled anew, the ops have the names of those that are there. These stay.
    again = load_ops(tmp_path, "-DAGAIN")
    assert again is not module and weft.equal(again.both(a, b)[1], a + b)
    assert weft.equal(weft.export.load(file)(a, b), a * b)
    with pytest.raises(ValueError, match="the op test_both cannot be saved"):
        weft.export.save(weft.export.export(lambda a, b: again.both(a, b)[0], (a, b)), file)


def test_program_runs_and_is_not_saved(module, tmp_path):
    x = weft.randn(3)
    program = weft.export.export(lambda x: module.cube(x), (x,))
    assert weft.equal(program(x), module.cube(x))
    with pytest.raises(ValueError, match="the op test_scaled_cube cannot be saved"):
        weft.export.save(program, tmp_path / "program.safetensors")


def test_arguments(module):
    x = weft.ones(2)
    assert module.same(x) is x
    assert module.optional(None) is None and module.optional(x) is x
    assert module.doubled([1, 2]) == (2, 4) and module.doubled(3) == (6,)
    assert module.dtype(weft.float16) is weft.float16 and module.device("cpu") == weft.device("cpu")
    assert module.scalar(2**63) == 2**63 and module.scalar(1j) == 1j and module.scalar(True) is True
    assert module.integer(np.int64(-5)) == -5
    for wrong in ((module.same, 1.0), (module.integer, 1.5), (module.dtype, "no"), (module.doubled, "no")):
        with pytest.raises(TypeError):
            wrong[0](wrong[1])
    with pytest.raises(OverflowError):
        module.scalar(10**400)


@pytest.mark.parametrize(
    "kind, error",
    list(
        enumerate(
            [RuntimeError, ValueError, TypeError, IndexError, weft.OutOfMemoryError, NotImplementedError, KeyError]
            + [BufferError, OverflowError]
        )
    ),
)
def test_errors_become_those_of_python(module, kind, error):
    with pytest.raises(error, match="says why") as caught:
        module.raise_(kind)
    assert caught.type is error


def test_errors_of_ops(module):
    with pytest.raises(TypeError, match="test_scaled_cube: expected a tensor of dtype float32, float64, got int64"):
        module.cube(weft.arange(3))
    x = weft.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"test_careless: vjp\(\) reads input 0, which saves\(\) does not name"):
        module.careless(x).sum().backward()


def small(folder, answer, **options):
    (folder / "small.cpp").write_text(SMALL)
    return cpp_extension.load(
        "weft_test_small", [folder / "small.cpp"], [f"-DANSWER={answer}", "-O0"], build_directory=folder, **options
    )


def test_compiled_only_when_something_changed(tmp_path, capfd):
    def compiled():
        return "-c" in capfd.readouterr().out

    header = tmp_path / "small.h"
    header.write_text("constexpr int kAnswer = 1;\n")
    source = tmp_path / "small.cpp"
    source.write_text('#include "small.h"\n' + SMALL.replace("ANSWER;", "kAnswer + MORE;"))

    def load(more=0):
        flags = ["-O0", f"-DMORE={more}"]
        return cpp_extension.load("weft_test_small", source, flags, build_directory=tmp_path, verbose=True)

    first = load()
    assert compiled() and first.answer() == 1
    os.utime(source)
    assert load() is first and not compiled()
    header.write_text("constexpr int kAnswer = 2;\n")
    assert load().answer() == 2 and compiled()
    assert load(5).answer() == 7 and compiled()
    source.write_text(source.read_text() + "// changed\n")
    assert load(5).answer() == 7 and compiled()
    assert load(5) is not first and not compiled()
    assert first.answer() == 1
    assert len(list(tmp_path.glob("*.so"))) == 1  # older ones are gone
    record = tmp_path / "weft_test_small.json"
    assert list(json.loads(record.read_text())["headers"]) == [str(header)]
    record.write_text("{")  # a file that was cut off
    assert load(5).answer() == 7 and compiled()


def test_two_processes_at_once(tmp_path):
    (tmp_path / "small.cpp").write_text(SMALL)
    code = (
        "from weft.utils import cpp_extension\n"
        "m = cpp_extension.load('weft_test_small', ['small.cpp'], ['-DANSWER=3', '-O0'], build_directory='out',\n"
        "                       verbose=True)\n"
        "print('answer', m.answer())\n"
    )
    command = [sys.executable, "-c", code]
    started = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=support.environment())
        for _ in range(3)
    ]
    outputs = [process.communicate(timeout=300)[0] for process in started]
    assert all("answer 3" in out for out in outputs)
    assert sum(" -c " in out for out in outputs) == 1


def test_inline(tmp_path):
    source = "weft::Tensor twice(const weft::Tensor& x) { return x + x; }"
    options = {"functions": {"twice": "2 x"}, "extra_cflags": ["-O0"], "build_directory": tmp_path}
    module = cpp_extension.load_inline("weft_test_inline", source, **options)
    assert module.twice(weft.ones(2)).tolist() == [2, 2] and "2 x" in module.twice.__doc__
    assert cpp_extension.load_inline("weft_test_inline", source, **options) is module
    with pytest.raises(ValueError, match="is not the name of a function"):
        cpp_extension.load_inline("weft_test_inline", source, functions=["twice()"], build_directory=tmp_path)


def test_compile_error_shows_what_the_compiler_says(tmp_path):
    (tmp_path / "broken.cpp").write_text("int f() { return no_such_name; }\n")
    with pytest.raises(RuntimeError, match="building broken failed with status 1") as error:
        cpp_extension.load("broken", [tmp_path / "broken.cpp"], build_directory=tmp_path)
    assert "no_such_name" in str(error.value) and "broken.cpp:1" in str(error.value)
    assert not list(tmp_path.glob("broken*/")) and not list(tmp_path.glob("*.so"))


def test_mistakes(tmp_path, monkeypatch):
    (tmp_path / "small.cpp").write_text(SMALL)
    with pytest.raises(FileNotFoundError, match="there is no source 'missing.cpp'"):
        cpp_extension.load("small", ["missing.cpp"])
    with pytest.raises(ValueError, match="must be an identifier, got 'a-b'"):
        cpp_extension.load("a-b", [tmp_path / "small.cpp"])
    with pytest.raises(ValueError, match="small has no sources"):
        cpp_extension.load("small", [])
    with pytest.raises(TypeError, match="extra_cflags must be a list, got '-O0'"):
        cpp_extension.load("small", [tmp_path / "small.cpp"], "-O0")
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(RuntimeError, match="no C.. compiler was found: .CXX names 'no-such-compiler'"):
        small(tmp_path, 1)
    monkeypatch.delenv("CXX")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="no C.. compiler was found: there is none of"):
        small(tmp_path, 1)
    with pytest.raises(RuntimeError, match="nvcc was not found"):
        small(tmp_path, 1, with_cuda=True)


def test_without_pybind11(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pybind11", None)
    with pytest.raises(ImportError, match='pip install "pybind11'):
        small(tmp_path, 1)


def test_module_of_another_weft(tmp_path):
    """Compiled with other headers, as after an update of Weft: an error that names both, and nothing else."""
    version = next(Path(f) / "core" / "version.h" for f in reversed(cpp_extension.include_paths()) if has_version(f))
    text = version.read_text()
    changed = re.sub(r'WEFT_ABI "\w+"', 'WEFT_ABI "0123456789abcdef"', text).replace(weft.__version__, "0.0.9")
    # Headers look beside themselves first: so it is a copy of them that says so
    headers = next(Path(f) / "weft" for f in cpp_extension.include_paths() if (Path(f) / "weft" / "weft.h").exists())
    other = tmp_path / "other"
    shutil.copytree(headers, other / "weft")
    (other / "weft" / "core").mkdir(exist_ok=True)
    (other / "weft" / "core" / "version.h").write_text(changed)
    with pytest.raises(ImportError) as error:
        small(tmp_path, 1, extra_include_paths=[other, other / "weft"])
    for part in (
        "headers of Weft 0.0.9 (0123456789abcdef)",
        f"Weft {weft.__version__} (",
        "is running; build it again",
    ):
        assert part in str(error.value)


def has_version(folder):
    return (Path(folder) / "core" / "version.h").exists()


def test_setuptools_extension():
    pytest.importorskip("setuptools")
    extension = cpp_extension.CppExtension("package.cubes", ["cubes.cpp"], extra_compile_args=["-O0"])
    assert "-DWEFT_EXTENSION_NAME=cubes" in extension.extra_compile_args and extension.libraries == ["weft"]
    assert extension.extra_compile_args[-1] == "-O0"


@pytest.mark.skipif(not shutil.which("nvcc"), reason="no nvcc")
def test_cuda_source_compiles(tmp_path):
    """There need not be a GPU: the kernel is compiled, and not called."""
    source = """
    struct Twice : weft::KernelOp<Twice> {
      static constexpr const char* kName = "test_twice";
      WEFT_FIELDS();
      void infer(weft::Inputs in, weft::OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype()}; }
      void run_cuda(weft::Inputs in, const weft::Tensor* out, weft::StreamHandle stream) const;
    };
    __global__ void twice_kernel(const float* x, float* y, int64_t n) {
      const int64_t i = blockIdx.x * int64_t{blockDim.x} + threadIdx.x;
      if (i < n) y[i] = 2 * x[i];
    }
    void Twice::run_cuda(weft::Inputs in, const weft::Tensor* out, weft::StreamHandle stream) const {
      const int64_t n = in[0].numel();
      twice_kernel<<<static_cast<unsigned>((n + 255) / 256), 256, 0, reinterpret_cast<cudaStream_t>(stream)>>>(
          in[0].data_as<float>(), out[0].data_as<float>(), n);
    }
    weft::Tensor twice(const weft::Tensor& x) { return weft::apply(Twice(), x); }
    """
    module = cpp_extension.load_inline(
        "weft_test_cuda", "weft::Tensor twice(const weft::Tensor& x);", source, ["twice"], build_directory=tmp_path
    )
    with pytest.raises(NotImplementedError, match="test_twice: there is no kernel of this op for tensors on cpu"):
        module.twice(weft.ones(2))
    if weft.cuda.is_available() and not os.environ.get("WEFT_CUDA_PLUGIN", "").endswith("simulated.so"):
        assert module.twice(weft.ones(2, device="cuda")).tolist() == [2, 2]

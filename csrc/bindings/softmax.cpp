#include "ops/softmax.h"

#include "bindings/out.h"

namespace weft::python {

namespace {

using Function = Tensor (*)(const Tensor&, int64_t, std::optional<DType>);

void def_softmax(Family& f, Family& nn, const char* name, Function function, const char* doc, const char* nn_doc) {
  f.def(
      name, "(input, dim, dtype=None, *, out=None)",
      [=](const Tensor& x, int64_t dim, std::optional<DType> dtype, const Tensor& out) {
        return compute_into(name, out, x.shape(), [&] { return function(x, dim, dtype); });
      },
      doc);
  // Without dim: 0 for up to one dimension and for three, else 1, as PyTorch's function of old.
  nn.function(
      name, "(input, dim=None, _stacklevel=3, dtype=None)",
      [=](const Tensor& x, std::optional<int64_t> dim, int, std::optional<DType> dtype) {
        if (!dim &&
            PyErr_WarnEx(PyExc_UserWarning,
                         (std::string(name) + ": give dim; the choice made without it is a historical one").c_str(),
                         1) < 0)
          throw py::error_already_set();
        return function(x, dim.value_or(x.ndim() <= 1 || x.ndim() == 3 ? 0 : 1), dtype);
      },
      nn_doc);
}

}  // namespace

void bind_softmax(Family& f, Family& nn) {
  def_softmax(
      f, nn, "softmax", &softmax,
      "exp(input) / sum(exp(input)) along dim, computed without overflow; of input's shape.\n\n"
      "dtype: input is converted to it first, and so is the result.\n\n"
      "Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.\n\n"
      ">>> import weft\n"
      ">>> weft.softmax(weft.tensor([0, 1]), 0, dtype=weft.float32)\n"
      "tensor([0.2689, 0.7311])\n",
      "exp(input) / sum(exp(input)) along dim, computed without overflow; of input's shape.\n\n"
      "dtype: input is converted to it first, and so is the result. Without dim it warns, and takes 0 for up to\n"
      "one dimension and for three, else 1.\n\n"
      "Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.softmax(weft.tensor([0, 1]), dim=0, dtype=weft.float32)\n"
      "tensor([0.2689, 0.7311])\n");
  def_softmax(
      f, nn, "log_softmax", &log_softmax,
      "input - log(sum(exp(input))) along dim: the logarithm of softmax(), exact where that rounds to 0.\n\n"
      "dtype: input is converted to it first, and so is the result.\n\n"
      "Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.\n\n"
      ">>> import weft\n"
      ">>> weft.log_softmax(weft.tensor([0., 1000.]), 0)\n"
      "tensor([-1000.,     0.])\n",
      "input - log(sum(exp(input))) along dim: the logarithm of softmax(), exact where that rounds to 0.\n\n"
      "dtype: input is converted to it first, and so is the result. Without dim it warns, and takes 0 for up to\n"
      "one dimension and for three, else 1.\n\n"
      "Raises RuntimeError for integers without dtype, IndexError for a dim that is not there.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.log_softmax(weft.tensor([0., 1000.]), dim=0)\n"
      "tensor([-1000.,     0.])\n");
}

}  // namespace weft::python

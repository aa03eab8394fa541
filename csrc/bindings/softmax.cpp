#include "ops/softmax.h"

#include "bindings/out.h"

namespace weft::python {

namespace {

using Function = Tensor (*)(const Tensor&, int64_t, std::optional<DType>);

void def_softmax(Family& f, Family& nn, const char* name, Function function, const char* doc) {
  f.def(
      name, "(input, dim, dtype=None, *, out=None)",
      [=](const Tensor& x, int64_t dim, std::optional<DType> dtype, const Tensor& out) {
        return write_out(name, out, [&] { return function(x, dim, dtype); });
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
      doc);
}

}  // namespace

void bind_softmax(Family& f, Family& nn) {
  def_softmax(f, nn, "softmax", &softmax,
              "exp(input) / sum(exp(input)) along dim, without overflow.\n\n"
              "Raises RuntimeError for integers unless dtype is given, IndexError for a dim that is not there.\n\n"
              ">>> import weft\n>>> weft.softmax(weft.zeros(4), 0)\ntensor([0.2500, 0.2500, 0.2500, 0.2500])\n");
  def_softmax(f, nn, "log_softmax", &log_softmax,
              "The logarithm of softmax, computed without loss where softmax would round to 0.\n\n"
              ">>> import weft\n>>> weft.log_softmax(weft.tensor([0., 1000.]), 0)\ntensor([-1000.,     0.])\n");
}

}  // namespace weft::python

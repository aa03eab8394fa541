#include "ops/pooling.h"

#include "bindings/bindings.h"

namespace weft::python {

namespace {

// One number for both axes, or one for each.
std::array<int64_t, 2> pair_of(const char* op, const char* what, const Dims& dims) {
  check(dims.size() == 1 || dims.size() == 2, op, ": ", what, " must be one number or two, got ", dims);
  return {dims[0], dims[dims.size() - 1]};
}

PoolOptions options(const char* op, const Dims& kernel, const std::optional<Dims>& stride, const Dims& padding,
                    const Dims& dilation, bool ceil_mode) {
  PoolOptions o;
  o.kernel = pair_of(op, "kernel_size", kernel);
  o.stride = stride && !stride->empty() ? pair_of(op, "stride", *stride) : o.kernel;
  o.padding = pair_of(op, "padding", padding);
  o.dilation = pair_of(op, "dilation", dilation);
  o.ceil_mode = ceil_mode;
  return o;
}

// An int or a pair; None keeps the input's size.
std::array<int64_t, 2> output_size(const char* op, const Tensor& x, const py::object& size) {
  auto entry = [&](const py::handle& v, int from_end) {
    if (v.is_none()) return x.ndim() >= from_end ? x.size(-from_end) : 0;
    std::optional<Dims> n = read_dims(v.ptr());
    check<ErrorKind::Type>(n && n->size() == 1, op, ": output_size must hold ints or None, got ",
                           std::string(py::repr(size)));
    return (*n)[0];
  };
  if (!py::isinstance<py::sequence>(size)) return {entry(size, 2), entry(size, 1)};
  auto pair = py::reinterpret_borrow<py::sequence>(size);
  check<ErrorKind::Type>(pair.size() == 2 || pair.size() == 1, op, ": output_size must be one number or two, got ",
                         std::string(py::repr(size)));
  return {entry(py::object(pair[0]), 2), entry(py::object(pair[pair.size() - 1]), 1)};
}

py::object chosen(const PooledAndIndices& both, bool return_indices) {
  if (return_indices) return py::make_tuple(both.values, both.indices);
  return py::cast(both.values);
}

}  // namespace

void bind_pooling(Family&, Family& nn) {
  nn.function(
      "max_pool2d",
      [](const Tensor& x, const Dims& kernel, const std::optional<Dims>& stride, const Dims& padding,
         const Dims& dilation, bool ceil_mode, bool return_indices) {
        return chosen(max_pool2d(x, options("max_pool2d", kernel, stride, padding, dilation, ceil_mode)),
                      return_indices);
      },
      py::arg("input"), py::arg("kernel_size"), py::arg("stride") = py::none(), py::arg("padding") = Dims{0},
      py::arg("dilation") = Dims{1}, py::arg("ceil_mode") = false, py::arg("return_indices") = false,
      "The largest value of each window of (N, C, H, W) or (C, H, W); with return_indices also its position in the "
      "plane.\n\n"
      "stride is kernel_size unless given. Raises RuntimeError for windows that do not fit.\n\n"
      ">>> import weft\n>>> weft.nn.functional.max_pool2d(weft.arange(4.).view(1, 2, 2), 2)\ntensor([[[3.]]])\n");
  nn.function(
      "avg_pool2d",
      [](const Tensor& x, const Dims& kernel, const std::optional<Dims>& stride, const Dims& padding, bool ceil_mode,
         bool count_include_pad, std::optional<int64_t> divisor_override) {
        PoolOptions o = options("avg_pool2d", kernel, stride, padding, {1}, ceil_mode);
        o.count_include_pad = count_include_pad;
        o.divisor = divisor_override;
        return avg_pool2d(x, o);
      },
      py::arg("input"), py::arg("kernel_size"), py::arg("stride") = py::none(), py::arg("padding") = Dims{0},
      py::arg("ceil_mode") = false, py::arg("count_include_pad") = true, py::arg("divisor_override") = py::none(),
      "The mean of each window of (N, C, H, W) or (C, H, W).\n\n"
      "stride is kernel_size unless given. Raises RuntimeError for windows that do not fit.\n\n"
      ">>> import weft\n>>> weft.nn.functional.avg_pool2d(weft.arange(4.).view(1, 2, 2), 2)\ntensor([[[1.5000]]])\n");
  nn.function(
      "adaptive_avg_pool2d",
      [](const Tensor& x, const py::object& size) {
        return adaptive_avg_pool2d(x, output_size("adaptive_avg_pool2d", x, size));
      },
      py::arg("input"), py::arg("output_size"),
      "Means of windows that divide (N, C, H, W) or (C, H, W) into output_size parts.\n\n"
      ">>> import weft\n>>> weft.nn.functional.adaptive_avg_pool2d(weft.arange(4.).view(1, 2, 2), "
      "1)\ntensor([[[1.5000]]])\n");
  nn.function(
      "adaptive_max_pool2d",
      [](const Tensor& x, const py::object& size, bool return_indices) {
        return chosen(adaptive_max_pool2d(x, output_size("adaptive_max_pool2d", x, size)), return_indices);
      },
      py::arg("input"), py::arg("output_size"), py::arg("return_indices") = false,
      "The largest values of windows that divide (N, C, H, W) or (C, H, W) into output_size parts.");
}

}  // namespace weft::python

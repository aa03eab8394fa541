#include "ops/convolution.h"

#include "bindings/bindings.h"

namespace weft::python {

namespace {

Dims dims_of(const char* function, const char* what, const py::handle& value) {
  std::optional<Dims> dims = read_dims(value.ptr());
  check<ErrorKind::Type>(dims.has_value(), function, ": expected ", what, " as an int or a tuple of ints, got ",
                         std::string(py::repr(value)));
  return *dims;
}

void bind_convolution_of(Family& nn, const char* name, int dims, const char* doc) {
  nn.function(
      name, "(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1)",
      [=](const Tensor& input, const Tensor& weight, const Tensor& bias, const py::object& stride,
          const py::object& padding, const py::object& dilation, int64_t groups) {
        ConvOptions o;
        o.stride = dims_of(name, "stride", stride);
        o.dilation = dims_of(name, "dilation", dilation);
        o.groups = groups;
        if (py::isinstance<py::str>(padding))
          o.padding_mode = py::cast<std::string>(padding);
        else
          o.padding = dims_of(name, "padding", padding);
        return convolution(name, dims, input, weight, bias, o);
      },
      doc);
}

void bind_transposed_of(Family& nn, const char* name, int dims, const char* doc) {
  nn.function(
      name, "(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1)",
      [=](const Tensor& input, const Tensor& weight, const Tensor& bias, const py::object& stride,
          const py::object& padding, const py::object& output_padding, int64_t groups, const py::object& dilation) {
        ConvOptions o;
        o.stride = dims_of(name, "stride", stride);
        o.padding = dims_of(name, "padding", padding);
        o.output_padding = dims_of(name, "output_padding", output_padding);
        o.dilation = dims_of(name, "dilation", dilation);
        o.groups = groups;
        return conv_transpose(name, dims, input, weight, bias, o);
      },
      doc);
}

}  // namespace

void bind_convolution(Family&, Family& nn) {
  bind_convolution_of(nn, "conv1d", 1,
                      "input (n, inputs, length), weight (outputs, inputs / groups, k): (n, outputs, length').");
  bind_convolution_of(
      nn, "conv2d", 2,
      "Slides weight (outputs, inputs / groups, kh, kw) over input (n, inputs, h, w), or one without n, and\n"
      "sums the products. padding: numbers, 'same' (needs stride 1) or 'valid'.\n\n"
      ">>> import weft\n>>> weft.nn.functional.conv2d(weft.ones(1, 3, 8, 8), weft.ones(4, 3, 3, 3), padding=1).shape\n"
      "weft.Size([1, 4, 8, 8])\n");
  bind_convolution_of(nn, "conv3d", 3, "input (n, inputs, d, h, w), weight (outputs, inputs / groups, kd, kh, kw).");
  bind_transposed_of(nn, "conv_transpose1d", 1, "Transposed convolution; weight (inputs, outputs / groups, k).");
  bind_transposed_of(nn, "conv_transpose2d", 2,
                     "The gradient of conv2d by its input, as a layer; weight (inputs, outputs / groups, kh, kw).\n\n"
                     ">>> import weft\n>>> weft.nn.functional.conv_transpose2d(weft.ones(1, 4, 4, 4), weft.ones(4, 3, "
                     "2, 2), stride=2).shape\n"
                     "weft.Size([1, 3, 8, 8])\n");
  bind_transposed_of(nn, "conv_transpose3d", 3,
                     "Transposed convolution; weight (inputs, outputs / groups, kd, kh, kw).");
}

}  // namespace weft::python

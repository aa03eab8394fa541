#include "ops/convolution.h"

#include "bindings/bindings.h"

namespace weft::python {

namespace {

Dims window_of(const char* function, const char* what, const py::handle& value) {
  std::optional<Dims> dims = read_dims(value.ptr());
  check<ErrorKind::Type>(dims.has_value(), function, ": expected ", what, " as an int or a tuple of ints, got ",
                         std::string(py::repr(value)));
  return *dims;
}

void bind_convolution_of(Family& nn, const char* name, int dims, const char* doc) {
  nn.function(
      name,
      "(input, weight, bias=None, stride: int | Sequence[int]=1, padding: int | Sequence[int] | str=0, "
      "dilation: int | Sequence[int]=1, groups=1)",
      [=](const Tensor& input, const Tensor& weight, const Tensor& bias, const py::object& stride,
          const py::object& padding, const py::object& dilation, int64_t groups) {
        ConvOptions o;
        o.stride = window_of(name, "stride", stride);
        o.dilation = window_of(name, "dilation", dilation);
        o.groups = groups;
        if (py::isinstance<py::str>(padding))
          o.padding_mode = py::cast<std::string>(padding);
        else
          o.padding = window_of(name, "padding", padding);
        return convolution(name, dims, input, weight, bias, o);
      },
      doc);
}

void bind_transposed_of(Family& nn, const char* name, int dims, const char* doc) {
  nn.function(
      name,
      "(input, weight, bias=None, stride: int | Sequence[int]=1, padding: int | Sequence[int]=0, "
      "output_padding: int | Sequence[int]=0, groups=1, dilation: int | Sequence[int]=1)",
      [=](const Tensor& input, const Tensor& weight, const Tensor& bias, const py::object& stride,
          const py::object& padding, const py::object& output_padding, int64_t groups, const py::object& dilation) {
        ConvOptions o;
        o.stride = window_of(name, "stride", stride);
        o.padding = window_of(name, "padding", padding);
        o.output_padding = window_of(name, "output_padding", output_padding);
        o.dilation = window_of(name, "dilation", dilation);
        o.groups = groups;
        return conv_transpose(name, dims, input, weight, bias, o);
      },
      doc);
}

}  // namespace

void bind_convolution(Family&, Family& nn) {
  bind_convolution_of(
      nn, "conv1d", 1,
      "Sums of products: out[o, i] = bias[o] + sum of weight[o, c, k] input[c, i stride + k dilation - padding].\n\n"
      "input (N, inputs, L), or without N, weight (outputs, inputs / groups, K), bias (outputs,): the result is\n"
      "(N, outputs, L') with L' = (L + 2 padding - dilation (K - 1) - 1) / stride + 1, rounded down. What lies\n"
      "outside of input is 0. With groups each output sees only the inputs of its group. padding: a number,\n"
      "'valid' (0) or 'same', which keeps L and needs stride 1.\n\n"
      "Raises RuntimeError for shapes, dtypes and options that do not fit, TypeError for a stride that is no\n"
      "integer.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.conv1d(weft.tensor([[1., 2., 3., 4.]]), weft.ones(1, 1, 2))\n"
      "tensor([[3., 5., 7.]])\n");
  bind_convolution_of(
      nn, "conv2d", 2,
      "Sums of products over an image: conv1d() with two spatial dimensions (LeCun et al., 1989).\n\n"
      "input (N, inputs, H, W), or without N, weight (outputs, inputs / groups, KH, KW), bias (outputs,): the\n"
      "result is (N, outputs, H', W'), each size by the formula of conv1d(). stride, padding and dilation are a\n"
      "number, or one for rows and one for columns; padding may be 'valid' or 'same' (needs stride 1).\n\n"
      "Raises RuntimeError for shapes, dtypes and options that do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.conv2d(weft.arange(9.).view(1, 3, 3), weft.ones(1, 1, 2, 2))\n"
      "tensor([[[ 8., 12.],\n"
      "         [20., 24.]]])\n");
  bind_convolution_of(
      nn, "conv3d", 3,
      "Sums of products over a volume: conv1d() with three spatial dimensions.\n\n"
      "input (N, inputs, D, H, W), or without N, weight (outputs, inputs / groups, KD, KH, KW), bias\n"
      "(outputs,): the result is (N, outputs, D', H', W'), each size by the formula of conv1d(). stride,\n"
      "padding and dilation are a number or three; padding may be 'valid' or 'same' (needs stride 1).\n\n"
      "Raises RuntimeError for shapes, dtypes and options that do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.conv3d(weft.ones(1, 2, 4, 4, 4), weft.ones(3, 2, 3, 3, 3), padding=1).shape\n"
      "weft.Size([1, 3, 4, 4, 4])\n");
  bind_transposed_of(
      nn, "conv_transpose1d", 1,
      "Transposed convolution: adds input[c, i] weight[c, o, k] to out[o, i stride + k dilation - padding].\n\n"
      "It is the gradient of conv1d() by its input, as a layer. input (N, inputs, L), or without N, weight\n"
      "(inputs, outputs / groups, K), bias (outputs,): the result is (N, outputs, L') with L' =\n"
      "(L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1 (Dumoulin and Visin, 2016).\n\n"
      "Raises RuntimeError for shapes, dtypes and options that do not fit, such as an output_padding that is\n"
      "not smaller than stride or dilation.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.conv_transpose1d(weft.tensor([[1., 2.]]), weft.ones(1, 1, 2), stride=2)\n"
      "tensor([[1., 1., 2., 2.]])\n");
  bind_transposed_of(
      nn, "conv_transpose2d", 2,
      "The transposed convolution of images: conv_transpose1d() with two spatial dimensions.\n\n"
      "It is the gradient of conv2d() by its input, as a layer. input (N, inputs, H, W), or without N, weight\n"
      "(inputs, outputs / groups, KH, KW), bias (outputs,): the result is (N, outputs, H', W'), each size by\n"
      "the formula of conv_transpose1d(). stride, padding, output_padding and dilation are a number, or one for\n"
      "each axis.\n\n"
      "Raises RuntimeError for shapes, dtypes and options that do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.conv_transpose2d(weft.ones(1, 1, 1), weft.arange(4.).view(1, 1, 2, 2))\n"
      "tensor([[[0., 1.],\n"
      "         [2., 3.]]])\n");
  bind_transposed_of(
      nn, "conv_transpose3d", 3,
      "The transposed convolution of volumes: conv_transpose1d() with three spatial dimensions.\n\n"
      "input (N, inputs, D, H, W), or without N, weight (inputs, outputs / groups, KD, KH, KW), bias\n"
      "(outputs,): the result is (N, outputs, D', H', W'), each size by the formula of conv_transpose1d().\n\n"
      "Raises RuntimeError for shapes, dtypes and options that do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.conv_transpose3d(weft.ones(1, 4, 2, 2, 2), weft.ones(4, 3, 2, 2, 2), stride=2).shape\n"
      "weft.Size([1, 3, 4, 4, 4])\n");
}

}  // namespace weft::python

#include "ops/normalization.h"

#include "bindings/bindings.h"

namespace weft::python {

namespace {

double epsilon_of(DType t) {
  return t == DType::Float64    ? 2.220446049250313e-16
         : t == DType::Float16  ? 0x1p-10
         : t == DType::BFloat16 ? 0x1p-7
                                : 0x1p-23;
}

}  // namespace

void bind_normalization(Family&, Family& nn) {
  nn.function(
      "batch_norm",
      "(input, running_mean=None, running_var=None, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5)",
      &batch_norm,
      "(input - mean) / sqrt(var + eps) * weight + bias for each channel (Ioffe and Szegedy, 2015).\n\n"
      "input (N, C, ...), the rest (C,); the result has input's shape and dtype. In training mean and var are\n"
      "those of the batch over all other dimensions, and running_mean and running_var, where given, move by\n"
      "momentum towards them (towards the unbiased variance); else mean and var are the running ones.\n\n"
      "Raises ValueError in training with a single value per channel, RuntimeError without running statistics\n"
      "outside of training and for parameters that do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.batch_norm(weft.tensor([[1.], [3.]]), None, None, training=True, eps=0.)\n"
      "tensor([[-1.],\n"
      "        [ 1.]])\n");
  nn.function(
      "layer_norm", "(input, normalized_shape, weight=None, bias=None, eps=1e-5)", &layer_norm,
      "(input - mean) / sqrt(var + eps) * weight + bias over the last dimensions (Ba, Kiros and Hinton, 2016).\n\n"
      "normalized_shape says which: input has shape (..., *normalized_shape), weight and bias have\n"
      "normalized_shape. var is the biased variance. The result has input's shape and dtype.\n\n"
      "Raises RuntimeError for shapes that do not fit and for dtypes that are not floating point.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.layer_norm(weft.tensor([1., 3.]), (2,), eps=0.)\n"
      "tensor([-1.,  1.])\n");
  nn.function(
      "group_norm", "(input, num_groups, weight=None, bias=None, eps=1e-5)", &group_norm,
      "(input - mean) / sqrt(var + eps) * weight + bias for each group of channels (Wu and He, 2018).\n\n"
      "input (N, C, ...), weight and bias (C,); a group is C / num_groups channels of one sample, with all that\n"
      "follows. The result has input's shape and dtype.\n\n"
      "Raises RuntimeError where num_groups does not divide C, and for shapes and dtypes that do not fit.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.group_norm(weft.tensor([[1., 3., 5., 9.]]), 2, eps=0.)\n"
      "tensor([[-1.,  1., -1.,  1.]])\n");
  nn.function(
      "rms_norm", "(input, normalized_shape, weight=None, eps=None)",
      [](const Tensor& x, const Dims& shape, const Tensor& weight, std::optional<double> eps) {
        return rms_norm(x, shape, weight, eps.value_or(epsilon_of(x.dtype())));
      },
      "input / sqrt(mean(input^2) + eps) * weight over the last dimensions (Zhang and Sennrich, 2019).\n\n"
      "normalized_shape says which: input has shape (..., *normalized_shape), weight has normalized_shape. eps\n"
      "is by default the distance of 1 to the next number of input's dtype. The result has input's shape and\n"
      "dtype.\n\n"
      "Raises RuntimeError for shapes that do not fit and for dtypes that are not floating point.\n\n"
      ">>> import weft\n"
      ">>> weft.nn.functional.rms_norm(weft.tensor([3., 4.]), (2,), eps=0.)\n"
      "tensor([0.8485, 1.1314])\n");
}

}  // namespace weft::python

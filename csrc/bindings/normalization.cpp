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
      "Normalises each channel of (N, C, ...) by its mean and variance: those of the batch in training, which also "
      "move the\n"
      "running ones by momentum, else the running ones (Ioffe and Szegedy, 2015).\n\n"
      "Raises ValueError when training with a single value per channel, RuntimeError for parameters that do not "
      "fit.\n\n"
      ">>> import weft\n>>> x = weft.tensor([[1.], [3.]])\n"
      ">>> weft.nn.functional.batch_norm(x, None, None, training=True, eps=0.)\ntensor([[-1.],\n        [ 1.]])\n");
  nn.function(
      "layer_norm", "(input, normalized_shape, weight=None, bias=None, eps=1e-5)", &layer_norm,
      "Normalises over the last dimensions, which must be normalized_shape (Ba, Kiros and Hinton, 2016).\n\n"
      ">>> import weft\n>>> weft.nn.functional.layer_norm(weft.tensor([1., 3.]), (2,), eps=0.)\ntensor([-1.,  1.])\n");
  nn.function(
      "group_norm", "(input, num_groups, weight=None, bias=None, eps=1e-5)", &group_norm,
      "Normalises each group of channels of each sample of (N, C, ...) (Wu and He, 2018).\n\n"
      ">>> import weft\n>>> weft.nn.functional.group_norm(weft.tensor([[1., 3.]]), 1, eps=0.)\ntensor([[-1.,  1.]])\n");
  nn.function(
      "rms_norm", "(input, normalized_shape, weight=None, eps=None)",
      [](const Tensor& x, const Dims& shape, const Tensor& weight, std::optional<double> eps) {
        return rms_norm(x, shape, weight, eps.value_or(epsilon_of(x.dtype())));
      },
      "Divides by the root of the mean square over the last dimensions (Zhang and Sennrich, 2019).\n\n"
      ">>> import weft\n>>> weft.nn.functional.rms_norm(weft.tensor([3., 3.]), (2,), eps=0.)\ntensor([1., 1.])\n");
}

}  // namespace weft::python

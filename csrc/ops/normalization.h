// Normalisations. An undefined weight is 1, an undefined bias 0. Raise RuntimeError for parameters that do not fit.
#pragma once

#include "tensor/tensor.h"

namespace weft {

// x (N, C, ...): each channel by its mean and (biased) variance over the rest. In training mode those of x, which also
// move the running statistics (where defined) by `momentum`, with the unbiased variance; else the running ones. Raises
// ValueError in training mode for a single value per channel. Ioffe, Szegedy (2015).
Tensor batch_norm(const Tensor& x, const Tensor& running_mean, const Tensor& running_var, const Tensor& weight,
                  const Tensor& bias, bool training, double momentum = 0.1, double eps = 1e-5);
// Over the last dimensions, which must be `shape`. Ba, Kiros, Hinton (2016).
Tensor layer_norm(const Tensor& x, const Shape& shape, const Tensor& weight = {}, const Tensor& bias = {},
                  double eps = 1e-5);
// x (N, C, ...): each of `groups` groups of channels of each sample. Wu, He (2018).
Tensor group_norm(const Tensor& x, int64_t groups, const Tensor& weight = {}, const Tensor& bias = {},
                  double eps = 1e-5);
// x / sqrt(mean(x^2) + eps) over the last dimensions. Zhang, Sennrich (2019).
Tensor rms_norm(const Tensor& x, const Shape& shape, const Tensor& weight, double eps);

}  // namespace weft

// Random ops. Every draw takes its numbers from a Generator when it runs, so a replayed trace draws fresh ones.
#pragma once

#include "kernels/random.h"
#include "tensor/generator.h"
#include "tensor/tensor.h"

namespace weft {

// A new tensor of independent numbers. `generator` nullptr: the default one.
Tensor random(Distribution d, const RandomParams& params, const Shape& shape, DType dtype, Device device,
              const Ref<Generator>& generator = nullptr);
// The same over x, in place.
Tensor random_(Distribution d, const RandomParams& params, const Tensor& x, const Ref<Generator>& generator = nullptr);
// 1 with probability p[i], of p's dtype. Raises RuntimeError unless 0 <= p <= 1.
Tensor bernoulli(const Tensor& p, const Ref<Generator>& generator = nullptr);
Tensor randperm(int64_t n, DType dtype, Device device, const Ref<Generator>& generator = nullptr);
// num_samples category numbers per row of weights (1 or 2 dimensions, not negative, not all zero).
Tensor multinomial(const Tensor& weights, int64_t num_samples, bool replacement,
                   const Ref<Generator>& generator = nullptr);
// x with elements zeroed with probability p and the others scaled by 1 / (1 - p), if training (Srivastava et al.,
// 2014). The mask has the shape of x, or, with `features`, 1 in all dimensions after the second.
Tensor dropout(const Tensor& x, double p, bool training, bool features = false);

}  // namespace weft

// Kernel tables of the random family. Outputs are contiguous; element i takes its number from (state, i) alone.
#pragma once

#include "core/philox_state.h"
#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

// Uniform: [a, b). Normal: mean a, standard deviation b. Integer: a <= n < b, given as low and span (0: all 2^64).
// Bernoulli: 1 with probability a. Exponential: rate a. Geometric: success a. LogNormal, Cauchy: (a, b).
enum class Distribution : uint8_t { Uniform, Normal, Integer, Bernoulli, Exponential, Geometric, LogNormal, Cauchy };

struct RandomParams {
  double a = 0, b = 1;
  int64_t low = 0;
  uint64_t span = 0;
};

// Counter blocks that a draw of n elements uses up.
constexpr uint64_t random_blocks(Distribution d, DType dtype, int64_t n) {
  bool two_per_block = dtype == DType::Float64 || d == Distribution::Integer;
  return static_cast<uint64_t>(two_per_block ? (n + 1) / 2 : (n + 3) / 4);
}

// The largest number of a dtype and its smallest positive one: a draw never becomes infinite, nor 0 where the
// distribution has no 0, by being rounded to it.
struct DrawLimits {
  double largest, smallest;
};
WEFT_INLINE DrawLimits draw_limits(DType t) {
  switch (t) {
    case DType::Float64:
      return {0x1.fffffffffffffp1023, 0x1p-1022};
    case DType::Float32:
      return {0x1.fffffep127, 0x1p-126};
    case DType::BFloat16:
      return {0x1.fep127, 0x1p-126};
    case DType::Float16:
      return {65504.0, 0x1p-24};
    case DType::Bool:
      return {1.0, 1.0};
    default:  // integers, of which a float holds all digits but the last
      return {item_size(t) == 8   ? 0x1.fffffep62
              : item_size(t) == 4 ? (is_signed(t) ? 0x1.fffffep30 : 0x1.fffffep31)
              : item_size(t) == 2 ? (is_signed(t) ? 32767.0 : 65535.0)
              : is_signed(t)      ? 127.0
                                  : 255.0,
              1.0};
  }
}

using RandomKernel = void(Distribution distribution, StridedView out, PhiloxState state, RandomParams params);
extern KernelTable<RandomKernel> random_kernel;

// out[i] is true with probability p[i]; both contiguous.
using BernoulliTensorKernel = void(StridedView out, StridedView p, PhiloxState state);
extern KernelTable<BernoulliTensorKernel> bernoulli_tensor_kernel;

// out = mask ? x * scale : 0
using MaskedScaleKernel = void(StridedView out, StridedView x, StridedView mask, DType compute, double scale);
extern KernelTable<MaskedScaleKernel> masked_scale_kernel;

// A random permutation of 0, 1, ... (n entries of int64).
using PermutationKernel = void(StridedView out, PhiloxState state);
extern KernelTable<PermutationKernel> permutation_kernel;

// Category numbers for each row of weights (contiguous float64, rows x categories). Rows have been checked.
using MultinomialKernel = void(StridedView out, StridedView weights, bool replacement, PhiloxState state);
extern KernelTable<MultinomialKernel> multinomial_kernel;

}  // namespace weft

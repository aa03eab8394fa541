// Pooling over the last two dimensions of (N, C, H, W) or (C, H, W).
#pragma once

#include <array>
#include <optional>

#include "tensor/tensor.h"

namespace weft {

class Op;

// Each pair is for rows and columns.
struct PoolOptions {
  std::array<int64_t, 2> kernel{1, 1}, stride{1, 1}, padding{0, 0}, dilation{1, 1};
  bool ceil_mode = false;          // a window may hang over the end if it starts inside
  bool count_include_pad = true;   // means: padding counts as zeros
  std::optional<int64_t> divisor;  // means: instead of the number of elements
};
// Whose errors these are: an op's name, and whether its images are sequences (N, C, L), which have come as (N, C, 1,
// L).
struct PoolName {
  const char* op;
  bool sequence = false;
};
struct PooledAndIndices {
  Tensor values, indices;  // indices: positions in the plane, int64
};
// Raise RuntimeError for shapes and options that do not fit.
PooledAndIndices max_pool2d(const Tensor& x, const PoolOptions& options, const PoolName& name = {"max_pool2d"});
Tensor avg_pool2d(const Tensor& x, const PoolOptions& options, const PoolName& name = {"avg_pool2d"});
// size: rows and columns of the result; window i covers inputs floor(i n / size) to ceil((i + 1) n / size).
PooledAndIndices adaptive_max_pool2d(const Tensor& x, const std::array<int64_t, 2>& size,
                                     const PoolName& name = {"adaptive_max_pool2d"});
Tensor adaptive_avg_pool2d(const Tensor& x, const std::array<int64_t, 2>& size,
                           const PoolName& name = {"adaptive_avg_pool2d"});

// For passes: is the op max_pool2d, or its gradient? Not the adaptive ones.
bool is_max_pool2d(const Op& op);
bool is_max_pool2d_backward(const Op& op);

}  // namespace weft

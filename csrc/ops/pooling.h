// Pooling over the last two dimensions of (N, C, H, W) or (C, H, W), or the last three of (N, C, D, H, W) or
// (C, D, H, W).
#pragma once

#include <array>
#include <optional>

#include "tensor/tensor.h"

namespace weft {

class Op;

template <size_t N>
constexpr std::array<int64_t, N> same_sizes(int64_t size) {
  std::array<int64_t, N> sizes{};
  sizes.fill(size);
  return sizes;
}

// Sizes for rows and columns (N = 2), or depth, rows and columns (N = 3).
template <size_t N>
struct PoolOptionsOf {
  std::array<int64_t, N> kernel = same_sizes<N>(1), stride = same_sizes<N>(1), padding{}, dilation = same_sizes<N>(1);
  bool ceil_mode = false;          // a window may hang over the end if it starts inside
  bool count_include_pad = true;   // means: padding counts as zeros
  std::optional<int64_t> divisor;  // means: instead of the number of elements
};
using PoolOptions = PoolOptionsOf<2>;
using PoolOptions3d = PoolOptionsOf<3>;
// Whose errors these are: an op's name, and whether its images are sequences (N, C, L), which have come as (N, C, 1,
// L).
struct PoolName {
  const char* op;
  bool sequence = false;
};
struct PooledAndIndices {
  Tensor values, indices;  // indices: positions in the plane or volume, int64
};
// Raise RuntimeError for shapes and options that do not fit.
PooledAndIndices max_pool2d(const Tensor& x, const PoolOptions& options, const PoolName& name = {"max_pool2d"});
PooledAndIndices max_pool3d(const Tensor& x, const PoolOptions3d& options, const PoolName& name = {"max_pool3d"});
Tensor avg_pool2d(const Tensor& x, const PoolOptions& options, const PoolName& name = {"avg_pool2d"});
Tensor avg_pool3d(const Tensor& x, const PoolOptions3d& options, const PoolName& name = {"avg_pool3d"});
// size: of the result along each axis; window i covers inputs floor(i n / size) to ceil((i + 1) n / size).
PooledAndIndices adaptive_max_pool2d(const Tensor& x, const std::array<int64_t, 2>& size,
                                     const PoolName& name = {"adaptive_max_pool2d"});
PooledAndIndices adaptive_max_pool3d(const Tensor& x, const std::array<int64_t, 3>& size,
                                     const PoolName& name = {"adaptive_max_pool3d"});
Tensor adaptive_avg_pool2d(const Tensor& x, const std::array<int64_t, 2>& size,
                           const PoolName& name = {"adaptive_avg_pool2d"});
Tensor adaptive_avg_pool3d(const Tensor& x, const std::array<int64_t, 3>& size,
                           const PoolName& name = {"adaptive_avg_pool3d"});
// Pseudo-random windows (Graham, Fractional max-pooling, 2014). Along an axis of n elements window i begins at
// floor(a (i + u)) - floor(a u), a being (n - kernel) / (size - 1), and the last one at n - kernel. samples holds the u
// in [0, 1) of every plane: (N, C, 2), for columns and rows, or (N, C, 3), for depth, rows and columns.
PooledAndIndices fractional_max_pool2d(const Tensor& x, const std::array<int64_t, 2>& kernel,
                                       const std::array<int64_t, 2>& size, const Tensor& samples);
PooledAndIndices fractional_max_pool3d(const Tensor& x, const std::array<int64_t, 3>& kernel,
                                       const std::array<int64_t, 3>& size, const Tensor& samples);
// The reverse of max pooling: zeros, of this size behind the channels, with x at its indices; of values for the same
// place the last one. Each gets the gradient of its place. Raises IndexError for an index outside.
Tensor max_unpool1d(const Tensor& x, const Tensor& indices, const std::array<int64_t, 1>& size);
Tensor max_unpool2d(const Tensor& x, const Tensor& indices, const std::array<int64_t, 2>& size);
Tensor max_unpool3d(const Tensor& x, const Tensor& indices, const std::array<int64_t, 3>& size);

// For passes: is the op max_pool2d or max_pool3d, or its gradient? Not the adaptive ones.
bool is_max_pool(const Op& op);
bool is_max_pool_backward(const Op& op);

}  // namespace weft

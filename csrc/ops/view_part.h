// Views as parts of their base, whatever the dtypes: a view may show the parts of complex numbers as real ones, or
// pairs of real ones as complex numbers.
#pragma once

#include "tensor/tensor.h"

namespace weft {

// `whole` is laid out like the base of a view, which begins at base_offset: what a view of this geometry and dtype
// shows of it.
Tensor part_like_view(const Tensor& whole, int64_t base_offset, const Shape& shape, const Strides& strides,
                      int64_t offset, DType dtype);
// A copy of `whole` with these values in that part.
Tensor put_like_view(const Tensor& whole, int64_t base_offset, const Tensor& values, const Strides& strides,
                     int64_t offset);
// Does a tensor that shares memory with `base` show nothing but what lies between the base's first and last element?
bool is_part_of(const Tensor& view, const Tensor& base);

}  // namespace weft

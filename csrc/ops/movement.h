// Movement ops: other views of the same elements, and copies that rearrange them.
#pragma once

#include "tensor/tensor.h"

namespace weft {

// The same storage outside of autograd.
Tensor detach(const Tensor& x);
// A view of another shape with the same number of elements; one size may be -1. Raises RuntimeError when the strides do
// not allow a view.
Tensor view_as(const Tensor& x, const Shape& shape);
// The same, but copies when the strides do not allow a view.
Tensor reshape(const Tensor& x, const Shape& shape);
Tensor permute(const Tensor& x, const Dims& order);
Tensor transpose(const Tensor& x, int64_t dim0, int64_t dim1);
// Repeats dimensions of size 1 without copying; -1 keeps a size.
Tensor expand(const Tensor& x, const Shape& shape);
Tensor unsqueeze(const Tensor& x, int64_t dim);
Tensor squeeze(const Tensor& x, int64_t dim);
// Element `index` along dim; the dimension goes away. Raises IndexError outside of the tensor.
Tensor select(const Tensor& x, int64_t dim, int64_t index);
// Elements start, start + step, ... before stop along dim; bounds are clipped as Python slices are.
Tensor slice(const Tensor& x, int64_t dim, int64_t start, int64_t stop, int64_t step = 1);
// Any view of x's storage; offset counts from the storage's start.
Tensor as_strided(const Tensor& x, const Shape& shape, const Strides& strides, int64_t offset);

}  // namespace weft

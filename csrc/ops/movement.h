// Movement ops: other views of the same elements, and copies that rearrange them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/scalar.h"
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
// Without those of the given dims (none given: all) that have size 1.
Tensor squeeze(const Tensor& x, std::optional<Dims> dims);
// Element `index` along dim; the dimension goes away. Raises IndexError outside of the tensor.
Tensor select(const Tensor& x, int64_t dim, int64_t index);
// Elements start, start + step, ... before stop along dim; bounds are clipped as Python slices are.
Tensor slice(const Tensor& x, int64_t dim, int64_t start, int64_t stop, int64_t step = 1);
// Any view of x's storage; offset counts from the storage's start.
// x with `values` in place of the elements that have their shape, the strides given, and start `offset` elements after
// x's first one.
Tensor put_view(const Tensor& x, const Tensor& values, const Strides& strides, int64_t offset);
// A copy of x in memory of its own, laid out as `like`, which has its shape.
Tensor copy_laid_out(const Tensor& x, const Tensor& like);
Tensor as_strided(const Tensor& x, const Shape& shape, const Strides& strides, int64_t offset);

// The same bytes as elements of another dtype; when its size differs the last dimension, which must be contiguous,
// changes.
Tensor view_dtype(const Tensor& x, DType dtype);
Tensor flatten(const Tensor& x, int64_t start_dim = 0, int64_t end_dim = -1);
// Splits one dimension into several; one of the sizes may be -1.
Tensor unflatten(const Tensor& x, int64_t dim, const Shape& sizes);
Tensor movedim(const Tensor& x, const Dims& source, const Dims& destination);
// Elements start ... start + length - 1 along dim. Raises RuntimeError when they are not all there.
Tensor narrow(const Tensor& x, int64_t dim, int64_t start, int64_t length);
// The elements x[i][i + offset] of two dimensions, as the last dimension.
Tensor diagonal(const Tensor& x, int64_t offset = 0, int64_t dim1 = 0, int64_t dim2 = 1);
// Windows of `size` elements, `step` apart, along dim, as a new last dimension.
Tensor unfold(const Tensor& x, int64_t dim, int64_t size, int64_t step);
// Views that follow each other along dim: of the given sizes, of one size, or a number of equal ones (the last may be
// smaller; tensor_split makes the first ones larger by one).
std::vector<Tensor> split(const Tensor& x, const Dims& sizes, int64_t dim = 0);
std::vector<Tensor> split(const Tensor& x, int64_t size, int64_t dim = 0);
std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int64_t dim = 0);
std::vector<Tensor> tensor_split(const Tensor& x, int64_t sections, int64_t dim = 0);
// Cut before the given places.
std::vector<Tensor> tensor_split_at(const Tensor& x, const Dims& cuts, int64_t dim = 0);
std::vector<Tensor> unbind(const Tensor& x, int64_t dim = 0);

// Copies, in ops/rearrangement.cpp.

// Joins along dim. A vector without elements fits anything. The result has the dtype that all promote to.
Tensor cat(const std::vector<Tensor>& tensors, int64_t dim = 0, const char* op = "cat");
// Joins tensors of one shape along a new dimension.
Tensor stack(const std::vector<Tensor>& tensors, int64_t dim = 0);
// Zeros, but x along a diagonal of two new dimensions.
Tensor diag_embed(const Tensor& x, int64_t offset = 0, int64_t dim1 = -2, int64_t dim2 = -1);
Tensor flip(const Tensor& x, const Dims& dims);
// Elements moved by `shifts` along `dims`; what leaves at one end enters at the other. Without dims as if flattened.
Tensor roll(const Tensor& x, const Dims& shifts, const Dims& dims);
Tensor rot90(const Tensor& x, int64_t k = 1, const Dims& dims = {0, 1});
// widths: before and after the last dimension, then the one before it, ...; negative ones crop.
// mode: constant, reflect, replicate or circular.
Tensor pad(const Tensor& x, const Dims& widths, const std::string& mode = "constant", const Scalar& value = Scalar(0));
// The whole tensor `counts` times along each dimension; more counts than dimensions make new ones in front.
Tensor repeat(const Tensor& x, const Dims& counts, const char* op = "repeat");
Tensor tile(const Tensor& x, const Dims& counts);
// Every element along dim `count` times.
Tensor repeat_interleave(const Tensor& x, int64_t count, int64_t dim);
// Element i along dim counts[i] times.
Tensor repeat_interleave(const Tensor& x, const Tensor& counts, int64_t dim);
// The lower (upper) triangle of the last two dimensions, zeros elsewhere.
Tensor tril(const Tensor& x, int64_t diagonal = 0);
Tensor triu(const Tensor& x, int64_t diagonal = 0);

}  // namespace weft

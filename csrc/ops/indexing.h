// Indexing ops: elements picked and put by integer tensors and masks. Indices are integer tensors; out-of-range ones
// raise IndexError before anything changes. Where an op with a trailing underscore exists it changes its first
// argument.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/scalar.h"
#include "kernels/indexing.h"
#include "op/fields.h"
#include "tensor/tensor.h"

namespace weft {

template <>
constexpr int64_t kEnumSize<PutMode> = 5;

// What ints, slices and None do: for every dimension of x a start and a step and how many (-1: one, and the dimension
// goes away); then new dimensions of size 1 at the given places of the result. A view.
struct BasicKey {
  Dims starts, steps, counts, new_axes;
  WEFT_FIELDS(starts, steps, counts, new_axes);
};
Tensor basic_index(const Tensor& x, const BasicKey& key);

// x[:, ..., i0, i1, ...]: indices[k] (undefined: all) chooses along dimension k; they broadcast. The dimensions of the
// indices replace theirs if these are neighbours, else come first. Negative numbers count from the end.
Tensor index(const Tensor& x, const std::vector<Tensor>& indices);
// The same for 0-dimensional integers whose values cannot be read: laid out like the view that ints would give. While
// tracing, changes in place that would show the difference are refused.
Tensor select_at(const Tensor& x, const std::vector<Tensor>& indices);
Tensor index_put(const Tensor& x, const std::vector<Tensor>& indices, const Tensor& values, bool accumulate = false);
Tensor index_put_(const Tensor& x, const std::vector<Tensor>& indices, const Tensor& values, bool accumulate = false);
// Masks among the indices replaced by the coordinates of what is set.
std::vector<Tensor> expand_masks(const Tensor& x, const std::vector<Tensor>& indices);

// out[i][j][k] = x[i][index[i][j][k]][k] for dim 1.
Tensor gather(const Tensor& x, int64_t dim, const Tensor& index);
// The reverse: x with x[i][index[i][j][k]][k] = source[i][j][k] (or += for Add, ...).
Tensor scatter(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source, PutMode mode = PutMode::Assign);
Tensor scatter_(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source,
                PutMode mode = PutMode::Assign);
inline Tensor scatter_add(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source) {
  return scatter(x, dim, index, source, PutMode::Add);
}
// scatter() of an op of this name. Each element of source gets the gradient of its place, also one that another is put
// upon: there it is not the derivative, but needs no search for such elements.
Tensor scatter_as(const char* op, const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source);
// reduce: sum, prod, mean, amax or amin.
Tensor scatter_reduce(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source,
                      const std::string& reduce, bool include_self = true);

// Whole slices along dim, chosen by a vector.
Tensor index_select(const Tensor& x, int64_t dim, const Tensor& index);
Tensor index_add(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source,
                 const Scalar& alpha = Scalar(1));
Tensor index_add_(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source,
                  const Scalar& alpha = Scalar(1));
Tensor index_copy(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source);
Tensor index_copy_(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& source);
Tensor index_fill(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& value);
Tensor index_fill_(const Tensor& x, int64_t dim, const Tensor& index, const Tensor& value);
// Rows of a matrix by indices of any shape; what embedding() is made of. Negative numbers raise.
Tensor pick_rows(const char* op, const Tensor& x, const Tensor& index);

Tensor take(const Tensor& x, const Tensor& index);
Tensor take_along_dim(const Tensor& x, const Tensor& index, std::optional<int64_t> dim);

Tensor masked_fill(const Tensor& x, const Tensor& mask, const Tensor& value);
Tensor masked_fill(const Tensor& x, const Tensor& mask, const Scalar& value);
Tensor masked_fill_(const Tensor& x, const Tensor& mask, const Tensor& value);
Tensor masked_select(const Tensor& x, const Tensor& mask);
Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& source);

// Coordinates (count, ndim) of the elements that are not zero. Needs data: not on meta.
Tensor nonzero(const Tensor& x);
// One vector of coordinates per dimension.
std::vector<Tensor> nonzero_tuple(const Tensor& x);

}  // namespace weft

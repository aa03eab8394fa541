// Embedding ops: rows of a table by number.
#pragma once

#include "tensor/tensor.h"

namespace weft {

// Rows of weight (rows, size) for an integer tensor of any shape: the result has the shape of index with size appended.
// The gradient of row `padding` (-1: of none) is zero. Raises IndexError for a number outside of [0, rows).
Tensor embedding(const Tensor& index, const Tensor& weight, int64_t padding = -1);
// The same; the gradient of a row is divided by how often index holds its number.
Tensor embedding_by_frequency(const Tensor& index, const Tensor& weight, int64_t padding = -1);
// Rows of weight that index holds and whose p-norm is larger than max_norm are scaled down to it, in place, outside of
// autograd.
void renormalize_rows_(const char* op, const Tensor& weight, const Tensor& index, double max_norm, double p);
// Raises IndexError naming op where a contiguous index holds a number that is no row of a weight of this shape.
// Raises IndexError, or as PyTorch does for bags RuntimeError, where an index is no row.
void check_row_numbers(const char* op, const Tensor& index, const Shape& weight, ErrorKind kind = ErrorKind::Index);
// For every number of a contiguous index: 1 divided by how often it is there.
Tensor one_over_counts(const Tensor& index, int64_t rows, DType dtype);
// 1 at position x[...] of a new last dimension, else 0. num_classes -1: one more than the largest entry.
Tensor one_hot(const Tensor& x, int64_t num_classes = -1);

}  // namespace weft

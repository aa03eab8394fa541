// Embedding ops: rows of a table by number.
#pragma once

#include "tensor/tensor.h"

namespace weft {

// Rows of weight (rows, size) for an integer tensor of any shape: the result has the shape of index with size appended.
// The gradient of row `padding` (-1: of none) is zero. Raises IndexError for a number outside of [0, rows).
Tensor embedding(const Tensor& index, const Tensor& weight, int64_t padding = -1);
// 1 at position x[...] of a new last dimension, else 0. num_classes -1: one more than the largest entry.
Tensor one_hot(const Tensor& x, int64_t num_classes = -1);

}  // namespace weft

// Sorting along a dimension. NaN is larger than all numbers. Raise IndexError for a dim that is not there.
#pragma once

#include "ops/reduction.h"

namespace weft {

// In order, equal elements in their old order, and where they were.
ValuesAndIndices sort(const Tensor& x, int64_t dim = -1, bool descending = false);
// The k largest (smallest) elements, in order if `sorted`. Raises RuntimeError unless 0 <= k <= size.
ValuesAndIndices topk(const Tensor& x, int64_t k, int64_t dim = -1, bool largest = true, bool sorted = true);
// The k-th smallest, from 1 on.
ValuesAndIndices kthvalue(const Tensor& x, int64_t k, int64_t dim = -1, bool keepdim = false);
// The lower of the middle elements; NaN if there is one.
ValuesAndIndices median(const Tensor& x, int64_t dim, bool keepdim = false);
Tensor median(const Tensor& x);

// The distinct elements in order; for every element which of them it is; how often each occurs.
struct UniqueElements {
  Tensor values, inverse, counts;
};
UniqueElements unique(const Tensor& x);
// The same for runs of equal neighbours, in their order.
UniqueElements unique_consecutive(const Tensor& x);
// The same for the slices along dim, which are compared element by element from the first on.
UniqueElements unique(const Tensor& x, int64_t dim);
UniqueElements unique_consecutive(const Tensor& x, int64_t dim);

// How many elements of `sorted` (a vector, or one row for each row of values) come before each value; with `right`
// those that equal it count too. `sorter`, int64 and of the shape of `sorted`, says where its elements in order are;
// undefined where it is in order. Raises RuntimeError for a sorter of another dtype or shape.
Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right = false, const Tensor& sorter = {});

}  // namespace weft

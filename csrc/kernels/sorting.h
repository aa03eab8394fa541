// Kernel tables of the sorting family. Views are contiguous; rows are the last dimension. NaN is larger than all
// numbers.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

// Each row in order, equal elements in their old order, and where they were.
using SortKernel = void(StridedView values, StridedView indices, StridedView in, bool descending);
extern KernelTable<SortKernel> sort_kernel;

// The largest (smallest) elements of each row, as many as the outputs have columns; in order if `sorted`. Of equal ones
// the first.
using TopkKernel = void(StridedView values, StridedView indices, StridedView in, bool largest, bool sorted);
extern KernelTable<TopkKernel> topk_kernel;

// For each value how many elements of its row of `sorted` come before it (or, `right`, are not after it). `sorted` is a
// vector or has as many rows as `values`, and its dtype.
using SearchSortedKernel = void(StridedView out, StridedView sorted, StridedView values, bool right);
extern KernelTable<SearchSortedKernel> search_sorted_kernel;

}  // namespace weft

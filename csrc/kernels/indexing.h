// Kernel tables of the indexing family. Every op that picks or puts elements by indices is two steps: the offsets of
// the rows it names, then rows copied from or to there. Indices are int64; strides and offsets count elements.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

// One index tensor: its numbers, seen with the shape of the positions, choose along a dimension of `size` and `stride`.
struct IndexSource {
  const int64_t* data;
  const int64_t* strides;
  int64_t size;
  int64_t stride;
};

// The first number outside of its dimension.
struct BadIndex {
  bool found = false;
  int source = 0;
  int64_t value = 0;
};

// offsets[p] = sum of positions' strides and of all sources at position p (row-major). With `wrap`, numbers from -size
// on count from the end. When `bad` comes back found, offsets must not be used.
using IndexOffsetsKernel = void(int64_t* offsets, StridedView positions, const IndexSource* sources, int count,
                                bool wrap, BadIndex* bad);
extern KernelTable<IndexOffsetsKernel> index_offsets_kernel;

// out[p] = the row at offset p of `row`, whose data is the offset 0. out is contiguous: a row after the other.
using GatherRowsKernel = void(void* out, StridedView row, const int64_t* offsets, int64_t count);
extern KernelTable<GatherRowsKernel> gather_rows_kernel;

enum class PutMode : uint8_t { Assign, Add, Multiply, Maximum, Minimum };
// Combines rows of `source` (contiguous, or one repeated number if `scalar`) into the rows at the offsets, in the order
// of positions for each element: the result does not depend on threads.
using ScatterRowsKernel = void(StridedView row, const int64_t* offsets, int64_t count, const void* source, bool scalar,
                               PutMode mode);
extern KernelTable<ScatterRowsKernel> scatter_rows_kernel;

// How many elements of a contiguous view are not zero; and their coordinates, int64 (count, ndim), in row-major order.
using CountNonzeroKernel = void(StridedView in, int64_t* count);
extern KernelTable<CountNonzeroKernel> count_nonzero_kernel;
using NonzeroKernel = void(StridedView in, int64_t* coordinates);
extern KernelTable<NonzeroKernel> nonzero_kernel;

}  // namespace weft

// Running results along the last dimension, in three steps: what each chunk of a row comes to, what comes before each
// chunk, and the elements of each chunk. Chunks and the order within them depend on sizes alone.
//
// An element E of a scan has E::none(), which changes nothing, and E::join(before, after).
#pragma once

#include "kernels/cuda/convert.h"

namespace weft::cuda {

constexpr int kScanThreads = 256, kScanItems = 4, kChunk = kScanThreads * kScanItems;
constexpr int kScanDims = 16;

// Where rows (all dimensions but the last) start in a view.
struct ScanRows {
  int ndim = 0;
  int64_t shape[kScanDims], strides[kScanDims];
  int64_t step = 1;
  explicit ScanRows(const StridedView& v) {
    int own = v.ndim ? v.ndim - 1 : 0;
    step = v.ndim ? v.strides[own] : 1;
    for (int d = 0; d < own; d++) {
      if (ndim > 0 && strides[ndim - 1] == v.strides[d] * v.shape[d]) {
        shape[ndim - 1] *= v.shape[d];
        strides[ndim - 1] = v.strides[d];
        continue;
      }
      weft::check(ndim < kScanDims, "scans of tensors of more than ", kScanDims, " dimensions need a contiguous copy");
      shape[ndim] = v.shape[d];
      strides[ndim++] = v.strides[d];
    }
  }
  __device__ __forceinline__ int64_t at(int64_t row, int64_t i) const {
    int64_t offset = i * step;
    for (int d = ndim - 1; d >= 0; d--) {
      offset += row % shape[d] * strides[d];
      row /= shape[d];
    }
    return offset;
  }
};

// What comes before this thread's elements in the block's chunk; *all is the whole chunk.
template <class E>
__device__ E before_thread(E own, E* all) {
  __shared__ E shared[2][kScanThreads];
  int t = static_cast<int>(threadIdx.x), now = 0;
  shared[0][t] = own;
  __syncthreads();
  for (int gap = 1; gap < kScanThreads; gap *= 2) {
    shared[1 - now][t] = t >= gap ? E::join(shared[now][t - gap], shared[now][t]) : shared[now][t];
    now = 1 - now;
    __syncthreads();
  }
  *all = shared[now][kScanThreads - 1];
  E before = t > 0 ? shared[now][t - 1] : E::none();
  __syncthreads();
  return before;
}

template <class E, class Source>
__global__ void scan_chunks(Source source, int64_t n, int64_t chunks, E* totals) {
  int64_t row = blockIdx.x / chunks, first = blockIdx.x % chunks * kChunk + threadIdx.x * kScanItems;
  E mine = E::none();
  for (int k = 0; k < kScanItems; k++)
    if (first + k < n) mine = E::join(mine, source.load(row, first + k));
  E all;
  before_thread(mine, &all);
  if (threadIdx.x == 0) totals[blockIdx.x] = all;
}

// Totals of chunks to what comes before each.
template <class E>
__global__ void scan_totals(E* totals, int64_t rows, int64_t chunks) {
  for (int64_t row = first_item(); row < rows; row += item_step()) {
    E before = E::none();
    for (int64_t c = 0; c < chunks; c++) {
      E own = totals[row * chunks + c];
      totals[row * chunks + c] = before;
      before = E::join(before, own);
    }
  }
}

template <class E, class Source>
__global__ void scan_elements(Source source, int64_t n, int64_t chunks, const E* carried) {
  int64_t row = blockIdx.x / chunks, first = blockIdx.x % chunks * kChunk + threadIdx.x * kScanItems;
  E items[kScanItems], mine = E::none();
  for (int k = 0; k < kScanItems; k++) {
    items[k] = first + k < n ? source.load(row, first + k) : E::none();
    mine = E::join(mine, items[k]);
  }
  E all, before = before_thread(mine, &all);
  if (carried) before = E::join(carried[blockIdx.x], before);
  for (int k = 0; k < kScanItems && first + k < n; k++) {
    before = E::join(before, items[k]);
    source.store(row, first + k, before);
  }
}

template <class E, class Source>
void scan(const StridedView& out, const Source& source) {
  int64_t n = out.ndim ? out.shape[out.ndim - 1] : 1, rows = n ? out.numel() / n : 0, chunks = divide_up(n, kChunk);
  if (rows == 0) return;
  weft::check(rows * chunks < (int64_t{1} << 31), "this scan is too large for one GPU kernel");
  Grid grid{dim3(static_cast<unsigned>(rows * chunks)), dim3(kScanThreads)};
  DeviceScratch scratch(chunks > 1 ? static_cast<size_t>(rows * chunks) * sizeof(E) : 0);
  E* totals = scratch.as<E>();
  if (chunks > 1) {
    launch(scan_chunks<E, Source>, grid, source, n, chunks, totals);
    launch(scan_totals<E>, grid_for(rows, 64), totals, rows, chunks);
  }
  launch(scan_elements<E, Source>, grid, source, n, chunks, totals);
}

}  // namespace weft::cuda

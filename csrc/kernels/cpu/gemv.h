// gemv(): y = x B (+ base) for one row x, on one thread; the memory of B is read once, in its own order.
#pragma once

#include "kernels/cpu/gemm.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class T>
WEFT_INLINE T sum_lanes(Vector<T> v) {
  T lanes[kLanes<T>];
  store(lanes, v);
#pragma GCC unroll 4
  for (int half = kLanes<T> / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
  return lanes[0];
}

// y[j] += x . column j, for `Columns` columns of adjacent elements.
template <class T, int Columns, int Chains>
WEFT_INLINE void dot_columns(const T* x, const T* b, int64_t b_column, int64_t k, T* y) {
  constexpr int lanes = kLanes<T>;
  Vector<T> sum[Columns][Chains] = {};
  int64_t p = 0;
  for (; p + Chains * lanes <= k; p += Chains * lanes)
#pragma GCC unroll 4
    for (int c = 0; c < Chains; c++) {
      Vector<T> v = load(x + p + c * lanes);
#pragma GCC unroll 4
      for (int j = 0; j < Columns; j++) sum[j][c] += v * load(b + j * b_column + p + c * lanes);
    }
#pragma GCC unroll 4
  for (int j = 0; j < Columns; j++) {
#pragma GCC unroll 4
    for (int c = 1; c < Chains; c++) sum[j][0] += sum[j][c];
    T total = sum_lanes<T>(sum[j][0]);
    for (int64_t q = p; q < k; q++) total += x[q] * b[j * b_column + q];
    y[j] += total;
  }
}

// y[j] += sum of x[p] b(p, j) over Rows rows p of adjacent elements.
template <class T, int Rows>
WEFT_INLINE void add_rows(const T* x, const T* b, int64_t b_row, int64_t n, T* y) {
  for (int64_t j = 0; j < n; j++) {
    T sum = y[j];
#pragma GCC unroll 8
    for (int i = 0; i < Rows; i++) sum += x[i] * b[i * b_row + j];
    y[j] = sum;
  }
}

// x: `k` adjacent elements. B has adjacent elements in its rows or in its columns. whole_n: columns of the product of
// which this is a part; they decide, with B, in which order is added.
template <class T>
void gemv(int64_t n, int64_t k, const T* x, Matrix<const T> b, T* y, const T* base, int64_t base_step,
          int64_t whole_n) {
  for (int64_t j = 0; j < n; j++) y[j] = base ? base[j * base_step] : T(0);
  if (b.column == 1 && (whole_n > 1 || b.row != 1)) {
    constexpr int64_t block = 8192 / static_cast<int64_t>(sizeof(T));  // of y, which stays in the L1 cache
    for (int64_t j = 0; j < n; j += block) {
      const int64_t width = smaller(block, n - j);
      int64_t p = 0;
      for (; p + 8 <= k; p += 8) add_rows<T, 8>(x + p, b.at(p, j).data, b.row, width, y + j);
      for (; p < k; p++) add_rows<T, 1>(x + p, b.at(p, j).data, b.row, width, y + j);
    }
    return;
  }
  int64_t j = 0;
  for (; j + 4 <= n; j += 4) dot_columns<T, 4, 2>(x, b.data + j * b.column, b.column, k, y + j);
  for (; j < n; j++) dot_columns<T, 1, 4>(x, b.data + j * b.column, b.column, k, y + j);
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

// gemm(): C = A B (+ base) on one thread, for the element types that vector units multiply. Each element of C is one
// chain of multiply-adds over k, cut into blocks whose size depends on k alone: the result is the same however m and n
// are split.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/cpu/vector.h"

namespace weft {
namespace WEFT_ISA {
namespace {

#if WEFT_ISA_LEVEL == 3
constexpr int kTileRows = 12;  // 24 accumulators of 32 registers
#else
constexpr int kTileRows = 6;  // 12 accumulators of 16 registers
#endif
constexpr int kTileVectors = 2;

template <class T>
constexpr int kTileColumns = kTileVectors * kLanes<T>;
template <class T>
constexpr int64_t kMaxDepth = 1280 / static_cast<int64_t>(sizeof(T));  // a panel of B stays in the L1 cache
constexpr int64_t kMaxRows = kTileRows * 20;
constexpr int64_t kMaxColumns = 2048;

template <int n>
struct Constant {
  static constexpr int value = n;
};

template <class T>
struct Matrix {
  T* data;
  int64_t row, column;  // strides
  WEFT_INLINE Matrix at(int64_t i, int64_t j) const { return {data + i * row + j * column, row, column}; }
  WEFT_INLINE T* column_at(int64_t j) const { return data + j * column; }
};

// A matrix whose columns lie at any places: rows of a convolution's input that overlap, for one.
template <class T>
struct Windows {
  const T* data;
  int64_t row;             // stride
  const int64_t* offsets;  // of the columns
  WEFT_INLINE Windows at(int64_t i, int64_t j) const { return {data + i * row, row, offsets + j}; }
  WEFT_INLINE const T* column_at(int64_t j) const { return data + offsets[j]; }
};

// --- packing ------------------------------------------------------------------------------------------------------

// to[j * stride + i] = from[i * from_stride + j] for Count rows i (0 where i >= rows) and `length` columns j.
template <class T, int Count>
WEFT_INLINE void transpose_strip(T* to, int64_t stride, const T* from, int64_t from_stride, int64_t rows,
                                 int64_t length) {
  constexpr int lanes = kLanes<T>;
  int64_t j = 0;
  for (; j + lanes <= length; j += lanes) {
    Vector<T> r[lanes];
#pragma GCC unroll 16
    for (int i = 0; i < lanes; i++) r[i] = i < Count && i < rows ? load(from + i * from_stride + j) : Vector<T>{};
    transpose_block<T>(r);
#pragma GCC unroll 16
    for (int i = 0; i < lanes; i++) __builtin_memcpy(to + (j + i) * stride, &r[i], Count * sizeof(T));
  }
  for (; j < length; j++)
    for (int i = 0; i < Count; i++) to[j * stride + i] = i < rows ? from[i * from_stride + j] : T(0);
}

// Lays `count` rows (at most Width) of a matrix side by side: to[p * Width + i] = from(i, p); the rest of the strip is
// 0.
template <class T, int Width>
void pack_strip(T* to, Matrix<const T> from, int64_t count, int64_t depth) {
  constexpr int lanes = kLanes<T>, last = Width % lanes;
  if (count == Width && from.row == 1) {
    for (int64_t p = 0; p < depth; p++)
      __builtin_memcpy(to + p * Width, from.data + p * from.column, Width * sizeof(T));
  } else if (from.column == 1) {
#pragma GCC unroll 4
    for (int i = 0; i + lanes <= Width; i += lanes)
      transpose_strip<T, lanes>(to + i, Width, from.data + i * from.row, from.row, count - i, depth);
    if constexpr (last != 0)
      transpose_strip<T, last>(to + Width - last, Width, from.data + (Width - last) * from.row, from.row,
                               count - (Width - last), depth);
  } else {
    for (int64_t p = 0; p < depth; p++) {
      T* strip = to + p * Width;
      for (int64_t i = 0; i < count; i++) strip[i] = from.data[i * from.row + p * from.column];
      for (int64_t i = count; i < Width; i++) strip[i] = T(0);
    }
  }
}

// --- the tile: all the arithmetic there is ------------------------------------------------------------------------

// C = [base +] A B for Rows x (Vectors * lanes) elements; rows of B, C and base have adjacent elements. base may be C.
// a is a reference because as a copy it would be written in two halves and read as a whole, which waits until the
// results of the tile before are in the cache.
template <class T, int Rows, int Vectors, class A>
[[gnu::noinline]] void tile(int64_t depth, const A& a, const T* b, int64_t b_row, T* c, int64_t c_row, const T* base,
                            int64_t base_row) {
  Vector<T> sum[Rows][Vectors];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < Vectors; j++) sum[i][j] = Vector<T>{};
  for (int64_t p = 0; p < depth; p++) {
    Vector<T> row[Vectors];
#pragma GCC unroll 4
    for (int j = 0; j < Vectors; j++) row[j] = load(b + p * b_row + j * kLanes<T>);
    const T* x = a.column_at(p);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; i++) {
#pragma GCC unroll 4
      for (int j = 0; j < Vectors; j++) sum[i][j] += x[i * a.row] * row[j];
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < Vectors; j++) {
      if (base) sum[i][j] += load(base + i * base_row + j * kLanes<T>);
      store(c + i * c_row + j * kLanes<T>, sum[i][j]);
    }
}

// The same for `columns` columns, fewer than the tile has; B is packed, with zeros to the right.
template <class T, int Rows, int Vectors, class A>
void narrow_tile(int64_t depth, const A& a, const T* b, int64_t b_row, T* c, int64_t c_row, const T* base,
                 int64_t base_row, int64_t columns) {
  T whole[Rows * Vectors * kLanes<T>];
  tile<T, Rows, Vectors>(depth, a, b, b_row, whole, Vectors * kLanes<T>, nullptr, 0);
  for (int64_t i = 0; i < Rows; i++)
    for (int64_t j = 0; j < columns; j++) {
      T sum = whole[i * Vectors * kLanes<T> + j];
      c[i * c_row + j] = base ? sum + base[i * base_row + j] : sum;
    }
}

// The rows from i on; a packed strip holds kTileRows rows.
template <class T>
WEFT_INLINE Matrix<const T> rows_from(const Matrix<const T>& a, bool packed, int64_t i, int64_t depth) {
  if (!packed) return a.at(i, 0);
  return {a.data + i / kTileRows * kTileRows * depth + i % kTileRows, 1, kTileRows};
}
template <class T>
WEFT_INLINE Windows<T> rows_from(const Windows<T>& a, bool, int64_t i, int64_t) {
  return a.at(i, 0);
}

// One panel of B (up to the tile's width) with `rows` rows of A.
template <class T, int Vectors, class A>
void panel(int64_t rows, int64_t columns, int64_t depth, const A& a, bool a_packed, const T* b, int64_t b_row, T* c,
           int64_t c_row, const T* base, int64_t base_row) {
  const bool whole = columns == Vectors * kLanes<T>;
  int64_t i = 0;
  auto step = [&](auto count) __attribute__((always_inline)) {
    constexpr int n = decltype(count)::value;
    while (rows - i >= n) {
      const A x = rows_from(a, a_packed, i, depth);
      const T* start = base ? base + i * base_row : nullptr;
      if (whole)
        tile<T, n, Vectors>(depth, x, b, b_row, c + i * c_row, c_row, start, base_row);
      else
        narrow_tile<T, n, Vectors>(depth, x, b, b_row, c + i * c_row, c_row, start, base_row, columns);
      i += n;
    }
  };
  step(Constant<kTileRows>{});
  if constexpr (kTileRows > 8) step(Constant<8>{});
  step(Constant<4>{});
  step(Constant<2>{});
  step(Constant<1>{});
}

// --- the blocks around it -----------------------------------------------------------------------------------------

// One product: c(m x n) = [base +] a(m x k) b(k x n). Rows of c and of base have adjacent elements.
template <class T>
struct Product {
  int64_t m, n, k;
  Matrix<const T> a, b;
  T* c;
  int64_t c_row;
  const T* base;  // nullptr: none
  int64_t base_row;

  // Packing pays once every element is used often enough; a B without adjacent columns must be packed.
  WEFT_INLINE bool pack_a() const { return n > 8 * kTileColumns<T> && m > kTileRows; }
  WEFT_INLINE bool pack_b() const { return b.column != 1 || m > 8 * kTileRows; }
  WEFT_INLINE int64_t depth() const {
    return k <= kMaxDepth<T> ? (k > 0 ? k : 1) : ceil_div(k, ceil_div(k, kMaxDepth<T>));
  }
  // One panel when the rows are done in one go, else all panels of a column block.
  WEFT_INLINE int64_t b_elements() const {
    int64_t columns = m > kMaxRows && pack_b() ? ceil_div(smaller(n, kMaxColumns), kTileColumns<T>) * kTileColumns<T>
                                               : kTileColumns<T>;
    return columns * smaller(k > 0 ? k : 1, kMaxDepth<T>);
  }
  WEFT_INLINE int64_t a_elements() const {
    return pack_a() ? ceil_div(smaller(m, kMaxRows), kTileRows) * kTileRows * smaller(k > 0 ? k : 1, kMaxDepth<T>) : 0;
  }
  WEFT_INLINE size_t scratch_bytes() const { return static_cast<size_t>(a_elements() + b_elements()) * sizeof(T); }
};

struct Nothing {
  WEFT_INLINE void operator()(int64_t, int64_t, int64_t, int64_t) const {}
};

// scratch: x.scratch_bytes(), aligned to 64. Calls done(row, rows, column, columns) for every block of c that is final.
template <class T, class F = Nothing>
void gemm(const Product<T>& x, void* scratch, F&& done = F()) {
  const bool pack_a = x.pack_a(), pack_b = x.pack_b(), keep_b = x.m > kMaxRows && pack_b;
  const int64_t max_depth = x.depth();
  T* packed_b = static_cast<T*>(scratch);
  T* packed_a = packed_b + x.b_elements();
  for (int64_t column0 = 0; column0 < x.n; column0 += kMaxColumns) {
    const int64_t columns = smaller(kMaxColumns, x.n - column0);
    for (int64_t p = 0; p == 0 || p < x.k; p += max_depth) {  // also for k = 0, which gives base or zeros
      const int64_t depth = smaller(max_depth, x.k - p);
      const T* base = p ? x.c : x.base;
      const int64_t base_row = p ? x.c_row : x.base_row;
      for (int64_t row0 = 0; row0 < x.m; row0 += kMaxRows) {
        const int64_t rows = smaller(kMaxRows, x.m - row0);
        Matrix<const T> a = x.a.at(row0, p);
        if (pack_a) {
          for (int64_t i = 0; i < rows; i += kTileRows)
            pack_strip<T, kTileRows>(packed_a + i * depth, a.at(i, 0), smaller(kTileRows, rows - i), depth);
          a = {packed_a, 1, kTileRows};
        }
        for (int64_t j = 0; j < columns; j += kTileColumns<T>) {
          const int64_t width = smaller(kTileColumns<T>, columns - j);
          Matrix<const T> b = x.b.at(p, column0 + j);
          if (pack_b || (width < kTileColumns<T> && width != kLanes<T>)) {
            T* strip = packed_b + (keep_b ? j * depth : 0);
            if (row0 == 0 || !keep_b) {
              Matrix<const T> columns_first{b.data, b.column, b.row};
              if (width <= kLanes<T>)
                pack_strip<T, kLanes<T>>(strip, columns_first, width, depth);
              else
                pack_strip<T, kTileColumns<T>>(strip, columns_first, width, depth);
            }
            b = {strip, width <= kLanes<T> ? kLanes<T> : kTileColumns<T>, 1};
          }
          T* c = x.c + row0 * x.c_row + column0 + j;
          const T* start = base ? base + row0 * base_row + column0 + j : nullptr;
          if (width <= kLanes<T>)
            panel<T, 1>(rows, width, depth, a, pack_a, b.data, b.row, c, x.c_row, start, base_row);
          else
            panel<T, kTileVectors>(rows, width, depth, a, pack_a, b.data, b.row, c, x.c_row, start, base_row);
        }
        if (p + depth >= x.k) done(row0, rows, column0, columns);
      }
    }
  }
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

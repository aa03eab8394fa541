// gemm(): C = A B (+ base) on one thread, for the element types that vector units multiply. Each element of C is one
// chain of multiply-adds over k, cut into blocks whose size depends on k alone: the result is the same however m and n
// are split.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/cpu/vector.h"

namespace weft {
namespace WEFT_ISA {

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

template <size_t size>
struct FloatOf {
  using type = float;
};
template <>
struct FloatOf<8> {
  using type = double;
};

// --- what gemm.cpp defines, once for each instruction set ------------------------------------------------------------

#define WEFT_HIDDEN __attribute__((visibility("hidden")))
#define WEFT_X(T)                                                                                                      \
  WEFT_HIDDEN void pack_rows_of(Constant<kLanes<T>>, T* to, Matrix<const T> from, int64_t count, int64_t depth);       \
  WEFT_HIDDEN void pack_rows_of(Constant<kTileColumns<T>>, T* to, Matrix<const T> from, int64_t count, int64_t depth); \
  WEFT_HIDDEN void pack_tiles_of(T* to, Matrix<const T> from, int64_t rows, int64_t depth);
WEFT_X(float)
WEFT_X(double)
#undef WEFT_X
#define WEFT_PANEL(T, Vectors, A)                                                                            \
  void run_panel(Constant<Vectors>, int64_t rows, int64_t columns, int64_t depth, const A& a, bool a_packed, \
                 const T* b, int64_t b_row, T* c, int64_t c_row, const T* base, int64_t base_row)
#define WEFT_PANELS(X)                   \
  X(float, 1, Matrix<const float>)       \
  X(float, 2, Matrix<const float>)       \
  X(double, 1, Matrix<const double>)     \
  X(double, 2, Matrix<const double>)     \
  X(uint32_t, 1, Matrix<const uint32_t>) \
  X(uint32_t, 2, Matrix<const uint32_t>) \
  X(uint64_t, 1, Matrix<const uint64_t>) \
  X(uint64_t, 2, Matrix<const uint64_t>) \
  X(float, 1, Windows<float>)            \
  X(float, 2, Windows<float>)            \
  X(double, 1, Windows<double>)          \
  X(double, 2, Windows<double>)
#define WEFT_X(T, Vectors, A) WEFT_HIDDEN WEFT_PANEL(T, Vectors, A);
WEFT_PANELS(WEFT_X)
#undef WEFT_X

// Lays `count` rows (at most Width) of a matrix side by side: to[p * Width + i] = from(i, p); the rest of the strip is
// 0. Integers are laid out as floats of their size.
template <class T, int Width>
WEFT_INLINE void pack_strip(T* to, Matrix<const T> from, int64_t count, int64_t depth) {
  using F = typename FloatOf<sizeof(T)>::type;
  pack_rows_of(Constant<Width>{}, reinterpret_cast<F*>(to),
               {reinterpret_cast<const F*>(from.data), from.row, from.column}, count, depth);
}

// Lays the rows of A out for its tiles: strips of kTileRows, one after the other.
template <class T>
WEFT_INLINE void pack_tiles(T* to, Matrix<const T> from, int64_t rows, int64_t depth) {
  using F = typename FloatOf<sizeof(T)>::type;
  pack_tiles_of(reinterpret_cast<F*>(to), {reinterpret_cast<const F*>(from.data), from.row, from.column}, rows, depth);
}

// One panel of B (up to the tile's width) with `rows` rows of A: c = [base +] a b.
template <class T, int Vectors, class A>
WEFT_INLINE void panel(int64_t rows, int64_t columns, int64_t depth, const A& a, bool a_packed, const T* b,
                       int64_t b_row, T* c, int64_t c_row, const T* base, int64_t base_row) {
  run_panel(Constant<Vectors>{}, rows, columns, depth, a, a_packed, b, b_row, c, c_row, base, base_row);
}

namespace {

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
  // Of a product that is symmetric: the number of its first row. Only elements on and below the diagonal are asked for;
  // some others are computed, too. -1: all are.
  int64_t first_row = -1;

  // Packing pays once every element is used often enough; a B without adjacent columns must be packed. Short rows that
  // are adjacent lie together as they are. Memory is there however A lies: it may be known later than the sizes.
  WEFT_INLINE bool may_pack_a() const { return n >= 8 * kTileColumns<T> && m > kTileRows; }
  WEFT_INLINE bool pack_a() const { return may_pack_a() && !(a.column == 1 && a.row <= kMaxDepth<T>); }
  WEFT_INLINE bool pack_b() const { return b.column != 1 || m > 8 * kTileRows; }
  // Rows that are taken through all panels of B at a time. Few of them compute little beyond the diagonal.
  WEFT_INLINE int64_t row_step() const { return first_row < 0 ? kMaxRows : kMaxRows / 2; }
  // The columns of interest to the rows before `end`.
  WEFT_INLINE int64_t columns_before(int64_t end) const { return first_row < 0 ? n : smaller(n, first_row + end); }
  WEFT_INLINE int64_t depth() const {
    return k <= kMaxDepth<T> ? (k > 0 ? k : 1) : ceil_div(k, ceil_div(k, kMaxDepth<T>));
  }
  // One panel when the rows are done in one go, else all panels of a column block.
  WEFT_INLINE int64_t b_elements() const {
    int64_t columns = m > row_step() && pack_b() ? ceil_div(smaller(n, kMaxColumns), kTileColumns<T>) * kTileColumns<T>
                                                 : kTileColumns<T>;
    return columns * smaller(k > 0 ? k : 1, kMaxDepth<T>);
  }
  WEFT_INLINE int64_t a_elements() const {
    return may_pack_a() ? ceil_div(smaller(m, kMaxRows), kTileRows) * kTileRows * smaller(k > 0 ? k : 1, kMaxDepth<T>)
                        : 0;
  }
  WEFT_INLINE size_t scratch_bytes() const { return static_cast<size_t>(a_elements() + b_elements()) * sizeof(T); }
};

struct Nothing {
  WEFT_INLINE void operator()(int64_t, int64_t, int64_t, int64_t) const {}
};

// scratch: x.scratch_bytes(), aligned to 64. Calls done(row, rows, column, columns) for every block of c that is final.
template <class T, class F = Nothing>
void gemm(const Product<T>& x, void* scratch, F&& done = F()) {
  const int64_t max_depth = x.depth(), row_step = x.row_step();
  const bool pack_a = x.pack_a(), pack_b = x.pack_b(), keep_b = x.m > row_step && pack_b;
  T* packed_b = static_cast<T*>(scratch);
  T* packed_a = packed_b + x.b_elements();
  for (int64_t column0 = 0; column0 < x.n; column0 += kMaxColumns) {
    for (int64_t p = 0; p == 0 || p < x.k; p += max_depth) {  // also for k = 0, which gives base or zeros
      const int64_t depth = smaller(max_depth, x.k - p);
      const T* base = p ? x.c : x.base;
      const int64_t base_row = p ? x.c_row : x.base_row;
      int64_t kept = 0;  // columns of B that are packed already
      for (int64_t row0 = 0; row0 < x.m; row0 += row_step) {
        const int64_t rows = smaller(row_step, x.m - row0);
        const int64_t columns = smaller(kMaxColumns, x.columns_before(row0 + rows) - column0);
        if (columns <= 0) continue;
        Matrix<const T> a = x.a.at(row0, p);
        if (pack_a) {
          pack_tiles<T>(packed_a, a, rows, depth);
          a = {packed_a, 1, kTileRows};
        }
        for (int64_t j = 0; j < columns; j += kTileColumns<T>) {
          const int64_t width = smaller(kTileColumns<T>, x.n - column0 - j);
          Matrix<const T> b = x.b.at(p, column0 + j);
          if (pack_b || (width < kTileColumns<T> && width != kLanes<T>)) {
            T* strip = packed_b + (keep_b ? j * depth : 0);
            if (j >= kept || !keep_b) {
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
        if (kept < columns) kept = columns;
        if (p + depth >= x.k) done(row0, rows, column0, columns);
      }
    }
  }
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

// The arithmetic of gemm(), and the packing of its operands: compiled apart from those that use it, because they are
// many.
#include "kernels/cpu/gemm.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class T, int Width>
WEFT_INLINE void pack_rows(T* to, Matrix<const T> from, int64_t count, int64_t depth) {
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

// The rows that tiles of kTileRows take, from the first one on. Where two are left over, which as a tile would take as
// long as four, the last eight are two tiles of four; each has a strip of its own.
WEFT_INLINE int64_t rows_of_whole_tiles(int64_t rows) {
  const int64_t rest = rows % kTileRows;
  return kTileRows == 6 && rest == 2 && rows >= 8 ? rows - 8 : rows - rest;
}

// Rows that lie across memory are read a few columns at a time: a cache line has elements of several strips, and where
// a power of two lies between the columns, caches keep few of them.
template <class T>
void pack_all_tiles(T* to, Matrix<const T> from, int64_t rows, int64_t depth) {
  constexpr int64_t kColumns = 8;
  const int64_t last = rows_of_whole_tiles(rows), whole = from.row == 1 ? last : 0;
  for (int64_t p = 0; whole && p < depth; p += kColumns)
    for (int64_t i = 0; i < whole; i += kTileRows)
      for (int64_t q = p; q < smaller(depth, p + kColumns); q++)
        __builtin_memcpy(to + i * depth + q * kTileRows, from.data + i + q * from.column, kTileRows * sizeof(T));
  for (int64_t i = whole; i < last; i += kTileRows)
    pack_rows<T, kTileRows>(to + i * depth, from.at(i, 0), kTileRows, depth);
  const int64_t step = rows - last > kTileRows ? 4 : kTileRows;
  for (int64_t i = last; i < rows; i += step, to += kTileRows * depth)
    pack_rows<T, kTileRows>(to + last * depth, from.at(i, 0), smaller(step, rows - i), depth);
}

constexpr int kLineVectors = kVectorBytes < 64 ? 64 / kVectorBytes : 1;  // that a cache line holds

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
  // C is far away, and often a power of two lies between its rows, which caches hold few of: asked for now, it is there
  // when the sums are.
#pragma GCC unroll 16
  for (int i = 0; i < Rows; i++)
#pragma GCC unroll 4
    for (int j = 0; j < Vectors; j += kLineVectors) __builtin_prefetch(c + i * c_row + j * kLanes<T>, 1);
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

// The rows from i on; a packed strip holds kTileRows rows, or of the last eight, from `split` on, four.
template <class T>
WEFT_INLINE Matrix<const T> rows_from(const Matrix<const T>& a, bool packed, int64_t i, int64_t depth, int64_t split) {
  if (!packed) return a.at(i, 0);
  if (i > split) return {a.data + (i + 2) * depth, 1, kTileRows};
  return {a.data + i / kTileRows * kTileRows * depth + i % kTileRows, 1, kTileRows};
}
template <class T>
WEFT_INLINE Windows<T> rows_from(const Windows<T>& a, bool, int64_t i, int64_t, int64_t) {
  return a.at(i, 0);
}

template <class T, int Vectors, class A>
WEFT_INLINE void panel_of(int64_t rows, int64_t columns, int64_t depth, const A& a, bool a_packed, const T* b,
                          int64_t b_row, T* c, int64_t c_row, const T* base, int64_t base_row) {
  const bool whole = columns == Vectors * kLanes<T>;
  const int64_t large = rows_of_whole_tiles(rows), split = rows - large > kTileRows ? large : rows;
  int64_t i = 0;
  auto step = [&](auto count) __attribute__((always_inline)) {
    constexpr int n = decltype(count)::value;
    while ((n == kTileRows ? large : rows) - i >= n) {
      const A x = rows_from(a, a_packed, i, depth, split);
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

}  // namespace

#define WEFT_X(T)                                                                                           \
  void pack_rows_of(Constant<kLanes<T>>, T* to, Matrix<const T> from, int64_t count, int64_t depth) {       \
    pack_rows<T, kLanes<T>>(to, from, count, depth);                                                        \
  }                                                                                                         \
  void pack_rows_of(Constant<kTileColumns<T>>, T* to, Matrix<const T> from, int64_t count, int64_t depth) { \
    pack_rows<T, kTileColumns<T>>(to, from, count, depth);                                                  \
  }                                                                                                         \
  void pack_tiles_of(T* to, Matrix<const T> from, int64_t rows, int64_t depth) {                            \
    pack_all_tiles<T>(to, from, rows, depth);                                                               \
  }
WEFT_X(float)
WEFT_X(double)
#undef WEFT_X

#define WEFT_X(T, Vectors, A)                                                                       \
  WEFT_PANEL(T, Vectors, A) {                                                                       \
    panel_of<T, Vectors, A>(rows, columns, depth, a, a_packed, b, b_row, c, c_row, base, base_row); \
  }
WEFT_PANELS(WEFT_X)
#undef WEFT_X

}  // namespace WEFT_ISA
}  // namespace weft

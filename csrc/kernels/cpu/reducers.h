// The reducers of reduce_loop.h. Blocks are folded in 64-byte lanes whose number does not depend on the instruction
// set, so that every machine adds in the same order; float blocks are added up in double.
#pragma once

#include "kernels/cpu/reduce_loop.h"
#include "kernels/reduction.h"
#include "kernels/scalar/folds.h"

#pragma GCC diagnostic ignored "-Wpsabi"

namespace weft {
namespace WEFT_ISA {
namespace {

using namespace scalar;

// 64 bytes of elements in as many registers as that takes: of longer vectors than the machine has the compiler would
// compare single elements.
template <class C>
struct Lanes {
  static constexpr int64_t count = 64 / static_cast<int64_t>(sizeof(C)), parts = 64 / kVectorBytes;
  Vector<C> part[parts];
};
template <class F, class C>
WEFT_INLINE void fold_lanes(Lanes<C>& seen, const C* x) {
#pragma GCC unroll 4
  for (int64_t k = 0; k < Lanes<C>::parts; k++) seen.part[k] = F::step(seen.part[k], load(x + k * kLanes<C>));
}
template <class F, class C>
WEFT_INLINE void join_lanes(Lanes<C>& seen, const Lanes<C>& other) {
#pragma GCC unroll 4
  for (int64_t k = 0; k < Lanes<C>::parts; k++) seen.part[k] = F::join(seen.part[k], other.part[k]);
}

// F over n contiguous elements.
template <class F, class C>
WEFT_INLINE C fold_block(const C* x, int64_t n) {
  constexpr int64_t w = Lanes<C>::count;
  C result = F::template init<C>();
  int64_t i = 0;
  if (n >= w) {
    Lanes<C> a, b, c, d;
#pragma GCC unroll 4
    for (int64_t k = 0; k < Lanes<C>::parts; k++) a.part[k] = Vector<C>{} + F::template init<C>();
    b = c = d = a;
    for (; i + 4 * w <= n; i += 4 * w) {
      fold_lanes<F>(a, x + i);
      fold_lanes<F>(b, x + i + w);
      fold_lanes<F>(c, x + i + 2 * w);
      fold_lanes<F>(d, x + i + 3 * w);
    }
    for (; i + w <= n; i += w) fold_lanes<F>(a, x + i);
    join_lanes<F>(a, b);
    join_lanes<F>(c, d);
    join_lanes<F>(a, c);
    C lanes[w];
    __builtin_memcpy(lanes, &a, sizeof(a));
    for (int64_t half = w / 2; half > 0; half /= 2)
      for (int64_t l = 0; l < half; l++) lanes[l] = F::join(lanes[l], lanes[l + half]);
    result = lanes[0];
  }
  for (; i < n; i++) result = F::step(result, x[i]);
  return result;
}

// Sums of squares of float leave its range where their root does not: blocks and tiles where that happened are added up
// once more in double.
WEFT_INLINE bool left_float_range(float sum_of_squares) {
  return !(sum_of_squares > 0x1p-90f && sum_of_squares < 0x1p127f);
}
WEFT_INLINE double sum_of_squares(const float* x, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return sum;
}
WEFT_INLINE bool any_left_float_range(const float* sums, int64_t n) {
  int32_t left = 0;
  for (int64_t i = 0; i < n; i++) left |= left_float_range(sums[i]) ? 1 : 0;
  return left != 0;
}

// T: the type of totals.
template <class F, class C, class T>
struct FoldReducer {
  using Compute = C;
  using Total = T;
  static constexpr bool kWidens = __is_same(F, SumSquareFold) && __is_same(C, float), kTakesAnyOrder = true;
  template <class V>
  struct TileOf {
    V seen[kColumns];
  };
  using Tile = TileOf<C>;
  using WideTile = TileOf<double>;
  static WEFT_INLINE void init(T& t) { t = F::template init<T>(); }
  static WEFT_INLINE void block(T& t, const C* x, int64_t n, int64_t) {
    T folded = static_cast<T>(fold_block<F>(x, n));
    if constexpr (kWidens) {
      if (left_float_range(static_cast<float>(folded))) folded = static_cast<T>(sum_of_squares(x, n));
    }
    t = F::join(t, folded);
  }
  template <class V>
  static WEFT_INLINE void begin(TileOf<V>& tile, int64_t n) {
    for (int64_t i = 0; i < n; i++) tile.seen[i] = F::template init<V>();
  }
  template <class V>
  static WEFT_INLINE void row(TileOf<V>& tile, const C* __restrict x, int64_t n, int64_t) {
    V* __restrict seen = tile.seen;
    for (int64_t i = 0; i < n; i++) seen[i] = F::step(seen[i], static_cast<V>(x[i]));
  }
  static WEFT_INLINE bool left_range(const Tile& tile, int64_t n, int64_t) {
    return any_left_float_range(tile.seen, n);
  }
  template <class V>
  static WEFT_INLINE void flush(const TileOf<V>& tile, T* totals, int64_t n, int64_t, int64_t) {
    for (int64_t i = 0; i < n; i++) totals[i] = F::join(totals[i], static_cast<T>(tile.seen[i]));
  }
  static WEFT_INLINE void join(T& t, const T& later) { t = F::join(t, later); }
};

// F is MaxFold or MinFold: finds the position only in blocks that hold a better value.
template <class F, class C>
struct ArgReducer {
  using Compute = C;
  static constexpr bool kWidens = false, kTakesAnyOrder = false;
  struct Total {
    C value;
    int64_t index;
  };
  struct Tile {
    C value[kColumns];
    int32_t row[kColumns];
  };
  // Is x better than the earlier `seen`?
  static WEFT_INLINE bool better(C x, C seen) {
    C best = F::step(seen, x);
    return !(best == seen) & (seen == seen);
  }
  static WEFT_INLINE void init(Total& t) { t = {F::template init<C>(), -1}; }
  static WEFT_INLINE void block(Total& t, const C* x, int64_t n, int64_t at) {
    C best = fold_block<F>(x, n);
    if (!better(best, t.value) && t.index >= 0) return;
    int64_t i = 0;
    if (best == best)
      while (x[i] != best) i++;
    else
      while (x[i] == x[i]) i++;
    t = {best, at + i};
  }
  static WEFT_INLINE void begin(Tile& tile, int64_t n) {
    for (int64_t i = 0; i < n; i++) tile.value[i] = F::template init<C>(), tile.row[i] = 0;
  }
  static WEFT_INLINE void row(Tile& tile, const C* __restrict x, int64_t n, int64_t r) {
    C* __restrict value = tile.value;
    int32_t* __restrict row = tile.row;
    int32_t now = static_cast<int32_t>(r);
    for (int64_t i = 0; i < n; i++) {
      bool is_better = better(x[i], value[i]);
      value[i] = is_better ? x[i] : value[i];
      row[i] = is_better ? now : row[i];
    }
  }
  static WEFT_INLINE void flush(const Tile& tile, Total* totals, int64_t n, int64_t, int64_t at) {
    for (int64_t i = 0; i < n; i++) join(totals[i], {tile.value[i], at + tile.row[i]});
  }
  static WEFT_INLINE void join(Total& t, const Total& later) {
    if (later.index >= 0 && (t.index < 0 || better(later.value, t.value))) t = later;
  }
};

// Mean and sum of squared deviations; parts are joined after Chan, Golub and LeVeque, "Updating formulae and a pairwise
// algorithm for computing sample variances" (1979).
template <class C>
struct VarianceReducer {
  using Compute = C;
  struct Total {
    double count, mean, square;
  };
  static constexpr bool kWidens = __is_same(C, float), kTakesAnyOrder = true;
  // Deviations from a column's first element, so that nothing cancels when the mean is far from zero.
  template <class V>
  struct TileOf {
    C first[kColumns];
    V sum[kColumns], square[kColumns];
  };
  using Tile = TileOf<C>;
  using WideTile = TileOf<double>;
  static WEFT_INLINE void init(Total& t) { t = {0, 0, 0}; }
  static WEFT_INLINE void block(Total& t, const C* x, int64_t n, int64_t) {
    double count = static_cast<double>(n), mean = static_cast<double>(fold_block<SumFold>(x, n)) / count;
    C center = static_cast<C>(mean), deviations[kBlock];
    for (int64_t i = 0; i < n; i++) deviations[i] = x[i] - center;
    double off = static_cast<double>(fold_block<SumFold>(deviations, n));
    double square = static_cast<double>(fold_block<SumSquareFold>(deviations, n));
    if constexpr (__is_same(C, float)) {
      if (left_float_range(static_cast<float>(square))) return join(t, wide_block(x, n));
    }
    join(t, {count, static_cast<double>(center) + off / count, square - off * off / count});
  }
  // A block in double.
  static Total wide_block(const C* x, int64_t n) {
    double count = static_cast<double>(n), mean = 0, square = 0;
    for (int64_t i = 0; i < n; i++) mean += static_cast<double>(x[i]);
    mean /= count;
    for (int64_t i = 0; i < n; i++) square += (static_cast<double>(x[i]) - mean) * (static_cast<double>(x[i]) - mean);
    return {count, mean, square};
  }
  template <class V>
  static WEFT_INLINE void begin(TileOf<V>&, int64_t) {}
  template <class V>
  static WEFT_INLINE void row(TileOf<V>& tile, const C* __restrict x, int64_t n, int64_t r) {
    C* __restrict first = tile.first;
    V* __restrict sum = tile.sum;
    V* __restrict square = tile.square;
    if (r == 0) {
      for (int64_t i = 0; i < n; i++) first[i] = x[i], sum[i] = square[i] = 0;
      return;
    }
    for (int64_t i = 0; i < n; i++) {
      V deviation = static_cast<V>(x[i]) - static_cast<V>(first[i]);
      sum[i] += deviation;
      square[i] += deviation * deviation;
    }
  }
  static WEFT_INLINE bool left_range(const Tile& tile, int64_t n, int64_t rows) {
    return rows > 1 && any_left_float_range(tile.square, n);
  }
  template <class V>
  static WEFT_INLINE void flush(const TileOf<V>& tile, Total* totals, int64_t n, int64_t rows, int64_t) {
    double count = static_cast<double>(rows);
    for (int64_t i = 0; i < n; i++) {
      double off = tile.sum[i], square = tile.square[i] - off * off / count;
      join(totals[i], {count, tile.first[i] + off / count, square});
    }
  }
  static WEFT_INLINE void join(Total& t, const Total& o) {
    if (o.count == 0) return;
    double count = t.count + o.count, gap = o.mean - t.mean;
    t.mean = t.count == 0 ? o.mean : t.mean + gap * (o.count / count);
    t.square += o.square + (t.count == 0 ? 0 : gap * gap * (t.count * o.count / count));
    t.count = count;
  }
};

// From folded totals to results; count: of elements that each total is made of.
template <class T>
void finish_fold(Fold fold, T* totals, int64_t n, double count) {
  if (fold == Fold::Mean)
    for (int64_t i = 0; i < n; i++) totals[i] = static_cast<T>(static_cast<double>(totals[i]) / count);
  if (fold == Fold::Norm2)
    for (int64_t i = 0; i < n; i++) totals[i] = static_cast<T>(__builtin_sqrt(static_cast<double>(totals[i])));
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

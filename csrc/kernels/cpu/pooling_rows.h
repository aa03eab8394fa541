// Pooling of contiguous planes and volumes: several windows of one row at a time, as many as a vector has lanes. In
// each window the same is done in the same order as one window at a time.
#pragma once

#include "kernels/cpu/vector.h"
#include "kernels/pooling.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// The plane or volume of numbers that windows lie in, and the memory around it that may be read.
template <class C>
struct Volume {
  const C* data;
  int64_t depth, rows, columns;
  const C *begin, *end;
  WEFT_INLINE int64_t place(int64_t d, int64_t r, int64_t c) const { return (d * rows + r) * columns + c; }
};

template <class C>
WEFT_INLINE bool beats(C a, C b) {
  return (a > b) | (a != a);
}

// Numbers p[0], p[stride], ...: lane l has number l.
template <class C, int kStride>
WEFT_INLINE Vector<C> load_apart(const C* p, int64_t stride) {
  constexpr int lanes = kLanes<C>;
  if constexpr (kStride == 1) {
    return load(p);
  } else if constexpr (kStride == 2) {
    // The second vector begins where the first one ends, so that nothing behind the last number is read.
    typename VectorOf<C>::index even{};
    for (int l = 0; l < lanes; l++) even[l] = 2 * l < lanes ? 2 * l : 2 * l + 1;
    return __builtin_shuffle(load(p), load(p + lanes - 1), even);
  } else {
    Vector<C> v{};
    for (int l = 0; l < lanes; l++) v[l] = p[l * stride];
    return v;
  }
}

// The windows of `lanes` neighbouring outputs of row (h, i), from output j on. Those in front and behind the row's own
// may be among them: what is found there is nobody's.
template <class C>
struct WindowBlock {
  static constexpr int64_t lanes = kLanes<C>;
  using Index = typename VectorOf<C>::index;

  const Volume<C>& x;
  const PoolWindows& w;
  int64_t h, i, j;
  int64_t first;  // column of the first place of window j, which may be outside

  WindowBlock(const Volume<C>& x_, const PoolWindows& w_, int64_t h_, int64_t i_, int64_t j_)
      : x(x_), w(w_), h(h_), i(i_), j(j_), first(j_ * w_.columns.rule.stride - w_.columns.rule.padding) {}

  int64_t span() const { return (w.columns.rule.kernel - 1) * w.columns.rule.dilation; }
  int64_t reach() const { return (lanes - 1) * w.columns.rule.stride; }
  bool is_inside() const { return first >= 0 && first + reach() + span() < x.columns; }
  // May all that is loaded be read?
  bool is_readable() const {
    const int64_t last_slice = w.depth.end[h] - 1, last_row = w.rows.end[i] - 1;
    const int64_t low = x.place(w.depth.start[h], w.rows.start[i], first);
    const int64_t high = x.place(last_slice, last_row, first) + span() + reach();
    return low >= x.begin - x.data && high < x.end - x.data;
  }

  // Calls f(numbers, place of the first of them, column of the first of them) for each place of the windows.
  template <int kStride, class F>
  WEFT_INLINE void each(const F& f) const {
    const PoolRule& columns = w.columns.rule;
    for (int64_t d = w.depth.start[h]; d < w.depth.end[h]; d += w.depth.rule.dilation)
      for (int64_t r = w.rows.start[i]; r < w.rows.end[i]; r += w.rows.rule.dilation)
        for (int64_t k = 0, c = first; k < columns.kernel; k++, c += columns.dilation) {
          const int64_t place = x.place(d, r, c);
          f(load_apart<C, kStride>(x.data + place, columns.stride), place, c);
        }
  }
  // -1 in the lanes whose column, for that of the first one, is inside.
  WEFT_INLINE Index inside(int64_t c, const Index& steps) const {
    using Lane = decltype(Index{}[0] + 0);
    const Index column = steps + static_cast<Lane>(c);
    return (column >= 0) & (column < static_cast<Lane>(x.columns));
  }
  WEFT_INLINE Index steps() const {
    Index s{};
    for (int l = 0; l < lanes; l++) s[l] = static_cast<decltype(Index{}[0] + 0)>(l * w.columns.rule.stride);
    return s;
  }
};

template <class C, int kStride, bool kInside>
WEFT_INLINE void max_of_block(const WindowBlock<C>& block, Vector<C>& top, typename VectorOf<C>::index& place) {
  using Index = typename VectorOf<C>::index;
  const Index steps = block.steps();
  top = Vector<C>{};
  place = Index{} - 1;  // none yet
  block.template each<kStride>([&](const Vector<C> v, int64_t at, int64_t c) {
    Index wins = (v > top) | (v != v) | (place < 0);
    if constexpr (!kInside) wins &= block.inside(c, steps);
    top = wins ? v : top;
    place = wins ? steps + static_cast<decltype(Index{}[0] + 0)>(at) : place;
  });
}

template <class C, int kStride, bool kInside>
WEFT_INLINE Vector<C> sum_of_block(const WindowBlock<C>& block) {
  const typename VectorOf<C>::index steps = block.steps();
  Vector<C> sum{};
  block.template each<kStride>([&](const Vector<C> v, int64_t, int64_t c) {
    if constexpr (kInside)
      sum += v;
    else
      sum += block.inside(c, steps) ? v : Vector<C>{};
  });
  return sum;
}

// f<kStride, kInside>() for the block.
template <class C, class F>
WEFT_INLINE void with_kind_of(const WindowBlock<C>& block, const F& f) {
  const int64_t stride = block.w.columns.rule.stride;
  const bool inside = block.is_inside();
  if (stride == 1)
    inside ? f.template operator()<1, true>() : f.template operator()<1, false>();
  else if (stride == 2)
    inside ? f.template operator()<2, true>() : f.template operator()<2, false>();
  else
    inside ? f.template operator()<0, true>() : f.template operator()<0, false>();
}

// Are blocks worth while? They are for windows that lie evenly, in rows that fill a good part of a vector.
template <class C>
bool in_blocks(const Volume<C>& x, const PoolWindows& w, int64_t outputs) {
  const PoolRule& columns = w.columns.rule;
  const int64_t most = int64_t{1} << 30;  // places and columns are numbers of a lane's size
  return !columns.adaptive && 4 * outputs >= kLanes<C> && x.depth * x.rows * x.columns < most &&
         columns.kernel < most / columns.dilation && columns.stride < most / kLanes<C>;
}

template <class C>
WEFT_INLINE void max_window(C* y, int64_t* index, const Volume<C>& x, const PoolWindows& w, int64_t h, int64_t i,
                            int64_t j) {
  int64_t place = x.place(w.depth.start[h], w.rows.start[i], w.columns.start[j]);
  C top = x.data[place];
  for (int64_t d = w.depth.start[h]; d < w.depth.end[h]; d += w.depth.rule.dilation)
    for (int64_t r = w.rows.start[i]; r < w.rows.end[i]; r += w.rows.rule.dilation)
      for (int64_t c = w.columns.start[j]; c < w.columns.end[j]; c += w.columns.rule.dilation) {
        const int64_t here = x.place(d, r, c);
        const C v = x.data[here];
        if (!beats(v, top)) continue;
        top = v;
        place = here;
      }
  *y = top;
  *index = place;
}

// Row (h, i) of outputs, in blocks or one by one.
template <class C>
void max_row(C* y, int64_t* index, const Volume<C>& x, const PoolWindows& w, int64_t h, int64_t i, int64_t outputs,
             bool blocks) {
  constexpr int64_t lanes = kLanes<C>;
  if (!blocks) {
    for (int64_t j = 0; j < outputs; j++) max_window(y + j, index + j, x, w, h, i, j);
    return;
  }
  for (int64_t at = 0; at < outputs; at += lanes) {
    // The last block overlaps the one before: what is written again is the same.
    const int64_t j = outputs < lanes ? 0 : smaller(at, outputs - lanes), n = smaller(lanes, outputs);
    const WindowBlock<C> block(x, w, h, i, j);
    if (!block.is_readable()) {
      for (int64_t k = j; k < j + n; k++) max_window(y + k, index + k, x, w, h, i, k);
      continue;
    }
    alignas(kVectorBytes) Vector<C> top;
    typename VectorOf<C>::index place;
    with_kind_of(block, [&]<int kStride, bool kInside>() { max_of_block<C, kStride, kInside>(block, top, place); });
    if (n == lanes) {
      store(y + j, top);
      for (int64_t l = 0; l < lanes; l++) index[j + l] = place[l];
    } else {
      for (int64_t l = 0; l < n; l++) y[l] = top[l], index[l] = place[l];
    }
  }
}

template <class C>
WEFT_INLINE C mean_of_window(const Volume<C>& x, const PoolWindows& w, int64_t h, int64_t i, int64_t j) {
  C sum = 0;
  for (int64_t d = w.depth.start[h]; d < w.depth.end[h]; d++)
    for (int64_t r = w.rows.start[i]; r < w.rows.end[i]; r++)
      for (int64_t c = w.columns.start[j]; c < w.columns.end[j]; c++) sum += x.data[x.place(d, r, c)];
  return sum / static_cast<C>(w.depth.divisor[h] * w.rows.divisor[i] * w.columns.divisor[j]);
}

template <class C>
void mean_row(C* y, const Volume<C>& x, const PoolWindows& w, int64_t h, int64_t i, int64_t outputs, bool blocks) {
  constexpr int64_t lanes = kLanes<C>;
  const int64_t each = w.depth.divisor[h] * w.rows.divisor[i];
  for (int64_t at = 0; at < outputs; at += lanes) {
    const int64_t j = outputs < lanes ? 0 : smaller(at, outputs - lanes), n = smaller(lanes, outputs);
    const WindowBlock<C> block(x, w, h, i, j);
    if (!blocks || !block.is_readable()) {
      for (int64_t k = j; k < j + n; k++) y[k] = mean_of_window(x, w, h, i, k);
      continue;
    }
    alignas(kVectorBytes) Vector<C> sum, divisors{};
    with_kind_of(block, [&]<int kStride, bool kInside>() { sum = sum_of_block<C, kStride, kInside>(block); });
    for (int64_t l = 0; l < lanes; l++) divisors[l] = static_cast<C>(each * w.columns.divisor[j + (l < n ? l : 0)]);
    sum /= divisors;
    if (n == lanes)
      store(y + j, sum);
    else
      for (int64_t l = 0; l < n; l++) y[l] = sum[l];
  }
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

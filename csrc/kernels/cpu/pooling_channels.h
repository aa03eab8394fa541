// Pooling of images (N, C, H, W) some of which have their channels innermost: all channels of a pixel at a time. In
// each channel the same is done in the same order as in planes. Values have the type computed in.
#pragma once

#include "device/cpu/threads.h"
#include "kernels/cpu/vector.h"
#include "kernels/pooling.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kPoolChannels = 64;                     // at a time
constexpr int64_t kMostChannels = 2 * kPoolChannels - 1;  // the last time, which leaves no few channels to the end

WEFT_INLINE int64_t pool_channels(int64_t left) { return left <= kMostChannels ? left : kPoolChannels; }

bool by_channels(const StridedView& v) { return v.ndim == 4 && !v.is_contiguous(); }

// The pixels of one image, from channel `first` on.
template <class T>
struct Pixels {
  T* data;
  int64_t row, column;  // strides
  Pixels(const StridedView& v, int64_t image, int64_t first)
      : data(v.as<T>() + image * v.strides[0] + first), row(v.strides[2]), column(v.strides[3]) {}
  WEFT_INLINE T* at(int64_t r, int64_t c) const { return data + r * row + c * column; }
};

// Calls f(image, row, first channel, channels) for every row of every image of v.
template <class F>
void for_image_rows(const StridedView& v, int64_t work, const F& f) {
  const int64_t rows = v.shape[2], channels = v.shape[1];
  parallel_for(v.shape[0] * rows, 16384 / (work * channels + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      for (int64_t c = 0, m = 0; c < channels; c += m) f(i / rows, i % rows, c, m = pool_channels(channels - c));
  });
}

// The largest number of one window, or a vector of them for adjacent channels, and where it is relative to the window's
// first place. Planes of such images have less than 2^31 places.
template <class V, class Index, class C>
WEFT_INLINE void largest_of_window(const C* corner, int64_t row, int64_t column, int64_t width, const PoolAxis& rows,
                                   int64_t i, const PoolAxis& columns, int64_t j, V& top, Index& place) {
  top = numbers_at<V>(corner);
  place = Index{};
  for (int64_t r = 0; r < rows.end[i] - rows.start[i]; r += rows.rule.dilation)
    for (int64_t c = 0; c < columns.end[j] - columns.start[j]; c += columns.rule.dilation) {
      const V v = numbers_at<V>(corner + r * row + c * column);
      const auto wins = (v > top) | (v != v);
      top = wins ? v : top;
      place = wins ? static_cast<int32_t>(r * width + c) - Index{} : place;
    }
}

template <class C>
void max_pool_channels(const StridedView& out, const StridedView& indices, const StridedView& in,
                       const PoolWindows& w) {
  constexpr int64_t lanes = kLanes<C>;
  using Index = typename VectorOf<C>::index;
  const int64_t width = in.shape[3];
  for_image_rows(out, 4 * out.shape[3], [&](int64_t n, int64_t i, int64_t first, int64_t m) {
    const Pixels<C> x(in, n, first), y(out, n, first);
    const Pixels<int64_t> index(indices, n, first);
    for (int64_t j = 0; j < out.shape[3]; j++) {
      const int64_t corner = w.rows.start[i] * width + w.columns.start[j];
      const C* from = x.at(w.rows.start[i], w.columns.start[j]);
      C* top = y.at(i, j);
      int64_t* places = index.at(i, j);
      // The last vector overlaps the one before: what is written again is the same.
      for (int64_t at = 0; m >= lanes && at < m; at += lanes) {
        const int64_t k = smaller(at, m - lanes);
        alignas(kVectorBytes) Vector<C> vector_top;  // V of V& forgets that a Vector may lie anywhere
        Index place;
        largest_of_window(from + k, x.row, x.column, width, w.rows, i, w.columns, j, vector_top, place);
        store(top + k, vector_top);
        for (int64_t l = 0; l < lanes; l++) places[k + l] = corner + place[l];
      }
      for (int64_t k = 0; m < lanes && k < m; k++) {
        decltype(Index{}[0] + 0) place;
        largest_of_window(from + k, x.row, x.column, width, w.rows, i, w.columns, j, top[k], place);
        places[k] = corner + place;
      }
    }
  });
}

// Calls f(image, first channel, channels) for groups of channels of all images, which are set to zero before.
template <class C, class F>
void for_cleared_images(const StridedView& v, const F& f) {
  const int64_t channels = v.shape[1], groups = channels < kPoolChannels ? 1 : channels / kPoolChannels;
  const int64_t work = v.shape[2] * v.shape[3] * smaller(channels, kPoolChannels);
  parallel_for(v.shape[0] * groups, 16384 / (work + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t first = i % groups * kPoolChannels, m = pool_channels(channels - first);
      const Pixels<C> pixels(v, i / groups, first);
      for (int64_t r = 0; r < v.shape[2]; r++)
        for (int64_t c = 0; c < v.shape[3]; c++)
          for (int64_t k = 0; k < m; k++) pixels.at(r, c)[k] = 0;
      f(i / groups, first, m);
    }
  });
}

// Spreads the gradients of one window, for `lanes` adjacent channels: to[r * row + c * column] for its places.
template <class C>
WEFT_INLINE void spread_window(C* to, int64_t row, int64_t column, int64_t width, const PoolAxis& rows, int64_t i,
                               const PoolAxis& columns, int64_t j, const C* grad, const int64_t* places) {
  using Index = typename VectorOf<C>::index;
  const int64_t corner = rows.start[i] * width + columns.start[j];
  Index place;
  for (int64_t l = 0; l < kLanes<C>; l++) place[l] = places[l] - corner;
  const Vector<C> g = load(grad);
  for (int64_t r = 0; r < rows.end[i] - rows.start[i]; r++)
    for (int64_t c = 0; c < columns.end[j] - columns.start[j]; c++) {
      const Index here = static_cast<int32_t>(r * width + c) - Index{};
      store(to + r * row + c * column, place == here ? g : Vector<C>{});
    }
}

template <class C>
void max_pool_backward_channels(const StridedView& out, const StridedView& grad, const StridedView& indices,
                                const PoolWindows& w) {
  constexpr int64_t lanes = kLanes<C>;
  // To look at all places of a small window costs less than to go to one place for each channel.
  auto is_apart = [](const PoolRule& r) { return !r.adaptive && r.dilation == 1 && r.kernel <= r.stride; };
  const bool small = is_apart(w.rows.rule) && is_apart(w.columns.rule) && out.shape[1] >= lanes &&
                     w.rows.rule.kernel * w.columns.rule.kernel <= 4;
  for_cleared_images<C>(out, [&](int64_t n, int64_t first, int64_t m) {
    const Pixels<C> g(grad, n, first), dx(out, n, first);
    const Pixels<int64_t> index(indices, n, first);
    for (int64_t i = 0; i < grad.shape[2]; i++)
      for (int64_t j = 0; j < grad.shape[3]; j++) {
        const C* from = g.at(i, j);
        const int64_t* place = index.at(i, j);
        if (!small) {
          for (int64_t k = 0; k < m; k++) dx.data[place[k] * dx.column + k] += from[k];
          continue;
        }
        C* to = dx.at(w.rows.start[i], w.columns.start[j]);
        // The last vector overlaps the one before: what is written again is the same.
        for (int64_t at = 0; at < m; at += lanes) {
          const int64_t k = smaller(at, m - lanes);
          spread_window(to + k, dx.row, dx.column, out.shape[3], w.rows, i, w.columns, j, from + k, place + k);
        }
      }
  });
}

template <class C>
void avg_pool_channels(const StridedView& out, const StridedView& in, const PoolWindows& w) {
  for_image_rows(out, 4 * out.shape[3], [&](int64_t n, int64_t i, int64_t first, int64_t m) {
    const Pixels<C> x(in, n, first), y(out, n, first);
    for (int64_t j = 0; j < out.shape[3]; j++) {
      C sum[kMostChannels] = {};
      for (int64_t r = w.rows.start[i]; r < w.rows.end[i]; r++)
        for (int64_t c = w.columns.start[j]; c < w.columns.end[j]; c++) {
          const C* v = x.at(r, c);
          for (int64_t k = 0; k < m; k++) sum[k] += v[k];
        }
      const C divisor = static_cast<C>(w.rows.divisor[i] * w.columns.divisor[j]);
      C* to = y.at(i, j);
      for (int64_t k = 0; k < m; k++) to[k] = sum[k] / divisor;
    }
  });
}

template <class C>
void avg_pool_backward_channels(const StridedView& out, const StridedView& grad, const PoolWindows& w) {
  for_cleared_images<C>(out, [&](int64_t n, int64_t first, int64_t m) {
    const Pixels<C> g(grad, n, first), dx(out, n, first);
    for (int64_t i = 0; i < grad.shape[2]; i++)
      for (int64_t j = 0; j < grad.shape[3]; j++) {
        C each[kMostChannels];
        const C divisor = static_cast<C>(w.rows.divisor[i] * w.columns.divisor[j]);
        for (int64_t k = 0; k < m; k++) each[k] = g.at(i, j)[k] / divisor;
        for (int64_t r = w.rows.start[i]; r < w.rows.end[i]; r++)
          for (int64_t c = w.columns.start[j]; c < w.columns.end[j]; c++)
            for (int64_t k = 0; k < m; k++) dx.at(r, c)[k] += each[k];
      }
  });
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

// Pooling of images (N, C, H, W) or volumes (N, C, D, H, W) some of which have their channels innermost: all channels
// of a pixel at a time. In each channel the same is done in the same order as in planes. Values have the type computed
// in.
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

bool by_channels(const StridedView& v) { return v.ndim >= 4 && !v.is_contiguous(); }

// The sizes of an image or a volume, and how far places are apart that are neighbours along its axes.
struct PixelGrid {
  int64_t depth, rows, columns, slice_stride, row_stride, column_stride;
  explicit PixelGrid(const StridedView& v)
      : depth(v.ndim == 5 ? v.shape[2] : 1),
        rows(v.shape[v.ndim - 2]),
        columns(v.shape[v.ndim - 1]),
        slice_stride(v.ndim == 5 ? v.strides[2] : 0),
        row_stride(v.strides[v.ndim - 2]),
        column_stride(v.strides[v.ndim - 1]) {}
  int64_t size() const { return depth * rows * columns; }
  WEFT_INLINE int64_t offset(int64_t d, int64_t r, int64_t c) const {
    return d * slice_stride + r * row_stride + c * column_stride;
  }
  // The number of a place, as indices have it.
  WEFT_INLINE int64_t place(int64_t d, int64_t r, int64_t c) const { return (d * rows + r) * columns + c; }
};

// The pixels of one image, from channel `first` on.
template <class T>
struct Pixels {
  T* data;
  PixelGrid grid;
  Pixels(const StridedView& v, int64_t image, int64_t first)
      : data(v.as<T>() + image * v.strides[0] + first), grid(v) {}
  WEFT_INLINE T* at(int64_t d, int64_t r, int64_t c) const { return data + grid.offset(d, r, c); }
};

// Calls f(image, slice, row, first channel, channels) for every row of every image of v.
template <class F>
void for_image_rows(const StridedView& v, int64_t work, const F& f) {
  const PixelGrid grid(v);
  const int64_t rows = grid.rows, lines = grid.depth * rows, channels = v.shape[1];
  parallel_for(v.shape[0] * lines, 16384 / (work * channels + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      for (int64_t c = 0, m = 0; c < channels; c += m)
        f(i / lines, i % lines / rows, i % rows, c, m = pool_channels(channels - c));
  });
}

// Calls f(slice, row, column) for every place of a grid.
template <class F>
WEFT_INLINE void for_places(const PixelGrid& grid, const F& f) {
  for (int64_t d = 0; d < grid.depth; d++)
    for (int64_t r = 0; r < grid.rows; r++)
      for (int64_t c = 0; c < grid.columns; c++) f(d, r, c);
}

// Calls f(slice, row, column) for the places of window (h, i, j).
template <class F>
WEFT_INLINE void for_window(const PoolWindows& w, int64_t h, int64_t i, int64_t j, const F& f) {
  for (int64_t d = w.depth.start[h]; d < w.depth.end[h]; d += w.depth.rule.dilation)
    for (int64_t r = w.rows.start[i]; r < w.rows.end[i]; r += w.rows.rule.dilation)
      for (int64_t c = w.columns.start[j]; c < w.columns.end[j]; c += w.columns.rule.dilation) f(d, r, c);
}

// The largest number of one window, or a vector of them for adjacent channels, and where it is relative to the window's
// first place. Planes of such images have less than 2^31 places.
template <class V, class Index, class C>
WEFT_INLINE void largest_of_window(const C* corner, const PixelGrid& x, const PoolWindows& w, int64_t h, int64_t i,
                                   int64_t j, V& top, Index& place) {
  top = numbers_at<V>(corner);
  place = Index{};
  for (int64_t d = 0; d < w.depth.end[h] - w.depth.start[h]; d += w.depth.rule.dilation)
    for (int64_t r = 0; r < w.rows.end[i] - w.rows.start[i]; r += w.rows.rule.dilation)
      for (int64_t c = 0; c < w.columns.end[j] - w.columns.start[j]; c += w.columns.rule.dilation) {
        const V v = numbers_at<V>(corner + x.offset(d, r, c));
        const auto wins = (v > top) | (v != v);
        top = wins ? v : top;
        place = wins ? static_cast<int32_t>(x.place(d, r, c)) - Index{} : place;
      }
}

template <class C>
void max_pool_channels(const StridedView& out, const StridedView& indices, const StridedView& in,
                       const PoolWindows& w) {
  constexpr int64_t lanes = kLanes<C>;
  using Index = typename VectorOf<C>::index;
  const int64_t width = PixelGrid(out).columns;
  for_image_rows(out, 4 * width, [&](int64_t n, int64_t h, int64_t i, int64_t first, int64_t m) {
    const Pixels<C> x(in, n, first), y(out, n, first);
    const Pixels<int64_t> index(indices, n, first);
    for (int64_t j = 0; j < width; j++) {
      const int64_t corner = x.grid.place(w.depth.start[h], w.rows.start[i], w.columns.start[j]);
      const C* from = x.at(w.depth.start[h], w.rows.start[i], w.columns.start[j]);
      C* top = y.at(h, i, j);
      int64_t* places = index.at(h, i, j);
      // The last vector overlaps the one before: what is written again is the same.
      for (int64_t at = 0; m >= lanes && at < m; at += lanes) {
        const int64_t k = smaller(at, m - lanes);
        alignas(kVectorBytes) Vector<C> vector_top;  // V of V& forgets that a Vector may lie anywhere
        Index place;
        largest_of_window(from + k, x.grid, w, h, i, j, vector_top, place);
        store(top + k, vector_top);
        for (int64_t l = 0; l < lanes; l++) places[k + l] = corner + place[l];
      }
      for (int64_t k = 0; m < lanes && k < m; k++) {
        decltype(Index{}[0] + 0) place;
        largest_of_window(from + k, x.grid, w, h, i, j, top[k], place);
        places[k] = corner + place;
      }
    }
  });
}

// Calls f(image, first channel, channels) for groups of channels of all images, which are set to zero before.
template <class C, class F>
void for_cleared_images(const StridedView& v, const F& f) {
  const int64_t channels = v.shape[1], groups = channels < kPoolChannels ? 1 : channels / kPoolChannels;
  const PixelGrid grid(v);
  const int64_t work = grid.size() * smaller(channels, kPoolChannels);
  parallel_for(v.shape[0] * groups, 16384 / (work + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t first = i % groups * kPoolChannels, m = pool_channels(channels - first);
      const Pixels<C> pixels(v, i / groups, first);
      for_places(grid, [&](int64_t d, int64_t r, int64_t c) {
        C* to = pixels.at(d, r, c);
        for (int64_t k = 0; k < m; k++) to[k] = 0;
      });
      f(i / groups, first, m);
    }
  });
}

// Spreads the gradients of window (0, i, j) of an image, for `lanes` adjacent channels.
template <class C>
WEFT_INLINE void spread_window(C* to, const PixelGrid& x, const PoolAxis& rows, int64_t i, const PoolAxis& columns,
                               int64_t j, const C* grad, const int64_t* places) {
  using Index = typename VectorOf<C>::index;
  const int64_t corner = x.place(0, rows.start[i], columns.start[j]);
  Index place;
  for (int64_t l = 0; l < kLanes<C>; l++) place[l] = places[l] - corner;
  const Vector<C> g = load(grad);
  for (int64_t r = 0; r < rows.end[i] - rows.start[i]; r++)
    for (int64_t c = 0; c < columns.end[j] - columns.start[j]; c++) {
      const Index here = static_cast<int32_t>(x.place(0, r, c)) - Index{};
      store(to + x.offset(0, r, c), place == here ? g : Vector<C>{});
    }
}

template <class C>
void max_pool_backward_channels(const StridedView& out, const StridedView& grad, const StridedView& indices,
                                const PoolWindows& w) {
  constexpr int64_t lanes = kLanes<C>;
  // To look at all places of a small window costs less than to go to one place for each channel.
  auto is_apart = [](const PoolRule& r) { return !r.adaptive && r.dilation == 1 && r.kernel <= r.stride; };
  const bool small = w.dims == 2 && is_apart(w.rows.rule) && is_apart(w.columns.rule) && out.shape[1] >= lanes &&
                     w.rows.rule.kernel * w.columns.rule.kernel <= 4;
  for_cleared_images<C>(out, [&](int64_t n, int64_t first, int64_t m) {
    const Pixels<C> g(grad, n, first), dx(out, n, first);
    const Pixels<int64_t> index(indices, n, first);
    for_places(g.grid, [&](int64_t h, int64_t i, int64_t j) {
      const C* from = g.at(h, i, j);
      const int64_t* place = index.at(h, i, j);
      if (!small) {
        for (int64_t k = 0; k < m; k++) dx.data[place[k] * dx.grid.column_stride + k] += from[k];
        return;
      }
      C* to = dx.at(0, w.rows.start[i], w.columns.start[j]);
      // The last vector overlaps the one before: what is written again is the same.
      for (int64_t at = 0; at < m; at += lanes) {
        const int64_t k = smaller(at, m - lanes);
        spread_window(to + k, dx.grid, w.rows, i, w.columns, j, from + k, place + k);
      }
    });
  });
}

template <class C>
void avg_pool_channels(const StridedView& out, const StridedView& in, const PoolWindows& w) {
  const int64_t width = PixelGrid(out).columns;
  for_image_rows(out, 4 * width, [&](int64_t n, int64_t h, int64_t i, int64_t first, int64_t m) {
    const Pixels<C> x(in, n, first), y(out, n, first);
    for (int64_t j = 0; j < width; j++) {
      C sum[kMostChannels] = {};
      for_window(w, h, i, j, [&](int64_t d, int64_t r, int64_t c) {
        const C* v = x.at(d, r, c);
        for (int64_t k = 0; k < m; k++) sum[k] += v[k];
      });
      const C divisor = static_cast<C>(w.depth.divisor[h] * w.rows.divisor[i] * w.columns.divisor[j]);
      C* to = y.at(h, i, j);
      for (int64_t k = 0; k < m; k++) to[k] = sum[k] / divisor;
    }
  });
}

template <class C>
void avg_pool_backward_channels(const StridedView& out, const StridedView& grad, const PoolWindows& w) {
  for_cleared_images<C>(out, [&](int64_t n, int64_t first, int64_t m) {
    const Pixels<C> g(grad, n, first), dx(out, n, first);
    for_places(g.grid, [&](int64_t h, int64_t i, int64_t j) {
      C each[kMostChannels];
      const C divisor = static_cast<C>(w.depth.divisor[h] * w.rows.divisor[i] * w.columns.divisor[j]);
      const C* from = g.at(h, i, j);
      for (int64_t k = 0; k < m; k++) each[k] = from[k] / divisor;
      for_window(w, h, i, j, [&](int64_t d, int64_t r, int64_t c) {
        C* to = dx.at(d, r, c);
        for (int64_t k = 0; k < m; k++) to[k] += each[k];
      });
    });
  });
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

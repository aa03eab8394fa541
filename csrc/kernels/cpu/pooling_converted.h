// Pooling of images or volumes with their channels innermost whose dtype is not the one computed in: all channels of
// a pixel at a time, converted in between. In each channel the same is done in the same order as in planes.
#pragma once

#include "kernels/cpu/elementwise_loop.h"
#include "kernels/cpu/pooling_channels.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// Channels [first, first + m) of the pixels of one image, as numbers of type C.
template <class C>
struct ConvertedPixels {
  void* data;
  DType dtype;
  PixelGrid grid;
  int64_t m;
  ConvertedPixels(const StridedView& v, int64_t image, int64_t first, int64_t channels)
      : data(advance(v.data, image * v.strides[0] + first, v.dtype)), dtype(v.dtype), grid(v), m(channels) {}
  WEFT_INLINE void* at(int64_t d, int64_t r, int64_t c) const { return advance(data, grid.offset(d, r, c), dtype); }
  WEFT_INLINE void load(C* to, int64_t d, int64_t r, int64_t c) const { load_run(to, at(d, r, c), dtype, 1, m); }
  WEFT_INLINE void store(const C* from, int64_t d, int64_t r, int64_t c) const {
    store_run(at(d, r, c), dtype, 1, from, m);
  }
};

template <class C>
void max_pool_converted(const StridedView& out, const StridedView& indices, const StridedView& in,
                        const PoolWindows& w) {
  const int64_t width = PixelGrid(out).columns;
  for_image_rows(out, 8 * width, [&](int64_t n, int64_t h, int64_t i, int64_t first, int64_t m) {
    const ConvertedPixels<C> x(in, n, first, m), y(out, n, first, m);
    const Pixels<int64_t> index(indices, n, first);
    for (int64_t j = 0; j < width; j++) {
      C top[kMostChannels], value[kMostChannels];
      int32_t place[kMostChannels];  // planes have less than 2^31
      x.load(top, w.depth.start[h], w.rows.start[i], w.columns.start[j]);
      const auto corner = static_cast<int32_t>(x.grid.place(w.depth.start[h], w.rows.start[i], w.columns.start[j]));
      for (int64_t k = 0; k < m; k++) place[k] = corner;
      for_window(w, h, i, j, [&](int64_t d, int64_t r, int64_t c) {
        x.load(value, d, r, c);
        const auto here = static_cast<int32_t>(x.grid.place(d, r, c));
#pragma omp simd
        for (int64_t k = 0; k < m; k++) {
          const bool wins = (value[k] > top[k]) | (value[k] != value[k]);
          top[k] = wins ? value[k] : top[k];
          place[k] = wins ? here : place[k];
        }
      });
      y.store(top, h, i, j);
      for (int64_t k = 0; k < m; k++) index.at(h, i, j)[k] = place[k];
    }
  });
}

// Each pixel of out is the sum of what the windows that may hold it give, in their order: windows_of(image, first
// channel, channels)(sums, place, h, i, j) adds what window (h, i, j) gives to the pixel with that number.
template <class C, class F>
void gather_windows(const StridedView& out, const PoolWindows& w, const F& windows_of) {
  const int64_t width = PixelGrid(out).columns;
  for_image_rows(out, 8 * width, [&](int64_t n, int64_t d, int64_t r, int64_t first, int64_t m) {
    const ConvertedPixels<C> dx(out, n, first, m);
    const auto add = windows_of(n, first, m);
    for (int64_t c = 0; c < width; c++) {
      C sums[kMostChannels] = {};
      for (int64_t h = w.depth.rule.first_output(d); h <= w.depth.rule.last_output(d); h++)
        for (int64_t i = w.rows.rule.first_output(r); i <= w.rows.rule.last_output(r); i++)
          for (int64_t j = w.columns.rule.first_output(c); j <= w.columns.rule.last_output(c); j++)
            add(sums, dx.grid.place(d, r, c), h, i, j);
      dx.store(sums, d, r, c);
    }
  });
}

template <class C>
void max_pool_backward_converted(const StridedView& out, const StridedView& grad, const StridedView& indices,
                                 const PoolWindows& w) {
  gather_windows<C>(out, w, [&](int64_t n, int64_t first, int64_t m) {
    return [m, g = ConvertedPixels<C>(grad, n, first, m), index = Pixels<int64_t>(indices, n, first)](
               C* sums, int64_t own, int64_t h, int64_t i, int64_t j) {
      C each[kMostChannels];
      g.load(each, h, i, j);
      const int64_t* places = index.at(h, i, j);
      for (int64_t k = 0; k < m; k++) sums[k] += places[k] == own ? each[k] : C(0);
    };
  });
}

template <class C>
void avg_pool_converted(const StridedView& out, const StridedView& in, const PoolWindows& w) {
  const int64_t width = PixelGrid(out).columns;
  for_image_rows(out, 8 * width, [&](int64_t n, int64_t h, int64_t i, int64_t first, int64_t m) {
    const ConvertedPixels<C> x(in, n, first, m), y(out, n, first, m);
    for (int64_t j = 0; j < width; j++) {
      C sums[kMostChannels] = {}, value[kMostChannels];
      for_window(w, h, i, j, [&](int64_t d, int64_t r, int64_t c) {
        x.load(value, d, r, c);
        for (int64_t k = 0; k < m; k++) sums[k] += value[k];
      });
      const C divisor = static_cast<C>(w.depth.divisor[h] * w.rows.divisor[i] * w.columns.divisor[j]);
      for (int64_t k = 0; k < m; k++) sums[k] /= divisor;
      y.store(sums, h, i, j);
    }
  });
}

template <class C>
void avg_pool_backward_converted(const StridedView& out, const StridedView& grad, const PoolWindows& w) {
  gather_windows<C>(out, w, [&](int64_t n, int64_t first, int64_t m) {
    return [&, m, g = ConvertedPixels<C>(grad, n, first, m)](C* sums, int64_t, int64_t h, int64_t i, int64_t j) {
      C each[kMostChannels];
      g.load(each, h, i, j);
      const C divisor = static_cast<C>(w.depth.divisor[h] * w.rows.divisor[i] * w.columns.divisor[j]);
      for (int64_t k = 0; k < m; k++) sums[k] += each[k] / divisor;
    };
  });
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

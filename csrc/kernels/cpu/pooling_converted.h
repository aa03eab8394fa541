// Pooling of images (N, C, H, W) with their channels innermost whose dtype is not the one computed in: all channels of
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
  int64_t row, column, m;  // strides, channels
  ConvertedPixels(const StridedView& v, int64_t image, int64_t first, int64_t channels)
      : data(advance(v.data, image * v.strides[0] + first, v.dtype)),
        dtype(v.dtype),
        row(v.strides[2]),
        column(v.strides[3]),
        m(channels) {}
  WEFT_INLINE void* at(int64_t r, int64_t c) const { return advance(data, r * row + c * column, dtype); }
  WEFT_INLINE void load(C* to, int64_t r, int64_t c) const { load_run(to, at(r, c), dtype, 1, m); }
  WEFT_INLINE void store(const C* from, int64_t r, int64_t c) const { store_run(at(r, c), dtype, 1, from, m); }
};

template <class C>
void max_pool_converted(const StridedView& out, const StridedView& indices, const StridedView& in,
                        const PoolWindows& w) {
  for_image_rows(out, 8 * out.shape[3], [&](int64_t n, int64_t i, int64_t first, int64_t m) {
    const ConvertedPixels<C> x(in, n, first, m), y(out, n, first, m);
    const Pixels<int64_t> index(indices, n, first);
    for (int64_t j = 0; j < out.shape[3]; j++) {
      C top[kMostChannels], value[kMostChannels];
      int32_t place[kMostChannels];  // planes have less than 2^31
      x.load(top, w.rows.start[i], w.columns.start[j]);
      for (int64_t k = 0; k < m; k++)
        place[k] = static_cast<int32_t>(w.rows.start[i] * in.shape[3] + w.columns.start[j]);
      for (int64_t r = w.rows.start[i]; r < w.rows.end[i]; r += w.rows.rule.dilation)
        for (int64_t c = w.columns.start[j]; c < w.columns.end[j]; c += w.columns.rule.dilation) {
          x.load(value, r, c);
          const int32_t here = static_cast<int32_t>(r * in.shape[3] + c);
#pragma omp simd
          for (int64_t k = 0; k < m; k++) {
            const bool wins = (value[k] > top[k]) | (value[k] != value[k]);
            top[k] = wins ? value[k] : top[k];
            place[k] = wins ? here : place[k];
          }
        }
      y.store(top, i, j);
      for (int64_t k = 0; k < m; k++) index.at(i, j)[k] = place[k];
    }
  });
}

// Each pixel of out is the sum of what the windows that may hold it give, in their order: windows_of(image, first
// channel, channels)(sums, r, c, i, j) adds what window (i, j) gives to pixel (r, c).
template <class C, class F>
void gather_windows(const StridedView& out, const PoolWindows& w, const F& windows_of) {
  for_image_rows(out, 8 * out.shape[3], [&](int64_t n, int64_t r, int64_t first, int64_t m) {
    const ConvertedPixels<C> dx(out, n, first, m);
    const auto add = windows_of(n, first, m);
    for (int64_t c = 0; c < out.shape[3]; c++) {
      C sums[kMostChannels] = {};
      for (int64_t i = w.rows.rule.first_output(r); i <= w.rows.rule.last_output(r); i++)
        for (int64_t j = w.columns.rule.first_output(c); j <= w.columns.rule.last_output(c); j++) add(sums, r, c, i, j);
      dx.store(sums, r, c);
    }
  });
}

template <class C>
void max_pool_backward_converted(const StridedView& out, const StridedView& grad, const StridedView& indices,
                                 const PoolWindows& w) {
  gather_windows<C>(out, w, [&](int64_t n, int64_t first, int64_t m) {
    return [&, m, g = ConvertedPixels<C>(grad, n, first, m), index = Pixels<int64_t>(indices, n, first)](
               C* sums, int64_t r, int64_t c, int64_t i, int64_t j) {
      C each[kMostChannels];
      g.load(each, i, j);
      const int64_t *places = index.at(i, j), own = r * out.shape[3] + c;
      for (int64_t k = 0; k < m; k++) sums[k] += places[k] == own ? each[k] : C(0);
    };
  });
}

template <class C>
void avg_pool_converted(const StridedView& out, const StridedView& in, const PoolWindows& w) {
  for_image_rows(out, 8 * out.shape[3], [&](int64_t n, int64_t i, int64_t first, int64_t m) {
    const ConvertedPixels<C> x(in, n, first, m), y(out, n, first, m);
    for (int64_t j = 0; j < out.shape[3]; j++) {
      C sums[kMostChannels] = {}, value[kMostChannels];
      for (int64_t r = w.rows.start[i]; r < w.rows.end[i]; r++)
        for (int64_t c = w.columns.start[j]; c < w.columns.end[j]; c++) {
          x.load(value, r, c);
          for (int64_t k = 0; k < m; k++) sums[k] += value[k];
        }
      const C divisor = static_cast<C>(w.rows.divisor[i] * w.columns.divisor[j]);
      for (int64_t k = 0; k < m; k++) sums[k] /= divisor;
      y.store(sums, i, j);
    }
  });
}

template <class C>
void avg_pool_backward_converted(const StridedView& out, const StridedView& grad, const PoolWindows& w) {
  gather_windows<C>(out, w, [&](int64_t n, int64_t first, int64_t m) {
    return [&, m, g = ConvertedPixels<C>(grad, n, first, m)](C* sums, int64_t, int64_t, int64_t i, int64_t j) {
      C each[kMostChannels];
      g.load(each, i, j);
      const C divisor = static_cast<C>(w.rows.divisor[i] * w.columns.divisor[j]);
      for (int64_t k = 0; k < m; k++) sums[k] += each[k] / divisor;
    };
  });
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

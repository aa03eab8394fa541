// Depthwise convolutions (a group for every channel) of images whose channels lie innermost: all channels of a pixel at
// a time, where a gather (conv_gather.h) would multiply matrices of one column.
#pragma once

#include "device/cpu/scratch.h"
#include "device/cpu/threads.h"
#include "kernels/convolution.h"
#include "kernels/cpu/sum_type.h"
#include "kernels/cpu/vector.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kDepthwiseChannels = 64;  // at a time
constexpr int64_t kDepthwiseGrain = 1 << 15;

bool is_depthwise(const StridedView& y, const StridedView& x, const StridedView& w, const ConvGeometry& g) {
  return g.groups == x.shape[1] && g.groups == y.shape[1] && w.shape[1] == 1 && g.groups >= 8 && x.strides[1] == 1 &&
         y.strides[1] == 1 && y.numel() > 0 && x.numel() > 0;
}

// The place of x that place i of y reads through tap t along one dim, or the place of y that reads place i of x so; -1:
// there is none.
struct ReadsInput {
  const ConvGeometry& g;
  const int64_t* sizes;
  WEFT_INLINE int64_t operator()(int d, int64_t i, int64_t t) const {
    const int64_t at = i * g.stride[d] - g.padding[d] + t * g.dilation[d];
    return at >= 0 && at < sizes[d] ? at : -1;
  }
};
struct ReadsOutput {
  const ConvGeometry& g;
  const int64_t* sizes;
  WEFT_INLINE int64_t operator()(int d, int64_t i, int64_t t) const {
    const int64_t reach = i + g.padding[d] - t * g.dilation[d];
    return reach >= 0 && reach % g.stride[d] == 0 && reach / g.stride[d] < sizes[d] ? reach / g.stride[d] : -1;
  }
};

// Calls f(tap, offset in a sample of v) for the taps through which the pixel at (z, y, x) reads one of v.
template <class Source, class F>
WEFT_INLINE void for_taps(const StridedView& v, const int64_t* kernel, const Source& source, const int64_t* pixel,
                          const F& f) {
  for (int64_t a = 0; a < kernel[0]; a++) {
    const int64_t z = source(0, pixel[0], a);
    for (int64_t b = 0; z >= 0 && b < kernel[1]; b++) {
      const int64_t y = source(1, pixel[1], b);
      for (int64_t c = 0; y >= 0 && c < kernel[2]; c++) {
        const int64_t x = source(2, pixel[2], c);
        if (x >= 0) f((a * kernel[1] + b) * kernel[2] + c, z * v.strides[2] + y * v.strides[3] + x * v.strides[4]);
      }
    }
  }
}

// Row i of v, which are those of all samples and planes: its sample, and the plane and the row as pixel[0] and [1].
WEFT_INLINE int64_t row_at(const StridedView& v, int64_t i, int64_t* pixel) {
  pixel[1] = i % v.shape[3];
  pixel[0] = i / v.shape[3] % v.shape[2];
  return i / v.shape[3] / v.shape[2];
}
template <class T>
WEFT_INLINE T* sample_of(const StridedView& v, int64_t n) {
  return v.as<T>() + n * v.strides[0];
}

// out = bias + the sum over the taps of in times the weight.
template <class T, class Source>
void sum_taps(const StridedView& out, const StridedView& in, const StridedView& w, const StridedView& bias,
              const Source& source) {
  using S = typename SumOf<T>::type;
  const int64_t channels = out.shape[1], *kernel = w.shape + 2, taps = kernel[0] * kernel[1] * kernel[2];
  Scratch scratch(static_cast<size_t>((taps + 1) * channels) * sizeof(S));  // the weights tap by tap, the bias
  if (scratch_only_asked()) return;
  S* weights = reinterpret_cast<S*>(scratch.data());
  S* biases = weights + taps * channels;
  for (int64_t t = 0; t < taps; t++) {
    const T* tap = w.as<const T>() + t / kernel[2] / kernel[1] * w.strides[2] +
                   t / kernel[2] % kernel[1] * w.strides[3] + t % kernel[2] * w.strides[4];
    for (int64_t c = 0; c < channels; c++) weights[t * channels + c] = convert<S>(tap[c * w.strides[0]]);
  }
  for (int64_t c = 0; c < channels; c++)
    biases[c] = bias.data ? convert<S>(bias.as<const T>()[c * bias.strides[0]]) : S(0);
  const int64_t rows = out.shape[0] * out.shape[2] * out.shape[3], work = out.shape[4] * channels * taps;
  parallel_for(rows, kDepthwiseGrain / (work + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      int64_t pixel[3];
      const int64_t n = row_at(out, i, pixel);
      const T* from = sample_of<const T>(in, n);
      T* to = sample_of<T>(out, n) + pixel[0] * out.strides[2] + pixel[1] * out.strides[3];
      for (pixel[2] = 0; pixel[2] < out.shape[4]; pixel[2]++, to += out.strides[4])
        for (int64_t c = 0; c < channels; c += kDepthwiseChannels) {
          const int64_t m = smaller(kDepthwiseChannels, channels - c);
          S sums[kDepthwiseChannels];
          for (int64_t k = 0; k < m; k++) sums[k] = biases[c + k];
          for_taps(in, kernel, source, pixel, [&](int64_t tap, int64_t at) {
            const T* x = from + at + c;
            const S* weight = weights + tap * channels + c;
            for (int64_t k = 0; k < m; k++) sums[k] += convert<S>(x[k]) * weight[k];
          });
          for (int64_t k = 0; k < m; k++) to[c + k] = convert<T>(sums[k]);
        }
    }
  });
}

// gw, from sums of rows that are added up in parts; their number depends on the sizes alone.
template <class T>
void sum_depthwise_weights(const StridedView& gw, const StridedView& gy, const StridedView& x, const ConvGeometry& g) {
  using S = typename SumOf<T>::type;
  const int64_t channels = gy.shape[1], *kernel = gw.shape + 2, taps = kernel[0] * kernel[1] * kernel[2];
  const int64_t rows = gy.shape[0] * gy.shape[2] * gy.shape[3], blocks = ceil_div(channels, kDepthwiseChannels);
  const int64_t parts = smaller(rows, 16), jobs = parts * blocks, all = taps * channels;
  const int64_t workers = smaller(num_threads(), jobs), row_elements = taps * kDepthwiseChannels;
  const size_t total_bytes = static_cast<size_t>(parts * all) * sizeof(double);
  Scratch scratch(total_bytes + static_cast<size_t>(workers * row_elements) * sizeof(S));
  if (scratch_only_asked()) return;
  double* totals = reinterpret_cast<double*>(scratch.data());
  S* row_sums = reinterpret_cast<S*>(scratch.data() + total_bytes);
  const ReadsInput source{g, x.shape + 2};
  parallel_for(workers, 1, [&](int64_t first, int64_t last) {
    S* sums = row_sums + first * row_elements;
    for (int64_t job = jobs * first / workers; job < jobs * last / workers; job++) {
      const int64_t part = job / blocks, c = job % blocks * kDepthwiseChannels;
      const int64_t m = smaller(kDepthwiseChannels, channels - c);
      double* total = totals + part * all + c;
      for (int64_t t = 0; t < taps; t++)
        for (int64_t k = 0; k < m; k++) total[t * channels + k] = 0;
      for (int64_t i = rows * part / parts; i < rows * (part + 1) / parts; i++) {
        int64_t pixel[3];
        const int64_t n = row_at(gy, i, pixel);
        const T* grad = sample_of<const T>(gy, n) + pixel[0] * gy.strides[2] + pixel[1] * gy.strides[3] + c;
        for (int64_t k = 0; k < row_elements; k++) sums[k] = S(0);
        for (pixel[2] = 0; pixel[2] < gy.shape[4]; pixel[2]++, grad += gy.strides[4])
          for_taps(x, kernel, source, pixel, [&](int64_t tap, int64_t at) {
            const T* value = sample_of<const T>(x, n) + at + c;
            S* sum = sums + tap * kDepthwiseChannels;
            for (int64_t k = 0; k < m; k++) sum[k] += convert<S>(grad[k]) * convert<S>(value[k]);
          });
        for (int64_t t = 0; t < taps; t++)
          for (int64_t k = 0; k < m; k++)
            total[t * channels + k] += static_cast<double>(sums[t * kDepthwiseChannels + k]);
      }
    }
  });
  for (int64_t c = 0; c < channels; c++)
    for (int64_t t = 0; t < taps; t++) {
      double total = 0;
      for (int64_t part = 0; part < parts; part++) total += totals[part * all + t * channels + c];
      gw.as<T>()[c * gw.strides[0] + t / kernel[2] / kernel[1] * gw.strides[2] +
                 t / kernel[2] % kernel[1] * gw.strides[3] + t % kernel[2] * gw.strides[4]] =
          convert<T>(static_cast<S>(total));
    }
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

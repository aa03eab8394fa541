// Sampling at the places of a grid. Where the taps of a sample lie is found once for all channels, for a few samples at
// a time. Gradients of inputs are added channel by channel in the order of the samples, so that no threads race.
#include "kernels/grid_sampling.h"

#include "device/cpu/threads.h"
#include "kernels/cpu/vector.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kSampleGrain = 8192;
constexpr int64_t kSamples = 32;  // at a time
constexpr int kMostTaps = 16;
constexpr int64_t kChannelsAtOnce = 8;  // of a gradient, for which the taps are found anew

// Images as (image, channel, place).
struct GridImages {
  int64_t images, channels, places = 1, image, channel = 1, place = 1;
  explicit GridImages(const StridedView& v) : images(v.shape[0]), channels(v.shape[1]) {
    for (int d = 2; d < v.ndim; d++) places *= v.shape[d];
    image = channels * places;
    (v.is_contiguous() ? channel : place) = v.is_contiguous() ? places : channels;
  }
};

template <class C>
struct Samples {
  const GridRule rule;
  int dims;
  int64_t size[3], taps = 1;
  int64_t at[kMostTaps][kSamples];  // places of the input; -1: outside
  C weight[kMostTaps][kSamples];
  C slope[3][kMostTaps][kSamples];  // by the coordinates of the grid

  Samples(const GridRule& r, const StridedView& in) : rule(r), dims(in.ndim - 2) {
    for (int d = 0; d < dims; d++) size[d] = in.shape[d + 2], taps *= rule.taps();
  }
  // grid: coordinates of n samples, the last dimension's first.
  template <bool slopes>
  void find(const C* grid, int64_t n) {
    for (int64_t p = 0; p < n; p++) {
      AxisSample<C> axis[3];
      for (int d = 0; d < dims; d++) scalar::sample_axis(rule, grid[p * dims + dims - 1 - d], size[d], axis[d]);
      for (int64_t t = 0; t < taps; t++) combine<slopes>(axis, t, p);
    }
  }

 private:
  template <bool slopes>
  WEFT_INLINE void combine(const AxisSample<C>* axis, int64_t t, int64_t p) {
    int64_t place = 0, rest = t;
    int tap[3];
    for (int d = dims - 1; d >= 0; d--) tap[d] = static_cast<int>(rest % rule.taps()), rest /= rule.taps();
    bool inside = true;
    C product = 1;
    for (int d = 0; d < dims; d++) {
      inside = inside && axis[d].place[tap[d]] >= 0;
      place = place * size[d] + axis[d].place[tap[d]];
      product *= axis[d].weight[tap[d]];
    }
    at[t][p] = inside ? place : -1;
    weight[t][p] = product;
    if constexpr (slopes) {
      for (int d = 0; d < dims; d++) {
        C s = axis[d].slope[tap[d]];
        for (int e = 0; e < dims; e++)
          if (e != d) s *= axis[e].weight[tap[e]];
        slope[d][t][p] = s;
      }
    }
  }
};

// Calls f(image, first sample, number of samples) on threads.
template <class F>
void for_samples(const GridImages& out, int64_t work, const F& f) {
  const int64_t blocks = ceil_div(out.places, kSamples);
  parallel_for(out.images * blocks, kSampleGrain / (kSamples * work) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; b++) {
      const int64_t first = b % blocks * kSamples;
      f(b / blocks, first, smaller(kSamples, out.places - first));
    }
  });
}

template <class C>
void sample_as(const StridedView& out, const StridedView& in, const StridedView& grid, const GridRule& rule) {
  const GridImages to(out), from(in);
  for_samples(to, from.channels + 8, [&](int64_t image, int64_t first, int64_t n) {
    Samples<C> s(rule, in);
    s.template find<false>(grid.as<C>() + (image * to.places + first) * s.dims, n);
    const C* x = in.as<C>() + image * from.image;
    C* y = out.as<C>() + image * to.image + first * to.place;
    if (from.channel == 1 && to.channel == 1) {
      for (int64_t p = 0; p < n; p++) {
        C* row = y + p * to.place;
        for (int64_t c = 0; c < from.channels; c++) row[c] = 0;
        for (int64_t t = 0; t < s.taps; t++) {
          if (s.at[t][p] < 0) continue;
          const C* pixel = x + s.at[t][p] * from.place;
          const C w = s.weight[t][p];
          for (int64_t c = 0; c < from.channels; c++) row[c] += w * pixel[c];
        }
      }
      return;
    }
    for (int64_t c = 0; c < from.channels; c++) {
      for (int64_t p = 0; p < n; p++) {
        C sum = 0;
        for (int64_t t = 0; t < s.taps; t++)
          if (s.at[t][p] >= 0) sum += s.weight[t][p] * x[c * from.channel + s.at[t][p] * from.place];
        y[c * to.channel + p * to.place] = sum;
      }
    }
  });
}

void grid_sample_cpu(StridedView out, StridedView in, StridedView grid, GridRule rule) {
  if (out.numel() == 0) return;
  in.dtype == DType::Float64 ? sample_as<double>(out, in, grid, rule) : sample_as<float>(out, in, grid, rule);
}
WEFT_CPU_KERNEL(grid_sample_kernel, grid_sample_cpu);

template <class C>
void input_gradient_as(const StridedView& out, const StridedView& grad, const StridedView& grid, const GridRule& rule) {
  const GridImages to(out), from(grad);
  // Channels of one image at a time
  const int64_t parts = ceil_div(to.channels, kChannelsAtOnce);
  parallel_for(to.images * parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; part++) {
      const int64_t image = part / parts, c0 = part % parts * kChannelsAtOnce;
      const int64_t c1 = smaller(c0 + kChannelsAtOnce, to.channels);
      C* dx = out.as<C>() + image * to.image;
      const C* g = grad.as<C>() + image * from.image;
      for (int64_t c = c0; c < c1; c++)
        for (int64_t i = 0; i < to.places; i++) dx[c * to.channel + i * to.place] = 0;
      Samples<C> s(rule, out);
      for (int64_t first = 0; first < from.places; first += kSamples) {
        const int64_t n = smaller(kSamples, from.places - first);
        s.template find<false>(grid.as<C>() + (image * from.places + first) * s.dims, n);
        for (int64_t c = c0; c < c1; c++)
          for (int64_t p = 0; p < n; p++) {
            const C each = g[c * from.channel + (first + p) * from.place];
            for (int64_t t = 0; t < s.taps; t++)
              if (s.at[t][p] >= 0) dx[c * to.channel + s.at[t][p] * to.place] += s.weight[t][p] * each;
          }
      }
    }
  });
}

void grid_sample_input_cpu(StridedView out, StridedView grad, StridedView grid, GridRule rule) {
  if (out.numel() == 0) return;
  out.dtype == DType::Float64 ? input_gradient_as<double>(out, grad, grid, rule)
                              : input_gradient_as<float>(out, grad, grid, rule);
}
WEFT_CPU_KERNEL(grid_sample_input_kernel, grid_sample_input_cpu);

template <class C>
void grid_gradient_as(const StridedView& out, const StridedView& grad, const StridedView& in, const StridedView& grid,
                      const GridRule& rule) {
  const GridImages samples(grad), from(in);
  for_samples(samples, from.channels + 8, [&](int64_t image, int64_t first, int64_t n) {
    Samples<C> s(rule, in);
    const int64_t begin = (image * samples.places + first) * s.dims;
    s.template find<true>(grid.as<C>() + begin, n);
    const C* x = in.as<C>() + image * from.image;
    const C* g = grad.as<C>() + image * samples.image + first * samples.place;
    C* d_grid = out.as<C>() + begin;
    for (int64_t p = 0; p < n; p++) {
      C total[3] = {};
      for (int64_t t = 0; t < s.taps; t++) {
        if (s.at[t][p] < 0) continue;
        C dot = 0;  // what the tap's weight is worth
        for (int64_t c = 0; c < from.channels; c++)
          dot += g[c * samples.channel + p * samples.place] * x[c * from.channel + s.at[t][p] * from.place];
        for (int d = 0; d < s.dims; d++) total[d] += s.slope[d][t][p] * dot;
      }
      for (int d = 0; d < s.dims; d++) d_grid[p * s.dims + s.dims - 1 - d] = total[d];
    }
  });
}

void grid_sample_grid_cpu(StridedView out, StridedView grad, StridedView in, StridedView grid, GridRule rule) {
  if (out.numel() == 0) return;
  out.dtype == DType::Float64 ? grid_gradient_as<double>(out, grad, in, grid, rule)
                              : grid_gradient_as<float>(out, grad, in, grid, rule);
}
WEFT_CPU_KERNEL(grid_sample_grid_kernel, grid_sample_grid_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

// Sampling at the places of a grid, a thread for each element of the result. Gradients of inputs would be added by
// threads that race: there the op is a composite, whose sums have an order.
#include "kernels/grid_sampling.h"

#include "kernels/cuda/launch.h"

namespace weft::cuda {
namespace {

// Images as (image, channel, place).
struct Images {
  int dims;
  int64_t size[3] = {1, 1, 1}, channels, places = 1, image, channel = 1, place = 1;
  explicit Images(const StridedView& v) : dims(v.ndim - 2), channels(v.shape[1]) {
    for (int d = 0; d < dims; d++) places *= size[d] = v.shape[d + 2];
    image = channels * places;
    (v.is_contiguous() ? channel : place) = v.is_contiguous() ? places : channels;
  }
};

// All taps of one sample: calls f(the number of the tap along each axis).
template <class F>
__device__ __forceinline__ void for_each_tap(const GridRule& rule, const Images& s, const F& f) {
  int count = 1;
  for (int d = 0; d < s.dims; d++) count *= rule.taps();
  for (int t = 0; t < count; t++) {
    int tap[3] = {0, 0, 0};
    for (int d = s.dims - 1, rest = t; d >= 0; d--, rest /= rule.taps()) tap[d] = rest % rule.taps();
    f(tap);
  }
}

template <class C>
struct SampleAxes {
  AxisSample<C> axis[3];
  __device__ __forceinline__ SampleAxes(const GridRule& rule, const Images& s, const C* grid) {
    for (int d = 0; d < s.dims; d++) scalar::sample_axis(rule, grid[s.dims - 1 - d], s.size[d], axis[d]);
  }
  // -1: outside
  __device__ __forceinline__ int64_t place(const Images& s, const int* tap) const {
    int64_t at = 0;
    for (int d = 0; d < s.dims; d++) {
      if (axis[d].place[tap[d]] < 0) return -1;
      at = at * s.size[d] + axis[d].place[tap[d]];
    }
    return at;
  }
  // The product of the weights, with the slope of axis `sloped` in its place.
  __device__ __forceinline__ C weight(const Images& s, const int* tap, int sloped = -1) const {
    C product = 1;
    for (int d = 0; d < s.dims; d++) product *= d == sloped ? axis[d].slope[tap[d]] : axis[d].weight[tap[d]];
    return product;
  }
};

template <class C>
__global__ void samples(C* out, const C* in, const C* grid, int64_t n, Images to, Images from, GridRule rule) {
  for (int64_t at = first_item(); at < n; at += item_step()) {
    const int64_t image = at / to.image, rest = at % to.image;
    const int64_t c = rest / to.channel % to.channels, p = rest / to.place % to.places;
    const SampleAxes<C> axes(rule, from, grid + (image * to.places + p) * from.dims);
    const C* x = in + image * from.image + c * from.channel;
    C sum = 0;
    for_each_tap(rule, from, [&](const int* tap) {
      const int64_t place = axes.place(from, tap);
      if (place >= 0) sum += axes.weight(from, tap) * x[place * from.place];
    });
    out[at] = sum;
  }
}

template <class C>
void sample_as(const StridedView& out, const StridedView& in, const StridedView& grid, const GridRule& rule) {
  const int64_t n = out.numel();
  launch(&samples<C>, grid_for(n), out.as<C>(), in.as<C>(), grid.as<C>(), n, Images(out), Images(in), rule);
}

void grid_sample_cuda(StridedView out, StridedView in, StridedView grid, GridRule rule) {
  if (out.numel() == 0) return;
  (in.dtype == DType::Float64 ? &sample_as<double> : &sample_as<float>)(out, in, grid, rule);
}
WEFT_CUDA_KERNEL(grid_sample_kernel, grid_sample_cuda);

template <class C>
__global__ void grid_gradients(C* out, const C* grad, const C* in, const C* grid, int64_t n, Images samples,
                               Images from, GridRule rule) {
  for (int64_t at = first_item(); at < n; at += item_step()) {
    const int64_t image = at / samples.places, p = at % samples.places;
    const SampleAxes<C> axes(rule, from, grid + at * from.dims);
    const C* x = in + image * from.image;
    const C* g = grad + image * samples.image + p * samples.place;
    C total[3] = {0, 0, 0};
    for_each_tap(rule, from, [&](const int* tap) {
      const int64_t place = axes.place(from, tap);
      if (place < 0) return;
      C worth = 0;
      for (int64_t c = 0; c < from.channels; c++)
        worth += g[c * samples.channel] * x[c * from.channel + place * from.place];
      for (int d = 0; d < from.dims; d++) total[d] += axes.weight(from, tap, d) * worth;
    });
    for (int d = 0; d < from.dims; d++) out[at * from.dims + from.dims - 1 - d] = total[d];
  }
}

template <class C>
void grid_gradient_as(const StridedView& out, const StridedView& grad, const StridedView& in, const StridedView& grid,
                      const GridRule& rule) {
  const Images samples(grad);
  const int64_t n = grad.shape[0] * samples.places;
  launch(&grid_gradients<C>, grid_for(n), out.as<C>(), grad.as<C>(), in.as<C>(), grid.as<C>(), n, samples, Images(in),
         rule);
}

void grid_sample_grid_cuda(StridedView out, StridedView grad, StridedView in, StridedView grid, GridRule rule) {
  if (out.numel() == 0) return;
  (in.dtype == DType::Float64 ? &grid_gradient_as<double> : &grid_gradient_as<float>)(out, grad, in, grid, rule);
}
WEFT_CUDA_KERNEL(grid_sample_grid_kernel, grid_sample_grid_cuda);

}  // namespace
}  // namespace weft::cuda

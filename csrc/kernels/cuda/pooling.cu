// Pooling. Gradients are gathered: each input looks at the windows that hold it, in order, so nothing is added by
// threads that race.
#include "kernels/pooling.h"

#include "kernels/cuda/convert.h"

namespace weft::cuda {
namespace {

// Planes of inputs and outputs, one after the other; or, with `channels` > 1, images whose channels lie innermost.
struct Planes {
  PoolRule rows, columns;
  int64_t count = 1, channels = 1;
  Planes(const PoolWindows& w, std::initializer_list<StridedView> views) : rows(w.rows.rule), columns(w.columns.rule) {
    const StridedView& v = *views.begin();
    for (int d = 0; d < v.ndim - 2; d++) count *= v.shape[d];
    for (const StridedView& view : views)
      if (!view.is_contiguous()) channels = v.shape[1];
  }
  WEFT_INLINE int64_t inputs() const { return rows.inputs * columns.inputs; }
  WEFT_INLINE int64_t outputs() const { return rows.outputs * columns.outputs; }
};

// A place in a plane of `size` places: that of element `at` in memory. Neighbouring threads have neighbouring elements.
struct Place {
  int64_t image, channel, place;
  __device__ __forceinline__ Place(const Planes& s, int64_t at, int64_t size)
      : image(at / (size * s.channels)), channel(at % s.channels), place(at / s.channels % size) {}
  // Where place p of the same plane lies in another tensor, with planes of `size` places.
  __device__ __forceinline__ int64_t in(const Planes& s, int64_t size, int64_t p) const {
    return (image * size + p) * s.channels + channel;
  }
};

template <class C>
__global__ void max_windows(void* out, int64_t* indices, const void* in, DType dtype, Planes s) {
  for (int64_t at = first_item(); at < s.count * s.outputs(); at += item_step()) {
    const Place own(s, at, s.outputs());
    int64_t i = own.place / s.columns.outputs, j = own.place % s.columns.outputs;
    int64_t place = s.rows.start(i) * s.columns.inputs + s.columns.start(j);
    C top = load<C>(in, dtype, own.in(s, s.inputs(), place));
    for (int64_t r = s.rows.start(i); r < s.rows.end(i); r += s.rows.dilation) {
      for (int64_t c = s.columns.start(j); c < s.columns.end(j); c += s.columns.dilation) {
        C v = load<C>(in, dtype, own.in(s, s.inputs(), r * s.columns.inputs + c));
        if (!(v > top || v != v)) continue;
        top = v;
        place = r * s.columns.inputs + c;
      }
    }
    store(out, dtype, at, top);
    indices[at] = place;
  }
}

void max_pool_cuda(StridedView out, StridedView indices, StridedView in, PoolWindows w) {
  int64_t n = out.numel();
  if (n == 0) return;
  auto* kernel = in.dtype == DType::Float64   ? &max_windows<double>
                 : is_real_floating(in.dtype) ? &max_windows<float>
                 : in.dtype == DType::UInt64  ? &max_windows<uint64_t>
                                              : &max_windows<int64_t>;
  launch(kernel, grid_for(n), out.data, indices.as<int64_t>(), in.data, in.dtype, Planes(w, {in, out, indices}));
}
WEFT_CUDA_KERNEL(max_pool_kernel, max_pool_cuda);

template <class C>
__global__ void max_gradients(void* out, const void* grad, const int64_t* indices, DType dtype, Planes s) {
  for (int64_t at = first_item(); at < s.count * s.inputs(); at += item_step()) {
    const Place own(s, at, s.inputs());
    int64_t r = own.place / s.columns.inputs, c = own.place % s.columns.inputs;
    C sum = 0;
    for (int64_t i = s.rows.first_output(r); i <= s.rows.last_output(r); i++)
      for (int64_t j = s.columns.first_output(c); j <= s.columns.last_output(c); j++) {
        int64_t from = own.in(s, s.outputs(), i * s.columns.outputs + j);
        if (indices[from] == own.place) sum += load<C>(grad, dtype, from);
      }
    store(out, dtype, at, sum);
  }
}

void max_pool_backward_cuda(StridedView out, StridedView grad, StridedView indices, PoolWindows w) {
  int64_t n = out.numel();
  if (n == 0) return;
  auto* kernel = grad.dtype == DType::Float64 ? &max_gradients<double> : &max_gradients<float>;
  launch(kernel, grid_for(n), out.data, grad.data, indices.as<int64_t>(), grad.dtype, Planes(w, {out, grad, indices}));
}
WEFT_CUDA_KERNEL(max_pool_backward_kernel, max_pool_backward_cuda);

template <class C>
__global__ void mean_windows(void* out, const void* in, DType dtype, Planes s) {
  for (int64_t at = first_item(); at < s.count * s.outputs(); at += item_step()) {
    const Place own(s, at, s.outputs());
    int64_t i = own.place / s.columns.outputs, j = own.place % s.columns.outputs;
    C sum = 0;
    for (int64_t r = s.rows.start(i); r < s.rows.end(i); r++)
      for (int64_t c = s.columns.start(j); c < s.columns.end(j); c++)
        sum += load<C>(in, dtype, own.in(s, s.inputs(), r * s.columns.inputs + c));
    store(out, dtype, at, sum / static_cast<C>(s.rows.divisor_of(i) * s.columns.divisor_of(j)));
  }
}

void avg_pool_cuda(StridedView out, StridedView in, PoolWindows w) {
  int64_t n = out.numel();
  if (n == 0) return;
  auto* kernel = in.dtype == DType::Float64 ? &mean_windows<double> : &mean_windows<float>;
  launch(kernel, grid_for(n), out.data, in.data, in.dtype, Planes(w, {in, out}));
}
WEFT_CUDA_KERNEL(avg_pool_kernel, avg_pool_cuda);

template <class C>
__global__ void mean_gradients(void* out, const void* grad, DType dtype, Planes s) {
  for (int64_t at = first_item(); at < s.count * s.inputs(); at += item_step()) {
    const Place own(s, at, s.inputs());
    int64_t r = own.place / s.columns.inputs, c = own.place % s.columns.inputs;
    C sum = 0;
    for (int64_t i = s.rows.first_output(r); i <= s.rows.last_output(r); i++)
      for (int64_t j = s.columns.first_output(c); j <= s.columns.last_output(c); j++) {
        C g = load<C>(grad, dtype, own.in(s, s.outputs(), i * s.columns.outputs + j));
        sum += g / static_cast<C>(s.rows.divisor_of(i) * s.columns.divisor_of(j));
      }
    store(out, dtype, at, sum);
  }
}

void avg_pool_backward_cuda(StridedView out, StridedView grad, PoolWindows w) {
  int64_t n = out.numel();
  if (n == 0) return;
  auto* kernel = grad.dtype == DType::Float64 ? &mean_gradients<double> : &mean_gradients<float>;
  launch(kernel, grid_for(n), out.data, grad.data, grad.dtype, Planes(w, {out, grad}));
}
WEFT_CUDA_KERNEL(avg_pool_backward_kernel, avg_pool_backward_cuda);

}  // namespace
}  // namespace weft::cuda

// Pooling. Gradients are gathered: each input looks at the windows that hold it, in order, so nothing is added by
// threads that race.
#include "kernels/pooling.h"

#include "kernels/cuda/convert.h"

namespace weft::cuda {
namespace {

// Planes or volumes of inputs and outputs, one after the other; or, with `channels` > 1, images whose channels lie
// innermost.
struct Planes {
  PoolRule depth, rows, columns;
  int64_t count = 1, channels = 1;
  Planes(const PoolWindows& w, std::initializer_list<StridedView> views)
      : depth(w.depth.rule), rows(w.rows.rule), columns(w.columns.rule) {
    const StridedView& v = *views.begin();
    for (int d = 0; d < v.ndim - w.dims; d++) count *= v.shape[d];
    for (const StridedView& view : views)
      if (!view.is_contiguous()) channels = v.shape[1];
  }
  WEFT_INLINE int64_t inputs() const { return depth.inputs * rows.inputs * columns.inputs; }
  WEFT_INLINE int64_t outputs() const { return depth.outputs * rows.outputs * columns.outputs; }
  WEFT_INLINE int64_t input(int64_t d, int64_t r, int64_t c) const {
    return (d * rows.inputs + r) * columns.inputs + c;
  }
  WEFT_INLINE int64_t output(int64_t h, int64_t i, int64_t j) const {
    return (h * rows.outputs + i) * columns.outputs + j;
  }
};

// Place p of a volume along its axes.
struct Coordinates {
  int64_t depth, row, column;
  __device__ __forceinline__ Coordinates(int64_t p, int64_t rows, int64_t columns)
      : depth(p / columns / rows), row(p / columns % rows), column(p % columns) {}
};

// Calls f(place) for the places of window `at`.
template <class F>
__device__ __forceinline__ void for_window(const Planes& s, const Coordinates& at, const F& f) {
  for (int64_t d = s.depth.start(at.depth); d < s.depth.end(at.depth); d += s.depth.dilation)
    for (int64_t r = s.rows.start(at.row); r < s.rows.end(at.row); r += s.rows.dilation)
      for (int64_t c = s.columns.start(at.column); c < s.columns.end(at.column); c += s.columns.dilation)
        f(s.input(d, r, c));
}

// Calls f(h, i, j) for the windows that may hold the place `at`, in order.
template <class F>
__device__ __forceinline__ void for_windows_of(const Planes& s, const Coordinates& at, const F& f) {
  for (int64_t h = s.depth.first_output(at.depth); h <= s.depth.last_output(at.depth); h++)
    for (int64_t i = s.rows.first_output(at.row); i <= s.rows.last_output(at.row); i++)
      for (int64_t j = s.columns.first_output(at.column); j <= s.columns.last_output(at.column); j++) f(h, i, j);
}

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
    const Coordinates window(own.place, s.rows.outputs, s.columns.outputs);
    int64_t place = s.input(s.depth.start(window.depth), s.rows.start(window.row), s.columns.start(window.column));
    C top = load<C>(in, dtype, own.in(s, s.inputs(), place));
    for_window(s, window, [&](int64_t p) {
      const C v = load<C>(in, dtype, own.in(s, s.inputs(), p));
      if (!(v > top || v != v)) return;
      top = v;
      place = p;
    });
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
__global__ void max_of_own_windows(void* out, int64_t* indices, const void* in, const int64_t* starts, DType dtype,
                                   Planes s) {
  for (int64_t at = first_item(); at < s.count * s.outputs(); at += item_step()) {
    const int64_t plane = at / s.outputs();
    const Coordinates window(at % s.outputs(), s.rows.outputs, s.columns.outputs);
    const int64_t* own = starts + plane * (s.depth.outputs + s.rows.outputs + s.columns.outputs);
    const int64_t slice = s.depth.inside(own[window.depth]);
    const int64_t row = s.rows.inside(own[s.depth.outputs + window.row]);
    const int64_t column = s.columns.inside(own[s.depth.outputs + s.rows.outputs + window.column]);
    int64_t place = s.input(slice, row, column);
    C top = load<C>(in, dtype, plane * s.inputs() + place);
    for (int64_t d = slice; d < slice + s.depth.kernel; d++)
      for (int64_t r = row; r < row + s.rows.kernel; r++)
        for (int64_t c = column; c < column + s.columns.kernel; c++) {
          const C v = load<C>(in, dtype, plane * s.inputs() + s.input(d, r, c));
          if (!(v > top || v != v)) continue;
          top = v;
          place = s.input(d, r, c);
        }
    store(out, dtype, at, top);
    indices[at] = place;
  }
}

void fractional_max_pool_cuda(StridedView out, StridedView indices, StridedView in, StridedView starts, PoolWindows w) {
  int64_t n = out.numel();
  if (n == 0) return;
  auto* kernel = in.dtype == DType::Float64 ? &max_of_own_windows<double> : &max_of_own_windows<float>;
  launch(kernel, grid_for(n), out.data, indices.as<int64_t>(), in.data, starts.as<int64_t>(), in.dtype,
         Planes(w, {in, out, indices}));
}
WEFT_CUDA_KERNEL(fractional_max_pool_kernel, fractional_max_pool_cuda);

template <class C>
__global__ void max_gradients(void* out, const void* grad, const int64_t* indices, DType dtype, Planes s) {
  for (int64_t at = first_item(); at < s.count * s.inputs(); at += item_step()) {
    const Place own(s, at, s.inputs());
    C sum = 0;
    for_windows_of(s, Coordinates(own.place, s.rows.inputs, s.columns.inputs), [&](int64_t h, int64_t i, int64_t j) {
      const int64_t from = own.in(s, s.outputs(), s.output(h, i, j));
      if (indices[from] == own.place) sum += load<C>(grad, dtype, from);
    });
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
__device__ __forceinline__ C divisor(const Planes& s, int64_t h, int64_t i, int64_t j) {
  return static_cast<C>(s.depth.divisor_of(h) * s.rows.divisor_of(i) * s.columns.divisor_of(j));
}

template <class C>
__global__ void mean_windows(void* out, const void* in, DType dtype, Planes s) {
  for (int64_t at = first_item(); at < s.count * s.outputs(); at += item_step()) {
    const Place own(s, at, s.outputs());
    const Coordinates window(own.place, s.rows.outputs, s.columns.outputs);
    C sum = 0;
    for_window(s, window, [&](int64_t p) { sum += load<C>(in, dtype, own.in(s, s.inputs(), p)); });
    store(out, dtype, at, sum / divisor<C>(s, window.depth, window.row, window.column));
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
    C sum = 0;
    for_windows_of(s, Coordinates(own.place, s.rows.inputs, s.columns.inputs), [&](int64_t h, int64_t i, int64_t j) {
      const C g = load<C>(grad, dtype, own.in(s, s.outputs(), s.output(h, i, j)));
      sum += g / divisor<C>(s, h, i, j);
    });
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

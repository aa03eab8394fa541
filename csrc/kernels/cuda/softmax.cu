// Softmax along one dimension of contiguous tensors. Rows that fit shared memory are read once; a warp or a block works
// on a row. Along other dimensions a thread has a column.
#include "kernels/softmax.h"

#include "kernels/cuda/rows.h"

namespace weft::cuda {
namespace {

template <class C>
struct LargestOf {
  static WEFT_INLINE C none() { return -static_cast<C>(__builtin_inff()); }
  static WEFT_INLINE C join(C a, C b) { return b > a ? b : a; }
};

template <class C>
__global__ void softmax_rows(bool log, RowCache<C> cache, void* out, const void* in, DType dtype, int64_t rows) {
  RowGroup group(cache);
  for (int64_t row = group.first_row(); row < rows; row += group.row_step()) {
    RowReader<C> x(cache, group, in, dtype, row, 0);
    C top = LargestOf<C>::none(), sum = 0;
    x.each([&](int64_t, C v) { top = v > top ? v : top; });
    top = group.template join<LargestOf<C>>(top);
    x.each([&](int64_t, C v) { sum += scalar::exp(v - top); });
    sum = group.template join<SumOf<C>>(sum);
    C scale = C(1) / sum, shift = scalar::log(sum);
    x.map(out, dtype, [&](int64_t, C v) { return log ? v - top - shift : scalar::exp(v - top) * scale; });
  }
}

template <class C>
__global__ void softmax_columns(bool log, void* out, const void* in, DType dtype, int64_t outer, int64_t n,
                                int64_t inner) {
  for (int64_t i = first_item(); i < outer * inner; i += item_step()) {
    int64_t at = i / inner * n * inner + i % inner;
    C top = LargestOf<C>::none(), sum = 0;
    for (int64_t j = 0; j < n; j++) top = LargestOf<C>::join(top, load<C>(in, dtype, at + j * inner));
    for (int64_t j = 0; j < n; j++) sum += scalar::exp(load<C>(in, dtype, at + j * inner) - top);
    C scale = C(1) / sum, shift = scalar::log(sum);
    for (int64_t j = 0; j < n; j++) {
      C v = load<C>(in, dtype, at + j * inner) - top;
      store(out, dtype, at + j * inner, log ? v - shift : scalar::exp(v) * scale);
    }
  }
}

template <class C>
void softmax_as(bool log, const StridedView& out, const StridedView& in, const SoftmaxExtents& e) {
  if (e.inner > 1)
    return launch(softmax_columns<C>, grid_for(e.outer * e.inner, 128), log, out.data, in.data, in.dtype, e.outer, e.n,
                  e.inner);
  RowCache<C> cache(e.n, 1, e.outer, {{in.data, in.dtype}, {out.data, out.dtype}});
  launch(softmax_rows<C>, cache.grid, log, cache, out.data, in.data, in.dtype, e.outer);
}

void softmax_cuda(bool log, StridedView out, StridedView in, int dim) {
  if (out.numel() == 0) return;
  SoftmaxExtents e(in, dim);
  in.dtype == DType::Float64 ? softmax_as<double>(log, out, in, e) : softmax_as<float>(log, out, in, e);
}
WEFT_CUDA_KERNEL(softmax_kernel, softmax_cuda);

template <class C>
__global__ void backward_rows(bool log, RowCache<C> cache, void* out, const void* grad, const void* y_data, DType dtype,
                              int64_t rows) {
  RowGroup group(cache);
  for (int64_t row = group.first_row(); row < rows; row += group.row_step()) {
    RowReader<C> g(cache, group, grad, dtype, row, 0), y(cache, group, y_data, dtype, row, 1);
    C sum = 0;
    g.each_with(y, [&](int64_t, C a, C b) { sum += log ? a : a * b; });
    sum = group.template join<SumOf<C>>(sum);
    g.map_with(y, out, dtype, [&](int64_t, C a, C b) { return softmax_gradient(log, a, b, sum); });
  }
}

template <class C>
__global__ void backward_columns(bool log, void* out, const void* grad, const void* y_data, DType dtype, int64_t outer,
                                 int64_t n, int64_t inner) {
  for (int64_t i = first_item(); i < outer * inner; i += item_step()) {
    int64_t at = i / inner * n * inner + i % inner;
    C sum = 0;
    for (int64_t j = 0; j < n; j++) {
      C g = load<C>(grad, dtype, at + j * inner);
      sum += log ? g : g * load<C>(y_data, dtype, at + j * inner);
    }
    for (int64_t j = 0; j < n; j++) {
      int64_t k = at + j * inner;
      store(out, dtype, k, softmax_gradient(log, load<C>(grad, dtype, k), load<C>(y_data, dtype, k), sum));
    }
  }
}

template <class C>
void backward_as(bool log, const StridedView& out, const StridedView& grad, const StridedView& y,
                 const SoftmaxExtents& e) {
  if (e.inner > 1)
    return launch(backward_columns<C>, grid_for(e.outer * e.inner, 128), log, out.data, grad.data, y.data, y.dtype,
                  e.outer, e.n, e.inner);
  RowCache<C> cache(e.n, 2, e.outer, {{grad.data, y.dtype}, {y.data, y.dtype}, {out.data, y.dtype}});
  launch(backward_rows<C>, cache.grid, log, cache, out.data, grad.data, y.data, y.dtype, e.outer);
}

void softmax_backward_cuda(bool log, StridedView out, StridedView grad, StridedView y, int dim) {
  if (out.numel() == 0) return;
  SoftmaxExtents e(y, dim);
  y.dtype == DType::Float64 ? backward_as<double>(log, out, grad, y, e) : backward_as<float>(log, out, grad, y, e);
}
WEFT_CUDA_KERNEL(softmax_backward_kernel, softmax_backward_cuda);

}  // namespace
}  // namespace weft::cuda

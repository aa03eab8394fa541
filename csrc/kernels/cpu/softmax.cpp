// Softmax along one dimension of contiguous tensors. Rows (the dimension is the last one) are computed one by one; else
// up to kColumns neighbouring columns at once. Half types are converted piece by piece, and exp is computed twice.
#include "kernels/softmax.h"

#include "kernels/cpu/elementwise_loop.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kSoftmaxGrain = 8192;
constexpr int64_t kColumns = 512;

template <class C>
WEFT_INLINE C largest_of(const C* x, int64_t n, C top) {
#pragma omp simd reduction(max : top)
  for (int64_t i = 0; i < n; i++) top = x[i] > top ? x[i] : top;
  return top;
}

template <class C>
WEFT_INLINE C sum_of_exp(const C* x, int64_t n, C top) {
  C sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; i++) sum += scalar::exp(x[i] - top);
  return sum;
}

// Row of n elements of type C.
template <class C>
void softmax_row(bool log, C* y, const C* x, int64_t n) {
  C top = largest_of(x, n, x[0]);
  if (log) {
    C shift = scalar::log(sum_of_exp(x, n, top));
    for (int64_t i = 0; i < n; i++) y[i] = x[i] - top - shift;
    return;
  }
  C sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; i++) {
    C e = scalar::exp(x[i] - top);
    y[i] = e;
    sum += e;
  }
  C scale = C(1) / sum;
  for (int64_t i = 0; i < n; i++) y[i] *= scale;
}

// The same for elements that are converted to C in pieces.
template <class C>
void softmax_row_in_pieces(bool log, const StridedView& out, const StridedView& in, int64_t at, int64_t n) {
  C piece[kRun];
  auto load = [&](int64_t i) {
    int64_t m = n - i < kRun ? n - i : kRun;
    load_run(piece, advance(in.data, at + i, in.dtype), in.dtype, 1, m);
    return m;
  };
  C top = -static_cast<C>(__builtin_inff()), sum = 0;
  for (int64_t i = 0; i < n; i += kRun) top = largest_of(piece, load(i), top);
  for (int64_t i = 0; i < n; i += kRun) {
    int64_t m = load(i);
    sum += sum_of_exp(piece, m, top);
  }
  C scale = C(1) / sum, shift = scalar::log(sum);
  for (int64_t i = 0; i < n; i += kRun) {
    int64_t m = load(i);
    for (int64_t k = 0; k < m; k++) piece[k] = log ? piece[k] - top - shift : scalar::exp(piece[k] - top) * scale;
    store_run(advance(out.data, at + i, out.dtype), out.dtype, 1, piece, m);
  }
}

// m neighbouring columns of n elements, `stride` apart. Elements of type C are read where they are.
template <class C>
WEFT_INLINE const C* segment(C* buffer, const StridedView& v, int64_t at, int64_t m) {
  if (v.dtype == dtype_of<C>) return v.as<C>() + at;
  load_run(buffer, advance(v.data, at, v.dtype), v.dtype, 1, m);
  return buffer;
}

template <class C>
void softmax_columns(bool log, const StridedView& out, const StridedView& in, int64_t at, int64_t n, int64_t stride,
                     int64_t m) {
  C top[kColumns], sum[kColumns], buffer[kColumns], y[kColumns];
  for (int64_t j = 0; j < n; j++) {
    const C* x = segment(buffer, in, at + j * stride, m);
    for (int64_t k = 0; k < m; k++) top[k] = j == 0 || x[k] > top[k] ? x[k] : top[k];
  }
  for (int64_t k = 0; k < m; k++) sum[k] = 0;
  for (int64_t j = 0; j < n; j++) {
    const C* x = segment(buffer, in, at + j * stride, m);
    for (int64_t k = 0; k < m; k++) sum[k] += scalar::exp(x[k] - top[k]);
  }
  for (int64_t k = 0; k < m; k++) sum[k] = log ? scalar::log(sum[k]) : C(1) / sum[k];
  for (int64_t j = 0; j < n; j++) {
    const C* x = segment(buffer, in, at + j * stride, m);
    for (int64_t k = 0; k < m; k++) y[k] = log ? x[k] - top[k] - sum[k] : scalar::exp(x[k] - top[k]) * sum[k];
    store_run(advance(out.data, at + j * stride, out.dtype), out.dtype, 1, y, m);
  }
}

// Calls f(first element, columns) for groups of neighbouring columns.
template <class F>
void for_columns(const SoftmaxExtents& e, const F& f) {
  int64_t groups = (e.inner + kColumns - 1) / kColumns;
  parallel_for(e.outer * groups, kSoftmaxGrain / (e.n * kColumns) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      int64_t k = i % groups * kColumns;
      f(i / groups * e.n * e.inner + k, e.inner - k < kColumns ? e.inner - k : kColumns);
    }
  });
}

template <class C>
void softmax_as(bool log, const StridedView& out, const StridedView& in, const SoftmaxExtents& e) {
  if (e.inner > 1)
    return for_columns(e, [&](int64_t at, int64_t m) { softmax_columns<C>(log, out, in, at, e.n, e.inner, m); });
  parallel_for(e.outer, kSoftmaxGrain / e.n + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      if (in.dtype == dtype_of<C>)
        softmax_row(log, out.as<C>() + i * e.n, in.as<C>() + i * e.n, e.n);
      else
        softmax_row_in_pieces<C>(log, out, in, i * e.n, e.n);
    }
  });
}

void softmax_cpu(bool log, StridedView out, StridedView in, int dim) {
  if (out.numel() == 0) return;
  SoftmaxExtents e(in, dim);
  in.dtype == DType::Float64 ? softmax_as<double>(log, out, in, e) : softmax_as<float>(log, out, in, e);
}
WEFT_CPU_KERNEL(softmax_kernel, softmax_cpu);

template <class C>
void backward_row(bool log, const StridedView& out, const StridedView& grad, const StridedView& y_view, int64_t at,
                  int64_t n) {
  C g_buffer[kRun], y_buffer[kRun], result[kRun];
  C sum = 0;
  for (int64_t i = 0; i < n; i += kRun) {
    int64_t m = n - i < kRun ? n - i : kRun;
    const C *g = segment(g_buffer, grad, at + i, m), *y = segment(y_buffer, y_view, at + i, m);
    if (log) {
#pragma omp simd reduction(+ : sum)
      for (int64_t k = 0; k < m; k++) sum += g[k];
    } else {
#pragma omp simd reduction(+ : sum)
      for (int64_t k = 0; k < m; k++) sum += g[k] * y[k];
    }
  }
  for (int64_t i = 0; i < n; i += kRun) {
    int64_t m = n - i < kRun ? n - i : kRun;
    const C *g = segment(g_buffer, grad, at + i, m), *y = segment(y_buffer, y_view, at + i, m);
    C* to = out.dtype == dtype_of<C> ? out.as<C>() + at + i : result;
    for (int64_t k = 0; k < m; k++) to[k] = softmax_gradient(log, g[k], y[k], sum);
    if (to == result) store_run(advance(out.data, at + i, out.dtype), out.dtype, 1, result, m);
  }
}

template <class C>
void backward_columns(bool log, const StridedView& out, const StridedView& grad, const StridedView& y_view, int64_t at,
                      int64_t n, int64_t stride, int64_t m) {
  C sum[kColumns], g_buffer[kColumns], y_buffer[kColumns], result[kColumns];
  for (int64_t k = 0; k < m; k++) sum[k] = 0;
  for (int64_t j = 0; j < n; j++) {
    const C *g = segment(g_buffer, grad, at + j * stride, m), *y = segment(y_buffer, y_view, at + j * stride, m);
    for (int64_t k = 0; k < m; k++) sum[k] += log ? g[k] : g[k] * y[k];
  }
  for (int64_t j = 0; j < n; j++) {
    const C *g = segment(g_buffer, grad, at + j * stride, m), *y = segment(y_buffer, y_view, at + j * stride, m);
    for (int64_t k = 0; k < m; k++) result[k] = softmax_gradient(log, g[k], y[k], sum[k]);
    store_run(advance(out.data, at + j * stride, out.dtype), out.dtype, 1, result, m);
  }
}

template <class C>
void backward_as(bool log, const StridedView& out, const StridedView& grad, const StridedView& y,
                 const SoftmaxExtents& e) {
  if (e.inner > 1)
    return for_columns(e, [&](int64_t at, int64_t m) { backward_columns<C>(log, out, grad, y, at, e.n, e.inner, m); });
  parallel_for(e.outer, kSoftmaxGrain / e.n + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) backward_row<C>(log, out, grad, y, i * e.n, e.n);
  });
}

void softmax_backward_cpu(bool log, StridedView out, StridedView grad, StridedView y, int dim) {
  if (out.numel() == 0) return;
  SoftmaxExtents e(y, dim);
  y.dtype == DType::Float64 ? backward_as<double>(log, out, grad, y, e) : backward_as<float>(log, out, grad, y, e);
}
WEFT_CPU_KERNEL(softmax_backward_kernel, softmax_backward_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

// What the kernels of batch, layer and group norm share: runs of elements as numbers of the type computed in, and sums
// over them in an order that depends on sizes alone.
#pragma once

#include "kernels/cpu/elementwise_loop.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kNormGrain = 16384;

// m elements from number `at` on; read where they are if they have type C.
template <class C>
WEFT_INLINE const C* run_of(C* buffer, const StridedView& v, int64_t at, int64_t m) {
  if (v.dtype == dtype_of<C>) return v.as<C>() + at;
  load_run(buffer, advance(v.data, at, v.dtype), v.dtype, 1, m);
  return buffer;
}

// Where m results are written: in place, or in a buffer that `store_result` converts.
template <class C>
WEFT_INLINE C* result_run(C* buffer, const StridedView& v, int64_t at) {
  return v.dtype == dtype_of<C> ? v.as<C>() + at : buffer;
}
template <class C>
WEFT_INLINE void store_result(const C* buffer, const StridedView& v, int64_t at, int64_t m) {
  if (v.dtype != dtype_of<C>) store_run(advance(v.data, at, v.dtype), v.dtype, 1, buffer, m);
}

template <class C>
WEFT_INLINE C number_at(const StridedView& v, int64_t i, C otherwise) {
  if (!v.data) return otherwise;
  C x;
  load_run(&x, advance(v.data, i, v.dtype), v.dtype, 1, 1);
  return x;
}
template <class C>
WEFT_INLINE void set_number(const StridedView& v, int64_t i, double value) {
  C x = static_cast<C>(value);
  if (v.data) store_run(advance(v.data, i, v.dtype), v.dtype, 1, &x, 1);
}

template <class C>
WEFT_INLINE double run_sum(const C* x, int64_t m) {
  C sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < m; i++) sum += x[i];
  return static_cast<double>(sum);
}
template <class C>
WEFT_INLINE double run_square_sum(const C* x, int64_t m, C mean) {
  C sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < m; i++) sum += (x[i] - mean) * (x[i] - mean);
  return static_cast<double>(sum);
}
// sum(g (x - mean))
template <class C>
WEFT_INLINE double run_product_sum(const C* g, const C* x, int64_t m, C mean) {
  C sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < m; i++) sum += g[i] * (x[i] - mean);
  return static_cast<double>(sum);
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

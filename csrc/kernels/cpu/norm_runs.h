// What the kernels of batch, layer and group norm share: runs of elements as numbers of the type computed in, and sums
// over them in an order that depends on sizes alone.
#pragma once

#include "kernels/cpu/elementwise_loop.h"
#include "kernels/cpu/vector.h"

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

// --- sums -----------------------------------------------------------------------------------------------------------
// Sum j of kLanes takes the numbers j, j + kLanes, ... of a run; then the second half of the sums is added to the first
// until one is left. This order can be kept for many runs side by side, too.

template <class V>
WEFT_INLINE void add_square(V& sum, V x, V mean) {
  const V away = x - mean;
  sum += away * away;
}
template <class V>
WEFT_INLINE void add_product(V& sum, V g, V x, V mean) {
  sum += g * (x - mean);
}

// add(sum, i): adds number i, or as many as `sum` holds from there on.
template <class C, class F>
WEFT_INLINE double run_sum_of(int64_t m, const F& add) {
  constexpr int64_t lanes = kLanes<C>;
  alignas(kVectorBytes) Vector<C> vector{};  // V of V& forgets that a Vector may lie anywhere
  int64_t i = 0;
  for (; i + lanes <= m; i += lanes) add(vector, i);
  if (i < m) {
    C sums[lanes];
    store(sums, vector);
    for (int64_t j = 0; i + j < m; j++) add(sums[j], i + j);
    vector = load(sums);
  }
#pragma GCC unroll 4
  for (int level = 1; level <= 4; level++) {
    const int half = lanes >> level;
    if (half == 0) break;
    typename VectorOf<C>::index other;
#pragma GCC unroll 16
    for (int j = 0; j < lanes; j++) other[j] = (j + half) % lanes;
    vector += __builtin_shuffle(vector, other);
  }
  return static_cast<double>(vector[0]);
}
template <class C>
WEFT_INLINE double run_sum(const C* x, int64_t m) {
  return run_sum_of<C>(m, [&]<class V>(V& sum, int64_t i) { sum += numbers_at<V>(x + i); });
}
template <class C>
WEFT_INLINE double run_square_sum(const C* x, int64_t m, C mean) {
  return run_sum_of<C>(m, [&]<class V>(V& sum, int64_t i) { add_square<V>(sum, numbers_at<V>(x + i), mean - V{}); });
}
// sum(g (x - mean))
template <class C>
WEFT_INLINE double run_product_sum(const C* g, const C* x, int64_t m, C mean) {
  return run_sum_of<C>(m, [&]<class V>(V& sum, int64_t i) {
    add_product<V>(sum, numbers_at<V>(g + i), numbers_at<V>(x + i), mean - V{});
  });
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

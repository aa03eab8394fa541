// Loads and stores of runs of elements with conversion between dtypes, for the loops of the CPU kernels.
#pragma once

#include <stdint.h>

#include "kernels/view.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// Conversion of one element as PyTorch does it: to bool is "is not zero", between integers wraps, from floating point
// to integers truncates.
template <class To, class From>
WEFT_INLINE To convert(From v) {
  if constexpr (__is_same(To, From))
    return v;
  else if constexpr (__is_same(From, Float16) || __is_same(From, BFloat16))
    return convert<To>(to_float(v));
  else if constexpr (__is_same(To, Float16))
    return to_float16(static_cast<float>(v));
  else if constexpr (__is_same(To, BFloat16))
    return to_bfloat16(static_cast<float>(v));
  else if constexpr (__is_same(To, bool))
    return v != static_cast<From>(0);
  else if constexpr ((__is_same(From, float) || __is_same(From, double)) && sizeof(To) < 4)
    // Out-of-range values wrap through int64 instead of being undefined.
    return static_cast<To>(static_cast<int64_t>(v));
  else
    return static_cast<To>(v);
}

template <class To, class From>
void convert_run(To* out, int64_t out_stride, const From* in, int64_t in_stride, int64_t n) {
  if (out_stride == 1 && in_stride == 1) {
    for (int64_t i = 0; i < n; i++) out[i] = convert<To>(in[i]);
  } else if (out_stride == 1 && in_stride == 0) {
    To v = convert<To>(in[0]);
    for (int64_t i = 0; i < n; i++) out[i] = v;
  } else {
    for (int64_t i = 0; i < n; i++) out[i * out_stride] = convert<To>(in[i * in_stride]);
  }
}

// n elements of dtype `from` at `in`, `stride` apart, into consecutive elements of type To.
template <class To>
void load_run(To* out, const void* in, DType from, int64_t stride, int64_t n) {
  visit_dtype(from, [&](auto tag) {
    using From = typename decltype(tag)::type;
    convert_run(out, 1, static_cast<const From*>(in), stride, n);
  });
}

template <class From>
void store_run(void* out, DType to, int64_t stride, const From* in, int64_t n) {
  visit_dtype(to, [&](auto tag) {
    using To = typename decltype(tag)::type;
    convert_run(static_cast<To*>(out), stride, in, 1, n);
  });
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

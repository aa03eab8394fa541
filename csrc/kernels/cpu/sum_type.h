// SumOf<T>: the type that products of T are summed in, and conversions to and from it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/half.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class T>
struct SumOf {
  using type = int32_t;
};
template <>
struct SumOf<float> {
  using type = float;
};
template <>
struct SumOf<double> {
  using type = double;
};
template <>
struct SumOf<int64_t> {
  using type = int64_t;
};
template <>
struct SumOf<Float16> {
  using type = float;
};
template <>
struct SumOf<BFloat16> {
  using type = float;
};

template <class To, class From>
WEFT_INLINE To convert(From x) {
  if constexpr (__is_same(From, To))
    return x;
  else if constexpr (__is_same(From, Float16) || __is_same(From, BFloat16))
    return to_float(x);
  else if constexpr (__is_same(To, Float16))
    return to_float16(x);
  else if constexpr (__is_same(To, BFloat16))
    return to_bfloat16(x);
  else
    return static_cast<To>(x);
}

WEFT_INLINE size_t round_up(size_t bytes) { return (bytes + 63) & ~static_cast<size_t>(63); }

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

// Conversions of single elements between dtypes, and the types that elements are computed in.
#pragma once

#include "core/dtype.h"

namespace weft::scalar {

// As PyTorch converts: to bool is "is not zero", between integers wraps, from floating point to integers truncates,
// from complex to real numbers drops the imaginary part.
template <class To, class From>
WEFT_INLINE To convert(From v) {
  if constexpr (__is_same(To, From))
    return v;
  else if constexpr (__is_same(From, BoolByte))
    return convert<To>(v.byte < 1 ? v.byte : static_cast<uint8_t>(1));  // a minimum is quicker than a comparison
  else if constexpr (__is_same(To, BoolByte))
    return convert<bool>(v);
  else if constexpr (is_complex_type<From> && is_complex_type<To>)
    return To{static_cast<typename To::Part>(v.real), static_cast<typename To::Part>(v.imag)};
  else if constexpr (is_complex_type<From> && __is_same(To, bool))
    return v.real != 0 || v.imag != 0;
  else if constexpr (is_complex_type<From>)
    return convert<To>(v.real);
  else if constexpr (is_complex_type<To>)
    return To{convert<typename To::Part>(v), 0};
  else if constexpr (__is_same(From, Float16) || __is_same(From, BFloat16) || __is_same(From, Float8E4M3) ||
                     __is_same(From, Float8E5M2))
    return convert<To>(to_float(v));
  else if constexpr (__is_same(To, Float16))
    return to_float16(static_cast<float>(v));
  else if constexpr (__is_same(To, BFloat16))
    return to_bfloat16(static_cast<float>(v));
  else if constexpr (__is_same(To, Float8E4M3))
    return to_float8_e4m3(static_cast<float>(v));
  else if constexpr (__is_same(To, Float8E5M2))
    return to_float8_e5m2(static_cast<float>(v));
  else if constexpr (__is_same(To, bool))
    return v != static_cast<From>(0);
  else if constexpr ((__is_same(From, float) || __is_same(From, double)) && (sizeof(To) < 4 || __is_same(To, uint32_t)))
    // Out-of-range values wrap through int64 instead of being undefined.
    return static_cast<To>(static_cast<int64_t>(v));
  else if constexpr ((__is_same(From, float) || __is_same(From, double)) && __is_same(To, uint64_t))
    return v >= static_cast<From>(0x1p63) ? static_cast<uint64_t>(v - static_cast<From>(0x1p63)) + (uint64_t{1} << 63)
                                          : static_cast<uint64_t>(static_cast<int64_t>(v));
  else
    return static_cast<To>(v);
}

// Wide<T>: float for the half types, T itself for the others.
template <class T>
struct WideOf {
  using type = T;
};
template <>
struct WideOf<Float16> {
  using type = float;
};
template <>
struct WideOf<BFloat16> {
  using type = float;
};
template <class T>
using Wide = typename WideOf<T>::type;

// Calls f(TypeTag<T>{}) with the C++ type of a floating dtype.
template <class F>
WEFT_INLINE void visit_floating(DType dtype, const F& f) {
  switch (dtype) {
    case DType::Float64:
      return f(TypeTag<double>{});
    case DType::Float16:
      return f(TypeTag<Float16>{});
    case DType::BFloat16:
      return f(TypeTag<BFloat16>{});
    default:
      return f(TypeTag<float>{});
  }
}

}  // namespace weft::scalar

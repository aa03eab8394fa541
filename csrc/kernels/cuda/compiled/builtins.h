// For NVRTC, which knows CUDA's functions but not gcc's names for them, by which kernels/scalar/ calls them.
#pragma once

#ifdef __CUDACC_RTC__

namespace weft {
template <class A, class B>
constexpr bool is_same_type = false;
template <class A>
constexpr bool is_same_type<A, A> = true;
}  // namespace weft
#define __is_same(A, B) (::weft::is_same_type<A, B>)

#define __builtin_ceil(x) ::ceil(x)
#define __builtin_ceilf(x) ::ceilf(x)
#define __builtin_copysign(x, s) ::copysign(x, s)
#define __builtin_erf(x) ::erf(x)
#define __builtin_erfc(x) ::erfc(x)
#define __builtin_exp(x) ::exp(x)
#define __builtin_exp2(x) ::exp2(x)
#define __builtin_exp2f(x) ::exp2f(x)
#define __builtin_expm1(x) ::expm1(x)
#define __builtin_expect(x, value) (x)
#define __builtin_fabs(x) ::fabs(x)
#define __builtin_floor(x) ::floor(x)
#define __builtin_floorf(x) ::floorf(x)
#define __builtin_fma(a, b, c) ::fma(a, b, c)
#define __builtin_fmaf(a, b, c) ::fmaf(a, b, c)
#define __builtin_inf() __builtin_bit_cast(double, 0x7ff0000000000000ull)
#define __builtin_inff() __builtin_bit_cast(float, 0x7f800000u)
#define __builtin_log(x) ::log(x)
#define __builtin_log10(x) ::log10(x)
#define __builtin_log10f(x) ::log10f(x)
#define __builtin_log1p(x) ::log1p(x)
#define __builtin_log2(x) ::log2(x)
#define __builtin_log2f(x) ::log2f(x)
#define __builtin_nan(text) __builtin_bit_cast(double, 0x7ff8000000000000ull)
#define __builtin_nanf(text) __builtin_bit_cast(float, 0x7fc00000u)
#define __builtin_rint(x) ::rint(x)
#define __builtin_rintf(x) ::rintf(x)
#define __builtin_signbit(x) (__double_as_longlong(x) < 0)
#define __builtin_sqrt(x) ::sqrt(x)
#define __builtin_sqrtf(x) ::sqrtf(x)
#define __builtin_tanh(x) ::tanh(x)
#define __builtin_trunc(x) ::trunc(x)
#define __builtin_truncf(x) ::truncf(x)
#define __builtin_unreachable() __assume(false)

// Those that kernels/scalar/math.h makes of their names.
#define __builtin_sin(x) ::sin(x)
#define __builtin_sinf(x) ::sinf(x)
#define __builtin_cos(x) ::cos(x)
#define __builtin_cosf(x) ::cosf(x)
#define __builtin_tan(x) ::tan(x)
#define __builtin_tanf(x) ::tanf(x)
#define __builtin_asin(x) ::asin(x)
#define __builtin_asinf(x) ::asinf(x)
#define __builtin_acos(x) ::acos(x)
#define __builtin_acosf(x) ::acosf(x)
#define __builtin_atan(x) ::atan(x)
#define __builtin_atanf(x) ::atanf(x)
#define __builtin_sinh(x) ::sinh(x)
#define __builtin_sinhf(x) ::sinhf(x)
#define __builtin_cosh(x) ::cosh(x)
#define __builtin_coshf(x) ::coshf(x)
#define __builtin_asinh(x) ::asinh(x)
#define __builtin_asinhf(x) ::asinhf(x)
#define __builtin_acosh(x) ::acosh(x)
#define __builtin_acoshf(x) ::acoshf(x)
#define __builtin_atanh(x) ::atanh(x)
#define __builtin_atanhf(x) ::atanhf(x)
#define __builtin_pow(x, y) ::pow(x, y)
#define __builtin_powf(x, y) ::powf(x, y)
#define __builtin_atan2(x, y) ::atan2(x, y)
#define __builtin_atan2f(x, y) ::atan2f(x, y)
#define __builtin_hypot(x, y) ::hypot(x, y)
#define __builtin_hypotf(x, y) ::hypotf(x, y)
#define __builtin_fmod(x, y) ::fmod(x, y)
#define __builtin_fmodf(x, y) ::fmodf(x, y)

#endif

// Elementary functions of one number, for the formulas in unary.h and binary.h. float versions are branch-free, so that
// loops over them are vectorised; double versions call the C library. Coefficients are minimax fits of the named
// function made for Weft; range reductions follow Cody and Waite, "Software Manual for the Elementary Functions"
// (1980).
#pragma once

#include <stdint.h>

#include "core/inline.h"

namespace weft::scalar {

// A constant in the type of a formula: lit<float>(0.5) is 0.5f. ops/tensor_math.h has the form over Tensor.
template <class T>
struct Literal {
  static WEFT_INLINE T of(double v) { return static_cast<T>(v); }
};
template <class T>
WEFT_INLINE auto lit(double v) {
  return Literal<T>::of(v);
}

constexpr double kLn2 = 0.69314718055994530942;

template <class T>
WEFT_INLINE bool is_nan(T x) {
  return x != x;
}
template <class T>
WEFT_INLINE bool is_inf(T x) {
  return x == static_cast<T>(__builtin_inf()) || x == static_cast<T>(-__builtin_inf());
}
template <>
WEFT_INLINE bool is_inf(int64_t) {
  return false;
}
template <>
WEFT_INLINE bool is_inf(uint64_t) {
  return false;
}

WEFT_INLINE float select(bool c, float a, float b) { return c ? a : b; }
WEFT_INLINE double select(bool c, double a, double b) { return c ? a : b; }

// a b + c with one rounding where the machine has such an instruction. Written out, because a compiler that fuses on
// its own does so differently in a vector loop and in what is left over after it; files of element functions forbid it
// that.
WEFT_INLINE float mul_add(float a, float b, float c) {
#if defined(__FMA__) || defined(__CUDA_ARCH__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

WEFT_INLINE float bits_to_float(uint32_t u) { return __builtin_bit_cast(float, u); }
WEFT_INLINE uint32_t float_to_bits(float x) { return __builtin_bit_cast(uint32_t, x); }

WEFT_INLINE float abs(float x) { return bits_to_float(float_to_bits(x) & 0x7fffffffu); }
WEFT_INLINE double abs(double x) { return __builtin_fabs(x); }
WEFT_INLINE float copysign(float x, float s) {
  return bits_to_float((float_to_bits(x) & 0x7fffffffu) | (float_to_bits(s) & 0x80000000u));
}
WEFT_INLINE double copysign(double x, double s) { return __builtin_copysign(x, s); }
WEFT_INLINE float sqrt(float x) { return __builtin_sqrtf(x); }
WEFT_INLINE double sqrt(double x) { return __builtin_sqrt(x); }
WEFT_INLINE float floor(float x) { return __builtin_floorf(x); }
WEFT_INLINE double floor(double x) { return __builtin_floor(x); }
WEFT_INLINE float ceil(float x) { return __builtin_ceilf(x); }
WEFT_INLINE double ceil(double x) { return __builtin_ceil(x); }
WEFT_INLINE float trunc(float x) { return __builtin_truncf(x); }
WEFT_INLINE double trunc(double x) { return __builtin_trunc(x); }
// Ties to even.
WEFT_INLINE float round(float x) { return __builtin_rintf(x); }
WEFT_INLINE double round(double x) { return __builtin_rint(x); }

// x = n ln2 + r with |r| <= ln2/2; n comes back as float and as integer.
struct ExpReduced {
  float n, r;
  int32_t i;
};
WEFT_INLINE ExpReduced reduce_exp(float x) {
  constexpr float kMagic = 0x1.8p23f;
  float shifted = mul_add(x, 0x1.715476p+0f, kMagic);
  float n = shifted - kMagic;
  float r = mul_add(n, -0x1.62e4p-1f, x);
  r = mul_add(n, -0x1.7f7d1cp-20f, r);
  return {n, r, static_cast<int32_t>(float_to_bits(shifted) - 0x4b400000u)};
}
// 2^i for -252 <= i <= 254, as a product of two factors so that the result may be subnormal or overflow.
WEFT_INLINE float scale_by_power(float y, int32_t i) {
  int32_t half = i >> 1;
  float a = bits_to_float(static_cast<uint32_t>(half + 127) << 23);
  float b = bits_to_float(static_cast<uint32_t>(i - half + 127) << 23);
  return y * a * b;
}

WEFT_INLINE float exp(float x) {
  float c = x < -104.0f ? -104.0f : x;
  c = c > 89.0f ? 89.0f : c;
  c = x != x ? 0.0f : c;
  ExpReduced e = reduce_exp(c);
  float p = 0x1.6dbc64p-10f;
  p = mul_add(p, e.r, 0x1.124148p-7f);
  p = mul_add(p, e.r, 0x1.555454p-5f);
  p = mul_add(p, e.r, 0x1.555486p-3f);
  p = mul_add(p, e.r, 0.5f);
  float y = 1.0f + mul_add(e.r * e.r, p, e.r);
  y = scale_by_power(y, e.i);
  return x != x ? x : y;
}
WEFT_INLINE double exp(double x) { return __builtin_exp(x); }

// 2^i (1 + p) - 1, with p = expm1(r) kept apart so that nothing cancels near 0.
WEFT_INLINE float expm1(float x) {
  float c = x < -20.0f ? -20.0f : x;
  c = c > 89.0f ? 89.0f : c;
  c = x != x ? 0.0f : c;
  ExpReduced e = reduce_exp(c);
  float p = 0.00019915032983274113f;
  p = mul_add(p, e.r, 0.0013942059815728759f);
  p = mul_add(p, e.r, 0.008333271718233344f);
  p = mul_add(p, e.r, 0.04166634188422065f);
  p = mul_add(p, e.r, 0.16666666821488307f);
  p = mul_add(p, e.r, 0.5f);
  p = mul_add(e.r * e.r, p, e.r);
  int32_t i = e.i > 126 ? 126 : e.i;
  float two_n = bits_to_float(static_cast<uint32_t>(i + 127) << 23);
  float y = mul_add(two_n, p, two_n - 1.0f);
  y = e.i > 126 ? scale_by_power(1.0f + p, e.i) : y;
  y = abs(x) < 1e-20f ? x : y;
  return x != x ? x : y;
}
WEFT_INLINE double expm1(double x) { return __builtin_expm1(x); }

// log(m 2^e) with sqrt(1/2) <= m < sqrt(2); `correction` is added to log(m), for log1p.
WEFT_INLINE float log_of(float x, float correction) {
  bool tiny = x < 0x1p-126f;
  float y = tiny ? x * 0x1p25f : x;
  uint32_t u = float_to_bits(y) - 0x3f3504f3u;  // 0x3f3504f3: sqrt(1/2)
  int32_t e = static_cast<int32_t>(u) >> 23;
  float f = bits_to_float((u & 0x7fffffu) + 0x3f3504f3u) - 1.0f;
  float n = static_cast<float>(e) - (tiny ? 25.0f : 0.0f);
  float p = 0.06915368059943007f;
  p = mul_add(p, f, -0.11789807696543282f);
  p = mul_add(p, f, 0.11872976297742349f);
  p = mul_add(p, f, -0.12384348470255045f);
  p = mul_add(p, f, 0.14218658089674652f);
  p = mul_add(p, f, -0.166692508161396f);
  p = mul_add(p, f, 0.20002226614027713f);
  p = mul_add(p, f, -0.24999986599828175f);
  p = mul_add(p, f, 0.3333331043985729f);
  float f2 = f * f;
  float low = mul_add(n, -2.12194440e-4f, correction);  // ln2 = 0.693359375 - 2.12194440e-4
  float r = f + (mul_add(f2 * f, p, -0.5f * f2) + low);
  return mul_add(n, 0.693359375f, r);
}
WEFT_INLINE float finish_log(float x, float r) {
  constexpr float kInfinity = __builtin_inff();
  r = x == kInfinity ? x : r;
  r = x == 0.0f ? -kInfinity : r;
  return x >= 0.0f ? r : __builtin_nanf("");
}
WEFT_INLINE float log(float x) { return finish_log(x, log_of(x, 0.0f)); }
WEFT_INLINE double log(double x) { return __builtin_log(x); }
// log(1 + x): the rounding error of 1 + x is put back to first order.
WEFT_INLINE float log1p(float x) {
  float u = 1.0f + x;
  float c = u > 0x1p60f ? 0.0f : (x - (u - 1.0f)) / u;
  float r = finish_log(u, log_of(u, c));
  return abs(x) < 1e-8f ? x : r;
}
WEFT_INLINE double log1p(double x) { return __builtin_log1p(x); }
WEFT_INLINE float log2(float x) { return __builtin_log2f(x); }
WEFT_INLINE double log2(double x) { return __builtin_log2(x); }
WEFT_INLINE float log10(float x) { return __builtin_log10f(x); }
WEFT_INLINE double log10(double x) { return __builtin_log10(x); }
WEFT_INLINE float exp2(float x) { return __builtin_exp2f(x); }
WEFT_INLINE double exp2(double x) { return __builtin_exp2(x); }

// tanh(x) = m / (m + 2) with m = expm1(2 |x|).
WEFT_INLINE float tanh(float x) {
  float a = abs(x);
  a = a > 10.0f ? 10.0f : a;
  float m = expm1(2.0f * a);
  float y = m / (m + 2.0f);
  return copysign(y > a ? a : y, x);  // never beyond x, to which tiny numbers are rounded; NaN stays
}
WEFT_INLINE double tanh(double x) { return __builtin_tanh(x); }

WEFT_INLINE float sigmoid(float x) { return 1.0f / (1.0f + exp(-x)); }
WEFT_INLINE double sigmoid(double x) { return 1.0 / (1.0 + __builtin_exp(-x)); }

// exp(x^2) erfc(x) for x >= 0.9, as a polynomial in 1 / (1 + 0.4 x).
WEFT_INLINE float erfc_scaled(float x) {
  float t = 1.0f / (1.0f + 0.4f * x);
  float p = 0.06741101721222757f;
  p = mul_add(p, t, -0.24896175351614866f);
  p = mul_add(p, t, 0.27645818022907104f);
  p = mul_add(p, t, -0.10163023230073895f);
  p = mul_add(p, t, 0.19318355344654054f);
  p = mul_add(p, t, 0.15118466874622183f);
  p = mul_add(p, t, 0.21146512259827968f);
  p = mul_add(p, t, 0.22521273803759848f);
  p = mul_add(p, t, 0.2257079413568263f);
  return mul_add(p, t, -9.717476757122852e-07f);
}
// erf(x) / x for |x| <= 1, as a polynomial in x^2.
WEFT_INLINE float erf_over_x(float x) {
  float u = x * x;
  float p = 7.889119506845899e-05f;
  p = mul_add(p, u, -0.0008020841272971674f);
  p = mul_add(p, u, 0.005189535338660067f);
  p = mul_add(p, u, -0.026854444591603355f);
  p = mul_add(p, u, 0.11283600176251563f);
  p = mul_add(p, u, -0.37612627135965615f);
  return mul_add(p, u, 1.128379165913751f);
}
// exp(-x^2), with the rounding error of x^2 put back.
WEFT_INLINE float exp_minus_square(float x) {
  float hi = bits_to_float(float_to_bits(x) & 0xfffff000u);
  float lo = x - hi;
  return exp(-hi * hi) * exp(-lo * (x + hi));
}
WEFT_INLINE float erf(float x) {
  float a = abs(x);
  float c = a > 4.0f ? 4.0f : a;
  float far = 1.0f - exp(-c * c) * erfc_scaled(c);
  float y = a < 1.0f ? a * erf_over_x(a) : far;
  y = copysign(y, x);
  return x != x ? x : y;
}
WEFT_INLINE double erf(double x) { return __builtin_erf(x); }
WEFT_INLINE float erfc(float x) {
  float a = abs(x);
  float c = a > 10.5f ? 10.5f : a;
  float far = exp_minus_square(c) * erfc_scaled(c);
  far = x < 0.0f ? 2.0f - far : far;
  float y = a < 1.0f ? 1.0f - x * erf_over_x(x) : far;
  return x != x ? x : y;
}
WEFT_INLINE double erfc(double x) { return __builtin_erfc(x); }

// The inverse of erf, after Giles, "Approximating the erfinv function", GPU Computing Gems (2011).
WEFT_INLINE float erfinv(float x) {
  float w = -log((1.0f - x) * (1.0f + x));
  float near = w - 2.5f, far = sqrt(w) - 3.0f;
  float p = 2.81022636e-08f;
  p = mul_add(p, near, 3.43273939e-07f);
  p = mul_add(p, near, -3.5233877e-06f);
  p = mul_add(p, near, -4.39150654e-06f);
  p = mul_add(p, near, 0.00021858087f);
  p = mul_add(p, near, -0.00125372503f);
  p = mul_add(p, near, -0.00417768164f);
  p = mul_add(p, near, 0.246640727f);
  p = mul_add(p, near, 1.50140941f);
  float q = -0.000200214257f;
  q = mul_add(q, far, 0.000100950558f);
  q = mul_add(q, far, 0.00134934322f);
  q = mul_add(q, far, -0.00367342844f);
  q = mul_add(q, far, 0.00573950773f);
  q = mul_add(q, far, -0.0076224613f);
  q = mul_add(q, far, 0.00943887047f);
  q = mul_add(q, far, 1.00167406f);
  q = mul_add(q, far, 2.83297682f);
  float y = (w < 5.0f ? p : q) * x;
  return abs(x) == 1.0f ? copysign(__builtin_inff(), x) : y;
}
// Halley's method from there, or where float is too coarse from erfc(y) = exp(-y^2) / (y sqrt(pi)); on erfc where erf
// is close to 1.
WEFT_INLINE double erfinv(double x) {
  double a = abs(x), rest = 1.0 - a, y = 0.0;
  if (!(a < 1.0)) return a == 1.0 ? copysign(__builtin_inf(), x) : __builtin_nan("");
  if (a < 0.9999) {
    y = static_cast<double>(erfinv(static_cast<float>(a)));
  } else {
    double level = -__builtin_log(rest * 1.77245385090551602730);
    y = __builtin_sqrt(level - 0.5 * __builtin_log(level));
  }
  for (int step = 0; step < 3; step++) {
    double gap = a < 0.5 ? __builtin_erf(y) - a : rest - __builtin_erfc(y);
    double newton = gap * 0.88622692545275801365 * __builtin_exp(y * y);
    y -= newton / (1.0 + y * newton);
  }
  return copysign(y, x);
}

// The distribution function of the standard normal, (1 + erf(x / sqrt 2)) / 2: a rational fit of erf with one division,
// absolute error 2e-7.
WEFT_INLINE float normal_cdf(float x) {
  float z = x * 0.70710678118654752440f;
  float c = z > 3.95f ? 3.95f : z;
  c = c < -3.95f ? -3.95f : c;
  float u = c * c;
  float p = 2.01164555e-06f;
  p = mul_add(p, u, 0.000287579379f);
  p = mul_add(p, u, 0.00391692961f);
  p = mul_add(p, u, 0.0532058761f);
  p = mul_add(p, u, 0.1940284f);
  p = mul_add(p, u, 1.12837901f);
  float q = 3.78375679e-05f;
  q = mul_add(q, u, 0.00119808205f);
  q = mul_add(q, u, 0.0152699553f);
  q = mul_add(q, u, 0.115587534f);
  q = mul_add(q, u, 0.505284686f);
  q = mul_add(q, u, 1.0f);
  float y = mul_add(0.5f * c, p / q, 0.5f);
  y = z >= 3.95f ? 1.0f : y;
  y = z <= -3.95f ? 0.0f : y;
  return x != x ? x : y;
}
WEFT_INLINE double normal_cdf(double x) { return 0.5 * __builtin_erfc(x * -0.70710678118654752440); }

#define WEFT_LIBRARY_FUNCTION(name)                                  \
  WEFT_INLINE float name(float x) { return __builtin_##name##f(x); } \
  WEFT_INLINE double name(double x) { return __builtin_##name(x); }
WEFT_LIBRARY_FUNCTION(sin)
WEFT_LIBRARY_FUNCTION(cos)
WEFT_LIBRARY_FUNCTION(tan)
WEFT_LIBRARY_FUNCTION(asin)
WEFT_LIBRARY_FUNCTION(acos)
WEFT_LIBRARY_FUNCTION(atan)
WEFT_LIBRARY_FUNCTION(sinh)
WEFT_LIBRARY_FUNCTION(cosh)
WEFT_LIBRARY_FUNCTION(asinh)
WEFT_LIBRARY_FUNCTION(acosh)
WEFT_LIBRARY_FUNCTION(atanh)
#undef WEFT_LIBRARY_FUNCTION
#define WEFT_LIBRARY_FUNCTION2(name)                                             \
  WEFT_INLINE float name(float x, float y) { return __builtin_##name##f(x, y); } \
  WEFT_INLINE double name(double x, double y) { return __builtin_##name(x, y); }
WEFT_LIBRARY_FUNCTION2(pow)
WEFT_LIBRARY_FUNCTION2(atan2)
WEFT_LIBRARY_FUNCTION2(hypot)
WEFT_LIBRARY_FUNCTION2(fmod)
#undef WEFT_LIBRARY_FUNCTION2

}  // namespace weft::scalar

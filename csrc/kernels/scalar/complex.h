// Arithmetic and elementary functions of complex numbers, for the formulas in unary.h and binary.h: branch cuts and
// special values as in annex G of the C standard (ISO/IEC 9899:2011). Functions of complex64 are computed in complex128
// and rounded once; only sums and products are not. Inverse functions follow Kahan, "Branch Cuts for Complex Elementary
// Functions" (1987).
#pragma once

#include "core/complex.h"
#include "kernels/scalar/math.h"

namespace weft::scalar {

template <class T>
struct Literal<Complex<T>> {
  static WEFT_INLINE Complex<T> of(double v) { return {static_cast<T>(v), 0}; }
};

constexpr double kHalfPi = 1.57079632679489661923;
constexpr double kInfinite = __builtin_inf();

template <class T>
WEFT_INLINE bool is_nan(Complex<T> z) {
  return is_nan(z.real) || is_nan(z.imag);
}
template <class T>
WEFT_INLINE bool is_inf(Complex<T> z) {
  return is_inf(z.real) || is_inf(z.imag);
}
WEFT_INLINE bool finite(double x) { return x - x == 0; }
WEFT_INLINE double larger_part(double x, double y) { return x < y ? y : x; }

template <class T>
WEFT_INLINE Complex<T> operator-(Complex<T> z) {
  return {-z.real, -z.imag};
}
template <class T>
WEFT_INLINE Complex<T> operator+(Complex<T> a, Complex<T> b) {
  return {a.real + b.real, a.imag + b.imag};
}
template <class T>
WEFT_INLINE Complex<T> operator-(Complex<T> a, Complex<T> b) {
  return {a.real - b.real, a.imag - b.imag};
}
template <class T>
WEFT_INLINE Complex<T> conj(Complex<T> z) {
  return {z.real, -z.imag};
}
WEFT_INLINE Complex128 wide(Complex64 z) { return {z.real, z.imag}; }
WEFT_INLINE Complex64 narrow(Complex128 z) { return {static_cast<float>(z.real), static_cast<float>(z.imag)}; }

// A number as it counts where another is infinite or zero: an infinity as 1, a finite number as 0, with its sign.
template <class T>
WEFT_INLINE T at_infinity(T x) {
  return copysign(is_inf(x) ? T(1) : T(0), x);
}
template <class T>
WEFT_INLINE T zero_for_nan(T x) {
  return is_nan(x) ? copysign(T(0), x) : x;
}

// A product whose parts are NaN in plain arithmetic: one with an infinite factor, or with products that overflow, is
// infinite.
template <class T>
WEFT_INLINE Complex<T> infinite_product(Complex<T> a, Complex<T> b) {
  const T nan = static_cast<T>(__builtin_nan(""));
  const bool a_infinite = is_inf(a), b_infinite = is_inf(b);
  const bool overflows =
      is_inf(a.real * b.real) || is_inf(a.imag * b.imag) || is_inf(a.real * b.imag) || is_inf(a.imag * b.real);
  if (!a_infinite && !b_infinite && !overflows) return {nan, nan};
  if (a_infinite) a = {at_infinity(a.real), at_infinity(a.imag)};
  if (b_infinite) b = {at_infinity(b.real), at_infinity(b.imag)};
  a = {zero_for_nan(a.real), zero_for_nan(a.imag)};
  b = {zero_for_nan(b.real), zero_for_nan(b.imag)};
  const T inf = static_cast<T>(kInfinite);
  return {inf * (a.real * b.real - a.imag * b.imag), inf * (a.real * b.imag + a.imag * b.real)};
}
template <class T>
WEFT_INLINE Complex<T> operator*(Complex<T> a, Complex<T> b) {
  const Complex<T> z = {a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real};
  if (__builtin_expect(is_nan(z.real) && is_nan(z.imag), 0)) return infinite_product(a, b);
  return z;
}
WEFT_INLINE Complex128 scale(Complex128 z, double by) { return {z.real * by, z.imag * by}; }

// A quotient whose parts are NaN in plain arithmetic.
WEFT_INLINE Complex128 special_quotient(Complex128 a, Complex128 b) {
  if (b.real == 0 && b.imag == 0 && !(is_nan(a.real) && is_nan(a.imag))) return scale(a, copysign(kInfinite, b.real));
  const bool a_infinite = is_inf(a), b_infinite = is_inf(b);
  if (a_infinite && finite(b.real) && finite(b.imag)) {
    a = {at_infinity(a.real), at_infinity(a.imag)};
    return scale({a.real * b.real + a.imag * b.imag, a.imag * b.real - a.real * b.imag}, kInfinite);
  }
  if (b_infinite && finite(a.real) && finite(a.imag)) {
    b = {at_infinity(b.real), at_infinity(b.imag)};
    return scale({a.real * b.real + a.imag * b.imag, a.imag * b.real - a.real * b.imag}, 0.0);
  }
  return {__builtin_nan(""), __builtin_nan("")};
}

// 2^n for |n| <= 1000.
WEFT_INLINE double power_of_two(int n) { return __builtin_bit_cast(double, static_cast<uint64_t>(n + 1023) << 52); }
// The exponent of the larger part, within what power_of_two() takes.
WEFT_INLINE int exponent_of(Complex128 z) {
  const double most = larger_part(abs(z.real), abs(z.imag));
  const int n = static_cast<int>(__builtin_bit_cast(uint64_t, most) >> 52) - 1023;
  return n < -1000 ? -1000 : n > 1000 ? 1000 : n;
}
// Both operands are brought near 1, so that nothing overflows on the way.
WEFT_INLINE Complex128 operator/(Complex128 a, Complex128 b) {
  const int of_a = exponent_of(a), of_b = exponent_of(b);
  const Complex128 x = scale(a, power_of_two(-of_a)), y = scale(b, power_of_two(-of_b));
  const double norm = y.real * y.real + y.imag * y.imag;
  Complex128 z = {(x.real * y.real + x.imag * y.imag) / norm, (x.imag * y.real - x.real * y.imag) / norm};
  int n = of_a - of_b;
  n = n < -1200 ? -1200 : n > 1200 ? 1200 : n;
  z = scale(scale(z, power_of_two(n / 2)), power_of_two(n - n / 2));
  if (__builtin_expect(is_nan(z.real) && is_nan(z.imag), 0)) return special_quotient(a, b);
  return z;
}
// In doubles nothing of a float overflows.
WEFT_INLINE Complex64 operator/(Complex64 a, Complex64 b) {
  const Complex128 x = wide(a), y = wide(b);
  const double norm = y.real * y.real + y.imag * y.imag;
  const Complex128 z = {(x.real * y.real + x.imag * y.imag) / norm, (x.imag * y.real - x.real * y.imag) / norm};
  if (__builtin_expect(is_nan(z.real) && is_nan(z.imag), 0)) return narrow(special_quotient(x, y));
  return narrow(z);
}

// The function of complex64 by way of complex128.
#define WEFT_COMPLEX64_FUNCTION(name) \
  WEFT_INLINE Complex64 name(Complex64 z) { return narrow(name(wide(z))); }

// i z and -i z
WEFT_INLINE Complex128 turned(Complex128 z) { return {-z.imag, z.real}; }
WEFT_INLINE Complex128 turned_back(Complex128 z) { return {z.imag, -z.real}; }

// factor exp(z) for a finite imaginary part that is not 0; the real part may be so large that only the product with a
// small sine is finite.
WEFT_INLINE Complex128 exp_times(double factor, Complex128 z) {
  constexpr double kStep = 700, kExpOfStep = 1.01423205473500450945e+304;
  double x = z.real, again = 1, once_more = 1;
  if (x > kStep && x < kInfinite) {
    x -= kStep;
    again = kExpOfStep;
    if (x > kStep) {
      x -= kStep;
      once_more = kExpOfStep;
    }
  }
  const double size = exp(x) * factor;
  return {size * cos(z.imag) * again * once_more, size * sin(z.imag) * again * once_more};
}
WEFT_INLINE Complex128 exp(Complex128 z) {
  if (z.imag == 0) return {exp(z.real), z.imag};
  if (finite(z.imag)) return exp_times(1, z);
  if (z.real == -kInfinite) return {0, copysign(0.0, z.imag)};
  return {z.real == kInfinite ? z.real : __builtin_nan(""), __builtin_nan("")};
}
WEFT_COMPLEX64_FUNCTION(exp)
WEFT_INLINE Complex128 exp2(Complex128 z) {
  if (!finite(z.real) || !finite(z.imag) || abs(z.real) > 1000) return exp(scale(z, kLn2));
  const double size = exp2(z.real), angle = z.imag * kLn2;
  return {size * cos(angle), size * sin(angle)};
}
WEFT_COMPLEX64_FUNCTION(exp2)
// Re exp(z) - 1 = expm1(x) cos(y) - 2 sin(y/2)^2
WEFT_INLINE Complex128 expm1(Complex128 z) {
  if (z.imag == 0) return {expm1(z.real), z.imag};
  if (!finite(z.real) || !finite(z.imag) || z.real > 700) {
    const Complex128 y = exp(z);
    return {y.real - 1, y.imag};
  }
  const double half = sin(0.5 * z.imag);
  return {expm1(z.real) * cos(z.imag) - 2 * half * half, exp(z.real) * sin(z.imag)};
}
WEFT_COMPLEX64_FUNCTION(expm1)

// base + x^2 + y^2, nearly as if rounded once (Dekker, "A Floating-Point Technique for Extending the Available
// Precision" (1971)): the logarithm of what is close to 1 hangs on it.
WEFT_INLINE double add_squares(double base, double x, double y) {
  double sum = base, rest = 0;
  auto add = [&](double v) {
    const double next = sum + v, given = next - sum;
    rest += (sum - (next - given)) + (v - given);
    sum = next;
  };
  const double p = x * x, q = y * y;
  add(p);
  add(q);
  return sum + (rest + (__builtin_fma(x, x, -p) + __builtin_fma(y, y, -q)));
}
WEFT_INLINE double log_of_size(Complex128 z) {
  const double x = abs(z.real), y = abs(z.imag), most = larger_part(x, y);
  if (is_inf(z)) return kInfinite;
  if (most > 0.5 && most < 1.5 && x + y < 2) return 0.5 * log1p(add_squares(-1, x, y));
  if (most > 0x1p1000) return log(hypot(x * 0x1p-2, y * 0x1p-2)) + 2 * kLn2;
  if (most < 0x1p-500) return log(hypot(x * 0x1p600, y * 0x1p600)) - 600 * kLn2;
  return log(hypot(x, y));
}
WEFT_INLINE Complex128 log(Complex128 z) { return {log_of_size(z), atan2(z.imag, z.real)}; }
WEFT_COMPLEX64_FUNCTION(log)
WEFT_INLINE Complex128 log2(Complex128 z) { return scale(log(z), 1.44269504088896340736); }
WEFT_COMPLEX64_FUNCTION(log2)
WEFT_INLINE Complex128 log10(Complex128 z) { return scale(log(z), 0.43429448190325182765); }
WEFT_COMPLEX64_FUNCTION(log10)
WEFT_INLINE Complex128 log1p(Complex128 z) {
  const double x = z.real, y = z.imag;
  if (!(x > -0.5 && x < 1 && abs(y) < 1)) return log(Complex128{1 + x, y});
  return {0.5 * log1p(add_squares(2 * x, x, y)), atan2(y, 1 + x)};
}
WEFT_COMPLEX64_FUNCTION(log1p)

WEFT_INLINE Complex128 sqrt(Complex128 z) {
  double x = z.real, y = z.imag;
  if (is_inf(y)) return {kInfinite, y};
  if (is_inf(x)) {
    const double other = is_nan(y) ? y : 0.0;
    return x > 0 ? Complex128{x, copysign(other, y)} : Complex128{abs(other), copysign(kInfinite, y)};
  }
  if (x == 0 && y == 0) return {0, y};
  const double most = larger_part(abs(x), abs(y));
  const double by = most > 0x1p1000   ? 0x1p-4
                    : most < 0x1p-960 ? 0x1p110
                                      : 1.0,
               back = most > 0x1p1000   ? 0x1p2
                      : most < 0x1p-960 ? 0x1p-55
                                        : 1.0;
  x *= by;
  y *= by;
  const double root = sqrt(0.5 * (abs(x) + hypot(x, y)));
  const Complex128 s = x >= 0 ? Complex128{root, y / (2 * root)} : Complex128{abs(y) / (2 * root), copysign(root, y)};
  return is_nan(x) ? Complex128{x, x} : scale(s, back);
}
WEFT_COMPLEX64_FUNCTION(sqrt)

WEFT_INLINE Complex128 sinh(Complex128 z) {
  const double x = z.real, y = z.imag;
  if (y == 0) return {sinh(x), y};
  if (!finite(y)) return {x == 0 || is_inf(x) ? x : __builtin_nan(""), __builtin_nan("")};
  if (abs(x) > 20) {
    const Complex128 half = exp_times(0.5, {abs(x), y});
    return {copysign(1.0, x) * half.real, half.imag};
  }
  return {sinh(x) * cos(y), cosh(x) * sin(y)};
}
WEFT_COMPLEX64_FUNCTION(sinh)
WEFT_INLINE Complex128 cosh(Complex128 z) {
  const double x = z.real, y = z.imag;
  const double zero = copysign(0.0, x) * copysign(1.0, y);
  if (y == 0) return {cosh(x), zero};
  if (!finite(y)) return {is_inf(x) ? kInfinite : __builtin_nan(""), x == 0 ? zero : __builtin_nan("")};
  if (abs(x) > 20) {
    const Complex128 half = exp_times(0.5, {abs(x), y});
    return {half.real, copysign(1.0, x) * half.imag};
  }
  return {cosh(x) * cos(y), sinh(x) * sin(y)};
}
WEFT_COMPLEX64_FUNCTION(cosh)
WEFT_INLINE Complex128 tanh(Complex128 z) {
  const double x = z.real, y = z.imag;
  if (!finite(x) || !finite(y)) {
    if (is_inf(x)) return {copysign(1.0, x), copysign(0.0, finite(y) ? sin(2 * y) : y)};
    return {x == 0 ? x : __builtin_nan(""), y == 0 ? y : __builtin_nan("")};
  }
  if (abs(x) > 22) return {copysign(1.0, x), 4 * sin(y) * cos(y) * exp(-2 * abs(x))};
  const double t = tan(y), beta = 1 + t * t, s = sinh(x), rho = sqrt(1 + s * s), below = 1 + beta * s * s;
  return {beta * rho * s / below, t / below};
}
WEFT_COMPLEX64_FUNCTION(tanh)
WEFT_INLINE Complex128 sin(Complex128 z) { return turned_back(sinh(turned(z))); }
WEFT_COMPLEX64_FUNCTION(sin)
WEFT_INLINE Complex128 cos(Complex128 z) { return cosh(turned(z)); }
WEFT_COMPLEX64_FUNCTION(cos)
WEFT_INLINE Complex128 tan(Complex128 z) { return turned_back(tanh(turned(z))); }
WEFT_COMPLEX64_FUNCTION(tan)

// Of numbers beyond which the roots of 1 - z^2 are +-i z.
WEFT_INLINE bool is_huge(Complex128 z) { return !(abs(z.real) < 1e9 && abs(z.imag) < 1e9); }

WEFT_INLINE Complex128 asinh(Complex128 z) {
  const double x = z.real, y = z.imag;
  if (is_nan(z) && !is_inf(z)) return {__builtin_nan(""), y == 0 ? y : __builtin_nan("")};
  if (is_huge(z)) return {copysign(log_of_size(z) + kLn2, x), copysign(atan2(abs(y), abs(x)), y)};
  if (abs(x) < 0x1p-500 && abs(y) < 0x1p-500) return z;
  // asin(i z)
  const Complex128 below = sqrt(Complex128{1 + y, -x}), above = sqrt(Complex128{1 - y, x});
  return {asinh(below.real * above.imag - below.imag * above.real),
          atan2(y, below.real * above.real - below.imag * above.imag)};
}
WEFT_COMPLEX64_FUNCTION(asinh)
WEFT_INLINE Complex128 asin(Complex128 z) { return turned_back(asinh(turned(z))); }
WEFT_COMPLEX64_FUNCTION(asin)
WEFT_INLINE Complex128 acos(Complex128 z) {
  const double x = z.real, y = z.imag;
  if (is_nan(z) && !is_inf(z)) return {x == 0 ? kHalfPi : __builtin_nan(""), __builtin_nan("")};
  if (is_huge(z)) return {atan2(abs(y), x), -copysign(log_of_size(z) + kLn2, y)};
  const Complex128 below = sqrt(Complex128{1 - x, -y}), above = sqrt(Complex128{1 + x, y});
  return {2 * atan2(below.real, above.real), asinh(above.real * below.imag - above.imag * below.real)};
}
WEFT_COMPLEX64_FUNCTION(acos)
WEFT_INLINE Complex128 acosh(Complex128 z) {
  const Complex128 c = acos(z);
  return {abs(c.imag), copysign(c.real, z.imag)};
}
WEFT_COMPLEX64_FUNCTION(acosh)
WEFT_INLINE Complex128 atanh(Complex128 z) {
  const double x = abs(z.real), y = abs(z.imag);
  if (x == 1 && y == 0) return {copysign(kInfinite, z.real), z.imag};
  if (is_nan(z) && !is_inf(z)) return {x == 0 ? z.real : __builtin_nan(""), __builtin_nan("")};
  double real, imag;
  if (!(x < 1e150 && y < 1e150)) {  // 1 / z, and a right angle
    real = is_inf(z) ? 0.0 : (Complex128{1, 0} / Complex128{x, y}).real;
    imag = is_nan(y) ? y : kHalfPi;
  } else {
    real = x == 1 && y < 1e-150 ? 0.5 * (kLn2 - log(y)) : 0.25 * log1p(4 * x / ((1 - x) * (1 - x) + y * y));
    imag = 0.5 * atan2(2 * y, (1 - x) * (1 + x) - y * y);
  }
  return {copysign(real, z.real), copysign(imag, z.imag)};
}
WEFT_COMPLEX64_FUNCTION(atanh)
WEFT_INLINE Complex128 atan(Complex128 z) { return turned_back(atanh(turned(z))); }
WEFT_COMPLEX64_FUNCTION(atan)

WEFT_INLINE Complex128 sigmoid(Complex128 z) {
  const Complex128 e = exp(-z);
  return Complex128{1, 0} / Complex128{1 + e.real, e.imag};
}
WEFT_COMPLEX64_FUNCTION(sigmoid)

// Whole exponents of real numbers are products.
WEFT_INLINE Complex128 pow(Complex128 a, Complex128 b) {
  constexpr double kMostProducts = 100;
  if (b.imag == 0 && abs(b.real) <= kMostProducts && trunc(b.real) == b.real) {
    Complex128 result = {1, 0}, square = a;
    for (int n = static_cast<int>(abs(b.real)); n; n >>= 1) {
      if (n & 1) result = result.imag == 0 && result.real == 1 ? square : result * square;
      if (n > 1) square = square * square;
    }
    return b.real < 0 ? Complex128{1, 0} / result : result;
  }
  if (a.real == 0 && a.imag == 0 && b.real > 0) return {0, 0};
  return exp(b * log(a));
}
WEFT_INLINE Complex64 pow(Complex64 a, Complex64 b) { return narrow(pow(wide(a), wide(b))); }
#undef WEFT_COMPLEX64_FUNCTION

}  // namespace weft::scalar

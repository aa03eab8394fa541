// The elementwise functions of one tensor, each written once: formula f and derivative df, where df maps the gradient g
// of the result to that of the argument, from the argument x or the result y, whichever is kept. Both are templates:
// over float and double they are kernels, over Tensor df is the differentiable form. A new function is one entry here.
#pragma once

#include "kernels/scalar/complex.h"

namespace weft::scalar {

// Numbers that come with a call: a slope, a threshold.
struct Params {
  double a = 0, b = 0, c = 0;
  bool operator==(const Params&) const = default;
};

// Float: integers become floating point. Same: the dtype stays. Bool: the result is bool.
enum class Result : uint8_t { Float, Same, Bool };
// What the derivative needs. Zero: it is zero everywhere. Never: not differentiable.
enum class Keep : uint8_t { Nothing, Input, Output, Zero, Never };
// Fused: the derivative has a kernel of its own. Composed: it is one op on tensors anyway.
enum class Backward : uint8_t { Fused, Composed };

// A function with no numbers (`params` 0) is bound to Python under its name; others are bound by hand.
#define WEFT_UNARY(Name, text, result_, keep_, backward_, params_, F, DF)                                           \
  struct Name {                                                                                                     \
    static constexpr const char* name = text;                                                                       \
    static constexpr Result result = Result::result_;                                                               \
    static constexpr Keep keep = Keep::keep_;                                                                       \
    static constexpr Backward backward = Backward::backward_;                                                       \
    static constexpr int params = params_;                                                                          \
    template <class T>                                                                                              \
    static WEFT_INLINE auto f(T x, [[maybe_unused]] const Params& p) {                                              \
      return F;                                                                                                     \
    }                                                                                                               \
    template <class T>                                                                                              \
    static WEFT_INLINE auto df(T g, [[maybe_unused]] T x, [[maybe_unused]] T y, [[maybe_unused]] const Params& p) { \
      return DF;                                                                                                    \
    }                                                                                                               \
  };

#define K(v) lit<T>(v)
WEFT_INLINE int64_t select(bool c, int64_t a, int64_t b) { return c ? a : b; }
WEFT_INLINE int64_t abs(int64_t x) { return x < 0 ? -x : x; }
WEFT_INLINE int64_t floor(int64_t x) { return x; }
WEFT_INLINE int64_t ceil(int64_t x) { return x; }
WEFT_INLINE int64_t trunc(int64_t x) { return x; }
WEFT_INLINE int64_t round(int64_t x) { return x; }
WEFT_INLINE uint64_t select(bool c, uint64_t a, uint64_t b) { return c ? a : b; }
WEFT_INLINE uint64_t abs(uint64_t x) { return x; }
WEFT_INLINE uint64_t floor(uint64_t x) { return x; }
WEFT_INLINE uint64_t ceil(uint64_t x) { return x; }
WEFT_INLINE uint64_t trunc(uint64_t x) { return x; }
WEFT_INLINE uint64_t round(uint64_t x) { return x; }
WEFT_INLINE uint64_t sign(uint64_t x) { return x != 0; }
// 0 for NaN.
template <class T>
WEFT_INLINE T sign(T x) {
  return static_cast<T>((x > T(0)) - (x < T(0)));
}
WEFT_INLINE float conj(float x) { return x; }
WEFT_INLINE double conj(double x) { return x; }
WEFT_INLINE int64_t conj(int64_t x) { return x; }
WEFT_INLINE uint64_t conj(uint64_t x) { return x; }
WEFT_INLINE bool sign_bit(float x) { return float_to_bits(x) >> 31; }
WEFT_INLINE bool sign_bit(double x) { return __builtin_signbit(x); }
WEFT_INLINE bool sign_bit(int64_t x) { return x < 0; }
WEFT_INLINE bool sign_bit(uint64_t) { return false; }
template <class T>
WEFT_INLINE T clamp_value(T x, const Params& p) {
  // NaN passes; with min > max everything becomes max.
  T y = x < static_cast<T>(p.a) ? static_cast<T>(p.a) : x;
  return y > static_cast<T>(p.b) ? static_cast<T>(p.b) : y;
}
WEFT_INLINE int64_t clamp_value(int64_t x, const Params& p) {
  int64_t low = p.a <= -0x1p63 ? INT64_MIN : static_cast<int64_t>(p.a);
  int64_t high = p.b >= 0x1p63 ? INT64_MAX : static_cast<int64_t>(p.b);
  int64_t y = x < low ? low : x;
  return y > high ? high : y;
}
WEFT_INLINE uint64_t clamp_value(uint64_t x, const Params& p) {
  uint64_t low = p.a <= 0 ? 0 : p.a >= 0x1p64 ? ~uint64_t{0} : static_cast<uint64_t>(p.a);
  uint64_t high = p.b <= 0 ? 0 : p.b >= 0x1p64 ? ~uint64_t{0} : static_cast<uint64_t>(p.b);
  uint64_t y = x < low ? low : x;
  return y > high ? high : y;
}
// log(1 + exp(x)) without overflow.
template <class T>
WEFT_INLINE T log1p_exp(T x) {
  return (x > T(0) ? x : T(0)) + log1p(exp(-abs(x)));
}
WEFT_INLINE float softplus_of(float x) { return log1p_exp(x); }
WEFT_INLINE double softplus_of(double x) { return log1p_exp(x); }
WEFT_INLINE int64_t bit_not(int64_t x) { return ~x; }
WEFT_INLINE uint64_t bit_not(uint64_t x) { return ~x; }
WEFT_INLINE float bit_not(float x) { return x; }  // never called: the op takes integers only
WEFT_INLINE double bit_not(double x) { return x; }
template <class T>
WEFT_INLINE T nan_to_num_value(T x, const Params& p) {
  T y = x != x ? static_cast<T>(p.a) : x;
  y = x == static_cast<T>(__builtin_inf()) ? static_cast<T>(p.b) : y;
  return x == static_cast<T>(-__builtin_inf()) ? static_cast<T>(p.c) : y;
}
template <class T>
WEFT_INLINE Complex<T> nan_to_num_value(Complex<T> x, const Params& p) {
  return {nan_to_num_value(x.real, p), nan_to_num_value(x.imag, p)};
}
WEFT_INLINE int64_t nan_to_num_value(int64_t x, const Params&) { return x; }
WEFT_INLINE uint64_t nan_to_num_value(uint64_t x, const Params&) { return x; }

constexpr double kTwoOverSqrtPi = 1.12837916709551257390;
constexpr double kHalfSqrtPi = 0.88622692545275801365;
constexpr double kInvSqrt2Pi = 0.39894228040143267794;
constexpr double kSqrt2OverPi = 0.79788456080286535588;
constexpr double kGeluCubic = 0.044715;
constexpr double kLn10 = 2.30258509299404568402;
// selu: Klambauer et al., "Self-Normalizing Neural Networks" (2017).
constexpr double kSeluAlpha = 1.67326324235437728481;
constexpr double kSeluScale = 1.05070098735548049342;

// sqrt(2/pi) (x + 0.044715 x^3): Hendrycks and Gimpel, "Gaussian Error Linear Units" (2016). Over float and Tensor.
template <class T>
WEFT_INLINE T gelu_inner(T x) {
  return (x + x * x * x * lit<T>(kGeluCubic)) * lit<T>(kSqrt2OverPi);
}

// clang-format off
//         type          name           result keep     backward  n  f(x)                              df(g, x, y)
WEFT_UNARY(Neg,          "neg",         Same,  Nothing, Composed, 0, -x,                               -g)
WEFT_UNARY(Positive,     "positive",    Same,  Nothing, Composed, 0, x,                                g)
WEFT_UNARY(Conj,         "conj",        Same,  Nothing, Composed, 1, conj(x),                          conj(g))
WEFT_UNARY(Abs,          "abs",         Same,  Input,   Composed, 0, abs(x),                           g * sign(x))
WEFT_UNARY(Sign,         "sign",        Same,  Zero,    Composed, 0, sign(x),                          g)
WEFT_UNARY(Square,       "square",      Same,  Input,   Fused,    0, x * x,                            g * (x * K(2.0)))
WEFT_UNARY(Floor,        "floor",       Same,  Zero,    Composed, 0, floor(x),                         g)
WEFT_UNARY(Ceil,         "ceil",        Same,  Zero,    Composed, 0, ceil(x),                          g)
WEFT_UNARY(Round,        "round",       Same,  Zero,    Composed, 0, round(x),                         g)
WEFT_UNARY(Trunc,        "trunc",       Same,  Zero,    Composed, 0, trunc(x),                         g)
WEFT_UNARY(Frac,         "frac",        Same,  Nothing, Composed, 0, x - trunc(x),                     g)
WEFT_UNARY(Relu,         "relu",        Same,  Output,  Fused,    0, select(x < K(0.0), K(0.0), x),    select(y <= K(0.0), K(0.0), g))
WEFT_UNARY(IsNan,        "isnan",       Bool,  Never,   Composed, 0, is_nan(x),                        g)
WEFT_UNARY(IsInf,        "isinf",       Bool,  Never,   Composed, 0, is_inf(x),                        g)
WEFT_UNARY(IsFinite,     "isfinite",    Bool,  Never,   Composed, 0, !is_inf(x) && !is_nan(x),         g)
WEFT_UNARY(SignBit,      "signbit",     Bool,  Never,   Composed, 0, sign_bit(x),                      g)
WEFT_UNARY(BitwiseNot,   "bitwise_not", Same,  Never,   Composed, 1, bit_not(x),                       g)
WEFT_UNARY(LogicalNot,   "logical_not", Bool,  Never,   Composed, 0, x == K(0.0),                      g)
WEFT_UNARY(Exp,          "exp",         Float, Output,  Composed, 0, exp(x),                           g * y)
WEFT_UNARY(Exp2,         "exp2",        Float, Output,  Fused,    0, exp2(x),                          g * y * K(kLn2))
WEFT_UNARY(Expm1,        "expm1",       Float, Output,  Fused,    0, expm1(x),                         g * (y + K(1.0)))
WEFT_UNARY(Log,          "log",         Float, Input,   Composed, 0, log(x),                           g / x)
WEFT_UNARY(Log2,         "log2",        Float, Input,   Fused,    0, log2(x),                          g / (x * K(kLn2)))
WEFT_UNARY(Log10,        "log10",       Float, Input,   Fused,    0, log10(x),                         g / (x * K(kLn10)))
WEFT_UNARY(Log1p,        "log1p",       Float, Input,   Fused,    0, log1p(x),                         g / (x + K(1.0)))
WEFT_UNARY(Sqrt,         "sqrt",        Float, Output,  Fused,    0, sqrt(x),                          g / (y * K(2.0)))
WEFT_UNARY(Rsqrt,        "rsqrt",       Float, Output,  Fused,    0, K(1.0) / sqrt(x),                 g * (y * y * y) * K(-0.5))
WEFT_UNARY(Reciprocal,   "reciprocal",  Float, Output,  Fused,    0, K(1.0) / x,                       -(g * (y * y)))
WEFT_UNARY(Sin,          "sin",         Float, Input,   Fused,    0, sin(x),                           g * cos(x))
WEFT_UNARY(Cos,          "cos",         Float, Input,   Fused,    0, cos(x),                           -(g * sin(x)))
WEFT_UNARY(Tan,          "tan",         Float, Output,  Fused,    0, tan(x),                           g * (y * y + K(1.0)))
WEFT_UNARY(Asin,         "asin",        Float, Input,   Fused,    0, asin(x),                          g / (sqrt(-(x - K(1.0))) * sqrt(x - K(-1.0))))
WEFT_UNARY(Acos,         "acos",        Float, Input,   Fused,    0, acos(x),                          -(g / (sqrt(-(x - K(1.0))) * sqrt(x - K(-1.0)))))
WEFT_UNARY(Atan,         "atan",        Float, Input,   Fused,    0, atan(x),                          g / (x * x + K(1.0)))
WEFT_UNARY(Sinh,         "sinh",        Float, Input,   Fused,    0, sinh(x),                          g * cosh(x))
WEFT_UNARY(Cosh,         "cosh",        Float, Input,   Fused,    0, cosh(x),                          g * sinh(x))
WEFT_UNARY(Tanh,         "tanh",        Float, Output,  Fused,    0, tanh(x),                          g * (K(1.0) - y * y))
WEFT_UNARY(Asinh,        "asinh",       Float, Input,   Fused,    0, asinh(x),                         g / sqrt(x * x + K(1.0)))
WEFT_UNARY(Acosh,        "acosh",       Float, Input,   Fused,    0, acosh(x),                         g / (sqrt(x - K(1.0)) * sqrt(x - K(-1.0))))
WEFT_UNARY(Atanh,        "atanh",       Float, Input,   Fused,    0, atanh(x),                         g / (K(1.0) - x * x))
WEFT_UNARY(Erf,          "erf",         Float, Input,   Fused,    0, erf(x),                           g * (exp(-(x * x)) * K(kTwoOverSqrtPi)))
WEFT_UNARY(Erfc,         "erfc",        Float, Input,   Fused,    0, erfc(x),                          g * (exp(-(x * x)) * K(-kTwoOverSqrtPi)))
WEFT_UNARY(Erfinv,       "erfinv",      Float, Input,   Fused,    0, erfinv(x),                        g * (exp(erfinv(x) * erfinv(x)) * K(kHalfSqrtPi)))
WEFT_UNARY(Sigmoid,      "sigmoid",     Float, Output,  Fused,    0, sigmoid(x),                       g * (y * (K(1.0) - y)))
WEFT_UNARY(Deg2rad,      "deg2rad",     Float, Nothing, Composed, 0, x * K(0.01745329251994329577),    g * K(0.01745329251994329577))
WEFT_UNARY(Rad2deg,      "rad2deg",     Float, Nothing, Composed, 0, x * K(57.2957795130823208768),    g * K(57.2957795130823208768))
WEFT_UNARY(LogSigmoid,   "logsigmoid",  Float, Input,   Fused,    0, -log1p_exp(-x),                   g * sigmoid(-x))
WEFT_UNARY(Softsign,     "softsign",    Float, Input,   Fused,    0, x / (abs(x) + K(1.0)),            g / ((abs(x) + K(1.0)) * (abs(x) + K(1.0))))
WEFT_UNARY(Tanhshrink,   "tanhshrink",  Float, Input,   Fused,    0, x - tanh(x),                      g * (tanh(x) * tanh(x)))
WEFT_UNARY(Silu,         "silu",        Float, Input,   Fused,    0, x * sigmoid(x),                   g * (sigmoid(x) * (K(1.0) + x * (K(1.0) - sigmoid(x)))))
WEFT_UNARY(Mish,         "mish",        Float, Input,   Fused,    0, x * tanh(log1p_exp(x)),           g * (tanh(softplus_of(x)) + x * sigmoid(x) * (K(1.0) - tanh(softplus_of(x)) * tanh(softplus_of(x)))))
WEFT_UNARY(Gelu,         "gelu",        Float, Input,   Fused,    1, x * normal_cdf(x),                g * (normal_cdf(x) + x * exp(x * x * K(-0.5)) * K(kInvSqrt2Pi)))
WEFT_UNARY(GeluTanh,     "gelu_tanh",   Float, Input,   Fused,    1, x * sigmoid(gelu_inner(x) * K(2.0)), g * (sigmoid(gelu_inner(x) * K(2.0)) * (K(1.0) + x * (K(1.0) - sigmoid(gelu_inner(x) * K(2.0))) * (x * x * K(6.0 * kSqrt2OverPi * kGeluCubic) + K(2.0 * kSqrt2OverPi)))))
WEFT_UNARY(Elu,          "elu",         Float, Input,   Fused,    1, select(x > K(0.0), x, expm1(x) * K(p.a)), select(x > K(0.0), g, g * (exp(x) * K(p.a))))
WEFT_UNARY(Celu,         "celu",        Float, Input,   Fused,    1, select(x > K(0.0), x, expm1(x * K(1.0 / p.a)) * K(p.a)), select(x > K(0.0), g, g * exp(x * K(1.0 / p.a))))
WEFT_UNARY(Selu,         "selu",        Float, Input,   Fused,    0, select(x > K(0.0), x * K(kSeluScale), expm1(x) * K(kSeluScale * kSeluAlpha)), select(x > K(0.0), g * K(kSeluScale), g * (exp(x) * K(kSeluScale * kSeluAlpha))))
WEFT_UNARY(LeakyRelu,    "leaky_relu",  Float, Input,   Fused,    1, select(x > K(0.0), x, x * K(p.a)),  select(x > K(0.0), g, g * K(p.a)))
WEFT_UNARY(Softplus,     "softplus",    Float, Input,   Fused,    2, select(x * K(p.a) > K(p.b), x, log1p_exp(x * K(p.a)) * K(1.0 / p.a)), select(x * K(p.a) > K(p.b), g, g * sigmoid(x * K(p.a))))
WEFT_UNARY(Hardsigmoid,  "hardsigmoid", Float, Input,   Fused,    0, clamp_value(x * K(1.0 / 6.0) + K(0.5), Params{0.0, 1.0}), select(abs(x) < K(3.0), g * K(1.0 / 6.0), K(0.0)))
WEFT_UNARY(Hardswish,    "hardswish",   Float, Input,   Fused,    0, x * clamp_value(x * K(1.0 / 6.0) + K(0.5), Params{0.0, 1.0}), select(x >= K(3.0), g, select(x <= K(-3.0), K(0.0), g * (x * K(1.0 / 3.0) + K(0.5)))))
WEFT_UNARY(Softshrink,   "softshrink",  Float, Input,   Fused,    1, select(x > K(p.a), x - K(p.a), select(x < K(-p.a), x + K(p.a), x * K(0.0))), select(abs(x) <= K(p.a), K(0.0), g))
WEFT_UNARY(Hardshrink,   "hardshrink",  Float, Input,   Fused,    1, select(abs(x) <= K(p.a), K(0.0), x), select(abs(x) <= K(p.a), K(0.0), g))
WEFT_UNARY(Threshold,    "threshold",   Same,  Input,   Fused,    2, select(x <= K(p.a), K(p.b), x),   select(x <= K(p.a), K(0.0), g))
WEFT_UNARY(Clamp,        "clamp",       Same,  Input,   Fused,    2, clamp_value(x, p),                select(x >= K(p.a), select(x <= K(p.b), g, K(0.0)), K(0.0)))
WEFT_UNARY(Hardtanh,     "hardtanh",    Same,  Input,   Fused,    2, clamp_value(x, p),                select(x <= K(p.a), K(0.0), select(x >= K(p.b), K(0.0), g)))
WEFT_UNARY(NanToNum,     "nan_to_num",  Same,  Input,   Fused,    3, nan_to_num_value(x, p),           select((x - x) == K(0.0), g, K(0.0)))
// clang-format on
#undef K
#undef WEFT_UNARY

template <class... Entries>
struct EntryList {
  static constexpr int size = sizeof...(Entries);
};
using UnaryList =
    EntryList<Neg, Positive, Conj, Abs, Sign, Square, Floor, Ceil, Round, Trunc, Frac, Relu, IsNan, IsInf, IsFinite,
              SignBit, BitwiseNot, LogicalNot, Exp, Exp2, Expm1, Log, Log2, Log10, Log1p, Sqrt, Rsqrt, Reciprocal, Sin,
              Cos, Tan, Asin, Acos, Atan, Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Erf, Erfc, Erfinv, Sigmoid, Deg2rad,
              Rad2deg, LogSigmoid, Softsign, Tanhshrink, Silu, Mish, Gelu, GeluTanh, Elu, Celu, Selu, LeakyRelu,
              Softplus, Hardsigmoid, Hardswish, Softshrink, Hardshrink, Threshold, Clamp, Hardtanh, NanToNum>;
// Of these, what is defined for complex numbers, with the same formulas: f over Complex, and df for the conjugates of
// what it reads, because gradients are conjugate (ops/complex.h).
using ComplexUnaryList = EntryList<Neg, Positive, Conj, Square, IsNan, IsInf, IsFinite, LogicalNot, Exp, Exp2, Expm1,
                                   Log, Log2, Log10, Log1p, Sqrt, Rsqrt, Reciprocal, Sin, Cos, Tan, Asin, Acos, Atan,
                                   Sinh, Cosh, Tanh, Asinh, Acosh, Atanh, Sigmoid, Tanhshrink, Silu, NanToNum>;

template <class Entry, class... Entries>
constexpr bool contains(EntryList<Entries...>) {
  return (__is_same(Entry, Entries) || ...);
}

}  // namespace weft::scalar

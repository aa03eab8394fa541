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

// A function with no numbers (`params` 0) is bound to Python under its name; others are bound by hand. `doc` says what
// it computes, and of `given`, as Python writes it, it gives what prints as `printed`: bindings/entry_docs.h makes
// docstrings of them. They are "" where the docstrings are written by hand, too.
#define WEFT_UNARY(Name, text, result_, keep_, backward_, params_, F, DF, doc_, given_, printed_)                   \
  struct Name {                                                                                                     \
    static constexpr const char *name = text, *doc = doc_, *given = given_, *printed = printed_;                    \
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
//  doc, given, printed
WEFT_UNARY(Neg,          "neg",         Same,  Nothing, Composed, 0, -x,                               -g,
    "-x. Unsigned integers wrap around. Raises RuntimeError for bools, which logical_not() inverts.", "weft.tensor([1., -2.])", "tensor([-1.,  2.])")
WEFT_UNARY(Positive,     "positive",    Same,  Nothing, Composed, 0, x,                                g,
    "x as it is, in a new tensor.", "weft.tensor([1., -2.])", "tensor([ 1., -2.])")
WEFT_UNARY(Conj,         "conj",        Same,  Nothing, Composed, 1, conj(x),                          conj(g),
    "", "", "")
WEFT_UNARY(Abs,          "abs",         Same,  Input,   Composed, 0, abs(x),                           g * sign(x),
    "|x|: of complex numbers the real sqrt(re^2 + im^2).", "weft.tensor([1., -2.])", "tensor([1., 2.])")
WEFT_UNARY(Sign,         "sign",        Same,  Zero,    Composed, 0, sign(x),                          g,
    "1, 0 or -1 as x is positive, zero or negative; 0 for NaN. sgn() does the same for complex numbers.", "weft.tensor([3., 0., -2.])", "tensor([ 1.,  0., -1.])")
WEFT_UNARY(Square,       "square",      Same,  Input,   Fused,    0, x * x,                            g * (x * K(2.0)),
    "x * x; of bools as int64.", "weft.tensor([1., -3.])", "tensor([1., 9.])")
WEFT_UNARY(Floor,        "floor",       Same,  Zero,    Composed, 0, floor(x),                         g,
    "The largest integer that is not above x, in the dtype of x.", "weft.tensor([1.5, -1.5])", "tensor([ 1., -2.])")
WEFT_UNARY(Ceil,         "ceil",        Same,  Zero,    Composed, 0, ceil(x),                          g,
    "The smallest integer that is not below x, in the dtype of x.", "weft.tensor([1.5, -1.5])", "tensor([ 2., -1.])")
WEFT_UNARY(Round,        "round",       Same,  Zero,    Composed, 0, round(x),                         g,
    "x rounded to the nearest integer, or to `decimals` places behind the point (before it if negative): ties go to the even one. Integers take no decimals but 0.", "weft.tensor([0.5, 1.5, 1.7])", "tensor([0., 2., 2.])")
WEFT_UNARY(Trunc,        "trunc",       Same,  Zero,    Composed, 0, trunc(x),                         g,
    "x without its fraction, in the dtype of x: rounded towards 0.", "weft.tensor([1.5, -1.5])", "tensor([ 1., -1.])")
WEFT_UNARY(Frac,         "frac",        Same,  Nothing, Composed, 0, x - trunc(x),                     g,
    "x - trunc(x): the fraction, with the sign of x. 0 for integers.", "weft.tensor([1.5, -1.5])", "tensor([ 0.5000, -0.5000])")
WEFT_UNARY(Relu,         "relu",        Same,  Output,  Fused,    0, select(x < K(0.0), K(0.0), x),    select(y <= K(0.0), K(0.0), g),
    "max(x, 0); NaN stays (Nair and Hinton, 2010).", "weft.tensor([1.5, -1.5])", "tensor([1.5000, 0.0000])")
WEFT_UNARY(IsNan,        "isnan",       Bool,  Never,   Composed, 0, is_nan(x),                        g,
    "Is x, or a part of a complex x, NaN?", "weft.tensor([1., float('nan')])", "tensor([False,  True])")
WEFT_UNARY(IsInf,        "isinf",       Bool,  Never,   Composed, 0, is_inf(x),                        g,
    "Is x, or a part of a complex x, infinite?", "weft.tensor([1., float('-inf')])", "tensor([False,  True])")
WEFT_UNARY(IsFinite,     "isfinite",    Bool,  Never,   Composed, 0, !is_inf(x) && !is_nan(x),         g,
    "Is x, or are both parts of a complex x, neither infinite nor NaN?", "weft.tensor([1., float('inf')])", "tensor([ True, False])")
WEFT_UNARY(SignBit,      "signbit",     Bool,  Never,   Composed, 0, sign_bit(x),                      g,
    "Is x negative? -0. is; unsigned integers and bools never are.", "weft.tensor([1., -0., -2.])", "tensor([False,  True,  True])")
WEFT_UNARY(BitwiseNot,   "bitwise_not", Same,  Never,   Composed, 1, bit_not(x),                       g,
    "", "", "")
WEFT_UNARY(LogicalNot,   "logical_not", Bool,  Never,   Composed, 0, x == K(0.0),                      g,
    "Is x equal to 0?", "weft.tensor([0., 2.])", "tensor([ True, False])")
WEFT_UNARY(Exp,          "exp",         Float, Output,  Composed, 0, exp(x),                           g * y,
    "e^x.", "weft.tensor([0., 1.])", "tensor([1.0000, 2.7183])")
WEFT_UNARY(Exp2,         "exp2",        Float, Output,  Fused,    0, exp2(x),                          g * y * K(kLn2),
    "2^x.", "weft.tensor([0., 3.])", "tensor([1., 8.])")
WEFT_UNARY(Expm1,        "expm1",       Float, Output,  Fused,    0, expm1(x),                         g * (y + K(1.0)),
    "e^x - 1, without the digits that this difference loses near x = 0.", "weft.tensor([0., 1.])", "tensor([0.0000, 1.7183])")
WEFT_UNARY(Log,          "log",         Float, Input,   Composed, 0, log(x),                           g / x,
    "The natural logarithm of x: -inf for 0, NaN below, and of complex numbers with an angle in (-pi, pi].", "weft.tensor([1., 2.])", "tensor([0.0000, 0.6931])")
WEFT_UNARY(Log2,         "log2",        Float, Input,   Fused,    0, log2(x),                          g / (x * K(kLn2)),
    "The logarithm of x to base 2: -inf for 0, NaN below.", "weft.tensor([1., 8.])", "tensor([0., 3.])")
WEFT_UNARY(Log10,        "log10",       Float, Input,   Fused,    0, log10(x),                         g / (x * K(kLn10)),
    "The logarithm of x to base 10: -inf for 0, NaN below.", "weft.tensor([1., 100.])", "tensor([0., 2.])")
WEFT_UNARY(Log1p,        "log1p",       Float, Input,   Fused,    0, log1p(x),                         g / (x + K(1.0)),
    "log(1 + x), without the digits that this sum loses near x = 0: -inf for -1, NaN below.", "weft.tensor([0., 1.])", "tensor([0.0000, 0.6931])")
WEFT_UNARY(Sqrt,         "sqrt",        Float, Output,  Fused,    0, sqrt(x),                          g / (y * K(2.0)),
    "The square root of x: NaN below 0, and of complex numbers the root whose real part is not negative.", "weft.tensor([4., 2.])", "tensor([2.0000, 1.4142])")
WEFT_UNARY(Rsqrt,        "rsqrt",       Float, Output,  Fused,    0, K(1.0) / sqrt(x),                 g * (y * y * y) * K(-0.5),
    "1 / sqrt(x): inf for 0, NaN below.", "weft.tensor([4., 2.])", "tensor([0.5000, 0.7071])")
WEFT_UNARY(Reciprocal,   "reciprocal",  Float, Output,  Fused,    0, K(1.0) / x,                       -(g * (y * y)),
    "1 / x, infinite for 0.", "weft.tensor([4., -2.])", "tensor([ 0.2500, -0.5000])")
WEFT_UNARY(Sin,          "sin",         Float, Input,   Fused,    0, sin(x),                           g * cos(x),
    "The sine of x radians.", "weft.tensor([0., 1.])", "tensor([0.0000, 0.8415])")
WEFT_UNARY(Cos,          "cos",         Float, Input,   Fused,    0, cos(x),                           -(g * sin(x)),
    "The cosine of x radians.", "weft.tensor([0., 1.])", "tensor([1.0000, 0.5403])")
WEFT_UNARY(Tan,          "tan",         Float, Output,  Fused,    0, tan(x),                           g * (y * y + K(1.0)),
    "The tangent of x radians.", "weft.tensor([0., 1.])", "tensor([0.0000, 1.5574])")
WEFT_UNARY(Asin,         "asin",        Float, Input,   Fused,    0, asin(x),                          g / (sqrt(-(x - K(1.0))) * sqrt(x - K(-1.0))),
    "The angle in [-pi/2, pi/2] whose sine is x: NaN outside of [-1, 1].", "weft.tensor([0., 1.])", "tensor([0.0000, 1.5708])")
WEFT_UNARY(Acos,         "acos",        Float, Input,   Fused,    0, acos(x),                          -(g / (sqrt(-(x - K(1.0))) * sqrt(x - K(-1.0)))),
    "The angle in [0, pi] whose cosine is x: NaN outside of [-1, 1].", "weft.tensor([0., 1.])", "tensor([1.5708, 0.0000])")
WEFT_UNARY(Atan,         "atan",        Float, Input,   Fused,    0, atan(x),                          g / (x * x + K(1.0)),
    "The angle in (-pi/2, pi/2) whose tangent is x.", "weft.tensor([0., 1.])", "tensor([0.0000, 0.7854])")
WEFT_UNARY(Sinh,         "sinh",        Float, Input,   Fused,    0, sinh(x),                          g * cosh(x),
    "(e^x - e^-x) / 2, the hyperbolic sine.", "weft.tensor([0., 1.])", "tensor([0.0000, 1.1752])")
WEFT_UNARY(Cosh,         "cosh",        Float, Input,   Fused,    0, cosh(x),                          g * sinh(x),
    "(e^x + e^-x) / 2, the hyperbolic cosine.", "weft.tensor([0., 1.])", "tensor([1.0000, 1.5431])")
WEFT_UNARY(Tanh,         "tanh",        Float, Output,  Fused,    0, tanh(x),                          g * (K(1.0) - y * y),
    "sinh(x) / cosh(x), the hyperbolic tangent.", "weft.tensor([0., 1.])", "tensor([0.0000, 0.7616])")
WEFT_UNARY(Asinh,        "asinh",       Float, Input,   Fused,    0, asinh(x),                         g / sqrt(x * x + K(1.0)),
    "log(x + sqrt(x^2 + 1)), which inverts sinh().", "weft.tensor([0., 1.])", "tensor([0.0000, 0.8814])")
WEFT_UNARY(Acosh,        "acosh",       Float, Input,   Fused,    0, acosh(x),                         g / (sqrt(x - K(1.0)) * sqrt(x - K(-1.0))),
    "log(x + sqrt(x^2 - 1)), which inverts cosh(): NaN below 1.", "weft.tensor([1., 2.])", "tensor([0.0000, 1.3170])")
WEFT_UNARY(Atanh,        "atanh",       Float, Input,   Fused,    0, atanh(x),                         g / (K(1.0) - x * x),
    "log((1 + x) / (1 - x)) / 2, which inverts tanh(): infinite for -1 and 1, NaN beyond.", "weft.tensor([0., 0.5])", "tensor([0.0000, 0.5493])")
WEFT_UNARY(Erf,          "erf",         Float, Input,   Fused,    0, erf(x),                           g * (exp(-(x * x)) * K(kTwoOverSqrtPi)),
    "The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.", "weft.tensor([0., 1.])", "tensor([0.0000, 0.8427])")
WEFT_UNARY(Erfc,         "erfc",        Float, Input,   Fused,    0, erfc(x),                          g * (exp(-(x * x)) * K(-kTwoOverSqrtPi)),
    "1 - erf(x), without the digits that this difference loses for large x.", "weft.tensor([0., 1.])", "tensor([1.0000, 0.1573])")
WEFT_UNARY(Erfinv,       "erfinv",      Float, Input,   Fused,    0, erfinv(x),                        g * (exp(erfinv(x) * erfinv(x)) * K(kHalfSqrtPi)),
    "The number whose erf() is x: infinite for -1 and 1, NaN beyond.", "weft.tensor([0., 0.5])", "tensor([0.0000, 0.4769])")
WEFT_UNARY(Sigmoid,      "sigmoid",     Float, Output,  Fused,    0, sigmoid(x),                       g * (y * (K(1.0) - y)),
    "1 / (1 + e^-x), the logistic function.", "weft.tensor([0., 1.])", "tensor([0.5000, 0.7311])")
WEFT_UNARY(Deg2rad,      "deg2rad",     Float, Nothing, Composed, 0, x * K(0.01745329251994329577),    g * K(0.01745329251994329577),
    "x pi / 180: x degrees in radians.", "weft.tensor([90., 180.])", "tensor([1.5708, 3.1416])")
WEFT_UNARY(Rad2deg,      "rad2deg",     Float, Nothing, Composed, 0, x * K(57.2957795130823208768),    g * K(57.2957795130823208768),
    "180 x / pi: x radians in degrees.", "weft.tensor([0., 1.])", "tensor([ 0.0000, 57.2958])")
WEFT_UNARY(LogSigmoid,   "logsigmoid",  Float, Input,   Fused,    0, -log1p_exp(-x),                   g * sigmoid(-x),
    "log(1 / (1 + e^-x)), finite also where e^-x overflows.", "weft.tensor([0., -200.])", "tensor([  -0.6931, -200.0000])")
WEFT_UNARY(Softsign,     "softsign",    Float, Input,   Fused,    0, x / (abs(x) + K(1.0)),            g / ((abs(x) + K(1.0)) * (abs(x) + K(1.0))),
    "x / (1 + |x|).", "weft.tensor([1., -3.])", "tensor([ 0.5000, -0.7500])")
WEFT_UNARY(Tanhshrink,   "tanhshrink",  Float, Input,   Fused,    0, x - tanh(x),                      g * (tanh(x) * tanh(x)),
    "x - tanh(x).", "weft.tensor([0., 1.])", "tensor([0.0000, 0.2384])")
WEFT_UNARY(Silu,         "silu",        Float, Input,   Fused,    0, x * sigmoid(x),                   g * (sigmoid(x) * (K(1.0) + x * (K(1.0) - sigmoid(x)))),
    "x sigmoid(x), also named swish (Hendrycks and Gimpel, 2016; Ramachandran et al., 2017).", "weft.tensor([1., -1.])", "tensor([ 0.7311, -0.2689])")
WEFT_UNARY(Mish,         "mish",        Float, Input,   Fused,    0, x * tanh(log1p_exp(x)),           g * (tanh(softplus_of(x)) + x * sigmoid(x) * (K(1.0) - tanh(softplus_of(x)) * tanh(softplus_of(x)))),
    "x tanh(log(1 + e^x)) (Misra, 2019).", "weft.tensor([1., -1.])", "tensor([ 0.8651, -0.3034])")
WEFT_UNARY(Gelu,         "gelu",        Float, Input,   Fused,    1, x * normal_cdf(x),                g * (normal_cdf(x) + x * exp(x * x * K(-0.5)) * K(kInvSqrt2Pi)),
    "", "", "")
WEFT_UNARY(GeluTanh,     "gelu_tanh",   Float, Input,   Fused,    1, x * sigmoid(gelu_inner(x) * K(2.0)), g * (sigmoid(gelu_inner(x) * K(2.0)) * (K(1.0) + x * (K(1.0) - sigmoid(gelu_inner(x) * K(2.0))) * (x * x * K(6.0 * kSqrt2OverPi * kGeluCubic) + K(2.0 * kSqrt2OverPi)))),
    "", "", "")
WEFT_UNARY(Elu,          "elu",         Float, Input,   Fused,    1, select(x > K(0.0), x, expm1(x) * K(p.a)), select(x > K(0.0), g, g * (exp(x) * K(p.a))),
    "x where it is positive, else alpha (e^x - 1) (Clevert et al., 2015).", "weft.tensor([1., -1.])", "tensor([ 1.0000, -0.6321])")
WEFT_UNARY(Celu,         "celu",        Float, Input,   Fused,    1, select(x > K(0.0), x, expm1(x * K(1.0 / p.a)) * K(p.a)), select(x > K(0.0), g, g * exp(x * K(1.0 / p.a))),
    "x where it is positive, else alpha (e^(x / alpha) - 1) (Barron, 2017).", "weft.tensor([1., -1.])", "tensor([ 1.0000, -0.6321])")
WEFT_UNARY(Selu,         "selu",        Float, Input,   Fused,    0, select(x > K(0.0), x * K(kSeluScale), expm1(x) * K(kSeluScale * kSeluAlpha)), select(x > K(0.0), g * K(kSeluScale), g * (exp(x) * K(kSeluScale * kSeluAlpha))),
    "1.0507 x where x is positive, else 1.0507 * 1.6733 (e^x - 1): the numbers that keep mean 0 and variance 1 (Klambauer et al., 2017).", "weft.tensor([1., -1.])", "tensor([ 1.0507, -1.1113])")
WEFT_UNARY(LeakyRelu,    "leaky_relu",  Float, Input,   Fused,    1, select(x > K(0.0), x, x * K(p.a)),  select(x > K(0.0), g, g * K(p.a)),
    "x where it is positive, else negative_slope x (Maas et al., 2013).", "weft.tensor([1., -1.])", "tensor([ 1.0000, -0.0100])")
WEFT_UNARY(Softplus,     "softplus",    Float, Input,   Fused,    2, select(x * K(p.a) > K(p.b), x, log1p_exp(x * K(p.a)) * K(1.0 / p.a)), select(x * K(p.a) > K(p.b), g, g * sigmoid(x * K(p.a))),
    "log(1 + e^(beta x)) / beta, and x itself where beta x is above threshold.", "weft.tensor([0., 30.])", "tensor([ 0.6931, 30.0000])")
WEFT_UNARY(Hardsigmoid,  "hardsigmoid", Float, Input,   Fused,    0, clamp_value(x * K(1.0 / 6.0) + K(0.5), Params{0.0, 1.0}), select(abs(x) < K(3.0), g * K(1.0 / 6.0), K(0.0)),
    "x / 6 + 1 / 2, limited to [0, 1] (Howard et al., 2019).", "weft.tensor([-4., 1.5])", "tensor([0.0000, 0.7500])")
WEFT_UNARY(Hardswish,    "hardswish",   Float, Input,   Fused,    0, x * clamp_value(x * K(1.0 / 6.0) + K(0.5), Params{0.0, 1.0}), select(x >= K(3.0), g, select(x <= K(-3.0), K(0.0), g * (x * K(1.0 / 3.0) + K(0.5)))),
    "x times x / 6 + 1 / 2, the latter limited to [0, 1] (Howard et al., 2019).", "weft.tensor([-1.5, 4.])", "tensor([-0.3750,  4.0000])")
WEFT_UNARY(Softshrink,   "softshrink",  Float, Input,   Fused,    1, select(x > K(p.a), x - K(p.a), select(x < K(-p.a), x + K(p.a), x * K(0.0))), select(abs(x) <= K(p.a), K(0.0), g),
    "x moved by lambd towards 0, and 0 where |x| is not above lambd.", "weft.tensor([2., 0.25])", "tensor([1.5000, 0.0000])")
WEFT_UNARY(Hardshrink,   "hardshrink",  Float, Input,   Fused,    1, select(abs(x) <= K(p.a), K(0.0), x), select(abs(x) <= K(p.a), K(0.0), g),
    "x where |x| is above lambd, else 0.", "weft.tensor([2., -0.25])", "tensor([2., 0.])")
WEFT_UNARY(Threshold,    "threshold",   Same,  Input,   Fused,    2, select(x <= K(p.a), K(p.b), x),   select(x <= K(p.a), K(0.0), g),
    "x where it is above threshold, else value.", "weft.tensor([2., -1.])", "tensor([2., 0.])")
WEFT_UNARY(Clamp,        "clamp",       Same,  Input,   Fused,    2, clamp_value(x, p),                select(x >= K(p.a), select(x <= K(p.b), g, K(0.0)), K(0.0)),
    "", "", "")
WEFT_UNARY(Hardtanh,     "hardtanh",    Same,  Input,   Fused,    2, clamp_value(x, p),                select(x <= K(p.a), K(0.0), select(x >= K(p.b), K(0.0), g)),
    "x limited to [min_val, max_val]; NaN stays.", "weft.tensor([0.5, -3.])", "tensor([ 0.5000, -1.0000])")
WEFT_UNARY(NanToNum,     "nan_to_num",  Same,  Input,   Fused,    3, nan_to_num_value(x, p),           select((x - x) == K(0.0), g, K(0.0)),
    "", "", "")
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

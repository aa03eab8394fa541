// The elementwise functions of two tensors, each written once: formula f, and the derivatives da and db that map the
// gradient g of the result y to those of the arguments a and b. `*_keeps` says what each derivative reads.
#pragma once

#include "kernels/scalar/unary.h"

namespace weft::scalar {

// Arithmetic: the promoted dtype. Divided: floating point. Bool: the result is bool. Integer: integers and bool only.
enum class BinaryResult : uint8_t { Arithmetic, Divided, Bool, Integer };
enum : uint8_t { kA = 1, kB = 2, kY = 4 };

// The docs are as in WEFT_UNARY.
#define WEFT_BINARY(Name, text, result_, diff_, a_keeps_, b_keeps_, F, DA, DB, doc_, given_, other_, printed_)        \
  struct Name {                                                                                                       \
    static constexpr const char *name = text, *doc = doc_, *given = given_, *other = other_, *printed = printed_;     \
    static constexpr BinaryResult result = BinaryResult::result_;                                                     \
    static constexpr bool differentiable = diff_;                                                                     \
    static constexpr uint8_t a_keeps = a_keeps_, b_keeps = b_keeps_;                                                  \
    template <class T>                                                                                                \
    static WEFT_INLINE auto f(T a, T b, [[maybe_unused]] const Params& p) {                                           \
      return F;                                                                                                       \
    }                                                                                                                 \
    template <class T, class A, class B>                                                                              \
    static auto da(const T& g, [[maybe_unused]] const A& a, [[maybe_unused]] const B& b, [[maybe_unused]] const T& y, \
                   [[maybe_unused]] const Params& p) {                                                                \
      return DA;                                                                                                      \
    }                                                                                                                 \
    template <class T, class A, class B>                                                                              \
    static auto db(const T& g, [[maybe_unused]] const A& a, [[maybe_unused]] const B& b, [[maybe_unused]] const T& y, \
                   [[maybe_unused]] const Params& p) {                                                                \
      return DB;                                                                                                      \
    }                                                                                                                 \
  };

// Python's rules: the quotient rounds down, the remainder has the sign of the divisor. Integers: by zero gives 0 here;
// the op has checked for it.
WEFT_INLINE int64_t divide(int64_t a, int64_t b) { return b == 0 ? 0 : b == -1 ? 0 - a : a / b; }
WEFT_INLINE uint64_t divide(uint64_t a, uint64_t b) { return b == 0 ? 0 : a / b; }
template <class T>
WEFT_INLINE T divide(T a, T b) {
  return a / b;
}
WEFT_INLINE int64_t fmod(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }
WEFT_INLINE int64_t remainder_of(int64_t a, int64_t b) {
  int64_t r = fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
WEFT_INLINE uint64_t fmod(uint64_t a, uint64_t b) { return b == 0 ? 0 : a % b; }
WEFT_INLINE uint64_t remainder_of(uint64_t a, uint64_t b) { return fmod(a, b); }
template <class T>
WEFT_INLINE T remainder_of(T a, T b) {
  T r = fmod(a, b);
  return r != T(0) && (r < T(0)) != (b < T(0)) ? r + b : r;
}
WEFT_INLINE int64_t floor_quotient(int64_t a, int64_t b) {
  int64_t q = divide(a, b);
  return b != 0 && (fmod(a, b) != 0) && ((a < 0) != (b < 0)) ? q - 1 : q;
}
WEFT_INLINE uint64_t floor_quotient(uint64_t a, uint64_t b) { return divide(a, b); }
template <class T>
WEFT_INLINE T floor_quotient(T a, T b) {
  // (a - remainder) / b is exact up to rounding, where floor(a / b) may be one off.
  T r = fmod(a, b);
  T q = (a - r) / b;
  q = r != T(0) && (r < T(0)) != (b < T(0)) ? q - T(1) : q;
  T f = floor(q);
  f = q - f > T(0.5) ? f + T(1) : f;
  return b == T(0) ? a / b : f;
}
template <class T>
WEFT_INLINE T trunc_quotient(T a, T b) {
  return trunc(divide(a, b));
}
WEFT_INLINE uint64_t pow(uint64_t base, uint64_t exponent) {
  uint64_t result = 1;
  for (; exponent; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}
WEFT_INLINE int64_t pow(int64_t a, int64_t b) {
  if (b < 0) return a == 1 ? 1 : a == -1 ? ((b & 1) ? -1 : 1) : 0;
  return static_cast<int64_t>(pow(static_cast<uint64_t>(a), static_cast<uint64_t>(b)));
}
// NaN wins.
template <class T>
WEFT_INLINE T larger(T a, T b) {
  return a != a ? a : b != b ? b : a > b ? a : b;
}
template <class T>
WEFT_INLINE T smaller(T a, T b) {
  return a != a ? a : b != b ? b : a < b ? a : b;
}
// NaN loses.
template <class T>
WEFT_INLINE T larger_number(T a, T b) {
  return a != a ? b : b != b ? a : a > b ? a : b;
}
template <class T>
WEFT_INLINE T smaller_number(T a, T b) {
  return a != a ? b : b != b ? a : a < b ? a : b;
}
template <class T>
WEFT_INLINE T x_log_y(T x, T y) {
  return y != y ? y : x == T(0) ? T(0) : x * log(y);
}
template <class T>
WEFT_INLINE T log_add_exp(T a, T b) {
  T m = a > b ? a : b;
  bool infinite = is_inf(a) && a == b;
  return infinite ? a : a != a || b != b ? a + b : m + log1p(exp(-abs(a - b)));
}
// Logarithms of probabilities are not below -100, so that a wrong certainty costs a finite amount.
template <class T>
WEFT_INLINE T log_above(T log_of) {
  return log_of < T(-100) ? T(-100) : log_of;
}
// Of the probability p and the target t.
template <class T>
WEFT_INLINE T cross_entropy_of(T p, T t) {
  return (t - T(1)) * log_above(log1p(-p)) - t * log_above(log(p));
}
WEFT_INLINE int64_t copysign(int64_t a, int64_t b) { return (a < 0) != (b < 0) ? -a : a; }
WEFT_INLINE int64_t shift_left(int64_t a, int64_t b) {
  return b < 0 || b > 63 ? 0 : static_cast<int64_t>(static_cast<uint64_t>(a) << b);
}
WEFT_INLINE int64_t shift_right(int64_t a, int64_t b) { return b < 0 || b > 63 ? (a < 0 ? -1 : 0) : a >> b; }
WEFT_INLINE uint64_t shift_left(uint64_t a, uint64_t b) { return b > 63 ? 0 : a << b; }
WEFT_INLINE uint64_t shift_right(uint64_t a, uint64_t b) { return b > 63 ? 0 : a >> b; }
// The bitwise formulas are only ever used with integers.
#define WEFT_INTEGER_ONLY(name, expression)                                \
  WEFT_INLINE int64_t name(int64_t a, int64_t b) { return expression; }    \
  WEFT_INLINE uint64_t name(uint64_t a, uint64_t b) { return expression; } \
  WEFT_INLINE float name(float a, float) { return a; }                     \
  WEFT_INLINE double name(double a, double) { return a; }
WEFT_INTEGER_ONLY(bit_and, a& b)
WEFT_INTEGER_ONLY(bit_or, a | b)
WEFT_INTEGER_ONLY(bit_xor, a ^ b)
WEFT_INTEGER_ONLY(bit_left, shift_left(a, b))
WEFT_INTEGER_ONLY(bit_right, shift_right(a, b))
#undef WEFT_INTEGER_ONLY
// Functions of floating point numbers only.
#define WEFT_NO_INTEGERS(name)                               \
  WEFT_INLINE int64_t name(int64_t a, int64_t) { return a; } \
  WEFT_INLINE uint64_t name(uint64_t a, uint64_t) { return a; }
WEFT_NO_INTEGERS(atan2)
WEFT_NO_INTEGERS(hypot)
WEFT_NO_INTEGERS(x_log_y)
WEFT_NO_INTEGERS(log_add_exp)
WEFT_NO_INTEGERS(cross_entropy_of)
#undef WEFT_NO_INTEGERS

#define K(v) lit<T>(v)
// clang-format off
//          type            name                 result      diff   da reads     db reads     f(a, b)                 da(g, a, b, y), db(g, a, b, y)
//  doc, given, other, printed
WEFT_BINARY(Add,            "add",               Arithmetic, true,  0,           0,           a + b,                  g, g,
    "input + alpha * other. Either may be a number; of bools it is logical or. Raises RuntimeError for a fractional alpha beside integers.", "weft.tensor([1., 2.])", "weft.tensor([3., 5.])", "tensor([4., 7.])")
WEFT_BINARY(Sub,            "sub",               Arithmetic, true,  0,           0,           a - b,                  g, -g,
    "input - alpha * other. Either may be a number. Raises RuntimeError for bools, and for a fractional alpha beside integers.", "weft.tensor([1., 2.])", "weft.tensor([3., 5.])", "tensor([-2., -3.])")
WEFT_BINARY(Mul,            "mul",               Arithmetic, true,  kB,          kA,          a * b,                  g * b, g * a,
    "input * other. Either may be a number.", "weft.tensor([1., 2.])", "weft.tensor([3., 5.])", "tensor([ 3., 10.])")
WEFT_BINARY(Div,            "div",               Divided,    true,  kB,          kA | kB,     a / b,                  g / b, -(g * ((a / b) / b)),
    "input / other. Either may be a number. rounding_mode 'floor' rounds the quotient down, 'trunc' towards 0: then that of integers is an integer. Raises RuntimeError for another rounding_mode, and for a rounded quotient of integers by 0.", "weft.tensor([1., 2.])", "weft.tensor([2., -4.])", "tensor([ 0.5000, -0.5000])")
WEFT_BINARY(FloorDivide,    "floor_divide",      Arithmetic, false, 0,           0,           floor_quotient(a, b),   g, g,
    "input / other rounded down, which is Python's //. Either may be a number. Raises RuntimeError for integers divided by 0.", "weft.tensor([7., -7.])", "weft.tensor([2., 2.])", "tensor([ 3., -4.])")
WEFT_BINARY(DivFloor,       "div_floor",         Arithmetic, true,  0,           0,           floor_quotient(a, b),   no_gradient(g), no_gradient(g),
    "", "", "", "")
WEFT_BINARY(TruncDivide,    "trunc_divide",      Arithmetic, true,  0,           0,           trunc_quotient(a, b),   no_gradient(g), no_gradient(g),
    "", "", "", "")
WEFT_BINARY(Remainder,      "remainder",         Arithmetic, true,  0,           kA | kB,     remainder_of(a, b),     g, -(g * floor_divide(a, b)),
    "input - other * floor_divide(input, other), which is Python's %: it has the sign of other. Either may be a number. Raises RuntimeError for integers divided by 0.", "weft.tensor([7., -7.])", "weft.tensor([4., 4.])", "tensor([3., 1.])")
WEFT_BINARY(Fmod,           "fmod",              Arithmetic, true,  0,           kA | kB,     fmod(a, b),             g, -(g * trunc_divide(a, b)),
    "What is left of input after other is taken away as often as it fits, as C's fmod() does: it has the sign of input. Raises RuntimeError for integers divided by 0.", "weft.tensor([7., -7.])", "weft.tensor([4., 4.])", "tensor([ 3., -3.])")
WEFT_BINARY(Pow,            "pow",               Arithmetic, true,  kA | kB,     kA | kB | kY, pow(a, b),             pow_da(g, a, b), pow_db(g, a, b, y),
    "input to the power of exponent. Either may be a number. Integers to the negative integers of a tensor are rounded towards 0. Raises RuntimeError for integers to a negative number.", "weft.tensor([2., 3.])", "weft.tensor([3., -1.])", "tensor([8.0000, 0.3333])")
WEFT_BINARY(Maximum,        "maximum",           Arithmetic, true,  kA | kB,     kA | kB,     larger(a, b),           tie_shared(g, a < b, a == b), tie_shared(g, a > b, a == b),
    "The larger of input and other, NaN where either is. Equal ones get half of the gradient each.", "weft.tensor([1., 5.])", "weft.tensor([3., 2.])", "tensor([3., 5.])")
WEFT_BINARY(Minimum,        "minimum",           Arithmetic, true,  kA | kB,     kA | kB,     smaller(a, b),          tie_shared(g, a > b, a == b), tie_shared(g, a < b, a == b),
    "The smaller of input and other, NaN where either is. Equal ones get half of the gradient each.", "weft.tensor([1., 5.])", "weft.tensor([3., 2.])", "tensor([1., 2.])")
WEFT_BINARY(Fmax,           "fmax",              Arithmetic, true,  kA | kB,     kA | kB,     larger_number(a, b),    select((a >= b) | isnan(b), g, K(0.0)), select((a >= b) | isnan(b), K(0.0), g),
    "The larger of input and other, or the one that is not NaN.", "weft.tensor([1., float('nan')])", "weft.tensor([3., 2.])", "tensor([3., 2.])")
WEFT_BINARY(Fmin,           "fmin",              Arithmetic, true,  kA | kB,     kA | kB,     smaller_number(a, b),   select((a <= b) | isnan(b), g, K(0.0)), select((a <= b) | isnan(b), K(0.0), g),
    "The smaller of input and other, or the one that is not NaN.", "weft.tensor([1., float('nan')])", "weft.tensor([3., 2.])", "tensor([1., 2.])")
WEFT_BINARY(Atan2,          "atan2",             Divided,    true,  kA | kB,     kA | kB,     atan2(a, b),            g * over_norm(b, a, b), -(g * over_norm(a, a, b)),
    "The angle in radians, from -pi to pi, of the point at x = other and y = input.", "weft.tensor([1., 0.])", "weft.tensor([1., -1.])", "tensor([0.7854, 3.1416])")
WEFT_BINARY(Hypot,          "hypot",             Divided,    true,  kA | kY,     kB | kY,     hypot(a, b),            g * (a / one_for_zero(y)), g * (b / one_for_zero(y)),
    "sqrt(input^2 + other^2), finite also where the squares overflow.", "weft.tensor([3., 5.])", "weft.tensor([4., 12.])", "tensor([ 5., 13.])")
WEFT_BINARY(Copysign,       "copysign",          Divided,    true,  kA | kY,     0,           copysign(a, b),         g * (sign(a) * sign(y)), g * K(0.0),
    "|input| with the sign of other; -0. is negative.", "weft.tensor([1., -2.])", "weft.tensor([-0., 3.])", "tensor([-1.,  2.])")
WEFT_BINARY(Xlogy,          "xlogy",             Divided,    true,  kA | kB,     kA | kB,     x_log_y(a, b),          g * select((a == K(0.0)) & (b <= K(0.0)), K(0.0), log(b)), g * (a / b),
    "input * log(other): 0 where input is 0 and other is not NaN.", "weft.tensor([0., 2.])", "weft.tensor([0., 3.])", "tensor([0.0000, 2.1972])")
WEFT_BINARY(Logaddexp,      "logaddexp",         Divided,    true,  kA | kB,     kA | kB,     log_add_exp(a, b),      g * share_of_sum(a, b), g * share_of_sum(b, a),
    "log(e^input + e^other), finite also where the powers overflow.", "weft.tensor([0., 1.])", "weft.tensor([0., 2.])", "tensor([0.6931, 2.3133])")
WEFT_BINARY(ClampMin,       "clamp_min",         Arithmetic, true,  kA | kB,     kA | kB,     larger(b, a),           select(a < b, K(0.0), g), select(a < b, g, K(0.0)),
    "input, or `min` where input is below it; NaN stays.", "weft.tensor([1., 5.])", "weft.tensor([3., 2.])", "tensor([3., 5.])")
WEFT_BINARY(ClampMax,       "clamp_max",         Arithmetic, true,  kA | kB,     kA | kB,     smaller(b, a),          select(a > b, K(0.0), g), select(a > b, g, K(0.0)),
    "input, or `max` where input is above it; NaN stays.", "weft.tensor([1., 5.])", "weft.tensor([3., 2.])", "tensor([1., 2.])")
WEFT_BINARY(BinaryCrossEntropy, "binary_cross_entropy", Divided, true, kA | kB,  kA,          cross_entropy_of(a, b), g * cross_entropy_da(a, b), g * (log_above(log1p(-a)) - log_above(log(a))),
    "", "", "", "")
WEFT_BINARY(Eq,             "eq",                Bool,       false, 0,           0,           a == b,                 g, g,
    "Is input equal to other? NaN equals nothing.", "weft.tensor([1., 2.])", "weft.tensor([1., 3.])", "tensor([ True, False])")
WEFT_BINARY(Ne,             "ne",                Bool,       false, 0,           0,           a != b,                 g, g,
    "Is input another number than other? NaN is another than all.", "weft.tensor([1., 2.])", "weft.tensor([1., 3.])", "tensor([False,  True])")
WEFT_BINARY(Lt,             "lt",                Bool,       false, 0,           0,           a < b,                  g, g,
    "Is input less than other? False where either is NaN.", "weft.tensor([1., 2.])", "weft.tensor([1., 3.])", "tensor([False,  True])")
WEFT_BINARY(Le,             "le",                Bool,       false, 0,           0,           a <= b,                 g, g,
    "Is input less than other or equal? False where either is NaN.", "weft.tensor([1., 4.])", "weft.tensor([1., 3.])", "tensor([ True, False])")
WEFT_BINARY(Gt,             "gt",                Bool,       false, 0,           0,           a > b,                  g, g,
    "Is input greater than other? False where either is NaN.", "weft.tensor([1., 4.])", "weft.tensor([1., 3.])", "tensor([False,  True])")
WEFT_BINARY(Ge,             "ge",                Bool,       false, 0,           0,           a >= b,                 g, g,
    "Is input greater than other or equal? False where either is NaN.", "weft.tensor([1., 2.])", "weft.tensor([1., 3.])", "tensor([ True, False])")
WEFT_BINARY(LogicalAnd,     "logical_and",       Bool,       false, 0,           0,           (a != K(0.0)) && (b != K(0.0)), g, g,
    "Are both, input and other, not 0?", "weft.tensor([1., 2.])", "weft.tensor([0., 3.])", "tensor([False,  True])")
WEFT_BINARY(LogicalOr,      "logical_or",        Bool,       false, 0,           0,           (a != K(0.0)) || (b != K(0.0)), g, g,
    "Is input, other or both not 0?", "weft.tensor([0., 2.])", "weft.tensor([0., 3.])", "tensor([False,  True])")
WEFT_BINARY(LogicalXor,     "logical_xor",       Bool,       false, 0,           0,           (a != K(0.0)) != (b != K(0.0)), g, g,
    "Is just one of input and other not 0?", "weft.tensor([1., 2.])", "weft.tensor([0., 3.])", "tensor([ True, False])")
WEFT_BINARY(BitwiseAnd,     "bitwise_and",       Integer,    false, 0,           0,           bit_and(a, b),          g, g,
    "The bits that are set in both, input and other; of bools logical and.", "weft.tensor([6, 5])", "weft.tensor([3, 2])", "tensor([2, 0])")
WEFT_BINARY(BitwiseOr,      "bitwise_or",        Integer,    false, 0,           0,           bit_or(a, b),           g, g,
    "The bits that are set in input, other or both; of bools logical or.", "weft.tensor([6, 5])", "weft.tensor([3, 2])", "tensor([7, 7])")
WEFT_BINARY(BitwiseXor,     "bitwise_xor",       Integer,    false, 0,           0,           bit_xor(a, b),          g, g,
    "The bits that are set in just one of input and other; of bools logical xor.", "weft.tensor([6, 5])", "weft.tensor([3, 2])", "tensor([5, 7])")
WEFT_BINARY(LeftShift,      "bitwise_left_shift", Integer,   false, 0,           0,           bit_left(a, b),         g, g,
    "The bits of input moved up by other places, which is input * 2^other while no bit drops out. 0 for a negative other.", "weft.tensor([1, 3])", "weft.tensor([4, 1])", "tensor([16,  6])")
WEFT_BINARY(RightShift,     "bitwise_right_shift", Integer,  false, 0,           0,           bit_right(a, b),        g, g,
    "The bits of input moved down by other places, which is input / 2^other rounded down. A negative other moves all of them out.", "weft.tensor([16, -3])", "weft.tensor([4, 1])", "tensor([ 1, -2])")
// clang-format on
#undef K
#undef WEFT_BINARY

using BinaryList =
    EntryList<Add, Sub, Mul, Div, FloorDivide, DivFloor, TruncDivide, Remainder, Fmod, Pow, Maximum, Minimum, Fmax,
              Fmin, Atan2, Hypot, Copysign, Xlogy, Logaddexp, ClampMin, ClampMax, BinaryCrossEntropy, Eq, Ne, Lt, Le,
              Gt, Ge, LogicalAnd, LogicalOr, LogicalXor, BitwiseAnd, BitwiseOr, BitwiseXor, LeftShift, RightShift>;
using ComplexBinaryList = EntryList<Add, Sub, Mul, Div, Pow, Eq, Ne, LogicalAnd, LogicalOr, LogicalXor>;

}  // namespace weft::scalar

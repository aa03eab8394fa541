// Tensor as the number type of the formulas in kernels/scalar/: operators, and what those formulas call beside them.
#pragma once

#include "ops/elementwise.h"

namespace weft {

inline Tensor operator-(const Tensor& x) { return neg(x); }
#define WEFT_OPERATOR(op, name)                                                      \
  inline Tensor operator op(const Tensor& a, const Tensor& b) { return name(a, b); } \
  inline Tensor operator op(const Tensor& a, const Scalar& b) { return name(a, b); } \
  inline Tensor operator op(const Scalar& a, const Tensor& b) { return name(a, b); }
WEFT_OPERATOR(+, add)
WEFT_OPERATOR(-, sub)
WEFT_OPERATOR(*, mul)
WEFT_OPERATOR(/, div)
WEFT_OPERATOR(==, eq)
WEFT_OPERATOR(<, lt)
WEFT_OPERATOR(<=, le)
WEFT_OPERATOR(>, gt)
WEFT_OPERATOR(>=, ge)
WEFT_OPERATOR(&, logical_and)
WEFT_OPERATOR(|, logical_or)
#undef WEFT_OPERATOR

inline Tensor select(const Tensor& c, const Tensor& a, const Tensor& b) { return where(c, a, b); }
inline Tensor select(const Tensor& c, const Tensor& a, const Scalar& b) { return where(c, a, b); }
inline Tensor select(const Tensor& c, const Scalar& a, const Tensor& b) { return where(c, a, b); }
// log(1 + exp(x)) = -logsigmoid(-x)
inline Tensor softplus_of(const Tensor& x) { return -logsigmoid(-x); }
inline Tensor normal_cdf(const Tensor& x) { return erfc(x * Scalar(-0.70710678118654752440)) * Scalar(0.5); }

// d(a^b)/da and /db; a zero exponent gives a zero gradient, also where a^(b-1) is infinite.
inline Tensor pow_da(const Tensor& g, const Tensor& a, const Tensor& b) {
  return where(b == Scalar(0.0), Scalar(0.0), g * (b * pow(a, b - Scalar(1.0))));
}
inline Tensor pow_db(const Tensor& g, const Tensor& a, const Tensor& b, const Tensor& y) {
  return where((a == Scalar(0.0)) & (b >= Scalar(0.0)), Scalar(0.0), g * (y * log(a)));
}

namespace scalar {
template <>
struct Literal<Tensor> {
  static Scalar of(double v) { return Scalar(v); }
};
}  // namespace scalar

}  // namespace weft

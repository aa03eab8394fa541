// Tensor as the number type of the formulas in kernels/scalar/: operators, and what those formulas call beside them.
#pragma once

#include <limits>

#include "ops/complex.h"
#include "ops/creation.h"
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
  return where((a == Scalar(0.0)) & (real(b) >= Scalar(0.0)), Scalar(0.0), g * (y * log(a)));
}
// The gradient where there is none: zero, whatever flows back.
inline Tensor no_gradient(const Tensor& g) { return zeros_like(g); }
// The gradient of one of two operands of which one is chosen; equal ones share it.
inline Tensor tie_shared(const Tensor& g, const Tensor& loses, const Tensor& ties) {
  return where(loses, Scalar(0.0), where(ties, g * Scalar(0.5), g));
}
inline Tensor one_for_zero(const Tensor& x) { return where(x == Scalar(0.0), Scalar(1.0), x); }
// x / (a^2 + b^2) for x = a or b, without overflow; 0 at the origin.
inline Tensor over_norm(const Tensor& x, const Tensor& a, const Tensor& b) {
  Tensor norm = one_for_zero(hypot(a, b));
  return x / norm / norm;
}
// exp(a) / (exp(a) + exp(b)); 0 for a = -inf, also where both are.
inline Tensor share_of_sum(const Tensor& a, const Tensor& b) {
  Scalar none(-std::numeric_limits<double>::infinity());
  return sigmoid(where(a == none, none, a - b));
}
inline Tensor log_above(const Tensor& log_of) { return clamp(log_of, Scalar(-100.0), {}); }
// d/dp of the cross entropy of the probability p and the target t; the divisor keeps it finite for 0 and 1. In a half
// type it would be 0, so that these are computed in float32.
inline Tensor cross_entropy_da(const Tensor& given, const Tensor& t) {
  Tensor p = item_size(given.dtype()) == 2 ? to_dtype(given, DType::Float32) : given;
  return (p - t) / clamp(p * (Scalar(1.0) - p), Scalar(1e-12), {});
}

namespace scalar {
template <>
struct Literal<Tensor> {
  static Scalar of(double v) { return Scalar(v); }
};
}  // namespace scalar

}  // namespace weft

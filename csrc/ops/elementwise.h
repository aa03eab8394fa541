// Elementwise ops. Names, broadcasting and promotion are PyTorch's. A trailing underscore changes the first argument in
// place and returns it.
#pragma once

#include <optional>
#include <string>

#include "core/scalar.h"
#include "kernels/elementwise.h"
#include "tensor/tensor.h"

namespace weft {

class Op;

// The function at a position of scalar::UnaryList (BinaryList). index_in<scalar::Exp>(scalar::UnaryList{}) finds one.
Tensor unary(int function, const Tensor& x, const scalar::Params& params = {});
Tensor unary_(int function, const Tensor& x, const scalar::Params& params = {});
Tensor binary(int function, const Tensor& a, const Tensor& b);
Tensor binary(int function, const Tensor& a, const Scalar& b);
Tensor binary(int function, const Scalar& a, const Tensor& b);
Tensor binary_(int function, const Tensor& a, const Tensor& b);
Tensor binary_(int function, const Tensor& a, const Scalar& b);

// For passes: is the op this function without parameters, or its gradient as one op?
bool is_unary(const Op& op, int function);
bool is_unary_backward(const Op& op, int function);

template <class Entry>
Tensor unary_of(const Tensor& x, const scalar::Params& params = {}) {
  return unary(index_in<Entry>(scalar::UnaryList{}), x, params);
}

#define WEFT_UNARY_FUNCTION(name, Entry) \
  inline Tensor name(const Tensor& x) { return unary_of<scalar::Entry>(x); }
WEFT_UNARY_FUNCTION(neg, Neg)
WEFT_UNARY_FUNCTION(abs, Abs)
WEFT_UNARY_FUNCTION(sign, Sign)
WEFT_UNARY_FUNCTION(square, Square)
WEFT_UNARY_FUNCTION(floor, Floor)
WEFT_UNARY_FUNCTION(ceil, Ceil)
WEFT_UNARY_FUNCTION(round, Round)
WEFT_UNARY_FUNCTION(trunc, Trunc)
WEFT_UNARY_FUNCTION(relu, Relu)
WEFT_UNARY_FUNCTION(isnan, IsNan)
WEFT_UNARY_FUNCTION(isinf, IsInf)
WEFT_UNARY_FUNCTION(isfinite, IsFinite)
WEFT_UNARY_FUNCTION(logical_not, LogicalNot)
WEFT_UNARY_FUNCTION(exp, Exp)
WEFT_UNARY_FUNCTION(expm1, Expm1)
WEFT_UNARY_FUNCTION(log, Log)
WEFT_UNARY_FUNCTION(log1p, Log1p)
WEFT_UNARY_FUNCTION(sqrt, Sqrt)
WEFT_UNARY_FUNCTION(rsqrt, Rsqrt)
WEFT_UNARY_FUNCTION(reciprocal, Reciprocal)
WEFT_UNARY_FUNCTION(sin, Sin)
WEFT_UNARY_FUNCTION(cos, Cos)
WEFT_UNARY_FUNCTION(sinh, Sinh)
WEFT_UNARY_FUNCTION(cosh, Cosh)
WEFT_UNARY_FUNCTION(tanh, Tanh)
WEFT_UNARY_FUNCTION(erfc, Erfc)
WEFT_UNARY_FUNCTION(erfinv, Erfinv)
WEFT_UNARY_FUNCTION(sigmoid, Sigmoid)
WEFT_UNARY_FUNCTION(logsigmoid, LogSigmoid)
WEFT_UNARY_FUNCTION(silu, Silu)
#undef WEFT_UNARY_FUNCTION
// For bool the logical, for integers the bitwise complement; raises TypeError for floating point.
Tensor bitwise_not(const Tensor& x);
// approximate: "none" (erf) or "tanh".
Tensor gelu(const Tensor& x, const std::string& approximate = "none");
// Raises RuntimeError when neither bound is given. Gradient is 1 between the bounds, also on them.
Tensor clamp(const Tensor& x, std::optional<Scalar> min, std::optional<Scalar> max);

#define WEFT_BINARY_FUNCTION(name, Entry)                                \
  inline Tensor name(const Tensor& a, const Tensor& b) {                 \
    return binary(index_in<scalar::Entry>(scalar::BinaryList{}), a, b);  \
  }                                                                      \
  inline Tensor name(const Tensor& a, const Scalar& b) {                 \
    return binary(index_in<scalar::Entry>(scalar::BinaryList{}), a, b);  \
  }                                                                      \
  inline Tensor name(const Scalar& a, const Tensor& b) {                 \
    return binary(index_in<scalar::Entry>(scalar::BinaryList{}), a, b);  \
  }                                                                      \
  inline Tensor name##_(const Tensor& a, const Tensor& b) {              \
    return binary_(index_in<scalar::Entry>(scalar::BinaryList{}), a, b); \
  }                                                                      \
  inline Tensor name##_(const Tensor& a, const Scalar& b) {              \
    return binary_(index_in<scalar::Entry>(scalar::BinaryList{}), a, b); \
  }
// clang-format off
#define WEFT_BINARY_FUNCTIONS(X)                                                                                   \
  X(add, Add) X(sub, Sub) X(mul, Mul) X(div, Div) X(floor_divide, FloorDivide) X(div_floor, DivFloor)              \
  X(trunc_divide, TruncDivide) X(clamp_min, ClampMin) X(clamp_max, ClampMax)                                       \
  X(remainder, Remainder) X(fmod, Fmod) X(pow, Pow) X(maximum, Maximum) X(minimum, Minimum) X(fmax, Fmax)          \
  X(fmin, Fmin) X(atan2, Atan2) X(hypot, Hypot) X(copysign, Copysign) X(xlogy, Xlogy) X(logaddexp, Logaddexp)      \
  X(eq, Eq) X(ne, Ne) X(lt, Lt) X(le, Le) X(gt, Gt) X(ge, Ge)                                                      \
  X(logical_and, LogicalAnd) X(logical_or, LogicalOr) X(logical_xor, LogicalXor)                                   \
  X(bitwise_and, BitwiseAnd) X(bitwise_or, BitwiseOr) X(bitwise_xor, BitwiseXor)                                   \
  X(bitwise_left_shift, LeftShift) X(bitwise_right_shift, RightShift)
// clang-format on
WEFT_BINARY_FUNCTIONS(WEFT_BINARY_FUNCTION)
#undef WEFT_BINARY_FUNCTIONS
#undef WEFT_BINARY_FUNCTION

// condition ? a : b; condition must be bool.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
Tensor where(const Tensor& condition, const Tensor& a, const Scalar& b);
Tensor where(const Tensor& condition, const Scalar& a, const Tensor& b);

// A 0-dim tensor.
Tensor scalar_tensor(const Scalar& value, DType dtype, Device device);

// The tensor in another dtype; itself when it has that dtype already.
// The values in another dtype. Raises where that would drop imaginary parts: of what a program converts itself,
// converted() leaves the real part.
Tensor to_dtype(const Tensor& x, DType dtype);
Tensor converted(const Tensor& x, DType dtype);
// Copies src, broadcast and converted, over dst.
// On another device, with a gradient. `non_blocking`: the copy from or to pinned host memory goes on by itself.
Tensor to_device(const Tensor& x, Device device, bool non_blocking = false);
// Contiguous and in host memory, without history: for values that the host has to look at.
Tensor on_host(const Tensor& x);
// src may live on another device.
Tensor copy_(const Tensor& dst, const Tensor& src, bool non_blocking = false);
Tensor fill_(const Tensor& dst, const Scalar& value);
// A new tensor with x's values; dense strides of x are kept.
Tensor clone(const Tensor& x);
// x itself when it has these strides, those of a dense tensor of its shape; else a copy that has. Strides of dimensions
// of size 1 do not matter.
Tensor laid_out(const Tensor& x, const Strides& strides);
// x itself when it is contiguous, else a contiguous copy.
Tensor contiguous(const Tensor& x);
inline Tensor contiguous_or_none(const Tensor& x) { return x.defined() ? contiguous(x) : Tensor(); }

}  // namespace weft

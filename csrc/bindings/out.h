// The out= argument: writes a finished result into a tensor that the caller gave.
#pragma once

#include "bindings/bindings.h"
#include "op/output_target.h"
#include "ops/elementwise.h"

namespace weft::python {

// Gives `out` another shape, in memory of its own. An empty tensor takes it silently, another with a UserWarning if
// nobody else sees its memory: views would go on looking at the old one. Else RuntimeError.
void resize_out(const char* op, const Tensor& out, const Shape& shape);

// Raises RuntimeError where autograd would have to record that out= is written.
inline void check_out(const char* op, const Tensor& out, bool result_requires_grad) {
  check(!GradMode::enabled() || (!result_requires_grad && !out.requires_grad()), op,
        ": out= cannot be used with tensors that require grad; call it under weft.no_grad()");
}

// Returns `result`, or, when `out` is given, `out` with the result in it, resized where it has another shape. out must
// have a dtype that can hold the result; it is checked before it is written.
Tensor write_out(const char* op, const Tensor& result, const Tensor& out);

template <class F>
Tensor write_out(const char* op, const Tensor& out, F compute) {
  return write_out(op, compute(), out);
}

// The same of the result of compute(), of that shape, whose op runs straight into out where that gives the same. For
// functions that raise no error once their op has begun: out would have lost its values. Integers are left out, whose
// divisions may raise.
template <class F>
Tensor compute_into(const char* op, const Tensor& out, const Shape& shape, F compute) {
  if (!out.defined()) return compute();
  if (!out_is_apart() || !(is_inexact(out.dtype()) || out.dtype() == DType::Bool) || out.shape() != shape)
    return write_out(op, compute(), out);
  const auto computed = [&] {
    OutputTarget target(out);
    return compute();
  };
  return write_out(op, computed(), out);
}

// The in-place form of a composite: f(self) written over self, if its dtype and shape fit. Where autograd records, f
// sees a copy, so that what it keeps for backward stays as it was; also where only another operand requires grad.
template <class F>
py::object rewrite(const char* op, const py::object& self, F f) {
  const Tensor& x = unwrap(self.ptr());
  const bool recorded = GradMode::enabled() && x.requires_grad();
  Tensor result = f(recorded ? clone(x) : x);
  check(result.shape() == x.shape(), op, "_: the result has shape ", result.shape(),
        ", which does not fit the tensor of shape ", x.shape(), " that is changed in place");
  check(can_cast(result.dtype(), x.dtype()), op, "_: the result has dtype ", result.dtype(),
        ", which cannot be stored in the tensor of dtype ", x.dtype(), " that is changed in place");
  if (!recorded && result.requires_grad()) result = f(clone(x));
  copy_(x, result);
  return self;
}

}  // namespace weft::python

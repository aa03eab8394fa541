// The out= argument: writes a finished result into a tensor that the caller gave.
#pragma once

#include "bindings/bindings.h"
#include "ops/elementwise.h"

namespace weft::python {

// Returns `result`, or, when `out` is given, `out` with the result in it. out must have the result's shape (or be
// empty, and then takes it) and a dtype that can hold it; it is checked before it is written.
inline Tensor write_out(const char* op, const Tensor& result, const Tensor& out) {
  if (!out.defined()) return result;
  check(!GradMode::enabled() || (!result.requires_grad() && !out.requires_grad()), op,
        ": out= cannot be used with tensors that require grad; call it under weft.no_grad()");
  bool fits = out.dtype() == result.dtype() || is_floating(out.dtype()) || !is_floating(result.dtype());
  check(fits && (out.dtype() != DType::Bool || result.dtype() == DType::Bool), op, ": the result has dtype ",
        result.dtype(), ", which cannot be stored in out= of dtype ", out.dtype());
  if (out.shape() != result.shape()) {
    check(out.numel() == 0, op, ": out= has shape ", out.shape(), ", expected ", result.shape());
    Tensor fresh = empty(result.shape(), out.dtype(), out.device());
    TensorImpl& impl = *out.impl();
    impl.storage = fresh.impl()->storage;
    impl.shape = fresh.shape();
    impl.strides = fresh.strides();
    impl.offset = 0;
    impl.numel = fresh.numel();
    impl.contiguous = true;
  }
  copy_(out, result);
  return out;
}

// The in-place form of a composite: f(self) written over self. Where autograd records, f sees a copy, so that what it
// keeps for backward stays as it was; also where only another operand requires grad.
template <class F>
py::object rewrite(const py::object& self, F f) {
  const Tensor& x = unwrap(self.ptr());
  const bool recorded = GradMode::enabled() && x.requires_grad();
  Tensor y = f(recorded ? clone(x) : x);
  if (!recorded && y.requires_grad()) y = f(clone(x));
  copy_(x, y);
  return self;
}

}  // namespace weft::python

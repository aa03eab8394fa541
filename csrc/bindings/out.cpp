#include "bindings/out.h"

#include "op/interpreter.h"

namespace weft::python {

void resize_out(const char* op, const Tensor& out, const Shape& shape) {
  TensorImpl& impl = *out.impl();
  refuse_change_while_tracing("out= of another shape", out);
  if (out.numel() > 0) {
    check(!tracing() && !out.is_view() && impl.storage->use_count() == 1, op, ": out= has shape ", out.shape(),
          ", expected ", shape, "; it cannot be resized, because ",
          tracing() ? "weft.jit does not record that" : "other tensors share its memory");
    const std::string text = concat(op, ": out= has shape ", out.shape(), " and is resized to ", shape,
                                    ", with new memory. Give a tensor of that shape, or an empty one");
    if (PyErr_WarnEx(PyExc_UserWarning, text.c_str(), 1) < 0) throw py::error_already_set();
  }
  const uint32_t version = out.version();
  Tensor fresh = empty(shape, out.dtype(), out.device());
  impl.storage = fresh.impl()->storage;
  impl.storage->reset_version(version);  // goes on: what has saved the tensor for backward sees that it was changed
  impl.shape = fresh.shape();
  impl.strides = fresh.strides();
  impl.offset = 0;
  impl.numel = fresh.numel();
  impl.contiguous = true;
}

Tensor write_out(const char* op, const Tensor& result, const Tensor& out) {
  if (!out.defined()) return result;
  check_out(op, out, result.requires_grad());
  if (is_target(result, out)) {  // it was computed there
    out.impl()->storage->bump_version(op);
    return out;
  }
  check(can_cast(result.dtype(), out.dtype()), op, ": the result has dtype ", result.dtype(),
        ", which cannot be stored in out= of dtype ", out.dtype());
  if (out.shape() != result.shape()) resize_out(op, out, result.shape());
  copy_(out, result);
  return out;
}

}  // namespace weft::python

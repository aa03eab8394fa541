#include "op/output_target.h"

#include <cstdlib>
#include <cstring>

#include "op/grad_mode.h"
#include "op/interpreter.h"

namespace weft {

constinit thread_local OutputTarget* output_target = nullptr;

namespace {

// WEFT_DIRECT_OUT=0: results go to memory of their own and are copied.
bool switched_on() {
  static const bool on = [] {
    const char* text = std::getenv("WEFT_DIRECT_OUT");
    return !text || std::strcmp(text, "0") != 0;
  }();
  return on;
}

}  // namespace

OutputTarget::OutputTarget(const Tensor& target) : before_(output_target) {
  // A transform of the function computes something else than the tensor that was given can hold.
  if (interpreter || !switched_on() || target.requires_grad() || !target.impl()->storage->writable() ||
      (target.impl()->inference && !GradMode::inference()))
    return;
  target_ = target;
  output_target = this;
}

OutputTarget::~OutputTarget() { output_target = before_; }

Tensor OutputTarget::take(const OutputSpec& spec, Device device, Inputs in) {
  Tensor& target = output_target->target_;
  if (!target.defined() || spec.dtype != target.dtype() || device != target.device() || spec.shape != target.shape())
    return {};
  const bool fits = spec.strides.empty() ? target.is_contiguous() : spec.strides == target.strides();
  if (!fits) return {};
  for (int i = 0; i < in.size(); i++) {
    if (!in[i].defined()) continue;
    if (in[i].impl()->storage == target.impl()->storage || (GradMode::enabled() && in[i].requires_grad())) return {};
  }
  // An object of its own, which autograd and inference mode may mark.
  Tensor alias(
      make_ref<TensorImpl>(target.impl()->storage, target.shape(), target.strides(), target.offset(), target.dtype()));
  target = {};
  return alias;
}

bool is_target(const Tensor& t, const Tensor& target) {
  return t.impl()->storage == target.impl()->storage && t.offset() == target.offset() && t.dtype() == target.dtype() &&
         t.shape() == target.shape() && t.strides() == target.strides();
}

}  // namespace weft

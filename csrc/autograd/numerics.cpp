#include "autograd/numerics.h"

#include "op/apply.h"
#include "op/autocast.h"
#include "op/grad_mode.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/reduction.h"

namespace weft {

namespace {

bool holds(const Tensor& flags) {
  const Tensor found = to_device(any(flags), Device{DeviceType::CPU, 0});
  return *static_cast<const bool*>(found.data());
}

}  // namespace

NumericsCheck::Bad NumericsCheck::look(const Tensor& t) {
  if (!t.defined() || !t.has_values() || !(is_real_floating(t.dtype()) || is_complex(t.dtype())) ||
      is_float8(t.dtype()) || t.numel() == 0)
    return {};
  NotTraced now;
  GradModeGuard no_grad(false);
  NoAutocastGuard no_autocast;
  const Tensor values = detach(t);
  if (!holds(logical_not(isfinite(values)))) return {};
  return {holds(isnan(values)), holds(isinf(values))};
}

NumericsCheck::Bad NumericsCheck::look(Inputs in) const {
  Bad all;
  for (int i = 0; i < in.size(); i++) {
    const Bad one = look(in[i]);
    all = {all.nan || one.nan, all.infinite || one.infinite};
  }
  return all;
}

void NumericsCheck::judge(const Op& op, Bad before, Inputs in, const Tensor* out, int outputs) {
  for (int i = 0; i < outputs; i++) {
    const Bad after = look(out[i]);
    // An infinity that the program wrote, as a mask of scores has, is no mistake.
    const bool meant = in.size() == 0 || op.text().find("inf") != std::string::npos;
    const bool nan = after.nan && !before.nan && op.text().find("nan") == std::string::npos;
    const bool infinite = infinities_ && after.infinite && !before.infinite && !before.nan && !meant;
    if (!(nan && in.size() > 0) && !infinite) continue;
    std::string shapes;
    for (int k = 0; k < in.size(); k++)
      if (in[k].defined()) shapes += concat(shapes.empty() ? "" : ", ", in[k].shape());
    found(op, concat(nan ? "NaN" : "infinity", " in a result of shape ", out[i].shape(), " and dtype ", out[i].dtype(),
                     " of inputs of shapes ", shapes,
                     before.infinite ? ", of which some were infinite" : ", which were finite"));
    return;
  }
}

void NumericsCheck::handle(const Op& op, Inputs in, Tensor* out) {
  InterpreterScope outside(next());
  // Inputs are looked at only where there is something to explain: ops that are not in place leave them as they were.
  apply(op, in, out);
  if (op.is_view() || !op.pure()) return;
  bool bad = false;
  for (int i = 0; i < op.num_outputs() && !bad; i++) {
    const Bad one = look(out[i]);
    bad = one.nan || one.infinite;
  }
  if (bad) judge(op, look(in), in, out, op.num_outputs());
}

void NumericsCheck::handle_inplace(const Op& op, Inputs in) {
  InterpreterScope outside(next());
  const Bad before = look(in);
  apply_inplace(op, in);
  if (op.pure()) judge(op, before, in, &in[0], 1);
}

}  // namespace weft

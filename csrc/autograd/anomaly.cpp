#include "autograd/anomaly.h"

#include "op/grad_mode.h"
#include "op/interpreter.h"
#include "ops/elementwise.h"
#include "ops/reduction.h"

namespace weft {

namespace {

bool has_nan(const Tensor& t) {
  if (!t.defined() || !t.has_values() || !is_real_floating(t.dtype())) return false;
  GradModeGuard no_grad(false);
  const Tensor found = to_device(any(isnan(t)), Device{DeviceType::CPU, 0});
  return *static_cast<const bool*>(found.data());
}

// "backward of 'sqrt', which was recorded in model.0 (Linear), train.py:12: y = x.sqrt()"
std::string describe(const Node& node) {
  std::string text = concat("backward of '", node.name(), "'");
  const NodeOrigin* origin = node.origin.get();
  if (!origin) return text + ", which was recorded while anomaly detection was off";
  text += ", which was recorded " + origin->text();
  for (; origin->parent; origin = origin->parent.get())
    text += concat("; by the backward of '", origin->parent_name, "', which was recorded ", origin->parent->text());
  return text;
}

}  // namespace

void backward_watched(Node& node, const Tensor* grad_outputs, Tensor* grad_inputs) {
  try {
    RunningOrigin running(node.origin.get(), node.name());
    node.backward(grad_outputs, grad_inputs);
  } catch (const Error& e) {
    throw Error(e.kind(), concat(e.message(), "; in the ", describe(node)));
  } catch (...) {
    if (node.origin) node.origin->annotate_current_exception(concat("in the ", describe(node)));
    throw;
  }
  if (!anomaly_mode().check_nan) return;
  for (int i = 0; i < node.edges.size(); i++) {
    if (!has_nan(grad_inputs[i])) continue;
    bool nan_came = false;
    for (int k = 0; k < node.outputs.size(); k++) nan_came |= has_nan(grad_outputs[k]);
    fail(describe(node), " gave NaN in the gradient of shape ", grad_inputs[i].shape(), " of its input ", i,
         nan_came ? "; the gradient that it got had NaN already" : "");
  }
}

}  // namespace weft

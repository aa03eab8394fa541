#include <algorithm>

#include "graph/passes/passes.h"
#include "graph/plan_context.h"
#include "op/grad_mode.h"
#include "op/interpreter.h"

namespace weft::graph {

namespace {

// A folded value is kept for as long as the graph; one that is computed in no time (a full tensor, say) is not worth
// more memory than this, unless what it is made from is as large.
constexpr size_t kSmall = 64 << 10;

}  // namespace

void fold_constants(Graph& g) {
  GradModeGuard no_grad(false);
  NotTraced now;
  std::vector<Tensor> known(g.values.size());
  for (const Input& input : g.inputs)
    if (input.constant.defined() && input.constant.has_values())
      known[static_cast<size_t>(input.value)] = input.constant;
  std::vector<Node> kept;
  std::vector<ValueId> same(g.values.size());
  for (size_t v = 0; v < same.size(); v++) same[v] = static_cast<ValueId>(v);
  std::vector<std::pair<ValueId, Tensor>> folded;
  for (Node& node : g.nodes) {
    size_t given = 0, made = 0;
    bool constant = node.op->pure() && !node.outputs.empty();
    for (ValueId v : node.inputs) {
      if (v == kNone) continue;
      constant &= known[static_cast<size_t>(v)].defined();
      given += g.values[static_cast<size_t>(v)].bytes();
    }
    for (ValueId v : node.outputs) {
      const Value& type = g.values[static_cast<size_t>(v)];
      made += type.bytes();
      constant &= type.device.type == DeviceType::CPU;
    }
    if (!constant || made > std::max(kSmall, given)) {
      kept.push_back(std::move(node));
      continue;
    }
    std::vector<Tensor> tensors, out(node.outputs.size());
    for (ValueId v : node.inputs) tensors.push_back(v == kNone ? Tensor() : known[static_cast<size_t>(v)]);
    std::vector<const Tensor*> list;
    for (const Tensor& t : tensors) list.push_back(&t);
    Inputs in(list.data(), static_cast<int>(list.size()));
    if (node.op->is_view()) {
      out[0] = node.op->view(tensors[0]);
    } else {
      for (size_t i = 0; i < out.size(); i++) out[i] = allocate(g.values[static_cast<size_t>(node.outputs[i])]);
      node.op->run(in, out.data());
    }
    for (size_t i = 0; i < out.size(); i++) {
      known[static_cast<size_t>(node.outputs[i])] = out[i];
      folded.emplace_back(node.outputs[i], out[i]);
    }
  }
  g.nodes = std::move(kept);
  for (auto& [value, tensor] : folded) g.inputs.push_back({value, tensor});
}

}  // namespace weft::graph

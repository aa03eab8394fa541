// The default derivative of an op: that of its decomposition.
#include "autograd/engine.h"
#include "autograd/forward.h"
#include "op/apply.h"

namespace weft {

void decompose_vjp(const Op& op, const Vjp& v, int num_inputs, Tensor* grads) {
  bool create_graph = GradMode::enabled();
  GradModeGuard record(true);
  std::vector<Tensor> inputs, wanted;
  SmallVector<const Tensor*, 8> list;
  for (int i = 0; i < num_inputs; i++) {
    Tensor x = v.input(i);
    if (v.needs(i)) {
      // Differentiate with respect to a stand-in for the input; with create_graph it stays connected to the input.
      x = create_graph ? variable_of(x) : leaf_of(x);
      wanted.push_back(x);
    } else if (x.defined()) {
      x = without_history(x);
    }
    inputs.push_back(x);
  }
  for (const Tensor& x : inputs) list.push_back(&x);
  std::vector<Tensor> outputs = op.decompose(Inputs(list.data(), list.size()));
  std::vector<Tensor> roots, root_grads;
  for (size_t i = 0; i < outputs.size(); i++) {
    if (!v.grad(static_cast<int>(i)).defined() || !outputs[i].requires_grad()) continue;
    roots.push_back(outputs[i]);
    root_grads.push_back(v.grad(static_cast<int>(i)));
  }
  if (roots.empty()) return;
  std::vector<Tensor> found = grad(roots, wanted, root_grads, create_graph, create_graph, true);
  for (int i = 0, next = 0; i < num_inputs; i++)
    if (v.needs(i)) grads[i] = found[static_cast<size_t>(next++)];
}

}  // namespace weft

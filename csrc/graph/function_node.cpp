#include "graph/function_node.h"

#include <algorithm>

#include "autograd/engine.h"
#include "graph/evaluate.h"
#include "op/apply.h"
#include "op/grad_mode.h"
#include "op/interpreter.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/movement.h"

namespace weft::graph {

FunctionNode::FunctionNode(Ref<const Function> f, const std::vector<Tensor>& arguments, Ref<Rerun> rerun)
    : function_(std::move(f)), rerun_(std::move(rerun)) {
  edges.resize(static_cast<int>(function_->leaves_.size()));
  for (int i = 0; i < edges.size(); i++)
    edges[i] = gradient_edge(function_->resolve(function_->leaves_[at(i)], arguments));
  renew_sequence();
}

void FunctionNode::backward(const Tensor* grad_outputs, Tensor* grad_inputs) {
  check(function_->backward_error_.empty(), function_->backward_error_);
  check(!released_,
        "backward: the graph of 'jit' was used before and its saved tensors are freed; to go through it a "
        "second time pass retain_graph=True to the first backward to keep them");
  if (GradMode::enabled() || tracing() || forward_levels) return backward_eagerly(grad_outputs, grad_inputs);
  if (rerun_) rerun_->check_backward();
  if (!function_->backward_) return;  // the results do not depend on a leaf after all
  std::vector<Tensor> inputs;
  for (const SavedTensor& s : saved_) inputs.push_back(s.unpack("jit", this));
  for (int i = 0; i < outputs.size(); i++) {
    const OutputMeta& meta = outputs[i];
    Tensor g = grad_outputs[i].defined() ? grad_outputs[i] : zeros(meta.shape, meta.dtype, meta.device);
    inputs.push_back(contiguous(g));
  }
  std::vector<char> given;
  for (int i = 0; i < outputs.size(); i++) given.push_back(grad_outputs[i].defined());
  const bool all_given = std::find(given.begin(), given.end(), 0) == given.end();
  const Function::PartOfBackward* part = all_given ? nullptr : &function_->backward_for(given);
  const Plan* plan = part ? part->plan.get() : function_->backward_.get();
  if (!plan) return;
  std::vector<const Tensor*> list;
  for (const Tensor& t : inputs) list.push_back(&t);
  list.resize(plan->graph().inputs.size(), nullptr);  // constants
  std::vector<Tensor> results(plan->graph().results.size());
  plan->run(list.data(), results.data(), function_->record_);
  for (size_t i = 0, next = 0; i < function_->leaves_.size(); i++) {
    if (part && part->result[i] >= 0) grad_inputs[i] = results[at(part->result[i])];
    if (!part && function_->has_gradient_[i]) grad_inputs[i] = results[next++];
  }
}

void FunctionNode::release_saved() {
  released_ |= !saved_.empty() || !eager_inputs_.empty() || rerun_;
  saved_.clear();
  eager_inputs_.clear();
  rerun_ = nullptr;
}

void FunctionNode::backward_eagerly(const Tensor* grad_outputs, Tensor* grad_inputs) {
  const std::string& error = function_->eager_.error;
  check<ErrorKind::NotImplemented>(
      error.empty() || rerun_,
      "jit: backward with create_graph=True through this jitted function is not possible, because ", error,
      "; compute the gradient inside the jitted function");
  const bool create_graph = GradMode::enabled();
  GradModeGuard record(true);
  std::vector<Tensor> inputs, results, roots, root_grads;
  for (const SavedTensor& s : eager_inputs_) inputs.push_back(s.unpack("jit", this));
  if (rerun_) {
    for (const SavedTensor& s : saved_) s.unpack("jit", this);  // an own backward may read what no op does
    const std::vector<Tensor> all = Ref<Rerun>(rerun_)->results();
    for (size_t i = 0; i < function_->differentiable_.size(); i++) results.push_back(function_->output_of(all, i));
  } else {
    results = evaluate_eagerly(function_->eager_.graph, inputs);
  }
  for (int i = 0; i < outputs.size(); i++) {
    if (!grad_outputs[i].defined()) continue;
    const Tensor& result = results[at(i)];
    check(result.defined() && result.shape() == outputs[i].shape && result.dtype() == outputs[i].dtype,
          "jit: computed once more for create_graph, result ", int64_t{i}, " is of another kind than before");
    if (!result.requires_grad()) continue;  // of a branch that does not depend on anything, say
    roots.push_back(result);
    root_grads.push_back(grad_outputs[i]);
  }
  std::vector<Edge> ends(edges.begin(), edges.end());
  if (roots.empty()) return;
  std::vector<Tensor> found = grad_at(roots, ends, std::vector<char>(ends.size(), 0), root_grads, create_graph);
  for (size_t i = 0; i < ends.size(); i++) grad_inputs[i] = found[i];
}

}  // namespace weft::graph

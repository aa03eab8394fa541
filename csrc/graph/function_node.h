// FunctionNode: the step of autograd's graph that a call of a compiled function is.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graph/function.h"
#include "op/node.h"

namespace weft::graph {

class FunctionNode final : public weft::Node {
 public:
  FunctionNode(Ref<const Function> f, const std::vector<Tensor>& arguments, Ref<Rerun> rerun);

  const char* name() const override { return "jit"; }
  // May be null.
  const Ref<Rerun>& rerun() const { return rerun_; }

  void save(const Tensor& t, bool is_result) {
    saved_.emplace_back(t, is_result).output_index = SavedTensor::kNoHistory;
  }
  // What the results are computed from once more for create_graph.
  void save_for_eager(const Tensor& t) { eager_inputs_.emplace_back(t, false); }

  void backward(const Tensor* grad_outputs, Tensor* grad_inputs) override;
  void release_saved() override;

 private:
  // With create_graph: gradients that can be differentiated themselves.
  void backward_eagerly(const Tensor* grad_outputs, Tensor* grad_inputs);

  Ref<const Function> function_;
  std::vector<SavedTensor> saved_, eager_inputs_;
  Ref<Rerun> rerun_;
  bool released_ = false;
};

}  // namespace weft::graph

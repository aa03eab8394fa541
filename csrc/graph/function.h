// Function: a traced program compiled for one signature. Callable like the program: it reads the tensors that the
// program captured, takes part in autograd, and leaves parameters, buffers and gradients as the program would.
#pragma once

#include <map>
#include <mutex>
#include <optional>

#include "graph/passes/passes.h"
#include "graph/plan.h"
#include "graph/program.h"
#include "op/node.h"

namespace weft::graph {

class Listener;

// Runs the program of one call once more, eagerly: for create_graph, where a graph does not say how.
class Rerun : public RefCounted {
 public:
  // All results of the program, with their history. The state of everything else is as before.
  virtual std::vector<Tensor> results() = 0;
  // Before the compiled backward runs. Raises RuntimeError where what it was made from has changed since the call.
  virtual void check_backward() const {}
};

class Function : public RefCounted {
 public:
  // What a call changes in place. read: captured, and the results that autograd knows depend on it; only_written:
  // other captured tensors, and those whose .grad it changes.
  struct Changes {
    std::vector<Tensor> read, only_written;
    std::vector<int> arguments;
  };
  // record: as in Plan::run.
  static Ref<Function> compile(const Program& program, const OptimizeOptions& options, bool record = false);

  // Why the function does not fit the state of the captured tensors and gradients any more; empty if it does.
  std::string mismatch(const std::vector<Tensor>& arguments) const;
  // rerun: of this call, where needs_rerun() says why backward with create_graph needs one.
  std::vector<Tensor> call(const std::vector<Tensor>& arguments, const Ref<Rerun>& rerun = {}) const;
  const std::string& needs_rerun() const { return eager_.error; }
  Changes changes(const std::vector<Tensor>& arguments) const;
  // Bytes of the gradients that a call drops, because it makes new ones, before it takes memory.
  size_t old_gradient_bytes(const std::vector<Tensor>& arguments) const;

  const Plan& forward() const { return *forward_; }
  const Plan* backward() const { return backward_.get(); }

 private:
  friend class FunctionNode;
  friend std::string first_difference(const Program& program, const Function& compiled,
                                      const std::vector<Tensor>& arguments, const std::vector<Tensor>& cotangents,
                                      const Listener& eager, bool gradients);
  // What backward reads of forward: an input, or one of its results.
  struct Saved {
    int input = -1, result = -1;
  };
  struct Builder;
  // The results that autograd knows, computed once more op by op, so that their gradients can be differentiated.
  struct Eager {
    Graph graph;
    std::vector<int> inputs;  // of forward, for those of the graph that are no constants
    std::string error;        // why this is not possible
  };

  std::string hook_mismatch(const std::vector<Tensor>& arguments) const;
  Tensor resolve(const Origin& origin, const std::vector<Tensor>& arguments) const;
  // Has results that are parts of others share their memory; then, when those have their history, be views of them.
  void make_parts(std::vector<Tensor>& results) const;
  void make_views(const std::vector<Tensor>& results) const;
  // The tensor that autograd knows as output i, of what a rerun has returned.
  Tensor output_of(const std::vector<Tensor>& returned, size_t i) const;
  // Gradients that the call will replace without looking at them: their memory is wanted for the new ones.
  void drop_old_gradients(const std::vector<Tensor>& arguments) const;

  Ref<Plan> forward_, backward_;
  // Backward for calls of which only some results get a gradient: what zeros would flow through does not run, because 0
  // times an infinite derivative is no 0. result[i]: the place of the gradient of leaves_[i]; -1: none.
  struct PartOfBackward {
    Ref<Plan> plan;
    std::vector<int> result;
  };
  const PartOfBackward& backward_for(const std::vector<char>& given) const;
  Graph backward_graph_;  // before it is optimized
  OptimizeOptions backward_options_;
  int num_saved_ = 0;  // inputs of backward before the gradients
  mutable std::mutex parts_mutex_;
  mutable std::map<std::vector<char>, PartOfBackward> backward_parts_;
  std::vector<Origin> origins_;      // of forward's inputs
  std::vector<char> required_grad_;  // of captured ones, when they were traced; empty without grad mode
  std::vector<char> is_own_;         // of the program's results
  std::vector<int> same_as_;
  int num_returned_ = 0;  // of the program's results; forward has more
  std::vector<Part> parts_;
  bool record_ = false;
  std::vector<GradientChange> gradient_changes_;
  std::vector<GradientSeen> gradients_seen_;
  std::vector<HooksSeen> hooks_seen_;
  std::vector<LayoutSeen> layouts_seen_;
  // For autograd: the results that take part, the leaves whose gradients backward gives, what it reads.
  std::vector<int> differentiable_;
  std::vector<Origin> leaves_;
  std::vector<char> has_gradient_;  // of each leaf: does it reach the results?
  std::vector<Saved> saved_;
  std::string backward_error_;  // why backward cannot be had
  Eager eager_;                 // for backward with create_graph
};

}  // namespace weft::graph

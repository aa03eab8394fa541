// What plan.cpp and replay.cpp share of a plan's insides.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "graph/plan.h"

namespace weft::graph {

struct Plan::Step {
  const Op* op;
  int node;
  int first_input, num_inputs;  // in Context::inputs
  int first_output;             // in Context::outputs
  int scratch;                  // buffer of the arena; -1: none
};

// A tensor that lies in memory known only when the plan runs.
struct Late {
  Tensor tensor;
  ValueId root;
  int64_t bytes;
};

// What one run at a time needs: tensors for all values. Kept from run to run.
struct Plan::Context {
  std::vector<Ref<Storage>> arenas;
  std::vector<void*> arena_data;  // where the buffers' storages point to
  std::vector<Ref<Storage>> buffers;
  std::vector<Tensor> values;  // of every value but the inputs
  std::vector<const Tensor*> inputs;
  std::vector<Tensor> outputs;
  std::vector<std::pair<int, int>> from_caller;  // place in `inputs`, number of the graph's input
  std::vector<std::pair<int, ValueId>> outputs_in_results;
  std::vector<Late> late;
  Ref<Storage> late_scratch;  // for all late steps, when there are more threads than planned for
};

// A context for the time of one run.
class Plan::ContextUse {
 public:
  explicit ContextUse(const Plan& p);
  ~ContextUse();
  ContextUse(const ContextUse&) = delete;
  const Plan& plan;
  std::unique_ptr<Context> context;
};

// A tensor of the value's type with memory of its own.
Tensor allocate(const Value& v);

}  // namespace weft::graph

// SubGraph: the graph of a function of a cond, while_loop or scan, as their ops hold it.
#pragma once

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "graph/plan.h"
#include "graph/tracer.h"

namespace weft::graph {

// A body that ops share, with its plan and its derivatives.
class SubGraph : public RefCounted {
 public:
  explicit SubGraph(Graph g);

  const Graph& graph() const { return traced_; }
  bool pure() const { return pure_; }
  bool random() const;
  bool twice_differentiable() const;
  int num_results() const { return static_cast<int>(traced_.results.size()); }
  // Inputs that are not constants: they come first.
  int num_inputs() const;
  const Value& result_type(int i) const { return traced_.values[at(traced_.results[at(i)].value)]; }
  const Value& input_type(int i) const { return traced_.values[at(traced_.inputs[at(i)].value)]; }

  std::vector<Tensor> run(const std::vector<Tensor>& inputs) const;

  // Memory that a run takes, its results included; of these that of the first n.
  size_t peak() const { return plan_->memory().peak_bytes(); }
  size_t result_bytes(int n) const {
    size_t sum = 0;
    for (int i = 0; i < n; i++) sum += result_type(i).bytes();
    return sum;
  }

  // The graph from the inputs and the gradients of all floating results to the gradients of the inputs in `wanted`. It
  // looks only at those of results in `given`: zeros times an infinite derivative would be no zeros.
  Ref<const SubGraph> gradient(const std::vector<bool>& wanted, const std::vector<bool>& given) const;
  // The graph that computes tangents, too. Inputs: those of this one, then the tangents of those in `moving`,
  // contiguous. Results: those of this one, then the tangents of the floating ones, contiguous.
  Graph with_tangents(const std::vector<bool>& moving) const;
  // Of what is carried (the first results and inputs), the results that those in `given` depend on from step to step.
  std::vector<bool> with_dependences(std::vector<bool> given, int carried) const;

 private:
  Graph traced_;
  bool pure_;
  Ref<Plan> plan_;
  mutable std::mutex mutex_;
  mutable std::map<std::pair<std::vector<bool>, std::vector<bool>>, Ref<const SubGraph>> gradients_;
};

// Does it draw random numbers?
bool is_random(const Graph& g);
// What the tracer has recorded, with what it captured as constants, which come last. Each result has memory of its own.
Graph finish_with_constants(Tracer& tracer, const std::vector<Tensor>& results);

}  // namespace weft::graph

// The backward engine: walks the recorded graph from the youngest node to the leaves, without recursion.
#pragma once

#include <functional>
#include <vector>

#include "op/node.h"

namespace weft {

// Adds the gradients of `tensors` to the .grad of the leaves they were made from (or only of `inputs`, if any are
// given). grads[i] undefined: 1 for a tensor of one element. Raises RuntimeError when a graph was already used and
// freed. An error leaves every .grad as it was, except for leaves whose post-accumulate hooks have run.
void backward(const std::vector<Tensor>& tensors, const std::vector<Tensor>& grads, bool retain_graph,
              bool create_graph, const std::vector<Tensor>& inputs = {});

// Returns the gradients of `outputs` with respect to `inputs`, touching no .grad. An input that was not used gives an
// undefined tensor if allow_unused, else RuntimeError.
std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const std::vector<Tensor>& grad_outputs, bool retain_graph, bool create_graph,
                         bool allow_unused);

// Returns the gradients of `outputs` that arrive at `ends`, whose nodes do not run, and their hooks only where `hooked`
// says so; undefined where none does. Touches no .grad; frees the graph in between unless create_graph.
std::vector<Tensor> grad_at(const std::vector<Tensor>& outputs, const std::vector<Edge>& ends,
                            const std::vector<char>& hooked, const std::vector<Tensor>& grad_outputs,
                            bool create_graph = false);

// Is this thread between the nodes of a backward?
bool in_backward();

// While it lives, backward runs of this thread tell of every node that a gradient comes to, before its hooks run.
// accumulates: will the run add to the .grad of all leaves?
class BackwardWatch {
 public:
  using Told = std::function<void(Node& node, bool accumulates)>;
  explicit BackwardWatch(Told told);
  ~BackwardWatch();
  BackwardWatch(const BackwardWatch&) = delete;
  void tell(Node& node, bool accumulates) const { told_(node, accumulates); }

 private:
  Told told_;
  BackwardWatch* outer_;
};

}  // namespace weft

// Program: what a function did once, as a graph that still holds forward and backward together.
#pragma once

#include "graph/tracer.h"

namespace weft::graph {

// A result in memory that the function has made and that other results share.
struct Part {
  int result = 0;
  int whole = 0;  // the result that shows all of the memory
  Value type{};
  int64_t offset = 0;    // of the first element, from that of the whole
  int base = -1;         // the result that it is a view of, for autograd
  bool tracked = false;  // see TensorImpl
};

struct Program {
  Traced traced;
  int num_returned = 0;  // results of the function; then come others that those are parts of
  int num_results = 0;   // of both kinds; then come gradients of leaves, then those that it left in .grad
  std::vector<Part> parts;
  std::vector<char> is_own;  // is a result another tensor than those before it and those from outside?
  std::vector<int> same_as;  // the first result that is the same tensor: its own number, or an earlier one
  // For autograd: the results that take part, their gradients among the graph's inputs, the leaves, which of them the
  // results depend on.
  std::vector<int> differentiable;
  std::vector<int> grad_inputs;
  std::vector<Origin> leaves;
  std::vector<char> has_gradient;
  std::string backward_error;  // why backward cannot be had
  bool has_hooks = false;      // are there hooks on tensors that the function has made?

  const Graph& graph() const { return traced.graph; }
  int num_gradients() const;
  bool is_gradient(size_t result) const;
};

// The function has run under `tracer` and returned `results`; the trace ends here. If they require grad, their backward
// is traced too.
Program finish_program(Tracer& tracer, const std::vector<Tensor>& stand_ins, const std::vector<Tensor>& results);

}  // namespace weft::graph

// Control flow inside a graph: ops that run other graphs once, several times, or one of two. Differentiable: the
// derivative of a body is a graph too.
#pragma once

#include <utility>
#include <vector>

#include "graph/plan.h"
#include "graph/tracer.h"

namespace weft::graph {

// A traced piece of program: its arguments are the first inputs of its graph, then come the tensors it has captured.
struct Body {
  Graph graph;
  std::vector<Tensor> captured;  // as the enclosing program knows them
  std::vector<char> recorded{};  // of the results: did autograd follow the computation?
  std::string no_gradient{};     // why the graph does not say how to differentiate the body; empty: it does
};

// The graph of a body, as it is saved with the op that holds it. Inputs that are no constants come first; no updates.
struct SavedGraph : RefCounted {
  explicit SavedGraph(Graph g) : graph(std::move(g)) {}
  Graph graph;
};

// Fills in what the history of the results says: called before their trace ends.
void note_history(Body& body, const Tracer& tracer, const std::vector<Tensor>& results);

// What has been traced, checked: it must not change anything from outside. `what` names it in messages.
Body make_body(Traced traced, size_t num_arguments, const char* what);

// The results of one of two bodies, both of the same types; pred: a bool tensor of one element.
std::vector<Tensor> cond(const Tensor& pred, Body on_true, Body on_false, const std::vector<Tensor>& arguments);

// Repeats body(carried...) -> carried while test(carried...), a bool of one element, holds.
std::vector<Tensor> while_loop(Body test, Body body, const std::vector<Tensor>& carried);

// body(carried..., slices of xs...) -> (carried..., ys...) for each index of the first dimension of xs; gives what was
// carried last, and the ys stacked. Raises ValueError if the sizes differ.
std::vector<Tensor> scan(Body body, const std::vector<Tensor>& carried, const std::vector<Tensor>& xs, int64_t length,
                         bool reverse);

}  // namespace weft::graph

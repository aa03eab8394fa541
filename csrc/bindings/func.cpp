// vmap and jvp: a function is traced with what it is called with, and the trace evaluated in another way.
#include <unordered_set>

#include "autograd/engine.h"
#include "bindings/bindings.h"
#include "bindings/current_line.h"
#include "bindings/gil.h"
#include "graph/evaluate.h"
#include "op/node.h"
#include "op/refusal.h"
#include "ops/movement.h"

namespace weft::python {

namespace {

using graph::Purpose;
using graph::Traced;
using graph::Tracer;

// What function(stand-ins) computes; it takes and returns a list of tensors. `recorded`: did autograd follow the
// computation of each result?
Traced trace(Tracer& tracer, const py::object& function, const std::vector<Tensor>& stand_ins,
             std::vector<char>& recorded) {
  TraceScope scope(&tracer);
  BackwardWatch watch([&](Node& node, bool accumulates) { tracer.gradient_arrives(node, accumulates); });
  py::object result = function(py::cast(stand_ins));
  const auto results = result.cast<std::vector<Tensor>>();
  for (const Tensor& t : results) recorded.push_back(t.requires_grad());
  Traced traced = tracer.finish(results);
  int next = 0;
  for (graph::Origin& origin : traced.origins)
    if (origin.kind == graph::Origin::Kind::Argument) origin.argument = next++;
  return traced;
}

// `arguments` have the batch as their first dimension. Returns (tensor, is it batched?) for each result.
std::vector<std::pair<Tensor, bool>> vmap(const py::object& function, const std::vector<Tensor>& arguments,
                                          int64_t size, const std::string& randomness) {
  graph::BatchOptions options{size};
  options.randomness = randomness == "same"        ? graph::Randomness::Same
                       : randomness == "different" ? graph::Randomness::Different
                                                   : graph::Randomness::Error;
  options.on_loop = [](const char* op) {
    py::gil_scoped_acquire gil;
    py::module_::import("weft.func._vmap").attr("warn_of_loop")(op);
  };
  Tracer tracer(current_line, Purpose::Transform);
  tracer.on_random = [&](const Op& op) {
    check(options.randomness != graph::Randomness::Error, "vmap: ", op.name(),
          " draws random numbers; say with randomness='different' or 'same' whether each element of the batch gets its "
          "own");
  };
  std::vector<Tensor> stand_ins;
  for (const Tensor& t : arguments) {
    Shape shape(t.shape().data() + 1, t.ndim() - 1);
    Strides strides(t.strides().data() + 1, t.ndim() - 1);
    stand_ins.push_back(tracer.argument({shape, strides, t.dtype(), t.device()}));
    stand_ins.back().impl()->requires_grad = GradMode::enabled() && t.requires_grad();
    tracer.stands_for(stand_ins.back(), t);
  }
  std::vector<char> recorded;
  Traced traced = trace(tracer, function, stand_ins, recorded);
  std::vector<std::pair<Tensor, bool>> results;
  for (const Batched& b : graph::evaluate_batched(traced, arguments, options))
    results.emplace_back(recorded[results.size()] ? b.tensor : detach(b.tensor), b.batched);
  return results;
}

// Returns (value, derivative along the tangents or None) for each result.
std::vector<std::pair<Tensor, Tensor>> jvp(const py::object& function, const std::vector<Tensor>& primals,
                                           const std::vector<Tensor>& tangents) {
  Tracer tracer(current_line, Purpose::Transform);
  std::vector<Tensor> stand_ins;
  std::vector<graph::Dual> arguments;
  for (size_t i = 0; i < primals.size(); i++) {
    stand_ins.push_back(tracer.argument(graph::type_of(primals[i])));
    stand_ins.back().impl()->requires_grad = is_floating(primals[i].dtype());
    tracer.stands_for(stand_ins.back(), primals[i]);
    arguments.push_back({primals[i], tangents[i]});
  }
  Traced traced;
  std::vector<char> recorded;
  {
    GradModeGuard record(true);
    traced = trace(tracer, function, stand_ins, recorded);
  }
  std::vector<std::pair<Tensor, Tensor>> results;
  for (const graph::Dual& d : graph::evaluate_forward(traced, arguments)) {
    const bool moves = recorded[results.size()];
    results.emplace_back(moves ? d.primal : detach(d.primal), moves ? d.tangent : Tensor());
  }
  return results;
}

// Would the gradient of `outputs` by `inputs` have a gradient by something else too?
bool depends_on_others(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs) {
  std::vector<const Node*> stack;
  std::unordered_set<const Node*> seen;
  std::vector<Edge> ends;
  for (const Tensor& t : inputs) ends.push_back(gradient_edge(t));
  auto visit = [&](const Edge& edge) {
    if (!edge.node || !seen.insert(edge.node.get()).second) return false;
    for (const Edge& end : ends)
      if (end.node == edge.node) return end.node->sequence != 0;
    if (edge.node->sequence == 0) return true;  // another leaf
    stack.push_back(edge.node.get());
    return false;
  };
  for (const Tensor& t : outputs)
    if (t.requires_grad() && visit(gradient_edge(t))) return true;
  while (!stack.empty()) {
    const Node* node = stack.back();
    stack.pop_back();
    for (const Edge& edge : node->edges)
      if (visit(edge)) return true;
  }
  return false;
}

}  // namespace

void bind_func(py::module_& m) {
  m.def("_vmap", &vmap, py::call_guard<CallsPython>());
  m.def("_jvp", &jvp, py::call_guard<CallsPython>());
  m.def("_depends_on_others", &depends_on_others);
}

}  // namespace weft::python

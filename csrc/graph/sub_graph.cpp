#include "graph/sub_graph.h"

#include <algorithm>

#include "autograd/engine.h"
#include "autograd/forward.h"
#include "graph/evaluate.h"
#include "graph/passes/passes.h"
#include "ops/creation.h"
#include "ops/elementwise.h"

namespace weft::graph {

namespace {

bool is_pure(const Graph& g) {
  return std::all_of(g.nodes.begin(), g.nodes.end(), [](const Node& n) { return n.op->pure(); });
}

}  // namespace

SubGraph::SubGraph(Graph g) : traced_(std::move(g)), pure_(is_pure(traced_)) {
  Graph optimized = traced_;
  optimize(optimized, {});
  plan_ = make_ref<Plan>(std::move(optimized));
}

bool is_random(const Graph& g) {
  return std::any_of(g.nodes.begin(), g.nodes.end(), [](const Node& n) { return n.op->random(); });
}

bool SubGraph::random() const { return is_random(traced_); }
bool SubGraph::twice_differentiable() const {
  return std::all_of(traced_.nodes.begin(), traced_.nodes.end(),
                     [](const Node& n) { return n.op->twice_differentiable(); });
}

int SubGraph::num_inputs() const {
  return static_cast<int>(std::count_if(traced_.inputs.begin(), traced_.inputs.end(),
                                        [](const Input& i) { return !i.constant.defined(); }));
}

std::vector<Tensor> SubGraph::run(const std::vector<Tensor>& inputs) const {
  std::vector<const Tensor*> list;
  for (const Tensor& t : inputs) list.push_back(&t);
  list.resize(plan_->graph().inputs.size(), nullptr);
  std::vector<Tensor> results(traced_.results.size());
  plan_->run(list.data(), results.data());
  return results;
}

Graph finish_with_constants(Tracer& tracer, const std::vector<Tensor>& results) {
  Traced traced = tracer.finish(results);
  for (size_t i = 0; i < traced.origins.size(); i++)
    if (traced.origins[i].kind != Origin::Kind::Argument) traced.graph.inputs[i].constant = traced.origins[i].tensor;
  std::stable_partition(traced.graph.inputs.begin(), traced.graph.inputs.end(),
                        [](const Input& i) { return !i.constant.defined(); });
  // One that is an input is copied.
  for (size_t i = 0; i < traced.graph.results.size(); i++) {
    Result& r = traced.graph.results[i];
    r = {r.value, static_cast<int>(i), traced.graph.values[at(r.value)].strides, 0};
  }
  return std::move(traced.graph);
}

std::vector<bool> SubGraph::with_dependences(std::vector<bool> given, int carried) const {
  for (bool grows = true; grows;) {
    std::vector<char> read(traced_.values.size(), 0);
    for (size_t i = 0; i < traced_.results.size(); i++)
      if (given[i]) read[at(traced_.results[i].value)] = 1;
    for (size_t n = traced_.nodes.size(); n-- > 0;) {
      const Node& node = traced_.nodes[n];
      const bool any =
          std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId v) { return read[at(v)] != 0; });
      for (ValueId v : node.inputs)
        if (any && v != kNone) read[at(v)] = 1;
    }
    grows = false;
    for (int i = 0; i < carried; i++) {
      if (given[at(i)] || !read[at(traced_.inputs[at(i)].value)]) continue;
      given[at(i)] = true;
      grows = true;
    }
  }
  return given;
}

Ref<const SubGraph> SubGraph::gradient(const std::vector<bool>& wanted, const std::vector<bool>& given) const {
  std::lock_guard lock(mutex_);
  Ref<const SubGraph>& known = gradients_[{wanted, given}];
  if (known) return known;
  Tracer tracer;
  GradModeGuard record(true);
  InterpreterScope scope(&tracer);
  std::vector<Tensor> inputs, sought;
  for (int i = 0; i < num_inputs(); i++) {
    Tensor x = tracer.argument(input_type(i));
    x.impl()->requires_grad = wanted[at(i)];
    if (wanted[at(i)]) sought.push_back(x);
    inputs.push_back(x);
  }
  std::vector<Tensor> results = evaluate_eagerly(traced_, inputs), roots, root_grads;
  for (size_t i = 0; i < results.size(); i++) {
    const Tensor& r = results[i];
    if (!is_differentiable(r.dtype())) continue;
    Tensor g = tracer.argument({r.shape(), contiguous_strides(r.shape()), r.dtype(), r.device()});
    if (!r.requires_grad() || traced_.results[i].detached || !given[i]) continue;
    g.impl()->requires_grad = true;
    roots.push_back(r);
    root_grads.push_back(g);
  }
  // Recorded, because the gradient may be differentiated once more.
  std::vector<Tensor> found(sought.size());
  if (!roots.empty()) found = grad(roots, sought, root_grads, true, true, true);
  for (size_t i = 0; i < found.size(); i++)
    found[i] = found[i].defined() ? contiguous(found[i]) : zeros_like(sought[i]);
  known = Ref<const SubGraph>(new SubGraph(finish_with_constants(tracer, found)));
  return known;
}

Graph SubGraph::with_tangents(const std::vector<bool>& moving) const {
  Tracer tracer;
  GradModeGuard record(true);  // gradients may go through tangents
  InterpreterScope scope(&tracer);
  auto argument = [&](const Value& type) {
    Tensor x = tracer.argument(type);
    x.impl()->requires_grad = is_differentiable(type.dtype);
    return x;
  };
  std::vector<Tensor> inputs, results, tangents;
  for (int i = 0; i < num_inputs(); i++) inputs.push_back(argument(input_type(i)));
  ForwardLevel level;
  for (size_t i = 0; i < inputs.size(); i++) {
    const Tensor& x = inputs[i];
    if (moving[i])
      inputs[i] = level.make_dual(x, argument({x.shape(), contiguous_strides(x.shape()), x.dtype(), x.device()}));
  }
  for (const Tensor& y : evaluate_eagerly(traced_, inputs)) {
    const auto [value, along] = level.unpack(y);
    const bool moves = along.defined() && !traced_.results[results.size()].still;
    results.push_back(value);
    if (is_differentiable(y.dtype())) tangents.push_back(moves ? contiguous(along) : zeros_like(contiguous(value)));
  }
  level.leave();
  results.insert(results.end(), tangents.begin(), tangents.end());
  Graph g = finish_with_constants(tracer, results);
  for (size_t i = 0; i < results.size(); i++) g.results[i].detached = !results[i].requires_grad();
  return g;
}

}  // namespace weft::graph

#include "graph/evaluate.h"

#include <algorithm>

#include "autograd/forward.h"
#include "op/apply.h"
#include "op/autocast.h"
#include "op/refusal.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/reduction.h"

namespace weft::graph {

namespace {

// Walks through the nodes in order. step(node, inputs, outputs) computes one; values go when nobody reads them any
// more.
template <class Step>
std::vector<Batched> walk(const Graph& g, std::vector<Batched> inputs, const Step& step) {
  std::vector<Batched> values(g.values.size());
  std::vector<int> last(g.values.size(), -1);
  for (size_t n = 0; n < g.nodes.size(); n++)
    for (ValueId v : g.nodes[n].inputs)
      if (v != kNone) last[at(v)] = static_cast<int>(n);
  const int end = static_cast<int>(g.nodes.size());
  for (const Result& r : g.results) last[at(r.value)] = end;
  for (const Update& u : g.updates) last[at(u.value)] = end;
  for (size_t i = 0; i < g.inputs.size(); i++) values[at(g.inputs[i].value)] = std::move(inputs[i]);
  for (int n = 0; n < end; n++) {
    const Node& node = g.nodes[at(n)];
    std::vector<Batched> in, out(node.outputs.size());
    for (size_t i = 0; i < node.inputs.size(); i++) {
      const ValueId v = node.inputs[i];
      in.push_back(v == kNone ? Batched{} : values[at(v)]);
      if (v != kNone) in.back().tensor = as_read(node, i, in.back().tensor);
    }
    step(node, in, out);
    for (size_t i = 0; i < out.size(); i++)
      if (last[at(node.outputs[i])] > n) values[at(node.outputs[i])] = std::move(out[i]);
    for (ValueId v : node.inputs)
      if (v != kNone && last[at(v)] == n) values[at(v)] = Batched{};
  }
  std::vector<Batched> results;
  for (const Result& r : g.results) results.push_back(values[at(r.value)]);
  for (const Update& u : g.updates) results.push_back(values[at(u.value)]);
  return results;
}

// Without the nodes whose outputs nobody reads: a trace of a gradient has some.
Graph without_unused(const Graph& g) {
  std::vector<char> used(g.values.size());
  for (const Result& r : g.results) used[at(r.value)] = 1;
  for (const Update& u : g.updates) used[at(u.value)] = 1;
  Graph kept = g;
  kept.nodes.clear();
  for (size_t n = g.nodes.size(); n-- > 0;) {
    const Node& node = g.nodes[n];
    const bool wanted = !node.op->pure() ||
                        std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId v) { return used[at(v)]; });
    if (!wanted) continue;
    for (ValueId v : node.inputs)
      if (v != kNone) used[at(v)] = 1;
    kept.nodes.push_back(node);
  }
  std::reverse(kept.nodes.begin(), kept.nodes.end());
  return kept;
}

// Memory that the function changes must have one name in the trace.
void check_changes(const Traced& traced, const std::vector<Tensor>& inputs) {
  for (const Update& u : traced.graph.updates) {
    const Tensor& changed = inputs[at(u.input)];
    for (size_t i = 0; i < inputs.size(); i++) {
      const Origin& origin = traced.origins[i];
      const bool both_captured =
          origin.kind != Origin::Kind::Argument && traced.origins[at(u.input)].kind != Origin::Kind::Argument;
      check_traceable(
          static_cast<int>(i) == u.input || both_captured || inputs[i].impl()->storage != changed.impl()->storage,
          "vmap: the function changes a tensor of shape ", changed.shape(),
          " in place that shares memory with another one that it reads; clone() one of them");
    }
  }
}

class Batching {
 public:
  Batching(const Graph& g, const BatchOptions& options) : g_(g), options_(options) {}

  void step(const Node& node, const std::vector<Batched>& in, std::vector<Batched>& out) {
    const Op& op = *node.op;
    const bool any = std::any_of(in.begin(), in.end(), [](const Batched& b) { return b.batched; });
    const bool draws_anew = op.random() && options_.randomness == Randomness::Different;
    const bool is_function = !op.pure() && !op.random() && op.num_outputs() > 0;  // its rule knows what to do
    if (!any && !draws_anew && !is_function) return apply_once(op, in, out);
    std::vector<Tensor> models;
    for (ValueId v : node.inputs) models.push_back(v == kNone ? Tensor() : symbolic_like(g_.values[at(v)]));
    call(op, models, in, out);
  }

 private:
  void apply_once(const Op& op, const std::vector<Batched>& in, std::vector<Batched>& out) {
    std::vector<Tensor> inputs;
    for (const Batched& b : in) inputs.push_back(b.tensor);
    std::vector<Tensor> results = apply_list(op, inputs);
    for (size_t i = 0; i < out.size(); i++) out[i] = {results[i], false};
  }

  void call(const Op& op, const std::vector<Tensor>& models, const std::vector<Batched>& in,
            std::vector<Batched>& out) {
    SmallVector<const Tensor*, 8> list;
    for (const Tensor& t : models) list.push_back(&t);
    const Inputs logical(list.data(), list.size());
    BatchCall call{op, logical, in.data(), static_cast<int>(in.size()), options_.size, out.data()};
    if (options_.size > 0 || in.empty()) {
      const bool same = op.random() && options_.randomness == Randomness::Same;
      if (same && op.elementwise()) return draw_once(op, logical, out);
      if (BatchRule rule = same ? nullptr : RuleTable<BatchRule>::find(op))
        rule(call);
      else
        call.declined = true;
      if (!call.declined) return;
      if (op.elementwise() && !op.random()) return apply_aligned(op, call);
      if (op.has_decompose()) return decomposed(op, models, in, out);
      check<ErrorKind::NotImplemented>(!op.random(), "vmap: ", op.name(), " with randomness='",
                                       same ? "same" : "different", "' is not implemented for these arguments");
    }
    looped(op, logical, in, out);
  }

  // An op that draws over a tensor, whatever was in it.
  static void draw_once(const Op& op, Inputs logical, std::vector<Batched>& out) {
    const Tensor& x = logical[0];
    out[0] = {apply(op, zeros(x.shape(), x.dtype(), x.device())), false};
  }

  // The composite that defines the op, traced and evaluated in its place.
  void decomposed(const Op& op, const std::vector<Tensor>& models, const std::vector<Batched>& in,
                  std::vector<Batched>& out) {
    Tracer tracer({}, Purpose::Transform);
    Traced traced;
    std::vector<Tensor> arguments;
    {
      InterpreterScope scope(&tracer);
      std::vector<Tensor> stand_ins;
      SmallVector<const Tensor*, 8> list;
      for (size_t i = 0; i < in.size(); i++) {
        if (models[i].defined()) {
          stand_ins.push_back(tracer.argument(type_of(models[i])));
          stand_ins.back().impl()->requires_grad = GradMode::enabled() && in[i].tensor.requires_grad();
        } else {
          stand_ins.emplace_back();
        }
      }
      for (const Tensor& t : stand_ins) list.push_back(&t);
      traced = tracer.finish(op.decompose(Inputs(list.data(), list.size())));
    }
    std::vector<Batched> inputs;
    for (const Batched& b : in)
      if (b.tensor.defined()) inputs.push_back(b);
    for (size_t i = inputs.size(); i < traced.origins.size(); i++) inputs.push_back({traced.origins[i].tensor, false});
    Batching inner(traced.graph, options_);
    std::vector<Batched> found =
        walk(traced.graph, std::move(inputs),
             [&](const Node& n, const std::vector<Batched>& i, std::vector<Batched>& o) { inner.step(n, i, o); });
    for (size_t i = 0; i < out.size(); i++) out[i] = found[i];
  }

  // One element of the batch after the other.
  void looped(const Op& op, Inputs logical, const std::vector<Batched>& in, std::vector<Batched>& out) {
    if (options_.on_loop) options_.on_loop(op.name());
    std::vector<std::vector<Tensor>> columns(out.size());
    for (int64_t b = 0; b < options_.size; b++) {
      std::vector<Tensor> inputs;
      for (const Batched& i : in) inputs.push_back(i.batched ? select(i.tensor, 0, b) : i.tensor);
      std::vector<Tensor> results = apply_list(op, inputs);
      for (size_t i = 0; i < out.size(); i++) columns[i].push_back(results[i]);
    }
    if (options_.size == 0) return empty_outputs(op, logical, out);
    for (size_t i = 0; i < out.size(); i++) out[i] = {stack(columns[i], 0), true};
  }

  void empty_outputs(const Op& op, Inputs logical, std::vector<Batched>& out) {
    std::vector<Tensor> models(out.size());
    {
      Tracer tracer({}, Purpose::Program);
      InterpreterScope scope(&tracer);
      std::vector<Tensor> stand_ins;
      SmallVector<const Tensor*, 8> list;
      for (int i = 0; i < logical.size(); i++)
        stand_ins.push_back(logical[i].defined() ? tracer.argument(type_of(logical[i])) : Tensor());
      for (const Tensor& t : stand_ins) list.push_back(&t);
      apply(op, Inputs(list.data(), list.size()), models.data());
    }
    for (size_t i = 0; i < out.size(); i++) {
      Shape shape = models[i].shape();
      shape.insert(0, 0);
      out[i] = {zeros(shape, models[i].dtype(), models[i].device()), true};
    }
  }

  const Graph& g_;
  const BatchOptions& options_;
};

}  // namespace

Tensor as_read(const Node& node, size_t i, const Tensor& value) {
  if (!value.defined() || node.followed.has(i)) return value;
  if (node.detached.has(i)) return detach(value);
  return value.requires_grad() ? without_history(value) : value;
}

std::vector<Tensor> evaluate_eagerly(const Graph& g, const std::vector<Tensor>& inputs) {
  std::vector<Tensor> values(g.values.size());
  for (size_t i = 0, next = 0; i < g.inputs.size(); i++) {
    const Input& input = g.inputs[i];
    values[at(input.value)] = input.constant.defined() ? input.constant : inputs[next++];
  }
  for (const Node& node : g.nodes) {
    std::vector<Tensor> in(node.inputs.size()), out(node.outputs.size());
    SmallVector<const Tensor*, 8> list;
    for (size_t i = 0; i < in.size(); i++) {
      if (node.inputs[i] != kNone) in[i] = values[at(node.inputs[i])];
      in[i] = as_read(node, i, in[i]);
      list.push_back(&in[i]);
    }
    apply(*node.op, Inputs(list.data(), list.size()), out.data());
    for (size_t i = 0; i < out.size(); i++) values[at(node.outputs[i])] = out[i];
  }
  std::vector<Tensor> results;
  for (const Result& r : g.results) results.push_back(values[at(r.value)]);
  return results;
}

std::vector<Batched> evaluate_batched(const Traced& traced, const std::vector<Tensor>& arguments,
                                      const BatchOptions& options) {
  check_traceable(traced.gradient_changes.empty() && traced.gradients_seen.empty(),
                  "vmap: the function looks at the .grad of a tensor from outside, or changes it; use weft.func.grad");
  NoAutocastGuard autocast;
  const Graph g = without_unused(traced.graph);
  std::vector<Batched> inputs;
  for (const Origin& origin : traced.origins) {
    const bool argument = origin.kind == Origin::Kind::Argument;
    inputs.push_back(argument ? Batched{arguments[at(origin.argument)], true} : Batched{origin.tensor, false});
  }
  std::vector<Tensor> tensors;
  for (const Batched& b : inputs) tensors.push_back(b.tensor);
  check_changes(traced, tensors);
  Batching batching(g, options);
  std::vector<Batched> results =
      walk(g, inputs, [&](const Node& node, const std::vector<Batched>& in, std::vector<Batched>& out) {
        batching.step(node, in, out);
      });
  for (size_t i = 0; i < g.updates.size(); i++) {
    const Batched& target = inputs[at(g.updates[i].input)];
    const Batched& value = results[g.results.size() + i];
    check(target.batched || !value.batched,
          "vmap: the function writes values that differ from element to element of the "
          "batch into a tensor of shape ",
          target.tensor.shape(),
          " that all share; make that an argument with the batch's dimension, or return the new values");
    copy_(target.tensor, value.tensor);
  }
  results.resize(g.results.size());
  return results;
}

}  // namespace weft::graph

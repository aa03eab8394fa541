#include "graph/evaluate.h"

#include <algorithm>

#include "autograd/engine.h"
#include "op/apply.h"
#include "op/autocast.h"
#include "op/refusal.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/reduction.h"

namespace weft::graph {

namespace {

// Autograd did not follow the value into the node that reads it: it was detached, or nothing was recorded.
void cut(Batched& b) {
  if (b.tensor.requires_grad()) b.tensor = detach(b.tensor);
}
void cut(Dual& d) {
  d.tangent = Tensor();
  if (d.primal.requires_grad()) d.primal = detach(d.primal);
}

// Walks through the nodes in order. step(node, inputs, outputs) computes one; values go when nobody reads them any
// more.
template <class V, class Step>
std::vector<V> walk(const Graph& g, std::vector<V> inputs, const Step& step) {
  std::vector<V> values(g.values.size());
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
    std::vector<V> in, out(node.outputs.size());
    for (size_t i = 0; i < node.inputs.size(); i++) {
      const ValueId v = node.inputs[i];
      in.push_back(v == kNone ? V{} : values[at(v)]);
      if (v != kNone && !node.followed.has(i)) cut(in.back());
    }
    step(node, in, out);
    for (size_t i = 0; i < out.size(); i++)
      if (last[at(node.outputs[i])] > n) values[at(node.outputs[i])] = std::move(out[i]);
    for (ValueId v : node.inputs)
      if (v != kNone && last[at(v)] == n) values[at(v)] = V{};
  }
  std::vector<V> results;
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
void check_changes(const char* what, const Traced& traced, const std::vector<Tensor>& inputs) {
  for (const Update& u : traced.graph.updates) {
    const Tensor& changed = inputs[at(u.input)];
    for (size_t i = 0; i < inputs.size(); i++) {
      const Origin& origin = traced.origins[i];
      const bool both_captured =
          origin.kind != Origin::Kind::Argument && traced.origins[at(u.input)].kind != Origin::Kind::Argument;
      check_traceable(
          static_cast<int>(i) == u.input || both_captured || inputs[i].impl()->storage != changed.impl()->storage, what,
          ": the function changes a tensor of shape ", changed.shape(),
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
    if (!any && !(op.random() && options_.randomness == Randomness::Different)) return apply_once(op, in, out);
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
      if (BatchRule rule = same ? nullptr : batch_rule_of(op))
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

  // The composite that defines the op, traced and evaluated in its place.
  void decomposed(const Op& op, const std::vector<Tensor>& models, const std::vector<Batched>& in,
                  std::vector<Batched>& out) {
    Tracer tracer({}, Purpose::Transform);
    Traced traced;
    std::vector<Tensor> arguments;
    {
      TraceScope scope(&tracer);
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
    std::vector<Batched> found = walk<Batched>(
        traced.graph, std::move(inputs),
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
      TraceScope scope(&tracer);
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

// Derivatives of one op's outputs along the tangents of its inputs.
class Forward {
 public:
  void step(const Node& node, const std::vector<Dual>& in, std::vector<Dual>& out) const {
    const Op& op = *node.op;
    const bool moves = std::any_of(in.begin(), in.end(), [](const Dual& d) { return d.tangent.defined(); });
    if (!moves || !op.differentiable() || op.random()) return primal_only(op, in, out);
    if (op.is_view()) return view(op, in, out);
    if (op.elementwise() && op.num_outputs() == 1 && !op.has_decompose()) return elementwise(op, in, out);
    by_transposing_twice(op, in, out);
  }

 private:
  static void primal_only(const Op& op, const std::vector<Dual>& in, std::vector<Dual>& out) {
    std::vector<Tensor> inputs;
    for (const Dual& d : in) inputs.push_back(d.primal);
    std::vector<Tensor> results = apply_list(op, inputs);
    for (size_t i = 0; i < out.size(); i++) out[i] = {results[i], {}};
  }

  // A view of the tangent, which is laid out as the primal is.
  static void view(const Op& op, const std::vector<Dual>& in, std::vector<Dual>& out) {
    Tensor tangent = in[0].primal.is_contiguous() ? contiguous(in[0].tangent) : in[0].tangent;
    if (tangent.strides() != in[0].primal.strides()) return by_transposing_twice(op, in, out);
    out[0] = {weft::apply(op, in[0].primal), weft::apply(op, tangent)};
  }

  // The matrix of derivatives by each operand is diagonal, and so its own transpose.
  static void elementwise(const Op& op, const std::vector<Dual>& in, std::vector<Dual>& out) {
    std::vector<Tensor> inputs;
    for (const Dual& d : in) inputs.push_back(d.primal);
    out[0].primal = apply_list(op, inputs)[0];
    if (!is_floating(out[0].primal.dtype())) return;
    GradModeGuard record(is_recorded(in));
    for (size_t i = 0; i < in.size(); i++) {
      if (!in[i].tangent.defined()) continue;
      std::vector<Tensor> leaves;
      for (size_t k = 0; k < in.size(); k++) leaves.push_back(k == i ? leaf_of(inputs[k]) : inputs[k]);
      SmallVector<const Tensor*, 4> list;
      for (const Tensor& t : leaves) list.push_back(&t);
      auto node = make_ref<OpNode>(op, Inputs(list.data(), list.size()), false);
      Tensor result = detach(out[0].primal);
      node->bind_outputs(&result, 1);
      const Tensor& y = out[0].primal;
      Tensor direction = expand(to_dtype(in[i].tangent, y.dtype()), y.shape());
      SmallVector<Tensor, 4> grads;
      grads.resize(static_cast<int>(in.size()));
      op.vjp(Vjp(*node, &direction), grads.data());
      if (grads[static_cast<int>(i)].defined()) add_to(out[0].tangent, to_dtype(grads[static_cast<int>(i)], y.dtype()));
    }
  }

  // The transposed derivative is linear in what flows back: its own derivative by that, transposed, is the derivative.
  static void by_transposing_twice(const Op& op, const std::vector<Dual>& in, std::vector<Dual>& out) {
    std::vector<Tensor> inputs, moving, tangents;
    const bool create = is_recorded(in);
    GradModeGuard record(true);
    for (const Dual& d : in) {
      inputs.push_back(d.tangent.defined() ? leaf_of(d.primal) : d.primal);
      if (d.tangent.defined()) {
        moving.push_back(inputs.back());
        tangents.push_back(d.tangent);
      }
    }
    std::vector<Tensor> results = apply_list(op, inputs);
    for (size_t k = 0; k < out.size(); k++) {
      out[k].primal = create ? results[k] : detach(results[k]);
      if (!results[k].requires_grad()) continue;
      // At 1, not 0: a formula may be linear without being written so.
      Tensor flowing = ones(results[k].shape(), results[k].dtype(), results[k].device());
      flowing.impl()->requires_grad = true;
      std::vector<Tensor> back = grad({results[k]}, moving, {flowing}, true, true, true), roots, directions;
      for (size_t i = 0; i < back.size(); i++) {
        if (!back[i].defined() || !back[i].requires_grad()) continue;
        roots.push_back(back[i]);
        directions.push_back(to_dtype(tangents[i], back[i].dtype()));
      }
      if (!roots.empty()) out[k].tangent = grad(roots, {flowing}, directions, create, create, true)[0];
    }
  }

  // Does autograd follow what is computed from them?
  static bool is_recorded(const std::vector<Dual>& in) {
    return GradMode::enabled() && std::any_of(in.begin(), in.end(), [](const Dual& d) {
             return (d.primal.defined() && d.primal.requires_grad()) ||
                    (d.tangent.defined() && d.tangent.requires_grad());
           });
  }
  // The same values as a variable of its own; what autograd knows of it stays known.
  static Tensor leaf_of(const Tensor& t) {
    Tensor own = t.requires_grad() ? view_as(t, t.shape()) : detach(t);
    if (!own.requires_grad()) own.impl()->requires_grad = true;
    return own;
  }
  static void add_to(Tensor& sum, const Tensor& t) { sum = sum.defined() ? add(sum, t) : t; }
};

}  // namespace

std::vector<Dual> evaluate_forward(const Traced& traced, const std::vector<Dual>& arguments) {
  check_traceable(traced.gradient_changes.empty() && traced.gradients_seen.empty(),
                  "jvp: the function looks at the .grad of a tensor from outside, or changes it; use weft.func.grad");
  NoAutocastGuard autocast;
  const Graph g = without_unused(traced.graph);
  std::vector<Dual> inputs;
  for (const Origin& origin : traced.origins)
    inputs.push_back(origin.kind == Origin::Kind::Argument ? arguments[at(origin.argument)] : Dual{origin.tensor, {}});
  std::vector<Tensor> tensors;
  for (const Dual& d : inputs) tensors.push_back(d.primal);
  check_changes("jvp", traced, tensors);
  const Forward forward;
  std::vector<Dual> results = walk<Dual>(
      g, inputs,
      [&](const Node& node, const std::vector<Dual>& in, std::vector<Dual>& out) { forward.step(node, in, out); });
  for (size_t i = 0; i < g.updates.size(); i++)
    copy_(inputs[at(g.updates[i].input)].primal, results[g.results.size() + i].primal);
  results.resize(g.results.size());
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
  check_changes("vmap", traced, tensors);
  Batching batching(g, options);
  std::vector<Batched> results =
      walk<Batched>(g, inputs, [&](const Node& node, const std::vector<Batched>& in, std::vector<Batched>& out) {
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

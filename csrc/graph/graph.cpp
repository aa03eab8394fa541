#include "graph/graph.h"

namespace weft::graph {

bool same_type(const Value& a, const Value& b) {
  return a.dtype == b.dtype && a.device == b.device && a.shape == b.shape && a.strides == b.strides;
}

Tensor symbolic_like(const Value& v) { return symbolic(v.shape, v.strides, v.dtype, v.device); }

Value type_of(const Tensor& t) { return {t.shape(), t.strides(), t.dtype(), t.device()}; }

ValueId Graph::add_value(const Value& type) {
  values.push_back(type);
  return static_cast<ValueId>(values.size()) - 1;
}

int Graph::add_input(const Value& type, const Tensor& constant) {
  inputs.push_back({add_value(type), constant});
  return static_cast<int>(inputs.size()) - 1;
}

Uses::Uses(const Graph& g) : maker(g.values.size(), -1), count(g.values.size(), 0), as_root(g.values.size(), 0) {
  for (size_t n = 0; n < g.nodes.size(); n++) {
    for (ValueId v : g.nodes[n].outputs) maker[static_cast<size_t>(v)] = static_cast<int>(n);
    for (ValueId v : g.nodes[n].inputs)
      if (v != kNone) count[static_cast<size_t>(v)]++;
  }
  auto root = [&](ValueId v) {
    count[static_cast<size_t>(v)]++;
    as_root[static_cast<size_t>(v)]++;
  };
  for (const Result& r : g.results) root(r.value);
  for (const Update& u : g.updates) root(u.value);
}

void replace_uses(Graph& g, const std::vector<ValueId>& new_of) {
  auto replace = [&](ValueId& v) {
    if (v != kNone) v = new_of[static_cast<size_t>(v)];
  };
  for (Node& node : g.nodes)
    for (ValueId& v : node.inputs) replace(v);
  for (Result& r : g.results) replace(r.value);
  for (Update& u : g.updates) replace(u.value);
}

void compact(Graph& g) {
  std::vector<ValueId> number(g.values.size(), kNone);
  std::vector<Value> kept;
  auto keep = [&](ValueId& v) {
    if (v == kNone) return;
    ValueId& n = number[static_cast<size_t>(v)];
    if (n == kNone) {
      n = static_cast<ValueId>(kept.size());
      kept.push_back(std::move(g.values[static_cast<size_t>(v)]));
    }
    v = n;
  };
  for (Input& input : g.inputs) keep(input.value);
  for (Node& node : g.nodes) {
    for (ValueId& v : node.inputs) keep(v);
    for (ValueId& v : node.outputs) keep(v);
  }
  for (Result& r : g.results) keep(r.value);
  for (Update& u : g.updates) keep(u.value);
  g.values = std::move(kept);
}

}  // namespace weft::graph

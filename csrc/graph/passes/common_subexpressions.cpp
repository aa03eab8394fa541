#include <numeric>
#include <unordered_map>

#include "graph/passes/passes.h"

namespace weft::graph {

void merge_common_subexpressions(Graph& g) {
  std::vector<ValueId> same(g.values.size());
  std::iota(same.begin(), same.end(), 0);
  std::unordered_multimap<size_t, const Node*> seen;
  for (Node& node : g.nodes) {
    for (ValueId& v : node.inputs)
      if (v != kNone) v = same[static_cast<size_t>(v)];
    if (!node.op->pure() || node.outputs.empty()) continue;
    size_t hash = node.op->hash();
    for (ValueId v : node.inputs) mix_hash(hash, static_cast<size_t>(v));
    auto [begin, end] = seen.equal_range(hash);
    const Node* twin = nullptr;
    for (auto it = begin; it != end && !twin; ++it) {
      const Node& other = *it->second;
      bool equal = other.inputs == node.inputs && other.op->equals(*node.op);
      for (size_t i = 0; equal && i < node.outputs.size(); i++)
        equal =
            same_type(g.values[static_cast<size_t>(other.outputs[i])], g.values[static_cast<size_t>(node.outputs[i])]);
      if (equal) twin = &other;
    }
    if (!twin) {
      seen.emplace(hash, &node);
      continue;
    }
    for (size_t i = 0; i < node.outputs.size(); i++) same[static_cast<size_t>(node.outputs[i])] = twin->outputs[i];
  }
  replace_uses(g, same);
}

}  // namespace weft::graph

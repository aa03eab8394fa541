#include <cstring>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "graph/passes/passes.h"

namespace weft::graph {

namespace {

constexpr size_t kSmallConstant = 64 << 10;

// Constants with the same bits, as far as they are small enough to be looked at.
void merge_constants(const Graph& g, std::vector<ValueId>& same) {
  std::unordered_multimap<size_t, const Input*> seen;
  for (const Input& input : g.inputs) {
    const Tensor& t = input.constant;
    const Value& type = g.values[static_cast<size_t>(input.value)];
    bool readable = t.defined() && t.has_values() && t.is_contiguous() && t.device().type == DeviceType::CPU;
    if (!readable || type.bytes() > kSmallConstant) continue;
    std::string_view bytes(static_cast<const char*>(t.data()), type.bytes());
    size_t hash = std::hash<std::string_view>{}(bytes);
    auto [begin, end] = seen.equal_range(hash);
    bool found = false;
    for (auto it = begin; it != end && !found; ++it) {
      const Tensor& other = it->second->constant;
      found = same_type(type_of(other), type) &&
              std::string_view(static_cast<const char*>(other.data()), type.bytes()) == bytes;
      if (found) same[static_cast<size_t>(input.value)] = it->second->value;
    }
    if (!found) seen.emplace(hash, &input);
  }
}

}  // namespace

void merge_common_subexpressions(Graph& g) {
  std::vector<ValueId> same(g.values.size());
  std::iota(same.begin(), same.end(), 0);
  merge_constants(g, same);
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

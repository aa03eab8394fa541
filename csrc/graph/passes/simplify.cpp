#include <numeric>

#include "graph/passes/passes.h"

namespace weft::graph {

void simplify(Graph& g) {
  std::vector<ValueId> same(g.values.size());
  std::iota(same.begin(), same.end(), 0);
  for (Node& node : g.nodes) {
    for (ValueId& v : node.inputs)
      if (v != kNone) v = same[static_cast<size_t>(v)];
    if (node.outputs.size() != 1) continue;
    int from = node.op->same_as_input();
    if (from < 0) continue;
    // Values never change, so a copy is the value itself, if only it is laid out the same way.
    ValueId source = node.inputs[static_cast<size_t>(from)], copy = node.outputs[0];
    if (same_type(g.values[static_cast<size_t>(source)], g.values[static_cast<size_t>(copy)]))
      same[static_cast<size_t>(copy)] = source;
  }
  replace_uses(g, same);
}

}  // namespace weft::graph

#include "graph/passes/passes.h"

namespace weft::graph {

void remove_dead_code(Graph& g) {
  std::vector<char> used(g.values.size(), 0);
  for (const Result& r : g.results) used[static_cast<size_t>(r.value)] = 1;
  for (const Update& u : g.updates) used[static_cast<size_t>(u.value)] = 1;
  std::vector<Node> kept;
  for (size_t i = g.nodes.size(); i-- > 0;) {
    Node& node = g.nodes[i];
    bool needed = !node.op->pure();
    for (ValueId v : node.outputs) needed |= used[static_cast<size_t>(v)] != 0;
    if (!needed) continue;
    for (ValueId v : node.inputs)
      if (v != kNone) used[static_cast<size_t>(v)] = 1;
    kept.push_back(std::move(node));
  }
  g.nodes.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));
  // Inputs are numbered by their place, so unused ones stay; an unused constant lets go of its memory.
  for (Input& input : g.inputs)
    if (input.constant.defined() && !used[static_cast<size_t>(input.value)])
      input.constant = symbolic_like(g.values[static_cast<size_t>(input.value)]);
  compact(g);
}

}  // namespace weft::graph

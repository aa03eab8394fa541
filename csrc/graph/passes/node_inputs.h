// A node as its op sees it.
#pragma once

#include "graph/graph.h"
#include "op/tile_code.h"
#include "ops/promotion.h"

namespace weft::graph {

// Types of a node's inputs, as an op wants them.
struct NodeInputs {
  std::vector<Tensor> tensors;
  std::vector<const Tensor*> list;
  NodeInputs(const Graph& g, const Node& node) {
    for (ValueId v : node.inputs)
      tensors.push_back(v == kNone ? Tensor() : symbolic_like(g.values[static_cast<size_t>(v)]));
    for (const Tensor& t : tensors) list.push_back(&t);
  }
  Inputs get() const { return {list.data(), static_cast<int>(list.size())}; }
};

// Is a node's one output computed element by element, in whatever order?
inline bool is_by_element(const Graph& g, const Node& node) {
  if (node.op->elementwise()) return true;
  TileCode code(compute_type(g.values[static_cast<size_t>(node.outputs[0])].dtype));
  std::vector<int> operands;
  for (size_t i = 0; i < node.inputs.size(); i++) operands.push_back(code.input());
  return node.op->tile(code, NodeInputs(g, node).get(), operands.data()) >= 0;
}

}  // namespace weft::graph

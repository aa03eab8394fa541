// Graphs of 0-dimensional values as instructions of tile programs.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "op/tile_code.h"

namespace weft::graph {

// The bounds of integers, and of truth values.
struct Range {
  double low = 0, high = 0;
  bool known = false;
};

// Appends the nodes of a graph of 0-dimensional values to a program that computes in floating point numbers; integers
// stay exact in it as long as they are small, which follows from the ranges of the inputs. numbers: of the values in
// the code, set for inputs that are not constants. Returns whether it is possible.
bool append_scalar_graph(TileCode& code, const Graph& g, std::vector<int>& numbers, std::vector<Range>& ranges);

// The bounds of an integer tensor's values, which are there.
Range range_of(const Tensor& t);

// Can a node of a graph of 0-dimensional values be an instruction, its ranges aside?
bool is_scalar_instruction(const Graph& g, const Node& node, DType compute);

}  // namespace weft::graph

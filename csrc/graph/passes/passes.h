// The passes: each takes a graph and leaves one that computes the same, in less time or memory. One function in one
// file of this folder each; optimize() (pipeline.cpp) runs them in order.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graph/graph.h"

namespace weft::graph {

// Drops nodes whose results nobody uses, and constants.
void remove_dead_code(Graph& g);
// Computes equal nodes once.
void merge_common_subexpressions(Graph& g);
// Computes what depends on constants alone.
void fold_constants(Graph& g);
// Replaces nodes by simpler ones or by their inputs: copies, x * 1, x / 1, x - 0 and the like.
void simplify(Graph& g);

// Computes again, for backward, what a function under utils.checkpoint made and did not return, in place of keeping it.
void repeat_checkpoints(Graph& g);

// max_pool(relu(x)) as relu(max_pool(x)), and backward likewise: relu then works on the few elements that are left, and
// its large result need not be kept.
void pool_before_relu(Graph& g);
// Lets the values between convolutions have their channels innermost in memory, as convolutions work on them, where all
// that is done to them can be done in that layout.
void assign_layouts(Graph& g);
// Makes one tiled op of elementwise ops that run over the same elements.
void fuse_elementwise(Graph& g);

// Computes cheap large values twice rather than keeping them from forward to backward, where what they are made of is
// there anyway.
void recompute(Graph& g);

// Makes one op of reductions over the same trailing dimensions and the elementwise ops around them (a softmax, a
// normalisation, a loss of every row, their gradients), which goes over memory once, block of rows by block of rows.
void fuse_rows(Graph& g);

// Lets products and convolutions run the elementwise op that reads their result on each part of it as it is made.
void fuse_epilogues(Graph& g);

struct Pass {
  const char* name;
  void (*run)(Graph& g);
  // Does it also run before forward and backward are taken apart? Then it leaves the inputs as they are.
  bool early = false;
};
// In the order in which they run.
const std::vector<Pass>& all_passes();

struct OptimizeOptions {
  // Names of passes to leave out.
  std::vector<std::string> without;
  // Called with the graph before the first pass ("traced") and after each of them.
  std::function<void(const char* pass, const Graph& g)> after;
};
// Raises ValueError for a name that is no pass. The graph is verified after every pass.
void optimize(Graph& g, const OptimizeOptions& options);
// Only the early passes, on a graph of forward and backward: what backward reads of forward is made for both. `after`
// is called with "whole_" before the names.
void optimize_whole(Graph& g, const OptimizeOptions& options);

}  // namespace weft::graph

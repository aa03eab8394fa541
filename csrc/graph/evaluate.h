// Evaluating a traced graph by the ops in it: as eager mode does, and for a whole batch (vmap).
// The trace was made with Purpose::Transform: its captured tensors are there.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graph/tracer.h"
#include "ops/batching.h"

namespace weft::graph {

// Random numbers under vmap: others for each element of the batch, or the same ones for all.
enum class Randomness : uint8_t { Error, Different, Same };

struct BatchOptions {
  int64_t size = 0;
  Randomness randomness = Randomness::Error;
  // Called with the name of an op that is applied to each element of the batch in turn.
  std::function<void(const char* op)> on_loop{};
};

// The results for arguments with the batch as their first dimension. What the function has changed in place is changed.
std::vector<Batched> evaluate_batched(const Traced& traced, const std::vector<Tensor>& arguments,
                                      const BatchOptions& options);

// The results for these inputs, the constants left out: op by op, as eager mode computes them, so that autograd
// follows.
std::vector<Tensor> evaluate_eagerly(const Graph& g, const std::vector<Tensor>& inputs);

// What a node of a traced program reads, from the value: without a history where autograd did not follow it, without
// tangents too where the program had detached it.
Tensor as_read(const Node& node, size_t i, const Tensor& value);

}  // namespace weft::graph

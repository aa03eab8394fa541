// Other ways to evaluate a trace than to run it: for a whole batch (vmap), and with derivatives along directions (jvp).
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

// A value, and its derivative along the direction asked for; undefined: zero.
struct Dual {
  Tensor primal{}, tangent{};
};
// The results and their derivatives along the directions `arguments` have as tangents.
std::vector<Dual> evaluate_forward(const Traced& traced, const std::vector<Dual>& arguments);

}  // namespace weft::graph

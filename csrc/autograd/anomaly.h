// What the engine does while anomaly detection is on (op/anomaly.h).
#pragma once

#include "op/node.h"

namespace weft {

// node.backward(), whose errors name where the node was recorded; RuntimeError if check_nan is set and it gives NaN.
void backward_watched(Node& node, const Tensor* grad_outputs, Tensor* grad_inputs);

}  // namespace weft

// Reductions.
#pragma once

#include "tensor/tensor.h"

namespace weft {

// Sums the dimensions that broadcasting made, so that x gets `shape` again.
Tensor sum_to(const Tensor& x, const Shape& shape);

}  // namespace weft

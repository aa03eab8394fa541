// Changes of what a tensor is, rather than of its elements.
#pragma once

#include "tensor/tensor.h"

namespace weft {

// t takes the geometry of `view`, a view of itself that was made while autograd recorded if t requires grad, and its
// place in the graph. Raises RuntimeError while tracing, for leaves that require grad and for what was made in
// inference mode.
void become_view(const char* op, const Tensor& t, const Tensor& view);

}  // namespace weft

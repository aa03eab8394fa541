// Changes of what a tensor is, rather than of its elements.
#pragma once

#include "op/node.h"
#include "tensor/tensor.h"

namespace weft {

// Where the elements of a tensor lie in its storage.
struct Geometry {
  Shape shape;
  Strides strides;
  int64_t offset = 0;
};
Geometry geometry_of(const Tensor& t);

// As rebase_history(t, node), where t is input `input` and output `output` of the step, which may have changed its
// shape too: it lay `before` like that, in the same memory.
void rebase_history(const Tensor& t, Ref<Node> node, int input, int output, const Geometry& before);

// t takes the geometry of `view`, a view of itself that was made while autograd recorded if t requires grad, and its
// place in the graph. Raises RuntimeError while tracing, for leaves that require grad and for what was made in
// inference mode.
void become_view(const char* op, const Tensor& t, const Tensor& view);

}  // namespace weft

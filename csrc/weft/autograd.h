// Gradients. autograd/engine.h has the general forms of backward() and grad(); GradModeGuard(false) keeps a scope from
// being recorded.
#pragma once

#include "autograd/engine.h"
#include "op/grad_mode.h"
#include "op/node.h"

namespace weft {

// From now on what is computed from x, a leaf, is recorded; returns x.
inline Tensor requires_grad_(const Tensor& x, bool on = true) {
  check(!on || is_differentiable(x.dtype()), "requires_grad_: only floating point tensors can require grad, got dtype ",
        x.dtype());
  check(is_leaf(x), "requires_grad_: only leaf tensors can change; detach() gives a tensor without a history");
  x.impl()->requires_grad = on;
  return x;
}

// Adds the gradients of a tensor of one element to those of the leaves it was made from.
inline void backward(const Tensor& loss) { backward({loss}, {}, false, false); }

// What backward() has left for a leaf; undefined if nothing.
inline Tensor grad_of(const Tensor& x) { return accumulated_grad(x); }
inline void clear_grad(const Tensor& x) { set_accumulated_grad(x, {}); }

}  // namespace weft

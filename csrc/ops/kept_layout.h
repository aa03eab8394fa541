// The layout of what an elementwise op computes.
#pragma once

#include "op/op.h"

namespace weft {

// Strides for a result of `shape`: those of the first operand that has this shape, if it is dense, so that a transposed
// or channels-last tensor keeps its layout; empty (contiguous) otherwise.
inline Strides kept_strides(const Shape& shape, Inputs in) {
  for (int i = 0; i < in.size(); i++) {
    if (!in[i].defined() || in[i].shape() != shape) continue;
    return !in[i].is_contiguous() && is_dense(in[i]) ? in[i].strides() : Strides{};
  }
  return {};
}

}  // namespace weft

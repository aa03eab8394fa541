// The layout of what an elementwise op computes.
#pragma once

#include "op/op.h"

namespace weft {

// The strides of a dense tensor whose dimensions lie in the order of these strides.
inline Strides dense_strides(const Shape& shape, const Strides& strides) {
  Dims order;  // from the innermost one
  for (int d = shape.size() - 1; d >= 0; d--) {
    int at = order.size();
    while (at > 0 && strides[d] < strides[static_cast<int>(order[at - 1])]) at--;
    order.insert(at, d);
  }
  Strides dense = strides;
  int64_t step = 1;
  for (int64_t d : order) {
    dense[static_cast<int>(d)] = step;
    step *= shape[static_cast<int>(d)];
  }
  return dense;
}

// Strides for a result of `shape`: those of the first operand that has this shape, without its gaps, so that a
// transposed or channels-last tensor keeps its layout; empty (contiguous) otherwise. An expanded operand, as the
// gradient of a sum is, does not count.
inline Strides kept_strides(const Shape& shape, Inputs in) {
  auto is_expanded = [&](const Strides& strides) {
    for (int d = 0; d < shape.size(); d++)
      if (strides[d] == 0 && shape[d] > 1) return true;
    return false;
  };
  for (int i = 0; i < in.size(); i++) {
    if (!in[i].defined() || in[i].shape() != shape) continue;
    const Strides& strides = in[i].strides();
    if (in[i].is_contiguous()) return {};
    if (is_dense(in[i])) return strides;
    if (!is_expanded(strides)) return dense_strides(shape, strides);
  }
  return {};
}

}  // namespace weft

// Base of the ops whose result is a view of their input, and the op that undoes such a view in backward.
#pragma once

#include "op/apply.h"

namespace weft {

template <class Self>
struct ViewOp : OpOf<Self> {
  static constexpr Traits kTraits{.view = true};
  void infer(Inputs, OutputSpec*) const override {}
};

// Zeros of `shape` with g in the place that `view`, a ViewOp that shows no element twice, would show: view's
// derivative.
Tensor place_in_zeros(const Op& view, const Tensor& g, const Shape& shape);

}  // namespace weft

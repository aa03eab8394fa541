// Base of the ops without inputs: where their result lives is an attribute.
#pragma once

#include "op/apply.h"

namespace weft {

template <class Self>
struct SourceOp : OpOf<Self> {
  static constexpr Traits kTraits{.differentiable = false};
  Device place;
  explicit SourceOp(Device d) : place(d) {}
  Device device(Inputs) const override { return place; }
  Ref<const Op> on(Device d) const override {
    Ref<Self> op(new Self(static_cast<const Self&>(*this)));
    op->place = d;
    return op;
  }
};

}  // namespace weft

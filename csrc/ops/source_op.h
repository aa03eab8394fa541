// Base of the ops without inputs: where their result lives is an attribute.
#pragma once

#include "op/apply.h"

namespace weft {

template <class Self>
struct SourceOp : OpOf<Self> {
  Device place;
  explicit SourceOp(Device d) : place(d) {}
  Device device(Inputs) const override { return place; }
  bool differentiable() const override { return false; }
  Ref<const Op> on(Device d) const override {
    Ref<Self> op(new Self(static_cast<const Self&>(*this)));
    op->place = d;
    return op;
  }
};

}  // namespace weft

// What every bindings/<family>.cpp needs: the casters, and Family, which binds functions and methods.
#pragma once

#include "bindings/arguments.h"

// One function per family, in bindings/<family>.cpp; module.cpp calls them all. `nn` is the submodule weft._C.nn.
// clang-format off
#define WEFT_FAMILIES(X)                                                                                      \
  X(creation) X(elementwise) X(clamp) X(copying) X(activation) X(complex) X(reduction) X(movement) X(indexing)  \
  X(matmul) X(convolution) X(pooling) X(normalization) X(softmax) X(attention) X(loss) X(embedding) X(random)  \
  X(recurrent) X(sorting) X(optimizer) X(resampling) X(flex_attention)
// clang-format on
namespace weft::python {
#define WEFT_X(family) void bind_##family(Family& f, Family& nn);
WEFT_FAMILIES(WEFT_X)
#undef WEFT_X
}  // namespace weft::python

// What weft._jit_check is made of.
#pragma once

#include "bindings/bindings.h"
#include "graph/check.h"

namespace weft::python {

void bind_jit_check(Family& m);

}  // namespace weft::python

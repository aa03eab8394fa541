// Parts of a tensor, and tensors made of several: of the movement family.
#pragma once

#include "bindings/bindings.h"

namespace weft::python {

void bind_joining(Family& f);

}  // namespace weft::python

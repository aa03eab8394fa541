#pragma once

#include "bindings/arguments.h"

namespace weft::python {

// Called by bind_loss().
void bind_ctc(Family& nn);

}  // namespace weft::python

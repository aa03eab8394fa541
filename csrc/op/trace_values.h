// Values of tensors that leave them while a function is traced: into Python, or into the shape of a result.
#pragma once

#include "op/interpreter.h"

namespace weft {

// Raises RuntimeError where `what` cannot read the values of x, or would read them once for all calls of what is
// traced.
void check_values_readable(const char* what, const Tensor& x);
// Would it?
bool hides_values(const Tensor& x);

}  // namespace weft

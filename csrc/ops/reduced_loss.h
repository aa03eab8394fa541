// What all losses do at their end.
#pragma once

#include <string>

#include "tensor/tensor.h"

namespace weft {

// Raises ValueError naming op unless reduction is mean, sum or none.
void check_reduction(const char* op, const std::string& reduction);
// The mean or sum of all elements, or the elements.
Tensor reduced(const Tensor& losses, const std::string& reduction);

}  // namespace weft

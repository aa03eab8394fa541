// A check of values as an op, so that a traced function makes it too, each time it runs.
#pragma once

#include <string>

#include "tensor/tensor.h"

namespace weft {

// Raises an error with the message (ValueError if `of_value`, else RuntimeError) unless all elements of a bool tensor
// are true. Waits for the device.
void require_all(const Tensor& condition, const std::string& message, bool of_value = false);

}  // namespace weft

// A check of values as an op, so that a traced function makes it too, each time it runs.
#pragma once

#include <string>

#include "tensor/tensor.h"

namespace weft {

// Raises RuntimeError with the message unless all elements of a bool tensor are true. Waits for the device.
void require_all(const Tensor& condition, const std::string& message);

}  // namespace weft

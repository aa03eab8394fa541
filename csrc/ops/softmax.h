// Softmax and its logarithm along one dimension.
#pragma once

#include <optional>

#include "tensor/tensor.h"

namespace weft {

// exp(x) / sum(exp(x)) along dim, and its logarithm, without overflow. Raise IndexError for a dim that is not there,
// RuntimeError for tensors that are not floating point unless dtype is given: then x is converted first.
Tensor softmax(const Tensor& x, int64_t dim, std::optional<DType> dtype = {});
Tensor log_softmax(const Tensor& x, int64_t dim, std::optional<DType> dtype = {});

}  // namespace weft

// Creation ops: tensors from a shape and a rule. They never require grad.
#pragma once

#include <optional>
#include <vector>

#include "core/scalar.h"
#include "tensor/tensor.h"

namespace weft {

Tensor full(const Shape& shape, const Scalar& value, DType dtype, Device device);
Tensor zeros(const Shape& shape, DType dtype = DType::Float32, Device device = {});
Tensor ones(const Shape& shape, DType dtype = DType::Float32, Device device = {});
// Of x's shape, dtype and device.
Tensor full_like(const Tensor& x, const Scalar& value);
Tensor zeros_like(const Tensor& x);
Tensor ones_like(const Tensor& x);

// start, start + step, ... before end. Raises RuntimeError when step is zero or leads away from end.
Tensor arange(const Scalar& start, const Scalar& end, const Scalar& step, DType dtype, Device device);
// 0 ... n - 1 as int64.
Tensor arange(int64_t n, Device device = {});
// `steps` evenly spaced numbers, both ends included.
Tensor linspace(const Scalar& start, const Scalar& end, int64_t steps, DType dtype, Device device);
// base to the powers linspace gives.
Tensor logspace(const Scalar& start, const Scalar& end, int64_t steps, double base, DType dtype, Device device);
// Ones on the diagonal of a rows x columns matrix of zeros.
Tensor eye(int64_t rows, int64_t columns, DType dtype, Device device);
// The coordinates (2, n) of the lower (upper) triangle of a rows x columns matrix.
Tensor triangle_indices(int64_t rows, int64_t columns, int64_t diagonal, bool upper, DType dtype, Device device);
// Views of the vectors that vary along one dimension each; indexing is "ij" or "xy".
std::vector<Tensor> meshgrid(const std::vector<Tensor>& vectors, const std::string& indexing);

}  // namespace weft

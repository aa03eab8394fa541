// The dtype that mixed operands are computed in: PyTorch's rules. Tensors with dimensions outrank 0-dim tensors, which
// outrank Python numbers; a lower rank changes the result only when it is of a higher category (bool < int < float).
#pragma once

#include "core/dtype.h"
#include "core/scalar.h"
#include "tensor/tensor.h"

namespace weft {

DType default_float_dtype();
// Raises TypeError unless t is floating point.
void set_default_float_dtype(DType t);

class Promotion {
 public:
  Promotion& add(const Tensor& t);
  Promotion& add(const Scalar& s);
  DType result() const;

 private:
  void add(DType t, int rank);
  bool seen_[3] = {false, false, false};
  DType dtypes_[3] = {};
};

// Of two tensors.
DType result_type(const Tensor& a, const Tensor& b);
DType result_type(const Tensor& a, const Scalar& b);

// The type kernels compute in: float32 for the half types, int64 for integers and bool.
inline DType compute_type(DType t) {
  return t == DType::Float64 ? DType::Float64 : is_floating(t) ? DType::Float32 : DType::Int64;
}

}  // namespace weft

// The dtype that mixed operands are computed in: PyTorch's rules. Tensors with dimensions outrank 0-dim tensors, which
// outrank Python numbers; a lower rank changes the result only when it is of a higher category (bool < int < float).
#pragma once

#include <cstring>

#include "core/dtype.h"
#include "core/scalar.h"
#include "kernels/view.h"
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

// A number as a view without dimensions that kernels load from.
class NumberView {
 public:
  explicit NumberView(const Scalar& s);
  StridedView view() { return {bytes_, nullptr, nullptr, 0, dtype_, true}; }

 private:
  template <class T>
  void set(DType dtype, T value) {
    dtype_ = dtype;
    std::memcpy(bytes_, &value, sizeof value);
  }
  alignas(double) char bytes_[2 * sizeof(double)];
  DType dtype_;
};

// The smallest and largest integer of an integer dtype.
struct Limits {
  int64_t low;
  uint64_t high;
};
Limits integer_limits(DType t);
// Raises an error naming op where an integer dtype cannot hold the number: NaN, infinities and what is out of range.
// Fractions are cut off, as PyTorch does.
void check_storable(const char* op, const Scalar& value, DType dtype);
// The dtype in which products with a number are made: that of the operands, float32 for the half types, so that only
// the result is rounded.
inline DType scaling_dtype(DType t) { return is_real_floating(t) ? compute_type(t) : t; }

}  // namespace weft

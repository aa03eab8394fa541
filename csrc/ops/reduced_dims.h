// Which dimensions an op reduces, as a bit mask, and the shapes and views that follow from it.
#pragma once

#include "op/input_check.h"
#include "ops/movement.h"

namespace weft {

class ReducedDims {
 public:
  ReducedDims() = default;
  // No dims: all of them. Raises IndexError for a dim that is not there, RuntimeError for one given twice.
  ReducedDims(const char* op, const Dims& dims, const Shape& shape, bool keepdim);

  WEFT_FIELDS(mask, keepdim);
  // Of an op from a file.
  void check_against(const InputCheck& in, const Tensor& x) const {
    in.that(x.ndim() == 64 || mask >> x.ndim() == 0, "dimensions that the input has");
  }
  bool has(int d) const { return mask >> d & 1; }
  bool all(int ndim) const { return __builtin_popcountll(mask) == ndim; }

  Shape result_shape(const Shape& shape) const;
  // The product of the reduced sizes.
  int64_t count(const Shape& shape) const;
  // y, of the result's shape, with the reduced dimensions back as size 1.
  Tensor keep(const Tensor& y, int ndim) const;
  // y broadcast to the input's shape, without copying.
  Tensor spread(const Tensor& y, const Shape& shape) const;

  // The same of tensors with one dimension more in front.
  ReducedDims behind_one() const {
    ReducedDims shifted = *this;
    shifted.mask <<= 1;
    return shifted;
  }

  uint64_t mask = 0;
  bool keepdim = false;
};

// Views for a kernel: of the input with the kept dimensions first, and of a result without the reduced ones.
class ReductionViews {
 public:
  ReductionViews(const ReducedDims& dims, const Tensor& in);
  StridedView in() const { return {data_, shape_.data(), strides_.data(), shape_.size(), dtype_}; }
  StridedView out(const Tensor& result, Strides& strides) const;
  int reduced() const { return reduced_; }

 private:
  const ReducedDims& dims_;
  void* data_;
  Shape shape_;
  Strides strides_;
  DType dtype_;
  int ndim_;
  int reduced_;
};

}  // namespace weft

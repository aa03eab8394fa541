// InputCheck: what the ops of a program from a file ask of their inputs before anything is computed with them.
// Everything raises ValueError that names the op.
#pragma once

#include <initializer_list>

#include "op/op.h"

namespace weft {

// Does a view show nothing but the memory between the first and the last element of another tensor?
bool lies_inside(const Tensor& view, const Tensor& whole);

class InputCheck {
 public:
  InputCheck(const char* op, Inputs in) : op_(op), in_(in) {}

  const Tensor& operator[](int i) const { return in_[i]; }
  const Inputs& inputs() const { return in_; }
  int size() const { return in_.size(); }
  bool has(int i) const { return i < in_.size() && in_[i].defined(); }

  // So many inputs; all of them are there, but for those in `optional`, by bit mask.
  const InputCheck& count(int n, uint32_t optional = 0) const { return count_between(n, n, optional); }
  const InputCheck& count_between(int least, int most, uint32_t optional = 0) const;
  // All inputs that are there live on one device, or are 0-dimensional on the CPU.
  const InputCheck& dtype(int i, DType t) const;
  const InputCheck& floating(int i) const;
  const InputCheck& integral(int i) const;
  const InputCheck& same_dtype(int i, int j) const;
  const InputCheck& same_shape(int i, int j) const;
  const InputCheck& shape(int i, const Shape& wanted) const;
  const InputCheck& ndim(int i, int n) const { return ndim_between(i, n, n); }
  const InputCheck& ndim_between(int i, int least, int most) const;
  const InputCheck& contiguous(int i) const;
  const InputCheck& broadcasts(int i, const Shape& to) const;
  // A dimension of a tensor with so many; of one without any, 0.
  const InputCheck& dim(int64_t d, int ndim) const;
  const InputCheck& dims(const Dims& list, int ndim) const;
  // That many or more elements of 63 bits do not fit.
  const InputCheck& sizes(const Shape& s) const;
  // As many strides as sizes, none of them negative.
  const InputCheck& layout(const Shape& s, const Strides& strides) const;
  // Such a view, which begins `offset` elements behind the first one of input i, shows nothing but that input's memory.
  const InputCheck& inside(int i, const Shape& s, const Strides& strides, int64_t offset) const;
  const InputCheck& that(bool ok, const char* expected) const;

 private:
  const char* op_;
  Inputs in_;
};

}  // namespace weft

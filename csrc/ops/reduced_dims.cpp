#include "ops/reduced_dims.h"

namespace weft {

ReducedDims::ReducedDims(const char* op, const Dims& dims, const Shape& shape, bool keep) : keepdim(keep) {
  int ndim = shape.size();
  if (dims.empty()) {
    mask = ndim == 64 ? ~uint64_t{0} : (uint64_t{1} << ndim) - 1;
    return;
  }
  uint64_t seen = 0;
  for (int64_t d : dims) {
    uint64_t bit = uint64_t{1} << normalize_dim(op, d, shape);
    check(!(seen & bit), op, ": dim ", d, " appears more than once in ", dims);
    seen |= bit;
  }
  mask = ndim == 0 ? 0 : seen;
}

Shape ReducedDims::result_shape(const Shape& shape) const {
  Shape result;
  for (int d = 0; d < shape.size(); d++) {
    if (!has(d))
      result.push_back(shape[d]);
    else if (keepdim)
      result.push_back(1);
  }
  return result;
}

int64_t ReducedDims::count(const Shape& shape) const {
  int64_t n = 1;
  for (int d = 0; d < shape.size(); d++)
    if (has(d)) n *= shape[d];
  return n;
}

Tensor ReducedDims::keep(const Tensor& y, int ndim) const {
  if (keepdim || mask == 0) return y;
  if (y.ndim() == 0) return y;
  Shape shape;
  for (int d = 0, own = 0; d < ndim; d++) shape.push_back(has(d) ? 1 : y.size(own++));
  return view_as(y, shape);
}

Tensor ReducedDims::spread(const Tensor& y, const Shape& shape) const {
  return y.shape() == shape ? y : expand(keep(y, shape.size()), shape);
}

ReductionViews::ReductionViews(const ReducedDims& dims, const Tensor& in)
    : dims_(dims), data_(in.data()), dtype_(in.dtype()), ndim_(in.ndim()) {
  for (bool reduced : {false, true}) {
    for (int d = 0; d < ndim_; d++) {
      if (dims.has(d) != reduced) continue;
      shape_.push_back(in.shape()[d]);
      strides_.push_back(in.strides()[d]);
    }
  }
  reduced_ = __builtin_popcountll(dims.mask);
}

StridedView ReductionViews::out(const Tensor& result, Strides& strides) const {
  if (!dims_.keepdim) {
    strides = result.strides();
  } else {
    for (int d = 0; d < ndim_; d++)
      if (!dims_.has(d)) strides.push_back(result.strides()[d]);
  }
  return {result.data(), shape_.data(), strides.data(), ndim_ - reduced_, result.dtype()};
}

}  // namespace weft

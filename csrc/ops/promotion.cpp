#include "ops/promotion.h"

namespace weft {

namespace {

DType default_dtype = DType::Float32;

int category(DType t) { return is_floating(t) ? 2 : is_integral(t) ? 1 : 0; }

}  // namespace

DType default_float_dtype() { return default_dtype; }

void set_default_float_dtype(DType t) {
  check<ErrorKind::Type>(is_floating(t), "set_default_dtype: expected a floating point dtype, got ", t);
  default_dtype = t;
}

void Promotion::add(DType t, int rank) {
  dtypes_[rank] = seen_[rank] ? promote(dtypes_[rank], t) : t;
  seen_[rank] = true;
}

Promotion& Promotion::add(const Tensor& t) {
  add(t.dtype(), t.ndim() > 0 ? 0 : 1);
  return *this;
}

Promotion& Promotion::add(const Scalar& s) {
  add(s.is_float() ? default_dtype : s.default_dtype(), 2);
  return *this;
}

DType Promotion::result() const {
  DType result = DType::Bool;
  bool any = false;
  for (int rank = 0; rank < 3; rank++) {
    if (!seen_[rank]) continue;
    if (!any || category(dtypes_[rank]) > category(result)) result = dtypes_[rank];
    any = true;
  }
  return result;
}

DType result_type(const Tensor& a, const Tensor& b) {
  if (a.dtype() == b.dtype()) return a.dtype();
  return Promotion().add(a).add(b).result();
}

DType result_type(const Tensor& a, const Scalar& b) {
  if (is_floating(a.dtype())) return a.dtype();
  return Promotion().add(a).add(b).result();
}

}  // namespace weft

#include "ops/promotion.h"

#include <cmath>

namespace weft {

namespace {

DType default_dtype = DType::Float32;

}  // namespace

DType default_float_dtype() { return default_dtype; }

void set_default_float_dtype(DType t) {
  check<ErrorKind::Type>(is_real_floating(t), "set_default_dtype: expected a floating point dtype, got ", t);
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
  add(s.is_float() ? default_dtype : s.is_complex() ? to_complex(default_dtype) : s.default_dtype(), 2);
  return *this;
}

DType Promotion::result() const {
  DType result = DType::Bool;
  bool any = false;
  for (int rank = 0; rank < 3; rank++) {
    if (!seen_[rank]) continue;
    const bool rises = any && !can_cast(dtypes_[rank], result);
    if (rises && (is_float8(result) || is_float8(dtypes_[rank]))) promote(result, dtypes_[rank]);  // raises
    // A complex number of a lower rank leaves the precision to the higher one.
    const bool keeps = any && is_complex(dtypes_[rank]) && category(result) == DTypeCategory::Floating;
    if (!any || rises) result = keeps ? to_complex(result) : dtypes_[rank];
    any = true;
  }
  return result;
}

DType result_type(const Tensor& a, const Tensor& b) {
  if (a.dtype() == b.dtype()) return a.dtype();
  return Promotion().add(a).add(b).result();
}

DType result_type(const Tensor& a, const Scalar& b) {
  if (is_real_floating(a.dtype()) && !b.is_complex()) return a.dtype();
  return Promotion().add(a).add(b).result();
}

NumberView::NumberView(const Scalar& s) {
  if (s.kind() <= Scalar::Kind::Int)
    set(DType::Int64, s.to_int());
  else if (s.kind() == Scalar::Kind::UInt)
    set(DType::UInt64, s.to_bits());
  else if (s.is_complex())
    set(DType::Complex128, s.to_complex());
  else
    set(DType::Float64, s.to_double());
}

Limits integer_limits(DType t) {
  const int bits = static_cast<int>(item_size(t)) * 8;
  const uint64_t high = ~uint64_t{0} >> (64 - bits + (is_signed(t) ? 1 : 0));
  return {is_signed(t) ? -static_cast<int64_t>(high) - 1 : 0, high};
}

void check_storable(const char* op, const Scalar& value, DType dtype) {
  check(is_complex(dtype) || value.to_complex().imag == 0, op, ": the complex number ", value, " does not fit dtype ",
        dtype);
  if (!is_integral(dtype)) return;
  const auto [low, high] = integer_limits(dtype);
  bool fits;
  if (value.kind() == Scalar::Kind::BigInt) {
    fits = false;
  } else if (value.is_float() || value.is_complex()) {
    const double whole = std::trunc(value.to_double());
    // 2^63 is a double, 2^63 - 1 is not.
    fits = whole >= static_cast<double>(low) && whole < static_cast<double>(high / 2 + 1) * 2;
  } else if (value.kind() == Scalar::Kind::UInt) {
    fits = value.to_bits() <= high;
  } else {
    fits = value.to_int() >= low && (value.to_int() < 0 || static_cast<uint64_t>(value.to_int()) <= high);
  }
  const bool integer = value.kind() < Scalar::Kind::Float;
  if (fits) return;
  // Of an integer beyond 64 bits only the nearest double is known.
  const bool known = value.kind() != Scalar::Kind::BigInt;
  const char* what = !known ? "an integer of about " : integer ? "the integer " : "the number ";
  if (integer && dtype == DType::Int64) fail<ErrorKind::Overflow>(op, ": ", what, value, " does not fit int64");
  fail(op, ": ", what, value, " does not fit dtype ", dtype, ", which holds ", low, " to ", high);
}

}  // namespace weft

// Scalar: a Python number on its way into an op: bool, integer or floating point, each exact; of integers beyond 64
// bits the nearest double, for floating point tensors only.
#pragma once

#include <cstdint>
#include <string>

#include "core/dtype.h"
#include "core/error.h"

namespace weft {

class Scalar {
 public:
  enum class Kind : uint8_t { Bool, Int, BigInt, Float };
  Scalar() : Scalar(int64_t{0}) {}
  Scalar(bool v) : kind_(Kind::Bool), i_(v) {}
  Scalar(int v) : kind_(Kind::Int), i_(v) {}
  Scalar(int64_t v) : kind_(Kind::Int), i_(v) {}
  Scalar(double v) : kind_(Kind::Float), d_(v) {}
  static Scalar big_integer(double v) {
    Scalar s(v);
    s.kind_ = Kind::BigInt;
    return s;
  }

  Kind kind() const { return kind_; }
  bool is_float() const { return kind_ == Kind::Float; }
  // Does it fit no int64?
  bool is_big() const { return kind_ == Kind::BigInt; }
  double to_double() const { return holds_double() ? d_ : static_cast<double>(i_); }
  // Fractions are cut off. Raises OverflowError for integers beyond 64 bits; of NaN and what is too large INT64_MIN.
  int64_t to_int() const {
    if (!holds_double()) return i_;
    check<ErrorKind::Overflow>(!is_big(), "an integer of about ", d_, " does not fit int64");
    return d_ >= -0x1p63 && d_ < 0x1p63 ? static_cast<int64_t>(d_) : INT64_MIN;
  }
  bool to_bool() const { return holds_double() ? d_ != 0 : i_ != 0; }
  // The type a tensor made of this number alone has.
  DType default_dtype() const {
    return kind_ == Kind::Bool ? DType::Bool : kind_ == Kind::Float ? DType::Float32 : DType::Int64;
  }
  bool operator==(const Scalar& o) const {
    return kind_ == o.kind_ && i_ == o.i_;  // bit by bit: NaN is itself, and 0.0 is not -0.0
  }

 private:
  bool holds_double() const { return kind_ >= Kind::BigInt; }
  Kind kind_;
  union {
    int64_t i_;
    double d_;
  };
};

inline void append_text(std::string& out, const Scalar& s) {
  if (s.kind() == Scalar::Kind::Bool)
    append_text(out, s.to_bool());
  else if (s.kind() == Scalar::Kind::Int)
    append_text(out, s.to_int());
  else
    append_text(out, s.to_double());
}

}  // namespace weft

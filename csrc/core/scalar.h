// Scalar: a Python number on its way into an op: bool, integer, floating point or complex, each exact; of integers
// beyond 64 bits the nearest double, for floating point tensors only.
#pragma once

#include <cstdint>
#include <string>

#include "core/dtype.h"
#include "core/error.h"

namespace weft {

class Scalar;
void append_text(std::string& out, const Scalar& s);

class Scalar {
 public:
  // UInt: from 2^63 to 2^64 - 1. BigInt: beyond 64 bits.
  enum class Kind : uint8_t { Bool, Int, UInt, BigInt, Float, Complex };
  Scalar() : Scalar(int64_t{0}) {}
  Scalar(bool v) : kind_(Kind::Bool), i_(v) {}
  Scalar(int v) : kind_(Kind::Int), i_(v) {}
  Scalar(int64_t v) : kind_(Kind::Int), i_(v) {}
  Scalar(uint64_t v) : kind_(v >> 63 ? Kind::UInt : Kind::Int), i_(static_cast<int64_t>(v)) {}
  Scalar(double v) : kind_(Kind::Float), d_(v) {}
  Scalar(Complex128 v) : kind_(Kind::Complex), d_(v.real), imag_(v.imag) {}
  static Scalar big_integer(double v) {
    Scalar s(v);
    s.kind_ = Kind::BigInt;
    return s;
  }

  Kind kind() const { return kind_; }
  bool is_float() const { return kind_ == Kind::Float; }
  bool is_complex() const { return kind_ == Kind::Complex; }
  // Is it an integer that does not fit int64?
  bool is_big() const { return kind_ == Kind::UInt || kind_ == Kind::BigInt; }
  // Raises where a complex number has an imaginary part.
  double to_double() const {
    if (kind_ == Kind::UInt) return static_cast<double>(to_bits());
    check_real();
    return holds_double() ? d_ : static_cast<double>(i_);
  }
  // Fractions are cut off. Raises OverflowError for integers beyond 63 bits; of NaN and what is too large INT64_MIN.
  int64_t to_int() const {
    if (kind_ <= Kind::Int) return i_;
    check<ErrorKind::Overflow>(!is_big(), "an integer of about ", to_double(), " does not fit int64");
    check_real();
    return d_ >= -0x1p63 && d_ < 0x1p63 ? static_cast<int64_t>(d_) : INT64_MIN;
  }
  // An integer as uint64 holds it, negative ones wrapped around; fractions are cut off.
  uint64_t to_bits() const {
    if (kind_ <= Kind::UInt) return static_cast<uint64_t>(i_);
    check<ErrorKind::Overflow>(kind_ != Kind::BigInt, "an integer of about ", d_, " does not fit uint64");
    check_real();
    return d_ >= 0x1p63 && d_ < 0x1p64 ? static_cast<uint64_t>(d_) : static_cast<uint64_t>(to_int());
  }
  Complex128 to_complex() const { return {is_complex() ? d_ : to_double(), imag_}; }
  bool to_bool() const { return (holds_double() ? d_ != 0 : i_ != 0) || imag_ != 0; }
  // The type a tensor made of this number alone has.
  DType default_dtype() const {
    constexpr DType dtypes[] = {DType::Bool,  DType::Int64,   DType::Int64,
                                DType::Int64, DType::Float32, DType::Complex64};
    return dtypes[static_cast<int>(kind_)];
  }
  bool operator==(const Scalar& o) const {
    // Bit by bit: NaN is itself, and 0.0 is not -0.0.
    return kind_ == o.kind_ && i_ == o.i_ && __builtin_bit_cast(int64_t, imag_) == __builtin_bit_cast(int64_t, o.imag_);
  }

 private:
  bool holds_double() const { return kind_ >= Kind::BigInt; }
  void check_real() const { check(imag_ == 0, "the complex number ", *this, " cannot be used as a real one"); }
  Kind kind_;
  union {
    int64_t i_;
    double d_;
  };
  double imag_ = 0;
};

inline void append_text(std::string& out, const Scalar& s) {
  switch (s.kind()) {
    case Scalar::Kind::Bool:
      return append_text(out, s.to_bool());
    case Scalar::Kind::Int:
      return append_text(out, s.to_int());
    case Scalar::Kind::UInt:
      return append_text(out, s.to_bits());
    case Scalar::Kind::Complex: {
      const Complex128 z = s.to_complex();
      out += '(';
      append_text(out, z.real);
      if (!(z.imag < 0)) out += '+';
      append_text(out, z.imag);
      out += "j)";
      return;
    }
    default:
      append_text(out, s.to_double());
  }
}

}  // namespace weft

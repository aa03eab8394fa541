// DType: sizes, names, promotion; Scalar.
#include "core/dtype.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <complex>
#include <optional>
#include <string>
#include <vector>

#include "core/scalar.h"

namespace weft {
namespace {

std::vector<DType> all_dtypes() {
  std::vector<DType> list;
  for (int i = 0; i < kNumDTypes; i++) list.push_back(static_cast<DType>(i));
  return list;
}

TEST(DType, SizesAreThoseOfTheCTypes) {
  for (DType t : all_dtypes()) {
    visit_dtype(t, [&]<class T>(TypeTag<T>) {
      EXPECT_EQ(item_size(t), sizeof(T)) << dtype_name(t);
      EXPECT_EQ(dtype_of<T>, t);
    });
  }
}

TEST(DType, Categories) {
  for (DType t : all_dtypes())
    EXPECT_EQ(is_real_floating(t) + is_float8(t) + is_complex(t) + is_integral(t) + (t == DType::Bool), 1)
        << dtype_name(t);
  EXPECT_TRUE(can_cast(DType::UInt64, DType::Int8));
  EXPECT_TRUE(can_cast(DType::Float64, DType::Float8E5M2));
  EXPECT_TRUE(can_cast(DType::Int64, DType::Complex64));
  EXPECT_FALSE(can_cast(DType::Complex64, DType::Float64));
  EXPECT_FALSE(can_cast(DType::Float16, DType::Int64));
  EXPECT_FALSE(can_cast(DType::UInt8, DType::Bool));
  EXPECT_FALSE(is_signed(DType::UInt8));
  EXPECT_TRUE(is_signed(DType::Int8));
  EXPECT_FALSE(is_signed(DType::Bool));
  EXPECT_EQ(std::string(dtype_name(DType::BFloat16)), "bfloat16");
}

TEST(DType, WhatIsDifferentiable) {
  for (DType t : all_dtypes())
    EXPECT_EQ(is_differentiable(t), is_real_floating(t) || is_float8(t) || is_complex(t)) << dtype_name(t);
  EXPECT_TRUE(is_differentiable(DType::BFloat16));
  EXPECT_FALSE(is_differentiable(DType::Int64));
}

TEST(DType, TypesToComputeIn) {
  EXPECT_EQ(compute_type(DType::Float16), DType::Float32);
  EXPECT_EQ(compute_type(DType::BFloat16), DType::Float32);
  EXPECT_EQ(compute_type(DType::Float64), DType::Float64);
  EXPECT_EQ(compute_type(DType::Bool), DType::Int64);
  EXPECT_EQ(compute_type(DType::UInt8), DType::Int64);
  EXPECT_EQ(accumulate_type(DType::Float16), DType::Float64);
  EXPECT_EQ(accumulate_type(DType::Int8), DType::Int64);
  EXPECT_EQ(compute_type(DType::UInt32), DType::Int64);
  EXPECT_EQ(compute_type(DType::UInt64), DType::UInt64);
  EXPECT_EQ(compute_type(DType::Float8E5M2), DType::Float32);
  EXPECT_EQ(compute_type(DType::Complex64), DType::Complex64);
  EXPECT_EQ(accumulate_type(DType::Complex64), DType::Complex128);
  EXPECT_EQ(to_real(DType::Complex128), DType::Float64);
  EXPECT_EQ(to_complex(DType::BFloat16), DType::Complex64);
}

// Empty where two dtypes have no common one.
std::optional<DType> promoted(DType a, DType b) {
  try {
    return promote(a, b);
  } catch (const Error&) {
    return {};
  }
}

TEST(Promotion, IsCommutativeAndAbsorbsItself) {
  for (DType a : all_dtypes()) {
    EXPECT_EQ(promote(a, a), a);
    for (DType b : all_dtypes()) EXPECT_EQ(promoted(a, b), promoted(b, a)) << dtype_name(a) << " " << dtype_name(b);
  }
}

TEST(Promotion, TheWholeTable) {
  using enum DType;
  const DType real[] = {Bool, UInt8, Int8, Int16, Int32, Int64, Float16, BFloat16, Float32, Float64};
  const DType table[10][10] = {
      {Bool, UInt8, Int8, Int16, Int32, Int64, Float16, BFloat16, Float32, Float64},
      {UInt8, UInt8, Int16, Int16, Int32, Int64, Float16, BFloat16, Float32, Float64},
      {Int8, Int16, Int8, Int16, Int32, Int64, Float16, BFloat16, Float32, Float64},
      {Int16, Int16, Int16, Int16, Int32, Int64, Float16, BFloat16, Float32, Float64},
      {Int32, Int32, Int32, Int32, Int32, Int64, Float16, BFloat16, Float32, Float64},
      {Int64, Int64, Int64, Int64, Int64, Int64, Float16, BFloat16, Float32, Float64},
      {Float16, Float16, Float16, Float16, Float16, Float16, Float16, Float32, Float32, Float64},
      {BFloat16, BFloat16, BFloat16, BFloat16, BFloat16, BFloat16, Float32, BFloat16, Float32, Float64},
      {Float32, Float32, Float32, Float32, Float32, Float32, Float32, Float32, Float32, Float64},
      {Float64, Float64, Float64, Float64, Float64, Float64, Float64, Float64, Float64, Float64}};
  for (int i = 0; i < 10; i++)
    for (int j = 0; j < 10; j++)
      EXPECT_EQ(promote(real[i], real[j]), table[i][j]) << dtype_name(real[i]) << " with " << dtype_name(real[j]);
  for (DType a : {UInt16, UInt32, UInt64}) {
    for (DType b : all_dtypes()) {
      if (a == b) continue;
      EXPECT_EQ(promoted(a, b), is_real_floating(b) ? std::optional(b) : std::nullopt) << dtype_name(b);
    }
  }
  for (DType a : {Float8E4M3, Float8E5M2})
    for (DType b : all_dtypes()) EXPECT_EQ(promoted(a, b).has_value(), a == b) << dtype_name(b);
  for (DType b : real) {
    EXPECT_EQ(promote(Complex64, b), b == Float64 ? Complex128 : Complex64) << dtype_name(b);
    EXPECT_EQ(promote(Complex128, b), Complex128) << dtype_name(b);
  }
  EXPECT_EQ(promote(Complex64, Complex128), Complex128);
}

TEST(Scalar, KeepsItsKindAndValue) {
  EXPECT_EQ(Scalar(true).default_dtype(), DType::Bool);
  EXPECT_EQ(Scalar(3).default_dtype(), DType::Int64);
  EXPECT_EQ(Scalar(3.5).default_dtype(), DType::Float32);
  int64_t big = (int64_t{1} << 62) + 1;
  EXPECT_EQ(Scalar(big).to_int(), big);
  EXPECT_EQ(Scalar(2.75).to_int(), 2);
  EXPECT_EQ(Scalar(-2.75).to_int(), -2);
  EXPECT_TRUE(Scalar(0.5).to_bool());
  EXPECT_FALSE(Scalar(0.0).to_bool());
  EXPECT_EQ(Scalar(2), Scalar(int64_t{2}));
  EXPECT_EQ(Scalar(uint64_t{7}), Scalar(7));
  const Scalar large(~uint64_t{0});
  EXPECT_TRUE(large.is_big());
  EXPECT_EQ(large.to_bits(), ~uint64_t{0});
  EXPECT_THROW((void)large.to_int(), Error);
  EXPECT_EQ(Scalar(-1).to_bits(), ~uint64_t{0});
  const Scalar z(Complex128{1.5, -2});
  EXPECT_EQ(z.default_dtype(), DType::Complex64);
  EXPECT_THROW((void)z.to_double(), Error);
  EXPECT_EQ(Scalar(Complex128{2.5, 0}).to_double(), 2.5);
  EXPECT_FALSE(z == Scalar(Complex128{1.5, 2}));
  EXPECT_EQ(concat(z, " ", large), "(1.5-2j) 18446744073709551615");
  EXPECT_FALSE(Scalar(2) == Scalar(2.0));
  EXPECT_EQ(concat(Scalar(true), " ", Scalar(-7), " ", Scalar(0.5)), "True -7 0.5");
}

}  // namespace
}  // namespace weft

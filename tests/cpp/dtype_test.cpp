// DType: sizes, names, promotion; Scalar.
#include "core/dtype.h"

#include <gtest/gtest.h>

#include <algorithm>
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
  for (DType t : all_dtypes()) EXPECT_EQ(is_real_floating(t) + is_integral(t) + (t == DType::Bool), 1) << dtype_name(t);
  for (DType a : all_dtypes())
    for (DType b : all_dtypes()) EXPECT_EQ(can_cast(a, b), promote(a, b) == b || category(a) == category(b));
  EXPECT_FALSE(can_cast(DType::Float16, DType::Int64));
  EXPECT_FALSE(can_cast(DType::UInt8, DType::Bool));
  EXPECT_FALSE(is_signed(DType::UInt8));
  EXPECT_TRUE(is_signed(DType::Int8));
  EXPECT_FALSE(is_signed(DType::Bool));
  EXPECT_EQ(std::string(dtype_name(DType::BFloat16)), "bfloat16");
}

TEST(DType, WhatIsDifferentiable) {
  for (DType t : all_dtypes()) EXPECT_EQ(is_differentiable(t), is_real_floating(t) || is_complex(t)) << dtype_name(t);
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
}

TEST(Promotion, IsCommutativeAndAbsorbsItself) {
  for (DType a : all_dtypes()) {
    EXPECT_EQ(promote(a, a), a);
    for (DType b : all_dtypes()) EXPECT_EQ(promote(a, b), promote(b, a)) << dtype_name(a) << " " << dtype_name(b);
  }
}

TEST(Promotion, TheWholeTable) {
  using enum DType;
  // Rows and columns: bool, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64.
  const DType table[kNumDTypes][kNumDTypes] = {
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
  for (DType a : all_dtypes())
    for (DType b : all_dtypes())
      EXPECT_EQ(promote(a, b), table[static_cast<int>(a)][static_cast<int>(b)])
          << dtype_name(a) << " with " << dtype_name(b);
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
  EXPECT_FALSE(Scalar(2) == Scalar(2.0));
  EXPECT_EQ(concat(Scalar(true), " ", Scalar(-7), " ", Scalar(0.5)), "True -7 0.5");
}

}  // namespace
}  // namespace weft

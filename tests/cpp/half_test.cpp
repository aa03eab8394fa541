// Float16 and BFloat16: every value there and back, and the rounding of everything between them.
#include "core/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

namespace weft {
namespace {

// By the definition of the format: sign, exponent of `exponent_bits`, the rest significand.
double decode(uint16_t bits, int exponent_bits) {
  int fraction_bits = 15 - exponent_bits;
  int bias = (1 << (exponent_bits - 1)) - 1;
  int exponent = bits >> fraction_bits & ((1 << exponent_bits) - 1);
  double fraction = std::ldexp(bits & ((1 << fraction_bits) - 1), -fraction_bits);
  double sign = bits & 0x8000 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) {
    return fraction == 0 ? sign * std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  }
  return sign * (exponent == 0 ? std::ldexp(fraction, 1 - bias) : std::ldexp(1 + fraction, exponent - bias));
}

float value(Float16 x) { return to_float(x); }
float value(BFloat16 x) { return to_float(x); }

template <class H>
H round_to(float x);
template <>
Float16 round_to<Float16>(float x) {
  return to_float16(x);
}
template <>
BFloat16 round_to<BFloat16>(float x) {
  return to_bfloat16(x);
}

template <class H>
class HalfTest : public ::testing::Test {
 public:
  static constexpr int kExponentBits = std::is_same_v<H, Float16> ? 5 : 8;
  static constexpr uint16_t kInfinity = std::is_same_v<H, Float16> ? 0x7c00 : 0x7f80;
};
using Halves = ::testing::Types<Float16, BFloat16>;
TYPED_TEST_SUITE(HalfTest, Halves);

TYPED_TEST(HalfTest, EveryValueDecodesAndComesBack) {
  for (uint32_t bits = 0; bits < 65536; bits++) {
    TypeParam h{static_cast<uint16_t>(bits)};
    double expected = decode(h.bits, this->kExponentBits);
    float x = value(h);
    uint16_t back = round_to<TypeParam>(x).bits;
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(x)) << bits;
      ASSERT_TRUE(std::isnan(value(TypeParam{back}))) << bits;
      ASSERT_EQ(back & 0x8000, h.bits & 0x8000) << bits;
    } else {
      ASSERT_EQ(static_cast<double>(x), expected) << bits;
      ASSERT_EQ(std::signbit(x), std::signbit(expected)) << bits;
      ASSERT_EQ(back, h.bits) << bits;
    }
  }
}

// Between two neighbours: the middle goes to the even one, what is beside the middle to the nearer one.
TYPED_TEST(HalfTest, RoundsToNearestEven) {
  for (uint16_t bits = 0; bits + 1 < this->kInfinity; bits++) {
    double low = decode(bits, this->kExponentBits);
    double high = decode(static_cast<uint16_t>(bits + 1), this->kExponentBits);
    auto middle = static_cast<float>((low + high) / 2);  // exact: a float has more digits
    uint16_t even = bits & 1 ? bits + 1 : bits;
    ASSERT_EQ(round_to<TypeParam>(middle).bits, even) << bits;
    ASSERT_EQ(round_to<TypeParam>(-middle).bits, even | 0x8000) << bits;
    ASSERT_EQ(round_to<TypeParam>(std::nextafter(middle, 0.0f)).bits, bits);
    ASSERT_EQ(round_to<TypeParam>(std::nextafter(middle, INFINITY)).bits, bits + 1);
  }
}

TYPED_TEST(HalfTest, OverflowsToInfinity) {
  uint16_t largest_bits = this->kInfinity - 1;
  double largest = decode(largest_bits, this->kExponentBits);
  double step = largest - decode(static_cast<uint16_t>(largest_bits - 1), this->kExponentBits);
  auto tie = static_cast<float>(largest + step / 2);
  EXPECT_EQ(round_to<TypeParam>(tie).bits, this->kInfinity);
  EXPECT_EQ(round_to<TypeParam>(-tie).bits, this->kInfinity | 0x8000);
  EXPECT_EQ(round_to<TypeParam>(std::nextafter(tie, 0.0f)).bits, largest_bits);
  EXPECT_EQ(round_to<TypeParam>(std::numeric_limits<float>::max()).bits, this->kInfinity);
  EXPECT_EQ(round_to<TypeParam>(INFINITY).bits, this->kInfinity);
}

TYPED_TEST(HalfTest, KeepsNaNsAndSignedZeros) {
  // A NaN whose payload lies in the dropped bits only.
  EXPECT_TRUE(std::isnan(value(round_to<TypeParam>(std::bit_cast<float>(0x7f800001u)))));
  EXPECT_TRUE(std::isnan(value(round_to<TypeParam>(std::bit_cast<float>(0xffffffffu)))));
  EXPECT_EQ(round_to<TypeParam>(-0.0f).bits, 0x8000);
  EXPECT_EQ(round_to<TypeParam>(std::numeric_limits<float>::denorm_min()).bits, 0);
}

// Whatever the float, no half is nearer.
TYPED_TEST(HalfTest, RandomFloatsGoToTheNearest) {
  std::mt19937 random(5);
  for (int i = 0; i < 200000; i++) {
    float x = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (!std::isfinite(x)) continue;
    uint16_t bits = round_to<TypeParam>(x).bits;
    double chosen = decode(bits, this->kExponentBits);
    if (std::isinf(chosen)) continue;
    double error = std::abs(chosen - x);
    for (int step : {-1, 1}) {
      double other = decode(static_cast<uint16_t>(bits + step), this->kExponentBits);
      if (std::isfinite(other)) {
        ASSERT_LE(error, std::abs(other - x)) << x;
      }
    }
  }
}

}  // namespace
}  // namespace weft

// The 8-bit floating point types as storage, after Micikevicius et al., "FP8 formats for deep learning" (2022), with
// branch-free conversions to and from float (round to nearest, ties to even). E4M3 has no infinities: what is too large
// becomes the largest number. E5M2 has the exponent of Float16.
#pragma once

#include "core/half.h"

namespace weft {

struct Float8E4M3 {
  uint8_t bits;
};

struct Float8E5M2 {
  uint8_t bits;
};

WEFT_INLINE float to_float(Float8E4M3 x) {
  uint32_t sign = static_cast<uint32_t>(x.bits & 0x80u) << 24, magnitude = x.bits & 0x7fu;
  float scaled = __builtin_bit_cast(float, magnitude << 20) * 0x1p120f;  // exponent bias 127 - 7
  uint32_t value = magnitude == 0x7fu ? 0x7fc00000u : __builtin_bit_cast(uint32_t, scaled);
  return __builtin_bit_cast(float, sign | value);
}

WEFT_INLINE float to_float(Float8E5M2 x) { return to_float(Float16{static_cast<uint16_t>(x.bits << 8)}); }

// The magnitude of x rounded to `kept` bits of fraction and an exponent of the given bias, before the range is looked
// at. Subnormal results: adding 2^(24 - bias - kept) puts the wanted bits, rounded, at the bottom of the significand.
template <int kept, int bias>
WEFT_INLINE uint32_t rounded_magnitude(uint32_t magnitude) {
  constexpr int dropped = 23 - kept;
  constexpr uint32_t smallest = static_cast<uint32_t>(128 - bias) << 23, half = (1u << (dropped - 1)) - 1;
  constexpr uint32_t aligner = static_cast<uint32_t>(127 + 24 - bias - kept) << 23;
  uint32_t rebiased = magnitude - (static_cast<uint32_t>(127 - bias) << 23);
  uint32_t normal = (rebiased + half + ((magnitude >> dropped) & 1u)) >> dropped;
  float sum = __builtin_bit_cast(float, magnitude) + __builtin_bit_cast(float, aligner);
  return magnitude < smallest ? __builtin_bit_cast(uint32_t, sum) - aligner : normal;
}

WEFT_INLINE Float8E4M3 to_float8_e4m3(float x) {
  uint32_t u = __builtin_bit_cast(uint32_t, x), magnitude = u & 0x7fffffffu;
  uint32_t bits = rounded_magnitude<3, 7>(magnitude);
  bits = magnitude >= 0x43e00000u ? 0x7eu : bits;  // 448
  bits = magnitude > 0x7f800000u ? 0x7fu : bits;
  return Float8E4M3{static_cast<uint8_t>((u >> 24 & 0x80u) | bits)};
}

WEFT_INLINE Float8E5M2 to_float8_e5m2(float x) {
  uint32_t u = __builtin_bit_cast(uint32_t, x), magnitude = u & 0x7fffffffu;
  uint32_t bits = rounded_magnitude<2, 15>(magnitude);
  bits = magnitude >= 0x47700000u ? 0x7cu : bits;  // 61440, half way to the next power of two
  bits = magnitude > 0x7f800000u ? 0x7fu : bits;
  return Float8E5M2{static_cast<uint8_t>((u >> 24 & 0x80u) | bits)};
}

}  // namespace weft

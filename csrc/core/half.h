// Float16 and BFloat16 as storage types with branch-free conversions to and from float (round to nearest, ties to
// even). No standard headers beyond <cstdint>: the per-ISA kernels include this file.
#pragma once

#include <cstdint>

#include "core/inline.h"

namespace weft {

struct Float16 {
  uint16_t bits;
};

struct BFloat16 {
  uint16_t bits;
};

WEFT_INLINE float to_float(BFloat16 x) { return __builtin_bit_cast(float, static_cast<uint32_t>(x.bits) << 16); }

WEFT_INLINE BFloat16 to_bfloat16(float x) {
  uint32_t u = __builtin_bit_cast(uint32_t, x);
  uint32_t rounded = (u + 0x7fffu + ((u >> 16) & 1u)) >> 16;
  uint32_t nan = (u >> 16) | 0x40u;  // keep NaN a NaN when its payload sits in the dropped bits
  return BFloat16{static_cast<uint16_t>((u & 0x7fffffffu) > 0x7f800000u ? nan : rounded)};
}

// IEEE 754 binary16. Subnormals are handled by multiplying with a power of two instead of counting leading zeros.
WEFT_INLINE float to_float(Float16 h) {
  uint32_t sign = static_cast<uint32_t>(h.bits & 0x8000u) << 16;
  uint32_t magnitude = h.bits & 0x7fffu;
  float scaled = __builtin_bit_cast(float, magnitude << 13) * 0x1p112f;  // exponent bias 127 - 15
  uint32_t special = (magnitude << 13) | 0x7f800000u;                    // infinities and NaNs
  uint32_t value = magnitude >= 0x7c00u ? special : __builtin_bit_cast(uint32_t, scaled);
  return __builtin_bit_cast(float, sign | value);
}

WEFT_INLINE Float16 to_float16(float x) {
  uint32_t u = __builtin_bit_cast(uint32_t, x);
  uint32_t sign = (u >> 16) & 0x8000u;
  uint32_t magnitude = u & 0x7fffffffu;
  // Normal results: rebias, then round to nearest even on the 13 dropped bits.
  uint32_t normal = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
  // Subnormal results: adding 0.5 puts the wanted bits, correctly rounded, at the bottom of the significand.
  uint32_t subnormal = __builtin_bit_cast(uint32_t, __builtin_bit_cast(float, magnitude) + 0.5f) - 0x3f000000u;
  uint32_t bits = magnitude < 0x38800000u ? subnormal : normal;
  bits = magnitude >= 0x477ff000u ? 0x7c00u : bits;
  bits = magnitude > 0x7f800000u ? (0x7e00u | ((magnitude >> 13) & 0x3ffu)) : bits;
  return Float16{static_cast<uint16_t>(sign | bits)};
}

}  // namespace weft

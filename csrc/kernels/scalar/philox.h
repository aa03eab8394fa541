// Philox4x32-10: random numbers as a function of a counter and a key (Salmon, Moraes, Dror and Shaw, "Parallel random
// numbers: as easy as 1, 2, 3", SC'11). Number i of a draw depends on seed, offset and i alone: the same on every
// device and with any number of threads. Each block of the counter gives four 32-bit numbers.
#pragma once

#include <stdint.h>

#include "kernels/scalar/math.h"

namespace weft::scalar {

struct Block {
  uint32_t v[4];
};

WEFT_INLINE Block philox(uint64_t seed, uint64_t counter) {
  uint32_t c0 = static_cast<uint32_t>(counter), c1 = static_cast<uint32_t>(counter >> 32), c2 = 0, c3 = 0;
  uint32_t k0 = static_cast<uint32_t>(seed), k1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; round++) {
    uint64_t p0 = static_cast<uint64_t>(0xD2511F53u) * c0, p1 = static_cast<uint64_t>(0xCD9E8D57u) * c2;
    uint32_t n0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0, n2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c1 = static_cast<uint32_t>(p1);
    c3 = static_cast<uint32_t>(p0);
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {{c0, c1, c2, c3}};
}

// Two numbers below span (0: all 2^64), each equally likely: what 64 bits hold beyond a multiple of span is drawn
// again, from a counter that the block itself gives.
WEFT_INLINE void integers_below(const Block& block, uint64_t span, uint64_t* out) {
  const uint64_t rest = span ? (0 - span) % span : 0;  // 2^64 % span
  for (int k = 0; k < 2; k++) {
    uint64_t u = static_cast<uint64_t>(block.v[2 * k]) << 32 | block.v[2 * k + 1];
    for (uint64_t again = 0; u >= 0 - rest && rest != 0; again++) {
      Block next = philox(static_cast<uint64_t>(block.v[2 * k ^ 2]) << 32 | block.v[(2 * k ^ 2) + 1], u + again);
      u = static_cast<uint64_t>(next.v[0]) << 32 | next.v[1];
    }
    out[k] = span ? u % span : u;
  }
}

// [0, 1), all multiples of 2^-24.
WEFT_INLINE float uniform_float(uint32_t u) { return static_cast<float>(u >> 8) * 0x1p-24f; }
// [0, 1), all multiples of 2^-53.
WEFT_INLINE double uniform_double(uint32_t high, uint32_t low) {
  uint64_t u = (static_cast<uint64_t>(high) << 32 | low) >> 11;
  return static_cast<double>(u) * 0x1p-53;
}

// cos and sin of 2 pi u for u in [0, 1).
struct CosSin {
  float cos, sin;
};
WEFT_INLINE CosSin cos_sin_turn(float u) {
  float quarter = round(u * 4.0f);
  float r = u - quarter * 0.25f, r2 = r * r;
  float s = 41.472949898501334f;
  s = s * r2 - 76.6978699911411f;
  s = s * r2 + 81.60520474655112f;
  s = s * r2 - 41.34170215350564f;
  s = (s * r2 + 6.283185307152452f) * r;
  float c = 59.22040742277663f;
  c = c * r2 - 85.44285212473234f;
  c = c * r2 + 64.93931620847634f;
  c = c * r2 - 19.73920865035801f;
  c = c * r2 + 0.9999999999526008f;
  int32_t q = static_cast<int32_t>(quarter) & 3;
  float x = q & 1 ? s : c, y = q & 1 ? c : s;
  return {q == 1 || q == 2 ? -x : x, q >= 2 ? -y : y};
}

// Two independent standard normal numbers of two uniform ones (Box and Muller, 1958).
struct NormalPair {
  float a, b;
};
WEFT_INLINE NormalPair normal_pair(uint32_t u, uint32_t v) {
  // (0, 1]: the logarithm is finite.
  float radius = sqrt(-2.0f * log(static_cast<float>((u >> 8) + 1) * 0x1p-24f));
  CosSin t = cos_sin_turn(uniform_float(v));
  return {radius * t.cos, radius * t.sin};
}
struct NormalPairDouble {
  double a, b;
};
WEFT_INLINE NormalPairDouble normal_pair_double(const Block& block) {
  double radius = __builtin_sqrt(-2.0 * __builtin_log(1.0 - uniform_double(block.v[0], block.v[1])));
  double angle = 6.28318530717958647692 * uniform_double(block.v[2], block.v[3]);
  return {radius * __builtin_cos(angle), radius * __builtin_sin(angle)};
}

}  // namespace weft::scalar

// Where a coordinate of a grid lies on an axis: which places the sample is made of, with what weights, and how these
// change with the coordinate. The rules are PyTorch's: -1 and 1 are the centers of the first and last place
// (align_corners), or their outer edges.
#pragma once

#include "kernels/scalar/resampling.h"

namespace weft {

enum class GridMode : uint8_t { Linear, Nearest, Cubic };
enum class GridPadding : uint8_t { Zeros, Border, Reflection };

struct GridRule {
  GridMode mode = GridMode::Linear;
  GridPadding padding = GridPadding::Zeros;
  bool align_corners = false;
  // On each axis.
  WEFT_INLINE int taps() const { return mode == GridMode::Linear ? 2 : mode == GridMode::Nearest ? 1 : 4; }
};

template <class C>
struct AxisSample {
  int64_t place[4];  // -1: outside
  C weight[4], slope[4];
};

namespace scalar {

// Inside of the axis by reflection at its ends; sign follows the direction.
template <class C>
WEFT_INLINE C reflected(C at, int64_t size, bool align_corners, C& sign) {
  const C low = align_corners ? C(0) : C(-0.5), span = static_cast<C>(align_corners ? size - 1 : size);
  if (span == 0) {
    sign = 0;
    return 0;
  }
  at -= low;
  if (at < 0) at = -at, sign = -sign;
  const C flips = floor(at / span), rest = at - flips * span;
  if (flips == 2 * floor(flips / 2)) return rest + low;
  sign = -sign;
  return span - rest + low;
}
template <class C>
WEFT_INLINE C clipped(C at, int64_t size, C& sign) {
  const C last = static_cast<C>(size - 1);
  if (at > 0 && at < last) return at;
  sign = 0;
  return at >= last && last > 0 ? last : C(0);
}
template <class C>
WEFT_INLINE C padded(C at, int64_t size, const GridRule& rule, C& sign) {
  if (rule.padding == GridPadding::Zeros) return at;
  if (rule.padding == GridPadding::Reflection) at = reflected(at, size, rule.align_corners, sign);
  return clipped(at, size, sign);
}

// The derivatives of cubic_weights() by t.
template <class C>
WEFT_INLINE void cubic_slopes(C t, C* slope) {
  constexpr C a = C(-0.75);
  const C far = t + 1, near = 1 - t, last = near + 1;
  slope[0] = (3 * a * far - 10 * a) * far + 8 * a;
  slope[1] = (3 * (a + 2) * t - 2 * (a + 3)) * t;
  slope[2] = -(3 * (a + 2) * near - 2 * (a + 3)) * near;
  slope[3] = -((3 * a * last - 10 * a) * last + 8 * a);
}

// The coordinate in places. NaN lies outside.
template <class C>
WEFT_INLINE C grid_place(C coordinate, int64_t size, bool align_corners) {
  const C n = static_cast<C>(size);
  const C at = align_corners ? (coordinate + 1) / 2 * (n - 1) : ((coordinate + 1) * n - 1) / 2;
  constexpr C most = C(1e12);
  return at != at ? C(-100) : at > most ? most : at < -most ? -most : at;
}

template <class C>
WEFT_INLINE void sample_axis(const GridRule& rule, C coordinate, int64_t size, AxisSample<C>& s) {
  C at = grid_place(coordinate, size, rule.align_corners), sign = 1;
  const C factor = static_cast<C>(rule.align_corners ? size - 1 : size) / 2;
  if (rule.mode == GridMode::Cubic) {
    const C first = floor(at);
    cubic_weights(at - first, s.weight);
    cubic_slopes(at - first, s.slope);
    for (int k = 0; k < 4; k++) {
      s.slope[k] *= factor;
      s.place[k] = static_cast<int64_t>(padded(first - 1 + static_cast<C>(k), size, rule, sign));
    }
  } else {
    at = padded(at, size, rule, sign);
    const C first = rule.mode == GridMode::Nearest ? round(at) : floor(at);
    s.place[0] = static_cast<int64_t>(first);
    s.place[1] = s.place[0] + 1;
    s.weight[0] = rule.mode == GridMode::Nearest ? C(1) : first + 1 - at;
    s.weight[1] = at - first;
    s.slope[1] = rule.mode == GridMode::Nearest ? C(0) : sign * factor;
    s.slope[0] = -s.slope[1];
  }
  for (int k = 0; k < rule.taps(); k++)
    if (s.place[k] < 0 || s.place[k] >= size) s.place[k] = -1;
}

}  // namespace scalar
}  // namespace weft

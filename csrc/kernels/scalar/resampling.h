// Which inputs an output of a resampled axis is made of, and with what weights; and the same for a sampled coordinate.
// The rules of coordinates are PyTorch's. Cubic convolution: Keys, 1981, with a = -0.75; antialiased as Pillow does,
// with a = -0.5 and a support that grows with the step. Coordinates are computed in C: float for all dtypes but
// float64.
#pragma once

#include <cstdint>

#include "kernels/scalar/math.h"

namespace weft {

enum class ResampleMode : uint8_t { Nearest, NearestExact, Linear, Cubic, Area };

struct ResampleRule {
  int64_t inputs = 1, outputs = 1;
  ResampleMode mode = ResampleMode::Nearest;
  double scale = 0;  // outputs for each input; 0: the quotient of the sizes
  bool align_corners = false;
  bool antialias = false;  // of linear and cubic

  bool operator==(const ResampleRule&) const = default;

  // Inputs from one output to the next.
  template <class C>
  WEFT_INLINE C step() const {
    if (align_corners) return outputs > 1 ? static_cast<C>(inputs - 1) / static_cast<C>(outputs - 1) : C(0);
    return scale > 0 ? static_cast<C>(1.0 / scale) : static_cast<C>(inputs) / static_cast<C>(outputs);
  }
  template <class C>
  WEFT_INLINE C support() const {
    const C half = mode == ResampleMode::Cubic ? C(2) : C(1), s = step<C>();
    return s >= 1 ? half * s : half;
  }
  // At least as many as any output has taps.
  WEFT_INLINE int64_t width() const {
    int64_t most = mode == ResampleMode::Linear ? 2 : mode == ResampleMode::Cubic ? 4 : 1;
    if (mode == ResampleMode::Area) most = outputs > 0 ? inputs / outputs + 2 : 1;
    if (antialias) {
      const double reach = scalar::ceil(support<double>()) * 2 + 2;
      most = reach < static_cast<double>(inputs) ? static_cast<int64_t>(reach) : inputs;
    }
    return most < inputs ? most : inputs;
  }
};

// Inputs start, start + 1, ...
struct Taps {
  int64_t start, count;
};

namespace scalar {

template <class C>
WEFT_INLINE C unit_clamp(C t) {
  return t < 0 ? C(0) : t > 1 ? C(1) : t;
}

// The kernel of cubic convolution at distance |x|.
template <class C>
WEFT_INLINE C cubic_weight(C x, C a) {
  x = abs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((x - 5) * x + 8) * x * a - 4 * a;
  return 0;
}

// The weights of the four inputs around a place t behind the second of them.
template <class C>
WEFT_INLINE void cubic_weights(C t, C* weight) {
  constexpr C a = C(-0.75);
  const C far = t + 1, near = 1 - t, last = near + 1;
  weight[0] = ((a * far - 5 * a) * far + 8 * a) * far - 4 * a;
  weight[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
  weight[2] = ((a + 2) * near - (a + 3)) * near * near + 1;
  weight[3] = ((a * last - 5 * a) * last + 8 * a) * last - 4 * a;
}

template <class C>
WEFT_INLINE Taps antialiased_taps(const ResampleRule& r, int64_t i, C* weight) {
  const C step = r.step<C>(), support = r.support<C>(), narrow = step >= 1 ? 1 / step : C(1);
  const C center = step * (static_cast<C>(i) + C(0.5));
  auto start = static_cast<int64_t>(center - support + C(0.5)), end = static_cast<int64_t>(center + support + C(0.5));
  if (start < 0) start = 0;
  if (start > r.inputs - 1) start = r.inputs - 1;
  if (end > r.inputs) end = r.inputs;
  int64_t count = end - start;
  if (count < 1) count = 1;
  if (count > r.width()) count = r.width();
  C total = 0;
  for (int64_t k = 0; k < count; k++) {
    const C x = (static_cast<C>(k + start) - center + C(0.5)) * narrow, distance = abs(x);
    weight[k] = r.mode == ResampleMode::Cubic ? cubic_weight(x, C(-0.5)) : distance < 1 ? 1 - distance : C(0);
    total += weight[k];
  }
  if (total != 0)
    for (int64_t k = 0; k < count; k++) weight[k] /= total;
  return {start, count};
}

// Rounded down in float, whatever the coordinate is computed in.
template <class C>
WEFT_INLINE int64_t nearest_place(const ResampleRule& r, int64_t i) {
  const C place = (static_cast<C>(i) + (r.mode == ResampleMode::NearestExact ? C(0.5) : C(0))) * r.step<C>();
  return static_cast<int64_t>(floor(static_cast<float>(place)));
}

// The taps of output i; weight: room for width() of them.
template <class C>
WEFT_INLINE Taps resample_taps(const ResampleRule& r, int64_t i, C* weight) {
  if (r.antialias) return antialiased_taps(r, i, weight);
  const int64_t last = r.inputs - 1;
  if (r.mode == ResampleMode::Area) {
    const int64_t start = i * r.inputs / r.outputs, end = ((i + 1) * r.inputs + r.outputs - 1) / r.outputs;
    for (int64_t k = 0; k < end - start; k++) weight[k] = 1 / static_cast<C>(end - start);
    return {start, end - start};
  }
  weight[0] = 1;
  if (r.mode == ResampleMode::Nearest || r.mode == ResampleMode::NearestExact) {
    const int64_t place = nearest_place<C>(r, i);
    return {place < last ? place : last, 1};
  }
  const C step = r.step<C>();
  const bool cubic = r.mode == ResampleMode::Cubic;
  if (r.inputs == r.outputs && !cubic) return {i, 1};
  C place = r.align_corners ? step * static_cast<C>(i) : step * (static_cast<C>(i) + C(0.5)) - C(0.5);
  if (place < 0 && !cubic) place = 0;
  auto first = static_cast<int64_t>(floor(place));
  if (first > last) first = last;
  const C t = unit_clamp(place - static_cast<C>(first));
  if (!cubic) {
    if (first == last) return {first, 1};
    weight[0] = 1 - t;
    weight[1] = t;
    return {first, 2};
  }
  // Those outside are the nearest ones inside.
  C all[4];
  cubic_weights(t, all);
  const int64_t start = first - 1 > 0 ? first - 1 : 0, end = first + 2 < last ? first + 2 : last;
  for (int64_t k = 0; k <= end - start; k++) weight[k] = 0;
  for (int k = 0; k < 4; k++) {
    int64_t at = first - 1 + k;
    at = at < start ? start : at > end ? end : at;
    weight[at - start] += all[k];
  }
  return {start, end - start + 1};
}

}  // namespace scalar
}  // namespace weft

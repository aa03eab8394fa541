// Numbers of the distributions, from blocks of the counter-based generator: the same on every device. No standard
// headers.
//
// What fills a tensor has kPerBlock, how many numbers it makes of a block, their type Number, and makes them of a
// block.
#pragma once

#include "kernels/random.h"
#include "kernels/scalar/math.h"
#include "kernels/scalar/philox.h"

namespace weft::scalar {

// f of a uniform number in [0, 1), in float or double.
template <class T, class F>
struct FromUniform;
template <class F>
struct FromUniform<double, F> {
  static constexpr int kPerBlock = 2;
  using Number = double;
  F f;
  WEFT_INLINE void operator()(const Block& b, double* x) const {
    x[0] = f(uniform_double(b.v[0], b.v[1]));
    x[1] = f(uniform_double(b.v[2], b.v[3]));
  }
};
template <class F>
struct FromUniform<float, F> {
  static constexpr int kPerBlock = 4;
  using Number = float;
  F f;
  float steps;  // how many numbers there are
  WEFT_INLINE void operator()(const Block& b, float* x) const {
    for (int k = 0; k < 4; k++) x[k] = f(__builtin_floorf(uniform_float(b.v[k]) * steps) * (1.0f / steps));
  }
};
// f of a normal number.
template <class T, class F>
struct FromNormal;
template <class F>
struct FromNormal<double, F> {
  static constexpr int kPerBlock = 2;
  using Number = double;
  F f;
  WEFT_INLINE void operator()(const Block& b, double* x) const {
    NormalPairDouble pair = normal_pair_double(b);
    x[0] = f(pair.a);
    x[1] = f(pair.b);
  }
};
template <class F>
struct FromNormal<float, F> {
  static constexpr int kPerBlock = 4;
  using Number = float;
  F f;
  WEFT_INLINE void operator()(const Block& b, float* x) const {
    NormalPair p = normal_pair(b.v[0], b.v[1]), q = normal_pair(b.v[2], b.v[3]);
    x[0] = f(p.a);
    x[1] = f(p.b);
    x[2] = f(q.a);
    x[3] = f(q.b);
  }
};
// The number as a half type holds it.
WEFT_INLINE double rounded_to(DType, double x) { return x; }
WEFT_INLINE float rounded_to(DType t, float x) {
  return t == DType::Float16 ? to_float(to_float16(x)) : t == DType::BFloat16 ? to_float(to_bfloat16(x)) : x;
}
// A draw that its dtype can hold: see draw_limits().
template <class T>
WEFT_INLINE T within(T x, double least, double most) {
  x = x > static_cast<T>(most) ? static_cast<T>(most) : x;
  return x < static_cast<T>(least) ? static_cast<T>(least) : x;
}

struct Uniform {
  RandomParams p;
  DType dtype;
  template <class T>
  WEFT_INLINE T operator()(T u) const {
    T a = static_cast<T>(p.a), b = static_cast<T>(p.b), x = rounded_to(dtype, a + u * (b - a));
    return x < b ? x : a;  // rounding must not reach b
  }
};
template <bool exponential>
struct Normal {
  RandomParams p;
  DrawLimits limits;
  template <class T>
  WEFT_INLINE T operator()(T z) const {
    T x = static_cast<T>(p.a) + z * static_cast<T>(p.b);
    if constexpr (exponential)
      return within<T>(exp(x), limits.smallest, limits.largest);
    else
      return within<T>(x, -limits.largest, limits.largest);
  }
};
struct Bernoulli {
  RandomParams p;
  template <class T>
  WEFT_INLINE T operator()(T u) const {
    return static_cast<T>(u < static_cast<T>(p.a));
  }
};
struct Exponential {
  RandomParams p;
  DrawLimits limits;
  template <class T>
  WEFT_INLINE T operator()(T u) const {
    T x = -log1p(-(u > T(0) ? u : T(0x1.8p-25))) / static_cast<T>(p.a);  // 0 would be no waiting time
    return within<T>(x, limits.smallest, limits.largest);
  }
};
struct Geometric {
  RandomParams p;
  DrawLimits limits;
  template <class T>
  WEFT_INLINE T operator()(T u) const {
    T k = ceil(log1p(-u) / static_cast<T>(__builtin_log1p(-p.a)));
    return within<T>(k, 1.0, limits.largest);
  }
};
struct Cauchy {
  RandomParams p;
  DrawLimits limits;
  template <class T>
  WEFT_INLINE T operator()(T u) const {
    double x = p.a + p.b * __builtin_tan(3.14159265358979323846 * (static_cast<double>(u) - 0.5));
    return static_cast<T>(within<double>(x, -limits.largest, limits.largest));
  }
};
struct Integers {
  static constexpr int kPerBlock = 2;
  using Number = int64_t;
  RandomParams p;
  WEFT_INLINE void operator()(const Block& b, int64_t* x) const {
    uint64_t below[2];
    integers_below(b, p.span, below);
    for (int k = 0; k < 2; k++) x[k] = static_cast<int64_t>(static_cast<uint64_t>(p.low) + below[k]);
  }
};

// Calls fill(make) for what makes the numbers of an output of a dtype.
template <class Fill>
WEFT_INLINE void visit_distribution(Distribution distribution, DType dtype, const RandomParams& p, const Fill& fill) {
  const DrawLimits limits = draw_limits(dtype);
  // Half types hold fewer digits than a float: more would be rounded up to 1.
  const float half_steps = dtype == DType::Float16 ? 0x1p11f : dtype == DType::BFloat16 ? 0x1p8f : 0x1p24f;
  auto from_uniform = [&]<class F>(const F& f, float steps) {
    if (dtype == DType::Float64)
      fill(FromUniform<double, F>{f});
    else
      fill(FromUniform<float, F>{f, steps});
  };
  auto from_normal = [&]<class F>(const F& f) {
    if (dtype == DType::Float64)
      fill(FromNormal<double, F>{f});
    else
      fill(FromNormal<float, F>{f});
  };
  switch (distribution) {
    case Distribution::Uniform:
      return from_uniform(Uniform{p, dtype}, half_steps);
    case Distribution::Normal:
      return from_normal(Normal<false>{p, limits});
    case Distribution::LogNormal:
      return from_normal(Normal<true>{p, limits});
    case Distribution::Bernoulli:
      return from_uniform(Bernoulli{p}, 0x1p24f);
    case Distribution::Exponential:
      return from_uniform(Exponential{p, limits}, 0x1p24f);
    case Distribution::Geometric:
      return from_uniform(Geometric{p, limits}, 0x1p24f);
    case Distribution::Cauchy:
      return from_uniform(Cauchy{p, limits}, 0x1p24f);
    case Distribution::Integer:
      return fill(Integers{p});
  }
}

// The category whose part of the cumulated weights u falls into, of 0, ..., last.
WEFT_INLINE int64_t category_of(const double* cumulated, int64_t last, double u) {
  int64_t low = 0;
  while (low < last) {
    const int64_t middle = (low + last) / 2;
    if (cumulated[middle] > u)
      last = middle;
    else
      low = middle + 1;
  }
  return low;
}

}  // namespace weft::scalar

#include "kernels/random.h"

#include "device/cpu/scratch.h"
#include "kernels/cpu/elementwise_loop.h"
#include "kernels/scalar/philox.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kBlocks = 256;  // counter blocks generated at a time

// Calls store(first element, numbers, count) for runs of the 4 n (or 2 n) numbers of the blocks that cover [begin,
// end); begin is a multiple of the numbers per block.
template <int kPerBlock, class T, class Make, class Store>
void generate(PhiloxState state, int64_t begin, int64_t end, const Make& make, const Store& store) {
  T numbers[kBlocks * kPerBlock];
  for (int64_t at = begin; at < end; at += kBlocks * kPerBlock) {
    uint64_t first = state.offset + static_cast<uint64_t>(at / kPerBlock);
#pragma omp simd
    for (int64_t i = 0; i < kBlocks; i++)
      make(scalar::philox(state.seed, first + static_cast<uint64_t>(i)), numbers + i * kPerBlock);
    int64_t count = end - at < kBlocks * kPerBlock ? end - at : kBlocks * kPerBlock;
    store(at, numbers, count);
  }
}

// Fills a contiguous output of any dtype with numbers made in type T, kPerBlock of them per counter block.
template <int kPerBlock, class T, class Make>
void fill(const StridedView& out, PhiloxState state, const Make& make) {
  int64_t n = out.numel(), units = (n + kPerBlock - 1) / kPerBlock;
  parallel_for(units, 4096, [&](int64_t begin, int64_t end) {
    int64_t last = end * kPerBlock < n ? end * kPerBlock : n;
    generate<kPerBlock, T>(state, begin * kPerBlock, last, make, [&](int64_t at, const T* numbers, int64_t count) {
      store_run(advance(out.data, at, out.dtype), out.dtype, 1, numbers, count);
    });
  });
}

// A draw that its dtype can hold: see draw_limits().
template <class T>
WEFT_INLINE T within(T x, double least, double most) {
  x = x > static_cast<T>(most) ? static_cast<T>(most) : x;
  return x < static_cast<T>(least) ? static_cast<T>(least) : x;
}

// f(u) of a uniform number u in [0, 1), in float or double as the output needs. coarse: u has no more digits than a
// half type holds.
template <class F>
void fill_from_uniform(const StridedView& out, PhiloxState state, const F& f, bool coarse = false) {
  if (out.dtype == DType::Float64) {
    fill<2, double>(out, state, [&](const scalar::Block& b, double* x) {
      x[0] = f(scalar::uniform_double(b.v[0], b.v[1]));
      x[1] = f(scalar::uniform_double(b.v[2], b.v[3]));
    });
  } else {
    // A half type holds fewer digits: more would be rounded up to 1.
    const float steps = !coarse                        ? 0x1p24f
                        : out.dtype == DType::Float16  ? 0x1p11f
                        : out.dtype == DType::BFloat16 ? 0x1p8f
                                                       : 0x1p24f;
    const float step = 1.0f / steps;
    fill<4, float>(out, state, [&](const scalar::Block& b, float* x) {
      for (int k = 0; k < 4; k++) x[k] = f(__builtin_floorf(scalar::uniform_float(b.v[k]) * steps) * step);
    });
  }
}

template <class F>
void fill_from_normal(const StridedView& out, PhiloxState state, const F& f) {
  if (out.dtype == DType::Float64) {
    fill<2, double>(out, state, [&](const scalar::Block& b, double* x) {
      scalar::NormalPairDouble pair = scalar::normal_pair_double(b);
      x[0] = f(pair.a);
      x[1] = f(pair.b);
    });
  } else {
    fill<4, float>(out, state, [&](const scalar::Block& b, float* x) {
      scalar::NormalPair p = scalar::normal_pair(b.v[0], b.v[1]), q = scalar::normal_pair(b.v[2], b.v[3]);
      x[0] = f(p.a);
      x[1] = f(p.b);
      x[2] = f(q.a);
      x[3] = f(q.b);
    });
  }
}

// The number as a half type holds it.
WEFT_INLINE double rounded_to(DType, double x) { return x; }
WEFT_INLINE float rounded_to(DType t, float x) {
  return t == DType::Float16 ? to_float(to_float16(x)) : t == DType::BFloat16 ? to_float(to_bfloat16(x)) : x;
}

void random_cpu(Distribution distribution, StridedView out, PhiloxState state, RandomParams p) {
  const DrawLimits limits = draw_limits(out.dtype);
  const double most = limits.largest;
  const DType dtype = out.dtype;
  switch (distribution) {
    case Distribution::Uniform:
      return fill_from_uniform(
          out, state,
          [p, dtype](auto u) {
            using T = decltype(u);
            T a = static_cast<T>(p.a), b = static_cast<T>(p.b), x = rounded_to(dtype, a + u * (b - a));
            return x < b ? x : a;  // rounding must not reach b
          },
          true);
    case Distribution::Normal:
      return fill_from_normal(out, state, [p, most](auto z) {
        using T = decltype(z);
        return within<T>(static_cast<T>(p.a) + z * static_cast<T>(p.b), -most, most);
      });
    case Distribution::LogNormal:
      return fill_from_normal(out, state, [p, limits](auto z) {
        using T = decltype(z);
        T x = scalar::exp(static_cast<T>(static_cast<T>(p.a) + z * static_cast<T>(p.b)));
        return within<T>(x, limits.smallest, limits.largest);
      });
    case Distribution::Bernoulli:
      return fill_from_uniform(out, state,
                               [p](auto u) { return static_cast<decltype(u)>(u < static_cast<decltype(u)>(p.a)); });
    case Distribution::Exponential:
      return fill_from_uniform(out, state, [p, limits](auto u) {
        using T = decltype(u);
        T x = -scalar::log1p(-(u > T(0) ? u : T(0x1.8p-25))) / static_cast<T>(p.a);  // 0 would be no waiting time
        return within<T>(x, limits.smallest, limits.largest);
      });
    case Distribution::Geometric:
      return fill_from_uniform(out, state, [p, most](auto u) {
        using T = decltype(u);
        T k = scalar::ceil(scalar::log1p(-u) / static_cast<T>(__builtin_log1p(-p.a)));
        return within<T>(k, 1.0, most);
      });
    case Distribution::Cauchy:
      return fill_from_uniform(out, state, [p, most](auto u) {
        using T = decltype(u);
        double x = p.a + p.b * __builtin_tan(3.14159265358979323846 * (static_cast<double>(u) - 0.5));
        return static_cast<T>(within<double>(x, -most, most));
      });
    case Distribution::Integer:
      return fill<2, int64_t>(out, state, [p](const scalar::Block& b, int64_t* x) {
        uint64_t below[2];
        scalar::integers_below(b, p.span, below);
        for (int k = 0; k < 2; k++) x[k] = static_cast<int64_t>(static_cast<uint64_t>(p.low) + below[k]);
      });
  }
}
WEFT_CPU_KERNEL(random_kernel, random_cpu);

void bernoulli_tensor_cpu(StridedView out, StridedView p, PhiloxState state) {
  int64_t n = out.numel();
  parallel_for((n + 3) / 4, 4096, [&](int64_t begin, int64_t end) {
    float chance[kBlocks * 4];
    int64_t last = end * 4 < n ? end * 4 : n;
    auto make = [](const scalar::Block& b, float* x) {
      for (int k = 0; k < 4; k++) x[k] = scalar::uniform_float(b.v[k]);
    };
    generate<4, float>(state, begin * 4, last, make, [&](int64_t at, float* numbers, int64_t count) {
      load_run(chance, advance(p.data, at, p.dtype), p.dtype, 1, count);
      for (int64_t i = 0; i < count; i++) numbers[i] = numbers[i] < chance[i];
      store_run(advance(out.data, at, out.dtype), out.dtype, 1, numbers, count);
    });
  });
}
WEFT_CPU_KERNEL(bernoulli_tensor_kernel, bernoulli_tensor_cpu);

template <class C>
void masked_scale_in(const StridedView& out, const StridedView& x, const StridedView& mask, double scale) {
  C factor = static_cast<C>(scale);
  elementwise_loop<C, C, 2>(out, {&x, &mask}, [factor](const C* const* in, C* y, int64_t n) {
    const C *v = in[0], *m = in[1];
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = m[i] != C(0) ? v[i] * factor : C(0);
  });
}

void masked_scale_cpu(StridedView out, StridedView x, StridedView mask, DType compute, double scale) {
  if (compute == DType::Float64) return masked_scale_in<double>(out, x, mask, scale);
  masked_scale_in<float>(out, x, mask, scale);
}
WEFT_CPU_KERNEL(masked_scale_kernel, masked_scale_cpu);

uint64_t draw_below(PhiloxState state, int64_t i, uint64_t span) {
  scalar::Block b = scalar::philox(state.seed, state.offset + static_cast<uint64_t>(i));
  return (static_cast<uint64_t>(b.v[0]) << 32 | b.v[1]) % span;
}

void permutation_cpu(StridedView out, PhiloxState state) {
  auto* p = out.as<int64_t>();
  int64_t n = out.numel();
  for (int64_t i = 0; i < n; i++) p[i] = i;
  for (int64_t i = n - 1; i > 0; i--) {
    auto j = static_cast<int64_t>(draw_below(state, i, static_cast<uint64_t>(i + 1)));
    int64_t t = p[i];
    p[i] = p[j];
    p[j] = t;
  }
}
WEFT_CPU_KERNEL(permutation_kernel, permutation_cpu);

double uniform_at(PhiloxState state, int64_t i) {
  scalar::Block b = scalar::philox(state.seed, state.offset + static_cast<uint64_t>(i));
  return scalar::uniform_double(b.v[0], b.v[1]);
}

// Each draw finds the category whose part of the cumulated weights it falls into.
void draw_with_replacement(int64_t* out, int64_t draws, const double* w, int64_t categories, double* cumulated,
                           PhiloxState state, int64_t first) {
  double total = 0;
  int64_t last_positive = 0;
  for (int64_t c = 0; c < categories; c++) {
    total += w[c];
    cumulated[c] = total;
    if (w[c] > 0) last_positive = c;
  }
  for (int64_t i = 0; i < draws; i++) {
    double u = uniform_at(state, first + i) * total;
    int64_t low = 0, high = last_positive;
    while (low < high) {
      int64_t middle = (low + high) / 2;
      if (cumulated[middle] > u)
        high = middle;
      else
        low = middle + 1;
    }
    out[i] = low;
  }
}

// The categories with the smallest waiting times -log(u) / w come first (Efraimidis and Spirakis, 2006).
void draw_without_replacement(int64_t* out, int64_t draws, const double* w, int64_t categories, double* waiting,
                              PhiloxState state, int64_t first) {
  for (int64_t c = 0; c < categories; c++)
    waiting[c] = w[c] > 0 ? -__builtin_log(1.0 - uniform_at(state, first + c)) / w[c] : __builtin_inf();
  for (int64_t i = 0; i < draws; i++) {
    int64_t best = 0;
    for (int64_t c = 1; c < categories; c++)
      if (waiting[c] < waiting[best]) best = c;
    out[i] = best;
    waiting[best] = __builtin_inf();
  }
}

void multinomial_cpu(StridedView out, StridedView weights, bool replacement, PhiloxState state) {
  int64_t categories = weights.shape[1], rows = weights.shape[0], draws = out.shape[1];
  Scratch scratch(static_cast<size_t>(categories) * sizeof(double));
  if (scratch_only_asked()) return;
  auto* buffer = reinterpret_cast<double*>(scratch.data());
  for (int64_t r = 0; r < rows; r++) {
    const double* w = weights.as<double>() + r * categories;
    int64_t* o = out.as<int64_t>() + r * draws;
    if (replacement)
      draw_with_replacement(o, draws, w, categories, buffer, state, r * draws);
    else
      draw_without_replacement(o, draws, w, categories, buffer, state, r * categories);
  }
}
WEFT_CPU_KERNEL(multinomial_kernel, multinomial_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

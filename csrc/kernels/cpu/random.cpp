#include "kernels/random.h"

#include "device/cpu/scratch.h"
#include "kernels/cpu/elementwise_loop.h"
#include "kernels/scalar/distributions.h"

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

void random_cpu(Distribution distribution, StridedView out, PhiloxState state, RandomParams p) {
  const int64_t n = out.numel();
  scalar::visit_distribution(distribution, out.dtype, p, [&]<class Make>(const Make& make) {
    constexpr int64_t kPerBlock = Make::kPerBlock;
    using T = typename Make::Number;
    parallel_for((n + kPerBlock - 1) / kPerBlock, 4096, [&](int64_t begin, int64_t end) {
      const int64_t last = end * kPerBlock < n ? end * kPerBlock : n;
      generate<kPerBlock, T>(state, begin * kPerBlock, last, make, [&](int64_t at, const T* numbers, int64_t count) {
        store_run(advance(out.data, at, out.dtype), out.dtype, 1, numbers, count);
      });
    });
  });
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
  for (int64_t i = 0; i < draws; i++)
    out[i] = scalar::category_of(cumulated, last_positive, uniform_at(state, first + i) * total);
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

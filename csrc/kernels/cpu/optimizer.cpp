#include "kernels/optimizer.h"

#include "device/cpu/threads.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// The type that elements of T are computed in.
template <class T>
struct ComputeOf {
  using type = float;
};
template <>
struct ComputeOf<double> {
  using type = double;
};
template <class T>
using Compute = typename ComputeOf<T>::type;

WEFT_INLINE float load(float x) { return x; }
WEFT_INLINE double load(double x) { return x; }
WEFT_INLINE float load(Float16 x) { return to_float(x); }
WEFT_INLINE float load(BFloat16 x) { return to_float(x); }
WEFT_INLINE void store(float& to, float x) { to = x; }
WEFT_INLINE void store(double& to, double x) { to = x; }
WEFT_INLINE void store(Float16& to, float x) { to = to_float16(x); }
WEFT_INLINE void store(BFloat16& to, float x) { to = to_bfloat16(x); }
WEFT_INLINE float square_root(float x) { return __builtin_sqrtf(x); }
WEFT_INLINE double square_root(double x) { return __builtin_sqrt(x); }

template <class T, bool momentum, bool first_step>
void sgd_part(const OptimizerItem& item, int64_t begin, int64_t end, const SgdCoefficients& c) {
  using A = Compute<T>;
  auto* __restrict p = static_cast<T*>(item.param);
  auto* __restrict g = static_cast<const T*>(item.grad);
  auto* __restrict b = static_cast<T*>(item.state[0]);
  const A lr = static_cast<A>(c.lr), keep = static_cast<A>(c.momentum), add = static_cast<A>(1 - c.dampening);
  const A decay = static_cast<A>(c.weight_decay), sign = c.maximize ? A(-1) : A(1);
  const bool decays = c.weight_decay != 0, nesterov = c.nesterov;
  for (int64_t i = begin; i < end; i++) {
    A x = load(p[i]);
    A d = sign * load(g[i]);
    d = decays ? d + decay * x : d;
    if constexpr (momentum) {
      A m = first_step ? d : keep * load(b[i]) + add * d;
      store(b[i], m);
      d = nesterov ? d + keep * m : m;
    }
    store(p[i], x - lr * d);
  }
}

template <class T, bool amsgrad>
void adam_part(const OptimizerItem& item, int64_t begin, int64_t end, const AdamCoefficients& c) {
  using A = Compute<T>;
  auto* __restrict p = static_cast<T*>(item.param);
  auto* __restrict g = static_cast<const T*>(item.grad);
  auto* __restrict first = static_cast<T*>(item.state[0]);
  auto* __restrict second = static_cast<T*>(item.state[1]);
  auto* __restrict most = static_cast<T*>(item.state[2]);
  const A step = static_cast<A>(c.step_size), scale = static_cast<A>(c.second_scale), eps = static_cast<A>(c.eps);
  const A blend1 = static_cast<A>(1 - c.beta1), beta2 = static_cast<A>(c.beta2), blend2 = static_cast<A>(1 - c.beta2);
  const A decay = static_cast<A>(c.weight_decay), keep = static_cast<A>(c.keep), sign = c.maximize ? A(-1) : A(1);
  const bool decays = c.weight_decay != 0;
  for (int64_t i = begin; i < end; i++) {
    A x = load(p[i]) * keep;
    A d = sign * load(g[i]);
    d = decays ? d + decay * x : d;
    A m = load(first[i]);
    m += blend1 * (d - m);
    A v = beta2 * load(second[i]) + blend2 * d * d;
    store(first[i], m);
    store(second[i], v);
    if constexpr (amsgrad) {
      A before = load(most[i]);
      v = v > before || v != v ? v : before;
      store(most[i], v);
    }
    store(p[i], x - step * (m / (square_root(v) * scale + eps)));
  }
}

template <class T>
double squares_part(const OptimizerItem& item, int64_t begin, int64_t end) {
  auto* g = static_cast<const T*>(item.grad);
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = begin; i < end; i++) {
    auto x = static_cast<double>(load(g[i]));
    sum += x * x;
  }
  return sum;
}

// Calls part(item, begin, end, chunk) for every chunk, on all threads.
template <class F>
WEFT_INLINE void for_each_chunk(const OptimizerItem* items, int64_t count, F part) {
  auto chunks_of = [](const OptimizerItem& item) { return (item.numel + kOptimizerChunk - 1) / kOptimizerChunk; };
  const OptimizerItem& last = items[count - 1];
  int64_t chunks = last.first_chunk + chunks_of(last);
  parallel_for(chunks, 2, [&](int64_t from, int64_t to) {
    const OptimizerItem* item = items;
    while (item->first_chunk + chunks_of(*item) <= from) item++;
    for (int64_t chunk = from; chunk < to; chunk++) {
      if (chunk == item->first_chunk + chunks_of(*item)) item++;
      int64_t begin = (chunk - item->first_chunk) * kOptimizerChunk;
      int64_t end = begin + kOptimizerChunk < item->numel ? begin + kOptimizerChunk : item->numel;
      part(*item, begin, end, chunk);
    }
  });
}

// Calls f with the C++ type of a floating dtype.
template <class F>
WEFT_INLINE void visit_floating(DType dtype, F&& f) {
  switch (dtype) {
    case DType::Float64:
      return f(TypeTag<double>{});
    case DType::Float16:
      return f(TypeTag<Float16>{});
    case DType::BFloat16:
      return f(TypeTag<BFloat16>{});
    default:
      return f(TypeTag<float>{});
  }
}

void sgd_cpu(const OptimizerItem* items, int64_t count, const SgdCoefficients& c) {
  for_each_chunk(items, count, [&](const OptimizerItem& item, int64_t begin, int64_t end, int64_t) {
    visit_floating(item.dtype, [&]<class T>(TypeTag<T>) {
      if (c.momentum == 0) return sgd_part<T, false, false>(item, begin, end, c);
      if (c.first_step) return sgd_part<T, true, true>(item, begin, end, c);
      sgd_part<T, true, false>(item, begin, end, c);
    });
  });
}

void adam_cpu(const OptimizerItem* items, int64_t count, const AdamCoefficients& c) {
  for_each_chunk(items, count, [&](const OptimizerItem& item, int64_t begin, int64_t end, int64_t) {
    visit_floating(item.dtype, [&]<class T>(TypeTag<T>) {
      c.amsgrad ? adam_part<T, true>(item, begin, end, c) : adam_part<T, false>(item, begin, end, c);
    });
  });
}

void squares_cpu(const OptimizerItem* items, int64_t count, double* sums) {
  for_each_chunk(items, count, [&](const OptimizerItem& item, int64_t begin, int64_t end, int64_t chunk) {
    visit_floating(item.dtype, [&]<class T>(TypeTag<T>) { sums[chunk] = squares_part<T>(item, begin, end); });
  });
}

}  // namespace

WEFT_CPU_KERNEL(sgd_kernel, sgd_cpu);
WEFT_CPU_KERNEL(adam_kernel, adam_cpu);
WEFT_CPU_KERNEL(squares_kernel, squares_cpu);

}  // namespace WEFT_ISA
}  // namespace weft

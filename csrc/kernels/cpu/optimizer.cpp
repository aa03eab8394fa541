#include "kernels/optimizer.h"

#include "device/cpu/threads.h"
#include "kernels/scalar/convert.h"
#include "kernels/scalar/optimizer.h"

namespace weft {
namespace WEFT_ISA {
namespace {

using scalar::convert, scalar::visit_floating, scalar::Wide;

template <class T, bool momentum, bool first_step>
void sgd_part(const OptimizerItem& item, int64_t begin, int64_t end, const SgdCoefficients& c) {
  using A = Wide<T>;
  auto* __restrict p = static_cast<T*>(item.param);
  auto* __restrict g = static_cast<const T*>(item.grad);
  auto* __restrict b = static_cast<T*>(item.state[0]);
  const scalar::SgdStep<A> step(c);
  for (int64_t i = begin; i < end; i++) {
    A m{};
    if constexpr (momentum && !first_step) m = convert<A>(b[i]);
    A x = step.template operator()<momentum, first_step>(convert<A>(p[i]), convert<A>(g[i]), m);
    if constexpr (momentum) b[i] = convert<T>(m);
    p[i] = convert<T>(x);
  }
}

template <class T, bool amsgrad>
void adam_part(const OptimizerItem& item, int64_t begin, int64_t end, const AdamCoefficients& c) {
  using A = Wide<T>;
  auto* __restrict p = static_cast<T*>(item.param);
  auto* __restrict g = static_cast<const T*>(item.grad);
  auto* __restrict first = static_cast<T*>(item.state[0]);
  auto* __restrict second = static_cast<T*>(item.state[1]);
  auto* __restrict most = static_cast<T*>(item.state[2]);
  const scalar::AdamStep<A> step(c, c.step_size, c.second_scale);
  for (int64_t i = begin; i < end; i++) {
    A m = convert<A>(first[i]), v = convert<A>(second[i]), high{};
    if constexpr (amsgrad) high = convert<A>(most[i]);
    A x = step.template operator()<amsgrad>(convert<A>(p[i]), convert<A>(g[i]), m, v, high);
    first[i] = convert<T>(m);
    second[i] = convert<T>(v);
    if constexpr (amsgrad) most[i] = convert<T>(high);
    p[i] = convert<T>(x);
  }
}

template <class T>
double squares_part(const OptimizerItem& item, int64_t begin, int64_t end) {
  auto* g = static_cast<const T*>(item.grad);
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = begin; i < end; i++) {
    auto x = static_cast<double>(convert<Wide<T>>(g[i]));
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

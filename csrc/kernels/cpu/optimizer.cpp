#include "kernels/optimizer.h"

#include "device/cpu/threads.h"
#include "kernels/scalar/convert.h"
#include "kernels/scalar/optimizer.h"

namespace weft {
namespace WEFT_ISA {
namespace {

using scalar::convert, scalar::StepTag, scalar::visit_floating, scalar::Wide;

// States are a template's argument because the compiler vectorises a loop only if it knows which arrays there are.
template <class T, template <class> class Rule, int states>
void step_part(const OptimizerItem& item, int64_t begin, int64_t end, const StepCoefficients& c) {
  using A = Wide<T>;
  auto* __restrict p = static_cast<T*>(item.param);
  auto* __restrict g = static_cast<const T*>(item.grad);
  auto* __restrict s0 = static_cast<T*>(item.state[0]);
  auto* __restrict s1 = static_cast<T*>(item.state[1]);
  auto* __restrict s2 = static_cast<T*>(item.state[2]);
  const Rule<A> rule(c);
  for (int64_t i = begin; i < end; i++) {
    A x = convert<A>(p[i]), s[kStepStates] = {};
    if constexpr (states > 0) s[0] = convert<A>(s0[i]);
    if constexpr (states > 1) s[1] = convert<A>(s1[i]);
    if constexpr (states > 2) s[2] = convert<A>(s2[i]);
    rule.template step<states>(x, convert<A>(g[i]), s);
    if constexpr (states > 0) s0[i] = convert<T>(s[0]);
    if constexpr (states > 1) s1[i] = convert<T>(s[1]);
    if constexpr (states > 2) s2[i] = convert<T>(s[2]);
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

void step_cpu(const OptimizerItem* items, int64_t count, const StepCall& call) {
  for_each_chunk(items, count, [&](const OptimizerItem& item, int64_t begin, int64_t end, int64_t) {
    scalar::visit_step(call.rule, call.states, [&]<template <class> class Rule, int states>(StepTag<Rule, states>) {
      visit_floating(item.dtype,
                     [&]<class T>(TypeTag<T>) { step_part<T, Rule, states>(item, begin, end, call.coefficients); });
    });
  });
}

void squares_cpu(const OptimizerItem* items, int64_t count, double* sums) {
  for_each_chunk(items, count, [&](const OptimizerItem& item, int64_t begin, int64_t end, int64_t chunk) {
    visit_floating(item.dtype, [&]<class T>(TypeTag<T>) { sums[chunk] = squares_part<T>(item, begin, end); });
  });
}

}  // namespace

WEFT_CPU_KERNEL(step_kernel, step_cpu);
WEFT_CPU_KERNEL(squares_kernel, squares_cpu);

}  // namespace WEFT_ISA
}  // namespace weft

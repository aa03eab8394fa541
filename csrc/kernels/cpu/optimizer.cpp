#include "kernels/optimizer.h"

#include "device/cpu/threads.h"
#include "kernels/cpu/convert.h"
#include "kernels/scalar/optimizer.h"

namespace weft {
namespace WEFT_ISA {
namespace {

using scalar::StepTag;

constexpr int64_t kRun = 512;  // elements of 16 bits that are converted to float32 at a time

// States are a template's argument because the compiler vectorises a loop only if it knows which arrays there are.
template <class T, template <class> class Rule, int states>
void step_part(const OptimizerItem& item, int64_t begin, int64_t end, const StepCoefficients& c) {
  auto* __restrict p = static_cast<T*>(item.param);
  auto* __restrict g = static_cast<const T*>(item.grad);
  auto* __restrict s0 = static_cast<T*>(item.state[0]);
  auto* __restrict s1 = static_cast<T*>(item.state[1]);
  auto* __restrict s2 = static_cast<T*>(item.state[2]);
  const Rule<T> rule(c);
  for (int64_t i = begin; i < end; i++) {
    T x = p[i], s[kStepStates] = {};
    if constexpr (states > 0) s[0] = s0[i];
    if constexpr (states > 1) s[1] = s1[i];
    if constexpr (states > 2) s[2] = s2[i];
    rule.template step<states>(x, g[i], s);
    if constexpr (states > 0) s0[i] = s[0];
    if constexpr (states > 1) s1[i] = s[1];
    if constexpr (states > 2) s2[i] = s[2];
    p[i] = x;
  }
}

using StepPart = void(const OptimizerItem& item, int64_t begin, int64_t end, const StepCoefficients& c);

void step_converted(const OptimizerItem& item, int64_t begin, int64_t end, const StepCall& call, StepPart* part) {
  float param[kRun], grad[kRun], state[kStepStates][kRun];
  OptimizerItem wide = item;
  wide.param = param;
  wide.grad = grad;
  for (int k = 0; k < kStepStates; k++) wide.state[k] = state[k];
  for (int64_t i = begin; i < end; i += kRun) {
    const int64_t n = end - i < kRun ? end - i : kRun;
    auto load = [&](float* to, const void* from) { load_run(to, advance(from, i, item.dtype), item.dtype, 1, n); };
    auto store = [&](void* to, const float* from) { store_run(advance(to, i, item.dtype), item.dtype, 1, from, n); };
    load(param, item.param);
    load(grad, item.grad);
    for (int k = 0; k < call.states; k++) load(state[k], item.state[k]);
    part(wide, 0, n, call.coefficients);
    store(item.param, param);
    for (int k = 0; k < call.states; k++) store(item.state[k], state[k]);
  }
}

template <class T>
double squares_part(const void* grad, int64_t begin, int64_t end) {
  auto* g = static_cast<const T*>(grad);
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = begin; i < end; i++) {
    auto x = static_cast<double>(g[i]);
    sum += x * x;
  }
  return sum;
}

double squares_converted(const OptimizerItem& item, int64_t begin, int64_t end) {
  float grad[kRun];
  double sum = 0;
  for (int64_t i = begin; i < end; i += kRun) {
    const int64_t n = end - i < kRun ? end - i : kRun;
    load_run(grad, advance(item.grad, i, item.dtype), item.dtype, 1, n);
    sum += squares_part<float>(grad, 0, n);
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
      StepPart* const part =
          item.dtype == DType::Float64 ? &step_part<double, Rule, states> : &step_part<float, Rule, states>;
      if (item.dtype == DType::Float32 || item.dtype == DType::Float64)
        part(item, begin, end, call.coefficients);
      else
        step_converted(item, begin, end, call, part);
    });
  });
}

void squares_cpu(const OptimizerItem* items, int64_t count, double* sums) {
  for_each_chunk(items, count, [&](const OptimizerItem& item, int64_t begin, int64_t end, int64_t chunk) {
    sums[chunk] = item.dtype == DType::Float32   ? squares_part<float>(item.grad, begin, end)
                  : item.dtype == DType::Float64 ? squares_part<double>(item.grad, begin, end)
                                                 : squares_converted(item, begin, end);
  });
}

}  // namespace

WEFT_CPU_KERNEL(step_kernel, step_cpu);
WEFT_CPU_KERNEL(squares_kernel, squares_cpu);

}  // namespace WEFT_ISA
}  // namespace weft

// Optimiser steps over all parameters at once: a block per chunk. The items travel as a kernel argument, so that
// nothing has to be copied to the device first.
#include "kernels/optimizer.h"

#include "kernels/cuda/convert.h"
#include "kernels/scalar/optimizer.h"

namespace weft::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kItems = 56;  // of 64 bytes: the arguments have at most 4 KiB

struct Items {
  OptimizerItem items[kItems];
  int count;
  int64_t first_chunk, chunks;
};

using scalar::StepTag, scalar::visit_floating, scalar::Wide;

// The item of this block and its elements [begin, end).
struct Part {
  const OptimizerItem* item;
  int64_t begin, end;
  __device__ explicit Part(const Items& all) {
    int64_t chunk = all.first_chunk + blockIdx.x;
    int low = 0, high = all.count - 1;
    while (low < high) {
      int middle = (low + high + 1) / 2;
      if (all.items[middle].first_chunk <= chunk)
        low = middle;
      else
        high = middle - 1;
    }
    item = &all.items[low];
    begin = (chunk - item->first_chunk) * kOptimizerChunk;
    end = begin + kOptimizerChunk < item->numel ? begin + kOptimizerChunk : item->numel;
  }
};

// `anew`: coefficients of this run of a graph; nullptr: they are `given`. `runs`: how often the graph has run before,
// which counts as steps; nullptr outside of graphs.
template <template <class> class Rule, int states>
__global__ void step_chunks(Items all, StepCall call, const StepCoefficients* anew, const uint64_t* runs) {
  __shared__ StepCoefficients c;
  Part part(all);
  if (threadIdx.x == 0) {
    c = anew ? *anew : call.coefficients;
    if (runs) {
      call.numbers[0] += static_cast<double>(*runs);
      Rule<double>::prepare(call.numbers, c.c);
    }
  }
  __syncthreads();
  visit_floating(part.item->dtype, [&]<class T>(TypeTag<T>) {
    using A = Wide<T>;
    auto* p = static_cast<T*>(part.item->param);
    auto* g = static_cast<const T*>(part.item->grad);
    T* state[kStepStates];
#pragma unroll
    for (int k = 0; k < kStepStates; k++) state[k] = static_cast<T*>(part.item->state[k]);
    const Rule<A> rule(c);
#pragma unroll 4
    for (int64_t i = part.begin + threadIdx.x; i < part.end; i += kThreads) {
      A x = convert<A>(p[i]), s[kStepStates] = {};
#pragma unroll
      for (int k = 0; k < states; k++) s[k] = convert<A>(state[k][i]);
      rule.template step<states>(x, convert<A>(g[i]), s);
#pragma unroll
      for (int k = 0; k < states; k++) state[k][i] = convert<T>(s[k]);
      p[i] = convert<T>(x);
    }
  });
}

__global__ void square_chunks(Items all, double* sums) {
  __shared__ double shared[kThreads];
  Part part(all);
  double sum = 0;
  visit_floating(part.item->dtype, [&]<class T>(TypeTag<T>) {
    auto* g = static_cast<const T*>(part.item->grad);
    for (int64_t i = part.begin + threadIdx.x; i < part.end; i += kThreads) {
      auto x = static_cast<double>(convert<Wide<T>>(g[i]));
      sum += x * x;
    }
  });
  shared[threadIdx.x] = sum;
  __syncthreads();
  for (int half = kThreads / 2; half > 0; half /= 2) {
    if (static_cast<int>(threadIdx.x) < half) shared[threadIdx.x] += shared[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) sums[all.first_chunk + blockIdx.x] = shared[0];
}

// start(items, grid) for groups of items that fit one launch.
template <class F>
void for_groups(const OptimizerItem* items, int64_t count, const F& start) {
  for (int64_t first = 0; first < count; first += kItems) {
    Items all{};
    all.count = static_cast<int>(count - first < kItems ? count - first : kItems);
    for (int i = 0; i < all.count; i++) all.items[i] = items[first + i];
    const OptimizerItem& last = all.items[all.count - 1];
    all.first_chunk = all.items[0].first_chunk;
    all.chunks = last.first_chunk + divide_up(last.numel, kOptimizerChunk) - all.first_chunk;
    start(all, Grid{dim3(static_cast<unsigned>(all.chunks)), dim3(kThreads)});
  }
}

// The coefficients of each run of the graph that is being recorded, if it reads their numbers anew.
template <template <class> class Rule>
const StepCoefficients* coefficients_anew(const StepCall& call) {
  if (!call.live) return nullptr;
  return static_cast<const StepCoefficients*>(
      graph_number(call.live, sizeof(StepCoefficients), [live = call.live](void* to) {
        Rule<double>::prepare(live, static_cast<StepCoefficients*>(to)->c);
        return true;
      }));
}

// Of a step that is recorded with the numbers it has now: it must be one that each run of the graph may take.
template <template <class> class Rule>
const uint64_t* count_runs(const StepCall& call) {
  if (!capture() || call.live) return nullptr;
  weft::check(call.rule != StepRule::kSgd || call.states == 0 || call.numbers[scalar::SgdRule<double>::nFirstStep] == 0,
              "graph: the first step with momentum differs from the others; take it before the graph is recorded");
  weft::check(call.rule != StepRule::kNAdam && call.rule != StepRule::kAsgd, "graph: ", Rule<double>::kName,
              " has numbers of its own that each step changes on the host; use weft.jit, which reads them anew");
  return Rule<double>::kCountsSteps ? capture()->cells + 1 : nullptr;
}

void step_cuda(const OptimizerItem* items, int64_t count, const StepCall& call) {
  scalar::visit_step(call.rule, call.states, [&]<template <class> class Rule, int states>(StepTag<Rule, states>) {
    const StepCoefficients* anew = coefficients_anew<Rule>(call);
    const uint64_t* runs = count_runs<Rule>(call);
    for_groups(items, count, [&](const Items& all, const Grid& grid) {
      launch(&step_chunks<Rule, states>, grid, all, call, anew, runs);
    });
  });
}
WEFT_CUDA_KERNEL(step_kernel, step_cuda);

void squares_cuda(const OptimizerItem* items, int64_t count, double* sums) {
  for_groups(items, count, [&](const Items& all, const Grid& grid) { launch(square_chunks, grid, all, sums); });
}
WEFT_CUDA_KERNEL(squares_kernel, squares_cuda);

}  // namespace
}  // namespace weft::cuda

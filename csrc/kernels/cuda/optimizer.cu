// Optimiser steps over all parameters at once: a block per chunk. The items travel as a kernel argument, so that
// nothing has to be copied to the device first.
#include "kernels/optimizer.h"

#include <cstring>

#include "kernels/cuda/convert.h"
#include "kernels/scalar/optimizer.h"

namespace weft::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kItems = 56;  // of 64 bytes: an argument has at most 4 KiB

struct Items {
  OptimizerItem items[kItems];
  int count;
  int64_t first_chunk, chunks;
};

using scalar::visit_floating, scalar::Wide;

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

// `anew`: coefficients of this run of a graph; nullptr: they are c.
template <bool momentum, bool first_step>
__global__ void sgd_chunks(Items all, SgdCoefficients c, const SgdCoefficients* anew) {
  Part part(all);
  if (anew) c = *anew;
  visit_floating(part.item->dtype, [&]<class T>(TypeTag<T>) {
    using A = Wide<T>;
    auto* p = static_cast<T*>(part.item->param);
    auto* g = static_cast<const T*>(part.item->grad);
    auto* b = static_cast<T*>(part.item->state[0]);
    const scalar::SgdStep<A> step(c);
#pragma unroll 4
    for (int64_t i = part.begin + threadIdx.x; i < part.end; i += kThreads) {
      A m{};
      if constexpr (momentum && !first_step) m = convert<A>(b[i]);
      A x = step.template operator()<momentum, first_step>(convert<A>(p[i]), convert<A>(g[i]), m);
      if constexpr (momentum) b[i] = convert<T>(m);
      p[i] = convert<T>(x);
    }
  });
}

// `runs`: how often the graph has run before, which counts as steps; nullptr outside of graphs.
template <bool amsgrad>
__global__ void adam_chunks(Items all, AdamCoefficients c, const AdamCoefficients* anew, const uint64_t* runs) {
  Part part(all);
  if (anew) c = *anew;
  double step_size = c.step_size, second_scale = c.second_scale;
  if (runs) {
    double t = c.step + static_cast<double>(*runs);
    step_size = c.lr / (1 - __builtin_pow(c.beta1, t));
    second_scale = 1 / __builtin_sqrt(1 - __builtin_pow(c.beta2, t));
  }
  visit_floating(part.item->dtype, [&]<class T>(TypeTag<T>) {
    using A = Wide<T>;
    auto* p = static_cast<T*>(part.item->param);
    auto* g = static_cast<const T*>(part.item->grad);
    auto* first = static_cast<T*>(part.item->state[0]);
    auto* second = static_cast<T*>(part.item->state[1]);
    auto* most = static_cast<T*>(part.item->state[2]);
    const scalar::AdamStep<A> step(c, step_size, second_scale);
#pragma unroll 4
    for (int64_t i = part.begin + threadIdx.x; i < part.end; i += kThreads) {
      A m = convert<A>(first[i]), v = convert<A>(second[i]), high{};
      if constexpr (amsgrad) high = convert<A>(most[i]);
      A x = step.template operator()<amsgrad>(convert<A>(p[i]), convert<A>(g[i]), m, v, high);
      first[i] = convert<T>(m);
      second[i] = convert<T>(v);
      if constexpr (amsgrad) most[i] = convert<T>(high);
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

// The coefficients of each run of the graph that is being recorded, if it reads their numbers anew. same(now): would
// the recorded kernel do?
template <class Coefficients, class Same>
const Coefficients* coefficients_anew(const Coefficients& c, const Same& same) {
  if (!c.again) return nullptr;
  return static_cast<const Coefficients*>(graph_number(c.numbers, sizeof c, [c, same](void* to) {
    Coefficients now = c;
    if (!c.again(c.numbers, now) || !same(now)) return false;
    std::memcpy(to, &now, sizeof now);
    return true;
  }));
}

void sgd_cuda(const OptimizerItem* items, int64_t count, const SgdCoefficients& c) {
  weft::check(!capture() || c.momentum == 0 || !c.first_step,
              "graph: the first step with momentum differs from the others; take it before the graph is recorded");
  auto* kernel = c.momentum == 0 ? &sgd_chunks<false, false>
                 : c.first_step  ? &sgd_chunks<true, true>
                                 : &sgd_chunks<true, false>;
  const SgdCoefficients* anew = coefficients_anew(c, [without = c.momentum == 0](const SgdCoefficients& now) {
    return (now.momentum == 0) == without && (without || !now.first_step);
  });
  for_groups(items, count, [&](const Items& all, const Grid& grid) { launch(kernel, grid, all, c, anew); });
}
WEFT_CUDA_KERNEL(sgd_kernel, sgd_cuda);

void adam_cuda(const OptimizerItem* items, int64_t count, const AdamCoefficients& c) {
  auto* kernel = c.amsgrad ? &adam_chunks<true> : &adam_chunks<false>;
  const AdamCoefficients* anew =
      coefficients_anew(c, [amsgrad = c.amsgrad](const AdamCoefficients& now) { return now.amsgrad == amsgrad; });
  const uint64_t* runs = capture() && !anew ? capture()->cells + 1 : nullptr;
  for_groups(items, count, [&](const Items& all, const Grid& grid) { launch(kernel, grid, all, c, anew, runs); });
}
WEFT_CUDA_KERNEL(adam_kernel, adam_cuda);

void squares_cuda(const OptimizerItem* items, int64_t count, double* sums) {
  for_groups(items, count, [&](const Items& all, const Grid& grid) { launch(square_chunks, grid, all, sums); });
}
WEFT_CUDA_KERNEL(squares_kernel, squares_cuda);

}  // namespace
}  // namespace weft::cuda

// How the elements of an output and its operands lie: dimensions merged where all operands allow it, and divisions by
// their sizes as multiplications. It counts with 32 bits; larger tensors are cut into parts on the host.
#pragma once

#include <algorithm>

#include "kernels/cuda/convert.h"
#include "kernels/cuda/divisor.h"
#include "kernels/loop_plan.h"

namespace weft::cuda {

constexpr int kDeviceLoopDims = 12;

// Operand 0 is the output.
template <int N>
struct DeviceLoop {
  int ndim = 0;
  uint32_t numel = 0;
  Divisor size[kDeviceLoopDims];
  int32_t strides[N + 1][kDeviceLoopDims];

  __device__ __forceinline__ void offsets(uint32_t i, int64_t* at) const {
#pragma unroll
    for (int k = 0; k <= N; k++) at[k] = 0;
    for (int d = ndim - 1; d > 0; d--) {
      uint32_t q = size[d].divide(i), r = i - q * size[d].d;
#pragma unroll
      for (int k = 0; k <= N; k++) at[k] += static_cast<int64_t>(r) * strides[k][d];
      i = q;
    }
#pragma unroll
    for (int k = 0; k <= N; k++) at[k] += static_cast<int64_t>(i) * strides[k][0];
  }
};

// Calls f(plan, offset of each operand) for parts that a plan can hold; one in all but exotic cases.
template <int N, class F>
void for_device_loops(const LoopPlan<N>& dims, int first, const int64_t* base, const F& f) {
  constexpr int64_t kReach = int64_t{1} << 31;
  int64_t numel = 1;
  bool fits = dims.ndim - first <= kDeviceLoopDims;
  for (int d = first; d < dims.ndim; d++) {
    numel *= dims.shape[d];
    for (int k = 0; k <= N; k++) fits &= std::abs(dims.strides[k][d]) < kReach;
  }
  fits &= numel < kReach;
  if (fits) {
    DeviceLoop<N> plan;
    plan.ndim = dims.ndim - first;
    plan.numel = static_cast<uint32_t>(numel);
    for (int d = 0; d < plan.ndim; d++) {
      plan.size[d] = Divisor(static_cast<uint32_t>(dims.shape[first + d]));
      for (int k = 0; k <= N; k++) plan.strides[k][d] = static_cast<int32_t>(dims.strides[k][first + d]);
    }
    return f(plan, base);
  }
  if (dims.ndim - first > 1) {
    for (int64_t i = 0; i < dims.shape[first]; i++) {
      int64_t at[N + 1];
      for (int k = 0; k <= N; k++) at[k] = base[k] + i * dims.strides[k][first];
      for_device_loops(dims, first + 1, at, f);
    }
    return;
  }
  constexpr int64_t kPart = int64_t{1} << 30;
  for (int64_t i = 0; i < dims.shape[first]; i += kPart) {
    LoopPlan<N> part = dims;
    part.shape[first] = std::min(kPart, dims.shape[first] - i);
    int64_t at[N + 1];
    for (int k = 0; k <= N; k++) {
      at[k] = base[k] + i * dims.strides[k][first];
      weft::check(std::abs(dims.strides[k][first]) < kReach,
                  "strides of 2^31 elements or more are not supported on a GPU; use a contiguous copy");
    }
    for_device_loops(part, first, at, f);
  }
}
template <int N, class F>
void for_device_loops(const StridedView& out, const StridedView* const* in, const F& f) {
  const int64_t base[N + 1] = {};
  for_device_loops(LoopPlan<N>(out, in), 0, base, f);
}

}  // namespace weft::cuda

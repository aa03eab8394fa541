// The kernel under every elementwise op: loads operands of any dtype, strides and broadcast shape as numbers of type C,
// and stores what a function of them gives, of type O.
#pragma once

#include "kernels/cuda/device_loop.h"

namespace weft::cuda {

template <class C, int N>
struct Operands {
  void* out;
  DType out_dtype;
  const void* data[N];
  DType dtype[N];
  C number[N];  // where data is nullptr
};

template <class F, class C, int N>
__device__ __forceinline__ void run_element(const F& f, const Operands<C, N>& x, const int64_t* at) {
  C args[N];
#pragma unroll
  for (int k = 0; k < N; k++) args[k] = x.data[k] ? load<C>(x.data[k], x.dtype[k], at[k + 1]) : x.number[k];
  store(x.out, x.out_dtype, at[0], f(args));
}

template <class F, class C, int N>
__global__ void elementwise_strided(F f, DeviceLoop<N> plan, Operands<C, N> x) {
  uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < plan.numel; i += step) {
    int64_t at[N + 1];
    plan.offsets(i, at);
    run_element(f, x, at);
  }
}

// kPack neighbours per thread. The innermost stride of every operand is 1 or 0, that of the output 1.
template <class F, class C, int N>
__global__ void elementwise_packed(F f, DeviceLoop<N> plan, Operands<C, N> x) {
  uint32_t i = (blockIdx.x * blockDim.x + threadIdx.x) * kPack;
  if (i >= plan.numel) return;
  int64_t at[N + 1];
  plan.offsets(i, at);
  if (plan.numel - i < kPack) {  // the end of a single run
    for (; i < plan.numel; i++) {
      run_element(f, x, at);
#pragma unroll
      for (int k = 0; k <= N; k++) at[k] += plan.strides[k][plan.ndim - 1];
    }
    return;
  }
  C args[N][kPack];
#pragma unroll
  for (int k = 0; k < N; k++) {
    if (x.data[k] && plan.strides[k + 1][plan.ndim - 1] == 1) {
      load_pack(args[k], x.data[k], x.dtype[k], at[k + 1]);
    } else {
      C same = x.data[k] ? load<C>(x.data[k], x.dtype[k], at[k + 1]) : x.number[k];
#pragma unroll
      for (int e = 0; e < kPack; e++) args[k][e] = same;
    }
  }
  decltype(f(args[0])) y[kPack];
#pragma unroll
  for (int e = 0; e < kPack; e++) {
    C own[N];
#pragma unroll
    for (int k = 0; k < N; k++) own[k] = args[k][e];
    y[e] = f(own);
  }
  store_pack(x.out, x.out_dtype, at[0], y);
}

// May the plan be run in packs?
template <class C, int N>
bool packs(const DeviceLoop<N>& plan, const Operands<C, N>& x) {
  int last = plan.ndim - 1;
  auto fits = [&](const void* p, DType dtype, const int32_t* strides) {
    if (!is_packed(dtype) || !is_aligned(p, dtype)) return false;
    for (int d = 0; d < last; d++)
      if (strides[d] % kPack) return false;
    return true;
  };
  if (last > 0 && plan.size[last].d % kPack) return false;
  if (plan.strides[0][last] != 1 || !fits(x.out, x.out_dtype, plan.strides[0])) return false;
  for (int k = 0; k < N; k++) {
    int32_t step = plan.strides[k + 1][last];
    if (!x.data[k] || step == 0) continue;
    if (step != 1 || !fits(x.data[k], x.dtype[k], plan.strides[k + 1])) return false;
  }
  return true;
}

// f(const C* args) for every element of out.
template <class C, int N, class F>
void elementwise(const StridedView& out, const StridedView* const (&in)[N], const F& f) {
  if (out.numel() == 0) return;
  for_device_loops<N>(out, in, [&](const DeviceLoop<N>& plan, const int64_t* base) {
    Operands<C, N> x;
    x.out = advance(out.data, base[0], out.dtype);
    x.out_dtype = out.dtype;
    for (int k = 0; k < N; k++) {
      bool is_number = in[k]->on_host && in[k]->ndim == 0;
      x.data[k] = is_number ? graph_number(in[k]->data, item_size(in[k]->dtype))
                            : advance(in[k]->data, base[k + 1], in[k]->dtype);
      x.dtype[k] = in[k]->dtype;
      x.number[k] = is_number ? load<C>(in[k]->data, in[k]->dtype, 0) : C{};
    }
    if constexpr (__is_same(C, float)) {
      if (packs(plan, x))
        return launch(elementwise_packed<F, C, N>, grid_for(divide_up(plan.numel, kPack), 128, 1 << 22), f, plan, x);
    }
    launch(elementwise_strided<F, C, N>, grid_for(plan.numel, 256, 1 << 16), f, plan, x);
  });
}

}  // namespace weft::cuda

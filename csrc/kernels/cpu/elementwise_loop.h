// The loop under every elementwise kernel: brings operands of any dtype, strides and broadcast shape to contiguous runs
// of one type, on which the functions are compiled.
#pragma once

#include "device/cpu/threads.h"
#include "kernels/cpu/convert.h"
#include "kernels/cpu/vector.h"
#include "kernels/loop_plan.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kElementwiseGrain = 32768;
constexpr int64_t kRun = 1024;              // elements per run: operands and result of a run stay in the L1 cache
constexpr int64_t kStreamBytes = 32 << 20;  // larger results are written past the caches

// Calls f(inputs, output, n) on runs that make up elements [begin, end) of the plan's row-major order.
template <class C, class O, int N, class F>
void run_range(const LoopPlan<N>& plan, const StridedView& out, const StridedView* const* in, int64_t begin,
               int64_t end, const F& f) {
  C buffers[N][kRun];
  O result[kRun];
  const int last = plan.ndim - 1;
  const int64_t inner = plan.shape[last];
  int64_t index[kMaxLoopDims];
  int64_t rest = begin;
  for (int d = last; d >= 0; d--) {
    index[d] = rest % plan.shape[d];
    rest /= plan.shape[d];
  }
  bool direct_out = out.dtype == dtype_of<O> && plan.strides[0][last] == 1;
  for (int64_t at = begin; at < end;) {
    int64_t n = inner - index[last];
    n = n < end - at ? n : end - at;
    int64_t offset[N + 1];
    for (int k = 0; k <= N; k++) {
      offset[k] = 0;
      for (int d = 0; d <= last; d++) offset[k] += index[d] * plan.strides[k][d];
    }
    for (int64_t i = 0; i < n; i += kRun) {
      int64_t m = n - i < kRun ? n - i : kRun;
      const C* operands[N];
      for (int k = 0; k < N; k++) {
        int64_t step = plan.strides[k + 1][last];
        char* p = advance(in[k]->data, offset[k + 1] + i * step, in[k]->dtype);
        if (in[k]->dtype == dtype_of<C> && step == 1) {
          operands[k] = reinterpret_cast<const C*>(p);
        } else {
          load_run(buffers[k], p, in[k]->dtype, step, m);
          operands[k] = buffers[k];
        }
      }
      char* q = advance(out.data, offset[0] + i * plan.strides[0][last], out.dtype);
      if (direct_out) {
        f(operands, reinterpret_cast<O*>(q), m);
      } else {
        f(operands, result, m);
        store_run(q, out.dtype, plan.strides[0][last], result, m);
      }
    }
    at += n;
    index[last] += n;
    for (int d = last; d > 0 && index[d] == plan.shape[d]; d--) {
      index[d] = 0;
      index[d - 1]++;
    }
  }
}

// Everything contiguous and too large for the caches: results take the short way to memory.
template <class C, class O, int N, class F>
void streaming_loop(const StridedView& out, const StridedView* const* in, const F& f) {
  parallel_for(out.numel(), kElementwiseGrain, [&](int64_t begin, int64_t end) {
    O result[kRun];
    for (int64_t i = begin; i < end; i += kRun) {
      int64_t m = end - i < kRun ? end - i : kRun;
      const C* operands[N];
      for (int k = 0; k < N; k++) operands[k] = in[k]->template as<C>() + i;
      f(operands, result, m);
      stream(out.as<O>() + i, result, m);
    }
    stream_end();
  });
}

// Computes in type C, with results of type O. f works on contiguous runs: f(const C* const* inputs, O* out, int64_t n).
template <class C, class O, int N, class F>
void elementwise_loop(const StridedView& out, const StridedView* const (&in)[N], const F& f) {
  int64_t n = out.numel();
  if (n == 0) return;
  bool simple = out.dtype == dtype_of<O> && out.is_contiguous();
  for (int k = 0; k < N && simple; k++)
    simple = in[k]->dtype == dtype_of<C> && in[k]->is_contiguous() && in[k]->numel() == n;
  if (simple) {
    if constexpr (sizeof(O) >= 4 && !is_complex_type<O>) {
      if (n * static_cast<int64_t>(sizeof(O)) >= kStreamBytes) return streaming_loop<C, O, N>(out, in, f);
    }
    parallel_for(n, kElementwiseGrain, [&](int64_t begin, int64_t end) {
      const C* operands[N];
      for (int k = 0; k < N; k++) operands[k] = in[k]->template as<C>() + begin;
      f(operands, out.as<O>() + begin, end - begin);
    });
    return;
  }
  LoopPlan<N> plan(out, in);
  parallel_for(n, kElementwiseGrain,
               [&](int64_t begin, int64_t end) { run_range<C, O, N>(plan, out, in, begin, end, f); });
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

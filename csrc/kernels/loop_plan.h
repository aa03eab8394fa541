// LoopPlan: how the elements of an output and its operands lie, in as few dimensions as they allow.
#pragma once

#include "kernels/view.h"

namespace weft {

constexpr int kMaxLoopDims = 64;

// Dimensions of the output and, for every operand (0 is the output), its stride in them: dimensions of size 1 dropped,
// sorted so that the output's smallest stride is last, neighbours merged where all operands allow it.
template <int N>
struct LoopPlan {
  int ndim = 0;
  int64_t shape[kMaxLoopDims];
  int64_t strides[N + 1][kMaxLoopDims];

  WEFT_INLINE LoopPlan(const StridedView& out, const StridedView* const* in) {
    for (int d = 0; d < out.ndim; d++) {
      if (out.shape[d] == 1) continue;
      int64_t step[N + 1];
      step[0] = out.strides[d];
      for (int k = 0; k < N; k++) {
        int own = d - (out.ndim - in[k]->ndim);
        step[k + 1] = own < 0 || in[k]->shape[own] == 1 ? 0 : in[k]->strides[own];
      }
      // Insertion by the output's stride keeps equal ones in order.
      int at = ndim;
      while (at > 0 && strides[0][at - 1] < step[0]) at--;
      for (int e = ndim; e > at; e--) {
        shape[e] = shape[e - 1];
        for (int k = 0; k <= N; k++) strides[k][e] = strides[k][e - 1];
      }
      shape[at] = out.shape[d];
      for (int k = 0; k <= N; k++) strides[k][at] = step[k];
      ndim++;
    }
    merge();
  }

 private:
  WEFT_INLINE void merge() {
    int kept = 0;
    for (int d = 1; d < ndim; d++) {
      bool mergeable = true;
      for (int k = 0; k <= N; k++) mergeable &= strides[k][kept] == strides[k][d] * shape[d];
      if (mergeable) {
        shape[kept] *= shape[d];
      } else {
        kept++;
        shape[kept] = shape[d];
      }
      for (int k = 0; k <= N; k++) strides[k][kept] = strides[k][d];
    }
    if (ndim > 0) ndim = kept + 1;
    if (ndim == 0) {
      shape[0] = 1;
      for (int k = 0; k <= N; k++) strides[k][0] = 1;
      ndim = 1;
    }
  }
};

}  // namespace weft

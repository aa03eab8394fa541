#include "kernels/embedding.h"

#include "device/cpu/scratch.h"
#include "kernels/cpu/elementwise_loop.h"

namespace weft {
namespace WEFT_ISA {
namespace {

void embedding_cpu(StridedView out, StridedView weight, StridedView index) {
  int64_t n = index.numel(), size = weight.shape[1], step = weight.strides[1];
  const auto* ids = index.as<int64_t>();
  auto item = static_cast<int64_t>(item_size(out.dtype));
  parallel_for(n, kElementwiseGrain / (size + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      char* from = advance(weight.data, ids[i] * weight.strides[0], weight.dtype);
      char* to = advance(out.data, i * size, out.dtype);
      if (step == 1) {
        __builtin_memcpy(to, from, static_cast<size_t>(size * item));
      } else {
        for (int64_t j = 0; j < size; j++)
          __builtin_memcpy(to + j * item, from + j * step * item, static_cast<size_t>(item));
      }
    }
  });
}
WEFT_CPU_KERNEL(embedding_kernel, embedding_cpu);

// Sums in C: float for the half types.
template <class C>
void accumulate_rows(StridedView out, StridedView grad, StridedView index, int64_t padding) {
  int64_t rows = out.shape[0], size = out.shape[1], n = index.numel();
  const auto* ids = index.as<int64_t>();
  bool same = out.dtype == dtype_of<C> && grad.dtype == dtype_of<C>;
  Scratch scratch(same ? 0 : static_cast<size_t>(rows * size) * sizeof(C));
  if (scratch_only_asked()) return;
  C* sums = same ? out.as<C>() : reinterpret_cast<C*>(scratch.data());
  if (!same) __builtin_memset(sums, 0, static_cast<size_t>(rows * size) * sizeof(C));
  int64_t grain = n * size < kElementwiseGrain ? rows : (rows + num_threads() - 1) / num_threads();
  parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
    C buffer[kRun];
    for (int64_t i = 0; i < n; i++) {
      if (ids[i] < begin || ids[i] >= end || ids[i] == padding) continue;
      C* to = sums + ids[i] * size;
      for (int64_t j = 0; j < size; j += kRun) {
        int64_t m = size - j < kRun ? size - j : kRun;
        const C* from = same ? grad.as<C>() + i * size + j : buffer;
        if (!same) load_run(buffer, advance(grad.data, i * size + j, grad.dtype), grad.dtype, 1, m);
        for (int64_t k = 0; k < m; k++) to[j + k] += from[k];
      }
    }
  });
  if (!same) store_run(out.data, out.dtype, 1, sums, rows * size);
}

void embedding_backward_cpu(StridedView out, StridedView grad, StridedView index, int64_t padding) {
  if (out.dtype == DType::Float64) return accumulate_rows<double>(out, grad, index, padding);
  accumulate_rows<float>(out, grad, index, padding);
}
WEFT_CPU_KERNEL(embedding_backward_kernel, embedding_backward_cpu);

void first_outside_cpu(StridedView index, int64_t n, int64_t* position) {
  const auto* ids = index.as<int64_t>();
  int64_t count = index.numel(), bad = 0;
  for (int64_t i = 0; i < count; i++)
    bad |= static_cast<int64_t>(static_cast<uint64_t>(ids[i]) >= static_cast<uint64_t>(n));
  *position = -1;
  for (int64_t i = 0; bad && i < count; i++) {
    if (static_cast<uint64_t>(ids[i]) < static_cast<uint64_t>(n)) continue;
    *position = i;
    return;
  }
}
WEFT_CPU_KERNEL(first_outside_kernel, first_outside_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

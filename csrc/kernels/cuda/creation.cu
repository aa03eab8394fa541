#include "kernels/creation.h"

#include "kernels/cuda/convert.h"

namespace weft::cuda {
namespace {

__global__ void range_elements(void* out, DType dtype, int64_t n, RangeRule rule) {
  for (int64_t i = first_item(); i < n; i += item_step()) {
    if (is_real_floating(dtype))
      store(out, dtype, i, rule.start + static_cast<double>(i) * rule.step);
    else
      store(out, dtype, i, rule.integer(i));
  }
}

void range_cuda(StridedView out, RangeRule rule) {
  int64_t n = out.numel();
  if (n) launch(range_elements, grid_for(n), out.data, out.dtype, n, rule);
}
WEFT_CUDA_KERNEL(range_kernel, range_cuda);

__global__ void linspace_elements(void* out, DType dtype, int64_t n, double start, double end, double step) {
  for (int64_t i = first_item(); i < n; i += item_step()) {
    double from_start = start + step * static_cast<double>(i), from_end = end - step * static_cast<double>(n - 1 - i);
    store(out, dtype, i, i < n / 2 || n == 1 ? from_start : from_end);
  }
}

void linspace_cuda(StridedView out, double start, double end) {
  int64_t n = out.numel();
  double step = n > 1 ? (end - start) / static_cast<double>(n - 1) : 0.0;
  if (n) launch(linspace_elements, grid_for(n), out.data, out.dtype, n, start, end, step);
}
WEFT_CUDA_KERNEL(linspace_kernel, linspace_cuda);

}  // namespace
}  // namespace weft::cuda

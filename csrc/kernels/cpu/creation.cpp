#include "kernels/creation.h"

#include "device/cpu/threads.h"
#include "kernels/cpu/convert.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kGrain = 32768;

void range_cpu(StridedView out, RangeRule rule) {
  visit_real_dtype(out.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* y = out.as<T>();
    parallel_for(out.numel(), kGrain, [&](int64_t begin, int64_t end) {
      if (is_real_floating(out.dtype)) {
        for (int64_t i = begin; i < end; i++) y[i] = convert<T>(rule.start + static_cast<double>(i) * rule.step);
      } else {
        for (int64_t i = begin; i < end; i++) y[i] = convert<T>(rule.integer(i));
      }
    });
  });
}
WEFT_CPU_KERNEL(range_kernel, range_cpu);

void linspace_cpu(StridedView out, double start, double end) {
  int64_t n = out.numel();
  double step = n > 1 ? (end - start) / static_cast<double>(n - 1) : 0.0;
  visit_real_dtype(out.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* y = out.as<T>();
    parallel_for(n, kGrain, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; i++) {
        double from_start = start + step * static_cast<double>(i);
        double from_end = end - step * static_cast<double>(n - 1 - i);
        y[i] = convert<T>(i < n / 2 || n == 1 ? from_start : from_end);
      }
    });
  });
}
WEFT_CPU_KERNEL(linspace_kernel, linspace_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

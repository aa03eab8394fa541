#include "kernels/creation.h"

#include "device/cpu/threads.h"
#include "kernels/cpu/convert.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kGrain = 32768;
constexpr int64_t kRun = 512;

// value(i) of type C for each element, converted to the dtype of `out`.
template <class C, class Value>
void fill_with(const StridedView& out, const Value& value) {
  parallel_for(out.numel(), kGrain, [&](int64_t begin, int64_t end) {
    C values[kRun];
    for (int64_t at = begin; at < end; at += kRun) {
      const int64_t n = end - at < kRun ? end - at : kRun;
      for (int64_t i = 0; i < n; i++) values[i] = value(at + i);
      store_run(advance(out.data, at, out.dtype), out.dtype, 1, values, n);
    }
  });
}

void range_cpu(StridedView out, RangeRule rule) {
  if (is_real_floating(out.dtype))
    fill_with<double>(out, [&](int64_t i) { return rule.start + static_cast<double>(i) * rule.step; });
  else
    fill_with<int64_t>(out, [&](int64_t i) { return rule.integer(i); });
}
WEFT_CPU_KERNEL(range_kernel, range_cpu);

void linspace_cpu(StridedView out, double start, double end) {
  const int64_t n = out.numel();
  const double step = n > 1 ? (end - start) / static_cast<double>(n - 1) : 0.0;
  fill_with<double>(out, [&](int64_t i) {
    const double from_start = start + step * static_cast<double>(i);
    const double from_end = end - step * static_cast<double>(n - 1 - i);
    return i < n / 2 || n == 1 ? from_start : from_end;
  });
}
WEFT_CPU_KERNEL(linspace_kernel, linspace_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

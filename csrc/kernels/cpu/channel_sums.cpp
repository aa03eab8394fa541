#include "kernels/convolution.h"
#include "kernels/cpu/channel_runs.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class C>
void sums_of_rows(const StridedView& out, const StridedView& x) {
  const ChannelRows s{Images(x)};
  Scratch scratch(static_cast<size_t>(s.runs * s.channels) * sizeof(double));
  if (scratch_only_asked()) return;
  double* run_sums = reinterpret_cast<double*>(scratch.data());
  for_blocks<kChannels>(s, [&](int64_t run, int64_t first, int64_t rows, int64_t c0, int64_t m) {
    C buffer[kChannels], sums[kLanes<C>][1][kChannels];
    sum_rows<1, C>(first, rows, m, sums, [&](int64_t r, C(&sum)[1][kChannels]) {
      const C* row = run_of(buffer, x, r * s.channels + c0, m);
#pragma omp simd
      for (int64_t k = 0; k < m; k++) sum[0][k] += row[k];
    });
    for (int64_t k = 0; k < m; k++) run_sums[run * s.channels + c0 + k] = static_cast<double>(sums[0][0][k]);
  });
  for_few_channels(s, [&](int64_t c0, int64_t m) {
    double sums[kFewChannels] = {};
    for (int64_t run = 0; run < s.runs; run++)
      for (int64_t k = 0; k < m; k++) sums[k] += run_sums[run * s.channels + c0 + k];
    for (int64_t k = 0; k < m; k++) set_number<C>(out, c0 + k, sums[k]);
  });
}

template <class C>
void sums_as(const StridedView& out, const StridedView& x) {
  if (is_rows(x)) return sums_of_rows<C>(out, x);
  if (scratch_only_asked()) return;
  const Images s(x);
  for_channels(s, [&](int64_t c) {
    C buffer[kRun];
    double sum = 0;
    for_runs(s, c, [&](int64_t at, int64_t n) { sum += run_sum(run_of(buffer, x, at, n), n); });
    set_number<C>(out, c, sum);
  });
}

void channel_sums_cpu(StridedView out, StridedView x) {
  x.dtype == DType::Float64 ? sums_as<double>(out, x) : sums_as<float>(out, x);
}
WEFT_CPU_KERNEL(channel_sums_kernel, channel_sums_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

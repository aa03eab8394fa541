// Batch norm. Images go channel by channel, unless their channels lie innermost: then, as for (N, C), it is rows of
// channels (batch_norm_rows.h).
#include "kernels/cpu/batch_norm_rows.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class C>
void moments_as(const StridedView& mean, const StridedView& variance, const StridedView& x) {
  if (is_rows(x)) return row_moments<C>(mean, variance, x);
  if (scratch_only_asked()) return;
  const Images s(x);
  for_channels(s, [&](int64_t c) {
    C buffer[kRun];
    Moments all;
    for_runs(s, c, [&](int64_t at, int64_t n) {
      const C* run = run_of(buffer, x, at, n);
      const double count = static_cast<double>(n), run_mean = run_sum(run, n) * (1.0 / count);
      all.add(count, run_mean, run_square_sum(run, n, static_cast<C>(run_mean)));
    });
    mean.as<C>()[c] = static_cast<C>(all.mean());
    variance.as<C>()[c] = static_cast<C>(all.variance());
  });
}

void channel_moments_cpu(StridedView mean, StridedView variance, StridedView x) {
  x.dtype == DType::Float64 ? moments_as<double>(mean, variance, x) : moments_as<float>(mean, variance, x);
}
WEFT_CPU_KERNEL(channel_moments_kernel, channel_moments_cpu);

template <class C>
void channel_norm_as(const StridedView& y, const ChannelNormInputs& in) {
  if (is_rows(in.x)) return normalize_rows<C>(y, in);
  if (scratch_only_asked()) return;
  const Images s(in.x);
  for_channels(s, [&](int64_t c) {
    C buffer[kRun], result[kRun];
    const NormLine<C> line(in, c);
    for_runs(s, c, [&](int64_t at, int64_t n) {
      const C* x = run_of(buffer, in.x, at, n);
      C* to = result_run(result, y, at);
      for (int64_t i = 0; i < n; i++) to[i] = x[i] * line.a + line.b;
      store_result(result, y, at, n);
    });
  });
}

void channel_norm_cpu(StridedView y, ChannelNormInputs in) {
  in.x.dtype == DType::Float64 ? channel_norm_as<double>(y, in) : channel_norm_as<float>(y, in);
}
WEFT_CPU_KERNEL(channel_norm_kernel, channel_norm_cpu);

template <class C>
void lines_as(const StridedView& a, const StridedView& b, const ChannelNormInputs& in) {
  for (int64_t c = 0; c < a.shape[0]; c++) {
    const NormLine<C> line(in, c);
    a.as<C>()[c] = line.a, b.as<C>()[c] = line.b;
  }
}

void batch_norm_line_cpu(StridedView a, StridedView b, ChannelNormInputs in) {
  a.dtype == DType::Float64 ? lines_as<double>(a, b, in) : lines_as<float>(a, b, in);
}
WEFT_CPU_KERNEL(batch_norm_line_kernel, batch_norm_line_cpu);

template <class C>
void backward_as(const StridedView& dx, const StridedView& dweight, const StridedView& dbias, const StridedView& grad,
                 const ChannelNormInputs& in, bool training) {
  if (is_rows(in.x)) return row_gradients<C>(dx, dweight, dbias, grad, in, training);
  if (scratch_only_asked()) return;
  const Images s(in.x);
  for_channels(s, [&](int64_t c) {
    C g_buffer[kRun], x_buffer[kRun], result[kRun];
    const C mean = number_at<C>(in.mean, c, 0);
    double grads = 0, products = 0;
    for_runs(s, c, [&](int64_t at, int64_t n) {
      const C *g = run_of(g_buffer, grad, at, n), *x = run_of(x_buffer, in.x, at, n);
      grads += run_sum(g, n);
      products += run_product_sum(g, x, n, mean);
    });
    const BackwardLine<C> l(in, c, grads, products, s.count(), training);
    set_number<C>(dbias, c, grads);
    set_number<C>(dweight, c, products * static_cast<double>(rstd_of<C>(in, c)));
    for_runs(s, c, [&](int64_t at, int64_t n) {
      const C *g = run_of(g_buffer, grad, at, n), *x = run_of(x_buffer, in.x, at, n);
      C* to = result_run(result, dx, at);
      for (int64_t i = 0; i < n; i++) to[i] = gradient_at(g[i], x[i] - mean, l.a, l.b, l.c);
      store_result(result, dx, at, n);
    });
  });
}

void channel_norm_backward_cpu(StridedView dx, StridedView dweight, StridedView dbias, StridedView grad,
                               ChannelNormInputs in, bool training) {
  in.x.dtype == DType::Float64 ? backward_as<double>(dx, dweight, dbias, grad, in, training)
                               : backward_as<float>(dx, dweight, dbias, grad, in, training);
}
WEFT_CPU_KERNEL(channel_norm_backward_kernel, channel_norm_backward_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

// Batch norm. Images (inner > 1) go channel by channel; rows of channels (inner = 1) go through all rows for a group of
// channels at a time.
#include "kernels/cpu/norm_runs.h"
#include "kernels/normalization.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kChannels = 256;  // side by side, for inner = 1

struct Images {
  int64_t n, channels, inner = 1;
  explicit Images(const StridedView& x) : n(x.shape[0]), channels(x.shape[1]) {
    for (int d = 2; d < x.ndim; d++) inner *= x.shape[d];
  }
  int64_t count() const { return n * inner; }
};

// Calls f(first element, length) for the runs of one channel.
template <class F>
WEFT_INLINE void for_runs(const Images& s, int64_t channel, const F& f) {
  for (int64_t i = 0; i < s.n; i++)
    for (int64_t k = 0; k < s.inner; k += kRun)
      f((i * s.channels + channel) * s.inner + k, s.inner - k < kRun ? s.inner - k : kRun);
}

// Calls f(first channel, channels) for channels one by one (images) or in groups.
template <class F>
void for_channels(const Images& s, const F& f) {
  int64_t width = s.inner == 1 ? kChannels : 1, groups = (s.channels + width - 1) / width;
  parallel_for(groups, kNormGrain / (s.count() * width + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; g++) f(g * width, s.channels - g * width < width ? s.channels - g * width : width);
  });
}

template <class C>
void moments_as(const StridedView& mean, const StridedView& variance, const StridedView& x) {
  Images s(x);
  const double count = static_cast<double>(s.count());
  for_channels(s, [&](int64_t c0, int64_t m) {
    C buffer[kRun];
    if (s.inner > 1) {
      double sum = 0, square = 0;
      for_runs(s, c0, [&](int64_t at, int64_t n) { sum += run_sum(run_of(buffer, x, at, n), n); });
      C center = static_cast<C>(sum / count);
      for_runs(s, c0, [&](int64_t at, int64_t n) { square += run_square_sum(run_of(buffer, x, at, n), n, center); });
      mean.as<C>()[c0] = static_cast<C>(sum / count);
      variance.as<C>()[c0] = static_cast<C>(square / count);
      return;
    }
    double sum[kChannels] = {}, square[kChannels] = {};
    C center[kChannels];
    for (int64_t i = 0; i < s.n; i++) {
      const C* row = run_of(buffer, x, i * s.channels + c0, m);
      for (int64_t k = 0; k < m; k++) sum[k] += static_cast<double>(row[k]);
    }
    for (int64_t k = 0; k < m; k++) center[k] = static_cast<C>(sum[k] / count);
    for (int64_t i = 0; i < s.n; i++) {
      const C* row = run_of(buffer, x, i * s.channels + c0, m);
      for (int64_t k = 0; k < m; k++) square[k] += static_cast<double>((row[k] - center[k]) * (row[k] - center[k]));
    }
    for (int64_t k = 0; k < m; k++) {
      mean.as<C>()[c0 + k] = center[k];
      variance.as<C>()[c0 + k] = static_cast<C>(square[k] / count);
    }
  });
}

void channel_moments_cpu(StridedView mean, StridedView variance, StridedView x) {
  x.dtype == DType::Float64 ? moments_as<double>(mean, variance, x) : moments_as<float>(mean, variance, x);
}
WEFT_CPU_KERNEL(channel_moments_kernel, channel_moments_cpu);

template <class C>
WEFT_INLINE C rstd_of(const ChannelNormInputs& in, int64_t c) {
  return static_cast<C>(1.0 / __builtin_sqrt(static_cast<double>(number_at<C>(in.variance, c, 1)) + in.eps));
}

template <class C>
void channel_norm_as(const StridedView& y, const ChannelNormInputs& in) {
  Images s(in.x);
  for_channels(s, [&](int64_t c0, int64_t m) {
    C buffer[kRun], result[kRun], scale[kChannels], shift[kChannels];
    for (int64_t k = 0; k < m; k++) {
      scale[k] = rstd_of<C>(in, c0 + k) * number_at<C>(in.weight, c0 + k, 1);
      shift[k] = number_at<C>(in.bias, c0 + k, 0) - number_at<C>(in.mean, c0 + k, 0) * scale[k];
    }
    if (s.inner > 1) {
      for_runs(s, c0, [&](int64_t at, int64_t n) {
        const C* x = run_of(buffer, in.x, at, n);
        C *to = result_run(result, y, at), a = scale[0], b = shift[0];
        for (int64_t i = 0; i < n; i++) to[i] = x[i] * a + b;
        store_result(result, y, at, n);
      });
      return;
    }
    for (int64_t i = 0; i < s.n; i++) {
      int64_t at = i * s.channels + c0;
      const C* x = run_of(buffer, in.x, at, m);
      C* to = result_run(result, y, at);
      for (int64_t k = 0; k < m; k++) to[k] = x[k] * scale[k] + shift[k];
      store_result(result, y, at, m);
    }
  });
}

void channel_norm_cpu(StridedView y, ChannelNormInputs in) {
  in.x.dtype == DType::Float64 ? channel_norm_as<double>(y, in) : channel_norm_as<float>(y, in);
}
WEFT_CPU_KERNEL(channel_norm_kernel, channel_norm_cpu);

// The gradient of one element is a g + b (x - mean) + c with these.
template <class C>
struct BackwardLine {
  C a, b, c;
  BackwardLine(const ChannelNormInputs& in, int64_t channel, double grads, double products, double count,
               bool training) {
    double rstd = static_cast<double>(rstd_of<C>(in, channel));
    double scale = rstd * static_cast<double>(number_at<C>(in.weight, channel, 1));
    a = static_cast<C>(scale);
    b = training ? static_cast<C>(-scale * products * rstd * rstd / count) : C(0);
    c = training ? static_cast<C>(-scale * grads / count) : C(0);
  }
  BackwardLine() = default;
};

template <class C>
void backward_as(const StridedView& dx, const StridedView& dweight, const StridedView& dbias, const StridedView& grad,
                 const ChannelNormInputs& in, bool training) {
  Images s(in.x);
  const double count = static_cast<double>(s.count());
  for_channels(s, [&](int64_t c0, int64_t m) {
    C g_buffer[kRun], x_buffer[kRun], result[kRun], mean[kChannels];
    double grads[kChannels] = {}, products[kChannels] = {};
    BackwardLine<C> line[kChannels];
    for (int64_t k = 0; k < m; k++) mean[k] = number_at<C>(in.mean, c0 + k, 0);
    if (s.inner > 1) {
      for_runs(s, c0, [&](int64_t at, int64_t n) {
        const C *g = run_of(g_buffer, grad, at, n), *x = run_of(x_buffer, in.x, at, n);
        grads[0] += run_sum(g, n);
        products[0] += run_product_sum(g, x, n, mean[0]);
      });
    } else {
      for (int64_t i = 0; i < s.n; i++) {
        int64_t at = i * s.channels + c0;
        const C *g = run_of(g_buffer, grad, at, m), *x = run_of(x_buffer, in.x, at, m);
        for (int64_t k = 0; k < m; k++) {
          grads[k] += static_cast<double>(g[k]);
          products[k] += static_cast<double>(g[k] * (x[k] - mean[k]));
        }
      }
    }
    for (int64_t k = 0; k < m; k++) {
      line[k] = BackwardLine<C>(in, c0 + k, grads[k], products[k], count, training);
      set_number<C>(dbias, c0 + k, grads[k]);
      set_number<C>(dweight, c0 + k, products[k] * static_cast<double>(rstd_of<C>(in, c0 + k)));
    }
    if (s.inner > 1) {
      for_runs(s, c0, [&](int64_t at, int64_t n) {
        const C *g = run_of(g_buffer, grad, at, n), *x = run_of(x_buffer, in.x, at, n);
        C* to = result_run(result, dx, at);
        BackwardLine<C> l = line[0];
        for (int64_t i = 0; i < n; i++) to[i] = g[i] * l.a + (x[i] - mean[0]) * l.b + l.c;
        store_result(result, dx, at, n);
      });
      return;
    }
    for (int64_t i = 0; i < s.n; i++) {
      int64_t at = i * s.channels + c0;
      const C *g = run_of(g_buffer, grad, at, m), *x = run_of(x_buffer, in.x, at, m);
      C* to = result_run(result, dx, at);
      for (int64_t k = 0; k < m; k++) to[k] = g[k] * line[k].a + (x[k] - mean[k]) * line[k].b + line[k].c;
      store_result(result, dx, at, m);
    }
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

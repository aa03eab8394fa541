// Batch norm: what its layouts share, and its loops over rows of channels (channel_runs.h).
#pragma once

#include "device/cpu/scratch.h"
#include "kernels/cpu/channel_runs.h"
#include "kernels/normalization.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// What the runs of a channel add up to; for the variance, distances of their means are taken from that of the first
// run. After Chan, Golub, LeVeque: Algorithms for Computing the Sample Variance, 1983.
struct Moments {
  double sum = 0, first = 0, away = 0, squares = 0, count = 0;
  bool any = false;
  // own_squares: squared distances from the run's mean, which is sum / n.
  WEFT_INLINE void add(double n, double mean, double own_squares) {
    if (!any) first = mean, any = true;
    const double distance = mean - first;
    sum += n * mean;
    away += n * distance;
    squares += own_squares + n * distance * distance;
    count += n;
  }
  double mean() const { return sum / count; }
  double variance() const { return (squares - away * away / count) / count; }
};

template <class C>
WEFT_INLINE C rstd_of(const ChannelNormInputs& in, int64_t c) {
  return static_cast<C>(1.0 / __builtin_sqrt(static_cast<double>(number_at<C>(in.variance, c, 1)) + in.eps));
}

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
};
template <class C>
WEFT_INLINE C gradient_at(C g, C away, C a, C b, C c) {
  return g * a + away * b + c;
}

template <class C>
void row_moments(const StridedView& mean, const StridedView& variance, const StridedView& x) {
  const ChannelRows s{Images(x)};
  Scratch scratch(static_cast<size_t>(s.runs * s.channels * 2) * sizeof(double));
  if (scratch_only_asked()) return;
  double *run_means = reinterpret_cast<double*>(scratch.data()), *run_squares = run_means + s.runs * s.channels;
  for_blocks<kChannels>(s, [&](int64_t run, int64_t first, int64_t rows, int64_t c0, int64_t m) {
    C buffer[kChannels], center[kChannels], sums[kLanes<C>][1][kChannels];
    const double part = 1.0 / static_cast<double>(rows);
    sum_rows<1, C>(first, rows, m, sums, [&](int64_t r, C(&sum)[1][kChannels]) {
      const C* row = run_of(buffer, x, r * s.channels + c0, m);
#pragma omp simd
      for (int64_t k = 0; k < m; k++) sum[0][k] += row[k];
    });
    for (int64_t k = 0; k < m; k++) {
      const double run_mean = static_cast<double>(sums[0][0][k]) * part;
      run_means[run * s.channels + c0 + k] = run_mean;
      center[k] = static_cast<C>(run_mean);
    }
    sum_rows<1, C>(first, rows, m, sums, [&](int64_t r, C(&sum)[1][kChannels]) {
      const C* row = run_of(buffer, x, r * s.channels + c0, m);
#pragma omp simd
      for (int64_t k = 0; k < m; k++) add_square(sum[0][k], row[k], center[k]);
    });
    for (int64_t k = 0; k < m; k++) run_squares[run * s.channels + c0 + k] = static_cast<double>(sums[0][0][k]);
  });
  for_few_channels(s, [&](int64_t c0, int64_t m) {
    Moments all[kFewChannels];
    for (int64_t run = 0; run < s.runs; run++)
      for (int64_t k = 0; k < m; k++) {
        const int64_t at = run * s.channels + c0 + k;
        all[k].add(static_cast<double>(s.length(run)), run_means[at], run_squares[at]);
      }
    for (int64_t k = 0; k < m; k++) {
      mean.as<C>()[c0 + k] = static_cast<C>(all[k].mean());
      variance.as<C>()[c0 + k] = static_cast<C>(all[k].variance());
    }
  });
}

// x a + b
template <class C>
struct NormLine {
  C a, b;
  NormLine(const ChannelNormInputs& in, int64_t channel) {
    a = rstd_of<C>(in, channel) * number_at<C>(in.weight, channel, 1);
    b = number_at<C>(in.bias, channel, 0) - number_at<C>(in.mean, channel, 0) * a;
  }
};

template <class C>
void normalize_rows(const StridedView& y, const ChannelNormInputs& in) {
  const ChannelRows s{Images(in.x)};
  Scratch scratch(static_cast<size_t>(2 * s.channels) * sizeof(C));
  if (scratch_only_asked()) return;
  C *a = reinterpret_cast<C*>(scratch.data()), *b = a + s.channels;
  for (int64_t c = 0; c < s.channels; c++) {
    const NormLine<C> line(in, c);
    a[c] = line.a, b[c] = line.b;
  }
  for_blocks<kRun>(s, [&](int64_t, int64_t first, int64_t rows, int64_t c0, int64_t m) {
    C buffer[kRun], result[kRun];
    for (int64_t r = first; r < first + rows; r++) {
      const int64_t at = r * s.channels + c0;
      const C *x = run_of(buffer, in.x, at, m), *scale = a + c0, *shift = b + c0;
      C* to = result_run(result, y, at);
#pragma omp simd
      for (int64_t k = 0; k < m; k++) to[k] = x[k] * scale[k] + shift[k];
      store_result(result, y, at, m);
    }
  });
}

template <class C>
void row_gradients(const StridedView& dx, const StridedView& dweight, const StridedView& dbias, const StridedView& grad,
                   const ChannelNormInputs& in, bool training) {
  const Images images(in.x);
  const ChannelRows s(images);
  const int64_t all = s.runs * s.channels;
  Scratch scratch(static_cast<size_t>(2 * all) * sizeof(double) + static_cast<size_t>(4 * s.channels) * sizeof(C));
  if (scratch_only_asked()) return;
  double *grads = reinterpret_cast<double*>(scratch.data()), *products = grads + all;
  C *mean = reinterpret_cast<C*>(products + all), *a = mean + s.channels, *b = a + s.channels, *c = b + s.channels;
  for (int64_t k = 0; k < s.channels; k++) mean[k] = number_at<C>(in.mean, k, 0);
  for_blocks<kChannels>(s, [&](int64_t run, int64_t first, int64_t rows, int64_t c0, int64_t m) {
    C g_buffer[kChannels], x_buffer[kChannels], sums[kLanes<C>][2][kChannels];
    sum_rows<2, C>(first, rows, m, sums, [&](int64_t r, C(&sum)[2][kChannels]) {
      const int64_t at = r * s.channels + c0;
      const C *g = run_of(g_buffer, grad, at, m), *x = run_of(x_buffer, in.x, at, m), *center = mean + c0;
#pragma omp simd
      for (int64_t k = 0; k < m; k++) {
        sum[0][k] += g[k];
        add_product(sum[1][k], g[k], x[k], center[k]);
      }
    });
    for (int64_t k = 0; k < m; k++) {
      grads[run * s.channels + c0 + k] = static_cast<double>(sums[0][0][k]);
      products[run * s.channels + c0 + k] = static_cast<double>(sums[0][1][k]);
    }
  });
  for_few_channels(s, [&](int64_t c0, int64_t m) {
    double grad_sums[kFewChannels] = {}, product_sums[kFewChannels] = {};
    for (int64_t run = 0; run < s.runs; run++)
      for (int64_t k = 0; k < m; k++) {
        grad_sums[k] += grads[run * s.channels + c0 + k];
        product_sums[k] += products[run * s.channels + c0 + k];
      }
    for (int64_t i = 0; i < m; i++) {
      const int64_t k = c0 + i;
      const BackwardLine<C> line(in, k, grad_sums[i], product_sums[i], images.count(), training);
      a[k] = line.a, b[k] = line.b, c[k] = line.c;
      set_number<C>(dbias, k, grad_sums[i]);
      set_number<C>(dweight, k, product_sums[i] * static_cast<double>(rstd_of<C>(in, k)));
    }
  });
  for_blocks<kRun>(s, [&](int64_t, int64_t first, int64_t rows, int64_t c0, int64_t m) {
    C g_buffer[kRun], x_buffer[kRun], result[kRun];
    for (int64_t r = first; r < first + rows; r++) {
      const int64_t at = r * s.channels + c0;
      const C *g = run_of(g_buffer, grad, at, m), *x = run_of(x_buffer, in.x, at, m);
      const C *center = mean + c0, *ga = a + c0, *xb = b + c0, *rest = c + c0;
      C* to = result_run(result, dx, at);
#pragma omp simd
      for (int64_t k = 0; k < m; k++) to[k] = gradient_at(g[k], x[k] - center[k], ga[k], xb[k], rest[k]);
      store_result(result, dx, at, m);
    }
  });
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

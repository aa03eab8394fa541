#include "kernels/loss.h"

#include "kernels/cpu/elementwise_loop.h"
#include "kernels/scalar/math.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kLossGrain = 8192;

// Logits as (outer, classes, inner).
struct Geometry {
  int64_t outer, classes, inner;
  explicit Geometry(const StridedView& v) : outer(v.shape[0]), classes(v.shape[1]), inner(1) {
    for (int d = 2; d < v.ndim; d++) inner *= v.shape[d];
  }
  int64_t first(int64_t element) const { return element / inner * classes * inner + element % inner; }
};

// The logits of one element as consecutive numbers of type C, piece by piece.
template <class C, class F>
WEFT_INLINE void for_pieces(const StridedView& logits, const Geometry& g, int64_t element, const F& f) {
  C buffer[kRun];
  for (int64_t c = 0; c < g.classes; c += kRun) {
    int64_t n = g.classes - c < kRun ? g.classes - c : kRun, at = g.first(element) + c * g.inner;
    if (logits.dtype == dtype_of<C> && g.inner == 1) {
      f(logits.as<C>() + at, c, n);
    } else {
      load_run(buffer, advance(logits.data, at, logits.dtype), logits.dtype, g.inner, n);
      f(buffer, c, n);
    }
  }
}

template <class C>
WEFT_INLINE double at(const StridedView& v, int64_t i) {
  C x;
  load_run(&x, advance(v.data, i, v.dtype), v.dtype, 1, 1);
  return static_cast<double>(x);
}

template <class C>
void cross_entropy_as(const StridedView& losses, const StridedView& log_sums, const StridedView& weights,
                      const StridedView& logits, const StridedView& target, const StridedView& weight,
                      CrossEntropyRule rule) {
  Geometry g(logits);
  const double share = rule.smoothing / static_cast<double>(g.classes);
  parallel_for(g.outer * g.inner, kLossGrain / (g.classes + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      C top = -static_cast<C>(__builtin_inff()), sum = 0;
      for_pieces<C>(logits, g, i, [&](const C* x, int64_t, int64_t n) {
#pragma omp simd reduction(max : top)
        for (int64_t c = 0; c < n; c++) top = x[c] > top ? x[c] : top;
      });
      for_pieces<C>(logits, g, i, [&](const C* x, int64_t, int64_t n) {
#pragma omp simd reduction(+ : sum)
        for (int64_t c = 0; c < n; c++) sum += scalar::exp(x[c] - top);
      });
      double log_sum = static_cast<double>(top) + __builtin_log(static_cast<double>(sum));
      int64_t t = target.as<int64_t>()[i];
      bool ignored = t == rule.ignore_index;
      double w = ignored ? 0.0 : weight.data ? at<C>(weight, t) : 1.0;
      double loss = ignored ? 0.0 : w * (log_sum - at<C>(logits, g.first(i) + t * g.inner)) * (1.0 - rule.smoothing);
      if (share != 0.0 && !ignored) {
        double spread = 0.0;
        for_pieces<C>(logits, g, i, [&](const C* x, int64_t c0, int64_t n) {
          for (int64_t c = 0; c < n; c++)
            spread += (weight.data ? at<C>(weight, c0 + c) : 1.0) * (log_sum - static_cast<double>(x[c]));
        });
        loss += share * spread;
      }
      losses.as<double>()[i] = loss;
      log_sums.as<double>()[i] = log_sum;
      weights.as<double>()[i] = w;
    }
  });
}

void cross_entropy_cpu(StridedView losses, StridedView log_sums, StridedView weights, StridedView logits,
                       StridedView target, StridedView weight, CrossEntropyRule rule) {
  if (losses.numel() == 0) return;
  logits.dtype == DType::Float64 ? cross_entropy_as<double>(losses, log_sums, weights, logits, target, weight, rule)
                                 : cross_entropy_as<float>(losses, log_sums, weights, logits, target, weight, rule);
}
WEFT_CPU_KERNEL(cross_entropy_kernel, cross_entropy_cpu);

template <class C>
void backward_as(const StridedView& out, const StridedView& grad, const StridedView& logits,
                 const StridedView& log_sums, const StridedView& target, const StridedView& weight,
                 CrossEntropyRule rule) {
  Geometry g(logits);
  const double share = rule.smoothing / static_cast<double>(g.classes);
  double all_weights = static_cast<double>(g.classes);
  if (weight.data && share != 0.0) {
    all_weights = 0.0;
    for (int64_t c = 0; c < g.classes; c++) all_weights += at<C>(weight, c);
  }
  parallel_for(g.outer * g.inner, kLossGrain / (g.classes + 1) + 1, [&](int64_t begin, int64_t end) {
    C result[kRun];
    for (int64_t i = begin; i < end; i++) {
      int64_t t = target.as<int64_t>()[i];
      bool ignored = t == rule.ignore_index;
      // Forward has checked the targets, unless a program from a file has none.
      bool is_class = static_cast<uint64_t>(t) < static_cast<uint64_t>(g.classes);
      double w = ignored || !is_class ? 0.0 : weight.data ? at<C>(weight, t) : 1.0;
      double scale = ignored ? 0.0 : grad.as<double>()[i], own = scale * w * (1.0 - rule.smoothing);
      // In two parts: rounded to C, a large one would be off by much more than the rounding of the difference.
      C log_sum = static_cast<C>(log_sums.as<double>()[i]);
      C rest = static_cast<C>(log_sums.as<double>()[i] - static_cast<double>(log_sum));
      C all = static_cast<C>(own + scale * share * all_weights);
      for_pieces<C>(logits, g, i, [&](const C* x, int64_t c0, int64_t n) {
        bool direct = out.dtype == dtype_of<C> && g.inner == 1;
        C* to = direct ? out.as<C>() + g.first(i) + c0 : result;
        if (ignored)
          for (int64_t c = 0; c < n; c++) to[c] = 0;
        else
          for (int64_t c = 0; c < n; c++) to[c] = scalar::exp((x[c] - log_sum) - rest) * all;
        if (share != 0.0)
          for (int64_t c = 0; c < n; c++)
            to[c] -= static_cast<C>(scale * share * (weight.data ? at<C>(weight, c0 + c) : 1.0));
        if (!ignored && t >= c0 && t < c0 + n) to[t - c0] -= static_cast<C>(own);
        if (!direct) store_run(advance(out.data, g.first(i) + c0 * g.inner, out.dtype), out.dtype, g.inner, to, n);
      });
    }
  });
}

void cross_entropy_backward_cpu(StridedView out, StridedView grad, StridedView logits, StridedView log_sums,
                                StridedView target, StridedView weight, CrossEntropyRule rule) {
  if (out.numel() == 0) return;
  logits.dtype == DType::Float64 ? backward_as<double>(out, grad, logits, log_sums, target, weight, rule)
                                 : backward_as<float>(out, grad, logits, log_sums, target, weight, rule);
}
WEFT_CPU_KERNEL(cross_entropy_backward_kernel, cross_entropy_backward_cpu);

void first_bad_class_cpu(StridedView target, int64_t classes, int64_t ignore_index, int64_t* position) {
  const auto* t = target.as<int64_t>();
  *position = -1;
  for (int64_t i = 0, n = target.numel(); i < n && *position < 0; i++)
    if ((t[i] < 0 || t[i] >= classes) && t[i] != ignore_index) *position = i;
}
WEFT_CPU_KERNEL(first_bad_class_kernel, first_bad_class_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

// The forward-backward algorithm over alignments, in logarithms (Graves et al., "Connectionist Temporal
// Classification", 2006).
#include "kernels/ctc.h"

#include "device/cpu/scratch.h"
#include "kernels/cpu/norm_runs.h"
#include "kernels/scalar/ctc.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kBefore = 2;  // cells of -infinity on each side of a row of states

using scalar::kNever;
using scalar::log_sum;

// One sample.
template <class C>
struct Sample : scalar::CtcStates {
  const CtcInputs& in;
  int64_t n, times, batch, classes;
  WEFT_INLINE Sample(const CtcInputs& x, int64_t sample)
      : CtcStates{x.targets.as<int64_t>() + sample * x.targets.shape[1], 2 * x.target_lengths.as<int64_t>()[sample] + 1,
                  x.blank},
        in(x),
        n(sample),
        times(x.input_lengths.as<int64_t>()[sample]),
        batch(x.log_probs.shape[1]),
        classes(x.log_probs.shape[2]) {}
  WEFT_INLINE int64_t row(int64_t t) const { return (t * batch + n) * classes; }
  // The log probabilities of the states at a time.
  WEFT_INLINE void emissions(C* to, int64_t t) const {
    const int64_t first = row(t);
    if (in.log_probs.dtype == dtype_of<C>) {
      const C* x = in.log_probs.as<C>() + first;
      for (int64_t s = 0; s < states; s++) to[s] = x[label(s)];
    } else {
      for (int64_t s = 0; s < states; s++) to[s] = number_at<C>(in.log_probs, first + label(s), C(0));
    }
  }
  WEFT_INLINE void skips(C* to) const {
    for (int64_t s = 0; s < states; s++) to[s] = skip<C>(s);
  }
  // alpha[s]: log of the sum over the alignments up to a time that end in state s.
  WEFT_INLINE void start(C* alpha, const C* emission) const {
    for (int64_t s = 0; s < states; s++) alpha[s] = s < 2 ? emission[s] : kNever<C>;
  }
  WEFT_INLINE void step(C* alpha, const C* before, const C* emission, const C* skip) const {
    for (int64_t s = 0; s < states; s++)
      alpha[s] = emission[s] + log_sum(before[s], before[s - 1], before[s - 2] + skip[s]);
  }
};

template <class C>
WEFT_INLINE void fill_never(C* row, int64_t n) {
  for (int64_t i = 0; i < n; i++) row[i] = kNever<C>;
}

// Of any target of the shape: plans of memory do not know the lengths.
int64_t most_states(const CtcInputs& in) { return 2 * in.targets.shape[1] + 1; }

template <class C>
void ctc_loss_as(const StridedView& losses, const CtcInputs& in) {
  const int64_t most = most_states(in), each = 2 * (most + kBefore) + 2 * most;
  Scratch scratch(static_cast<size_t>(losses.shape[0] * each) * sizeof(C));
  if (scratch_only_asked()) return;
  parallel_for(losses.shape[0], 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      Sample<C> sample(in, n);
      if (sample.times == 0) {
        losses.as<double>()[n] = sample.empty_loss();
        continue;
      }
      C* rows = reinterpret_cast<C*>(scratch.data()) + n * each;
      const int64_t states = sample.states, width = states + kBefore;
      fill_never(rows, 2 * width);
      C *alpha = rows + kBefore, *before = alpha + width, *emission = rows + 2 * width, *skip = emission + states;
      sample.skips(skip);
      sample.emissions(emission, 0);
      sample.start(alpha, emission);
      for (int64_t t = 1; t < sample.times; t++) {
        C* other = before;
        before = alpha;
        alpha = other;
        sample.emissions(emission, t);
        sample.step(alpha, before, emission, skip);
      }
      losses.as<double>()[n] = scalar::ctc_loss_of(alpha[sample.states - 1], alpha[sample.states - 2]);
    }
  });
}

void ctc_loss_cpu(StridedView losses, CtcInputs in) {
  if (losses.numel() == 0) return;
  in.log_probs.dtype == DType::Float64 ? ctc_loss_as<double>(losses, in) : ctc_loss_as<float>(losses, in);
}
WEFT_CPU_KERNEL(ctc_loss_kernel, ctc_loss_cpu);

// Row t of a sample's gradient as numbers of type C, which `row` may hold.
template <class C, class F>
WEFT_INLINE void with_row(const StridedView& out, C* row, int64_t at, int64_t classes, const F& f) {
  C* to = out.dtype == dtype_of<C> ? out.as<C>() + at : row;
  f(to);
  if (to == row) store_run(advance(out.data, at, out.dtype), out.dtype, 1, row, classes);
}

// exp(x) * scale
template <class C>
WEFT_INLINE void scaled_probabilities(C* to, const StridedView& x, int64_t at, int64_t classes, C scale) {
  C buffer[kRun];
  for (int64_t c = 0; c < classes; c += kRun) {
    int64_t m = classes - c < kRun ? classes - c : kRun;
    const C* from = run_of(buffer, x, at + c, m);
    for (int64_t i = 0; i < m; i++) to[c + i] = scalar::exp(from[i]) * scale;
  }
}

template <class C>
struct BackwardRows {
  C *alphas, *later, *onward, *emission, *skip, *row;
  int64_t width;
};

template <class C>
void backward_of(const StridedView& out, const Sample<C>& x, const BackwardRows<C>& r, double loss, C scale) {
  const int64_t states = x.states;
  auto alpha = [&](int64_t t) { return r.alphas + t * r.width + kBefore; };
  x.skips(r.skip);
  for (int64_t t = 0; t < x.times; t++) {
    x.emissions(r.emission, t);
    fill_never(alpha(t) - kBefore, kBefore);
    t == 0 ? x.start(alpha(0), r.emission) : x.step(alpha(t), alpha(t - 1), r.emission, r.skip);
  }
  // later[s]: log of the sum over what can follow state s.
  for (int64_t s = 0; s < states; s++) r.later[s] = s >= states - 2 ? C(0) : kNever<C>;
  for (int64_t t = x.times - 1; t >= 0; t--) {
    const C* a = alpha(t);
    with_row(out, r.row, x.row(t), x.classes, [&](C* to) {
      scaled_probabilities(to, x.in.log_probs, x.row(t), x.classes, scale);
      for (int64_t s = 0; s < states; s++)
        to[x.label(s)] -= scale * static_cast<C>(scalar::exp(a[s] + r.later[s] + static_cast<C>(loss)));
    });
    if (t == 0) break;
    x.emissions(r.emission, t);
    fill_never(r.onward + states, kBefore);
    for (int64_t s = 0; s < states; s++) r.onward[s] = r.later[s] + r.emission[s];
    for (int64_t s = 0; s < states; s++) {
      C skipped = s + 2 < states ? r.onward[s + 2] + r.skip[s + 2] : kNever<C>;
      r.later[s] = log_sum(r.onward[s], r.onward[s + 1], skipped);
    }
  }
}

template <class C>
void ctc_loss_backward_as(const StridedView& out, const StridedView& grad, const StridedView& losses,
                          const CtcInputs& in) {
  const int64_t times = in.log_probs.shape[0], batch = in.log_probs.shape[1], classes = in.log_probs.shape[2];
  const bool direct = out.dtype == dtype_of<C>;
  const int64_t each = (times + 4) * (most_states(in) + kBefore) + (direct ? 0 : classes);
  Scratch scratch(static_cast<size_t>(batch * each) * sizeof(C));
  if (scratch_only_asked()) return;
  parallel_for(batch, 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; n++) {
      Sample<C> x(in, n);
      C* rows = reinterpret_cast<C*>(scratch.data()) + n * each;
      const int64_t width = x.states + kBefore;  // rows lie close to each other
      C* small = rows + times * width;
      BackwardRows<C> r{rows, small, small + width, small + 2 * width, small + 3 * width, small + 4 * width, width};
      const double scale = grad.as<double>()[n], loss = losses.as<double>()[n];
      const bool finite = loss - loss == 0;
      const int64_t used = scale != 0 ? x.times : 0;
      for (int64_t t = finite ? used : 0; t < times; t++)
        with_row(out, r.row, x.row(t), classes, [&](C* to) {
          for (int64_t c = 0; c < classes; c++) to[c] = t < used ? static_cast<C>(__builtin_nanf("")) : C(0);
        });
      if (finite && used > 0) backward_of(out, x, r, loss, static_cast<C>(scale));
    }
  });
}

void ctc_loss_backward_cpu(StridedView out, StridedView grad, StridedView losses, CtcInputs in) {
  if (out.numel() == 0) return;
  in.log_probs.dtype == DType::Float64 ? ctc_loss_backward_as<double>(out, grad, losses, in)
                                       : ctc_loss_backward_as<float>(out, grad, losses, in);
}
WEFT_CPU_KERNEL(ctc_loss_backward_kernel, ctc_loss_backward_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

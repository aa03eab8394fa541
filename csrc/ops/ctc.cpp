#include "ops/ctc.h"

#include <algorithm>
#include <limits>

#include "kernels/ctc.h"
#include "op/apply.h"
#include "op/autocast.h"
#include "op/registry.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/movement.h"
#include "ops/promotion.h"
#include "ops/reduced_loss.h"
#include "ops/reduction.h"
#include "ops/require.h"

namespace weft {

constinit KernelTable<CtcLossKernel> ctc_loss_kernel{"ctc_loss"};
constinit KernelTable<CtcLossBackwardKernel> ctc_loss_backward_kernel{"ctc_loss_backward"};

namespace {

// The inputs of both ops from log_probs on: log_probs (T, N, C), targets (N, S), input_lengths, target_lengths.
void check_operands(const InputCheck& in, int first, int64_t blank) {
  in.count(first + 4).floating(first).ndim(first, 3).contiguous(first);
  const int64_t samples = in[first].size(1);
  in.dtype(first + 1, DType::Int64).ndim(first + 1, 2).contiguous(first + 1);
  in.that(in[first + 1].size(0) == samples, "as many targets as samples");
  for (int i : {first + 2, first + 3}) in.dtype(i, DType::Int64).shape(i, {samples}).contiguous(i);
  in.that(blank >= 0 && blank < in[first].size(2), "a blank that is a class");
}

CtcInputs kernel_inputs(Inputs in, int first, int64_t blank) {
  return {view_of(in[first]), view_of(in[first + 1]), view_of(in[first + 2]), view_of(in[first + 3]), blank};
}

// Kernels for other devices look at the values themselves.
void check_values(const CtcInputs& in) {
  if (!in.targets.on_host) return;
  const int64_t times = in.log_probs.shape[0], samples = in.log_probs.shape[1], classes = in.log_probs.shape[2];
  const int64_t most = in.targets.shape[1];
  for (int64_t n = 0; n < samples; n++) {
    const int64_t time = in.input_lengths.as<int64_t>()[n], length = in.target_lengths.as<int64_t>()[n];
    check(time >= 0 && time <= times, "ctc_loss: expected input_lengths from 0 to ", times, ", got ", time,
          " for sample ", n);
    check(length >= 0 && length <= most, "ctc_loss: expected target_lengths from 0 to ", most, ", got ", length,
          " for sample ", n);
    for (int64_t i = 0; i < length; i++) {
      const int64_t label = in.targets.as<int64_t>()[n * most + i];
      check<ErrorKind::Index>(label >= 0 && label < classes, "ctc_loss: label ", label, " of sample ", n,
                              " is not among the ", classes, " classes");
    }
  }
}

// log(exp(x)) for what never happens: small enough to leave every sum as it is, and its derivatives are finite.
constexpr double kNever = -1e30;

Tensor states_of(const Tensor& like, int64_t states) { return unsqueeze(arange(states, like.device()), 0); }

// The classes of the states (N, 2 S + 1): blanks around the labels, and blanks for what lies behind a target.
Tensor labels_of_states(const Tensor& targets, const Tensor& lengths, int64_t blank) {
  const int64_t samples = targets.size(0), most = targets.size(1);
  const Tensor inside = lt(states_of(targets, most), unsqueeze(lengths, 1));
  const Tensor labels = where(inside, targets, Scalar(blank));
  const Tensor blanks = full({samples, most}, Scalar(blank), DType::Int64, targets.device());
  return cat({reshape(stack({blanks, labels}, 2), {samples, 2 * most}),
              full({samples, 1}, Scalar(blank), DType::Int64, targets.device())},
             1);
}

// x (N, states) with each state's number where the state `by` before it was (behind it, for a negative one).
Tensor moved_by(const Tensor& x, int64_t by) {
  const int64_t states = x.size(1);
  const Tensor padded = pad(x, {by > 0 ? by : 0, by < 0 ? -by : 0}, "constant", Scalar(kNever));
  return by > 0 ? slice(padded, 1, 0, states) : slice(padded, 1, -by, states - by);
}

Tensor log_sum(const Tensor& a, const Tensor& b, const Tensor& c) {
  return clamp_min(logsumexp(stack({a, b, c}, 0), {0}), Scalar(kNever));
}

// log of the sum over all alignments that are in a state at a time, (T, N, states), from the log probabilities of the
// states' classes.
Tensor alignments(const Tensor& emissions, const Tensor& labels, const Tensor& times, const Tensor& lengths,
                  int64_t blank) {
  const int64_t steps = emissions.size(0), states = labels.size(1);
  const DType dtype = emissions.dtype();
  auto or_never = [&](const Tensor& condition) {
    return where(condition, zeros({}, dtype, emissions.device()), Scalar(kNever));
  };
  const Tensor state = states_of(labels, states);
  Tensor skip = full({labels.size(0), states}, Scalar(kNever), dtype, emissions.device());
  if (states > 2) {
    const Tensor own = slice(labels, 1, 2, states), before = slice(labels, 1, 0, states - 2);
    skip = cat({slice(skip, 1, 0, 2), or_never(logical_and(ne(own, before), ne(own, Scalar(blank))))}, 1);
  }
  const Tensor last = unsqueeze(mul(lengths, Scalar(2)), 1);
  const Tensor ends = or_never(logical_and(le(state, last), ge(state, sub(last, Scalar(1)))));
  std::vector<Tensor> alphas{add(select(emissions, 0, 0), or_never(lt(state, Scalar(2))))};
  for (int64_t t = 1; t < steps; t++) {
    const Tensor& a = alphas.back();
    alphas.push_back(add(log_sum(a, moved_by(a, 1), add(moved_by(a, 2), skip)), select(emissions, 0, t)));
  }
  std::vector<Tensor> all(static_cast<size_t>(steps));
  Tensor later, onward;
  for (int64_t t = steps - 1; t >= 0; t--) {
    const Tensor at_end = unsqueeze(eq(times, Scalar(t + 1)), 1);
    Tensor never = full({labels.size(0), states}, Scalar(kNever), dtype, emissions.device());
    later = onward.defined() ? log_sum(onward, moved_by(onward, -1), moved_by(add(onward, skip), -2)) : never;
    later = where(at_end, ends, later);
    all[static_cast<size_t>(t)] = add(alphas[static_cast<size_t>(t)], later);
    onward = clamp_min(add(later, select(emissions, 0, t)), Scalar(kNever));
  }
  return stack(all, 0);
}

// inputs: gradient per sample (float64), losses (float64), then those of CtcLoss.
struct CtcLossBackward : OpOf<CtcLossBackward> {
  static constexpr const char* kName = "ctc_loss_backward";
  static constexpr Traits kTraits{.may_fail = true, .decomposes = true, .scratch = true};
  int64_t blank;
  WEFT_FIELDS(blank);
  void check_inputs(const InputCheck& in) const {
    check_operands(in, 2, blank);
    for (int i : {0, 1}) in.dtype(i, DType::Float64).same_shape(i, 4).contiguous(i);
  }
  explicit CtcLossBackward(int64_t b) : blank(b) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[2].shape(), in[2].dtype(), {}}; }
  void run(Inputs in, const Tensor* out) const override {
    const CtcInputs x = kernel_inputs(in, 2, blank);
    check_values(x);
    ctc_loss_backward_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]), x);
  }
  size_t temporary_bytes(Inputs in, const Tensor* out) const override {
    ctc_loss_backward_kernel(out[0].device(), view_of(out[0]), view_of(in[0]), view_of(in[1]),
                             kernel_inputs(in, 2, blank));
    return 0;
  }
  std::vector<Tensor> decompose(Inputs in) const override {
    const Tensor &given = in[2], &targets = in[3], &times = in[4], &lengths = in[5];
    const int64_t steps = given.size(0);
    if (given.numel() == 0) return {zeros_like(given)};
    const Tensor x = to_dtype(given, scaling_dtype(given.dtype()));
    const Tensor labels = labels_of_states(targets, lengths, blank);
    const Tensor of_states = expand(unsqueeze(labels, 0), {steps, labels.size(0), labels.size(1)});
    const Tensor emissions = clamp_min(gather(x, 2, of_states), Scalar(kNever));
    const Tensor logs = alignments(emissions, labels, times, lengths, blank);
    // Every time has the same sum over the states.
    const Tensor total = logsumexp(logs, {2}, true), possible = gt(total, Scalar(kNever / 2));
    const Tensor posterior = where(possible, exp(sub(logs, total)), Scalar(0.0));
    Tensor result = sub(exp(x), scatter_add(zeros_like(x), 2, of_states, posterior));
    const Tensor g = unsqueeze(to_dtype(in[0], x.dtype()), -1);
    const Tensor time = unsqueeze(unsqueeze(arange(steps, x.device()), 1), 2);
    const Tensor counted = logical_and(lt(time, unsqueeze(times, 1)), logical_or(possible, ne(g, Scalar(0.0))));
    // NaN is chosen last: a product with it would have it in its derivatives, also where it is not chosen.
    const double nan = std::numeric_limits<double>::quiet_NaN();
    result = where(possible, mul(result, g), Scalar(nan));
    return {to_dtype(where(counted, result, Scalar(0.0)), given.dtype())};
  }
};

// inputs: log_probs (T, N, C), targets (N, S), input_lengths (N), target_lengths (N). Output (N), float64.
struct CtcLoss : OpOf<CtcLoss> {
  static constexpr const char* kName = "ctc_loss";
  static constexpr Traits kTraits{.may_fail = true, .scratch = true};
  int64_t blank;
  WEFT_FIELDS(blank);
  void check_inputs(const InputCheck& in) const { check_operands(in, 0, blank); }
  explicit CtcLoss(int64_t b) : blank(b) {}
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {{in[0].size(1)}, DType::Float64, {}}; }
  void run(Inputs in, const Tensor* out) const override {
    const CtcInputs x = kernel_inputs(in, 0, blank);
    check_values(x);
    ctc_loss_kernel(out[0].device(), view_of(out[0]), x);
  }
  size_t temporary_bytes(Inputs in, const Tensor* out) const override {
    ctc_loss_kernel(out[0].device(), view_of(out[0]), kernel_inputs(in, 0, blank));
    return 0;
  }
  Saves saves(uint32_t) const override { return {.inputs = 15, .outputs = 1}; }
  void vjp(const Vjp& v, Tensor* grads) const override {
    grads[0] = apply(CtcLossBackward(blank), contiguous(v.grad()), detach(v.output()), v.input(0), v.input(1),
                     v.input(2), v.input(3));
  }
};

// The labels of all samples one after the other as (N, S), with the lengths cut to S: a target of more labels than
// there are times has no alignment.
Tensor padded_targets(const Tensor& labels, const Tensor& lengths, int64_t times) {
  const int64_t count = labels.size(0), most = std::min(count, times + 1);
  require_all(eq(sum(lengths), Scalar(count)),
              "ctc_loss: the target_lengths do not add up to the number of targets, which are one after the other");
  if (most == 0) return zeros({lengths.size(0), 0}, DType::Int64, labels.device());
  const Tensor starts = sub(cumsum(lengths, 0), lengths);
  const Tensor places = add(unsqueeze(starts, 1), states_of(labels, most));
  return contiguous(take(labels, clamp(places, Scalar(0), Scalar(count - 1))));
}

Tensor as_lengths(const char* what, const Tensor& lengths, int64_t samples, Device device) {
  check(is_integral(lengths.dtype()) && lengths.dtype() != DType::Bool, "ctc_loss: expected integers as ", what,
        ", got dtype ", lengths.dtype());
  check(lengths.numel() == samples && lengths.ndim() <= 1, "ctc_loss: expected ", samples, " ", what,
        ", one for each sample, got shape ", lengths.shape());
  return contiguous(to_device(to_dtype(reshape(lengths, {samples}), DType::Int64), device));
}

}  // namespace

Tensor ctc_loss(const Tensor& given, const Tensor& given_targets, const Tensor& input_lengths,
                const Tensor& target_lengths, const CtcOptions& o) {
  check_reduction("ctc_loss", o.reduction);
  Tensor x = for_full_precision(given);
  check(is_real_floating(x.dtype()), "ctc_loss: expected floating point log_probs, got dtype ", x.dtype());
  check(x.ndim() == 2 || x.ndim() == 3, "ctc_loss: expected log_probs of shape (T, N, C) or (T, C), got ", x.shape());
  check(is_integral(given_targets.dtype()) && given_targets.dtype() != DType::Bool,
        "ctc_loss: expected integers as targets, got dtype ", given_targets.dtype());
  const bool unbatched = x.ndim() == 2;
  if (unbatched) x = unsqueeze(x, 1);
  const int64_t samples = x.size(1);
  check(o.blank >= 0 && o.blank < x.size(2), "ctc_loss: expected a blank from 0 to ", x.size(2) - 1, ", got ", o.blank);
  const Tensor times = as_lengths("input_lengths", input_lengths, samples, x.device());
  const Tensor lengths = as_lengths("target_lengths", target_lengths, samples, x.device());
  Tensor targets = contiguous(to_dtype(given_targets, DType::Int64));
  if (targets.ndim() == 1 && unbatched) targets = unsqueeze(targets, 0);
  Tensor used = lengths;
  if (targets.ndim() == 1) {
    targets = padded_targets(targets, lengths, x.size(0));
    used = clamp_max(lengths, Scalar(targets.size(1)));
  }
  check(targets.ndim() == 2 && targets.size(0) == samples, "ctc_loss: expected targets of shape (", samples,
        ", S) or a vector for log_probs of shape ", given.shape(), ", got ", given_targets.shape());
  Tensor losses = apply(CtcLoss(o.blank), contiguous(x), targets, times, contiguous(used));
  if (o.zero_infinity) losses = where(isinf(losses), Scalar(0.0), losses);
  if (o.reduction == "mean") losses = mean(div(losses, clamp_min(to_dtype(lengths, losses.dtype()), Scalar(1.0))));
  if (o.reduction == "sum") losses = sum(losses);
  return to_dtype(unbatched && o.reduction == "none" ? select(losses, 0, 0) : losses, x.dtype());
}

// What programs are saved with

namespace {

WEFT_OP(CtcLoss);
WEFT_OP(CtcLossBackward);

}  // namespace

}  // namespace weft

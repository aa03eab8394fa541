#include "ops/optimizer.h"

#include <algorithm>

#include "core/small_vector.h"

#include "kernels/elementwise.h"
#include "kernels/optimizer.h"
#include "kernels/scalar/optimizer.h"
#include "op/apply.h"
#include "op/grad_mode.h"
#include "op/interpreter.h"
#include "op/op.h"
#include "op/profile.h"
#include "op/registry.h"
#include "ops/complex.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/reduction.h"
#include "ops/tensor_math.h"

namespace weft {

constinit KernelTable<StepKernel> step_kernel{"optimizer_step"};
constinit KernelTable<SquaresKernel> squares_kernel{"global_norm"};

namespace {

// One of the lists that a step works on, next to the parameters.
struct Role {
  const char* name;
  const TensorList* list;
  bool written;
};

// Can the kernel work on t where it is, beside its parameter?
bool lies_like(const Tensor& t, const Tensor& p) {
  return !p.is_contiguous() && is_dense(p) ? t.strides() == p.strides() : t.is_contiguous();
}

// The kernel's items for all parameters. Arrays that are not contiguous are worked on as contiguous copies, which
// write_back() returns to their place.
class Step {
 public:
  // roles[0] are the parameters, roles[1] the gradients.
  // runs: is run() going to be called, or is it only for the checks?
  Step(const char* op, std::vector<Role> roles, bool runs = true) : op_(op), roles_(std::move(roles)) {
    for (const Role& role : roles_) {
      size_t wanted = params().size(), got = role.list->size();
      check(got == wanted, op, ": expected ", wanted, " ", role.name, ", as many as there are parameters, got ", got);
    }
    for (size_t i = 0; i < params().size(); i++) check_item(i);
    for (size_t i = 0; runs && i < params().size(); i++) add_item(i);
  }

  // Calls kernel(items, count) for the items of each device.
  template <class F>
  void run(F&& kernel) {
    set_allocation_tag(op_);
    for (size_t begin = 0; begin < items_.size();) {
      size_t end = begin + 1;
      while (end < items_.size() && devices_[end] == devices_[begin]) end++;
      int64_t before = items_[begin].first_chunk;
      for (size_t i = begin; i < end; i++) items_[i].first_chunk -= before;
      kernel(devices_[begin], items_.data() + begin, static_cast<int64_t>(end - begin));
      begin = end;
    }
    for (auto& [to, copy] : copies_) copy_kernel(to.device(), view_of(to), view_of(copy));
    for (const Role& role : roles_) {
      if (!role.written) continue;
      for (const Tensor& t : *role.list) t.impl()->storage->bump_version(op_);
    }
  }

 private:
  const TensorList& params() const { return *roles_[0].list; }

  void check_item(size_t i) const {
    const Tensor& p = params()[i];
    for (const Role& role : roles_) {
      const Tensor& t = (*role.list)[i];
      check(t.defined(), op_, ": ", role.name, "[", i, "] is None");
      check(!has_tangent(t), op_, ": ", role.name, "[", i,
            "] has a tangent of forward-mode differentiation, for which a "
            "step has no rule");
      check(is_inexact(t.dtype()), op_, ": ", role.name, "[", i, "] has dtype ", t.dtype(),
            "; expected a floating point or complex tensor");
      check(t.shape() == p.shape(), op_, ": ", role.name, "[", i, "] has shape ", t.shape(),
            ", but its parameter has shape ", p.shape());
      check(t.dtype() == p.dtype(), op_, ": ", role.name, "[", i, "] has dtype ", t.dtype(),
            ", but its parameter has dtype ", p.dtype());
      check(t.device() == p.device(), op_, ": ", role.name, "[", i, "] is on device '", t.device(),
            "', but its parameter is on '", p.device(), "'");
      if (!role.written) continue;
      check(t.impl()->storage->writable(), op_, ": ", role.name, "[", i, "] is read-only");
      check(!has_internal_overlap(t), op_, ": elements of ", role.name, "[", i,
            "] share memory (an expanded tensor?); it cannot be changed in place");
    }
  }

  void add_item(size_t i) {
    const Tensor& p = params()[i];
    if (p.numel() == 0 || p.is_meta()) return;
    for (const Role& role : roles_) check_values_known(op_, (*role.list)[i]);
    OptimizerItem item{};
    void* arrays[2 + kStepStates] = {};
    for (size_t r = 0; r < roles_.size(); r++) arrays[r] = array(roles_[r], (*roles_[r].list)[i], p);
    item.param = arrays[0];
    item.grad = arrays[1];
    for (int s = 0; s < kStepStates; s++) item.state[s] = arrays[2 + s];
    item.numel = is_complex(p.dtype()) ? 2 * p.numel() : p.numel();  // of a complex number each part by itself
    item.first_chunk = chunks_;
    item.dtype = to_real(p.dtype());
    chunks_ += (item.numel + kOptimizerChunk - 1) / kOptimizerChunk;
    items_.push_back(item);
    devices_.push_back(p.device());
  }

  // The elements of t in the order in which those of its parameter lie, or else in row-major order.
  void* array(const Role& role, const Tensor& t, const Tensor& p) {
    const bool as_parameter = !p.is_contiguous() && is_dense(p);
    if (lies_like(t, p)) return t.data();
    Tensor copy = as_parameter ? empty_spaced(t.shape(), p.strides(), t.dtype(), t.device())
                               : empty(t.shape(), t.dtype(), t.device());
    copy_kernel(t.device(), view_of(copy), view_of(t));
    kept_.push_back(copy);
    if (role.written) copies_.emplace_back(t, copy);
    return copy.data();
  }

  const char* op_;
  std::vector<Role> roles_;
  std::vector<OptimizerItem> items_;
  std::vector<Device> devices_;
  std::vector<Tensor> kept_;
  std::vector<std::pair<Tensor, Tensor>> copies_;
  int64_t chunks_ = 0;
};

// What there is to know of a rule without its types.
struct RuleFacts {
  const char* name;
  int numbers, fewest, most;
  void (*prepare)(const double* numbers, double* coefficients);
};
constexpr RuleFacts kRules[] = {
#define WEFT_FACTS(name)                                                                                         \
  {scalar::name##Rule<double>::kName, scalar::name##Rule<double>::kNumbers, scalar::name##Rule<double>::kFewest, \
   scalar::name##Rule<double>::kMost, [](const double* n, double* c) { scalar::name##Rule<double>::prepare(n, c); }},
    WEFT_STEP_RULES(WEFT_FACTS)
#undef WEFT_FACTS
};
static_assert([] {
  for (const RuleFacts& rule : kRules)
    if (rule.numbers > kStepNumbers || rule.most > kStepStates) return false;
  return true;
}());
constexpr int kCountRules = sizeof kRules / sizeof kRules[0];

const RuleFacts& facts_of(StepRule rule) { return kRules[static_cast<int>(rule)]; }

StepCall make_call(StepRule rule, size_t states, const double* numbers) {
  StepCall call{rule, static_cast<int>(states), {}, {}};
  std::copy_n(numbers, facts_of(rule).numbers, call.numbers);
  facts_of(rule).prepare(call.numbers, call.coefficients.c);
  return call;
}

Step make_step(StepRule rule, const StepLists& lists, bool runs = true) {
  static constexpr const char* kStates[] = {"state[0]", "state[1]", "state[2]"};
  std::vector<Role> roles = {{"params", &lists.params, true}, {"grads", &lists.grads, false}};
  for (size_t i = 0; i < lists.states.size(); i++) roles.push_back({kStates[i], &lists.states[i], true});
  return {facts_of(rule).name, std::move(roles), runs};
}

void check_arguments(StepRule rule, size_t states, size_t numbers) {
  const RuleFacts& facts = facts_of(rule);
  check(static_cast<int>(states) >= facts.fewest && static_cast<int>(states) <= facts.most, facts.name, ": expected ",
        facts.fewest, " to ", facts.most, " lists of state, got ", states);
  check(static_cast<int>(numbers) == facts.numbers, facts.name, ": expected ", facts.numbers, " numbers, got ",
        numbers);
}

void run_step(Step& step, const StepCall& call) {
  ProfileScope profiled(ProfileKind::Op, facts_of(call.rule).name);
  step.run([&](Device device, const OptimizerItem* items, int64_t n) { step_kernel(device, items, n, call); });
}

class Prepared final : public PreparedStep {
 public:
  Prepared(StepRule rule, StepLists lists, const double* numbers)
      : call_(make_call(rule, lists.states.size(), numbers)),
        lists_(std::move(lists)),
        step_(make_step(rule, lists_)) {}
  void run() override { run_step(step_, call_); }

 private:
  StepCall call_;
  StepLists lists_;
  Step step_;
};

}  // namespace

std::optional<StepRule> step_rule(std::string_view name) {
  for (int i = 0; i < kCountRules; i++)
    if (name == kRules[i].name) return static_cast<StepRule>(i);
  return {};
}

void optimizer_step(StepRule rule, const StepLists& lists, const std::vector<double>& numbers) {
  check_arguments(rule, lists.states.size(), numbers.size());
  Step step = make_step(rule, lists);
  run_step(step, make_call(rule, lists.states.size(), numbers.data()));
}

std::unique_ptr<PreparedStep> prepare_step(StepRule rule, StepLists lists, const std::vector<double>& numbers) {
  check_arguments(rule, lists.states.size(), numbers.size());
  return std::make_unique<Prepared>(rule, std::move(lists), numbers.data());
}

void sgd_step(const TensorList& params, const TensorList& grads, const TensorList& momentum_buffers,
              const SgdOptions& o) {
  StepLists lists{params, grads, {}};
  if (o.momentum != 0) lists.states.push_back(momentum_buffers);
  optimizer_step(
      StepRule::kSgd, lists,
      {o.lr, o.momentum, o.dampening, o.weight_decay, 1.0 * o.nesterov, 1.0 * o.maximize, 1.0 * o.first_step});
}

void adam_step(const TensorList& params, const TensorList& grads, const TensorList& exp_avgs,
               const TensorList& exp_avg_sqs, const TensorList& max_exp_avg_sqs, const AdamOptions& o) {
  check<ErrorKind::Value>(o.step >= 1, "adam_step: steps count from 1, got step ", o.step);
  StepLists lists{params, grads, {exp_avgs, exp_avg_sqs}};
  if (o.amsgrad) lists.states.push_back(max_exp_avg_sqs);
  optimizer_step(StepRule::kAdam, lists,
                 {o.step, o.lr, o.beta1, o.beta2, o.eps, o.weight_decay, 1.0 * o.decoupled, 1.0 * o.maximize});
}

template <>
constexpr int64_t kEnumSize<StepRule> = kCountRules;

namespace {

// A step as an op: lists of `count` tensors one after another, first the parameters, then the gradients, then lists of
// state, and the numbers. The outputs are the new parameters and states.
struct OptimizerStep : OpOf<OptimizerStep> {
  static constexpr const char* kName = "optimizer_step";
  static constexpr Traits kTraits{.differentiable = false, .complex = true};
  StepRule rule;
  int count, states;
  WEFT_FIELDS(rule, count, states);
  void check_inputs(const InputCheck& in) const {
    in.that(static_cast<int>(rule) < kCountRules, "a rule");
    const RuleFacts& facts = facts_of(rule);
    in.that(count > 0 && count < (1 << 24) && states >= facts.fewest && states <= facts.most, "lists of tensors")
        .count(count * (2 + states) + 1);
    for (int i = 0; i < count * (2 + states); i++)
      in.floating(i)
          .same_shape(i, i % count)
          .that(in[i].strides() == in[i % count].strides() || i / count == 1, "one layout");
    in.dtype(numbers(), DType::Float64).shape(numbers(), {facts.numbers}).contiguous(numbers());
  }
  OptimizerStep(StepRule r, int n, int s) : rule(r), count(n), states(s) {}
  int numbers() const { return count * (2 + states); }
  int num_outputs() const override { return count * (1 + states); }
  // Skips the gradients.
  int overwrites(int output) const override { return output < count ? output : output + count; }
  bool rereads(int input) const override { return input == numbers(); }
  Device device(Inputs in) const override { return in[0].device(); }
  void infer(Inputs in, OutputSpec* out) const override {
    for (int i = 0; i < num_outputs(); i++) {
      const Tensor& t = in[overwrites(i)];
      out[i] = {t.shape(), t.dtype(), t.strides()};
    }
  }
  void run(Inputs in, const Tensor* out) const override {
    StepLists lists;
    lists.states.resize(static_cast<size_t>(states));
    for (int i = 0; i < num_outputs(); i++) {
      const Tensor& before = in[overwrites(i)];
      if (out[i].data() != before.data()) copy_kernel(out[i].device(), view_of(out[i]), view_of(before));
      (i < count ? lists.params : lists.states[static_cast<size_t>(i / count - 1)]).push_back(out[i]);
    }
    for (int i = 0; i < count; i++) lists.grads.push_back(in[count + i]);
    const double* given = in[numbers()].data_as<double>();
    StepCall call = make_call(rule, lists.states.size(), given);
    call.live = given;
    Step step = make_step(rule, lists);
    run_step(step, call);
  }
  size_t temporary_bytes(Inputs in, const Tensor*) const override {
    size_t bytes = 0;
    for (int i = 0; i < numbers(); i++)
      if (!lies_like(in[i], in[i % count])) bytes += static_cast<size_t>(in[i].numel()) * item_size(in[i].dtype()) + 64;
    return bytes;
  }
};

}  // namespace

void trace_step(StepRule rule, const StepLists& lists, const Tensor& numbers) {
  const char* name = facts_of(rule).name;
  check(interpreter != nullptr, name, ": only for tracing");
  check_arguments(rule, lists.states.size(), static_cast<size_t>(numbers.numel()));
  if (lists.params.empty()) return;
  const Step checked = make_step(rule, lists, false);
  SmallVector<const Tensor*, 16> inputs;
  const auto append = [&](const TensorList& list) {
    for (const Tensor& t : list) inputs.push_back(&t);
  };
  append(lists.params);
  append(lists.grads);
  for (const TensorList& list : lists.states) append(list);
  inputs.push_back(&numbers);
  OptimizerStep update(rule, static_cast<int>(lists.params.size()), static_cast<int>(lists.states.size()));
  std::vector<int> targets;
  for (int i = 0; i < update.num_outputs(); i++) targets.push_back(update.overwrites(i));
  GradModeGuard no_grad(false);
  interpreter->record_inplace(update, Inputs(inputs.data(), inputs.size()), targets.data());
  for (int t : targets) inputs[t]->impl()->storage->bump_version(name);
}

// What the rules call beside operators, over tensors; found in the namespace of Tensor, therefore not in an unnamed
// one.
static Tensor square_root(const Tensor& x) { return sqrt(x); }
static Tensor magnitude(const Tensor& x) { return abs(x); }
static Tensor larger(const Tensor& a, const Tensor& b) { return maximum(a, b); }
static Tensor by_sign(const Tensor& x, const Tensor& positive, const Tensor& negative, const Tensor& otherwise) {
  return where(x > Scalar(0.0), positive, where(x < Scalar(0.0), negative, otherwise));
}
static Tensor filled(double v, const Tensor& like) { return full_like(like, v); }

namespace scalar {
template <>
struct CoefficientType<Tensor> {
  using type = double;
};
}  // namespace scalar

StepLists differentiable_step(StepRule rule, const StepLists& lists, const std::vector<double>& numbers) {
  check_arguments(rule, lists.states.size(), numbers.size());
  const Step checked = make_step(rule, lists, false);
  const StepCall call = make_call(rule, lists.states.size(), numbers.data());
  StepLists after;
  after.states.resize(lists.states.size());
  for (size_t i = 0; i < lists.params.size(); i++) {
    const bool complex = is_complex(lists.params[i].dtype());
    const auto parts = [&](const Tensor& t) { return complex ? view_as_real(t) : t; };
    const auto whole = [&](const Tensor& t) { return complex ? view_as_complex(t) : t; };
    Tensor x = parts(lists.params[i]), s[kStepStates];
    for (size_t k = 0; k < lists.states.size(); k++) s[k] = parts(lists.states[k][i]);
    scalar::visit_step(rule, call.states, [&]<template <class> class Rule, int states>(scalar::StepTag<Rule, states>) {
      Rule<Tensor>(call.coefficients).template step<states>(x, parts(lists.grads[i]), s);
    });
    after.params.push_back(whole(x));
    for (size_t k = 0; k < lists.states.size(); k++) after.states[k].push_back(whole(s[k]));
  }
  return after;
}

namespace {

struct GlobalNorm : OpOf<GlobalNorm> {
  static constexpr const char* kName = "global_norm";
  static constexpr Traits kTraits{.differentiable = false};
  DType dtype;
  WEFT_FIELDS(dtype);
  void check_inputs(const InputCheck& in) const {
    for (int i = 0; i < in.size(); i++) in.that(in.has(i), "tensors").floating(i);
    in.that(is_real_floating(dtype), "a floating point dtype");
  }
  explicit GlobalNorm(DType t) : dtype(t) {}
  Device device(Inputs in) const override { return in.size() ? in[0].device() : Device{}; }
  void infer(Inputs, OutputSpec* out) const override { out[0] = {{}, dtype, {}}; }
  void run(Inputs in, const Tensor* out) const override {
    TensorList tensors;
    for (int i = 0; i < in.size(); i++) tensors.push_back(in[i]);
    Step step(kName, {{"tensors", &tensors, false}, {"tensors", &tensors, false}});
    Tensor total;
    step.run([&](Device device, const OptimizerItem* items, int64_t n) {
      const OptimizerItem& last = items[n - 1];
      int64_t chunks = last.first_chunk + (last.numel + kOptimizerChunk - 1) / kOptimizerChunk;
      Tensor sums = empty({chunks}, DType::Float64, device);
      squares_kernel(device, items, n, sums.data_as<double>());
      Tensor here = sum(sums);
      total = total.defined() ? add(total, to_device(here, total.device())) : here;
    });
    Tensor norm = total.defined() ? sqrt(total) : zeros({}, DType::Float64, out[0].device());
    copy_kernel(out[0].device(), view_of(out[0]), view_of(to_device(norm, out[0].device())));
  }
  size_t temporary_bytes(Inputs in, const Tensor*) const override {
    int64_t chunks = 0;
    for (int i = 0; i < in.size(); i++) chunks += in[i].numel() / kOptimizerChunk + 1;
    return static_cast<size_t>(chunks) * sizeof(double);
  }
};

}  // namespace

Tensor global_norm(const TensorList& tensors) {
  GradModeGuard no_grad(false);
  bool wide = false;
  TensorList parts;
  SmallVector<const Tensor*, 16> list;
  for (const Tensor& t : tensors) {
    wide |= to_real(t.dtype()) == DType::Float64;
    parts.push_back(is_complex(t.dtype()) ? view_as_real(t) : t);
  }
  for (const Tensor& t : parts) list.push_back(&t);
  Tensor norm;
  apply(GlobalNorm(wide ? DType::Float64 : DType::Float32), Inputs(list.data(), list.size()), &norm);
  return norm;
}

// What programs are saved with

namespace {

WEFT_OP(OptimizerStep);
WEFT_OP(GlobalNorm);

}  // namespace

}  // namespace weft

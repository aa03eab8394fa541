#include "ops/optimizer.h"

#include <array>
#include <cmath>
#include <tuple>

#include "core/small_vector.h"

#include "kernels/elementwise.h"
#include "kernels/optimizer.h"
#include "op/apply.h"
#include "op/grad_mode.h"
#include "op/interpreter.h"
#include "op/op.h"
#include "op/registry.h"
#include "ops/complex.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/reduction.h"

namespace weft {

constinit KernelTable<SgdKernel> sgd_kernel{"sgd_step"};
constinit KernelTable<AdamKernel> adam_kernel{"adam_step"};
constinit KernelTable<SquaresKernel> squares_kernel{"global_norm"};

namespace {

// One of the lists that a step works on, next to the parameters.
struct Role {
  const char* name;
  const TensorList* list;
  bool written;
};

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
    void* arrays[5] = {};
    for (size_t r = 0; r < roles_.size(); r++) arrays[r] = array(roles_[r], (*roles_[r].list)[i], p);
    item.param = arrays[0];
    item.grad = arrays[1];
    for (int s = 0; s < 3; s++) item.state[s] = arrays[2 + s];
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
    if (as_parameter ? t.strides() == p.strides() : t.is_contiguous()) return t.data();
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

}  // namespace

namespace {

SgdCoefficients coefficients(const SgdOptions& o) {
  return {o.lr, o.momentum, o.dampening, o.weight_decay, o.nesterov, o.maximize, o.first_step};
}

AdamCoefficients coefficients(const AdamOptions& o) {
  AdamCoefficients c{};
  c.lr = o.lr;
  c.step = o.step;
  c.step_size = o.lr / (1 - std::pow(o.beta1, o.step));
  c.second_scale = 1 / std::sqrt(1 - std::pow(o.beta2, o.step));
  c.beta1 = o.beta1;
  c.beta2 = o.beta2;
  c.eps = o.eps;
  c.weight_decay = o.decoupled ? 0 : o.weight_decay;
  c.keep = o.decoupled ? 1 - o.lr * o.weight_decay : 1;
  c.maximize = o.maximize;
  c.amsgrad = o.amsgrad;
  return c;
}

Step make_step(const SgdCoefficients& c, const TensorList& params, const TensorList& grads,
               const TensorList& momentum_buffers) {
  std::vector<Role> roles = {{"params", &params, true}, {"grads", &grads, false}};
  if (c.momentum != 0) roles.push_back({"momentum_buffers", &momentum_buffers, true});
  return {"sgd_step", std::move(roles)};
}

Step make_step(const AdamCoefficients& c, const TensorList& params, const TensorList& grads, const TensorList& exp_avgs,
               const TensorList& exp_avg_sqs, const TensorList& max_exp_avg_sqs) {
  check<ErrorKind::Value>(c.step >= 1, "adam_step: steps count from 1, got step ", c.step);
  std::vector<Role> roles = {{"params", &params, true},
                             {"grads", &grads, false},
                             {"exp_avgs", &exp_avgs, true},
                             {"exp_avg_sqs", &exp_avg_sqs, true}};
  if (c.amsgrad) roles.push_back({"max_exp_avg_sqs", &max_exp_avg_sqs, true});
  return {"adam_step", std::move(roles)};
}

void run_kernel(Device device, const OptimizerItem* items, int64_t n, const SgdCoefficients& c) {
  sgd_kernel(device, items, n, c);
}
void run_kernel(Device device, const OptimizerItem* items, int64_t n, const AdamCoefficients& c) {
  adam_kernel(device, items, n, c);
}

template <class Coefficients>
void run_step(Step& step, const Coefficients& c) {
  step.run([&](Device device, const OptimizerItem* items, int64_t n) { run_kernel(device, items, n, c); });
}

// lists: params, grads, states.
template <class Coefficients, class... Lists>
void step_now(const Coefficients& c, const Lists&... lists) {
  Step step = make_step(c, lists...);
  run_step(step, c);
}

template <class Coefficients, class... Lists>
class Prepared final : public PreparedStep {
 public:
  explicit Prepared(const Coefficients& c, Lists... lists)
      : coefficients_(c),
        lists_(std::move(lists)...),
        step_(std::apply([&](const auto&... list) { return make_step(c, list...); }, lists_)) {}
  void run() override { run_step(step_, coefficients_); }

 private:
  Coefficients coefficients_;
  std::tuple<Lists...> lists_;
  Step step_;
};

}  // namespace

void sgd_step(const TensorList& params, const TensorList& grads, const TensorList& momentum_buffers,
              const SgdOptions& options) {
  step_now(coefficients(options), params, grads, momentum_buffers);
}

void adam_step(const TensorList& params, const TensorList& grads, const TensorList& exp_avgs,
               const TensorList& exp_avg_sqs, const TensorList& max_exp_avg_sqs, const AdamOptions& options) {
  step_now(coefficients(options), params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs);
}

std::unique_ptr<PreparedStep> prepare_sgd_step(TensorList params, TensorList grads, TensorList momentum_buffers,
                                               const SgdOptions& options) {
  return std::make_unique<Prepared<SgdCoefficients, TensorList, TensorList, TensorList>>(
      coefficients(options), std::move(params), std::move(grads), std::move(momentum_buffers));
}

std::unique_ptr<PreparedStep> prepare_adam_step(TensorList params, TensorList grads, TensorList exp_avgs,
                                                TensorList exp_avg_sqs, TensorList max_exp_avg_sqs,
                                                const AdamOptions& options) {
  return std::make_unique<Prepared<AdamCoefficients, TensorList, TensorList, TensorList, TensorList, TensorList>>(
      coefficients(options), std::move(params), std::move(grads), std::move(exp_avgs), std::move(exp_avg_sqs),
      std::move(max_exp_avg_sqs));
}

namespace {

// A step as an op: lists of `count` tensors one after another, first the parameters, then the gradients, then lists of
// state, and the numbers. The outputs are the new parameters and states.
template <class Self>
struct UpdateOp : OpOf<Self> {
  static constexpr Traits kTraits{.differentiable = false, .complex = true};
  int count, lists;
  WEFT_FIELDS(count, lists);
  void check_inputs(const InputCheck& in) const {
    in.that(count > 0 && count < (1 << 24) && lists >= 2 && lists <= 5, "lists of tensors").count(count * lists + 1);
    for (int i = 0; i < count * lists; i++)
      in.floating(i)
          .same_shape(i, i % count)
          .that(in[i].strides() == in[i % count].strides() || i / count == 1, "one layout");
    in.dtype(count * lists, DType::Float64).shape(count * lists, {9}).contiguous(count * lists);
  }
  UpdateOp(int n, int m) : count(n), lists(m) {}
  int num_outputs() const override { return count * (lists - 1); }
  // Skips the gradients.
  int overwrites(int output) const override { return output < count ? output : output + count; }
  bool rereads(int input) const override { return input == count * lists; }
  Device device(Inputs in) const override { return in[0].device(); }
  void infer(Inputs in, OutputSpec* out) const override {
    for (int i = 0; i < num_outputs(); i++) {
      const Tensor& t = in[overwrites(i)];
      out[i] = {t.shape(), t.dtype(), t.strides()};
    }
  }
  void run(Inputs in, const Tensor* out) const override {
    std::vector<TensorList> arrays(5);
    for (int i = 0; i < num_outputs(); i++) {
      const Tensor& before = in[overwrites(i)];
      if (out[i].data() != before.data()) copy_kernel(out[i].device(), view_of(out[i]), view_of(before));
      arrays[static_cast<size_t>(i < count ? 0 : 1 + i / count)].push_back(out[i]);
    }
    for (int i = 0; i < count; i++) arrays[1].push_back(in[count + i]);
    Self::step(arrays, in[count * lists].template data_as<double>());
  }
};

struct SgdUpdate : UpdateOp<SgdUpdate> {
  static constexpr const char* kName = "sgd_step";
  using UpdateOp::UpdateOp;
  template <bool momentum>
  static bool make(const double* n, SgdCoefficients& c) {
    c = coefficients(SgdOptions{n[0], momentum ? n[1] : 0, n[2], n[3], n[4] != 0, n[5] != 0, n[6] != 0});
    return true;
  }
  static void step(const std::vector<TensorList>& a, const double* n) {
    SgdCoefficients c;
    auto again = a[2].empty() ? &make<false> : &make<true>;
    again(n, c);
    c.numbers = n;
    c.again = again;
    step_now(c, a[0], a[1], a[2]);
  }
};

struct AdamUpdate : UpdateOp<AdamUpdate> {
  static constexpr const char* kName = "adam_step";
  using UpdateOp::UpdateOp;
  template <bool amsgrad>
  static bool make(const double* n, AdamCoefficients& c) {
    c = coefficients(AdamOptions{n[0], n[1], n[2], n[3], n[4], n[5], n[6] != 0, amsgrad, n[8] != 0});
    return c.step >= 1;
  }
  static void step(const std::vector<TensorList>& a, const double* n) {
    AdamCoefficients c;
    auto again = a[4].empty() ? &make<false> : &make<true>;
    again(n, c);
    c.numbers = n;
    c.again = again;
    step_now(c, a[0], a[1], a[2], a[3], a[4]);
  }
};

template <class Update>
void trace_step(const char* op, std::initializer_list<const TensorList*> lists, const Tensor& numbers) {
  check(interpreter != nullptr, op, ": only for tracing");
  auto count = static_cast<int>((*lists.begin())->size());
  if (count == 0) return;
  SmallVector<const Tensor*, 16> inputs;
  std::vector<Role> roles;
  int used = 0;
  for (const TensorList* list : lists) {
    if (list->empty()) continue;
    constexpr const char* kNames[] = {"params", "grads", "state", "state", "state"};
    roles.push_back({kNames[used], list, used != 1});
    for (const Tensor& t : *list) inputs.push_back(&t);
    used++;
  }
  const Step checked(op, roles, false);
  inputs.push_back(&numbers);
  Update update(count, used);
  std::vector<int> targets;
  for (int i = 0; i < update.num_outputs(); i++) targets.push_back(update.overwrites(i));
  GradModeGuard no_grad(false);
  interpreter->record_inplace(update, Inputs(inputs.data(), inputs.size()), targets.data());
  for (int t : targets) inputs[t]->impl()->storage->bump_version(op);
}

}  // namespace

void trace_sgd_step(const TensorList& params, const TensorList& grads, const TensorList& momentum_buffers,
                    const Tensor& numbers) {
  trace_step<SgdUpdate>("sgd_step", {&params, &grads, &momentum_buffers}, numbers);
}

void trace_adam_step(const TensorList& params, const TensorList& grads, const TensorList& exp_avgs,
                     const TensorList& exp_avg_sqs, const TensorList& max_exp_avg_sqs, const Tensor& numbers) {
  trace_step<AdamUpdate>("adam_step", {&params, &grads, &exp_avgs, &exp_avg_sqs, &max_exp_avg_sqs}, numbers);
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

WEFT_OP(SgdUpdate);
WEFT_OP(AdamUpdate);
WEFT_OP(GlobalNorm);

}  // namespace

}  // namespace weft

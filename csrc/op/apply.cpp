#include "op/apply.h"

#include <optional>

#include "core/other_threads.h"
#include "kernels/elementwise.h"
#include "memory/allocator.h"
#include "op/autocast.h"
#include "op/interpreter.h"
#include "op/node.h"
#include "op/output_target.h"
#include "op/profile.h"

namespace weft {

namespace {

// Letting other Python threads run costs about 50 ns; below this many bytes a kernel is quicker than that is worth.
constexpr int64_t kLongKernelElements = 1 << 14;

bool is_long(Inputs in, const Tensor* out, int num_outputs) {
  int64_t elements = 0;
  for (int i = 0; i < in.size(); i++)
    if (in[i].defined()) elements += in[i].numel();
  for (int i = 0; i < num_outputs; i++) elements += out[i].numel();
  return elements > kLongKernelElements;
}

// On devices that work beside the host an error may come from the start of a kernel, which knows no shapes.
void run_on_device(const Op& op, Inputs in, const Tensor* out) {
  try {
    op.run(in, out);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::Runtime || in.size() == 0) throw;
    std::string shapes;
    for (int i = 0; i < in.size(); i++)
      if (in[i].defined()) shapes += concat(shapes.empty() ? "" : ", ", in[i].shape(), " ", in[i].dtype());
    throw Error(e.kind(), concat(e.message(), "; ", op.name(), " was applied to ", shapes));
  }
}

void check_values_known(const Op& op, Inputs in) {
  for (int i = 0; i < in.size(); i++)
    if (in[i].defined()) check_values_known(op.name(), in[i]);
}

void run_kernel(const Op& op, Inputs in, const Tensor* out) {
  if (op.num_outputs() > 0 && out[0].device().type != DeviceType::CPU) return run_on_device(op, in, out);
  std::optional<OthersRun> others;
  if (is_long(in, out, op.num_outputs())) others.emplace();
  op.run(in, out);
  // Values that were lost meanwhile: the result is wrong.
  if (lost_files.load(std::memory_order_relaxed) != 0) [[unlikely]]
    check_values_known(op, in);
}

bool any_requires_grad(Inputs in) {
  for (int i = 0; i < in.size(); i++)
    if (in[i].defined() && in[i].requires_grad()) return true;
  return false;
}

void allocate_and_run(const Op& op, Inputs in, Tensor* out, int count) {
  Device device = op.device(in);
  SmallVector<OutputSpec, 2> specs;
  specs.resize(count);
  infer_outputs(op, in, specs.data());
  check_values_known(op, in);
  set_allocation_tag(op.name());
  if (output_target && count == 1) [[unlikely]]
    out[0] = OutputTarget::take(specs[0], device, in);
  for (int i = 0; i < count; i++) {
    if (out[i].defined()) continue;
    out[i] = specs[i].strides.empty() ? empty(specs[i].shape, specs[i].dtype, device)
                                      : empty_spaced(specs[i].shape, specs[i].strides, specs[i].dtype, device);
  }
  if (device.type != DeviceType::Meta) run_kernel(op, in, out);
}

}  // namespace

void infer_outputs(const Op& op, Inputs in, OutputSpec* out) {
  auto check_dtype = [&](DType t) {
    if (!op.takes(t)) [[unlikely]]
      fail<ErrorKind::NotImplemented>(op.name(), ": dtype ", t, " is not supported; ",
                                      is_float8(t) ? "float8 tensors can be moved, compared by == and !=, and "
                                                     "converted with .to(dtype)"
                                                   : "use the parts x.real and x.imag, or x.abs()");
  };
  for (int i = 0; i < in.size(); i++)
    if (in[i].defined()) check_dtype(in[i].dtype());
  op.infer(in, out);
  for (int i = 0; i < op.num_outputs(); i++) check_dtype(out[i].dtype);
}

Tensor apply_view(const Op& op, const Tensor& x) {
  check_not_lost(op.name(), x);
  Tensor out = op.view(x);
  TensorImpl& impl = *out.impl();
  if (!op.differentiable()) impl.base = nullptr;  // autograd treats detach() as a tensor of its own
  impl.tracked = impl.base && GradMode::enabled() && (x.impl()->tracked || !x.is_view());
  impl.view_version = out.version();
  return out;
}

void record_history(const Op& op, Inputs in, const Tensor* out) {
  const int count = op.num_outputs();
  if (GradMode::enabled()) {
    if (any_requires_grad(in) && op.differentiable()) {
      auto node = make_ref<OpNode>(op, in, false);
      node->bind_outputs(out, count);
    }
  } else if (GradMode::inference()) {
    for (int i = 0; i < count; i++) out[i].impl()->inference = true;
  }
}

namespace {

void run_and_record(const Op& op, Inputs in, Tensor* out) {
  if (op.is_view())
    out[0] = apply_view(op, in[0]);
  else
    allocate_and_run(op, in, out, op.num_outputs());
  record_history(op, in, out);
}

[[gnu::noinline]] void apply_profiled(const Op& op, Inputs in, Tensor* out) {
  ProfiledOp profiled(ProfileKind::Op, op, in, op.device(in));
  run_and_record(op, in, out);
  profiled.finish(out);
}

}  // namespace

void apply(const Op& op, Inputs in, Tensor* out) {
  if (autocast_is_on && apply_autocast(op, in, out)) [[unlikely]]
    return;
  if (interpreter) [[unlikely]] {
    if (interpreter->takes(op, in, false)) return interpreter->handle(op, in, out);
    InterpreterScope outside(interpreter->next());
    return apply(op, in, out);
  }
  if (profiling()) [[unlikely]]
    return apply_profiled(op, in, out);
  run_and_record(op, in, out);
}

std::vector<Tensor> apply_list(const Op& op, const std::vector<Tensor>& inputs) {
  SmallVector<const Tensor*, 8> list;
  for (const Tensor& t : inputs) list.push_back(&t);
  std::vector<Tensor> out(static_cast<size_t>(op.num_outputs()));
  apply(op, Inputs(list.data(), list.size()), out.data());
  return out;
}

InPlaceChange::InPlaceChange(const Op& op, Inputs in) : op_(op), target_(in[0]), device_(op.device(in)) {
  check_inplace_allowed(op.name(), target_);
  check(device_ == target_.device(), op.name(), "_: a tensor on ", target_.device(), " cannot take a result on ",
        device_, "; move one of them with .to(device)");
  infer_outputs(op, in, &spec_);
  check(spec_.shape == target_.shape(), op.name(), "_: the result has shape ", spec_.shape,
        ", which does not fit the tensor of shape ", target_.shape(), " that is changed in place");
  DType to = target_.dtype();
  check(can_cast(spec_.dtype, to), op.name(), "_: the result has dtype ", spec_.dtype,
        ", which cannot be stored in the tensor of dtype ", to, " that is changed in place");
  set_allocation_tag(op.name());
  if (!GradMode::enabled() || !is_differentiable(to) || !any_requires_grad(in)) return;
  check_view_recorded(op.name(), target_);
  node_ = make_ref<OpNode>(op, in, true);
  node_->add_output(target_);
}

void InPlaceChange::finish() {
  target_.impl()->storage->bump_version(op_.name());
  if (!node_) return;
  if (node_->mask.outputs) node_->saved.emplace_back(target_, true).output_index = 0;
  rebase_history(target_, node_);
}

Tensor apply_inplace(const Op& op, Inputs in) {
  const Tensor& target = in[0];
  if (interpreter) [[unlikely]] {
    if (interpreter->takes(op, in, true)) return interpreter->handle_inplace(op, in), target;
    InterpreterScope outside(interpreter->next());
    return apply_inplace(op, in);
  }
  check_values_known(op, in);
  std::optional<ProfiledOp> profiled;
  if (profiling()) [[unlikely]]
    profiled.emplace(ProfileKind::Op, op, in, target.device());
  InPlaceChange change(op, in);
  const OutputSpec& spec = change.spec();
  bool direct = target.dtype() == spec.dtype;
  for (int i = 0; i < in.size() && direct; i++) {
    if (!in[i].defined()) continue;
    Overlap overlap = i == 0 ? Overlap::Same : overlap_of(in[i], target);
    bool may_overwrite = op.elementwise() || (i == 0 && op.overwrites(0) == 0);
    direct = overlap == Overlap::None || (overlap == Overlap::Same && may_overwrite);
  }
  const bool runs = change.device().type != DeviceType::Meta;
  if (direct) {
    if (runs) run_kernel(op, in, &target);
  } else {
    Tensor result = empty(spec.shape, spec.dtype, change.device());
    if (runs) run_kernel(op, in, &result);
    if (runs) copy_kernel(change.device(), view_of(target), view_of(result));
  }
  change.finish();
  if (profiled) [[unlikely]]
    profiled->finish(&target);
  return target;
}

void apply_check(const Op& op, const Tensor& a, const Tensor& b) {
  const Tensor* list[] = {&a, &b};
  apply(op, Inputs(list, b.defined() ? 2 : 1), nullptr);
}

}  // namespace weft

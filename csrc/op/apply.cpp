#include "op/apply.h"

#include <optional>

#include "core/other_threads.h"
#include "kernels/elementwise.h"
#include "memory/allocator.h"
#include "op/autocast.h"
#include "op/node.h"
#include "op/trace.h"

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

void run_kernel(const Op& op, Inputs in, const Tensor* out) {
  if (op.num_outputs() > 0 && out[0].device().type != DeviceType::CPU) return run_on_device(op, in, out);
  std::optional<OthersRun> others;
  if (is_long(in, out, op.num_outputs())) others.emplace();
  op.run(in, out);
}

bool any_requires_grad(Inputs in) {
  for (int i = 0; i < in.size(); i++)
    if (in[i].defined() && in[i].requires_grad()) return true;
  return false;
}

// Of results that are only traced.
void make_symbolic(const OutputSpec* specs, Device device, Tensor* out, int count) {
  for (int i = 0; i < count; i++) {
    const OutputSpec& spec = specs[i];
    out[i] =
        symbolic(spec.shape, spec.strides.empty() ? contiguous_strides(spec.shape) : spec.strides, spec.dtype, device);
  }
}

void allocate_and_run(const Op& op, Inputs in, Tensor* out, int count) {
  Device device = op.device(in);
  SmallVector<OutputSpec, 2> specs;
  specs.resize(count);
  op.infer(in, specs.data());
  if (tracing()) [[unlikely]]
    return make_symbolic(specs.data(), device, out, count);
  for (int i = 0; i < in.size(); i++)
    if (in[i].defined()) check_values_known(op.name(), in[i]);
  set_allocation_tag(op.name());
  for (int i = 0; i < count; i++) {
    out[i] = specs[i].strides.empty() ? empty(specs[i].shape, specs[i].dtype, device)
                                      : empty_spaced(specs[i].shape, specs[i].strides, specs[i].dtype, device);
  }
  if (device.type != DeviceType::Meta) run_kernel(op, in, out);
}

}  // namespace

void apply(const Op& op, Inputs in, Tensor* out) {
  if (trace_sink && !trace_sink->takes(op, in, false)) [[unlikely]] {
    TraceScope next(trace_sink->next());
    return apply(op, in, out);
  }
  if (autocast_is_on && apply_autocast(op, in, out)) [[unlikely]]
    return;
  int count = op.num_outputs();
  if (op.is_view()) {
    out[0] = op.view(in[0]);
    TensorImpl& impl = *out[0].impl();
    if (!op.differentiable()) impl.base = nullptr;  // autograd treats detach() as a tensor of its own
    impl.tracked = impl.base && GradMode::enabled() && (in[0].impl()->tracked || !in[0].is_view());
    impl.view_version = out[0].version();
  } else {
    allocate_and_run(op, in, out, count);
  }
  if (trace_sink) [[unlikely]]
    trace_sink->record(op, in, out);
  if (GradMode::enabled()) {
    if (any_requires_grad(in) && op.differentiable()) {
      auto node = make_ref<OpNode>(op, in, false);
      node->bind_outputs(out, count);
    }
  } else if (GradMode::inference()) {
    for (int i = 0; i < count; i++) out[i].impl()->inference = true;
  }
}

std::vector<Tensor> apply_list(const Op& op, const std::vector<Tensor>& inputs) {
  SmallVector<const Tensor*, 8> list;
  for (const Tensor& t : inputs) list.push_back(&t);
  std::vector<Tensor> out(static_cast<size_t>(op.num_outputs()));
  apply(op, Inputs(list.data(), list.size()), out.data());
  return out;
}

Tensor apply_inplace(const Op& op, Inputs in) {
  if (trace_sink && !trace_sink->takes(op, in, true)) [[unlikely]] {
    TraceScope next(trace_sink->next());
    return apply_inplace(op, in);
  }
  const Tensor& target = in[0];
  check_inplace_allowed(op.name(), target);
  Device device = op.device(in);
  check(device == target.device(), op.name(), "_: a tensor on ", target.device(), " cannot take a result on ", device,
        "; move one of them with .to(device)");
  OutputSpec spec;
  if (!tracing())
    for (int i = 0; i < in.size(); i++)
      if (in[i].defined()) check_values_known(op.name(), in[i]);
  op.infer(in, &spec);
  check(spec.shape == target.shape(), op.name(), "_: the result has shape ", spec.shape,
        ", which does not fit the tensor of shape ", target.shape(), " that is changed in place");
  DType to = target.dtype();
  bool fits = to == spec.dtype || (is_floating(to) || !is_floating(spec.dtype));
  check(fits && (to != DType::Bool || spec.dtype == DType::Bool), op.name(), "_: the result has dtype ", spec.dtype,
        ", which cannot be stored in the tensor of dtype ", to, " that is changed in place");
  bool direct = to == spec.dtype;
  for (int i = 0; i < in.size() && direct; i++) {
    if (!in[i].defined()) continue;
    Overlap overlap = i == 0 ? Overlap::Same : overlap_of(in[i], target);
    bool may_overwrite = op.elementwise() || (i == 0 && op.overwrites(0) == 0);
    direct = overlap == Overlap::None || (overlap == Overlap::Same && may_overwrite);
  }
  set_allocation_tag(op.name());
  Ref<OpNode> node;
  if (GradMode::enabled() && is_floating(to) && any_requires_grad(in)) {
    check_view_recorded(op.name(), target);
    node = make_ref<OpNode>(op, in, true);
    node->add_output(target);
  }
  constexpr int kFirst = 0;
  if (!tracing() && device.type != DeviceType::Meta) {
    if (direct) {
      run_kernel(op, in, &target);
    } else {
      Tensor result = empty(spec.shape, spec.dtype, device);
      run_kernel(op, in, &result);
      copy_kernel(device, view_of(target), view_of(result));
    }
  }
  if (trace_sink) [[unlikely]]
    trace_sink->record_inplace(op, in, &kFirst);
  target.impl()->storage->bump_version(op.name());
  if (node) {
    if (node->mask.outputs) node->saved.emplace_back(target, true).output_index = 0;
    rebase_history(target, node);
  }
  return target;
}

void apply_check(const Op& op, const Tensor& a, const Tensor& b) {
  const Tensor* list[] = {&a, &b};
  apply(op, Inputs(list, b.defined() ? 2 : 1), nullptr);
}

}  // namespace weft

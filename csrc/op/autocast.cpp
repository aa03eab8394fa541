#include "op/autocast.h"

#include <unordered_map>
#include <utility>
#include <vector>

#include "op/apply.h"
#include "op/interpreter.h"
#include "op/node.h"

namespace weft {

constinit thread_local bool autocast_is_on = false;

namespace {

thread_local AutocastState states[kNumDeviceTypes];

// Casts of parameters: a parameter that several ops use is cast once.
struct CachedCast {
  Tensor source, result;
  uint32_t version;
};
thread_local std::unordered_map<const TensorImpl*, CachedCast> casts;

// The states that open scopes take back when they end, outermost first.
thread_local std::vector<std::pair<DeviceType, AutocastState>> scopes;

bool may_cast(const Tensor& t, Device device) {
  return t.defined() && is_real_floating(t.dtype()) && t.dtype() != DType::Float64 && t.device().type == device.type;
}

Tensor cast(const Tensor& t, DType dtype, bool keep) {
  bool parameter = t.requires_grad() && !t.is_view() && is_leaf(t);
  if (!parameter || !keep || interpreter || !GradMode::enabled() || item_size(dtype) >= item_size(t.dtype()))
    return to_dtype(t, dtype);
  auto known = casts.find(t.impl());
  if (known != casts.end() && known->second.version == t.version() && known->second.result.dtype() == dtype)
    return known->second.result;
  Tensor result = to_dtype(t, dtype);
  casts[t.impl()] = {t, result, t.version()};
  return result;
}

}  // namespace

AutocastState& autocast_state(DeviceType type) { return states[static_cast<int>(type)]; }

void set_autocast(DeviceType type, AutocastState state) {
  states[static_cast<int>(type)] = state;
  autocast_is_on = false;
  for (const AutocastState& s : states) autocast_is_on |= s.enabled;
}

void enter_autocast(DeviceType type, AutocastState state) {
  scopes.emplace_back(type, autocast_state(type));
  set_autocast(type, state);
}

void leave_autocast() {
  check(!scopes.empty(), "autocast: this thread is in no autocast scope that could end");
  auto [type, before] = scopes.back();
  scopes.pop_back();
  set_autocast(type, before);
  if (scopes.empty()) clear_autocast_cache();
}

void clear_autocast_cache() {
  auto dropped = std::move(casts);  // freeing them may run Python code, which may use autocast
  casts = {};
}

bool apply_autocast(const Op& op, Inputs in, Tensor* out) {
  AutocastRule rule = op.autocast();
  if (rule == AutocastRule::Keep) return false;
  const Tensor* first = nullptr;
  for (int i = 0; i < in.size() && !first; i++)
    if (in[i].defined()) first = &in[i];
  if (!first) return false;
  Device device = first->device();
  const AutocastState& state = autocast_state(device.type);
  if (!state.enabled) return false;
  DType wanted = rule == AutocastRule::Half ? state.dtype : DType::Float32;
  if (rule == AutocastRule::Widest) {
    wanted = state.dtype;
    for (int i = 0; i < in.size(); i++)
      if (may_cast(in[i], device) && in[i].dtype() == DType::Float32) wanted = DType::Float32;
  }
  bool any = false;
  for (int i = 0; i < in.size(); i++) any |= may_cast(in[i], device) && in[i].dtype() != wanted;
  if (!any) return false;
  SmallVector<Tensor, 4> tensors;
  SmallVector<const Tensor*, 4> list;
  tensors.resize(in.size());
  for (int i = 0; i < in.size(); i++) {
    tensors[i] = may_cast(in[i], device) ? cast(in[i], wanted, state.keeps_casts) : in[i];
    list.push_back(&tensors[i]);
  }
  NoAutocastGuard once;
  apply(op, Inputs(list.data(), list.size()), out);
  return true;
}

Tensor for_half(const Tensor& x) {
  if (!autocast_is_on || !x.defined()) return x;
  const AutocastState& state = autocast_state(x.device().type);
  return state.enabled && may_cast(x, x.device()) ? cast(x, state.dtype, state.keeps_casts) : x;
}

std::optional<DType> full_precision_dtype(const Tensor& x) {
  if (!autocast_is_on || !autocast_state(x.device().type).enabled) return {};
  if (!is_real_floating(x.dtype()) || item_size(x.dtype()) != 2) return {};
  return DType::Float32;
}

Tensor for_full_precision(const Tensor& x) {
  std::optional<DType> dtype = full_precision_dtype(x);
  return dtype ? to_dtype(x, *dtype) : x;
}

}  // namespace weft

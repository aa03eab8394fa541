// Autocast: inside a scope, ops compute in a half type where that is safe and much faster, and in float32 where it is
// not. Each op class states its rule (Op::autocast); apply() follows it.
#pragma once

#include <optional>

#include "op/op.h"

namespace weft {

struct AutocastState {
  bool enabled = false;
  DType dtype = DType::BFloat16;
  bool keeps_casts = true;  // of parameters
};

// The calling thread's state for a type of device.
AutocastState& autocast_state(DeviceType type);
void set_autocast(DeviceType type, AutocastState state);
// Scopes of the calling thread: leave_autocast() takes back the last enter_autocast() that it has not taken back yet,
// and drops the kept casts when it was the outermost. Raises RuntimeError when there is none.
void enter_autocast(DeviceType type, AutocastState state);
void leave_autocast();
// Is autocast on for any type of device on this thread? One comparison for apply().
extern constinit thread_local bool autocast_is_on;

// Runs op on inputs that were cast as its rule says; false, and nothing has been done, if none has to be. Casts of
// leaves that require grad (parameters) are kept until the leaf changes or clear_autocast_cache().
bool apply_autocast(const Op& op, Inputs inputs, Tensor* outputs);
void clear_autocast_cache();

// In autocast's dtype if it is on for x's device; for functions that check dtypes before their op is applied.
Tensor for_half(const Tensor& x);
// float32 if autocast is on for x's device and x is of a half type: the dtype that sums are wanted in.
std::optional<DType> full_precision_dtype(const Tensor& x);
// In float32 if autocast is on for x's device and x is of a half type; for composites that need the precision.
Tensor for_full_precision(const Tensor& x);

// Switches autocast off for a scope: for backward, whose ops follow the dtypes that forward had.
class NoAutocastGuard {
 public:
  NoAutocastGuard() : before_(autocast_is_on) { autocast_is_on = false; }
  ~NoAutocastGuard() { autocast_is_on = before_; }
  NoAutocastGuard(const NoAutocastGuard&) = delete;

 private:
  bool before_;
};

// Defined in ops/copy.cpp.
Tensor to_dtype(const Tensor& x, DType dtype);

}  // namespace weft

// What the program makes of the tensors that a graph saves for backward: autograd.graph.saved_tensors_hooks.
#pragma once

#include "tensor/tensor.h"

namespace weft {

class SavedHooks : public RefCounted {
 public:
  // What is kept of t, which has no history.
  virtual Ref<RefCounted> pack(const Tensor& t) = 0;
  // The tensor once more, as often as backward asks.
  virtual Tensor unpack(RefCounted& packed) = 0;
};

// The innermost of this thread; nullptr: tensors are kept as they are. Who sets it keeps it alive.
extern constinit thread_local SavedHooks* saved_hooks;
// How many hooks are being called, and how many were when the innermost scope was entered. Hooks have an effect where
// both agree: what a hook computes is packed by hooks of its own alone, not by those around it.
extern constinit thread_local int saved_hook_depth, saved_hooks_level;

class SavedHookCall {
 public:
  SavedHookCall() { saved_hook_depth++; }
  ~SavedHookCall() { saved_hook_depth--; }
  SavedHookCall(const SavedHookCall&) = delete;
};

}  // namespace weft

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

// Sets them for a scope.
class SavedHooksScope {
 public:
  explicit SavedHooksScope(SavedHooks* hooks) : before_(saved_hooks) { saved_hooks = hooks; }
  ~SavedHooksScope() { saved_hooks = before_; }
  SavedHooksScope(const SavedHooksScope&) = delete;

 private:
  SavedHooks* before_;
};

}  // namespace weft

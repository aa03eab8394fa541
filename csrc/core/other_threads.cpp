#include "core/other_threads.h"

namespace weft {

namespace {
constinit OtherThreadsHooks hooks;
}

void set_other_threads_hooks(OtherThreadsHooks fresh) { hooks = fresh; }

OthersRun::OthersRun() : state_(hooks.let ? hooks.let() : nullptr) {}
OthersRun::~OthersRun() {
  if (state_) hooks.take_back(state_);
}

}  // namespace weft

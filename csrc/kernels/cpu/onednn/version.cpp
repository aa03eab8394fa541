#include <dnnl.h>

#include <atomic>

#include "kernels/libraries.h"

namespace weft {

namespace {

std::atomic<bool> enabled{true};

}  // namespace

bool onednn_enabled() { return enabled.load(std::memory_order_relaxed); }
void enable_onednn(bool on) { enabled.store(on, std::memory_order_relaxed); }

std::string onednn_version() {
  const dnnl_version_t* v = dnnl_version();
  return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

}  // namespace weft

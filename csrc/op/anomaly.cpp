#include "op/anomaly.h"

namespace weft {

std::atomic<int> anomaly_threads{0};

namespace {

// The mode of a thread, which takes its part of anomaly_threads with it when it ends.
struct ThreadMode {
  AnomalyMode mode;
  ~ThreadMode() { set({}); }
  void set(AnomalyMode wanted) {
    anomaly_threads += static_cast<int>(wanted.enabled) - static_cast<int>(mode.enabled);
    mode = wanted;
  }
};
thread_local ThreadMode thread_mode;

Ref<NodeOrigin> (*recorder)() = nullptr;
thread_local const NodeOrigin* running = nullptr;
thread_local const char* running_name = nullptr;

}  // namespace

AnomalyMode anomaly_mode() { return thread_mode.mode; }
void set_anomaly_mode(AnomalyMode mode) { thread_mode.set(mode); }

void set_origin_recorder(Ref<NodeOrigin> (*record)()) { recorder = record; }

Ref<NodeOrigin> record_origin() {
  if (!recorder) return nullptr;
  Ref<NodeOrigin> origin = recorder();
  if (origin && running) {
    origin->parent = Ref<const NodeOrigin>(running);
    origin->parent_name = running_name;
  }
  return origin;
}

RunningOrigin::RunningOrigin(const NodeOrigin* origin, const char* name)
    : before_(running), name_before_(running_name) {
  running = origin;
  running_name = name;
}

RunningOrigin::~RunningOrigin() {
  running = before_;
  running_name = name_before_;
}

}  // namespace weft

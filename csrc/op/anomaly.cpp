#include "op/anomaly.h"

namespace weft {

constinit thread_local AnomalyMode anomaly_mode;

namespace {

Ref<NodeOrigin> (*recorder)() = nullptr;
thread_local const NodeOrigin* running = nullptr;
thread_local const char* running_name = nullptr;

}  // namespace

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

// Anomaly detection: while it is on for a thread, each node remembers where it was recorded, and the engine names that
// place for a backward that raises or gives NaN.
#pragma once

#include <atomic>
#include <string>

#include "core/ref.h"

namespace weft {

struct AnomalyMode {
  bool enabled = false;
  bool check_nan = true;
};
// Of the calling thread.
AnomalyMode anomaly_mode();
void set_anomaly_mode(AnomalyMode mode);
// Is it on for any thread? What every node asks first, because it costs less than the thread's own mode.
extern std::atomic<int> anomaly_threads;
inline bool anomaly_enabled() { return anomaly_threads.load(std::memory_order_relaxed) > 0 && anomaly_mode().enabled; }

// Where a node was recorded.
class NodeOrigin : public RefCounted {
 public:
  // "in model.0 (Linear), train.py:12: y = x.sqrt()"
  virtual std::string text() const = 0;
  // Adds text to the exception in flight, if it is of a kind that this floor does not know.
  virtual void annotate_current_exception(const std::string& text) const = 0;

  Ref<const NodeOrigin> parent;  // of the node whose backward recorded this one, under create_graph
  std::string parent_name;
};

// Gives the place that the calling thread is at; the bindings set it.
void set_origin_recorder(Ref<NodeOrigin> (*record)());
// nullptr where nothing can be known.
Ref<NodeOrigin> record_origin();

// While a node's backward runs under anomaly detection, nodes recorded meanwhile have its origin as their parent.
class RunningOrigin {
 public:
  RunningOrigin(const NodeOrigin* origin, const char* name);
  ~RunningOrigin();
  RunningOrigin(const RunningOrigin&) = delete;

 private:
  const NodeOrigin* before_;
  const char* name_before_;
};

}  // namespace weft

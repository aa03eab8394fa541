// Long loops in C++ ask here whether the user wants to stop (Ctrl-C), without knowing who hosts them.
#pragma once

#include <atomic>

namespace weft {

// Called between the steps of long work; throws to end it. Registered once by the host (the Python bindings).
extern constinit std::atomic<void (*)()> interrupt_check;

// While one lives on this thread, work is being done that must not stop half way.
class HoldInterrupts {
 public:
  HoldInterrupts() { depth++; }
  ~HoldInterrupts() { depth--; }
  HoldInterrupts(const HoldInterrupts&) = delete;
  static bool held() { return depth > 0; }

 private:
  static constinit thread_local int depth;
};

inline void check_interrupt() {
  void (*check)() = interrupt_check.load(std::memory_order_relaxed);
  if (check && !HoldInterrupts::held()) check();
}

}  // namespace weft

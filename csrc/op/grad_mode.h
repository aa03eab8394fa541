// The calling thread's autograd switches.
#pragma once

namespace weft {

struct GradMode {
  static bool enabled() { return state().enabled && !state().inference; }
  // The switch alone, without regard to inference mode.
  static bool recording_wanted() { return state().enabled; }
  static void set_enabled(bool on) { state().enabled = on; }
  // Inference mode: nothing is recorded and results can never enter a graph.
  static bool inference() { return state().inference; }
  static void set_inference(bool on) { state().inference = on; }

 private:
  struct State {
    bool enabled = true;
    bool inference = false;
  };
  static State& state() {
    static thread_local State s;
    return s;
  }
};

// Switches recording for a scope.
class GradModeGuard {
 public:
  explicit GradModeGuard(bool on) : before_(GradMode::recording_wanted()) { GradMode::set_enabled(on); }
  ~GradModeGuard() { GradMode::set_enabled(before_); }
  GradModeGuard(const GradModeGuard&) = delete;

 private:
  bool before_;
};

}  // namespace weft

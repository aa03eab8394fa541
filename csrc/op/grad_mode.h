// The calling thread's autograd switches.
#pragma once

namespace weft {

struct GradModeState {
  bool enabled = true;
  bool inference = false;
};
// Defined in libweft alone: an inline one would exist once more in an extension that hides its symbols.
extern constinit thread_local GradModeState grad_mode_state;

struct GradMode {
  static bool enabled() { return grad_mode_state.enabled && !grad_mode_state.inference; }
  // The switch alone, without regard to inference mode.
  static bool recording_wanted() { return grad_mode_state.enabled; }
  static void set_enabled(bool on) { grad_mode_state.enabled = on; }
  // Inference mode: nothing is recorded and results can never enter a graph.
  static bool inference() { return grad_mode_state.inference; }
  static void set_inference(bool on) { grad_mode_state.inference = on; }
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

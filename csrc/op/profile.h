// What a profile hears: ops, steps of backward and of compiled graphs, scopes of the program, memory. While none runs
// that costs each op the test of one flag. Each thread writes to a log of its own; a log that is full loses what is
// oldest.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "device/backend.h"
#include "op/op.h"

namespace weft {

enum class ProfileKind : uint8_t { Op, Backward, Graph, Step, User, Optimizer, Loader, Module, Memory };

struct ProfileOptions {
  bool shapes = false;  // shapes and dtypes of the inputs
  bool memory = false;  // what is taken and given back
  bool stacks = false;  // of the program
  bool flops = false;
  bool devices = false;            // time that ops take on devices beside the host
  bool temporaries = false;        // of ops on the meta device: the memory that they would take beside their outputs
  size_t limit = size_t{1} << 20;  // events of a thread
};

// Of an op, where options ask for it.
struct ProfileDetails {
  struct Input {
    Shape shape;
    DType dtype;
  };
  std::vector<Input> inputs;
  std::vector<const char*> stack;  // innermost first
  int64_t flops = 0;
  Ref<DeviceEvent> device_begin, device_end;
  StreamHandle stream = 0;
};

struct ProfileEvent {
  const char* name = "";       // lives for ever
  int64_t begin = 0, end = 0;  // nanoseconds of std::chrono::steady_clock
  uint64_t serial = 0;         // counts what begins on the thread
  uint64_t sequence = 0;       // of the node that an op recorded, or whose backward this is
  int64_t bytes = 0;           // Memory: taken, or given back where it is negative
  uint64_t memory = 0;         // Memory: which
  uint32_t depth = 0;          // number of events that are open around it
  ProfileKind kind = ProfileKind::Op;
  Device device{};
  std::unique_ptr<ProfileDetails> details;
};

struct ProfileThread {
  int64_t id;  // of the system
  uint64_t lost = 0;
  std::vector<ProfileEvent> events;
};

struct ProfileResult {
  int64_t begin = 0, end = 0;
  std::vector<ProfileThread> threads;
  // Of devices that ops ran on, with options.devices: an event, and the time of the host at which it had passed.
  struct Base {
    Device device;
    Ref<DeviceEvent> event;
    int64_t time;
  };
  std::vector<Base> bases;
};

extern std::atomic<bool> profile_runs;
inline bool profiling() { return profile_runs.load(std::memory_order_relaxed); }
int64_t profile_clock();

// Raises RuntimeError if one runs already.
void start_profile(const ProfileOptions& options);
// What was heard since then. RuntimeError if none runs. Scopes that are open count until now.
ProfileResult stop_profile();

// A string that lives for ever and says the same.
const char* lasting_name(const std::string& name);

// Scopes of the program, which need not end in the order of a stack: begin_ gives a number, 0 while no profile runs.
uint64_t begin_profile_scope(ProfileKind kind, const char* name);
void end_profile_scope(uint64_t scope);

// Gives the calls of the program that lead here, innermost first; the bindings set it.
void set_stack_recorder(std::vector<const char*> (*record)());
// Called with the names of scopes and ops as they begin and end, profile or not; nullptr: nothing. For tools that have
// a time line of their own.
void set_profile_ranges(void (*push)(const char* name), void (*pop)());

// A piece of work, if a profile runs.
class ProfileScope {
 public:
  ProfileScope(ProfileKind kind, const char* name, Device device = {}, uint64_t sequence = 0) {
    if (profiling()) [[unlikely]]
      begin(kind, name, device, sequence);
  }
  ~ProfileScope() {
    if (open_) [[unlikely]]
      end();
  }
  ProfileScope(const ProfileScope&) = delete;

 protected:
  ProfileScope() = default;
  void begin(ProfileKind kind, const char* name, Device device, uint64_t sequence);
  void end();
  void* log_ = nullptr;
  bool open_ = false;
  std::optional<ProfileEvent> event_;  // none: only a range
};

// An op that is about to run.
class ProfiledOp : ProfileScope {
 public:
  // name: nullptr, the op's own.
  ProfiledOp(ProfileKind kind, const Op& op, Inputs in, Device device, const char* name = nullptr);
  // When it has run.
  void finish(const Tensor* out);

 private:
  void note_temporaries(const Tensor* out) const;
  const Op& op_;
  Inputs in_;
};

// Recorded work that is given to a device as a whole.
class ProfiledLaunch : ProfileScope {
 public:
  ProfiledLaunch(const char* name, Device device);
  // When it has been given.
  void finish();
};

}  // namespace weft

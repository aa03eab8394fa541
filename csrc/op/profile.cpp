#include "op/profile.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <mutex>
#include <new>
#include <set>

#include "device/cpu/scratch.h"
#include "op/flops.h"
#include "op/grad_mode.h"
#include "op/node.h"

namespace weft {

std::atomic<bool> profile_runs{false};
WEFT_DEFINE_RULE_TABLE(FlopRule)

int64_t profile_clock() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

namespace {

constexpr size_t kChunk = 1024;

// What one thread has done. Its mutex is only ever waited for when a profile stops.
struct ThreadLog : RefCounted {
  std::mutex mutex;
  std::atomic<uint64_t> session{0};  // 0: its profile has ended
  int64_t id = syscall(SYS_gettid);
  std::deque<std::unique_ptr<ProfileEvent[]>> chunks;
  size_t used = kChunk;  // of the last chunk
  uint64_t lost = 0, serial = 0;
  uint32_t depth = 0;
  struct Open {
    uint64_t number;
    ProfileEvent event;
  };
  std::vector<Open> open;  // scopes of the program

  ProfileEvent& next(size_t limit) {
    if (used == kChunk) {
      if (chunks.size() * kChunk >= limit && !chunks.empty()) {
        chunks.push_back(std::move(chunks.front()));
        chunks.pop_front();
        lost += kChunk;
      } else {
        chunks.push_back(std::make_unique<ProfileEvent[]>(kChunk));
      }
      used = 0;
    }
    return chunks.back()[used++];
  }
};

struct Session {
  std::mutex mutex;
  std::atomic<uint64_t> number{0};
  uint64_t scopes = 0;
  ProfileOptions options;
  int64_t begin = 0;
  std::vector<Ref<ThreadLog>> logs;
  std::vector<ProfileResult::Base> bases;
};
Session& session() {
  static auto* one = new Session;
  return *one;
}

std::vector<const char*> (*stack_recorder)() = nullptr;
std::atomic<void (*)(const char*)> range_push{nullptr};
std::atomic<void (*)()> range_pop{nullptr};
std::atomic<bool> recording{false};  // a profile, not only ranges

constinit thread_local bool thread_ends = false;
struct OwnLog {
  Ref<ThreadLog> log;
  ~OwnLog() { thread_ends = true; }
};

// The log of this thread in the profile that runs; nullptr while the thread ends.
ThreadLog* log_of_thread() {
  if (thread_ends) return nullptr;
  thread_local OwnLog own;
  Session& s = session();
  const uint64_t number = s.number.load(std::memory_order_relaxed);
  if (own.log && own.log->session == number) [[likely]]
    return own.log.get();
  own.log = make_ref<ThreadLog>();
  own.log->session = number;
  std::lock_guard lock(s.mutex);
  s.logs.push_back(own.log);
  return own.log.get();
}

void note_memory(const void* what, int64_t bytes, Device device) {
  if (!recording.load(std::memory_order_relaxed)) return;
  ThreadLog* own = log_of_thread();
  if (!own) return;
  ThreadLog& log = *own;
  std::lock_guard lock(log.mutex);
  ProfileEvent& e = log.next(session().options.limit);
  e = {};
  e.name = allocation_tag();
  e.begin = e.end = profile_clock();
  e.serial = ++log.serial;
  e.bytes = bytes;
  e.memory = reinterpret_cast<uintptr_t>(what);
  e.depth = log.depth;
  e.kind = ProfileKind::Memory;
  e.device = device;
}

void update_flag() { profile_runs = recording.load() || range_push.load(); }

// The device's own time begins with an event that has passed.
void find_base(Device device) {
  Session& s = session();
  std::lock_guard lock(s.mutex);
  for (const ProfileResult::Base& base : s.bases)
    if (base.device == device) return;
  DeviceBackend& backend = backend_of(device);
  Ref<DeviceEvent> event = backend.new_event(device.index, true);
  event->record(backend.current_stream(device.index));
  event->synchronize();
  s.bases.push_back({device, std::move(event), profile_clock()});
}

Ref<DeviceEvent> mark(Device device, StreamHandle stream) {
  Ref<DeviceEvent> event = backend_of(device).new_event(device.index, true);
  event->record(stream);
  return event;
}

}  // namespace

const char* lasting_name(const std::string& name) {
  static std::mutex mutex;
  static auto* names = new std::set<std::string>;
  std::lock_guard lock(mutex);
  return names->insert(name).first->c_str();
}

void set_stack_recorder(std::vector<const char*> (*record)()) { stack_recorder = record; }

void set_profile_ranges(void (*push)(const char*), void (*pop)()) {
  range_pop = pop;
  range_push = push;
  update_flag();
}

namespace {
// A forked child records nothing: nobody would ask for it. Threads that it has not may have held the mutex.
void forget_in_child() {
  recording = false;
  memory_hook = nullptr;
  update_flag();
  Session& s = session();
  new (&s.mutex) std::mutex;
  s.number++;
}
}  // namespace

void start_profile(const ProfileOptions& options) {
  Session& s = session();
  static const int registered = pthread_atfork(nullptr, nullptr, forget_in_child);
  static_cast<void>(registered);
  std::lock_guard lock(s.mutex);
  check(!recording.load(), "profiler: a profile runs already; stop it first (one at a time for the process)");
  s.options = options;
  s.logs.clear();
  s.bases.clear();
  s.number++;
  s.begin = profile_clock();
  recording = true;
  if (options.memory) memory_hook = note_memory;
  update_flag();
}

ProfileResult stop_profile() {
  Session& s = session();
  check(recording.exchange(false), "profiler: no profile runs");
  memory_hook = nullptr;
  update_flag();
  ProfileResult result;
  std::lock_guard lock(s.mutex);
  result.begin = s.begin;
  result.end = profile_clock();
  s.number++;  // what still runs belongs to no profile
  for (const Ref<ThreadLog>& log : s.logs) {
    std::lock_guard its(log->mutex);
    for (ThreadLog::Open& open : log->open) {
      open.event.end = result.end;
      log->next(s.options.limit) = std::move(open.event);
    }
    ProfileThread thread{log->id, log->lost, {}};
    for (size_t c = 0; c < log->chunks.size(); c++) {
      const size_t count = c + 1 == log->chunks.size() ? log->used : kChunk;
      std::move(log->chunks[c].get(), log->chunks[c].get() + count, std::back_inserter(thread.events));
    }
    log->session = 0;
    log->chunks.clear();
    log->open.clear();
    log->used = kChunk;
    result.threads.push_back(std::move(thread));
  }
  s.logs.clear();
  result.bases = std::move(s.bases);
  s.bases.clear();
  return result;
}

uint64_t begin_profile_scope(ProfileKind kind, const char* name) {
  if (!profiling()) return 0;
  if (auto* push = range_push.load()) push(name);
  Session& s = session();
  if (!recording.load()) return 1;
  ThreadLog* own = log_of_thread();
  if (!own) return 1;
  ThreadLog& log = *own;
  uint64_t number = 0;
  {
    std::lock_guard lock(s.mutex);
    number = ++s.scopes + 1;
  }
  ProfileEvent e;
  e.name = name;
  e.kind = kind;
  if (s.options.stacks && stack_recorder) {
    e.details = std::make_unique<ProfileDetails>();
    e.details->stack = stack_recorder();
  }
  std::lock_guard lock(log.mutex);
  e.serial = ++log.serial;
  e.depth = log.depth++;
  e.begin = profile_clock();
  log.open.push_back({number, std::move(e)});
  return number;
}

void end_profile_scope(uint64_t scope) {
  if (scope == 0) return;
  const int64_t now = profile_clock();
  if (auto* pop = range_pop.load()) pop();
  if (!recording.load() || scope == 1) return;
  Session& s = session();
  std::vector<Ref<ThreadLog>> logs;
  {
    std::lock_guard lock(s.mutex);
    logs = s.logs;
  }
  for (const Ref<ThreadLog>& log : logs) {
    std::lock_guard lock(log->mutex);
    for (size_t i = log->open.size(); i-- > 0;) {
      if (log->open[i].number != scope) continue;
      ProfileEvent e = std::move(log->open[i].event);
      log->open.erase(log->open.begin() + static_cast<std::ptrdiff_t>(i));
      if (log->depth > 0) log->depth--;
      e.end = now;
      log->next(s.options.limit) = std::move(e);
      return;
    }
  }
}

void ProfileScope::begin(ProfileKind kind, const char* name, Device device, uint64_t sequence) {
  open_ = true;
  if (auto* push = range_push.load(std::memory_order_relaxed)) push(name);
  ThreadLog* log = recording.load(std::memory_order_relaxed) ? log_of_thread() : nullptr;
  if (!log) return;
  log->retain();
  log_ = log;
  if (!event_) event_.emplace();
  ProfileEvent& e = *event_;
  e.name = name;
  e.kind = kind;
  e.device = device;
  e.sequence = sequence;
  e.memory = log->session;
  {
    std::lock_guard lock(log->mutex);
    e.serial = ++log->serial;
    e.depth = log->depth++;
  }
  e.begin = profile_clock();
}

void ProfileScope::end() {
  const int64_t now = profile_clock();
  if (auto* pop = range_pop.load(std::memory_order_relaxed)) pop();
  if (!log_) return;
  auto log = Ref<ThreadLog>::adopt(static_cast<ThreadLog*>(log_));
  std::lock_guard lock(log->mutex);
  if (log->session != event_->memory) return;  // the profile has ended meanwhile
  if (log->depth > 0) log->depth--;
  if (!event_->end) event_->end = now;
  event_->memory = 0;
  log->next(session().options.limit) = std::move(*event_);
}

ProfiledLaunch::ProfiledLaunch(const char* name, Device device) {
  if (!profiling()) return;
  if (recording.load() && session().options.devices) {
    find_base(device);
    event_.emplace();
    event_->details = std::make_unique<ProfileDetails>();
    event_->details->stream = backend_of(device).current_stream(device.index);
    event_->details->device_begin = mark(device, event_->details->stream);
  }
  begin(ProfileKind::Step, name, device, 0);
}

void ProfiledLaunch::finish() {
  if (log_ && event_->details) event_->details->device_end = mark(event_->device, event_->details->stream);
}

ProfiledOp::ProfiledOp(ProfileKind kind, const Op& op, Inputs in, Device device, const char* name) : op_(op), in_(in) {
  if (!profiling()) return;
  const ProfileOptions& options = session().options;
  const bool beside_host = device.type != DeviceType::CPU && device.type != DeviceType::Meta;
  const bool timed = options.devices && beside_host && recording.load() && !backend_of(device).capturing();
  if (recording.load() && (options.shapes || options.stacks || options.flops || timed)) {
    auto details = std::make_unique<ProfileDetails>();
    for (int i = 0; options.shapes && i < in.size(); i++)
      details->inputs.push_back(in[i].defined() ? ProfileDetails::Input{in[i].shape(), in[i].dtype()}
                                                : ProfileDetails::Input{{-1}, DType::Bool});
    if (options.stacks && stack_recorder && kind != ProfileKind::Step) details->stack = stack_recorder();
    if (timed) {
      find_base(device);
      details->stream = backend_of(device).current_stream(device.index);
      details->device_begin = mark(device, details->stream);
    }
    event_.emplace();
    event_->details = std::move(details);
  }
  begin(kind, name ? name : op.name(), device, 0);
}

void ProfiledOp::finish(const Tensor* out) {
  if (!log_) return;
  event_->end = profile_clock();
  if (event_->kind == ProfileKind::Op && out && op_.num_outputs() > 0 && GradMode::enabled())
    if (const GradMeta* meta = grad_meta(out[0]); meta && meta->grad_fn) event_->sequence = meta->grad_fn->sequence;
  const ProfileOptions& options = session().options;
  if (options.temporaries && out && op_.num_outputs() > 0 && out[0].is_meta() && !op_.is_view()) note_temporaries(out);
  ProfileDetails* details = event_->details.get();
  if (!details) return;
  if (options.flops) details->flops = flops_of(op_, in_, out);
  if (details->device_begin) details->device_end = mark(event_->device, details->stream);
}

// Tensors as they would lie in host memory; nothing reads or writes it.
void ProfiledOp::note_temporaries(const Tensor* out) const {
  auto addressed = [](const Tensor& t) {
    if (!t.defined()) return Tensor();
    void* nowhere = reinterpret_cast<void*>(uintptr_t{1} << 62);
    auto storage = make_ref<Storage>(nowhere, t.impl()->storage->nbytes(), Device{}, std::shared_ptr<void>());
    return Tensor(make_ref<TensorImpl>(std::move(storage), t.shape(), t.strides(), t.offset(), t.dtype()));
  };
  std::vector<Tensor> ins, outs;
  for (int i = 0; i < in_.size(); i++) ins.push_back(addressed(in_[i]));
  for (int i = 0; i < op_.num_outputs(); i++) outs.push_back(addressed(out[i]));
  SmallVector<const Tensor*, 8> list;
  for (const Tensor& t : ins) list.push_back(&t);
  size_t bytes = 0;
  {
    // What is made to find this out does not count.
    struct Deaf {
      MemoryHook hook = memory_hook.exchange(nullptr);
      ~Deaf() { memory_hook = hook; }
    } deaf;
    ScratchQuery query;
    bytes = op_.temporary_bytes(Inputs(list.data(), list.size()), outs.data());
    bytes += query.most();
  }
  if (bytes == 0 || !memory_hook.load()) return;
  note_memory(nullptr, static_cast<int64_t>(bytes), out[0].device());
  note_memory(nullptr, -static_cast<int64_t>(bytes), out[0].device());
}

}  // namespace weft

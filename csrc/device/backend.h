// DeviceBackend: what a type of device must offer. The CPU and meta backends are built in; plug-ins (device/plugin.h)
// bring others. Streams, events and graphs are for devices that work beside the host; a backend without them keeps the
// defaults, which raise NotImplementedError.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/device.h"
#include "core/philox_state.h"
#include "core/ref.h"
#include "core/small_vector.h"
#include "memory/allocator.h"

namespace weft {

// What there is to know of one device.
struct DeviceProperties {
  std::string name;
  int major = 0, minor = 0;  // of the architecture
  int64_t total_memory = 0;  // bytes
  int multi_processor_count = 0;
  int warp_size = 0;
  int64_t max_threads_per_multi_processor = 0;
  int64_t shared_memory_per_block = 0;  // bytes
  int64_t l2_cache_size = 0;            // bytes
};

// A queue of work of a device; 0 is the default one.
using StreamHandle = uintptr_t;

// A mark in a stream.
class DeviceEvent : public RefCounted {
 public:
  virtual void record(StreamHandle stream) = 0;
  // Work given to the stream of device `index` from now on starts after the mark.
  virtual void wait(int index, StreamHandle stream) = 0;
  virtual bool query() = 0;
  virtual void synchronize() = 0;
  // Milliseconds between this mark and a later one; both need timing.
  virtual double elapsed(DeviceEvent& end) = 0;
};

// Memory that tensors are allocated from while work is recorded; it is theirs as long as a graph uses it.
class GraphMemory : public RefCounted {};

// Recorded work that can be run again as a whole. It owns the memory that its tensors were allocated from.
class DeviceGraph : public RefCounted {
 public:
  // Reads the numbers in host memory that the next launch is to use. False: the work would be another for them.
  virtual bool prepare() = 0;
  // `random`: where the default generator stands; the work draws as many of its numbers as it did when recorded.
  virtual void launch(PhiloxState random) = 0;
};

struct CaptureOptions {
  PhiloxState random;  // where the default generator stands
  // Graphs that never run at the same time may share it. Default: the graph's own.
  Ref<GraphMemory> memory{};
  // Host memory of operands whose values are read anew by each prepare(). end_capture() raises an error if no op has
  // read one that way; Op::rereads() says which ops do.
  std::vector<const void*> numbers{};
};

class DeviceBackend {
 public:
  virtual ~DeviceBackend() = default;
  // How many devices of this type can be used now.
  virtual int count() const = 0;
  // Why count() is 0: a sentence that says what is missing.
  virtual std::string unavailable() const { return {}; }
  virtual DeviceProperties properties(int index);
  // nullptr: tensors of this device have shapes but no data.
  virtual Allocator* allocator(int index) = 0;
  // Host memory that this device copies from and to without waiting; nullptr when there is no such thing.
  virtual Allocator* pinned_allocator() { return nullptr; }
  virtual bool is_pinned(const void*) { return false; }
  // Copies between this device and the host, another device of its type, or itself. With the host it is complete when
  // this returns, unless `non_blocking` and the device can go on alone; otherwise work that the current streams of both
  // devices are given later comes after it.
  virtual void copy(void* dst, Device dst_device, const void* src, Device src_device, size_t nbytes,
                    bool non_blocking) = 0;
  // Waits for all work; raises errors that the device has met meanwhile (an index out of range, say). This and all that
  // waits lets other Python threads run (core/other_threads.h).
  virtual void synchronize(int index) = 0;

  // Streams of the calling thread.
  virtual StreamHandle current_stream(int index);
  virtual void set_current_stream(int index, StreamHandle stream);
  virtual StreamHandle new_stream(int index, int priority);
  virtual void delete_stream(int index, StreamHandle stream);
  virtual bool stream_done(int index, StreamHandle stream);
  virtual void synchronize_stream(int index, StreamHandle stream);
  // Work given to `stream` from now on starts after all that `other` was given until now; both are of this device.
  virtual void wait_stream(int, StreamHandle, StreamHandle) {}
  // The block that holds `data` is used by work of this stream too: it is not given out again before that is done.
  virtual void record_stream(int index, void* data, StreamHandle stream);
  virtual Ref<DeviceEvent> new_event(int index, bool timing);

  // From now on this thread's work on its current stream is recorded instead of run.
  virtual void begin_capture(int index, const CaptureOptions& options);
  // Does this thread record?
  virtual bool capturing() { return false; }
  virtual Ref<GraphMemory> new_graph_memory(int index);
  virtual Ref<DeviceGraph> end_capture(int index);
  // After an error while capturing.
  virtual void abort_capture(int index);
};

// Other current streams of the calling thread for a scope.
class StreamScope {
 public:
  StreamScope() = default;
  ~StreamScope() {
    for (int i = before_.size() - 1; i >= 0; i--)
      before_[i].backend->set_current_stream(before_[i].index, before_[i].stream);
  }
  StreamScope(const StreamScope&) = delete;
  StreamScope& operator=(const StreamScope&) = delete;
  void enter(DeviceBackend& backend, int index, StreamHandle stream) {
    const StreamHandle before = backend.current_stream(index);
    if (before == stream) return;
    before_.emplace_back(Entry{&backend, index, before});
    backend.set_current_stream(index, stream);
  }

 private:
  struct Entry {
    DeviceBackend* backend;
    int index;
    StreamHandle stream;
  };
  SmallVector<Entry, 2> before_;
};

// The backend lives for ever.
void register_backend(DeviceType type, DeviceBackend* backend);
// Looks for the type's plug-in first if nothing is registered. Raises RuntimeError that says the device is not
// available and why.
DeviceBackend& backend_of(Device device);
// The backend of a type, looked for likewise, or nullptr.
DeviceBackend* find_backend(DeviceType type);
// Is there any device but the CPU and meta, whose work may be in streams?
bool any_device_beside_host();
// Why devices of this type cannot be used; empty when they can.
std::string unavailable_reason(DeviceType type);

}  // namespace weft

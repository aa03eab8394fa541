#include "device/backend.h"

#include <atomic>
#include <cstring>

#include "core/error.h"
#include "device/plugin.h"

namespace weft {

namespace {

class CpuBackend : public DeviceBackend {
 public:
  int count() const override { return 1; }
  Allocator* allocator(int) override { return &host_allocator(); }
  void copy(void* dst, Device, const void* src, Device, size_t nbytes, bool) override {
    if (nbytes) std::memcpy(dst, src, nbytes);
  }
  void synchronize(int) override {}
};

class MetaBackend : public DeviceBackend {
 public:
  int count() const override { return 1; }
  Allocator* allocator(int) override { return nullptr; }
  void copy(void*, Device, const void*, Device, size_t, bool) override {
    fail("meta: a tensor on the meta device has a shape but no data to copy");
  }
  void synchronize(int) override {}
};

CpuBackend cpu_backend;
MetaBackend meta_backend;
constinit std::atomic<DeviceBackend*> backends[kNumDeviceTypes] = {&cpu_backend, &meta_backend, nullptr, nullptr};
constinit std::atomic<bool> beside_host{false};

[[noreturn]] void lacks(const char* what) { fail<ErrorKind::NotImplemented>("this type of device has no ", what); }

}  // namespace

DeviceProperties DeviceBackend::properties(int) { lacks("properties"); }
StreamHandle DeviceBackend::current_stream(int) { return 0; }
void DeviceBackend::set_current_stream(int, StreamHandle) { lacks("streams"); }
StreamHandle DeviceBackend::new_stream(int, int) { lacks("streams"); }
void DeviceBackend::delete_stream(int, StreamHandle) { lacks("streams"); }
bool DeviceBackend::stream_done(int, StreamHandle) { lacks("streams"); }
void DeviceBackend::synchronize_stream(int index, StreamHandle) { synchronize(index); }
void DeviceBackend::record_stream(int, void*, StreamHandle) {}
Ref<DeviceEvent> DeviceBackend::new_event(int, bool) { lacks("events"); }
void DeviceBackend::begin_capture(int, const CaptureOptions&) { lacks("graphs"); }
Ref<GraphMemory> DeviceBackend::new_graph_memory(int) { lacks("graphs"); }
Ref<DeviceGraph> DeviceBackend::end_capture(int) { lacks("graphs"); }
void DeviceBackend::abort_capture(int) { lacks("graphs"); }

void register_backend(DeviceType type, DeviceBackend* backend) {
  backends[static_cast<int>(type)] = backend;
  beside_host.store(true, std::memory_order_relaxed);
}
bool any_device_beside_host() { return beside_host.load(std::memory_order_relaxed); }

DeviceBackend* find_backend(DeviceType type) {
  if (!backends[static_cast<int>(type)]) load_default_plugin(type);
  return backends[static_cast<int>(type)];
}

std::string unavailable_reason(DeviceType type) {
  DeviceBackend* backend = find_backend(type);
  if (!backend) return plugin_problem(type);
  return backend->count() > 0 ? std::string() : backend->unavailable();
}

DeviceBackend& backend_of(Device device) {
  DeviceBackend* backend = backends[static_cast<int>(device.type)];
  if (!backend) [[unlikely]]
    backend = find_backend(device.type);
  if (!backend || device.index >= backend->count()) {
    std::string reason = unavailable_reason(device.type);
    check(reason.empty(), "device '", device, "' is not available: ", reason);
    fail("device '", device, "' does not exist: there are ", backend->count(), " devices of this type, counted from 0");
  }
  return *backend;
}

}  // namespace weft

#include "device/backend.h"

#include <cstring>

#include "core/error.h"

namespace weft {

namespace {

class CpuBackend : public DeviceBackend {
 public:
  int count() const override { return 1; }
  Allocator* allocator(int) override { return &host_allocator(); }
  void copy(void* dst, Device, const void* src, Device, size_t nbytes) override {
    if (nbytes) std::memcpy(dst, src, nbytes);
  }
  void synchronize(int) override {}
};

class MetaBackend : public DeviceBackend {
 public:
  int count() const override { return 1; }
  Allocator* allocator(int) override { return nullptr; }
  void copy(void*, Device, const void*, Device, size_t) override {
    fail("meta: a tensor on the meta device has a shape but no data to copy");
  }
  void synchronize(int) override {}
};

CpuBackend cpu_backend;
MetaBackend meta_backend;
constinit DeviceBackend* backends[kNumDeviceTypes] = {&cpu_backend, &meta_backend, nullptr, nullptr};

}  // namespace

void register_backend(DeviceType type, DeviceBackend* backend) { backends[static_cast<int>(type)] = backend; }

bool has_backend(DeviceType type) { return backends[static_cast<int>(type)] != nullptr; }

DeviceBackend& backend_of(Device device) {
  DeviceBackend* backend = backends[static_cast<int>(device.type)];
  check(backend != nullptr, "device '", device, "' is not available: no plug-in for it is installed in this Weft");
  check(device.index < backend->count(), "device '", device, "' does not exist: there are ", backend->count(),
        " devices of this type");
  return *backend;
}

}  // namespace weft

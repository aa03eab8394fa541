// DeviceBackend: what a type of device must offer. The CPU and meta backends are built in; plug-ins register theirs.
#pragma once

#include <cstddef>

#include "core/device.h"
#include "memory/allocator.h"

namespace weft {

class DeviceBackend {
 public:
  virtual ~DeviceBackend() = default;
  // How many devices of this type can be used now.
  virtual int count() const = 0;
  // nullptr: tensors of this device have shapes but no data.
  virtual Allocator* allocator(int index) = 0;
  // Copies between this device and the host or itself; complete when it returns.
  virtual void copy(void* dst, Device dst_device, const void* src, Device src_device, size_t nbytes) = 0;
  virtual void synchronize(int index) = 0;
};

// The backend lives for ever.
void register_backend(DeviceType type, DeviceBackend* backend);
// Raises RuntimeError that says the type is not available and why, when nothing is registered.
DeviceBackend& backend_of(Device device);
bool has_backend(DeviceType type);

}  // namespace weft

#include "tensor/storage.h"

#include "device/backend.h"

namespace weft {

constinit thread_local uint32_t trace_number = 0;

Storage::Storage(size_t nbytes, Device device) : nbytes_(nbytes), device_(device), counted_(true) {
  allocator_ = backend_of(device).allocator(device.index);
  if (allocator_) data_ = allocator_->allocate(nbytes);
  tell_memory_hook(this, static_cast<int64_t>(nbytes), device);
}

Storage::Storage(void* data, size_t nbytes, Device device, std::shared_ptr<void> owner, bool writable)
    : data_(data), nbytes_(nbytes), owner_(std::move(owner)), device_(device), writable_(writable) {}

Storage::~Storage() {
  if (counted_) tell_memory_hook(this, -static_cast<int64_t>(nbytes_), device_);
  if (allocator_ && data_) allocator_->deallocate(data_, nbytes_);
}

}  // namespace weft

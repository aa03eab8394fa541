#include "tensor/storage.h"

#include <cstring>
#include <utility>

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

Ref<Storage> Storage::open(const std::shared_ptr<SharedMemory>& memory, size_t begin, size_t nbytes) {
  if (RefCounted* known = memory->find(begin)) {
    Ref<Storage> storage(static_cast<Storage*>(known));
    known->release();
    if (storage->nbytes() == nbytes) return storage;
  }
  auto storage = make_ref<Storage>(memory->data() ? memory->data() + begin : nullptr, nbytes, Device{}, memory);
  storage->shared_ = memory.get();
  storage->shared_begin_ = begin;
  memory->remember(begin, storage.get());
  return storage;
}

void Storage::share() {
  if (shared_ || symbolic_ || device_.type != DeviceType::CPU) return;
  std::shared_ptr<SharedMemory> memory = SharedMemory::create(nbytes_);
  if (nbytes_) std::memcpy(memory->data(), data_, nbytes_);
  std::shared_ptr<void> before = std::move(owner_);
  if (allocator_ && data_)
    before = {data_, [allocator = allocator_, nbytes = nbytes_](void* data) { allocator->deallocate(data, nbytes); }};
  allocator_ = nullptr;
  if (std::exchange(counted_, false)) tell_memory_hook(this, -static_cast<int64_t>(nbytes_), device_);
  shared_ = memory.get();
  shared_begin_ = 0;
  leased_ = false;
  memory->remember(0, this);
  data_ = memory->data();
  writable_ = true;
  owner_ = std::move(memory);
  if (lent_) owner_ = std::make_shared<std::pair<std::shared_ptr<void>, std::shared_ptr<void>>>(owner_, before);
}

Storage::~Storage() {
  if (counted_) tell_memory_hook(this, -static_cast<int64_t>(nbytes_), device_);
  if (shared_) [[unlikely]]
    shared_->forget(this);
  if (allocator_ && data_) allocator_->deallocate(data_, nbytes_);
}

}  // namespace weft

// Storage: a block of a device's memory, shared by all tensors that view it, with the version counter of its contents.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/device.h"
#include "core/ref.h"
#include "memory/allocator.h"
#include "memory/shared_memory.h"

namespace weft {

// The number of the trace that this thread is making; 0: none.
extern constinit thread_local uint32_t trace_number;

class Storage final : public RefCounted, public Pooled<Storage> {
 public:
  // Takes nbytes from the device's allocator; contents are undefined. On the meta device there is no memory.
  Storage(size_t nbytes, Device device);
  // No memory: stands for what a traced op will compute (graph/tracer.h).
  struct Symbolic {};
  Storage(size_t nbytes, Device device, Symbolic) : nbytes_(nbytes), device_(device), symbolic_(true) {}
  // Memory owned by somebody else; `owner` keeps it alive.
  Storage(void* data, size_t nbytes, Device device, std::shared_ptr<void> owner, bool writable = true);
  // A part of memory that other processes see too; one object for all who open the same part.
  static Ref<Storage> open(const std::shared_ptr<SharedMemory>& memory, size_t begin, size_t nbytes);
  ~Storage() override;

  void* data() const { return data_; }
  size_t nbytes() const { return nbytes_; }
  Device device() const { return device_; }
  bool writable() const { return writable_; }
  // The trace during which this was made on a traced thread (trace_number).
  uint32_t made_in() const { return made_in_; }
  bool symbolic() const { return symbolic_; }
  // Only for memory owned by somebody else: it lies elsewhere now.
  void move_to(void* data) { data_ = data; }

  // Memory of other processes too, or nullptr.
  SharedMemory* shared() const { return shared_; }
  // Where the storage begins in it.
  size_t shared_begin() const { return shared_begin_; }
  // The memory is lent by another process, which uses it again when this storage is gone.
  bool leased() const { return leased_; }
  void set_leased() { leased_ = true; }
  // Moves the contents to such memory, in host memory; whoever has data() from before keeps what lend() promised.
  void share();
  // Somebody outside (NumPy, DLPack, a buffer) has data(), and this storage: the memory stays as long as it does.
  void lend() { lent_.store(true, std::memory_order_relaxed); }

  // Counts in-place changes of the contents. Autograd compares it with the value it saw when it saved a tensor.
  uint32_t version() const { return version_.load(std::memory_order_relaxed); }
  // `op`: the name of the op that changed the contents (a string that lives for ever).
  void bump_version(const char* op) {
    version_.fetch_add(1, std::memory_order_relaxed);
    last_writer_ = op;
  }
  const char* last_writer() const { return last_writer_; }
  // Takes back changes that were only traced.
  void reset_version(uint32_t version) { version_.store(version, std::memory_order_relaxed); }

 private:
  void* data_ = nullptr;
  size_t nbytes_;
  Allocator* allocator_ = nullptr;
  std::shared_ptr<void> owner_;
  SharedMemory* shared_ = nullptr;  // owner_ keeps it
  size_t shared_begin_ = 0;
  std::atomic<uint32_t> version_{0};
  Device device_;
  bool writable_ = true;
  bool symbolic_ = false;
  bool counted_ = false;  // does the memory hook hear of it?
  bool leased_ = false;
  std::atomic<bool> lent_{false};
  uint32_t made_in_ = trace_number;
  const char* last_writer_ = "";
};

}  // namespace weft

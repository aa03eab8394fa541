// Scratch: memory a kernel needs while it runs; without standard headers, for per-ISA files. A plan that knows how much
// a kernel takes gives it a place of its own arena (graph/plan.h); otherwise it comes from the host allocator.
//
// How much that is, a kernel says itself, without computing: a ScratchQuery runs it as far as its last Scratch. There
// it returns, before it reads or writes a tensor:
//
//   Scratch scratch(bytes);
//   if (scratch_only_asked()) return;
//
// The op of such a kernel gives temporary_bytes() (op/op.h). The tests notice where either is missing: they look for
// the line above in the sources, and no jitted step may take more than was planned.
#pragma once

#include <stddef.h>

#include "core/inline.h"

namespace weft {

// The scratch memory of one thread.
struct ScratchThread {
  char *begin = nullptr, *free = nullptr, *end = nullptr;  // of the place that a plan gives
  size_t taken = 0, most = 0;                              // bytes now, and at most so far
  bool only_asked = false;
};
[[gnu::tls_model("initial-exec")]] extern constinit thread_local ScratchThread scratch_thread;

// Are kernels on this thread to say what they take, and no more?
WEFT_INLINE bool scratch_only_asked() { return scratch_thread.only_asked; }

// Aligned to 64; nullptr while only asked. Raises OutOfMemory, so it is called before the first change and outside
// parallel parts.
void* scratch_allocate(size_t bytes);
// The same, but there is memory even while only asked: for what the size of other scratch memory is computed in.
void* scratch_allocate_even_if_asked(size_t bytes);
void scratch_free(void* data, size_t bytes) noexcept;

class Scratch {
 public:
  WEFT_INLINE explicit Scratch(size_t bytes) : bytes_(bytes), data_(bytes ? scratch_allocate(bytes) : nullptr) {}
  struct EvenIfAsked {};
  WEFT_INLINE Scratch(size_t bytes, EvenIfAsked) : bytes_(bytes), data_(scratch_allocate_even_if_asked(bytes)) {}
  WEFT_INLINE ~Scratch() {
    if (bytes_) scratch_free(data_, bytes_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  WEFT_INLINE char* data() const { return static_cast<char*>(data_); }

 private:
  size_t bytes_;
  void* data_;
};

// While it lives, scratch memory of this thread is counted anew, and comes from the given place as far as it fits.
class ScratchScope {
 public:
  ScratchScope(void* place, size_t bytes, bool only_asked = false);
  ~ScratchScope() { scratch_thread = before_; }
  ScratchScope(const ScratchScope&) = delete;
  ScratchScope& operator=(const ScratchScope&) = delete;
  // The most that was in use at one time so far.
  size_t most() const { return scratch_thread.most; }

 private:
  ScratchThread before_;
};

// While it lives, kernels on this thread are only asked.
class ScratchQuery : public ScratchScope {
 public:
  ScratchQuery() : ScratchScope(nullptr, 0, true) {}
};

}  // namespace weft

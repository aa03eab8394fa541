// Scratch: memory a kernel needs while it runs, from the host allocator; without standard headers, for per-ISA files.
#pragma once

#include <stddef.h>

#include "core/inline.h"

namespace weft {

// Aligned to 64. Raises OutOfMemory, so it is called before the first change and outside parallel parts.
void* scratch_allocate(size_t bytes);
void scratch_free(void* data, size_t bytes) noexcept;

class Scratch {
 public:
  WEFT_INLINE explicit Scratch(size_t bytes) : bytes_(bytes), data_(bytes ? scratch_allocate(bytes) : nullptr) {}
  WEFT_INLINE ~Scratch() {
    if (data_) scratch_free(data_, bytes_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  WEFT_INLINE char* data() const { return static_cast<char*>(data_); }

 private:
  size_t bytes_;
  void* data_;
};

}  // namespace weft

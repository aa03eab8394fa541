// The memory of GPUs and the host memory they copy from.
#pragma once

#include "memory/device_allocator.h"

namespace weft::cuda {

DeviceAllocator& device_allocator(int index);

// Pinned host memory. A block whose copy still goes on is not given out again before that is done.
class PinnedAllocator : public Allocator {
 public:
  // A copy from or to [data, data + nbytes) was just given to the stream.
  virtual void note_copy(const void* data, int device) = 0;
  // Does the block lie in this memory?
  virtual bool holds(const void* data) const = 0;
};
PinnedAllocator& pinned_allocator();

}  // namespace weft::cuda

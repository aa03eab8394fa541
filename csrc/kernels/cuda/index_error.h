// How kernels tell the host of an index out of range.
#pragma once

#include "kernels/cuda/launch.h"
#include "memory/allocator.h"

namespace weft::cuda {

// Of several errors the first one to arrive is kept. `op` is allocation_tag() on the host.
__device__ __forceinline__ void report(IndexError* error, const char* op, int64_t index, int64_t size) {
  if (atomicCAS(&error->found, 0, 2) != 0) return;
  error->op = op;
  error->index = index;
  error->size = size;
  error->found = 1;
}

}  // namespace weft::cuda

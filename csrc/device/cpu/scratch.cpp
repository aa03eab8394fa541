#include "device/cpu/scratch.h"

#include "memory/allocator.h"

namespace weft {

void* scratch_allocate(size_t bytes) { return host_allocator().allocate(bytes); }
void scratch_free(void* data, size_t bytes) noexcept { host_allocator().deallocate(data, bytes); }

}  // namespace weft

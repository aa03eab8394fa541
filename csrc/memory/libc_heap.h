// The C library's heap, from which Python, NumPy and Pillow take their memory.
#pragma once

namespace weft {

// From now on free() keeps memory in the process for the next malloc(): up to 64 MiB, of blocks up to 32 MiB, the most
// that glibc raises its own thresholds to. By default it gives the memory of each decoded image back to the system, and
// the pages of the next one are made anew, which takes as long as decoding. Nothing changes where the user has set the
// thresholds (MALLOC_TRIM_THRESHOLD_, MALLOC_MMAP_THRESHOLD_, GLIBC_TUNABLES) or the C library is another one. Returns
// whether it was set.
bool keep_freed_heap();

}  // namespace weft

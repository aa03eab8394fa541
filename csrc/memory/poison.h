// Tells AddressSanitizer which bytes of cached memory nobody may touch. Does nothing in an ordinary build.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
namespace weft {
inline void poison(void* data, size_t nbytes) { ASAN_POISON_MEMORY_REGION(data, nbytes); }
inline void unpoison(void* data, size_t nbytes) { ASAN_UNPOISON_MEMORY_REGION(data, nbytes); }
}  // namespace weft
#else
namespace weft {
inline void poison(void*, size_t) {}
inline void unpoison(void*, size_t) {}
}  // namespace weft
#endif

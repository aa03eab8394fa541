// The epilogue after a kernel that cannot call it part by part.
#pragma once

#include "device/cpu/threads.h"
#include "kernels/tile.h"

namespace weft {
namespace WEFT_ISA {
namespace {

WEFT_INLINE void run_whole(const Epilogue& then, int64_t elements) {
  parallel_for(elements, 1 << 14, [&](int64_t begin, int64_t end) { then(begin, 1, end - begin, end - begin); });
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

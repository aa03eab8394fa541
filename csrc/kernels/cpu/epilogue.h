// How kernels call epilogues.
#pragma once

#include "device/cpu/threads.h"
#include "kernels/tile.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// After a kernel that cannot call it part by part.
WEFT_INLINE void run_whole(const Epilogue& then, int64_t elements) {
  parallel_for(elements, 1 << 14, [&](int64_t begin, int64_t end) { then(begin, 1, end - begin, end - begin); });
}

// For `pixels` adjacent pixels of so many channels of images that are contiguous or have their channels innermost;
// strides in elements: of n, channel, d, h, w; first: the place of the first pixel's first channel.
WEFT_INLINE void finish_pixels(const Epilogue& then, const int64_t* strides, int64_t first, int64_t channels,
                               int64_t pixels) {
  if (strides[1] != 1)
    then(first, channels, strides[1], pixels);
  else if (strides[4] == channels)
    then(first, 1, channels * pixels, channels * pixels);
  else
    then(first, pixels, strides[4], channels);
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

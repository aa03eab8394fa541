// Where a draw of random numbers starts in the counter of a Philox stream (kernels/scalar/philox.h).
#pragma once

#include <stdint.h>

namespace weft {

struct PhiloxState {
  uint64_t seed = 0;
  uint64_t offset = 0;  // first counter block of the draw
};

}  // namespace weft

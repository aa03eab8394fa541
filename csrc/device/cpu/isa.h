// Which instruction-set level the CPU kernels use: x86-64-v2, v3 or v4 (level 1, 2, 3), 0 elsewhere.
#pragma once

namespace weft {

// The highest level this machine has, or less if the environment variable WEFT_ISA (v2, v3, v4) says so.
int isa_level();
const char* isa_name();

}  // namespace weft

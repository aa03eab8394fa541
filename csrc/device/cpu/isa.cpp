#include "device/cpu/isa.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#ifndef WEFT_LOWEST_ISA
#define WEFT_LOWEST_ISA 1
#endif

namespace weft {

namespace {

int detect() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  int level = __builtin_cpu_supports("x86-64-v4") ? 3 : __builtin_cpu_supports("x86-64-v3") ? 2 : 1;
  if (const char* wanted = std::getenv("WEFT_ISA")) {
    if (std::strcmp(wanted, "v2") == 0)
      level = WEFT_LOWEST_ISA;
    else if (std::strcmp(wanted, "v3") == 0)
      level = level > 2 ? 2 : level;
    else if (std::strcmp(wanted, "v4") != 0)
      std::fprintf(stderr, "weft: WEFT_ISA is '%s', which is none of v2, v3 and v4, and is ignored\n", wanted);
  }
  return level;
#else
  return 0;
#endif
}

}  // namespace

int isa_level() {
  static const int level = detect();
  return level;
}

const char* isa_name() {
  constexpr const char* names[] = {"baseline", "x86-64-v2", "x86-64-v3", "x86-64-v4"};
  return names[isa_level()];
}

}  // namespace weft

#include "kernels/cuda/compiled/tile_source.h"

namespace weft::cuda {

const std::vector<SourceFile>& device_headers() {
  static const std::vector<SourceFile> files = {
#include "kernels/cuda/compiled/device_headers.inc"
      {"stdint.h",
       "#pragma once\n"
       "typedef signed char int8_t;\n"
       "typedef short int16_t;\n"
       "typedef int int32_t;\n"
       "typedef long int64_t;\n"
       "typedef unsigned char uint8_t;\n"
       "typedef unsigned short uint16_t;\n"
       "typedef unsigned int uint32_t;\n"
       "typedef unsigned long uint64_t;\n"
       "#define INT64_MAX 9223372036854775807l\n"
       "#define INT64_MIN (-INT64_MAX - 1)\n"},
      {"cstdint", "#include <stdint.h>\n"},
      {"cstddef", "#pragma once\n"},
      {"utility", "#pragma once\n"},
      {"string", "namespace std { class string; }\n"},
  };
  return files;
}

}  // namespace weft::cuda

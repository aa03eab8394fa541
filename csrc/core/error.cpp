#include "core/error.h"

#include <cstdio>

namespace weft {

void append_text(std::string& out, double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.12g", value);
  out += buffer;
}

}  // namespace weft

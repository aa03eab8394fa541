// The libraries that kernels call: their versions, for bug reports, and switches.
#pragma once

#include <string>

namespace weft {

std::string onednn_version();
// May oneDNN compute? Where it does not, Weft's own loops do.
bool onednn_enabled();
void enable_onednn(bool on);

}  // namespace weft

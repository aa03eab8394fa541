// Versions of the libraries that kernels call, for bug reports.
#pragma once

#include <string>

namespace weft {

std::string onednn_version();

}  // namespace weft

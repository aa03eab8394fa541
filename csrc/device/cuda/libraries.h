// NVIDIA's libraries, opened at run time: the plug-in itself needs none of them to be loaded.
#pragma once

#include <string>
#include <vector>

namespace weft::cuda {

// Opens what is not open yet: libraries that the process has, that the system finds, that lie beside the package or in
// the folders of installed wheels. Returns the names of those that are missing.
std::vector<std::string> open_libraries();

void* cublaslt_library();
void* cudnn_library();
void* nvrtc_library();

}  // namespace weft::cuda

// The backend of NVIDIA GPUs.
#pragma once

#include "device/backend.h"

namespace weft::cuda {

DeviceBackend* create_backend();

}  // namespace weft::cuda

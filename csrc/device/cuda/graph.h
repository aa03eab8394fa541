// Graphs of recorded work, and the recording thread's state.
#pragma once

#include <cuda_runtime.h>

#include "device/backend.h"
#include "device/cuda/runtime.h"

namespace weft::cuda {

Ref<GraphMemory> new_graph_memory(int device);
void begin_capture(int device, const CaptureOptions& options);
Ref<DeviceGraph> end_capture(int device);
void abort_capture(int device);

}  // namespace weft::cuda

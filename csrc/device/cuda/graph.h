// Graphs of recorded work, and the recording thread's state.
#pragma once

#include <cuda_runtime.h>

#include "device/backend.h"
#include "device/cuda/runtime.h"

namespace weft::cuda {

// Waits for all work of a device. CUDA cannot while anything is being recorded: plans that other threads record are
// waited for, which takes milliseconds, or as long as NVRTC takes for kernels that are new.
void synchronize_device(int device);

Ref<GraphMemory> new_graph_memory(int device);
void begin_capture(int device, const CaptureOptions& options);
Ref<DeviceGraph> end_capture(int device);
void abort_capture(int device);

}  // namespace weft::cuda

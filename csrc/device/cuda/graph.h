// Graphs of recorded work, and the recording thread's state.
#pragma once

#include <cuda_runtime.h>

#include "device/backend.h"
#include "device/cuda/runtime.h"

namespace weft::cuda {

// Waits for all work of a device while other Python threads run. CUDA would refuse that, and spoil the recording, while
// anything is being recorded; then the streams that are not are waited for, one by one.
void synchronize_device(int device);
// The same for destructors, and where mutexes are held: Python's global lock stays where it is. Returns what failed.
cudaError_t wait_for_device(int device) noexcept;

// The streams of a device that have to be waited for.
void note_stream(int device, cudaStream_t stream);
void forget_stream(int device, cudaStream_t stream);

Ref<GraphMemory> new_graph_memory(int device);
void begin_capture(int device, const CaptureOptions& options);
Ref<DeviceGraph> end_capture(int device);
void abort_capture(int device);

}  // namespace weft::cuda

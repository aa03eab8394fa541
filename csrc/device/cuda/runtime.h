// The plug-in's view of the CUDA runtime: checked calls, the current stream, the graph being recorded, and errors that
// kernels found.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "core/device.h"

namespace weft::cuda {

// Raises RuntimeError that names the op that runs now, the call and CUDA's reason; OutOfMemoryError for lack of memory.
void check(cudaError_t error, const char* call);

// Makes the device current for this thread's CUDA calls. Asks the driver which one is: other libraries change it too.
void use_device(int index);
// The same for destructors: without an error when the driver is gone already, at the end of the process.
void use_device_if_possible(int index) noexcept;
// The calling thread's stream of the device that the running kernel is for, which is made current.
cudaStream_t stream();
cudaStream_t stream_of(int index);
void set_stream_of(int index, cudaStream_t stream);

// Work given to `stream` from now on starts after all that `other`, maybe of another device, was given until now.
void wait_stream(int index, cudaStream_t stream, int other_index, cudaStream_t other);
// Is the stream being recorded as a graph, by whichever thread? Then nothing can wait for it.
bool is_recorded(cudaStream_t stream);
// Waits for a stream while other Python threads run, then raises what its kernels have met. RuntimeError while it is
// being recorded.
void synchronize_stream(int index, cudaStream_t stream);

// After a kernel was started: raises if it could not be. With WEFT_CUDA_SYNC=1 waits for it, so that every error shows
// at the op that caused it.
void check_launch();

// What a kernel writes when it meets an index out of range; it then skips the element. In host memory that the device
// can write to. The host looks at it whenever it waits for the device.
struct IndexError {
  int found;       // 2 while it is being written, 1 when it is complete
  const char* op;  // the name, which only the host reads
  int64_t index, size;
};
// Of the kernel's device.
IndexError* index_error();
// Raises IndexError if a kernel has met one.
void raise_index_error(int index);

// What each run writes anew: fill(to) gives `bytes` bytes, or says false where the recorded kernel would not do.
struct GraphNumber {
  std::function<bool(void* to)> fill;
  size_t offset, bytes;  // in the graph's cells
};

// The graph that this thread is recording.
struct Capture {
  int device;
  cudaStream_t stream;           // where recording began
  bool several_streams = false;  // others were made to wait for it, and are recorded too
  uint64_t first_offset;         // of the default generator when recording began
  uint64_t seed;                 // and its seed
  uint64_t* cells;  // on the device, set before each run: [0] the generator's offset, [1] runs so far, then numbers
  struct Source {
    const void* host;
    bool used;
  };
  std::vector<Source> sources;  // CaptureOptions::numbers
  std::vector<GraphNumber> numbers;
  size_t cell_bytes;
};
Capture* capture();
// The allocator's name for the memory of work that is recorded from the stream: streams run side by side, so that each
// has its own. 0 where this thread records nothing from it.
uintptr_t graph_pool(int device, cudaStream_t stream);

// Where a kernel finds, on the device, what `fill` makes of the number or numbers at `host` before each launch. nullptr
// unless a graph is being recorded that reads them anew: then the kernel takes them as they are.
void* graph_number(const void* host, size_t bytes, std::function<bool(void* to)> fill);
// The same for a number as it is.
void* graph_number(const void* host, size_t bytes);

constexpr int kMaxDevices = 64;

}  // namespace weft::cuda

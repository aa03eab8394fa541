#include "kernels/cuda/scratch.h"

#include "core/other_threads.h"
#include "device/cuda/backend.h"
#include "device/cuda/memory.h"
#include "kernels/plugin.h"

WEFT_PLUGIN(CUDA, &weft::cuda::create_backend)

namespace weft::cuda {

DeviceScratch::DeviceScratch(size_t nbytes)
    : data_(device_allocator(kernel_device().index).allocate(nbytes)),
      nbytes_(nbytes),
      device_(kernel_device().index) {}

DeviceScratch::~DeviceScratch() { device_allocator(device_).deallocate(data_, nbytes_); }

void read_back(void* to, const void* from, size_t nbytes) {
  cudaStream_t on = stream();
  weft::check(!capture(), "this op needs a value from the device, which does not exist while a graph is recorded");
  {
    OthersRun others;  // this waits too where the memory is not pinned
    check(cudaMemcpyAsync(to, from, nbytes, cudaMemcpyDeviceToHost, on), "cudaMemcpyAsync");
  }
  synchronize_stream(kernel_device().index, on);
}

}  // namespace weft::cuda

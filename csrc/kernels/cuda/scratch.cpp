#include "kernels/cuda/scratch.h"

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
  check(cudaMemcpyAsync(to, from, nbytes, cudaMemcpyDeviceToHost, on), "cudaMemcpyAsync");
  check(cudaStreamSynchronize(on), "cudaStreamSynchronize");
  raise_index_error(kernel_device().index);
}

}  // namespace weft::cuda

// Starting kernels, and what every .cu file includes.
//
// On a machine without a GPU the same files are compiled for a simulated device (tests/cuda_simulator), which runs
// their threads on the host. Therefore kernels are started with launch() rather than <<< >>>, and dynamic shared memory
// is declared with WEFT_DYNAMIC_SHARED.
#pragma once

#include "kernels/cuda/scratch.h"
#include "kernels/plugin.h"
#include "kernels/view.h"

#define WEFT_CUDA_KERNEL(table, kernel) WEFT_DEVICE_KERNEL(CUDA, table, kernel)

#ifdef WEFT_CUDA_SIMULATOR
#define WEFT_DYNAMIC_SHARED(name) unsigned char* name = simulator::dynamic_shared()
#else
#define WEFT_DYNAMIC_SHARED(name) extern __shared__ __align__(16) unsigned char name[]
#endif

namespace weft::cuda {

constexpr int kWarp = 32;

struct Grid {
  dim3 blocks, threads;
  size_t shared = 0;
};

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), const Grid& grid, Arguments&&... arguments) {
  cudaStream_t on = stream();
#ifdef WEFT_CUDA_SIMULATOR
  simulator::launch(kernel, grid.blocks, grid.threads, grid.shared, on, arguments...);
#else
  if (grid.shared > 48 * 1024) {
    check(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(grid.shared)),
          "cudaFuncSetAttribute");
  }
  kernel<<<grid.blocks, grid.threads, grid.shared, on>>>(static_cast<Parameters>(arguments)...);
#endif
  check_launch();
}

WEFT_INLINE int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Blocks of `threads` for n items; more than fit a grid are left to the kernel's loop.
inline Grid grid_for(int64_t n, int threads = 256, int64_t most = 1 << 20) {
  int64_t blocks = divide_up(n, threads);
  return {dim3(static_cast<unsigned>(blocks < most ? blocks : most)), dim3(static_cast<unsigned>(threads))};
}

// This thread's number in the grid, and the number of threads: for loops over any number of items.
__device__ __forceinline__ int64_t first_item() { return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; }
__device__ __forceinline__ int64_t item_step() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

}  // namespace weft::cuda

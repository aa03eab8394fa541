// The part of CUDA's runtime interface that the plug-in uses, for a simulated device on the host: enough to run its
// kernels, allocator, streams and graphs where there is no GPU. Names and meanings are those of the CUDA Runtime API
// and of the CUDA C++ Programming Guide; speed is nobody's aim here.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <tuple>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __shared__ static
#define __constant__
#define __restrict__ __restrict
#define __launch_bounds__(...)

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};

enum cudaError_t {
  cudaSuccess = 0,
  cudaErrorInvalidValue = 1,
  cudaErrorMemoryAllocation = 2,
  cudaErrorInsufficientDriver = 35,
  cudaErrorNoDevice = 100,
  cudaErrorInvalidDevice = 101,
  cudaErrorInvalidResourceHandle = 400,
  cudaErrorNotReady = 600,
  cudaErrorIllegalAddress = 700,
  cudaErrorLaunchOutOfResources = 701,
  cudaErrorStreamCaptureUnsupported = 900,
  cudaErrorStreamCaptureInvalidated = 901,
  cudaErrorStreamCaptureUnjoined = 904,
  cudaErrorStreamCaptureIsolation = 905,
  cudaErrorCapturedEvent = 907,
  cudaErrorUnknown = 999,
};
enum cudaMemcpyKind {
  cudaMemcpyHostToHost,
  cudaMemcpyHostToDevice,
  cudaMemcpyDeviceToHost,
  cudaMemcpyDeviceToDevice,
  cudaMemcpyDefault
};
enum cudaStreamCaptureMode {
  cudaStreamCaptureModeGlobal,
  cudaStreamCaptureModeThreadLocal,
  cudaStreamCaptureModeRelaxed
};
enum cudaStreamCaptureStatus {
  cudaStreamCaptureStatusNone,
  cudaStreamCaptureStatusActive,
  cudaStreamCaptureStatusInvalidated
};
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };
constexpr unsigned cudaStreamNonBlocking = 1, cudaEventDefault = 0, cudaEventDisableTiming = 2;
constexpr unsigned cudaHostAllocDefault = 0, cudaHostAllocPortable = 1, cudaHostAllocMapped = 2;
constexpr unsigned long long cudaEnableDefault = 0;
enum cudaDriverEntryPointQueryResult { cudaDriverEntryPointSuccess, cudaDriverEntryPointSymbolNotFound };

namespace simulator {
struct Stream;
struct Event;
struct Graph;
struct Kernel;
}  // namespace simulator
using cudaStream_t = simulator::Stream*;
using cudaEvent_t = simulator::Event*;
using cudaGraph_t = simulator::Graph*;
using cudaGraphExec_t = simulator::Graph*;
using cudaLibrary_t = void*;
using cudaKernel_t = simulator::Kernel*;

struct cudaDeviceProp {
  char name[256];
  int major, minor;
  size_t totalGlobalMem;
  int multiProcessorCount, warpSize, maxThreadsPerMultiProcessor;
  size_t sharedMemPerBlock, sharedMemPerBlockOptin;
  int l2CacheSize;
};

extern "C" {  // so that tests find them by name
cudaError_t cudaGetDeviceCount(int*);
cudaError_t cudaSetDevice(int);
cudaError_t cudaGetDevice(int*);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp*, int);
cudaError_t cudaDriverGetVersion(int*);
cudaError_t cudaRuntimeGetVersion(int*);
cudaError_t cudaMalloc(void**, size_t);
cudaError_t cudaFree(void*);
cudaError_t cudaHostAlloc(void**, size_t, unsigned);
cudaError_t cudaFreeHost(void*);
cudaError_t cudaMemGetInfo(size_t*, size_t*);
cudaError_t cudaMemcpyAsync(void*, const void*, size_t, cudaMemcpyKind, cudaStream_t);
cudaError_t cudaMemsetAsync(void*, int, size_t, cudaStream_t);
cudaError_t cudaDeviceSynchronize();
cudaError_t cudaStreamCreateWithPriority(cudaStream_t*, unsigned, int);
cudaError_t cudaStreamDestroy(cudaStream_t);
cudaError_t cudaStreamSynchronize(cudaStream_t);
cudaError_t cudaStreamQuery(cudaStream_t);
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned = 0);
cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode);
cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t*);
cudaError_t cudaStreamIsCapturing(cudaStream_t, cudaStreamCaptureStatus*);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t*, cudaGraph_t, unsigned long long = 0);
cudaError_t cudaGraphLaunch(cudaGraphExec_t, cudaStream_t);
cudaError_t cudaGraphDestroy(cudaGraph_t);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t*, unsigned);
cudaError_t cudaEventDestroy(cudaEvent_t);
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t);
cudaError_t cudaEventQuery(cudaEvent_t);
cudaError_t cudaEventSynchronize(cudaEvent_t);
cudaError_t cudaEventElapsedTime(float*, cudaEvent_t, cudaEvent_t);
cudaError_t cudaLibraryLoadData(cudaLibrary_t*, const void*, void*, void*, unsigned, void*, void*, unsigned);
cudaError_t cudaLibraryGetKernel(cudaKernel_t*, cudaLibrary_t, const char*);
cudaError_t cudaLaunchKernel(const void*, dim3, dim3, void**, size_t, cudaStream_t);
cudaError_t cudaGetLastError();
const char* cudaGetErrorString(cudaError_t);
const char* cudaGetErrorName(cudaError_t);
cudaError_t cudaGetDriverEntryPointByVersion(const char*, void**, unsigned, unsigned long long,
                                             cudaDriverEntryPointQueryResult*);

// For tests, which call them by ctypes.
void weft_simulator_order(const char* text);
void weft_simulator_fail(const char* call, int times);
void weft_simulator_hold(int hold);
int weft_simulator_waiting();
}

template <class F>
cudaError_t cudaFuncSetAttribute(F*, cudaFuncAttribute, int) {
  return cudaSuccess;
}

namespace simulator {

// The thread that runs now.
extern dim3 thread_index, block_index, block_size, grid_size;
void wait_for_block();
void wait_for_warp();
// The slots through which the lanes of the running thread's warp see each other's values.
uint64_t* warp_slots();
unsigned char* dynamic_shared();
// Gives the stream a kernel that runs `thread` once for each thread of each block.
cudaError_t run(std::function<void()> thread, dim3 blocks, dim3 threads, size_t shared, cudaStream_t stream);

template <class... Parameters, class... Arguments>
cudaError_t launch(void (*kernel)(Parameters...), dim3 blocks, dim3 threads, size_t shared, cudaStream_t stream,
                   Arguments&&... arguments) {
  std::tuple<Parameters...> values(static_cast<Parameters>(arguments)...);
  return run([kernel, values] { std::apply(kernel, values); }, blocks, threads, shared, stream);
}

template <class T>
T exchange(T value, int lane) {
  static_assert(sizeof(T) <= 8);
  uint64_t* slots = warp_slots();
  unsigned me = thread_index.x + block_size.x * (thread_index.y + block_size.y * thread_index.z);
  std::memcpy(&slots[me % 32], &value, sizeof(T));
  wait_for_warp();
  T other;
  std::memcpy(&other, &slots[lane & 31], sizeof(T));
  wait_for_warp();
  return other;
}
inline int own_lane() {
  return static_cast<int>((thread_index.x + block_size.x * (thread_index.y + block_size.y * thread_index.z)) % 32);
}

}  // namespace simulator

#define threadIdx simulator::thread_index
#define blockIdx simulator::block_index
#define blockDim simulator::block_size
#define gridDim simulator::grid_size
constexpr int warpSize = 32;

inline void __syncthreads() { simulator::wait_for_block(); }
inline void __syncwarp(unsigned = ~0u) { simulator::wait_for_warp(); }
inline void __threadfence() {}
template <class T>
T __shfl_sync(unsigned, T value, int lane) {
  return simulator::exchange(value, lane);
}
template <class T>
T __shfl_xor_sync(unsigned, T value, int mask) {
  return simulator::exchange(value, simulator::own_lane() ^ mask);
}
template <class T>
T __shfl_down_sync(unsigned, T value, unsigned delta) {
  int to = simulator::own_lane() + static_cast<int>(delta);
  return simulator::exchange(value, to < 32 ? to : simulator::own_lane());
}
template <class T>
T __shfl_up_sync(unsigned, T value, unsigned delta) {
  int from = simulator::own_lane() - static_cast<int>(delta);
  return simulator::exchange(value, from >= 0 ? from : simulator::own_lane());
}
inline unsigned __ballot_sync(unsigned, int predicate) {
  unsigned bits = 0;
  for (int lane = 0; lane < 32; lane++) bits |= (simulator::exchange(predicate ? 1 : 0, lane) ? 1u : 0u) << lane;
  return bits;
}
template <class T>
T atomicAdd(T* to, T value) {
  T old = *to;
  *to = old + value;
  return old;
}
template <class T>
T atomicCAS(T* to, T expected, T value) {
  T old = *to;
  if (old == expected) *to = value;
  return old;
}
template <class T>
T atomicOr(T* to, T value) {
  T old = *to;
  *to = old | value;
  return old;
}
template <class T>
T __ldg(const T* p) {
  return *p;
}
inline unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned>((static_cast<uint64_t>(a) * b) >> 32); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }

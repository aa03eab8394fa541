// The simulated device: memory, streams, events, graphs. Work is done at once, in the order it is given, on the thread
// that gives it. Its memory is locked while no kernel or copy runs (where the processor has protection keys), so that
// host code that reads a device's pointer is caught.
#include <sys/mman.h>

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cuda.h"
#include "cuda_runtime.h"

namespace simulator {

constexpr int kDevices = 2;
constexpr size_t kMemory = size_t{4} << 30;  // of each

std::recursive_mutex mutex;
thread_local int current_device = 0;
thread_local cudaError_t last_error = cudaSuccess;

cudaError_t note(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

// Device memory may be touched while one of these lives.
int protection_key() {
  static int key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
  return key;
}
thread_local int open_scopes = 0;
struct Unlocked {
  Unlocked() {
    if (open_scopes++ == 0 && protection_key() >= 0) pkey_set(protection_key(), 0);
  }
  ~Unlocked() {
    if (--open_scopes == 0 && protection_key() >= 0) pkey_set(protection_key(), PKEY_DISABLE_ACCESS);
  }
};
void protect(void* data, size_t nbytes) {
  if (protection_key() >= 0)
    pkey_mprotect(data, nbytes, PROT_READ | PROT_WRITE, protection_key());
  else
    mprotect(data, nbytes, PROT_READ | PROT_WRITE);
  // A thread starts with the key closed only if the thread that made it had it closed.
  if (protection_key() >= 0 && open_scopes == 0) pkey_set(protection_key(), PKEY_DISABLE_ACCESS);
}

struct Graph {
  std::vector<std::function<void()>> work;
};
struct Stream {
  Graph* recording = nullptr;
};
struct Event {
  std::chrono::steady_clock::time_point time{};
  bool recorded = false;
};

Stream default_stream;
int recordings = 0;
Stream& stream_of(cudaStream_t stream) { return stream ? *stream : default_stream; }
size_t used[kDevices] = {};
struct Allocation {
  size_t nbytes;
  int device;
};
std::map<void*, Allocation> allocations;

cudaError_t submit(cudaStream_t stream, std::function<void()> work) {
  if (Graph* graph = stream_of(stream).recording) {
    graph->work.push_back(std::move(work));
    return cudaSuccess;
  }
  Unlocked unlocked;
  work();
  return cudaSuccess;
}

void run_blocks(const std::function<void()>& thread, dim3 blocks, dim3 threads, size_t shared);

cudaError_t run(std::function<void()> thread, dim3 blocks, dim3 threads, size_t shared, cudaStream_t stream) {
  std::lock_guard lock(mutex);
  size_t per_block = static_cast<size_t>(threads.x) * threads.y * threads.z;
  bool fits = per_block >= 1 && per_block <= 1024 && threads.z <= 64 && blocks.x >= 1 && blocks.y >= 1 &&
              blocks.z >= 1 && blocks.x <= 0x7fffffffu && blocks.y <= 65535 && blocks.z <= 65535 &&
              shared <= (size_t{227} << 10);
  if (!fits) return note(cudaErrorInvalidValue);
  return submit(stream, [=, thread = std::move(thread)] { run_blocks(thread, blocks, threads, shared); });
}

}  // namespace simulator

using namespace simulator;

cudaError_t cudaGetDeviceCount(int* count) {
  *count = kDevices;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= kDevices) return note(cudaErrorInvalidDevice);
  current_device = device;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = current_device;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int) {
  *p = {"simulated device", 9, 0, kMemory, 4, 32, 2048, size_t{48} << 10, size_t{227} << 10, 1 << 20};
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) { return cudaDriverGetVersion(version); }

cudaError_t cudaMalloc(void** data, size_t nbytes) {
  std::lock_guard lock(mutex);
  size_t whole = (nbytes + 4095) / 4096 * 4096;
  if (used[current_device] + whole > kMemory) return note(cudaErrorMemoryAllocation);
  *data = mmap(nullptr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  protect(*data, whole);
  used[current_device] += whole;
  allocations[*data] = {whole, current_device};
  return cudaSuccess;
}
cudaError_t cudaFree(void* data) {
  std::lock_guard lock(mutex);
  if (!data) return cudaSuccess;
  auto it = allocations.find(data);
  if (it == allocations.end()) return note(cudaErrorInvalidValue);
  munmap(data, it->second.nbytes);
  used[it->second.device] -= it->second.nbytes;
  allocations.erase(it);
  return cudaSuccess;
}
cudaError_t cudaHostAlloc(void** data, size_t nbytes, unsigned) {
  *data = aligned_alloc(4096, (nbytes + 4095) / 4096 * 4096);
  return *data ? cudaSuccess : note(cudaErrorMemoryAllocation);
}
cudaError_t cudaFreeHost(void* data) {
  free(data);
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(size_t* available, size_t* total) {
  std::lock_guard lock(mutex);
  *total = kMemory;
  *available = kMemory - used[current_device];
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t nbytes, cudaMemcpyKind, cudaStream_t stream) {
  std::lock_guard lock(mutex);
  return submit(stream, [=] { std::memmove(to, from, nbytes); });
}
cudaError_t cudaMemsetAsync(void* to, int value, size_t nbytes, cudaStream_t stream) {
  std::lock_guard lock(mutex);
  return submit(stream, [=] { std::memset(to, value, nbytes); });
}

// As CUDA: not while a stream is being recorded, by whomever.
cudaError_t cudaDeviceSynchronize() {
  std::lock_guard lock(mutex);
  return recordings > 0 ? note(cudaErrorStreamCaptureUnsupported) : cudaSuccess;
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned, int) {
  *stream = new Stream;
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  std::lock_guard lock(mutex);
  return stream_of(stream).recording ? note(cudaErrorStreamCaptureUnsupported) : cudaSuccess;
}
cudaError_t cudaStreamQuery(cudaStream_t stream) { return cudaStreamSynchronize(stream); }
cudaError_t cudaStreamWaitEvent(cudaStream_t, cudaEvent_t, unsigned) { return cudaSuccess; }

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  std::lock_guard lock(mutex);
  if (!stream || stream->recording) return note(cudaErrorStreamCaptureUnsupported);
  stream->recording = new Graph;
  recordings++;
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  std::lock_guard lock(mutex);
  *graph = stream->recording;
  recordings -= stream->recording != nullptr;
  stream->recording = nullptr;
  return *graph ? cudaSuccess : note(cudaErrorInvalidValue);
}
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  std::lock_guard lock(mutex);
  *status = stream_of(stream).recording ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  *exec = new Graph(*graph);
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  std::lock_guard lock(mutex);
  return submit(stream, [exec] {
    for (auto& work : exec->work) work();
  });
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  delete exec;
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new Event;
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t) {
  event->time = std::chrono::steady_clock::now();
  event->recorded = true;
  return cudaSuccess;
}
cudaError_t cudaEventQuery(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaEventSynchronize(cudaEvent_t) { return cudaSuccess; }
cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t start, cudaEvent_t end) {
  if (!start->recorded || !end->recorded) return note(cudaErrorInvalidValue);
  *ms = std::chrono::duration<float, std::milli>(end->time - start->time).count();
  return cudaSuccess;
}

cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }
const char* cudaGetErrorName(cudaError_t error) {
  static thread_local std::map<int, std::string> texts;
  return texts.try_emplace(error, "simulated error " + std::to_string(error)).first->second.c_str();
}
const char* cudaGetErrorString(cudaError_t error) { return cudaGetErrorName(error); }

// Virtual memory: address space is reserved without access; mapping a handle opens a part of it.
namespace {

std::map<unsigned long long, size_t> handles;
std::map<char*, std::pair<size_t, int>> mappings;
unsigned long long next_handle = 1;

CUresult memory_granularity(size_t* size, const CUmemAllocationProp*, CUmemAllocationGranularity_flags) {
  *size = size_t{2} << 20;
  return CUDA_SUCCESS;
}
CUresult memory_reserve(CUdeviceptr* address, size_t size, size_t alignment, CUdeviceptr, unsigned long long) {
  size_t whole = size + (alignment ? alignment : size_t{2} << 20);
  void* base = mmap(nullptr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return CUDA_ERROR_OUT_OF_MEMORY;
  size_t step = alignment ? alignment : size_t{2} << 20;
  *address = (reinterpret_cast<uintptr_t>(base) + step - 1) / step * step;
  return CUDA_SUCCESS;
}
CUresult memory_create(CUmemGenericAllocationHandle* handle, size_t size, const CUmemAllocationProp* p,
                       unsigned long long) {
  std::lock_guard lock(mutex);
  if (used[p->location.id] + size > kMemory) return CUDA_ERROR_OUT_OF_MEMORY;
  *handle = next_handle++ << 8 | static_cast<unsigned>(p->location.id);
  handles[*handle] = size;
  used[p->location.id] += size;
  return CUDA_SUCCESS;
}
CUresult memory_map(CUdeviceptr at, size_t size, size_t, CUmemGenericAllocationHandle handle, unsigned long long) {
  std::lock_guard lock(mutex);
  mappings[reinterpret_cast<char*>(at)] = {size, static_cast<int>(handle & 255)};
  return CUDA_SUCCESS;
}
CUresult memory_access(CUdeviceptr at, size_t size, const CUmemAccessDesc*, size_t) {
  protect(reinterpret_cast<void*>(at), size);
  return CUDA_SUCCESS;
}
// As the driver: only whole mappings can be taken away.
CUresult memory_unmap(CUdeviceptr at, size_t size) {
  std::lock_guard lock(mutex);
  char* begin = reinterpret_cast<char*>(at);
  for (char* p = begin; p < begin + size;) {
    auto it = mappings.find(p);
    if (it == mappings.end()) return CUDA_ERROR_NOT_SUPPORTED;
    used[it->second.second] -= it->second.first;
    p += it->second.first;
    mappings.erase(it);
  }
  // Replaced by fresh pages without access, so that a late use is caught.
  mmap(begin, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  return CUDA_SUCCESS;
}
CUresult memory_release(CUmemGenericAllocationHandle) { return CUDA_SUCCESS; }
CUresult memory_address_free(CUdeviceptr, size_t) { return CUDA_SUCCESS; }

}  // namespace

cudaError_t cudaGetDriverEntryPointByVersion(const char* name, void** function, unsigned, unsigned long long,
                                             cudaDriverEntryPointQueryResult* result) {
  static const std::map<std::string, void*> known = {
      {"cuMemGetAllocationGranularity", reinterpret_cast<void*>(&memory_granularity)},
      {"cuMemAddressReserve", reinterpret_cast<void*>(&memory_reserve)},
      {"cuMemAddressFree", reinterpret_cast<void*>(&memory_address_free)},
      {"cuMemCreate", reinterpret_cast<void*>(&memory_create)},
      {"cuMemMap", reinterpret_cast<void*>(&memory_map)},
      {"cuMemSetAccess", reinterpret_cast<void*>(&memory_access)},
      {"cuMemUnmap", reinterpret_cast<void*>(&memory_unmap)},
      {"cuMemRelease", reinterpret_cast<void*>(&memory_release)}};
  auto it = known.find(name);
  *function = it == known.end() ? nullptr : it->second;
  *result = *function ? cudaDriverEntryPointSuccess : cudaDriverEntryPointSymbolNotFound;
  return cudaSuccess;
}

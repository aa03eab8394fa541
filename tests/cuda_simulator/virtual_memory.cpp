// Virtual memory of the simulated devices: address space is reserved without access; mapping a handle opens a part.
#include <sys/mman.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "simulator.h"

using namespace simulator;

namespace {

constexpr size_t kStep = size_t{2} << 20;

std::map<unsigned long long, size_t> handles;
std::map<char*, std::pair<size_t, int>> mappings;
unsigned long long next_handle = 1;

CUresult memory_granularity(size_t* size, const CUmemAllocationProp*, CUmemAllocationGranularity_flags) {
  *size = kStep;
  return CUDA_SUCCESS;
}
CUresult memory_reserve(CUdeviceptr* address, size_t size, size_t alignment, CUdeviceptr, unsigned long long) {
  size_t step = alignment ? alignment : kStep;
  void* base = mmap(nullptr, size + step, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return CUDA_ERROR_OUT_OF_MEMORY;
  *address = (reinterpret_cast<uintptr_t>(base) + step - 1) / step * step;
  return CUDA_SUCCESS;
}
CUresult memory_create(CUmemGenericAllocationHandle* handle, size_t size, const CUmemAllocationProp* p,
                       unsigned long long) {
  Lock lock(mutex);
  if (used(p->location.id) + size > kMemory) return CUDA_ERROR_OUT_OF_MEMORY;
  *handle = next_handle++ << 8 | static_cast<unsigned>(p->location.id);
  handles[*handle] = size;
  return CUDA_SUCCESS;
}
CUresult memory_map(CUdeviceptr at, size_t size, size_t, CUmemGenericAllocationHandle handle, unsigned long long) {
  Lock lock(mutex);
  int device = static_cast<int>(handle & 255);
  mappings[reinterpret_cast<char*>(at)] = {size, device};
  note_mapped(reinterpret_cast<char*>(at), size, device);
  return CUDA_SUCCESS;
}
CUresult memory_access(CUdeviceptr at, size_t size, const CUmemAccessDesc* access, size_t) {
  Lock lock(mutex);
  protect(reinterpret_cast<void*>(at), size, access->location.id);
  return CUDA_SUCCESS;
}
// As the driver: only whole mappings can be taken away.
CUresult memory_unmap(CUdeviceptr at, size_t size) {
  Lock lock(mutex);
  if (must_fail("cuMemUnmap")) return CUDA_ERROR_NOT_SUPPORTED;
  char* begin = reinterpret_cast<char*>(at);
  for (char* p = begin; p < begin + size;) {
    auto it = mappings.find(p);
    if (it == mappings.end()) return CUDA_ERROR_NOT_SUPPORTED;
    p += it->second.first;
    note_unmapped(it->first);
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

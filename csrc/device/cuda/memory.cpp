#include "device/cuda/memory.h"

#include <cuda.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <atomic>
#include <compare>
#include <map>
#include <memory>
#include <mutex>

#include "core/error.h"
#include "device/cuda/graph.h"
#include "device/cuda/runtime.h"
#include "memory/caching_allocator.h"

namespace weft::cuda {

namespace {

// The driver's virtual memory functions, found at run time.
struct VirtualMemory {
  CUresult (*granularity)(size_t*, const CUmemAllocationProp*, CUmemAllocationGranularity_flags) = nullptr;
  CUresult (*reserve)(CUdeviceptr*, size_t, size_t, CUdeviceptr, unsigned long long) = nullptr;
  CUresult (*free)(CUdeviceptr, size_t) = nullptr;
  CUresult (*create)(CUmemGenericAllocationHandle*, size_t, const CUmemAllocationProp*, unsigned long long) = nullptr;
  CUresult (*map)(CUdeviceptr, size_t, size_t, CUmemGenericAllocationHandle, unsigned long long) = nullptr;
  CUresult (*access)(CUdeviceptr, size_t, const CUmemAccessDesc*, size_t) = nullptr;
  CUresult (*unmap)(CUdeviceptr, size_t) = nullptr;
  CUresult (*release)(CUmemGenericAllocationHandle) = nullptr;
  bool complete = false;

  VirtualMemory() {
    complete = find("cuMemGetAllocationGranularity", granularity) && find("cuMemAddressReserve", reserve) &&
               find("cuMemAddressFree", free) && find("cuMemCreate", create) && find("cuMemMap", map) &&
               find("cuMemSetAccess", access) && find("cuMemUnmap", unmap) && find("cuMemRelease", release);
    const char* chosen = std::getenv("WEFT_CUDA_EXPANDABLE");
    if (chosen && *chosen == '0') complete = false;
  }

 private:
  template <class F>
  static bool find(const char* name, F& function) {
    void* found = nullptr;
    cudaDriverEntryPointQueryResult result{};
    cudaError_t error = cudaGetDriverEntryPointByVersion(name, &found, 12000, cudaEnableDefault, &result);
    function = reinterpret_cast<F>(found);
    return error == cudaSuccess && found;
  }
};
const VirtualMemory& virtual_memory() {
  static const VirtualMemory functions;
  return functions;
}

CUmemAllocationProp properties_of(int device) {
  CUmemAllocationProp p{};
  p.type = CU_MEM_ALLOCATION_TYPE_PINNED;
  p.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
  p.location.id = device;
  return p;
}

// Address space as large as the device's memory, filled page by page: a pool grows without gaps, and any of its pages
// can be returned.
class ExpandableRegion final : public SystemMemory {
 public:
  ExpandableRegion(int device, size_t space) : device_(device), space_(space) {}
  ~ExpandableRegion() override {
    bool all = true;
    for (auto [begin, end] : mapped_) all &= take_away(begin, end) == end;
    if (base_ && all) virtual_memory().free(base_, space_);
  }
  void* map(size_t nbytes) override {
    use_device(device_);  // the driver's functions work in this thread's context
    const VirtualMemory& vm = virtual_memory();
    if (!base_ && vm.reserve(&base_, space_, kHugePage, 0, 0) != CUDA_SUCCESS) return nullptr;
    CUdeviceptr at = find_gap(nbytes);
    if (at + nbytes > base_ + space_) return nullptr;
    const CUmemAllocationProp properties = properties_of(device_);
    for (CUdeviceptr page = at; page < at + nbytes; page += kHugePage) {
      CUmemGenericAllocationHandle handle = 0;
      if (vm.create(&handle, kHugePage, &properties, 0) != CUDA_SUCCESS) {
        undo(at, page);
        return nullptr;
      }
      CUresult result = vm.map(page, kHugePage, 0, handle, 0);
      vm.release(handle);  // the mapping keeps it
      if (result != CUDA_SUCCESS) {
        undo(at, page);
        return nullptr;
      }
    }
    CUmemAccessDesc access{};
    access.location = properties.location;
    access.flags = CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
    if (vm.access(at, nbytes, &access, 1) != CUDA_SUCCESS) {
      undo(at, at + nbytes);
      return nullptr;
    }
    mark(at, at + nbytes);
    return reinterpret_cast<void*>(at);
  }
  size_t unmap(void* data, size_t nbytes) noexcept override {
    use_device_if_possible(device_);
    // A kernel may still use what was freed on its stream.
    if (cudaError_t error = wait_for_device(device_); error != cudaSuccess) {
      cudaGetLastError();
      problem_ = concat("cudaDeviceSynchronize failed: ", cudaGetErrorString(error));
      return 0;
    }
    auto begin = reinterpret_cast<CUdeviceptr>(data);
    size_t done = take_away(begin, begin + nbytes) - begin;
    if (done == 0) return 0;
    auto it = std::prev(mapped_.upper_bound(begin));
    CUdeviceptr end = it->second;
    it->second = begin;
    if (it->first == begin) mapped_.erase(it);
    if (begin + done < end) mapped_[begin + done] = end;
    return done;
  }
  std::string unmap_problem() const override { return problem_; }
  size_t total() override { return space_; }
  size_t available(size_t) override { return space_; }

 private:
  CUdeviceptr find_gap(size_t nbytes) const {
    CUdeviceptr at = base_;
    for (auto [begin, end] : mapped_) {
      if (begin - at >= nbytes) break;
      at = end;
    }
    return at;
  }
  void mark(CUdeviceptr begin, CUdeviceptr end) {
    auto next = mapped_.lower_bound(begin);
    if (next != mapped_.end() && next->first == end) {
      end = next->second;
      next = mapped_.erase(next);
    }
    if (next != mapped_.begin() && std::prev(next)->second == begin)
      std::prev(next)->second = end;
    else
      mapped_[begin] = end;
  }
  // Where it stopped: at the end, or at a page that the driver did not take back.
  CUdeviceptr take_away(CUdeviceptr begin, CUdeviceptr end) noexcept {
    for (; begin < end; begin += kHugePage)
      if (CUresult result = virtual_memory().unmap(begin, kHugePage); result != CUDA_SUCCESS) {
        problem_ = concat("cuMemUnmap failed with error ", static_cast<int64_t>(result));
        break;
      }
    return begin;
  }
  // Takes away what map() has mapped so far. What stays mapped is never given out.
  void undo(CUdeviceptr begin, CUdeviceptr end) {
    if (CUdeviceptr stopped = take_away(begin, end); stopped < end) mark(stopped, end);
  }

  int device_;
  size_t space_;
  CUdeviceptr base_ = 0;
  std::map<CUdeviceptr, CUdeviceptr> mapped_;  // begin to end, apart from each other
  std::string problem_;                        // of the last unmap() that failed
};

// What is asked for beyond a block, so that it can start on a page and never touches its neighbour.
constexpr size_t kSpare = 2 * kPage;
void* page_in(void* data) {
  return reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(data) + kPage - 1) / kPage * kPage);
}

// For devices without virtual memory functions: what one map() gave is returned as a whole.
class WholeRegion final : public SystemMemory {
 public:
  WholeRegion(int device, size_t space) : device_(device), space_(space) {}
  void* map(size_t nbytes) override {
    use_device(device_);
    void* data = nullptr;
    if (cudaMalloc(&data, nbytes + kSpare) != cudaSuccess) {
      cudaGetLastError();
      return nullptr;
    }
    void* at = page_in(data);
    bases_[at] = data;
    return at;
  }
  size_t unmap(void* data, size_t nbytes) noexcept override {
    use_device_if_possible(device_);
    auto it = bases_.find(data);
    // cudaFree waits for the device, but says nothing of what happens to recordings.
    cudaError_t error = wait_for_device(device_);
    if (error == cudaSuccess) error = cudaFree(it->second);
    if (error != cudaSuccess) {
      cudaGetLastError();
      problem_ = concat("cudaFree failed: ", cudaGetErrorString(error));
      return 0;
    }
    bases_.erase(it);
    return nbytes;
  }
  std::string unmap_problem() const override { return problem_; }
  bool whole_mappings_only() const override { return true; }
  size_t total() override { return space_; }
  size_t available(size_t) override { return space_; }

 private:
  int device_;
  size_t space_;
  std::map<void*, void*> bases_;
  std::string problem_;
};

class CudaMemory final : public DeviceMemory {
 public:
  explicit CudaMemory(int device) : device_(device) {
    use_device(device);
    size_t available = 0;
    check(cudaMemGetInfo(&available, &total_), "cudaMemGetInfo");
    total_ = total_ / kHugePage * kHugePage;
    const VirtualMemory& vm = virtual_memory();
    size_t granularity = 0;
    const CUmemAllocationProp properties = properties_of(device);
    expandable_ = vm.complete &&
                  vm.granularity(&granularity, &properties, CU_MEM_ALLOC_GRANULARITY_MINIMUM) == CUDA_SUCCESS &&
                  granularity > 0 && kHugePage % granularity == 0;
  }
  std::unique_ptr<SystemMemory> open_region() override {
    if (expandable_) return std::make_unique<ExpandableRegion>(device_, total_);
    return std::make_unique<WholeRegion>(device_, total_);
  }
  size_t total() override { return total_; }
  size_t available() override {
    use_device(device_);
    size_t available = 0, total = 0;
    return cudaMemGetInfo(&available, &total) == cudaSuccess ? available : 0;
  }
  uintptr_t current_pool() override { return pool_of(reinterpret_cast<Stream>(stream_of(device_))); }
  uintptr_t pool_of(Stream stream) override {
    const uintptr_t recorded = graph_pool(device_, reinterpret_cast<cudaStream_t>(stream));
    return recorded ? recorded : stream;
  }
  Event record(Stream stream) override {
    use_device(device_);
    if (is_recorded(reinterpret_cast<cudaStream_t>(stream))) return 0;
    cudaEvent_t event = nullptr;
    if (spare_.empty()) {
      check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreate");
    } else {
      event = spare_.back();
      spare_.pop_back();
    }
    check(cudaEventRecord(event, reinterpret_cast<cudaStream_t>(stream)), "cudaEventRecord");
    return reinterpret_cast<Event>(event);
  }
  bool passed(Event event) override {
    auto handle = reinterpret_cast<cudaEvent_t>(event);
    if (cudaEventQuery(handle) != cudaSuccess) {
      cudaGetLastError();
      return false;
    }
    spare_.push_back(handle);
    return true;
  }
  void synchronize() override { synchronize_device(device_); }
  bool may_wait() override { return !capture(); }

 private:
  int device_;
  size_t total_ = 0;
  bool expandable_ = false;
  std::vector<cudaEvent_t> spare_;  // guarded by the allocator's lock
};

class PinnedMemory final : public SystemMemory {
 public:
  void* map(size_t nbytes) override {
    void* data = nullptr;
    if (cudaHostAlloc(&data, nbytes + kSpare, cudaHostAllocPortable) != cudaSuccess) {
      cudaGetLastError();
      return nullptr;
    }
    void* at = page_in(data);
    std::lock_guard lock(mutex_);
    blocks_[at] = {data, nbytes};
    return at;
  }
  size_t unmap(void* data, size_t nbytes) noexcept override {
    std::lock_guard lock(mutex_);
    auto it = blocks_.find(data);
    if (cudaFreeHost(it->second.first) != cudaSuccess) {
      cudaGetLastError();
      return 0;
    }
    blocks_.erase(it);
    return nbytes;
  }
  bool whole_mappings_only() const override { return true; }
  size_t total() override { return host_system_memory().total(); }
  size_t available(size_t reserved) override { return host_system_memory().available(reserved); }
  bool holds(const void* data) const {
    std::lock_guard lock(mutex_);
    auto it = blocks_.upper_bound(const_cast<void*>(data));
    if (it == blocks_.begin()) return false;
    --it;
    return data < static_cast<char*>(it->first) + it->second.second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<void*, std::pair<void*, size_t>> blocks_;
};

class CachingPinnedAllocator final : public PinnedAllocator {
 public:
  void* allocate(size_t nbytes) override {
    collect();
    return cache_.allocate(nbytes);
  }
  void deallocate(void* data, size_t nbytes) noexcept override {
    {
      std::lock_guard lock(mutex_);
      if (has_copies(data, nbytes)) {
        waiting_.push_back({data, nbytes});
        return;
      }
    }
    cache_.deallocate(data, nbytes);
  }
  MemoryStats stats() const override { return cache_.stats(); }
  void reset_peak() override { cache_.reset_peak(); }
  void empty_cache() override {
    collect();
    cache_.empty_cache();
  }
  void set_limit(size_t nbytes) override { cache_.set_limit(nbytes); }
  std::vector<MemoryHolder> holders() const override { return cache_.holders(); }

  bool holds(const void* data) const override { return memory_.holds(data); }
  void note_copy(const void* data, int device) override {
    if (capture()) return;  // the graph holds the address, whose memory the program keeps as long as it runs it
    std::lock_guard lock(mutex_);
    use_device(device);
    const Copy copy{const_cast<void*>(data), device, stream_of(device)};
    auto known = copies_.find(copy);
    if (known == copies_.end()) {
      cudaEvent_t fresh = nullptr;
      check(cudaEventCreateWithFlags(&fresh, cudaEventDisableTiming), "cudaEventCreate");
      known = copies_.emplace(copy, fresh).first;
    }
    check(cudaEventRecord(known->second, copy.stream), "cudaEventRecord");
  }

 private:
  struct Block {
    void* data;
    size_t nbytes;
  };
  // What is known of by its last mark: the address of the host's side, and the stream.
  struct Copy {
    void* data;
    int device;
    cudaStream_t stream;
    auto operator<=>(const Copy&) const = default;
  };
  bool has_copies(void* data, size_t nbytes) const {
    auto first = copies_.lower_bound({data, -1, nullptr});
    return first != copies_.end() && first->first.data < static_cast<char*>(data) + nbytes;
  }
  // Forgets the copies that are done and frees the blocks that only waited for them.
  void collect() {
    if (capture()) return;
    std::lock_guard lock(mutex_);
    std::erase_if(copies_, [](auto& copy) {
      bool done = cudaEventQuery(copy.second) == cudaSuccess;
      done ? cudaEventDestroy(copy.second) : cudaGetLastError();
      return done;
    });
    std::erase_if(waiting_, [&](const Block& block) {
      if (has_copies(block.data, block.nbytes)) return false;
      cache_.deallocate(block.data, block.nbytes);
      return true;
    });
  }

  PinnedMemory memory_;
  CachingAllocator cache_{memory_};
  std::mutex mutex_;
  std::map<Copy, cudaEvent_t> copies_;
  std::vector<Block> waiting_;  // freed while a copy went on
};

}  // namespace

DeviceAllocator& device_allocator(int index) {
  static std::mutex mutex;
  static std::atomic<DeviceAllocator*> allocators[kMaxDevices] = {};
  if (DeviceAllocator* known = allocators[index].load(std::memory_order_acquire)) return *known;
  std::lock_guard lock(mutex);
  if (!allocators[index].load())
    allocators[index] = new DeviceAllocator(*new CudaMemory(index), concat("memory of cuda:", index));
  return *allocators[index].load();
}

PinnedAllocator& pinned_allocator() {
  static auto* allocator = new CachingPinnedAllocator;
  return *allocator;
}

}  // namespace weft::cuda

// The process's allocator of host memory: a CachingAllocator with a cache per thread in front.
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "core/error.h"

#include "memory/out_of_memory.h"
#include "memory/thread_cache.h"

namespace weft {

namespace {

// Initial-exec: read without a call. These few bytes fit the space that the loader keeps for libraries opened late.
[[gnu::tls_model("initial-exec")]] thread_local const char* current_tag = "";
thread_local std::string current_layer;
[[gnu::tls_model("initial-exec")]] thread_local ThreadCache* thread_cache = nullptr;
[[gnu::tls_model("initial-exec")]] thread_local bool thread_cache_closed = false;

class HostAllocator final : public CachingAllocator {
 public:
  HostAllocator() : CachingAllocator(host_system_memory()) {}

  void* allocate(size_t nbytes) override {
    if (nbytes == 0) return nullptr;
    if (allocation_must_fail()) [[unlikely]]
      fail_out_of_memory(nbytes);
    if (nbytes <= kSmallMax) {
      if (ThreadCache* cache = thread_cache ? thread_cache : open_cache()) return cache->take(nbytes);
    } else if (thread_cache) {
      thread_cache->report();  // so that the peak is exact
    }
    return CachingAllocator::allocate(nbytes);
  }

  void deallocate(void* data, size_t nbytes) noexcept override {
    if (!data) return;
    if (thread_cache) {
      if (nbytes <= kSmallMax) {
        thread_cache->give(data, nbytes);
        return;
      }
      thread_cache->report();
    }
    CachingAllocator::deallocate(data, nbytes);
  }

  MemoryStats stats() const override {
    MemoryStats stats = CachingAllocator::stats();
    std::lock_guard lock(caches_mutex_);
    int64_t high = stats.allocated;
    for (const ThreadCache* cache : caches_) {
      high += std::max<int64_t>(cache->high(), 0);
      stats.allocated += cache->unreported();
      stats.allocations += cache->allocations();
      stats.cache_hits += cache->allocations();
    }
    stats.allocations += closed_allocations_;
    stats.cache_hits += closed_allocations_;
    // Exact for one thread; with more, a thread's last 16 KiB may count as if all threads had peaked together.
    stats.peak = std::max({stats.peak, high, stats.allocated});
    return stats;
  }

  void reset_peak() override {
    CachingAllocator::reset_peak();
    std::lock_guard lock(caches_mutex_);
    for (ThreadCache* cache : caches_) cache->reset_high();
  }

  void empty_cache() override {
    if (thread_cache) thread_cache->flush();
    CachingAllocator::empty_cache();
  }

  void close_cache() noexcept {
    ThreadCache* cache = std::exchange(thread_cache, nullptr);
    thread_cache_closed = true;
    if (!cache) return;
    {
      std::lock_guard lock(caches_mutex_);
      std::erase(caches_, cache);
      closed_allocations_ += cache->allocations();
    }
    delete cache;
  }

  // A forked child has only the thread that forked; no other may hold a lock at that moment. What other threads had in
  // their caches is lost to the child.
  void lock_all() {
    mutex_.lock();
    caches_mutex_.lock();
  }
  void unlock_all() {
    caches_mutex_.unlock();
    mutex_.unlock();
  }

 private:
  ThreadCache* open_cache();

  mutable std::mutex caches_mutex_;
  std::vector<ThreadCache*> caches_;
  int64_t closed_allocations_ = 0;
};

HostAllocator& instance() {
  static HostAllocator* allocator = [] {
    auto* fresh = new HostAllocator;
    pthread_atfork([] { instance().lock_all(); }, [] { instance().unlock_all(); }, [] { instance().unlock_all(); });
    return fresh;
  }();
  return *allocator;
}

struct CloseAtThreadExit {
  ~CloseAtThreadExit() { instance().close_cache(); }
};

ThreadCache* HostAllocator::open_cache() {
  if (thread_cache_closed) return nullptr;  // the thread is ending
  auto cache = std::make_unique<ThreadCache>(*this);
  static thread_local CloseAtThreadExit close_at_thread_exit;
  static_cast<void>(&close_at_thread_exit);
  std::lock_guard lock(caches_mutex_);
  caches_.push_back(cache.get());
  return thread_cache = cache.release();
}

}  // namespace

Allocator& host_allocator() { return instance(); }
std::atomic<MemoryHook> memory_hook{nullptr};

namespace {

// The label of an op in a layer; they live for ever, as tags do.
const char* labelled(const char* tag) {
  static std::mutex mutex;
  static std::set<std::string> labels;
  std::lock_guard lock(mutex);
  return labels.insert(concat(tag, " in ", current_layer)).first->c_str();
}

}  // namespace

void set_allocation_tag(const char* tag) { current_tag = current_layer.empty() ? tag : labelled(tag); }
void set_allocation_layer(const std::string& path) { current_layer = path; }
const char* allocation_tag() { return current_tag; }

}  // namespace weft

// CachingAllocator on a faked system: size classes, reuse, statistics, limits, running out of memory.
#include "memory/caching_allocator.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "core/error.h"
#include "fake_system_memory.h"
#include "memory/thread_cache.h"
#include "sizes.h"

namespace weft {
namespace {

constexpr size_t kGiB = size_t{1} << 30;

TEST(SizeClass, EveryClassHoldsItsSizesAndNoSmallerOneWould) {
  for (size_t n = 1; n <= kSmallMax; n++) {
    int c = size_class_of(n);
    ASSERT_GE(size_of_class(c), n);
    if (c > 0) {
      ASSERT_LT(size_of_class(c - 1), n);
    }
    ASSERT_EQ(size_of_class(c) % kAlignment, 0u);
    if (n > 1024) {
      ASSERT_LE(size_of_class(c) - n, n / 4);
    }
  }
}

class CachingAllocatorTest : public ::testing::Test {
 protected:
  std::string failure(size_t nbytes) {
    try {
      allocator.allocate(nbytes);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::OutOfMemory);
      return e.message();
    }
    return "";
  }
  int64_t reserved() { return allocator.stats().reserved; }

  FakeSystemMemory system{kGiB};
  CachingAllocator allocator{system};
};

TEST_F(CachingAllocatorTest, NothingForNoBytes) {
  EXPECT_EQ(allocator.allocate(0), nullptr);
  allocator.deallocate(nullptr, 0);
  EXPECT_EQ(allocator.stats().allocations, 0);
}

TEST_F(CachingAllocatorTest, AlignedToACacheLine) {
  for (size_t n : {1ul, 63ul, 64ul, 65ul, 1000ul, 1025ul, 5000ul, 65536ul, 65537ul, 300000ul, 1048577ul, 5000000ul}) {
    void* p = allocator.allocate(n);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(p) % kAlignment, 0u) << n;
    std::memset(p, 1, n);
    allocator.deallocate(p, n);
  }
  EXPECT_EQ(allocator.stats().allocated, 0);
}

TEST_F(CachingAllocatorTest, FreedMemoryServesTheNextRequest) {
  for (size_t n : {100ul, 5000ul, 100000ul, 3 * kMiB, 50 * kMiB}) {
    void* p = allocator.allocate(n);
    allocator.deallocate(p, n);
    int maps = system.map_calls;
    EXPECT_EQ(allocator.allocate(n), p) << n;
    EXPECT_EQ(system.map_calls, maps);
    allocator.deallocate(p, n);
  }
  MemoryStats stats = allocator.stats();
  EXPECT_EQ(stats.allocations, 10);
  EXPECT_GE(stats.cache_hits, 5);
}

TEST_F(CachingAllocatorTest, CountsWhatIsInUse) {
  void* a = allocator.allocate(100);
  void* b = allocator.allocate(2 * kMiB);
  EXPECT_EQ(allocator.stats().allocated, static_cast<int64_t>(2 * kMiB + 100));
  allocator.deallocate(b, 2 * kMiB);
  EXPECT_EQ(allocator.stats().allocated, 100);
  EXPECT_EQ(allocator.stats().peak, static_cast<int64_t>(2 * kMiB + 100));
  allocator.reset_peak();
  EXPECT_EQ(allocator.stats().peak, 100);
  allocator.deallocate(a, 100);
  EXPECT_EQ(reserved(), static_cast<int64_t>(system.mapped()));
}

TEST_F(CachingAllocatorTest, EmptyCacheReturnsEverythingUnused) {
  std::vector<void*> small;
  for (int i = 0; i < 30000; i++) small.push_back(allocator.allocate(200));
  void* large = allocator.allocate(40 * kMiB);
  EXPECT_GE(reserved(), static_cast<int64_t>(46 * kMiB));
  for (void* p : small) allocator.deallocate(p, 200);
  allocator.deallocate(large, 40 * kMiB);
  allocator.empty_cache();
  EXPECT_EQ(reserved(), 0);
  EXPECT_EQ(system.mapped(), 0u);
}

TEST_F(CachingAllocatorTest, TheCacheIsBounded) {
  CachingAllocator bounded(system, 100 * kMiB);
  std::vector<void*> blocks;
  for (int i = 0; i < 10; i++) blocks.push_back(bounded.allocate(32 * kMiB));
  for (void* p : blocks) {
    bounded.deallocate(p, 32 * kMiB);
    MemoryStats now = bounded.stats();
    EXPECT_LE(now.reserved - now.allocated, static_cast<int64_t>(100 * kMiB));
  }
  EXPECT_GT(bounded.stats().reserved, 0);
  bounded.empty_cache();
}

TEST_F(CachingAllocatorTest, OutOfMemorySaysWhoHoldsHowMuch) {
  set_allocation_tag("matmul");
  void* a = allocator.allocate(300 * kMiB);
  void* b = allocator.allocate(200 * kMiB);
  set_allocation_tag("relu");
  void* c = allocator.allocate(100 * kMiB);
  set_allocation_tag("conv2d");
  std::string message = failure(600 * kMiB);
  for (const char* part : {"conv2d asked for 600.00 MiB (629145600 bytes)", "tensors hold 600.00 MiB",
                           "the limit is 1.00 GiB", "matmul: 500.00 MiB in 2 blocks", "relu: 100.00 MiB in 1 block"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << "\n" << message;
  }
  set_allocation_tag("");
  EXPECT_EQ(allocator.stats().allocated, static_cast<int64_t>(600 * kMiB));
  allocator.deallocate(a, 300 * kMiB);
  void* d = allocator.allocate(600 * kMiB);  // life goes on
  allocator.deallocate(b, 200 * kMiB);
  allocator.deallocate(c, 100 * kMiB);
  allocator.deallocate(d, 600 * kMiB);
  EXPECT_EQ(allocator.stats().allocated, 0);
}

TEST_F(CachingAllocatorTest, CachedMemoryIsGivenUpBeforeItFails) {
  std::vector<void*> blocks;
  for (int i = 0; i < 15; i++) blocks.push_back(allocator.allocate(32 * kMiB));
  for (void* p : blocks) allocator.deallocate(p, 32 * kMiB);
  void* pinned = allocator.allocate(100);
  void* p = allocator.allocate(900 * kMiB);  // does not fit beside the cache
  ASSERT_NE(p, nullptr);
  allocator.deallocate(p, 900 * kMiB);
  allocator.deallocate(pinned, 100);
}

TEST_F(CachingAllocatorTest, ALimitHolds) {
  allocator.set_limit(64 * kMiB);
  EXPECT_EQ(allocator.stats().limit, static_cast<int64_t>(64 * kMiB));
  void* p = allocator.allocate(40 * kMiB);
  EXPECT_NE(failure(30 * kMiB).find("the limit is 64.00 MiB"), std::string::npos);
  allocator.set_limit(0);
  void* q = allocator.allocate(30 * kMiB);
  allocator.deallocate(p, 40 * kMiB);
  allocator.deallocate(q, 30 * kMiB);
  allocator.set_limit(8 * kMiB);  // drops what is cached
  EXPECT_LE(reserved(), static_cast<int64_t>(8 * kMiB));
  void* r = allocator.allocate(5 * kMiB + 1);  // exactly, although it would like to map more
  EXPECT_LE(reserved(), static_cast<int64_t>(8 * kMiB));
  allocator.deallocate(r, 5 * kMiB + 1);
}

TEST_F(CachingAllocatorTest, ALimitBeyondTheSystemIsTheSystems) {
  allocator.set_limit(kGiB * 100);
  EXPECT_EQ(allocator.stats().limit, static_cast<int64_t>(kGiB));
}

TEST_F(CachingAllocatorTest, MemoryThatOthersUseIsNotPromised) {
  system.taken_by_others = 800 * kMiB;
  EXPECT_NE(failure(300 * kMiB), "");
  void* p = allocator.allocate(100 * kMiB);
  allocator.deallocate(p, 100 * kMiB);
}

TEST_F(CachingAllocatorTest, AbsurdSizesFailCleanly) {
  for (size_t n : {kGiB * 2, size_t{1} << 62, ~size_t{0}, ~size_t{0} - 4096}) EXPECT_NE(failure(n), "") << n;
  EXPECT_EQ(allocator.stats().allocated, 0);
  EXPECT_EQ(reserved(), 0);
}

TEST_F(CachingAllocatorTest, RefusedBySystem) {
  system.refuse_maps = true;
  EXPECT_NE(failure(100), "");
  EXPECT_NE(failure(10 * kMiB), "");
  system.refuse_maps = false;
  allocator.deallocate(allocator.allocate(100), 100);
}

TEST_F(CachingAllocatorTest, SmallBlocksDoNotBreakUpTheLargePool) {
  void* large = allocator.allocate(30 * kMiB);
  allocator.deallocate(large, 30 * kMiB);
  void* small = allocator.allocate(64);
  EXPECT_EQ(allocator.allocate(30 * kMiB), large);
  allocator.deallocate(large, 30 * kMiB);
  allocator.deallocate(small, 64);
}

TEST_F(CachingAllocatorTest, HoldersSumUp) {
  set_allocation_tag("linear");
  void* a = allocator.allocate(kMiB);
  void* b = allocator.allocate(2 * kMiB);
  void* c = allocator.allocate(1000);
  set_allocation_tag("");
  auto list = allocator.holders();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].tag, "linear");
  EXPECT_EQ(list[0].bytes, static_cast<int64_t>(3 * kMiB));
  EXPECT_EQ(list[0].blocks, 2);
  EXPECT_EQ(list[1].bytes, 1000);
  allocator.deallocate(a, kMiB);
  allocator.deallocate(b, 2 * kMiB);
  allocator.deallocate(c, 1000);
}

TEST_F(CachingAllocatorTest, ThreadCacheReturnsAllOnFlush) {
  {
    ThreadCache cache(allocator);
    std::vector<void*> blocks;
    for (int i = 0; i < 5000; i++) blocks.push_back(cache.take(1 + static_cast<size_t>(i) * 13));
    for (int i = 0; i < 5000; i++) cache.give(blocks[static_cast<size_t>(i)], 1 + static_cast<size_t>(i) * 13);
    EXPECT_EQ(allocator.stats().allocated + cache.unreported(), 0);
    EXPECT_EQ(cache.allocations(), 5000);
  }
  EXPECT_EQ(allocator.stats().allocated, 0);
  allocator.empty_cache();
  EXPECT_EQ(system.mapped(), 0u);
}

TEST_F(CachingAllocatorTest, ThreadCacheIsBounded) {
  ThreadCache cache(allocator);
  std::vector<void*> blocks;
  for (int i = 0; i < 20000; i++) blocks.push_back(cache.take(64));
  for (void* p : blocks) cache.give(p, 64);
  // All but the cache's own stock is back in the slabs, and those that are empty in the pool.
  allocator.empty_cache();
  EXPECT_LE(reserved(), static_cast<int64_t>(8 * kMiB));
}

TEST_F(CachingAllocatorTest, OutOfMemoryInAThreadCacheLeavesItUsable) {
  ThreadCache cache(allocator);
  system.refuse_maps = true;
  EXPECT_THROW(cache.take(64), Error);
  system.refuse_maps = false;
  cache.give(cache.take(64), 64);
}

TEST(MemoryField, ReadsKernelFiles) {
  std::string text = "MemTotal:       24684096 kB\nMemAvailable:   100 kB\nHugePages_Total:       3\n";
  EXPECT_EQ(read_memory_field(text, "MemTotal:"), 24684096ull * 1024);
  EXPECT_EQ(read_memory_field(text, "MemAvailable:"), 102400u);
  EXPECT_EQ(read_memory_field(text, "HugePages_Total:"), 3u);
  EXPECT_EQ(read_memory_field(text, "SwapTotal:"), 0u);
  EXPECT_EQ(read_memory_field("anon 5\nfile 77\n", "file"), 77u);
}

}  // namespace
}  // namespace weft

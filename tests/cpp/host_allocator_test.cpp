// The process's allocator: threads, exits of threads, forks, injected failures, real memory.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "core/error.h"
#include "memory/allocator.h"
#include "memory/system_memory.h"
#include "sizes.h"

namespace weft {
namespace {

struct Held {
  unsigned char* data;
  size_t nbytes;
  unsigned char mark;
};

Held take(std::mt19937& random) {
  static const size_t most[] = {64, 1000, 5000, 70000, 300000, 3 * kMiB};
  size_t n = 1 + random() % most[random() % 6];
  auto* p = static_cast<unsigned char*>(host_allocator().allocate(n));
  auto mark = static_cast<unsigned char>(random());
  p[0] = p[n / 2] = p[n - 1] = mark;
  return {p, n, mark};
}

void give(const Held& h) {
  ASSERT_TRUE(h.data[0] == h.mark && h.data[h.nbytes / 2] == h.mark && h.data[h.nbytes - 1] == h.mark);
  host_allocator().deallocate(h.data, h.nbytes);
}

TEST(HostAllocator, ThreadsAllocateAndFreeEachOthersMemory) {
  int64_t before = host_allocator().stats().allocated;
  std::mutex mutex;
  std::vector<Held> shared;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 8; t++) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (int step = 0; step < 3000; step++) {
        Held fresh = take(random);
        Held other;
        {
          std::lock_guard lock(mutex);
          shared.push_back(fresh);
          std::swap(shared[random() % shared.size()], shared.back());
          if (shared.size() < 50) continue;
          other = shared.back();
          shared.pop_back();
        }
        give(other);
        if (step % 500 == 0) host_allocator().empty_cache();
        if (step % 100 == 0) host_allocator().stats();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  for (Held& h : shared) give(h);
  EXPECT_EQ(host_allocator().stats().allocated, before);
}

TEST(HostAllocator, WhatEndedThreadsLeftComesBack) {
  Allocator& allocator = host_allocator();
  int64_t before = allocator.stats().allocated;
  std::vector<void*> blocks;
  std::thread([&] {
    for (int i = 0; i < 1000; i++) blocks.push_back(allocator.allocate(100));
  }).join();
  EXPECT_EQ(allocator.stats().allocated, before + 100 * 1000);
  for (void* p : blocks) allocator.deallocate(p, 100);
  EXPECT_EQ(allocator.stats().allocated, before);
}

struct FreesAtThreadExit {
  void* data = nullptr;
  ~FreesAtThreadExit() { host_allocator().deallocate(data, 64); }
};

TEST(HostAllocator, AThreadMayFreeWhileItEnds) {
  int64_t before = host_allocator().stats().allocated;
  for (int i = 0; i < 20; i++) {
    std::thread([] {
      static thread_local FreesAtThreadExit early;  // destroyed after the thread's cache
      early.data = nullptr;
      early.data = host_allocator().allocate(64);
    }).join();
  }
  EXPECT_EQ(host_allocator().stats().allocated, before);
}

TEST(HostAllocator, PeakIsExactInOneThread) {
  Allocator& allocator = host_allocator();
  allocator.reset_peak();
  int64_t before = allocator.stats().allocated;
  void* a = allocator.allocate(1000);
  void* b = allocator.allocate(kMiB);
  void* c = allocator.allocate(500);
  allocator.deallocate(c, 500);
  allocator.deallocate(b, kMiB);
  EXPECT_EQ(allocator.stats().peak, before + static_cast<int64_t>(kMiB) + 1500);
  allocator.reset_peak();
  EXPECT_EQ(allocator.stats().peak, before + 1000);
  allocator.deallocate(a, 1000);
}

TEST(HostAllocator, CountsAllocations) {
  Allocator& allocator = host_allocator();
  MemoryStats before = allocator.stats();
  for (int i = 0; i < 10; i++) allocator.deallocate(allocator.allocate(64), 64);
  for (int i = 0; i < 5; i++) allocator.deallocate(allocator.allocate(kMiB), kMiB);
  MemoryStats after = allocator.stats();
  EXPECT_EQ(after.allocations - before.allocations, 15);
  EXPECT_GE(after.cache_hits - before.cache_hits, 13);
}

TEST(HostAllocator, AChildGoesOnAfterAFork) {
  Allocator& allocator = host_allocator();
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) {
      void* p = allocator.allocate(100000);
      void* q = allocator.allocate(64);
      allocator.deallocate(p, 100000);
      allocator.deallocate(q, 64);
    }
  });
  void* kept = allocator.allocate(64);
  for (int i = 0; i < 20; i++) {
    pid_t child = fork();
    if (child == 0) {
      allocator.deallocate(kept, 64);
      for (int k = 0; k < 100; k++) {
        allocator.deallocate(allocator.allocate(100000), 100000);
        allocator.deallocate(allocator.allocate(64), 64);
      }
      allocator.empty_cache();
      _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    ASSERT_EQ(status, 0);
  }
  stop = true;
  busy.join();
  allocator.deallocate(kept, 64);
}

TEST(HostAllocator, FailAfterFailsOnce) {
  Allocator& allocator = host_allocator();
  for (size_t n : {size_t{64}, 2 * kMiB}) {
    fail_after(2);
    void* a = allocator.allocate(n);
    void* b = allocator.allocate(n);
    EXPECT_THROW(allocator.allocate(n), Error);
    void* c = allocator.allocate(n);
    for (void* p : {a, b, c}) allocator.deallocate(p, n);
    fail_after(0);
    fail_after(-1);
    allocator.deallocate(allocator.allocate(n), n);
  }
}

TEST(HostAllocator, MoreThanTheMachineHasIsAnError) {
  size_t total = host_system_memory().total();
  EXPECT_GT(total, 64 * kMiB);
  EXPECT_LE(host_system_memory().available(0), total);
  EXPECT_THROW(host_allocator().allocate(total + kMiB), Error);
  // Nor can it be had in pieces that are never touched.
  std::vector<void*> pieces;
  size_t piece = total / 8;
  EXPECT_THROW(
      {
        for (int i = 0; i < 9; i++) pieces.push_back(host_allocator().allocate(piece));
      },
      Error);
  EXPECT_LT(pieces.size(), 9u);
  for (void* p : pieces) host_allocator().deallocate(p, piece);
  host_allocator().empty_cache();
}

}  // namespace
}  // namespace weft

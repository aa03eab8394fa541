// The allocator of devices, against a device in host memory.
#include "memory/device_allocator.h"

#include <gtest/gtest.h>

#include <random>

#include "core/error.h"
#include "fake_device.h"
#include "sizes.h"

namespace weft {
namespace {

struct DeviceAllocatorTest : testing::Test {
  FakeDevice device{256 * kMiB};
  DeviceAllocator allocator{device, "memory of fake:0"};
};

TEST_F(DeviceAllocatorTest, ReusesWhatWasFreedOnTheSameStreamAtOnce) {
  for (size_t nbytes : {size_t{1}, size_t{700}, 64 * size_t{1024}, 65 * size_t{1024}, 3 * kMiB, 30 * kMiB}) {
    void* first = allocator.allocate(nbytes);
    allocator.deallocate(first, nbytes);
    EXPECT_EQ(allocator.allocate(nbytes), first) << nbytes;
    allocator.deallocate(first, nbytes);
  }
  EXPECT_EQ(allocator.stats().allocated, 0);
  EXPECT_EQ(device.synchronized, 0);
}

TEST_F(DeviceAllocatorTest, MemoryOfAGraphStaysWhileItMayRun) {
  device.graph = uintptr_t{1} << 63;
  void* large = allocator.allocate(3 * kMiB);
  void* small = allocator.allocate(1000);
  allocator.deallocate(large, 3 * kMiB);
  allocator.deallocate(small, 1000);
  uintptr_t graph = std::exchange(device.graph, 0);
  size_t mapped = device.mapped;
  allocator.empty_cache();
  allocator.set_limit(kMiB);
  EXPECT_EQ(device.mapped, mapped);
  allocator.close_pool(graph);
  EXPECT_EQ(device.mapped, 0u);
}

TEST_F(DeviceAllocatorTest, NothingForNothing) {
  EXPECT_EQ(allocator.allocate(0), nullptr);
  allocator.deallocate(nullptr, 0);
}

TEST_F(DeviceAllocatorTest, BlocksAreAlignedAndApart) {
  std::mt19937 random(1);
  std::map<char*, size_t> blocks;
  for (int i = 0; i < 2000; i++) {
    if (blocks.size() > 40 || (i % 3 == 0 && !blocks.empty())) {
      auto it = std::next(blocks.begin(), static_cast<long>(random() % blocks.size()));
      allocator.deallocate(it->first, it->second);
      blocks.erase(it);
    }
    size_t nbytes = 1 + random() % (i % 10 == 0 ? 4 * kMiB : 100000);
    auto* data = static_cast<char*>(allocator.allocate(nbytes));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % 512, 0u);
    auto next = blocks.lower_bound(data);
    if (next != blocks.end()) {
      EXPECT_LE(data + nbytes, next->first);
    }
    if (next != blocks.begin()) {
      EXPECT_LE(std::prev(next)->first + std::prev(next)->second, data);
    }
    blocks[data] = nbytes;
  }
  for (auto [data, nbytes] : blocks) allocator.deallocate(data, nbytes);
  allocator.empty_cache();
  EXPECT_EQ(device.mapped, 0u);
  EXPECT_EQ(allocator.stats().reserved, 0);
}

TEST_F(DeviceAllocatorTest, FreedNeighboursBecomeOneBlock) {
  std::vector<void*> parts;
  for (int i = 0; i < 20; i++) parts.push_back(allocator.allocate(2 * kMiB));
  int64_t reserved = allocator.stats().reserved;
  for (void* part : parts) allocator.deallocate(part, 2 * kMiB);
  void* whole = allocator.allocate(40 * kMiB);
  EXPECT_EQ(allocator.stats().reserved, reserved) << "the space of the parts serves the whole";
  allocator.deallocate(whole, 40 * kMiB);
}

TEST_F(DeviceAllocatorTest, StreamsDoNotShareFreedMemory) {
  void* first = allocator.allocate(3 * kMiB);
  allocator.deallocate(first, 3 * kMiB);
  device.stream = 7;
  void* second = allocator.allocate(3 * kMiB);
  EXPECT_NE(second, first) << "stream 0 may still use the memory";
  allocator.deallocate(second, 3 * kMiB);
  device.stream = 0;
  EXPECT_EQ(allocator.allocate(3 * kMiB), first);
  allocator.deallocate(first, 3 * kMiB);
}

TEST_F(DeviceAllocatorTest, ABlockReturnsToItsOwnStreamWhoeverFreesIt) {
  void* data = allocator.allocate(kMiB);
  device.stream = 7;
  void* other = allocator.allocate(kMiB);
  allocator.deallocate(data, kMiB);
  EXPECT_NE(allocator.allocate(kMiB), data);
  device.stream = 0;
  EXPECT_EQ(allocator.allocate(kMiB), data);
  allocator.deallocate(other, kMiB);
}

TEST_F(DeviceAllocatorTest, KnowsABlockByAnyAddressInIt) {
  auto* data = static_cast<char*>(allocator.allocate(30 * kMiB));
  device.given[7] = 1;
  allocator.record_stream(data + 20 * kMiB, 7);
  allocator.deallocate(data, 30 * kMiB);
  void* other = allocator.allocate(30 * kMiB);
  EXPECT_NE(other, data);
  allocator.deallocate(other, 30 * kMiB);
}

TEST_F(DeviceAllocatorTest, ABlockThatARecordedStreamUsesWaitsUntilThereCanBeAMark) {
  void* data = allocator.allocate(30 * kMiB);
  allocator.record_stream(data, 7);
  device.recorded_stream = 7;
  allocator.deallocate(data, 30 * kMiB);
  void* other = allocator.allocate(30 * kMiB);
  EXPECT_NE(other, data);
  device.recorded_stream = ~uintptr_t{0};
  EXPECT_EQ(allocator.allocate(30 * kMiB), data);
  allocator.deallocate(data, 30 * kMiB);
  allocator.deallocate(other, 30 * kMiB);
}

TEST_F(DeviceAllocatorTest, NothingWaitsForAStreamThatIsGone) {
  void* data = allocator.allocate(30 * kMiB);
  void* held = allocator.allocate(20 * kMiB);
  allocator.record_stream(data, 7);
  allocator.record_stream(held, 7);
  device.recorded_stream = 7;  // and stays so: there will never be a mark
  allocator.deallocate(data, 30 * kMiB);
  allocator.forget_stream(7);
  EXPECT_EQ(allocator.allocate(30 * kMiB), data);
  allocator.deallocate(held, 20 * kMiB);
  EXPECT_EQ(allocator.allocate(20 * kMiB), held);
  allocator.deallocate(held, 20 * kMiB);
  allocator.deallocate(data, 30 * kMiB);
}

TEST_F(DeviceAllocatorTest, WhatIsNotTakenBackStaysInTheBooksAndIsAnError) {
  void* data = allocator.allocate(30 * kMiB);
  void* small = allocator.allocate(1000);
  allocator.deallocate(data, 30 * kMiB);
  device.failing_unmaps = 1;
  try {
    allocator.empty_cache();
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("memory of fake:0 could not be returned"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("the fake device failed"), std::string::npos) << e.what();
  }
  EXPECT_EQ(static_cast<size_t>(allocator.stats().reserved), device.mapped);
  EXPECT_GT(device.mapped, 2 * kMiB);
  void* part = allocator.allocate(12 * kMiB);
  EXPECT_EQ(static_cast<size_t>(allocator.stats().reserved), device.mapped) << "what has stayed is used again";
  allocator.deallocate(part, 12 * kMiB);
  allocator.deallocate(small, 1000);
  allocator.empty_cache();
  EXPECT_EQ(device.mapped, 0u);
  EXPECT_EQ(allocator.stats().reserved, 0);
}

TEST_F(DeviceAllocatorTest, WaitsForOtherStreamsThatUseABlock) {
  void* data = allocator.allocate(30 * kMiB);
  device.given[7] = 1;  // stream 7 has work that is not done
  allocator.record_stream(data, 7);
  allocator.deallocate(data, 30 * kMiB);
  void* other = allocator.allocate(30 * kMiB);
  EXPECT_NE(other, data);
  EXPECT_EQ(device.synchronized, 0) << "there was memory enough not to wait";
  device.done[7] = 1;
  void* again = allocator.allocate(30 * kMiB);
  EXPECT_EQ(again, data);
  EXPECT_EQ(device.open_events(), 0u);
  allocator.deallocate(other, 30 * kMiB);
  allocator.deallocate(again, 30 * kMiB);
}

TEST_F(DeviceAllocatorTest, WaitsWhenThatIsTheOnlyMemoryLeft) {
  void* data = allocator.allocate(200 * kMiB);
  device.given[7] = 1;
  allocator.record_stream(data, 7);
  allocator.deallocate(data, 200 * kMiB);
  void* again = allocator.allocate(200 * kMiB);
  EXPECT_NE(again, nullptr);
  EXPECT_EQ(device.synchronized, 1);
  allocator.deallocate(again, 200 * kMiB);
}

TEST_F(DeviceAllocatorTest, RecordingTheOwnStreamChangesNothing) {
  void* data = allocator.allocate(kMiB);
  allocator.record_stream(data, 0);
  allocator.deallocate(data, kMiB);
  EXPECT_EQ(allocator.allocate(kMiB), data);
  allocator.deallocate(data, kMiB);
}

TEST_F(DeviceAllocatorTest, CachesOfAllStreamsGoBeforeMemoryRunsOut) {
  void* first = allocator.allocate(100 * kMiB);
  allocator.deallocate(first, 100 * kMiB);
  device.stream = 7;
  void* second = allocator.allocate(220 * kMiB);
  EXPECT_NE(second, nullptr);
  allocator.deallocate(second, 220 * kMiB);
}

TEST_F(DeviceAllocatorTest, SaysWhoHoldsTheMemoryAndGoesOn) {
  set_allocation_tag("conv2d");
  void* held = allocator.allocate(200 * kMiB);
  set_allocation_tag("matmul");
  try {
    allocator.allocate(100 * kMiB);
    FAIL() << "there is no memory for this";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::OutOfMemory);
    EXPECT_NE(e.message().find("matmul asked for 100.00 MiB"), std::string::npos) << e.message();
    EXPECT_NE(e.message().find("memory of fake:0"), std::string::npos) << e.message();
    EXPECT_NE(e.message().find("conv2d: 200.00 MiB in 1 block"), std::string::npos) << e.message();
  }
  set_allocation_tag("");
  EXPECT_EQ(allocator.stats().allocated, static_cast<int64_t>(200 * kMiB));
  allocator.deallocate(held, 200 * kMiB);
  void* now = allocator.allocate(100 * kMiB);
  EXPECT_NE(now, nullptr);
  allocator.deallocate(now, 100 * kMiB);
}

TEST_F(DeviceAllocatorTest, EveryFailedAllocationLeavesAllAsItWas) {
  for (int n = 0; n < 20; n++) {
    std::vector<std::pair<void*, size_t>> blocks;
    fail_after(n);
    bool failed = false;
    for (int i = 0; i < 20; i++) {
      size_t nbytes = static_cast<size_t>(i + 1) * 50000;
      try {
        blocks.emplace_back(allocator.allocate(nbytes), nbytes);
      } catch (const Error&) {
        failed = true;
      }
    }
    fail_after(-1);
    EXPECT_TRUE(failed);
    EXPECT_EQ(blocks.size(), 19u);
    for (auto [data, nbytes] : blocks) allocator.deallocate(data, nbytes);
    EXPECT_EQ(allocator.stats().allocated, 0);
  }
}

TEST_F(DeviceAllocatorTest, LimitsWhatIsReserved) {
  allocator.set_limit(50 * kMiB);
  EXPECT_THROW(allocator.allocate(60 * kMiB), Error);
  void* data = allocator.allocate(40 * kMiB);
  EXPECT_LE(allocator.stats().reserved, static_cast<int64_t>(50 * kMiB));
  allocator.deallocate(data, 40 * kMiB);
  allocator.set_limit(0);
  data = allocator.allocate(60 * kMiB);
  allocator.deallocate(data, 60 * kMiB);
}

TEST_F(DeviceAllocatorTest, AGraphOwnsItsMemory) {
  device.graph = ~uintptr_t{0};
  void* kept = allocator.allocate(3 * kMiB);
  allocator.deallocate(kept, 3 * kMiB);
  EXPECT_EQ(allocator.allocate(3 * kMiB), kept) << "a graph reuses its own memory";
  allocator.deallocate(kept, 3 * kMiB);
  device.graph = 0;
  void* outside = allocator.allocate(3 * kMiB);
  EXPECT_NE(outside, kept) << "the graph's runs still write there";
  size_t before = device.mapped;
  allocator.close_pool(~uintptr_t{0});
  EXPECT_LT(device.mapped, before);
  allocator.deallocate(outside, 3 * kMiB);
}

TEST_F(DeviceAllocatorTest, AClosedPoolGoesWithItsLastBlock) {
  device.graph = ~uintptr_t{0};
  void* result = allocator.allocate(3 * kMiB);
  device.graph = 0;
  void* outside = allocator.allocate(3 * kMiB);
  allocator.close_pool(~uintptr_t{0});
  size_t before = device.mapped;
  allocator.deallocate(result, 3 * kMiB);
  EXPECT_LT(device.mapped, before);
  allocator.deallocate(outside, 3 * kMiB);
}

TEST_F(DeviceAllocatorTest, DoesNotWaitWhileAGraphIsRecorded) {
  void* held = allocator.allocate(200 * kMiB);
  device.given[7] = 1;
  allocator.record_stream(held, 7);
  allocator.deallocate(held, 200 * kMiB);
  device.graph = ~uintptr_t{0};
  EXPECT_THROW(allocator.allocate(100 * kMiB), Error);
  EXPECT_EQ(device.synchronized, 0);
  device.graph = 0;
}

TEST(DeviceAllocatorWhole, ReturnsOnlyWholeMappings) {
  FakeDevice device(256 * kMiB, true);
  DeviceAllocator allocator(device, "memory of fake:0");
  void* first = allocator.allocate(10 * kMiB);
  void* second = allocator.allocate(10 * kMiB);  // of the same mapping
  allocator.deallocate(first, 10 * kMiB);
  size_t before = device.mapped;
  allocator.empty_cache();
  EXPECT_EQ(device.mapped, before);
  allocator.deallocate(second, 10 * kMiB);
  allocator.empty_cache();
  EXPECT_EQ(device.mapped, 0u);
}

}  // namespace
}  // namespace weft

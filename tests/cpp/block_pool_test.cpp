// BlockPool: best fit, splitting, merging, alignment, trimming; on memory that is not there.
#include "memory/block_pool.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "fake_system_memory.h"
#include "sizes.h"

namespace weft {
namespace {

class BlockPoolTest : public ::testing::Test {
 protected:
  char* take(size_t size, size_t alignment = kPage) {
    return static_cast<char*>(pool.take(size, alignment, size, "test"));
  }
  FakeSystemMemory system{size_t{4} << 30};
  BlockPool pool{system};
};

TEST_F(BlockPoolTest, EmptyPoolHasNothing) {
  EXPECT_EQ(take(kPage), nullptr);
  EXPECT_EQ(pool.reserved(), 0u);
}

TEST_F(BlockPoolTest, SplitsAndMerges) {
  ASSERT_TRUE(pool.grow(8 * kMiB));
  char* a = take(kMiB);
  char* b = take(2 * kMiB);
  char* c = take(kMiB);
  EXPECT_EQ(b, a + kMiB);
  EXPECT_EQ(c, b + 2 * kMiB);
  EXPECT_EQ(pool.free_bytes(), 4 * kMiB);
  pool.give(a);
  pool.give(c);
  pool.give(b);  // joins both neighbours
  EXPECT_EQ(pool.free_bytes(), 8 * kMiB);
  EXPECT_EQ(take(8 * kMiB), a);
}

TEST_F(BlockPoolTest, TakesTheBestFitAndTheLowestOfEquals) {
  ASSERT_TRUE(pool.grow(16 * kMiB));
  char* blocks[8];
  size_t sizes[8] = {4, 1, 2, 1, 2, 1, 3, 2};
  for (int i = 0; i < 8; i++) blocks[i] = take(sizes[i] * kMiB);
  for (int i : {0, 2, 4, 6}) pool.give(blocks[i]);  // free: 4, 2, 2 and 3 MiB
  EXPECT_EQ(take(2 * kMiB), blocks[2]);
  EXPECT_EQ(take(2 * kMiB), blocks[4]);
  EXPECT_EQ(take(2 * kMiB), blocks[6]);  // of 3 MiB
  EXPECT_EQ(take(kMiB), blocks[6] + 2 * kMiB);
  EXPECT_EQ(take(3 * kMiB), blocks[0]);
}

TEST_F(BlockPoolTest, AlignsInsideABlock) {
  ASSERT_TRUE(pool.grow(4 * kMiB));
  char* first = take(kPage);
  char* aligned = take(kMiB / 2, kMiB / 2);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(aligned) % (kMiB / 2), 0u);
  EXPECT_EQ(aligned, first + kMiB / 2);
  EXPECT_EQ(take(kMiB / 2 - kPage), first + kPage);  // the piece that was left before it
  pool.give(aligned);
  pool.give(first);
  pool.give(first + kPage);
  EXPECT_EQ(pool.free_bytes(), 4 * kMiB);
  EXPECT_EQ(take(4 * kMiB), first);
}

TEST_F(BlockPoolTest, MergesAcrossMappingsThatTouch) {
  ASSERT_TRUE(pool.grow(2 * kMiB));
  ASSERT_TRUE(pool.grow(2 * kMiB));  // the fake system maps it right behind
  EXPECT_NE(take(4 * kMiB), nullptr);
}

TEST_F(BlockPoolTest, TrimReturnsAllOfAnUnusedMapping) {
  ASSERT_TRUE(pool.grow(2 * kMiB + kPage));
  char* a = take(kMiB);
  pool.give(a);
  pool.trim(0);
  EXPECT_EQ(pool.reserved(), 0u);
  EXPECT_EQ(system.mapped(), 0u);
}

TEST_F(BlockPoolTest, TrimReturnsHugePagesBetweenUsedBlocks) {
  ASSERT_TRUE(pool.grow(16 * kMiB));
  char* a = take(kMiB);
  char* b = take(10 * kMiB);
  char* c = take(kMiB);
  pool.give(b);
  pool.trim(0);
  // The 4 MiB at the end go, and of the 10 MiB in the middle those on whole huge pages: from 2 to 10 MiB.
  EXPECT_EQ(pool.reserved(), 4 * kMiB);
  EXPECT_EQ(pool.free_bytes(), 2 * kMiB);
  EXPECT_EQ(take(kMiB), a + kMiB);
  EXPECT_EQ(take(kMiB), c - kMiB);
  EXPECT_EQ(system.mapped(), 4 * kMiB);
}

TEST_F(BlockPoolTest, TrimTakesTheLongestUnusedFirst) {
  ASSERT_TRUE(pool.grow(12 * kMiB));
  char* a = take(4 * kMiB);
  char* used = take(4 * kMiB);
  char* b = take(4 * kMiB);
  pool.give(b);
  pool.give(a);
  pool.trim(4 * kMiB);
  EXPECT_EQ(pool.free_bytes(), 4 * kMiB);
  EXPECT_EQ(take(4 * kMiB), a);
  pool.give(used);
}

TEST_F(BlockPoolTest, GrowFailsWhenTheSystemRefuses) {
  system.refuse_maps = true;
  EXPECT_FALSE(pool.grow(kMiB));
  EXPECT_EQ(pool.reserved(), 0u);
}

TEST_F(BlockPoolTest, RandomTakesAndGivesNeverOverlapAndAllComesBack) {
  std::mt19937 random(7);
  std::map<char*, size_t> held;
  for (int step = 0; step < 20000; step++) {
    if (held.empty() || random() % 5 < 3) {
      size_t size = (1 + random() % 300) * kPage;
      size_t alignment = random() % 4 ? kPage : kMiB / 2;
      char* p = take(size, alignment);
      if (!p) {
        if (held.size() > 200) continue;
        ASSERT_TRUE(pool.grow(8 * kMiB));
        p = take(size, alignment);
      }
      ASSERT_EQ(reinterpret_cast<uintptr_t>(p) % alignment, 0u);
      auto after = held.lower_bound(p);
      ASSERT_TRUE(after == held.end() || p + size <= after->first);
      ASSERT_TRUE(after == held.begin() || std::prev(after)->first + std::prev(after)->second <= p);
      held[p] = size;
    } else {
      auto it = held.begin();
      std::advance(it, random() % held.size());
      pool.give(it->first);
      held.erase(it);
    }
    if (step % 1000 == 999) pool.trim(4 * kMiB);
    ASSERT_EQ(pool.reserved(), system.mapped());
  }
  for (auto& [p, size] : held) pool.give(p);
  EXPECT_EQ(pool.free_bytes(), pool.reserved());
  pool.trim(0);
  EXPECT_EQ(system.mapped(), 0u);
}

}  // namespace
}  // namespace weft

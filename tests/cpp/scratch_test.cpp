// Scratch: where it lies with and without a place for it, what it counts, and that a query gives none.
#include "device/cpu/scratch.h"

#include <gtest/gtest.h>

#include <thread>

#include "memory/allocator.h"
#include "test_tensors.h"

namespace weft {
namespace {

int64_t allocated() { return host_allocator().stats().allocated; }

TEST(Scratch, LiesInThePlaceThatIsGivenWhileThereIsRoom) {
  alignas(64) char place[256];
  int64_t before = allocated();
  ScratchScope scope(place, sizeof place);
  {
    Scratch a(100), b(64);
    EXPECT_EQ(a.data(), place);
    EXPECT_EQ(b.data(), place + 128);
    EXPECT_EQ(allocated(), before);
    Scratch too_large(65);
    EXPECT_TRUE(too_large.data() < place || too_large.data() >= place + sizeof place);
    EXPECT_EQ(allocated(), before + 65);
    Scratch nothing(0), last(64);
    EXPECT_EQ(nothing.data(), nullptr);
    EXPECT_EQ(last.data(), place + 192);
    EXPECT_EQ(scope.most(), 128u + 64 + 128 + 64);
  }
  Scratch again(256);
  EXPECT_EQ(again.data(), place);
  EXPECT_EQ(allocated(), before);
}

TEST(Scratch, ScopesAreNestedAndOfOneThread) {
  alignas(64) char place[128], inner_place[64];
  ScratchScope scope(place, sizeof place);
  Scratch a(64);
  {
    ScratchScope inner(inner_place, sizeof inner_place);
    Scratch b(64);
    EXPECT_EQ(b.data(), inner_place);
    EXPECT_EQ(inner.most(), 64u);
    ScratchScope none(nullptr, 0);
    Scratch c(64);
    EXPECT_TRUE(c.data() != place + 64 && c.data() != inner_place);
  }
  std::thread([&] {
    Scratch other(64);
    EXPECT_NE(other.data(), place + 64);
  }).join();
  Scratch b(64);
  EXPECT_EQ(b.data(), place + 64);
  EXPECT_EQ(scope.most(), 128u);
}

TEST(Scratch, AQueryCountsAndTakesNothing) {
  int64_t before = allocated();
  EXPECT_FALSE(scratch_only_asked());
  {
    ScratchQuery query;
    EXPECT_TRUE(scratch_only_asked());
    Scratch real(32, Scratch::EvenIfAsked());
    EXPECT_NE(real.data(), nullptr);
    EXPECT_EQ(allocated(), before + 32);
    for (size_t bytes : {1000, 200}) {
      Scratch asked(bytes);
      EXPECT_EQ(asked.data(), nullptr);
    }
    EXPECT_EQ(allocated(), before + 32);
    EXPECT_EQ(query.most(), 64u + 1024);
  }
  EXPECT_FALSE(scratch_only_asked());
  EXPECT_EQ(allocated(), before);
}

TEST(Scratch, RunningOutOfMemoryCountsNothing) {
  ScratchScope scope(nullptr, 0);
  fail_after(0);
  EXPECT_THROW(Scratch(100), Error);
  fail_after(-1);
  EXPECT_EQ(scope.most(), 0u);
  Scratch after(64);
  EXPECT_EQ(scope.most(), 64u);
}

}  // namespace
}  // namespace weft

// Storage and Tensor: aliasing, bounds, overlap, overflow, the meta device; no ops needed.
#include "tensor/tensor.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/error.h"
#include "memory/allocator.h"

namespace weft {
namespace {

TEST(Tensor, EmptyIsContiguousAndAligned) {
  Tensor t = empty({2, 3, 4}, DType::Float64);
  EXPECT_TRUE(t.is_contiguous());
  EXPECT_EQ(t.numel(), 24);
  EXPECT_EQ(t.strides(), Strides({12, 4, 1}));
  EXPECT_EQ(t.impl()->storage->nbytes(), 24u * 8);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(t.data()) % 64, 0u);
}

TEST(Tensor, MemoryIsFreedWithTheLastView) {
  int64_t before = host_allocator().stats().allocated;
  Tensor view;
  {
    Tensor t = empty({1000});
    EXPECT_EQ(host_allocator().stats().allocated, before + 4000);
    view = alias_as_strided(t, {10}, {1}, 990);
  }
  EXPECT_EQ(host_allocator().stats().allocated, before + 4000);
  view = Tensor();
  EXPECT_EQ(host_allocator().stats().allocated, before);
}

TEST(Tensor, NoElementsTakeNoMemory) {
  int64_t before = host_allocator().stats().allocated;
  Tensor t = empty({3, 0, 5});
  EXPECT_EQ(t.data(), nullptr);
  EXPECT_EQ(t.numel(), 0);
  EXPECT_TRUE(t.is_contiguous());
  EXPECT_EQ(host_allocator().stats().allocated, before);
}

TEST(Tensor, SizesThatOverflowAreRefusedBeforeMemoryIsTaken) {
  int64_t before = host_allocator().stats().allocations;
  EXPECT_THROW(empty({int64_t{1} << 62, 4}), Error);
  EXPECT_THROW(empty({int64_t{1} << 61}, DType::Float64), Error);
  EXPECT_THROW(empty({2, -1}), Error);
  EXPECT_EQ(host_allocator().stats().allocations, before);
}

TEST(Tensor, MetaTensorsHaveNoData) {
  int64_t before = host_allocator().stats().allocated;
  Tensor t = empty({int64_t{1} << 40}, DType::Float32, Device{DeviceType::Meta, 0});
  EXPECT_TRUE(t.is_meta());
  EXPECT_EQ(t.data(), nullptr);
  EXPECT_EQ(host_allocator().stats().allocated, before);
}

TEST(Tensor, ViewsShareStorageAndVersion) {
  Tensor t = empty({4, 6});
  Tensor transposed = alias_as_strided(t, {6, 4}, {1, 6}, 0);
  Tensor row = alias_as_strided(transposed, {4}, {6}, 2);
  EXPECT_EQ(row.data(), t.data_as<float>() + 2);
  EXPECT_TRUE(row.is_view());
  EXPECT_EQ(row.impl()->base.get(), t.impl());  // the root, not the view between
  uint32_t version = t.version();
  row.impl()->storage->bump_version("fill_");
  EXPECT_EQ(t.version(), version + 1);
  EXPECT_STREQ(t.impl()->storage->last_writer(), "fill_");
}

TEST(Tensor, ViewsMayNotReachOutside) {
  Tensor t = empty({10});
  EXPECT_NO_THROW(alias_as_strided(t, {5}, {2}, 1));
  EXPECT_NO_THROW(alias_as_strided(t, {10, 1000}, {1, 0}, 0));
  EXPECT_NO_THROW(alias_as_strided(t, {10}, {-1}, 9));
  EXPECT_NO_THROW(alias_as_strided(t, {0}, {1}, 10));
  EXPECT_THROW(alias_as_strided(t, {11}, {1}, 0), Error);
  EXPECT_THROW(alias_as_strided(t, {2}, {1}, 9), Error);
  EXPECT_THROW(alias_as_strided(t, {2}, {-1}, 0), Error);
  EXPECT_THROW(alias_as_strided(t, {1}, {1}, -1), Error);
}

TEST(Tensor, ViewsWhoseReachOverflowsAreRefused) {
  Tensor t = empty({10});
  int64_t huge = int64_t{1} << 62;
  EXPECT_THROW(alias_as_strided(t, {3}, {huge}, 0), Error);
  EXPECT_THROW(alias_as_strided(t, {5}, {huge}, 0), Error);
  EXPECT_THROW(alias_as_strided(t, {2, 2}, {huge, huge}, 0), Error);
  EXPECT_THROW(alias_as_strided(t, {2}, {1}, int64_t{0x7fffffffffffffff}), Error);
}

TEST(Tensor, ForeignMemoryIsKeptAlive) {
  auto owner = std::make_shared<std::vector<float>>(6);
  std::weak_ptr<void> watch = owner;
  void* data = owner->data();
  Tensor t = from_memory(data, {2, 3}, {3, 1}, DType::Float32, std::move(owner), false);
  EXPECT_EQ(t.data(), data);
  EXPECT_FALSE(t.impl()->storage->writable());
  t = Tensor();
  EXPECT_TRUE(watch.expired());
}

TEST(Tensor, ForeignMemoryWithNegativeStrides) {
  auto owner = std::make_shared<std::vector<float>>(std::vector<float>{0, 1, 2, 3});
  float* last = owner->data() + 3;
  Tensor t = from_memory(last, {4}, {-1}, DType::Float32, owner);
  EXPECT_EQ(t.data(), last);
  EXPECT_EQ(t.impl()->storage->data(), owner->data());
  EXPECT_EQ(t.impl()->storage->nbytes(), 16u);
}

TEST(EmptyStrided, TakesDenseStridesOnly) {
  Tensor t = empty_strided({2, 3}, {1, 2}, DType::Float32, {});
  EXPECT_FALSE(t.is_contiguous());
  EXPECT_EQ(t.impl()->storage->nbytes(), 24u);
  EXPECT_THROW(empty_strided({2, 3}, {10, 1}, DType::Float32, {}), Error);
  EXPECT_THROW(empty_strided({2, 3}, {-3, 1}, DType::Float32, {}), Error);
}

TEST(InternalOverlap, IsFound) {
  Tensor t = empty({4, 6});
  EXPECT_FALSE(has_internal_overlap(t));
  EXPECT_FALSE(has_internal_overlap(alias_as_strided(t, {6, 4}, {1, 6}, 0)));
  EXPECT_FALSE(has_internal_overlap(alias_as_strided(t, {2, 3}, {12, 2}, 0)));
  EXPECT_FALSE(has_internal_overlap(alias_as_strided(t, {1, 6}, {0, 1}, 0)));
  EXPECT_FALSE(has_internal_overlap(alias_as_strided(t, {0, 6}, {0, 1}, 0)));
  EXPECT_TRUE(has_internal_overlap(alias_as_strided(t, {3, 6}, {0, 1}, 0)));
  EXPECT_TRUE(has_internal_overlap(alias_as_strided(t, {3, 3}, {1, 1}, 0)));
}

TEST(OverlapOf, TwoTensors) {
  Tensor t = empty({10});
  auto view = [&](Shape shape, Strides strides, int64_t offset) { return alias_as_strided(t, shape, strides, offset); };
  EXPECT_EQ(overlap_of(t, t), Overlap::Same);
  EXPECT_EQ(overlap_of(t, view({10}, {1}, 0)), Overlap::Same);
  EXPECT_EQ(overlap_of(view({5}, {1}, 0), view({5}, {1}, 5)), Overlap::None);
  EXPECT_EQ(overlap_of(view({5}, {1}, 0), view({5}, {1}, 4)), Overlap::Partial);
  EXPECT_EQ(overlap_of(t, view({2, 5}, {5, 1}, 0)), Overlap::Partial);
  EXPECT_EQ(overlap_of(t, empty({10})), Overlap::None);
  EXPECT_EQ(overlap_of(t, view({0}, {1}, 3)), Overlap::None);
  EXPECT_EQ(overlap_of(alias_as_strided(t, {5}, {1}, 0, DType::Int32), view({5}, {1}, 0)), Overlap::Partial);
}

TEST(OverlapOf, TwoStoragesOnTheSameForeignMemory) {
  auto owner = std::make_shared<std::vector<float>>(10);
  Tensor a = from_memory(owner->data(), {6}, {1}, DType::Float32, owner);
  Tensor b = from_memory(owner->data() + 4, {6}, {1}, DType::Float32, owner);
  Tensor c = from_memory(owner->data() + 6, {4}, {1}, DType::Float32, owner);
  EXPECT_EQ(overlap_of(a, b), Overlap::Partial);
  EXPECT_EQ(overlap_of(a, c), Overlap::None);
}

TEST(Storage, FailedAllocationLeavesNothing) {
  int64_t before = host_allocator().stats().allocated;
  fail_after(0);
  EXPECT_THROW(empty({100}), Error);
  fail_after(-1);
  EXPECT_EQ(host_allocator().stats().allocated, before);
}

}  // namespace
}  // namespace weft

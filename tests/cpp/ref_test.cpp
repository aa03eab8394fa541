// Ref, Pooled and SmallVector: ownership, freelists across threads, growth.
#include "core/ref.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/small_vector.h"

namespace weft {
namespace {

struct Thing : RefCounted, Pooled<Thing> {
  explicit Thing(int* deaths_) : deaths(deaths_) {}
  ~Thing() override { ++*deaths; }
  int* deaths;
};

TEST(Ref, TheLastOwnerDestroys) {
  int deaths = 0;
  {
    Ref<Thing> a = make_ref<Thing>(&deaths);
    EXPECT_EQ(a->use_count(), 1u);
    Ref<Thing> b = a;
    Ref<const Thing> c = b;
    EXPECT_EQ(a->use_count(), 3u);
    Ref<Thing> d = std::move(b);
    EXPECT_FALSE(b);
    EXPECT_EQ(a->use_count(), 3u);
    a = nullptr;
    d = Ref<Thing>();
    EXPECT_EQ(deaths, 0);
  }
  EXPECT_EQ(deaths, 1);
}

TEST(Ref, AssignmentToItself) {
  int deaths = 0;
  Ref<Thing> a = make_ref<Thing>(&deaths);
  Ref<Thing>& same = a;
  a = same;
  EXPECT_TRUE(a);
  EXPECT_EQ(deaths, 0);
}

TEST(Ref, DetachAndAdopt) {
  int deaths = 0;
  Ref<Thing> a = make_ref<Thing>(&deaths);
  Thing* raw = a.detach();
  EXPECT_FALSE(a);
  EXPECT_EQ(raw->use_count(), 1u);
  Ref<Thing>::adopt(raw);
  EXPECT_EQ(deaths, 1);
}

TEST(Ref, TryRetainFailsOnceDestructionHasBegun) {
  struct Looker : RefCounted {
    bool* result;
    explicit Looker(bool* r) : result(r) {}
    ~Looker() override { *result = try_retain(); }
  };
  bool retained = true;
  make_ref<Looker>(&retained);
  EXPECT_FALSE(retained);
}

TEST(Ref, CountsFromManyThreads) {
  int deaths = 0;
  {
    Ref<Thing> shared = make_ref<Thing>(&deaths);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; t++) {
      threads.emplace_back([shared] {
        for (int i = 0; i < 20000; i++) Ref<Thing> copy = shared;
      });
    }
    for (auto& t : threads) t.join();
    EXPECT_EQ(shared->use_count(), 1u);
  }
  EXPECT_EQ(deaths, 1);
}

TEST(Pooled, MemoryIsUsedAgain) {
  int deaths = 0;
  auto* first = new Thing(&deaths);
  delete first;
  auto* second = new Thing(&deaths);
  EXPECT_EQ(static_cast<void*>(first), static_cast<void*>(second));
  delete second;
}

TEST(Pooled, ObjectsFreedByAnotherThread) {
  int deaths = 0;
  std::vector<Thing*> things;
  for (int i = 0; i < 1000; i++) things.push_back(new Thing(&deaths));
  std::thread([&] {
    for (Thing* t : things) delete t;
  }).join();
  EXPECT_EQ(deaths, 1000);
}

struct Counter {
  static inline int alive = 0;
  std::unique_ptr<int> value;
  explicit Counter(int v = 0) : value(std::make_unique<int>(v)) { alive++; }
  Counter(Counter&& o) noexcept : value(std::move(o.value)) { alive++; }
  Counter& operator=(Counter&&) = default;
  ~Counter() { alive--; }
};

TEST(SmallVector, GrowsAndMoves) {
  Counter::alive = 0;
  {
    SmallVector<Counter, 2> v;
    for (int i = 0; i < 50; i++) v.emplace_back(i);
    for (int i = 0; i < 50; i++) EXPECT_EQ(*v[i].value, i);
    EXPECT_EQ(Counter::alive, 50);
    SmallVector<Counter, 2> heap = std::move(v);
    EXPECT_EQ(heap.size(), 50);
    EXPECT_TRUE(v.empty());
    v.emplace_back(5);
    EXPECT_EQ(*v.back().value, 5);
    SmallVector<Counter, 2> inline_one = std::move(v);
    EXPECT_EQ(*inline_one[0].value, 5);
    inline_one = std::move(heap);
    EXPECT_EQ(inline_one.size(), 50);
    inline_one.pop_back();
    inline_one.resize(10);
    EXPECT_EQ(Counter::alive, 10);
    inline_one.resize(12);
    EXPECT_EQ(*inline_one[11].value, 0);
    inline_one.clear();
    EXPECT_EQ(Counter::alive, 0);
  }
  EXPECT_EQ(Counter::alive, 0);
}

}  // namespace
}  // namespace weft

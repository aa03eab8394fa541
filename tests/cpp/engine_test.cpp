// The backward engine: accumulation, graphs that are used again or freed, hooks, saved versions, a million nodes,
// threads.
#include "autograd/engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "op/grad_mode.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/reduction.h"
#include "test_tensors.h"

namespace weft {
namespace {

using Values = std::vector<float>;

Tensor total(const Tensor& t) { return sum_to(t, {}); }

TEST(Engine, AddsUpOverPathsAndCalls) {
  Tensor x = make_leaf({2}, {3, 4});
  auto run = [&] { backward({total(add(mul(x, x), x))}, {}, false, false); };
  run();
  EXPECT_EQ(values_of(grad_of(x)), (Values{7, 9}));
  run();
  EXPECT_EQ(values_of(grad_of(x)), (Values{14, 18}));
}

TEST(Engine, BroadcastGradientsAreSummed) {
  Tensor x = make_leaf({2, 1}, {1, 2}), y = make_leaf({3}, {1, 10, 100});
  backward({total(mul(x, y))}, {}, false, false);
  EXPECT_EQ(values_of(grad_of(x)), (Values{111, 111}));
  EXPECT_EQ(values_of(grad_of(y)), (Values{3, 3, 3}));
}

TEST(Engine, ADiamondRunsEachNodeOnce) {
  Tensor x = make_leaf({1}, {1});
  Tensor y = mul(x, Scalar(1.0));
  for (int i = 0; i < 60; i++) y = add(y, y);  // 2^60 paths
  backward({y}, {}, false, false);
  EXPECT_EQ(values_of(grad_of(x)), (Values{static_cast<float>(int64_t{1} << 60)}));
}

TEST(Engine, AUsedGraphIsFreedUnlessKept) {
  Tensor x = make_leaf({1}, {3});
  Tensor y = mul(x, x);
  backward({y}, {}, true, false);
  backward({y}, {}, false, false);
  EXPECT_EQ(values_of(grad_of(x)), (Values{12}));
  expect_parts(message_of([&] { backward({y}, {}, false, false); }), {"mul", "retain_graph=True"});
  EXPECT_EQ(values_of(grad_of(x)), (Values{12}));
}

TEST(Engine, AFailedBackwardChangesNoGradient) {
  Tensor x = make_leaf({1}, {3}), w = make_leaf({1}, {5});
  Tensor a = mul(x, x);
  Tensor y = mul(mul(a, w), w);
  fill_(detach(a), Scalar(0.0));  // a was saved
  expect_parts(message_of([&] { backward({y}, {}, false, false); }), {"mul", "fill", "clone()"});
  EXPECT_FALSE(grad_of(x).defined());
  EXPECT_FALSE(grad_of(w).defined());
}

TEST(Engine, RootsNeedAGradientThatFits) {
  Tensor x = make_leaf({2}, {1, 2});
  Tensor y = mul(x, x);
  message_of([&] { backward({y}, {}, false, false); });
  message_of([&] { backward({y}, {make_tensor({3}, {1, 1, 1})}, false, false); });
  message_of([&] { backward({make_tensor({1}, {1})}, {}, false, false); });
  backward({y}, {make_tensor({2}, {1, 10})}, false, false);
  EXPECT_EQ(values_of(grad_of(x)), (Values{2, 40}));
}

TEST(Engine, GradTouchesNoLeaf) {
  Tensor x = make_leaf({1}, {2}), w = make_leaf({1}, {7}), unused = make_leaf({1}, {0});
  Tensor y = mul(mul(x, x), w);
  std::vector<Tensor> found = grad({y}, {x, unused}, {}, true, false, true);
  EXPECT_EQ(values_of(found[0]), (Values{28}));
  EXPECT_FALSE(found[1].defined());
  EXPECT_FALSE(grad_of(x).defined());
  expect_parts(message_of([&] { grad({y}, {unused}, {}, true, false, false); }), {"allow_unused"});
}

TEST(Engine, GradOfSomethingInBetween) {
  Tensor x = make_leaf({1}, {2});
  Tensor middle = mul(x, x);
  Tensor y = mul(middle, middle);
  EXPECT_EQ(values_of(grad({y}, {middle}, {}, false, false, false)[0]), (Values{8}));
}

TEST(Engine, HigherDerivatives) {
  Tensor x = make_leaf({1}, {2});
  Tensor y = mul(mul(x, x), mul(x, x));
  const float expected[] = {32, 48, 48, 24};  // of x^4 at 2
  for (float value : expected) {
    y = grad({y}, {x}, {}, true, true, false)[0];
    EXPECT_EQ(values_of(y), (Values{value}));
  }
}

class Doubles : public GradHook {
 public:
  Tensor call(const Tensor& grad) override {
    calls++;
    return mul(grad, Scalar(2.0));
  }
  int calls = 0;
};

TEST(Engine, HooksReplaceGradients) {
  Tensor x = make_leaf({1}, {3});
  Tensor y = mul(x, Scalar(1.0));
  auto hook = make_ref<Doubles>();
  Edge edge = gradient_edge(y);
  edge.node->add_hook(edge.index, 1, hook);
  Tensor z = add(mul(y, y), y);
  backward({z}, {}, true, false);
  EXPECT_EQ(hook->calls, 1);  // after all paths have arrived
  EXPECT_EQ(values_of(grad_of(x)), (Values{14}));
  edge.node->remove_hook(1);
  backward({z}, {}, false, false);
  EXPECT_EQ(hook->calls, 1);
  EXPECT_EQ(values_of(grad_of(x)), (Values{21}));
}

TEST(Engine, ViewsChangedInPlace) {
  Tensor x = make_leaf({4}, {1, 2, 3, 4});
  Tensor y = mul(x, Scalar(1.0));
  Tensor part = slice(y, 0, 1, 3);
  mul_(part, Scalar(10.0));
  EXPECT_EQ(values_of(y), (Values{1, 20, 30, 4}));
  backward({total(mul(y, y))}, {}, false, false);
  EXPECT_EQ(values_of(grad_of(x)), (Values{2, 400, 600, 8}));
}

TEST(Engine, AMillionOpsNeitherOverflowTheStackNorLeak) {
  constexpr int kOps = 1000000;
  Tensor x = make_leaf({1}, {1});
  // A small stack makes any recursion show.
  std::thread([&] {
    Tensor y = x;
    for (int i = 0; i < kOps; i++) y = mul(y, Scalar(1.0));
    backward({y}, {}, false, false);
    EXPECT_EQ(values_of(grad_of(x)), (Values{1}));
    Tensor never_used = x;
    for (int i = 0; i < kOps; i++) never_used = add(never_used, x);
  }).join();
}

TEST(Engine, ThreadsEachWithTheirOwnGraphOnSharedLeaves) {
  constexpr int kLeaves = 300;
  std::vector<Tensor> leaves;  // new ones, so that the threads meet in their first use
  for (int i = 0; i < kLeaves; i++) leaves.push_back(make_leaf({64}, Values(64, 2)));
  std::vector<std::thread> threads;
  std::atomic<int> ready{0}, wrong{0};
  for (size_t t = 0; t < 4; t++) {
    threads.emplace_back([&, t] {
      ready++;
      while (ready < 4) {
      }
      for (const Tensor& w : leaves) {
        Tensor y = total(mul(mul(w, w), Scalar(static_cast<double>(t))));
        std::vector<Tensor> g = grad({y}, {w}, {}, false, false, true);
        if (!g[0].defined() || g[0].data_as<float>()[63] != static_cast<float>(4 * t)) wrong++;
      }
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(wrong, 0);
}

TEST(GradMode, IsPerThread) {
  GradModeGuard off(false);
  EXPECT_FALSE(GradMode::enabled());
  bool other = false;
  std::thread([&] { other = GradMode::enabled(); }).join();
  EXPECT_TRUE(other);
}

}  // namespace
}  // namespace weft

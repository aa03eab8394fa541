// apply(): the order of its steps, what an op gets for free, and what happens when something fails in between.
#include "op/apply.h"

#include <gtest/gtest.h>

#include "autograd/engine.h"
#include "memory/allocator.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/reduction.h"
#include "test_tensors.h"

namespace weft {
namespace {

// x * factor + y, with everything written by hand.
struct ScaledAdd : OpOf<ScaledAdd> {
  static constexpr const char* kName = "scaled_add";
  static constexpr Traits kTraits{.elementwise = true};
  double factor = 1;
  explicit ScaledAdd(double f) : factor(f) {}
  WEFT_FIELDS(factor);
  void infer(Inputs in, OutputSpec* out) const override {
    check(in[0].shape() == in[1].shape(), "scaled_add: shapes ", in[0].shape(), " and ", in[1].shape(), " differ");
    out[0] = {in[0].shape(), in[0].dtype()};
  }
  void run(Inputs in, const Tensor* out) const override {
    for (int64_t i = 0; i < in[0].numel(); i++) {
      out[0].data_as<float>()[i] = in[0].data_as<float>()[i] * static_cast<float>(factor) + in[1].data_as<float>()[i];
    }
  }
  void vjp(const Vjp& v, Tensor* grads) const override {
    if (v.needs(0)) grads[0] = mul(v.grad(), Scalar(factor));
    if (v.needs(1)) grads[1] = v.grad();
  }
};

// The cube, which gives only a decomposition: its derivatives follow.
struct Cube : OpOf<Cube> {
  static constexpr const char* kName = "cube";
  static constexpr Traits kTraits{.decomposes = true};
  WEFT_FIELDS();
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype()}; }
  void run(Inputs in, const Tensor* out) const override {
    for (int64_t i = 0; i < in[0].numel(); i++) {
      float x = in[0].data_as<float>()[i];
      out[0].data_as<float>()[i] = x * x * x;
    }
  }
  std::vector<Tensor> decompose(Inputs in) const override { return {mul(mul(in[0], in[0]), in[0])}; }
};

// Two outputs: the values and, not differentiable, which ones are positive.
struct Split : OpOf<Split> {
  static constexpr const char* kName = "split_sign";
  WEFT_FIELDS();
  int num_outputs() const override { return 2; }
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {in[0].shape(), in[0].dtype()};
    out[1] = {in[0].shape(), DType::Bool};
  }
  void run(Inputs in, const Tensor* out) const override {
    for (int64_t i = 0; i < in[0].numel(); i++) {
      float x = in[0].data_as<float>()[i];
      out[0].data_as<float>()[i] = 2 * x;
      out[1].data_as<bool>()[i] = x > 0;
    }
  }
  void vjp(const Vjp& v, Tensor* grads) const override { grads[0] = mul(v.grad(0), Scalar(2.0)); }
};

struct Nowhere : OpOf<Nowhere> {
  static constexpr const char* kName = "nowhere";
  static constexpr Traits kTraits{.differentiable = false};
  WEFT_FIELDS();
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype()}; }
};

TEST(Op, EqualityHashAndTextFollowFromFields) {
  ScaledAdd a(2), b(2), c(3);
  EXPECT_TRUE(a.equals(b));
  EXPECT_FALSE(a.equals(c));
  EXPECT_FALSE(Cube().equals(Split()));
  EXPECT_EQ(a.hash(), b.hash());
  EXPECT_NE(a.hash(), c.hash());
  EXPECT_EQ(a.text(), "scaled_add(factor=2)");
  EXPECT_EQ(Cube().text(), "cube()");
}

TEST(Op, SharesItselfOnceItLivesOnTheHeap) {
  ScaledAdd on_stack(2);
  Ref<const Op> copy = on_stack.share();
  EXPECT_NE(copy.get(), &on_stack);
  EXPECT_EQ(copy->share().get(), copy.get());
  EXPECT_TRUE(copy->equals(on_stack));
}

TEST(Apply, ComputesAndRecordsOnlyWhenAsked) {
  Tensor x = make_tensor({3}, {1, 2, 3}), y = make_tensor({3}, {10, 20, 30});
  Tensor z = apply(ScaledAdd(2), x, y);
  EXPECT_EQ(values_of(z), (std::vector<float>{12, 24, 36}));
  EXPECT_FALSE(z.requires_grad());
  Tensor w = make_leaf({3}, {1, 2, 3});
  EXPECT_TRUE(apply(ScaledAdd(2), w, y).requires_grad());
  GradModeGuard off(false);
  EXPECT_FALSE(apply(ScaledAdd(2), w, y).requires_grad());
}

TEST(Apply, DerivativesWrittenByHand) {
  Tensor x = make_leaf({2}, {1, 2}), y = make_leaf({2}, {3, 4});
  backward({sum_to(apply(ScaledAdd(5), x, y), {})}, {}, false, false);
  EXPECT_EQ(values_of(grad_of(x)), (std::vector<float>{5, 5}));
  EXPECT_EQ(values_of(grad_of(y)), (std::vector<float>{1, 1}));
}

TEST(Apply, DerivativesFromTheDecomposition) {
  Tensor x = make_leaf({2}, {2, -3});
  Tensor y = apply(Cube(), x);
  EXPECT_EQ(values_of(y), (std::vector<float>{8, -27}));
  Tensor first = grad({sum_to(y, {})}, {x}, {}, true, true, false)[0];
  EXPECT_EQ(values_of(first), (std::vector<float>{12, 27}));
  Tensor second = grad({sum_to(first, {})}, {x}, {}, true, true, false)[0];
  EXPECT_EQ(values_of(second), (std::vector<float>{12, -18}));
  Tensor third = grad({sum_to(second, {})}, {x}, {}, false, false, false)[0];
  EXPECT_EQ(values_of(third), (std::vector<float>{6, 6}));
}

TEST(Apply, SeveralOutputs) {
  Tensor x = make_leaf({2}, {2, -3});
  std::vector<Tensor> out = apply_list(Split(), {x});
  ASSERT_EQ(out.size(), 2u);
  EXPECT_TRUE(out[0].requires_grad());
  EXPECT_FALSE(out[1].requires_grad());
  EXPECT_TRUE(out[1].data_as<bool>()[0]);
  backward({sum_to(out[0], {})}, {}, false, false);
  EXPECT_EQ(values_of(grad_of(x)), (std::vector<float>{2, 2}));
}

TEST(Apply, ANonDifferentiableOpEndsTheGraph) {
  Tensor x = make_leaf({2}, {2, -3});
  x = empty({2}, DType::Float32, Device{DeviceType::Meta, 0});
  x.impl()->requires_grad = true;
  EXPECT_FALSE(apply(Nowhere(), x).requires_grad());
}

TEST(Apply, OnMetaTensorsOnlyShapesAreComputed) {
  Device meta{DeviceType::Meta, 0};
  Tensor x = empty({5, 7}, DType::Float32, meta), y = empty({5, 7}, DType::Float32, meta);
  Tensor z = apply(ScaledAdd(2), x, y);
  EXPECT_TRUE(z.is_meta());
  EXPECT_EQ(z.shape(), Shape({5, 7}));
}

TEST(Apply, DevicesMayNotBeMixed) {
  Tensor x = make_tensor({2}, {1, 2}), y = empty({2}, DType::Float32, Device{DeviceType::Meta, 0});
  expect_parts(message_of([&] { apply(ScaledAdd(2), x, y); }), {"scaled_add", "cpu", "meta"});
}

TEST(Apply, AFailureLeavesEverythingAsItWas) {
  Tensor x = make_leaf({2}, {1, 2}), y = make_leaf({3}, {1, 2, 3});
  int64_t before = host_allocator().stats().allocated;
  expect_parts(message_of([&] { apply(ScaledAdd(2), x, y); }), {"scaled_add", "(2,)", "(3,)"});
  Tensor z = make_leaf({2}, {1, 2});
  int64_t with_z = host_allocator().stats().allocated;
  fail_after(0);
  message_of([&] { apply(ScaledAdd(2), x, z); }, ErrorKind::OutOfMemory);
  fail_after(-1);
  EXPECT_EQ(host_allocator().stats().allocated, with_z);
  EXPECT_GE(with_z, before);
  EXPECT_EQ(values_of(x), (std::vector<float>{1, 2}));
}

TEST(Apply, MemoryIsLabelledWithTheOp) {
  Tensor x = empty({100000}), y = empty({100000});
  Tensor z = apply(ScaledAdd(0), x, y);
  bool found = false;
  for (const MemoryHolder& holder : host_allocator().holders()) found |= holder.tag == "scaled_add";
  EXPECT_TRUE(found);
}

TEST(ApplyInplace, ChangesTheTensorAndItsVersion) {
  Tensor x = make_tensor({2}, {1, 2}), y = make_tensor({2}, {10, 20});
  uint32_t version = x.version();
  Tensor same = apply_inplace(ScaledAdd(3), x, y);
  EXPECT_TRUE(same.same(x));
  EXPECT_EQ(values_of(x), (std::vector<float>{13, 26}));
  EXPECT_EQ(x.version(), version + 1);
}

TEST(ApplyInplace, WorksWhenOtherInputsOverlap) {
  Tensor x = make_tensor({6}, {1, 2, 3, 4, 5, 6});
  Tensor target = alias_as_strided(x, {4}, {1}, 1), other = alias_as_strided(x, {4}, {1}, 0);
  apply_inplace(ScaledAdd(1), target, other);  // each gets its left neighbour as it was
  EXPECT_EQ(values_of(x), (std::vector<float>{1, 3, 5, 7, 9, 6}));
}

TEST(ApplyInplace, RefusesWhatCannotBeChanged) {
  Tensor leaf = make_leaf({2}, {1, 2}), y = make_tensor({2}, {1, 1});
  expect_parts(message_of([&] { apply_inplace(ScaledAdd(1), leaf, y); }), {"scaled_add_", "leaf"});
  Tensor expanded = alias_as_strided(y, {2}, {0}, 0);
  message_of([&] { apply_inplace(ScaledAdd(1), expanded, y); });
  EXPECT_EQ(values_of(y), (std::vector<float>{1, 1}));
}

TEST(ApplyInplace, IsRecorded) {
  Tensor x = make_leaf({2}, {1, 2}), y = make_leaf({2}, {3, 4});
  Tensor z = mul(x, Scalar(1.0));
  apply_inplace(ScaledAdd(4), z, y);
  backward({sum_to(z, {})}, {}, false, false);
  EXPECT_EQ(values_of(grad_of(x)), (std::vector<float>{4, 4}));
  EXPECT_EQ(values_of(grad_of(y)), (std::vector<float>{1, 1}));
}

}  // namespace
}  // namespace weft

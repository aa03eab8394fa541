// The static graph: what is traced, planned and run gives what eager computing gives, bit for bit.
#include <gtest/gtest.h>

#include <cstring>

#include "autograd/engine.h"
#include "device/cpu/scratch.h"
#include "graph_helpers.h"
#include "op/apply.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/indexing.h"
#include "ops/matmul.h"
#include "ops/movement.h"
#include "ops/random.h"
#include "ops/reduction.h"

namespace weft::graph {
namespace {

bool same_bits(const Tensor& a, const Tensor& b) {
  Tensor x = contiguous(a), y = contiguous(b);
  return x.shape() == y.shape() && x.dtype() == y.dtype() &&
         std::memcmp(x.data(), y.data(), static_cast<size_t>(x.numel()) * item_size(x.dtype())) == 0;
}

std::vector<Tensor> copies_of(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> copies;
  for (const Tensor& t : tensors) {
    GradModeGuard no_grad(false);
    Tensor copy = clone(t);
    copy.impl()->requires_grad = t.requires_grad();
    copies.push_back(copy);
  }
  return copies;
}

// Results, and what in-place ops left in the arguments and their gradients.
void expect_compiled_equals_eager(const std::vector<Tensor>& arguments, const Code& program, int calls = 2) {
  std::vector<Tensor> eager_arguments = copies_of(arguments), compiled_arguments = copies_of(arguments);
  Ref<Function> f = compile(compiled_arguments, program);
  for (int call = 0; call < calls; call++) {
    if (!f->mismatch(compiled_arguments).empty()) f = compile(compiled_arguments, program);
    std::vector<Tensor> expected = program(eager_arguments), got = f->call(compiled_arguments);
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); i++) EXPECT_TRUE(same_bits(got[i], expected[i])) << "result " << i;
    for (size_t i = 0; i < arguments.size(); i++) {
      EXPECT_TRUE(same_bits(compiled_arguments[i], eager_arguments[i])) << "argument " << i;
      Tensor grad = accumulated_grad(eager_arguments[i]), found = accumulated_grad(compiled_arguments[i]);
      ASSERT_EQ(grad.defined(), found.defined()) << "gradient " << i;
      EXPECT_TRUE(!grad.defined() || same_bits(found, grad)) << "gradient " << i;
    }
  }
}

Tensor leaf_pattern(const Shape& shape, uint32_t seed) {
  Tensor t = make_pattern(shape, seed);
  t.impl()->requires_grad = true;
  return t;
}

// x, w1, b1, w2
Tensor network_loss(const std::vector<Tensor>& a) {
  Tensor hidden = tanh(add(matmul(a[0], a[1]), a[2]));
  return sum_to(square(matmul(hidden, a[3])), {});
}

std::vector<Tensor> network_arguments() {
  return {make_pattern({5, 7}, 1), leaf_pattern({7, 6}, 2), leaf_pattern({6}, 3), leaf_pattern({6, 2}, 4)};
}

TEST(Graph, Forward) {
  expect_compiled_equals_eager(network_arguments(), [](const auto& a) { return std::vector<Tensor>{network_loss(a)}; });
}

TEST(Graph, ForwardAndBackwardInside) {
  expect_compiled_equals_eager(network_arguments(), [](const auto& a) {
    Tensor loss = network_loss(a);
    std::vector<Tensor> results = grad({loss}, {a[1], a[2], a[3]}, {}, false, false, false);
    results.push_back(loss);
    return results;
  });
}

TEST(Graph, GradientsThatAccumulateInLeaves) {
  expect_compiled_equals_eager(network_arguments(), [](const auto& a) {
    backward({network_loss(a)}, {}, false, false);
    backward({network_loss(a)}, {}, false, false);
    return std::vector<Tensor>{accumulated_grad(a[1]), accumulated_grad(a[2]), accumulated_grad(a[3])};
  });
}

TEST(Graph, DoubleBackwardInside) {
  expect_compiled_equals_eager(network_arguments(), [](const auto& a) {
    Tensor first = grad({network_loss(a)}, {a[1]}, {}, true, true, false)[0];
    return grad({sum_to(square(first), {})}, {a[1], a[3]}, {}, false, false, false);
  });
}

TEST(Graph, ATrainingStepThatChangesItsParametersInPlace) {
  expect_compiled_equals_eager(network_arguments(), [](const auto& a) {
    std::vector<Tensor> losses;
    for (int step = 0; step < 3; step++) {
      losses.push_back(network_loss(a));
      std::vector<Tensor> grads = grad({losses.back()}, {a[1], a[2], a[3]}, {}, false, false, false);
      GradModeGuard no_grad(false);
      for (size_t i = 0; i < 3; i++) sub_(a[i + 1], mul(grads[i], Scalar(0.01)));
    }
    return losses;
  });
}

TEST(Graph, BackwardOfACompiledForward) {
  std::vector<Tensor> arguments = network_arguments(), eager = copies_of(arguments);
  Ref<Function> f = compile(arguments, [](const auto& a) { return std::vector<Tensor>{network_loss(a)}; });
  for (int call = 0; call < 2; call++) {
    backward({network_loss(eager)}, {}, false, false);
    backward({f->call(arguments)[0]}, {}, false, false);
    for (size_t i = 1; i < 4; i++)
      EXPECT_TRUE(same_bits(accumulated_grad(arguments[i]), accumulated_grad(eager[i]))) << i;
  }
}

TEST(Graph, BackwardSeesThatASavedArgumentWasChanged) {
  std::vector<Tensor> arguments = {leaf_pattern({3}, 1), make_pattern({3}, 2)};
  Ref<Function> f = compile(arguments, [](const auto& a) { return std::vector<Tensor>{sum(mul(a[0], a[1]))}; });
  Tensor y = f->call(arguments)[0];
  add_(arguments[1], Scalar(1.0));
  EXPECT_THROW(backward({y}, {}, false, false), Error);
}

TEST(Graph, ViewsOfWhatIsChangedInPlace) {
  expect_compiled_equals_eager({make_pattern({4, 6}, 1)}, [](const auto& a) {
    Tensor x = clone(a[0]);
    Tensor row = select(x, 0, 1), column = select(x, 1, 2);
    mul_(row, Scalar(2.0));
    Tensor before = clone(column);
    add_(column, sum_to(row, {}));
    add_(select(a[0], 0, 0), Scalar(1.0));
    return std::vector<Tensor>{x, row, column, before, transpose(x, 0, 1)};
  });
}

TEST(Graph, ArgumentsThatBecomeOneAnother) {
  expect_compiled_equals_eager({make_pattern({3, 3}, 1), make_pattern({3, 3}, 2)}, [](const auto& a) {
    Tensor first = clone(a[0]);
    copy_(a[0], transpose(a[1], 0, 1));
    copy_(a[1], first);
    copy_(a[0], transpose(clone(a[0]), 0, 1));
    return std::vector<Tensor>{};
  });
}

TEST(Graph, OneValueForTwoArguments) {
  expect_compiled_equals_eager({make_pattern({3, 3}, 1), make_pattern({3, 3}, 2)}, [](const auto& a) {
    Tensor v = mul(a[0], Scalar(2.0));
    copy_(a[0], v);
    copy_(a[1], v);
    return std::vector<Tensor>{};
  });
}

TEST(Graph, ResultsShareMemoryAsTheyDidWhenTraced) {
  std::vector<Tensor> arguments = {make_pattern({4, 6}, 1)};
  Ref<Function> f = compile(arguments, [](const auto& a) {
    Tensor y = mul(a[0], Scalar(2.0));
    return std::vector<Tensor>{y, select(y, 0, 2), a[0], select(a[0], 0, 1), clone(a[0]), clone(y)};
  });
  std::vector<Tensor> r = f->call(arguments);
  EXPECT_EQ(r[0].impl()->storage, r[1].impl()->storage);
  EXPECT_TRUE(r[2].same(arguments[0]));
  EXPECT_EQ(r[3].impl()->storage, arguments[0].impl()->storage);
  EXPECT_EQ(r[3].offset(), 6);
  EXPECT_NE(r[4].impl()->storage, arguments[0].impl()->storage);
  EXPECT_NE(r[5].impl()->storage, r[0].impl()->storage);
}

TEST(Graph, CapturedTensorsAreReadAtEveryCall) {
  Tensor captured = make_pattern({3}, 5);
  std::vector<Tensor> arguments = {make_pattern({3}, 1)};
  auto program = [&](const auto& a) { return std::vector<Tensor>{mul(a[0], captured)}; };
  Ref<Function> f = compile(arguments, program);
  f->call(arguments);
  add_(captured, Scalar(1.0));
  EXPECT_TRUE(same_bits(f->call(arguments)[0], program(arguments)[0]));
}

TEST(Graph, TracingLeavesWhatIsOutsideAlone) {
  Tensor captured = make_pattern({3}, 5), before = clone(captured);
  uint32_t version = captured.version();
  compile({make_pattern({3}, 1)}, [&](const auto& a) {
    add_(captured, a[0]);
    return std::vector<Tensor>{};
  });
  EXPECT_TRUE(same_bits(captured, before));
  EXPECT_EQ(captured.version(), version);
}

TEST(Graph, RandomNumbersAreThoseOfEagerComputing) {
  Tensor x = make_pattern({100}, 1);
  auto program = [](const auto& a) {
    Tensor dropped = dropout(a[0], 0.5, true, false);
    random(Distribution::Uniform, {0, 1}, {3}, DType::Float32, {}, {});  // drawn, not used
    return std::vector<Tensor>{dropped, dropout(a[0], 0.5, true, false)};
  };
  Ref<Function> f = compile({x}, program);
  for (int call = 0; call < 2; call++) {
    default_generator()->manual_seed(7);
    std::vector<Tensor> expected = program(std::vector<Tensor>{x});
    default_generator()->manual_seed(7);
    std::vector<Tensor> got = f->call({x});
    EXPECT_TRUE(same_bits(got[0], expected[0]));
    EXPECT_TRUE(same_bits(got[1], expected[1]));
    EXPECT_FALSE(same_bits(got[0], got[1]));
  }
}

TEST(Graph, NothingIsChangedWhenAnOpRaisesAnError) {
  Tensor table = make_pattern({4, 3}, 1), other = make_pattern({2}, 2), index = full({1}, Scalar(9), DType::Int64, {});
  Tensor table_before = clone(table), other_before = clone(other);
  Ref<Function> f = compile({index}, [&](const auto& a) {
    add_(other, Scalar(1.0));
    mul_(table, Scalar(2.0));
    return std::vector<Tensor>{index_select(table, 0, a[0])};
  });
  EXPECT_THROW(f->call({index}), Error);
  EXPECT_TRUE(same_bits(table, table_before));
  EXPECT_TRUE(same_bits(other, other_before));
}

TEST(Graph, ValuesThatAreNotKnownAreAnError) {
  GradModeGuard no_grad(false);
  EXPECT_THROW(trace({make_pattern({3}, 1)}, [](const auto& a) { return std::vector<Tensor>{on_host(a[0])}; }), Error);
  Tensor kept;
  trace({make_pattern({3}, 1)}, [&](const auto& a) { return std::vector<Tensor>{kept = neg(a[0])}; });
  EXPECT_THROW(neg(kept), Error);
  EXPECT_THROW(add_(make_pattern({3}, 1), kept), Error);
}

TEST(Graph, MemoryIsReusedAndPlannedBeforehand) {
  Tensor x = make_pattern({1000}, 1);
  Graph g = graph_of({x}, [](const auto& a) {
    Tensor y = a[0];
    for (int i = 0; i < 10; i++) y = matmul(reshape(tanh(y), {1, 1000}), eye(1000, 1000, DType::Float32, {}));
    return std::vector<Tensor>{y};
  });
  merge_common_subexpressions(g);
  remove_dead_code(g);
  MemoryPlan plan = plan_memory(g);
  // The matrix, two vectors at a time, and the result.
  EXPECT_LE(plan.peak_bytes(), 4u * (1000 * 1000 + 3 * 1024));
  for (const Buffer& a : plan.buffers)
    for (const Buffer& b : plan.buffers) {
      bool apart_in_time = a.last < b.first || b.last < a.first;
      bool apart_in_memory = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
      EXPECT_TRUE(&a == &b || apart_in_time || apart_in_memory);
    }
}

TEST(Graph, ScratchMemoryIsABufferOfOneStep) {
  Tensor x = make_pattern({300, 300}, 1);
  auto program = [](const auto& a) { return std::vector<Tensor>{sum(matmul(tanh(a[0]), a[0]))}; };
  Graph g = graph_of({x}, program);
  MemoryPlan plan = plan_memory(g);
  ASSERT_EQ(plan.scratch.size(), 3u);
  EXPECT_EQ(plan.scratch[0], -1);  // tanh
  ASSERT_GE(plan.scratch[1], 0);
  const Buffer& buffer = plan.buffers[static_cast<size_t>(plan.scratch[1])];
  EXPECT_TRUE(buffer.first == 1 && buffer.last == 1 && buffer.value == kNone);
  EXPECT_GT(buffer.bytes, 0u);
  EXPECT_EQ(plan.beside_bytes(), 0u);
  // As much as the product takes.
  {
    ScratchScope scope(nullptr, 0);
    GradModeGuard no_grad(false);
    matmul(x, x);
    EXPECT_EQ(scope.most(), buffer.bytes);
  }
  EXPECT_TRUE(same_bits(run(g, {x})[0], program(std::vector<Tensor>{x})[0]));
}

TEST(Graph, VerifierNamesWhatIsWrong) {
  auto good = [] {
    return graph_of({make_pattern({2, 3}, 1)}, [](const auto& a) { return std::vector<Tensor>{neg(exp(a[0]))}; });
  };
  auto message = [](const Graph& g) {
    try {
      verify(g);
    } catch (const Error& e) {
      return e.message();
    }
    return std::string();
  };
  EXPECT_EQ(message(good()), "");
  Graph g = good();
  std::swap(g.nodes[0], g.nodes[1]);
  EXPECT_NE(message(g).find("before it is defined"), std::string::npos);
  g = good();
  g.values[static_cast<size_t>(g.nodes[0].outputs[0])].shape = {3, 2};
  EXPECT_NE(message(g).find("node 0 (exp"), std::string::npos);
  g = good();
  g.nodes[1].outputs[0] = g.nodes[0].outputs[0];
  EXPECT_NE(message(g).find("defined before"), std::string::npos);
  g = good();
  g.results[0].value = 99;
  EXPECT_NE(message(g).find("does not exist"), std::string::npos);
}

}  // namespace
}  // namespace weft::graph

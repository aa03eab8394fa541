// Row fusion on small graphs: what becomes one op, what must stay apart, and where values lie.
#include <gtest/gtest.h>

#include "device/cpu/threads.h"
#include "graph_helpers.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/movement.h"
#include "ops/random.h"
#include "ops/reduction.h"

namespace weft::graph {
namespace {

using Tensors = std::vector<Tensor>;

Graph fused(const Tensors& arguments, const Code& program) {
  Graph g = graph_of(arguments, program);
  fuse_elementwise(g);
  fuse_rows(g);
  verify(g);
  Tensors got = run(g, arguments), expected;
  {
    GradModeGuard no_grad(false);
    expected = program(arguments);
  }
  for (size_t i = 0; i < got.size(); i++) EXPECT_EQ(values_of(got[i]), values_of(expected[i])) << "result " << i;
  return g;
}

Tensor softmax_by_hand(const Tensor& x, const Dims& dims = {-1}) {
  Tensor e = exp(sub(x, amax(x, dims, true)));
  return div(e, sum(e, dims, true));
}

TEST(RowFusion, MakesOneOpOfASoftmax) {
  Tensor x = make_pattern({2100, 130}, 1);
  Graph g = fused({x}, [](const Tensors& a) { return Tensors{softmax_by_hand(a[0])}; });
  ASSERT_EQ(g.nodes.size(), 1u);
  EXPECT_STREQ(g.nodes[0].op->name(), "rows");
  EXPECT_EQ(g.values.size(), 2u);
  EXPECT_LT(plan_memory(g).arena_bytes(), g.values[0].bytes());  // blocks for the threads
}

TEST(RowFusion, SeesThroughViews) {
  Tensor x = make_pattern({2100, 130}, 1);
  Graph g = fused({x}, [](const Tensors& a) {
    Tensor centred = sub(a[0], unsqueeze(mean(a[0], {1}), 1));
    Tensor square = mean(mul(centred, centred), {1});
    return Tensors{mul(centred, expand(unsqueeze(rsqrt(square), 1), {2100, 130})), square};
  });
  ASSERT_EQ(g.nodes.size(), 1u);
  EXPECT_EQ(g.nodes[0].outputs.size(), 2u);
}

TEST(RowFusion, VarianceAndPositionsTakePart) {
  Tensor x = make_pattern({2000, 150}, 1);
  Graph g = fused({x}, [](const Tensors& a) {
    VarianceAndMean v = var_mean(a[0], {1}, 1, true);
    Tensor y = div(sub(a[0], v.mean), sqrt(v.variance));
    return Tensors{y, to_dtype(argmax(y, 1), DType::Float32), max(y, 1).values};
  });
  EXPECT_EQ(g.nodes.size(), 1u);
}

TEST(RowFusion, SeveralDimensionsOfRowsAndOfElements) {
  for (const Shape& shape : {Shape{3, 75, 40, 33}, Shape{910, 1, 6, 50}, Shape{2, 250, 9, 61}}) {
    Tensor x = make_pattern(shape, 1), mask = make_pattern({shape[2], shape[3]}, 2);
    Tensor some = make_pattern({shape[1], 1, 1}, 3);
    Graph g = fused({x, mask, some}, [](const Tensors& a) {
      return Tensors{softmax_by_hand(add(mul(a[0], a[2]), a[1])), softmax_by_hand(mul(a[0], a[2]), {-2, -1})};
    });
    EXPECT_EQ(count_nodes(g, "rows"), 2);
  }
}

TEST(RowFusion, LeavesColumnsAndOtherRowsApart) {
  Tensor x = make_pattern({600, 600}, 1);
  Graph g = fused({x}, [](const Tensors& a) {
    Tensor by_columns = softmax_by_hand(a[0], {0});
    Tensor across = mul(a[0], mean(a[0], {1}));  // means of rows, read along columns
    return Tensors{by_columns, across, sum(a[0])};
  });
  EXPECT_EQ(count_nodes(g, "rows"), 0);
}

TEST(RowFusion, LeavesSmallTensorsAndFewOrShortRows) {
  for (const Shape& shape : {Shape{400, 200}, Shape{8, 60000}, Shape{60000, 12}, Shape{40, 70000}}) {
    Graph g = fused({make_pattern(shape, 1)}, [](const Tensors& a) { return Tensors{softmax_by_hand(a[0])}; });
    EXPECT_EQ(count_nodes(g, "rows"), 0);
  }
}

TEST(RowFusion, NeverMakesACircle) {
  // The division reads what a product makes of the rows before it.
  Tensor x = make_pattern({600, 600}, 1);
  Graph g = fused({x}, [](const Tensors& a) {
    Tensor e = exp(sub(a[0], amax(a[0], {1}, true)));
    return Tensors{div(e, sum(matmul(e, a[0]), {1}, true))};
  });
  EXPECT_EQ(count_nodes(g, "matmul"), 1);
  EXPECT_EQ(count_nodes(g, "rows"), 1);  // the sum and the division share nothing large
}

TEST(RowFusion, AnOutputMayLieOnAnInput) {
  Tensor x = make_pattern({600, 40}, 1);
  Graph g = fused({x}, [](const Tensors& a) {
    Tensor scores = matmul(a[0], transpose(a[0], 0, 1));
    return Tensors{matmul(softmax_by_hand(scores), a[0])};
  });
  EXPECT_EQ(count_nodes(g, "rows"), 1);
  size_t large = 0;
  for (const Buffer& b : plan_memory(g).buffers) large += b.bytes >= 600 * 600 * sizeof(float);
  EXPECT_EQ(large, 1u);
  // Not where a row is read after its result is written.
  fused({x}, [](const Tensors& a) {
    Tensor scores = matmul(a[0], transpose(a[0], 0, 1)), soft = softmax_by_hand(scores);
    return Tensors{matmul(soft, a[0]), sum(mul(soft, scores), {1}), sub(scores, mean(soft, {1}, true))};
  });
}

TEST(RowFusion, WhatOthersReadIsAnOutput) {
  Tensor x = make_pattern({2100, 130}, 1);
  Graph g = fused({x}, [](const Tensors& a) {
    Tensor top = amax(a[0], {1}, true), e = exp(sub(a[0], top)), total = sum(e, {1}, true);
    return Tensors{div(e, total), matmul(transpose(e, 0, 1), e), squeeze(total, 1), contiguous(transpose(top, 0, 1))};
  });
  EXPECT_EQ(count_nodes(g, "rows"), 1);
}

TEST(RowFusion, AnyNumberOfThreadsGivesTheSameBits) {
  Tensor x = make_pattern({1777, 301}, 1);
  Graph g = graph_of({x}, [](const Tensors& a) { return Tensors{softmax_by_hand(a[0])}; });
  fuse_elementwise(g);
  fuse_rows(g);
  int before = num_threads();
  std::vector<std::vector<float>> results;
  for (int threads : {1, 2, 5}) {
    set_num_threads(threads);
    results.push_back(values_of(run(g, {x})[0]));
  }
  set_num_threads(before);
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TEST(RowFusion, LeavesOtherDevicesAlone) {
  Graph g = graph_of({make_pattern({2100, 130}, 1)}, [](const Tensors& a) { return Tensors{softmax_by_hand(a[0])}; });
  for (Value& v : g.values) v.device = Device{DeviceType::CUDA, 0};
  size_t nodes = g.nodes.size();
  fuse_rows(g);
  EXPECT_EQ(g.nodes.size(), nodes);
}

}  // namespace
}  // namespace weft::graph

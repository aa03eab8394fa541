// Which images get their channels innermost.
#include <gtest/gtest.h>

#include "graph_helpers.h"
#include "ops/convolution.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/normalization.h"
#include "ops/pooling.h"
#include "ops/reduction.h"

namespace weft::graph {
namespace {

using Tensors = std::vector<Tensor>;

Tensor conv(const Tensor& x, const Tensor& weight, int64_t groups = 1) {
  ConvOptions options;
  options.groups = groups;
  return convolution("conv2d", 2, x, weight, Tensor(), options);
}

// How many values have their channels innermost.
int assigned(const Tensors& arguments, const Code& program) {
  Graph g = graph_of(arguments, program);
  assign_layouts(g);
  verify(g);
  int count = 0;
  for (const Value& v : g.values)
    count += v.shape.size() == 4 && !is_contiguous(v.shape, v.strides) && v.strides == channels_last_strides(v.shape);
  Tensors got = run(g, arguments), expected = program(arguments);
  for (size_t i = 0; i < expected.size(); i++) EXPECT_EQ(values_of(got[i]), values_of(expected[i]));
  return count;
}

Tensors operands() {
  return {make_pattern({2, 3, 8, 7}, 1), make_pattern({16, 3, 3, 3}, 2), make_pattern({5, 16, 3, 3}, 3)};
}

TEST(LayoutAssignment, TakesWhatLiesBetweenConvolutions) {
  EXPECT_EQ(assigned(operands(), [](const Tensors& a) { return Tensors{conv(relu(conv(a[0], a[1])), a[2])}; }), 2);
}

TEST(LayoutAssignment, LeavesArgumentsAndResults) {
  EXPECT_EQ(assigned(operands(), [](const Tensors& a) { return Tensors{relu(conv(a[0], a[1]))}; }), 0);
  EXPECT_EQ(assigned(operands(),
                     [](const Tensors& a) {
                       Tensor y = conv(a[0], a[1]);
                       return Tensors{y, conv(relu(y), a[2])};
                     }),
            0);
}

TEST(LayoutAssignment, KeepsASetTogether) {
  // The second relu's images are read as planes, which the residual hands on to the others.
  auto program = [](const Tensors& a) {
    Tensor y = conv(a[0], a[1]), z = relu(y), sums = sum(add(y, exp(z)), {2}, false);
    return Tensors{conv(z, a[2]), sums};
  };
  EXPECT_EQ(assigned(operands(), program), 0);
}

TEST(LayoutAssignment, LeavesImagesThatNoConvolutionGainsBy) {
  EXPECT_EQ(assigned({make_pattern({2, 16, 8, 8}, 1)},
                     [](const Tensors& a) { return Tensors{reshape(exp(relu(a[0])), {2, 1024})}; }),
            0);
  EXPECT_EQ(assigned({make_pattern({2, 4, 8, 8}, 1), make_pattern({16, 2, 3, 3}, 2), make_pattern({4, 8, 3, 3}, 3)},
                     [](const Tensors& a) { return Tensors{conv(conv(a[0], a[1], 2), a[2], 2)}; }),
            0);
}

TEST(LayoutAssignment, LeavesFewChannels) {
  Tensors a = {make_pattern({2, 3, 8, 7}, 1), make_pattern({15, 3, 3, 3}, 2), make_pattern({5, 15, 3, 3}, 3)};
  EXPECT_EQ(assigned(a, [](const Tensors& a) { return Tensors{conv(relu(conv(a[0], a[1])), a[2])}; }), 0);
}

TEST(LayoutAssignment, LeavesSinglePixels) {
  auto program = [](const Tensors& a) { return Tensors{conv(relu(conv(a[0], a[1])), a[2])}; };
  EXPECT_EQ(assigned({make_pattern({2, 3, 3, 3}, 1), make_pattern({16, 3, 3, 3}, 2), make_pattern({5, 16, 1, 1}, 3)},
                     program),
            0);
}

TEST(LayoutAssignment, GivesEpiloguesTheirLayout) {
  Graph g = graph_of(operands(), [](const Tensors& a) { return Tensors{conv(exp(relu(conv(a[0], a[1]))), a[2])}; });
  assign_layouts(g);
  fuse_elementwise(g);
  fuse_epilogues(g);
  verify(g);
  ASSERT_EQ(g.nodes.size(), 2u);
  const Value& between = g.values[static_cast<size_t>(g.nodes[0].outputs[0])];
  EXPECT_EQ(between.strides, channels_last_strides(between.shape));
  EXPECT_NE(g.nodes[0].op->text().find("then tiled[relu, exp]"), std::string::npos);
}

}  // namespace
}  // namespace weft::graph

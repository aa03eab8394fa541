// Compiled programs beside eager runs: fingerprints, taking runs back, and the first op that differs.
#include "graph/check.h"

#include <gtest/gtest.h>

#include <limits>

#include "autograd/engine.h"
#include "graph_helpers.h"
#include "op/node.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/random.h"
#include "ops/reduction.h"

namespace weft::graph {
namespace {

Program program_of(const std::vector<Tensor>& arguments, const Code& code) {
  Tracer tracer;
  std::vector<Tensor> stand_ins, results;
  {
    InterpreterScope scope(&tracer);
    stand_ins = tracer.arguments(arguments);
    results = code(stand_ins);
  }
  return finish_program(tracer, stand_ins, results);
}

std::string difference(const Code& eager, const Code& traced, const Code& compiled,
                       const std::vector<Tensor>& arguments) {
  Listener heard;
  {
    InterpreterScope scope(&heard);
    eager(arguments);
  }
  Program program = program_of(arguments, traced);
  Ref<Function> function = Function::compile(program_of(arguments, compiled), {});
  return first_difference(program, *function, arguments, {}, heard, false);
}

TEST(GraphCheck, NamesTheFirstOpThatDiffers) {
  Code right = [](const std::vector<Tensor>& in) -> std::vector<Tensor> {
    return {sum(relu(add(mul(in[0], in[0]), Scalar(1.0))), {}, false)};
  };
  Code wrong = [](const std::vector<Tensor>& in) -> std::vector<Tensor> {
    return {sum(relu(add(mul(in[0], in[0]), Scalar(3.0))), {}, false)};
  };
  std::vector<Tensor> x = {make_pattern({4, 5}, 1)};
  EXPECT_NE(difference(right, wrong, wrong, x).find("as it was traced: add"), std::string::npos);
  EXPECT_NE(difference(right, right, wrong, x).find("after the passes: "), std::string::npos);
  EXPECT_NE(difference(right, right, right, x).find("every op gives the right values"), std::string::npos);
}

TEST(GraphCheck, SameBitsTakesAllNaNsForOne) {
  for (DType dtype : {DType::Float16, DType::BFloat16, DType::Float32, DType::Float64}) {
    Tensor nan = full({2}, Scalar(std::numeric_limits<double>::quiet_NaN()), dtype, {});
    EXPECT_TRUE(same_bits(nan, neg(nan)));
    EXPECT_EQ(fingerprint(nan), fingerprint(neg(nan)));
    Tensor zero = zeros({2}, dtype), inf = full({2}, Scalar(std::numeric_limits<double>::infinity()), dtype, {});
    EXPECT_FALSE(same_bits(zero, neg(zero)));
    EXPECT_FALSE(same_bits(inf, nan));
    EXPECT_NE(fingerprint(inf), fingerprint(nan));
    EXPECT_FALSE(same_bits(zero, zeros({2, 1}, dtype)));
  }
  Tensor x = make_pattern({3, 4}, 2);
  EXPECT_TRUE(same_bits(transpose(x, 0, 1), contiguous(transpose(x, 0, 1))));
  EXPECT_EQ(fingerprint(transpose(x, 0, 1)), fingerprint(contiguous(transpose(x, 0, 1))));
}

TEST(GraphCheck, SnapshotsTakeBackValuesGradientsAndVersions) {
  Tensor x = make_pattern({6}, 1), leaf = make_pattern({6}, 2);
  leaf.impl()->requires_grad = true;
  set_accumulated_grad(leaf, make_pattern({6}, 3));
  Tensor before = clone(x), grad = accumulated_grad(leaf), grad_before = clone(grad);
  uint32_t version = x.version();
  Snapshot snapshot({as_strided(x, {2}, {1}, 1), leaf});
  add_(x, Scalar(1.0));
  add_(grad, Scalar(1.0));
  set_accumulated_grad(leaf, {});
  snapshot.restore();
  EXPECT_TRUE(same_bits(x, before));
  EXPECT_EQ(x.version(), version);
  EXPECT_TRUE(accumulated_grad(leaf).same(grad));
  EXPECT_TRUE(same_bits(grad, grad_before));
}

TEST(GraphCheck, DrawLogsKnowWhereGeneratorsStood) {
  auto own = make_ref<Generator>(3);
  PhiloxState before = own->state();
  {
    DrawLog log;
    own->reserve(5);
    own->reserve(2);
    ASSERT_EQ(log.before().size(), 1u);
    EXPECT_EQ(log.before()[0].second.offset, before.offset);
    EXPECT_EQ(own->state().offset, before.offset + 7);
    CountedDraws counted(*own);
    own->reserve(4);
    EXPECT_EQ(counted.blocks, 4u);
    EXPECT_EQ(own->state().offset, before.offset + 7);
  }
  own->reserve(1);
  EXPECT_EQ(own->state().offset, before.offset + 8);
}

}  // namespace
}  // namespace weft::graph

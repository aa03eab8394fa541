// Each pass on small graphs: what it removes or replaces, and what it must leave.
#include <gtest/gtest.h>

#include "graph_helpers.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/movement.h"
#include "ops/random.h"
#include "ops/reduction.h"

namespace weft::graph {
namespace {

using Tensors = std::vector<Tensor>;

Graph after(void (*pass)(Graph&), const Tensors& arguments, const Program& program) {
  Graph g = graph_of(arguments, program);
  pass(g);
  verify(g);
  return g;
}

TEST(DeadCode, DropsWhatNobodyUses) {
  Graph g = after(remove_dead_code, {make_pattern({3}, 1)}, [](const Tensors& a) {
    exp(neg(a[0]));
    return Tensors{neg(a[0])};
  });
  EXPECT_EQ(g.nodes.size(), 1u);
  EXPECT_EQ(g.values.size(), 2u);
}

TEST(DeadCode, KeepsRandomDrawsAndChecks) {
  Graph g =
      after(remove_dead_code, {make_pattern({3}, 1), full({1}, Scalar(1), DType::Int64, {})}, [](const Tensors& a) {
        dropout(a[0], 0.5, true, false);
        floor_divide(a[1], a[1]);
        return Tensors{neg(a[0])};
      });
  EXPECT_EQ(count_nodes(g, "random"), 1);
  EXPECT_EQ(count_nodes(g, "check_divisor"), 1);
  EXPECT_EQ(count_nodes(g, "floor_divide"), 0);
}

TEST(CommonSubexpressions, ComputesEqualNodesOnce) {
  Graph g = after(merge_common_subexpressions, {make_pattern({3}, 1)}, [](const Tensors& a) {
    return Tensors{add(exp(neg(a[0])), exp(neg(a[0]))), mul(a[0], Scalar(2.0)), mul(a[0], Scalar(3.0))};
  });
  remove_dead_code(g);
  EXPECT_EQ(count_nodes(g, "exp"), 1);
  EXPECT_EQ(count_nodes(g, "mul"), 2);
}

TEST(CommonSubexpressions, LeavesRandomDrawsApart) {
  Graph g = after(merge_common_subexpressions, {make_pattern({3}, 1)}, [](const Tensors& a) {
    return Tensors{dropout(a[0], 0.5, true, false), dropout(a[0], 0.5, true, false)};
  });
  EXPECT_EQ(count_nodes(g, "random"), 2);
  EXPECT_NE(g.results[0].value, g.results[1].value);
}

TEST(ConstantFolding, ComputesWhatDependsOnConstantsAlone) {
  Tensor x = make_pattern({3}, 1);
  Graph g = after(fold_constants, {x},
                  [](const Tensors& a) { return Tensors{mul(a[0], add(ones({}, DType::Float32, {}), Scalar(1.0)))}; });
  EXPECT_EQ(g.nodes.size(), 1u);
  EXPECT_FLOAT_EQ(run(g, {x})[0].data_as<float>()[0], 2 * x.data_as<float>()[0]);
}

TEST(ConstantFolding, LeavesLargeAndRandomTensors) {
  Graph g = after(fold_constants, {make_pattern({3}, 1)}, [](const Tensors& a) {
    Tensor large = ones({1000, 1000}, DType::Float32, {});
    return Tensors{add(sum(large), a[0]), random(Distribution::Uniform, {0, 1}, {2}, DType::Float32, {}, {})};
  });
  EXPECT_EQ(count_nodes(g, "full"), 1);
  EXPECT_EQ(count_nodes(g, "random"), 1);
}

TEST(Simplify, CopiesAndNeutralElements) {
  Graph g = after(simplify, {make_pattern({3, 2}, 1)}, [](const Tensors& a) {
    Tensor y = div(mul(clone(a[0]), Scalar(1.0)), Scalar(1.0));
    return Tensors{neg(sub(y, Scalar(0.0)))};
  });
  remove_dead_code(g);
  EXPECT_EQ(g.nodes.size(), 1u);
}

TEST(Simplify, LeavesWhatChangesValuesOrLayout) {
  Graph g = after(simplify, {make_pattern({3, 2}, 1)}, [](const Tensors& a) {
    // -0 + 0 is 0; a contiguous copy of a transposed tensor is laid out differently.
    return Tensors{add(a[0], Scalar(0.0)), contiguous(transpose(a[0], 0, 1)), to_dtype(a[0], DType::Float64)};
  });
  remove_dead_code(g);
  EXPECT_EQ(count_nodes(g, "add"), 1);
  EXPECT_EQ(count_nodes(g, "clone"), 1);
  EXPECT_EQ(count_nodes(g, "to"), 1);
}

TEST(Pipeline, RefusesTheNameOfNoPass) {
  Graph g = graph_of({make_pattern({3}, 1)}, [](const Tensors& a) { return Tensors{neg(a[0])}; });
  EXPECT_THROW(optimize(g, {.without = {"fusoin"}, .after = {}}), Error);
}

TEST(Pipeline, EveryPassCanBeLeftOut) {
  Tensor x = make_pattern({3}, 1);
  for (const Pass& left_out : all_passes()) {
    std::vector<std::string> seen;
    Graph g = graph_of({x}, [](const Tensors& a) { return Tensors{exp(clone(a[0]))}; });
    optimize(g, {.without = {left_out.name}, .after = [&](const char* pass, const Graph&) { seen.push_back(pass); }});
    EXPECT_EQ(seen.size(), all_passes().size());
    EXPECT_EQ(std::count(seen.begin(), seen.end(), left_out.name), 0);
  }
}

}  // namespace
}  // namespace weft::graph

// Each pass on small graphs: what it removes or replaces, and what it must leave.
#include <gtest/gtest.h>

#include "autograd/engine.h"
#include "graph_helpers.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/movement.h"
#include "ops/pooling.h"
#include "ops/random.h"
#include "ops/reduction.h"

namespace weft::graph {
namespace {

using Tensors = std::vector<Tensor>;

Graph after(void (*pass)(Graph&), const Tensors& arguments, const Code& program) {
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

TEST(PoolBeforeRelu, ForwardAndBackward) {
  Tensor x = make_leaf({1, 2, 4, 4}, std::vector<float>(32, 0.0f));
  Tensor values = make_pattern({1, 2, 4, 4}, 3);
  for (int i = 0; i < 32; i++) x.data_as<float>()[i] = std::max(values.data_as<float>()[i], -0.5f);  // with equal ones
  Code program = [](const Tensors& a) {
    PoolOptions halves;
    halves.kernel = halves.stride = {2, 2};
    Tensor y = max_pool2d(relu(a[0]), halves).values;
    Tensor g = grad({sum(square(y))}, {a[0]}, {}, false, false, false)[0];
    return Tensors{detach(y), g};
  };
  Traced traced = trace({x}, program);
  Graph g = traced.graph;
  remove_dead_code(g);
  pool_before_relu(g);
  verify(g);
  size_t pool = 0, relu = 0;
  for (size_t n = 0; n < g.nodes.size(); n++) {
    if (g.nodes[n].op->name() == std::string("max_pool2d")) pool = n;
    if (g.nodes[n].op->name() == std::string("relu")) relu = n;
  }
  EXPECT_LT(pool, relu);
  Tensors got = run(g, {x}), expected = program({x});
  for (size_t i = 0; i < 2; i++) EXPECT_EQ(values_of(got[i]), values_of(expected[i]));
}

TEST(Recompute, ComputesACheapValueAgainWhereItsInputIsThereAnyway) {
  Tensor x = make_pattern({200, 200}, 1);
  Code program = [](const Tensors& a) {
    Tensor h = matmul(a[0], a[0]), y = exp(mul(h, Scalar(0.01))), z = y;
    for (int i = 0; i < 12; i++) z = add(matmul(matmul(z, a[0]), a[0]), matmul(tanh(z), a[0]));
    return Tensors{sum(mul(z, y)), sum(mul(h, z))};
  };
  Graph plain = graph_of({x}, program);
  Graph g = plain;
  recompute(g);
  verify(g);
  EXPECT_EQ(count_nodes(g, "exp"), 2);
  EXPECT_LT(plan_memory(g).peak_bytes(), plan_memory(plain).peak_bytes());
  Tensors got = run(g, {x}), expected = program({x});
  for (size_t i = 0; i < 2; i++) EXPECT_EQ(values_of(got[i]), values_of(expected[i]));
}

TEST(Recompute, LeavesRandomDrawsAndProductsAlone) {
  Graph g = after(recompute, {make_pattern({200, 200}, 1)}, [](const Tensors& a) {
    Tensor y = dropout(matmul(a[0], a[0]), 0.5, true, false), z = y;
    for (int i = 0; i < 12; i++) z = matmul(z, a[0]);
    return Tensors{sum(mul(y, z))};
  });
  EXPECT_EQ(count_nodes(g, "random"), 1);
  EXPECT_EQ(count_nodes(g, "matmul"), 13);
}

TEST(ElementwiseFusion, MakesOneOpOfAChain) {
  Tensor x = make_pattern({300, 7}, 1), bias = make_pattern({7}, 2);
  Code program = [](const Tensors& a) {
    Tensor y = add(mul(a[0], Scalar(2.0)), a[1]);
    return Tensors{tanh(where(gt(y, Scalar(0.0)), y, neg(y))), y};
  };
  Graph g = after(fuse_elementwise, {x, bias}, program);
  EXPECT_EQ(g.nodes.size(), 1u);
  EXPECT_EQ(g.nodes[0].outputs.size(), 2u);
  Tensors got = run(g, {x, bias}), expected = program({x, bias});
  for (size_t i = 0; i < 2; i++) EXPECT_EQ(values_of(got[i]), values_of(expected[i]));
}

TEST(ElementwiseFusion, RoundsHalfTypesWhereTheSingleOpsDo) {
  Tensor x = to_dtype(make_pattern({1000}, 1), DType::BFloat16);
  Code program = [](const Tensors& a) {
    return Tensors{to_dtype(mul(exp(add(a[0], Scalar(0.1))), Scalar(1.7)), DType::Float32)};
  };
  Graph g = after(fuse_elementwise, {x}, program);
  EXPECT_EQ(g.nodes.size(), 1u);
  EXPECT_EQ(values_of(run(g, {x})[0]), values_of(program({x})[0]));
}

TEST(ElementwiseFusion, LeavesOtherShapesAndTypesApart) {
  Graph g = after(fuse_elementwise, {make_pattern({3, 2}, 1)}, [](const Tensors& a) {
    Tensor row = exp(sum(a[0], {0}));                   // of another shape than what reads it
    Tensor wide = to_dtype(neg(a[0]), DType::Float64);  // computed in float64
    return Tensors{mul(a[0], row), mul(wide, Scalar(0.3))};
  });
  EXPECT_EQ(count_nodes(g, "exp"), 1);
  EXPECT_EQ(count_nodes(g, "neg"), 1);
  EXPECT_EQ(count_nodes(g, "tiled"), 1);  // the conversion and the product
}

TEST(ElementwiseFusion, NeverMakesACircle) {
  // The product needs the sum, which needs the first op: they cannot be one.
  Graph g = after(fuse_elementwise, {make_pattern({3, 2}, 1)}, [](const Tensors& a) {
    Tensor y = exp(a[0]);
    return Tensors{mul(y, expand(unsqueeze(sum(y, {1}), 1), {3, 2}))};
  });
  EXPECT_EQ(count_nodes(g, "exp"), 1);
  EXPECT_EQ(count_nodes(g, "mul"), 1);
  // The draws keep their order, and with it what feeds the first and reads the second.
  Tensor p = full({3}, Scalar(0.5), DType::Float32, {});
  graph_of({p}, [](const Tensors& a) { return Tensors{a[0]}; });
  Graph draws = after(fuse_elementwise, {p}, [](const Tensors& a) {
    Tensor half = mul(a[0], Scalar(0.5));
    Tensor first = bernoulli(half, {});
    Tensor second = bernoulli(a[0], {});
    return Tensors{first, add(second, half)};
  });
  EXPECT_EQ(count_nodes(draws, "bernoulli"), 2);
}

TEST(ElementwiseFusion, AnOutputMayLieOnAnInput) {
  Tensor x = make_pattern({5000}, 1);
  Code program = [](const Tensors& a) {
    Tensor y = matmul(reshape(a[0], {50, 100}), reshape(a[0], {100, 50}));
    Tensor z = add(exp(y), mul(y, Scalar(2.0)));
    return Tensors{sum(z), sum(mul(z, y))};
  };
  Graph g = graph_of({x}, program);
  fuse_elementwise(g);
  Tensors got = run(g, {x}), expected = program({x});
  EXPECT_EQ(values_of(got[0]), values_of(expected[0]));
  EXPECT_EQ(values_of(got[1]), values_of(expected[1]));
}

TEST(ElementwiseFusion, TakesInTheReductionAtTheEnd) {
  Tensor x = make_pattern({300, 70}, 1);
  Code program = [](const Tensors& a) {
    Tensor y = tanh(mul(a[0], Scalar(2.0)));
    return Tensors{sum(y, {0}), mean(square(sub(y, Scalar(0.5)))), y};
  };
  Graph g = after(fuse_elementwise, {x}, program);
  EXPECT_EQ(count_nodes(g, "tiled"), 1);  // one reduction for each program
  EXPECT_EQ(count_nodes(g, "sum") + count_nodes(g, "mean"), 1);
  Tensors got = run(g, {x}), expected = program({x});
  for (size_t i = 0; i < 3; i++) EXPECT_EQ(values_of(got[i]), values_of(expected[i]));
}

void fuse_with_epilogues(Graph& g) {
  fuse_elementwise(g);
  fuse_epilogues(g);
}

TEST(EpilogueFusion, RunsOnPartsOfAProduct) {
  Tensor x = make_pattern({300, 70}, 1), w = make_pattern({90, 70}, 2), b = make_pattern({90}, 3),
         r = make_pattern({300, 90}, 4);
  Code program = [](const Tensors& a) {
    Tensor y = linear(a[0], a[1], a[2]);
    return Tensors{add(relu(y), a[3]), sum(y)};
  };
  Graph g = after(fuse_with_epilogues, {x, w, b, r}, program);
  EXPECT_EQ(count_nodes(g, "with_epilogue"), 1);
  EXPECT_EQ(g.nodes.size(), 2u);             // and the sum, which reads the product itself
  EXPECT_EQ(g.nodes[0].outputs.size(), 2u);  // the product is a result of its own
  Tensors got = run(g, {x, w, b, r}), expected = program({x, w, b, r});
  for (size_t i = 0; i < 2; i++) EXPECT_EQ(values_of(got[i]), values_of(expected[i]));
}

TEST(EpilogueFusion, TakesTheLaterOfTwoProducts) {
  Tensor x = make_pattern({40, 30}, 1), w = make_pattern({30, 50}, 2);
  Code program = [](const Tensors& a) { return Tensors{add(matmul(a[0], a[1]), matmul(neg(a[0]), a[1]))}; };
  Graph g = after(fuse_with_epilogues, {x, w}, program);
  EXPECT_EQ(count_nodes(g, "matmul"), 1);
  EXPECT_EQ(count_nodes(g, "with_epilogue"), 1);
  EXPECT_EQ(values_of(run(g, {x, w})[0]), values_of(program({x, w})[0]));
}

TEST(EpilogueFusion, LeavesWhatIsReadBefore) {
  // The sum reads the product and is read by the addition: the product must be whole by then.
  Tensor x = make_pattern({40, 30}, 1), w = make_pattern({30, 50}, 2);
  Graph g = after(fuse_with_epilogues, {x, w}, [](const Tensors& a) {
    Tensor y = matmul(a[0], a[1]);
    return Tensors{add(y, sum(y, {1}, true))};
  });
  EXPECT_EQ(count_nodes(g, "matmul"), 1);
  EXPECT_EQ(count_nodes(g, "with_epilogue"), 0);
  // Broadcast or transposed, the product's elements are not those of what reads it.
  Graph other = after(fuse_with_epilogues, {x, w}, [](const Tensors& a) {
    Tensor y = matmul(a[0], a[1]);
    return Tensors{mul(transpose(y, 0, 1), Scalar(2.0)), exp(expand(matmul(a[0], a[1]), {3, 40, 50}))};
  });
  EXPECT_EQ(count_nodes(other, "with_epilogue"), 0);
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

// C++ is whole: a small perceptron is trained by C++ alone, with each of the fused optimiser steps.
#include <gtest/gtest.h>

#include <cmath>

#include "autograd/engine.h"
#include "op/grad_mode.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/optimizer.h"
#include "ops/reduction.h"
#include "test_tensors.h"

namespace weft {
namespace {

Tensor parameter(const Shape& shape, uint32_t seed, double scale) {
  Tensor t = make_pattern(shape, seed);
  for (int64_t i = 0; i < t.numel(); i++) t.data_as<float>()[i] *= static_cast<float>(scale);
  t.impl()->requires_grad = true;
  return t;
}

struct Perceptron {
  TensorList parameters = {parameter({16, 2}, 1, 0.9), parameter({16}, 2, 0.5), parameter({1, 16}, 3, 0.4),
                           parameter({1}, 4, 0.1)};
  Tensor operator()(const Tensor& x) const {
    Tensor hidden = tanh(linear(x, parameters[0], parameters[1]));
    return linear(hidden, parameters[2], parameters[3]);
  }
};

// Points of a square, and the product of their coordinates: what no linear model can learn.
struct Data {
  Tensor x = make_pattern({256, 2}, 9);
  Tensor y = empty({256, 1});
  Data() {
    for (int64_t i = 0; i < 256; i++) y.data_as<float>()[i] = x.data_as<float>()[2 * i] * x.data_as<float>()[2 * i + 1];
  }
};

TensorList zeros_of(const TensorList& list) {
  TensorList out;
  for (const Tensor& t : list) out.push_back(zeros(t.shape()));
  return out;
}

// Trains; returns the first and the last loss.
template <class Step>
std::pair<float, float> train(const Perceptron& model, int steps, Step&& step) {
  Data data;
  float first = 0, last = 0;
  for (int i = 0; i < steps; i++) {
    Tensor loss = mul(sum_to(square(sub(model(data.x), data.y)), {}), Scalar(1.0 / 256));
    TensorList grads = grad({loss}, model.parameters, {}, false, false, false);
    step(grads, i);
    last = loss.data_as<float>()[0];
    if (i == 0) first = last;
  }
  return {first, last};
}

TEST(Training, WithSgd) {
  Perceptron model;
  TensorList momentum = zeros_of(model.parameters);
  auto [first, last] = train(model, 800, [&](const TensorList& grads, int i) {
    sgd_step(model.parameters, grads, momentum, {.lr = 0.1, .momentum = 0.9, .first_step = i == 0});
  });
  EXPECT_GT(first, 0.08f);
  EXPECT_LT(last, 0.002f);
}

TEST(Training, WithAdam) {
  Perceptron model;
  TensorList means = zeros_of(model.parameters), squares = zeros_of(model.parameters);
  auto [first, last] = train(model, 500, [&](const TensorList& grads, int i) {
    adam_step(model.parameters, grads, means, squares, {}, {.step = i + 1.0, .lr = 0.02});
  });
  EXPECT_GT(first, 0.08f);
  EXPECT_LT(last, 0.002f);
}

// One parameter of two elements, by the formulas.
TEST(OptimizerStep, SgdFollowsItsFormula) {
  Tensor p = make_leaf({2}, {1, -2}), g = make_tensor({2}, {0.5, 0.25}), b = make_tensor({2}, {0, 0});
  SgdOptions o{.lr = 0.1, .momentum = 0.9, .dampening = 0.5, .weight_decay = 0.01, .first_step = true};
  double want_p[2] = {1, -2}, want_b[2] = {};
  for (int step = 0; step < 3; step++) {
    sgd_step({p}, {g}, {b}, o);
    for (int i = 0; i < 2; i++) {
      double d = (i ? 0.25 : 0.5) + 0.01 * want_p[i];
      want_b[i] = step == 0 ? d : 0.9 * want_b[i] + 0.5 * d;
      want_p[i] -= 0.1 * want_b[i];
    }
    o.first_step = false;
  }
  for (int i = 0; i < 2; i++) {
    EXPECT_NEAR(p.data_as<float>()[i], want_p[i], 1e-6);
    EXPECT_NEAR(b.data_as<float>()[i], want_b[i], 1e-6);
  }
}

TEST(OptimizerStep, AdamFollowsItsFormula) {
  for (bool decoupled : {false, true}) {
    Tensor p = make_leaf({1}, {2}), g = make_tensor({1}, {0.5}), m = make_tensor({1}, {0}), v = make_tensor({1}, {0});
    double wp = 2, wm = 0, wv = 0;
    for (int t = 1; t <= 4; t++) {
      adam_step({p}, {g}, {m}, {v}, {}, {.step = 1.0 * t, .lr = 0.1, .weight_decay = 0.1, .decoupled = decoupled});
      if (decoupled) wp *= 1 - 0.1 * 0.1;
      double d = 0.5 + (decoupled ? 0 : 0.1 * wp);
      wm = 0.9 * wm + 0.1 * d;
      wv = 0.999 * wv + 0.001 * d * d;
      wp -= 0.1 * (wm / (1 - std::pow(0.9, t))) / (std::sqrt(wv / (1 - std::pow(0.999, t))) + 1e-8);
      EXPECT_NEAR(p.data_as<float>()[0], wp, 1e-5) << decoupled << t;
    }
  }
}

TEST(OptimizerStep, NonContiguousParametersAndManyChunks) {
  Tensor base = make_pattern({300, 200}, 3);
  Tensor p = alias_as_strided(base, {200, 300}, {1, 200}, 0);
  Tensor g = make_pattern({200, 300}, 4), big = make_pattern({100000}, 5), big_g = make_pattern({100000}, 6);
  std::vector<float> before = values_of(base), big_before = values_of(big);
  sgd_step({p, big}, {g, big_g}, {}, {.lr = 1});
  for (int64_t i = 0; i < 200; i++)
    for (int64_t j = 0; j < 300; j++)
      ASSERT_EQ(base.data_as<float>()[j * 200 + i],
                before[static_cast<size_t>(j * 200 + i)] - g.data_as<float>()[i * 300 + j]);
  for (size_t i = 0; i < 100000; i++) ASSERT_EQ(big.data_as<float>()[i], big_before[i] - big_g.data_as<float>()[i]);
}

TEST(OptimizerStep, AMismatchChangesNothing) {
  Tensor p = make_leaf({2}, {1, 2}), q = make_leaf({2}, {3, 4}), g = make_tensor({2}, {1, 1});
  uint32_t version = p.version();
  expect_parts(message_of([&] { sgd_step({p, q}, {g, make_tensor({3}, {1, 1, 1})}, {}, {}); }),
               {"sgd_step", "grads[1]", "(3,)", "(2,)"});
  expect_parts(message_of([&] { sgd_step({p, q}, {g}, {}, {}); }), {"sgd_step", "expected 2 grads", "got 1"});
  message_of([&] { sgd_step({p, q}, {g, to_dtype(g, DType::Float64)}, {}, {}); });
  message_of([&] { sgd_step({p, q}, {g, Tensor()}, {}, {}); });
  message_of([&] { sgd_step({p, q}, {g, empty({2}, DType::Float32, Device{DeviceType::Meta, 0})}, {}, {}); });
  EXPECT_EQ(values_of(p), (std::vector<float>{1, 2}));
  EXPECT_EQ(values_of(q), (std::vector<float>{3, 4}));
  EXPECT_EQ(p.version(), version);
  sgd_step({p, q}, {g, g}, {}, {.lr = 1});
  EXPECT_EQ(p.version(), version + 1);
  EXPECT_EQ(values_of(q), (std::vector<float>{2, 3}));
}

TEST(GlobalNorm, OfSeveralTensors) {
  Tensor norm = global_norm({make_tensor({1}, {3}), make_tensor({2}, {4, 0}), empty({0})});
  EXPECT_EQ(norm.ndim(), 0);
  EXPECT_FLOAT_EQ(norm.data_as<float>()[0], 5);
  EXPECT_FLOAT_EQ(global_norm({}).data_as<float>()[0], 0);
}

}  // namespace
}  // namespace weft

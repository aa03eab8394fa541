// The public headers, as a program without Python uses them.
#include <gtest/gtest.h>
#include <weft/export.h>
#include <weft/weft.h>

#include <cmath>

namespace weft {
namespace {

TEST(PublicHeaders, NumbersToTensorsAndBack) {
  const Tensor x = from_vector<float>({1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ(to_vector<float>(transpose(x, 0, 1)), (std::vector<float>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(item(sum(x * 2.0 - 1.0)), 36);
  EXPECT_THROW(from_vector<float>({1, 2}, {3}), Error);
  EXPECT_THROW(to_vector<double>(x), Error);
  EXPECT_THROW(item(x), Error);
}

TEST(PublicHeaders, SeedFixesRandomNumbers) {
  manual_seed(7);
  const std::vector<float> first = to_vector<float>(normal({3}, 1, 2));
  manual_seed(7);
  EXPECT_EQ(to_vector<float>(normal({3}, 1, 2)), first);
  for (float v : to_vector<float>(uniform({100}, 2, 3))) EXPECT_TRUE(v >= 2 && v < 3);
}

TEST(PublicHeaders, Gradients) {
  const Tensor w = requires_grad_(from_vector<double>({1, 2}, {2}));
  EXPECT_FALSE(grad_of(w).defined());
  backward(sum(w * w));
  EXPECT_EQ(to_vector<double>(grad_of(w)), (std::vector<double>{2, 4}));
  backward(sum(w));
  EXPECT_EQ(to_vector<double>(grad_of(w)), (std::vector<double>{3, 5}));
  clear_grad(w);
  EXPECT_FALSE(grad_of(w).defined());
  EXPECT_THROW(requires_grad_(arange(3)), Error);
  EXPECT_THROW(requires_grad_(w * 2.0, false), Error);
}

// Steps down the gradients of g * p for the given g; a NaN gradient: none.
template <class Optimizer>
std::vector<double> steps(Optimizer& optimizer, const std::vector<double>& gradients) {
  std::vector<double> values;
  const Tensor p = optimizer.parameters()[0];
  for (double g : gradients) {
    optimizer.zero_grad();
    if (!std::isnan(g)) backward(sum(p * g));
    optimizer.step();
    values.push_back(item(p));
  }
  return values;
}

TEST(PublicHeaders, SgdWithMomentum) {
  optim::Sgd optimizer({requires_grad_(from_vector<double>({1}, {1}))},
                       {.lr = 0.1, .momentum = 0.5, .dampening = 0.25});
  const std::vector<double> gradients{2, NAN, 1, -3};
  double p = 1, buffer = 0;
  std::vector<double> expected;
  for (size_t i = 0; i < gradients.size(); i++) {
    if (!std::isnan(gradients[i])) {
      buffer = i == 0 ? gradients[i] : 0.5 * buffer + 0.75 * gradients[i];
      p -= 0.1 * buffer;
    }
    expected.push_back(p);
  }
  const std::vector<double> values = steps(optimizer, gradients);
  for (size_t i = 0; i < values.size(); i++) EXPECT_NEAR(values[i], expected[i], 1e-12);
}

TEST(PublicHeaders, AdamCountsTheStepsOfEachParameter) {
  optim::Adam optimizer({requires_grad_(from_vector<double>({1}, {1}))}, {.lr = 0.1, .amsgrad = true});
  const std::vector<double> gradients{NAN, 2, 1, -3, 0.1};
  double p = 1, m = 0, v = 0, most = 0;
  int t = 0;
  std::vector<double> expected;
  for (double g : gradients) {
    if (!std::isnan(g)) {
      t++;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      most = std::max(most, v);
      p -= 0.1 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(most / (1 - std::pow(0.999, t))) + 1e-8);
    }
    expected.push_back(p);
  }
  const std::vector<double> values = steps(optimizer, gradients);
  for (size_t i = 0; i < values.size(); i++) EXPECT_NEAR(values[i], expected[i], 1e-12);
}

// Differences of neighbours along the last dimension, the first element as it is.
struct Differences : KernelOp<Differences> {
  static constexpr const char* kName = "test_differences";
  bool spread;
  WEFT_FIELDS(spread);
  explicit Differences(bool s) : spread(s) {}
  void infer(Inputs in, OutputSpec* out) const override {
    out[0] = {in[0].shape(), in[0].dtype(), spread ? in[0].strides() : Strides{}};
  }
  void run_cpu(Inputs in, const Tensor* out) const {
    EXPECT_TRUE(in[0].is_contiguous() && out[0].is_contiguous());
    for_dtype<float>(kName, in[0].dtype(), [&]<class T>() {
      const T* x = in[0].data_as<T>();
      for (int64_t i = 0; i < in[0].numel(); i++) out[0].data_as<T>()[i] = i % in[0].size(-1) ? x[i] - x[i - 1] : x[i];
    });
  }
};

TEST(PublicHeaders, KernelsGetContiguousTensors) {
  const Tensor x = from_vector<float>({1, 4, 2, 7, 3, 9}, {3, 2});
  const Tensor turned = transpose(x, 0, 1);
  for (bool spread : {false, true}) {
    const Tensor y = apply(Differences(spread), turned);
    EXPECT_EQ(y.strides() == turned.strides(), spread);
    EXPECT_EQ(to_vector<float>(y), (std::vector<float>{1, 1, 1, 4, 3, 2}));
    const Tensor* list[] = {&turned};
    EXPECT_EQ(Differences(spread).temporary_bytes(Inputs(list, 1), &y), spread ? 48u : 24u);
  }
  EXPECT_THROW(apply(Differences(false), to_dtype(x, DType::Int64)), Error);
}

}  // namespace
}  // namespace weft

// Tracing fits: forward, backward and double backward recorded through apply() with tensors that have no data, and
// replayed on real ones, give what eager computing gives, bit for bit.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <map>

#include "autograd/engine.h"
#include "op/apply.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/reduction.h"
#include "test_tensors.h"

namespace weft {
namespace {

// A program of ops on numbered tensors. A tensor is known by what it views: its storage and geometry.
class Recording : public TraceSink {
 public:
  void record(const Op& op, Inputs inputs, const Tensor* outputs) override {
    Step& step = add_step(op, inputs);
    for (int i = 0; i < op.num_outputs(); i++) step.outputs.push_back(new_slot(outputs[i]));
  }
  void record_inplace(const Op& op, Inputs inputs) override { add_step(op, inputs).in_place = true; }

  // The number of a tensor that the recording has seen, or of a new one.
  int slot_of(const Tensor& t) {
    auto found = slots_.find(key_of(t));
    return found != slots_.end() ? found->second : new_slot(t);
  }

  // Runs the program; `values` holds the tensors it starts from, by number, and gets all others.
  void replay(std::map<int, Tensor>& values) const {
    GradModeGuard no_grad(false);
    for (const Step& step : steps_) {
      std::vector<Tensor> inputs;
      std::vector<const Tensor*> list;
      for (int slot : step.inputs) {
        ASSERT_TRUE(slot < 0 || values.count(slot)) << step.op->text() << " reads a tensor nobody made";
        inputs.push_back(slot < 0 ? Tensor() : values[slot]);
      }
      for (const Tensor& t : inputs) list.push_back(&t);
      Inputs in(list.data(), static_cast<int>(list.size()));
      if (step.in_place) {
        apply_inplace(*step.op, in);
        continue;
      }
      std::vector<Tensor> out(step.outputs.size());
      apply(*step.op->on(Device{}), in, out.data());
      for (size_t i = 0; i < out.size(); i++) values[step.outputs[i]] = out[i];
    }
  }

  size_t size() const { return steps_.size(); }

 private:
  struct Step {
    Ref<const Op> op;
    std::vector<int> inputs;  // -1: left out
    std::vector<int> outputs;
    bool in_place = false;
  };
  using Key = std::tuple<const Storage*, int64_t, std::vector<int64_t>, std::vector<int64_t>, DType>;

  static Key key_of(const Tensor& t) {
    return {t.impl()->storage.get(), t.offset(), t.shape().to_vector(), t.strides().to_vector(), t.dtype()};
  }
  int new_slot(const Tensor& t) {
    seen_.push_back(t);  // alive, so that no other storage gets its address
    return slots_[key_of(t)] = static_cast<int>(seen_.size()) - 1;
  }
  Step& add_step(const Op& op, Inputs inputs) {
    Step step;
    step.op = op.share();
    for (int i = 0; i < inputs.size(); i++) step.inputs.push_back(inputs[i].defined() ? slot_of(inputs[i]) : -1);
    steps_.push_back(step);
    return steps_.back();
  }

  std::vector<Step> steps_;
  std::vector<Tensor> seen_;
  std::map<Key, int> slots_;
};

Tensor meta_like(const Tensor& t) {
  Tensor out = empty(t.shape(), t.dtype(), Device{DeviceType::Meta, 0});
  out.impl()->requires_grad = t.requires_grad();
  return out;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  Tensor x = contiguous(a), y = contiguous(b);
  return x.shape() == y.shape() && x.dtype() == y.dtype() &&
         std::memcmp(x.data(), y.data(), static_cast<size_t>(x.numel()) * item_size(x.dtype())) == 0;
}

using Program = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;

// Runs the program eagerly on copies of the arguments, and by recording on meta tensors and replaying; both the results
// and what in-place ops left in the arguments must be equal.
void expect_trace_equals_eager(const std::vector<Tensor>& arguments, const Program& program) {
  std::vector<Tensor> eager_arguments, meta_arguments;
  for (const Tensor& t : arguments) {
    GradModeGuard no_grad(false);
    Tensor copy = clone(t);
    copy.impl()->requires_grad = t.requires_grad();
    eager_arguments.push_back(copy);
    meta_arguments.push_back(meta_like(t));
  }
  std::vector<Tensor> expected = program(eager_arguments);

  Recording recording;
  std::vector<int> argument_slots;
  for (const Tensor& t : meta_arguments) argument_slots.push_back(recording.slot_of(t));
  TraceSink* before = trace_to(&recording);
  std::vector<Tensor> symbolic = program(meta_arguments);
  trace_to(before);
  ASSERT_GT(recording.size(), 0u);

  std::map<int, Tensor> values;
  for (size_t i = 0; i < arguments.size(); i++) {
    GradModeGuard no_grad(false);
    values[argument_slots[i]] = clone(arguments[i]);
  }
  std::vector<Tensor> replayed_arguments;
  for (int slot : argument_slots) replayed_arguments.push_back(values[slot]);
  recording.replay(values);

  ASSERT_EQ(symbolic.size(), expected.size());
  for (size_t i = 0; i < symbolic.size(); i++) {
    EXPECT_TRUE(symbolic[i].is_meta());
    EXPECT_TRUE(same_bits(values[recording.slot_of(symbolic[i])], expected[i])) << "result " << i;
  }
  for (size_t i = 0; i < arguments.size(); i++)
    EXPECT_TRUE(same_bits(replayed_arguments[i], eager_arguments[i])) << "argument " << i;
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

TEST(Trace, Forward) {
  expect_trace_equals_eager(network_arguments(), [](const auto& a) { return std::vector<Tensor>{network_loss(a)}; });
}

TEST(Trace, ForwardAndBackward) {
  expect_trace_equals_eager(network_arguments(), [](const auto& a) {
    Tensor loss = network_loss(a);
    std::vector<Tensor> results = grad({loss}, {a[1], a[2], a[3]}, {}, false, false, false);
    results.push_back(loss);
    return results;
  });
}

TEST(Trace, GradientsThatAccumulateInLeaves) {
  expect_trace_equals_eager(network_arguments(), [](const auto& a) {
    backward({network_loss(a)}, {}, false, false);
    backward({network_loss(a)}, {}, false, false);
    return std::vector<Tensor>{grad_of(a[1]), grad_of(a[2]), grad_of(a[3])};
  });
}

TEST(Trace, DoubleBackward) {
  expect_trace_equals_eager(network_arguments(), [](const auto& a) {
    Tensor first = grad({network_loss(a)}, {a[1]}, {}, true, true, false)[0];
    return grad({sum_to(square(first), {})}, {a[1], a[3]}, {}, false, false, false);
  });
}

TEST(Trace, ATrainingStepThatChangesItsParametersInPlace) {
  expect_trace_equals_eager(network_arguments(), [](const auto& a) {
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

}  // namespace
}  // namespace weft

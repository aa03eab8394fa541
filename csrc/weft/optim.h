// Optimizers over the fused steps of ops/optimizer.h. Parameters without a gradient stay as they are.
#pragma once

#include <utility>
#include <vector>

#include "ops/creation.h"
#include "ops/optimizer.h"
#include "weft/autograd.h"

namespace weft::optim {

class Optimizer {
 public:
  explicit Optimizer(TensorList parameters) : parameters_(std::move(parameters)), made_(parameters_.size()) {}
  const TensorList& parameters() const { return parameters_; }
  void zero_grad() const {
    for (const Tensor& p : parameters_) clear_grad(p);
  }

 protected:
  // Calls take(i) for every parameter i that has a gradient.
  template <class F>
  void for_each(const F& take) const {
    for (size_t i = 0; i < parameters_.size(); i++)
      if (grad_of(parameters_[i]).defined()) take(i);
  }
  TensorList parameters_;
  std::vector<int64_t> made_;  // steps of each parameter
};

// Stochastic gradient descent, with momentum if the options say so.
class Sgd : public Optimizer {
 public:
  explicit Sgd(TensorList parameters, const SgdOptions& options = {})
      : Optimizer(std::move(parameters)), options(options), buffers_(parameters_.size()) {}
  void step() {
    Group first, later;  // the momentum of a parameter starts as its first gradient
    for_each([&](size_t i) {
      if (options.momentum != 0 && !buffers_[i].defined()) buffers_[i] = zeros_like(parameters_[i]);
      Group& group = made_[i]++ == 0 ? first : later;
      group.parameters.push_back(parameters_[i]);
      group.grads.push_back(grad_of(parameters_[i]));
      if (options.momentum != 0) group.buffers.push_back(buffers_[i]);
    });
    for (Group* group : {&first, &later}) {
      SgdOptions now = options;
      now.first_step = group == &first;
      if (!group->parameters.empty()) sgd_step(group->parameters, group->grads, group->buffers, now);
    }
  }

  SgdOptions options;

 private:
  struct Group {
    TensorList parameters, grads, buffers;
  };
  TensorList buffers_;
};

// Adam; AdamW with .decoupled = true.
class Adam : public Optimizer {
 public:
  explicit Adam(TensorList parameters, const AdamOptions& options = {})
      : Optimizer(std::move(parameters)),
        options(options),
        means_(parameters_.size()),
        squares_(parameters_.size()),
        maxima_(parameters_.size()) {}
  void step() {
    std::vector<Group> groups;  // of parameters that have made as many steps
    for_each([&](size_t i) {
      if (!means_[i].defined()) {
        means_[i] = zeros_like(parameters_[i]);
        squares_[i] = zeros_like(parameters_[i]);
        if (options.amsgrad) maxima_[i] = zeros_like(parameters_[i]);
      }
      made_[i]++;
      size_t g = 0;
      while (g < groups.size() && groups[g].step != made_[i]) g++;
      if (g == groups.size()) groups.emplace_back().step = made_[i];
      groups[g].parameters.push_back(parameters_[i]);
      groups[g].grads.push_back(grad_of(parameters_[i]));
      groups[g].means.push_back(means_[i]);
      groups[g].squares.push_back(squares_[i]);
      if (options.amsgrad) groups[g].maxima.push_back(maxima_[i]);
    });
    for (const Group& group : groups) {
      AdamOptions now = options;
      now.step = static_cast<double>(group.step);
      adam_step(group.parameters, group.grads, group.means, group.squares, group.maxima, now);
    }
  }

  AdamOptions options;

 private:
  struct Group {
    int64_t step = 0;
    TensorList parameters, grads, means, squares, maxima;
  };
  TensorList means_, squares_, maxima_;
};

}  // namespace weft::optim

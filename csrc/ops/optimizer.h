// Fused optimiser steps: one call changes all parameters, in one pass over memory. They give no
// result and there is nothing to differentiate, so that they are Ops only while a program is traced. Everything is
// checked, and memory taken, before the first write.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace weft {

using TensorList = std::vector<Tensor>;

struct SgdOptions {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
  bool maximize = false;
  bool first_step = false;  // the momentum buffers start as the gradients
};

// g = grad + weight_decay * p;  b = momentum * b + (1 - dampening) * g;  p -= lr * b, or lr * (g + momentum * b) with
// nesterov. Without momentum the list of buffers is empty. RuntimeError when shapes, dtypes or devices differ.
void sgd_step(const TensorList& params, const TensorList& grads, const TensorList& momentum_buffers,
              const SgdOptions& options);

struct AdamOptions {
  double step = 1;  // number of this step, from 1
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0;
  bool decoupled = false;  // Loshchilov and Hutter, 2019: shrink the parameters instead of adding to the gradient
  bool amsgrad = false;
  bool maximize = false;
};

// Kingma and Ba, 2015. The list of maxima is empty unless amsgrad.
void adam_step(const TensorList& params, const TensorList& grads, const TensorList& exp_avgs,
               const TensorList& exp_avg_sqs, const TensorList& max_exp_avg_sqs, const AdamOptions& options);

enum class StepRule : uint8_t;
// The rule of this name, such as "adam_step"; nothing if there is none. kernels/scalar/optimizer.h has them all.
std::optional<StepRule> step_rule(std::string_view name);

struct StepLists {
  TensorList params, grads;
  std::vector<TensorList> states;
};

// One step by any rule; `numbers` are those of the rule, in its order. RuntimeError when shapes, dtypes or devices
// differ, or there are too many or too few lists or numbers.
void optimizer_step(StepRule rule, const StepLists& lists, const std::vector<double>& numbers);

// A step whose arguments were checked and whose memory was taken: running it does not fail on the CPU. So several steps
// are either all taken or none.
class PreparedStep {
 public:
  virtual ~PreparedStep() = default;
  virtual void run() = 0;
};
std::unique_ptr<PreparedStep> prepare_step(StepRule rule, StepLists lists, const std::vector<double>& numbers);

// The same step while a graph is traced: as an op whose numbers are read when it runs. `numbers` is a float64 vector in
// host memory.
void trace_step(StepRule rule, const StepLists& lists, const Tensor& numbers);

// The step as a composite, which autograd records: what params and states become. Nothing is changed in place.
StepLists differentiable_step(StepRule rule, const StepLists& lists, const std::vector<double>& numbers);

struct AdafactorOptions {
  double eps = 0;  // the smallest root of a mean square
  bool maximize = false;
  bool decays = false;  // is there weight decay?
  bool record = false;  // while a graph is traced: as an op whose numbers are read when it runs
};

// Is there a kernel for Adafactor's step of this parameter?
bool has_adafactor_step(const Tensor& p, const TensorList& means);
// Takes it: changes p and the running means of its squares, over rows and over columns, or for a vector of its
// elements. The numbers, a float64 vector in host memory, are those of kernels/adafactor.h.
void adafactor_step(const Tensor& p, const Tensor& grad, const TensorList& means, const Tensor& numbers,
                    const AdafactorOptions& options);

// The 2-norm of all elements of all tensors: a tensor without dimensions, float32 or, if one of them is, float64. The
// order of additions depends on the shapes alone.
Tensor global_norm(const TensorList& tensors);

}  // namespace weft

// Losses. reduction is "mean", "sum" or "none"; other words raise ValueError. Formulas and defaults are PyTorch's.
#pragma once

#include <string>

#include "tensor/tensor.h"

namespace weft {

struct ClassLossOptions {
  Tensor weight;  // per class; undefined: all 1
  int64_t ignore_index = -100;
  std::string reduction = "mean";
  double label_smoothing = 0.0;
};
// x holds the classes along dimension 1 (0 for a vector). target: class numbers (int64) of the shape without that
// dimension, or, in cross_entropy, probabilities of x's shape. The mean is over the weights of the targets' classes.
// Raise IndexError for a class that is not there, ValueError or RuntimeError for shapes and dtypes that do not fit.
Tensor cross_entropy(const Tensor& x, const Tensor& target, const ClassLossOptions& options = {});
Tensor nll_loss(const Tensor& x, const Tensor& target, const ClassLossOptions& options = {});

// cross_entropy() of x (N, D) or (D) @ linear_weight.T + bias, with the classes of the weight (C, ..., D) in front. Of
// class numbers and a matrix the logits are computed for `chunk` rows at a time (0: as many as make them about as large
// as x), once for the loss and once for the gradients. bias, which may be undefined, has the weight's shape without D.
Tensor linear_cross_entropy(const Tensor& x, const Tensor& linear_weight, const Tensor& target, const Tensor& bias,
                            const ClassLossOptions& options, int64_t chunk = 0);

Tensor mse_loss(const Tensor& x, const Tensor& target, const std::string& reduction = "mean");
Tensor l1_loss(const Tensor& x, const Tensor& target, const std::string& reduction = "mean");
// d^2 / (2 beta) for d = |x - target| < beta, else d - beta / 2.
Tensor smooth_l1_loss(const Tensor& x, const Tensor& target, const std::string& reduction = "mean", double beta = 1.0);
// d^2 / 2 for d = |x - target| <= delta, else delta (d - delta / 2). Huber (1964).
Tensor huber_loss(const Tensor& x, const Tensor& target, const std::string& reduction = "mean", double delta = 1.0);
// -(target log(x) + (1 - target) log(1 - x)), logarithms not below -100; of x = sigmoid(logits) in the second.
Tensor binary_cross_entropy(const Tensor& x, const Tensor& target, const Tensor& weight = {},
                            const std::string& reduction = "mean");
Tensor binary_cross_entropy_with_logits(const Tensor& x, const Tensor& target, const Tensor& weight = {},
                                        const std::string& reduction = "mean", const Tensor& pos_weight = {});

}  // namespace weft

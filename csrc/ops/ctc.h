// Connectionist temporal classification: the likelihood of a sequence of labels whose alignment is not known.
#pragma once

#include <string>

#include "tensor/tensor.h"

namespace weft {

struct CtcOptions {
  int64_t blank = 0;
  std::string reduction = "mean";
  bool zero_infinity = false;
};

// log_probs (T, N, C) or (T, C); targets (N, S), or the labels of all samples one after the other; lengths (N).
// "mean" divides each loss by the length of its target first. The gradient takes log_probs for the result of
// log_softmax(): it is that of the losses along all changes that keep the sums of the probabilities, exp(log_probs)
// minus the posterior of each class. Raises for labels and lengths out of range before anything is computed.
Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                const Tensor& target_lengths, const CtcOptions& options);

}  // namespace weft

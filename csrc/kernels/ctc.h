// Kernel tables of connectionist temporal classification.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

// What both kernels read: log_probs (T, N, C), targets (N, S), input_lengths and target_lengths (N), all contiguous;
// lengths and the labels within them are valid. blank is the class between labels.
struct CtcInputs {
  StridedView log_probs, targets, input_lengths, target_lengths;
  int64_t blank;
};

// losses (N), float64: -log of the sum over all alignments of their probabilities; infinite where there is none.
using CtcLossKernel = void(StridedView losses, CtcInputs in);
extern KernelTable<CtcLossKernel> ctc_loss_kernel;

// out (T, N, C) = grad (N) * (exp(log_probs) - posterior of each class), zero behind input_lengths and for samples
// whose grad is zero, NaN for others whose loss is infinite. grad and losses are float64.
using CtcLossBackwardKernel = void(StridedView out, StridedView grad, StridedView losses, CtcInputs in);
extern KernelTable<CtcLossBackwardKernel> ctc_loss_backward_kernel;

}  // namespace weft

// Kernels of the fused optimiser steps: one call updates all parameters in one pass over memory. They work on chunks of
// equal size, so that many small and a few large parameters keep all threads busy alike.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

constexpr int64_t kOptimizerChunk = 16384;

// One parameter: contiguous arrays of one dtype and length.
struct OptimizerItem {
  void* param;
  const void* grad;
  void* state[3];  // of SGD: momentum; of Adam: first moment, second moment, its maximum
  int64_t numel;
  int64_t first_chunk;  // chunks of the items before this one
  DType dtype;
};

struct SgdCoefficients {
  double lr, momentum, dampening, weight_decay;
  bool nesterov;
  bool maximize;
  bool first_step;  // momentum starts as the gradient itself
  // Of a step that may be recorded once and run many times: where its numbers lie in host memory, and what makes
  // coefficients of them; false if they are not numbers of such a step.
  const double* numbers = nullptr;
  bool (*again)(const double* numbers, SgdCoefficients& c) = nullptr;
};

struct AdamCoefficients {
  double lr, step;      // t
  double step_size;     // lr / (1 - beta1^t)
  double second_scale;  // 1 / sqrt(1 - beta2^t)
  double beta1, beta2, eps;
  double weight_decay;  // added to the gradient
  double keep;          // what decoupled weight decay leaves of the parameter: 1 - lr * weight_decay
  bool maximize;
  bool amsgrad;
  const double* numbers = nullptr;  // as above
  bool (*again)(const double* numbers, AdamCoefficients& c) = nullptr;
};

// Both take `count` items of floating dtype with at least one element each.
using SgdKernel = void(const OptimizerItem* items, int64_t count, const SgdCoefficients& c);
using AdamKernel = void(const OptimizerItem* items, int64_t count, const AdamCoefficients& c);
// sums[i] = sum of squares of chunk i of the items' grad arrays; on their device.
using SquaresKernel = void(const OptimizerItem* items, int64_t count, double* sums);

extern KernelTable<SgdKernel> sgd_kernel;
extern KernelTable<AdamKernel> adam_kernel;
extern KernelTable<SquaresKernel> squares_kernel;

}  // namespace weft

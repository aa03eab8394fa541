// Kernels of the fused optimiser steps: one call updates all parameters in one pass over memory. They work on chunks of
// equal size, so that many small and a few large parameters keep all threads busy alike.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

constexpr int64_t kOptimizerChunk = 16384;
constexpr int kStepStates = 3, kStepNumbers = 10, kStepCoefficients = 10;

// What a step computes: kernels/scalar/optimizer.h has a class template for each, SgdRule and so on.
#define WEFT_STEP_RULES(each)                                                                                      \
  each(Sgd) each(Adam) each(NAdam) each(RAdam) each(Adamax) each(Adagrad) each(Adadelta) each(Rmsprop) each(Rprop) \
      each(Asgd) each(Lion) each(Average)
enum class StepRule : uint8_t {
#define WEFT_NAME(name) k##name,
  WEFT_STEP_RULES(WEFT_NAME)
#undef WEFT_NAME
};

// One parameter: contiguous arrays of one dtype and length.
struct OptimizerItem {
  void* param;
  const void* grad;
  void* state[kStepStates];  // as many as the step has
  int64_t numel;
  int64_t first_chunk;  // chunks of the items before this one
  DType dtype;
};

// What a rule makes of its numbers, for all elements.
struct StepCoefficients {
  double c[kStepCoefficients];
};

struct StepCall {
  StepRule rule;
  int states;                    // arrays of state
  double numbers[kStepNumbers];  // what the rule is given
  StepCoefficients coefficients;
  // Of a step that may be recorded once and run many times: where its numbers lie in host memory.
  const double* live = nullptr;
};

// Takes `count` items of floating dtype with at least one element each.
using StepKernel = void(const OptimizerItem* items, int64_t count, const StepCall& call);
// sums[i] = sum of squares of chunk i of the items' grad arrays; on their device.
using SquaresKernel = void(const OptimizerItem* items, int64_t count, double* sums);

extern KernelTable<StepKernel> step_kernel;
extern KernelTable<SquaresKernel> squares_kernel;

}  // namespace weft

// Weft from C++: tensors, ops, autograd, optimizers, and ops of one's own (docs/cpp.md).
//
//   weft::Tensor w = weft::requires_grad_(weft::zeros({3}));
//   weft::Tensor loss = weft::sum(weft::square(w - 1.0));
//   weft::backward(loss);
//   weft::grad_of(w);  // -2, -2, -2
//
// weft/export.h runs programs that weft.export has saved, weft/python.h binds functions for Python.
#pragma once

#if __cplusplus < 202002L
#error "Weft's headers need C++20: compile with -std=c++20"
#endif

#include "core/version.h"
#include "device/cpu/threads.h"
#include "weft/autograd.h"
#include "weft/kernel_op.h"
#include "weft/ops.h"
#include "weft/optim.h"

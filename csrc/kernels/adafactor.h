// Kernel of Adafactor's step (Shazeer and Stern, 2018), which looks at whole matrices: three passes over a parameter.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

// A parameter of `matrices` times rows x columns elements, and its gradient: contiguous arrays of float or double. The
// state: running means of squares over its rows and over its columns; of a vector (row_mean is nullptr, rows and
// matrices are 1) of each element.
struct AdafactorItem {
  void* param;
  const void* grad;
  void *row_mean, *column_mean;
  int64_t matrices, rows, columns;
  DType dtype;
};

// What may change from step to step, in this order: the weight of what is new, the relative step, what weight decay
// leaves of a parameter, the smallest scale of a parameter, and by what the root mean square of steps is multiplied
// before it is compared with 1.
enum AdafactorNumber { kAdaBlend, kAdaRelative, kAdaKeep, kAdaSmallestScale, kAdaClip, kAdafactorNumbers };

// eps: the smallest root of a mean square. The numbers are read when all memory has been taken.
using AdafactorKernel = void(const AdafactorItem& item, const double* numbers, double eps, bool maximize, bool decays);
extern KernelTable<AdafactorKernel> adafactor_kernel;

}  // namespace weft

// Kernel tables of the matmul family.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

// out(..., m, n) = a(..., m, k) @ b(..., k, n) [+ base(..., m, n)]. All views have the same number of dims; broadcast
// dims have stride 0. base.data is nullptr when there is none.
using MatmulKernel = void(StridedView out, StridedView a, StridedView b, StridedView base);
extern KernelTable<MatmulKernel> matmul_kernel;

// out(..., m, n) = beta base + alpha (a @ b), rounded once. symmetric: so are base and a @ b, whose b is the transpose
// of a where it lies: half of the product will do.
using ScaledMatmulKernel = void(StridedView out, StridedView a, StridedView b, StridedView base, double beta,
                                double alpha, bool symmetric);
extern KernelTable<ScaledMatmulKernel> scaled_matmul_kernel;

struct Epilogue;
// The same; calls the epilogue for parts of the product while they are in the cache. out is contiguous.
using MatmulThenKernel = void(StridedView out, StridedView a, StridedView b, StridedView base,
                              const Epilogue& epilogue);
extern KernelTable<MatmulThenKernel> matmul_then_kernel;

// out = beta base + alpha a @ b, rounded once.
struct LibraryProduct {
  float beta = 1, alpha = 1;
  bool lower = false;  // only what is on and below the diagonal is asked for; the rest may be left as it is
};
// What a library of the device computes faster (oneDNN, cuBLASLt).
using LibraryMatmulKernel = bool(const StridedView& out, const StridedView& a, const StridedView& b,
                                 const StridedView& base, const LibraryProduct& how);
extern KernelTable<LibraryMatmulKernel> library_matmul_kernel;

// May float32 products and convolutions on a GPU round their operands to TF32's ten bits? Off by default.
bool allow_tf32();
void set_allow_tf32(bool allow);

}  // namespace weft

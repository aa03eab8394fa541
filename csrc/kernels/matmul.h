// Kernel tables of the matmul family.
#pragma once

#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

// out(..., m, n) = a(..., m, k) @ b(..., k, n) [+ base(..., m, n)]. All views have the same number of dims; broadcast
// dims have stride 0. base.data is nullptr when there is none.
using MatmulKernel = void(StridedView out, StridedView a, StridedView b, StridedView base);
extern KernelTable<MatmulKernel> matmul_kernel;

struct Epilogue;
// The same; calls the epilogue for parts of the product while they are in the cache. out is contiguous.
using MatmulThenKernel = void(StridedView out, StridedView a, StridedView b, StridedView base,
                              const Epilogue& epilogue);
extern KernelTable<MatmulThenKernel> matmul_then_kernel;

// What a library of the device computes faster (oneDNN, cuBLASLt).
using LibraryMatmulKernel = bool(const StridedView& out, const StridedView& a, const StridedView& b,
                                 const StridedView& base);
extern KernelTable<LibraryMatmulKernel> library_matmul_kernel;

// May float32 products and convolutions on a GPU round their operands to TF32's ten bits? Off by default.
bool allow_tf32();
void set_allow_tf32(bool allow);

}  // namespace weft

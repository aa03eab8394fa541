// Loads and stores of runs of elements with conversion between dtypes, for the loops of the CPU kernels. Defined in
// convert.cpp, once for each instruction set: a loop for each pair of dtypes is much to compile.
#pragma once

#include <stdint.h>

#include "kernels/scalar/convert.h"
#include "kernels/view.h"

namespace weft {
namespace WEFT_ISA {

using scalar::convert;

// n elements of dtype `from` at `in`, `stride` apart, into consecutive ones.
#define WEFT_X(T, name) \
  __attribute__((visibility("hidden"))) void load_run(T* out, const void* in, DType from, int64_t stride, int64_t n);
WEFT_DTYPES(WEFT_X)
#undef WEFT_X

// The types that results are computed as.
#define WEFT_RESULT_TYPES(X) X(bool) X(float) X(double) X(int64_t) X(uint64_t) X(Complex64) X(Complex128)

// n consecutive elements to `out`, of dtype `to`, `stride` apart.
#define WEFT_X(T) \
  __attribute__((visibility("hidden"))) void store_run(void* out, DType to, int64_t stride, const T* in, int64_t n);
WEFT_RESULT_TYPES(WEFT_X)
#undef WEFT_X

// The same for any two dtypes.
__attribute__((visibility("hidden"))) void load_run(void* out, DType to, const void* in, DType from, int64_t stride,
                                                    int64_t n);
// n consecutive elements of `item` bytes to places `stride` elements apart.
__attribute__((visibility("hidden"))) void scatter_run(void* out, int64_t stride, const void* in, int64_t n,
                                                       size_t item);

}  // namespace WEFT_ISA
}  // namespace weft

// Loads and stores of runs of elements with conversion between dtypes, for the loops of the CPU kernels. Defined in
// convert.cpp, once for each instruction set: a loop for each pair of dtypes is much to compile.
#pragma once

#include <stdint.h>

#include "kernels/scalar/convert.h"
#include "kernels/view.h"

namespace weft {
namespace WEFT_ISA {

using scalar::convert;

WEFT_INLINE char* advance(void* p, int64_t elements, DType dtype) {
  return static_cast<char*>(p) + elements * static_cast<int64_t>(item_size(dtype));
}
WEFT_INLINE const char* advance(const void* p, int64_t elements, DType dtype) {
  return static_cast<const char*>(p) + elements * static_cast<int64_t>(item_size(dtype));
}

// n elements of dtype `from` at `in`, `stride` apart, into consecutive ones of dtype `to`.
__attribute__((visibility("hidden"))) void load_run(void* out, DType to, const void* in, DType from, int64_t stride,
                                                    int64_t n);
template <class T>
WEFT_INLINE void load_run(T* out, const void* in, DType from, int64_t stride, int64_t n) {
  load_run(out, dtype_of<T>, in, from, stride, n);
}

// n consecutive elements of dtype `from` to `out`, of dtype `to`, `stride` apart.
__attribute__((visibility("hidden"))) void store_run(void* out, DType to, int64_t stride, const void* in, DType from,
                                                     int64_t n);
template <class T>
WEFT_INLINE void store_run(void* out, DType to, int64_t stride, const T* in, int64_t n) {
  store_run(out, to, stride, in, dtype_of<T>, n);
}

// n consecutive elements of `item` bytes to places `stride` elements apart.
__attribute__((visibility("hidden"))) void scatter_run(void* out, int64_t stride, const void* in, int64_t n,
                                                       size_t item);

}  // namespace WEFT_ISA
}  // namespace weft

// Kernel tables of the elementwise family. Inputs may have any dtype, strides and a shape that broadcasts to the
// output's: kernels convert what they load to `compute` (float32, float64, int64, uint64, complex64 or
// complex128; the last two in the functions of the Complex lists) and what they store to the output's dtype. `function`
// is the position of an entry in its list of kernels/scalar/.
#pragma once

#include "kernels/scalar/binary.h"
#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

using UnaryKernel = void(int function, StridedView out, StridedView in, DType compute, scalar::Params params);
extern KernelTable<UnaryKernel> unary_kernel;

// out = df(g, x, y) of the function; `kept` is its argument or its result.
using UnaryBackwardKernel = void(int function, StridedView out, StridedView grad, StridedView kept, DType compute,
                                 scalar::Params params);
extern KernelTable<UnaryBackwardKernel> unary_backward_kernel;

using BinaryKernel = void(int function, StridedView out, StridedView a, StridedView b, DType compute);
extern KernelTable<BinaryKernel> binary_kernel;

// out = condition ? a : b
using WhereKernel = void(StridedView out, StridedView condition, StridedView a, StridedView b, DType compute);
extern KernelTable<WhereKernel> where_kernel;

// Copies with broadcasting and conversion. The views may not overlap unless they are the same.
using CopyKernel = void(StridedView out, StridedView in);
extern KernelTable<CopyKernel> copy_kernel;

// Copies runs of bytes on the device, none of which overlap.
struct MemoryRun {
  void* to;
  const void* from;
  size_t nbytes;
};
using CopyRunsKernel = void(const MemoryRun* runs, int64_t count);
extern KernelTable<CopyRunsKernel> copy_runs_kernel;

// Is an element of an integer or bool view zero? A device that works beside the host may say no and raise the error of
// the op that asked at the next synchronisation.
using HasZeroKernel = void(StridedView in, bool* found);
extern KernelTable<HasZeroKernel> has_zero_kernel;

// Sets every element to a number in host memory, a view without dimensions, converted.
using FillKernel = void(StridedView out, StridedView number);
extern KernelTable<FillKernel> fill_kernel;

// Position of an entry in its list.
template <class Entry, class First, class... Rest>
constexpr int index_in(scalar::EntryList<First, Rest...>) {
  if constexpr (__is_same(Entry, First))
    return 0;
  else
    return 1 + index_in<Entry>(scalar::EntryList<Rest...>{});
}

}  // namespace weft

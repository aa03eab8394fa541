// Kernel tables of the resampling family. Views are images (N, C, ...) with one to three spatial dimensions, contiguous
// or with their channels innermost: all views of a call or none, but for those that lie in both orders.
#pragma once

#include "kernels/scalar/resampling.h"
#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

// The taps of all outputs of an axis. Of its adjoint: inputs and outputs have changed sides.
struct TapTable {
  int64_t inputs, outputs, width;  // width: the most taps of one output
  const int64_t* start;
  const int64_t* count;
  const double* weight;  // (outputs, width)
  bool copies;           // every output is one input
};

// Depth, rows and columns; what an image has not got has one place. Devices that cannot read the host's tables compute
// their own by the rules.
struct ResampleAxes {
  TapTable table[3];
  ResampleRule rule[3];
  bool adjoint;
};

// Each output is the weighted sum of its taps along all axes. Where all axes copy any dtype is taken, else floats.
using ResampleKernel = void(StridedView out, StridedView in, ResampleAxes axes);
extern KernelTable<ResampleKernel> resample_kernel;
// Images (N, C, H, W) of bytes along rows and columns, one after the other, each rounded: with weights of 16 bits.
extern KernelTable<ResampleKernel> resample_bytes_kernel;

}  // namespace weft

// Kernel tables of sampling at the places of a grid. Images (N, C, ...) with two or three spatial dimensions are
// contiguous or have their channels innermost, each by itself; grids (N, ..., 2 or 3) are contiguous. All float32 or
// all float64.
#pragma once

#include "kernels/scalar/grid_sampling.h"
#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

using GridSampleKernel = void(StridedView out, StridedView in, StridedView grid, GridRule rule);
extern KernelTable<GridSampleKernel> grid_sample_kernel;
// out, of the input's shape: what each place of the input is worth to the samples.
extern KernelTable<GridSampleKernel> grid_sample_input_kernel;
// out, of the grid's shape.
using GridGradientKernel = void(StridedView out, StridedView grad, StridedView in, StridedView grid, GridRule rule);
extern KernelTable<GridGradientKernel> grid_sample_grid_kernel;

}  // namespace weft

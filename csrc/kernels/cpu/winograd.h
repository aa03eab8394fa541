// Convolutions with 3x3 kernels by Winograd's minimal filtering F(2x2, 3x3): 16 multiplications instead of 36 for a
// tile of 2x2 outputs (Lavin, Gray: Fast Algorithms for Convolutional Neural Networks, 2015). Of all sizes of tiles it
// is the one whose float32 errors stay closest to those of the direct sum: at most 2.5 times as large where measured.
// As in every algorithm of this kind an infinite or NaN input reaches all outputs of its tiles.
#pragma once

#include "kernels/convolution.h"

namespace weft {

struct Epilogue;

namespace WEFT_ISA {

// Each returns false, having done nothing, where it does not apply; that depends on shapes and dtypes alone.
// then: nullptr for none; called for parts of y, which is contiguous then or has its channels innermost.
bool winograd_convolution(const StridedView& y, const StridedView& x, const StridedView& w, const StridedView& bias,
                          const ConvGeometry& geometry, const Epilogue* then);
bool winograd_convolution_input(const StridedView& gx, const StridedView& gy, const StridedView& w,
                                const ConvGeometry& geometry);
bool winograd_convolution_weight(const StridedView& gw, const StridedView& gy, const StridedView& x,
                                 const ConvGeometry& geometry);

}  // namespace WEFT_ISA
}  // namespace weft

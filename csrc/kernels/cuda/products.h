// What NVIDIA's libraries compute. Each function returns false where the library does not serve the case; then a plain
// kernel of our own does.
#pragma once

#include "kernels/convolution.h"
#include "kernels/view.h"

namespace weft::cuda {

// out = a @ b [+ base] through cuBLASLt.
bool library_matmul(const StridedView& out, const StridedView& a, const StridedView& b, const StridedView& base);

// Through cuDNN.
bool library_convolution(const StridedView& y, const StridedView& x, const StridedView& w, const StridedView& bias,
                         const ConvGeometry& g);
bool library_convolution_input(const StridedView& gx, const StridedView& gy, const StridedView& w,
                               const ConvGeometry& g);
bool library_convolution_weight(const StridedView& gw, const StridedView& gy, const StridedView& x,
                                const ConvGeometry& g);

}  // namespace weft::cuda

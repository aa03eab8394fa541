// Products that oneDNN computes faster than the loops beside it: large convolutions of float32 and large matrix
// products of bfloat16. Each function returns false, having done nothing, where it does not apply; results do not
// depend on the number of threads. For files that are compiled per instruction set: no standard headers.
#pragma once

#include "kernels/convolution.h"
#include "kernels/view.h"

namespace weft {

bool onednn_convolution(const StridedView& y, const StridedView& x, const StridedView& w, const StridedView& bias,
                        const ConvGeometry& geometry);
bool onednn_convolution_input(const StridedView& gx, const StridedView& gy, const StridedView& w,
                              const ConvGeometry& geometry);
// out(m, n) = beta base(m, n) + alpha a(m, k) @ b(k, n), rounded once; base.data may be nullptr. lower: only what is on
// and below the diagonal is asked for, where m = n.
bool onednn_matmul(const StridedView& out, const StridedView& a, const StridedView& b, const StridedView& base = {},
                   float beta = 1, float alpha = 1, bool lower = false);

}  // namespace weft

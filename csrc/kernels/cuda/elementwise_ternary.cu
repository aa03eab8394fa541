// Where and dropout's masked scaling.
#include "kernels/cuda/elementwise.h"
#include "kernels/elementwise.h"
#include "kernels/random.h"

namespace weft::cuda {
namespace {

template <class C>
struct WhereFunction {
  WEFT_INLINE C operator()(const C* x) const { return convert<bool>(x[0]) ? x[1] : x[2]; }
};

void where_cuda(StridedView out, StridedView condition, StridedView a, StridedView b, DType compute) {
  if (compute == DType::Float32) return elementwise<float, 3>(out, {&condition, &a, &b}, WhereFunction<float>{});
  if (compute == DType::Float64) return elementwise<double, 3>(out, {&condition, &a, &b}, WhereFunction<double>{});
  if (compute == DType::Complex64)
    return elementwise<Complex64, 3>(out, {&condition, &a, &b}, WhereFunction<Complex64>{});
  if (compute == DType::Complex128)
    return elementwise<Complex128, 3>(out, {&condition, &a, &b}, WhereFunction<Complex128>{});
  // Of uint64 too: elements are only moved.
  elementwise<int64_t, 3>(out, {&condition, &a, &b}, WhereFunction<int64_t>{});
}
WEFT_CUDA_KERNEL(where_kernel, where_cuda);

template <class C>
struct MaskedScale {
  C factor;
  WEFT_INLINE C operator()(const C* x) const { return x[1] != C(0) ? x[0] * factor : C(0); }
};

void masked_scale_cuda(StridedView out, StridedView x, StridedView mask, DType compute, double scale) {
  if (compute == DType::Float64) return elementwise<double, 2>(out, {&x, &mask}, MaskedScale<double>{scale});
  elementwise<float, 2>(out, {&x, &mask}, MaskedScale<float>{static_cast<float>(scale)});
}
WEFT_CUDA_KERNEL(masked_scale_kernel, masked_scale_cuda);

}  // namespace
}  // namespace weft::cuda

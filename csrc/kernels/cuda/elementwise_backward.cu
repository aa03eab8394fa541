#include "kernels/cuda/elementwise.h"
#include "kernels/elementwise.h"

namespace weft::cuda {
namespace {

template <class Entry, class C>
struct BackwardFunction {
  scalar::Params p;
  __device__ __forceinline__ C operator()(const C* x) const { return Entry::template df<C>(x[0], x[1], x[1], p); }
};

template <class Entry>
void backward_entry(const StridedView& out, const StridedView& grad, const StridedView& kept, DType compute,
                    const scalar::Params& p) {
  if constexpr (Entry::backward == scalar::Backward::Fused) {
    if (compute == DType::Float32) return elementwise<float, 2>(out, {&grad, &kept}, BackwardFunction<Entry, float>{p});
    elementwise<double, 2>(out, {&grad, &kept}, BackwardFunction<Entry, double>{p});
  }
}

using EntryFunction = void (*)(const StridedView&, const StridedView&, const StridedView&, DType,
                               const scalar::Params&);
template <class... Entries>
EntryFunction entry(scalar::EntryList<Entries...>, int i) {
  static constexpr EntryFunction functions[] = {&backward_entry<Entries>...};
  return functions[i];
}

void unary_backward_cuda(int function, StridedView out, StridedView grad, StridedView kept, DType compute,
                         scalar::Params params) {
  entry(scalar::UnaryList{}, function)(out, grad, kept, compute, params);
}
WEFT_CUDA_KERNEL(unary_backward_kernel, unary_backward_cuda);

}  // namespace
}  // namespace weft::cuda

#include "kernels/cpu/elementwise_loop.h"
#include "kernels/elementwise.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class Entry, class C>
void backward_in(const StridedView& out, const StridedView& grad, const StridedView& kept,
                 const scalar::Params& params) {
  const scalar::Params p = params;
  elementwise_loop<C, C, 2>(out, {&grad, &kept}, [p](const C* const* in, C* y, int64_t n) {
    const C *g = in[0], *k = in[1];
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = Entry::template df<C>(g[i], k[i], k[i], p);
  });
}

template <class Entry>
void backward_entry(const StridedView& out, const StridedView& grad, const StridedView& kept, DType compute,
                    const scalar::Params& params) {
  if constexpr (Entry::backward == scalar::Backward::Fused) {
    if (compute == DType::Float32) return backward_in<Entry, float>(out, grad, kept, params);
    backward_in<Entry, double>(out, grad, kept, params);
  }
}

using EntryFunction = void (*)(const StridedView&, const StridedView&, const StridedView&, DType,
                               const scalar::Params&);
template <class... Entries>
struct BackwardTable {
  static constexpr EntryFunction functions[] = {&backward_entry<Entries>...};
  BackwardTable(scalar::EntryList<Entries...>) {}
  EntryFunction operator[](int i) const { return functions[i]; }
};

void unary_backward_cpu(int function, StridedView out, StridedView grad, StridedView kept, DType compute,
                        scalar::Params params) {
  BackwardTable(scalar::UnaryList{})[function](out, grad, kept, compute, params);
}
WEFT_CPU_KERNEL(unary_backward_kernel, unary_backward_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

#include "kernels/cpu/elementwise_loop.h"
#include "kernels/elementwise.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class Entry, class C>
void unary_in(const StridedView& out, const StridedView& in, const scalar::Params& params) {
  using O = decltype(Entry::template f<C>(C{}, params));
  const scalar::Params p = params;
  elementwise_loop<C, O, 1>(out, {&in}, [p](const C* const* x, O* y, int64_t n) {
    const C* a = x[0];
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = Entry::template f<C>(a[i], p);
  });
}

template <class Entry>
void unary_entry(const StridedView& out, const StridedView& in, DType compute, const scalar::Params& params) {
  if (compute == DType::Float32) return unary_in<Entry, float>(out, in, params);
  if (compute == DType::Float64) return unary_in<Entry, double>(out, in, params);
  if constexpr (Entry::result != scalar::Result::Float) return unary_in<Entry, int64_t>(out, in, params);
}

using EntryFunction = void (*)(const StridedView&, const StridedView&, DType, const scalar::Params&);
template <class... Entries>
struct UnaryTable {
  static constexpr EntryFunction functions[] = {&unary_entry<Entries>...};
  UnaryTable(scalar::EntryList<Entries...>) {}
  EntryFunction operator[](int i) const { return functions[i]; }
};

void unary_cpu(int function, StridedView out, StridedView in, DType compute, scalar::Params params) {
  UnaryTable(scalar::UnaryList{})[function](out, in, compute, params);
}
WEFT_CPU_KERNEL(unary_kernel, unary_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

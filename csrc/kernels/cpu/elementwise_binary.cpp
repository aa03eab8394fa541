#include "kernels/cpu/elementwise_loop.h"
#include "kernels/elementwise.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class Entry, class C>
void binary_in(const StridedView& out, const StridedView& a, const StridedView& b) {
  using O = decltype(Entry::template f<C>(C{}, C{}, scalar::Params{}));
  elementwise_loop<C, O, 2>(out, {&a, &b}, [](const C* const* in, O* y, int64_t n) {
    const C *p = in[0], *q = in[1];
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = Entry::template f<C>(p[i], q[i], scalar::Params{});
  });
}

template <class Entry>
void binary_entry(const StridedView& out, const StridedView& a, const StridedView& b, DType compute) {
  using enum scalar::BinaryResult;
  if constexpr (Entry::result != Integer) {
    if (compute == DType::Float32) return binary_in<Entry, float>(out, a, b);
    if (compute == DType::Float64) return binary_in<Entry, double>(out, a, b);
  }
  if constexpr (Entry::result != Divided) binary_in<Entry, int64_t>(out, a, b);
}

using EntryFunction = void (*)(const StridedView&, const StridedView&, const StridedView&, DType);
template <class... Entries>
struct BinaryTable {
  static constexpr EntryFunction functions[] = {&binary_entry<Entries>...};
  BinaryTable(scalar::EntryList<Entries...>) {}
  EntryFunction operator[](int i) const { return functions[i]; }
};

void binary_cpu(int function, StridedView out, StridedView a, StridedView b, DType compute) {
  BinaryTable(scalar::BinaryList{})[function](out, a, b, compute);
}
WEFT_CPU_KERNEL(binary_kernel, binary_cpu);

template <class C>
void where_in(const StridedView& out, const StridedView& condition, const StridedView& a, const StridedView& b) {
  // The condition rides along as C: 0 or 1.
  elementwise_loop<C, C, 3>(out, {&condition, &a, &b}, [](const C* const* in, C* y, int64_t n) {
    const C *c = in[0], *p = in[1], *q = in[2];
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = c[i] != C(0) ? p[i] : q[i];
  });
}

void where_cpu(StridedView out, StridedView condition, StridedView a, StridedView b, DType compute) {
  if (compute == DType::Float32) return where_in<float>(out, condition, a, b);
  if (compute == DType::Float64) return where_in<double>(out, condition, a, b);
  where_in<int64_t>(out, condition, a, b);
}
WEFT_CPU_KERNEL(where_kernel, where_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

#include "kernels/cuda/elementwise.h"
#include "kernels/elementwise.h"

namespace weft::cuda {
namespace {

template <class Entry, class C>
struct BinaryFunction {
  WEFT_INLINE auto operator()(const C* x) const { return Entry::template f<C>(x[0], x[1], scalar::Params{}); }
};

template <class Entry>
void binary_entry(const StridedView& out, const StridedView& a, const StridedView& b, DType compute) {
  using enum scalar::BinaryResult;
  if constexpr (Entry::result != Integer) {
    if (compute == DType::Float32) return elementwise<float, 2>(out, {&a, &b}, BinaryFunction<Entry, float>{});
    if (compute == DType::Float64) return elementwise<double, 2>(out, {&a, &b}, BinaryFunction<Entry, double>{});
  }
  if constexpr (scalar::contains<Entry>(scalar::ComplexBinaryList{})) {
    if (compute == DType::Complex64)
      return elementwise<Complex64, 2>(out, {&a, &b}, BinaryFunction<Entry, Complex64>{});
    if (compute == DType::Complex128)
      return elementwise<Complex128, 2>(out, {&a, &b}, BinaryFunction<Entry, Complex128>{});
  }
  if constexpr (Entry::result != Divided) {
    if (compute == DType::UInt64) return elementwise<uint64_t, 2>(out, {&a, &b}, BinaryFunction<Entry, uint64_t>{});
    elementwise<int64_t, 2>(out, {&a, &b}, BinaryFunction<Entry, int64_t>{});
  }
}

using EntryFunction = void (*)(const StridedView&, const StridedView&, const StridedView&, DType);
template <class... Entries>
EntryFunction entry(scalar::EntryList<Entries...>, int i) {
  static constexpr EntryFunction functions[] = {&binary_entry<Entries>...};
  return functions[i];
}

void binary_cuda(int function, StridedView out, StridedView a, StridedView b, DType compute) {
  entry(scalar::BinaryList{}, function)(out, a, b, compute);
}
WEFT_CUDA_KERNEL(binary_kernel, binary_cuda);

}  // namespace
}  // namespace weft::cuda

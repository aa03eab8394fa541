#include "kernels/cuda/elementwise.h"
#include "kernels/elementwise.h"

namespace weft::cuda {
namespace {

template <class Entry, class C>
struct UnaryFunction {
  scalar::Params p;
  WEFT_INLINE auto operator()(const C* x) const { return Entry::template f<C>(x[0], p); }
};

template <class Entry>
void unary_entry(const StridedView& out, const StridedView& in, DType compute, const scalar::Params& p) {
  if (compute == DType::Float32) return elementwise<float, 1>(out, {&in}, UnaryFunction<Entry, float>{p});
  if (compute == DType::Float64) return elementwise<double, 1>(out, {&in}, UnaryFunction<Entry, double>{p});
  if constexpr (scalar::contains<Entry>(scalar::ComplexUnaryList{})) {
    if (compute == DType::Complex64) return elementwise<Complex64, 1>(out, {&in}, UnaryFunction<Entry, Complex64>{p});
    if (compute == DType::Complex128)
      return elementwise<Complex128, 1>(out, {&in}, UnaryFunction<Entry, Complex128>{p});
  }
  if constexpr (Entry::result != scalar::Result::Float) {
    if (compute == DType::UInt64) return elementwise<uint64_t, 1>(out, {&in}, UnaryFunction<Entry, uint64_t>{p});
    elementwise<int64_t, 1>(out, {&in}, UnaryFunction<Entry, int64_t>{p});
  }
}

using EntryFunction = void (*)(const StridedView&, const StridedView&, DType, const scalar::Params&);
template <class... Entries>
EntryFunction entry(scalar::EntryList<Entries...>, int i) {
  static constexpr EntryFunction functions[] = {&unary_entry<Entries>...};
  return functions[i];
}

void unary_cuda(int function, StridedView out, StridedView in, DType compute, scalar::Params params) {
  entry(scalar::UnaryList{}, function)(out, in, compute, params);
}
WEFT_CUDA_KERNEL(unary_kernel, unary_cuda);

}  // namespace
}  // namespace weft::cuda

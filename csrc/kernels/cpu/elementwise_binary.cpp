#include "kernels/cpu/complex_runs.h"
#include "kernels/cpu/elementwise_loop.h"
#include "kernels/cpu/elementwise_runs.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class Entry, class C, class O>
void run_entry(const C* a, const C* b, O* y, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; i++) y[i] = Entry::template f<C>(a[i], b[i], Params{});
}

template <class Entry, class C>
constexpr BinaryRun<C> entry_run() {
  using enum scalar::BinaryResult;
  constexpr bool is_integer = __is_same(C, int64_t) || __is_same(C, uint64_t);
  constexpr bool undefined = (is_integer && Entry::result == Divided) || (!is_integer && Entry::result == Integer) ||
                             (is_complex_type<C> && !scalar::contains<Entry>(scalar::ComplexBinaryList{}));
  if constexpr (undefined)
    return {nullptr, nullptr};
  else if constexpr (is_complex_type<C> && __is_same(Entry, scalar::Mul))
    return {&multiply_run<C>, nullptr};
  else if constexpr (__is_same(decltype(Entry::template f<C>(C{}, C{}, Params{})), bool))
    return {nullptr, &run_entry<Entry, C, bool>};
  else
    return {&run_entry<Entry, C, C>, nullptr};
}

template <class C, class... Entries>
BinaryRun<C> at(scalar::EntryList<Entries...>, int i) {
  static constexpr BinaryRun<C> runs[] = {entry_run<Entries, C>()...};
  return runs[i];
}

void find_run(int function, BinaryRun<Complex64>& run) { run = at<Complex64>(scalar::BinaryList{}, function); }
void find_run(int function, BinaryRun<Complex128>& run) { run = at<Complex128>(scalar::BinaryList{}, function); }

template <class C>
void binary_in(int function, const StridedView& out, const StridedView& a, const StridedView& b) {
  BinaryRun<C> run;
  find_run(function, run);
  if (run.truth)
    elementwise_loop<C, bool, 2>(out, {&a, &b},
                                 [&](const C* const* in, bool* y, int64_t n) { run.truth(in[0], in[1], y, n); });
  else
    elementwise_loop<C, C, 2>(out, {&a, &b},
                              [&](const C* const* in, C* y, int64_t n) { run.same(in[0], in[1], y, n); });
}

void binary_cpu(int function, StridedView out, StridedView a, StridedView b, DType compute) {
  if (compute == DType::Float32) return binary_in<float>(function, out, a, b);
  if (compute == DType::Float64) return binary_in<double>(function, out, a, b);
  if (compute == DType::UInt64) return binary_in<uint64_t>(function, out, a, b);
  if (compute == DType::Complex64) return binary_in<Complex64>(function, out, a, b);
  if (compute == DType::Complex128) return binary_in<Complex128>(function, out, a, b);
  binary_in<int64_t>(function, out, a, b);
}
WEFT_CPU_KERNEL(binary_kernel, binary_cpu);

template <class C>
void where_in(const StridedView& out, const StridedView& condition, const StridedView& a, const StridedView& b) {
  // The condition rides along as C: 0 or 1.
  elementwise_loop<C, C, 3>(out, {&condition, &a, &b}, [](const C* const* in, C* y, int64_t n) {
    const C *c = in[0], *p = in[1], *q = in[2];
#pragma omp simd
    for (int64_t i = 0; i < n; i++) y[i] = convert<bool>(c[i]) ? p[i] : q[i];
  });
}

void where_cpu(StridedView out, StridedView condition, StridedView a, StridedView b, DType compute) {
  if (compute == DType::Float32) return where_in<float>(out, condition, a, b);
  if (compute == DType::Float64) return where_in<double>(out, condition, a, b);
  if (compute == DType::Complex64) return where_in<Complex64>(out, condition, a, b);
  if (compute == DType::Complex128) return where_in<Complex128>(out, condition, a, b);
  where_in<int64_t>(out, condition, a, b);  // of uint64 too: elements are only moved
}
WEFT_CPU_KERNEL(where_kernel, where_cpu);

}  // namespace

void find_run(int function, BinaryRun<float>& run) { run = at<float>(scalar::BinaryList{}, function); }
void find_run(int function, BinaryRun<double>& run) { run = at<double>(scalar::BinaryList{}, function); }
void find_run(int function, BinaryRun<int64_t>& run) { run = at<int64_t>(scalar::BinaryList{}, function); }
void find_run(int function, BinaryRun<uint64_t>& run) { run = at<uint64_t>(scalar::BinaryList{}, function); }

}  // namespace WEFT_ISA
}  // namespace weft

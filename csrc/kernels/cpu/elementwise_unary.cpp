#include "kernels/cpu/complex_runs.h"
#include "kernels/cpu/elementwise_loop.h"
#include "kernels/cpu/elementwise_runs.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class Entry, class C, class O>
void run_entry(const C* x, O* y, int64_t n, const Params& params) {
  const Params p = params;
#pragma omp simd
  for (int64_t i = 0; i < n; i++) y[i] = Entry::template f<C>(x[i], p);
}

template <class C>
void square_run(const C* x, C* y, int64_t n, const Params&) {
  multiply_run(x, x, y, n);
}

template <class Entry, class C>
constexpr UnaryRun<C> entry_run() {
  constexpr bool is_integer = __is_same(C, int64_t) || __is_same(C, uint64_t);
  constexpr bool undefined = (is_integer && Entry::result == scalar::Result::Float) ||
                             (is_complex_type<C> && !scalar::contains<Entry>(scalar::ComplexUnaryList{}));
  if constexpr (undefined)
    return {nullptr, nullptr};
  else if constexpr (is_complex_type<C> && __is_same(Entry, scalar::Square))
    return {&square_run<C>, nullptr};
  else if constexpr (__is_same(decltype(Entry::template f<C>(C{}, Params{})), bool))
    return {nullptr, &run_entry<Entry, C, bool>};
  else
    return {&run_entry<Entry, C, C>, nullptr};
}

template <class C, class... Entries>
UnaryRun<C> at(scalar::EntryList<Entries...>, int i) {
  static constexpr UnaryRun<C> runs[] = {entry_run<Entries, C>()...};
  return runs[i];
}

void find_run(int function, UnaryRun<Complex64>& run) { run = at<Complex64>(scalar::UnaryList{}, function); }
void find_run(int function, UnaryRun<Complex128>& run) { run = at<Complex128>(scalar::UnaryList{}, function); }

template <class C>
void unary_in(int function, const StridedView& out, const StridedView& in, const Params& p) {
  UnaryRun<C> run;
  find_run(function, run);
  if (run.truth)
    elementwise_loop<C, bool, 1>(out, {&in}, [&](const C* const* x, bool* y, int64_t n) { run.truth(x[0], y, n, p); });
  else
    elementwise_loop<C, C, 1>(out, {&in}, [&](const C* const* x, C* y, int64_t n) { run.same(x[0], y, n, p); });
}

void unary_cpu(int function, StridedView out, StridedView in, DType compute, Params params) {
  if (compute == DType::Float32) return unary_in<float>(function, out, in, params);
  if (compute == DType::Float64) return unary_in<double>(function, out, in, params);
  if (compute == DType::UInt64) return unary_in<uint64_t>(function, out, in, params);
  if (compute == DType::Complex64) return unary_in<Complex64>(function, out, in, params);
  if (compute == DType::Complex128) return unary_in<Complex128>(function, out, in, params);
  unary_in<int64_t>(function, out, in, params);
}
WEFT_CPU_KERNEL(unary_kernel, unary_cpu);

}  // namespace

void find_run(int function, UnaryRun<float>& run) { run = at<float>(scalar::UnaryList{}, function); }
void find_run(int function, UnaryRun<double>& run) { run = at<double>(scalar::UnaryList{}, function); }
void find_run(int function, UnaryRun<int64_t>& run) { run = at<int64_t>(scalar::UnaryList{}, function); }
void find_run(int function, UnaryRun<uint64_t>& run) { run = at<uint64_t>(scalar::UnaryList{}, function); }

}  // namespace WEFT_ISA
}  // namespace weft

#include "kernels/cpu/elementwise_loop.h"
#include "kernels/cpu/elementwise_runs.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class Entry, class C>
void run_entry(const C* g, const C* k, C* y, int64_t n, const Params& params) {
  const Params p = params;
#pragma omp simd
  for (int64_t i = 0; i < n; i++) y[i] = Entry::template df<C>(g[i], k[i], k[i], p);
}

template <class Entry, class C>
constexpr BackwardRun<C> entry_run() {
  if constexpr (Entry::backward == scalar::Backward::Fused)
    return &run_entry<Entry, C>;
  else
    return nullptr;
}

template <class C, class... Entries>
BackwardRun<C> at(scalar::EntryList<Entries...>, int i) {
  static constexpr BackwardRun<C> runs[] = {entry_run<Entries, C>()...};
  return runs[i];
}

template <class C>
void backward_in(int function, const StridedView& out, const StridedView& grad, const StridedView& kept,
                 const Params& p) {
  BackwardRun<C> run;
  find_run(function, run);
  elementwise_loop<C, C, 2>(out, {&grad, &kept},
                            [&](const C* const* in, C* y, int64_t n) { run(in[0], in[1], y, n, p); });
}

void unary_backward_cpu(int function, StridedView out, StridedView grad, StridedView kept, DType compute,
                        Params params) {
  if (compute == DType::Float32) return backward_in<float>(function, out, grad, kept, params);
  backward_in<double>(function, out, grad, kept, params);
}
WEFT_CPU_KERNEL(unary_backward_kernel, unary_backward_cpu);

}  // namespace

void find_run(int function, BackwardRun<float>& run) { run = at<float>(scalar::UnaryList{}, function); }
void find_run(int function, BackwardRun<double>& run) { run = at<double>(scalar::UnaryList{}, function); }

}  // namespace WEFT_ISA
}  // namespace weft

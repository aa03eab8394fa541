#include "kernels/reduction.h"

#include "kernels/cpu/reducers.h"
#include "kernels/fold_types.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class F, class C, class T>
void fold_as(Fold fold, const StridedView& out, const StridedView& in, int reduced) {
  ReduceLoop plan(out, {}, in, reduced, false);
  const double count = static_cast<double>(plan.count);
  reduce<FoldReducer<F, C, T>>(plan, in, [&](T* totals, int64_t n, const KeptPlace& place, int64_t step, int64_t) {
    finish_fold(fold, totals, n, count);
    store_run(advance(out.data, place.out, out.dtype), out.dtype, step, totals, n);
  });
}

void fold_cpu(Fold fold, StridedView out, StridedView in, int reduced) {
  visit_fold(fold, in.dtype, out.dtype, [&]<class F, class C, class T>(TypeTag<F>, TypeTag<C>, TypeTag<T>) {
    fold_as<F, C, T>(fold, out, in, reduced);
  });
}
WEFT_CPU_KERNEL(fold_kernel, fold_cpu);

template <class F, class C>
void arg_fold_as(const StridedView& values, const StridedView& indices, const StridedView& in, int reduced) {
  ReduceLoop plan(indices, values, in, reduced, true);
  using Reducer = ArgReducer<F, C>;
  reduce<Reducer>(
      plan, in, [&](typename Reducer::Total* totals, int64_t n, const KeptPlace& place, int64_t step, int64_t step2) {
        for (int64_t i = 0; i < n; i++) {
          if (indices.data) indices.as<int64_t>()[place.out + i * step] = totals[i].index;
          if (values.data)
            store_run(advance(values.data, place.out2 + i * step2, values.dtype), values.dtype, 1, &totals[i].value, 1);
        }
      });
}

void arg_fold_cpu(bool largest, StridedView values, StridedView indices, StridedView in, int reduced) {
  visit_arg_fold(largest, in.dtype,
                 [&]<class F, class C>(TypeTag<F>, TypeTag<C>) { arg_fold_as<F, C>(values, indices, in, reduced); });
}
WEFT_CPU_KERNEL(arg_fold_kernel, arg_fold_cpu);

template <class C>
void variance_as(bool root, const StridedView& variance, const StridedView& mean, const StridedView& in, int reduced,
                 double correction) {
  ReduceLoop plan(variance, mean, in, reduced, false);
  using Total = typename VarianceReducer<C>::Total;
  reduce<VarianceReducer<C>>(
      plan, in, [&](Total* totals, int64_t n, const KeptPlace& place, int64_t step, int64_t step2) {
        double result[kColumns];
        if (n < 1) return;
        for (int64_t i = 0; i < n; i++) {
          double freedom = totals[i].count - correction, square = totals[i].square < 0 ? 0 : totals[i].square;
          result[i] = square / (freedom > 0 ? freedom : 0);
          result[i] = root ? __builtin_sqrt(result[i]) : result[i];
        }
        store_run(advance(variance.data, place.out, variance.dtype), variance.dtype, step, result, n);
        if (!mean.data) return;
        for (int64_t i = 0; i < n; i++) result[i] = totals[i].count > 0 ? totals[i].mean : __builtin_nan("");
        store_run(advance(mean.data, place.out2, mean.dtype), mean.dtype, step2, result, n);
      });
}

void variance_cpu(bool root, StridedView variance, StridedView mean, StridedView in, int reduced, double correction) {
  if (in.dtype == DType::Float64)
    variance_as<double>(root, variance, mean, in, reduced, correction);
  else
    variance_as<float>(root, variance, mean, in, reduced, correction);
}
WEFT_CPU_KERNEL(variance_kernel, variance_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

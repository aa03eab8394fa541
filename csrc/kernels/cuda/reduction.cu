#include "kernels/reduction.h"

#include "kernels/cuda/reduce.h"
#include "kernels/fold_types.h"

namespace weft::cuda {
namespace {

using namespace scalar;

template <class F, class C, class T>
struct FoldReducer {
  using Compute = C;
  using Seen = T;
  using Total = T;
  static WEFT_INLINE void start(T& t) { t = F::template init<T>(); }
  static WEFT_INLINE void add(T& t, C x, int64_t) { t = F::step(t, static_cast<T>(x)); }
  static WEFT_INLINE T none() { return F::template init<T>(); }
  static WEFT_INLINE T total(const T& t) { return t; }
  static WEFT_INLINE T join(T a, T b) { return F::join(a, b); }
};

template <class T>
struct StoreFold {
  void* out;
  DType dtype;
  bool mean, root;
  double count;
  WEFT_INLINE void operator()(T total, int64_t at, int64_t) const {
    if (mean) total = static_cast<T>(static_cast<double>(total) / count);
    if (root) total = static_cast<T>(__builtin_sqrt(static_cast<double>(total)));
    store(out, dtype, at, total);
  }
};

template <class F, class C, class T>
void fold_as(Fold fold, const StridedView& out, const StridedView& in, int reduced) {
  ReduceLaunch plan(out, {}, in, reduced, false);
  reduce<FoldReducer<F, C, T>>(
      plan, in,
      StoreFold<T>{out.data, out.dtype, fold == Fold::Mean, fold == Fold::Norm2, static_cast<double>(plan.count)});
}

void fold_cuda(Fold fold, StridedView out, StridedView in, int reduced) {
  visit_fold(fold, in.dtype, out.dtype, [&]<class F, class C, class T>(TypeTag<F>, TypeTag<C>, TypeTag<T>) {
    fold_as<F, C, T>(fold, out, in, reduced);
  });
}
WEFT_CUDA_KERNEL(fold_kernel, fold_cuda);

// F is MaxFold or MinFold. Of equal elements the one with the smallest number wins, whatever the order.
template <class F, class C>
struct ArgReducer {
  using Compute = C;
  struct Total {
    C value;
    int64_t index;
  };
  using Seen = Total;
  static WEFT_INLINE void start(Total& t) { t = none(); }
  static WEFT_INLINE void add(Total& t, C x, int64_t at) { t = join(t, {x, at}); }
  static WEFT_INLINE Total none() { return {F::template init<C>(), -1}; }
  static WEFT_INLINE Total total(const Total& t) { return t; }
  static WEFT_INLINE Total join(const Total& a, const Total& b) {
    if (a.index < 0) return b;
    if (b.index < 0) return a;
    bool same = a.value == b.value || (a.value != a.value && b.value != b.value);
    if (same) return a.index < b.index ? a : b;
    C best = F::step(a.value, b.value);
    return best == a.value || (best != best && a.value != a.value) ? a : b;
  }
};

template <class Total>
struct StoreArg {
  void* values;
  DType dtype;
  int64_t* indices;
  WEFT_INLINE void operator()(const Total& t, int64_t at_index, int64_t at_value) const {
    if (indices) indices[at_index] = t.index;
    if (values) store(values, dtype, at_value, t.value);
  }
};

template <class F, class C>
void arg_fold_as(const StridedView& values, const StridedView& indices, const StridedView& in, int reduced) {
  ReduceLaunch plan(indices, values, in, reduced, true);
  using R = ArgReducer<F, C>;
  reduce<R>(plan, in, StoreArg<typename R::Total>{values.data, values.dtype, indices.as<int64_t>()});
}

void arg_fold_cuda(bool largest, StridedView values, StridedView indices, StridedView in, int reduced) {
  visit_arg_fold(largest, in.dtype,
                 [&]<class F, class C>(TypeTag<F>, TypeTag<C>) { arg_fold_as<F, C>(values, indices, in, reduced); });
}
WEFT_CUDA_KERNEL(arg_fold_kernel, arg_fold_cuda);

// Each thread sums deviations from its first element, so that nothing cancels when the mean is far from zero; parts are
// joined after Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances"
// (1979).
template <class C>
struct VarianceReducer {
  using Compute = C;
  struct Seen {
    double count, first, sum, square;
  };
  struct Total {
    double count, mean, square;
  };
  static WEFT_INLINE void start(Seen& s) { s = {0, 0, 0, 0}; }
  static WEFT_INLINE void add(Seen& s, C x, int64_t) {
    double v = static_cast<double>(x);
    s.first = s.count == 0 ? v : s.first;
    double gap = v - s.first;
    s.count += 1;
    s.sum += gap;
    s.square += gap * gap;
  }
  static WEFT_INLINE Total none() { return {0, 0, 0}; }
  static WEFT_INLINE Total total(const Seen& s) {
    if (s.count == 0) return none();
    double off = s.sum / s.count;
    return {s.count, s.first + off, s.square - s.sum * off};
  }
  static WEFT_INLINE Total join(const Total& a, const Total& b) {
    if (a.count == 0) return b;
    if (b.count == 0) return a;
    double count = a.count + b.count, gap = b.mean - a.mean;
    return {count, a.mean + gap * (b.count / count), a.square + b.square + gap * gap * (a.count * b.count / count)};
  }
};

template <class Total>
struct StoreVariance {
  void* variance;
  DType dtype;
  void* mean;
  DType mean_dtype;
  bool root;
  double correction;
  WEFT_INLINE void operator()(const Total& t, int64_t at, int64_t at_mean) const {
    double freedom = t.count - correction, square = t.square < 0 ? 0 : t.square;
    double result = square / (freedom > 0 ? freedom : 0);
    store(variance, dtype, at, root ? __builtin_sqrt(result) : result);
    if (mean) store(mean, mean_dtype, at_mean, t.count > 0 ? t.mean : __builtin_nan(""));
  }
};

template <class C>
void variance_as(bool root, const StridedView& variance, const StridedView& mean, const StridedView& in, int reduced,
                 double correction) {
  ReduceLaunch plan(variance, mean, in, reduced, false);
  using R = VarianceReducer<C>;
  reduce<R>(plan, in,
            StoreVariance<typename R::Total>{variance.data, variance.dtype, mean.data, mean.dtype, root, correction});
}

void variance_cuda(bool root, StridedView variance, StridedView mean, StridedView in, int reduced, double correction) {
  in.dtype == DType::Float64 ? variance_as<double>(root, variance, mean, in, reduced, correction)
                             : variance_as<float>(root, variance, mean, in, reduced, correction);
}
WEFT_CUDA_KERNEL(variance_kernel, variance_cuda);

}  // namespace
}  // namespace weft::cuda

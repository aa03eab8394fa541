// Running sums, products and extremes along the last dimension.
#include "kernels/cuda/scan.h"

#include "kernels/reduction.h"

namespace weft::cuda {
namespace {

template <class T>
struct RunningSum {
  T v;
  static WEFT_INLINE RunningSum none() { return {T(0)}; }
  static WEFT_INLINE RunningSum join(RunningSum a, RunningSum b) {
    if constexpr (__is_same(T, int64_t))
      return {static_cast<int64_t>(static_cast<uint64_t>(a.v) + static_cast<uint64_t>(b.v))};
    else
      return {a.v + b.v};
  }
};
template <class T>
struct RunningProduct {
  T v;
  static WEFT_INLINE RunningProduct none() { return {T(1)}; }
  static WEFT_INLINE RunningProduct join(RunningProduct a, RunningProduct b) {
    if constexpr (__is_same(T, int64_t))
      return {static_cast<int64_t>(static_cast<uint64_t>(a.v) * static_cast<uint64_t>(b.v))};
    else
      return {a.v * b.v};
  }
};
struct RunningLogSumExp {
  double v;
  static WEFT_INLINE RunningLogSumExp none() { return {-__builtin_inf()}; }
  static WEFT_INLINE RunningLogSumExp join(RunningLogSumExp a, RunningLogSumExp b) {
    double high = a.v > b.v ? a.v : b.v, low = a.v > b.v ? b.v : a.v;
    if (a.v != a.v || b.v != b.v) return {a.v + b.v};
    bool infinite = high == low && (high - high != 0);
    return {infinite ? high : high + __builtin_log1p(__builtin_exp(low - high))};
  }
};

template <class E, class T>
struct NumberSource {
  void* out;
  const void* in;
  DType out_dtype, in_dtype;
  ScanRows out_rows, in_rows;
  int64_t n;
  bool reverse;
  __device__ __forceinline__ int64_t place(int64_t i) const { return reverse ? n - 1 - i : i; }
  __device__ __forceinline__ E load(int64_t row, int64_t i) const {
    return {cuda::load<T>(in, in_dtype, in_rows.at(row, place(i)))};
  }
  __device__ __forceinline__ void store(int64_t row, int64_t i, E e) const {
    cuda::store(out, out_dtype, out_rows.at(row, place(i)), e.v);
  }
};

int64_t length_of(const StridedView& v) { return v.ndim ? v.shape[v.ndim - 1] : 1; }

template <class E, class T>
void scan_numbers(const StridedView& out, const StridedView& in, bool reverse) {
  scan<E>(out, NumberSource<E, T>{out.data, in.data, out.dtype, in.dtype, ScanRows(out), ScanRows(in), length_of(out),
                                  reverse});
}

void scan_cuda(Scan kind, StridedView out, StridedView in, bool reverse) {
  bool floating = accumulate_type(can_cast(in.dtype, out.dtype) ? out.dtype : in.dtype) != DType::Int64;
  switch (kind) {
    case Scan::Sum:
      return floating ? scan_numbers<RunningSum<double>, double>(out, in, reverse)
                      : scan_numbers<RunningSum<int64_t>, int64_t>(out, in, reverse);
    case Scan::Prod:
      return floating ? scan_numbers<RunningProduct<double>, double>(out, in, reverse)
                      : scan_numbers<RunningProduct<int64_t>, int64_t>(out, in, reverse);
    case Scan::LogSumExp:
      return scan_numbers<RunningLogSumExp, double>(out, in, reverse);
  }
}
WEFT_CUDA_KERNEL(scan_kernel, scan_cuda);

// x -> factor x + term; the term of a chain is what the recurrence gives.
struct Affine {
  double factor, term;
  static WEFT_INLINE Affine none() { return {1, 0}; }
  // Joining with none() changes nothing, also where 0 times a factor is no number.
  static WEFT_INLINE Affine join(Affine a, Affine b) {
    if (a.factor == 1 && a.term == 0) return b;
    return {a.factor * b.factor, b.factor * a.term + b.term};
  }
};
struct AffineSource {
  void* out;
  const void *a, *b;
  DType out_dtype, a_dtype, b_dtype;
  ScanRows out_rows, a_rows, b_rows;
  int64_t n;
  bool reverse;
  __device__ __forceinline__ int64_t place(int64_t i) const { return reverse ? n - 1 - i : i; }
  __device__ __forceinline__ Affine load(int64_t row, int64_t i) const {
    int64_t p = place(i);
    // Before the first element there is nothing to multiply, whatever its factor.
    double factor = i == 0 ? 0.0 : cuda::load<double>(a, a_dtype, a_rows.at(row, p));
    return {factor, cuda::load<double>(b, b_dtype, b_rows.at(row, p))};
  }
  __device__ __forceinline__ void store(int64_t row, int64_t i, Affine e) const {
    cuda::store(out, out_dtype, out_rows.at(row, place(i)), e.term);
  }
};

void recurrence_cuda(StridedView out, StridedView a, StridedView b, bool reverse) {
  scan<Affine>(out, AffineSource{out.data, a.data, b.data, out.dtype, a.dtype, b.dtype, ScanRows(out), ScanRows(a),
                                 ScanRows(b), length_of(out), reverse});
}
WEFT_CUDA_KERNEL(recurrence_kernel, recurrence_cuda);

template <class T, bool largest>
struct RunningBest {
  T v;
  int64_t place;
  static WEFT_INLINE RunningBest none() { return {T(0), -1}; }
  // The later one wins among equals, and a NaN over all.
  static WEFT_INLINE RunningBest join(RunningBest a, RunningBest b) {
    if (a.place < 0) return b;
    if (b.place < 0) return a;
    bool better = largest ? b.v >= a.v : b.v <= a.v;
    return b.v != b.v || (a.v == a.v && better) ? b : a;
  }
};
template <class E, class T>
struct BestSource {
  void* values;
  int64_t* indices;
  const void* in;
  DType values_dtype, in_dtype;
  ScanRows value_rows, index_rows, in_rows;
  __device__ __forceinline__ E load(int64_t row, int64_t i) const {
    return {cuda::load<T>(in, in_dtype, in_rows.at(row, i)), i};
  }
  __device__ __forceinline__ void store(int64_t row, int64_t i, E e) const {
    cuda::store(values, values_dtype, value_rows.at(row, i), e.v);
    indices[index_rows.at(row, i)] = e.place;
  }
};

template <class T, bool largest>
void arg_scan_as(const StridedView& values, const StridedView& indices, const StridedView& in) {
  using E = RunningBest<T, largest>;
  scan<E>(values, BestSource<E, T>{values.data, indices.as<int64_t>(), in.data, values.dtype, in.dtype,
                                   ScanRows(values), ScanRows(indices), ScanRows(in)});
}

void arg_scan_cuda(bool largest, StridedView values, StridedView indices, StridedView in) {
  if (is_real_floating(in.dtype))
    largest ? arg_scan_as<double, true>(values, indices, in) : arg_scan_as<double, false>(values, indices, in);
  else if (in.dtype == DType::UInt64)
    largest ? arg_scan_as<uint64_t, true>(values, indices, in) : arg_scan_as<uint64_t, false>(values, indices, in);
  else
    largest ? arg_scan_as<int64_t, true>(values, indices, in) : arg_scan_as<int64_t, false>(values, indices, in);
}
WEFT_CUDA_KERNEL(arg_scan_kernel, arg_scan_cuda);

}  // namespace
}  // namespace weft::cuda

// Running results along the last dimension: rows side by side on threads, each from its first element to its last.
#include "kernels/cpu/elementwise_loop.h"
#include "kernels/reduction.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kScanGrain = 16384;

// Offsets of a row (all dimensions but the last) in a view of the same shape.
WEFT_INLINE int64_t row_offset(const StridedView& v, int64_t row) {
  int64_t offset = 0;
  for (int d = v.ndim - 2; d >= 0; d--) {
    offset += row % v.shape[d] * v.strides[d];
    row /= v.shape[d];
  }
  return offset;
}

// Calls f(row, length) for every row of out, rows side by side on threads.
template <class F>
void for_rows(const StridedView& out, const F& f) {
  int64_t n = out.ndim ? out.shape[out.ndim - 1] : 1, rows = n ? out.numel() / n : 0;
  if (rows == 0) return;
  parallel_for(rows, kScanGrain / n + 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) f(row, n);
  });
}

WEFT_INLINE int64_t last_stride(const StridedView& v) { return v.ndim ? v.strides[v.ndim - 1] : 1; }

struct RunningSum {
  template <class T>
  static T first() {
    return T(0);
  }
  static double next(double total, double x) { return total + x; }
  static int64_t next(int64_t total, int64_t x) {
    return static_cast<int64_t>(static_cast<uint64_t>(total) + static_cast<uint64_t>(x));
  }
};
struct RunningProduct {
  template <class T>
  static T first() {
    return T(1);
  }
  static double next(double total, double x) { return total * x; }
  static int64_t next(int64_t total, int64_t x) {
    return static_cast<int64_t>(static_cast<uint64_t>(total) * static_cast<uint64_t>(x));
  }
};
struct RunningLogSumExp {
  template <class T>
  static T first() {
    return static_cast<T>(-__builtin_inf());
  }
  static double next(double total, double x) {
    double high = total > x ? total : x, low = total > x ? x : total;
    if (total != total || x != x) return total + x;
    return high == low && __builtin_isinf(high) ? high : high + __builtin_log1p(__builtin_exp(low - high));
  }
  static int64_t next(int64_t total, int64_t) { return total; }  // never used: floating point only
};

template <class S, class T>
void scan_as(const StridedView& out, const StridedView& in, bool reverse) {
  const int64_t in_step = last_stride(in), out_step = last_stride(out);
  for_rows(out, [&](int64_t row, int64_t n) {
    T values[kRun];
    T total = S::template first<T>();
    int64_t in_row = row_offset(in, row), out_row = row_offset(out, row);
    for (int64_t done = 0; done < n; done += kRun) {
      int64_t m = n - done < kRun ? n - done : kRun;
      int64_t at = reverse ? n - done - m : done;
      load_run(values, advance(in.data, in_row + at * in_step, in.dtype), in.dtype, in_step, m);
      if (reverse)
        for (int64_t i = m - 1; i >= 0; i--) values[i] = total = S::next(total, values[i]);
      else
        for (int64_t i = 0; i < m; i++) values[i] = total = S::next(total, values[i]);
      store_run(advance(out.data, out_row + at * out_step, out.dtype), out.dtype, out_step, values, m);
    }
  });
}

template <class S>
void scan_of(const StridedView& out, const StridedView& in, bool reverse) {
  const DType total = accumulate_type(can_cast(in.dtype, out.dtype) ? out.dtype : in.dtype);
  total == DType::Int64 ? scan_as<S, int64_t>(out, in, reverse) : scan_as<S, double>(out, in, reverse);
}

void scan_cpu(Scan scan, StridedView out, StridedView in, bool reverse) {
  switch (scan) {
    case Scan::Sum:
      return scan_of<RunningSum>(out, in, reverse);
    case Scan::Prod:
      return scan_of<RunningProduct>(out, in, reverse);
    case Scan::LogSumExp:
      return scan_of<RunningLogSumExp>(out, in, reverse);
  }
}
WEFT_CPU_KERNEL(scan_kernel, scan_cpu);

void recurrence_cpu(StridedView out, StridedView a, StridedView b, bool reverse) {
  for_rows(out, [&](int64_t row, int64_t n) {
    int64_t a_row = row_offset(a, row), b_row = row_offset(b, row), out_row = row_offset(out, row);
    double y = 0;
    for (int64_t k = 0; k < n; k++) {
      int64_t i = reverse ? n - 1 - k : k;
      double factor, term;
      load_run(&factor, advance(a.data, a_row + i * last_stride(a), a.dtype), a.dtype, 1, 1);
      load_run(&term, advance(b.data, b_row + i * last_stride(b), b.dtype), b.dtype, 1, 1);
      y = k == 0 ? term : term + factor * y;
      store_run(advance(out.data, out_row + i * last_stride(out), out.dtype), out.dtype, 1, &y, 1);
    }
  });
}
WEFT_CPU_KERNEL(recurrence_kernel, recurrence_cpu);

template <class T>
void arg_scan_as(bool largest, const StridedView& values, const StridedView& indices, const StridedView& in) {
  for_rows(values, [&](int64_t row, int64_t n) {
    int64_t in_row = row_offset(in, row), value_row = row_offset(values, row), index_row = row_offset(indices, row);
    T best{};
    int64_t place = 0;
    for (int64_t i = 0; i < n; i++) {
      T x;
      load_run(&x, advance(in.data, in_row + i * last_stride(in), in.dtype), in.dtype, 1, 1);
      bool better = largest ? x >= best : x <= best;
      if (i == 0 || x != x || (best == best && better)) {
        best = x;
        place = i;
      }
      store_run(advance(values.data, value_row + i * last_stride(values), values.dtype), values.dtype, 1, &best, 1);
      indices.as<int64_t>()[index_row + i * last_stride(indices)] = place;
    }
  });
}

void arg_scan_cpu(bool largest, StridedView values, StridedView indices, StridedView in) {
  if (is_real_floating(in.dtype)) return arg_scan_as<double>(largest, values, indices, in);
  if (in.dtype == DType::UInt64) return arg_scan_as<uint64_t>(largest, values, indices, in);
  arg_scan_as<int64_t>(largest, values, indices, in);
}
WEFT_CPU_KERNEL(arg_scan_kernel, arg_scan_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

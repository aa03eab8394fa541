// Pooling, plane by plane (or volume by volume) on threads. Planes of a dtype other than the one computed in are
// converted as a whole.
#include "kernels/pooling.h"

#include "device/cpu/scratch.h"
#include "kernels/cpu/pooling_converted.h"
#include "kernels/cpu/pooling_rows.h"
#include "kernels/cpu/vector.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kPoolGrain = 16384;

struct Plane {
  int64_t count = 1, depth, rows, columns;
  Plane(const StridedView& v, int dims)
      : depth(dims == 3 ? v.shape[v.ndim - 3] : 1), rows(v.shape[v.ndim - 2]), columns(v.shape[v.ndim - 1]) {
    for (int d = 0; d < v.ndim - dims; d++) count *= v.shape[d];
  }
  int64_t size() const { return depth * rows * columns; }
};

// Calls f(plane of out, plane of in as numbers of type C, number of the plane); what f wrote is converted to out's
// dtype.
template <class C, class F>
void for_planes(const StridedView& out, const StridedView& in, int dims, const F& f) {
  Plane to(out, dims), from(in, dims);
  bool convert_out = out.dtype != dtype_of<C>, convert_in = in.dtype != dtype_of<C>;
  int64_t elements = (convert_out ? to.size() : 0) + (convert_in ? from.size() : 0);
  int64_t work = to.size() + from.size(), tasks = from.count * work / kPoolGrain + 1;
  int64_t workers = tasks < num_threads() ? tasks : num_threads();
  if (workers > from.count) workers = from.count;
  Scratch scratch(static_cast<size_t>(elements * workers) * sizeof(C));
  if (scratch_only_asked()) return;
  parallel_for(workers, 1, [&](int64_t first, int64_t last) {
    for (int64_t p = from.count * first / workers; p < from.count * last / workers; p++) {
      C* buffer = reinterpret_cast<C*>(scratch.data()) + first * elements;
      C* target = convert_out ? buffer : out.as<C>() + p * to.size();
      const C* source = in.as<C>() + p * from.size();
      if (convert_in) {
        C* converted = buffer + (convert_out ? to.size() : 0);
        load_run(converted, advance(in.data, p * from.size(), in.dtype), in.dtype, 1, from.size());
        source = converted;
      }
      f(target, source, p);
      if (convert_out) store_run(advance(out.data, p * to.size(), out.dtype), out.dtype, 1, buffer, to.size());
    }
  });
}

// Windows of 2 x 2 side by side that fill the plane: the usual case.
bool is_halving(const Plane& to, const Plane& from, const PoolWindows& w) {
  if (w.dims != 2 || from.rows / 2 != to.rows || from.columns / 2 != to.columns || w.rows.rule.dilation != 1 ||
      w.columns.rule.dilation != 1)
    return false;
  for (int64_t i = 0; i < to.rows; i++)
    if (w.rows.start[i] != 2 * i || w.rows.end[i] != 2 * i + 2) return false;
  for (int64_t j = 0; j < to.columns; j++)
    if (w.columns.start[j] != 2 * j || w.columns.end[j] != 2 * j + 2) return false;
  return true;
}

// The largest of each window of one row, and which of the four it is: the first of equal ones, NaN over all.
template <class C>
WEFT_INLINE void halve_row(const C* upper, const C* lower, int64_t n, C* out, int32_t* which) {
  for (int64_t j = 0; j < n; j++) {
    const C a = upper[2 * j], b = upper[2 * j + 1], c = lower[2 * j], d = lower[2 * j + 1];
    const bool right = beats(b, a), lower_right = beats(d, c);
    const C top = right ? b : a, bottom = lower_right ? d : c;
    const bool down = beats(bottom, top);
    out[j] = down ? bottom : top;
    which[j] = down ? 2 + lower_right : right;
  }
}

// The same for whole vectors.
WEFT_INLINE void halve_row_in_vectors(const float* upper, const float* lower, int64_t n, float* out, int32_t* which) {
  using V = Vector<float>;
  using Index = VectorOf<float>::index;
  constexpr int lanes = kLanes<float>;
  Index even, odd;
  for (int i = 0; i < lanes; i++) even[i] = 2 * i, odd[i] = 2 * i + 1;
  for (int64_t j = 0; j < n; j += lanes) {
    const V u0 = load(upper + 2 * j), u1 = load(upper + 2 * j + lanes);
    const V l0 = load(lower + 2 * j), l1 = load(lower + 2 * j + lanes);
    const V a = __builtin_shuffle(u0, u1, even), b = __builtin_shuffle(u0, u1, odd);
    const V c = __builtin_shuffle(l0, l1, even), d = __builtin_shuffle(l0, l1, odd);
    const Index right = (b > a) | (b != b), lower_right = (d > c) | (d != d);
    const V top = right ? b : a, bottom = lower_right ? d : c;
    const Index down = (bottom > top) | (bottom != bottom);
    store(out + j, down ? bottom : top);
    const Index place = down ? 2 - lower_right : -right;
    __builtin_memcpy(which + j, &place, sizeof place);
  }
}

// end: of the input's memory.
template <class C>
void max_halving(C* y, int64_t* index, const C* x, const Plane& to, const Plane& from, const C* end) {
  constexpr int64_t kRow = 256;
  int32_t which[kRow];
  C out[kRow];
  const int64_t offsets[4] = {0, 1, from.columns, from.columns + 1};
  for (int64_t i = 0; i < to.rows; i++) {
    for (int64_t first = 0; first < to.columns; first += kRow) {
      const C *upper = x + 2 * (i * from.columns + first), *lower = upper + from.columns;
      const int64_t n = to.columns - first < kRow ? to.columns - first : kRow;
      bool done = false;
      if constexpr (__is_same(C, float)) {
        // Whole vectors, even if the row ends before: what is read too much is not written.
        const int64_t whole = (n + kLanes<float> - 1) / kLanes<float> * kLanes<float>;
        done = lower + 2 * whole <= end;
        if (done) halve_row_in_vectors(upper, lower, whole, out, which);
      }
      if (!done) halve_row(upper, lower, n, out, which);
      const int64_t start = 2 * (i * from.columns + first);
      C* to_y = y + i * to.columns + first;
      int64_t* to_index = index + i * to.columns + first;
      for (int64_t j = 0; j < n; j++) to_y[j] = out[j];
      for (int64_t j = 0; j < n; j++) to_index[j] = start + 2 * j + offsets[which[j]];
    }
  }
}

// The numbers of plane p of `in`: where planes are not converted, those of others may be read as well.
template <class C>
Volume<C> volume_of(const C* x, const StridedView& in, const Plane& from) {
  const bool converted = in.dtype != dtype_of<C>;
  const C *begin = converted ? x : in.as<C>(), *end = begin + (converted ? from.size() : in.numel());
  return {x, from.depth, from.rows, from.columns, begin, end};
}

template <class C>
void max_windows(C* y, int64_t* index, const Volume<C>& x, const Plane& to, const PoolWindows& w, bool blocks) {
  for (int64_t h = 0; h < to.depth; h++)
    for (int64_t i = 0; i < to.rows; i++, y += to.columns, index += to.columns)
      max_row(y, index, x, w, h, i, to.columns, blocks);
}

template <class C>
void max_pool_as(const StridedView& out, const StridedView& indices, const StridedView& in, const PoolWindows& w) {
  if (by_channels(out) || by_channels(indices) || by_channels(in)) {
    if (scratch_only_asked()) return;
    if constexpr (__is_same(C, float) || __is_same(C, double)) {
      if (in.dtype == dtype_of<C>) return max_pool_channels<C>(out, indices, in, w);
    }
    return max_pool_converted<C>(out, indices, in, w);
  }
  Plane to(out, w.dims), from(in, w.dims);
  bool halving = is_halving(to, from, w);
  for_planes<C>(out, in, w.dims, [&](C* y, const C* x, int64_t p) {
    int64_t* index = indices.as<int64_t>() + p * to.size();
    const Volume<C> volume = volume_of(x, in, from);
    halving ? max_halving(y, index, x, to, from, volume.end)
            : max_windows(y, index, volume, to, w, in_blocks(volume, w, to.columns));
  });
}

void max_pool_cpu(StridedView out, StridedView indices, StridedView in, PoolWindows w) {
  if (out.numel() == 0) return;
  if (in.dtype == DType::Float64)
    max_pool_as<double>(out, indices, in, w);
  else if (is_real_floating(in.dtype))
    max_pool_as<float>(out, indices, in, w);
  else if (in.dtype == DType::UInt64)
    max_pool_as<uint64_t>(out, indices, in, w);
  else
    max_pool_as<int64_t>(out, indices, in, w);
}
WEFT_CPU_KERNEL(max_pool_kernel, max_pool_cpu);

// starts: of the windows of this plane, along depth, rows and columns.
template <class C>
void max_own_windows(C* y, int64_t* index, const Volume<C>& x, const int64_t* starts, const PoolWindows& w) {
  int64_t start[3], end[3];
  PoolWindows one = w;  // window, in the place of all
  PoolAxis* axes[] = {&one.depth, &one.rows, &one.columns};
  for (int k = 0; k < 3; k++) axes[k]->start = &start[k], axes[k]->end = &end[k];
  const int64_t *rows = starts + w.depth.rule.outputs, *columns = rows + w.rows.rule.outputs;
  for (int64_t h = 0; h < w.depth.rule.outputs; h++)
    for (int64_t i = 0; i < w.rows.rule.outputs; i++)
      for (int64_t j = 0; j < w.columns.rule.outputs; j++) {
        const int64_t from[] = {starts[h], rows[i], columns[j]};
        for (int k = 0; k < 3; k++) {
          start[k] = axes[k]->rule.inside(from[k]);
          end[k] = start[k] + axes[k]->rule.kernel;
        }
        max_window(y++, index++, x, one, 0, 0, 0);
      }
}

template <class C>
void fractional_max_pool_as(const StridedView& out, const StridedView& indices, const StridedView& in,
                            const StridedView& starts, const PoolWindows& w) {
  const Plane to(out, w.dims), from(in, w.dims);
  const int64_t count = w.depth.rule.outputs + w.rows.rule.outputs + w.columns.rule.outputs;
  for_planes<C>(out, in, w.dims, [&](C* y, const C* x, int64_t p) {
    max_own_windows(y, indices.as<int64_t>() + p * to.size(), volume_of(x, in, from), starts.as<int64_t>() + p * count,
                    w);
  });
}

void fractional_max_pool_cpu(StridedView out, StridedView indices, StridedView in, StridedView starts, PoolWindows w) {
  if (out.numel() == 0) return;
  in.dtype == DType::Float64 ? fractional_max_pool_as<double>(out, indices, in, starts, w)
                             : fractional_max_pool_as<float>(out, indices, in, starts, w);
}
WEFT_CPU_KERNEL(fractional_max_pool_kernel, fractional_max_pool_cpu);

template <class C>
void max_backward_as(const StridedView& out, const StridedView& grad, const StridedView& indices,
                     const PoolWindows& w) {
  if (by_channels(out) || by_channels(grad) || by_channels(indices)) {
    if (scratch_only_asked()) return;
    if (grad.dtype == dtype_of<C>) return max_pool_backward_channels<C>(out, grad, indices, w);
    return max_pool_backward_converted<C>(out, grad, indices, w);
  }
  Plane to(out, w.dims), from(grad, w.dims);
  for_planes<C>(out, grad, w.dims, [&](C* dx, const C* g, int64_t p) {
    const int64_t* index = indices.as<int64_t>() + p * from.size();
    for (int64_t i = 0; i < to.size(); i++) dx[i] = 0;
    for (int64_t i = 0; i < from.size(); i++) dx[index[i]] += g[i];
  });
}

void max_pool_backward_cpu(StridedView out, StridedView grad, StridedView indices, PoolWindows w) {
  if (out.numel() == 0) return;
  grad.dtype == DType::Float64 ? max_backward_as<double>(out, grad, indices, w)
                               : max_backward_as<float>(out, grad, indices, w);
}
WEFT_CPU_KERNEL(max_pool_backward_kernel, max_pool_backward_cpu);

template <class C>
void avg_pool_as(const StridedView& out, const StridedView& in, const PoolWindows& w) {
  if (by_channels(out) || by_channels(in)) {
    if (scratch_only_asked()) return;
    return in.dtype == dtype_of<C> ? avg_pool_channels<C>(out, in, w) : avg_pool_converted<C>(out, in, w);
  }
  Plane to(out, w.dims), from(in, w.dims);
  for_planes<C>(out, in, w.dims, [&](C* y, const C* x, int64_t) {
    const Volume<C> volume = volume_of(x, in, from);
    const bool blocks = in_blocks(volume, w, to.columns);
    for (int64_t h = 0; h < to.depth; h++)
      for (int64_t i = 0; i < to.rows; i++, y += to.columns) mean_row(y, volume, w, h, i, to.columns, blocks);
  });
}

void avg_pool_cpu(StridedView out, StridedView in, PoolWindows w) {
  if (out.numel() == 0) return;
  in.dtype == DType::Float64 ? avg_pool_as<double>(out, in, w) : avg_pool_as<float>(out, in, w);
}
WEFT_CPU_KERNEL(avg_pool_kernel, avg_pool_cpu);

template <class C>
void avg_backward_as(const StridedView& out, const StridedView& grad, const PoolWindows& w) {
  if (by_channels(out) || by_channels(grad)) {
    if (scratch_only_asked()) return;
    if (grad.dtype == dtype_of<C>) return avg_pool_backward_channels<C>(out, grad, w);
    return avg_pool_backward_converted<C>(out, grad, w);
  }
  Plane to(out, w.dims), from(grad, w.dims);
  for_planes<C>(out, grad, w.dims, [&](C* dx, const C* g, int64_t) {
    for (int64_t i = 0; i < to.size(); i++) dx[i] = 0;
    for (int64_t h = 0; h < from.depth; h++)
      for (int64_t i = 0; i < from.rows; i++)
        for (int64_t j = 0; j < from.columns; j++) {
          const C each = *g++ / static_cast<C>(w.depth.divisor[h] * w.rows.divisor[i] * w.columns.divisor[j]);
          for_window(w, h, i, j,
                     [&](int64_t d, int64_t r, int64_t c) { dx[(d * to.rows + r) * to.columns + c] += each; });
        }
  });
}

void avg_pool_backward_cpu(StridedView out, StridedView grad, PoolWindows w) {
  if (out.numel() == 0) return;
  grad.dtype == DType::Float64 ? avg_backward_as<double>(out, grad, w) : avg_backward_as<float>(out, grad, w);
}
WEFT_CPU_KERNEL(avg_pool_backward_kernel, avg_pool_backward_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

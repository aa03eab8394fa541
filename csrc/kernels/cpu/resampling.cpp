// Resampling, row by row of the output on threads: the rows it is made of are added up first, then their columns.
#include "kernels/resampling.h"

#include "device/cpu/scratch.h"
#include "device/cpu/threads.h"
#include "kernels/cpu/elementwise_loop.h"
#include "kernels/cpu/vector.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kResampleGrain = 16384;

struct ResampleRows {
  const ResampleAxes& axes;
  int64_t images = 1, inner = 1;
  ResampleRows(const StridedView& out, const StridedView& in, const ResampleAxes& a) : axes(a), images(out.shape[0]) {
    const bool channels_last = !out.is_contiguous() || !in.is_contiguous();
    (channels_last ? inner : images) *= out.shape[1];
  }
  int64_t rows() const { return images * axes.table[0].outputs * axes.table[1].outputs; }
  int64_t row_in() const { return axes.table[2].inputs * inner; }
  int64_t row_out() const { return axes.table[2].outputs * inner; }
  int64_t source(int64_t image, int64_t slice, int64_t row) const {
    return ((image * axes.table[0].inputs + slice) * axes.table[1].inputs + row) * row_in();
  }
  // Rows are given to threads in parts of so many.
  int64_t grain(int64_t taps) const { return kResampleGrain / (row_in() * taps + row_out() + 1) + 1; }
};

// An output row: its image, and its places along depth and height.
struct RowPlace {
  int64_t image, slice, row;
  RowPlace(const ResampleRows& s, int64_t r) {
    row = r % s.axes.table[1].outputs;
    r /= s.axes.table[1].outputs;
    slice = r % s.axes.table[0].outputs;
    image = r / s.axes.table[0].outputs;
  }
};

// Copies

template <class U>
void copy_columns(U* to, const U* from, const TapTable& columns, int64_t inner) {
  if (inner == 1) {
    for (int64_t j = 0; j < columns.outputs; j++) to[j] = from[columns.start[j]];
    return;
  }
  for (int64_t j = 0; j < columns.outputs; j++)
    __builtin_memcpy(to + j * inner, from + columns.start[j] * inner, static_cast<size_t>(inner) * sizeof(U));
}

template <class U>
void resample_copies(const StridedView& out, const StridedView& in, const ResampleAxes& axes) {
  const ResampleRows s(out, in, axes);
  parallel_for(s.rows(), s.grain(1), [&](int64_t begin, int64_t end) {
    int64_t before = -1;
    for (int64_t r = begin; r < end; r++) {
      const RowPlace at(s, r);
      const int64_t source = s.source(at.image, axes.table[0].start[at.slice], axes.table[1].start[at.row]);
      U* to = out.as<U>() + r * s.row_out();
      if (source == before)
        __builtin_memcpy(to, to - s.row_out(), static_cast<size_t>(s.row_out()) * sizeof(U));
      else
        copy_columns(to, in.as<U>() + source, axes.table[2], s.inner);
      before = source;
    }
  });
}

// Weighted sums

// Fused where the machine has it, also in loops that the compiler would otherwise vectorise without.
WEFT_INLINE float add_product(float sum, float a, float b) {
#ifdef __FP_FAST_FMAF
  return __builtin_fmaf(a, b, sum);
#else
  return sum + a * b;
#endif
}
WEFT_INLINE double add_product(double sum, double a, double b) {
#ifdef __FP_FAST_FMA
  return __builtin_fma(a, b, sum);
#else
  return sum + a * b;
#endif
}

constexpr int kRowsAtOnce = 4;

// to = (to +) the sum of n rows, up to kRowsAtOnce, each times its weight: from zero, one after the other, so that rows
// of channels and columns of planes give the same bits.
template <bool add, int n, class C>
WEFT_INLINE void sum_rows_of(C* to, const C* const* rows, const C* weight, int64_t length) {
  const C *a = rows[0], *b = rows[n > 1 ? 1 : 0], *c = rows[n > 2 ? 2 : 0], *d = rows[n > 3 ? 3 : 0];
  const C wa = weight[0], wb = weight[n > 1 ? 1 : 0], wc = weight[n > 2 ? 2 : 0], wd = weight[n > 3 ? 3 : 0];
#pragma omp simd
  for (int64_t i = 0; i < length; i++) {
    C sum = add ? to[i] : C(0);
    sum = add_product(sum, wa, a[i]);
    if constexpr (n > 1) sum = add_product(sum, wb, b[i]);
    if constexpr (n > 2) sum = add_product(sum, wc, c[i]);
    if constexpr (n > 3) sum = add_product(sum, wd, d[i]);
    to[i] = sum;
  }
}
template <bool add, class C>
void sum_rows(C* to, const C* const* rows, const C* weight, int n, int64_t length) {
  switch (n) {
    case 1:
      return sum_rows_of<add, 1>(to, rows, weight, length);
    case 2:
      return sum_rows_of<add, 2>(to, rows, weight, length);
    case 3:
      return sum_rows_of<add, 3>(to, rows, weight, length);
    default:
      return sum_rows_of<add, 4>(to, rows, weight, length);
  }
}

// Collects rows, and adds them up a few at a time.
template <class C>
class RowSum {
 public:
  RowSum(C* to, int64_t length) : to_(to), length_(length) {}
  // The number that the next row gets, for its memory.
  int next() const { return count_; }
  void add(const C* row, C weight) {
    rows_[count_] = row;
    weight_[count_++] = weight;
    if (count_ == kRowsAtOnce) flush();
  }
  void finish() {
    if (count_) flush();
    if (!begun_)
      for (int64_t i = 0; i < length_; i++) to_[i] = 0;
  }

 private:
  void flush() {
    begun_ ? sum_rows<true>(to_, rows_, weight_, count_, length_)
           : sum_rows<false>(to_, rows_, weight_, count_, length_);
    begun_ = true;
    count_ = 0;
  }
  C* to_;
  int64_t length_;
  const C* rows_[kRowsAtOnce];
  C weight_[kRowsAtOnce];
  int count_ = 0;
  bool begun_ = false;
};

// The columns of planes, in blocks as long as a vector. The taps of most blocks lie so close together that they are
// permutations of a few vectors; the others are computed one output after the other. Rows have zeros on both sides,
// which taps that an output lacks at an end of the row read.
template <class C>
struct ColumnBlocks {
  using Index = typename VectorOf<C>::index;
  static constexpr int64_t kLane = kLanes<C>;
  static constexpr int64_t kMostTaps = 8;
  static constexpr int64_t kBefore = kMostTaps, kBehind = 4 * kLane;  // zeros

  const TapTable& t;
  int64_t blocks;
  int64_t* base;  // of each block, the first input it reads; kNone
  Index* offset;  // of each output, from there
  C* weight;      // (blocks, width, kLane)
  static constexpr int64_t kNone = INT64_MIN;

  static int64_t blocks_of(const TapTable& t) { return t.width <= kMostTaps ? ceil_div(t.outputs, kLane) : 0; }
  static size_t bytes(const TapTable& t) {
    return static_cast<size_t>(blocks_of(t)) *
           (sizeof(int64_t) + sizeof(Index) + static_cast<size_t>(t.width * kLane) * sizeof(C));
  }
  ColumnBlocks(const TapTable& table, char* memory) : t(table), blocks(blocks_of(table)) {
    offset = reinterpret_cast<Index*>(memory);
    weight = reinterpret_cast<C*>(memory + static_cast<size_t>(blocks) * sizeof(Index));
    base = reinterpret_cast<int64_t*>(weight + blocks * t.width * kLane);
  }
  void fill() const {
    for (int64_t b = 0; b < blocks; b++) fill_block(b);
  }

  void apply(C* out, const C* row) const {
    int64_t b = 0;
    for (; b < blocks; b++) {
      C* to = out + b * kLane;
      const int64_t length = smaller(t.outputs - b * kLane, kLane);
      if (base[b] == kNone) {
        one_by_one(out, row, b * kLane, b * kLane + length);
        continue;
      }
      const Vector<C> sum = block_sum(row + base[b], b);
      if (length == kLane)
        store(to, sum);
      else
        __builtin_memcpy(to, &sum, static_cast<size_t>(length) * sizeof(C));
    }
    if (!blocks) one_by_one(out, row, 0, t.outputs);
  }

 private:
  void one_by_one(C* out, const C* row, int64_t begin, int64_t end) const {
    for (int64_t j = begin; j < end; j++) {
      const double* w = t.weight + j * t.width;
      const C* from = row + t.start[j];
      C sum = 0;
      for (int64_t k = 0; k < t.count[j]; k++) sum = add_product(sum, static_cast<C>(w[k]), from[k]);
      out[j] = sum;
    }
  }

  WEFT_INLINE Vector<C> block_sum(const C* from, int64_t b) const {
    const Vector<C> v0 = load(from), v1 = load(from + kLane), v2 = load(from + 2 * kLane), v3 = load(from + 3 * kLane);
    const C* w = weight + b * t.width * kLane;
    Index at = offset[b];
    Vector<C> sum{};
    for (int64_t k = 0; k < t.width; k++, at += 1) {
      const Vector<C> low = __builtin_shuffle(v0, v1, at), high = __builtin_shuffle(v2, v3, at);
      sum += load(w + k * kLane) * (at < static_cast<int>(2 * kLane) ? low : high);
    }
    return sum;
  }

  // The first tap of output j as if it had `width` of them, the missing ones outside of the row; kNone where they lie
  // inside.
  int64_t first_tap(int64_t j) const {
    const int64_t missing = t.width - t.count[j];
    if (missing == 0 || t.start[j] + t.count[j] == t.inputs) return t.start[j];
    return t.start[j] == 0 ? -missing : kNone;
  }

  void fill_block(int64_t b) const {
    const int64_t begin = b * kLane, length = smaller(t.outputs - begin, kLane);
    int64_t least = INT64_MAX, most = INT64_MIN;
    for (int64_t i = 0; i < length; i++) {
      const int64_t first = t.count[begin + i] ? first_tap(begin + i) : kNone;
      if (first == kNone) {
        base[b] = kNone;
        return;
      }
      if (first < least) least = first;
      if (first > most) most = first;
    }
    base[b] = most + t.width - least <= 4 * kLane ? least : kNone;
    if (base[b] == kNone) return;
    Index at{};
    C* w = weight + b * t.width * kLane;
    for (int64_t i = 0; i < t.width * kLane; i++) w[i] = 0;
    for (int64_t i = 0; i < length; i++) {
      const int64_t j = begin + i, first = first_tap(j);
      at[i] = static_cast<decltype(at[0] + 0)>(first - least);
      for (int64_t k = 0; k < t.count[j]; k++)
        w[(t.start[j] - first + k) * kLane + i] = static_cast<C>(t.weight[j * t.width + k]);
    }
    offset[b] = at;
  }
};

// Columns of rows of channels.
template <class C>
void sum_columns(C* out, const C* row, const TapTable& t, int64_t inner) {
  for (int64_t j = 0; j < t.outputs; j++) {
    RowSum<C> sum(out + j * inner, inner);
    for (int64_t k = 0; k < t.count[j]; k++)
      sum.add(row + (t.start[j] + k) * inner, static_cast<C>(t.weight[j * t.width + k]));
    sum.finish();
  }
}

// The memory of one thread: a sum of rows between zeros, and for other dtypes than C the rows read and the row written.
template <class C>
struct RowMemory {
  C *sum, *rows, *out;
  static int64_t elements(const ResampleRows& s, bool convert) {
    const int64_t all = ColumnBlocks<C>::kBefore + s.row_in() + ColumnBlocks<C>::kBehind;
    return (all + (convert ? kRowsAtOnce * s.row_in() + s.row_out() : 0) + 15) / 16 * 16;
  }
  RowMemory(C* memory, const ResampleRows& s) {
    sum = memory + ColumnBlocks<C>::kBefore;
    rows = sum + s.row_in() + ColumnBlocks<C>::kBehind;
    out = rows + kRowsAtOnce * s.row_in();
    for (int64_t i = 0; i < ColumnBlocks<C>::kBefore; i++) memory[i] = 0;
    for (int64_t i = 0; i < ColumnBlocks<C>::kBehind; i++) sum[s.row_in() + i] = 0;
  }
};

// The sum of the rows that one row of the output is made of, or the one row itself.
template <class C>
const C* sum_of_rows(const ResampleRows& s, const StridedView& in, const RowPlace& at, const RowMemory<C>& memory) {
  const TapTable &depth = s.axes.table[0], &height = s.axes.table[1];
  const double *dw = depth.weight + at.slice * depth.width, *hw = height.weight + at.row * height.width;
  const int64_t length = s.row_in(), slices = depth.count[at.slice], rows = height.count[at.row];
  const bool convert = in.dtype != dtype_of<C>;
  if (!convert && s.inner > 1 && slices == 1 && rows == 1 && dw[0] == 1 && hw[0] == 1)
    return in.as<C>() + s.source(at.image, depth.start[at.slice], height.start[at.row]);
  RowSum<C> sum(memory.sum, length);
  for (int64_t i = 0; i < slices; i++) {
    for (int64_t k = 0; k < rows; k++) {
      const int64_t source = s.source(at.image, depth.start[at.slice] + i, height.start[at.row] + k);
      const C* row = in.as<C>() + source;
      if (convert) {
        C* converted = memory.rows + sum.next() * length;
        load_run(converted, advance(in.data, source, in.dtype), in.dtype, 1, length);
        row = converted;
      }
      sum.add(row, static_cast<C>(dw[i]) * static_cast<C>(hw[k]));
    }
  }
  sum.finish();
  return memory.sum;
}

template <class C>
void resample_sums(const StridedView& out, const StridedView& in, const ResampleAxes& axes) {
  const ResampleRows s(out, in, axes);
  const bool convert = in.dtype != dtype_of<C>;
  const int64_t taps = axes.table[0].width * axes.table[1].width, grain = s.grain(taps);
  const int64_t parts = s.rows() / grain + 1, workers = smaller(parts, num_threads());
  const int64_t each = RowMemory<C>::elements(s, convert);
  const size_t table_bytes = s.inner == 1 ? (ColumnBlocks<C>::bytes(axes.table[2]) + 63) / 64 * 64 : 0;
  Scratch scratch(table_bytes + static_cast<size_t>(each * workers) * sizeof(C));
  if (scratch_only_asked()) return;
  const ColumnBlocks<C> columns(axes.table[2], scratch.data());
  if (s.inner == 1) columns.fill();
  C* memory = reinterpret_cast<C*>(scratch.data() + table_bytes);
  parallel_for(workers, 1, [&](int64_t first, int64_t last) {
    const RowMemory<C> own(memory + first * each, s);
    for (int64_t r = s.rows() * first / workers; r < s.rows() * last / workers; r++) {
      const C* row = sum_of_rows(s, in, RowPlace(s, r), own);
      C* to = convert ? own.out : out.as<C>() + r * s.row_out();
      if (s.inner == 1)
        columns.apply(to, row);
      else
        sum_columns(to, row, axes.table[2], s.inner);
      if (convert) store_run(advance(out.data, r * s.row_out(), out.dtype), out.dtype, 1, to, s.row_out());
    }
  });
}

void resample_cpu(StridedView out, StridedView in, ResampleAxes axes) {
  if (out.numel() == 0) return;
  if (axes.table[0].copies && axes.table[1].copies && axes.table[2].copies) {
    if (scratch_only_asked()) return;
    switch (item_size(out.dtype)) {
      case 1:
        return resample_copies<uint8_t>(out, in, axes);
      case 2:
        return resample_copies<uint16_t>(out, in, axes);
      case 4:
        return resample_copies<uint32_t>(out, in, axes);
      default:
        return resample_copies<uint64_t>(out, in, axes);
    }
  }
  in.dtype == DType::Float64 ? resample_sums<double>(out, in, axes) : resample_sums<float>(out, in, axes);
}
WEFT_CPU_KERNEL(resample_kernel, resample_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

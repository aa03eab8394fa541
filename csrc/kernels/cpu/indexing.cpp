#include "kernels/indexing.h"

#include "device/cpu/scratch.h"
#include "device/cpu/threads.h"
#include "kernels/cpu/convert.h"
#include "kernels/cpu/sum_type.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kGrain = 32768;
constexpr int kMaxRank = 64;

// Writes the offsets of one innermost run, which starts at the coordinates `at`; returns whether an index was bad.
bool offsets_of_run(int64_t* out, const StridedView& positions, const int64_t* at, int64_t n,
                    const IndexSource* sources, int count, bool wrap) {
  int last = positions.ndim - 1;
  int64_t base = 0;
  for (int d = 0; d <= last; d++) base += at[d] * positions.strides[d];
  int64_t step = last >= 0 ? positions.strides[last] : 0;
  for (int64_t i = 0; i < n; i++) out[i] = base + i * step;
  uint64_t bad = 0;
  for (int k = 0; k < count; k++) {
    const IndexSource& s = sources[k];
    const int64_t* index = s.data;
    for (int d = 0; d <= last; d++) index += at[d] * s.strides[d];
    int64_t index_step = last >= 0 ? s.strides[last] : 0, lift = wrap ? s.size : 0;
    auto add = [&](int64_t pace) __attribute__((always_inline)) {
      for (int64_t i = 0; i < n; i++) {
        int64_t v = index[i * pace];
        v += v < 0 ? lift : 0;
        bad |= static_cast<uint64_t>(v) >= static_cast<uint64_t>(s.size) ? 1u : 0u;
        // The offset of an index out of range may be anything: nobody goes there.
        out[i] = static_cast<int64_t>(static_cast<uint64_t>(out[i]) +
                                      static_cast<uint64_t>(v) * static_cast<uint64_t>(s.stride));
      }
    };
    if (index_step == 1)
      add(1);
    else
      add(index_step);
  }
  return bad != 0;
}

void find_bad(StridedView positions, const IndexSource* sources, int count, bool wrap, BadIndex* bad) {
  int64_t n = positions.numel();
  for (int64_t p = 0; p < n; p++) {
    for (int k = 0; k < count; k++) {
      const int64_t* index = sources[k].data;
      int64_t rest = p;
      for (int d = positions.ndim - 1; d >= 0; d--) {
        index += rest % positions.shape[d] * sources[k].strides[d];
        rest /= positions.shape[d];
      }
      int64_t v = *index, size = sources[k].size;
      if (v >= size || v < (wrap ? -size : 0)) {
        *bad = {true, k, v};
        return;
      }
    }
  }
}

void index_offsets_cpu(int64_t* offsets, StridedView positions, const IndexSource* sources, int count, bool wrap,
                       BadIndex* bad) {
  int64_t n = positions.numel(), inner = positions.ndim ? positions.shape[positions.ndim - 1] : 1;
  bool any_bad = false;
  parallel_for(n, kGrain, [&](int64_t begin, int64_t end) {
    int64_t at[kMaxRank];
    int64_t rest = begin;
    for (int d = positions.ndim - 1; d >= 0; d--) {
      at[d] = rest % positions.shape[d];
      rest /= positions.shape[d];
    }
    int last = positions.ndim - 1;
    for (int64_t p = begin; p < end;) {
      int64_t run = last >= 0 ? inner - at[last] : 1;
      run = run < end - p ? run : end - p;
      if (offsets_of_run(offsets + p, positions, at, run, sources, count, wrap))
        __atomic_store_n(&any_bad, true, __ATOMIC_RELAXED);
      p += run;
      if (last >= 0) at[last] += run;
      for (int d = last; d > 0 && at[d] == positions.shape[d]; d--) {
        at[d] = 0;
        at[d - 1]++;
      }
    }
  });
  if (any_bad) find_bad(positions, sources, count, wrap, bad);
}
WEFT_CPU_KERNEL(index_offsets_kernel, index_offsets_cpu);

// The offsets of a row's elements, for rows that are not contiguous.
void row_table(const StridedView& row, int64_t* table) {
  int64_t n = row.numel();
  for (int64_t i = 0; i < n; i++) {
    int64_t rest = i, offset = 0;
    for (int d = row.ndim - 1; d >= 0; d--) {
      offset += rest % row.shape[d] * row.strides[d];
      rest /= row.shape[d];
    }
    table[i] = offset;
  }
}

template <class T>
void gather_typed(T* out, const StridedView& row, const int64_t* offsets, int64_t count) {
  const T* in = row.as<T>();
  int64_t width = row.numel(), grain = kGrain / (width > 0 ? width : 1) + 1;
  bool straight = width == 1 || row.is_contiguous();
  Scratch scratch(straight ? 0 : static_cast<size_t>(width) * sizeof(int64_t));
  if (scratch_only_asked()) return;
  if (width == 1) {
    parallel_for(count, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; p++) out[p] = in[offsets[p]];
    });
  } else if (straight) {
    parallel_for(count, grain, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; p++)
        __builtin_memcpy(out + p * width, in + offsets[p], static_cast<size_t>(width) * sizeof(T));
    });
  } else {
    auto* table = reinterpret_cast<int64_t*>(scratch.data());
    row_table(row, table);
    parallel_for(count, grain, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; p++)
        for (int64_t i = 0; i < width; i++) out[p * width + i] = in[offsets[p] + table[i]];
    });
  }
}

void gather_rows_cpu(void* out, StridedView row, const int64_t* offsets, int64_t count) {
  if (count == 0 || row.numel() == 0) return;
  size_t item = item_size(row.dtype);
  if (item == 1) return gather_typed(static_cast<uint8_t*>(out), row, offsets, count);
  if (item == 2) return gather_typed(static_cast<uint16_t*>(out), row, offsets, count);
  if (item == 4) return gather_typed(static_cast<uint32_t*>(out), row, offsets, count);
  if (item == 8) return gather_typed(static_cast<uint64_t*>(out), row, offsets, count);
  gather_typed(static_cast<Complex128*>(out), row, offsets, count);
}
WEFT_CPU_KERNEL(gather_rows_kernel, gather_rows_cpu);

template <PutMode mode, class T>
WEFT_INLINE T combine(T old, T value) {
  using Sum = typename SumOf<T>::type;
  if constexpr (mode == PutMode::Assign) {
    return value;
  } else if constexpr (__is_same(T, Float16)) {
    return to_float16(combine<mode>(to_float(old), to_float(value)));
  } else if constexpr (__is_same(T, BFloat16)) {
    return to_bfloat16(combine<mode>(to_float(old), to_float(value)));
  } else if constexpr (__is_same(T, BoolByte)) {
    return mode == PutMode::Add || mode == PutMode::Maximum ? (old || value) : (old && value);
  } else if constexpr (mode == PutMode::Add) {
    return static_cast<T>(static_cast<Sum>(old) + static_cast<Sum>(value));
  } else if constexpr (mode == PutMode::Multiply) {
    return static_cast<T>(static_cast<Sum>(old) * static_cast<Sum>(value));
  } else if constexpr (mode == PutMode::Maximum) {  // NaN wins
    return value > old || value != value ? value : old;
  } else {
    return value < old || value != value ? value : old;
  }
}

// Where rows go and what goes there.
template <class T>
struct RowPut {
  T* out;
  const T* source;
  const int64_t* offsets;
  const int64_t* table;  // of the row's elements; nullptr for a contiguous row
  int64_t count, width;
  bool scalar;
};

// Elements [first, last) of the rows whose offsets lie in [low, high).
template <PutMode mode, class T>
void put_part(const RowPut<T>& put, int64_t first, int64_t last, int64_t low, int64_t high) {
  for (int64_t p = 0; p < put.count; p++) {
    int64_t at = put.offsets[p];
    if (at < low || at >= high) continue;
    T* to = put.out + at;
    const T* from = put.scalar ? put.source : put.source + p * put.width;
    if (put.table) {
      for (int64_t i = first; i < last; i++)
        to[put.table[i]] = combine<mode>(to[put.table[i]], from[put.scalar ? 0 : i]);
    } else if (put.scalar) {
      T value = *from;
      for (int64_t i = first; i < last; i++) to[i] = combine<mode>(to[i], value);
    } else {
#pragma GCC ivdep
      for (int64_t i = first; i < last; i++) to[i] = combine<mode>(to[i], from[i]);
    }
  }
}

template <PutMode mode, class T>
void put_rows(const RowPut<T>& put) {
  int64_t low = put.offsets[0], high = put.offsets[0];
  for (int64_t p = 1; p < put.count; p++) {
    low = put.offsets[p] < low ? put.offsets[p] : low;
    high = put.offsets[p] > high ? put.offsets[p] : high;
  }
  high++;
  if (put.count * put.width <= 2 * kGrain) return put_part<mode>(put, 0, put.width, low, high);
  constexpr int64_t kColumns = 32;
  if (put.width >= 4 * kColumns) {  // every thread takes some columns of all rows
    int64_t blocks = (put.width + kColumns - 1) / kColumns;
    parallel_for(blocks, kGrain / (kColumns * put.count) + 1, [&](int64_t begin, int64_t end) {
      int64_t stop = end * kColumns < put.width ? end * kColumns : put.width;
      put_part<mode>(put, begin * kColumns, stop, low, high);
    });
    return;
  }
  // Every thread takes the rows that go to its part of the offsets. Rows may start closer than their width when they
  // are not contiguous, but two different rows never share an element.
  int64_t parts = num_threads(), span = (high - low + parts - 1) / parts;
  parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
    put_part<mode>(put, 0, put.width, low + begin * span, low + end * span);
  });
}

void scatter_rows_cpu(StridedView row, const int64_t* offsets, int64_t count, const void* source, bool scalar,
                      PutMode mode) {
  int64_t width = row.numel();
  if (count == 0 || width == 0) return;
  bool straight = row.is_contiguous();
  Scratch scratch(straight ? 0 : static_cast<size_t>(width) * sizeof(int64_t));
  if (scratch_only_asked()) return;
  auto* table = reinterpret_cast<int64_t*>(scratch.data());
  if (!straight) row_table(row, table);
  auto put_of = [&]<class T>(TypeTag<T>) {
    return RowPut<T>{row.as<T>(), static_cast<const T*>(source), offsets, table, count, width, scalar};
  };
  if (mode == PutMode::Assign) {  // elements are only moved
    const size_t item = item_size(row.dtype);
    if (item == 1) return put_rows<PutMode::Assign>(put_of(TypeTag<uint8_t>{}));
    if (item == 2) return put_rows<PutMode::Assign>(put_of(TypeTag<uint16_t>{}));
    if (item == 4) return put_rows<PutMode::Assign>(put_of(TypeTag<uint32_t>{}));
    if (item == 8) return put_rows<PutMode::Assign>(put_of(TypeTag<uint64_t>{}));
    return put_rows<PutMode::Assign>(put_of(TypeTag<Complex128>{}));
  }
  visit_real_dtype(row.dtype, [&](auto tag) {
    const auto put = put_of(tag);
    switch (mode) {
      case PutMode::Assign:
        return;
      case PutMode::Add:
        return put_rows<PutMode::Add>(put);
      case PutMode::Multiply:
        return put_rows<PutMode::Multiply>(put);
      case PutMode::Maximum:
        return put_rows<PutMode::Maximum>(put);
      case PutMode::Minimum:
        return put_rows<PutMode::Minimum>(put);
    }
  });
}
WEFT_CPU_KERNEL(scatter_rows_kernel, scatter_rows_cpu);

WEFT_INLINE bool is_set(Float16 v) { return (v.bits & 0x7fffu) != 0; }
WEFT_INLINE bool is_set(BoolByte v) { return v; }
WEFT_INLINE bool is_set(BFloat16 v) { return (v.bits & 0x7fffu) != 0; }
WEFT_INLINE bool is_set(Float8E4M3 v) { return (v.bits & 0x7fu) != 0; }
WEFT_INLINE bool is_set(Float8E5M2 v) { return (v.bits & 0x7fu) != 0; }
template <class T>
WEFT_INLINE bool is_set(Complex<T> v) {
  return convert<bool>(v);
}
template <class T>
WEFT_INLINE bool is_set(T v) {
  return v != T(0);
}

constexpr int64_t kBlock = 16384;

// Elements that are set in each block.
void count_blocks(const StridedView& in, int64_t* counts) {
  int64_t n = in.numel(), blocks = (n + kBlock - 1) / kBlock;
  visit_dtype(in.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* x = in.as<T>();
    parallel_for(blocks, 4, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; b++) {
        int64_t stop = (b + 1) * kBlock < n ? (b + 1) * kBlock : n;
        int32_t found = 0;
#pragma omp simd reduction(+ : found)
        for (int64_t i = b * kBlock; i < stop; i++) found += is_set(x[i]) ? 1 : 0;
        counts[b] = found;
      }
    });
  });
}

void count_nonzero_cpu(StridedView in, int64_t* count) {
  int64_t blocks = (in.numel() + kBlock - 1) / kBlock;
  Scratch scratch(static_cast<size_t>(blocks) * sizeof(int64_t));
  auto* counts = reinterpret_cast<int64_t*>(scratch.data());
  count_blocks(in, counts);
  *count = 0;
  for (int64_t b = 0; b < blocks; b++) *count += counts[b];
}
WEFT_CPU_KERNEL(count_nonzero_kernel, count_nonzero_cpu);

void nonzero_cpu(StridedView in, int64_t* coordinates) {
  int64_t n = in.numel(), blocks = (n + kBlock - 1) / kBlock;
  Scratch scratch(static_cast<size_t>(blocks) * sizeof(int64_t));
  auto* starts = reinterpret_cast<int64_t*>(scratch.data());
  count_blocks(in, starts);
  int64_t total = 0;
  for (int64_t b = 0; b < blocks; b++) {
    int64_t count = starts[b];
    starts[b] = total;
    total += count;
  }
  int64_t inner = in.ndim ? in.shape[in.ndim - 1] : 1;
  visit_dtype(in.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* x = in.as<T>();
    parallel_for(blocks, 4, [&](int64_t begin, int64_t end) {
      int64_t* to = coordinates + starts[begin] * in.ndim;
      int64_t stop = end * kBlock < n ? end * kBlock : n;
      for (int64_t i = begin * kBlock; i < stop;) {
        int64_t row = i / inner, row_stop = (row + 1) * inner < stop ? (row + 1) * inner : stop;
        for (; i < row_stop; i++) {
          if (!is_set(x[i])) continue;
          int64_t rest = row;
          if (in.ndim > 0) to[in.ndim - 1] = i - row * inner;
          for (int d = in.ndim - 2; d >= 0; d--) {
            to[d] = rest % in.shape[d];
            rest /= in.shape[d];
          }
          to += in.ndim;
        }
      }
    });
  });
}
WEFT_CPU_KERNEL(nonzero_kernel, nonzero_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

#include "kernels/cpu/elementwise_loop.h"
#include "kernels/cpu/vector.h"
#include "kernels/elementwise.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kTile = 32;

// out[i * out_row + j] = in[i + j * in_column] for a block of kLanes x kLanes, in registers.
template <class T>
WEFT_INLINE void transpose_registers(T* out, int64_t out_row, const T* in, int64_t in_column) {
  constexpr int lanes = kLanes<T>;
  Vector<T> r[lanes];
#pragma GCC unroll 16
  for (int j = 0; j < lanes; j++, in += in_column) r[j] = load(in);
  transpose_block<T>(r);
#pragma GCC unroll 16
  for (int i = 0; i < lanes; i++, out += out_row) store(out, r[i]);
}

template <class T>
void transpose_elements(T* out, int64_t out_row, const T* in, int64_t in_column, int64_t rows, int64_t columns) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < columns; j++) out[i * out_row + j] = in[i + j * in_column];
}

// One tile of at most kTile x kTile. T stands for any type of its size: elements are only moved.
template <class T>
void transpose_tile(T* out, int64_t out_row, const T* in, int64_t in_column, int64_t rows, int64_t columns) {
  if constexpr (sizeof(T) < 4) {
    transpose_elements(out, out_row, in, in_column, rows, columns);
  } else {
    constexpr int64_t lanes = kLanes<T>;
    int64_t j = 0;
    for (; j + lanes <= columns; j += lanes) {
      int64_t i = 0;
      for (; i + lanes <= rows; i += lanes)
        transpose_registers(out + i * out_row + j, out_row, in + i + j * in_column, in_column);
      transpose_elements(out + i * out_row + j, out_row, in + i + j * in_column, in_column, rows - i, lanes);
    }
    transpose_elements(out + j, out_row, in + j * in_column, in_column, rows, columns - j);
  }
}

// Rows [row_begin, row_end) of the result, tile by tile, so that every cache line that is touched is used whole.
template <class T>
void transpose_tiles(T* out, int64_t out_row, const T* in, int64_t in_column, int64_t row_begin, int64_t row_end,
                     int64_t columns) {
  for (int64_t j = 0; j < columns; j += kTile)
    transpose_tile(out + row_begin * out_row + j, out_row, in + row_begin + j * in_column, in_column,
                   row_end - row_begin, columns - j < kTile ? columns - j : kTile);
}

template <class T>
void transpose_copy(const LoopPlan<1>& plan, void* out, const void* in) {
  int last = plan.ndim - 1;
  int64_t rows = plan.shape[last - 1], columns = plan.shape[last], outer = 1;
  for (int d = 0; d < last - 1; d++) outer *= plan.shape[d];
  int64_t bands = (rows + kTile - 1) / kTile;
  int64_t grain = kElementwiseGrain / (kTile * columns) + 1;
  parallel_for(outer * bands, grain, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; b++) {
      int64_t rest = b / bands, out_offset = 0, in_offset = 0;
      for (int d = last - 2; d >= 0; d--) {
        out_offset += rest % plan.shape[d] * plan.strides[0][d];
        in_offset += rest % plan.shape[d] * plan.strides[1][d];
        rest /= plan.shape[d];
      }
      int64_t first = b % bands * kTile;
      transpose_tiles(static_cast<T*>(out) + out_offset, plan.strides[0][last - 1],
                      static_cast<const T*>(in) + in_offset, plan.strides[1][last], first,
                      first + kTile < rows ? first + kTile : rows, columns);
    }
  });
}

bool is_transpose(const LoopPlan<1>& plan) {
  int last = plan.ndim - 1;
  return last >= 1 && plan.strides[0][last] == 1 && plan.strides[1][last] > 1 && plan.strides[1][last - 1] == 1 &&
         plan.shape[last] >= 8 && plan.shape[last - 1] >= 8;
}

// Calls f(offset in out, offset in in, n) for the innermost runs that make up elements [begin, end) of the plan's
// row-major order.
template <class F>
WEFT_INLINE void for_each_run(const LoopPlan<1>& plan, int64_t begin, int64_t end, const F& f) {
  const int last = plan.ndim - 1;
  int64_t index[kMaxLoopDims], offsets[2] = {0, 0};
  int64_t rest = begin;
  for (int d = last; d >= 0; d--) {
    index[d] = rest % plan.shape[d];
    rest /= plan.shape[d];
    for (int k = 0; k < 2; k++) offsets[k] += index[d] * plan.strides[k][d];
  }
  for (int64_t at = begin, n; at < end; at += n) {
    n = plan.shape[last] - index[last];
    n = n < end - at ? n : end - at;
    f(offsets[0], offsets[1], n);
    index[last] += n;
    for (int k = 0; k < 2; k++) offsets[k] += n * plan.strides[k][last];
    for (int d = last; d > 0 && index[d] == plan.shape[d]; d--) {
      for (int k = 0; k < 2; k++) offsets[k] += plan.strides[k][d - 1] - plan.shape[d] * plan.strides[k][d];
      index[d] = 0;
      index[d - 1]++;
    }
  }
}

void copy_cpu(StridedView out, StridedView in) {
  int64_t n = out.numel();
  if (n == 0) return;
  const StridedView* const inputs[1] = {&in};
  const LoopPlan<1> plan(out, inputs);
  const size_t item = item_size(out.dtype);
  const int last = plan.ndim - 1;
  const int64_t out_step = plan.strides[0][last], in_step = plan.strides[1][last];
  if (out.dtype == in.dtype) {
    if (plan.ndim == 1 && out_step == 1 && in_step == 1) {
      char *to = static_cast<char*>(out.data), *from = static_cast<char*>(in.data);
      parallel_for(n, kElementwiseGrain, [&](int64_t begin, int64_t end) {
        __builtin_memcpy(to + static_cast<size_t>(begin) * item, from + static_cast<size_t>(begin) * item,
                         static_cast<size_t>(end - begin) * item);
      });
      return;
    }
    if (item <= 8 && is_transpose(plan)) {
      if (item == 1) return transpose_copy<uint8_t>(plan, out.data, in.data);
      if (item == 2) return transpose_copy<uint16_t>(plan, out.data, in.data);
      if (item == 4) return transpose_copy<float>(plan, out.data, in.data);
      return transpose_copy<double>(plan, out.data, in.data);
    }
  }
  // An element may be converted where it lies.
  const bool straight = out_step == 1 && out.data != in.data;
  parallel_for(n, kElementwiseGrain, [&](int64_t begin, int64_t end) {
    alignas(16) char buffer[kRun * 16];
    for_each_run(plan, begin, end, [&](int64_t out_at, int64_t in_at, int64_t length) {
      for (int64_t i = 0; i < length; i += kRun) {
        const int64_t m = length - i < kRun ? length - i : kRun;
        char* to = advance(out.data, out_at + i * out_step, out.dtype);
        load_run(straight ? to : buffer, out.dtype, advance(in.data, in_at + i * in_step, in.dtype), in.dtype, in_step,
                 m);
        if (!straight) scatter_run(to, out_step, buffer, m, item);
      }
    });
  });
}
WEFT_CPU_KERNEL(copy_kernel, copy_cpu);

void has_zero_cpu(StridedView in, bool* found) {
  StridedView flags = in;
  const StridedView* const inputs[1] = {&in};
  LoopPlan<1> plan(flags, inputs);
  bool any = false;
  const int64_t step = plan.strides[1][plan.ndim - 1];
  parallel_for(in.numel(), kElementwiseGrain, [&](int64_t begin, int64_t end) {
    int64_t buffer[kRun];
    for_each_run(plan, begin, end, [&](int64_t, int64_t at, int64_t length) {
      for (int64_t i = 0; i < length; i += kRun) {
        const int64_t n = length - i < kRun ? length - i : kRun;
        load_run(buffer, advance(in.data, at + i * step, in.dtype), in.dtype, step, n);
        uint32_t zero = 0;
        for (int64_t k = 0; k < n; k++) zero |= buffer[k] == 0 ? 1u : 0u;
        if (zero) __atomic_store_n(&any, true, __ATOMIC_RELAXED);
      }
    });
  });
  *found = any;
}
WEFT_CPU_KERNEL(has_zero_kernel, has_zero_cpu);

WEFT_CPU_KERNEL(fill_kernel, copy_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

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

void copy_cpu(StridedView out, StridedView in) {
  int64_t n = out.numel();
  if (n == 0) return;
  const StridedView* const inputs[1] = {&in};
  if (out.dtype == in.dtype) {
    LoopPlan<1> plan(out, inputs);
    bool straight = plan.ndim == 1 && plan.strides[0][0] == 1 && plan.strides[1][0] == 1;
    int64_t item = static_cast<int64_t>(item_size(out.dtype));
    if (straight) {
      char *to = static_cast<char*>(out.data), *from = static_cast<char*>(in.data);
      parallel_for(n, kElementwiseGrain, [&](int64_t begin, int64_t end) {
        __builtin_memcpy(to + begin * item, from + begin * item, static_cast<size_t>((end - begin) * item));
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
  visit_dtype(out.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    elementwise_loop<T, T, 1>(out, inputs, [](const T* const* x, T* y, int64_t m) {
      if (x[0] != y) __builtin_memmove(y, x[0], static_cast<size_t>(m) * sizeof(T));
    });
  });
}
WEFT_CPU_KERNEL(copy_kernel, copy_cpu);

void has_zero_cpu(StridedView in, bool* found) {
  StridedView flags = in;
  const StridedView* const inputs[1] = {&in};
  LoopPlan<1> plan(flags, inputs);
  bool any = false;
  parallel_for(in.numel(), kElementwiseGrain, [&](int64_t begin, int64_t end) {
    int64_t buffer[kRun];
    for (int64_t at = begin; at < end;) {
      int64_t rest = at, offset = 0, run = plan.shape[plan.ndim - 1] - at % plan.shape[plan.ndim - 1];
      for (int d = plan.ndim - 1; d >= 0; d--) {
        offset += rest % plan.shape[d] * plan.strides[1][d];
        rest /= plan.shape[d];
      }
      int64_t n = run < end - at ? run : end - at;
      n = n < kRun ? n : kRun;
      load_run(buffer, advance(in.data, offset, in.dtype), in.dtype, plan.strides[1][plan.ndim - 1], n);
      uint32_t zero = 0;
      for (int64_t i = 0; i < n; i++) zero |= buffer[i] == 0 ? 1u : 0u;
      if (zero) __atomic_store_n(&any, true, __ATOMIC_RELAXED);
      at += n;
    }
  });
  *found = any;
}
WEFT_CPU_KERNEL(has_zero_kernel, has_zero_cpu);

WEFT_CPU_KERNEL(fill_kernel, copy_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

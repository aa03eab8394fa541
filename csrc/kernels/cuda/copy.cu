// Copies, casts, fills and transposes.
#include <cstring>

#include "kernels/cuda/elementwise.h"
#include "kernels/cuda/index_error.h"
#include "kernels/elementwise.h"

namespace weft::cuda {
namespace {

template <class C>
struct Identity {
  WEFT_INLINE C operator()(const C* x) const { return x[0]; }
};

constexpr int kTile = 32, kTileRows = 8;

// out[b, r, c] = in[b, c, r] by tiles, so that both sides are read and written in whole lines.
template <class T>
__global__ void transpose_tiles(T* out, const T* in, int64_t rows, int64_t columns, int64_t out_row, int64_t in_column,
                                int64_t out_batch, int64_t in_batch, int64_t batches) {
  __shared__ T tile[kTile][kTile + 1];
  int64_t across = divide_up(columns, kTile), down = divide_up(rows, kTile);
  for (int64_t b = blockIdx.x; b < across * down * batches; b += gridDim.x) {
    int64_t c0 = b % across * kTile, r0 = b / across % down * kTile, batch = b / (across * down);
    for (int k = threadIdx.y; k < kTile; k += kTileRows) {
      int64_t r = r0 + threadIdx.x, c = c0 + k;
      if (r < rows && c < columns) tile[k][threadIdx.x] = in[batch * in_batch + c * in_column + r];
    }
    __syncthreads();
    for (int k = threadIdx.y; k < kTile; k += kTileRows) {
      int64_t r = r0 + k, c = c0 + threadIdx.x;
      if (r < rows && c < columns) out[batch * out_batch + r * out_row + c] = tile[threadIdx.x][k];
    }
    __syncthreads();
  }
}

template <class T>
void transpose_copy(const LoopPlan<1>& d, void* out, const void* in) {
  int last = d.ndim - 1;
  int64_t rows = d.shape[last - 1], columns = d.shape[last], batches = last == 2 ? d.shape[0] : 1;
  int64_t tiles = divide_up(rows, kTile) * divide_up(columns, kTile) * batches;
  Grid grid{dim3(static_cast<unsigned>(std::min<int64_t>(tiles, 1 << 20))), dim3(kTile, kTileRows)};
  launch(transpose_tiles<T>, grid, static_cast<T*>(out), static_cast<const T*>(in), rows, columns,
         d.strides[0][last - 1], d.strides[1][last], last == 2 ? d.strides[0][0] : 0, last == 2 ? d.strides[1][0] : 0,
         batches);
}

// Two (or three, the first being a batch) dimensions of which the input's last but one is the contiguous one.
bool is_transpose(const LoopPlan<1>& d) {
  int last = d.ndim - 1;
  return (last == 1 || last == 2) && d.strides[0][last] == 1 && d.strides[1][last] > 1 && d.strides[1][last - 1] == 1 &&
         d.shape[last] >= 8 && d.shape[last - 1] >= 8;
}

void copy_cuda(StridedView out, StridedView in) {
  int64_t n = out.numel();
  if (n == 0) return;
  const bool number = in.on_host && in.ndim == 0;
  if (out.dtype == in.dtype && !number) {
    const StridedView* const inputs[1] = {&in};
    LoopPlan<1> d(out, inputs);
    size_t item = item_size(out.dtype);
    if (d.ndim == 1 && d.strides[0][0] == 1 && d.strides[1][0] == 1) {
      if (out.data == in.data) return;
      return check(
          cudaMemcpyAsync(out.data, in.data, static_cast<size_t>(n) * item, cudaMemcpyDeviceToDevice, stream()),
          "cudaMemcpyAsync");
    }
    if (is_transpose(d)) {
      if (item == 1) return transpose_copy<uint8_t>(d, out.data, in.data);
      if (item == 2) return transpose_copy<uint16_t>(d, out.data, in.data);
      if (item == 4) return transpose_copy<uint32_t>(d, out.data, in.data);
      if (item == 8) return transpose_copy<uint64_t>(d, out.data, in.data);
      return transpose_copy<Complex128>(d, out.data, in.data);
    }
  }
  if (is_packed(out.dtype) && (is_packed(in.dtype) || number))
    return elementwise<float, 1>(out, {&in}, Identity<float>{});
  visit_dtype(out.dtype, [&]<class T>(TypeTag<T>) { elementwise<T, 1>(out, {&in}, Identity<T>{}); });
}
WEFT_CUDA_KERNEL(copy_kernel, copy_cuda);

constexpr int kRuns = 160;  // an argument has at most 4 KiB
struct Runs {
  MemoryRun runs[kRuns];
};

__global__ void copy_each(Runs all) {
  const MemoryRun& run = all.runs[blockIdx.y];
  bool words = (reinterpret_cast<uintptr_t>(run.to) | reinterpret_cast<uintptr_t>(run.from) | run.nbytes) % 16 == 0;
  int64_t n = static_cast<int64_t>(words ? run.nbytes / 16 : run.nbytes);
  for (int64_t i = first_item(); i < n; i += item_step()) {
    if (words)
      static_cast<uint4*>(run.to)[i] = static_cast<const uint4*>(run.from)[i];
    else
      static_cast<char*>(run.to)[i] = static_cast<const char*>(run.from)[i];
  }
}

void copy_runs_cuda(const MemoryRun* runs, int64_t count) {
  for (int64_t first = 0; first < count; first += kRuns) {
    Runs all{};
    int64_t here = std::min<int64_t>(count - first, kRuns);
    size_t longest = 1;
    for (int64_t i = 0; i < here; i++) {
      all.runs[i] = runs[first + i];
      longest = std::max(longest, all.runs[i].nbytes);
    }
    Grid grid = grid_for(divide_up(static_cast<int64_t>(longest), 16), 128, 32);
    grid.blocks.y = static_cast<unsigned>(here);
    launch(copy_each, grid, all);
  }
}
WEFT_CUDA_KERNEL(copy_runs_kernel, copy_runs_cuda);

void fill_cuda(StridedView out, StridedView number) {
  int64_t n = out.numel();
  if (n == 0) return;
  constexpr char zeros[sizeof(Complex128)] = {};
  const bool zero = std::memcmp(number.data, zeros, item_size(number.dtype)) == 0;
  if (zero && out.is_contiguous())
    return check(cudaMemsetAsync(out.data, 0, static_cast<size_t>(n) * item_size(out.dtype), stream()),
                 "cudaMemsetAsync");
  copy_cuda(out, number);
}
WEFT_CUDA_KERNEL(fill_kernel, fill_cuda);

__global__ void look_for_zero(DeviceLoop<1> plan, const void* data, DType dtype, IndexError* error, const char* op) {
  uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t i = blockIdx.x * blockDim.x + threadIdx.x; i < plan.numel; i += step) {
    int64_t at[2];
    plan.offsets(i, at);
    if (load<int64_t>(data, dtype, at[1]) == 0) report(error, op, 0, 0);
  }
}

void has_zero_cuda(StridedView in, bool* found) {
  *found = false;
  const StridedView* const inputs[1] = {&in};
  for_device_loops<1>(in, inputs, [&](const DeviceLoop<1>& plan, const int64_t* base) {
    launch(look_for_zero, grid_for(plan.numel, 256, 1 << 12), plan, advance(in.data, base[1], in.dtype), in.dtype,
           index_error(), allocation_tag());
  });
}
WEFT_CUDA_KERNEL(has_zero_kernel, has_zero_cuda);

}  // namespace
}  // namespace weft::cuda

// The loop under every reduction. The work is divided by sizes alone, and parts are joined in a fixed order, so that
// results are the same bits on every run and every GPU.
//
// A reducer R works on elements of R::Compute and has
//   R::Seen, R::start(seen), R::add(seen, x, at)   what one thread sees; `at` numbers the reduced elements
//   R::Total, R::none(), R::total(seen)            what parts come to
//   R::join(a, b)
#pragma once

#include "kernels/cuda/device_loop.h"

namespace weft::cuda {

constexpr int kReduceThreads = 256;

// Some dimensions of a tensor and where the elements numbered along them lie.
struct Walk {
  int ndim = 0;
  bool small = false;  // numbers below 2^31
  int64_t shape[kDeviceLoopDims];
  int64_t strides[3][kDeviceLoopDims];  // of the input and of two outputs
  Divisor size[kDeviceLoopDims];

  __device__ __forceinline__ void locate(int64_t i, int64_t* at) const {
    at[0] = at[1] = at[2] = 0;
    for (int d = ndim - 1; d > 0; d--) {
      int64_t q = small ? size[d].divide(static_cast<uint32_t>(i)) : i / shape[d], r = i - q * shape[d];
      for (int k = 0; k < 3; k++) at[k] += r * strides[k][d];
      i = q;
    }
    for (int k = 0; k < 3; k++) at[k] += i * strides[k][0];
  }
  __device__ __forceinline__ int64_t offset(int64_t i) const {
    int64_t at = 0;
    for (int d = ndim - 1; d > 0; d--) {
      int64_t q = small ? size[d].divide(static_cast<uint32_t>(i)) : i / shape[d];
      at += (i - q * shape[d]) * strides[0][d];
      i = q;
    }
    return at + i * strides[0][0];
  }
};

struct ReduceLaunch {
  Walk kept, reduced;
  int64_t outputs = 1, count = 1;
  bool by_columns = false;  // neighbours in memory belong to different outputs

  ReduceLaunch(const StridedView& out, const StridedView& out2, const StridedView& in, int num_reduced, bool ordered);
};

template <class R, class Finish>
struct ReduceCall {
  Walk kept, reduced;
  int64_t outputs, count, parts, part_length;
  const void* in;
  DType dtype;
  bool packed;
  typename R::Total* partial;
  Finish finish;
};

template <class R>
__device__ typename R::Total block_total(typename R::Total mine, int lanes, int lane, typename R::Total* shared) {
  shared[threadIdx.x] = mine;
  __syncthreads();
  for (int half = lanes / 2; half > 0; half /= 2) {
    if (lane < half) shared[threadIdx.x] = R::join(shared[threadIdx.x], shared[threadIdx.x + half]);
    __syncthreads();
  }
  return shared[threadIdx.x - lane];
}

// A row of elements per `lanes` threads.
template <class R, class Finish>
__global__ void reduce_rows(ReduceCall<R, Finish> c, int lanes) {
  using C = typename R::Compute;
  __shared__ typename R::Total shared[kReduceThreads];
  int lane = threadIdx.x % lanes;
  int64_t output = static_cast<int64_t>(blockIdx.x) * (kReduceThreads / lanes) + threadIdx.x / lanes;
  int64_t begin = blockIdx.y * c.part_length, end = begin + c.part_length < c.count ? begin + c.part_length : c.count;
  typename R::Seen seen;
  R::start(seen);
  int64_t at[3] = {0, 0, 0};
  if (output < c.outputs) {
    c.kept.locate(output, at);
    const char* row = static_cast<const char*>(c.in) + at[0] * static_cast<int64_t>(item_size(c.dtype));
    if (c.packed) {
      int64_t whole = begin + (end - begin) / kPack * kPack;
      for (int64_t i = begin + lane * kPack; i < whole; i += lanes * kPack) {
        C x[kPack];
        if constexpr (__is_same(C, float)) load_pack(x, row, c.dtype, i);
#pragma unroll
        for (int k = 0; k < kPack; k++) R::add(seen, x[k], i + k);
      }
      begin = whole;
    }
#pragma unroll 4
    for (int64_t i = begin + lane; i < end; i += lanes) R::add(seen, load<C>(row, c.dtype, c.reduced.offset(i)), i);
  }
  typename R::Total total = block_total<R>(R::total(seen), lanes, lane, shared);
  if (lane || output >= c.outputs) return;
  if (c.parts > 1)
    c.partial[output * c.parts + blockIdx.y] = total;
  else
    c.finish(total, at[1], at[2]);
}

// Neighbouring outputs by neighbouring threads; the block's rows of threads share the reduced elements.
template <class R, class Finish>
__global__ void reduce_columns(ReduceCall<R, Finish> c) {
  using C = typename R::Compute;
  __shared__ typename R::Total shared[kReduceThreads];
  int rows = kReduceThreads / kWarp, column = threadIdx.x % kWarp, row = threadIdx.x / kWarp;
  int64_t output = static_cast<int64_t>(blockIdx.x) * kWarp + column;
  int64_t begin = blockIdx.y * c.part_length, end = begin + c.part_length < c.count ? begin + c.part_length : c.count;
  typename R::Seen seen;
  R::start(seen);
  int64_t at[3] = {0, 0, 0};
  if (output < c.outputs) {
    c.kept.locate(output, at);
#pragma unroll 4
    for (int64_t i = begin + row; i < end; i += rows)
      R::add(seen, load<C>(c.in, c.dtype, at[0] + c.reduced.offset(i)), i);
  }
  shared[threadIdx.x] = R::total(seen);
  __syncthreads();
  for (int half = rows / 2; half > 0; half /= 2) {
    if (row < half) shared[threadIdx.x] = R::join(shared[threadIdx.x], shared[threadIdx.x + half * kWarp]);
    __syncthreads();
  }
  if (row || output >= c.outputs) return;
  if (c.parts > 1)
    c.partial[output * c.parts + blockIdx.y] = shared[threadIdx.x];
  else
    c.finish(shared[threadIdx.x], at[1], at[2]);
}

// Joins the parts of each output.
template <class R, class Finish>
__global__ void reduce_parts(ReduceCall<R, Finish> c) {
  __shared__ typename R::Total shared[kReduceThreads];
  int64_t output = static_cast<int64_t>(blockIdx.x) * (kReduceThreads / kWarp) + threadIdx.x / kWarp;
  int lane = threadIdx.x % kWarp;
  typename R::Total total = R::none();
  if (output < c.outputs)
    for (int64_t p = lane; p < c.parts; p += kWarp) total = R::join(total, c.partial[output * c.parts + p]);
  total = block_total<R>(total, kWarp, lane, shared);
  if (lane || output >= c.outputs) return;
  int64_t at[3];
  c.kept.locate(output, at);
  c.finish(total, at[1], at[2]);
}

// Calls finish(total, offset in out, offset in out2) on the device for every output.
template <class R, class Finish>
void reduce(const ReduceLaunch& plan, const StridedView& in, const Finish& finish) {
  if (plan.outputs == 0) return;
  constexpr int64_t kWantedBlocks = 1024, kPartLength = 4096;
  int lanes = plan.count >= 512 ? kReduceThreads : kWarp;
  int64_t per_block = plan.by_columns ? kWarp : kReduceThreads / lanes;
  int64_t blocks = divide_up(plan.outputs, per_block);
  int64_t most = plan.by_columns ? plan.count / 64 : plan.count / kPartLength;
  int64_t parts = std::max<int64_t>(1, std::min({divide_up(kWantedBlocks, blocks), most, int64_t{1024}}));
  int64_t length = std::max<int64_t>(1, divide_up(divide_up(plan.count, parts), kPack)) * kPack;
  parts = std::max<int64_t>(1, divide_up(plan.count, length));
  bool aligned =
      is_packed(in.dtype) && is_aligned(in.data, in.dtype) && plan.reduced.ndim == 1 && plan.reduced.strides[0][0] == 1;
  for (int d = 0; d < plan.kept.ndim; d++) aligned &= plan.kept.strides[0][d] % kPack == 0;
  bool packed = __is_same(typename R::Compute, float) && aligned && !plan.by_columns;
  DeviceScratch scratch(parts > 1 ? static_cast<size_t>(plan.outputs * parts) * sizeof(typename R::Total) : 0);
  ReduceCall<R, Finish> call{plan.kept, plan.reduced, plan.outputs, plan.count, parts,
                             length,    in.data,      in.dtype,     packed,     scratch.as<typename R::Total>(),
                             finish};
  weft::check(blocks < (int64_t{1} << 31), "this reduction has more results than a GPU can start blocks for");
  Grid grid{dim3(static_cast<unsigned>(blocks), static_cast<unsigned>(parts)), dim3(kReduceThreads)};
  if (plan.by_columns)
    launch(reduce_columns<R, Finish>, grid, call);
  else
    launch(reduce_rows<R, Finish>, grid, call, lanes);
  if (parts > 1)
    launch(reduce_parts<R, Finish>,
           Grid{dim3(static_cast<unsigned>(divide_up(plan.outputs, kReduceThreads / kWarp))), dim3(kReduceThreads)},
           call);
}

}  // namespace weft::cuda

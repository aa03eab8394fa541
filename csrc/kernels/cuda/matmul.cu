// Products that the library does not serve (integers, odd strides): tiles in shared memory, any dtype and strides.
#include "kernels/matmul.h"

#include <type_traits>

#include "kernels/cuda/convert.h"

namespace weft::cuda {
namespace {

constexpr int kTile = 16, kBatchDims = 12;

// Integers are summed as int64, the half types as float.
template <class T>
using SumType = std::conditional_t<is_real_floating(dtype_of<T>), scalar::Wide<T>, int64_t>;

struct Side {
  void* data;
  int64_t row, column;
  int64_t batch[kBatchDims];
};
struct Product {
  int64_t m, n, k, batches;
  int ndim = 0;
  int64_t shape[kBatchDims];
  Side out, a, b, base;
};

template <class T>
__global__ void matmul_tiles(Product p) {
  using C = SumType<T>;
  __shared__ C left[kTile][kTile + 1], right[kTile][kTile + 1];
  int tx = threadIdx.x, ty = threadIdx.y;
  int64_t column = static_cast<int64_t>(blockIdx.x) * kTile + tx, row = static_cast<int64_t>(blockIdx.y) * kTile + ty;
  for (int64_t batch = blockIdx.z; batch < p.batches; batch += gridDim.z) {
    int64_t at[4] = {}, rest = batch;
    for (int d = p.ndim - 1; d >= 0; d--) {
      int64_t i = rest % p.shape[d];
      rest /= p.shape[d];
      at[0] += i * p.out.batch[d];
      at[1] += i * p.a.batch[d];
      at[2] += i * p.b.batch[d];
      at[3] += i * p.base.batch[d];
    }
    auto* a = static_cast<const T*>(p.a.data) + at[1];
    auto* b = static_cast<const T*>(p.b.data) + at[2];
    C sum = 0;
    for (int64_t k0 = 0; k0 < p.k; k0 += kTile) {
      left[ty][tx] = row < p.m && k0 + tx < p.k ? convert<C>(a[row * p.a.row + (k0 + tx) * p.a.column]) : C(0);
      right[ty][tx] = column < p.n && k0 + ty < p.k ? convert<C>(b[(k0 + ty) * p.b.row + column * p.b.column]) : C(0);
      __syncthreads();
      for (int k = 0; k < kTile; k++) sum += left[ty][k] * right[k][tx];
      __syncthreads();
    }
    if (row >= p.m || column >= p.n) continue;
    if (p.base.data)
      sum += convert<C>(static_cast<const T*>(p.base.data)[at[3] + row * p.base.row + column * p.base.column]);
    static_cast<T*>(p.out.data)[at[0] + row * p.out.row + column * p.out.column] = convert<T>(sum);
  }
}

Side side_of(const StridedView& v) {
  Side s{v.data, 0, 0, {}};
  if (!v.data) return s;
  s.row = v.strides[v.ndim - 2];
  s.column = v.strides[v.ndim - 1];
  for (int d = 0; d < v.ndim - 2; d++) s.batch[d] = v.strides[d];
  return s;
}

void matmul_cuda(StridedView out, StridedView a, StridedView b, StridedView base) {
  if (out.numel() == 0) return;
  if (library_matmul_kernel(kernel_device(), out, a, b, base, {})) return;
  Product p{out.shape[out.ndim - 2],
            out.shape[out.ndim - 1],
            a.shape[a.ndim - 1],
            1,
            out.ndim - 2,
            {},
            side_of(out),
            side_of(a),
            side_of(b),
            side_of(base)};
  weft::check(p.ndim <= kBatchDims, "matmul: more than ", kBatchDims, " batch dimensions are not supported on a GPU");
  for (int d = 0; d < p.ndim; d++) p.batches *= p.shape[d] = out.shape[d];
  int64_t down = divide_up(p.m, kTile);
  weft::check(down < 65536, "matmul: ", p.m, " rows of dtype ", out.dtype, " are not supported on a GPU");
  Grid grid{dim3(static_cast<unsigned>(divide_up(p.n, kTile)), static_cast<unsigned>(down),
                 static_cast<unsigned>(p.batches < 65535 ? p.batches : 65535)),
            dim3(kTile, kTile)};
  visit_real_dtype(out.dtype, [&]<class T>(TypeTag<T>) {
    if constexpr (!__is_same(T, BoolByte)) launch(matmul_tiles<T>, grid, p);
  });
}
WEFT_CUDA_KERNEL(matmul_kernel, matmul_cuda);

}  // namespace
}  // namespace weft::cuda

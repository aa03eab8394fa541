#include "kernels/embedding.h"

#include "kernels/cuda/convert.h"
#include "kernels/cuda/index_error.h"
#include "kernels/cuda/runs.h"

namespace weft::cuda {
namespace {

// Elements are moved, not computed with: T stands for any type of its size. Rows out of range become zeros.
template <class T>
__global__ void embedding_elements(T* out, const T* weight, const int64_t* index, int64_t n, int64_t size, int64_t rows,
                                   int64_t row_stride, int64_t column_stride) {
  for (int64_t i = first_item(); i < n * size; i += item_step()) {
    int64_t id = index[i / size];
    out[i] = id >= 0 && id < rows ? weight[id * row_stride + i % size * column_stride] : T{};
  }
}

void embedding_cuda(StridedView out, StridedView weight, StridedView index) {
  int64_t n = index.numel(), size = weight.shape[1];
  if (n * size == 0) return;
  auto run = [&]<class T>(TypeTag<T>) {
    launch(embedding_elements<T>, grid_for(n * size), out.as<T>(), weight.as<T>(), index.as<int64_t>(), n, size,
           weight.shape[0], weight.strides[0], weight.strides[1]);
  };
  // Contiguous rows go by 16 bytes.
  auto item = static_cast<int64_t>(item_size(out.dtype)), pack = 16 / item;
  bool packed = weight.strides[1] == 1 && weight.strides[0] % pack == 0 && size % pack == 0 &&
                reinterpret_cast<uintptr_t>(weight.data) % 16 == 0 && reinterpret_cast<uintptr_t>(out.data) % 16 == 0;
  if (packed)
    return launch(embedding_elements<uint4>, grid_for(n * size / pack), out.as<uint4>(), weight.as<uint4>(),
                  index.as<int64_t>(), n, size / pack, weight.shape[0], weight.strides[0] / pack, int64_t{1});
  if (item == 1) return run(TypeTag<uint8_t>{});
  if (item == 2) return run(TypeTag<uint16_t>{});
  if (item == 4) return run(TypeTag<uint32_t>{});
  run(TypeTag<uint64_t>{});
}
WEFT_CUDA_KERNEL(embedding_kernel, embedding_cuda);

// Sums in C: float for the half types.
template <class C>
struct AddRows {
  using Value = C;
  void* out;
  const void* grad;
  DType dtype;
  int64_t size;
  WEFT_INLINE C none() const { return C(0); }
  WEFT_INLINE C join(C a, C b) const { return a + b; }
  WEFT_INLINE C load(int64_t position, int64_t column) const {
    return cuda::load<C>(grad, dtype, position * size + column);
  }
  WEFT_INLINE void put(uint64_t row, int64_t column, C sum) const {
    if (row != kNowhere) store(out, dtype, static_cast<int64_t>(row) * size + column, sum);
  }
};

__global__ void places_of(uint64_t* places, const int64_t* index, int64_t n, int64_t rows, int64_t padding) {
  for (int64_t i = first_item(); i < n; i += item_step()) {
    bool used = index[i] >= 0 && index[i] < rows && index[i] != padding;
    places[i] = used ? static_cast<uint64_t>(index[i]) : kNowhere;
  }
}

void embedding_backward_cuda(StridedView out, StridedView grad, StridedView index, int64_t padding) {
  int64_t n = index.numel(), size = out.shape[1], rows = out.shape[0];
  if (n == 0) return;
  DeviceScratch places(static_cast<size_t>(n) * sizeof(uint64_t));
  launch(places_of, grid_for(n), places.as<uint64_t>(), index.as<int64_t>(), n, rows, padding);
  int bits = 1;
  while ((int64_t{1} << bits) <= rows) bits++;  // kNowhere's lowest bits are then larger than every row
  if (out.dtype == DType::Float64)
    combine_runs(AddRows<double>{out.data, grad.data, out.dtype, size}, places.as<uint64_t>(), n, size, bits);
  else
    combine_runs(AddRows<float>{out.data, grad.data, out.dtype, size}, places.as<uint64_t>(), n, size, bits);
}
WEFT_CUDA_KERNEL(embedding_backward_kernel, embedding_backward_cuda);

__global__ void check_range(const int64_t* index, int64_t count, int64_t n, IndexError* error, const char* op) {
  for (int64_t i = first_item(); i < count; i += item_step())
    if (index[i] < 0 || index[i] >= n) report(error, op, index[i], n);
}

void first_outside_cuda(StridedView index, int64_t n, int64_t* position) {
  *position = -1;
  int64_t count = index.numel();
  if (count)
    launch(check_range, grid_for(count, 256, 1 << 12), index.as<int64_t>(), count, n, index_error(), allocation_tag());
}
WEFT_CUDA_KERNEL(first_outside_kernel, first_outside_cuda);

}  // namespace
}  // namespace weft::cuda

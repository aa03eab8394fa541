#include <thrust/iterator/counting_iterator.h>
#include <thrust/iterator/transform_iterator.h>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_segmented_sort.cuh>

#include "kernels/cuda/algorithms.h"
#include "kernels/cuda/launch.h"

namespace weft::cuda {
namespace {

struct RowStart {
  int64_t length;
  __host__ __device__ int64_t operator()(int64_t row) const { return row * length; }
};

template <class K>
void sort_rows_of(const K* keys, K* sorted_keys, const int32_t* numbers, int32_t* sorted_numbers, int64_t rows,
                  int64_t length, int bits) {
  weft::check(length < (int64_t{1} << 31), "sort: rows of 2^31 elements or more are not supported on a GPU");
  cudaStream_t on = stream();
  auto starts = thrust::make_transform_iterator(thrust::counting_iterator<int64_t>(0), RowStart{length});
  auto run = [&](void* scratch, size_t& nbytes) {
    if (rows == 1)
      return cub::DeviceRadixSort::SortPairs(scratch, nbytes, keys, sorted_keys, numbers, sorted_numbers, length, 0,
                                             bits, on);
    return cub::DeviceSegmentedSort::StableSortPairs(scratch, nbytes, keys, sorted_keys, numbers, sorted_numbers,
                                                     rows * length, rows, starts, starts + 1, on);
  };
  size_t nbytes = 0;
  check(run(nullptr, nbytes), "cub sort");
  DeviceScratch scratch(nbytes + 1);
  check(run(scratch.as<void>(), nbytes), "cub sort");
  check_launch();
}

}  // namespace

void sort_rows(const uint32_t* keys, uint32_t* sorted_keys, const int32_t* numbers, int32_t* sorted_numbers,
               int64_t rows, int64_t length, int bits) {
  sort_rows_of(keys, sorted_keys, numbers, sorted_numbers, rows, length, bits);
}
void sort_rows(const uint64_t* keys, uint64_t* sorted_keys, const int32_t* numbers, int32_t* sorted_numbers,
               int64_t rows, int64_t length, int bits) {
  sort_rows_of(keys, sorted_keys, numbers, sorted_numbers, rows, length, bits);
}

}  // namespace weft::cuda

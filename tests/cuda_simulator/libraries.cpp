// What NVIDIA's libraries do for the plug-in, done by the host for the simulated device. What cuDNN does its own
// kernels do.
#include <algorithm>
#include <numeric>
#include <vector>

#include "kernels/cuda/algorithms.h"
#include "kernels/cuda/launch.h"

namespace weft::cuda {

namespace {

template <class K>
struct SortCall {
  const K* keys;
  K* sorted_keys;
  const int32_t* numbers;
  int32_t* sorted_numbers;
  int64_t rows, length;
  int bits;
};

template <class K>
void sort_on_host(SortCall<K> c) {
  K mask = c.bits >= static_cast<int>(sizeof(K)) * 8 ? ~K{0} : (K{1} << c.bits) - 1;
  std::vector<int64_t> order(static_cast<size_t>(c.length));
  for (int64_t row = 0; row < c.rows; row++) {
    const K* keys = c.keys + row * c.length;
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return (keys[a] & mask) < (keys[b] & mask); });
    for (int64_t i = 0; i < c.length; i++) {
      c.sorted_keys[row * c.length + i] = keys[order[static_cast<size_t>(i)]];
      c.sorted_numbers[row * c.length + i] = c.numbers[row * c.length + order[static_cast<size_t>(i)]];
    }
  }
}

}  // namespace

void sort_rows(const uint32_t* keys, uint32_t* sorted_keys, const int32_t* numbers, int32_t* sorted_numbers,
               int64_t rows, int64_t length, int bits) {
  launch(sort_on_host<uint32_t>, Grid{dim3(1), dim3(1)},
         SortCall<uint32_t>{keys, sorted_keys, numbers, sorted_numbers, rows, length, bits});
}
void sort_rows(const uint64_t* keys, uint64_t* sorted_keys, const int32_t* numbers, int32_t* sorted_numbers,
               int64_t rows, int64_t length, int bits) {
  launch(sort_on_host<uint64_t>, Grid{dim3(1), dim3(1)},
         SortCall<uint64_t>{keys, sorted_keys, numbers, sorted_numbers, rows, length, bits});
}

}  // namespace weft::cuda

// Values that belong to one place are combined in the order of their positions, without atomics: positions are sorted
// by place (stable), cut into chunks, and each chunk combines its runs of equal places; what a run that began in an
// earlier chunk comes to is kept apart and added by the chunk in which it began. The result is the same on every run.
//
// F has: Value none(), Value load(position, column), Value join(earlier, later), void put(place, column, value).
#pragma once

#include "kernels/cuda/algorithms.h"
#include "kernels/cuda/launch.h"

namespace weft::cuda {

constexpr int kRunChunk = 64;

template <class F>
__global__ void combine_chunks(F f, const uint64_t* places, const int32_t* positions, int64_t n, int64_t width,
                               typename F::Value* heads) {
  int64_t column = static_cast<int64_t>(blockIdx.y) * blockDim.x + threadIdx.x;
  int64_t chunk = blockIdx.x, begin = chunk * kRunChunk, end = begin + kRunChunk < n ? begin + kRunChunk : n;
  if (column >= width) return;
  for (int64_t i = begin; i < end;) {
    uint64_t place = places[i];
    bool head = i == begin && begin > 0 && places[begin - 1] == place;
    typename F::Value seen = f.none();
    for (; i < end && places[i] == place; i++) seen = f.join(seen, f.load(positions[i], column));
    bool goes_on = i == end && i < n && places[i] == place;  // combine_long_runs puts it
    if (head)
      heads[chunk * width + column] = seen;
    else if (!goes_on)
      f.put(place, column, seen);
  }
}

// Runs that go on past their chunk.
template <class F>
__global__ void combine_long_runs(F f, const uint64_t* places, const int32_t* positions, int64_t n, int64_t width,
                                  const typename F::Value* heads) {
  int64_t column = static_cast<int64_t>(blockIdx.y) * blockDim.x + threadIdx.x;
  int64_t chunk = blockIdx.x, begin = chunk * kRunChunk, end = begin + kRunChunk;
  if (column >= width || end >= n) return;
  uint64_t place = places[end - 1];
  if (places[end] != place) return;
  int64_t first = end - 1;
  while (first > begin && places[first - 1] == place) first--;
  if (first == begin && begin > 0 && places[begin - 1] == place) return;  // began earlier
  typename F::Value seen = f.none();
  for (int64_t i = first; i < end; i++) seen = f.join(seen, f.load(positions[i], column));
  for (int64_t c = chunk + 1; c * kRunChunk < n && places[c * kRunChunk] == place; c++)
    seen = f.join(seen, heads[c * width + column]);
  f.put(place, column, seen);
}

__global__ void number_positions(int32_t* numbers, int64_t n);

// places[p] is where the values of position p go; places of kNowhere are left out. Places below 2^bits.
constexpr uint64_t kNowhere = ~uint64_t{0};
template <class F>
void combine_runs(const F& f, const uint64_t* places, int64_t n, int64_t width, int bits) {
  if (n == 0 || width == 0) return;
  weft::check(n < (int64_t{1} << 31), "more than 2^31 positions at once are not supported on a GPU");
  auto count = static_cast<size_t>(n);
  DeviceScratch keys(count * sizeof(uint64_t)), numbers(count * sizeof(int32_t)), order(count * sizeof(int32_t));
  launch(number_positions, grid_for(n), numbers.as<int32_t>(), n);
  sort_rows(places, keys.as<uint64_t>(), numbers.as<int32_t>(), order.as<int32_t>(), 1, n, bits);
  int64_t chunks = divide_up(n, kRunChunk);
  int threads = width >= 128 ? 128 : 32;
  DeviceScratch heads(static_cast<size_t>(chunks * width) * sizeof(typename F::Value));
  Grid grid{dim3(static_cast<unsigned>(chunks), static_cast<unsigned>(divide_up(width, threads))),
            dim3(static_cast<unsigned>(threads))};
  weft::check(divide_up(width, threads) < 65536, "rows of this many elements are not supported on a GPU");
  launch(combine_chunks<F>, grid, f, keys.as<uint64_t>(), order.as<int32_t>(), n, width, heads.as<typename F::Value>());
  if (chunks > 1)
    launch(combine_long_runs<F>, grid, f, keys.as<uint64_t>(), order.as<int32_t>(), n, width,
           heads.as<typename F::Value>());
}

}  // namespace weft::cuda

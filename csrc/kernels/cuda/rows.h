// Kernels that work on whole rows of contiguous tensors: softmax, layer norm, cross entropy. A warp has a short row, a
// block a long one; rows that fit shared memory are read from memory once and kept there as numbers of the type
// computed in. Packs of neighbours are loaded where lengths and addresses allow it.
#pragma once

#include <initializer_list>

#include "kernels/cuda/convert.h"

namespace weft::cuda {

constexpr int kRowThreads = 256;
constexpr int64_t kWarpRow = 1024;                 // longer rows get a block
constexpr int64_t kRowShared = int64_t{96} << 10;  // bytes of shared memory: two blocks share a multiprocessor

struct RowArray {
  const void* data;
  DType dtype;
};

// How rows of n elements are worked on; `kept` of their arrays are kept in shared memory if they fit.
template <class C>
struct RowCache {
  int64_t n;
  int lanes;    // threads per row
  bool shared;  // rows are kept
  bool packed;
  int kept;
  Grid grid;

  RowCache(int64_t n_, int kept_, int64_t rows, std::initializer_list<RowArray> arrays) : n(n_), kept(kept_) {
    lanes = n <= kWarpRow ? kWarp : kRowThreads;
    int64_t per_block = kRowThreads / lanes, bytes = per_block * kept * n * static_cast<int64_t>(sizeof(C));
    shared = kept > 0 && bytes <= kRowShared;
    packed = __is_same(C, float) && n % kPack == 0;
    for (const RowArray& a : arrays) packed &= is_packed(a.dtype) && is_aligned(a.data, a.dtype);
    grid.blocks = dim3(static_cast<unsigned>(std::min<int64_t>(divide_up(rows, per_block), 1 << 20)));
    grid.threads = dim3(kRowThreads);
    grid.shared = shared ? static_cast<size_t>(bytes) : 0;
  }
};

template <class C>
struct SumOf {
  static WEFT_INLINE C none() { return C(0); }
  static WEFT_INLINE C join(C a, C b) { return a + b; }
};

// The threads that share a row. All threads of a block must take part in join().
struct RowGroup {
  int lanes, lane, number;
  template <class C>
  __device__ explicit RowGroup(const RowCache<C>& c)
      : lanes(c.lanes),
        lane(static_cast<int>(threadIdx.x) % c.lanes),
        number(static_cast<int>(threadIdx.x) / c.lanes) {}
  __device__ __forceinline__ int64_t first_row() const {
    return static_cast<int64_t>(blockIdx.x) * (kRowThreads / lanes) + number;
  }
  __device__ __forceinline__ int64_t row_step() const {
    return static_cast<int64_t>(gridDim.x) * (kRowThreads / lanes);
  }
  // What all threads of the row have, the same for each of them. A warp stays together through its rows, so that only
  // rows of whole blocks need the block to wait.
  template <class J, class T>
  __device__ T join(T mine) const {
    for (int mask = kWarp / 2; mask > 0; mask /= 2) mine = J::join(mine, __shfl_xor_sync(0xffffffffu, mine, mask));
    if (lanes == kWarp) return mine;
    __shared__ T parts[kRowThreads / kWarp];
    if (lane % kWarp == 0) parts[lane / kWarp] = mine;
    __syncthreads();
    T all = parts[0];
    for (int w = 1; w < kRowThreads / kWarp; w++) all = J::join(all, parts[w]);
    __syncthreads();
    return all;
  }
};

// One row of an array, kept in shared memory where the cache says so.
template <class C>
struct RowReader {
  const void* data;
  DType dtype;
  int64_t at, n;
  int lanes, lane;
  bool packed;
  C* kept;

  __device__ RowReader(const RowCache<C>& c, const RowGroup& g, const void* array, DType t, int64_t row, int slot)
      : data(array), dtype(t), at(row * c.n), n(c.n), lanes(g.lanes), lane(g.lane), packed(c.packed), kept(nullptr) {
    if (!c.shared) return;
    WEFT_DYNAMIC_SHARED(bytes);
    kept = reinterpret_cast<C*>(bytes) + (static_cast<int64_t>(g.number) * c.kept + slot) * n;
    // Every thread later reads only what it stored itself.
    runs([&](int64_t i, int count) {
      C v[kPack];
      get(v, i, count, false);
      Pack<C> run;
      for (int k = 0; k < count; k++) run.v[k] = v[k];
      if (count == kPack)
        *reinterpret_cast<Pack<C>*>(kept + i) = run;
      else
        kept[i] = run.v[0];
    });
  }
  // f(i, element) for this thread's elements.
  template <class F>
  __device__ __forceinline__ void each(const F& f) const {
    for_each_own(f, kept != nullptr);
  }
  template <class F>
  __device__ __forceinline__ void each_with(const RowReader& other, const F& f) const {
    runs([&](int64_t i, int count) {
      C a[kPack], b[kPack];
      get(a, i, count, kept != nullptr);
      other.get(b, i, count, other.kept != nullptr);
      for (int k = 0; k < count; k++) f(i + k, a[k], b[k]);
    });
  }
  // out's row = f(i, element)
  template <class F>
  __device__ __forceinline__ void map(void* out, DType out_dtype, const F& f) const {
    runs([&](int64_t i, int count) {
      C a[kPack];
      get(a, i, count, kept != nullptr);
      for (int k = 0; k < count; k++) a[k] = f(i + k, a[k]);
      put(out, out_dtype, a, i, count);
    });
  }
  template <class F>
  __device__ __forceinline__ void map_with(const RowReader& other, void* out, DType out_dtype, const F& f) const {
    runs([&](int64_t i, int count) {
      C a[kPack], b[kPack];
      get(a, i, count, kept != nullptr);
      other.get(b, i, count, other.kept != nullptr);
      for (int k = 0; k < count; k++) a[k] = f(i + k, a[k], b[k]);
      put(out, out_dtype, a, i, count);
    });
  }

 private:
  // f(first element, elements) for this thread's runs: packs, or single elements.
  template <class F>
  __device__ __forceinline__ void runs(const F& f) const {
    if constexpr (__is_same(C, float)) {
      if (packed) {
        for (int64_t i = static_cast<int64_t>(lane) * kPack; i < n; i += static_cast<int64_t>(lanes) * kPack)
          f(i, kPack);
        return;
      }
    }
    for (int64_t i = lane; i < n; i += lanes) f(i, 1);
  }
  __device__ __forceinline__ void get(C* to, int64_t i, int count, bool from_kept) const {
    if (from_kept && count == kPack) {
      // 16 bytes at a time: single numbers, eight apart for neighbouring threads, would meet in the same banks.
      const Pack<C> run = *reinterpret_cast<const Pack<C>*>(kept + i);
      for (int k = 0; k < kPack; k++) to[k] = run.v[k];
    } else if (from_kept) {
      to[0] = kept[i];
    } else if (count == kPack) {
      if constexpr (__is_same(C, float)) load_pack(to, data, dtype, at + i);
    } else {
      to[0] = load<C>(data, dtype, at + i);
    }
  }
  __device__ __forceinline__ void put(void* out, DType out_dtype, const C* from, int64_t i, int count) const {
    if (count == kPack) {
      if constexpr (__is_same(C, float)) store_pack(out, out_dtype, at + i, from);
    } else {
      store(out, out_dtype, at + i, from[0]);
    }
  }
  template <class F>
  __device__ __forceinline__ void for_each_own(const F& f, bool from_kept) const {
    runs([&](int64_t i, int count) {
      C v[kPack];
      get(v, i, count, from_kept);
      for (int k = 0; k < count; k++) f(i + k, v[k]);
    });
  }
};

}  // namespace weft::cuda

// What attention's forward and backward kernels share. Both walk over blocks of queries and of keys, so that weights
// exist for one block at a time only (Dao et al., "FlashAttention", 2022; Dao, "FlashAttention-2", 2023). Scores are
// held transposed, scores[key][query]: neighbouring queries fill a vector, so that maxima and sums over keys need no
// sums across a vector; keys and values are multiplied where they lie, and the weights are in the order in which the
// next product reads them. Every query's numbers are the same however the queries are split.
#pragma once

#include "device/cpu/scratch.h"
#include "kernels/attention.h"
#include "kernels/cpu/elementwise_loop.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/sum_type.h"
#include "kernels/scalar/math.h"

namespace weft {
namespace WEFT_ISA {
namespace {

constexpr int64_t kKeyBlock = 128;                     // fixes the order of sums, and so the bits
constexpr int64_t kAttentionPartOperations = 1 << 18;  // multiply-adds that are worth waking a thread for

struct AttentionSizes {
  int64_t heads, queries, keys, size, value_size;  // heads: of the whole batch
  WEFT_INLINE AttentionSizes(const StridedView& q, const StridedView& v)
      : heads(q.shape[0] * q.shape[1]),
        queries(q.shape[2]),
        keys(v.shape[2]),
        size(q.shape[3]),
        value_size(v.shape[3]) {}
  WEFT_INLINE int64_t workers(int64_t operations) const {
    int64_t most = operations / kAttentionPartOperations + 1;
    return smaller(num_threads(), most);
  }
};

// The keys that some of the queries before `query_end` see.
WEFT_INLINE int64_t visible_keys(int64_t keys, int64_t query_end, bool causal) {
  return causal ? smaller(keys, query_end) : keys;
}

// Calls f(worker, unit) for all units; neighbours go to different workers. Units are numbered head by head for one part
// of the queries or keys, then for the next, because with a causal rule parts differ in work.
template <class F>
WEFT_INLINE void for_units(int64_t workers, int64_t units, const F& f) {
  parallel_for(workers, 1, [&](int64_t begin, int64_t end) {
    for (int64_t worker = begin; worker < end; worker++)
      for (int64_t unit = worker; unit < units; unit += workers) f(worker, unit);
  });
}

// Hands out aligned pieces of a block of memory; without one it only counts.
struct Pieces {
  char* start;
  size_t used = 0;
  template <class C>
  WEFT_INLINE C* take(int64_t count) {
    C* piece = reinterpret_cast<C*>(start + used);
    used += round_up(static_cast<size_t>(count) * sizeof(C));
    return piece;
  }
};

WEFT_INLINE char* row_of(const StridedView& v, int64_t head, int64_t row) {
  const int64_t batch = head / v.shape[1], own = head % v.shape[1];
  return advance(v.data, batch * v.strides[0] + own * v.strides[1] + row * v.strides[2], v.dtype);
}

// Are the rows of a head adjacent numbers of type C?
template <class C>
WEFT_INLINE bool is_plain(const StridedView& v) {
  return v.dtype == dtype_of<C> && (v.strides[3] == 1 || v.shape[3] == 1);
}
template <class C>
WEFT_INLINE int64_t copy_elements(const StridedView& v, int64_t rows) {
  return is_plain<C>(v) ? 0 : rows * v.shape[3];
}

// Rows of a head as adjacent numbers of type C: where they lie, or copied to `buffer`.
template <class C>
Matrix<const C> rows_of(C* buffer, const StridedView& v, int64_t head, int64_t first, int64_t count) {
  char* data = row_of(v, head, first);
  if (is_plain<C>(v)) return {reinterpret_cast<const C*>(data), v.strides[2], 1};
  for (int64_t i = 0; i < count; i++)
    load_run(buffer + i * v.shape[3], advance(data, i * v.strides[2], v.dtype), v.dtype, v.strides[3], v.shape[3]);
  return {buffer, v.shape[3], 1};
}

// Rows of results go where they belong, unless they were computed there.
template <class C>
void store_rows(const StridedView& v, int64_t head, int64_t first, int64_t count, const C* from) {
  char* data = row_of(v, head, first);
  if (data == reinterpret_cast<const char*>(from)) return;
  for (int64_t i = 0; i < count; i++)
    store_run(advance(data, i * v.strides[2], v.dtype), v.dtype, v.strides[3], from + i * v.shape[3], v.shape[3]);
}

// c = [base +] a b for few rows; b has adjacent elements in its rows. Spares small products what gemm() decides.
template <class C>
void multiply_rows(int64_t m, int64_t n, int64_t k, Matrix<const C> a, Matrix<const C> b, Matrix<C> c, bool add,
                   char* scratch) {
  const C* base = add ? c.data : nullptr;
  int64_t j = 0;
  for (; j + kTileColumns<C> <= n; j += kTileColumns<C>)
    panel<C, kTileVectors>(m, kTileColumns<C>, k, a, false, b.data + j, b.row, c.data + j, c.row,
                           base ? base + j : nullptr, c.row);
  if (j < n) gemm<C>({m, n - j, k, a, b.at(0, j), c.data + j, c.row, base ? base + j : nullptr, c.row}, scratch);
}

// Calls f with the number of vectors that hold so many queries.
template <class C, class F>
WEFT_INLINE void with_vectors(int64_t queries, const F& f) {
  queries <= kLanes<C> ? f(Constant<1>{}) : f(Constant<kTileVectors>{});
}

template <class C>
bool all_finite(Matrix<const C> rows, int64_t count, int64_t size) {
  Vector<C> sums{};  // x - x is 0, or NaN for what is not finite
  C sum = 0;
  for (int64_t i = 0; i < count; i++) {
    const C* row = rows.data + i * rows.row;
    int64_t e = 0;
    for (; e + kLanes<C> <= size; e += kLanes<C>) sums += load(row + e) - load(row + e);
    for (; e < size; e++) sum += row[e] - row[e];
  }
  for (int i = 0; i < kLanes<C>; i++) sum += sums[i];
  return sum == 0;
}

// Packs `count` rows side by side, times `scale`: to[e * width + i] = scale rows(i, e); beyond `count` 0.
template <class C, int Vectors>
void pack_rows(C* to, Matrix<const C> rows, int64_t count, int64_t size, C scale) {
  constexpr int kWidth = Vectors * kLanes<C>;
  pack_strip<C, kWidth>(to, rows, count, size);
  if (scale != C(1))
    for (int64_t i = 0; i < size * kWidth; i++) to[i] *= scale;
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

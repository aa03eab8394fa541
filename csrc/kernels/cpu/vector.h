// A vector register of the level this is compiled for, and what loops need that the compiler does not vectorise itself.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/inline.h"

namespace weft {
namespace WEFT_ISA {
namespace {

#if WEFT_ISA_LEVEL == 3
constexpr int kVectorBytes = 64;
#elif WEFT_ISA_LEVEL == 2
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T>
struct VectorOf;
#define WEFT_X(T, Int)                                                                        \
  template <>                                                                                 \
  struct VectorOf<T> {                                                                        \
    typedef T type __attribute__((vector_size(kVectorBytes), aligned(sizeof(T)), may_alias)); \
    typedef Int index __attribute__((vector_size(kVectorBytes)));                             \
    typedef Int index_element;                                                                \
  }
WEFT_X(float, int32_t);
WEFT_X(double, int64_t);
WEFT_X(int32_t, int32_t);
WEFT_X(int64_t, int64_t);
#undef WEFT_X
template <>
struct VectorOf<uint32_t> : VectorOf<int32_t> {
  typedef uint32_t type __attribute__((vector_size(kVectorBytes), aligned(sizeof(uint32_t)), may_alias));
};
template <>
struct VectorOf<uint64_t> : VectorOf<int64_t> {
  typedef uint64_t type __attribute__((vector_size(kVectorBytes), aligned(sizeof(uint64_t)), may_alias));
};
template <class T>
using Vector = typename VectorOf<T>::type;

template <class T>
constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));
template <class T>
WEFT_INLINE Vector<T> load(const T* p) {
  return *reinterpret_cast<const Vector<T>*>(p);
}
template <class T>
WEFT_INLINE void store(T* p, Vector<T> v) {
  *reinterpret_cast<Vector<T>*>(p) = v;
}

WEFT_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
WEFT_INLINE int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// One number, or as many as a vector holds.
template <class V, class T>
WEFT_INLINE V numbers_at(const T* p) {
  if constexpr (__is_same(V, T))
    return *p;
  else
    return load(p);
}

// Copies n elements past the caches: for results so large that they would be pushed out before anybody reads them.
// Saves reading the lines that are overwritten. stream_end() comes after the last copy.
template <class T>
WEFT_INLINE void stream(T* to, const T* from, int64_t n) {
#if defined(__AVX512F__) || defined(__AVX__)
  int64_t i = 0;
  for (; i < n && reinterpret_cast<uintptr_t>(to + i) % kVectorBytes; i++) to[i] = from[i];
  for (; i + kLanes<T> <= n; i += kLanes<T>) {
    Vector<T> v = load(from + i);
#if WEFT_ISA_LEVEL == 3
    __builtin_ia32_movntps512(reinterpret_cast<float*>(to + i),
                              reinterpret_cast<__attribute__((vector_size(64))) float>(v));
#else
    __builtin_ia32_movntps256(reinterpret_cast<float*>(to + i),
                              reinterpret_cast<__attribute__((vector_size(32))) float>(v));
#endif
  }
  for (; i < n; i++) to[i] = from[i];
#else
  __builtin_memcpy(to, from, static_cast<size_t>(n) * sizeof(T));
#endif
}
WEFT_INLINE void stream_end() {
#ifdef __AVX__
  __builtin_ia32_sfence();
#endif
}

// Where the elements of two rows come from when their off-diagonal squares of 1, 2, 4, ... are swapped. A table,
// because the compiler does not see that vectors put together in a loop are constants.
template <class T>
struct TransposeTable {
  static constexpr int kLevels = 4;
  using Index = typename VectorOf<T>::index_element;
  alignas(kVectorBytes) Index low[kLevels][kLanes<T>], high[kLevels][kLanes<T>];
  constexpr TransposeTable() : low(), high() {
    for (int level = 0, step = 1; level < kLevels; level++, step *= 2)
      for (int l = 0; l < kLanes<T>; l++) {
        low[level][l] = (l & step) ? kLanes<T> + l - step : l;
        high[level][l] = (l & step) ? kLanes<T> + l : l + step;
      }
  }
};
template <class T>
constexpr TransposeTable<T> kTransposeTable{};

// Transposes a block of kLanes x kLanes held in registers: swaps ever larger off-diagonal squares.
template <class T>
WEFT_INLINE void transpose_block(Vector<T> (&r)[kLanes<T>]) {
  constexpr int lanes = kLanes<T>;
#pragma GCC unroll 4
  for (int level = 0; level < 4; level++) {
    const int step = 1 << level;
    if (step >= lanes) break;
    const auto low = load(kTransposeTable<T>.low[level]), high = load(kTransposeTable<T>.high[level]);
#pragma GCC unroll 16
    for (int i = 0; i < lanes; i++) {
      if (i & step) continue;
      Vector<T> a = r[i], b = r[i + step];
      r[i] = __builtin_shuffle(a, b, low);
      r[i + step] = __builtin_shuffle(a, b, high);
    }
  }
}

// Blocks of transpose_strip(). Whole: there are Count rows. Without its conditions the loads are plain ones.
template <bool Whole, class T, int Count>
WEFT_INLINE int64_t transpose_blocks(T* to, int64_t stride, const T* from, int64_t from_stride, int64_t rows,
                                     int64_t length) {
  constexpr int lanes = kLanes<T>;
  int64_t j = 0;
  for (; j + lanes <= length; j += lanes) {
    Vector<T> r[lanes];
#pragma GCC unroll 16
    for (int i = 0; i < lanes; i++)
      r[i] = i < Count && (Whole || i < rows) ? load(from + i * from_stride + j) : Vector<T>{};
    transpose_block<T>(r);
    // What a whole vector writes too much, the next one writes over.
    const bool over = Count < lanes && stride == Count && (j + lanes - 1) * Count + lanes <= length * Count;
#pragma GCC unroll 16
    for (int i = 0; i < lanes; i++) {
      T* row = to + (j + i) * stride;
      if (over)
        store(row, r[i]);
      else
        __builtin_memcpy(row, &r[i], Count * sizeof(T));
    }
  }
  return j;
}

// to[j * stride + i] = from[i * from_stride + j] for Count rows i (0 where i >= rows) and `length` columns j.
template <class T, int Count>
WEFT_INLINE void transpose_strip(T* to, int64_t stride, const T* from, int64_t from_stride, int64_t rows,
                                 int64_t length) {
  int64_t j = rows >= Count ? transpose_blocks<true, T, Count>(to, stride, from, from_stride, rows, length)
                            : transpose_blocks<false, T, Count>(to, stride, from, from_stride, rows, length);
  for (; j < length; j++)
    for (int i = 0; i < Count; i++) to[j * stride + i] = i < rows ? from[i * from_stride + j] : T(0);
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

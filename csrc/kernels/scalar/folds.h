// What reductions do with one element more, and with what two parts of the elements came to. Each works on numbers and
// on the compiler's vectors of them.
#pragma once

#include <stdint.h>

#include "core/inline.h"

#if defined(__GNUC__) && !defined(__CUDACC__)
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

namespace weft::scalar {

// init: what changes nothing. step(seen, x): a block's element, as a number or lanes of them. join: two of what step
// made.
struct SumFold {
  template <class T>
  static WEFT_INLINE T init() {
    return T(0);
  }
  template <class V>
  static WEFT_INLINE V step(V seen, V x) {
    return seen + x;
  }
  template <class V>
  static WEFT_INLINE V join(V a, V b) {
    return a + b;
  }
};
struct NanSumFold : SumFold {
  template <class V>
  static WEFT_INLINE V step(V seen, V x) {
    return seen + (x == x ? x : V{});
  }
};
struct SumAbsFold : SumFold {
  template <class V>
  static WEFT_INLINE V step(V seen, V x) {
    return seen + (x < V{} ? -x : x);
  }
};
struct SumSquareFold : SumFold {
  template <class V>
  static WEFT_INLINE V step(V seen, V x) {
    return seen + x * x;
  }
};
struct CountFold : SumFold {
  template <class V>
  static WEFT_INLINE V step(V seen, V x) {
    return x != V{} ? seen + 1 : seen;
  }
};
struct ProdFold {
  template <class T>
  static WEFT_INLINE T init() {
    return T(1);
  }
  template <class V>
  static WEFT_INLINE V step(V seen, V x) {
    return seen * x;
  }
  template <class V>
  static WEFT_INLINE V join(V a, V b) {
    return a * b;
  }
};

template <class T>
WEFT_INLINE T lowest() {
  if constexpr (__is_same(T, int64_t))
    return INT64_MIN;
  else if constexpr (__is_same(T, uint64_t))
    return 0;
  else
    return -static_cast<T>(__builtin_inf());
}
template <class T>
WEFT_INLINE T highest() {
  if constexpr (__is_same(T, int64_t))
    return INT64_MAX;
  else if constexpr (__is_same(T, uint64_t))
    return UINT64_MAX;
  else
    return static_cast<T>(__builtin_inf());
}
// NaN wins over everything.
struct MaxFold {
  template <class T>
  static WEFT_INLINE T init() {
    return lowest<T>();
  }
  template <class V>
  static WEFT_INLINE V step(V seen, V x) {
    return (seen >= x) | (seen != seen) ? seen : x;
  }
  template <class V>
  static WEFT_INLINE V join(V a, V b) {
    return MaxFold::step(a, b);
  }
};
struct MinFold {
  template <class T>
  static WEFT_INLINE T init() {
    return highest<T>();
  }
  template <class V>
  static WEFT_INLINE V step(V seen, V x) {
    return (seen <= x) | (seen != seen) ? seen : x;
  }
  template <class V>
  static WEFT_INLINE V join(V a, V b) {
    return MinFold::step(a, b);
  }
};
template <class F>
struct AbsOf : F {
  template <class V>
  static WEFT_INLINE V step(V seen, V x) {
    return F::step(seen, x < V{} ? -x : x);
  }
};
struct AnyFold {
  template <class T>
  static WEFT_INLINE T init() {
    return T(0);
  }
  template <class V>
  static WEFT_INLINE V step(V seen, V x) {
    return x != V{} ? V{} + 1 : seen;
  }
  template <class V>
  static WEFT_INLINE V join(V a, V b) {
    return AnyFold::step(a, b);
  }
};
struct AllFold {
  template <class T>
  static WEFT_INLINE T init() {
    return T(1);
  }
  template <class V>
  static WEFT_INLINE V step(V seen, V x) {
    return x == V{} ? V{} : seen;
  }
  template <class V>
  static WEFT_INLINE V join(V a, V b) {
    return AllFold::step(a, b);
  }
};

}  // namespace weft::scalar

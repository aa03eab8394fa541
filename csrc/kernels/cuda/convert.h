// Loads and stores of single elements and of short runs, with conversion between dtypes in registers.
#pragma once

#include "kernels/cuda/launch.h"
#include "kernels/cuda/pack.h"
#include "kernels/scalar/convert.h"

namespace weft::cuda {

using scalar::convert;

template <class To>
WEFT_INLINE To load(const void* p, DType dtype, int64_t i) {
  switch (dtype) {
#define WEFT_X(T, name) \
  case DType::name:     \
    return convert<To>(static_cast<const T*>(p)[i]);
    WEFT_DTYPES(WEFT_X)
#undef WEFT_X
  }
  return To{};
}
template <class From>
WEFT_INLINE void store(void* p, DType dtype, int64_t i, From v) {
  switch (dtype) {
#define WEFT_X(T, name)                    \
  case DType::name:                        \
    static_cast<T*>(p)[i] = convert<T>(v); \
    return;
    WEFT_DTYPES(WEFT_X)
#undef WEFT_X
  }
}

// Only the dtypes that large tensors are computed with: what else there is goes one by one.
#define WEFT_PACKED_DTYPES(X) \
  X(BoolByte, Bool)           \
  X(Float16, Float16)         \
  X(BFloat16, BFloat16)       \
  X(float, Float32)
inline bool is_packed(DType t) {
  return t == DType::Bool || t == DType::Float16 || t == DType::BFloat16 || t == DType::Float32;
}

template <class To>
WEFT_INLINE void load_pack(To* out, const void* p, DType dtype, int64_t i) {
  switch (dtype) {
#define WEFT_X(T, name)                                                                  \
  case DType::name: {                                                                    \
    const Pack<T> run = *reinterpret_cast<const Pack<T>*>(static_cast<const T*>(p) + i); \
    _Pragma("unroll") for (int k = 0; k < kPack; k++) out[k] = convert<To>(run.v[k]);    \
    return;                                                                              \
  }
    WEFT_PACKED_DTYPES(WEFT_X)
#undef WEFT_X
    default:
      return;
  }
}
template <class From>
WEFT_INLINE void store_pack(void* p, DType dtype, int64_t i, const From* in) {
  switch (dtype) {
#define WEFT_X(T, name)                                                             \
  case DType::name: {                                                               \
    Pack<T> run;                                                                    \
    _Pragma("unroll") for (int k = 0; k < kPack; k++) run.v[k] = convert<T>(in[k]); \
    *reinterpret_cast<Pack<T>*>(static_cast<T*>(p) + i) = run;                      \
    return;                                                                         \
  }
    WEFT_PACKED_DTYPES(WEFT_X)
#undef WEFT_X
    default:
      return;
  }
}

inline bool is_aligned(const void* p, DType dtype) {
  size_t run = item_size(dtype) * kPack;
  return reinterpret_cast<uintptr_t>(p) % (run < 16 ? run : 16) == 0;
}

WEFT_INLINE char* advance(void* p, int64_t elements, DType dtype) {
  return static_cast<char*>(p) + elements * static_cast<int64_t>(item_size(dtype));
}

}  // namespace weft::cuda

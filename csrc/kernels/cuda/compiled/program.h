// The words in which tile_source.cpp writes kernels.
#pragma once

#include "kernels/cuda/compiled/builtins.h"
#include "kernels/cuda/divisor.h"
#include "kernels/cuda/pack.h"
#include "kernels/scalar/binary.h"
#include "kernels/scalar/convert.h"

namespace weft::cuda {

using scalar::convert, scalar::Params;

// The entry of a list with number i.
template <class List, int i>
struct EntryOf;
template <class First, class... Rest, int i>
struct EntryOf<scalar::EntryList<First, Rest...>, i> : EntryOf<scalar::EntryList<Rest...>, i - 1> {};
template <class First, class... Rest>
struct EntryOf<scalar::EntryList<First, Rest...>, 0> {
  using type = First;
};
template <int i>
using Unary = typename EntryOf<scalar::UnaryList, i>::type;
template <int i>
using Binary = typename EntryOf<scalar::BinaryList, i>::type;

template <class T>
WEFT_INLINE const T* input(const void* p, int64_t at) {
  return static_cast<const T*>(p) + at;
}
template <class T>
WEFT_INLINE T* output(void* p, int64_t at) {
  return static_cast<T*>(p) + at;
}

}  // namespace weft::cuda

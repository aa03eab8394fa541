// SumOf<T>: the type that products of T are summed in, and conversions to and from it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/scalar/convert.h"

namespace weft {
namespace WEFT_ISA {
namespace {

template <class T>
struct SumOf {
  using type = int32_t;
};
template <>
struct SumOf<int64_t> {
  using type = int64_t;
};
template <class T>
  requires(is_floating(dtype_of<T>))
struct SumOf<T> {
  using type = scalar::Wide<T>;
};

using scalar::convert;

WEFT_INLINE size_t round_up(size_t bytes) { return (bytes + 63) & ~static_cast<size_t>(63); }

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

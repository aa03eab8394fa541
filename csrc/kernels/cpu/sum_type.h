// SumOf<T>: the type that products of T are summed in, and conversions to and from it. That of integers is unsigned:
// a user's integers wrap around, which signed ones need not.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/cpu/vector.h"
#include "kernels/scalar/convert.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// The integers of as many bits without a sign, of the types that are as wide as what they are summed in; else T.
template <class T>
struct UnsignedOf {
  using type = T;
};
template <>
struct UnsignedOf<int32_t> {
  using type = uint32_t;
};
template <>
struct UnsignedOf<int64_t> {
  using type = uint64_t;
};

template <class T>
struct SumOf {
  using type = uint32_t;
};
template <>
struct SumOf<uint32_t> {
  using type = uint32_t;
};
template <>
struct SumOf<uint64_t> {
  using type = uint64_t;
};
template <>
struct SumOf<int64_t> {
  using type = uint64_t;
};
template <class T>
  requires(is_real_floating(dtype_of<T>))
struct SumOf<T> {
  using type = scalar::Wide<T>;
};

using scalar::convert;

WEFT_INLINE size_t round_up(size_t bytes) { return (bytes + 63) & ~static_cast<size_t>(63); }

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

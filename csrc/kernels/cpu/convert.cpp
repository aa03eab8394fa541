#include "kernels/cpu/convert.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// Only runs side by side have a loop for each pair of dtypes; elements that lie apart are gathered and scattered by
// their size, through a buffer.
constexpr int64_t kBuffer = 512;

template <size_t size>
__attribute__((noinline)) void gather(void* __restrict out, const void* __restrict in, int64_t stride, int64_t n) {
  char* to = static_cast<char*>(out);
  const char* from = static_cast<const char*>(in);
  constexpr int64_t step = size;
#pragma GCC unroll 8
  for (int64_t i = 0; i < n; i++) __builtin_memcpy(to + i * step, from + i * stride * step, size);
}
template <size_t size>
__attribute__((noinline)) void scatter(void* __restrict out, int64_t stride, const void* __restrict in, int64_t n) {
  char* to = static_cast<char*>(out);
  const char* from = static_cast<const char*>(in);
  constexpr int64_t step = size;
#pragma GCC unroll 8
  for (int64_t i = 0; i < n; i++) __builtin_memcpy(to + i * stride * step, from + i * step, size);
}
template <class T>
__attribute__((noinline)) void fill(T* out, T v, int64_t n) {
#pragma GCC unroll 4
  for (int64_t i = 0; i < n; i++) out[i] = v;
}

// The types whose loop gives the same bits: integers wrap, so that the sign of the target never matters, and that of
// the source only where it is extended. Floats go to small integers through int64.
template <class T>
constexpr bool is_integer =
    __is_same(T, int8_t) || __is_same(T, int16_t) || __is_same(T, int32_t) || __is_same(T, int64_t) ||
    __is_same(T, uint8_t) || __is_same(T, uint16_t) || __is_same(T, uint32_t) || __is_same(T, uint64_t);
template <class T, bool change>
struct UnsignedIf {
  using type = T;
};
#define WEFT_X(size)                       \
  template <>                              \
  struct UnsignedIf<int##size##_t, true> { \
    using type = uint##size##_t;           \
  };
WEFT_X(8)
WEFT_X(16)
WEFT_X(32)
WEFT_X(64)
#undef WEFT_X
template <class To, class From>
struct Pair {
  static constexpr bool integers = is_integer<To> && is_integer<From>;
  using to = typename UnsignedIf<To, is_integer<To> && (is_integer<From> || sizeof(To) < 4)>::type;
  using from = typename UnsignedIf<From, integers && sizeof(To) <= sizeof(From)>::type;
};

template <class To, class From>
__attribute__((noinline)) void convert_loop(To* __restrict out, const From* __restrict in, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = convert<To>(in[i]);
}

template <class To, class From>
WEFT_INLINE void convert_neighbours(To* out, const From* in, int64_t n) {
  using P = Pair<To, From>;
  if constexpr (__is_same(typename P::to, typename P::from))
    __builtin_memcpy(out, in, static_cast<size_t>(n) * sizeof(To));
  else
    convert_loop(reinterpret_cast<typename P::to*>(out), reinterpret_cast<const typename P::from*>(in), n);
}

template <class To>
WEFT_INLINE void load(To* out, const void* source, DType from, int64_t stride, int64_t n) {
  visit_dtype(from, [&](auto tag) {
    using From = typename decltype(tag)::type;
    const From* in = static_cast<const From*>(source);
    if (stride == 1) return convert_neighbours(out, in, n);
    if (stride == 0) {
      if (n > 0) fill(out, convert<To>(in[0]), n);
      return;
    }
    if constexpr (__is_same(To, From)) {
      gather<sizeof(To)>(out, in, stride, n);
    } else {
      From buffer[kBuffer];
      for (int64_t i = 0; i < n; i += kBuffer) {
        const int64_t m = n - i < kBuffer ? n - i : kBuffer;
        gather<sizeof(From)>(buffer, in + i * stride, stride, m);
        convert_neighbours(out + i, buffer, m);
      }
    }
  });
}

template <class From>
WEFT_INLINE void store(void* target, DType to, int64_t stride, const From* in, int64_t n) {
  visit_dtype(to, [&](auto tag) {
    using To = typename decltype(tag)::type;
    To* out = static_cast<To*>(target);
    if (stride == 1) return convert_neighbours(out, in, n);
    if constexpr (__is_same(To, From)) {
      scatter<sizeof(To)>(out, stride, in, n);
    } else {
      To buffer[kBuffer];
      for (int64_t i = 0; i < n; i += kBuffer) {
        const int64_t m = n - i < kBuffer ? n - i : kBuffer;
        convert_neighbours(buffer, in + i, m);
        scatter<sizeof(To)>(out + i * stride, stride, buffer, m);
      }
    }
  });
}

}  // namespace

#define WEFT_X(T, name) \
  void load_run(T* out, const void* in, DType from, int64_t stride, int64_t n) { load(out, in, from, stride, n); }
WEFT_DTYPES(WEFT_X)
#undef WEFT_X

#define WEFT_X(T) \
  void store_run(void* out, DType to, int64_t stride, const T* in, int64_t n) { store(out, to, stride, in, n); }
WEFT_RESULT_TYPES(WEFT_X)
#undef WEFT_X

void load_run(void* out, DType to, const void* in, DType from, int64_t stride, int64_t n) {
  visit_dtype(to, [&](auto tag) { load_run(static_cast<typename decltype(tag)::type*>(out), in, from, stride, n); });
}

void scatter_run(void* out, int64_t stride, const void* in, int64_t n, size_t item) {
  switch (item) {
    case 1:
      return scatter<1>(out, stride, in, n);
    case 2:
      return scatter<2>(out, stride, in, n);
    case 4:
      return scatter<4>(out, stride, in, n);
    case 8:
      return scatter<8>(out, stride, in, n);
    default:
      return scatter<16>(out, stride, in, n);
  }
}

}  // namespace WEFT_ISA
}  // namespace weft

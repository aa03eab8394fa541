#include "kernels/cpu/convert.h"

namespace weft {
namespace WEFT_ISA {
namespace {

// Only runs side by side have a loop for each pair of dtypes; elements that lie apart are gathered and scattered by
// their size, through a buffer. Floats of 16 and 8 bits have loops with float alone, through which convert() takes
// them.
constexpr int64_t kBuffer = 512;

using Loop = void (*)(void* out, const void* in, int64_t n);

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
template <size_t size>
void fill(void* __restrict out, const void* __restrict one, int64_t n) {
  char* to = static_cast<char*>(out);
  constexpr int64_t step = size;
#pragma GCC unroll 4
  for (int64_t i = 0; i < n; i++) __builtin_memcpy(to + i * step, one, size);
}

template <size_t size>
struct SizeTag {
  static constexpr size_t value = size;
};
template <class Call>
WEFT_INLINE void with_size(size_t item, const Call& call) {
  switch (item) {
    case 1:
      return call(SizeTag<1>{});
    case 2:
      return call(SizeTag<2>{});
    case 4:
      return call(SizeTag<4>{});
    case 8:
      return call(SizeTag<8>{});
    default:
      return call(SizeTag<16>{});
  }
}

// The types whose loop gives the same bits: integers wrap, so that the sign of the target never matters, and that of
// the source only where it is extended. Floats go to small integers through int64.
template <class T>
constexpr bool is_integer =
    __is_same(T, int8_t) || __is_same(T, int16_t) || __is_same(T, int32_t) || __is_same(T, int64_t) ||
    __is_same(T, uint8_t) || __is_same(T, uint16_t) || __is_same(T, uint32_t) || __is_same(T, uint64_t);
template <class T>
constexpr bool is_small_float =
    __is_same(T, Float16) || __is_same(T, BFloat16) || __is_same(T, Float8E4M3) || __is_same(T, Float8E5M2);
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
void convert_loop(void* __restrict out, const void* __restrict in, int64_t n) {
  auto* to = static_cast<To*>(out);
  const auto* from = static_cast<const From*>(in);
  for (int64_t i = 0; i < n; i++) to[i] = convert<To>(from[i]);
}
template <size_t size>
void copy_loop(void* __restrict out, const void* __restrict in, int64_t n) {
  __builtin_memcpy(out, in, static_cast<size_t>(n) * size);
}

// nullptr: through float.
template <class To, class From>
constexpr Loop loop_of() {
  using P = Pair<To, From>;
  if constexpr (__is_same(typename P::to, typename P::from))
    return &copy_loop<sizeof(To)>;
  else if constexpr ((is_small_float<To> && !__is_same(From, float)) || (is_small_float<From> && !__is_same(To, float)))
    return nullptr;
  else
    return &convert_loop<typename P::to, typename P::from>;
}

struct Loops {
  Loop of[kNumDTypes][kNumDTypes];  // by target and source
};
template <class To>
constexpr void set_loops(Loops& loops) {
#define WEFT_X(From, name) \
  loops.of[static_cast<int>(dtype_of<To>)][static_cast<int>(DType::name)] = loop_of<To, From>();
  WEFT_DTYPES(WEFT_X)
#undef WEFT_X
}
constexpr Loops make_loops() {
  Loops loops{};
#define WEFT_X(To, name) set_loops<To>(loops);
  WEFT_DTYPES(WEFT_X)
#undef WEFT_X
  return loops;
}
constexpr Loops kLoops = make_loops();

// Any two dtypes, side by side.
void convert_run(void* out, DType to, const void* in, DType from, int64_t n) {
  auto loop = [](DType t, DType f) { return kLoops.of[static_cast<int>(t)][static_cast<int>(f)]; };
  if (const Loop direct = loop(to, from)) return direct(out, in, n);
  float buffer[kBuffer];
  for (int64_t i = 0; i < n; i += kBuffer) {
    const int64_t m = n - i < kBuffer ? n - i : kBuffer;
    loop(DType::Float32, from)(buffer, advance(in, i, from), m);
    loop(to, DType::Float32)(advance(out, i, to), buffer, m);
  }
}

}  // namespace

void load_run(void* out, DType to, const void* in, DType from, int64_t stride, int64_t n) {
  if (stride == 1) return convert_run(out, to, in, from, n);
  if (n <= 0) return;
  alignas(16) char buffer[kBuffer * 16];
  if (stride == 0) {
    convert_run(buffer, to, in, from, 1);
    return with_size(item_size(to), [&](auto size) { fill<size.value>(out, buffer, n); });
  }
  with_size(item_size(from), [&](auto size) {
    if (to == from) return gather<size.value>(out, in, stride, n);
    for (int64_t i = 0; i < n; i += kBuffer) {
      const int64_t m = n - i < kBuffer ? n - i : kBuffer;
      gather<size.value>(buffer, advance(in, i * stride, from), stride, m);
      convert_run(advance(out, i, to), to, buffer, from, m);
    }
  });
}

void store_run(void* out, DType to, int64_t stride, const void* in, DType from, int64_t n) {
  if (stride == 1) return convert_run(out, to, in, from, n);
  if (to == from) return scatter_run(out, stride, in, n, item_size(to));
  alignas(16) char buffer[kBuffer * 16];
  for (int64_t i = 0; i < n; i += kBuffer) {
    const int64_t m = n - i < kBuffer ? n - i : kBuffer;
    convert_run(buffer, to, advance(in, i, from), from, m);
    scatter_run(advance(out, i * stride, to), stride, buffer, m, item_size(to));
  }
}

void scatter_run(void* out, int64_t stride, const void* in, int64_t n, size_t item) {
  with_size(item, [&](auto size) { scatter<size.value>(out, stride, in, n); });
}

}  // namespace WEFT_ISA
}  // namespace weft

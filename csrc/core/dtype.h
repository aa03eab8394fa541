// DType: the element types a tensor can have, their properties and PyTorch's promotion rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "core/half.h"

namespace weft {

// The order within a category is the promotion order.
enum class DType : uint8_t { Bool, UInt8, Int8, Int16, Int32, Int64, Float16, BFloat16, Float32, Float64 };
constexpr int kNumDTypes = 10;

constexpr size_t item_size(DType t) {
  constexpr uint8_t sizes[kNumDTypes] = {1, 1, 1, 2, 4, 8, 2, 2, 4, 8};
  return sizes[static_cast<int>(t)];
}

// A real number that is rounded: ordered but for NaN, with infinities.
constexpr bool is_real_floating(DType t) { return t >= DType::Float16 && t <= DType::Float64; }
constexpr bool is_complex(DType) { return false; }
constexpr bool is_integral(DType t) { return t >= DType::UInt8 && t <= DType::Int64; }
constexpr bool is_signed(DType t) { return t >= DType::Int8; }
// May a tensor of the dtype require grad?
constexpr bool is_differentiable(DType t) { return is_real_floating(t) || is_complex(t); }

// What a dtype can represent, least first: each category holds the values of those before it, up to rounding.
enum class DTypeCategory : uint8_t { Bool, Integer, Floating, Complex };
constexpr DTypeCategory category(DType t) {
  if (t == DType::Bool) return DTypeCategory::Bool;
  if (is_integral(t)) return DTypeCategory::Integer;
  return is_complex(t) ? DTypeCategory::Complex : DTypeCategory::Floating;
}
// May a result of dtype `from` be stored in a tensor of dtype `to`? Numbers may be rounded, but not lose their
// fractions, nor become truths.
constexpr bool can_cast(DType from, DType to) { return category(from) <= category(to); }

// The type elementwise kernels compute in: float32 for the half types, int64 for integers and bool.
constexpr DType compute_type(DType t) {
  if (!is_real_floating(t)) return DType::Int64;
  return t == DType::Float64 ? DType::Float64 : DType::Float32;
}
// The type reductions and scans accumulate elements in, where a total outgrows them.
constexpr DType accumulate_type(DType t) { return is_real_floating(t) ? DType::Float64 : DType::Int64; }

// "float32", "int64", ...
const char* dtype_name(DType t);
void append_text(std::string& out, DType t);

// The type of the result of mixing two tensors' types of the same category rank (see ops/promotion.h for scalars).
DType promote(DType a, DType b);

// An element of a bool tensor. Its memory may come from elsewhere (a view of other bytes, a file, NumPy), so that any
// byte but 0 is true; a C++ bool could not be read from it.
struct BoolByte {
  uint8_t byte;
  BoolByte() = default;
  WEFT_INLINE constexpr BoolByte(bool v) : byte(v) {}
  WEFT_INLINE constexpr operator bool() const { return byte != 0; }
};

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::Bool;
};
#define WEFT_DTYPES(X)  \
  X(BoolByte, Bool)     \
  X(uint8_t, UInt8)     \
  X(int8_t, Int8)       \
  X(int16_t, Int16)     \
  X(int32_t, Int32)     \
  X(int64_t, Int64)     \
  X(Float16, Float16)   \
  X(BFloat16, BFloat16) \
  X(float, Float32)     \
  X(double, Float64)
#define WEFT_X(T, name)                         \
  template <>                                   \
  struct DTypeOf<T> {                           \
    static constexpr DType value = DType::name; \
  };
WEFT_DTYPES(WEFT_X)
#undef WEFT_X
template <class T>
constexpr DType dtype_of = DTypeOf<T>::value;

template <class T>
struct TypeTag {
  using type = T;
};

// Calls f(TypeTag<T>{}) with the C++ type that holds elements of t.
template <class F>
WEFT_INLINE decltype(auto) visit_dtype(DType t, F&& f) {
  switch (t) {
#define WEFT_X(T, name) \
  case DType::name:     \
    return f(TypeTag<T>{});
    WEFT_DTYPES(WEFT_X)
#undef WEFT_X
  }
  __builtin_unreachable();
}

}  // namespace weft

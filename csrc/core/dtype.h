// DType: the element types a tensor can have, their properties and PyTorch's promotion rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "core/complex.h"
#include "core/float8.h"
#include "core/half.h"

namespace weft {

// The order within a category is the promotion order.
enum class DType : uint8_t {
  Bool,
  UInt8,
  UInt16,
  UInt32,
  UInt64,
  Int8,
  Int16,
  Int32,
  Int64,
  Float8E4M3,
  Float8E5M2,
  Float16,
  BFloat16,
  Float32,
  Float64,
  Complex64,
  Complex128
};
constexpr int kNumDTypes = 17;

constexpr size_t item_size(DType t) {
  constexpr uint8_t sizes[kNumDTypes] = {1, 1, 2, 4, 8, 1, 2, 4, 8, 1, 1, 2, 2, 4, 8, 8, 16};
  return sizes[static_cast<int>(t)];
}

// A real number that is rounded, and that kernels compute with: ordered but for NaN, with infinities.
constexpr bool is_real_floating(DType t) { return t >= DType::Float16 && t <= DType::Float64; }
// A floating point number that is stored and converted only.
constexpr bool is_float8(DType t) { return t == DType::Float8E4M3 || t == DType::Float8E5M2; }
constexpr bool is_complex(DType t) { return t >= DType::Complex64; }
// A number that is rounded and that kernels compute with.
constexpr bool is_inexact(DType t) { return t >= DType::Float16; }
constexpr bool is_integral(DType t) { return t >= DType::UInt8 && t <= DType::Int64; }
constexpr bool is_signed(DType t) { return t >= DType::Int8; }
// May a tensor of the dtype require grad?
constexpr bool is_differentiable(DType t) { return t >= DType::Float8E4M3; }
// Is every op defined for the dtype? The others are stored, moved, converted and compared (Op::takes_any_dtype);
// complex numbers are also what Traits::complex says.
constexpr bool has_arithmetic(DType t) { return !is_float8(t) && !is_complex(t); }

// What a dtype can represent, least first: each category holds the values of those before it, up to rounding.
enum class DTypeCategory : uint8_t { Bool, Integer, Floating, Complex };
constexpr DTypeCategory category(DType t) {
  if (t == DType::Bool) return DTypeCategory::Bool;
  if (is_integral(t)) return DTypeCategory::Integer;
  return is_complex(t) ? DTypeCategory::Complex : DTypeCategory::Floating;
}
// May a result of dtype `from` be stored in a tensor of dtype `to`? Numbers may be rounded, but not lose their
// fractions or imaginary parts, nor become truths.
constexpr bool can_cast(DType from, DType to) { return category(from) <= category(to); }

// The type elementwise kernels compute in: float32 for the shorter floating point types, int64 for integers that it
// holds, and bool.
constexpr DType compute_type(DType t) {
  if (t == DType::Float64 || t == DType::UInt64 || is_complex(t)) return t;
  return category(t) == DTypeCategory::Floating ? DType::Float32 : DType::Int64;
}
// The type reductions and scans accumulate elements in, where a total outgrows them.
constexpr DType accumulate_type(DType t) {
  if (is_complex(t)) return DType::Complex128;
  return category(t) == DTypeCategory::Floating ? DType::Float64 : DType::Int64;
}

// The dtype of the parts of a complex one; another dtype itself.
constexpr DType to_real(DType t) {
  return t == DType::Complex64 ? DType::Float32 : t == DType::Complex128 ? DType::Float64 : t;
}
// The complex dtype whose parts hold a floating point one; a complex one itself.
constexpr DType to_complex(DType t) {
  return t == DType::Float64 || t == DType::Complex128 ? DType::Complex128 : DType::Complex64;
}

// "float32", "int64", ...
const char* dtype_name(DType t);
void append_text(std::string& out, DType t);

// The type of the result of mixing two tensors' types of the same category rank (see ops/promotion.h for scalars).
// Raises an error where PyTorch has none: for float8, and for uint16, uint32 and uint64 with other integers, bool or
// complex numbers.
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
// Of dtypes that kernels compute with.
#define WEFT_REAL_DTYPES(X) \
  X(BoolByte, Bool)         \
  X(uint8_t, UInt8)         \
  X(uint16_t, UInt16)       \
  X(uint32_t, UInt32)       \
  X(uint64_t, UInt64)       \
  X(int8_t, Int8)           \
  X(int16_t, Int16)         \
  X(int32_t, Int32)         \
  X(int64_t, Int64)         \
  X(Float16, Float16)       \
  X(BFloat16, BFloat16)     \
  X(float, Float32)         \
  X(double, Float64)
#define WEFT_DTYPES(X)      \
  WEFT_REAL_DTYPES(X)       \
  X(Float8E4M3, Float8E4M3) \
  X(Float8E5M2, Float8E5M2) \
  X(Complex64, Complex64)   \
  X(Complex128, Complex128)
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

// The same of a dtype that has_arithmetic(): apply() has refused others.
template <class F>
WEFT_INLINE decltype(auto) visit_real_dtype(DType t, F&& f) {
  switch (t) {
#define WEFT_X(T, name) \
  case DType::name:     \
    return f(TypeTag<T>{});
    WEFT_REAL_DTYPES(WEFT_X)
#undef WEFT_X
    default:
      __builtin_trap();
  }
}

}  // namespace weft

#include "core/dtype.h"

#include "core/error.h"

namespace weft {

const char* dtype_name(DType t) {
  constexpr const char* names[kNumDTypes] = {
      "bool",          "uint8",       "uint16",  "uint32",   "uint64",  "int8",    "int16",     "int32",     "int64",
      "float8_e4m3fn", "float8_e5m2", "float16", "bfloat16", "float32", "float64", "complex64", "complex128"};
  return names[static_cast<int>(t)];
}

void append_text(std::string& out, DType t) { out += dtype_name(t); }

namespace {

bool is_wide_unsigned(DType t) { return t >= DType::UInt16 && t <= DType::UInt64; }

}  // namespace

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (a > b) std::swap(a, b);
  const bool none =
      is_float8(a) || is_float8(b) || (is_wide_unsigned(a) && !is_real_floating(b)) || is_wide_unsigned(b);
  check(!none, "dtypes ", a, " and ", b,
        " are not promoted to a common one; convert one of the tensors with .to(dtype)");
  // float16 with bfloat16: neither holds the other.
  if (a == DType::Float16 && b == DType::BFloat16) return DType::Float32;
  // uint8 with a signed type needs the next signed type that holds both.
  if (a == DType::UInt8 && b == DType::Int8) return DType::Int16;
  return a == DType::Float64 && is_complex(b) ? DType::Complex128 : b;
}

}  // namespace weft

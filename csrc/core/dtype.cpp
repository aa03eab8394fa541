#include "core/dtype.h"

namespace weft {

const char* dtype_name(DType t) {
  constexpr const char* names[kNumDTypes] = {"bool",  "uint8",   "int8",     "int16",   "int32",
                                             "int64", "float16", "bfloat16", "float32", "float64"};
  return names[static_cast<int>(t)];
}

void append_text(std::string& out, DType t) { out += dtype_name(t); }

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (a > b) std::swap(a, b);
  // float16 with bfloat16: neither holds the other.
  if (a == DType::Float16 && b == DType::BFloat16) return DType::Float32;
  // uint8 with a signed type needs the next signed type that holds both.
  if (a == DType::UInt8 && b == DType::Int8) return DType::Int16;
  return b;
}

}  // namespace weft

// What follows from an op's attributes, written once as fields(): equality, hash and text.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/device.h"
#include "core/dims.h"
#include "core/dtype.h"
#include "core/error.h"
#include "core/ref.h"
#include "core/scalar.h"

namespace weft {

inline void mix_hash(size_t& seed, size_t value) { seed ^= value + 0x9e3779b97f4a7c15u + (seed << 6) + (seed >> 2); }

template <class T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
void hash_field(size_t& seed, const T& v) {
  mix_hash(seed, std::hash<T>{}(v));
}
inline void hash_field(size_t& seed, const Dims& v) {
  for (int64_t d : v) mix_hash(seed, static_cast<size_t>(d));
}
inline void hash_field(size_t& seed, const Scalar& v) {
  mix_hash(seed, std::bit_cast<size_t>(v.to_complex().real()));
  mix_hash(seed, std::bit_cast<size_t>(v.to_complex().imag()));
}
inline void hash_field(size_t& seed, const Device& v) {
  mix_hash(seed, static_cast<size_t>(v.type) * 256 + static_cast<size_t>(v.index));
}
inline void hash_field(size_t& seed, const std::string& v) { mix_hash(seed, std::hash<std::string>{}(v)); }
template <class T>
void hash_field(size_t& seed, const Ref<T>& v) {
  mix_hash(seed, std::hash<T*>{}(v.get()));
}
template <class T>
void hash_field(size_t& seed, const std::optional<T>& v) {
  if (v) hash_field(seed, *v);
}
template <class T>
void hash_field(size_t& seed, const std::vector<T>& v) {
  for (const T& x : v) hash_field(seed, x);
}
template <class T, size_t N>
void hash_field(size_t& seed, const std::array<T, N>& v) {
  for (const T& x : v) hash_field(seed, x);
}

template <class T>
void field_text(std::string& out, const T& v) {
  if constexpr (std::is_enum_v<T> && !std::is_same_v<T, DType>) {
    append_text(out, static_cast<int64_t>(v));
  } else if constexpr (requires {
                         v.get();
                         v.operator->();
                       }) {
    out += "<object>";
  } else if constexpr (requires { v.has_value(); }) {
    v.has_value() ? field_text(out, *v) : void(out += "None");
  } else if constexpr (requires {
                         v.begin();
                         v.size();
                       } && !std::is_same_v<T, Dims> && !std::is_same_v<T, std::string>) {
    out += '[';
    for (const auto& x : v) {
      field_text(out, x);
      out += ' ';
    }
    out += ']';
  } else {
    append_text(out, v);
  }
}

}  // namespace weft

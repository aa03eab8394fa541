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
inline void hash_field(size_t& seed, const Scalar& v) { mix_hash(seed, std::bit_cast<size_t>(v.to_double())); }
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

// Sees every number in an op's attributes, and may change it. Sizes of tensors are among them.
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;
  virtual void number(int64_t& v) = 0;
  virtual void number(double& v) = 0;
};

class Op;
// The op with its numbers changed. Defined in op/op.h.
Ref<const Op> edited_op(const Ref<const Op>& op, FieldVisitor& visitor);

template <class T>
void visit_field(FieldVisitor& visitor, T& v) {
  if constexpr (std::is_same_v<T, bool> || std::is_enum_v<T>) {
  } else if constexpr (std::is_integral_v<T>) {
    auto wide = static_cast<int64_t>(v);
    visitor.number(wide);
    v = static_cast<T>(wide);
  } else if constexpr (std::is_floating_point_v<T>) {
    auto wide = static_cast<double>(v);
    visitor.number(wide);
    v = static_cast<T>(wide);
  } else if constexpr (std::is_same_v<T, Dims>) {
    for (int i = 0; i < v.size(); i++) visitor.number(v[i]);
  } else if constexpr (std::is_same_v<T, Scalar>) {
    if (v.kind() == Scalar::Kind::Int) {
      int64_t n = v.to_int();
      visitor.number(n);
      v = Scalar(n);
    } else if (v.is_float()) {
      double n = v.to_double();
      visitor.number(n);
      v = Scalar(n);
    }
  } else if constexpr (std::is_same_v<T, Ref<const Op>>) {
    v = edited_op(v, visitor);
  } else if constexpr (requires { v.has_value(); }) {
    if (v) visit_field(visitor, *v);
  } else if constexpr (requires {
                         v.begin();
                         v.size();
                       } && !std::is_same_v<T, std::string>) {
    for (auto& x : v) visit_field(visitor, x);
  }
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

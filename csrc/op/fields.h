// What follows from the fields of an op, listed once with WEFT_FIELDS: their names, equality, hash and text; how they
// are saved is in op/saved_field.h.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/device.h"
#include "core/dims.h"
#include "core/dtype.h"
#include "core/error.h"
#include "core/ref.h"
#include "core/scalar.h"

namespace weft {

// The number of values of an enum whose fields are saved, beside the op.
template <class E>
constexpr int64_t kEnumSize = 0;

// Inside of a struct: its fields in the order in which a constructor takes them. A field of a field goes by its own
// name.
#define WEFT_FIELDS(...)                                \
  auto fields() const { return std::tie(__VA_ARGS__); } \
  auto fields() { return std::tie(__VA_ARGS__); }       \
  static constexpr std::string_view kFieldNames = #__VA_ARGS__

// The same of a struct of a lower floor, in namespace weft: all of its members in their order.
template <class T>
struct FieldsOf;
#define WEFT_FIELDS_OF(Type, ...)                                 \
  template <>                                                     \
  struct FieldsOf<Type> {                                         \
    static constexpr std::string_view kFieldNames = #__VA_ARGS__; \
    static auto fields(auto& all) {                               \
      auto& [__VA_ARGS__] = all;                                  \
      return std::tie(__VA_ARGS__);                               \
    }                                                             \
  }

template <class T>
concept ListsFields = requires { T::kFieldNames; };
template <class T>
concept HasFields = ListsFields<T> || requires { FieldsOf<std::remove_const_t<T>>::kFieldNames; };

template <HasFields T>
auto fields_of(T& t) {
  if constexpr (ListsFields<T>)
    return t.fields();
  else
    return FieldsOf<std::remove_const_t<T>>::fields(t);
}

// The name of field i: "mask" of "root, dims.mask, correction" for 1.
constexpr std::string_view field_name(std::string_view list, size_t i) {
  for (; i > 0; i--) list.remove_prefix(list.find(',') + 1);
  list = list.substr(0, list.find(','));
  list.remove_prefix(std::min(list.find_first_not_of(' '), list.size()));
  if (size_t dot = list.rfind('.'); dot != list.npos) list.remove_prefix(dot + 1);
  return list;
}
template <HasFields T>
constexpr std::string_view field_name(size_t i) {
  if constexpr (ListsFields<T>)
    return field_name(T::kFieldNames, i);
  else
    return field_name(FieldsOf<T>::kFieldNames, i);
}

// Calls f(name, field) for every field.
template <HasFields T, class F>
void for_each_field(T& t, const F& f) {
  size_t i = 0;
  std::apply([&](auto&... field) { (f(field_name<std::remove_const_t<T>>(i++), field), ...); }, fields_of(t));
}

template <class T>
bool same_field(const T& a, const T& b) {
  if constexpr (HasFields<T>)
    return [&]<size_t... I>(const auto& x, const auto& y, std::index_sequence<I...>) {
      return (same_field(std::get<I>(x), std::get<I>(y)) && ...);
    }(fields_of(a), fields_of(b), std::make_index_sequence<std::tuple_size_v<decltype(fields_of(a))>>());
  else if constexpr (std::is_same_v<T, const char*>)
    return std::string_view(a) == b;
  else
    return a == b;
}

inline void mix_hash(size_t& seed, size_t value) { seed ^= value + 0x9e3779b97f4a7c15u + (seed << 6) + (seed >> 2); }

template <class T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
void hash_field(size_t& seed, const T& v) {
  mix_hash(seed, std::hash<T>{}(v));
}
template <HasFields T>
void hash_field(size_t& seed, const T& v);
inline void hash_field(size_t& seed, const Dims& v) {
  for (int64_t d : v) mix_hash(seed, static_cast<size_t>(d));
}
inline void hash_field(size_t& seed, const Scalar& v) {
  mix_hash(seed, std::bit_cast<size_t>(v.to_complex().real));
  mix_hash(seed, std::bit_cast<size_t>(v.to_complex().imag));
}
inline void hash_field(size_t& seed, const Device& v) {
  mix_hash(seed, static_cast<size_t>(v.type) * 256 + static_cast<size_t>(v.index));
}
inline void hash_field(size_t& seed, const char* v) { mix_hash(seed, std::hash<std::string_view>{}(v)); }
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
template <HasFields T>
void hash_field(size_t& seed, const T& v) {
  for_each_field(v, [&](std::string_view, const auto& field) { hash_field(seed, field); });
}

// "dim=1, log=False"
template <HasFields T>
void fields_text(std::string& out, const T& v);

template <class T>
void field_text(std::string& out, const T& v) {
  if constexpr (HasFields<T>) {
    out += '(';
    fields_text(out, v);
    out += ')';
  } else if constexpr (requires { field_value_name(v); }) {
    out += field_value_name(v);
  } else if constexpr (std::is_enum_v<T> && !std::is_same_v<T, DType>) {
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
    for (size_t i = 0; i < static_cast<size_t>(v.size()); i++) {
      if (i) out += ", ";
      field_text(out, v[i]);
    }
    out += ']';
  } else {
    append_text(out, v);
  }
}

template <HasFields T>
void fields_text(std::string& out, const T& v) {
  bool first = true;
  for_each_field(v, [&](std::string_view name, const auto& field) {
    if (!first) out += ", ";
    first = false;
    out += name;
    out += '=';
    field_text(out, field);
  });
}

}  // namespace weft

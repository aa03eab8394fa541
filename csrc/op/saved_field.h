// How fields of ops are saved: as a small closed set of values that a file can hold and that no code comes with.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/device.h"
#include "core/dims.h"
#include "core/dtype.h"
#include "core/error.h"
#include "core/ref.h"
#include "core/scalar.h"
#include "op/fields.h"
#include "tensor/generator.h"

namespace weft {

class Op;

struct SavedField {
  using List = std::vector<SavedField>;
  using Record = std::vector<std::pair<std::string, SavedField>>;  // each name once
  using Object = Ref<const RefCounted>;                            // of a higher floor, which knows how to write it
  std::variant<std::monostate, bool, int64_t, double, std::string, List, Record, Object> value;
};
using SavedFields = SavedField::Record;

[[noreturn]] void fail_field(const char* expected);  // ValueError: not a value of a field of this type

template <class V>
const V& saved_as(const SavedField& f, const char* expected) {
  if (const V* v = std::get_if<V>(&f.value)) return *v;
  fail_field(expected);
}
// ValueError where there is none of that name.
const SavedField& field_named(const SavedFields& fields, std::string_view name);
// ValueError where there are others than `count`.
void check_field_count(const SavedFields& fields, size_t count);

// save() gives the value that stands for a field, load() the field; ValueError where that is not possible.
template <class T>
struct FieldCodec;

template <class T>
SavedField save_field(const T& v) {
  return FieldCodec<T>::save(v);
}
template <class T>
T load_field(const SavedField& f) {
  return FieldCodec<T>::load(f);
}

template <>
struct FieldCodec<bool> {
  static SavedField save(bool v) { return {v}; }
  static bool load(const SavedField& f) { return saved_as<bool>(f, "true or false"); }
};

template <class T>
  requires(std::is_integral_v<T>)
struct FieldCodec<T> {
  static SavedField save(T v) { return {static_cast<int64_t>(v)}; }
  static T load(const SavedField& f) {
    const auto v = saved_as<int64_t>(f, "an integer");
    if constexpr (sizeof(T) < sizeof(v))
      if (v < int64_t{std::numeric_limits<T>::min()} || v > int64_t{std::numeric_limits<T>::max()})
        fail_field("a small integer");
    return static_cast<T>(v);
  }
};

template <>
struct FieldCodec<double> {
  static SavedField save(double v) { return {v}; }
  static double load(const SavedField& f) { return saved_as<double>(f, "a floating point number"); }
};

template <class E>
  requires(std::is_enum_v<E>)
struct FieldCodec<E> {
  static_assert(kEnumSize<E> > 0, "give the number of values as kEnumSize");
  static SavedField save(E v) { return {static_cast<int64_t>(v)}; }
  static E load(const SavedField& f) {
    int64_t v = saved_as<int64_t>(f, "the number of a choice");
    if (v < 0 || v >= kEnumSize<E>) fail_field("the number of a choice that there is");
    return static_cast<E>(v);
  }
};

template <>
struct FieldCodec<std::string> {
  static SavedField save(const std::string& v) { return {v}; }
  static std::string load(const SavedField& f) { return saved_as<std::string>(f, "text"); }
};

// Text that lives as long as the program.
template <>
struct FieldCodec<const char*> {
  static SavedField save(const char* v) { return {std::string(v)}; }
  static const char* load(const SavedField& f);
};
template <>
struct FieldCodec<Scalar> {
  static SavedField save(const Scalar& v);
  static Scalar load(const SavedField& f);
};
template <>
struct FieldCodec<DType> {
  static SavedField save(DType v) { return {std::string(dtype_name(v))}; }
  static DType load(const SavedField& f);
};
template <>
struct FieldCodec<Device> {
  static SavedField save(Device v) { return {device_name(v)}; }
  static Device load(const SavedField& f);
};
template <>
struct FieldCodec<Dims> {
  static SavedField save(const Dims& v);
  static Dims load(const SavedField& f);
};
// Only default generators: what another one would draw depends on the program that has it.
template <>
struct FieldCodec<Ref<Generator>> {
  static SavedField save(const Ref<Generator>& v);
  static Ref<Generator> load(const SavedField& f);
};
template <>
struct FieldCodec<Ref<const Op>> {
  static SavedField save(const Ref<const Op>& v);
  static Ref<const Op> load(const SavedField& f);
};

template <class T>
struct FieldCodec<std::optional<T>> {
  static SavedField save(const std::optional<T>& v) { return v ? save_field(*v) : SavedField{}; }
  static std::optional<T> load(const SavedField& f) {
    if (std::holds_alternative<std::monostate>(f.value)) return std::nullopt;
    return load_field<T>(f);
  }
};

template <class T>
struct FieldCodec<std::vector<T>> {
  static SavedField save(const std::vector<T>& v) {
    SavedField::List list;
    for (const T& x : v) list.push_back(save_field<T>(x));
    return {std::move(list)};
  }
  static std::vector<T> load(const SavedField& f) {
    std::vector<T> v;
    for (const SavedField& x : saved_as<SavedField::List>(f, "a list")) v.push_back(load_field<T>(x));
    return v;
  }
};

template <HasFields T>
SavedFields save_fields(const T& t) {
  SavedFields saved;
  for_each_field(
      t, [&](std::string_view name, const auto& field) { saved.emplace_back(std::string(name), save_field(field)); });
  return saved;
}

// The fields of a T in their order, as a tuple.
template <HasFields T>
auto load_fields(const SavedFields& saved) {
  using Fields = decltype(fields_of(std::declval<const T&>()));
  constexpr size_t count = std::tuple_size_v<Fields>;
  check_field_count(saved, count);
  return [&]<size_t... I>(std::index_sequence<I...>) {
    return std::tuple<std::remove_cvref_t<std::tuple_element_t<I, Fields>>...>{
        load_field<std::remove_cvref_t<std::tuple_element_t<I, Fields>>>(field_named(saved, field_name<T>(I)))...};
  }(std::make_index_sequence<count>());
}

template <HasFields T>
struct FieldCodec<T> {
  static SavedField save(const T& v) { return {save_fields(v)}; }
  static T load(const SavedField& f) {
    T v{};
    fields_of(v) = load_fields<T>(saved_as<SavedFields>(f, "named fields"));
    return v;
  }
};

}  // namespace weft

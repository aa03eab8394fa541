#include "op/saved_field.h"

#include <mutex>
#include <set>

#include "op/registry.h"

namespace weft {

void fail_field(const char* expected) { fail<ErrorKind::Value>("expected ", expected); }

const SavedField& field_named(const SavedFields& fields, std::string_view name) {
  for (const auto& [own, field] : fields)
    if (own == name) return field;
  fail<ErrorKind::Value>("there is no field ", name);
}

void check_field_count(const SavedFields& fields, size_t count) {
  check<ErrorKind::Value>(fields.size() == count, "expected ", count, " fields, got ", fields.size());
}

const char* FieldCodec<const char*>::load(const SavedField& f) {
  constexpr size_t kLongest = 64, kMost = 10000;
  static std::mutex mutex;
  static std::set<std::string> known;
  const auto& text = saved_as<std::string>(f, "text");
  std::lock_guard lock(mutex);
  check<ErrorKind::Value>(text.size() <= kLongest && known.size() < kMost, "expected the name of an op");
  return known.insert(text).first->c_str();
}

SavedField FieldCodec<Scalar>::save(const Scalar& v) {
  switch (v.kind()) {
    case Scalar::Kind::Bool:
      return {v.to_bool()};
    case Scalar::Kind::Int:
      return {v.to_int()};
    case Scalar::Kind::UInt:
      return {SavedFields{{"bits", {static_cast<int64_t>(v.to_bits())}}}};
    case Scalar::Kind::BigInt:
      return {SavedFields{{"big", {v.to_double()}}}};
    case Scalar::Kind::Float:
      return {v.to_double()};
    default:
      return {SavedFields{{"real", {v.to_complex().real}}, {"imag", {v.to_complex().imag}}}};
  }
}
Scalar FieldCodec<Scalar>::load(const SavedField& f) {
  if (const bool* v = std::get_if<bool>(&f.value)) return Scalar(*v);
  if (const int64_t* v = std::get_if<int64_t>(&f.value)) return Scalar(*v);
  if (const double* v = std::get_if<double>(&f.value)) return Scalar(*v);
  const auto& parts = saved_as<SavedFields>(f, "a number");
  auto part = [&]<class T>(const char* name, T) { return load_field<T>(field_named(parts, name)); };
  if (parts.size() == 2) return Scalar(Complex128{part("real", 0.0), part("imag", 0.0)});
  if (parts.size() == 1 && parts.front().first == "bits")
    return Scalar(static_cast<uint64_t>(part("bits", int64_t{0})));
  return Scalar::big_integer(part("big", 0.0));
}

DType FieldCodec<DType>::load(const SavedField& f) {
  const auto& name = saved_as<std::string>(f, "the name of a dtype");
  for (int i = 0; i < kNumDTypes; i++)
    if (name == dtype_name(static_cast<DType>(i))) return static_cast<DType>(i);
  fail<ErrorKind::Value>("there is no dtype ", name.substr(0, 40));
}

Device FieldCodec<Device>::load(const SavedField& f) {
  const auto& name = saved_as<std::string>(f, "the name of a device");
  try {
    return parse_device(name);
  } catch (const Error& e) {
    fail<ErrorKind::Value>(e.message());
  }
}

SavedField FieldCodec<Dims>::save(const Dims& v) {
  SavedField::List list(static_cast<size_t>(v.size()));
  for (int i = 0; i < v.size(); i++) list[static_cast<size_t>(i)].value = v[i];
  return {std::move(list)};
}
Dims FieldCodec<Dims>::load(const SavedField& f) {
  const auto& list = saved_as<SavedField::List>(f, "a list of sizes");
  if (list.size() > kMaxDims) fail_field("no more sizes than tensors have dimensions");
  Dims v;
  for (const SavedField& d : list) v.push_back(load_field<int64_t>(d));
  return v;
}

SavedField FieldCodec<Ref<Generator>>::save(const Ref<Generator>& v) {
  check<ErrorKind::Value>(v == default_generator(), "it draws from a generator of its own; use the default one");
  return {std::string("default")};
}
Ref<Generator> FieldCodec<Ref<Generator>>::load(const SavedField& f) {
  if (saved_as<std::string>(f, "the name of a generator") != "default") fail_field("the default generator");
  return default_generator();
}

SavedField FieldCodec<Ref<const Op>>::save(const Ref<const Op>& v) {
  const OpEntry* entry = entry_of(*v);
  check<ErrorKind::Value>(entry != nullptr, "the op ", v->name(), " cannot be saved");
  return {SavedFields{
      {"op", {std::string(entry->name)}}, {"version", {int64_t{entry->version}}}, {"fields", {entry->save(*v)}}}};
}
Ref<const Op> FieldCodec<Ref<const Op>>::load(const SavedField& f) {
  const auto& saved = saved_as<SavedFields>(f, "an op");
  const auto& name = saved_as<std::string>(field_named(saved, "op"), "the name of an op");
  const OpEntry* entry = entry_named(name);
  check<ErrorKind::Value>(entry != nullptr, "there is no op ", name.substr(0, 60));
  const auto version = load_field<int64_t>(field_named(saved, "version"));
  check<ErrorKind::Value>(version <= entry->version, "the op ", name, " was written by a newer Weft (version ", version,
                          ", this one knows ", entry->version, ")");
  check<ErrorKind::Value>(version >= 1, "the op ", name, " has no version ", version);
  return entry->load(saved_as<SavedFields>(field_named(saved, "fields"), "named fields"));
}

}  // namespace weft

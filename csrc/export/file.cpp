#include "export/file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <iomanip>
#include <sstream>

#include "export/parse.h"
#include "export/reader.h"
#include "op/grad_mode.h"
#include "ops/creation.h"
#include "ops/elementwise.h"
#include "ops/movement.h"

namespace weft::exported {

static_assert(std::endian::native == std::endian::little, "files hold little-endian numbers");

Json parse(const std::string& described, const char* what) {
  constexpr int kDeepest = 200;
  try {
    return Json::parse(described, [&](int depth, Json::parse_event_t, Json&) {
      check<ErrorKind::Value>(depth <= kDeepest, what, " is nested too deeply");
      return true;
    });
  } catch (const Json::exception&) {
    fail<ErrorKind::Value>(what, " is no JSON");
  }
}

uint32_t checksum(uint32_t before, const void* data, size_t size) {
  // Eight bytes at a time (slicing by 8): table[k][b] is the effect of a byte k places from the end of them.
  static const auto tables = [] {
    std::array<std::array<uint32_t, 256>, 8> t{};
    for (uint32_t b = 0; b < 256; b++) {
      uint32_t c = b;
      for (int i = 0; i < 8; i++) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
      t[0][b] = c;
    }
    for (size_t k = 1; k < 8; k++)
      for (size_t b = 0; b < 256; b++) t[k][b] = (t[k - 1][b] >> 8) ^ t[0][t[k - 1][b] & 255];
    return t;
  }();
  const auto* bytes = static_cast<const unsigned char*>(data);
  uint32_t c = ~before;
  for (; size >= 8; size -= 8, bytes += 8) {
    uint64_t word;
    std::memcpy(&word, bytes, 8);
    word ^= c;
    c = 0;
    for (size_t k = 0; k < 8; k++) c ^= tables[7 - k][word >> (8 * k) & 255];
  }
  for (; size > 0; size--) c = (c >> 8) ^ tables[0][(c ^ *bytes++) & 255];
  return ~c;
}

namespace {

constexpr uint64_t kLongestHeader = 100'000'000;

const std::map<std::string, DType>& dtypes() {
  static const std::map<std::string, DType> all{
      {"BOOL", DType::Bool},   {"U8", DType::UInt8},           {"I8", DType::Int8},           {"I16", DType::Int16},
      {"I32", DType::Int32},   {"I64", DType::Int64},          {"F16", DType::Float16},       {"BF16", DType::BFloat16},
      {"F32", DType::Float32}, {"F64", DType::Float64},        {"U16", DType::UInt16},        {"U32", DType::UInt32},
      {"U64", DType::UInt64},  {"F8_E4M3", DType::Float8E4M3}, {"F8_E5M2", DType::Float8E5M2}};
  return all;
}

struct Entry {
  DType dtype;
  Shape shape;
  uint64_t begin, end;
  bool read = false;
};

class File {
 public:
  explicit File(const std::string& path) : file_(path, std::ios::binary) {
    check(file_.is_open(), "load: cannot open ", path);
    file_.seekg(0, std::ios::end);
    size_ = static_cast<uint64_t>(file_.tellg());
  }

  Ref<Program> read() {
    read_header();
    const std::string program = metadata(kProgramKey), signature = metadata(kSignatureKey);
    check_sum(program, signature);
    Ref<Program> loaded = program_from_json(
        program, [this](const std::string& name, const graph::Value& type) { return tensor(name, type); });
    for (const auto& [name, entry] : entries_)
      check<ErrorKind::Value>(entry.read, "it holds a tensor ", name.substr(0, 200), " that its program does not name");
    loaded->signature = signature;
    return loaded;
  }

 private:
  void read_at(uint64_t position, void* to, uint64_t count) {
    file_.seekg(static_cast<std::streamoff>(position));
    file_.read(static_cast<char*>(to), static_cast<std::streamsize>(count));
    check<ErrorKind::Value>(file_.good(), "it cannot be read to its end");
  }

  std::string metadata(const char* key) const {
    check<ErrorKind::Value>(metadata_.count(key) > 0, "it holds no program ('", key, "' is not in its metadata)");
    return metadata_.at(key);
  }

  void read_header() {
    uint64_t length = 0;
    check<ErrorKind::Value>(size_ >= 8, "it is cut off");
    read_at(0, &length, 8);
    check<ErrorKind::Value>(length <= kLongestHeader && length <= size_ - 8, "its header has ", length,
                            " bytes, the file ", size_);
    std::string described(length, ' ');
    read_at(8, described.data(), length);
    data_ = 8 + length;
    const Json header = parse(described, "its header");
    check<ErrorKind::Value>(header.is_object(), "its header is not one of tensors");
    for (const auto& [name, json] : header.items()) {
      if (name == "__metadata__") {
        check<ErrorKind::Value>(json.is_object(), "its metadata are no texts");
        for (const auto& [key, value] : json.items()) metadata_[key] = text(value, "metadata");
      } else {
        entries_[name] = entry(json);
      }
    }
    check_offsets();
  }

  static Entry entry(const Json& json) {
    constexpr int64_t kMost = int64_t{1} << 62;
    auto dtype = dtypes().find(text(member(json, "dtype"), "a dtype"));
    check<ErrorKind::Value>(dtype != dtypes().end(), "a tensor has a dtype that Weft does not have");
    const graph::Value type = type_from_json({{"dtype", dtype_name(dtype->second)}, {"shape", member(json, "shape")}});
    const Json& offsets = list(member(json, "data_offsets"), "data_offsets");
    check<ErrorKind::Value>(offsets.size() == 2, "the offsets of a tensor are not two");
    const int64_t begin = integer_in(offsets[0], "an offset", 0, kMost),
                  end = integer_in(offsets[1], "an offset", begin, kMost);
    check<ErrorKind::Value>(static_cast<size_t>(end - begin) == type.bytes(), "a tensor has ", end - begin,
                            " bytes of data, which its shape and dtype do not fit");
    return {type.dtype, type.shape, static_cast<uint64_t>(begin), static_cast<uint64_t>(end)};
  }

  // The data of the tensors must follow one another and fill the file.
  void check_offsets() const {
    std::vector<std::pair<uint64_t, uint64_t>> places;
    for (const auto& [name, e] : entries_) places.emplace_back(e.begin, e.end);
    std::sort(places.begin(), places.end());
    uint64_t position = 0;
    for (const auto& [begin, end] : places) {
      check<ErrorKind::Value>(begin == position, "its tensors do not follow one another");
      position = end;
    }
    check<ErrorKind::Value>(position == size_ - data_, "its tensors have ", position, " bytes, the file ",
                            size_ - data_, ": it is cut off or damaged");
  }

  void check_sum(const std::string& program, const std::string& signature) {
    uint32_t sum = checksum(0, program.data(), program.size());
    sum = checksum(sum, signature.data(), signature.size());
    std::vector<char> block(size_t{1} << 20);
    for (uint64_t position = data_; position < size_; position += block.size()) {
      const uint64_t count = std::min<uint64_t>(block.size(), size_ - position);
      read_at(position, block.data(), count);
      sum = checksum(sum, block.data(), count);
    }
    std::ostringstream hex;
    hex << std::hex << std::setw(8) << std::setfill('0') << sum;
    check<ErrorKind::Value>(metadata(kChecksumKey) == hex.str(), "its checksum is not that of its contents");
  }

  Tensor tensor(const std::string& name, const graph::Value& type) {
    auto found = entries_.find(name);
    check<ErrorKind::Value>(found != entries_.end() && !found->second.read, "the tensor ", name.substr(0, 200),
                            " is missing");
    Entry& e = found->second;
    e.read = true;
    // Complex numbers are pairs in the file, along one dimension more.
    const bool pairs = is_complex(type.dtype);
    Shape shape = type.shape;
    if (pairs) shape.push_back(2);
    const DType dtype = pairs ? to_real(type.dtype) : type.dtype;
    check<ErrorKind::Value>(e.dtype == dtype && e.shape == shape, "the tensor ", name.substr(0, 200), " is ", e.dtype,
                            " ", e.shape, " instead of ", dtype, " ", shape);
    Tensor t = empty(type.shape, type.dtype, Device{});
    if (t.numel()) read_at(data_ + e.begin, t.data(), e.end - e.begin);
    if (e.dtype == DType::Bool) t = ne(view_dtype(t, DType::UInt8), Scalar(0));
    if (type.device != Device{}) t = to_device(t, type.device);
    if (t.strides() == type.strides) return t;
    // Memory for gaps between the elements would be taken on the word of the file.
    check<ErrorKind::Value>(is_dense(graph::symbolic_like(type)), "the strides of ", name.substr(0, 200),
                            " leave gaps or overlap");
    return copy_(empty_strided(type.shape, type.strides, type.dtype, type.device), t);
  }

  std::ifstream file_;
  uint64_t size_ = 0, data_ = 0;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, Entry> entries_;
};

}  // namespace

Ref<Program> load(const std::string& path) {
  File file(path);
  GradModeGuard no_grad(false);
  try {
    return file.read();
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::OutOfMemory) throw;
    fail<ErrorKind::Value>("load: ", path, " is no program that can be read: ", e.message());
  }
}

}  // namespace weft::exported

// Programs in files, without Python: the golden files give the bits that were recorded with them.
#include <algorithm>
#include <cstring>
#include <fstream>
#include <limits>

#include "export/file.h"
#include "graph_helpers.h"
#include "op/registry.h"

namespace weft {
namespace {

const std::string kFolder = WEFT_TEST_DATA;

void expect_same_bits(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.shape(), b.shape());
  ASSERT_EQ(a.dtype(), b.dtype());
  ASSERT_TRUE(a.is_contiguous() && b.is_contiguous());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), static_cast<size_t>(a.numel()) * item_size(a.dtype())), 0);
}

TEST(Export, GoldenFilesGiveTheRecordedBits) {
  const Ref<exported::Program> program = exported::load(kFolder + "/program_v1.safetensors");
  const std::vector<Tensor> recorded = exported::load(kFolder + "/program_v1_call.safetensors")->run({});
  const size_t arguments = program->arguments().size();
  ASSERT_EQ(arguments, 3u);
  for (int run = 1; run <= 2; run++) {
    const std::vector<Tensor> results =
        program->run({recorded.begin(), recorded.begin() + static_cast<std::ptrdiff_t>(arguments)});
    ASSERT_EQ(results.size() + arguments, recorded.size());
    for (size_t i = 0; i < results.size(); i++) expect_same_bits(results[i], recorded[arguments + i]);
    for (const exported::State& s : program->state()) {
      if (s.name == "calls") {
        EXPECT_EQ(*s.tensor.data_as<int64_t>(), run);
      }
    }
  }
}

// tests/python/golden_program.py: the largest of each 2 x 2 block of x x', padded by one, plus 0.
Tensor pooled_products(const Tensor& x) {
  const int64_t n = x.size(0), size = n / 2 + 1;
  const float* a = x.data_as<float>();
  Tensor out = empty({size, size});
  for (int64_t i = 0; i < size * size; i++) {
    float most = -std::numeric_limits<float>::infinity();
    for (int64_t k = 0; k < 4; k++) {
      const int64_t row = i / size * 2 - 1 + k / 2, column = i % size * 2 - 1 + k % 2;
      if (row < 0 || column < 0 || row >= n || column >= n) continue;
      float sum = 0;
      for (int64_t d = 0; d < 3; d++) sum += a[row * 3 + d] * a[column * 3 + d];
      most = std::max(most, sum);
    }
    out.data_as<float>()[i] = most;
  }
  return out;
}

TEST(Export, SizesVary) {
  const Ref<exported::Program> program = exported::load(kFolder + "/sizes_v1.safetensors");
  for (int64_t n : {1, 2, 3, 10, 64, 3}) {
    Tensor x = empty({n, 3});
    for (int64_t i = 0; i < n * 3; i++) x.data_as<float>()[i] = static_cast<float>(i % 5 - 2);
    expect_same_bits(program->run({x})[0], pooled_products(x));
  }
  try {
    program->run({empty({65, 3})});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Value);
    EXPECT_NE(e.message().find("rows=65 in dimension 0; the program was exported for 1 to 64"), std::string::npos)
        << e.message();
  }
}

TEST(Export, ArgumentsAreChecked) {
  const Ref<exported::Program> program = exported::load(kFolder + "/program_v1.safetensors");
  EXPECT_THROW(program->run({}), Error);
  const Tensor x = make_tensor({1}, {1});
  try {
    program->run({x, x, x});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Value);
    EXPECT_NE(e.message().find("argument 'images' must have shape (2, 1, 4, 4), got (1,)"), std::string::npos)
        << e.message();
  }
}

TEST(Export, DamagedFilesAreValueErrors) {
  std::ifstream file(kFolder + "/program_v1.safetensors", std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::string path = testing::TempDir() + "weft_export_test.safetensors";
  for (size_t length = 0; length < whole.size(); length += 501) {
    std::ofstream(path, std::ios::binary) << whole.substr(0, length);
    try {
      exported::load(path);
      FAIL() << length;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::Value) << e.message();
    }
  }
  std::remove(path.c_str());
}

TEST(Export, ChecksumIsCrc32) {
  const char* text = "123456789";
  EXPECT_EQ(exported::checksum(0, text, 9), 0xCBF43926u);
  EXPECT_EQ(exported::checksum(exported::checksum(0, text, 4), text + 4, 5), 0xCBF43926u);
}

// An op whose fields are of every kind.
struct Sample : OpOf<Sample> {
  static constexpr const char* kName = "sample_of_fields";
  bool flag;
  int small;
  double number;
  Dims sizes;
  std::optional<int64_t> maybe;
  std::vector<double> list;
  Scalar scalar;
  WEFT_FIELDS(flag, small, number, sizes, maybe, list, scalar);
  Sample(bool f, int s, double n, const Dims& d, std::optional<int64_t> m, std::vector<double> l, const Scalar& v)
      : flag(f), small(s), number(n), sizes(d), maybe(m), list(std::move(l)), scalar(v) {}
  void check_inputs(const InputCheck& in) const { in.count(1); }
  void infer(Inputs in, OutputSpec* out) const override { out[0] = {in[0].shape(), in[0].dtype()}; }
};
WEFT_OP(Sample);

TEST(Fields, AreNamedSavedAndLoaded) {
  const Sample op(true, -3, 0.1, {2, 3}, std::nullopt, {1.5, -0.0}, Scalar(true));
  EXPECT_EQ(op.text(),
            "sample_of_fields(flag=True, small=-3, number=0.1, sizes=(2, 3), maybe=None, list=[1.5, -0], scalar=True)");
  const OpEntry* entry = entry_of(op);
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry, entry_named("sample_of_fields"));
  SavedFields saved = entry->save(op);
  const Ref<const Op> loaded = entry->load(saved);
  EXPECT_TRUE(loaded->equals(op));
  EXPECT_EQ(loaded->hash(), op.hash());
  for (auto& [name, field] : saved) {
    const SavedField right = std::exchange(field, SavedField{SavedField::List{{std::string("no")}}});
    EXPECT_THROW(entry->load(saved), Error) << name;
    field = right;
  }
  saved[0].first = "flog";
  EXPECT_THROW(entry->load(saved), Error);
  saved.pop_back();
  EXPECT_THROW(entry->load(saved), Error);
}

TEST(Fields, NamesAreTheLastPartsOfWhatIsWritten) {
  EXPECT_EQ(field_name("root, dims.mask, correction_", 0), "root");
  EXPECT_EQ(field_name("root, dims.mask, correction_", 1), "mask");
  EXPECT_EQ(field_name("root, dims.mask, correction_", 2), "correction_");
}

TEST(Registry, ANameStaysWithTheOpThatHadItFirst) {
  const OpEntry* softmax = entry_named("softmax");
  const size_t count = all_entries().size();
  const OpRegistrar second(entry_for<Sample>("softmax", 1));
  EXPECT_EQ(entry_named("softmax"), softmax);
  EXPECT_NE(*softmax->type, typeid(Sample));
  EXPECT_EQ(all_entries().size(), count);
  EXPECT_EQ(entry_named("there_is_no_such_op"), nullptr);
  EXPECT_GT(all_entries().size(), 70u);
}

}  // namespace
}  // namespace weft

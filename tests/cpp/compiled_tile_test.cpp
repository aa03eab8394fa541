// Kernels written and compiled at run time: NVRTC takes every element function, where it is installed; no GPU is
// needed.
#include "kernels/cuda/compiled/tile_source.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>

#include "core/error.h"
#include "kernels/cuda/compiled/nvrtc.h"

namespace weft::cuda {
namespace {

using Step = TileForm::Step;

// NVRTC from the wheel of the interpreter that built this, or of the system.
std::optional<Nvrtc> nvrtc() {
  std::filesystem::path wheel = WEFT_NVRTC_LIBRARY;
  std::error_code error;
  for (auto& file : std::filesystem::directory_iterator(wheel.parent_path(), error))
    if (file.path().filename().string().starts_with("libnvrtc-builtins.so.13")) dlopen(file.path().c_str(), RTLD_NOW);
  void* library = dlopen(wheel.empty() ? "libnvrtc.so.13" : wheel.c_str(), RTLD_NOW);
  if (!library) return std::nullopt;
  return Nvrtc(library);
}

TileInstruction instruction(TileOp op, int result, int a, int b, DType dtype, int function,
                            const scalar::Params& params = {}) {
  TileInstruction i{};
  i.op = op;
  i.result = static_cast<uint8_t>(result);
  i.operands[0] = static_cast<uint8_t>(a);
  i.operands[1] = i.operands[2] = static_cast<uint8_t>(b);
  i.dtype = dtype;
  i.function = static_cast<int16_t>(function);
  i.params = params;
  return i;
}

// Every element function and derivative that programs may call, one after another; all results reach the outputs.
TileForm every_function(DType compute) {
  constexpr int kAdd = 0, kSum = 4, kTerm = 5;
  TileForm f;
  f.compute = compute;
  f.num_constants = 2;
  f.inputs = {compute, DType::BFloat16};
  f.steps = {Step::Other, Step::One, Step::None};
  f.ndim = 2;
  auto add = [&](TileOp op, int function) {
    f.instructions.push_back(instruction(op, kTerm, 0, 1, DType::Float16, function, {0.5, 2.0, -1.0}));
    f.instructions.push_back(instruction(TileOp::Binary, kSum, kSum, kTerm, compute, kAdd));
  };
  f.instructions.push_back(instruction(TileOp::Copy, kSum, 2, 2, compute, 0));
  for (int i = 0; i < scalar::UnaryList::size; i++) add(TileOp::Unary, i);
  auto fused = []<class... Entries>(scalar::EntryList<Entries...>) {
    return std::vector<bool>{Entries::backward == scalar::Backward::Fused...};
  }(scalar::UnaryList{});
  for (int i = 0; i < scalar::UnaryList::size; i++)
    if (fused[static_cast<size_t>(i)]) add(TileOp::UnaryBackward, i);
  for (int i = 0; i < scalar::BinaryList::size; i++) add(TileOp::Binary, i);
  add(TileOp::Where, 0);
  add(TileOp::MaskedScale, 0);
  f.outputs = {compute};
  f.registers = {kSum};
  return f;
}

// x * y + a number of the host, for inputs and outputs of one dtype.
TileForm multiply_add(DType dtype, int pack, int ndim) {
  TileForm f;
  f.compute = dtype == DType::Float64 ? DType::Float64 : DType::Float32;
  f.inputs = {dtype, dtype, DType::Float64};
  f.outputs = {dtype, DType::Bool};
  f.steps = {Step::One, Step::One, pack > 1 ? Step::None : Step::Other, Step::Number};
  f.instructions = {instruction(TileOp::Binary, 4, 0, 1, dtype, 2), instruction(TileOp::Binary, 5, 4, 2, dtype, 0)};
  f.num_constants = 1;
  f.registers = {5, 3};
  f.pack = pack;
  f.ndim = ndim;
  return f;
}

TEST(CompiledTile, NvrtcTakesEveryFunction) {
  auto compiler = nvrtc();
  if (!compiler) GTEST_SKIP() << "NVRTC is not installed";
  for (DType compute : {DType::Float32, DType::Float64})
    for (int architecture : {80, 90}) {
      std::string code = compiler->compile(tile_source(every_function(compute)), architecture);
      EXPECT_EQ(code.substr(1, 3), "ELF");
    }
}

TEST(CompiledTile, NvrtcTakesEveryDtypeAndLayout) {
  auto compiler = nvrtc();
  if (!compiler) GTEST_SKIP() << "NVRTC is not installed";
  for (int t = 0; t < kNumDTypes; t++)
    for (auto [pack, ndim] : {std::pair{1, 1}, {8, 1}, {4, 2}, {1, 3}})
      compiler->compile(tile_source(multiply_add(static_cast<DType>(t), pack, ndim)), t % 2 ? 80 : 90);
}

TEST(CompiledTile, CompilationIsRepeatable) {
  auto compiler = nvrtc();
  if (!compiler) GTEST_SKIP() << "NVRTC is not installed";
  std::string source = tile_source(multiply_add(DType::Float32, 8, 1));
  EXPECT_EQ(compiler->compile(source, 90), compiler->compile(source, 90));
}

TEST(CompiledTile, ASourceThatIsWrongIsAnErrorWithTheLog) {
  auto compiler = nvrtc();
  if (!compiler) GTEST_SKIP() << "NVRTC is not installed";
  try {
    compiler->compile("#include \"kernels/cuda/compiled/program.h\"\nint wrong = missing_name;\n", 90);
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(e.message().find("missing_name"), std::string::npos) << e.message();
    EXPECT_NE(e.message().find("internal error"), std::string::npos) << e.message();
  }
}

TEST(CompiledTile, WhatNvrtcDoesNotKnowMakesItUnavailable) {
  EXPECT_THROW(Nvrtc(nullptr), NvrtcUnavailable);
  EXPECT_THROW(Nvrtc(dlopen(nullptr, RTLD_NOW)), NvrtcUnavailable);  // a library without its functions
  auto compiler = nvrtc();
  if (!compiler) GTEST_SKIP() << "NVRTC is not installed";
  EXPECT_THROW(compiler->compile("", 17), NvrtcUnavailable);
}

TEST(CompiledTile, KeysTellFormsApart) {
  TileForm one = multiply_add(DType::Float32, 8, 1), two = one;
  EXPECT_EQ(one.key(), two.key());
  two.instructions[0].params.b = 1;
  EXPECT_NE(one.key(), two.key());
  two = one;
  two.steps[2] = Step::One;
  EXPECT_NE(one.key(), two.key());
  two = one;
  two.pack = 4;
  EXPECT_NE(one.key(), two.key());
}

TEST(CompiledTile, NumbersThatAreNotFiniteAreWritten) {
  TileForm f = multiply_add(DType::Float32, 1, 1);
  double infinity = std::numeric_limits<double>::infinity();
  f.instructions[0] = instruction(TileOp::Unary, 4, 0, 1, DType::Float32, 0, {-infinity, infinity, std::nan("")});
  EXPECT_NE(tile_source(f).find("Params{-__builtin_inf(), __builtin_inf(), __builtin_nan(\"\")}"), std::string::npos);
  if (auto compiler = nvrtc()) compiler->compile(tile_source(f), 90);
}

}  // namespace
}  // namespace weft::cuda

// Tiled: an op that stands for several elementwise ones: a program of kernels/tile.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "kernels/tile.h"
#include "op/tile_code.h"

namespace weft::graph {

struct Tiled : OpOf<Tiled> {
  static constexpr const char* kName = "tiled";
  static constexpr Traits kTraits{.elementwise = true, .differentiable = false, .any_dtype = true};
  std::string ops;  // names of what it stands for
  DType compute;
  std::vector<TileInstruction> instructions;
  std::vector<double> constants;
  int num_registers;
  std::vector<uint8_t> output_registers;
  std::vector<OutputSpec> outputs;  // without the reduction's
  // A reduction of one register at the end; its result is the last output.
  std::optional<FoldSpec> reduction;
  int reduced_register = -1;
  Value reduced{};  // what the register holds
  // The op is run on a part of its elements at a time, and nobody reads its outputs before they have left the caches.
  bool streamed = false;
  // The rest follows from the program.
  WEFT_FIELDS(ops, program_bytes_, constants);

  // Sets instructions, constants and registers; results: what becomes of the outputs, numbered as in the code, whose
  // first numbers are the inputs. No instruction writes to the register of an input.
  void assign_registers(const TileCode& code, int inputs, const std::vector<int>& results);
  // The instructions are final when this is called.
  void seal();
  int num_outputs() const override { return static_cast<int>(outputs.size()) + reduction.has_value(); }
  uint64_t reduced_dims() const override { return reduction ? reduction->mask : 0; }
  void infer(Inputs in, OutputSpec* out) const override;
  void run(Inputs in, const Tensor* out) const override;
  size_t temporary_bytes(Inputs in, const Tensor* out) const override {
    if (reduction) run(in, out);
    return 0;
  }
  // Without a reduction: calls body(epilogue), which makes one of the inputs, and runs on each part of it.
  template <class F>
  void run_after(Inputs in, const Tensor* out, F&& body) const {
    run_after(
        in, out, [](void* f, const Epilogue& epilogue) { (*static_cast<std::remove_reference_t<F>*>(f))(epilogue); },
        &body);
  }
  Shape reduced_shape() const;
  std::string text() const override { return "tiled[" + ops + "]"; }

  TileProgram program() const;

 private:
  void run_after(Inputs in, const Tensor* out, void (*body)(void*, const Epilogue&), void* context) const;

  std::string program_bytes_;
};

}  // namespace weft::graph

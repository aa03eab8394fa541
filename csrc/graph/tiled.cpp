#include "graph/tiled.h"

namespace weft::graph {

void Tiled::seal() {
  auto add = [&](auto v) { program_bytes_.append(reinterpret_cast<const char*>(&v), sizeof v); };
  program_bytes_.clear();
  for (const TileInstruction& i : instructions) {
    add(i.op);
    add(i.result);
    for (uint8_t operand : i.operands) add(operand);
    add(i.dtype);
    add(i.function);
    add(i.params);
  }
  for (uint8_t r : output_registers) add(r);
  for (const OutputSpec& o : outputs) {
    for (int64_t s : o.shape) add(s);
    add(o.dtype);
  }
}

void Tiled::infer(Inputs, OutputSpec* out) const {
  for (size_t i = 0; i < outputs.size(); i++) out[i] = {outputs[i].shape, outputs[i].dtype, outputs[i].strides};
}

void Tiled::run(Inputs in, const Tensor* out) const {
  StridedView ins[kMaxTileInputs], outs[kMaxTileOutputs];
  for (int i = 0; i < in.size(); i++) ins[i] = view_of(in[i]);
  for (int i = 0; i < num_outputs(); i++) outs[i] = view_of(out[i]);
  TileProgram program{compute,
                      instructions.data(),
                      static_cast<int>(instructions.size()),
                      constants.data(),
                      static_cast<int>(constants.size()),
                      num_registers,
                      output_registers.data()};
  tile_kernel(out[0].device(), program, outs, num_outputs(), ins, in.size());
}

}  // namespace weft::graph

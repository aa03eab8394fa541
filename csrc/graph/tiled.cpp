#include "graph/tiled.h"

#include <cmath>

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
  if (!reduction) return;
  add(reduction->fold);
  add(reduction->mask);
  add(reduction->keepdim);
  add(reduction->dtype);
  add(reduced_register);
  for (int64_t s : reduced.shape) add(s);
}

// Inputs and constants keep their registers; results share the others, each from its instruction to its last use.
void Tiled::assign_registers(const TileCode& code, int inputs, const std::vector<int>& results) {
  std::vector<int> place(at(code.size()), -1), last(at(code.size()), -1);
  int next = 0;
  for (; next < inputs; next++) place[at(next)] = next;
  for (auto [number, value] : code.constants()) {
    auto known = std::find(constants.begin(), constants.end(), value);
    bool same = known != constants.end() && std::signbit(*known) == std::signbit(value);
    place[at(number)] = inputs + static_cast<int>(known - constants.begin());
    if (same) continue;
    place[at(number)] = inputs + static_cast<int>(constants.size());
    constants.push_back(value);
  }
  next = inputs + static_cast<int>(constants.size());
  const auto& list = code.instructions();
  for (size_t i = 0; i < list.size(); i++)
    for (int operand : list[i].operands)
      if (operand >= 0) last[at(operand)] = static_cast<int>(i);
  for (int r : results) last[at(r)] = static_cast<int>(list.size());
  std::vector<int> free;
  for (size_t i = 0; i < list.size(); i++) {
    const TileCode::Instruction& from = list[i];
    // A result may take the register of an operand that ends here: loops read an element before they write it.
    for (int operand : from.operands) {
      if (operand < 0 || last[at(operand)] != static_cast<int>(i)) continue;
      int r = place[at(operand)];
      bool own = r >= inputs + static_cast<int>(constants.size());
      if (own && std::find(free.begin(), free.end(), r) == free.end()) free.push_back(r);
    }
    bool is_output = std::find(results.begin(), results.end(), from.result) != results.end();
    int r = next;
    if (!free.empty() && !is_output) {
      r = free.back();
      free.pop_back();
    } else {
      next++;
    }
    place[at(from.result)] = r;
    TileInstruction to{from.op,    static_cast<uint8_t>(r), {}, from.dtype, static_cast<int16_t>(from.function),
                       from.params};
    for (int k = 0; k < 3; k++)
      to.operands[k] = static_cast<uint8_t>(from.operands[k] < 0 ? 0 : place[at(from.operands[k])]);
    instructions.push_back(to);
  }
  for (int r : results) output_registers.push_back(static_cast<uint8_t>(place[at(r)]));
  num_registers = next;
}

Shape Tiled::reduced_shape() const {
  Shape shape;
  for (int d = 0; d < reduced.shape.size(); d++) {
    bool gone = reduction->mask >> d & 1;
    if (!gone)
      shape.push_back(reduced.shape[d]);
    else if (reduction->keepdim)
      shape.push_back(1);
  }
  return shape;
}

void Tiled::infer(Inputs, OutputSpec* out) const {
  for (size_t i = 0; i < outputs.size(); i++) out[i] = {outputs[i].shape, outputs[i].dtype, outputs[i].strides};
  if (reduction) out[outputs.size()] = {reduced_shape(), reduction->dtype, {}};
}

TileProgram Tiled::program() const {
  return {compute,
          instructions.data(),
          static_cast<int>(instructions.size()),
          constants.data(),
          static_cast<int>(constants.size()),
          num_registers,
          output_registers.data(),
          reduced_register,
          streamed};
}

void Tiled::run_after(Inputs in, const Tensor* out, void (*body)(void*, const Epilogue&), void* context) const {
  StridedView ins[kMaxTileInputs], outs[kMaxTileOutputs];
  for (int i = 0; i < in.size(); i++) ins[i] = view_of(in[i]);
  for (int i = 0; i < num_outputs(); i++) outs[i] = view_of(out[i]);
  tile_epilogue_kernel(out[0].device(), program(), outs, num_outputs(), ins, in.size(), body, context);
}

void Tiled::run(Inputs in, const Tensor* out) const {
  StridedView ins[kMaxTileInputs], outs[kMaxTileOutputs];
  int stored = static_cast<int>(outputs.size());
  for (int i = 0; i < in.size(); i++) ins[i] = view_of(in[i]);
  for (int i = 0; i < stored; i++) outs[i] = view_of(out[i]);
  if (!reduction) return tile_kernel(out[0].device(), program(), outs, stored, ins, in.size());
  const Tensor& result = out[stored];
  // The sizes of the dimensions that stay are the result's: only some of the rows may be wanted.
  Shape whole = reduced.shape, shape;
  Strides out_strides;
  int at = 0, gone = 0;
  for (int d = 0; d < whole.size(); d++) {
    bool is_gone = reduction->mask >> d & 1;
    gone += is_gone;
    if (!is_gone) {
      whole[d] = result.size(at);
      out_strides.push_back(result.strides()[at]);
    }
    at += !is_gone || reduction->keepdim;
  }
  Strides dense = contiguous_strides(whole), strides;
  for (bool is_gone : {false, true}) {
    for (int d = 0; d < whole.size(); d++) {
      if ((reduction->mask >> d & 1) != is_gone) continue;
      shape.push_back(whole[d]);
      strides.push_back(dense[d]);
    }
  }
  int num_kept = whole.size() - gone;
  StridedView space{nullptr, whole.data(), dense.data(), whole.size(), reduced.dtype};
  TileFold fold{reduction->fold,
                {result.data(), shape.data(), out_strides.data(), num_kept, result.dtype()},
                {nullptr, shape.data(), strides.data(), shape.size(), reduced.dtype},
                gone};
  fold_tiles_kernel(result.device(), program(), space, outs, stored, ins, in.size(), fold);
}

}  // namespace weft::graph

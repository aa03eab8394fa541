// Tile programs. As a rule they are compiled when they first run (compiled_tile.h). Where that is not possible they are
// interpreted here: one thread computes one element after another, instruction by instruction, and calls the functions
// through tables.
#include "kernels/tile.h"

#include "kernels/cuda/compiled_tile.h"
#include "kernels/elementwise.h"

namespace weft::cuda {
namespace {

using scalar::Params;

constexpr int kMaxOutputs = kMaxTileOutputs + 1;  // and values that are reduced
constexpr int kMaxInstructions = kMaxTileInstructions;

template <class C>
using UnaryFunction = C (*)(C, const Params&);
template <class C>
using BinaryFunction = C (*)(C, C, const Params&);

template <class Entry, class C>
__device__ C unary_at(C x, const Params& p) {
  return static_cast<C>(Entry::template f<C>(x, p));
}
template <class Entry, class C>
__device__ C backward_at(C g, C k, const Params& p) {
  if constexpr (Entry::backward == scalar::Backward::Fused)
    return Entry::template df<C>(g, k, k, p);
  else
    return g;  // never called: such a derivative is composed of other ops
}
template <class Entry, class C>
__device__ C binary_at(C a, C b, const Params& p) {
  return static_cast<C>(Entry::template f<C>(a, b, p));
}

template <class C, class... Entries>
__device__ UnaryFunction<C> unary_function(scalar::EntryList<Entries...>, int i) {
  constexpr UnaryFunction<C> table[] = {&unary_at<Entries, C>...};
  return table[i];
}
template <class C, class... Entries>
__device__ BinaryFunction<C> backward_function(scalar::EntryList<Entries...>, int i) {
  constexpr BinaryFunction<C> table[] = {&backward_at<Entries, C>...};
  return table[i];
}
template <class C, class... Entries>
__device__ BinaryFunction<C> binary_function(scalar::EntryList<Entries...>, int i) {
  constexpr BinaryFunction<C> table[] = {&binary_at<Entries, C>...};
  return table[i];
}

// Everything a launch needs, small enough for the kernel's parameters.
template <class C>
struct Call {
  int count, num_inputs, num_constants, num_outputs;
  TileInstruction instructions[kMaxInstructions];
  C constants[kMaxInstructions];
  const void* in[kMaxTileInputs];  // nullptr: `number`
  C number[kMaxTileInputs];
  DType in_dtype[kMaxTileInputs];
  void* out[kMaxOutputs];
  DType out_dtype[kMaxOutputs];
  uint8_t out_register[kMaxOutputs];
};

template <class C>
__device__ C rounded(C v, DType dtype) {
  switch (dtype) {
    case DType::Float16:
      return convert<C>(convert<Float16>(v));
    case DType::BFloat16:
      return convert<C>(convert<BFloat16>(v));
    case DType::Float32:
      return static_cast<C>(static_cast<float>(v));
    default:
      return v;
  }
}

template <class C>
__device__ C execute(const TileInstruction& i, const C* r) {
  C a = r[i.operands[0]], b = r[i.operands[1]];
  switch (i.op) {
    case TileOp::Unary:
      return unary_function<C>(scalar::UnaryList{}, i.function)(a, i.params);
    case TileOp::UnaryBackward:
      return backward_function<C>(scalar::UnaryList{}, i.function)(a, b, i.params);
    case TileOp::Binary:
      return binary_function<C>(scalar::BinaryList{}, i.function)(a, b, i.params);
    case TileOp::Where:
      return a != C(0) ? b : r[i.operands[2]];
    case TileOp::MaskedScale:
      return b != C(0) ? a * static_cast<C>(i.params.a) : C(0);
    case TileOp::Copy:
      return a;
  }
  return a;
}

template <class C>
__global__ void tile(DeviceLoop<kMaxTileInputs> plan, Call<C> call) {
  uint32_t step = gridDim.x * blockDim.x;
  for (uint32_t e = blockIdx.x * blockDim.x + threadIdx.x; e < plan.numel; e += step) {
    int64_t at[kMaxTileInputs + 1];
    plan.offsets(e, at);
    C r[kMaxTileRegisters];
    for (int k = 0; k < call.num_inputs; k++)
      r[k] = call.in[k] ? load<C>(call.in[k], call.in_dtype[k], at[k + 1]) : call.number[k];
    for (int k = 0; k < call.num_constants; k++) r[call.num_inputs + k] = call.constants[k];
    for (int i = 0; i < call.count; i++) {
      const TileInstruction& instruction = call.instructions[i];
      r[instruction.result] = rounded(execute(instruction, r), instruction.dtype);
    }
    for (int k = 0; k < call.num_outputs; k++) store(call.out[k], call.out_dtype[k], at[0], r[call.out_register[k]]);
  }
}

template <class C>
void tile_in(const TileProgram& program, const StridedView* out, int num_outputs, const StridedView* given,
             int num_inputs) {
  if (out[0].numel() == 0) return;
  StridedView in[kMaxTileInputs];
  for (int k = 0; k < num_inputs; k++) {
    in[k] = given[k];
    if (!in[k].on_host || in[k].ndim > 0) continue;
    if (void* number = graph_number(in[k].data, item_size(in[k].dtype))) {
      in[k].data = number;
      in[k].on_host = false;
    }
  }
  weft::check(program.count <= kMaxInstructions && program.num_constants <= kMaxInstructions, "tile: a program of ",
              program.count, " instructions is too long");
  // Operands that are not there repeat the first one.
  const StridedView* operands[kMaxTileInputs];
  for (int k = 0; k < kMaxTileInputs; k++) operands[k] = k < num_inputs ? &in[k] : &out[0];
  for_device_loops<kMaxTileInputs>(out[0], operands, [&](const DeviceLoop<kMaxTileInputs>& plan, const int64_t* base) {
    TilePart part{program, out, in, num_outputs, num_inputs, plan, base};
    if (run_compiled(part)) return;
    Call<C> call{};
    call.count = program.count;
    call.num_inputs = num_inputs;
    call.num_constants = program.num_constants;
    call.num_outputs = num_outputs;
    for (int i = 0; i < program.count; i++) call.instructions[i] = program.instructions[i];
    for (int k = 0; k < program.num_constants; k++) call.constants[k] = static_cast<C>(program.constants[k]);
    for (int k = 0; k < num_inputs; k++) {
      bool is_number = part.is_number(k);
      call.in[k] = is_number ? nullptr : part.in_data(k);
      call.in_dtype[k] = in[k].dtype;
      call.number[k] = is_number ? load<C>(in[k].data, in[k].dtype, 0) : C{};
    }
    for (int k = 0; k < num_outputs; k++) {
      call.out[k] = part.out_data(k);
      call.out_dtype[k] = out[k].dtype;
      call.out_register[k] = program.outputs[k];
    }
    static_assert(sizeof(Call<C>) + sizeof(DeviceLoop<kMaxTileInputs>) <= 4096, "kernel parameters");
    launch(tile<C>, grid_for(plan.numel, 128, 1 << 16), plan, call);
  });
}

void tile_cuda(TileProgram program, const StridedView* out, int num_outputs, const StridedView* in, int num_inputs) {
  if (program.compute == DType::Float32)
    tile_in<float>(program, out, num_outputs, in, num_inputs);
  else
    tile_in<double>(program, out, num_outputs, in, num_inputs);
}
WEFT_CUDA_KERNEL(tile_kernel, tile_cuda);

// The values are written out and reduced by the kernel for that.
void fold_tiles_cuda(TileProgram program, StridedView space, const StridedView* out, int num_outputs,
                     const StridedView* in, int num_inputs, TileFold fold) {
  DeviceScratch values(static_cast<size_t>(space.numel()) * item_size(fold.in.dtype));
  StridedView outs[kMaxOutputs];
  uint8_t registers[kMaxOutputs];
  for (int k = 0; k < num_outputs; k++) {
    outs[k + 1] = out[k];
    registers[k + 1] = program.outputs[k];
  }
  outs[0] = space;
  outs[0].data = values.as<void>();
  registers[0] = static_cast<uint8_t>(program.folded);
  program.outputs = registers;
  tile_cuda(program, outs, num_outputs + 1, in, num_inputs);
  fold.in.data = values.as<void>();
  fold_kernel(kernel_device(), fold.fold, fold.out, fold.in, fold.reduced);
}
WEFT_CUDA_KERNEL(fold_tiles_kernel, fold_tiles_cuda);

}  // namespace
}  // namespace weft::cuda

// TileProgram: several elementwise ops as one kernel. A program runs on tiles, runs of elements so short that all its
// registers stay in the fastest cache; each instruction is one loop over a tile. Nothing is compiled at run time, but
// on GPUs (kernels/cuda/compiled/).
#pragma once

#include "kernels/reduction.h"
#include "kernels/scalar/binary.h"
#include "kernels/table.h"
#include "kernels/view.h"

namespace weft {

enum class TileOp : uint8_t {
  Unary,          // r = f(a)
  UnaryBackward,  // r = df(a, b), where b is what the function keeps
  Binary,         // r = f(a, b)
  Where,          // r = a != 0 ? b : c
  MaskedScale,    // r = b != 0 ? a * params.a : 0
  Copy,           // r = a
};

// Registers hold one number of the program's compute type for every element of the tile; truth values are 0 and 1.
struct TileInstruction {
  TileOp op;
  uint8_t result;       // register
  uint8_t operands[3];  // registers
  // What the unfused op would store: a half type, or float32 in a program that computes in float64, rounds to it.
  DType dtype;
  int16_t function;  // of its list
  scalar::Params params;
  bool operator==(const TileInstruction&) const = default;
};

constexpr int kMaxTileInputs = 24;
constexpr int kMaxTileOutputs = 8;
constexpr int kMaxTileRegisters = 64;
constexpr int kMaxTileInstructions = 40;

// Registers are numbered: the inputs first, then the constants, then those that instructions write. An input's register
// may be written again when the input is not needed any more.
struct TileProgram {
  DType compute;  // float32 or float64
  const TileInstruction* instructions;
  int count;
  const double* constants;
  int num_constants;
  int num_registers;
  const uint8_t* outputs;  // register of each output
  int folded = -1;         // register that is reduced; -1: none
  bool streamed = false;   // the outputs are a part of something larger than the caches: write them past those
};

// Outputs have one shape and one dense layout; inputs have any dtype and strides, and a shape that broadcasts to it.
// An output may lie exactly on an input.
using TileKernel = void(TileProgram program, const StridedView* out, int num_outputs, const StridedView* in,
                        int num_inputs);
extern KernelTable<TileKernel> tile_kernel;

// A program that runs on parts of its outputs as another kernel finishes what it reads there.
struct Epilogue {
  // The elements first + i * row_stride + j, numbered as they lie in memory, are ready: rows of `columns` elements. May
  // be called from parallel parts; once for every element.
  void (*run)(const void* program, int64_t first, int64_t rows, int64_t row_stride, int64_t columns);
  const void* program;
  void operator()(int64_t first, int64_t rows, int64_t row_stride, int64_t columns) const {
    run(program, first, rows, row_stride, columns);
  }
};
// Calls body(context, epilogue), which makes what the program reads, part by part. Views as for tile_kernel.
using TileEpilogueKernel = void(TileProgram program, const StridedView* out, int num_outputs, const StridedView* in,
                                int num_inputs, void (*body)(void* context, const Epilogue& epilogue), void* context);
extern KernelTable<TileEpilogueKernel> tile_epilogue_kernel;

// The reduction at the end of a program.
struct TileFold {
  Fold fold;
  StridedView out;
  // The register's values as a contiguous array that is nowhere: kept dimensions first, then those reduced.
  StridedView in;
  int reduced;
};
// Also reduces a register, as fold_kernel would reduce its values; `space` has the outputs' shape and is contiguous.
using FoldTilesKernel = void(TileProgram program, StridedView space, const StridedView* out, int num_outputs,
                             const StridedView* in, int num_inputs, TileFold fold);
extern KernelTable<FoldTilesKernel> fold_tiles_kernel;

}  // namespace weft

// Tile programs as kernels that NVRTC compiles when they first run.
#pragma once

#include "kernels/cuda/device_loop.h"
#include "kernels/tile.h"

namespace weft::cuda {

// What one launch is to compute: a program for the elements of a plan, which start at `base` in each operand.
struct TilePart {
  const TileProgram& program;
  const StridedView *out, *in;
  int num_outputs, num_inputs;
  const DeviceLoop<kMaxTileInputs>& plan;
  const int64_t* base;

  // A 0-dim tensor of the host: its number is an argument.
  bool is_number(int k) const { return in[k].on_host && in[k].ndim == 0; }
  void* out_data(int k) const { return advance(out[k].data, base[0], out[k].dtype); }
  void* in_data(int k) const { return advance(in[k].data, base[k + 1], in[k].dtype); }
};

// False where kernels cannot be compiled: then the interpreter does it.
bool run_compiled(const TilePart& part);

}  // namespace weft::cuda

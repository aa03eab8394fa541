// Tile programs as CUDA source, which calls the element functions of kernels/scalar/ and rounds where the interpreter
// does. What the source depends on is its TileForm; sizes, strides, addresses and constants are arguments.
#pragma once

#include <string>
#include <vector>

#include "kernels/tile.h"

namespace weft::cuda {

struct TileForm {
  // How the neighbours of an operand lie: one element each at a distance of 1, 0 or another, or a number that comes
  // with the call.
  enum class Step : uint8_t { One, None, Other, Number };

  DType compute = DType::Float32;
  std::vector<TileInstruction> instructions;
  int num_constants = 0;
  std::vector<DType> inputs, outputs;
  std::vector<uint8_t> registers;  // of the outputs
  std::vector<Step> steps;         // of the outputs, which share one, and of each input; in the last dimension
  int ndim = 1;                    // of the layout
  int pack = 1;                    // neighbours per thread; more than 1 only where all steps but Other occur
  // The same for equal forms, different for others.
  std::string key() const;
};

// Neighbours per thread where the layout allows it: few for long programs, which are repeated for each.
int tile_pack(const TileForm& form);

// The kernel is called "tile" and takes one struct Call by value: addresses of the outputs and inputs, numbers of the
// compute type (inputs that are numbers, then constants), the number of elements, a Divisor for each dimension, strides
// (int32) of the outputs and of each input. Members follow each other as C++ lays them out. Threads: kTileThreads.
std::string tile_source(const TileForm& form);
constexpr int kTileThreads = 128;

// Files that the source includes, by name: Weft's own, as they were when this was built, and the few lines of the
// standard library that they need and NVRTC does not have.
struct SourceFile {
  const char* name;
  const char* text;
};
const std::vector<SourceFile>& device_headers();

}  // namespace weft::cuda

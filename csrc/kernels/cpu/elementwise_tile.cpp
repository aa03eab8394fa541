#include "kernels/cpu/tile_interpreter.h"

namespace weft {
namespace WEFT_ISA {
namespace {

void tile_cpu(TileProgram program, const StridedView* out, int num_outputs, const StridedView* in, int num_inputs) {
  if (program.compute == DType::Float32)
    Interpreter<float>(program, out[0], out, num_outputs, in, num_inputs).run();
  else
    Interpreter<double>(program, out[0], out, num_outputs, in, num_inputs).run();
}
WEFT_CPU_KERNEL(tile_kernel, tile_cpu);

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft
